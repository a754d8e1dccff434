//! Hand-made clouds and worlds for the rules' tests: one that refuses, one that warns.

mod ages;
mod conditions;
mod plans;
mod safety;
mod undo;
mod write;

use std::net::IpAddr;

use proptest::prelude::*;

use crate::domain::{
    address::{Address, AddressRole, Backend, BackendTarget, Eip, EipBinding},
    capabilities::{Capabilities, Condition, Precondition, TellCalls},
    finding::Severity,
    float::{Float, Pair},
    ids::RegionId,
    instance::{Instance, Power, PowerState},
    inventory::Inventory,
    nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
    page::{InventoryPage, Resource},
    plan::Calls,
    snapshot::NicSnapshot,
    time::Timestamp,
};

pub const REGION: &str = "east-1";
pub const READ: Timestamp = Timestamp(5_000);

const fn rule(condition: Condition, severity: Severity) -> Precondition {
    let code = if matches!(severity, Severity::Blocked) { Some("REFUSED") } else { None };
    Precondition::new(condition, severity, code)
}

const RUNNING: Condition = Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: false };
const STEADY: Condition = Condition::NicState { allowed: &[NicState::Free, NicState::Attached] };

/// Refuses for EIPs on any address, for backends, and detaches only from what runs.
pub const STRICT: Capabilities = Capabilities {
    regional: true,
    release_batch: 3,
    release_by_type: None,
    release_whole: false,
    releasable: &[AddressRole::Secondary],
    release: &[
        rule(Condition::NotBackend, Severity::Blocked),
        rule(Condition::NotPrimaryIp, Severity::Blocked),
        rule(Condition::NotIpv6, Severity::Blocked),
        rule(STEADY, Severity::Blocked),
        rule(Condition::NoEipOnAddress, Severity::Blocked),
        rule(Condition::NoEipOnNic, Severity::Blocked),
        rule(Condition::InstanceNotBackend, Severity::Warn),
        rule(Condition::SecondaryStays, Severity::Warn),
        rule(Condition::GuestKeepsConfig, Severity::Info),
    ],
    detach: &[
        rule(RUNNING, Severity::Blocked),
        rule(Condition::NicState { allowed: &[NicState::Attached] }, Severity::Blocked),
        rule(Condition::NotPrimaryNic, Severity::Blocked),
        rule(Condition::NotBackend, Severity::Blocked),
        rule(Condition::GuestAgentRuns, Severity::Warn),
        rule(Condition::NoEipOnNic, Severity::Warn),
        rule(Condition::AddressesLeave, Severity::Info),
    ],
    assign: &[],
    attach: &[],
    bind_eip: &[],
    delete: &[],
    calls: TellCalls(|kind, _| Calls::one(kind.act().as_str())),
    detach_polls: true,
    limits_per_call: None,
    in_flight: 4,
};

