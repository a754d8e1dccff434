//! A call as Alibaba Cloud's request: `POST /`, the action in a header, parameters in the query (NLB: in a form body).

use std::fmt::Display;

use super::{carry::Carry, part};
use crate::{
    domain::{
        ids::{InstanceId, RegionId},
        page::{Cursor, Listing, Resource, Scope},
        plan::OperationKind,
    },
    providers::{
        profile::Profile,
        provider::{Call, Step},
    },
    wire::{self, WireRequest},
};

/// Vendor: `DescribeNetworkInterfaces`, `MaxResults`; more is silently cut to it.
const NICS_A_PAGE: usize = 500;
/// Vendor: as above; fewer are silently made to it.
const NICS_AT_LEAST: usize = 10;
/// Vendor: the largest page of every other call here.
pub(super) const PAGE_SIZE: usize = 100;

/// A product: an API of its own, on hosts of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Product {
    Ecs,
    Vpc,
    Slb,
    Alb,
    Nlb,
    Sts,
}

impl Product {
    fn version(self) -> &'static str {
        match self {
            Product::Ecs => "2014-05-26",
            Product::Vpc => "2016-04-28",
            Product::Slb => "2014-05-15",
            Product::Alb => "2020-06-16",
            Product::Nlb => "2022-04-30",
            Product::Sts => "2015-04-01",
        }
    }

    /// As hosts and the vendor's tool spell it.
    fn name(self) -> &'static str {
        match self {
            Product::Ecs => "ecs",
            Product::Vpc => "vpc",
            Product::Slb => "slb",
            Product::Alb => "alb",
            Product::Nlb => "nlb",
            Product::Sts => "sts",
        }
    }

    /// The public host for a region. Vendor: the endpoint maps of its SDKs.
    fn host(self, region: &str) -> String {
        let finance = region.contains("finance");
        let gov = region.contains("-gov-");
        let name = match self {
            Product::Ecs if finance || region == "cn-hangzhou" => return "ecs-cn-hangzhou.aliyuncs.com".to_owned(),
            Product::Vpc if finance || gov || region == "cn-hangzhou" => return "vpc.aliyuncs.com".to_owned(),
            Product::Slb if finance || gov || CENTRAL_SLB.contains(&region) => return "slb.aliyuncs.com".to_owned(),
            Product::Sts => return "sts.aliyuncs.com".to_owned(),
            product => product.name(),
        };
        format!("{name}.{region}.aliyuncs.com")
    }
}

/// Regions whose classic load balancers are served by the central host.
const CENTRAL_SLB: [&str; 9] = [
    "cn-qingdao",
    "cn-beijing",
    "cn-hangzhou",
    "cn-shanghai",
    "cn-shenzhen",
    "cn-hongkong",
    "ap-southeast-1",
    "us-east-1",
    "us-west-1",
];

/// Vendor: the ECS pages of these names.
pub(super) const RELEASE: &str = "UnassignPrivateIpAddresses";
pub(super) const DETACH: &str = "DetachNetworkInterface";

fn api(call: &Call) -> (Product, &'static str) {
    let listing = match call {
        Call::Write { kind, .. } => return write_api(kind),
        Call::List(listing) => listing,
        // This cloud has neither; no method of its codec makes such a call.
        Call::Task { .. } | Call::SignIn { .. } => return (Product::Ecs, "DescribeRegions"),
        Call::Identity { .. } => return (Product::Sts, "GetCallerIdentity"),
    };
    match (listing.resource, listing.part) {
        // No virtual address is an object of its own here: `listings` never asks for one.
        (Resource::Regions | Resource::Floats, _) => (Product::Ecs, "DescribeRegions"),
        (Resource::Instances, _) => (Product::Ecs, "DescribeInstances"),
        (Resource::Nics, _) if matches!(listing.scope, Scope::Nic(_)) => {
            (Product::Ecs, "DescribeNetworkInterfaceAttribute")
        }
        (Resource::Nics, _) => (Product::Ecs, "DescribeNetworkInterfaces"),
        (Resource::Eips, _) => (Product::Vpc, "DescribeEipAddresses"),
        (Resource::Limits, _) => (Product::Ecs, "DescribeInstanceTypes"),
        (Resource::Backends, part::CLB_ATTRIBUTE) => (Product::Slb, "DescribeLoadBalancerAttribute"),
        (Resource::Backends, part::CLB_GROUPS) => (Product::Slb, "DescribeVServerGroups"),
        (Resource::Backends, part::CLB_GROUP) => (Product::Slb, "DescribeVServerGroupAttribute"),
        (Resource::Backends, part::CLB_PAIRS) => (Product::Slb, "DescribeMasterSlaveServerGroups"),
        (Resource::Backends, part::CLB_PAIR) => (Product::Slb, "DescribeMasterSlaveServerGroupAttribute"),
        (Resource::Backends, part::ALB | part::ALB_OWNERS) => (Product::Alb, "ListServerGroups"),
        (Resource::Backends, part::NLB | part::NLB_OWNERS) => (Product::Nlb, "ListServerGroups"),
        (Resource::Backends, part::ALB_SERVERS | part::ALB_FIND) => (Product::Alb, "ListServerGroupServers"),
        (Resource::Backends, part::NLB_SERVERS | part::NLB_FIND | part::NLB_FIND_BY_ID) => {
            (Product::Nlb, "ListServerGroupServers")
        }
        (Resource::Backends, part::NIC_ADDRESS) => (Product::Ecs, "DescribeNetworkInterfaceAttribute"),
        (Resource::Backends, _) => (Product::Slb, "DescribeLoadBalancers"),
    }
}

