//! What of the screen's list is in sight, and moving in it.

use crate::app::{
    geometry::{PlanAreas, Regions, RunAreas, STRIP_FROM},
    state::{Pane, Screen, State},
    viewport::Viewport,
};

use super::{browse, tree};

/// From this many columns the detail stands beside the calls, whose list has many columns.
const CALLS_DETAIL_FROM: u16 = 150;

/// Columns that the rows of a plan and of what was done of it have, whatever stands beside them: as many as without a pane.
const ROWS: u16 = 80;
/// The same while it is done, when time and request ids of each row tell more than one row whole.
const RUNNING_ROWS: u16 = 110;

/// The regions of the window as it is now.
pub fn regions(state: &State) -> Regions {
    let wide = match state.screen {
        Screen::Inventory => state.browse.wide,
        Screen::Calls => state.size.columns < CALLS_DETAIL_FROM,
        Screen::Plan | Screen::Run => false,
        Screen::History => state.history.opened.is_none(),
        Screen::Welcome => true,
    };
    let mut regions = Regions::of(state.size, state.demo, wide);
    regions = match state.screen {
        Screen::Run if state.is_running() => regions.with_list(RUNNING_ROWS),
        Screen::Plan | Screen::Run | Screen::History => regions.with_list(ROWS),
        Screen::Inventory | Screen::Calls | Screen::Welcome => regions,
    };
    if state.screen == Screen::Inventory && state.has_tree_pane() {
        regions = regions.with_tree();
    }
    let room = state.size.columns >= STRIP_FROM.columns && state.size.rows >= STRIP_FROM.rows;
    let under = state.screen == Screen::Inventory && (state.plan.is_some() || state.run.is_some());
    if room && under { regions.with_strip() } else { regions }
}

/// Lines of the current screen's list.
pub fn list_height(state: &State) -> usize {
    list_height_of(state, state.screen)
}

/// Lines of a screen's list, in the regions of the current one.
pub(super) fn list_height_of(state: &State, screen: Screen) -> usize {
    let regions = regions(state);
    usize::from(match screen {
        Screen::Inventory | Screen::History | Screen::Calls | Screen::Welcome => regions.list.height,
        Screen::Plan => PlanAreas::of(&regions).list.height,
        Screen::Run => {
            let profiles = state.run.as_ref().map_or(0, |run| run.counts_by_profile().len());
            RunAreas::of(&regions, profiles).log.height
        }
    })
}

/// Where the current screen's list is looked at, and how many rows it has.
pub fn in_list(state: &State) -> Option<(Viewport, usize)> {
    Some(match state.screen {
        Screen::Inventory => (state.browse.view, state.browse.rows.len()),
        Screen::Plan => state.plan.as_ref().map(|plan| (plan.view, plan.plan.rows().len()))?,
        Screen::Run => state.run.as_ref().map(|run| (run.view, run.rows.len()))?,
        Screen::History => (state.history.view(), state.history.len()),
        Screen::Calls => (state.calls.view, state.calls.len()),
        Screen::Welcome => return None,
    })
}

/// The first and last row in sight of the current screen's list, counted from 1, and of how many; `None`: all of them are.
pub fn in_sight(state: &State) -> Option<(usize, usize, usize)> {
    let (view, len) = in_list(state)?;
    view.in_sight(len, list_height(state)).map(|(first, last)| (first, last, len))
}

/// After the window or the screen changed.
pub(super) fn fit(state: &mut State) {
    let height = list_height(state);
    match state.screen {
        Screen::Inventory => state.browse.view.fit(state.browse.rows.len(), height),
        Screen::Plan => {
            if let Some(plan) = &mut state.plan {
                plan.view.fit(plan.plan.rows().len(), height);
            }
        }
        Screen::Run => {
            if let Some(run) = &mut state.run {
                run.view.fit(run.rows.len(), height);
            }
        }
        Screen::History => {
            let len = state.history.len();
            state.history.view_mut().fit(len, height);
        }
        Screen::Calls => state.calls.view.fit(state.calls.len(), height),
        Screen::Welcome => {}
    }
}

/// Goes to a screen; what runs on another one runs on.
pub(super) fn show(state: &mut State, screen: Screen) {
    if state.screen != screen {
        state.notices.leave();
    }
    state.screen = screen;
    state.pane = Pane::List;
    state.browse.range_from = None;
    fit(state);
}

pub(super) fn step(state: &mut State, by: isize) {
    let height = list_height(state);
    if state.screen == Screen::Inventory && state.pane == Pane::Detail {
        state.browse.detail_scroll = state.browse.detail_scroll.saturating_add_signed(by);
        return;
    }
    if tree::has_focus(state) {
        return tree::step(state, by);
    }
    match state.screen {
        Screen::Inventory => {
            state.browse.view.step(by, state.browse.rows.len(), height);
            browse::moved(state);
        }
        Screen::Plan => {
            if let Some(plan) = &mut state.plan {
                plan.view.step(by, plan.plan.rows().len(), height);
            }
        }
        Screen::Run => {
            if let Some(run) = &mut state.run {
                run.view.step(by, run.rows.len(), height);
            }
        }
        Screen::History => {
            let len = state.history.len();
            state.history.view_mut().step(by, len, height);
        }
        Screen::Calls => state.calls.view.step(by, state.calls.len(), height),
        Screen::Welcome => {
            // The drawing cuts what is past the end; a problem takes a few lines at most.
            let most = state.problems.len() * 4 + 32;
            state.welcome_scroll = state.welcome_scroll.saturating_add_signed(by).min(most);
        }
    }
}

pub(super) fn page(state: &mut State, direction: isize, parts: usize) {
    let by = isize::try_from((list_height(state) / parts).max(1)).unwrap_or(1);
    step(state, direction * by);
}

pub(super) fn go(state: &mut State, row: usize) {
    let by = if row == 0 { isize::MIN / 2 } else { isize::MAX / 2 };
    step(state, by);
}
