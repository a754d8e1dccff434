//! A call as a request of API 3.0: `POST /`, the action in a header, parameters as a JSON object.

use serde_json::{Map, Value, json};

use super::{carry::Search, part};
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
    wire::WireRequest,
};

/// Vendor: the largest page of every list here; more is refused.
pub(super) const PAGE_SIZE: u32 = 100;
/// Signed to the letter: nothing may add a charset to it.
const CONTENT_TYPE: &str = "application/json";
/// Stands before the number of an EIP's task, which is asked about by another call.
pub(super) const EIP_TASK: &str = "eip:";

/// A product: an API of its own, on a host of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Product {
    /// Also the service in the signature.
    pub name: &'static str,
    pub version: &'static str,
}

const VPC: Product = Product { name: "vpc", version: "2017-03-12" };
const CVM: Product = Product { name: "cvm", version: "2017-03-12" };
const CLB: Product = Product { name: "clb", version: "2018-03-17" };
const REGION: Product = Product { name: "region", version: "2022-06-27" };
const STS: Product = Product { name: "sts", version: "2018-08-13" };

fn api(call: &Call) -> (Product, &'static str) {
    let listing = match call {
        Call::Write { kind, .. } => {
            let action = match kind {
                OperationKind::Release { .. } => super::RELEASE_CALL,
                OperationKind::Detach { .. } => super::DETACH_CALL,
                OperationKind::Assign { .. } => "AssignPrivateIpAddresses",
                OperationKind::Attach { .. } => "AttachNetworkInterface",
                OperationKind::BindEip { .. } => "AssociateAddress",
                OperationKind::Delete { .. } => "DeleteNetworkInterface",
            };
            return (VPC, action);
        }
        Call::Task { task, .. } if task.starts_with(EIP_TASK) => return (VPC, "DescribeTaskResult"),
        Call::Task { .. } => return (VPC, "DescribeVpcTaskResult"),
        // Keys alone sign; `sign_in` never asks for this.
        Call::SignIn { .. } => return (REGION, "DescribeRegions"),
        Call::Identity { .. } => return (STS, "GetCallerIdentity"),
        Call::List(listing) => listing,
    };
    match (listing.resource, listing.part) {
        // There is no limits call by type; `listings` never asks for one.
        (Resource::Regions | Resource::Limits, _) => (REGION, "DescribeRegions"),
        (Resource::Instances, _) => (CVM, "DescribeInstances"),
        (Resource::Nics, _) => (VPC, "DescribeNetworkInterfaces"),
        (Resource::Eips, _) => (VPC, "DescribeAddresses"),
        (Resource::Floats, _) => (VPC, "DescribeHaVips"),
        (Resource::Backends, part::TARGETS) => (CLB, "DescribeTargets"),
        (Resource::Backends, part::SEARCH) => (CLB, "DescribeLBListeners"),
        (Resource::Backends, part::CLASSIC_TARGETS) => (CLB, "DescribeClassicalLBTargets"),
        (Resource::Backends, part::CLASSIC_OF_INSTANCE) => (CLB, "DescribeClassicalLBByInstanceId"),
        (Resource::Backends, _) => (CLB, "DescribeLoadBalancers"),
    }
}

/// The vendor's action name.
pub(super) fn action(call: &Call) -> &'static str {
    api(call).1
}

/// The product and the action, as the vendor's tool names them.
pub(super) fn command(call: &Call) -> (&'static str, &'static str) {
    let (product, action) = api(call);
    (product.name, action)
}

/// The product whose action this is: its name is part of the signature, and is not said anywhere else in a request.
pub(super) fn service(action: &str, version: &str) -> &'static str {
    match (action, version) {
        (_, version) if version == CLB.version => CLB.name,
        (_, version) if version == REGION.version => REGION.name,
        (_, version) if version == STS.version => STS.name,
        ("DescribeInstances", _) => CVM.name,
        _ => VPC.name,
    }
}

/// Vendor: the finance regions are isolated and have hosts of their own; everywhere else the central host finds the region.
fn host(product: Product, region: Option<&str>) -> String {
    match region {
        Some(region) if region.ends_with("-fsi") => format!("{}.{region}.tencentcloudapi.com", product.name),
        _ => format!("{}.tencentcloudapi.com", product.name),
    }
}

/// The unsigned request. `region` is the call's region as this API writes it.
pub(super) fn encode(call: &Call, region: Option<&str>, profile: &Profile) -> WireRequest {
    let (product, action) = api(call);
    let body = match call {
        Call::List(listing) => Value::Object(read(listing)),
        Call::Write { kind, step, .. } => write(kind, step),
        Call::Task { task, .. } => match task.strip_prefix(EIP_TASK) {
            // Vendor: handed out as text, asked about as a number.
            Some(number) => json!({"TaskId": number.parse::<u64>().unwrap_or_default()}),
            None => json!({"TaskId": &**task}),
        },
        Call::SignIn { .. } | Call::Identity { .. } => json!({}),
    };
    let (scheme, host) = profile.host(product.name, &host(product, region), region.unwrap_or_default());
    let headers = [
        ("content-type", CONTENT_TYPE),
        ("x-tc-action", action),
        ("x-tc-version", product.version),
        // Messages are Chinese unless asked otherwise.
        ("x-tc-language", "en-US"),
    ];
    let mut request = WireRequest {
        method: "POST",
        scheme,
        host,
        path: "/".to_owned(),
        query: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.to_string().into_bytes(),
    };
    // Vendor: the list of regions takes none.
    if let Some(region) = region.filter(|_| product != REGION) {
        request.set_header("x-tc-region", region);
    }
    request
}

