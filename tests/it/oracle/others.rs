//! Writes that no plan of releases asks for: do the rules say what a cloud answers to them?

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use nicdeck::{
    domain::{
        address::{Eip, EipBinding},
        capabilities::{Capabilities, Condition, Precondition},
        finding::{Finding, FindingId, Severity},
        float::{Float, Pair},
        ids::NicId,
        instance::Instance,
        inventory::{Inventory, ProfileInventory},
        nic::Nic,
        page::{InventoryPage, Resource},
        plan::OperationKind,
    },
    rules::write,
    sim::{
        dialect::ObjectKind,
        random::Random,
        world::{SimAddress, SimNic, World},
    },
};

use super::{
    desk::{Answer, PROFILE},
    pairs::{Scene, Tally, hinted, names, without},
    truth,
};

/// A write, and what became of it.
pub struct Case {
    pub kind: OperationKind,
    pub answer: Answer,
    difference: String,
}

/// Everything of every kind that can be tried on the NICs of a world.
pub fn cases(scene: &Scene, random: &mut Random) -> Vec<Case> {
    let words = scene.desk.cloud.dialect().vocabulary();
    let world = &scene.world;
    let mut kinds = Vec::new();
    let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
    // One that is not listed is no NIC to anybody.
    for nic in world.nics().iter().filter(|nic| part.nic(&nic.id.as_str().into()).is_some()) {
        let id = NicId::from(nic.id.as_str());
        kinds.push(OperationKind::Delete { nic: id.clone() });
        let far = if words.provider == "huawei" { far(world, part, nic, random) } else { Vec::new() };
        for ips in addresses(world, nic, random).into_iter().chain(far) {
            kinds.push(OperationKind::Assign { nic: id.clone(), ips, lists: Vec::new() });
        }
        for _ in 0..2 {
            if let Some(instance) = random.pick(world.instances()) {
                kinds.push(OperationKind::Attach { nic: id.clone(), instance: instance.id.as_str().into() });
            }
        }
        if nic.instance_id.is_none() {
            // Wherever it could be put.
            let all = world.instances().iter().map(|instance| instance.id.as_str().into());
            kinds.extend(all.map(|instance| OperationKind::Attach { nic: id.clone(), instance }));
        }
        for _ in 0..2 {
            let eips: Vec<&str> = world.eips().map(|view| view.eip.id.as_str()).collect();
            let place = usize::try_from(random.below(nic.addresses.len() as u64)).expect("few");
            let (Some(eip), ip) = (random.pick(&eips), nic.addresses[place].ip) else { continue };
            // A world's address holds one EIP, wherever it may hold several.
            if world.eip_on(nic, &nic.addresses[place]).is_none() || words.provider != "zenlayer" {
                kinds.push(OperationKind::BindEip { nic: id.clone(), eip: (*eip).into(), ip });
            }
        }
        if random.chance(1, 6) {
            let gone = NicId::from(scene.gone(&nic.id).as_str());
            let well = world.instances()[0].id.as_str();
            let free = (words.id)(ObjectKind::Eip, random.draw());
            kinds.push(OperationKind::Delete { nic: gone.clone() });
            kinds.push(OperationKind::Attach { nic: gone.clone(), instance: well.into() });
            let (absent, unbound) =
                (fresh(world, nic, 1), world.eips().find(|view| view.bound.is_none() && view.float.is_none()));
            if let (Some(&ip), Some(eip)) = (absent.first(), unbound) {
                // Nothing else stands in their way.
                let eip = || eip.eip.id.as_str().into();
                kinds.push(OperationKind::BindEip { nic: gone.clone(), eip: eip(), ip });
                kinds.push(OperationKind::BindEip { nic: id.clone(), eip: eip(), ip });
            }
            kinds.extend(absent.first().map(|&ip| OperationKind::Assign {
                nic: gone,
                ips: vec![ip],
                lists: Vec::new(),
            }));
            let missing = (words.id)(ObjectKind::Instance, random.draw());
            kinds.push(OperationKind::Attach { nic: id.clone(), instance: missing.as_str().into() });
            let ip = nic.addresses[0].ip;
            kinds.push(OperationKind::BindEip { nic: id, eip: free.as_str().into(), ip });
        }
    }
    kinds.into_iter().map(|kind| tried(scene, kind)).collect()
}

