//! The filter's line: the list follows as it is typed; a mistake keeps the last good list and says what is wrong.

use crate::{
    app::{
        browse::{HalfTyped, Line},
        key::{Key, KeyCode},
        notices::{Loudness, Phrase},
        state::{Screen, State},
    },
    filter::{self, Expr, FilterError, FilterErrorKind},
};

use super::{inventory, matching};

/// Filters remembered.
const HISTORY: usize = 50;

pub fn begin(state: &mut State) {
    state.browse.line = Line::with(&state.browse.filter_text);
    state.browse.editing = true;
    state.browse.recall = None;
    state.pane = crate::app::state::Pane::List;
}

/// Back to everything.
pub fn clear(state: &mut State) {
    state.browse.line = Line::default();
    state.browse.editing = false;
    apply(state);
}

/// Esc or ctrl-c in the line: the filter is gone.
pub fn cancel(state: &mut State) {
    clear(state);
}

pub fn paste(state: &mut State, text: &str) {
    let on_line = state.overlays.is_empty() && state.screen == Screen::Inventory && state.browse.editing;
    if !on_line {
        // Pasted text is never keys: a confirm dialog, above all, must not take it.
        if state.overlays.is_empty() {
            state.notices.say(state.now, Loudness::Info, Phrase::new("notice.not-pasted"));
        }
        return;
    }
    on_one_line(text).chars().for_each(|c| state.browse.line.insert(c));
    apply(state);
}

/// Pasted text as a line takes it. Of several lines any may match: a column of a table, or a list in a ticket.
pub(super) fn on_one_line(text: &str) -> String {
    let lines = text.split(['\n', '\r']).map(|line| line.replace(char::is_control, " "));
    let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
    match lines.as_slice() {
        [line] => line.clone(),
        lines => lines.iter().map(|line| line.trim().trim_end_matches(',')).collect::<Vec<_>>().join(","),
    }
}

pub fn press(state: &mut State, key: Key) -> Vec<crate::app::effect::Effect> {
    match key.code {
        KeyCode::Esc => cancel(state),
        KeyCode::Up => recall(state, true),
        KeyCode::Down if state.browse.recall.is_some() => recall(state, false),
        // Down goes into the list, to the row that the cursor is on: the line had the keys, not the row above it.
        KeyCode::Enter | KeyCode::Down => keep(state),
        KeyCode::PageDown => super::page(state, 1, 1),
        KeyCode::PageUp => super::page(state, -1, 1),
        _ => {
            if state.browse.line.edit(key) {
                state.browse.recall = None;
                apply(state);
            }
        }
    }
    Vec::new()
}

pub fn keep(state: &mut State) {
    // The status line says what is wrong for as long as the line is open.
    if state.browse.mistake.is_some() {
        state.browse.refused = true;
        return;
    }
    state.browse.editing = false;
    // A word that was taken for a half-typed field is meant as it stands.
    apply(state);
    let text = state.browse.filter_text.clone();
    state.browse.wanted = None;
    remember(&mut state.browse.history, &text);
}

/// Puts it behind the ones before, once.
pub(super) fn remember(history: &mut Vec<String>, text: &str) {
    if !text.is_empty() {
        history.retain(|old| old != text);
        history.push(text.to_owned());
        if history.len() > HISTORY {
            history.remove(0);
        }
    }
}

/// The place and text of the next older one than that at a place, or of the next newer one; past the newest nothing.
pub(super) fn recalled(history: &[String], at: Option<usize>, older: bool) -> (Option<usize>, String) {
    let place = match (at, older) {
        (None, true) => history.len().checked_sub(1),
        (None, false) => None,
        (Some(at), true) => Some(at.saturating_sub(1)),
        (Some(at), false) => Some(at + 1).filter(|&at| at < history.len()),
    };
    (place, place.and_then(|at| history.get(at)).cloned().unwrap_or_default())
}

fn recall(state: &mut State, older: bool) {
    let (place, text) = recalled(&state.browse.history, state.browse.recall, older);
    state.browse.recall = place;
    state.browse.line = Line::with(&text);
    apply(state);
}

/// Reads the line. A good one takes effect; of one that is half typed, the terms before that; a wrong one leaves the list
/// as it was before the wrong term was begun.
pub fn apply(state: &mut State) {
    let text = state.browse.line.text().trim_start().to_owned();
    state.browse.mistake = None;
    state.browse.refused = false;
    state.browse.half_typed = None;
    // A cloud that no profile is of is no mistake: nothing matches it.
    let clouds = state.clouds.clone();
    match filter::parse_among(&text, &clouds) {
        Ok(expr) => {
            let field = expr.half_typed().filter(|_| state.browse.editing && !text.ends_with(char::is_whitespace));
            if let Some(field) = field
                && let Some(last) = expr.terms().last()
                && !matching::finds(state, &expr)
            {
                let rest = expr.without(expr.terms().len() - 1);
                if matching::finds(state, &rest) {
                    state.browse.half_typed = Some(HalfTyped { word: last.text().to_owned(), field: field.as_str() });
                    let text = rest.to_string();
                    return put(state, rest, &text);
                }
            }
            put(state, expr, &text);
        }
        Err(mistake) => {
            let complete = filter::complete_part(&text, &clouds);
            let is_begun = is_misread(&mistake) && is_begun(&text, complete, &state.browse.filter_text);
            if (mistake.is_incomplete() || is_begun)
                && let Ok(expr) = Expr::parse(complete)
            {
                put(state, expr, complete);
            }
            state.browse.mistake = Some(mistake);
        }
    }
}

/// Did what is wrong look like a word while it was typed?
pub(super) fn is_misread(mistake: &FilterError) -> bool {
    matches!(mistake.kind, FilterErrorKind::UnknownField | FilterErrorKind::Joining | FilterErrorKind::Apart { .. })
}

/// Is the filter in force the first letters of a wrong term, which were typed a moment ago and looked like a word?
pub(super) fn is_begun(text: &str, complete: &str, in_force: &str) -> bool {
    in_force.len() > complete.trim().len() && text.starts_with(in_force)
}

/// Puts a filter in force.
fn put(state: &mut State, expr: Expr, text: &str) {
    let text = text.trim();
    if text == state.browse.filter_text {
        return;
    }
    let was = state.browse.is_filtered();
    state.browse.filter = expr;
    text.clone_into(&mut state.browse.filter_text);
    let is = state.browse.is_filtered();
    crate::app::rows::filtering(state, is && !was, was && !is);
    state.browse.folded_filtered.clear();
    inventory::refilter(state);
    focus_exact(state);
}

/// A complete address finds that address first.
fn focus_exact(state: &mut State) {
    let Some(wanted) = state.browse.filter.exact_address() else { return };
    let found = state.inventory.profiles().iter().enumerate().find_map(|(place, part)| {
        part.nics().find_map(|(slot, nic)| {
            let nth = nic.addresses.iter().position(|address| address.ip == wanted)?;
            state.browse.matches.nic(place, slot).address(nth).then(|| {
                crate::app::rows::RowKey::Address(crate::domain::ids::AddressKey {
                    nic: crate::domain::ids::NicKey { profile: part.profile.clone(), nic: nic.id.clone() },
                    ip: wanted,
                })
            })
        })
    });
    if let Some(key) = found {
        state.browse.cursor = Some(key);
        state.browse.moved = true;
        crate::app::rows::follow_cursor(state);
    }
}
