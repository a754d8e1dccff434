//! From marks to a plan to a confirmed batch. The plan's NICs are read again before it can be confirmed.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    app::{
        browse::Line,
        confirm::{self, Confirm},
        effect::Effect,
        msg::PreflightEvent,
        notices::{Loudness, Phrase},
        overlay::Overlay,
        plan_view::{Freshness, PlanView, Source},
        rows::{self, RowKey, RowRef},
        run::Run,
        state::{Screen, State},
    },
    domain::{
        fault::Fault,
        ids::{AddressKey, JobId, NicKey},
        plan::ReleasePlan,
        selection::Target,
    },
    rules::{guard, planner},
};

use super::{inventory, list_height, show};

pub fn disabled(state: &State) -> Option<Phrase> {
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    if state.marks.is_empty() && focused_targets(state).is_empty() {
        return Some(Phrase::new("disabled.nothing-to-plan"));
    }
    None
}

/// What a plan without marks is about: the address, or what can go of the NIC or instance under the cursor.
fn focused_targets(state: &State) -> Vec<Target> {
    let Some(row) = rows::focused(state) else { return Vec::new() };
    let Some(key) = rows::key(state, row) else { return Vec::new() };
    let place = row.profile();
    let nic_targets = |slot: u32| -> Vec<Target> {
        let Some(part) = state.inventory.at(place) else { return Vec::new() };
        let Some(nic) = part.nic_at(slot) else { return Vec::new() };
        let nic_key = NicKey { profile: part.profile.clone(), nic: nic.id.clone() };
        nic.addresses
            .iter()
            .filter(|address| rows::is_releasable_role(address.role))
            .map(|address| Target::Address(AddressKey { nic: nic_key.clone(), ip: address.ip }))
            .collect()
    };
    match (row, key) {
        (RowRef::Address { .. }, RowKey::Address(key)) => vec![Target::Address(key)],
        (RowRef::Nic { slot, .. }, _) => nic_targets(slot),
        (RowRef::Instance { .. }, RowKey::Instance(key)) => state
            .inventory
            .at(place)
            .map(|part| part.nics_of(&key.instance).iter().flat_map(|&slot| nic_targets(slot)).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// `p`: a plan for the marks, or for the focused row.
pub fn open(state: &mut State) -> Vec<Effect> {
    let (source, targets): (Source, BTreeSet<Target>) = if state.marks.is_empty() {
        (Source::FocusedRow, focused_targets(state).into_iter().collect())
    } else {
        (Source::Marks, state.marks.iter().cloned().collect())
    };
    open_for(state, source, targets)
}

pub fn open_for(state: &mut State, source: Source, targets: BTreeSet<Target>) -> Vec<Effect> {
    let hidden = match source {
        Source::Marks => targets.iter().filter(|target| !rows::is_visible(state, target)).cloned().collect(),
        Source::FocusedRow | Source::Retry => BTreeSet::new(),
    };
    let mut effects = cancel_reading(state);
    let Some(plan) = build(state, &targets, &hidden, &[]) else { return effects };
    let summary = summary(state, &plan);
    state.plan = Some(PlanView {
        source,
        targets,
        hidden,
        danger: summary.0,
        effects: summary.1,
        plan,
        freshness: Freshness::Read { at: state.now },
        unread: Vec::new(),
        partly: Vec::new(),
        view: crate::app::viewport::Viewport::default(),
    });
    effects.extend(read_again(state));
    show(state, Screen::Plan);
    effects
}

/// `b`: the same targets, read again.
pub fn rebuild(state: &mut State) -> Vec<Effect> {
    let mut effects = cancel_reading(state);
    remake(state);
    effects.extend(read_again(state));
    effects
}

fn cancel_reading(state: &State) -> Vec<Effect> {
    match state.plan.as_ref().map(|plan| &plan.freshness) {
        Some(Freshness::Reading { job, .. }) => vec![Effect::Cancel(*job)],
        _ => Vec::new(),
    }
}

/// Asks for a fresh read of every NIC of the plan.
fn read_again(state: &mut State) -> Vec<Effect> {
    let Some(view) = &state.plan else { return Vec::new() };
    let keys: BTreeSet<&NicKey> = view.targets.iter().map(Target::nic).collect();
    let nics: Vec<_> = keys
        .into_iter()
        .filter_map(|key| {
            let seen = state.inventory.profile(&key.profile)?.snapshot(&key.nic)?;
            Some((key.clone(), Arc::new(seen)))
        })
        .collect();
    if nics.is_empty() {
        return Vec::new();
    }
    let job = state.jobs.next_id();
    if let Some(view) = &mut state.plan {
        view.freshness = Freshness::Reading { job, done: 0, total: nics.len() };
        view.unread.clear();
        view.partly.clear();
    }
    vec![Effect::Preflight { job, nics }]
}

fn build(
    state: &mut State,
    targets: &BTreeSet<Target>,
    hidden: &BTreeSet<Target>,
    unread: &[(NicKey, Box<Fault>)],
) -> Option<Arc<ReleasePlan>> {
    let wanted: Vec<planner::Wanted> = targets
        .iter()
        .map(|target| planner::Wanted {
            target: target.clone(),
            hidden: hidden.contains(target),
            unread: unread.iter().any(|(key, _)| key == target.nic()),
            earlier_write: state.earlier.is_open(target.nic()),
        })
        .collect();
    let built = planner::plan(
        &wanted,
        &state.inventory,
        &|profile| state.capabilities(profile),
        &|profile| !state.writable(profile),
        state.now,
    );
    match built {
        Ok(plan) => Some(Arc::new(plan)),
        Err(error) => {
            let phrase = Phrase::new("notice.plan-impossible").with("reason", error);
            state.notices.say(state.now, Loudness::Error, phrase);
            None
        }
    }
}

fn summary(state: &State, plan: &ReleasePlan) -> (guard::Danger, guard::Effects) {
    let accounts: Vec<guard::Account> = state
        .profiles
        .iter()
        .map(|info| guard::Account {
            profile: info.id.clone(),
            alias: info.alias.clone().unwrap_or_else(|| info.id.to_string()),
            prod: info.prod,
        })
        .collect();
    (guard::danger(plan, &accounts), guard::effects(plan))
}

/// Builds the plan anew from what is known now. A confirm dialog over the old one closes.
fn remake(state: &mut State) {
    let Some(view) = state.plan.take() else { return };
    let plan = build(state, &view.targets, &view.hidden, &view.unread).unwrap_or_else(|| view.plan.clone());
    if plan.hash() != view.plan.hash() {
        state.overlays.retain(|overlay| !matches!(overlay, Overlay::Confirm(_)));
    }
    let (danger, effects) = summary(state, &plan);
    let height = list_height(state);
    let mut view = PlanView { plan, danger, effects, ..view };
    view.view.fit(view.plan.rows().len(), height);
    state.plan = Some(view);
}

pub fn event(state: &mut State, job: JobId, event: PreflightEvent) -> Vec<Effect> {
    let now = state.now;
    let Some(view) = &mut state.plan else { return Vec::new() };
    let Freshness::Reading { job: current, done, .. } = &mut view.freshness else { return Vec::new() };
    if *current != job {
        return Vec::new();
    }
    match event {
        PreflightEvent::Partly(key, fault) => view.partly.push((key, fault)),
        PreflightEvent::Read(key, result) => {
            *done += 1;
            match result {
                Ok(fresh) => {
                    inventory::refresh_nic(state, &key, fresh.as_deref());
                }
                Err(fault) => view.unread.push((key, fault)),
            }
        }
        PreflightEvent::Ended => {
            view.freshness = Freshness::Read { at: now };
            remake(state);
        }
    }
    Vec::new()
}

pub fn job_died(state: &mut State, job: JobId) -> Vec<Effect> {
    let reading = state
        .plan
        .as_ref()
        .is_some_and(|view| matches!(view.freshness, Freshness::Reading { job: current, .. } if current == job));
    if reading {
        state.plan = None;
        show(state, Screen::Inventory);
    }
    Vec::new()
}

/// Space: takes the row under the cursor out of the plan. Its mark stays.
pub fn drop_row(state: &mut State) -> Vec<Effect> {
    let Some(view) = &mut state.plan else { return Vec::new() };
    let Some(row) = view.plan.rows().get(view.view.cursor) else { return Vec::new() };
    let target = row.target.clone();
    view.targets.remove(&target);
    view.hidden.remove(&target);
    if view.targets.is_empty() {
        return leave(state);
    }
    remake(state);
    Vec::new()
}

/// Back to the inventory; the plan is gone, the marks stay.
pub fn leave(state: &mut State) -> Vec<Effect> {
    let effects = cancel_reading(state);
    state.plan = None;
    show(state, Screen::Inventory);
    effects
}

/// Why the plan can not be confirmed now.
pub fn confirm_disabled(state: &State) -> Option<Phrase> {
    let Some(view) = &state.plan else { return Some(Phrase::new("disabled.no-plan")) };
    if let Freshness::Reading { done, total, .. } = view.freshness {
        return Some(Phrase::new("disabled.plan-reading").with("done", done).with("total", total));
    }
    if view.plan.operations().is_empty() {
        return Some(Phrase::new("disabled.plan-all-blocked"));
    }
    if let Some(message) = &state.no_journal {
        return Some(Phrase::new("disabled.no-journal").with("message", message));
    }
    if view.is_old(state.now) {
        return Some(Phrase::new("disabled.plan-old"));
    }
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    if !confirm::fits(state.size) {
        let (columns, rows) = (confirm::SMALLEST.columns, confirm::SMALLEST.rows);
        return Some(Phrase::new("disabled.window-too-small").with("columns", columns).with("rows", rows));
    }
    None
}

/// `c`: the dialog.
pub fn ask(state: &mut State) {
    let Some(view) = &state.plan else { return };
    state.overlays.push(Overlay::Confirm(Confirm {
        plan: view.plan.hash(),
        danger: view.danger.clone(),
        typed: Line::default(),
        opened_at: state.now,
        refused: None,
        scroll: 0,
    }));
}

/// The dialog was answered with what it asked for: the batch begins.
pub fn confirmed(state: &mut State, dialog: &Confirm) -> Vec<Effect> {
    if let Some(reason) = confirm_disabled(state) {
        state.notices.say(state.now, Loudness::Warn, reason);
        return Vec::new();
    }
    let Some(view) = state.plan.take_if(|view| view.plan.hash() == dialog.plan) else {
        state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.plan-changed"));
        return Vec::new();
    };
    let job = state.jobs.next_id();
    state.run = Some(Run::new(job, view.plan.clone(), state.now));
    show(state, Screen::Run);
    vec![Effect::Release { job, plan: view.plan }]
}
