//! Tencent Cloud's side of the wire, for the simulator: verifies, validates, acts, answers as the vendor does.
//!
//! One endpoint serves all products of API 3.0 (`POST /`; the product is the one that the signature is for) and of API 2.0
//! (`/v2/index.php`). Errors come with status 200 and the content type is exactly `application/json`: the vendor's own SDK sees
//! errors only so. What the vendor's documents leave open is decided like this:
//! - a release of several addresses takes all of them or none; one that names the instance as well detaches the NIC;
//! - addresses that go are shown as `DELETING`, a NIC keeps its instance, until the task ends;
//! - a task that fails (see [`World::task_failures`]) leaves everything as it was;
//! - virtual addresses (HAVIPs) are no addresses of a NIC: a floating address in the world is a HAVIP whose range holds the
//!   instances of all NICs that have it;
//! - a load balancer of the kind `classic` is of the older kind: it sends to instances, so to their own addresses only;
//! - any other listens with HTTPS on port 443, with HTTP on port 80, with TCP on any other;
//! - reasons that a world cannot hold stand in [`World::refusals`], by action, NIC, instance, subnet or security group.
//!
//! Knows nothing of the client: not how it encodes, not how it reads.

mod act;
mod auth;
mod balancers;
mod codes;
mod eips;
mod instances;
mod legacy;
mod nics;
mod params;
mod reply;
mod tasks;
#[cfg(test)]
mod tests;
mod vocabulary;
mod writes;

use serde_json::{Map, Value};

use crate::{
    domain::time::Timestamp,
    sim::{
        dialect::{Dialect, Heeds, ObjectKind, SimKey, SimRequest, SimResponse, VendorError, Vocabulary},
        world::World,
    },
};

use self::{codes::Refusal, params::Params};
use super::sign::LEGACY_PATH;

/// The simulated server side of Tencent Cloud.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TencentDialect;

/// Members of a successful answer, without the request id.
type Answer = Result<Map<String, Value>, Refusal>;

/// Calls that change the world; their names are the same in both generations.
const WRITES: &[&str] = &[
    "UnassignPrivateIpAddresses",
    "AssignPrivateIpAddresses",
    "DetachNetworkInterface",
    "AttachNetworkInterface",
    "DeleteNetworkInterface",
    "AssociateAddress",
    "DisassociateAddress",
];

/// Products of API 3.0 and their versions.
const PRODUCTS: &[(&str, &str)] = &[
    ("cvm", "2017-03-12"),
    ("vpc", "2017-03-12"),
    ("clb", "2018-03-17"),
    ("region", "2022-06-27"),
    ("sts", "2018-08-13"),
];

/// Regions that exist, whether the world has anything in them or not. Vendor: the region list of its SDKs.
pub(super) const REGIONS: &[&str] = &[
    "ap-guangzhou",
    "ap-shanghai",
    "ap-nanjing",
    "ap-beijing",
    "ap-chengdu",
    "ap-chongqing",
    "ap-hongkong",
    "ap-singapore",
    "ap-tokyo",
    "ap-seoul",
    "ap-bangkok",
    "ap-jakarta",
    "ap-mumbai",
    "na-siliconvalley",
    "na-ashburn",
    "na-toronto",
    "eu-frankfurt",
    "eu-moscow",
    "sa-saopaulo",
    "ap-guangzhou-open",
    "ap-shanghai-fsi",
    "ap-shenzhen-fsi",
];

/// Writes that the VPC's module throttles by itself.
const LIMITED_BY_MODULE: &[&str] =
    &["UnassignPrivateIpAddresses", "DetachNetworkInterface", "AssignPrivateIpAddresses", "DeleteNetworkInterface"];

/// Calls that tell of a failure inside the VPC's module.
const FAILED_BY_MODULE: &[&str] = &["DetachNetworkInterface", "DescribeVpcTaskResult"];

/// A verified call of API 3.0.
struct Call<'a> {
    action: &'a str,
    params: Params,
    region: Option<&'a str>,
    now: Timestamp,
    /// Also the id of the task that a write begins.
    request_id: &'a str,
    english: bool,
}

impl Call<'_> {
    /// The region that the call names.
    fn region<'w>(&'w self, world: &World) -> Result<&'w str, Refusal> {
        let region = self.region.ok_or_else(|| Refusal::missing("X-TC-Region"))?;
        if known_region(world, region) { Ok(region) } else { Err(Refusal::of("UnsupportedRegion")) }
    }
}

