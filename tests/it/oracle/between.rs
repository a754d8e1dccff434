//! The world changes between the plan and the write. The job's own check right before the write compares two readings: what it lets through
//! is taken, and does nothing that the plan did not tell; what has nothing to do with the write does not stop it.
//!
//! That a write that is not let through is not sent is the job's matter, and is tested over loopback with the conformance suite.

use std::net::IpAddr;

use nicdeck::{
    domain::{
        capabilities::{Condition, Precondition},
        finding::FindingId,
        outcome::{Outcome, Skip},
        plan::{Change, ChangedFact},
        selection::Target,
    },
    runtime::jobs::release::targets::{Rules, narrow},
    sim::{
        dialect::{ObjectKind, Vocabulary},
        random::Random,
        world::{SimAddress, SimEip, SimNic, World},
    },
};

use super::{
    desk::{Answer, NOW, PROFILE},
    pairs::{Case, Scene, graded, told},
    truth::{self, EFFECTS},
    worlds::Kinks,
};

/// What another write of the same plan can bring about as well as somebody else: no change stops a write for it.
const OF_THE_PLAN: &[FindingId] = &[FindingId::VipLast, FindingId::VipShared];

/// Where a change takes place.
pub struct Spot<'a> {
    pub nic: &'a str,
    /// The address that the write is about.
    pub ip: Option<IpAddr>,
    /// The NIC's instance.
    pub instance: Option<String>,
    /// Another NIC, and another instance.
    pub other: Option<String>,
    pub other_instance: Option<String>,
    pub words: &'static Vocabulary,
    pub kinks: &'a Kinks,
}

/// Does something; false if that is not possible here.
pub type Deed = fn(&mut World, &Spot, &mut Random) -> bool;

/// What has nothing to do with the write.
pub const FAR: &[(&str, Deed)] = &[
    ("nothing", |_, _, _| true),
    ("a new name", |world, spot, _| world.edit_nic(spot.nic, |nic| nic.name.push_str("-new")).is_some()),
    ("another group", |world, spot, _| world.edit_nic(spot.nic, |nic| nic.security_groups.clear()).is_some()),
    ("an EIP elsewhere", |world, spot, random| {
        let eip = eip(spot, random);
        let other = spot.other.as_deref().filter(|other| on_other_instance(world, spot, other));
        other.is_some_and(|other| world.edit_nic(other, |nic| nic.addresses[0].eip.replace(eip)).is_some())
    }),
    ("another instance stops", |world, spot, _| {
        let stopped = spot.words.stopped;
        let other = spot.other_instance.as_deref();
        other.is_some_and(|id| world.edit_instance(id, |one| stopped.clone_into(&mut one.status)).is_some())
    }),
    ("a backend elsewhere", |world, spot, random| {
        let lb = (spot.words.id)(ObjectKind::LoadBalancer, random.draw());
        let other = spot.other.as_deref().filter(|other| on_other_instance(world, spot, other));
        other.is_some_and(|other| world.edit_nic(other, |nic| nic.addresses[0].lb.get_or_insert(lb).len()).is_some())
    }),
];

