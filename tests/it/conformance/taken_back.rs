//! Undo as a plan: what a batch took is put back on each cloud, and what can not be says why; undo of an undo takes it again.

use std::{collections::BTreeSet, sync::Arc};

use nicdeck::{
    app::update::around,
    domain::{
        address::{Backend, BackendTarget},
        finding::{FindingId, Severity},
        ids::{NicKey, ProfileId},
        inventory::ProfileInventory,
        journal::{BackendImage, Image},
        nic::NicState,
        outcome::{Outcome, OutcomeWord, Skip},
        page::Resource,
        plan::{Act, Belts, ChangedFact, Decision, Overruled, PlanRow, ReleasePlan},
        selection::Target,
        undo::TakeBack,
    },
    filter,
    history::{Batch, batch::batch, undo::take_back},
    providers::provider::{Call, Provider},
    rules::{
        Safety,
        planner::{Sources, Wanted},
        protect::Protect,
        undo::{self, Undo},
    },
    runtime::clock,
    sim::world::{SimNic, World},
};

use super::{clouds, undo::binding, writes::main_job};
use crate::stage::{PROFILE, Scene, Stage, good, parts};

/// The NICs, with their addresses in an order of their own, and the virtual addresses.
fn all(world: &World) -> (Vec<SimNic>, Vec<nicdeck::sim::world::SimFloat>) {
    let mut nics = world.nics().to_vec();
    for nic in &mut nics {
        nic.addresses.sort_by_key(|address| (!address.primary, address.ip));
    }
    (nics, world.floats().to_vec())
}

/// The newest batch of the journal.
fn newest(stage: &Stage) -> Batch {
    let entries = stage.sent_by_journal();
    let id = entries.last().map(|entry| match entry {
        nicdeck::domain::journal::JournalEntry::Intent(intent) => intent.batch.clone(),
        nicdeck::domain::journal::JournalEntry::Settled(end) => end.batch.clone(),
        nicdeck::domain::journal::JournalEntry::Unsent(unsent) => unsent.batch.clone(),
        nicdeck::domain::journal::JournalEntry::Begun(begun) => begun.batch.clone(),
    });
    batch(entries.iter(), &id.expect("something was done")).expect("it is in the journal")
}

fn planned(stage: &Stage, of: &Batch, takes: &[TakeBack]) -> Arc<ReleasePlan> {
    overruled(stage, of, takes, None)
}

/// The same, each target with what a person says of what is not known.
fn overruled(stage: &Stage, of: &Batch, takes: &[TakeBack], word: Option<&Overruled>) -> Arc<ReleasePlan> {
    let capabilities = |_: &ProfileId| Some(&stage.provider.descriptor().capabilities);
    let belts = Belts { per_plan: usize::MAX, percent: 100 };
    let sources = Sources {
        inventory: &stage.state.inventory,
        capabilities: &capabilities,
        readonly: &|_| false,
        safety: &Safety { belts, ..Safety::default() },
    };
    let wanted = |take: &TakeBack| Wanted { overruled: word.cloned(), ..Wanted::of(take.target.clone()) };
    let undo = |take: &TakeBack| Undo { wanted: wanted(take), take: take.clone() };
    let undos: Vec<Undo> = takes.iter().map(undo).collect();
    Arc::new(undo::plan(&undos, &sources, clock::now()).expect("a sound plan").undoing(&of.id))
}

/// Reads what the journal says of the newest batch, and the NICs that it is about again, and plans to take it back.
async fn back(stage: &mut Stage) -> Arc<ReleasePlan> {
    let of = newest(stage);
    let takes = take_back(&of);
    let around: Vec<NicKey> = takes.iter().flat_map(|take| around(&stage.state, take)).collect();
    let keys: BTreeSet<NicKey> = takes.iter().map(|take| take.target.nic().clone()).chain(around).collect();
    stage.read_again(keys).await;
    planned(stage, &of, &takes)
}

/// All of it goes.
fn whole(stage: &Stage, plan: &ReleasePlan) {
    for row in plan.rows() {
        assert!(matches!(row.decision, Decision::Go(_)), "{}: {:?}: {:?}", stage.name(), row.target, row.findings);
    }
}

