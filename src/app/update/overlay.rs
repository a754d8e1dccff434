//! Keys for what lies over a screen. Each key goes to the topmost layer only.

use crate::{
    app::{
        browse::{Column, Line},
        command::{Command, Group},
        confirm::{self, Confirm, DEAF_MS, Refused},
        effect::Effect,
        export::ExportForm,
        key::{Key, KeyCode},
        keymap::Keymap,
        notices::Phrase,
        overlay::{Help, Overlay, Reason},
        rows::{self, RowRef},
        state::{Screen, State},
    },
    domain::plan::REASON_LEAST,
    rules::guard::Phrase as Asked,
};

use super::{copy, dry_run, earlier, export, find, plan, prompt};

/// Enter: what opening means here.
pub fn open(state: &mut State) {
    match state.screen {
        Screen::Inventory if super::tree::has_focus(state) => super::tree::open(state),
        Screen::Inventory => match rows::focused(state) {
            Some(RowRef::Instance { .. } | RowRef::Nic { .. }) if super::regions(state).detail.width > 0 => {
                let Some(row) = rows::focused(state) else { return };
                let folded = rows::is_folded(state, row);
                rows::set_folded(&mut state.browse, row, !folded);
                rows::regroup(state);
            }
            Some(_) => state.overlays.push(Overlay::Detail { scroll: 0 }),
            None => {}
        },
        Screen::Plan | Screen::Run => {
            if state.plan.is_some() || state.run.is_some() {
                state.overlays.push(Overlay::Detail { scroll: 0 });
            }
        }
        Screen::Calls => {
            if state.calls.focused().is_some() {
                state.overlays.push(Overlay::Call { scroll: 0 });
            }
        }
        // Opened by asking the journal: see `history::open`.
        Screen::History | Screen::Welcome => {}
    }
}

/// One line of the help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HelpLine {
    pub command: Command,
    pub keys: Vec<String>,
    /// Why it does nothing right now.
    pub off: Option<Phrase>,
}

/// What the help of the current screen lists, by group. `matches` decides over a command's words: they are the locale's.
pub fn help_lines(state: &State, matches: &dyn Fn(Command) -> bool) -> Vec<(Group, Vec<HelpLine>)> {
    let mut groups: std::collections::BTreeMap<Group, Vec<HelpLine>> = std::collections::BTreeMap::new();
    for &command in Command::ALL {
        if command.context().holds(state.screen) && matches(command) {
            groups.entry(command.group()).or_default().push(HelpLine {
                command,
                keys: state.keymap.keys(command).iter().map(|key| key.name()).collect(),
                off: super::disabled(state, command),
            });
        }
    }
    groups.into_iter().collect()
}

/// Scrolls by a key that means movement; `None` for other keys. The drawing cuts what is past the end.
fn scrolled(keymap: &Keymap, key: Key, scroll: usize, page: usize) -> Option<usize> {
    let half = (page / 2).max(1);
    let is = |command| keymap.does(key, command);
    Some(match () {
        () if is(Command::Down) => scroll + 1,
        () if is(Command::Up) => scroll.saturating_sub(1),
        () if is(Command::HalfPageDown) => scroll + half,
        () if is(Command::HalfPageUp) => scroll.saturating_sub(half),
        () if is(Command::PageDown) => scroll + page,
        () if is(Command::PageUp) => scroll.saturating_sub(page),
        () if is(Command::Top) => 0,
        () if is(Command::Bottom) => usize::MAX / 2,
        () => return None,
    })
}

/// Movement where letters are typed: by the keys of an input line, which nothing rebinds.
fn scrolled_beside_text(key: Key, scroll: usize, page: usize) -> Option<usize> {
    Some(match key.code {
        KeyCode::Down => scroll + 1,
        KeyCode::Up => scroll.saturating_sub(1),
        KeyCode::PageDown => scroll + page,
        KeyCode::PageUp => scroll.saturating_sub(page),
        KeyCode::Home => 0,
        KeyCode::End => usize::MAX / 2,
        _ => return None,
    })
}

