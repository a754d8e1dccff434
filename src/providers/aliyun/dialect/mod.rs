//! Alibaba Cloud's side of the wire, for the simulator: verifies, validates, acts, answers as the vendor does.
//!
//! One endpoint serves ECS, VPC, SLB, ALB, NLB and STS; the API version tells them apart. What the vendor's documents leave
//! open is decided like this:
//! - a call of several addresses releases all of them or none;
//! - a released or deleted address leaves its EIP behind, bound to nothing;
//! - a NIC shows its instance until a detach is done;
//! - a load balancer's kind (`alb`, `nlb`, `clb`), or where it has none its id, says what it is: `alb-` ALB, `nlb-` NLB,
//!   `sgp-` an ALB server group that no load balancer uses, anything else (`lb-`) CLB with one vServer group and an empty
//!   default group (of the kind `clb-pair`: with one master/slave group instead, which names no addresses). Backends are of type `Eni`, save an instance's primary address, which is `Ecs`;
//! - what `DescribeLoadBalancers` does when it is asked by the address (`ServerIntranetAddress`) or the id (`ServerId`) of a NIC
//!   that is no instance's primary one, which no page says, stands in [`World::refusals`] under the parameter's name:
//!   `instances` (it sees only instances and their own addresses), `ignored` (as if it was not there), or a code that it is
//!   refused with; without an entry it sees them;
//! - reasons that a world cannot hold stand in [`World::refusals`], by action, NIC, instance, instance type, vSwitch or
//!   security group.
//!
//! Knows nothing of the client: not how it encodes, not how it reads.

mod auth;
mod balancers;
mod codes;
mod eips;
mod instances;
mod nics;
mod paging;
mod params;
mod reply;
#[cfg(test)]
mod tests;
mod types;
mod vocabulary;
mod writes;

use serde_json::{Map, Value};

use crate::{
    domain::time::Timestamp,
    sim::{
        dialect::{Dialect, Heeds, SimKey, SimRequest, SimResponse, VendorError, Vocabulary},
        world::World,
    },
};

use self::{
    auth::{COMMON, Style},
    codes::Refusal,
    params::Params,
    reply::{Envelope, Format},
};

/// The simulated server side of Alibaba Cloud.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AliyunDialect;

/// Members of a successful answer, without the request id.
type Answer = Result<Map<String, Value>, Refusal>;

/// Calls that change the world.
const WRITES: &[&str] = &[
    "UnassignPrivateIpAddresses",
    "AssignPrivateIpAddresses",
    "DetachNetworkInterface",
    "AttachNetworkInterface",
    "DeleteNetworkInterface",
    "AssociateEipAddress",
    "UnassociateEipAddress",
];

/// API versions and the products that have them.
const PRODUCTS: &[(&str, &str)] = &[
    ("2014-05-26", "Ecs"),
    ("2016-04-28", "Vpc"),
    ("2014-05-15", "Slb"),
    ("2020-06-16", "Alb"),
    ("2022-04-30", "Nlb"),
    ("2015-04-01", "Sts"),
];

/// Regions that exist, whether the world has anything in them or not: a NIC asked for in one of these is not found,
/// any other region is itself not found. Vendor: regions and zones.
pub(super) const REGIONS: &[&str] = &[
    "cn-qingdao",
    "cn-beijing",
    "cn-zhangjiakou",
    "cn-huhehaote",
    "cn-wulanchabu",
    "cn-hangzhou",
    "cn-shanghai",
    "cn-nanjing",
    "cn-fuzhou",
    "cn-shenzhen",
    "cn-heyuan",
    "cn-guangzhou",
    "cn-chengdu",
    "cn-hongkong",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "us-east-1",
    "us-west-1",
    "eu-west-1",
    "eu-central-1",
    "me-east-1",
    "me-central-1",
];

/// A verified call.
struct Call<'a> {
    action: &'a str,
    params: Params,
    host: &'a str,
    now: Timestamp,
}

