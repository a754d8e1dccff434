//! Releases and detaches do exactly what the plan says, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use nicdeck::{
    app::msg::ReleaseEvent,
    domain::{
        finding::Severity,
        journal::JournalEntry,
        nic::NicState,
        outcome::{Outcome, OutcomeWord, Progress},
        plan::{Decision, OperationKind, PlanRow, ReleasePlan},
        selection::Target,
    },
    providers::provider::Provider,
    sim::{
        script::{Rule, Trouble},
        world::{World, WorldFile},
    },
};

use super::{Conflict, clouds};
use crate::stage::{Scene, good, parts};

/// The world after the plan, if nothing else happens to it.
pub fn after(plan: &ReleasePlan, before: &World, free: &str) -> Vec<WorldFile> {
    let mut world = before.clone();
    for operation in plan.operations() {
        match &operation.kind {
            OperationKind::Release { nic, ips } => assert_eq!(world.release(nic.as_str(), ips), ips.len()),
            OperationKind::Detach { nic, .. } => {
                let freed = world.edit_nic(nic.as_str(), |nic| {
                    nic.instance_id = None;
                    free.clone_into(&mut nic.status);
                });
                assert!(freed.is_some());
            }
            other => panic!("no plan asks for it: {other:?}"),
        }
    }
    world.to_files()
}

/// Three addresses on two NICs, and a third NIC to be detached.
pub async fn main_job(cloud: &'static dyn Provider) -> Vec<Target> {
    let good = good(cloud).await;
    let mut targets: Vec<Target> = good.addresses[0].iter().take(2).chain(&good.addresses[1][..1]).cloned().collect();
    let taken: BTreeSet<_> = targets.iter().map(|target| target.nic().clone()).collect();
    targets.extend(good.nics.iter().find(|target| !taken.contains(target.nic())).cloned());
    assert_eq!((targets.len(), taken.len()), (4, 2));
    targets
}

#[tokio::test]
async fn three_addresses_and_a_nic_go_and_nothing_else() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let targets = main_job(cloud).await;
        let plan = stage.prepare(&targets).await;
        assert_eq!(plan.operations().len(), 3, "{}: one call a NIC", stage.name());
        let before = stage.simulator.world();
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Released);
        assert!(ended.outcomes.values().all(|outcome| outcome.request_id().is_some()));
        assert_eq!(stage.deeds(&plan), 3);
        let (expected, sent) = (after(&plan, &before, stage.simulator_words().free), stage.writes());
        assert_eq!(stage.simulator.world().to_files(), expected, "{}", stage.name());

        // The inventory follows without another listing.
        for target in &targets {
            let (nic, ip) = parts(target);
            let nic = stage.part().nic(&nic.as_str().into()).expect("kept");
            match ip {
                Some(ip) => assert!(nic.addresses.iter().all(|address| address.ip != ip)),
                None => assert_eq!((&nic.instance, nic.status.state), (&None, NicState::Free)),
            }
        }
        // Each request has its intent and its end, in this order.
        let contents = stage.closed_journal();
        let mut ends: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for entry in &contents.entries {
            let (id, word) = match entry {
                JournalEntry::Intent(intent) => (intent.operation, "intent"),
                JournalEntry::Settled(end) => (end.operation, "end"),
                JournalEntry::Begun(begun) => {
                    assert_eq!((begun.rows.len(), begun.targets), (3, 4), "once, and before all others");
                    continue;
                }
                JournalEntry::Unsent(unsent) => panic!("all of it was sent: {unsent:?}"),
            };
            ends.entry(id.0).or_default().push(word);
        }
        assert_eq!(ends.len(), 3);
        for words in ends.values() {
            let (end, intents) = words.split_last().expect("something");
            assert!(*end == "end" && !intents.is_empty() && intents.iter().all(|word| *word == "intent"), "{ends:?}");
        }
        assert_eq!(contents.entries.len(), 1 + sent + ends.len());
        // Asking for it again finds it done.
        let again = stage.run(&plan).await;
        again.all(OutcomeWord::AlreadyGone);
        assert_eq!(stage.writes(), sent);
    }
}

