//! The mutable truth behind a simulated cloud: one cloud's objects, loaded from a file or generated from a seed.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use self::{floats::Floats, index::Index, knocks::Knocks, nonces::Nonces};
pub use self::{
    floats::{SimFloat, SimPair},
    load::{Place, Problem, WorldError},
};

mod floats;
mod index;
mod knocks;
mod load;
mod nonces;
#[cfg(test)]
mod tests;

/// A world file, as people write it. Statuses are in the vendor's words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    /// The cloud's short name.
    pub provider: String,
    pub region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    #[serde(default)]
    pub instances: Vec<SimInstance>,
    #[serde(default)]
    pub nics: Vec<SimNic>,
    /// EIPs that are bound to nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free_eips: Vec<SimEip>,
    /// Names and ports of load balancers; one that only an address mentions has its id for a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<SimLoadBalancer>,
    /// Ranges of subnets; one that is not listed has the 256 addresses around a NIC's primary address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<SimSubnet>,
    /// Virtual addresses of which more is to be told than which NICs have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floats: Vec<SimFloat>,
    /// What the cloud refuses for a reason that this file cannot describe (a policy, a kind of account, a subnet or
    /// security group that is gone): an action's name or an object's id, and the vendor's error code for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refusals: BTreeMap<String, String>,
    /// What the cloud takes and then fails to do, where a call's work goes on behind it as a task: an action's name or an object's
    /// id, and what the task says in the end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_failures: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimInstance {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub zone: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub vpc_id: String,
    /// Whether the guest agent runs.
    #[serde(default = "yes")]
    pub agent: bool,
    /// Locked against changes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub locked: bool,
    /// Taken out of use by the cloud.
    #[serde(default, skip_serializing_if = "is_false")]
    pub frozen: bool,
    /// What is being done to it, in the vendor's word, where that is told beside its status.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub task: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Filled in from the file it came from.
    #[serde(skip)]
    pub region: String,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimNic {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub instance_id: Option<String>,
    #[serde(default)]
    pub primary: bool,
    pub status: String,
    #[serde(default)]
    pub mac: String,
    #[serde(default)]
    pub subnet_id: String,
    #[serde(default)]
    pub vpc_id: String,
    #[serde(default)]
    pub security_groups: Vec<String>,
    pub addresses: Vec<SimAddress>,
    #[serde(default)]
    pub ipv6: Vec<IpAddr>,
    /// Ranges of addresses that were given to it besides single ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Other addresses that it may send and receive as: virtual ones, or a range that stands for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<SimPair>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// A service of the cloud owns the NIC.
    #[serde(default)]
    pub service_managed: bool,
    /// A vendor's word for a NIC that is neither primary nor secondary; empty for a plain one.
    #[serde(default)]
    pub kind: String,
    /// Can be unplugged only while the instance is stopped.
    #[serde(default)]
    pub cold_plug_only: bool,
    /// Other NICs hang on it.
    #[serde(default)]
    pub linked: bool,
    /// Deleted when it is taken off its instance.
    #[serde(default, skip_serializing_if = "is_false")]
    pub delete_on_detach: bool,
    #[serde(skip)]
    pub region: String,
    /// A change that is under way: what it becomes, and when.
    #[serde(skip)]
    pub pending: Option<Pending>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimAddress {
    pub ip: IpAddr,
    #[serde(default)]
    pub primary: bool,
    #[serde(default, rename = "virtual")]
    pub floating: bool,
    #[serde(default)]
    pub eip: Option<SimEip>,
    /// The load balancer that sends traffic to this address.
    #[serde(default)]
    pub lb: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimEip {
    pub id: String,
    pub ip: IpAddr,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Made and deleted together with its instance; some clouds do not let it go.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_default: bool,
    /// Destroyed as soon as it is bound to nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dies_unbound: bool,
    /// Filled in for a free one; a bound one is where its NIC is.
    #[serde(skip)]
    pub region: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimLoadBalancer {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// The vendor's word for its kind, where it has several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    #[serde(default)]
    pub vpc_id: String,
    /// The port it listens on and sends to.
    #[serde(default = "http_port")]
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<IpAddr>,
    #[serde(skip)]
    pub region: String,
}

fn http_port() -> u16 {
    80
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimSubnet {
    pub id: String,
    /// `10.0.0.0/22`.
    pub cidr: String,
}

/// A transient state and its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    pub due: Timestamp,
    pub becomes: Becomes,
}

/// What a transient state ends in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Becomes {
    /// Attached to nothing, with this status word.
    Detached {
        status: String,
    },
    /// Attached to this instance, with this status word.
    Attached {
        instance_id: String,
        status: String,
    },
    /// Without these addresses (which stay on it until then), with this status word.
    Released {
        ips: Vec<IpAddr>,
        status: String,
    },
    /// As it is, with this status word: these addresses were added and are not usable until then.
    Assigned {
        ips: Vec<IpAddr>,
        status: String,
    },
    /// As it is, with this status word: what was begun fails.
    Unchanged {
        status: String,
    },
    Deleted,
}

/// The work behind a call that was taken, by the id that the cloud hands out for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimTask {
    /// When it ends.
    pub due: Timestamp,
    /// What it fails with; `None` for one that ends well.
    pub failure: Option<String>,
    /// The action that began it, and the objects it is about.
    pub names: Vec<String>,
}

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

impl SimNic {
    /// The NIC's own address.
    pub fn primary_ip(&self) -> Option<IpAddr> {
        self.addresses.iter().find(|address| address.primary).map(|address| address.ip)
    }

    pub fn address(&self, ip: IpAddr) -> Option<&SimAddress> {
        self.addresses.iter().find(|address| address.ip == ip)
    }

    /// The addresses that were added to the NIC: neither its own nor virtual ones.
    pub fn secondaries(&self) -> impl Iterator<Item = &SimAddress> {
        self.addresses.iter().filter(|address| !address.primary && !address.floating)
    }
}

impl SimEip {
    /// What is left of it when it is bound to nothing any more.
    fn freed(mut self, region: &str) -> Option<Self> {
        region.clone_into(&mut self.region);
        (!self.dies_unbound).then_some(self)
    }
}

impl SimLoadBalancer {
    /// A load balancer that only an address mentions.
    fn implied(id: &str, nic: &SimNic) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            vpc_id: nic.vpc_id.clone(),
            port: http_port(),
            region: nic.region.clone(),
            ..Self::default()
        }
    }
}
