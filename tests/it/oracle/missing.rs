//! What a cloud leaves out of its answers, member by member: nothing that was told of a NIC is passed over for it. Either it is told
//! still, or something is not known now, and that blocks. And what a protect rule held back it holds back still.

use std::{collections::BTreeSet, net::IpAddr};

use nicdeck::{
    domain::{
        finding::{Finding, FindingId, Severity},
        ids::{AddressKey, EipId, NicId},
        inventory::{Inventory, ProfileInventory},
        plan::OperationKind,
        selection::Target,
    },
    providers::provider::Provider,
    rules::write,
    sim::world::World,
};

use super::{
    cloud,
    desk::{Desk, PROFILE},
    kept::Kept,
    pairs::{key, plan},
    worlds,
};

/// Members whose absence is what the vendor says with it: (generation, member, why).
type Said = (&'static str, &'static str, &'static str);

const EMPTY: &str = "the list leaves out what is empty, also whole objects";

const SAID: &[Said] = &[
    ("aliyun", "NetworkInterfaceSets/NetworkInterfaceSet/Ipv4PrefixSets", EMPTY),
    ("aliyun", "NetworkInterfaceSets/NetworkInterfaceSet/Ipv4PrefixSets/Ipv4PrefixSet", EMPTY),
    ("aliyun", "Ipv4PrefixSets", EMPTY),
    ("aliyun", "Ipv4PrefixSets/Ipv4PrefixSet", EMPTY),
    ("aliyun", "NetworkInterfaceSets/NetworkInterfaceSet/Tags", EMPTY),
    ("aliyun", "NetworkInterfaceSets/NetworkInterfaceSet/Tags/Tag", EMPTY),
    ("aliyun", "Instances/Instance/Tags", EMPTY),
    ("aliyun", "Instances/Instance/Tags/Tag", EMPTY),
    ("aliyun", "Tags", EMPTY),
    ("aliyun", "Tags/Tag", EMPTY),
    ("aliyun", "BackendServers/BackendServer", "an empty list is an object without members"),
    ("aliyun", "VServerGroups/VServerGroup", "an empty list is an object without members"),
    // The details of a NIC that is not the primary one do not name it.
    ("huawei", "port/binding:vif_details/primary_interface", "the primary NIC alone is named as such"),
    ("huawei", "ports/binding:vif_details/primary_interface", "the primary NIC alone is named as such"),
];

/// Members without which a rule holds less, with the reason.
const LESS: &[(&str, &str, &str, &str)] = &[
    ("aliyun", "Servers/ServerIp", "-has:lb ", EVERY),
    ("aliyun", "BackendServers/BackendServer/ServerIp", "-has:lb ", EVERY),
];

const EVERY: &str =
    "a backend that names a NIC and no address is taken for each of its addresses: those have a balancer then";

/// What is said of releasing each, and of each of the other writes.
fn told(
    inventory: &Inventory,
    cloud: &dyn Provider,
    targets: &[Target],
    writes: &[OperationKind],
) -> Vec<Vec<Finding>> {
    let capabilities = &cloud.descriptor().capabilities;
    let part = inventory.profile(&PROFILE.into()).expect("the only one");
    // Each by itself: what a plan takes from all of them nobody has afterwards.
    let of_plan = targets
        .iter()
        .map(|target| plan(inventory, std::slice::from_ref(target), capabilities).rows()[0].findings.clone());
    of_plan.chain(writes.iter().map(|kind| write::findings(part, capabilities, kind))).collect()
}

fn grave(findings: &[Finding]) -> BTreeSet<FindingId> {
    findings.iter().filter(|finding| finding.severity >= Severity::Warn).map(|finding| finding.id).collect()
}

/// What stands for a finding where it can not be told: any of these.
fn untold(id: FindingId) -> &'static [FindingId] {
    use FindingId as F;
    match id {
        F::EipAttached | F::EipOnNic | F::EipDestroyed => &[F::EipUnknown, F::EipFateUnknown],
        F::EipFateUnknown | F::EipInUse => &[F::EipUnknown],
        // A backend that is an instance is told of no NIC that is on none, nor of one that does not say on which.
        F::LbBackend => &[F::LbUnknown, F::InstanceUnknown, F::NicState],
        F::LbOnInstance => &[F::LbUnknown],
        F::VipOnNic | F::VipShared | F::VipManaged => &[F::VipUnknown],
        // Which ones leave with a NIC is not told where its addresses are not.
        F::VipLast => &[F::VipUnknown, F::AddressesUnknown],
        F::AddressesLeave => &[F::AddressesUnknown],
        F::ManagedBy => &[F::ManagedByUnknown],
        F::PrimaryNic => &[F::NicType],
        // What a detach from a server does nobody can say of a NIC that may be on none.
        F::NicDies | F::NicFateUnknown => &[F::NicFateUnknown, F::InstanceUnknown],
        F::NicStateUnknown => &[F::NicState],
        // What is about an instance is not told where the instance is not.
        F::NicAttached | F::InstanceGone => &[F::InstanceUnknown],
        F::AlreadyThere => &[F::AddressTaken, F::NicAttached, F::NicState, F::InstanceUnknown],
        // Whose network is not told may be another one's as well.
        F::OtherPlace => &[F::AddressTaken, F::InstanceUnknown, F::InstanceGone],
        F::InstanceState | F::OtherVpc | F::InstanceFullUnknown | F::NicFullUnknown => {
            &[F::InstanceUnknown, F::InstanceGone]
        }
        F::HotPlug => &[F::HotPlugUnknown, F::InstanceUnknown, F::InstanceGone],
        F::GuestAgent => &[F::GuestAgentUnknown, F::InstanceUnknown, F::InstanceGone],
        // Which of its addresses is a NIC's own is not told: then this one may be, and stays.
        F::LastSecondary => &[F::PrimaryIp],
        _ => &[],
    }
}

