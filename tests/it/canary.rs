//! A secret that is looked for in every byte that nicdeck writes: streams, screens, files, arguments. One for each way in which a
//! credential comes, in real runs against simulated clouds, with the fullest log, an interrupted batch and panics.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::Engine as _;
use nicdeck::{
    providers,
    sim::{
        dialect::SimKey,
        http::{Options, Simulator},
        world::World,
    },
};

use crate::{accounts::own_file, cli::nicdeck, e2e::tty::Tty};

/// As long and as plain as the vendors' own secrets.
const CANARY: &str = "c4n4ry9f27c1d4e8b05a63Kq";
/// Of temporary keys.
const TOKEN: &str = "c4n4ryT0ken71ad93c2e5f8";

/// Of each session token that the simulated sign-in hands out.
const HANDED: &str = "MIIsimulated0session0token";

/// A way in which a profile comes by its credential.
struct Way {
    name: &'static str,
    /// With screens, panics and every form of output; of the others those are the same.
    thorough: bool,
    cloud: &'static str,
    /// One of the cloud's older APIs, where it is not its own choice.
    api: Option<&'static str>,
    token: bool,
    credentials: String,
    vars: Vec<(&'static str, String)>,
    /// Files that hold the secret rightly.
    own: Vec<PathBuf>,
}

impl Way {
    /// Where its own files lie before it has a home.
    fn home(&self, files: &Path) -> PathBuf {
        let kind = if self.token { "temporary" } else { "." };
        files.join(kind).join(self.cloud)
    }
}

/// One home folder, and one cloud.
struct House {
    home: tempfile::TempDir,
    simulator: Simulator,
    way: Way,
    /// Everything that came on a stream or a screen.
    heard: Vec<(String, Vec<u8>)>,
}

fn key(token: bool) -> SimKey {
    SimKey { id: "LTAI5tSIMULATED".to_owned(), secret: CANARY.to_owned(), token: token.then(|| TOKEN.to_owned()) }
}

impl House {
    async fn build(way: Way, home: tempfile::TempDir) -> Self {
        let cloud = providers::find(way.cloud).unwrap();
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let options = Options { key: key(way.token), ..Options::default() };
        let simulator = Simulator::start(cloud.dialect(), world, options).await.unwrap();
        let (region, endpoint) = (simulator.world().regions()[0].clone(), simulator.endpoint());
        let config = format!(
            "version = 1\n[[profile]]\nname = \"p\"\ncloud = \"{}\"\nregions = [\"{region}\"]\nendpoint = \"{endpoint}\"\n\
             alias = \"acme\"\n{}{}",
            way.cloud,
            way.api.map_or_else(String::new, |api| format!("api = \"{api}\"\n")),
            way.credentials
        );
        fs::write(home.path().join("c.toml"), config).unwrap();
        Self { home, simulator, way, heard: Vec::new() }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = nicdeck(&self.home, args);
        command.args(["--config", &self.path("c.toml"), "--log-level", "trace"]);
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("USER", "lin");
        command.envs(self.way.vars.iter().map(|(name, value)| (*name, value.as_str())));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&mut self, args: &[&str]) -> (i32, String) {
        let mut command = self.command(args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let (out, err) = (output.stdout.clone(), String::from_utf8_lossy(&output.stderr).into_owned());
        self.heard.push((format!("{args:?} out"), output.stdout));
        self.heard.push((format!("{args:?} err"), output.stderr));
        let exit = output.status.code().unwrap_or(-1);
        assert!(matches!(exit, 0 | 3 | 7 | 10), "{} {args:?}: {exit} {err}", self.way.name);
        (exit, String::from_utf8_lossy(&out).into_owned())
    }

    /// The console until it shows this, and then out of it: by a key, or by the panic that was asked for.
    async fn console(&mut self, panic: Option<&'static str>, until: &'static str) {
        let mut vars = self.way.vars.clone();
        vars.extend(panic.map(|who| ("NICDECK_TEST_PANIC", who.to_owned())));
        let (config, state) = (self.path("c.toml"), self.home.path().to_owned());
        let raw = tokio::task::spawn_blocking(move || {
            let vars: Vec<(&str, &str)> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let mut tty = Tty::start(&["--config", &config, "--log-level", "trace"], &state, &vars, 200, 60);
            if panic == Some("ui") {
                return tty.end().2.into_bytes();
            }
            tty.wait(until);
            // The calls, and one with its request and answer: what tells most.
            press(&mut tty, &["5", "\r"]);
            let raw = tty.raw();
            tty.signal(rustix::process::Signal::TERM);
            drop(tty.end());
            raw
        });
        self.heard.push((format!("screen {panic:?}"), raw.await.unwrap()));
    }

    /// The address is released from the console; on its way what is under the cursor is copied, and each screen is exported.
    async fn release(&mut self, ip: &str) {
        let vars = self.way.vars.clone();
        let (config, state, ip) = (self.path("c.toml"), self.home.path().to_owned(), ip.to_owned());
        let raw = tokio::task::spawn_blocking(move || {
            let vars: Vec<(&str, &str)> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let filter = format!("ip:{ip}");
            let args = ["--config", &config, "--log-level", "trace", "--filter", &filter];
            let mut tty = Tty::start(&args, &state, &vars, 200, 60);
            tty.until("the whole inventory", |screen| {
                screen.matches(&ip).count() > 1 && screen.lines().next().is_some_and(|line| line.contains("just now"))
            });
            tty.press("G");
            press(&mut tty, &["y", "Y", "\r", "p"]);
            tty.wait("was read again");
            let exported = |tty: &mut Tty, form: &str| {
                press(tty, &["e"]);
                tty.press(form);
                tty.wait("Written: ");
                press(tty, &["y"]);
            };
            exported(&mut tty, "\r");
            press(&mut tty, &["c"]);
            // The first moment of the dialog is deaf, and a key that is held down from then on is none.
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
            while tty.screen().contains("Cancel") {
                assert!(std::time::Instant::now() < deadline, "{}", tty.screen());
                tty.press("x");
                tty.press("y");
                tty.until("an answer", |screen| !screen.is_empty());
            }
            tty.wait("1 released");
            press(&mut tty, &["Y", "\r"]);
            exported(&mut tty, "j\r");
            press(&mut tty, &["4", "\r", "Y", "\r"]);
            exported(&mut tty, "jj\r");
            press(&mut tty, &["5", "\r", "y"]);
            let raw = tty.raw();
            tty.signal(rustix::process::Signal::TERM);
            drop(tty.end());
            raw
        });
        self.heard.push(("the console's release".to_owned(), raw.await.unwrap()));
        let exports: Vec<String> = self.files().into_iter().map(|(name, _)| name).collect();
        let exports = exports.iter().filter(|name| name.contains("/exports/")).count();
        assert_eq!(exports, 3, "{}", self.way.name);
        let (_, screen) = self.heard.last().unwrap();
        assert!(String::from_utf8_lossy(screen).contains("\x1b]52;"), "{}: nothing was copied", self.way.name);
    }

    /// All that stands in files by now, but for those that were put there by the test.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        fn walk(folder: &Path, own: &[PathBuf], found: &mut Vec<(String, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, own, found);
                } else if !own.contains(&path) {
                    found.push((path.display().to_string(), fs::read(&path).unwrap()));
                }
            }
        }
        let mut found = Vec::new();
        walk(self.home.path(), &self.way.own, &mut found);
        found
    }

    fn search(&self) {
        let files = self.files();
        let crash = self.way.thorough.then_some("crash.log");
        for wanted in ["journal.jsonl", "nicdeck.log", "plan.json"].into_iter().chain(crash) {
            assert!(files.iter().any(|(name, _)| name.ends_with(wanted)), "{}: no {wanted} was written", self.way.name);
        }
        // Of a long one a part is put aside.
        let mut logs = files.iter().filter(|(name, _)| name.contains("nicdeck.log"));
        assert!(
            logs.any(|(_, log)| String::from_utf8_lossy(log).contains("TRACE")),
            "the fullest log: {}",
            self.way.name
        );
        for secret in [CANARY, TOKEN, HANDED] {
            for (where_, bytes) in self.heard.iter().chain(&files) {
                assert!(!holds(bytes, secret), "{}: the secret is in {where_}", self.way.name);
            }
        }
        // Whoever has a signed write can send it once more.
        for (where_, bytes) in self.heard.iter().chain(&files) {
            let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
            let values = ["signature=", "signature%3d"].into_iter().flat_map(|name| text.split(name).skip(1));
            for value in values {
                assert!(value.starts_with("***"), "{}: a signature is in {where_}: {value:.40}", self.way.name);
            }
        }
    }
}

