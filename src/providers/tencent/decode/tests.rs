//! Answers as pages: what the vendor is loose about, and what must not be read as "there is none".

use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{address::BackendTarget, ids::LoadBalancerId},
    providers::{provider::Provider, tencent::Cloud},
};

fn listing(resource: Resource) -> Listing {
    Listing::all(resource, Some("ap-guangzhou".into()))
}

fn answer(members: Value) -> WireResponse {
    let mut members = members;
    members["RequestId"] = json!("id-1");
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    WireResponse { status: 200, headers, body: json!({ "Response": members }).to_string().into_bytes() }
}

fn read(listing: &Listing, members: Value) -> Result<InventoryPage, Fault> {
    match Cloud.decode(&Call::List(listing.clone()), &answer(members))? {
        Reply::Page(page) => Ok(page),
        other => panic!("{other:?}"),
    }
}

fn nics(rows: &Value) -> Result<Vec<Nic>, Fault> {
    let total = rows.as_array().map_or(0, Vec::len);
    Ok(read(&listing(Resource::Nics), json!({"TotalCount": total, "NetworkInterfaceSet": rows}))?.nics)
}

fn nic(row: Value) -> Nic {
    let mut row = row;
    row["NetworkInterfaceId"] = json!("eni-1");
    nics(&json!([row])).unwrap().remove(0)
}

/// Vendor: the example of the page.
#[test]
fn the_vendors_own_example_is_read() {
    let row = json!({
        "NetworkInterfaceId": "eni-f1xjkw1b", "NetworkInterfaceName": "main", "VpcId": "vpc-2kx9z6h3",
        "SubnetId": "subnet-nao8lfro", "Zone": "ap-guangzhou-2", "Primary": false, "State": "AVAILABLE",
        "MacAddress": "20:90:6F:F5:34:C7", "GroupSet": ["sg-c2r7lnxh"], "EniType": 1, "Business": "cvm",
        "PrivateIpAddressSet": [
            {"PrivateIpAddress": "192.168.0.13", "Primary": true, "PublicIpAddress": "", "IsWanIpBlocked": false,
             "State": "AVAILABLE", "Description": ""},
            {"PrivateIpAddress": "192.168.0.15", "Primary": false, "PublicIpAddress": "", "IsWanIpBlocked": false,
             "State": "AVAILABLE", "Description": ""}],
        "Ipv6AddressSet": [], "TagSet": [],
        "Attachment": {"InstanceId": "ins-ymk3eje8", "DeviceIndex": 1, "InstanceAccountId": "251153169",
                       "AttachTime": "2021-01-08 16:36:49"}});
    let nic = nics(&json!([row])).unwrap().remove(0);
    assert_eq!((nic.id.as_str(), &*nic.name), ("eni-f1xjkw1b", "main"));
    assert_eq!(nic.role, NicRole::Secondary, "whatever the number of the kind says");
    assert_eq!((&*nic.status.word, nic.status.state), ("AVAILABLE", NicState::Attached));
    assert_eq!(nic.instance.as_ref().map(InstanceId::as_str), Some("ins-ymk3eje8"));
    let roles: Vec<_> = nic.addresses.iter().map(|address| (address.ip.to_string(), address.role)).collect();
    let wanted = [("192.168.0.13", AddressRole::Primary), ("192.168.0.15", AddressRole::Secondary)];
    assert_eq!(roles, wanted.map(|(ip, role)| (ip.to_owned(), role)));
    assert_eq!((nic.managed_by, nic.public_ips.len()), (ManagedBy::Nobody, 0));
}

