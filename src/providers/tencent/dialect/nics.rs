//! NICs, their limits, and virtual addresses.
//! Vendor: `DescribeNetworkInterfaces`, `DescribeNetworkInterfaceLimit`, `DescribeHaVips` pages.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::{
    sim::world::{Becomes, SimFloat, SimNic, World},
    wire::sha256_hex,
};

use super::{
    Answer, Call, act,
    codes::Refusal,
    members,
    params::{self, Filter, well_formed},
};

const FILTERS: &[&str] = &[
    "vpc-id",
    "subnet-id",
    "network-interface-id",
    "attachment.instance-id",
    "groups.security-group-id",
    "network-interface-name",
    "network-interface-description",
    "address-ip",
    "ip-exact-match",
    "is-primary",
    "eni-type",
    "eni-qos",
    "address-ipv6",
    "public-address-ip",
    "address-type",
    "tag-key",
    "termination-protection",
    "traffic-protection",
];

pub(super) fn describe_network_interfaces(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let slice = call.params.slice("InvalidParameterValue.LimitExceeded")?;
    let ids = call.params.texts("NetworkInterfaceIds")?;
    if ids.is_some() && call.params.has("Filters") {
        return Err(Refusal::of("InvalidParameter.Coexist"));
    }
    let filters = call.params.filters(FILTERS, 100, params::VPC)?;
    for id in ids.iter().flatten() {
        if world.nic(id).is_none_or(|nic| nic.region != region) {
            // One that is unknown makes the whole call fail.
            let code = if well_formed(id, "eni-") { "ResourceNotFound" } else { "InvalidParameterValue.Malformed" };
            return Err(Refusal::with(code, format!("The network interface `{id}` does not exist.")));
        }
    }
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::of("InvalidParameterValue.LimitExceeded"));
    }
    let exact = filters.iter().any(|filter| filter.name == "ip-exact-match" && filter.values.contains(&"true"));
    let found: Vec<&SimNic> = world
        .nics()
        .iter()
        .filter(|nic| nic.region == region && ids.as_ref().is_none_or(|ids| ids.contains(&nic.id.as_str())))
        .filter(|nic| filters.iter().all(|filter| passes(nic, filter, exact)))
        .collect();
    let total = found.len();
    let page: Vec<Value> = slice.of(found).into_iter().map(|nic| render(nic, world)).collect();
    Ok(members([("TotalCount", json!(total)), ("NetworkInterfaceSet", Value::Array(page))]))
}

fn passes(nic: &SimNic, Filter { name, values }: &Filter, exact: bool) -> bool {
    let any = |value: &str| values.contains(&value);
    let part = |value: &str| values.iter().any(|wanted| value.contains(wanted));
    match *name {
        "vpc-id" => any(&nic.vpc_id),
        "subnet-id" => any(&nic.subnet_id),
        "network-interface-id" => any(&nic.id),
        "attachment.instance-id" => nic.instance_id.as_deref().is_some_and(any),
        "groups.security-group-id" => nic.security_groups.iter().any(|id| any(id)),
        "network-interface-name" => part(&nic.name),
        "network-interface-description" => part(&nic.description),
        "address-ip" => nic.addresses.iter().filter(|address| !address.floating).any(|address| {
            let text = address.ip.to_string();
            // Vendor: one value is a suffix, several are whole addresses.
            match values[..] {
                [one] if !exact => text.ends_with(one),
                _ => any(&text),
            }
        }),
        "is-primary" => any(if nic.primary { "true" } else { "false" }),
        "address-ipv6" => nic.ipv6.iter().any(|ip| any(&ip.to_string())),
        "public-address-ip" => {
            nic.addresses.iter().filter_map(|address| address.eip.as_ref()).any(|eip| any(&eip.ip.to_string()))
        }
        "tag-key" => nic.tags.keys().any(|key| any(key)),
        "ip-exact-match" => true,
        name => match name.strip_prefix("tag:") {
            Some(key) => nic.tags.get(key).is_some_and(|value| any(value)),
            None => false,
        },
    }
}