#[tokio::test]
async fn a_detach_is_asked_about_until_it_is_done() {
    for (cloud, _) in clouds() {
        assert!(cloud.descriptor().capabilities.detach_polls, "none of them detaches at once");
        let mut scene = Scene::demo(cloud);
        scene.transition_ms = 150;
        let mut stage = scene.open().await;
        let plan = stage.prepare(&good(cloud).await.nics[..1]).await;
        let (before, free) = (stage.simulator.world(), stage.simulator_words().free);
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Released);
        let polled = ended.progressed(|progress| matches!(progress, Progress::Accepted { .. }));
        assert!(polled >= 3, "{}: asked {polled} times", stage.name());
        assert_eq!(stage.simulator.world().to_files(), after(&plan, &before, free), "{}", stage.name());
        assert_eq!(stage.deeds(&plan), 1);
    }
}

/// One that takes longer than anybody waits: nobody knows, and nobody says otherwise.
#[tokio::test]
async fn a_detach_that_never_ends_is_unknown() {
    for (cloud, _) in clouds() {
        let mut scene = Scene::demo(cloud);
        scene.transition_ms = 3_600_000;
        let mut stage = scene.open().await;
        let plan = stage.prepare(&good(cloud).await.nics[..1]).await;
        let mut running = stage.begin(&plan);
        let accepted = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Accepted { reads, .. }) if *reads > 14);
        running.until(&mut stage, accepted).await;
        // It is waited for beyond the usual patience as long as the cloud says that it moves, but not after a stop.
        running.control.send_modify(|control| control.stopped = true);
        let ended = running.end(&mut stage).await;
        let Outcome::Unknown { fault } = ended.only() else { panic!("{:?}", ended.only()) };
        assert!(fault.request_id.is_some(), "{}: {fault:?}", stage.name());
        assert_eq!(stage.deeds(&plan), 1);
    }
}

#[tokio::test]
async fn a_throttled_write_is_made_again_with_a_permit_of_its_own() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let plan = stage.prepare(&main_job(cloud).await[..1]).await;
        let before = stage.simulator.world();
        stage.simulator.inject(Rule::new(Trouble::Throttle).writes().first(2));
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Released);
        assert_eq!(stage.writes(), 3, "{}", stage.name());
        assert_eq!(ended.progressed(|progress| matches!(progress, Progress::Retrying { .. })), 2);
        assert_eq!(stage.simulator.world().to_files(), after(&plan, &before, ""), "{}", stage.name());
        assert_eq!(stage.sent_by_journal().len(), 6, "three intents, three ends");
    }
}

#[tokio::test]
async fn a_write_that_is_throttled_for_ever_fails_and_did_nothing() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let plan = stage.prepare(&main_job(cloud).await[..1]).await;
        let before = stage.simulator.world();
        stage.simulator.inject(Rule::new(Trouble::Throttle).writes());
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Failed);
        assert_eq!(stage.writes(), 3, "as many as the policy allows");
        assert_eq!(stage.simulator.world().to_files(), before.to_files());
        stage.closed_journal();
    }
}

#[tokio::test]
async fn a_conflict_is_waited_out_where_the_code_proves_that_nothing_was_done_and_nowhere_else() {
    for (cloud, words) in clouds() {
        let (Conflict::Passes(conflict) | Conflict::Refused(conflict)) = words.conflict;
        let passes = matches!(words.conflict, Conflict::Passes(_));
        let mut stage = Scene::demo(cloud).open().await;
        let targets = main_job(cloud).await;
        stage.prepare(&targets).await;
        for target in [&targets[0], &targets[3]] {
            let plan = stage.plan_all(std::slice::from_ref(target));
            let (before, deeds, writes, closed) =
                (stage.simulator.world(), stage.deeds(&plan), stage.writes(), stage.sent_by_journal().len());
            let action = stage.action(&plan.operations()[0]);
            stage.simulator.before(action, move |world| {
                world.refusals.insert(action.to_owned(), conflict.to_owned());
            });
            stage.simulator.after(action, move |world| {
                world.refusals.remove(action);
            });
            let ended = stage.run(&plan).await;
            let told = |progress: &Progress| matches!(progress, Progress::Retrying { attempt: 2, code, .. } if code.as_deref() == Some(conflict));
            if !passes {
                // The code does not say that it may pass: asked once, told, and nothing done.
                let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.only()) };
                assert_eq!((fault.code.as_deref(), stage.deeds(&plan) - deeds), (Some(conflict), 1));
                assert_eq!(ended.progressed(told), 0);
                assert_eq!(stage.simulator.world().to_files(), before.to_files(), "{}", stage.name());
                continue;
            }
            ended.all(OutcomeWord::Released);
            assert_eq!(stage.deeds(&plan) - deeds, 2);
            // The first request of a write that did nothing is closed before it is made again; a later one goes on with its write.
            let requests = stage.writes() - writes;
            let ends = 1 + usize::from(requests == 2);
            assert_eq!(stage.sent_by_journal().len() - closed, requests + ends);
            assert_eq!(ended.progressed(told), 1);
            let expected = after(&plan, &before, stage.simulator_words().free);
            assert_eq!(stage.simulator.world().to_files(), expected);
        }
    }
}

