//! The order of everything that could be shown, whatever the filter: pages and sorts change it, key strokes do not.

use std::{cmp::Ordering, net::IpAddr};

use crate::{
    app::{browse::SortBy, state::State},
    domain::inventory::{ProfileInventory, Touched},
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

/// An address of the table, with what is short of all it is sorted by: whoever looks for a place compares many, and what
/// those are sorted by lies all over the memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Placed {
    /// In the order of the column, as far as it goes: where two are equal, the column's text decides.
    short: u128,
    ip: IpAddr,
    pub row: RowRef,
}

impl Placed {
    fn of(state: &State, by: SortBy, ip: IpAddr, row: RowRef) -> Self {
        let short = match (by, row) {
            (SortBy::Profile, _) => row.profile() as u128,
            (SortBy::Level, RowRef::Address { slot, nth, .. }) => {
                let level = state.verdicts.address(row.profile(), slot, usize::from(nth)).level;
                // The worst first.
                u128::MAX - level as u128
            }
            (SortBy::Nic | SortBy::Instance, _) => text(state, by, row).map_or(0, |[first, _]| beginning(first)),
            (SortBy::Address, _) => match ip {
                IpAddr::V4(ip) => u32::from(ip).into(),
                // Behind all of the others.
                IpAddr::V6(ip) => u128::from(ip).max(1 << 32),
            },
            (SortBy::Level, _) => 0,
        };
        Self { short, ip, row }
    }
}

/// The first bytes of a text, in its order.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    u128::from_be_bytes(bytes)
}

/// What the table is sorted by before address and place, if it is a text: what the column shows.
fn text(state: &State, by: SortBy, row: RowRef) -> Option<[&str; 2]> {
    let RowRef::Address { slot, .. } = row else { return None };
    let part = state.inventory.at(row.profile())?;
    let nic = part.nic_at(slot)?;
    match by {
        SortBy::Address | SortBy::Profile | SortBy::Level => None,
        SortBy::Nic => Some([nic.id.as_str(), ""]),
        SortBy::Instance => nic.instance.as_ref().map(|id| {
            let instance = part.instance_of(slot).and_then(|slot| part.instance_at(slot));
            let name = instance.map_or("", |instance| &*instance.name);
            [if name.is_empty() { id.as_str() } else { name }, id.as_str()]
        }),
    }
}

/// The order of the table, before it is turned round.
fn in_table(state: &State, by: SortBy, a: &Placed, b: &Placed) -> Ordering {
    let slot = |row: RowRef| match row {
        RowRef::Address { profile, slot, .. } => Some((profile, slot)),
        _ => None,
    };
    let texts = || match by {
        SortBy::Nic | SortBy::Instance if slot(a.row) != slot(b.row) => {
            text(state, by, a.row).cmp(&text(state, by, b.row))
        }
        _ => Ordering::Equal,
    };
    a.short.cmp(&b.short).then_with(texts).then_with(|| a.cmp(b))
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

fn addresses_of(state: &State, by: SortBy, place: usize, slot: u32) -> impl Iterator<Item = Placed> {
    let nic = state.inventory.at(place).and_then(|part| part.nic_at(slot));
    let addresses = nic.map_or(&[][..], |nic| &nic.addresses);
    let row = move |nth: usize| RowRef::Address { profile: narrow(place), slot, nth: narrow(nth), depth: 0 };
    addresses.iter().enumerate().map(move |(nth, address)| Placed::of(state, by, address.ip, row(nth)))
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
        self.heads.weave(&new, |(_, row)| *row, |&old, at| (head_rank(parts, old), old) < *at);

        if let Some((by, reverse)) = state.sorting() {
            let new = touched.nics.iter().flat_map(|&slot| addresses_of(state, by, place, slot));
            let new = in_order(state, by, reverse, new);
            if were_nics {
                self.addresses.retain(|placed| is_kept(placed.row));
            }
            self.addresses.weave(&new, |&new| new, |old, at| placed_before(state, by, reverse, old, at));
        }
    }

    /// The place of an address among all of the table.
    pub fn place(&self, state: &State, ip: IpAddr, row: RowRef) -> Option<usize> {
        let (by, reverse) = state.sorting()?;
        let wanted = Placed::of(state, by, ip, row);
        let (place, found) =
            self.addresses.partition_point(|placed| placed_before(state, by, reverse, placed, &wanted));
        found.is_some_and(|placed| placed.row == row).then_some(place)
    }
}

fn placed_before(state: &State, by: SortBy, reverse: bool, a: &Placed, b: &Placed) -> bool {
    in_table(state, by, a, b) == if reverse { Ordering::Greater } else { Ordering::Less }
}

/// Addresses as the table lists them.
fn in_order(state: &State, by: SortBy, reverse: bool, all: impl Iterator<Item = Placed>) -> Vec<Placed> {
    let mut all: Vec<Placed> = all.collect();
    all.sort_unstable_by(|a, b| in_table(state, by, a, b));
    if reverse {
        all.reverse();
    }
    all
}

fn sorted_addresses(state: &State) -> Pieces<Placed> {
    let Some((by, reverse)) = state.sorting() else { return Pieces::default() };
    let parts = state.inventory.profiles().iter().enumerate();
    let all =
        parts.flat_map(|(place, part)| part.nics().flat_map(move |(slot, _)| addresses_of(state, by, place, slot)));
    in_order(state, by, reverse, all).into_iter().collect()
}