fn blocked_by(rows: &[PlanRow], target: &Target) -> Vec<FindingId> {
    let row = rows.iter().find(|row| row.target == *target).expect("its row stays");
    assert_eq!(row.decision, Decision::Blocked);
    row.findings.iter().map(|finding| finding.id).collect()
}

#[tokio::test]
async fn a_batch_is_taken_back_and_the_undo_of_that_takes_it_again() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let targets = main_job(cloud).await;
        let away = stage.prepare(&targets).await;
        let before = all(&stage.simulator.world());
        stage.run(&away).await.all(OutcomeWord::Released);
        let gone = all(&stage.simulator.world());
        let released = newest(&stage);
        assert_ne!(gone, before);

        let plan = back(&mut stage).await;
        whole(&stage, &plan);
        assert_eq!(plan.rows().len(), targets.len(), "{}", stage.name());
        assert_eq!(plan.operations().len(), 3, "{}: one call a NIC", stage.name());
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert_eq!(all(&stage.simulator.world()), before, "{}", stage.name());
        assert_eq!(newest(&stage).undoes, Some(released.id), "the journal tells what it took back");

        let again = back(&mut stage).await;
        whole(&stage, &again);
        assert!(again.rows().iter().all(|row| matches!(row.act, Act::Release | Act::Detach)));
        stage.run(&again).await.all(OutcomeWord::Released);
        assert_eq!(all(&stage.simulator.world()), gone, "{}", stage.name());
    }
}

/// Addresses that were released before their NIC was detached come back after it is attached.
#[tokio::test]
async fn a_nic_is_attached_before_its_addresses_come_back() {
    let mut tried = 0;
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let good = good(cloud).await;
        let on = |target: &Target| target.nic().clone();
        let both = good.nics.iter().find_map(|nic| {
            let address = good.addresses.iter().flatten().find(|address| on(address) == on(nic))?;
            Some(vec![address.clone(), nic.clone()])
        });
        let Some(targets) = both else { continue };
        tried += 1;
        let away = stage.prepare(&targets).await;
        let before = all(&stage.simulator.world());
        stage.run(&away).await.all(OutcomeWord::Released);
        let plan = back(&mut stage).await;
        whole(&stage, &plan);
        let acts: Vec<Act> = plan.operations().iter().map(|operation| operation.kind.act()).collect();
        assert_eq!(acts, [Act::Attach, Act::Assign], "{}", stage.name());
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Released);
        assert_eq!(all(&stage.simulator.world()), before, "{}", stage.name());
    }
    assert!(tried >= 2, "{tried} clouds of the demo have such a NIC");
}

/// The NIC of the main job is detached: the instance it was on, and the plan that puts it back.
async fn about_to_attach(cloud: &'static dyn Provider) -> (Stage, String, Arc<ReleasePlan>) {
    let mut stage = Scene::demo(cloud).open().await;
    let target = main_job(cloud).await.swap_remove(3);
    let away = stage.prepare(std::slice::from_ref(&target)).await;
    let instance = stage.simulator.world().nic(&parts(&target).0).unwrap().instance_id.clone().unwrap();
    stage.run(&away).await.all(OutcomeWord::Released);
    let plan = back(&mut stage).await;
    whole(&stage, &plan);
    (stage, instance, plan)
}

/// The instance that a NIC goes back to is written to as well: tagged between plan and write, it is left alone.
#[tokio::test]
async fn an_instance_that_is_protected_by_the_time_of_the_attach_gets_no_nic() {
    for (cloud, _) in clouds() {
        let (mut stage, instance, plan) = about_to_attach(cloud).await;
        let held = |rule: &str| {
            let mut protect = Protect::default();
            let id = stage.provider.descriptor().cloud();
            protect.add(&PROFILE.into(), &id, None, &[filter::parse(rule).unwrap()]);
            Arc::new(Safety { protect, ..Safety::default() })
        };
        let (other, own) = (held("name:nobody-*"), held(&format!("instance:{instance}")));
        let before = stage.writes();
        stage.state.safety = own;
        let ended = stage.run(&plan).await;
        let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.outcomes) };
        assert_eq!(changes[0].fact, ChangedFact::Protected, "{}", stage.name());
        assert_eq!(stage.writes(), before, "{}", stage.name());
        // A rule that is about others does not hold it.
        stage.state.safety = other;
        stage.run(&plan).await.all(OutcomeWord::Released);
    }
}

