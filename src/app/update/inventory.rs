//! Listings: pages come in, are judged and filtered; a profile or section that fails is a row, and stops nothing else.

use crate::{
    app::{
        detail,
        effect::Effect,
        jobs::OpenSection,
        msg::InventoryEvent,
        notices::{Loudness, Phrase},
        rows,
        state::{Pane, State},
        verdicts::Judged,
    },
    domain::{
        ids::{JobId, NicKey, ProfileId},
        inventory::Touched,
        selection::Target,
        snapshot::NicSnapshot,
    },
    rules::{self, Summary, facts::Facts},
};

use super::{matching, plan};

/// Starts listing a profile, in place of a listing that may be under way.
pub fn list(state: &mut State, profile: ProfileId) -> Vec<Effect> {
    let (job, replaced) = state.jobs.start_listing(profile.clone(), state.now);
    let mut effects = Vec::new();
    if let Some(old) = replaced {
        close_sections(state, &profile, old.open.into_keys());
        effects.push(Effect::Cancel(old.job));
    }
    effects.push(Effect::List { job, profile });
    effects
}

/// `R`: the focused profile again; ctrl-r: all.
pub fn refresh(state: &mut State, all: bool) -> Vec<Effect> {
    let tree = &state.browse.tree;
    let place = match state.pane {
        Pane::Tree => tree.profile_of(tree.node()),
        Pane::List | Pane::Detail => rows::focused(state).map(rows::RowRef::profile),
    };
    let focused = place.and_then(|place| state.info(place)).map(|info| info.id.clone());
    let wanted: Vec<ProfileId> = state
        .profiles
        .iter()
        .filter(|info| info.problem.is_none())
        .filter(|info| all || focused.as_ref().is_none_or(|focused| focused == &info.id))
        .map(|info| info.id.clone())
        .collect();
    wanted.into_iter().flat_map(|profile| list(state, profile)).collect()
}

/// Stops all listings; `None` if none was under way.
pub fn cancel_loading(state: &mut State) -> Option<Vec<Effect>> {
    let running: Vec<ProfileId> = state.jobs.listings().map(|(profile, _)| profile.clone()).collect();
    if running.is_empty() {
        return None;
    }
    let mut effects = Vec::new();
    for profile in running {
        if let Some(listing) = state.jobs.end_listing(&profile) {
            close_sections(state, &profile, listing.open.into_keys());
            effects.push(Effect::Cancel(listing.job));
        }
    }
    rejudge_all(state);
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.loading-stopped"));
    Some(effects)
}

fn close_sections(
    state: &mut State,
    profile: &ProfileId,
    sections: impl Iterator<Item = crate::domain::inventory::Section>,
) {
    if let Some(part) = state.inventory.profile_mut(profile) {
        sections.for_each(|section| part.cancel(&section));
    }
}

/// Takes a NIC as it was just read into the inventory; `None`: it is gone.
pub fn refresh_nic(state: &mut State, key: &NicKey, fresh: Option<&NicSnapshot>) {
    let now = state.now;
    let place = state.inventory.place(&key.profile);
    if let (Some(place), Some(part)) = (place, state.inventory.profile_mut(&key.profile)) {
        let touched = part.refresh(&key.nic, fresh, now);
        take_in(state, place, &touched);
    }
}

pub fn event(state: &mut State, job: JobId, event: InventoryEvent) -> Vec<Effect> {
    let now = state.now;
    let Some((profile, listing)) = state.jobs.listing(job) else { return Vec::new() };
    let profile = profile.clone();
    let Some(place) = state.inventory.place(&profile) else { return Vec::new() };
    let Some(part) = state.inventory.profile_mut(&profile) else { return Vec::new() };
    match event {
        InventoryEvent::Began(section) => {
            listing.began += 1;
            let sweep = part.begin(section.clone());
            listing.open.insert(section, OpenSection { sweep, heard: now });
        }
        InventoryEvent::Page(section, page) => {
            if let Some(open) = listing.open.get_mut(&section) {
                open.heard = now;
            }
            let touched = part.merge(*page, now);
            take_in(state, place, &touched);
            plan::watch_page(state, &profile, &touched);
        }
        InventoryEvent::Completed(section) => {
            listing.ended += 1;
            let Some(OpenSection { sweep, .. }) = listing.open.remove(&section) else { return Vec::new() };
            let failed = detail::failed(part).len();
            let mut touched = part.complete(&section, sweep, now);
            touched.all |= detail::failed(part).len() != failed;
            take_in(state, place, &touched);
            plan::watch(state, &profile);
        }
        InventoryEvent::Failed(section, fault) => {
            listing.ended += 1;
            listing.open.remove(&section);
            part.fail(&section, *fault, now);
            take_in(state, place, &Touched { all: true, ..Touched::default() });
            plan::watch(state, &profile);
        }
        InventoryEvent::Throttled { wait_ms } => {
            listing.throttled.pauses += 1;
            listing.throttled.wait_ms = wait_ms;
        }
        InventoryEvent::Ended => {
            if let Some(listing) = state.jobs.end_listing(&profile) {
                close_sections(state, &profile, listing.open.into_keys());
            }
            drop_lost_marks(state, &profile);
            matching::blame_later(state);
        }
    }
    Vec::new()
}

