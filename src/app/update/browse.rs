//! Looking through the inventory and marking. Nothing here sends anything.

use crate::{
    app::{
        browse::{Layout, SortBy},
        calls::Entry,
        detail,
        notices::{Loudness, Phrase},
        rows::{self, RowRef},
        run::RunRow,
        state::{Language, Pane, Screen, State},
        viewport::Viewport,
    },
    domain::{
        finding::{FindingId, Level, Severity},
        ids::NicKey,
        outcome::{OutcomeWord, Progress},
        plan::{Act, Decision, PlanRow},
        selection::Target,
    },
};

use super::list_height;

/// Clearing again within this time restores the marks.
const RESTORE_MS: u64 = 10_000;

/// After the cursor moved.
pub fn moved(state: &mut State) {
    state.browse.moved = true;
    state.browse.wanted = None;
    rows::remember_cursor(state);
    state.browse.detail_scroll = 0;
}

/// `h` folds the row, or goes to its parent; `l` unfolds it, or goes into it.
pub fn fold(state: &mut State, fold: bool) {
    if super::tree::has_focus(state) {
        return super::tree::fold(state, fold);
    }
    let Some(row) = rows::focused(state) else { return };
    if !state.lists_tree() {
        if fold && state.browse.shift == 0 && state.has_tree_pane() {
            state.pane = Pane::Tree;
            return;
        }
        let shift = &mut state.browse.shift;
        *shift = if fold { shift.saturating_sub(1) } else { (*shift + 1).min(8) };
        return;
    }
    let foldable = rows::is_foldable(state, row);
    if fold && (!foldable || rows::is_folded(state, row)) {
        let here = state.browse.view.cursor;
        let depth = depth(row);
        let window = rows::window(state, 0, here);
        if let Some(parent) = window.iter().rposition(|&above| self::depth(above) < depth) {
            state.browse.view.go(parent, state.browse.rows.len(), list_height(state));
            moved(state);
        }
        return;
    }
    if foldable && rows::set_folded(&mut state.browse, row, fold) {
        rows::regroup(state);
    } else if !fold && foldable {
        super::step(state, 1);
    }
}

fn depth(row: RowRef) -> u8 {
    match row {
        RowRef::Problem { nth: 0, .. } | RowRef::Instance { .. } => 0,
        RowRef::Problem { .. } => 1,
        RowRef::Nic { depth, .. } | RowRef::Address { depth, .. } => depth,
    }
}

/// The next row above or below whose finding is more than information.
pub fn find_finding(state: &mut State, down: bool) {
    let height = list_height(state);
    let found = match state.screen {
        Screen::Plan => state.plan.as_mut().is_some_and(|view| {
            let rows = view.plan.rows();
            let telling = |row: &PlanRow| {
                !matches!(row.decision, Decision::Go(_)) || row.worst().is_some_and(|worst| worst != Severity::Info)
            };
            go_to_next(&mut view.view, rows.len(), height, down, |nth| rows.get(nth).is_some_and(telling))
        }),
        Screen::Run => state.run.as_mut().is_some_and(|run| {
            let (mut view, len) = (run.view, run.rows.len());
            let telling = |row: &RunRow| match &row.progress {
                Progress::Settled(outcome) => {
                    !matches!(outcome.word(), OutcomeWord::Released | OutcomeWord::AlreadyGone)
                }
                _ => false,
            };
            let found = go_to_next(&mut view, len, height, down, |nth| run.row_at(nth).is_some_and(telling));
            run.view = view;
            found
        }),
        Screen::History => state.history.opened.as_mut().is_some_and(|opened| {
            let Some(batch) = &opened.batch else { return false };
            let tells: Vec<bool> = batch
                .rows()
                .map(|(_, row)| !matches!(row.word(), Some(OutcomeWord::Released | OutcomeWord::AlreadyGone)))
                .collect();
            go_to_next(&mut opened.view, tells.len(), height, down, |nth| tells.get(nth) == Some(&true))
        }),
        Screen::Calls => {
            let (mut view, calls) = (state.calls.view, &state.calls);
            let tells = |nth| calls.get(nth).is_some_and(Entry::tells);
            let found = go_to_next(&mut view, calls.len(), height, down, tells);
            state.calls.view = view;
            found
        }
        _ => find_in_list(state, down),
    };
    if !found {
        state.notices.say(state.now, Loudness::Info, Phrase::new("notice.no-more-findings"));
    }
}

