//! Items in slots, found by id or by number.

use std::{collections::HashMap, hash::Hash};

use crate::domain::{slots::Slots, time::Timestamp};

/// A table by ids. Its hash is seeded anew in each run, and several times faster than the standard one.
pub type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// An item with the time it was read and the sweep it was last seen in.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept<T> {
    pub item: T,
    pub read_at: Timestamp,
    pub sweep: u64,
}

/// Slots that keep their number for as long as the item lives.
#[derive(Clone, Debug)]
pub struct Arena<K, T> {
    slots: Slots<Option<Kept<T>>>,
    index: Table<K, u32>,
    free: Vec<u32>,
}

impl<K, T> Default for Arena<K, T> {
    fn default() -> Self {
        Self { slots: Slots::default(), index: Table::default(), free: Vec::new() }
    }
}

impl<K: Hash + Eq + Clone, T: PartialEq> Arena<K, T> {
    /// Items in all.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Every slot that was ever used is below this.
    pub fn end(&self) -> usize {
        self.slots.len()
    }

    pub fn slot(&self, key: &K) -> Option<u32> {
        self.index.get(key).copied()
    }

    pub fn at(&self, slot: u32) -> Option<&Kept<T>> {
        self.slots.get(slot as usize).and_then(Option::as_ref)
    }

    pub fn item_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.as_mut().map(|kept| &mut kept.item)
    }

    /// Notes that an item was read as it is known; `None` if it is not known, or has changed.
    pub fn see_again(&mut self, key: &K, item: &T, read_at: Timestamp, sweep: u64) -> Option<u32> {
        let slot = self.slot(key)?;
        let kept = self.slots.get_mut(slot as usize)?.as_mut().filter(|kept| kept.item == *item)?;
        (kept.read_at, kept.sweep) = (read_at, sweep);
        Some(slot)
    }

    pub fn put(&mut self, key: K, item: T, read_at: Timestamp, sweep: u64) -> (u32, Option<T>) {
        let kept = Some(Kept { item, read_at, sweep });
        if let Some(slot) = self.slot(&key) {
            let old = self.slots.get_mut(slot as usize).and_then(|place| std::mem::replace(place, kept));
            return (slot, old.map(|kept| kept.item));
        }
        let slot = if let Some(slot) = self.free.pop() {
            if let Some(place) = self.slots.get_mut(slot as usize) {
                *place = kept;
            }
            slot
        } else {
            self.slots.push(kept);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        };
        self.index.insert(key, slot);
        (slot, None)
    }

    pub fn take(&mut self, key: &K) -> Option<(u32, T)> {
        let slot = self.index.remove(key)?;
        let kept = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some((slot, kept.item))
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().zip(0u32..).filter_map(|(kept, slot)| kept.as_ref().map(|kept| (slot, &kept.item)))
    }

    /// Ids of the items that were not seen in this sweep.
    pub fn older_than(&self, sweep: u64, mut of: impl FnMut(&T) -> bool, key: impl Fn(&T) -> K) -> Vec<K> {
        self.slots
            .iter()
            .flatten()
            .filter(|kept| kept.sweep < sweep && of(&kept.item))
            .map(|kept| key(&kept.item))
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
