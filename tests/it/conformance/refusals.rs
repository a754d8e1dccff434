//! What stands in the way of a write that takes another one back, binds an EIP or deletes a NIC: no rule asks before these, so what
//! counts is that the vendor's refusal arrives with the code that its page names.

use nicdeck::{
    domain::{
        ids::{InstanceId, NicId},
        outcome::{Outcome, OutcomeWord, Skip},
        plan::OperationKind,
    },
    providers::provider::Provider,
    sim::world::{SimNic, World},
};

use super::{
    Words, clouds,
    lost::{Deed, ready},
    undo,
};
use crate::stage::{Scene, Stage, TRIES, good, parts};

/// One code for each obstacle; `None` where it is none.
pub struct Codes {
    /// Assign: another NIC has the address.
    pub address_taken: Option<&'static str>,
    /// Assign: the NIC is between states.
    pub nic_moves: Option<&'static str>,
    /// Assign: the subnet does not have the address.
    pub address_outside: Option<&'static str>,
    /// Attach: the NIC is on another instance.
    pub attached_already: Option<&'static str>,
    /// Attach: the instance is between states.
    pub instance_moves: Option<&'static str>,
    /// Delete: the NIC is on an instance.
    pub attached_still: Option<&'static str>,
    /// Bind: the EIP is on another address.
    pub eip_taken: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    AddressTaken,
    NicMoves,
    AddressOutside,
    AttachedAlready,
    InstanceMoves,
    AttachedStill,
    EipTaken,
}

impl Obstacle {
    const ALL: [Self; 7] = [
        Self::AddressTaken,
        Self::NicMoves,
        Self::AddressOutside,
        Self::AttachedAlready,
        Self::InstanceMoves,
        Self::AttachedStill,
        Self::EipTaken,
    ];

    fn code(self, codes: &Codes) -> Option<&'static str> {
        match self {
            Self::AddressTaken => codes.address_taken,
            Self::NicMoves => codes.nic_moves,
            Self::AddressOutside => codes.address_outside,
            Self::AttachedAlready => codes.attached_already,
            Self::InstanceMoves => codes.instance_moves,
            Self::AttachedStill => codes.attached_still,
            Self::EipTaken => codes.eip_taken,
        }
    }

    fn deed(self) -> Deed {
        match self {
            Self::AddressTaken | Self::NicMoves | Self::AddressOutside => Deed::Assign,
            Self::AttachedAlready | Self::InstanceMoves => Deed::Attach,
            Self::AttachedStill => Deed::Detach,
            Self::EipTaken => Deed::Bind,
        }
    }

    /// Comes into the way between the read and the write.
    fn put(self, stage: &Stage, kind: &OperationKind, world: &mut World) {
        let nic = kind.nic().as_str();
        let words = stage.simulator_words();
        let elsewhere = |world: &World, not: &str| {
            world
                .instances()
                .iter()
                .find(|one| one.id != not && one.status == words.running)
                .expect("another")
                .id
                .clone()
        };
        match (self, kind) {
            (Self::AddressTaken, OperationKind::Assign { ips, .. }) => {
                let own = world.nic(nic).expect("there").clone();
                let same =
                    |other: &&SimNic| other.id != nic && other.subnet_id == own.subnet_id && other.region == own.region;
                let other = world.nics().iter().find(same).expect("a neighbour").id.clone();
                let floating = !words.secondaries;
                let mut taken = own.addresses[0].clone();
                (taken.ip, taken.primary, taken.floating, taken.eip, taken.lb) = (ips[0], false, floating, None, None);
                world.edit_nic(&other, |other| other.addresses.push(taken)).expect("there");
            }
            (Self::NicMoves, _) => {
                world.edit_nic(nic, |nic| words.attaching.clone_into(&mut nic.status)).expect("there");
            }
            (Self::AttachedAlready, OperationKind::Attach { instance, .. }) => {
                let other = elsewhere(world, instance.as_str());
                let edit = |nic: &mut SimNic| {
                    nic.instance_id = Some(other);
                    words.attached.clone_into(&mut nic.status);
                };
                world.edit_nic(nic, edit).expect("there");
            }
            (Self::InstanceMoves, OperationKind::Attach { instance, .. }) => {
                let edit = |one: &mut nicdeck::sim::world::SimInstance| {
                    words.instance_transient[0].clone_into(&mut one.status);
                };
                world.edit_instance(instance.as_str(), edit).expect("there");
            }
            (Self::EipTaken, OperationKind::BindEip { eip, ip, .. }) => {
                let region = world.nic(nic).expect("there").region.clone();
                let free =
                    |other: &&SimNic| other.id != nic && other.region == region && other.addresses[0].eip.is_none();
                let other = world.nics().iter().find(free).expect("another NIC without one");
                let (other, at) = (other.id.clone(), other.addresses[0].ip);
                assert!(at != *ip && world.bind_eip(eip.as_str(), &other, at));
            }
            (Self::AddressOutside | Self::AttachedStill, _) => {}
            other => unreachable!("{other:?}"),
        }
    }
}

