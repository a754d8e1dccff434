//! The newest message, or what stands in its place while there is none.

use std::borrow::Cow;

use crate::{
    app::{
        browse::Layout,
        command::Command,
        detail,
        geometry::{Area, Regions},
        notices::{Loudness, Phrase},
        overlay::Overlay,
        plan_view::Freshness,
        rows,
        run::Pace,
        state::{JournalSeen, Screen, State},
        update::closes_loading,
    },
    domain::{fault::FaultKind, ids::ProfileId, time::Timestamp},
    filter::FilterError,
};

use super::{
    super::{canvas::Canvas, text, theme::Role, words},
    keys::key_of,
};

/// A call that takes longer than this is named.
const SLOW_MS: u64 = 3_000;

/// The newest message, or what stands there while there is none.
pub struct Message {
    glyph: &'static str,
    text: String,
    role: Role,
}

impl Message {
    /// Wrapped beside its sign.
    pub fn lines(&self, width: u16) -> Vec<String> {
        text::wrap(&self.text, usize::from(width).saturating_sub(2 + self.indent()))
    }

    fn indent(&self) -> usize {
        if self.glyph.is_empty() { 0 } else { text::cells(self.glyph) + 1 }
    }

    /// On the status line; where that is not enough, the sentence about the focused row gives way, and then a line of the list.
    pub fn draw(&self, canvas: &mut Canvas, regions: &Regions) {
        let lines = self.lines(regions.status.width);
        let over = Area { y: regions.focus.y.saturating_sub(1), ..regions.focus };
        let first = match lines.len() {
            0 | 1 => regions.status,
            2 => regions.focus,
            _ => over,
        };
        if lines.len() > 2 {
            canvas.clear(over, Role::Text);
        }
        let mut sign = canvas.pen(first, 0);
        sign.gap(1).put(self.glyph, self.role);
        let indent = 1 + u16::try_from(self.indent()).unwrap_or(0);
        let mut put = |area: Area, text: &str| {
            let mut pen = canvas.pen_at(area, 0, indent);
            pen.end = pen.end.saturating_sub(1).max(pen.x);
            pen.put(text, self.role);
        };
        match lines.as_slice() {
            [] => {}
            [one] => put(regions.status, one),
            [first, second] => {
                put(regions.focus, first);
                put(regions.status, second);
            }
            [first, second, rest @ ..] => {
                put(over, first);
                put(regions.focus, second);
                // More than three lines end in the cut mark.
                put(regions.status, &rest.join(" "));
            }
        }
    }
}

pub fn message(canvas: &Canvas, state: &State) -> Option<Message> {
    let words = canvas.words;
    let (glyph, text, role) = if let Some(Overlay::Prompt(prompt)) = state.overlays.last() {
        match &prompt.wrong {
            Some(wrong) => ("!", words.phrase(wrong), Role::Warn),
            None => ("", prompt.candidates(state).join("  "), Role::Dim),
        }
    } else if let Some(mistake) = mistake(state) {
        let mut text = match half_typed(state, mistake) {
            Some(term) => words.text("filter.half-typed-term", &[("term", term)]).into_owned(),
            None => {
                let kind = &mistake.kind;
                words::filter_mistake(words, &kind.code(), &kind.values(), mistake.suggestion.as_deref())
            }
        };
        text.push_str(words.word("list.blank"));
        let refused = if state.screen == Screen::History { state.history.refused } else { state.browse.refused };
        text.push_str(words.word(match mistake.is_incomplete() {
            _ if refused => "filter.not-kept",
            true => "filter.left-out",
            false => "filter.list-stays",
        }));
        // Half typed is not wrong yet.
        if mistake.is_incomplete() && !refused { ("", text, Role::Dim) } else { ("!", text, Role::Warn) }
    } else if let Some(half) = state.browse.half_typed.as_ref().filter(|_| state.browse.editing) {
        let values = [("word", half.word.as_str()), ("field", half.field)];
        ("", words.text("filter.half-typed-field", &values).into_owned(), Role::Dim)
    } else if let Some((glyph, text, role)) = stopping(canvas, state)
        && state.notices.current(state.now).is_none_or(|notice| notice.phrase.key == "notice.stopping")
    {
        (glyph, text, role)
    } else if let Some(notice) = state.notices.current(state.now) {
        let (glyph, role) = match notice.loudness {
            Loudness::Info => ("i", Role::Text),
            Loudness::Warn => ("!", Role::Warn),
            Loudness::Error => ("x", Role::Blocked),
        };
        let (text, key) = (words.phrase(&notice.phrase), notice.phrase.key);
        // Why a key does nothing stands inside of other sentences as well. A name is left as it is.
        let begins = key.starts_with("disabled.") && !words.word(key).starts_with('{');
        (glyph, if begins { words::capital(&text) } else { text }, role)
    } else {
        standing(canvas, state)?
    };
    Some(Message { glyph, text, role })
}

