//! Belts, protect rules, overrides, and the last look before a write.

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        finding::{Finding, FindingId},
        ids::{AddressKey, NicKey, ProfileId},
        name::Name,
        plan::{Belts, Change, ChangedFact, Decision, OperationKind, Overruled, PlanHash, ReleasePlan},
        selection::Target,
        tags::Tags,
    },
    filter,
    rules::{
        Safety,
        facts::Facts,
        guard::{self, Account},
        planner::{Sources, Wanted, plan},
        protect::Protect,
        violated,
    },
};

fn capabilities(profile: &ProfileId) -> Option<&'static Capabilities> {
    (profile.as_str() == "strict-1").then_some(&STRICT)
}

fn make(wanted: &[Wanted], inventory: &Inventory, safety: &Safety) -> ReleasePlan {
    let sources = Sources { inventory, capabilities: &capabilities, readonly: &|_| false, safety };
    plan(wanted, &sources, READ).unwrap()
}

fn belted(per_plan: usize, percent: usize) -> Safety {
    Safety { belts: Belts { per_plan, percent }, ..Safety::default() }
}

fn key() -> NicKey {
    NicKey { profile: "strict-1".into(), nic: "nic-1".into() }
}

fn address(last: u8) -> Target {
    Target::Address(AddressKey { nic: key(), ip: IpAddr::from([10, 0, 1, last]) })
}

/// A NIC with this many secondary addresses, 10.0.1.2 and on.
fn wide(secondaries: u8) -> NicSnapshot {
    let mut snapshot = snapshot();
    snapshot.nic.addresses = (1..=secondaries + 1)
        .map(|last| Address {
            ip: IpAddr::from([10, 0, 1, last]),
            role: if last == 1 { AddressRole::Primary } else { AddressRole::Secondary },
        })
        .collect();
    snapshot
}

fn first(count: u8) -> Vec<Wanted> {
    (2..2 + count).map(address).map(Wanted::of).collect()
}

/// `plan 12/12` where it goes, and what is said on every row where it does not.
fn told(plan: &ReleasePlan) -> String {
    let gone = plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_))).count();
    if gone > 0 {
        return format!("{gone} of {} go in {}", plan.rows().len(), plan.operations().len());
    }
    assert!(plan.operations().is_empty());
    let said = |row: &crate::domain::plan::PlanRow| {
        let finding = &row.findings[0];
        let values: Vec<String> = finding.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!((row.before, finding.severity), (row.after, Severity::Blocked));
        format!("{} {}", finding.id.as_str(), values.join(" "))
    };
    let all: Vec<String> = plan.rows().iter().map(said).collect();
    assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
    all[0].clone()
}

#[test]
fn a_plan_over_a_belt_is_refused_as_a_whole_and_one_under_it_goes() {
    let inventory = inventory(&[wide(60)]);
    let try_out = |count, safety: &Safety| told(&make(&first(count), &inventory, safety));
    let default = Safety::default();
    assert_eq!(try_out(12, &default), "12 of 12 go in 4");
    let share = "over-belt case=share profile=strict-1 count=13 total=60 percent=20 most=12";
    assert_eq!(try_out(13, &default), share);
    assert_eq!(try_out(13, &belted(100, 22)), "13 of 13 go in 5");
    assert_eq!(try_out(13, &belted(12, 100)), "over-belt count=13 most=12");
    assert_eq!(try_out(12, &belted(12, 100)), "12 of 12 go in 4");
    // Few addresses may always go, whatever their share.
    assert_eq!(try_out(10, &belted(100, 1)), "10 of 10 go in 4");
    assert!(try_out(11, &belted(100, 1)).ends_with("percent=1 most=10"));
}

