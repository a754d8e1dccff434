//! A listing brings exactly the world, in as few calls as there are pages.

use std::collections::{BTreeMap, BTreeSet};

use nicdeck::{
    domain::{
        address::AddressRole,
        fault::FaultKind,
        ids::{EipId, InstanceId, NicId},
        inventory::Section,
        nic::ManagedBy,
        page::Resource,
    },
    providers::profile::Credential,
    sim::{
        http::Logged,
        script::{Rule, Trouble},
    },
};

use super::{Words, clouds};
use crate::stage::{Listed, Scene, Stage};

/// The inventory holds what the world holds, no more and no less.
pub fn brings_the_world(stage: &Stage, listed: &Listed, words: &Words) {
    let (world, part, name) = (stage.simulator.world(), stage.part(), stage.name());
    let ids: BTreeSet<&str> = part.nics().map(|(_, nic)| nic.id.as_str()).collect();
    assert_eq!(ids, world.nics().iter().map(|nic| nic.id.as_str()).collect(), "{name}: NICs");
    let ids: BTreeSet<&str> = part.instances().map(|(_, instance)| instance.id.as_str()).collect();
    assert_eq!(ids, world.instances().iter().map(|instance| instance.id.as_str()).collect(), "{name}: instances");
    for theirs in world.instances() {
        let ours = part.instance(&InstanceId::from(theirs.id.as_str())).expect("listed");
        assert_eq!((&*ours.name, ours.region.as_str()), (&*theirs.name, &*theirs.region));
        assert_eq!(&*ours.power.word, theirs.status);
    }
    for theirs in world.nics() {
        let ours = part.snapshot(&NicId::from(theirs.id.as_str())).expect("listed");
        let what = format!("{name}: {}", theirs.id);
        let status = if words.whole { theirs.status.as_str() } else { "" };
        assert_eq!((ours.nic.region.as_str(), &*ours.nic.status.word), (&*theirs.region, status), "{what}");
        assert_eq!(&*ours.nic.name, theirs.name, "{what}");
        let of = |role: AddressRole| -> BTreeSet<_> {
            ours.nic.addresses.iter().filter(|address| address.role == role).map(|address| address.ip).collect()
        };
        let primary: BTreeSet<_> = theirs.primary_ip().into_iter().collect();
        assert_eq!(of(AddressRole::Primary), primary, "{what}: its own address");
        let secondary: BTreeSet<_> = theirs.secondaries().map(|address| address.ip).collect();
        assert_eq!(of(AddressRole::Secondary), secondary, "{what}: secondary addresses");
        let floating: BTreeSet<_> = world.floats_of(theirs).map(|float| float.ip).collect();
        assert_eq!(of(AddressRole::Virtual), floating, "{what}: virtual addresses");
        let ipv6 = words.whole && !theirs.ipv6.is_empty();
        assert_eq!(ours.nic.count(AddressRole::Ipv6) > 0, ipv6, "{what}: IPv6");
        // A NIC whose instance the cloud hides need not show what hangs on the instance: nobody may write to it then.
        let hidden = theirs.service_managed && theirs.primary;
        let untouched = matches!(ours.nic.managed_by, ManagedBy::Service(_));
        assert!(!hidden || untouched || !words.whole, "{what}: {:?}", ours.nic.managed_by);
        let same = |ours: BTreeSet<&str>, theirs: BTreeSet<&str>| {
            if hidden { ours.is_subset(&theirs) } else { ours == theirs }
        };
        for address in &theirs.addresses {
            let eips: BTreeSet<&str> = ours
                .eips
                .iter()
                .filter(|eip| eip.is_on(&ours.nic, address.ip) == Some(true))
                .map(|eip| eip.id.as_str())
                .collect();
            let bound = world.eip_on(theirs, address).iter().map(|eip| eip.id.as_str()).collect();
            assert!(same(eips, bound), "{what}: EIPs of {}: {:?}", address.ip, ours.eips);
            let backends: BTreeSet<&str> = ours
                .backends
                .iter()
                .filter(|backend| backend.ip_on(&ours.nic) == Some(address.ip))
                .map(|backend| backend.load_balancer.as_str())
                .collect();
            let serving = world.balancer_of(theirs, address).into_iter().collect();
            assert!(same(backends, serving), "{what}: balancers of {}: {:?}", address.ip, ours.backends);
        }
        assert!(ours.eips_known && ours.backends_known, "{what}");
    }
    // Where only NICs tell of them, those that are on none are not told.
    let there = world.eips().filter(|view| words.whole || view.bound.is_some());
    let there: BTreeSet<EipId> = there.map(|view| EipId::from(view.eip.id.as_str())).collect();
    let eips: BTreeSet<EipId> =
        listed.pages.iter().flat_map(|(_, page)| &page.eips).map(|eip| eip.id.clone()).collect();
    assert_eq!(eips, there, "{name}: EIPs");
}

/// What a request asked for. A signature, and what only makes it good for once, is left out.
fn asked(logged: &Logged) -> (&str, Option<&str>, &str, Vec<String>, String) {
    const OF_SIGNATURE: [&str; 4] = ["Nonce", "SignatureNonce", "Timestamp", "Signature"];
    let kept = |text: &str| -> Vec<String> {
        let pairs = text.split('&').filter(|pair| !OF_SIGNATURE.contains(&pair.split('=').next().unwrap_or_default()));
        pairs.map(str::to_owned).collect()
    };
    let body = kept(&String::from_utf8_lossy(&logged.body)).join("&");
    (&logged.action, logged.region.as_deref(), &logged.path, kept(&logged.query), body)
}