/// The term that is not wrong yet, where nothing more can be said of it.
fn half_typed<'a>(state: &'a State, mistake: &FilterError) -> Option<&'a str> {
    let line = if state.screen == Screen::History { &state.history.line } else { &state.browse.line };
    let spanned = line.text().get(mistake.span.clone()).map(str::trim).filter(|term| !term.is_empty());
    let term = spanned.or_else(|| line.text().split_whitespace().next_back())?;
    (mistake.kind.code() == "incomplete" && !term.is_empty()).then_some(term)
}

/// What is wrong with the line that is being typed.
fn mistake(state: &State) -> Option<&FilterError> {
    match state.screen {
        Screen::History => state.history.mistake.as_ref().filter(|_| state.history.editing),
        _ => state.browse.mistake.as_ref().filter(|_| state.browse.editing),
    }
}

/// What the status line says while there is no message: work under way, what failed.
fn standing(canvas: &Canvas, state: &State) -> Option<(&'static str, String, Role)> {
    let words = canvas.words;
    if let Some(view) = state.plan.as_ref().filter(|_| state.screen == Screen::Plan) {
        if let Freshness::Reading { done, total, .. } = view.freshness {
            let text = words.text("status.reading", &[("done", &done.to_string()), ("total", &total.to_string())]);
            return Some((".", text.into_owned(), Role::Info));
        }
        if view.is_old(state.now) {
            let text = words.text("status.plan-old", &[("key", &key_of(state, Command::Rebuild))]);
            return Some(("!", text.into_owned(), Role::Warn));
        }
        // Said before somebody looks through all of it, and is told so when asking for the dialog.
        if !view.danger.nameless.is_empty() && !view.plan.operations().is_empty() {
            let profiles: Vec<&str> = view.danger.nameless.iter().map(ProfileId::as_str).collect();
            let profiles = profiles.join(words.word("list.comma"));
            let text = words.text("status.no-alias", &[("profiles", &profiles), ("path", &state.config_path)]);
            return Some(("!", text.into_owned(), Role::Warn));
        }
    }
    if state.screen == Screen::History {
        if let Some(fault) = &state.history.fault {
            let phrase = Phrase::new("history.unread").with_phrase("message", fault.into());
            return Some(("x", words.phrase(&phrase), Role::Blocked));
        }
        if let Some(bad) = state.history.listed.as_ref().map(|listed| listed.bad).filter(|bad| *bad > 0) {
            let text = words.text("history.bad", &[("count", &bad.to_string())]);
            return Some(("!", text.into_owned(), Role::Warn));
        }
    }
    if let Some(waiting) = stopping(canvas, state) {
        return Some(waiting);
    }
    if let Some(run) = state.run.as_ref().filter(|run| !run.offline.is_empty()) {
        let away = run.offline.iter().map(|(profile, due)| {
            let wait = words::offline(words, due.since(state.now));
            words.text("status.offline-profile", &[("profile", profile.as_str()), ("wait", &wait)]).into_owned()
        });
        let profiles = away.collect::<Vec<_>>().join(words.word("list.stop"));
        let text = words.text("status.offline", &[("profiles", &profiles)]);
        return Some(("!", text.into_owned(), Role::Warn));
    }
    if let Some(waiting) = state.jobs.waiting().filter(|waiting| state.now.since(waiting.since) >= SLOW_MS) {
        let (began, ended) = state.jobs.listings().fold((0, 0), |sum, (_, job)| (sum.0 + job.began, sum.1 + job.ended));
        let what = waiting
            .section
            .map_or(Cow::Borrowed(words.word("status.waiting-first")), |section| words::section(words, section));
        let refused = answered(canvas, state, waiting.profile, waiting.since);
        let text = words.text(
            if refused.is_some() { "status.trying" } else { "status.waiting" },
            &[
                ("profile", waiting.profile.as_str()),
                ("what", &what),
                ("time", &words::stopwatch(state.now.since(waiting.since))),
                ("answer", refused.as_deref().unwrap_or_default()),
                ("done", &ended.to_string()),
                ("total", &began.to_string()),
            ],
        );
        return Some((".", format!("{text}{}", stops(canvas, state)), Role::Warn));
    }
    let loading: Vec<&str> = state.jobs.listings().map(|(profile, _)| profile.as_str()).collect();
    if !loading.is_empty() {
        let (began, ended) = state.jobs.listings().fold((0, 0), |sum, (_, job)| (sum.0 + job.began, sum.1 + job.ended));
        let mut names = loading;
        names.sort_unstable();
        let key = if began == 0 { "status.loading-begins" } else { "status.loading" };
        let text = words.text(
            key,
            &[
                ("profiles", &names.join(words.word("list.comma"))),
                ("done", &ended.to_string()),
                ("total", &began.to_string()),
            ],
        );
        return Some((".", format!("{text}{}", stops(canvas, state)), Role::Dim));
    }
    if let Some(problem) = state.problems.first().filter(|_| state.screen != Screen::Welcome) {
        return Some(("!", problem.of(state.language).to_owned(), Role::Warn));
    }
    if let Some(fault) = &state.no_journal {
        let phrase = Phrase::new("notice.no-journal").with_phrase("message", fault.into());
        return Some(("x", words.phrase(&phrase), Role::Blocked));
    }
    if let Some(doubt) = state.doubts.iter().find(|doubt| !doubt.kind.is_minor()) {
        return Some(("!", words.phrase(&doubt.into()), Role::Warn));
    }
    if let JournalSeen::Unread(fault) = &state.journal {
        let phrase = Phrase::new("notice.journal-unread").with_phrase("message", fault.into());
        return Some(("x", words.phrase(&phrase), Role::Blocked));
    }
    let failing: Vec<&str> = (0..state.profiles.len())
        .filter(|&place| rows::has_problem(state, place))
        .filter_map(|place| state.info(place))
        .map(|info| info.id.as_str())
        .collect();
    if !failing.is_empty() && state.screen == Screen::Inventory {
        // The table lists addresses only.
        let key = if state.browse.layout == Layout::Tree { "status.failed" } else { "status.failed-in-table" };
        let text = words.text(
            key,
            &[
                ("count", &failing.len().to_string()),
                ("total", &state.profiles.len().to_string()),
                ("profiles", &failing.join(words.word("list.comma"))),
                ("tree", &key_of(state, Command::Layout)),
            ],
        );
        // A key that is wrong or missing is put right in the environment, which is read at the start only.
        let again = (0..state.profiles.len())
            .flat_map(|place| detail::failed_sections(state, place))
            .any(|(_, fault, _)| fault.kind != FaultKind::Credentials);
        let again =
            if again { words.text("status.again", &[("key", &key_of(state, Command::RefreshAll))]) } else { "".into() };
        return Some(("!", format!("{text}{again}"), Role::Warn));
    }
    None
}

