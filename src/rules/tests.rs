//! Each condition with its three answers, for clouds that refuse and clouds that only suffer; and plans over random inventories.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{Subject, detach_level, facts::Facts, findings, levels};
use crate::{
    domain::{
        address::{Address, AddressRole, Backend, BackendTarget, Eip, EipBinding},
        capabilities::{Capabilities, Condition, Precondition},
        finding::{FindingId, FindingSet, Level, Severity},
        ids::{AddressKey, CloudId, NicKey},
        instance::{Instance, Power, PowerState},
        inventory::Inventory,
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        page::{InventoryPage, Resource},
        plan::{Decision, OperationKind},
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    rules::{
        guard::{self, Account, Phrase},
        planner::{self, Wanted},
    },
};

/// Name, condition, declared severity, facts, address, what is found.
type ReleaseCase = (&'static str, Condition, Severity, NicSnapshot, &'static str, Option<(FindingId, Severity)>);
/// The same for the NIC.
type DetachCase = (&'static str, Condition, Severity, NicSnapshot, Option<(FindingId, Severity)>);

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const P: &str = "10.0.0.1";
const S: &str = "10.0.0.2";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn instance() -> Instance {
    Instance {
        id: "i-1".into(),
        name: "web".into(),
        region: "r1".into(),
        zone: None,
        kind: None,
        power: Power { word: "Running".into(), state: PowerState::Running },
        guest_agent: Some(true),
        load_balancers: Vec::new(),
        tags: Vec::new(),
    }
}

fn nic() -> Nic {
    let address = |text: &str, role| Address { ip: ip(text), role };
    Nic {
        id: "eni-1".into(),
        name: "".into(),
        region: "r1".into(),
        zone: None,
        role: NicRole::Secondary,
        status: NicStatus { word: "InUse".into(), state: NicState::Attached },
        instance: Some("i-1".into()),
        mac: None,
        vpc: Some("vpc-1".into()),
        subnet: None,
        security_groups: Vec::new(),
        addresses: vec![
            address(P, AddressRole::Primary),
            address(S, AddressRole::Secondary),
            address("10.0.0.3", AddressRole::Secondary),
            address("2001:db8::1", AddressRole::Ipv6),
        ],
        public_ips: Vec::new(),
        managed_by: ManagedBy::Nobody,
        linked: Some(false),
        hot_plug: Some(true),
        tags: Vec::new(),
        description: "".into(),
    }
}

fn eip(private: Option<&str>) -> Eip {
    Eip {
        id: "eip-9".into(),
        region: "r1".into(),
        ip: Some(ip("203.0.113.7")),
        name: "".into(),
        status: "InUse".into(),
        bound: EipBinding::Nic { nic: "eni-1".into(), private_ip: private.map(ip) },
    }
}

fn backend(on: &str) -> Backend {
    Backend {
        load_balancer: "lb-1".into(),
        name: "front".into(),
        region: "r1".into(),
        vpc: None,
        target: BackendTarget::Address { ip: ip(on), instance: None, nic: None },
        port: "443".into(),
    }
}

fn calm() -> NicSnapshot {
    NicSnapshot {
        nic: nic(),
        instance: Some(instance()),
        eips: Vec::new(),
        backends: Vec::new(),
        eips_known: true,
        backends_known: true,
        instances_known: true,
        read_at: NOW,
    }
}

/// A cloud with one rule, of this severity, for both writes.
fn cloud(condition: Condition, severity: Severity) -> Capabilities {
    let rules: &'static [Precondition] =
        Box::leak(Box::new([Precondition { condition, severity, code: Some("CODE") }]));
    Capabilities {
        regional: true,
        release_batch: 2,
        releasable: &[AddressRole::Secondary],
        release: rules,
        detach: rules,
        detach_polls: true,
        limits_per_call: None,
        in_flight: 4,
        reads_per_second: 10,
    }
}

/// What the only rule finds; levels have to say the same.
fn found(
    snapshot: &NicSnapshot,
    condition: Condition,
    severity: Severity,
    subject: Subject,
) -> Option<(FindingId, Severity)> {
    let cloud = cloud(condition, severity);
    let facts = Facts::from_snapshot(snapshot);
    let found = findings(&facts, &cloud, subject);
    assert!(found.len() <= 1, "{found:?}");
    let level = match subject {
        Subject::Nic => detach_level(&facts, &cloud),
        Subject::Address(ip) => {
            let mut all = Vec::new();
            levels(&facts, &cloud, &mut all);
            all[snapshot.nic.addresses.iter().position(|address| address.ip == ip).unwrap()]
        }
    };
    assert_eq!(level.0, found.first().map(|finding| Level::from(finding.severity)).unwrap_or_default());
    assert_eq!(level.1.iter().collect::<Vec<_>>(), found.iter().map(|finding| finding.id).collect::<Vec<_>>());
    found.first().map(|finding| (finding.id, finding.severity))
}

fn with(change: impl FnOnce(&mut NicSnapshot)) -> NicSnapshot {
    let mut snapshot = calm();
    change(&mut snapshot);
    snapshot
}

#[test]
fn release_rules() {
    use FindingId as F;
    use Severity::{Blocked, Info, Unknown, Warn};
    let on = |address: &str| Subject::Address(ip(address));
    let free_or_attached = Condition::NicState { allowed: &[NicState::Free, NicState::Attached] };
    let primary_only =
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: true };
    let word = |state| move |s: &mut NicSnapshot| s.nic.status.state = state;
    let lbs = |s: &mut NicSnapshot| s.instance.as_mut().unwrap().load_balancers = vec!["lb-7".into()];
    let cases: Vec<ReleaseCase> = vec![
        ("own address", Condition::NotPrimaryIp, Blocked, calm(), P, Some((F::PrimaryIp, Blocked))),
        ("secondary", Condition::NotPrimaryIp, Blocked, calm(), S, None),
        ("v6", Condition::NotIpv6, Blocked, calm(), "2001:db8::1", Some((F::Ipv6Address, Blocked))),
        ("v4", Condition::NotIpv6, Blocked, calm(), S, None),
        ("no eip", Condition::NoEipOnAddress, Blocked, calm(), S, None),
        (
            "eip here",
            Condition::NoEipOnAddress,
            Warn,
            with(|s| s.eips = vec![eip(Some(S))]),
            S,
            Some((F::EipAttached, Warn)),
        ),
        ("eip elsewhere", Condition::NoEipOnAddress, Blocked, with(|s| s.eips = vec![eip(Some(P))]), S, None),
        (
            "eip somewhere",
            Condition::NoEipOnAddress,
            Blocked,
            with(|s| s.eips = vec![eip(None)]),
            S,
            Some((F::EipUnknown, Unknown)),
        ),
        (
            "eips unread",
            Condition::NoEipOnAddress,
            Warn,
            with(|s| s.eips_known = false),
            S,
            Some((F::EipUnknown, Unknown)),
        ),
        (
            "public ip of no eip",
            Condition::NoEipOnAddress,
            Warn,
            with(|s| s.nic.public_ips = vec!["198.51.100.1".into()]),
            S,
            Some((F::EipUnknown, Unknown)),
        ),
        (
            "public ip explained",
            Condition::NoEipOnAddress,
            Warn,
            with(|s| {
                s.eips = vec![eip(Some(P))];
                s.nic.public_ips = vec!["203.0.113.7".into()];
            }),
            S,
            None,
        ),
        (
            "sibling eip",
            Condition::NoEipOnNic,
            Blocked,
            with(|s| s.eips = vec![eip(Some(P))]),
            S,
            Some((F::EipOnNic, Blocked)),
        ),
        ("own eip is not a sibling", Condition::NoEipOnNic, Blocked, with(|s| s.eips = vec![eip(Some(S))]), S, None),
        (
            "backend",
            Condition::NotBackend,
            Blocked,
            with(|s| s.backends = vec![backend(S)]),
            S,
            Some((F::LbBackend, Blocked)),
        ),
        (
            "backend only suffers",
            Condition::NotBackend,
            Warn,
            with(|s| s.backends = vec![backend(S)]),
            S,
            Some((F::LbBackend, Warn)),
        ),
        ("another backend", Condition::NotBackend, Blocked, with(|s| s.backends = vec![backend(P)]), S, None),
        (
            "backends unread",
            Condition::NotBackend,
            Warn,
            with(|s| s.backends_known = false),
            S,
            Some((F::LbUnknown, Unknown)),
        ),
        ("instance serves", Condition::InstanceNotBackend, Warn, with(lbs), S, Some((F::LbOnInstance, Warn))),
        ("instance serves nothing", Condition::InstanceNotBackend, Warn, calm(), S, None),
        ("attached", free_or_attached, Blocked, calm(), S, None),
        ("detaching", free_or_attached, Blocked, with(word(NicState::Detaching)), S, Some((F::NicState, Blocked))),
        ("unknown word", free_or_attached, Blocked, with(word(NicState::Other)), S, Some((F::NicState, Blocked))),
        (
            "stopping, secondary NIC",
            primary_only,
            Blocked,
            with(|s| s.instance.as_mut().unwrap().power.state = PowerState::Changing),
            S,
            None,
        ),
        (
            "stopping, primary NIC",
            primary_only,
            Blocked,
            with(|s| {
                s.nic.role = NicRole::Primary;
                s.instance.as_mut().unwrap().power.state = PowerState::Changing;
            }),
            S,
            Some((F::InstanceState, Blocked)),
        ),
        (
            "instance unread",
            primary_only,
            Blocked,
            with(|s| {
                s.nic.role = NicRole::Primary;
                s.instance = None;
            }),
            S,
            Some((F::InstanceUnknown, Unknown)),
        ),
        ("plain", Condition::PlainNic, Blocked, calm(), S, None),
        (
            "trunk",
            Condition::PlainNic,
            Blocked,
            with(|s| s.nic.role = NicRole::Other("Trunk".into())),
            S,
            Some((F::NicType, Blocked)),
        ),
        ("nobody's", Condition::NotManaged, Blocked, calm(), S, None),
        (
            "a service's",
            Condition::NotManaged,
            Blocked,
            with(|s| s.nic.managed_by = ManagedBy::Service("nat".into())),
            S,
            Some((F::ManagedBy, Blocked)),
        ),
        (
            "a controller's",
            Condition::NotManaged,
            Blocked,
            with(|s| s.nic.managed_by = ManagedBy::Controller("cni".into())),
            S,
            Some((F::ManagedBy, Warn)),
        ),
        (
            "owner not told",
            Condition::NotManaged,
            Blocked,
            with(|s| s.nic.managed_by = ManagedBy::Unknown),
            S,
            Some((F::ManagedByUnknown, Unknown)),
        ),
        ("one of two", Condition::SecondaryStays, Warn, calm(), S, None),
        (
            "the last",
            Condition::SecondaryStays,
            Warn,
            with(|s| {
                s.nic.addresses.remove(2);
            }),
            S,
            Some((F::LastSecondary, Warn)),
        ),
        ("guest", Condition::GuestKeepsConfig, Info, calm(), S, Some((F::OsConfig, Info))),
        ("guest, own address", Condition::GuestKeepsConfig, Info, calm(), P, None),
    ];
    for (name, condition, severity, snapshot, address, expected) in cases {
        assert_eq!(found(&snapshot, condition, severity, on(address)), expected, "{name}");
    }
}

#[test]
fn detach_rules() {
    use FindingId as F;
    use Severity::{Blocked, Info, Unknown, Warn};
    let attached = Condition::NicState { allowed: &[NicState::Attached] };
    let running = Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: false };
    let power = |state| move |s: &mut NicSnapshot| s.instance.as_mut().unwrap().power.state = state;
    let cases: Vec<DetachCase> = vec![
        ("secondary", Condition::NotPrimaryNic, Blocked, calm(), None),
        (
            "primary",
            Condition::NotPrimaryNic,
            Blocked,
            with(|s| s.nic.role = NicRole::Primary),
            Some((F::PrimaryNic, Blocked)),
        ),
        ("attached", attached, Blocked, calm(), None),
        ("free", attached, Blocked, with(|s| s.nic.status.state = NicState::Free), Some((F::NicState, Blocked))),
        ("running", running, Blocked, calm(), None),
        ("stopped", running, Blocked, with(power(PowerState::Stopped)), Some((F::InstanceState, Blocked))),
        ("unknown word", running, Blocked, with(power(PowerState::Other)), Some((F::InstanceState, Blocked))),
        ("instance unread", running, Blocked, with(|s| s.instance = None), Some((F::InstanceUnknown, Unknown))),
        ("eip anywhere", Condition::NoEipOnNic, Warn, with(|s| s.eips = vec![eip(None)]), Some((F::EipOnNic, Warn))),
        ("eips unread", Condition::NoEipOnNic, Warn, with(|s| s.eips_known = false), Some((F::EipUnknown, Unknown))),
        ("no eip", Condition::NoEipOnNic, Warn, calm(), None),
        (
            "backend",
            Condition::NotBackend,
            Blocked,
            with(|s| s.backends = vec![backend(P)]),
            Some((F::LbBackend, Blocked)),
        ),
        (
            "backends unread",
            Condition::NotBackend,
            Blocked,
            with(|s| s.backends_known = false),
            Some((F::LbUnknown, Unknown)),
        ),
        ("alone", Condition::NotLinked, Blocked, calm(), None),
        ("bonded", Condition::NotLinked, Blocked, with(|s| s.nic.linked = Some(true)), Some((F::NicLinked, Blocked))),
        (
            "links not told",
            Condition::NotLinked,
            Blocked,
            with(|s| s.nic.linked = None),
            Some((F::NicLinkedUnknown, Unknown)),
        ),
        ("hot", Condition::HotPlug, Blocked, calm(), None),
        (
            "cold, running",
            Condition::HotPlug,
            Blocked,
            with(|s| s.nic.hot_plug = Some(false)),
            Some((F::HotPlug, Blocked)),
        ),
        (
            "cold, stopped",
            Condition::HotPlug,
            Blocked,
            with(|s| {
                s.nic.hot_plug = Some(false);
                power(PowerState::Stopped)(s);
            }),
            None,
        ),
        (
            "plug not told",
            Condition::HotPlug,
            Blocked,
            with(|s| s.nic.hot_plug = None),
            Some((F::HotPlugUnknown, Unknown)),
        ),
        ("agent", Condition::GuestAgentRuns, Warn, calm(), None),
        (
            "no agent",
            Condition::GuestAgentRuns,
            Warn,
            with(|s| s.instance.as_mut().unwrap().guest_agent = Some(false)),
            Some((F::GuestAgent, Warn)),
        ),
        (
            "agent not told",
            Condition::GuestAgentRuns,
            Warn,
            with(|s| s.instance.as_mut().unwrap().guest_agent = None),
            Some((F::GuestAgentUnknown, Unknown)),
        ),
        ("addresses", Condition::AddressesLeave, Info, calm(), Some((F::AddressesLeave, Info))),
        ("no addresses", Condition::AddressesLeave, Info, with(|s| s.nic.addresses.truncate(1)), None),
    ];
    for (name, condition, severity, snapshot, expected) in cases {
        assert_eq!(found(&snapshot, condition, severity, Subject::Nic), expected, "{name}");
    }
}

