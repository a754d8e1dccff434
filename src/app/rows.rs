//! Rows of the inventory: groups of an instance with its NICs and addresses, in order; rows are made only for the window.
//!
//! The order of everything is kept apart from what of it is shown: a key stroke in the filter only picks from it. The index
//! holds one small record per group, not per row. A page changes what it touches, and nothing else is counted again.

mod beside;
mod cursor;
mod find;
mod marks;
mod order;
mod pieces;
mod tree;

use std::{net::IpAddr, ops::Range};

use crate::domain::{
    ids::{AddressKey, InstanceKey, NicKey, ProfileId},
    inventory::{Section, Touched},
    slots::Slots,
};

use super::{browse::Layout, state::State};

pub use beside::{Node, TreePane, TreeRow, is_in_sight};
pub(super) use beside::{came_or_went, filtering, lay as lay_tree, moved as tree_moved, widen};
pub(super) use cursor::{follow_cursor, remember_cursor};
pub use find::{at, focused, key, listed, nic_of, place, window};
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

    /// The row of the NIC that it is, or is on.
    pub fn nic(self) -> Option<RowRef> {
        match self {
            RowRef::Nic { profile, slot, .. } | RowRef::Address { profile, slot, .. } => {
                Some(RowRef::Nic { profile, slot, depth: 0 })
            }
            RowRef::Problem { .. } | RowRef::Instance { .. } => None,
        }
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
    /// The table, where that shows a part only: the matching addresses in order.
    picked: Option<Vec<RowRef>>,
    shape: Shape,
    len: usize,
    addresses: usize,
}

/// How rows follow from the index.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum Shape {
    #[default]
    Tree,
    /// Addresses, sorted.
    Table,
    /// The addresses of a part of the tree, in its order.
    Slice(Slice),
}

/// A part of the tree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Slice {
    groups: [Range<u32>; 2],
    /// Of the one group: this NIC's addresses only.
    nic: Option<u32>,
}

impl Slice {
    /// The groups that are there.
    fn parts<'a>(&self, groups: &'a [Group]) -> [&'a [Group]; 2] {
        self.groups.clone().map(|range| {
            let end = groups.len().min(range.end as usize);
            groups.get(range.start as usize..end).unwrap_or_default()
        })
    }

    fn len(&self, source: &Source, groups: &[Group]) -> usize {
        match (self.nic, self.parts(groups)[0]) {
            (Some(nic), [group, ..]) => source.addresses_of(group.head, Some(nic)).len(),
            _ => self.parts(groups).into_iter().map(addresses_in).sum(),
        }
    }

    fn rows(&self, source: &Source, groups: &[Group], offset: usize, height: usize) -> Vec<RowRef> {
        let mut rows = Vec::with_capacity(height.min(groups.len()) + 16);
        let mut skip = offset;
        for part in self.parts(groups) {
            let len = addresses_in(part);
            if self.nic.is_none() && skip >= len {
                skip -= len;
                continue;
            }
            let start = part.first().map_or(0, |group| group.before as usize);
            let first = part.partition_point(|group| (group.before + group.addresses) as usize - start <= skip);
            let first = if self.nic.is_some() { 0 } else { first };
            skip -= part.get(first).map_or(0, |group| group.before as usize - start);
            for group in &part[first..] {
                rows.extend(source.addresses_of(group.head, self.nic));
                if rows.len() >= skip + height {
                    break;
                }
            }
        }
        rows.drain(..skip.min(rows.len()));
        rows.truncate(height);
        rows
    }

    /// Where an address is listed, by its group's head.
    fn place(&self, source: &Source, groups: &[Group], head: RowRef, row: RowRef) -> Option<usize> {
        let mut before = 0;
        for part in self.parts(groups) {
            if let Some(group) = part.iter().find(|group| group.head == head) {
                let nth = source.addresses_of(head, self.nic).iter().position(|&listed| listed == row)?;
                return Some(before + (group.before - part[0].before) as usize + nth);
            }
            before += addresses_in(part);
        }
        None
    }
}

