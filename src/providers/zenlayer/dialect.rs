//! Zenlayer's side of the wire, for the simulator: reads what was sent, checks it as the vendor's pages say, acts, answers.
//!
//! Written from the vendor's pages and its SDKs' models, not from this client: it shares the signature and nothing else.
//! Where the pages are silent (the order of checks, the answer to an unknown version), the choice is named at its line.

mod auth;
mod codes;
mod lists;
mod params;
#[cfg(test)]
mod tests;
mod views;
mod writes;

use serde::Serialize;
use serde_json::json;

use crate::{
    domain::time::Timestamp,
    sim::{
        dialect::{Dialect, Heeds, ObjectKind, SimKey, SimRequest, SimResponse, VendorError, Vocabulary},
        world::World,
    },
};

use self::{
    codes::{Refusal, refuse},
    params::Params,
};

/// Zenlayer's side of the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZenlayerDialect;

/// Products by the last part of their path, with the versions they are served in.
const PRODUCTS: [(&str, &[&str]); 2] = [("zec", &["2025-09-01", "2024-04-01"]), ("zlb", &["2025-04-01"])];

static VOCABULARY: Vocabulary = Vocabulary {
    provider: "zenlayer",
    regions: &[
        ("asia-east-1", &["asia-east-1a", "asia-east-1b"]),
        ("asia-southeast-1", &["asia-southeast-1a"]),
        ("na-west-1", &["na-west-1a", "na-west-1b"]),
        ("eu-central-1", &["eu-central-1a"]),
    ],
    project_id: None,
    instance_types: &["z2a.cpu.1", "z2a.cpu.2", "z2a.cpu.4", "z2a.cpu.8", "z2i.cpu.4", "z2i.cpu.16"],
    running: "RUNNING",
    stopped: "STOPPED",
    instance_transient: &["REBOOT", "BOOTING", "STOPPING", "RESIZING"],
    attached: "USED",
    free: "AVAILABLE",
    attaching: "ATTACHING",
    detaching: "DETACHING",
    instance_states: lists::INSTANCE_STATES,
    nic_states: lists::NIC_STATES,
    load_balancer_kinds: &[""],
    service_nics: &[],
    controller_tags: &[("kubernetes.io/cluster/edge-prod", "owned"), ("node.k8s.zenlayer.com/cni", "zec-eni")],
    agent: true,
    secondaries: true,
    // High-availability virtual IPs are objects of their own here and in no NIC's lists.
    floating: false,
    id: |kind, number| {
        let start = match kind {
            ObjectKind::Instance => 11,
            ObjectKind::Nic => 12,
            ObjectKind::LoadBalancer => 13,
            ObjectKind::Eip => 15,
            ObjectKind::Vpc => 16,
            ObjectKind::Subnet => 17,
            ObjectKind::SecurityGroup => 18,
        };
        format!("{start}{:017}", number % 100_000_000_000_000_000)
    },
};

