//! A listing: its order, its end, and what does not stop it.

use std::collections::BTreeSet;

use nicdeck::{
    app::{
        effect::Effect,
        key::{Input, Key},
        msg::{InventoryEvent, Msg},
    },
    domain::{fault::FaultKind, inventory::Coverage, page::Resource},
    providers::{client::local, provider::Call},
    sim::script::{Rule, Trouble},
};

use super::{cloud, wide};
use crate::{
    conformance::clouds,
    stage::{Scene, Stage},
};

/// The first call that lists this.
fn action(stage: &Stage, resource: Resource) -> &'static str {
    let listings = stage.provider.listings(&stage.client.profile().regions);
    let listing = listings.into_iter().find(|listing| listing.resource == resource).unwrap();
    stage.provider.action(&Call::List(listing))
}

#[tokio::test]
async fn what_makes_rows_is_asked_for_first() {
    let mut stage = Scene::sized(cloud(), 300, 1).open().await;
    stage.list().await;
    let log = stage.simulator.requests();
    let of = |resource| {
        let action = action(&stage, resource);
        log.iter().position(|logged| logged.action == action).unwrap()
    };
    let places = stage.provider.descriptor().capabilities.in_flight;
    let [nics, instances, eips] = [Resource::Nics, Resource::Instances, Resource::Eips].map(of);
    assert!(nics < places && instances < places);
    let backends = of(Resource::Backends);
    assert!(nics.max(instances).max(eips) < backends, "{nics} {instances} {eips} {backends}");
}

/// Each list is a chain of its own: one that hangs holds up no other.
#[tokio::test]
async fn lists_do_not_wait_for_each_other() {
    let mut stage = Scene::sized(cloud(), 300, 1).open().await;
    let hold = stage.simulator.hold(action(&stage, Resource::Nics));
    let (_, mut results, _cancel, task) = stage.begin_list();
    let mut missing = BTreeSet::from([Resource::Instances, Resource::Eips, Resource::Backends, Resource::Limits]);
    while !missing.is_empty() {
        let msg = results.recv().await.unwrap();
        if let Msg::Inventory(_, InventoryEvent::Completed(section)) = &msg {
            assert_ne!(section.0, Resource::Nics);
            missing.remove(&section.0);
        }
        stage.take(msg);
    }
    drop(hold);
    while let Some(msg) = results.recv().await {
        stage.take(msg);
    }
    task.await.unwrap();
    assert_eq!(stage.sections().0, []);
}

/// Whoever has no screen hears of it by this alone; of a server that fails nothing is said before it is given up.
#[tokio::test]
async fn that_a_call_waits_because_the_cloud_throttles_is_told() {
    for (trouble, tells) in [(Trouble::Throttle, true), (Trouble::Internal, false)] {
        let mut stage = wide().open().await;
        let nics = action(&stage, Resource::Nics);
        stage.simulator.inject(Rule::new(trouble).action(nics).first(1));
        let (_, mut results, _cancel, task) = stage.begin_list();
        let mut told = 0;
        while let Some(msg) = results.recv().await {
            told += usize::from(matches!(&msg, Msg::Inventory(_, InventoryEvent::Throttled { .. })));
            stage.take(msg);
            if let Some((_, listing)) = stage.state.jobs.listings().next() {
                assert_eq!(listing.throttled.pauses, told);
            }
        }
        task.await.unwrap();
        assert_eq!((told > 0, stage.sections().0), (tells, vec![]));
    }
}

#[tokio::test]
async fn a_listing_that_is_cancelled_leaves_nothing_loading() {
    let mut stage = wide().open().await;
    let hold = stage.simulator.hold(action(&stage, Resource::Eips));
    let (job, mut results, cancel, task) = stage.begin_list();
    // NICs have come, EIPs have not.
    loop {
        let msg = results.recv().await.unwrap();
        let whole =
            matches!(&msg, Msg::Inventory(_, InventoryEvent::Completed(section)) if section.0 == Resource::Nics);
        stage.take(msg);
        if whole {
            break;
        }
    }
    let effects = stage.take(Msg::Input(Input::Key(Key::parse("esc").unwrap())));
    assert_eq!(effects, [Effect::Cancel(job)]);
    cancel.cancel();
    task.await.unwrap();
    drop(hold);
    // What was still on its way changes nothing.
    while let Some(msg) = results.recv().await {
        stage.take(msg);
    }
    assert!(stage.state.jobs.listings().next().is_none());
    assert!(stage.part().nic_count() > 0, "what came is kept");
    for (section, coverage) in stage.part().sections() {
        assert!(matches!(coverage, Coverage::Complete { .. }), "{section:?} {coverage:?}");
    }
    let (_, nic) = stage.part().nics().next().unwrap();
    assert!(!stage.part().snapshot(&nic.id).unwrap().eips_known, "never taken for none");
}

