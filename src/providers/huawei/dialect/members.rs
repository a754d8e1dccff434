//! Load balancer backends, all in one list. Vendor: ELB v3 API reference, `ListAllMembers`.

use serde_json::{Value, json};

use crate::sim::world::World;

use super::{Answer, Call, ok, params::page, ports::subnet_of, uuid};

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let query = &call.query;
    let limit = query.limit(2000, 2000, "ELB.8902")?;
    let mut rows: Vec<(String, Value)> = Vec::new();
    let mut put = |balancer: &str, address: String, network: &str, instance: &str| {
        let port = world.load_balancer(balancer).map_or(80, |balancer| balancer.port);
        let id = uuid(&format!("member {balancer} {network} {address}"));
        // Vendor: one that was added by its address tells neither a subnet nor a server.
        let bare = world.load_balancer(balancer).is_some_and(|balancer| balancer.kind == "ip");
        let instance = if bare { "" } else { instance };
        let kind = if instance.is_empty() { "ip" } else { "instance" };
        let range = if bare { Value::Null } else { json!(subnet_of(network)) };
        let row = json!({
            "id": id, "name": "", "address": address, "protocol_port": port, "weight": 1, "admin_state_up": true,
            "pool_id": uuid(&format!("pool {balancer}")), "operating_status": "ONLINE", "subnet_cidr_id": range,
            "member_type": kind, "instance_id": instance, "ip_version": "v4", "project_id": call.project,
            "loadbalancer_id": balancer, "loadbalancers": [{"id": balancer}],
        });
        rows.push((id, row));
    };
    for balancer in world.load_balancers().filter(|balancer| balancer.region == call.region) {
        for (nic, address) in world.backends(&balancer.id) {
            put(&balancer.id, address.ip.to_string(), &nic.subnet_id, nic.instance_id.as_deref().unwrap_or_default());
        }
    }
    for float in world.floats().iter().filter(|float| float.region == call.region) {
        if let Some(balancer) = &float.lb {
            put(balancer, float.ip.to_string(), &float.subnet_id, "");
        }
    }
    rows.retain(|(_, row)| {
        ["address", "id", "pool_id", "member_type", "instance_id", "loadbalancer_id"]
            .iter()
            .all(|name| query.takes(name, row[*name].as_str().unwrap_or_default()))
    });
    let (rows, next) = page(rows, query, limit, "ELB.8902")?;
    let mut info = json!({"current_count": rows.len()});
    if let Some(next) = next {
        info["next_marker"] = json!(next);
    }
    ok(json!({"members": rows, "page_info": info}))
}
