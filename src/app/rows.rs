//! Rows of the inventory: groups of an instance with its NICs and addresses, in order; rows are made only for the window.
//!
//! The order of everything is kept apart from what of it is shown: a key stroke in the filter only picks from it. The index
//! holds one small record per group, not per row.

mod order;

use std::collections::HashSet;

use crate::domain::{
    address::AddressRole,
    ids::{AddressKey, InstanceKey, NicKey, ProfileId},
    inventory::{ProfileInventory, Section, Touched},
    nic::{Nic, NicRole},
    selection::Target,
};
use crate::filter::ProfileSubject;

use super::{
    browse::{Browse, Layout},
    detail,
    matches::Matches,
    state::State,
};

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

/// A run of rows that belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Group {
    head: RowRef,
    /// Rows before it.
    start: u32,
    /// Rows shown for it with the filter and folds in force.
    len: u32,
    /// Addresses in it that match, shown or folded away.
    addresses: u32,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct RowIndex {
    order: order::Order,
    groups: Vec<Group>,
    /// Table layout: all matching addresses in order.
    flat: Option<Vec<RowRef>>,
    len: usize,
    addresses: usize,
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

    fn sum(&mut self) {
        let mut rows = 0;
        for group in &mut self.groups {
            group.start = rows;
            rows += group.len;
        }
        self.addresses = self.groups.iter().map(|group| group.addresses as usize).sum();
        self.len = self.flat.as_ref().map_or(rows as usize, Vec::len);
    }

    /// The first group that has a row at or behind this place.
    fn group_at(&self, row: usize) -> usize {
        self.groups.partition_point(|group| (group.start + group.len) as usize <= row)
    }
}

/// A look at the state's parts that rows are made of, so that the index can be changed at the same time.
struct Source<'a> {
    parts: &'a [ProfileInventory],
    matches: &'a Matches,
    folds: &'a HashSet<RowRef>,
}

fn narrow<T: TryInto<u16>>(n: T) -> u16 {
    n.try_into().unwrap_or(u16::MAX)
}

