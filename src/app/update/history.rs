//! The history: searched as it is typed, one reading at a time, and a batch of it opened. Reads the journal only.

use std::sync::Arc;

use crate::{
    app::{
        browse::Line,
        effect::Effect,
        history::{Lookup, Opened},
        key::{Key, KeyCode},
        msg::HistoryEvent,
        notices::Phrase,
        overlay::Overlay,
        state::{Screen, State},
        viewport::Viewport,
    },
    domain::ids::JobId,
    filter::search,
};

use super::{earlier, filter, list_height, show, undo};

/// `4`: what the journal tells, read anew.
pub fn go(state: &mut State) -> Vec<Effect> {
    show(state, Screen::History);
    read(state)
}

/// Reads the journal again, with the search that is in force. While it is read already, once more after that.
pub fn read(state: &mut State) -> Vec<Effect> {
    if state.history.job.is_some() {
        state.history.again = true;
        return Vec::new();
    }
    let job = state.jobs.next_id();
    state.history.job = Some(job);
    state.history.again = false;
    let mut effects = vec![Effect::History { job, lookup: Lookup::Search(state.history.text.clone()) }];
    effects.extend(read_opened(state));
    effects
}

fn read_opened(state: &mut State) -> Option<Effect> {
    let opened = state.history.opened.as_mut()?;
    let job = state.jobs.next_id();
    opened.job = Some(job);
    Some(Effect::History { job, lookup: Lookup::Batch(opened.summary.batch.clone()) })
}

pub fn event(state: &mut State, job: JobId, event: HistoryEvent) -> Vec<Effect> {
    if let Some(effects) = undo::found(state, job, &event) {
        return effects;
    }
    let height = list_height(state);
    let history = &mut state.history;
    if let HistoryEvent::Batch(batch) = event {
        if let Some(opened) = history.opened.as_mut().filter(|opened| opened.job == Some(job)) {
            opened.job = None;
            opened.batch = batch.map(Arc::from);
            let len = opened.len();
            opened.view.fit(len, height);
        }
        return Vec::new();
    }
    if history.job != Some(job) {
        if let Some(opened) = history.opened.as_mut().filter(|opened| opened.job == Some(job)) {
            opened.job = None;
        }
        return Vec::new();
    }
    history.job = None;
    match event {
        HistoryEvent::Listed(listed) => {
            // The cursor stays on its batch, where that is still found: on the one that is open, wherever that stood.
            let open = history.opened.as_ref().map(|opened| opened.summary.batch.clone());
            let focused = history.focused().filter(|_| history.view.cursor > 0).map(|summary| summary.batch.clone());
            let on = open.or(focused);
            let at = on.and_then(|on| listed.summaries.iter().position(|summary| summary.batch == on));
            let len = listed.summaries.len();
            if let Some(opened) = &mut history.opened
                && let Some(summary) = listed.summaries.iter().find(|summary| summary.batch == opened.summary.batch)
            {
                opened.summary = summary.clone();
            }
            history.listed = Some(*listed);
            history.fault = None;
            match at {
                Some(at) => history.view.follow(at, len, height),
                None => history.view = Viewport::default(),
            }
        }
        HistoryEvent::Failed(fault) => history.fault = Some(fault),
        HistoryEvent::Batch(_) => {}
    }
    if state.history.again { read(state) } else { Vec::new() }
}

pub fn job_died(state: &mut State, job: JobId) {
    state.history.undo.take_if(|pending| pending.job == job);
    if state.history.job == Some(job) {
        state.history.job = None;
    }
    if let Some(opened) = state.history.opened.as_mut().filter(|opened| opened.job == Some(job)) {
        opened.job = None;
    }
}

/// Enter: the batch under the cursor; in a batch, everything about the target under the cursor.
pub fn open(state: &mut State) -> Vec<Effect> {
    if let Some(opened) = &state.history.opened {
        if opened.focused().is_some() {
            state.overlays.push(Overlay::Detail { scroll: 0 });
        }
        return Vec::new();
    }
    let Some(summary) = state.history.focused().cloned() else { return Vec::new() };
    state.history.opened = Some(Opened {
        summary,
        job: None,
        batch: None,
        marks: std::collections::BTreeSet::new(),
        view: Viewport::default(),
    });
    read_opened(state).into_iter().collect()
}

pub fn recheck_disabled(state: &State) -> Option<Phrase> {
    let Some(opened) = &state.history.opened else { return Some(Phrase::new("disabled.no-batch-open")) };
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    if state.earlier.job.is_some() {
        return Some(Phrase::new("disabled.rechecking"));
    }
    let open = state.earlier.open().any(|write| write.write.intent.batch == opened.summary.batch);
    (!open).then(|| Phrase::new("disabled.nothing-unknown"))
}

