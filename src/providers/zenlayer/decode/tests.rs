#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{ids::NicId, plan::OperationKind},
    providers::zenlayer::listings,
};

fn response(body: &Value) -> WireResponse {
    WireResponse { status: 200, headers: vec![], body: body.to_string().into_bytes() }
}

fn answer(inner: Value) -> WireResponse {
    response(&json!({"requestId": "T1", "response": inner}))
}

fn listing(resource: Resource) -> Listing {
    let part = if resource == Resource::Backends { part::BALANCERS } else { "" };
    Listing { part, ..Listing::all(resource, Some("asia-east-1".into())) }
}

fn page_of(listing: &Listing, response: &WireResponse) -> InventoryPage {
    match decode(&Call::List(listing.clone()), response) {
        Ok(Reply::Page(page)) => page,
        other => panic!("no page: {other:?}"),
    }
}

fn fault_of(call: &Call, response: &WireResponse) -> Fault {
    decode(call, response).unwrap_err()
}

fn one_nic(item: Value) -> Nic {
    let page = page_of(&listing(Resource::Nics), &answer(json!({"totalCount": 1, "dataSet": [item]})));
    assert_eq!(page.nics.len(), 1);
    page.nics.into_iter().next().unwrap()
}

/// The vendor's example of `DescribeNetworkInterfaces`.
fn full_nic() -> Value {
    json!({"nicId":"1200000000000000001","name":"web-1-nic1","status":"USED","nicType":"Secondary","regionId":"asia-east-1",
        "nicSubnetType":"IPv4","publicIpList":["198.51.100.7"],"privateIpList":["10.0.0.11","10.0.0.12","10.0.0.13"],
        "primaryIpv4":"10.0.0.11","primaryIpv6":"2001:db8::1","ipv6Cidr":null,"secondaryIpv4s":["10.0.0.12","10.0.0.13"],
        "macAddress":"fa:16:3e:00:00:01","instanceId":"1100000000000000001","vpcId":"vpc-1","subnetId":"sub-1",
        "createTime":"2025-07-16T01:26:39Z","updateTime":"2025-07-16T01:26:39Z",
        "resourceGroup":{"resourceGroupId":"rg","resourceGroupName":"Default"},"securityGroupId":"sg-1",
        "tags":{"tags":[{"key":"team","value":"web"}]},"someday":{"new":[1,2]}})
}

fn full_nic_12() -> Value {
    let mut nic = full_nic();
    nic["nicId"] = json!("12");
    nic
}

fn full_instance() -> Value {
    json!({"instanceId":"1100000000000000001","instanceName":"web-1","zoneId":"asia-east-1a","instanceType":"z2a.cpu.4","cpu":4,
        "status":"RUNNING","systemDisk":{"diskId":"d"},"dataDisks":[],"keyId":null,"enableAgent":true,
        "nics":[{"nicId":"12","regionId":"asia-east-1"}],"tags":{"tags":[]},"loadBalancerIds":["1300000000000000001"]})
}

fn roles(nic: &Nic) -> Vec<(String, AddressRole)> {
    nic.addresses.iter().map(|address| (address.ip.to_string(), address.role)).collect()
}

#[test]
fn a_whole_nic_is_read() {
    let nic = one_nic(full_nic());
    assert_eq!(nic.id, NicId::from("1200000000000000001"));
    assert_eq!(&*nic.name, "web-1-nic1");
    assert_eq!(nic.region.as_str(), "asia-east-1");
    assert_eq!((nic.role, nic.status.state, &*nic.status.word), (NicRole::Secondary, NicState::Attached, "USED"));
    assert_eq!(nic.instance, Some("1100000000000000001".into()));
    assert_eq!(nic.mac.as_deref(), Some("fa:16:3e:00:00:01"));
    assert_eq!((nic.vpc.as_deref(), nic.subnet.as_deref()), (Some("vpc-1"), Some("sub-1")));
    assert_eq!(nic.security_groups, [Arc::from("sg-1")]);
    assert_eq!(nic.public_ips, [Arc::from("198.51.100.7")]);
    assert_eq!(nic.managed_by, ManagedBy::Nobody);
    assert_eq!(nic.tags, vec![("team".into(), "web".into())].into());
    let of = |ip: &str, role| Address { ip: ip.parse().unwrap(), role };
    assert_eq!(
        nic.addresses,
        [
            of("10.0.0.11", AddressRole::Primary),
            of("10.0.0.12", AddressRole::Secondary),
            of("10.0.0.13", AddressRole::Secondary),
            of("2001:db8::1", AddressRole::Ipv6),
        ]
    );
}

