//! The last three lines: one sentence about the focused row, the newest message, the keys that work here.

use std::borrow::Cow;

use crate::{
    app::{
        browse::Layout,
        calls::Entry,
        command::Command,
        confirm::Asked,
        detail::{self, Detail},
        find,
        geometry::{Area, DETAIL_FROM, Regions},
        notices::{Loudness, Phrase},
        overlay::Overlay,
        plan_view::Freshness,
        rows,
        run::Pace,
        state::{JournalSeen, Pane, Screen, State},
        update::{closes_loading, disabled},
    },
    domain::{
        clean::clean,
        fault::FaultKind,
        ids::ProfileId,
        outcome::Progress,
        plan::{Act, Decision},
        selection::Target,
        time::Timestamp,
    },
};

use crate::filter::FilterError;

use super::{
    canvas::Canvas,
    findings,
    text::{self, Cut},
    theme::Role,
    words,
};

/// A call that takes longer than this is named.
const SLOW_MS: u64 = 3_000;

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let message = message(canvas, state);
    let lines = message.as_ref().map_or(0, |message| message.lines(regions.status.width).len());
    if state.overlays.is_empty() && lines < 2 {
        let below = message.is_none().then_some(regions.status);
        focus(canvas, state, regions.focus, below);
    }
    if let Some(message) = message {
        message.draw(canvas, regions);
    }
    keys(canvas, state, regions.keys);
}

/// The key to show for a command, as people write it.
pub fn key_of(state: &State, command: Command) -> String {
    state.keymap.keys(command).first().map(|key| key.name()).unwrap_or_default()
}

// ---- the focused row -----------------------------------------------------------------------------------------------

/// `below`: a line for what does not fit on the first.
fn focus(canvas: &mut Canvas, state: &State, area: Area, below: Option<Area>) {
    let sentence = match state.screen {
        Screen::Inventory => inventory(canvas, state),
        Screen::Plan => plan(canvas, state),
        Screen::Run => run(canvas, state),
        Screen::History => history(canvas, state),
        Screen::Calls => call(canvas, state),
        Screen::Welcome => None,
    };
    let Some((name, sentence, role)) = sentence else { return };
    let mut lines = text::wrap(&sentence, usize::from(area.width).saturating_sub(2));
    let first = match (lines.len(), below) {
        (2.., Some(below)) => {
            let first = lines.remove(0);
            let rest = lines.join(canvas.words.word("list.blank"));
            let mut pen = canvas.pen_at(below, 0, 1);
            pen.end = pen.end.saturating_sub(1).max(pen.x);
            pen.put(&rest, role);
            first
        }
        _ => sentence,
    };
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1);
    match first.strip_prefix(&name).filter(|_| !name.is_empty()) {
        Some(rest) => pen.put(&name, Role::Bright).put(rest, role),
        None => pen.put(&first, role),
    };
}

/// (what begins the sentence, the sentence, its role)
type Sentence = Option<(String, String, Role)>;