/// What is wrong about how it ended.
async fn complaints(cloud: &'static dyn Provider, words: &Words, obstacle: Obstacle) -> Vec<String> {
    let (mut stage, mut plan) = ready(cloud, obstacle.deed(), None).await;
    let nic = plan.operations()[0].kind.nic().clone();
    match obstacle {
        Obstacle::AddressOutside => {
            let ips = vec!["203.0.113.200".parse().unwrap()];
            plan = undo::plan(&stage, vec![OperationKind::Assign { nic, ips, lists: vec![] }]);
        }
        Obstacle::AttachedStill => plan = undo::plan(&stage, vec![OperationKind::Delete { nic }]),
        _ => {}
    }
    let operation = &plan.operations()[0];
    let action = stage.action(operation);
    let mut expected = stage.simulator.world();
    obstacle.put(&stage, &operation.kind, &mut expected);
    let (there, deeds) = (expected.clone(), stage.deeds(&plan));
    stage.simulator.before(action, move |world| *world = there.clone());
    let ended = stage.run(&plan).await;
    let mut wrong = Vec::new();
    if stage.deeds(&plan) == deeds {
        wrong.push("it was not asked for".to_owned());
    }
    let Some(code) = obstacle.code(&words.obstacles) else {
        wrong.extend((ended.count(OutcomeWord::Released) == 0).then(|| format!("{:?}", ended.outcomes)));
        return wrong;
    };
    // What passes by itself is tried again; where the read before the next try sees what stands in the way, nothing more is sent.
    let passes = words.passing.contains(&code);
    let is_stale = |outcome: &Outcome| matches!(outcome, Outcome::Skipped { why: Skip::Stale { .. } });
    let is_seen = passes && ended.outcomes.values().all(is_stale);
    let codes = stage.codes();
    if codes != vec![code; if passes && !is_seen { TRIES.into() } else { 1 }] {
        wrong.push(format!("{code} expected: {codes:?}"));
    }
    for outcome in ended.outcomes.values().filter(|_| !is_seen) {
        let (Outcome::Failed { fault } | Outcome::Unknown { fault }) = outcome else {
            wrong.push(format!("{outcome:?}"));
            continue;
        };
        let told = fault.code.as_deref() == Some(code) && (fault.request_id.is_some() || !words.whole);
        wrong.extend((!told).then(|| format!("{code} expected: {fault:?}")));
    }
    if stage.simulator.world().to_files() != expected.to_files() {
        wrong.push("something was done".to_owned());
    }
    wrong
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_by_the_code_that_the_page_names() {
    let mut wrong = Vec::new();
    for (cloud, words) in clouds() {
        for obstacle in Obstacle::ALL {
            let found = complaints(cloud, words, obstacle).await;
            wrong.extend(found.into_iter().map(|what| format!("{} {} {obstacle:?}: {what}", words.cloud, words.api)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A primary NIC stays, whoever asks for its deletion.
#[tokio::test]
async fn a_primary_nic_is_not_deleted() {
    for (cloud, words) in clouds() {
        let mut stage = Scene::demo(cloud).open().await;
        stage.list().await;
        let (nic, _) = parts(&good(cloud).await.nics[0]);
        let of: InstanceId =
            stage.simulator.world().nic(&nic).and_then(|nic| nic.instance_id.clone()).expect("attached").into();
        let world = stage.simulator.world();
        let primary = world.nics_of(of.as_str()).find(|nic| nic.primary).expect("one").id.clone();
        let plan = undo::plan(&stage, vec![OperationKind::Delete { nic: NicId::from(primary.as_str()) }]);
        let ended = stage.run(&plan).await;
        let (Outcome::Failed { fault } | Outcome::Unknown { fault }) = ended.only() else {
            panic!("{:?}", ended.only())
        };
        assert!(fault.code.is_some() && (fault.request_id.is_some() || !words.whole), "{fault:?}");
        assert!(stage.simulator.world().nic(&primary).is_some(), "{}", stage.name());
    }
}
