//! Lists: members, filters, pages, limits.

use serde_json::json;

use super::*;

const NICS: &str = "/NetworkInterfaceSets/NetworkInterfaceSet";
const INSTANCES: &str = "/Instances/Instance";

fn nics(cloud: &mut Cloud, params: Params) -> Vec<String> {
    let params = [&[("MaxResults", "500")], params].concat();
    let reply = cloud.ecs("DescribeNetworkInterfaces", &params);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.texts(NICS, "NetworkInterfaceId")
}

fn instances(cloud: &mut Cloud, params: Params) -> Vec<String> {
    let reply = cloud.ecs("DescribeInstances", params);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.texts(INSTANCES, "InstanceId")
}

/// A world of this many free NICs.
fn many(count: usize) -> Cloud {
    let nics: Vec<Value> = (0..count)
        .map(|n| {
            let ip = format!("10.{}.{}.{}", n / 40_000, n / 200 % 200, n % 200 + 1);
            json!({"id": format!("eni-{n:05}"), "status": "Available", "subnet_id": "vsw-1", "vpc_id": "vpc-1",
                   "tags": {"all": "yes"}, "addresses": [{"ip": ip, "primary": true}]})
        })
        .collect();
    Cloud::of(&json!({"provider": "aliyun", "region": "cn-hangzhou", "nics": nics}).to_string())
}

#[test]
fn a_nic_has_the_vendors_members() {
    let mut cloud = Cloud::new();
    let mut nic = cloud
        .ecs("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", "eni-s"), ("MaxResults", "10")])
        .list(NICS)
        .remove(0);
    let born = nic["CreationTime"].take();
    assert_eq!(born.as_str().map(str::len), Some("2024-03-01T08:00:11Z".len()));
    let set = |ip: &str, primary: bool| json!({"PrivateIpAddress": ip, "Primary": primary, "AssociatedPublicIp": {}});
    assert_eq!(
        nic,
        json!({
            "NetworkInterfaceId": "eni-s", "NetworkInterfaceName": "second", "Description": "", "Type": "Secondary",
            "Status": "InUse", "InstanceId": "i-web", "MacAddress": cloud.world.nic("eni-s").expect("there").mac,
            "VpcId": "vpc-1", "VSwitchId": "vsw-1", "ZoneId": "cn-hangzhou-i",
            "SecurityGroupIds": {"SecurityGroupId": ["sg-1", "sg-2"]}, "PrivateIpAddress": "10.0.8.20",
            "PrivateIpSets": {"PrivateIpSet": [set("10.0.8.20", true), set("10.0.8.21", false), set("10.0.8.22", false)]},
            "AssociatedPublicIp": {}, "Ipv6Sets": {"Ipv6Set": []}, "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
            "Ipv6PrefixSets": {"Ipv6PrefixSet": []}, "ServiceManaged": false, "OwnerId": "1234567890123456",
            "DeleteOnRelease": false, "ResourceGroupId": "", "CreationTime": null,
            "Tags": {"Tag": [{"TagKey": "team", "TagValue": "a"}]}, "NetworkInterfaceTrafficMode": "Standard",
            "Attachment": {},
        })
    );
}

