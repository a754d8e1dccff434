//! The address itself: its role, what stays beside it, what the guest keeps of it.

use super::*;

#[test]
fn what_an_address_is_decides() {
    use FindingId as F;
    check(&[
        ("secondary", Condition::NotPrimaryIp, B, ADDRESS, NOTHING, None),
        ("primary", Condition::NotPrimaryIp, B, PRIMARY, NOTHING, Some((F::PrimaryIp, B))),
        ("IPv4", Condition::NotIpv6, B, ADDRESS, NOTHING, None),
        ("IPv6", Condition::NotIpv6, B, V6, NOTHING, Some((F::Ipv6Address, B))),
        ("another secondary stays", Condition::SecondaryStays, W, ADDRESS, NOTHING, None),
        (
            "the last secondary",
            Condition::SecondaryStays,
            W,
            ADDRESS,
            |s| {
                s.nic.addresses.remove(2);
            },
            Some((F::LastSecondary, W)),
        ),
        ("not a secondary", Condition::SecondaryStays, W, PRIMARY, |s| s.nic.addresses.truncate(1), None),
        ("guest keeps it", Condition::GuestKeepsConfig, I, ADDRESS, NOTHING, Some((F::OsConfig, I))),
        ("what is not released", Condition::GuestKeepsConfig, I, PRIMARY, NOTHING, None),
        ("no guest", Condition::GuestKeepsConfig, I, ADDRESS, FREE, None),
    ]);
}

#[test]
fn what_the_call_does_not_release_is_blocked_without_a_rule() {
    let none = Capabilities { releasable: &[], ..only(Condition::NotBackend, B) };
    assert_eq!(short(&found(NOTHING, &none, PRIMARY)), [(FindingId::PrimaryIp, B)]);
    assert_eq!(short(&found(NOTHING, &none, V6)), [(FindingId::Ipv6Address, B)]);
    assert_eq!(short(&found(NOTHING, &none, ADDRESS)), [(FindingId::AddressKind, B)]);
    assert_eq!(value(&found(NOTHING, &none, ADDRESS), FindingId::AddressKind, "kind"), "secondary");
    let no_calls = Capabilities { release_batch: 0, ..only(Condition::NotBackend, B) };
    assert_eq!(short(&found(NOTHING, &no_calls, ADDRESS)), [(FindingId::AddressKind, B)]);
}

#[test]
fn the_last_secondary_is_told_of_all_that_leave_together() {
    let snapshot = snapshot();
    let facts = Facts::from_snapshot(&snapshot);
    let last = |leaving: &[IpAddr]| {
        findings_in(&facts, &LENIENT, ADDRESS, Context { leaving, ..Context::default() })
            .iter()
            .any(|finding| finding.id == FindingId::LastSecondary)
    };
    assert!(!last(&[]));
    assert!(!last(&[ip("10.0.0.2")]));
    assert!(last(&[ip("10.0.0.2"), ip("10.0.0.3")]));
}
