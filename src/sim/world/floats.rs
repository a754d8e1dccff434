//! Virtual addresses: objects of their own that float between the NICs of one subnet, and the lists of allowed pairs that bind them.
//!
//! A NIC has a virtual address when the float's list holds the NIC's own address, or the NIC's list holds the float's. The lists
//! are kept, the NIC's `virtual` addresses follow; where a NIC's addresses are edited the lists follow.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use super::{EipView, SimAddress, SimEip, SimNic, World, objects::is_false};

/// One entry of a port's list of addresses that it may send and receive as.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimPair {
    /// An address, or a range.
    pub ip: String,
    #[serde(default)]
    pub mac: String,
}

/// A virtual address as an object. One that only NICs mention is made from them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimFloat {
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub ip: IpAddr,
    pub subnet_id: String,
    #[serde(default)]
    pub vpc_id: String,
    #[serde(default)]
    pub mac: String,
    /// Its own list: the NICs it is bound to, by their own addresses.
    #[serde(default)]
    pub pairs: Vec<SimPair>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eip: Option<SimEip>,
    /// The load balancer that sends traffic to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lb: Option<String>,
    /// A service of the cloud owns it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub service_managed: bool,
    /// Instances that may have it with whichever of their NICs, where the cloud knows such ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<String>,
    /// An address that was reserved, and not made as a virtual one: it is bound in the same way, and looks like a NIC on no instance.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reserved: bool,
    #[serde(skip)]
    pub region: String,
}

impl SimFloat {
    /// Does its own list name this NIC?
    pub fn names(&self, nic: &SimNic) -> bool {
        nic.primary_ip().is_some_and(|own| self.pairs.iter().any(|pair| pair.is(own)))
    }

    pub(super) fn eip_view(&self) -> Option<EipView<'_>> {
        let eip = self.eip.as_ref()?;
        Some(EipView { eip, region: &self.region, bound: None, float: Some(self) })
    }

    /// Is it on this NIC, whichever side says so?
    pub fn is_on(&self, nic: &SimNic) -> bool {
        self.subnet_id == nic.subnet_id
            && self.region == nic.region
            && (self.names(nic) || nic.pairs.iter().any(|pair| pair.is(self.ip)))
    }
}

impl SimPair {
    /// Is it this one address, alone or as the range that holds nothing else?
    pub fn is(&self, ip: IpAddr) -> bool {
        let (own, length) = self.ip.split_once('/').unwrap_or((&self.ip, ""));
        let whole = if ip.is_ipv4() { "32" } else { "128" };
        own.parse() == Ok(ip) && (length.is_empty() || length == whole)
    }
}

/// Region, subnet, address.
type Key = (String, String, IpAddr);

/// All floats of a world.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Floats {
    list: Vec<SimFloat>,
    ids: HashMap<String, usize>,
    keys: HashMap<Key, usize>,
}

impl Floats {
    fn put(&mut self, float: SimFloat) -> usize {
        let at = self.list.len();
        self.ids.insert(float.id.clone(), at);
        self.keys.insert((float.region.clone(), float.subnet_id.clone(), float.ip), at);
        self.list.push(float);
        at
    }

    fn remove(&mut self, id: &str) -> Option<SimFloat> {
        let float = self.list.remove(*self.ids.get(id)?);
        let rest = std::mem::take(self).list;
        for float in rest {
            self.put(float);
        }
        Some(float)
    }

    fn at(&self, region: &str, subnet: &str, ip: IpAddr) -> Option<usize> {
        self.keys.get(&(region.to_owned(), subnet.to_owned(), ip)).copied()
    }
}

/// What of a NIC decides which floats are on it.
#[derive(PartialEq, Eq)]
pub(super) struct Held {
    region: String,
    subnet: String,
    own: Option<IpAddr>,
    floats: BTreeSet<IpAddr>,
    loaded: bool,
}

