//! From marks to a plan to a confirmed batch. The plan's NICs are read again before it can be confirmed.

mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    app::{
        browse::Line,
        confirm::{self, Confirm},
        effect::Effect,
        msg::PreflightEvent,
        notices::{Loudness, Phrase},
        overlay::{Overlay, Reason},
        plan_view::{Freshness, PlanView, Source, Undoing},
        rows::{self, RowKey, RowRef},
        run::Run,
        state::{JournalSeen, Screen, State},
    },
    domain::{
        fault::Fault,
        finding::{Finding, FindingId, Severity},
        ids::{AddressKey, InstanceId, JobId, NicKey, ProfileId},
        plan::{Decision, Overruled, PlanError, PlanHash, PlanRow, ReleasePlan},
        selection::Target,
    },
    rules::{self, guard, planner},
};

pub use watch::{watch, watch_page};

use super::{inventory, list_height, show, undo};

pub fn disabled(state: &State) -> Option<Phrase> {
    if let Some(name) = focused_in_batch(state) {
        return Some(Phrase::new("disabled.in-batch").with("name", name));
    }
    if state.is_running() {
        return Some(Phrase::new("disabled.batch-running"));
    }
    if state.marks.is_empty() && focused_targets(state).is_empty() {
        return Some(Phrase::new("disabled.nothing-to-plan"));
    }
    None
}

/// The address or NIC under the cursor, if the batch that is running is at it or is still to do it.
fn focused_in_batch(state: &State) -> Option<String> {
    let target = match rows::key(state, rows::focused(state)?)? {
        RowKey::Address(key) => Target::Address(key),
        RowKey::Nic(key) => Target::Nic(key),
        RowKey::Instance(_) | RowKey::Problem(..) => return None,
    };
    let row = state.in_batch(&target)?;
    Some(row.target.ip().map_or_else(|| target.nic().nic.to_string(), |ip| ip.to_string()))
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
            // What the filter leaves out was not looked at.
            .filter(|target| rows::is_visible(state, target))
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
    open_with(state, source, targets, BTreeMap::new(), None)
}

pub fn open_with(
    state: &mut State,
    source: Source,
    targets: BTreeSet<Target>,
    from: BTreeMap<Target, InstanceId>,
    undo: Option<Undoing>,
) -> Vec<Effect> {
    let hidden = match source {
        Source::Marks => targets.iter().filter(|target| !rows::is_visible(state, target)).cloned().collect(),
        Source::FocusedRow | Source::Retry | Source::Undo | Source::Order => BTreeSet::new(),
    };
    let mut effects = cancel_reading(state);
    let asked = Asked {
        targets: &targets,
        from: &from,
        hidden: &hidden,
        unread: &[],
        overruled: &BTreeMap::new(),
        undo: undo.as_ref(),
    };
    let Some(plan) = build(state, &asked) else { return effects };
    let summary = summary(state, &plan);
    state.plan = Some(PlanView {
        source,
        targets,
        undo,
        from,
        hidden,
        danger: summary.0,
        effects: summary.1,
        plan,
        freshness: Freshness::Read { at: None },
        unread: Vec::new(),
        partly: Vec::new(),
        overruled: BTreeMap::new(),
        before: None,
        view: crate::app::viewport::Viewport::default(),
    });
    effects.extend(read_again(state));
    show(state, Screen::Plan);
    effects
}

/// `b`: the same targets, read again.
pub fn rebuild(state: &mut State) -> Vec<Effect> {
    let mut effects = cancel_reading(state);
    if let Some(view) = &mut state.plan
        && view.before.is_none()
    {
        view.before = Some(view.plan.clone());
    }
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
    let takes = view.undo.iter().flat_map(|undo| &undo.takes).filter(|take| view.targets.contains(&take.target));
    let around = takes.flat_map(|take| undo::around(state, take));
    let keys: BTreeSet<NicKey> = view.targets.iter().map(|target| target.nic().clone()).chain(around).collect();
    let nics: Vec<_> = keys
        .iter()
        .filter_map(|key| {
            let seen = state.inventory.profile(&key.profile)?.snapshot(&key.nic)?;
            Some((key.clone(), Arc::new(seen)))
        })
        .collect();
    if nics.is_empty() {
        if let Some(view) = &mut state.plan {
            view.freshness = Freshness::Read { at: None };
            view.unread.clear();
            view.partly.clear();
        }
        return Vec::new();
    }
    let job = state.jobs.next_id();
    if let Some(view) = &mut state.plan {
        view.freshness = Freshness::Reading { job, done: 0, total: nics.len(), oldest: None };
        view.unread.clear();
        view.partly.clear();
    }
    vec![Effect::Preflight { job, nics }]
}

