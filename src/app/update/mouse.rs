//! The mouse: the wheel scrolls, a press takes the focus, marks, folds or sorts. None of it plans, confirms or sends.

use crate::app::{
    browse::Layout,
    command::Command,
    effect::Effect,
    geometry::{Area, PlanAreas, RunAreas},
    key::{Key, KeyCode},
    mouse::{Deed, Mouse, Part},
    notices::{Loudness, Phrase},
    rows,
    state::{Pane, Screen, State},
};

use super::{browse, filter, list_height, overlay, regions, run_command, step, tree};

/// Rows that a step of the wheel moves by.
const STEP: isize = 3;

/// On or off. Off, the terminal's own selection of text works.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    state.mouse = !state.mouse;
    let key = if state.mouse { "notice.mouse-on" } else { "notice.mouse-off" };
    state.notices.say(state.now, Loudness::Info, Phrase::new(key));
    vec![Effect::Mouse(state.mouse)]
}

pub fn take(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    // A terminal may tell what was done before it was switched off.
    if !state.mouse || regions(state).tiny {
        return Vec::new();
    }
    match mouse.deed {
        Deed::Wheel(steps) => wheel(state, mouse, steps),
        Deed::Press if state.overlays.is_empty() => return press(state, mouse),
        Deed::Press => {}
    }
    Vec::new()
}

fn wheel(state: &mut State, mouse: Mouse, steps: isize) {
    let by = steps.saturating_mul(STEP);
    if !state.overlays.is_empty() {
        // What lies over a screen scrolls by these keys on every key map, and does nothing else by them.
        let key = Key::plain(if by > 0 { KeyCode::Down } else { KeyCode::Up });
        for _ in 0..by.unsigned_abs() {
            overlay::press(state, key);
        }
        return;
    }
    let regions = regions(state);
    if state.screen == Screen::Inventory && line(regions.detail, mouse).is_some() {
        state.browse.detail_scroll = state.browse.detail_scroll.saturating_add_signed(by);
    } else if line(regions.tree, mouse).is_some() {
        tree::step(state, by);
    } else {
        // Where the mouse is, wherever keys go.
        let pane = std::mem::replace(&mut state.pane, Pane::List);
        step(state, by);
        state.pane = pane;
    }
}

/// The line of the area that the mouse is on.
fn line(area: Area, mouse: Mouse) -> Option<usize> {
    let inside = mouse.column.checked_sub(area.x).is_some_and(|x| x < area.width);
    mouse.row.checked_sub(area.y).filter(|&y| inside && y < area.height).map(usize::from)
}

fn press(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    if state.screen == Screen::Inventory && state.browse.editing {
        filter::keep(state);
    }
    // Text that is being typed elsewhere keeps the keys.
    if state.screen == Screen::History && state.history.editing {
        return Vec::new();
    }
    let (regions, height) = (regions(state), list_height(state));
    match state.screen {
        Screen::Inventory => return inventory(state, mouse),
        Screen::Plan => {
            if let (Some(plan), Some(line)) = (&mut state.plan, line(PlanAreas::of(&regions).list, mouse)) {
                on_row(&mut plan.view, line, plan.plan.rows().len(), height);
            }
        }
        Screen::Run => {
            if let Some(run) = &mut state.run {
                let areas = RunAreas::of(&regions, run.counts_by_profile().len());
                if let Some(line) = line(areas.log, mouse) {
                    on_row(&mut run.view, line, run.rows.len(), height);
                }
            }
        }
        Screen::History => {
            if let Some(line) = line(regions.list, mouse) {
                let len = state.history.len();
                on_row(state.history.view_mut(), line, len, height);
            }
        }
        Screen::Calls => {
            if let Some(line) = line(regions.list, mouse) {
                let len = state.calls.len();
                on_row(&mut state.calls.view, line, len, height);
            }
        }
        Screen::Welcome => {}
    }
    Vec::new()
}

/// Puts the cursor on the row that stands on this line; below the last one nothing does.
fn on_row(view: &mut crate::app::viewport::Viewport, line: usize, len: usize, height: usize) -> bool {
    let row = view.offset + line;
    if row < len {
        view.go(row, len, height);
    }
    row < len
}

fn inventory(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    let (regions, height) = (regions(state), list_height(state));
    if let Some(Part::Heading(by)) = mouse.part {
        if browse::sort_disabled(state).is_none() {
            sort(state, by);
        }
        return Vec::new();
    }
    if line(regions.detail, mouse).is_some() {
        state.pane = Pane::Detail;
    } else if let Some(line) = line(regions.tree, mouse) {
        let len = state.browse.tree.len();
        if on_row(&mut state.browse.tree.view, line, len, height) {
            state.pane = Pane::Tree;
            tree::moved(state);
            if mouse.part == Some(Part::Fold) {
                tree::turn(state);
            }
        }
    } else if let Some(line) = line(regions.list, mouse) {
        let len = state.browse.rows.len();
        if on_row(&mut state.browse.view, line, len, height) {
            state.pane = Pane::List;
            let row = state.browse.view.cursor;
            browse::moved(state);
            match mouse.part {
                Some(Part::Mark) => {
                    let effects = run_command(state, Command::ToggleMark);
                    // The key goes on to the next row; the mouse is still on this one.
                    state.browse.view.go(row, len, height);
                    browse::moved(state);
                    return effects;
                }
                Some(Part::Fold) => {
                    if let Some(row) = rows::focused(state) {
                        let folded = rows::is_folded(state, row);
                        rows::set_folded(&mut state.browse, row, !folded);
                        rows::regroup(state);
                    }
                }
                Some(Part::Heading(_)) | None => {}
            }
        }
    }
    Vec::new()
}

/// By this column; once more, from its end.
fn sort(state: &mut State, by: crate::app::browse::SortBy) {
    let reverse = state.sorting().is_some_and(|(now, reverse)| now == by && !reverse);
    match &mut state.browse.layout {
        Layout::Table { by: now, reverse: from_end } => (*now, *from_end) = (by, reverse),
        Layout::Tree => state.browse.beside = Some((by, reverse)),
    }
    rows::sort(state);
}
