use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn world(provider: &str) -> String {
    let words = providers::find(provider).unwrap_or(providers::all()[0]).dialect().vocabulary();
    world_in(provider, words.running, words.attached)
}

fn world_in(provider: &str, running: &str, attached: &str) -> String {
    format!(
        r#"{{"provider": "{provider}", "region": "r-1", "instances": [{{"id": "i-1", "status": "{running}"}}], "nics": [
            {{"id": "n-1", "instance_id": "i-1", "primary": true, "status": "{attached}", "addresses": [{{"ip": "10.0.0.1", "primary": true}}]}}]}}"#
    )
}

fn first_cloud() -> &'static str {
    providers::all()[0].descriptor().id
}

async fn error(args: SimulateArgs) -> SimulateError {
    serve(&args).await.unwrap_err()
}

#[tokio::test]
async fn every_cloud_is_served_and_announced_in_one_line() {
    let simulators = serve(&SimulateArgs { instances: 7, seed: 3, ..SimulateArgs::default() }).await.unwrap();
    assert_eq!(simulators.len(), providers::all().len());
    let mut out = Vec::new();
    announce(&simulators, &mut out).unwrap();
    let lines: Vec<Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for ((line, simulator), cloud) in lines.iter().zip(&simulators).zip(providers::all()) {
        assert_eq!(line["cloud"], cloud.descriptor().id);
        assert_eq!(line["endpoint"], simulator.endpoint());
        assert_eq!(line["region"], simulator.world().regions()[0]);
        assert_eq!(line["access_key_id"], simulator.key().id);
        assert_eq!(line["access_key_secret"], simulator.key().secret);
        assert_eq!(line.as_object().unwrap().len(), 5);
        assert_eq!(simulator.world().instances().len(), 7);
    }
    let again = serve(&SimulateArgs { instances: 7, seed: 3, ..SimulateArgs::default() }).await.unwrap();
    assert_eq!(simulators[0].world(), again[0].world(), "the same seed, the same world");
}

