//! Every condition under each of its three answers, and what verdicts have in common.

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        finding::{Finding, FindingId, FindingSet, Level},
        ids::NicId,
        nic::Fate,
    },
    rules::{Context, Subject, Summary, detach_level, facts::Facts, findings, findings_in, levels},
};

type Change = fn(&mut NicSnapshot);
type Wanted = Option<(FindingId, Severity)>;

const B: Severity = Severity::Blocked;
const W: Severity = Severity::Warn;
const I: Severity = Severity::Info;
const U: Severity = Severity::Unknown;

const ADDRESS: Subject = Subject::Address(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)));
const PRIMARY: Subject = Subject::Address(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
const V6: Subject = Subject::Address(IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));

/// A cloud with one rule only; all kinds of addresses can be released.
fn only(condition: Condition, severity: Severity) -> Capabilities {
    let rules: &'static [Precondition] = Box::leak(Box::new([rule(condition, severity)]));
    Capabilities {
        releasable: &[AddressRole::Primary, AddressRole::Secondary, AddressRole::Virtual, AddressRole::Ipv6],
        release: rules,
        detach: rules,
        ..STRICT
    }
}

fn found(change: Change, capabilities: &Capabilities, subject: Subject) -> Vec<Finding> {
    let mut snapshot = snapshot();
    change(&mut snapshot);
    findings(&Facts::from_snapshot(&snapshot), capabilities, subject)
}

fn short(findings: &[Finding]) -> Vec<(FindingId, Severity)> {
    findings.iter().map(|finding| (finding.id, finding.severity)).collect()
}

fn value<'a>(findings: &'a [Finding], id: FindingId, name: &str) -> &'a str {
    let finding = findings.iter().find(|finding| finding.id == id).unwrap();
    &finding.values.iter().find(|(key, _)| *key == name).unwrap_or_else(|| panic!("{id:?} has no {name}")).1
}

const NOTHING: Change = |_| {};
const UNREAD_INSTANCE: Change = |s| s.instance = None;
const FREE: Change = |s| {
    s.nic.instance = None;
    s.instance = None;
    s.nic.status.state = NicState::Free;
};

/// Makes the address a virtual one that is bound to these.
fn float(snapshot: &mut NicSnapshot, peers: &[&str]) {
    snapshot.nic.addresses[1].role = AddressRole::Virtual;
    snapshot.floats.push(virtual_address("f-1", "10.0.0.2", peers));
}

