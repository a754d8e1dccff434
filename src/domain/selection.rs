//! What people mark. Marks belong to objects, never to rows: they survive filter, sort, fold and refresh.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use serde::{Deserialize, Serialize};

use super::ids::{AddressKey, EipId, NicKey};

/// One thing a write can be planned for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Release this address from its NIC.
    Address(AddressKey),
    /// Detach this NIC from its instance.
    Nic(NicKey),
    /// Bind this EIP to the address.
    Eip { address: AddressKey, eip: EipId },
}

impl Target {
    /// The NIC the write goes to.
    pub fn nic(&self) -> &NicKey {
        match self {
            Target::Address(key) => &key.nic,
            Target::Nic(key) => key,
            Target::Eip { address, .. } => &address.nic,
        }
    }

    /// The address that it is about; `None`: the whole NIC.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Target::Address(key) | Target::Eip { address: key, .. } => Some(key.ip),
            Target::Nic(_) => None,
        }
    }
}

/// The marked targets, in a stable order.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    marks: BTreeSet<Target>,
    changes: u64,
}

/// The same marks, however they came about.
impl PartialEq for Selection {
    fn eq(&self, other: &Self) -> bool {
        self.marks == other.marks
    }
}

impl Eq for Selection {}

impl Selection {
    pub fn contains(&self, target: &Target) -> bool {
        self.marks.contains(target)
    }

    /// Marks `target`; false if it was marked already.
    pub fn add(&mut self, target: Target) -> bool {
        self.changes += 1;
        self.marks.insert(target)
    }

    /// Takes the mark off; false if there was none.
    pub fn remove(&mut self, target: &Target) -> bool {
        self.changes += 1;
        self.marks.remove(target)
    }

    /// Whether an address of the NIC, or the NIC itself, is marked.
    pub fn any_on(&self, nic: &NicKey) -> bool {
        // Addresses of one NIC stand together, and no address comes before this one.
        let first = Target::Address(AddressKey { nic: nic.clone(), ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED) });
        let next = self.marks.range(first..).next();
        next.is_some_and(|target| matches!(target, Target::Address(key) if &key.nic == nic))
            || self.marks.contains(&Target::Nic(nic.clone()))
    }

    /// Counts adding and removing: whoever counted marks remembers at which state of this.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    pub fn len(&self) -> usize {
        self.marks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Target> {
        self.marks.iter()
    }

    /// Takes all marks off and returns them, so that the step can be taken back.
    #[must_use]
    pub fn take(&mut self) -> Selection {
        let emptied = Self { marks: BTreeSet::new(), changes: self.changes + 1 };
        std::mem::replace(self, emptied)
    }
}

impl FromIterator<Target> for Selection {
    fn from_iter<I: IntoIterator<Item = Target>>(targets: I) -> Self {
        Self { marks: targets.into_iter().collect(), changes: 0 }
    }
}
