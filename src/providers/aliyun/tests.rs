use serde_json::Value;

use super::*;
use crate::{
    domain::{
        address::{Address, BackendTarget},
        ids::{CloudId, InstanceId, ProfileId},
        nic::{ManagedBy, NicStatus},
        plan::OperationKind,
        time::Timestamp,
    },
    providers::profile::Endpoint,
    wire,
};

const NIC: &str = "eni-bp1d6k3wq8x5v2t7r9mz";
const INSTANCE: &str = "i-bp1h4n8c2y6u0p3s5e7g";

fn profile(region: &str, endpoint: Option<&str>) -> Profile {
    Profile {
        id: ProfileId::from("p"),
        cloud: CloudId::from("aliyun"),
        regions: vec![region.into()],
        endpoint: endpoint.map(|text| Endpoint::parse(text).expect("an endpoint")),
        alias: None,
        env: None,
        readonly: false,
        project_id: None,
        api: None,
        net: crate::providers::net::Net::default(),
    }
}

fn nic(role: NicRole, instance: Option<&str>, ips: &[&str]) -> Nic {
    let address = |(place, ip): (usize, &&str)| Address {
        ip: ip.parse().expect("an address"),
        role: if place == 0 { AddressRole::Primary } else { AddressRole::Secondary },
    };
    Nic {
        id: NIC.into(),
        name: "".into(),
        region: "cn-hangzhou".into(),
        zone: None,
        role,
        status: NicStatus { word: "InUse".into(), state: NicState::Attached },
        instance: instance.map(InstanceId::from),
        mac: None,
        vpc: Some("vpc-bp1a".into()),
        subnet: None,
        security_groups: vec![],
        addresses: ips.iter().enumerate().map(address).collect(),
        public_ips: vec![],
        pairs: vec![],
        managed_by: ManagedBy::Nobody,
        linked: Some(false),
        members: Some(false),
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        addresses_known: true,
        ranges: vec![],
        hot_plug: Some(true),
        tags: crate::domain::tags::Tags::none(),
        description: "".into(),
    }
}

fn all(resource: Resource) -> Listing {
    Listing::all(resource, Some("cn-hangzhou".into()))
}

fn release(ips: std::ops::Range<u8>) -> Call {
    let ips = ips.map(|n| std::net::IpAddr::from([10, 0, 8, n])).collect();
    Call::write("cn-hangzhou".into(), OperationKind::Release { nic: NIC.into(), ips })
}

fn detach() -> Call {
    let kind = OperationKind::Detach { nic: NIC.into(), instance: INSTANCE.into() };
    Call::write("cn-hangzhou".into(), kind)
}

fn found(part: &str, nic: &Nic) -> Call {
    let mut all = Cloud.inspection(nic, &[]);
    all.retain(|listing| listing.part == part);
    assert_eq!(all.len(), 1, "{part}");
    Call::List(all.remove(0))
}

/// The calls of the client that the vendor's SDK was recorded with.
fn recorded() -> Vec<(&'static str, Call)> {
    let two = nic(NicRole::Secondary, None, &["10.0.8.11", "10.0.8.12"]);
    let token = "AAAAAdDWBF2w6Olxc+cMPjUtUMpaCa3hjTbxWpikFyOaihcA/JSvFWO/sGLK3bh+0Q==";
    let types = Scope::Types(vec!["ecs.g7.xlarge".into(), "ecs.c7.2xlarge".into()]);
    vec![
        ("v3_describe_regions", Call::List(Listing::all(Resource::Regions, None))),
        ("v3_describe_instances_first_page", Call::List(all(Resource::Instances))),
        ("v3_describe_nics_first_page", Call::List(all(Resource::Nics))),
        (
            "v3_describe_nics_next_page",
            Call::List(Listing { cursor: Cursor::Token(token.into()), ..all(Resource::Nics) }),
        ),
        ("v3_describe_nic_attribute", Call::List(Listing { scope: Scope::Nic(NIC.into()), ..all(Resource::Nics) })),
        ("v3_unassign_one", release(11..12)),
        ("v3_unassign_twelve", release(11..23)),
        ("v3_unassign_documented_headers", release(11..14)),
        ("v3_detach_sts", detach()),
        (
            "v3_assign_client_token",
            Call::Write {
                region: "cn-hangzhou".into(),
                kind: OperationKind::Assign {
                    nic: NIC.into(),
                    ips: vec![[10, 0, 8, 11].into(), [10, 0, 8, 12].into()],
                    lists: vec![],
                },
                step: Step { carry: Some("nicdeck-0a1b2c3d-undo".into()), ..Step::default() },
            },
        ),
        ("v3_instance_types", Call::List(Listing { scope: types, ..Listing::all(Resource::Limits, None) })),
        ("v3_vpc_eips", Call::List(Listing { cursor: Cursor::Page(2), ..all(Resource::Eips) })),
        ("v3_slb_by_address", found(part::CLB_FIND_BY_ADDRESS, &two)),
        ("v3_nlb_servers_form_body", found(part::NLB_FIND, &two)),
    ]
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../tests/vectors/aliyun.json")).expect("vectors are JSON")
}

