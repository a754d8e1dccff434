//! How old a finding is: as old as the oldest list that it hangs on.

use super::*;
use crate::{
    domain::{
        finding::{Finding, FindingId},
        inventory::ProfileInventory,
        plan::OperationKind,
    },
    filter,
    rules::{Subject, facts::Facts, findings, protect::Protect, write},
};

use Resource::{Backends, Eips, Floats, Instances, Nics};

const LISTS: [Resource; 5] = [Nics, Instances, Eips, Backends, Floats];
const OLD: Timestamp = Timestamp(1_000);

const ADDRESS: Subject = Subject::Address(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)));

/// Everything around one NIC, listed at one time but for one list.
fn listed(seen: &NicSnapshot, old: Resource) -> ProfileInventory {
    let mut part = ProfileInventory::new("p".into(), "c".into());
    for resource in LISTS {
        let at = if resource == old { OLD } else { READ };
        let section = (resource, Some(RegionId::from(REGION)));
        part.begin(section.clone());
        let page = match resource {
            Nics => InventoryPage { nics: vec![seen.nic.clone()], ..InventoryPage::default() },
            Instances => {
                InventoryPage { instances: seen.instance.clone().into_iter().collect(), ..InventoryPage::default() }
            }
            Eips => InventoryPage { eips: seen.eips.clone(), ..InventoryPage::default() },
            Backends => InventoryPage { backends: seen.backends.clone(), ..InventoryPage::default() },
            _ => InventoryPage { floats: seen.floats.clone(), ..InventoryPage::default() },
        };
        part.merge(page, at);
        part.complete(&section, 0, at);
    }
    part
}

/// A cloud that asks this alone, whatever is done.
fn asking(condition: Condition) -> Capabilities {
    let rules: &'static [Precondition] = Box::leak(Box::new([rule(condition, Severity::Warn)]));
    let releasable = &[AddressRole::Secondary, AddressRole::Virtual];
    Capabilities { releasable, release: rules, detach: rules, attach: rules, ..STRICT }
}

fn age(found: &[Finding], id: FindingId) -> Timestamp {
    let one = found.iter().find(|finding| finding.id == id).unwrap_or_else(|| panic!("no {id:?} in {found:?}"));
    one.read_at.unwrap_or_else(|| panic!("{id:?} has no age"))
}

/// Which lists make the finding old when they are.
fn hangs_on(id: FindingId, tell: impl Fn(&ProfileInventory) -> Vec<Finding>, seen: &NicSnapshot) -> Vec<Resource> {
    LISTS.into_iter().filter(|&old| age(&tell(&listed(seen, old)), id) == OLD).collect()
}

fn virtual_one(seen: &mut NicSnapshot) {
    seen.nic.addresses[1].role = AddressRole::Virtual;
    seen.nic.pairs = vec![Pair { ip: "1.1.1.1/0".into(), mac: None }];
    seen.floats.push(virtual_address("f-1", "10.0.0.2", &["10.0.0.1"]));
}