#[test]
fn a_finding_names_its_object_and_predicts_the_code() {
    let snapshot = with(|s| s.eips = vec![eip(Some(S))]);
    let cloud = cloud(Condition::NoEipOnAddress, Severity::Blocked);
    let found = findings(&Facts::from_snapshot(&snapshot), &cloud, Subject::Address(ip(S)));
    assert_eq!(found[0].values, vec![("eip", "203.0.113.7".to_owned()), ("eip_id", "eip-9".to_owned())]);
    assert_eq!((found[0].predicts, found[0].read_at), (Some("CODE"), Some(NOW)));
    let unknown = with(|s| s.eips_known = false);
    let found = findings(&Facts::from_snapshot(&unknown), &cloud, Subject::Address(ip(S)));
    assert_eq!(found[0].predicts, None, "what is not known predicts nothing");
}

#[test]
fn the_same_finding_is_said_once_and_with_its_worst_severity() {
    let rules: &'static [Precondition] = &[
        Precondition { condition: Condition::NoEipOnAddress, severity: Severity::Warn, code: None },
        Precondition { condition: Condition::NoEipOnAddress, severity: Severity::Blocked, code: Some("X") },
    ];
    let cloud = Capabilities { release: rules, ..cloud(Condition::NotIpv6, Severity::Info) };
    let snapshot = with(|s| s.eips = vec![eip(Some(S))]);
    let found = findings(&Facts::from_snapshot(&snapshot), &cloud, Subject::Address(ip(S)));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].severity, found[0].predicts), (Severity::Blocked, Some("X")));
}

