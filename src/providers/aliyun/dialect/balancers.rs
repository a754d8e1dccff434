//! Load balancers and their backends: CLB by page number, ALB and NLB by token.
//! Vendor: `DescribeLoadBalancers`, `DescribeVServerGroup*` (SLB); `ListServerGroups`, `ListServerGroupServers` (ALB, NLB).

use serde_json::{Map, Value, json};

use crate::sim::world::{SimAddress, SimLoadBalancer, SimNic, World};

use super::{Answer, Call, codes::Refusal, members, nics, paging};

/// The product that a load balancer's id belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    Classic,
    Application,
    Network,
}

impl Family {
    fn of(balancer: &SimLoadBalancer) -> Self {
        let prefix = || balancer.id.split_once('-').map_or("", |(prefix, _)| prefix);
        match if balancer.kind.is_empty() { prefix() } else { &balancer.kind } {
            "alb" | "sgp" => Family::Application,
            "nlb" => Family::Network,
            _ => Family::Classic,
        }
    }
}

/// The part of an id behind its prefix.
fn stem(id: &str) -> &str {
    id.split_once('-').map_or(id, |(_, stem)| stem)
}

/// One load balancer and the addresses that it sends to.
struct Group<'w> {
    balancer: &'w SimLoadBalancer,
    members: Vec<(&'w SimNic, &'w SimAddress)>,
}

impl<'w> Group<'w> {
    fn id(&self) -> &'w str {
        &self.balancer.id
    }

    fn server_group(&self) -> String {
        match Family::of(self.balancer) {
            Family::Classic => format!("rsp-{}", stem(self.id())),
            Family::Application | Family::Network => format!("sgp-{}", stem(self.id())),
        }
    }
}

/// Load balancers of a family, by id.
fn groups<'w>(world: &'w World, family: Family, region: Option<&str>) -> impl Iterator<Item = Group<'w>> {
    world
        .load_balancers()
        .filter(move |balancer| Family::of(balancer) == family && region.is_none_or(|region| region == balancer.region))
        .map(|balancer| Group { balancer, members: world.backends(&balancer.id).collect() })
}

/// Type and id of what a backend sends to.
fn server<'w>(nic: &'w SimNic, address: &SimAddress) -> (&'static str, &'w str) {
    match &nic.instance_id {
        Some(instance) if nic.primary && address.primary => ("Ecs", instance),
        _ => ("Eni", &nic.id),
    }
}

// CLB.

/// How far a filter of `DescribeLoadBalancers` sees that the vendor documents for instances only.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Reach {
    Whole,
    Instances,
    Ignored,
    Refused(String),
}

impl Reach {
    fn of(world: &World, parameter: &str) -> Self {
        match world.refusals.get(parameter).map(String::as_str) {
            None => Reach::Whole,
            Some("instances") => Reach::Instances,
            Some("ignored") => Reach::Ignored,
            Some(code) => Reach::Refused(code.to_owned()),
        }
    }

    /// What is left of a parameter. `plain`: is it what the page documents?
    fn asked<T>(&self, value: Option<T>, plain: impl FnOnce(&T) -> bool) -> Result<Option<T>, Refusal> {
        match self {
            Reach::Whole | Reach::Instances => Ok(value),
            Reach::Ignored => Ok(value.filter(plain)),
            Reach::Refused(code) => match value {
                Some(value) if !plain(&value) => Err(Refusal::of(code)),
                value => Ok(value),
            },
        }
    }

    /// A backend that is an instance (`whole`) is seen in any case.
    fn sees(&self, whole: bool) -> bool {
        whole || *self != Reach::Instances
    }
}

/// Is it an instance's own address?
fn is_own(world: &World, ip: &str) -> bool {
    world
        .nics()
        .iter()
        .any(|nic| nic.primary && nic.addresses.iter().any(|address| address.primary && address.ip.to_string() == ip))
}

