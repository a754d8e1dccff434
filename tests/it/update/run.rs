//! A batch from its first event to its last.

use std::sync::Arc;

use nicdeck::{
    app::{
        earlier::Found,
        effect::Effect,
        msg::{JournalEvent, Msg, ReadBack, ReconcileEvent, ReleaseEvent},
        overlay::Overlay,
        run::Pace,
        state::Screen,
    },
    domain::{
        fault::{Fault, FaultKind},
        finding::FindingId,
        ids::{JobId, OperationId},
        journal::{Intent, OpenWrite},
        outcome::{Outcome, OutcomeWord, Progress, Receipt, Skip},
        plan::{Decision, Operation, OperationKind, ReleasePlan},
        selection::Target,
    },
};

use super::{
    browse::browsing,
    earlier::intent,
    scenario::{Scenario, no_journal},
};

/// Everything that can go is marked, confirmed, and running.
pub fn running() -> (Scenario, JobId, Arc<ReleasePlan>) {
    let mut scenario = browsing();
    scenario.keys("a p").read_again().keys("c").after_ms(400);
    let (job, plan) = confirm(&mut scenario);
    (scenario, job, plan)
}

/// Types what the open dialog asks for.
fn confirm(scenario: &mut Scenario) -> (JobId, Arc<ReleasePlan>) {
    let phrase = match &scenario.state.plan.as_ref().unwrap().danger.phrase {
        nicdeck::rules::guard::Phrase::Typed(text) => text.clone(),
        nicdeck::rules::guard::Phrase::Key(key) => key.to_string(),
    };
    scenario.text(&phrase).keys("enter");
    let [Effect::Release { job, plan, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    (*job, plan.clone())
}

pub fn settle(scenario: &mut Scenario, job: JobId, plan: &ReleasePlan, nth: usize, outcome: &Outcome) {
    let operation = &plan.operations()[nth];
    let outcomes = operation.targets().into_iter().map(|target| (target, outcome.clone())).collect();
    let mut fresh = (*operation.expect).clone();
    if matches!(outcome, Outcome::Released { .. }) {
        let gone: Vec<_> = match &operation.kind {
            nicdeck::domain::plan::OperationKind::Release { ips, .. } => ips.clone(),
            _ => Vec::new(),
        };
        fresh.nic.addresses.retain(|address| !gone.contains(&address.ip));
    }
    let fresh = Some(ReadBack::Nic(Arc::new(fresh)));
    scenario.send(Msg::Release(job, ReleaseEvent::Settled { operation: operation.id, outcomes, fresh }));
}

pub fn released() -> Outcome {
    Outcome::Released { request_id: Some("req-1".to_owned()) }
}

#[test]
fn released_rows_lose_their_marks_and_leave_the_list_the_others_stay() {
    let (mut scenario, job, plan) = running();
    let marks = scenario.marks().len();
    let targets = plan.operations()[0].targets().len();
    settle(&mut scenario, job, &plan, 0, &released());
    let refused = Outcome::Failed { fault: Fault::local(FaultKind::Refused, "Unassign", "no") };
    settle(&mut scenario, job, &plan, 1, &refused);
    assert_eq!(scenario.marks().len(), marks - targets);
    let part = scenario.state.inventory.at(0).unwrap();
    let nic = part.nic(plan.operations()[0].kind.nic()).unwrap();
    assert_eq!(nic.addresses.len(), plan.operations()[0].expect.nic.addresses.len() - targets);
}

#[test]
fn totals_always_add_up_to_the_plan() {
    let (mut scenario, job, plan) = running();
    let total: usize = plan.targets().count();
    let sum = |scenario: &Scenario| {
        let counts = scenario.state.run.as_ref().unwrap().counts();
        (counts.total, counts.settled() + counts.queued + counts.active + counts.accepted + counts.retrying)
    };
    assert_eq!(sum(&scenario), (total, total));
    let steps = [
        Progress::Checking,
        Progress::Sent,
        Progress::Accepted { receipt: Receipt::default(), reads: 1 },
        Progress::Retrying { kind: FaultKind::Throttled, attempt: 2, of: 5, wait_ms: 400, code: None },
        Progress::ReadingBack { lost: true, up_to_ms: 30_000 },
    ];
    for step in steps {
        scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(0), step)));
        assert_eq!(sum(&scenario), (total, total));
    }
    settle(&mut scenario, job, &plan, 0, &released());
    assert_eq!(sum(&scenario), (total, total));
}

