//! Regions, zones and instances. Vendor: `DescribeRegions`, `DescribeZones`, `DescribeInstances` pages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sim::world::{SimAddress, SimInstance, SimNic, World};

use super::{Answer, Call, codes::Refusal, list, members, nics, paging};

/// Chinese and English names of regions. A region that is not here is called by its id.
const NAMES: &[(&str, &str, &str)] = &[
    ("cn-hangzhou", "华东1（杭州）", "China (Hangzhou)"),
    ("cn-shanghai", "华东2（上海）", "China (Shanghai)"),
    ("cn-qingdao", "华北1（青岛）", "China (Qingdao)"),
    ("cn-beijing", "华北2（北京）", "China (Beijing)"),
    ("cn-shenzhen", "华南1（深圳）", "China (Shenzhen)"),
    ("cn-hongkong", "中国香港", "China (Hong Kong)"),
    ("ap-southeast-1", "新加坡", "Singapore"),
    ("us-west-1", "美国（硅谷）", "US (Silicon Valley)"),
    ("eu-central-1", "德国（法兰克福）", "Germany (Frankfurt)"),
];

/// Lists the regions of the world. Their endpoint is this server: nobody shall be sent to the real cloud.
pub(super) fn describe_regions(world: &mut World, call: &Call) -> Answer {
    let language = call.params.get("AcceptLanguage").unwrap_or("zh-CN");
    if !["zh-CN", "en-US", "ja"].contains(&language) {
        return Err(Refusal::of("InvalidAcceptLanguage.NotFound"));
    }
    let types = ["instance", "disk", "reservedinstance", "reserveddisk"];
    if call.params.get("ResourceType").is_some_and(|kind| !types.contains(&kind)) {
        return Err(Refusal::of("InvalidResourceType.NotFound"));
    }
    let regions: Vec<Value> = world
        .regions()
        .iter()
        .map(|region| {
            let name = NAMES.iter().find(|row| row.0 == region);
            let name = name.map_or(region.as_str(), |row| if language == "zh-CN" { row.1 } else { row.2 });
            json!({"RegionId": region, "RegionEndpoint": call.host, "LocalName": name, "Status": "available"})
        })
        .collect();
    Ok(members([("Regions", json!({"Region": regions}))]))
}

pub(super) fn describe_zones(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let here = world.instances().iter().filter(|instance| instance.region == region && !instance.zone.is_empty());
    let zones: BTreeSet<&str> = here.map(|instance| instance.zone.as_str()).collect();
    let zones: Vec<Value> = zones.iter().map(|zone| json!({"ZoneId": zone, "LocalName": zone})).collect();
    Ok(members([("Zones", json!({"Zone": zones}))]))
}

pub(super) fn describe_instances(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let slice = paging::either(call, 100, 100)?;
    let filter = Filter::read(call)?;
    if call.params.flag("DryRun")? == Some(true) {
        return Err(Refusal::of("DryRunOperation"));
    }
    let found: Vec<(&SimInstance, Vec<&SimNic>)> = world
        .instances()
        .iter()
        .filter(|instance| instance.region == region)
        .map(|instance| (instance, world.nics_of(&instance.id).collect::<Vec<_>>()))
        .filter(|(instance, nics)| filter.passes(instance, nics))
        .collect();
    let total = found.len();
    let token = paging::next_token(call, slice, total);
    let page: Vec<Value> = slice.of(found).into_iter().map(|(instance, nics)| render(instance, &nics)).collect();
    let (total, number, size) = nics::counts(slice, total);
    Ok(members([
        ("Instances", list("Instance", page)),
        ("NextToken", json!(token)),
        ("TotalCount", json!(total)),
        ("PageNumber", json!(number)),
        ("PageSize", json!(size)),
    ]))
}

/// The primary NIC and its primary address.
fn main_address<'a>(nics: &[&'a SimNic]) -> (Option<&'a SimNic>, Option<&'a SimAddress>) {
    let nic = nics.iter().copied().find(|nic| nic.primary);
    (nic, nic.and_then(|nic| nic.addresses.iter().find(|address| address.primary)))
}

