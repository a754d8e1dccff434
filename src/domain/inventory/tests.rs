//! What is remembered by slot against what is found by id, whatever came in which order.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    address::{Address, AddressRole, BackendTarget, EipBinding},
    fault::Fault,
    float::{Float, Pair},
    instance::{Power, PowerState},
    nic::{ManagedBy, NicRole, NicState, NicStatus},
    page::InventoryPage,
};

const REGION: &str = "r";

fn instance(n: u8) -> Instance {
    Instance {
        id: format!("i-{n}").into(),
        name: "".into(),
        region: REGION.into(),
        zone: None,
        kind: None,
        power: Power { word: "Running".into(), state: PowerState::Running },
        guest_agent: None,
        vpc: None,
        load_balancers: None,
        tags: crate::domain::tags::Tags::none(),
    }
}

pub(super) fn nic(n: u8, on: Option<u8>, primary: bool) -> Nic {
    Nic {
        id: format!("n-{n}").into(),
        name: if primary { "main" } else { "" }.into(),
        region: REGION.into(),
        zone: None,
        role: if primary { NicRole::Primary } else { NicRole::Secondary },
        status: NicStatus { word: "InUse".into(), state: NicState::Attached },
        instance: on.map(|on| format!("i-{on}").into()),
        mac: primary.then(|| format!("00:16:3e:00:00:{n:02}").into()),
        vpc: Some("vpc-1".into()),
        subnet: None,
        security_groups: vec![],
        addresses: vec![Address { ip: [10, 0, 0, n].into(), role: AddressRole::Primary }],
        public_ips: on.iter().flat_map(|on| [format!("198.51.100.{on}").into(), "-".into()]).collect(),
        pairs: vec![],
        managed_by: ManagedBy::Nobody,
        linked: None,
        members: None,
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        addresses_known: true,
        ranges: vec![],
        hot_plug: None,
        tags: crate::domain::tags::Tags::none(),
        description: "".into(),
    }
}

fn eip(n: u8, bound: EipBinding) -> Eip {
    let name = "".into();
    Eip {
        dies_unbound: Some(false),
        id: format!("e-{n}").into(),
        region: REGION.into(),
        ips: vec![],
        name,
        status: "InUse".into(),
        bound,
    }
}

fn float(n: u8, peers: &[u8]) -> Float {
    let pair = |peer: &u8| Pair { ip: format!("10.0.0.{peer}").into(), mac: None };
    Float {
        id: format!("f-{n}").into(),
        ip: [10, 0, 1, n].into(),
        name: "".into(),
        region: REGION.into(),
        subnet: None,
        pairs: peers.iter().map(pair).collect(),
        owner: None,
    }
}

