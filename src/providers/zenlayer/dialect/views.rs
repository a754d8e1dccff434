//! The world's objects as the vendor's JSON shows them, with its explicit nulls. Vendor: the data types of each action's page.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use serde::Serialize;
use serde_json::{Value, json};

use crate::sim::world::{EipView, SimAddress, SimInstance, SimLoadBalancer, SimNic, World};

/// The account's one resource group.
pub const RESOURCE_GROUP: &str = "1900000000000000001";
/// The image that every instance runs.
pub const IMAGE: &str = "1800000000000000001";
const RESOURCE_GROUP_NAME: &str = "Default Resource Group";
/// Everything was made at that time: the world file does not say.
const CREATED: &str = "2025-07-16T01:26:39Z";

/// Regions with city, code, country and its code, for those that generated and demo worlds use.
const CITIES: [(&str, [&str; 4]); 6] = [
    ("asia-east-1", ["Hong Kong", "HKG", "Hong Kong SAR", "HK"]),
    ("asia-southeast-1", ["Singapore", "SIN", "Singapore", "SG"]),
    ("asia-northeast-1", ["Tokyo", "TYO", "Japan", "JP"]),
    ("na-west-1", ["Los Angeles", "LAX", "United States", "US"]),
    ("na-east-1", ["Ashburn", "IAD", "United States", "US"]),
    ("eu-central-1", ["Frankfurt", "FRA", "Germany", "DE"]),
];

fn city(region: &str) -> [&str; 4] {
    CITIES.iter().find(|(id, _)| *id == region).map_or([region, "", "", ""], |(_, city)| *city)
}

fn text_or_null(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// `{"tags":[{"key","value"}]}`.
#[derive(Serialize)]
pub struct Tags<'a> {
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

fn tags(tags: &BTreeMap<String, String>) -> Tags<'_> {
    Tags { tags: tags.iter().map(|(key, value)| Tag { key, value }).collect() }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceGroup {
    resource_group_id: &'static str,
    resource_group_name: &'static str,
}

const GROUP: ResourceGroup =
    ResourceGroup { resource_group_id: RESOURCE_GROUP, resource_group_name: RESOURCE_GROUP_NAME };

/// The zone an instance is in; a file that does not say means the region's first.
pub fn zone_of(instance: &SimInstance) -> Cow<'_, str> {
    if instance.zone.is_empty() { format!("{}a", instance.region).into() } else { instance.zone.as_str().into() }
}

pub fn zone(id: &str, region: &str) -> Value {
    let [city, code, country, country_code] = city(region);
    json!({
        "zoneId": id, "regionId": region, "zoneName": format!("{city} {}", id.rsplit('-').next().unwrap_or_default()),
        "timeZone": "UTC", "cityName": city, "cityCode": code, "countryCode": country_code, "countryName": country,
        "supportHaVip": true, "supportSecurityGroup": true,
    })
}

pub fn region(id: &str) -> Value {
    let [city, _, country, _] = city(id);
    json!({
        "regionId": id, "regionName": city, "location": city, "wideRegionName": id.split('-').next().unwrap_or_default(),
        "wideRegionTitle": country, "administrativeRegion": country,
    })
}

/// The addresses that a NIC lists: virtual ones are objects of their own here.
pub fn listed(nic: &SimNic) -> impl Iterator<Item = &SimAddress> {
    let primary = nic.addresses.iter().filter(|address| address.primary);
    primary.chain(nic.secondaries())
}

pub fn subnet_type(nic: &SimNic) -> &'static str {
    match (nic.addresses.is_empty(), nic.ipv6.is_empty()) {
        (true, _) => "IPv6",
        (false, true) => "IPv4",
        (false, false) => "IPv4_IPv6",
    }
}

pub fn nic_type(nic: &SimNic) -> &str {
    match (nic.kind.as_str(), nic.primary) {
        ("", true) => "Primary",
        ("", false) => "Secondary",
        (other, _) => other,
    }
}

