//! Writes: what they change, and every refusal under its condition with the world left alone.

use super::*;

const RELEASE: &str = "UnassignPrivateIpAddresses";
const DETACH: &str = "DetachNetworkInterface";

fn release(cloud: &mut Cloud, nic: &str, ips: &[&str]) -> Reply {
    let names: Vec<String> = (1..=ips.len()).map(|n| format!("PrivateIpAddress.{n}")).collect();
    let mut params = vec![("NetworkInterfaceId", nic)];
    params.extend(names.iter().map(String::as_str).zip(ips.iter().copied()));
    cloud.ecs(RELEASE, &params)
}

fn detach(cloud: &mut Cloud, nic: &str, instance: &str) -> Reply {
    cloud.ecs(DETACH, &[("NetworkInterfaceId", nic), ("InstanceId", instance)])
}

fn attach(cloud: &mut Cloud, nic: &str, instance: &str) -> Reply {
    cloud.ecs("AttachNetworkInterface", &[("NetworkInterfaceId", nic), ("InstanceId", instance)])
}

fn status(cloud: &mut Cloud, nic: &str) -> (String, String) {
    let reply = cloud.ecs("DescribeNetworkInterfaceAttribute", &[("NetworkInterfaceId", nic)]);
    let text = |name: &str| reply.body[name].as_str().unwrap_or_default().to_owned();
    (text("Status"), text("InstanceId"))
}

fn ips(cloud: &Cloud, nic: &str) -> Vec<String> {
    cloud.world.nic(nic).expect(nic).addresses.iter().map(|address| address.ip.to_string()).collect()
}

/// The call is refused with this, and nothing changed.
#[track_caller]
fn refused(cloud: &mut Cloud, expected: (u16, &str), ask: impl FnOnce(&mut Cloud) -> Reply) {
    let before = cloud.world.revision();
    let reply = ask(cloud);
    assert_eq!(reply.code(), expected);
    assert_eq!(cloud.world.revision(), before);
}

#[test]
fn release_takes_addresses_at_once_and_frees_their_eips() {
    let mut cloud = Cloud::new();
    let reply = release(&mut cloud, "eni-p", &["10.0.8.11", "10.0.8.13"]);
    assert_eq!(
        reply,
        Reply { status: 200, body: serde_json::json!({"RequestId": "00112233-4455-6677-8899-AABBCCDDEEFF"}) }
    );
    assert_eq!(ips(&cloud, "eni-p"), ["10.0.8.10", "10.0.8.12"]);
    assert!(cloud.world.eip("eip-2").is_some_and(|view| view.bound.is_none()));
    assert!(cloud.world.eip("eip-1").is_some_and(|view| view.bound.is_some()));
    refused(&mut cloud, (403, "InvalidIp.IpUnassigned"), |cloud| release(cloud, "eni-p", &["10.0.8.11"]));
}

#[test]
fn release_works_on_free_nics_and_whatever_the_instance_of_a_secondary_one_does() {
    let mut cloud = Cloud::new();
    assert_eq!(release(&mut cloud, "eni-free", &["10.0.8.31"]).status, 200);
    assert_eq!(release(&mut cloud, "eni-boot2", &["10.0.8.71"]).status, 200);
    assert_eq!(release(&mut cloud, "eni-db", &["10.2.0.11"]).status, 200, "a stopped instance will do");
    assert_eq!(release(&mut cloud, "eni-trunk", &["10.0.8.91"]).status, 200);
}

#[test]
fn release_is_all_or_nothing() {
    let mut cloud = Cloud::new();
    refused(&mut cloud, (403, "InvalidIp.IpUnassigned"), |cloud| release(cloud, "eni-s", &["10.0.8.21", "10.0.8.99"]));
    assert_eq!(ips(&cloud, "eni-s"), ["10.0.8.20", "10.0.8.21", "10.0.8.22"]);
}