#[test]
fn a_nic_shows_its_eips_and_the_kinds_of_nics_differ() {
    let mut cloud = Cloud::new();
    let all = cloud.ecs("DescribeNetworkInterfaces", &[("MaxResults", "100")]).list(NICS);
    let nic = |id: &str| all.iter().find(|nic| nic["NetworkInterfaceId"] == id).expect(id);
    let eip = |id: &str, ip: &str| json!({"AllocationId": id, "PublicIpAddress": ip});
    assert_eq!(nic("eni-p")["Type"], "Primary");
    assert_eq!(nic("eni-p")["AssociatedPublicIp"], eip("eip-1", "203.0.113.7"));
    assert_eq!(nic("eni-p")["PrivateIpSets"]["PrivateIpSet"][1]["AssociatedPublicIp"], eip("eip-2", "203.0.113.8"));
    assert_eq!(nic("eni-p")["Ipv6Sets"]["Ipv6Set"], json!([{"Ipv6Address": "2001:db8::5"}]));
    assert_eq!(nic("eni-free")["InstanceId"], "");
    assert_eq!(nic("eni-free")["ZoneId"], "cn-hangzhou-i");
    assert_eq!(nic("eni-nat").get("InstanceId"), None);
    assert!(nic("eni-nat")["ServiceID"].as_i64() > Some(1 << 53));
    assert_eq!(
        nic("eni-trunk")["Attachment"]["MemberNetworkInterfaceIds"]["MemberNetworkInterfaceId"],
        json!(["eni-member"])
    );
    assert_eq!(nic("eni-member")["Attachment"]["TrunkNetworkInterfaceId"], "eni-trunk");
    assert_eq!(nic("eni-rdma")["NetworkInterfaceTrafficMode"], "HighPerformance");
    assert_eq!(nic("eni-bond").get("SlaveInterfaceSpecification"), None);

    let bond = cloud.ecs("DescribeNetworkInterfaceAttribute", &[("NetworkInterfaceId", "eni-bond")]);
    assert_eq!(bond.status, 200);
    assert_eq!(bond.body["NetworkInterfaceId"], "eni-bond");
    assert_eq!(bond.body["SlaveInterfaceSpecification"]["BondNetworkInterfaceId"], "eni-bond");
    assert_ne!(bond.body["SlaveInterfaceSpecification"]["SlaveNetworkInterfaceId"], "");
}

#[test]
fn one_nic_by_its_id() {
    let mut cloud = Cloud::new();
    let found = cloud.ecs("DescribeNetworkInterfaceAttribute", &[("NetworkInterfaceId", "eni-s")]);
    assert_eq!((found.status, &found.body["Status"]), (200, &json!("InUse")));
    let code = |cloud: &mut Cloud, params: Params| {
        let reply = cloud.v3(ECS, "DescribeNetworkInterfaceAttribute", params);
        (reply.status, reply.code().1.to_owned())
    };
    let eni = ("NetworkInterfaceId", "eni-s");
    let missing = |code: &str| (400, code.to_owned());
    assert_eq!(code(&mut cloud, &[("RegionId", "cn-hangzhou")]), missing("MissingParameter"));
    assert_eq!(code(&mut cloud, &[eni]), missing("MissingParameter"));
    assert_eq!(code(&mut cloud, &[("RegionId", "CN HZ"), eni]), missing("InvalidRegionId.MalFormed"));
    assert_eq!(code(&mut cloud, &[("RegionId", "cn-nowhere"), eni]), (404, "InvalidRegionId.NotFound".to_owned()));
    assert_eq!(code(&mut cloud, &[("RegionId", "cn-beijing"), eni]), (404, "InvalidEniId.NotFound".to_owned()));
    assert_eq!(
        code(&mut cloud, &[("RegionId", "cn-hangzhou"), ("NetworkInterfaceId", "eni-x")]),
        (404, "InvalidEniId.NotFound".to_owned())
    );
}

