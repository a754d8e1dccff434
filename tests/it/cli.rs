//! The binary itself, as scripts run it: exit codes and streams of a real process.

use std::{
    process::{Command, Output, Stdio},
    str,
};

/// The binary with an empty home and none of our variables.
fn nicdeck(home: &tempfile::TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nicdeck"));
    command.args(args).env_clear().env("HOME", home.path()).stdin(Stdio::null());
    command
}

fn ran(args: &[&str]) -> (Output, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    (nicdeck(&home, args).output().unwrap(), home)
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
        (&["list", "--config", "/nowhere/c.toml"], "/nowhere/c.toml: cannot be read"),
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
