//! `u`: a batch is taken back by a new plan. The journal tells what was done; the clouds, read again, what can be taken back.
//! `r`: what a batch has not done is planned anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    app::{
        effect::Effect,
        history::Lookup,
        msg::HistoryEvent,
        notices::{Loudness, Phrase},
        plan_view::{Source, Undoing},
        run::RunRow,
        state::{Screen, State},
    },
    domain::{
        ids::{JobId, NicKey},
        nic::NicRole,
        outcome::{OutcomeWord, Progress},
        plan::OperationKind,
        selection::Target,
        undo::TakeBack,
    },
    filter::search::RESULTS,
    history::{Batch, Row, Summary, Write, undo::take_back},
};

use super::{plan, run};

/// Said of a batch that nothing is planned on: the journal was changed where it tells of it.
pub const EDITED: &str = "disabled.batch-edited";

/// A batch that is being looked up, and what for.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    pub job: JobId,
    pub wish: Wish,
}

/// Of these targets alone; `None`: of all.
#[derive(Clone, PartialEq, Debug)]
pub enum Wish {
    /// To be taken back.
    TakeBack(Option<BTreeSet<Target>>),
    /// What it has not done is to be planned anew.
    Rest(Option<BTreeSet<Target>>),
}

pub fn disabled(state: &State) -> Option<Phrase> {
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    let nothing = || Some(Phrase::new("disabled.nothing-to-undo"));
    if state.screen == Screen::Run {
        let changed = |row: &RunRow| match &row.progress {
            Progress::Settled(outcome) => matches!(outcome.word(), OutcomeWord::Released | OutcomeWord::Unknown),
            _ => false,
        };
        let Some(run) = &state.run else { return Some(Phrase::new("disabled.no-run")) };
        return if run.batch.is_some() && run.rows.iter().any(changed) { None } else { nothing() };
    }
    let Some(summary) = state.history.current() else { return Some(Phrase::new("disabled.nothing-here")) };
    if may_have_changed(summary) { None } else { nothing() }
}

/// Did the batch change anything, or may it have?
fn may_have_changed(summary: &Summary) -> bool {
    let of = |word: OutcomeWord| summary.results.get(word as usize).copied().unwrap_or(0);
    of(OutcomeWord::Released) + of(OutcomeWord::Unknown) + summary.results.get(RESULTS.len() - 1).copied().unwrap_or(0)
        > 0
}

/// `u`: of the batch that just ended, or of the one under the cursor; of one that is opened, only what is marked there.
pub fn begin(state: &mut State) -> Vec<Effect> {
    if state.screen == Screen::Run {
        let batch = state.run.as_ref().and_then(|run| run.batch.clone());
        return batch.map_or_else(Vec::new, |batch| look_up(state, batch, Wish::TakeBack(None)));
    }
    of_history(state, Wish::TakeBack)
}

/// The batch under the cursor; of one that is opened, only what is marked there.
fn of_history(state: &mut State, wish: impl FnOnce(Option<BTreeSet<Target>>) -> Wish) -> Vec<Effect> {
    let Some(summary) = state.history.current() else { return Vec::new() };
    let batch = summary.batch.clone();
    let marked = state.history.opened.as_ref().map(|opened| opened.marks.clone()).unwrap_or_default();
    look_up(state, batch, wish((!marked.is_empty()).then_some(marked)))
}

/// Has the batch of the history something that it certainly has not done?
pub fn rest_disabled(state: &State) -> Option<Phrase> {
    let Some(summary) = state.history.current() else { return Some(Phrase::new("disabled.nothing-here")) };
    let of = |word: OutcomeWord| summary.results.get(word as usize).copied().unwrap_or(0);
    let words = [OutcomeWord::Failed, OutcomeWord::Skipped, OutcomeWord::Stopped, OutcomeWord::NotBegun];
    words.into_iter().all(|word| of(word) == 0).then(|| Phrase::new("disabled.nothing-to-retry"))
}

/// `r` in the history.
pub fn begin_rest(state: &mut State) -> Vec<Effect> {
    of_history(state, Wish::Rest)
}

/// Asks the journal what the batch did.
pub fn look_up(state: &mut State, batch: String, wish: Wish) -> Vec<Effect> {
    let job = state.jobs.next_id();
    state.history.undo = Some(Pending { job, wish });
    vec![Effect::History { job, lookup: Lookup::Batch(batch) }]
}

