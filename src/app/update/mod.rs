//! `update`: one message in, new state and effects out. Dispatch only; one flow a file.

mod browse;
mod commands;
mod compare;
pub mod copy;
mod dry_run;
mod earlier;
mod export;
mod filter;
mod find;
mod history;
mod inventory;
mod leave;
mod matching;
mod mouse;
mod order;
pub mod overlay;
mod plan;
mod prompt;
mod run;
mod sight;
mod tree;
mod undo;

pub use commands::disabled;
pub use earlier::note as note_earlier;
pub use leave::closes_loading;
pub use sight::{in_list, in_sight, list_height, regions};
pub use undo::{EDITED, Pending, around, not_done};

use commands::run_command;
use leave::{interrupt, quit, terminate};
use sight::{fit, list_height_of, page, show, step};

use crate::domain::{
    exchange::Exchange,
    journal_fault::{JournalDoubt, JournalDoubtKind},
    time::Timestamp,
};

use super::{
    command::Command,
    effect::Effect,
    geometry::Size,
    key::{Input, Key},
    msg::{JournalEvent, Msg},
    notices::{Loudness, Phrase},
    overlay::Overlay,
    state::{JournalSeen, QUIT_AGAIN_MS, Screen, State},
};

/// Begins: every usable profile is listed.
pub fn start(state: &mut State, now: Timestamp) -> Vec<Effect> {
    state.now = now;
    inventory::rejudge_all(state);
    let profiles: Vec<_> =
        state.profiles.iter().filter(|info| info.problem.is_none()).map(|info| info.id.clone()).collect();
    let mouse = state.mouse.then_some(Effect::Mouse(true));
    mouse.into_iter().chain(profiles.into_iter().flat_map(|profile| inventory::list(state, profile))).collect()
}

/// Takes one message in. Pure: the same state and message give the same state and effects.
pub fn update(state: &mut State, now: Timestamp, msg: Msg) -> Vec<Effect> {
    state.now = now;
    let msg = match msg {
        Msg::InputAt(at, input) => {
            state.pressed_at = at.min(now);
            Msg::Input(input)
        }
        msg => {
            state.pressed_at = now;
            msg
        }
    };
    let marks = state.marks.changes();
    // What a page is about; keys leave it by themselves.
    let about = |state: &State| {
        let page = state.screen == Screen::Inventory && matches!(state.overlays.last(), Some(Overlay::Detail { .. }));
        page.then(|| super::rows::focused(state).and_then(|row| super::rows::key(state, row)))
    };
    let before = if matches!(msg, Msg::Input(Input::Key(_))) { None } else { about(state) };
    let effects = take_in(state, msg);
    if state.marks.changes() != marks && state.browse.filter.needs().marks {
        inventory::refilter(state);
    }
    super::rows::recount_hidden(state);
    if before.is_some_and(|before| about(state).is_some_and(|now| now != before)) {
        state.overlays.pop();
    }
    take_down(state);
    effects
}