pub(super) fn describe_load_balancers(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let region = call.region(world)?;
    if params.get("PageSize").is_some() && params.get("PageNumber").is_none() {
        return Err(Refusal::missing("PageNumber"));
    }
    let slice = paging::by_number(params, 50, 100)?;
    let ids = params.commas("LoadBalancerId", 100)?;
    let by_address = Reach::of(world, "ServerIntranetAddress");
    let by_id = Reach::of(world, "ServerId");
    let private = params.commas("ServerIntranetAddress", 100)?;
    let private = by_address.asked(private, |ips| ips.iter().all(|ip| is_own(world, ip)))?;
    let server_id = by_id.asked(params.get("ServerId"), |id| id.starts_with("i-"))?;
    let found: Vec<Group> = groups(world, Family::Classic, Some(region))
        .filter(|group| {
            let member = |&(nic, address): &(&SimNic, &SimAddress)| {
                let whole = server(nic, address).0 == "Ecs";
                private
                    .as_ref()
                    .is_none_or(|ips| by_address.sees(whole) && ips.contains(&address.ip.to_string().as_str()))
                    && server_id
                        .is_none_or(|id| by_id.sees(whole) && (id == nic.id || nic.instance_id.as_deref() == Some(id)))
            };
            ids.as_ref().is_none_or(|ids| ids.contains(&group.id()))
                && params.get("VpcId").is_none_or(|vpc| vpc == group.balancer.vpc_id)
                && (private.is_none() && server_id.is_none() || group.members.iter().any(member))
        })
        .collect();
    let total = found.len();
    let page: Vec<Value> = slice.of(found).iter().map(|group| Value::Object(classic(group))).collect();
    Ok(members([
        ("LoadBalancers", json!({"LoadBalancer": page})),
        ("TotalCount", json!(total)),
        ("PageNumber", json!(slice.number)),
        ("PageSize", json!(slice.size)),
    ]))
}

fn classic(group: &Group) -> Map<String, Value> {
    members([
        ("LoadBalancerId", json!(group.id())),
        ("LoadBalancerName", json!(group.balancer.name)),
        ("LoadBalancerStatus", json!("active")),
        ("AddressType", json!(if group.balancer.public_ip.is_some() { "internet" } else { "intranet" })),
        ("Address", json!(group.balancer.public_ip.map_or(String::new(), |ip| ip.to_string()))),
        ("RegionId", json!(group.balancer.region)),
        ("RegionIdAlias", json!(group.balancer.region)),
        ("VpcId", json!(group.balancer.vpc_id)),
        ("VSwitchId", json!(group.members.first().map_or("", |(nic, _)| nic.subnet_id.as_str()))),
        ("NetworkType", json!("vpc")),
        ("CreateTime", json!(nics::born(group.id(), "%Y-%m-%dT%H:%MZ"))),
    ])
}

/// Does the balancer have a master/slave group, and no other?
fn is_pair(group: &Group) -> bool {
    group.balancer.kind == "clb-pair"
}

fn pair_id(group: &Group) -> String {
    format!("mss-{}", stem(group.id()))
}

fn backends(group: &Group) -> Value {
    let servers = group.members.iter().map(|(nic, address)| {
        let (kind, id) = server(nic, address);
        json!({
            "ServerId": id,
            "ServerIp": address.ip,
            // Vendor: in lower case for this product.
            "Type": kind.to_ascii_lowercase(),
            "Port": group.balancer.port,
            "Weight": 100,
            "Description": "",
        })
    });
    json!({"BackendServer": servers.collect::<Vec<_>>()})
}

/// The load balancer that a call names.
fn named<'w>(world: &'w World, call: &Call) -> Result<Group<'w>, Refusal> {
    let region = call.region(world)?;
    let id = call.params.required("LoadBalancerId")?;
    let mut all = groups(world, Family::Classic, Some(region));
    all.find(|group| group.id() == id).ok_or_else(|| Refusal::of("InvalidLoadBalancerId.NotFound"))
}