/// The zone of a NIC: its instance's, else that of another one in its subnet.
pub(super) fn zone<'w>(nic: &SimNic, world: &'w World) -> &'w str {
    let of = |nic: &SimNic| nic.instance_id.as_deref().and_then(|id| world.instance(id)).map(|one| one.zone.as_str());
    let beside = || world.nics_in(&nic.subnet_id).find_map(of);
    of(nic).or_else(beside).unwrap_or_default()
}

/// A point in 2024 that belongs to this id.
pub(super) fn born(id: &str, format: &str) -> String {
    let hash = id.bytes().fold(17_i64, |hash, byte| (hash * 31 + i64::from(byte)) % 31_536_000);
    let stamp = jiff::Timestamp::from_second(1_704_067_200 + hash).unwrap_or_default();
    stamp.strftime(format).to_string()
}

/// The state of an address: `PENDING` and `DELETING` while a task is at it.
fn address_state(nic: &SimNic, ip: IpAddr) -> &'static str {
    match nic.pending.as_ref().map(|pending| &pending.becomes) {
        Some(Becomes::Released { ips, .. }) if ips.contains(&ip) => "DELETING",
        Some(Becomes::Assigned { ips, .. }) if ips.contains(&ip) => "PENDING",
        _ => "AVAILABLE",
    }
}

fn render(nic: &SimNic, world: &World) -> Value {
    let addresses: Vec<Value> = nic
        .addresses
        .iter()
        .filter(|address| !address.floating)
        .map(|address| {
            let eip = address.eip.as_ref();
            let mut out = members([
                ("PrivateIpAddress", json!(address.ip)),
                ("Primary", json!(address.primary)),
                ("PublicIpAddress", json!(eip.map_or(String::new(), |eip| eip.ip.to_string()))),
                ("IsWanIpBlocked", json!(false)),
                ("State", json!(address_state(nic, address.ip))),
                ("Description", json!("")),
                ("QosLevel", json!("DEFAULT")),
            ]);
            // Vendor: absent or empty where there is none.
            match eip {
                Some(eip) => drop(out.insert("AddressId".to_owned(), json!(eip.id))),
                None if address.primary => drop(out.insert("AddressId".to_owned(), json!(""))),
                None => {}
            }
            Value::Object(out)
        })
        .collect();
    let ipv6: Vec<Value> = nic
        .ipv6
        .iter()
        .map(|ip| {
            json!({
                "Address": ip, "Primary": false, "AddressId": "", "Description": "", "IsWanIpBlocked": true,
                "State": "AVAILABLE", "AddressType": "GUA", "PublicIpAddress": "",
            })
        })
        .collect();
    let tags: Vec<Value> = nic.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let attachment = nic.instance_id.as_ref().map(|instance| {
        json!({
            "InstanceId": instance,
            "DeviceIndex": world.nics_of(instance).position(|other| other.id == nic.id).unwrap_or_default(),
            "InstanceAccountId": "251153169",
            "AttachTime": born(&nic.id, "%Y-%m-%d %H:%M:%S"),
        })
    });
    json!({
        "NetworkInterfaceId": nic.id,
        "NetworkInterfaceName": nic.name,
        "NetworkInterfaceDescription": nic.description,
        "VpcId": nic.vpc_id,
        "SubnetId": nic.subnet_id,
        "Zone": zone(nic, world),
        "GroupSet": nic.security_groups,
        "Primary": nic.primary,
        "MacAddress": nic.mac.to_uppercase(),
        // Vendor: `AVAILABLE` for attached and unattached ones alike; only the other member has a word for the difference.
        "State": if act::at_rest(&nic.status) { "AVAILABLE" } else { &nic.status },
        "NetworkInterfaceState": nic.status,
        "PrivateIpAddressSet": addresses,
        "Ipv6AddressSet": ipv6,
        "Attachment": attachment,
        // Vendor: documented as 0 for a secondary one; its own examples show 1.
        "EniType": i32::from(nic.primary || nic.id.len().is_multiple_of(2)),
        "Business": if nic.service_managed { business(nic) } else { "cvm" },
        "AttachType": 0,
        "CdcId": "",
        "ResourceId": "",
        "QosLevel": "DEFAULT",
        "TagSet": tags,
        // Vendor: no zone is given.
        "CreatedTime": born(&nic.id, "%Y-%m-%d %H:%M:%S"),
    })
}