/// What a plan is asked for.
struct Asked<'a> {
    targets: &'a BTreeSet<Target>,
    from: &'a BTreeMap<Target, InstanceId>,
    hidden: &'a BTreeSet<Target>,
    unread: &'a [(NicKey, Box<Fault>)],
    overruled: &'a BTreeMap<Target, Overruled>,
    undo: Option<&'a Undoing>,
}

/// What a plan for this target alone would be, by what is known now. Reads nothing.
pub(super) fn alone(state: &State, target: &Target) -> Result<ReleasePlan, PlanError> {
    let earlier_write = state.earlier.is_open(target.nic());
    let wanted = planner::Wanted { earlier_write, ..planner::Wanted::of(target.clone()) };
    let sources = planner::Sources {
        inventory: &state.inventory,
        capabilities: &|profile| state.capabilities(profile),
        readonly: &|profile| !state.writable(profile),
        safety: &state.safety,
    };
    planner::plan(&[wanted], &sources, state.now)
}

impl<'a> Asked<'a> {
    /// What the open plan was asked for.
    fn by(view: &'a PlanView) -> Self {
        Self {
            targets: &view.targets,
            from: &view.from,
            hidden: &view.hidden,
            unread: &view.unread,
            overruled: &view.overruled,
            undo: view.undo.as_ref(),
        }
    }
}

fn build(state: &mut State, asked: &Asked) -> Option<Arc<ReleasePlan>> {
    let is_unread = |nic: &NicKey| asked.unread.iter().any(|(key, _)| key == nic);
    let wanted = |target: &Target| planner::Wanted {
        target: target.clone(),
        hidden: asked.hidden.contains(target),
        unread: is_unread(target.nic()),
        earlier_write: state.earlier.is_open(target.nic()),
        overruled: asked.overruled.get(target).cloned(),
        from: asked.from.get(target).cloned(),
    };
    let sources = planner::Sources {
        inventory: &state.inventory,
        capabilities: &|profile| state.capabilities(profile),
        readonly: &|profile| !state.writable(profile),
        safety: &state.safety,
    };
    let built = match asked.undo {
        None => planner::plan(&asked.targets.iter().map(wanted).collect::<Vec<_>>(), &sources, state.now),
        Some(undoing) => {
            let takes = undoing.takes.iter().filter(|take| asked.targets.contains(&take.target));
            let undos: Vec<rules::undo::Undo> = takes
                .map(|take| {
                    let mut wanted = wanted(&take.target);
                    wanted.unread |= undo::around(state, take).iter().any(is_unread);
                    rules::undo::Undo { wanted, take: take.clone() }
                })
                .collect();
            rules::undo::plan(&undos, &sources, state.now).map(|plan| plan.undoing(&undoing.batch))
        }
    };
    match built {
        Ok(plan) => Some(Arc::new(plan)),
        Err(error) => {
            let phrase = Phrase::new("notice.plan-impossible").with_phrase("reason", Phrase::from(&error));
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
            alias: info.alias.clone().unwrap_or_default(),
            prod: info.prod,
        })
        .collect();
    (guard::danger(plan, &accounts), guard::effects(plan))
}

