//! The world changes between the plan and a write that gives something back: addresses, an instance, an EIP. What the job's own check
//! lets through is taken, and does that and nothing else; what has nothing to do with the write does not stop it.

use std::net::IpAddr;

use nicdeck::{
    domain::{
        address::AddressRole,
        capabilities::{Capabilities, Condition, Precondition},
        ids::{AddressKey, ProfileId},
        outcome::{Outcome, Skip},
        plan::{Belts, Operation, OperationKind, ReleasePlan},
        selection::Target,
        snapshot::NicSnapshot,
        undo::TakeBack,
    },
    rules::{
        Safety,
        planner::{Sources, Wanted},
        undo::{self, Undo},
        write,
    },
    runtime::jobs::release::targets::{Rules, bound_elsewhere, narrow},
    sim::{
        random::Random,
        world::{SimAddress, SimNic, World},
    },
};

use super::{
    between::{FAR, NEAR, Spot, Tally, spot},
    desk::{Answer, NOW, PROFILE},
    others::{Case, difference},
    pairs::{Scene, graded, key, names},
    worlds::Kinks,
};

/// Does something to what the write is about; false if that is not possible here.
type Deed = fn(&mut World, &OperationKind, &Spot, &mut Random) -> bool;

/// What happens to what is given, or to what it is given to.
const OWN: &[(&str, Deed)] = &[
    ("another NIC gets one of the addresses", |world, kind, spot, random| {
        let (OperationKind::Assign { ips, .. }, Some(other)) = (kind, &spot.other) else { return false };
        random.pick(ips).is_some_and(|ip| world.edit_nic(other, |nic| nic.addresses.push(bare(*ip, spot))).is_some())
    }),
    ("one of the addresses is there", |world, kind, spot, random| {
        let OperationKind::Assign { ips, .. } = kind else { return false };
        random.pick(ips).is_some_and(|ip| world.edit_nic(spot.nic, |nic| nic.addresses.push(bare(*ip, spot))).is_some())
    }),
    ("the NIC fills up", |world, kind, spot, random| {
        let Some(IpAddr::V4(own)) = world.nic(spot.nic).and_then(SimNic::primary_ip) else { return false };
        let given = match kind {
            OperationKind::Assign { ips, .. } => ips.as_slice(),
            _ => return false,
        };
        let taken = |ip: &IpAddr| given.contains(ip) || world.nics().iter().any(|nic| nic.address(*ip).is_some());
        let hosts = (2..200).map(|host| IpAddr::V4(((u32::from(own) & !0xFF) | host).into()));
        let count = usize::try_from(random.between(5, 60)).expect("few");
        let more: Vec<SimAddress> = hosts.filter(|ip| !taken(ip)).take(count).map(|ip| bare(ip, spot)).collect();
        spot.words.secondaries && world.edit_nic(spot.nic, |nic| nic.addresses.extend(more)).is_some()
    }),
    ("it is on that instance", |world, kind, spot, _| {
        let OperationKind::Attach { instance, .. } = kind else { return false };
        let attach = |nic: &mut SimNic| {
            nic.instance_id = Some(instance.to_string());
            spot.words.attached.clone_into(&mut nic.status);
        };
        world.edit_nic(spot.nic, attach).is_some()
    }),
    ("that instance is deleted", |world, kind, _, _| {
        let OperationKind::Attach { instance, .. } = kind else { return false };
        world.remove_instance(instance.as_str()).is_some()
    }),
    ("that instance stops, or is on its way", |world, kind, spot, random| {
        let OperationKind::Attach { instance, .. } = kind else { return false };
        let states = [&[spot.words.stopped, spot.words.running], spot.words.instance_transient].concat();
        let state = random.pick(&states).copied().unwrap_or_default();
        world.edit_instance(instance.as_str(), |one| state.clone_into(&mut one.status)).is_some()
    }),
    ("that instance's agent dies", |world, kind, spot, _| {
        let OperationKind::Attach { instance, .. } = kind else { return false };
        spot.words.agent && world.edit_instance(instance.as_str(), |one| one.agent = false).is_some()
    }),
    ("that instance fills up", |world, kind, spot, random| {
        let OperationKind::Attach { instance, .. } = kind else { return false };
        let Some(like) = world.nics_of(instance.as_str()).next().cloned() else { return false };
        for place in 0..8 {
            let id = (spot.words.id)(nicdeck::sim::dialect::ObjectKind::Nic, random.draw());
            let ip = [198, 19, 254, place].into();
            let own = SimAddress { primary: true, floating: false, ..bare(ip, spot) };
            let plain = SimNic { id, primary: false, addresses: vec![own], ipv6: vec![], ..like.clone() };
            world.put_nic(SimNic { pairs: vec![], prefixes: vec![], linked: false, ..plain });
        }
        true
    }),
    ("the EIP is bound elsewhere", |world, kind, spot, _| {
        let (OperationKind::BindEip { eip, .. }, Some(other)) = (kind, &spot.other) else { return false };
        let Some(at) = world.nic(other).filter(|nic| nic.addresses[0].eip.is_none()).map(|nic| nic.addresses[0].ip)
        else {
            return false;
        };
        world.bind_eip(eip.as_str(), other, at)
    }),
    ("the EIP is bound there", |world, kind, spot, _| {
        let OperationKind::BindEip { eip, ip, .. } = kind else { return false };
        world.nic(spot.nic).and_then(|nic| nic.address(*ip)).is_some_and(|one| !one.floating)
            && world.bind_eip(eip.as_str(), spot.nic, *ip)
    }),
];

