//! Writes: what they change, and every refusal under its condition with the world left alone.

use super::*;
use crate::sim::world::SimInstance;

fn unbind(cloud: &mut Cloud, nic: &str) -> Reply {
    let body = json!({"nic": {"subnet_id": "", "ip_address": "", "reverse_binding": false}});
    cloud.put(&format!("/v1/{{p}}/cloudservers/nics/{nic}"), &body)
}

fn bind(cloud: &mut Cloud, nic: &str, subnet: &str, ip: &str, reverse: bool) -> Reply {
    let body = json!({"nic": {"subnet_id": subnet, "ip_address": ip, "reverse_binding": reverse}});
    cloud.put(&format!("/v1/{{p}}/cloudservers/nics/{nic}"), &body)
}

fn remove(cloud: &mut Cloud, server: &str, nics: &[&str]) -> Reply {
    let nics: Vec<Value> = nics.iter().map(|id| json!({"id": id})).collect();
    cloud.post(&format!("/v1/{{p}}/cloudservers/{server}/nics/delete"), &json!({"nics": nics}))
}

fn pairs(cloud: &mut Cloud, port: &str) -> Vec<String> {
    let port = cloud.get(&format!("/v1/{{p}}/ports/{port}")).body["port"].clone();
    let pairs = port["allowed_address_pairs"].as_array().expect("a list");
    pairs.iter().map(|pair| pair["ip_address"].as_str().unwrap_or_default().to_owned()).collect()
}

