//! Where credentials come from, with the binary itself against simulated clouds: each source works, and what is wrong with one is told
//! for its profile alone, without a secret.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Output, str};

use nicdeck::{
    domain::time::Timestamp,
    providers::{self, provider::Provider},
    sim::{
        clock::Clock,
        dialect::SimKey,
        http::{Options, Simulator},
        world::World,
    },
};

use crate::cli::nicdeck;

/// Stands for secrets in files that are broken.
const CANARY: &str = "canary-9f27c1d4e8";

pub async fn simulator(cloud: &'static dyn Provider) -> Simulator {
    let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
    Simulator::start(cloud.dialect(), world, Options::default()).await.unwrap()
}

/// A profile of the simulated cloud, with these credentials.
pub fn profile(name: &str, simulator: &Simulator, credentials: &str) -> String {
    let world = simulator.world();
    let (cloud, region) = (world.provider().to_owned(), world.regions()[0].clone());
    let endpoint = simulator.endpoint();
    let credentials = if credentials.is_empty() { String::new() } else { format!("credentials = {credentials}\n") };
    format!(
        "[[profile]]\nname = \"{name}\"\ncloud = \"{cloud}\"\nregions = [\"{region}\"]\nendpoint = \"{endpoint}\"\n{credentials}"
    )
}