#[test]
fn release_refusals() {
    let mut cloud = Cloud::new();
    let cases: &[(&str, &[&str], (u16, &str))] = &[
        ("eni-stuck", &["10.0.8.41"], (400, "InvalidOperation.InvalidEniState")),
        ("eni-boot", &["10.0.8.61"], (400, "InvalidOperation.InvalidEcsState")),
        ("eni-s", &["10.0.8.20"], (403, "InvalidIp.IpUnassigned")),
        ("eni-s", &["10.0.8.99"], (403, "InvalidIp.IpUnassigned")),
        ("eni-s", &["192.168.1.1"], (403, "InvalidVSwitchId.IpInvalid")),
        ("eni-s", &["10.0.8"], (403, "InvalidPrivateIpAddress.Malformed")),
        ("eni-p", &["2001:db8::5"], (403, "InvalidPrivateIpAddress.Malformed")),
        ("eni-s", &["10.0.8.21", "10.0.8.21"], (403, "InvalidIp.IpRepeated")),
        ("eni-s", &[], (403, "MissingParameter")),
        ("eni-s", &[""], (400, "InvalidParameter")),
        ("", &["10.0.8.21"], (403, "MissingParameter")),
        ("nic 1", &["10.0.8.21"], (400, "InvalidEniId.Malformed")),
        ("eni-gone", &["10.0.8.21"], (404, "InvalidEniId.NotFound")),
        ("eni-nat", &["10.0.8.51"], (403, "InvalidOperation.EniServiceManaged")),
        ("eni-member", &["10.0.8.81"], (403, "InvalidOperation.InvalidEniType")),
    ];
    for (nic, ips, expected) in cases {
        refused(&mut cloud, *expected, |cloud| release(cloud, nic, ips));
    }
    let eni = ("NetworkInterfaceId", "eni-s");
    let ip = ("PrivateIpAddress.1", "10.0.8.21");
    refused(&mut cloud, (403, "MissingParameter"), |cloud| cloud.v3(ECS, RELEASE, &[eni, ip]));
    let from = |region| move |cloud: &mut Cloud| cloud.v3(ECS, RELEASE, &[("RegionId", region), eni, ip]);
    refused(&mut cloud, (404, "InvalidEniId.NotFound"), from("cn-beijing"));
    refused(&mut cloud, (404, "InvalidRegionId.NotFound"), from("cn-nowhere"));
    refused(&mut cloud, (400, "InvalidRegionId.MalFormed"), from("cn/hangzhou"));
    refused(&mut cloud, (400, "InvalidParameter"), |cloud| {
        cloud.ecs(RELEASE, &[eni, ("PrivateIpAddress.2", "10.0.8.21")])
    });
    refused(&mut cloud, (403, "MissingParameter"), |cloud| {
        cloud.ecs(RELEASE, &[eni, ("PrivateIpAddress", "10.0.8.21")])
    });
}

#[test]
fn release_refuses_prefixes_by_their_form() {
    let mut cloud = Cloud::new();
    let eni = ("NetworkInterfaceId", "eni-s");
    for (prefixes, expected) in [
        (vec!["10.0.8"], (403, "InvalidIp.IpPrefixIllegal")),
        (vec!["10.0.8.17/28"], (403, "InvalidIp.IpPrefixNotStrict")),
        (vec!["10.0.8.0/24"], (403, "InvalidIp.IpPrefixMaskInvalid")),
        (vec!["10.0.8.16/28", "10.0.8.0/24"], (403, "InvalidIp.IpPrefixMaskNotSame")),
        (vec!["10.0.8.16/28"], (403, "InvalidIp.IpUnassigned")),
    ] {
        let names: Vec<String> = (1..=prefixes.len()).map(|n| format!("Ipv4Prefix.{n}")).collect();
        let params: Vec<_> = [eni].into_iter().chain(names.iter().map(String::as_str).zip(prefixes)).collect();
        refused(&mut cloud, expected, |cloud| cloud.ecs(RELEASE, &params));
    }
    // One that is there goes.
    cloud.world.edit_nic("eni-s", |nic| nic.prefixes = vec!["10.0.8.16/28".to_owned(), "10.0.8.32/28".to_owned()]);
    assert_eq!(cloud.ecs(RELEASE, &[eni, ("Ipv4Prefix.1", "10.0.8.16/28")]).status, 200);
    assert_eq!(cloud.world.nic("eni-s").unwrap().prefixes, ["10.0.8.32/28"]);
    let both = [eni, ("PrivateIpAddress.1", "10.0.8.21"), ("Ipv4Prefix.1", "10.0.8.16/28")];
    refused(&mut cloud, (400, "InvalidParameter.Conflict"), |cloud| cloud.ecs(RELEASE, &both));
}