#[test]
fn a_nic_is_attached_by_its_attachment_and_never_by_its_state() {
    let state = |row: Value| {
        let nic = nic(row);
        (nic.status.word.to_string(), nic.status.state)
    };
    let on = json!({"InstanceId": "ins-1"});
    let address = |state: &str| json!([{"PrivateIpAddress": "10.0.0.1", "Primary": true, "State": state}]);
    for (row, word, wanted) in [
        (json!({"State": "AVAILABLE", "Attachment": on}), "AVAILABLE", NicState::Attached),
        (
            json!({"State": "AVAILABLE", "NetworkInterfaceState": "INUSE", "Attachment": on}),
            "INUSE",
            NicState::Attached,
        ),
        (json!({"State": "AVAILABLE", "Attachment": null}), "AVAILABLE", NicState::Free),
        // Nobody says whether it is on one.
        (json!({"State": "AVAILABLE"}), "AVAILABLE", NicState::Other),
        (json!({"State": "AVAILABLE", "Attachment": {"InstanceId": ""}}), "AVAILABLE", NicState::Free),
        (json!({"State": "AVAILABLE", "NetworkInterfaceState": "INUSE"}), "INUSE", NicState::Other),
        (json!({"State": "DETACHING", "Attachment": on}), "DETACHING", NicState::Detaching),
        (json!({"State": "ATTACHING"}), "ATTACHING", NicState::Attaching),
        (json!({"State": "PENDING"}), "PENDING", NicState::Changing),
        (json!({"State": "DELETING", "NetworkInterfaceState": "INUSE"}), "DELETING", NicState::Changing),
        (json!({"State": "SLEEPING", "Attachment": on}), "SLEEPING", NicState::Other),
        (json!({"Attachment": on}), "", NicState::Other),
        // An address that moves is a task on the NIC.
        (
            json!({"State": "AVAILABLE", "Attachment": on, "PrivateIpAddressSet": address("DELETING")}),
            "DELETING",
            NicState::Changing,
        ),
        (
            json!({"State": "AVAILABLE", "Attachment": on, "PrivateIpAddressSet": address("MIGRATING")}),
            "MIGRATING",
            NicState::Changing,
        ),
        (
            json!({"State": "AVAILABLE", "Attachment": on, "PrivateIpAddressSet": address("ODD")}),
            "ODD",
            NicState::Other,
        ),
        (
            json!({"State": "AVAILABLE", "Attachment": on, "PrivateIpAddressSet": address("")}),
            "AVAILABLE",
            NicState::Attached,
        ),
        // One that does not tell may be moving: there is no word for the NIC's state then.
        (
            json!({"State": "AVAILABLE", "Attachment": on, "PrivateIpAddressSet": [{"PrivateIpAddress": "10.0.0.1"}]}),
            "",
            NicState::Attached,
        ),
        (
            json!({"State": "AVAILABLE", "Attachment": on, "PrivateIpAddressSet": [], "Ipv6AddressSet": [{"Address": "2001:db8::1"}]}),
            "",
            NicState::Attached,
        ),
    ] {
        assert_eq!(state(row.clone()), (word.to_owned(), wanted), "{row}");
    }
}

#[test]
fn what_does_not_say_that_it_is_secondary_may_be_primary() {
    for (primary, role) in
        [(json!(true), NicRole::Primary), (json!(false), NicRole::Secondary), (Value::Null, NicRole::Primary)]
    {
        assert_eq!(nic(json!({"Primary": primary})).role, role);
    }
    let of = |entry: Value| nic(json!({"PrivateIpAddressSet": [entry]})).addresses[0].role;
    assert_eq!(of(json!({"PrivateIpAddress": "10.0.0.1"})), AddressRole::Primary);
    assert_eq!(of(json!({"PrivateIpAddress": "10.0.0.1", "Primary": false})), AddressRole::Secondary);
    let both = nic(json!({
        "PrivateIpAddressSet": [{"PrivateIpAddress": "10.0.0.2", "Primary": false}, {"PrivateIpAddress": "10.0.0.1", "Primary": true}],
        "Ipv6AddressSet": [{"Address": "2001:db8::1"}]}));
    let ips: Vec<String> = both.addresses.iter().map(|address| address.ip.to_string()).collect();
    assert_eq!(ips, ["10.0.0.1", "10.0.0.2", "2001:db8::1"], "its own first, IPv6 last");
}

#[test]
fn owners_are_told_by_product_resource_and_what_a_cluster_leaves() {
    let service = |who: &str| ManagedBy::Service(who.into());
    let controller = |who: &str| ManagedBy::Controller(who.into());
    for (row, wanted) in [
        (json!({"Business": "cvm", "TagSet": []}), ManagedBy::Nobody),
        (json!({"Business": "cvm", "TagSet": null}), ManagedBy::Nobody),
        (json!({"Business": "cvm"}), ManagedBy::Unknown),
        (json!({"Business": "eks"}), service("eks")),
        (json!({"Business": "cvm", "ResourceId": "cls-1"}), service("cls-1")),
        (json!({}), ManagedBy::Unknown),
        (
            json!({"Business": "cvm", "TagSet": [{"Key": "tke-clusterId", "Value": "cls-2"}]}),
            controller("tke-clusterId=cls-2"),
        ),
        (json!({"Business": "cvm", "TagSet": [{"Key": "team"}]}), ManagedBy::Unknown),
        (json!({"Business": "cvm", "TagSet": [{"Key": "team"}, {"Key": "k8s.io/cls"}]}), controller("k8s.io/cls")),
        (json!({"Business": "cvm", "NetworkInterfaceDescription": "pods of k8s"}), controller("pods of k8s")),
        (json!({"Business": "cvm", "NetworkInterfaceDescription": "stakes", "TagSet": []}), ManagedBy::Nobody),
    ] {
        assert_eq!(nic(row.clone()).managed_by, wanted, "{row}");
    }
}

