//! The NIC itself: its kind, whose it is, what hangs on it, what a detach takes along.

use super::*;

#[test]
fn what_a_nic_is_decides() {
    use FindingId as F;
    check(&[
        ("secondary NIC", Condition::NotPrimaryNic, B, Subject::Nic, NOTHING, None),
        (
            "primary NIC",
            Condition::NotPrimaryNic,
            B,
            Subject::Nic,
            |s| s.nic.role = NicRole::Primary,
            Some((F::PrimaryNic, B)),
        ),
        ("plain NIC", Condition::PlainNic, B, ADDRESS, NOTHING, None),
        (
            "trunk",
            Condition::PlainNic,
            B,
            Subject::Nic,
            |s| s.nic.role = NicRole::Other("Trunk".into()),
            Some((F::NicType, B)),
        ),
        ("nobody's", Condition::NotManaged, B, ADDRESS, NOTHING, None),
        (
            "a service's",
            Condition::NotManaged,
            B,
            ADDRESS,
            |s| s.nic.managed_by = ManagedBy::Service("nat".into()),
            Some((F::ManagedBy, B)),
        ),
        (
            "a controller's",
            Condition::NotManaged,
            B,
            Subject::Nic,
            |s| s.nic.managed_by = ManagedBy::Controller("cni".into()),
            Some((F::ManagedBy, W)),
        ),
        (
            "whose is not told",
            Condition::NotManaged,
            B,
            ADDRESS,
            |s| s.nic.managed_by = ManagedBy::Unknown,
            Some((F::ManagedByUnknown, U)),
        ),
        ("not linked", Condition::NotLinked, B, Subject::Nic, NOTHING, None),
        ("linked", Condition::NotLinked, B, Subject::Nic, |s| s.nic.linked = Some(true), Some((F::NicLinked, B))),
        (
            "members of a NIC that is not linked",
            Condition::NotLinked,
            B,
            Subject::Nic,
            |s| s.nic.members = Some(true),
            None,
        ),
        (
            "links not told",
            Condition::NotLinked,
            B,
            Subject::Nic,
            |s| s.nic.linked = None,
            Some((F::NicLinkedUnknown, U)),
        ),
        ("members", Condition::NoMembers, B, Subject::Nic, |s| s.nic.members = Some(true), Some((F::NicMembers, B))),
        (
            "members not told",
            Condition::NoMembers,
            B,
            Subject::Nic,
            |s| s.nic.members = None,
            Some((F::NicLinkedUnknown, U)),
        ),
        (
            "it goes with its instance",
            Condition::OutlivesInstance,
            I,
            Subject::Nic,
            |s| s.nic.dies_with_instance = Some(true),
            Some((F::NicDiesWithInstance, I)),
        ),
        (
            "it outlives it",
            Condition::OutlivesInstance,
            I,
            Subject::Nic,
            |s| s.nic.dies_with_instance = Some(false),
            None,
        ),
        (
            "who goes with whom is not told",
            Condition::OutlivesInstance,
            I,
            Subject::Nic,
            NOTHING,
            Some((F::NicDiesWithInstance, I)),
        ),
        ("nobody asked yet what becomes of it", Condition::OutlivesDetach, W, Subject::Nic, NOTHING, None),
        ("it stays", Condition::OutlivesDetach, W, Subject::Nic, |s| s.nic.dies_with_detach = Some(Fate::Stays), None),
        (
            "it dies",
            Condition::OutlivesDetach,
            W,
            Subject::Nic,
            |s| s.nic.dies_with_detach = Some(Fate::Dies),
            Some((F::NicDies, W)),
        ),
        ("nobody asked yet what hangs on it", Condition::CarriesNone, B, Subject::Nic, |s| s.nic.members = None, None),
        (
            "asked, and not told what hangs on it",
            Condition::CarriesNone,
            B,
            Subject::Nic,
            |s| (s.nic.members, s.nic.dies_with_detach) = (None, Some(Fate::Stays)),
            Some((F::NicLinkedUnknown, U)),
        ),
        ("nothing hangs on it", Condition::CarriesNone, B, Subject::Nic, |s| s.nic.members = Some(false), None),
        (
            "others hang on it",
            Condition::CarriesNone,
            B,
            Subject::Nic,
            |s| s.nic.members = Some(true),
            Some((F::NicMembers, B)),
        ),
        (
            "a default route may go with it",
            Condition::NoDefaultRoute,
            I,
            Subject::Nic,
            NOTHING,
            Some((F::DefaultRoute, I)),
        ),
        ("a release takes no route", Condition::NoDefaultRoute, I, ADDRESS, NOTHING, None),
        ("addresses leave", Condition::AddressesLeave, I, Subject::Nic, NOTHING, Some((F::AddressesLeave, I))),
        (
            "IPv6 alone leaves",
            Condition::AddressesLeave,
            I,
            Subject::Nic,
            |s| s.nic.addresses.retain(|address| address.role == AddressRole::Ipv6),
            Some((F::AddressesLeave, I)),
        ),
        (
            "a virtual one may have come",
            Condition::AddressesLeave,
            W,
            Subject::Nic,
            |s| {
                s.nic.addresses.truncate(1);
                s.floats_known = false;
            },
            Some((F::VipUnknown, U)),
        ),
        ("no extra address leaves", Condition::AddressesLeave, I, Subject::Nic, |s| s.nic.addresses.truncate(1), None),
    ]);
}

