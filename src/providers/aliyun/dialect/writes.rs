//! Calls that change NICs, with every precondition that the vendor's pages list.
//! Vendor: `UnassignPrivateIpAddresses`, `AssignPrivateIpAddresses`, `DetachNetworkInterface`, `AttachNetworkInterface`,
//! `DeleteNetworkInterface` pages.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde_json::{Map, Value, json};

use crate::{
    domain::time::Timestamp,
    sim::world::{Becomes, Pending, SimAddress, SimInstance, SimNic, World},
    wire::canonical_query,
};

use super::{
    Answer, Call,
    codes::Refusal,
    members,
    nics::{kind, zone},
    params::{self, well_formed},
    types,
};

/// Secondary addresses that a call may release while the NIC is attached to nothing. Vendor: release page, 2019.
const RELEASE_FREE: usize = 10;
/// And while it is in use. Vendor: release page, 2024.
const RELEASE_IN_USE: usize = 32;
/// Secondary addresses that a NIC which is attached to nothing may have. Vendor: assign page.
const ASSIGN_FREE: usize = 49;

/// The release call.
pub(super) fn unassign(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let region = call.region(world)?;
    let id = params.required("NetworkInterfaceId")?;
    let texts = params.list("PrivateIpAddress", 100)?;
    let prefixes = params.list("Ipv4Prefix", 10)?;
    if texts.is_empty() && prefixes.is_empty() {
        return Err(Refusal::missing("PrivateIpAddress.N"));
    }
    if !texts.is_empty() && !prefixes.is_empty() {
        return Err(Refusal::of("InvalidParameter.Conflict"));
    }
    let ips = params::addresses(&texts)?;
    check_prefixes(&prefixes)?;
    let nic = find(world, region, id, "InvalidEniId.Malformed")?;
    check_changeable(world, nic)?;
    let most = match nic.status.as_str() {
        "InUse" => release_limit(world, nic),
        _ => RELEASE_FREE,
    };
    if ips.len() > most {
        return Err(Refusal::with("InvalidParameter", format!("At most {most} addresses can be released at a time.")));
    }
    let held = |range: &&str| nic.prefixes.iter().any(|own| own == range);
    if let Some(prefix) = prefixes.iter().find(|range| !held(range)) {
        return Err(unassigned(prefix));
    }
    if !prefixes.is_empty() {
        let (id, gone): (String, Vec<String>) =
            (nic.id.clone(), prefixes.iter().map(|&range| range.to_owned()).collect());
        world.edit_nic(&id, |nic| nic.prefixes.retain(|range| !gone.contains(range)));
        return Ok(members([]));
    }
    for &ip in &ips {
        match nic.address(ip) {
            Some(address) if !address.primary => {}
            None if !in_subnet(world, nic, ip) => return Err(outside(ip)),
            // The primary address counts as not assigned, for it is not one that can be taken away.
            _ => return Err(unassigned(&ip.to_string())),
        }
    }
    let id = nic.id.clone();
    world.release(&id, &ips);
    Ok(members([]))
}

