//! The cursor: it stays on its object, wherever the list has that now.

use crate::{
    app::{state::State, update, viewport::Viewport},
    domain::ids::{AddressKey, InstanceKey},
};

use super::{RowKey, key, listed, place};

/// Where the cursor goes when its object is no longer shown: the NIC, then the instance it belonged to.
fn parents(wanted: &RowKey) -> Vec<RowKey> {
    match wanted {
        RowKey::Address(address) => vec![wanted.clone(), RowKey::Nic(address.nic.clone())],
        RowKey::Problem(profile, Some(_)) => vec![wanted.clone(), RowKey::Problem(profile.clone(), None)],
        other => vec![other.clone()],
    }
}

/// After the list changed: the cursor stays on its object, on the same line of the screen where that is possible.
pub(in crate::app) fn follow_cursor(state: &mut State) {
    let height = update::list_height(state);
    let len = state.browse.rows.len();
    if !state.browse.moved {
        state.browse.view = Viewport::default();
        return remember_cursor(state);
    }
    // Half-typed filters come and go: what they hid has the cursor again as soon as it is back.
    if let Some(row) = state.browse.wanted.as_ref().and_then(|wanted| place(state, wanted)) {
        state.browse.cursor = state.browse.wanted.take();
        return state.browse.view.follow(row, len, height);
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
        // What a filter finds is looked at from its beginning: whatever took the old place is nothing that anybody chose.
        None if state.browse.editing => state.browse.view = Viewport::default(),
        None => {
            state.browse.view.fit(len, height);
        }
    }
    if found.is_none() && state.browse.editing && state.browse.wanted.is_none() {
        state.browse.wanted = state.browse.cursor.clone();
    }
    if found.is_none() || state.browse.cursor.is_none() {
        remember_cursor(state);
    }
}

/// After the cursor moved: remembers the object it is on.
pub(in crate::app) fn remember_cursor(state: &mut State) {
    state.browse.cursor = listed(state).and_then(|row| key(state, row));
}