/// What the journal says of it.
pub fn found(state: &mut State, job: JobId, event: &HistoryEvent) -> Option<Vec<Effect>> {
    let pending = state.history.undo.take_if(|pending| pending.job == job)?;
    let phrase = match event {
        HistoryEvent::Batch(Some(batch)) if state.is_running() => {
            let _ = batch;
            Phrase::new("disabled.batch-running")
        }
        HistoryEvent::Batch(Some(batch)) if batch.running => Phrase::new("disabled.batch-elsewhere"),
        // It may tell of what was never there: nothing is planned on that.
        HistoryEvent::Batch(Some(batch)) if batch.edited => {
            state.notices.say(state.now, Loudness::Error, Phrase::new(EDITED));
            return Some(Vec::new());
        }
        HistoryEvent::Batch(Some(batch)) => {
            let (effects, nothing) = match &pending.wish {
                Wish::TakeBack(only) => (open(state, batch, only.as_ref()), "disabled.nothing-to-undo"),
                Wish::Rest(only) => (open_rest(state, batch, only.as_ref()), "disabled.nothing-to-retry"),
            };
            match effects {
                Some(effects) => return Some(effects),
                None => Phrase::new(nothing),
            }
        }
        HistoryEvent::Failed(fault) => Phrase::new("history.unread").with_phrase("message", fault.into()),
        HistoryEvent::Batch(None) | HistoryEvent::Listed(_) => Phrase::new("history.no-batch"),
    };
    state.notices.say(state.now, Loudness::Warn, phrase);
    Some(Vec::new())
}

fn open(state: &mut State, batch: &Batch, only: Option<&BTreeSet<Target>>) -> Option<Vec<Effect>> {
    let mut takes = take_back(batch);
    if let Some(only) = only {
        // An EIP comes back with its address, or its NIC.
        takes.retain(|take| match &take.target {
            Target::Eip { address, .. } => {
                [take.target.clone(), Target::Address(address.clone()), Target::Nic(address.nic.clone())]
                    .iter()
                    .any(|target| only.contains(target))
            }
            target => only.contains(target),
        });
    }
    if takes.is_empty() {
        return None;
    }
    let targets = takes.iter().map(|take| take.target.clone()).collect();
    let images = batch.writes.iter().filter_map(|write| write.image.as_deref());
    let public = images.flat_map(|image| &image.eips).filter_map(|eip| Some((eip.id.clone(), eip.ip?))).collect();
    let undo = Undoing { batch: batch.id.clone(), takes, public };
    Some(plan::open_with(state, Source::Undo, targets, BTreeMap::new(), Some(undo)))
}

fn is_left(row: &Row) -> bool {
    row.outcome.as_ref().is_some_and(run::is_not_done)
}

/// Targets that the batch certainly has not done.
pub fn not_done(batch: &Batch) -> usize {
    batch.rows().filter(|(_, row)| is_left(row)).count()
}

/// A plan for what is not done. What was to be put back is not to be released: it is taken from the batch that it was about.
fn open_rest(state: &mut State, batch: &Batch, only: Option<&BTreeSet<Target>>) -> Option<Vec<Effect>> {
    let is_left = |(_, row): &(&Write, &Row)| is_left(row) && only.is_none_or(|only| only.contains(&row.target));
    let targets: BTreeSet<Target> = batch.rows().filter(is_left).map(|(_, row)| row.target.clone()).collect();
    if targets.is_empty() {
        return None;
    }
    if let Some(undone) = &batch.undoes {
        return Some(look_up(state, undone.clone(), Wish::TakeBack(Some(targets))));
    }
    let from = batch.rows().filter(is_left).filter_map(|(write, row)| match &write.kind {
        OperationKind::Detach { instance, .. } => Some((row.target.clone(), instance.clone())),
        _ => None,
    });
    let from = from.collect();
    Some(plan::open_with(state, Source::Retry, targets, from, None))
}

/// Other NICs that tell whether it can be taken back: one of the instance that a NIC is to be attached to, whose reading brings the
/// instance; and whoever has the address now.
pub fn around(state: &State, take: &TakeBack) -> Vec<NicKey> {
    let key = take.target.nic();
    let Some(part) = state.inventory.profile(&key.profile) else { return Vec::new() };
    let named = |nic: &crate::domain::nic::Nic| NicKey { profile: key.profile.clone(), nic: nic.id.clone() };
    match &take.write {
        Some(OperationKind::Attach { instance, .. }) => {
            let nics = part.nics_of(instance).iter().filter_map(|&slot| part.nic_at(slot));
            nics.min_by_key(|nic| (nic.role != NicRole::Primary, nic.id.clone())).map(named).into_iter().collect()
        }
        Some(OperationKind::Assign { ips, .. }) => {
            let Some(own) = part.nic(&key.nic) else { return Vec::new() };
            let holds = |nic: &crate::domain::nic::Nic| {
                nic.id != own.id
                    && (&nic.region, &nic.subnet) == (&own.region, &own.subnet)
                    && nic.addresses.iter().any(|address| ips.contains(&address.ip))
            };
            part.nics().map(|(_, nic)| nic).find(|nic| holds(nic)).map(named).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
