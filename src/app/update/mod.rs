//! `update`: one message in, new state and effects out. Dispatch only; one flow a file.

mod browse;
mod compare;
pub mod copy;
mod dry_run;
mod earlier;
mod export;
mod filter;
mod find;
mod history;
mod inventory;
mod matching;
mod mouse;
mod order;
pub mod overlay;
mod plan;
mod prompt;
mod run;
mod tree;
mod undo;

pub use earlier::note as note_earlier;
pub use undo::{EDITED, Pending, around, not_done};

use crate::domain::{
    exchange::Exchange,
    journal_fault::{JournalDoubt, JournalDoubtKind},
    time::Timestamp,
};

use super::{
    command::Command,
    effect::Effect,
    geometry::{PlanAreas, Regions, RunAreas, STRIP_FROM, Size},
    key::{Input, Key},
    msg::{JournalEvent, Msg},
    notices::{Loudness, Phrase},
    overlay::Overlay,
    state::{JournalSeen, QUIT_AGAIN_MS, Screen, State},
    viewport::Viewport,
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
fn list_height_of(state: &State, screen: Screen) -> usize {
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
fn fit(state: &mut State) {
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

/// Why a command does nothing right now; `None` when it can be used. Keys that are off stay listed, with this reason.
pub fn disabled(state: &State, command: Command) -> Option<Phrase> {
    match command {
        Command::Plan => plan::disabled(state),
        Command::MarkRange if tree::has_focus(state) => Some(Phrase::new("disabled.range-in-tree")),
        Command::ToggleMark if state.screen == Screen::History => history::mark_disabled(state),
        Command::Undo => undo::disabled(state),
        Command::Compare => compare::disabled(state),
        Command::Export => export::disabled(state),
        Command::ToggleMark | Command::MarkRange | Command::MarkVisible | Command::MarkDetach => {
            browse::mark_disabled(state)
        }
        Command::ClearMarks if state.marks.is_empty() && state.cleared.is_none() => {
            Some(Phrase::new("disabled.no-marks"))
        }
        Command::UnmarkVisible if state.marks.is_empty() => Some(Phrase::new("disabled.no-marks")),
        Command::Filter if super::find::is_on(state.screen) => find::disabled(state),
        Command::Filter | Command::ClearFilter if state.screen == Screen::History => history::filter_disabled(state)
            .or_else(|| {
                let nothing = command == Command::ClearFilter && state.history.text.is_empty();
                nothing.then(|| Phrase::new("disabled.no-filter"))
            }),
        Command::ClearFilter if !state.browse.is_filtered() => Some(Phrase::new("disabled.no-filter")),
        Command::Confirm => plan::confirm_disabled(state),
        Command::DryRun => plan::send_disabled(state),
        Command::Override => plan::override_disabled(state),
        Command::UseFound if state.found.is_empty() => Some(Phrase::new("disabled.nothing-found")),
        Command::WriteConfig if !state.problems.is_empty() => Some(Phrase::new("disabled.config-there")),
        Command::GoPlan if state.plan.is_none() => Some(plan::no_plan(state)),
        Command::GoRun if state.run.is_none() => Some(Phrase::new("disabled.no-run")),
        Command::Earlier if state.earlier.is_empty() => Some(Phrase::new("disabled.no-earlier")),
        Command::GoInventory if state.profiles.is_empty() => Some(Phrase::new("disabled.no-profile")),
        Command::Pause | Command::Stop if !state.is_running() => Some(Phrase::new("disabled.not-running")),
        Command::RetryFailed => run::retry_disabled(state),
        Command::Recheck if state.screen == Screen::History => history::recheck_disabled(state),
        Command::Recheck => run::recheck_disabled(state),
        Command::NextFinding | Command::PreviousFinding if state.screen == Screen::History => {
            state.history.opened.is_none().then(|| Phrase::new("disabled.no-batch-open"))
        }
        Command::Sort => browse::sort_disabled(state),
        Command::ReverseSort => browse::reverse_disabled(state),
        Command::NextPane | Command::PreviousPane => tree::pane_disabled(state),
        Command::Refresh | Command::RefreshAll if state.screen == Screen::History => None,
        Command::Refresh | Command::RefreshAll
            if look_at_journal(state).is_empty() && state.profiles.iter().all(|info| info.problem.is_some()) =>
        {
            Some(Phrase::new("disabled.no-profile"))
        }
        _ => None,
    }
}

pub(super) fn run_command(state: &mut State, command: Command) -> Vec<Effect> {
    if let Some(reason) = disabled(state, command) {
        state.notices.say(state.now, Loudness::Warn, reason);
        return Vec::new();
    }
    match command {
        Command::Down => step(state, 1),
        Command::Up => step(state, -1),
        Command::HalfPageDown => page(state, 1, 2),
        Command::HalfPageUp => page(state, -1, 2),
        Command::PageDown => page(state, 1, 1),
        Command::PageUp => page(state, -1, 1),
        Command::Top => go(state, 0),
        Command::Bottom => go(state, usize::MAX),
        Command::Fold => browse::fold(state, true),
        Command::Unfold => browse::fold(state, false),
        Command::NextFinding => browse::find_finding(state, true),
        Command::PreviousFinding => browse::find_finding(state, false),
        Command::ToggleMark if state.screen == Screen::History => history::toggle(state),
        Command::ToggleMark => browse::toggle(state),
        Command::Undo => return undo::begin(state),
        Command::Compare => return compare::begin(state),
        Command::MarkRange => browse::range(state),
        Command::MarkVisible => browse::mark_visible(state),
        Command::UnmarkVisible => browse::unmark_visible(state),
        Command::ClearMarks => browse::clear(state),
        Command::MarkDetach => browse::mark_detach(state),
        Command::Plan => return plan::open(state),
        Command::DropRow => return plan::drop_row(state),
        Command::Confirm => return plan::ask(state),
        Command::DryRun => return dry_run::begin(state),
        Command::Override => plan::ask_reason(state),
        Command::Rebuild => return plan::rebuild(state),
        Command::Pause => return run::pause(state),
        Command::Stop => return run::stop(state),
        Command::RetryFailed => return run::retry(state),
        Command::Recheck if state.screen == Screen::History => return history::recheck(state),
        Command::Recheck => return run::recheck(state),
        Command::Filter if super::find::is_on(state.screen) => find::begin(state),
        Command::Filter if state.screen == Screen::History => history::begin(state),
        Command::ClearFilter if state.screen == Screen::History => return history::clear(state),
        Command::Filter => filter::begin(state),
        Command::ClearFilter => filter::clear(state),
        Command::Prompt => state.overlays.push(Overlay::Prompt(super::prompt::Prompt::default())),
        Command::Open if state.screen == Screen::History => return history::open(state),
        Command::Open => overlay::open(state),
        Command::Copy => return copy::copy(state),
        Command::CopyMore => copy::menu(state),
        Command::Export => export::menu(state),
        Command::Columns => state.overlays.push(Overlay::Columns { view: super::viewport::Viewport::default() }),
        Command::Layout => browse::layout(state),
        Command::Sort => browse::sort(state),
        Command::ReverseSort => browse::reverse(state),
        Command::ToggleDetail => browse::toggle_detail(state),
        Command::NextPane | Command::PreviousPane => tree::next_pane(state, command),
        Command::GoInventory => show(state, Screen::Inventory),
        Command::GoPlan => show(state, Screen::Plan),
        Command::GoRun => show(state, Screen::Run),
        Command::Earlier => state.overlays.push(Overlay::Earlier { scroll: 0 }),
        Command::GoHistory => return history::go(state),
        Command::GoCalls => show(state, Screen::Calls),
        Command::Refresh | Command::RefreshAll if state.screen == Screen::History => return history::read(state),
        Command::Refresh | Command::RefreshAll => {
            let mut effects = look_at_journal(state);
            effects.extend(inventory::refresh(state, command == Command::RefreshAll));
            return effects;
        }
        Command::Language => {
            state.language = match state.language {
                super::state::Language::English => super::state::Language::Chinese,
                super::state::Language::Chinese => super::state::Language::English,
            };
        }
        Command::StartDemo => return vec![Effect::Demo],
        Command::UseFound => return vec![Effect::UseFound],
        Command::WriteConfig => return vec![Effect::WriteConfig],
        Command::Help => state.overlays.push(Overlay::Help(super::overlay::Help::default())),
        Command::Redraw => return vec![Effect::Redraw],
        Command::Suspend => return vec![Effect::Suspend],
        Command::Mouse => return mouse::toggle(state),
        Command::Back => return back(state),
        Command::Close => return close(state),
        Command::Interrupt => return interrupt(state),
    }
    Vec::new()
}

/// Goes to a screen; what runs on another one runs on.
pub(super) fn show(state: &mut State, screen: Screen) {
    if state.screen != screen {
        state.notices.leave();
    }
    state.screen = screen;
    state.pane = super::state::Pane::List;
    state.browse.range_from = None;
    fit(state);
}

fn step(state: &mut State, by: isize) {
    let height = list_height(state);
    if state.screen == Screen::Inventory && state.pane == super::state::Pane::Detail {
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

fn page(state: &mut State, direction: isize, parts: usize) {
    let by = isize::try_from((list_height(state) / parts).max(1)).unwrap_or(1);
    step(state, direction * by);
}

fn go(state: &mut State, row: usize) {
    let by = if row == 0 { isize::MIN / 2 } else { isize::MAX / 2 };
    step(state, by);
}

/// Esc: one layer only. Dialogs and input lines are handled before this; here: message, detail pane, filter, the tree's part.
fn close(state: &mut State) -> Vec<Effect> {
    if state.pane == super::state::Pane::Detail {
        state.pane = super::state::Pane::List;
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
        && state.pane != super::state::Pane::Detail
        && state.browse.range_from.is_none()
        && state.jobs.listings().next().is_some()
}

fn home(state: &State) -> Screen {
    if state.profiles.is_empty() { Screen::Welcome } else { Screen::Inventory }
}

/// q: back to the inventory; there, out.
fn back(state: &mut State) -> Vec<Effect> {
    match state.screen {
        Screen::Inventory | Screen::Welcome => quit(state),
        Screen::Plan => plan::leave(state),
        Screen::Run | Screen::History | Screen::Calls => {
            show(state, home(state));
            Vec::new()
        }
    }
}

fn quit(state: &mut State) -> Vec<Effect> {
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
fn interrupt(state: &mut State) -> Vec<Effect> {
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
fn terminate(state: &mut State) -> Vec<Effect> {
    state.quitting = true;
    if state.is_running() { run::stop(state) } else { vec![Effect::Quit] }
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
