//! Lists, their filters and pages.

use super::*;

#[test]
fn servers_are_paged_by_page_number_from_one() {
    let mut cloud = Cloud::new();
    let page = |cloud: &mut Cloud, query: &str| cloud.get(&format!("/v1/{{p}}/cloudservers/detail?{query}"));
    let first = page(&mut cloud, "limit=2&offset=1");
    assert_eq!(
        (first.texts("servers", "id"), &first.body["count"]),
        (vec!["srv-web".into(), "srv-db".into()], &json!(5))
    );
    assert_eq!(page(&mut cloud, "limit=2&offset=0").body, first.body);
    assert_eq!(page(&mut cloud, "limit=2&offset=3").texts("servers", "id"), ["srv-far"]);
    assert!(page(&mut cloud, "limit=2&offset=4").texts("servers", "id").is_empty());
    assert_eq!(page(&mut cloud, "limit=2&marker=srv-boot").texts("servers", "id"), ["srv-locked", "srv-far"]);
    assert_eq!(page(&mut cloud, "marker=gone").code(), (400, "Ecs.0005"));
    assert_eq!(page(&mut cloud, "name=%E6%95%B0").texts("servers", "id"), ["srv-db"]);
    assert_eq!(page(&mut cloud, "status=REBOOT").texts("servers", "id"), ["srv-boot"]);
    let by_id = page(&mut cloud, "server_id=srv-web,gone");
    assert_eq!(by_id.body["servers"][1]["name"], Value::Null);
    assert_eq!(by_id.body["servers"][1]["fault"]["code"], 404);
    let web = &by_id.body["servers"][0];
    assert_eq!((&web["OS-EXT-STS:task_state"], &web["metadata"]["vpc_id"]), (&Value::Null, &json!("vpc-1")));
    let addresses: Vec<&str> =
        web["addresses"]["vpc-1"].as_array().unwrap().iter().filter_map(|a| a["addr"].as_str()).collect();
    assert_eq!(
        addresses,
        ["10.0.0.10", "198.51.100.1", "10.0.0.20", "2001:db8::20", "10.0.0.30", "10.0.0.40", "10.0.0.60"]
    );
    assert_eq!(cloud.get("/v1/{p}/cloudservers/gone").code(), (404, "Ecs.0114"));
    assert_eq!(cloud.get("/v1/{p}/cloudservers/srv-db").body["server"]["status"], "SHUTOFF");
}