#[test]
fn the_end_puts_what_needs_a_person_first_and_takes_nothing_for_done() {
    let (mut scenario, job, plan) = running();
    settle(&mut scenario, job, &plan, 0, &released());
    scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(1), Progress::Sent)));
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    let run = scenario.state.run.as_ref().unwrap();
    let counts = run.counts();
    assert_eq!(counts.settled(), counts.total);
    assert_eq!(counts.unknown, plan.operations()[1].targets().len(), "sent and not settled is not known");
    assert_eq!(counts.stopped, counts.total - counts.unknown - counts.released, "never sent");
    assert!(matches!(run.row_at(0).unwrap().progress, Progress::Settled(Outcome::Unknown { .. })));
    assert_eq!(scenario.notice(), "notice.batch-ended");
}

#[test]
fn an_outcome_is_final() {
    let (mut scenario, job, plan) = running();
    settle(&mut scenario, job, &plan, 0, &released());
    scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(0), Progress::Checking)));
    let target = plan.operations()[0].targets().remove(0);
    assert_eq!(scenario.state.run.as_ref().unwrap().outcome(&target), Some(&released()));
}

#[test]
fn leaving_the_screen_does_not_stop_the_batch_and_quitting_asks() {
    let (mut scenario, job, _) = running();
    scenario.keys("1");
    assert_eq!((scenario.effects.len(), scenario.state.screen), (0, Screen::Inventory));
    scenario.keys("q");
    assert!(scenario.effects.is_empty());
    scenario.keys("enter");
    assert!(scenario.state.is_running(), "enter stays");
    scenario.keys("q s");
    assert_eq!(scenario.effects, [Effect::Stop(job)]);
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    assert_eq!(scenario.effects, [Effect::Quit]);
}

#[test]
fn a_key_that_the_quit_dialog_does_not_offer_does_nothing() {
    let (mut scenario, _, _) = running();
    scenario.keys("1 q y n q S ctrl-s alt-s x space");
    assert_eq!((scenario.effects.len(), scenario.state.overlays.len()), (0, 1));
    assert_eq!(scenario.state.run.as_ref().unwrap().pace, Pace::Going);
    assert!(!scenario.state.quitting);
}

#[test]
fn a_batch_that_ends_under_the_quit_dialog_is_left_by_the_same_key() {
    let (mut scenario, job, _) = running();
    scenario.keys("1 q").send(Msg::Release(job, ReleaseEvent::Ended)).keys("s");
    assert_eq!(scenario.effects, [Effect::Quit]);
}

#[test]
fn what_was_never_sent_is_no_progress() {
    let (mut scenario, job, plan) = running();
    settle(&mut scenario, job, &plan, 0, &released());
    for nth in 1..plan.operations().len() {
        settle(&mut scenario, job, &plan, nth, &Outcome::Stopped);
    }
    scenario.after_ms(1_000);
    let run = scenario.state.run.as_ref().unwrap();
    let (counts, sent) = (run.counts(), plan.operations()[0].targets().len());
    assert_eq!((counts.answered(), counts.stopped), (sent, counts.total - sent));
    let now = scenario.state.now;
    let (rate, seconds) = (run.rate(now).unwrap(), now.since(run.started) / 100);
    assert_eq!(format!("{:.1}", rate * f64::from(u32::try_from(seconds).unwrap()) / 10.0), format!("{sent}.0"));
}