/// No reason of a person's makes the write send it: it is no `?` that could be overridden.
#[test]
fn a_nic_whose_fate_nobody_tells_is_not_detached() {
    let untold =
        found(|s| s.nic.dies_with_detach = Some(Fate::Untold), &only(Condition::OutlivesDetach, W), Subject::Nic);
    assert_eq!(short(&untold), [(FindingId::NicFateUnknown, B)]);
}

#[test]
fn a_controller_is_told_where_the_cloud_has_no_rule_for_it() {
    let nobody_asks = only(Condition::NotIpv6, B);
    let mine: Change = |s| s.nic.managed_by = ManagedBy::Controller("cni".into());
    assert_eq!(short(&found(mine, &nobody_asks, ADDRESS)), [(FindingId::ManagedBy, W)]);
    assert_eq!(short(&found(mine, &nobody_asks, Subject::Nic)), [(FindingId::ManagedBy, W)]);
    assert_eq!(found(mine, &only(Condition::NotManaged, B), ADDRESS)[0].predicts, None, "no vendor refuses");
}

#[test]
fn a_nic_that_is_on_no_instance_can_not_be_detached() {
    let none = only(Condition::NotPrimaryNic, B);
    assert_eq!(short(&found(FREE, &none, Subject::Nic)), [(FindingId::NicState, B)]);
    let hidden: Change = |s| s.nic.instance = None;
    let found = found(hidden, &none, Subject::Nic);
    assert_eq!(short(&found), [(FindingId::InstanceUnknown, U)]);
    assert_eq!(value(&found, FindingId::InstanceUnknown, "instance"), "?");
}

/// What is asked of an instance that is not there is not asked: that it is not is told once, and surely only where all are known.
#[test]
fn an_instance_that_is_not_there_is_told_by_itself() {
    const RULES: &[Precondition] =
        &[rule(RUNNING, B), rule(Condition::InstanceExists, B), rule(Condition::GuestAgentRuns, W)];
    let cloud = Capabilities { release: RULES, detach: RULES, ..STRICT };
    let gone: Change = |s| s.instance = None;
    for subject in [ADDRESS, Subject::Nic] {
        let told = found(gone, &cloud, subject);
        assert_eq!(short(&told), [(FindingId::InstanceGone, B)]);
        assert_eq!((value(&told, FindingId::InstanceGone, "instance"), told[0].predicts), ("vm-1", Some("REFUSED")));
        assert_eq!(told[0].read_at, Some(READ));
        let unlisted: Change = |s| (s.instance, s.instances_known) = (None, false);
        assert_eq!(short(&found(unlisted, &cloud, subject)), [(FindingId::InstanceUnknown, U)]);
        assert_eq!(found(NOTHING, &cloud, subject), []);
    }
    assert_eq!(found(FREE, &cloud, ADDRESS), []);
    // Where nobody asks, it is what can not be told of its state.
    assert_eq!(short(&found(gone, &only(RUNNING, B), Subject::Nic)), [(FindingId::InstanceUnknown, U)]);
}
