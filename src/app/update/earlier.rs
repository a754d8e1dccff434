//! Writes whose end nobody knows, of earlier runs and of this one: read, never sent again. Until the end of one is known, nothing is
//! planned for its NIC.

use std::collections::BTreeSet;

use crate::{
    app::{
        earlier::{Earlier, EarlierWrite, Found, LOOK_MS},
        effect::Effect,
        msg::{ReadBack, ReconcileEvent},
        notices::{Loudness, Phrase},
        state::{ProfileInfo, Screen, State},
    },
    domain::{
        ids::{JobId, NicKey, OperationId, ProfileId},
        journal::{Intent, Open, OpenWrite},
        journal_fault::JournalDoubtKind,
        selection::Target,
    },
};

use super::{history, inventory, run};

/// The journal names them: nothing is planned for their NICs.
pub fn note(state: &mut State, path: String, open: Open<OpenWrite>) {
    let before = std::mem::take(&mut state.earlier);
    let writes = open.writes.into_iter();
    let mut writes: Vec<EarlierWrite> =
        writes.map(|write| EarlierWrite { found: first(state, &write, Found::Reading), write }).collect();
    if before.follows {
        keep(before.writes, &mut writes);
    }
    state.earlier = Earlier { path, writes, strange: open.strange, at_work: before.at_work, ..Earlier::default() };
    let mut elsewhere = before.elsewhere;
    elsewhere.extend(running(state).map(|write| write.write.intent.profile.clone()));
    let at_work = state.earlier.at_work || running(state).next().is_some();
    state.earlier.look_at = at_work.then(|| state.now.plus_ms(LOOK_MS));
    state.earlier.elsewhere = elsewhere;
    inventory::rejudge_all(state);
}

/// What was known before a look that nobody asked for is known after it: the clouds are not asked again and again.
fn keep(before: Vec<EarlierWrite>, writes: &mut Vec<EarlierWrite>) {
    let mut kept = Vec::new();
    for known in before.into_iter().filter(|known| !matches!(known.found, Found::MaybeRunning | Found::Reading)) {
        let intent = &known.write.intent;
        match writes.iter_mut().find(|write| is_write(write, &intent.batch, intent.operation)) {
            // Nor is one that was not under way then: one's own, of which the answer was lost, looks like another's while that holds the
            // lock.
            Some(write) => write.found = known.found,
            None if known.found.outcomes().is_some() => kept.push(known),
            None => {}
        }
    }
    writes.splice(..0, kept);
}

/// Those that another nicdeck may be carrying out.
fn running(state: &State) -> impl Iterator<Item = &EarlierWrite> {
    state.earlier.writes.iter().filter(|write| write.found == Found::MaybeRunning)
}

/// Another nicdeck's batch is followed in the journal. One's own looks the same there.
pub fn wake(state: &mut State) -> Vec<Effect> {
    if state.earlier.look_at.is_none_or(|at| state.now < at) {
        return Vec::new();
    }
    state.earlier.look_at = Some(state.now.plus_ms(LOOK_MS));
    if state.is_running() || state.earlier.job.is_some() || state.quitting {
        return Vec::new();
    }
    state.earlier.follows = true;
    vec![Effect::LookAtJournal { write: false, unfinished: true }]
}

/// What is known of a write before its NIC was read: `own`, if that can be done here.
fn first(state: &State, write: &OpenWrite, own: Found) -> Found {
    match write {
        OpenWrite { maybe_running: true, .. } => Found::MaybeRunning,
        OpenWrite { intent, .. } if can_read(state, intent) => own,
        OpenWrite { .. } => Found::NoProfile,
    }
}

/// A look that nobody asked for came back while NICs are being read: what they show is not dropped for it, and the next look tells.
fn waits(state: &mut State) -> bool {
    let waits = state.earlier.follows && state.earlier.job.is_some();
    if waits {
        state.earlier.follows = false;
        state.earlier.look_at = Some(state.now.plus_ms(LOOK_MS));
    }
    waits
}

/// Those that can be read are.
pub fn begin(state: &mut State, path: String, open: Open<OpenWrite>) -> Vec<Effect> {
    if waits(state) {
        return Vec::new();
    }
    let (followed, follows) = (state.earlier.look_at.is_some(), state.earlier.follows);
    let before = others(state);
    note(state, path, open);
    let (strange, at_work) = (state.earlier.strange.len(), running(state).count());
    let others = others(state);
    if others.is_empty() || follows && others.is_subset(&before) {
        if at_work == 0 && !state.earlier.at_work {
            return ended(state);
        }
        if !followed {
            state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.elsewhere").with("count", at_work));
        }
        return Vec::new();
    }
    let (key, count) = match state.earlier.open().count() {
        0 => ("notice.strange-writes", strange),
        count => ("notice.unfinished", count + strange),
    };
    state.notices.say(state.now, Loudness::Error, Phrase::new(key).with("count", count));
    let mut effects = read(state);
    if at_work == 0 && !state.earlier.at_work {
        effects.extend(list_elsewhere(state));
    }
    effects
}

/// Those that no nicdeck is carrying out, and whose end is not known: each by its batch and number, or as the journal has it.
fn others(state: &State) -> BTreeSet<(String, u32)> {
    let left = state.earlier.open().filter(|write| write.found != Found::MaybeRunning);
    let left = left.map(|write| (write.write.intent.batch.clone(), write.write.intent.operation.0));
    left.chain(state.earlier.strange.iter().map(|strange| (format!("{strange:?}"), 0))).collect()
}