/// What happens to the NIC, or to what it hangs on.
pub const NEAR: &[(&str, Deed)] = &[
    ("an EIP on an address", |world, spot, random| {
        let eip = eip(spot, random);
        let place = place(world, spot, random);
        world.edit_nic(spot.nic, |nic| nic.addresses[place].eip.get_or_insert(eip).id.len()).is_some()
    }),
    ("an EIP goes", |world, spot, _| {
        let nic = world.nic(spot.nic).expect("there");
        let eip = nic.addresses.iter().find_map(|address| world.eip_on(nic, address)).map(|eip| eip.id.clone());
        eip.is_some_and(|eip| world.unbind_eip(&eip))
    }),
    ("a balancer takes an address in", |world, spot, random| {
        let lb = (spot.words.id)(ObjectKind::LoadBalancer, random.draw());
        let place = place(world, spot, random);
        world.edit_nic(spot.nic, |nic| nic.addresses[place].lb.get_or_insert(lb).len()).is_some()
    }),
    ("the instance stops, or is on its way", |world, spot, random| {
        let states = [&[spot.words.stopped, spot.words.running], spot.words.instance_transient].concat();
        let state = random.pick(&states).copied().unwrap_or_default();
        let id = spot.instance.as_deref();
        id.is_some_and(|id| world.edit_instance(id, |one| state.clone_into(&mut one.status)).is_some())
    }),
    ("the instance is deleted", |world, spot, _| {
        let other = world.nic(spot.nic).is_some_and(|nic| !nic.primary);
        let id = spot.instance.as_deref().filter(|_| other);
        id.is_some_and(|id| world.remove_instance(id).is_some())
    }),
    ("the agent dies", |world, spot, _| {
        let id = spot.instance.as_deref();
        spot.words.agent && id.is_some_and(|id| world.edit_instance(id, |one| one.agent = false).is_some())
    }),
    ("it is on its way", |world, spot, random| {
        let state = *random.pick(&[spot.words.attaching, spot.words.detaching]).expect("two");
        world.edit_nic(spot.nic, |nic| state.clone_into(&mut nic.status)).is_some()
    }),
    ("it is detached", |world, spot, _| {
        let free = spot.words.free;
        let detach = |nic: &mut SimNic| {
            nic.instance_id = None;
            free.clone_into(&mut nic.status);
        };
        world.nic(spot.nic).is_some_and(|nic| !nic.primary) && world.edit_nic(spot.nic, detach).is_some()
    }),
    ("it is on another instance", |world, spot, _| {
        let other = spot.other_instance.clone().filter(|_| world.nic(spot.nic).is_some_and(|nic| !nic.primary));
        other.is_some_and(|other| world.edit_nic(spot.nic, |nic| nic.instance_id = Some(other)).is_some())
    }),
    ("the address moves to another NIC", |world, spot, _| {
        let (Some(ip), Some(other)) = (spot.ip, spot.other.as_deref()) else { return false };
        let address = world.nic(spot.nic).and_then(|nic| nic.address(ip)).filter(|address| !address.primary);
        let Some(address) = address.cloned() else { return false };
        world.release(spot.nic, &[ip]);
        world.edit_nic(other, |nic| nic.addresses.push(SimAddress { eip: None, lb: None, ..address })).is_some()
    }),
    ("the address is the NIC's own now", |world, spot, _| {
        let Some(ip) = spot.ip.filter(|_| spot.words.secondaries) else { return false };
        let swap = |nic: &mut SimNic| {
            let plain = nic.address(ip).is_some_and(|one| !one.floating);
            for address in nic.addresses.iter_mut().filter(|_| plain) {
                address.primary = address.ip == ip;
            }
            plain
        };
        world.edit_nic(spot.nic, swap) == Some(true)
    }),
    ("another address comes", |world, spot, random| {
        let Some(IpAddr::V4(own)) = world.nic(spot.nic).and_then(SimNic::primary_ip) else {
            return false;
        };
        let ip = IpAddr::V4(((u32::from(own) & !0xFF) | (241 + u32::try_from(random.below(10)).unwrap())).into());
        let floating = !spot.words.secondaries;
        let address = SimAddress { ip, primary: false, floating, eip: None, lb: None };
        world.edit_nic(spot.nic, |nic| nic.addresses.push(address)).is_some()
    }),
    ("another address goes", |world, spot, _| {
        let nic = world.nic(spot.nic).expect("there");
        let other = nic.addresses.iter().find(|address| !address.primary && Some(address.ip) != spot.ip);
        let other = other.map(|address| address.ip);
        other.is_some_and(|ip| world.release(spot.nic, &[ip]) == 1)
    }),
    ("a service takes it over", |world, spot, _| {
        let Some(who) = spot.words.service_nics.first().filter(|_| spot.instance.is_some()) else { return false };
        let give = |nic: &mut SimNic| {
            nic.service_managed = true;
            (*who).clone_into(&mut nic.description);
        };
        world.edit_nic(spot.nic, give).is_some()
    }),
    ("a controller marks it", |world, spot, _| {
        let tags = spot.words.controller_tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let tags: Vec<_> = tags.filter(|_| spot.kinks.tags).collect();
        !tags.is_empty() && world.edit_nic(spot.nic, |nic| nic.tags.extend(tags)).is_some()
    }),
    ("it is bound up with another one", |world, spot, _| {
        spot.kinks.links && world.edit_nic(spot.nic, |nic| nic.linked = true).is_some()
    }),
    ("its detach would delete it, or not any more", |world, spot, _| {
        let turn = |nic: &mut SimNic| nic.delete_on_detach = !nic.delete_on_detach;
        spot.ip.is_none() && spot.kinks.deletes && world.edit_nic(spot.nic, turn).is_some()
    }),
    ("it can be unplugged cold only", |world, spot, _| {
        spot.kinks.cold_plug && world.edit_nic(spot.nic, |nic| nic.cold_plug_only = true).is_some()
    }),
];