/// Releases whatever it is asked to, and says nothing; only services' NICs and states are refused.
pub const LENIENT: Capabilities = Capabilities {
    release_batch: 10,
    release_whole: false,
    releasable: &[AddressRole::Secondary, AddressRole::Virtual],
    release: &[
        rule(Condition::NotPrimaryIp, Severity::Blocked),
        rule(Condition::NotIpv6, Severity::Blocked),
        rule(Condition::PlainNic, Severity::Blocked),
        rule(Condition::NotManaged, Severity::Blocked),
        rule(STEADY, Severity::Blocked),
        rule(
            Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: true },
            Severity::Blocked,
        ),
        rule(Condition::NoEipOnAddress, Severity::Warn),
        rule(Condition::NotBackend, Severity::Warn),
        rule(Condition::SecondaryStays, Severity::Warn),
        rule(Condition::GuestKeepsConfig, Severity::Info),
    ],
    detach: &[
        rule(Condition::NotPrimaryNic, Severity::Blocked),
        rule(Condition::PlainNic, Severity::Blocked),
        rule(Condition::NotManaged, Severity::Blocked),
        rule(Condition::NicState { allowed: &[NicState::Attached] }, Severity::Blocked),
        rule(Condition::NotLinked, Severity::Blocked),
        rule(Condition::HotPlug, Severity::Blocked),
        rule(Condition::NoEipOnNic, Severity::Warn),
        rule(Condition::NotBackend, Severity::Warn),
        rule(Condition::AddressesLeave, Severity::Info),
    ],
    ..STRICT
};

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A secondary NIC on a running instance with four addresses, everything read and nothing in the way.
pub fn snapshot() -> NicSnapshot {
    let address = |text, role| Address { ip: ip(text), role };
    NicSnapshot {
        nic: Nic {
            id: "nic-1".into(),
            name: "web-1".into(),
            region: REGION.into(),
            zone: None,
            role: NicRole::Secondary,
            status: NicStatus { word: "USED".into(), state: NicState::Attached },
            instance: Some("vm-1".into()),
            mac: None,
            vpc: Some("vpc-1".into()),
            subnet: None,
            security_groups: Vec::new(),
            addresses: vec![
                address("10.0.0.1", AddressRole::Primary),
                address("10.0.0.2", AddressRole::Secondary),
                address("10.0.0.3", AddressRole::Secondary),
                address("2001:db8::1", AddressRole::Ipv6),
            ],
            public_ips: Vec::new(),
            pairs: vec![],
            managed_by: ManagedBy::Nobody,
            linked: Some(false),
            members: Some(false),
            prefixes: Vec::new(),
            dies_with_detach: None,
            dies_with_instance: None,
            addresses_known: true,
            ranges: vec![],
            hot_plug: Some(true),
            tags: crate::domain::tags::Tags::none(),
            description: "".into(),
        },
        instance: Some(instance("vm-1", PowerState::Running)),
        eips: Vec::new(),
        backends: Vec::new(),
        eips_known: true,
        backends_known: true,
        floats_known: true,
        floats: vec![],
        instances_known: true,
        read_at: READ,
    }
}

pub fn virtual_address(id: &str, address: &str, peers: &[&str]) -> Float {
    Float {
        id: id.into(),
        ip: ip(address),
        name: "".into(),
        region: REGION.into(),
        subnet: None,
        pairs: peers.iter().map(|&peer| Pair { ip: peer.into(), mac: None }).collect(),
        owner: None,
    }
}

pub fn instance(id: &str, state: PowerState) -> Instance {
    Instance {
        id: id.into(),
        name: "web".into(),
        region: REGION.into(),
        zone: None,
        kind: None,
        power: Power { word: format!("{state:?}").to_uppercase().into(), state },
        guest_agent: Some(true),
        vpc: None,
        load_balancers: Some(Vec::new()),
        tags: crate::domain::tags::Tags::none(),
    }
}

pub fn eip(id: &str, nic: &str, private: Option<&str>) -> Eip {
    Eip {
        dies_unbound: Some(false),
        id: id.into(),
        region: REGION.into(),
        ips: vec![ip("203.0.113.7")],
        name: "".into(),
        status: "BINDED".into(),
        bound: EipBinding::Nic { nic: nic.into(), private_ip: private.map(ip) },
    }
}

pub fn backend(balancer: &str, address: &str) -> Backend {
    Backend {
        load_balancer: balancer.into(),
        name: "shop".into(),
        region: REGION.into(),
        vpc: None,
        range: None,
        target: BackendTarget::Address { ip: ip(address), instance: None, nic: None },
        port: "80".into(),
    }
}

/// Dice for random worlds: a few bytes that decide everything.
pub fn dice() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 16..200)
}

pub struct Dice<'a>(pub std::iter::Cycle<std::slice::Iter<'a, u8>>, pub usize);

impl Dice<'_> {
    pub fn of(bytes: &[u8]) -> Dice<'_> {
        Dice(bytes.iter().cycle(), 0)
    }

    /// A number below `sides`. Mixes in how often it was thrown, so that few bytes do not repeat themselves.
    pub fn throw(&mut self, sides: usize) -> usize {
        self.1 += 1;
        (usize::from(*self.0.next().unwrap()) + self.1 * 7) % sides
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.throw(of.len())].clone()
    }
}

