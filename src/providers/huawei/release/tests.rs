//! Which requests a write takes, and that no virtual IP that was not listed is in any of them.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    domain::{
        address::{Address, AddressRole},
        fault::FaultKind,
        ids::InstanceId,
        nic::{Fate, ManagedBy, Nic, NicRole, NicState, NicStatus},
        page::{Listing, Resource},
        time::Timestamp,
    },
    providers::provider::{Call, Reply},
    wire::WireResponse,
};

/// Stands for "any address": it switches the source/destination check off. Vendor: VPC user guide.
const ANY: &str = "1.1.1.1/0";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn pair(ip: &str) -> Pair {
    Pair { ip: ip.into(), mac: Some("fa:16:3e:00:00:01".into()) }
}

/// A virtual IP whose own list names these.
fn float(id: &str, at: &str, peers: &[&str]) -> Float {
    Float {
        id: id.into(),
        ip: ip(at),
        name: "".into(),
        region: "r".into(),
        subnet: Some("net".into()),
        pairs: peers.iter().map(|peer| pair(peer)).collect(),
        owner: None,
    }
}

/// NIC 10.0.0.1 with these virtual IPs on it, and this list of its own.
fn seen(floats: &[Float], own: &[&str]) -> NicSnapshot {
    let mut addresses = vec![Address { ip: ip("10.0.0.1"), role: AddressRole::Primary }];
    addresses.extend(floats.iter().map(|float| Address { ip: float.ip, role: AddressRole::Virtual }));
    NicSnapshot {
        nic: Nic {
            id: "nic".into(),
            name: "".into(),
            region: "r".into(),
            zone: None,
            role: NicRole::Secondary,
            status: NicStatus { word: "ACTIVE".into(), state: NicState::Attached },
            instance: Some(InstanceId::from("srv")),
            mac: None,
            vpc: None,
            subnet: Some("net".into()),
            security_groups: vec![],
            addresses,
            pairs: own.iter().map(|own| pair(own)).collect(),
            public_ips: vec![],
            managed_by: ManagedBy::Nobody,
            linked: None,
            members: None,
            prefixes: Vec::new(),
            dies_with_detach: None,
            dies_with_instance: None,
            addresses_known: true,
            ranges: vec![],
            hot_plug: None,
            tags: crate::domain::tags::Tags::none(),
            description: "".into(),
        },
        instance: None,
        eips: vec![],
        backends: vec![],
        floats: floats.to_vec(),
        floats_known: true,
        eips_known: true,
        backends_known: true,
        instances_known: true,
        read_at: Timestamp(0),
    }
}

fn release_of(ips: &[&str]) -> OperationKind {
    OperationKind::Release { nic: "nic".into(), ips: ips.iter().map(|text| ip(text)).collect() }
}

/// A range of one is that address to both: what empties the list, and what tells that the use of any address ends with it.
#[test]
fn what_empties_the_list_is_told_to_end_the_use_of_any_address() {
    let floats = [float("vip-1", "10.0.0.101", &["10.0.0.1"])];
    for own in ["10.0.0.101", "10.0.0.101/32"] {
        let now = seen(&floats, &[ANY, own]);
        assert_eq!(step(&release_of(&["10.0.0.101"]), &now, &[]).unwrap().name, ALL);
        assert!(now.nic.loses_any(|gone| gone == ip("10.0.0.101")), "{own}");
    }
}

/// What the request leaves: the port, and the addresses on its list.
fn leaves(step: &Step) -> (String, Vec<String>) {
    let (port, pairs) = read_carry(step.carry.as_deref().unwrap()).unwrap();
    let ips = pairs.as_array().unwrap().iter().map(|pair| pair["ip_address"].as_str().unwrap().to_owned());
    (port.to_owned(), ips.collect())
}

/// What the world is after a request, if it does what it says; `true`: an unbinding of all leaves the floats' own lists.
fn after(step: &Step, seen: &NicSnapshot, leave: bool) -> NicSnapshot {
    let mut now = seen.clone();
    if step.name == ALL {
        now.nic.pairs.clear();
        if !leave {
            for float in &mut now.floats {
                float.pairs.retain(|pair| !pair.is(ip("10.0.0.1")));
            }
        }
    } else {
        let (port, left) = leaves(step);
        let list = match now.floats.iter_mut().find(|float| *float.id == *port) {
            Some(float) => &mut float.pairs,
            None => &mut now.nic.pairs,
        };
        list.retain(|pair| left.contains(&pair.ip.to_string()));
    }
    let nic = now.nic.clone();
    now.floats.retain(|float| float.is_on(&nic));
    now
}