#[tokio::test]
async fn a_slow_console_loses_no_page() {
    let mut fast = Scene::sized(cloud(), 300, 2).open().await;
    let all = fast.list().await.pages.len();
    let mut scene = Scene::sized(cloud(), 300, 2);
    scene.channel = 1;
    let mut slow = scene.open().await;
    assert_eq!(slow.list().await.pages.len(), all);
    assert_eq!(slow.part().nic_count(), fast.part().nic_count());
    assert_eq!(slow.part().address_count(), fast.part().address_count());
    assert_eq!(slow.sections().1, fast.sections().1);
}

#[tokio::test]
async fn a_page_that_kills_its_task_fails_its_section_alone() {
    let mut scene = wide();
    scene.trap = Box::new(|call| {
        let eips = matches!(call, Call::List(listing) if listing.resource == Resource::Eips);
        assert!(!eips, "a bug in a codec, on purpose");
    });
    let mut stage = scene.open().await;
    stage.list().await;
    let (failed, whole) = stage.sections();
    let [(section, fault)] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((section.0, fault.kind, fault.message.as_str()), (Resource::Eips, FaultKind::Local, local::DIED));
    assert!(whole.len() >= 4, "{whole:?}");
    assert_eq!(stage.part().nic_count(), stage.simulator.world().nics().len());
}

/// A second listing takes what is gone out, and one that fails takes nothing out.
#[tokio::test]
async fn what_is_gone_goes_with_the_next_whole_listing_only() {
    let mut stage = wide().open().await;
    stage.list().await;
    let gone = stage.simulator.change(|world| {
        let id = world.nics()[0].id.clone();
        world.remove_nic(&id).unwrap();
        id
    });
    let nics = action(&stage, Resource::Nics);
    stage.simulator.inject(Rule::new(Trouble::Internal).action(nics).first(3));
    stage.list().await;
    let id = gone.as_str().into();
    assert!(stage.part().nic(&id).is_some(), "the list was not whole");
    stage.list().await;
    assert!(stage.part().nic(&id).is_none());
    assert_eq!(stage.part().nic_count(), stage.simulator.world().nics().len());
}

/// Ids of what was found, of every kind.
fn found(stage: &Stage) -> (BTreeSet<String>, BTreeSet<String>) {
    let nics = stage.part().nics().map(|(_, nic)| format!("{} {}", nic.region, nic.id)).collect();
    (nics, stage.sections().1.iter().map(|section| format!("{section:?}")).collect())
}

#[tokio::test]
async fn a_profile_of_all_regions_lists_what_one_that_names_them_lists() {
    for (provider, _) in clouds() {
        let mut named = Scene::sized(provider, 30, 3).open().await;
        named.list().await;
        let mut all = Scene { regions: Some(Vec::new()), ..Scene::sized(provider, 30, 3) }.open().await;
        all.list().await;
        assert_eq!(all.sections().0, [], "{}", named.name());
        assert_eq!(found(&all), found(&named), "{}", named.name());
        assert!(!found(&all).0.is_empty());
        let asked: usize =
            all.simulator.requests().iter().filter(|one| one.action == action(&all, Resource::Regions)).count();
        assert!(asked <= named.simulator.count(action(&named, Resource::Regions)), "regions are asked for once");
    }
}

#[tokio::test]
async fn a_region_that_can_not_be_used_is_named_and_the_others_are_there() {
    let scene = || Scene { regions: Some(Vec::new()), ..Scene::sized(cloud(), 30, 3) };
    let off = nicdeck::domain::ids::RegionId::from(scene().world.regions()[1].as_str());
    let mut stage = Scene { off: Some(off.clone()), ..scene() }.open().await;
    stage.list().await;
    let (failed, _) = stage.sections();
    let [(section, fault)] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((section, fault.message.as_str()), (&(Resource::Regions, Some(off.clone())), local::REGION_OFF));
    let regions: BTreeSet<_> = stage.part().nics().map(|(_, nic)| nic.region.clone()).collect();
    assert!(regions.len() == 2 && !regions.contains(&off), "{regions:?}");
    assert!(
        stage.simulator.requests().iter().all(|one| one.region.as_deref() != Some(off.as_str())),
        "nobody asked it"
    );
}

#[tokio::test]
async fn without_the_list_of_regions_a_profile_of_all_says_why() {
    let mut stage = Scene { regions: Some(Vec::new()), ..Scene::sized(cloud(), 30, 3) }.open().await;
    let denied = action(&stage, Resource::Regions).to_owned();
    stage.simulator.change(|world| world.refusals.insert(denied, "Forbidden.RAM".to_owned()));
    stage.list().await;
    let (failed, whole) = stage.sections();
    assert_eq!(
        (failed.len(), failed[0].0.clone(), failed[0].1.kind),
        (1, (Resource::Regions, None), FaultKind::Permission)
    );
    assert_eq!(whole, []);
    assert!(stage.state.jobs.listings().next().is_none(), "and it ends");
}
