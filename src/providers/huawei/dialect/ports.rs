//! Ports of a VPC: NICs, virtual IPs, and those of the cloud's own services. Vendor: VPC API reference, ports v1 and v2.0; the two
//! differ in their envelope only.

use std::{borrow::Cow, net::IpAddr};

use serde_json::{Value, json};

use crate::sim::world::{SimAddress, SimFloat, SimNic, SimPair, World};

use super::{
    Answer, Call,
    codes::Refusal,
    done, nothing, ok,
    params::{self, page},
    reply::Family,
    servers, uuid,
};

const VIP: &str = "neutron:VIP_PORT";

/// Which of a network's two subnets an address lies in.
pub(super) fn cidr_key(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "v4" } else { "v6" }
}

fn neutron_subnet(network: &str, ip: IpAddr) -> String {
    uuid(&format!("{} {network}", cidr_key(ip)))
}

/// The subnet of an address as ELB and `fixed_ips` name it.
pub(super) fn subnet_of(nic_network: &str) -> String {
    uuid(&format!("v4 {nic_network}"))
}

/// A port of any kind.
enum Port<'w> {
    Nic(&'w SimNic),
    Float(&'w SimFloat),
    /// The network's own.
    Dhcp(&'w SimNic),
}

impl<'w> Port<'w> {
    fn id(&self) -> Cow<'w, str> {
        match self {
            Port::Nic(nic) => nic.id.as_str().into(),
            Port::Float(float) => float.id.as_str().into(),
            Port::Dhcp(nic) => dhcp_id(&nic.subnet_id).into(),
        }
    }

    fn network(&self) -> &'w str {
        match self {
            Port::Nic(nic) | Port::Dhcp(nic) => &nic.subnet_id,
            Port::Float(float) => &float.subnet_id,
        }
    }

    fn owner(&self, world: &World) -> Cow<'static, str> {
        match self {
            // Vendor: a reserved address has none.
            Port::Float(float) => if float.reserved { "" } else { VIP }.into(),
            Port::Dhcp(_) => "network:dhcp".into(),
            Port::Nic(nic) => match &nic.instance_id {
                None => "".into(),
                Some(instance) => {
                    let zone = world.instance(instance).map(|instance| servers::zone_of(instance).into_owned());
                    format!("compute:{}", zone.unwrap_or_else(|| format!("{}a", nic.region))).into()
                }
            },
        }
    }
}

fn dhcp_id(network: &str) -> String {
    uuid(&format!("dhcp {network}"))
}

/// All ports of the region. Every network has one for DHCP, which belongs to the cloud.
fn ports<'w>(world: &'w World, region: &'w str) -> impl Iterator<Item = Port<'w>> {
    let mut networks = std::collections::HashSet::new();
    let nics = world.nics().iter().filter(move |nic| nic.region == region);
    let dhcp = nics.clone().filter(move |nic| networks.insert(nic.subnet_id.as_str()));
    let floats = world.floats().iter().filter(move |float| float.region == region);
    nics.map(Port::Nic).chain(floats.map(Port::Float)).chain(dhcp.map(Port::Dhcp))
}

fn find<'w>(world: &'w World, call: &Call) -> Result<Port<'w>, Refusal> {
    let id = call.route.id;
    super::refused(world, id)?;
    let nic = world.nic(id).filter(|nic| nic.region == call.region).map(Port::Nic);
    let float = || world.float(id).filter(|float| float.region == call.region).map(Port::Float);
    nic.or_else(float).ok_or_else(|| Refusal::with("VPC.2502", format!("Port {id} could not be found.")))
}

fn pairs(pairs: &[SimPair]) -> Vec<Value> {
    pairs.iter().map(|pair| json!({"ip_address": pair.ip, "mac_address": pair.mac})).collect()
}

fn fixed(network: &str, ip: IpAddr) -> Value {
    json!({"subnet_id": neutron_subnet(network, ip), "ip_address": ip})
}