impl Source<'_> {
    fn part(&self, profile: u16) -> Option<&ProfileInventory> {
        self.parts.get(usize::from(profile))
    }

    /// NICs of a group's head, primary first.
    fn nics(&self, head: RowRef) -> Vec<u32> {
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
    fn nic_size(&self, profile: u16, slot: u32) -> Option<(u32, u32)> {
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

    /// A group as far as it is shown. `sums` has rows and matching addresses below each instance.
    fn group(&self, head: RowRef, sums: &[Vec<(u32, u32)>]) -> Option<Group> {
        let (len, addresses) = match head {
            RowRef::Problem { profile, .. } => {
                (1 + if folded(self.folds, head) { 0 } else { u32::from(self.failed(profile)) }, 0)
            }
            RowRef::Address { .. } => return None,
            RowRef::Nic { profile, slot, .. } => self.nic_size(profile, slot)?,
            RowRef::Instance { profile, slot } => {
                let sums = sums.get(usize::from(profile)).and_then(|sums| sums.get(slot as usize));
                let (rows, addresses) = sums.copied().unwrap_or_default();
                if rows == 0 && !self.matches.instance(usize::from(profile), slot) {
                    return None;
                }
                (1 + if self.folds.contains(&head) { 0 } else { rows }, addresses)
            }
        };
        Some(Group { head, start: 0, len, addresses })
    }

    /// Rows and matching addresses below each instance of a profile.
    fn sums(&self, profile: u16) -> Vec<(u32, u32)> {
        let Some(part) = self.part(profile) else { return Vec::new() };
        let mut sums = vec![(0, 0); part.instance_slots()];
        for slot in (0u32..).take(part.nic_slots()) {
            if let Some(instance) = part.instance_of(slot)
                && let Some(sum) = sums.get_mut(instance as usize)
                && let Some((rows, addresses)) = self.nic_size(profile, slot)
            {
                *sum = (sum.0 + rows, sum.1 + addresses);
            }
        }
        sums
    }

    /// The rows of one group, in order.
    fn rows(&self, head: RowRef, out: &mut Vec<RowRef>) {
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

macro_rules! source {
    ($state:expr) => {
        Source {
            parts: $state.inventory.profiles(),
            matches: &$state.browse.matches,
            folds: if $state.browse.filter_text.is_empty() {
                &$state.browse.folded
            } else {
                &$state.browse.folded_filtered
            },
        }
    };
}

/// One row for each profile that has a problem, unless the filter leaves the whole profile out. The table lists addresses
/// only.
fn problem_heads(state: &State) -> Vec<RowRef> {
    if state.browse.layout != Layout::Tree {
        return Vec::new();
    }
    let filter = &state.browse.filter;
    let excluded = |info: &super::state::ProfileInfo| {
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

/// Puts everything in order and shows it: after a listing's end.
pub(super) fn rebuild(state: &mut State) {
    state.browse.rows.order = order::Order::of(state);
    regroup(state);
}

/// Sorts the table, or makes it: after the layout changed.
pub(super) fn sort(state: &mut State) {
    let mut order = std::mem::take(&mut state.browse.rows.order);
    order.sort_again(state);
    state.browse.rows.order = order;
    regroup(state);
}

/// Takes in what a page touched.
pub(super) fn merge(state: &mut State, place: usize, touched: &Touched) {
    if touched.all {
        return rebuild(state);
    }
    let mut order = std::mem::take(&mut state.browse.rows.order);
    order.take_in(state, place, touched);
    state.browse.rows.order = order;
    regroup(state);
}

/// Shows what of the order matches: after a filter or a fold.
pub(super) fn regroup(state: &mut State) {
    let problems = problem_heads(state);
    let source = source!(state);
    let sums: Vec<_> = (0..source.parts.len()).map(|place| source.sums(narrow(place))).collect();
    let heads = problems.iter().chain(&state.browse.rows.order.heads);
    let groups = heads.filter_map(|&head| source.group(head, &sums)).collect();
    let flat = matches!(state.browse.layout, Layout::Table { .. }).then(|| {
        let shown = |row: &&RowRef| match **row {
            RowRef::Address { profile, slot, nth, .. } => {
                state.browse.matches.nic(usize::from(profile), slot).address(usize::from(nth))
            }
            _ => false,
        };
        state.browse.rows.order.addresses.iter().filter(shown).copied().collect()
    });
    let rows = &mut state.browse.rows;
    (rows.groups, rows.flat) = (groups, flat);
    rows.sum();
    follow_cursor(state);
}

/// The NIC of a NIC or address row.
pub fn nic_of(state: &State, row: RowRef) -> Option<&Nic> {
    match row {
        RowRef::Nic { profile, slot, .. } | RowRef::Address { profile, slot, .. } => {
            state.inventory.at(usize::from(profile))?.nic_at(slot)
        }
        RowRef::Problem { .. } | RowRef::Instance { .. } => None,
    }
}

/// The rows in the window of the inventory screen, from `offset`.
pub fn window(state: &State, offset: usize, height: usize) -> Vec<RowRef> {
    let index = &state.browse.rows;
    if let Some(flat) = &index.flat {
        return flat.iter().copied().skip(offset).take(height).collect();
    }
    let source = source!(state);
    let mut rows = Vec::with_capacity(height.min(index.len) + 16);
    let first = index.group_at(offset);
    let skip = index.groups.get(first).map_or(0, |group| offset - group.start as usize);
    for group in index.groups.get(first..).unwrap_or_default() {
        source.rows(group.head, &mut rows);
        if rows.len() >= skip + height {
            break;
        }
    }
    rows.drain(..skip.min(rows.len()));
    rows.truncate(height);
    rows
}

/// The row at a place of the list.
pub fn at(state: &State, place: usize) -> Option<RowRef> {
    window(state, place, 1).first().copied()
}

/// The row under the cursor.
pub fn focused(state: &State) -> Option<RowRef> {
    at(state, state.browse.view.cursor)
}

/// What a row stands for.
pub fn key(state: &State, row: RowRef) -> Option<RowKey> {
    let info = state.info(row.profile())?;
    let part = state.inventory.at(row.profile())?;
    let nic_key = |nic: &Nic| NicKey { profile: info.id.clone(), nic: nic.id.clone() };
    Some(match row {
        RowRef::Problem { nth, .. } => {
            let failed = usize::from(nth).checked_sub(1).and_then(|nth| detail::failed(part).get(nth).copied());
            RowKey::Problem(info.id.clone(), failed.map(|(section, ..)| section.clone()))
        }
        RowRef::Instance { slot, .. } => {
            RowKey::Instance(InstanceKey { profile: info.id.clone(), instance: part.instance_at(slot)?.id.clone() })
        }
        RowRef::Nic { slot, .. } => RowKey::Nic(nic_key(part.nic_at(slot)?)),
        RowRef::Address { slot, nth, .. } => {
            let nic = part.nic_at(slot)?;
            RowKey::Address(AddressKey { nic: nic_key(nic), ip: nic.addresses.get(usize::from(nth))?.ip })
        }
    })
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
        RowRef::Problem { profile, nth: 0 } => source!(state).failed(profile) > 0,
        RowRef::Problem { .. } | RowRef::Address { .. } => false,
    }
}

/// Folds or unfolds a row. Answers whether anything changed.
pub(super) fn set_folded(browse: &mut Browse, row: RowRef, folded: bool) -> bool {
    let filtered = browse.is_filtered();
    let folds = if filtered { &mut browse.folded_filtered } else { &mut browse.folded };
    let turned = folded != matches!(row, RowRef::Problem { .. });
    if turned { folds.insert(row.fold_key()) } else { folds.remove(&row.fold_key()) }
}

/// The place of an object in the list, if it is shown.
pub fn place(state: &State, wanted: &RowKey) -> Option<usize> {
    let index = &state.browse.rows;
    if let Some(flat) = &index.flat {
        return match wanted {
            RowKey::Address(address) => {
                let (profile, slot, nth) = find_address(state, address)?;
                flat.iter()
                    .position(|row| matches!(row, RowRef::Address { profile: p, slot: s, nth: n, .. } if (*p, *s, *n) == (profile, slot, nth)))
            }
            _ => None,
        };
    }
    let head = head_of(state, wanted)?;
    let group = index.groups.iter().find(|group| group.head == head)?;
    let mut rows = Vec::new();
    source!(state).rows(head, &mut rows);
    let nth = rows.iter().position(|&row| key(state, row).as_ref() == Some(wanted))?;
    Some(group.start as usize + nth)
}

fn find_address(state: &State, address: &AddressKey) -> Option<(u16, u32, u16)> {
    let place = state.inventory.place(&address.nic.profile)?;
    let part = state.inventory.at(place)?;
    let slot = part.nic_slot(&address.nic.nic)?;
    let nth = part.nic_at(slot)?.addresses.iter().position(|kept| kept.ip == address.ip)?;
    Some((narrow(place), slot, narrow(nth)))
}

/// The head of the group an object is shown in.
fn head_of(state: &State, wanted: &RowKey) -> Option<RowRef> {
    let nic_head = |key: &NicKey| {
        let place = state.inventory.place(&key.profile)?;
        let part = state.inventory.at(place)?;
        let slot = part.nic_slot(&key.nic)?;
        let instance = part.nic_at(slot)?.instance.as_ref().and_then(|id| part.instance_slot(id));
        Some(match instance {
            Some(slot) => RowRef::Instance { profile: narrow(place), slot },
            None => RowRef::Nic { profile: narrow(place), slot, depth: 0 },
        })
    };
    match wanted {
        RowKey::Problem(profile, _) => {
            Some(RowRef::Problem { profile: narrow(state.inventory.place(profile)?), nth: 0 })
        }
        RowKey::Instance(instance) => {
            let place = state.inventory.place(&instance.profile)?;
            let slot = state.inventory.at(place)?.instance_slot(&instance.instance)?;
            Some(RowRef::Instance { profile: narrow(place), slot })
        }
        RowKey::Nic(key) => nic_head(key),
        RowKey::Address(address) => nic_head(&address.nic),
    }
}

/// Where the cursor goes when its object is no longer shown: the NIC, then the instance it belonged to.
fn parents(wanted: &RowKey) -> Vec<RowKey> {
    match wanted {
        RowKey::Address(address) => vec![wanted.clone(), RowKey::Nic(address.nic.clone())],
        RowKey::Problem(profile, Some(_)) => vec![wanted.clone(), RowKey::Problem(profile.clone(), None)],
        other => vec![other.clone()],
    }
}

/// After the list changed: the cursor stays on its object, on the same line of the screen where that is possible.
pub(super) fn follow_cursor(state: &mut State) {
    let height = super::update::list_height(state);
    let len = state.browse.rows.len();
    if !state.browse.moved {
        state.browse.view = super::viewport::Viewport::default();
        return remember_cursor(state);
    }
    let found = state.browse.cursor.as_ref().and_then(|key| {
        let mut chain = parents(key);
        if let RowKey::Address(AddressKey { nic, .. }) | RowKey::Nic(nic) = key
            && let Some(part) = state.inventory.profile(&nic.profile)
            && let Some(instance) = part.nic(&nic.nic).and_then(|nic| nic.instance.clone())
        {
            chain.push(RowKey::Instance(InstanceKey { profile: nic.profile.clone(), instance }));
        }
        chain.iter().find_map(|key| place(state, key))
    });
    match found {
        Some(row) => state.browse.view.follow(row, len, height),
        None => {
            state.browse.view.fit(len, height);
        }
    }
    if found.is_none() || state.browse.cursor.is_none() {
        remember_cursor(state);
    }
}

/// After the cursor moved: remembers the object it is on.
pub(super) fn remember_cursor(state: &mut State) {
    state.browse.cursor = focused(state).and_then(|row| key(state, row));
}

/// Rows that a mark can be set on, with the target each stands for: secondary and virtual addresses.
pub fn target(state: &State, row: RowRef) -> Option<Target> {
    match (row, key(state, row)?) {
        (RowRef::Address { .. }, RowKey::Address(key)) => Some(Target::Address(key)),
        _ => None,
    }
}

/// All addresses that match the filter, folded away or not, as (profile, NIC slot, place on the NIC).
pub(super) fn matching(state: &State) -> Vec<(usize, u32, usize)> {
    let mut all = Vec::new();
    for (place, part) in state.inventory.profiles().iter().enumerate() {
        for (slot, nic) in part.nics() {
            let hit = state.browse.matches.nic(place, slot);
            all.extend((0..nic.addresses.len()).filter(|&nth| hit.address(nth)).map(|nth| (place, slot, nth)));
        }
    }
    all
}

/// Is the target in the filtered list?
pub fn is_visible(state: &State, target: &Target) -> bool {
    let key = target.nic();
    let Some(place) = state.inventory.place(&key.profile) else { return false };
    let Some(part) = state.inventory.at(place) else { return false };
    let Some(slot) = part.nic_slot(&key.nic) else { return false };
    let hit = state.browse.matches.nic(place, slot);
    match target {
        Target::Nic(_) => hit.own || hit.any_address(),
        Target::Address(key) => part
            .nic_at(slot)
            .and_then(|nic| nic.addresses.iter().position(|address| address.ip == key.ip))
            .is_some_and(|nth| hit.address(nth)),
    }
}

/// Marks that the filter hides: never acted on silently.
pub fn hidden_marks(state: &State) -> usize {
    let hidden = &state.browse.hidden_marks;
    if hidden.of == what_hides(state) { hidden.count } else { count_hidden(state) }
}

/// How many marks the filter hides, and at which state of marks and matches they were counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HiddenMarks {
    of: (usize, u64, u64),
    count: usize,
}

fn what_hides(state: &State) -> (usize, u64, u64) {
    (state.marks.len(), state.marks.changes(), state.browse.matches.changes)
}

/// Counts the hidden marks if that is not up to date: once a message, not once a frame.
pub(super) fn recount_hidden(state: &mut State) {
    let of = what_hides(state);
    if state.browse.hidden_marks.of != of {
        state.browse.hidden_marks = HiddenMarks { of, count: count_hidden(state) };
    }
}

fn count_hidden(state: &State) -> usize {
    state.marks.iter().filter(|target| !is_visible(state, target)).count()
}

/// Addresses of a NIC that releasing is about.
pub fn is_releasable_role(role: AddressRole) -> bool {
    matches!(role, AddressRole::Secondary | AddressRole::Virtual)
}
