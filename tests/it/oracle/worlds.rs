//! Worlds from a seed, with every odd state that a cloud can show and a world can hold.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use nicdeck::{
    providers::provider::Provider,
    sim::{
        dialect::{ObjectKind, Vocabulary},
        generate::{Plan, generate},
        random::Random,
        world::{SimAddress, SimEip, SimFloat, SimNic, SimPair, World},
    },
};

/// What the clouds' tables have at most: NICs of an instance of no known type, and addresses of a NIC.
const MOST_NICS: usize = 8;
const MOST_ADDRESSES: usize = 30;

/// Stands for any address in a list of allowed ones.
const ANY: &str = "1.1.1.1/0";

/// What a cloud (or a generation of its API) can show, and the words for it.
pub struct Kinks {
    /// States of a NIC that are neither at rest nor the vocabulary's; the last one is no word of the vendor's.
    pub nic_states: &'static [&'static str],
    /// The same of instances.
    pub instance_states: &'static [&'static str],
    /// Kinds of NICs besides plain ones.
    pub nic_kinds: &'static [&'static str],
    /// Other NICs can hang on one.
    pub links: bool,
    /// NICs have ranges of addresses, too.
    pub prefixes: bool,
    /// Some NICs can be unplugged only while the instance is stopped, and the cloud shows which.
    pub cold_plug: bool,
    /// Some types of instances neither take nor give NICs while they run, and nothing shows which.
    pub cold_types: bool,
    /// Instances are locked, frozen, or at a task that is told beside their state.
    pub holds: bool,
    /// A detach can delete the NIC.
    pub deletes: bool,
    /// Some EIPs die unbound.
    pub dying_eips: bool,
    /// It shows IPv6 addresses, and tags of NICs.
    pub ipv6: bool,
    pub tags: bool,
    /// Virtual addresses are bound by lists on both sides, and services own some.
    pub pairs: bool,
    /// It shows neither whether a NIC is at rest nor whose it is.
    pub hides: bool,
}

pub fn kinks(cloud: &str, api: &str) -> Kinks {
    const NONE: Kinks = Kinks {
        nic_states: &[],
        instance_states: &[],
        nic_kinds: &[],
        links: false,
        prefixes: false,
        cold_plug: false,
        cold_types: false,
        holds: false,
        deletes: false,
        dying_eips: false,
        ipv6: true,
        tags: true,
        pairs: false,
        hides: false,
    };
    match (cloud, api) {
        ("aliyun", _) => Kinks {
            nic_states: &["Creating", "Deleting", "CreateFailed", "Linking"],
            instance_states: &["Expired", "Hibernated"],
            nic_kinds: &["Trunk", "Member"],
            links: true,
            prefixes: true,
            cold_plug: true,
            cold_types: true,
            ..NONE
        },
        ("zenlayer", _) => Kinks {
            nic_states: &["PENDING", "DELETING", "CREATE_FAILED", "DREAMING"],
            instance_states: &["RECYCLE", "CREATE_FAILED", "REINSTALL_FAILED"],
            nic_kinds: &["Exclusive"],
            ..NONE
        },
        ("tencent", "") => Kinks {
            nic_states: &["PENDING", "DELETING", "MIGRATING", "DREAMING"],
            instance_states: &["SHUTDOWN", "RESCUE_MODE", "DREAMING"],
            dying_eips: true,
            ..NONE
        },
        // The same worlds; it does not show as much of them.
        ("tencent", _) => Kinks {
            nic_states: &["PENDING", "DELETING"],
            instance_states: &["SHUTDOWN", "RESCUE_MODE", "DREAMING"],
            dying_eips: true,
            ipv6: false,
            tags: false,
            hides: true,
            ..NONE
        },
        ("huawei", _) => Kinks {
            nic_states: &["ERROR", "DREAMING"],
            instance_states: &["SOFT_DELETED", "SHELVED", "ERROR"],
            nic_kinds: &["Untold"],
            links: true,
            cold_types: true,
            holds: true,
            deletes: true,
            tags: false,
            pairs: true,
            ..NONE
        },
        other => panic!("{other:?} has no row here"),
    }
}

struct Maker<'a> {
    words: &'static Vocabulary,
    kinks: &'a Kinks,
    random: Random,
    eips: u32,
}