/// Any NIC there can be, more often a harmless one.
pub fn random_snapshot(dice: &mut Dice, number: usize) -> NicSnapshot {
    let mut snapshot = snapshot();
    let nic = &mut snapshot.nic;
    nic.id = format!("nic-{number}").into();
    let roles = [AddressRole::Secondary, AddressRole::Secondary, AddressRole::Virtual, AddressRole::Ipv6];
    nic.addresses.truncate(1);
    nic.addresses[0].ip = IpAddr::from([10, 0, u8::try_from(number).unwrap(), 1]);
    for n in 0..dice.throw(9) {
        let role = dice.pick(&roles);
        let last = u8::try_from(n + 2).unwrap();
        let address: IpAddr = match role {
            AddressRole::Ipv6 => ip(&format!("2001:db8:{number}::{n}")),
            _ => IpAddr::from([10, 0, u8::try_from(number).unwrap(), last]),
        };
        nic.addresses.push(Address { ip: address, role });
    }
    if dice.throw(3) == 0 {
        nic.role = dice.pick(&[NicRole::Primary, NicRole::Other("Trunk".into())]);
    }
    if dice.throw(4) == 0 {
        nic.status.state = dice.pick(&[NicState::Free, NicState::Detaching, NicState::Other]);
        nic.status.word = format!("{:?}", nic.status.state).into();
    }
    if dice.throw(4) == 0 {
        nic.managed_by =
            dice.pick(&[ManagedBy::Service("nat".into()), ManagedBy::Controller("cni".into()), ManagedBy::Unknown]);
    }
    if dice.throw(4) == 0 {
        nic.linked = dice.pick(&[None, Some(true)]);
        nic.hot_plug = dice.pick(&[None, Some(false)]);
    }
    if dice.throw(6) == 0 {
        nic.public_ips = vec!["203.0.113.7".into()];
    }
    let vm = format!("vm-{number}");
    nic.instance = (dice.throw(5) > 0).then(|| vm.as_str().into());
    let addresses: Vec<String> = nic.addresses.iter().map(|address| address.ip.to_string()).collect();
    for n in 0..dice.throw(4) / 2 {
        let private = (dice.throw(3) > 0).then(|| dice.pick(&addresses));
        snapshot.eips.push(eip(&format!("eip-{number}-{n}"), &format!("nic-{number}"), private.as_deref()));
    }
    for n in 0..dice.throw(4) / 2 {
        snapshot.backends.push(backend(&format!("lb-{n}"), &dice.pick(&addresses)));
    }
    snapshot.instance = snapshot.nic.instance.as_ref().filter(|_| dice.throw(5) > 0).map(|id| {
        let state = [PowerState::Running, PowerState::Running, PowerState::Stopped, PowerState::Other];
        let mut instance = instance(id.as_str(), dice.pick(&state));
        instance.guest_agent = dice.pick(&[Some(true), Some(true), Some(false), None]);
        if dice.throw(4) == 0 {
            instance.load_balancers = Some(vec![dice.pick(&["lb-0", "lb-9"]).into()]);
        }
        instance
    });
    snapshot.eips_known = dice.throw(5) > 0;
    snapshot.backends_known = dice.throw(5) > 0;
    snapshot
}

/// An inventory of two profiles, one of each cloud, with these NICs dealt out to them.
pub fn inventory(snapshots: &[NicSnapshot]) -> Inventory {
    let mut inventory = Inventory::new([("strict-1".into(), "strict".into()), ("lenient-1".into(), "lenient".into())]);
    for (place, profile) in ["strict-1", "lenient-1"].into_iter().enumerate() {
        let part = inventory.profile_mut(&profile.into()).unwrap();
        let mut page = InventoryPage::default();
        for snapshot in snapshots.iter().skip(place).step_by(2) {
            page.nics.push(snapshot.nic.clone());
            page.instances.extend(snapshot.instance.clone());
            page.eips.extend(snapshot.eips.clone());
            page.backends.extend(snapshot.backends.clone());
        }
        part.merge(page, READ);
        let known = |resource| {
            snapshots.iter().skip(place).step_by(2).all(|snapshot| match resource {
                Resource::Eips => snapshot.eips_known,
                Resource::Backends => snapshot.backends_known,
                _ => true,
            })
        };
        for resource in [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends] {
            if known(resource) {
                part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
            }
        }
    }
    inventory
}
