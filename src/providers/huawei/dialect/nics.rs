//! The calls on a server's NICs: the one that unbinds all virtual IPs of a NIC, its counterpart, plug and unplug.
//! Vendor: ECS API reference, "Disassociating a virtual IP address from a NIC", "Deleting NICs in batches", "Adding NICs in batches".
//!
//! The order of checks is not documented: request, existence, what the object belongs to, state.

use serde_json::{Value, json};

use crate::sim::world::{Becomes, SimInstance, SimNic, SimPair, World};

use super::{
    Answer, Call,
    codes::Refusal,
    nothing, ok,
    params::ip,
    ports,
    servers::{self, MAX_NICS},
    uuid,
};

fn invalid(text: &str) -> Refusal {
    Refusal::with("Ecs.0005", text)
}

fn nic<'w>(world: &'w World, call: &Call, id: &str) -> Option<&'w SimNic> {
    world.nic(id).filter(|nic| nic.region == call.region)
}

/// `PUT nics/{id}`: with two empty texts all virtual IPs of the NIC are unbound, with two filled ones this one is bound.
///
/// What unbinding leaves on the virtual IPs' own lists is not documented. Here it takes away what the counterpart would have
/// written, the pair of the NIC's address and MAC, and leaves what others wrote in their own way.
pub(super) fn virtual_ip(world: &mut World, call: &Call) -> Answer {
    let body = call.body.object("nic", "Common.0002", "Ecs.0005")?;
    let text = |name: &str| body[name].as_str().ok_or_else(|| invalid(&format!("{name} must be a string.")));
    let (subnet, address) = (text("subnet_id")?, text("ip_address")?);
    let reverse = match body.get("reverse_binding") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(reverse)) => *reverse,
        Some(_) => return Err(invalid("reverse_binding must be a boolean.")),
    };
    let id = call.route.id;
    super::refused(world, id)?;
    let found = nic(world, call, id).ok_or_else(|| Refusal::of("Ecs.0307"))?;
    if found.instance_id.is_none() {
        return Err(Refusal::of("Ecs.0085"));
    }
    super::refused_around(world, found)?;
    if found.service_managed || world.floats_of(found).any(|float| float.service_managed) {
        return Err(Refusal::of("Ecs.0213"));
    }
    let own = found.primary_ip().ok_or_else(|| Refusal::of("Ecs.0213"))?;
    let written = SimPair { ip: own.to_string(), mac: found.mac.clone() };
    if subnet.is_empty() && address.is_empty() {
        let lists: Vec<(String, Vec<SimPair>)> = world
            .floats_of(found)
            .map(|float| (float.id.clone(), float.pairs.iter().filter(|pair| **pair != written).cloned().collect()))
            .collect();
        world.set_pairs_of_nic(id, Vec::new());
        for (float, list) in lists {
            world.set_pairs_of_float(&float, list);
        }
        return ok(json!({"port_id": id}));
    }
    if subnet.is_empty() || address.is_empty() {
        return Err(invalid("subnet_id and ip_address must both be empty or both be set."));
    }
    let address = ip(address, "Ecs.0005")?;
    if subnet != found.subnet_id {
        return Err(Refusal::of("Ecs.0038"));
    }
    // A world says nothing of a subnet's IPv6 range.
    if address.is_ipv4() && !world.subnet(found).is_none_or(|net| net.contains(&address)) {
        return Err(Refusal::of("Ecs.0039"));
    }
    let (nic, mac) = (found.clone(), found.mac.clone());
    let float = match world.float_of(&nic, address) {
        // Vendor: an IPv6 one is bound to one NIC; with which code a second one is refused is not documented.
        Some(float) if address.is_ipv6() && world.holders(float).any(|other| other.id != nic.id) => {
            return Err(Refusal::of("Ecs.0213"));
        }
        Some(float) => float.clone(),
        None if world.is_taken(&nic.region, &nic.subnet_id, address) => return Err(Refusal::of("Ecs.0010")),
        // Vendor: an address that is not there yet is made.
        None => {
            let float = ports::new_float(&nic, uuid(&format!("port {}", call.request_id)), address);
            world.put_float(float.clone());
            float
        }
    };
    let mut list = nic.pairs.clone();
    if !list.iter().any(|pair| pair.is(address)) {
        list.push(SimPair { ip: address.to_string(), mac });
    }
    world.set_pairs_of_nic(id, list);
    if reverse && !float.names(&nic) {
        let mut list = float.pairs.clone();
        list.push(written);
        world.set_pairs_of_float(&float.id, list);
    }
    ok(json!({"port_id": id}))
}

