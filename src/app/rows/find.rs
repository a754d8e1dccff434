//! Rows by place and by name: what the window shows, what a row stands for, and where an object is.

use crate::{
    app::state::{Pane, State},
    domain::{
        ids::{AddressKey, InstanceKey, NicKey},
        nic::Nic,
    },
};

use super::{RowKey, RowRef, narrow, tree::Source};

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
    if let Some(table) = index.table() {
        return table.rows(state, offset, height);
    }
    let source = Source::of(state);
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

/// The row under the list's cursor.
pub fn listed(state: &State) -> Option<RowRef> {
    at(state, state.browse.view.cursor)
}

/// The row that keys are about: under the cursor of the tree's pane where that has the focus, else of the list.
pub fn focused(state: &State) -> Option<RowRef> {
    if state.pane == Pane::Tree { state.browse.tree.row(state) } else { listed(state) }
}

/// What a row stands for.
pub fn key(state: &State, row: RowRef) -> Option<RowKey> {
    let info = state.info(row.profile())?;
    let part = state.inventory.at(row.profile())?;
    let nic_key = |nic: &Nic| NicKey { profile: info.id.clone(), nic: nic.id.clone() };
    Some(match row {
        RowRef::Problem { nth, .. } => {
            let failed =
                usize::from(nth).checked_sub(1).and_then(|nth| crate::app::detail::failed(part).get(nth).copied());
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

/// The place of an object in the list, if it is shown.
pub fn place(state: &State, wanted: &RowKey) -> Option<usize> {
    let index = &state.browse.rows;
    if let Some(table) = index.table() {
        let RowKey::Address(address) = wanted else { return None };
        return table.place(state, address.ip, find_address(state, address)?, head_of(state, wanted));
    }
    let head = head_of(state, wanted)?;
    let group = index.groups.iter().find(|group| group.head == head)?;
    let mut rows = Vec::new();
    Source::of(state).rows(head, &mut rows);
    let nth = rows.iter().position(|&row| key(state, row).as_ref() == Some(wanted))?;
    Some(group.start as usize + nth)
}

/// The address's row in the table.
fn find_address(state: &State, address: &AddressKey) -> Option<RowRef> {
    let place = state.inventory.place(&address.nic.profile)?;
    let part = state.inventory.at(place)?;
    let slot = part.nic_slot(&address.nic.nic)?;
    let nth = part.nic_at(slot)?.addresses.iter().position(|kept| kept.ip == address.ip)?;
    Some(RowRef::Address { profile: narrow(place), slot, nth: narrow(nth), depth: 0 })
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
