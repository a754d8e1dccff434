//! What takes a release or a detach back, and what can not be taken back: the calls, carried out as any write is.

use std::sync::Arc;

use nicdeck::{
    domain::{
        ids::OperationId,
        journal::JournalEntry,
        nic::NicState,
        outcome::{Outcome, OutcomeWord, Skip},
        page::Resource,
        plan::{Calls, ChangedFact, Decision, Load, Operation, OperationKind, PlanRow, ReleasePlan, Share},
        selection::Target,
    },
    filter,
    rules::{Safety, protect::Protect},
    runtime::clock,
    sim::world::{SimNic, World},
};

use super::{clouds, writes::main_job};
use crate::stage::{Scene, Stage, good, key, parts};

/// A plan of these writes, on what is known of their NICs.
pub fn plan(stage: &Stage, kinds: Vec<OperationKind>) -> Arc<ReleasePlan> {
    plan_of(stage, kinds, None)
}

/// The same, telling these calls for each; `None`: those that it comes to.
fn plan_of(stage: &Stage, kinds: Vec<OperationKind>, calls: Option<&Calls>) -> Arc<ReleasePlan> {
    let operation = |(place, kind): (usize, OperationKind)| {
        let expect = stage.part().snapshot(kind.nic()).expect("a known NIC");
        Operation {
            id: OperationId(u32::try_from(place).unwrap()),
            cloud: stage.provider.descriptor().cloud(),
            profile: key("").profile,
            region: expect.nic.region.clone(),
            // As the planner has it: two writes to one list would overwrite each other.
            keepers: Vec::new(),
            taken: Vec::new(),
            shares: match &kind {
                OperationKind::Assign { lists, .. } => lists.iter().map(|list| list.of.clone()).collect(),
                _ => vec![],
            },
            onto: match &kind {
                OperationKind::Attach { instance, .. } => stage.part().instance(instance).cloned().map(Arc::new),
                _ => None,
            },
            calls: calls.cloned().unwrap_or_else(|| stage.provider.descriptor().capabilities.calls.of(&kind, &expect)),
            kind,
            after: vec![],
            overrides: vec![],
            expect: Arc::new(expect),
        }
    };
    let operations: Vec<Operation> = kinds.into_iter().enumerate().map(operation).collect();
    let rows = operations.iter().flat_map(|operation| {
        operation.targets().into_iter().map(|target| PlanRow {
            act: operation.kind.act(),
            target,
            cloud: operation.cloud.clone(),
            region: operation.region.clone(),
            hidden: false,
            overridden: None,
            findings: vec![],
            decision: Decision::Go(operation.id),
            before: 0,
            after: 0,
        })
    });
    let rows: Vec<PlanRow> = rows.collect();
    let count = rows.len();
    let share = Share { profile: key("").profile, count, total: count, most: count, whole: true };
    let load = Load { addresses: count, shares: vec![share], ..Load::default() };
    Arc::new(ReleasePlan::freeze(clock::now(), rows, operations, load, |_| 100).expect("a sound plan"))
}

/// Binds an EIP that is free to the address.
pub fn binding(stage: &Stage, target: &Target) -> OperationKind {
    let (nic, Some(ip)) = parts(target) else { panic!("an address") };
    let world = stage.simulator.world();
    let region = world.nic(&nic).unwrap().region.clone();
    let free = world.eips().find(|view| view.bound.is_none() && view.float.is_none() && view.region == region);
    let eip = free.expect("the demo has a free EIP").eip.id.as_str().into();
    OperationKind::BindEip { nic: nic.as_str().into(), eip, ip }
}

/// The NICs, with their addresses in an order of their own: one that was put back is the last of its NIC's.
fn nics(world: &World) -> Vec<SimNic> {
    let mut nics = world.nics().to_vec();
    for nic in &mut nics {
        nic.addresses.sort_by_key(|address| (!address.primary, address.ip));
    }
    nics
}

/// What takes the plan back, as its journal tells it: of each write the first request's intent.
pub fn taking_back(stage: &Stage, done: &ReleasePlan) -> Vec<OperationKind> {
    let entries = stage.sent_by_journal();
    let first = |operation: &Operation| {
        entries.iter().find_map(|entry| match entry {
            JournalEntry::Intent(intent) if intent.operation == operation.id => Some(intent),
            _ => None,
        })
    };
    let back = |operation| first(operation).and_then(|intent| intent.taken_back()).expect("it can be taken back");
    done.operations().iter().map(back).collect()
}

