//! API 2.0.

use super::*;
use crate::sim::dialect::VendorError;

fn told(answer: &Value) -> (i64, &str) {
    (answer["code"].as_i64().unwrap(), answer["codeDesc"].as_str().unwrap_or_default())
}

const NIC: [(&str, &str); 2] = [("vpcId", "vpc-1"), ("networkInterfaceId", "eni-s")];

fn call(cloud: &mut Cloud, action: &str, params: &[(&str, &str)]) -> Value {
    cloud.legacy(&[&[("Action", action)], params].concat())
}

#[test]
fn nics_are_listed_without_states() {
    let mut cloud = Cloud::new();
    let all = call(&mut cloud, "DescribeNetworkInterfaces", &[("limit", "50")]);
    assert_eq!((told(&all), &all["data"]["totalNum"]), ((0, "Success"), &json!(10)));
    let one = call(&mut cloud, "DescribeNetworkInterfaces", &[("networkInterfaceId", "eni-p")]);
    let nic = &one["data"]["data"][0];
    assert_eq!(nic["instanceSet"]["instanceId"], "ins-web");
    assert_eq!(nic["privateIpAddressesSet"][1]["eipId"], "eip-2");
    assert_eq!((nic.get("State"), nic.get("state")), (None, None));
    let free = call(&mut cloud, "DescribeNetworkInterfaces", &[("networkInterfaceId", "eni-free")]);
    assert_eq!(free["data"]["data"][0]["instanceSet"], json!({"instanceId": "", "attachTime": ""}));
    for (name, value, expected) in [
        ("limit", "51", (4000, "InvalidParameter")),
        ("networkInterfaceId", "eni-gone", (5000, "InvalidNetworkInterface.NotFound")),
        ("vpcId", "vpc-9", (5000, "InvalidVpc.NotFound")),
    ] {
        let answer = call(&mut cloud, "DescribeNetworkInterfaces", &[(name, value)]);
        assert_eq!(told(&answer), expected);
    }
}

#[test]
fn writes_hand_out_a_number_to_ask_about() {
    let mut cloud = Cloud::new();
    let ips = [("privateIpAddress.0", "10.0.8.21"), ("privateIpAddress.1", "10.0.8.22")];
    let begun = call(&mut cloud, "UnassignPrivateIpAddresses", &[&NIC[..], &ips].concat());
    let task = begun["data"]["taskId"].as_u64().unwrap().to_string();
    let status =
        |cloud: &mut Cloud| call(cloud, "DescribeVpcTaskResult", &[("taskId", &task)])["data"]["status"].clone();
    assert_eq!(status(&mut cloud), 2);
    cloud.later(3_000);
    assert_eq!(status(&mut cloud), 0);
    assert_eq!(cloud.ips("eni-s"), ["10.0.8.20", "10.0.8.23"]);
    let again = [("privateIpAddressSet.0.privateIpAddress", "10.0.8.21")];
    assert_eq!(told(&call(&mut cloud, "AssignPrivateIpAddresses", &[&NIC[..], &again].concat())).0, 0);
    cloud.later(3_000);
    assert_eq!(cloud.ips("eni-s"), ["10.0.8.20", "10.0.8.23", "10.0.8.21"]);
    let on = [&NIC[..], &[("instanceId", "ins-web")]].concat();
    assert_eq!(told(&call(&mut cloud, "DetachNetworkInterface", &on)).0, 0);
    cloud.later(3_000);
    assert_eq!(told(&call(&mut cloud, "AttachNetworkInterface", &on)).0, 0);
    cloud.later(3_000);
    assert_eq!(cloud.nic("eni-s")["Attachment"]["InstanceId"], "ins-web");
    let free = [("vpcId", "vpc-1"), ("networkInterfaceId", "eni-free")];
    assert_eq!(told(&call(&mut cloud, "DeleteNetworkInterface", &free)).0, 0);
    let fails = [("vpcId", "vpc-1"), ("networkInterfaceId", "eni-fails"), ("privateIpAddress.0", "10.0.8.71")];
    let begun = call(&mut cloud, "UnassignPrivateIpAddresses", &fails);
    cloud.later(3_000);
    let task = begun["data"]["taskId"].to_string();
    assert_eq!(call(&mut cloud, "DescribeVpcTaskResult", &[("taskId", &task)])["data"]["status"], 1);
}

/// A call, its parameters, and the code with its name.
type Case = (&'static str, Vec<(&'static str, &'static str)>, (i64, &'static str));

