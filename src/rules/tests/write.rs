//! Writes that no plan of releases asks for: what the rules say where something that they ask is not known. Whether they say what the
//! clouds answer is the oracle's matter.

use super::*;
use crate::{
    domain::{
        capabilities::{blocked, informed},
        finding::{Finding, FindingId},
        ids::RegionId,
        inventory::ProfileInventory,
        nic::TypeLimit,
        plan::{ChangedFact, OperationKind},
    },
    rules::{Subject, facts::Facts, findings, write},
};

/// What is known: `nic-1`, free, and `nic-2` on the instance `vm-1`, in the same places; an EIP that is bound to nothing.
struct Known {
    own: Nic,
    other: Nic,
    target: Option<Instance>,
    eips: Vec<Eip>,
    floats: Vec<Float>,
    limits: Vec<TypeLimit>,
    listed: Vec<Resource>,
}

fn known() -> Known {
    let place = |nic: Nic| Nic { zone: Some("a".into()), subnet: Some("net".into()), ..nic };
    let other = place(snapshot().nic);
    let own = Nic {
        id: "nic-1".into(),
        instance: None,
        status: NicStatus { word: "FREE".into(), state: NicState::Free },
        addresses: vec![Address { ip: ip("10.0.0.9"), role: AddressRole::Primary }],
        ..other.clone()
    };
    let target =
        Instance { zone: Some("a".into()), kind: Some("large".into()), ..instance("vm-1", PowerState::Running) };
    let limits = vec![TypeLimit { kind: "large".into(), nics: Some(4), addresses_per_nic: Some(10) }];
    Known {
        own,
        other: Nic { id: "nic-2".into(), ..other },
        target: Some(target),
        eips: vec![Eip { bound: EipBinding::Unbound, ..eip("eip-1", "nic-9", None) }],
        floats: Vec::new(),
        limits,
        listed: vec![Resource::Nics, Resource::Instances, Resource::Eips, Resource::Floats, Resource::Backends],
    }
}

impl Known {
    fn part(self) -> ProfileInventory {
        let mut part = ProfileInventory::new("p".into(), "c".into());
        let sections: Vec<_> =
            [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Floats, Resource::Backends]
                .map(|resource| (resource, Some(RegionId::from(REGION))))
                .into();
        for section in &sections {
            part.begin(section.clone());
        }
        let page = InventoryPage {
            nics: vec![self.own, self.other],
            instances: self.target.into_iter().collect(),
            eips: self.eips,
            floats: self.floats,
            limits: self.limits,
            ..InventoryPage::default()
        };
        part.merge(page, READ);
        for section in sections.iter().filter(|(resource, _)| self.listed.contains(resource)) {
            part.complete(section, 0, READ);
        }
        part
    }

    fn unlisted(&mut self, resource: Resource) {
        self.listed.retain(|listed| *listed != resource);
    }
}

fn assign() -> OperationKind {
    OperationKind::Assign { nic: "nic-1".into(), ips: vec![ip("10.0.0.50")], lists: Vec::new() }
}

fn attach() -> OperationKind {
    OperationKind::Attach { nic: "nic-1".into(), instance: "vm-1".into() }
}

fn bind() -> OperationKind {
    OperationKind::BindEip { nic: "nic-1".into(), eip: "eip-1".into(), ip: ip("10.0.0.9") }
}

fn delete() -> OperationKind {
    OperationKind::Delete { nic: "nic-1".into() }
}

/// On an instance.
fn placed(known: &mut Known) {
    known.own.instance = Some("vm-1".into());
    known.own.status.state = NicState::Attached;
}

const ATTACHED: Condition = Condition::AddressRoom { free: Some(50), attached: None };
const ZONE: Condition = Condition::SamePlace { zone: true };
const SLOTS: Condition = Condition::NicRoom { most: None };