/// What a batch that was stopped still waits for, until that is back.
fn stopping(canvas: &Canvas, state: &State) -> Option<(&'static str, String, Role)> {
    let words = canvas.words;
    let run = state.run.as_ref().filter(|run| run.ended.is_none())?;
    if !state.quitting && run.pace != Pace::Stopping {
        return None;
    }
    let count = run.in_flight().to_string();
    let key = if state.quitting { "status.quitting" } else { "status.stopping" };
    let mut text = words.text(key, &[("count", &count)]).into_owned();
    if let Some((count, ms)) = run.hanging(state.now) {
        let hanging = words.text("run.hanging", &[("count", &count.to_string()), ("time", &words::duration(ms))]);
        text.push_str(words.word("list.comma"));
        text.push_str(&hanging);
    }
    if state.quitting {
        text.push_str(words.word("list.stop"));
        text.push_str(words.word("status.quitting-leaves"));
    }
    Some((".", text, Role::Warn))
}

/// How a listing is stopped, where the key does that: it closes other things first.
fn stops(canvas: &Canvas, state: &State) -> String {
    if !closes_loading(state) {
        return String::new();
    }
    canvas.words.text("status.stops", &[("key", &key_of(state, Command::Close))]).into_owned()
}

/// What the profile was answered last since then, if that was no page: it is tried again.
fn answered(canvas: &Canvas, state: &State, profile: &ProfileId, since: Timestamp) -> Option<String> {
    let call = state.calls.newest_first().find(|call| !call.write && &call.profile == profile && call.at >= since)?;
    let kind = call.fault?;
    Some(call.status.map_or_else(|| words::fault_word(canvas.words, kind), |status| format!("HTTP {status}")))
}