/// A NIC; written straight into the answer, since a page holds up to 1000 of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the vendor's")]
pub struct Nic<'a> {
    nic_id: &'a str,
    name: &'a str,
    status: &'a str,
    nic_type: &'a str,
    region_id: &'a str,
    nic_subnet_type: &'static str,
    public_ip_list: Vec<IpAddr>,
    private_ip_list: Vec<IpAddr>,
    primary_ipv4: Option<IpAddr>,
    primary_ipv6: Option<IpAddr>,
    ipv6_cidr: Option<String>,
    secondary_ipv4s: Vec<IpAddr>,
    mac_address: &'a str,
    instance_id: Option<&'a str>,
    vpc_id: Option<&'a str>,
    subnet_id: Option<&'a str>,
    create_time: &'static str,
    update_time: &'static str,
    resource_group: ResourceGroup,
    security_group_id: Option<&'a str>,
    tags: Tags<'a>,
}

pub fn nic(nic: &SimNic) -> Nic<'_> {
    let ipv6 = nic.ipv6.first().copied();
    Nic {
        nic_id: &nic.id,
        name: &nic.name,
        status: &nic.status,
        nic_type: nic_type(nic),
        region_id: &nic.region,
        nic_subnet_type: subnet_type(nic),
        public_ip_list: public_ips(nic).collect(),
        private_ip_list: listed(nic).map(|address| address.ip).collect(),
        primary_ipv4: nic.primary_ip(),
        primary_ipv6: ipv6,
        ipv6_cidr: ipv6.map(|ip| format!("{ip}/128")),
        secondary_ipv4s: nic.secondaries().map(|address| address.ip).collect(),
        mac_address: &nic.mac,
        instance_id: nic.instance_id.as_deref(),
        vpc_id: text_or_null(&nic.vpc_id),
        subnet_id: text_or_null(&nic.subnet_id),
        create_time: CREATED,
        update_time: CREATED,
        resource_group: GROUP,
        security_group_id: nic.security_groups.first().map(String::as_str),
        tags: tags(&nic.tags),
    }
}

fn public_ips(nic: &SimNic) -> impl Iterator<Item = IpAddr> {
    listed(nic).filter_map(|address| Some(address.eip.as_ref()?.ip))
}

/// An instance with its NICs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the vendor's")]
pub struct Instance<'a> {
    instance_id: &'a str,
    instance_name: &'a str,
    zone_id: Cow<'a, str>,
    instance_type: Option<&'a str>,
    status: &'a str,
    public_ip_addresses: Vec<IpAddr>,
    private_ip_addresses: Vec<IpAddr>,
    key_id: Option<&'a str>,
    subnet_id: Option<&'a str>,
    security_group_id: Option<&'a str>,
    enable_agent: bool,
    enable_agent_monitor: bool,
    expired_time: Option<&'a str>,
    nics: Vec<Nic<'a>>,
    tags: Tags<'a>,
    load_balancer_ids: Vec<&'a str>,
    placement_group_id: Option<&'a str>,
    system_disk: Disk,
    #[serde(flatten)]
    machine: Machine,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the vendor's")]
struct Disk {
    disk_id: String,
    disk_name: &'static str,
    disk_size: u32,
    disk_category: &'static str,
    bursting_enabled: bool,
}

/// What a world file says nothing about: the same for every instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    cpu: u32,
    memory: u32,
    image_id: &'static str,
    image_name: &'static str,
    time_zone: &'static str,
    nic_network_type: &'static str,
    data_disks: [Disk; 0],
    enable_ip_forward: bool,
    create_time: &'static str,
    #[serde(flatten)]
    group: ResourceGroup,
    instance_options: Nested,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Nested {
    nested_virtualization: bool,
}

const MACHINE: Machine = Machine {
    cpu: 4,
    memory: 8,
    image_id: IMAGE,
    image_name: "Ubuntu Server 24.04 LTS 64-bit",
    time_zone: "UTC",
    nic_network_type: "Auto",
    data_disks: [],
    enable_ip_forward: false,
    create_time: CREATED,
    group: GROUP,
    instance_options: Nested { nested_virtualization: false },
};

