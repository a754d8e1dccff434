//! Answers as the vendor's pages show them, with all that they are loose about.

use serde_json::json;

use super::{super::release, ports::state, *};
use crate::{
    domain::{
        address::AddressRole,
        fault::{Effect, FaultKind},
        nic::{ManagedBy, NicRole, NicState},
        outcome::Receipt,
        plan::OperationKind,
        time::Timestamp,
    },
    providers::{
        profile::Credential,
        provider::{Session, Step, TaskState},
    },
};

fn region() -> RegionId {
    RegionId::from("cn-north-4")
}

fn all(resource: Resource) -> Listing {
    Listing::all(resource, Some(region()))
}

fn response(status: u16, body: &str) -> WireResponse {
    WireResponse { status, headers: vec![("x-request-id".into(), "R-1".into())], body: body.as_bytes().to_vec() }
}

fn answer(listing: &Listing, status: u16, body: &str) -> Result<InventoryPage, Fault> {
    match decode(&Call::List(listing.clone()), &response(status, body))? {
        Reply::Page(page) => Ok(page),
        other => panic!("{other:?}"),
    }
}

/// The two rows of the vendor's page: a NIC and a virtual IP that two NICs have.
const PORTS: &str = r#"{"ports": [{"id": "d32019d3", "name": "", "status": "ACTIVE", "admin_state_up": true, "network_id": "4779ab1c",
  "tenant_id": "0123", "mac_address": "fa:16:3e:47:5f:c1",
  "fixed_ips": [{"subnet_id": "213cb9d3", "ip_address": "10.0.0.21"}, {"subnet_id": "e0fa7de1", "ip_address": "2001:db8::15"}],
  "device_id": "0f58c8dc", "device_owner": "compute:cn-north-4a", "security_groups": ["d0d58aa9"],
  "allowed_address_pairs": [{"ip_address": "1.1.1.1/0", "mac_address": "fa:16:3e:47:5f:c1"}],
  "binding:vif_details": {"primary_interface": true}, "binding:vnic_type": "normal", "binding:profile": {}, "extra_dhcp_opts": [],
  "instance_id": "", "instance_type": "", "port_security_enabled": true, "dns_name": ""},
 {"id": "7204e0da", "name": "vip", "status": "DOWN", "admin_state_up": "true", "network_id": "4779ab1c", "mac_address": "fa:16:3e:01:f7:90",
  "fixed_ips": [{"subnet_id": "213cb9d3", "ip_address": "10.0.0.220"}], "device_id": "", "device_owner": "neutron:VIP_PORT",
  "security_groups": ["d0d58aa9"],
  "allowed_address_pairs": [{"ip_address": "10.0.0.21", "mac_address": "fa:16:3e:47:5f:c1"}, {"ip_address": "10.0.0.22", "mac_address": "fa:16:3e:01:f7:90"}]},
 {"id": "dhcp", "status": "ACTIVE", "network_id": "4779ab1c", "device_owner": "network:dhcp", "device_id": "dhcp-x", "fixed_ips": [{"ip_address": "10.0.0.254"}]},
 {"id": "free", "status": "DOWN", "network_id": "4779ab1c", "device_owner": "", "device_id": "", "fixed_ips": [{"ip_address": "10.0.0.30"}], "allowed_address_pairs": []},
 {"id": "rds", "status": "ACTIVE", "device_owner": "compute:cn-north-4a", "device_id": "x", "instance_type": "RDS", "instance_id": "y", "fixed_ips": null}]}"#;

#[test]
fn a_sweep_over_the_ports_brings_nics_and_virtual_ips_and_leaves_out_what_services_own() {
    let page = answer(&all(Resource::Nics), 200, PORTS).unwrap();
    assert_eq!(page.nics.iter().map(|nic| nic.id.as_str()).collect::<Vec<_>>(), ["d32019d3", "free", "rds"]);
    assert!(page.next.is_empty());
    let [swept] = page.floats.as_slice() else { panic!("{page:?}") };
    let nic = &page.nics[0];
    assert_eq!(
        (&nic.role, nic.status.state, nic.instance.as_ref().map(InstanceId::as_str)),
        (&NicRole::Primary, NicState::Attached, Some("0f58c8dc"))
    );
    assert_eq!(
        (nic.zone.as_deref(), nic.subnet.as_deref(), nic.mac.as_deref()),
        (Some("cn-north-4a"), Some("4779ab1c"), Some("fa:16:3e:47:5f:c1"))
    );
    let roles: Vec<(String, AddressRole)> =
        nic.addresses.iter().map(|address| (address.ip.to_string(), address.role)).collect();
    assert_eq!(roles, [("10.0.0.21".into(), AddressRole::Primary), ("2001:db8::15".into(), AddressRole::Ipv6)]);
    assert_eq!((&*nic.pairs[0].ip, &nic.managed_by), ("1.1.1.1/0", &ManagedBy::Nobody));
    let free = &page.nics[1];
    assert_eq!((&free.role, free.status.state, &free.instance), (&NicRole::Secondary, NicState::Free, &None));
    assert_eq!(page.nics[2].managed_by, ManagedBy::Service("RDS".into()));
    assert!(page.nics[2].addresses.is_empty());

    let network = Listing { scope: Scope::Group("4779ab1c".into()), ..all(Resource::Floats) };
    let page = answer(&network, 200, PORTS).unwrap();
    let [vip] = page.floats.as_slice() else { panic!("{page:?}") };
    assert_eq!(vip, swept);
    assert_eq!(
        (&*vip.id, vip.ip.to_string(), vip.subnet.as_deref(), &vip.owner),
        ("7204e0da", "10.0.0.220".to_owned(), Some("4779ab1c"), &None)
    );
    assert!(vip.is_on(nic) && vip.others(nic) == 1 && page.nics.is_empty());
}

