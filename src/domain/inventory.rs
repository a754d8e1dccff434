//! Everything that was listed, per profile: arenas with ids on top, how complete each listing is, and how old.

mod arena;
mod floats;
#[cfg(test)]
mod tests;
mod told;
mod words;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use super::{
    address::{Backend, BackendTarget, Eip, EipBinding},
    fault::Fault,
    ids::{CloudId, EipId, InstanceId, NicId, ProfileId, RegionId},
    instance::Instance,
    nic::{Fate, Nic, TypeLimit},
    page::{InventoryPage, Region, Resource},
    snapshot::NicSnapshot,
    time::Timestamp,
};

use arena::{Arena, Table, link, unlink};
use floats::Floats;
use told::Told;
use words::Words;

/// How far the listing of one resource in one region has come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Coverage {
    #[default]
    NotAsked,
    /// Pages are arriving. `before` is how far the one before had come; never `Loading`.
    Loading {
        before: Box<Coverage>,
    },
    Complete {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        fault: Box<Fault>,
        before: Option<Timestamp>,
    },
}

impl Coverage {
    /// When the data shown was last read whole.
    pub fn read_at(&self) -> Option<Timestamp> {
        match self {
            Coverage::NotAsked => None,
            Coverage::Loading { before } => before.read_at(),
            Coverage::Failed { before, .. } => *before,
            Coverage::Complete { at } => Some(*at),
        }
    }

    /// Does what is there still tell what is not there? A refresh under way keeps what was known; one that failed does not:
    /// nobody knows what it would have shown. All that ask whether something was read ask this.
    pub fn is_known(&self) -> bool {
        match self {
            Coverage::Complete { .. } => true,
            Coverage::Loading { before } => before.is_known(),
            Coverage::NotAsked | Coverage::Failed { .. } => false,
        }
    }
}

/// What a listing covers: a resource of a region, or of the whole account (`None`).
pub type Section = (Resource, Option<RegionId>);

/// What a NIC hangs together with, by slot: looked up when one of them changes, not each time the NIC is looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Near {
    instance: Option<u32>,
    /// Bound to it, or (for a primary NIC) to its instance.
    eips: Box<[u32]>,
}

/// One profile's part of the inventory.
#[derive(Clone, Debug)]
pub struct ProfileInventory {
    pub profile: ProfileId,
    pub cloud: CloudId,
    pub regions: BTreeMap<RegionId, Region>,
    instances: Arena<InstanceId, Instance>,
    nics: Arena<NicId, Nic>,
    /// By NIC slot.
    near: Vec<Near>,
    nics_of_instance: Table<InstanceId, Vec<u32>>,
    eips: Arena<EipId, Eip>,
    eips_of_nic: Table<NicId, Vec<u32>>,
    eips_of_instance: Table<InstanceId, Vec<u32>>,
    eips_of_float: Table<Arc<str>, Vec<u32>>,
    floats: Floats,
    backends: Arena<Backend, Backend>,
    backends_of_ip: Table<IpAddr, Vec<u32>>,
    backends_of_instance: Table<InstanceId, Vec<u32>>,
    limits: Table<Arc<str>, TypeLimit>,
    /// See [`InventoryPage::fates`]: of each NIC, and who was asked.
    fates: HashMap<NicId, (InstanceId, bool)>,
    fates_asked: HashSet<InstanceId>,
    coverage: Table<Section, Coverage>,
    /// What a read of one NIC told since its sections were listed.
    told: Table<NicId, Told>,
    sweep: u64,
    addresses: usize,
    words: Words,
}

/// NICs whose facts a merge touched, by slot: what has to be judged and filtered again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touched {
    pub nics: Vec<u32>,
    pub instances: Vec<u32>,
    /// Too much to name: everything of this profile.
    pub all: bool,
}