pub fn instance<'a>(world: &'a World, instance: &'a SimInstance) -> Instance<'a> {
    let nics: Vec<&SimNic> = world.nics_of(&instance.id).collect();
    let primary = nics.iter().find(|nic| nic.primary);
    Instance {
        instance_id: &instance.id,
        instance_name: &instance.name,
        zone_id: zone_of(instance),
        instance_type: text_or_null(&instance.kind),
        status: &instance.status,
        public_ip_addresses: nics.iter().flat_map(|nic| public_ips(nic)).collect(),
        private_ip_addresses: nics.iter().flat_map(|nic| listed(nic)).map(|address| address.ip).collect(),
        key_id: None,
        subnet_id: primary.and_then(|nic| text_or_null(&nic.subnet_id)),
        security_group_id: primary.and_then(|nic| nic.security_groups.first()).map(String::as_str),
        enable_agent: instance.agent,
        enable_agent_monitor: instance.agent,
        expired_time: None,
        nics: nics.iter().map(|one| nic(one)).collect(),
        tags: tags(&instance.tags),
        load_balancer_ids: world.load_balancers_of(&instance.id),
        placement_group_id: None,
        system_disk: Disk {
            disk_id: format!("{}-sys", instance.id),
            disk_name: "System-Disk",
            disk_size: 40,
            disk_category: "Standard NVMe SSD",
            bursting_enabled: false,
        },
        machine: MACHINE,
    }
}

/// `BINDED` or `UNBIND`.
pub fn eip_status(view: &EipView<'_>) -> &'static str {
    if view.bound.is_some() { "BINDED" } else { "UNBIND" }
}

pub fn eip(view: &EipView<'_>) -> Value {
    let (nic, address) = (view.bound.map(|(nic, _)| nic), view.bound.map(|(_, address)| address));
    let nic_id = nic.map(|nic| nic.id.as_str());
    json!({
        "eipId": view.eip.id, "name": view.eip.name, "regionId": view.region, "peerRegionId": null,
        "isDefault": view.eip.is_default, "isCustomized": false, "status": eip_status(view),
        "publicIpAddresses": [view.eip.ip.to_string()],
        "privateIpAddress": address.map(|address| address.ip.to_string()),
        "eipV4Type": "BGPLine", "networkLineType": "PremiumBGP", "internetChargeType": "ByTrafficPackage",
        "cidrId": null, "nicId": nic_id, "associatedId": nic_id, "associatedType": nic.map(|_| "NIC"),
        "instanceId": nic.and_then(|nic| nic.instance_id.as_deref()), "bindType": nic.map(|_| "FullNat"),
        "flowPackage": 0.1, "flowPackages": [], "bandwidth": 200, "rateLimitMode": "LOOSE",
        "eipGeoRefs": [], "blockInfoList": [], "createTime": CREATED, "expiredTime": null,
        "resourceGroupId": RESOURCE_GROUP, "resourceGroupName": RESOURCE_GROUP_NAME, "bandwidthCluster": null,
        "tags": {"tags": []}, "operationInfo": null, "prefixLength": 32,
    })
}

pub fn load_balancer(world: &World, lb: &SimLoadBalancer) -> Value {
    let name = if lb.name.is_empty() { &lb.id } else { &lb.name };
    let backends = world.backends(&lb.id).count();
    json!({
        "regionId": lb.region, "loadBalancerId": lb.id, "loadBalancerName": name, "vpcId": text_or_null(&lb.vpc_id),
        "subnetId": null, "ipStackType": "IPv4", "status": "RUNNING",
        "publicIpAddress": lb.public_ip.iter().map(ToString::to_string).collect::<Vec<_>>(), "privateIpAddress": [],
        "healthCheckPrivateIps": [], "listenerCount": 1, "backendServerCount": backends, "createTime": CREATED,
        "resourceGroup": {"resourceGroupId": RESOURCE_GROUP, "resourceGroupName": RESOURCE_GROUP_NAME},
        "tags": {"tags": []}, "securityGroupId": null,
    })
}

/// The id of a load balancer's one listener.
pub fn listener_id(lb: &SimLoadBalancer) -> String {
    let digest = crate::wire::sha256_hex(lb.id.as_bytes());
    let number = u64::from_str_radix(digest.get(..14).unwrap_or_default(), 16).unwrap_or_default();
    format!("14{number:017}")
}

pub fn backend(lb: &SimLoadBalancer, nic: &SimNic, address: &SimAddress) -> Value {
    json!({
        "listenerId": listener_id(lb), "listenerName": format!("tcp-{}", lb.port), "protocol": "TCP",
        "listenerPort": lb.port.to_string(), "instanceId": nic.instance_id,
        "privateIpAddress": address.ip.to_string(), "weight": 100, "backendPort": lb.port,
    })
}
