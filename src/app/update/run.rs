//! A batch from its first call to its last outcome.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    app::{
        earlier::Found,
        effect::Effect,
        msg::{ReadBack, ReleaseEvent},
        notices::{Loudness, Phrase},
        plan_view::Source,
        run::{Pace, Recheck, Run, RunRow},
        state::{Screen, State},
    },
    domain::{
        fault::{Effect as Proof, Fault, FaultKind, NO_END},
        ids::{InstanceId, JobId, NicKey, OperationId},
        journal::Intent,
        outcome::{Outcome, OutcomeWord, Progress},
        plan::OperationKind,
        selection::Target,
    },
};

use super::{earlier, history, inventory, plan, undo};

pub fn event(state: &mut State, job: JobId, event: ReleaseEvent) -> Vec<Effect> {
    let looked_at = looked_at(state);
    let effects = take(state, job, event);
    if let Some(row) = looked_at {
        let height = super::list_height_of(state, Screen::Run);
        if let Some(run) = &mut state.run {
            run.keep_on(row, height);
        }
    }
    effects
}

/// The row that somebody has gone to, or has open. On the first line the cursor stays, for what changed last.
fn looked_at(state: &State) -> Option<usize> {
    let run = state.run.as_ref()?;
    let is_open = state.screen == Screen::Run && !state.overlays.is_empty();
    (run.view.cursor > 0 || is_open).then(|| run.order.get(run.view.cursor).copied()).flatten()
}

fn take(state: &mut State, job: JobId, event: ReleaseEvent) -> Vec<Effect> {
    let now = state.now;
    let Some(run) = state.run.as_mut().filter(|run| run.job == job && run.ended.is_none()) else { return Vec::new() };
    match event {
        ReleaseEvent::Began { batch } => {
            run.batch = Some(batch);
            state.calls.set_apart();
        }
        ReleaseEvent::Progressed(operation, progress) => {
            for row in rows_of(run, operation) {
                run.set(row, progress.clone(), now);
            }
        }
        ReleaseEvent::Waiting(operation, waiting) => {
            for row in rows_of(run, operation) {
                run.wait(row, waiting.clone(), now);
            }
        }
        ReleaseEvent::Offline(profile, Some(wait_ms)) => drop(run.offline.insert(profile, now.plus_ms(wait_ms))),
        ReleaseEvent::Offline(profile, None) => drop(run.offline.remove(&profile)),
        ReleaseEvent::Settled { operation, outcomes, fresh } => {
            let nic = run.plan.operations().get(operation.0 as usize).map(crate::domain::plan::Operation::nic_key);
            for (target, outcome) in outcomes {
                let done =
                    matches!(outcome.word(), OutcomeWord::Released | OutcomeWord::AlreadyGone | OutcomeWord::NicGone);
                if let Some(row) = run.rows.iter().position(|row| row.target == target) {
                    run.set(row, Progress::Settled(outcome), now);
                }
                // Only what is gone loses its mark; the rest is still there to be looked at and tried again.
                if done {
                    state.marks.remove(&target);
                }
            }
            if let (Some(nic), Some(fresh)) = (nic, fresh) {
                let snapshot = match &fresh {
                    ReadBack::Nic(snapshot) => Some(&**snapshot),
                    ReadBack::Gone => None,
                };
                inventory::refresh_nic(state, &nic, snapshot);
            }
        }
        ReleaseEvent::NotJournaled { operation, fault } => {
            for row in rows_of(run, operation) {
                run.rows[row].not_journaled = true;
            }
            let phrase = Phrase::new("notice.not-journaled").with_phrase("message", (&fault).into());
            state.notices.say(now, Loudness::Error, phrase);
        }
        ReleaseEvent::UnsentNotJournaled { operations, fault } => {
            let mut nics: Vec<&str> = Vec::new();
            for row in run.rows.iter_mut().filter(|row| operations.contains(&row.operation)) {
                row.not_journaled = true;
                nics.push(row.target.nic().nic.as_str());
            }
            let phrase = Phrase::new("notice.unsent-not-journaled")
                .with("count", operations.len())
                .with("nic", nics.first().copied().unwrap_or_default());
            state.notices.say(now, Loudness::Error, phrase.with_phrase("message", (&fault).into()));
        }
        ReleaseEvent::Journaled { operations } => {
            for row in run.rows.iter_mut().filter(|row| operations.contains(&row.operation)) {
                row.not_journaled = false;
            }
            if run.rows.iter().all(|row| !row.not_journaled) {
                state.notices.retract("notice.not-journaled");
                state.notices.retract("notice.unsent-not-journaled");
            }
        }
        ReleaseEvent::LeftOpen { path, writes } => earlier::left(state, path, writes),
        ReleaseEvent::Paused(paused) => {
            if run.pace != Pace::Stopping {
                run.pace = if paused { Pace::Paused } else { Pace::Going };
            }
        }
        ReleaseEvent::Ended => return end(state),
    }
    Vec::new()
}

