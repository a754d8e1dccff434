//! Writes whose answer was lost: sent exactly once, read back, and what is told is what the world holds.

use std::{sync::Arc, time::Duration};

use nicdeck::{
    domain::{
        fault::{Effect, FaultKind},
        journal::JournalEntry,
        outcome::{Outcome, OutcomeWord, Progress},
        page::Resource,
        plan::{OperationKind, ReleasePlan},
    },
    providers::{
        http::Timeouts,
        provider::{Call, Provider},
    },
    sim::{
        http::Logged,
        script::{Rule, Trouble},
    },
};

use super::{clouds, undo, writes::after};
use crate::stage::{Scene, Stage, good};

/// Every kind of write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    Release,
    Detach,
    Assign,
    Attach,
    Bind,
    Delete,
}

const DEEDS: [Deed; 6] = [Deed::Release, Deed::Detach, Deed::Assign, Deed::Attach, Deed::Bind, Deed::Delete];

/// A stage where this can be done, and a plan of the one write: two addresses of one NIC, or one NIC.
pub async fn ready(cloud: &'static dyn Provider, deed: Deed, timeouts: Option<Timeouts>) -> (Stage, Arc<ReleasePlan>) {
    let mut scene = Scene::demo(cloud);
    scene.timeouts = timeouts.unwrap_or(scene.timeouts);
    let mut stage = scene.open().await;
    let good = good(cloud).await;
    let away = match deed {
        Deed::Detach | Deed::Attach | Deed::Delete => &good.nics[..1],
        Deed::Release => &good.addresses[0][..2],
        // Some clouds put addresses back one by one: of two only the first would be lost.
        Deed::Assign | Deed::Bind => &good.addresses[0][..1],
    };
    let away = stage.prepare(away).await;
    if !matches!(deed, Deed::Release | Deed::Detach | Deed::Bind) {
        stage.run(&away).await.all(OutcomeWord::Released);
    }
    let plan = match deed {
        Deed::Release | Deed::Detach => away,
        Deed::Assign | Deed::Attach => undo::plan(&stage, undo::taking_back(&stage, &away)),
        Deed::Bind => undo::plan(&stage, vec![undo::binding(&stage, &good.addresses[0][0])]),
        Deed::Delete => undo::plan(&stage, vec![OperationKind::Delete { nic: good.nics[0].nic().nic.clone() }]),
    };
    assert_eq!(plan.operations().len(), 1);
    (stage, plan)
}

/// Does the world hold what the plan's write wishes for?
pub fn is_done(stage: &Stage, plan: &ReleasePlan) -> bool {
    let world = stage.simulator.world();
    let kind = &plan.operations()[0].kind;
    let nic = world.nic(kind.nic().as_str());
    let has = |ip| nic.is_some_and(|nic| nic.address(ip).is_some());
    match kind {
        OperationKind::Release { ips, .. } => !ips.iter().any(|&ip| has(ip)),
        OperationKind::Assign { ips, .. } => ips.iter().all(|&ip| has(ip)),
        OperationKind::Detach { .. } => nic.is_some_and(|nic| nic.instance_id.is_none()),
        OperationKind::Attach { instance, .. } => {
            nic.is_some_and(|nic| nic.instance_id.as_deref() == Some(instance.as_str()))
        }
        OperationKind::BindEip { eip, ip, .. } => nic.is_some_and(|nic| {
            nic.address(*ip).and_then(|on| world.eip_on(nic, on)).is_some_and(|on| on.id == eip.as_str())
        }),
        OperationKind::Delete { .. } => nic.is_none(),
    }
}

/// What was done on the stage so far: requests of the plan's kind, all writes, lines of the journal.
fn so_far(stage: &Stage, plan: &ReleasePlan) -> [usize; 3] {
    [stage.deeds(plan), stage.writes(), stage.sent_by_journal().len()]
}

/// How the last answer began.
fn told(stage: &Stage) -> Option<String> {
    let ends = stage.sent_by_journal().into_iter().filter_map(|entry| match entry {
        JournalEntry::Settled(end) => Some(end),
        _ => None,
    });
    ends.last()?.answers.last().map(|answer| answer.text.clone())
}

/// The one write was sent once, and each request has its line, and the write its end.
fn sent_once(stage: &Stage, plan: &ReleasePlan, before: [usize; 3], what: &str) {
    let now = so_far(stage, plan);
    let [deeds, writes, lines] = [0, 1, 2].map(|at| now[at] - before[at]);
    assert_eq!((deeds, lines), (1, writes + 1), "{what}: sent once");
}

