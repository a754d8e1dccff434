//! What writes do to the world, with every precondition that the vendor's pages list: the same for both generations, which only
//! differ in their words for a refusal.
//! Vendor: `UnassignPrivateIpAddresses`, `AssignPrivateIpAddresses`, `DetachNetworkInterface`, `AttachNetworkInterface`,
//! `DeleteNetworkInterface` pages of API 3.0, and the error lists of its Go SDK.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{
    domain::time::Timestamp,
    sim::world::{Becomes, SimAddress, SimFloat, SimInstance, SimNic, World},
};

/// Addresses that one call may name. Vendor: ten.
pub(super) const MOST_ADDRESSES: usize = 10;
/// Addresses on a NIC, and NICs on an instance. Vendor: the largest numbers of its table of limits.
pub(super) const ADDRESSES_PER_NIC: usize = 30;
pub(super) const NICS_PER_INSTANCE: usize = 8;

/// Why a write is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Why {
    NicNotFound,
    InstanceNotFound,
    /// The NIC's own address.
    PrimaryAddress,
    /// An instance's primary NIC.
    PrimaryNic,
    /// A service of the cloud owns the NIC.
    Managed,
    AddressNotThere,
    /// Not attached, or not to the instance named.
    NotAttached,
    AlreadyAttached,
    /// To be deleted, and still attached.
    StillAttached,
    WrongState,
    /// Another task is under way.
    Busy,
    /// A virtual address's range holds the instance.
    Havip,
    PowerState,
    OtherVpc,
    OtherZone,
    AddressTaken,
    OutOfRange,
    NoAddressLeft,
    Quota,
    /// The world says so.
    Stated(String),
}

/// Where and when a write happens, and the id of the task that it begins.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub action: &'a str,
    pub region: &'a str,
    pub task: &'a str,
    pub now: Timestamp,
}

type Done = Result<(), Why>;

/// A NIC of this region.
pub(super) fn find<'w>(world: &'w World, region: &str, id: &str) -> Result<&'w SimNic, Why> {
    world.nic(id).filter(|nic| nic.region == region).ok_or(Why::NicNotFound)
}

fn instance<'w>(world: &'w World, region: &str, id: &str) -> Result<&'w SimInstance, Why> {
    world.instance(id).filter(|instance| instance.region == region).ok_or(Why::InstanceNotFound)
}

/// Is this a word for a NIC at rest?
pub(super) fn at_rest(status: &str) -> bool {
    ["INUSE", "AVAILABLE"].contains(&status)
}

/// Reasons that the world states for this NIC, its subnet, its security groups, its instance.
fn check_stated(world: &World, nic: &SimNic) -> Done {
    world.refusal_around(nic).map_or(Ok(()), |code| Err(Why::Stated(code.to_owned())))
}

/// What a change of a NIC's addresses asks of it.
fn check_changeable(world: &World, nic: &SimNic) -> Done {
    check_stated(world, nic)?;
    if nic.service_managed {
        return Err(Why::Managed);
    }
    if !at_rest(&nic.status) {
        return Err(Why::WrongState);
    }
    if nic.pending.is_some() { Err(Why::Busy) } else { Ok(()) }
}

/// Begins the task of a write. One that will fail changes nothing in the end.
fn start(world: &mut World, at: At, nic: &str, status: &str, becomes: Becomes) {
    let before = world.nic(nic).map(|nic| nic.status.clone()).unwrap_or_default();
    let good = world.begin_task(at.task, &[at.action, nic], at.now);
    world.begin(nic, status, if good { becomes } else { Becomes::Unchanged { status: before } }, at.now);
}

/// The release call. With an instance it detaches the NIC as well.
pub(super) fn release(world: &mut World, at: At, nic: &str, ips: &[IpAddr], instance: Option<&str>) -> Done {
    let nic = find(world, at.region, nic)?;
    check_changeable(world, nic)?;
    if instance.is_some() && nic.instance_id.as_deref() != instance {
        return Err(Why::AddressNotThere);
    }
    if instance.is_some() && nic.primary {
        return Err(Why::PrimaryNic);
    }
    for &ip in ips {
        match nic.address(ip) {
            Some(address) if address.primary => return Err(Why::PrimaryAddress),
            Some(address) if !address.floating => {}
            _ => return Err(Why::AddressNotThere),
        }
    }
    let (id, status) = (nic.id.clone(), nic.status.clone());
    match instance {
        None => {
            let becomes = Becomes::Released { ips: ips.to_vec(), status: status.clone() };
            start(world, at, &id, &status, becomes);
        }
        // Both happen; the addresses are gone before the NIC is off.
        Some(_) => {
            start(world, at, &id, "DETACHING", Becomes::Detached { status: "AVAILABLE".to_owned() });
            if world.tasks.get(at.task).is_some_and(|task| task.failure.is_none()) {
                world.release(&id, ips);
            }
        }
    }
    Ok(())
}

