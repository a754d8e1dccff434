//! Looking at what a plan would send.

use nicdeck::{
    app::{
        effect::Effect,
        msg::{DryRunEvent, Msg},
        overlay::Overlay,
    },
    domain::{
        exchange::Exchange,
        ids::{JobId, OperationId},
        rehearsal::{Command, Rehearsal, Tool, WouldSend},
    },
};

use super::{browse::browsing, scenario::Scenario};

/// A plan of two writes, read again, and its dry run begun.
fn begun() -> (Scenario, JobId) {
    let mut scenario = browsing();
    scenario.keys("a p").read_again().keys("D");
    let [Effect::DryRun { job, plan }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert!(plan.operations().len() > 1);
    let job = *job;
    (scenario, job)
}

pub fn told(operation: u32, line: &str) -> Rehearsal {
    let request = Exchange {
        at: super::scenario::START,
        profile: "web".into(),
        region: Some("r1".into()),
        action: "Release".to_owned(),
        target: String::new(),
        write: true,
        method: "POST".to_owned(),
        host: "api.example.com".to_owned(),
        path: "/".to_owned(),
        headers: Vec::new(),
        body: String::new(),
        status: None,
        answer: String::new(),
        answer_bytes: 0,
        code: None,
        fault: None,
        permission: None,
        request_id: None,
        elapsed_ms: 0,
        attempt: 0,
    };
    let command = Command { line: line.to_owned(), tool: Tool::Own };
    let sends = vec![WouldSend { request, command, more: false }];
    Rehearsal { operation: OperationId(operation), ends: Vec::new(), sends }
}

#[test]
fn a_plan_that_is_still_being_read_is_not_rehearsed() {
    let mut scenario = browsing();
    scenario.keys("a p D");
    assert!(scenario.effects.iter().all(|effect| !matches!(effect, Effect::DryRun { .. })));
    assert_eq!(scenario.notice(), "disabled.plan-reading");
}

#[test]
fn each_write_is_leafed_to_and_its_line_copied() {
    let (mut scenario, job) = begun();
    scenario.keys("y");
    assert_eq!(scenario.notice(), "notice.nothing-to-copy", "not told yet");
    for (operation, line) in [(1, "tool second"), (0, "tool first")] {
        scenario.send(Msg::DryRun(job, DryRunEvent::Rehearsed(Box::new(told(operation, line)))));
    }
    scenario.send(Msg::DryRun(job, DryRunEvent::Ended)).keys("y n y N N y");
    let copied: Vec<&Effect> = scenario.effects.iter().collect();
    let copy = |text: &str| Effect::Copy(text.to_owned());
    assert_eq!(copied, [&copy("tool first"), &copy("tool second"), &copy("tool first")]);
    scenario.keys("j n");
    assert_eq!(scenario.state.overlays, [Overlay::DryRun { at: 1, scroll: 0 }], "another write begins at its top");
    scenario.keys("esc");
    assert!(scenario.state.overlays.is_empty() && scenario.state.dry_run.is_none() && scenario.effects.is_empty());
}

#[test]
fn what_is_not_looked_at_any_more_is_not_read_either() {
    for key in ["esc", "q", "ctrl-c"] {
        let (mut scenario, job) = begun();
        scenario.keys(key);
        assert_eq!(scenario.effects, [Effect::Cancel(job)], "{key}");
        assert!(scenario.state.overlays.is_empty() && !scenario.state.quitting);
        scenario.send(Msg::DryRun(job, DryRunEvent::Rehearsed(Box::new(told(0, "late")))));
        assert_eq!(scenario.state.dry_run, None);
    }
}

#[test]
fn no_key_over_a_dry_run_sends_anything() {
    let (mut scenario, _) = begun();
    scenario.after_ms(1000).keys("c y c enter");
    assert!(scenario.effects.iter().all(|effect| !matches!(effect, Effect::Release { .. })), "{:?}", scenario.effects);
    assert!(scenario.state.run.is_none());
}