/// What no read of the NIC or its instance tells, and the cloud refuses with the code of this rule.
fn only_lists_tell(what: &str, condition: Condition) -> bool {
    match condition {
        Condition::AddressFree { .. } => {
            ["another NIC gets one of the addresses", "the address moves to another NIC"].contains(&what)
        }
        Condition::NicRoom { .. } => what == "that instance fills up",
        // By the type of the instance that it is on.
        Condition::AddressRoom { .. } => ["the NIC fills up", "another address comes"].contains(&what),
        _ => false,
    }
}

/// What makes it another NIC, or another address, than the one that was confirmed, even where the cloud would take the write; or gives
/// the instance, or the public address, more than was told.
const ANOTHER_NIC: &[&str] = &[
    "it is on its way",
    "it is detached",
    "it is on another instance",
    "a service takes it over",
    "a controller marks it",
    "it is on that instance",
    "the address is the NIC's own now",
    "an EIP on an address",
    "a balancer takes an address in",
];

/// The same of some writes: the instance gets more with the NIC, or the power that their rules ask of is another one.
fn is_another(kind: &OperationKind, what: &str, rules: &[Precondition], nic: &SimNic) -> bool {
    let power = |rule: &Precondition| match rule.condition {
        Condition::InstanceState { primary_nic_only, .. } => !primary_nic_only || nic.primary || !nic.kind.is_empty(),
        _ => false,
    };
    match (kind, what) {
        // Where the address is a port of its own, the cloud would bind to it: it is not this NIC's all the same.
        (OperationKind::Attach { .. }, "another address comes")
        | (OperationKind::BindEip { .. }, "the address moves to another NIC") => true,
        (OperationKind::Assign { .. }, "the instance stops, or is on its way") => rules.iter().any(power),
        // What the rules ask of the NIC is another, whatever its instance does.
        (OperationKind::Attach { .. }, "it can be unplugged cold only") => {
            rules.iter().any(|rule| rule.condition == Condition::HotPlug)
        }
        _ => ANOTHER_NIC.contains(&what),
    }
}

fn bare(ip: IpAddr, spot: &Spot) -> SimAddress {
    SimAddress { ip, primary: false, floating: !spot.words.secondaries, eip: None, lb: None }
}