fn run(kind: &OperationKind, start: NicSnapshot, leave: bool) -> (Vec<Step>, NicSnapshot) {
    let (mut made, mut now) = (Vec::new(), start);
    while let Some(next) = step(kind, &now, &made) {
        assert!(made.len() < 40, "{made:?}");
        now = after(&next, &now, leave);
        let last = next.last;
        made.push(next);
        if last {
            break;
        }
    }
    (made, now)
}

#[test]
fn the_only_virtual_ip_and_all_of_them_go_by_the_call_that_takes_all() {
    let one = [float("f1", "10.0.0.101", &["10.0.0.1", "10.0.0.2"])];
    let first = step(&release_of(&["10.0.0.101"]), &seen(&one, &[ANY]), &[]).unwrap();
    assert_eq!((first.name, &first.carry, first.last), (ALL, &None, false));
    let two = [one[0].clone(), float("f2", "10.0.0.102", &[])];
    let start = seen(&two, &["10.0.0.102"]);
    let (made, now) = run(&release_of(&["10.0.0.101", "10.0.0.102"]), start.clone(), false);
    assert_eq!(made.iter().map(|step| step.name).collect::<Vec<_>>(), [ALL]);
    assert!(now.floats.is_empty());
    // What it leaves on the virtual IP's own list is taken away, and the other NIC keeps its pair.
    let (made, now) = run(&release_of(&["10.0.0.101", "10.0.0.102"]), start, true);
    assert_eq!(made.iter().map(|step| step.name).collect::<Vec<_>>(), [ALL, PORT]);
    assert_eq!(leaves(&made[1]), ("f1".to_owned(), vec!["10.0.0.2".to_owned()]));
    assert!(made[1].last && now.floats.is_empty());
}

#[test]
fn one_of_several_goes_by_its_own_list_and_by_the_nics() {
    let floats = [float("f1", "10.0.0.101", &["10.0.0.2", "10.0.0.1"]), float("f2", "10.0.0.102", &["10.0.0.1"])];
    let start = seen(&floats, &["10.0.0.101", ANY, "10.0.0.102", "10.0.9.0/24"]);
    let (made, now) = run(&release_of(&["10.0.0.101"]), start, true);
    let lists: Vec<_> = made.iter().map(leaves).collect();
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        lists,
        [("f1".to_owned(), texts(&["10.0.0.2"])), ("nic".to_owned(), texts(&[ANY, "10.0.0.102", "10.0.9.0/24"])),]
    );
    assert_eq!(made.iter().map(|step| step.last).collect::<Vec<_>>(), [false, true]);
    assert_eq!(now.floats.len(), 1, "the other virtual IP stays");
    // The pairs that stay keep their MAC.
    let carry = made[0].carry.as_deref().unwrap();
    let kept = json!([{"ip_address": "10.0.0.2", "mac_address": "fa:16:3e:00:00:01"}]);
    assert_eq!(read_carry(carry), Some(("f1", kept)));
}

/// A list may hold addresses that are nobody's virtual IPs: a container network's, say. The call that takes all would take them.
#[test]
fn a_list_with_other_entries_is_never_emptied() {
    let floats = [float("f1", "10.0.0.101", &["10.0.0.1"])];
    for other in ["172.16.0.0/16", "10.0.0.77"] {
        let (made, now) = run(&release_of(&["10.0.0.101"]), seen(&floats, &[ANY, "10.0.0.101", other]), true);
        assert!(made.iter().all(|step| step.name == PORT), "{made:?}");
        assert!(now.nic.pairs.iter().any(|pair| &*pair.ip == other) && now.nic.pairs.len() == 2);
        assert!(now.floats.is_empty());
    }
}

