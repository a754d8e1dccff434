//! Network interfaces as the lists show them. Vendor: `DescribeNetworkInterfaces` and `DescribeNetworkInterfaceAttribute`.

use std::{collections::BTreeMap, net::IpAddr};

use serde_json::{Map, Value, json};

use crate::sim::world::{SimEip, SimNic, World};

use super::{
    Answer, Call,
    codes::Refusal,
    list, members,
    paging::{self, Slice},
};

/// Vendor: a list that is filtered by tag ends after this many.
const TAGGED_MOST: usize = 1000;

/// The zone of a NIC's vSwitch: that of its instance, or of the instances with a NIC in the same vSwitch. Empty where a world file
/// has them in several zones, which no real vSwitch is.
pub(super) fn zone<'w>(nic: &SimNic, world: &'w World) -> &'w str {
    let of = |nic: &SimNic| world.instance(nic.instance_id.as_deref()?).map(|instance| instance.zone.as_str());
    if let Some(zone) = of(nic) {
        return zone;
    }
    let mut beside = world.nics_in(&nic.subnet_id).filter_map(of);
    let first = beside.next().unwrap_or_default();
    if beside.all(|zone| zone == first) { first } else { "" }
}

pub(super) fn describe_network_interfaces(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let region = call.region(world)?;
    let slice = paging::either(call, 500, 1000)?;
    let ids = params.list("NetworkInterfaceId", 100)?;
    let private = params.list("PrivateIpAddress", 100)?;
    let ipv6 = params.list("Ipv6Address", 100)?;
    let tags = params.tags()?;
    let managed = params.flag("ServiceManaged")?;
    let wanted = |name: &str, value: &str| params.get(name).is_none_or(|wanted| wanted == value);
    let among = |list: &[&str], ip: IpAddr| list.contains(&ip.to_string().as_str());
    let mut found: Vec<&SimNic> = world
        .nics()
        .iter()
        .filter(|nic| {
            nic.region == region
                && (ids.is_empty() || ids.contains(&nic.id.as_str()))
                && wanted("InstanceId", nic.instance_id.as_deref().unwrap_or_default())
                && wanted("VpcId", &nic.vpc_id)
                && wanted("VSwitchId", &nic.subnet_id)
                && params.get("PrimaryIpAddress").is_none_or(|wanted| wanted == primary_ip(nic))
                && wanted("NetworkInterfaceName", &nic.name)
                && wanted("Type", kind(nic))
                && wanted("Status", &nic.status)
                && params.get("ResourceGroupId").is_none()
                && managed.is_none_or(|managed| managed == nic.service_managed)
                && (private.is_empty() || nic.addresses.iter().any(|address| among(&private, address.ip)))
                && (ipv6.is_empty() || nic.ipv6.iter().any(|&ip| among(&ipv6, ip)))
                // Vendor: this filter sees secondary NICs only.
                && params.get("SecurityGroupId").is_none_or(|group| {
                    !nic.primary && nic.security_groups.iter().any(|known| known == group)
                })
                && tagged(&tags, &nic.tags)
        })
        .collect();
    if !tags.is_empty() {
        found.truncate(TAGGED_MOST);
    }
    let total = found.len();
    let token = paging::next_token(call, slice, total);
    let page: Vec<Value> = slice.of(found).into_iter().map(|nic| Value::Object(render(nic, world, false))).collect();
    let (total, number, size) = counts(slice, total);
    Ok(members([
        ("NetworkInterfaceSets", list("NetworkInterfaceSet", page)),
        ("NextToken", json!(token)),
        ("TotalCount", json!(total)),
        ("PageNumber", json!(number)),
        ("PageSize", json!(size)),
    ]))
}

pub(super) fn describe_network_interface_attribute(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("NetworkInterfaceId")?;
    let nic = world.nic(id).filter(|nic| nic.region == region);
    let nic = nic.ok_or_else(|| Refusal::of("InvalidEniId.NotFound"))?;
    Ok(render(nic, world, true))
}

/// `TotalCount`, `PageNumber`, `PageSize`. Vendor: they mean nothing when the list is read by token.
pub(super) fn counts(slice: Slice, total: usize) -> (usize, usize, usize) {
    slice.number.map_or((0, 0, 0), |number| (total, number, slice.size))
}

/// Does an object have all these tags?
pub(super) fn tagged(wanted: &[(&str, Option<&str>)], tags: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| tags.get(*key).is_some_and(|found| value.is_none_or(|value| value == found)))
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Value {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    json!({"Tag": tags})
}

/// The vendor's word for a NIC's place on its instance.
pub(super) fn kind(nic: &SimNic) -> &str {
    match (nic.primary, nic.kind.as_str()) {
        (true, _) => "Primary",
        (false, "") => "Secondary",
        (false, kind) => kind,
    }
}

/// The primary private address, or nothing when the NIC has none.
pub(super) fn primary_ip(nic: &SimNic) -> String {
    nic.primary_ip().map_or(String::new(), |ip| ip.to_string())
}