#[tokio::test]
async fn an_answer_lost_after_the_change_is_read_back_as_released() {
    for (cloud, _) in clouds() {
        for deed in DEEDS {
            for trouble in [Trouble::Lost, Trouble::Half, Trouble::Charset] {
                let takes_away = matches!(deed, Deed::Release | Deed::Detach);
                if !takes_away && trouble == Trouble::Half {
                    // The same to the client as the one before, and these writes are many.
                    continue;
                }
                let (mut stage, plan) = ready(cloud, deed, None).await;
                let what = format!("{}: {trouble:?}, {deed:?}", stage.name());
                let (before, free) = (stage.simulator.world(), stage.simulator_words().free);
                let sent = so_far(&stage, &plan);
                stage.simulator.inject(Rule::new(trouble.clone()).action(stage.action(&plan.operations()[0])));
                let ended = stage.run(&plan).await;
                ended.all(OutcomeWord::Released);
                assert!(is_done(&stage, &plan), "{what}");
                if takes_away {
                    assert_eq!(stage.simulator.world().to_files(), after(&plan, &before, free), "{what}");
                }
                // An answer without a body has no charset either.
                let bodiless = trouble == Trouble::Charset && told(&stage).is_some_and(|text| text.is_empty());
                assert_eq!(
                    ended.progressed(|progress| matches!(progress, Progress::ReadingBack { lost: true, .. })),
                    usize::from(!bodiless),
                    "{what}"
                );
                sent_once(&stage, &plan, sent, &what);
            }
        }
    }
}

fn troubles() -> Vec<(Trouble, FaultKind)> {
    let redirect = Trouble::Redirect { location: "https://example.invalid/".to_owned() };
    vec![
        (Trouble::Reset, FaultKind::Reset),
        (Trouble::Internal, FaultKind::Server),
        (Trouble::Unavailable, FaultKind::Server),
        (Trouble::Garbage { status: 200 }, FaultKind::Garbage),
        (Trouble::Garbage { status: 502 }, FaultKind::Server),
        (Trouble::Garbage { status: 504 }, FaultKind::Timeout),
        (Trouble::Empty, FaultKind::Garbage),
        (Trouble::Oversize { bytes: 40 << 20 }, FaultKind::Garbage),
        (redirect, FaultKind::Redirect),
    ]
}

/// Sent once, still there, and not said to have failed: it could yet happen.
async fn nothing_done(mut stage: Stage, plan: Arc<ReleasePlan>, kind: FaultKind, what: &str) {
    let (before, sent) = (stage.simulator.world(), so_far(&stage, &plan));
    let ended = stage.run(&plan).await;
    for (target, outcome) in &ended.outcomes {
        let Outcome::Unknown { fault } = outcome else { panic!("{what}: {target:?}: {outcome:?}") };
        assert_eq!((fault.kind, fault.effect), (kind, Effect::Unknown), "{what}: {fault:?}");
    }
    assert_eq!(stage.simulator.world().to_files(), before.to_files(), "{what}");
    sent_once(&stage, &plan, sent, what);
}

#[tokio::test]
async fn an_answer_lost_before_the_change_is_unknown() {
    for (cloud, _) in clouds() {
        for deed in DEEDS {
            // Of those that are taken back the first one: the others come to the client as to any call, and these writes are many.
            let many = if matches!(deed, Deed::Release | Deed::Detach) { usize::MAX } else { 1 };
            for (trouble, kind) in troubles().into_iter().take(many) {
                let (stage, plan) = ready(cloud, deed, None).await;
                let what = format!("{}: {trouble:?}, {deed:?}", stage.name());
                stage.simulator.inject(Rule::new(trouble).action(stage.action(&plan.operations()[0])));
                nothing_done(stage, plan, kind, &what).await;
            }
        }
    }
}

