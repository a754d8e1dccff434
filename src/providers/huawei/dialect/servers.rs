//! Servers and the NICs they have. Vendor: ECS API reference, `ListServersDetails`, `ListServerInterfaces`; Nova's os-interface.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::sim::world::{SimInstance, SimNic, World};

use super::{Answer, Call, codes::Refusal, ok, ports, reply::Family, uuid};

const BORN: &str = "2026-01-02T03:04:05Z";
/// NICs that a server may have.
pub(super) const MAX_NICS: usize = 12;

/// A server of the call's region.
pub(super) fn find<'w>(world: &'w World, call: &Call, id: &str) -> Option<&'w SimInstance> {
    world.instance(id).filter(|instance| instance.region == call.region)
}

/// The zone a server is in; a file that does not say means the region's first.
pub(super) fn zone_of(instance: &SimInstance) -> Cow<'_, str> {
    if instance.zone.is_empty() { format!("{}a", instance.region).into() } else { instance.zone.as_str().into() }
}

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let query = &call.query;
    let limit = query.limit(25, 1000, "Ecs.0005")?;
    let here = || world.instances().iter().filter(|instance| instance.region == call.region);
    if let Some(ids) = query.get("server_id") {
        let rows = ids.split(',').map(|id| match find(world, call, id) {
            Some(instance) => server(world, instance),
            // Vendor: an id that does not exist comes back as a row that says so.
            None => unknown(id),
        });
        let rows: Vec<Value> = rows.collect();
        return ok(json!({"count": rows.len(), "servers": rows}));
    }
    let takes = |instance: &&SimInstance| {
        query.get("name").is_none_or(|name| instance.name.contains(name))
            && query.get("status").is_none_or(|status| instance.status == status)
            && query.get("flavor").is_none_or(|flavor| instance.kind.contains(flavor))
            && query.get("ip_eq").is_none_or(|ip| own_ips(world, instance).any(|own| own == ip))
            && query.get("ip").is_none_or(|ip| own_ips(world, instance).any(|own| own.contains(ip)))
    };
    let found: Vec<&SimInstance> = here().filter(takes).collect();
    let from = match (query.get("marker"), query.get("offset")) {
        (Some(marker), _) => {
            let at = found.iter().position(|instance| instance.id == marker);
            at.map(|at| at + 1).ok_or_else(|| Refusal::with("Ecs.0005", "marker is invalid."))?
        }
        (None, None) => 0,
        (None, Some(offset)) => {
            let number: usize = offset.parse().map_err(|_| Refusal::with("Ecs.0005", "offset is invalid."))?;
            number.max(1).saturating_sub(1).saturating_mul(limit)
        }
    };
    let count = found.len();
    let page: Vec<Value> = found.into_iter().skip(from).take(limit).map(|instance| server(world, instance)).collect();
    // Not by the macro, which would copy every row.
    let members = [("count".to_owned(), json!(count)), ("servers".to_owned(), Value::Array(page))];
    ok(Value::Object(Map::from_iter(members)))
}

fn own_ips<'w>(world: &'w World, instance: &SimInstance) -> impl Iterator<Item = String> + use<'w> {
    world.nics_of(&instance.id).filter_map(SimNic::primary_ip).map(|ip| ip.to_string())
}

pub(super) fn show(world: &World, call: &Call) -> Answer {
    super::refused(world, call.route.id)?;
    let instance = find(world, call, call.route.id).ok_or_else(|| Refusal::of("Ecs.0114"))?;
    ok(json!({"server": server(world, instance)}))
}

fn unknown(id: &str) -> Value {
    let mut row: Map<String, Value> =
        ["name", "status", "flavor", "metadata", "addresses", "locked", "created", "OS-EXT-STS:task_state"]
            .iter()
            .map(|name| ((*name).to_owned(), Value::Null))
            .collect();
    row.insert("id".to_owned(), json!(id));
    row.insert("fault".to_owned(), json!({"code": 404, "message": "The server does not exist."}));
    Value::Object(row)
}

