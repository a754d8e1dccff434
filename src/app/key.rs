//! Input as the program sees it, free of any terminal library.

/// A key with its modifiers. Shift is part of the character.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// Why a key's name could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a key; keys are written like a, G, space, enter, esc, tab, ctrl-d, alt-x, f1")]
pub struct KeyError(pub String);

/// Names of keys that are no character, as a person may misspell them.
pub const NAMES: [&str; 16] = [
    "space",
    "enter",
    "esc",
    "tab",
    "s-tab",
    "backspace",
    "delete",
    "insert",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pgup",
    "pgdn",
];

/// Keys as they are written, one of each sort.
pub const LIKE: [&str; 8] = ["a", "G", "space", "enter", "pgup", "f5", "ctrl-e", "alt-x"];

impl Key {
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true, alt: false }
    }

    /// Could it be meant as text? Where something is typed, such a key is never a command.
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.ctrl && !self.alt
    }

    /// Can a key map bind it? Not what interrupts on every map, not what corrects text and is pressed too often by habit, and not
    /// what a terminal sends for another key.
    pub fn is_free(self) -> bool {
        let as_another = |c: char| matches!(c, 'i' | 'j' | 'm' | '[' | 'h') || c.is_uppercase();
        match self.code {
            KeyCode::Backspace | KeyCode::Delete => false,
            KeyCode::Char(c) if self.ctrl => !as_another(c) && (c != 'c' || self.alt),
            _ => true,
        }
    }

    /// Does it answer a dialog or edit a line? A command that is asked before those must leave it to them.
    pub fn is_of_dialogs(self) -> bool {
        !matches!(self.code, KeyCode::Char(_) | KeyCode::F(_) | KeyCode::Insert)
    }

    /// Reads a key's name, as the key map spells it.
    ///
    /// # Errors
    /// A name that is no key.
    pub fn parse(name: &str) -> Result<Self, KeyError> {
        let mut rest = name;
        let (mut ctrl, mut alt) = (false, false);
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-").filter(|after| !after.is_empty()) {
                (ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("alt-").filter(|after| !after.is_empty()) {
                (alt, rest) = (true, after);
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => match rest {
                "space" => KeyCode::Char(' '),
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "s-tab" => KeyCode::BackTab,
                "backspace" => KeyCode::Backspace,
                "delete" => KeyCode::Delete,
                "insert" => KeyCode::Insert,
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                "home" => KeyCode::Home,
                "end" => KeyCode::End,
                "pgup" => KeyCode::PageUp,
                "pgdn" => KeyCode::PageDown,
                _ => match rest.strip_prefix('f').and_then(|n| n.parse().ok()) {
                    Some(n @ 1..=12) => KeyCode::F(n),
                    _ => return Err(KeyError(name.to_owned())),
                },
            },
        };
        Ok(Self { code, ctrl, alt })
    }

    /// The name the key map and the help use.
    pub fn name(self) -> String {
        let base = match self.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "enter".to_owned(),
            KeyCode::Esc => "esc".to_owned(),
            KeyCode::Tab => "tab".to_owned(),
            KeyCode::BackTab => "s-tab".to_owned(),
            KeyCode::Backspace => "backspace".to_owned(),
            KeyCode::Delete => "delete".to_owned(),
            KeyCode::Insert => "insert".to_owned(),
            KeyCode::Up => "up".to_owned(),
            KeyCode::Down => "down".to_owned(),
            KeyCode::Left => "left".to_owned(),
            KeyCode::Right => "right".to_owned(),
            KeyCode::Home => "home".to_owned(),
            KeyCode::End => "end".to_owned(),
            KeyCode::PageUp => "pgup".to_owned(),
            KeyCode::PageDown => "pgdn".to_owned(),
            KeyCode::F(n) => format!("f{n}"),
        };
        let ctrl = if self.ctrl { "ctrl-" } else { "" };
        let alt = if self.alt { "alt-" } else { "" };
        format!("{ctrl}{alt}{base}")
    }
}

/// What came from the terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    Key(Key),
    /// A bracketed paste: text for an input line, never keys.
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_everywhere_is_not_free() {
        let free = |name: &str| Key::parse(name).map(Key::is_free);
        for name in ["ctrl-c", "ctrl-m", "ctrl-i", "ctrl-D", "backspace", "delete"] {
            assert_eq!(free(name), Ok(false), "{name}");
        }
        for name in ["c", "ctrl-d", "alt-c", "f1", "space", "G", "insert"] {
            assert_eq!(free(name), Ok(true), "{name}");
        }
    }

    #[test]
    fn names_round_trip() {
        for name in NAMES {
            assert_eq!(Key::parse(name).map(Key::name), Ok(name.to_owned()));
        }
        for name in ["a", "G", "/", "space", "enter", "s-tab", "ctrl-d", "alt-x", "ctrl-alt-k", "f12", "-", "\\"] {
            assert_eq!(Key::parse(name).map(Key::name), Ok(name.to_owned()));
        }
        for bad in ["", "f13", "ctrl-", "shift-a", "spacebar"] {
            assert!(Key::parse(bad).is_err(), "{bad}");
        }
    }
}
