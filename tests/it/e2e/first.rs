//! The first run, without a config: what is here is told by its names, used for reading alone, and a config is written on request.

use std::{fs, os::unix::fs::PermissionsExt as _};

use rustix::process::Signal;

use super::tty::{RESTORED, Tty};

const CANARY: &str = "canary-3b81f0aa72";
/// Nobody listens there: what is asked of a cloud ends here.
const NOWHERE: (&str, &str) = ("HTTPS_PROXY", "http://127.0.0.1:9");

#[test]
fn what_is_here_is_told_and_looked_at_read_only() {
    let home = tempfile::tempdir().unwrap();
    let tool = home.path().join(".tccli/ops.credential");
    crate::accounts::write(&tool, 0o600, &format!(r#"{{"secretId": "{CANARY}", "secretKey": "{CANARY}"}}"#));
    let vars = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tX"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", CANARY), NOWHERE];
    let mut tty = Tty::start(&[], home.path(), &vars, 120, 40);
    // As wide as it is, the line is broken.
    tty.wait("environment variables ALIBABA_CLOUD_ACCESS_KEY_ID,");
    tty.wait("profile `ops` of `tccli`");
    assert!(!tty.screen().contains("aliyun-env"), "nothing is asked before somebody says so");
    tty.press("u");
    tty.wait("aliyun-env");
    tty.wait("tencent-ops");
    tty.until("read-only", |screen| screen.lines().next().is_some_and(|header| header.contains("READ-ONLY")));
    let raw = tty.raw();
    assert!(!raw.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "no secret on the screen");
    assert!(!home.path().join("nicdeck/config.toml").exists(), "nothing is written");
    tty.signal(Signal::TERM);
    let (code, left, _) = tty.end();
    assert_eq!((code, left), (143, RESTORED));
}

/// Keys that were found go where the flag says, and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_here_is_used_at_the_endpoint_that_was_asked_for() {
    let simulator = crate::accounts::simulator(nicdeck::providers::find("aliyun").unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let (endpoint, key) = (simulator.endpoint(), simulator.key().clone());
    let vars = [("ALIBABA_CLOUD_ACCESS_KEY_ID", &*key.id), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", &*key.secret), NOWHERE];
    let mut tty = Tty::start(&["--endpoint", &endpoint], home.path(), &vars, 120, 40);
    tty.wait("profile is configured yet.");
    assert!(simulator.requests().is_empty(), "nothing is asked before somebody says so");
    tty.press("u");
    tty.wait("eni-bp");
    assert!(!simulator.requests().is_empty());
    tty.signal(Signal::TERM);
    assert_eq!(tty.end().0, 143);
}

#[test]
fn a_config_that_explains_every_key_is_written_once() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = Tty::start(&[], home.path(), &[NOWHERE], 120, 40);
    tty.wait("No profile is configured yet.");
    tty.press("w");
    let path = home.path().join("nicdeck/config.toml");
    tty.wait(path.to_str().unwrap());
    tty.until("it is written", |_| path.exists());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, nicdeck::config::EXAMPLE);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&path, "version = 1\n").unwrap();
    tty.press("w");
    tty.wait("There is a config already, and it stays as it is");
    assert_eq!(fs::read_to_string(&path).unwrap(), "version = 1\n", "what is there stays as it is");
    tty.press("q");
    assert_eq!(tty.end().0, 0);
}

#[test]
fn the_keys_of_the_config_are_those_of_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("nicdeck/config.toml");
    crate::accounts::write(&path, 0o600, "version = 1\n[keys]\nback = [\"X\"]\nlanguage = \"f4\"\n");
    let mut tty = Tty::start(&[], home.path(), &[NOWHERE], 120, 40);
    tty.wait("No profile is configured yet.");
    tty.wait("X quit");
    tty.press("q");
    tty.wait("No such key here");
    tty.press("X");
    assert_eq!(tty.end().0, 0);
}
