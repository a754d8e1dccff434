//! Writes: what they change and when, and every refusal under its condition with the world left alone.

use super::*;
use crate::sim::{dialect::VendorError, world::SimFloat};

fn objects(ips: &[&str]) -> Value {
    ips.iter().map(|ip| json!({"PrivateIpAddress": ip})).collect()
}

fn release(cloud: &mut Cloud, nic: &str, ips: &[&str]) -> Reply {
    cloud.vpc("UnassignPrivateIpAddresses", &json!({"NetworkInterfaceId": nic, "PrivateIpAddresses": objects(ips)}))
}

fn assign(cloud: &mut Cloud, nic: &str, ips: &[&str]) -> Reply {
    cloud.vpc("AssignPrivateIpAddresses", &json!({"NetworkInterfaceId": nic, "PrivateIpAddresses": objects(ips)}))
}

fn pair(cloud: &mut Cloud, action: &str, nic: &str, instance: &str) -> Reply {
    cloud.vpc(action, &json!({"NetworkInterfaceId": nic, "InstanceId": instance}))
}

fn detach(cloud: &mut Cloud, nic: &str, instance: &str) -> Reply {
    pair(cloud, "DetachNetworkInterface", nic, instance)
}

fn attach(cloud: &mut Cloud, nic: &str, instance: &str) -> Reply {
    pair(cloud, "AttachNetworkInterface", nic, instance)
}

fn delete(cloud: &mut Cloud, nic: &str) -> Reply {
    cloud.vpc("DeleteNetworkInterface", &json!({"NetworkInterfaceId": nic}))
}

/// What a task of this request says now.
fn task(cloud: &mut Cloud, begun: &Reply) -> (String, String) {
    let reply = cloud.vpc("DescribeVpcTaskResult", &json!({"TaskId": begun["RequestId"]}));
    let text = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
    (text("Status"), text("Output"))
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|&(ip, state)| (ip.to_owned(), state.to_owned())).collect()
}

#[test]
fn a_release_is_a_task_and_its_addresses_go_when_it_ends() {
    let mut cloud = Cloud::new();
    let begun = release(&mut cloud, "eni-p", &["10.0.8.11", "10.0.8.13"]);
    assert_eq!(begun.as_object().unwrap().len(), 1, "nothing but the request's id");
    assert_eq!(task(&mut cloud, &begun).0, "RUNNING");
    let during =
        [("10.0.8.10", "AVAILABLE"), ("10.0.8.11", "DELETING"), ("10.0.8.12", "AVAILABLE"), ("10.0.8.13", "DELETING")];
    assert_eq!(cloud.addresses("eni-p"), pairs(&during));
    refused(&mut cloud, "UnsupportedOperation.MutexOperationTaskRunning", |cloud| {
        release(cloud, "eni-p", &["10.0.8.12"])
    });
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun), ("SUCCESS".to_owned(), String::new()));
    assert_eq!(cloud.addresses("eni-p"), pairs(&[("10.0.8.10", "AVAILABLE"), ("10.0.8.12", "AVAILABLE")]));
    assert!(cloud.world.eip("eip-2").is_some_and(|view| view.bound.is_none()), "it stays, unbound");
    assert!(cloud.world.eip("eip-3").is_none(), "this one dies unbound");
    refused(&mut cloud, "UnsupportedOperation.AttachmentNotFound", |cloud| release(cloud, "eni-p", &["10.0.8.11"]));
}

#[test]
fn a_task_can_fail_after_the_call_was_taken() {
    let mut cloud = Cloud::new();
    let nic = "eni-fails";
    let begun = release(&mut cloud, nic, &["10.0.8.71"]);
    assert_eq!(code(&begun), "");
    assert_eq!(task(&mut cloud, &begun), ("RUNNING".to_owned(), String::new()));
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun), ("FAILED".to_owned(), "the host did not answer".to_owned()));
    assert_eq!(cloud.ips(nic), ["10.0.8.70", "10.0.8.71"]);
    let begun = detach(&mut cloud, nic, "ins-web");
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "FAILED");
    assert_eq!(cloud.nic(nic)["Attachment"]["InstanceId"], "ins-web");
    let begun = assign(&mut cloud, nic, &["10.0.8.72"]);
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "FAILED");
    assert_eq!(cloud.ips(nic), ["10.0.8.70", "10.0.8.71"]);
}

