//! The calls that change something, each with its page's preconditions. Vendor: the pages of `UnassignNetworkInterfaceIpv4`,
//! `DetachNetworkInterface`, `AttachNetworkInterface`, `DeleteNetworkInterface`, `BatchAssignNetworkInterfaceIpv4`,
//! `AssociateEipAddress`, `UnassociateEipAddress`.
//!
//! The order in which the service checks isn't documented: parameters, existence, state, then what hangs on the object. A bad
//! address fails the whole call, as documented for assigning.

use std::net::IpAddr;

use serde_json::json;

use crate::{
    domain::time::Timestamp,
    sim::world::{Becomes, SimAddress, SimInstance, SimNic, World},
};

use super::{
    Answer, answer,
    codes::{Refusal, refuse},
    params::{Params, missing, wrong_value},
};

/// NICs on one instance, by one edition of the page; it depends on the instance's size.
const MAX_NICS: usize = 8;
/// Private addresses on one NIC; the number isn't documented.
const MAX_ADDRESSES: usize = 50;

fn find_nic<'a>(world: &'a World, id: &str) -> Result<&'a SimNic, Refusal> {
    let none = || refuse("INVALID_NIC_NOT_FOUND", format!("The network interface {id} does not exist."));
    let nic = world.nic(id).ok_or_else(none)?;
    match world.refusal_around(nic) {
        Some(code) => Err(refuse(code, format!("The network interface {id} is refused."))),
        None => Ok(nic),
    }
}

fn nic_status(nic: &SimNic, allowed: &[&str]) -> Result<(), Refusal> {
    if allowed.contains(&nic.status.as_str()) {
        return Ok(());
    }
    let message = format!("The status {} of the network interface {} does not support this.", nic.status, nic.id);
    Err(refuse("INVALID_NIC_STATUS", message))
}

fn instance_ready(instance: &SimInstance) -> Result<(), Refusal> {
    if instance.status != "RUNNING" {
        let message = format!("The status {} of the instance {} does not support this.", instance.status, instance.id);
        return Err(refuse("OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", message));
    }
    if !instance.agent {
        let message = format!("The pre-check of the instance {} failed: the agent does not answer.", instance.id);
        return Err(refuse("INVALID_INSTANCE_PRECHECK_ABNORMAL", message));
    }
    Ok(())
}

/// The addresses of a call: the list, or the deprecated single one if there is no list.
fn addresses(params: &Params) -> Result<Vec<IpAddr>, Refusal> {
    let texts = match params.texts("ipAddresses")?.filter(|texts| !texts.is_empty()) {
        Some(texts) => texts,
        None => params.text("ipAddress")?.filter(|text| !text.is_empty()).into_iter().collect(),
    };
    texts.iter().map(|text| text.parse().map_err(|_| wrong_value("ipAddresses"))).collect()
}

pub fn unassign(world: &mut World, params: &Params) -> Answer {
    let id = params.required("nicId")?;
    let ips = addresses(params)?;
    if ips.is_empty() {
        return Err(missing("ipAddresses"));
    }
    let nic = find_nic(world, id)?;
    nic_status(nic, &["AVAILABLE", "USED"])?;
    let mut found: Vec<&SimAddress> = Vec::new();
    for ip in &ips {
        // A virtual address is on no NIC's list, so it is not one of the NIC's here.
        let address = nic.address(*ip).filter(|address| !address.floating).ok_or_else(|| {
            refuse("OPERATION_FAILED_RESOURCE_NOT_FOUND", format!("The address {ip} is not on {id}."))
        })?;
        found.push(address);
    }
    if let Some(address) = found.iter().find(|address| address.primary) {
        let message = format!("{} is the default address of the network interface.", address.ip);
        return Err(refuse("INVALID_NIC_PRIMARY_IP_CANT_DETACH", message));
    }
    // The page's note reads: while an elastic IP is on the NIC, none of its addresses can be released.
    if let Some(address) = nic.addresses.iter().find(|address| address.eip.is_some()) {
        let message = format!("An elastic IP is on {} of the network interface.", address.ip);
        return Err(refuse("INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH", message));
    }
    if let Some(address) = found.iter().find(|address| address.lb.is_some()) {
        let message = format!("{} is a backend of a load balancer.", address.ip);
        return Err(refuse("INVALID_NIC_LB_ASSOCIATED", message));
    }
    world.release(id, &ips);
    answer(&json!({}))
}