/// A job that died of a bug ends like one that was cancelled.
pub fn job_died(state: &mut State, job: JobId) -> Vec<Effect> {
    if let Some((profile, _)) = state.jobs.listing(job) {
        let profile = profile.clone();
        if let Some(listing) = state.jobs.end_listing(&profile) {
            close_sections(state, &profile, listing.open.into_keys());
        }
    }
    Vec::new()
}

/// Of all profiles, after NICs were read by themselves.
pub fn drop_all_lost_marks(state: &mut State) {
    let profiles: Vec<ProfileId> = state.profiles.iter().map(|info| info.id.clone()).collect();
    for profile in profiles {
        drop_lost_marks(state, &profile);
    }
}

/// Marks of things that are no longer there are taken off, with a message.
fn drop_lost_marks(state: &mut State, profile: &ProfileId) {
    let Some(part) = state.inventory.profile(profile) else { return };
    let lost: Vec<Target> = state
        .marks
        .iter()
        .filter(|target| &target.nic().profile == profile)
        .filter(|target| match (target, part.nic(&target.nic().nic)) {
            (_, None) => true,
            (Target::Nic(_) | Target::Eip { .. }, Some(_)) => false,
            (Target::Address(key), Some(nic)) => nic.addresses.iter().all(|address| address.ip != key.ip),
        })
        .cloned()
        .collect();
    if lost.is_empty() {
        return;
    }
    for target in &lost {
        state.marks.remove(target);
    }
    let phrase = Phrase::new("notice.marks-vanished").with("count", lost.len());
    state.notices.say(state.now, Loudness::Warn, phrase);
}

/// Judges, filters and lists what a change of the inventory touched.
pub fn take_in(state: &mut State, place: usize, touched: &Touched) {
    if touched.all {
        judge_profile(state, place);
        rows::rebuild(state);
        return;
    }
    let age = state.browse.filter.needs().age;
    let younger = if age { &touched.again[..] } else { &[] };
    if touched.nics.is_empty() && touched.instances.is_empty() && younger.is_empty() {
        return;
    }
    // An instance, an EIP and the NIC itself may have touched the same NIC.
    let once = |slots: &[&[u32]]| {
        let mut slots = slots.concat();
        slots.sort_unstable();
        slots.dedup();
        slots
    };
    let mut touched =
        Touched { nics: once(&[&touched.nics]), instances: once(&[&touched.instances]), ..Touched::default() };
    judge(state, place, &touched.nics);
    touched.nics = once(&[&touched.nics, younger]);
    matching::some(state, place, &touched.nics, &touched.instances);
    rows::merge(state, place, &touched);
}

/// Judges and filters everything.
pub fn rejudge_all(state: &mut State) {
    for place in 0..state.profiles.len() {
        judge_profile(state, place);
    }
    rows::rebuild(state);
}

fn judge_profile(state: &mut State, place: usize) {
    let Some(part) = state.inventory.at(place) else { return };
    let nics: Vec<u32> = part.nics().map(|(slot, _)| slot).collect();
    judge(state, place, &nics);
    matching::profile(state, place);
}

/// The rules' verdicts on these NICs and their addresses.
fn judge(state: &mut State, place: usize, slots: &[u32]) {
    let (Some(part), Some(info)) = (state.inventory.at(place), state.profiles.get(place)) else { return };
    let judged = |Summary { level, findings, worst }| Judged { level, findings, worst };
    let (mut levels, mut verdicts) = (Vec::new(), Vec::new());
    let held = state.earlier.held(&info.id);
    let protect = state.safety.protect.of(&info.id);
    for &slot in slots {
        let Some(mut facts) = Facts::at(part, slot) else {
            state.verdicts.put(place, slot, None);
            continue;
        };
        facts.earlier_write = held.contains(&facts.nic.id);
        facts.protect = protect.map(|rules| rules.watch_nic(&facts));
        rules::levels(&facts, info.capabilities, &mut levels);
        verdicts.clear();
        verdicts.push(judged(rules::detach_level(&facts, info.capabilities)));
        verdicts.extend(levels.iter().copied().map(judged));
        state.verdicts.put(place, slot, Some(&verdicts));
    }
}

/// Filters everything again: after the filter, marks or verdicts changed.
pub fn refilter(state: &mut State) {
    (0..state.profiles.len()).for_each(|place| matching::profile(state, place));
    rows::regroup(state);
    matching::blame_later(state);
}