#[test]
fn a_release_that_names_the_instance_detaches_the_nic() {
    let mut cloud = Cloud::new();
    let body = |instance: &str| json!({"NetworkInterfaceId": "eni-s", "PrivateIpAddresses": objects(&["10.0.8.21"]), "InstanceId": instance});
    let ask = |cloud: &mut Cloud, instance: &str| cloud.vpc("UnassignPrivateIpAddresses", &body(instance));
    refused(&mut cloud, "UnsupportedOperation.AttachmentNotFound", |cloud| ask(cloud, "ins-db"));
    assert_eq!(code(&ask(&mut cloud, "ins-web")), "");
    assert_eq!(cloud.nic("eni-s")["State"], "DETACHING");
    cloud.later(3_000);
    assert_eq!(cloud.nic("eni-s")["Attachment"], Value::Null);
    assert_eq!(cloud.ips("eni-s"), ["10.0.8.20", "10.0.8.22", "10.0.8.23"]);
}

#[test]
fn release_refusals() {
    let mut cloud = Cloud::new();
    let many: Vec<String> = (1..=11).map(|n| format!("10.0.8.{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases: &[(&str, &[&str], &str)] = &[
        ("eni-s", &["10.0.8.20"], "UnsupportedOperation"),
        ("eni-s", &["10.0.8.21", "10.0.8.20"], "UnsupportedOperation"),
        ("eni-s", &["10.0.8.99"], "UnsupportedOperation.AttachmentNotFound"),
        ("eni-s", &["10.0.8.21", "10.0.8.99"], "UnsupportedOperation.AttachmentNotFound"),
        ("eni-vip", &["10.0.8.69"], "UnsupportedOperation.AttachmentNotFound"),
        ("eni-s", &["10.0.8.21", "10.0.8.21"], "InvalidParameterValue.DuplicatePara"),
        ("eni-s", &many, "InvalidParameterValue.LimitExceeded"),
        ("eni-s", &["10.0.8"], "InvalidParameterValue.Malformed"),
        ("eni-p", &["2001:db8::5"], "InvalidParameterValue.Malformed"),
        ("eni-s", &[], "InvalidParameterValue.Malformed"),
        ("eni-gone", &["10.0.8.21"], "ResourceNotFound"),
        ("nic 1", &["10.0.8.21"], "InvalidParameterValue.Malformed"),
        ("", &["10.0.8.21"], "MissingParameter"),
        ("eni-stuck", &["10.0.8.41"], "UnsupportedOperation.InvalidState"),
        ("eni-eks", &["10.0.8.51"], "UnsupportedOperation"),
    ];
    for (nic, ips, expected) in cases {
        refused(&mut cloud, expected, |cloud| release(cloud, nic, ips));
    }
    let plain = json!({"NetworkInterfaceId": "eni-s", "PrivateIpAddresses": ["10.0.8.21"]});
    refused(&mut cloud, "InvalidParameter", |cloud| cloud.vpc("UnassignPrivateIpAddresses", &plain));
    let token =
        json!({"NetworkInterfaceId": "eni-s", "PrivateIpAddresses": objects(&["10.0.8.21"]), "ClientToken": "x"});
    refused(&mut cloud, "UnknownParameter", |cloud| cloud.vpc("UnassignPrivateIpAddresses", &token));
    cloud.world.refusals.insert("sg-1".to_owned(), "LimitExceeded.ActionLimited".to_owned());
    refused(&mut cloud, "LimitExceeded.ActionLimited", |cloud| release(cloud, "eni-s", &["10.0.8.21"]));
    // Whatever its instance does.
    assert_eq!(code(&release(&mut cloud, "eni-db", &["10.0.9.11"])), "");
}

/// The module throttles these writes itself, and the gateway everything else.
#[test]
fn a_scripted_error_has_the_code_of_the_action_it_meets() {
    let said = |action: &str, error| {
        let headers = vec![("x-tc-action".to_owned(), action.to_owned())];
        let request =
            SimRequest { method: "POST".into(), path: "/".into(), query: String::new(), headers, body: vec![] };
        let answer = TencentDialect.error_to(&request, error, "");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        code(&body["Response"]).to_owned()
    };
    for (action, throttled, failed) in [
        ("UnassignPrivateIpAddresses", "LimitExceeded.ActionLimited", "InternalError"),
        ("DetachNetworkInterface", "LimitExceeded.ActionLimited", "InternalError.ModuleError"),
        ("DescribeVpcTaskResult", "RequestLimitExceeded", "InternalError.ModuleError"),
        ("DescribeNetworkInterfaces", "RequestLimitExceeded", "InternalError"),
    ] {
        assert_eq!(said(action, VendorError::Throttled), throttled, "{action}");
        assert_eq!(said(action, VendorError::Internal), failed, "{action}");
    }
}

#[test]
fn a_detach_keeps_the_nic_with_all_it_has() {
    let mut cloud = Cloud::new();
    let begun = detach(&mut cloud, "eni-s", "ins-web");
    let nic = cloud.nic("eni-s");
    assert_eq!((&nic["State"], &nic["Attachment"]["InstanceId"]), (&json!("DETACHING"), &json!("ins-web")));
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "SUCCESS");
    let nic = cloud.nic("eni-s");
    assert_eq!((&nic["State"], &nic["Attachment"]), (&json!("AVAILABLE"), &Value::Null));
    assert_eq!(cloud.ips("eni-s").len(), 4);
}