fn eip(spot: &Spot, random: &mut Random) -> SimEip {
    SimEip {
        id: (spot.words.id)(ObjectKind::Eip, random.draw()),
        ip: "198.19.255.7".parse().expect("an address"),
        name: String::new(),
        is_default: false,
        dies_unbound: false,
        region: String::new(),
    }
}

/// The address in question, or any.
fn place(world: &World, spot: &Spot, random: &mut Random) -> usize {
    let nic = world.nic(spot.nic).expect("there");
    let own = nic.addresses.iter().position(|address| Some(address.ip) == spot.ip);
    let any = usize::try_from(random.below(nic.addresses.len() as u64)).expect("few");
    own.filter(|_| random.chance(1, 2)).unwrap_or(any)
}

fn on_other_instance(world: &World, spot: &Spot, other: &str) -> bool {
    world.nic(other).is_some_and(|nic| nic.instance_id != spot.instance || spot.instance.is_none())
}

/// How many of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub sent: usize,
    pub stale: usize,
    pub gone: usize,
    /// What this generation of the API does not show.
    pub hidden: usize,
}

impl Tally {
    pub fn pairs(&self) -> usize {
        self.sent + self.stale + self.gone + self.hidden
    }
}

/// A write that went through, tried again in a world that has changed since its plan.
pub fn tried(scene: &Scene, case: &Case, kinks: &Kinks, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
    let ([target], Answer::Accepted) = (case.targets.as_slice(), &case.answer) else { return Ok(()) };
    let plan = scene.plan(&case.targets);
    let [operation] = plan.operations() else { return Ok(()) };
    let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
    let expect = part.snapshot(operation.kind.nic()).expect("listed");
    let near = random.chance(3, 4);
    let mut world = scene.world.clone();
    let Some(what) = change(&mut world, target, kinks, near, scene.desk.cloud.dialect().vocabulary(), random) else {
        return Ok(());
    };
    let fail = |why: &str, rest: &str| {
        let nic = world.nic(operation.kind.nic().as_str());
        Err(format!("seed {}: {what}: {why}\n  write   {:?}\n  {rest}\n  {nic:?}", scene.seed, operation.kind))
    };
    let Some(fresh) = scene.desk.inspect(&mut world.clone(), NOW, &expect) else {
        return fail("it is there, and is read as gone", "");
    };
    let capabilities = &scene.desk.cloud.descriptor().capabilities;
    let mut ends = Vec::new();
    let sent = narrow(operation, &fresh, Rules { capabilities, protect: None }, &mut ends);
    match ends.as_slice() {
        [] => assert_eq!(sent.as_ref(), Some(&operation.kind)),
        [(_, Outcome::AlreadyGone { .. })] => {
            tally.gone += 1;
            return Ok(());
        }
        [(_, Outcome::Skipped { why: Skip::Stale { changes } })] => {
            tally.stale += 1;
            let rules = capabilities.rules_of(&operation.kind);
            let harmless = !near || is_harmless(what, (target, rules), [&scene.world, &world], changes);
            return if harmless {
                fail("it does not matter, and stops the write", &format!("{changes:?}"))
            } else {
                Ok(())
            };
        }
        other => return fail("it has another end", &format!("{other:?}")),
    }
    let mut after = world.clone();
    let answer = scene.desk.send(&mut after, &operation.kind, Some(&fresh));
    let told = told(plan.rows());
    if answer != Answer::Accepted {
        if let Answer::Refused(code) = &answer
            && scene.is_hidden(&world, operation.kind.nic(), &graded(plan.rows()), code.as_deref())
        {
            tally.hidden += 1;
            return Ok(());
        }
        return fail("it was let through and refused", &format!("{answer:?}"));
    }
    let happened = truth::effects(&world, &after, &operation.kind);
    let untold = happened.into_iter().filter(|id| !told.contains(id) && !OF_THE_PLAN.contains(id));
    let hidden = |id: &FindingId| match id {
        FindingId::ManagedBy => told.contains(&FindingId::ManagedByUnknown),
        FindingId::EipAttached | FindingId::EipDestroyed => told.contains(&FindingId::EipFateUnknown),
        _ => false,
    };
    let untold: Vec<FindingId> = untold.filter(|id| EFFECTS.contains(id) && !hidden(id)).collect();
    if !untold.is_empty() {
        return fail("it was let through and did what the plan did not tell", &format!("{untold:?}"));
    }
    tally.sent += 1;
    Ok(())
}

