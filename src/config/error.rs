//! Everything that can be wrong with the settings, as codes and values. The sentences are the locales'.
//!
//! No problem holds a line of the file or a value that could be a secret: a secret that was written into the config by
//! mistake must not reach a screen, a log or a ticket because of the mistake.

use std::{fmt, path::PathBuf, sync::Arc};

use crate::{
    domain::{clean::clean, place::Place},
    filter::FilterError,
    providers::profile::EndpointError,
};

/// What is wrong with the settings: every problem that was found, in the order of the file. Never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub origin: Origin,
    pub kind: ProblemKind,
}

/// Where a setting came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    File(Place),
    /// The file as a whole.
    WholeFile(PathBuf),
    /// An environment variable.
    Env(&'static str),
    /// A flag, with its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(place) => place.fmt(f),
            Origin::WholeFile(path) => f.write_str(&clean(&path.to_string_lossy())),
            Origin::Env(name) => write!(f, "environment variable {name}"),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// What a value has to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    Text,
    Bool,
    Number,
    /// A list of texts.
    Texts,
    Table,
    /// `[[profile]]`, as often as there are accounts.
    Tables,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueKind {
    Text,
    /// A whole number.
    Whole,
    Number,
    Bool,
    Date,
    List,
    Table,
}

/// What `--profile` and `--region` name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    Profile,
    Region,
}

/// Rules for texts that end up in requests, on the header line, or are typed to confirm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextRule {
    /// 1 to 64 characters that can be seen and typed, no blank at either end.
    Label,
    /// 1 to 64 of `A-Z a-z 0-9 - _`.
    Word,
    /// The name of an environment variable.
    Variable,
    /// 1 to 4096 characters that can be seen and typed, no blank at either end.
    Path,
    /// See [`crate::providers::net::Proxy::parse`].
    Proxy,
}

/// The kinds of problems.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// A file that was named, and is not there.
    NoFile,
    /// The file could not be read: the operating system's reason.
    Unreadable {
        reason: String,
    },
    /// Larger than a config may be, in bytes.
    TooLarge {
        most: u64,
    },
    NotUtf8,
    /// No TOML. `what` is the parser's fixed text and holds nothing of the file.
    Syntax {
        what: String,
    },
    MissingVersion,
    /// A version that this program does not read.
    Version {
        found: i64,
    },
    UnknownKey {
        /// `None` if it could be a secret.
        key: Option<String>,
        /// Empty: the top of the file.
        section: &'static str,
        suggestion: Option<&'static str>,
        allowed: &'static [&'static str],
    },
    WrongType {
        key: String,
        wanted: Wanted,
        found: ValueKind,
    },
    MissingKey {
        key: &'static str,
        section: &'static str,
    },
    /// A word that is none of the allowed ones.
    NotOneOf {
        key: String,
        given: Option<String>,
        allowed: Arc<[String]>,
        suggestion: Option<String>,
    },
    /// A word that anybody may choose, but that is nearly one that means something.
    Slip {
        key: &'static str,
        given: String,
        suggestion: &'static str,
    },
    /// A number outside of what makes sense.
    OutOfRange {
        key: &'static str,
        least: i64,
        most: i64,
    },
    /// A protect rule that is no filter: the rule, and what is wrong with it.
    BadRule {
        nth: usize,
        text: String,
        error: FilterError,
    },
    /// A protect rule without any term: it would hold everything, or nothing.
    EmptyRule {
        nth: usize,
    },
    /// A protect rule that asks for what is found or marked, not for what a thing is.
    FickleRule {
        nth: usize,
        term: String,
    },
    /// A protect rule that names a profile which the file does not have.
    StrayRule {
        nth: usize,
        term: String,
        known: Vec<String>,
    },
    /// A list that may not be empty.
    EmptyList {
        key: &'static str,
    },
    /// `[keys]`: the name of no key.
    NoKey {
        given: String,
        suggestion: Option<&'static str>,
    },
    /// `[keys]`: a key that is not to be had.
    KeyTaken {
        key: String,
    },
    /// `[keys]`: one key for two commands of one screen. `default`: the other one has it by default.
    KeyTwice {
        key: String,
        command: &'static str,
        other: &'static str,
        default: bool,
    },
    BadText {
        key: &'static str,
        rule: TextRule,
    },
    Twice {
        key: &'static str,
        value: String,
    },
    DuplicateProfile {
        name: String,
        first_line: u32,
    },
    Endpoint {
        error: EndpointError,
    },
    /// A secret stands in the file.
    Secret {
        key: String,
    },
    /// `token` alone, for a cloud that does not take one.
    TokenAlone {
        cloud: String,
    },
    /// A user's name and password, for a cloud that does not take them.
    NoSignIn {
        cloud: String,
    },
    /// A key and a user's name at once.
    TwoCredentials,
    /// A project belongs to one region, and the profile has several.
    ProjectOfSeveral,
    /// `--profile` or `--region` names what the config does not have.
    Unmatched {
        of: Named,
        given: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
}

impl ProblemKind {
    /// A stable name: the key of the locales' sentence.
    pub fn key(&self) -> &'static str {
        match self {
            ProblemKind::NoFile => "setting.no-file",
            ProblemKind::Unreadable { .. } => "setting.unreadable",
            ProblemKind::TooLarge { .. } => "setting.too-large",
            ProblemKind::NotUtf8 => "setting.not-utf8",
            ProblemKind::Syntax { .. } => "setting.syntax",
            ProblemKind::MissingVersion => "setting.missing-version",
            ProblemKind::Version { .. } => "setting.version",
            ProblemKind::UnknownKey { .. } => "setting.unknown-key",
            ProblemKind::WrongType { .. } => "setting.wrong-type",
            ProblemKind::MissingKey { .. } => "setting.missing-key",
            ProblemKind::NotOneOf { .. } => "setting.not-one-of",
            ProblemKind::Slip { .. } => "setting.slip",
            ProblemKind::OutOfRange { .. } => "setting.out-of-range",
            ProblemKind::BadRule { .. } => "setting.bad-rule",
            ProblemKind::EmptyRule { .. } => "setting.empty-rule",
            ProblemKind::FickleRule { .. } => "setting.fickle-rule",
            ProblemKind::StrayRule { .. } => "setting.stray-rule",
            ProblemKind::EmptyList { .. } => "setting.empty-list",
            ProblemKind::NoKey { .. } => "setting.no-key",
            ProblemKind::KeyTaken { .. } => "setting.key-taken",
            ProblemKind::KeyTwice { default: false, .. } => "setting.key-twice",
            ProblemKind::KeyTwice { default: true, .. } => "setting.key-twice-default",
            ProblemKind::BadText { .. } => "setting.bad-text",
            ProblemKind::Twice { .. } => "setting.twice",
            ProblemKind::DuplicateProfile { .. } => "setting.duplicate-profile",
            ProblemKind::Endpoint { .. } => "setting.endpoint",
            ProblemKind::Secret { .. } => "setting.secret",
            ProblemKind::TokenAlone { .. } => "setting.token-alone",
            ProblemKind::NoSignIn { .. } => "setting.no-sign-in",
            ProblemKind::TwoCredentials => "setting.two-credentials",
            ProblemKind::ProjectOfSeveral => "setting.project-of-several",
            ProblemKind::Unmatched { .. } => "setting.unmatched",
        }
    }
}

/// For logs and tests: the key of the sentence. People read the sentence.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.kind.key())
    }
}

/// The candidate that a person most likely meant: few enough slips of the finger away.
pub(super) fn suggest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&given, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
