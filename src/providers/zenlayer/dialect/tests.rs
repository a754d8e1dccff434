#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::*;
use crate::{
    providers::{
        profile::Credential,
        provider::Stamp,
        zenlayer::sign::{self, ALGORITHM},
    },
    sim::generate::{Plan, generate},
    wire::WireRequest,
};

const NOW: Timestamp = Timestamp(1_763_706_000_000);

/// One instance of each kind of trouble; the names say which rule a NIC breaks.
const WORLD: &str = r#"{
  "provider": "zenlayer", "region": "asia-east-1",
  "instances": [
    {"id": "i-run", "name": "web-1", "status": "RUNNING", "zone": "asia-east-1a", "type": "z2a.cpu.4", "vpc_id": "v-1",
     "tags": {"env": "prod"}},
    {"id": "i-stop", "name": "支付-2", "status": "STOPPED", "zone": "asia-east-1b", "type": "z2a.cpu.4", "vpc_id": "v-1"},
    {"id": "i-mute", "name": "no-agent", "status": "RUNNING", "vpc_id": "v-1", "agent": false}
  ],
  "nics": [
    {"id": "n-prim", "name": "web-1-a", "instance_id": "i-run", "primary": true, "status": "USED", "subnet_id": "s-1",
     "security_groups": ["sg-1", "sg-2"], "addresses": [
       {"ip": "10.0.0.10", "primary": true}, {"ip": "10.0.0.11"}, {"ip": "10.0.0.12"}, {"ip": "10.0.0.13", "virtual": true},
       {"ip": "10.0.0.14", "lb": "lb-1"}], "ipv6": ["2001:db8::10"], "tags": {"team": "web", "env": "prod"}},
    {"id": "n-sec", "name": "web-1-b", "instance_id": "i-run", "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.20", "primary": true}, {"ip": "10.0.0.21"}]},
    {"id": "n-eip", "instance_id": "i-run", "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.30", "primary": true}, {"ip": "10.0.0.31", "eip": {"id": "e-1", "ip": "203.0.113.1"}}, {"ip": "10.0.0.32"}]},
    {"id": "n-lb", "instance_id": "i-run", "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.40", "primary": true, "lb": "lb-1"}, {"ip": "10.0.0.41"}]},
    {"id": "n-moving", "instance_id": "i-run", "status": "DETACHING", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.50", "primary": true}, {"ip": "10.0.0.51"}]},
    {"id": "n-stop-prim", "instance_id": "i-stop", "primary": true, "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.60", "primary": true, "eip": {"id": "e-2", "ip": "203.0.113.2", "name": "default one", "is_default": true}}]},
    {"id": "n-stop", "instance_id": "i-stop", "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.70", "primary": true}, {"ip": "10.0.0.71"}]},
    {"id": "n-mute", "instance_id": "i-mute", "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.80", "primary": true}]},
    {"id": "n-free", "instance_id": null, "status": "AVAILABLE", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.90", "primary": true}, {"ip": "10.0.0.91"}]},
    {"id": "n-six", "instance_id": null, "status": "AVAILABLE", "addresses": [], "ipv6": ["2001:db8::90"]},
    {"id": "n-refused", "instance_id": "i-run", "status": "USED", "subnet_id": "s-1", "addresses": [
       {"ip": "10.0.0.95", "primary": true}, {"ip": "10.0.0.96"}]}
  ],
  "free_eips": [{"id": "e-9", "ip": "203.0.113.9"}],
  "load_balancers": [{"id": "lb-1", "name": "shop-front", "vpc_id": "v-1", "port": 443, "public_ip": "203.0.113.80"}],
  "refusals": {"n-refused": "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE", "DescribeRegions": "AUTHFAILURE_UNAUTHORIZED_OPERATION"}
}"#;

const SOUTH: &str = r#"{"provider": "zenlayer", "region": "asia-south-9",
  "instances": [{"id": "i-far", "status": "RUNNING"}],
  "nics": [{"id": "n-far", "status": "AVAILABLE", "addresses": [{"ip": "10.9.0.1", "primary": true}]}]}"#;

fn world() -> World {
    let mut world = World::parse(&[("north.json", WORLD), ("south.json", SOUTH)]).unwrap();
    world.transition_ms = 1_000;
    world
}

fn key() -> SimKey {
    SimKey { id: "key-id".to_owned(), secret: "key-secret".to_owned(), token: Some("pat-1".to_owned()) }
}