/// What the vendor's support asks for first: it comes before the body, and without it.
#[tokio::test]
async fn an_answer_without_its_body_keeps_the_id_of_its_request() {
    for (cloud, _) in clouds() {
        let redirect = Trouble::Redirect { location: "https://example.invalid/".to_owned() };
        // One answer of that size is enough.
        for (trouble, times) in [(Trouble::Half, 100), (Trouble::Oversize { bytes: 100 << 20 }, 1), (redirect, 100)] {
            let mut stage = Scene::demo(cloud).open().await;
            stage.simulator.inject(Rule::new(trouble.clone()).first(times));
            stage.list().await;
            let (failed, _) = stage.sections();
            let what = format!("{}: {trouble:?}", stage.name());
            assert!(!failed.is_empty(), "{what}");
            let in_headers = !cloud.request_id_headers().is_empty();
            for (section, fault) in failed {
                assert_eq!(fault.request_id.is_some(), in_headers, "{what}: {section:?} {fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_answer_at_all_is_given_up_and_read_back() {
    let second = Duration::from_secs(1);
    let timeouts = Timeouts { connect: second, read: second, total: second };
    for (cloud, _) in clouds() {
        let (stage, plan) = ready(cloud, Deed::Release, Some(timeouts)).await;
        let what = format!("{}: no answer", stage.name());
        stage.simulator.inject(Rule::new(Trouble::Hang).writes());
        nothing_done(stage, plan, FaultKind::Timeout, &what).await;
    }
}

/// What each fault of a write must end as, if it comes each time.
fn every_fault() -> Vec<(Trouble, OutcomeWord)> {
    let lost = [Trouble::Lost, Trouble::Half, Trouble::Charset].map(|trouble| (trouble, OutcomeWord::Released));
    let unknown = troubles().into_iter().map(|(trouble, _)| (trouble, OutcomeWord::Unknown));
    let rest = [(Trouble::Hang, OutcomeWord::Unknown), (Trouble::Throttle, OutcomeWord::Failed)];
    lost.into_iter().chain(unknown).chain(rest).collect()
}

/// Every fault of every write on every cloud: what is told is what the world holds. A part of them in an ordinary run, with another part
/// in each cloud; `NICDECK_FAULTS=all cargo test --test it every_fault -- --nocapture` tries them all.
#[tokio::test]
#[allow(clippy::print_stdout, reason = "a measure that is read by people")]
async fn every_fault_of_every_write_ends_as_the_world_has_it() {
    let all = std::env::var("NICDECK_FAULTS").is_ok_and(|wish| wish == "all");
    let second = Duration::from_secs(1);
    let timeouts = Timeouts { connect: second, read: second, total: second };
    let (mut nth, mut told) = (0, [0; 3]);
    for (cloud, _) in clouds() {
        for deed in DEEDS {
            for (trouble, wanted) in every_fault() {
                nth += 1;
                if !all && nth % 9 != 0 {
                    continue;
                }
                let (mut stage, plan) = ready(cloud, deed, Some(timeouts)).await;
                let what = format!("{}: {trouble:?}, {deed:?}", stage.name());
                let sent = so_far(&stage, &plan);
                stage.simulator.inject(Rule::new(trouble.clone()).action(stage.action(&plan.operations()[0])));
                let ended = stage.run(&plan).await;
                // An answer that is cut or in another charset is whole where there is nothing to cut or to write.
                ended.all(wanted);
                assert_eq!(is_done(&stage, &plan), wanted == OutcomeWord::Released, "{what}");
                if wanted != OutcomeWord::Failed {
                    sent_once(&stage, &plan, sent, &what);
                }
                told[usize::from(wanted == OutcomeWord::Unknown) + 2 * usize::from(wanted == OutcomeWord::Failed)] += 1;
            }
        }
    }
    let [released, unknown, failed] = told;
    println!(
        "{} of {nth} faults of writes: {released} done and read back, {unknown} unknown, {failed} failed; each as the world has it",
        released + unknown + failed
    );
}

/// The request was still on its way when its connection broke, or its server: it takes effect only after many reads.
#[tokio::test]
async fn a_write_that_lands_late_is_not_reported_as_failed() {
    for (cloud, _) in clouds() {
        for trouble in [Trouble::Reset, Trouble::Internal, Trouble::Unavailable] {
            let (mut stage, plan) = ready(cloud, Deed::Release, None).await;
            stage.simulator.inject(Rule::new(trouble).writes());
            let operation = &plan.operations()[0];
            let OperationKind::Release { nic, ips } = operation.kind.clone() else { panic!("a release") };
            let before = stage.simulator.world();
            let running = stage.begin(&plan);
            let reads_after = |log: &[Logged]| {
                let sent = log.iter().find(|logged| logged.write).map(|logged| logged.number);
                sent.map_or(0, |sent| log.iter().filter(|logged| logged.number > sent && logged.done).count())
            };
            stage.simulator.wait_for(|log| reads_after(log) >= 8).await;
            stage.simulator.change(|world| assert_eq!(world.release(nic.as_str(), &ips), ips.len()));
            let ended = running.end(&mut stage).await;
            ended.all(OutcomeWord::Released);
            assert_eq!(stage.writes(), 1, "{}", stage.name());
            assert_eq!(stage.simulator.world().to_files(), after(&plan, &before, ""), "{}", stage.name());
        }
    }
}

/// The write was made, the answer lost, and nothing can be read: nobody knows, and the fault says why.
#[tokio::test]
async fn what_can_not_be_read_back_is_unknown() {
    for (cloud, words) in clouds() {
        for deed in DEEDS {
            let (mut stage, plan) = ready(cloud, deed, None).await;
            let sent = so_far(&stage, &plan);
            let record = stage
                .provider
                .inspection(&plan.operations()[0].expect.nic, &[])
                .into_iter()
                .find(|listing| listing.resource == Resource::Nics)
                .map(|listing| stage.provider.action(&Call::List(listing)))
                .expect("a read of the NIC");
            let write = stage.action(&plan.operations()[0]);
            let denied = words.denied;
            stage.simulator.after(write, move |world| {
                world.refusals.insert(record.to_owned(), denied.to_owned());
            });
            stage.simulator.inject(Rule::new(Trouble::Lost).action(write));
            let ended = stage.run(&plan).await;
            for outcome in ended.outcomes.values() {
                let Outcome::Unknown { fault } = outcome else { panic!("{}: {outcome:?}", stage.name()) };
                assert_eq!((fault.kind, fault.action.as_str()), (FaultKind::Reset, write), "{fault:?}");
            }
            sent_once(&stage, &plan, sent, &format!("{}: {deed:?}", stage.name()));
        }
    }
}