/// Addresses of the NIC's subnet that nobody has.
fn fresh(world: &World, nic: &SimNic, count: usize) -> Vec<IpAddr> {
    let Some(IpAddr::V4(own)) = nic.primary_ip() else { return Vec::new() };
    let hosts = (200..250).map(|host| IpAddr::V4(((u32::from(own) & !0xFF) | host).into()));
    let taken = |ip: &IpAddr| world.nics().iter().any(|nic| nic.address(*ip).is_some());
    hosts.filter(|ip| !taken(ip)).take(count).collect()
}

fn addresses(world: &World, nic: &SimNic, random: &mut Random) -> Vec<Vec<IpAddr>> {
    let many = usize::try_from(random.between(2, 10)).expect("few");
    let near: Vec<IpAddr> = world
        .nics()
        .iter()
        .filter(|other| other.subnet_id == nic.subnet_id && other.id != nic.id)
        .flat_map(|other| other.addresses.iter().map(|address| address.ip))
        .filter(|ip| nic.address(*ip).is_none())
        .collect();
    let mut all = vec![fresh(world, nic, 1), fresh(world, nic, many)];
    all.extend(random.pick(&near).map(|&ip| vec![ip]));
    all.extend(nic.addresses.last().filter(|_| random.chance(1, 2)).map(|address| vec![address.ip]));
    all.retain(|ips| !ips.is_empty());
    all
}

/// An address that the console sees in another subnet of its VPC: what other clouds' rules do not ask.
fn far(world: &World, part: &ProfileInventory, nic: &SimNic, random: &mut Random) -> Vec<Vec<IpAddr>> {
    let listed = |other: &SimNic| part.nic(&other.id.as_str().into()).is_some_and(|nic| nic.primary_ip().is_some());
    let apart = |other: &&SimNic| other.vpc_id == nic.vpc_id && other.subnet_id != nic.subnet_id && listed(other);
    let ips: Vec<IpAddr> = world.nics().iter().filter(apart).filter_map(SimNic::primary_ip).collect();
    random.pick(&ips).map(|&ip| vec![ip]).into_iter().collect()
}

fn tried(scene: &Scene, kind: OperationKind) -> Case {
    let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
    let mut world = scene.world.clone();
    let seen = part.snapshot(kind.nic()).or_else(|| {
        let carries = |step: nicdeck::providers::provider::Step| step.carry.is_some();
        scene.stale(kind.nic()).filter(|seen| scene.desk.cloud.step(&kind, seen, &[]).is_some_and(carries))
    });
    let answer = scene.desk.send(&mut world, &kind, seen.as_ref());
    let accepted = answer == Answer::Accepted;
    let difference = if accepted { difference(scene, &scene.world, &world, &kind) } else { String::new() };
    Case { kind, answer, difference }
}

/// What differs from the world after this write alone.
pub fn difference(scene: &Scene, before: &World, after: &World, kind: &OperationKind) -> String {
    let words = scene.desk.cloud.dialect().vocabulary();
    let mut world = before.clone();
    let id = kind.nic().as_str();
    match kind {
        OperationKind::Assign { ips, .. } if words.secondaries => {
            let new = |&ip: &IpAddr| SimAddress { ip, primary: false, floating: false, eip: None, lb: None };
            world.edit_nic(id, |nic| nic.addresses.extend(ips.iter().map(new)));
        }
        // Virtual addresses are objects of their own: which lists name them is the cloud's choice.
        OperationKind::Assign { ips, .. } => {
            let has = |ip: &IpAddr| after.nic(id).is_some_and(|nic| nic.address(*ip).is_some_and(|one| one.floating));
            return if ips.iter().all(has) { String::new() } else { "an address is missing".to_owned() };
        }
        OperationKind::Attach { instance, .. } => {
            world.edit_nic(id, |nic| {
                nic.instance_id = Some(instance.to_string());
                words.attached.clone_into(&mut nic.status);
            });
        }
        OperationKind::BindEip { eip, ip, .. } => {
            let float = world.nic(id).and_then(|nic| {
                nic.address(*ip)
                    .filter(|one| one.floating)
                    .and_then(|_| world.float_of(nic, *ip))
                    .map(|one| one.id.clone())
            });
            match float {
                Some(float) => world.bind_free_eip_to_float(eip.as_str(), &float),
                None => world.bind_eip(eip.as_str(), id, *ip),
            };
        }
        OperationKind::Delete { .. } => {
            world.remove_nic(id);
        }
        other => panic!("not one of these: {other:?}"),
    }
    truth::difference(&world, after)
}