#[test]
fn rows_that_are_blocked_anyway_do_not_count_and_keep_their_findings() {
    let inventory = inventory(&[wide(60)]);
    let mut wanted = first(12);
    wanted.push(Wanted::of(address(1)));
    let plan = make(&wanted, &inventory, &Safety::default());
    assert_eq!(plan.load().addresses, 12);
    assert_eq!(told(&plan), "12 of 13 go in 4");
    wanted.push(Wanted::of(address(30)));
    let plan = make(&wanted, &inventory, &Safety::default());
    assert_eq!((plan.load().addresses, plan.operations().len()), (13, 0));
    let of = |target: Target| plan.rows().iter().find(|row| row.target == target).unwrap().findings[0].id;
    assert_eq!((of(address(1)), of(address(30))), (FindingId::PrimaryIp, FindingId::OverBelt));
}

/// So that the last of them is not taken for what somebody else has brought about.
#[test]
fn each_write_knows_what_those_before_it_take() {
    let plan = make(&first(7), &inventory(&[wide(60)]), &belted(100, 100));
    let taken: Vec<usize> = plan.operations().iter().map(|operation| operation.taken.len()).collect();
    assert_eq!(taken, [0, 3, 6]);
}

#[test]
fn a_nic_that_is_detached_takes_its_addresses_along() {
    let inventory = inventory(&[wide(60)]);
    let nic = || Wanted::of(Target::Nic(key()));
    let load = |wanted: &[Wanted]| make(wanted, &inventory, &belted(1000, 100)).load().addresses;
    assert_eq!(load(&[nic()]), 60);
    let mut some = first(5);
    some.push(nic());
    assert_eq!(load(&some), 60, "each counts once");
    assert!(told(&make(&[nic()], &inventory, &Safety::default())).starts_with("over-belt case=share "));
}

#[test]
fn a_range_counts_with_all_its_addresses_and_ipv6_leaves_with_its_nic() {
    let mut ranged = wide(2);
    ranged.nic.prefixes = (0..10u8).map(|n| format!("10.9.{n}.16/28").into()).collect();
    ranged.nic.addresses.push(Address { ip: ip("2001:db8::7"), role: AddressRole::Ipv6 });
    let inventory = inventory(&[ranged]);
    let plan = make(&[Wanted::of(Target::Nic(key()))], &inventory, &belted(1000, 1000));
    let load = plan.load();
    assert_eq!((load.addresses, load.shares[0].count, load.shares[0].total), (163, 163, 162));
    assert!(
        told(&make(&[Wanted::of(Target::Nic(key()))], &inventory, &belted(100, 1000)))
            .starts_with("over-belt count=163")
    );
}

/// Each takes ten of its sixty: of the account that is a third.
#[test]
fn two_profiles_of_one_account_have_one_share() {
    let mut inventory = Inventory::new(["strict-1", "strict-2"].map(|profile| (profile.into(), "strict".into())));
    for profile in ["strict-1", "strict-2"] {
        let part = inventory.profile_mut(&profile.into()).unwrap();
        let (nics, instances) = (vec![wide(60).nic], wide(60).instance.into_iter().collect());
        part.merge(InventoryPage { instances, nics, ..Default::default() }, READ);
        for resource in [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends] {
            part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
        }
    }
    let of = |profile: &str, lasts: std::ops::Range<u8>| {
        let nic = NicKey { profile: profile.into(), ..key() };
        let target = move |last| AddressKey { nic: nic.clone(), ip: IpAddr::from([10, 0, 1, last]) };
        lasts.map(move |last| Wanted::of(Target::Address(target(last)))).collect::<Vec<_>>()
    };
    let sources = Sources {
        inventory: &inventory,
        capabilities: &|_| Some(&STRICT),
        readonly: &|_| false,
        safety: &Safety::default(),
    };
    let try_out = |wanted: Vec<Wanted>| plan(&wanted, &sources, READ).unwrap();
    assert_eq!(try_out(of("strict-1", 2..12)).operations().len(), 4);
    let over = try_out([of("strict-1", 2..12), of("strict-2", 20..30)].concat());
    assert_eq!(over.operations().len(), 0);
    for row in over.rows() {
        let named = row.findings[0].values.iter().find(|(name, _)| *name == "profile").unwrap();
        assert_eq!(named.1, row.target.nic().profile.as_str(), "each names its own");
    }
    let same = try_out([of("strict-1", 2..12), of("strict-2", 2..12)].concat());
    assert_eq!(same.load().shares.iter().map(|share| share.count).collect::<Vec<_>>(), [10, 10], "the same ones twice");
}