fn job(cloud: &mut Cloud, reply: &Reply) -> Value {
    let id = reply.body["job_id"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned();
    cloud.get(&format!("/v1/{{p}}/jobs/{id}")).body
}

fn virtual_ips(cloud: &Cloud, nic: &str) -> Vec<String> {
    let nic = cloud.world.nic(nic).expect(nic);
    nic.addresses.iter().filter(|address| address.floating).map(|address| address.ip.to_string()).collect()
}

/// The call is refused with this, and nothing changed.
#[track_caller]
fn refused(cloud: &mut Cloud, expected: (u16, &str), ask: impl FnOnce(&mut Cloud) -> Reply) {
    let before = cloud.world.revision();
    let reply = ask(cloud);
    assert_eq!(reply.code(), expected, "{reply:?}");
    assert_eq!(cloud.world.revision(), before);
}

#[test]
fn two_empty_texts_unbind_every_virtual_ip_of_the_nic_and_no_other() {
    let mut cloud = Cloud::new();
    let reply = unbind(&mut cloud, "nic-web0");
    assert_eq!((reply.status, &reply.body), (200, &json!({"port_id": "nic-web0"})));
    assert_eq!(virtual_ips(&cloud, "nic-web0"), [""; 0]);
    assert_eq!(pairs(&mut cloud, "nic-web0"), [""; 0], "the source/destination check is on again");
    assert_eq!(pairs(&mut cloud, "vip-100"), ["10.0.0.11"], "the other NIC keeps it");
    assert!(cloud.world.eip("eip-2").is_some_and(|view| view.float.is_some()), "the address keeps its EIP");
    assert_eq!(unbind(&mut cloud, "nic-web1").status, 200);
    assert_eq!(pairs(&mut cloud, "vip-102"), [""; 0]);
    assert_eq!(unbind(&mut cloud, "nic-web1").status, 200, "again does no harm");
}

/// A pair that was written without a MAC carries the virtual IP's own, and is not what this call would have written.
#[test]
fn unbinding_leaves_what_others_wrote_on_the_virtual_ip() {
    let mut cloud = Cloud::new();
    assert_eq!(unbind(&mut cloud, "nic-db1").status, 200);
    assert_eq!(virtual_ips(&cloud, "nic-db1"), ["10.0.0.103"]);
    assert_eq!(pairs(&mut cloud, "vip-103"), ["10.0.0.21"]);
}

#[test]
fn two_filled_texts_bind_one_virtual_ip() {
    let mut cloud = Cloud::new();
    assert_eq!(bind(&mut cloud, "nic-web1", "net-1", "10.0.0.105", true).status, 200);
    assert_eq!(
        (pairs(&mut cloud, "nic-web1"), pairs(&mut cloud, "vip-105")),
        (vec!["10.0.0.102".into(), "10.0.0.105".into()], vec!["10.0.0.20".into()])
    );
    assert_eq!(bind(&mut cloud, "nic-free", "net-1", "10.0.0.105", true).code(), (400, "Ecs.0085"));
    assert_eq!(bind(&mut cloud, "nic-db0", "net-1", "10.0.0.200", false).status, 200);
    assert_eq!(virtual_ips(&cloud, "nic-db0"), ["10.0.0.100", "10.0.0.200"], "an address that was not there is made");
    refused(&mut cloud, (400, "Ecs.0038"), |cloud| bind(cloud, "nic-web1", "net-2", "10.0.0.105", false));
    refused(&mut cloud, (400, "Ecs.0039"), |cloud| bind(cloud, "nic-web1", "net-1", "10.9.0.105", false));
    refused(&mut cloud, (400, "Ecs.0010"), |cloud| bind(cloud, "nic-web1", "net-1", "10.0.0.11", false));
    refused(&mut cloud, (400, "Ecs.0005"), |cloud| bind(cloud, "nic-web1", "net-1", "", false));
    refused(&mut cloud, (400, "Ecs.0005"), |cloud| bind(cloud, "nic-web1", "net-1", "10.0.0", false));
}

#[test]
fn refusals_of_unbinding() {
    let mut cloud = Cloud::new();
    let url = "/v1/{p}/cloudservers/nics/nic-web1";
    refused(&mut cloud, (400, "Common.0002"), |cloud| cloud.ask("PUT", url, None));
    for body in [
        json!({}),
        json!({"nic": {}}),
        json!({"nic": {"subnet_id": ""}}),
        json!({"nic": {"subnet_id": "", "ip_address": 1}}),
        json!({"nic": {"subnet_id": "", "ip_address": "", "reverse_binding": "false"}}),
    ] {
        refused(&mut cloud, (400, "Ecs.0005"), |cloud| cloud.put(url, &body));
    }
    refused(&mut cloud, (400, "Ecs.0307"), |cloud| unbind(cloud, "gone"));
    refused(&mut cloud, (400, "Ecs.0085"), |cloud| unbind(cloud, "nic-free"));
    refused(&mut cloud, (400, "Ecs.0213"), |cloud| unbind(cloud, "nic-rds"));
    cloud.world.refusals.insert("srv-locked".to_owned(), "Ecs.0213".to_owned());
    refused(&mut cloud, (400, "Ecs.0213"), |cloud| unbind(cloud, "nic-locked1"));
    cloud.world.refusals.insert("DisassociateServerVirtualIp".to_owned(), "Pdp.0001".to_owned());
    refused(&mut cloud, (403, "Pdp.0001"), |cloud| unbind(cloud, "nic-web1"));
}

#[test]
fn a_virtual_address_of_ipv6_is_on_one_nic() {
    let mut cloud = Cloud::new();
    let bind = |cloud: &mut Cloud, nic: &str| {
        let body = json!({"nic": {"subnet_id": "net-1", "ip_address": "fd00::9", "reverse_binding": true}});
        cloud.put(&format!("/v1/{{p}}/cloudservers/nics/{nic}"), &body)
    };
    assert_eq!(bind(&mut cloud, "nic-web1").status, 200);
    assert_eq!(bind(&mut cloud, "nic-web1").status, 200, "it is there already");
    refused(&mut cloud, (400, "Ecs.0213"), |cloud| bind(cloud, "nic-web0"));
}

#[test]
fn a_port_list_is_replaced_whole() {
    let mut cloud = Cloud::new();
    let url = "/v1/{p}/ports/vip-100";
    let body = json!({"port": {"allowed_address_pairs": [{"ip_address": "10.0.0.11", "mac_address": "fa:16:3e:00:00:11"}, {"ip_address": "10.0.0.20"}]}});
    let reply = cloud.put(url, &body);
    let own = json!({"ip_address": "10.0.0.20", "mac_address": "fa:16:3e:00:01:00"});
    assert_eq!(reply.body["port"]["allowed_address_pairs"][1], own, "without a MAC the port's own stands in");
    assert_eq!(
        (virtual_ips(&cloud, "nic-web0"), virtual_ips(&cloud, "nic-web1")),
        (vec!["10.0.0.101".into()], vec!["10.0.0.102".into(), "10.0.0.100".into()])
    );
    assert_eq!(cloud.put("/v2.0/ports/nic-web1", &json!({"port": {"allowed_address_pairs": []}})).status, 200);
    assert_eq!(
        virtual_ips(&cloud, "nic-web1"),
        ["10.0.0.102", "10.0.0.100"],
        "the virtual IP's own list still names it"
    );
    for body in [
        json!({"port": {}}),
        json!({"port": {"device_id": "x"}}),
        json!({"port": {"allowed_address_pairs": [{"ip_address": "0.0.0.0/0"}]}}),
        json!({"port": {"allowed_address_pairs": [{"ip_address": "10.0.0"}]}}),
        json!({"port": {"allowed_address_pairs": "x"}}),
        json!({}),
    ] {
        refused(&mut cloud, (400, "VPC.2500"), |cloud| cloud.put(url, &body));
        refused(&mut cloud, (400, "InvalidInput"), |cloud| cloud.put("/v2.0/ports/vip-100", &body));
    }
    let empty = json!({"port": {"allowed_address_pairs": []}});
    refused(&mut cloud, (404, "VPC.2502"), |cloud| cloud.put("/v1/{p}/ports/gone", &empty));
    refused(&mut cloud, (404, "PortNotFound"), |cloud| cloud.put("/v2.0/ports/gone", &empty));
    refused(&mut cloud, (400, "VPC.2500"), |cloud| cloud.put("/v1/{p}/ports/vip-rds", &empty));
}

#[test]
fn ports_are_made_and_deleted() {
    let mut cloud = Cloud::new();
    let create = |cloud: &mut Cloud, ip: &str| {
        let port = json!({"network_id": "net-1", "device_owner": "neutron:VIP_PORT", "fixed_ips": [{"ip_address": ip}], "name": "again"});
        cloud.post("/v1/{p}/ports", &json!({"port": port}))
    };
    let made = create(&mut cloud, "10.0.0.150");
    assert_eq!((made.status, &made.body["port"]["device_owner"]), (201, &json!("neutron:VIP_PORT")));
    refused(&mut cloud, (409, "VPC.0701"), |cloud| create(cloud, "10.0.0.10"));
    refused(&mut cloud, (409, "VPC.0701"), |cloud| create(cloud, "10.0.0.105"));
    refused(&mut cloud, (400, "VPC.2500"), |cloud| create(cloud, "10.9.0.1"));
    let delete = |cloud: &mut Cloud, id: &str| cloud.ask("DELETE", &format!("/v1/{{p}}/ports/{id}"), None);
    refused(&mut cloud, (400, "VPC.2500"), |cloud| delete(cloud, "nic-web1"));
    refused(&mut cloud, (404, "VPC.2500"), |cloud| delete(cloud, "gone"));
    refused(&mut cloud, (409, "VPC.0707"), |cloud| delete(cloud, "vip-100"));
    refused(&mut cloud, (409, "PortInUse"), |cloud| cloud.ask("DELETE", "/v2.0/ports/vip-100", None));
    assert_eq!((delete(&mut cloud, "nic-free").status, delete(&mut cloud, "vip-105").status), (204, 204));
    assert!(cloud.world.nic("nic-free").is_none() && cloud.world.float("vip-105").is_none());
}

#[test]
fn a_nic_stays_when_it_was_told_to_and_dies_when_not() {
    let mut cloud = Cloud::new();
    let accepted = remove(&mut cloud, "srv-web", &["nic-web1", "nic-dies"]);
    assert_eq!(job(&mut cloud, &accepted)["status"], "INIT");
    cloud.later(1500);
    let running = job(&mut cloud, &accepted);
    assert_eq!(
        (&running["status"], &running["end_time"], &running["error_code"]),
        (&json!("RUNNING"), &Value::Null, &Value::Null)
    );
    assert_eq!(cloud.get("/v1/{p}/ports/nic-web1").body["port"]["device_id"], "srv-web", "listed until the job ends");
    refused(&mut cloud, (501, "Ecs.0603"), |cloud| remove(cloud, "srv-web", &["nic-web1"]));
    cloud.later(1500);
    let done = job(&mut cloud, &accepted);
    assert_eq!((&done["status"], &done["end_time"]), (&json!("SUCCESS"), &json!("2026-01-02T03:04:08.000Z")));
    assert_eq!(done["entities"]["sub_jobs"][1]["entities"]["nic_id"], "nic-dies");
    let kept = cloud.world.nic("nic-web1").expect("kept");
    assert_eq!((kept.instance_id.as_deref(), kept.status.as_str()), (None, "DOWN"));
    assert!(cloud.world.nic("nic-dies").is_none());
    refused(&mut cloud, (400, "Ecs.0085"), |cloud| remove(cloud, "srv-web", &["nic-web1"]));
}

#[test]
fn what_dies_on_detach_can_be_told_to_stay() {
    let mut cloud = Cloud::new();
    let keep = |cloud: &mut Cloud, server: &str, nic: &str| {
        let body = json!({"interface_attachment": {"delete_on_termination": false}});
        cloud.put(&format!("/v1/{{p}}/cloudservers/{server}/os-interface/{nic}"), &body)
    };
    let reply = keep(&mut cloud, "srv-web", "nic-dies");
    assert_eq!((reply.status, &reply.body), (204, &Value::Null));
    remove(&mut cloud, "srv-web", &["nic-dies"]);
    cloud.later(3000);
    assert!(cloud.world.nic("nic-dies").is_some_and(|nic| nic.instance_id.is_none()));
    refused(&mut cloud, (400, "Ecs.0085"), |cloud| keep(cloud, "srv-db", "nic-web1"));
    refused(&mut cloud, (404, "Ecs.0114"), |cloud| keep(cloud, "gone", "nic-web1"));
    let nova = cloud.ask("DELETE", "/v2.1/{p}/servers/srv-db/os-interface/nic-db1", None);
    assert_eq!((nova.status, &nova.body), (202, &Value::Null));
    cloud.later(3000);
    assert!(cloud.world.nic("nic-db1").is_some_and(|nic| nic.instance_id.is_none()));
}

/// A job that fails is an answer with status 200.
#[test]
fn jobs_fail_after_they_were_taken() {
    let mut cloud = Cloud::new();
    let accepted = remove(&mut cloud, "srv-web", &["nic-cold"]);
    assert_eq!(accepted.status, 200);
    cloud.later(3000);
    let failed = job(&mut cloud, &accepted);
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("FAIL"), &json!("Ecs.0507")));
    assert_eq!(failed["entities"]["sub_jobs"][0]["status"], "FAIL");
    assert_eq!(cloud.world.nic("nic-cold").and_then(|nic| nic.instance_id.clone()).as_deref(), Some("srv-web"));
    cloud.world.task_failures.insert("nic-web1".to_owned(), "Ecs.1002".to_owned());
    let accepted = remove(&mut cloud, "srv-web", &["nic-web1"]);
    cloud.later(3000);
    assert_eq!(job(&mut cloud, &accepted)["error_code"], "Ecs.1002");
    cloud.world.edit_instance("srv-web", |server| server.status = "SHUTOFF".to_owned());
    let accepted = remove(&mut cloud, "srv-web", &["nic-cold"]);
    cloud.later(3000);
    assert_eq!(job(&mut cloud, &accepted)["status"], "SUCCESS", "stopped, it can be unplugged");
}