impl Dialect for ZenlayerDialect {
    fn vocabulary(&self) -> &'static Vocabulary {
        &VOCABULARY
    }

    fn actions(&self) -> &'static [&'static str] {
        NAMES
    }

    fn heeds(&self) -> Heeds {
        Heeds { members: &["agent", "is_default"], eips: true, ..Heeds::default() }
    }

    fn action(&self, request: &SimRequest) -> Option<String> {
        request.header("x-zc-action").map(str::to_owned)
    }

    fn is_write(&self, action: &str) -> bool {
        // Every read of the vendor's begins so.
        !action.is_empty() && !action.starts_with("Describe")
    }

    fn answer(
        &self,
        world: &mut World,
        key: &SimKey,
        request: &SimRequest,
        now: Timestamp,
        request_id: &str,
    ) -> SimResponse {
        let id = vendor_id(request_id);
        match act(world, key, request, now) {
            Ok(rest) => {
                // The id joins the members that the action's own object has.
                let rest = rest.strip_prefix('{').unwrap_or("}");
                let comma = if rest == "}" { "" } else { "," };
                envelope(200, format!(r#"{{"requestId":"{id}","response":{{"requestId":"{id}"{comma}{rest}}}"#))
            }
            Err(refusal) => failure(&refusal, &id),
        }
    }

    fn error(&self, error: VendorError, request_id: &str) -> SimResponse {
        let refusal = match error {
            VendorError::Throttled => refuse("REQUEST_LIMIT_EXCEEDED", "The request has exceeded the rate limit."),
            VendorError::Internal => refuse("INTERNAL_SERVER_ERROR", "The server encountered an unexpected error."),
            VendorError::Unavailable => {
                refuse("SERVICE_TEMPORARY_UNAVAILABLE", "The service is temporarily unavailable.")
            }
        };
        failure(&refusal, &vendor_id(request_id))
    }
}

/// `T<UUID>`.
fn vendor_id(hex: &str) -> String {
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!("T{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// The JSON object that an action answers, without the request id.
type Answer = Result<String, Refusal>;

fn answer(value: &impl Serialize) -> Answer {
    serde_json::to_string(value).map_err(|error| refuse("INTERNAL_SERVER_ERROR", error.to_string()))
}

fn envelope(status: u16, body: String) -> SimResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    SimResponse { status, headers, body: body.into_bytes() }
}

fn failure(refusal: &Refusal, id: &str) -> SimResponse {
    let body = json!({"requestId": id, "code": refusal.code, "message": refusal.message});
    envelope(refusal.status, body.to_string())
}

/// What the action answers.
fn act(world: &mut World, key: &SimKey, request: &SimRequest, now: Timestamp) -> Answer {
    auth::verify(key, request, now)?;
    // Vendor: "Request Structure". What another method or an unknown product answers isn't documented; an unknown action is
    // documented to answer this code.
    let service = request.path.strip_prefix("/api/v2/").unwrap_or_default();
    let (_, versions) = PRODUCTS.iter().find(|(name, _)| *name == service).ok_or_else(unknown)?;
    if request.method != "POST" {
        return Err(unknown());
    }
    let version = request.header("x-zc-version").unwrap_or_default();
    if !versions.contains(&version) {
        return Err(unknown());
    }
    let action = request.header("x-zc-action").unwrap_or_default();
    let params = Params::parse(&request.body)?;
    // A test's own wish goes before everything else that the world says.
    if let Some(code) = world.refusals.get(action) {
        return Err(refuse(code, "The operation is refused."));
    }
    dispatch(world, &params, now, (service, action))
}

fn unknown() -> Refusal {
    refuse("AUTHFAILURE_UNAUTHORIZED_OPERATION", "The operation does not exist or is not authorized.")
}

macro_rules! actions {
    ($world:ident $params:ident $now:ident; $($product:literal $action:literal => $answer:expr;)*) => {
        /// The calls that are served.
        const NAMES: &[&str] = &[$($action,)*];

        fn dispatch($world: &mut World, $params: &Params, $now: Timestamp, call: (&str, &str)) -> Answer {
            match call {
                $(($product, $action) => $answer,)*
                _ => Err(unknown()),
            }
        }
    };
}

actions! {
    world params now;
    "zec" "DescribeZones" => lists::zones(world, params);
    "zec" "DescribeRegions" => lists::regions(world, params);
    "zec" "DescribeNetworkInterfaceRegions" => answer(&json!({"regionIds": world.regions()}));
    "zec" "DescribeInstances" => lists::instances(world, params);
    "zec" "DescribeInstancesStatus" => lists::instances_status(world, params);
    "zec" "DescribeNetworkInterfaces" => lists::nics(world, params);
    "zec" "DescribeEips" => lists::eips(world, params);
    "zlb" "DescribeLoadBalancers" => lists::load_balancers(world, params);
    "zlb" "DescribeBackends" => lists::backends(world, params);
    "zec" "UnassignNetworkInterfaceIpv4" => writes::unassign(world, params);
    "zec" "DetachNetworkInterface" => writes::detach(world, params, now);
    "zec" "AttachNetworkInterface" => writes::attach(world, params, now);
    "zec" "DeleteNetworkInterface" => writes::delete(world, params, now);
    "zec" "BatchAssignNetworkInterfaceIpv4" => writes::batch_assign(world, params);
    "zec" "AssignNetworkInterfaceIpv4" => writes::assign(world, params);
    "zec" "AssociateEipAddress" => writes::associate_eips(world, params);
    "zec" "UnassociateEipAddress" => writes::unassociate_eips(world, params);
}
