//! `:`: commands by name.

use crate::app::{
    browse::Line,
    command::Command,
    effect::Effect,
    export::ExportForm,
    key::{Key, KeyCode},
    notices::Phrase,
    overlay::Overlay,
    prompt::{self, Prompt},
    state::{Language, Screen, State},
    theme::ThemeName,
};

use super::{disabled, export, filter, history};

/// A key in the line.
pub fn press(state: &mut State, mut line: Prompt, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        // Deleting behind the beginning leaves it, as it was entered.
        KeyCode::Backspace if line.line.text().is_empty() => return Vec::new(),
        KeyCode::Tab => line.complete(state),
        KeyCode::Enter => match given(state, line.line.text().trim()) {
            Ok(effects) => return effects,
            Err(wrong) => line.wrong = Some(wrong),
        },
        _ => {
            if line.line.edit(key) {
                line.wrong = None;
            }
        }
    }
    state.overlays.push(Overlay::Prompt(line));
    Vec::new()
}

/// Carries a line out.
fn given(state: &mut State, text: &str) -> Result<Vec<Effect>, Phrase> {
    let (verb, rest) = text.split_once(' ').map_or((text, ""), |(verb, rest)| (verb, rest.trim()));
    match (verb, rest) {
        ("", _) => Ok(Vec::new()),
        ("q" | "quit", "") => Ok(super::quit(state)),
        ("lang", "en") => Ok(speak(state, Language::English)),
        ("lang", "zh" | "zh-CN") => Ok(speak(state, Language::Chinese)),
        ("lang", _) => Err(takes("lang", &prompt::LANGUAGES)),
        ("profile", name) => {
            let mut names = state.profiles.iter().map(|info| info.id.as_str());
            match names.find(|known| *known == name) {
                Some(known) => Ok(narrow(state, &format!("profile:\"{known}\""))),
                None => {
                    let names: Vec<&str> = state.profiles.iter().map(|info| info.id.as_str()).collect();
                    Err(takes("profile", &names))
                }
            }
        }
        ("theme", name) => {
            let named = ThemeName::ALL.into_iter().find(|theme| theme.name() == name);
            if named.is_none() && name != prompt::OWN_THEME {
                return Err(takes("theme", &prompt::themes().collect::<Vec<_>>()));
            }
            if !state.color {
                return Err(Phrase::new("prompt.no-color"));
            }
            state.theme = named;
            Ok(Vec::new())
        }
        ("filter", expr) => Ok(narrow(state, expr)),
        ("export", rest) if !rest.is_empty() => {
            if !Command::Export.context().holds(state.screen) {
                return Err(Phrase::new("prompt.not-here").with("name", "export"));
            }
            if let Some(why) = export::disabled(state) {
                return Err(why);
            }
            let (form, path) = rest.split_once(' ').unwrap_or((rest, ""));
            let forms = ExportForm::of(state);
            match forms.iter().find(|known| known.word() == form) {
                Some(form) => Ok(export::take(state, *form, unquoted(path.trim())?)),
                None => Err(takes("export", &forms.iter().map(|form| form.word()).collect::<Vec<_>>())),
            }
        }
        (name, rest) => {
            let Some(&command) = Command::ALL.iter().find(|command| command.name() == name) else {
                let named =
                    Command::ALL.iter().filter(|command| prompt::is_named(state, **command)).map(|it| it.name());
                return Err(match crate::filter::nearest(name, named.chain(prompt::VERBS).chain(["quit"])) {
                    Some(near) => Phrase::new("prompt.unknown-near").with("name", name).with("near", near),
                    None => Phrase::new("prompt.unknown").with("name", name),
                });
            };
            if !prompt::is_named(state, command) {
                return Err(Phrase::new("prompt.not-here").with("name", name));
            }
            if !rest.is_empty() {
                return Err(Phrase::new("prompt.takes-nothing").with("name", name));
            }
            match disabled(state, command) {
                Some(why) => Err(why),
                None => Ok(super::run_command(state, command)),
            }
        }
    }
}

/// A path as it is meant: quotes around it are none of it. `None`: there is none.
fn unquoted(typed: &str) -> Result<Option<String>, Phrase> {
    let quote = typed.chars().next().filter(|first| matches!(first, '"' | '\''));
    let path = match quote {
        None => typed,
        Some(quote) => match typed[1..].strip_suffix(quote) {
            Some(inner) if !inner.is_empty() => inner,
            _ => return Err(Phrase::new("prompt.open-quote")),
        },
    };
    Ok(Some(path.to_owned()).filter(|path| !path.is_empty()))
}

fn takes(name: &str, what: &[&str]) -> Phrase {
    Phrase::new("prompt.takes").with("name", name).with("what", what.join(", "))
}

fn speak(state: &mut State, language: Language) -> Vec<Effect> {
    state.language = language;
    Vec::new()
}

/// As if it had been typed into the filter's line; a wrong one stays there, with what is wrong.
fn narrow(state: &mut State, expr: &str) -> Vec<Effect> {
    if state.screen == Screen::History && history::filter_disabled(state).is_none() {
        return history::narrow(state, expr);
    }
    if state.screen != Screen::Inventory {
        if state.profiles.is_empty() {
            return Vec::new();
        }
        super::show(state, Screen::Inventory);
    }
    filter::begin(state);
    state.browse.line = Line::with(expr);
    filter::apply(state);
    filter::keep(state);
    Vec::new()
}