#[test]
fn refusals_of_detaching() {
    let mut cloud = Cloud::new();
    for (server, nics, expected) in [
        ("srv-web", &["nic-web0"][..], (403, "Ecs.0507")),
        ("srv-db", &["nic-web1"], (400, "Ecs.0085")),
        ("srv-web", &["gone"], (400, "Ecs.0085")),
        ("gone", &["nic-web1"], (404, "Ecs.0114")),
        ("srv-boot", &["nic-boot1"], (400, "Ecs.0100")),
        ("srv-locked", &["nic-locked1"], (400, "Ecs.0605")),
        ("srv-web", &[], (400, "Ecs.0005")),
        ("srv-web", &["nic-web1", "nic-web1"], (400, "Ecs.0005")),
        ("srv-web", &["nic-rds"], (400, "Ecs.0507")),
    ] {
        refused(&mut cloud, expected, |cloud| remove(cloud, server, nics));
    }
    let held = |cloud: &mut Cloud, hold: fn(&mut SimInstance), code| {
        let before = cloud.world.instance("srv-web").unwrap().clone();
        cloud.world.edit_instance("srv-web", hold).unwrap();
        refused(cloud, (400, code), |cloud| remove(cloud, "srv-web", &["nic-web1"]));
        cloud.world.edit_instance("srv-web", |instance| *instance = before).unwrap();
    };
    cloud.world.edit_nic("nic-web1", |nic| nic.security_groups = vec!["group-1".to_owned()]).unwrap();
    for stated in ["srv-web", "nic-web1", "net-1", "group-1"] {
        cloud.world.refusals.insert(stated.to_owned(), "Ecs.0003".to_owned());
        refused(&mut cloud, (403, "Ecs.0003"), |cloud| remove(cloud, "srv-web", &["nic-web1"]));
        refused(&mut cloud, (403, "Ecs.0003"), |cloud| unbind(cloud, "nic-web1"));
        cloud.world.refusals.remove(stated);
    }
    held(&mut cloud, |instance| instance.locked = true, "Ecs.0605");
    held(&mut cloud, |instance| instance.frozen = true, "Ecs.0030");
    held(&mut cloud, |instance| instance.task = "powering-off".to_owned(), "Ecs.0100");
    refused(&mut cloud, (400, "Ecs.0085"), |cloud| remove(cloud, "srv-web", &["nic-free"]));
    let url = "/v1/{p}/cloudservers/srv-web/nics/delete";
    refused(&mut cloud, (400, "Common.0002"), |cloud| cloud.ask("POST", url, None));
    refused(&mut cloud, (400, "Ecs.0005"), |cloud| cloud.post(url, &json!([])));
    cloud.world.refusals.insert("BatchDeleteServerNics".to_owned(), "Common.0024".to_owned());
    refused(&mut cloud, (202, "Common.0024"), |cloud| remove(cloud, "srv-web", &["nic-web1"]));
}