/// Each changes the screen.
fn press(tty: &mut Tty, keys: &[&str]) {
    for key in keys {
        let before = tty.screen();
        tty.press(key);
        tty.until("another screen", |screen| screen != before);
    }
}

/// The secret as it is, and as it is written by those who believe that nobody reads it then.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    // Wherever it begins in a longer text: what is the same for all neighbours.
    let shifted = (0..3).map(|before| {
        let text = engine.encode([&b"xyz"[..before], secret.as_bytes()].concat());
        text.as_bytes()[4..text.len() - 4].to_vec()
    });
    let spaced = format!("{:?}", secret.chars().collect::<Vec<_>>()).into_bytes();
    [secret.as_bytes().to_vec(), hex::encode(secret).into_bytes(), spaced].into_iter().chain(shifted).collect()
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    forms(secret).iter().any(|form| bytes.windows(form.len()).any(|part| part.eq_ignore_ascii_case(form)))
}

#[test]
fn the_search_finds_a_secret_in_every_dress() {
    let engine = base64::engine::general_purpose::STANDARD;
    for text in [
        format!("Authorization: {CANARY},"),
        format!("{:?}", format!("a{CANARY}b")),
        hex::encode_upper(format!("id={CANARY}")),
        engine.encode(format!("LTAI:{CANARY}")),
        engine.encode(format!("LTAI5:{CANARY}:x")),
        engine.encode(format!("LTAI5t:{CANARY}::")),
    ] {
        assert!(holds(text.as_bytes(), CANARY), "{text}");
        assert!(!holds(text.as_bytes(), TOKEN), "{text}");
    }
}