/// The instance that a NIC goes back to is read right before: one that is gone, or would not take it any more, is sent no NIC.
#[tokio::test]
async fn an_instance_that_is_gone_by_the_time_of_the_attach_is_sent_no_nic() {
    for (cloud, _) in clouds() {
        let (mut stage, instance, plan) = about_to_attach(cloud).await;
        let before = stage.writes();
        let moving = stage.simulator_words().instance_transient[0];
        let was = stage.simulator.world().instance(&instance).unwrap().status.clone();
        let mut changed = Vec::new();
        for gone in [false, true] {
            stage.simulator.change(|world| {
                if gone {
                    world.remove_instance(&instance).unwrap();
                } else {
                    world.edit_instance(&instance, |one| moving.clone_into(&mut one.status)).unwrap();
                }
            });
            let ended = stage.run(&plan).await;
            match ended.only() {
                Outcome::Skipped { why: Skip::Stale { changes } } => changed.extend(changes.clone()),
                // Some clouds tell it by an error of the read.
                Outcome::Skipped { why: Skip::NotReadAgain { .. } } if gone => {}
                other => panic!("{}: {other:?}", stage.name()),
            }
        }
        assert_eq!(changed[0].fact, ChangedFact::InstancePower, "{}", stage.name());
        assert_eq!(stage.writes(), before, "{}: it was {was}", stage.name());
    }
}

/// Whoever may not list instances says why a NIC goes to one all the same, and it does; but what nobody was told of it stops the write
/// once it can be read.
#[tokio::test]
async fn a_nic_goes_to_an_instance_that_may_not_be_read_where_a_person_says_why() {
    for ((cloud, words), read_by_then) in clouds().flat_map(|cloud| [(cloud, false), (cloud, true)]) {
        let mut stage = Scene::demo(cloud).open().await;
        let target = main_job(cloud).await.swap_remove(3);
        let away = stage.prepare(std::slice::from_ref(&target)).await;
        let before = all(&stage.simulator.world());
        let seen = stage.part().snapshot(&target.nic().nic).expect("listed").nic;
        let instance = seen.instance.clone().expect("a detach is of one");
        stage.run(&away).await.all(OutcomeWord::Released);
        let inspected = stage.provider.inspection(&seen, &[]).into_iter();
        let listed = stage.provider.listings(std::slice::from_ref(&seen.region)).into_iter();
        let own = inspected.chain(listed).filter(|listing| listing.resource == Resource::Instances);
        let actions: Vec<&str> = own.map(|listing| stage.provider.action(&Call::List(listing))).collect();
        let grant = |stage: &Stage, may: bool| {
            stage.simulator.change(|world| {
                for action in &actions {
                    let denied = words.denied.to_owned();
                    if may {
                        world.refusals.remove(*action)
                    } else {
                        world.refusals.insert((*action).to_owned(), denied)
                    };
                }
            });
        };
        grant(&stage, false);
        let id = stage.provider.descriptor().cloud();
        *stage.state.inventory.profile_mut(&PROFILE.into()).unwrap() = ProfileInventory::new(PROFILE.into(), id);
        stage.list().await;
        let of = newest(&stage);
        let takes = take_back(&of);
        let rows = planned(&stage, &of, &takes).rows().to_vec();
        let unknown: Vec<_> = rows[0].findings.iter().filter(|found| found.severity == Severity::Unknown).collect();
        assert!(unknown.iter().any(|found| found.id == FindingId::InstanceUnknown), "{}: {rows:?}", stage.name());
        let findings = unknown.into_iter().cloned().collect();
        let plan = overruled(&stage, &of, &takes, Some(&Overruled { findings, reason: "the owner says so".into() }));
        whole(&stage, &plan);
        assert_eq!(plan.operations()[0].onto, None);

        grant(&stage, true);
        let moving = stage.simulator_words().instance_transient[0];
        let was = stage.simulator.change(|world| {
            let was = world.instance(instance.as_str()).expect("there").status.clone();
            world.edit_instance(instance.as_str(), |one| moving.clone_into(&mut one.status)).expect("there");
            was
        });
        let writes = stage.writes();
        let ended = stage.run(&plan).await;
        let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.outcomes) };
        assert_eq!(changes[0].fact, ChangedFact::InstancePower, "{}", stage.name());
        assert_eq!(stage.writes(), writes, "{}", stage.name());

        stage.simulator.change(|world| {
            world.edit_instance(instance.as_str(), |one| was.clone_into(&mut one.status)).expect("there");
        });
        // One that is as anybody would have it.
        grant(&stage, read_by_then);
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert_eq!(all(&stage.simulator.world()), before, "{}", stage.name());
    }
}