#[test]
fn refusals_have_the_names_of_their_pages() {
    let nic = |id| [("vpcId", "vpc-1"), ("networkInterfaceId", id)];
    let ip = |ip| [("privateIpAddress.0", ip)];
    let on = |id| [("instanceId", id)];
    let cases: Vec<Case> = vec![
        (
            "UnassignPrivateIpAddresses",
            [&nic("eni-s")[..], &ip("10.0.8.20")].concat(),
            (4000, "InvalidPrivateip.IsPrimary"),
        ),
        (
            "UnassignPrivateIpAddresses",
            [&nic("eni-gone")[..], &ip("10.0.8.21")].concat(),
            (5000, "InvalidNetworkInterface.NotFound"),
        ),
        (
            "UnassignPrivateIpAddresses",
            vec![("vpcId", "vpc-9"), ("networkInterfaceId", "eni-s"), ("privateIpAddress.0", "10.0.8.21")],
            (5000, "InvalidVpc.NotFound"),
        ),
        (
            "UnassignPrivateIpAddresses",
            vec![("vpcId", "vpc-2"), ("networkInterfaceId", "eni-s"), ("privateIpAddress.0", "10.0.8.21")],
            (5000, "InvalidNetworkInterface.NotFound"),
        ),
        (
            "UnassignPrivateIpAddresses",
            [&nic("eni-s")[..], &ip("10.0.8.99")].concat(),
            (5100, "InternalError.ResourceOpFailed"),
        ),
        ("UnassignPrivateIpAddresses", [&nic("eni-stuck")[..], &ip("10.0.8.41")].concat(), (5100, "ActionLocked")),
        ("UnassignPrivateIpAddresses", nic("eni-s").to_vec(), (4000, "InvalidParameter")),
        (
            "UnassignPrivateIpAddresses",
            vec![("networkInterfaceId", "eni-s"), ("privateIpAddress.0", "10.0.8.21")],
            (4000, "InvalidParameter"),
        ),
        (
            "DetachNetworkInterface",
            [&nic("eni-free")[..], &on("ins-web")].concat(),
            (5100, "InvalidNetworkInterface.NotAttached"),
        ),
        ("DetachNetworkInterface", [&nic("eni-s")[..], &on("ins-gone")].concat(), (5000, "InvalidInstance.NotFound")),
        (
            "AttachNetworkInterface",
            [&nic("eni-s")[..], &on("ins-db")].concat(),
            (5100, "InvalidNetworkInterface.AlreadyAssociated"),
        ),
        (
            "AssignPrivateIpAddresses",
            [&nic("eni-s")[..], &[("privateIpAddressSet.0.privateIpAddress", "10.0.8.10")]].concat(),
            (5100, "InvalidPrivateIpAddress.InUse"),
        ),
        ("DeleteNetworkInterface", nic("eni-s").to_vec(), (5100, "InvalidNetworkInterface.CanNotDelete")),
        ("DescribeVpcTaskResult", vec![("taskId", "7")], (4000, "InvalidParameter")),
        ("DescribeEverything", vec![], (6100, "InvalidAction.NotFound")),
    ];
    for (action, params, expected) in cases {
        let mut cloud = Cloud::new();
        let before = cloud.world.to_files();
        let answer = call(&mut cloud, action, &params);
        assert_eq!(told(&answer), expected, "{action} {params:?}: {answer}");
        assert_eq!(cloud.world.to_files(), before);
    }
}

#[test]
fn signatures_clocks_and_replays() {
    let mut cloud = Cloud::new();
    let request = cloud.legacy_request(&[("Action", "DescribeNetworkInterfaces")]);
    let first = cloud.raw(&request);
    let told = |answer: &SimResponse| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["code"].as_i64().unwrap()
    };
    assert_eq!(told(&first), 0);
    assert_eq!(told(&cloud.raw(&request)), 4500, "the same nonce at the same time");
    let fresh = |cloud: &mut Cloud| cloud.legacy_request(&[("Action", "DescribeNetworkInterfaces")]);
    let mut changed = fresh(&mut cloud);
    changed.body.extend(b"&limit=1");
    assert_eq!(told(&cloud.raw(&changed)), 4100);
    let early = fresh(&mut cloud);
    cloud.later(301_000);
    assert_eq!(told(&cloud.raw(&early)), 4500);
    let request = fresh(&mut cloud);
    cloud.key.id = "AKID-other".to_owned();
    assert_eq!(told(&cloud.raw(&request)), 4104);
    cloud.key.id = "AKID-test".to_owned();
    cloud.key.token = Some("tok+/==".to_owned());
    assert_eq!(told(&cloud.raw(&request)), 4105);
    let with_token = fresh(&mut cloud);
    assert_eq!(told(&cloud.raw(&with_token)), 0);
    for (error, code) in
        [(VendorError::Throttled, 4400), (VendorError::Internal, 6000), (VendorError::Unavailable, 6200)]
    {
        assert_eq!(told(&TencentDialect.error_to(&with_token, error, "")), code);
    }
}

#[test]
fn instances_with_a_version_come_in_the_newer_envelope() {
    let mut cloud = Cloud::new();
    let versioned = [("Version", "2017-03-12"), ("InstanceIds.0", "ins-web"), ("Offset", "0"), ("Limit", "100")];
    let answer = call(&mut cloud, "DescribeInstances", &versioned);
    assert_eq!(texts(&answer["Response"], "InstanceSet", "InstanceName"), ["web-1"]);
    let odd = call(&mut cloud, "DescribeInstances", &[("Version", "2017-03-12"), ("InstanceIds.0", "web 1")]);
    assert_eq!(code(&odd["Response"]), "InvalidInstanceId.Malformed");
}