/// NICs of which nothing worse is said than that something public hangs on them.
fn detachable(rows: &[PlanRow]) -> Vec<Target> {
    use nicdeck::domain::finding::FindingId::{
        AddressesLeave, EipAttached, EipOnNic, ManagedByUnknown, NicStateUnknown, VipLast,
    };
    // The last two of a cloud whose API never tells.
    let usual =
        |id| matches!(id, AddressesLeave | EipAttached | EipOnNic | ManagedByUnknown | NicStateUnknown | VipLast);
    let mild = |row: &&PlanRow| {
        let ids = row.findings.iter().filter(|finding| finding.severity > Severity::Info).map(|finding| finding.id);
        matches!(row.decision, Decision::Go(_)) && ids.into_iter().all(usual)
    };
    rows.iter().filter(mild).map(|row| row.target.clone()).filter(|target| matches!(target, Target::Nic(_))).collect()
}

/// An EIP that goes with its address is no surprise to what the plan does next on the same NIC.
#[tokio::test]
async fn a_release_does_not_make_the_detach_after_it_stale() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::sized(cloud, 60, 1).open().await;
        let rows = stage.survey().await;
        let goes =
            |target: &Target| rows.iter().any(|row| &row.target == target && matches!(row.decision, Decision::Go(_)));
        // The address that has an EIP where the cloud lets it go, else any.
        let world = stage.simulator.world();
        let with_eip = |target: &Target| match parts(target) {
            (nic, Some(ip)) => world.nic(&nic).and_then(|nic| nic.address(ip)).is_some_and(|one| one.eip.is_some()),
            _ => false,
        };
        let detachable = detachable(&rows);
        let mut pairs: Vec<(Target, Target)> = rows
            .iter()
            .map(|row| row.target.clone())
            .filter(|target| matches!(target, Target::Address(_)) && goes(target))
            .map(|target| (target.clone(), Target::Nic(target.nic().clone())))
            .filter(|(_, nic)| detachable.contains(nic))
            .collect();
        pairs.sort_by_key(|(address, _)| !with_eip(address));
        let (address, nic) = pairs.swap_remove(0);
        let plan = stage.plan_all(&[address, nic]);
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Released);
        assert_eq!(stage.deeds(&plan), 2, "{}", stage.name());
    }
}

/// Two NICs can hold the same address in different networks; nothing is mixed up.
#[tokio::test]
async fn only_the_nic_that_was_named_loses_the_address() {
    for (cloud, _) in clouds() {
        let mut scene = Scene::demo(cloud);
        let donor = scene.world.nics()[0].clone();
        let target = main_job(cloud).await.remove(0);
        let (nic, Some(ip)) = parts(&target) else { panic!("an address") };
        let twin: (String, IpAddr) = (format!("{}9", &donor.id[..donor.id.len() - 1]), ip);
        let mut copy = scene.world.nic(&nic).expect("there").clone();
        copy.id.clone_from(&twin.0);
        copy.vpc_id.push('9');
        copy.subnet_id.push('9');
        copy.addresses.retain(|address| address.ip == ip || address.primary);
        scene.world.put_nic(copy);
        let mut stage = scene.open().await;
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        let before = stage.simulator.world();
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert_eq!(stage.simulator.world().to_files(), after(&plan, &before, ""), "{}", stage.name());
        assert!(stage.simulator.world().nic(&twin.0).is_some_and(|nic| nic.address(ip).is_some()));
    }
}