/// The region of a call, as the profile spells it.
pub(super) fn region<'a>(call: &'a Call, profile: &'a Profile) -> Option<&'a str> {
    call.region().or_else(|| profile.regions.first()).map(RegionId::as_str)
}

/// The page's number, from 1.
pub(super) fn page(listing: &Listing) -> u32 {
    match listing.cursor {
        Cursor::Page(number) => number,
        Cursor::Start | Cursor::Token(_) => 1,
    }
}

/// Vendor: addresses are objects. A release never names the instance: that would detach the NIC as well.
fn write(kind: &OperationKind, step: &Step) -> Value {
    let nic = kind.nic().as_str();
    let mut body = match kind {
        OperationKind::Release { ips, .. } => {
            let ips: Vec<Value> = ips.iter().map(|ip| json!({"PrivateIpAddress": ip})).collect();
            json!({"NetworkInterfaceId": nic, "PrivateIpAddresses": ips})
        }
        OperationKind::Assign { ips, .. } => {
            let ips: Vec<Value> = ips.iter().map(|ip| json!({"PrivateIpAddress": ip, "Primary": false})).collect();
            json!({"NetworkInterfaceId": nic, "PrivateIpAddresses": ips})
        }
        OperationKind::Detach { instance, .. } => json!({"NetworkInterfaceId": nic, "InstanceId": instance.as_str()}),
        OperationKind::Attach { instance, .. } => {
            json!({"NetworkInterfaceId": nic, "InstanceId": instance.as_str(), "AttachType": 0})
        }
        OperationKind::BindEip { eip, ip, .. } => {
            json!({"AddressId": eip.as_str(), "NetworkInterfaceId": nic, "PrivateIpAddress": ip})
        }
        OperationKind::Delete { .. } => json!({"NetworkInterfaceId": nic}),
    };
    let takes_token =
        matches!(kind, OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::Detach { .. });
    if let (true, Some(token)) = (takes_token, &step.carry) {
        body["ClientToken"] = json!(&**token);
    }
    body
}

fn read(listing: &Listing) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    let filter = |name: &str, value: &str| json!([{"Name": name, "Values": [value]}]);
    match (listing.resource, &listing.scope, listing.part) {
        (Resource::Regions | Resource::Limits, ..) => {
            put("Product", json!("cvm"));
            return body;
        }
        (Resource::Backends, Scope::LoadBalancer(id), part::TARGETS | part::CLASSIC_TARGETS) => {
            put("LoadBalancerId", json!(id.as_str()));
            return body;
        }
        (Resource::Backends, _, part::SEARCH) => {
            let search = Search::of(listing);
            let wanted = |ip| json!({"VpcId": search.vpc, "PrivateIp": ip});
            put("Backends", search.ips.iter().map(wanted).collect());
            return body;
        }
        (Resource::Backends, Scope::Instances(ids), part::CLASSIC_OF_INSTANCE) => {
            put("InstanceIds", json!(ids.iter().map(InstanceId::as_str).collect::<Vec<_>>()));
            return body;
        }
        // Vendor: 0 is a classic one. One that sends to nothing (WithRs 0) concerns nobody.
        (Resource::Backends, _, part) => {
            put("Forward", json!(i32::from(part != part::CLASSIC)));
            put("WithRs", json!(1));
        }
        (Resource::Nics, Scope::Nic(id), _) => put("NetworkInterfaceIds", json!([id.as_str()])),
        // Vendor: the ids of NICs and of instances alike.
        (Resource::Floats, Scope::Nic(id), _) => {
            let named = [id.as_str()].into_iter().chain(listing.carry.as_deref()).collect::<Vec<_>>();
            put("Filters", json!([{"Name": "havip-association.instance-id", "Values": named}]));
        }
        (Resource::Eips, Scope::Group(ips), part::EIPS_OF_FLOATS) => {
            let ips: Vec<&str> = ips.split(',').collect();
            put("Filters", json!([{"Name": "private-ip-address", "Values": ips}]));
        }
        (Resource::Eips, Scope::Nic(id), _) => put("Filters", filter("network-interface-id", id.as_str())),
        (Resource::Eips, Scope::Instances(ids), _) => {
            put("Filters", filter("instance-id", ids.first().map_or("", InstanceId::as_str)));
        }
        (Resource::Instances, Scope::Instances(ids), _) => {
            put("InstanceIds", json!(ids.iter().map(InstanceId::as_str).collect::<Vec<_>>()));
        }
        _ => {}
    }
    // Vendor: whole numbers, never text.
    put("Offset", json!((page(listing) - 1) * PAGE_SIZE));
    put("Limit", json!(if listing.scope == Scope::Few { 1 } else { PAGE_SIZE }));
    body
}