pub fn detach(world: &mut World, params: &Params, now: Timestamp) -> Answer {
    let id = params.required("nicId")?;
    let nic = find_nic(world, id)?;
    if nic.primary {
        return Err(refuse("INVALID_NIC_PRIMARY_CANT_DETACH", "The primary network interface can't be detached."));
    }
    nic_status(nic, &["USED"])?;
    if let Some(instance) = nic.instance_id.as_deref().and_then(|instance| world.instance(instance)) {
        instance_ready(instance)?;
    }
    if let Some(address) = nic.addresses.iter().find(|address| address.lb.is_some()) {
        let message = format!("{} is a backend of a load balancer.", address.ip);
        return Err(refuse("INVALID_NIC_LB_ASSOCIATED", message));
    }
    world.begin(id, "DETACHING", Becomes::Detached { status: "AVAILABLE".to_owned() }, now);
    answer(&json!({}))
}

pub fn attach(world: &mut World, params: &Params, now: Timestamp) -> Answer {
    let (id, instance_id) = (params.required("nicId")?, params.required("instanceId")?);
    let nic = find_nic(world, id)?;
    let instance = world
        .instance(instance_id)
        .ok_or_else(|| refuse("INVALID_INSTANCE_NOT_FOUND", format!("The instance {instance_id} does not exist.")))?;
    if nic.instance_id.is_some() {
        return Err(refuse("INVALID_NIC_ATTACHED", "The network interface is attached already."));
    }
    nic_status(nic, &["AVAILABLE"])?;
    if nic.region != instance.region {
        return Err(refuse("INVALID_NIC_INSTANCE_REGION_MISMATCH", "They are in different regions."));
    }
    instance_ready(instance)?;
    if world.nics_of(instance_id).count() >= MAX_NICS {
        return Err(refuse("INVALID_INSTANCE_NIC_LIMIT", "The instance has as many network interfaces as it can."));
    }
    let becomes = Becomes::Attached { instance_id: instance_id.to_owned(), status: "USED".to_owned() };
    world.begin(id, "ATTACHING", becomes, now);
    answer(&json!({}))
}

pub fn delete(world: &mut World, params: &Params, now: Timestamp) -> Answer {
    let id = params.required("nicId")?;
    let nic = find_nic(world, id)?;
    if nic.primary {
        return Err(refuse("INVALID_NIC_PRIMARY_CANT_DELETE", "The primary network interface can't be deleted."));
    }
    if nic.status == "USED" || (nic.status == "CREATE_FAILED" && nic.instance_id.is_some()) {
        return Err(refuse("INVALID_NIC_ATTACHED", "The network interface is attached."));
    }
    nic_status(nic, &["AVAILABLE", "CREATE_FAILED"])?;
    world.begin(id, "DELETING", Becomes::Deleted, now);
    answer(&json!({}))
}

pub fn assign(world: &mut World, params: &Params) -> Answer {
    params.required("ipAddress")?;
    batch_assign(world, params)?;
    answer(&json!({}))
}

