//! Writes whose answer was lost: sent exactly once, read back, and what is told is what the world holds.

use std::{sync::Arc, time::Duration};

use nicdeck::{
    domain::{
        fault::{Effect, FaultKind},
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

use super::{clouds, writes::after};
use crate::stage::{Scene, Stage, good};

/// A plan of one write: two addresses of one NIC, or a detach.
async fn ready(cloud: &'static dyn Provider, detach: bool, timeouts: Option<Timeouts>) -> (Stage, Arc<ReleasePlan>) {
    let mut scene = Scene::demo(cloud);
    scene.timeouts = timeouts.unwrap_or(scene.timeouts);
    let mut stage = scene.open().await;
    let good = good(cloud).await;
    let plan = stage.prepare(if detach { &good.nics[..1] } else { &good.addresses[0][..2] }).await;
    assert_eq!(plan.operations().len(), 1);
    (stage, plan)
}

#[tokio::test]
async fn an_answer_lost_after_the_change_is_read_back_as_released() {
    for (cloud, _) in clouds() {
        for detach in [false, true] {
            for trouble in [Trouble::Lost, Trouble::Half, Trouble::Charset] {
                let (mut stage, plan) = ready(cloud, detach, None).await;
                let what = format!("{}: {trouble:?}, detach {detach}", stage.name());
                let (before, free) = (stage.simulator.world(), stage.simulator_words().free);
                stage.simulator.inject(Rule::new(trouble).action(stage.action(&plan.operations()[0])));
                let ended = stage.run(&plan).await;
                ended.all(OutcomeWord::Released);
                assert_eq!(stage.deeds(&plan), 1, "{what}: sent once");
                assert_eq!(stage.simulator.world().to_files(), after(&plan, &before, free), "{what}");
                assert_eq!(
                    ended.progressed(|progress| matches!(progress, Progress::ReadingBack { lost: true, .. })),
                    1,
                    "{what}"
                );
                assert_eq!(stage.closed_journal().entries.len(), stage.writes() + 1, "{what}");
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
    let before = stage.simulator.world();
    let ended = stage.run(&plan).await;
    for (target, outcome) in &ended.outcomes {
        let Outcome::Unknown { fault } = outcome else { panic!("{what}: {target:?}: {outcome:?}") };
        assert_eq!((fault.kind, fault.effect), (kind, Effect::Unknown), "{what}: {fault:?}");
    }
    assert_eq!(stage.deeds(&plan), 1, "{what}: sent once");
    assert_eq!(stage.simulator.world().to_files(), before.to_files(), "{what}");
    assert_eq!(stage.closed_journal().entries.len(), stage.writes() + 1, "{what}");
}

#[tokio::test]
async fn an_answer_lost_before_the_change_is_unknown() {
    for (cloud, _) in clouds() {
        for detach in [false, true] {
            for (trouble, kind) in troubles() {
                let (stage, plan) = ready(cloud, detach, None).await;
                let what = format!("{}: {trouble:?}, detach {detach}", stage.name());
                stage.simulator.inject(Rule::new(trouble).action(stage.action(&plan.operations()[0])));
                nothing_done(stage, plan, kind, &what).await;
            }
        }
    }
}

#[tokio::test]
async fn no_answer_at_all_is_given_up_and_read_back() {
    let second = Duration::from_secs(1);
    let timeouts = Timeouts { connect: second, read: second, total: second };
    for (cloud, _) in clouds() {
        let (stage, plan) = ready(cloud, false, Some(timeouts)).await;
        let what = format!("{}: no answer", stage.name());
        stage.simulator.inject(Rule::new(Trouble::Hang).writes());
        nothing_done(stage, plan, FaultKind::Timeout, &what).await;
    }
}

/// The request was still on its way when its connection broke, or its server: it takes effect only after many reads.
#[tokio::test]
async fn a_write_that_lands_late_is_not_reported_as_failed() {
    for (cloud, _) in clouds() {
        for trouble in [Trouble::Reset, Trouble::Internal, Trouble::Unavailable] {
            let (mut stage, plan) = ready(cloud, false, None).await;
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
        for detach in [false, true] {
            let (mut stage, plan) = ready(cloud, detach, None).await;
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
            assert_eq!(stage.deeds(&plan), 1);
            stage.closed_journal();
        }
    }
}
