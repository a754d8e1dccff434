//! Rows and marks: what can be marked, and which marks the filter hides.

use crate::{
    app::state::State,
    domain::{address::AddressRole, selection::Target},
};

use super::{RowKey, RowRef, key};

/// Rows that a mark can be set on, with the target each stands for: secondary and virtual addresses.
pub fn target(state: &State, row: RowRef) -> Option<Target> {
    match (row, key(state, row)?) {
        (RowRef::Address { .. }, RowKey::Address(key)) => Some(Target::Address(key)),
        _ => None,
    }
}

/// All addresses that match the filter, folded away or not, as (profile, NIC slot, place on the NIC).
pub(in crate::app) fn matching(state: &State) -> Vec<(usize, u32, usize)> {
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
        Target::Nic(_) => hit.shows_anything(),
        Target::Address(key) | Target::Eip { address: key, .. } => part
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

impl HiddenMarks {
    /// The filter hid some when that was counted last.
    pub(in crate::app) fn any(&self) -> bool {
        self.count > 0
    }
}

fn what_hides(state: &State) -> (usize, u64, u64) {
    (state.marks.len(), state.marks.changes(), state.browse.matches.changes)
}

/// Counts the hidden marks if that is not up to date: once a message, not once a frame.
pub(in crate::app) fn recount_hidden(state: &mut State) {
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