struct Filter<'a> {
    ids: Option<Vec<String>>,
    private: Option<Vec<String>>,
    eips: Option<Vec<String>>,
    /// Addresses of the instance itself, which no NIC shows; nothing in a world has one.
    public: Option<Vec<String>>,
    name: Option<&'a str>,
    status: Option<&'a str>,
    equal: [(Option<&'a str>, Field); 4],
    security_group: Option<&'a str>,
    resource_group: Option<&'a str>,
    tags: Vec<(&'a str, Option<&'a str>)>,
}

type Field = for<'w> fn(&'w SimInstance, &[&'w SimNic]) -> &'w str;

impl<'a> Filter<'a> {
    fn read(call: &'a Call) -> Result<Self, Refusal> {
        let params = &call.params;
        let status = params.get("Status");
        if status.is_some_and(|word| !["Pending", "Starting", "Running", "Stopping", "Stopped"].contains(&word)) {
            return Err(Refusal::of("InvalidStatus.NotFound"));
        }
        Ok(Self {
            ids: params.json_list("InstanceIds", 100)?,
            private: params.json_list("PrivateIpAddresses", 100)?,
            eips: params.json_list("EipAddresses", 100)?,
            public: params.json_list("PublicIpAddresses", 100)?,
            name: params.get("InstanceName"),
            status,
            equal: [
                (params.get("VpcId"), |instance, _| instance.vpc_id.as_str()),
                (params.get("ZoneId"), |instance, _| instance.zone.as_str()),
                (params.get("InstanceType"), |instance, _| instance.kind.as_str()),
                (params.get("VSwitchId"), |_, nics| main_address(nics).0.map_or("", |nic| nic.subnet_id.as_str())),
            ],
            security_group: params.get("SecurityGroupId"),
            resource_group: params.get("ResourceGroupId"),
            tags: params.tags()?,
        })
    }

    fn passes(&self, instance: &SimInstance, nics: &[&SimNic]) -> bool {
        let (nic, address) = main_address(nics);
        let one_of = |wanted: &Option<Vec<String>>, value: Option<&dyn ToString>| {
            wanted.as_ref().is_none_or(|wanted| value.is_some_and(|value| wanted.contains(&value.to_string())))
        };
        let eip = address.and_then(|address| address.eip.as_ref());
        one_of(&self.ids, Some(&instance.id))
            && one_of(&self.private, address.map(|address| &address.ip as &dyn ToString))
            && one_of(&self.eips, eip.map(|eip| &eip.ip as &dyn ToString))
            && self.public.is_none()
            && self.resource_group.is_none()
            && self.name.is_none_or(|pattern| wildcard(pattern, &instance.name))
            && self.status.is_none_or(|status| status == instance.status)
            && self.equal.iter().all(|(wanted, field)| wanted.is_none_or(|wanted| wanted == field(instance, nics)))
            && self
                .security_group
                .is_none_or(|group| nic.is_some_and(|nic| nic.security_groups.iter().any(|known| known == group)))
            && nics::tagged(&self.tags, &instance.tags)
    }
}

/// `*` stands for any text, also none.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

fn render(instance: &SimInstance, nics: &[&SimNic]) -> Value {
    let (nic, address) = main_address(nics);
    let ips: Vec<String> = address.iter().map(|address| address.ip.to_string()).collect();
    // Vendor: empty texts when there is none.
    let eip = address.and_then(|address| address.eip.as_ref());
    let eip = json!({
        "AllocationId": eip.map_or("", |eip| eip.id.as_str()),
        "IpAddress": eip.map_or(String::new(), |eip| eip.ip.to_string()),
        "InternetChargeType": eip.map_or("", |_| "PayByTraffic"),
    });
    let interfaces: Vec<Value> = nics
        .iter()
        .map(|nic| {
            json!({
                "NetworkInterfaceId": nic.id,
                "Type": nics::kind(nic),
                "MacAddress": nic.mac,
                "PrimaryIpAddress": nics::primary_ip(nic),
                "PrivateIpSets": {"PrivateIpSet": nic.addresses.iter().map(|address| json!({
                    "PrivateIpAddress": address.ip, "Primary": address.primary,
                })).collect::<Vec<_>>()},
                "Ipv6Sets": {"Ipv6Set": nic.ipv6.iter().map(|ip| json!({"Ipv6Address": ip})).collect::<Vec<_>>()},
            })
        })
        .collect();
    json!({
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "Status": instance.status,
        "RegionId": instance.region,
        "ZoneId": instance.zone,
        "InstanceType": instance.kind,
        "InstanceNetworkType": "vpc",
        // Vendor: no seconds here, unlike a NIC's.
        "CreationTime": nics::born(&instance.id, "%Y-%m-%dT%H:%MZ"),
        "OperationLocks": {"LockReason": []},
        "VpcAttributes": {
            "VpcId": instance.vpc_id,
            "VSwitchId": nic.map_or("", |nic| nic.subnet_id.as_str()),
            "PrivateIpAddress": {"IpAddress": ips},
            "NatIpAddress": "",
        },
        "EipAddress": eip,
        "PublicIpAddress": {"IpAddress": []},
        "InnerIpAddress": {"IpAddress": []},
        "SecurityGroupIds": {"SecurityGroupId": nic.map_or(&[][..], |nic| &nic.security_groups)},
        "NetworkInterfaces": {"NetworkInterface": interfaces},
        "Tags": nics::tags(&instance.tags),
    })
}