#[test]
fn addresses_are_found_in_old_and_new_answers() {
    use AddressRole::{Ipv6, Primary, Secondary};
    let of = |primary: Value, secondary: Value, list: Value| {
        let mut item = json!({"nicId": "12"});
        for (name, value) in [("primaryIpv4", primary), ("secondaryIpv4s", secondary), ("privateIpList", list)] {
            if value != json!("missing") {
                item[name] = value;
            }
        }
        roles(&one_nic(item))
    };
    let missing = || json!("missing");
    let three = vec![("10.0.0.1".into(), Primary), ("10.0.0.2".into(), Secondary), ("10.0.0.3".into(), Secondary)];
    assert_eq!(of(json!("10.0.0.1"), json!(["10.0.0.2", "10.0.0.3"]), missing()), three);
    for none in [missing(), json!(null), json!([])] {
        let primary = if none == json!([]) { json!(null) } else { none.clone() };
        assert_eq!(of(primary, none, json!(["10.0.0.1", "10.0.0.2", "10.0.0.3"])), three, "the list alone");
    }
    // The primary one need not be the first of the list when it is named.
    assert_eq!(
        of(json!("10.0.0.2"), json!(["10.0.0.1"]), json!(["10.0.0.1", "10.0.0.2"])),
        [("10.0.0.2".into(), Primary), ("10.0.0.1".into(), Secondary)]
    );
    assert_eq!(
        of(json!(null), json!(["10.0.0.1"]), json!(["10.0.0.1", "10.0.0.2"])),
        [("10.0.0.2".into(), Primary), ("10.0.0.1".into(), Secondary)],
        "what is named secondary is not the primary one"
    );
    assert_eq!(of(json!(null), json!(["10.0.0.2"]), json!(null)), [("10.0.0.2".into(), Secondary)]);
    assert_eq!(
        of(json!(null), json!(null), json!(["2001:db8::5"])),
        [("2001:db8::5".into(), Ipv6)],
        "an IPv6-only NIC"
    );
    assert_eq!(of(json!(null), json!([null, ""]), json!([])), []);
}

/// What it does not tell a write would pass for done by.
#[test]
fn a_record_that_loses_addresses_is_not_read() {
    let own = Listing { scope: Scope::Nic("12".into()), ..listing(Resource::Nics) };
    let fault = |listing: &Listing, item: &Value| {
        let response = answer(json!({"totalCount": 1, "dataSet": [item]}));
        decode(&Call::List(listing.clone()), &response).err().map(|fault| fault.kind)
    };
    let of = |change: &dyn Fn(&mut Value)| {
        let mut item = full_nic();
        item["nicId"] = json!("12");
        change(&mut item);
        item
    };
    let garbage = Some(FaultKind::Garbage);
    // An address that is none costs the page, wherever it stands.
    for name in ["privateIpList", "secondaryIpv4s"] {
        let item = of(&|item| item[name] = json!(["10.0.0.11", "10.0.0"]));
        assert_eq!([fault(&own, &item), fault(&listing(Resource::Nics), &item)], [garbage, garbage], "{name}");
    }
    for name in ["primaryIpv4", "primaryIpv6"] {
        assert_eq!(fault(&own, &of(&|item| item[name] = json!("?"))), garbage, "{name}");
    }
    let lists = |item: &mut Value, list: Value, named: Value| {
        item["privateIpList"] = list;
        item["secondaryIpv4s"] = named;
    };
    let null = || Value::Null;
    for (item, read) in [
        (of(&|_| ()), true),
        (of(&|item| lists(item, null(), json!([]))), true),
        (of(&|item| lists(item, json!(["10.0.0.11"]), null())), true),
        // Its own address alone is told, and not that it is the only one.
        (of(&|item| lists(item, null(), null())), false),
        (
            of(&|item| {
                lists(item, json!([]), json!([]));
                item["primaryIpv4"] = null();
            }),
            false,
        ),
        (
            of(&|item| {
                lists(item, null(), null());
                item["nicSubnetType"] = json!("IPv6");
                item["primaryIpv4"] = null();
            }),
            true,
        ),
        (json!({"nicId": "12", "status": "PENDING"}), true),
        (json!({"nicId": "12", "status": "USED"}), false),
    ] {
        assert_eq!(fault(&own, &item), (!read).then_some(FaultKind::Garbage), "{item}");
        assert_eq!(fault(&listing(Resource::Nics), &item), None, "a list is about all the others as well: {item}");
    }
    // Gone is what is said to be gone.
    let none = |body: Value| decode(&Call::List(own.clone()), &answer(body)).map_err(|fault| fault.kind);
    assert_eq!(none(json!({"totalCount": 0, "dataSet": []})), Ok(Reply::Page(InventoryPage::default())));
    for body in [json!({"dataSet": []}), json!({"totalCount": null, "dataSet": []})] {
        assert_eq!(none(body.clone()), Err(FaultKind::Garbage), "{body}");
    }
}