#[test]
fn calls_that_hang_are_named_and_no_time_left_is_guessed_meanwhile() {
    let (mut scenario, job, plan) = running();
    scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(1), Progress::Sent)));
    let of = |scenario: &Scenario| {
        let run = scenario.state.run.as_ref().unwrap();
        (run.left_ms(scenario.state.now).is_some(), run.hanging(scenario.state.now))
    };
    let released = released();
    for nth in (0..plan.operations().len()).filter(|nth| *nth != 1) {
        settle(&mut scenario, job, &plan, nth, &released);
    }
    scenario.after_ms(1_000);
    assert!(scenario.state.run.as_ref().unwrap().counts().answered() >= 5, "the batch is long enough");
    assert_eq!(of(&scenario), (true, None));
    scenario.after_ms(11_000);
    assert_eq!(of(&scenario), (false, Some((1, 12_000))));
}

#[test]
fn a_read_that_waits_is_retrying_and_then_goes_on_where_it_stood() {
    let (mut scenario, job, plan) = running();
    let targets = plan.operations()[0].targets().len();
    let wait = Progress::Retrying { kind: FaultKind::Throttled, attempt: 2, of: 5, wait_ms: 4_000, code: None };
    scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(0), Progress::Checking)));
    let retrying = |scenario: &Scenario| scenario.state.run.as_ref().unwrap().counts().retrying;
    for _ in 0..2 {
        scenario.send(Msg::Release(job, ReleaseEvent::Waiting(OperationId(0), Some(wait.clone()))));
        assert_eq!(retrying(&scenario), targets);
    }
    scenario.send(Msg::Release(job, ReleaseEvent::Waiting(OperationId(0), None)));
    let row = &scenario.state.run.as_ref().unwrap().rows[0];
    assert_eq!((&row.progress, row.retry), (&Progress::Checking, Some((FaultKind::Throttled, 2, 5))));
    assert_eq!(retrying(&scenario), 0);
    // The end of a pause that is over already changes nothing.
    scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(0), Progress::Sent)));
    scenario.send(Msg::Release(job, ReleaseEvent::Waiting(OperationId(0), None)));
    assert_eq!(scenario.state.run.as_ref().unwrap().rows[0].progress, Progress::Sent);
}

#[test]
fn a_row_that_is_read_back_after_a_lost_answer_is_counted() {
    let (mut scenario, job, plan) = running();
    let read = ReleaseEvent::Progressed(OperationId(0), Progress::ReadingBack { lost: true, up_to_ms: 30_000 });
    scenario.send(Msg::Release(job, read));
    let counts = scenario.state.run.as_ref().unwrap().counts();
    assert_eq!((counts.lost, counts.unknown), (plan.operations()[0].targets().len(), 0));
}

/// Nobody knows its end, and it is not one that is simply tried again.
#[test]
fn a_row_whose_answer_went_with_the_network_stays_among_the_unknown() {
    let (mut scenario, job, plan) = running();
    let targets = plan.operations()[0].targets().len();
    let read = ReleaseEvent::Progressed(OperationId(0), Progress::ReadingBack { lost: true, up_to_ms: 30_000 });
    scenario.send(Msg::Release(job, read));
    let away = Progress::Retrying { kind: FaultKind::Unreachable, attempt: 1, of: 9, wait_ms: 8_000, code: None };
    scenario.send(Msg::Release(job, ReleaseEvent::Waiting(OperationId(0), Some(away))));
    let profile = &plan.operations()[0].profile;
    scenario.send(Msg::Release(job, ReleaseEvent::Offline(profile.clone(), Some(8_000))));
    let run = scenario.state.run.as_ref().unwrap();
    let counts = run.counts();
    assert_eq!((counts.lost, counts.retrying, counts.active), (targets, 0, targets));
    assert_eq!(run.offline.get(profile), Some(&scenario.state.now.plus_ms(8_000)));
    scenario.send(Msg::Release(job, ReleaseEvent::Offline(profile.clone(), None)));
    scenario.send(Msg::Release(job, ReleaseEvent::Waiting(OperationId(0), None)));
    let run = scenario.state.run.as_ref().unwrap();
    assert!(run.offline.is_empty());
    assert_eq!(run.counts().lost, targets);
    scenario.send(Msg::Release(job, ReleaseEvent::Offline(profile.clone(), Some(8_000))));
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    assert!(scenario.state.run.as_ref().unwrap().offline.is_empty(), "a batch that has ended waits for nothing");
}

