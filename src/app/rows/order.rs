//! The order of everything that could be shown, whatever the filter: pages and sorts change it, key strokes do not.

use std::{cmp::Reverse, net::IpAddr};

use crate::{
    app::{browse::SortBy, state::State},
    domain::{
        finding::Level,
        inventory::{ProfileInventory, Touched},
    },
};

use super::{RowRef, narrow, pieces::Pieces};

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Order {
    /// Instances, and NICs on none that is known.
    pub heads: Pieces<RowRef>,
    /// All addresses, in the table's order; empty where the list follows the tree.
    pub addresses: Pieces<Placed>,
    /// By profile: no NIC from this slot on was ever listed here.
    end: Vec<usize>,
}

/// An address of the table, with what is short of all it is sorted by: whoever looks for a place compares many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Placed {
    ip: IpAddr,
    level: Level,
    pub row: RowRef,
}

impl Placed {
    fn of(state: &State, ip: IpAddr, row: RowRef) -> Self {
        let level = match row {
            RowRef::Address { slot, nth, .. } => state.verdicts.address(row.profile(), slot, usize::from(nth)).level,
            _ => Level::default(),
        };
        Self { ip, level, row }
    }
}

/// What heads are sorted by, before their place: the profile; instances, then free NICs; region, name and id.
type HeadRank<'a> = (usize, bool, Option<[&'a str; 3]>);

fn head_rank(parts: &[ProfileInventory], row: RowRef) -> HeadRank<'_> {
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
    (row.profile(), free, name)
}

/// What the table is sorted by, before address and place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Column<'a> {
    None,
    Profile(usize),
    Level(Reverse<Level>),
    Text(Option<[&'a str; 2]>),
}

fn column(state: &State, by: SortBy, placed: Placed) -> Column<'_> {
    let Placed { level, row, .. } = placed;
    let RowRef::Address { slot, .. } = row else { return Column::None };
    let part = state.inventory.at(row.profile());
    let nic = || part.and_then(|part| part.nic_at(slot));
    match by {
        SortBy::Address => Column::None,
        SortBy::Profile => Column::Profile(row.profile()),
        SortBy::Level => Column::Level(Reverse(level)),
        // By what the column shows.
        SortBy::Nic => Column::Text(nic().map(|nic| [nic.id.as_str(), ""])),
        SortBy::Instance => Column::Text(nic().and_then(|nic| nic.instance.as_ref()).map(|id| {
            let slot = part.and_then(|part| part.instance_of(slot));
            let name = part.and_then(|part| part.instance_at(slot?)).map_or("", |instance| &*instance.name);
            [if name.is_empty() { id.as_str() } else { name }, id.as_str()]
        })),
    }
}

fn addresses_of(state: &State, place: usize, slot: u32) -> impl Iterator<Item = Placed> {
    let nic = state.inventory.at(place).and_then(|part| part.nic_at(slot));
    let addresses = nic.map_or(&[][..], |nic| &nic.addresses);
    let row = move |nth: usize| RowRef::Address { profile: narrow(place), slot, nth: narrow(nth), depth: 0 };
    addresses.iter().enumerate().map(move |(nth, address)| Placed::of(state, address.ip, row(nth)))
}

/// Items with what they are sorted by, which is made once for each: a comparison that looks it up each time is many times
/// slower.
fn sorted<T: Ord, R: Ord>(items: impl Iterator<Item = T>, rank: impl Fn(&T) -> R) -> Vec<(R, T)> {
    let mut ranked: Vec<(R, T)> = items.map(|item| (rank(&item), item)).collect();
    ranked.sort_unstable();
    ranked
}

fn is_free(part: &ProfileInventory, nic: u32) -> bool {
    part.nic_at(nic).is_some() && part.instance_of(nic).is_none()
}