fn take_in(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Shown => {
            if let Some(Overlay::Confirm(dialog)) = state.overlays.last_mut() {
                dialog.shown_at.get_or_insert(state.now);
            }
            Vec::new()
        }
        // Nobody should have to scroll back what was scrolled past the end.
        Msg::Ends(last) => {
            if let Some(scroll) = state.scrolled() {
                *scroll = last.min(*scroll);
            }
            Vec::new()
        }
        // Taken apart before.
        Msg::InputAt(_, input) => take_in(state, Msg::Input(input)),
        Msg::Input(Input::Key(key)) => {
            state.notices.leave_answer();
            let said = state.notices.said();
            let effects = press(state, key);
            state.notices.answered(said);
            effects
        }
        Msg::Input(Input::Paste(text))
            if state.overlays.is_empty() && state.screen == Screen::History && state.history.editing =>
        {
            history::paste(state, &text)
        }
        Msg::Input(Input::Paste(text)) => {
            filter::paste(state, &text);
            overlay::pasted(state, &text);
            Vec::new()
        }
        Msg::Input(Input::Resize { columns, rows }) => {
            let had = state.has_tree_pane();
            state.size = Size { columns, rows };
            tree::refit(state, had);
            fit(state);
            Vec::new()
        }
        Msg::Mouse(done) => mouse::take(state, done),
        Msg::Inventory(job, event) => inventory::event(state, job, event),
        Msg::Preflight(job, event) if compare::event(state, job, &event) => Vec::new(),
        Msg::Preflight(job, event) => plan::event(state, job, event),
        Msg::DryRun(job, event) => {
            dry_run::event(state, job, event);
            Vec::new()
        }
        Msg::Release(job, event) => run::event(state, job, event),
        Msg::Journal(event) => journal(state, event),
        Msg::Order(order) => order::take(state, order),
        Msg::Reconcile(job, event) => earlier::event(state, job, event),
        Msg::History(job, event) => history::event(state, job, event),
        Msg::Exported(event) => {
            export::event(state, event);
            Vec::new()
        }
        Msg::Exchange(exchange) => {
            record(state, exchange);
            Vec::new()
        }
        Msg::JobPanicked(job) => panicked(state, job),
        Msg::Copied(done) => {
            copy::done(state, done);
            Vec::new()
        }
        Msg::CopyMade(made) => copy::made(state, made),
        Msg::ConfigWritten(written) => {
            let (loudness, phrase) = match written {
                Ok(path) => (Loudness::Info, Phrase::new("notice.config-written").with("path", path)),
                Err(why) => (Loudness::Error, why),
            };
            state.notices.say(state.now, loudness, phrase);
            Vec::new()
        }
        Msg::Wake => {
            matching::blame_now(state);
            earlier::wake(state)
        }
        Msg::Terminate => terminate(state),
    }
}

/// What the look at the journal brought: all of it needs a person.
fn journal(state: &mut State, event: JournalEvent) -> Vec<Effect> {
    let phrase = match event {
        JournalEvent::Unfinished { path, open } => {
            state.journal = JournalSeen::Read;
            return earlier::begin(state, path, open);
        }
        JournalEvent::Doubtful(doubts) => {
            // What follows another nicdeck's batch finds the same ones again and again.
            let is_ahead = |doubt: &JournalDoubt| matches!(doubt.kind, JournalDoubtKind::Ahead(_));
            let is_known = |doubt: &JournalDoubt| {
                state.doubts.iter().any(|known| known == doubt || is_ahead(known) && is_ahead(doubt))
            };
            for doubt in doubts.iter().filter(|doubt| !is_known(doubt)) {
                // A torn line is what the chain of digests and the second record are for.
                let minor = doubt.kind.is_minor();
                state.notices.say(state.now, if minor { Loudness::Warn } else { Loudness::Error }, doubt.into());
            }
            state.doubts = doubts;
            return Vec::new();
        }
        JournalEvent::AtWork(at_work) => {
            state.earlier.at_work = at_work;
            return Vec::new();
        }
        JournalEvent::Read => {
            state.journal = JournalSeen::Read;
            return earlier::none(state);
        }
        JournalEvent::Unreadable(fault) => {
            state.earlier.follows = false;
            let phrase = Phrase::new("notice.journal-unread").with_phrase("message", (&fault).into());
            state.journal = JournalSeen::Unread(fault);
            phrase
        }
        JournalEvent::Usable => {
            if state.no_journal.take().is_some() {
                state.notices.say(state.now, Loudness::Info, Phrase::new("notice.journal-usable"));
            }
            return Vec::new();
        }
        JournalEvent::Unusable(fault) => {
            let phrase = Phrase::new("notice.no-journal").with_phrase("message", (&fault).into());
            state.no_journal = Some(fault);
            phrase
        }
    };
    state.notices.say(state.now, Loudness::Error, phrase);
    Vec::new()
}

/// Once more, where the last look at the journal found no good: what was in the way may be gone.
fn look_at_journal(state: &State) -> Vec<Effect> {
    let (write, unfinished) = (state.no_journal.is_some(), matches!(state.journal, JournalSeen::Unread(_)));
    if write || unfinished { vec![Effect::LookAtJournal { write, unfinished }] } else { Vec::new() }
}