fn show_port(world: &World, call: &Call, port: &Port) -> Value {
    let (network, mac) = match port {
        Port::Nic(nic) => (&nic.subnet_id, nic.mac.clone()),
        Port::Float(float) => (&float.subnet_id, float.mac.clone()),
        Port::Dhcp(nic) => (&nic.subnet_id, String::new()),
    };
    let mut row = json!({
        "id": port.id(), "name": "", "status": "DOWN", "admin_state_up": true, "network_id": network, "tenant_id": call.project,
        "mac_address": mac, "fixed_ips": [], "device_id": "", "device_owner": port.owner(world), "security_groups": [],
        "allowed_address_pairs": [], "binding:vif_details": {}, "binding:vnic_type": "normal", "binding:profile": {},
        "extra_dhcp_opts": [], "instance_id": "", "instance_type": "", "port_security_enabled": true, "dns_name": "",
        "dns_assignment": [], "zone_id": "", "enable_efi": false,
    });
    match port {
        Port::Nic(nic) => {
            let own = nic.primary_ip().into_iter().chain(nic.ipv6.first().copied());
            row["fixed_ips"] = own.map(|ip| fixed(network, ip)).collect();
            row["name"] = json!(nic.name);
            row["status"] = json!(nic.status);
            row["security_groups"] = json!(nic.security_groups);
            row["allowed_address_pairs"] = Value::Array(pairs(&nic.pairs));
            if let Some(instance) = &nic.instance_id {
                row["device_id"] = json!(instance);
                row["binding:vif_details"] = if nic.primary { json!({"primary_interface": true}) } else { json!({}) };
            }
            // Of one of another kind it is not told whether it is the primary one.
            if !nic.kind.is_empty()
                && let Some(members) = row.as_object_mut()
            {
                members.remove("binding:vif_details");
            }
            if nic.service_managed {
                row["instance_type"] = json!(if nic.description.is_empty() { "RDS" } else { &nic.description });
                row["instance_id"] = json!(uuid(&format!("service of {}", nic.id)));
                // A server that the account does not see.
                row["device_id"] = json!(uuid(&format!("server of {}", nic.id)));
            }
        }
        Port::Float(float) => {
            row["fixed_ips"] = json!([fixed(network, float.ip)]);
            row["name"] = json!(float.name);
            // Vendor: text in the documents' samples of v1.
            row["admin_state_up"] = if call.route.family == Family::Vpc { json!("true") } else { json!(true) };
            row["allowed_address_pairs"] = Value::Array(pairs(&float.pairs));
            if float.service_managed {
                row["instance_type"] = json!("RDS");
                row["instance_id"] = json!(uuid(&format!("service of {}", float.id)));
            }
        }
        Port::Dhcp(_) => {
            row["status"] = json!("ACTIVE");
            row["device_id"] = json!(format!("dhcp{network}"));
        }
    }
    if call.route.family == Family::Neutron {
        row["project_id"] = json!(call.project);
        row["created_at"] = json!("2026-01-02T03:04:05");
        row["updated_at"] = json!("2026-01-02T03:04:05");
    }
    row
}

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let query = &call.query;
    let limit = query.limit(2000, 2000, "VPC.2500")?;
    let wanted_fixed = query.all("fixed_ips").unwrap_or_default();
    let (ids, networks, owners) = (query.all("id"), query.all("network_id"), query.all("device_owner"));
    let is_in = |wanted: &Option<Vec<&str>>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(&value));
    // The common filters without making a row of each port.
    let takes = |port: &Port| {
        is_in(&networks, port.network())
            && (owners.is_none() || is_in(&owners, &port.owner(world)))
            && (ids.is_none() || is_in(&ids, &port.id()))
    };
    let rest = |row: &Value| {
        ["name", "mac_address", "device_id", "status"]
            .iter()
            .all(|name| query.takes(name, row[*name].as_str().unwrap_or_default()))
            && wanted_fixed.iter().all(|wanted| {
                let (name, value) = wanted.split_once('=').unwrap_or((wanted, ""));
                row["fixed_ips"].as_array().is_some_and(|ips| ips.iter().any(|ip| ip[name] == value))
            })
    };
    let filtered =
        ["name", "mac_address", "device_id", "status", "fixed_ips"].iter().any(|name| query.get(name).is_some());
    let rows: Vec<(Cow<str>, Port)> = ports(world, &call.region)
        .filter(takes)
        .filter(|port| !filtered || rest(&show_port(world, call, port)))
        .map(|port| (port.id(), port))
        .collect();
    let (rows, next) = page(rows, query, limit, "VPC.2500")?;
    let rows: Vec<Value> = rows.iter().map(|port| show_port(world, call, port)).collect();
    // Not by the macro, which would copy every row.
    let mut body = Value::Object(serde_json::Map::from_iter([("ports".to_owned(), Value::Array(rows))]));
    if let (Family::Neutron, Some(marker)) = (call.route.family, next) {
        // Vendor: the host may be one that only the cloud itself can reach.
        let href = format!("https://vpc.internal.invalid/v2.0/ports?limit={limit}&marker={marker}");
        body["ports_links"] = json!([{"rel": "next", "href": href}]);
    }
    ok(body)
}

pub(super) fn show(world: &World, call: &Call) -> Answer {
    let port = find(world, call)?;
    ok(json!({"port": show_port(world, call, &port)}))
}

