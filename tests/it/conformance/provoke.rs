//! Makes the vendor refuse: what somebody else would do to the world so that a precondition does not hold any more.

use std::net::IpAddr;

use nicdeck::{
    domain::{capabilities::Condition, instance::PowerState, nic::NicState},
    sim::{
        dialect::Vocabulary,
        world::{SimEip, World},
    },
};

/// The target of a write, and the words of its cloud.
#[derive(Clone)]
pub struct Victim {
    pub nic: String,
    /// The address to be released; `None` for a detach.
    pub ip: Option<IpAddr>,
    pub words: &'static Vocabulary,
}

fn eip(world: &World) -> SimEip {
    let id = (world_ids(world))("eip");
    SimEip {
        id,
        ip: "198.19.255.7".parse().unwrap(),
        name: String::new(),
        is_default: false,
        dies_unbound: false,
        region: String::new(),
    }
}

/// Ids in the form of the world's own: an existing one with its last characters changed.
fn world_ids(world: &World) -> impl Fn(&str) -> String {
    let known = world.eips().next().map(|view| view.eip.id.clone()).unwrap_or_default();
    move |_| {
        let mut id = known.clone();
        id.replace_range(id.len() - 3.., "777");
        id
    }
}

/// Rules of releases and detaches that nothing here breaks, since no change of the world between a read and a write does: they are
/// about what the planner never sends, or tell what follows. The oracle holds each of them against what the clouds do.
pub fn is_the_oracles(condition: Condition) -> bool {
    matches!(
        condition,
        Condition::NotIpv6
            | Condition::NotVirtual
            | Condition::SecondaryStays
            | Condition::AddressesLeave
            | Condition::OutlivesDetach
            | Condition::OutlivesInstance
            | Condition::GuestKeepsConfig
            | Condition::NoDefaultRoute
            | Condition::VirtualStays
            | Condition::InstanceAtRest
            // Which types those are no listing tells, before or after.
            | Condition::TypeHotPlugs
            | Condition::InstanceNotBackend
            // Who else holds it does not matter to the cloud, and a write of the same plan may change it.
            | Condition::VirtualShared
            | Condition::AnyAddressStays
            | Condition::VirtualNotManaged
    )
}

/// Is it broken by the target's being gone, so that there is nothing left to do?
pub fn is_of_what_is_there(condition: Condition) -> bool {
    match condition {
        Condition::NicExists | Condition::OnNic => true,
        // One that must be on an instance, in whatever state.
        Condition::NicState { allowed } => allowed.contains(&NicState::Attaching),
        _ => false,
    }
}

impl Victim {
    /// Can this be brought about on this very target?
    pub fn can(&self, condition: Condition, world: &World) -> bool {
        let nic = world.nic(&self.nic).expect("there");
        match condition {
            Condition::InstanceState { primary_nic_only, .. } => !primary_nic_only || nic.primary,
            // A primary NIC goes with it.
            Condition::InstanceExists => !nic.primary && nic.instance_id.is_some(),
            _ => !is_the_oracles(condition),
        }
    }

    /// Breaks the condition.
    pub fn provoke(&self, condition: Condition, world: &mut World) {
        let (ip, words) = (self.ip, self.words);
        let instance = world.nic(&self.nic).and_then(|nic| nic.instance_id.clone());
        let eip = eip(world);
        let balancer = world.load_balancers().next().expect("a balancer").id.clone();
        let on = |world: &mut World, change: &dyn Fn(&mut nicdeck::sim::world::SimNic)| {
            world.edit_nic(&self.nic, change).expect("the NIC");
        };
        match condition {
            Condition::NotPrimaryIp => on(world, &|nic| {
                nic.addresses.iter_mut().for_each(|address| address.primary = Some(address.ip) == ip);
            }),
            Condition::NoEipOnAddress | Condition::NoEipOnNic => on(world, &|nic| {
                let place = nic.addresses.iter().position(|address| Some(address.ip) == ip).unwrap_or(0);
                // Another address of the NIC where the condition is about the whole NIC.
                let place = match condition {
                    Condition::NoEipOnNic if ip.is_some() => usize::from(place == 0),
                    _ => place,
                };
                nic.addresses[place].eip = Some(eip.clone());
            }),
            Condition::NotBackend => on(world, &|nic| {
                let place = nic.addresses.iter().position(|address| Some(address.ip) == ip).unwrap_or(0);
                nic.addresses[place].lb = Some(balancer.clone());
            }),
            Condition::NicExists => {
                world.remove_nic(&self.nic).expect("the NIC");
            }
            Condition::OnNic => assert_eq!(world.release(&self.nic, &[ip.expect("an address")]), 1),
            Condition::NicState { .. } if is_of_what_is_there(condition) => on(world, &|nic| {
                nic.instance_id = None;
                words.free.clone_into(&mut nic.status);
            }),
            Condition::NicState { .. } => on(world, &|nic| words.attaching.clone_into(&mut nic.status)),
            // What else is held against an instance, where it is told apart from its state.
            Condition::InstanceState { allowed, .. } if allowed.contains(&PowerState::Changing) => {
                let locks = !allowed.contains(&PowerState::Locked);
                let id = instance.expect("attached");
                let held = world.edit_instance(&id, |instance| (instance.locked, instance.frozen) = (locks, !locks));
                held.expect("the instance");
            }
            Condition::InstanceState { .. } => {
                let state = words.instance_transient[0];
                let id = instance.expect("attached");
                world.edit_instance(&id, |instance| state.clone_into(&mut instance.status)).expect("the instance");
            }
            Condition::InstanceExists => {
                world.remove_instance(&instance.expect("attached")).expect("the instance");
            }
            Condition::NotPrimaryNic => on(world, &|nic| nic.primary = true),
            Condition::PlainNic => on(world, &|nic| "Member".clone_into(&mut nic.kind)),
            Condition::NotManaged => on(world, &|nic| {
                nic.service_managed = !words.service_nics.is_empty();
                if words.provider == "tencent" {
                    // The older generation of its API shows nothing else.
                    "made by tke".clone_into(&mut nic.description);
                }
                // Where the cloud has no such NICs of its own, a controller's is what a person is warned of.
                nic.tags.extend(words.controller_tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
            }),
            Condition::NoVirtualIp => on(world, &|nic| {
                let mut address = nic.addresses[0].clone();
                (address.primary, address.floating, address.eip, address.lb) = (false, true, None, None);
                address.ip = match address.ip {
                    IpAddr::V4(ip) => IpAddr::V4((u32::from(ip) | 0xf9).into()),
                    v6 @ IpAddr::V6(_) => v6,
                };
                nic.addresses.push(address);
            }),
            Condition::NotLinked | Condition::CarriesNone => on(world, &|nic| nic.linked = true),
            Condition::NoMembers => on(world, &|nic| {
                "Trunk".clone_into(&mut nic.kind);
                nic.linked = true;
            }),
            Condition::HotPlug => on(world, &|nic| nic.cold_plug_only = true),
            Condition::GuestAgentRuns => {
                let id = instance.expect("attached");
                world.edit_instance(&id, |instance| instance.agent = false).expect("the instance");
            }
            // Of other writes, or left to the oracle.
            other => unreachable!("{other:?}"),
        }
    }
}
