//! Lists and look-ups.

use super::*;

#[test]
fn nics_look_as_the_vendor_shows_them() {
    let mut cloud = Cloud::new();
    let nic = cloud.nic("eni-p");
    assert_eq!((&nic["State"], &nic["NetworkInterfaceState"]), (&json!("AVAILABLE"), &json!("INUSE")));
    assert_eq!(nic["Attachment"]["InstanceId"], "ins-web");
    assert_eq!(
        (&nic["MacAddress"], &nic["Business"], &nic["Zone"]),
        (&json!("20:90:6F:00:00:01"), &json!("cvm"), &json!("ap-guangzhou-3"))
    );
    let first = &nic["PrivateIpAddressSet"][0];
    assert_eq!(
        (&first["Primary"], &first["AddressId"], &first["PublicIpAddress"]),
        (&json!(true), &json!("eip-1"), &json!("203.0.113.1"))
    );
    assert_eq!(nic["PrivateIpAddressSet"][2].get("AddressId"), None, "absent where there is none");
    assert_eq!(nic["Ipv6AddressSet"][0]["Address"], "2001:db8::5");
    let free = cloud.nic("eni-free");
    assert_eq!((&free["Attachment"], &free["State"]), (&Value::Null, &json!("AVAILABLE")));
    assert_eq!(cloud.nic("eni-eks")["Business"], "eks");
    // A virtual address is none of the NIC's.
    assert_eq!(cloud.nic("eni-vip")["PrivateIpAddressSet"].as_array().unwrap().len(), 2);
    let vips = cloud
        .vpc("DescribeHaVips", &json!({"Filters": [{"Name": "havip-association.instance-id", "Values": ["ins-web"]}]}));
    assert_eq!((&vips["TotalCount"], &vips["HaVipSet"][0]["Vip"]), (&json!(1), &json!("10.0.8.69")));
    assert_eq!(vips["HaVipSet"][0]["HaVipAssociationSet"][0]["InstanceId"], "eni-vip");
    let none = cloud.vpc("DescribeHaVips", &json!({"Filters": [{"Name": "vip", "Values": ["10.0.8.10"]}]}));
    assert_eq!(none["TotalCount"], 0);
}

#[test]
fn lists_go_by_offset_and_count_all_matches() {
    let mut cloud = Cloud::new();
    let mut page = |offset: u32, limit: u32| {
        let reply = cloud.vpc("DescribeNetworkInterfaces", &json!({"Offset": offset, "Limit": limit}));
        assert_eq!(reply["TotalCount"], 10);
        texts(&reply, "NetworkInterfaceSet", "NetworkInterfaceId")
    };
    let mut all = page(0, 4);
    all.extend(page(4, 4));
    all.extend(page(8, 4));
    assert_eq!(all.len(), 10);
    assert_eq!(page(0, 100), all);
    assert_eq!(page(10, 100), Vec::<String>::new());
}

#[test]
fn filters_are_the_vendors() {
    let mut cloud = Cloud::new();
    let mut nics = |name: &str, values: &[&str]| {
        let reply = cloud.vpc("DescribeNetworkInterfaces", &json!({"Filters": [{"Name": name, "Values": values}]}));
        texts(&reply, "NetworkInterfaceSet", "NetworkInterfaceId")
    };
    assert_eq!(nics("attachment.instance-id", &["ins-db"]), ["eni-db"]);
    assert_eq!(nics("network-interface-name", &["网卡 *~+"]), ["eni-s"]);
    assert_eq!(nics("is-primary", &["true"]).len(), 4);
    assert_eq!(nics("vpc-id", &["vpc-2", "vpc-3"]), ["eni-vpc2"]);
    // One value is a suffix, several are whole addresses.
    assert_eq!(nics("address-ip", &["0.8.10"]), ["eni-p"]);
    assert_eq!(nics("address-ip", &["0.8.10", "10.0.9.10"]), ["eni-db"]);
    let exact = json!({"Filters": [{"Name": "address-ip", "Values": ["0.8.10"]}, {"Name": "ip-exact-match", "Values": ["true"]}]});
    assert_eq!(cloud.vpc("DescribeNetworkInterfaces", &exact)["TotalCount"], 0);
}

