//! The words of one language, by dotted key. A locale file may nest its tables as it likes: `[plan] title` is `plan.title`.
//!
//! A template holds `{name}` where a value goes, and `{name:one|many}` where the word depends on the value being 1.
//! `{key.<command>}` is the key that does it. A key that is missing shows itself; tests see to it that none is.

mod finding;

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use crate::app::{command::Command, keymap::Keymap, notices::Phrase, state::Language};

use super::errors::Errors;

pub use finding::Part;

const ENGLISH: &str = include_str!("../../assets/locales/en.toml");
const CHINESE: &str = include_str!("../../assets/locales/zh-CN.toml");

/// One language.
#[derive(Clone, PartialEq, Debug)]
pub struct Catalog {
    texts: HashMap<String, String>,
    pub language: Language,
    /// The vendors' error codes, in all languages.
    pub errors: Arc<Errors>,
}

/// A locale file that can not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("not TOML: {0}")]
    Toml(String),
    #[error("{0} is neither a text nor a table")]
    Kind(String),
    #[error("{0} stands twice")]
    Twice(String),
}

/// All languages, read once at start.
#[derive(Clone, PartialEq, Debug)]
pub struct Catalogs {
    english: Catalog,
    chinese: Catalog,
}

impl Catalogs {
    /// Reads the files that are part of the program.
    ///
    /// # Errors
    /// None in a program whose tests pass.
    pub fn embedded() -> Result<Self, CatalogError> {
        let chinese = Catalog { language: Language::Chinese, ..Catalog::parse(CHINESE)? };
        Ok(Self { english: Catalog::parse(ENGLISH)?, chinese })
    }

    /// With sentences for the error codes of these clouds: (id, file).
    ///
    /// # Errors
    /// See [`Errors::read`].
    pub fn with_errors<'t>(self, files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, CatalogError> {
        let errors = Arc::new(Errors::read(files)?);
        let with = |catalog: Catalog| Catalog { errors: Arc::clone(&errors), ..catalog };
        Ok(Self { english: with(self.english), chinese: with(self.chinese) })
    }

    /// Puts the keys of this map into the sentences that name one.
    #[must_use]
    pub fn with_keys(self, keymap: &Keymap) -> Self {
        Self { english: self.english.with_keys(keymap), chinese: self.chinese.with_keys(keymap) }
    }

    pub fn of(&self, language: Language) -> &Catalog {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }
}

impl Catalog {
    /// Reads a locale file, taken for English.
    ///
    /// # Errors
    /// Text that is no TOML, or holds anything but tables and texts.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| CatalogError::Toml(error.to_string()))?;
        let mut texts = HashMap::new();
        flatten("", table, &mut texts)?;
        Ok(Self { texts, language: Language::English, errors: Arc::default() })
    }

    /// Puts the keys of this map into the sentences that name one.
    #[must_use]
    pub fn with_keys(mut self, keymap: &Keymap) -> Self {
        for text in self.texts.values_mut().filter(|text| text.contains("{key.")) {
            for &command in Command::ALL {
                let slot = format!("{{key.{}}}", command.name());
                if text.contains(&slot) {
                    let key = keymap.keys(command).first().map(|key| key.name());
                    *text = text.replace(&slot, key.as_deref().unwrap_or("-"));
                }
            }
        }
        self
    }

    /// The text of a key that takes no values, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The text of a key that takes no values.
    pub fn word<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The text of a key, filled in. A value that is not there shows as `?`.
    pub fn text<'a>(&'a self, key: &'a str, values: &[(&str, &str)]) -> Cow<'a, str> {
        fill(self.word(key), |name| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    /// A phrase of the program's state, in words.
    pub fn phrase(&self, phrase: &Phrase) -> String {
        let inner = phrase.inner.iter().map(|(name, inner)| (*name, self.phrase(inner)));
        let facts = phrase
            .facts
            .iter()
            .filter_map(|(name, finding, act)| Some((*name, self.finding(finding, Part::Fact, *act)?)));
        let inner: Vec<(&str, String)> = inner.chain(facts).collect();
        fill(self.word(phrase.key), |name| {
            let mut values = phrase.values.iter().chain(&inner);
            values.find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
        })
        .into_owned()
    }

    /// All keys, for tests.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

fn flatten(prefix: &str, table: toml::Table, out: &mut HashMap<String, String>) -> Result<(), CatalogError> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => {
                out.insert(key, text);
            }
            toml::Value::Table(table) => flatten(&key, table, out)?,
            _ => return Err(CatalogError::Kind(key)),
        }
    }
    Ok(())
}

/// Puts values into a template. Between Chinese and Latin letters or digits stands a space, also where a value begins or ends:
/// which of them it brings is not known before.
pub(super) fn fill<'a, 'v>(template: &'a str, value: impl Fn(&str) -> Option<&'v str>) -> Cow<'a, str> {
    if !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let chinese = template.contains(is_han);
    let put = |out: &mut String, text: &str| {
        let meet = out.chars().next_back().zip(text.chars().next());
        let apart =
            |(a, b): (char, char)| is_han(a) && b.is_ascii_alphanumeric() || a.is_ascii_alphanumeric() && is_han(b);
        if chinese && meet.is_some_and(apart) {
            out.push(' ');
        }
        out.push_str(text);
    };
    let mut out = String::with_capacity(template.len() + 24);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        put(&mut out, before);
        let Some((slot, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match slot.split_once(':') {
            None => put(&mut out, value(slot).unwrap_or("?")),
            Some((name, words)) => {
                let (one, many) = words.split_once('|').unwrap_or((words, words));
                out.push_str(if value(name) == Some("1") { one } else { many });
            }
        }
        rest = after;
    }
    put(&mut out, rest);
    Cow::Owned(out)
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[cfg(test)]
mod tests;