fn known_region(world: &World, region: &str) -> bool {
    REGIONS.contains(&region) || world.regions().iter().any(|known| known == region)
}

impl Dialect for TencentDialect {
    fn vocabulary(&self) -> &'static Vocabulary {
        &vocabulary::VOCABULARY
    }

    fn actions(&self) -> &'static [&'static str] {
        NAMES
    }

    fn heeds(&self) -> Heeds {
        Heeds {
            members: &["service_managed", "dies_unbound", "floats"],
            tasks: &[ObjectKind::Nic, ObjectKind::Eip],
            ..Heeds::default()
        }
    }

    fn action(&self, request: &SimRequest) -> Option<String> {
        let named = match auth::style(request) {
            auth::Style::Header => request.header("x-tc-action").map(str::to_owned),
            auth::Style::Params => params::value(&auth::pairs(request), "Action"),
        };
        named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    fn region(&self, request: &SimRequest) -> Option<String> {
        request.header("x-tc-region").map(str::to_owned)
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
        world.settle(now);
        if request.path == LEGACY_PATH {
            return legacy::answer(world, key, request, now, request_id);
        }
        let request_id = reply::uuid(request_id);
        let action = self.action(request).unwrap_or_default();
        let pairs = auth::pairs(request);
        let header = |name: &str, param: &str| match auth::style(request) {
            auth::Style::Header => request.header(name).map(|value| value.trim().to_owned()),
            auth::Style::Params => params::value(&pairs, param),
        };
        let (version, region) = (header("x-tc-version", "Version"), header("x-tc-region", "Region"));
        let english = header("x-tc-language", "Language").as_deref() == Some("en-US");
        let answer = gate(request, &action, version.as_deref())
            .and_then(|()| auth::verify(request, &pairs, key, now))
            .and_then(|product| dispatchable(product.as_deref(), version.as_deref().unwrap_or_default(), &action))
            .and_then(|product| {
                let params = Params::of_request(request, &pairs, auth::style(request))?;
                let region = region.as_deref().filter(|region| !region.is_empty());
                let call = Call { action: &action, params, region, now, request_id: &request_id, english };
                // A policy stands before everything that the call itself would check.
                match world.refusals.get(&action) {
                    Some(code) => Err(Refusal::of(code)),
                    None => dispatch(world, &call, product),
                }
            });
        match answer {
            Ok(members) => reply::success(members, &request_id),
            Err(refusal) => reply::refusal(&refusal, &request_id, english),
        }
    }

    fn error(&self, error: VendorError, request_id: &str) -> SimResponse {
        reply::refusal(&Refusal::of(injected("", error)), &reply::uuid(request_id), true)
    }

    fn error_to(&self, request: &SimRequest, error: VendorError, request_id: &str) -> SimResponse {
        if request.path == LEGACY_PATH {
            return legacy::injected(request, error, request_id);
        }
        let action = self.action(request).unwrap_or_default();
        reply::refusal(&Refusal::of(injected(&action, error)), &reply::uuid(request_id), true)
    }
}

/// The vendor's code for an error that a script asks for. The status is 200 for all of them. Behind the gateway the VPC's module has
/// codes of its own. Vendor: the error lists of the actions in its Go SDK.
fn injected(action: &str, error: VendorError) -> &'static str {
    match error {
        VendorError::Throttled if LIMITED_BY_MODULE.contains(&action) => "LimitExceeded.ActionLimited",
        VendorError::Internal if FAILED_BY_MODULE.contains(&action) => "InternalError.ModuleError",
        VendorError::Throttled => "RequestLimitExceeded",
        VendorError::Internal => "InternalError",
        VendorError::Unavailable => "ServiceUnavailable",
    }
}

/// What the gateway refuses before it looks at a signature.
fn gate(request: &SimRequest, action: &str, version: Option<&str>) -> Result<(), Refusal> {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(Refusal::of("UnsupportedProtocol"));
    }
    if request.path != "/" {
        return Err(Refusal::of("InvalidRequest"));
    }
    if action.is_empty() {
        return Err(Refusal::missing("X-TC-Action"));
    }
    version.map(|_| ()).ok_or_else(|| Refusal::missing("X-TC-Version"))
}

