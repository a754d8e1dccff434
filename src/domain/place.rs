//! Where in a file that a person wrote something stands.

use std::{fmt, path::Path, sync::Arc};

use super::clean::clean;

/// A point in a text file. Shown as `file:line:column`, which editors and terminals can jump to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    pub file: Arc<Path>,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl Place {
    /// The place of a byte of `text`. A byte beyond the end counts as the end.
    pub fn of(file: &Arc<Path>, text: &str, byte: usize) -> Self {
        let before = text.get(..byte.min(text.len())).unwrap_or(text);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.clone(),
            line: number(before.matches('\n').count() + 1),
            column: number(before[line_start..].chars().count() + 1),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", clean(&self.file.to_string_lossy()), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let file: Arc<Path> = Arc::from(Path::new("a.toml"));
        let text = "名 = 1\r\n\nx = \"生产\" y";
        let at = |byte| {
            let place = Place::of(&file, text, byte);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(text.find('=').unwrap()), (1, 3));
        assert_eq!(at(text.find("\n\n").unwrap() + 1), (2, 1));
        assert_eq!(at(text.find('y').unwrap()), (3, 10));
        assert_eq!(at(9999), (3, 11));
        assert_eq!(Place::of(&file, "", 0).to_string(), "a.toml:1:1");
    }

    #[test]
    fn a_hostile_file_name_is_shown_harmless() {
        let file: Arc<Path> = Arc::from(Path::new("a\u{1b}[2J.toml"));
        assert_eq!(Place::of(&file, "", 0).to_string(), "a\u{FFFD}[2J.toml:1:1");
    }
}