/// Which product a NIC belongs to.
fn business(nic: &SimNic) -> &str {
    if nic.description.is_empty() { "eks" } else { &nic.description }
}

pub(super) fn describe_network_interface_limit(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("InstanceId")?;
    let known = world.instance(id).map(|one| &one.region).or(world.nic(id).map(|nic| &nic.region));
    if known.is_none_or(|place| place != region) {
        return Err(Refusal::of("ResourceNotFound"));
    }
    Ok(members([
        ("EniQuantity", json!(act::NICS_PER_INSTANCE)),
        ("EniPrivateIpAddressQuantity", json!(act::ADDRESSES_PER_NIC)),
        ("ExtendEniQuantity", json!(0)),
        ("ExtendEniPrivateIpAddressQuantity", json!(0)),
        ("SubEniQuantity", json!(0)),
        ("SubEniPrivateIpAddressQuantity", json!(0)),
    ]))
}

/// A virtual address's id in the vendor's form.
pub(super) fn havip_id(float: &SimFloat) -> String {
    if float.id.starts_with("havip-") {
        return float.id.clone();
    }
    format!("havip-{}", sha256_hex(float.id.as_bytes()).get(..8).unwrap_or_default())
}

pub(super) fn describe_ha_vips(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let slice = call.params.slice("InvalidParameterValue.LimitExceeded")?;
    let ids = call.params.texts("HaVipIds")?;
    if ids.is_some() && call.params.has("Filters") {
        return Err(Refusal::of("InvalidParameter.Coexist"));
    }
    let known = &["havip-id", "havip-name", "vpc-id", "subnet-id", "havip-association.instance-id", "vip"];
    let filters = call.params.filters(known, 5, params::VPC)?;
    let passes = |float: &SimFloat| {
        filters.iter().all(|Filter { name, values }| {
            let any = |value: &str| values.contains(&value);
            match *name {
                "havip-id" => any(&havip_id(float)),
                "havip-name" => any(&float.name),
                "vip" => any(&float.ip.to_string()),
                "vpc-id" => any(&float.vpc_id),
                "subnet-id" => any(&float.subnet_id),
                "havip-association.instance-id" => {
                    world.holders(float).any(|nic| any(&nic.id) || nic.instance_id.as_deref().is_some_and(any))
                        || float.instances.iter().any(|id| any(id))
                }
                _ => false,
            }
        })
    };
    let all: Vec<&SimFloat> = world
        .floats()
        .iter()
        .filter(|float| float.region == region)
        .filter(|float| ids.as_ref().is_none_or(|ids| ids.contains(&havip_id(float).as_str())) && passes(float))
        .collect();
    let total = all.len();
    let page: Vec<Value> = slice.of(all).into_iter().map(|float| render_havip(float, world)).collect();
    Ok(members([("TotalCount", json!(total)), ("HaVipSet", Value::Array(page))]))
}

fn render_havip(float: &SimFloat, world: &World) -> Value {
    let id = havip_id(float);
    let holders: Vec<&SimNic> = world.holders(float).collect();
    // The first one has it at the moment.
    let holder = holders.first();
    let entry = |member: &str, kind: &str| json!({"HaVipId": id, "InstanceId": member, "InstanceType": kind});
    let nics = holders.iter().map(|nic| entry(&nic.id, "ENI"));
    let range: Vec<Value> = nics.chain(float.instances.iter().map(|id| entry(id, "CVM"))).collect();
    json!({
        "HaVipId": id,
        "HaVipName": float.name,
        "Vip": float.ip,
        "VpcId": float.vpc_id,
        "SubnetId": float.subnet_id,
        "NetworkInterfaceId": holder.map_or("", |nic| nic.id.as_str()),
        "InstanceId": holder.and_then(|nic| nic.instance_id.as_deref()).unwrap_or_default(),
        "AddressIp": float.eip.as_ref().map_or(String::new(), |eip| eip.ip.to_string()),
        "State": if holder.is_some() { "AVAILABLE" } else { "UNBIND" },
        "CreatedTime": born(&float.id, "%Y-%m-%d %H:%M:%S"),
        "Business": "",
        "HaVipAssociationSet": range,
        "CheckAssociate": true,
        "FlushedTime": "0000-00-00 00:00:00",
        "TagSet": [],
    })
}