#[test]
fn nothing_is_sent_on_a_guess() {
    let floats = [float("f1", "10.0.0.101", &["10.0.0.1"])];
    let kind = release_of(&["10.0.0.101"]);
    let mut unknown = seen(&floats, &[]);
    unknown.floats_known = false;
    assert_eq!(step(&kind, &unknown, &[]), None);
    let mut owned = seen(&floats, &[]);
    owned.floats[0].owner = Some("RDS".into());
    assert_eq!(step(&kind, &owned, &[]), None, "a service's is never touched");
    assert_eq!(step(&release_of(&["10.0.0.9"]), &seen(&floats, &[]), &[]), None, "it is not there");
    assert_eq!(step(&release_of(&["10.0.0.1"]), &seen(&floats, &[]), &[]), None, "the NIC's own");
    let mut free = seen(&floats, &[]);
    free.nic.instance = None;
    assert_eq!(step(&kind, &free, &[]).unwrap().name, PORT, "the other call wants a server's NIC");
    // A list that did not change is not written again and again.
    let written = step(&kind, &free, &[]).unwrap();
    assert_eq!(step(&kind, &free, &[written]), None);
}

/// Its port was deleted meanwhile: the list names it again, and it is on the NIC no more than before.
#[test]
fn a_virtual_ip_that_is_there_no_more_is_bound_by_one_write_at_most() {
    let mut now = seen(&[], &[]);
    now.nic.instance = None;
    let lists = vec![PairList { of: "gone".into(), pairs: vec![pair("10.0.0.1")] }];
    let kind = OperationKind::Assign { nic: "nic".into(), ips: vec![ip("10.0.0.101")], lists };
    let first = step(&kind, &now, &[]).unwrap();
    now.nic.pairs = vec![pair("10.0.0.101")];
    assert_eq!(step(&kind, &now, &[first]), None);
}

#[test]
fn a_detach_keeps_the_nic_first_and_names_the_server_it_was_listed_on() {
    let kind = OperationKind::Detach { nic: "nic".into(), instance: "srv".into() };
    let mut here = seen(&[], &[]);
    assert_eq!(step(&kind, &here, &[]), None, "what becomes of it is not known");
    here.nic.dies_with_detach = Some(Fate::Untold);
    assert_eq!(step(&kind, &here, &[]), None, "the cloud does not tell");
    here.nic.dies_with_detach = Some(Fate::Dies);
    let keep = step(&kind, &here, &[]).unwrap();
    assert_eq!((keep.name, keep.last), (KEEP, false));
    for told in [Some(Fate::Dies), Some(Fate::Untold), None] {
        here.nic.dies_with_detach = told;
        assert_eq!(step(&kind, &here, std::slice::from_ref(&keep)), None, "{told:?}: it would be deleted");
    }
    here.nic.dies_with_detach = Some(Fate::Stays);
    let unplug = step(&kind, &here, std::slice::from_ref(&keep)).unwrap();
    assert_eq!((unplug.name, unplug.last), (UNPLUG, true));
    assert_eq!(step(&kind, &here, &[keep.clone(), unplug.clone()]), None);
    // Nothing of a NIC that stays by itself is changed.
    assert_eq!(step(&kind, &here, &[]), Some(unplug.clone()));
    assert_eq!(step(&kind, &here, &[unplug]), None);
    let mut moved = here;
    moved.nic.instance = Some("other".into());
    assert_eq!((step(&kind, &moved, &[]), step(&kind, &moved, &[keep])), (None, None));
}

#[test]
fn what_takes_a_release_back_binds_what_is_missing_one_by_one() {
    let floats = [float("f1", "10.0.0.101", &["10.0.0.1"])];
    let now = seen(&floats, &[]);
    let kind = OperationKind::Assign {
        nic: "nic".into(),
        ips: vec![ip("10.0.0.101"), ip("10.0.0.102"), ip("10.0.0.103")],
        lists: vec![],
    };
    let first = step(&kind, &now, &[]).unwrap();
    assert_eq!((first.name, first.carry.as_deref(), first.last), (BIND, Some("net 10.0.0.102"), false));
    assert_eq!(step(&kind, &now, &[first]), None, "it changed nothing");
    let eip = |at: &str| OperationKind::BindEip { nic: "nic".into(), eip: "e".into(), ip: ip(at) };
    assert_eq!(step(&eip("10.0.0.101"), &now, &[]).unwrap().carry.as_deref(), Some("f1"));
    assert_eq!(step(&eip("10.0.0.1"), &now, &[]).unwrap().carry.as_deref(), Some("nic"));
    let delete = OperationKind::Delete { nic: "nic".into() };
    assert_eq!(step(&delete, &now, &[]), Some(Step::default()));
    assert_eq!(step(&delete, &now, &[Step::default()]), None);
}

