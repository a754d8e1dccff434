//! Where things are in a world's lists, so that a look-up does not walk 25,000 NICs. Knows positions only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::time::Timestamp;

use super::{SimInstance, SimNic};

/// Positions in the world's lists.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Index {
    pub instances: HashMap<String, usize>,
    pub nics: HashMap<String, usize>,
    /// The NICs that name an instance, ascending.
    pub by_instance: HashMap<String, Vec<usize>>,
    /// The NICs of a subnet, ascending.
    pub by_subnet: HashMap<String, Vec<usize>>,
    /// The NIC that carries an EIP.
    pub eips: BTreeMap<String, usize>,
    /// The NICs with an address behind a load balancer, ascending.
    pub backends: BTreeMap<String, Vec<usize>>,
    /// Transient states by their end.
    pub due: BTreeSet<(Timestamp, usize)>,
}

impl Index {
    pub fn of(instances: &[SimInstance], nics: &[SimNic]) -> Self {
        let mut index = Self::default();
        index.instances.extend(instances.iter().enumerate().map(|(at, instance)| (instance.id.clone(), at)));
        for (at, nic) in nics.iter().enumerate() {
            index.learn_nic(at, nic);
        }
        index
    }

    pub fn learn_nic(&mut self, at: usize, nic: &SimNic) {
        self.nics.insert(nic.id.clone(), at);
        if let Some(instance) = &nic.instance_id {
            insert(self.by_instance.entry(instance.clone()).or_default(), at);
        }
        insert(self.by_subnet.entry(nic.subnet_id.clone()).or_default(), at);
        for address in &nic.addresses {
            if let Some(eip) = &address.eip {
                self.eips.insert(eip.id.clone(), at);
            }
            if let Some(lb) = &address.lb {
                insert(self.backends.entry(lb.clone()).or_default(), at);
            }
        }
        if let Some(pending) = &nic.pending {
            self.due.insert((pending.due, at));
        }
    }

    pub fn forget_nic(&mut self, at: usize, nic: &SimNic) {
        self.nics.remove(&nic.id);
        if let Some(instance) = &nic.instance_id {
            remove(&mut self.by_instance, instance, at);
        }
        remove(&mut self.by_subnet, &nic.subnet_id, at);
        for address in &nic.addresses {
            if let Some(eip) = &address.eip {
                self.eips.remove(&eip.id);
            }
            if let Some(lb) = &address.lb {
                remove_sorted(&mut self.backends, lb, at);
            }
        }
        if let Some(pending) = &nic.pending {
            self.due.remove(&(pending.due, at));
        }
    }
}

fn insert(places: &mut Vec<usize>, at: usize) {
    if let Err(gap) = places.binary_search(&at) {
        places.insert(gap, at);
    }
}

fn remove(map: &mut HashMap<String, Vec<usize>>, key: &str, at: usize) {
    if let Some(places) = map.get_mut(key) {
        places.retain(|&place| place != at);
        if places.is_empty() {
            map.remove(key);
        }
    }
}

fn remove_sorted(map: &mut BTreeMap<String, Vec<usize>>, key: &str, at: usize) {
    if let Some(places) = map.get_mut(key) {
        places.retain(|&place| place != at);
        if places.is_empty() {
            map.remove(key);
        }
    }
}
