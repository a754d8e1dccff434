//! Plans over worlds made by hand and by dice, and the danger of plans.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        finding::{Finding, FindingId},
        float::PairList,
        ids::{AddressKey, NicKey, ProfileId},
        nic::TypeLimit,
        plan::{
            Act, Belts, ChangedFact, Decision, Load, Operation, OperationKind, Override, PlanError, PlanHash, PlanRow,
            ReleasePlan, Share,
        },
        selection::Target,
    },
    rules::{
        Safety,
        guard::{Account, Danger, Phrase, danger, effects, names, spoken},
        planner::{Sources, Wanted, plan},
    },
};

type Change = fn(&mut NicSnapshot);

fn capabilities(profile: &ProfileId) -> Option<&'static Capabilities> {
    match profile.as_str().split_once('-')?.0 {
        "strict" => Some(&STRICT),
        "lenient" => Some(&LENIENT),
        "whole" => Some(&WHOLE),
        "typed" => Some(&TYPED),
        "floating" => Some(&FLOATING),
        _ => None,
    }
}

/// Releases one virtual address, or all of a NIC.
const WHOLE: Capabilities = Capabilities { release_batch: 1, release_whole: true, ..LENIENT };

/// Releases as many at once as the instance's type allows on a NIC.
const TYPED: Capabilities = Capabilities { release_batch: 3, release_by_type: Some(6), ..LENIENT };

/// Tells who else has a virtual address.
const FLOATING: Capabilities =
    Capabilities { release: &[rule(Condition::VirtualShared, Severity::Warn)], detach: &[], ..WHOLE };

/// Three NICs, a virtual address with these on its own list, and NICs that name it on theirs.
fn floating(peers: &[&str], naming: &[u8]) -> Inventory {
    let mut inventory = Inventory::new([("floating-1".into(), "floating".into())]);
    let part = inventory.profile_mut(&"floating-1".into()).unwrap();
    let mut page = InventoryPage { floats: vec![virtual_address("f-1", "10.0.9.9", peers)], ..Default::default() };
    for number in 1..=3 {
        let mut one = nic(number, 0);
        one.nic.pairs.extend(naming.contains(&number).then(|| Pair { ip: "10.0.9.9".into(), mac: None }));
        page.nics.push(one.nic);
        page.instances.extend(one.instance);
    }
    let sections = [Resource::Nics, Resource::Floats, Resource::Instances, Resource::Eips, Resource::Backends];
    for resource in sections {
        part.begin((resource, Some(RegionId::from(REGION))));
    }
    part.merge(page, READ);
    for resource in sections {
        part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
    }
    inventory
}

/// What is said of taking it off these NICs, with how many others have it; the effect; and who has to keep it.
fn taken_off(inventory: &Inventory, nics: &[u8]) -> (Vec<String>, usize, Vec<String>) {
    let targets = nics.iter().map(|number| address("floating-1", &format!("nic-{number}"), "10.0.9.9"));
    let plan = make(&wanted(targets), inventory);
    assert_eq!(plan.operations().len(), nics.len());
    let said = plan.rows().iter().map(|row| {
        let finding = row.findings.iter().find(|finding| finding.id.as_str().starts_with("vip-")).unwrap();
        let count = finding.values.iter().find(|(name, _)| *name == "count").map_or("?", |(_, count)| count);
        format!("{} {count}", finding.id.as_str())
    });
    let keepers = plan.operations().iter().flat_map(|operation| &operation.keepers);
    let keepers = keepers.map(|keeper| format!("{} {}", keeper.float, keeper.nic.id)).collect();
    (said.collect(), effects(&plan).unanswered, keepers)
}

#[test]
fn a_virtual_address_that_a_plan_takes_off_all_its_nics_is_nobodys_afterwards() {
    let both = floating(&["10.0.1.1", "10.0.2.1"], &[]);
    assert_eq!(taken_off(&both, &[1]), (vec!["vip-shared 1".to_owned()], 0, vec!["f-1 nic-2".to_owned()]));
    assert_eq!(taken_off(&both, &[1, 2]), (vec!["vip-last 0".to_owned(); 2], 1, vec![]));
    let three = floating(&["10.0.1.1", "10.0.2.1", "10.0.3.1"], &[]);
    let (said, unanswered, keepers) = taken_off(&three, &[1, 2]);
    assert_eq!((said, unanswered), (vec!["vip-shared 1".to_owned(); 2], 0));
    assert_eq!(keepers, ["f-1 nic-3", "f-1 nic-3"]);
}

#[test]
fn who_has_a_virtual_address_is_told_by_either_side_and_by_nics_that_are_there() {
    assert_eq!(taken_off(&floating(&[], &[1, 3]), &[1]).0, ["vip-shared 1"]);
    assert_eq!(taken_off(&floating(&["10.0.1.1"], &[1, 2]), &[1]).0, ["vip-shared 1"]);
    // A NIC that is deleted left its address behind.
    assert_eq!(taken_off(&floating(&["10.0.1.1", "10.0.7.1"], &[]), &[1]).0, ["vip-last 0"]);
}