#[test]
fn backends_that_are_not_told_are_not_none() {
    let of = Listing { part: part::BACKENDS, scope: Scope::LoadBalancer("13".into()), ..listing(Resource::Backends) };
    let read = |body: Value| decode(&Call::List(of.clone()), &answer(body)).map_err(|fault| fault.kind);
    assert_eq!(read(json!({"backends": []})), Ok(Reply::Page(InventoryPage::default())));
    for body in [json!({}), json!({"backends": null}), json!({"backends": [{"privateIpAddress": "ten"}]})] {
        assert_eq!(read(body.clone()), Err(FaultKind::Garbage), "{body}");
    }
}

#[test]
fn status_words_have_a_common_meaning_and_new_ones_none() {
    for (word, state) in [
        ("PENDING", NicState::Changing),
        ("AVAILABLE", NicState::Free),
        ("ATTACHING", NicState::Attaching),
        ("USED", NicState::Attached),
        ("DETACHING", NicState::Detaching),
        ("DELETING", NicState::Changing),
        ("CREATE_FAILED", NicState::Failed),
        ("DREAMING", NicState::Other),
        ("", NicState::Other),
    ] {
        let nic = one_nic(json!({"nicId": "12", "status": word}));
        assert_eq!((nic.status.state, &*nic.status.word), (state, word));
    }
    for (word, state) in [
        ("RUNNING", PowerState::Running),
        ("STOPPED", PowerState::Stopped),
        ("REBOOT", PowerState::Changing),
        ("BOOTING", PowerState::Changing),
        ("RESIZING", PowerState::Changing),
        ("RECYCLE", PowerState::Gone),
        ("CREATE_FAILED", PowerState::Gone),
        ("REINSTALL_FAILED", PowerState::Other),
        ("DREAMING", PowerState::Other),
    ] {
        let item = json!({"instanceId": "11", "zoneId": "asia-east-1a", "status": word});
        let page = page_of(&listing(Resource::Instances), &answer(json!({"totalCount": 1, "dataSet": [item]})));
        assert_eq!((page.instances[0].power.state, &*page.instances[0].power.word), (state, word));
    }
    let trunk = one_nic(json!({"nicId": "12", "nicType": "Trunk"}));
    assert_eq!(trunk.role, NicRole::Other("Trunk".into()));
}

#[test]
fn a_cluster_leaves_its_tags() {
    for (key, managed) in [
        ("kubernetes.io/cluster/prod", ManagedBy::Controller("kubernetes.io/cluster/prod".into())),
        ("K8S-node", ManagedBy::Controller("K8S-node".into())),
        ("team", ManagedBy::Nobody),
    ] {
        let nic = one_nic(
            json!({"nicId": "12", "tags": {"tags": [{"key": "a", "value": null}, {"key": key, "value": "x"}]}}),
        );
        assert_eq!(nic.managed_by, managed);
    }
    for (tags, managed) in [
        (json!(null), ManagedBy::Nobody),
        (json!({"tags": []}), ManagedBy::Nobody),
        (json!("odd"), ManagedBy::Unknown),
        (json!({"tags": [{"key": "team"}, {"value": "x"}]}), ManagedBy::Unknown),
        (json!({"tags": [{"key": "k8s-node"}, {"value": "x"}]}), ManagedBy::Controller("k8s-node".into())),
    ] {
        assert_eq!(one_nic(json!({"nicId": "12", "tags": tags})).managed_by, managed, "{tags}");
    }
    assert_eq!(one_nic(json!({"nicId": "12"})).managed_by, ManagedBy::Unknown, "nothing was said");
}