#[test]
fn a_public_address_counts_where_it_is_an_eip() {
    let with = |eip: Value| {
        let entry = json!({"PrivateIpAddress": "10.0.0.1", "Primary": true, "PublicIpAddress": "203.0.113.1", "AddressId": eip});
        nic(json!({"PrivateIpAddressSet": [entry]})).public_ips.len()
    };
    assert_eq!((with(json!("eip-1")), with(json!("")), with(Value::Null)), (1, 0, 0));
}

#[test]
fn a_list_that_says_nothing_is_no_empty_list() {
    let nics = listing(Resource::Nics);
    for members in [
        json!({}),
        json!({"TotalCount": 3}),
        json!({"TotalCount": 3, "NetworkInterfaceSet": []}),
        json!({"TotalCount": 0, "NetworkInterfaceSet": null}),
        json!({"TotalCount": 1, "NetworkInterfaceSet": [{"NetworkInterfaceId": ""}]}),
        json!({"TotalCount": 1, "NetworkInterfaceSet": [{"State": "AVAILABLE"}]}),
        json!({"TotalCount": 1, "NetworkInterfaceSet": [{"NetworkInterfaceId": "eni-1", "PrivateIpAddressSet": [{"PrivateIpAddress": "ten"}]}]}),
    ] {
        let fault = read(&nics, members.clone()).expect_err("an answer that says nothing");
        assert_eq!((fault.kind, fault.effect), (FaultKind::Garbage, Effect::Nothing), "{members}");
    }
    assert_eq!(read(&nics, json!({"TotalCount": 0, "NetworkInterfaceSet": []})).unwrap(), InventoryPage::default());
    for (resource, member) in [
        (Resource::Instances, "InstanceSet"),
        (Resource::Eips, "AddressSet"),
        (Resource::Backends, "LoadBalancerSet"),
        (Resource::Regions, "RegionSet"),
    ] {
        assert!(read(&listing(resource), json!({})).is_err(), "{member}");
        assert!(read(&listing(resource), json!({"TotalCount": 0, member: []})).is_ok(), "{member}");
    }
    // The search answers with the list it is about, or it has not answered.
    let search =
        Listing { part: super::super::part::SEARCH, scope: Scope::Nic("eni-1".into()), ..listing(Resource::Backends) };
    assert!(read(&search, json!({})).is_err());
    assert_eq!(read(&search, json!({"LoadBalancers": []})).unwrap(), InventoryPage::default());
}

#[test]
fn a_nic_that_is_gone_is_no_fault_and_another_one_is() {
    let own = Listing { scope: Scope::Nic("eni-1".into()), ..listing(Resource::Nics) };
    let gone = json!({"Error": {"Code": "ResourceNotFound", "Message": ""}});
    assert_eq!(read(&own, gone.clone()).unwrap(), InventoryPage::default());
    // A whole list is not gone.
    assert_eq!(read(&listing(Resource::Nics), gone).expect_err("a list").kind, FaultKind::NotFound);
    let other = json!({"TotalCount": 1, "NetworkInterfaceSet": [{"NetworkInterfaceId": "eni-2"}]});
    assert_eq!(read(&own, other).expect_err("another NIC").kind, FaultKind::Garbage);
    // Vendor: a NIC that is deleted is refused or left out.
    assert_eq!(read(&own, json!({"TotalCount": 0, "NetworkInterfaceSet": []})).unwrap(), InventoryPage::default());
    for members in [json!({"NetworkInterfaceSet": []}), json!({"TotalCount": 1, "NetworkInterfaceSet": []})] {
        assert_eq!(read(&own, members).expect_err("neither there nor gone").kind, FaultKind::Garbage);
    }
    // A NIC has an address of its own: a record without any does not say that those it had are gone.
    for set in [json!(null), json!([])] {
        let row = json!({"NetworkInterfaceId": "eni-1", "State": "AVAILABLE", "PrivateIpAddressSet": set});
        let members = json!({"TotalCount": 1, "NetworkInterfaceSet": [row]});
        assert_eq!(read(&own, members).expect_err("no addresses").kind, FaultKind::Garbage);
    }
}