/// `nicdeck list` in a home folder.
async fn list(home: &tempfile::TempDir, profiles: &str, vars: &[(&str, &str)]) -> Output {
    let file = home.path().join("c.toml");
    fs::write(&file, format!("version = 1\n{profiles}")).unwrap();
    let mut command = nicdeck(home, &["list", "--output", "json", "--config", file.to_str().unwrap()]);
    command.env("PATH", std::env::var_os("PATH").unwrap()).envs(vars.iter().copied());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub fn write(path: &Path, mode: u32, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The file in which the cloud's own tool keeps a profile `ops`, and its text; with a session token where the key has one.
pub fn own_file(cloud: &str, key: &SimKey) -> (&'static str, String) {
    let (id, secret, token) = (&key.id, &key.secret, key.token.as_deref());
    match cloud {
        "aliyun" => {
            let mode = if token.is_some() { "StsToken" } else { "AK" };
            let token = token.map(|token| format!(r#","sts_token":"{token}""#)).unwrap_or_default();
            (
                ".aliyun/config.json",
                format!(
                    r#"{{"current":"ops","profiles":[{{"name":"other","mode":"EcsRamRole"}},{{"name":"ops","mode":"{mode}","access_key_id":"{id}","access_key_secret":"{secret}"{token},"region_id":"cn-hangzhou"}}],"meta_path":""}}"#
                ),
            )
        }
        "tencent" => {
            let token = token.map_or("null".to_owned(), |token| format!("\"{token}\""));
            (".tccli/ops.credential", format!(r#"{{"secretId": "{id}", "secretKey": "{secret}", "token": {token}}}"#))
        }
        "huawei" => (
            ".hcloud/config.json",
            format!(
                r#"{{"current":"ops","profiles":[{{"name":"ops","mode":"AKSK","accessKeyId":"{id}","secretAccessKey":"{secret}","securityToken":"{}","region":"cn-north-4"}}]}}"#,
                token.unwrap_or_default()
            ),
        ),
        "zenlayer" => (
            ".zenlayer/credentials.json",
            format!(r#"{{"default":{{}},"ops":{{"access_key_id":"{id}","access_key_secret":"{secret}"}}}}"#),
        ),
        cloud => panic!("{cloud} has no tool here"),
    }
}

#[tokio::test]
async fn each_source_of_credentials_lists_each_cloud() {
    for cloud in providers::all() {
        let simulator = simulator(*cloud).await;
        let (key, descriptor) = (simulator.key().clone(), cloud.descriptor());
        let home = tempfile::tempdir().unwrap();
        let (path, text) = own_file(descriptor.id, &key);
        write(&home.path().join(path), 0o600, &text);
        let script = home.path().join("helper");
        write(
            &script,
            0o700,
            "#!/bin/sh\nprintf '{\"id\": \"%s\", \"secret\": \"%s\", \"expires\": \"2999-01-01T00:00:00Z\"}' \"$1\" \"$KEY\"\n",
        );
        let (id_name, secret_name, _) = descriptor.env;
        let command = format!("{{ from = \"command\", argv = [\"{}\", \"{}\"] }}", script.display(), key.id);
        for (source, credentials, vars) in [
            ("own variables", String::new(), vec![(id_name, &*key.id), (secret_name, &*key.secret)]),
            (
                "named variables",
                "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }".to_owned(),
                vec![("MY_ID", &*key.id), ("MY_SECRET", &*key.secret)],
            ),
            ("tool", "{ from = \"vendor-cli\", profile = \"ops\" }".to_owned(), vec![]),
            ("command", command, vec![("KEY", &*key.secret)]),
        ] {
            let output = list(&home, &profile("p", &simulator, &credentials), &vars).await;
            let told = str::from_utf8(&output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{} {source}: {told}", descriptor.id);
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert!(!report["nics"].as_array().unwrap().is_empty(), "{} {source}", descriptor.id);
            for bytes in [&output.stdout, &output.stderr] {
                assert!(!str::from_utf8(bytes).unwrap().contains(&key.secret), "{} {source}", descriptor.id);
            }
        }
    }
}

/// Lists a simulated cloud by these credentials, which have to work, and whose secrets nobody sees.
async fn lists(
    what: &str,
    home: &tempfile::TempDir,
    simulator: &Simulator,
    credentials: &str,
    vars: &[(&str, &str)],
    hidden: &[&str],
) {
    let output = list(home, &profile("p", simulator, credentials), vars).await;
    let told = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{what}: {told}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!report["nics"].as_array().unwrap().is_empty(), "{what}");
    for (bytes, secret) in
        [&output.stdout, &output.stderr].into_iter().flat_map(|of| hidden.iter().map(move |it| (of, it)))
    {
        assert!(!str::from_utf8(bytes).unwrap().contains(secret), "{what}");
    }
}

/// Temporary keys: the cloud takes them with their session token alone, from whatever source they come.
#[tokio::test]
async fn temporary_keys_list_each_cloud_from_each_source() {
    for cloud in providers::all().iter().filter(|cloud| !cloud.descriptor().bearer) {
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let key = SimKey {
            id: "TEMPORARY0KEY".into(),
            secret: "temporary-secret".into(),
            token: Some("session-token-1".into()),
        };
        let options = Options { key: key.clone(), ..Options::default() };
        let simulator = Simulator::start(cloud.dialect(), world, options).await.unwrap();
        let (id_name, secret_name, token_name) = cloud.descriptor().env;
        let home = tempfile::tempdir().unwrap();
        let (path, text) = own_file(cloud.descriptor().id, &key);
        write(&home.path().join(path), 0o600, &text);
        let (script, runs) = (home.path().join("helper"), home.path().join("runs"));
        let printed =
            r#"{\"id\": \"$1\", \"secret\": \"$KEY\", \"token\": \"$TOKEN\", \"expires\": \"2999-01-01T00:00:00Z\"}"#;
        write(&script, 0o700, &format!("#!/bin/sh\necho run >> '{}'\necho \"{printed}\"\n", runs.display()));
        let command = format!("{{ from = \"command\", argv = [\"{}\", \"{}\"] }}", script.display(), key.id);
        let named = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\", token = \"MY_TOKEN\" }".to_owned();
        let (secret, token) = (&*key.secret, key.token.as_deref().unwrap());
        for (source, credentials, vars) in [
            (
                "own variables",
                String::new(),
                vec![(id_name, &*key.id), (secret_name, secret), (token_name.unwrap(), token)],
            ),
            ("named variables", named, vec![("MY_ID", &*key.id), ("MY_SECRET", secret), ("MY_TOKEN", token)]),
            ("tool", "{ from = \"vendor-cli\", profile = \"ops\" }".to_owned(), vec![]),
            ("command", command, vec![("KEY", secret), ("TOKEN", token)]),
        ] {
            let what = format!("{} {source}", cloud.descriptor().id);
            lists(&what, &home, &simulator, &credentials, &vars, &[secret, token]).await;
        }
        // Fetched once for all regions and calls.
        assert_eq!(fs::read_to_string(&runs).unwrap(), "run\n", "{}", cloud.descriptor().id);
    }
}

/// A profile of a tool that takes on a role: the message names the way, and the lines of the example config go it.
#[tokio::test]
async fn a_role_of_a_tool_is_had_by_the_lines_of_the_example() {
    let printed = [
        (
            "aliyun",
            r#"{"Credentials":{"SecurityToken":"$TOKEN","Expiration":"2999-01-01T00:00:00Z","AccessKeySecret":"$KEY","AccessKeyId":"TEMPORARY0KEY"}}"#,
        ),
        (
            "tencent",
            r#"{"Credentials":{"Token":"$TOKEN","TmpSecretId":"TEMPORARY0KEY","TmpSecretKey":"$KEY"},"Expiration":"2999-01-01T00:00:00Z"}"#,
        ),
    ];
    for (id, answer) in printed {
        let cloud = providers::find(id).unwrap();
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let (secret, token) = ("temporary-secret", "session-token-1");
        let key = SimKey { id: "TEMPORARY0KEY".into(), secret: secret.into(), token: Some(token.into()) };
        let simulator = Simulator::start(cloud.dialect(), world, Options { key, ..Options::default() }).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let tool = cloud.vendor_cli().unwrap().tool();
        let line =
            nicdeck::config::EXAMPLE.lines().find(|line| line.contains(&format!("[\"{tool}\", \"sts\""))).unwrap();
        let argv = &line[line.find("argv = ").unwrap()..];
        // The tool itself, which takes the call of the line and no other.
        let script =
            format!("#!/bin/sh\n[ \"$1 $2 $3\" = \"sts AssumeRole --RoleArn\" ] || exit 1\ncat <<END\n{answer}\nEND\n");
        write(&home.path().join("bin").join(tool), 0o700, &script);
        let path = format!("{}:{}", home.path().join("bin").display(), std::env::var("PATH").unwrap());
        let credentials = format!("{{ from = \"command\", {argv} }}");
        let vars = [("KEY", secret), ("TOKEN", token), ("PATH", path.as_str())];
        lists(id, &home, &simulator, &credentials, &vars, &[secret, token]).await;
        let (file, text) = match id {
            "aliyun" => (
                ".aliyun/config.json",
                r#"{"current":"r","profiles":[{"name":"r","mode":"RamRoleArn","ram_role_arn":"a"}]}"#,
            ),
            _ => (".tccli/default.credential", r#"{"secretId":"i","secretKey":"s","role-arn":"a"}"#),
        };
        write(&home.path().join(file), 0o600, text);
        let (exit, told) = told_by_the_doctor(&home, &profile("p", &simulator, "{ from = \"vendor-cli\" }"), &[]).await;
        assert!(exit == 5 && told.contains("`nicdeck config example` has the lines"), "{exit} {told}");
    }
}

/// A token that signs by itself.
#[tokio::test]
async fn a_bearer_token_lists_each_cloud_that_has_such() {
    let mut seen = 0;
    for cloud in providers::all().iter().filter(|cloud| cloud.descriptor().bearer) {
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let token = "bearer-token-1";
        let key = SimKey { id: "ID0UNUSED".into(), secret: "secret-unused".into(), token: Some(token.into()) };
        let options = Options { key, ..Options::default() };
        let simulator = Simulator::start(cloud.dialect(), world, options).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        for (source, credentials, vars) in [
            ("named variable", "{ from = \"env\", token = \"MY_TOKEN\" }", vec![("MY_TOKEN", token)]),
            ("a bare line", "{ from = \"command\", argv = [\"printenv\", \"TOKEN\"] }", vec![("TOKEN", token)]),
        ] {
            lists(source, &home, &simulator, credentials, &vars, &[token]).await;
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

/// A user's name and password, where a cloud signs in by them.
#[tokio::test]
async fn a_users_password_lists_each_cloud_that_has_such() {
    let mut seen = 0;
    for cloud in providers::all() {
        let Some((user, password, account)) = cloud.descriptor().password else { continue };
        let simulator = simulator(*cloud).await;
        let key = simulator.key().clone();
        let home = tempfile::tempdir().unwrap();
        let vars = [(user, &*key.id), (password, &*key.secret), (account, "acme")];
        let named =
            format!("{{ from = \"env\", user = \"{user}\", password = \"{password}\", account = \"{account}\" }}");
        lists("variables", &home, &simulator, &named, &vars, &[&key.secret]).await;
        let script = home.path().join("helper");
        let printed =
            format!(r#"{{\"user\": \"${user}\", \"password\": \"${password}\", \"account\": \"${account}\"}}"#);
        write(&script, 0o700, &format!("#!/bin/sh\necho \"{printed}\"\n"));
        let command = format!("{{ from = \"command\", argv = [\"{}\"] }}", script.display());
        lists("command", &home, &simulator, &command, &vars, &[&key.secret]).await;
        let (output, _) = {
            let wrong = [(user, &*key.id), (password, "not-it"), (account, "acme")];
            doctor(&home, &profile("p", &simulator, &named), &wrong).await
        };
        assert_eq!(output.status.code(), Some(5), "{}", cloud.descriptor().id);
        seen += 1;
    }
    assert_eq!(seen, 1);
}

/// The tool's own choice of a profile counts where the config names none.
#[tokio::test]
async fn the_profile_that_the_tool_would_take_is_taken() {
    for cloud in providers::all() {
        let simulator = simulator(*cloud).await;
        let home = tempfile::tempdir().unwrap();
        let (path, text) = own_file(cloud.descriptor().id, simulator.key());
        write(&home.path().join(path), 0o600, &text);
        let choice: Vec<_> = cloud.vendor_cli().unwrap().choice().iter().map(|&name| (name, "ops")).collect();
        let profiles = profile("p", &simulator, "{ from = \"vendor-cli\" }");
        let output = list(&home, &profiles, &choice).await;
        assert_eq!(output.status.code(), Some(0), "{}", str::from_utf8(&output.stderr).unwrap());
    }
}

/// One profile's trouble is its own row; the others go on.
#[tokio::test]
async fn what_is_wrong_with_a_source_is_told_for_its_profile_alone() {
    let cloud = providers::find("aliyun").unwrap();
    let simulator = simulator(cloud).await;
    let key = simulator.key().clone();
    let home = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &str| {
        let path = home.path().join(name);
        write(&path, 0o700, &format!("#!/bin/sh\n{text}\n"));
        path.display().to_string()
    };
    let hanging = script("hanging", &format!("echo {CANARY}; exec sleep 600"));
    let failing = script("failing", &format!("echo {CANARY} >&2; echo {CANARY}; exit 3"));
    let garbage = script("garbage", &format!("echo 'not a key: {CANARY}'"));
    let lacking = script("lacking", &format!("printf '{{\"id\":\"{CANARY}\"}}'"));
    let ended = script("ended", &format!("printf '{{\"id\":\"{CANARY}\",\"secret\":\"{CANARY}\",\"expires\":1000}}'"));
    let command = |program: &str, more: &str| format!("{{ from = \"command\", argv = [\"{program}\"]{more} }}");
    let good = profile("good", &simulator, "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }");
    for (credentials, wanted) in [
        (command(&hanging, ", timeout_s = 1"), "printed no credential within 1 s and was stopped"),
        (command(&failing, ""), "ended with exit status: 3"),
        (command(&garbage, ""), "prints is no credential"),
        (command(&lacking, ""), "lacks \"secret\""),
        (command(&ended, ""), "has ended"),
        (command("/nowhere/helper", ""), "there is no program `/nowhere/helper`"),
        ("{ from = \"env\", id = \"MY_ID\", secret = \"NOT_SET\" }".to_owned(), "`NOT_SET` is not set"),
        ("{ from = \"vendor-cli\" }".to_owned(), "there is no ~/.aliyun/config.json: `aliyun` has no profile yet"),
    ] {
        let profiles = good.clone() + &profile("bad", &simulator, &credentials);
        let output = list(&home, &profiles, &[("MY_ID", &key.id), ("MY_SECRET", &key.secret)]).await;
        // What is missing before anything is asked is a matter of the config.
        let known = ["is not set", "there is no ~/.aliyun"].iter().any(|part| wanted.contains(part));
        told(&output, if known { 2 } else { 3 }, wanted, &key.secret);
    }
    // Files of the tool.
    let path = home.path().join(".aliyun/config.json");
    let of = |mode: &str, more: &str| {
        format!(
            r#"{{"current":"x","profiles":[{{"name":"x","mode":"{mode}","access_key_id":"{CANARY}","access_key_secret":"{CANARY}"{more}}}]}}"#
        )
    };
    for (text, mode, wanted) in [
        (of("AK", ""), 0o644, "others can read it; run `chmod 600 ~/.aliyun/config.json`"),
        (format!("{{\n  \"profiles\": [\"{CANARY}\""), 0o600, "~/.aliyun/config.json, line 2, column "),
        (r#"{"profiles":[]}"#.to_owned(), 0o600, "has no profile `default`, and no other"),
        (of("AK", "").replace("\"x\",\"mode", "\"y\",\"mode"), 0o600, "has no profile `x`; it has `y`"),
        (of("EcsRamRole", ""), 0o600, "gets its key by `EcsRamRole`"),
        (of("StsToken", ""), 0o600, "has no `sts_token`"),
        (
            of("CloudSSO", &format!(",\"sts_token\":\"{CANARY}\",\"sts_expiration\":1000")),
            0o600,
            "has ended; `aliyun sts GetCallerIdentity --profile",
        ),
    ] {
        write(&path, mode, &text);
        let profiles = good.clone() + &profile("bad", &simulator, "{ from = \"vendor-cli\" }");
        let output = list(&home, &profiles, &[("MY_ID", &key.id), ("MY_SECRET", &key.secret)]).await;
        let ended = wanted.starts_with("has ended");
        told(&output, if ended { 3 } else { 2 }, wanted, &key.secret);
    }
}

#[track_caller]
fn told(output: &Output, exit: i32, wanted: &str, secret: &str) {
    let (out, err) = (str::from_utf8(&output.stdout).unwrap(), str::from_utf8(&output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(exit), "{wanted}: {err}");
    assert!(err.contains(wanted), "{wanted}: {err}");
    for text in [out, err] {
        assert!(!text.contains(CANARY) && !text.contains(secret), "{wanted}: {text}");
    }
    let report: serde_json::Value = serde_json::from_str(out).unwrap();
    assert!(!report["nics"].as_array().unwrap().is_empty(), "the other profile is there: {wanted}");
}

/// `nicdeck doctor` in a home folder; JSON and text.
async fn doctor(home: &tempfile::TempDir, profiles: &str, vars: &[(&str, &str)]) -> (Output, String) {
    let file = home.path().join("c.toml");
    fs::write(&file, format!("version = 1\n{profiles}")).unwrap();
    let mut outputs = Vec::new();
    for form in ["json", "table"] {
        let mut command = nicdeck(home, &["doctor", "--output", form, "--config", file.to_str().unwrap()]);
        command.env("PATH", std::env::var_os("PATH").unwrap()).envs(vars.iter().copied());
        outputs.push(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
    }
    let text = outputs.remove(1);
    assert!(text.stderr.is_empty(), "{}", str::from_utf8(&text.stderr).unwrap());
    (outputs.remove(0), String::from_utf8(text.stdout).unwrap())
}

#[tokio::test]
async fn the_doctor_asks_each_kind_of_call_once_and_finds_nothing_wrong() {
    for cloud in providers::all() {
        let simulator = simulator(*cloud).await;
        let key = simulator.key().clone();
        let home = tempfile::tempdir().unwrap();
        let credentials = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";
        let profiles = profile("p", &simulator, credentials);
        let before = simulator.world();
        let (output, text) = doctor(&home, &profiles, &[("MY_ID", &key.id), ("MY_SECRET", &key.secret)]).await;
        assert_eq!(output.status.code(), Some(0), "{text}");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["nicdeck"], 1, "as all documents");
        let told = &told["profiles"][0];
        assert_eq!(
            (told["problem"].is_null(), told["credentials_from"].as_str()),
            (true, Some("environment variables MY_ID, MY_SECRET"))
        );
        let calls = told["calls"].as_array().unwrap();
        let mut names: Vec<_> =
            calls.iter().map(|call| ["region", "action", "permission"].map(|name| call[name].to_string())).collect();
        let all = names.len();
        names.dedup();
        assert!(all >= 3 && names.len() == all && calls.iter().all(|call| call["ok"] == true), "{text}");
        assert!(told["clock_skew_s"].as_i64().is_some_and(|skew| skew.abs() < 60), "{told}");
        assert!(text.contains("+ keys") && text.contains("+ clock") && !text.contains(&key.secret), "{text}");
        assert_eq!(simulator.world().nics().len(), before.nics().len());
    }
}

#[tokio::test]
async fn the_doctor_names_what_is_wrong() {
    let cloud = providers::find("aliyun").unwrap();
    let simulator = simulator(cloud).await;
    let key = simulator.key().clone();
    let home = tempfile::tempdir().unwrap();
    let env = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";
    let good = profile("bad", &simulator, env);
    let https = simulator.endpoint().replace("http://", "https://");
    let elsewhere = |endpoint: &str| good.replace(&simulator.endpoint(), endpoint);
    let region = format!("regions = [\"{}\"]", simulator.world().regions()[0]);
    for (profiles, secret, vars, exit, wanted) in [
        (good.clone(), "wrong", vec![], 5, "x DescribeRegions"),
        (good.replace("MY_SECRET", "NOT_SET"), "", vec![], 5, "x keys"),
        (
            profile("bad", &simulator, "{ from = \"command\", argv = [\"sleep\", \"600\"], timeout_s = 1 }"),
            "",
            vec![],
            5,
            "printed no credential within 1 s",
        ),
        (elsewhere(&https), &*key.secret, vec![], 1, "unreachable"),
        (elsewhere("https://127.0.0.1:9"), &*key.secret, vec![], 1, "unreachable"),
        (
            elsewhere("https://ecs.example.com"),
            &*key.secret,
            vec![("HTTPS_PROXY", "http://127.0.0.1:9")],
            1,
            "Check network, proxy (HTTPS_PROXY, NO_PROXY) and endpoint",
        ),
        (good.replace(&region, "regions = [\"xx-nowhere-77\"]"), &*key.secret, vec![], 3, "xx-nowhere-77"),
    ] {
        let mut vars = vars;
        vars.extend([("MY_ID", &*key.id), ("MY_SECRET", secret)]);
        let (output, text) = doctor(&home, &profiles, &vars).await;
        assert_eq!(output.status.code(), Some(exit), "{wanted}: {text}");
        assert!(text.contains(wanted), "{wanted}: {text}");
        assert!(!text.contains(&key.secret), "{text}");
    }
}

#[tokio::test]
async fn the_doctor_measures_a_clock_that_is_off() {
    for cloud in providers::all() {
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let (hour, system) = (3_600_000, Clock::system());
        let clock = Clock::new(move || Timestamp(system.now().0 + hour));
        let simulator =
            Simulator::start(cloud.dialect(), world, Options { clock, ..Options::default() }).await.unwrap();
        let key = simulator.key().clone();
        let home = tempfile::tempdir().unwrap();
        let profiles = profile("p", &simulator, "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }");
        let (output, text) = doctor(&home, &profiles, &[("MY_ID", &key.id), ("MY_SECRET", &key.secret)]).await;
        assert_ne!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("x clock") && text.contains("requests are refused"), "{}: {text}", cloud.descriptor().id);
    }
}

/// A door with TLS in front of a simulated cloud. Its certificate is signed by `tests/tls/ca.pem`, which no machine knows.
async fn door(simulator: &Simulator) -> String {
    use tokio_rustls::{TlsAcceptor, rustls};

    let pem = |text: &str| {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
        (CertificateDer::from_pem_slice(text.as_bytes()).ok(), PrivateKeyDer::from_pem_slice(text.as_bytes()).ok())
    };
    let certificate = pem(include_str!("../tls/leaf.pem")).0.unwrap();
    let key = pem(include_str!("../tls/key.pem")).1.unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, inner) = (listener.local_addr().unwrap(), simulator.address());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = tokio::net::TcpStream::connect(inner).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    format!("https://{address}")
}

#[tokio::test]
async fn a_certificate_that_only_the_profile_names_is_trusted_for_that_profile_alone() {
    let cloud = providers::find("aliyun").unwrap();
    let simulator = simulator(cloud).await;
    let key = simulator.key().clone();
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("corp.pem"), include_str!("../tls/ca.pem")).unwrap();
    let env = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";
    let behind = door(&simulator).await;
    let of = |name: &str, more: &str| profile(name, &simulator, env).replace(&simulator.endpoint(), &behind) + more;
    let vars = [("MY_ID", &*key.id), ("MY_SECRET", &*key.secret)];
    let both = of("knows", "ca_file = \"corp.pem\"\n") + &of("strange", "");
    let output = list(&home, &both, &vars).await;
    told(&output, 3, "strange: ", &key.secret);
    let err = str::from_utf8(&output.stderr).unwrap();
    assert!(err.to_lowercase().contains("certificate") && !err.contains("knows"), "{err}");
    // A file that is none is the trouble of its profile alone, before anything is asked.
    for (text, wanted) in [("nothing", "no certificate"), ("", "no certificate")] {
        fs::write(home.path().join("broken.pem"), text).unwrap();
        let broken = of("knows", "ca_file = \"corp.pem\"\n") + &of("bad", "ca_file = \"broken.pem\"\n");
        let output = list(&home, &broken, &vars).await;
        told(&output, 2, wanted, &key.secret);
    }
    let missing = of("knows", "ca_file = \"corp.pem\"\n") + &of("bad", "ca_file = \"nowhere.pem\"\n");
    told(&list(&home, &missing, &vars).await, 2, "nowhere.pem cannot be used: No such file", &key.secret);
}

#[tokio::test]
async fn a_proxy_of_the_profile_counts_for_that_profile_alone() {
    let cloud = providers::find("aliyun").unwrap();
    let simulator = simulator(cloud).await;
    let key = simulator.key().clone();
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("corp.pem"), include_str!("../tls/ca.pem")).unwrap();
    let env = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";
    let behind = door(&simulator).await;
    let of = |name: &str, more: &str| {
        profile(name, &simulator, env).replace(&simulator.endpoint(), &behind) + "ca_file = \"corp.pem\"\n" + more
    };
    // Nobody listens at the proxy's address.
    let both = of("direct", "") + &of("through", "proxy = \"http://127.0.0.1:9\"\n");
    let output = list(&home, &both, &[("MY_ID", &*key.id), ("MY_SECRET", &*key.secret)]).await;
    told(&output, 3, "through", &key.secret);
    assert!(!str::from_utf8(&output.stderr).unwrap().contains("direct"));
    // And the other way round: the environment names one, and a profile wants none.
    let both = of("direct", "proxy = \"none\"\n") + &of("through", "");
    let vars = [("MY_ID", &*key.id), ("MY_SECRET", &*key.secret), ("HTTPS_PROXY", "http://127.0.0.1:9")];
    let output = list(&home, &both, &vars).await;
    told(&output, 3, "through", &key.secret);
    assert!(!str::from_utf8(&output.stderr).unwrap().contains("direct"));
}

/// `nicdeck doctor` for people, with these variables.
pub async fn told_by_the_doctor(home: &tempfile::TempDir, profiles: &str, vars: &[(&str, &str)]) -> (i32, String) {
    let file = home.path().join("c.toml");
    fs::write(&file, format!("version = 1\n{profiles}")).unwrap();
    let mut command = nicdeck(home, &["doctor", "--config", file.to_str().unwrap()]);
    command.env("PATH", std::env::var_os("PATH").unwrap()).envs(vars.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.stderr.is_empty(), "{}", str::from_utf8(&output.stderr).unwrap());
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Each fault is a row of its profile, with its cause and the next step; the other profile is examined all the same.
#[tokio::test]
async fn the_doctor_names_each_fault_and_the_others_go_on() {
    let cloud = providers::find("aliyun").unwrap();
    let good = simulator(cloud).await;
    let bad = simulator(cloud).await;
    let late = {
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let system = Clock::system();
        let clock = Clock::new(move || Timestamp(system.now().0 + 3 * 3_600_000));
        Simulator::start(cloud.dialect(), world, Options { clock, ..Options::default() }).await.unwrap()
    };
    let denied = simulator(cloud).await;
    denied.change(|world| world.refusals.insert("DescribeEipAddresses".to_owned(), "Forbidden.RAM".to_owned()));
    let key = good.key().clone();
    let home = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &str| {
        let path = home.path().join(name);
        write(&path, 0o700, &format!("#!/bin/sh\n{text}\n"));
        format!("{{ from = \"command\", argv = [\"{}\"], timeout_s = 1 }}", path.display())
    };
    let tool = |mode: &str, more: &str| {
        format!(
            r#"{{"current":"x","profiles":[{{"name":"x","mode":"{mode}","access_key_id":"{CANARY}","access_key_secret":"{CANARY}"{more}}}]}}"#
        )
    };
    let env = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";
    let other = "{ from = \"env\", id = \"OLD_ID\", secret = \"OLD_SECRET\" }";
    let cli = "{ from = \"vendor-cli\" }";
    let of = |credentials: &str| profile("bad", &bad, credentials);
    let at = |endpoint: &str| of(env).replace(&bad.endpoint(), endpoint);
    let tls = bad.endpoint().replace("http://", "https://");
    let strange = door(&bad).await;
    let region = format!("regions = [\"{}\"]", bad.world().regions()[0]);
    let proxied = at("https://ecs.example.com") + "proxy = \"http://127.0.0.1:9\"\n";
    let ended = tool("CloudSSO", &format!(",\"sts_token\":\"{CANARY}\",\"sts_expiration\":1000"));
    // What is wrong, the profile, the tool's file, and the words of its rows: cause and next step.
    let table: Vec<(&str, String, Option<String>, &[&str])> = vec![
        ("an expired key", of(cli), Some(ended), &["has ended", "aliyun sts GetCallerIdentity"]),
        ("a revoked key", of(other), None, &["x DescribeRegions", "InvalidAccessKeyId.NotFound", "request id"]),
        (
            "a wrong region",
            of(env).replace(&region, "regions = [\"xx-nowhere-77\"]"),
            None,
            &["xx-nowhere-77", "region"],
        ),
        (
            "a missing permission",
            profile("bad", &denied, env),
            None,
            &[
                "x DescribeEipAddresses",
                "Forbidden.RAM",
                "Grant vpc:DescribeEipAddresses to the RAM user",
                "+ DescribeInstances",
            ],
        ),
        ("a clock that is off", profile("bad", &late, env), None, &["x clock", "s off", "timedatectl set-ntp true"]),
        ("a proxy that refuses", proxied, None, &["unreachable", "Check network, proxy"]),
        ("a server without TLS", at(&tls), None, &["unreachable", "Check network, proxy"]),
        ("a certificate that nobody knows", at(&strange), None, &["unreachable", "certificate"]),
        (
            "a file of certificates that is none",
            at(&strange) + "ca_file = \"c.toml\"\n",
            None,
            &["x keys", "`ca_file`", "no certificate"],
        ),
        (
            "a program that hangs",
            of(&script("hanging", "exec sleep 600")),
            None,
            &["x keys", "printed no credential within 1 s"],
        ),
        (
            "a program that prints garbage",
            of(&script("garbage", "echo nothing")),
            None,
            &["x keys", "prints is no credential"],
        ),
        ("a program that fails", of(&script("failing", "exit 3")), None, &["x keys", "ended with exit status: 3"]),
        (
            "a store that is locked",
            of(&script("locked", "echo 'secret-tool: the collection is locked' >&2; exit 1")),
            None,
            &["x keys", "ended with exit status: 1"],
        ),
        (
            "a program that is not there",
            of("{ from = \"command\", argv = [\"/nowhere/x\"] }"),
            None,
            &["x keys", "there is no program"],
        ),
        ("a tool's file that is broken", of(cli), Some("{ \"profiles\": [".to_owned()), &["x keys", "line 1, column"]),
        (
            "a tool's file of an unknown form",
            of(cli),
            Some(tool("Quantum", "")),
            &["x keys", "gets its key by `Quantum`"],
        ),
        ("a tool that has no file", of(cli), None, &["x keys", "there is no ~/.aliyun/config.json"]),
        (
            "a variable that is not set",
            of("{ from = \"env\", id = \"MY_ID\", secret = \"UNSET\" }"),
            None,
            &["x keys", "`UNSET` is not set; export it"],
        ),
    ];
    let vars = [("MY_ID", &*key.id), ("MY_SECRET", &*key.secret), ("OLD_ID", "LTAI5tREVOKED"), ("OLD_SECRET", CANARY)];
    let own = home.path().join(".aliyun/config.json");
    for (what, bad, file, words) in table {
        let _ = fs::remove_file(&own);
        if let Some(text) = file {
            write(&own, 0o600, &text);
        }
        let (exit, text) = told_by_the_doctor(&home, &(bad + &profile("good", &good, env)), &vars).await;
        assert_eq!(exit, 3, "{what}: {text}");
        let (sick, well) = text.split_once("\ngood  ").unwrap_or_else(|| panic!("{what}: {text}"));
        for word in words {
            assert!(sick.contains(word), "{what}: no {word:?} in {sick}");
        }
        assert!(sick.contains("\n  x "), "{what}: {sick}");
        assert!(well.contains("+ DescribeInstances") && !well.contains("\n  x "), "{what}: {well}");
        assert!(!text.contains(CANARY) && !text.contains(&key.secret), "{what}: {text}");
    }
}

/// The account's id where the vendor has a call that tells it, and an honest word where it has none. A key that may not make that call
/// is no failure of its profile.
#[tokio::test]
async fn the_doctor_says_whose_account_it_is() {
    for cloud in providers::all() {
        let simulator = simulator(*cloud).await;
        let key = simulator.key().clone();
        let home = tempfile::tempdir().unwrap();
        let profiles = profile("p", &simulator, "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }")
            + "alias = \"acme\"\n";
        let vars = [("MY_ID", &*key.id), ("MY_SECRET", &*key.secret)];
        let id = cloud.descriptor().id;
        let line = |text: &str| text.lines().find(|line| line.contains(" account  ")).unwrap_or_default().to_owned();
        let (exit, text) = told_by_the_doctor(&home, &profiles, &vars).await;
        let wanted = match id {
            "aliyun" => "1968132000123456",
            "huawei" => "fedcba9876543210fedcba9876543210",
            "tencent" => "100026200001",
            "zenlayer" => "the vendor publishes no call that tells whose key it is",
            other => panic!("{other}"),
        };
        let told = line(&text);
        assert!(exit == 0 && told.contains("+ account") && told.contains(wanted) && told.contains("acme"), "{text}");
        let Some(call) = cloud.identity(&cloud.descriptor().example_region.into()) else { continue };
        let (action, permission) = (cloud.action(&call), cloud.permission(&call));
        // A project that stands in the config leaves no sign-in to tell the account.
        let named = simulator.world().project_id().map(str::to_owned);
        let made = || nicdeck::wire::sha256_hex(format!("project of {}", simulator.world().regions()[0]).as_bytes());
        let project = if id == "huawei" { named.unwrap_or_else(|| made()[..32].to_owned()) } else { String::new() };
        let project = if project.is_empty() { project } else { format!("project_id = \"{project}\"\n") };
        let profiles = profiles + &project;
        let (exit, text) = told_by_the_doctor(&home, &profiles, &vars).await;
        assert!(exit == 0 && line(&text).contains(wanted), "{text}");
        assert!(simulator.count(action) >= 1, "{action}");
        let denied = denied(id).to_owned();
        simulator.change(|world| world.refusals.insert(action.to_owned(), denied.clone()));
        let (exit, text) = told_by_the_doctor(&home, &profiles, &vars).await;
        let told = line(&text);
        assert!(exit == 0 && told.contains("! account") && told.contains(&permission), "{id}: {text}");
        assert!(told.contains("not allowed") && told.contains("Grant"), "{id}: {text}");
    }
}

/// A wrong key is one line of its profile, not one for each call.
#[tokio::test]
async fn a_wrong_key_is_told_once() {
    for cloud in providers::all() {
        let simulator = simulator(*cloud).await;
        let home = tempfile::tempdir().unwrap();
        let profiles = profile("p", &simulator, "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }");
        let output = list(&home, &profiles, &[("MY_ID", &*simulator.key().id), ("MY_SECRET", CANARY)]).await;
        let err = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{err}");
        let lines = err.lines().filter(|line| line.starts_with('p')).count();
        assert!(lines == 1 && !err.contains(CANARY), "{}: {err}", cloud.descriptor().id);
    }
}

/// What each cloud says to a key that may not make a call.
fn denied(cloud: &str) -> &'static str {
    match cloud {
        "aliyun" => "Forbidden.RAM",
        "huawei" => "Pdp.0001",
        "tencent" => "UnauthorizedOperation",
        "zenlayer" => "AUTHFAILURE_UNAUTHORIZED_OPERATION",
        other => panic!("{other}"),
    }
}

/// Each read call of each cloud, when it alone is not granted: its line names what has to be granted as the vendor's access control
/// spells it, the others are well, and the list says the same.
#[tokio::test]
async fn the_permission_of_each_read_call_is_named() {
    let rows = [
        ("aliyun", "DescribeRegions", "ecs:DescribeRegions"),
        ("aliyun", "DescribeInstances", "ecs:DescribeInstances"),
        ("aliyun", "DescribeNetworkInterfaces", "ecs:DescribeNetworkInterfaces"),
        ("aliyun", "DescribeEipAddresses", "vpc:DescribeEipAddresses"),
        ("aliyun", "DescribeLoadBalancers", "slb:DescribeLoadBalancers"),
        ("aliyun", "DescribeLoadBalancerAttribute", "slb:DescribeLoadBalancerAttribute"),
        ("aliyun", "DescribeVServerGroups", "slb:DescribeVServerGroups"),
        ("aliyun", "DescribeVServerGroupAttribute", "slb:DescribeVServerGroupAttribute"),
        ("aliyun", "DescribeMasterSlaveServerGroups", "slb:DescribeMasterSlaveServerGroups"),
        ("aliyun", "ListServerGroups", "alb:ListServerGroups"),
        ("aliyun", "ListServerGroups", "nlb:ListServerGroups"),
        ("aliyun", "ListServerGroupServers", "alb:ListServerGroupServers"),
        ("aliyun", "ListServerGroupServers", "nlb:ListServerGroupServers"),
        ("huawei", "KeystoneListProjects", "iam:projects:listProjects"),
        ("huawei", "ListPorts", "vpc:ports:list / vpc:ports:get"),
        ("huawei", "ListServersDetails", "ecs:cloudServers:list"),
        ("huawei", "ListPublicips", "vpc:publicIps:list"),
        ("huawei", "ListAllMembers", "elb:members:list"),
        ("tencent", "DescribeRegions", "region:DescribeRegions"),
        ("tencent", "DescribeNetworkInterfaces", "vpc:DescribeNetworkInterfaces"),
        ("tencent", "DescribeInstances", "cvm:DescribeInstances"),
        ("tencent", "DescribeAddresses", "vpc:DescribeAddresses"),
        ("tencent", "DescribeHaVips", "vpc:DescribeHaVips"),
        ("tencent", "DescribeLoadBalancers", "clb:DescribeLoadBalancers"),
        ("tencent", "DescribeTargets", "clb:DescribeTargets"),
        ("zenlayer", "DescribeZones", "DescribeZones"),
        ("zenlayer", "DescribeNetworkInterfaces", "DescribeNetworkInterfaces"),
        ("zenlayer", "DescribeInstances", "DescribeInstances"),
        ("zenlayer", "DescribeEips", "DescribeEips"),
        ("zenlayer", "DescribeLoadBalancers", "DescribeLoadBalancers"),
        ("zenlayer", "DescribeBackends", "DescribeBackends"),
    ];
    let home = tempfile::tempdir().unwrap();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        let simulator = simulator(*cloud).await;
        let key = simulator.key().clone();
        let vars = [("MY_ID", &*key.id), ("MY_SECRET", &*key.secret)];
        let profiles = profile("p", &simulator, "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }");
        let (output, _) = doctor(&home, &profiles, &vars).await;
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for call in told["profiles"][0]["calls"].as_array().unwrap() {
            let (action, permission) = (call["action"].as_str().unwrap(), call["permission"].as_str().unwrap());
            assert!(rows.contains(&(id, action, permission)) || permission == action, "{id} {call}");
        }
        for (_, action, permission) in rows.iter().filter(|row| row.0 == id) {
            simulator.change(|world| world.refusals.insert((*action).to_owned(), denied(id).to_owned()));
            let (exit, text) = told_by_the_doctor(&home, &profiles, &vars).await;
            let names =
                |line: &str, permission: &str| line.contains("Grant ") && line.contains(&format!(" {permission}"));
            let line = text.lines().find(|line| line.starts_with("  x ") && names(line, permission));
            assert!(line.is_some_and(|line| line.contains("not allowed")), "{permission}: {text}");
            // Without its project no other call can be made.
            let all = *action == "KeystoneListProjects";
            assert_eq!(exit, if all { 5 } else { 3 }, "{text}");
            let output = list(&home, &profiles, &vars).await;
            let err = str::from_utf8(&output.stderr).unwrap();
            // Of two products with an action of one name the list tells one: both are about backends.
            let mut of_action = rows.iter().filter(|row| (row.0, row.1) == (id, *action));
            assert!(of_action.any(|row| err.lines().any(|line| names(line, row.2))), "{id} {action}: {err}");
            simulator.change(|world| world.refusals.remove(*action));
        }
    }
}