/// Is it so that they are in two places, or that the EIP is not there or on a virtual address? And which finding says that this is not
/// shown?
fn unseen(scene: &Scene, kind: &OperationKind) -> Option<FindingId> {
    let world = &scene.world;
    match kind {
        OperationKind::Attach { nic, instance } => {
            let zone = |id: &str| world.instance(id).map(|one| (one.region.clone(), one.zone.clone()));
            let near =
                |nic: &SimNic| world.nics().iter().filter(|other| other.subnet_id == nic.subnet_id).cloned().collect();
            let near: Vec<SimNic> = world.nic(nic.as_str()).map(near).unwrap_or_default();
            let here = near.iter().find_map(|other| zone(other.instance_id.as_deref()?));
            let vpc = world.instance(instance.as_str()).map(|one| &one.vpc_id);
            let apart = here != zone(instance.as_str()) && world.nic(nic.as_str()).map(|nic| &nic.vpc_id) == vpc;
            apart.then_some(FindingId::OtherPlace)
        }
        OperationKind::BindEip { eip, .. } => {
            let hidden = world.eip(eip.as_str()).is_none_or(|view| view.float.is_some());
            hidden.then_some(FindingId::EipUnknown)
        }
        _ => None,
    }
}

/// What a console tells although no answer shows it, as in [`super::facts`]: of which write, what, and when it is so.
type Fact = (&'static str, &'static [FindingId], fn(&World, &SimNic, &OperationKind) -> bool);

fn is_somebodys(_: &World, nic: &SimNic, _: &OperationKind) -> bool {
    nic.service_managed || !nic.tags.is_empty()
}

/// More virtual IPs on the server than the vendor advises. That of a service's NIC the cloud hides.
fn is_more_than_advised(world: &World, nic: &SimNic, kind: &OperationKind) -> bool {
    let OperationKind::Assign { ips, .. } = kind else { return false };
    let mate = |other: &&SimNic| {
        let both = !nic.service_managed && !other.service_managed && nic.instance_id.is_some();
        other.id == nic.id || both && other.instance_id == nic.instance_id
    };
    let there = world.nics().iter().filter(mate).flat_map(|mate| &mate.addresses).filter(|one| one.floating);
    there.map(|one| one.ip).chain(ips.iter().copied()).collect::<BTreeSet<_>>().len() > 8
}

/// On every cloud: whose the NIC is, and what goes with one that is deleted.
const COMMON: [Fact; 6] = [
    ("assign", &[FindingId::ManagedBy], is_somebodys),
    ("attach", &[FindingId::ManagedBy], is_somebodys),
    ("bind-eip", &[FindingId::ManagedBy], is_somebodys),
    ("delete", &[FindingId::EipOnNic, FindingId::EipDestroyed, FindingId::EipFateUnknown], |world, nic, _| {
        nic.addresses.iter().any(|address| world.eip_on(nic, address).is_some())
    }),
    ("delete", &[FindingId::LbBackend], |world, nic, _| {
        nic.addresses.iter().any(|address| world.balancer_of(nic, address).is_some())
    }),
    ("delete", &[FindingId::AddressesLeave], |_, nic, _| {
        nic.addresses.iter().any(|address| !address.primary) || !nic.ipv6.is_empty() || !nic.prefixes.is_empty()
    }),
];

fn facts(cloud: &str) -> impl Iterator<Item = Fact> {
    let own: &[Fact] = match cloud {
        // A member is attached with its trunk's id.
        "aliyun" => &[("attach", &[FindingId::NicType], |_, nic, _| !nic.primary && nic.kind == "Member")],
        "huawei" => &[
            // How many NICs a server takes no answer shows.
            ("attach", &[FindingId::InstanceFullUnknown], |world, _, kind| match kind {
                OperationKind::Attach { instance, .. } => world.instance(instance.as_str()).is_some(),
                _ => false,
            }),
            ("assign", &[FindingId::NicFull], is_more_than_advised),
            // Its address stays on their lists.
            ("delete", &[FindingId::VipOnNic], |_, nic, _| nic.addresses.iter().any(|address| address.floating)),
        ],
        // One on a virtual address is bound by that one's own id.
        "tencent" => &[("bind-eip", &[FindingId::AddressKind], |_, nic, kind| match kind {
            OperationKind::BindEip { ip, .. } => nic.address(*ip).is_some_and(|address| address.floating),
            _ => false,
        })],
        // A controller that finds its NIC gone makes another one, or breaks.
        "zenlayer" => &[("delete", &[FindingId::ManagedBy], |_, nic, _| !nic.tags.is_empty())],
        _ => &[],
    };
    own.iter().copied().chain(COMMON)
}