/// The undo of a release. Takes a `ClientToken`: the second call with it changes nothing and gets the first one's answer.
pub(super) fn assign(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let region = call.region(world)?;
    let id = params.required("NetworkInterfaceId")?;
    let texts = params.list("PrivateIpAddress", 100)?;
    let count = params.number("SecondaryPrivateIpAddressCount")?;
    let ips = params::addresses(&texts)?;
    match (ips.is_empty(), count) {
        (true, None) => return Err(Refusal::missing("PrivateIpAddress.N")),
        (false, Some(_)) => return Err(Refusal::of("InvalidParameter.Conflict")),
        (_, Some(0)) => return Err(Refusal::invalid("SecondaryPrivateIpAddressCount")),
        _ => {}
    }
    let token = params.get("ClientToken");
    if token.is_some_and(|token| token.len() > 64 || !token.is_ascii()) {
        return Err(Refusal::invalid("ClientToken"));
    }
    let asked = canonical_query(&params.iter().cloned().collect::<Vec<_>>());
    if let Some((before, answer)) = token.and_then(|token| world.tokens.get(token)) {
        if *before != asked {
            return Err(Refusal::of("IdempotentParameterMismatch"));
        }
        return Ok(assigned(id, &answer.split(',').map(str::to_owned).collect::<Vec<_>>()));
    }
    let nic = find(world, region, id, "InvalidEniId.Malformed")?;
    check_changeable(world, nic)?;
    let wanted = count.unwrap_or(ips.len());
    let most = match nic.status.as_str() {
        "InUse" => instance_of(world, nic)
            .and_then(|instance| types::limits(world, &instance.kind))
            .map_or(ASSIGN_FREE, |limits| limits.addresses.saturating_sub(1)),
        _ => ASSIGN_FREE,
    };
    let held = nic.addresses.iter().filter(|address| !address.primary).count();
    if held.saturating_add(wanted) > most {
        return Err(Refusal::of("InvalidOperation.Ipv4CountExceeded"));
    }
    let in_use = |ip: IpAddr| world.is_taken(&nic.region, &nic.subnet_id, ip);
    for &ip in &ips {
        if nic.address(ip).is_some() {
            return Err(Refusal::of("InvalidIp.IpAssigned"));
        }
        if !in_subnet(world, nic, ip) {
            return Err(outside(ip));
        }
        if in_use(ip) {
            return Err(Refusal::of("InvalidPrivateIpAddress.Duplicated"));
        }
    }
    let ips: Vec<IpAddr> = match (count, world.subnet(nic)) {
        (None, _) => ips,
        (Some(count), Some(IpNet::V4(subnet))) => {
            // Vendor: the first and the last three addresses of a vSwitch are its own.
            let last = u32::from(subnet.broadcast());
            let usable = subnet.hosts().filter(|&ip| last - u32::from(ip) > 2).map(IpAddr::V4);
            usable.filter(|&ip| !in_use(ip)).take(count).collect()
        }
        (Some(_), _) => Vec::new(),
    };
    if ips.len() < wanted {
        return Err(Refusal::of("InvalidVSwitchId.IpNotEnough"));
    }
    let nic_id = nic.id.clone();
    world.edit_nic(&nic_id, |nic| {
        let added = |&ip: &IpAddr| SimAddress { ip, primary: false, floating: false, eip: None, lb: None };
        nic.addresses.extend(ips.iter().map(added));
    });
    let texts: Vec<String> = ips.iter().map(ToString::to_string).collect();
    if let Some(token) = token {
        world.tokens.insert(token.to_owned(), (asked, texts.join(",")));
    }
    Ok(assigned(id, &texts))
}

fn assigned(nic: &str, ips: &[String]) -> Map<String, Value> {
    let set = json!({"NetworkInterfaceId": nic, "PrivateIpSet": {"PrivateIpAddress": ips}});
    members([("AssignedPrivateIpAddressesSet", set)])
}

/// The detach call. It answers at once and takes effect later; a repeat while it is under way is taken and changes nothing.
pub(super) fn detach(world: &mut World, call: &Call) -> Answer {
    let (region, nic, instance) = pair(world, call)?;
    check_refusals(world, nic)?;
    check_owner(nic)?;
    if nic.primary {
        return Err(Refusal::of("InvalidOperation.DetachPrimaryEniNotAllowed"));
    }
    if call.params.get("TrunkNetworkInstanceId").is_some() && kind(nic) != "Member" {
        return Err(Refusal::of("UnsupportedParameter"));
    }
    match (nic.status.as_str(), &nic.pending) {
        ("InUse" | "Detaching", None) | (_, Some(Pending { becomes: Becomes::Detached { .. }, .. })) => {}
        (_, Some(_)) => return Err(Refusal::of("Operation.Conflict")),
        (status, None) => return Err(wrong_state(nic, "InUse", status)),
    }
    // In which order it checks is not documented: what holds of the NIC itself first, then of the two.
    check_linked(nic)?;
    if nic.instance_id.as_deref() != Some(instance) {
        return Err(Refusal::of("InvalidParameter.EniNotBelongEcs"));
    }
    let instance = known_instance(world, instance, region).ok_or_else(|| Refusal::of("InvalidEcsId.NotFound"))?;
    check_power(instance)?;
    check_plug(world, nic, instance)?;
    let becomes = Becomes::Detached { status: "Available".to_owned() };
    Ok(start(world, &nic.id.clone(), "Detaching", becomes, call.now))
}