/// Where the counterpart is not published, and on a NIC on no server, the NIC's own list binds, with all that it holds.
#[test]
fn what_takes_a_release_back_binds_by_the_nics_own_list_where_the_counterpart_does_not() {
    let gone = Fault { code: Some("APIGW.0101".into()), ..Fault::local(FaultKind::NotFound, "", "") };
    let floats = [float("f1", "10.0.0.101", &["10.0.0.1"])];
    let now = seen(&floats, &[ANY, "10.9.0.0/16"]);
    let lists = vec![PairList { of: "nic".into(), pairs: vec![] }];
    let kind = |lists: &[PairList]| OperationKind::Assign {
        nic: "nic".into(),
        ips: vec![ip("10.0.0.101"), ip("10.0.0.102"), ip("10.0.0.103")],
        lists: lists.to_vec(),
    };
    let whole = ("nic".to_owned(), [ANY, "10.9.0.0/16", "10.0.0.102", "10.0.0.103"].map(str::to_owned).to_vec());
    let bind = step(&kind(&lists), &now, &[]).unwrap();
    assert_eq!(bind.name, BIND);
    let by_list = instead(&kind(&lists), &now, &[], &bind, &gone).unwrap();
    assert_eq!((by_list.name, leaves(&by_list), by_list.last), (PORT, whole.clone(), false));
    let made = [bind.clone()];
    let by_other = instead(&kind(&lists), &now, &made, &by_list, &gone).unwrap();
    assert_eq!((by_other.name, leaves(&by_other), by_other.last), (PORT_V2, whole.clone(), false));
    // It changed nothing: neither is made again, and the counterpart is not asked once more.
    assert_eq!(step(&kind(&lists), &now, &[bind.clone(), by_list.clone()]), None);
    assert_eq!(step(&kind(&lists), &now, &[bind.clone(), by_list, by_other]), None);
    for code in ["Ecs.0010", "Ecs.0085"] {
        let other = Fault { code: Some(code.into()), ..gone.clone() };
        assert_eq!(instead(&kind(&lists), &now, &[], &bind, &other), None, "{code}");
    }
    let mut free = now;
    free.nic.instance = None;
    let alone = step(&kind(&lists), &free, &[]).unwrap();
    assert_eq!((alone.name, leaves(&alone)), (PORT, whole));
    // Of a virtual IP that was never seen nobody knows whether there is one.
    assert_eq!(step(&kind(&[]), &free, &[]).unwrap().name, BIND);
    assert_eq!(instead(&kind(&[]), &free, &[], &bind, &gone), None);
}

#[test]
fn a_request_that_is_not_published_has_another_in_its_place() {
    let floats = [float("f1", "10.0.0.101", &["10.0.0.1"]), float("f2", "10.0.0.102", &["10.0.0.1"])];
    let now = seen(&floats, &["10.0.0.102"]);
    let all = release_of(&["10.0.0.101", "10.0.0.102"]);
    let fault = |code: &str| Fault { code: Some(code.into()), ..Fault::local(FaultKind::NotFound, "", "") };
    let gone = fault("APIGW.0101");
    let first = step(&all, &now, &[]).unwrap();
    assert_eq!(first.name, ALL);
    // Without the call that takes all each list is written.
    let second = instead(&all, &now, &[], &first, &gone).unwrap();
    assert_eq!((second.name, leaves(&second)), (PORT, ("f1".to_owned(), vec![])));
    let made = [first.clone()];
    let third = instead(&all, &now, &made, &second, &gone).unwrap();
    assert_eq!((third.name, &third.carry), (PORT_V2, &second.carry));
    // What comes after goes by the API that is there.
    let made = [first.clone(), second, third.clone()];
    let mut later = now.clone();
    later.floats[0].pairs.clear();
    let later = NicSnapshot { floats: later.floats[1..].to_vec(), ..later };
    let fourth = step(&all, &later, &made).unwrap();
    assert_eq!((fourth.name, leaves(&fourth).0), (PORT_V2, "f2".to_owned()));
    assert_eq!(instead(&all, &now, &made, &third, &gone), None, "there is no third one");
    for code in ["Ecs.0100", "VPC.2502", "Pdp.0001"] {
        assert_eq!(instead(&all, &now, &[], &first, &fault(code)), None, "{code}");
    }
    let delete = OperationKind::Delete { nic: "nic".into() };
    assert_eq!(instead(&delete, &now, &[], &Step::default(), &gone).unwrap().name, DELETE_V2);
    let detach = OperationKind::Detach { nic: "nic".into(), instance: "srv".into() };
    let keep = Step { name: KEEP, carry: None, last: false };
    assert_eq!(instead(&detach, &now, &[], &keep, &gone), None, "Nova's does not tell what it deletes");
}