#[test]
fn nics_are_plugged_again() {
    let mut cloud = Cloud::new();
    let add = |cloud: &mut Cloud, server: &str, nic: &Value| {
        cloud.post(&format!("/v1/{{p}}/cloudservers/{server}/nics"), &json!({"nics": [nic]}))
    };
    let accepted = add(&mut cloud, "srv-web", &json!({"port_id": "nic-free"}));
    refused(&mut cloud, (400, "Ecs.0919"), |cloud| add(cloud, "srv-web", &json!({"port_id": "nic-free"})));
    cloud.later(3000);
    assert_eq!(job(&mut cloud, &accepted)["status"], "SUCCESS");
    assert_eq!(cloud.world.nic("nic-free").and_then(|nic| nic.instance_id.clone()).as_deref(), Some("srv-web"));
    let accepted = add(&mut cloud, "srv-web", &json!({"subnet_id": "net-1", "ip_address": "10.0.0.77"}));
    cloud.later(3000);
    let id = job(&mut cloud, &accepted)["entities"]["sub_jobs"][0]["entities"]["nic_id"].as_str().unwrap().to_owned();
    assert!(cloud.world.nic(&id).is_some_and(|nic| nic.delete_on_detach && nic.instance_id.is_some()));
    for (server, nic, expected) in [
        ("srv-web", json!({"port_id": "nic-db1"}), "Ecs.0919"),
        ("srv-web", json!({"port_id": "gone"}), "Ecs.0307"),
        ("srv-web", json!({"subnet_id": "gone"}), "Ecs.0038"),
        ("srv-web", json!({"subnet_id": "net-1", "ip_address": "10.9.0.1"}), "Ecs.0039"),
        ("srv-web", json!({"subnet_id": "net-1", "ip_address": "10.0.0.11"}), "Ecs.0010"),
        ("srv-boot", json!({"subnet_id": "net-1"}), "Ecs.0100"),
    ] {
        refused(&mut cloud, (400, expected), |cloud| add(cloud, server, &nic));
    }
    // Some flavors take no NIC while they run, which only the job tells.
    remove(&mut cloud, "srv-web", &["nic-free"]);
    cloud.later(3000);
    let mark = |cloud: &mut Cloud, cold| cloud.world.edit_nic("nic-free", |nic| nic.cold_plug_only = cold).unwrap();
    mark(&mut cloud, true);
    let accepted = add(&mut cloud, "srv-web", &json!({"port_id": "nic-free"}));
    cloud.later(3000);
    let failed = job(&mut cloud, &accepted);
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("FAIL"), &json!("Ecs.1002")));
    assert!(cloud.world.nic("nic-free").is_some_and(|nic| nic.instance_id.is_none()));
    remove(&mut cloud, "srv-web", &["nic-web1"]);
    cloud.later(3000);
    refused(&mut cloud, (400, "Ecs.0014"), |cloud| add(cloud, "srv-far", &json!({"port_id": "nic-web1"})));
    let many: Vec<Value> = (0..12).map(|_| json!({"subnet_id": "net-1"})).collect();
    refused(&mut cloud, (400, "Ecs.0050"), |cloud| {
        cloud.post("/v1/{p}/cloudservers/srv-web/nics", &json!({"nics": many}))
    });
}

