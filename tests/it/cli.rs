//! The binary itself, as scripts run it: exit codes and streams of a real process.

use std::{
    io::{self, Read as _, Write as _},
    process::{Command, Output, Stdio},
    str,
};

/// The binary with an empty home and none of our variables.
pub fn nicdeck(home: &tempfile::TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nicdeck"));
    command.args(args).env_clear().env("HOME", home.path()).stdin(Stdio::null());
    command
}

fn ran(args: &[&str]) -> (Output, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    (nicdeck(&home, args).output().unwrap(), home)
}

/// What comes from a pipe (`--config <(..)`) can be read only once, and not at all by who has no need of it.
#[test]
fn a_config_from_a_pipe_is_read_once() {
    let text = "version = 1\n[[profile]]\nname = \"piped\"\ncloud = \"aliyun\"\nregions = [\"cn-hangzhou\"]\n";
    let vars = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tX"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")];
    let piped = |args: &[&str]| {
        let home = tempfile::tempdir().unwrap();
        let (mut reader, mut writer) = io::pipe().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        drop(writer);
        let mut command = nicdeck(&home, args);
        command.args(["--config", "/dev/stdin"]).envs(vars).stdin(reader.try_clone().unwrap());
        let output = command.output().unwrap();
        let mut left = String::new();
        reader.read_to_string(&mut left).unwrap();
        (output, left)
    };
    let (output, left) = piped(&["config", "check"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("piped  aliyun"), "{output:?}");
    assert!(left.is_empty());
    for args in [&["man"][..], &["help", "exit-codes"], &["completions", "bash"], &["config", "path"]] {
        let (output, left) = piped(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert_eq!(left, text, "{args:?}: nothing of it is needed");
    }
}

#[test]
fn help_and_example_go_to_standard_output() {
    for args in [&["--help"][..], &["list", "--help"], &["--version"], &["config", "example"]] {
        let (output, _home) = ran(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{args:?}");
        assert!(!output.stdout.contains(&0x1b), "no colour into a pipe: {args:?}");
    }
}

#[test]
fn a_wrong_usage_is_exit_2_with_nothing_on_standard_output() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "version = 1\nlangauge = \"en\"\n").unwrap();
    let broken = file.path().to_str().unwrap();
    for (args, told) in [
        (&["--readonl"][..], "--readonly"),
        (&[], "needs a terminal"),
        (&["--demo"], "needs a terminal"),
        (&["list"], "no config at "),
        (&["list", "--config", broken], ":2:1: unknown key `langauge` in the config; did you mean `language`?"),
        (&["config", "check", "--config", broken], ":2:1: unknown key"),
        (&["list", "--config", "/nowhere/c.toml"], "/nowhere/c.toml: there is no such file"),
    ] {
        let (output, _home) = ran(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        let text = str::from_utf8(&output.stderr).unwrap();
        assert!(text.contains(told), "{args:?}: {text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_config_is_looked_for_where_the_platform_keeps_it() {
    let (output, home) = ran(&["config", "path"]);
    let wanted = home.path().join(".config/nicdeck/config.toml");
    assert_eq!(str::from_utf8(&output.stdout).unwrap().trim_end(), wanted.to_str().unwrap());
    let output = nicdeck(&home, &["config", "path"]).env("XDG_CONFIG_HOME", "/xdg").output().unwrap();
    assert_eq!(output.stdout, b"/xdg/nicdeck/config.toml\n");
    let output = nicdeck(&home, &["config", "path"]).env("NICDECK_CONFIG", "/n.toml").output().unwrap();
    assert_eq!(output.stdout, b"/n.toml\n");
}

/// The first command of who begins: there is no folder yet. What is there is never touched.
#[cfg(target_os = "linux")]
#[test]
fn config_init_makes_folder_and_file_and_keeps_what_is_there() {
    use std::os::unix::fs::PermissionsExt;

    let (output, home) = ran(&["config", "init"]);
    let file = home.path().join(".config/nicdeck/config.toml");
    assert_eq!(output.status.code(), Some(0), "{}", str::from_utf8(&output.stderr).unwrap());
    assert_eq!(str::from_utf8(&output.stdout).unwrap().trim_end(), file.to_str().unwrap());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), nicdeck::config::EXAMPLE);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));

    std::fs::write(&file, "mine").unwrap();
    let output = nicdeck(&home, &["config", "init"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(str::from_utf8(&output.stderr).unwrap().contains("is there already"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_reader_that_goes_away_does_not_make_it_panic() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["config", "example"][..], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = nicdeck(&home, args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = nicdeck(&home, &["--wrong"]).stdout(Stdio::null()).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(2), "and none that cannot complain either");
}

/// Reading needs no journal: a script's user may have no place for one.
#[cfg(unix)]
#[test]
fn a_list_needs_no_place_for_a_journal() {
    let home = tempfile::tempdir().unwrap();
    let output = nicdeck(&home, &["list", "--demo"]).env("XDG_STATE_HOME", "/dev/null").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", str::from_utf8(&output.stderr).unwrap());
    assert!(!output.stdout.is_empty());
}

/// Scripts start it in the background, read its lines, and end it by a signal.
#[cfg(unix)]
#[test]
fn simulate_serves_until_it_is_told_to_stop() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead, BufReader};

    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let home = tempfile::tempdir().unwrap();
        let mut command = nicdeck(&home, &["simulate", "--instances", "3"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let clouds: Vec<serde_json::Value> = nicdeck::providers::all()
            .iter()
            .map(|_| serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap())
            .collect();
        for (line, cloud) in clouds.iter().zip(nicdeck::providers::all()) {
            assert_eq!(line["cloud"], cloud.descriptor().id);
            let address = line["endpoint"].as_str().unwrap().strip_prefix("http://").unwrap();
            std::net::TcpStream::connect(address).unwrap();
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(code), &b""[..]));
    }
}

/// A variable that is missing is told with the place where the config names it, before any cloud is asked.
#[test]
fn a_missing_variable_is_exit_2_with_its_place() {
    let cloud = nicdeck::providers::all()[0].descriptor().id;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("c.toml");
    let profile = format!(
        "version = 1\n[[profile]]\nname = \"p\"\ncloud = \"{cloud}\"\nregions = [\"r\"]\n\
         credentials = {{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }}\n"
    );
    std::fs::write(&file, profile).unwrap();
    for command in [&["list"][..], &["config", "check"]] {
        let args = [command, &["--config", file.to_str().unwrap()]].concat();
        let output = nicdeck(&home, &args).env("MY_ID", "id").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let text = str::from_utf8(&output.stderr).unwrap();
        assert!(text.contains("c.toml:6:15: profile `p`: environment variable `MY_SECRET` is not set"), "{text}");
    }
    let args = ["config", "check", "--config", file.to_str().unwrap()];
    let output = nicdeck(&home, &args).env("MY_ID", "id").env("MY_SECRET", "s3cret").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = str::from_utf8(&output.stdout).unwrap();
    assert_eq!(text, format!("p  {cloud}  r  read-write  ok\n"));
}

/// `nicdeck list` on the demo, as scripts run it.
mod list_of_the_demo {
    use std::collections::BTreeSet;

    use nicdeck::{providers, sim::world::World};
    use serde_json::Value;

    use super::{nicdeck, ran, str};

    fn worlds() -> Vec<World> {
        let of = |cloud: &&'static dyn providers::provider::Provider| {
            World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap()
        };
        providers::all().iter().map(of).collect()
    }

    fn sum(of: impl Fn(&World) -> usize) -> usize {
        worlds().iter().map(of).sum()
    }

    fn addresses(world: &World) -> usize {
        world.nics().iter().map(|nic| nic.addresses.len() + nic.ipv6.len()).sum()
    }

    /// Exit code, standard output, standard error.
    fn list(args: &[&str]) -> (i32, String, String) {
        let (output, _home) = ran(&[&["list", "--demo"], args].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(args: &[&str]) -> Value {
        let (code, out, err) = list(&[&["--output", "json"], args].concat());
        assert_eq!((code, err.contains("failed")), (0, false), "{err}");
        assert!(!out.contains('\u{1b}'), "escaped, as JSON is");
        serde_json::from_str(&out).unwrap()
    }

    fn each<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
        value[name].as_array().unwrap_or_else(|| panic!("no list {name} in {value}")).iter().collect()
    }

    #[test]
    fn json_holds_the_worlds_of_all_clouds() {
        let report = json(&[]);
        assert_eq!((report["nicdeck"].as_i64(), report["demo"].as_bool()), (Some(1), Some(true)));
        let profiles = each(&report, "profiles");
        assert_eq!(profiles.len(), providers::all().len());
        for profile in &profiles {
            assert_eq!(profile["status"], "complete");
        }
        assert_eq!(each(&report, "instances").len(), sum(|world| world.instances().len()));
        assert_eq!(each(&report, "nics").len(), sum(|world| world.nics().len()));
        for world in worlds() {
            for theirs in world.nics() {
                let nics = each(&report, "nics");
                let ours = nics.iter().find(|nic| nic["id"] == theirs.id.as_str()).expect("listed");
                assert_eq!((&ours["cloud"], &ours["name"]), (&world.provider().into(), &theirs.name.as_str().into()));
                assert_eq!(
                    ours["instance"].as_str(),
                    theirs.instance_id.as_deref().filter(|_| !theirs.service_managed)
                );
                for address in &theirs.addresses {
                    let addresses = each(ours, "addresses");
                    let shown = addresses.iter().find(|shown| shown["ip"] == address.ip.to_string()).expect("listed");
                    let kind = match (address.primary, address.floating) {
                        (true, _) => "primary",
                        (false, true) => "vip",
                        (false, false) => "secondary",
                    };
                    assert_eq!(shown["kind"], kind, "{}", address.ip);
                    if !theirs.service_managed {
                        assert_eq!(
                            each(shown, "eip").len(),
                            usize::from(world.eip_on(theirs, address).is_some()),
                            "{}",
                            address.ip
                        );
                        assert_eq!(
                            each(shown, "lb").len(),
                            usize::from(world.balancer_of(theirs, address).is_some()),
                            "{}",
                            address.ip
                        );
                    }
                    assert!(!shown["level"].as_str().unwrap().is_empty());
                }
            }
        }
    }

    #[test]
    fn csv_has_a_line_for_each_address() {
        let (code, out, _) = list(&["--output", "csv"]);
        assert_eq!(code, 0);
        // A quoted field may hold line breaks; the demo's names are cleaned of them.
        let lines: Vec<&str> = out.lines().filter(|line| !line.starts_with('#')).collect();
        let header: Vec<&str> = lines[0].split(',').collect();
        assert!(header.contains(&"address") || header.contains(&"ip"), "{header:?}");
        assert_eq!(lines.len() - 1, sum(addresses), "{}", lines[0]);
        assert!(!out.contains('\u{1b}'));
    }

    #[test]
    fn headings_are_in_the_language_that_is_asked_for_and_keys_are_not() {
        let (_, table, err) = list(&["--lang", "zh-CN"]);
        let mut lines = table.lines();
        assert_eq!(lines.next(), Some("演示 - 云由本程序模拟"));
        let heads: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        assert_eq!(heads[..4], ["地址", "类型", "状态", "网卡"]);
        let kinds: BTreeSet<&str> = lines.filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert!(kinds.contains("主") && kinds.contains("辅助"), "{kinds:?}");
        assert!(kinds.iter().all(|kind| !["primary", "secondary", "vip", "nic"].contains(kind)), "{kinds:?}");
        assert_eq!(err, "", "progress is for terminals");
        let (_, csv, _) = list(&["--lang", "zh-CN", "--output", "csv"]);
        assert!(csv.starts_with("profile,cloud,region,"), "{csv}");
    }

    #[test]
    fn table_and_markdown_are_for_people() {
        for format in ["table", "md"] {
            let (code, out, _) = list(&["--output", format]);
            assert_eq!(code, 0, "{format}");
            for world in worlds() {
                for address in world.nics().iter().flat_map(|nic| &nic.addresses) {
                    assert!(out.contains(&address.ip.to_string()), "{format}: {}", address.ip);
                }
            }
            assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{format}");
        }
    }

    #[test]
    fn a_filter_keeps_what_it_says() {
        let world = worlds().remove(0);
        let wanted = world.nics().iter().find(|nic| nic.secondaries().count() > 1).unwrap();
        let ip = wanted.secondaries().next().unwrap().ip;
        let (code, out, _) = list(&["--output", "csv", "--filter", &format!("ip:{ip}")]);
        let rows: BTreeSet<&str> = out.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
        assert_eq!((code, rows.len()), (0, 1), "{out}");
        assert!(out.contains(&ip.to_string()));

        let cloud = world.provider();
        let (_, of_cloud, _) = list(&["--output", "csv", "--filter", &format!("cloud:{cloud}")]);
        let (_, others, _) = list(&["--output", "csv", "--filter", &format!("-cloud:{cloud}")]);
        let count = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count() - 1;
        assert_eq!(count(&of_cloud), addresses(&world));
        assert_eq!(count(&of_cloud) + count(&others), sum(addresses));

        let (code, out, _) = list(&["--output", "csv", "--filter", "ip:192.0.2.255"]);
        assert_eq!((code, count(&out)), (0, 0), "nothing matches: no failure");
    }

    #[test]
    fn a_wrong_filter_or_format_is_told_before_anything_is_asked() {
        for (args, told) in [
            (&["--filter", "colour:red"][..], "colour"),
            (&["--filter", "ip:10.0.0.0/99"], "10.0.0.0/99"),
            (&["--filter", "cloud:aws"], "aliyun, huawei, tencent, zenlayer"),
            (&["--output", "yaml"], "yaml"),
            (&["--profile", "nope"], "--profile: there is no profile \"nope\"; there is `"),
            (&["--region", "nope"], "--region: there is no region \"nope\"; there is `"),
        ] {
            let (code, out, err) = list(args);
            assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
            assert!(err.contains(told), "{err}");
        }
    }

    #[test]
    fn every_cloud_can_be_asked_for_by_its_name() {
        for cloud in providers::all() {
            let filter = format!("cloud:{}", cloud.descriptor().id);
            assert!(nicdeck::filter::parse(&filter).is_ok(), "{filter}");
        }
    }

    #[test]
    fn profiles_can_be_chosen() {
        let report = json(&["--profile", "edge"]);
        assert_eq!(each(&report, "profiles").len(), 1);
        for list in ["instances", "nics"] {
            let items = each(&report, list);
            assert!(!items.is_empty() && items.iter().all(|item| item["profile"] == "edge"), "{list}");
        }
    }

    /// Only its own journal, which is the demo's, the log, and nothing else.
    #[test]
    fn nothing_is_left_behind_but_the_demos_own_journal_and_the_log() {
        let home = tempfile::tempdir().unwrap();
        let output = nicdeck(&home, &["list", "--demo", "--output", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let mut files = Vec::new();
        let mut folders = vec![home.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        let names: Vec<_> = files.iter().filter_map(|path| path.file_name()).collect();
        assert!(names.iter().all(|name| *name == "demo-journal.jsonl" || *name == "nicdeck.log"), "{files:?}");
        assert!(str::from_utf8(&output.stdout).unwrap().starts_with('{'));
    }
}

/// `nicdeck list` against a server that can fail: what the exit code says.
mod list_of_a_cloud {
    use std::process::{Command, Output};

    use nicdeck::{
        domain::{ids::OperationId, journal::Intent, page::Resource, plan::OperationKind, time::Timestamp},
        providers::{self, provider::Call},
        runtime::journal::Journal,
        sim::{
            http::{Options, Simulator},
            script::{Rule, Trouble},
            world::World,
        },
    };

    use super::{nicdeck, str};

    async fn list(simulator: &Simulator, secret: &str) -> Output {
        list_with(simulator, secret, "", "").await
    }

    /// With further regions and profiles in the config.
    async fn list_with(simulator: &Simulator, secret: &str, regions: &str, profiles: &str) -> Output {
        list_in(&tempfile::tempdir().unwrap(), simulator, secret, regions, profiles).await
    }

    /// With what is in the user's folders.
    async fn list_in(
        home: &tempfile::TempDir,
        simulator: &Simulator,
        secret: &str,
        regions: &str,
        profiles: &str,
    ) -> Output {
        let mut command = command_in(home, simulator, secret, regions, profiles);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    fn command_in(
        home: &tempfile::TempDir,
        simulator: &Simulator,
        secret: &str,
        regions: &str,
        profiles: &str,
    ) -> Command {
        let world = simulator.world();
        let config = format!(
            "version = 1\n[[profile]]\nname = \"p\"\ncloud = \"{}\"\nregions = [\"{}\"{regions}]\nendpoint = \"{}\"\n\
             credentials = {{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }}\n{profiles}",
            world.provider(),
            world.regions()[0],
            simulator.endpoint()
        );
        let file = home.path().join("c.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = nicdeck(home, &["list", "--output", "json", "--config", file.to_str().unwrap()]);
        command.env("MY_ID", &simulator.key().id).env("MY_SECRET", secret);
        command
    }

    #[tokio::test]
    async fn the_exit_code_tells_whole_from_part_and_refused_from_failed() {
        for cloud in providers::all() {
            let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
            let simulator = Simulator::start(cloud.dialect(), world, Options::default()).await.unwrap();
            let secret = simulator.key().secret.clone();
            let nics = simulator.world().nics().len();

            let good = list(&simulator, &secret).await;
            let text = str::from_utf8(&good.stderr).unwrap();
            assert_eq!(good.status.code(), Some(0), "{text}");
            let report: serde_json::Value = serde_json::from_slice(&good.stdout).unwrap();
            assert_eq!(report["nics"].as_array().unwrap().len(), nics);
            assert_eq!(report["demo"], false);

            let wrong = list(&simulator, "wrong").await;
            let text = str::from_utf8(&wrong.stderr).unwrap();
            assert_eq!(wrong.status.code(), Some(5), "{text}");
            assert!(text.contains("code ") && text.contains("request id ") && !text.contains(&secret), "{text}");
            // Under each failure: what its code means, and what to do.
            let advice = text.lines().find(|line| line.starts_with("  ")).unwrap_or_else(|| panic!("{text}"));
            assert!(advice.contains("Check") || advice.contains("set key"), "{advice}");

            let listings = cloud.listings(&[simulator.world().regions()[0].as_str().into()]);
            let eips = listings.into_iter().find(|listing| listing.resource == Resource::Eips).unwrap();
            let action = cloud.action(&Call::List(eips));
            simulator.inject(Rule::new(Trouble::Garbage { status: 200 }).action(action));
            let part = list(&simulator, &secret).await;
            let text = str::from_utf8(&part.stderr).unwrap();
            assert_eq!(part.status.code(), Some(3), "{text}");
            assert!(text.contains(action), "{text}");
            let report: serde_json::Value = serde_json::from_slice(&part.stdout).unwrap();
            assert_eq!(report["nics"].as_array().unwrap().len(), nics, "the rest is there");

            simulator.inject(Rule::new(Trouble::Garbage { status: 200 }));
            let failed = list(&simulator, &secret).await;
            assert_eq!(failed.status.code(), Some(1));
            assert!(serde_json::from_slice::<serde_json::Value>(&failed.stdout).is_ok(), "still a report");
        }
    }

    /// A fault that the vendor has no words for, in each language.
    #[tokio::test]
    async fn what_is_wrong_with_an_answer_is_a_sentence() {
        let cloud = providers::all()[0];
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let simulator = Simulator::start(cloud.dialect(), world, Options::default()).await.unwrap();
        simulator.inject(Rule::new(Trouble::Garbage { status: 403 }));
        let secret = simulator.key().secret.clone();
        for (lang, wanted) in [
            ("en_US.UTF-8", "not the API: text/html; charset=utf-8: no error code"),
            ("zh_CN.UTF-8", "text/html; charset=utf-8: 没有错误码"),
        ] {
            let home = tempfile::tempdir().unwrap();
            let mut command = command_in(&home, &simulator, &secret, "", "");
            command.env("LANG", lang);
            let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            let text = str::from_utf8(&output.stderr).unwrap();
            assert!(text.contains(wanted) && !text.contains("no-error-code"), "{text}");
        }
    }

    /// Its lists are empty, which must not pass for an account without NICs.
    #[tokio::test]
    async fn a_region_that_the_cloud_does_not_have_is_told() {
        for cloud in providers::all() {
            let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
            let simulator = Simulator::start(cloud.dialect(), world, Options::default()).await.unwrap();
            let secret = simulator.key().secret.clone();
            let output = list_with(&simulator, &secret, ", \"xx-nowhere-77\"", "").await;
            let text = str::from_utf8(&output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(3), "{}: {text}", cloud.descriptor().id);
            assert!(text.contains("p xx-nowhere-77: "), "{text}");
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_ne!(report["profiles"][0]["status"], "complete");
            assert!(!report["nics"].as_array().unwrap().is_empty(), "the other region is there");
        }
    }

    /// As the console does, and without changing the journal.
    #[tokio::test]
    async fn a_nic_with_a_write_of_unknown_end_is_found() {
        let cloud = providers::all()[0];
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let simulator = Simulator::start(cloud.dialect(), world, Options::default()).await.unwrap();
        let world = simulator.world();
        let nic = world.nics().first().unwrap().id.clone();
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".local/state/nicdeck/journal.jsonl");
        let intent = Intent {
            at: Timestamp(1),
            batch: "7f3a9c-1".to_owned(),
            operation: OperationId(0),
            plan: "7f3a9c".to_owned(),
            undoes: None,
            cloud: cloud.descriptor().id.into(),
            profile: "p".into(),
            region: world.regions()[0].as_str().into(),
            kind: OperationKind::Release { nic: nic.as_str().into(), ips: vec!["10.0.0.1".parse().unwrap()] },
            step: String::new(),
            before: Vec::new(),
            image: None,
            request: None,
            overrides: Vec::new(),
            belts: None,
            file: None,
            account: None,
            who: "lin".to_owned(),
            host: "here".to_owned(),
            version: "0.1.0".to_owned(),
        };
        Journal::open(&path).unwrap().intent(intent, false).await.unwrap();
        let before = std::fs::read(&path).unwrap();
        let secret = simulator.key().secret.clone();
        let output = list_in(&home, &simulator, &secret, "", "").await;
        let text = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let holds = |part: &serde_json::Value| part.to_string().contains("earlier-write");
        for listed in report["nics"].as_array().unwrap() {
            assert_eq!(holds(listed), listed["id"] == nic.as_str(), "{listed}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before, "it is read only");
        // What can not be read is said, and the list is there all the same.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let output = list_in(&home, &simulator, &secret, "", "").await;
        let text = str::from_utf8(&output.stderr).unwrap();
        assert!(
            output.status.code() == Some(0) && text.contains("What an earlier run left open is not known"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_profile_without_its_variable_stops_no_other() {
        let cloud = providers::all()[0];
        let world = World::parse(&[("demo", cloud.descriptor().demo_world)]).unwrap();
        let simulator = Simulator::start(cloud.dialect(), world, Options::default()).await.unwrap();
        let secret = simulator.key().secret.clone();
        let bad = format!(
            "[[profile]]\nname = \"bad\"\ncloud = \"{}\"\nregions = [\"r\"]\n\
             credentials = {{ from = \"env\", id = \"MY_ID\", secret = \"NO_SECRET\" }}\n",
            cloud.descriptor().id
        );
        let output = list_with(&simulator, &secret, "", &bad).await;
        let text = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "what the config names is not there: {text}");
        assert!(text.contains("bad: ") && text.contains("`NO_SECRET` is not set"), "{text}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["nics"].as_array().unwrap().len(), simulator.world().nics().len());
    }
}