/// The EIP that a release took from its address is bound to it again.
#[tokio::test]
async fn an_eip_comes_back_after_its_address() {
    let (mut tried, mut lost) = (0, 0);
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let target = good(cloud).await.addresses[0][0].clone();
        stage.prepare(std::slice::from_ref(&target)).await;
        let bind = super::undo::plan(&stage, vec![binding(&stage, &target)]);
        stage.run(&bind).await.all(OutcomeWord::Released);
        stage.read_again([target.nic().clone()]).await;
        let away = stage.plan(vec![target.clone()]);
        // Some clouds release no address that has one.
        if away.operations().is_empty() {
            continue;
        }
        tried += 1;
        let before = all(&stage.simulator.world());
        let eips = |world: &World| {
            world
                .eips()
                .map(|view| (view.eip.clone(), view.bound.is_some() || view.float.is_some()))
                .collect::<Vec<_>>()
        };
        let bound = eips(&stage.simulator.world());
        stage.run(&away).await.all(OutcomeWord::Released);
        // One of a virtual address may stay with it, wherever that goes.
        let stayed = eips(&stage.simulator.world()) == bound;
        lost += usize::from(!stayed);
        let plan = back(&mut stage).await;
        whole(&stage, &plan);
        let acts: Vec<Act> = plan.rows().iter().map(|row| row.act).collect();
        let expected: &[Act] = if stayed { &[Act::Assign] } else { &[Act::Assign, Act::BindEip] };
        assert_eq!(acts, expected, "{}", stage.name());
        stage.run(&plan).await.all(OutcomeWord::Released);
        let world = stage.simulator.world();
        assert_eq!((all(&world), eips(&world)), (before, bound), "{}", stage.name());
        // It is bound: once more there is nothing to do for it, and the address is there.
        let takes = take_back(&newest(&stage));
        assert!(takes.iter().all(|take| !matches!(take.target, Target::Eip { .. })), "it goes with its address");
    }
    assert!(tried > 1 && lost > 0, "{tried} {lost}");
}