#[test]
fn eips_are_bound_to_ports_of_both_kinds() {
    let mut cloud = Cloud::new();
    let set = |cloud: &mut Cloud, eip: &str, port: Option<&str>| {
        let body = json!({"publicip": port.map_or(json!({}), |port| json!({"port_id": port}))});
        cloud.put(&format!("/v1/{{p}}/publicips/{eip}"), &body)
    };
    refused(&mut cloud, (404, "VPC.0504"), |cloud| set(cloud, "gone", None));
    refused(&mut cloud, (400, "VPC.0511"), |cloud| set(cloud, "eip-9", Some("nic-web0")));
    refused(&mut cloud, (400, "VPC.0511"), |cloud| set(cloud, "eip-9", Some("vip-100")));
    refused(&mut cloud, (400, "VPC.0511"), |cloud| set(cloud, "eip-1", Some("nic-web1")));
    refused(&mut cloud, (404, "VPC.2502"), |cloud| set(cloud, "eip-9", Some("gone")));
    let bound = set(&mut cloud, "eip-9", Some("vip-105"));
    assert_eq!((bound.status, &bound.body["publicip"]["port_id"]), (200, &json!("vip-105")));
    let free = set(&mut cloud, "eip-1", None);
    assert_eq!(free.body["publicip"].get("port_id"), None);
    assert_eq!(set(&mut cloud, "eip-1", Some("nic-web1")).body["publicip"]["port_id"], "nic-web1");
}