#[tokio::test]
async fn a_release_and_a_detach_are_taken_back() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let targets = main_job(cloud).await;
        let away = stage.prepare(&targets).await;
        // Virtual addresses with their own lists, too.
        let all = |world: &World| (nics(world), world.floats().to_vec());
        let before = all(&stage.simulator.world());
        stage.run(&away).await.all(OutcomeWord::Released);
        assert_ne!(nics(&stage.simulator.world()), before.0);
        // One after the other: each is the calls that its plan has told.
        for kind in taking_back(&stage, &away) {
            let back = plan(&stage, vec![kind]);
            let earlier = stage.writes();
            stage.run(&back).await.all(OutcomeWord::Released);
            let log = stage.simulator.requests().into_iter().filter(|logged| logged.write);
            let sent: Vec<String> = log.skip(earlier).map(|logged| logged.action).collect();
            let told = &back.operations()[0].calls;
            let first = told.names.len().min(sent.len());
            assert!(sent[..first] == told.names && (told.more || sent.len() == first), "{sent:?}, told {told:?}");
        }
        assert_eq!(all(&stage.simulator.world()), before, "{}", stage.name());
        // The inventory follows.
        for target in &targets {
            let (nic, ip) = parts(target);
            let nic = stage.part().nic(&nic.as_str().into()).expect("kept");
            match ip {
                Some(ip) => assert!(nic.addresses.iter().any(|address| address.ip == ip), "{}", stage.name()),
                None => assert_eq!(nic.status.state, NicState::Attached),
            }
        }
        // Once more is nothing to do.
        let again = plan(&stage, taking_back(&stage, &away));
        let writes = stage.writes();
        stage.run(&again).await.all(OutcomeWord::AlreadyGone);
        assert_eq!(stage.writes(), writes);
    }
}

/// What sends to the NIC once it is on its instance is read right before the write, where a rule hangs on it.
#[tokio::test]
async fn a_rule_about_balancers_does_not_hold_what_none_sends_to() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let target = good(cloud).await.nics[0].clone();
        let away = stage.prepare(std::slice::from_ref(&target)).await;
        stage.run(&away).await.all(OutcomeWord::Released);
        let mut protect = Protect::default();
        let id = stage.provider.descriptor().cloud();
        protect.add(&key("").profile, &id, None, &[filter::parse("has:lb").unwrap()]);
        stage.state.safety = Arc::new(Safety { protect, ..Safety::default() });
        let back = plan(&stage, taking_back(&stage, &away));
        stage.run(&back).await.all(OutcomeWord::Released);
    }
}

/// What is put back is the calls that were confirmed, or it is not sent.
#[tokio::test]
async fn nothing_is_put_back_by_a_call_that_nobody_confirmed() {
    let others = [Calls::one("AnotherCall"), Calls { names: vec!["AnotherCall"], more: true }];
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let targets = main_job(cloud).await;
        let away = stage.prepare(&targets).await;
        stage.run(&away).await.all(OutcomeWord::Released);
        let mut kinds = taking_back(&stage, &away);
        // On an address that is there.
        let good = good(cloud).await;
        let stays = good.addresses.iter().flatten().find(|target| !targets.contains(target)).expect("one more");
        kinds.push(binding(&stage, stays));
        for (kind, calls) in kinds.iter().flat_map(|kind| others.iter().map(move |calls| (kind, calls))) {
            let back = plan_of(&stage, vec![kind.clone()], Some(calls));
            let writes = stage.writes();
            let ended = stage.run(&back).await;
            for outcome in ended.outcomes.values() {
                let Outcome::Skipped { why: Skip::Stale { changes } } = outcome else {
                    panic!("{kind:?}: {outcome:?}")
                };
                assert_eq!(changes[0].fact, ChangedFact::Calls, "{kind:?}: {changes:?}");
            }
            assert_eq!(stage.writes(), writes, "{}", stage.name());
        }
    }
}