/// More matches than a page: none of them may be left out of "known".
#[test]
fn a_search_with_many_matches_goes_on() {
    let search = Listing {
        part: super::super::part::EIPS_OF_FLOATS,
        scope: Scope::Group("10.0.0.9".into()),
        carry: Some("kept".into()),
        ..listing(Resource::Eips)
    };
    let page = |listing: &Listing, count: usize, total: Value| {
        let rows: Vec<Value> = (0..count).map(|n| json!({"AddressId": format!("eip-{n}")})).collect();
        read(listing, json!({"TotalCount": total, "AddressSet": rows})).unwrap().next
    };
    let second = Listing { cursor: Cursor::Page(2), ..search.clone() };
    assert_eq!(page(&search, 100, json!(230)), std::slice::from_ref(&second));
    assert_eq!(page(&search, 100, Value::Null), std::slice::from_ref(&second));
    assert_eq!(page(&second, 100, json!(230)), [Listing { cursor: Cursor::Page(3), ..search.clone() }]);
    let third = Listing { cursor: Cursor::Page(3), ..search.clone() };
    assert_eq!((page(&third, 30, json!(230)), page(&search, 100, json!(100))), (vec![], vec![]));
}

#[test]
fn the_first_page_asks_for_all_others_and_a_list_that_shifts_is_read_again() {
    let page = |listing: &Listing, total: u64| {
        let rows: Vec<Value> = (0..100).map(|n| json!({"NetworkInterfaceId": format!("eni-{n}")})).collect();
        read(listing, json!({"TotalCount": total, "NetworkInterfaceSet": rows})).unwrap().next
    };
    let numbers = |next: &[Listing]| next.iter().map(encode::page).collect::<Vec<_>>();
    let root = listing(Resource::Nics);
    let next = page(&root, 350);
    assert_eq!(numbers(&next), [2, 3, 4]);
    // The same count: nothing shifted.
    assert_eq!(page(&next[1], 350), []);
    // Another one: all of it again, the same from whichever page it was seen.
    let again = page(&next[1], 349);
    assert_eq!(numbers(&again), [1, 2, 3, 4]);
    assert_eq!(again, page(&next[2], 349));
    assert_eq!(page(&again[0], 349), []);
    let third = page(&again[0], 350);
    assert_eq!(numbers(&third), [1, 2, 3, 4]);
    assert_eq!(page(&third[1], 350), []);
    // Not for ever: and then it is not the whole list.
    let rows: Vec<Value> = (0..100).map(|n| json!({"NetworkInterfaceId": format!("eni-{n}")})).collect();
    let shifts = read(&third[0], json!({"TotalCount": 351, "NetworkInterfaceSet": rows})).expect_err("it still shifts");
    assert_eq!(shifts.kind, FaultKind::Garbage);
    // Without a count the page's length tells.
    let rows: Vec<Value> = (0..100).map(|n| json!({"NetworkInterfaceId": format!("eni-{n}")})).collect();
    let full = read(&root, json!({"NetworkInterfaceSet": rows})).unwrap();
    assert_eq!(numbers(&full.next), [2]);
}

#[test]
fn instances_are_between_states_while_an_operation_is_under_way() {
    let power = |row: Value| {
        let mut row = row;
        row["InstanceId"] = json!("ins-1");
        let page = read(&listing(Resource::Instances), json!({"TotalCount": 1, "InstanceSet": [row]})).unwrap();
        let power = page.instances[0].power.clone();
        (power.word.to_string(), power.state)
    };
    for (row, word, state) in [
        (json!({"InstanceState": "RUNNING", "LatestOperationState": "SUCCESS"}), "RUNNING", PowerState::Running),
        (json!({"InstanceState": "RUNNING", "LatestOperationState": null}), "RUNNING", PowerState::Running),
        (json!({"InstanceState": "STOPPED"}), "STOPPED", PowerState::Stopped),
        (json!({"InstanceState": "RESCUE_MODE"}), "RESCUE_MODE", PowerState::Changing),
        (json!({"InstanceState": "SHUTDOWN"}), "SHUTDOWN", PowerState::Gone),
        (json!({"InstanceState": "DREAMING"}), "DREAMING", PowerState::Other),
        (json!({}), "", PowerState::Other),
        (
            json!({"InstanceState": "RUNNING", "LatestOperation": "ResizeInstance", "LatestOperationState": "OPERATING"}),
            "RUNNING, ResizeInstance",
            PowerState::Changing,
        ),
    ] {
        assert_eq!(power(row.clone()), (word.to_owned(), state), "{row}");
    }
}