#[test]
fn ctrl_c_stops_after_the_calls_in_flight_and_only_a_third_leaves() {
    let (mut scenario, job, _) = running();
    scenario.keys("ctrl-c");
    assert_eq!(scenario.effects, [Effect::Stop(job)]);
    assert_eq!(scenario.state.run.as_ref().unwrap().pace, Pace::Stopping);
    scenario.keys("ctrl-c");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "notice.ctrl-c-leaves-batch"));
    scenario.keys("ctrl-c");
    assert_eq!(scenario.effects, [Effect::Interrupted]);
}

#[test]
fn ctrl_c_leaves_a_batch_only_right_after_the_warning() {
    // Stopped with its own key: the first ctrl-c still says no more than that.
    let (mut scenario, _, _) = running();
    scenario.keys("s ctrl-c");
    assert_eq!(scenario.notice(), "notice.stopping");
    for _ in 0..2 {
        scenario.keys("ctrl-c");
        assert_eq!((scenario.effects.len(), scenario.notice()), (0, "notice.ctrl-c-leaves-batch"));
        scenario.after_ms(3_000);
    }
    // Another key in between takes the warning back.
    scenario.keys("ctrl-c j ctrl-c");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "notice.ctrl-c-leaves-batch"));
    scenario.keys("ctrl-c");
    assert_eq!(scenario.effects, [Effect::Interrupted]);
}

#[test]
fn pause_goes_through_the_job_and_back() {
    let (mut scenario, job, _) = running();
    scenario.keys("P");
    assert_eq!(scenario.effects, [Effect::Pause(job, true)]);
    scenario.send(Msg::Release(job, ReleaseEvent::Paused(true)));
    assert_eq!(scenario.state.run.as_ref().unwrap().pace, Pace::Paused);
    scenario.keys("P");
    assert_eq!(scenario.effects, [Effect::Pause(job, false)]);
}

#[test]
fn a_signal_stops_the_batch_and_leaves_when_it_has_ended() {
    let (mut scenario, job, _) = running();
    scenario.send(Msg::Terminate);
    assert_eq!(scenario.effects, [Effect::Stop(job)]);
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    assert_eq!(scenario.effects, [Effect::Quit]);
}

#[test]
fn retry_opens_a_plan_of_what_is_left_and_reads_it_again() {
    let (mut scenario, job, plan) = running();
    settle(&mut scenario, job, &plan, 0, &released());
    for nth in 1..plan.operations().len() {
        settle(&mut scenario, job, &plan, nth, &Outcome::Skipped { why: Skip::AfterFailure });
    }
    scenario.keys("r");
    assert!(scenario.effects.is_empty(), "not while it runs");
    scenario.send(Msg::Release(job, ReleaseEvent::Ended)).keys("r");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Preflight { .. }]));
    let view = scenario.state.plan.as_ref().unwrap();
    let left: usize = plan.operations()[1..].iter().map(|operation| operation.targets().len()).sum();
    assert_eq!(view.plan.rows().len(), left);
}