impl ProfileInventory {
    pub fn new(profile: ProfileId, cloud: CloudId) -> Self {
        Self {
            profile,
            cloud,
            regions: BTreeMap::new(),
            instances: Arena::default(),
            nics: Arena::default(),
            near: Vec::new(),
            nics_of_instance: Table::default(),
            eips: Arena::default(),
            eips_of_nic: Table::default(),
            eips_of_instance: Table::default(),
            eips_of_float: Table::default(),
            floats: Floats::default(),
            backends: Arena::default(),
            backends_of_ip: Table::default(),
            backends_of_instance: Table::default(),
            limits: Table::default(),
            fates: HashMap::new(),
            fates_asked: HashSet::new(),
            coverage: Table::default(),
            told: Table::default(),
            sweep: 0,
            addresses: 0,
            words: Words::default(),
        }
    }

    // ---- reading -------------------------------------------------------------------------------------------------

    pub fn nic_slot(&self, id: &NicId) -> Option<u32> {
        self.nics.slot(id)
    }

    pub fn nic_at(&self, slot: u32) -> Option<&Nic> {
        self.nics.at(slot).map(|kept| &kept.item)
    }

    pub fn nic(&self, id: &NicId) -> Option<&Nic> {
        self.nic_at(self.nic_slot(id)?)
    }

    /// When the NIC was last read.
    pub fn nic_read_at(&self, id: &NicId) -> Option<Timestamp> {
        self.nics.at(self.nic_slot(id)?).map(|kept| kept.read_at)
    }

    /// The same, by slot.
    pub fn read_at(&self, slot: u32) -> Option<Timestamp> {
        self.nics.at(slot).map(|kept| kept.read_at)
    }

    pub fn nics(&self) -> impl Iterator<Item = (u32, &Nic)> {
        self.nics.iter()
    }

    /// Slots of NICs are below this.
    pub fn nic_slots(&self) -> usize {
        self.nics.end()
    }

    /// The slot of the instance that the NIC is attached to, where that instance was read.
    pub fn instance_of(&self, nic: u32) -> Option<u32> {
        self.near.get(nic as usize)?.instance
    }

    /// As [`Self::eips_of`], by the NIC's slot: costs nothing where there are none.
    pub fn eips_at(&self, nic: u32) -> impl Iterator<Item = &Eip> {
        let slots = self.near.get(nic as usize).map_or(&[][..], |near| &near.eips);
        slots.iter().filter_map(|&slot| self.eips.at(slot)).map(|kept| &kept.item)
    }

    /// Does any backend at all name an address, or an instance?
    pub fn has_backends(&self) -> bool {
        self.backends.len() > 0
    }

    pub fn instance_slot(&self, id: &InstanceId) -> Option<u32> {
        self.instances.slot(id)
    }