#[test]
fn a_share_of_what_is_not_listed_whole_is_measured_by_what_is_and_says_so() {
    let mut inventory = Inventory::new([("strict-1".into(), "strict".into())]);
    let part = inventory.profile_mut(&"strict-1".into()).unwrap();
    let snapshot = wide(60);
    let page =
        InventoryPage { nics: vec![snapshot.nic], instances: vec![snapshot.instance.unwrap()], ..Default::default() };
    part.merge(page, READ);
    for resource in [Resource::Instances, Resource::Eips, Resource::Backends] {
        part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
    }
    let said = told(&make(&first(13), &inventory, &Safety::default()));
    assert!(said.starts_with("over-belt case=share-of-part "), "{said}");
    assert!(!make(&first(1), &inventory, &Safety::default()).load().shares[0].whole);
    let part = inventory.profile_mut(&"strict-1".into()).unwrap();
    part.complete(&(Resource::Nics, Some(RegionId::from(REGION))), 0, READ);
    assert!(make(&first(1), &inventory, &Safety::default()).load().shares[0].whole);
}

fn protect(rules: &[&str]) -> Protect {
    let rules: Vec<filter::Expr> = rules.iter().map(|text| filter::parse(text).unwrap()).collect();
    let mut protect = Protect::default();
    protect.add(&"strict-1".into(), &"strict".into(), Some("prod"), &rules);
    protect
}

/// `yes`, or what is not known, or nothing; for 10.0.0.2 and for the NIC.
fn hit(rule: &str, change: impl Fn(&mut NicSnapshot)) -> [&'static str; 2] {
    let mut snapshot = snapshot();
    change(&mut snapshot);
    let protect = protect(&[rule]);
    let facts = Facts::from_snapshot(&snapshot);
    [Some(snapshot.nic.addresses[1]), None].map(|address| {
        let rules = protect.of(&"strict-1".into()).unwrap();
        let hit = rules.hit(&facts, address);
        assert_eq!(rules.watch_nic(&facts).hit(&facts, address), hit, "{rule}");
        hit.map_or("", |hit| hit.missing.map_or("yes", filter::Missing::as_str))
    })
}

fn nameless_eip() -> Eip {
    Eip { name: Name::unknown(), ..eip("e-1", "nic-1", Some("10.0.0.2")) }
}

fn keep() -> Tags {
    vec![("keep".into(), "true".into())].into()
}