/// A point in the year before 2025 that belongs to this id.
pub(super) fn born(id: &str, format: &str) -> String {
    let hash = id.bytes().fold(17_i64, |hash, byte| (hash * 31 + i64::from(byte)) % 31_536_000);
    let stamp = jiff::Timestamp::from_second(1_704_067_200 + hash).unwrap_or_default();
    stamp.strftime(format).to_string()
}

/// Ids of the NICs that hang on this one: members of a trunk, slaves of a bond. One that the world does not hold gets
/// an id made from this NIC's.
fn hanging(nic: &SimNic, world: &World) -> Vec<String> {
    let hangs = |other: &&SimNic| match kind(nic) {
        "Trunk" => kind(other) == "Member",
        _ => other.linked,
    };
    let beside = nic.instance_id.as_deref().into_iter().flat_map(|instance| world.nics_of(instance));
    let mut found: Vec<String> =
        beside.filter(|other| other.id != nic.id).filter(hangs).map(|other| other.id.clone()).collect();
    if found.is_empty() {
        found.push(format!("{}s", nic.id));
    }
    found
}

/// The members of one NIC; `whole` adds what only the attribute call shows.
fn render(nic: &SimNic, world: &World, whole: bool) -> Map<String, Value> {
    let public = |eip: Option<&SimEip>| match eip {
        Some(eip) => json!({"AllocationId": eip.id, "PublicIpAddress": eip.ip}),
        None => json!({}),
    };
    let main = nic.addresses.iter().find(|address| address.primary);
    let sets: Vec<Value> = nic
        .addresses
        .iter()
        .map(|address| {
            json!({
                "PrivateIpAddress": address.ip,
                "Primary": address.primary,
                "AssociatedPublicIp": public(address.eip.as_ref()),
            })
        })
        .collect();
    let trunk = nic
        .instance_id
        .as_ref()
        .filter(|_| kind(nic) == "Member")
        .and_then(|instance| world.nics_of(instance).find(|other| kind(other) == "Trunk"));
    let mut attachment = Map::new();
    if let Some(trunk) = trunk {
        attachment.insert("TrunkNetworkInterfaceId".to_owned(), json!(trunk.id));
    }
    let prefixes: Vec<Value> = nic.prefixes.iter().map(|range| json!({"Ipv4Prefix": range})).collect();
    let mut out = members([
        ("NetworkInterfaceId", json!(nic.id)),
        ("NetworkInterfaceName", json!(nic.name)),
        ("Description", json!(nic.description)),
        ("Type", json!(kind(nic))),
        ("Status", json!(nic.status)),
        ("MacAddress", json!(nic.mac)),
        ("VpcId", json!(nic.vpc_id)),
        ("VSwitchId", json!(nic.subnet_id)),
        ("ZoneId", json!(zone(nic, world))),
        ("SecurityGroupIds", json!({"SecurityGroupId": nic.security_groups})),
        ("PrivateIpAddress", json!(primary_ip(nic))),
        ("PrivateIpSets", list("PrivateIpSet", sets)),
        ("AssociatedPublicIp", public(main.and_then(|address| address.eip.as_ref()))),
        ("Ipv6Sets", json!({"Ipv6Set": nic.ipv6.iter().map(|ip| json!({"Ipv6Address": ip})).collect::<Vec<_>>()})),
        ("Ipv4PrefixSets", json!({"Ipv4PrefixSet": prefixes})),
        ("Ipv6PrefixSets", json!({"Ipv6PrefixSet": []})),
        ("ServiceManaged", json!(nic.service_managed)),
        ("OwnerId", json!("1234567890123456")),
        ("DeleteOnRelease", json!(nic.primary)),
        ("ResourceGroupId", json!("")),
        ("CreationTime", json!(born(&nic.id, "%Y-%m-%dT%H:%M:%SZ"))),
        ("Tags", tags(&nic.tags)),
        ("NetworkInterfaceTrafficMode", json!(if nic.cold_plug_only { "HighPerformance" } else { "Standard" })),
    ]);
    if nic.service_managed {
        // Vendor: the instance of a NIC that a service owns is not shown. The service's number is beyond 2^53.
        out.insert("ServiceID".to_owned(), json!(9_112_345_678_901_234_i64));
    } else {
        out.insert("InstanceId".to_owned(), json!(nic.instance_id.as_deref().unwrap_or_default()));
    }
    if nic.linked {
        let others = hanging(nic, world);
        if kind(nic) == "Trunk" {
            attachment.insert("MemberNetworkInterfaceIds".to_owned(), json!({"MemberNetworkInterfaceId": others}));
        } else if whole {
            out.insert(
                "SlaveInterfaceSpecification".to_owned(),
                json!({
                    "BondNetworkInterfaceId": nic.id,
                    "SlaveNetworkInterfaceId": others.first(),
                    "WorkState": "Primary",
                }),
            );
        }
    }
    out.insert("Attachment".to_owned(), Value::Object(attachment));
    if whole {
        let tracking = json!({"TcpEstablishedTimeout": 910, "TcpClosedAndTimeWaitTimeout": 3, "UdpTimeout": 30});
        out.insert("ConnectionTrackingConfiguration".to_owned(), tracking);
    }
    out
}