/// The world of a seed.
pub fn world(cloud: &dyn Provider, kinks: &Kinks, seed: u64) -> World {
    let words = cloud.dialect().vocabulary();
    let mut random = Random::named(seed, "oracle");
    let instances = usize::try_from(random.between(2, 7)).unwrap();
    let mut world = generate(words, Plan::of(instances, seed));
    Maker { words, kinks, random, eips: 0 }.make_odd(&mut world);
    // Some are gone, and their other NICs go on naming them. The first one is well.
    let mut random = Random::named(seed, "gone");
    let ids: Vec<String> = world.instances().iter().skip(1).map(|instance| instance.id.clone()).collect();
    for id in ids.iter().filter(|_| random.chance(1, 8)) {
        world.remove_instance(id);
    }
    if kinks.cold_types {
        make_cold(&mut world, words.provider, seed);
    }
    world
}

/// One type of instances neither takes nor gives NICs while it runs: where the simulator does not know it by the type, by the NICs.
fn make_cold(world: &mut World, provider: &str, seed: u64) {
    let mut random = Random::named(seed, "cold");
    if provider == "aliyun" {
        let kinds: Vec<String> = world.instances().iter().map(|instance| instance.kind.clone()).collect();
        if let Some(kind) = random.pick(&kinds).filter(|_| random.chance(1, 3)) {
            world.refusals.insert(kind.clone(), "InvalidOperation.HotPlugNotSupport".to_owned());
        }
        return;
    }
    let ids: Vec<String> = world.nics().iter().map(|nic| nic.id.clone()).collect();
    for id in ids.iter().filter(|_| random.chance(1, 8)) {
        world.edit_nic(id, |nic| nic.cold_plug_only = true);
    }
}