fn inventory(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    if state.pane == Pane::Tree && state.browse.tree.row(state).is_none() {
        return Some((
            super::tree_pane::name(canvas, state).to_owned(),
            super::tree_pane::sum(canvas, state),
            Role::Text,
        ));
    }
    let detail = detail::of(state, rows::focused(state)?)?;
    Some(match &detail {
        Detail::Problem { profile, failed } => {
            let next = |fault| words::fault_next(words, Some(&profile.cloud), fault, false).into_owned();
            let next = failed.first().map(|(_, fault, _)| next(fault));
            (String::new(), next.unwrap_or_else(|| words.word("problem.profile-next").to_owned()), Role::Text)
        }
        Detail::Instance { instance, nics, .. } => {
            let name = if instance.name.is_empty() { instance.id.to_string() } else { instance.name.to_string() };
            let counts = nics.iter().map(|nic| super::inventory::counted(nic));
            let (addresses, v6) = counts.fold((0, 0), |sum, nic| (sum.0 + nic.0, sum.1 + nic.1));
            let key = if v6 == 0 { "focus.instance" } else { "focus.instance-v6" };
            let values = [
                ("name", name.clone()),
                ("nics", nics.len().to_string()),
                ("addresses", addresses.to_string()),
                ("v6", v6.to_string()),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            let text = words.text(key, &values).into_owned();
            (name, text, Role::Text)
        }
        Detail::Nic { nic, findings: found, key, .. } => {
            if let Some(told) = in_batch(canvas, state, &Target::Nic(key.clone())) {
                return Some(told);
            }
            let held = super::inventory::read_only(words, state, &key.profile);
            let (text, role) = findings::sentence(canvas, nic.id.as_str(), found, Act::Detach, held.as_deref());
            let marked = state.marks.contains(&Target::Nic(key.clone()));
            let text =
                if marked { words.text("focus.nic-marked", &[("name", nic.id.as_str())]).into_owned() } else { text };
            (nic.id.to_string(), text, if marked { Role::Mark } else { role })
        }
        Detail::Address { address, key, findings: found, .. } => {
            if let Some(told) = in_batch(canvas, state, &Target::Address(key.clone())) {
                return Some(told);
            }
            let name = address.ip.to_string();
            let held = super::inventory::read_only(words, state, &key.nic.profile);
            let (mut text, role) = findings::sentence(canvas, &name, found, Act::Release, held.as_deref());
            // The same address may be in several networks, and a narrow table names none of them.
            let narrow = state.size.columns < DETAIL_FROM && state.browse.layout != Layout::Tree;
            if narrow && state.profiles.len() > 1 {
                let values =
                    [("text", text.as_str()), ("nic", key.nic.nic.as_str()), ("profile", key.nic.profile.as_str())];
                text = words.text("focus.where", &values).into_owned();
            }
            (name, text, role)
        }
    })
}

/// What the batch that is running does to an address or NIC.
fn in_batch(canvas: &Canvas, state: &State, target: &Target) -> Sentence {
    let words = canvas.words;
    let row = state.in_batch(target)?;
    let name = words::target_name(&row.target);
    let (_, word, role) = words::progress(words, row.act, &row.progress);
    Some((name.clone(), words.text("focus.in-batch", &[("name", &name), ("word", word)]).into_owned(), role))
}

fn plan(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let view = state.plan.as_ref()?;
    let row = view.plan.rows().get(view.view.cursor)?;
    if let Some((_, fault)) = view.unread.iter().find(|(key, _)| key == row.target.nic()) {
        let cloud = canvas.cloud(&row.target.nic().profile);
        let what = words::fault_what(words, cloud, fault);
        let text = words.text("focus.unread", &[("nic", row.target.nic().nic.as_str()), ("what", &what)]);
        return Some((String::new(), text.into_owned(), Role::Unknown));
    }
    let name = words::target_name(&row.target);
    if let Some(reason) = &row.overridden {
        let text = words.text("plan.overridden-row", &[("reason", reason)]);
        return Some((String::new(), text.into_owned(), Role::Unknown));
    }
    if row.decision == Decision::Already {
        let fact = row.findings.first().and_then(|first| words::finding(words, first, words::Part::Fact, row.act));
        return Some((String::new(), fact.unwrap_or_default(), Role::Text));
    }
    let (text, role) = findings::sentence(canvas, &name, &row.findings, row.act, None);
    Some((name, text, role))
}

fn run(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let run = state.run.as_ref()?;
    if run.ended.is_none() && run.view.cursor == 0 {
        let key = match run.pace {
            _ if state.quitting => "focus.run-quitting",
            Pace::Going => "focus.run-going",
            Pace::Paused => "focus.run-paused",
            Pace::Stopping => "focus.run-stopping",
        };
        let values = [("pause", key_of(state, Command::Pause))];
        let text = words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned();
        return Some((String::new(), text, Role::Dim));
    }
    let row = run.row_at(run.view.cursor)?;
    if let Progress::Settled(outcome) = &row.progress
        && let Some(next) = words::outcome_next(words, canvas.cloud(&row.profile), outcome)
    {
        return Some((String::new(), next, Role::Text));
    }
    let name = words::target_name(&row.target);
    let (_, word, _) = words::progress(words, row.act, &row.progress);
    let reason = words::row_reason(words, canvas.cloud(&row.profile), row, state.now);
    let key = if reason.is_empty() { "focus.run-row" } else { "focus.run-row-why" };
    let text = words.text(key, &[("name", &name), ("word", word), ("reason", &reason)]).into_owned();
    Some((name, text, Role::Text))
}

fn history(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let history = &state.history;
    if let Some((write, row)) = history.opened.as_ref().and_then(|opened| opened.focused()) {
        let outcome = row.outcome.as_ref()?;
        let cloud = canvas.cloud(&write.profile).unwrap_or(&write.cloud);
        let reason = words::outcome_reason(words, Some(cloud), outcome);
        return Some((String::new(), reason, Role::Text)).filter(|(_, reason, _)| !reason.is_empty());
    }
    let summary = history.focused()?;
    let (number, batch) = (summary.number.to_string(), clean(&summary.batch));
    let (who, host) = (clean(&summary.who), clean(&summary.host));
    let values = [("number", &*number), ("batch", &batch), ("who", &who), ("host", &host)];
    Some((String::new(), words.text("focus.batch", &values).into_owned(), Role::Text))
}

fn call(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let call = match state.calls.focused()? {
        Entry::Call(call) => call,
        Entry::Message { notice, times } => {
            let (_, role) = super::calls::level(words, notice.loudness);
            return Some((String::new(), super::calls::sentence(words, notice, *times), role));
        }
    };
    let key = if call.write { "focus.call-write" } else { "focus.call-read" };
    let text =
        words.text(key, &[("action", &call.action), ("profile", call.profile.as_str()), ("target", &call.target)]);
    Some((String::new(), text.into_owned(), Role::Text))
}

// ---- the newest message --------------------------------------------------------------------------------------------

/// The newest message, or what stands there while there is none.
struct Message {
    glyph: &'static str,
    text: String,
    role: Role,
}

impl Message {
    /// Wrapped beside its sign.
    fn lines(&self, width: u16) -> Vec<String> {
        text::wrap(&self.text, usize::from(width).saturating_sub(2 + self.indent()))
    }

    fn indent(&self) -> usize {
        if self.glyph.is_empty() { 0 } else { text::cells(self.glyph) + 1 }
    }

    /// On the status line; where that is not enough, the sentence about the focused row gives way, and then a line of the list.
    fn draw(&self, canvas: &mut Canvas, regions: &Regions) {
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

fn message(canvas: &Canvas, state: &State) -> Option<Message> {
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
        text.push_str(words.word(if mistake.is_incomplete() { "filter.left-out" } else { "filter.list-stays" }));
        // Half typed is not wrong yet.
        if mistake.is_incomplete() { ("", text, Role::Dim) } else { ("!", text, Role::Warn) }
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
        (glyph, words.phrase(&notice.phrase), role)
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

// ---- keys ----------------------------------------------------------------------------------------------------------

/// Commands of the key line, the most useful first.
fn shown(state: &State) -> &'static [Command] {
    use Command as C;
    match state.screen {
        Screen::Inventory => match state.browse.layout {
            Layout::Tree if state.has_tree_pane() => &[
                C::ToggleMark,
                C::MarkVisible,
                C::Plan,
                C::Filter,
                C::NextPane,
                C::Open,
                C::Copy,
                C::Help,
                C::Back,
                C::MarkDetach,
                C::MarkRange,
                C::Sort,
                C::Layout,
                C::NextFinding,
                C::Refresh,
                C::GoCalls,
            ],
            Layout::Tree => &[
                C::ToggleMark,
                C::MarkVisible,
                C::MarkDetach,
                C::Plan,
                C::Filter,
                C::Open,
                C::Help,
                C::Back,
                C::Copy,
                C::MarkRange,
                C::Layout,
                C::NextFinding,
                C::Refresh,
                C::GoCalls,
            ],
            Layout::Table { .. } => &[
                C::ToggleMark,
                C::MarkVisible,
                C::Plan,
                C::Filter,
                C::Open,
                C::Sort,
                C::Help,
                C::Back,
                C::Copy,
                C::Layout,
                C::ReverseSort,
                C::MarkDetach,
                C::Refresh,
                C::GoCalls,
            ],
        },
        Screen::Plan => &[
            C::Confirm,
            C::Close,
            C::DropRow,
            C::DryRun,
            C::Override,
            C::Open,
            C::Rebuild,
            C::Export,
            C::Filter,
            C::Help,
            C::Copy,
            C::GoInventory,
            C::GoCalls,
        ],
        Screen::Run if state.is_running() => {
            &[C::Pause, C::Stop, C::Open, C::GoInventory, C::GoCalls, C::Filter, C::Help, C::Copy, C::Language]
        }
        Screen::Run => &[
            C::RetryFailed,
            C::Recheck,
            C::Undo,
            C::Open,
            C::Export,
            C::Filter,
            C::Copy,
            C::GoInventory,
            C::Help,
            C::GoCalls,
            C::Back,
            C::Language,
        ],
        Screen::History if state.history.opened.is_some() => &[
            C::Open,
            C::ToggleMark,
            C::Undo,
            C::RetryFailed,
            C::Compare,
            C::Export,
            C::Close,
            C::Copy,
            C::Help,
            C::GoInventory,
            C::GoCalls,
            C::Refresh,
        ],
        Screen::History => &[
            C::Open,
            C::Undo,
            C::Filter,
            C::Export,
            C::GoInventory,
            C::Help,
            C::Copy,
            C::Refresh,
            C::GoCalls,
            C::Earlier,
            C::Back,
            C::Language,
        ],
        Screen::Calls => {
            &[C::Open, C::Filter, C::NextFinding, C::Copy, C::GoInventory, C::GoRun, C::Help, C::Back, C::Language]
        }
        Screen::Welcome if !state.problems.is_empty() => &[C::StartDemo, C::Language, C::Down, C::Up, C::Help, C::Back],
        Screen::Welcome if state.found.is_empty() => {
            &[C::StartDemo, C::WriteConfig, C::Language, C::Copy, C::Help, C::Back]
        }
        Screen::Welcome => &[C::UseFound, C::WriteConfig, C::StartDemo, C::Language, C::Help, C::Back],
    }
}

/// Cells between two keys.
const GAP: u16 = 3;

fn keys(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    // Where something is typed the keys of an input line are fixed.
    let fixed = |pairs: &[(&'static str, &'static str)]| -> Vec<(String, Cow<'_, str>, bool)> {
        pairs.iter().map(|(key, label)| ((*key).to_owned(), Cow::Owned(words.word(label).to_owned()), true)).collect()
    };
    let bound = |pairs: &[(&[Command], &'static str)]| -> Vec<(String, Cow<'_, str>, bool)> {
        let key = |commands: &[Command]| {
            let keys: Vec<String> = commands.iter().map(|&command| key_of(state, command)).collect();
            keys.join(" ")
        };
        pairs.iter().map(|(of, label)| (key(of), Cow::Owned(words.word(label).to_owned()), true)).collect()
    };
    let list: Vec<(String, Cow<'_, str>, bool)> = match state.overlays.last() {
        Some(Overlay::Confirm(dialog)) => match &dialog.danger.phrase {
            Asked::Key(key) => {
                let mut list = fixed(&[("esc", "keys.cancel")]);
                list.insert(0, (key.to_string(), Cow::Borrowed(words.word("keys.go")), true));
                list
            }
            Asked::Typed(_) if dialog.is_typed() => fixed(&[("esc", "keys.cancel"), ("enter", "keys.go")]),
            Asked::Typed(_) => fixed(&[("esc", "keys.cancel"), ("enter", "keys.go-typed")]),
        },
        Some(Overlay::Help(_)) => fixed(&[("a-z", "keys.search"), ("up down", "keys.scroll"), ("esc", "keys.close")]),
        Some(Overlay::Detail { .. }) if state.screen == Screen::Inventory => bound(&[
            (&[Command::ToggleMark], "key.toggle-mark"),
            (&[Command::MarkDetach], "key.mark-detach"),
            (&[Command::Plan], "key.plan"),
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Copy], "keys.copy"),
            (&[Command::CopyMore], "key.copy-more"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Detail { .. } | Overlay::Call { .. }) => bound(&[
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Top, Command::Bottom], "keys.ends"),
            (&[Command::Copy], "keys.copy"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::DryRun { .. }) => bound(&[
            (&[Command::NextFinding, Command::PreviousFinding], "keys.leaf"),
            (&[Command::Copy], "keys.copy-line"),
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Earlier { .. }) => bound(&[
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Refresh], "keys.read-again"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Find(_)) => {
            fixed(&[("enter", "keys.find-stay"), ("down up", "keys.find-step"), ("esc", "keys.find-back")])
        }
        Some(Overlay::Prompt(_)) => {
            fixed(&[("enter", "keys.run-command"), ("tab", "keys.complete"), ("esc", "keys.close")])
        }
        Some(Overlay::Reason(_)) => fixed(&[("enter", "keys.override"), ("esc", "keys.cancel")]),
        Some(Overlay::Quit) => bound(&[(&[Command::Close], "keys.stay"), (&[Command::Stop], "keys.stop-and-quit")]),
        Some(Overlay::ExportMenu { .. }) => bound(&[
            (&[Command::Open], "keys.export"),
            (&[Command::Down, Command::Up], "keys.choose"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Columns { .. }) => bound(&[
            (&[Command::ToggleMark], "keys.show-or-hide"),
            (&[Command::Down, Command::Up], "keys.choose"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::CopyMenu { .. }) => bound(&[
            (&[Command::Open], "keys.copy"),
            (&[Command::Down, Command::Up], "keys.choose"),
            (&[Command::Close], "keys.close"),
        ]),
        None if state.screen == Screen::Inventory && state.browse.editing => fixed(&[
            ("enter", "keys.filter-keep"),
            ("esc", "keys.filter-drop"),
            ("up", "keys.filter-recall"),
            ("down", "keys.filter-list"),
        ]),
        None if state.screen == Screen::History && state.history.editing => fixed(&[
            ("enter", "keys.filter-keep"),
            ("esc", "keys.filter-drop"),
            ("up", "keys.filter-recall"),
            ("down", "keys.filter-list"),
        ]),
        None => shown(state)
            .iter()
            // Nothing is left that they could be pressed for.
            .filter(|&&command| {
                let only_for_some = match command {
                    Command::Confirm | Command::DryRun => {
                        state.plan.as_ref().is_some_and(|view| view.plan.operations().is_empty())
                    }
                    Command::RetryFailed | Command::Recheck | Command::Override | Command::Undo | Command::Earlier => {
                        true
                    }
                    _ => false,
                };
                !only_for_some || disabled(state, command).is_none()
            })
            .map(|&command| {
                // Only at the top it leaves the program.
                let is_back = command == Command::Back && !matches!(state.screen, Screen::Inventory | Screen::Welcome);
                let name = match command {
                    Command::Filter if find::is_on(state.screen) => "find",
                    _ if is_back => Command::Close.name(),
                    _ => command.name(),
                };
                let label = words.text(&format!("key.{name}"), &[]).into_owned();
                (key_of(state, command), Cow::Owned(label), disabled(state, command).is_none())
            })
            .collect(),
    };
    let wide = |(key, label, _): &(String, Cow<'_, str>, bool)| {
        u16::try_from(text::cells(key) + 1 + text::cells(label)).unwrap_or(u16::MAX)
    };
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1);
    // The help stays when others have to go: it tells about them.
    let help = key_of(state, Command::Help);
    let is_help = |item: &(String, Cow<'_, str>, bool)| state.overlays.is_empty() && item.0 == help;
    let mut kept = list.iter().find(|item| is_help(item)).map_or(0, |item| wide(item) + GAP);
    for (nth, item) in list.iter().enumerate() {
        let gap = if nth == 0 { 0 } else { GAP };
        if is_help(item) {
            kept = 0;
        } else if wide(item) + gap + kept > pen.room() {
            if kept == 0 {
                break;
            }
            continue;
        }
        let ((key, label, on), wide) = (item, wide(item));
        pen.gap(gap).put(key, if *on { Role::Key } else { Role::Dim }).gap(1);
        pen.put_within(label, wide, Cut::End, Role::Dim);
    }
}
