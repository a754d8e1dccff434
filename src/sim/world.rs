//! The mutable truth behind a simulated cloud: one cloud's objects, loaded from a file or generated from a seed.

use std::{collections::BTreeMap, net::IpAddr};

use crate::domain::time::Timestamp;

use self::{floats::Floats, index::Index, knocks::Knocks, nonces::Nonces};
pub use self::{
    floats::{SimFloat, SimPair},
    load::{Place, Problem, WorldError},
    objects::{
        Becomes, Pending, SimAddress, SimEip, SimInstance, SimLoadBalancer, SimNic, SimSubnet, SimTask, WorldFile,
    },
    stated::{Codes, check_stated, unheeded},
};

mod floats;
mod index;
mod knocks;
mod load;
mod nonces;
mod objects;
mod stated;
#[cfg(test)]
mod tests;

/// One cloud's objects, and the answers it owes to itself: what is under way, what it has seen.
///
/// Objects are read as slices in the order of the file, which is the order of the cloud's lists, and changed only
/// through
/// methods: look-ups by id, by instance, by EIP and by load balancer go through an index that must stay true.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct World {
    provider: String,
    regions: Vec<String>,
    project_id: Option<String>,
    instances: Vec<SimInstance>,
    nics: Vec<SimNic>,
    free_eips: Vec<SimEip>,
    load_balancers: BTreeMap<String, SimLoadBalancer>,
    subnets: BTreeMap<String, ipnet::IpNet>,
    floats: Floats,
    index: Index,
    revision: u64,
    /// Milliseconds that a transient state lasts.
    pub transition_ms: u64,
    /// See [`WorldFile::refusals`].
    pub refusals: BTreeMap<String, String>,
    /// See [`WorldFile::task_failures`].
    pub task_failures: BTreeMap<String, String>,
    /// Actions that are answered well and change nothing: a cloud that does not do what it says.
    pub ignored: std::collections::BTreeSet<String>,
    /// Every task that was begun.
    pub tasks: BTreeMap<String, SimTask>,
    /// Idempotency tokens seen, each with the request it came with and the answer that it got.
    pub tokens: BTreeMap<String, (String, String)>,
    /// Nonces seen, for clouds that refuse a second use.
    pub nonces: Nonces,
    /// Signatures that were refused.
    pub knocks: Knocks,
}

/// A public address as its own list shows it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EipView<'a> {
    pub eip: &'a SimEip,
    pub region: &'a str,
    /// The NIC and the address it is bound to.
    pub bound: Option<(&'a SimNic, &'a SimAddress)>,
    /// The virtual address it is on, whichever NICs have that.
    pub float: Option<&'a SimFloat>,
}