// ---- plans -----------------------------------------------------------------------------------------------------------

static RULES: &[Precondition] = &[
    Precondition { condition: Condition::NotPrimaryIp, severity: Severity::Blocked, code: Some("PRIMARY") },
    Precondition { condition: Condition::NoEipOnAddress, severity: Severity::Warn, code: None },
];
static DETACH: &[Precondition] = &[
    Precondition { condition: Condition::NotPrimaryNic, severity: Severity::Blocked, code: None },
    Precondition {
        condition: Condition::NicState { allowed: &[NicState::Attached] },
        severity: Severity::Blocked,
        code: None,
    },
];
static CLOUD: Capabilities = Capabilities {
    regional: true,
    release_batch: 2,
    releasable: &[AddressRole::Secondary],
    release: RULES,
    detach: DETACH,
    detach_polls: true,
    limits_per_call: None,
    in_flight: 4,
    reads_per_second: 10,
};

fn inventory(nics: Vec<Nic>, eips: Vec<Eip>) -> Inventory {
    let mut inventory = Inventory::new([("acme".into(), CloudId::from("some"))]);
    let part = inventory.profile_mut(&"acme".into()).unwrap();
    for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends] {
        let section = (resource, Some("r1".into()));
        let sweep = part.begin(section.clone());
        part.complete(&section, sweep, NOW);
    }
    part.merge(InventoryPage { instances: vec![instance()], nics, eips, ..InventoryPage::default() }, NOW);
    inventory
}