#[test]
fn what_a_rule_needs_and_nobody_knows_counts_as_a_match() {
    type Case = (&'static str, fn(&mut NicSnapshot), &'static str);
    let unread: fn(&mut NicSnapshot) = |now| now.instance = None;
    let no_eips: fn(&mut NicSnapshot) = |now| now.eips_known = false;
    let untold: fn(&mut NicSnapshot) = |now| now.nic.tags = Tags::unknown();
    let nameless: fn(&mut NicSnapshot) = |now| now.nic.name = Name::unknown();
    let floating: fn(&mut NicSnapshot) = |now| {
        now.nic.addresses[1].role = AddressRole::Virtual;
        now.floats.push(Float { name: "gw-vip".into(), ..virtual_address("f-1", "10.0.0.2", &["10.0.0.1"]) });
    };
    let nameless_float: fn(&mut NicSnapshot) = |now| {
        now.nic.addresses[1].role = AddressRole::Virtual;
        now.floats.push(Float { name: Name::unknown(), ..virtual_address("f-1", "10.0.0.2", &["10.0.0.1"]) });
    };
    let half_listed: fn(&mut NicSnapshot) = |now| {
        now.eips.push(eip("e-1", "nic-1", Some("10.0.0.2")));
        now.nic.public_ips = vec!["198.51.100.9".into()];
    };
    let unread_eip: fn(&mut NicSnapshot) = |now| now.nic.public_ips = vec!["198.51.100.9".into()];
    let unlisted: fn(&mut NicSnapshot) = |now| {
        now.nic.addresses[1].role = AddressRole::Virtual;
        now.floats_known = false;
    };
    let elsewhere: fn(&mut NicSnapshot) = |now| (now.nic.zone, now.instance) = (Some("b".into()), None);
    let cases: &[Case] = &[
        ("tag:keep=true", |now| now.nic.tags = keep(), "yes"),
        ("tag:keep=true", |now| now.instance.as_mut().unwrap().tags = keep(), "yes"),
        ("tag:keep=true", |_| {}, ""),
        ("-tag:keep=true", |_| {}, "yes"),
        ("-tag:keep=true", |now| now.nic.tags = keep(), ""),
        ("tag:keep=true", untold, "tags"),
        ("-tag:keep=true", untold, "tags"),
        ("has:tag", untold, "tags"),
        ("tag:keep=true", |now| now.instance.as_mut().unwrap().tags = Tags::unknown(), "tags"),
        ("tag:keep=true", unread, "tags"),
        // Another term settles it.
        ("cloud:strict tag:keep=true", untold, "tags"),
        ("cloud:lenient tag:keep=true", untold, ""),
        ("env:dev tag:keep=true", untold, ""),
        ("name:web-*", |_| {}, "yes"),
        ("name:gw-*", |_| {}, ""),
        ("name:gw-*", unread, "instance"),
        ("name:gw-*", no_eips, "eips"),
        ("instance:gw-*", unread, "instance"),
        ("instance:vm-1", unread, "yes"),
        ("id:vm-1", unread, "yes"),
        ("id:vm-9", unread, ""),
        ("id:vm-9", |now| (now.instance, now.nic.instance) = (None, None), "instance"),
        ("state:running", unread, "instance"),
        ("gw", unread, "instance"),
        ("has:eip", no_eips, "eips"),
        ("-has:eip", no_eips, "eips"),
        ("eips>0", no_eips, "eips"),
        ("has:lb", |now| now.backends_known = false, "lbs"),
        ("-has:lb", |_| {}, "yes"),
        // A private address is none of an EIP's.
        ("ip:10.9.0.0/16", no_eips, ""),
        ("ip:203.0.113.0/24", no_eips, "eips"),
        ("zone:a", |now| (now.nic.zone, now.instance.as_mut().unwrap().zone) = (None, None), "zone"),
        ("zone:a", elsewhere, ""),
        ("-zone:a", elsewhere, "yes"),
        ("zone:b", elsewhere, "yes"),
        // Only one that does not name its own hangs on its instance's.
        ("zone:a", |now| (now.nic.zone, now.instance) = (None, None), "zone"),
        ("zone:a", |now| (now.nic.zone, now.instance.as_mut().unwrap().zone) = (None, Some("a".into())), "yes"),
        ("subnet:s", |_| {}, "network"),
        ("mac:00:16", |_| {}, "mac"),
        ("sg:sg-1", |now| now.nic.security_groups = vec!["sg-1".into()], "yes"),
        ("sg:sg-1", |now| now.nic.security_groups = vec!["sg-2".into()], ""),
        ("sg:sg-1", |_| {}, "groups"),
        ("-sg:sg-1", |_| {}, "groups"),
        // EIPs that a NIC names, and of which nothing else is told.
        ("name:gw-*", |now| now.eips.push(nameless_eip()), "eips"),
        ("gw", |now| now.eips.push(nameless_eip()), "eips"),
        ("name:web-1", |now| now.eips.push(nameless_eip()), "yes"),
        ("name:gw-*", |now| now.eips.push(eip("e-1", "nic-1", Some("10.0.0.2"))), ""),
        // Of which the address was not told.
        ("ip:198.51.100.7", |now| now.eips.push(Eip { ips: vec![], ..eip("e-1", "nic-1", None) }), "eips"),
        ("198.51.100", |now| now.eips.push(Eip { ips: vec![], ..eip("e-1", "nic-1", Some("10.0.0.2")) }), "eips"),
        ("ip:10.9.0.5", |now| now.eips.push(Eip { ips: vec![], ..eip("e-1", "nic-1", None) }), ""),
        // One EIP is listed and another one only named by the NIC.
        ("eips>1", half_listed, "eips"),
        ("eips>0", half_listed, "yes"),
        ("eips<1", half_listed, ""),
        ("eips:1", half_listed, "eips"),
        ("eips>0", unread_eip, "eips"),
        ("name:gw-*", floating, "yes"),
        ("name:gw-*", nameless_float, "vips"),
        ("gw", nameless_float, "vips"),
        ("id:f-9", nameless_float, ""),
        ("id:f-1", floating, "yes"),
        ("gw", floating, "yes"),
        ("name:db-*", floating, ""),
        // Without a name it has an empty one; what was not read may be any.
        ("name:gw-*", |now| now.nic.name = "".into(), ""),
        ("name:gw-*", nameless, "names"),
        ("-name:gw-*", nameless, "names"),
        (
            "name:web",
            |now| (now.nic.name, now.instance.as_mut().unwrap().name) = (Name::unknown(), "web".into()),
            "yes",
        ),
        ("nic:gw-*", nameless, "names"),
        ("nic:nic-1", nameless, "yes"),
        ("gw", nameless, "names"),
        ("name:gw-*", |now| now.instance.as_mut().unwrap().name = Name::unknown(), "names"),
        ("instance:gw-*", |now| now.instance.as_mut().unwrap().name = Name::unknown(), "names"),
        ("instance:vm-1", |now| now.instance.as_mut().unwrap().name = Name::unknown(), "yes"),
        ("name:db-*", unlisted, "vips"),
        ("id:f-2", unlisted, "vips"),
        ("db", unlisted, "vips"),
        ("nic-state:free", |now| now.nic.status.word = "".into(), "state"),
        ("nic-state:free", |_| {}, ""),
    ];
    for (rule, change, wanted) in cases {
        assert_eq!(hit(rule, change), [*wanted; 2], "{rule}");
    }
    // The one that is named alone may be on any address.
    let other: fn(&mut NicSnapshot) = |now| {
        now.eips.push(eip("e-1", "nic-1", Some("10.0.0.3")));
        now.nic.public_ips = vec!["198.51.100.9".into()];
    };
    assert_eq!(hit("has:eip", other), ["eips", "yes"]);
    // A NIC is protected with anything on it.
    assert_eq!(hit("ip:10.0.0.0/28", |_| {}), ["yes", "yes"]);
    assert_eq!(hit("ip:10.0.0.3", |_| {}), ["", "yes"]);
    assert_eq!(hit("kind:primary", |_| {}), ["", "yes"]);
    let ranged: fn(&mut NicSnapshot) = |now| now.nic.prefixes = vec!["10.7.0.16/28".into()];
    assert_eq!(hit("ip:10.7.0.20", ranged), ["", "yes"]);
    assert_eq!(hit("ip:10.7.0.32", ranged), ["", ""]);
    // What came without its address may be any.
    let unread: fn(&mut NicSnapshot) = |now| now.nic.addresses_known = false;
    assert_eq!(hit("ip:10.9.0.5", unread), ["", "addresses"]);
    // An EIP on the one that was not told may be called so.
    assert_eq!(hit("10.9.0.5", unread), ["eips", "addresses"]);
    assert_eq!(hit("ips>9", unread), ["addresses"; 2]);
    assert_eq!(hit("kind:vip", unread), ["addresses"; 2]);
    assert_eq!(hit("has:ipv6", |now| now.nic.addresses.truncate(2)), ["", ""]);
    let bare: fn(&mut NicSnapshot) = |now| {
        now.nic.addresses.truncate(2);
        now.nic.addresses_known = false;
    };
    assert_eq!([hit("kind:ipv6", bare), hit("has:ipv6", bare)], [["addresses"; 2]; 2]);
    assert_eq!(hit("kind:vip", |now| now.floats_known = false), ["", "vips"]);
    // Rules that the config does not take hold everything.
    for odd in ["", "level:ok", "marked:yes", "-has:finding", "age>1h"] {
        assert_eq!(hit(odd, |_| {}), ["yes", "yes"], "{odd:?}");
    }
}