pub fn batch_assign(world: &mut World, params: &Params) -> Answer {
    let id = params.required("nicId")?;
    let mut ips = addresses(params)?;
    let count = params.count("ipAddressCount", MAX_ADDRESSES as u64)?;
    if ips.is_empty() && count.is_none() {
        return Err(missing("ipAddresses"));
    }
    let nic = find_nic(world, id)?;
    nic_status(nic, &["AVAILABLE", "USED"])?;
    let unsupported = || refuse("OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4", "The subnet has no IPv4 addresses.");
    let Some(ipnet::IpNet::V4(net)) = world.subnet(nic) else { return Err(unsupported()) };
    let gateway = net.hosts().next();
    for ip in &ips {
        let (code, what) = match ip {
            IpAddr::V4(ip) if !net.contains(ip) => ("INVALID_IP_OUT_OF_RANGE", "is not in the subnet"),
            IpAddr::V6(_) => ("INVALID_IP_OUT_OF_RANGE", "is not in the subnet"),
            IpAddr::V4(ip) if *ip == net.network() => ("INVALID_IP_NETWORK_ADDRESS", "is the network's"),
            IpAddr::V4(ip) if *ip == net.broadcast() => ("INVALID_IP_BROADCAST_ADDRESS", "is the broadcast address"),
            IpAddr::V4(ip) if Some(*ip) == gateway => ("INVALID_IP_FIRST_ADDRESS", "is the gateway's"),
            IpAddr::V4(_) if is_taken(world, nic, *ip) => ("INVALID_SUBNET_PRIVATE_IPV4_IN_USED", "is in use"),
            IpAddr::V4(_) => continue,
        };
        return Err(refuse(code, format!("The address {ip} {what}.")));
    }
    let full = || refuse("INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT", "The network interface has too many addresses.");
    if ips.is_empty() {
        let wanted = usize::try_from(count.unwrap_or(0)).map_err(|_| full())?;
        // The first host is the gateway.
        let free = net.hosts().skip(1).map(IpAddr::V4).filter(|ip| !is_taken(world, nic, *ip));
        ips = free.take(wanted).collect();
        if ips.len() < wanted {
            return Err(full());
        }
    }
    if nic.addresses.len() + ips.len() > MAX_ADDRESSES {
        return Err(full());
    }
    world.edit_nic(id, |nic| {
        let new = ips.iter().map(|ip| SimAddress { ip: *ip, primary: false, floating: false, eip: None, lb: None });
        nic.addresses.extend(new);
    });
    answer(&json!({"ipAddresses": ips.iter().map(ToString::to_string).collect::<Vec<_>>()}))
}

fn is_taken(world: &World, nic: &SimNic, ip: IpAddr) -> bool {
    nic.address(ip).is_some() || world.is_taken(&nic.region, &nic.subnet_id, ip)
}

/// 200 with `failedEipIds` when some could not be bound; an error when none could.
pub fn associate_eips(world: &mut World, params: &Params) -> Answer {
    let ids = params.ids("eipIds")?.ok_or_else(|| missing("eipIds"))?;
    let id = params.required("nicId")?;
    let ip: IpAddr = params.required("lanIp")?.parse().map_err(|_| wrong_value("lanIp"))?;
    let nic = find_nic(world, id)?;
    nic_status(nic, &["AVAILABLE", "USED"])?;
    if nic.address(ip).is_none() {
        let message = format!("The address {ip} is not on {id}.");
        return Err(refuse("OPERATION_FAILED_RESOURCE_NOT_FOUND", message));
    }
    let mut failed = Vec::new();
    let mut first = None;
    for eip in &ids {
        let refusal = match (world.eip(eip).is_some(), world.refusals.get(*eip).cloned()) {
            (false, _) => refuse("INVALID_EIP_NOT_FOUND", format!("The elastic IP {eip} does not exist.")),
            (true, Some(code)) => refuse(&code, format!("The elastic IP {eip} is refused.")),
            (true, None) if world.bind_eip(eip, id, ip) => continue,
            (true, None) => {
                let message = format!("The status of the elastic IP {eip} does not support this.");
                refuse("OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", message)
            }
        };
        failed.push(*eip);
        first = first.or(Some(refusal));
    }
    match first {
        Some(refusal) if failed.len() == ids.len() => Err(refusal),
        _ => answer(&json!({"failedEipIds": failed})),
    }
}

/// 200 with `failedEipIds` when some could not be unbound; an error when none could. One that is bound to nothing is no error.
pub fn unassociate_eips(world: &mut World, params: &Params) -> Answer {
    let ids = params.ids("eipIds")?.ok_or_else(|| missing("eipIds"))?;
    let mut failed = Vec::new();
    let mut first = None;
    for id in &ids {
        let refusal = match world.eip(id) {
            None => refuse("INVALID_EIP_NOT_FOUND", format!("The elastic IP {id} does not exist.")),
            Some(view) if view.eip.is_default => {
                refuse("OPERATION_DENIED_EIP_IS_DEFAULT", format!("The elastic IP {id} is a default one."))
            }
            Some(view) => match world.refusals.get(*id) {
                Some(code) => refuse(code, format!("The elastic IP {id} is refused.")),
                None if view.bound.is_none() => continue,
                None => {
                    world.unbind_eip(id);
                    continue;
                }
            },
        };
        failed.push(*id);
        first = first.or(Some(refusal));
    }
    match first {
        Some(refusal) if failed.len() == ids.len() => Err(refusal),
        _ => answer(&json!({"failedEipIds": failed})),
    }
}
