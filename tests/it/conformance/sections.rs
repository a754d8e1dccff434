//! One section that fails fails alone: with its code and request id where there is one, and the others come whole.

use std::collections::BTreeSet;

use nicdeck::{
    domain::{
        fault::{Fault, FaultKind},
        inventory::Section,
        page::{Listing, Resource},
    },
    providers::provider::{Call, Provider},
    sim::script::{Rule, Trouble},
};

use super::{Words, checks::fills, clouds};
use crate::stage::{Scene, Stage};

enum Ill {
    /// The vendor's code for this call.
    Code(fn(&Words) -> &'static str),
    Trouble(Trouble),
}

struct Case {
    ill: Ill,
    kind: FaultKind,
    /// Does the vendor itself speak?
    told: bool,
    tries: u32,
}

const TRIES: u32 = 2;

fn cases() -> Vec<Case> {
    let case = |trouble, kind, told, tries| Case { ill: Ill::Trouble(trouble), kind, told, tries };
    vec![
        Case { ill: Ill::Code(|words| words.denied), kind: FaultKind::Permission, told: true, tries: 1 },
        case(Trouble::Throttle, FaultKind::Throttled, true, TRIES),
        case(Trouble::Internal, FaultKind::Server, true, TRIES),
        case(Trouble::Unavailable, FaultKind::Server, true, TRIES),
        case(Trouble::Garbage { status: 200 }, FaultKind::Garbage, false, 1),
        case(Trouble::Garbage { status: 502 }, FaultKind::Server, false, TRIES),
        case(Trouble::Half, FaultKind::Reset, false, TRIES),
        case(Trouble::Reset, FaultKind::Reset, false, TRIES),
        case(Trouble::Charset, FaultKind::Garbage, false, 1),
        case(Trouble::Empty, FaultKind::Garbage, false, 1),
        case(Trouble::Redirect { location: "https://example.invalid/".to_owned() }, FaultKind::Redirect, false, 1),
        case(Trouble::Oversize { bytes: 40 << 20 }, FaultKind::Garbage, false, 1),
    ]
}

/// The sections that begin with a call of this name.
fn sections_of(cloud: &dyn Provider, stage: &Stage, action: &str) -> BTreeSet<Section> {
    let listings = cloud.listings(&stage.client.profile().regions);
    let asks = |listing: &&Listing| cloud.action(&Call::List((*listing).clone())) == action;
    let fills = |listing: &Listing| {
        let all = std::iter::once(listing.resource).chain(cloud.brings(listing).iter().copied());
        all.map(|resource| (resource, listing.region.clone())).collect::<Vec<_>>()
    };
    listings.iter().filter(asks).flat_map(fills).collect()
}

async fn failed(cloud: &'static dyn Provider, words: &Words, resource: Resource, case: &Case) {
    let mut scene = Scene::sized(cloud, 20, 1);
    scene.tries = TRIES;
    let mut stage = scene.open().await;
    let listings = cloud.listings(&stage.client.profile().regions);
    let root = listings.iter().find(|listing| fills(cloud, listing, resource)).expect("every cloud lists these");
    let action = cloud.action(&Call::List(root.clone()));
    match &case.ill {
        Ill::Code(code) => {
            let code = code(words);
            stage.simulator.change(|world| world.refusals.insert(action.to_owned(), code.to_owned()));
        }
        Ill::Trouble(trouble) => stage.simulator.inject(Rule::new(trouble.clone()).action(action)),
    }
    stage.list().await;
    let what = format!("{} {action} {:?}", stage.name(), case.kind);
    let (failed, whole) = stage.sections();
    let hit = sections_of(cloud, &stage, action);
    assert_eq!(failed.iter().map(|(section, _)| section.clone()).collect::<BTreeSet<_>>(), hit, "{what}");
    assert!(whole.len() >= 3, "{what}: {whole:?}");
    for (_, fault) in &failed {
        told_whole(fault, case, words, &what);
        assert_eq!(fault.action, action);
        if let Ill::Code(code) = case.ill {
            assert_eq!(fault.code.as_deref(), Some(code(words)), "{what}");
        }
    }
    let world = stage.simulator.world();
    if !hit.iter().any(|section| section.0 == Resource::Nics) {
        assert_eq!(stage.part().nic_count(), world.nics().len(), "{what}");
    }
    if !hit.iter().any(|section| section.0 == Resource::Instances) {
        assert_eq!(stage.part().instances().count(), world.instances().len(), "{what}");
    }
    // What failed is not known, and never taken for "none".
    if let Some((_, nic)) = stage.part().nics().next() {
        let snapshot = stage.part().snapshot(&nic.id).expect("there");
        let known = [
            (Resource::Instances, snapshot.instances_known),
            (Resource::Eips, snapshot.eips_known),
            (Resource::Backends, snapshot.backends_known),
        ];
        for (resource, known) in known {
            assert_eq!(known, !hit.iter().any(|section| section.0 == resource), "{what}: {resource:?}");
        }
    }
}

fn told_whole(fault: &Fault, case: &Case, words: &Words, what: &str) {
    assert_eq!(fault.kind, case.kind, "{what}: {fault:?}");
    assert_eq!(fault.attempts, case.tries, "{what}: {fault:?}");
    assert_eq!(fault.code.is_some(), case.told, "{what}: {fault:?}");
    // Some vendors put it into a header, too.
    assert!(fault.request_id.is_some() || !case.told || !words.whole, "{what}: {fault:?}");
}

#[tokio::test]
async fn nics_that_can_not_be_listed_stop_nothing_else() {
    for (cloud, words) in clouds() {
        for case in cases() {
            failed(cloud, words, Resource::Nics, &case).await;
        }
    }
}

#[tokio::test]
async fn instances_that_can_not_be_listed_stop_nothing_else() {
    for (cloud, words) in clouds() {
        for case in cases() {
            failed(cloud, words, Resource::Instances, &case).await;
        }
    }
}

#[tokio::test]
async fn eips_that_can_not_be_listed_stop_nothing_else() {
    for (cloud, words) in clouds() {
        for case in cases() {
            failed(cloud, words, Resource::Eips, &case).await;
        }
    }
}

#[tokio::test]
async fn backends_that_can_not_be_listed_stop_nothing_else() {
    for (cloud, words) in clouds() {
        for case in cases() {
            failed(cloud, words, Resource::Backends, &case).await;
        }
    }
}

/// A page in the middle of a list that fails for ever: the list is not whole, whatever came before.
#[tokio::test]
async fn a_list_that_breaks_off_is_not_taken_for_whole() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::sized(cloud, 1_100, 1).open().await;
        let listings = cloud.listings(&stage.client.profile().regions);
        let root = listings.iter().find(|listing| listing.resource == Resource::Nics).expect("NICs");
        let action = cloud.action(&Call::List(root.clone()));
        // Other listings may begin with the same call.
        let hit = sections_of(cloud, &stage, action);
        let begin = listings.iter().filter(|listing| cloud.action(&Call::List((*listing).clone())) == action).count();
        stage.simulator.inject(Rule::new(Trouble::Internal).action(action).skip(begin as u64));
        stage.list().await;
        let (failed, _) = stage.sections();
        let sections: BTreeSet<Section> = failed.into_iter().map(|(section, _)| section).collect();
        assert!(sections.iter().any(|section| section.0 == Resource::Nics), "{}", stage.name());
        assert!(sections.is_subset(&hit), "{}: {sections:?}", stage.name());
        let (came, all) = (stage.part().nic_count(), stage.simulator.world().nics().len());
        assert!(0 < came && came < all, "{}: {came} of {all} came before", stage.name());
    }
}