/// Changes around the NIC that take nothing from it that the write, or who planned it, counted on: none stops a write. What the cloud's
/// rules for such a write do not ask is one of them.
fn is_harmless(
    what: &str,
    (target, rules): (&Target, &[Precondition]),
    [before, after]: [&World; 2],
    changes: &[Change],
) -> bool {
    let own = target.ip();
    let id = target.nic().nic.as_str();
    let nic = after.nic(id).expect("there");
    let asks = |of: &dyn Fn(Condition) -> bool| rules.iter().any(|rule| of(rule.condition));
    let power = |condition| match condition {
        Condition::InstanceState { primary_nic_only, .. } => !primary_nic_only || nic.primary || !nic.kind.is_empty(),
        Condition::HotPlug => nic.cold_plug_only,
        _ => false,
    };
    // Another one on the address itself, or on any where the whole NIC goes; a virtual one's is the virtual one's own.
    let on_own = |of: for<'a> fn(&'a World, &SimNic, &'a SimAddress) -> Option<&'a str>| {
        let on = |world: &World| {
            let nic = world.nic(id).expect("there");
            nic.addresses.iter().find(|one| Some(one.ip) == own).and_then(|one| of(world, nic, one)).map(str::to_owned)
        };
        own.is_none() || on(after).is_some() && on(after) != on(before)
    };
    match what {
        "an EIP goes" => true,
        // But where it was the other one that was to stay, or switched the check off, or without which the call is another one.
        "another address goes" => {
            use ChangedFact::{Calls, Secondaries, SourceCheck};
            let ends = |change: &Change| matches!(change.fact, Secondaries | SourceCheck | Calls);
            !changes.iter().any(ends)
        }
        // But where it would go with the call that was confirmed.
        "another address comes" => own.is_some() && !changes.iter().any(|change| change.fact == ChangedFact::Calls),
        "an EIP on an address" => {
            !on_own(|world, nic, one| world.eip_on(nic, one).map(|eip| eip.id.as_str()))
                && !asks(&|one| one == Condition::NoEipOnNic)
        }
        "a balancer takes an address in" => {
            !on_own(World::balancer_of) && !asks(&|one| one == Condition::InstanceNotBackend)
        }
        "the instance stops, or is on its way" => !asks(&power),
        "the instance is deleted" => !asks(&|one| one == Condition::InstanceExists || power(one)),
        "the agent dies" => !asks(&|one| one == Condition::GuestAgentRuns),
        "it is bound up with another one" => {
            let linked = [Condition::NotLinked, Condition::NoMembers, Condition::CarriesNone];
            !asks(&|one| linked.contains(&one))
        }
        "it can be unplugged cold only" => !asks(&|one| one == Condition::HotPlug),
        _ => false,
    }
}

/// What somebody else does meanwhile.
fn change(
    world: &mut World,
    target: &Target,
    kinks: &Kinks,
    near: bool,
    words: &'static Vocabulary,
    random: &mut Random,
) -> Option<&'static str> {
    let id = target.nic().nic.as_str();
    let spot = spot(world, id, target.ip(), kinks, words)?;
    let (what, deed) = random.pick(if near { NEAR } else { FAR })?;
    deed(world, &spot, random).then_some(what)
}

pub fn spot<'a>(
    world: &World,
    id: &'a str,
    ip: Option<IpAddr>,
    kinks: &'a Kinks,
    words: &'static Vocabulary,
) -> Option<Spot<'a>> {
    let nic = world.nic(id)?;
    let other = world.nics().iter().find(|other| other.id != nic.id && other.subnet_id == nic.subnet_id);
    let other_instance =
        world.instances().iter().find(|one| Some(&one.id) != nic.instance_id.as_ref() && one.status == words.running);
    Some(Spot {
        nic: id,
        ip,
        instance: nic.instance_id.clone(),
        other: other.map(|other| other.id.clone()),
        other_instance: other_instance.map(|one| one.id.clone()),
        words,
        kinks,
    })
}