/// A batch that ended: its first two writes unknown, and told to be open; the others stopped.
fn ended_with_two_unknown() -> (Scenario, Arc<ReleasePlan>) {
    let (mut scenario, job, plan) = running();
    scenario.send(Msg::Release(job, ReleaseEvent::Began { batch: "7f3a9c-1".to_owned() }));
    let fault = Fault::local(FaultKind::Timeout, "Unassign", "no answer");
    let unknown = Outcome::Unknown { fault };
    for nth in 0..plan.operations().len() {
        settle(&mut scenario, job, &plan, nth, if nth < 2 { &unknown } else { &Outcome::Stopped });
    }
    scenario.keys("v");
    assert!(scenario.effects.is_empty(), "not while it runs");
    let open = |nth: usize| {
        let operation = &plan.operations()[nth];
        let intent = Intent {
            at: scenario.state.now,
            operation: operation.id,
            plan: plan.hash().to_string(),
            kind: operation.kind.clone(),
            ..intent(0, "", &[])
        };
        OpenWrite { intent, maybe_running: false }
    };
    let left = ReleaseEvent::LeftOpen { path: "journal.jsonl".to_owned(), writes: vec![open(0), open(1)] };
    scenario.send(Msg::Release(job, left)).send(Msg::Release(job, ReleaseEvent::Ended));
    (scenario, plan)
}

fn later(operation: &Operation, found: Found, fresh: Option<ReadBack>) -> ReconcileEvent {
    ReconcileEvent::Found { batch: "7f3a9c-1".to_owned(), operation: operation.id, found, fresh }
}

#[test]
fn what_is_unknown_stands_in_the_way_until_v_has_shown_its_end() {
    let (mut scenario, plan) = ended_with_two_unknown();
    let earlier = |scenario: &Scenario, nth: usize| scenario.state.earlier.is_open(&plan.operations()[nth].nic_key());
    assert!(earlier(&scenario, 0) && earlier(&scenario, 1) && !earlier(&scenario, 2));
    // Its mark stays, and a plan of it is blocked.
    let targets: Vec<Target> = plan.operations()[..2].iter().flat_map(Operation::targets).collect();
    assert!(targets.iter().all(|target| scenario.state.marks.contains(target)));
    let mut planned = scenario.clone();
    planned.keys("1 p");
    let view = planned.state.plan.as_ref().unwrap();
    let rows = view.plan.rows().iter().filter(|row| targets.contains(&row.target));
    for row in rows {
        assert_eq!(row.decision, Decision::Blocked);
        assert!(row.findings.iter().any(|finding| finding.id == FindingId::EarlierWrite), "{row:?}");
    }

    scenario.keys("v");
    let [Effect::Reconcile { job, writes }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let job = *job;
    assert_eq!(writes.len(), 2, "what is unknown and nothing else");
    assert_eq!(scenario.notice(), "notice.rechecking");
    scenario.keys("v");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "disabled.rechecking"));
    // One is gone by now, the other does not show yet.
    let (first, second) = (&plan.operations()[0], &plan.operations()[1]);
    let OperationKind::Release { ips, .. } = &first.kind else { panic!("a release") };
    let mut without = (*first.expect).clone();
    without.nic.addresses.retain(|address| !ips.contains(&address.ip));
    let ends = |operation: &Operation, outcome: &Outcome| {
        Found::Settled(operation.targets().into_iter().map(|target| (target, outcome.clone())).collect())
    };
    let fresh = Some(ReadBack::Nic(Arc::new(without)));
    scenario.send(Msg::Reconcile(job, later(first, ends(first, &Outcome::Released { request_id: None }), fresh)));
    scenario.send(Msg::Reconcile(job, later(second, Found::NotYet, None)));
    assert!(!earlier(&scenario, 0) && earlier(&scenario, 1));
    let shown = scenario.state.inventory.profile(&first.profile).unwrap().nic(first.kind.nic()).unwrap();
    assert!(shown.addresses.iter().all(|address| !ips.contains(&address.ip)), "the list is as it was read");
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    assert_eq!(scenario.notice(), "notice.rechecked");
    let end = |scenario: &Scenario, operation: &Operation| {
        let run = scenario.state.run.as_ref().unwrap();
        let words: Vec<_> = operation.targets().iter().map(|target| run.outcome(target).unwrap().word()).collect();
        words[0]
    };
    assert_eq!((end(&scenario, first), end(&scenario, second)), (OutcomeWord::Released, OutcomeWord::Unknown));
    assert!(first.targets().iter().all(|target| !scenario.state.marks.contains(target)));
    assert!(second.targets().iter().all(|target| scenario.state.marks.contains(target)));
    // What is unknown is in no plan of its own accord.
    let mut retried = scenario.clone();
    retried.keys("r");
    let view = retried.state.plan.as_ref().unwrap();
    assert!(second.targets().iter().all(|target| !view.targets.contains(target)));

    // Once more: it was not carried out, and can be tried again.
    scenario.keys("v");
    let [Effect::Reconcile { job, writes }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(writes.len(), 1);
    let job = *job;
    let kept = Outcome::Failed { fault: Fault::local(FaultKind::Local, "Unassign", "found-later") };
    scenario.send(Msg::Reconcile(job, later(second, ends(second, &kept), None)));
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    assert_eq!(end(&scenario, second), OutcomeWord::Failed);
    assert!(!earlier(&scenario, 1));
    scenario.keys("r");
    let view = scenario.state.plan.as_ref().unwrap();
    assert!(second.targets().iter().all(|target| view.targets.contains(target)));
}

