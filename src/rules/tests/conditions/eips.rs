//! EIPs on the address and elsewhere on the NIC.

use super::*;

#[test]
fn an_eip_stands_in_the_way_where_it_is() {
    use FindingId as F;
    check(&[
        ("no EIP", Condition::NoEipOnAddress, B, ADDRESS, NOTHING, None),
        (
            "EIP here",
            Condition::NoEipOnAddress,
            B,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", Some("10.0.0.2"))),
            Some((F::EipAttached, B)),
        ),
        (
            "EIP here, which only warns",
            Condition::NoEipOnAddress,
            W,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", Some("10.0.0.2"))),
            Some((F::EipAttached, W)),
        ),
        (
            "an EIP here that dies with its binding",
            Condition::NoEipOnAddress,
            W,
            ADDRESS,
            |s| {
                let mut eip = eip("e", "nic-1", Some("10.0.0.2"));
                eip.dies_unbound = Some(true);
                s.eips.push(eip);
            },
            Some((F::EipDestroyed, W)),
        ),
        (
            "an EIP here of which it is not told",
            Condition::NoEipOnAddress,
            W,
            ADDRESS,
            |s| {
                let mut eip = eip("e", "nic-1", Some("10.0.0.2"));
                eip.dies_unbound = None;
                s.eips.push(eip);
            },
            Some((F::EipFateUnknown, U)),
        ),
        (
            "EIP here, though the listing failed",
            Condition::NoEipOnAddress,
            W,
            ADDRESS,
            |s| {
                s.eips.push(eip("e", "nic-1", Some("10.0.0.2")));
                s.eips_known = false;
            },
            Some((F::EipAttached, W)),
        ),
        (
            "EIP elsewhere on the NIC",
            Condition::NoEipOnAddress,
            B,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", Some("10.0.0.3"))),
            None,
        ),
        ("EIPs not read", Condition::NoEipOnAddress, B, ADDRESS, |s| s.eips_known = false, Some((F::EipUnknown, U))),
        (
            "EIPs not read, where one warns",
            Condition::NoEipOnAddress,
            W,
            ADDRESS,
            |s| s.eips_known = false,
            Some((F::EipUnknown, U)),
        ),
        (
            "EIPs not read, where one informs",
            Condition::NoEipOnAddress,
            I,
            ADDRESS,
            |s| s.eips_known = false,
            Some((F::EipUnknown, I)),
        ),
        (
            "EIP without a private address",
            Condition::NoEipOnAddress,
            B,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", None)),
            Some((F::EipUnknown, U)),
        ),
        (
            "public address without an EIP",
            Condition::NoEipOnAddress,
            B,
            ADDRESS,
            |s| s.nic.public_ips.push("203.0.113.9".into()),
            Some((F::EipUnknown, U)),
        ),
        (
            "public address of a known EIP",
            Condition::NoEipOnAddress,
            B,
            ADDRESS,
            |s| {
                s.nic.public_ips.push("203.0.113.7".into());
                s.eips.push(eip("e", "nic-1", Some("10.0.0.3")));
            },
            None,
        ),
        (
            "public address that an EIP without one may be",
            Condition::NoEipOnAddress,
            B,
            ADDRESS,
            |s| {
                s.nic.public_ips.push("203.0.113.9".into());
                s.eips.push(Eip { ips: vec![], ..eip("e", "nic-1", Some("10.0.0.3")) });
            },
            None,
        ),
        ("no EIP on the NIC", Condition::NoEipOnNic, B, ADDRESS, NOTHING, None),
        (
            "EIP on another address",
            Condition::NoEipOnNic,
            B,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", Some("10.0.0.3"))),
            Some((F::EipOnNic, B)),
        ),
        (
            "EIP on this address alone",
            Condition::NoEipOnNic,
            B,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", Some("10.0.0.2"))),
            None,
        ),
        (
            "EIP somewhere on the NIC",
            Condition::NoEipOnNic,
            B,
            ADDRESS,
            |s| s.eips.push(eip("e", "nic-1", None)),
            Some((F::EipUnknown, U)),
        ),
        ("NIC's EIPs not read", Condition::NoEipOnNic, B, ADDRESS, |s| s.eips_known = false, Some((F::EipUnknown, U))),
        ("detach without EIP", Condition::NoEipOnNic, W, Subject::Nic, NOTHING, None),
        (
            "detach with EIP",
            Condition::NoEipOnNic,
            W,
            Subject::Nic,
            |s| s.eips.push(eip("e", "nic-1", None)),
            Some((F::EipOnNic, W)),
        ),
        (
            "detach, EIPs not read",
            Condition::NoEipOnNic,
            W,
            Subject::Nic,
            |s| s.eips_known = false,
            Some((F::EipUnknown, U)),
        ),
    ]);
}

#[test]
fn why_eips_are_not_known_is_told() {
    let judged = |change: Change| {
        let found = found(change, &STRICT, ADDRESS);
        assert_eq!(short(&found), [(FindingId::EipUnknown, U), (FindingId::OsConfig, I)], "worst first, and once");
        found
    };
    let somewhere = judged(|s| s.eips.push(eip("e", "nic-1", None)));
    assert_eq!(value(&somewhere, FindingId::EipUnknown, "eip"), "203.0.113.7");
    assert_eq!(value(&somewhere, FindingId::EipUnknown, "ips"), "?");
    let nobodys = judged(|s| s.nic.public_ips = vec!["203.0.113.9".into()]);
    assert_eq!(value(&nobodys, FindingId::EipUnknown, "eip"), "203.0.113.9");
    let unread = judged(|s| s.eips_known = false);
    assert_eq!(unread[0].values, [], "nothing to name");
    assert_eq!(unread[0].read_at, None, "nothing was read");
}

#[test]
fn a_refresh_that_failed_leaves_nothing_known() {
    let mut inventory = inventory(&[snapshot()]);
    let section = (Resource::Eips, Some(RegionId::from(REGION)));
    let part = inventory.profile_mut(&"strict-1".into()).unwrap();
    let judged = |part: &crate::domain::inventory::ProfileInventory| {
        let nic = part.nic(&NicId::from("nic-1")).unwrap();
        let known = Facts::of(part, nic).eips_known;
        assert_eq!(part.snapshot(&nic.id).unwrap().eips_known, known, "both see the same");
        known
    };
    assert!(judged(part));
    part.begin(section.clone());
    assert!(judged(part), "a refresh under way keeps what was known");
    let fault = crate::domain::fault::Fault {
        kind: crate::domain::fault::FaultKind::Permission,
        effect: crate::domain::fault::Effect::Nothing,
        action: "List".into(),
        code: None,
        message: String::new(),
        request_id: None,
        http_status: Some(403),
        retry_after_ms: None,
        clock_skew_s: None,
        attempts: 1,
        elapsed_ms: 1,
        partly: false,
        permission: None,
        keys: None,
    };
    part.fail(&section, fault, READ);
    assert!(!judged(part));
    let failed = part.coverage(section.0, &REGION.into()).clone();
    assert_eq!(failed.read_at(), Some(READ), "what is there keeps its age");
    part.begin(section.clone());
    part.begin(section.clone());
    assert!(!judged(part), "asking again tells nothing yet");
    part.cancel(&section);
    assert_eq!(part.coverage(section.0, &REGION.into()), &failed, "as if it had not been asked");
    let sweep = part.begin(section.clone());
    part.complete(&section, sweep, READ);
    assert!(judged(part));
    part.begin(section.clone());
    part.cancel(&section);
    assert!(judged(part), "and a good one stays good");
}