/// The server of the path, in a state in which its NICs may be changed.
fn ready<'w>(world: &'w World, call: &Call) -> Result<&'w SimInstance, Refusal> {
    let id = call.route.id;
    let instance = servers::find(world, call, id).ok_or_else(|| Refusal::of("Ecs.0114"))?;
    super::refused(world, id)?;
    if instance.locked {
        return Err(Refusal::of("Ecs.0605"));
    }
    if instance.frozen {
        return Err(Refusal::of("Ecs.0030"));
    }
    if !["ACTIVE", "SHUTOFF"].contains(&instance.status.as_str()) || !instance.task.is_empty() {
        let text = format!("The status {} of the server does not allow this operation.", instance.status);
        return Err(Refusal::with("Ecs.0100", text));
    }
    Ok(instance)
}

/// Can this NIC be taken off this server?
fn removable(world: &World, call: &Call, server: &str, id: &str) -> Result<(), Refusal> {
    super::refused(world, id)?;
    let found = nic(world, call, id).filter(|nic| nic.instance_id.as_deref() == Some(server));
    let found = found.ok_or_else(|| Refusal::of("Ecs.0085"))?;
    super::refused_around(world, found)?;
    if found.primary {
        // Vendor: status 403, and no code is documented for it.
        return Err(Refusal::with("Ecs.0507", "The primary NIC can not be deleted.").status(403));
    }
    if found.service_managed {
        return Err(Refusal::with("Ecs.0507", "The NIC belongs to a service."));
    }
    if found.pending.is_some() {
        return Err(Refusal::of("Ecs.0603"));
    }
    if found.status == "BUILD" {
        return Err(Refusal::of("Ecs.0919"));
    }
    Ok(())
}

/// Takes NICs off their server; each is deleted with it unless it was told to stay.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let list = call.body.object("nics", "Common.0002", "Ecs.0005")?;
    let list = list.as_array().filter(|list| !list.is_empty()).ok_or_else(|| invalid("nics is empty."))?;
    let ids: Option<Vec<String>> = list.iter().map(|nic| nic["id"].as_str().map(str::to_owned)).collect();
    let ids = ids.ok_or_else(|| invalid("nics.id is missing."))?;
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() != ids.len() {
        return Err(invalid("nics.id is repeated."));
    }
    let server = ready(world, call)?;
    let (server, running) = (server.id.clone(), server.status == "ACTIVE");
    for id in &ids {
        removable(world, call, &server, id)?;
    }
    let job = job_id(call);
    let names: Vec<&str> =
        ["BatchDeleteServerNics", &server].into_iter().chain(ids.iter().map(String::as_str)).collect();
    world.begin_task(&job, &names, call.now);
    let cold = running && is_any_cold(world, &ids);
    let fails = fails(world, &job, cold, "Ecs.0507");
    for id in &ids {
        unplug(world, id, fails, call);
    }
    ok(json!({"job_id": job}))
}

fn is_any_cold(world: &World, ids: &[String]) -> bool {
    ids.iter().any(|id| world.nic(id).is_some_and(|nic| nic.cold_plug_only))
}

/// Vendor: some flavors can neither plug nor unplug while they run, which only the job tells.
fn fails(world: &mut World, job: &str, cold: bool, code: &str) -> bool {
    let Some(task) = world.tasks.get_mut(job) else { return false };
    if cold {
        task.failure.get_or_insert_with(|| code.to_owned());
    }
    task.failure.is_some()
}

fn unplug(world: &mut World, id: &str, fails: bool, call: &Call) {
    let Some(nic) = world.nic(id) else { return };
    let status = nic.status.clone();
    let becomes = if fails {
        Becomes::Unchanged { status: status.clone() }
    } else if nic.delete_on_detach {
        Becomes::Deleted
    } else {
        Becomes::Detached { status: "DOWN".to_owned() }
    };
    // Vendor: until the job ends the NIC is listed as before.
    world.begin(id, &status, becomes, call.now);
}

/// Nova's way: no job, the port is asked until it is free.
pub(super) fn nova_delete(world: &mut World, call: &Call) -> Answer {
    let server = ready(world, call)?.id.clone();
    removable(world, call, &server, call.route.inner)?;
    unplug(world, call.route.inner, false, call);
    nothing(202)
}