/// A CLB of this server uses a vServer group; its default group is empty.
pub(super) fn describe_load_balancer_attribute(world: &mut World, call: &Call) -> Answer {
    let group = named(world, call)?;
    let mut out = classic(&group);
    out.insert("BackendServers".to_owned(), json!({"BackendServer": []}));
    out.insert("ListenerPorts".to_owned(), json!({"ListenerPort": [group.balancer.port]}));
    Ok(out)
}

pub(super) fn describe_vserver_groups(world: &mut World, call: &Call) -> Answer {
    let group = named(world, call)?;
    let found = json!({
        "VServerGroupId": group.server_group(),
        "VServerGroupName": "web",
        "ServerCount": group.members.len(),
    });
    let found = if is_pair(&group) { vec![] } else { vec![found] };
    Ok(members([("VServerGroups", json!({"VServerGroup": found}))]))
}

pub(super) fn describe_pairs(world: &mut World, call: &Call) -> Answer {
    let group = named(world, call)?;
    let found = json!({"MasterSlaveServerGroupId": pair_id(&group), "MasterSlaveServerGroupName": "pair"});
    let found = if is_pair(&group) { vec![found] } else { vec![] };
    Ok(members([("MasterSlaveServerGroups", json!({"MasterSlaveServerGroup": found}))]))
}

/// Vendor: the SDK of 2025 has no member for an entry's address, older ones have.
pub(super) fn describe_pair(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("MasterSlaveServerGroupId")?;
    let mut all = groups(world, Family::Classic, Some(region)).filter(is_pair);
    let group = all.find(|group| pair_id(group) == id);
    let group = group.ok_or_else(|| Refusal::of("InvalidParameter.MasterSlaveServerGroupId"))?;
    let servers = group.members.iter().zip(["Master", "Slave"].into_iter().cycle()).map(|((nic, address), which)| {
        let (kind, id) = server(nic, address);
        json!({
            "ServerId": id,
            "Type": kind.to_ascii_lowercase(),
            "ServerType": which,
            "Port": group.balancer.port,
            "Weight": 100,
            "Description": "",
        })
    });
    let servers: Vec<Value> = servers.collect();
    Ok(members([
        ("MasterSlaveServerGroupId", json!(id)),
        ("MasterSlaveServerGroupName", json!("pair")),
        ("LoadBalancerId", json!(group.id())),
        ("MasterSlaveBackendServers", json!({"MasterSlaveBackendServer": servers})),
    ]))
}

pub(super) fn describe_vserver_group_attribute(world: &mut World, call: &Call) -> Answer {
    let region = call.region(world)?;
    let id = call.params.required("VServerGroupId")?;
    let mut all = groups(world, Family::Classic, Some(region));
    let group = all.find(|group| group.server_group() == id);
    let group = group.ok_or_else(|| Refusal::of("InvalidParameter.VServerGroupId"))?;
    Ok(members([
        ("VServerGroupId", json!(id)),
        ("VServerGroupName", json!("web")),
        ("LoadBalancerId", json!(group.id())),
        ("BackendServers", backends(&group)),
    ]))
}

// ALB and NLB: their lists have no wrapper.

pub(super) fn alb_groups(world: &mut World, call: &Call) -> Answer {
    server_groups(world, call, Family::Application)
}

pub(super) fn nlb_groups(world: &mut World, call: &Call) -> Answer {
    server_groups(world, call, Family::Network)
}

pub(super) fn alb_servers(world: &mut World, call: &Call) -> Answer {
    servers(world, call, Family::Application)
}

pub(super) fn nlb_servers(world: &mut World, call: &Call) -> Answer {
    servers(world, call, Family::Network)
}