/// One rule of each term.
const EACH: &[&str] = &[
    "web",
    "10.0.1.2",
    "gw-1",
    "ip:10.0.1.0/28",
    "ip:203.0.113.0/24",
    "name:gw-*",
    "name:*1*",
    "id:*1",
    "nic:nic-1",
    "instance:vm*",
    "state:running",
    "nic-state:free",
    "zone:a",
    "vpc:v*",
    "subnet:s*",
    "sg:sg-1",
    "mac:00:16",
    "tag:keep=true",
    "kind:secondary",
    "kind:vip",
    "kind:ipv6",
    "has:eip",
    "has:lb",
    "has:tag",
    "has:instance",
    "has:secondary",
    "has:ipv6",
    "eips>0",
    "ips>3",
    "cloud:lenient",
    "env:prod",
    "-has:eip",
    "-name:gw-* has:lb",
    "-kind:primary id:*1",
    "tag:keep=true -ip:10.0.1.2",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is asked once for a NIC lets nothing on it through.
    #[test]
    fn a_nic_is_watched_by_each_rule_that_may_hold_it(bytes in dice()) {
        let mut dice = Dice::of(&bytes);
        let snapshot = random_snapshot(&mut dice, 1);
        let facts = Facts::from_snapshot(&snapshot);
        let subjects: Vec<Option<Address>> = snapshot.nic.addresses.iter().copied().map(Some).chain([None]).collect();
        for rule in EACH {
            let protect = protect(&[rule]);
            let rules = protect.of(&"strict-1".into()).unwrap();
            for &subject in &subjects {
                let watched = rules.watch_nic(&facts).hit(&facts, subject);
                prop_assert_eq!(watched, rules.hit(&facts, subject), "{} {:?}", rule, subject);
            }
        }
        // The 65th and those behind it are watched as well.
        let many: Vec<&str> = EACH.iter().chain(EACH).chain(EACH).copied().collect();
        let protect = protect(&many[..=EACH.len() * 2]);
        let rules = protect.of(&"strict-1".into()).unwrap();
        for subject in subjects {
            prop_assert_eq!(rules.watch_nic(&facts).hit(&facts, subject), rules.hit(&facts, subject));
        }
    }
}

