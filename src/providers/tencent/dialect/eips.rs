//! Elastic IPs. Vendor: `DescribeAddresses`, `AssociateAddress`, `DisassociateAddress` pages.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::sim::world::{EipView, World};

use super::{Answer, Call, codes::Refusal, members, params, tasks};

const FILTERS: &[&str] = &[
    "address-id",
    "address-name",
    "address-ip",
    "address-status",
    "instance-id",
    "private-ip-address",
    "network-interface-id",
    "instance-type",
    "address-type",
    "is-arrears",
    "vpc-id",
    "tag-key",
];

pub(super) fn describe_addresses(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let slice = call.params.slice("InvalidParameterValue.LimitExceeded")?;
    let ids = call.params.texts("AddressIds")?;
    let filters = call.params.filters(FILTERS, 100, params::VPC)?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::of("InvalidParameterValue.LimitExceeded"));
    }
    if ids.is_some() && filters.iter().any(|filter| filter.name == "address-id") {
        return Err(Refusal::of("InvalidParameter.Coexist"));
    }
    let here = |id: &str| world.eip(id).is_some_and(|view| view.region == region);
    if ids.iter().flatten().any(|id| !here(id)) {
        return Err(Refusal::of("InvalidAddressId.NotFound"));
    }
    let passes = |view: &EipView| {
        filters.iter().all(|filter| {
            let value = match filter.name {
                "address-id" => view.eip.id.clone(),
                "address-name" => view.eip.name.clone(),
                "address-ip" => view.eip.ip.to_string(),
                "address-status" => status(view).to_owned(),
                "instance-id" => instance(view).unwrap_or_default(),
                "private-ip-address" => private_ip(view).map(|ip| ip.to_string()).unwrap_or_default(),
                "network-interface-id" => view.bound.map(|(nic, _)| nic.id.clone()).unwrap_or_default(),
                "instance-type" => kind(view).unwrap_or_default().to_owned(),
                "address-type" => "EIP".to_owned(),
                "is-arrears" => "false".to_owned(),
                "vpc-id" => view.bound.map(|(nic, _)| nic.vpc_id.clone()).unwrap_or_default(),
                _ => String::new(),
            };
            filter.values.contains(&value.as_str())
        })
    };
    let found: Vec<EipView> = world
        .eips()
        .filter(|view| view.region == region && ids.as_ref().is_none_or(|ids| ids.contains(&view.eip.id.as_str())))
        .filter(passes)
        .collect();
    let total = found.len();
    let page: Vec<Value> = slice.of(found).into_iter().map(render).collect();
    Ok(members([("TotalCount", json!(total)), ("AddressSet", Value::Array(page))]))
}

/// What it is on: an instance, or a virtual address.
fn instance(view: &EipView) -> Option<String> {
    match (view.bound, view.float) {
        (Some((nic, _)), _) => nic.instance_id.clone(),
        (None, Some(float)) => Some(super::nics::havip_id(float)),
        (None, None) => None,
    }
}

fn kind(view: &EipView) -> Option<&'static str> {
    match (view.bound, view.float) {
        (Some((nic, address)), _) => Some(if nic.primary && address.primary { "CVM" } else { "ENI" }),
        (None, Some(_)) => Some("HAVIP"),
        (None, None) => None,
    }
}

fn private_ip(view: &EipView) -> Option<IpAddr> {
    view.bound.map(|(_, address)| address.ip).or_else(|| view.float.map(|float| float.ip))
}

fn status(view: &EipView) -> &'static str {
    match (view.bound, view.float) {
        (Some((nic, _)), _) if nic.instance_id.is_none() => "BIND_ENI",
        (None, None) => "UNBIND",
        _ => "BIND",
    }
}

fn render(view: EipView) -> Value {
    json!({
        "AddressId": view.eip.id,
        "AddressName": view.eip.name,
        "AddressStatus": status(&view),
        "AddressIp": view.eip.ip,
        // Vendor: null when it is bound to nothing.
        "InstanceId": instance(&view),
        "CreatedTime": super::nics::born(&view.eip.id, "%Y-%m-%dT%H:%M:%SZ"),
        "NetworkInterfaceId": view.bound.map(|(nic, _)| nic.id.as_str()),
        "PrivateAddressIp": private_ip(&view),
        "IsArrears": false,
        "IsBlocked": false,
        "IsEipDirectConnection": false,
        "AddressType": "EIP",
        "CascadeRelease": view.eip.dies_unbound,
        "InternetServiceProvider": "BGP",
        "LocalBgp": false,
        "Bandwidth": null,
        "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
        "TagSet": [],
        "InstanceType": kind(&view),
    })
}

/// The number of a task comes as text, and is asked about as a number.
fn begun(world: &mut World, call: &Call, eip: &str) -> (bool, String) {
    let task = tasks::number(world);
    (world.begin_task(&task, &[call.action, eip], call.now), task)
}

/// Binds an EIP. The vendor does it a moment later, this server at once.
pub(super) fn associate(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("AddressId")?;
    if call.params.has("InstanceId") {
        return Err(Refusal::of("InvalidParameter.Coexist"));
    }
    let nic = call.params.required("NetworkInterfaceId")?;
    let ip = call.params.required("PrivateIpAddress")?;
    let ip = ip.parse().map_err(|_| Refusal::of("InvalidParameterValue.Malformed"))?;
    let view = world.eip(id).filter(|view| view.region == region);
    let view = view.ok_or_else(|| Refusal::of("InvalidAddressId.NotFound"))?;
    if status(&view) != "UNBIND" {
        return Err(Refusal::of("UnsupportedOperation.AddressStatusNotPermit"));
    }
    let known = world.nic(nic).filter(|nic| nic.region == region);
    let known = known.ok_or_else(|| Refusal::of("InvalidNetworkInterfaceId.NotFound"))?;
    match known.address(ip) {
        None => return Err(Refusal::of("InvalidParameterValue")),
        Some(address) if address.eip.is_some() => {
            return Err(Refusal::of("InvalidPrivateIpAddress.AlreadyBindEip"));
        }
        Some(_) => {}
    }
    let (good, task) = begun(world, call, id);
    if good {
        world.bind_eip(id, nic, ip);
    }
    Ok(members([("TaskId", json!(task))]))
}

pub(super) fn disassociate(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("AddressId")?;
    let view = world.eip(id).filter(|view| view.region == region);
    let view = view.ok_or_else(|| Refusal::of("InvalidAddressId.NotFound"))?;
    if status(&view) == "UNBIND" {
        return Err(Refusal::of("UnsupportedOperation.AddressStatusNotPermit"));
    }
    let (good, task) = begun(world, call, id);
    if good {
        world.unbind_eip(id);
    }
    Ok(members([("TaskId", json!(task))]))
}