fn address(nic: &str, text: &str) -> Wanted {
    let key = AddressKey { nic: NicKey { profile: "acme".into(), nic: nic.into() }, ip: ip(text) };
    Wanted { target: Target::Address(key), hidden: false, unread: false }
}

fn whole(nic: &str) -> Wanted {
    Wanted { target: Target::Nic(NicKey { profile: "acme".into(), nic: nic.into() }), hidden: false, unread: false }
}

fn plan_of(wanted: &[Wanted], inventory: &Inventory) -> crate::domain::plan::ReleasePlan {
    planner::plan(wanted, inventory, &|_| Some(&CLOUD), &|_| false, NOW).unwrap()
}

fn many(id: &str, secondary: u8) -> Nic {
    let mut nic = nic();
    nic.id = id.into();
    nic.addresses.truncate(1);
    nic.addresses
        .extend((0..secondary).map(|n| Address { ip: ip(&format!("10.0.1.{n}")), role: AddressRole::Secondary }));
    nic
}

#[test]
fn releases_are_batched_ordered_and_detached_last() {
    let inventory = inventory(vec![many("eni-1", 5)], Vec::new());
    let mut wanted: Vec<Wanted> = (0..5).map(|n| address("eni-1", &format!("10.0.1.{n}"))).collect();
    wanted.push(whole("eni-1"));
    let plan = plan_of(&wanted, &inventory);
    let shape: Vec<(usize, Vec<u32>)> = plan
        .operations()
        .iter()
        .map(|operation| {
            let size = match &operation.kind {
                OperationKind::Release { ips, .. } => ips.len(),
                OperationKind::Detach { .. } => 100,
            };
            (size, operation.after.iter().map(|id| id.0).collect())
        })
        .collect();
    assert_eq!(shape, vec![(2, vec![]), (2, vec![0]), (1, vec![1]), (100, vec![2])]);
    let row = &plan.rows()[0];
    assert_eq!((row.before, row.after), (6, 1));
    assert!(row.findings.iter().any(|finding| finding.id == FindingId::NicInPlan));
}

