//! What is said where there is no row to show.

use std::borrow::Cow;

use crate::app::{browse::Layout, detail, geometry::Area, rows, state::State};

use super::super::{canvas::Canvas, footer, text, theme::Role, tree_pane, words};

/// Nothing was listed because it failed everywhere: why, and what to do about it.
fn all_failed<'a>(canvas: &Canvas<'a>, state: &State) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let words = canvas.words;
    let failing = |place: &usize| rows::has_problem(state, *place);
    if crate::app::browse::oldest(state).is_some() || !(0..state.profiles.len()).all(|place| failing(&place)) {
        return None;
    }
    let mut causes = Vec::new();
    for (place, info) in state.profiles.iter().enumerate() {
        if let Some(problem) = &info.problem {
            causes.push((words.phrase(problem), words.word("problem.profile-next").to_owned()));
        }
        causes.extend(detail::failed_sections(state, place).into_iter().map(|(_, fault, _)| {
            let cloud = Some(&info.cloud);
            let (what, next) = (words::fault_what(words, cloud, fault), words::fault_next(words, cloud, fault, false));
            (what.into_owned(), next.into_owned())
        }));
    }
    causes.dedup();
    match causes.as_slice() {
        [(cause, next)] => {
            let names: Vec<&str> = state.profiles.iter().map(|info| info.id.as_str()).collect();
            let values = [("profiles", names.join(words.word("list.comma"))), ("cause", cause.clone())];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            Some((Cow::Owned(words.text("empty.failed", &values).into_owned()), Cow::Owned(next.clone())))
        }
        _ => {
            let has_rows = state.browse.layout == Layout::Tree;
            let next = if has_rows { "empty.failed-several-rows" } else { "empty.failed-several-next" };
            Some((words.text("empty.failed-several", &[]), words.text(next, &[])))
        }
    }
}

/// Nothing to show: which of none exist, none match, not loaded yet it is, and the next key.
pub(super) fn draw(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    let key = |command| footer::key_of(state, command);
    let loading = state.jobs.listings().next().is_some();
    let total = state.inventory.address_count();
    let in_part = state.has_tree_pane() && state.browse.tree.node() != rows::Node::All;
    let (first, second) = if in_part {
        let (name, all) = (tree_pane::name(canvas, state), key(crate::app::command::Command::Close));
        (words.text("empty.part", &[("name", name)]), words.text("empty.part-next", &[("key", &all)]))
    } else if state.browse.is_filtered() && (total > 0 || !loading) {
        let values = [("total", total.to_string()), ("key", key(crate::app::command::Command::ClearFilter))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut first = match state.browse.filter.terms() {
            [term] => {
                let values = [("total", total.to_string()), ("term", term.text().to_owned())];
                let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                words.text("empty.no-match-term", &values).into_owned().into()
            }
            _ => words.text("empty.no-match", &values),
        };
        // A part that begins or ends inside of an octet.
        let dotted = |term: &crate::filter::Term| {
            let text = term.text();
            text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || c == '.')
        };
        if state.browse.filter.terms().iter().any(dotted) {
            first.to_mut().push_str(words.word("empty.no-match-octets"));
        }
        if let Some(blame) = &state.browse.blame {
            let values = [("term", blame.term.as_str()), ("count", &blame.without.to_string())];
            first.to_mut().push_str(&words.text("empty.no-match-blame", &values));
        }
        // While the line is open, keys are text.
        let next = if state.browse.editing { "empty.no-match-typing" } else { "empty.no-match-next" };
        (first, words.text(next, &values))
    } else if loading {
        let profiles: Vec<&str> = state.jobs.listings().map(|(profile, _)| profile.as_str()).collect();
        let mut profiles = profiles;
        profiles.sort_unstable();
        let (names, esc) = (profiles.join(words.word("list.comma")), key(crate::app::command::Command::Close));
        let values = [("profiles", names.as_str()), ("key", esc.as_str())];
        (words.text("empty.loading", &values), words.text("empty.loading-next", &values))
    } else if let Some(told) = all_failed(canvas, state) {
        told
    } else if crate::app::browse::oldest(state).is_none() {
        let refresh = key(crate::app::command::Command::RefreshAll);
        let values = [("key", refresh.as_str())];
        (words.text("empty.not-listed", &[]), words.text("empty.not-listed-next", &values))
    } else {
        let (profiles, refresh) = (state.profiles.len().to_string(), key(crate::app::command::Command::RefreshAll));
        let values = [("count", profiles.as_str()), ("key", refresh.as_str())];
        (words.text("empty.none", &values), words.text("empty.none-next", &values))
    };
    let top = u16::from(area.height > 6);
    let mut row = top;
    for (text, role) in [(first, Role::Text), (second, Role::Dim)] {
        for line in text::wrap(&text, usize::from(area.width.saturating_sub(6))) {
            canvas.pen_at(area, row, 3).put(&line, role);
            row += 1;
        }
    }
}