/// A batch ended without telling what it leaves open: nothing is sent before the journal was read.
fn look_for_open(state: &mut State) -> Vec<Effect> {
    state.journal = JournalSeen::Looking;
    state.earlier.follows = false;
    vec![Effect::LookAtJournal { write: false, unfinished: true }]
}

fn record(state: &mut State, exchange: Box<Exchange>) {
    let height = list_height(state);
    // What lies over the list is about its focused line.
    let looked_at = state.screen == Screen::Calls && !state.overlays.is_empty();
    state.calls.push(exchange, height, looked_at);
}

/// Every message stands among the calls as well: the status line shows the newest only.
fn take_down(state: &mut State) {
    let fresh = state.notices.take_fresh();
    if !fresh.is_empty() {
        let height = list_height(state);
        for notice in fresh {
            state.calls.say(notice, height, state.screen == Screen::Calls);
        }
    }
}

fn press(state: &mut State, key: Key) -> Vec<Effect> {
    // Ctrl-c does it on every key map.
    if key == Key::ctrl('c') || (!key.is_text() && state.keymap.does(key, Command::Interrupt)) {
        return interrupt(state);
    }
    let asked = state.quit_asked.take();
    // Over everything: a screen that is garbled is so under a dialog as well.
    if let Some(command) = [Command::Redraw, Command::Suspend].into_iter().find(|&it| state.keymap.does(key, it))
        && !key.is_text()
    {
        return run_command(state, command);
    }
    if !state.overlays.is_empty() {
        return overlay::press(state, key);
    }
    if state.screen == Screen::Inventory && state.browse.editing {
        return filter::press(state, key);
    }
    if state.screen == Screen::History && state.history.editing {
        return history::press(state, key);
    }
    match state.keymap.command(key, state.screen) {
        Some(Command::Back) => {
            state.quit_asked = asked;
            run_command(state, Command::Back)
        }
        Some(command) => run_command(state, command),
        None => {
            no_such_key(state);
            Vec::new()
        }
    }
}

/// A key that does nothing here says so: silence looks like a program that hangs.
fn no_such_key(state: &mut State) {
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.no-such-key"));
}

fn panicked(state: &mut State, job: crate::domain::ids::JobId) -> Vec<Effect> {
    state.notices.say(state.now, Loudness::Error, Phrase::new("notice.job-panicked"));
    let mut effects = inventory::job_died(state, job);
    effects.extend(plan::job_died(state, job));
    effects.extend(run::job_died(state, job));
    dry_run::job_died(state, job);
    earlier::job_died(state, job);
    history::job_died(state, job);
    compare::job_died(state, job);
    effects
}

/// When the screen changes by itself next: a message goes, an age or a progress line counts on. `None`: never.
pub fn wake_at(state: &State) -> Option<Timestamp> {
    let quit = state.quit_asked.map(|at| at.plus_ms(QUIT_AGAIN_MS));
    let mut wakes = vec![state.notices.wake_at(state.now), quit, state.browse.blame_at];
    // One that another message came before is due at once.
    wakes.push(state.earlier.look_at.map(|at| at.max(state.now.plus_ms(1))));
    let second = Some(Timestamp((state.now.seconds() + 1) * 1000));
    if state.is_running() || state.jobs.listings().next().is_some() {
        wakes.push(second);
    }
    // Ages are shown in whole minutes: the screen does not change in between.
    let next_minute = |since: Timestamp| Some(since.plus_ms((state.now.since(since) / 60_000 + 1) * 60_000));
    if !state.quitting {
        wakes.push(super::browse::oldest(state).and_then(next_minute));
        let plan = state.plan.as_ref().filter(|_| state.screen == Screen::Plan);
        wakes.push(plan.and_then(|plan| next_minute(plan.read_at()?)));
    }
    wakes.into_iter().flatten().filter(|&at| at > state.now).min()
}