#[test]
fn every_field_may_be_missing_null_or_empty() {
    let samples = [
        (Resource::Nics, full_nic()),
        (Resource::Instances, full_instance()),
        (
            Resource::Eips,
            json!({"eipId":"14","name":"e","regionId":"asia-east-1","status":"BINDED","publicIpAddresses":["203.0.113.7"],
                "privateIpAddress":"10.0.0.12","associatedType":"NIC","associatedId":"12","nicId":"12","instanceId":"11"}),
        ),
        (Resource::Backends, json!({"loadBalancerId":"13","loadBalancerName":"lb","vpcId":"vpc-1","status":"RUNNING"})),
    ];
    for (resource, sample) in samples {
        let own = match resource {
            Resource::Nics => "nicId",
            Resource::Instances => "instanceId",
            Resource::Eips => "eipId",
            _ => "loadBalancerId",
        };
        for name in sample.as_object().unwrap().keys() {
            let mut versions: Vec<Value> = vec![sample.clone(), sample.clone()];
            versions[0].as_object_mut().unwrap().remove(name);
            versions[1][name] = json!(null);
            for empty in [json!([]), json!("")] {
                if (empty.is_array() && sample[name].is_array()) || (empty.is_string() && sample[name].is_string()) {
                    let mut version = sample.clone();
                    version[name] = empty;
                    versions.push(version);
                }
            }
            for version in versions {
                if own == name && resource == Resource::Backends {
                    // Nobody could ask what it sends to.
                    let body = answer(json!({"totalCount": 1, "dataSet": [version]}));
                    assert_eq!(fault_of(&Call::List(listing(resource)), &body).kind, FaultKind::Garbage);
                    continue;
                }
                let page = page_of(&listing(resource), &answer(json!({"totalCount": 1, "dataSet": [version.clone()]})));
                let found = page.nics.len() + page.instances.len() + page.eips.len() + page.next.len();
                let own_id = own == name;
                assert_eq!(found, usize::from(!own_id), "{resource:?} {name}: {version}");
            }
        }
    }
}

#[test]
fn what_is_not_told_is_not_known() {
    let page = page_of(
        &listing(Resource::Instances),
        &answer(json!({"totalCount": 1, "dataSet": [{"instanceId": "11", "zoneId": "asia-east-1a"}]})),
    );
    let instance = &page.instances[0];
    assert_eq!(instance.guest_agent, None);
    assert_eq!(instance.power.state, PowerState::Other);
    let nic = one_nic(json!({"nicId": "12"}));
    assert_eq!((nic.role, nic.status.state), (NicRole::Other("".into()), NicState::Other));
    assert_eq!(nic.region.as_str(), "asia-east-1", "the region it was asked in");
    assert_eq!(one_nic(json!({"nicId": "12", "instanceId": ""})).instance, None);
}

#[test]
fn odd_tags_and_numbers_for_ids_do_not_cost_the_page() {
    let tags = |tags| one_nic(json!({"nicId": "12", "tags": tags})).tags;
    for none in [json!([]), json!(null), json!({"tags": null}), json!({"tags": []})] {
        assert_eq!(tags(none.clone()), Tags::none(), "{none}");
    }
    for odd in [json!("none"), json!({"tags": {"k": "v"}}), json!(5)] {
        assert_eq!(tags(odd.clone()), Tags::unknown(), "{odd}");
    }
    assert_eq!(one_nic(json!({"nicId": "12"})).tags, Tags::unknown(), "nothing was said");
    assert_eq!(tags(json!([{"key": "k", "value": "v"}])).iter().len(), 1);
    assert_eq!(one_nic(json!({"nicId": 1_200_000_000_000_000_001_u64})).id.as_str(), "1200000000000000001");
}