pub(super) fn subnets(world: &World, call: &Call) -> Answer {
    let limit = call.query.limit(2000, 2000, "VPC.2204")?;
    let mut seen = std::collections::BTreeSet::new();
    let rows = world
        .nics()
        .iter()
        .filter(|nic| nic.region == call.region && seen.insert(nic.subnet_id.as_str()))
        .filter(|nic| call.query.takes("vpc_id", &nic.vpc_id))
        .map(|nic| (nic.subnet_id.clone(), nic))
        .collect();
    let (rows, _) = page(rows, &call.query, limit, "VPC.2204")?;
    let rows = rows.iter().map(|nic| {
        let cidr = world.subnet(nic).map(|cidr| cidr.to_string()).unwrap_or_default();
        json!({
            "id": nic.subnet_id, "name": "subnet", "cidr": cidr, "vpc_id": nic.vpc_id, "neutron_network_id": nic.subnet_id,
            "neutron_subnet_id": subnet_of(&nic.subnet_id), "status": "ACTIVE", "dhcp_enable": true,
        })
    });
    ok(json!({"subnets": rows.collect::<Vec<_>>()}))
}

/// One sub-NIC on each NIC that has others hanging on it.
pub(super) fn sub_nics(world: &World, call: &Call) -> Answer {
    let limit = call.query.limit(2000, 2000, "VPC.2500")?;
    let linked = world.nics().iter().filter(|nic| nic.region == call.region && nic.linked);
    let rows = linked.filter(|nic| call.query.takes("parent_id", &nic.id)).map(|nic| {
        let id = uuid(&format!("sub-NIC of {}", nic.id));
        let row = json!({
            "id": id, "parent_id": nic.id, "parent_device_id": nic.instance_id, "virsubnet_id": nic.subnet_id, "vpc_id": nic.vpc_id,
            "private_ip_address": "", "mac_address": made_up_mac(&id), "vlan_id": 2, "state": "NORMAL", "project_id": call.project,
        });
        (id, row)
    });
    let (rows, next) = page(rows.collect(), &call.query, limit, "VPC.2500")?;
    let mut info = json!({"current_count": rows.len()});
    if let Some(next) = next {
        info["next_marker"] = json!(next);
    }
    ok(json!({"sub_network_interfaces": rows, "page_info": info}))
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::with("VPC.2500", text)
}

/// A list of pairs as it was sent; where a MAC is left out the port's own stands in. Vendor: VPC API, example of `UpdatePort`.
fn read_pairs(value: &Value, mac: &str) -> Result<Vec<SimPair>, Refusal> {
    let wrong = |text: &str| invalid(format!("Invalid input for allowed_address_pairs: {text}."));
    let list = value.as_array().ok_or_else(|| wrong("not a list"))?;
    list.iter()
        .map(|pair| {
            let ip = pair["ip_address"].as_str().ok_or_else(|| wrong("no ip_address"))?;
            let range = ip.parse::<IpAddr>().is_ok() || ip.parse::<ipnet::IpNet>().is_ok();
            if !range || matches!(ip, "0.0.0.0" | "0.0.0.0/0") {
                return Err(wrong(ip));
            }
            let mac = pair["mac_address"].as_str().filter(|mac| !mac.is_empty()).unwrap_or(mac);
            Ok(SimPair { ip: ip.to_owned(), mac: mac.to_owned() })
        })
        .collect()
}

pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let port = find(world, call)?;
    let body = call.body.object("port", "VPC.2500", "VPC.2500")?;
    let members = body.as_object().filter(|members| !members.is_empty());
    let members = members.ok_or_else(|| invalid("No attribute to update."))?;
    let known = ["name", "security_groups", "allowed_address_pairs", "extra_dhcp_opts"];
    if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(invalid(format!("Attribute {name} can not be updated.")));
    }
    let (managed, mac) = match &port {
        Port::Nic(nic) => (nic.service_managed, nic.mac.clone()),
        Port::Float(float) => (float.service_managed, float.mac.clone()),
        Port::Dhcp(_) => (true, String::new()),
    };
    if managed {
        return Err(invalid("The port is used by system components."));
    }
    let list = members.get("allowed_address_pairs").map(|value| read_pairs(value, &mac)).transpose()?;
    let nic = matches!(port, Port::Nic(_));
    let id = call.route.id;
    if let Some(list) = list.filter(|_| !world.ignored.contains(call.route.action)) {
        if nic {
            world.set_pairs_of_nic(id, list)
        } else {
            world.set_pairs_of_float(id, list)
        };
    }
    if let Some(name) = members.get("name").and_then(Value::as_str) {
        world.edit_nic(id, |nic| name.clone_into(&mut nic.name));
    }
    let port = find(world, call)?;
    ok(json!({"port": show_port(world, call, &port)}))
}