pub(super) fn update_interface(world: &mut World, call: &Call) -> Answer {
    let body = call.body.object("interface_attachment", "Common.0002", "Ecs.0005")?;
    let keep = body["delete_on_termination"].as_bool();
    let delete = keep.ok_or_else(|| invalid("delete_on_termination must be a boolean."))?;
    let server = servers::find(world, call, call.route.id).ok_or_else(|| Refusal::of("Ecs.0114"))?;
    super::refused(world, &server.id)?;
    let id = call.route.inner;
    super::refused(world, id)?;
    let found = nic(world, call, id).filter(|nic| nic.instance_id.as_deref() == Some(call.route.id));
    let found = found.ok_or_else(|| Refusal::of("Ecs.0085"))?;
    super::refused_around(world, found)?;
    if found.delete_on_detach != delete && !world.ignored.contains(call.route.action) {
        world.edit_nic(id, |nic| nic.delete_on_detach = delete);
    }
    nothing(204)
}

/// Plugs NICs: such that are there, or new ones in a network.
pub(super) fn add(world: &mut World, call: &Call) -> Answer {
    let list = call.body.object("nics", "Common.0002", "Ecs.0005")?;
    let list = list.as_array().filter(|list| !list.is_empty()).ok_or_else(|| invalid("nics is empty."))?;
    let server = ready(world, call)?.clone();
    if world.nics_of(&server.id).count() + list.len() > MAX_NICS {
        return Err(Refusal::of("Ecs.0050"));
    }
    let mut ids = Vec::new();
    let mut fresh = Vec::new();
    for (place, wanted) in list.iter().enumerate() {
        if let Some(id) = wanted["port_id"].as_str() {
            super::refused(world, id)?;
            let found = nic(world, call, id).ok_or_else(|| Refusal::of("Ecs.0307"))?;
            super::refused_around(world, found)?;
            if found.instance_id.is_some() || found.status != "DOWN" {
                return Err(Refusal::of("Ecs.0919"));
            }
            if found.vpc_id != server.vpc_id {
                return Err(Refusal::of("Ecs.0014"));
            }
            ids.push(id.to_owned());
            continue;
        }
        let network = wanted["subnet_id"].as_str().ok_or_else(|| invalid("subnet_id is missing."))?;
        let sample = world.nics().iter().find(|nic| nic.subnet_id == network && nic.region == call.region);
        let sample = sample.ok_or_else(|| Refusal::of("Ecs.0038"))?.clone();
        let address = match wanted["ip_address"].as_str().filter(|text| !text.is_empty()) {
            Some(text) => ip(text, "Ecs.0005")?,
            None => ports::free_ip(world, &sample).ok_or_else(|| Refusal::of("Ecs.0012"))?,
        };
        if !world.subnet(&sample).is_none_or(|net| net.contains(&address)) {
            return Err(Refusal::of("Ecs.0039"));
        }
        if ports::is_taken(world, &sample, address) {
            return Err(Refusal::of("Ecs.0010"));
        }
        let groups = wanted["security_groups"].as_array();
        let groups =
            groups.map(|list| list.iter().filter_map(|group| group["id"].as_str()).map(str::to_owned).collect());
        let id = uuid(&format!("port {} {place}", call.request_id));
        // Vendor: NICs that are made by network go with their server.
        fresh.push(SimNic { delete_on_detach: true, ..ports::new_nic(&sample, id.clone(), address, groups) });
        ids.push(id);
    }
    for nic in fresh {
        world.put_nic(nic);
    }
    let job = job_id(call);
    let names: Vec<&str> =
        ["BatchAddServerNics", &server.id].into_iter().chain(ids.iter().map(String::as_str)).collect();
    world.begin_task(&job, &names, call.now);
    let cold = server.status == "ACTIVE" && is_any_cold(world, &ids);
    let good = !fails(world, &job, cold, "Ecs.1002");
    for id in &ids {
        let becomes = if good {
            Becomes::Attached { instance_id: server.id.clone(), status: "ACTIVE".to_owned() }
        } else {
            Becomes::Unchanged { status: "DOWN".to_owned() }
        };
        world.begin(id, "BUILD", becomes, call.now);
    }
    ok(json!({"job_id": job}))
}

fn job_id(call: &Call) -> String {
    let tail: String = call.request_id.chars().skip(4).collect();
    format!("ff80{tail}")
}