#[test]
fn an_instance_lies_where_its_nics_or_its_zone_say() {
    let asked: Vec<RegionId> = vec!["asia-east-1".into(), "na-west-1".into()];
    let all = listings(&asked).into_iter().find(|listing| listing.resource == Resource::Instances).unwrap();
    let page = page_of(
        &all,
        &answer(json!({"totalCount": 5, "dataSet": [
            {"instanceId": "1", "zoneId": "asia-east-1a"},
            {"instanceId": "2", "zoneId": "odd", "nics": [{"nicId": "x"}, {"regionId": "na-west-1"}]},
            {"instanceId": "3", "zoneId": "na-west-1-b"},
            {"instanceId": "4", "zoneId": "europe-1a"},
            {"instanceId": "5"},
        ]})),
    );
    let found: Vec<(&str, &str)> =
        page.instances.iter().map(|instance| (instance.id.as_str(), instance.region.as_str())).collect();
    assert_eq!(found, [("1", "asia-east-1"), ("2", "na-west-1"), ("3", "na-west-1"), ("5", "")]);
    for (zone, region) in
        [("asia-east-1a", "asia-east-1"), ("asia-east-1-a", "asia-east-1"), ("asia-east", "asia-east"), ("", "")]
    {
        assert_eq!(region_of_zone(zone), region);
    }
}

#[test]
fn zones_are_grouped_into_regions() {
    let page = page_of(
        &Listing::all(Resource::Regions, None),
        &answer(json!({"zoneSet": [
            {"zoneId": "asia-east-1a", "regionId": "asia-east-1", "cityName": "Taipei"},
            {"zoneId": "asia-east-1b", "regionId": "asia-east-1", "cityName": "Taipei"},
            {"zoneId": "na-west-1a", "regionId": null},
            {},
        ]})),
    );
    let found: Vec<(&str, &str, usize)> =
        page.regions.iter().map(|region| (region.id.as_str(), &*region.name, region.zones.len())).collect();
    assert_eq!(found, [("asia-east-1", "Taipei", 2), ("na-west-1", "na-west-1", 1)]);
}

#[test]
fn an_eip_is_bound_to_what_it_says() {
    let bound = |item: Value| {
        let page = page_of(&listing(Resource::Eips), &answer(json!({"totalCount": 1, "dataSet": [item]})));
        page.eips[0].bound.clone()
    };
    let ip = Some("10.0.0.12".parse().unwrap());
    assert_eq!(
        bound(json!({"eipId": "14", "associatedType": "NIC", "associatedId": "12", "privateIpAddress": "10.0.0.12"})),
        EipBinding::Nic { nic: "12".into(), private_ip: ip }
    );
    // A Passthrough EIP may not name the private address: then it is on the NIC, nobody knows where.
    assert_eq!(
        bound(json!({"eipId": "14", "associatedType": "NIC", "associatedId": "12", "bindType": "Passthrough"})),
        EipBinding::Nic { nic: "12".into(), private_ip: None }
    );
    assert_eq!(
        bound(json!({"eipId": "14", "nicId": "12", "privateIpAddress": "10.0.0.12"})),
        EipBinding::Nic { nic: "12".into(), private_ip: ip },
        "the deprecated field alone"
    );
    for other in ["NAT", "LB", "HAVIP"] {
        assert_eq!(bound(json!({"eipId": "14", "associatedType": other, "associatedId": "12"})), EipBinding::Elsewhere);
    }
    assert_eq!(
        bound(json!({"eipId": "14", "associatedType": "SPACESHIP", "associatedId": "12"})),
        EipBinding::Nic { nic: "12".into(), private_ip: None }
    );
    assert_eq!(bound(json!({"eipId": "14", "status": "UNBIND", "associatedId": null})), EipBinding::Unbound);
    assert_eq!(
        bound(json!({"eipId": "14", "instanceId": "11", "privateIpAddress": "10.0.0.12"})),
        EipBinding::Instance { instance: "11".into(), private_ip: ip }
    );
}