/// The lists as they were, and the NIC as the counterpart leaves it, which adds pairs of its own kind.
#[test]
fn what_takes_a_release_back_ends_with_the_very_lists() {
    let bind = Step { name: BIND, carry: Some("net 10.0.0.101".into()), last: false };
    let of = |of: &str, pairs: &[Pair]| PairList { of: of.into(), pairs: pairs.to_vec() };
    let plain = |ip: &str| Pair { ip: ip.into(), mac: None };
    let then = [plain("10.0.0.1"), pair("10.0.0.2")];
    let kind = |own: &[Pair]| OperationKind::Assign {
        nic: "nic".into(),
        ips: vec![ip("10.0.0.101")],
        lists: vec![of("f1", &then), of("nic", own)],
    };
    let run_on = |kind: &OperationKind, start: NicSnapshot| {
        let (mut made, mut now) = (vec![bind.clone()], start);
        while let Some(next) = step(kind, &now, &made) {
            assert!(made.len() < 9, "{made:?}");
            let (port, pairs) = read_carry(next.carry.as_deref().unwrap()).unwrap();
            let pairs: Vec<Pair> = pairs
                .as_array()
                .unwrap()
                .iter()
                .map(|row| Pair {
                    ip: row["ip_address"].as_str().unwrap().into(),
                    mac: row["mac_address"].as_str().map(Into::into),
                })
                .collect();
            match now.floats.iter_mut().find(|float| *float.id == *port) {
                Some(float) => float.pairs = pairs,
                None => now.nic.pairs = pairs,
            }
            made.push(next);
        }
        now
    };
    let bound = |others: &[&str], own: &[&str]| {
        let peers: Vec<&str> = others.iter().copied().chain(["10.0.0.1"]).collect();
        let own: Vec<&str> = own.iter().copied().chain(["10.0.0.101"]).collect();
        seen(&[float("f1", "10.0.0.101", &peers)], &own)
    };
    // Nobody else wrote: both lists are the recorded ones, the switched-off check among them.
    let end = run_on(&kind(&[pair(ANY)]), bound(&["10.0.0.2"], &[]));
    assert_eq!((end.floats[0].pairs.as_slice(), end.nic.pairs.as_slice()), (&then[..], &[pair(ANY)][..]));
    // Another NIC was bound, and somebody put a range on the NIC: both stay.
    let end = run_on(&kind(&[pair(ANY)]), bound(&["10.0.0.2", "10.0.0.3"], &["10.9.0.0/16"]));
    assert_eq!(end.floats[0].pairs, [pair("10.0.0.2"), pair("10.0.0.3"), plain("10.0.0.1")]);
    assert_eq!(end.nic.pairs, [pair("10.9.0.0/16"), pair(ANY)]);
    // The check was on before, and was switched off by somebody since: that is theirs.
    let end = run_on(&kind(&[]), bound(&["10.0.0.2"], &[ANY]));
    assert_eq!((end.floats[0].pairs.as_slice(), end.nic.pairs.as_slice()), (&then[..], &[pair(ANY)][..]));
    // The virtual IP was made anew: it has no old list.
    let mut fresh = bound(&[], &[]);
    fresh.floats[0].id = "f9".into();
    let end = run_on(&kind(&[pair(ANY)]), fresh);
    assert_eq!((end.floats[0].pairs.as_slice(), end.nic.pairs.as_slice()), (&[pair("10.0.0.1")][..], &[pair(ANY)][..]));
    // Where nothing had to be bound, nothing is written.
    let there = bound(&["10.0.0.2"], &[]);
    assert_eq!(step(&kind(&[pair(ANY)]), &there, &[]), None);
}

