//! The order of everything that could be shown, whatever the filter: pages and sorts change it, key strokes do not.

use std::{cmp::Reverse, net::IpAddr};

use crate::{
    app::{
        browse::{Layout, SortBy},
        state::State,
    },
    domain::{
        finding::Level,
        inventory::{ProfileInventory, Touched},
    },
};

use super::{RowRef, narrow, nic_of};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Instances, and NICs on none that is known.
    pub heads: Vec<RowRef>,
    /// All addresses, in the table's order; empty in the tree.
    pub addresses: Vec<RowRef>,
}

/// By profile; instances, then free NICs; each by region, name and id.
type HeadKey<'a> = (usize, bool, Option<[&'a str; 3]>, RowRef);

fn head_key(parts: &[ProfileInventory], row: RowRef) -> HeadKey<'_> {
    let part = parts.get(row.profile());
    let (free, name) = match row {
        RowRef::Instance { slot, .. } => {
            let instance = part.and_then(|part| part.instance_at(slot));
            (false, instance.map(|it| [it.region.as_str(), &*it.name, it.id.as_str()]))
        }
        RowRef::Nic { slot, .. } => {
            let nic = part.and_then(|part| part.nic_at(slot));
            (true, nic.map(|it| [it.region.as_str(), &*it.name, it.id.as_str()]))
        }
        RowRef::Problem { .. } | RowRef::Address { .. } => (true, None),
    };
    (row.profile(), free, name, row)
}

/// What the table is sorted by, before address and place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Column<'a> {
    None,
    Profile(usize),
    Level(Reverse<Level>),
    Text(Option<[&'a str; 2]>),
}

type RowKey<'a> = (Column<'a>, Option<IpAddr>, RowRef);

fn row_key(state: &State, by: SortBy, row: RowRef) -> RowKey<'_> {
    let RowRef::Address { slot, nth, .. } = row else { return (Column::None, None, row) };
    let nic = nic_of(state, row);
    let ip = nic.and_then(|nic| nic.addresses.get(usize::from(nth))).map(|address| address.ip);
    let column = match by {
        SortBy::Address => Column::None,
        SortBy::Profile => Column::Profile(row.profile()),
        SortBy::Level => Column::Level(Reverse(state.verdicts.address(row.profile(), slot, usize::from(nth)).level)),
        // By what the column shows.
        SortBy::Nic => Column::Text(nic.map(|nic| [nic.id.as_str(), ""])),
        SortBy::Instance => Column::Text(nic.and_then(|nic| nic.instance.as_ref()).map(|id| {
            let part = state.inventory.at(row.profile());
            let slot = part.and_then(|part| part.instance_of(slot));
            let name = part.and_then(|part| part.instance_at(slot?)).map_or("", |instance| &*instance.name);
            [if name.is_empty() { id.as_str() } else { name }, id.as_str()]
        })),
    };
    (column, ip, row)
}

fn addresses_of(part: &ProfileInventory, profile: u16, slot: u32) -> impl Iterator<Item = RowRef> {
    let len = part.nic_at(slot).map_or(0, |nic| nic.addresses.len());
    (0..len).map(move |nth| RowRef::Address { profile, slot, nth: narrow(nth), depth: 0 })
}

/// Sorts by keys that are made once per row: a comparison that looks them up each time is many times slower.
fn sorted<K: Ord>(rows: impl Iterator<Item = RowRef>, key: impl Fn(RowRef) -> K) -> Vec<(K, RowRef)> {
    let mut keyed: Vec<(K, RowRef)> = rows.map(|row| (key(row), row)).collect();
    keyed.sort_unstable();
    keyed
}

/// How many rows at the beginning come before something, where that is probably not far.
fn gallop(rows: &[RowRef], before: impl Fn(RowRef) -> bool) -> usize {
    let mut end = 1;
    while rows.get(end - 1).is_some_and(|&row| before(row)) {
        end *= 2;
    }
    let from = end / 2;
    from + rows[from..end.min(rows.len())].partition_point(|&row| before(row))
}

/// Rows in order without those that are gone, and with the new ones in their places.
fn woven<K: Ord>(
    old: &[RowRef],
    is_gone: impl Fn(RowRef) -> bool,
    new: impl Iterator<Item = RowRef>,
    key: impl Fn(RowRef) -> K,
) -> Vec<RowRef> {
    let new = sorted(new, &key);
    let kept: Vec<RowRef> = old.iter().copied().filter(|&row| !is_gone(row)).collect();
    if new.is_empty() {
        return kept;
    }
    let mut all = Vec::with_capacity(kept.len() + new.len());
    let mut rest = &kept[..];
    for (at, row) in new {
        let (before, behind) = rest.split_at(gallop(rest, |old| key(old) < at));
        all.extend_from_slice(before);
        all.push(row);
        rest = behind;
    }
    all.extend_from_slice(rest);
    all
}