/// The rule alone: it holds with everything known, and is not known once this is taken away.
type Case = (&'static str, Condition, fn() -> OperationKind, fn(&mut Known), fn(&mut Known), FindingId);

const CASES: &[Case] = &[
    (
        "not all NICs",
        Condition::AddressFree { floating: false },
        assign,
        |_| {},
        |k| k.unlisted(Resource::Nics),
        FindingId::AddressTaken,
    ),
    (
        "the own subnet",
        Condition::AddressFree { floating: false },
        assign,
        |k| k.other.addresses[0].ip = ip("10.0.0.50"),
        |k| k.own.subnet = None,
        FindingId::AddressTaken,
    ),
    (
        "the type's addresses",
        ATTACHED,
        assign,
        placed,
        |k| k.limits[0].addresses_per_nic = None,
        FindingId::NicFullUnknown,
    ),
    ("no limits", ATTACHED, assign, placed, |k| k.limits.clear(), FindingId::NicFullUnknown),
    ("the type", ATTACHED, assign, placed, |k| k.target.as_mut().unwrap().kind = None, FindingId::NicFullUnknown),
    ("the instance of the NIC", ATTACHED, assign, placed, |k| k.target = None, FindingId::NicFullUnknown),
    ("to be attached, no limits", ATTACHED, attach, |_| {}, |k| k.limits.clear(), FindingId::NicFullUnknown),
    (
        "not all virtual IPs",
        Condition::VirtualNotManaged,
        assign,
        |_| {},
        |k| k.unlisted(Resource::Floats),
        FindingId::VipUnknown,
    ),
    (
        "not all instances",
        Condition::InstanceExists,
        attach,
        |_| {},
        |k| {
            k.target = None;
            k.unlisted(Resource::Instances);
        },
        FindingId::InstanceUnknown,
    ),
    (
        "the VPC of whoever has the address in another subnet",
        Condition::SameSubnet,
        assign,
        |k| {
            k.other.addresses[0].ip = ip("10.0.0.50");
            (k.other.subnet, k.other.instance, k.other.vpc) = (Some("far".into()), None, Some("vpc-2".into()));
        },
        |k| {
            k.other.addresses[0].ip = ip("10.0.0.50");
            (k.other.subnet, k.other.instance, k.other.vpc) = (Some("far".into()), None, None);
        },
        FindingId::OtherPlace,
    ),
    ("the NIC's zone", ZONE, attach, |_| {}, |k| k.own.zone = None, FindingId::OtherPlace),
    ("the instance's zone", ZONE, attach, |_| {}, |k| k.target.as_mut().unwrap().zone = None, FindingId::OtherPlace),
    ("the instance's VPC", Condition::SameVpc, attach, |_| {}, |k| k.other.vpc = None, FindingId::OtherVpc),
    (
        "the NIC's VPC",
        Condition::SameVpc,
        attach,
        |_| {},
        |k| (k.own.vpc, k.own.subnet) = (None, None),
        FindingId::OtherVpc,
    ),
    ("the type's NICs", SLOTS, attach, |_| {}, |k| k.limits[0].nics = None, FindingId::InstanceFullUnknown),
    ("no limits at all", SLOTS, attach, |_| {}, |k| k.limits.clear(), FindingId::InstanceFullUnknown),
    ("not all NICs of it", SLOTS, attach, |_| {}, |k| k.unlisted(Resource::Nics), FindingId::InstanceFullUnknown),
    (
        "what it is on",
        Condition::NicFree,
        attach,
        |_| {},
        |k| k.own.status.state = NicState::Attached,
        FindingId::InstanceUnknown,
    ),
    (
        "not all EIPs",
        Condition::EipExists,
        bind,
        |_| {},
        |k| {
            k.eips.clear();
            k.unlisted(Resource::Eips);
        },
        FindingId::EipUnknown,
    ),
    (
        "the EIP",
        Condition::EipFree,
        bind,
        |_| {},
        |k| {
            k.eips.clear();
            k.unlisted(Resource::Eips);
        },
        FindingId::EipUnknown,
    ),
    (
        "whether it has an EIP",
        Condition::NoEipOnAddress,
        bind,
        |_| {},
        |k| k.unlisted(Resource::Eips),
        FindingId::EipUnknown,
    ),
    (
        "on which address its EIP is",
        Condition::NoEipOnAddress,
        bind,
        |_| {},
        |k| k.eips.push(eip("eip-2", "nic-1", None)),
        FindingId::EipUnknown,
    ),
    (
        "whose it is",
        Condition::NotManaged,
        delete,
        |_| {},
        |k| k.own.managed_by = ManagedBy::Unknown,
        FindingId::ManagedByUnknown,
    ),
    (
        "whether it serves",
        Condition::NotBackend,
        delete,
        |_| {},
        |k| k.unlisted(Resource::Backends),
        FindingId::LbUnknown,
    ),
    ("which EIPs it has", Condition::NoEipOnNic, delete, |_| {}, |k| k.unlisted(Resource::Eips), FindingId::EipUnknown),
    ("who answers", Condition::VirtualShared, delete, |_| {}, |k| k.unlisted(Resource::Floats), FindingId::VipUnknown),
    ("what floats", Condition::NoVirtualIp, delete, |_| {}, |k| k.unlisted(Resource::Floats), FindingId::VipUnknown),
];

/// Everything that is asked, of a cloud with this rule only.
fn found(condition: Condition, kind: &OperationKind, known: Known) -> Vec<(FindingId, Severity)> {
    let rules: &'static [Precondition] = Box::leak(Box::new([rule(condition, Severity::Blocked)]));
    let capabilities = Capabilities {
        assign: rules,
        attach: rules,
        bind_eip: rules,
        delete: rules,
        limits_per_call: Some(10),
        ..STRICT
    };
    let found = write::findings(&known.part(), &capabilities, kind);
    assert!(found.iter().all(|finding| finding.predicts.is_none() || finding.severity == Severity::Blocked));
    found.into_iter().map(|finding| (finding.id, finding.severity)).collect()
}

#[test]
fn what_is_missing_is_never_a_pass() {
    let mut wrong = Vec::new();
    for (name, condition, kind, before, missing, id) in CASES {
        let mut whole = known();
        before(&mut whole);
        let whole_says = found(*condition, &kind(), whole);
        let mut lacking = known();
        before(&mut lacking);
        missing(&mut lacking);
        let says = found(*condition, &kind(), lacking);
        // That somebody has the address is no matter of what is missing.
        let holds = whole_says.is_empty() || *name == "the own subnet";
        if !holds || says != [(*id, Severity::Unknown)] {
            wrong.push(format!("{name}: {whole_says:?}, then {says:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a cloud can never tell of any instance is a warning: it may be refused, and nobody could find out before.
#[test]
fn a_limit_that_no_call_tells_is_a_warning() {
    const RULES: &[Precondition] = &[
        rule(Condition::NicRoom { most: Some(2) }, Severity::Blocked).or_untold(),
        rule(Condition::AddressRoom { free: Some(50), attached: Some(2) }, Severity::Blocked).or_untold(),
    ];
    let cloud = Capabilities { attach: RULES, assign: RULES, ..STRICT };
    let says = |kind: &OperationKind, change: fn(&mut Known)| -> Vec<(FindingId, Severity)> {
        let mut known = known();
        known.limits.clear();
        change(&mut known);
        let found = write::findings(&known.part(), &cloud, kind);
        found.into_iter().map(|finding| (finding.id, finding.severity)).collect()
    };
    let untold = [FindingId::InstanceFullUnknown, FindingId::NicFullUnknown].map(|id| (id, Severity::Warn));
    assert_eq!(says(&attach(), |_| {}), untold);
    // None takes more than so many.
    let full = |k: &mut Known| k.own.addresses.push(Address { ip: ip("10.0.0.10"), role: AddressRole::Secondary });
    assert_eq!(says(&attach(), full), untold);
    let more = |k: &mut Known| {
        placed(k);
        k.own.addresses.push(Address { ip: ip("10.0.0.10"), role: AddressRole::Secondary });
    };
    let full = [FindingId::InstanceFull, FindingId::NicFull].map(|id| (id, Severity::Blocked));
    assert_eq!(says(&assign(), more), full, "two NICs are on it, and a third address would be on this one");
}

/// A NIC that does not name its VPC is in that of the others in its subnet.
#[test]
fn a_vpc_is_told_by_whoever_is_in_the_same_subnet() {
    let says = |own: &'static str, target: &'static str| {
        let mut known = known();
        (known.own.vpc, known.other.vpc) = (None, None);
        known.own.subnet = Some(own.into());
        known.target.as_mut().unwrap().vpc = Some(target.into());
        known.part()
    };
    let rules: &[Precondition] = &[rule(Condition::SameVpc, Severity::Blocked)];
    let cloud = Capabilities { attach: Box::leak(rules.into()), ..STRICT };
    let found = |own, target| -> Vec<(FindingId, Severity)> {
        let found = write::findings(&says(own, target), &cloud, &attach());
        found.into_iter().map(|finding| (finding.id, finding.severity)).collect()
    };
    assert_eq!(found("net", "vpc-1"), [], "nic-2 is there, on an instance of that VPC");
    assert_eq!(found("elsewhere", "vpc-1"), [(FindingId::OtherVpc, Severity::Unknown)]);
}

/// A controller that finds its NIC changed puts it back or breaks, whatever was done to it, and whether or not the cloud has a rule for it.
#[test]
fn whose_a_nic_is_is_told_of_every_write() {
    const ASKED: &[Precondition] = &[rule(Condition::NotManaged, Severity::Blocked)];
    let bare = Capabilities { assign: &[], attach: &[], bind_eip: &[], delete: &[], ..STRICT };
    let asked = Capabilities { assign: ASKED, attach: ASKED, bind_eip: ASKED, delete: ASKED, ..STRICT };
    for kind in [assign(), attach(), bind(), delete()] {
        let told = |owner: ManagedBy, cloud: &Capabilities| {
            let mut known = known();
            known.own.managed_by = owner;
            let found = write::findings(&known.part(), cloud, &kind);
            found
                .into_iter()
                .map(|finding| (finding.id, finding.severity, finding.predicts, finding.read_at))
                .collect::<Vec<_>>()
        };
        let of = |severity, code| vec![(FindingId::ManagedBy, severity, code, Some(READ))];
        for owner in [ManagedBy::Controller("cni".into()), ManagedBy::Service("nat".into())] {
            assert_eq!(told(owner, &bare), of(Severity::Warn, None), "{kind:?}");
        }
        // Once, as the cloud has it.
        assert_eq!(told(ManagedBy::Service("nat".into()), &asked), of(Severity::Blocked, Some("REFUSED")), "{kind:?}");
        assert_eq!(told(ManagedBy::Nobody, &bare), []);
        let unknown = (FindingId::ManagedByUnknown, Severity::Warn, None, Some(READ));
        assert_eq!(told(ManagedBy::Unknown, &bare), [unknown]);
    }
}

/// Its own instance is none: the one that it is to be on is told.
#[test]
fn an_attach_names_the_instance_that_the_nic_is_to_be_on() {
    const RULES: &[Precondition] =
        &[blocked(Condition::HotPlug, "of the NIC"), informed(Condition::TypeHotPlugs, "of the type")];
    let cloud = Capabilities { attach: RULES, detach: RULES, ..STRICT };
    let says = |hot_plug: Option<bool>, state: PowerState| -> Vec<(FindingId, Severity, String)> {
        let mut known = known();
        known.own.hot_plug = hot_plug;
        known.target.as_mut().unwrap().power = instance("vm-1", state).power;
        let found = write::findings(&known.part(), &cloud, &attach());
        let words = |values: &[(&str, String)]| {
            let of = |name: &str| {
                values.iter().find(|(known, _)| *known == name).map_or("-", |(_, value)| value.as_str()).to_owned()
            };
            format!("{} {}", of("instance"), of("case"))
        };
        let told = |finding: &Finding| {
            words(&finding.values) + &finding.predicts.map_or(String::new(), |code| format!(" {code}"))
        };
        found.iter().map(|finding| (finding.id, finding.severity, told(finding))).collect()
    };
    let told = |id, severity, words: &str| (id, severity, words.to_owned());
    let of_type = told(FindingId::HotPlugUnknown, Severity::Info, "vm-1 type of the type");
    assert_eq!(says(Some(true), PowerState::Running), std::slice::from_ref(&of_type));
    let of_nic = told(FindingId::HotPlug, Severity::Blocked, "vm-1 attach of the NIC");
    assert_eq!(says(Some(false), PowerState::Running), [of_nic, of_type]);
    // What is refused for the type is no answer to what nobody knows of the NIC.
    assert_eq!(says(None, PowerState::Running), [told(FindingId::HotPlugUnknown, Severity::Unknown, "vm-1 -")]);
    assert_eq!(says(Some(false), PowerState::Stopped), []);
    let mut seen = snapshot();
    seen.nic.hot_plug = None;
    let found = findings(&Facts::from_snapshot(&seen), &cloud, Subject::Nic);
    let told: Vec<_> = found.iter().filter(|one| one.id == FindingId::HotPlugUnknown).collect();
    assert_eq!(told.iter().map(|one| (one.severity, one.predicts)).collect::<Vec<_>>(), [(Severity::Unknown, None)]);
}

/// Right before an attach the instance is read again: what stands against it by now, and did not, is told with what changed.
#[test]
fn an_instance_that_would_not_take_the_nic_any_more_is_told() {
    const ATTACH: &[Precondition] = &[
        rule(Condition::InstanceExists, Severity::Blocked),
        rule(Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: false }, Severity::Blocked),
        rule(Condition::GuestAgentRuns, Severity::Warn),
        rule(Condition::SamePlace { zone: true }, Severity::Blocked),
    ];
    let cloud = Capabilities { attach: ATTACH, ..STRICT };
    let known = known();
    let fresh = NicSnapshot { nic: known.own, instance: None, ..snapshot() };
    let well = known.target.unwrap();
    let told = |before: Option<&Instance>, now: Option<&Instance>| {
        let change = write::refused_onto(&fresh, &cloud, &attach(), [before, now])?;
        Some((change.fact, change.before, change.now))
    };
    let with = |change: fn(&mut Instance)| {
        let mut now = well.clone();
        change(&mut now);
        now
    };
    let power = |before: &str, now: &str| Some((ChangedFact::InstancePower, before.to_owned(), now.to_owned()));
    let broken = |id: FindingId| Some((ChangedFact::Rule, "-".to_owned(), id.as_str().to_owned()));
    assert_eq!(told(Some(&well), Some(&well)), None);
    let word = &*well.power.word;
    assert_eq!(told(Some(&well), None), power(word, "-"));
    assert_eq!(told(None, None), power("-", "-"), "nobody saw it before");
    let stopped = Instance { zone: well.zone.clone(), ..instance("vm-1", PowerState::Stopped) };
    assert_eq!(told(Some(&well), Some(&stopped)), power(word, &stopped.power.word));
    assert_eq!(told(Some(&well), Some(&with(|now| now.zone = Some("b".into())))), broken(FindingId::OtherPlace));
    let dead = with(|now| now.guest_agent = Some(false));
    assert_eq!(told(Some(&well), Some(&dead)), broken(FindingId::GuestAgent), "nobody was warned of it");
    assert_eq!(told(Some(&dead), Some(&dead)), None, "the plan has told");
    assert_eq!(told(Some(&well), Some(&with(|now| now.guest_agent = None))), broken(FindingId::GuestAgentUnknown));
    // A plan that did not know it told none of this, whatever a person said of what it did not know.
    assert_eq!(told(None, Some(&well)), None);
    assert_eq!(told(None, Some(&dead)), broken(FindingId::GuestAgent));
    assert_eq!(told(None, Some(&with(|now| now.guest_agent = None))), broken(FindingId::GuestAgentUnknown));
    assert_eq!(told(None, Some(&with(|now| now.zone = None))), broken(FindingId::OtherPlace));
    assert_eq!(told(None, Some(&stopped)), power("-", &stopped.power.word));
}

/// The same of the NIC, on the NIC alone: what only lists tell is not taken for refused.
#[test]
fn a_write_that_gives_is_refused_for_what_the_nic_shows_alone() {
    const ASSIGN: &[Precondition] = &[
        rule(Condition::InstanceExists, Severity::Blocked),
        rule(Condition::AddressRoom { free: Some(2), attached: None }, Severity::Blocked),
        rule(Condition::AddressFree { floating: false }, Severity::Blocked),
    ];
    let cloud = Capabilities { assign: ASSIGN, ..STRICT };
    let told = |change: fn(&mut NicSnapshot)| {
        let mut fresh = NicSnapshot { instances_known: true, ..snapshot() };
        change(&mut fresh);
        write::refused(&fresh, &cloud, &assign()).map(|change| change.now)
    };
    assert_eq!(told(|_| {}), None);
    assert_eq!(told(|fresh| fresh.instance = None).as_deref(), Some("instance-gone"));
    let free = |fresh: &mut NicSnapshot| {
        (fresh.nic.instance, fresh.instance, fresh.nic.status.state) = (None, None, NicState::Free);
    };
    assert_eq!(told(free).as_deref(), Some("nic-full"));
}

/// What floats to the other NIC.
fn has(k: &mut Known, text: &str) {
    k.floats.push(virtual_address(text, text, &["10.0.0.1"]));
}

/// What a NIC and its neighbours say of virtual addresses that are to be put on it.
#[test]
fn virtual_addresses_are_of_the_own_subnet_and_few() {
    const FEW: Condition = Condition::FewVirtuals { on_instance: 2, instances: 1 };
    const RULES: &[Precondition] = &[
        rule(Condition::SameSubnet, Severity::Blocked),
        rule(Condition::AloneByV6, Severity::Blocked),
        rule(FEW, Severity::Info),
    ];
    let cloud = Capabilities { assign: RULES, ..STRICT };
    let says = |ips: &[&str], change: fn(&mut Known)| -> Vec<String> {
        let mut known = known();
        placed(&mut known);
        known.other.addresses.truncate(1);
        change(&mut known);
        let ips = ips.iter().map(|text| ip(text)).collect();
        let kind = OperationKind::Assign { nic: "nic-1".into(), ips, lists: Vec::new() };
        let found = write::findings(&known.part(), &cloud, &kind);
        let words = |values: &[(&str, String)]| {
            let all: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            all.join(" ")
        };
        found.iter().map(|one| format!("{:?} {} {}", one.severity, one.id.as_str(), words(&one.values))).collect()
    };
    assert_eq!(says(&["10.0.0.50"], |_| {}), [""; 0]);
    let apart = says(&["10.0.0.50"], |k| {
        k.other.subnet = Some("far".into());
        k.other.addresses.push(Address { ip: ip("10.0.0.50"), role: AddressRole::Secondary });
    });
    assert_eq!(apart, ["Blocked other-place nic=nic-1 ip=10.0.0.50 here=net there=far case=subnet"]);
    let shared = |k: &mut Known| has(k, "10.0.0.50");
    assert_eq!(
        says(&["10.0.0.50"], shared),
        [""; 0],
        "of IPv4 several NICs may have one, and both are on one instance"
    );
    let shared = |k: &mut Known| has(k, "fd00::9");
    assert_eq!(says(&["fd00::9"], shared), ["Blocked address-taken nic=nic-2 ip=fd00::9 case=v6"]);
    let many = says(&["10.0.0.50", "10.0.0.51"], |k| has(k, "10.0.0.52"));
    assert_eq!(many, ["Info nic-full nic=nic-1 count=3 most=2 case=advised"]);
    let again = says(&["10.0.0.50", "10.0.0.51"], |k| has(k, "10.0.0.51"));
    assert_eq!(again, [""; 0], "one that both have is one");
    let wide = says(&["10.0.0.50"], |k| {
        has(k, "10.0.0.50");
        k.other.instance = Some("vm-2".into());
    });
    assert_eq!(wide, ["Info nic-full nic=nic-1 count=2 most=1 ip=10.0.0.50 case=advised-instances"]);
}