#[test]
fn detach_refusals() {
    let mut cloud = Cloud::new();
    for (nic, instance, expected) in [
        ("eni-p", "ins-web", "UnsupportedOperation"),
        ("eni-gone", "ins-web", "ResourceNotFound"),
        ("eni-s", "ins-gone", "ResourceNotFound"),
        ("eni-s", "ins-db", "UnsupportedOperation.InvalidState"),
        ("eni-free", "ins-web", "UnsupportedOperation.InvalidState"),
        ("eni-stuck", "ins-web", "UnsupportedOperation.InvalidState"),
        ("eni-vip", "ins-web", "UnsupportedOperation.InstanceAssociateHavip"),
        ("eni-s", "", "MissingParameter"),
        ("eni-s", "web 1", "InvalidParameterValue.Malformed"),
    ] {
        refused(&mut cloud, expected, |cloud| detach(cloud, nic, instance));
    }
    // An instance in the range of a virtual address, of whichever subnet.
    let like = cloud.world.floats()[0].clone();
    let whole = SimFloat {
        id: "havip-far".to_owned(),
        ip: "10.0.10.99".parse().unwrap(),
        subnet_id: "subnet-3".to_owned(),
        pairs: vec![],
        instances: vec!["ins-web".to_owned()],
        eip: None,
        lb: None,
        ..like
    };
    cloud.world.put_float(whole);
    let found = cloud
        .vpc("DescribeHaVips", &json!({"Filters": [{"Name": "havip-association.instance-id", "Values": ["ins-web"]}]}));
    assert_eq!(
        found["HaVipSet"][1]["HaVipAssociationSet"][0],
        json!({"HaVipId": "havip-far", "InstanceId": "ins-web", "InstanceType": "CVM"})
    );
    refused(&mut cloud, "UnsupportedOperation.InstanceAssociateHavip", |cloud| detach(cloud, "eni-s", "ins-web"));
    cloud.world.remove_float("havip-far");
    // While a release is under way.
    assert_eq!(code(&release(&mut cloud, "eni-s", &["10.0.8.21"])), "");
    refused(&mut cloud, "UnsupportedOperation.InvalidState", |cloud| detach(cloud, "eni-s", "ins-web"));
}