fn way(name: &'static str, cloud: &'static str, credentials: &str) -> Way {
    let credentials = if credentials.is_empty() { String::new() } else { format!("credentials = {credentials}\n") };
    Way { name, thorough: false, cloud, api: None, token: false, credentials, vars: Vec::new(), own: Vec::new() }
}

/// Each source of credentials, each cloud's file and the user of the one that has some.
fn ways(home: &Path) -> Vec<Way> {
    let secret = || CANARY.to_owned();
    let id = || key(false).id;
    let mut all = Vec::new();
    for cloud in providers::all() {
        let descriptor = cloud.descriptor();
        let (id_name, secret_name, _) = descriptor.env;
        let thorough = all.is_empty();
        all.push(Way {
            thorough,
            vars: vec![(id_name, id()), (secret_name, secret())],
            ..way("own variables", descriptor.id, "")
        });
        for &api in descriptor.apis.iter().filter(|api| cloud.generation(api).is_some()) {
            let vars = vec![(id_name, id()), (secret_name, secret())];
            all.push(Way { vars, api: Some(api), ..way("an older API", descriptor.id, "") });
        }
        let (path, text) = own_file(descriptor.id, &key(false));
        let path = home.join(".").join(descriptor.id).join(path);
        crate::accounts::write(&path, 0o600, &text);
        let tool = || way("tool", descriptor.id, "{ from = \"vendor-cli\", profile = \"ops\" }");
        all.push(Way { own: vec![path], ..tool() });
        if descriptor.bearer {
            let vars = || vec![("MY_TOKEN", TOKEN.to_owned())];
            let line = "{ from = \"command\", argv = [\"printenv\", \"MY_TOKEN\"] }";
            all.push(Way { token: true, vars: vars(), ..way("a bare line", descriptor.id, line) });
            let named = "{ from = \"env\", token = \"MY_TOKEN\" }";
            all.push(Way { token: true, vars: vars(), ..way("a bearer token", descriptor.id, named) });
        } else {
            let (path, text) = own_file(descriptor.id, &key(true));
            let path = home.join("temporary").join(descriptor.id).join(path);
            crate::accounts::write(&path, 0o600, &text);
            all.push(Way { name: "temporary keys of a tool", token: true, own: vec![path], ..tool() });
        }
    }
    let named = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\", token = \"MY_TOKEN\" }";
    let vars = vec![("MY_ID", id()), ("MY_SECRET", secret()), ("MY_TOKEN", TOKEN.to_owned())];
    all.push(Way { token: true, thorough: true, vars, ..way("named variables and a token", "aliyun", named) });
    let program = "{ from = \"command\", argv = [\"sh\", \"-c\", \"printf '{\\\"id\\\": \\\"%s\\\", \\\"secret\\\": \\\"%s\\\"}' $ID $KEY; echo $KEY >&2\"] }";
    let vars = vec![("ID", id()), ("KEY", secret())];
    all.push(Way { vars, thorough: true, ..way("program", "tencent", program) });
    let program = "{ from = \"command\", argv = [\"sh\", \"-c\", \"printf '{\\\"id\\\": \\\"%s\\\", \\\"secret\\\": \\\"%s\\\", \\\"token\\\": \\\"%s\\\", \\\"expires\\\": \\\"2999-01-01T00:00:00Z\\\"}' $ID $KEY $SESSION; echo $SESSION >&2\"] }";
    let vars = vec![("ID", id()), ("KEY", secret()), ("SESSION", TOKEN.to_owned())];
    all.push(Way { token: true, vars, ..way("a program's temporary keys", "huawei", program) });
    let user = "{ from = \"env\", user = \"MY_USER\", password = \"MY_PASSWORD\", account = \"MY_ACCOUNT\" }";
    let vars = vec![("MY_USER", id()), ("MY_PASSWORD", secret()), ("MY_ACCOUNT", "acme".to_owned())];
    all.push(Way { vars, thorough: true, ..way("a user's password", "huawei", user) });
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_anything_that_was_ever_written() {
    let files = tempfile::tempdir().unwrap();
    let mut ways = ways(files.path());
    for way in &mut ways {
        // The tool's file belongs into the home of whoever uses it.
        way.own = way.own.iter().map(|own| own.strip_prefix(way.home(files.path())).unwrap().to_owned()).collect();
    }
    let mut waiting = ways.into_iter();
    let mut running = tokio::task::JoinSet::new();
    // Two at once, as many as the machine has cores.
    running.extend_from(&mut waiting, 2, files.path());
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
        running.extend_from(&mut waiting, 1, files.path());
    }
}