fn backend(n: u8, whole: bool) -> Backend {
    let by_address = BackendTarget::Address { ip: [10, 0, 0, n].into(), instance: None, nic: None };
    Backend {
        load_balancer: format!("lb-{n}").into(),
        name: "".into(),
        region: REGION.into(),
        vpc: None,
        range: None,
        target: if whole { BackendTarget::Instance(format!("i-{n}").into()) } else { by_address },
        port: "80".into(),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Instance(u8),
    Nic(u8, Option<u8>, bool),
    EipOnNic(u8, u8),
    EipOnInstance(u8, u8),
    EipFree(u8),
    /// Bound to a virtual address; the cloud may not say that it is one.
    EipOnFloat(u8, u8, bool),
    /// By the address of a NIC, or by an instance as a whole.
    Backend(u8, bool),
    /// A listing of virtual addresses: these, each with the NICs that it is on.
    Floats(Vec<(u8, Vec<u8>)>),
    /// A listing in which only these came again.
    Sweep(Resource, Vec<u8>),
    Gone(u8),
    /// A fresh read of one NIC with these EIPs on it.
    Refresh(u8, Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..5u8;
    let some = || prop::collection::vec(0..5u8, 0..3);
    prop_oneof![
        id.clone().prop_map(Step::Instance),
        (id.clone(), prop::option::of(0..5u8), any::<bool>()).prop_map(|(n, on, primary)| Step::Nic(n, on, primary)),
        (id.clone(), 0..5u8).prop_map(|(n, on)| Step::EipOnNic(n, on)),
        (id.clone(), 0..5u8).prop_map(|(n, on)| Step::EipOnInstance(n, on)),
        id.clone().prop_map(Step::EipFree),
        (id.clone(), 0..5u8, any::<bool>()).prop_map(|(n, on, told)| Step::EipOnFloat(n, on, told)),
        (id.clone(), any::<bool>()).prop_map(|(n, whole)| Step::Backend(n, whole)),
        prop::collection::vec((0..5u8, some()), 0..3).prop_map(Step::Floats),
        (prop::sample::select(vec![Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends]), some())
            .prop_map(|(of, again)| Step::Sweep(of, again)),
        id.clone().prop_map(Step::Gone),
        (id, some()).prop_map(|(n, eips)| Step::Refresh(n, eips)),
    ]
}

fn take(part: &mut ProfileInventory, step: Step) {
    let at = Timestamp(1);
    let on_nic = |n: u8, nic: u8| eip(n, EipBinding::Nic { nic: format!("n-{nic}").into(), private_ip: None });
    let mut page = InventoryPage::default();
    match step {
        Step::Instance(n) => page.instances.push(instance(n)),
        Step::Nic(n, on, primary) => page.nics.push(nic(n, on, primary)),
        Step::EipOnNic(n, on) => page.eips.push(on_nic(n, on)),
        Step::EipOnInstance(n, on) => {
            let instance = format!("i-{on}").into();
            page.eips.push(eip(n, EipBinding::Instance { instance, private_ip: None }));
        }
        Step::Backend(n, whole) => page.backends.push(backend(n, whole)),
        Step::EipFree(n) => page.eips.push(eip(n, EipBinding::Unbound)),
        Step::EipOnFloat(n, on, told) => {
            let (id, ip) = (format!("f-{on}"), [10, 0, 1, on].into());
            let untold = EipBinding::Nic { nic: id.as_str().into(), private_ip: Some(ip) };
            let bound = if told { EipBinding::Float { float: id.as_str().into(), ip } } else { untold };
            page.eips.push(eip(n, bound));
            part.merge(std::mem::take(&mut page), at);
            // Which NICs have it the end of a listing finds.
            part.look_around_floats();
        }
        Step::Floats(all) => {
            let section = (Resource::Floats, Some(RegionId::from(REGION)));
            let sweep = part.begin(section.clone());
            page.floats.extend(all.into_iter().map(|(n, peers)| float(n, &peers)));
            part.merge(std::mem::take(&mut page), at);
            part.complete(&section, sweep, at);
        }
        Step::Sweep(resource, again) => {
            let section = (resource, None);
            let sweep = part.begin(section.clone());
            for n in again {
                match resource {
                    Resource::Instances => page.instances.push(instance(n)),
                    Resource::Nics => page.nics.push(nic(n, Some(n), n % 2 == 0)),
                    Resource::Backends => page.backends.push(backend(n, n % 2 == 0)),
                    _ => page.eips.push(on_nic(n, n)),
                }
            }
            part.merge(std::mem::take(&mut page), at);
            part.complete(&section, sweep, at);
        }
        Step::Gone(n) => {
            part.refresh(&format!("n-{n}").into(), None, at);
        }
        Step::Refresh(n, eips) => {
            let fresh = NicSnapshot {
                nic: nic(n, Some(0), true),
                instance: Some(instance(0)),
                eips: eips.into_iter().map(|e| on_nic(e, n)).collect(),
                backends: vec![],
                eips_known: true,
                backends_known: true,
                floats_known: true,
                floats: vec![],
                instances_known: true,
                read_at: at,
            };
            part.refresh(&fresh.nic.id.clone(), Some(&fresh), at);
        }
    }
    part.merge(page, at);
}

proptest! {
    #[test]
    fn slots_and_ids_tell_the_same(steps in prop::collection::vec(step(), 1..40)) {
        let mut part = ProfileInventory::new("p".into(), "c".into());
        for step in steps {
            take(&mut part, step);
            for (slot, nic) in part.nics() {
                prop_assert_eq!(part.instance_of(slot), nic.instance.as_ref().and_then(|id| part.instance_slot(id)));
                let ids = |eips: &mut dyn Iterator<Item = &Eip>| eips.map(|eip| eip.id.clone()).collect::<Vec<_>>();
                prop_assert_eq!(ids(&mut part.eips_at(slot)), ids(&mut part.eips_of(nic)));
                prop_assert_eq!(part.read_at(slot), part.nic_read_at(&nic.id));
                let seen = part.nic_ref(slot).unwrap();
                prop_assert_eq!((seen.id, seen.name), (nic.id.as_str(), &*nic.name));
                prop_assert_eq!((seen.addresses, seen.whole()), (nic.addresses.as_slice(), Some(nic)));
                prop_assert_eq!(seen.mac(), nic.mac.as_deref());
                prop_assert_eq!((seen.instance(), ids(&mut seen.eips())), (part.instance_of(slot), ids(&mut part.eips_at(slot))));
                let named: Vec<IpAddr> = nic.public_ips.iter().filter_map(|text| text.parse().ok()).collect();
                prop_assert_eq!(seen.publics(), named);
                prop_assert!(seen.may_have_backends() || part.backends_of(nic).next().is_none());
            }
            for (slot, instance) in part.instances() {
                let seen = part.instance_ref(slot).unwrap();
                prop_assert_eq!((seen.id, seen.name, seen.whole()), (instance.id.as_str(), &*instance.name, Some(instance)));
            }
            for slot in (0..8).filter(|&slot| part.instance_at(slot).is_none()) {
                prop_assert!(part.instance_ref(slot).is_none(), "nothing is left");
            }
            for slot in (0..8).filter(|&slot| part.nic_at(slot).is_none()) {
                prop_assert!(part.nic_ref(slot).is_none());
                prop_assert!(part.instance_of(slot).is_none() && part.eips_at(slot).next().is_none(), "nothing is left");
            }
        }
    }
}

#[test]
fn texts_that_come_again_are_kept_once() {
    let mut part = ProfileInventory::new("p".into(), "c".into());
    let page = InventoryPage { nics: vec![nic(1, Some(1), true), nic(2, Some(1), false)], ..InventoryPage::default() };
    part.merge(page, Timestamp(1));
    part.merge(InventoryPage { instances: vec![instance(1)], ..InventoryPage::default() }, Timestamp(1));
    let same = |a: &str, b: &str| std::ptr::eq(a.as_ptr(), b.as_ptr());
    let nics: Vec<&Nic> = part.nics().map(|(_, nic)| nic).collect();
    assert!(same(nics[0].region.as_str(), nics[1].region.as_str()));
    assert!(same(nics[0].vpc.as_deref().unwrap(), nics[1].vpc.as_deref().unwrap()));
    let (_, instance) = part.instances().next().unwrap();
    assert!(same(nics[0].instance.as_ref().unwrap().as_str(), instance.id.as_str()));
}

/// What a read of one NIC told and what the listing told: the newer one counts, for better and for worse.
#[test]
fn the_newer_of_a_listing_and_a_read_tells_what_is_known() {
    let mut part = ProfileInventory::new("p".into(), "c".into());
    let (mine, other) = (nic(1, Some(1), true), nic(2, Some(1), false));
    let page = InventoryPage {
        nics: vec![mine.clone(), other.clone()],
        instances: vec![instance(1)],
        eips: vec![eip(1, EipBinding::Nic { nic: mine.id.clone(), private_ip: None })],
        ..InventoryPage::default()
    };
    let list = |part: &mut ProfileInventory, resource, at: i64| {
        let section = (resource, Some(RegionId::from(REGION)));
        let sweep = part.begin(section.clone());
        part.merge(page.clone(), Timestamp(at));
        part.complete(&section, sweep, Timestamp(at));
    };
    let fail = |part: &mut ProfileInventory, resource, at: i64| {
        let section = (resource, Some(RegionId::from(REGION)));
        part.begin(section.clone());
        part.fail(&section, Fault::local(crate::domain::fault::FaultKind::Server, "x", "y"), Timestamp(at));
    };
    for resource in [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends] {
        list(&mut part, resource, 1);
    }
    let whole = part.snapshot(&mine.id).unwrap();
    assert_eq!((whole.eips.len(), whole.eips_known, whole.instances_known), (1, true, true));

    // A read that failed around the NIC: for this NIC nothing is known, and what is shown keeps its age.
    let failed =
        NicSnapshot { eips: vec![], eips_known: false, instance: None, instances_known: false, ..whole.clone() };
    part.refresh(&mine.id, Some(&NicSnapshot { read_at: Timestamp(2), ..failed }), Timestamp(2));
    let now = part.snapshot(&mine.id).unwrap();
    assert_eq!((now.eips.len(), now.eips_known, now.backends_known), (1, false, true));
    assert_eq!((now.instance, now.instances_known), (None, false), "an instance that could not be read has no state");
    assert_eq!(part.known(Resource::Eips, &mine), (false, Some(Timestamp(1))));
    assert_eq!(part.known(Resource::Backends, &mine), (true, Some(Timestamp(2))));
    assert_eq!(part.known(Resource::Eips, &other), (true, Some(Timestamp(1))));
    assert!(part.instance(&InstanceId::from("i-1")).is_some(), "it is still shown");

    // A listing since then knows; and a read since a listing that failed does.
    list(&mut part, Resource::Eips, 3);
    assert_eq!(part.known(Resource::Eips, &mine), (true, Some(Timestamp(3))));
    assert!(!part.snapshot(&mine.id).unwrap().instances_known, "a section of its own");
    fail(&mut part, Resource::Eips, 4);
    part.refresh(&mine.id, Some(&NicSnapshot { read_at: Timestamp(5), ..whole.clone() }), Timestamp(5));
    assert_eq!(part.known(Resource::Eips, &mine), (true, Some(Timestamp(5))));
    assert_eq!(part.known(Resource::Eips, &other), (false, Some(Timestamp(3))));
    fail(&mut part, Resource::Eips, 6);
    assert!(!part.known(Resource::Eips, &mine).0);

    // A NIC that is gone leaves nothing behind.
    part.refresh(&mine.id, Some(&whole), Timestamp(7));
    part.refresh(&mine.id, None, Timestamp(8));
    part.merge(InventoryPage { nics: vec![mine.clone()], ..InventoryPage::default() }, Timestamp(9));
    assert!(!part.known(Resource::Eips, &mine).0);
}

/// What a listing brought while the NIC was being read is not taken out by that read.
#[test]
fn a_read_removes_only_what_is_older_than_it() {
    let bound = |n: u8| eip(n, EipBinding::Nic { nic: "n-1".into(), private_ip: None });
    let backend = |lb: &str| Backend { load_balancer: lb.into(), ..backend(1, false) };
    let mut part = ProfileInventory::new("p".into(), "c".into());
    let page = |eip: Eip, backend: Backend| InventoryPage {
        nics: vec![nic(1, None, false)],
        eips: vec![eip],
        backends: vec![backend],
        ..InventoryPage::default()
    };
    part.merge(page(bound(1), backend("lb-1")), Timestamp(1));
    part.merge(page(bound(2), backend("lb-2")), Timestamp(3));
    let seen = part.snapshot(&"n-1".into()).unwrap();
    let fresh = NicSnapshot {
        eips: vec![],
        backends: vec![],
        eips_known: true,
        backends_known: true,
        read_at: Timestamp(2),
        ..seen
    };
    part.refresh(&"n-1".into(), Some(&fresh), Timestamp(4));
    let now = part.snapshot(&"n-1".into()).unwrap();
    assert_eq!(now.eips, [bound(2)]);
    assert_eq!(now.backends, [backend("lb-2")]);
}