pub fn press(state: &mut State, key: Key) -> Vec<Effect> {
    let page = usize::from(super::regions(state).body.height).max(1);
    let Some(mut top) = state.overlays.pop() else { return Vec::new() };
    let is = |command| state.keymap.does(key, command);
    let closes = is(Command::Close) || is(Command::Back);
    match &mut top {
        Overlay::Detail { scroll } | Overlay::Call { scroll } => {
            if closes || is(Command::Open) {
                return Vec::new();
            }
            let moved = scrolled(&state.keymap, key, *scroll, page);
            *scroll = moved.unwrap_or(*scroll);
            state.overlays.push(top);
            if moved.is_none() {
                match state.keymap.command(key, state.screen) {
                    Some(Command::Help) => state.overlays.push(Overlay::Help(Help::default())),
                    // The page stays on its row.
                    Some(Command::ToggleMark) => {
                        let (row, len) = (state.browse.view.cursor, state.browse.rows.len());
                        let effects = super::run_command(state, Command::ToggleMark);
                        let height = super::list_height(state);
                        if state.screen == Screen::Inventory {
                            state.browse.view.go(row, len, height);
                            super::browse::moved(state);
                        }
                        return effects;
                    }
                    Some(
                        command @ (Command::Language
                        | Command::Copy
                        | Command::CopyMore
                        | Command::MarkDetach
                        | Command::Override),
                    ) => {
                        return super::run_command(state, command);
                    }
                    // These leave the row.
                    Some(command @ (Command::Plan | Command::Prompt)) if super::disabled(state, command).is_none() => {
                        state.overlays.pop();
                        return super::run_command(state, command);
                    }
                    Some(Command::Plan) => return super::run_command(state, Command::Plan),
                    _ => super::no_such_key(state),
                }
            }
        }
        Overlay::DryRun { at, scroll } => {
            if closes || is(Command::Open) {
                return dry_run::close(state);
            }
            let leaf = match () {
                () if is(Command::NextFinding) => 1,
                () if is(Command::PreviousFinding) => -1,
                () => 0,
            };
            if leaf != 0 {
                let to = dry_run::leaf(state, *at, leaf);
                top = Overlay::DryRun { at: to, scroll: 0 };
                state.overlays.push(top);
                return Vec::new();
            }
            let moved = scrolled(&state.keymap, key, *scroll, page);
            *scroll = moved.unwrap_or(*scroll);
            let at = *at;
            state.overlays.push(top);
            if moved.is_none() {
                match state.keymap.command(key, state.screen) {
                    Some(Command::Help) => state.overlays.push(Overlay::Help(Help::default())),
                    Some(Command::Language) => return super::run_command(state, Command::Language),
                    Some(Command::Copy) => return dry_run::copy(state, at),
                    _ => super::no_such_key(state),
                }
            }
        }
        Overlay::Earlier { scroll } => {
            if closes || is(Command::Open) {
                return Vec::new();
            }
            let moved = scrolled(&state.keymap, key, *scroll, page);
            *scroll = moved.unwrap_or(*scroll);
            let again = is(Command::Refresh);
            state.overlays.push(top);
            if again {
                return earlier::read_again(state);
            }
            if moved.is_none() {
                match state.keymap.command(key, state.screen) {
                    Some(Command::Help) => state.overlays.push(Overlay::Help(Help::default())),
                    Some(Command::Language) => return super::run_command(state, Command::Language),
                    _ => super::no_such_key(state),
                }
            }
        }
        Overlay::Help(help) => {
            let toggles = is(Command::Help) || is(Command::Back);
            if help_key(help, key, page, toggles) {
                state.overlays.push(top);
            }
        }
        Overlay::Confirm(dialog) => {
            let mut dialog = dialog.clone();
            return confirm(state, &mut dialog, key);
        }
        Overlay::Reason(reason) => {
            if key.code == KeyCode::Esc {
                return cancelled(state);
            }
            if reason_key(state, reason, key) {
                state.overlays.push(top);
            }
        }
        Overlay::Find(line) => return find::press(state, line.clone(), key),
        Overlay::Prompt(line) => return prompt::press(state, line.clone(), key),
        Overlay::Quit => {
            // It may have ended while the question stood there.
            if is(Command::Stop) {
                return super::terminate(state);
            }
            // A key that is not offered must not stop anything.
            if !is(Command::Close) && !is(Command::Open) {
                state.overlays.push(top);
            }
        }
        Overlay::ExportMenu { view } => {
            if closes {
                return Vec::new();
            }
            if is(Command::Open) {
                let form = ExportForm::of(state).get(view.cursor).copied();
                return form.map_or_else(Vec::new, |form| export::take(state, form, None));
            }
            if let Some(to) = scrolled(&state.keymap, key, view.cursor, page) {
                view.go(to, ExportForm::of(state).len(), page);
            }
            state.overlays.push(top);
        }
        Overlay::Columns { view } => {
            if closes || is(Command::Columns) {
                return Vec::new();
            }
            if is(Command::Open) || is(Command::ToggleMark) {
                if let Some(column) = Column::ALL.get(view.cursor)
                    && !state.browse.hidden.remove(column)
                {
                    state.browse.hidden.insert(*column);
                }
            } else if let Some(to) = scrolled(&state.keymap, key, view.cursor, page) {
                view.go(to, Column::ALL.len(), page);
            }
            state.overlays.push(top);
        }
        Overlay::CopyMenu { view } => {
            let items = copy::items(state);
            if closes {
                return Vec::new();
            }
            if is(Command::Open) {
                let chosen = items.get(view.cursor).cloned();
                // One that is off says why, and others can be chosen still.
                if chosen.as_ref().is_some_and(|item| item.what.is_err()) {
                    state.overlays.push(top);
                }
                return chosen.map_or_else(Vec::new, |item| copy::take(state, item));
            }
            if let Some(to) = scrolled(&state.keymap, key, view.cursor, page) {
                view.go(to, items.len(), page);
            }
            state.overlays.push(top);
        }
    }
    Vec::new()
}