#[test]
fn a_finding_is_as_old_as_the_oldest_list_that_it_hangs_on() {
    type Case = (FindingId, Condition, Subject, fn(&mut NicSnapshot), &'static [Resource]);
    let cases: &[Case] = &[
        (
            FindingId::HotPlug,
            Condition::HotPlug,
            Subject::Nic,
            |seen| seen.nic.hot_plug = Some(false),
            &[Nics, Instances],
        ),
        (
            FindingId::HotPlugUnknown,
            Condition::HotPlug,
            Subject::Nic,
            |seen| seen.nic.hot_plug = None,
            &[Nics, Instances],
        ),
        (FindingId::HotPlugUnknown, Condition::TypeHotPlugs, Subject::Nic, |_| {}, &[Nics, Instances]),
        (
            FindingId::InstanceState,
            Condition::InstanceState { allowed: &[PowerState::Stopped], primary_nic_only: false },
            Subject::Nic,
            |_| {},
            &[Instances],
        ),
        (FindingId::AddressesLeave, Condition::AddressesLeave, Subject::Nic, virtual_one, &[Nics, Floats]),
        (FindingId::VipOnNic, Condition::NoVirtualIp, Subject::Nic, virtual_one, &[Nics, Floats]),
        (FindingId::SourceCheck, Condition::AnyAddressStays, ADDRESS, virtual_one, &[Nics, Floats]),
        (FindingId::LastSecondary, Condition::VirtualStays, ADDRESS, virtual_one, &[Nics, Floats]),
        (FindingId::VipLast, Condition::VirtualShared, ADDRESS, virtual_one, &[Nics, Floats]),
        (
            FindingId::EipOnNic,
            Condition::NoEipOnNic,
            Subject::Nic,
            |seen| seen.eips.push(eip("eip-1", "nic-1", Some("10.0.0.2"))),
            &[Eips],
        ),
    ];
    for (id, condition, subject, change, lists) in cases {
        let mut seen = snapshot();
        change(&mut seen);
        let cloud = asking(*condition);
        let tell =
            |part: &ProfileInventory| findings(&Facts::of(part, part.nic(&seen.nic.id).unwrap()), &cloud, *subject);
        assert_eq!(hangs_on(*id, tell, &seen), *lists, "{id:?} of {condition:?}");
    }
}

/// A rule of the config may ask all of it; a cloud that has no list of something is not asked for its age.
#[test]
fn what_is_protected_is_as_old_as_the_oldest_of_all_that_was_read() {
    let mut protect = Protect::default();
    let rules = [filter::parse("name:web-1").unwrap()];
    protect.add(&"p".into(), &"c".into(), None, &rules);
    let rules = protect.of(&"p".into()).unwrap();
    let seen = snapshot();
    let tell = |part: &ProfileInventory| {
        let mut facts = Facts::of(part, part.nic(&seen.nic.id).unwrap());
        facts.protect = Some(rules.watch());
        findings(&facts, &STRICT, ADDRESS)
    };
    assert_eq!(hangs_on(FindingId::Protected, tell, &seen), LISTS);
    let mut part = ProfileInventory::new("p".into(), "c".into());
    part.merge(InventoryPage { nics: vec![seen.nic.clone()], ..InventoryPage::default() }, READ);
    assert_eq!(age(&tell(&part), FindingId::Protected), READ);
}

/// The NIC that is to be attached is on no instance: the one that it is to be on has the list.
#[test]
fn what_an_attach_hangs_on_is_as_old_as_the_instance_and_the_nic() {
    let mut seen = snapshot();
    seen.nic.instance = None;
    seen.nic.status.state = NicState::Free;
    seen.nic.hot_plug = Some(false);
    let kind = OperationKind::Attach { nic: seen.nic.id.clone(), instance: "vm-1".into() };
    for (id, condition) in
        [(FindingId::HotPlug, Condition::HotPlug), (FindingId::HotPlugUnknown, Condition::TypeHotPlugs)]
    {
        let cloud = asking(condition);
        let tell = |part: &ProfileInventory| write::findings(part, &cloud, &kind);
        assert_eq!(hangs_on(id, tell, &seen), [Nics, Instances], "{id:?}");
    }
}

/// What two rules find is said once, and is as old as the older of what they asked: of the NIC itself, which was read again, and of
/// the list of all others.
#[test]
fn what_is_found_twice_is_as_old_as_the_older() {
    const OWN: Precondition = rule(Condition::NotOnNic, Severity::Blocked);
    const OTHERS: Precondition = rule(Condition::AddressFree { floating: false }, Severity::Blocked);
    let mut seen = snapshot();
    seen.nic.addresses_known = false;
    let mut part = listed(&seen, Nics);
    let near = Nic { id: "nic-2".into(), ..seen.nic.clone() };
    part.merge(InventoryPage { nics: vec![near], ..InventoryPage::default() }, OLD);
    part.refresh(&seen.nic.id.clone(), Some(&seen), READ);
    let kind = OperationKind::Assign { nic: seen.nic.id.clone(), ips: vec![ip("10.0.0.50")], lists: Vec::new() };
    let told = |rules: &[Precondition]| {
        let cloud = Capabilities { assign: Box::leak(rules.into()), ..STRICT };
        age(&write::findings(&part, &cloud, &kind), FindingId::AddressTaken)
    };
    assert_eq!([told(&[OWN]), told(&[OTHERS]), told(&[OWN, OTHERS]), told(&[OTHERS, OWN])], [READ, OLD, OLD, OLD]);
}