    pub fn instance_at(&self, slot: u32) -> Option<&Instance> {
        self.instances.at(slot).map(|kept| &kept.item)
    }

    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.instance_at(self.instance_slot(id)?)
    }

    pub fn instances(&self) -> impl Iterator<Item = (u32, &Instance)> {
        self.instances.iter()
    }

    /// Slots of instances are below this.
    pub fn instance_slots(&self) -> usize {
        self.instances.end()
    }

    /// Slots of the NICs that are attached to the instance.
    pub fn nics_of(&self, instance: &InstanceId) -> &[u32] {
        self.nics_of_instance.get(instance).map_or(&[], Vec::as_slice)
    }

    /// EIPs bound to this NIC, directly or (for a primary NIC) through its instance.
    pub fn eips_of<'a>(&'a self, nic: &'a Nic) -> impl Iterator<Item = &'a Eip> {
        self.eip_slots(nic).filter_map(|slot| self.eips.at(slot)).map(|kept| &kept.item)
    }

    fn eip_slots(&self, nic: &Nic) -> impl Iterator<Item = u32> {
        let direct = self.eips_of_nic.get(&nic.id).map_or(&[][..], Vec::as_slice);
        let through = match (&nic.role, &nic.instance) {
            (super::nic::NicRole::Primary, Some(instance)) => {
                self.eips_of_instance.get(instance).map_or(&[][..], Vec::as_slice)
            }
            _ => &[],
        };
        let floats = self.floats.on(nic).into_iter();
        let through_float = floats.flat_map(|float| self.eips_of_float.get(&float.id).map_or(&[][..], Vec::as_slice));
        direct.iter().chain(through).chain(through_float).copied()
    }

    /// Backends that name an address of this NIC, the NIC, or (for a primary NIC) its instance as a whole.
    pub fn backends_of<'a>(&'a self, nic: &'a Nic) -> impl Iterator<Item = &'a Backend> {
        let by_address = nic
            .addresses
            .iter()
            .flat_map(|address| self.backends_of_ip.get(&address.ip).map_or(&[][..], Vec::as_slice))
            .filter_map(|&slot| self.backends.at(slot))
            .map(|kept| &kept.item)
            .filter(|backend| backend.is_on(nic));
        let whole = match (&nic.role, &nic.instance) {
            (super::nic::NicRole::Primary, Some(instance)) => {
                self.backends_of_instance.get(instance).map_or(&[][..], Vec::as_slice)
            }
            _ => &[],
        };
        by_address.chain(whole.iter().filter_map(|&slot| self.backends.at(slot)).map(|kept| &kept.item))
    }

    pub fn limit(&self, kind: &str) -> Option<&TypeLimit> {
        self.limits.get(kind)
    }

    /// How complete `resource` is for things in `region`: the region's own listing, or the account's.
    pub fn coverage(&self, resource: Resource, region: &RegionId) -> &Coverage {
        const NOT_ASKED: &Coverage = &Coverage::NotAsked;
        self.coverage
            .get(&(resource, Some(region.clone())))
            .or_else(|| self.coverage.get(&(resource, None)))
            .unwrap_or(NOT_ASKED)
    }

    /// Was `resource` read whole around this NIC, by the newer one of the listing and a read of the NIC? And when last?
    pub fn known(&self, resource: Resource, nic: &Nic) -> (bool, Option<Timestamp>) {
        let told = self.told.get(&nic.id).and_then(|told| Some((told.of(resource)?, told.at)));
        if let Some((true, at)) = told {
            return (true, Some(at));
        }
        let listed = self.coverage(resource, &nic.region);
        let is_known = match resource {
            Resource::Floats => self.floats_known(&nic.region),
            _ => listed.is_known(),
        };
        (told.is_none() && is_known, listed.read_at())
    }

    /// The instance of the NIC as rules may use it.
    pub fn instance_around(&self, nic: &Nic) -> Option<&Instance> {
        self.instance(nic.instance.as_ref().filter(|_| self.has_instance(nic))?)
    }

    /// Does the inventory's instance speak for this NIC? Not where the last read of the NIC failed to read it.
    pub fn has_instance(&self, nic: &Nic) -> bool {
        self.told.get(&nic.id).is_none_or(|told| told.instances != Some(false))
    }

    /// All sections that were asked for, with how far they came.
    pub fn sections(&self) -> impl Iterator<Item = (&Section, &Coverage)> {
        self.coverage.iter()
    }

    /// Private addresses of all kinds.
    pub fn address_count(&self) -> usize {
        self.addresses
    }

    pub fn nic_count(&self) -> usize {
        self.nics.len()
    }

    /// All facts that rules read about one NIC.
    pub fn snapshot(&self, id: &NicId) -> Option<NicSnapshot> {
        let slot = self.nic_slot(id)?;
        let kept = self.nics.at(slot)?;
        let nic = &kept.item;
        let mut eips: Vec<Eip> = self.eips_of(nic).cloned().collect();
        eips.sort_by(|a, b| a.id.cmp(&b.id));
        let mut backends: Vec<Backend> = self.backends_of(nic).cloned().collect();
        // One read through two calls may be told with its name and without.
        backends.sort_by(|a, b| (a.sort_key(), a.name.is_empty()).cmp(&(b.sort_key(), b.name.is_empty())));
        backends.dedup_by(|later, kept| later.is_same(kept));
        let told = |(instance, dies): &(InstanceId, bool)| {
            (nic.instance.as_ref() == Some(instance)).then_some(if *dies { Fate::Dies } else { Fate::Stays })
        };
        let asked = nic.instance.as_ref().is_some_and(|instance| self.fates_asked.contains(instance));
        let untold = || asked.then_some(Fate::Untold);
        let dies_with_detach = self.fates.get(id).and_then(told).or_else(untold).or(nic.dies_with_detach);
        Some(NicSnapshot {
            nic: Nic { dies_with_detach, ..nic.clone() },
            instance: self.instance_around(nic).cloned(),
            eips,
            backends,
            eips_known: self.known(Resource::Eips, nic).0,
            backends_known: self.known(Resource::Backends, nic).0,
            floats: self.floats.on(nic).into_iter().cloned().collect(),
            floats_known: self.known(Resource::Floats, nic).0,
            instances_known: self.known(Resource::Instances, nic).0,
            read_at: kept.read_at,
        })
    }

    // ---- merging -------------------------------------------------------------------------------------------------

    /// Begins a listing of a section: what is not seen again until [`Self::complete`] is gone. Returns the sweep's number.
    pub fn begin(&mut self, section: Section) -> u64 {
        self.sweep += 1;
        let before = match self.coverage.remove(&section) {
            Some(Coverage::Loading { before }) => before,
            before => Box::new(before.unwrap_or_default()),
        };
        self.coverage.insert(section, Coverage::Loading { before });
        self.sweep
    }

    /// Takes in one page.
    pub fn merge(&mut self, page: InventoryPage, at: Timestamp) -> Touched {
        let mut touched = Touched::default();
        for region in page.regions {
            self.regions.insert(region.id.clone(), region);
        }
        for instance in page.instances {
            self.put_instance(instance, at, &mut touched);
        }
        // Before the NICs that have them.
        for float in page.floats {
            self.floats.put(float, at, self.sweep);
        }
        for nic in page.nics {
            self.put_nic(nic, at, &mut touched);
        }
        for eip in page.eips {
            self.put_eip(eip, at, &mut touched);
        }
        for backend in page.backends {
            self.put_backend(backend, at);
        }
        for (instance, fates) in page.fates {
            let fates = fates.into_iter().map(|(nic, dies)| (nic, (instance.clone(), dies)));
            self.fates.extend(fates);
            self.fates_asked.insert(instance);
        }
        for limit in page.limits {
            self.limits.insert(limit.kind.clone(), limit);
        }
        touched
    }

    /// Ends a listing that came whole: what it did not show any more is removed.
    pub fn complete(&mut self, section: &Section, sweep: u64, at: Timestamp) -> Touched {
        let mut touched = Touched { all: true, ..Touched::default() };
        let (resource, region) = section;
        let mine = |of: &RegionId| region.as_ref().is_none_or(|region| region == of);
        match resource {
            Resource::Instances => {
                for id in self.instances.older_than(sweep, |item| mine(&item.region), |item| item.id.clone()) {
                    self.instances.take(&id);
                    self.look_around_all(self.nics_of(&id).to_vec());
                }
            }
            Resource::Nics => {
                for id in self.nics.older_than(sweep, |item| mine(&item.region), |item| item.id.clone()) {
                    self.remove_nic(&id, &mut touched);
                }
            }
            Resource::Eips => {
                for id in self.eips.older_than(sweep, |item| mine(&item.region), |item| item.id.clone()) {
                    self.remove_eip(&id);
                }
            }
            Resource::Backends => {
                for key in self.backends.older_than(sweep, |item| mine(&item.region), Clone::clone) {
                    self.remove_backend(&key);
                }
            }
            Resource::Floats => {
                for id in self.floats.older_than(sweep, mine) {
                    self.floats.remove(&id);
                }
            }
            Resource::Regions | Resource::Limits => touched.all = false,
        }
        self.words.sweep();
        self.coverage.insert(section.clone(), Coverage::Complete { at });
        if *resource == Resource::Floats {
            self.join_all(mine, &mut touched);
        }
        if matches!(resource, Resource::Floats | Resource::Eips) {
            self.look_around_floats();
        }
        self.listing_ended(section);
        touched
    }

    /// Ends a listing that failed: nothing is removed, what is there keeps its age.
    pub fn fail(&mut self, section: &Section, fault: Fault, at: Timestamp) {
        let before = self.coverage.get(section).and_then(Coverage::read_at);
        self.coverage.insert(section.clone(), Coverage::Failed { at, fault: Box::new(fault), before });
        self.listing_ended(section);
    }

    /// What reads of single NICs told of this section is older now than what the listing told.
    fn listing_ended(&mut self, (resource, region): &Section) {
        let nics = &self.nics;
        self.told.retain(|id, told| {
            let nic = nics.slot(id).and_then(|slot| nics.at(slot));
            if nic.is_some_and(|kept| region.as_ref().is_none_or(|region| *region == kept.item.region)) {
                told.forget(*resource);
            }
            nic.is_some() && !told.is_empty()
        });
    }

    /// Ends a listing that was cancelled: as if it had not been asked. One that failed before stays failed.
    pub fn cancel(&mut self, section: &Section) {
        match self.coverage.remove(section) {
            None | Some(Coverage::NotAsked) => {}
            Some(Coverage::Loading { before }) if *before == Coverage::NotAsked => {}
            Some(Coverage::Loading { before }) => {
                self.coverage.insert(section.clone(), *before);
            }
            Some(ended) => {
                self.coverage.insert(section.clone(), ended);
            }
        }
    }

    /// Replaces what is known about one NIC by a fresh read of it. `None` removes the NIC: it is gone. What could not be read
    /// around it stays as it was, and is not known any more until it is read again.
    pub fn refresh(&mut self, id: &NicId, fresh: Option<&NicSnapshot>, at: Timestamp) -> Touched {
        let mut touched = Touched::default();
        let Some(fresh) = fresh else {
            self.remove_nic(id, &mut touched);
            touched.all = true;
            return touched;
        };
        // What a listing brought while the NIC was being read is newer than that read.
        let is_newer = |read_at: Timestamp| read_at > fresh.read_at;
        if fresh.eips_known {
            for slot in self.eips_of_nic.get(id).cloned().unwrap_or_default() {
                let older = self.eips.at(slot).filter(|kept| !is_newer(kept.read_at));
                let key = older.map(|kept| kept.item.id.clone());
                if let Some(key) = key.filter(|key| fresh.eips.iter().all(|eip| &eip.id != key)) {
                    self.remove_eip(&key);
                }
            }
        }
        if fresh.backends_known
            && let Some(nic) = self.nic(id).cloned()
        {
            let there = |backend: &&Backend| fresh.backends.iter().any(|fresh| fresh.is_same(backend));
            let newer = |backend: &&Backend| {
                let kept = self.backends.slot(backend).and_then(|slot| self.backends.at(slot));
                kept.is_some_and(|kept| is_newer(kept.read_at))
            };
            let gone = self.backends_of(&nic).filter(|backend| !there(backend) && !newer(backend));
            let gone: Vec<Backend> = gone.cloned().collect();
            for backend in gone {
                self.remove_backend(&backend);
            }
        }
        if let Some(instance) = &fresh.instance {
            self.put_instance(instance.clone(), at, &mut touched);
        }
        if fresh.floats_known {
            self.refresh_floats(fresh, at);
        }
        self.put_nic(fresh.nic.clone(), at, &mut touched);
        for eip in &fresh.eips {
            self.put_eip(eip.clone(), at, &mut touched);
        }
        for backend in &fresh.backends {
            // The listing may know more of it: a read of one NIC does not tell the balancer's name everywhere.
            let known = self.backends_of(&fresh.nic).find(|known| fresh_is_poorer(backend, known)).cloned();
            self.put_backend(known.unwrap_or_else(|| backend.clone()), at);
        }
        self.look_around_floats_of(id);
        self.told.insert(id.clone(), Told::by(fresh));
        touched
    }

    fn put_instance(&mut self, mut instance: Instance, at: Timestamp, touched: &mut Touched) {
        self.words.instance(&mut instance);
        let id = instance.id.clone();
        let (slot, old) = self.instances.put(id.clone(), instance, at, self.sweep);
        let nics = self.nics_of(&id).to_vec();
        touched.instances.push(slot);
        touched.nics.extend(&nics);
        if old.is_none() {
            self.look_around_all(nics);
        }
    }

    fn put_nic(&mut self, mut nic: Nic, at: Timestamp, touched: &mut Touched) {
        self.words.nic(&mut nic);
        self.join(&mut nic);
        self.addresses += nic.addresses.len();
        let instance = nic.instance.clone();
        let (slot, old) = self.nics.put(nic.id.clone(), nic, at, self.sweep);
        let moved = old.as_ref().is_none_or(|old| old.instance != instance);
        if let Some(old) = old {
            self.addresses -= old.addresses.len();
            if let Some(old) = old.instance.filter(|_| moved) {
                touched.instances.extend(self.instance_slot(&old));
                unlink(&mut self.nics_of_instance, &old, slot);
            }
        }
        if let Some(instance) = instance.filter(|_| moved) {
            link(&mut self.nics_of_instance, instance, slot);
        }
        self.look_around(slot);
        touched.nics.push(slot);
    }

    fn remove_nic(&mut self, id: &NicId, touched: &mut Touched) {
        if let Some((slot, nic)) = self.nics.take(id) {
            self.addresses -= nic.addresses.len();
            if let Some(instance) = &nic.instance {
                touched.instances.extend(self.instance_slot(instance));
                unlink(&mut self.nics_of_instance, instance, slot);
            }
            self.look_around(slot);
            touched.nics.push(slot);
        }
        self.told.remove(id);
    }

    /// Finds again what hangs on a NIC.
    fn look_around(&mut self, slot: u32) {
        let near = self.nic_at(slot).map_or_else(Near::default, |nic| Near {
            instance: nic.instance.as_ref().and_then(|id| self.instance_slot(id)),
            eips: self.eip_slots(nic).collect(),
        });
        if self.near.len() <= slot as usize {
            self.near.resize_with(slot as usize + 1, Near::default);
        }
        self.near[slot as usize] = near;
    }

    fn look_around_all(&mut self, slots: Vec<u32>) {
        for slot in slots {
            self.look_around(slot);
        }
    }

    /// NICs that an EIP may be on.
    fn bound_nics(&self, bound: &EipBinding) -> Vec<u32> {
        match bound {
            EipBinding::Nic { nic, .. } => self.nic_slot(nic).into_iter().collect(),
            EipBinding::Instance { instance, .. } => self.nics_of(instance).to_vec(),
            // Which NICs have it is not indexed: the end of the listing looks around all of them.
            EipBinding::Float { .. } | EipBinding::Unbound | EipBinding::Elsewhere => Vec::new(),
        }
    }

    fn put_eip(&mut self, mut eip: Eip, at: Timestamp, touched: &mut Touched) {
        self.words.eip(&mut eip);
        self.unlink_eip(&eip.id.clone(), touched);
        let bound = eip.bound.clone();
        let (slot, _) = self.eips.put(eip.id.clone(), eip, at, self.sweep);
        let nics = self.bound_nics(&bound);
        match bound {
            EipBinding::Nic { nic, .. } => link(&mut self.eips_of_nic, nic, slot),
            EipBinding::Instance { instance, .. } => link(&mut self.eips_of_instance, instance, slot),
            EipBinding::Float { float, .. } => link(&mut self.eips_of_float, float, slot),
            EipBinding::Unbound | EipBinding::Elsewhere => {}
        }
        touched.nics.extend(&nics);
        self.look_around_all(nics);
    }

    fn unlink_eip(&mut self, id: &EipId, touched: &mut Touched) {
        let Some(slot) = self.eips.slot(id) else { return };
        let Some(bound) = self.eips.at(slot).map(|kept| kept.item.bound.clone()) else { return };
        match &bound {
            EipBinding::Nic { nic, .. } => unlink(&mut self.eips_of_nic, nic, slot),
            EipBinding::Instance { instance, .. } => unlink(&mut self.eips_of_instance, instance, slot),
            EipBinding::Float { float, .. } => unlink(&mut self.eips_of_float, float, slot),
            EipBinding::Unbound | EipBinding::Elsewhere => {}
        }
        let nics = self.bound_nics(&bound);
        touched.nics.extend(&nics);
        self.look_around_all(nics);
    }

    fn remove_eip(&mut self, id: &EipId) {
        self.unlink_eip(id, &mut Touched::default());
        self.eips.take(id);
    }

    /// Which NICs hold a backend's address is not indexed: [`Self::complete`] has all NICs judged again.
    fn put_backend(&mut self, mut backend: Backend, at: Timestamp) {
        self.words.backend(&mut backend);
        let target = backend.target.clone();
        let (slot, _) = self.backends.put(backend.clone(), backend, at, self.sweep);
        match target {
            BackendTarget::Address { ip, .. } => link(&mut self.backends_of_ip, ip, slot),
            BackendTarget::Instance(instance) => link(&mut self.backends_of_instance, instance, slot),
        }
    }

    fn remove_backend(&mut self, backend: &Backend) {
        if let Some((slot, backend)) = self.backends.take(backend) {
            match &backend.target {
                BackendTarget::Address { ip, .. } => unlink(&mut self.backends_of_ip, ip, slot),
                BackendTarget::Instance(instance) => unlink(&mut self.backends_of_instance, instance, slot),
            }
        }
    }
}