impl Held {
    pub fn of(nic: &SimNic) -> Option<Self> {
        let floating = || nic.addresses.iter().filter(|address| address.floating && !address.primary);
        let held = Self {
            region: nic.region.clone(),
            subnet: nic.subnet_id.clone(),
            own: nic.primary_ip(),
            floats: floating().map(|address| address.ip).collect(),
            loaded: floating().any(|address| address.eip.is_some() || address.lb.is_some()),
        };
        (!held.floats.is_empty()).then_some(held)
    }
}

impl World {
    /// Every virtual address, in the order of the file.
    pub fn floats(&self) -> &[SimFloat] {
        &self.floats.list
    }

    pub fn float(&self, id: &str) -> Option<&SimFloat> {
        self.floats.ids.get(id).and_then(|&at| self.floats.list.get(at))
    }

    /// The virtual address behind a NIC's `virtual` address.
    pub fn float_of(&self, nic: &SimNic, ip: IpAddr) -> Option<&SimFloat> {
        self.floats.at(&nic.region, &nic.subnet_id, ip).and_then(|at| self.floats.list.get(at))
    }

    /// The virtual addresses of a NIC, in the order of its addresses.
    pub fn floats_of<'a>(&'a self, nic: &'a SimNic) -> impl Iterator<Item = &'a SimFloat> {
        nic.addresses.iter().filter(|address| address.floating).filter_map(|address| self.float_of(nic, address.ip))
    }

    /// The NICs that have a virtual address.
    pub fn holders<'a>(&'a self, float: &'a SimFloat) -> impl Iterator<Item = &'a SimNic> {
        self.nics.iter().filter(|nic| float.is_on(nic))
    }

    /// The EIP on an address: a virtual one keeps its EIP whichever NICs it is on.
    pub fn eip_on<'a>(&'a self, nic: &SimNic, address: &'a SimAddress) -> Option<&'a SimEip> {
        if address.floating { self.float_of(nic, address.ip)?.eip.as_ref() } else { address.eip.as_ref() }
    }

    /// The load balancer that sends to an address.
    pub fn balancer_of<'a>(&'a self, nic: &SimNic, address: &'a SimAddress) -> Option<&'a str> {
        if address.floating { self.float_of(nic, address.ip)?.lb.as_deref() } else { address.lb.as_deref() }
    }

    /// Adds a virtual address.
    pub fn put_float(&mut self, float: SimFloat) {
        let id = float.id.clone();
        self.floats.put(float);
        self.follow_float(&id);
        self.revision += 1;
    }

    /// Takes a virtual address out of the world; its EIP becomes free. `None` if there is none of that id.
    pub fn remove_float(&mut self, id: &str) -> Option<SimFloat> {
        self.set_pairs_of_float(id, Vec::new());
        let float = self.floats.remove(id)?;
        for nic in &mut self.nics {
            let here = nic.subnet_id == float.subnet_id && nic.region == float.region;
            if here && nic.addresses.iter().any(|address| address.floating && address.ip == float.ip) {
                nic.addresses.retain(|address| !(address.floating && address.ip == float.ip));
                nic.pairs.retain(|pair| !pair.is(float.ip));
            }
        }
        self.free_eips.extend(float.eip.clone().and_then(|eip| eip.freed(&float.region)));
        self.revision += 1;
        Some(float)
    }

    /// Replaces a virtual address's own list. `false` if there is none of that id.
    pub fn set_pairs_of_float(&mut self, id: &str, pairs: Vec<SimPair>) -> bool {
        let Some(&at) = self.floats.ids.get(id) else { return false };
        let Some(float) = self.floats.list.get_mut(at) else { return false };
        float.pairs = pairs;
        self.follow_float(id);
        self.revision += 1;
        true
    }

    /// Replaces a NIC's own list. `false` if there is none of that id.
    pub fn set_pairs_of_nic(&mut self, id: &str, pairs: Vec<SimPair>) -> bool {
        let Some(&at) = self.index.nics.get(id) else { return false };
        let Some(nic) = self.nics.get_mut(at) else { return false };
        nic.pairs = pairs;
        follow(nic, &self.floats.list);
        self.revision += 1;
        true
    }