#[test]
fn balancers_are_asked_for_their_backends() {
    let page = page_of(
        &listing(Resource::Backends),
        &answer(json!({"totalCount": 2, "dataSet": [
            {"loadBalancerId": "13", "loadBalancerName": "front\ndoor", "vpcId": "vpc-1"},
            {"loadBalancerId": "15"},
        ]})),
    );
    assert_eq!(page.next.len(), 2);
    assert_eq!(page.next[0].scope, Scope::LoadBalancer("13".into()));
    let first = page_of(
        &page.next[0],
        &answer(json!({"backends": [
            {"instanceId": "11", "privateIpAddress": "10.0.0.12", "listenerPort": "80,443", "protocol": "TCP", "backendPort": null},
            {"privateIpAddress": "10.0.0.99", "listenerPort": 8080},
            {"instanceId": "11", "privateIpAddress": null},
            {"privateIpAddress": null},
        ]})),
    );
    let backend = &first.backends[0];
    assert_eq!(
        (backend.load_balancer.as_str(), &*backend.name, backend.vpc.as_deref()),
        ("13", "front door", Some("vpc-1"))
    );
    assert_eq!(&*backend.port, "80,443/TCP");
    assert_eq!(
        backend.target,
        BackendTarget::Address { ip: "10.0.0.12".parse().unwrap(), instance: Some("11".into()), nic: None }
    );
    assert_eq!(
        first.backends[1].target,
        BackendTarget::Address { ip: "10.0.0.99".parse().unwrap(), instance: None, nic: None }
    );
    assert_eq!(first.backends[2].target, BackendTarget::Instance("11".into()));
    assert_eq!(first.backends.len(), 3);
    let untold = fault_of(&Call::List(page.next[0].clone()), &answer(json!({"backends": [{"instanceId": "11"}]})));
    assert_eq!(untold.kind, FaultKind::Garbage, "which address it is is not told");
    let second = page_of(&page.next[1], &answer(json!({"backends": [{"privateIpAddress": "10.0.0.1"}]})));
    assert_eq!((second.backends[0].vpc.as_deref(), &*second.backends[0].name), (None, ""));
}

