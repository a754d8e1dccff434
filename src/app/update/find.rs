//! The line of a search that hides nothing: the cursor goes with it, and back where it was when it is left.

use crate::app::{
    browse::Line,
    effect::Effect,
    find::{self, Find},
    key::{Key, KeyCode},
    notices::Phrase,
    overlay::Overlay,
    state::{Screen, State},
    viewport::Viewport,
};

use super::list_height;

pub fn disabled(state: &State) -> Option<Phrase> {
    (find::len(state) == 0).then(|| Phrase::new("disabled.nothing-here"))
}

/// `/`: opens the line.
pub fn begin(state: &mut State) {
    let from = view(state).copied().unwrap_or_default();
    state.overlays.push(Overlay::Find(Find { line: Line::default(), from }));
}

pub fn press(state: &mut State, mut find: Find, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => {
            if let Some(view) = view(state) {
                *view = find.from;
            }
            super::fit(state);
            return Vec::new();
        }
        KeyCode::Enter => {
            // Nothing typed: the last one again, from here on.
            match find.line.text().trim() {
                "" => {
                    let last = state.sought.clone();
                    step(state, &last, true);
                }
                text => text.clone_into(&mut state.sought),
            }
            return Vec::new();
        }
        KeyCode::Down => step(state, find.line.text(), true),
        KeyCode::Up => step(state, find.line.text(), false),
        _ => {
            if find.line.edit(key) {
                sought(state, &find);
            }
        }
    }
    state.overlays.push(Overlay::Find(find));
    Vec::new()
}

/// Text from the clipboard, typed.
pub fn pasted(state: &mut State, text: &str) {
    let Some(Overlay::Find(mut find)) = state.overlays.pop() else { return };
    text.chars().filter(|c| !c.is_control()).for_each(|c| find.line.insert(c));
    sought(state, &find);
    state.overlays.push(Overlay::Find(find));
}

/// The first row from where it began that holds the text, or else the first of all; without one the cursor is where it was.
fn sought(state: &mut State, find: &Find) {
    let found = find::found(state, find.line.text());
    let to = found.iter().find(|&&place| place >= find.from.cursor).or(found.first()).copied();
    go(state, to.unwrap_or(find.from.cursor));
}

/// The next row that holds the text, or the one before; past the end from the other one on.
fn step(state: &mut State, text: &str, down: bool) {
    let found = find::found(state, text);
    let Some(here) = view(state).map(|view| view.cursor) else { return };
    let to = if down {
        found.iter().find(|&&place| place > here).or(found.first())
    } else {
        found.iter().rfind(|&&place| place < here).or(found.last())
    };
    if let Some(&to) = to {
        go(state, to);
    }
}

fn go(state: &mut State, place: usize) {
    let (len, height) = (find::len(state), list_height(state));
    if let Some(view) = view(state) {
        view.go(place, len, height);
    }
}

fn view(state: &mut State) -> Option<&mut Viewport> {
    match state.screen {
        Screen::Plan => state.plan.as_mut().map(|plan| &mut plan.view),
        Screen::Run => state.run.as_mut().map(|run| &mut run.view),
        Screen::Calls => Some(&mut state.calls.view),
        Screen::Inventory | Screen::History | Screen::Welcome => None,
    }
}