/// Bits by slot.
fn flags(slots: &[u32], len: usize) -> Vec<bool> {
    let mut flags = vec![false; len];
    for &slot in slots {
        if let Some(flag) = flags.get_mut(slot as usize) {
            *flag = true;
        }
    }
    flags
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
        let heads = sorted(heads, |&row| head_rank(parts, row)).into_iter().map(|(_, row)| row).collect();
        Self { heads, addresses: sorted_addresses(state), end: parts.iter().map(ProfileInventory::nic_slots).collect() }
    }

    /// After the table was chosen, left, or sorted otherwise.
    pub fn sort_again(&mut self, state: &State) {
        self.addresses = sorted_addresses(state);
        self.end = state.inventory.profiles().iter().map(ProfileInventory::nic_slots).collect();
    }

    /// After a page: what it touched is taken out, and put in where it belongs now. Nothing is touched twice.
    pub fn take_in(&mut self, state: &State, place: usize, touched: &Touched) {
        let Some(part) = state.inventory.at(place) else { return };
        let parts = state.inventory.profiles();
        let profile = narrow(place);
        let nics = flags(&touched.nics, part.nic_slots());
        let instances = flags(&touched.instances, part.instance_slots());
        let is = |flags: &[bool], slot: u32| flags.get(slot as usize).copied().unwrap_or(false);
        let is_kept = |row: RowRef| {
            row.profile() != place
                || match row {
                    RowRef::Instance { slot, .. } => !is(&instances, slot),
                    RowRef::Nic { slot, .. } | RowRef::Address { slot, .. } => !is(&nics, slot),
                    RowRef::Problem { .. } => true,
                }
        };

        let there = touched.instances.iter().filter(|&&slot| part.instance_at(slot).is_some());
        let there = there.map(|&slot| RowRef::Instance { profile, slot });
        let free = touched.nics.iter().filter(|&&slot| is_free(part, slot));
        let free = free.map(|&slot| RowRef::Nic { profile, slot, depth: 0 });
        // To look through everything for what can not be there takes longer than all the rest.
        self.end.resize(parts.len().max(self.end.len()), 0);
        let end = std::mem::replace(&mut self.end[place], part.nic_slots());
        let were_nics = touched.nics.iter().any(|&slot| (slot as usize) < end);
        if were_nics || !touched.instances.is_empty() {
            self.heads.retain(|&row| is_kept(row));
        }
        let new = sorted(there.chain(free), |&row| head_rank(parts, row));
        self.heads.weave(&new, |&old, at| (head_rank(parts, old), old) < *at);

        if let Some((by, reverse)) = state.sorting() {
            let rank = |placed: &Placed| column(state, by, *placed);
            let new = touched.nics.iter().flat_map(|&slot| addresses_of(state, place, slot));
            let mut new = sorted(new, rank);
            if were_nics {
                self.addresses.retain(|placed| is_kept(placed.row));
            }
            if reverse {
                new.reverse();
                self.addresses.weave(&new, |old, at| (rank(old), *old) > *at);
            } else {
                self.addresses.weave(&new, |old, at| (rank(old), *old) < *at);
            }
        }
    }

    /// The place of an address among all of the table.
    pub fn place(&self, state: &State, ip: IpAddr, row: RowRef) -> Option<usize> {
        let (by, reverse) = state.sorting()?;
        let wanted = Placed::of(state, ip, row);
        let wanted = (column(state, by, wanted), wanted);
        let (place, found) = self.addresses.partition_point(|placed| {
            let at = (column(state, by, *placed), *placed);
            if reverse { at > wanted } else { at < wanted }
        });
        found.is_some_and(|placed| placed.row == row).then_some(place)
    }
}

fn sorted_addresses(state: &State) -> Pieces<Placed> {
    let Some((by, reverse)) = state.sorting() else { return Pieces::default() };
    let parts = state.inventory.profiles().iter().enumerate();
    let all = parts.flat_map(|(place, part)| part.nics().flat_map(move |(slot, _)| addresses_of(state, place, slot)));
    let sorted = sorted(all, |placed| column(state, by, *placed));
    let addresses = sorted.into_iter().map(|(_, placed)| placed);
    if reverse { addresses.rev().collect() } else { addresses.collect() }
}