/// `v`: reads the NICs of what nobody knows of the opened batch again, and shows what is found. Sends nothing.
pub fn recheck(state: &mut State) -> Vec<Effect> {
    let Some(opened) = &state.history.opened else { return Vec::new() };
    let batch = opened.summary.batch.clone();
    state.overlays.push(Overlay::Earlier { scroll: 0 });
    earlier::read_again_of(state, move |intent| intent.batch == batch)
}

pub fn mark_disabled(state: &State) -> Option<Phrase> {
    let opened = state.history.opened.as_ref().and_then(|opened| opened.focused());
    opened.is_none().then(|| Phrase::new("disabled.no-batch-open"))
}

/// Space: marks the target under the cursor of an opened batch, and goes on.
pub fn toggle(state: &mut State) {
    let Some(opened) = &mut state.history.opened else { return };
    let Some((_, row)) = opened.focused() else { return };
    let target = row.target.clone();
    if !opened.marks.remove(&target) {
        opened.marks.insert(target);
    }
    super::step(state, 1);
}

/// Esc: out of the batch, or out of the search. False if there is nothing to close.
pub fn close(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    if state.history.opened.take().is_some() {
        super::fit(state);
        return true;
    }
    if state.history.text.is_empty() {
        return false;
    }
    effects.extend(clear(state));
    true
}

// ---- the search ----------------------------------------------------------------------------------------------------

pub fn filter_disabled(state: &State) -> Option<Phrase> {
    state.history.opened.is_some().then(|| Phrase::new("disabled.batch-open"))
}

pub fn begin(state: &mut State) {
    state.history.line = Line::with(&state.history.text);
    state.history.editing = true;
    state.history.recall = None;
}

/// As if it had been typed; a wrong one stays open.
pub fn narrow(state: &mut State, text: &str) -> Vec<Effect> {
    state.history.line = Line::with(text);
    state.history.editing = true;
    let effects = apply(state);
    state.history.editing = state.history.mistake.is_some();
    effects
}

/// Back to all batches.
pub fn clear(state: &mut State) -> Vec<Effect> {
    state.history.line = Line::default();
    state.history.editing = false;
    apply(state)
}

pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    filter::on_one_line(text).chars().for_each(|c| state.history.line.insert(c));
    apply(state)
}

pub fn press(state: &mut State, key: Key) -> Vec<Effect> {
    match key.code {
        // The status line says what is wrong for as long as the line is open.
        KeyCode::Enter if state.history.mistake.is_some() => {
            state.history.refused = true;
            Vec::new()
        }
        KeyCode::Esc => clear(state),
        KeyCode::Up => recall(state, true),
        KeyCode::Down if state.history.recall.is_some() => recall(state, false),
        // Down goes into the list, to the row that the cursor is on.
        KeyCode::Enter | KeyCode::Down => {
            keep(state);
            Vec::new()
        }
        KeyCode::PageDown => {
            super::page(state, 1, 1);
            Vec::new()
        }
        KeyCode::PageUp => {
            super::page(state, -1, 1);
            Vec::new()
        }
        _ if state.history.line.edit(key) => {
            state.history.recall = None;
            apply(state)
        }
        _ => Vec::new(),
    }
}

/// The search stays, and can be recalled. A wrong one stays open.
fn keep(state: &mut State) {
    if state.history.mistake.is_none() {
        state.history.editing = false;
        filter::remember(&mut state.history.searched, &state.history.text);
    }
}

/// An older search, or a newer one.
fn recall(state: &mut State, older: bool) -> Vec<Effect> {
    let (place, text) = filter::recalled(&state.history.searched, state.history.recall, older);
    state.history.recall = place;
    state.history.line = Line::with(&text);
    apply(state)
}

/// Reads the line. A good one takes effect; of one that is half typed, the terms before that; a wrong one leaves the list as it was
/// before the wrong term was begun.
fn apply(state: &mut State) -> Vec<Effect> {
    let text = state.history.line.text().trim().to_owned();
    // Only whether it can be read is asked here: the job knows the reader's own time.
    let mistake = search::parse(&text, state.now, 0).err();
    state.history.refused = false;
    let wanted = match &mistake {
        None => Some(text.as_str()),
        Some(mistake) => {
            let complete = search::complete_part(&text, state.now);
            let is_begun = filter::is_misread(mistake) && filter::is_begun(&text, complete, &state.history.text);
            (mistake.is_incomplete() || is_begun).then_some(complete)
        }
    };
    let wanted = wanted.filter(|wanted| *wanted != state.history.text).map(str::to_owned);
    state.history.mistake = mistake;
    let Some(wanted) = wanted else { return Vec::new() };
    state.history.text = wanted;
    read(state)
}