/// What was told and is passed over in the other reading, of the one at this place: each by itself, whatever else is said.
fn passed(whole: &[Finding], lacking: &[Finding]) -> Option<String> {
    let said = grave(lacking);
    // Nothing else is asked of what is not there.
    if said.contains(&FindingId::NotListed) {
        return None;
    }
    // It is told still; what blocked surely blocks until somebody says why not, at the least.
    let stays = |finding: &Finding| {
        let least = finding.severity.min(Severity::Unknown);
        lacking.iter().any(|other| other.id == finding.id && other.severity >= least)
    };
    let stands = |finding: &Finding| untold(finding.id).iter().any(|untold| said.contains(untold));
    let grave = whole.iter().filter(|finding| finding.severity >= Severity::Warn);
    let lost: Vec<&str> =
        grave.filter(|finding| !stays(finding) && !stands(finding)).map(|finding| finding.id.as_str()).collect();
    (!lost.is_empty()).then(|| {
        let said = said.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ");
        format!("{}, and only that is said: {said}", lost.join(" "))
    })
}

/// Every address and NIC, and what else can be done to each NIC.
fn asked(world: &World, part: &ProfileInventory) -> (Vec<Target>, Vec<OperationKind>) {
    let (mut targets, mut writes) = (Vec::new(), Vec::new());
    let taken = |ip: &IpAddr| world.nics().iter().any(|nic| nic.address(*ip).is_some());
    let eips: Vec<EipId> = world.eips().map(|view| view.eip.id.as_str().into()).collect();
    for (_, nic) in part.nics() {
        let id = || nic.id.clone();
        let nic_key = || key(nic.id.as_str());
        targets.extend(nic.addresses.iter().map(|one| Target::Address(AddressKey { nic: nic_key(), ip: one.ip })));
        targets.push(Target::Nic(nic_key()));
        writes.push(OperationKind::Delete { nic: id() });
        let instances = world.instances().iter().map(|instance| instance.id.as_str().into());
        writes.extend(instances.map(|instance| OperationKind::Attach { nic: id(), instance }));
        let Some(IpAddr::V4(own)) = nic.primary_ip() else { continue };
        let near = (1..255).map(|host| IpAddr::V4(((u32::from(own) & !0xFF) | host).into()));
        let (free, others): (Vec<IpAddr>, Vec<IpAddr>) = near.partition(|ip| !taken(ip));
        let ips = free.first().into_iter().chain(others.iter().take(3));
        writes.extend(ips.map(|&ip| OperationKind::Assign { nic: id(), ips: vec![ip], lists: Vec::new() }));
        let own = nic.addresses.iter().take(2);
        writes.extend(own.zip(&eips).map(|(address, eip)| OperationKind::BindEip {
            nic: id(),
            eip: eip.clone(),
            ip: address.ip,
        }));
    }
    (targets, writes)
}