#[test]
fn a_client_token_makes_a_call_count_once() {
    let mut cloud = Cloud::new();
    let body = |nic: &str| json!({"NetworkInterfaceId": nic, "InstanceId": "ins-web", "ClientToken": "t-1"});
    let ask = |cloud: &mut Cloud, nic: &str| cloud.vpc("DetachNetworkInterface", &body(nic));
    // A call that was refused has not used it.
    refused(&mut cloud, "UnsupportedOperation.InvalidState", |cloud| ask(cloud, "eni-free"));
    assert_eq!(code(&ask(&mut cloud, "eni-s")), "");
    refused(&mut cloud, "UnsupportedOperation.IdempotentProcessing", |cloud| ask(cloud, "eni-s"));
    refused(&mut cloud, "UnsupportedOperation.IdempotentParameterMismatch", |cloud| ask(cloud, "eni-p"));
    cloud.later(3_000);
    assert_eq!(code(&ask(&mut cloud, "eni-s")), "", "it is done, and not done again");
    let long = json!({"NetworkInterfaceId": "eni-s", "InstanceId": "ins-web", "ClientToken": "x".repeat(65)});
    refused(&mut cloud, "InvalidParameterValue.Malformed", |cloud| cloud.vpc("AttachNetworkInterface", &long));
}

#[test]
fn a_release_and_a_detach_are_taken_back() {
    let mut cloud = Cloud::new();
    let begun = release(&mut cloud, "eni-s", &["10.0.8.21", "10.0.8.22"]);
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "SUCCESS");
    let begun = assign(&mut cloud, "eni-s", &["10.0.8.22", "10.0.8.21"]);
    assert_eq!(texts(&begun, "PrivateIpAddressSet", "State"), ["PENDING", "PENDING"]);
    assert_eq!(cloud.addresses("eni-s")[3], ("10.0.8.21".to_owned(), "PENDING".to_owned()));
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "SUCCESS");
    assert!(cloud.addresses("eni-s").iter().all(|(_, state)| state == "AVAILABLE"));

    assert_eq!(code(&detach(&mut cloud, "eni-s", "ins-web")), "");
    cloud.later(3_000);
    let begun = attach(&mut cloud, "eni-s", "ins-web");
    assert_eq!(cloud.nic("eni-s")["State"], "ATTACHING");
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "SUCCESS");
    assert_eq!(cloud.nic("eni-s")["NetworkInterfaceState"], "INUSE");

    // The EIP does not come back with its address: it is bound by a call of its own, whose task has a number.
    release(&mut cloud, "eni-p", &["10.0.8.11"]);
    cloud.later(3_000);
    assign(&mut cloud, "eni-p", &["10.0.8.11"]);
    cloud.later(3_000);
    let bind = json!({"AddressId": "eip-2", "NetworkInterfaceId": "eni-p", "PrivateIpAddress": "10.0.8.11"});
    let begun = cloud.vpc("AssociateAddress", &bind);
    let number: u64 = begun["TaskId"].as_str().expect("text").parse().unwrap();
    cloud.later(3_000);
    assert_eq!(cloud.vpc("DescribeTaskResult", &json!({"TaskId": number}))["Result"], "SUCCESS");
    assert_eq!(cloud.world.eip("eip-2").unwrap().bound.unwrap().1.ip.to_string(), "10.0.8.11");
}

