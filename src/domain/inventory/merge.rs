//! Listings taken in: pages, their beginnings and ends.

use super::{
    Coverage, Near, ProfileInventory, Section, Touched,
    arena::{link, unlink},
};
use crate::domain::{
    address::{Backend, BackendTarget, Eip, EipBinding},
    fault::Fault,
    ids::{EipId, NicId, RegionId},
    instance::Instance,
    nic::Nic,
    page::{self, InventoryPage, Resource},
    time::Timestamp,
};

impl ProfileInventory {
    /// Begins a listing of a section: what is not seen again until [`Self::complete`] is gone. Returns the sweep's number.
    pub fn begin(&mut self, section: Section) -> u64 {
        self.sweep += 1;
        if section.0 == Resource::Nics {
            let mine = |of: &RegionId| section.1.as_ref().is_none_or(|region| region == of);
            self.taken.retain(|(region, ..), _| !mine(region));
        }
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
            self.put_float(float, at);
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
        for told in page.told {
            match told {
                page::Told::Fates(instance, fates) => {
                    let fates = fates.into_iter().map(|(nic, dies)| (nic, (instance.clone(), dies)));
                    self.fates.extend(fates);
                    self.fates_asked.insert(instance);
                }
                // What it would have told stays untold.
                page::Told::Refused(_) => {}
                page::Told::Carries(nic, carries) => {
                    self.carries.insert(nic, carries);
                }
                page::Told::Taken { region, subnet, ip, by } => {
                    self.taken.insert((region, subnet, ip), by);
                }
            }
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
                for id in self.instances.older_than(sweep, |item| mine(&item.region)) {
                    if let Some((slot, _)) = self.instances.take(&id) {
                        self.columns.put_instance(slot, None);
                    }
                    self.look_around_all(self.nics_of(&id).to_vec());
                }
            }
            Resource::Nics => {
                for id in self.nics.older_than(sweep, |item| mine(&item.region)) {
                    self.remove_nic(&id, &mut touched);
                }
            }
            Resource::Eips => {
                for id in self.eips.older_than(sweep, |item| mine(&item.region)) {
                    self.remove_eip(&id);
                }
            }
            Resource::Backends => {
                for key in self.backends.older_than(sweep, |item| mine(&item.region)) {
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

    pub(super) fn put_instance(&mut self, mut instance: Instance, at: Timestamp, touched: &mut Touched) {
        if self.instances.see_again(&instance, at, self.sweep).is_some() {
            return;
        }
        self.words.instance(&mut instance);
        let id = instance.id.clone();
        let (slot, old) = self.instances.put(instance, at, self.sweep);
        self.columns.put_instance(slot, self.instances.at(slot).map(|kept| &kept.item));
        let nics = self.nics_of(&id).to_vec();
        touched.instances.push(slot);
        touched.nics.extend(&nics);
        if old.is_none() {
            self.look_around_all(nics);
        }
    }

    pub(super) fn put_nic(&mut self, mut nic: Nic, at: Timestamp, touched: &mut Touched) {
        self.join(&mut nic);
        if let Some(slot) = self.nics.see_again(&nic, at, self.sweep) {
            touched.again.push(slot);
            return;
        }
        self.words.nic(&mut nic);
        self.addresses += nic.addresses.len();
        let instance = nic.instance.clone();
        let (slot, old) = self.nics.put(nic, at, self.sweep);
        let put = self.nics.at(slot).map(|kept| &kept.item);
        self.columns.put_nic(slot, put);
        self.floats.put_nic(slot, old.as_ref(), put);
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

    pub(super) fn remove_nic(&mut self, id: &NicId, touched: &mut Touched) {
        if let Some((slot, nic)) = self.nics.take(id) {
            self.addresses -= nic.addresses.len();
            self.columns.put_nic(slot, None);
            self.floats.put_nic(slot, Some(&nic), None);
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
    pub(super) fn look_around(&mut self, slot: u32) {
        let near = self.nic_at(slot).map_or_else(Near::default, |nic| Near {
            instance: nic.instance.as_ref().and_then(|id| self.instance_slot(id)),
            eips: self.eip_slots(nic).collect(),
        });
        let place = self.near.at(slot as usize);
        for eip in place.eips.iter().filter(|eip| !near.eips.contains(eip)) {
            unlink(&mut self.nics_of_eip, eip, slot);
        }
        for eip in &near.eips {
            link(&mut self.nics_of_eip, *eip, slot);
        }
        *place = near;
    }

    pub(super) fn look_around_all(&mut self, slots: Vec<u32>) {
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
            // But for one that is a NIC as well.
            EipBinding::Float { float, .. } => self.nic_slot(&NicId::from(&**float)).into_iter().collect(),
            EipBinding::Unbound | EipBinding::Elsewhere => Vec::new(),
        }
    }

    pub(super) fn put_eip(&mut self, mut eip: Eip, at: Timestamp, touched: &mut Touched) {
        self.bind_to_float(&mut eip);
        if self.eips.see_again(&eip, at, self.sweep).is_some() {
            return;
        }
        self.words.eip(&mut eip);
        self.unlink_eip(&eip.id.clone(), touched);
        let bound = eip.bound.clone();
        let (slot, _) = self.eips.put(eip, at, self.sweep);
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

    pub(super) fn unlink_eip(&mut self, id: &EipId, touched: &mut Touched) {
        let Some(slot) = self.eips.slot(id) else { return };
        let Some(bound) = self.eips.at(slot).map(|kept| kept.item.bound.clone()) else { return };
        match &bound {
            EipBinding::Nic { nic, .. } => unlink(&mut self.eips_of_nic, nic, slot),
            EipBinding::Instance { instance, .. } => unlink(&mut self.eips_of_instance, instance, slot),
            EipBinding::Float { float, .. } => unlink(&mut self.eips_of_float, float, slot),
            EipBinding::Unbound | EipBinding::Elsewhere => {}
        }
        let nics = match &bound {
            EipBinding::Float { .. } => self.nics_of_eip.get(&slot).cloned().unwrap_or_default(),
            bound => self.bound_nics(bound),
        };
        touched.nics.extend(&nics);
        self.look_around_all(nics);
    }

    pub(super) fn remove_eip(&mut self, id: &EipId) {
        self.unlink_eip(id, &mut Touched::default());
        self.eips.take(id);
    }

    /// Which NICs hold a backend's address is not indexed: [`Self::complete`] has all NICs judged again.
    pub(super) fn put_backend(&mut self, mut backend: Backend, at: Timestamp) {
        if self.backends.see_again(&backend, at, self.sweep).is_some() {
            return;
        }
        self.words.backend(&mut backend);
        let target = backend.target.clone();
        let (slot, _) = self.backends.put(backend, at, self.sweep);
        match target {
            BackendTarget::Address { ip, .. } => link(&mut self.backends_of_ip, ip, slot),
            BackendTarget::Instance(instance) => link(&mut self.backends_of_instance, instance, slot),
        }
    }

    pub(super) fn remove_backend(&mut self, backend: &Backend) {
        if let Some((slot, backend)) = self.backends.take(backend) {
            match &backend.target {
                BackendTarget::Address { ip, .. } => unlink(&mut self.backends_of_ip, ip, slot),
                BackendTarget::Instance(instance) => unlink(&mut self.backends_of_instance, instance, slot),
            }
        }
    }
}