#[test]
fn a_journal_that_cannot_tell_what_the_batch_left_open_is_looked_at_before_anything_else_is_sent() {
    let (mut scenario, job, plan) = running();
    let fault = Fault::local(FaultKind::Timeout, "Unassign", "no answer");
    settle(&mut scenario, job, &plan, 0, &Outcome::Unknown { fault });
    scenario.send(Msg::Journal(JournalEvent::Unreadable(no_journal())));
    scenario.send(Msg::Release(job, ReleaseEvent::Ended)).keys("r").read_again().keys("c");
    assert_eq!(scenario.notice(), "disabled.journal-unread");
    scenario.keys("R");
    let looks = |effect: &Effect| matches!(effect, Effect::LookAtJournal { unfinished: true, .. });
    assert!(scenario.effects.iter().any(looks), "{:?}", scenario.effects);
    scenario.send(Msg::Journal(JournalEvent::Read)).keys("c");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(_)]), "{}", scenario.notice());
}

#[test]
fn with_nothing_unknown_there_is_nothing_to_read_again() {
    let (mut scenario, job, plan) = running();
    for nth in 0..plan.operations().len() {
        settle(&mut scenario, job, &plan, nth, &released());
    }
    scenario.send(Msg::Release(job, ReleaseEvent::Ended)).keys("v");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "disabled.nothing-unknown"));
}

#[test]
fn a_job_that_died_leaves_nothing_open() {
    let (mut scenario, job, _) = running();
    scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(0), Progress::Sent)));
    scenario.send(Msg::JobPanicked(job));
    assert!(!scenario.state.is_running());
    // What it left open only the journal tells, and nothing is sent before it did.
    assert_eq!(scenario.effects, [Effect::LookAtJournal { write: false, unfinished: true }]);
    scenario.keys("1 p").read_again().keys("c");
    assert_eq!(scenario.notice(), "disabled.journal-looking");
    scenario.keys("3");
    let counts = scenario.state.run.as_ref().unwrap().counts();
    assert_eq!(counts.settled(), counts.total);
    assert!(counts.unknown > 0);
}

#[test]
fn time_left_is_not_guessed_before_five_have_ended() {
    let (mut scenario, job, plan) = running();
    settle(&mut scenario, job, &plan, 0, &released());
    scenario.after_ms(1_000);
    let run = scenario.state.run.as_ref().unwrap();
    assert!(run.counts().settled() < 5);
    assert_eq!(run.left_ms(scenario.state.now), None);
    assert!(run.rate(scenario.state.now).is_some());
}