impl Call<'_> {
    /// The region that the call names.
    fn region<'w>(&'w self, world: &World) -> Result<&'w str, Refusal> {
        let region = self.params.required("RegionId")?;
        if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return Err(Refusal::of("InvalidRegionId.MalFormed"));
        }
        if !REGIONS.contains(&region) && !world.regions().iter().any(|known| known == region) {
            return Err(Refusal::of("InvalidRegionId.NotFound"));
        }
        Ok(region)
    }
}

impl Dialect for AliyunDialect {
    fn vocabulary(&self) -> &'static Vocabulary {
        &vocabulary::VOCABULARY
    }

    fn actions(&self) -> &'static [&'static str] {
        NAMES
    }

    fn heeds(&self) -> Heeds {
        Heeds {
            members: &["prefixes", "service_managed", "cold_plug_only", "linked"],
            types: true,
            parameters: &[
                ("ServerIntranetAddress", &["instances", "ignored"]),
                ("ServerId", &["instances", "ignored"]),
            ],
            ..Heeds::default()
        }
    }

    fn action(&self, request: &SimRequest) -> Option<String> {
        action(request, &auth::pairs(request)).map(str::to_owned)
    }

    fn is_write(&self, action: &str) -> bool {
        WRITES.contains(&action)
    }

    fn answer(
        &self,
        world: &mut World,
        key: &SimKey,
        request: &SimRequest,
        now: Timestamp,
        request_id: &str,
    ) -> SimResponse {
        let pairs = auth::pairs(request);
        let action = action(request, &pairs).unwrap_or_default();
        let product = version(request, &pairs).and_then(|version| PRODUCTS.iter().find(|row| row.0 == version));
        let host = request.header("host").unwrap_or_default();
        let envelope = Envelope {
            action,
            product: product.map_or("", |row| row.1),
            host,
            request_id: reply::request_id(request_id),
            format: format(request, &pairs),
            now: Some(now),
        };
        world.settle(now);
        let answer = gate(request, &pairs, envelope.product)
            .and_then(|()| auth::verify(request, &pairs, key, world, now))
            .and_then(|()| own(&pairs, auth::style(request)))
            .and_then(|params| {
                let call = Call { action, params, host, now };
                // A policy or a kind of account stands before everything that the call itself would check.
                match world.refusals.get(action) {
                    Some(code) => Err(Refusal::of(code)),
                    None => dispatch(world, &call, envelope.product),
                }
            });
        match answer {
            Ok(members) => envelope.success(members),
            Err(refusal) => envelope.refusal(&refusal),
        }
    }

    fn error(&self, error: VendorError, request_id: &str) -> SimResponse {
        let code = match error {
            VendorError::Throttled => "Throttling.User",
            VendorError::Internal => "InternalError",
            VendorError::Unavailable => "ServiceUnavailable",
        };
        let envelope = Envelope {
            action: "",
            product: "Ecs",
            host: "",
            request_id: reply::request_id(request_id),
            format: Format::Json,
            now: None,
        };
        let mut response = envelope.refusal(&Refusal::of(code));
        if error == VendorError::Throttled {
            // Vendor: in milliseconds.
            response.headers.push(("x-acs-retry-after".to_owned(), "200".to_owned()));
        }
        response
    }
}

fn of_style<'a>(request: &'a SimRequest, pairs: &'a [(String, String)], header: &str, name: &str) -> Option<&'a str> {
    let found = match auth::style(request) {
        Style::V3 => request.header(header),
        Style::V1 => pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()),
    };
    found.map(str::trim).filter(|value| !value.is_empty())
}

fn action<'a>(request: &'a SimRequest, pairs: &'a [(String, String)]) -> Option<&'a str> {
    of_style(request, pairs, "x-acs-action", "Action")
}

fn version<'a>(request: &'a SimRequest, pairs: &'a [(String, String)]) -> Option<&'a str> {
    of_style(request, pairs, "x-acs-version", "Version")
}

