//! Taking a batch back: looked up in the journal, planned, confirmed as any plan is, and recorded as what it is.

use std::sync::Arc;

use nicdeck::{
    app::{
        effect::Effect,
        history::Lookup,
        msg::{HistoryEvent, Msg, ReleaseEvent},
        plan_view::Source,
        state::Screen,
    },
    domain::{
        fault::{Fault, FaultKind},
        finding::FindingId,
        ids::JobId,
        journal::JournalEntry,
        outcome::Outcome,
        plan::{Act, Decision, ReleasePlan},
    },
};

use super::{
    browse::browsing,
    history::{answer, done, ended, intent, records, release},
    scenario::{Scenario, no_journal},
};

/// Two addresses of eni-1 were released, and took an EIP along that is bound elsewhere by now.
pub fn released() -> Vec<JournalEntry> {
    let write = intent("c0ffee-9", 0, ("shop", "aliyun"), release("eni-1", &["10.0.1.31", "10.0.1.32"]));
    let end = ended(&write, &[done(), done()]);
    vec![JournalEntry::Intent(Box::new(write)), end]
}

/// The history, with the cursor on its only batch.
fn listed(records: &[JournalEntry]) -> Scenario {
    let mut scenario = browsing();
    scenario.keys("4");
    answer(&mut scenario, records);
    scenario
}

/// A plan that takes it back, with the NICs read again.
pub fn planned() -> Scenario {
    let mut scenario = listed(&released());
    scenario.keys("u");
    answer(&mut scenario, &released());
    scenario.read_again();
    scenario
}

fn rows(scenario: &Scenario) -> Vec<(Act, bool)> {
    let view = scenario.state.plan.as_ref().expect("a plan");
    view.plan.rows().iter().map(|row| (row.act, matches!(row.decision, Decision::Go(_)))).collect()
}