fn vector(name: &str) -> Value {
    vectors().into_iter().find(|vector| vector["name"] == name).expect(name)
}

fn text<'a>(vector: &'a Value, pointer: &str) -> &'a str {
    vector.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", vector["name"]))
}

fn stamp(vector: &Value) -> Stamp {
    let at: jiff::Timestamp = text(vector, "/time").parse().expect("a time");
    Stamp { now: Timestamp(at.as_millisecond()), nonce: text(vector, "/nonce").to_owned() }
}

fn credential(vector: &Value) -> Credential {
    let token = vector.pointer("/credentials/security_token").and_then(Value::as_str);
    Credential::keys(text(vector, "/credentials/access_key_id"), text(vector, "/credentials/access_key_secret"), token)
}

#[test]
fn requests_are_those_of_the_vendors_sdk() {
    for (name, call) in recorded() {
        let vector = vector(name);
        let request = Cloud.encode(&call, &profile("cn-hangzhou", None));
        assert_eq!(request.method, text(&vector, "/request/method"), "{name}");
        assert_eq!((request.scheme.as_str(), request.path.as_str()), ("https", "/"), "{name}");
        assert_eq!(request.host, text(&vector, "/request/headers/host"), "{name}");
        assert_eq!(String::from_utf8_lossy(&request.body), text(&vector, "/request/body"), "{name}");
        let (_, query) = text(&vector, "/request/url").split_once("/?").unwrap_or_default();
        // The SDK writes the URL in the order of the call; what is signed, and what we send, is the canonical order.
        assert_eq!(request.query, wire::canonical_query(&wire::parse_query(query)), "{name}");
        for header in ["x-acs-action", "x-acs-version", "accept", "content-type"] {
            let sent = vector["request"]["headers"][header].as_str();
            // The smallest correct request of the vectors leaves `accept` out; it is not signed either way.
            if header != "accept" || sent.is_some() {
                assert_eq!(request.header(header), sent, "{name} {header}");
            }
        }
        assert_eq!(Cloud.action(&call), text(&vector, "/input/action"), "{name}");
    }
}

#[test]
fn requests_are_signed_as_the_vendors_sdk_signs_them() {
    for (name, call) in recorded() {
        let vector = vector(name);
        let mut request = Cloud.encode(&call, &profile("cn-hangzhou", None));
        Cloud.sign(&mut request, &credential(&vector), &stamp(&vector));
        // The SDK signs a few headers of its own on top; the rest of them must be ours, with the same values.
        let own = |header: &str| {
            ["accept", "user-agent", "x-acs-credentials-provider", "x-acs-accesskey-id"].contains(&header)
        };
        let headers: Vec<(&str, &str)> = text(&vector, "/signed_headers")
            .split(';')
            .map(|header| {
                let recorded = text(&vector, &format!("/request/headers/{header}"));
                let sent = if header == "host" { Some(request.host.as_str()) } else { request.header(header) };
                let value = if own(header) { recorded } else { sent.unwrap_or_else(|| panic!("{name}: {header}")) };
                (header, value)
            })
            .collect();
        let hash = wire::sha256_hex(&request.body);
        let canonical = sign::canonical_request(request.method, &request.query, &headers, &hash);
        assert_eq!(canonical, text(&vector, "/canonical_request"), "{name}");
        let to_sign = sign::string_to_sign(&canonical);
        assert_eq!(to_sign, text(&vector, "/string_to_sign"), "{name}");
        assert_eq!(sign::signature("fake-secret-for-vectors-only", &to_sign), text(&vector, "/signature"), "{name}");
        // And what we signed ourselves is exactly what is sent.
        let names: Vec<&str> = text(&vector, "/signed_headers").split(';').filter(|header| !own(header)).collect();
        let ours: Vec<(&str, &str)> = headers.iter().copied().filter(|(header, _)| !own(header)).collect();
        let canonical = sign::canonical_request(request.method, &request.query, &ours, &hash);
        let signature = sign::signature("fake-secret-for-vectors-only", &sign::string_to_sign(&canonical));
        let expected = sign::authorization("LTAI-FAKE-EXAMPLE-KEY", &names.join(";"), &signature);
        assert_eq!(request.header("authorization"), Some(expected.as_str()), "{name}");
    }
}

