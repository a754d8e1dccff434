//! Worlds with addresses that nothing hangs on, so that all but the primary ones can go.

use std::{collections::BTreeSet, net::IpAddr};

use nicdeck::{
    providers::provider::Provider,
    sim::{dialect::ObjectKind, world::World},
};
use serde_json::json;

/// So many NICs with so many addresses each, of the cloud with that number. NIC and address of each one that can go are added to
/// `targets`.
pub fn world(
    cloud: &dyn Provider,
    nth: usize,
    (count, each): (usize, usize),
    targets: &mut BTreeSet<(String, IpAddr)>,
) -> World {
    let dialect = cloud.dialect();
    let words = dialect.vocabulary();
    let id = |kind, number: usize| (words.id)(kind, number as u64 + 1);
    let (vpc, subnet, group) = (id(ObjectKind::Vpc, 0), id(ObjectKind::Subnet, 0), id(ObjectKind::SecurityGroup, 0));
    let (mut instances, mut nics) = (Vec::new(), Vec::new());
    for place in 0..count {
        let (instance, nic) = (id(ObjectKind::Instance, place), id(ObjectKind::Nic, place));
        let mut addresses = vec![json!({ "ip": format!("10.{nth}.{place}.10"), "primary": true })];
        for own in 0..each {
            let ip = format!("10.{nth}.{place}.{}", 11 + own);
            targets.insert((nic.clone(), ip.parse().unwrap()));
            addresses.push(json!({ "ip": ip, "virtual": !words.secondaries }));
        }
        instances
            .push(json!({ "id": instance, "name": format!("vm-{place}"), "status": words.running, "vpc_id": vpc }));
        nics.push(json!({
            "id": nic, "name": format!("nic-{place}"), "instance_id": instance, "primary": true, "status": words.attached,
            "subnet_id": subnet, "vpc_id": vpc, "security_groups": [group], "addresses": addresses,
        }));
    }
    let file = json!({
        "provider": words.provider, "region": words.regions[0].0, "project_id": words.project_id,
        "instances": instances, "nics": nics, "subnets": [{ "id": subnet, "cidr": format!("10.{nth}.0.0/16") }],
    });
    World::parse(&[("plain", &file.to_string())]).unwrap()
}

/// Has the NIC this address, as one of its own or as a virtual one?
pub fn is_there(world: &World, (nic, ip): &(String, IpAddr)) -> bool {
    world.nic(nic).is_some_and(|nic| nic.address(*ip).is_some() || world.floats_of(nic).any(|float| float.ip == *ip))
}
