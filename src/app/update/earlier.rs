//! Writes that earlier runs left open: read, never sent again. Until the end of one is known, nothing is planned for its NIC.

use std::collections::BTreeSet;

use crate::{
    app::{
        earlier::{Earlier, EarlierWrite, Found},
        effect::Effect,
        msg::ReconcileEvent,
        notices::{Loudness, Phrase},
        state::State,
    },
    domain::{
        ids::{JobId, ProfileId},
        journal::{Intent, OpenWrite},
        selection::Target,
    },
};

use super::inventory;

/// The journal names them: nothing is planned for their NICs.
pub fn note(state: &mut State, path: String, writes: Vec<OpenWrite>) {
    let writes = writes
        .into_iter()
        .map(|write| {
            let found = match &write {
                OpenWrite { maybe_running: true, .. } => Found::MaybeRunning,
                OpenWrite { intent, .. } if can_read(state, intent) => Found::Reading,
                OpenWrite { .. } => Found::NoProfile,
            };
            EarlierWrite { write, found }
        })
        .collect();
    state.earlier = Earlier { path, writes, job: None };
    inventory::rejudge_all(state);
}

/// Those that can be read are.
pub fn begin(state: &mut State, path: String, writes: Vec<OpenWrite>) -> Vec<Effect> {
    note(state, path, writes);
    let phrase = Phrase::new("notice.unfinished").with("count", state.earlier.writes.len());
    state.notices.say(state.now, Loudness::Error, phrase);
    read(state)
}

/// A name that another cloud has by now does not tell of the same account.
fn can_read(state: &State, intent: &Intent) -> bool {
    state.profile(&intent.profile).is_some_and(|info| info.problem.is_none() && info.cloud == intent.cloud)
}

fn read(state: &mut State) -> Vec<Effect> {
    let reading = state.earlier.writes.iter().filter(|write| write.found == Found::Reading);
    let writes: Vec<Intent> = reading.map(|write| write.write.intent.clone()).collect();
    if writes.is_empty() {
        return Vec::new();
    }
    let job = state.jobs.next_id();
    state.earlier.job = Some(job);
    vec![Effect::Reconcile { job, writes }]
}

/// Refresh on the list: once more what could not be read, or did not show.
pub fn read_again(state: &mut State) -> Vec<Effect> {
    if state.earlier.job.is_some() {
        return Vec::new();
    }
    for write in &mut state.earlier.writes {
        if matches!(write.found, Found::NotYet | Found::Unread(_)) {
            write.found = Found::Reading;
        }
    }
    read(state)
}

pub fn event(state: &mut State, job: JobId, event: ReconcileEvent) -> Vec<Effect> {
    if state.earlier.job != Some(job) {
        return Vec::new();
    }
    match event {
        ReconcileEvent::Found { batch, operation, found } => {
            let is_it = |write: &&mut EarlierWrite| {
                (&write.write.intent.batch, write.write.intent.operation) == (&batch, operation)
            };
            let Some(write) = state.earlier.writes.iter_mut().find(is_it) else { return Vec::new() };
            write.found = found;
            inventory::rejudge_all(state);
            Vec::new()
        }
        ReconcileEvent::Ended => {
            state.earlier.job = None;
            say(state);
            relist(state)
        }
    }
}

/// What it came to: stays on the status line where a person has to decide something.
fn say(state: &mut State) {
    let (total, open) = (state.earlier.writes.len(), state.earlier.open().count());
    let done = state.earlier.writes.iter().filter(|write| write.found.is_done()).count();
    let lost = state.earlier.writes.iter().any(|write| matches!(write.found, Found::NotNoted { .. }));
    let (key, loudness) = match open {
        0 if done == total && !lost => ("notice.earlier-settled", Loudness::Warn),
        0 => ("notice.earlier-settled", Loudness::Error),
        _ => ("notice.earlier-open", Loudness::Error),
    };
    let phrase = Phrase::new(key).with("total", total).with("open", open).with("done", done);
    state.notices.say(state.now, loudness, phrase.with("kept", total - open - done));
}

/// A listing that is older than such an end still shows what is gone: its profile is listed again.
fn relist(state: &mut State) -> Vec<Effect> {
    let shows = |target: &Target| {
        let nic = state.inventory.profile(&target.nic().profile).and_then(|part| part.nic(&target.nic().nic));
        nic.is_some_and(|nic| match target {
            Target::Address(key) => nic.addresses.iter().any(|address| address.ip == key.ip),
            Target::Nic(_) => nic.instance.is_some(),
        })
    };
    let done = state.earlier.writes.iter().filter(|write| write.found.is_done());
    let old: BTreeSet<ProfileId> = done
        .flat_map(|write| write.write.intent.targets())
        .filter(shows)
        .map(|target| target.nic().profile.clone())
        .collect();
    old.into_iter().flat_map(|profile| inventory::list(state, profile)).collect()
}

/// What was not read by then is as open as before.
pub fn job_died(state: &mut State, job: JobId) {
    if state.earlier.job != Some(job) {
        return;
    }
    state.earlier.job = None;
    for write in &mut state.earlier.writes {
        if write.found == Found::Reading {
            write.found = Found::NotYet;
        }
    }
}
