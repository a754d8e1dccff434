//! Regions and instances. Vendor: `DescribeRegions` (of `region` and of `cvm`), `DescribeInstances`, `DescribeInstancesStatus` pages.

use serde_json::{Map, Value, json};

use crate::sim::world::{SimAddress, SimInstance, SimNic, World};

use super::{
    Answer, Call,
    codes::Refusal,
    members, nics,
    params::{self, Filter, Params, well_formed},
};

/// Chinese and English names of regions. A region that is not here is called by its id.
const NAMES: &[(&str, &str, &str)] = &[
    ("ap-guangzhou", "华南地区(广州)", "South China (Guangzhou)"),
    ("ap-shanghai", "华东地区(上海)", "East China (Shanghai)"),
    ("ap-beijing", "华北地区(北京)", "North China (Beijing)"),
    ("ap-chengdu", "西南地区(成都)", "Southwest China (Chengdu)"),
    ("ap-hongkong", "港澳台地区(中国香港)", "Hong Kong, Macau and Taiwan (China) (Hong Kong)"),
    ("ap-singapore", "亚太东南(新加坡)", "Southeast Asia (Singapore)"),
    ("na-siliconvalley", "美国西部(硅谷)", "US West (Silicon Valley)"),
    ("eu-frankfurt", "欧洲地区(法兰克福)", "Europe (Frankfurt)"),
];

const FILTERS: &[&str] = &[
    "zone",
    "project-id",
    "host-id",
    "dedicated-cluster-id",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "uuid",
    "security-group-id",
    "instance-name",
    "instance-charge-type",
    "instance-state",
    "private-ip-address",
    "public-ip-address",
    "ipv6-address",
    "tag-key",
    "tag-value",
    "creation-start-time",
    "creation-end-time",
];

pub(super) fn regions(world: &World, english: bool, whole: bool) -> Map<String, Value> {
    let rows: Vec<Value> = world
        .regions()
        .iter()
        .map(|region| {
            let name = NAMES.iter().find(|row| row.0 == region);
            let name = name.map_or(region.as_str(), |row| if english { row.2 } else { row.1 });
            let mut row =
                members([("Region", json!(region)), ("RegionName", json!(name)), ("RegionState", json!("AVAILABLE"))]);
            if whole {
                // Vendor: null for callers of the API.
                for member in ["RegionTypeMC", "LocationMC", "RegionNameMC", "RegionIdMC"] {
                    row.insert(member.to_owned(), Value::Null);
                }
            }
            Value::Object(row)
        })
        .collect();
    members([("TotalCount", json!(rows.len())), ("RegionSet", json!(rows))])
}

#[expect(clippy::unnecessary_wraps, reason = "one of many calls")]
pub(super) fn describe_regions(world: &mut World, call: &Call) -> Answer {
    Ok(regions(world, call.english, false))
}

pub(super) fn describe_product_regions(world: &mut World, call: &Call) -> Answer {
    let product = call.params.required("Product")?;
    if !["cvm", "vpc", "clb"].contains(&product) {
        return Err(Refusal::of("InvalidParameterValue"));
    }
    Ok(regions(world, call.english, true))
}

/// The primary NIC and its own address.
fn main_address<'w>(world: &'w World, instance: &SimInstance) -> (Option<&'w SimNic>, Option<&'w SimAddress>) {
    let nic = world.nics_of(&instance.id).find(|nic| nic.primary);
    (nic, nic.and_then(|nic| nic.addresses.iter().find(|address| address.primary)))
}