fn write_api(kind: &OperationKind) -> (Product, &'static str) {
    match kind {
        OperationKind::Release { .. } => (Product::Ecs, RELEASE),
        OperationKind::Detach { .. } => (Product::Ecs, DETACH),
        OperationKind::Assign { .. } => (Product::Ecs, "AssignPrivateIpAddresses"),
        OperationKind::Attach { .. } => (Product::Ecs, "AttachNetworkInterface"),
        OperationKind::BindEip { .. } => (Product::Vpc, "AssociateEipAddress"),
        OperationKind::Delete { .. } => (Product::Ecs, "DeleteNetworkInterface"),
    }
}

/// The vendor's action name.
pub(super) fn action(call: &Call) -> &'static str {
    api(call).1
}

/// Vendor: "RAM authorization" of the calls' pages: the product's name and the action's.
pub(super) fn permission(call: &Call) -> String {
    let (product, action) = api(call);
    format!("{}:{action}", product.name())
}

/// The same, told apart where two products have actions of one name.
pub(super) fn own_action(call: &Call) -> &'static str {
    match api(call) {
        (Product::Nlb, "ListServerGroups") => "nlb:ListServerGroups",
        (Product::Nlb, "ListServerGroupServers") => "nlb:ListServerGroupServers",
        (_, action) => action,
    }
}

/// The product and the parameters of a write, as the vendor names them and in the order of its pages.
pub(super) fn write_params(call: &Call) -> Option<(&'static str, Vec<(String, String)>)> {
    let Call::Write { region, kind, step } = call else { return None };
    Some((api(call).0.name(), write(region, kind, step).0))
}