#[tokio::test]
async fn what_can_not_be_taken_back_says_why() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let targets = main_job(cloud).await;
        let away = stage.prepare(&targets).await;
        let (first, detached) = (targets[0].clone(), targets[3].clone());
        let (nic, Some(ip)) = parts(&first) else { panic!("an address") };
        let mut stolen = stage.simulator.world().nic(&nic).unwrap().address(ip).unwrap().clone();
        let instance = stage.simulator.world().nic(&parts(&detached).0).unwrap().instance_id.clone().unwrap();
        stage.run(&away).await.all(OutcomeWord::Released);
        let other = stage.simulator.change(|world| {
            let own = world.nic(&nic).unwrap().clone();
            let same =
                |other: &&SimNic| other.id != nic && (&other.subnet_id, &other.region) == (&own.subnet_id, &own.region);
            let other = world.nics().iter().find(same).expect("a neighbour").id.clone();
            stolen.eip = None;
            world.edit_nic(&other, |other| other.addresses.push(stolen.clone())).unwrap();
            other
        });
        let of = newest(&stage);
        let mut takes = take_back(&of);
        // An instance that is not there, and a NIC that nobody knows.
        for take in &mut takes {
            if let Some(nicdeck::domain::plan::OperationKind::Attach { instance, .. }) = &mut take.write {
                *instance = "gone".into();
            }
        }
        let mut lost = takes[0].clone();
        lost.target = Target::Nic(NicKey { profile: lost.target.nic().profile.clone(), nic: "gone".into() });
        lost.write = None;
        takes.push(lost.clone());
        stage.list().await;
        let plan = planned(&stage, &of, &takes);
        let rows = plan.rows();
        if !stolen.floating {
            assert_eq!(blocked_by(rows, &first)[0], FindingId::AddressTaken, "{}", stage.name());
            let found = &rows.iter().find(|row| row.target == first).unwrap().findings[0];
            assert!(found.values.iter().any(|(_, value)| *value == other), "it says who has it: {found:?}");
        }
        assert!(blocked_by(rows, &detached).contains(&FindingId::InstanceGone), "{}", stage.name());
        assert_eq!(blocked_by(rows, &lost.target), [FindingId::NotListed]);
        assert!(matches!(rows.iter().find(|row| row.target == targets[2]).unwrap().decision, Decision::Go(_)));
        assert_eq!(stage.part().nic(&parts(&detached).0.as_str().into()).unwrap().status.state, NicState::Free);
        assert!(!instance.is_empty());

        // Nobody knows whether this one was released.
        let mut unsure = of.clone();
        for row in unsure.writes.iter_mut().flat_map(|write| &mut write.rows) {
            row.outcome = None;
        }
        let takes = take_back(&unsure);
        assert_eq!(takes.len(), targets.len());
        let plan = planned(&stage, &of, &takes);
        assert!(plan.operations().is_empty());
        assert!(blocked_by(plan.rows(), &targets[2]).contains(&FindingId::NotCertain), "{}", stage.name());
        // What did not happen is not taken back.
        for row in unsure.writes.iter_mut().flat_map(|write| &mut write.rows) {
            row.outcome = Some(Outcome::Stopped);
        }
        assert_eq!(take_back(&unsure), []);
    }
}

/// A load balancer that sent to an address does not send to it again: the journal keeps which, and the row of the undo says so.
#[tokio::test]
async fn a_balancer_that_an_address_was_behind_is_named_and_not_given_back() {
    let (cloud, _) = clouds().next().expect("one at least");
    let mut stage = Scene::demo(cloud).open().await;
    let targets = main_job(cloud).await;
    let away = stage.prepare(&targets).await;
    let (nic, Some(ip)) = parts(&targets[0]) else { panic!("an address") };
    // As it is written down, and as earlier versions wrote it.
    let mut seen = stage.part().snapshot(&nic.as_str().into()).expect("listed");
    let backend = |target| Backend {
        load_balancer: "lb-1".into(),
        name: "shop".into(),
        region: seen.nic.region.clone(),
        vpc: None,
        range: None,
        target,
        port: "443".into(),
    };
    let ports = [backend(BackendTarget::Address { ip, instance: None, nic: None })];
    seen.backends = ports.iter().cloned().chain([Backend { port: "80".into(), ..ports[0].clone() }]).collect();
    let image = Image::of(&seen);
    assert_eq!(image.backends, [BackendImage { lb: "lb-1".into(), ip: Some(ip) }], "once, whatever its ports");
    let mut older = serde_json::to_value(&image).unwrap();
    older.as_object_mut().unwrap().remove("backends").expect("it is written");
    let older: Image = serde_json::from_value(older).expect("a journal of an earlier version");
    assert!(older.backends.is_empty() && Image { backends: image.backends.clone(), ..older } == image);

    stage.run(&away).await.all(OutcomeWord::Released);
    let mut of = newest(&stage);
    for write in of.writes.iter_mut().filter(|write| write.kind.nic().as_str() == nic.as_str()) {
        write.image.as_mut().expect("of this version").backends = image.backends.clone();
    }
    stage.list().await;
    let takes = take_back(&of);
    let plan = planned(&stage, &of, &takes);
    whole(&stage, &plan);
    for row in plan.rows() {
        let told = row.findings.iter().find(|finding| finding.id == FindingId::LbNotRestored);
        assert_eq!(told.is_some(), row.target == targets[0], "{:?}", row.target);
        let Some(told) = told else { continue };
        let named = told.values.iter().any(|(name, value)| (*name, value.as_str()) == ("lb", "lb-1"));
        assert!(named && told.severity == Severity::Warn, "{told:?}");
    }
}