/// Rules that no world here can break: all of a world's objects are in one region, none of its NICs is a virtual address, and no
/// virtual address is IPv6.
pub fn is_never_broken(cloud: &str, condition: Condition) -> bool {
    matches!(
        (cloud, condition),
        ("zenlayer", Condition::SamePlace { .. })
            | ("huawei", Condition::VirtualShared | Condition::NoEipOnVirtual | Condition::AloneByV6)
    )
}

fn name(kind: &OperationKind) -> &'static str {
    match kind {
        OperationKind::Assign { .. } => "assign",
        OperationKind::Attach { .. } => "attach",
        OperationKind::BindEip { .. } => "bind-eip",
        OperationKind::Delete { .. } => "delete",
        OperationKind::Release { .. } | OperationKind::Detach { .. } => "of a plan",
    }
}

fn show(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let code = finding.predicts.map_or(String::new(), |code| format!(" -> {code}"));
        format!("{:?} {}{code}", finding.severity, finding.id.as_str())
    };
    findings.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn blocking(findings: &[Finding]) -> BTreeSet<FindingId> {
    findings.iter().filter(|finding| finding.severity == Severity::Blocked).map(|finding| finding.id).collect()
}

/// Codes that what blocks predicts, by the stricter rules as well.
fn codes_of(findings: &[Finding]) -> BTreeSet<&'static str> {
    let blocks = findings.iter().filter(|finding| finding.severity == Severity::Blocked);
    blocks.filter_map(|finding| finding.predicts).collect()
}

fn is_codeless(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Blocked && finding.predicts.is_none())
}

/// Surely blocked, whatever reason somebody has.
pub fn is_blocked(scene: &Scene, case: &Case, rules: &Capabilities) -> bool {
    let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
    !blocking(&write::findings(part, rules, &case.kind)).is_empty()
}