/// The undo of a detach; takes effect later.
pub(super) fn attach(world: &mut World, call: &Call) -> Answer {
    let (region, nic, instance) = pair(world, call)?;
    check_refusals(world, nic)?;
    check_owner(nic)?;
    match (nic.status.as_str(), &nic.pending) {
        ("Available", None) => {}
        (_, Some(_)) => return Err(Refusal::of("Operation.Conflict")),
        (status, None) => return Err(wrong_state(nic, "Available", status)),
    }
    let instance = known_instance(world, instance, region).ok_or_else(|| Refusal::of("InvalidInstanceId.NotFound"))?;
    check_power(instance)?;
    check_plug(world, nic, instance)?;
    if !same(&nic.vpc_id, &instance.vpc_id) {
        return Err(Refusal::of("InvalidOperation.VpcMismatch"));
    }
    if !same(zone(nic, world), &instance.zone) {
        return Err(Refusal::of("InvalidOperation.AvailabilityZoneMismatch"));
    }
    if let Some(limits) = types::limits(world, &instance.kind) {
        let held = world.nics_of(&instance.id).count();
        if held >= limits.nics {
            return Err(Refusal::of("EniPerInstanceLimitExceeded"));
        }
        if nic.addresses.len() > limits.addresses {
            return Err(Refusal::of("InvalidOperation.Ipv4CountExceeded"));
        }
    }
    let becomes = Becomes::Attached { instance_id: instance.id.clone(), status: "InUse".to_owned() };
    Ok(start(world, &nic.id.clone(), "Attaching", becomes, call.now))
}

/// Deletes a NIC with all its addresses; takes effect later.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("NetworkInterfaceId")?;
    let nic = find(world, region, id, "InvalidEniId.Malformed")?;
    check_refusals(world, nic)?;
    check_owner(nic)?;
    match (nic.status.as_str(), &nic.pending) {
        ("Available" | "Deleting", None) | (_, Some(Pending { becomes: Becomes::Deleted, .. })) => {}
        (_, Some(_)) => return Err(Refusal::of("Operation.Conflict")),
        (status, None) => return Err(wrong_state(nic, "Available", status)),
    }
    if nic.linked {
        return Err(Refusal::of("InvalidOperation.HasSlaveEniBonded"));
    }
    Ok(start(world, &nic.id.clone(), "Deleting", Becomes::Deleted, call.now))
}

/// Begins a transient state, unless it has begun already.
fn start(world: &mut World, nic: &str, status: &str, becomes: Becomes, now: Timestamp) -> Map<String, Value> {
    if world.nic(nic).is_some_and(|nic| nic.pending.is_none()) {
        world.begin(nic, status, becomes, now);
    }
    members([])
}

/// Region, NIC and instance id of a call that names all three.
fn pair<'w>(world: &'w World, call: &'w Call) -> Result<(&'w str, &'w SimNic, &'w str), Refusal> {
    let region = call.region(world)?;
    let instance = call.params.required("InstanceId")?;
    let id = call.params.required("NetworkInterfaceId")?;
    let known = known_instance(world, instance, region).is_some();
    if !known && !well_formed(instance, "i-") {
        return Err(Refusal::of("InvalidInstanceID.Malformed"));
    }
    let nic = find(world, region, id, "InvalidParams.EniId")?;
    if !known && nic.instance_id.as_deref() != Some(instance) {
        return Err(Refusal::of("InvalidInstanceId.NotFound"));
    }
    Ok((region, nic, instance))
}

/// A NIC of this region; one of another region is not found.
fn find<'w>(world: &'w World, region: &str, id: &str, malformed: &str) -> Result<&'w SimNic, Refusal> {
    let found = world.nic(id).filter(|nic| nic.region == region);
    found.ok_or_else(|| Refusal::of(if well_formed(id, "eni-") { "InvalidEniId.NotFound" } else { malformed }))
}

fn known_instance<'w>(world: &'w World, id: &str, region: &str) -> Option<&'w SimInstance> {
    world.instance(id).filter(|instance| instance.region == region)
}

fn instance_of<'w>(world: &'w World, nic: &SimNic) -> Option<&'w SimInstance> {
    known_instance(world, nic.instance_id.as_deref()?, &nic.region)
}

/// What assign and release ask of a NIC and of what it hangs on.
fn check_changeable(world: &World, nic: &SimNic) -> Result<(), Refusal> {
    check_refusals(world, nic)?;
    check_owner(nic)?;
    if !["Primary", "Secondary", "Trunk"].contains(&kind(nic)) {
        return Err(Refusal::of("InvalidOperation.InvalidEniType"));
    }
    if nic.pending.is_some() {
        return Err(Refusal::of("Operation.Conflict"));
    }
    if !["Available", "InUse"].contains(&nic.status.as_str()) {
        return Err(wrong_state(nic, "Available or InUse", &nic.status));
    }
    if nic.instance_id.is_some() {
        let instance = instance_of(world, nic).ok_or_else(|| Refusal::of("InvalidEcsId.NotFound"))?;
        // Vendor: a secondary NIC may change whatever its instance does.
        if nic.primary {
            check_power(instance)?;
        }
    }
    Ok(())
}