fn rows_of(run: &Run, operation: OperationId) -> Vec<usize> {
    run.rows.iter().enumerate().filter(|(_, row)| row.operation == operation).map(|(at, _)| at).collect()
}

/// Every target has its end now; what the job left open is never taken for done.
fn end(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(run) = &mut state.run else { return Vec::new() };
    for row in 0..run.rows.len() {
        let outcome = match run.rows.get(row).map(|row| &row.progress) {
            Some(Progress::Queued | Progress::Throttled { .. }) => Outcome::Stopped,
            Some(Progress::Settled(_)) | None => continue,
            Some(_) => {
                let fault = Fault::local(FaultKind::Local, "", NO_END);
                Outcome::Unknown { fault: Fault { effect: Proof::Unknown, ..fault } }
            }
        };
        run.set(row, Progress::Settled(outcome), now);
    }
    run.ended = Some(now);
    run.offline.clear();
    // Results are read from the top: what needs a person stands first.
    let rank = |row: usize| {
        let word = match run.rows.get(row).map(|row| &row.progress) {
            Some(Progress::Settled(outcome)) => outcome.word(),
            _ => OutcomeWord::Unknown,
        };
        match word {
            OutcomeWord::Unknown => 0,
            OutcomeWord::Failed => 1,
            OutcomeWord::NicGone => 2,
            OutcomeWord::Skipped => 3,
            OutcomeWord::Stopped | OutcomeWord::NotBegun => 4,
            OutcomeWord::AlreadyGone => 5,
            OutcomeWord::Released => 6,
        }
    };
    let mut order = run.order.clone();
    order.sort_by_key(|&row| (rank(row), row));
    run.order = order;
    run.view = crate::app::viewport::Viewport::default();
    let counts = run.counts();
    let good = counts.good() == counts.total;
    let phrase = Phrase::new(if good { "notice.batch-done" } else { "notice.batch-ended" })
        .with("done", counts.good())
        .with("total", counts.total)
        .with("open", counts.total - counts.good());
    state.notices.say(now, if good { Loudness::Info } else { Loudness::Warn }, phrase);
    if state.quitting {
        return vec![Effect::Quit];
    }
    // What was just done belongs to what is looked at.
    if state.screen == Screen::History { history::read(state) } else { Vec::new() }
}

pub fn job_died(state: &mut State, job: JobId) -> Vec<Effect> {
    if let Some(run) = &mut state.run {
        run.recheck = run.recheck.filter(|recheck| recheck.job != job);
    }
    if state.run.as_ref().is_none_or(|run| run.job != job || run.ended.is_some()) {
        return Vec::new();
    }
    let mut effects = end(state);
    // It did not come to tell what it leaves open.
    effects.extend(super::look_for_open(state));
    effects
}

pub fn pause(state: &mut State) -> Vec<Effect> {
    let Some(run) = &mut state.run else { return Vec::new() };
    let pause = run.pace == Pace::Going;
    if run.pace == Pace::Stopping {
        return Vec::new();
    }
    vec![Effect::Pause(run.job, pause)]
}

/// Ends the batch after the calls in flight.
pub fn stop(state: &mut State) -> Vec<Effect> {
    let Some(run) = state.run.as_mut().filter(|run| run.ended.is_none()) else { return Vec::new() };
    run.pace = Pace::Stopping;
    let job = run.job;
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.stopping"));
    vec![Effect::Stop(job)]
}

/// Certainly not gone, by this end.
pub fn is_not_done(outcome: &Outcome) -> bool {
    let words = [OutcomeWord::Failed, OutcomeWord::Skipped, OutcomeWord::Stopped, OutcomeWord::NotBegun];
    words.contains(&outcome.word())
}

/// Targets of an ended batch that are certainly not gone. What nobody knows is read again first: see [`recheck`].
fn left(state: &State) -> BTreeSet<Target> {
    let Some(run) = state.run.as_ref().filter(|run| run.ended.is_some()) else { return BTreeSet::new() };
    let is_left = |row: &&RunRow| match &row.progress {
        Progress::Settled(outcome) => is_not_done(outcome),
        _ => false,
    };
    run.rows.iter().filter(is_left).map(|row| row.target.clone()).collect()
}

pub fn retry_disabled(state: &State) -> Option<Phrase> {
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    if state.screen == Screen::History {
        return undo::rest_disabled(state);
    }
    left(state).is_empty().then(|| {
        let unknown = state.run.iter().flat_map(|run| &run.rows).any(is_unknown);
        Phrase::new(if unknown { "disabled.only-unknown" } else { "disabled.nothing-to-retry" })
    })
}