    /// Frees an EIP from a virtual address. `false` if it is on none.
    pub(super) fn unbind_eip_of_float(&mut self, eip: &str) -> bool {
        let mut floats = self.floats.list.iter_mut();
        let Some(float) = floats.find(|float| float.eip.as_ref().is_some_and(|own| own.id == eip)) else {
            return false;
        };
        self.free_eips.extend(float.eip.take().and_then(|eip| eip.freed(&float.region)));
        self.revision += 1;
        true
    }

    /// Binds an EIP that is free to a virtual address. `false` if there is no such EIP or address, or the address has one.
    pub fn bind_free_eip_to_float(&mut self, eip_id: &str, id: &str) -> bool {
        let Some(place) = self.free_eips.iter().position(|eip| eip.id == eip_id) else { return false };
        let Some(&at) = self.floats.ids.get(id) else { return false };
        let Some(float) = self.floats.list.get_mut(at).filter(|float| float.eip.is_none()) else { return false };
        float.eip = Some(SimEip { region: String::new(), ..self.free_eips.remove(place) });
        self.revision += 1;
        true
    }

    /// NICs have the address, or not any more.
    fn follow_float(&mut self, id: &str) {
        let Some(float) = self.floats.ids.get(id).and_then(|&at| self.floats.list.get(at)) else { return };
        for nic in self.nics.iter_mut().filter(|nic| nic.subnet_id == float.subnet_id && nic.region == float.region) {
            let has = nic.addresses.iter().any(|address| address.floating && address.ip == float.ip);
            if has != float.is_on(nic) {
                set(nic, float.ip, !has);
            }
        }
    }

    /// A NIC's addresses were edited: its floats' lists follow, and floats that are new are made. `before` is what it held.
    pub(super) fn follow_edit(&mut self, id: &str, before: Option<&Held>) {
        let Some(at) = self.index.nics.get(id).copied() else { return };
        let Some(nic) = self.nics.get(at) else { return };
        let after = Held::of(nic);
        if after.as_ref() == before && after.as_ref().is_none_or(|held| !held.loaded) {
            return;
        }
        if let Some(before) = before {
            let gone = |ip: &&IpAddr| {
                after.as_ref().is_none_or(|now| {
                    (&now.region, &now.subnet, now.own) != (&before.region, &before.subnet, before.own)
                        || !now.floats.contains(*ip)
                })
            };
            let gone: Vec<IpAddr> = before.floats.iter().filter(gone).copied().collect();
            for ip in gone {
                self.unbind(at, before, ip);
            }
        }
        for ip in after.iter().flat_map(|held| held.floats.iter().copied()) {
            self.bind(at, ip);
        }
    }

    /// The NIC is gone: no float names it any more.
    pub(super) fn forget_holder(&mut self, nic: &SimNic) {
        let Some(held) = Held::of(nic) else { return };
        for ip in &held.floats {
            self.unname(&held, *ip);
        }
    }

    fn unname(&mut self, held: &Held, ip: IpAddr) {
        if let (Some(place), Some(own)) = (self.floats.at(&held.region, &held.subnet, ip), held.own)
            && let Some(float) = self.floats.list.get_mut(place)
        {
            float.pairs.retain(|pair| !pair.is(own));
        }
    }

    fn unbind(&mut self, at: usize, held: &Held, ip: IpAddr) {
        self.unname(held, ip);
        if let Some(nic) = self.nics.get_mut(at) {
            nic.pairs.retain(|pair| !pair.is(ip));
        }
    }

