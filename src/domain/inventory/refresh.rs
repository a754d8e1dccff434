//! A fresh read of one NIC taken into the inventory.

use super::{ProfileInventory, Told, Touched};
use crate::domain::{
    address::{Backend, Eip, EipBinding},
    ids::NicId,
    snapshot::NicSnapshot,
    time::Timestamp,
};

impl ProfileInventory {
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
                let known = older.map(|kept| kept.item.clone());
                if let Some(eip) = known.filter(|known| fresh.eips.iter().all(|eip| eip.id != known.id)) {
                    self.unbind_eip(eip, at, &mut touched);
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
        touched.nics.extend(self.sharing(id));
        if fresh.floats_known {
            self.refresh_floats(fresh, at);
        }
        self.put_nic(fresh.nic.clone(), at, &mut touched);
        // What is known around it may have changed where the NIC itself has not.
        touched.nics.extend(self.nic_slot(id));
        touched.nics.extend(self.sharing(id));
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
}

impl ProfileInventory {
    /// A read tells that the EIP is no longer where it was. One that outlives its binding is taken for free until it is listed again:
    /// whoever binds it is told by the cloud if it is not.
    pub(super) fn unbind_eip(&mut self, eip: Eip, at: Timestamp, touched: &mut Touched) {
        if eip.dies_unbound == Some(false) {
            self.put_eip(Eip { bound: EipBinding::Unbound, ..eip }, at, touched);
        } else {
            self.remove_eip(&eip.id);
        }
    }
}

/// Is this the known backend, with less said about it?
fn fresh_is_poorer(fresh: &Backend, known: &Backend) -> bool {
    fresh.is_same(known)
        && (fresh.name.is_empty() || fresh.name == known.name)
        && (fresh.vpc.is_none() || fresh.vpc == known.vpc)
}