/// Builds the plan anew from what is known now. A confirm dialog over the old one closes.
fn remake(state: &mut State) {
    let Some(view) = state.plan.take() else { return };
    let Some(plan) = build(state, &Asked::by(&view)) else {
        // What could be confirmed is not what is wanted any more: there is no plan.
        state.overlays.clear();
        let why = state.notices.current(state.now).cloned();
        show(state, Screen::Inventory);
        if let Some(why) = why {
            state.notices.say(state.now, why.loudness, why.phrase);
        }
        return;
    };
    if plan.hash() != view.plan.hash() {
        state.overlays.retain(|overlay| !matches!(overlay, Overlay::Confirm(_)));
    }
    let (danger, effects) = summary(state, &plan);
    let height = list_height(state);
    let mut view = PlanView { plan, danger, effects, ..view };
    drop_overrides(state, &mut view);
    view.view.fit(view.plan.rows().len(), height);
    state.plan = Some(view);
}

/// What is not known now is not what was overridden: nobody has said why that may go.
fn drop_overrides(state: &mut State, view: &mut PlanView) {
    let rows = view.plan.rows();
    let belt = |finding: &Finding| finding.id == FindingId::OverBelt;
    let before = view.overruled.len();
    view.overruled.retain(|target, overruled| {
        let Some(row) = rows.iter().find(|row| row.target == *target) else { return false };
        overruled.holds(&row.findings.iter().filter(|&finding| !belt(finding)).cloned().collect::<Vec<_>>())
    });
    let fell = before - view.overruled.len();
    if fell > 0 {
        let phrase = Phrase::new("notice.overrides-fell").with("count", fell);
        state.notices.say(state.now, Loudness::Warn, phrase);
    }
}

/// Names the rows that are decided otherwise, or found otherwise, than before the plan was built again.
fn tell_changes(state: &mut State) {
    const NAMED: usize = 4;
    let Some(view) = &mut state.plan else { return };
    let Some(before) = view.before.take() else { return };
    let look = |row: &PlanRow| {
        let found: Vec<FindingId> = row.findings.iter().map(|finding| finding.id).collect();
        (matches!(row.decision, Decision::Go(_)), found, row.before, row.after)
    };
    let was: BTreeMap<&Target, _> = before.rows().iter().map(|row| (&row.target, look(row))).collect();
    let rows = view.plan.rows().iter();
    let changed = rows.filter(|row| was.get(&row.target).is_some_and(|was| *was != look(row)));
    let names: Vec<String> = changed
        .map(|row| match &row.target {
            Target::Address(key) => key.ip.to_string(),
            Target::Nic(key) => key.nic.to_string(),
            Target::Eip { eip, .. } => eip.to_string(),
        })
        .collect();
    let phrase = match names.len() {
        0 => Phrase::new("notice.plan-same"),
        count if count <= NAMED => Phrase::new("notice.plan-rows-changed").with("rows", names.join(", ")),
        count => Phrase::new("notice.plan-more-rows-changed")
            .with("rows", names.get(..NAMED).unwrap_or_default().join(", "))
            .with("count", count - NAMED),
    };
    let loudness = if names.is_empty() { Loudness::Info } else { Loudness::Warn };
    // That an override fell away is part of what has changed, and the graver word.
    if state.notices.current(state.now).is_none_or(|notice| notice.phrase.key != "notice.overrides-fell") {
        state.notices.say(state.now, loudness, phrase);
    }
}

/// Why the row under the cursor can not be overridden.
pub fn override_disabled(state: &State) -> Option<Phrase> {
    let Some(view) = &state.plan else { return Some(Phrase::new("disabled.no-plan")) };
    if let Freshness::Reading { done, total, .. } = view.freshness {
        return Some(Phrase::new("disabled.plan-reading").with("done", done).with("total", total));
    }
    let Some(row) = view.plan.rows().get(view.view.cursor) else { return Some(Phrase::new("disabled.nothing-here")) };
    match row.worst() {
        Some(Severity::Unknown) => None,
        Some(Severity::Blocked) => Some(Phrase::new("disabled.override-blocked")),
        _ => Some(Phrase::new("disabled.override-known")),
    }
}