/// The older style answers in XML unless it is told otherwise.
fn format(request: &SimRequest, pairs: &[(String, String)]) -> Format {
    let json = match auth::style(request) {
        Style::V3 => !request.header("accept").is_some_and(|kinds| kinds.contains("xml") && !kinds.contains("json")),
        Style::V1 => pairs.iter().any(|(name, value)| name == "Format" && value.eq_ignore_ascii_case("json")),
    };
    if json { Format::Json } else { Format::Xml }
}

/// What the gateway refuses before it looks at a signature.
fn gate(request: &SimRequest, pairs: &[(String, String)], product: &str) -> Result<(), Refusal> {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(Refusal::of("UnsupportedHTTPMethod"));
    }
    let action = action(request, pairs).ok_or_else(|| Refusal::missing_common("Action"))?;
    version(request, pairs).ok_or_else(|| Refusal::missing_common("Version"))?;
    if product.is_empty() {
        return Err(Refusal::of("InvalidVersion"));
    }
    if request.path != "/" || !ACTIONS.contains(&(product, action)) {
        return Err(Refusal::of("InvalidAction.NotFound"));
    }
    Ok(())
}

/// The parameters of the call itself.
fn own(pairs: &[(String, String)], style: Style) -> Result<Params, Refusal> {
    let common = |name: &str| style == Style::V1 && COMMON.contains(&name);
    Params::new(pairs.iter().filter(|(name, _)| !common(name)).cloned().collect())
}

macro_rules! actions {
    ($($product:literal $action:literal => $answer:path;)*) => {
        /// Products and their calls.
        const ACTIONS: &[(&str, &str)] = &[$(($product, $action),)*];
        /// The calls alone.
        const NAMES: &[&str] = &[$($action,)*];

        fn dispatch(world: &mut World, call: &Call, product: &str) -> Answer {
            match (product, call.action) {
                $(($product, $action) => $answer(world, call),)*
                _ => Err(Refusal::of("InvalidAction.NotFound")),
            }
        }
    };
}

actions! {
    "Ecs" "DescribeRegions" => instances::describe_regions;
    "Ecs" "DescribeZones" => instances::describe_zones;
    "Ecs" "DescribeInstances" => instances::describe_instances;
    "Ecs" "DescribeInstanceTypes" => types::describe_instance_types;
    "Ecs" "DescribeNetworkInterfaces" => nics::describe_network_interfaces;
    "Ecs" "DescribeNetworkInterfaceAttribute" => nics::describe_network_interface_attribute;
    "Ecs" "UnassignPrivateIpAddresses" => writes::unassign;
    "Ecs" "AssignPrivateIpAddresses" => writes::assign;
    "Ecs" "DetachNetworkInterface" => writes::detach;
    "Ecs" "AttachNetworkInterface" => writes::attach;
    "Ecs" "DeleteNetworkInterface" => writes::delete;
    "Vpc" "DescribeEipAddresses" => eips::describe_eip_addresses;
    "Vpc" "AssociateEipAddress" => eips::associate_eip_address;
    "Vpc" "UnassociateEipAddress" => eips::unassociate_eip_address;
    "Slb" "DescribeLoadBalancers" => balancers::describe_load_balancers;
    "Slb" "DescribeLoadBalancerAttribute" => balancers::describe_load_balancer_attribute;
    "Slb" "DescribeVServerGroups" => balancers::describe_vserver_groups;
    "Slb" "DescribeVServerGroupAttribute" => balancers::describe_vserver_group_attribute;
    "Slb" "DescribeMasterSlaveServerGroups" => balancers::describe_pairs;
    "Slb" "DescribeMasterSlaveServerGroupAttribute" => balancers::describe_pair;
    "Alb" "ListServerGroups" => balancers::alb_groups;
    "Alb" "ListServerGroupServers" => balancers::alb_servers;
    "Nlb" "ListServerGroups" => balancers::nlb_groups;
    "Nlb" "ListServerGroupServers" => balancers::nlb_servers;
    "Sts" "GetCallerIdentity" => auth::caller;
}

/// An object of one list, whose rows are not copied as the macro would.
fn list(name: &str, rows: Vec<Value>) -> Value {
    Value::Object(members([(name, Value::Array(rows))]))
}

/// Builds the members of an answer.
fn members<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