/// Instances of a region that a call asks for.
pub(super) fn found<'w>(world: &'w World, region: &str, params: &Params) -> Result<Vec<&'w SimInstance>, Refusal> {
    let ids = params.texts("InstanceIds")?;
    let filters = params.filters(FILTERS, 5, params::CVM)?;
    if ids.is_some() && !filters.is_empty() {
        return Err(Refusal::with("InvalidParameter", "InstanceIds and Filters can not be given together."));
    }
    if let Some(ids) = &ids {
        if ids.len() > 100 {
            return Err(Refusal::of("InvalidParameterValue.LimitExceeded"));
        }
        if let Some(odd) = ids.iter().find(|id| world.instance(id).is_none() && !well_formed(id, "ins-")) {
            return Err(Refusal::with("InvalidInstanceId.Malformed", format!("The id `{odd}` is malformed.")));
        }
    }
    let passes = |instance: &SimInstance| {
        if filters.is_empty() {
            return true;
        }
        let (nic, address) = main_address(world, instance);
        filters.iter().all(|Filter { name, values }| {
            let any = |value: &str| values.contains(&value);
            match *name {
                "zone" => any(&instance.zone),
                "vpc-id" => any(&instance.vpc_id),
                "subnet-id" => nic.as_ref().is_some_and(|nic| any(&nic.subnet_id)),
                "instance-id" => any(&instance.id),
                "instance-name" => any(&instance.name),
                "instance-state" => any(&instance.status),
                "private-ip-address" => address.as_ref().is_some_and(|address| any(&address.ip.to_string())),
                "security-group-id" => nic.as_ref().is_some_and(|nic| nic.security_groups.iter().any(|id| any(id))),
                "tag-key" => instance.tags.keys().any(|key| any(key)),
                "tag-value" => instance.tags.values().any(|value| any(value)),
                name => match name.strip_prefix("tag:") {
                    Some(key) => instance.tags.get(key).is_some_and(|value| any(value)),
                    None => false,
                },
            }
        })
    };
    Ok(world
        .instances()
        .iter()
        .filter(|instance| instance.region == region)
        .filter(|instance| ids.as_ref().is_none_or(|ids| ids.contains(&instance.id.as_str())))
        .filter(|instance| passes(instance))
        .collect())
}

/// The answer of both generations.
pub(super) fn listed(world: &World, region: &str, params: &Params) -> Answer {
    let slice = params.slice("InvalidParameterValue.LimitExceeded")?;
    let all = found(world, region, params)?;
    let total = all.len();
    let page: Vec<Value> = slice.of(all).into_iter().map(|instance| render(world, instance)).collect();
    Ok(members([("TotalCount", json!(total)), ("InstanceSet", Value::Array(page))]))
}

pub(super) fn describe_instances(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    listed(world, region, &call.params)
}

pub(super) fn describe_instances_status(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let slice = call.params.slice("InvalidParameterValue.LimitExceeded")?;
    let all = found(world, region, &call.params)?;
    let total = all.len();
    let row = |instance: &SimInstance| json!({"InstanceId": instance.id, "InstanceState": instance.status});
    let page: Vec<Value> = slice.of(all).into_iter().map(row).collect();
    Ok(members([("TotalCount", json!(total)), ("InstanceStatusSet", Value::Array(page))]))
}

fn render(world: &World, instance: &SimInstance) -> Value {
    let (nic, address) = main_address(world, instance);
    let private: Vec<String> = address.iter().map(|address| address.ip.to_string()).collect();
    let public: Vec<String> =
        address.iter().filter_map(|address| address.eip.as_ref()).map(|eip| eip.ip.to_string()).collect();
    let ipv6: Vec<String> = nic.iter().flat_map(|nic| &nic.ipv6).map(ToString::to_string).collect();
    let tags: Vec<Value> = instance.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    // Vendor: null, not an empty list.
    let or_null = |list: Vec<String>| if list.is_empty() { Value::Null } else { json!(list) };
    json!({
        "Placement": {"Zone": instance.zone, "ProjectId": 0, "HostId": null},
        "InstanceId": instance.id,
        "InstanceType": instance.kind,
        "CPU": 4,
        "Memory": 8,
        "RestrictState": "NORMAL",
        "InstanceName": instance.name,
        "InstanceChargeType": "POSTPAID_BY_HOUR",
        "PrivateIpAddresses": private,
        "PublicIpAddresses": or_null(public),
        "IPv6Addresses": or_null(ipv6),
        "VirtualPrivateCloud": {
            "VpcId": instance.vpc_id,
            "SubnetId": nic.as_ref().map_or("", |nic| nic.subnet_id.as_str()),
            "AsVpcGateway": false,
        },
        "CreatedTime": nics::born(&instance.id, "%Y-%m-%dT%H:%M:%SZ"),
        "ExpiredTime": null,
        "InstanceState": instance.status,
        "SecurityGroupIds": nic.as_ref().map_or(&[][..], |nic| &nic.security_groups),
        "LatestOperation": null,
        "LatestOperationState": null,
        "Tags": tags,
        "Uuid": super::reply::uuid(&crate::wire::sha256_hex(instance.id.as_bytes())),
    })
}