#[test]
fn nic_filters() {
    let mut cloud = Cloud::new();
    let all = nics(&mut cloud, &[]);
    assert_eq!(all.len(), 13);
    let cases: &[(Params, &[&str])] = &[
        (&[("NetworkInterfaceId.1", "eni-s"), ("NetworkInterfaceId.2", "eni-gone")], &["eni-s"]),
        (&[("InstanceId", "i-db")], &["eni-db"]),
        (&[("VpcId", "vpc-2")], &["eni-far", "eni-db"]),
        (&[("VSwitchId", "vsw-3")], &["eni-db"]),
        (&[("PrimaryIpAddress", "10.0.8.20")], &["eni-s"]),
        (&[("PrimaryIpAddress", "10.0.8.21")], &[]),
        (&[("PrivateIpAddress.1", "10.0.8.21"), ("PrivateIpAddress.2", "10.0.8.31")], &["eni-s", "eni-free"]),
        (&[("Ipv6Address.1", "2001:db8::5")], &["eni-p"]),
        (&[("NetworkInterfaceName", "second")], &["eni-s"]),
        (&[("NetworkInterfaceName", "sec*")], &[]),
        (&[("Type", "Primary"), ("VpcId", "vpc-1")], &["eni-p", "eni-boot"]),
        (&[("Type", "Member")], &["eni-member"]),
        (&[("Status", "Attaching")], &["eni-stuck"]),
        (&[("ServiceManaged", "true")], &["eni-nat"]),
        (&[("Tag.1.Key", "team")], &["eni-s"]),
        (&[("Tag.1.Key", "team"), ("Tag.1.Value", "b")], &[]),
        // The vendor's filter does not see primary NICs.
        (&[("SecurityGroupId", "sg-1")], &["eni-s"]),
        (&[("ResourceGroupId", "rg-1")], &[]),
    ];
    for (params, expected) in cases {
        assert_eq!(nics(&mut cloud, params), *expected, "{params:?}");
    }
    let elsewhere = cloud.v3(ECS, "DescribeNetworkInterfaces", &[("RegionId", "cn-beijing"), ("MaxResults", "10")]);
    assert_eq!((elsewhere.status, elsewhere.list(NICS).len()), (200, 0));
}

#[test]
fn malformed_parameters_of_lists() {
    let mut cloud = Cloud::new();
    let too_many: Vec<(String, String)> =
        (1..=101).map(|n| (format!("NetworkInterfaceId.{n}"), format!("eni-{n}"))).collect();
    let too_many: Vec<(&str, &str)> = too_many.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    let cases: &[Params] = &[
        &too_many,
        &[("NetworkInterfaceId.0", "eni-s")],
        &[("NetworkInterfaceId.2", "eni-s")],
        &[("NetworkInterfaceId.x", "eni-s")],
        &[("NetworkInterfaceId.1", "")],
        &[("MaxResults", "many")],
        &[("MaxResults", "10"), ("MaxResults", "20")],
        &[("ServiceManaged", "maybe")],
        &[("Tag.x.Key", "a")],
        &[("PageNumber", "0")],
        &[("PageSize", "1001")],
        &[("NextToken", "not-a-token")],
    ];
    for params in cases {
        let reply = cloud.ecs("DescribeNetworkInterfaces", params);
        assert_eq!(reply.code(), (400, "InvalidParameter"), "{:?}", params.first());
    }
    assert_eq!(cloud.ecs("DescribeNetworkInterfaces", &[("Tag.1.Value", "a")]).code(), (400, "MissingParameter"));
}

