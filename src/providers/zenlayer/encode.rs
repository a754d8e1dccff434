//! A call as Zenlayer's request: one path per product, the action in a header, parameters as a JSON object.

use serde_json::{Map, Value, json};

use super::{PAGE_SIZE, part};
use crate::{
    domain::{
        ids::{InstanceId, RegionId},
        page::{Cursor, Listing, Resource, Scope},
        plan::OperationKind,
    },
    providers::{profile::Profile, provider::Call},
    wire::WireRequest,
};

/// Vendor: one central host serves every region.
const HOST: &str = "console.zenlayer.com";
/// Signed literally: nothing may add a charset to it.
const CONTENT_TYPE: &str = "application/json";

/// A product: its path is `/api/v2/<name>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Product {
    name: &'static str,
    version: &'static str,
}

const ZEC: Product = Product { name: "zec", version: "2025-09-01" };
const ZLB: Product = Product { name: "zlb", version: "2025-04-01" };

/// Vendor: the pages of these names.
pub(super) const RELEASE: &str = "UnassignNetworkInterfaceIpv4";
pub(super) const DETACH: &str = "DetachNetworkInterface";

/// The vendor's action name.
pub(super) fn action(call: &Call) -> &'static str {
    match call {
        Call::List(listing) => match listing.resource {
            // There is no limits call, and no virtual address is an object; `listings` never asks for either.
            Resource::Regions | Resource::Limits | Resource::Floats => "DescribeZones",
            Resource::Instances => "DescribeInstances",
            Resource::Nics => "DescribeNetworkInterfaces",
            Resource::Eips => "DescribeEips",
            Resource::Backends if listing.part == part::BACKENDS => "DescribeBackends",
            Resource::Backends => "DescribeLoadBalancers",
        },
        Call::Write { kind, .. } => match kind {
            OperationKind::Release { .. } => RELEASE,
            OperationKind::Detach { .. } => DETACH,
            OperationKind::Assign { .. } => "BatchAssignNetworkInterfaceIpv4",
            OperationKind::Attach { .. } => "AttachNetworkInterface",
            OperationKind::BindEip { .. } => "AssociateEipAddress",
            OperationKind::Delete { .. } => "DeleteNetworkInterface",
        },
        // This cloud has none of these (no product of its SDKs tells whose key it is); no method of its codec makes such a call.
        Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => "DescribeZones",
    }
}

fn product(call: &Call) -> Product {
    match call {
        Call::List(listing) if listing.resource == Resource::Backends => ZLB,
        _ => ZEC,
    }
}