/// The product whose action this is. A signature over headers says which product is meant, one over parameters does not.
fn dispatchable(product: Option<&str>, version: &str, action: &str) -> Result<&'static str, Refusal> {
    let of = |name: &str| ACTIONS.contains(&(name, action));
    let found = match product {
        Some(name) => {
            let known = PRODUCTS.iter().find(|row| row.0 == name).ok_or_else(|| Refusal::of("NoSuchProduct"))?;
            (known.1 == version).then_some(known)
        }
        None => PRODUCTS.iter().filter(|row| row.1 == version).find(|row| of(row.0)),
    };
    match found {
        Some((name, _)) if of(name) => Ok(name),
        None if !PRODUCTS.iter().any(|row| row.1 == version) || product.is_some() => Err(Refusal::of("NoSuchVersion")),
        _ => Err(Refusal::with("InvalidAction", format!("The requested action `{action}` does not exist."))),
    }
}

macro_rules! actions {
    ($($product:literal $action:literal ($($param:literal)*) => $answer:path;)*) => {
        /// Products and their calls.
        const ACTIONS: &[(&str, &str)] = &[$(($product, $action),)*];
        /// The calls alone.
        const NAMES: &[&str] = &[$($action,)*];

        fn dispatch(world: &mut World, call: &Call, product: &str) -> Answer {
            match (product, call.action) {
                $(($product, $action) => {
                    call.params.only(&[$($param),*])?;
                    $answer(world, call)
                })*
                _ => Err(Refusal::of("InvalidAction")),
            }
        }
    };
}

actions! {
    "region" "DescribeRegions" ("Product" "Scene") => instances::describe_product_regions;
    "sts" "GetCallerIdentity" () => auth::caller;
    "cvm" "DescribeRegions" () => instances::describe_regions;
    "cvm" "DescribeInstances" ("InstanceIds" "Filters" "Offset" "Limit") => instances::describe_instances;
    "cvm" "DescribeInstancesStatus" ("InstanceIds" "Offset" "Limit") => instances::describe_instances_status;
    "vpc" "DescribeNetworkInterfaces" ("NetworkInterfaceIds" "Filters" "Offset" "Limit") => nics::describe_network_interfaces;
    "vpc" "DescribeNetworkInterfaceLimit" ("InstanceId") => nics::describe_network_interface_limit;
    "vpc" "DescribeHaVips" ("HaVipIds" "Filters" "Offset" "Limit") => nics::describe_ha_vips;
    "vpc" "UnassignPrivateIpAddresses" ("NetworkInterfaceId" "PrivateIpAddresses" "InstanceId") => writes::unassign;
    "vpc" "AssignPrivateIpAddresses"
        ("NetworkInterfaceId" "PrivateIpAddresses" "SecondaryPrivateIpAddressCount" "QosLevel" "ClientToken") => writes::assign;
    "vpc" "DetachNetworkInterface" ("NetworkInterfaceId" "InstanceId" "ClientToken") => writes::detach;
    "vpc" "AttachNetworkInterface" ("NetworkInterfaceId" "InstanceId" "AttachType" "ClientToken") => writes::attach;
    "vpc" "DeleteNetworkInterface" ("NetworkInterfaceId") => writes::delete;
    "vpc" "DescribeVpcTaskResult" ("TaskId") => tasks::describe_vpc_task_result;
    "vpc" "DescribeTaskResult" ("TaskId" "DealName") => tasks::describe_task_result;
    "vpc" "DescribeAddresses" ("AddressIds" "Filters" "Offset" "Limit") => eips::describe_addresses;
    "vpc" "AssociateAddress"
        ("AddressId" "InstanceId" "NetworkInterfaceId" "PrivateIpAddress" "EipDirectConnection") => eips::associate;
    "vpc" "DisassociateAddress" ("AddressId" "ReallocateNormalPublicIp") => eips::disassociate;
    "clb" "DescribeLoadBalancers" ("LoadBalancerIds" "Forward" "WithRs" "VpcId" "Offset" "Limit") => balancers::describe_load_balancers;
    "clb" "DescribeTargets" ("LoadBalancerId" "ListenerIds" "Protocol" "Port" "Filters") => balancers::describe_targets;
    "clb" "DescribeLBListeners" ("Backends") => balancers::describe_lb_listeners;
    "clb" "DescribeClassicalLBTargets" ("LoadBalancerId") => balancers::describe_classical_lb_targets;
    "clb" "DescribeClassicalLBByInstanceId" ("InstanceIds") => balancers::describe_classical_lb_by_instance_id;
}

/// Builds the members of an answer.
fn members<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
