//! Every condition under each of its three answers, one subject a file; here is what verdicts have in common.

mod address;
mod backends;
mod eips;
mod nic;
mod states;
mod virtuals;

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
/// What it is called, the cloud's one rule with its severity, what is asked about in which world, and what is found.
type Case = (&'static str, Condition, Severity, Subject, Change, Option<(FindingId, Severity)>);

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

/// What is known to be in the way is no word on what is not known.
#[test]
fn what_is_not_known_is_told_beside_what_is() {
    use FindingId as F;
    let unread: Change = |s| (s.backends_known, s.backends) = (false, vec![backend("lb-1", "10.0.0.2")]);
    let half: Change = |s| s.nic.addresses_known = false;
    let eips: Change = |s| (s.eips_known, s.eips) = (false, vec![eip("eip-1", "nic-1", Some("10.0.0.2"))]);
    let floats: Change = |s| s.floats_known = false;
    for (condition, subject, change, known, unknown) in [
        (Condition::NotBackend, ADDRESS, unread, F::LbBackend, F::LbUnknown),
        (Condition::NotBackend, Subject::Nic, unread, F::LbBackend, F::LbUnknown),
        (Condition::NoEipOnNic, Subject::Nic, eips, F::EipOnNic, F::EipUnknown),
        (Condition::AddressesLeave, Subject::Nic, half, F::AddressesLeave, F::AddressesUnknown),
        (Condition::AddressesLeave, Subject::Nic, floats, F::AddressesLeave, F::VipUnknown),
    ] {
        let told = short(&found(change, &only(condition, W), subject));
        assert_eq!(told, [(unknown, U), (known, W)], "{condition:?} {subject:?}");
        // What blocks by itself asks for no more.
        assert_eq!(short(&found(change, &only(condition, B), subject)), [(known, B)], "{condition:?} {subject:?}");
    }
}

const NOTHING: Change = |_| {};
const UNREAD_INSTANCE: Change = |s| s.instance = None;
const FREE: Change = |s| {
    s.nic.instance = None;
    s.instance = None;
    s.nic.status.state = NicState::Free;
};

fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, condition, severity, subject, change, wanted) in cases {
        let found = found(*change, &only(*condition, *severity), *subject);
        let predicted = found.iter().all(|finding| finding.predicts == (finding.severity == B).then_some("REFUSED"));
        if short(&found) != wanted.iter().copied().collect::<Vec<_>>() || !predicted {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        (FindingId::AddressesLeave, "count", "3"),
        (FindingId::AddressesLeave, "ipv6", "1"),
    ] {
        assert_eq!(value(&detach, id, name), wanted, "{id:?} {name}");
    }
    let served: Change = |s| {
        s.backends.push(backend("lb-1", "10.0.0.3"));
        s.instance.as_mut().unwrap().load_balancers = Some(vec!["lb-1".into(), "lb-2".into()]);
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