    /// What stands on the NIC's address moves to the float, which is made if there is none; its list names the NIC.
    fn bind(&mut self, at: usize, ip: IpAddr) {
        let Some(nic) = self.nics.get_mut(at) else { return };
        let place = self
            .floats
            .at(&nic.region, &nic.subnet_id, ip)
            .unwrap_or_else(|| self.floats.put(SimFloat::implied(nic, ip)));
        let Some(float) = self.floats.list.get_mut(place) else { return };
        for address in nic.addresses.iter_mut().filter(|address| address.floating && address.ip == ip) {
            if let Some(eip) = address.eip.take() {
                self.index.eips.remove(&eip.id);
                float.eip = Some(eip);
            }
            if let Some(lb) = address.lb.take() {
                if let Some(nics) = self.index.backends.get_mut(&lb) {
                    nics.retain(|&nic| nic != at);
                }
                float.lb = Some(lb);
            }
        }
        if let Some(own) = nic.primary_ip()
            && !float.is_on(nic)
        {
            float.pairs.push(SimPair { ip: own.to_string(), mac: nic.mac.clone() });
        }
        // Another address of the NIC may stand behind the same balancer.
        self.index.learn_nic(at, nic);
    }

    /// Joins the floats of files with what NICs say.
    pub(super) fn join_floats(&mut self, floats: Vec<SimFloat>) {
        let ids: Vec<String> = floats.iter().map(|float| float.id.clone()).collect();
        for mut float in floats {
            if float.mac.is_empty() {
                float.mac = super::load::made_up_mac(&float.id);
            }
            let vpc = self.nics.iter().find(|nic| nic.subnet_id == float.subnet_id && nic.region == float.region);
            if let (true, Some(nic)) = (float.vpc_id.is_empty(), vpc) {
                float.vpc_id.clone_from(&nic.vpc_id);
            }
            self.floats.put(float);
        }
        for at in 0..self.nics.len() {
            let ips: Vec<IpAddr> = self
                .nics
                .get(at)
                .into_iter()
                .flat_map(|nic| &nic.addresses)
                .filter(|address| address.floating)
                .map(|address| address.ip)
                .collect();
            for ip in ips {
                self.bind(at, ip);
            }
        }
        for id in ids {
            self.follow_float(&id);
        }
        let Self { nics, floats, .. } = self;
        for nic in nics.iter_mut().filter(|nic| !nic.pairs.is_empty()) {
            follow(nic, &floats.list);
        }
    }
}

/// The NIC's `virtual` addresses are those of the floats that are on it.
fn follow(nic: &mut SimNic, floats: &[SimFloat]) {
    let here = floats.iter().filter(|float| float.subnet_id == nic.subnet_id && float.region == nic.region);
    let changes: Vec<(IpAddr, bool)> = here
        .filter_map(|float| {
            let has = nic.addresses.iter().any(|address| address.floating && address.ip == float.ip);
            (has != float.is_on(nic)).then_some((float.ip, !has))
        })
        .collect();
    for (ip, there) in changes {
        set(nic, ip, there);
    }
}

fn set(nic: &mut SimNic, ip: IpAddr, there: bool) {
    if there {
        nic.addresses.push(SimAddress { ip, primary: false, floating: true, eip: None, lb: None });
    } else {
        nic.addresses.retain(|address| !(address.floating && address.ip == ip));
    }
}

impl SimFloat {
    /// A virtual address that only a NIC mentions.
    fn implied(nic: &SimNic, ip: IpAddr) -> Self {
        let digest = crate::wire::sha256_hex(format!("{} {} {ip}", nic.region, nic.subnet_id).as_bytes());
        let part = |range: std::ops::Range<usize>| digest.get(range).unwrap_or_default();
        let id = format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32));
        Self {
            mac: super::load::made_up_mac(&id),
            id,
            name: String::new(),
            ip,
            subnet_id: nic.subnet_id.clone(),
            vpc_id: nic.vpc_id.clone(),
            pairs: Vec::new(),
            eip: None,
            lb: None,
            service_managed: false,
            instances: Vec::new(),
            reserved: false,
            region: nic.region.clone(),
        }
    }
}
