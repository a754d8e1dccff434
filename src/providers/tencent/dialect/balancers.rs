//! Load balancers and what they send to. Vendor: `DescribeLoadBalancers`, `DescribeTargets`, `DescribeLBListeners` pages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sim::world::{SimAddress, SimLoadBalancer, SimNic, World};

use super::{Answer, Call, codes::Refusal, members, nics};

/// Entries that one search takes. The vendor documents none; this keeps clients from asking for everything at once.
const MOST_BACKENDS: usize = 20;

pub(super) fn describe_load_balancers(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let slice = call.params.slice("InvalidParameterValue.Length")?;
    let ids = call.params.texts("LoadBalancerIds")?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 20) {
        return Err(Refusal::of("InvalidParameterValue.Length"));
    }
    let vpc = call.params.text("VpcId")?;
    let with_targets = match call.params.number("WithRs")?.unwrap_or(-1) {
        -1 => None,
        0 => Some(false),
        1 => Some(true),
        _ => return Err(Refusal::of("InvalidParameterValue")),
    };
    let classic = match call.params.number("Forward")?.unwrap_or(-1) {
        -1 => None,
        0 => Some(true),
        1 => Some(false),
        _ => return Err(Refusal::of("InvalidParameterValue")),
    };
    let found: Vec<&SimLoadBalancer> = world
        .load_balancers()
        .filter(|lb| classic.is_none_or(|classic| classic == is_classic(lb)))
        .filter(|lb| lb.region == region && vpc.is_none_or(|vpc| vpc == lb.vpc_id))
        .filter(|lb| ids.as_ref().is_none_or(|ids| ids.contains(&lb.id.as_str())))
        .filter(|lb| with_targets.is_none_or(|wanted| world.backends(&lb.id).next().is_some() == wanted))
        .collect();
    let total = found.len();
    let page: Vec<Value> = slice.of(found).into_iter().map(render).collect();
    Ok(members([("TotalCount", json!(total)), ("LoadBalancerSet", Value::Array(page))]))
}

fn render(lb: &SimLoadBalancer) -> Value {
    json!({
        "LoadBalancerId": lb.id,
        "LoadBalancerName": lb.name,
        "LoadBalancerType": if lb.public_ip.is_some() { "OPEN" } else { "INTERNAL" },
        "Forward": i32::from(!is_classic(lb)),
        "LoadBalancerVips": vip(lb),
        "Status": 1,
        "CreateTime": nics::born(&lb.id, "%Y-%m-%d %H:%M:%S"),
        "ProjectId": 0,
        "VpcId": lb.vpc_id,
        "SubnetId": null,
        "Tags": [],
    })
}

fn vip(lb: &SimLoadBalancer) -> Vec<String> {
    lb.public_ip.iter().map(ToString::to_string).collect()
}

/// What a balancer listens with.
fn protocol(lb: &SimLoadBalancer) -> &'static str {
    match lb.port {
        443 => "HTTPS",
        80 => "HTTP",
        _ => "TCP",
    }
}

/// The one listener of a balancer. Targets of HTTP and HTTPS hang on a rule, others on the listener itself.
fn listener(lb: &SimLoadBalancer, targets: &[Value]) -> Value {
    let rule = |targets: &[Value]| {
        json!([{
            "LocationId": format!("loc-{}", lb.id.trim_start_matches("lb-")), "Domain": "www.example.com", "Url": "/",
            "Targets": targets,
        }])
    };
    let layer_7 = protocol(lb) != "TCP";
    json!({
        "ListenerId": format!("lbl-{}", lb.id.trim_start_matches("lb-")),
        "Protocol": protocol(lb),
        "Port": lb.port,
        "EndPort": 0,
        "Rules": if layer_7 { rule(targets) } else { Value::Null },
        "Targets": if layer_7 { Value::Null } else { json!(targets) },
    })
}

/// An instance stands for its primary NIC's own address; every other address is a NIC's.
fn is_instance(nic: &SimNic, address: &SimAddress) -> bool {
    nic.primary && address.primary && nic.instance_id.is_some()
}

