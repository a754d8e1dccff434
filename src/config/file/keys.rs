//! Keys of one's own for commands.

use std::{collections::BTreeMap, ops::Range};

use super::reader::{Reader, Section};
use crate::{
    app::{
        command::Command,
        key::{self, Key},
        keymap::Keymap,
    },
    config::error::{ProblemKind, Wanted, suggest},
};

impl Reader<'_> {
    /// The default keys with those of the section. A command that is named there has those keys only.
    pub(super) fn keys(&mut self, section: &Section<'_, '_>) -> Keymap {
        self.unknown_keys(section, Command::NAMES);
        let mut changes: BTreeMap<Command, Vec<(Key, Range<usize>)>> = BTreeMap::new();
        for &command in Command::ALL {
            let Some(value) = section.get(command.name()) else { continue };
            // One key may stand without brackets.
            let alone = [value];
            let entries: Vec<_> = match value.get_ref().as_array() {
                Some(list) => list.iter().collect(),
                None => alone.to_vec(),
            };
            if entries.is_empty() {
                self.problem(value.span(), ProblemKind::EmptyList { key: command.name() });
            }
            let mut keys: Vec<(Key, Range<usize>)> = Vec::new();
            for entry in entries {
                let Some(text) = entry.get_ref().as_str() else {
                    self.wrong_type(command.name(), Wanted::Texts, entry);
                    continue;
                };
                match Key::parse(text) {
                    Err(_) => {
                        let suggestion = suggest(text, key::NAMES);
                        self.problem(entry.span(), ProblemKind::NoKey { given: text.to_owned(), suggestion });
                    }
                    Ok(key)
                        if !Keymap::default().does(key, command)
                            && (!key.is_free() || (command.is_asked_first() && key.is_of_dialogs())) =>
                    {
                        self.problem(entry.span(), ProblemKind::KeyTaken { key: key.name() });
                    }
                    Ok(key) if keys.iter().any(|(other, _)| *other == key) => {
                        self.problem(entry.span(), ProblemKind::Twice { key: command.name(), value: key.name() });
                    }
                    Ok(key) => keys.push((key, entry.span())),
                }
            }
            if !keys.is_empty() {
                changes.insert(command, keys);
            }
        }
        let plain = |keys: &[(Key, Range<usize>)]| keys.iter().map(|(key, _)| *key).collect();
        let map = Keymap::default().with(changes.iter().map(|(&command, keys)| (command, plain(keys))));
        for clash in map.clashes() {
            let at = |command: Command| {
                let keys = changes.get(&command)?;
                keys.iter().find(|(key, _)| *key == clash.key).map(|(_, span)| (span.clone(), command))
            };
            // The later of the two is the slip; what the program brought along is none.
            let (first, second) = (at(clash.first), at(clash.second));
            let default = first.is_none() || second.is_none();
            let Some((span, command)) = first.into_iter().chain(second).max_by_key(|(span, _)| span.start) else {
                continue;
            };
            let other = if command == clash.first { clash.second } else { clash.first };
            let (key, command, other) = (clash.key.name(), command.name(), other.name());
            self.problem(span, ProblemKind::KeyTwice { key, command, other, default });
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{app::state::Language, config::file, ui::catalog::Catalogs};

    fn read(keys: &str) -> Result<Keymap, Vec<String>> {
        let text = format!("version = 1\n[keys]\n{keys}");
        let told = |error| {
            let words = Catalogs::embedded().unwrap();
            let told = crate::told::error(&error, words.of(Language::English));
            told.lines().map(|line| line.strip_prefix("c.toml:").expect("a place").to_owned()).collect()
        };
        file::parse(Path::new("c.toml"), &text, &[], &|_| false).map(|file| file.keys).map_err(told)
    }

    #[test]
    fn a_command_has_the_keys_that_the_config_gives_it_and_the_others_theirs() {
        let map = read("plan = \"x\"\nrefresh = [\"f5\", \"R\"]\ninterrupt = [\"ctrl-c\", \"f12\"]\n").unwrap();
        assert_eq!(map.keys(Command::Plan), [Key::char('x')]);
        assert_eq!(map.keys(Command::Refresh).iter().map(|key| key.name()).collect::<Vec<_>>(), ["f5", "R"]);
        assert_eq!(map.keys(Command::Down), Keymap::default().keys(Command::Down));
        assert_eq!(read("").unwrap(), Keymap::default());
    }

    #[test]
    fn a_mistake_is_told_where_it_stands_with_what_would_be_right() {
        let cases = [
            ("plann = \"x\"", "3:1: unknown key `plann` in [keys]; did you mean `plan`?"),
            ("plan = 1", "3:8: `plan` has to be a list of texts, as in [\"one\", \"two\"], this is a whole number"),
            ("plan = []", "3:8: `plan` needs at least one entry"),
            ("plan = [\"x\", \"x\"]", "3:14: `plan` has \"x\" twice; once is enough"),
            (
                "plan = \"spac\"",
                "3:8: `spac` is no key; keys are written like `a`, `G`, `space`, `enter`, `pgup`, `f5`, `ctrl-e`, `alt-x`; \
                 did you mean `space`?",
            ),
            (
                "plan = \"ctrl-c\"",
                "3:8: `ctrl-c` can not be bound: it corrects text, interrupts, answers dialogs, or is another key for the terminal",
            ),
            (
                "plan = \"q\"",
                "3:8: `q` would do both `plan` and `back` on the same screen; choose another key, or give `back` another one here",
            ),
            (
                "layout = \"x\"\nplan = [\"f2\", \"x\"]",
                "4:15: `x` would do both `plan` and `layout` on the same screen; give one of them another key",
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), Err(vec![wanted.to_owned()]), "{text}");
        }
        assert!(read("plan = \"q\"\nback = \"f10\"").is_ok(), "the other one has a key of its own now");
        assert!(read("rebuild = \"P\"").is_ok(), "what never meets on a screen may share a key");
    }

    #[test]
    fn what_is_asked_before_dialogs_leaves_their_keys_to_them() {
        for command in ["redraw", "suspend", "interrupt"] {
            for key in ["enter", "esc", "tab", "s-tab", "up", "down", "left", "right", "home", "end", "pgup", "pgdn"] {
                // Nothing else has the key, so that it is refused for itself.
                let told = read(&format!("{command} = \"{key}\"")).unwrap_err().join("\n");
                assert!(told.contains(&format!("`{key}` can not be bound")), "{command}: {told}");
            }
            assert!(read(&format!("{command} = \"f5\"")).is_ok());
        }
        assert!(read("plan = \"left\"\nfold = \"h\"").is_ok(), "a screen's own command may have it");
    }

    #[test]
    fn keys_that_are_wrong_leave_the_default_ones_to_the_sentences() {
        let good = "version = 1\nnonsense = 1\n[keys]\nplan = \"x\"\n";
        assert_eq!(file::keys(good).keys(Command::Plan), [Key::char('x')], "whatever else is wrong");
        assert_eq!(file::keys("[keys]\nplan = \"q\"\n"), Keymap::default());
        assert_eq!(file::keys("[keys\nplan = "), Keymap::default());
    }
}
