//! Virtual addresses: who holds and owns them, and what goes with the last one.

use super::*;

/// Makes the address a virtual one that is bound to these.
fn float(snapshot: &mut NicSnapshot, peers: &[&str]) {
    snapshot.nic.addresses[1].role = AddressRole::Virtual;
    snapshot.floats.push(virtual_address("f-1", "10.0.0.2", peers));
}

#[test]
fn virtual_addresses_are_judged_by_who_holds_them() {
    use FindingId as F;
    check(&[
        ("not a virtual one", Condition::VirtualShared, W, ADDRESS, NOTHING, None),
        (
            "others hold it",
            Condition::VirtualShared,
            W,
            ADDRESS,
            |s| float(s, &["10.0.0.1", "10.0.0.77"]),
            Some((F::VipShared, W)),
        ),
        (
            "nobody else holds it",
            Condition::VirtualShared,
            W,
            ADDRESS,
            |s| float(s, &["10.0.0.1"]),
            Some((F::VipLast, W)),
        ),
        (
            "nobody knows who holds it",
            Condition::VirtualShared,
            W,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                s.floats_known = false;
            },
            Some((F::VipUnknown, U)),
        ),
        ("a plain one is not counted among them", Condition::VirtualStays, W, ADDRESS, NOTHING, None),
        (
            "no other virtual one stays",
            Condition::VirtualStays,
            W,
            ADDRESS,
            |s| float(s, &["10.0.0.1"]),
            Some((F::LastSecondary, W)),
        ),
        (
            "another virtual one stays",
            Condition::VirtualStays,
            W,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                s.nic.addresses[2].role = AddressRole::Virtual;
            },
            None,
        ),
        ("a list without a range", Condition::AnyAddressStays, W, ADDRESS, |s| float(s, &["10.0.0.1"]), None),
        (
            "the check comes back on with the last one",
            Condition::AnyAddressStays,
            W,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                s.nic.pairs.push(Pair { ip: "1.1.1.1/0".into(), mac: None });
            },
            Some((F::SourceCheck, W)),
        ),
        (
            "a range of one names it as well",
            Condition::AnyAddressStays,
            W,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                let own = s.floats[0].ip;
                let pair = |ip: String| Pair { ip: ip.into(), mac: None };
                s.nic.pairs.extend([pair("1.1.1.1/0".to_owned()), pair(format!("{own}/32"))]);
            },
            Some((F::SourceCheck, W)),
        ),
        (
            "another virtual one stays",
            Condition::AnyAddressStays,
            W,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                s.nic.pairs.push(Pair { ip: "1.1.1.1/0".into(), mac: None });
                let other = Address { ip: "10.0.0.99".parse().unwrap(), role: AddressRole::Virtual };
                s.nic.addresses.push(other);
            },
            None,
        ),
        ("nobody owns it", Condition::VirtualNotManaged, B, ADDRESS, |s| float(s, &["10.0.0.1"]), None),
        (
            "a service owns it",
            Condition::VirtualNotManaged,
            B,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                s.floats[0].owner = Some("RDS".into());
            },
            Some((F::VipManaged, B)),
        ),
        (
            "nobody knows who owns it",
            Condition::VirtualNotManaged,
            B,
            ADDRESS,
            |s| {
                float(s, &["10.0.0.1"]);
                s.floats.clear();
            },
            Some((F::VipUnknown, U)),
        ),
        (
            "a virtual address on the NIC to be detached",
            Condition::NoVirtualIp,
            B,
            Subject::Nic,
            |s| {
                let ip = "10.0.0.9".parse().unwrap();
                s.nic.addresses.push(Address { ip, role: AddressRole::Virtual });
            },
            Some((F::VipOnNic, B)),
        ),
        ("no virtual address", Condition::NoVirtualIp, B, Subject::Nic, |s| s.floats_known = true, None),
        (
            "others go on answering",
            Condition::VirtualShared,
            W,
            Subject::Nic,
            |s| float(s, &["10.0.0.1", "10.0.0.77"]),
            None,
        ),
        (
            "nobody answers without the NIC",
            Condition::VirtualShared,
            W,
            Subject::Nic,
            |s| float(s, &["10.0.0.1"]),
            Some((F::VipLast, W)),
        ),
        (
            "nobody knows who answers without the NIC",
            Condition::VirtualShared,
            W,
            Subject::Nic,
            |s| {
                float(s, &["10.0.0.1"]);
                s.floats_known = false;
            },
            Some((F::VipUnknown, U)),
        ),
        (
            "virtual addresses that could not be read",
            Condition::NoVirtualIp,
            B,
            Subject::Nic,
            |s| s.floats_known = false,
            Some((F::VipUnknown, U)),
        ),
    ]);
}

#[test]
fn what_is_said_of_virtual_addresses_is_as_old_as_their_list() {
    let mut snapshot = snapshot();
    float(&mut snapshot, &["10.0.0.1"]);
    let told = |nics_too: bool| {
        let snapshot = snapshot.clone();
        let mut inventory = crate::domain::inventory::Inventory::new([("p".into(), "c".into())]);
        let part = inventory.profile_mut(&"p".into()).unwrap();
        let section = |resource| (resource, Some(RegionId::from(REGION)));
        part.begin(section(Resource::Floats));
        let page = InventoryPage { nics: vec![snapshot.nic], floats: snapshot.floats, ..Default::default() };
        part.merge(page, Timestamp(READ.0 + 60_000));
        if nics_too {
            part.complete(&section(Resource::Nics), 0, Timestamp(READ.0 + 60_000));
        }
        part.complete(&section(Resource::Floats), 0, READ);
        let nic = part.nic(&"nic-1".into()).unwrap();
        let found = findings(&Facts::of(part, nic), &only(Condition::VirtualShared, W), ADDRESS);
        (short(&found), found[0].read_at)
    };
    assert_eq!(told(true), (vec![(FindingId::VipLast, W)], Some(READ)));
    // Who else has it was never read to its end: it is as old as nothing.
    assert_eq!(told(false), (vec![(FindingId::VipLast, W)], None));
}

/// One that goes for good hides none of which nobody knows.
#[test]
fn a_last_virtual_address_is_no_word_on_another_one() {
    let change: Change = |s| {
        float(s, &["10.0.0.1"]);
        s.nic.addresses[2].role = AddressRole::Virtual;
    };
    let found = found(change, &only(Condition::VirtualShared, W), Subject::Nic);
    assert_eq!(short(&found), [(FindingId::VipUnknown, U), (FindingId::VipLast, W)]);
    assert_eq!(value(&found, FindingId::VipUnknown, "ip"), "10.0.0.3");
    assert_eq!(value(&found, FindingId::VipLast, "ip"), "10.0.0.2");
}

/// Traffic to it ends with the last NIC that has the address, not with the first.
#[test]
fn an_eip_of_a_shared_virtual_address_is_said_to_go_on() {
    let case = |peers: &'static [&'static str]| {
        let mut snapshot = snapshot();
        float(&mut snapshot, peers);
        snapshot.eips.push(eip("eip-1", "nic-1", Some("10.0.0.2")));
        let found = findings(&Facts::from_snapshot(&snapshot), &only(Condition::NoEipOnAddress, W), ADDRESS);
        assert_eq!(short(&found), [(FindingId::EipAttached, W)]);
        found[0].values.iter().find(|(name, _)| *name == "case").map(|(_, case)| case.clone())
    };
    assert_eq!(case(&["10.0.0.1", "10.0.0.77"]).as_deref(), Some("shared"));
    assert_eq!(case(&["10.0.0.1"]), None);
}
