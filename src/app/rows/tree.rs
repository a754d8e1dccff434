//! The tree: a group of rows for each instance with its NICs and addresses, each free NIC, each profile that has a problem.

use std::collections::HashSet;

use crate::{
    app::{
        browse::{Browse, Layout},
        detail,
        matches::Matches,
        state::{ProfileInfo, State},
    },
    domain::{inventory::ProfileInventory, nic::NicRole, slots::Slots},
    filter::ProfileSubject,
};

use super::{RowRef, narrow};

/// A run of rows that belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub head: RowRef,
    /// Rows before it.
    pub start: u32,
    /// Rows shown for it with the filter and folds in force.
    pub len: u32,
    /// Addresses in it that match, shown or folded away.
    pub addresses: u32,
    /// Matching addresses of the groups before it.
    pub before: u32,
}

/// What is below an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sum {
    /// Rows with the filter and folds in force.
    rows: u32,
    /// Addresses that match.
    addresses: u32,
}

impl Sum {
    fn plus(self, (rows, addresses): (u32, u32)) -> Self {
        Self { rows: self.rows + rows, addresses: self.addresses + addresses }
    }
}

/// The parts of the state that rows are made of.
pub(super) struct Source<'a> {
    parts: &'a [ProfileInventory],
    matches: &'a Matches,
    folds: &'a HashSet<RowRef>,
}

impl<'a> Source<'a> {
    pub fn of(state: &'a State) -> Self {
        Self { parts: state.inventory.profiles(), matches: &state.browse.matches, folds: state.browse.folds() }
    }

    fn part(&self, profile: u16) -> Option<&ProfileInventory> {
        self.parts.get(usize::from(profile))
    }

    /// NICs of a group's head, primary first.
    pub fn nics(&self, head: RowRef) -> Vec<u32> {
        match head {
            RowRef::Instance { profile, slot } => {
                let Some(part) = self.part(profile) else { return Vec::new() };
                let Some(instance) = part.instance_at(slot) else { return Vec::new() };
                let mut nics = part.nics_of(&instance.id).to_vec();
                let key = |slot: u32| part.nic_at(slot).map(|nic| (nic.role != NicRole::Primary, &nic.name, &nic.id));
                nics.sort_by(|&a, &b| key(a).cmp(&key(b)));
                nics
            }
            RowRef::Nic { slot, .. } => vec![slot],
            RowRef::Problem { .. } | RowRef::Address { .. } => Vec::new(),
        }
    }

    /// How much of a NIC shows: (rows, matching addresses); `None` when nothing of it matches.
    pub fn nic_size(&self, profile: u16, slot: u32) -> Option<(u32, u32)> {
        let hit = self.matches.nic(usize::from(profile), slot);
        let matching = hit.count();
        if matching == 0 && !hit.own {
            return None;
        }
        let folded = self.folds.contains(&RowRef::Nic { profile, slot, depth: 0 });
        Some((1 + if folded { 0 } else { matching }, matching))
    }

    /// Rows under a profile that has a problem: none where its own row says it all.
    fn failed(&self, profile: u16) -> u16 {
        let failed = self.part(profile).map_or(0, |part| detail::failed(part).len());
        if failed > 1 { narrow(failed) } else { 0 }
    }

    /// A group as far as it is shown. `sums` are those of [`Self::sums`], by profile.
    pub fn group(&self, head: RowRef, sums: &[Slots<Sum>]) -> Option<Group> {
        let (len, addresses) = match head {
            RowRef::Problem { profile, .. } => {
                (1 + if folded(self.folds, head) { 0 } else { u32::from(self.failed(profile)) }, 0)
            }
            RowRef::Address { .. } => return None,
            RowRef::Nic { profile, slot, .. } => self.nic_size(profile, slot)?,
            RowRef::Instance { profile, slot } => {
                let sums = sums.get(usize::from(profile)).and_then(|sums| sums.get(slot as usize));
                let Sum { rows, addresses } = sums.copied().unwrap_or_default();
                if rows == 0 && !self.matches.instance(usize::from(profile), slot) {
                    return None;
                }
                (1 + if self.folds.contains(&head) { 0 } else { rows }, addresses)
            }
        };
        Some(Group { head, start: 0, len, addresses, before: 0 })
    }

    /// What is below each instance of a profile, by slot.
    pub fn sums(&self, profile: u16) -> Slots<Sum> {
        let mut sums = Slots::default();
        let Some(part) = self.part(profile) else { return sums };
        sums.reach(part.instance_slots());
        for slot in (0u32..).take(part.nic_slots()) {
            if let Some(instance) = part.instance_of(slot)
                && let Some(sum) = sums.get_mut(instance as usize)
                && let Some(size) = self.nic_size(profile, slot)
            {
                *sum = sum.plus(size);
            }
        }
        sums
    }

