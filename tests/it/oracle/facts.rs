//! What a console tells although the cloud neither refuses it nor does anything besides: no answer shows it, so the world is asked.
//! Each with where the vendor's documents say so.

use std::net::IpAddr;

use nicdeck::{
    domain::finding::FindingId,
    sim::world::{SimNic, World},
};

pub struct Fact {
    pub id: FindingId,
    /// Of a detach, or else of a release.
    pub detach: bool,
    /// Of the NIC, or of one of its addresses.
    pub holds: fn(&World, &SimNic, Option<IpAddr>) -> bool,
}

/// Release, and detach.
const RELEASE: bool = false;
const DETACH: bool = true;

pub fn of(cloud: &str, api: &str) -> Vec<Fact> {
    let fact = |detach, id, holds| Fact { id, detach, holds };
    match (cloud, api) {
        // A member is detached with its trunk's id.
        ("aliyun", _) => vec![
            fact(DETACH, FindingId::NicType, |_, nic, _| !nic.primary && nic.kind == "Member"),
            // Vendor: `DeleteOnRelease`; the NIC that was made with the instance goes with it.
            fact(DETACH, FindingId::NicDiesWithInstance, |_, nic, _| nic.primary),
            // Which types that is no listing shows.
            fact(DETACH, FindingId::HotPlugUnknown, |world, nic, _| runs(world, nic)),
        ],
        // The page about unbinding speaks of running and stopped instances only.
        ("tencent", _) => {
            let restless = |world: &World, nic: &SimNic, _: Option<IpAddr>| {
                let instance = nic.instance_id.as_deref().and_then(|id| world.instance(id));
                instance.is_some_and(|instance| !["RUNNING", "STOPPED"].contains(&instance.status.as_str()))
            };
            // Those about addresses speak of no state at all.
            vec![fact(DETACH, FindingId::InstanceState, restless), fact(RELEASE, FindingId::InstanceState, restless)]
        }
        // What a detach does to the NICs that it carries is not documented.
        ("huawei", _) => vec![
            fact(DETACH, FindingId::NicMembers, |_, nic, _| nic.linked),
            fact(DETACH, FindingId::HotPlugUnknown, |world, nic, _| runs(world, nic)),
            // No page about virtual IPs speaks of the server's state.
            fact(RELEASE, FindingId::InstanceState, |world, nic, _| {
                let instance = nic.instance_id.as_deref().and_then(|id| world.instance(id));
                // That of a service's NIC the cloud hides, and what holds a server is no state.
                let instance = instance.filter(|one| !nic.service_managed && !one.locked && !one.frozen);
                instance
                    .is_some_and(|one| !["ACTIVE", "SHUTOFF"].contains(&one.status.as_str()) || !one.task.is_empty())
            }),
            // One that does not say may be the primary one.
            fact(DETACH, FindingId::NicType, |_, nic, _| !nic.kind.is_empty() && nic.instance_id.is_some()),
        ],
        ("zenlayer", _) => vec![
            // A note of the page about detaching: the instance, not the NIC, must serve no balancer.
            fact(RELEASE, FindingId::LbOnInstance, serves_elsewhere),
            fact(DETACH, FindingId::LbOnInstance, serves_elsewhere),
            // A default route through it goes with it; whether there is one only the guest knows.
            fact(DETACH, FindingId::DefaultRoute, |_, nic, _| nic.instance_id.is_some()),
            // Of a kind that the documents do not know.
            fact(DETACH, FindingId::NicType, |_, nic, _| !nic.kind.is_empty()),
        ],
        _ => Vec::new(),
    }
}

/// Is it on an instance that runs, at no task and held by nothing?
fn runs(world: &World, nic: &SimNic) -> bool {
    let instance = nic.instance_id.as_deref().and_then(|id| world.instance(id));
    // That of a service's NIC the clouds hide.
    instance.filter(|_| !nic.service_managed).is_some_and(|one| {
        ["Running", "ACTIVE"].contains(&one.status.as_str()) && one.task.is_empty() && !one.locked && !one.frozen
    })
}

/// Does the instance serve a balancer through another address than this one (or through another NIC)?
fn serves_elsewhere(world: &World, nic: &SimNic, ip: Option<IpAddr>) -> bool {
    let Some(instance) = nic.instance_id.as_deref() else { return false };
    // One that is gone names none: only the NIC's own are told.
    let is_gone = world.instance(instance).is_none();
    let is_own = |other: &SimNic, address: IpAddr| other.id == nic.id && ip.is_none_or(|ip| ip == address);
    let own: Vec<&str> =
        nic.addresses.iter().filter(|one| is_own(nic, one.ip)).filter_map(|one| one.lb.as_deref()).collect();
    world.nics_of(instance).filter(|other| !is_gone || other.id == nic.id).any(|other| {
        other.addresses.iter().filter(|one| !is_own(other, one.ip)).any(|one| {
            // The same balancer through both is this address's own matter, unless both are on this NIC.
            one.lb.as_deref().is_some_and(|lb| other.id == nic.id || !own.contains(&lb))
        })
    })
}
