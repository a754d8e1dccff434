//! Rows of the inventory: groups of an instance with its NICs and addresses, in order; rows are made only for the window.
//!
//! The order of everything is kept apart from what of it is shown: a key stroke in the filter only picks from it. The index
//! holds one small record per group, not per row. A page changes what it touches, and nothing else is counted again.

mod cursor;
mod find;
mod marks;
mod order;
mod pieces;
mod tree;

use std::net::IpAddr;

use crate::domain::{
    ids::{AddressKey, InstanceKey, NicKey, ProfileId},
    inventory::{Section, Touched},
    slots::Slots,
};

use super::{browse::Layout, state::State};

pub(super) use cursor::{follow_cursor, remember_cursor};
pub use find::{at, focused, key, nic_of, place, window};
pub use marks::{HiddenMarks, hidden_marks, is_releasable_role, is_visible, target};
pub(super) use marks::{matching, recount_hidden};
use order::Order;
pub(super) use tree::set_folded;
use tree::{Group, Source, Sum};
pub use tree::{has_problem, is_foldable, is_folded};

/// One row, by place: cheap to make, valid until the next change of the inventory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowRef {
    /// A profile that has a problem (`nth` 0); under it, unfolded, each listing of it that failed (from 1 on).
    Problem {
        profile: u16,
        nth: u16,
    },
    Instance {
        profile: u16,
        slot: u32,
    },
    /// `depth` 1 under its instance, 0 for a NIC that is attached to nothing known.
    Nic {
        profile: u16,
        slot: u32,
        depth: u8,
    },
    Address {
        profile: u16,
        slot: u32,
        nth: u16,
        depth: u8,
    },
}

/// What a row stands for, by name: survives refreshes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowKey {
    Problem(ProfileId, Option<Section>),
    Instance(InstanceKey),
    Nic(NicKey),
    Address(AddressKey),
}

impl RowRef {
    /// The profile's place.
    #[inline]
    pub fn profile(self) -> usize {
        let (RowRef::Problem { profile, .. }
        | RowRef::Instance { profile, .. }
        | RowRef::Nic { profile, .. }
        | RowRef::Address { profile, .. }) = self;
        usize::from(profile)
    }

    /// The same row, as folds remember it.
    fn fold_key(self) -> RowRef {
        match self {
            RowRef::Nic { profile, slot, .. } => RowRef::Nic { profile, slot, depth: 0 },
            other => other,
        }
    }
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowIndex {
    order: Order,
    /// The tree: by profile and instance slot.
    sums: Vec<Slots<Sum>>,
    groups: Vec<Group>,
    /// The table, where that is shown under a filter: the matching addresses in order.
    picked: Option<Vec<RowRef>>,
    is_table: bool,
    len: usize,
    addresses: usize,
}

/// What the table lists.
enum Table<'a> {
    Everything(&'a Order),
    Picked(&'a [RowRef]),
}

impl Table<'_> {
    fn rows(&self, offset: usize, height: usize) -> Vec<RowRef> {
        match self {
            Table::Everything(order) => order.addresses.from(offset).take(height).map(|placed| placed.row).collect(),
            Table::Picked(rows) => rows.iter().skip(offset).take(height).copied().collect(),
        }
    }

    /// Where an address is listed.
    fn place(&self, state: &State, ip: IpAddr, row: RowRef) -> Option<usize> {
        match self {
            Table::Everything(order) => order.place(state, ip, row),
            Table::Picked(rows) => rows.iter().position(|&listed| listed == row),
        }
    }
}

impl RowIndex {
    /// Rows in all.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Addresses that match the filter.
    pub fn address_count(&self) -> usize {
        self.addresses
    }

    /// `None` in the tree.
    fn table(&self) -> Option<Table<'_>> {
        let picked = || self.picked.as_deref().map_or(Table::Everything(&self.order), Table::Picked);
        self.is_table.then(picked)
    }

    /// The first group that has a row at or behind this place.
    fn group_at(&self, row: usize) -> usize {
        self.groups.partition_point(|group| (group.start + group.len) as usize <= row)
    }

    /// Counts what is below each instance.
    fn sum(&mut self, state: &State) {
        let source = Source::of(state);
        let profiles = if state.browse.layout == Layout::Tree { state.inventory.profiles().len() } else { 0 };
        self.sums = (0..profiles).map(|place| source.sums(narrow(place))).collect();
    }

    /// Counts what is below the instances that a page touched, themselves or a NIC of theirs.
    fn sum_touched(&mut self, state: &State, place: usize, touched: &Touched) {
        let (Some(part), Some(sums)) = (state.inventory.at(place), self.sums.get_mut(place)) else { return };
        sums.reach(part.instance_slots());
        let source = Source::of(state);
        let of_nics = touched.nics.iter().filter_map(|&nic| part.instance_of(nic));
        for slot in of_nics.chain(touched.instances.iter().copied()) {
            if let Some(sum) = sums.get_mut(slot as usize) {
                *sum = source.sum(narrow(place), slot);
            }
        }
    }

    /// Shows what of the order matches.
    fn show(&mut self, state: &State) {
        self.is_table = state.browse.layout != Layout::Tree;
        self.groups.clear();
        let mut picked = self.picked.take().unwrap_or_default();
        if !self.is_table {
            let source = Source::of(state);
            let problems = tree::problem_heads(state);
            let (mut rows, mut addresses) = (0, 0);
            for group in
                problems.iter().chain(self.order.heads.iter()).filter_map(|&head| source.group(head, &self.sums))
            {
                self.groups.push(Group { start: rows, ..group });
                rows += group.len;
                addresses += group.addresses as usize;
            }
            (self.len, self.addresses) = (rows as usize, addresses);
        } else if state.browse.filter.is_empty() {
            (self.len, self.addresses) = (self.order.addresses.len(), self.order.addresses.len());
        } else {
            let matches = |&row: &RowRef| match row {
                RowRef::Address { profile, slot, nth, .. } => {
                    state.browse.matches.nic(usize::from(profile), slot).address(usize::from(nth))
                }
                _ => false,
            };
            picked.clear();
            picked.extend(self.order.addresses.iter().map(|placed| placed.row).filter(matches));
            (self.len, self.addresses) = (picked.len(), picked.len());
            self.picked = Some(picked);
        }
    }
}

fn narrow<T: TryInto<u16>>(n: T) -> u16 {
    n.try_into().unwrap_or(u16::MAX)
}

/// Changes the index by a look at the state, and has the cursor follow.
fn change(state: &mut State, by: impl FnOnce(&mut RowIndex, &State)) {
    let mut rows = std::mem::take(&mut state.browse.rows);
    by(&mut rows, state);
    rows.show(state);
    state.browse.rows = rows;
    follow_cursor(state);
}

/// Puts everything in order and shows it: after a listing's end.
pub(super) fn rebuild(state: &mut State) {
    change(state, |rows, state| {
        rows.order = Order::of(state);
        rows.sum(state);
    });
}

/// Sorts the table, or makes it: after the layout changed.
pub(super) fn sort(state: &mut State) {
    change(state, |rows, state| {
        rows.order.sort_again(state);
        rows.sum(state);
    });
}

/// Takes in what a page touched.
pub(super) fn merge(state: &mut State, place: usize, touched: &Touched) {
    if touched.all {
        return rebuild(state);
    }
    change(state, |rows, state| {
        rows.order.take_in(state, place, touched);
        rows.sum_touched(state, place, touched);
    });
}

/// Shows what of the order matches: after a filter or a fold.
pub(super) fn regroup(state: &mut State) {
    change(state, RowIndex::sum);
}