trait More {
    fn extend_from(&mut self, ways: &mut impl Iterator<Item = Way>, most: usize, files: &Path);
}

impl More for tokio::task::JoinSet<()> {
    fn extend_from(&mut self, ways: &mut impl Iterator<Item = Way>, most: usize, files: &Path) {
        for mut way in ways.take(most) {
            let home = tempfile::tempdir().unwrap();
            let kept = way.home(files);
            for own in &mut way.own {
                let path = home.path().join(&*own);
                crate::accounts::write(&path, 0o600, &fs::read_to_string(kept.join(&*own)).unwrap());
                *own = path;
            }
            self.spawn(async move { House::build(way, home).await.live().await });
        }
    }
}

impl House {
    /// All that somebody does with it, and then the search.
    async fn live(mut self) {
        let (_, listed) = self.run(&["list", "--output", "json"]).await;
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let good = good(&listed).unwrap_or_else(|| panic!("{}: nothing can go: {listed}", self.way.name));
        let second = other(&listed, &good);
        let plan = self.path("plan.json");
        self.run(&["plan", "-o", &plan, &good]).await;
        let made: serde_json::Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
        let hash = made["hash"].as_str().unwrap().to_owned();
        self.run(&["doctor"]).await;
        self.run(&["config", "check"]).await;
        if self.way.thorough {
            self.run(&["doctor", "--output", "json"]).await;
            self.run(&["apply", &plan, "--dry-run"]).await;
            self.run(&["apply", &plan, "--dry-run", "--output", "json"]).await;
            arguments(&self, &["apply", &plan, "--approve", &hash]).await;
        }
        self.run(&["apply", &plan, "--approve", &hash]).await;
        self.run(&["history", "--output", "json"]).await;
        self.run(&["export", "1"]).await;
        self.run(&["undo", "1"]).await;
        if self.way.thorough {
            for form in ["md", "csv", "table"] {
                self.run(&["history", "--output", form]).await;
            }
            for form in ["json", "csv", "table"] {
                let file = self.path(&format!("export.{form}"));
                self.run(&["export", "--output", form, "--file", &file]).await;
            }
            // Taken back and done again, each told in another form.
            for (asked, form) in [(["undo", "1"], "csv"), (["plan", &good], "json")] {
                self.run(&[&asked[..], &["--force", "-o", &plan]].concat()).await;
                let made: serde_json::Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
                let hash = made["hash"].as_str().unwrap();
                self.run(&["apply", &plan, "--approve", hash, "--output", form]).await;
            }
            self.run(&["history", "verify"]).await;
            if let Some(ip) = &second {
                self.release(ip).await;
            }
            self.console(Some("worker"), "ADDRESS").await;
            self.console(Some("ui"), "").await;
        }
        if self.way.name == "a user's password" {
            assert!(self.simulator.count("KeystoneCreateUserTokenByPassword") > 0, "no session token was handed out");
        }
        self.search();
    }
}