#[test]
fn blocked_read_only_unread_and_unlisted_rows_stay_in_sight_and_are_not_sent() {
    let inventory = inventory(vec![nic()], Vec::new());
    let wanted = [address("eni-1", P), address("eni-1", S), address("eni-1", "10.9.9.9"), whole("eni-gone")];
    let plan = plan_of(&wanted, &inventory);
    assert_eq!(plan.rows().len(), 4);
    assert_eq!(plan.operations().len(), 1);
    assert_eq!(plan.blocked(), 3);
    let unread = [Wanted { unread: true, ..address("eni-1", S) }];
    assert!(plan_of(&unread, &inventory).operations().is_empty());
    let readonly = planner::plan(&[address("eni-1", S)], &inventory, &|_| Some(&CLOUD), &|_| true, NOW).unwrap();
    assert!(readonly.operations().is_empty());
    assert_eq!(readonly.rows()[0].findings[0].id, FindingId::ReadOnly);
}

#[test]
fn the_hash_is_of_what_is_sent_and_of_the_facts() {
    let calm = inventory(vec![nic()], Vec::new());
    let one = plan_of(&[address("eni-1", S)], &calm);
    assert_eq!(one.hash(), plan_of(&[address("eni-1", S)], &calm).hash());
    assert_eq!(
        one.hash(),
        plan_of(&[address("eni-1", S), address("eni-1", P)], &calm).hash(),
        "a blocked row sends nothing"
    );
    assert_ne!(one.hash(), plan_of(&[address("eni-1", "10.0.0.3")], &calm).hash());
    let eip = inventory(vec![nic()], vec![eip(Some(S))]);
    assert_ne!(one.hash(), plan_of(&[address("eni-1", S)], &eip).hash());
}

