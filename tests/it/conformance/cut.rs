//! The read-back of a write that was not made, where the cloud leaves a member out of its answers: nobody knows then, and nothing
//! counts as done that is not.

use nicdeck::{
    domain::{outcome::Outcome, page::Resource, plan::OperationKind},
    providers::provider::{Call, Provider},
    sim::{
        script::{Rule, Trouble},
        world::World,
    },
};

use super::{
    clouds,
    lost::{Deed, is_done, ready},
};
use crate::{
    oracle::desk::{Desk, NOW},
    stage::Stage,
};

/// The members that the cloud's own record of the NIC has, and what is read with it.
fn members(cloud: &'static dyn Provider, world: &World, kind: &OperationKind) -> Vec<String> {
    let listed = Desk::new(cloud, world).listed(world);
    let seen = listed.profiles()[0].snapshot(kind.nic()).expect("listed");
    let desk = Desk::new(cloud, world);
    desk.inspect(&mut world.clone(), NOW, &seen).expect("there");
    desk.members()
}

/// The calls by which a write to the NIC is read back.
fn records(stage: &Stage, kind: &OperationKind) -> Vec<&'static str> {
    let cloud = stage.provider;
    let seen = stage.part().snapshot(kind.nic()).expect("listed");
    let own = |resource| matches!(resource, Resource::Nics | Resource::Floats);
    let listings = cloud.inspection(&seen.nic, &[]).into_iter().filter(|listing| own(listing.resource));
    let mut all: Vec<&str> = listings.map(|listing| cloud.action(&Call::List(listing))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// How many reads of each action come before the write.
type Before = Vec<(&'static str, u64)>;

async fn before(cloud: &'static dyn Provider, deed: Deed) -> Before {
    let (mut stage, plan) = ready(cloud, deed, None).await;
    let records = records(&stage, &plan.operations()[0].kind);
    stage.simulator.inject(Rule::new(Trouble::Internal).writes());
    let begun = stage.simulator.requests().len();
    stage.run(&plan).await;
    let log = stage.simulator.requests();
    let looks: Vec<&str> =
        log[begun..].iter().take_while(|logged| !logged.write).map(|logged| logged.action.as_str()).collect();
    let count = |action: &str| looks.iter().filter(|look| **look == action).count() as u64;
    records.into_iter().map(|action| (action, count(action))).collect()
}

/// How the only write ends that the cloud does not make: its first read back, and all later ones, lack the member.
async fn ended(cloud: &'static dyn Provider, deed: Deed, before: &Before, member: &str) -> Result<(), String> {
    let (mut stage, plan) = ready(cloud, deed, None).await;
    stage.simulator.inject(Rule::new(Trouble::Internal).writes());
    for (action, reads) in before {
        // The look right before the write is whole.
        let trouble = Trouble::Cut { member: member.to_owned() };
        stage.simulator.inject(Rule::new(trouble).action(action).reads().skip(*reads));
    }
    let ended = stage.run(&plan).await;
    assert!(!is_done(&stage, &plan), "{}: it was made", stage.name());
    let wrong = ended.outcomes.values().find(|outcome| !matches!(outcome, Outcome::Unknown { .. }));
    wrong.map_or(Ok(()), |outcome| Err(format!("{} {deed:?} without {member}: {outcome:?}", stage.name())))
}

/// A part of them in an ordinary run; `NICDECK_FAULTS=all` tries them all.
#[tokio::test]
async fn what_a_read_back_leaves_out_does_not_pass_for_done() {
    let all = std::env::var("NICDECK_FAULTS").is_ok_and(|wish| wish == "all");
    let mut wrong = Vec::new();
    for (cloud, words) in clouds() {
        let (stage, plan) = ready(cloud, Deed::Release, None).await;
        let members = members(cloud, &stage.simulator.world(), &plan.operations()[0].kind);
        // Those that tell of addresses and places, and some of the others.
        let decides = |member: &str| {
            let last = member.rsplit('/').next().unwrap_or_default().to_lowercase();
            [
                "ip", "pair", "instance", "device", "address", "network", "port", "data", "response", "set", "status",
                "nic",
            ]
            .iter()
            .any(|word| last.contains(word))
        };
        let chosen: Vec<&String> = members.iter().filter(|member| all || decides(member)).collect();
        assert!(chosen.len() >= 12, "{} {}: {chosen:?} of {members:?}", words.cloud, words.api);
        let step = if all { 1 } else { chosen.len() / 6 };
        for (deed, first) in [(Deed::Release, 0), (Deed::Detach, step / 2)] {
            let before = before(cloud, deed).await;
            for member in chosen.iter().skip(first).step_by(step) {
                wrong.extend(ended(cloud, deed, &before, member).await.err());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
