//! The ways back and out: esc, q, ctrl-c, and signals.

use crate::app::{
    effect::Effect,
    notices::{Loudness, Phrase},
    overlay::Overlay,
    state::{Pane, QUIT_AGAIN_MS, Screen, State},
};

use super::{dry_run, filter, history, inventory, plan, run, show, tree};

/// Esc: one layer only. Dialogs and input lines are handled before this; here: message, detail pane, filter, the tree's part.
pub(super) fn close(state: &mut State) -> Vec<Effect> {
    if state.pane == Pane::Detail {
        state.pane = Pane::List;
        return Vec::new();
    }
    if state.browse.range_from.take().is_some() {
        return Vec::new();
    }
    if state.notices.dismiss(state.now) {
        return Vec::new();
    }
    match state.screen {
        Screen::Inventory => {
            if let Some(effects) = inventory::cancel_loading(state) {
                return effects;
            }
            if state.browse.is_filtered() {
                filter::clear(state);
            } else {
                tree::widen(state);
            }
        }
        Screen::Plan => return plan::leave(state),
        Screen::History => {
            let mut effects = Vec::new();
            if !history::close(state, &mut effects) {
                show(state, home(state));
            }
            return effects;
        }
        Screen::Run | Screen::Calls => show(state, home(state)),
        Screen::Welcome => {}
    }
    Vec::new()
}

/// Would esc stop the listings now? It closes what is nearer first.
pub fn closes_loading(state: &State) -> bool {
    state.screen == Screen::Inventory
        && state.overlays.is_empty()
        && !state.browse.editing
        && state.pane != Pane::Detail
        && state.browse.range_from.is_none()
        && state.jobs.listings().next().is_some()
}

fn home(state: &State) -> Screen {
    if state.profiles.is_empty() { Screen::Welcome } else { Screen::Inventory }
}

/// q: back to the inventory; there, out.
pub(super) fn back(state: &mut State) -> Vec<Effect> {
    match state.screen {
        Screen::Inventory | Screen::Welcome => quit(state),
        Screen::Plan => plan::leave(state),
        Screen::Run | Screen::History | Screen::Calls => {
            show(state, home(state));
            Vec::new()
        }
    }
}

pub(super) fn quit(state: &mut State) -> Vec<Effect> {
    if state.is_running() {
        state.overlays.push(Overlay::Quit);
        return Vec::new();
    }
    // Marks are work that a slip of the finger must not cost.
    let again = state.quit_asked.is_some_and(|at| state.now.since(at) < QUIT_AGAIN_MS);
    if !state.marks.is_empty() && !again {
        state.quit_asked = Some(state.now);
        let phrase = Phrase::new("notice.quit-marks").with("count", state.marks.len());
        state.notices.say(state.now, Loudness::Warn, phrase);
        return Vec::new();
    }
    state.quitting = true;
    vec![Effect::Quit]
}

/// ctrl-c: cancels the innermost thing; during a batch it stops; at the top it asks to be pressed again.
pub(super) fn interrupt(state: &mut State) -> Vec<Effect> {
    let again = state.quit_asked.is_some_and(|at| state.now.since(at) < QUIT_AGAIN_MS);
    if let Some(top) = state.overlays.pop() {
        return if matches!(top, Overlay::DryRun { .. }) { dry_run::close(state) } else { Vec::new() };
    }
    if state.screen == Screen::Inventory && state.browse.editing {
        filter::cancel(state);
        return Vec::new();
    }
    if state.screen == Screen::History && state.history.editing {
        return history::clear(state);
    }
    if let Some(run) = state.run.as_mut().filter(|run| run.ended.is_none()) {
        // The first press stops and only the next one arms: two that come quickly leave nothing behind.
        if !std::mem::replace(&mut run.interrupted, true) {
            state.quit_asked = None;
            return run::stop(state);
        }
        if again {
            // Calls in flight are left behind on purpose; their intents stay open in the journal.
            state.quitting = true;
            return vec![Effect::Interrupted];
        }
        state.quit_asked = Some(state.now);
        state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.ctrl-c-leaves-batch"));
        return Vec::new();
    }
    if !again && let Some(effects) = inventory::cancel_loading(state) {
        return effects;
    }
    if again {
        state.quitting = true;
        return vec![Effect::Interrupted];
    }
    state.quit_asked = Some(state.now);
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.ctrl-c-again"));
    Vec::new()
}

/// SIGTERM, SIGHUP: as q, but nobody is there to be asked.
pub(super) fn terminate(state: &mut State) -> Vec<Effect> {
    state.quitting = true;
    if state.is_running() { run::stop(state) } else { vec![Effect::Quit] }
}