#[test]
fn a_list_that_can_not_be_written_back_is_not_written() {
    let mut odd = seen(&[float("f1", "10.0.0.101", &["10.0.0.1"]), float("f2", "10.0.0.102", &["10.0.0.1"])], &[]);
    odd.floats[0].pairs.push(Pair { ip: "".into(), mac: Some("fa:16:3e:00:00:09".into()) });
    assert_eq!(step(&release_of(&["10.0.0.101"]), &odd, &[]), None);
    assert_eq!(step(&release_of(&["10.0.0.102"]), &odd, &[]).map(|step| leaves(&step).0).as_deref(), Some("f2"));
}

/// An entry of a list as the vendor may send it: addresses, ranges, whatever comes.
fn any_row() -> impl Strategy<Value = (String, Option<String>)> {
    let ip = prop_oneof![
        Just("1.1.1.1/0".to_owned()),
        Just("10.0.0.2".to_owned()),
        Just("::/0".to_owned()),
        Just("FD00::1".to_owned()),
        "[0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})?",
        "[ -~]{1,12}",
    ];
    (ip, prop::option::of("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}"))
}

proptest! {
    /// From the answer to the request: what is not released stands there as it came, in its order.
    #[test]
    fn entries_that_stay_are_written_as_they_were_read(rows in prop::collection::vec(any_row(), 0..6), at in 0usize..6) {
        let row = |(ip, mac): &(String, Option<String>)| match mac {
            Some(mac) => json!({"ip_address": ip, "mac_address": mac}),
            None => json!({"ip_address": ip}),
        };
        let kept: Vec<serde_json::Value> =
            rows.iter().filter(|(ip, _)| ip.parse::<IpAddr>().ok() != Some(self::ip("10.0.0.1"))).map(row).collect();
        let mut all = kept.clone();
        all.insert(at.min(all.len()), json!({"ip_address": "10.0.0.1", "mac_address": "fa:16:3e:00:00:01"}));
        let body = json!({"ports": [{"id": "f1", "network_id": "net", "device_owner": "neutron:VIP_PORT",
            "fixed_ips": [{"ip_address": "10.0.0.101"}], "allowed_address_pairs": all}]});
        let listing = Listing::all(Resource::Floats, Some("r".into()));
        let answer = WireResponse { status: 200, headers: vec![], body: body.to_string().into_bytes() };
        let Ok(Reply::Page(page)) = crate::providers::huawei::decode::decode(&Call::List(listing), &answer) else {
            panic!("a page")
        };
        let mut now = seen(&page.floats, &[]);
        now.nic.instance = None;
        let step = step(&release_of(&["10.0.0.101"]), &now, &[]).expect("a request");
        prop_assert_eq!(read_carry(step.carry.as_deref().unwrap()), Some(("f1", serde_json::Value::Array(kept))));
    }

    /// However lists look: what was wanted is off the NIC in the end, and every other binding is as it was.
    #[test]
    fn only_what_was_wanted_goes(
        bound in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()), 1..6),
        others in any::<bool>(),
        unchecked in any::<bool>(),
        leave in any::<bool>(),
    ) {
        let mut own = Vec::new();
        let mut floats = Vec::new();
        let mut wanted = Vec::new();
        for (number, (by_float, by_nic, shared, want)) in bound.iter().enumerate() {
            let at = format!("10.0.0.10{number}");
            // One side at least.
            let peers: Vec<&str> = [(*by_float || !by_nic).then_some("10.0.0.1"), shared.then_some("10.0.0.2")]
                .into_iter().flatten().collect();
            floats.push(float(&format!("f{number}"), &at, &peers));
            if *by_nic {
                own.push(at.clone());
            }
            if *want {
                wanted.push(at);
            }
        }
        own.extend(others.then(|| "172.16.0.0/12".to_owned()));
        own.extend(unchecked.then(|| ANY.to_owned()));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let start = seen(&floats, &own);
        let (_, end) = run(&release_of(&wanted), start.clone(), leave);
        let ips = |snapshot: &NicSnapshot| -> Vec<IpAddr> { snapshot.floats.iter().map(|float| float.ip).collect() };
        let expected: Vec<IpAddr> = ips(&start).into_iter().filter(|at| !wanted.iter().any(|text| ip(text) == *at)).collect();
        prop_assert_eq!(ips(&end), expected);
        for float in &start.floats {
            if let Some(now) = end.floats.iter().find(|now| now.id == float.id) {
                prop_assert_eq!(&now.pairs, &float.pairs, "not touched");
            }
        }
        prop_assert_eq!(end.nic.pairs.iter().any(|pair| &*pair.ip == "172.16.0.0/12"), others);
    }
}