/// All but the last write have ended, a second after they were sent; and the time left by then.
fn nearly_done() -> (Scenario, JobId, impl Fn(&Scenario) -> Option<u64>) {
    let (mut scenario, job, plan) = running();
    let last = plan.operations().len() - 1;
    for operation in plan.operations() {
        scenario.send(Msg::Release(job, ReleaseEvent::Progressed(operation.id, Progress::Sent)));
    }
    scenario.after_ms(1_000);
    for nth in 0..last {
        settle(&mut scenario, job, &plan, nth, &released());
    }
    let counts = scenario.state.run.as_ref().unwrap().counts();
    assert_eq!((counts.answered(), counts.total), (5, 6));
    (scenario, job, |scenario: &Scenario| scenario.state.run.as_ref().unwrap().left_ms(scenario.state.now))
}

#[test]
fn time_left_is_that_of_the_slowest_profile_by_what_it_did_lately() {
    let (mut scenario, _, left) = nearly_done();
    assert_eq!(left(&scenario), Some(200), "five in a second");
    let rows = &mut scenario.state.run.as_mut().unwrap().rows;
    rows[3..].iter_mut().for_each(|row| row.profile = "slow".into());
    assert_eq!(left(&scenario), Some(500), "two in a second, whatever the others did");
    let rows = &mut scenario.state.run.as_mut().unwrap().rows;
    rows[3..5].iter_mut().for_each(|row| row.profile = "shop".into());
    assert_eq!(left(&scenario), None, "nobody knows how long one takes that has ended nothing yet");
}

#[test]
fn no_time_left_is_guessed_while_the_cloud_holds_calls_back() {
    let (mut scenario, job, left) = nearly_done();
    assert!(left(&scenario).is_some());
    let step = |scenario: &mut Scenario, progress: Progress| {
        scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(3), progress)));
    };
    step(&mut scenario, Progress::Retrying { kind: FaultKind::Throttled, attempt: 2, of: 5, wait_ms: 400, code: None });
    assert_eq!(left(&scenario), None);
    scenario.after_ms(1_000);
    step(&mut scenario, Progress::Sent);
    assert_eq!(left(&scenario), None, "it was held back a second ago");
}

#[test]
fn a_message_about_the_screen_that_is_left_goes_with_it() {
    let mut scenario = browsing();
    scenario.keys("j j space");
    assert_eq!(scenario.notice(), "notice.cannot-mark");
    scenario.keys("5");
    assert_eq!(scenario.notice(), "");
}

#[test]
fn a_detach_is_counted_as_a_detach() {
    let mut scenario = browsing();
    scenario.keys("g j j j space");
    scenario.keys("g j j j j j D p").read_again().keys("c").after_ms(400);
    let (job, plan) = confirm(&mut scenario);
    for nth in 0..plan.operations().len() {
        settle(&mut scenario, job, &plan, nth, &released());
    }
    let counts = scenario.state.run.as_ref().unwrap().counts();
    assert_eq!((counts.released, counts.detached, counts.good(), counts.total), (1, 1, 2, 2));
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    assert_eq!(scenario.notice(), "notice.batch-done");
}

#[test]
fn an_end_that_is_not_in_the_journal_is_told_and_leaves_its_trace() {
    let (mut scenario, job, plan) = running();
    scenario.send(Msg::Release(job, ReleaseEvent::NotJournaled { operation: OperationId(1), fault: no_journal() }));
    assert_eq!(scenario.notice(), "notice.not-journaled");
    settle(&mut scenario, job, &plan, 1, &released());
    let run = scenario.state.run.as_ref().unwrap();
    for row in &run.rows {
        assert_eq!(row.not_journaled, row.operation == OperationId(1), "{:?}", row.target);
    }
}