#[test]
fn danger_follows_count_warnings_production_and_kind() {
    let account = |prod| vec![Account { profile: "acme".into(), alias: "acme-1".into(), prod }];
    let calm = inventory(vec![many("eni-1", 60)], Vec::new());
    let some = |count: usize| -> Vec<Wanted> { (0..count).map(|n| address("eni-1", &format!("10.0.1.{n}"))).collect() };
    let level = |wanted: &[Wanted], inventory: &Inventory, prod| {
        let danger = guard::danger(&plan_of(wanted, inventory), &account(prod));
        (danger.level, danger.phrase)
    };
    let typed = |text: &str| Phrase::Typed(text.to_owned());
    assert_eq!(level(&some(5), &calm, false), (1, Phrase::Key('y')));
    assert_eq!(level(&some(6), &calm, false), (2, typed("6")));
    assert_eq!(level(&some(1), &calm, true), (2, typed("1")));
    assert_eq!(level(&some(51), &calm, false), (3, typed("acme-1 51")));
    let detach = inventory(vec![nic()], Vec::new());
    assert_eq!(level(&[whole("eni-1")], &detach, false), (3, typed("acme-1 1")));
    let eip = inventory(vec![nic()], vec![eip(Some(S))]);
    assert_eq!(level(&[address("eni-1", S)], &eip, false), (3, typed("acme-1 1")));
    let effects = guard::effects(&plan_of(&[address("eni-1", S), address("eni-1", P)], &eip));
    assert_eq!((effects.addresses, effects.eips, effects.warnings, effects.calls), (1, 1, 1, 1));
}

proptest! {
    #[test]
    fn any_selection_gives_a_plan_that_lists_each_target_once_and_sends_no_blocked_row(
        sizes in prop::collection::vec(0u8..9, 1..6),
        picks in prop::collection::vec((0usize..8, 0u8..12, any::<bool>(), any::<bool>(), any::<bool>()), 0..40),
    ) {
        let nics: Vec<Nic> = sizes.iter().enumerate().map(|(n, &size)| {
            let mut nic = many(&format!("eni-{n}"), size);
            if n % 3 == 2 { nic.role = NicRole::Primary; }
            nic
        }).collect();
        let inventory = inventory(nics, Vec::new());
        let wanted: Vec<Wanted> = picks.iter().map(|&(nic, n, is_whole, hidden, unread)| {
            let nic = format!("eni-{nic}");
            let one = if is_whole { whole(&nic) } else { address(&nic, &format!("10.0.1.{n}")) };
            Wanted { hidden, unread, ..one }
        }).collect();
        let plan = plan_of(&wanted, &inventory);
        let mut expected: Vec<Target> = wanted.iter().map(|one| one.target.clone()).collect();
        expected.sort();
        expected.dedup();
        let mut listed: Vec<Target> = plan.rows().iter().map(|row| row.target.clone()).collect();
        listed.sort();
        prop_assert_eq!(listed, expected);
        for row in plan.rows() {
            let sent = plan.operations().iter().any(|operation| operation.targets().contains(&row.target));
            prop_assert_eq!(sent, matches!(row.decision, Decision::Go(_)));
            if row.worst() >= Some(Severity::Unknown) {
                prop_assert_eq!(row.decision, Decision::Blocked);
            }
        }
        for operation in plan.operations() {
            if let OperationKind::Release { ips, .. } = &operation.kind {
                prop_assert!(ips.len() <= CLOUD.release_batch && !ips.is_empty());
            }
        }
    }
}

#[test]
fn finding_set_is_a_set() {
    let mut set = FindingSet::default();
    set.insert(FindingId::OsConfig);
    set.insert(FindingId::PrimaryIp);
    assert_eq!(set.iter().collect::<Vec<_>>(), vec![FindingId::PrimaryIp, FindingId::OsConfig]);
    assert!(!set.contains(FindingId::HotPlug));
}
