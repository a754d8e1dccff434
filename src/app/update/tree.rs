//! The tree's own pane, in a wide window: moving in it chooses what the table beside it lists.

use crate::app::{
    command::Command,
    notices::Phrase,
    overlay::Overlay,
    rows::{self, RowRef},
    state::{Pane, Screen, State},
};

use super::{list_height, regions};

/// Keys go to the tree.
pub fn has_focus(state: &State) -> bool {
    state.screen == Screen::Inventory && state.pane == Pane::Tree
}

pub fn step(state: &mut State, by: isize) {
    let height = list_height(state);
    let len = state.browse.tree.len();
    state.browse.tree.view.step(by, len, height);
    moved(state);
}

pub fn moved(state: &mut State) {
    state.browse.detail_scroll = 0;
    rows::tree_moved(state);
}

/// `h` folds the row, or goes to its parent; `l` unfolds it, or goes into the table.
pub fn fold(state: &mut State, fold: bool) {
    let pane = &state.browse.tree;
    let node = pane.node();
    let open = pane.is_foldable(state, node) && !pane.is_folded(node);
    if pane.is_foldable(state, node) && open == fold {
        state.browse.tree.turn(node);
        rows::lay_tree(state);
        return rows::follow_cursor(state);
    }
    if !fold {
        state.pane = Pane::List;
    } else if let Some(parent) = pane.parent() {
        let (len, height) = (pane.len(), list_height(state));
        state.browse.tree.view.go(parent, len, height);
        moved(state);
    }
}

/// Enter: unfolds or folds what can be; goes into the table from what can not. A profile's problem is shown whole, and so is
/// what no pane shows.
pub fn open(state: &mut State) {
    let row = state.browse.tree.row(state);
    let beside = regions(state).detail.width > 0;
    if row.is_some_and(|row| !beside || matches!(row, RowRef::Problem { .. })) {
        return state.overlays.push(Overlay::Detail { scroll: 0 });
    }
    if !turn(state) {
        state.pane = Pane::List;
    }
}

/// Folds or unfolds the row under the cursor; false if there is nothing under it.
pub fn turn(state: &mut State) -> bool {
    let pane = &state.browse.tree;
    let node = pane.node();
    let (foldable, folded) = (pane.is_foldable(state, node), pane.is_folded(node));
    if foldable {
        fold(state, !folded);
    }
    foldable
}

/// Back to everything. Answers whether that was otherwise.
pub fn widen(state: &mut State) -> bool {
    if !state.has_tree_pane() || state.browse.tree.node() == rows::Node::All {
        return false;
    }
    rows::widen(state);
    rows::lay_tree(state);
    rows::follow_cursor(state);
    true
}

// ---- the panes -----------------------------------------------------------------------------------------------------

/// The panes that are there, from left to right.
fn panes(state: &State) -> Vec<Pane> {
    if state.screen != Screen::Inventory {
        return vec![Pane::List];
    }
    let mut panes = vec![Pane::List];
    if state.has_tree_pane() {
        panes.insert(0, Pane::Tree);
    }
    if regions(state).detail.width > 0 {
        panes.push(Pane::Detail);
    }
    panes
}

pub fn pane_disabled(state: &State) -> Option<Phrase> {
    let follows = state.screen != Screen::Inventory && regions(state).detail.width > 0;
    let key = if follows { "disabled.pane-follows" } else { "disabled.one-pane" };
    (panes(state).len() < 2).then(|| Phrase::new(key))
}

/// Tab and shift-tab.
pub fn next_pane(state: &mut State, command: Command) {
    let panes = panes(state);
    let here = panes.iter().position(|&pane| pane == state.pane).unwrap_or_default();
    let by = if command == Command::NextPane { 1 } else { panes.len() - 1 };
    state.pane = panes[(here + by) % panes.len()];
}

/// After the window or the layout changed; `had`: the tree had a pane before.
pub fn refit(state: &mut State, had: bool) {
    if had != state.has_tree_pane() {
        rows::came_or_went(state);
    }
    if !panes(state).contains(&state.pane) {
        state.pane = Pane::List;
    }
    let (len, height) = (state.browse.tree.len(), list_height(state));
    state.browse.tree.view.fit(len, height);
}
