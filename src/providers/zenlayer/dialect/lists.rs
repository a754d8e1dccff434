//! The calls that only read. Vendor: the pages of `DescribeZones`, `DescribeInstances`, `DescribeNetworkInterfaces`,
//! `DescribeEips`, `DescribeLoadBalancers`, `DescribeBackends`.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::sim::world::{SimInstance, SimNic, World};

use super::{
    Answer, answer,
    codes::{Refusal, refuse},
    params::{Page, Params, wrong_value},
    views,
};

pub(super) const INSTANCE_STATES: &[&str] = &[
    "PENDING",
    "DEPLOYING",
    "REBUILDING",
    "REBOOT",
    "RUNNING",
    "STOPPED",
    "BOOTING",
    "RELEASING",
    "STOPPING",
    "RECYCLE",
    "RECYCLING",
    "CREATE_FAILED",
    "REINSTALL_FAILED",
    "IMAGING",
    "RESIZING",
];
pub(super) const NIC_STATES: &[&str] =
    &["PENDING", "AVAILABLE", "ATTACHING", "USED", "DETACHING", "DELETING", "CREATE_FAILED"];
const EIP_STATES: &[&str] =
    &["CREATING", "DELETING", "ASSIGNING", "BINDED", "RECYCLED", "RECYCLING", "UNBIND", "CREATE_FAILED"];

/// One page of what a filter let through, and how many that were in all.
fn paged<T, R: Serialize>(page: Page, all: impl Iterator<Item = T>, show: impl Fn(T) -> R) -> Answer {
    let first = (page.number - 1).saturating_mul(page.size);
    let mut total = 0_u64;
    let mut rows = Vec::new();
    for one in all {
        if total >= first && total - first < page.size {
            rows.push(show(one));
        }
        total += 1;
    }
    answer(&Paged { total_count: total, data_set: rows })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paged<R> {
    total_count: u64,
    data_set: Vec<R>,
}

fn equal(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

/// A filter by name finds any part of it.
fn fuzzy(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| value.contains(wanted))
}

fn among(wanted: Option<&Vec<&str>>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.contains(&value))
}

/// Zones of the regions that the world has: those its instances name, and those the vocabulary knows.
fn zones_of(world: &World) -> Vec<(String, String)> {
    let mut zones: Vec<(String, String)> = Vec::new();
    for region in world.regions() {
        let known = super::VOCABULARY.regions.iter().find(|(id, _)| id == region);
        let known = known.map_or(&[][..], |(_, zones)| *zones).iter().map(|zone| (*zone).to_owned());
        let first = format!("{region}a");
        let used = world.instances().iter().filter(|instance| instance.region == *region).map(views::zone_of);
        for zone in known.chain(std::iter::once(first)).chain(used.map(std::borrow::Cow::into_owned)) {
            let pair = (zone, region.clone());
            if !zones.contains(&pair) {
                zones.push(pair);
            }
        }
    }
    zones
}

pub fn zones(world: &World, params: &Params) -> Answer {
    let ids = params.ids("zoneIds")?;
    let zones = zones_of(world);
    let rows: Vec<Value> = zones
        .iter()
        .filter(|(zone, _)| among(ids.as_ref(), zone))
        .map(|(zone, region)| views::zone(zone, region))
        .collect();
    answer(&json!({"zoneSet": rows}))
}

pub fn regions(world: &World, params: &Params) -> Answer {
    let ids = params.ids("regionIds")?;
    let regions = world.regions().iter().filter(|region| among(ids.as_ref(), region));
    answer(&json!({"regionSet": regions.map(|region| views::region(region)).collect::<Vec<_>>()}))
}

/// An address, or a range of 2 to 4096 of them.
enum Addresses {
    One(IpAddr),
    Range(ipnet::IpNet),
}