#[tokio::test]
async fn a_listing_brings_exactly_the_world_with_no_more_calls_than_pages() {
    for (cloud, words) in clouds() {
        let mut stage = Scene::sized(cloud, 1_300, 2).open().await;
        let listed = stage.list().await;
        let (failed, whole) = stage.sections();
        assert_eq!(failed, []);
        assert!(whole.len() >= 5, "{whole:?}");
        brings_the_world(&stage, &listed, words);

        let log = stage.calls();
        assert_eq!(log.len(), listed.pages.len(), "{}: one call, one page", stage.name());
        let distinct: BTreeSet<_> = log.iter().map(asked).collect();
        assert_eq!(distinct.len(), log.len(), "{}: nothing is asked twice", stage.name());
        assert!(stage.simulator.peak_in_flight() <= stage.provider.descriptor().capabilities.in_flight);

        let mut calls: BTreeMap<&Section, (usize, usize)> = BTreeMap::new();
        for (section, page) in &listed.pages {
            let items = match section.0 {
                Resource::Nics => page.nics.len(),
                Resource::Instances => page.instances.len(),
                Resource::Eips => page.eips.len(),
                Resource::Floats => page.floats.len(),
                Resource::Regions | Resource::Backends | Resource::Limits => continue,
            };
            let (pages, sum) = calls.entry(section).or_default();
            *pages += 1;
            *sum += items;
        }
        assert!(calls.values().any(|(pages, _)| *pages > 1), "{}: a list of several pages", stage.name());
        for (section, (pages, items)) in calls {
            assert!(pages <= items.div_ceil(words.page).max(1), "{section:?}: {items} items in {pages} pages");
        }
    }
}

#[tokio::test]
async fn the_demo_is_listed_whole_as_well() {
    for (cloud, words) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        let listed = stage.list().await;
        assert_eq!(stage.sections().0, []);
        brings_the_world(&stage, &listed, words);
    }
}

#[tokio::test]
async fn what_can_pass_later_is_asked_for_again() {
    for (cloud, words) in clouds() {
        for trouble in [
            Trouble::Throttle,
            Trouble::Internal,
            Trouble::Unavailable,
            Trouble::Reset,
            Trouble::Half,
            Trouble::Garbage { status: 503 },
        ] {
            let mut stage = Scene::sized(cloud, 40, 1).open().await;
            stage.simulator.inject(Rule::new(trouble.clone()).skip(1).every(3).first(2));
            let listed = stage.list().await;
            let what = format!("{}: {trouble:?}", stage.name());
            assert_eq!(stage.sections().0, [], "{what}");
            brings_the_world(&stage, &listed, words);
            assert_eq!(stage.calls().len(), listed.pages.len() + 2, "{what}: only what failed is repeated");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_as_such_in_the_vendors_words() {
    for (cloud, words) in clouds() {
        let mut scene = Scene::demo(cloud);
        scene.credential = Some(Credential::keys("SIMULATED0KEY0ID", "not-the-secret", None));
        let mut stage = scene.open().await;
        stage.list().await;
        let (failed, whole) = stage.sections();
        assert_eq!(whole, [], "{}", stage.name());
        let (calls, sections) = (stage.calls().len(), failed.len());
        // Where refusals lock a key, one call (that may be a sign-in) tries it for all; elsewhere nobody waits for that.
        let enough = if cloud.locks_keys() { calls <= 1 } else { (2..=sections).contains(&calls) };
        assert!(enough, "{}: {calls} calls for {sections} sections", stage.name());
        for (section, fault) in failed {
            assert_eq!(fault.kind, FaultKind::Credentials, "{section:?} {fault:?}");
            let known = |code: &str| words.wrong_secret.contains(&code);
            assert!(fault.code.as_deref().is_some_and(known), "{section:?} {fault:?}");
            assert!(fault.request_id.is_some() || !words.whole, "{section:?}");
            assert!(!fault.message.contains("not-the-secret"), "{fault:?}");
            assert_eq!(fault.attempts, 1, "{section:?}: a wrong key does not get better");
        }
    }
}

/// Reads right before a write see what the listing saw.
#[tokio::test]
async fn nics_that_are_read_again_are_the_same_with_few_calls() {
    for (cloud, _) in clouds() {
        for late_record in [false, true] {
            let mut scene = Scene::demo(cloud);
            scene.late_record = late_record;
            let mut stage = scene.open().await;
            stage.list().await;
            let listed: BTreeMap<NicId, _> =
                stage.part().nics().map(|(_, nic)| (nic.id.clone(), stage.part().snapshot(&nic.id).unwrap())).collect();
            let before = stage.calls().len();
            let keys: Vec<_> = listed.keys().map(|id| crate::stage::key(id.as_str())).collect();
            assert_eq!(stage.read_again(keys).await, []);
            for (id, listed) in &listed {
                let again = stage.part().snapshot(id).expect("still there");
                let what = format!("{} {id}", stage.name());
                // A bond, what hangs on it and what a detach does are told by the read of one NIC only.
                let (linked, members, dies_with_detach) =
                    (again.nic.linked, again.nic.members, again.nic.dies_with_detach);
                let nic = nicdeck::domain::nic::Nic { linked, members, dies_with_detach, ..listed.nic.clone() };
                assert_eq!(again.nic, nic, "{what}");
                assert_eq!(again.instance, listed.instance, "{what}");
                assert_eq!(again.eips, listed.eips, "{what}");
                assert_eq!(again.backends, listed.backends, "{what}");
            }
            let log = stage.calls();
            let calls = log.len() - before;
            let distinct: BTreeSet<_> = log[before..].iter().map(asked).collect();
            if !late_record {
                assert_eq!(distinct.len(), calls, "{}: what two NICs need is asked once", stage.name());
            }
            assert!(calls <= listed.len() * 10, "{}: {calls} calls for {} NICs", stage.name(), listed.len());
        }
    }
}
