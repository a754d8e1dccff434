//! What counts as a change between two readings.

use super::*;
use crate::domain::{
    address::{Address, AddressRole},
    capabilities::told as rule,
    finding::Severity,
    ids::{AddressKey, NicKey},
    instance::{Power, PowerState},
    nic::{NicState, NicStatus},
};

/// Asks everything that some cloud asks.
const ALL: &[Precondition] = &[
    rule(Condition::NoEipOnNic, Severity::Blocked),
    rule(Condition::InstanceNotBackend, Severity::Warn),
    rule(STOPS, Severity::Blocked),
    rule(Condition::NotLinked, Severity::Blocked),
    rule(Condition::GuestAgentRuns, Severity::Warn),
];
const STOPS: Condition = Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: false };

const OWN: &str = "10.0.0.4";
const FIRST: &str = "10.0.0.5";
const SECOND: &str = "10.0.0.6";

fn eip(id: &str, on: &str) -> Eip {
    Eip {
        dies_unbound: Some(false),
        id: id.into(),
        region: "r".into(),
        ips: vec![],
        name: "".into(),
        status: "InUse".into(),
        bound: EipBinding::Nic { nic: "n".into(), private_ip: Some(on.parse().unwrap()) },
    }
}

fn backend(lb: &str, on: &str) -> Backend {
    let target = BackendTarget::Address { ip: on.parse().unwrap(), instance: None, nic: None };
    Backend {
        load_balancer: lb.into(),
        name: "".into(),
        region: "r".into(),
        vpc: None,
        range: None,
        target,
        port: "80".into(),
    }
}

fn snapshot() -> NicSnapshot {
    let address = |ip: &str, role| Address { ip: ip.parse().unwrap(), role };
    NicSnapshot {
        nic: Nic {
            id: "n".into(),
            name: "".into(),
            region: "r".into(),
            zone: None,
            role: NicRole::Secondary,
            status: NicStatus { word: "InUse".into(), state: NicState::Attached },
            instance: Some("i".into()),
            mac: None,
            vpc: None,
            subnet: None,
            security_groups: vec![],
            addresses: vec![
                address(OWN, AddressRole::Primary),
                address(FIRST, AddressRole::Secondary),
                address(SECOND, AddressRole::Secondary),
            ],
            public_ips: vec![],
            pairs: vec![],
            managed_by: ManagedBy::Nobody,
            linked: Some(false),
            members: Some(false),
            prefixes: Vec::new(),
            dies_with_detach: None,
            dies_with_instance: None,
            addresses_known: true,
            ranges: vec![],
            hot_plug: None,
            tags: crate::domain::tags::Tags::none(),
            description: "".into(),
        },
        instance: Some(Instance {
            id: "i".into(),
            name: "".into(),
            region: "r".into(),
            zone: None,
            kind: None,
            power: Power { word: "Running".into(), state: PowerState::Running },
            guest_agent: Some(true),
            vpc: None,
            load_balancers: Some(vec![]),
            tags: crate::domain::tags::Tags::none(),
        }),
        eips: vec![eip("e-1", FIRST)],
        backends: vec![backend("lb-1", FIRST)],
        eips_known: true,
        backends_known: true,
        floats_known: true,
        floats: vec![],
        instances_known: true,
        read_at: Timestamp(0),
    }
}

fn whole() -> Target {
    Target::Nic(NicKey { profile: "p".into(), nic: "n".into() })
}

fn address(ip: &str) -> Target {
    let nic = NicKey { profile: "p".into(), nic: "n".into() };
    Target::Address(AddressKey { nic, ip: ip.parse().unwrap() })
}

/// What a change of the facts is to a write to one address, to another, and to the whole NIC.
fn told(change: impl FnOnce(&mut NicSnapshot)) -> [Vec<ChangedFact>; 3] {
    told_by(ALL, change)
}

/// The same where these rules are asked.
fn told_by(rules: &[Precondition], change: impl FnOnce(&mut NicSnapshot)) -> [Vec<ChangedFact>; 3] {
    let mut now = snapshot();
    now.read_at = Timestamp(1);
    change(&mut now);
    [address(FIRST), address(SECOND), whole()]
        .map(|target| snapshot().changes(&now, &target, rules).into_iter().map(|change| change.fact).collect())
}

