//! Text of a config file -> what it says, or every problem it has, each with line and column.
//!
//! Reads TOML's syntax tree by hand: `serde` stops at the first problem, and its messages repeat values, which may be secrets.

mod credentials;
mod keys;
mod profile;
mod protect;
mod reader;

use std::{collections::BTreeMap, ops::RangeInclusive, path::Path, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    choice::{Borders, LanguageChoice, Theme},
    error::{ConfigError, Origin, Problem, ProblemKind, Wanted},
};
use crate::{
    app::keymap::Keymap,
    domain::ids::ProfileId,
    filter::Expr,
    providers::{credential::CredentialSource, profile::Profile, provider::Descriptor},
};
use reader::{Reader, Section, number};

pub(super) use reader::sized;

/// Addresses that one plan may be allowed.
pub(super) const PER_PLAN: RangeInclusive<i64> = 1..=100_000;
/// Percent of a profile's secondary addresses that one plan may be allowed.
pub(super) const PERCENT: RangeInclusive<i64> = 1..=100;

/// The version of the file's format that this program reads.
pub const VERSION: i64 = 1;

const TOP: &[&str] = &["version", "language", "readonly", "ui", "keys", "safety", "profile"];
const UI: &[&str] = &["theme", "borders", "motion", "mouse"];
const SAFETY: &[&str] = &["max_per_plan", "max_percent", "protect"];

/// What a file says. `None` where it says nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ConfigFile {
    pub language: Option<LanguageChoice>,
    pub readonly: Option<bool>,
    pub theme: Option<Theme>,
    pub borders: Option<Borders>,
    pub motion: Option<bool>,
    pub mouse: Option<bool>,
    /// The default keys, with those that the file changes.
    pub keys: Keymap,
    pub max_per_plan: Option<usize>,
    pub max_percent: Option<usize>,
    /// For all profiles.
    pub protect: Vec<Expr>,
    /// Of profiles that have rules of their own.
    pub protect_of: BTreeMap<ProfileId, Vec<Expr>>,
    /// In the order of the file; names are unique.
    pub profiles: Vec<(Profile, CredentialSource)>,
}

/// Reads a config. `clouds` are the clouds there are.
///
/// # Errors
/// Every problem of the file. Where the syntax is broken, only that: what follows from it would mislead.
pub fn parse(
    path: &Path,
    text: &str,
    clouds: &[&'static Descriptor],
    is_set: &dyn Fn(&str) -> bool,
) -> Result<ConfigFile, ConfigError> {
    let mut reader = Reader { file: Arc::from(path), text, clouds, is_set, profiles: Vec::new(), problems: Vec::new() };
    // Editors of some systems put a byte order mark in front.
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        reader.problem(span, ProblemKind::Syntax { what: error.message().to_owned() });
    }
    let file = if reader.problems.is_empty() { reader.root(&root) } else { ConfigFile::default() };
    let mut problems = reader.problems;
    if problems.is_empty() {
        return Ok(file);
    }
    problems.sort_by_key(|(at, _)| *at);
    if !errors.is_empty() {
        // One slip breaks the rest of its line as well.
        problems.dedup_by(|b, a| line(&a.1) == line(&b.1));
    }
    Err(ConfigError { problems: problems.into_iter().map(|(_, problem)| problem).collect() })
}