/// Puts the cursor on the next row that has something to tell; false if there is none.
fn go_to_next(view: &mut Viewport, len: usize, height: usize, down: bool, telling: impl Fn(usize) -> bool) -> bool {
    let here = view.cursor;
    let found = if down {
        (here + 1..len).find(|&nth| telling(nth))
    } else {
        (0..here.min(len)).rev().find(|&nth| telling(nth))
    };
    if let Some(row) = found {
        view.go(row, len, height);
    }
    found.is_some()
}

fn find_in_list(state: &mut State, down: bool) -> bool {
    if state.pane == Pane::Tree {
        state.pane = Pane::List;
    }
    let len = state.browse.rows.len();
    let here = state.browse.view.cursor;
    let all = rows::window(state, 0, len);
    let telling = |row: &RowRef| match *row {
        RowRef::Problem { nth, .. } => nth == 0,
        RowRef::Address { profile, slot, nth, .. } => {
            let judged = state.verdicts.address(usize::from(profile), slot, usize::from(nth));
            // Every NIC has a primary address: stopping there would stop everywhere.
            judged.level != Level::Ok
                && !judged.findings.contains(FindingId::PrimaryIp)
                && !judged.findings.contains(FindingId::Ipv6Address)
        }
        RowRef::Instance { .. } | RowRef::Nic { .. } => false,
    };
    let found = if down {
        all.iter().skip(here + 1).position(telling).map(|nth| here + 1 + nth)
    } else {
        all.iter().take(here).rposition(telling)
    };
    let found_any = found.is_some();
    if let Some(row) = found {
        state.browse.view.go(row, len, list_height(state));
        moved(state);
    }
    found_any
}

pub fn mark_disabled(state: &State) -> Option<Phrase> {
    state.browse.rows.is_empty().then(|| Phrase::new("disabled.nothing-here"))
}

/// What marking an address says: it can go, or why not. `limit`: the lowest level that keeps it from being marked.
fn can_mark(state: &State, row: RowRef, limit: Level) -> Result<Target, Option<FindingId>> {
    let RowRef::Address { profile, slot, nth, .. } = row else { return Err(None) };
    let judged = state.verdicts.address(usize::from(profile), slot, usize::from(nth));
    if judged.level >= limit {
        return Err(judged.worst);
    }
    rows::target(state, row).ok_or(None)
}

/// Space: on an address its mark; on a NIC or instance, those of its addresses that can go. Then down.
pub fn toggle(state: &mut State) {
    let has_row = state.browse.tree.row(state).is_some_and(|row| !matches!(row, RowRef::Problem { .. }));
    if super::tree::has_focus(state) && !has_row {
        // A profile, a region, everything: what the table beside it lists.
        state.notices.leave();
        let all = rows::window(state, 0, state.browse.rows.len());
        return mark_many(state, &all, true);
    }
    let Some(row) = rows::focused(state) else { return };
    if state.browse.range_from.is_some() {
        return end_range(state);
    }
    // What was said about other marks is no longer so.
    state.notices.leave();
    match row {
        RowRef::Address { .. } => {
            let Some(target) = rows::target(state, row) else { return };
            if !state.marks.remove(&target) {
                // One that nobody can tell about may be marked by itself: the plan holds it back until it is looked at.
                match can_mark(state, row, Level::Blocked) {
                    Ok(target) => {
                        state.marks.add(target);
                    }
                    Err(_) => {
                        refused(state, "notice.cannot-mark", row, Act::Release);
                        return;
                    }
                }
            }
            super::step(state, 1);
        }
        RowRef::Nic { .. } | RowRef::Instance { .. } => {
            if let RowRef::Nic { .. } = row
                && let Some(rows::RowKey::Nic(key)) = rows::key(state, row)
                && state.marks.remove(&Target::Nic(key))
            {
                return;
            }
            let below = below(state, row);
            mark_many(state, &below, true);
        }
        RowRef::Problem { .. } => {
            state.notices.say(state.now, Loudness::Info, Phrase::new("notice.nothing-to-mark"));
        }
    }
}