#[test]
fn what_appears_is_a_change_and_what_went_away_is_none() {
    use ChangedFact::{Backends, Eips, NewAddresses};
    let nothing: [Vec<ChangedFact>; 3] = Default::default();
    assert_eq!(told(|_| {}), nothing);
    assert_eq!(told(|now| now.eips.clear()), nothing);
    assert_eq!(told(|now| now.backends.clear()), nothing);
    assert_eq!(told(|now| now.nic.addresses.retain(|address| address.role == AddressRole::Primary)), nothing);
    assert_eq!(told(|now| now.eips.push(eip("e-2", SECOND))), [vec![Eips], vec![Eips], vec![Eips]]);
    assert_eq!(told(|now| now.nic.public_ips.push("203.0.113.9".into())), [vec![Eips], vec![Eips], vec![Eips]]);
    // It was on the other address when the plan was made: it would go with this one now.
    assert_eq!(told(|now| now.eips = vec![eip("e-1", SECOND)]), [vec![], vec![Eips], vec![]]);
    assert_eq!(told(|now| now.backends.push(backend("lb-2", SECOND))), [vec![], vec![Backends], vec![Backends]]);
    let serves = |now: &mut NicSnapshot| now.instance.as_mut().unwrap().load_balancers = Some(vec!["lb-9".into()]);
    assert_eq!(told(serves), [vec![Backends], vec![Backends], vec![Backends]]);
    let new = Address { ip: "10.0.0.9".parse().unwrap(), role: AddressRole::Secondary };
    assert_eq!(told(|now| now.nic.addresses.push(new)), [vec![], vec![], vec![NewAddresses]]);
}

#[test]
fn that_others_took_the_rest_is_a_change_for_the_last_one() {
    let last = |going: &[&str], change: fn(&mut NicSnapshot)| {
        let (before, mut now) = (snapshot(), snapshot());
        change(&mut now);
        let going: Vec<IpAddr> = going.iter().map(|ip| ip.parse().unwrap()).collect();
        before.last_returns(&now, &going, AddressRole::Secondary).is_some()
    };
    let rest_goes: fn(&mut NicSnapshot) = |now| now.nic.addresses.retain(|one| one.ip.to_string() != SECOND);
    assert!(last(&[FIRST], rest_goes));
    assert!(!last(&[FIRST], |_| {}));
    assert!(!last(&[FIRST, SECOND], rest_goes), "the plan takes both, and says so");
    let range: fn(&mut NicSnapshot) = |now| {
        now.nic.addresses.retain(|one| one.ip.to_string() != SECOND);
        now.nic.prefixes = vec!["10.7.0.16/28".into()];
    };
    assert!(!last(&[FIRST], range));
    // Virtual ones are counted by themselves.
    let (mut before, mut now) = (snapshot(), snapshot());
    for (seen, ips) in [(&mut before, &[FIRST, SECOND][..]), (&mut now, &[FIRST])] {
        let own = |one: &&mut Address| ips.contains(&one.ip.to_string().as_str());
        seen.nic.addresses.iter_mut().filter(own).for_each(|one| one.role = AddressRole::Virtual);
    }
    let going = [FIRST.parse().unwrap()];
    assert!(before.last_returns(&now, &going, AddressRole::Virtual).is_some());
    assert!(before.last_returns(&before, &going, AddressRole::Virtual).is_none());
    now.nic.prefixes = vec!["10.7.0.16/28".into()];
    assert!(before.last_returns(&now, &going, AddressRole::Virtual).is_some(), "a range has no virtual ones");
}

#[test]
fn states_owners_and_what_can_not_be_read_any_more_are_changes() {
    use ChangedFact::{
        AddressRole as Role, InstancePower, ManagedBy as Managed, NicInstance, NicStatus as Status, Readable, Traits,
    };
    let all = |fact: ChangedFact| [vec![fact], vec![fact], vec![fact]];
    assert_eq!(told(|now| now.nic.status.word = "Detaching".into()), all(Status));
    assert_eq!(told(|now| now.nic.instance = Some("i-2".into())), all(NicInstance));
    assert_eq!(told(|now| now.nic.role = NicRole::Primary), all(ChangedFact::NicRole));
    assert_eq!(told(|now| now.instance.as_mut().unwrap().power.word = "Stopped".into()), all(InstancePower));
    assert_eq!(told(|now| now.nic.managed_by = ManagedBy::Service("nat".into())), all(Managed));
    assert_eq!(told(|now| now.nic.linked = Some(true)), all(Traits));
    assert_eq!(told(|now| now.eips_known = false), all(Readable));
    assert_eq!(told(|now| now.nic.addresses_known = false), all(Readable));
    assert_eq!(told(|now| now.nic.addresses[1].role = AddressRole::Primary), [vec![Role], vec![], vec![]]);
}