#[test]
fn documented_requests_are_signed_byte_for_byte() {
    // The vectors over only the documented headers: the whole `Authorization` must be theirs.
    let whole: Vec<Value> =
        vectors().into_iter().filter(|vector| vector["style"] == "v3" && vector["source"] != "sdk-wire").collect();
    assert_eq!(whole.len(), 3);
    for vector in whole {
        let url = text(&vector, "/request/url");
        let (scheme, rest) = url.split_once("://").expect("a scheme");
        let (host, query) = rest.split_once("/?").expect("a query");
        let mut request = WireRequest {
            method: "POST",
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            path: "/".to_owned(),
            query: query.to_owned(),
            headers: vec![
                ("accept".to_owned(), "application/json".to_owned()),
                ("x-acs-action".to_owned(), text(&vector, "/input/action").to_owned()),
                ("x-acs-version".to_owned(), text(&vector, "/input/version").to_owned()),
            ],
            body: vec![],
        };
        Cloud.sign(&mut request, &credential(&vector), &stamp(&vector));
        for (header, value) in vector["request"]["headers"].as_object().expect("headers") {
            let sent = if header == "host" { Some(request.host.as_str()) } else { request.header(header) };
            assert_eq!(sent, value.as_str(), "{} {header}", vector["name"]);
        }
    }
}

#[test]
fn an_endpoint_serves_all_products_and_its_port_is_signed() {
    let profile = profile("cn-hangzhou", Some("http://127.0.0.1:18080"));
    for resource in [Resource::Nics, Resource::Eips, Resource::Backends] {
        let request = Cloud.encode(&Call::List(all(resource)), &profile);
        assert_eq!((request.scheme.as_str(), request.host.as_str()), ("http", "127.0.0.1:18080"));
    }
    // Some of the vendor's own hosts there do not begin with the product's name.
    let each = self::profile("cn-hangzhou", Some("https://{service}.{region}.cloud.example"));
    for (resource, service) in [(Resource::Nics, "ecs"), (Resource::Eips, "vpc"), (Resource::Backends, "slb")] {
        let request = Cloud.encode(&Call::List(all(resource)), &each);
        assert_eq!(request.host, format!("{service}.cn-hangzhou.cloud.example"));
    }
    // The same parameters as the vector with a port, signed for the host as it stands in the header.
    let vector = vector("v3_host_with_port");
    let mut request = Cloud.encode(&Call::List(all(Resource::Nics)), &profile);
    request.query = format!("NetworkInterfaceId.1={NIC}&RegionId=cn-hangzhou");
    Cloud.sign(&mut request, &credential(&vector), &stamp(&vector));
    assert_eq!(request.header("authorization"), Some(text(&vector, "/request/headers/authorization")));
}

#[test]
fn keys_lose_blanks_and_a_token_is_sent_and_signed() {
    let call = Call::List(all(Resource::Nics));
    let stamp = Stamp { now: Timestamp(0), nonce: "n".to_owned() };
    let signed = |credential: &Credential| {
        let mut request = Cloud.encode(&call, &profile("cn-hangzhou", None));
        Cloud.sign(&mut request, credential, &stamp);
        request
    };
    let plain = signed(&Credential::keys("id", "secret", None));
    assert_eq!(plain, signed(&Credential::keys(" id\n", "\tsecret ", Some("  "))));
    assert_eq!(plain.header("x-acs-security-token"), None);
    let sts = signed(&Credential::keys("id", "secret", Some("t+/==")));
    assert_eq!(sts.header("x-acs-security-token"), Some("t+/=="));
    assert!(sts.header("authorization").expect("signed").contains(";x-acs-security-token;"));
    assert_eq!(signed(&Credential::Bearer("token".into())).header("authorization"), None);
}