    /// What is below one instance.
    pub fn sum(&self, profile: u16, slot: u32) -> Sum {
        let Some(part) = self.part(profile) else { return Sum::default() };
        let nics = part.instance_at(slot).map_or(&[][..], |instance| part.nics_of(&instance.id));
        nics.iter().filter_map(|&nic| self.nic_size(profile, nic)).fold(Sum::default(), Sum::plus)
    }

    /// The matching addresses of one group, or of one NIC in it, as a table lists them.
    pub fn addresses_of(&self, head: RowRef, nic: Option<u32>) -> Vec<RowRef> {
        let (RowRef::Instance { profile, .. } | RowRef::Nic { profile, .. }) = head else { return Vec::new() };
        let Some(part) = self.part(profile) else { return Vec::new() };
        let nics = self.nics(head).into_iter().filter(|&slot| nic.is_none_or(|nic| nic == slot));
        let of_nic = |slot: u32| {
            let hit = self.matches.nic(usize::from(profile), slot);
            let len = part.nic_at(slot).map_or(0, |nic| nic.addresses.len());
            let matching = (0..len).filter(move |&nth| hit.address(nth));
            matching.map(move |nth| RowRef::Address { profile, slot, nth: narrow(nth), depth: 0 })
        };
        nics.flat_map(of_nic).collect()
    }

    /// The rows of one group, in order.
    pub fn rows(&self, head: RowRef, out: &mut Vec<RowRef>) {
        out.push(head);
        let (profile, nested) = match head {
            RowRef::Instance { profile, .. } => (profile, true),
            RowRef::Nic { profile, .. } => (profile, false),
            RowRef::Problem { profile, .. } => {
                if !folded(self.folds, head) {
                    out.extend((1..=self.failed(profile)).map(|nth| RowRef::Problem { profile, nth }));
                }
                return;
            }
            RowRef::Address { .. } => return,
        };
        if nested && self.folds.contains(&head) {
            return;
        }
        for slot in self.nics(head) {
            if self.nic_size(profile, slot).is_none() {
                continue;
            }
            if nested {
                out.push(RowRef::Nic { profile, slot, depth: 1 });
            }
            if self.folds.contains(&RowRef::Nic { profile, slot, depth: 0 }) {
                continue;
            }
            let hit = self.matches.nic(usize::from(profile), slot);
            let Some(nic) = self.part(profile).and_then(|part| part.nic_at(slot)) else { continue };
            for nth in (0..nic.addresses.len()).filter(|&nth| hit.address(nth)) {
                out.push(RowRef::Address { profile, slot, nth: narrow(nth), depth: 1 + u8::from(nested) });
            }
        }
    }
}

/// One row for each profile that has a problem, unless the filter leaves the whole profile out. The table lists addresses
/// only.
pub(super) fn problem_heads(state: &State) -> Vec<RowRef> {
    if state.browse.layout != Layout::Tree {
        return Vec::new();
    }
    let filter = &state.browse.filter;
    let excluded = |info: &ProfileInfo| {
        let subject = ProfileSubject { profile: &info.id, cloud: &info.cloud, env: info.env.as_deref() };
        filter.is_settled_no(filter.on_profile(&subject))
    };
    let places =
        state.profiles.iter().enumerate().filter(|(place, info)| has_problem(state, *place) && !excluded(info));
    places.map(|(place, _)| RowRef::Problem { profile: narrow(place), nth: 0 }).collect()
}

/// Can the profile not be used, or did a listing of it fail?
pub fn has_problem(state: &State, place: usize) -> bool {
    state.info(place).is_some_and(|info| info.problem.is_some())
        || state.inventory.at(place).is_some_and(|part| !detail::failed(part).is_empty())
}

/// Whether a row with others under it is folded.
pub fn is_folded(state: &State, row: RowRef) -> bool {
    folded(state.browse.folds(), row)
}

/// A profile's problems begin folded, everything else unfolded: `folds` holds what was turned round.
fn folded(folds: &HashSet<RowRef>, row: RowRef) -> bool {
    folds.contains(&row.fold_key()) != matches!(row, RowRef::Problem { .. })
}

/// Whether there are rows that folding hides.
pub fn is_foldable(state: &State, row: RowRef) -> bool {
    match row {
        RowRef::Instance { .. } | RowRef::Nic { .. } => true,
        RowRef::Problem { profile, nth: 0 } => Source::of(state).failed(profile) > 0,
        RowRef::Problem { .. } | RowRef::Address { .. } => false,
    }
}

/// Folds or unfolds a row. Answers whether anything changed.
pub(in crate::app) fn set_folded(browse: &mut Browse, row: RowRef, folded: bool) -> bool {
    let filtered = browse.is_filtered();
    let folds = if filtered { &mut browse.folded_filtered } else { &mut browse.folded };
    let turned = folded != matches!(row, RowRef::Problem { .. });
    if turned { folds.insert(row.fold_key()) } else { folds.remove(&row.fold_key()) }
}