#[test]
fn interfaces_tell_which_nics_die_with_their_binding() {
    let mut cloud = Cloud::new();
    let reply = cloud.get("/v1/{p}/cloudservers/srv-web/os-interface");
    assert_eq!(
        reply.texts("interfaceAttachments", "port_id"),
        ["nic-web0", "nic-web1", "nic-cold", "nic-dies", "nic-rds"]
    );
    assert_eq!(reply.body["attachableQuantity"]["free_nic"], 7);
    let dies: Vec<bool> = reply.body["interfaceAttachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["delete_on_termination"] == true)
        .collect();
    assert_eq!(dies, [false, false, false, true, false]);
    let nova = cloud.get("/v2.1/{p}/servers/srv-web/os-interface");
    assert_eq!(nova.body["interfaceAttachments"][0].get("delete_on_termination"), None);
    assert_eq!(nova.body["interfaceAttachments"][1]["fixed_ips"].as_array().map(Vec::len), Some(2));
}

#[test]
fn ports_are_nics_and_virtual_ips_and_the_clouds_own() {
    let mut cloud = Cloud::new();
    let all = cloud.get("/v1/{p}/ports?limit=2000").texts("ports", "id");
    assert_eq!(all.len(), 13 + 7 + 2);
    assert!(all.is_sorted());
    let mut paged = Vec::new();
    let mut marker = String::new();
    loop {
        let reply = cloud.get(&format!("/v1/{{p}}/ports?limit=5{marker}"));
        let ids = reply.texts("ports", "id");
        assert_eq!(reply.body.get("ports_links"), None, "v1 says nothing about what follows");
        let last = ids.last().cloned().unwrap();
        marker = format!("&marker={last}");
        let short = ids.len() < 5;
        paged.extend(ids);
        if short {
            break;
        }
    }
    assert_eq!(paged, all);
    assert_eq!(cloud.get("/v1/{p}/ports?marker=gone").code(), (400, "VPC.2500"));
    let first = cloud.get("/v2.0/ports?limit=3");
    let href = first.body["ports_links"][0]["href"].as_str().unwrap();
    assert!(href.ends_with(&format!("marker={}", all[2])), "{href}");
    assert_eq!(cloud.get("/v2.0/ports?limit=50").body.get("ports_links"), None, "missing on the last page");

    let vips = cloud.get("/v1/{p}/ports?device_owner=neutron%3AVIP_PORT&network_id=net-1");
    assert_eq!(vips.texts("ports", "id").len(), 7);
    let vip = cloud.get("/v1/{p}/ports/vip-100").body["port"].clone();
    assert_eq!(
        (&vip["status"], &vip["device_id"], &vip["admin_state_up"]),
        (&json!("DOWN"), &json!(""), &json!("true"))
    );
    let pair = |ip: &str, mac: &str| json!({"ip_address": ip, "mac_address": mac});
    assert_eq!(
        vip["allowed_address_pairs"],
        json!([pair("10.0.0.10", "fa:16:3e:00:00:10"), pair("10.0.0.11", "fa:16:3e:00:00:11")])
    );
    let nic = cloud.get("/v1/{p}/ports/nic-web0").body["port"].clone();
    assert_eq!(nic["allowed_address_pairs"], json!([pair("1.1.1.1/0", "fa:16:3e:00:00:10")]));
    assert_eq!(
        (&nic["device_owner"], &nic["binding:vif_details"]["primary_interface"]),
        (&json!("compute:cn-north-4a"), &json!(true))
    );
    assert_eq!(nic["fixed_ips"][0]["ip_address"], "10.0.0.10");
    assert_eq!(cloud.get("/v1/{p}/ports?device_id=srv-db").texts("ports", "id"), ["nic-db0", "nic-db1"]);
    assert_eq!(cloud.get("/v1/{p}/ports?fixed_ips=ip_address%3D10.0.0.100").texts("ports", "id"), ["vip-100"]);
    let free = cloud.get("/v1/{p}/ports/nic-free").body["port"].clone();
    assert_eq!((&free["status"], &free["device_id"], &free["device_owner"]), (&json!("DOWN"), &json!(""), &json!("")));
    assert_eq!(cloud.get("/v1/{p}/ports/nic-rds").body["port"]["instance_type"], "RDS");
    assert_eq!(cloud.get("/v1/{p}/subnets").texts("subnets", "vpc_id"), ["vpc-1", "vpc-2"]);
}

#[test]
fn eips_name_the_port_they_are_on() {
    let mut cloud = Cloud::new();
    let reply = cloud.get("/v3/{p}/eip/publicips?limit=2");
    assert_eq!(reply.texts("publicips", "id"), ["eip-1", "eip-2"]);
    assert_eq!((&reply.body["page_info"]["next_marker"], &reply.body["total_count"]), (&json!("eip-2"), &json!(3)));
    let vnic = &reply.body["publicips"][1]["vnic"];
    assert_eq!((&vnic["port_id"], &vnic["device_id"]), (&json!("vip-100"), &json!("")));
    let last = cloud.get("/v3/{p}/eip/publicips?limit=2&marker=eip-2");
    assert_eq!((&last.body["publicips"][0]["vnic"], last.body["page_info"].get("next_marker")), (&Value::Null, None));
    let found = cloud.get("/v3/{p}/eip/publicips?vnic.port_id=vip-100&vnic.port_id=nic-web0&fields=id");
    assert_eq!(found.body["publicips"], json!([{"id": "eip-1"}, {"id": "eip-2"}]));
}

#[test]
fn members_are_addresses_with_or_without_a_server() {
    let mut cloud = Cloud::new();
    let reply = cloud.get("/v3/{p}/elb/members?address=10.0.0.10&address=10.0.0.100&limit=10");
    let mut rows: Vec<(String, String)> =
        reply.texts("members", "address").into_iter().zip(reply.texts("members", "instance_id")).collect();
    rows.sort();
    assert_eq!(rows, [("10.0.0.10".into(), "srv-web".into()), ("10.0.0.100".into(), String::new())]);
    assert_eq!(reply.body["members"][0]["loadbalancers"][0]["id"], "elb-1");
    assert!(cloud.get("/v3/{p}/elb/members?address=10.0.0.99").texts("members", "id").is_empty());
}
