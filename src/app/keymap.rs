//! Which key does what on which screen. The defaults are an asset; a double binding is an error at start-up.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    command::Command,
    key::{Key, KeyError},
    state::Screen,
};

/// The default keys, one table for all: `command = ["key", …]`.
const DEFAULT: &str = include_str!("../../assets/keymap.toml");

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keymap {
    keys: BTreeMap<Command, Vec<Key>>,
}

/// One key that does two things on one screen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Clash {
    pub key: Key,
    pub first: Command,
    pub second: Command,
}

/// What is wrong with a key map.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeymapError {
    #[error("the key map is no TOML table of commands")]
    Form,
    #[error("{0:?} is no command")]
    Command(String),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("{key} does both {first} and {second} on the same screen")]
    Double { key: String, first: &'static str, second: &'static str },
}

impl Keymap {
    /// Reads a key map.
    ///
    /// # Errors
    /// Text that is no table of known commands and keys, or a key bound twice on one screen.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let table: BTreeMap<String, Vec<String>> = toml::from_str(text).map_err(|_| KeymapError::Form)?;
        let mut keys: BTreeMap<Command, Vec<Key>> = BTreeMap::new();
        for (name, list) in table {
            let Some(command) = Command::find(&name) else {
                return Err(KeymapError::Command(name));
            };
            keys.insert(command, list.iter().map(|key| Key::parse(key)).collect::<Result<_, _>>()?);
        }
        let map = Self { keys };
        match map.clashes().into_iter().next() {
            None => Ok(map),
            Some(Clash { key, first, second }) => {
                Err(KeymapError::Double { key: key.name(), first: first.name(), second: second.name() })
            }
        }
    }

    /// The same map with other keys for these commands.
    #[must_use]
    pub fn with(mut self, changes: impl IntoIterator<Item = (Command, Vec<Key>)>) -> Self {
        self.keys.extend(changes);
        self
    }

    /// Every key that does two things on one screen; each pair of commands once.
    pub fn clashes(&self) -> Vec<Clash> {
        let mut clashes = BTreeSet::new();
        for screen in [Screen::Welcome, Screen::Inventory, Screen::Plan, Screen::Run, Screen::History, Screen::Calls] {
            let mut seen: BTreeMap<Key, Command> = BTreeMap::new();
            for (&command, bound) in self.keys.iter().filter(|(command, _)| command.context().holds(screen)) {
                for &key in bound {
                    if let Some(first) = seen.insert(key, command) {
                        clashes.insert(Clash { key, first, second: command });
                    }
                }
            }
        }
        clashes.into_iter().collect()
    }

    /// What the key does on the screen.
    pub fn command(&self, key: Key, screen: Screen) -> Option<Command> {
        self.keys
            .iter()
            .find(|(command, keys)| command.context().holds(screen) && keys.contains(&key))
            .map(|(&command, _)| command)
    }

    /// Is it a key of the command? For what lies over a screen: there the screen's own bindings do not count.
    pub fn does(&self, key: Key, command: Command) -> bool {
        self.keys(command).contains(&key)
    }

    /// The keys of a command, the one to show first.
    pub fn keys(&self, command: Command) -> &[Key] {
        self.keys.get(&command).map_or(&[], Vec::as_slice)
    }
}

impl Default for Keymap {
    fn default() -> Self {
        // A test parses the asset, so the empty map is never seen.
        Self::parse(DEFAULT).unwrap_or(Self { keys: BTreeMap::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_keys_are_valid_and_every_command_has_one() {
        let map = Keymap::parse(DEFAULT).expect("the asset parses");
        for command in Command::ALL {
            assert!(!map.keys(*command).is_empty(), "{} has no key", command.name());
        }
        assert_eq!(map.command(Key::ctrl('d'), Screen::Inventory), Some(Command::HalfPageDown), "never delete");
        assert_eq!(map.command(Key::parse("delete").unwrap(), Screen::Inventory), None);
        assert_eq!(map.command(Key::parse("backspace").unwrap(), Screen::Plan), None);
    }

    #[test]
    fn a_change_takes_the_default_keys_of_its_command_away() {
        let x = Key::char('x');
        let map = Keymap::default().with([(Command::Plan, vec![x])]);
        assert_eq!(map.command(x, Screen::Inventory), Some(Command::Plan));
        assert_eq!(map.command(Key::char('p'), Screen::Inventory), None);
        assert!(map.clashes().is_empty());
        let q = Key::char('q');
        let clash = Clash { key: q, first: Command::Plan, second: Command::Back };
        assert_eq!(map.with([(Command::Plan, vec![q])]).clashes(), [clash], "once, however many screens");
    }

    #[test]
    fn double_binding_is_an_error() {
        assert!(matches!(Keymap::parse("down = [\"j\"]\nup = [\"j\"]"), Err(KeymapError::Double { .. })));
        assert!(Keymap::parse("pause = [\"P\"]\nrebuild = [\"P\"]").is_ok(), "other screens do not collide");
        assert!(matches!(Keymap::parse("fly = [\"j\"]"), Err(KeymapError::Command(_))));
        assert!(matches!(Keymap::parse("down = [\"jj\"]"), Err(KeymapError::Key(_))));
    }
}