impl World {
    /// The cloud's short name.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The regions of its files, in their order; never empty for a loaded world.
    pub fn regions(&self) -> &[String] {
        &self.regions
    }

    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    /// Counts changes, for tests that compare before and after.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn instances(&self) -> &[SimInstance] {
        &self.instances
    }

    pub fn nics(&self) -> &[SimNic] {
        &self.nics
    }

    pub fn instance(&self, id: &str) -> Option<&SimInstance> {
        self.index.instances.get(id).and_then(|&at| self.instances.get(at))
    }

    pub fn nic(&self, id: &str) -> Option<&SimNic> {
        self.index.nics.get(id).and_then(|&at| self.nics.get(at))
    }

    /// The NICs that name this instance (those on their way on or off it, too), in the order of the file.
    pub fn nics_of<'a>(&'a self, instance_id: &str) -> impl Iterator<Item = &'a SimNic> + use<'a> {
        self.at(self.index.by_instance.get(instance_id))
    }

    /// The NICs of this subnet, in the order of the file.
    pub fn nics_in<'a>(&'a self, subnet_id: &str) -> impl Iterator<Item = &'a SimNic> + use<'a> {
        self.at(self.index.by_subnet.get(subnet_id))
    }

    fn at<'a>(&'a self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a SimNic> + use<'a> {
        places.into_iter().flatten().filter_map(|&at| self.nics.get(at))
    }

    /// Every EIP, the bound ones first, in a fixed order.
    pub fn eips(&self) -> impl Iterator<Item = EipView<'_>> {
        let bound = self.index.eips.iter().filter_map(|(id, &at)| self.bound_eip(id, at));
        let floats = self.floats().iter().filter_map(SimFloat::eip_view);
        let free = self.free_eips.iter().map(|eip| EipView { eip, region: &eip.region, bound: None, float: None });
        bound.chain(floats).chain(free)
    }

    pub fn eip(&self, id: &str) -> Option<EipView<'_>> {
        match self.index.eips.get(id) {
            Some(&at) => self.bound_eip(id, at),
            None => self.eips().find(|view| view.eip.id == id),
        }
    }

    fn bound_eip(&self, id: &str, at: usize) -> Option<EipView<'_>> {
        let nic = self.nics.get(at)?;
        nic.addresses.iter().find_map(|address| {
            let eip = address.eip.as_ref().filter(|eip| eip.id == id)?;
            Some(EipView { eip, region: &nic.region, bound: Some((nic, address)), float: None })
        })
    }

    /// Every load balancer, by id.
    pub fn load_balancers(&self) -> impl Iterator<Item = &SimLoadBalancer> {
        self.load_balancers.values()
    }

    pub fn load_balancer(&self, id: &str) -> Option<&SimLoadBalancer> {
        self.load_balancers.get(id)
    }

    /// The addresses that a load balancer sends traffic to.
    pub fn backends<'a>(&'a self, load_balancer: &str) -> impl Iterator<Item = (&'a SimNic, &'a SimAddress)> + use<'a> {
        let wanted = load_balancer.to_owned();
        self.at(self.index.backends.get(load_balancer)).flat_map(move |nic| {
            let wanted = wanted.clone();
            nic.addresses
                .iter()
                .filter(move |address| address.lb.as_deref() == Some(wanted.as_str()))
                .map(move |address| (nic, address))
        })
    }

    /// The load balancers that one of the instance's addresses serves; sorted, each once.
    pub fn load_balancers_of(&self, instance_id: &str) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .nics_of(instance_id)
            .flat_map(|nic| &nic.addresses)
            .filter_map(|address| address.lb.as_deref())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The range a NIC's addresses come from.
    pub fn subnet(&self, nic: &SimNic) -> Option<ipnet::IpNet> {
        if let Some(net) = self.subnets.get(&nic.subnet_id) {
            return Some(*net);
        }
        let primary = nic.primary_ip()?;
        let length = if primary.is_ipv4() { 24 } else { 64 };
        ipnet::IpNet::new(primary, length).ok().map(|net| net.trunc())
    }

    /// Is the address on a NIC of this subnet?
    pub fn is_taken(&self, region: &str, subnet_id: &str, ip: IpAddr) -> bool {
        self.nics_in(subnet_id)
            .filter(|nic| nic.region == region)
            .any(|nic| nic.addresses.iter().any(|address| address.ip == ip))
    }

    /// Changes a NIC in any way; `None` if there is none of that id.
    pub fn edit_nic<R>(&mut self, id: &str, edit: impl FnOnce(&mut SimNic) -> R) -> Option<R> {
        let at = *self.index.nics.get(id)?;
        let nic = self.nics.get_mut(at)?;
        let held = floats::Held::of(nic);
        self.index.forget_nic(at, nic);
        let result = edit(nic);
        self.index.learn_nic(at, nic);
        for lb in nic.addresses.iter().filter_map(|address| address.lb.as_ref()) {
            if !self.load_balancers.contains_key(lb) {
                self.load_balancers.insert(lb.clone(), SimLoadBalancer::implied(lb, nic));
            }
        }
        self.follow_edit(id, held.as_ref());
        self.revision += 1;
        Some(result)
    }

    /// Changes an instance in any way but its id; `None` if there is none of that id.
    pub fn edit_instance<R>(&mut self, id: &str, edit: impl FnOnce(&mut SimInstance) -> R) -> Option<R> {
        let at = *self.index.instances.get(id)?;
        let instance = self.instances.get_mut(at)?;
        let result = edit(instance);
        id.clone_into(&mut instance.id);
        self.revision += 1;
        Some(result)
    }

    /// Adds a NIC at the end of the list, or replaces the one of that id.
    pub fn put_nic(&mut self, nic: SimNic) {
        let id = nic.id.clone();
        if !self.index.nics.contains_key(&id) {
            let mut blank = nic.clone();
            blank.addresses.clear();
            self.nics.push(blank);
            self.index.nics.insert(id.clone(), self.nics.len() - 1);
            if let Some(blank) = self.nics.last() {
                self.index.learn_nic(self.nics.len() - 1, blank);
            }
        }
        self.edit_nic(&id, |place| *place = nic);
    }

    /// Takes a NIC out of the world; its EIPs become free. `None` if there is none of that id.
    pub fn remove_nic(&mut self, id: &str) -> Option<SimNic> {
        let at = *self.index.nics.get(id)?;
        let mut nic = self.nics.remove(at);
        for address in &mut nic.addresses {
            self.free_eips.extend(address.eip.take().and_then(|eip| eip.freed(&nic.region)));
        }
        self.index = Index::of(&self.instances, &self.nics);
        self.forget_holder(&nic);
        self.revision += 1;
        Some(nic)
    }

    /// Takes an instance and its primary NIC out of the world, as a deletion from elsewhere would. Its other NICs are
    /// left
    /// naming it.
    pub fn remove_instance(&mut self, id: &str) -> Option<SimInstance> {
        let at = *self.index.instances.get(id)?;
        let primary: Vec<String> = self.nics_of(id).filter(|nic| nic.primary).map(|nic| nic.id.clone()).collect();
        for nic in primary {
            self.remove_nic(&nic);
        }
        let instance = self.instances.remove(at);
        self.index = Index::of(&self.instances, &self.nics);
        self.revision += 1;
        Some(instance)
    }

    /// Takes addresses off a NIC; their EIPs become free. Says how many were there.
    pub fn release(&mut self, nic_id: &str, ips: &[IpAddr]) -> usize {
        let mut freed = Vec::new();
        let gone = self.edit_nic(nic_id, |nic| {
            let before = nic.addresses.len();
            for address in nic.addresses.iter_mut().filter(|address| ips.contains(&address.ip)) {
                freed.extend(address.eip.take().and_then(|eip| eip.freed(&nic.region)));
            }
            nic.addresses.retain(|address| !ips.contains(&address.ip));
            before - nic.addresses.len()
        });
        self.free_eips.extend(freed);
        gone.unwrap_or(0)
    }

    /// Frees an EIP from its address. `false` if it is bound to nothing (or unknown).
    pub fn unbind_eip(&mut self, eip_id: &str) -> bool {
        let Some(nic_id) = self.eip(eip_id).and_then(|view| view.bound).map(|(nic, _)| nic.id.clone()) else {
            return self.unbind_eip_of_float(eip_id);
        };
        let freed = self.edit_nic(&nic_id, |nic| {
            let address =
                nic.addresses.iter_mut().find(|address| address.eip.as_ref().is_some_and(|eip| eip.id == eip_id))?;
            address.eip.take().map(|eip| eip.freed(&nic.region))
        });
        let freed = freed.flatten();
        let found = freed.is_some();
        self.free_eips.extend(freed.flatten());
        found
    }

    /// Binds an EIP that is free to an address of a NIC. `false` if there is no such EIP, NIC or address, or the address has one.
    pub fn bind_eip(&mut self, eip_id: &str, nic_id: &str, ip: IpAddr) -> bool {
        let Some(at) = self.free_eips.iter().position(|eip| eip.id == eip_id) else { return false };
        let bare = |address: &SimAddress| self.nic(nic_id).is_some_and(|nic| self.eip_on(nic, address).is_none());
        if !self.nic(nic_id).and_then(|nic| nic.address(ip)).is_some_and(bare) {
            return false;
        }
        let eip = self.free_eips.remove(at);
        self.edit_nic(nic_id, |nic| {
            let place = nic.addresses.iter_mut().find(|address| address.ip == ip);
            if let Some(place) = place {
                place.eip = Some(SimEip { region: String::new(), ..eip });
            }
        });
        true
    }

    /// The code that [`Self::refusals`] has for this NIC, its subnet, its security groups or its instance.
    pub fn refusal_around(&self, nic: &SimNic) -> Option<&str> {
        let around = [nic.id.as_str(), nic.subnet_id.as_str()];
        let groups = nic.security_groups.iter().map(String::as_str);
        let mut ids = around.into_iter().chain(groups).chain(nic.instance_id.as_deref());
        ids.find_map(|id| self.refusals.get(id)).map(String::as_str)
    }

    /// Begins a task that ends `transition_ms` after `now`; it fails where the world says so of any of `names` (an action, an id).
    /// Says whether it will end well.
    pub fn begin_task(&mut self, id: &str, names: &[&str], now: Timestamp) -> bool {
        let failure = names.iter().find_map(|name| self.task_failures.get(*name)).cloned();
        let good = failure.is_none();
        let names = names.iter().map(|&name| name.to_owned()).collect();
        self.tasks.insert(id.to_owned(), SimTask { due: now.plus_ms(self.transition_ms), failure, names });
        good
    }

    /// Puts a NIC into a transient state that ends `transition_ms` after `now`. `false` if there is no such NIC.
    pub fn begin(&mut self, nic_id: &str, status: &str, becomes: Becomes, now: Timestamp) -> bool {
        let due = now.plus_ms(self.transition_ms);
        self.edit_nic(nic_id, |nic| {
            status.clone_into(&mut nic.status);
            if let Becomes::Attached { instance_id, .. } = &becomes {
                nic.instance_id = Some(instance_id.clone());
            }
            nic.pending = Some(Pending { due, becomes });
        })
        .is_some()
    }

    /// Ends the transient states that are due. Cheap when none is.
    pub fn settle(&mut self, now: Timestamp) {
        while let Some(&(due, at)) = self.index.due.first() {
            if due > now {
                return;
            }
            let Some(id) = self.nics.get(at).map(|nic| nic.id.clone()) else { return };
            let becomes = self.edit_nic(&id, |nic| {
                let becomes = nic.pending.take().map(|pending| pending.becomes);
                match &becomes {
                    Some(Becomes::Detached { status }) => {
                        nic.instance_id = None;
                        status.clone_into(&mut nic.status);
                    }
                    Some(Becomes::Attached { instance_id, status }) => {
                        nic.instance_id = Some(instance_id.clone());
                        status.clone_into(&mut nic.status);
                    }
                    Some(
                        Becomes::Released { status, .. }
                        | Becomes::Assigned { status, .. }
                        | Becomes::Unchanged { status },
                    ) => status.clone_into(&mut nic.status),
                    Some(Becomes::Deleted) | None => {}
                }
                becomes
            });
            match becomes {
                Some(Some(Becomes::Deleted)) => {
                    self.remove_nic(&id);
                }
                Some(Some(Becomes::Released { ips, .. })) => {
                    self.release(&id, &ips);
                }
                _ => {}
            }
        }
    }
}