fn unsigned(action: &str, body: &str) -> WireRequest {
    let (service, version) = if action.contains("Backend") || action.contains("LoadBalancer") {
        ("zlb", "2025-04-01")
    } else {
        ("zec", "2025-09-01")
    };
    WireRequest {
        method: "POST",
        scheme: "http".to_owned(),
        host: "127.0.0.1:8080".to_owned(),
        path: format!("/api/v2/{service}"),
        query: String::new(),
        headers: [("content-type", "application/json"), ("x-zc-action", action), ("x-zc-version", version)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: body.as_bytes().to_vec(),
    }
}

fn signed(action: &str, body: &str) -> WireRequest {
    let mut request = unsigned(action, body);
    let stamp = Stamp { now: NOW, nonce: String::new() };
    sign::sign(&mut request, &Credential::keys("key-id", "key-secret", None), &stamp);
    request
}

fn received(request: WireRequest) -> SimRequest {
    let mut headers = vec![("host".to_owned(), request.host)];
    headers.extend(request.headers);
    SimRequest {
        method: request.method.to_owned(),
        path: request.path,
        query: request.query,
        headers,
        body: request.body,
    }
}

fn send(world: &mut World, request: WireRequest, now: Timestamp) -> (u16, Value) {
    world.settle(now);
    let id = "0123456789abcdef0123456789abcdef";
    let response = ZenlayerDialect.answer(world, &key(), &received(request), now, id);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(response.headers, [("content-type".to_owned(), "application/json".to_owned())]);
    assert_eq!(body["requestId"], "T01234567-89ab-cdef-0123-456789abcdef");
    if response.status == 200 {
        assert_eq!(body["response"]["requestId"], body["requestId"]);
        assert!(body.get("code").is_none());
    } else {
        assert!(body.get("response").is_none() && !body["message"].as_str().unwrap().is_empty());
    }
    (response.status, body)
}

/// What a call answers at a time: the response, or status and code.
fn at(world: &mut World, now: Timestamp, action: &str, body: &str) -> Result<Value, (u16, String)> {
    let mut request = unsigned(action, body);
    let stamp = Stamp { now, nonce: String::new() };
    sign::sign(&mut request, &Credential::keys("key-id", "key-secret", None), &stamp);
    match send(world, request, now) {
        (200, mut body) => Ok(body["response"].take()),
        (status, body) => Err((status, body["code"].as_str().unwrap().to_owned())),
    }
}

fn call(world: &mut World, action: &str, body: &str) -> Result<Value, (u16, String)> {
    at(world, NOW, action, body)
}

fn error(action: &str, body: &str) -> (u16, String) {
    let mut world = world();
    let before = world.clone();
    let error = call(&mut world, action, body).unwrap_err();
    assert_eq!(world, before, "an error changes nothing: {action} {body}");
    error
}

/// The ids (by this field) of a list.
fn ids(response: &Value, field: &str) -> Vec<String> {
    response["dataSet"].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

fn nics(body: &str) -> Vec<String> {
    ids(&call(&mut world(), "DescribeNetworkInterfaces", body).unwrap(), "nicId")
}

fn instances(body: &str) -> Vec<String> {
    ids(&call(&mut world(), "DescribeInstances", body).unwrap(), "instanceId")
}

fn eips(body: &str) -> Vec<String> {
    ids(&call(&mut world(), "DescribeEips", body).unwrap(), "eipId")
}

fn code(change: impl FnOnce(&mut WireRequest), late_s: i64) -> (u16, String) {
    let mut request = signed("DescribeZones", "{}");
    change(&mut request);
    let now = Timestamp(NOW.0 + late_s * 1000);
    let (status, body) = send(&mut world(), request, now);
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn requests_of_the_vendors_own_sdk_pass() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/vectors/zenlayer.json")).unwrap();
    for vector in &vectors {
        let request = &vector["request"];
        let headers = request["headers"].as_object().unwrap().iter();
        let received = SimRequest {
            method: "POST".to_owned(),
            path: "/api/v2/zec".to_owned(),
            query: String::new(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned())).collect(),
            body: request["body"].as_str().unwrap().as_bytes().to_vec(),
        };
        let text = |name: &str| vector["credentials"][name].as_str().unwrap_or_default().to_owned();
        let key = SimKey { id: text("access_key_id"), secret: text("access_key_password"), token: Some(text("token")) };
        let now = Timestamp(vector["time"].as_i64().unwrap() * 1000);
        assert_eq!(auth::verify(&key, &received, now), Ok(()), "{}", vector["name"]);
        let other = SimKey { secret: "other".to_owned(), token: None, ..key };
        assert!(auth::verify(&other, &received, now).is_err(), "{}", vector["name"]);
    }
}

#[test]
fn signatures_are_checked_over_what_was_received() {
    let fine = (200, String::new());
    let failure = (401, "AUTHFAILURE_SIGNATURE_FAILURE".to_owned());
    let malformed = (401, "AUTHFAILURE_INVALID_AUTHORIZATION".to_owned());
    let expired = (401, "AUTHFAILURE_SIGNATURE_EXPIRED".to_owned());
    let replace = |request: &mut WireRequest, from: &str, to: &str| {
        let value = request.header("authorization").unwrap().replace(from, to);
        request.set_header("authorization", value);
    };
    assert_eq!(code(|_| {}, 0), fine);
    assert_eq!(code(|_| {}, 300), fine);
    assert_eq!(code(|_| {}, -300), fine);
    assert_eq!(code(|_| {}, 301), expired);
    assert_eq!(code(|_| {}, -301), expired);
    assert_eq!(code(|request| request.body = b"{ }".to_vec(), 0), failure);
    assert_eq!(code(|request| request.host = "127.0.0.1".to_owned(), 0), failure);
    assert_eq!(code(|request| request.set_header("content-type", "application/json; charset=utf-8"), 0), failure);
    assert_eq!(code(|request| request.set_header("x-zc-timestamp", (NOW.seconds() + 1).to_string()), 0), failure);
    assert_eq!(code(|request| replace(request, "key-id", "other-id"), 0), failure);
    assert_eq!(code(|request| replace(request, "Signature=", "Signature=0"), 0), failure);
    assert_eq!(code(|request| request.set_header("x-zc-timestamp", "soon"), 0), malformed);
    assert_eq!(code(|request| request.set_header("x-zc-signature-method", "ZC2_HMAC_SHA256"), 0), malformed);
    assert_eq!(code(|request| request.set_header("authorization", "Basic a2V5"), 0), malformed);
    assert_eq!(code(|request| request.headers.retain(|(name, _)| name != "authorization"), 0), malformed);
    assert_eq!(code(|request| replace(request, "content-type;host", "host"), 0), malformed);
    assert_eq!(code(|request| replace(request, "content-type;host", "host;content-type"), 0), malformed);
    assert_eq!(code(|request| replace(request, "Credential=key-id", "Credential="), 0), malformed);
    assert_eq!(code(|request| request.set_header("authorization", "Bearer pat-1"), 9_999), fine);
    assert_eq!(code(|request| request.set_header("authorization", "Bearer pat-2"), 0), malformed);
    // The action isn't signed.
    assert_eq!(code(|request| request.set_header("x-zc-action", "DescribeEips"), 0), fine);
}

#[test]
fn headers_may_be_signed_as_sent_or_in_lower_case() {
    let mut request = unsigned("DescribeZones", "{}");
    request.set_header("content-type", "application/json; charset=UTF-8");
    request.set_header("x-zc-signature-method", ALGORITHM);
    request.set_header("x-zc-timestamp", NOW.seconds().to_string());
    for value in ["application/json; charset=UTF-8", "application/json; charset=utf-8"] {
        let canonical = sign::canonical_request(&[("content-type", value), ("host", &request.host)], &request.body);
        let signature = sign::signature("key-secret", &sign::string_to_sign(&NOW.seconds().to_string(), &canonical));
        let mut request = request.clone();
        request.set_header("authorization", sign::authorization("key-id", "content-type;host", &signature));
        assert_eq!(send(&mut world(), request, NOW).0, 200, "{value}");
    }
}

#[test]
fn what_does_not_exist_is_not_authorized() {
    let unknown = (401, "AUTHFAILURE_UNAUTHORIZED_OPERATION".to_owned());
    assert_eq!(error("RebootInstances", "{}"), unknown);
    assert_eq!(error("", "{}"), unknown);
    assert_eq!(error("DescribeRegions", "{}"), unknown, "the world says so");
    assert_eq!(code(|request| request.path = "/api/v2/zlb".to_owned(), 0), unknown);
    assert_eq!(code(|request| request.path = "/api/v2/other".to_owned(), 0), unknown);
    assert_eq!(code(|request| request.path = "/".to_owned(), 0), unknown);
    assert_eq!(code(|request| request.method = "GET", 0), unknown);
    assert_eq!(code(|request| request.set_header("x-zc-version", "2099-01-01"), 0), unknown);
    assert_eq!(code(|request| request.set_header("x-zc-version", "2024-04-01"), 0).0, 200);
    assert!(ZenlayerDialect.is_write("DetachNetworkInterface") && !ZenlayerDialect.is_write("DescribeEips"));
    assert!(!ZenlayerDialect.is_write(""));
}

#[test]
fn parameters_are_checked_as_the_common_codes_say() {
    let list = "DescribeNetworkInterfaces";
    let many = |count: usize| format!(r#"{{"nicIds": [{}"x"]}}"#, "\"x\",".repeat(count - 1));
    let cases = [
        (list, "[]".to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, "{".to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, r#"{"pageSize": "20"}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, r#"{"pageSize": 1.5}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, r#"{"pageSize": 1001}"#.to_owned(), "INVALID_PARAMETER_EXCEED_MAXIMUM"),
        (list, r#"{"pageSize": 0}"#.to_owned(), "INVALID_PARAMETER_LESS_MINIMUM"),
        (list, r#"{"pageNum": -1}"#.to_owned(), "INVALID_PARAMETER_LESS_MINIMUM"),
        (list, r#"{"nicIds": "n-1"}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, r#"{"nicIds": [1]}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, many(101), "INVALID_PARAMETER_EXCEED_LENGTH"),
        (list, r#"{"name": 7}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        (list, r#"{"status": "InUse"}"#.to_owned(), "INVALID_PARAMETER_VALUE"),
        (list, r#"{"nicType": "primary"}"#.to_owned(), "INVALID_PARAMETER_VALUE"),
        (list, r#"{"tags": ["env"]}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        ("DescribeInstances", r#"{"ipv4Address": "10.0.0.0/8"}"#.to_owned(), "INVALID_PARAMETER_VALUE"),
        ("DescribeInstances", r#"{"ipv4Address": "ten"}"#.to_owned(), "INVALID_PARAMETER_VALUE"),
        ("DescribeEips", r#"{"isDefault": "true"}"#.to_owned(), "INVALID_PARAMETER_TYPE"),
        ("DescribeEips", r#"{"privateIpAddress": "x"}"#.to_owned(), "INVALID_PARAMETER_VALUE"),
        ("DescribeBackends", "{}".to_owned(), "MISSING_PARAMETER"),
    ];
    for (action, body, wanted) in cases {
        assert_eq!(error(action, &body), (400, wanted.to_owned()), "{action} {body}");
    }
    assert!(call(&mut world(), list, &many(100)).is_ok());
    assert!(call(&mut world(), list, r#"{"pageSize": null, "nicIds": null, "unknown": 1}"#).is_ok());
    assert!(call(&mut world(), list, "").is_ok());
}

#[test]
fn lists_are_paged_from_one_with_twenty_rows_and_the_whole_count() {
    let mut world = generate(&VOCABULARY, Plan::of(60, 3));
    let total = world.nics().len();
    let mut seen = Vec::new();
    for page in 1.. {
        let answer =
            call(&mut world, "DescribeNetworkInterfaces", &format!(r#"{{"pageNum": {page}, "pageSize": 7}}"#)).unwrap();
        assert_eq!(answer["totalCount"], total);
        let rows = ids(&answer, "nicId");
        if rows.is_empty() {
            assert_eq!(page, total.div_ceil(7) + 1, "past the end: the total and no rows");
            break;
        }
        seen.extend(rows);
    }
    assert_eq!(seen, world.nics().iter().map(|nic| nic.id.clone()).collect::<Vec<_>>());
    for action in ["DescribeNetworkInterfaces", "DescribeInstances", "DescribeInstancesStatus"] {
        let answer = call(&mut world, action, "{}").unwrap();
        assert_eq!(answer["dataSet"].as_array().unwrap().len(), 20, "{action}");
    }
    let far = format!(r#"{{"pageNum": {}, "pageSize": 1000}}"#, i64::MAX);
    assert!(ids(&call(&mut world, "DescribeEips", &far).unwrap(), "eipId").is_empty());
}

#[test]
fn zones_map_to_regions() {
    let answer = call(&mut world(), "DescribeZones", "{}").unwrap();
    let zones: Vec<(&str, &str)> = answer["zoneSet"]
        .as_array()
        .unwrap()
        .iter()
        .map(|zone| (zone["zoneId"].as_str().unwrap(), zone["regionId"].as_str().unwrap()))
        .collect();
    let wanted = [("asia-east-1a", "asia-east-1"), ("asia-east-1b", "asia-east-1"), ("asia-south-9a", "asia-south-9")];
    assert_eq!(zones, wanted);
    assert_eq!(answer["zoneSet"][0]["cityName"], "Hong Kong");
    let one = call(&mut world(), "DescribeZones", r#"{"zoneIds": ["asia-east-1b"]}"#).unwrap();
    assert_eq!(one["zoneSet"].as_array().unwrap().len(), 1);
    let regions = call(&mut world(), "DescribeNetworkInterfaceRegions", "{}").unwrap();
    assert_eq!(regions["regionIds"], json!(["asia-east-1", "asia-south-9"]));
    let mut world = world();
    world.refusals.clear();
    let regions = call(&mut world, "DescribeRegions", r#"{"regionIds": ["asia-east-1"]}"#).unwrap();
    assert_eq!(regions["regionSet"][0]["regionId"], "asia-east-1");
    assert_eq!(regions["regionSet"].as_array().unwrap().len(), 1);
}

#[test]
fn what_a_nic_hangs_on_is_refused_with_it() {
    let code = "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE";
    for stated in ["n-prim", "i-run", "s-1", "sg-2"] {
        let mut world = world();
        world.refusals.insert(stated.to_owned(), code.to_owned());
        let body = r#"{"nicId": "n-prim", "ipAddresses": ["10.0.0.11"]}"#;
        let refused = call(&mut world, "UnassignNetworkInterfaceIpv4", body).unwrap_err();
        assert_eq!(refused, (403, code.to_owned()), "{stated}");
    }
}

#[test]
fn a_nic_is_shown_with_every_field_and_explicit_nulls() {
    let answer = call(&mut world(), "DescribeNetworkInterfaces", r#"{"nicIds": ["n-prim"]}"#).unwrap();
    let nic = &answer["dataSet"][0];
    assert_eq!(nic["primaryIpv4"], "10.0.0.10");
    assert_eq!(
        nic["secondaryIpv4s"],
        json!(["10.0.0.11", "10.0.0.12", "10.0.0.14"]),
        "a virtual address is not the NIC's"
    );
    assert_eq!(nic["privateIpList"], json!(["10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.14"]));
    assert_eq!(
        (&nic["nicType"], &nic["nicSubnetType"], &nic["status"]),
        (&json!("Primary"), &json!("IPv4_IPv6"), &json!("USED"))
    );
    assert_eq!(
        (&nic["instanceId"], &nic["vpcId"], &nic["securityGroupId"]),
        (&json!("i-run"), &json!("v-1"), &json!("sg-1"))
    );
    assert_eq!(nic["primaryIpv6"], "2001:db8::10");
    assert_eq!(nic["tags"], json!({"tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "web"}]}));
    assert_eq!(nic["publicIpList"], json!([]));
    let answer = call(&mut world(), "DescribeNetworkInterfaces", r#"{"nicIds": ["n-six", "n-eip", "gone"]}"#).unwrap();
    assert_eq!(answer["totalCount"], 2);
    let six = &answer["dataSet"][1];
    assert_eq!(six["nicId"], "n-six");
    assert_eq!((&six["nicSubnetType"], &six["privateIpList"]), (&json!("IPv6"), &json!([])));
    for null in ["primaryIpv4", "instanceId", "securityGroupId", "vpcId"] {
        assert!(six.as_object().unwrap().get(null).unwrap().is_null(), "{null}");
    }
    assert_eq!(answer["dataSet"][0]["publicIpList"], json!(["203.0.113.1"]));
}

#[test]
fn nics_are_filtered() {
    assert_eq!(nics(r#"{"name": "web-1", "nicType": "Secondary"}"#), ["n-sec"]);
    assert_eq!(nics(r#"{"regionId": "asia-south-9"}"#), ["n-far"]);
    assert_eq!(nics(r#"{"instanceId": "i-stop"}"#), ["n-stop-prim", "n-stop"]);
    assert_eq!(nics(r#"{"instanceId": "i-stop", "nicIds": ["n-stop", "n-sec"]}"#), ["n-stop"]);
    assert_eq!(nics(r#"{"status": "DETACHING"}"#), ["n-moving"]);
    assert_eq!(nics(r#"{"nicSubnetType": "IPv6"}"#), ["n-six"]);
    assert_eq!(nics(r#"{"securityGroupId": "sg-1"}"#), ["n-prim"]);
    assert_eq!(nics(r#"{"tagKeys": ["team"]}"#), ["n-prim"]);
    assert_eq!(nics(r#"{"tags": [{"key": "team", "value": "db"}]}"#), [""; 0]);
    assert_eq!(nics(r#"{"tags": [{"key": "team", "value": "web"}], "vpcId": "v-1", "subnetId": "s-1"}"#), ["n-prim"]);
    assert_eq!(nics(r#"{"resourceGroupId": "none"}"#), [""; 0]);
}

#[test]
fn instances_are_shown_and_filtered() {
    assert_eq!(instances("{}"), ["i-run", "i-stop", "i-mute", "i-far"]);
    assert_eq!(instances(r#"{"zoneId": "asia-south-9a"}"#), ["i-far"]);
    assert_eq!(instances(r#"{"name": "支付"}"#), ["i-stop"]);
    assert_eq!(instances(r#"{"status": "STOPPED"}"#), ["i-stop"]);
    assert_eq!(instances(r#"{"instanceType": "z2a.cpu.4", "tagKeys": ["env"]}"#), ["i-run"]);
    assert_eq!(instances(r#"{"ipv4Address": "10.0.0.71"}"#), ["i-stop"]);
    assert_eq!(instances(r#"{"ipv4Address": "10.0.0.64/28"}"#), ["i-stop"]);
    assert_eq!(instances(r#"{"ipv6Address": "2001:db8::10"}"#), ["i-run"]);
    assert_eq!(instances(r#"{"instanceIds": ["i-mute", "i-none"]}"#), ["i-mute"]);
    assert_eq!(instances(r#"{"imageId": "none"}"#), [""; 0]);
    let answer = call(&mut world(), "DescribeInstances", r#"{"instanceIds": ["i-run"]}"#).unwrap();
    let instance = &answer["dataSet"][0];
    assert_eq!(instance["loadBalancerIds"], json!(["lb-1"]));
    assert_eq!(instance["nics"].as_array().unwrap().len(), 6);
    assert_eq!(instance["nics"][0]["nicId"], "n-prim");
    assert_eq!((&instance["enableAgent"], &instance["keyId"]), (&json!(true), &Value::Null));
    assert_eq!(instance["publicIpAddresses"], json!(["203.0.113.1"]));
    let status = call(&mut world(), "DescribeInstancesStatus", r#"{"instanceIds": ["i-stop"]}"#).unwrap();
    assert_eq!(status["dataSet"], json!([{"instanceId": "i-stop", "instanceStatus": "STOPPED"}]));
}

#[test]
fn eips_say_which_private_address_they_are_on() {
    assert_eq!(eips("{}"), ["e-1", "e-2", "e-9"]);
    assert_eq!(eips(r#"{"associatedId": "n-eip"}"#), ["e-1"]);
    assert_eq!(eips(r#"{"status": "UNBIND"}"#), ["e-9"]);
    assert_eq!(eips(r#"{"isDefault": true}"#), ["e-2"]);
    assert_eq!(eips(r#"{"privateIpAddress": "10.0.0.31"}"#), ["e-1"]);
    assert_eq!(eips(r#"{"ipAddress": "203.0.113.9"}"#), ["e-9"]);
    assert_eq!(eips(r#"{"ipAddresses": ["203.0.113.9", "203.0.113.1"]}"#), ["e-1", "e-9"]);
    assert_eq!(eips(r#"{"instanceId": "i-stop"}"#), ["e-2"]);
    assert_eq!(eips(r#"{"name": "default"}"#), ["e-2"]);
    assert_eq!(eips(r#"{"eipIds": ["e-9"], "regionId": "asia-east-1"}"#), ["e-9"]);
    assert_eq!(eips(r#"{"regionId": "asia-south-9"}"#), [""; 0]);
    assert_eq!(eips(r#"{"tagKeys": ["a"]}"#), [""; 0]);
    let answer = call(&mut world(), "DescribeEips", r#"{"eipIds": ["e-1", "e-9"]}"#).unwrap();
    let (bound, free) = (&answer["dataSet"][0], &answer["dataSet"][1]);
    assert_eq!((&bound["status"], &bound["associatedType"]), (&json!("BINDED"), &json!("NIC")));
    assert_eq!(
        (&bound["privateIpAddress"], &bound["publicIpAddresses"]),
        (&json!("10.0.0.31"), &json!(["203.0.113.1"]))
    );
    assert_eq!(free["status"], "UNBIND");
    for null in ["privateIpAddress", "associatedType", "associatedId", "instanceId", "nicId", "expiredTime"] {
        assert!(free.as_object().unwrap().get(null).unwrap().is_null(), "{null}");
    }
}

#[test]
fn load_balancers_say_which_addresses_stand_behind_them() {
    let list = |body: &str| ids(&call(&mut world(), "DescribeLoadBalancers", body).unwrap(), "loadBalancerId");
    assert_eq!(list("{}"), ["lb-1"]);
    assert_eq!(list(r#"{"loadBalancerName": "shop*", "regionId": "asia-east-1", "vpcId": "v-1"}"#), ["lb-1"]);
    assert_eq!(list(r#"{"loadBalancerName": "shop"}"#), [""; 0]);
    assert_eq!(list(r#"{"loadBalancerIds": ["lb-2"]}"#), [""; 0]);
    let answer = call(&mut world(), "DescribeBackends", r#"{"loadBalancerId": "lb-1"}"#).unwrap();
    let rows = answer["backends"].as_array().unwrap();
    let ips: Vec<&str> = rows.iter().map(|row| row["privateIpAddress"].as_str().unwrap()).collect();
    assert_eq!(ips, ["10.0.0.14", "10.0.0.40"]);
    assert_eq!((&rows[0]["listenerPort"], &rows[0]["backendPort"]), (&json!("443"), &json!(443)));
    assert_eq!(rows[0]["instanceId"], "i-run");
    let listener = rows[0]["listenerId"].as_str().unwrap();
    let same =
        call(&mut world(), "DescribeBackends", &format!(r#"{{"loadBalancerId": "lb-1", "listenerId": "{listener}"}}"#));
    assert_eq!(same.unwrap()["backends"].as_array().unwrap().len(), 2);
    assert_eq!(error("DescribeBackends", r#"{"loadBalancerId": "lb-9"}"#), (404, "INVALID_LB_NOT_FOUND".to_owned()));
    let wrong = r#"{"loadBalancerId": "lb-1", "listenerId": "1"}"#;
    assert_eq!(error("DescribeBackends", wrong), (404, "INVALID_LB_LISTENER_NOT_FOUND".to_owned()));
}

#[test]
fn every_condition_of_a_release_has_its_code() {
    let release = |nic: &str, ips: &str| {
        error("UnassignNetworkInterfaceIpv4", &format!(r#"{{"nicId": "{nic}", "ipAddresses": [{ips}]}}"#))
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    // U1 to U7, in the order of the vendor's page.
    assert_eq!(release("n-prim", r#""10.0.0.11", "10.0.0.10""#), is(409, "INVALID_NIC_PRIMARY_IP_CANT_DETACH"));
    assert_eq!(release("n-eip", r#""10.0.0.31""#), is(409, "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"));
    assert_eq!(release("n-eip", r#""10.0.0.32""#), is(409, "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"));
    assert_eq!(release("n-prim", r#""10.0.0.14""#), is(409, "INVALID_NIC_LB_ASSOCIATED"));
    assert_eq!(release("n-none", r#""10.0.0.14""#), is(404, "INVALID_NIC_NOT_FOUND"));
    assert_eq!(release("n-moving", r#""10.0.0.51""#), is(400, "INVALID_NIC_STATUS"));
    assert_eq!(release("", r#""10.0.0.11""#), is(400, "MISSING_PARAMETER"));
    assert_eq!(release("n-prim", ""), is(400, "MISSING_PARAMETER"));
    assert_eq!(error("UnassignNetworkInterfaceIpv4", "{}"), is(400, "MISSING_PARAMETER"));
    assert_eq!(release("n-prim", r#""10.0.0.11", "10.0.0.99""#), is(404, "OPERATION_FAILED_RESOURCE_NOT_FOUND"));
    assert_eq!(release("n-prim", r#""10.0.0.13""#), is(404, "OPERATION_FAILED_RESOURCE_NOT_FOUND"));
    assert_eq!(release("n-prim", r#""one""#), is(400, "INVALID_PARAMETER_VALUE"));
    assert_eq!(release("n-refused", r#""10.0.0.96""#), is(403, "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE"));
}

#[test]
fn a_release_takes_exactly_the_addresses_named() {
    let mut world = world();
    let body = r#"{"nicId": "n-prim", "ipAddresses": ["10.0.0.12", "10.0.0.11"], "ipAddress": "10.0.0.14"}"#;
    assert_eq!(call(&mut world, "UnassignNetworkInterfaceIpv4", body).unwrap().as_object().unwrap().len(), 1);
    let left: Vec<String> =
        world.nic("n-prim").unwrap().addresses.iter().map(|address| address.ip.to_string()).collect();
    assert_eq!(left, ["10.0.0.10", "10.0.0.13", "10.0.0.14"], "the deprecated parameter is ignored beside the list");
    let again = call(&mut world, "UnassignNetworkInterfaceIpv4", body).unwrap_err();
    assert_eq!(again, (404, "OPERATION_FAILED_RESOURCE_NOT_FOUND".to_owned()));
    // U8: a stopped instance does not stop a release; a free NIC's addresses can go as well.
    call(&mut world, "UnassignNetworkInterfaceIpv4", r#"{"nicId": "n-stop", "ipAddress": "10.0.0.71"}"#).unwrap();
    call(&mut world, "UnassignNetworkInterfaceIpv4", r#"{"nicId": "n-free", "ipAddresses": ["10.0.0.91"]}"#).unwrap();
    assert_eq!(world.nic("n-stop").unwrap().addresses.len(), 1);
}

#[test]
fn every_condition_of_a_detach_has_its_code() {
    let detach = |nic: &str| error("DetachNetworkInterface", &format!(r#"{{"nicId": "{nic}"}}"#));
    let is = |status: u16, code: &str| (status, code.to_owned());
    // D1 to D7, in the order of the vendor's page.
    assert_eq!(detach("n-stop"), is(400, "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT"));
    assert_eq!(detach("n-moving"), is(400, "INVALID_NIC_STATUS"));
    assert_eq!(detach("n-free"), is(400, "INVALID_NIC_STATUS"));
    assert_eq!(detach("n-prim"), is(409, "INVALID_NIC_PRIMARY_CANT_DETACH"));
    assert_eq!(detach("n-lb"), is(409, "INVALID_NIC_LB_ASSOCIATED"));
    assert_eq!(detach("n-none"), is(404, "INVALID_NIC_NOT_FOUND"));
    assert_eq!(error("DetachNetworkInterface", "{}"), is(400, "MISSING_PARAMETER"));
    assert_eq!(detach("n-mute"), is(400, "INVALID_INSTANCE_PRECHECK_ABNORMAL"));
    assert_eq!(detach("n-refused"), is(403, "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE"));
}

#[test]
fn a_detach_takes_a_moment_and_keeps_addresses_and_eips() {
    let mut world = world();
    let show = |world: &mut World, ms: u64| {
        let answer = at(world, NOW.plus_ms(ms), "DescribeNetworkInterfaces", r#"{"nicIds": ["n-eip"]}"#).unwrap();
        (answer["dataSet"][0]["status"].clone(), answer["dataSet"][0]["instanceId"].clone())
    };
    call(&mut world, "DetachNetworkInterface", r#"{"nicId": "n-eip"}"#).unwrap();
    assert_eq!(show(&mut world, 0), (json!("DETACHING"), json!("i-run")));
    let again = call(&mut world, "DetachNetworkInterface", r#"{"nicId": "n-eip"}"#).unwrap_err();
    assert_eq!(again, (400, "INVALID_NIC_STATUS".to_owned()));
    assert_eq!(show(&mut world, 999), (json!("DETACHING"), json!("i-run")));
    assert_eq!(show(&mut world, 1_000), (json!("AVAILABLE"), Value::Null));
    assert_eq!(world.nic("n-eip").unwrap().addresses.len(), 3);
    let eip = call(&mut world, "DescribeEips", r#"{"associatedId": "n-eip"}"#).unwrap();
    assert_eq!((&eip["dataSet"][0]["status"], &eip["dataSet"][0]["instanceId"]), (&json!("BINDED"), &Value::Null));
}

#[test]
fn an_attach_undoes_a_detach() {
    let attach = |nic: &str, instance: &str| {
        error("AttachNetworkInterface", &format!(r#"{{"nicId": "{nic}", "instanceId": "{instance}"}}"#))
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(attach("n-none", "i-run"), is(404, "INVALID_NIC_NOT_FOUND"));
    assert_eq!(attach("n-free", "i-none"), is(404, "INVALID_INSTANCE_NOT_FOUND"));
    assert_eq!(attach("n-sec", "i-run"), is(400, "INVALID_NIC_ATTACHED"));
    assert_eq!(attach("n-free", "i-far"), is(409, "INVALID_NIC_INSTANCE_REGION_MISMATCH"));
    assert_eq!(attach("n-free", "i-stop"), is(400, "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT"));
    assert_eq!(attach("n-free", "i-mute"), is(400, "INVALID_INSTANCE_PRECHECK_ABNORMAL"));
    assert_eq!(attach("n-free", ""), is(400, "MISSING_PARAMETER"));
    let mut world = world();
    call(&mut world, "AttachNetworkInterface", r#"{"nicId": "n-free", "instanceId": "i-run"}"#).unwrap();
    assert_eq!(world.nic("n-free").unwrap().status, "ATTACHING");
    call(&mut world, "AttachNetworkInterface", r#"{"nicId": "n-six", "instanceId": "i-run"}"#).unwrap();
    let mut ninth = world.nic("n-far").unwrap().clone();
    ninth.region = "asia-east-1".to_owned();
    world.put_nic(ninth);
    let full = call(&mut world, "AttachNetworkInterface", r#"{"nicId": "n-far", "instanceId": "i-run"}"#).unwrap_err();
    assert_eq!(full, is(400, "INVALID_INSTANCE_NIC_LIMIT"));
    world.settle(NOW.plus_ms(1_000));
    let nic = world.nic("n-free").unwrap();
    assert_eq!((nic.status.as_str(), nic.instance_id.as_deref()), ("USED", Some("i-run")));
}

#[test]
fn a_delete_is_for_free_secondary_nics() {
    let delete = |nic: &str| error("DeleteNetworkInterface", &format!(r#"{{"nicId": "{nic}"}}"#));
    assert_eq!(delete("n-prim"), (409, "INVALID_NIC_PRIMARY_CANT_DELETE".to_owned()));
    assert_eq!(delete("n-sec"), (400, "INVALID_NIC_ATTACHED".to_owned()));
    assert_eq!(delete("n-moving"), (400, "INVALID_NIC_STATUS".to_owned()));
    assert_eq!(delete("n-none"), (404, "INVALID_NIC_NOT_FOUND".to_owned()));
    let mut world = world();
    call(&mut world, "DeleteNetworkInterface", r#"{"nicId": "n-free"}"#).unwrap();
    assert_eq!(world.nic("n-free").unwrap().status, "DELETING");
    let gone = at(&mut world, NOW.plus_ms(1_000), "DescribeNetworkInterfaces", r#"{"nicIds": ["n-free"]}"#).unwrap();
    assert_eq!((&gone["totalCount"], &gone["dataSet"]), (&json!(0), &json!([])));
}

#[test]
fn an_assign_undoes_a_release() {
    let assign =
        |nic: &str, rest: &str| error("BatchAssignNetworkInterfaceIpv4", &format!(r#"{{"nicId": "{nic}"{rest}}}"#));
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(assign("n-sec", ""), is(400, "MISSING_PARAMETER"));
    assert_eq!(assign("n-none", r#", "ipAddressCount": 1"#), is(404, "INVALID_NIC_NOT_FOUND"));
    assert_eq!(assign("n-moving", r#", "ipAddressCount": 1"#), is(400, "INVALID_NIC_STATUS"));
    assert_eq!(
        assign("n-sec", r#", "ipAddresses": ["10.0.0.200", "10.0.0.11"]"#),
        is(409, "INVALID_SUBNET_PRIVATE_IPV4_IN_USED")
    );
    assert_eq!(assign("n-sec", r#", "ipAddresses": ["10.0.1.1"]"#), is(400, "INVALID_IP_OUT_OF_RANGE"));
    assert_eq!(assign("n-sec", r#", "ipAddresses": ["10.0.0.0"]"#), is(400, "INVALID_IP_NETWORK_ADDRESS"));
    assert_eq!(assign("n-sec", r#", "ipAddresses": ["10.0.0.255"]"#), is(400, "INVALID_IP_BROADCAST_ADDRESS"));
    assert_eq!(assign("n-sec", r#", "ipAddresses": ["10.0.0.1"]"#), is(400, "INVALID_IP_FIRST_ADDRESS"));
    assert_eq!(assign("n-six", r#", "ipAddressCount": 1"#), is(400, "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"));
    assert_eq!(assign("n-sec", r#", "ipAddressCount": 49"#), is(403, "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT"));
    assert_eq!(assign("n-sec", r#", "ipAddressCount": 51"#), is(400, "INVALID_PARAMETER_EXCEED_MAXIMUM"));
    let mut world = world();
    let body = r#"{"nicId": "n-sec", "ipAddresses": ["10.0.0.200", "10.0.0.201"], "ipAddressCount": 9}"#;
    let answer = call(&mut world, "BatchAssignNetworkInterfaceIpv4", body).unwrap();
    assert_eq!(answer["ipAddresses"], json!(["10.0.0.200", "10.0.0.201"]));
    let answer =
        call(&mut world, "BatchAssignNetworkInterfaceIpv4", r#"{"nicId": "n-sec", "ipAddressCount": 2}"#).unwrap();
    assert_eq!(answer["ipAddresses"], json!(["10.0.0.2", "10.0.0.3"]));
    call(&mut world, "AssignNetworkInterfaceIpv4", r#"{"nicId": "n-sec", "ipAddress": "10.0.0.202"}"#).unwrap();
    assert_eq!(world.nic("n-sec").unwrap().addresses.len(), 7);
}

#[test]
fn unbinding_eips_can_fail_in_part() {
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(error("UnassociateEipAddress", "{}"), is(400, "MISSING_PARAMETER"));
    assert_eq!(error("UnassociateEipAddress", r#"{"eipIds": ["e-0"]}"#), is(404, "INVALID_EIP_NOT_FOUND"));
    assert_eq!(error("UnassociateEipAddress", r#"{"eipIds": ["e-2"]}"#), is(400, "OPERATION_DENIED_EIP_IS_DEFAULT"));
    let mut world = world();
    let answer = call(&mut world, "UnassociateEipAddress", r#"{"eipIds": ["e-1", "e-2", "e-9"]}"#).unwrap();
    assert_eq!(answer["failedEipIds"], json!(["e-2"]));
    let again = call(&mut world, "UnassociateEipAddress", r#"{"eipIds": ["e-1"]}"#).unwrap();
    assert_eq!(again["failedEipIds"], json!([]), "repeating it is no error");
    call(&mut world, "UnassignNetworkInterfaceIpv4", r#"{"nicId": "n-eip", "ipAddresses": ["10.0.0.31"]}"#).unwrap();
}

#[test]
fn a_free_eip_is_bound_to_one_address() {
    let bind = |eips: &str, ip: &str| format!(r#"{{"eipIds": [{eips}], "nicId": "n-sec", "lanIp": "{ip}"}}"#);
    let is = |status: u16, code: &str| (status, code.to_owned());
    let refused = |eips: &str, ip: &str| error("AssociateEipAddress", &bind(eips, ip));
    assert_eq!(refused(r#""e-0""#, "10.0.0.21"), is(404, "INVALID_EIP_NOT_FOUND"));
    assert_eq!(refused(r#""e-1""#, "10.0.0.21"), is(500, "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"));
    assert_eq!(refused(r#""e-9""#, "10.0.0.99"), is(404, "OPERATION_FAILED_RESOURCE_NOT_FOUND"));
    let mut world = world();
    let ip = world.nic("n-sec").unwrap().addresses[1].ip;
    let answer = call(&mut world, "AssociateEipAddress", &bind(r#""e-9", "e-0""#, &ip.to_string())).unwrap();
    assert_eq!(answer["failedEipIds"], json!(["e-0"]));
    let on = world.eip("e-9").unwrap().bound.map(|(nic, address)| (nic.id.clone(), address.ip));
    assert_eq!(on, Some(("n-sec".to_owned(), ip)));
}

#[test]
fn injected_errors_are_in_the_vendors_words() {
    for (error, status, code) in [
        (VendorError::Throttled, 429, "REQUEST_LIMIT_EXCEEDED"),
        (VendorError::Internal, 500, "INTERNAL_SERVER_ERROR"),
        (VendorError::Unavailable, 503, "SERVICE_TEMPORARY_UNAVAILABLE"),
    ] {
        let response = ZenlayerDialect.error(error, "0123456789abcdef0123456789abcdef");
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!((response.status, body["code"].as_str()), (status, Some(code)));
        assert_eq!(body["requestId"], "T01234567-89ab-cdef-0123-456789abcdef");
    }
}

#[test]
fn ids_are_nineteen_digits_and_say_their_kind() {
    let world = generate(&VOCABULARY, Plan::of(40, 1));
    assert!(world.nics().iter().all(|nic| nic.id.len() == 19 && nic.id.starts_with("12")));
    assert!(world.instances().iter().all(|instance| instance.id.starts_with("11")));
    assert!(world.nics().iter().all(|nic| nic.addresses.iter().all(|address| !address.floating)));
}
