//! Elastic IPs. Vendor: `DescribeEipAddresses`, `AssociateEipAddress` and `UnassociateEipAddress` pages (VPC).

use serde_json::{Value, json};

use crate::sim::world::{EipView, SimAddress, SimNic, World};

use super::{Answer, Call, codes::Refusal, list, members, paging};

/// What an EIP is bound to, as the vendor names it: an instance by its primary address, a NIC by any other.
fn owner<'w>(nic: &'w SimNic, address: &SimAddress) -> (&'static str, &'w str) {
    match &nic.instance_id {
        Some(instance) if nic.primary && address.primary => ("EcsInstance", instance),
        _ => ("NetworkInterface", &nic.id),
    }
}

pub(super) fn describe_eip_addresses(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let region = call.region(world)?;
    let slice = paging::by_number(params, 10, 100)?;
    let ids = params.commas("AllocationId", 50)?;
    let ips = params.commas("EipAddress", 50)?;
    let wanted = |name: &str, value: &str| params.get(name).is_none_or(|wanted| wanted == value);
    let found: Vec<EipView> = world
        .eips()
        .filter(|view| view.region == region)
        .filter(|EipView { eip, bound, .. }| {
            let (kind, id) = bound.map_or(("", ""), |(nic, address)| owner(nic, address));
            ids.as_ref().is_none_or(|ids| ids.contains(&eip.id.as_str()))
                && ips.as_ref().is_none_or(|ips| ips.contains(&eip.ip.to_string().as_str()))
                && wanted("EipName", &eip.name)
                && wanted("AssociatedInstanceType", kind)
                && wanted("AssociatedInstanceId", id)
                && wanted("Status", status(bound.is_some()))
        })
        .collect();
    let total = found.len();
    let page: Vec<Value> = slice.of(found).into_iter().map(render).collect();
    Ok(members([
        ("EipAddresses", list("EipAddress", page)),
        ("TotalCount", json!(total)),
        ("PageNumber", json!(slice.number)),
        ("PageSize", json!(slice.size)),
    ]))
}

fn status(bound: bool) -> &'static str {
    if bound { "InUse" } else { "Available" }
}

fn render(view: EipView) -> Value {
    let EipView { eip, region, bound, .. } = view;
    let (kind, id) = bound.map_or(("", ""), |(nic, address)| owner(nic, address));
    json!({
        "AllocationId": eip.id,
        "IpAddress": eip.ip,
        "Status": status(bound.is_some()),
        "InstanceType": kind,
        "InstanceId": id,
        "PrivateIpAddress": bound.map_or(String::new(), |(_, address)| address.ip.to_string()),
        "VpcId": bound.map_or("", |(nic, _)| nic.vpc_id.as_str()),
        "RegionId": region,
        "InstanceRegionId": if bound.is_some() { region } else { "" },
        "Name": eip.name,
        // Vendor: misspelt in the answer.
        "Descritpion": "",
        "Mode": "NAT",
        // Vendor: a number in texts here, and a boolean as a number.
        "Bandwidth": "5",
        "ServiceManaged": 0,
        "InternetChargeType": "PayByTraffic",
        "ChargeType": "PostPaid",
        "OperationLocks": {"LockReason": []},
    })
}

/// Binds an EIP to an address of a NIC, or to an instance's own address. The vendor does it a moment later, this server at once.
pub(super) fn associate_eip_address(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let params = &call.params;
    let id = params.required("AllocationId")?;
    let owner = params.required("InstanceId")?;
    let view = world.eip(id).filter(|view| view.region == region);
    let view = view.ok_or_else(|| Refusal::of("InvalidAllocationId.NotFound"))?;
    if view.bound.is_some() {
        return Err(Refusal::of("IncorrectEipStatus"));
    }
    let nic = match params.get("InstanceType").unwrap_or("EcsInstance") {
        "NetworkInterface" => world.nic(owner).ok_or_else(|| Refusal::of("InvalidEniId.NotFound"))?,
        "EcsInstance" => {
            let primary = world.nics_of(owner).find(|nic| nic.primary);
            primary.ok_or_else(|| Refusal::of("InvalidInstanceId.NotFound"))?
        }
        _ => return Err(Refusal::invalid("InstanceType")),
    };
    let ip = match params.get("PrivateIpAddress") {
        Some(text) => text.parse().map_err(|_| Refusal::invalid("PrivateIpAddress"))?,
        None => nic.primary_ip().ok_or_else(|| Refusal::invalid("PrivateIpAddress"))?,
    };
    if nic.address(ip).is_none() {
        return Err(Refusal::invalid("PrivateIpAddress"));
    }
    let nic = nic.id.clone();
    if !world.bind_eip(id, &nic, ip) {
        return Err(Refusal::of("InvalidAssociation.Duplicated"));
    }
    Ok(members([]))
}

/// Frees an EIP. The vendor does it a moment later, this server at once.
pub(super) fn unassociate_eip_address(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("AllocationId")?;
    let view = world.eip(id).filter(|view| view.region == region);
    let view = view.ok_or_else(|| Refusal::of("InvalidAllocationId.NotFound"))?;
    let (nic, address) = view.bound.ok_or_else(|| Refusal::of("IncorrectEipStatus"))?;
    let named = |name: &str, value: &str| call.params.get(name).is_none_or(|wanted| wanted == value);
    if !named("InstanceId", owner(nic, address).1) || !named("PrivateIpAddress", &address.ip.to_string()) {
        return Err(Refusal::of("InvalidAssociation.NotFound"));
    }
    world.unbind_eip(id);
    Ok(members([]))
}