/// The plan of an undo whose write is this one.
fn plan(scene: &Scene, kind: &OperationKind) -> ReleasePlan {
    let words = scene.desk.cloud.dialect().vocabulary();
    let nic = key(kind.nic().as_str());
    let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
    let region = part.nic(&nic.nic).expect("listed").region.clone();
    let undo = |target: Target, write: OperationKind| Undo {
        wanted: Wanted::of(target.clone()),
        take: TakeBack {
            target,
            cloud: scene.desk.cloud.descriptor().cloud(),
            region: region.clone(),
            write: Some(write),
            certain: true,
            status: Some(words.attached.into()),
            role: if words.secondaries { AddressRole::Secondary } else { AddressRole::Virtual },
            balancers: Vec::new(),
            loose_eips: Vec::new(),
        },
    };
    let address = |ip| AddressKey { nic: nic.clone(), ip };
    let undos: Vec<Undo> = match kind {
        OperationKind::Assign { ips, .. } => {
            let one = |&ip: &IpAddr| OperationKind::Assign { nic: nic.nic.clone(), ips: vec![ip], lists: Vec::new() };
            ips.iter().map(|ip| undo(Target::Address(address(*ip)), one(ip))).collect()
        }
        OperationKind::BindEip { eip, ip, .. } => {
            vec![undo(Target::Eip { eip: eip.clone(), address: address(*ip) }, kind.clone())]
        }
        _ => vec![undo(Target::Nic(nic.clone()), kind.clone())],
    };
    let capabilities = |_: &ProfileId| Some(scene.capabilities());
    let belts = Belts { per_plan: usize::MAX, percent: 100 };
    let safety = Safety { belts, ..Safety::default() };
    let sources =
        Sources { inventory: &scene.inventory, capabilities: &capabilities, readonly: &|_| false, safety: &safety };
    undo::plan(&undos, &sources, NOW).expect("a sound plan")
}

/// What the job's check lets through: on the NIC as it is, and on what else is read for the write.
fn checked(
    scene: &Scene,
    operation: &Operation,
    world: &World,
    fresh: &NicSnapshot,
    ends: &mut Vec<(Target, Outcome)>,
) -> Option<OperationKind> {
    let capabilities: &Capabilities = scene.capabilities();
    let sent = narrow(operation, fresh, Rules { capabilities, protect: None }, ends)?;
    let change = match &sent {
        OperationKind::Attach { instance, .. } => {
            let now = scene.desk.instance(&mut world.clone(), NOW, &fresh.nic, instance);
            write::refused_onto(fresh, capabilities, &sent, [operation.onto.as_deref(), now.as_ref()])
        }
        OperationKind::BindEip { eip, .. } => {
            let (listed, now) = scene.desk.eip(&mut world.clone(), NOW, eip);
            bound_elsewhere(eip, now.as_ref()).filter(|_| listed)
        }
        _ => None,
    };
    let Some(change) = change else { return Some(sent) };
    let left = operation.targets().into_iter().filter(|target| ends.iter().all(|(ended, _)| ended != target));
    let why = Skip::Stale { changes: vec![change] };
    let left: Vec<_> = left.map(|target| (target, Outcome::Skipped { why: why.clone() })).collect();
    ends.extend(left);
    None
}

/// Is what is to be given there, by the world itself?
fn is_done(world: &World, kind: &OperationKind, target: &Target) -> bool {
    let nic = world.nic(kind.nic().as_str()).expect("there");
    match kind {
        OperationKind::Attach { instance, .. } => nic.instance_id.as_deref() == Some(instance.as_str()),
        OperationKind::BindEip { eip, ip, .. } => {
            let on = nic.address(*ip).and_then(|address| world.eip_on(nic, address));
            on.is_some_and(|on| on.id == eip.as_str())
        }
        _ => target.ip().is_some_and(|ip| nic.address(ip).is_some()),
    }
}

