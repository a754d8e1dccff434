//! Instance types and how many NICs and addresses they allow. Vendor: `DescribeInstanceTypes`, instance families.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sim::world::World;

use super::{Answer, Call, codes::Refusal, members, paging};

/// What a type allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limits {
    /// NICs per instance, the primary one included.
    pub nics: usize,
    /// IPv4 addresses per NIC, the primary one included.
    pub addresses: usize,
}

/// By the size in a type's name. Vendor: the tables of the g7, c7 and r7 families.
const SIZES: &[(&str, Limits)] = &[
    ("small", Limits { nics: 2, addresses: 2 }),
    ("medium", Limits { nics: 2, addresses: 2 }),
    ("large", Limits { nics: 3, addresses: 6 }),
    ("xlarge", Limits { nics: 4, addresses: 15 }),
    ("2xlarge", Limits { nics: 4, addresses: 15 }),
    ("3xlarge", Limits { nics: 8, addresses: 15 }),
    ("4xlarge", Limits { nics: 8, addresses: 30 }),
    ("6xlarge", Limits { nics: 8, addresses: 30 }),
    ("8xlarge", Limits { nics: 8, addresses: 30 }),
    ("16xlarge", Limits { nics: 8, addresses: 30 }),
    ("32xlarge", Limits { nics: 15, addresses: 30 }),
];

/// What is offered besides the types that the world's instances have.
const OFFERED: &[&str] = &["ecs.c7.2xlarge", "ecs.c7.large", "ecs.g7.4xlarge", "ecs.g7.large", "ecs.g7.xlarge"];

/// The limits of a type, never below what the world shows: a world file may hold more than the vendor's tables allow.
pub(super) fn limits(world: &World, kind: &str) -> Option<Limits> {
    let size = kind.strip_prefix("ecs.").and_then(|rest| rest.rsplit('.').next()).unwrap_or_default();
    let table = SIZES.iter().find(|row| row.0 == size).map(|row| row.1);
    let of_kind: Vec<&str> = world
        .instances()
        .iter()
        .filter(|instance| instance.kind == kind)
        .map(|instance| instance.id.as_str())
        .collect();
    let held = |id: &&str| world.nics_of(id).count();
    let largest = |id: &&str| world.nics_of(id).map(|nic| nic.addresses.len()).max();
    let shown = Limits {
        nics: of_kind.iter().map(held).max().unwrap_or_default(),
        addresses: of_kind.iter().filter_map(largest).max().unwrap_or_default(),
    };
    match table {
        Some(table) => {
            Some(Limits { nics: table.nics.max(shown.nics), addresses: table.addresses.max(shown.addresses) })
        }
        None if of_kind.is_empty() => None,
        None => Some(Limits { nics: shown.nics.max(2), addresses: shown.addresses.max(10) }),
    }
}

pub(super) fn describe_instance_types(world: &mut World, call: &Call) -> Answer {
    let asked = call.params.list("InstanceTypes", 10)?;
    let slice = paging::by_token(call, 1, 100, 100)?;
    let family = call.params.get("InstanceTypeFamily");
    let used = world.instances().iter().map(|instance| instance.kind.as_str());
    let all: BTreeSet<&str> = if asked.is_empty() {
        used.chain(OFFERED.iter().copied()).filter(|kind| !kind.is_empty()).collect()
    } else {
        asked.into_iter().collect()
    };
    if all.iter().any(|kind| !kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))) {
        return Err(Refusal::invalid("InstanceTypes.N"));
    }
    let found: Vec<(&str, Limits)> = all
        .into_iter()
        .filter(|kind| family.is_none_or(|family| family_of(kind) == family))
        .filter_map(|kind| Some((kind, limits(world, kind)?)))
        .collect();
    let token = paging::next_token(call, slice, found.len());
    let page: Vec<Value> = slice
        .of(found)
        .into_iter()
        .map(|(kind, limits)| {
            json!({
                "InstanceTypeId": kind,
                "InstanceTypeFamily": family_of(kind),
                "EniQuantity": limits.nics,
                "EniTotalQuantity": limits.nics,
                "EniPrivateIpAddressQuantity": limits.addresses,
                "EniIpv6AddressQuantity": limits.addresses,
                "EniTrunkSupported": limits.nics >= 8,
            })
        })
        .collect();
    Ok(members([("InstanceTypes", json!({"InstanceType": page})), ("NextToken", json!(token))]))
}

/// `ecs.g7` of `ecs.g7.large`.
fn family_of(kind: &str) -> &str {
    kind.rsplit_once('.').map_or(kind, |(family, _)| family)
}