#[test]
fn a_protected_target_is_blocked_with_its_rule_and_a_sure_match_is_named_first() {
    let mut held = wide(5);
    held.nic.tags = Tags::unknown();
    let inventory = inventory(&[held]);
    let safety = Safety { protect: protect(&["tag:keep=true", "ip:10.0.1.3"]), ..Safety::default() };
    let plan = make(&first(2), &inventory, &safety);
    assert_eq!((plan.operations().len(), plan.load().protected), (0, 2));
    let said = |row: usize| {
        let finding = &plan.rows()[row].findings[0];
        assert_eq!((finding.id, finding.severity), (FindingId::Protected, Severity::Blocked));
        let value = |name| finding.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        [value("rule"), value("text"), value("case")].map(str::to_owned)
    };
    assert_eq!(said(0), ["1", "tag:keep=true", "tags"]);
    assert_eq!(said(1), ["2", "ip:10.0.1.3", ""]);
    // Of another profile they say nothing.
    assert_eq!(safety.protect.of(&"lenient-1".into()), None);
}

/// A NIC whose EIPs were not read.
fn untold() -> Inventory {
    inventory(&[NicSnapshot { eips_known: false, ..wide(5) }])
}

fn overruled(inventory: &Inventory, reason: &str) -> Vec<Wanted> {
    let row = &make(&first(1), inventory, &Safety::default()).rows()[0].clone();
    assert_eq!(row.decision, Decision::Blocked);
    let findings: Vec<Finding> = row.findings.iter().filter(|one| one.severity == Severity::Unknown).cloned().collect();
    assert!(!findings.is_empty());
    vec![Wanted { overruled: Some(Overruled { findings, reason: reason.into() }), ..Wanted::of(address(2)) }]
}