/// Addresses of groups that stand behind each other.
fn addresses_in(groups: &[Group]) -> usize {
    match groups {
        [] => 0,
        [first, ..] => groups.last().map_or(0, |last| (last.before + last.addresses - first.before) as usize),
    }
}

/// What the table lists.
enum Table<'a> {
    Everything(&'a Order),
    Picked(&'a [RowRef]),
    Slice(&'a Slice, &'a [Group]),
}

impl Table<'_> {
    fn rows(&self, state: &State, offset: usize, height: usize) -> Vec<RowRef> {
        match self {
            Table::Everything(order) => order.addresses.from(offset).take(height).map(|placed| placed.row).collect(),
            Table::Picked(rows) => rows.iter().skip(offset).take(height).copied().collect(),
            Table::Slice(slice, groups) => slice.rows(&Source::of(state), groups, offset, height),
        }
    }

    /// Where an address is listed.
    fn place(&self, state: &State, ip: IpAddr, row: RowRef, head: Option<RowRef>) -> Option<usize> {
        match self {
            Table::Everything(order) => order.place(state, ip, row),
            Table::Picked(rows) => rows.iter().position(|&listed| listed == row),
            Table::Slice(slice, groups) => slice.place(&Source::of(state), groups, head?, row),
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
        match &self.shape {
            Shape::Tree => None,
            Shape::Table => Some(self.picked.as_deref().map_or(Table::Everything(&self.order), Table::Picked)),
            Shape::Slice(slice) => Some(Table::Slice(slice, &self.groups)),
        }
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
        self.shape = if state.browse.layout == Layout::Tree { Shape::Tree } else { Shape::Table };
        self.groups.clear();
        let mut picked = self.picked.take().unwrap_or_default();
        if self.shape == Shape::Tree {
            let source = Source::of(state);
            let problems = tree::problem_heads(state);
            let (mut rows, mut addresses) = (0, 0u32);
            for group in
                problems.iter().chain(self.order.heads.iter()).filter_map(|&head| source.group(head, &self.sums))
            {
                self.groups.push(Group { start: rows, before: addresses, ..group });
                rows += group.len;
                addresses += group.addresses;
            }
            (self.len, self.addresses) = (rows as usize, addresses as usize);
        } else if state.browse.filter.is_empty() {
            (self.len, self.addresses) = (self.order.addresses.len(), self.order.addresses.len());
        } else {
            picked.clear();
            picked.extend(self.order.addresses.iter().map(|placed| placed.row).filter(|&row| matches(state, row)));
            (self.len, self.addresses) = (picked.len(), picked.len());
            self.picked = Some(picked);
        }
    }

    /// Lists the addresses of a part of the tree: in its order, or sorted.
    fn slice(&mut self, state: &State, slice: Slice, holds: impl Fn(usize, u32) -> bool) {
        if state.sorting().is_none() {
            self.len = slice.len(&Source::of(state), &self.groups);
            self.shape = Shape::Slice(slice);
            return;
        }
        let mut picked = self.picked.take().unwrap_or_default();
        let held = |row: RowRef| match row {
            RowRef::Address { profile, slot, .. } => holds(usize::from(profile), slot),
            _ => false,
        };
        let rows = self.order.addresses.iter().map(|placed| placed.row);
        picked.clear();
        picked.extend(rows.filter(|&row| held(row) && matches(state, row)));
        self.len = picked.len();
        self.picked = Some(picked);
        self.shape = Shape::Table;
    }
}

/// Whether an address matches the filter.
fn matches(state: &State, row: RowRef) -> bool {
    match row {
        RowRef::Address { profile, slot, nth, .. } => {
            state.browse.matches.nic(usize::from(profile), slot).address(usize::from(nth))
        }
        _ => false,
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
    beside::lay(state);
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