/// `r`: a new plan for what is not gone. Each NIC is read again first, so nothing is repeated blindly.
pub fn retry(state: &mut State) -> Vec<Effect> {
    if state.screen == Screen::History {
        return undo::begin_rest(state);
    }
    let targets = left(state);
    // What was to be put back is not to be released.
    let undoes = state.run.as_ref().and_then(|run| run.plan.undoes().map(str::to_owned));
    match undoes {
        Some(batch) => undo::look_up(state, batch, undo::Wish::TakeBack(Some(targets))),
        None => {
            let from = detached_from(state);
            plan::open_with(state, Source::Retry, targets, from, None)
        }
    }
}

/// What the batch was to detach its NICs from.
fn detached_from(state: &State) -> BTreeMap<Target, InstanceId> {
    let operations = state.run.iter().flat_map(|run| run.plan.operations());
    operations
        .filter_map(|operation| match &operation.kind {
            OperationKind::Detach { instance, .. } => Some((Target::Nic(operation.nic_key()), instance.clone())),
            _ => None,
        })
        .collect()
}

fn is_unknown(row: &RunRow) -> bool {
    matches!(row.progress, Progress::Settled(Outcome::Unknown { .. }))
}

pub fn recheck_disabled(state: &State) -> Option<Phrase> {
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    let run = state.run.as_ref()?;
    if run.recheck.is_some() || state.earlier.job.is_some() {
        return Some(Phrase::new("disabled.rechecking"));
    }
    (!run.rows.iter().any(is_unknown)).then(|| Phrase::new("disabled.nothing-unknown"))
}

/// `v`: reads the NICs of what nobody knows again, and what is certain then goes into the journal. Sends nothing.
pub fn recheck(state: &mut State) -> Vec<Effect> {
    let Some(run) = &state.run else { return Vec::new() };
    let batch = run.batch.clone();
    let of_it = move |intent: &Intent| batch.as_ref() == Some(&intent.batch);
    if !state.earlier.open().any(|write| of_it(&write.write.intent)) {
        // The batch could not tell what it left open: the journal can.
        return super::look_for_open(state);
    }
    let effects = earlier::read_again_of(state, of_it);
    let reading = effects.iter().find_map(|effect| match effect {
        Effect::Reconcile { job, writes } => Some((*job, writes)),
        _ => None,
    });
    let (Some(run), Some((job, writes))) = (&mut state.run, reading) else { return effects };
    run.recheck = Some(Recheck { job, found: 0, kept: 0 });
    let nics: BTreeSet<NicKey> = writes.iter().map(Intent::nic_key).collect();
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.rechecking").with("count", nics.len()));
    effects
}

/// What reading has shown of a write, which may be one of this batch: its rows tell it.
pub fn found(state: &mut State, intent: &Intent, found: &Found) {
    let (now, outcomes) = (state.now, found.outcomes().unwrap_or_default());
    let Some(run) = &mut state.run else { return };
    if run.batch.as_ref() != Some(&intent.batch) {
        return;
    }
    for (target, outcome) in outcomes {
        let done = matches!(outcome.word(), OutcomeWord::Released | OutcomeWord::AlreadyGone | OutcomeWord::NicGone);
        let is_it = |row: &RunRow| row.operation == intent.operation && row.target == *target && is_unknown(row);
        let Some(row) = run.rows.iter().position(is_it) else { continue };
        run.found(row, outcome, matches!(found, Found::NotNoted { .. }), now);
        if let Some(recheck) = &mut run.recheck {
            *(if done { &mut recheck.found } else { &mut recheck.kept }) += 1;
        }
        if done {
            state.marks.remove(target);
        }
    }
}

/// The look at what nobody knew is over. False: it was no such look.
pub fn rechecked(state: &mut State, job: JobId) -> bool {
    let Some(run) = &mut state.run else { return false };
    let Some(recheck) = run.recheck.take_if(|recheck| recheck.job == job) else { return false };
    let open = run.counts().unknown;
    let batch = run.batch.clone();
    let unread = state.earlier.open().filter(|write| {
        batch.as_ref() == Some(&write.write.intent.batch)
            && matches!(write.found, Found::Unread(_) | Found::NoProfile | Found::Untold)
    });
    let phrase = match unread.count() {
        0 => Phrase::new("notice.rechecked"),
        unread => Phrase::new("notice.rechecked-partly").with("unread", unread),
    };
    let loudness = if open == 0 && recheck.kept == 0 { Loudness::Info } else { Loudness::Warn };
    let phrase = phrase.with("found", recheck.found).with("kept", recheck.kept).with("open", open);
    state.notices.say(state.now, loudness, phrase);
    true
}