#[test]
fn undo_refusals() {
    let mut cloud = Cloud::new();
    for (nic, ip, expected) in [
        ("eni-s", "10.0.8.10", "ResourceInUse"),
        ("eni-s", "10.0.8.21", "ResourceInUse"),
        ("eni-s", "10.0.9.99", "InvalidParameterValue.Range"),
        ("eni-gone", "10.0.8.99", "ResourceNotFound"),
        ("eni-stuck", "10.0.8.99", "UnsupportedOperation.InvalidState"),
        ("eni-eks", "10.0.8.99", "UnsupportedOperation"),
    ] {
        refused(&mut cloud, expected, |cloud| assign(cloud, nic, &[ip]));
    }
    let count = |count: u32| json!({"NetworkInterfaceId": "eni-s", "SecondaryPrivateIpAddressCount": count});
    refused(&mut cloud, "LimitExceeded", |cloud| cloud.vpc("AssignPrivateIpAddresses", &count(27)));
    refused(&mut cloud, "MissingParameter", |cloud| assign(cloud, "eni-s", &[]));
    // A small subnet has not that many.
    let small = json!({"NetworkInterfaceId": "eni-db", "SecondaryPrivateIpAddressCount": 20});
    refused(&mut cloud, "ResourceInsufficient.Subnet", |cloud| cloud.vpc("AssignPrivateIpAddresses", &small));
    assert_eq!(
        texts(&cloud.vpc("AssignPrivateIpAddresses", &count(2)), "PrivateIpAddressSet", "PrivateIpAddress").len(),
        2
    );

    for (nic, instance, expected) in [
        ("eni-s", "ins-web", "UnsupportedOperation.InvalidState"),
        ("eni-vip", "ins-db", "UnsupportedOperation.AttachmentAlreadyExists"),
        ("eni-free", "ins-gone", "ResourceNotFound"),
        ("eni-gone", "ins-web", "ResourceNotFound"),
        ("eni-free", "ins-boot", "UnsupportedOperation.ResourceIsInvalidState"),
        ("eni-free", "ins-vpc2", "UnsupportedOperation.VpcMismatch"),
        ("eni-free", "ins-far", "UnsupportedOperation.ZoneMismatch"),
    ] {
        refused(&mut cloud, expected, |cloud| attach(cloud, nic, instance));
    }
    for (eip, nic, ip, expected) in [
        ("eip-8", "eni-s", "10.0.8.21", "InvalidAddressId.NotFound"),
        ("eip-1", "eni-s", "10.0.8.21", "UnsupportedOperation.AddressStatusNotPermit"),
        ("eip-9", "eni-gone", "10.0.8.21", "InvalidNetworkInterfaceId.NotFound"),
        ("eip-9", "eni-p", "10.0.8.11", "InvalidPrivateIpAddress.AlreadyBindEip"),
        ("eip-9", "eni-p", "10.0.8.99", "InvalidParameterValue"),
    ] {
        let bind = json!({"AddressId": eip, "NetworkInterfaceId": nic, "PrivateIpAddress": ip});
        refused(&mut cloud, expected, |cloud| cloud.vpc("AssociateAddress", &bind));
    }
    let unbind = |eip: &str| json!({"AddressId": eip});
    refused(&mut cloud, "UnsupportedOperation.AddressStatusNotPermit", |cloud| {
        cloud.vpc("DisassociateAddress", &unbind("eip-9"))
    });
    assert_eq!(code(&cloud.vpc("DisassociateAddress", &unbind("eip-1"))), "");
    assert!(cloud.world.eip("eip-1").unwrap().bound.is_none());
}

#[test]
fn only_a_nic_that_is_on_nothing_is_deleted() {
    let mut cloud = Cloud::new();
    for (nic, expected) in
        [("eni-s", "ResourceInUse"), ("eni-p", "UnsupportedOperation"), ("eni-gone", "ResourceNotFound")]
    {
        refused(&mut cloud, expected, |cloud| delete(cloud, nic));
    }
    let begun = delete(&mut cloud, "eni-free");
    assert_eq!(cloud.nic("eni-free")["State"], "DELETING");
    cloud.later(3_000);
    assert_eq!(task(&mut cloud, &begun).0, "SUCCESS");
    assert!(cloud.world.nic("eni-free").is_none());
    assert!(cloud.world.eip("eip-4").is_some_and(|view| view.bound.is_none()));
    let gone = json!({"NetworkInterfaceIds": ["eni-free"]});
    refused(&mut cloud, "ResourceNotFound", |cloud| cloud.vpc("DescribeNetworkInterfaces", &gone));
}