/// Its list decides what is bound to it: silence is no "nothing". The NIC of a service is nobody's to write to.
#[test]
fn a_port_that_does_not_tell_its_list_is_not_read() {
    for (owner, device, service, read) in [
        ("compute:a", "srv", "", false),
        ("", "", "", false),
        ("neutron:VIP_PORT", "", "", false),
        ("compute:a", "srv", "RDS", true),
        ("network:dhcp", "dhcp", "", true),
    ] {
        for list in ["", r#","allowed_address_pairs":null"#] {
            let port = format!(
                r#"{{"id":"p","status":"ACTIVE","device_owner":"{owner}","device_id":"{device}","instance_type":"{service}"{list}}}"#
            );
            let swept = answer(&all(Resource::Nics), 200, &format!(r#"{{"ports":[{port}]}}"#));
            let one = Listing { scope: Scope::Nic("p".into()), ..all(Resource::Nics) };
            let alone = answer(&one, 200, &format!(r#"{{"port":{port}}}"#));
            for answer in [swept, alone] {
                assert_eq!(
                    answer.as_ref().err().map(|fault| fault.kind),
                    (!read).then_some(FaultKind::Garbage),
                    "{port}"
                );
            }
        }
    }
}

/// Vendor: its owner may be empty. On no server, and bound to NICs by its list, it is a virtual IP that looks like a NIC.
#[test]
fn a_reserved_address_that_is_bound_is_a_virtual_ip_as_well() {
    let body = |list: &str| {
        format!(
            r#"{{"ports":[{{"id":"r","status":"DOWN","network_id":"n","device_owner":"","device_id":"",
        "fixed_ips":[{{"ip_address":"10.0.0.30"}}],"allowed_address_pairs":{list}}}]}}"#
        )
    };
    let network = Listing { scope: Scope::Group("n".into()), ..all(Resource::Floats) };
    for (list, bound) in [
        (r#"[{"ip_address":"10.0.0.21"}]"#, true),
        (r#"[{"ip_address":"1.1.1.1/0"},{"ip_address":"10.0.0.21/32"}]"#, true),
        ("[]", false),
        (r#"[{"ip_address":"1.1.1.1/0"}]"#, false),
        (r#"[{"ip_address":"10.0.0.30"}]"#, false),
    ] {
        let sweep = answer(&all(Resource::Nics), 200, &body(list)).unwrap();
        let read = answer(&network, 200, &body(list)).unwrap();
        assert_eq!((sweep.nics.len(), sweep.floats.len(), read.nics.len()), (1, usize::from(bound), 0), "{list}");
        assert_eq!(sweep.floats, read.floats, "{list}");
    }
}

#[test]
fn a_nic_without_details_may_be_the_primary_one() {
    let role = |details: &str, device: &str| {
        let owner = if device.is_empty() { "" } else { "compute:a" };
        let body = format!(
            r#"{{"ports":[{{"id":"n","status":"ACTIVE","device_owner":"{owner}","device_id":"{device}","allowed_address_pairs":[]{details}}}]}}"#
        );
        answer(&all(Resource::Nics), 200, &body).unwrap().nics.remove(0).role
    };
    for (details, expected) in [
        (r#","binding:vif_details":{"primary_interface":true}"#, NicRole::Primary),
        (r#","binding:vif_details":{"primary_interface":false}"#, NicRole::Secondary),
        (r#","binding:vif_details":{}"#, NicRole::Secondary),
        (r#","binding:vif_details":null"#, NicRole::Other("".into())),
        ("", NicRole::Other("".into())),
    ] {
        assert_eq!(role(details, "srv"), expected, "{details}");
    }
    assert_eq!(role("", ""), NicRole::Secondary, "on no server it is no server's primary one");
}

#[test]
fn states_of_nics() {
    for (word, attached, expected) in [
        ("ACTIVE", true, NicState::Attached),
        // A stopped server's, or a pass-through one.
        ("DOWN", true, NicState::Attached),
        ("DOWN", false, NicState::Free),
        ("BUILD", true, NicState::Attaching),
        ("BUILD", false, NicState::Changing),
        ("ERROR", true, NicState::Failed),
        ("", true, NicState::Other),
        ("NEW", false, NicState::Other),
    ] {
        assert_eq!(state(word, attached), expected, "{word} {attached}");
    }
}

#[test]
fn a_full_page_is_followed_by_the_next_and_a_short_one_by_none() {
    let rows = |count: usize| {
        let rows: Vec<Value> =
            (0..count).map(|at| json!({"id": format!("p{at:04}"), "device_owner": "network:dhcp"})).collect();
        json!({"ports": rows}).to_string()
    };
    let page = answer(&all(Resource::Nics), 200, &rows(2000)).unwrap();
    assert_eq!(page.next, [Listing { cursor: Cursor::Token("p1999".into()), ..all(Resource::Nics) }]);
    assert!(answer(&all(Resource::Nics), 200, &rows(1999)).unwrap().next.is_empty());
    // A server that cuts its pages says so by a link, whose host may be one that only the cloud can reach.
    let linked = |rel: &str, href: &str| {
        let mut body: Value = serde_json::from_str(&rows(3)).unwrap();
        body["ports_links"] =
            json!([{"rel": "previous", "href": "https://x/?marker=first"}, {"rel": rel, "href": href}]);
        answer(&Listing { part: part::V2, ..all(Resource::Nics) }, 200, &body.to_string()).map(|page| page.next)
    };
    let next = linked("next", "https://vpc.internal.invalid/v2.0/ports?limit=2000&marker=p%2F2").unwrap();
    assert_eq!(next, [Listing { part: part::V2, cursor: Cursor::Token("p/2".into()), ..all(Resource::Nics) }]);
    assert_eq!(linked("previous", "https://x/?marker=p"), Ok(vec![]));
    for href in ["", "https://x/", "https://x/?limit=3", "https://x/?marker="] {
        assert_eq!(
            linked("next", href).unwrap_err().kind,
            FaultKind::Garbage,
            "there is more, and no way to it: {href}"
        );
    }
    // A marker that leads nowhere is no next page for ever.
    let stuck = Listing { cursor: Cursor::Token("p1999".into()), ..all(Resource::Nics) };
    assert_eq!(
        answer(&stuck, 200, &rows(2000)).unwrap_err().kind,
        FaultKind::Garbage,
        "there is more, and no way to it"
    );
    let nameless = answer(&all(Resource::Nics), 200, r#"{"ports":[{"id":""}]}"#).unwrap_err();
    assert_eq!(nameless.kind, FaultKind::Garbage);
}

#[test]
fn where_the_first_api_is_not_published_the_other_one_is_asked() {
    let body = r#"{"error_code":"APIGW.0101","error_msg":"x","request_id":"r"}"#;
    for resource in [Resource::Nics, Resource::Floats] {
        let page = answer(&all(resource), 404, body).unwrap();
        assert_eq!(page.next, [Listing { part: part::V2, ..all(resource) }]);
        let again = answer(&page.next[0], 404, body).unwrap_err();
        assert_eq!(again.code.as_deref(), Some("APIGW.0101"), "and no further");
    }
    let one = Listing { scope: Scope::Nic("n".into()), ..all(Resource::Nics) };
    assert_eq!(answer(&one, 404, body).unwrap().next[0].part, part::V2);
    assert_eq!(answer(&all(Resource::Eips), 404, body).unwrap_err().kind, FaultKind::NotFound);
}

/// The answer of the vendor's page.
#[test]
fn interfaces_tell_what_a_detach_does_to_them_and_silence_is_no_answer() {
    let of =
        Listing { part: part::INTERFACES, scope: Scope::Instances(vec!["srv-1".into()]), ..all(Resource::Instances) };
    let body = r#"{"attachableQuantity": {"free_nic": 10}, "interfaceAttachments": [
      {"port_id": "d32019d3", "port_state": "ACTIVE", "net_id": "4779ab1c", "mac_addr": "fa:16:3e:45:65:c4",
       "fixed_ips": [{"subnet_id": "213cb9d3", "ip_address": "10.0.0.21"}], "delete_on_termination": false,
       "driver_mode": null, "min_rate": null, "multiqueue_num": null, "pci_address": null},
      {"port_id": "dies", "delete_on_termination": true}, {"port_id": "text", "delete_on_termination": "True"},
      {"port_id": "null", "delete_on_termination": null}, {"port_id": "odd", "delete_on_termination": 7}, {"port_id": "silent"},
      {"delete_on_termination": true}]}"#;
    let page = answer(&of, 200, body).unwrap();
    let rows = vec![("d32019d3".into(), false), ("dies".into(), true), ("text".into(), true)];
    assert_eq!(page.told, [Told::Fates("srv-1".into(), rows)]);
    // Not published, not allowed, no such server: asked, and nothing told. Anything else is a fault.
    for (status, body) in [
        (404, r#"{"error_code":"APIGW.0101","error_msg":"x","request_id":"r"}"#),
        (403, r#"{"error":{"code":"Pdp.0001","message":"x"}}"#),
        (400, r#"{"error":{"code":"Ecs.0307","message":"x"}}"#),
    ] {
        let page = answer(&of, status, body).unwrap();
        let [Told::Fates(of, fates), Told::Refused(fault)] = page.told.as_slice() else { panic!("{body}: {page:?}") };
        assert_eq!((of.as_str(), fates.as_slice()), ("srv-1", &[][..]), "{body}");
        assert_eq!((fault.http_status, fault.code.is_some()), (Some(status), true), "{body}");
    }
    assert_eq!(
        answer(&of, 500, r#"{"error":{"code":"Common.0001","message":"x"}}"#).unwrap_err().kind,
        FaultKind::Server
    );
    assert_eq!(answer(&of, 200, r#"{"attachableQuantity":{"free_nic":1}}"#).unwrap_err().kind, FaultKind::Garbage);
}

#[test]
fn sub_nics_hang_on_their_nic_and_where_nobody_tells_nothing_is_told() {
    let of = Listing { part: part::SUB_NICS, scope: Scope::Nic("n".into()), ..all(Resource::Instances) };
    let told = |status, body: &str| answer(&of, status, body).map(|page| page.told);
    let some =
        r#"{"request_id":"r","sub_network_interfaces":[{"id":"s","parent_id":"n","state":"NORMAL"}],"page_info":{}}"#;
    assert_eq!(told(200, some), Ok(vec![Told::Carries("n".into(), true)]));
    assert_eq!(told(200, r#"{"sub_network_interfaces":[]}"#), Ok(vec![Told::Carries("n".into(), false)]));
    for (status, code) in [(404, "APIGW.0101"), (403, "VPC.0010")] {
        let told = told(status, &format!(r#"{{"error_code":"{code}","error_msg":"x"}}"#)).unwrap();
        let [Told::Refused(fault)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(fault.code.as_deref(), Some(code));
    }
    for (status, body) in [(200, "{}"), (200, &*some.replace("\"n\"", "\"other\"")), (500, "{}")] {
        assert!(told(status, body).is_err(), "{body}");
    }
}

#[test]
fn one_nic_that_is_gone_is_no_fault_and_another_one_is() {
    let one = Listing { scope: Scope::Nic("d32019d3".into()), ..all(Resource::Nics) };
    assert_eq!(answer(&one, 404, r#"{"code":"VPC.2502","message":"gone"}"#).unwrap(), InventoryPage::default());
    let neutron = r#"{"NeutronError":{"type":"PortNotFound","message":"gone","detail":""}}"#;
    assert_eq!(answer(&Listing { part: part::V2, ..one.clone() }, 404, neutron).unwrap(), InventoryPage::default());
    let body = |id: &str| {
        format!(
            r#"{{"port":{{"id":"{id}","status":"ACTIVE","device_owner":"compute:a","device_id":"i","allowed_address_pairs":[]}}}}"#
        )
    };
    assert_eq!(answer(&one, 200, &body("d32019d3")).unwrap().nics.len(), 1);
    assert_eq!(answer(&one, 200, &body("another")).unwrap_err().kind, FaultKind::Garbage);
    assert_eq!(answer(&one, 500, r#"{"code":"VPC.2502","message":"back end"}"#).unwrap_err().kind, FaultKind::Server);
}

/// A port that is there is not gone, whatever it is now: a write would pass for done.
#[test]
fn one_nic_that_is_something_else_now_is_there_and_not_to_be_written() {
    let read = |part, owner: &str, device: &str| {
        let one = Listing { part, scope: Scope::Nic("n".into()), ..all(Resource::Nics) };
        let port = json!({"id": "n", "status": "ACTIVE", "device_owner": owner, "device_id": device,
            "fixed_ips": [{"ip_address": "10.0.0.21"}], "allowed_address_pairs": []});
        answer(&one, 200, &json!({"port": port}).to_string()).unwrap().nics
    };
    for part in ["", part::V2] {
        for (owner, device, managed_by) in [
            ("network:nat_gateway", "gw", ManagedBy::Service("network:nat_gateway".into())),
            ("compute", "srv", ManagedBy::Service("compute".into())),
            ("neutron:VIP_PORT", "", ManagedBy::Service("neutron:VIP_PORT".into())),
            ("", "srv", ManagedBy::Nobody),
        ] {
            let nics = read(part, owner, device);
            let [nic] = nics.as_slice() else { panic!("{owner}: {nics:?}") };
            assert_eq!((nic.status.state, &nic.managed_by), (NicState::Changing, &managed_by), "{owner}");
            // Off its server it is only where it says so.
            assert_eq!(nic.instance.as_ref().map(InstanceId::as_str), Some(device).filter(|id| !id.is_empty()));
            assert_eq!(nic.addresses.len(), 1);
        }
        assert_eq!(read(part, "", "")[0].status.state, NicState::Changing, "ACTIVE on none is on its way off");
        assert_eq!(read(part, "compute:a", "srv")[0].status.state, NicState::Attached);
    }
}

#[test]
fn servers_are_asked_for_by_page_number_all_at_once() {
    let body = |count: u64, rows: usize| {
        let rows = vec![json!({"id": "i-1", "name": "a", "status": "ACTIVE"}); rows];
        json!({"count": count, "servers": rows}).to_string()
    };
    let first = answer(&all(Resource::Instances), 200, &body(3001, 1000)).unwrap();
    let pages: Vec<(Cursor, &str)> = first.next.iter().map(|next| (next.cursor.clone(), next.part)).collect();
    assert_eq!(pages, [(Cursor::Page(2), ""), (Cursor::Page(3), ""), (Cursor::Page(4), part::TAIL)]);
    assert!(
        answer(&first.next[0], 200, &body(9000, 1000)).unwrap().next.is_empty(),
        "only the last one looks for more"
    );
    assert_eq!(answer(&first.next[2], 200, &body(4001, 1000)).unwrap().next[0].cursor, Cursor::Page(5));
    assert!(answer(&first.next[2], 200, &body(3000, 0)).unwrap().next.is_empty(), "one went away meanwhile");
    assert!(answer(&all(Resource::Instances), 200, r#"{"count":0,"servers":[]}"#).unwrap().next.is_empty());
    let silent = answer(&all(Resource::Instances), 200, r#"{"count":7,"servers":[]}"#).unwrap_err();
    assert_eq!(silent.kind, FaultKind::Garbage);
}

#[test]
fn servers_tell_what_keeps_them_from_being_changed() {
    let server = |rest: &str| {
        let body = format!(
            r#"{{"count":"1","servers":[{{"id":"i-1","name":"名","OS-EXT-AZ:availability_zone":"cn-north-4a","flavor":{{"id":"f","name":"s6.large.2","vcpus":"2"}},"tags":["env=prod","old.style","bare"],{rest}}}]}}"#
        );
        answer(&all(Resource::Instances), 200, &body).unwrap().instances.remove(0)
    };
    let plain =
        server(r#""status":"ACTIVE","OS-EXT-STS:task_state":null,"locked":false,"metadata":{},"key_name":null"#);
    assert_eq!(
        (&*plain.power.word, plain.power.state, plain.kind.as_deref()),
        ("ACTIVE", PowerState::Running, Some("s6.large.2"))
    );
    let tags: Vec<(&str, &str)> = plain.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(tags, [("env", "prod"), ("old", "style"), ("bare", "")]);
    for (rest, word, state) in [
        (r#""status":"SHUTOFF""#, "SHUTOFF", PowerState::Stopped),
        (r#""status":"ACTIVE","OS-EXT-STS:task_state":"rebooting""#, "ACTIVE", PowerState::Changing),
        (r#""status":"RESIZE""#, "RESIZE", PowerState::Changing),
        (r#""status":"SOFT_DELETED""#, "SOFT_DELETED", PowerState::Gone),
        (r#""status":"SHELVED""#, "SHELVED", PowerState::Other),
        (r#""status":"TOMORROW""#, "TOMORROW", PowerState::Other),
        (r#""status":"ACTIVE","locked":true"#, "ACTIVE (locked)", PowerState::Locked),
        (r#""status":"ACTIVE","locked":"true""#, "ACTIVE (locked)", PowerState::Locked),
        (r#""status":"ACTIVE","metadata":{"EcmResStatus":"freeze"}"#, "ACTIVE (frozen)", PowerState::Frozen),
        (r#""status":"SHELVED","locked":true"#, "SHELVED (locked)", PowerState::Locked),
    ] {
        let mut all = vec![rest.to_owned()];
        for (name, none) in [(r#""OS-EXT-STS:task_state""#, "null"), (r#""locked""#, "false"), (r#""metadata""#, "{}")]
        {
            if !rest.contains(name) {
                all.push(format!("{name}:{none}"));
            }
        }
        let server = server(&all.join(","));
        assert_eq!((&*server.power.word, server.power.state), (word, state), "{rest}");
    }
    // What the answer leaves out nobody knows; a certain no is said even so.
    for (rest, word, state) in [
        (r#""status":"ACTIVE","metadata":{},"OS-EXT-STS:task_state":null"#, "ACTIVE (locked?)", PowerState::Other),
        (
            r#""status":"ACTIVE","metadata":{},"OS-EXT-STS:task_state":null,"locked":null"#,
            "ACTIVE (locked?)",
            PowerState::Other,
        ),
        (r#""status":"ACTIVE","locked":false,"OS-EXT-STS:task_state":null"#, "ACTIVE (frozen?)", PowerState::Other),
        (
            r#""status":"ACTIVE","locked":false,"OS-EXT-STS:task_state":null,"metadata":null"#,
            "ACTIVE (frozen?)",
            PowerState::Other,
        ),
        (r#""status":"ACTIVE","locked":false,"metadata":{}"#, "ACTIVE (task?)", PowerState::Other),
        (r#""status":"SHUTOFF","metadata":{"EcmResStatus":"freeze"}"#, "SHUTOFF (frozen)", PowerState::Frozen),
    ] {
        let server = server(rest);
        assert_eq!((&*server.power.word, server.power.state), (word, state), "{rest}");
    }
    // An id that does not exist comes back as a row with nothing in it.
    let asked = Listing { scope: Scope::Instances(vec!["gone".into()]), ..all(Resource::Instances) };
    let body = r#"{"count":1,"servers":[{"id":"gone","name":null,"status":null,"flavor":null,"tags":null,"fault":{"code":404}}]}"#;
    assert_eq!(answer(&asked, 200, body).unwrap(), InventoryPage::default());
}

/// Vendor: "used by system components"; such a virtual IP is not to be released.
#[test]
fn a_virtual_ip_of_a_load_balancer_has_an_owner() {
    for (profile, owner) in [
        (r#"{"internal_elb":true}"#, Some("internal_elb")),
        (r#"{"internal_elb":"lb-1"}"#, Some("internal_elb")),
        (r#"{"internal_elb":false}"#, None),
        (r#"{"other":1}"#, None),
        ("{}", None),
        ("null", None),
    ] {
        let body = format!(
            r#"{{"ports":[{{"id":"v1","status":"DOWN","network_id":"n","device_owner":"neutron:VIP_PORT","device_id":"",
            "fixed_ips":[{{"ip_address":"10.0.0.220"}}],"allowed_address_pairs":[],"binding:profile":{profile}}}]}}"#
        );
        let page = answer(&all(Resource::Floats), 200, &body).unwrap();
        assert_eq!(page.floats[0].owner.as_deref(), owner, "{profile}");
    }
}

#[test]
fn eips_are_on_nics_on_virtual_ips_or_elsewhere() {
    let body = r#"{"request_id":"r","page_info":{"current_count":5,"next_marker":"e5"},"publicips":[
        {"id":"e1","public_ip_address":"203.0.113.1","alias":"web","status":"ACTIVE","vnic":{"port_id":"n1","private_ip_address":"10.0.0.1","device_id":"i","device_owner":"compute:a"},"associate_instance_type":"PORT"},
        {"id":"e2","public_ip_address":"203.0.113.2","status":"ACTIVE","vnic":{"port_id":"v1","private_ip_address":"10.0.0.220","device_id":"","device_owner":"neutron:VIP_PORT"}},
        {"id":"e3","public_ip_address":"203.0.113.3","status":"DOWN","vnic":null,"associate_instance_type":null},
        {"id":"e4","public_ip_address":"203.0.113.4","status":"ELB","vnic":{"port_id":"lb"},"associate_instance_type":"ELB"},
        {"id":"e5","public_ip_address":"","status":"ACTIVE","vnic":{"port_id":"n2"}}]}"#;
    let page = answer(&all(Resource::Eips), 200, body).unwrap();
    let bound: Vec<&EipBinding> = page.eips.iter().map(|eip| &eip.bound).collect();
    assert_eq!(
        bound,
        [
            &EipBinding::Nic { nic: "n1".into(), private_ip: "10.0.0.1".parse().ok() },
            &EipBinding::Float { float: "v1".into(), ip: "10.0.0.220".parse().unwrap() },
            &EipBinding::Unbound,
            &EipBinding::Elsewhere,
            &EipBinding::Nic { nic: "n2".into(), private_ip: None },
        ]
    );
    assert_eq!((&*page.eips[0].name, page.eips[4].ips.as_slice()), ("web", &[][..]));
    assert_eq!(page.next[0].cursor, Cursor::Token("e5".into()));
    assert_eq!(
        answer(&page.next[0], 200, body).unwrap_err().kind,
        FaultKind::Garbage,
        "the same marker again has no end"
    );
    for resource in [Resource::Eips, Resource::Backends] {
        let counted = r#"{"page_info":{"current_count":1},"publicips":[],"members":[]}"#;
        assert_eq!(answer(&all(resource), 200, counted).unwrap_err().kind, FaultKind::Garbage, "{resource:?}");
    }
    let half =
        r#"{"publicips":[{"id":"e","status":"ACTIVE","vnic":{"port_id":"v1","device_owner":"neutron:VIP_PORT"}}]}"#;
    assert_eq!(
        answer(&all(Resource::Eips), 200, half).unwrap_err().kind,
        FaultKind::Garbage,
        "it would be missed where it hangs"
    );
}

#[test]
fn an_eip_that_is_bound_and_does_not_say_to_what_is_not_free() {
    let of = |listing: &Listing, row: &str| answer(listing, 200, &format!(r#"{{"publicips":[{{"id":"e",{row}}}]}}"#));
    let found = Listing { scope: Scope::Nic("n".into()), carry: Some("10.0.0.1".into()), ..all(Resource::Eips) };
    for (row, swept, searched) in [
        (r#""status":"ACTIVE","vnic":null"#, false, false),
        (r#""status":"ACTIVE""#, false, false),
        (
            r#""status":"ACTIVE","vnic":{"private_ip_address":"10.0.0.1"},"associate_instance_type":"PORT""#,
            false,
            false,
        ),
        // Not bound, and found by the address that it is bound to.
        (r#""status":"DOWN","vnic":null"#, true, false),
        (r#""status":"FREEZED","vnic":null,"associate_instance_type":"null""#, true, false),
        (r#""status":"ACTIVE","vnic":null,"associate_instance_type":"NATGW""#, true, true),
        (r#""status":"ACTIVE","vnic":{"port_id":"n"}"#, true, true),
    ] {
        assert_eq!([of(&all(Resource::Eips), row).is_ok(), of(&found, row).is_ok()], [swept, searched], "{row}");
    }
}

#[test]
fn members_are_backends_of_each_balancer_they_name() {
    let body = r#"{"page_info":{},"members":[
        {"id":"m1","address":"10.0.0.1","protocol_port":80,"instance_id":"i","pool_id":"p","loadbalancers":[{"id":"l1"},{"id":"l2"}]},
        {"id":"m2","address":"10.0.0.2","protocol_port":443,"instance_id":"","pool_id":"p2","subnet_cidr_id":null},
        {"id":"m3","address":"10.0.0.3","loadbalancer_id":"l3","loadbalancers":null}]}"#;
    let page = answer(&all(Resource::Backends), 200, body).unwrap();
    let rows: Vec<String> = page
        .backends
        .iter()
        .map(|backend| match &backend.target {
            BackendTarget::Address { ip, instance, nic: None } => format!(
                "{} {ip} {} {}",
                backend.load_balancer,
                backend.port,
                instance.as_ref().map_or("-", InstanceId::as_str)
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(rows, ["l1 10.0.0.1 80 i", "l2 10.0.0.1 80 i", "p2 10.0.0.2 443 -", "l3 10.0.0.3  -"]);
    let nameless = answer(&all(Resource::Backends), 200, r#"{"members":[{"id":"m5","address":"10.0.0.5"}]}"#).unwrap();
    assert_eq!(nameless.backends[0].load_balancer.as_str(), "m5", "whose it is is not told, and it is somebody's");
    assert!(page.next.is_empty());
    // Where it sends to is not told.
    for row in [r#"{"id":"m4","address":""}"#, r#"{"id":"m4"}"#] {
        let body = format!(r#"{{"members":[{row}]}}"#);
        assert_eq!(answer(&all(Resource::Backends), 200, &body).unwrap_err().kind, FaultKind::Garbage);
    }
}

/// Two VPCs may hold the same address: the subnet tells them apart, and where none is told nobody knows.
#[test]
fn a_member_is_on_the_nic_of_its_subnet() {
    let nic = answer(&all(Resource::Nics), 200, PORTS).unwrap().nics.remove(0);
    assert_eq!(nic.ranges, ["213cb9d3".into()], "of IPv4");
    for (more, on, elsewhere) in [
        (r#""subnet_cidr_id":"213cb9d3""#, true, false),
        (r#""subnet_cidr_id":"another""#, false, false),
        (r#""subnet_cidr_id":null,"instance_id":"0f58c8dc""#, true, false),
        (r#""subnet_cidr_id":null,"instance_id":"another""#, false, false),
        (r#""subnet_cidr_id":null,"instance_id":"","member_type":"ip""#, true, true),
    ] {
        let body = format!(
            r#"{{"members":[{{"id":"m","address":"10.0.0.21","protocol_port":80,"loadbalancer_id":"l",{more}}}]}}"#
        );
        let backend = answer(&all(Resource::Backends), 200, &body).unwrap().backends.remove(0);
        assert_eq!(backend.is_on(&nic), on, "{more}");
        assert_eq!(on && backend.may_be_elsewhere(&nic), elsewhere, "{more}");
    }
}

#[test]
fn regions_have_names() {
    let body = r#"{"regions":[{"id":"cn-north-4","type":"public","locales":{"zh-cn":"华北-北京四","en-us":"CN North-Beijing4"}},{"id":"x","locales":null}]}"#;
    let page = answer(&Listing::all(Resource::Regions, None), 200, body).unwrap();
    let names: Vec<(&str, &str)> = page.regions.iter().map(|region| (region.id.as_str(), &*region.name)).collect();
    assert_eq!(names, [("cn-north-4", "CN North-Beijing4"), ("x", "x")]);
}

/// Whatever comes with a good status and is not the list that was asked for: never taken for an empty one.
#[test]
fn an_answer_that_says_nothing_is_garbage() {
    for resource in
        [Resource::Regions, Resource::Instances, Resource::Nics, Resource::Floats, Resource::Eips, Resource::Backends]
    {
        for body in
            ["", "{}", "[]", "null", "{\"ports\":null}", "<html>", "\u{feff}{}", "{\"ports\":[", "{\"ports\":7}"]
        {
            let fault = answer(&all(resource), 200, body).unwrap_err();
            assert_eq!(
                (fault.kind, fault.effect, fault.request_id.as_deref()),
                (FaultKind::Garbage, Effect::Nothing, Some("R-1")),
                "{resource:?} {body}"
            );
        }
        let flow = answer(&all(resource), 202, r#"{"error":{"code":"Common.0024","message":"slow"}}"#).unwrap_err();
        assert_eq!((flow.kind, flow.code.as_deref()), (FaultKind::Throttled, Some("Common.0024")));
    }
}

fn write(status: u16, body: &str) -> Result<Receipt, Fault> {
    write_of(OperationKind::Detach { nic: "n".into(), instance: "i".into() }, status, body)
}

fn write_of(kind: OperationKind, status: u16, body: &str) -> Result<Receipt, Fault> {
    let call = Call::Write { region: region(), kind, step: Step::default() };
    match decode(&call, &response(status, body))? {
        Reply::Accepted(receipt) => Ok(receipt),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_write_is_taken_by_its_body_not_by_its_status() {
    let id = Some("R-1".to_owned());
    assert_eq!(write(200, r#"{"job_id":"ff80"}"#), Ok(Receipt { request_id: id.clone(), task: Some("ff80".into()) }));
    let release = || OperationKind::Release { nic: "n".into(), ips: vec![] };
    for body in [r#"{"port_id":"n"}"#, r#"{"port":{"id":"n"}}"#] {
        assert_eq!(write_of(release(), 200, body), Ok(Receipt { request_id: id.clone(), task: None }), "{body}");
        assert_eq!(write(200, body).unwrap_err().effect, Effect::Unknown, "a detach has a job");
    }
    for body in ["{}", "[]", "[1]", "null", r#"{"job":1}"#] {
        assert_eq!(write_of(release(), 200, body).unwrap_err().effect, Effect::Unknown, "{body}");
    }
    assert_eq!(write(204, ""), Ok(Receipt { request_id: id.clone(), task: None }));
    assert_eq!(write(202, " "), Ok(Receipt { request_id: id, task: None }));
    let flow = write(202, r#"{"error":{"code":"Common.0024","message":"slow"}}"#).unwrap_err();
    assert_eq!((flow.kind, flow.effect), (FaultKind::Throttled, Effect::NothingRetry));
    for body in ["", "<html>", "7", "{\"job_id\":"] {
        let fault = write(200, body).unwrap_err();
        assert_eq!((fault.kind, fault.effect), (FaultKind::Garbage, Effect::Unknown), "{body}");
    }
}

fn task(body: &str) -> Result<TaskState, Fault> {
    match decode(&Call::Task { region: region(), task: "j".into() }, &response(200, body))? {
        Reply::Task(state) => Ok(state),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_job_that_failed_comes_with_a_good_status() {
    assert_eq!(
        task(r#"{"status":"SUCCESS","job_id":"j","error_code":null,"entities":{"sub_jobs":[{"status":"SUCCESS"}]}}"#),
        Ok(TaskState::Done)
    );
    assert_eq!(task(r#"{"status":"SUCCESS","entities":{"nic_id":"n"}}"#), Ok(TaskState::Done));
    for running in ["INIT", "RUNNING", "PENDING_PAYMENT", "TOMORROW"] {
        assert_eq!(task(&format!(r#"{{"status":"{running}","entities":null}}"#)), Ok(TaskState::Running));
    }
    for (body, code, reason) in [
        (
            r#"{"status":"FAIL","error_code":"Ecs.0507","fail_reason":"stop it first","entities":{}}"#,
            "Ecs.0507",
            "stop it first",
        ),
        (
            r#"{"status":"FAIL","entities":{"sub_jobs":[{"status":"SUCCESS"},{"status":"FAIL","error_code":"Ecs.1002","fail_reason":"late"}]}}"#,
            "Ecs.1002",
            "late",
        ),
        (
            r#"{"status":"SUCCESS","entities":{"sub_jobs":[{"status":"FAIL","error_code":"Ecs.0507","entities":{"errorcode_message":"part"}}]}}"#,
            "Ecs.0507",
            "part",
        ),
    ] {
        let Ok(TaskState::Failed(fault)) = task(body) else { panic!("{body}") };
        assert_eq!(
            (fault.code.as_deref(), fault.message.as_str(), fault.effect),
            (Some(code), reason, Effect::Unknown),
            "{body}"
        );
        assert_eq!(fault.request_id.as_deref(), Some("R-1"));
    }
    assert_eq!(task("{}").unwrap_err().kind, FaultKind::Garbage);
    assert_eq!(
        task(r#"{"code":"Common.0011","message":"no such job"}"#).unwrap_err().code.as_deref(),
        Some("Common.0011")
    );
}

fn sign_in(status: u16, token: Option<&str>, body: &str) -> Result<Session, Fault> {
    let mut response = response(status, body);
    response.headers.extend(token.map(|token| ("x-subject-token".to_owned(), token.to_owned())));
    match decode(&Call::SignIn { region: region(), by_name: false }, &response)? {
        Reply::Session(session) => Ok(session),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_is_a_token_with_its_end_or_only_the_regions_project() {
    let body = r#"{"token":{"expires_at":"2026-01-03T03:04:05.000000Z","project":{"id":"p1","name":"cn-north-4"},"catalog":[]}}"#;
    let session = sign_in(201, Some("MIIX"), body).unwrap();
    assert_eq!((session.project_id.as_deref(), session.expires_at), (Some("p1"), Some(Timestamp(1_767_409_445_000))));
    assert!(matches!(session.credential, Some(Credential::Bearer(_))));
    let projects = |names: &[(&str, &str)]| {
        let rows: Vec<Value> =
            names.iter().map(|(id, name)| json!({"id": id, "name": name, "enabled": true})).collect();
        json!({"projects": rows, "links": {}}).to_string()
    };
    let session = sign_in(200, None, &projects(&[("p0", "cn-north-4_sub"), ("p1", "cn-north-4")])).unwrap();
    assert_eq!(
        (session.project_id.as_deref(), session.credential.is_none(), session.expires_at),
        (Some("p1"), true, None)
    );
    for (rows, why) in [
        (&[][..], odd::NO_PROJECT),
        (&[("p", "elsewhere")], odd::NO_PROJECT),
        (&[("p1", "cn-north-4"), ("p2", "cn-north-4")], odd::SEVERAL_PROJECTS),
    ] {
        let fault = sign_in(200, None, &projects(rows)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotFound, "{rows:?}");
        assert_eq!(fault.message, odd::about(why, "cn-north-4"));
    }
    for (token, body) in
        [(Some("t"), "{}"), (Some("t"), r#"{"token":{"expires_at":"soon"}}"#), (None, "{}"), (None, "<html>")]
    {
        assert_eq!(sign_in(200, token, body).unwrap_err().kind, FaultKind::Garbage, "{body}");
    }
}

/// Vendor: `UpdatePort` answers the port's new state. What is not the list that was sent tells of another writer, or of nothing done.
#[test]
fn a_written_list_is_compared_with_the_one_that_was_answered() {
    let write = |sent: &str| {
        let step = Step { name: release::PORT, carry: Some(format!("vip-1 {sent}").into()), last: true };
        Call::Write { region: region(), kind: OperationKind::Release { nic: "n".into(), ips: vec![] }, step }
    };
    let told = |sent: &str, port: &str| decode(&write(sent), &response(200, &format!(r#"{{"port":{port}}}"#)));
    let (a, b) =
        (r#"{"ip_address":"10.0.0.2","mac_address":"FA:16:3e:00:00:02"}"#, r#"{"ip_address":"172.16.0.0/12"}"#);
    let lower = r#"{"ip_address":"10.0.0.2","mac_address":"fa:16:3e:00:00:02"}"#;
    let filled = r#"{"ip_address":"172.16.0.0/12","mac_address":"fa:16:3e:00:00:01"}"#;
    for (sent, port) in [
        (format!("[{a},{b}]"), format!(r#"{{"id":"vip-1","allowed_address_pairs":[{a},{b}]}}"#)),
        // The service fills a MAC in, and no order is promised.
        (format!("[{a},{b}]"), format!(r#"{{"allowed_address_pairs":[{filled},{lower}]}}"#)),
        ("[]".to_owned(), r#"{"id":"vip-1","allowed_address_pairs":[]}"#.to_owned()),
        ("[]".to_owned(), r#"{"id":"vip-1"}"#.to_owned()),
    ] {
        assert!(told(&sent, &port).is_ok(), "{sent} {port}");
    }
    for (sent, port) in [
        ("[]".to_owned(), format!(r#"{{"allowed_address_pairs":[{a}]}}"#)),
        (format!("[{a}]"), r#"{"allowed_address_pairs":[]}"#.to_owned()),
        (format!("[{a}]"), "{}".to_owned()),
        (format!("[{a}]"), format!(r#"{{"allowed_address_pairs":[{a},{a}]}}"#)),
        (
            format!("[{a}]"),
            r#"{"allowed_address_pairs":[{"ip_address":"10.0.0.2","mac_address":"fa:16:3e:00:00:09"}]}"#.to_owned(),
        ),
        (format!("[{a},{b}]"), format!(r#"{{"allowed_address_pairs":[{a},{a}]}}"#)),
        ("[]".to_owned(), r#"{"id":"vip-2","allowed_address_pairs":[]}"#.to_owned()),
    ] {
        let fault = told(&sent, &port).unwrap_err();
        assert_eq!((fault.effect, fault.request_id.as_deref()), (Effect::Unknown, Some("R-1")), "{sent} {port}");
    }
}

/// Bytes that nobody asked for: an answer is read or refused, and nothing panics.
#[test]
fn nothing_that_comes_makes_it_panic() {
    let bodies = [
        PORTS,
        r#"{"token":{}}"#,
        r#"{"projects":[{}]}"#,
        r#"{"status":7}"#,
        r#"{"members":[{"address":"x"}]}"#,
        r#"{"publicips":[{"vnic":{"private_ip_address":"x"}}]}"#,
        r#"{"servers":[[]]}"#,
        "\u{0}\u{ff}",
        "{\"error\":{\"code\":[]}}",
    ];
    let kind = OperationKind::Release { nic: "n".into(), ips: vec![] };
    let mut calls = vec![
        Call::write(region(), kind),
        Call::Task { region: region(), task: "j".into() },
        Call::SignIn { region: region(), by_name: false },
    ];
    calls.extend(
        [
            Resource::Regions,
            Resource::Instances,
            Resource::Nics,
            Resource::Floats,
            Resource::Eips,
            Resource::Backends,
            Resource::Limits,
        ]
        .map(|resource| Call::List(all(resource))),
    );
    for call in &calls {
        for status in [200, 201, 202, 204, 302, 400, 401, 404, 429, 500, 503] {
            for body in bodies {
                for cut in [body.len(), body.len() / 2] {
                    let bytes = body.as_bytes()[..cut].to_vec();
                    let _ = decode(call, &WireResponse { status, headers: vec![], body: bytes });
                }
            }
        }
    }
}