pub(super) fn describe_targets(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("LoadBalancerId")?;
    let lb = world.load_balancer(id).filter(|lb| lb.region == region && !is_classic(lb));
    let lb = lb.ok_or_else(|| Refusal::of("InvalidParameter.LBIdNotFound"))?;
    let targets: Vec<Value> = world
        .backends(&lb.id)
        .map(|(nic, address)| {
            let whole = is_instance(nic, address);
            json!({
                "Type": if whole { "CVM" } else { "ENI" },
                "InstanceId": nic.instance_id.as_deref().unwrap_or_default(),
                "Port": lb.port,
                "Weight": 10,
                "PublicIpAddresses": null,
                "PrivateIpAddresses": [address.ip],
                "InstanceName": null,
                "RegisteredTime": nics::born(&nic.id, "%Y-%m-%d %H:%M:%S"),
                "EniId": if whole { Value::Null } else { json!(nic.id) },
                "Zone": null,
                "Tag": "",
            })
        })
        .collect();
    Ok(members([("Listeners", json!([listener(lb, &targets)]))]))
}

fn is_classic(lb: &SimLoadBalancer) -> bool {
    lb.kind == "classic"
}

/// The instances that a classic balancer sends to.
fn instances<'w>(world: &'w World, lb: &SimLoadBalancer) -> impl Iterator<Item = (&'w SimNic, &'w SimAddress)> {
    world.backends(&lb.id).filter(|(nic, address)| is_instance(nic, address))
}

pub(super) fn describe_classical_lb_targets(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("LoadBalancerId")?;
    let lb = world.load_balancer(id).filter(|lb| lb.region == region && is_classic(lb));
    let lb = lb.ok_or_else(|| Refusal::of("InvalidParameter.LBIdNotFound"))?;
    let target = |(nic, address): (&SimNic, &SimAddress)| {
        json!({
            "Type": "CVM",
            "InstanceId": nic.instance_id.as_deref().unwrap_or_default(),
            "Weight": 10,
            "PublicIpAddresses": null,
            "PrivateIpAddresses": [address.ip],
            "InstanceName": null,
            "RunFlag": 2,
        })
    };
    let targets: Vec<Value> = instances(world, lb).map(target).collect();
    Ok(members([("Targets", json!(targets))]))
}

pub(super) fn describe_classical_lb_by_instance_id(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let ids = call.params.texts("InstanceIds")?.ok_or_else(|| Refusal::missing("InstanceIds"))?;
    let of = |id: &&str| {
        let sends =
            |lb: &&SimLoadBalancer| instances(world, lb).any(|(nic, _)| nic.instance_id.as_deref() == Some(*id));
        let classic = world.load_balancers().filter(|lb| lb.region == region && is_classic(lb)).filter(sends);
        let found: Vec<&str> = classic.map(|lb| lb.id.as_str()).collect();
        (!found.is_empty()).then(|| json!({"InstanceId": id, "LoadBalancerIds": found}))
    };
    let list: Vec<Value> = ids.iter().filter_map(of).collect();
    Ok(members([("LoadBalancerInfoList", json!(list))]))
}

pub(super) fn describe_lb_listeners(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let wanted = call.params.objects("Backends", &["VpcId", "PrivateIp"])?;
    let wanted = wanted.ok_or_else(|| Refusal::missing("Backends"))?;
    if wanted.is_empty() || wanted.len() > MOST_BACKENDS {
        return Err(Refusal::of("InvalidParameterValue.Length"));
    }
    let mut asked: Vec<(&str, &str)> = Vec::new();
    for item in &wanted {
        let text = |name: &str| item.get(name).and_then(Value::as_str).ok_or_else(|| Refusal::missing(name));
        asked.push((text("VpcId")?, text("PrivateIp")?));
    }
    let mut found: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for lb in world.load_balancers().filter(|lb| lb.region == region && !is_classic(lb)) {
        for (nic, address) in world.backends(&lb.id) {
            let ip = address.ip.to_string();
            if asked.iter().any(|&(vpc, wanted)| vpc == nic.vpc_id && wanted == ip) {
                found.entry(&lb.id).or_default().push(json!({
                    "Type": if is_instance(nic, address) { "cvm" } else { "eni" },
                    "PrivateIp": ip,
                    "Port": lb.port,
                    // Vendor: a number here, text everywhere else.
                    "VpcId": 1111,
                    "Weight": 10,
                }));
            }
        }
    }
    let balancers: Vec<Value> = found
        .into_iter()
        .filter_map(|(id, targets)| {
            let lb = world.load_balancer(id)?;
            Some(json!({
                "LoadBalancerId": id,
                "Vip": vip(lb).first().cloned().unwrap_or_default(),
                "Region": region,
                "Listeners": [listener(lb, &targets)],
            }))
        })
        .collect();
    Ok(members([("LoadBalancers", json!(balancers))]))
}