/// A virtual IP, or a NIC that is attached to nothing.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let body = call.body.object("port", "VPC.2500", "VPC.2500")?;
    let network = body["network_id"].as_str().ok_or_else(|| invalid("network_id is missing."))?;
    let sample = world.nics().iter().find(|nic| nic.subnet_id == network && nic.region == call.region).cloned();
    let sample = sample.ok_or_else(|| Refusal::with("VPC.2204", format!("Network {network} could not be found.")))?;
    let wanted = body["fixed_ips"][0]["ip_address"].as_str();
    let ip = match wanted {
        Some(text) => params::ip(text, "VPC.2500")?,
        None => free_ip(world, &sample).ok_or_else(|| Refusal::of("VPC.0703"))?,
    };
    if !world.subnet(&sample).is_none_or(|net| net.contains(&ip)) {
        return Err(invalid(format!("IP address {ip} is not a valid IP for the specified subnet.")));
    }
    if is_taken(world, &sample, ip) {
        return Err(Refusal::with("VPC.0701", format!("IP address {ip} is in use.")));
    }
    let id = uuid(&format!("port {}", call.request_id));
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    let groups = body["security_groups"].as_array();
    let groups = groups.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    if body["device_owner"] == VIP {
        world.put_float(SimFloat { name, ..new_float(&sample, id.clone(), ip) });
    } else {
        world.put_nic(SimNic { name, ..new_nic(&sample, id.clone(), ip, groups) });
    }
    let port = world.nic(&id).map(Port::Nic).or_else(|| world.float(&id).map(Port::Float));
    let port = port.ok_or_else(|| invalid("The port was not made."))?;
    done(201, json!({"port": show_port(world, call, &port)}))
}

/// In the network of a NIC that is there.
pub(super) fn new_float(sample: &SimNic, id: String, ip: IpAddr) -> SimFloat {
    SimFloat {
        mac: made_up_mac(&id),
        id,
        name: String::new(),
        ip,
        subnet_id: sample.subnet_id.clone(),
        vpc_id: sample.vpc_id.clone(),
        pairs: Vec::new(),
        eip: None,
        lb: None,
        service_managed: false,
        instances: Vec::new(),
        reserved: false,
        region: sample.region.clone(),
    }
}

pub(super) fn new_nic(sample: &SimNic, id: String, ip: IpAddr, groups: Option<Vec<String>>) -> SimNic {
    SimNic {
        mac: made_up_mac(&id),
        id,
        name: String::new(),
        instance_id: None,
        primary: false,
        status: "DOWN".to_owned(),
        security_groups: groups.unwrap_or_else(|| sample.security_groups.clone()),
        addresses: vec![SimAddress { ip, primary: true, floating: false, eip: None, lb: None }],
        ipv6: Vec::new(),
        pairs: Vec::new(),
        description: String::new(),
        service_managed: false,
        cold_plug_only: false,
        linked: false,
        delete_on_detach: false,
        pending: None,
        ..sample.clone()
    }
}

fn made_up_mac(id: &str) -> String {
    let digest = crate::wire::sha256_hex(id.as_bytes());
    let pairs: Vec<&str> = (0..3).filter_map(|pair| digest.get(pair * 2..pair * 2 + 2)).collect();
    format!("fa:16:3e:{}", pairs.join(":"))
}

/// Is the address anybody's in the network, virtual ones included?
pub(super) fn is_taken(world: &World, sample: &SimNic, ip: IpAddr) -> bool {
    world.is_taken(&sample.region, &sample.subnet_id, ip) || world.float_of(sample, ip).is_some()
}

pub(super) fn free_ip(world: &World, sample: &SimNic) -> Option<IpAddr> {
    let net = world.subnet(sample)?;
    // The ends belong to the network and its gateway.
    net.hosts().skip(8).find(|ip| !is_taken(world, sample, *ip))
}

/// Vendor: only ports with empty `device_id` and, as `device_owner`, nothing or a virtual IP's.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.route.id;
    match find(world, call) {
        // Vendor: the page of this call names another code than the others for it.
        Err(refusal) if refusal.code == "VPC.2502" => Err(Refusal { code: "VPC.2500".to_owned(), ..refusal }),
        Err(refusal) => Err(refusal),
        Ok(Port::Nic(nic)) if nic.instance_id.is_some() => Err(invalid("Port's device_id is not empty.")),
        Ok(Port::Nic(nic)) if nic.service_managed => Err(invalid("The port is used by system components.")),
        Ok(Port::Float(float)) if float.eip.is_some() => {
            Err(Refusal::with("VPC.0707", "The virtual IP address has an EIP.").status(409))
        }
        Ok(Port::Float(float)) if float.service_managed => Err(invalid("The port is used by system components.")),
        Ok(Port::Dhcp(_)) => Err(invalid("Port's device_id is not empty.")),
        Ok(Port::Nic(_)) => {
            world.remove_nic(id);
            nothing(204)
        }
        Ok(Port::Float(_)) => {
            world.remove_float(id);
            nothing(204)
        }
    }
}
