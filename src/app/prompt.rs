//! The command line: a command by its name, or one of a few with something behind it.

use super::{browse::Line, command::Command, export::ExportForm, notices::Phrase, state::State, theme::ThemeName};

/// The line while it is written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Prompt {
    pub line: Line,
    /// Why enter did nothing.
    pub wrong: Option<Phrase>,
}

/// Words that begin a line and are no command's name.
pub const VERBS: [&str; 6] = ["export", "filter", "lang", "profile", "q", "theme"];

/// The languages as they are typed.
pub const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// The theme that it began with, as it is typed.
pub const OWN_THEME: &str = "auto";

/// The themes as they are typed.
pub fn themes() -> impl Iterator<Item = &'static str> {
    std::iter::once(OWN_THEME).chain(ThemeName::ALL.into_iter().map(ThemeName::name))
}

/// Can the command be given by its name? Movement is for keys, and what only closes or interrupts has nothing to close here.
pub fn is_named(state: &State, command: Command) -> bool {
    command.context().holds(state.screen)
        && command.group() != super::command::Group::Move
        && !matches!(command, Command::Close | Command::Interrupt | Command::Prompt)
}

impl Prompt {
    /// What the word under way may become, in order.
    pub fn candidates(&self, state: &State) -> Vec<String> {
        let text = self.line.text();
        let (all, typed): (Vec<String>, &str) = match text.split_once(' ') {
            None => {
                let names = Command::ALL.iter().filter(|command| is_named(state, **command)).map(|it| it.name());
                let mut all: Vec<String> = names.chain(VERBS).map(str::to_owned).collect();
                all.sort_unstable();
                all.dedup();
                (all, text)
            }
            Some(("profile", typed)) => (state.profiles.iter().map(|info| info.id.to_string()).collect(), typed),
            Some(("lang", typed)) => (LANGUAGES.map(str::to_owned).to_vec(), typed),
            Some(("theme", typed)) => (themes().map(str::to_owned).collect(), typed),
            Some(("export", typed)) => {
                (ExportForm::of(state).iter().map(|form| form.word().to_owned()).collect(), typed)
            }
            Some(_) => return Vec::new(),
        };
        all.into_iter().filter(|name| name.starts_with(typed.trim_start())).collect()
    }

    /// As much more as all candidates have in common; a space behind the only one that takes something.
    pub fn complete(&mut self, state: &State) {
        let candidates = self.candidates(state);
        let Some(first) = candidates.first() else { return };
        let common = candidates.iter().fold(first.as_str(), |common, name| {
            let same = common.char_indices().zip(name.chars()).find(|((_, a), b)| a != b);
            let end = same.map_or(common.len().min(name.len()), |((at, _), _)| at);
            &common[..end]
        });
        let text = self.line.text();
        let done = text.split_once(' ').map_or(String::new(), |(verb, _)| format!("{verb} "));
        let takes_more = candidates.len() == 1 && done.is_empty() && VERBS.contains(&common) && common != "q";
        self.line = Line::with(&format!("{done}{common}{}", if takes_more { " " } else { "" }));
    }
}
