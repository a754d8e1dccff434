//! Everything that was listed, per profile: arenas with ids on top, how complete each listing is, and how old.

mod arena;
mod columns;
mod coverage;
mod floats;
mod merge;
mod refresh;
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
    address::{Backend, Eip},
    ids::{CloudId, EipId, InstanceId, NicId, ProfileId, RegionId},
    instance::Instance,
    nic::{Fate, Nic, TypeLimit},
    page::{Region, Resource},
    slots::Slots,
    snapshot::NicSnapshot,
    time::Timestamp,
};

use arena::{Arena, Table};
use columns::Columns;
pub use columns::{InstanceRef, NicRef};
pub use coverage::Coverage;
use floats::Floats;
use told::Told;
use words::Words;

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
    instances: Arena<Instance>,
    nics: Arena<Nic>,
    columns: Columns,
    /// By NIC slot.
    near: Slots<Near>,
    /// By the slot of an EIP: NICs that it was found to be on.
    nics_of_eip: Table<u32, Vec<u32>>,
    nics_of_instance: Table<InstanceId, Vec<u32>>,
    eips: Arena<Eip>,
    eips_of_nic: Table<NicId, Vec<u32>>,
    eips_of_instance: Table<InstanceId, Vec<u32>>,
    eips_of_float: Table<Arc<str>, Vec<u32>>,
    floats: Floats,
    backends: Arena<Backend>,
    backends_of_ip: Table<IpAddr, Vec<u32>>,
    backends_of_instance: Table<InstanceId, Vec<u32>>,
    limits: Table<Arc<str>, TypeLimit>,
    /// See [`super::page::Told::Fates`]: of each NIC, and who was asked.
    fates: HashMap<NicId, (InstanceId, bool)>,
    fates_asked: HashSet<InstanceId>,
    /// Whether other NICs hang on it, where that is told apart from the NIC.
    carries: HashMap<NicId, bool>,
    /// Who has an address of a region's subnet and is no NIC, see [`super::page::Told::Taken`].
    taken: HashMap<(RegionId, Arc<str>, IpAddr), Arc<str>>,
    coverage: Table<Section, Coverage>,
    /// What a read of one NIC told since its sections were listed.
    told: Table<NicId, Told>,
    sweep: u64,
    addresses: usize,
    words: Words,
}

/// A section, to look for: each NIC asks for several, and makes none of its own.
#[derive(Clone, Copy, Hash)]
struct Of<'a> {
    resource: Resource,
    region: Option<&'a RegionId>,
}

impl hashbrown::Equivalent<Section> for Of<'_> {
    fn equivalent(&self, (resource, region): &Section) -> bool {
        self.resource == *resource && self.region == region.as_ref()
    }
}

/// What a merge changed, by slot: what has to be judged, filtered and listed again. One may be named more than once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touched {
    pub nics: Vec<u32>,
    pub instances: Vec<u32>,
    /// NICs that were read again as they were known: they are younger, and nothing else.
    pub again: Vec<u32>,
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
            columns: Columns::default(),
            near: Slots::default(),
            nics_of_eip: Table::default(),
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
            carries: HashMap::new(),
            taken: HashMap::new(),
            coverage: Table::default(),
            told: Table::default(),
            sweep: 0,
            addresses: 0,
            words: Words::default(),
        }
    }

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

    /// What has the address in this NIC's subnet although it is no NIC.
    pub fn taken_near(&self, nic: &Nic, ip: IpAddr) -> Option<&Arc<str>> {
        self.taken.get(&(nic.region.clone(), nic.subnet.clone()?, ip))
    }

    pub fn eip(&self, id: &EipId) -> Option<&Eip> {
        self.eips.at(self.eips.slot(id)?).map(|kept| &kept.item)
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
        // A virtual address that is shown as a NIC as well.
        let own = if self.eips_of_float.is_empty() { None } else { self.eips_of_float.get(nic.id.as_str()) };
        let own = own.map_or(&[][..], Vec::as_slice);
        direct.iter().chain(through).chain(through_float).chain(own).copied()
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
        let of = |region| self.coverage.get(&Of { resource, region });
        of(Some(region)).or_else(|| of(None)).unwrap_or(NOT_ASKED)
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
            nic: Nic { dies_with_detach, members: self.carries.get(id).copied().or(nic.members), ..nic.clone() },
            instance: self.instance_around(nic).cloned(),
            eips,
            backends,
            eips_known: self.known(Resource::Eips, nic).0,
            backends_known: self.known(Resource::Backends, nic).0,
            floats: self.floats.around(nic).into_iter().cloned().collect(),
            floats_known: self.known(Resource::Floats, nic).0,
            instances_known: self.known(Resource::Instances, nic).0,
            read_at: kept.read_at,
        })
    }
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