#[tokio::test]
async fn an_address_that_somebody_else_took_is_not_put_back() {
    for (cloud, words) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let target = good(cloud).await.addresses[0][0].clone();
        let away = stage.prepare(std::slice::from_ref(&target)).await;
        let (nic, Some(ip)) = parts(&target) else { panic!("an address") };
        let mut taken = stage.simulator.world().nic(&nic).unwrap().address(ip).unwrap().clone();
        stage.run(&away).await.all(OutcomeWord::Released);
        let (subnet, region) = stage.simulator.change(|world| {
            let nic = world.nic(&nic).unwrap();
            (nic.subnet_id.clone(), nic.region.clone())
        });
        stage.simulator.change(|world| {
            let same = |other: &&SimNic| other.id != nic && other.subnet_id == subnet && other.region == region;
            let other = world.nics().iter().find(same).expect("a neighbour").id.clone();
            taken.eip = None;
            world.edit_nic(&other, |other| other.addresses.push(taken.clone())).unwrap();
        });
        let back = plan(&stage, taking_back(&stage, &away));
        let ended = stage.run(&back).await;
        if taken.floating {
            // Several NICs may hold it: both do now.
            ended.all(OutcomeWord::Released);
            let world = stage.simulator.world();
            let holders = world.nics().iter().filter(|nic| world.floats_of(nic).any(|float| float.ip == ip)).count();
            assert!(world.nic(&nic).unwrap().address(ip).is_some() && holders >= 2, "{holders}");
            continue;
        }
        let Outcome::Failed { fault } = ended.only() else { panic!("{}: {:?}", stage.name(), ended.only()) };
        assert!(fault.code.is_some() && (fault.request_id.is_some() || !words.whole), "{fault:?}");
        assert!(stage.simulator.world().nic(&nic).unwrap().address(ip).is_none());
    }
}

#[tokio::test]
async fn an_eip_is_bound_to_the_very_address() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let target = good(cloud).await.addresses[0][0].clone();
        stage.prepare(std::slice::from_ref(&target)).await;
        let (nic, Some(ip)) = parts(&target) else { panic!("an address") };
        let kind = binding(&stage, &target);
        let OperationKind::BindEip { eip, .. } = kind.clone() else { panic!("{kind:?}") };
        let bind = plan(&stage, vec![kind.clone()]);
        stage.run(&bind).await.all(OutcomeWord::Released);
        let world = stage.simulator.world();
        let on = world.nic(&nic).unwrap();
        let bound = world.eip_on(on, on.address(ip).unwrap()).map(|eip| eip.id.clone());
        assert_eq!(bound.as_deref(), Some(eip.as_str()), "{}", stage.name());
        assert!(stage.part().snapshot(&nic.as_str().into()).unwrap().eips.iter().any(|seen| seen.id == eip));
        let again = plan(&stage, vec![kind]);
        stage.run(&again).await.all(OutcomeWord::AlreadyGone);
    }
}

/// Some clouds take an EIP away from whoever has it.
#[tokio::test]
async fn an_eip_that_somebody_else_has_by_now_is_left_to_them() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let target = good(cloud).await.addresses[0][0].clone();
        stage.prepare(std::slice::from_ref(&target)).await;
        let kind = binding(&stage, &target);
        let OperationKind::BindEip { eip, .. } = kind.clone() else { panic!("{kind:?}") };
        let bind = plan(&stage, vec![kind]);
        let (nic, _) = parts(&target);
        let lists = stage.provider.listings(&[bind.operations()[0].region.clone()]);
        if !lists.iter().any(|listing| listing.resource == Resource::Eips) {
            continue;
        }
        let other = stage.simulator.change(|world| {
            let region = world.nic(&nic).unwrap().region.clone();
            let free = |other: &&SimNic| {
                other.id != nic && other.region == region && other.addresses.iter().any(|a| a.eip.is_none())
            };
            let other = world.nics().iter().find(free).expect("a neighbour").clone();
            let ip = other.addresses.iter().find(|address| address.eip.is_none()).unwrap().ip;
            assert!(world.bind_eip(eip.as_str(), &other.id, ip));
            other.id
        });
        let writes = stage.writes();
        let ended = stage.run(&bind).await;
        let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
        assert_eq!(changes[0].fact, ChangedFact::Eips, "{}", stage.name());
        assert_eq!(stage.writes(), writes, "nothing was sent");
        assert_ne!(other, nic);
    }
}

#[tokio::test]
async fn a_nic_is_deleted_once_it_is_free_and_not_before() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let target = good(cloud).await.nics[0].clone();
        let away = stage.prepare(std::slice::from_ref(&target)).await;
        let (nic, _) = parts(&target);
        let delete = || OperationKind::Delete { nic: nic.as_str().into() };
        let too_soon = plan(&stage, vec![delete()]);
        let ended = stage.run(&too_soon).await;
        let Outcome::Failed { fault } = ended.only() else { panic!("{}: {:?}", stage.name(), ended.only()) };
        assert!(fault.code.is_some(), "{fault:?}");
        stage.run(&away).await.all(OutcomeWord::Released);
        let now = plan(&stage, vec![delete()]);
        stage.run(&now).await.all(OutcomeWord::Released);
        assert!(stage.simulator.world().nic(&nic).is_none(), "{}", stage.name());
        assert!(stage.part().nic(&nic.as_str().into()).is_none());
    }
}
