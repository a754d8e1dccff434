//! Items in slots, found by id or by number.

use std::{
    hash::{BuildHasher, Hash},
    sync::Arc,
};

use hashbrown::{HashMap, HashTable, hash_table::Entry};

use crate::domain::{
    address::{Backend, Eip},
    float::Float,
    ids::{EipId, InstanceId, NicId},
    instance::Instance,
    nic::Nic,
    slots::Slots,
    time::Timestamp,
};

/// A table by ids. Its hash is seeded anew in each run, and several times faster than the standard one.
pub type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// An item with the time it was read and the sweep it was last seen in.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept<T> {
    pub item: T,
    pub read_at: Timestamp,
    pub sweep: u64,
}

/// What is found by a key of its own.
pub trait Item {
    type Key: Hash + Eq;

    fn key(&self) -> &Self::Key;
}

impl Item for Instance {
    type Key = InstanceId;

    fn key(&self) -> &InstanceId {
        &self.id
    }
}

impl Item for Nic {
    type Key = NicId;

    fn key(&self) -> &NicId {
        &self.id
    }
}

impl Item for Eip {
    type Key = EipId;

    fn key(&self) -> &EipId {
        &self.id
    }
}

impl Item for Float {
    type Key = Arc<str>;

    fn key(&self) -> &Arc<str> {
        &self.id
    }
}

/// It has no id: what it says is what it is.
impl Item for Backend {
    type Key = Self;

    fn key(&self) -> &Self {
        self
    }
}

/// Where an item is. The hash of its key is kept, so that a table that grows reads no key again: those lie all over the memory.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    slot: u32,
}

impl Place {
    /// Half of the bits are kept, spread over all of those that a table looks at.
    fn spread(self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Slots that keep their number for as long as the item lives.
#[derive(Clone, Debug)]
pub struct Arena<T> {
    slots: Slots<Option<Kept<T>>>,
    index: HashTable<Place>,
    hasher: foldhash::fast::RandomState,
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            index: HashTable::new(),
            hasher: foldhash::fast::RandomState::default(),
            free: Vec::new(),
        }
    }
}

/// The place of a key that has this hash.
fn is_at<T: Item>(slots: &Slots<Option<Kept<T>>>, place: Place, hash: u32, key: &T::Key) -> bool {
    let kept = || slots.get(place.slot as usize).and_then(Option::as_ref);
    place.hash == hash && kept().is_some_and(|kept| kept.item.key() == key)
}

impl<T: Item + PartialEq> Arena<T> {
    fn hash(&self, key: &T::Key) -> Place {
        let hash = u32::try_from(self.hasher.hash_one(key) >> 32).unwrap_or_default();
        Place { hash, slot: 0 }
    }

    /// Items in all.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Every slot that was ever used is below this.
    pub fn end(&self) -> usize {
        self.slots.len()
    }

    pub fn slot(&self, key: &T::Key) -> Option<u32> {
        let of = self.hash(key);
        let found = self.index.find(of.spread(), |&place| is_at(&self.slots, place, of.hash, key));
        found.map(|place| place.slot)
    }

    pub fn at(&self, slot: u32) -> Option<&Kept<T>> {
        self.slots.get(slot as usize).and_then(Option::as_ref)
    }

    pub fn item_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.as_mut().map(|kept| &mut kept.item)
    }

    /// Notes that an item was read as it is known; `None` if it is not known, or has changed.
    pub fn see_again(&mut self, item: &T, read_at: Timestamp, sweep: u64) -> Option<u32> {
        let slot = self.slot(item.key())?;
        let kept = self.slots.get_mut(slot as usize)?.as_mut().filter(|kept| kept.item == *item)?;
        (kept.read_at, kept.sweep) = (read_at, sweep);
        Some(slot)
    }

    pub fn put(&mut self, item: T, read_at: Timestamp, sweep: u64) -> (u32, Option<T>) {
        let of = self.hash(item.key());
        let slots = &self.slots;
        match self.index.entry(of.spread(), |&place| is_at(slots, place, of.hash, item.key()), |place| place.spread()) {
            Entry::Occupied(found) => {
                let slot = found.get().slot;
                let kept = Some(Kept { item, read_at, sweep });
                let old = self.slots.get_mut(slot as usize).and_then(|place| std::mem::replace(place, kept));
                (slot, old.map(|kept| kept.item))
            }
            Entry::Vacant(new) => {
                let kept = Some(Kept { item, read_at, sweep });
                let slot = if let Some(slot) = self.free.pop() {
                    if let Some(place) = self.slots.get_mut(slot as usize) {
                        *place = kept;
                    }
                    slot
                } else {
                    self.slots.push(kept);
                    u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
                };
                new.insert(Place { slot, ..of });
                (slot, None)
            }
        }
    }

    pub fn take(&mut self, key: &T::Key) -> Option<(u32, T)> {
        let of = self.hash(key);
        let slots = &self.slots;
        let found = self.index.find_entry(of.spread(), |&place| is_at(slots, place, of.hash, key)).ok()?;
        let (Place { slot, .. }, _) = found.remove();
        let kept = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some((slot, kept.item))
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().zip(0u32..).filter_map(|(kept, slot)| kept.as_ref().map(|kept| (slot, &kept.item)))
    }

    /// Ids of the items that were not seen in this sweep.
    pub fn older_than(&self, sweep: u64, mut of: impl FnMut(&T) -> bool) -> Vec<T::Key>
    where
        T::Key: Clone,
    {
        self.slots
            .iter()
            .flatten()
            .filter(|kept| kept.sweep < sweep && of(&kept.item))
            .map(|kept| kept.item.key().clone())
            .collect()
    }
}

pub fn link<K: Hash + Eq>(map: &mut Table<K, Vec<u32>>, key: K, slot: u32) {
    let slots = map.entry(key).or_default();
    if !slots.contains(&slot) {
        slots.push(slot);
    }
}

pub fn unlink<K: Hash + Eq>(map: &mut Table<K, Vec<u32>>, key: &K, slot: u32) {
    if let Some(slots) = map.get_mut(key) {
        slots.retain(|&kept| kept != slot);
        if slots.is_empty() {
            map.remove(key);
        }
    }
}