/// Help: typing searches; the keys of an input line scroll. False when it closes. `toggles`: a key that closes it as long as
/// nothing was typed.
fn help_key(help: &mut Help, key: Key, page: usize, toggles: bool) -> bool {
    let empty = help.search.text().is_empty();
    match key.code {
        KeyCode::Esc if !empty => {
            help.search = Line::default();
            help.view = super::super::viewport::Viewport::default();
        }
        KeyCode::Esc | KeyCode::Enter => return false,
        _ if toggles && (empty || !key.is_text()) => return false,
        _ => {
            if let Some(to) = scrolled_beside_text(key, help.view.offset, page) {
                help.view.offset = to;
            } else if help.search.edit(key) {
                help.view = super::super::viewport::Viewport::default();
            }
        }
    }
    true
}

/// Typing; Enter gives the reason. False when it closes.
fn reason_key(state: &mut State, reason: &mut Reason, key: Key) -> bool {
    if key.code != KeyCode::Enter {
        if reason.typed.edit(key) {
            reason.too_short = false;
        }
        return true;
    }
    let text = reason.typed.text().trim();
    if text.chars().count() < REASON_LEAST {
        reason.too_short = true;
        return true;
    }
    plan::overrule(state, &reason.target, text);
    false
}

/// Text from the clipboard confirms nothing, and the dialog says so; a reason may come from a ticket.
pub fn pasted(state: &mut State, text: &str) {
    match state.overlays.last_mut() {
        Some(Overlay::Confirm(dialog)) => dialog.refused = Some(Refused::Pasted),
        Some(Overlay::Reason(reason)) => {
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).for_each(|c| reason.typed.insert(c));
            reason.too_short = false;
        }
        Some(Overlay::Prompt(prompt)) => {
            text.chars().filter(|c| !c.is_control()).for_each(|c| prompt.line.insert(c));
            prompt.wrong = None;
        }
        Some(Overlay::Find(_)) => find::pasted(state, text),
        _ => {}
    }
}

/// Lines that a page key scrolls a confirm dialog by.
const PAGE: usize = 4;

fn confirm(state: &mut State, dialog: &mut Confirm, key: Key) -> Vec<Effect> {
    let keep = |state: &mut State, dialog: &Confirm| {
        state.overlays.push(Overlay::Confirm(dialog.clone()));
        Vec::new()
    };
    // By when the key was pressed: what was typed ahead of a screen that hung was not meant for what it shows now.
    let pressed = state.pressed_at;
    let held = dialog.ignored.is_some_and(|(last, at)| last == key && pressed.since(at) < DEAF_MS);
    let seen = dialog.shown_at.is_some_and(|shown| pressed.since(shown) >= DEAF_MS);
    if !seen || held {
        dialog.ignored = Some((key, pressed));
        return keep(state, dialog);
    }
    dialog.ignored = None;
    // Its keys are those of an input line on every key map: what confirms must not depend on one.
    if key.code == KeyCode::Esc {
        return cancelled(state);
    }
    // What can not be read can not be agreed to.
    if !confirm::fits(state.size) {
        return keep(state, dialog);
    }
    if matches!(key.code, KeyCode::Down | KeyCode::Up | KeyCode::PageDown | KeyCode::PageUp) {
        // The drawing says where it ends.
        dialog.scroll = scrolled_beside_text(key, dialog.scroll, PAGE).unwrap_or_default();
        return keep(state, dialog);
    }
    match &dialog.danger.phrase {
        Asked::Key(wanted) => match key.code {
            KeyCode::Char(c) if c == *wanted && !key.ctrl && !key.alt => plan::confirmed(state, dialog.plan),
            // Cancel has the focus.
            KeyCode::Enter | KeyCode::Char('n' | 'q') => cancelled(state),
            _ => keep(state, dialog),
        },
        Asked::Typed(_) => match key.code {
            KeyCode::Enter if dialog.is_typed() => plan::confirmed(state, dialog.plan),
            KeyCode::Enter if dialog.typed.text().trim().is_empty() => cancelled(state),
            KeyCode::Enter => {
                dialog.refused = Some(Refused::Wrong);
                keep(state, dialog)
            }
            code => {
                // What was refused is typed anew; it can be mended as well.
                if dialog.refused == Some(Refused::Wrong) && matches!(code, KeyCode::Char(_)) && !key.ctrl && !key.alt {
                    dialog.typed = Line::default();
                }
                if dialog.typed.edit(key) {
                    dialog.refused = None;
                }
                keep(state, dialog)
            }
        },
    }
}

fn cancelled(state: &mut State) -> Vec<Effect> {
    state.notices.say(state.now, crate::app::notices::Loudness::Info, Phrase::new("notice.cancelled"));
    Vec::new()
}
