//! Requests: those that the vendor's SDK sends, to the hosts it sends them to, and what a load and an inspection ask for.

use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{
        address::Address,
        ids::{CloudId, ProfileId},
        nic::{ManagedBy, NicStatus},
        plan::OperationKind,
        time::Timestamp,
    },
    providers::profile::Endpoint,
};

/// A profile of this cloud; also for other tests of the codec.
pub(super) fn profile(endpoint: Option<&str>) -> Profile {
    Profile {
        id: ProfileId::from("p"),
        cloud: CloudId::from("tencent"),
        regions: vec!["ap-guangzhou".into()],
        endpoint: endpoint.map(|text| Endpoint::parse(text).unwrap()),
        alias: None,
        env: None,
        readonly: false,
        project_id: None,
        api: None,
        net: crate::providers::net::Net::default(),
    }
}

fn nic(role: NicRole, instance: Option<&str>, ips: &[&str]) -> Nic {
    Nic {
        id: "eni-afo43z61".into(),
        name: "".into(),
        region: "ap-guangzhou".into(),
        zone: None,
        role,
        status: NicStatus { word: "INUSE".into(), state: NicState::Attached },
        instance: instance.map(Into::into),
        mac: None,
        vpc: Some("vpc-p5sf61yj".into()),
        subnet: None,
        security_groups: vec![],
        addresses: ips.iter().map(|ip| Address { ip: ip.parse().unwrap(), role: AddressRole::Secondary }).collect(),
        pairs: vec![],
        public_ips: vec![],
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

fn write(kind: OperationKind) -> Call {
    Call::write("ap-guangzhou".into(), kind)
}

fn release(ips: &[&str]) -> Call {
    let ips = ips.iter().map(|ip| ip.parse().unwrap()).collect();
    write(OperationKind::Release { nic: "eni-afo43z61".into(), ips })
}

fn task(task: &str) -> Call {
    Call::Task { region: "ap-guangzhou".into(), task: task.into() }
}

fn all(resource: Resource) -> Listing {
    Listing::all(resource, Some("ap-guangzhou".into()))
}

/// Recorded requests and the calls that they are.
fn recorded() -> Vec<(&'static str, Call)> {
    let second = Listing { cursor: Cursor::Page(2), ..all(Resource::Nics) };
    let attach = OperationKind::Attach { nic: "eni-m6dyj72l".into(), instance: "ins-r8hr2upy".into() };
    let assign = OperationKind::Assign {
        nic: "eni-afo43z61".into(),
        ips: vec!["172.16.32.111".parse().unwrap()],
        lists: vec![],
    };
    let two = nic(NicRole::Secondary, None, &["10.0.0.3", "10.0.0.4"]);
    let search = inspection(&two, &[]).into_iter().find(|listing| listing.part == part::SEARCH).unwrap();
    vec![
        ("v3-region-describe-regions", Call::List(Listing::all(Resource::Regions, None))),
        ("v3-cvm-describe-instances-page", Call::List(all(Resource::Instances))),
        ("v3-vpc-describe-nics-second-page", Call::List(second)),
        ("v3-vpc-unassign-one", release(&["172.16.32.111"])),
        ("v3-vpc-unassign-with-token", release(&["172.16.32.111", "172.16.32.112"])),
        (
            "v3-vpc-detach",
            Call::Write {
                region: "ap-guangzhou".into(),
                kind: OperationKind::Detach { nic: "eni-afo43z61".into(), instance: "ins-r8hr2upy".into() },
                step: Step { carry: Some("8ece4b21-c7a4-4e4c-a611-5c412f0e484b".into()), ..Step::default() },
            },
        ),
        ("v3-vpc-attach", write(attach)),
        ("v3-vpc-assign-specific", write(assign)),
        ("v3-vpc-task-result", task("481e9b6e-81d1-4859-b8cf-a673e010b388")),
        ("v3-vpc-describe-task-result", task("eip:61531411")),
        ("v3-clb-lb-listeners", Call::List(search)),
        ("v3-vpc-delete", write(OperationKind::Delete { nic: "eni-m6dyj72l".into() })),
    ]
}

fn vector(name: &str) -> Value {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/tencent.json")).unwrap();
    all.into_iter().find(|vector| vector["name"] == name).expect(name)
}

fn body(request: &WireRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn requests_are_those_of_the_vendors_sdk() {
    for (name, call) in recorded() {
        let vector = vector(name);
        let mut request = Cloud.encode(&call, &profile(None));
        assert_eq!(request.url(), vector["request"]["url"], "{name}");
        assert_eq!(request.method, vector["request"]["method"], "{name}");
        assert_eq!(body(&request), vector["params"], "{name}");
        for (header, own) in [
            ("Content-Type", "content-type"),
            ("X-TC-Action", "x-tc-action"),
            ("X-TC-Version", "x-tc-version"),
            ("X-TC-Region", "x-tc-region"),
        ] {
            assert_eq!(request.header(own), vector["request"]["headers"][header].as_str(), "{name}: {header}");
        }
        assert_eq!(request.header("x-tc-language"), Some("en-US"));
        assert_eq!(Cloud.action(&call), vector["action"], "{name}");
        // Signed for the product that the SDK signed it for.
        let credential =
            Credential::keys(" AKIDnicdeckFAKE0123456789EXAMPLEabcd ", "FAKEnicdeckSecretKey0NotReal0001\n", Some(" "));
        let stamp = Stamp { now: Timestamp(1_709_600_523_000), nonce: "0f".repeat(16) };
        request.body = vector["request"]["body"].as_str().unwrap().into();
        Cloud.sign(&mut request, &credential, &stamp);
        assert_eq!(request.header("authorization"), vector["request"]["headers"]["Authorization"].as_str(), "{name}");
        assert_eq!(request.header("x-tc-token"), None);
    }
}

#[test]
fn a_release_never_names_the_instance() {
    let request = Cloud.encode(&release(&["10.0.0.2"]), &profile(None));
    let members: Vec<String> = body(&request).as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["NetworkInterfaceId", "PrivateIpAddresses"]);
}

#[test]
fn detach_and_bind_name_what_they_mean() {
    let detach = write(OperationKind::Detach { nic: "eni-1".into(), instance: "ins-1".into() });
    let shown = |call: &Call| body(&Cloud.encode(call, &profile(None)));
    assert_eq!(shown(&detach), json!({"NetworkInterfaceId": "eni-1", "InstanceId": "ins-1"}));
    let ip = "10.0.0.2".parse().unwrap();
    let bind = write(OperationKind::BindEip { nic: "eni-1".into(), eip: "eip-1".into(), ip });
    assert_eq!(Cloud.action(&bind), "AssociateAddress");
    assert_eq!(
        shown(&bind),
        json!({"AddressId": "eip-1", "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.2"})
    );
}

/// Vendor: a repeat with the same token changes nothing. Each write has its own, and a reading later another one.
#[test]
fn a_write_is_known_again_by_its_token() {
    let nic = nic(NicRole::Secondary, Some("ins-1"), &["10.0.0.3"]);
    let seen = |at: i64| crate::domain::snapshot::NicSnapshot {
        nic: nic.clone(),
        instance: None,
        eips: vec![],
        backends: vec![],
        floats: vec![],
        eips_known: true,
        backends_known: true,
        floats_known: true,
        instances_known: true,
        read_at: Timestamp(at),
    };
    let ip = "10.0.0.4".parse().unwrap();
    let detach = OperationKind::Detach { nic: "eni-1".into(), instance: "ins-1".into() };
    let assign = OperationKind::Assign { nic: "eni-1".into(), ips: vec![ip], lists: vec![] };
    let token = |kind: &OperationKind, at: i64| {
        let step = Cloud.step(kind, &seen(at), &[]).expect("a request");
        assert_eq!(Cloud.step(kind, &seen(at), std::slice::from_ref(&step)), None, "one request");
        let call = Call::Write { region: "ap-guangzhou".into(), kind: kind.clone(), step };
        body(&Cloud.encode(&call, &profile(None)))["ClientToken"].as_str().map(str::to_owned)
    };
    let all = [token(&detach, 1), token(&detach, 2), token(&assign, 1)];
    assert!(all.iter().flatten().all(|token| token.len() == 32 && token.is_ascii()), "{all:?}");
    assert_eq!(all.iter().flatten().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert_eq!(token(&detach, 1), all[0]);
    // These calls do not take one, and refuse what they do not know.
    for kind in [
        OperationKind::Release { nic: "eni-1".into(), ips: vec![ip] },
        OperationKind::Delete { nic: "eni-1".into() },
        OperationKind::BindEip { nic: "eni-1".into(), eip: "eip-1".into(), ip },
    ] {
        assert_eq!(token(&kind, 1), None, "{kind:?}");
    }
}

#[test]
fn temporary_keys_send_their_token_and_other_credentials_sign_nothing() {
    let stamp = Stamp { now: Timestamp(0), nonce: "0f".repeat(16) };
    let signed = |credential: &Credential| {
        let mut request = Cloud.encode(&Call::List(all(Resource::Nics)), &profile(None));
        Cloud.sign(&mut request, credential, &stamp);
        request
    };
    assert_eq!(signed(&Credential::keys("id", "secret", Some("t+/=="))).header("x-tc-token"), Some("t+/=="));
    assert_eq!(signed(&Credential::Bearer("token".into())).header("authorization"), None);
}

#[test]
fn finance_regions_have_hosts_of_their_own_and_an_endpoint_serves_all() {
    let of = |region: &str, resource| {
        let call = Call::List(Listing::all(resource, Some(region.into())));
        Cloud.encode(&call, &profile(None)).host
    };
    assert_eq!(of("ap-shanghai", Resource::Nics), "vpc.tencentcloudapi.com");
    assert_eq!(of("ap-shanghai-fsi", Resource::Nics), "vpc.ap-shanghai-fsi.tencentcloudapi.com");
    assert_eq!(of("ap-shenzhen-fsi", Resource::Backends), "clb.ap-shenzhen-fsi.tencentcloudapi.com");
    let local = profile(Some("http://127.0.0.1:18080"));
    for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends, Resource::Regions] {
        let request = Cloud.encode(&Call::List(all(resource)), &local);
        assert_eq!((request.scheme.as_str(), request.host.as_str()), ("http", "127.0.0.1:18080"));
    }
}

/// One line for a call.
fn line(listing: &Listing) -> String {
    let request = Cloud.encode(&Call::List(listing.clone()), &profile(None));
    let of = |name| request.header(name).unwrap_or("-").to_owned();
    format!("{} {} {}", of("x-tc-action"), of("x-tc-region"), String::from_utf8_lossy(&request.body))
}

#[test]
fn a_load_asks_for_everything_of_each_region() {
    let listings = Cloud.listings(&["ap-guangzhou".into(), "ap-shanghai".into()]);
    let lines: Vec<String> = listings.iter().map(line).collect();
    let of = |region: &str| {
        let page = r#""Limit":100,"Offset":0"#;
        [
            format!("DescribeNetworkInterfaces {region} {{{page}}}"),
            format!("DescribeInstances {region} {{{page}}}"),
            format!("DescribeAddresses {region} {{{page}}}"),
            format!("DescribeHaVips {region} {{{page}}}"),
            format!(r#"DescribeLoadBalancers {region} {{"Forward":1,{page},"WithRs":1}}"#),
            format!(r#"DescribeLoadBalancers {region} {{"Forward":0,{page},"WithRs":1}}"#),
        ]
    };
    assert_eq!(lines[0], r#"DescribeRegions - {"Product":"cvm"}"#);
    assert_eq!(lines[1..7], of("ap-guangzhou"));
    assert_eq!(lines[7..], of("ap-shanghai"));
}

#[test]
fn an_inspection_asks_only_about_its_nic() {
    let lines = |nic: &Nic| inspection(nic, &[]).iter().map(line).collect::<Vec<_>>();
    let primary = nic(NicRole::Primary, Some("ins-1"), &["10.0.0.3", "2001:db8::5"]);
    assert_eq!(
        lines(&primary),
        [
            r#"DescribeNetworkInterfaces ap-guangzhou {"Limit":100,"NetworkInterfaceIds":["eni-afo43z61"],"Offset":0}"#,
            r#"DescribeAddresses ap-guangzhou {"Filters":[{"Name":"network-interface-id","Values":["eni-afo43z61"]}],"Limit":100,"Offset":0}"#,
            r#"DescribeHaVips ap-guangzhou {"Filters":[{"Name":"havip-association.instance-id","Values":["eni-afo43z61","ins-1"]}],"Limit":100,"Offset":0}"#,
            r#"DescribeInstances ap-guangzhou {"InstanceIds":["ins-1"],"Limit":100,"Offset":0}"#,
            r#"DescribeAddresses ap-guangzhou {"Filters":[{"Name":"instance-id","Values":["ins-1"]}],"Limit":100,"Offset":0}"#,
            r#"DescribeClassicalLBByInstanceId ap-guangzhou {"InstanceIds":["ins-1"]}"#,
            r#"DescribeLBListeners ap-guangzhou {"Backends":[{"PrivateIp":"10.0.0.3","VpcId":"vpc-p5sf61yj"},{"PrivateIp":"2001:db8::5","VpcId":"vpc-p5sf61yj"}]}"#,
        ]
    );
    assert_eq!(lines(&nic(NicRole::Secondary, Some("ins-1"), &["10.0.0.3"])).len(), 5);
    assert_eq!(lines(&nic(NicRole::Secondary, None, &["10.0.0.3"])).len(), 4);
    // The EIPs of virtual addresses are those addresses' own.
    let mut floating = nic(NicRole::Secondary, None, &["10.0.0.3", "10.0.0.9"]);
    floating.addresses[1].role = AddressRole::Virtual;
    let wanted = r#"DescribeAddresses ap-guangzhou {"Filters":[{"Name":"private-ip-address","Values":["10.0.0.9"]}],"Limit":100,"Offset":0}"#;
    assert_eq!(lines(&floating)[2], wanted);
    // A balancer that is known is read itself, once.
    let backend = |port: &str| Backend {
        load_balancer: "lb-1".into(),
        name: "web".into(),
        region: "ap-guangzhou".into(),
        vpc: None,
        range: None,
        target: crate::domain::address::BackendTarget::Instance("ins-1".into()),
        port: port.into(),
    };
    let again = inspection(&primary, &[backend("TCP:80"), backend("TCP:81")]);
    let again: Vec<String> = again.iter().map(line).collect();
    assert_eq!(again.last().unwrap(), r#"DescribeTargets ap-guangzhou {"LoadBalancerId":"lb-1"}"#);
    assert_eq!(again.len(), lines(&primary).len() + 1);
    let classic = inspection(&primary, &[backend("")]);
    assert_eq!(line(classic.last().unwrap()), r#"DescribeClassicalLBTargets ap-guangzhou {"LoadBalancerId":"lb-1"}"#);
    // A search names no more than it may, and is never empty.
    let ips: Vec<String> = (1..=45).map(|n| format!("10.0.9.{n}")).collect();
    let many = nic(NicRole::Secondary, None, &ips.iter().map(String::as_str).collect::<Vec<_>>());
    let named: Vec<usize> = lines(&many).iter().map(|line| line.matches("PrivateIp").count()).collect();
    assert_eq!(named, [0, 0, 0, 20, 20, 5]);
    assert_eq!(lines(&nic(NicRole::Secondary, None, &[])).len(), 3);
}

#[test]
fn what_is_blocked_has_the_code_that_the_vendor_would_answer() {
    for rule in RELEASE.iter().chain(DETACH) {
        assert!(rule.severity != Severity::Blocked || rule.code.is_some(), "{rule:?}");
        let follows =
            matches!(rule.condition, Condition::NoEipOnAddress | Condition::NoEipOnNic | Condition::NotBackend);
        assert!(!follows || (rule.severity, rule.code) == (Severity::Warn, None), "no page says so: {rule:?}");
    }
    assert_eq!(DESCRIPTOR.capabilities.release_batch, 10);
    assert!(Cloud.generation("v2").is_some() && Cloud.generation("v3").is_none());
}

/// Vendor: `GetCallerIdentity` page, and the client of its SDKs.
#[test]
fn whose_key_it_is_is_asked_of_the_token_service_by_both_generations() {
    let call = Cloud.identity(&"ap-beijing".into()).unwrap();
    for cloud in [&Cloud as &dyn Provider, &v2::Legacy] {
        assert_eq!(cloud.identity(&"ap-beijing".into()), Some(call.clone()));
        let mut request = cloud.encode(&call, &profile(None));
        assert_eq!((request.method, request.url()), ("POST", "https://sts.tencentcloudapi.com/".to_owned()));
        assert_eq!(request.header("x-tc-action"), Some("GetCallerIdentity"));
        assert_eq!(request.header("x-tc-version"), Some("2018-08-13"));
        assert_eq!(request.header("x-tc-region"), Some("ap-beijing"));
        assert_eq!(request.body, b"{}");
        let stamp = Stamp { now: Timestamp(0), nonce: String::new() };
        cloud.sign(&mut request, &Credential::keys("id", "secret", None), &stamp);
        let signed = request.header("authorization").unwrap();
        assert!(signed.contains("/sts/tc3_request"), "the service is part of the signature: {signed}");
        assert_eq!(cloud.permission(&call), "sts:GetCallerIdentity");
        assert_eq!(cloud.permission(&Call::List(all(Resource::Instances))), "cvm:DescribeInstances");
        assert_eq!(cloud.permission(&release(&["10.0.0.9"])), "vpc:UnassignPrivateIpAddresses");
    }
    let told = |body: Value| {
        let body = json!({"Response": body}).to_string().into_bytes();
        Cloud.decode(&call, &WireResponse { status: 200, headers: vec![], body })
    };
    let of = |id: &str| json!({"Type": "CAMUser", "AccountId": id, "UserId": "100026100001", "RequestId": "r"});
    assert_eq!(told(of("100026200001")), Ok(Reply::Identity("100026200001".to_owned())));
    assert!(told(of("")).is_err());
}