/// Reasons that the world states for this NIC, its vSwitch, its security groups, its instance.
fn check_refusals(world: &World, nic: &SimNic) -> Result<(), Refusal> {
    world.refusal_around(nic).map_or(Ok(()), |code| Err(Refusal::of(code)))
}

fn check_owner(nic: &SimNic) -> Result<(), Refusal> {
    if nic.service_managed { Err(Refusal::of("InvalidOperation.EniServiceManaged")) } else { Ok(()) }
}

fn check_linked(nic: &SimNic) -> Result<(), Refusal> {
    match (nic.linked, kind(nic)) {
        (false, _) => Ok(()),
        (true, "Trunk") => Err(Refusal::of("InvalidOperation.HasMemberEniAttached")),
        (true, _) => Err(Refusal::of("InvalidOperation.EniLinked")),
    }
}

fn check_power(instance: &SimInstance) -> Result<(), Refusal> {
    if ["Running", "Stopped"].contains(&instance.status.as_str()) {
        return Ok(());
    }
    let text = format!("The operation is not permitted while the instance is \"{}\".", instance.status);
    Err(Refusal::with("InvalidOperation.InvalidEcsState", text))
}

/// Some NICs, and all NICs of some instance types, can be plugged only while the instance is stopped.
fn check_plug(world: &World, nic: &SimNic, instance: &SimInstance) -> Result<(), Refusal> {
    match world.refusals.get(&instance.kind) {
        _ if instance.status == "Stopped" => Ok(()),
        Some(code) => Err(Refusal::of(code)),
        None if nic.cold_plug_only => Err(Refusal::of("InvalidOperation.EniHotPlugNotSupported")),
        None => Ok(()),
    }
}

fn wrong_state(nic: &SimNic, expected: &str, status: &str) -> Refusal {
    let text = format!(
        "The operation is not allowed in the current ENI state. Expecting status is \"{expected}\" while current \
         status of {} is \"{status}\".",
        nic.id
    );
    Refusal::with("InvalidOperation.InvalidEniState", text)
}

fn unassigned(what: &str) -> Refusal {
    Refusal::with("InvalidIp.IpUnassigned", format!("The specified IP \"{what}\" is not assigned on this ENI."))
}

/// How many addresses may go at once while the NIC is in use: what its instance's type allows, but never fewer than
/// a free NIC's.
fn release_limit(world: &World, nic: &SimNic) -> usize {
    let limits = instance_of(world, nic).and_then(|instance| types::limits(world, &instance.kind));
    limits.map_or(RELEASE_IN_USE, |limits| limits.addresses.clamp(RELEASE_FREE, RELEASE_IN_USE))
}

/// Nothing unknown can differ.
fn same(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// Could the vSwitch have this address?
fn in_subnet(world: &World, nic: &SimNic, ip: IpAddr) -> bool {
    world.subnet(nic).is_none_or(|subnet| subnet.contains(&ip))
}

fn outside(ip: IpAddr) -> Refusal {
    let text = format!("The specified IP \"{ip}\" is not a valid address of the vSwitch.");
    Refusal::with("InvalidVSwitchId.IpInvalid", text)
}

/// Prefixes that are none, of different lengths, or not /28. Vendor: release page, 2024.
fn check_prefixes(texts: &[&str]) -> Result<(), Refusal> {
    let mut length = None;
    for text in texts {
        let net: Ipv4Net = text.parse().map_err(|_| Refusal::of("InvalidIp.IpPrefixIllegal"))?;
        if net.trunc() != net {
            return Err(Refusal::of("InvalidIp.IpPrefixNotStrict"));
        }
        if *length.get_or_insert(net.prefix_len()) != net.prefix_len() {
            return Err(Refusal::of("InvalidIp.IpPrefixMaskNotSame"));
        }
        if net.prefix_len() != 28 {
            return Err(Refusal::of("InvalidIp.IpPrefixMaskInvalid"));
        }
    }
    Ok(())
}
