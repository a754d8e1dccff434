//! The keys that work here, the most useful first.

use std::borrow::Cow;

use crate::app::{
    browse::Layout,
    command::Command,
    confirm::Asked,
    find,
    geometry::Area,
    overlay::Overlay,
    state::{Screen, State},
    update::disabled,
};

use super::super::{
    canvas::Canvas,
    text::{self, Cut},
    theme::Role,
};

/// The key to show for a command, as people write it.
pub fn key_of(state: &State, command: Command) -> String {
    state.keymap.keys(command).first().map(|key| key.name()).unwrap_or_default()
}

/// Commands of the key line, the most useful first.
fn shown(state: &State) -> &'static [Command] {
    use Command as C;
    match state.screen {
        Screen::Inventory => match state.browse.layout {
            Layout::Tree if state.has_tree_pane() => &[
                C::ToggleMark,
                C::MarkVisible,
                C::Plan,
                C::Filter,
                C::NextPane,
                C::Open,
                C::Copy,
                C::Help,
                C::Back,
                C::MarkDetach,
                C::MarkRange,
                C::Sort,
                C::Layout,
                C::NextFinding,
                C::Refresh,
                C::GoCalls,
            ],
            Layout::Tree => &[
                C::ToggleMark,
                C::MarkVisible,
                C::MarkDetach,
                C::Plan,
                C::Filter,
                C::Open,
                C::Help,
                C::Back,
                C::Copy,
                C::MarkRange,
                C::Layout,
                C::NextFinding,
                C::Refresh,
                C::GoCalls,
            ],
            Layout::Table { .. } => &[
                C::ToggleMark,
                C::MarkVisible,
                C::Plan,
                C::Filter,
                C::Open,
                C::Sort,
                C::Help,
                C::Back,
                C::Copy,
                C::Layout,
                C::ReverseSort,
                C::MarkDetach,
                C::Refresh,
                C::GoCalls,
            ],
        },
        Screen::Plan => &[
            C::Confirm,
            C::Close,
            C::DropRow,
            C::DryRun,
            C::Override,
            C::Open,
            C::Rebuild,
            C::Export,
            C::Filter,
            C::Help,
            C::Copy,
            C::GoInventory,
            C::GoCalls,
        ],
        Screen::Run if state.is_running() => {
            &[C::Pause, C::Stop, C::Open, C::GoInventory, C::GoCalls, C::Filter, C::Help, C::Copy, C::Language]
        }
        Screen::Run => &[
            C::RetryFailed,
            C::Recheck,
            C::Undo,
            C::Open,
            C::Export,
            C::Filter,
            C::Copy,
            C::GoInventory,
            C::Help,
            C::GoCalls,
            C::Back,
            C::Language,
        ],
        Screen::History if state.history.opened.is_some() => &[
            C::Open,
            C::ToggleMark,
            C::Undo,
            C::RetryFailed,
            C::Compare,
            C::Export,
            C::Close,
            C::Copy,
            C::Help,
            C::GoInventory,
            C::GoCalls,
            C::Refresh,
        ],
        Screen::History => &[
            C::Open,
            C::Undo,
            C::Filter,
            C::Export,
            C::GoInventory,
            C::Help,
            C::Copy,
            C::Refresh,
            C::GoCalls,
            C::Earlier,
            C::Back,
            C::Language,
        ],
        Screen::Calls => {
            &[C::Open, C::Filter, C::NextFinding, C::Copy, C::GoInventory, C::GoRun, C::Help, C::Back, C::Language]
        }
        Screen::Welcome if !state.problems.is_empty() => &[C::StartDemo, C::Language, C::Help, C::Back],
        Screen::Welcome if state.found.is_empty() => {
            &[C::StartDemo, C::WriteConfig, C::Language, C::Copy, C::Help, C::Back]
        }
        Screen::Welcome => &[C::UseFound, C::WriteConfig, C::StartDemo, C::Language, C::Help, C::Back],
    }
}

/// Cells between two keys.
const GAP: u16 = 3;

