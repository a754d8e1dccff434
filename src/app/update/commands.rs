//! Every command: why it does nothing just now, and what it does.

use crate::app::{
    command::Command,
    effect::Effect,
    find as search,
    notices::{Loudness, Phrase},
    overlay::{Help, Overlay},
    prompt::Prompt,
    state::{Language, Screen, State},
    viewport::Viewport,
};

use super::{
    browse, compare, copy, dry_run, export, filter, find, history, inventory,
    leave::{back, close, interrupt},
    look_at_journal, mouse, overlay, plan, run, show,
    sight::{go, page, step},
    tree, undo,
};

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
        Command::Filter if search::is_on(state.screen) => find::disabled(state),
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
        Command::Filter if search::is_on(state.screen) => find::begin(state),
        Command::Filter if state.screen == Screen::History => history::begin(state),
        Command::ClearFilter if state.screen == Screen::History => return history::clear(state),
        Command::Filter => filter::begin(state),
        Command::ClearFilter => filter::clear(state),
        Command::Prompt => state.overlays.push(Overlay::Prompt(Prompt::default())),
        Command::Open if state.screen == Screen::History => return history::open(state),
        Command::Open => overlay::open(state),
        Command::Copy => return copy::copy(state),
        Command::CopyMore => copy::menu(state),
        Command::Export => export::menu(state),
        Command::Columns => state.overlays.push(Overlay::Columns { view: Viewport::default() }),
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
                Language::English => Language::Chinese,
                Language::Chinese => Language::English,
            };
        }
        Command::StartDemo => return vec![Effect::Demo],
        Command::UseFound => return vec![Effect::UseFound],
        Command::WriteConfig => return vec![Effect::WriteConfig],
        Command::Help => state.overlays.push(Overlay::Help(Help::default())),
        Command::Redraw => return vec![Effect::Redraw],
        Command::Suspend => return vec![Effect::Suspend],
        Command::Mouse => return mouse::toggle(state),
        Command::Back => return back(state),
        Command::Close => return close(state),
        Command::Interrupt => return interrupt(state),
    }
    Vec::new()
}
