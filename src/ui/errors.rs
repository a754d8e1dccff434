//! What the vendors' error codes mean, what to do next, and whether trying again helps: one file for each cloud and one for plain
//! HTTP statuses, `assets/errors/*.toml`, in both languages. The outcome is still the codec's to judge; tests hold both to the same.
//!
//! A table is named by its code. A code with a status behind it (`VPC.2500 404`) goes before the code alone; one `*` stands for
//! anything, and of several such the longest is taken.

use std::collections::HashMap;

use serde::Deserialize;

use crate::{
    app::state::Language,
    domain::{fault::Effect, ids::CloudId},
};

use super::catalog::CatalogError;

/// Answers that carry no code of the vendor's: `HTTP 502`.
const COMMON: &str = include_str!("../../assets/errors/common.toml");

/// Whether the same call may pass when it is made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// As it is, after a moment. nicdeck does so by itself.
    Yes,
    /// When what is in the way has passed, or was looked at.
    Later,
    /// Not before somebody changes something.
    No,
}

/// What the code proves about a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proves {
    /// Nothing was done.
    Nothing,
    /// For a write of the right kind, what it wished for holds already; for others, nothing was done.
    Already,
    /// It may have been done.
    Unknown,
}

impl From<Effect> for Proves {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::NothingRetry | Effect::Nothing => Proves::Nothing,
            Effect::AlreadyDone => Proves::Already,
            Effect::Unknown => Proves::Unknown,
        }
    }
}

/// One language's sentences.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What it means: goes on after a colon, without a full stop. `{action}` is the call.
    pub means: String,
    /// What to do: whole sentences.
    #[serde(rename = "do")]
    pub next: String,
}

/// What is known about a code.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    en: Text,
    #[serde(rename = "zh-CN")]
    zh: Text,
    pub again: Again,
    pub proves: Proves,
    /// Further codes that mean the same.
    #[serde(default)]
    also: Vec<String>,
}

impl Entry {
    pub fn text(&self, language: Language) -> &Text {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Codes {
    entries: Vec<Entry>,
    exact: HashMap<String, usize>,
    /// Before and after the `*`; the longest first.
    patterns: Vec<(String, String, usize)>,
}

impl Codes {
    fn parse(text: &str) -> Result<Self, CatalogError> {
        let tables: HashMap<String, Entry> =
            toml::from_str(text).map_err(|error| CatalogError::Toml(error.to_string()))?;
        let mut codes = Self::default();
        for (name, mut entry) in tables {
            let place = codes.entries.len();
            for code in std::mem::take(&mut entry.also).into_iter().chain([name]) {
                match code.split_once('*') {
                    Some((before, after)) => codes.patterns.push((before.to_owned(), after.to_owned(), place)),
                    None => {
                        if codes.exact.insert(code.clone(), place).is_some() {
                            return Err(CatalogError::Twice(code));
                        }
                    }
                }
            }
            codes.entries.push(entry);
        }
        codes.patterns.sort_by_key(|(before, after, _)| std::cmp::Reverse(before.len() + after.len()));
        Ok(codes)
    }

    fn find(&self, code: &str, status: Option<u16>) -> Option<&Entry> {
        let with_status = || self.exact.get(&format!("{code} {}", status?));
        let like = || {
            let fits = |before: &str, after: &str| {
                code.len() >= before.len() + after.len() && code.starts_with(before) && code.ends_with(after)
            };
            self.patterns.iter().find(|(before, after, _)| fits(before, after)).map(|(.., place)| place)
        };
        with_status().or_else(|| self.exact.get(code)).or_else(like).map(|&place| &self.entries[place])
    }
}

/// Every file, read once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Errors {
    clouds: HashMap<String, Codes>,
    common: Codes,
}

/// What there is to say about an answer that is no success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known<'a> {
    Code(&'a Entry),
    /// The vendor's code is in no file.
    Stranger,
    /// There is no code to look up.
    Nothing,
}

impl Errors {
    /// Reads a file for each cloud: its id and text.
    ///
    /// # Errors
    /// A text that is no TOML or lacks a sentence; a code that stands twice in one file.
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, CatalogError> {
        let clouds = files.into_iter().map(|(cloud, text)| Ok((cloud.to_owned(), Codes::parse(text)?)));
        Ok(Self { clouds: clouds.collect::<Result<_, CatalogError>>()?, common: Codes::parse(COMMON)? })
    }

    /// Looks an answer up: by its code, or where it has none by its HTTP status.
    pub fn find(&self, cloud: &CloudId, code: Option<&str>, status: Option<u16>) -> Known<'_> {
        match (code.filter(|code| !code.is_empty()), self.clouds.get(cloud.as_str())) {
            (Some(code), Some(codes)) => codes.find(code, status).map_or(Known::Stranger, Known::Code),
            (Some(_), None) => Known::Nothing,
            (None, _) => {
                let status = status.filter(|status| *status >= 400);
                let found = status.and_then(|status| self.common.find(&format!("HTTP {status}"), None));
                found.map_or(Known::Nothing, Known::Code)
            }
        }
    }
}

#[cfg(test)]
mod tests;