/// A write that went through, tried again in a world that has changed since its plan.
pub fn tried(scene: &Scene, case: &Case, kinks: &Kinks, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
    let gives = matches!(
        case.kind,
        OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::BindEip { .. }
    );
    if !gives || case.answer != Answer::Accepted {
        return Ok(());
    }
    let plan = plan(scene, &case.kind);
    let [operation] = plan.operations() else { return Ok(()) };
    let words = scene.desk.cloud.dialect().vocabulary();
    let rules = scene.capabilities().rules_of(&operation.kind);
    let mut world = scene.world.clone();
    let id = operation.kind.nic().as_str();
    let ip = match &operation.kind {
        OperationKind::Assign { ips, .. } => random.pick(ips).copied(),
        OperationKind::BindEip { ip, .. } => Some(*ip),
        _ => None,
    };
    let spot = spot(&world, id, ip, kinks, words).expect("there");
    let what = match random.below(6) {
        0 => random.pick(FAR).and_then(|(what, deed)| deed(&mut world, &spot, random).then_some(*what)),
        1 | 2 => random.pick(NEAR).and_then(|(what, deed)| deed(&mut world, &spot, random).then_some(*what)),
        _ => {
            random.pick(OWN).and_then(|(what, deed)| deed(&mut world, &operation.kind, &spot, random).then_some(*what))
        }
    };
    let Some(what) = what else { return Ok(()) };
    let fail = |why: &str, rest: &str| {
        let nic = world.nic(id);
        Err(format!("seed {}: {what}: {why}\n  write   {:?}\n  {rest}\n  {nic:?}", scene.seed, operation.kind))
    };
    let Some(fresh) = scene.desk.inspect(&mut world.clone(), NOW, &operation.expect) else {
        return fail("it is there, and is read as gone", "");
    };
    let mut ends = Vec::new();
    let sent = checked(scene, operation, &world, &fresh, &mut ends);
    for (target, end) in &ends {
        match end {
            Outcome::AlreadyGone { .. } if is_done(&world, &operation.kind, target) => {}
            Outcome::AlreadyGone { .. } => return fail("it is not done, and is told as done", &format!("{target:?}")),
            Outcome::Skipped { why: Skip::Stale { .. } } => {}
            other => return fail("it has another end", &format!("{other:?}")),
        }
    }
    let mut after = world.clone();
    let Some(kind) = sent else {
        if ends.iter().all(|(_, end)| matches!(end, Outcome::AlreadyGone { .. })) {
            tally.gone += 1;
            return Ok(());
        }
        tally.stale += 1;
        let answer = scene.desk.send(&mut after, &operation.kind, Some(&fresh));
        return match answer {
            Answer::Accepted if !is_another(&operation.kind, what, rules, world.nic(id).expect("there")) => {
                fail("it does not matter, and stops the write", &format!("{ends:?}"))
            }
            _ => Ok(()),
        };
    };
    // How many addresses a NIC takes not every cloud's documents say; and whose an EIP is, not every cloud lists.
    let asks = |of: fn(Condition) -> bool| rules.iter().any(|rule| of(rule.condition));
    let unsaid = match what {
        "the NIC fills up" => !asks(|one| matches!(one, Condition::AddressRoom { .. })),
        "the EIP is bound elsewhere" => asks(|one| one == Condition::EipShown),
        _ => false,
    };
    let unread = |code: Option<&str>| {
        let mut told = rules.iter().filter(|rule| only_lists_tell(what, rule.condition));
        unsaid && !names(rules, code) || told.any(|rule| rule.code.is_none() || rule.code == code)
    };
    match scene.desk.send(&mut after, &kind, Some(&fresh)) {
        Answer::Accepted => {
            let difference = difference(scene, &world, &after, &kind);
            if !difference.is_empty() {
                return fail("it was let through and did something else", &difference);
            }
            tally.sent += 1;
        }
        Answer::Refused(code)
            if unread(code.as_deref())
                || scene.is_hidden(&world, kind.nic(), &graded(plan.rows()), code.as_deref()) =>
        {
            tally.hidden += 1;
        }
        answer => return fail("it was let through and refused", &format!("{answer:?}")),
    }
    Ok(())
}