#[test]
fn eips_are_bound_to_nics_instances_or_elsewhere() {
    let bound = |row: Value| {
        let mut row = row;
        row["AddressId"] = json!("eip-1");
        let page = read(&listing(Resource::Eips), json!({"TotalCount": 1, "AddressSet": [row]})).unwrap();
        page.eips[0].bound.clone()
    };
    let ip = Some("10.0.0.1".parse().unwrap());
    for (row, wanted) in [
        (json!({"InstanceId": null, "NetworkInterfaceId": null, "PrivateAddressIp": null}), EipBinding::Unbound),
        (json!({}), EipBinding::Unbound),
        (
            json!({"InstanceId": "ins-1", "NetworkInterfaceId": "eni-1", "PrivateAddressIp": "10.0.0.1"}),
            EipBinding::Nic { nic: "eni-1".into(), private_ip: ip },
        ),
        (
            json!({"InstanceId": "ins-1", "InstanceType": "CVM", "PrivateAddressIp": "10.0.0.1"}),
            EipBinding::Instance { instance: "ins-1".into(), private_ip: ip },
        ),
        (
            json!({"InstanceId": "havip-1", "InstanceType": "HAVIP", "PrivateAddressIp": "10.0.0.1"}),
            EipBinding::Float { float: "havip-1".into(), ip: "10.0.0.1".parse().unwrap() },
        ),
        (json!({"InstanceId": "nat-1", "InstanceType": "NAT"}), EipBinding::Elsewhere),
    ] {
        assert_eq!(bound(row.clone()), wanted, "{row}");
    }
}

#[test]
fn virtual_addresses_name_who_is_in_their_range() {
    let row = json!({"HaVipId": "havip-1", "HaVipName": "db", "Vip": "10.0.0.9", "SubnetId": "subnet-1", "Business": "",
        "NetworkInterfaceId": "eni-1", "InstanceId": "ins-1", "HaVipAssociationSet": [
            {"HaVipId": "havip-1", "InstanceId": "eni-1", "InstanceType": "ENI"},
            {"HaVipId": "havip-1", "InstanceId": "ins-2", "InstanceType": "CVM"}]});
    let floats = read(&listing(Resource::Floats), json!({"TotalCount": 1, "HaVipSet": [row]})).unwrap().floats;
    let named: Vec<&str> = floats[0].pairs.iter().map(|pair| &*pair.ip).collect();
    assert_eq!((named, &floats[0].owner), (vec!["eni-1", "ins-2"], &None));
    assert!(read(&listing(Resource::Floats), json!({"TotalCount": 1})).is_err());
    let whole = json!({"HaVipId": "havip-2", "Vip": "10.0.0.9", "NetworkInterfaceId": "", "InstanceId": "ins-3", "HaVipAssociationSet": []});
    let floats = read(&listing(Resource::Floats), json!({"TotalCount": 1, "HaVipSet": [whole]})).unwrap().floats;
    assert_eq!(&*floats[0].pairs[0].ip, "ins-3", "by a NIC that is not told");
    let nowhere = json!({"TotalCount": 1, "HaVipSet": [{"HaVipId": "havip-1", "NetworkInterfaceId": "eni-1"}]});
    assert!(read(&listing(Resource::Floats), nowhere).is_err(), "one without its address can not be left out");
}

