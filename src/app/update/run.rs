//! A batch from its first call to its last outcome.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    app::{
        effect::Effect,
        msg::{PreflightEvent, ReadBack, ReleaseEvent},
        notices::{Loudness, Phrase},
        plan_view::Source,
        run::{Pace, Recheck, Run, RunRow},
        state::{Screen, State},
    },
    domain::{
        fault::{Effect as Proof, Fault, FaultKind, NO_END},
        ids::{JobId, NicKey, OperationId},
        outcome::{Outcome, OutcomeWord, Progress},
        selection::Target,
        snapshot::NicSnapshot,
    },
};

use super::{history, inventory, plan};

pub fn event(state: &mut State, job: JobId, event: ReleaseEvent) -> Vec<Effect> {
    let now = state.now;
    let Some(run) = state.run.as_mut().filter(|run| run.job == job && run.ended.is_none()) else { return Vec::new() };
    match event {
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
        ReleaseEvent::Settled { operation, outcomes, fresh } => {
            let nic = run.plan.operations().get(operation.0 as usize).map(crate::domain::plan::Operation::nic_key);
            for (target, outcome) in outcomes {
                let done = matches!(outcome.word(), OutcomeWord::Released | OutcomeWord::AlreadyGone);
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
            Some(Progress::Queued) => Outcome::Stopped,
            Some(Progress::Settled(_)) | None => continue,
            Some(_) => {
                let fault = Fault::local(FaultKind::Local, "", NO_END);
                Outcome::Unknown { fault: Fault { effect: Proof::Unknown, ..fault } }
            }
        };
        run.set(row, Progress::Settled(outcome), now);
    }
    run.ended = Some(now);
    // Results are read from the top: what needs a person stands first.
    let rank = |row: usize| {
        let word = match run.rows.get(row).map(|row| &row.progress) {
            Some(Progress::Settled(outcome)) => outcome.word(),
            _ => OutcomeWord::Unknown,
        };
        match word {
            OutcomeWord::Unknown => 0,
            OutcomeWord::Failed => 1,
            OutcomeWord::Skipped => 2,
            OutcomeWord::Stopped => 3,
            OutcomeWord::AlreadyGone => 4,
            OutcomeWord::Released => 5,
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
    if state.run.as_ref().is_some_and(|run| run.job == job && run.ended.is_none()) { end(state) } else { Vec::new() }
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

/// Targets of an ended batch that are certainly not gone. What nobody knows is read again first: see [`recheck`].
fn left(state: &State) -> BTreeSet<Target> {
    let Some(run) = state.run.as_ref().filter(|run| run.ended.is_some()) else { return BTreeSet::new() };
    let is_left = |row: &&RunRow| match &row.progress {
        Progress::Settled(outcome) => {
            matches!(outcome.word(), OutcomeWord::Failed | OutcomeWord::Skipped | OutcomeWord::Stopped)
        }
        _ => false,
    };
    run.rows.iter().filter(is_left).map(|row| row.target.clone()).collect()
}

pub fn retry_disabled(state: &State) -> Option<Phrase> {
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    left(state).is_empty().then(|| Phrase::new("disabled.nothing-to-retry"))
}

/// `r`: a new plan for what is not gone. Each NIC is read again first, so nothing is repeated blindly.
pub fn retry(state: &mut State) -> Vec<Effect> {
    let targets = left(state);
    plan::open_for(state, Source::Retry, targets)
}

fn is_unknown(row: &RunRow) -> bool {
    matches!(row.progress, Progress::Settled(Outcome::Unknown { .. }))
}

pub fn recheck_disabled(state: &State) -> Option<Phrase> {
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    let run = state.run.as_ref()?;
    if run.recheck.is_some() {
        return Some(Phrase::new("disabled.rechecking"));
    }
    (!run.rows.iter().any(is_unknown)).then(|| Phrase::new("disabled.nothing-unknown"))
}

/// `v`: reads the NICs of what nobody knows again. Sends nothing.
pub fn recheck(state: &mut State) -> Vec<Effect> {
    let job = state.jobs.next_id();
    let Some(run) = &mut state.run else { return Vec::new() };
    let mut nics: BTreeMap<NicKey, Arc<NicSnapshot>> = BTreeMap::new();
    for row in run.rows.iter().filter(|row| is_unknown(row)) {
        if let Some(operation) = run.plan.operations().get(row.operation.0 as usize) {
            nics.insert(row.target.nic().clone(), operation.expect.clone());
        }
    }
    run.recheck = Some(Recheck { job, found: 0, unread: 0 });
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.rechecking").with("count", nics.len()));
    vec![Effect::Preflight { job, nics: nics.into_iter().collect() }]
}

pub fn is_recheck(state: &State, job: JobId) -> bool {
    state.run.as_ref().and_then(|run| run.recheck).is_some_and(|recheck| recheck.job == job)
}

/// A NIC as it is now. What does not show is as unknown as before: it may still come.
pub fn rechecked(state: &mut State, event: PreflightEvent) {
    let now = state.now;
    let Some(run) = &mut state.run else { return };
    let Some(mut recheck) = run.recheck.take() else { return };
    match event {
        // The NIC's own record tells what became of the write.
        PreflightEvent::Partly(..) => run.recheck = Some(recheck),
        PreflightEvent::Read(_, Err(_)) => {
            recheck.unread += 1;
            run.recheck = Some(recheck);
        }
        PreflightEvent::Read(key, Ok(fresh)) => {
            for row in 0..run.rows.len() {
                let of = &run.rows[row];
                let nic = fresh.as_ref().map(|fresh| &fresh.nic);
                let operation = run.plan.operations().get(of.operation.0 as usize);
                let done = operation.is_some_and(|operation| operation.kind.is_done(&of.target, nic));
                if of.target.nic() == &key && is_unknown(of) && done {
                    state.marks.remove(&of.target);
                    run.found_done(row, now);
                    recheck.found += 1;
                }
            }
            run.recheck = Some(recheck);
            inventory::refresh_nic(state, &key, fresh.as_deref());
        }
        PreflightEvent::Ended => {
            let open = run.counts().unknown;
            let phrase = match (recheck.unread, open) {
                (0, _) => Phrase::new("notice.rechecked"),
                (unread, _) => Phrase::new("notice.rechecked-partly").with("unread", unread),
            };
            let loudness = if open == 0 { Loudness::Info } else { Loudness::Warn };
            state.notices.say(now, loudness, phrase.with("found", recheck.found).with("open", open));
        }
    }
}