/// The unsigned request.
pub(super) fn encode(call: &Call, profile: &Profile) -> WireRequest {
    let (product, action) = api(call);
    let region = call.region().or_else(|| profile.regions.first()).map_or("cn-hangzhou", RegionId::as_str);
    let params = match call {
        Call::List(listing) => read(listing),
        Call::Write { region, kind, step } => write(region, kind, step),
        Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => Params::default(),
    };
    let (scheme, host) = profile.host(product.name(), &product.host(region), region);
    let encoded = wire::canonical_query(&params.0);
    let mut request = WireRequest {
        method: "POST",
        scheme,
        host,
        path: "/".to_owned(),
        query: String::new(),
        headers: [("accept", "application/json"), ("x-acs-action", action), ("x-acs-version", product.version())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: Vec::new(),
    };
    if product == Product::Nlb {
        request.set_header("content-type", "application/x-www-form-urlencoded");
        request.body = encoded.into_bytes();
    } else {
        request.query = encoded;
    }
    request
}

#[derive(Default)]
struct Params(Vec<(String, String)>);

impl Params {
    fn put(&mut self, name: &str, value: impl Display) {
        self.0.push((name.to_owned(), format!("{value}")));
    }

    /// `Name.1`, `Name.2`, …
    fn list(&mut self, name: &str, values: impl IntoIterator<Item = impl Display>) {
        for (value, number) in values.into_iter().zip(1..) {
            self.put(&format!("{name}.{number}"), value);
        }
    }

    /// A page of a list that goes on by token. Nothing may be done to the token: it holds `+`, `/` and `=`.
    fn by_token(&mut self, size: usize, cursor: &Cursor) {
        self.put("MaxResults", size);
        self.token(cursor);
    }

    fn token(&mut self, cursor: &Cursor) {
        if let Cursor::Token(token) = cursor {
            self.put("NextToken", token);
        }
    }

    fn by_number(&mut self, listing: &Listing) {
        self.put("PageNumber", page(listing));
        self.put("PageSize", PAGE_SIZE);
    }
}

/// The page's number, from 1.
pub(super) fn page(listing: &Listing) -> u32 {
    match listing.cursor {
        Cursor::Page(number) => number,
        Cursor::Start | Cursor::Token(_) => 1,
    }
}

fn write(region: &RegionId, kind: &OperationKind, step: &Step) -> Params {
    let mut params = Params::default();
    params.put("RegionId", region);
    if !matches!(kind, OperationKind::BindEip { .. }) {
        params.put("NetworkInterfaceId", kind.nic());
    }
    match kind {
        OperationKind::Release { ips, .. } | OperationKind::Assign { ips, .. } => params.list("PrivateIpAddress", ips),
        OperationKind::Detach { instance, .. } | OperationKind::Attach { instance, .. } => {
            params.put("InstanceId", instance);
        }
        OperationKind::BindEip { nic, eip, ip } => {
            params.put("AllocationId", eip);
            params.put("InstanceType", "NetworkInterface");
            params.put("InstanceId", nic);
            params.put("PrivateIpAddress", ip);
        }
        OperationKind::Delete { .. } => {}
    }
    // Vendor: of the calls here only this one takes it.
    if let (OperationKind::Assign { .. }, Some(token)) = (kind, &step.carry) {
        params.put("ClientToken", token);
    }
    params
}

fn read(listing: &Listing) -> Params {
    let mut params = Params::default();
    let carry = Carry::of(listing);
    // The two calls that are not about a region do not take one. ALB's documents do not list it, but the vendor's own tools
    // send it to every product.
    if !matches!(listing.resource, Resource::Regions | Resource::Limits)
        && let Some(region) = &listing.region
    {
        params.put("RegionId", region);
    }
    match (listing.resource, &listing.scope) {
        (Resource::Regions | Resource::Floats, _) => {}
        (Resource::Instances, scope) => {
            params.by_token(PAGE_SIZE, &listing.cursor);
            if let Scope::Instances(ids) = scope {
                params.put("InstanceIds", json_list(ids));
            }
        }
        (Resource::Nics, Scope::Nic(nic)) => params.put("NetworkInterfaceId", nic),
        (Resource::Nics, Scope::Few) => params.by_token(NICS_AT_LEAST, &listing.cursor),
        (Resource::Nics, _) => params.by_token(NICS_A_PAGE, &listing.cursor),
        (Resource::Eips, scope) => {
            params.by_number(listing);
            let associated = match scope {
                Scope::Nic(nic) => Some(("NetworkInterface", nic.as_str())),
                Scope::Instances(ids) => ids.first().map(|id| ("EcsInstance", id.as_str())),
                _ => None,
            };
            if let Some((kind, id)) = associated {
                params.put("AssociatedInstanceType", kind);
                params.put("AssociatedInstanceId", id);
            }
        }
        (Resource::Limits, scope) => {
            if let Scope::Types(types) = scope {
                params.list("InstanceTypes", types);
            }
            params.token(&listing.cursor);
        }
        (Resource::Backends, _) => backends(&mut params, listing, &carry),
    }
    params
}

fn backends(params: &mut Params, listing: &Listing, carry: &Carry) {
    let object = carry.object(listing);
    match listing.part {
        part::CLB_ATTRIBUTE | part::CLB_GROUPS | part::CLB_PAIRS => params.put("LoadBalancerId", object),
        part::CLB_GROUP => params.put("VServerGroupId", object),
        part::CLB_PAIR => params.put("MasterSlaveServerGroupId", object),
        part::NIC_ADDRESS => params.put("NetworkInterfaceId", object),
        part::ALB | part::NLB => params.by_token(PAGE_SIZE, &listing.cursor),
        part::ALB_SERVERS | part::NLB_SERVERS => {
            params.put("ServerGroupId", object);
            params.by_token(PAGE_SIZE, &listing.cursor);
        }
        part::ALB_FIND | part::NLB_FIND_BY_ID => {
            params.list("ServerIds", &carry.wanted);
            params.by_token(PAGE_SIZE, &listing.cursor);
        }
        part::NLB_FIND => {
            params.list("ServerIps", &carry.wanted);
            params.by_token(PAGE_SIZE, &listing.cursor);
        }
        part::ALB_OWNERS | part::NLB_OWNERS => {
            params.list("ServerGroupIds", &carry.wanted);
            params.by_token(PAGE_SIZE, &listing.cursor);
        }
        part::CLB_FIND_BY_ADDRESS => {
            params.put("ServerIntranetAddress", carry.wanted.join(","));
            params.by_number(listing);
        }
        part::CLB_FIND_BY_ID => {
            params.put("ServerId", carry.wanted.join(","));
            params.by_number(listing);
        }
        _ => params.by_number(listing),
    }
}

/// Vendor: `InstanceIds` is one text that holds a JSON array.
fn json_list(ids: &[InstanceId]) -> String {
    serde_json::to_string(ids).unwrap_or_default()
}