/// The keys alone, of whatever else the file says; the default ones where something is wrong with them.
pub(super) fn keys(text: &str) -> Keymap {
    let mut reader = Reader {
        file: Arc::from(Path::new("")),
        text,
        clouds: &[],
        is_set: &|_| false,
        profiles: Vec::new(),
        problems: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    let Some(value) = root.get_ref().get("keys").filter(|_| errors.is_empty()) else { return Keymap::default() };
    let keys = reader.table("[keys]", "keys", value).map(|keys| reader.keys(&keys)).unwrap_or_default();
    if reader.problems.is_empty() { keys } else { Keymap::default() }
}

fn line(problem: &Problem) -> Option<u32> {
    match &problem.origin {
        Origin::File(place) => Some(place.line),
        _ => None,
    }
}

impl Reader<'_> {
    fn root(&mut self, root: &Spanned<DeTable<'_>>) -> ConfigFile {
        let top = Section { name: "", table: root.get_ref(), span: 0..0 };
        match top.get("version") {
            None => self.problem(top.span.clone(), ProblemKind::MissingVersion),
            Some(value) => match number(value.get_ref()) {
                Some(VERSION) => {}
                // Another version has other keys: no word about those.
                Some(found) => {
                    self.problem(value.span(), ProblemKind::Version { found });
                    return ConfigFile::default();
                }
                None => self.wrong_type("version", Wanted::Number, value),
            },
        }
        self.unknown_keys(&top, TOP);
        let language = self.choice(&top, "language");
        let readonly = self.bool(&top, "readonly");
        let ui = top.get("ui").and_then(|value| self.table("[ui]", "ui", value));
        if let Some(ui) = &ui {
            self.unknown_keys(ui, UI);
        }
        let ui = ui.as_ref();
        let keys = top.get("keys").and_then(|value| self.table("[keys]", "keys", value));
        let keys = keys.map(|keys| self.keys(&keys)).unwrap_or_default();
        let safety = top.get("safety").and_then(|value| self.table("[safety]", "safety", value));
        if let Some(safety) = &safety {
            self.unknown_keys(safety, SAFETY);
        }
        let safety = safety.as_ref();
        let named = top.get("profile").and_then(|value| value.get_ref().as_array()).into_iter().flatten();
        let name = |profile: &Spanned<DeValue<'_>>| {
            let name = profile.get_ref().as_table()?.get("name")?;
            name.get_ref().as_str().map(str::to_owned)
        };
        self.profiles = named.filter_map(name).collect();
        let mut protect_of = BTreeMap::new();
        let profiles = top.get("profile").map(|value| self.profiles(value, &mut protect_of)).unwrap_or_default();
        ConfigFile {
            max_per_plan: safety.and_then(|safety| self.size(safety, "max_per_plan", PER_PLAN)),
            max_percent: safety.and_then(|safety| self.size(safety, "max_percent", PERCENT)),
            protect: safety.map(|safety| self.protect(safety)).unwrap_or_default(),
            protect_of,
            language,
            readonly,
            theme: ui.and_then(|ui| self.choice(ui, "theme")),
            borders: ui.and_then(|ui| self.choice(ui, "borders")),
            motion: ui.and_then(|ui| self.bool(ui, "motion")),
            mouse: ui.and_then(|ui| self.bool(ui, "mouse")),
            keys,
            profiles,
        }
    }

    fn profiles(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        protect_of: &mut BTreeMap<ProfileId, Vec<Expr>>,
    ) -> Vec<(Profile, CredentialSource)> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("profile", Wanted::Tables, value);
            return Vec::new();
        };
        let mut lines: BTreeMap<String, u32> = BTreeMap::new();
        let mut profiles = Vec::new();
        for value in list {
            let Some(section) = self.table("[[profile]]", "profile", value) else { continue };
            if let Some(name) = section.get("name")
                && let Some(text) = name.get_ref().as_str()
            {
                match lines.get(text) {
                    Some(&first_line) => {
                        self.problem(name.span(), ProblemKind::DuplicateProfile { name: text.to_owned(), first_line });
                    }
                    None => _ = lines.insert(text.to_owned(), self.place(&name.span()).line),
                }
            }
            let protect = self.protect(&section);
            let profile = self.profile(&section);
            if let Some((profile, _)) = profile.as_ref().filter(|_| !protect.is_empty()) {
                protect_of.insert(profile.id.clone(), protect);
            }
            profiles.extend(profile);
        }
        profiles
    }
}