#[test]
fn release_takes_so_many_and_no_more() {
    let world = |status: &str, instance: &str, kind: &str| {
        let ips: Vec<String> = (1..=40).map(|n| format!(r#"{{"ip": "10.0.8.{n}", "primary": {}}}"#, n == 1)).collect();
        Cloud::of(&format!(
            r#"{{"provider": "aliyun", "region": "cn-hangzhou",
                "instances": [{{"id": "i-1", "status": "Running", "type": "{kind}"}}],
                "nics": [{{"id": "eni-1", "status": "{status}", "instance_id": {instance}, "addresses": [{}]}}]}}"#,
            ips.join(",")
        ))
    };
    let some = |count: usize| -> Vec<String> { (2..count + 2).map(|n| format!("10.0.8.{n}")).collect() };
    for (mut cloud, most) in
        [(world("Available", "null", "ecs.g7.large"), 10), (world("InUse", "\"i-1\"", "ecs.g7.large"), 32)]
    {
        for (count, expected) in [(most + 1, (400, "InvalidParameter")), (most, (200, ""))] {
            let ips = some(count);
            let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
            assert_eq!(release(&mut cloud, "eni-1", &ips).code(), expected, "{count}");
        }
    }
}

#[test]
fn what_a_world_cannot_hold_is_refused_as_it_says() {
    for (what, code, status) in [
        ("vsw-1", "InvalidVSwitchId.NotFound", 404),
        ("sg-2", "InvalidSecurityGroupId.NotFound", 404),
        ("sg-2", "InvalidSecurityGroupId.NotVpc", 403),
        ("sg-2", "InvalidOperation.VpcMismatch", 403),
        ("sg-2", "SecurityGroupInstanceLimitExceed", 403),
        ("eni-s", "Operation.Conflict", 403),
        ("i-web", "InvalidInstanceId.NotFound", 404),
        (RELEASE, "Forbidden.RegionId", 400),
        (RELEASE, "InvalidUserType.NotSupported", 403),
        (RELEASE, "Abs.InvalidAccount.NotFound", 403),
        (RELEASE, "Forbidden.NotSupportRAM", 403),
        (RELEASE, "Forbidden.SubUser", 403),
        (RELEASE, "InvalidAction", 400),
        (RELEASE, "UnsupportedParameter", 400),
        (RELEASE, "Something.Never.Heard.Of", 400),
    ] {
        let mut cloud = Cloud::new();
        cloud.world.refusals.insert(what.to_owned(), code.to_owned());
        refused(&mut cloud, (status, code), |cloud| release(cloud, "eni-s", &["10.0.8.21"]));
    }
    let mut cloud = Cloud::new();
    cloud.world.refusals.insert("ListServerGroupServers".to_owned(), "Forbidden.RAM".to_owned());
    assert_eq!(cloud.v3(NLB, "ListServerGroupServers", &[]).code(), (403, "Forbidden.RAM"));
}

#[test]
fn an_instance_that_vanished_is_not_found() {
    let mut cloud = Cloud::new();
    cloud.world.remove_instance("i-web");
    refused(&mut cloud, (404, "InvalidEcsId.NotFound"), |cloud| release(cloud, "eni-s", &["10.0.8.21"]));
    refused(&mut cloud, (404, "InvalidEcsId.NotFound"), |cloud| detach(cloud, "eni-s", "i-web"));
    refused(&mut cloud, (403, "InvalidInstanceId.NotFound"), |cloud| detach(cloud, "eni-boot2", "i-web"));
}

#[test]
fn detach_takes_its_time_and_keeps_the_addresses() {
    let mut cloud = Cloud::new();
    let reply = detach(&mut cloud, "eni-s", "i-web");
    assert_eq!(reply.code(), (200, ""));
    assert_eq!(status(&mut cloud, "eni-s"), ("Detaching".to_owned(), "i-web".to_owned()));
    cloud.now = Timestamp(NOW.0 + 2999);
    assert_eq!(status(&mut cloud, "eni-s"), ("Detaching".to_owned(), "i-web".to_owned()));
    cloud.now = Timestamp(NOW.0 + 3000);
    assert_eq!(status(&mut cloud, "eni-s"), ("Available".to_owned(), String::new()));
    assert_eq!(ips(&cloud, "eni-s"), ["10.0.8.20", "10.0.8.21", "10.0.8.22"]);
    refused(&mut cloud, (400, "InvalidOperation.InvalidEniState"), |cloud| detach(cloud, "eni-s", "i-web"));
}