#[tokio::test]
async fn world_files_choose_their_clouds_and_faults_strike() {
    let (_folder, path) = file("w.json", &world(first_cloud()));
    let (_other, faults) = file("f.toml", "[[fault]]\neffect = \"garbage\"\nstatus = 502\n");
    let args = SimulateArgs { world: vec![path], faults: Some(faults), ..SimulateArgs::default() };
    let simulators = serve(&args).await.unwrap();
    assert_eq!(simulators.len(), 1);
    assert_eq!(simulators[0].world().nics()[0].id, "n-1");
    let mut stream = tokio::net::TcpStream::connect(simulators[0].address()).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[tokio::test]
async fn wrong_arguments_are_told_and_are_the_users_to_mend() {
    let named = |clouds: &[&str]| SimulateArgs {
        clouds: clouds.iter().map(|name| (*name).to_owned()).collect(),
        ..SimulateArgs::default()
    };
    let unknown = error(named(&["nimbus"])).await;
    assert!(unknown.to_string().starts_with("there is no cloud \"nimbus\"; there are "), "{unknown}");
    assert!(unknown.to_string().contains(first_cloud()) && unknown.is_usage());

    let (_folder, path) = file("w.json", &world("nimbus"));
    let of_nobody = error(SimulateArgs { world: vec![path], ..SimulateArgs::default() }).await;
    assert!(matches!(of_nobody, SimulateError::UnknownCloud { .. }), "{of_nobody}");

    let (_folder, path) = file("w.json", "{\"provider\": 1}");
    let broken = error(SimulateArgs { world: vec![path], ..SimulateArgs::default() }).await;
    assert!(broken.to_string().contains("w.json: line 1, column 14, provider: invalid type"), "{broken}");

    let gone = error(SimulateArgs { faults: Some(PathBuf::from("/nowhere/f.toml")), ..SimulateArgs::default() }).await;
    assert!(gone.to_string().starts_with("/nowhere/f.toml: No such file"), "{gone}");

    let (_folder, path) = file("f.toml", "[[fault]]\neffect = \"boom\"\n");
    let fault = error(SimulateArgs { faults: Some(path), ..SimulateArgs::default() }).await;
    assert!(fault.to_string().contains("f.toml: fault 1: there is no effect \"boom\""), "{fault}");

    let far = error(SimulateArgs { listen: "192.0.2.1:0".parse().unwrap(), ..SimulateArgs::default() }).await;
    assert!(far.to_string().contains("no loopback address") && far.is_usage(), "{far}");

    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = holder.local_addr().unwrap();
    let taken = error(SimulateArgs { listen, ..SimulateArgs::default() }).await;
    assert!(matches!(taken, SimulateError::Start(SimError::Listen { .. })) && !taken.is_usage(), "{taken}");
}

#[tokio::test]
async fn a_status_has_to_be_a_word_of_its_cloud() {
    for cloud in providers::all() {
        let (id, dialect) = (cloud.descriptor().id, cloud.dialect());
        let words = dialect.vocabulary();
        let own = [words.running, words.stopped].into_iter().chain(words.instance_transient.iter().copied());
        assert!(own.into_iter().all(|word| words.instance_states.contains(&word)), "{id}");
        let own = [words.attached, words.free, words.attaching, words.detaching];
        assert!(own.iter().all(|word| words.nic_states.contains(word)), "{id}");

        let misspelt = words.attached.get(1..).unwrap();
        for (running, attached, told) in [
            (
                "Bogus",
                words.attached,
                format!(
                    "instances[0].status (i-1): this cloud has no status \"Bogus\" here; there are {}",
                    words.instance_states.join(", ")
                ),
            ),
            (
                words.running,
                misspelt,
                format!(
                    "nics[0].status (n-1): this cloud has no status \"{misspelt}\" here; did you mean \"{}\"?",
                    words.attached
                ),
            ),
        ] {
            let (_folder, path) = file("w.json", &world_in(id, running, attached));
            let wrong = error(SimulateArgs { world: vec![path], ..SimulateArgs::default() }).await;
            assert!(wrong.to_string().ends_with(&told) && wrong.is_usage(), "{id}: {wrong}\n{told}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_about_what_there_is_with_a_code_of_its_cloud() {
    const PAGES: [(&str, &str); 4] = [
        ("aliyun", include_str!("../../tests/codes/aliyun.txt")),
        ("huawei", include_str!("../../tests/codes/huawei.txt")),
        ("tencent", include_str!("../../tests/codes/tencent.txt")),
        ("zenlayer", include_str!("../../tests/codes/zenlayer.txt")),
    ];
    for cloud in providers::all() {
        let (id, dialect) = (cloud.descriptor().id, cloud.dialect());
        let codes = Codes::of(cloud.descriptor().errors);
        let told = |name: &str, code: &str| {
            let mut file = WorldFile::parse("w.json", &world(id)).unwrap();
            file.nics[0].subnet_id = "net-1".to_owned();
            file.nics[0].security_groups = vec!["group-1".to_owned()];
            file.refusals.insert(name.to_owned(), code.to_owned());
            let checked = check_stated(&[("w.json".to_owned(), file)], dialect.as_ref(), &codes);
            checked.map_err(|error| error.to_string())
        };
        let pages = PAGES.iter().find(|(name, _)| *name == id).unwrap().1;
        let known: Vec<&str> = pages
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split(' ').next())
            .filter(|code| !code.is_empty())
            .collect();
        let refused: Vec<&str> = known.iter().copied().filter(|code| told("n-1", code).is_err()).collect();
        assert!(known.len() > 20 && refused.is_empty(), "{id}: {refused:?}");
        let code = known[0];
        for name in dialect.actions().iter().copied().chain(["n-1", "i-1", "net-1", "group-1"]) {
            assert_eq!(told(name, code), Ok(()), "{id}");
        }

        let action = dialect.actions()[0];
        let wrong = told(action.get(1..).unwrap(), code).unwrap_err();
        let place = format!("w.json: refusals ({}): the cloud has no such action", &action[1..]);
        assert!(wrong.starts_with(&place) && wrong.ends_with(&format!("did you mean \"{action}\"?")), "{wrong}");
        let wrong = told("group-11", code).unwrap_err();
        assert!(wrong.ends_with("did you mean \"group-1\"?"), "{wrong}");
        assert!(told("Quite another", code).unwrap_err().contains(&dialect.actions().join(", ")[..40]), "{id}");
        let wrong = told("n-1", "Quite another").unwrap_err();
        assert_eq!(wrong, "w.json: refusals (n-1): the cloud has no error code \"Quite another\"");
        let wrong = told("n-1", &code.to_lowercase()).unwrap_err();
        assert!(wrong.ends_with(&format!("; did you mean \"{code}\"?")), "{wrong}");
    }
    let mut text = world(first_cloud());
    text.insert_str(text.len() - 1, r#", "refusals": {"Nope": "NOPE"}"#);
    let (_folder, path) = file("w.json", &text);
    let refused = error(SimulateArgs { world: vec![path], ..SimulateArgs::default() }).await;
    assert!(matches!(refused, SimulateError::World(_)) && refused.to_string().contains("(Nope)"), "{refused}");
}

#[test]
fn what_a_cloud_does_not_act_on_is_not_taken() {
    let float = r#"{"id": "f-1", "ip": "10.0.0.9", "subnet_id": "s"}"#;
    let members = [
        ("instances[0].agent", "false"),
        ("instances[0].locked", "true"),
        ("instances[0].frozen", "true"),
        ("instances[0].task", "\"resizing\""),
        ("nics[0].prefixes", "[\"10.0.1.0/28\"]"),
        ("nics[0].pairs", r#"[{"ip": "10.0.0.8", "mac": ""}]"#),
        ("nics[0].service_managed", "true"),
        ("nics[0].cold_plug_only", "true"),
        ("nics[0].linked", "true"),
        ("nics[0].delete_on_detach", "true"),
        ("nics[0].addresses[0].eip.is_default", "true"),
        ("free_eips[0].dies_unbound", "true"),
        ("floats", &format!("[{float}]")),
        ("task_failures", "{\"n-1\": \"broken\"}"),
    ];
    let mut heeded = std::collections::BTreeSet::new();
    for cloud in providers::all() {
        let (id, dialect) = (cloud.descriptor().id, cloud.dialect());
        let codes = Codes::of(cloud.descriptor().errors);
        for (place, value) in &members {
            let (object, member) = place.rsplit_once('.').unwrap_or(("", place));
            let mut text: Value = serde_json::from_str(&world(id)).unwrap();
            text["free_eips"] = serde_json::json!([{"id": "e-2", "ip": "198.51.100.2"}]);
            text["nics"][0]["addresses"][0]["eip"] = serde_json::json!({"id": "e-1", "ip": "198.51.100.1"});
            let path = format!("/{}", object.replace('[', "/").replace("].", "/").replace([']'], "").replace('.', "/"));
            let object = if object.is_empty() { Some(&mut text) } else { text.pointer_mut(&path) };
            object.unwrap()[member] = serde_json::from_str(value).unwrap();
            let file = WorldFile::parse("w.json", &text.to_string()).unwrap();
            let checked = check_stated(&[("w.json".to_owned(), file)], dialect.as_ref(), &codes);
            if unheeded(dialect.as_ref()).contains(&member) {
                let told = checked.unwrap_err().to_string();
                assert!(told.starts_with(&format!("w.json: {place}")), "{id}: {told}");
                assert!(told.ends_with(&format!("this cloud does not act on \"{member}\"; leave it out")), "{told}");
            } else {
                assert_eq!(checked, Ok(()), "{id}: {place}");
                heeded.insert(*place);
            }
        }
    }
    assert_eq!(heeded.len(), members.len(), "each is some cloud's");
}

#[test]
fn a_failing_task_is_one_that_there_is() {
    let told = |id: &str, name: &str| {
        let cloud = providers::find(id).unwrap();
        let mut file = WorldFile::parse("w.json", &world(id)).unwrap();
        file.task_failures.insert(name.to_owned(), "broken".to_owned());
        let codes = Codes::of(cloud.descriptor().errors);
        check_stated(&[("w.json".to_owned(), file)], cloud.dialect().as_ref(), &codes).map_err(|e| e.to_string())
    };
    for (id, name) in [("huawei", "BatchDeleteServerNics"), ("huawei", "i-1"), ("tencent", "n-1")] {
        assert_eq!(told(id, name), Ok(()), "{id}");
    }
    let wrong = told("tencent", "DetachNetworkInterfaces").unwrap_err();
    assert!(wrong.ends_with("did you mean \"DetachNetworkInterface\"?"), "{wrong}");
    // No task is asked about these.
    for (id, name) in [("tencent", "i-1"), ("tencent", "DescribeInstances")] {
        assert!(told(id, name).unwrap_err().starts_with(&format!("w.json: task_failures ({name})")), "{id}");
    }
}

#[tokio::test]
async fn files_with_a_byte_order_mark_are_read() {
    let (_folder, path) = file("w.json", &format!("\u{feff}{}", world(first_cloud())));
    let (_other, faults) = file("f.toml", "\u{feff}[[fault]]\neffect = \"garbage\"\nstatus = 502\n");
    let args = SimulateArgs { world: vec![path], faults: Some(faults), ..SimulateArgs::default() };
    assert_eq!(serve(&args).await.unwrap()[0].world().nics()[0].id, "n-1");
}

#[tokio::test]
async fn a_fault_is_for_an_action_that_a_cloud_has() {
    let told = |text: &str| {
        let script = Script::parse("f.toml", text).unwrap();
        check_rule("f.toml", 2, &script.rules[0]).map_err(|error| error.to_string())
    };
    let of = |keys: &str| told(&format!("[[fault]]\neffect = \"lost\"\n{keys}\n"));
    for cloud in providers::all() {
        let (id, dialect) = (cloud.descriptor().id, cloud.dialect());
        let of_cloud = |action: &str| of(&format!("cloud = \"{id}\"\naction = \"{action}\""));
        let mut writes = 0;
        for action in dialect.actions() {
            assert_eq!(of_cloud(action), Ok(()));
            writes += usize::from(dialect.is_write(action));
        }
        assert!(writes > 3, "{id}");
        let wrong = of_cloud("Nope").unwrap_err();
        assert!(wrong.starts_with("f.toml: fault 2: no cloud it is for has an action \"Nope\"; there are "), "{wrong}");
        assert!(dialect.actions().iter().all(|action| wrong.contains(action)), "{wrong}");
        assert_eq!(of_cloud("*"), Ok(()));
    }
    let (first, second) = ("DescribeNetworkInterface*", "DescribeNetworkIntrface*");
    assert_eq!(of(&format!("action = \"{first}\"")), Ok(()));
    for (wrong, meant) in
        [(second, first), ("Descibe*", "Describe*"), ("detachnetworkinterfaces", "DetachNetworkInterface")]
    {
        let told = of(&format!("action = \"{wrong}\"")).unwrap_err();
        assert!(told.ends_with(&format!("; did you mean \"{meant}\"?")), "{told}");
    }
    let (_folder, path) = file("f.toml", "[[fault]]\neffect = \"lost\"\naction = \"Nope\"\n");
    let refused = error(SimulateArgs { faults: Some(path), ..SimulateArgs::default() }).await;
    assert!(matches!(refused, SimulateError::FaultAction { nth: 1, .. }) && refused.is_usage(), "{refused}");
    let example = Script::parse("example.toml", crate::sim::script::EXAMPLE).unwrap();
    assert!(example.rules.iter().all(|rule| check_rule("example.toml", 1, rule).is_ok()));
}

#[tokio::test]
async fn the_example_of_a_world_is_served_and_has_every_key() {
    use crate::{app::state::Language, ui::catalog::Catalogs};
    let mut keys = std::collections::BTreeSet::new();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        let args = SimulateArgs { clouds: vec![id.to_owned()], ..SimulateArgs::default() };
        let text = world_example(&args).unwrap().text;
        for member in unheeded(cloud.dialect().as_ref()) {
            assert!(!text.contains(&format!("\"{member}\"")), "{id}: {member}");
        }
        assert!(!text.contains(['~']) && !text.contains("{nic") && !text.contains("\"{"), "{text}");
        collect(&serde_json::from_str(&text).unwrap(), &mut keys);
        let (_folder, path) = file("w.json", &text);
        let simulators = serve(&SimulateArgs { world: vec![path], ..args }).await.unwrap();
        let world = simulators[0].world();
        assert_eq!((world.provider(), world.instances().len()), (id, 2));
        assert!(world.eips().any(|view| view.bound.is_some()) && world.load_balancers().count() == 1, "{id}");
    }
    let catalogs = Catalogs::embedded().unwrap();
    let known = known_keys();
    assert!(known.len() > 40 && known.is_subset(&keys), "left out: {:?}", known.difference(&keys));
    for language in [Language::English, Language::Chinese] {
        let told = catalogs.of(language).word("simulate-world.keys");
        let told: std::collections::BTreeSet<&str> =
            told.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        let untold: Vec<&String> = known.iter().filter(|key| !told.contains(key.as_str())).collect();
        assert_eq!(untold, Vec::<&String>::new(), "{language:?}");
    }
    assert!(world_example(&SimulateArgs::default()).unwrap().text.contains(first_cloud()));
    let unknown = SimulateArgs { clouds: vec!["nimbus".to_owned()], ..SimulateArgs::default() };
    assert!(matches!(world_example(&unknown), Err(SimulateError::UnknownCloud { .. })));
}

/// The names of an object's members, and of those inside; what people name themselves (tags) is left out.
fn collect(value: &Value, keys: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        Value::Object(members) => {
            for (key, value) in members {
                keys.insert(key.clone());
                if key != "tags" {
                    collect(value, keys);
                }
            }
        }
        _ => {}
    }
}

/// Every key that a world file can have, as its reader lists them where one is unknown.
fn known_keys() -> std::collections::BTreeSet<String> {
    let mut keys = std::collections::BTreeSet::new();
    for path in [
        "",
        "instances",
        "nics",
        "nics.addresses",
        "nics.addresses.eip",
        "nics.pairs",
        "floats",
        "load_balancers",
        "subnets",
    ] {
        let inner =
            path.split('.').filter(|name| !name.is_empty()).rev().fold(r#"{"?": 1}"#.to_owned(), |inner, name| {
                if name == "eip" { format!(r#"{{"{name}": {inner}}}"#) } else { format!(r#"{{"{name}": [{inner}]}}"#) }
            });
        let told = WorldFile::parse("w.json", &inner).unwrap_err().to_string();
        let (_, expected) = told.split_once("expected ").expect(&told);
        let names: Vec<String> = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(names.len() > 1, "{told}");
        keys.extend(names);
    }
    keys
}

#[tokio::test]
async fn a_world_of_a_cloud_that_is_left_out_is_an_error() {
    let [first, second, ..] = providers::all() else { return };
    let (_folder, path) = file("w.json", &world(second.descriptor().id));
    let args =
        SimulateArgs { clouds: vec![first.descriptor().id.to_owned()], world: vec![path], ..SimulateArgs::default() };
    let error = error(args).await;
    assert!(matches!(error, SimulateError::LeftOut { .. }) && error.is_usage(), "{error}");
}