/// The detach call.
pub(super) fn detach(world: &mut World, at: At, nic: &str, instance_id: &str) -> Done {
    let nic = find(world, at.region, nic)?;
    let named = instance(world, at.region, instance_id)?;
    check_stated(world, nic)?;
    if nic.primary {
        return Err(Why::PrimaryNic);
    }
    if nic.instance_id.as_deref() != Some(named.id.as_str()) {
        return Err(Why::NotAttached);
    }
    if !at_rest(&nic.status) || nic.pending.is_some() {
        return Err(Why::WrongState);
    }
    // Vendor: the instance has to be taken out of its range first, whichever of its NICs is to go.
    let whole = |float: &SimFloat| float.region == nic.region && float.instances.contains(&named.id);
    if nic.addresses.iter().any(|address| address.floating) || world.floats().iter().any(whole) {
        return Err(Why::Havip);
    }
    let id = nic.id.clone();
    start(world, at, &id, "DETACHING", Becomes::Detached { status: "AVAILABLE".to_owned() });
    Ok(())
}

/// The undo of a detach.
pub(super) fn attach(world: &mut World, at: At, nic: &str, instance_id: &str) -> Done {
    let nic = find(world, at.region, nic)?;
    let instance = instance(world, at.region, instance_id)?;
    check_stated(world, nic)?;
    if !at_rest(&nic.status) || nic.pending.is_some() {
        return Err(Why::WrongState);
    }
    if nic.instance_id.is_some() {
        return Err(Why::AlreadyAttached);
    }
    if !["RUNNING", "STOPPED"].contains(&instance.status.as_str()) {
        return Err(Why::PowerState);
    }
    // Nothing unknown can differ.
    let same = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    if !same(&nic.vpc_id, &instance.vpc_id) {
        return Err(Why::OtherVpc);
    }
    if !same(super::nics::zone(nic, world), &instance.zone) {
        return Err(Why::OtherZone);
    }
    if world.nics_of(&instance.id).count() >= NICS_PER_INSTANCE {
        return Err(Why::Quota);
    }
    let (id, instance_id) = (nic.id.clone(), instance.id.clone());
    let good = world.begin_task(at.task, &[at.action, &id], at.now);
    let becomes = if good {
        Becomes::Attached { instance_id, status: "INUSE".to_owned() }
    } else {
        Becomes::Unchanged { status: "AVAILABLE".to_owned() }
    };
    world.begin(&id, "ATTACHING", becomes, at.now);
    Ok(())
}

/// The undo of a release: these addresses, or so many free ones. Says which.
pub(super) fn assign(world: &mut World, at: At, nic: &str, ips: &[IpAddr], more: usize) -> Result<Vec<IpAddr>, Why> {
    let nic = find(world, at.region, nic)?;
    check_changeable(world, nic)?;
    if nic.addresses.len().saturating_add(ips.len()).saturating_add(more) > ADDRESSES_PER_NIC {
        return Err(Why::Quota);
    }
    let subnet = world.subnet(nic);
    let taken = |ip: IpAddr| world.is_taken(&nic.region, &nic.subnet_id, ip) || nic.address(ip).is_some();
    let mut all = ips.to_vec();
    for &ip in ips {
        if subnet.is_some_and(|net| !net.contains(&ip)) {
            return Err(Why::OutOfRange);
        }
        if taken(ip) {
            return Err(Why::AddressTaken);
        }
    }
    if let (true, Some(IpNet::V4(net))) = (more > 0, subnet) {
        // The first address of a subnet is its gateway.
        let free = net.hosts().skip(1).map(IpAddr::V4).filter(|&ip| !ips.contains(&ip) && !taken(ip));
        all.extend(free.take(more));
    }
    if all.len() < ips.len() + more {
        return Err(Why::NoAddressLeft);
    }
    let (id, status) = (nic.id.clone(), nic.status.clone());
    if world.begin_task(at.task, &[at.action, &id], at.now) {
        let added = |&ip: &IpAddr| SimAddress { ip, primary: false, floating: false, eip: None, lb: None };
        world.edit_nic(&id, |nic| nic.addresses.extend(all.iter().map(added)));
    }
    world.begin(&id, &status, Becomes::Assigned { ips: all.clone(), status: status.clone() }, at.now);
    Ok(all)
}

/// Deletes a NIC that is on no instance, with all its addresses.
pub(super) fn delete(world: &mut World, at: At, nic: &str) -> Done {
    let nic = find(world, at.region, nic)?;
    check_stated(world, nic)?;
    if nic.primary {
        return Err(Why::PrimaryNic);
    }
    if nic.service_managed {
        return Err(Why::Managed);
    }
    if nic.instance_id.is_some() {
        return Err(Why::StillAttached);
    }
    if !at_rest(&nic.status) || nic.pending.is_some() {
        return Err(Why::WrongState);
    }
    let id = nic.id.clone();
    start(world, at, &id, "DELETING", Becomes::Deleted);
    Ok(())
}