/// A row that came without its address may be the one in question.
#[test]
fn nothing_counts_as_released_where_not_all_addresses_are_told() {
    use crate::domain::plan::OperationKind;
    let key = AddressKey { nic: NicKey { profile: "p".into(), nic: "n".into() }, ip: FIRST.parse().unwrap() };
    let release = OperationKind::Release { nic: "n".into(), ips: vec![key.ip] };
    let target = Target::Address(key);
    let mut nic = snapshot().nic;
    assert!(!release.is_done(&target, Some(&nic)));
    nic.addresses.retain(|address| address.ip != FIRST.parse::<IpAddr>().unwrap());
    assert!(release.is_done(&target, Some(&nic)));
    nic.addresses_known = false;
    assert!(!release.is_done(&target, Some(&nic)));
}

#[test]
fn what_no_rule_asks_is_no_change() {
    use ChangedFact::{Eips, InstancePower, Traits};
    let nothing: [Vec<ChangedFact>; 3] = Default::default();
    let all = |fact: ChangedFact| [vec![fact], vec![fact], vec![fact]];
    let stops = |now: &mut NicSnapshot| now.instance.as_mut().unwrap().power.word = "Stopped".into();
    assert_eq!(told_by(&[], stops), nothing);
    let primary = Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: true };
    assert_eq!(told_by(&[rule(primary, Severity::Blocked)], stops), nothing, "a secondary NIC");
    assert_eq!(told_by(&[rule(Condition::HotPlug, Severity::Blocked)], stops), all(InstancePower));
    let agent = |now: &mut NicSnapshot| now.instance.as_mut().unwrap().guest_agent = Some(false);
    assert_eq!((told(agent), told_by(&[], agent)), (all(Traits), nothing.clone()));
    assert_eq!(told_by(&[], |now| now.nic.linked = Some(true)), nothing);
    let serves = |now: &mut NicSnapshot| now.instance.as_mut().unwrap().load_balancers = Some(vec!["lb-9".into()]);
    assert_eq!(told_by(&[], serves), nothing);
    // On another address; but a public one that nobody explains may be this very one's.
    let elsewhere = |now: &mut NicSnapshot| now.eips.push(eip("e-2", SECOND));
    assert_eq!(told_by(&[], elsewhere), [vec![], vec![Eips], vec![Eips]]);
    assert_eq!(told_by(&[], |now| now.nic.public_ips.push("203.0.113.9".into())), all(Eips));
    let explained = |now: &mut NicSnapshot| {
        now.eips.push(Eip { ips: vec!["203.0.113.9".parse().unwrap()], ..eip("e-2", SECOND) });
        now.nic.public_ips.push("203.0.113.9".into());
    };
    assert_eq!(told_by(&[], explained), [vec![], vec![Eips], vec![Eips]]);
}

#[test]
fn what_becomes_of_a_nic_once_it_is_detached_is_a_change_where_it_was_told() {
    let differs = |before: Option<Fate>, after: Option<Fate>| {
        let (mut then, mut now) = (snapshot(), snapshot());
        (then.nic.dies_with_detach, now.nic.dies_with_detach) = (before, after);
        then.fate_changes(&now).map(|change| (change.before, change.now))
    };
    let told = |before: &str, now: &str| {
        let text = |word: &str| format!("deleted-with-detach {word}");
        Some((text(before), text(now)))
    };
    assert_eq!(differs(Some(Fate::Stays), Some(Fate::Dies)), told("no", "yes"));
    assert_eq!(differs(Some(Fate::Dies), Some(Fate::Stays)), told("yes", "no"));
    assert_eq!(differs(Some(Fate::Stays), None), told("no", "?"));
    assert_eq!(differs(Some(Fate::Stays), Some(Fate::Stays)), None);
    assert_eq!(differs(None, Some(Fate::Dies)), None, "nobody had asked");
}