/// What another nicdeck has changed is listed again, once it has ended.
fn list_elsewhere(state: &mut State) -> Vec<Effect> {
    let profiles = std::mem::take(&mut state.earlier.elsewhere);
    profiles.into_iter().flat_map(|profile| inventory::list(state, profile)).collect()
}

/// The batch that just ended leaves these open. They were read for as long as that is of use; [`super::run::recheck`] reads them again.
pub fn left(state: &mut State, path: String, writes: Vec<OpenWrite>) {
    state.earlier.path = path;
    for write in writes {
        let found = first(state, &write, Found::NotYet);
        let same = |known: &EarlierWrite| is_write(known, &write.intent.batch, write.intent.operation);
        state.earlier.writes.retain(|known| !same(known));
        state.earlier.writes.push(EarlierWrite { write, found });
    }
    inventory::rejudge_all(state);
}

/// The journal holds nothing that is open: what others carried out has its end, and the next write may come at any moment as long as
/// they hold the lock.
pub fn none(state: &mut State) -> Vec<Effect> {
    if waits(state) {
        return Vec::new();
    }
    let followed = state.earlier.look_at.take().is_some() || running(state).next().is_some();
    state.earlier.follows = false;
    // A journal that was taken away, or cut, holds nothing either.
    if state.doubts.iter().any(|doubt| doubt.kind == JournalDoubtKind::Cut) {
        state.earlier.writes.retain(|write| write.found != Found::MaybeRunning);
    } else {
        state.earlier.writes.retain(|write| write.found.outcomes().is_some());
        state.earlier.strange.clear();
    }
    inventory::rejudge_all(state);
    if state.earlier.at_work {
        state.earlier.look_at = Some(state.now.plus_ms(LOOK_MS));
        if !followed {
            state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.elsewhere-between"));
        }
        return Vec::new();
    }
    if followed { ended(state) } else { Vec::new() }
}

/// Whoever was followed lets go of the lock.
fn ended(state: &mut State) -> Vec<Effect> {
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.elsewhere-ended"));
    if state.earlier.elsewhere.is_empty() {
        // None of its writes was seen: it may have been any of them.
        let usable = state.profiles.iter().filter(|info| info.problem.is_none());
        state.earlier.elsewhere = usable.map(|info| info.id.clone()).collect();
    }
    list_elsewhere(state)
}

fn is_write(write: &EarlierWrite, batch: &str, operation: OperationId) -> bool {
    write.write.intent.batch == batch && write.write.intent.operation == operation
}

/// A name that another cloud has by now does not tell of the same account.
fn can_read(state: &State, intent: &Intent) -> bool {
    let usable = |info: &ProfileInfo| info.problem.is_none() && info.cloud == intent.cloud;
    match state.profile(&intent.profile) {
        Some(info) => usable(info),
        // It may be called otherwise by now: whoever has the same account is found when it is read.
        None => intent.account.is_some() && state.profiles.iter().any(usable),
    }
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
    read_again_of(state, |_| true)
}

/// The same for these writes.
pub fn read_again_of(state: &mut State, is_wanted: impl Fn(&Intent) -> bool) -> Vec<Effect> {
    if state.earlier.job.is_some() {
        return Vec::new();
    }
    // Whoever carried it out may have ended since, in one way or another: the journal and its lock tell.
    let runs = |write: &&EarlierWrite| write.found == Found::MaybeRunning && is_wanted(&write.write.intent);
    if state.earlier.writes.iter().any(|write| runs(&write)) {
        return super::look_for_open(state);
    }
    for write in state.earlier.writes.iter_mut().filter(|write| is_wanted(&write.write.intent)) {
        if matches!(write.found, Found::NotYet | Found::Unread(_) | Found::Untold) {
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
        ReconcileEvent::Found { batch, operation, found, fresh } => {
            let Some(write) = state.earlier.writes.iter_mut().find(|write| is_write(write, &batch, operation)) else {
                return Vec::new();
            };
            write.found = found.clone();
            let intent = write.write.intent.clone();
            if let Some(fresh) = fresh {
                take_in(state, &intent.nic_key(), &fresh);
            }
            run::found(state, &intent, &found);
            inventory::rejudge_all(state);
            Vec::new()
        }
        ReconcileEvent::Ended => {
            state.earlier.job = None;
            if !run::rechecked(state, job) {
                say(state);
            }
            let mut effects = relist(state);
            // What was read back is in the journal: its pages would go on saying that nobody knows the end.
            if state.screen == Screen::History {
                effects.extend(history::read(state));
            }
            effects
        }
    }
}

/// The NIC as it is now, where it is listed: a list that is still on its way brings the others.
fn take_in(state: &mut State, key: &NicKey, fresh: &ReadBack) {
    if state.inventory.profile(&key.profile).and_then(|part| part.nic(&key.nic)).is_none() {
        return;
    }
    let snapshot = match fresh {
        ReadBack::Nic(snapshot) => Some(&**snapshot),
        ReadBack::Gone => None,
    };
    inventory::refresh_nic(state, key, snapshot);
}

/// What it came to: stays on the status line where a person has to decide something.
fn say(state: &mut State) {
    // This takes their place: what was settled is no alarm any more.
    for alarm in ["notice.unfinished", "notice.earlier-open"] {
        state.notices.retract(alarm);
    }
    if !state.earlier.strange.is_empty() {
        let strange = Phrase::new("notice.strange-writes").with("count", state.earlier.strange.len());
        state.notices.say(state.now, Loudness::Error, strange);
    }
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
            Target::Eip { .. } => false,
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
