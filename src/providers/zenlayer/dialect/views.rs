//! The world's objects as the vendor's JSON shows them, with its explicit nulls. Vendor: the data types of each action's page.

use std::collections::BTreeMap;

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

fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn tags(tags: &BTreeMap<String, String>) -> Value {
    let list: Vec<Value> = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({"tags": list})
}

/// The zone an instance is in; a file that does not say means the region's first.
pub fn zone_of(instance: &SimInstance) -> String {
    if instance.zone.is_empty() { format!("{}a", instance.region) } else { instance.zone.clone() }
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

pub fn nic(nic: &SimNic) -> Value {
    let private: Vec<String> = listed(nic).map(|address| address.ip.to_string()).collect();
    let secondary: Vec<String> = nic.secondaries().map(|address| address.ip.to_string()).collect();
    let public: Vec<String> = listed(nic).filter_map(|address| Some(address.eip.as_ref()?.ip.to_string())).collect();
    let ipv6 = nic.ipv6.first();
    json!({
        "nicId": nic.id, "name": nic.name, "status": nic.status, "nicType": nic_type(nic), "regionId": nic.region,
        "nicSubnetType": subnet_type(nic), "publicIpList": public, "privateIpList": private,
        "primaryIpv4": nic.primary_ip().map(|ip| ip.to_string()), "primaryIpv6": ipv6.map(ToString::to_string),
        "ipv6Cidr": ipv6.map(|ip| format!("{ip}/128")), "secondaryIpv4s": secondary, "macAddress": nic.mac,
        "instanceId": nic.instance_id, "vpcId": text_or_null(&nic.vpc_id), "subnetId": text_or_null(&nic.subnet_id),
        "createTime": CREATED, "updateTime": CREATED,
        "resourceGroup": {"resourceGroupId": RESOURCE_GROUP, "resourceGroupName": RESOURCE_GROUP_NAME},
        "securityGroupId": nic.security_groups.first(), "tags": tags(&nic.tags),
    })
}

pub fn instance(world: &World, instance: &SimInstance) -> Value {
    let nics: Vec<&SimNic> = world.nics_of(&instance.id).collect();
    let primary = nics.iter().find(|nic| nic.primary);
    let addresses = || nics.iter().flat_map(|nic| listed(nic));
    let private: Vec<String> = addresses().map(|address| address.ip.to_string()).collect();
    let public: Vec<String> = addresses().filter_map(|address| Some(address.eip.as_ref()?.ip.to_string())).collect();
    json!({
        "instanceId": instance.id, "instanceName": instance.name, "zoneId": zone_of(instance),
        "instanceType": text_or_null(&instance.kind), "cpu": 4, "memory": 8,
        "imageId": IMAGE, "imageName": "Ubuntu Server 24.04 LTS 64-bit", "timeZone": "UTC", "nicNetworkType": "Auto",
        "status": instance.status,
        "systemDisk": {
            "diskId": format!("{}-sys", instance.id), "diskName": "System-Disk", "diskSize": 40,
            "diskCategory": "Standard NVMe SSD", "burstingEnabled": false,
        },
        "dataDisks": [], "publicIpAddresses": public, "privateIpAddresses": private, "keyId": null,
        "subnetId": primary.map(|nic| nic.subnet_id.as_str()),
        "securityGroupId": primary.and_then(|nic| nic.security_groups.first()),
        "enableAgent": instance.agent, "enableAgentMonitor": instance.agent, "enableIpForward": false,
        "createTime": CREATED, "expiredTime": null,
        "resourceGroupId": RESOURCE_GROUP, "resourceGroupName": RESOURCE_GROUP_NAME,
        "nics": nics.iter().map(|one| nic(one)).collect::<Vec<_>>(), "tags": tags(&instance.tags),
        "loadBalancerIds": world.load_balancers_of(&instance.id), "placementGroupId": null,
        "instanceOptions": {"nestedVirtualization": false},
    })
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