impl Maker<'_> {
    fn one_in(&mut self, whole: u64) -> bool {
        self.random.chance(1, whole)
    }

    fn place(&mut self, nic: &SimNic) -> usize {
        usize::try_from(self.random.below(nic.addresses.len() as u64)).unwrap()
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.random.pick(words).copied().unwrap_or_default()
    }

    fn make_odd(&mut self, world: &mut World) {
        let mut instances: Vec<String> = world.instances().iter().map(|instance| instance.id.clone()).collect();
        // One is well: what is tried on NICs that are on none names it.
        let well = instances.remove(0);
        world.edit_instance(&well, |instance| {
            self.words.running.clone_into(&mut instance.status);
            instance.agent = true;
        });
        for id in instances {
            let state = match self.random.below(24) {
                0 | 1 => self.words.stopped,
                2 | 3 => self.word(self.words.instance_transient),
                4 | 5 => self.word(self.kinks.instance_states),
                _ => "",
            };
            let agent = self.words.agent && self.one_in(5);
            let hold = if self.kinks.holds { self.random.below(12) } else { u64::MAX };
            world.edit_instance(&id, |instance| {
                if !state.is_empty() {
                    state.clone_into(&mut instance.status);
                }
                instance.agent &= !agent;
                instance.locked |= hold == 0;
                instance.frozen |= hold == 1;
                if hold == 2 {
                    "powering-off".clone_into(&mut instance.task);
                }
            });
        }
        if self.words.provider != "zenlayer" && self.one_in(2) {
            self.move_away(world);
        }
        if self.words.secondaries && self.one_in(4) {
            self.crowd(world);
        }
        let ids: Vec<String> = world.nics().iter().map(|nic| nic.id.clone()).collect();
        for id in &ids {
            self.nic(world, id);
        }
        if self.words.floating {
            for id in &ids {
                self.floats(world, id);
            }
        }
        if self.kinks.pairs {
            for id in world.floats().iter().map(|float| float.id.clone()).collect::<Vec<_>>() {
                if self.one_in(9) {
                    let float = world.float(&id).expect("there").clone();
                    world.remove_float(&id);
                    world.put_float(SimFloat { service_managed: true, eip: None, ..float });
                }
            }
        }
    }

    /// An instance with as many NICs as one takes, and a free NIC with nearly as many addresses as one takes.
    fn crowd(&mut self, world: &mut World) {
        let sample = world.nics()[0].clone();
        let Some(IpAddr::V4(own)) = sample.primary_ip() else { return };
        let taken = |ip: &IpAddr| world.nics().iter().any(|nic| nic.address(*ip).is_some());
        let hosts = (100..160).map(|host| IpAddr::V4(((u32::from(own) & !0xFF) | host).into()));
        let mut hosts: Vec<IpAddr> = hosts.filter(|ip| !taken(ip)).collect();
        let bare = |ip, primary| SimAddress { ip, primary, floating: false, eip: None, lb: None };
        let mut put = |world: &mut World, nic: SimNic| {
            let id = (self.words.id)(ObjectKind::Nic, self.random.draw());
            let mac = sample.mac.replace("fa:16", "fa:17");
            world.put_nic(SimNic { id, mac, primary: false, ipv6: Vec::new(), tags: BTreeMap::default(), ..nic });
        };
        let there = sample.instance_id.as_deref().map_or(0, |id| world.nics_of(id).count());
        for _ in there..MOST_NICS {
            let Some(ip) = hosts.pop() else { return };
            put(world, SimNic { addresses: vec![bare(ip, true)], ..sample.clone() });
        }
        let many = hosts.split_off(hosts.len().saturating_sub(MOST_ADDRESSES - 2));
        let addresses = many.into_iter().enumerate().map(|(place, ip)| bare(ip, place == 0)).collect();
        put(world, SimNic { addresses, instance_id: None, status: self.words.free.to_owned(), ..sample.clone() });
    }

    /// One instance with its NICs is in a subnet of its own, and maybe in a VPC of its own.
    fn move_away(&mut self, world: &mut World) {
        let Some(last) = world.instances().last().map(|instance| instance.id.clone()) else { return };
        if self.kinks.pairs {
            // They are bound in the subnet that it leaves.
            let nics: Vec<SimNic> = world.nics_of(&last).cloned().collect();
            for nic in nics {
                let floating = nic.addresses.iter().filter(|address| address.floating);
                world.release(&nic.id, &floating.map(|address| address.ip).collect::<Vec<_>>());
            }
        }
        let mut vpc = (self.words.id)(ObjectKind::Vpc, self.random.draw());
        if self.one_in(2) && self.words.provider != "huawei" {
            vpc = world.instances().last().map(|instance| instance.vpc_id.clone()).unwrap_or(vpc);
            // One that could be put on another instance, if that were in the same zone.
            let free = world.nics_of(&last).find(|nic| !nic.primary).map(|nic| nic.id.clone());
            let status = self.words.free;
            free.and_then(|id| {
                world.edit_nic(&id, |nic| {
                    nic.instance_id = None;
                    status.clone_into(&mut nic.status);
                    nic.subnet_id.push('9');
                    nic.addresses.iter_mut().for_each(|address| address.lb = None);
                })
            });
        }
        let nics: Vec<String> = world.nics_of(&last).map(|nic| nic.id.clone()).collect();
        for nic in nics {
            world.edit_nic(&nic, |nic| {
                nic.vpc_id.clone_from(&vpc);
                nic.subnet_id.push('9');
                nic.addresses.iter_mut().for_each(|address| address.lb = None);
            });
        }
        world.edit_instance(&last, |instance| instance.vpc_id = vpc);
    }

    fn nic(&mut self, world: &mut World, id: &str) {
        let nic = world.nic(id).expect("there").clone();
        if !nic.primary && self.one_in(8) {
            world.edit_nic(id, |nic| {
                nic.instance_id = None;
                self.words.free.clone_into(&mut nic.status);
            });
        }
        let state = match self.random.below(30) {
            0 => self.words.attaching,
            1 => self.words.detaching,
            2 | 3 => self.word(self.kinks.nic_states),
            _ => "",
        };
        if !state.is_empty() {
            world.edit_nic(id, |nic| state.clone_into(&mut nic.status));
        }
        if self.kinks.hides && !self.one_in(3) {
            // What is not shown can not be predicted: there is less of it.
            world.edit_nic(id, |nic| {
                nic.service_managed = false;
                nic.description.clear();
                let rest = if nic.instance_id.is_some() { self.words.attached } else { self.words.free };
                rest.clone_into(&mut nic.status);
            });
        }
        if self.one_in(5) {
            let (place, eip) = (self.place(&nic), self.eip());
            world.edit_nic(id, |nic| {
                nic.addresses[place].eip.get_or_insert(eip);
            });
        }
        if self.one_in(5) {
            let (place, lb) = (self.place(&nic), (self.words.id)(ObjectKind::LoadBalancer, self.random.draw()));
            // Vendor (Tencent): a balancer sends to instances and to NICs' own addresses.
            let place = if self.kinks.pairs || !nic.addresses[place].floating { place } else { 0 };
            world.edit_nic(id, |nic| {
                nic.addresses[place].lb.get_or_insert(lb);
            });
        }
        if self.one_in(10) && self.kinks.tags {
            let tags = self.words.controller_tags.iter();
            let tags: Vec<_> = tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            world.edit_nic(id, |nic| nic.tags.extend(tags));
        }
        if !nic.primary && self.one_in(if self.kinks.hides { 40 } else { 14 }) && !self.words.service_nics.is_empty() {
            let who = self.word(self.words.service_nics);
            world.edit_nic(id, |nic| {
                nic.service_managed = true;
                who.clone_into(&mut nic.description);
            });
        }
        if !nic.primary && self.one_in(12) {
            let kind = self.word(self.kinks.nic_kinds);
            world.edit_nic(id, |nic| kind.clone_into(&mut nic.kind));
        }
        let plain = |nic: &SimNic| nic.instance_id.is_some() && !nic.primary && !nic.service_managed;
        let can = !self.kinks.pairs || world.nic(id).is_some_and(plain);
        if self.kinks.links && self.one_in(10) && can {
            world.edit_nic(id, |nic| nic.linked = true);
        }
        if self.kinks.prefixes && self.one_in(8) {
            let ranges = ["10.200.0.16/28", "10.200.0.32/28"].map(str::to_owned);
            world.edit_nic(id, |nic| nic.prefixes.extend(ranges));
        }
        if self.kinks.cold_plug && self.one_in(8) {
            world.edit_nic(id, |nic| nic.cold_plug_only = true);
        }
        if self.kinks.deletes && self.one_in(3) {
            world.edit_nic(id, |nic| nic.delete_on_detach = true);
        }
        if self.kinks.ipv6 && self.one_in(8) && nic.ipv6.is_empty() {
            let last = u128::from(self.random.below(0xFFFF));
            let ip = IpAddr::V6((0x2001_0db8_0000_00aa_u128 << 64 | last).into());
            world.edit_nic(id, |nic| nic.ipv6.push(ip));
        }
        if !self.kinks.ipv6 {
            world.edit_nic(id, |nic| nic.ipv6.clear());
        }
        if !self.kinks.tags {
            world.edit_nic(id, |nic| nic.tags.clear());
        }
    }

    /// Virtual addresses that other NICs of the subnet hold as well, and lists that hold more than those.
    fn floats(&mut self, world: &mut World, id: &str) {
        let nic = world.nic(id).expect("there").clone();
        let others: Vec<&SimNic> =
            world.nics().iter().filter(|other| other.subnet_id == nic.subnet_id && other.id != nic.id).collect();
        let floats: Vec<IpAddr> = others
            .iter()
            .flat_map(|other| &other.addresses)
            .filter(|address| address.floating && nic.address(address.ip).is_none())
            .map(|address| address.ip)
            .collect();
        if self.one_in(4)
            && let Some(&ip) = self.random.pick(&floats)
        {
            world.edit_nic(id, |nic| {
                let mut address = nic.addresses[0].clone();
                (address.ip, address.primary, address.floating, address.eip, address.lb) =
                    (ip, false, true, None, None);
                nic.addresses.push(address);
            });
        }
        if self.kinks.pairs && self.one_in(3) {
            // The other way of binding: the NIC's own list names them.
            let own: Vec<IpAddr> = nic.addresses.iter().filter(|one| one.floating).map(|one| one.ip).collect();
            let mut pairs = nic.pairs.clone();
            if self.one_in(2) {
                pairs.push(SimPair { ip: ANY.to_owned(), mac: nic.mac.clone() });
            }
            if let Some(ip) = self.random.pick(&own) {
                pairs.push(SimPair { ip: ip.to_string(), mac: nic.mac.clone() });
            }
            if self.one_in(4) {
                pairs.push(SimPair { ip: "192.168.77.0/24".to_owned(), mac: nic.mac.clone() });
            }
            world.set_pairs_of_nic(id, pairs);
        }
    }

    /// From a range of its own.
    fn eip(&mut self) -> SimEip {
        self.eips += 1;
        SimEip {
            id: (self.words.id)(ObjectKind::Eip, self.random.draw()),
            ip: IpAddr::V4(Ipv4Addr::from_bits(0xC613_8000 + self.eips)),
            name: String::new(),
            is_default: false,
            dies_unbound: self.kinks.dying_eips && self.one_in(2),
            region: String::new(),
        }
    }
}