/// ALB's calls have no `RegionId`: the host says it (`alb.<region>.aliyuncs.com`). This server has one host for all
/// regions, so without a region everything is listed. NLB's calls may name one.
fn place<'c>(call: &'c Call, world: &World) -> Result<Option<&'c str>, Refusal> {
    if call.params.get("RegionId").is_some() {
        return call.region(world).map(Some);
    }
    let mut labels = call.host.split('.');
    let product = labels.next().is_some_and(|name| matches!(name, "alb" | "nlb"));
    Ok(labels.next().filter(|_| product))
}

fn server_groups(world: &mut World, call: &Call, family: Family) -> Answer {
    let region = place(call, world)?;
    let slice = paging::by_token(call, 1, 20, 100)?;
    let ids = call.params.list("ServerGroupIds", 100)?;
    let names = call.params.list("ServerGroupNames", 100)?;
    let found: Vec<Group> = groups(world, family, region)
        .filter(|group| {
            let id = group.server_group();
            (ids.is_empty() || ids.contains(&id.as_str()))
                && (names.is_empty() || names.contains(&id.as_str()))
                && call.params.get("VpcId").is_none_or(|vpc| vpc == group.balancer.vpc_id)
        })
        .collect();
    let total = found.len();
    let token = paging::next_token(call, slice, total);
    let page: Vec<Value> = slice
        .of(found)
        .iter()
        .map(|group| {
            let used = if group.id().starts_with("sgp-") { vec![] } else { vec![group.id()] };
            json!({
                "ServerGroupId": group.server_group(),
                "ServerGroupName": group.server_group(),
                "ServerGroupStatus": "Available",
                "ServerGroupType": "Instance",
                "Protocol": if family == Family::Network { "TCP" } else { "HTTP" },
                "ServerCount": group.members.len(),
                "RelatedLoadBalancerIds": used,
                "VpcId": group.balancer.vpc_id,
                "RegionId": group.balancer.region,
            })
        })
        .collect();
    Ok(flat("ServerGroups", page, token, total, slice.size))
}

fn servers(world: &mut World, call: &Call, family: Family) -> Answer {
    let region = place(call, world)?;
    let slice = paging::by_token(call, 1, 20, 100)?;
    let ids = call.params.list("ServerIds", 40)?;
    let ips = call.params.list("ServerIps", 40)?;
    let asked = call.params.get("ServerGroupId");
    let all: Vec<Group> = groups(world, family, region).collect();
    if asked.is_some_and(|asked| !all.iter().any(|group| group.server_group() == asked)) {
        return Err(Refusal::of("ResourceNotFound.ServerGroup"));
    }
    let found: Vec<Value> = all
        .iter()
        .filter(|group| asked.is_none_or(|asked| asked == group.server_group()))
        .flat_map(|group| group.members.iter().map(move |(nic, address)| (group, *nic, *address)))
        .filter_map(|(group, nic, address)| {
            let (kind, id) = server(nic, address);
            let wanted = (ids.is_empty() || ids.contains(&id))
                && (ips.is_empty() || ips.contains(&address.ip.to_string().as_str()));
            wanted.then(|| {
                json!({
                    "ServerGroupId": group.server_group(),
                    "ServerId": id,
                    "ServerIp": address.ip,
                    "ServerType": kind,
                    "Port": group.balancer.port,
                    "Weight": 100,
                    "Status": "Available",
                    "Description": "",
                })
            })
        })
        .collect();
    let total = found.len();
    let token = paging::next_token(call, slice, total);
    Ok(flat("Servers", slice.of(found), token, total, slice.size))
}

/// Vendor: without a next page the member is absent here, while ECS sends it empty.
fn flat(name: &str, page: Vec<Value>, token: String, total: usize, size: usize) -> Map<String, Value> {
    let mut out = members([(name, Value::Array(page)), ("TotalCount", json!(total)), ("MaxResults", json!(size))]);
    if !token.is_empty() {
        out.insert("NextToken".to_owned(), Value::from(token));
    }
    out
}