fn write(kind: &OperationKind) -> Value {
    match kind {
        OperationKind::Release { nic, ips } | OperationKind::Assign { nic, ips, .. } => json!({
            "nicId": nic.as_str(),
            "ipAddresses": ips.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        OperationKind::Detach { nic, .. } | OperationKind::Delete { nic } => json!({ "nicId": nic.as_str() }),
        OperationKind::Attach { nic, instance } => {
            json!({ "nicId": nic.as_str(), "instanceId": instance.as_str() })
        }
        // Vendor: `lanIp` is required with `nicId`; the kind of binding is the vendor's default.
        OperationKind::BindEip { nic, eip, ip } => {
            json!({ "eipIds": [eip.as_str()], "nicId": nic.as_str(), "lanIp": ip.to_string() })
        }
    }
}

/// The unsigned request.
pub(super) fn encode(call: &Call, profile: &Profile) -> WireRequest {
    let product = product(call);
    let body = match call {
        Call::List(listing) => read(listing),
        Call::Write { kind, .. } => write(kind),
        Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => json!({}),
    };
    let region = call.region().or_else(|| profile.regions.first()).map_or("", RegionId::as_str);
    let (scheme, host) = profile.host(product.name, HOST, region);
    let headers = [
        ("content-type", CONTENT_TYPE),
        ("x-zc-action", action(call)),
        ("x-zc-version", product.version),
        ("x-zc-service", product.name),
    ];
    WireRequest {
        method: "POST",
        scheme,
        host,
        path: format!("/api/v2/{}", product.name),
        query: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.to_string().into_bytes(),
    }
}

/// Parameters of a read. Optional ones are left out, never null.
fn read(listing: &Listing) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let by_region = match &listing.scope {
        Scope::All | Scope::Few | Scope::Group(_) | Scope::Types(_) => true,
        Scope::Nic(id) => {
            match listing.resource {
                Resource::Eips => put("associatedId", json!(id.as_str())),
                _ => put("nicIds", json!([id.as_str()])),
            };
            false
        }
        Scope::Instances(ids) => {
            put("instanceIds", json!(ids.iter().map(InstanceId::as_str).collect::<Vec<_>>()));
            false
        }
        Scope::LoadBalancer(id) => {
            put("loadBalancerId", json!(id.as_str()));
            false
        }
    };
    if matches!(listing.resource, Resource::Regions | Resource::Limits) || listing.part == part::BACKENDS {
        return Value::Object(body);
    }
    if by_region && listing.resource != Resource::Instances {
        if let Some(region) = &listing.region {
            put("regionId", json!(region.as_str()));
        }
        // Balancers of one VPC: the read before a write, where the instance does not name its balancers.
        if let (Resource::Backends, Some(vpc)) = (listing.resource, &listing.carry) {
            put("vpcId", json!(&**vpc));
        }
    }
    put("pageSize", json!(if listing.scope == Scope::Few { 1 } else { PAGE_SIZE }));
    put("pageNum", json!(page(listing)));
    Value::Object(body)
}

/// The page's number, from 1.
pub(super) fn page(listing: &Listing) -> u32 {
    match &listing.cursor {
        Cursor::Start => 1,
        Cursor::Page(number) => *number,
        Cursor::Token(token) => token.split_once(':').and_then(|(number, _)| number.parse().ok()).unwrap_or(1),
    }
}

/// Behind a page's size where others follow it.
const MIDDLE: &str = ":";

/// The last page that is known of, with the size of the pages before it.
pub(super) fn last_page(number: u32, size: u64) -> Cursor {
    Cursor::Token(format!("{number}:{size}").into())
}

/// A page between the first and the last one, with its size where that is not the one that is asked for.
pub(super) fn middle_page(number: u32, size: u64) -> Cursor {
    if size == PAGE_SIZE as u64 {
        Cursor::Page(number)
    } else {
        Cursor::Token(format!("{number}:{size}{MIDDLE}").into())
    }
}

/// Is it the last page that is known of?
pub(super) fn is_last(cursor: &Cursor) -> bool {
    matches!(cursor, Cursor::Token(token) if !token.ends_with(MIDDLE))
}

/// The size of the pages as the first one showed it; `None` for the first one itself. Never 0.
pub(super) fn page_size(cursor: &Cursor) -> Option<u64> {
    let asked = PAGE_SIZE as u64;
    match cursor {
        Cursor::Start => None,
        Cursor::Page(_) => Some(asked),
        Cursor::Token(token) => {
            let size = token.split(':').nth(1).and_then(|size| size.parse().ok());
            Some(size.filter(|&size| size > 0).unwrap_or(asked))
        }
    }
}

/// Regions as a listing carries them.
pub(super) fn join(regions: &[RegionId]) -> String {
    regions.iter().map(RegionId::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            address::{Backend, BackendTarget},
            ids::{CloudId, ProfileId},
            nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        },
        providers::{
            profile::Endpoint,
            zenlayer::{inspection, listings},
        },
    };

    fn profile(endpoint: Option<&str>) -> Profile {
        Profile {
            id: ProfileId::from("zen"),
            cloud: CloudId::from("zenlayer"),
            regions: vec![RegionId::from("asia-east-1")],
            endpoint: endpoint.map(|text| Endpoint::parse(text).unwrap()),
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        }
    }

    fn shown(call: &Call) -> String {
        let request = encode(call, &profile(None));
        format!(
            "{} {} {} {}",
            request.path,
            request.header("x-zc-action").unwrap(),
            request.header("x-zc-version").unwrap(),
            String::from_utf8_lossy(&request.body)
        )
    }

    fn nic(instance: Option<&str>) -> Nic {
        Nic {
            id: "12".into(),
            name: "".into(),
            region: "asia-east-1".into(),
            zone: None,
            role: NicRole::Secondary,
            status: NicStatus { word: "USED".into(), state: NicState::Attached },
            instance: instance.map(Into::into),
            mac: None,
            vpc: Some("vpc-1".into()),
            subnet: None,
            security_groups: vec![],
            addresses: vec![],
            public_ips: vec![],
            pairs: vec![],
            managed_by: ManagedBy::Nobody,
            linked: None,
            members: None,
            prefixes: Vec::new(),
            dies_with_detach: None,
            dies_with_instance: None,
            addresses_known: true,
            ranges: vec![],
            hot_plug: None,
            tags: crate::domain::tags::Tags::none(),
            description: "".into(),
        }
    }

    #[test]
    fn a_full_listing_asks_the_account_once_and_each_region_for_the_rest() {
        let all = listings(&["asia-east-1".into(), "na-west-1".into()]);
        let sent: Vec<String> = all.iter().map(|listing| shown(&Call::List(listing.clone()))).collect();
        assert_eq!(
            sent,
            [
                r"/api/v2/zec DescribeZones 2025-09-01 {}",
                r#"/api/v2/zec DescribeInstances 2025-09-01 {"pageNum":1,"pageSize":1000}"#,
                r#"/api/v2/zec DescribeNetworkInterfaces 2025-09-01 {"pageNum":1,"pageSize":1000,"regionId":"asia-east-1"}"#,
                r#"/api/v2/zec DescribeEips 2025-09-01 {"pageNum":1,"pageSize":1000,"regionId":"asia-east-1"}"#,
                r#"/api/v2/zlb DescribeLoadBalancers 2025-04-01 {"pageNum":1,"pageSize":1000,"regionId":"asia-east-1"}"#,
                r#"/api/v2/zec DescribeNetworkInterfaces 2025-09-01 {"pageNum":1,"pageSize":1000,"regionId":"na-west-1"}"#,
                r#"/api/v2/zec DescribeEips 2025-09-01 {"pageNum":1,"pageSize":1000,"regionId":"na-west-1"}"#,
                r#"/api/v2/zlb DescribeLoadBalancers 2025-04-01 {"pageNum":1,"pageSize":1000,"regionId":"na-west-1"}"#,
            ]
        );
    }

    #[test]
    fn an_inspection_asks_for_one_nic_only() {
        let sent: Vec<String> =
            inspection(&nic(Some("11")), &[]).iter().map(|l| shown(&Call::List(l.clone()))).collect();
        assert_eq!(
            sent,
            [
                r#"/api/v2/zec DescribeNetworkInterfaces 2025-09-01 {"nicIds":["12"],"pageNum":1,"pageSize":1000}"#,
                r#"/api/v2/zec DescribeEips 2025-09-01 {"associatedId":"12","pageNum":1,"pageSize":1000}"#,
                r#"/api/v2/zec DescribeInstances 2025-09-01 {"instanceIds":["11"],"pageNum":1,"pageSize":1000}"#,
            ]
        );
        // A free NIC has no instance to name balancers: its VPC's are read, and those that are known in any case.
        let known = |lb: &str| Backend {
            load_balancer: lb.into(),
            name: "front".into(),
            region: "asia-east-1".into(),
            vpc: None,
            range: None,
            target: BackendTarget::Instance("11".into()),
            port: "80".into(),
        };
        let known = [known("14"), known("13"), known("14")];
        let sent =
            inspection(&nic(None), &known).into_iter().skip(2).map(|l| shown(&Call::List(l))).collect::<Vec<_>>();
        assert_eq!(
            sent,
            [
                r#"/api/v2/zlb DescribeLoadBalancers 2025-04-01 {"pageNum":1,"pageSize":1000,"regionId":"asia-east-1","vpcId":"vpc-1"}"#,
                r#"/api/v2/zlb DescribeBackends 2025-04-01 {"loadBalancerId":"13"}"#,
                r#"/api/v2/zlb DescribeBackends 2025-04-01 {"loadBalancerId":"14"}"#,
            ]
        );
        assert_eq!(inspection(&nic(Some("11")), &known).len(), 5);
    }

    #[test]
    fn writes_name_the_nic_and_nothing_else() {
        let release = OperationKind::Release {
            nic: "12".into(),
            ips: vec!["10.0.0.12".parse().unwrap(), "10.0.0.13".parse().unwrap()],
        };
        assert_eq!(
            shown(&Call::write("asia-east-1".into(), release)),
            r#"/api/v2/zec UnassignNetworkInterfaceIpv4 2025-09-01 {"ipAddresses":["10.0.0.12","10.0.0.13"],"nicId":"12"}"#
        );
        let detach = OperationKind::Detach { nic: "12".into(), instance: "11".into() };
        assert_eq!(
            shown(&Call::write("asia-east-1".into(), detach)),
            r#"/api/v2/zec DetachNetworkInterface 2025-09-01 {"nicId":"12"}"#
        );
    }

    #[test]
    fn the_endpoint_can_be_another_and_its_port_is_part_of_the_host() {
        let call = Call::List(Listing::all(Resource::Regions, None));
        let usual = encode(&call, &profile(None));
        assert_eq!(usual.url(), "https://console.zenlayer.com/api/v2/zec");
        assert_eq!(usual.header("content-type"), Some("application/json"));
        let other = encode(&call, &profile(Some("http://127.0.0.1:18080")));
        assert_eq!(other.url(), "http://127.0.0.1:18080/api/v2/zec");
        assert_eq!(other.host, "127.0.0.1:18080");
        // The vendor's own host names no product.
        let each = encode(&call, &profile(Some("https://{service}.cloud.example")));
        assert_eq!(each.url(), "https://zec.cloud.example/api/v2/zec");
    }

    #[test]
    fn backends_are_asked_by_balancer_without_pages() {
        let listing = Listing {
            resource: Resource::Backends,
            region: Some("asia-east-1".into()),
            part: part::BACKENDS,
            scope: Scope::LoadBalancer("13".into()),
            cursor: Cursor::Start,
            carry: Some("vpc-1\nlb".into()),
        };
        assert_eq!(shown(&Call::List(listing)), r#"/api/v2/zlb DescribeBackends 2025-04-01 {"loadBalancerId":"13"}"#);
    }

    #[test]
    fn requests_are_those_that_the_vendors_sdk_sends() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/zenlayer.json")).unwrap();
        let release = |ips: &[&str]| {
            Call::write(
                "asia-east-1".into(),
                OperationKind::Release {
                    nic: "1200000000000000001".into(),
                    ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
                },
            )
        };
        let calls = [
            ("describe-zones-empty-body", Call::List(Listing::all(Resource::Regions, None))),
            (
                "describe-network-interfaces",
                Call::List(Listing::all(Resource::Nics, Some(RegionId::from("asia-east-1")))),
            ),
            ("unassign-ipv4-two", release(&["10.0.0.12", "10.0.0.13"])),
            ("unassign-ipv4-odd-secret", release(&["10.0.0.12"])),
            (
                "detach-nic",
                Call::write(
                    "asia-east-1".into(),
                    OperationKind::Detach { nic: "1200000000000000001".into(), instance: "1100000000000000001".into() },
                ),
            ),
            (
                "zlb-describe-backends",
                Call::List(Listing {
                    part: part::BACKENDS,
                    scope: Scope::LoadBalancer("1300000000000000001".into()),
                    ..Listing::all(Resource::Backends, None)
                }),
            ),
        ];
        for (name, call) in calls {
            let recorded = &vectors.iter().find(|vector| vector["name"] == name).unwrap()["request"];
            let request = encode(&call, &profile(None));
            let url = request.url().replacen("https", "http", 1);
            assert_eq!(url, recorded["url"].as_str().unwrap(), "{name}");
            for header in ["x-zc-action", "x-zc-version", "x-zc-service"] {
                assert_eq!(request.header(header), recorded["headers"][header].as_str(), "{name} {header}");
            }
            let sent: Value = serde_json::from_slice(&request.body).unwrap();
            let theirs: Value = serde_json::from_str(recorded["body"].as_str().unwrap()).unwrap();
            assert_eq!(sent, theirs, "{name}");
        }
    }
}