fn looked_up(scenario: &Scenario) -> &Lookup {
    let [Effect::History { lookup, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    lookup
}

fn running() -> (Scenario, JobId, Arc<ReleasePlan>) {
    let mut scenario = planned();
    scenario.keys("c").after_ms(400).keys("y");
    let [Effect::Release { job, plan, confirmed }] = scenario.effects.as_slice() else {
        panic!("{:?}", scenario.effects)
    };
    assert_eq!(*confirmed, plan.hash());
    let (job, plan) = (*job, plan.clone());
    scenario.send(Msg::Release(job, ReleaseEvent::Began { batch: "back-1".to_owned() }));
    (scenario, job, plan)
}

fn end(scenario: &mut Scenario, job: JobId, plan: &ReleasePlan, outcome: &Outcome) {
    for operation in plan.operations() {
        let outcomes = operation.targets().into_iter().map(|target| (target, outcome.clone())).collect();
        scenario.send(Msg::Release(job, ReleaseEvent::Settled { operation: operation.id, outcomes, fresh: None }));
    }
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
}

#[test]
fn a_batch_of_the_history_is_taken_back_by_a_plan_that_reads_first() {
    let mut scenario = listed(&released());
    scenario.keys("u");
    assert_eq!(*looked_up(&scenario), Lookup::Batch("c0ffee-9".to_owned()));
    answer(&mut scenario, &released());
    assert_eq!(scenario.state.screen, Screen::Plan);
    let [Effect::Preflight { nics, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(nics.iter().map(|(key, _)| key.nic.as_str()).collect::<Vec<_>>(), ["eni-1"]);
    scenario.keys("c");
    assert_eq!(scenario.notice(), "disabled.plan-reading", "nothing is confirmed on old facts");
    let mut scenario = planned();
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!((view.source, view.plan.undoes()), (Source::Undo, Some("c0ffee-9")));
    assert_eq!(rows(&scenario), [(Act::Assign, true), (Act::Assign, true), (Act::BindEip, false)]);
    assert_eq!(scenario.state.plan.as_ref().unwrap().plan.rows()[2].findings[0].id, FindingId::EipInUse);
    assert_eq!(scenario.state.plan.as_ref().unwrap().plan.operations().len(), 1, "one call");
    // A row can be left out, and leaving goes back to where it was asked for.
    scenario.keys("space");
    assert_eq!(rows(&scenario), [(Act::Assign, true), (Act::BindEip, false)]);
    scenario.keys("esc");
    assert_eq!((scenario.state.screen, scenario.state.plan.is_none()), (Screen::History, true));
}

#[test]
fn what_was_taken_back_can_be_taken_back_itself() {
    let (mut scenario, job, plan) = running();
    scenario.keys("u");
    assert_eq!(scenario.notice(), "disabled.batch-running");
    end(&mut scenario, job, &plan, &done());
    let counts = scenario.state.run.as_ref().unwrap().counts();
    assert_eq!((counts.assigned, counts.released, counts.good(), counts.total), (2, 0, 2, 2));
    scenario.keys("u");
    assert_eq!(*looked_up(&scenario), Lookup::Batch("back-1".to_owned()));
}

#[test]
fn a_retry_of_an_undo_puts_back_and_never_releases() {
    let (mut scenario, job, plan) = running();
    let refused = Outcome::Failed { fault: Fault::local(FaultKind::Conflict, "Assign", "busy") };
    end(&mut scenario, job, &plan, &refused);
    scenario.keys("u");
    assert_eq!(scenario.notice(), "disabled.nothing-to-undo");
    scenario.keys("r");
    assert_eq!(*looked_up(&scenario), Lookup::Batch("c0ffee-9".to_owned()));
    answer(&mut scenario, &released());
    assert_eq!(rows(&scenario)[..2], [(Act::Assign, true), (Act::Assign, true)]);
}

#[test]
fn only_what_is_marked_in_the_batch_is_taken_back() {
    let mut scenario = listed(&released());
    scenario.keys("space");
    assert_eq!(scenario.notice(), "disabled.no-batch-open");
    scenario.keys("enter");
    answer(&mut scenario, &released());
    scenario.keys("j space u");
    answer(&mut scenario, &released());
    let view = scenario.state.plan.as_ref().unwrap();
    let ips: Vec<_> = view.plan.rows().iter().filter_map(|row| row.target.ip()).map(|ip| ip.to_string()).collect();
    assert_eq!(ips, ["10.0.1.32"]);
}

#[test]
fn what_changed_nothing_and_what_can_not_be_read_is_not_taken_back() {
    let write = intent("dead-1", 0, ("shop", "aliyun"), release("eni-1", &["10.0.1.31"]));
    let stopped = [JournalEntry::Intent(Box::new(write.clone())), ended(&write, &[Outcome::Stopped])];
    let mut scenario = listed(&stopped);
    scenario.keys("u");
    assert_eq!(scenario.notice(), "disabled.nothing-to-undo");
    assert!(scenario.effects.is_empty());
    let mut scenario = listed(&released());
    scenario.keys("u");
    let [Effect::History { job, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let job = *job;
    scenario.send(Msg::History(job, HistoryEvent::Failed(no_journal())));
    assert_eq!((scenario.notice(), scenario.state.plan.is_none()), ("history.unread", true));
    // The journal lost it meanwhile.
    scenario.keys("u");
    answer(&mut scenario, &[]);
    assert_eq!((scenario.notice(), scenario.state.plan.is_none()), ("history.no-batch", true));
}

#[test]
fn a_profile_that_may_not_be_written_to_gets_nothing_back() {
    let mut scenario = listed(&released());
    scenario.state.readonly = true;
    scenario.keys("u");
    answer(&mut scenario, &released());
    assert!(rows(&scenario).iter().all(|(_, goes)| !goes));
    // Of a profile that is configured no more, each row says that its NIC is not known.
    let mut scenario = listed(&records());
    scenario.keys("u");
    answer(&mut scenario, &records());
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.rows()[0].findings[0].id, FindingId::NotListed);
}