/// Is this the known backend, with less said about it?
fn fresh_is_poorer(fresh: &Backend, known: &Backend) -> bool {
    fresh.is_same(known)
        && (fresh.name.is_empty() || fresh.name == known.name)
        && (fresh.vpc.is_none() || fresh.vpc == known.vpc)
}

/// All profiles, in the order of the config.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    profiles: Vec<ProfileInventory>,
}

impl Inventory {
    pub fn new(profiles: impl IntoIterator<Item = (ProfileId, CloudId)>) -> Self {
        Self { profiles: profiles.into_iter().map(|(profile, cloud)| ProfileInventory::new(profile, cloud)).collect() }
    }

    pub fn profiles(&self) -> &[ProfileInventory] {
        &self.profiles
    }

    /// A profile by its place in the config.
    pub fn at(&self, place: usize) -> Option<&ProfileInventory> {
        self.profiles.get(place)
    }

    pub fn place(&self, profile: &ProfileId) -> Option<usize> {
        self.profiles.iter().position(|part| &part.profile == profile)
    }

    pub fn profile(&self, profile: &ProfileId) -> Option<&ProfileInventory> {
        self.at(self.place(profile)?)
    }

    pub fn profile_mut(&mut self, profile: &ProfileId) -> Option<&mut ProfileInventory> {
        self.profiles.iter_mut().find(|part| &part.profile == profile)
    }

    pub fn address_count(&self) -> usize {
        self.profiles.iter().map(ProfileInventory::address_count).sum()
    }

    pub fn nic_count(&self) -> usize {
        self.profiles.iter().map(ProfileInventory::nic_count).sum()
    }
}
