//! However nicdeck ends, the terminal is as it was.

use rustix::process::Signal;

use super::tty::{RESTORED, Tty};

fn demo(env: &[(&str, &str)]) -> (Tty, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    let tty = Tty::start(&["--demo"], state.path(), env, 100, 30);
    (tty, state)
}

#[test]
fn q_leaves_with_success() {
    let (mut tty, _state) = demo(&[]);
    tty.wait("ADDRESS");
    tty.press("q");
    let (code, left, _) = tty.end();
    assert_eq!((code, left), (0, RESTORED));
}

#[test]
fn ctrl_c_twice_leaves() {
    let (mut tty, _state) = demo(&[]);
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.wait("just now");
    tty.press("\x03");
    tty.wait("again");
    tty.press("\x03");
    let (code, left, _) = tty.end();
    assert_eq!((code, left), (130, RESTORED));
}

#[test]
fn sigterm_and_sighup_leave_with_their_codes() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let (tty, _state) = demo(&[]);
        tty.wait("ADDRESS");
        tty.signal(signal);
        let (ended, left, _) = tty.end();
        assert_eq!((ended, left), (code, RESTORED));
    }
}

#[test]
fn a_panic_of_the_screen_restores_the_terminal_and_then_says_so() {
    let (tty, state) = demo(&[("NICDECK_TEST_PANIC", "ui")]);
    let (code, left, text) = tty.end();
    assert_eq!((code, left), (101, RESTORED));
    assert!(text.contains("NICDECK_TEST_PANIC=ui"), "{text}");
    let report = std::fs::read_to_string(state.path().join("nicdeck/crash.log")).unwrap();
    assert!(report.contains("NICDECK_TEST_PANIC=ui"));
}

#[test]
fn a_panic_of_a_task_leaves_the_screen_alone() {
    let (mut tty, state) = demo(&[("NICDECK_TEST_PANIC", "worker")]);
    tty.wait(&format!("{} addresses", super::addresses()));
    assert!(!tty.screen().contains("panicked"));
    let report = std::fs::read_to_string(state.path().join("nicdeck/crash.log")).unwrap();
    assert!(report.contains("NICDECK_TEST_PANIC=worker"));
    tty.press("q");
    let (code, left, text) = tty.end();
    assert_eq!((code, left), (0, RESTORED));
    assert!(text.contains("NICDECK_TEST_PANIC=worker") && text.contains("crash.log"), "{text}");
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let (mut tty, _state) = demo(&[]);
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("\x1a");
    tty.gone(&format!("{} addresses", super::addresses()));
    tty.stopped();
    tty.signal(Signal::CONT);
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("q");
    let (code, left, _) = tty.end();
    assert_eq!((code, left), (0, RESTORED));
}

#[test]
fn any_size_is_survived_down_to_one_cell() {
    let (mut tty, _state) = demo(&[]);
    tty.wait(&format!("{} addresses", super::addresses()));
    for (columns, rows) in [(1, 1), (39, 9), (40, 10), (80, 24), (3, 60), (200, 60)] {
        tty.resize(columns, rows);
        tty.press("j");
    }
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("q");
    let (code, left, _) = tty.end();
    assert_eq!((code, left), (0, RESTORED));
}

#[test]
fn no_color_writes_no_colour() {
    let (mut tty, _state) = demo(&[("NO_COLOR", "1")]);
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("jjj");
    tty.press("q");
    let raw = tty.raw();
    let (code, ..) = tty.end();
    assert_eq!(code, 0);
    // Every SGR sequence, parameter by parameter.
    let text = String::from_utf8_lossy(&raw);
    for sequence in text.split("\x1b[").skip(1) {
        let Some((parameters, _)) = sequence.split_once('m') else { continue };
        if !parameters.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') {
            continue;
        }
        for parameter in parameters.split(';').filter_map(|text| text.parse::<u16>().ok()) {
            assert!(!matches!(parameter, 30..=38 | 40..=48 | 90..=107), "colour {parameter} in {parameters:?}");
        }
    }
}

#[test]
fn without_a_config_the_first_screen_says_where_it_goes_and_offers_the_demo() {
    let state = tempfile::tempdir().unwrap();
    let mut tty = Tty::start(&[], state.path(), &[], 100, 30);
    tty.wait("config.toml");
    tty.press("d");
    tty.wait("DEMO");
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("q");
    let (code, left, _) = tty.end();
    assert_eq!((code, left), (0, RESTORED));
}

#[test]
fn a_broken_config_is_a_readable_screen() {
    let state = tempfile::tempdir().unwrap();
    let config = state.path().join("broken.toml");
    std::fs::write(&config, "version = 1\nthemes = \"dark\"\n").unwrap();
    let mut tty = Tty::start(&["--config", config.to_str().unwrap()], state.path(), &[], 120, 30);
    tty.wait("themes");
    tty.wait("2:1");
    tty.press("q");
    let (_, left, _) = tty.end();
    assert_eq!(left, RESTORED);
}

#[cfg(unix)]
#[test]
fn without_a_place_for_a_journal_it_reads_and_says_that_it_can_not_write() {
    let nowhere = [("XDG_STATE_HOME", "/dev/null")];
    let (mut tty, _state) = demo(&nowhere);
    tty.wait("Nothing can be released");
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("q");
    assert_eq!(tty.end().0, 0);
    let state = tempfile::tempdir().unwrap();
    let mut tty = Tty::start(&["--demo", "--readonly"], state.path(), &nowhere, 100, 30);
    tty.wait("just now");
    assert!(!tty.screen().contains("Nothing can be released"), "{}", tty.screen());
    tty.press("q");
    assert_eq!(tty.end().0, 0);
}

/// Between two messages of its own, nothing wakes it up.
#[cfg(target_os = "linux")]
#[test]
fn nothing_ticks_while_nothing_moves() {
    let (mut tty, _state) = demo(&[]);
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.wait("just now");
    // A message that goes by itself after some seconds.
    tty.press("\x03");
    tty.wait("again");
    let before = tty.wake_ups();
    tty.gone("again");
    let woken = tty.wake_ups() - before;
    assert!(woken < 40, "{woken} times in six seconds");
    tty.press("q");
    assert_eq!(tty.end().0, 0);
}