#[test]
fn every_condition_holds_is_violated_or_can_not_be_told() {
    use FindingId as F;
    let attached = Condition::NicState { allowed: &[NicState::Attached] };
    let running = RUNNING;
    let running_if_primary = Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: true };
    let table: &[(&str, Condition, Severity, Subject, Change, Wanted)] = &[
        ("secondary", Condition::NotPrimaryIp, B, ADDRESS, NOTHING, None),
        ("primary", Condition::NotPrimaryIp, B, PRIMARY, NOTHING, Some((F::PrimaryIp, B))),
        ("IPv4", Condition::NotIpv6, B, ADDRESS, NOTHING, None),
        ("IPv6", Condition::NotIpv6, B, V6, NOTHING, Some((F::Ipv6Address, B))),
        // A virtual address that is an object of its own.
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
        // EIP on the address.
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
            "virtual addresses that could not be read",
            Condition::NoVirtualIp,
            B,
            Subject::Nic,
            |s| s.floats_known = false,
            Some((F::VipUnknown, U)),
        ),
        (
            "no word for the state",
            Condition::NicState { allowed: &[NicState::Attached] },
            I,
            Subject::Nic,
            |s| s.nic.status.word = "".into(),
            Some((F::NicStateUnknown, I)),
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
            "balancers not read, where one informs",
            Condition::NotBackend,
            I,
            ADDRESS,
            |s| s.backends_known = false,
            Some((F::LbUnknown, I)),
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
        // EIP on the NIC.
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
        // Backends.
        ("no backend", Condition::NotBackend, B, ADDRESS, NOTHING, None),
        (
            "backend",
            Condition::NotBackend,
            B,
            ADDRESS,
            |s| s.backends.push(backend("lb", "10.0.0.2")),
            Some((F::LbBackend, B)),
        ),
        (
            "another address is the backend",
            Condition::NotBackend,
            B,
            ADDRESS,
            |s| s.backends.push(backend("lb", "10.0.0.3")),
            None,
        ),
        (
            "balancers not read",
            Condition::NotBackend,
            W,
            ADDRESS,
            |s| s.backends_known = false,
            Some((F::LbUnknown, U)),
        ),
        (
            "detach of a backend",
            Condition::NotBackend,
            B,
            Subject::Nic,
            |s| s.backends.push(backend("lb", "10.0.0.3")),
            Some((F::LbBackend, B)),
        ),
        (
            "detach, balancers not read",
            Condition::NotBackend,
            B,
            Subject::Nic,
            |s| s.backends_known = false,
            Some((F::LbUnknown, U)),
        ),
        ("instance serves nobody", Condition::InstanceNotBackend, W, ADDRESS, NOTHING, None),
        (
            "instance serves through another address",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| s.backends.push(backend("lb", "10.0.0.3")),
            Some((F::LbOnInstance, W)),
        ),
        (
            "instance serves through this address only",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.backends.push(backend("lb", "10.0.0.2"));
                s.instance.as_mut().unwrap().load_balancers = vec!["lb".into()];
            },
            None,
        ),
        (
            "instance names a balancer",
            Condition::InstanceNotBackend,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().load_balancers = vec!["lb".into()],
            Some((F::LbOnInstance, W)),
        ),
        (
            "balancer of the instance through this address and another",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.backends = vec![backend("lb", "10.0.0.2"), backend("lb", "10.0.0.3")];
                s.instance.as_mut().unwrap().load_balancers = vec!["lb".into()];
            },
            Some((F::LbOnInstance, W)),
        ),
        (
            "balancer of the instance through another address",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.backends.push(backend("lb", "10.0.0.3"));
                s.instance.as_mut().unwrap().load_balancers = vec!["lb".into()];
            },
            Some((F::LbOnInstance, W)),
        ),
        (
            "detach, balancers through this NIC only",
            Condition::InstanceNotBackend,
            W,
            Subject::Nic,
            |s| {
                s.backends = vec![backend("lb", "10.0.0.2"), backend("lb", "10.0.0.3")];
                s.instance.as_mut().unwrap().load_balancers = vec!["lb".into()];
            },
            None,
        ),
        (
            "instance names none, but backends were not read",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| s.backends_known = false,
            Some((F::LbUnknown, U)),
        ),
        ("instance was not read", Condition::InstanceNotBackend, W, ADDRESS, UNREAD_INSTANCE, Some((F::LbUnknown, U))),
        (
            "instance was not read, but a backend was",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.instance = None;
                s.backends.push(backend("lb", "10.0.0.3"));
            },
            Some((F::LbOnInstance, W)),
        ),
        ("free NIC serves nobody", Condition::InstanceNotBackend, W, ADDRESS, FREE, None),
        // States.
        ("NIC in state", attached, B, ADDRESS, NOTHING, None),
        ("NIC moving", attached, B, ADDRESS, |s| s.nic.status.state = NicState::Detaching, Some((F::NicState, B))),
        ("strange state", attached, B, Subject::Nic, |s| s.nic.status.state = NicState::Other, Some((F::NicState, B))),
        ("strange state warns", attached, W, ADDRESS, |s| s.nic.status.state = NicState::Other, Some((F::NicState, U))),
        (
            "strange state informs",
            attached,
            I,
            ADDRESS,
            |s| s.nic.status.state = NicState::Other,
            Some((F::NicState, U)),
        ),
        ("instance runs", running, B, Subject::Nic, NOTHING, None),
        (
            "instance stopped",
            running,
            B,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Stopped)),
            Some((F::InstanceState, B)),
        ),
        (
            "instance in a strange state",
            running,
            W,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Other)),
            Some((F::InstanceState, U)),
        ),
        (
            "instance in a strange state, which informs",
            running,
            I,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Other)),
            Some((F::InstanceState, U)),
        ),
        (
            "strange state of a primary NIC's instance",
            running_if_primary,
            W,
            ADDRESS,
            |s| {
                s.nic.role = NicRole::Primary;
                s.instance = Some(instance("vm-1", PowerState::Other));
            },
            Some((F::InstanceState, U)),
        ),
        ("instance unread, which informs", running, I, Subject::Nic, UNREAD_INSTANCE, Some((F::InstanceUnknown, U))),
        ("instance unread", running, B, Subject::Nic, UNREAD_INSTANCE, Some((F::InstanceUnknown, U))),
        (
            "instance hidden by the cloud",
            running,
            B,
            ADDRESS,
            |s| {
                s.nic.instance = None;
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        ("free NIC", running, B, ADDRESS, FREE, None),
        (
            "no instance, in a strange state",
            running,
            I,
            ADDRESS,
            |s| {
                FREE(s);
                s.nic.status.state = NicState::Other;
            },
            Some((F::InstanceUnknown, U)),
        ),
        ("secondary NIC is not asked", running_if_primary, B, ADDRESS, UNREAD_INSTANCE, None),
        (
            "primary NIC is asked",
            running_if_primary,
            B,
            ADDRESS,
            |s| {
                s.nic.role = NicRole::Primary;
                s.instance = Some(instance("vm-1", PowerState::Stopped));
            },
            Some((F::InstanceState, B)),
        ),
        (
            "a kind that is not known may be primary",
            running_if_primary,
            B,
            ADDRESS,
            |s| {
                s.nic.role = NicRole::Other("New".into());
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        // The NIC.
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
        ("members", Condition::NoMembers, B, Subject::Nic, |s| s.nic.members = Some(true), Some((F::NicMembers, B))),
        (
            "members of a NIC that is not linked",
            Condition::NotLinked,
            B,
            Subject::Nic,
            |s| s.nic.members = Some(true),
            None,
        ),
        (
            "members not told",
            Condition::NoMembers,
            B,
            Subject::Nic,
            |s| s.nic.members = None,
            Some((F::NicLinkedUnknown, U)),
        ),
        (
            "links not told",
            Condition::NotLinked,
            B,
            Subject::Nic,
            |s| s.nic.linked = None,
            Some((F::NicLinkedUnknown, U)),
        ),
        ("hot plug", Condition::HotPlug, B, Subject::Nic, NOTHING, None),
        (
            "no hot plug, running",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| s.nic.hot_plug = Some(false),
            Some((F::HotPlug, B)),
        ),
        (
            "no hot plug, stopped",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = Some(false);
                s.instance = Some(instance("vm-1", PowerState::Stopped));
            },
            None,
        ),
        (
            "hot plug not told",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| s.nic.hot_plug = None,
            Some((F::HotPlugUnknown, U)),
        ),
        (
            "no hot plug, strange state",
            Condition::HotPlug,
            W,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = Some(false);
                s.instance = Some(instance("vm-1", PowerState::Other));
            },
            Some((F::HotPlug, U)),
        ),
        (
            "hot plug not told, strange state",
            Condition::HotPlug,
            I,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = None;
                s.instance = Some(instance("vm-1", PowerState::Other));
            },
            Some((F::HotPlugUnknown, U)),
        ),
        (
            "no hot plug, instance hidden",
            Condition::HotPlug,
            W,
            ADDRESS,
            |s| {
                s.nic.hot_plug = Some(false);
                s.nic.instance = None;
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        (
            "no hot plug, instance unread",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = Some(false);
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        ("agent runs", Condition::GuestAgentRuns, W, Subject::Nic, NOTHING, None),
        (
            "no agent",
            Condition::GuestAgentRuns,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().guest_agent = Some(false),
            Some((F::GuestAgent, W)),
        ),
        (
            "agent not told",
            Condition::GuestAgentRuns,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().guest_agent = None,
            Some((F::GuestAgentUnknown, U)),
        ),
        (
            "agent of an unread instance",
            Condition::GuestAgentRuns,
            W,
            Subject::Nic,
            UNREAD_INSTANCE,
            Some((F::InstanceUnknown, U)),
        ),
        // What is only told.
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
        (
            "asked, and not told",
            Condition::OutlivesDetach,
            W,
            Subject::Nic,
            |s| s.nic.dies_with_detach = Some(Fate::Untold),
            Some((F::NicFateUnknown, U)),
        ),
        ("addresses leave", Condition::AddressesLeave, I, Subject::Nic, NOTHING, Some((F::AddressesLeave, I))),
        (
            "IPv6 alone leaves",
            Condition::AddressesLeave,
            I,
            Subject::Nic,
            |s| s.nic.addresses.retain(|address| address.role == AddressRole::Ipv6),
            Some((F::AddressesLeave, I)),
        ),
        ("no extra address leaves", Condition::AddressesLeave, I, Subject::Nic, |s| s.nic.addresses.truncate(1), None),
        ("guest keeps it", Condition::GuestKeepsConfig, I, ADDRESS, NOTHING, Some((F::OsConfig, I))),
        ("what is not released", Condition::GuestKeepsConfig, I, PRIMARY, NOTHING, None),
        ("no guest", Condition::GuestKeepsConfig, I, ADDRESS, FREE, None),
    ];
    let mut wrong = Vec::new();
    for (name, condition, severity, subject, change, wanted) in table {
        let found = found(*change, &only(*condition, *severity), *subject);
        let predicted = found.iter().all(|finding| finding.predicts == (finding.severity == B).then_some("REFUSED"));
        if short(&found) != wanted.iter().copied().collect::<Vec<_>>() || !predicted {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
fn a_nic_that_is_on_no_instance_can_not_be_detached() {
    let none = only(Condition::NotPrimaryNic, B);
    assert_eq!(short(&found(FREE, &none, Subject::Nic)), [(FindingId::NicState, B)]);
    let hidden: Change = |s| s.nic.instance = None;
    let found = found(hidden, &none, Subject::Nic);
    assert_eq!(short(&found), [(FindingId::InstanceUnknown, U)]);
    assert_eq!(value(&found, FindingId::InstanceUnknown, "instance"), "?");
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
fn what_several_rules_find_is_said_once_and_as_bad_as_the_worst() {
    const RULES: &[Precondition] = &[
        rule(Condition::NoEipOnAddress, W),
        Precondition { code: Some("FIRST"), ..rule(Condition::NoEipOnAddress, B) },
        rule(Condition::NoEipOnAddress, B),
        rule(Condition::NoEipOnAddress, I),
    ];
    let cloud = Capabilities { release: RULES, ..STRICT };
    let found = found(|s| s.eips.push(eip("e", "nic-1", Some("10.0.0.2"))), &cloud, ADDRESS);
    assert_eq!(short(&found), [(FindingId::EipAttached, B)]);
    assert_eq!(found[0].predicts, Some("FIRST"));
}

#[test]
fn what_is_not_known_predicts_nothing() {
    let coded = |condition, severity| {
        let rules: &'static [Precondition] =
            Box::leak(Box::new([Precondition::new(condition, severity, Some("REFUSED"))]));
        Capabilities { release: rules, detach: rules, ..only(condition, severity) }
    };
    let attached = Condition::NicState { allowed: &[NicState::Attached] };
    let strange: Change = |s| s.nic.status.state = NicState::Other;
    assert_eq!(found(strange, &coded(attached, W), ADDRESS)[0].predicts, None);
    assert_eq!(found(strange, &coded(attached, B), ADDRESS)[0].predicts, Some("REFUSED"));
    let unread: Change = |s| s.eips_known = false;
    assert_eq!(found(unread, &coded(Condition::NoEipOnAddress, B), ADDRESS)[0].predicts, None);
    let stopped: Change = |s| s.instance = Some(instance("vm-1", PowerState::Stopped));
    assert_eq!(found(stopped, &coded(RUNNING, W), Subject::Nic)[0].predicts, Some("REFUSED"), "a warning may");
}

/// Only what the cloud can never tell is milder: what was not read, or is a word nobody knows, is not.
#[test]
fn a_cloud_without_a_call_to_ask_by_is_warned_of() {
    const STRICTLY: &[Precondition] = &[rule(Condition::NotBackend, W)];
    const STATE: &[Precondition] = &[rule(Condition::NicState { allowed: &[NicState::Attached] }, W).or_untold()];
    const RULES: &[Precondition] =
        &[rule(Condition::NotBackend, B).or_untold(), rule(Condition::NoVirtualIp, B).or_untold()];
    let cloud = Capabilities { release: RULES, detach: RULES, ..STRICT };
    let unread: Change = |s| (s.backends_known, s.floats_known) = (false, false);
    assert_eq!(short(&found(unread, &cloud, Subject::Nic)), [(FindingId::LbUnknown, W), (FindingId::VipUnknown, W)]);
    assert_eq!(short(&found(unread, &cloud, ADDRESS)), [(FindingId::LbUnknown, W)]);
    let strict = Capabilities { detach: STRICTLY, ..cloud };
    assert_eq!(short(&found(unread, &strict, Subject::Nic)), [(FindingId::LbUnknown, U)]);
    let strange: Change = |s| s.nic.status.state = NicState::Other;
    let cloud = Capabilities { release: STATE, ..STRICT };
    assert_eq!(short(&found(strange, &cloud, ADDRESS)), [(FindingId::NicState, U)]);
}

#[test]
fn findings_carry_what_their_sentences_need() {
    let change: Change = |s| {
        s.eips.push(eip("eip-1", "nic-1", Some("10.0.0.2")));
        s.eips.push(eip("eip-2", "nic-1", Some("10.0.0.3")));
        s.backends.push(backend("lb-1", "10.0.0.2"));
        s.backends.push(Backend { name: "".into(), port: "443".into(), ..backend("lb-2", "10.0.0.2") });
    };
    let release = found(change, &STRICT, ADDRESS);
    for (id, name, wanted) in [
        (FindingId::EipAttached, "eip", "203.0.113.7"),
        (FindingId::EipAttached, "eip_id", "eip-1"),
        (FindingId::EipAttached, "ip", "10.0.0.2"),
        (FindingId::EipOnNic, "eip_id", "eip-2"),
        (FindingId::EipOnNic, "ips", "10.0.0.3"),
        (FindingId::LbBackend, "lb", "lb-1, lb-2"),
        (FindingId::LbBackend, "lb_name", "lb-2, shop"),
        (FindingId::LbBackend, "port", "443, 80"),
        (FindingId::LbBackend, "count", "2"),
        (FindingId::OsConfig, "instance", "vm-1"),
    ] {
        assert_eq!(value(&release, id, name), wanted, "{id:?} {name}");
    }
    assert!(release.iter().all(|finding| finding.read_at == Some(READ)));
    let stopped: Change = |s| {
        s.instance = Some(instance("vm-1", PowerState::Stopped));
        s.nic.status = NicStatus { word: "DETACHING".into(), state: NicState::Detaching };
    };
    let detach = found(stopped, &STRICT, Subject::Nic);
    for (id, name, wanted) in [
        (FindingId::InstanceState, "state", "STOPPED"),
        (FindingId::InstanceState, "allowed", "running"),
        (FindingId::NicState, "state", "DETACHING"),
        (FindingId::NicState, "allowed", "attached"),
        (FindingId::AddressesLeave, "count", "2"),
        (FindingId::AddressesLeave, "ipv6", "1"),
    ] {
        assert_eq!(value(&detach, id, name), wanted, "{id:?} {name}");
    }
    let served: Change = |s| {
        s.backends.push(backend("lb-1", "10.0.0.3"));
        s.instance.as_mut().unwrap().load_balancers = vec!["lb-1".into(), "lb-2".into()];
    };
    let served = found(served, &STRICT, ADDRESS);
    assert_eq!(value(&served, FindingId::LbOnInstance, "lb"), "lb-1, lb-2");
    assert_eq!(value(&served, FindingId::LbOnInstance, "instance"), "vm-1");
}

#[test]
fn an_address_that_is_not_there_is_not_listed() {
    let found = found(NOTHING, &STRICT, Subject::Address(ip("10.9.9.9")));
    assert_eq!(short(&found), [(FindingId::NotListed, B)]);
}

#[test]
fn the_last_secondary_is_told_of_all_that_leave_together() {
    let snapshot = snapshot();
    let facts = Facts::from_snapshot(&snapshot);
    let last = |leaving: &[IpAddr]| {
        findings_in(&facts, &LENIENT, ADDRESS, Context { leaving })
            .iter()
            .any(|finding| finding.id == FindingId::LastSecondary)
    };
    assert!(!last(&[]));
    assert!(!last(&[ip("10.0.0.2")]));
    assert!(last(&[ip("10.0.0.2"), ip("10.0.0.3")]));
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn levels_are_the_worst_of_the_findings(bytes in dice()) {
        let mut dice = Dice::of(&bytes);
        let snapshot = random_snapshot(&mut dice, 1);
        let facts = Facts::from_snapshot(&snapshot);
        for capabilities in [&STRICT, &LENIENT] {
            let agree = |found: &[Finding], summary: Summary| {
                let level = found.iter().map(|finding| Level::from(finding.severity)).max().unwrap_or_default();
                let findings: FindingSet = found.iter().map(|finding| finding.id).collect();
                summary == Summary { level, findings, worst: found.first().map(|first| first.id) }
            };
            let mut all = Vec::new();
            levels(&facts, capabilities, &mut all);
            prop_assert_eq!(all.len(), snapshot.nic.addresses.len());
            for (address, level) in snapshot.nic.addresses.iter().zip(all) {
                let found = findings(&facts, capabilities, Subject::Address(address.ip));
                prop_assert!(agree(&found, level), "{:?} {:?}", found, level);
                prop_assert!(found.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)));
            }
            let found = findings(&facts, capabilities, Subject::Nic);
            prop_assert!(agree(&found, detach_level(&facts, capabilities)), "{:?}", found);
        }
    }

    #[test]
    fn inventory_and_snapshot_are_judged_alike(bytes in dice()) {
        let mut dice = Dice::of(&bytes);
        let inventory = inventory(&[random_snapshot(&mut dice, 1)]);
        let part = inventory.profile(&"strict-1".into()).unwrap();
        let nic = part.nic(&NicId::from("nic-1")).unwrap();
        let snapshot = part.snapshot(&nic.id).unwrap();
        let (listed, read) = (Facts::of(part, nic), Facts::from_snapshot(&snapshot));
        for subject in nic.addresses.iter().map(|address| Subject::Address(address.ip)).chain([Subject::Nic]) {
            // Lists inside values keep the order of the source; ids and severities do not depend on it.
            let ids = |facts: &Facts| short(&findings(facts, &STRICT, subject));
            prop_assert_eq!(ids(&listed), ids(&read));
        }
    }
}

/// Advice that the same program then refuses is none.
#[test]
fn what_else_can_be_done_depends_on_the_nic() {
    let own = only(Condition::NotPrimaryIp, B);
    let case = |change: Change| value(&found(change, &own, PRIMARY), FindingId::PrimaryIp, "case").to_owned();
    assert_eq!(case(|s| s.nic.role = NicRole::Primary), "primary");
    assert_eq!(case(FREE), "free");
    let extra: Change = |s| s.nic.role = NicRole::Secondary;
    assert!(found(extra, &own, PRIMARY)[0].values.iter().all(|(name, _)| *name != "case"), "it can be detached");

    let attached = only(Condition::NicState { allowed: &[NicState::Attached] }, B);
    assert_eq!(value(&found(FREE, &attached, Subject::Nic), FindingId::NicState, "case"), "free");
    let moving: Change = |s| s.nic.status.state = NicState::Detaching;
    assert!(found(moving, &attached, Subject::Nic)[0].values.iter().all(|(name, _)| *name != "case"));
}