/// `!`: asks why the row under the cursor goes although something about it is not known; on one that goes so already, takes it
/// back.
pub fn ask_reason(state: &mut State) {
    let Some(view) = &mut state.plan else { return };
    let Some(row) = view.plan.rows().get(view.view.cursor) else { return };
    let target = row.target.clone();
    if view.overruled.remove(&target).is_some() {
        remake(state);
        return state.notices.say(state.now, Loudness::Info, Phrase::new("notice.override-taken-back"));
    }
    state.overlays.push(Overlay::Reason(Reason { target, typed: Line::default(), too_short: false }));
}

/// A reason was given: the row goes.
pub fn overrule(state: &mut State, target: &Target, reason: &str) {
    let Some(view) = &mut state.plan else { return };
    let Some(row) = view.plan.rows().iter().find(|row| row.target == *target) else { return };
    let untold = row.findings.iter().filter(|finding| finding.severity == Severity::Unknown);
    let overruled = Overruled { findings: untold.cloned().collect(), reason: reason.into() };
    view.overruled.insert(target.clone(), overruled);
    remake(state);
}

pub fn event(state: &mut State, job: JobId, event: PreflightEvent) -> Vec<Effect> {
    let now = state.now;
    let Some(view) = &mut state.plan else { return Vec::new() };
    let Freshness::Reading { job: current, done, oldest, .. } = &mut view.freshness else { return Vec::new() };
    if *current != job {
        return Vec::new();
    }
    match event {
        PreflightEvent::Partly(key, fault) => view.partly.push((key, fault)),
        PreflightEvent::Read(key, result) => {
            *done += 1;
            match result {
                Ok(fresh) => {
                    let at = fresh.as_ref().map_or(now, |fresh| fresh.read_at);
                    *oldest = Some(oldest.map_or(at, |oldest| oldest.min(at)));
                    inventory::refresh_nic(state, &key, fresh.as_deref());
                }
                Err(fault) => view.unread.push((key, fault)),
            }
        }
        PreflightEvent::Ended => {
            view.freshness = Freshness::Read { at: *oldest };
            state.notices.retract("disabled.plan-reading");
            remake(state);
            tell_changes(state);
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
    view.overruled.remove(&target);
    if view.targets.is_empty() {
        return leave(state);
    }
    remake(state);
    Vec::new()
}

/// Back to the inventory; the plan is gone, the marks stay.
pub fn leave(state: &mut State) -> Vec<Effect> {
    let effects = cancel_reading(state);
    let from = state.plan.take().map(|view| view.source);
    state.left = from;
    show(state, if from == Some(Source::Undo) { Screen::History } else { Screen::Inventory });
    // While it was there its rows told what is gone.
    inventory::drop_all_lost_marks(state);
    effects
}

/// Why there is no plan to go to.
pub fn no_plan(state: &State) -> Phrase {
    Phrase::new(match state.left {
        None | Some(Source::Order) => "disabled.no-plan",
        Some(_) if state.is_running() => "disabled.no-plan",
        Some(Source::Marks) if state.marks.is_empty() => "disabled.no-plan",
        Some(Source::Marks) => "disabled.plan-left",
        Some(Source::FocusedRow) => "disabled.plan-left-row",
        Some(Source::Retry) => "disabled.plan-left-retry",
        Some(Source::Undo) => "disabled.plan-left-undo",
    })
}

/// Why nothing of the plan would be sent.
pub fn send_disabled(state: &State) -> Option<Phrase> {
    let Some(view) = &state.plan else { return Some(Phrase::new("disabled.no-plan")) };
    if let Freshness::Reading { done, total, .. } = view.freshness {
        return Some(Phrase::new("disabled.plan-reading").with("done", done).with("total", total));
    }
    if let Some(phrase) = over_belt(view) {
        return Some(phrase);
    }
    if view.plan.operations().is_empty() {
        return Some(Phrase::new(match view.plan.blocked() {
            0 => "disabled.plan-all-already",
            blocked if blocked == view.plan.rows().len() => "disabled.plan-all-blocked",
            _ => "disabled.plan-rest-blocked",
        }));
    }
    None
}

/// Why the plan can not be confirmed now.
pub fn confirm_disabled(state: &State) -> Option<Phrase> {
    if let Some(phrase) = send_disabled(state) {
        return Some(phrase);
    }
    if let Some(fault) = &state.no_journal {
        return Some(Phrase::new("disabled.no-journal").with_phrase("message", fault.into()));
    }
    match &state.journal {
        JournalSeen::Read => {}
        JournalSeen::Looking => return Some(Phrase::new("disabled.journal-looking")),
        JournalSeen::Unread(fault) => {
            return Some(Phrase::new("disabled.journal-unread").with_phrase("message", fault.into()));
        }
    }
    if let Some(view) = state.plan.as_ref().filter(|view| !view.danger.nameless.is_empty()) {
        let profiles: Vec<&str> = view.danger.nameless.iter().map(ProfileId::as_str).collect();
        return Some(Phrase::new("disabled.no-alias").with("profiles", profiles.join(", ")));
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

/// How far the plan is over a belt.
fn over_belt(view: &PlanView) -> Option<Phrase> {
    let load = view.plan.load();
    let over: Vec<_> = load.by_fullness().into_iter().filter(|share| share.is_over()).collect();
    let each = over.iter().map(|share| format!("{} {}/{}", share.profile, share.count, share.most));
    let each = each.collect::<Vec<_>>().join(", ");
    if load.addresses > load.belts.per_plan {
        let key = if over.is_empty() { "disabled.over-belt" } else { "disabled.over-belts" };
        let phrase = Phrase::new(key).with("count", load.addresses).with("most", load.belts.per_plan);
        return Some(phrase.with("more", load.addresses - load.belts.per_plan).with("profiles", each));
    }
    let share = over.first()?;
    if over.len() > 1 {
        return Some(Phrase::new("disabled.over-shares").with("profiles", each));
    }
    let phrase = Phrase::new("disabled.over-share").with("profile", &share.profile).with("count", share.count);
    Some(phrase.with("most", share.most).with("more", share.count - share.most))
}

/// An old plan, or one of which nothing was read, is built again before anybody is asked; its changed rows are named when it has
/// been read.
fn renew(state: &mut State) -> Option<Vec<Effect>> {
    let view = state.plan.as_ref().filter(|view| view.is_to_read(state.now))?;
    let key = if view.is_old(state.now) { "notice.plan-old" } else { "notice.plan-not-read" };
    let effects = rebuild(state);
    state.notices.say(state.now, Loudness::Warn, Phrase::new(key));
    Some(effects)
}

/// `c`: the dialog.
pub fn ask(state: &mut State) -> Vec<Effect> {
    if let Some(effects) = renew(state) {
        return effects;
    }
    let Some(view) = &state.plan else { return Vec::new() };
    // What was said of the screen before is not about what is asked now.
    state.notices.leave();
    state.dialogs += 1;
    state.overlays.push(Overlay::Confirm(Confirm {
        number: state.dialogs,
        plan: view.plan.hash(),
        danger: view.danger.clone(),
        typed: Line::default(),
        shown_at: None,
        refused: None,
        scroll: 0,
        ignored: None,
    }));
    Vec::new()
}

/// The dialog was answered with what it asked for, or the plan approved by its hash: the batch begins.
pub fn confirmed(state: &mut State, confirmed: PlanHash) -> Vec<Effect> {
    if let Some(reason) = confirm_disabled(state) {
        state.notices.say(state.now, Loudness::Warn, reason);
        return Vec::new();
    }
    // The dialog stood open for long.
    if let Some(effects) = renew(state) {
        return effects;
    }
    let Some(view) = state.plan.take_if(|view| view.plan.hash() == confirmed) else {
        state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.plan-changed"));
        return Vec::new();
    };
    state.left = None;
    let job = state.jobs.next_id();
    state.run = Some(Run::new(job, view.plan.clone(), state.now));
    // What a NIC is now is another matter from here on.
    state.history.now = None;
    show(state, Screen::Run);
    vec![Effect::Release { job, plan: view.plan, confirmed }]
}