#[test]
fn a_balancer_that_went_away_sends_to_nothing_but_other_faults_stay() {
    let step = Listing { part: part::BACKENDS, scope: Scope::LoadBalancer("13".into()), ..listing(Resource::Backends) };
    let gone =
        |code: &str| WireResponse { status: 404, ..response(&json!({"requestId": "T1", "code": code, "message": ""})) };
    assert_eq!(page_of(&step, &gone("INVALID_LB_NOT_FOUND")), InventoryPage::default());
    let fault = fault_of(&Call::List(step), &gone("OPERATION_FAILED_RESOURCE_NOT_FOUND"));
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[test]
fn the_first_page_asks_for_all_the_others_and_the_last_looks_for_growth() {
    let full = |count: usize, total: u64| {
        let items: Vec<Value> = (0..count).map(|n| json!({"nicId": n.to_string()})).collect();
        answer(json!({"totalCount": total, "dataSet": items}))
    };
    let first = listing(Resource::Nics);
    let next = page_of(&first, &full(1000, 3500)).next;
    let pages: Vec<Cursor> = next.iter().map(|listing| listing.cursor.clone()).collect();
    assert_eq!(pages, [Cursor::Page(2), Cursor::Page(3), encode::last_page(4, 1000)]);
    assert!(next.iter().all(|listing| listing.region == first.region && listing.resource == first.resource));
    assert!(page_of(&next[0], &full(1000, 3500)).next.is_empty(), "a middle page asks for nothing");
    assert!(page_of(&next[2], &full(500, 3500)).next.is_empty());
    // Pages that lost rows, or all of them, are not the end of the list.
    for (listing, whole) in [(&next[0], 1000), (&next[2], 500)] {
        for body in
            [json!({"totalCount": 3500}), json!({"totalCount": 3500, "dataSet": null}), json!({"dataSet": null})]
        {
            assert_eq!(fault_of(&Call::List(listing.clone()), &answer(body)).kind, FaultKind::Garbage);
        }
        assert_eq!(fault_of(&Call::List(listing.clone()), &full(whole - 1, 3500)).kind, FaultKind::Garbage);
    }
    // One that shrank meanwhile says so.
    assert!(page_of(&next[2], &full(499, 3499)).next.is_empty() && page_of(&next[0], &full(0, 900)).nics.is_empty());
    // 501 NICs were made while the pages were read.
    let grown = page_of(&next[2], &full(1000, 4001)).next;
    assert_eq!(grown.iter().map(|l| l.cursor.clone()).collect::<Vec<_>>(), [encode::last_page(5, 1000)]);
    // Past the end: the total is still told.
    assert!(page_of(&grown[0], &full(0, 4000)).next.is_empty());
    assert!(page_of(&first, &full(1000, 1000)).next.is_empty());
    assert!(page_of(&first, &full(0, 0)).next.is_empty());
}

#[test]
fn a_server_with_smaller_pages_is_read_whole_and_a_boastful_one_does_not_flood() {
    let items: Vec<Value> = (0..100).map(|n| json!({"nicId": n.to_string()})).collect();
    let next = page_of(&listing(Resource::Nics), &answer(json!({"totalCount": 250, "dataSet": items}))).next;
    assert_eq!(next.iter().map(encode::page).collect::<Vec<_>>(), [2, 3]);
    let short = answer(json!({"totalCount": 250, "dataSet": [{"nicId": "1"}]}));
    assert_eq!(fault_of(&Call::List(next[0].clone()), &short).kind, FaultKind::Garbage);
    assert!(page_of(&next[0], &answer(json!({"totalCount": 250, "dataSet": items}))).next.is_empty());
    // It grew to four pages of a hundred meanwhile.
    let full: Vec<Value> = (0..100).map(|n| json!({"nicId": n.to_string()})).collect();
    let grown = page_of(&next[1], &answer(json!({"totalCount": 301, "dataSet": full}))).next;
    assert_eq!(grown.iter().map(encode::page).collect::<Vec<_>>(), [4]);
    let end = answer(json!({"totalCount": 301, "dataSet": [{"nicId": "last"}]}));
    assert!(page_of(&grown[0], &end).next.is_empty());
    let boast = answer(json!({"totalCount": i64::MAX, "dataSet": [{"nicId": "1"}]}));
    assert_eq!(page_of(&listing(Resource::Nics), &boast).next.len(), PAGES_AT_ONCE as usize - 1);
    // Without a total: page by page, until one is empty.
    let untold = answer(json!({"dataSet": [{"nicId": "1"}]}));
    let next = page_of(&listing(Resource::Nics), &untold).next;
    assert_eq!(next.len(), 1);
    assert_eq!(encode::page(&page_of(&next[0], &untold).next[0]), 3);
    assert!(page_of(&next[0], &answer(json!({"dataSet": []}))).next.is_empty());
}

#[test]
fn pages_of_balancers_keep_their_part() {
    let page =
        page_of(&listing(Resource::Backends), &answer(json!({"totalCount": 2, "dataSet": [{"loadBalancerId": "13"}]})));
    let parts: Vec<&str> = page.next.iter().map(|listing| listing.part).collect();
    assert_eq!(parts, [part::BALANCERS, part::BACKENDS]);
    let tail = page_of(&page.next[0], &answer(json!({"totalCount": 2, "dataSet": [{"loadBalancerId": "14"}]})));
    assert_eq!(tail.next.iter().map(|l| l.part).collect::<Vec<_>>(), [part::BACKENDS]);
}

#[test]
fn an_answer_that_says_nothing_is_not_an_empty_list() {
    let call = Call::List(listing(Resource::Nics));
    for body in [
        json!({"requestId": "T1"}),
        json!({"requestId": "T1", "response": null}),
        json!({"requestId": "T1", "response": {}}),
        json!({"requestId": "T1", "response": {"dataSet": null}}),
        json!({"requestId": "T1", "response": {"totalCount": 7, "dataSet": []}}),
        json!({"requestId": "T1", "response": {"totalCount": 7}}),
    ] {
        let fault = fault_of(&call, &response(&body));
        assert_eq!((fault.kind, fault.effect), (FaultKind::Garbage, Effect::Nothing), "{body}");
        assert_eq!(fault.request_id.as_deref(), Some("T1"), "{body}");
    }
    for body in
        [json!({"totalCount": 0}), json!({"totalCount": 0, "dataSet": null}), json!({"totalCount": 0, "dataSet": []})]
    {
        assert_eq!(page_of(&listing(Resource::Nics), &answer(body)), InventoryPage::default());
    }
}

#[test]
fn an_inspection_takes_only_what_it_asked_for() {
    let one = Listing { scope: Scope::Nic("12".into()), ..listing(Resource::Nics) };
    let page = page_of(&one, &answer(json!({"totalCount": 2, "dataSet": [{"nicId": "99"}, full_nic_12()]})));
    assert_eq!(page.nics.iter().map(|nic| nic.id.as_str()).collect::<Vec<_>>(), ["12"]);
    let gone = page_of(&one, &answer(json!({"totalCount": 0, "dataSet": []})));
    assert!(gone.nics.is_empty(), "no such NIC is an answer");
    let other = answer(json!({"totalCount": 1, "dataSet": [{"nicId": "99"}]}));
    assert_eq!(fault_of(&Call::List(one), &other).kind, FaultKind::Garbage, "a filter that was ignored proves nothing");
}

#[test]
fn an_inspected_instance_leads_to_the_backends_of_its_balancers() {
    let inspect = Listing {
        part: part::INSPECT,
        scope: Scope::Instances(vec!["11".into()]),
        carry: Some("vpc-1".into()),
        ..listing(Resource::Instances)
    };
    let follow = |balancers: Value| {
        let mut item = json!({"instanceId": "11", "zoneId": "asia-east-1a"});
        if balancers != json!("missing") {
            item["loadBalancerIds"] = balancers;
        }
        let page = page_of(&inspect, &answer(json!({"totalCount": 1, "dataSet": [item]})));
        assert_eq!(page.instances.len(), 1);
        page.next
    };
    let named = follow(json!(["13", "14", "13"]));
    assert_eq!(
        named.iter().map(|l| (l.part, l.scope.clone())).collect::<Vec<_>>(),
        [(part::BACKENDS, Scope::LoadBalancer("13".into())), (part::BACKENDS, Scope::LoadBalancer("14".into()))]
    );
    assert!(
        named
            .iter()
            .all(|listing| listing.resource == Resource::Backends && listing.carry.as_deref() == Some("vpc-1\n"))
    );
    // It names no balancers, or is not there: those of the NIC's VPC are looked through. A backend may be an address without
    // its instance.
    let gone = page_of(&inspect, &answer(json!({"totalCount": 0, "dataSet": []}))).next;
    let silent = [json!("missing"), json!(null), json!([]), json!([""])].map(follow);
    for all in silent.into_iter().chain([gone]) {
        assert_eq!(
            all.iter().map(|l| (l.part, l.scope.clone(), l.carry.as_deref())).collect::<Vec<_>>(),
            [(part::BALANCERS, Scope::All, Some("vpc-1"))]
        );
    }
}

#[test]
fn a_broken_answer_names_its_place() {
    let call = Call::List(listing(Resource::Nics));
    let odd = answer(json!({"totalCount": 1, "dataSet": [{"nicId": "1"}, {"nicId": "2", "privateIpList": ["a", {}]}]}));
    let fault = fault_of(&call, &odd);
    assert_eq!(fault.kind, FaultKind::Garbage);
    assert!(fault.message.contains("dataSet"), "{}", fault.message);
    for body in ["", "{", "<html>", r#"{"requestId":"T1","response":{"totalCount":1,"dataSet":[{"nicId":"1""#, "{} x"] {
        let response = WireResponse { status: 200, headers: vec![], body: body.as_bytes().to_vec() };
        assert_eq!(fault_of(&call, &response).kind, FaultKind::Garbage, "{body}");
    }
}

#[test]
fn a_write_is_accepted_only_by_a_whole_answer() {
    let write = Call::write("asia-east-1".into(), OperationKind::Detach { nic: "12".into(), instance: "11".into() });
    let ok = decode(&write, &answer(json!({"requestId": "T1"}))).unwrap();
    assert_eq!(ok, Reply::Accepted(Receipt { request_id: Some("T1".into()), task: None }));
    for (status, body) in [
        (200, "<html>"),
        (200, r#"{"requestId":"T1","resp"#),
        (200, r#"{"requestId":"T1"}"#),
        (200, ""),
        (204, ""),
        (202, r#"{"requestId":"T1","response":{}}"#),
    ] {
        let response = WireResponse { status, headers: vec![], body: body.as_bytes().to_vec() };
        let fault = fault_of(&write, &response);
        assert_eq!((fault.kind, fault.effect), (FaultKind::Garbage, Effect::Unknown), "{status} {body}");
        assert_eq!(fault.action, "DetachNetworkInterface");
    }
    // An error body is an error even under a 200.
    let error = response(&json!({"requestId": "T1", "code": "INVALID_NIC_STATUS", "message": "m"}));
    let fault = fault_of(&write, &error);
    assert_eq!(
        (fault.kind, fault.effect, fault.code.as_deref()),
        (FaultKind::Conflict, Effect::Nothing, Some("INVALID_NIC_STATUS"))
    );
}