/// It stays bound to what it had, and answers for nothing.
#[test]
fn a_nic_that_is_on_no_instance_does_not_keep_a_virtual_address() {
    let with = |peers: &[&str], state: NicState| {
        let mut inventory = floating(peers, &[]);
        let part = inventory.profile_mut(&"floating-1".into()).unwrap();
        let mut other = part.nic(&"nic-2".into()).unwrap().clone();
        (other.instance, other.status.state) = (None, state);
        part.merge(InventoryPage { nics: vec![other], ..Default::default() }, READ);
        inventory
    };
    let both = &["10.0.1.1", "10.0.2.1"];
    assert_eq!(taken_off(&with(both, NicState::Free), &[1]), (vec!["vip-last 0".to_owned()], 1, vec![]));
    let hidden = (vec!["vip-shared 1".to_owned()], 0, vec!["f-1 nic-2".to_owned()]);
    assert_eq!(taken_off(&with(both, NicState::Attached), &[1]), hidden, "on one that the cloud does not name");
    let three = &["10.0.1.1", "10.0.2.1", "10.0.3.1"];
    for state in [NicState::Free, NicState::Changing] {
        let kept = (vec!["vip-shared 1".to_owned()], 0, vec!["f-1 nic-3".to_owned()]);
        assert_eq!(taken_off(&with(three, state), &[1]), kept, "{state:?}");
    }
    let target = address("floating-1", "nic-1", "10.0.9.9");
    let plan = make(&wanted([target.clone()]), &with(both, NicState::Changing));
    let finding = row(&plan, &target).findings.iter().find(|one| one.id == FindingId::VipUnknown).expect("not told");
    assert!(plan.operations().is_empty() && finding.severity == Severity::Unknown);
    assert!(finding.values.contains(&("case", "unplaced".to_owned())), "{finding:?}");
}

fn nic_key(profile: &str, nic: &str) -> NicKey {
    NicKey { profile: profile.into(), nic: nic.into() }
}

fn address(profile: &str, nic: &str, text: &str) -> Target {
    Target::Address(AddressKey { nic: nic_key(profile, nic), ip: ip(text) })
}

fn wanted(targets: impl IntoIterator<Item = Target>) -> Vec<Wanted> {
    targets.into_iter().map(Wanted::of).collect()
}

/// No belt, no protect rule.
fn wide() -> Safety {
    Safety { belts: Belts { per_plan: usize::MAX, percent: 1_000 }, ..Safety::default() }
}

fn sources<'a>(inventory: &'a Inventory, readonly: &'a dyn Fn(&ProfileId) -> bool, safety: &'a Safety) -> Sources<'a> {
    Sources { inventory, capabilities: &capabilities, readonly, safety }
}

fn make(wanted: &[Wanted], inventory: &Inventory) -> ReleasePlan {
    plan(wanted, &sources(inventory, &|_| false, &wide()), READ).unwrap()
}

/// A harmless NIC with this many secondary addresses, 10.0.NUMBER.2 and on.
fn nic(number: u8, secondaries: u8) -> NicSnapshot {
    let mut snapshot = snapshot();
    snapshot.nic.id = format!("nic-{number}").into();
    snapshot.nic.instance = Some(format!("vm-{number}").into());
    snapshot.instance = Some(instance(&format!("vm-{number}"), PowerState::Running));
    snapshot.nic.addresses = (1..=secondaries + 1)
        .map(|last| Address {
            ip: IpAddr::from([10, 0, number, last]),
            role: if last == 1 { AddressRole::Primary } else { AddressRole::Secondary },
        })
        .collect();
    snapshot
}

fn row<'a>(plan: &'a ReleasePlan, target: &Target) -> &'a PlanRow {
    plan.rows().iter().find(|row| row.target == *target).unwrap()
}

fn has(row: &PlanRow, id: FindingId) -> bool {
    row.findings.iter().any(|finding| finding.id == id)
}