#[test]
fn while_a_detach_runs_it_may_be_repeated_and_all_else_conflicts() {
    let mut cloud = Cloud::new();
    assert_eq!(detach(&mut cloud, "eni-s", "i-web").status, 200);
    cloud.now = Timestamp(NOW.0 + 2000);
    let before = cloud.world.revision();
    assert_eq!(detach(&mut cloud, "eni-s", "i-web").status, 200);
    assert_eq!(cloud.world.revision(), before);
    refused(&mut cloud, (403, "Operation.Conflict"), |cloud| release(cloud, "eni-s", &["10.0.8.21"]));
    refused(&mut cloud, (403, "Operation.Conflict"), |cloud| attach(cloud, "eni-s", "i-web"));
    let delete = |cloud: &mut Cloud| cloud.ecs("DeleteNetworkInterface", &[("NetworkInterfaceId", "eni-s")]);
    refused(&mut cloud, (403, "Operation.Conflict"), delete);
    cloud.now = Timestamp(NOW.0 + 3000);
    assert_eq!(status(&mut cloud, "eni-s").0, "Available", "the repeat did not start it anew");
}

#[test]
fn a_detach_that_was_stuck_can_be_done_again() {
    let mut cloud = Cloud::new();
    cloud.world.edit_nic("eni-s", |nic| "Detaching".clone_into(&mut nic.status));
    cloud.now = Timestamp(NOW.0 + 60_000);
    assert_eq!(status(&mut cloud, "eni-s").0, "Detaching");
    assert_eq!(detach(&mut cloud, "eni-s", "i-web").status, 200);
    cloud.now = Timestamp(NOW.0 + 63_000);
    assert_eq!(status(&mut cloud, "eni-s").0, "Available");
}

#[test]
fn detach_refusals() {
    let mut cloud = Cloud::new();
    for (nic, instance, expected) in [
        ("eni-p", "i-web", (400, "InvalidOperation.DetachPrimaryEniNotAllowed")),
        ("eni-free", "i-web", (400, "InvalidOperation.InvalidEniState")),
        ("eni-stuck", "i-web", (400, "InvalidOperation.InvalidEniState")),
        ("eni-boot2", "i-boot", (400, "InvalidOperation.InvalidEcsState")),
        ("eni-s", "i-db", (400, "InvalidParameter.EniNotBelongEcs")),
        ("eni-s", "i-gone", (403, "InvalidInstanceId.NotFound")),
        ("eni-s", "web 1", (400, "InvalidInstanceID.Malformed")),
        ("eni-gone", "i-web", (404, "InvalidEniId.NotFound")),
        ("nic 1", "i-web", (400, "InvalidParams.EniId")),
        ("eni-nat", "i-web", (403, "InvalidOperation.EniServiceManaged")),
        ("eni-bond", "i-web", (403, "InvalidOperation.EniLinked")),
        ("eni-trunk", "i-web", (403, "InvalidOperation.HasMemberEniAttached")),
        ("eni-rdma", "i-web", (400, "InvalidOperation.EniHotPlugNotSupported")),
        ("", "i-web", (400, "MissingParameter")),
        ("eni-s", "", (400, "MissingParameter")),
    ] {
        refused(&mut cloud, expected, |cloud| detach(cloud, nic, instance));
    }
    let trunk = [("NetworkInterfaceId", "eni-s"), ("InstanceId", "i-web"), ("TrunkNetworkInstanceId", "eni-trunk")];
    refused(&mut cloud, (400, "UnsupportedParameter"), |cloud| cloud.ecs(DETACH, &trunk));
    let elsewhere = [("RegionId", "cn-beijing"), ("NetworkInterfaceId", "eni-s"), ("InstanceId", "i-web")];
    refused(&mut cloud, (404, "InvalidEniId.NotFound"), |cloud| cloud.v3(ECS, DETACH, &elsewhere));
    cloud.world.refusals.insert("ecs.g7.xlarge".to_owned(), "InvalidOperation.HotPlugNotSupport".to_owned());
    refused(&mut cloud, (403, "InvalidOperation.HotPlugNotSupport"), |cloud| detach(cloud, "eni-s", "i-web"));
    cloud.world.edit_instance("i-web", |instance| "Stopped".clone_into(&mut instance.status));
    assert_eq!(detach(&mut cloud, "eni-s", "i-web").status, 200);
    assert_eq!(detach(&mut cloud, "eni-rdma", "i-web").status, 200);
}