pub fn draw(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    // Where something is typed the keys of an input line are fixed.
    let fixed = |pairs: &[(&'static str, &'static str)]| -> Vec<(String, Cow<'_, str>, bool)> {
        pairs.iter().map(|(key, label)| ((*key).to_owned(), Cow::Owned(words.word(label).to_owned()), true)).collect()
    };
    let bound = |pairs: &[(&[Command], &'static str)]| -> Vec<(String, Cow<'_, str>, bool)> {
        let key = |commands: &[Command]| {
            let keys: Vec<String> = commands.iter().map(|&command| key_of(state, command)).collect();
            keys.join(" ")
        };
        pairs.iter().map(|(of, label)| (key(of), Cow::Owned(words.word(label).to_owned()), true)).collect()
    };
    let mut list: Vec<(String, Cow<'_, str>, bool)> = match state.overlays.last() {
        Some(Overlay::Confirm(dialog)) => match &dialog.danger.phrase {
            Asked::Key(key) => {
                let mut list = fixed(&[("esc", "keys.cancel")]);
                list.insert(0, (key.to_string(), Cow::Borrowed(words.word("keys.go")), true));
                list
            }
            Asked::Typed(_) if dialog.is_typed() => fixed(&[("esc", "keys.cancel"), ("enter", "keys.go")]),
            Asked::Typed(_) => fixed(&[("esc", "keys.cancel"), ("enter", "keys.go-typed")]),
        },
        Some(Overlay::Help(_)) => fixed(&[("a-z", "keys.search"), ("up down", "keys.scroll"), ("esc", "keys.close")]),
        Some(Overlay::Detail { .. }) if state.screen == Screen::Inventory => bound(&[
            (&[Command::ToggleMark], "key.toggle-mark"),
            (&[Command::MarkDetach], "key.mark-detach"),
            (&[Command::Plan], "key.plan"),
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Copy], "keys.copy"),
            (&[Command::CopyMore], "key.copy-more"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Detail { .. } | Overlay::Call { .. }) => bound(&[
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Top, Command::Bottom], "keys.ends"),
            (&[Command::Copy], "keys.copy"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::DryRun { .. }) => bound(&[
            (&[Command::NextFinding, Command::PreviousFinding], "keys.leaf"),
            (&[Command::Copy], "keys.copy-line"),
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Earlier { .. }) => bound(&[
            (&[Command::Down, Command::Up], "keys.scroll"),
            (&[Command::Refresh], "keys.read-again"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Find(_)) => {
            fixed(&[("enter", "keys.find-stay"), ("down up", "keys.find-step"), ("esc", "keys.find-back")])
        }
        Some(Overlay::Prompt(_)) => {
            fixed(&[("enter", "keys.run-command"), ("tab", "keys.complete"), ("esc", "keys.close")])
        }
        Some(Overlay::Reason(_)) => fixed(&[("enter", "keys.override"), ("esc", "keys.cancel")]),
        Some(Overlay::Quit) => bound(&[(&[Command::Close], "keys.stay"), (&[Command::Stop], "keys.stop-and-quit")]),
        Some(Overlay::ExportMenu { .. }) => bound(&[
            (&[Command::Open], "keys.export"),
            (&[Command::Down, Command::Up], "keys.choose"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::Columns { .. }) => bound(&[
            (&[Command::ToggleMark], "keys.show-or-hide"),
            (&[Command::Down, Command::Up], "keys.choose"),
            (&[Command::Close], "keys.close"),
        ]),
        Some(Overlay::CopyMenu { .. }) => bound(&[
            (&[Command::Open], "keys.copy"),
            (&[Command::Down, Command::Up], "keys.choose"),
            (&[Command::Close], "keys.close"),
        ]),
        None if state.screen == Screen::Inventory && state.browse.editing => fixed(&[
            ("enter", "keys.filter-keep"),
            ("esc", "keys.filter-drop"),
            ("up", "keys.filter-recall"),
            ("down", "keys.filter-list"),
        ]),
        None if state.screen == Screen::History && state.history.editing => fixed(&[
            ("enter", "keys.filter-keep"),
            ("esc", "keys.filter-drop"),
            ("up", "keys.filter-recall"),
            ("down", "keys.filter-list"),
        ]),
        None => shown(state)
            .iter()
            // Nothing is left that they could be pressed for.
            .filter(|&&command| {
                let only_for_some = match command {
                    Command::Confirm | Command::DryRun => {
                        state.plan.as_ref().is_some_and(|view| view.plan.operations().is_empty())
                    }
                    Command::RetryFailed | Command::Recheck | Command::Override | Command::Undo | Command::Earlier => {
                        true
                    }
                    _ => false,
                };
                !only_for_some || disabled(state, command).is_none()
            })
            .map(|&command| {
                // Only at the top it leaves the program.
                let is_back = command == Command::Back && !matches!(state.screen, Screen::Inventory | Screen::Welcome);
                let name = match command {
                    Command::Filter if find::is_on(state.screen) => "find",
                    _ if is_back => Command::Close.name(),
                    _ => command.name(),
                };
                let label = words.text(&format!("key.{name}"), &[]).into_owned();
                (key_of(state, command), Cow::Owned(label), disabled(state, command).is_none())
            })
            .collect(),
    };
    // A page that is longer than its window says how the rest is reached, before keys that have no room.
    if state.screen == Screen::Welcome && state.overlays.is_empty() && canvas.ends.is_some_and(|last| last > 0) {
        let scroll = bound(&[(&[Command::Down, Command::Up], "keys.scroll")]);
        list.splice(0..0, scroll);
        // What is not needed to go on makes room for it.
        let (copy, language) = (key_of(state, Command::Copy), key_of(state, Command::Language));
        list.retain(|(key, ..)| *key != copy);
        list.sort_by_key(|(key, ..)| *key == language);
    }
    let wide = |(key, label, _): &(String, Cow<'_, str>, bool)| {
        u16::try_from(text::cells(key) + 1 + text::cells(label)).unwrap_or(u16::MAX)
    };
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1);
    // The help stays when others have to go: it tells about them.
    let help = key_of(state, Command::Help);
    let is_help = |item: &(String, Cow<'_, str>, bool)| state.overlays.is_empty() && item.0 == help;
    let mut kept = list.iter().find(|item| is_help(item)).map_or(0, |item| wide(item) + GAP);
    for (nth, item) in list.iter().enumerate() {
        let gap = if nth == 0 { 0 } else { GAP };
        if is_help(item) {
            kept = 0;
        } else if wide(item) + gap + kept > pen.room() {
            if kept == 0 {
                break;
            }
            continue;
        }
        let ((key, label, on), wide) = (item, wide(item));
        pen.gap(gap).put(key, if *on { Role::Key } else { Role::Dim }).gap(1);
        pen.put_within(label, wide, Cut::End, Role::Dim);
    }
}