impl Addresses {
    fn parse(name: &str, text: &str) -> Result<Self, Refusal> {
        if let Ok(ip) = text.parse() {
            return Ok(Addresses::One(ip));
        }
        let net: ipnet::IpNet = text.parse().map_err(|_| wrong_value(name))?;
        if (20..=31).contains(&net.prefix_len()) { Ok(Addresses::Range(net)) } else { Err(wrong_value(name)) }
    }

    fn has(&self, ip: IpAddr) -> bool {
        match self {
            Addresses::One(one) => *one == ip,
            Addresses::Range(net) => net.contains(&ip),
        }
    }
}

pub fn instances(world: &World, params: &Params) -> Answer {
    let page = params.page()?;
    let ids = params.ids("instanceIds")?;
    let (zone, image, kind) = (params.text("zoneId")?, params.text("imageId")?, params.text("instanceType")?);
    let (name, group) = (params.text("name")?, params.text("resourceGroupId")?);
    let status = params.word("status", INSTANCE_STATES)?;
    let ipv4 = params.text("ipv4Address")?.map(|text| Addresses::parse("ipv4Address", text)).transpose()?;
    let ipv6 = params.address("ipv6Address")?;
    let tags = params.tags()?;
    let takes = |instance: &&SimInstance| {
        among(ids.as_ref(), &instance.id)
            && zone.is_none_or(|zone| zone == views::zone_of(instance))
            && equal(image, views::IMAGE)
            && equal(kind, &instance.kind)
            && fuzzy(name, &instance.name)
            && equal(group, views::RESOURCE_GROUP)
            && equal(status, &instance.status)
            && tags.takes(&instance.tags)
            && ipv4.as_ref().is_none_or(|wanted| {
                world.nics_of(&instance.id).any(|nic| views::listed(nic).any(|address| wanted.has(address.ip)))
            })
            && ipv6.is_none_or(|wanted| world.nics_of(&instance.id).any(|nic| nic.ipv6.contains(&wanted)))
    };
    paged(page, world.instances().iter().filter(takes), |instance| views::instance(world, instance))
}

pub fn instances_status(world: &World, params: &Params) -> Answer {
    let page = params.page()?;
    let ids = params.ids("instanceIds")?;
    let group = params.text("resourceGroupId")?;
    let all = world.instances().iter();
    let all = all.filter(|instance| among(ids.as_ref(), &instance.id) && equal(group, views::RESOURCE_GROUP));
    paged(page, all, |instance| json!({"instanceId": instance.id, "instanceStatus": instance.status}))
}

pub fn nics(world: &World, params: &Params) -> Answer {
    let page = params.page()?;
    let ids = params.ids("nicIds")?;
    let (name, region) = (params.text("name")?, params.text("regionId")?);
    let (vpc, subnet) = (params.text("vpcId")?, params.text("subnetId")?);
    let (instance, security_group) = (params.text("instanceId")?, params.text("securityGroupId")?);
    let group = params.text("resourceGroupId")?;
    let status = params.word("status", NIC_STATES)?;
    let kind = params.word("nicType", &["Primary", "Secondary"])?;
    let subnet_type = params.word("nicSubnetType", &["IPv4", "IPv4_IPv6", "IPv6"])?;
    let tags = params.tags()?;
    let takes = |nic: &&SimNic| {
        among(ids.as_ref(), &nic.id)
            && fuzzy(name, &nic.name)
            && equal(region, &nic.region)
            && equal(vpc, &nic.vpc_id)
            && equal(subnet, &nic.subnet_id)
            && instance.is_none_or(|wanted| nic.instance_id.as_deref() == Some(wanted))
            && security_group.is_none_or(|wanted| nic.security_groups.first().map(String::as_str) == Some(wanted))
            && equal(group, views::RESOURCE_GROUP)
            && equal(status, &nic.status)
            && equal(kind, views::nic_type(nic))
            && equal(subnet_type, views::subnet_type(nic))
            && tags.takes(&nic.tags)
    };
    // One NIC is asked for again and again around a write: that shall not walk the whole list.
    if let Some(ids) = &ids {
        let mut asked = ids.clone();
        asked.sort_unstable();
        asked.dedup();
        return paged(page, asked.iter().filter_map(|id| world.nic(id)).filter(takes), views::nic);
    }
    if let Some(instance) = instance {
        return paged(page, world.nics_of(instance).filter(takes), views::nic);
    }
    paged(page, world.nics().iter().filter(takes), views::nic)
}