#[test]
fn targets_of_all_listeners_become_backends() {
    let targets = Listing {
        part: super::super::part::TARGETS,
        scope: Scope::LoadBalancer("lb-1".into()),
        carry: Some(r#"{"name":"web","vpc":"vpc-1"}"#.into()),
        ..listing(Resource::Backends)
    };
    let page = read(
        &targets,
        json!({"Listeners": [
            {"Protocol": "TCP", "Port": 80, "EndPort": 0, "Rules": null, "Targets": [
                {"Type": "CVM", "InstanceId": "ins-1", "EniId": null, "PrivateIpAddresses": ["10.0.0.1"], "PublicIpAddresses": null},
                {"Type": "ENI", "InstanceId": "ins-1", "EniId": "eni-2", "PrivateIpAddresses": ["10.0.0.2"]}]},
            {"Protocol": "UDP", "Port": 9000, "EndPort": 9010, "Targets": [
                {"Type": "CCN", "InstanceId": "", "EniId": "", "PrivateIpAddresses": ["10.9.0.3"]}]},
            {"Protocol": "HTTPS", "Port": 443, "Targets": null, "Rules": [
                {"Targets": [{"Type": "ENI", "EniId": "eni-4", "PrivateIpAddresses": ["10.0.0.4"]}]}, {"Targets": null}]}]}),
    );
    let backends = page.unwrap().backends;
    let shown: Vec<String> = backends
        .iter()
        .map(|backend| {
            let BackendTarget::Address { ip, instance, nic } = &backend.target else { panic!("{backend:?}") };
            let id = |id: Option<&str>| id.unwrap_or("-").to_owned();
            format!(
                "{} {} {ip} {} {} {}",
                backend.port,
                backend.name,
                id(instance.as_ref().map(InstanceId::as_str)),
                id(nic.as_ref().map(crate::domain::ids::NicId::as_str)),
                id(backend.vpc.as_deref())
            )
        })
        .collect();
    let wanted = [
        "TCP:80 web 10.0.0.1 ins-1 - -",
        "TCP:80 web 10.0.0.2 - eni-2 -",
        "UDP:9000-9010 web 10.9.0.3 - - vpc-1",
        "HTTPS:443 web 10.0.0.4 - eni-4 -",
    ];
    assert_eq!(shown, wanted);
    assert!(backends.iter().all(|backend| backend.load_balancer == LoadBalancerId::from("lb-1")));
    let gone = json!({"Error": {"Code": "InvalidParameter.LBIdNotFound", "Message": ""}});
    assert_eq!(read(&targets, gone).unwrap(), InventoryPage::default());
}

#[test]
fn receipts_name_their_task_and_tasks_end() {
    let write = |kind| Call::write("ap-guangzhou".into(), kind);
    let release = write(crate::domain::plan::OperationKind::Release { nic: "eni-1".into(), ips: vec![] });
    let Ok(Reply::Accepted(receipt)) = Cloud.decode(&release, &answer(json!({}))) else { panic!("a receipt") };
    assert_eq!((receipt.request_id.as_deref(), receipt.task.as_deref()), (Some("id-1"), Some("id-1")));
    let Ok(Reply::Accepted(receipt)) = Cloud.decode(&release, &answer(json!({"TaskId": "61531411"}))) else {
        panic!("a receipt")
    };
    let call = Cloud.task(&"ap-guangzhou".into(), &receipt).unwrap();
    assert_eq!(call, Call::Task { region: "ap-guangzhou".into(), task: "eip:61531411".into() });

    let task = |task: &str| Call::Task { region: "ap-guangzhou".into(), task: task.into() };
    let of = |call: &Call, members: Value| Cloud.decode(call, &answer(members));
    assert_eq!(of(&task("t"), json!({"Status": "RUNNING"})), Ok(Reply::Task(TaskState::Running)));
    assert_eq!(of(&task("t"), json!({"Status": "SUCCESS"})), Ok(Reply::Task(TaskState::Done)));
    assert_eq!(of(&task("eip:1"), json!({"TaskId": 1, "Result": "SUCCESS"})), Ok(Reply::Task(TaskState::Done)));
    let Ok(Reply::Task(TaskState::Failed(fault))) = of(&task("t-9"), json!({"Status": "FAILED", "Output": "why"}))
    else {
        panic!("failed")
    };
    assert_eq!((fault.code.as_deref(), fault.message.as_str()), (Some("FAILED"), "why"));
    assert_eq!((fault.request_id.as_deref(), fault.effect), (Some("t-9"), Effect::Unknown));
    for odd in [json!({}), json!({"Status": "NAPPING"}), json!({"Status": 3})] {
        assert_eq!(of(&task("t"), odd).expect_err("no state").kind, FaultKind::Garbage);
    }
}

/// A list does not end with the pages that one reply may ask for.
#[test]
fn a_list_of_more_than_a_thousand_pages_is_read_to_its_end() {
    let next = |listing: &Listing| next_pages(listing, 100, Some(100_150), 100, |what| panic!("{what}")).unwrap();
    let first = next(&Listing::all(Resource::Nics, Some("r".into())));
    assert_eq!((first.len(), next(&first[0])), (999, Vec::new()));
    let pages: Vec<Cursor> = next(first.last().unwrap()).into_iter().map(|listing| listing.cursor).collect();
    assert_eq!(pages, [Cursor::Page(1001), Cursor::Page(1002)]);
}