#[test]
fn an_answer_that_was_lost_leaves_its_trace_in_the_row() {
    let (mut scenario, job, plan) = running();
    for (nth, lost) in [(0, true), (1, false)] {
        let read = ReleaseEvent::Progressed(OperationId(nth), Progress::ReadingBack { lost, up_to_ms: 30_000 });
        scenario.send(Msg::Release(job, read));
        settle(&mut scenario, job, &plan, nth as usize, &released());
    }
    let run = scenario.state.run.as_ref().unwrap();
    for row in &run.rows {
        assert_eq!(row.lost, row.operation == OperationId(0), "{:?}", row.target);
    }
}

#[test]
fn the_cursor_stays_on_a_row_that_somebody_went_to() {
    let (mut scenario, job, plan) = running();
    let focused = |scenario: &Scenario| {
        let run = scenario.state.run.as_ref().unwrap();
        run.row_at(run.view.cursor).unwrap().target.clone()
    };
    let progress = |scenario: &mut Scenario, nth: usize| {
        let operation = plan.operations()[nth].id;
        scenario.send(Msg::Release(job, ReleaseEvent::Progressed(operation, Progress::Checking)));
    };
    scenario.keys("j");
    let gone_to = focused(&scenario);
    for nth in (0..plan.operations().len()).rev() {
        progress(&mut scenario, nth);
        assert_eq!(focused(&scenario), gone_to);
    }
    // On the first line what changed last is looked at, unless its page is open.
    scenario.keys("g");
    progress(&mut scenario, 1);
    assert_eq!(focused(&scenario).nic(), &plan.operations()[1].nic_key());
    scenario.keys("enter");
    let open = focused(&scenario);
    progress(&mut scenario, 0);
    assert_eq!(focused(&scenario), open);
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    assert_eq!(focused(&scenario), open, "nor does the end open another one");
}

#[test]
fn where_only_unknown_ends_are_left_they_are_to_be_read_again_first() {
    let (mut scenario, job, plan) = running();
    for nth in 0..plan.operations().len() {
        let outcome = if nth == 0 {
            Outcome::Unknown { fault: Fault::local(FaultKind::Timeout, "Unassign", "no answer") }
        } else {
            released()
        };
        settle(&mut scenario, job, &plan, nth, &outcome);
    }
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    scenario.keys("r");
    assert_eq!(scenario.notice(), "disabled.only-unknown");
}

/// One message for all of them, and what is written late is no worry any more: that, and nothing else.
#[test]
fn what_the_journal_could_not_take_of_unsent_writes_is_said_once() {
    let (mut scenario, job, _) = nearly_done();
    let said = scenario.state.notices.said();
    let mut all: Vec<OperationId> = scenario.state.run.as_ref().unwrap().rows.iter().map(|row| row.operation).collect();
    all.dedup();
    let (first, rest) = all.split_first().unwrap();
    let of_one = ReleaseEvent::NotJournaled { operation: *first, fault: no_journal() };
    let unsent = ReleaseEvent::UnsentNotJournaled { operations: rest.to_vec(), fault: no_journal() };
    scenario.send(Msg::Release(job, of_one)).send(Msg::Release(job, unsent));
    assert_eq!((scenario.notice(), scenario.state.notices.said()), ("notice.unsent-not-journaled", said + 2));
    let values = &scenario.state.notices.current(scenario.state.now).unwrap().phrase.values;
    assert!(values.contains(&("count", rest.len().to_string())), "{values:?}");
    let missing = |scenario: &Scenario| {
        let rows = scenario.state.run.as_ref().unwrap().rows.iter();
        let mut missing: Vec<OperationId> = rows.filter(|row| row.not_journaled).map(|row| row.operation).collect();
        missing.dedup();
        missing.len()
    };
    scenario.send(Msg::Release(job, ReleaseEvent::Journaled { operations: vec![*first] }));
    assert_eq!((missing(&scenario), scenario.notice()), (rest.len(), "notice.unsent-not-journaled"));
    scenario.send(Msg::Release(job, ReleaseEvent::Journaled { operations: rest.to_vec() }));
    assert_eq!((missing(&scenario), scenario.notice()), (0, ""));
}