pub fn eips(world: &World, params: &Params) -> Answer {
    let page = params.page()?;
    let (ids, cidrs) = (params.ids("eipIds")?, params.ids("cidrIds")?);
    let (region, name) = (params.text("regionId")?, params.text("name")?);
    let status = params.word("status", EIP_STATES)?;
    let is_default = params.flag("isDefault")?;
    let (private, public) = (params.address("privateIpAddress")?, params.address("ipAddress")?);
    let publics = params.ids("ipAddresses")?;
    let (instance, associated) = (params.text("instanceId")?, params.text("associatedId")?);
    let (charge, group) = (params.text("internetChargeType")?, params.text("resourceGroupId")?);
    let tags = params.tags()?;
    let all = world.eips().filter(|view| {
        let nic = view.bound.map(|(nic, _)| nic);
        among(ids.as_ref(), &view.eip.id)
            && cidrs.is_none()
            && equal(region, view.region)
            && fuzzy(name, &view.eip.name)
            && equal(status, views::eip_status(view))
            && is_default.is_none_or(|wanted| wanted == view.eip.is_default)
            && private.is_none_or(|wanted| view.bound.is_some_and(|(_, address)| address.ip == wanted))
            && public.is_none_or(|wanted| view.eip.ip == wanted)
            && publics.as_ref().is_none_or(|wanted| wanted.contains(&view.eip.ip.to_string().as_str()))
            && instance.is_none_or(|wanted| nic.and_then(|nic| nic.instance_id.as_deref()) == Some(wanted))
            && associated.is_none_or(|wanted| nic.is_some_and(|nic| nic.id == wanted))
            && equal(charge, "ByTrafficPackage")
            && equal(group, views::RESOURCE_GROUP)
            && tags.is_open()
    });
    paged(page, all, |view| views::eip(&view))
}

pub fn load_balancers(world: &World, params: &Params) -> Answer {
    let page = params.page()?;
    let ids = params.ids("loadBalancerIds")?;
    let (region, vpc) = (params.text("regionId")?, params.text("vpcId")?);
    let (name, group) = (params.text("loadBalancerName")?, params.text("resourceGroupId")?);
    let tags = params.tags()?;
    // Exact, or with a `*` at the end the beginning.
    let named = |value: &str| {
        name.is_none_or(|name| match name.strip_suffix('*') {
            Some(start) => value.starts_with(start),
            None => value == name,
        })
    };
    let all = world.load_balancers().filter(|lb| {
        among(ids.as_ref(), &lb.id)
            && equal(region, &lb.region)
            && equal(vpc, &lb.vpc_id)
            && named(if lb.name.is_empty() { &lb.id } else { &lb.name })
            && equal(group, views::RESOURCE_GROUP)
            && tags.is_open()
    });
    paged(page, all, |lb| views::load_balancer(world, lb))
}

pub fn backends(world: &World, params: &Params) -> Answer {
    let id = params.required("loadBalancerId")?;
    let listener = params.text("listenerId")?;
    let lb = world
        .load_balancer(id)
        .ok_or_else(|| refuse("INVALID_LB_NOT_FOUND", format!("The load balancer {id} does not exist.")))?;
    if listener.is_some_and(|listener| listener != views::listener_id(lb)) {
        return Err(refuse("INVALID_LB_LISTENER_NOT_FOUND", "The listener does not exist."));
    }
    let rows: Vec<Value> = world.backends(id).map(|(nic, address)| views::backend(lb, nic, address)).collect();
    answer(&json!({"backends": rows}))
}