/// On an instance by its type, never fewer than of a free NIC, never more than any type's.
#[test]
fn the_type_of_the_instance_tells_how_many_go_at_once() {
    let sizes = |attached: bool, kind: &str, addresses_per_nic: Option<u32>| {
        let mut inventory = Inventory::new([("typed-1".into(), "typed".into())]);
        let part = inventory.profile_mut(&"typed-1".into()).unwrap();
        let mut one = nic(1, 8);
        if !attached {
            one.nic.status.state = NicState::Free;
            (one.nic.instance, one.instance) = (None, None);
        }
        let instances = one.instance.into_iter().map(|mut instance| {
            instance.kind = Some("large".into());
            instance
        });
        let limits = vec![TypeLimit { kind: kind.into(), nics: None, addresses_per_nic }];
        part.merge(
            InventoryPage { instances: instances.collect(), nics: vec![one.nic], limits, ..InventoryPage::default() },
            READ,
        );
        for resource in [Resource::Nics, Resource::Floats, Resource::Instances, Resource::Eips, Resource::Backends] {
            part.begin((resource, Some(RegionId::from(REGION))));
            part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
        }
        let targets = (2..=9).map(|n| address("typed-1", "nic-1", &format!("10.0.1.{n}")));
        let plan = make(&wanted(targets), &inventory);
        plan.operations().iter().map(|operation| operation.targets().len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(true, "large", Some(5)), [5, 3]);
    assert_eq!(sizes(true, "large", Some(20)), [6, 2], "no type allows more");
    assert_eq!(sizes(true, "large", Some(2)), [3, 3, 2], "never fewer than of a free one");
    assert_eq!(sizes(true, "large", None), [3, 3, 2]);
    assert_eq!(sizes(true, "other", Some(5)), [3, 3, 2]);
    assert_eq!(sizes(false, "large", Some(5)), [3, 3, 2]);
}

#[test]
fn addresses_go_in_batches_in_order_and_the_nic_goes_last() {
    let inventory = inventory(&[nic(1, 8)]);
    let mut targets: Vec<Target> = (2..=6).map(|n| address("strict-1", "nic-1", &format!("10.0.1.{n}"))).collect();
    targets.reverse();
    targets.push(Target::Nic(nic_key("strict-1", "nic-1")));
    let plan = make(&wanted(targets), &inventory);
    let kinds: Vec<String> = plan
        .operations()
        .iter()
        .map(|operation| match &operation.kind {
            OperationKind::Release { ips, .. } => format!("{ips:?} after {:?}", operation.after),
            OperationKind::Detach { instance, .. } => format!("detach {instance} after {:?}", operation.after),
            other => panic!("not asked for: {other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "[10.0.1.2, 10.0.1.3, 10.0.1.4] after []",
            "[10.0.1.5, 10.0.1.6] after [OperationId(0)]",
            "detach vm-1 after [OperationId(1)]",
        ]
    );
    assert_eq!(plan.rows().len(), 6);
    assert!(matches!(plan.rows()[5].target, Target::Nic(_)), "the NIC's row is the last one");
    assert!(plan.rows().iter().all(|row| (row.before, row.after) == (9, 4)));
    assert!(plan.rows()[..5].iter().all(|row| has(row, FindingId::NicInPlan)));
    let leave = plan.rows()[5].findings.iter().find(|finding| finding.id == FindingId::AddressesLeave).unwrap();
    assert!(
        leave.values.contains(&("count", "4".to_owned())),
        "its own leaves, and released addresses do not: {leave:?}"
    );
    let first = &plan.rows()[5].findings[0];
    assert_eq!(first.id, FindingId::AddressesInPlan, "the NIC's row tells that its addresses are asked for as well");
    assert!(first.values.contains(&("count", "5".to_owned())), "{first:?}");
    let effects = crate::rules::guard::effects(&plan);
    assert_eq!((effects.on_detached, effects.kept), (9, 4));
}

#[test]
fn all_of_a_nic_go_in_one_call_where_that_is_the_call_and_else_one_by_one() {
    let bound = |number: u8, count: u8| {
        let mut snapshot = nic(number, count);
        for address in &mut snapshot.nic.addresses[1..] {
            address.role = AddressRole::Virtual;
        }
        snapshot
    };
    let mut inventory = Inventory::new([("whole-1".into(), "whole".into())]);
    let part = inventory.profile_mut(&"whole-1".into()).unwrap();
    let share_one = |snapshot: &mut NicSnapshot, number: u8| {
        let own = format!("10.0.{number}.1");
        snapshot.nic.addresses[1].ip = ip("10.0.9.9");
        snapshot.floats.push(virtual_address("f-9", "10.0.9.9", &["10.0.1.1", "10.0.2.1"]));
        snapshot.floats.push(virtual_address(&format!("f-{number}"), &format!("10.0.{number}.3"), &[&own]));
    };
    for resource in [Resource::Instances, Resource::Eips, Resource::Backends] {
        part.complete(&(resource, Some(REGION.into())), 0, READ);
    }
    for number in [1, 2] {
        let mut snapshot = bound(number, 2);
        share_one(&mut snapshot, number);
        part.refresh(&snapshot.nic.id.clone(), Some(&snapshot), READ);
    }
    let releases = |targets: &[(&str, &str)]| -> Vec<(Vec<String>, Vec<String>)> {
        let targets = targets.iter().map(|(nic, ip)| address("whole-1", nic, ip));
        let plan = make(&wanted(targets), &inventory);
        let release = |operation: &crate::domain::plan::Operation| match &operation.kind {
            OperationKind::Release { ips, .. } => {
                let held = operation.shares.iter().map(ToString::to_string).collect();
                (ips.iter().map(ToString::to_string).collect(), held)
            }
            other => panic!("{other:?}"),
        };
        plan.operations().iter().map(release).collect()
    };
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    // One of two, on each of two NICs that share it: never both at once.
    let one = releases(&[("nic-1", "10.0.9.9"), ("nic-2", "10.0.9.9")]);
    let alone = (texts(&["10.0.9.9"]), texts(&["f-9"]));
    assert_eq!(one, [alone.clone(), alone]);
    let all = releases(&[("nic-1", "10.0.9.9"), ("nic-1", "10.0.1.3")]);
    assert_eq!(all, [(texts(&["10.0.9.9", "10.0.1.3"]), texts(&["f-1", "f-9"]))]);
}

#[test]
fn a_blocked_detach_does_not_hold_up_the_addresses() {
    let mut primary = nic(1, 2);
    primary.nic.role = NicRole::Primary;
    let inventory = inventory(&[primary]);
    let (one, whole) = (address("strict-1", "nic-1", "10.0.1.2"), Target::Nic(nic_key("strict-1", "nic-1")));
    let plan = make(&wanted([one.clone(), whole.clone()]), &inventory);
    assert_eq!(plan.operations().len(), 1);
    assert!(!has(row(&plan, &one), FindingId::NicInPlan), "it stays attached");
    assert_eq!(row(&plan, &whole).decision, Decision::Blocked);
}

#[test]
fn every_reason_to_block_keeps_its_row() {
    let inventory = inventory(&[nic(1, 3), nic(2, 3)]);
    let gone = address("strict-1", "nic-1", "10.9.9.9");
    let no_nic = address("strict-1", "nic-7", "10.0.7.2");
    let no_profile = Target::Nic(nic_key("nobody", "nic-1"));
    let primary = address("strict-1", "nic-1", "10.0.1.1");
    let unread = address("strict-1", "nic-1", "10.0.1.2");
    let readonly = address("lenient-1", "nic-2", "10.0.2.2");
    let mut all = wanted([&gone, &no_nic, &no_profile, &primary, &unread, &readonly].map(Clone::clone));
    all[4].unread = true;
    let plan = plan(&all, &sources(&inventory, &|profile| profile.as_str() == "lenient-1", &wide()), READ).unwrap();
    assert_eq!((plan.blocked(), plan.operations().len()), (6, 0));
    for (target, id, severity) in [
        (&gone, FindingId::NotListed, Severity::Blocked),
        (&no_nic, FindingId::NotListed, Severity::Blocked),
        (&no_profile, FindingId::NotListed, Severity::Blocked),
        (&primary, FindingId::PrimaryIp, Severity::Blocked),
        (&unread, FindingId::NotReadAgain, Severity::Unknown),
        (&readonly, FindingId::ReadOnly, Severity::Blocked),
    ] {
        let worst = &row(&plan, target).findings[0];
        assert_eq!((worst.id, worst.severity), (id, severity), "{target:?}");
    }
}

/// It may come yet: nothing is sent to a NIC that an earlier write may still change, whichever of its targets that was about.
#[test]
fn an_earlier_write_without_an_end_blocks_its_nic_and_no_other() {
    let inventory = inventory(&[nic(1, 3), nic(2, 3)]);
    let targets = [
        address("strict-1", "nic-1", "10.0.1.2"),
        Target::Nic(nic_key("strict-1", "nic-1")),
        address("lenient-1", "nic-2", "10.0.2.2"),
    ];
    let mut all = wanted(targets.clone());
    all[0].earlier_write = true;
    let plan = make(&all, &inventory);
    assert_eq!((plan.blocked(), plan.operations().len()), (2, 1));
    for target in &targets[..2] {
        let worst = &row(&plan, target).findings[0];
        assert_eq!((worst.id, worst.severity), (FindingId::EarlierWrite, Severity::Unknown), "{target:?}");
    }
    assert!(!has(row(&plan, &targets[2]), FindingId::EarlierWrite));
}

#[test]
fn rows_follow_the_profiles_then_the_nics_then_the_addresses() {
    // 10.0.2.10 comes before 10.0.2.9 on its NIC.
    let mut second = nic(2, 0);
    second
        .nic
        .addresses
        .extend(["10.0.2.10", "10.0.2.9"].map(|text| Address { ip: ip(text), role: AddressRole::Secondary }));
    let inventory = inventory(&[nic(1, 2), second]);
    let asked = [
        address("lenient-1", "nic-2", "10.0.2.9"),
        address("lenient-1", "nic-2", "10.0.2.10"),
        address("strict-1", "nic-1", "10.0.1.3"),
    ];
    let plan = make(&wanted(asked.clone()), &inventory);
    let order: Vec<&Target> = plan.rows().iter().map(|row| &row.target).collect();
    assert_eq!(order, [&asked[2], &asked[1], &asked[0]]);
}

#[test]
fn hidden_rows_are_told_and_a_target_counts_once() {
    let inventory = inventory(&[nic(1, 3)]);
    let (a, b) = (address("strict-1", "nic-1", "10.0.1.2"), address("strict-1", "nic-1", "10.0.1.3"));
    let hidden = |target: &Target, hidden| Wanted { hidden, ..Wanted::of(target.clone()) };
    let plan = make(&[hidden(&a, true), hidden(&b, true), hidden(&a, false)], &inventory);
    assert_eq!(plan.rows().iter().map(|row| row.hidden).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn all_secondaries_together_are_the_last() {
    let inventory = inventory(&[nic(1, 2)]);
    let targets = [2, 3].map(|n| address("strict-1", "nic-1", &format!("10.0.1.{n}")));
    let both = make(&wanted(targets.clone()), &inventory);
    let told: Vec<bool> = both.rows().iter().map(|row| has(row, FindingId::LastSecondary)).collect();
    assert_eq!(told, [false, true], "once for the NIC");
    let one = make(&wanted([targets[0].clone()]), &inventory);
    assert!(!has(&one.rows()[0], FindingId::LastSecondary));
    assert_ne!(one.hash(), both.hash());
}

#[test]
fn the_hash_follows_the_facts_that_decide_and_nothing_else() {
    let targets = wanted([address("strict-1", "nic-1", "10.0.1.2")]);
    let hash = |change: fn(&mut NicSnapshot)| {
        let mut snapshot = nic(1, 3);
        change(&mut snapshot);
        make(&targets, &inventory(&[snapshot])).hash()
    };
    let same = hash(|_| {});
    assert_eq!(hash(|s| s.nic.name = "renamed".into()), same);
    assert_ne!(hash(|s| s.nic.addresses_known = false), same);
    assert_eq!(hash(|s| s.nic.addresses.swap(1, 2)), same);
    let inventory = inventory(&[nic(1, 3)]);
    let later = plan(&targets, &sources(&inventory, &|_| false, &wide()), Timestamp(READ.0 + 1)).unwrap();
    assert_eq!(later.hash(), same);
    let changes: &[(&str, Change)] = &[
        ("status", |s| s.nic.status.word = "IN_USE".into()),
        ("role", |s| s.nic.role = NicRole::Primary),
        ("instance", |s| {
            s.nic.instance = Some("vm-9".into());
            s.instance = Some(instance("vm-9", PowerState::Running));
        }),
        ("power", |s| s.instance = Some(instance("vm-1", PowerState::Stopped))),
        ("agent", |s| s.instance.as_mut().unwrap().guest_agent = None),
        ("link", |s| s.nic.linked = None),
        ("hot plug", |s| s.nic.hot_plug = None),
        ("owner", |s| s.nic.managed_by = ManagedBy::Controller("cni".into())),
        ("addresses", |s| s.nic.addresses.truncate(3)),
    ];
    let mut seen = BTreeMap::from([(same.to_string(), "as it was")]);
    for (name, change) in changes {
        let before = seen.insert(hash(*change).to_string(), name);
        assert_eq!(before, None, "{name}");
    }
}

/// What else may be touched, who has to keep an address, and where a list begins are part of what is confirmed.
#[test]
fn the_hash_follows_everything_that_a_write_hangs_on() {
    type Change = fn(&mut Operation);
    let shared = make(&wanted([address("floating-1", "nic-1", "10.0.9.9")]), &floating(&["10.0.1.1", "10.0.2.1"], &[]));
    let mut loaded = nic(1, 3);
    loaded.backends.push(Backend { vpc: Some("vpc-1".into()), ..backend("lb-1", "10.0.1.2") });
    let loaded = NicSnapshot { nic: Nic { id: "nic-2".into(), ..loaded.nic }, ..loaded };
    let served = make(&wanted([address("lenient-1", "nic-2", "10.0.1.2")]), &inventory(&[nic(1, 1), loaded]));
    let cases: [(&ReleasePlan, Change); 10] = [
        (&shared, |one| one.shares.clear()),
        (&shared, |one| one.shares = vec!["f-2".into()]),
        (&shared, |one| one.keepers.clear()),
        (&shared, |one| one.keepers[0].nic = one.expect.nic.clone().into()),
        (&served, |one| edit(one, |now| now.backends[0].vpc = Some("vpc-2".into()))),
        (&served, |one| edit(one, |now| now.backends[0].range = Some("range-1".into()))),
        (&served, |one| one.calls.names = vec!["another"]),
        (&served, |one| one.calls.names.push("another")),
        (&served, |one| one.calls.more = true),
        (&served, |one| one.taken.push(ip("10.0.1.3"))),
    ];
    for (nth, (plan, change)) in cases.into_iter().enumerate() {
        let mut operations = plan.operations().to_vec();
        assert_eq!(PlanHash::of(&operations), plan.hash());
        change(&mut operations[0]);
        assert_ne!(PlanHash::of(&operations), plan.hash(), "{nth}");
    }
    // Two lists of one entry are not one list of what both hold.
    let back = |lists: &[&[&str]]| {
        let list = |ips: &&[&str]| PairList {
            of: "f-1".into(),
            pairs: ips.iter().map(|&ip| Pair { ip: ip.into(), mac: None }).collect(),
        };
        let lists = lists.iter().map(list).collect();
        let kind = OperationKind::Assign { nic: "nic-1".into(), ips: vec![ip("10.0.9.9")], lists };
        PlanHash::of(&[Operation { kind, ..shared.operations()[0].clone() }])
    };
    assert_ne!(back(&[&["10.0.1.1"], &[]]), back(&[&["10.0.1.1"]]));
}

fn edit(operation: &mut Operation, edit: impl FnOnce(&mut NicSnapshot)) {
    edit(Arc::make_mut(&mut operation.expect));
}

#[test]
fn only_parts_that_fit_together_make_a_plan() {
    type Change = fn(&mut Vec<PlanRow>, &mut Vec<Operation>);
    let plan = make(&wanted([address("floating-1", "nic-1", "10.0.9.9")]), &floating(&["10.0.1.1"], &[2]));
    let frozen = |change: Change| {
        let (mut rows, mut operations) = (plan.rows().to_vec(), plan.operations().to_vec());
        change(&mut rows, &mut operations);
        ReleasePlan::freeze(READ, rows, operations, plan.load().clone(), |_| 1).map(|_| ())
    };
    let finding =
        |severity| Finding { id: FindingId::EipUnknown, severity, values: vec![], predicts: None, read_at: None };
    assert_eq!(frozen(|_, _| ()), Ok(()));
    let id = plan.operations()[0].id;
    let target = plan.rows()[0].target.clone();
    let undecided = || Err(PlanError::NotDecided(target.clone()));
    assert_eq!(frozen(|_, all| edit(&mut all[0], |now| now.nic.id = "nic-2".into())), Err(PlanError::Unexpected(id)));
    assert_eq!(frozen(|_, all| edit(&mut all[0], |now| now.nic.addresses.clear())), Err(PlanError::Unexpected(id)));
    assert_eq!(frozen(|_, all| all[0].taken.push(ip("10.0.1.1"))), Err(PlanError::Unexpected(id)));
    assert_eq!(frozen(|_, all| all[0].shares.clear()), Err(PlanError::Unshared(id, "f-1".into())));
    for severity in [Severity::Blocked, Severity::Unknown] {
        let (mut rows, operations) = (plan.rows().to_vec(), plan.operations().to_vec());
        rows[0].findings.insert(0, finding(severity));
        assert_eq!(ReleasePlan::freeze(READ, rows, operations, plan.load().clone(), |_| 1).map(|_| ()), undecided());
    }
    assert_eq!(frozen(|rows, _| rows[0].overridden = Some("said by nobody".into())), undecided());
    let reasoned: Change = |rows, all| {
        let one = Override { target: rows[0].target.clone(), findings: vec![], reason: "somebody says so".into() };
        all[0].overrides.push(one);
    };
    assert_eq!(frozen(reasoned), undecided(), "there is nothing to be overridden");
    let over = Load { belts: Belts { per_plan: 0, percent: 20 }, addresses: 1, ..Load::default() };
    let measured = |load: Load| {
        let (rows, operations) = (plan.rows().to_vec(), plan.operations().to_vec());
        ReleasePlan::freeze(READ, rows, operations, load, |_| 1).map(|_| ())
    };
    assert_eq!(measured(over), Err(PlanError::OverBelt));
    let load = || plan.load().clone();
    let share = |change: fn(&mut Share)| {
        let mut load = load();
        change(&mut load.shares[0]);
        load
    };
    let unmeasured = [
        Load::default(),
        Load { addresses: 0, ..load() },
        Load { shares: vec![], ..load() },
        Load { addresses: 9, ..load() },
        share(|share| share.count = 0),
        share(|share| share.most = usize::MAX),
    ];
    for unmeasured in unmeasured {
        assert_eq!(measured(unmeasured), Err(PlanError::Unmeasured));
    }
    // What the rows say is what is sent, and where.
    let mismatch = || Err(PlanError::Mismatch(target.clone()));
    let assign: Change = |_, all| {
        let OperationKind::Release { nic, ips } = all[0].kind.clone() else { panic!("a release") };
        all[0].kind = OperationKind::Assign { nic, ips, lists: vec![] };
    };
    assert_eq!(frozen(assign), mismatch());
    assert_eq!(frozen(|rows, _| rows[0].act = Act::Assign), mismatch());
    assert_eq!(frozen(|rows, _| rows[0].cloud = "other".into()), mismatch());
    assert_eq!(frozen(|rows, _| rows[0].region = "elsewhere".into()), mismatch());
    assert_eq!(frozen(|_, all| all[0].cloud = "other".into()), mismatch());
    assert_eq!(frozen(|_, all| all[0].region = "elsewhere".into()), Err(PlanError::Unexpected(id)));
    let detach: Change = |_, all| {
        let (nic, instance) = (all[0].kind.nic().clone(), "vm-other".into());
        all[0].kind = OperationKind::Detach { nic, instance };
    };
    assert_eq!(frozen(detach), Err(PlanError::Unexpected(id)));
}

/// A call takes as many as it takes, or all that the NIC has: nothing between.
#[test]
fn a_plan_with_too_many_addresses_in_one_call_is_none() {
    let three = inventory_of("whole", nic(1, 3));
    let some = make(&wanted(release("whole-1", 1, 2)), &three);
    let all = make(&wanted(release("whole-1", 1, 3)), &three);
    assert_eq!((some.operations().len(), all.operations().len()), (2, 1));
}

/// One NIC in a profile of its own.
fn inventory_of(cloud: &str, one: NicSnapshot) -> Inventory {
    let mut inventory = Inventory::new([(format!("{cloud}-1").into(), cloud.into())]);
    let part = inventory.profile_mut(&format!("{cloud}-1").as_str().into()).unwrap();
    let page =
        InventoryPage { nics: vec![one.nic], instances: one.instance.into_iter().collect(), ..Default::default() };
    part.merge(page, READ);
    for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends] {
        part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
    }
    inventory
}

fn accounts(prod: bool) -> Vec<Account> {
    let account = |profile: &str, alias: &str, prod| Account { profile: profile.into(), alias: alias.into(), prod };
    vec![account("strict-1", "acme-dev", false), account("lenient-1", "acme-prod", prod)]
}

fn release(profile: &str, number: u8, count: u8) -> impl Iterator<Item = Target> {
    (2..count + 2).map(move |n| address(profile, &format!("nic-{number}"), &format!("10.0.{number}.{n}")))
}

#[test]
fn danger_follows_the_ladder() {
    let of = |level, phrase| Danger { level, phrase, accounts: 0, nameless: Vec::new() };
    let typed = |level, text: &str| {
        let accounts = if level == 3 { text.split(' ').count() - 1 } else { 0 };
        Danger { accounts, ..of(level, Phrase::Typed(text.to_owned())) }
    };
    let quiet = inventory(&[nic(1, 60), nic(2, 60)]);
    let mut loaded = nic(2, 60);
    loaded.eips.push(eip("eip-1", "nic-2", Some("10.0.2.2")));
    loaded.backends.push(backend("lb-1", "10.0.2.3"));
    let loaded = inventory(&[nic(1, 60), loaded]);
    let plan_of = |inventory, targets: Vec<Target>| make(&wanted(targets), inventory);

    let few = plan_of(&quiet, release("lenient-1", 2, 5).collect());
    assert_eq!(danger(&few, &accounts(false)), of(1, Phrase::Key('y')));
    assert_eq!(danger(&few, &accounts(true)), typed(2, "5"), "production");
    let some = plan_of(&quiet, release("lenient-1", 2, 6).collect());
    assert_eq!(danger(&some, &accounts(false)), typed(2, "6"));
    let fifty = plan_of(&quiet, release("lenient-1", 2, 50).collect());
    assert_eq!(danger(&fifty, &accounts(false)).level, 2);
    let many = plan_of(&quiet, release("lenient-1", 2, 51).collect());
    assert_eq!(danger(&many, &accounts(false)), typed(3, "acme-prod 51"));

    let balancer = plan_of(&loaded, vec![address("lenient-1", "nic-2", "10.0.2.3")]);
    assert_eq!(effects(&balancer).backends, 1);
    assert_eq!(danger(&balancer, &accounts(false)), typed(2, "1"), "a warning");
    assert_eq!(danger(&balancer, &accounts(true)), typed(3, "acme-prod 1"), "a warning in production");
    let public = plan_of(&loaded, vec![address("lenient-1", "nic-2", "10.0.2.2")]);
    assert_eq!(effects(&public).eips, 1);
    assert_eq!(danger(&public, &accounts(false)), typed(3, "acme-prod 1"), "an EIP");
    let detach = plan_of(&quiet, vec![Target::Nic(nic_key("lenient-1", "nic-2"))]);
    assert_eq!(danger(&detach, &accounts(false)), typed(3, "acme-prod 1"), "a NIC");

    // Every account that is changed is named: production first, though another one has more targets.
    let mixed = release("strict-1", 1, 59).chain(release("lenient-1", 2, 2)).collect();
    let mixed = plan_of(&quiet, mixed);
    assert_eq!(danger(&mixed, &accounts(true)), typed(3, "acme-prod acme-dev 61"));
    assert_eq!(danger(&mixed, &accounts(false)), typed(3, "acme-dev acme-prod 61"));
    // Without an alias there is nothing to be typed for danger 3, and who lacks it is named.
    let nameless: Vec<Account> =
        accounts(true).into_iter().map(|account| Account { alias: " ".into(), ..account }).collect();
    assert_eq!(danger(&mixed, &nameless).nameless, ["strict-1".into(), "lenient-1".into()]);
    assert_eq!(danger(&some, &nameless), typed(2, "6"), "anything less needs none");
    assert_eq!(danger(&detach, &nameless).nameless, ["lenient-1".into()], "only who is sent to");
    // One account behind two profiles is named once.
    let shared: Vec<Account> =
        accounts(true).into_iter().map(|account| Account { alias: "acme".into(), ..account }).collect();
    assert_eq!(danger(&mixed, &shared), typed(3, "acme 61"));
}

#[test]
fn more_accounts_than_can_be_typed_are_counted() {
    let account = |name: &str, prod| Account { profile: name.into(), alias: String::new(), prod };
    let accounts = [account("a", false), account("b", true), account("c", false), account("d", false)];
    let touched = |count: usize| accounts.iter().take(count).map(|account| (account, 2)).collect::<Vec<_>>();
    assert_eq!(names(touched(4)), ["b", "a", "c", "d"]);
    let phrase = |count: usize| spoken(&names(touched(count)), "7f3a9c");
    assert_eq!([phrase(3), phrase(4), phrase(0)], ["b a c", "b +3", "7f3a9c"]);
}

#[test]
fn effects_count_each_thing_once() {
    let mut loaded = nic(2, 12);
    let dying = |id, ip| Eip { dies_unbound: Some(true), ..eip(id, "nic-2", Some(ip)) };
    loaded.eips.extend([dying("eip-1", "10.0.2.2"), dying("eip-2", "10.0.2.14")]);
    loaded.backends.push(backend("lb-1", "10.0.2.3"));
    loaded.backends.push(Backend { port: "443".into(), ..backend("lb-1", "10.0.2.3") });
    let inventory = inventory(&[nic(1, 1), loaded]);
    let targets = release("lenient-1", 2, 11).chain([Target::Nic(nic_key("lenient-1", "nic-2"))]);
    let all = effects(&make(&wanted(targets), &inventory));
    assert_eq!((all.addresses, all.nics_detached, all.calls, all.profiles), (11, 1, 3, 1));
    // A detach leaves its EIPs where they are.
    assert_eq!((all.eips, all.eips_lost, all.backends), (2, 1, 1));
    assert_eq!((all.eips_of, all.eips_shared), ([("lenient-1".into(), 2)].into(), 0));
    let some = effects(&make(&wanted(release("lenient-1", 2, 11)), &inventory));
    assert_eq!((some.eips, some.eips_lost, some.backends, some.nics_detached, some.calls), (1, 1, 1, 0, 2));
}

#[test]
fn an_eip_of_a_virtual_address_that_other_nics_keep_is_counted_as_such() {
    let mut inventory = floating(&["10.0.1.1", "10.0.2.1"], &[]);
    let part = inventory.profile_mut(&"floating-1".into()).unwrap();
    let bound = EipBinding::Float { float: "f-1".into(), ip: ip("10.0.9.9") };
    let eips = vec![Eip { bound, ..eip("eip-1", "nic-1", None) }];
    part.merge(InventoryPage { eips, ..Default::default() }, READ);
    let counted = |nics: &[u8]| {
        let targets = nics.iter().map(|number| address("floating-1", &format!("nic-{number}"), "10.0.9.9"));
        let effects = effects(&make(&wanted(targets), &inventory));
        (effects.eips, effects.eips_of.into_values().collect::<Vec<_>>(), effects.eips_shared)
    };
    assert_eq!(counted(&[1]), (1, vec![1], 1));
    assert_eq!(counted(&[1, 2]), (1, vec![1], 0), "nobody has it any more");
}

/// Some of the world's targets, some that do not exist, some of them twice.
fn random_targets(dice: &mut Dice, inventory: &Inventory) -> Vec<Wanted> {
    let mut targets = Vec::new();
    for part in inventory.profiles() {
        for (_, nic) in part.nics() {
            let key = NicKey { profile: part.profile.clone(), nic: nic.id.clone() };
            if dice.throw(3) == 0 {
                targets.push(Target::Nic(key.clone()));
            }
            for address in &nic.addresses {
                for _ in 0..dice.throw(3) {
                    targets.push(Target::Address(AddressKey { nic: key.clone(), ip: address.ip }));
                }
            }
        }
    }
    targets.push(address("nobody", "nic-1", "10.0.0.1"));
    targets.push(address("strict-1", "nic-1", "10.99.0.1"));
    targets
        .into_iter()
        .map(|target| Wanted { hidden: dice.throw(4) == 0, unread: dice.throw(9) == 0, ..Wanted::of(target) })
        .collect()
}

/// Everything that a plan sends, and the facts under it, as text.
fn content(plan: &ReleasePlan) -> Vec<String> {
    plan.operations()
        .iter()
        .map(|operation| {
            let mut facts = (*operation.expect).clone();
            facts.read_at = Timestamp(0);
            format!("{:?} {:?} {:?} {facts:?}", operation.profile, operation.kind, operation.after)
        })
        .collect()
}

#[test]
fn an_eip_that_moves_to_the_address_is_a_change() {
    let mut before = nic(1, 2);
    before.eips.push(eip("eip-1", "nic-1", Some("10.0.1.3")));
    let mut now = before.clone();
    let target = address("strict-1", "nic-1", "10.0.1.2");
    assert_eq!(before.changes(&now, &target, STRICT.release), []);
    now.eips = vec![eip("eip-1", "nic-1", Some("10.0.1.2"))];
    let changes = before.changes(&now, &target, STRICT.release);
    assert_eq!(changes.iter().map(|change| change.fact).collect::<Vec<_>>(), [ChangedFact::Eips]);
    now.eips.push(eip("eip-2", "nic-1", Some("10.0.1.2")));
    assert_eq!(before.changes(&now, &target, STRICT.release).len(), 1, "told once");
    now.eips.clear();
    assert_eq!(before.changes(&now, &target, STRICT.release), [], "less hangs on it than before");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_selection_makes_a_sound_plan(bytes in dice(), readonly in any::<bool>()) {
        let mut dice = Dice::of(&bytes);
        let snapshots: Vec<NicSnapshot> = (0..=dice.throw(6)).map(|number| random_snapshot(&mut dice, number)).collect();
        let inventory = inventory(&snapshots);
        let asked = random_targets(&mut dice, &inventory);
        let no_writes = move |profile: &ProfileId| readonly && profile.as_str() == "strict-1";
        let plan = plan(&asked, &sources(&inventory, &no_writes, &wide()), READ);
        prop_assert!(plan.is_ok(), "{:?}", plan);
        let plan = plan.unwrap();

        let targets: BTreeSet<&Target> = asked.iter().map(|one| &one.target).collect();
        let rows: BTreeSet<&Target> = plan.rows().iter().map(|row| &row.target).collect();
        prop_assert_eq!(&targets, &rows);
        prop_assert_eq!(plan.rows().len(), targets.len(), "each target once");

        let sent: BTreeSet<Target> = plan.targets().collect();
        for row in plan.rows() {
            let may_go = row.worst().is_none_or(|worst| worst < Severity::Unknown);
            prop_assert_eq!(matches!(row.decision, Decision::Go(_)), may_go, "{:?}", row);
            prop_assert_eq!(sent.contains(&row.target), may_go);
            prop_assert!(row.findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)), "{:?}", row.findings);
            prop_assert!(!(no_writes(&row.target.nic().profile) && may_go));
        }
        for operation in plan.operations() {
            if let OperationKind::Release { ips, .. } = &operation.kind {
                let most = capabilities(&operation.profile).unwrap().release_batch;
                prop_assert!(!ips.is_empty() && ips.len() <= most);
            }
        }

        // The order in which targets are asked for makes no difference.
        let backwards: Vec<Wanted> = asked.iter().rev().cloned().collect();
        let again = super::super::planner::plan(&backwards, &sources(&inventory, &no_writes, &wide()), READ).unwrap();
        prop_assert_eq!(&again, &plan);
    }

    #[test]
    fn hashes_are_equal_exactly_when_plans_are(bytes in dice(), other in dice()) {
        let of = |bytes: &[u8]| {
            let mut dice = Dice::of(bytes);
            let snapshots: Vec<NicSnapshot> = (0..3).map(|number| random_snapshot(&mut dice, number)).collect();
            let inventory = inventory(&snapshots);
            make(&random_targets(&mut dice, &inventory), &inventory)
        };
        let (a, b) = (of(&bytes), of(&other));
        prop_assert_eq!(a.hash() == b.hash(), content(&a) == content(&b));
        prop_assert_eq!(a.hash(), of(&bytes).hash());
        // Without one of the targets it is another plan, unless that target was not sent anyway.
        if let Some(row) = a.rows().first() {
            let mut dice = Dice::of(&bytes);
            let snapshots: Vec<NicSnapshot> = (0..3).map(|number| random_snapshot(&mut dice, number)).collect();
            let inventory = inventory(&snapshots);
            let mut rest = random_targets(&mut dice, &inventory);
            rest.retain(|one| one.target != row.target);
            let rest = make(&rest, &inventory);
            prop_assert_eq!(rest.hash() == a.hash(), row.decision == Decision::Blocked);
        }
    }
}
