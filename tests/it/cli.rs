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