fn is_free(part: &ProfileInventory, nic: u32) -> bool {
    part.nic_at(nic).is_some() && part.instance_of(nic).is_none()
}

impl Order {
    /// Of all that is there.
    pub fn of(state: &State) -> Self {
        let parts = state.inventory.profiles();
        let heads = parts.iter().enumerate().flat_map(|(place, part)| {
            let profile = narrow(place);
            let free = part.nics().map(|(slot, _)| slot).filter(|&slot| is_free(part, slot));
            let instances = part.instances().map(move |(slot, _)| RowRef::Instance { profile, slot });
            instances.chain(free.map(move |slot| RowRef::Nic { profile, slot, depth: 0 }))
        });
        let heads = sorted(heads, |row| head_key(parts, row)).into_iter().map(|(_, row)| row).collect();
        Self { heads, addresses: sorted_addresses(state) }
    }

    /// After the table was chosen, left, or sorted otherwise.
    pub fn sort_again(&mut self, state: &State) {
        self.addresses = sorted_addresses(state);
    }

    /// After a page: what it touched is taken out, and put in where it belongs now.
    pub fn take_in(&mut self, state: &State, place: usize, touched: &Touched) {
        let Some(part) = state.inventory.at(place) else { return };
        let parts = state.inventory.profiles();
        let profile = narrow(place);
        let (mut nics, mut instances) = (vec![false; part.nic_slots()], vec![false; part.instance_slots()]);
        let mut first = |slot: u32| nics.get_mut(slot as usize).is_some_and(|seen| !std::mem::replace(seen, true));
        let new_nics: Vec<u32> = touched.nics.iter().copied().filter(|&slot| first(slot)).collect();
        let mut first = |slot: u32| instances.get_mut(slot as usize).is_some_and(|seen| !std::mem::replace(seen, true));
        let new_instances: Vec<u32> = touched.instances.iter().copied().filter(|&slot| first(slot)).collect();
        let is = |list: &[bool], slot: u32| list.get(slot as usize).copied().unwrap_or(false);
        let is_gone = |row: RowRef| {
            row.profile() == place
                && match row {
                    RowRef::Instance { slot, .. } => is(&instances, slot),
                    RowRef::Nic { slot, .. } | RowRef::Address { slot, .. } => is(&nics, slot),
                    RowRef::Problem { .. } => false,
                }
        };
        let there = new_instances.iter().filter(|&&slot| part.instance_at(slot).is_some());
        let heads = there.map(|&slot| RowRef::Instance { profile, slot });
        let free = new_nics.iter().filter(|&&slot| is_free(part, slot));
        let heads = heads.chain(free.map(|&slot| RowRef::Nic { profile, slot, depth: 0 }));
        self.heads = woven(&self.heads, is_gone, heads, |row| head_key(parts, row));
        if let Layout::Table { by, reverse } = state.browse.layout {
            let new = new_nics.iter().flat_map(|&slot| addresses_of(part, profile, slot));
            self.addresses = if reverse {
                woven(&self.addresses, is_gone, new, |row| Reverse(row_key(state, by, row)))
            } else {
                woven(&self.addresses, is_gone, new, |row| row_key(state, by, row))
            };
        }
    }
}

fn sorted_addresses(state: &State) -> Vec<RowRef> {
    let Layout::Table { by, reverse } = state.browse.layout else { return Vec::new() };
    let all = state
        .inventory
        .profiles()
        .iter()
        .enumerate()
        .flat_map(|(place, part)| part.nics().flat_map(move |(slot, _)| addresses_of(part, narrow(place), slot)));
    let mut rows: Vec<RowRef> = sorted(all, |row| row_key(state, by, row)).into_iter().map(|(_, row)| row).collect();
    if reverse {
        rows.reverse();
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(n: u32) -> RowRef {
        RowRef::Instance { profile: 0, slot: n }
    }

    proptest! {
        #[test]
        fn weaving_is_sorting(old in prop::collection::btree_set(0..200u32, 0..60), new in prop::collection::btree_set(0..200u32, 0..20)) {
            let before: Vec<RowRef> = old.iter().copied().map(row).collect();
            let gone = |row: RowRef| matches!(row, RowRef::Instance { slot, .. } if new.contains(&slot) || slot % 7 == 0);
            let woven = woven(&before, gone, new.iter().rev().copied().map(row), |row| row);
            let mut all: Vec<RowRef> = before.into_iter().filter(|&row| !gone(row)).chain(new.iter().copied().map(row)).collect();
            all.sort_unstable();
            prop_assert_eq!(woven, all);
        }
    }
}