#[test]
fn wrong_questions_are_refused_by_name() {
    let filter = |filter: Value| json!({"Filters": filter});
    let many: Vec<String> = (0..101).map(|n| format!("eni-{n}")).collect();
    let cases = [
        ("vpc", "DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": ["eni-p", "eni-gone"]}), "ResourceNotFound"),
        (
            "vpc",
            "DescribeNetworkInterfaces",
            json!({"NetworkInterfaceIds": ["nic 1"]}),
            "InvalidParameterValue.Malformed",
        ),
        (
            "vpc",
            "DescribeNetworkInterfaces",
            json!({"NetworkInterfaceIds": ["eni-p"], "Filters": []}),
            "InvalidParameter.Coexist",
        ),
        (
            "vpc",
            "DescribeNetworkInterfaces",
            filter(json!([{"Name": "colour", "Values": ["red"]}])),
            "InvalidParameter.FilterInvalidKey",
        ),
        ("vpc", "DescribeNetworkInterfaces", filter(json!(["x"])), "InvalidParameter.FilterNotDict"),
        (
            "vpc",
            "DescribeNetworkInterfaces",
            filter(json!([{"Name": "vpc-id", "Values": "x"}])),
            "InvalidParameter.FilterValuesNotList",
        ),
        ("vpc", "DescribeNetworkInterfaces", filter(json!([{"Name": "vpc-id"}])), "MissingParameter"),
        ("vpc", "DescribeNetworkInterfaces", json!({"Limit": 101}), "InvalidParameterValue.LimitExceeded"),
        ("vpc", "DescribeNetworkInterfaces", json!({"Limit": "100"}), "InvalidParameter"),
        ("vpc", "DescribeNetworkInterfaces", json!({"PageSize": 1}), "UnknownParameter"),
        ("vpc", "DescribeNetworkInterfaces", json!([]), "InvalidParameter"),
        ("vpc", "DescribeAddresses", json!({"AddressIds": many}), "InvalidParameterValue.LimitExceeded"),
        ("vpc", "DescribeAddresses", json!({"AddressIds": ["eip-7"]}), "InvalidAddressId.NotFound"),
        ("vpc", "DescribeVpcTaskResult", json!({"TaskId": "no such"}), "ResourceNotFound"),
        ("vpc", "DescribeVpcTaskResult", json!({}), "MissingParameter"),
        ("vpc", "DescribeTaskResult", json!({"TaskId": "61531411"}), "InvalidParameter"),
        ("vpc", "DescribeTaskResult", json!({"TaskId": 61_531_411}), "InvalidParameterValue"),
        ("vpc", "DescribeNetworkInterfaceLimit", json!({"InstanceId": "ins-gone"}), "ResourceNotFound"),
        ("cvm", "DescribeInstances", json!({"InstanceIds": ["web"]}), "InvalidInstanceId.Malformed"),
        ("cvm", "DescribeInstances", filter(json!([{"Name": "colour", "Values": ["red"]}])), "InvalidFilter"),
        (
            "cvm",
            "DescribeInstances",
            filter(json!([{"Name": "zone", "Values": ["1", "2", "3", "4", "5", "6"]}])),
            "InvalidFilterValue.LimitExceeded",
        ),
        ("clb", "DescribeTargets", json!({"LoadBalancerId": "lb-gone"}), "InvalidParameter.LBIdNotFound"),
        ("clb", "DescribeLBListeners", json!({"Backends": []}), "InvalidParameterValue.Length"),
        ("clb", "DescribeLBListeners", json!({"Backends": [{"VpcId": "vpc-1"}]}), "MissingParameter"),
        ("region", "DescribeRegions", json!({}), "MissingParameter"),
    ];
    for (product, action, body, expected) in cases {
        refused(&mut Cloud::new(), expected, |cloud| cloud.ask(product, action, &body));
    }
}

#[test]
fn instances_regions_and_limits() {
    let mut cloud = Cloud::new();
    // One that is unknown is simply not there.
    let reply = cloud.ask("cvm", "DescribeInstances", &json!({"InstanceIds": ["ins-web", "ins-gone"]}));
    assert_eq!(texts(&reply, "InstanceSet", "InstanceName"), ["web-1"]);
    let web = &reply["InstanceSet"][0];
    assert_eq!(
        (&web["PrivateIpAddresses"], &web["PublicIpAddresses"]),
        (&json!(["10.0.8.10"]), &json!(["203.0.113.1"]))
    );
    assert_eq!(web["Placement"]["Zone"], "ap-guangzhou-3");
    let db = cloud.ask("cvm", "DescribeInstances", &json!({"InstanceIds": ["ins-db"]}));
    assert_eq!(db["InstanceSet"][0]["PublicIpAddresses"], Value::Null);
    let stopped = json!({"Filters": [{"Name": "instance-state", "Values": ["STOPPED"]}]});
    assert_eq!(texts(&cloud.ask("cvm", "DescribeInstances", &stopped), "InstanceSet", "InstanceId"), ["ins-db"]);
    let states = cloud.ask("cvm", "DescribeInstancesStatus", &json!({"InstanceIds": ["ins-boot"]}));
    assert_eq!(states["InstanceStatusSet"], json!([{"InstanceId": "ins-boot", "InstanceState": "REBOOTING"}]));
    for (product, body) in [("cvm", json!({})), ("region", json!({"Product": "cvm"}))] {
        let reply = cloud.ask(product, "DescribeRegions", &body);
        assert_eq!(texts(&reply, "RegionSet", "RegionName"), ["South China (Guangzhou)"]);
    }
    let limit = cloud.vpc("DescribeNetworkInterfaceLimit", &json!({"InstanceId": "ins-web"}));
    assert_eq!(limit["EniPrivateIpAddressQuantity"], 30);
}