#[test]
fn nics_page_by_token_to_the_end() {
    let mut cloud = many(1234);
    let mut found = Vec::new();
    let mut token = String::new();
    let mut pages = 0;
    loop {
        let params = [("MaxResults", "500"), ("NextToken", token.as_str())];
        let params = if token.is_empty() { &params[..1] } else { &params[..] };
        let reply = cloud.ecs("DescribeNetworkInterfaces", params);
        found.extend(reply.texts(NICS, "NetworkInterfaceId"));
        // These mean nothing here.
        assert_eq!((&reply.body["TotalCount"], &reply.body["PageSize"]), (&json!(0), &json!(0)));
        token = reply.body["NextToken"].as_str().expect("always there").to_owned();
        pages += 1;
        if token.is_empty() {
            break;
        }
        assert!(['+', '/', '='].iter().all(|&c| token.contains(c)), "{token}");
    }
    assert_eq!(pages, 3);
    let expected: Vec<String> = (0..1234).map(|n| format!("eni-{n:05}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn page_sizes_are_clamped_by_token_and_refused_by_number() {
    let mut cloud = many(1100);
    let mut size = |params: Params| cloud.ecs("DescribeNetworkInterfaces", params).list(NICS).len();
    assert_eq!(size(&[("MaxResults", "1")]), 10);
    assert_eq!(size(&[("MaxResults", "9999")]), 500);
    assert_eq!(size(&[]), 10);
    assert_eq!(size(&[("PageSize", "1000")]), 1000);
    assert_eq!(size(&[("PageSize", "1000"), ("PageNumber", "2")]), 100);
    assert_eq!(size(&[("PageSize", "1000"), ("PageNumber", "3")]), 0);
    let reply = cloud.ecs("DescribeNetworkInterfaces", &[("PageSize", "20"), ("PageNumber", "3")]);
    let counts = ["TotalCount", "PageNumber", "PageSize", "NextToken"].map(|name| reply.body[name].clone());
    assert_eq!(counts, [json!(1100), json!(3), json!(20), json!("")]);
    assert_eq!(reply.texts(NICS, "NetworkInterfaceId").first().map(String::as_str), Some("eni-00040"));
}

#[test]
fn a_list_by_tag_ends_at_a_thousand() {
    let mut cloud = many(1100);
    let reply =
        cloud.ecs("DescribeNetworkInterfaces", &[("Tag.1.Key", "all"), ("PageSize", "1000"), ("PageNumber", "2")]);
    assert_eq!((reply.body["TotalCount"].clone(), reply.list(NICS).len()), (json!(1000), 0));
}

#[test]
fn a_token_belongs_to_its_list() {
    let mut cloud = many(30);
    let reply = cloud.ecs("DescribeNetworkInterfaces", &[("MaxResults", "10")]);
    let token = reply.body["NextToken"].as_str().expect("there is more").to_owned();
    let next = ("NextToken", token.as_str());
    assert_eq!(cloud.ecs("DescribeNetworkInterfaces", &[next]).status, 200);
    let other = cloud.ecs("DescribeNetworkInterfaces", &[("Status", "Available"), next]);
    assert_eq!(other.code(), (400, "InvalidParameter"));
    let broken = token.replace('+', " ");
    assert_eq!(cloud.ecs("DescribeNetworkInterfaces", &[("NextToken", &broken)]).code(), (400, "InvalidParameter"));
}

#[test]
fn an_instance_has_the_vendors_members() {
    let mut cloud = Cloud::new();
    let reply = cloud.ecs("DescribeInstances", &[("InstanceIds", r#"["i-web"]"#), ("MaxResults", "10")]);
    let instance = reply.list(INSTANCES).remove(0);
    for (pointer, expected) in [
        ("/InstanceName", json!("web-1")),
        ("/Status", json!("Running")),
        ("/RegionId", json!("cn-hangzhou")),
        ("/ZoneId", json!("cn-hangzhou-i")),
        ("/InstanceType", json!("ecs.g7.xlarge")),
        ("/VpcAttributes/VpcId", json!("vpc-1")),
        ("/VpcAttributes/VSwitchId", json!("vsw-1")),
        ("/VpcAttributes/PrivateIpAddress/IpAddress", json!(["10.0.8.10"])),
        ("/EipAddress/AllocationId", json!("eip-1")),
        ("/PublicIpAddress/IpAddress", json!([])),
        ("/SecurityGroupIds/SecurityGroupId", json!(["sg-1"])),
        ("/OperationLocks/LockReason", json!([])),
        ("/NetworkInterfaces/NetworkInterface/0/Type", json!("Primary")),
        ("/NetworkInterfaces/NetworkInterface/1/PrimaryIpAddress", json!("10.0.8.20")),
        ("/Tags/Tag/0/TagKey", json!("env")),
    ] {
        assert_eq!(instance.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(instance["CreationTime"].as_str().map(str::len), Some("2024-03-01T08:00Z".len()));
    let reply = cloud.ecs("DescribeInstances", &[("InstanceIds", r#"["i-db"]"#)]);
    assert_eq!(reply.list(INSTANCES)[0]["EipAddress"]["AllocationId"], "", "empty texts when there is none");
}

#[test]
fn instance_filters() {
    let mut cloud = Cloud::new();
    let cases: &[(Params, &[&str])] = &[
        (&[], &["i-web", "i-db", "i-boot"]),
        (&[("InstanceIds", r#"["i-db", "i-gone"]"#)], &["i-db"]),
        (&[("InstanceIds", "[]")], &[]),
        (&[("InstanceName", "web-1")], &["i-web"]),
        (&[("InstanceName", "*b*")], &["i-web", "i-boot"]),
        (&[("InstanceName", "b*t")], &["i-boot"]),
        (&[("InstanceName", "数据*")], &["i-db"]),
        (&[("InstanceName", "web")], &[]),
        (&[("VpcId", "vpc-2")], &["i-db"]),
        (&[("VSwitchId", "vsw-1")], &["i-web", "i-boot"]),
        (&[("ZoneId", "cn-hangzhou-j")], &["i-db"]),
        (&[("Status", "Stopped")], &["i-db"]),
        (&[("SecurityGroupId", "sg-1")], &["i-web"]),
        (&[("InstanceType", "ecs.g7.large")], &["i-boot"]),
        (&[("Tag.1.Key", "env"), ("Tag.1.Value", "prod")], &["i-web"]),
        (&[("ResourceGroupId", "rg-1")], &[]),
        (&[("PrivateIpAddresses", r#"["10.2.0.10"]"#)], &["i-db"]),
        (&[("EipAddresses", r#"["203.0.113.7"]"#)], &["i-web"]),
        (&[("PublicIpAddresses", r#"["203.0.113.7"]"#)], &[]),
    ];
    for (params, expected) in cases {
        assert_eq!(instances(&mut cloud, params), *expected, "{params:?}");
    }
    let ids: Vec<String> = (0..101).map(|n| format!("i-{n}")).collect();
    let too_many = json!(ids).to_string();
    for (params, code) in [
        ([("InstanceIds", too_many.as_str())], (400, "InvalidParameter")),
        ([("InstanceIds", "i-web")], (400, "InvalidParameter")),
        ([("Status", "Sleeping")], (404, "InvalidStatus.NotFound")),
        ([("PageSize", "101")], (400, "InvalidParameter")),
        ([("DryRun", "true")], (400, "DryRunOperation")),
    ] {
        assert_eq!(cloud.ecs("DescribeInstances", &params).code(), code, "{params:?}");
    }
}

#[test]
fn regions_are_those_of_the_world() {
    let mut cloud = Cloud::new();
    let reply = cloud.v3(ECS, "DescribeRegions", &[("AcceptLanguage", "en-US")]);
    assert_eq!(
        reply.list("/Regions/Region"),
        [json!({"RegionId": "cn-hangzhou", "RegionEndpoint": "127.0.0.1:18080", "LocalName": "China (Hangzhou)",
                "Status": "available"})]
    );
    let zones = cloud.ecs("DescribeZones", &[]);
    assert_eq!(zones.texts("/Zones/Zone", "ZoneId"), ["cn-hangzhou-i", "cn-hangzhou-j"]);
    let wrong = cloud.v3(ECS, "DescribeRegions", &[("AcceptLanguage", "tlh")]);
    assert_eq!(wrong.code(), (404, "InvalidAcceptLanguage.NotFound"));
    let wrong = cloud.v3(ECS, "DescribeRegions", &[("ResourceType", "unicorn")]);
    assert_eq!(wrong.code(), (404, "InvalidResourceType.NotFound"));
}

#[test]
fn instance_types_have_limits() {
    let mut cloud = Cloud::new();
    let reply =
        cloud.v3(ECS, "DescribeInstanceTypes", &[("InstanceTypes.1", "ecs.g7.xlarge"), ("InstanceTypes.2", "ecs.x.y")]);
    let types = reply.list("/InstanceTypes/InstanceType");
    assert_eq!(types.len(), 1, "unknown types are left out");
    // i-web has more NICs than the type allows: the world is right.
    assert_eq!((&types[0]["EniQuantity"], &types[0]["EniPrivateIpAddressQuantity"]), (&json!(8), &json!(15)));
    let all = cloud.v3(ECS, "DescribeInstanceTypes", &[("InstanceTypeFamily", "ecs.g7"), ("MaxResults", "2")]);
    assert_eq!(all.texts("/InstanceTypes/InstanceType", "InstanceTypeId"), ["ecs.g7.4xlarge", "ecs.g7.large"]);
    let token = all.body["NextToken"].as_str().expect("there is more").to_owned();
    let rest = cloud.v3(
        ECS,
        "DescribeInstanceTypes",
        &[("InstanceTypeFamily", "ecs.g7"), ("MaxResults", "2"), ("NextToken", &token)],
    );
    assert_eq!(rest.texts("/InstanceTypes/InstanceType", "InstanceTypeId"), ["ecs.g7.xlarge"]);
    assert_eq!(rest.body["NextToken"], "");
    let eleven: Vec<(String, String)> =
        (1..=11).map(|n| (format!("InstanceTypes.{n}"), format!("ecs.g{n}.large"))).collect();
    let eleven: Vec<(&str, &str)> = eleven.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    assert_eq!(cloud.v3(ECS, "DescribeInstanceTypes", &eleven).code(), (400, "InvalidParameter"));
}

#[test]
fn eips_say_what_they_are_bound_to() {
    let mut cloud = Cloud::new();
    let reply = cloud.ask(VPC, "DescribeEipAddresses", &[]);
    let seen: Vec<Value> = reply
        .list("/EipAddresses/EipAddress")
        .iter()
        .map(|eip| {
            json!(
                ["AllocationId", "IpAddress", "Status", "InstanceType", "InstanceId", "PrivateIpAddress"]
                    .map(|name| &eip[name])
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["eip-1", "203.0.113.7", "InUse", "EcsInstance", "i-web", "10.0.8.10"]),
            json!(["eip-2", "203.0.113.8", "InUse", "NetworkInterface", "eni-p", "10.0.8.11"]),
            json!(["eip-9", "203.0.113.99", "Available", "", "", ""]),
        ]
    );
    assert_eq!(reply.body["TotalCount"], 3);
    let mut ids = |params: Params| {
        cloud.ask(VPC, "DescribeEipAddresses", params).texts("/EipAddresses/EipAddress", "AllocationId")
    };
    assert_eq!(ids(&[("PageSize", "2"), ("PageNumber", "2")]), ["eip-9"]);
    assert_eq!(ids(&[("AllocationId", "eip-1,eip-9")]), ["eip-1", "eip-9"]);
    assert_eq!(ids(&[("EipAddress", "203.0.113.8")]), ["eip-2"]);
    assert_eq!(ids(&[("AssociatedInstanceType", "EcsInstance"), ("AssociatedInstanceId", "i-web")]), ["eip-1"]);
    assert_eq!(ids(&[("Status", "Available")]), ["eip-9"]);
    assert_eq!(cloud.ask(VPC, "DescribeEipAddresses", &[("PageSize", "101")]).code(), (400, "InvalidParameter"));
    assert_eq!(cloud.v3(VPC, "DescribeEipAddresses", &[]).code(), (400, "MissingParameter"));
}

#[test]
fn classic_load_balancers_have_a_server_group() {
    let mut cloud = Cloud::new();
    let all = cloud.ask(SLB, "DescribeLoadBalancers", &[]);
    assert_eq!(all.texts("/LoadBalancers/LoadBalancer", "LoadBalancerId"), ["lb-1"]);
    for (params, count) in [
        (("ServerIntranetAddress", "10.0.8.99,10.0.8.11"), 1),
        (("ServerIntranetAddress", "10.0.8.12"), 0),
        (("ServerId", "i-web"), 1),
        (("ServerId", "i-db"), 0),
    ] {
        let found = cloud.ask(SLB, "DescribeLoadBalancers", &[params]).list("/LoadBalancers/LoadBalancer").len();
        assert_eq!(found, count, "{params:?}");
    }
    assert_eq!(cloud.ask(SLB, "DescribeLoadBalancers", &[("PageSize", "10")]).code(), (400, "MissingParameter"));
    let lb = ("LoadBalancerId", "lb-1");
    let attribute = cloud.ask(SLB, "DescribeLoadBalancerAttribute", &[lb]);
    assert_eq!(attribute.list("/BackendServers/BackendServer").len(), 0);
    let groups = cloud.ask(SLB, "DescribeVServerGroups", &[lb]).texts("/VServerGroups/VServerGroup", "VServerGroupId");
    assert_eq!(groups, ["rsp-1"]);
    let group = cloud.ask(SLB, "DescribeVServerGroupAttribute", &[("VServerGroupId", "rsp-1")]);
    assert_eq!(group.body["LoadBalancerId"], "lb-1");
    let backend = |kind: &str, id: &str, ip: &str| json!({"Type": kind, "ServerId": id, "ServerIp": ip, "Port": 80, "Weight": 100, "Description": ""});
    assert_eq!(
        group.list("/BackendServers/BackendServer"),
        [backend("ecs", "i-web", "10.0.8.10"), backend("eni", "eni-p", "10.0.8.11")]
    );
    let unknown = cloud.ask(SLB, "DescribeVServerGroups", &[("LoadBalancerId", "lb-x")]);
    assert_eq!(unknown.code(), (404, "InvalidLoadBalancerId.NotFound"));
}

#[test]
fn a_filter_that_no_page_documents_reaches_as_far_as_the_world_says() {
    let count = |said: &str, params: (&str, &str)| {
        let mut cloud = Cloud::new();
        for name in ["ServerIntranetAddress", "ServerId"] {
            cloud.world.refusals.insert(name.to_owned(), said.to_owned());
        }
        let reply = cloud.ask(SLB, "DescribeLoadBalancers", &[params]);
        match reply.status {
            200 => Ok(reply.list("/LoadBalancers/LoadBalancer").len()),
            _ => Err(reply.code().1.to_owned()),
        }
    };
    // Of an instance and its own address they are documented.
    for said in ["instances", "ignored", "UnsupportedParameter"] {
        assert_eq!(count(said, ("ServerId", "i-web")), Ok(1), "{said}");
        assert_eq!(count(said, ("ServerIntranetAddress", "10.0.8.10")), Ok(1), "{said}");
    }
    for params in [("ServerId", "eni-p"), ("ServerIntranetAddress", "10.0.8.11")] {
        assert_eq!(count("instances", params), Ok(usize::from(params.0 == "ServerId")), "{params:?}");
        assert_eq!(count("UnsupportedParameter", params), Err("UnsupportedParameter".to_owned()), "{params:?}");
    }
    // As if nothing had been asked for.
    assert_eq!(count("ignored", ("ServerIntranetAddress", "10.0.8.12")), Ok(1));
}

#[test]
fn a_balancer_may_have_a_master_slave_group_instead() {
    let world = WORLD.replacen(
        r#""free_eips":"#,
        r#""load_balancers": [{"id": "lb-1", "vpc_id": "vpc-1", "kind": "clb-pair"}], "free_eips":"#,
        1,
    );
    assert_ne!(world, WORLD);
    let mut cloud = Cloud::of(&world);
    let lb = ("LoadBalancerId", "lb-1");
    assert_eq!(cloud.ask(SLB, "DescribeVServerGroups", &[lb]).list("/VServerGroups/VServerGroup").len(), 0);
    let pairs = cloud.ask(SLB, "DescribeMasterSlaveServerGroups", &[lb]);
    let pairs = pairs.texts("/MasterSlaveServerGroups/MasterSlaveServerGroup", "MasterSlaveServerGroupId");
    assert_eq!(pairs, ["mss-1"]);
    let id = ("MasterSlaveServerGroupId", "mss-1");
    let pair = cloud.ask(SLB, "DescribeMasterSlaveServerGroupAttribute", &[id]);
    let server = |kind: &str, which: &str, id: &str| json!({"ServerId": id, "Type": kind, "ServerType": which, "Port": 80, "Weight": 100, "Description": ""});
    assert_eq!(
        pair.list("/MasterSlaveBackendServers/MasterSlaveBackendServer"),
        [server("ecs", "Master", "i-web"), server("eni", "Slave", "eni-p")]
    );
    let unknown = cloud.ask(SLB, "DescribeMasterSlaveServerGroupAttribute", &[("MasterSlaveServerGroupId", "mss-9")]);
    assert_eq!(unknown.code(), (400, "InvalidParameter.MasterSlaveServerGroupId"));
    // Other balancers have none.
    let mut plain = Cloud::new();
    let none = plain.ask(SLB, "DescribeMasterSlaveServerGroups", &[lb]);
    assert_eq!(none.list("/MasterSlaveServerGroups/MasterSlaveServerGroup").len(), 0);
}

#[test]
fn application_and_network_load_balancers_are_told_apart_by_version() {
    let mut cloud = Cloud::new();
    let groups = cloud.v3(ALB, "ListServerGroups", &[]);
    assert_eq!(groups.list("/ServerGroups")[0]["RelatedLoadBalancerIds"], json!(["alb-1"]));
    assert_eq!(groups.texts("/ServerGroups", "ServerGroupId"), ["sgp-1"]);
    assert_eq!(groups.body.get("NextToken"), None);
    let servers = cloud.v3(ALB, "ListServerGroupServers", &[("ServerIds.1", "eni-p")]);
    assert_eq!(servers.texts("/Servers", "ServerIp"), ["10.0.8.12"]);
    assert_eq!(servers.texts("/Servers", "ServerType"), ["Eni"]);
    let unknown = cloud.v3(ALB, "ListServerGroupServers", &[("ServerGroupId", "sgp-x")]);
    assert_eq!(unknown.code(), (404, "ResourceNotFound.ServerGroup"));

    let groups = cloud.v3(NLB, "ListServerGroups", &[]);
    assert_eq!(groups.list("/ServerGroups")[0]["RelatedLoadBalancerIds"], json!(["nlb-1"]));
    for (ip, expected) in [("10.0.8.13", vec!["10.0.8.13"]), ("10.0.8.12", vec![])] {
        let found = cloud.ask(NLB, "ListServerGroupServers", &[("ServerIps.1", ip)]);
        assert_eq!(found.texts("/Servers", "ServerIp"), expected, "{ip}");
    }
}

#[test]
fn network_load_balancers_take_a_form() {
    let mut cloud = Cloud::new();
    let body = "RegionId=cn-hangzhou&ServerIps.1=10.0.8.13".as_bytes().to_vec();
    let mut request = WireRequest {
        method: "POST",
        scheme: "http".to_owned(),
        host: "127.0.0.1:18080".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![
            ("x-acs-action".to_owned(), "ListServerGroupServers".to_owned()),
            ("x-acs-version".to_owned(), NLB.to_owned()),
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ],
        body,
    };
    let stamp = cloud.stamp();
    sign::sign(&mut request, &cloud.key.id, &cloud.key.secret, None, &stamp);
    let reply = cloud.send(&received(request));
    assert_eq!(reply.texts("/Servers", "ServerId"), ["eni-p"]);
}