/// The matching addresses of a NIC or instance, folded away or not.
fn below(state: &State, row: RowRef) -> Vec<RowRef> {
    let place = row.profile();
    let Some(part) = state.inventory.at(place) else { return Vec::new() };
    let nics: Vec<u32> = match row {
        RowRef::Instance { slot, .. } => {
            part.instance_at(slot).map(|instance| part.nics_of(&instance.id).to_vec()).unwrap_or_default()
        }
        RowRef::Nic { slot, .. } => vec![slot],
        _ => Vec::new(),
    };
    nics.into_iter()
        .flat_map(|slot| {
            let hit = state.browse.matches.nic(place, slot);
            let len = part.nic_at(slot).map_or(0, |nic| nic.addresses.len());
            (0..len).filter(move |&nth| hit.address(nth)).map(move |nth| address_row(place, slot, nth))
        })
        .collect()
}

fn address_row(place: usize, slot: u32, nth: usize) -> RowRef {
    RowRef::Address {
        profile: u16::try_from(place).unwrap_or(u16::MAX),
        slot,
        nth: u16::try_from(nth).unwrap_or(u16::MAX),
        depth: 0,
    }
}

/// Marks all of these that can go, and says how many were left out and why: unknown is not safe, and nobody looks at each of many.
/// With `toggle`, takes all marks off when everything that can go is marked already.
fn mark_many(state: &mut State, rows: &[RowRef], toggle: bool) {
    let mut marked = 0usize;
    let mut already: Vec<Target> = Vec::new();
    let mut left: std::collections::BTreeMap<&'static str, usize> = std::collections::BTreeMap::new();
    for &row in rows {
        if let Some(target) = rows::target(state, row).filter(|target| state.marks.contains(target)) {
            already.push(target);
            continue;
        }
        match can_mark(state, row, Level::Unknown) {
            Ok(target) => {
                state.marks.add(target);
                marked += 1;
            }
            Err(finding) => *left.entry(finding.map_or("-", FindingId::as_str)).or_default() += 1,
        }
    }
    if toggle && marked == 0 && !already.is_empty() {
        for target in &already {
            state.marks.remove(target);
        }
        let phrase = Phrase::new("notice.unmarked").with("count", already.len());
        return state.notices.say(state.now, Loudness::Info, phrase);
    }
    let total: usize = left.values().sum();
    let mut left: Vec<(&str, usize)> = left.into_iter().collect();
    // Most first; those of the same count stay in the order of their ids.
    left.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let reasons: Vec<String> = left.iter().map(|(id, count)| format!("{count} {id}")).collect();
    let comma = if state.language == Language::Chinese { "、" } else { ", " };
    let phrase = if total == 0 {
        Phrase::new("notice.marked").with("count", marked)
    } else {
        Phrase::new("notice.marked-some").with("count", marked).with("left", total).with("reasons", reasons.join(comma))
    };
    state.notices.say(state.now, if marked > 0 { Loudness::Info } else { Loudness::Warn }, phrase);
}

/// `v`: begins a range, or ends it.
pub fn range(state: &mut State) {
    if state.browse.range_from.is_some() {
        return end_range(state);
    }
    state.browse.range_from = state.browse.cursor.clone();
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.range"));
}

fn end_range(state: &mut State) {
    let Some(from) = state.browse.range_from.take() else { return };
    let here = state.browse.view.cursor;
    let Some(from) = rows::place(state, &from) else { return };
    let (first, last) = (from.min(here), from.max(here));
    let within: Vec<RowRef> = rows::window(state, first, last - first + 1)
        .into_iter()
        .filter(|row| matches!(row, RowRef::Address { .. }))
        .collect();
    mark_many(state, &within, false);
}

/// `a`: everything that matches the filter and can go; beside the tree, what the table lists of it.
pub fn mark_visible(state: &mut State) {
    let all: Vec<RowRef> = if state.has_tree_pane() {
        rows::window(state, 0, state.browse.rows.len())
    } else {
        rows::matching(state).into_iter().map(|(place, slot, nth)| address_row(place, slot, nth)).collect()
    };
    mark_many(state, &all, false);
}

pub fn unmark_visible(state: &mut State) {
    let visible: Vec<Target> = state.marks.iter().filter(|target| rows::is_in_sight(state, target)).cloned().collect();
    for target in &visible {
        state.marks.remove(target);
    }
    let phrase = Phrase::new("notice.unmarked").with("count", visible.len());
    state.notices.say(state.now, Loudness::Info, phrase);
}