#[test]
fn each_product_has_its_host_in_each_region() {
    let part = |part| Listing { part, ..all(Resource::Backends) };
    let products = [all(Resource::Nics), all(Resource::Eips), part(part::CLB), part(part::ALB), part(part::NLB)];
    let table = [
        ("cn-hangzhou", ["ecs-cn-hangzhou", "vpc", "slb", "alb.cn-hangzhou", "nlb.cn-hangzhou"]),
        ("cn-beijing", ["ecs.cn-beijing", "vpc.cn-beijing", "slb", "alb.cn-beijing", "nlb.cn-beijing"]),
        (
            "eu-central-1",
            ["ecs.eu-central-1", "vpc.eu-central-1", "slb.eu-central-1", "alb.eu-central-1", "nlb.eu-central-1"],
        ),
        (
            "cn-shanghai-finance-1",
            ["ecs-cn-hangzhou", "vpc", "slb", "alb.cn-shanghai-finance-1", "nlb.cn-shanghai-finance-1"],
        ),
        ("cn-north-2-gov-1", ["ecs.cn-north-2-gov-1", "vpc", "slb", "alb.cn-north-2-gov-1", "nlb.cn-north-2-gov-1"]),
    ];
    for (region, hosts) in table {
        for (listing, host) in products.iter().zip(hosts) {
            let call = Call::List(Listing { region: Some(region.into()), ..listing.clone() });
            let request = Cloud.encode(&call, &profile("cn-qingdao", None));
            assert_eq!(request.host, format!("{host}.aliyuncs.com"), "{region} {}", Cloud.action(&call));
        }
    }
    // A call about no region goes to the profile's first one.
    let request = Cloud.encode(&Call::List(Listing::all(Resource::Regions, None)), &profile("cn-qingdao", None));
    assert_eq!((request.host.as_str(), request.query.as_str()), ("ecs.cn-qingdao.aliyuncs.com", ""));
}

/// One line for a call: product and action, parameters, decoded.
fn line(listing: &Listing) -> String {
    let request = Cloud.encode(&Call::List(listing.clone()), &profile("cn-hangzhou", None));
    let form = String::from_utf8(request.body.clone()).expect("a form");
    let params: Vec<String> = wire::parse_query(if form.is_empty() { &request.query } else { &form })
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let product = request.host.split(['.', '-']).next().unwrap_or_default();
    format!("{product} {} {}", request.header("x-acs-action").unwrap_or_default(), params.join(" "))
}

#[test]
fn a_load_asks_for_everything_of_each_region() {
    let listings = Cloud.listings(&["cn-hangzhou".into(), "cn-beijing".into()]);
    let lines: Vec<String> = listings.iter().map(line).collect();
    let region = |region: &str| {
        [
            format!("ecs DescribeNetworkInterfaces MaxResults=500 RegionId={region}"),
            format!("ecs DescribeInstances MaxResults=100 RegionId={region}"),
            format!("vpc DescribeEipAddresses PageNumber=1 PageSize=100 RegionId={region}"),
            format!("slb DescribeLoadBalancers PageNumber=1 PageSize=100 RegionId={region}"),
            format!("alb ListServerGroups MaxResults=100 RegionId={region}"),
            format!("nlb ListServerGroups MaxResults=100 RegionId={region}"),
        ]
    };
    assert_eq!(lines[0], "ecs DescribeRegions ");
    assert_eq!(lines[1..7], region("cn-hangzhou"));
    assert_eq!(lines[7..], region("cn-beijing"));
}