#[test]
fn what_is_not_known_goes_with_a_reason_and_is_as_dangerous_as_can_be() {
    let inventory = untold();
    let wanted = overruled(&inventory, "no EIP was ever here");
    let plan = make(&wanted, &inventory, &Safety::default());
    let [operation] = plan.operations() else { panic!("{:?}", plan.operations()) };
    let [one] = operation.overrides.as_slice() else { panic!("{:?}", operation.overrides) };
    assert_eq!((&one.target, one.reason.as_str()), (&address(2), "no EIP was ever here"));
    assert!(one.findings.contains(&FindingId::EipUnknown));
    assert_eq!(plan.rows()[0].overridden.as_deref(), Some("no EIP was ever here"));
    let account = Account { profile: "strict-1".into(), alias: "acme".to_owned(), prod: false };
    assert_eq!((guard::danger(&plan, &[account]).level, guard::effects(&plan).overridden), (3, 1));
    // The reason is part of what is confirmed.
    let other = make(&overruled(&inventory, "somebody else said so"), &inventory, &Safety::default());
    assert_ne!(plan.hash(), other.hash());
    assert_eq!(plan.hash(), PlanHash::of(plan.operations()));
}

#[test]
fn an_override_holds_for_what_it_was_given_for_and_never_for_a_violation() {
    let wanted = overruled(&untold(), "no EIP was ever here");
    let sent = |inventory: &Inventory, safety: &Safety| make(&wanted, inventory, safety).operations().len();
    assert_eq!(sent(&untold(), &Safety::default()), 1);
    let more = NicSnapshot { eips_known: false, backends_known: false, ..wide(5) };
    assert_eq!(sent(&inventory(&[more]), &Safety::default()), 0, "more is not known than was");
    let known = NicSnapshot { eips: vec![eip("eip-1", "nic-1", Some("10.0.1.2"))], ..wide(5) };
    assert_eq!(sent(&inventory(&[known]), &Safety::default()), 0, "it is known by now, and refused");
    let safety = Safety { protect: protect(&["ip:10.0.1.2"]), ..Safety::default() };
    assert_eq!(sent(&untold(), &safety), 0, "protected");
    let of_harmless = make(&wanted, &inventory(&[wide(5)]), &Safety::default());
    assert_eq!(of_harmless.operations().len(), 1);
    assert!(of_harmless.operations()[0].overrides.is_empty() && of_harmless.rows()[0].overridden.is_none());
}

#[test]
fn the_last_look_finds_what_the_cloud_would_refuse_and_what_is_protected_by_now() {
    let look = |change: fn(&mut NicSnapshot), rules: &[&str], kind: &OperationKind| {
        let mut fresh = wide(3);
        change(&mut fresh);
        let protect = protect(rules);
        let target = kind.targets(&"strict-1".into()).remove(0);
        violated(&fresh, &STRICT, protect.of(&"strict-1".into()), kind, &target)
    };
    let release = OperationKind::Release { nic: "nic-1".into(), ips: vec![IpAddr::from([10, 0, 1, 2])] };
    let detach = OperationKind::Detach { nic: "nic-1".into(), instance: "vm-1".into() };
    let delete = OperationKind::Delete { nic: "nic-1".into() };
    for kind in [&release, &detach, &delete] {
        assert_eq!(look(|_| {}, &[], kind), None);
        let told = look(|now| now.nic.tags = Tags::unknown(), &["name:no", "tag:keep=true"], kind);
        let now = "2: tag:keep=true".to_owned();
        assert_eq!(told, Some(Change { fact: ChangedFact::Protected, before: "-".to_owned(), now }));
    }
    let stopped: fn(&mut NicSnapshot) = |now| now.instance = Some(instance("vm-1", PowerState::Stopped));
    let told = look(stopped, &[], &detach).unwrap();
    assert_eq!((told.fact, told.now.as_str()), (ChangedFact::Rule, "instance-state"));
    // Not known is not violated: whoever overrode it said so.
    assert_eq!(look(|now| now.eips_known = false, &[], &release), None);
}