/// In one world of the cloud; a debug build leaves out as many members as a few seconds allow.
fn nothing_is_passed_over(id: &'static str, api: &'static str) {
    let cloud = cloud(id, api);
    let name = format!("{id}{api}");
    let world = worlds::world(cloud, &worlds::kinks(id, api), 1);
    let desk = Desk::new(cloud, &world);
    let whole = desk.survey(&world);
    let part = whole.profile(&PROFILE.into()).expect("the only one");
    let (targets, writes) = asked(&world, part);
    let told = |inventory: &Inventory| self::told(inventory, cloud, &targets, &writes);
    let kept = Kept::of(&cloud.descriptor().cloud(), &world, part);
    let held = |inventory: &Inventory| kept.held(inventory.profile(&PROFILE.into()).expect("the only one"));
    let first = desk.listed(&world);
    let (listed, read) = (told(&first), told(&whole));
    let (listed_held, read_held) = (held(&first), held(&whole));
    let said = |member: &str| SAID.iter().any(|(of, said, _)| *of == name && *said == member);
    let chosen = |at: usize| !cfg!(debug_assertions) || at.is_multiple_of(4);
    let members = desk.members();
    let tried = members.iter().enumerate().filter(|(at, member)| chosen(*at) && !said(member));
    let (mut wrong, mut count) = (BTreeSet::new(), 0);
    for (_, member) in tried {
        let desk = Desk::new(cloud, &world).without(member);
        let is_unread = |nic: &NicId| desk.unread.borrow().contains(nic);
        let unread = |at: usize| {
            let nic = targets.get(at).map_or_else(|| writes[at - targets.len()].nic(), |target| &target.nic().nic);
            is_unread(nic)
        };
        let mut lost: BTreeSet<String> = BTreeSet::new();
        let again = desk.listed(&world);
        let found = told(&again);
        lost.extend(listed.iter().zip(&found).filter_map(|(whole, lacking)| passed(whole, lacking)));
        lost.extend(kept.lost(&listed_held, &held(&again), &|_| false));
        let again = desk.survey(&world);
        let found = told(&again);
        let pairs = read.iter().zip(&found).enumerate().filter(|(at, _)| !unread(*at));
        lost.extend(pairs.filter_map(|(_, (whole, lacking))| passed(whole, lacking)));
        lost.extend(kept.lost(&read_held, &held(&again), &is_unread));
        let less = |lost: &str| {
            LESS.iter()
                .any(|(cloud, without, rule, _)| (*cloud, *without) == (&*name, member) && lost.starts_with(rule))
        };
        wrong.extend(lost.into_iter().filter(|lost| !less(lost)).map(|lost| format!("{member}: {lost}")));
        count += 1;
    }
    assert!(count > 8, "{name}: {count} of {members:?}");
    assert!(wrong.is_empty(), "{name}: without\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_aliyun_leaves_out_is_not_known() {
    nothing_is_passed_over("aliyun", "");
}

#[test]
fn what_huawei_leaves_out_is_not_known() {
    nothing_is_passed_over("huawei", "");
}

#[test]
fn what_tencent_leaves_out_is_not_known() {
    nothing_is_passed_over("tencent", "");
}

#[test]
fn what_the_older_generation_of_tencent_leaves_out_is_not_known() {
    nothing_is_passed_over("tencent", "v2");
}

#[test]
fn what_zenlayer_leaves_out_is_not_known() {
    nothing_is_passed_over("zenlayer", "");
}