#[test]
fn an_inspection_asks_only_about_its_nic() {
    let primary = nic(NicRole::Primary, Some(INSTANCE), &["10.0.8.10", "10.0.8.11", "2001:db8::5"]);
    let lines: Vec<String> = Cloud.inspection(&primary, &[]).iter().map(line).collect();
    let expected = [
        format!("ecs DescribeNetworkInterfaceAttribute NetworkInterfaceId={NIC} RegionId=cn-hangzhou"),
        format!(
            "vpc DescribeEipAddresses AssociatedInstanceId={NIC} AssociatedInstanceType=NetworkInterface PageNumber=1 PageSize=100 RegionId=cn-hangzhou"
        ),
        format!(r#"ecs DescribeInstances InstanceIds=["{INSTANCE}"] MaxResults=100 RegionId=cn-hangzhou"#),
        format!(
            "vpc DescribeEipAddresses AssociatedInstanceId={INSTANCE} AssociatedInstanceType=EcsInstance PageNumber=1 PageSize=100 RegionId=cn-hangzhou"
        ),
        "slb DescribeLoadBalancers PageNumber=1 PageSize=100 RegionId=cn-hangzhou ServerIntranetAddress=10.0.8.10,10.0.8.11".to_owned(),
        format!("slb DescribeLoadBalancers PageNumber=1 PageSize=100 RegionId=cn-hangzhou ServerId={NIC}"),
        format!("slb DescribeLoadBalancers PageNumber=1 PageSize=100 RegionId=cn-hangzhou ServerId={INSTANCE}"),
        format!(
            "alb ListServerGroupServers MaxResults=100 RegionId=cn-hangzhou ServerIds.1={NIC} ServerIds.2={INSTANCE} ServerIds.3=10.0.8.10 ServerIds.4=10.0.8.11 ServerIds.5=2001:db8::5"
        ),
        format!(
            "nlb ListServerGroupServers MaxResults=100 RegionId=cn-hangzhou ServerIds.1={NIC} ServerIds.2={INSTANCE} ServerIds.3=10.0.8.10 ServerIds.4=10.0.8.11 ServerIds.5=2001:db8::5"
        ),
        "nlb ListServerGroupServers MaxResults=100 RegionId=cn-hangzhou ServerIps.1=10.0.8.10 ServerIps.2=10.0.8.11 ServerIps.3=2001:db8::5".to_owned(),
    ];
    assert_eq!(lines, expected);
    // A secondary NIC's EIPs are never its instance's; a spare NIC has no instance to read.
    let secondary = Cloud.inspection(&nic(NicRole::Secondary, Some(INSTANCE), &["10.0.8.10"]), &[]);
    assert_eq!(secondary.len(), 8);
    assert!(secondary.iter().all(|listing| listing.part != part::EIPS_OF_INSTANCE));
    assert_eq!(Cloud.inspection(&nic(NicRole::Secondary, None, &["10.0.8.10"]), &[]).len(), 7);
    // All of it can be told from the listing of a region.
    assert!(Cloud.inspection(&primary, &[]).iter().all(|listing| listing.scope != Scope::All));
}

/// Whatever the searches find: what known backends are part of is read again, each once, and only what belongs to the NIC counts.
#[test]
fn an_inspection_reads_again_what_is_known() {
    let secondary = nic(NicRole::Secondary, None, &["10.0.8.10"]);
    let known = |lb: &str| Backend {
        load_balancer: lb.into(),
        name: "front".into(),
        region: "cn-hangzhou".into(),
        vpc: None,
        range: None,
        target: BackendTarget::Address { ip: [10, 0, 8, 10].into(), instance: None, nic: Some(NIC.into()) },
        port: "80".into(),
    };
    let searches = Cloud.inspection(&secondary, &[]).len();
    let asked = |ids: &[&str]| {
        let known: Vec<Backend> = ids.iter().map(|id| known(id)).collect();
        let all = Cloud.inspection(&secondary, &known);
        all[searches..].iter().map(line).collect::<Vec<_>>()
    };
    let clb = |id: &str| {
        ["DescribeLoadBalancerAttribute", "DescribeVServerGroups", "DescribeMasterSlaveServerGroups"]
            .map(|action| format!("slb {action} LoadBalancerId={id} RegionId=cn-hangzhou"))
            .to_vec()
    };
    let groups = |product: &str| vec![format!("{product} ListServerGroups MaxResults=100 RegionId=cn-hangzhou")];
    assert_eq!(asked(&["lb-1", "lb-2", "lb-1"]), [clb("lb-1"), clb("lb-2")].concat());
    assert_eq!(asked(&["alb-1", "alb-2"]), groups("alb"));
    assert_eq!(asked(&["nlb-1"]), groups("nlb"));
    assert_eq!(asked(&["sgp-1"]), [groups("alb"), groups("nlb")].concat());
    assert_eq!(asked(&["15n9a"]), [clb("15n9a"), groups("alb"), groups("nlb")].concat(), "of an unknown kind");
}

#[test]
fn a_search_never_names_more_than_the_vendor_takes() {
    let ips: Vec<String> = (1..=50).map(|n| format!("10.0.9.{n}")).collect();
    let many = nic(NicRole::Secondary, None, &ips.iter().map(String::as_str).collect::<Vec<_>>());
    let lines: Vec<String> = Cloud
        .inspection(&many, &[])
        .iter()
        .filter(|listing| [part::ALB_FIND, part::NLB_FIND_BY_ID, part::NLB_FIND].contains(&listing.part))
        .map(line)
        .collect();
    assert_eq!(lines.len(), 6);
    let named: Vec<usize> = lines.iter().map(|line| line.matches("ServerI").count()).collect();
    assert_eq!(named, [40, 11, 40, 11, 40, 10]);
    // Without an address there is nothing to search by: an empty search would list everything.
    let none = Cloud.inspection(&nic(NicRole::Secondary, None, &[]), &[]);
    assert!(none.iter().all(|l| ![part::NLB_FIND, part::CLB_FIND_BY_ADDRESS].contains(&l.part)));
}

#[test]
fn releases_carry_at_most_what_every_edition_of_the_page_allows() {
    let capabilities = &Cloud.descriptor().capabilities;
    assert_eq!((capabilities.release_batch, capabilities.limits_per_call), (10, Some(10)));
    assert_eq!(capabilities.release_by_type, Some(32));
    // No page says that an EIP or a load balancer makes a call refuse.
    for condition in capabilities.release.iter().chain(capabilities.detach) {
        let warns =
            matches!(condition.condition, Condition::NoEipOnAddress | Condition::NoEipOnNic | Condition::NotBackend);
        assert!(!(warns && condition.severity != Severity::Warn), "{condition:?}");
        let strict = condition.code.is_some() || condition.stricter.is_some();
        // Which types take no NIC while they run nobody can tell before.
        let seen = condition.condition != Condition::TypeHotPlugs;
        assert_eq!(condition.severity == Severity::Blocked, strict && seen, "{condition:?}");
    }
}

/// Vendor: `GetCallerIdentity` page; the endpoint map of the SDKs has one host for all regions.
#[test]
fn whose_key_it_is_is_asked_of_the_token_service() {
    let call = Cloud.identity(&"cn-beijing".into()).unwrap();
    let request = Cloud.encode(&call, &profile("cn-beijing", None));
    assert_eq!((request.method, request.url()), ("POST", "https://sts.aliyuncs.com/".to_owned()));
    assert_eq!(request.header("x-acs-action"), Some("GetCallerIdentity"));
    assert_eq!(request.header("x-acs-version"), Some("2015-04-01"));
    let own = Cloud.encode(&call, &profile("cn-beijing", Some("http://127.0.0.1:7")));
    assert_eq!(own.url(), "http://127.0.0.1:7/", "an endpoint of the profile's own is asked for this as well");
    let told = |body: &str| {
        Cloud.decode(&call, &WireResponse { status: 200, headers: vec![], body: body.as_bytes().to_vec() })
    };
    let body = r#"{"IdentityType":"RAMUser","AccountId":"1968132000123456","RequestId":"3C87BF47","PrincipalId":"2","UserId":"2","Arn":"acs:ram::1968132000123456:user/admin"}"#;
    assert_eq!(told(body), Ok(Reply::Identity("1968132000123456".to_owned())));
    assert!(told(r#"{"RequestId":"3C87BF47","AccountId":""}"#).is_err());
}

#[test]
fn a_permission_is_named_with_its_product() {
    let of = |part| Call::List(Listing { part, ..all(Resource::Backends) });
    let named = [part::CLB, part::ALB, part::NLB, part::NLB_SERVERS].map(|part| Cloud.permission(&of(part)));
    let wanted =
        ["slb:DescribeLoadBalancers", "alb:ListServerGroups", "nlb:ListServerGroups", "nlb:ListServerGroupServers"];
    assert_eq!(named, wanted);
    assert_eq!(Cloud.permission(&Call::List(all(Resource::Eips))), "vpc:DescribeEipAddresses");
    assert_eq!(Cloud.permission(&release(1..2)), "ecs:UnassignPrivateIpAddresses");
}
