//! EIPs. Vendor: EIP API reference, v3 `ListPublicips`, v1 `UpdatePublicip`.

use serde_json::{Value, json};

use crate::sim::world::{EipView, SimNic, World};

use super::{Answer, Call, codes::Refusal, ok, params::page};

/// The port that an EIP is bound to.
fn port_of<'w>(view: &EipView<'w>) -> Option<&'w str> {
    match (view.bound, view.float) {
        (Some((nic, _)), _) => Some(&nic.id),
        (None, Some(float)) => Some(&float.id),
        (None, None) => None,
    }
}

fn row(view: &EipView) -> Value {
    let vnic = match (view.bound, view.float) {
        (Some((nic, address)), _) => json!({
            "port_id": nic.id, "private_ip_address": address.ip, "device_id": nic.instance_id.as_deref().unwrap_or_default(),
            "device_owner": if nic.instance_id.is_some() { "compute:" } else { "" }, "vpc_id": nic.vpc_id, "mac": nic.mac,
            "instance_id": "", "instance_type": "",
        }),
        // Vendor: an EIP on a virtual IP names that port, and no server.
        (None, Some(float)) => json!({
            "port_id": float.id, "private_ip_address": float.ip, "device_id": "", "device_owner": if float.reserved { "" } else { "neutron:VIP_PORT" },
            "vpc_id": float.vpc_id, "mac": float.mac, "instance_id": "", "instance_type": "",
        }),
        (None, None) => Value::Null,
    };
    let bound = port_of(view);
    json!({
        "id": view.eip.id, "public_ip_address": view.eip.ip, "alias": view.eip.name, "type": "EIP", "ip_version": 4,
        "status": if bound.is_some() { "ACTIVE" } else { "DOWN" }, "vnic": vnic, "publicip_pool_name": "5_bgp",
        "associate_instance_type": bound.map(|_| "PORT"), "associate_instance_id": bound, "enterprise_project_id": "0",
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z", "tags": [],
    })
}

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let query = &call.query;
    let limit = query.limit(500, 2000, "EIP.7904")?;
    let private = |view: &EipView| {
        let ip = view.bound.map(|(_, address)| address.ip).or(view.float.map(|float| float.ip));
        ip.map(|ip| ip.to_string()).unwrap_or_default()
    };
    let takes = |view: &EipView| {
        let device = view.bound.and_then(|(nic, _)| nic.instance_id.as_deref()).unwrap_or_default();
        query.takes("id", &view.eip.id)
            && query.takes("public_ip_address", &view.eip.ip.to_string())
            && query.takes("vnic.port_id", port_of(view).unwrap_or_default())
            && query.takes("vnic.device_id", device)
            && query.takes("vnic.private_ip_address", &private(view))
    };
    let rows: Vec<(String, EipView)> = world
        .eips()
        .filter(|view| view.region == call.region && takes(view))
        .map(|view| (view.eip.id.clone(), view))
        .collect();
    let total = rows.len();
    let (rows, next) = page(rows, query, limit, "EIP.7904")?;
    let mut rows: Vec<Value> = rows.iter().map(row).collect();
    // Vendor: that `vnic.port_id` is the virtual IP's port is promised; that its kind is told is not.
    if query.all("vnic.private_ip_address").is_some() {
        for vnic in rows.iter_mut().filter_map(|row| row["vnic"].as_object_mut()) {
            if vnic.get("device_owner").is_some_and(|owner| owner == "neutron:VIP_PORT") {
                vnic.remove("device_owner");
            }
        }
    }
    if let Some(fields) = query.all("fields") {
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|name, _| fields.contains(&name.as_str()));
        }
    }
    let mut info = json!({"current_count": rows.len()});
    if let Some(next) = next {
        info["next_marker"] = json!(next);
    }
    ok(json!({"publicips": rows, "page_info": info, "total_count": total}))
}

/// Binds an EIP to a port, or frees it where no port is named.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let body = call.body.object("publicip", "VPC.2500", "VPC.2500")?;
    let id = call.route.id;
    super::refused(world, id)?;
    let view = world.eip(id).filter(|view| view.region == call.region).ok_or_else(|| Refusal::of("VPC.0504"))?;
    let bound = port_of(&view).map(str::to_owned);
    let port = body["port_id"].as_str().filter(|port| !port.is_empty());
    match port {
        None => {
            world.unbind_eip(id);
        }
        Some(port) if bound.as_deref() == Some(port) => {}
        Some(_) if bound.is_some() => return Err(Refusal::with("VPC.0511", "The EIP is bound to another port.")),
        Some(port) => {
            let own = world.nic(port).and_then(SimNic::primary_ip);
            let good = match own {
                Some(ip) => world.bind_eip(id, port, ip),
                None if world.float(port).is_some() => world.bind_free_eip_to_float(id, port),
                None => return Err(Refusal::with("VPC.2502", format!("Port {port} could not be found."))),
            };
            if !good {
                return Err(Refusal::of("VPC.0511"));
            }
        }
    }
    let view = world.eip(id).ok_or_else(|| Refusal::of("VPC.0504"))?;
    let mut row = json!({
        "id": id, "status": "ACTIVE", "type": "5_bgp", "public_ip_address": view.eip.ip, "create_time": "2026-01-02 03:04:05",
        "tenant_id": call.project, "bandwidth_size": 5, "ip_version": 4, "enterprise_project_id": "0",
    });
    // Vendor: absent on an EIP that is not bound.
    if let Some(port) = port_of(&view) {
        row["port_id"] = json!(port);
    } else {
        row["status"] = json!("DOWN");
    }

    ok(json!({"publicip": row}))
}