fn server(world: &World, instance: &SimInstance) -> Value {
    let nics: Vec<&SimNic> = world.nics_of(&instance.id).filter(|nic| nic.region == instance.region).collect();
    // Virtual addresses are not among them.
    let address = |nic: &&SimNic| {
        let mut rows = Vec::new();
        let mut put = |ip: String, version: &str, kind: &str, primary: bool| {
            rows.push(json!({
                "addr": ip, "version": version, "OS-EXT-IPS:type": kind, "OS-EXT-IPS:port_id": nic.id,
                "OS-EXT-IPS-MAC:mac_addr": nic.mac, "primary": primary,
            }));
        };
        for own in nic.addresses.iter().filter(|address| address.primary) {
            put(own.ip.to_string(), "4", "fixed", nic.primary);
            if let Some(eip) = &own.eip {
                put(eip.ip.to_string(), "4", "floating", false);
            }
        }
        for ip in nic.ipv6.iter().take(1) {
            put(ip.to_string(), "6", "fixed", false);
        }
        rows
    };
    let addresses: Vec<Value> = nics.iter().flat_map(address).collect();
    let settled = ["ACTIVE", "SHUTOFF", "ERROR"].contains(&instance.status.as_str());
    let task = match instance.task.as_str() {
        "" if settled => Value::Null,
        "" => json!(instance.status.to_ascii_lowercase()),
        task => json!(task),
    };
    let mut row = json!({
        "id": instance.id, "name": instance.name, "status": instance.status, "tenant_id": call_project(world, instance),
        "OS-EXT-AZ:availability_zone": zone_of(instance),
        "flavor": {"id": instance.kind, "name": instance.kind, "disk": "0", "vcpus": "4", "ram": "8192"},
        "metadata": {"vpc_id": instance.vpc_id, "charging_mode": "0", "os_type": "Linux"},
        "locked": instance.locked,
        "addresses": {(&*instance.vpc_id): addresses},
        "OS-EXT-STS:vm_state": instance.status.to_ascii_lowercase(),
        "OS-EXT-STS:task_state": task,
        "OS-EXT-STS:power_state": if instance.status == "ACTIVE" { 1 } else { 4 },
        "key_name": null, "host_status": "UP", "description": "",
        "created": BORN, "updated": BORN, "OS-SRV-USG:launched_at": "2026-01-02T03:04:20.000000",
        "OS-SRV-USG:terminated_at": null, "enterprise_project_id": "0", "config_drive": "", "fault": null,
        "tags": instance.tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>(),
    });
    let interfaces = nics.iter().map(|nic| {
        json!({
            "port_id": nic.id, "primary": nic.primary, "subnet_id": nic.subnet_id,
            "ip_addresses": nic.primary_ip().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "ipv6_addresses": nic.ipv6.iter().take(1).map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    if instance.frozen {
        row["metadata"]["EcmResStatus"] = json!("freeze");
    }
    row["network_interfaces"] = Value::Array(interfaces.collect());
    row
}

fn call_project(world: &World, instance: &SimInstance) -> String {
    super::iam::project_of(world, &instance.region)
}

/// Vendor: `delete_on_termination` is told by the service's own call only, not by Nova's.
pub(super) fn interfaces(world: &World, call: &Call) -> Answer {
    let nova = call.route.family == Family::Nova;
    super::refused(world, call.route.id)?;
    let missing = || if nova { Refusal::of("Ecs.0114") } else { Refusal::of("Ecs.0307") };
    let instance = find(world, call, call.route.id).ok_or_else(missing)?;
    let nics: Vec<&SimNic> = world.nics_of(&instance.id).filter(|nic| nic.region == call.region).collect();
    let rows = nics.iter().map(|nic| {
        let fixed = nic.primary_ip().into_iter().chain(nic.ipv6.first().copied());
        let fixed: Vec<Value> = fixed
            .map(|ip| json!({"subnet_id": uuid(&format!("{} {}", ports::cidr_key(ip), nic.subnet_id)), "ip_address": ip}))
            .collect();
        let mut row = json!({
            "port_id": nic.id, "port_state": nic.status, "net_id": nic.subnet_id, "mac_addr": nic.mac, "fixed_ips": fixed,
        });
        if !nova {
            row["delete_on_termination"] = json!(nic.delete_on_detach);
            for name in ["driver_mode", "min_rate", "multiqueue_num", "pci_address"] {
                row[name] = Value::Null;
            }
        }
        row
    });
    let rows: Vec<Value> = rows.collect();
    let mut body = json!({"interfaceAttachments": rows});
    if !nova {
        body["attachableQuantity"] = json!({"free_nic": MAX_NICS.saturating_sub(nics.len())});
    }
    ok(body)
}