/// `\`: all marks off; again within ten seconds: back.
pub fn clear(state: &mut State) {
    if state.marks.is_empty() {
        if let Some((marks, at)) = state.cleared.take()
            && state.now.since(at) < RESTORE_MS
        {
            let phrase = Phrase::new("notice.marks-restored").with("count", marks.len());
            state.marks = marks;
            state.notices.say(state.now, Loudness::Info, phrase);
        }
        return;
    }
    let marks = state.marks.take();
    let phrase = Phrase::new("notice.marks-cleared").with("count", marks.len());
    state.cleared = Some((marks, state.now));
    state.notices.say(state.now, Loudness::Info, phrase);
}

/// `D`: the NIC under the cursor (or of the address under it) is marked to be detached as a whole, or not any more.
pub fn mark_detach(state: &mut State) {
    let Some(row) = rows::focused(state) else { return };
    let Some(nic) = rows::nic_of(state, row) else {
        state.notices.say(state.now, Loudness::Info, Phrase::new("notice.detach-needs-nic"));
        return;
    };
    let Some(info) = state.info(row.profile()) else { return };
    let id = nic.id.clone();
    let target = Target::Nic(NicKey { profile: info.id.clone(), nic: id.clone() });
    if state.marks.remove(&target) {
        state.notices.leave();
        return;
    }
    let Some(row @ RowRef::Nic { slot, .. }) = row.nic() else { return };
    if state.verdicts.detach(row.profile(), slot).level == Level::Blocked {
        return refused(state, "notice.cannot-detach", row, Act::Detach);
    }
    state.marks.add(target);
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.detach-marked").with("nic", id));
}

/// Says why something can not be marked, as its own page does.
fn refused(state: &mut State, key: &'static str, row: RowRef, act: Act) {
    let worst = detail::of(state, row).and_then(|detail| detail.findings().first().cloned());
    let phrase = Phrase::new(key).with("finding", worst.as_ref().map_or("", |worst| worst.id.as_str()));
    let phrase = match worst {
        Some(worst) => phrase.with_fact("fact", worst, act),
        None => phrase.with("fact", ""),
    };
    state.notices.say(state.now, Loudness::Warn, phrase);
}

/// Tree or table; the cursor stays on its object.
pub fn layout(state: &mut State) {
    let had = state.has_tree_pane();
    state.browse.layout = match state.browse.layout {
        Layout::Tree => Layout::Table { by: SortBy::Address, reverse: false },
        Layout::Table { .. } => Layout::Tree,
    };
    state.browse.shift = 0;
    rows::sort(state);
    super::tree::refit(state, had);
}

/// By the next column; beside the tree, the last one is followed by the tree's own order.
pub fn sort(state: &mut State) {
    match &mut state.browse.layout {
        Layout::Table { by, .. } => *by = next_column(*by).unwrap_or_default(),
        Layout::Tree => {
            state.browse.beside = match state.browse.beside {
                None => Some((SortBy::default(), false)),
                Some((by, reverse)) => next_column(by).map(|by| (by, reverse)),
            };
        }
    }
    rows::sort(state);
}

fn next_column(by: SortBy) -> Option<SortBy> {
    match by {
        SortBy::Address => Some(SortBy::Level),
        SortBy::Level => Some(SortBy::Nic),
        SortBy::Nic => Some(SortBy::Instance),
        SortBy::Instance => Some(SortBy::Profile),
        SortBy::Profile => None,
    }
}

pub fn reverse(state: &mut State) {
    match &mut state.browse.layout {
        Layout::Table { reverse, .. } => *reverse = !*reverse,
        Layout::Tree => {
            if let Some((_, reverse)) = &mut state.browse.beside {
                *reverse = !*reverse;
            }
        }
    }
    rows::sort(state);
}

pub fn sort_disabled(state: &State) -> Option<Phrase> {
    state.lists_tree().then(|| Phrase::new("disabled.tree-not-sorted"))
}

pub fn reverse_disabled(state: &State) -> Option<Phrase> {
    let follows = state.has_tree_pane() && state.sorting().is_none();
    sort_disabled(state).or_else(|| follows.then(|| Phrase::new("disabled.follows-tree")))
}

pub fn toggle_detail(state: &mut State) {
    state.browse.wide = !state.browse.wide;
    if state.pane == Pane::Detail {
        state.pane = Pane::List;
    }
    super::fit(state);
}