#[test]
fn attach_is_the_undo() {
    let mut cloud = Cloud::of(&WORLD.replace("\"ecs.g7.xlarge\"", "\"ecs.g7.32xlarge\""));
    assert_eq!(attach(&mut cloud, "eni-free", "i-web").status, 200);
    assert_eq!(status(&mut cloud, "eni-free"), ("Attaching".to_owned(), "i-web".to_owned()));
    refused(&mut cloud, (403, "Operation.Conflict"), |cloud| detach(cloud, "eni-free", "i-web"));
    cloud.now = Timestamp(NOW.0 + 3000);
    assert_eq!(status(&mut cloud, "eni-free"), ("InUse".to_owned(), "i-web".to_owned()));
    for (nic, instance, expected) in [
        ("eni-s", "i-web", (400, "InvalidOperation.InvalidEniState")),
        ("eni-far", "i-web", (403, "InvalidOperation.VpcMismatch")),
        ("eni-far", "i-boot", (400, "InvalidOperation.InvalidEcsState")),
        ("eni-far", "i-gone", (403, "InvalidInstanceId.NotFound")),
    ] {
        refused(&mut cloud, expected, |cloud| attach(cloud, nic, instance));
    }
    cloud.world.edit_instance("i-db", |instance| "vpc-1".clone_into(&mut instance.vpc_id));
    assert_eq!(detach(&mut cloud, "eni-s", "i-web").status, 200);
    cloud.now = Timestamp(NOW.0 + 6000);
    assert_eq!(status(&mut cloud, "eni-s").0, "Available");
    refused(&mut cloud, (403, "InvalidOperation.AvailabilityZoneMismatch"), |cloud| attach(cloud, "eni-s", "i-db"));
}

#[test]
fn attach_ends_at_the_types_limit() {
    let mut cloud = Cloud::new();
    refused(&mut cloud, (403, "EniPerInstanceLimitExceeded"), |cloud| attach(cloud, "eni-free", "i-web"));
}

#[test]
fn delete_takes_free_nics_away() {
    let mut cloud = Cloud::new();
    let delete = |nic: &'static str| {
        move |cloud: &mut Cloud| cloud.ecs("DeleteNetworkInterface", &[("NetworkInterfaceId", nic)])
    };
    refused(&mut cloud, (403, "InvalidEniId.NotFound"), delete("eni-gone"));
    refused(&mut cloud, (400, "InvalidEniId.Malformed"), delete("nic 1"));
    refused(&mut cloud, (400, "InvalidOperation.InvalidEniState"), delete("eni-s"));
    cloud.world.edit_nic("eni-far", |nic| nic.linked = true);
    refused(&mut cloud, (400, "InvalidOperation.HasSlaveEniBonded"), delete("eni-far"));
    assert_eq!(delete("eni-free")(&mut cloud).status, 200);
    assert_eq!(status(&mut cloud, "eni-free").0, "Deleting");
    assert_eq!(delete("eni-free")(&mut cloud).status, 200);
    cloud.now = Timestamp(NOW.0 + 3000);
    assert!(cloud.ecs("DescribeNetworkInterfaceAttribute", &[("NetworkInterfaceId", "eni-free")]).code().0 == 404);
}