/// Holds what the rules say against the answer. An error says how they disagree.
pub fn compare(
    scene: &Scene,
    case: &Case,
    rules: &Capabilities,
    loose: &Capabilities,
    tally: &mut Tally,
) -> Result<(), String> {
    let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
    let found = write::findings(part, rules, &case.kind);
    let fail = |why: &str| {
        let nic = scene.world.nic(case.kind.nic().as_str());
        Err(format!(
            "seed {}: {why}\n  write     {:?}\n  rules     {}\n  answer    {:?}\n  {}\n  {nic:?}",
            scene.seed,
            case.kind,
            show(&found),
            case.answer,
            case.difference
        ))
    };
    let ids: BTreeSet<FindingId> = found.iter().map(|finding| finding.id).collect();
    let nic = scene.world.nic(case.kind.nic().as_str());
    if let Some(nic) = nic {
        // Ports of services are theirs: a warning is too little.
        let theirs =
            scene.desk.cloud.descriptor().id == "huawei" && name(&case.kind) == "attach" && nic.service_managed;
        if theirs && !blocking(&found).contains(&FindingId::ManagedBy) {
            return fail("a service's port is not blocked");
        }
        let own = facts(scene.desk.cloud.descriptor().id).filter(|(write, ..)| *write == name(&case.kind));
        let told = |all: &[FindingId]| all.iter().any(|id| ids.contains(id));
        // Those of virtual addresses only one generation of a cloud shows, and they outlive the NIC.
        let floating = |all: &[FindingId]| {
            let bound = |address: &&SimAddress| scene.world.eip_on(nic, address).is_some();
            let mut bound = nic.addresses.iter().filter(bound).peekable();
            all.contains(&FindingId::EipOnNic) && bound.peek().is_some() && bound.all(|address| address.floating)
        };
        // Whose it is one generation of a cloud does not show, and says so.
        let unknown = ids.contains(&FindingId::ManagedByUnknown);
        let own = own.filter(|(_, all, _)| !(floating(all) || unknown && all.contains(&FindingId::ManagedBy)));
        let mut wrong = own.filter(|(_, all, holds)| told(all) != holds(&scene.world, nic, &case.kind));
        if let Some((_, all, _)) = wrong.next() {
            return fail(&format!("{all:?} is told when it is not so, or not when it is"));
        }
    }
    let graded: BTreeMap<FindingId, Severity> = found.iter().map(|finding| (finding.id, finding.severity)).collect();
    if let Answer::Refused(code) = &case.answer
        && scene.is_hidden(&scene.world, case.kind.nic(), &graded, code.as_deref())
    {
        tally.unknown += 1;
        return Ok(());
    }
    let codes = |found: &[Finding], least: Severity| -> BTreeSet<&'static str> {
        let of = |finding: &&Finding| finding.severity >= least;
        found.iter().filter(of).filter_map(|finding| finding.predicts).collect()
    };
    if found.iter().any(|finding| finding.severity == Severity::Blocked) {
        let documented = write::findings(part, loose, &case.kind);
        let demanded = codes(&documented, Severity::Blocked);
        let codes: BTreeSet<&str> = demanded.iter().copied().chain(hinted(&documented)).collect();
        // One that is not there is told of whatever the rules say.
        let absent = |rule: &Precondition| rule.condition == Condition::NicExists && rule.stricter.is_some();
        let stricter = blocking(&found).difference(&blocking(&documented)).next().is_some()
            || (nic.is_none() && rules.rules_of(&case.kind).iter().any(absent));
        // What is not known predicts nothing, and may be what the cloud speaks of.
        let is_untold = |finding: &Finding| finding.severity == Severity::Unknown;
        let untold = found.iter().any(|finding| finding.id == FindingId::InstanceFullUnknown && is_untold(finding));
        let room = |rule: &&Precondition| matches!(rule.condition, Condition::NicRoom { .. });
        let room = rules.rules_of(&case.kind).iter().find(room).filter(|_| untold).and_then(|rule| rule.code);
        return match &case.answer {
            Answer::Refused(Some(code)) if codes.contains(code.as_str()) => {
                tally.refused += 1;
                Ok(())
            }
            Answer::Refused(code) if room.is_some() && code.as_deref() == room => {
                tally.unknown += 1;
                Ok(())
            }
            Answer::Unsent if stricter || !codes.is_empty() => {
                tally.unsent += 1;
                Ok(())
            }
            Answer::Refused(Some(code)) if self::codes_of(&found).contains(code.as_str()) => {
                tally.refused += 1;
                Ok(())
            }
            // As for a plan's: what is refused without a documented code may be looked at first.
            Answer::Refused(code)
                if stricter
                    && !demanded.is_empty()
                    && is_codeless(&found)
                    && !names(rules.rules_of(&case.kind), code.as_deref()) =>
            {
                tally.uncoded += 1;
                Ok(())
            }
            _ if stricter && demanded.is_empty() => {
                tally.stricter += 1;
                Ok(())
            }
            _ => fail("blocked with another code, or without one"),
        };
    }
    if !write::is_possible(&found) {
        tally.unknown += 1;
        return Ok(());
    }
    match &case.answer {
        Answer::Refused(Some(code)) if hinted(&found).contains(code.as_str()) => tally.warned += 1,
        Answer::Accepted if !case.difference.is_empty() => return fail("more or less than the write happened"),
        Answer::Accepted => tally.accepted += 1,
        // What this generation of the API does not show, and a person was warned of.
        Answer::Refused(_)
            if unseen(scene, &case.kind).is_some_and(|id| graded.get(&id).is_some_and(|of| *of >= Severity::Warn)) =>
        {
            tally.unknown += 1;
        }
        _ => return fail("said to be possible and not accepted"),
    }
    Ok(())
}