#[test]
fn eips_tell_what_they_are_bound_to() {
    let mut cloud = Cloud::new();
    let all = cloud.vpc("DescribeAddresses", &json!({"Limit": 100}));
    let rows: Vec<(String, String, String, String)> = all["AddressSet"]
        .as_array()
        .unwrap()
        .iter()
        .map(|eip| {
            let text = |name: &str| eip[name].as_str().unwrap_or("-").to_owned();
            (text("AddressId"), text("AddressStatus"), text("NetworkInterfaceId"), text("InstanceType"))
        })
        .collect();
    let row = |id: &str, status: &str, nic: &str, kind: &str| {
        (id.to_owned(), status.to_owned(), nic.to_owned(), kind.to_owned())
    };
    assert_eq!(
        rows,
        [
            row("eip-1", "BIND", "eni-p", "CVM"),
            row("eip-2", "BIND", "eni-p", "ENI"),
            row("eip-3", "BIND", "eni-p", "ENI"),
            row("eip-4", "BIND_ENI", "eni-free", "ENI"),
            row("eip-9", "UNBIND", "-", "-"),
        ]
    );
    assert_eq!(
        (&all["AddressSet"][2]["CascadeRelease"], &all["AddressSet"][4]["PrivateAddressIp"]),
        (&json!(true), &Value::Null)
    );
    let of = json!({"Filters": [{"Name": "network-interface-id", "Values": ["eni-free"]}]});
    assert_eq!(texts(&cloud.vpc("DescribeAddresses", &of), "AddressSet", "AddressId"), ["eip-4"]);
}

#[test]
fn balancers_are_found_by_their_targets_and_tell_them() {
    let mut cloud = Cloud::new();
    let all = cloud.ask("clb", "DescribeLoadBalancers", &json!({"Forward": 1, "WithRs": 1}));
    assert_eq!(texts(&all, "LoadBalancerSet", "LoadBalancerId"), ["lb-http", "lb-https", "lb-tcp"]);
    assert_eq!(cloud.ask("clb", "DescribeLoadBalancers", &json!({"Forward": 0}))["TotalCount"], 0);
    assert_eq!(cloud.ask("clb", "DescribeLoadBalancers", &json!({}))["TotalCount"], 4);
    // Of the other kind: by instance.
    let classic = WORLD.replace(r#""id": "lb-https","#, r#""id": "lb-https", "kind": "classic","#);
    let mut older = Cloud { world: World::parse(&[("test", &classic)]).expect("a world"), ..Cloud::new() };
    let classic = older.ask("clb", "DescribeLoadBalancers", &json!({"Forward": 0}));
    assert_eq!(texts(&classic, "LoadBalancerSet", "LoadBalancerId"), ["lb-https"]);
    let targets = older.ask("clb", "DescribeClassicalLBTargets", &json!({"LoadBalancerId": "lb-https"}));
    assert_eq!(
        (&targets["Targets"][0]["Type"], &targets["Targets"][0]["PrivateIpAddresses"][0]),
        (&json!("CVM"), &json!("10.0.8.10"))
    );
    let instance = targets["Targets"][0]["InstanceId"].clone();
    let of = older.ask("clb", "DescribeClassicalLBByInstanceId", &json!({"InstanceIds": [instance, "ins-none"]}));
    assert_eq!(of["LoadBalancerInfoList"], json!([{"InstanceId": instance, "LoadBalancerIds": ["lb-https"]}]));
    let none = cloud.ask("clb", "DescribeClassicalLBByInstanceId", &json!({"InstanceIds": [instance]}));
    assert_eq!(none["LoadBalancerInfoList"], json!([]));
    let tcp = cloud.ask("clb", "DescribeTargets", &json!({"LoadBalancerId": "lb-tcp"}));
    let listener = &tcp["Listeners"][0];
    assert_eq!((&listener["Protocol"], &listener["Rules"]), (&json!("TCP"), &Value::Null));
    assert_eq!((&listener["Targets"][0]["Type"], &listener["Targets"][0]["EniId"]), (&json!("ENI"), &json!("eni-p")));
    let https = cloud.ask("clb", "DescribeTargets", &json!({"LoadBalancerId": "lb-https"}));
    let listener = &https["Listeners"][0];
    assert_eq!((&listener["Targets"], &listener["Rules"][0]["Targets"][0]["Type"]), (&Value::Null, &json!("CVM")));
    let search = |vpc: &str, ip: &str| json!({"Backends": [{"VpcId": vpc, "PrivateIp": ip}]});
    let found = cloud.ask("clb", "DescribeLBListeners", &search("vpc-1", "10.0.8.12"));
    assert_eq!(texts(&found, "LoadBalancers", "LoadBalancerId"), ["lb-http"]);
    let target = &found["LoadBalancers"][0]["Listeners"][0]["Rules"][0]["Targets"][0];
    assert_eq!(
        (&target["Type"], &target["VpcId"], &target["PrivateIp"]),
        (&json!("eni"), &json!(1111), &json!("10.0.8.12"))
    );
    assert_eq!(cloud.ask("clb", "DescribeLBListeners", &search("vpc-2", "10.0.8.12"))["LoadBalancers"], json!([]));
}