#[test]
fn assign_takes_named_addresses_or_a_number() {
    let assign = |cloud: &mut Cloud, params: Params| {
        let params = [&[("NetworkInterfaceId", "eni-s")], params].concat();
        cloud.ecs("AssignPrivateIpAddresses", &params)
    };
    let mut cloud = Cloud::new();
    let token = ("ClientToken", "undo-1");
    let params = [("PrivateIpAddress.1", "10.0.8.23"), token];
    let set = serde_json::json!({"NetworkInterfaceId": "eni-s", "PrivateIpSet": {"PrivateIpAddress": ["10.0.8.23"]}});
    for _ in 0..2 {
        let reply = assign(&mut cloud, &params);
        assert_eq!((reply.status, &reply.body["AssignedPrivateIpAddressesSet"]), (200, &set));
        assert_eq!(ips(&cloud, "eni-s"), ["10.0.8.20", "10.0.8.21", "10.0.8.22", "10.0.8.23"]);
    }
    let other = [("PrivateIpAddress.1", "10.0.8.24"), token];
    refused(&mut cloud, (400, "IdempotentParameterMismatch"), |cloud| assign(cloud, &other));
    for (params, expected) in [
        (vec![], (400, "MissingParameter")),
        (vec![("PrivateIpAddress.1", "10.0.8.21")], (403, "InvalidIp.IpAssigned")),
        (vec![("PrivateIpAddress.1", "10.0.8.11")], (400, "InvalidPrivateIpAddress.Duplicated")),
        (vec![("PrivateIpAddress.1", "10.9.9.9")], (403, "InvalidVSwitchId.IpInvalid")),
        (vec![("PrivateIpAddress.1", "10.0.8.24"), ("PrivateIpAddress.2", "10.0.8.24")], (403, "InvalidIp.IpRepeated")),
        (
            vec![("PrivateIpAddress.1", "10.0.8.24"), ("SecondaryPrivateIpAddressCount", "1")],
            (400, "InvalidParameter.Conflict"),
        ),
        (vec![("SecondaryPrivateIpAddressCount", "12")], (403, "InvalidOperation.Ipv4CountExceeded")),
    ] {
        refused(&mut cloud, expected, |cloud| assign(cloud, &params));
    }
    assert_eq!(assign(&mut cloud, &[("SecondaryPrivateIpAddressCount", "3")]).status, 200);
    assert_eq!(ips(&cloud, "eni-s")[4..], ["10.0.8.1", "10.0.8.2", "10.0.8.3"]);
}

#[test]
fn an_eip_can_be_freed() {
    let mut cloud = Cloud::new();
    let free = |cloud: &mut Cloud, params: Params| cloud.ask(VPC, "UnassociateEipAddress", params);
    let eip = ("AllocationId", "eip-1");
    refused(&mut cloud, (404, "InvalidAllocationId.NotFound"), |cloud| free(cloud, &[("AllocationId", "eip-x")]));
    refused(&mut cloud, (400, "IncorrectEipStatus"), |cloud| free(cloud, &[("AllocationId", "eip-9")]));
    refused(&mut cloud, (404, "InvalidAssociation.NotFound"), |cloud| free(cloud, &[eip, ("InstanceId", "eni-p")]));
    assert_eq!(free(&mut cloud, &[eip, ("InstanceId", "i-web")]).status, 200);
    assert!(cloud.world.eip("eip-1").is_some_and(|view| view.bound.is_none()));
}

#[test]
fn a_free_eip_is_bound_to_one_address() {
    let mut cloud = Cloud::new();
    let bind = |cloud: &mut Cloud, params: Params| cloud.ask(VPC, "AssociateEipAddress", params);
    let (eip, nic) = (("AllocationId", "eip-9"), ("InstanceId", "eni-s"));
    let kind = ("InstanceType", "NetworkInterface");
    let taken = [("AllocationId", "eip-1"), nic, kind];
    refused(&mut cloud, (400, "IncorrectEipStatus"), |cloud| bind(cloud, &taken));
    refused(&mut cloud, (400, "InvalidParameter"), |cloud| {
        bind(cloud, &[eip, nic, kind, ("PrivateIpAddress", "10.0.8.99")])
    });
    refused(&mut cloud, (404, "InvalidInstanceId.NotFound"), |cloud| bind(cloud, &[eip, ("InstanceId", "i-x")]));
    assert_eq!(bind(&mut cloud, &[eip, nic, kind, ("PrivateIpAddress", "10.0.8.21")]).status, 200);
    let bound = cloud.world.eip("eip-9").unwrap().bound.map(|(nic, address)| (nic.id.clone(), address.ip.to_string()));
    assert_eq!(bound, Some(("eni-s".to_owned(), "10.0.8.21".to_owned())));
}

#[test]
fn the_older_style_writes_too() {
    let mut cloud = Cloud::new();
    let params = [("RegionId", "cn-hangzhou"), ("NetworkInterfaceId", "eni-s"), ("PrivateIpAddress.1", "10.0.8.21")];
    let request = cloud.v1_request(RELEASE, Some("JSON"), &params, false);
    assert_eq!(cloud.send(&request).status, 200);
    assert_eq!(ips(&cloud, "eni-s"), ["10.0.8.20", "10.0.8.22"]);
    let request = cloud.v1_request(RELEASE, Some("JSON"), &params, true);
    assert_eq!(cloud.send(&request).code(), (403, "InvalidIp.IpUnassigned"));
}