/// Neither can be broken in a world here: all of a world's objects are in one region, and none of its NICs is a virtual address.
#[test]
fn what_no_world_breaks_is_told_by_the_clouds_own_tables() {
    let scene = |id: &str| Scene::new(super::cloud(id, ""), "", &super::worlds::kinks(id, ""), 1);
    let merged = |scene: &Scene, nics: Vec<Nic>, instances: Vec<Instance>| {
        let mut inventory = scene.inventory.clone();
        let part = inventory.profile_mut(&PROFILE.into()).expect("the only one");
        part.merge(InventoryPage { nics, instances, ..InventoryPage::default() }, super::desk::NOW);
        inventory
    };
    let told = |inventory: &Inventory, rules: &Capabilities, kind: &OperationKind, id: FindingId| {
        let part = inventory.profile(&PROFILE.into()).expect("the only one");
        let found = write::findings(part, rules, kind);
        found.into_iter().find(|finding| finding.id == id).map(|finding| (finding.severity, finding.predicts))
    };
    let place = |rules: &[Precondition], of: fn(Condition) -> bool| {
        rules.iter().position(|rule| of(rule.condition)).expect("a rule")
    };

    let zenlayer = scene("zenlayer");
    let part = zenlayer.inventory.profile(&PROFILE.into()).expect("the only one");
    let (_, like) = part.instances().next().expect("one");
    let far = Instance { id: "1".into(), region: "north-pole-1".into(), ..like.clone() };
    let (_, nic) = part.nics().next().expect("one");
    let attach = OperationKind::Attach { nic: nic.id.clone(), instance: far.id.clone() };
    let inventory = merged(&zenlayer, Vec::new(), vec![far]);
    let rules = zenlayer.capabilities();
    let code = Some("INVALID_NIC_INSTANCE_REGION_MISMATCH");
    assert_eq!(told(&inventory, rules, &attach, FindingId::OtherPlace), Some((Severity::Blocked, code)));
    let at = place(rules.attach, |one| matches!(one, Condition::SamePlace { .. }));
    assert_eq!(told(&inventory, without(rules, "attach", at), &attach, FindingId::OtherPlace), None);

    let huawei = scene("huawei");
    let part = huawei.inventory.profile(&PROFILE.into()).expect("the only one");
    let held = part.nics().find_map(|(_, nic)| Some((nic.clone(), part.floats_of(nic).first()?.id.clone())));
    let (holder, float) = held.expect("a virtual address that a NIC has");
    let own = Nic { id: (&*float).into(), instance: None, addresses: Vec::new(), ..holder };
    let delete = OperationKind::Delete { nic: own.id.clone() };
    let inventory = merged(&huawei, vec![own], Vec::new());
    let rules = huawei.capabilities();
    assert_eq!(told(&inventory, rules, &delete, FindingId::VipShared), Some((Severity::Blocked, None)));
    let at = place(rules.delete, |one| one == Condition::VirtualShared);
    assert_eq!(told(&inventory, without(rules, "delete", at), &delete, FindingId::VipShared), None);

    let bound = EipBinding::Float { float: (&*float).into(), ip: "10.0.0.1".parse().expect("an address") };
    let like = part.nics().find_map(|(_, nic)| part.eips_of(nic).next()).expect("one");
    let eip = Eip { id: "eip-on-it".into(), bound, ..like.clone() };
    let mut with_eip = inventory.clone();
    let own = with_eip.profile_mut(&PROFILE.into()).expect("the only one");
    own.merge(InventoryPage { eips: vec![eip], ..InventoryPage::default() }, super::desk::NOW);
    assert_eq!(told(&with_eip, rules, &delete, FindingId::EipOnNic), Some((Severity::Blocked, None)));
    let at = place(rules.delete, |one| one == Condition::NoEipOnVirtual);
    let milder = told(&with_eip, without(rules, "delete", at), &delete, FindingId::EipOnNic);
    assert_eq!(milder, Some((Severity::Warn, None)));

    let ip: IpAddr = "fd00::9".parse().expect("an address");
    let attached: Vec<&Nic> = part.nics().map(|(_, nic)| nic).filter(|nic| nic.instance.is_some()).collect();
    let near = |nic: &&Nic| attached.iter().find(|other| other.id != nic.id && other.subnet == nic.subnet).copied();
    let (nic, other) = attached.iter().find_map(|nic| Some((*nic, near(nic)?))).expect("two in one subnet");
    let float = Float {
        id: "v6".into(),
        ip,
        name: "".into(),
        region: other.region.clone(),
        subnet: other.subnet.clone(),
        pairs: other.own_ips().map(|ip| Pair { ip: ip.to_string().as_str().into(), mac: None }).collect(),
        owner: None,
    };
    let mut inventory = huawei.inventory.clone();
    let part = inventory.profile_mut(&PROFILE.into()).expect("the only one");
    part.merge(InventoryPage { floats: vec![float], ..InventoryPage::default() }, super::desk::NOW);
    let section = (Resource::Floats, Some(other.region.clone()));
    part.complete(&section, 0, super::desk::NOW);
    let assign = OperationKind::Assign { nic: nic.id.clone(), ips: vec![ip], lists: Vec::new() };
    assert_eq!(told(&inventory, rules, &assign, FindingId::AddressTaken), Some((Severity::Blocked, None)));
    let at = place(rules.assign, |one| one == Condition::AloneByV6);
    assert_eq!(told(&inventory, without(rules, "assign", at), &assign, FindingId::AddressTaken), None);
}