/// Another address that can go without a word.
fn other(listed: &serde_json::Value, good: &str) -> Option<String> {
    let nics = listed["nics"].as_array()?;
    let addresses = nics.iter().flat_map(|nic| nic["addresses"].as_array().into_iter().flatten());
    let plain = addresses.filter(|address| address["level"] == "ok" && address["kind"] == "secondary");
    plain.filter_map(|address| address["ip"].as_str()).find(|ip| !good.ends_with(ip)).map(str::to_owned)
}

/// `NIC/ADDRESS` of what can go, best without a word.
fn good(listed: &serde_json::Value) -> Option<String> {
    let nics = listed["nics"].as_array()?;
    ["ok", "warn"].into_iter().find_map(|level| {
        nics.iter().find_map(|nic| {
            let can_go = |address: &&serde_json::Value| {
                address["level"] == level && (address["kind"] == "secondary" || address["kind"] == "vip")
            };
            let address = nic["addresses"].as_array()?.iter().find(can_go)?;
            Some(format!("{}/{}", nic["id"].as_str()?, address["ip"].as_str()?))
        })
    })
}

/// What others see of the process and of those that it starts, while a write of it is held up.
#[cfg(target_os = "linux")]
async fn arguments(house: &House, args: &[&str]) {
    let hold = house.simulator.hold("*");
    let before = house.simulator.requests().len();
    let child = house.command(args).spawn().unwrap();
    house.simulator.wait_for(|log| log.len() > before).await;
    let mut seen = 0;
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let name = entry.file_name().into_string().unwrap_or_default();
        // Of a program that prints a secret its own line is its author's business; it has ended by now.
        let Ok(line) = fs::read(format!("/proc/{name}/cmdline")) else { continue };
        seen += usize::from(name == child.id().to_string());
        assert!(!line.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "arguments of {name}");
    }
    assert_eq!(seen, 1);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    drop(hold);
}

#[cfg(not(target_os = "linux"))]
async fn arguments(_: &House, _: &[&str]) {}

/// What others see while a program that hands out a key runs.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_argument_holds_a_secret_while_a_program_hands_one_out() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let credentials = format!("{{ from = \"command\", argv = [\"cat\", \"{}\"] }}", pipe.display());
    let house = House::build(way("program", "tencent", &credentials), home).await;
    let child = house.command(&["list"]).spawn().unwrap();
    // It opens only once the program reads.
    let mut end =
        tokio::task::spawn_blocking(move || fs::OpenOptions::new().write(true).open(pipe).unwrap()).await.unwrap();
    let (first, rest) = (format!("{{\"id\": \"{}\", \"secret\": \"{CANARY}\"", key(false).id), "}");
    std::io::Write::write_all(&mut end, first.as_bytes()).unwrap();
    let mut seen = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
        let text = String::from_utf8_lossy(&line).into_owned();
        seen.extend(text.contains(house.home.path().to_str().unwrap()).then(|| text.clone()));
        assert!(!text.contains(CANARY), "arguments of {text}");
    }
    assert!(seen.iter().any(|line| line.starts_with("cat")) && seen.len() >= 2, "{seen:?}");
    std::io::Write::write_all(&mut end, rest.as_bytes()).unwrap();
    drop(end);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
