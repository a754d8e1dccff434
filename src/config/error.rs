//! Everything that can be wrong with the settings, as codes and values with an English sentence.
//!
//! No sentence quotes a line of the file or a value that could be a secret: a secret that was written into the config by
//! mistake must not reach a screen, a log or a ticket because of the mistake.

use std::{fmt, path::PathBuf, sync::Arc};

use crate::{
    domain::{clean::clean, place::Place},
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

impl Wanted {
    fn as_str(self) -> &'static str {
        match self {
            Wanted::Text => "text in quotes",
            Wanted::Bool => "true or false",
            Wanted::Number => "a whole number",
            Wanted::Texts => "a list of texts, as in [\"one\", \"two\"]",
            Wanted::Table => "a table, as in { key = \"value\" }",
            Wanted::Tables => "a list of tables, each headed [[profile]]",
        }
    }
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
}

impl TextRule {
    fn as_str(self) -> &'static str {
        match self {
            TextRule::Label => "1 to 64 visible characters, without blanks around them",
            TextRule::Word => "1 to 64 letters, digits, `-` and `_`",
            TextRule::Variable => "the name of an environment variable, such as MY_KEY_ID",
        }
    }
}

/// The kinds of problems.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProblemKind {
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
        section: &'static str,
        suggestion: Option<&'static str>,
        allowed: &'static [&'static str],
    },
    WrongType {
        key: String,
        wanted: Wanted,
        found: &'static str,
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
    /// A list that may not be empty.
    EmptyList {
        key: &'static str,
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
        what: &'static str,
        given: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
}

impl ProblemKind {
    /// A stable name, for locales and tests.
    pub fn key(&self) -> &'static str {
        match self {
            ProblemKind::Unreadable { .. } => "config-unreadable",
            ProblemKind::TooLarge { .. } => "config-too-large",
            ProblemKind::NotUtf8 => "config-not-utf8",
            ProblemKind::Syntax { .. } => "config-syntax",
            ProblemKind::MissingVersion => "config-missing-version",
            ProblemKind::Version { .. } => "config-version",
            ProblemKind::UnknownKey { .. } => "config-unknown-key",
            ProblemKind::WrongType { .. } => "config-wrong-type",
            ProblemKind::MissingKey { .. } => "config-missing-key",
            ProblemKind::NotOneOf { .. } => "config-not-one-of",
            ProblemKind::Slip { .. } => "config-slip",
            ProblemKind::EmptyList { .. } => "config-empty-list",
            ProblemKind::BadText { .. } => "config-bad-text",
            ProblemKind::Twice { .. } => "config-twice",
            ProblemKind::DuplicateProfile { .. } => "config-duplicate-profile",
            ProblemKind::Endpoint { .. } => "config-endpoint",
            ProblemKind::Secret { .. } => "config-secret",
            ProblemKind::TokenAlone { .. } => "config-token-alone",
            ProblemKind::NoSignIn { .. } => "config-no-sign-in",
            ProblemKind::TwoCredentials => "config-two-credentials",
            ProblemKind::ProjectOfSeveral => "config-project-of-several",
            ProblemKind::Unmatched { .. } => "config-unmatched",
        }
    }

    /// Values for the locale's sentence, by name. Texts of the file are cleaned and short.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        let list = |values: &[String]| values.iter().map(|value| short(value)).collect::<Vec<_>>().join(", ");
        match self {
            ProblemKind::NotUtf8
            | ProblemKind::MissingVersion
            | ProblemKind::TwoCredentials
            | ProblemKind::ProjectOfSeveral => vec![],
            ProblemKind::Unreadable { reason } => vec![("reason", short(reason))],
            ProblemKind::TooLarge { most } => vec![("most", most.to_string())],
            ProblemKind::Syntax { what } => vec![("what", short(what))],
            ProblemKind::Version { found } => vec![("found", found.to_string())],
            ProblemKind::UnknownKey { key, section, suggestion, allowed } => vec![
                ("key", short(key.as_deref().unwrap_or_default())),
                ("section", (*section).to_owned()),
                ("suggestion", suggestion.unwrap_or_default().to_owned()),
                ("allowed", allowed.join(", ")),
            ],
            ProblemKind::WrongType { key, wanted, found } => {
                vec![("key", short(key)), ("wanted", wanted.as_str().to_owned()), ("found", (*found).to_owned())]
            }
            ProblemKind::MissingKey { key, section } => {
                vec![("key", (*key).to_owned()), ("section", (*section).to_owned())]
            }
            ProblemKind::NotOneOf { key, given, allowed, suggestion } => vec![
                ("key", short(key)),
                ("given", short(given.as_deref().unwrap_or_default())),
                ("allowed", list(allowed)),
                ("suggestion", short(suggestion.as_deref().unwrap_or_default())),
            ],
            ProblemKind::Slip { key, given, suggestion } => {
                vec![("key", (*key).to_owned()), ("given", short(given)), ("suggestion", (*suggestion).to_owned())]
            }
            ProblemKind::EmptyList { key } => vec![("key", (*key).to_owned())],
            ProblemKind::BadText { key, rule } => {
                vec![("key", (*key).to_owned()), ("rule", rule.as_str().to_owned())]
            }
            ProblemKind::Twice { key, value } => vec![("key", (*key).to_owned()), ("value", short(value))],
            ProblemKind::DuplicateProfile { name, first_line } => {
                vec![("name", short(name)), ("line", first_line.to_string())]
            }
            ProblemKind::Endpoint { error } => vec![("error", error.to_string())],
            ProblemKind::Secret { key } => vec![("key", short(key))],
            ProblemKind::TokenAlone { cloud } | ProblemKind::NoSignIn { cloud } => vec![("cloud", short(cloud))],
            ProblemKind::Unmatched { what, given, suggestion, known } => vec![
                ("what", (*what).to_owned()),
                ("given", short(given)),
                ("suggestion", short(suggestion.as_deref().unwrap_or_default())),
                ("known", list(known)),
            ],
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.kind)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meant = |f: &mut fmt::Formatter<'_>, suggestion: Option<&str>| match suggestion {
            Some(suggestion) => write!(f, "; did you mean `{}`?", short(suggestion)),
            None => Ok(()),
        };
        match self {
            ProblemKind::Unreadable { reason } => {
                write!(f, "cannot be read: {}; `nicdeck config example` prints a config to start with", short(reason))
            }
            ProblemKind::TooLarge { most } => write!(f, "is no config: larger than {most} bytes"),
            ProblemKind::NotUtf8 => f.write_str("not UTF-8; save the file as UTF-8"),
            ProblemKind::Syntax { what } => write!(f, "not TOML: {}", short(what)),
            ProblemKind::MissingVersion => {
                f.write_str("`version` is missing; the file has to begin with `version = 1`")
            }
            ProblemKind::Version { found } => {
                write!(f, "version {found} is not known here; this nicdeck reads `version = 1`")
            }
            ProblemKind::UnknownKey { key, section, suggestion, allowed } => {
                match key {
                    Some(key) => write!(f, "unknown key `{}` in {section}", short(key))?,
                    None => write!(f, "unknown key in {section}")?,
                }
                match suggestion {
                    Some(_) => meant(f, *suggestion),
                    None => write!(f, "; allowed are {}", quoted(allowed.iter().copied())),
                }
            }
            ProblemKind::WrongType { key, wanted, found } => {
                write!(f, "`{}` has to be {}, this is {found}", short(key), wanted.as_str())
            }
            ProblemKind::MissingKey { key, section } => write!(f, "`{key}` is missing in {section}"),
            ProblemKind::NotOneOf { key, given, allowed, suggestion } => {
                match given {
                    Some(given) => write!(f, "`{}` cannot be \"{}\"", short(key), short(given))?,
                    None => write!(f, "`{}` cannot be this", short(key))?,
                }
                if allowed.is_empty() {
                    return f.write_str("; none is known here");
                }
                write!(f, "; it is one of {}", quoted(allowed.iter().map(String::as_str)))?;
                meant(f, suggestion.as_deref())
            }
            ProblemKind::Slip { key, given, suggestion } => {
                write!(f, "`{key}` has \"{}\"; did you mean `{suggestion}`?", short(given))
            }
            ProblemKind::EmptyList { key } => write!(f, "`{key}` needs at least one entry"),
            ProblemKind::BadText { key, rule } => write!(f, "`{key}` has to be {}", rule.as_str()),
            ProblemKind::Twice { key, value } => write!(f, "`{key}` has \"{}\" twice; once is enough", short(value)),
            ProblemKind::DuplicateProfile { name, first_line } => write!(
                f,
                "a profile named \"{}\" is on line {first_line} already; each needs a name of its own",
                short(name)
            ),
            ProblemKind::Endpoint { error } => write!(f, "`endpoint`: {error}"),
            ProblemKind::Secret { key } => write!(
                f,
                "`{}`: a secret does not belong in this file. Export it, and name the variables: \
                 credentials = {{ from = \"env\", id = \"MY_KEY_ID\", secret = \"MY_KEY_SECRET\" }}. \
                 Treat a key that was saved here as leaked: replace it",
                short(key)
            ),
            ProblemKind::TokenAlone { cloud } => write!(
                f,
                "{} does not sign with a token alone; name the variables of `id` and `secret` as well",
                short(cloud)
            ),
            ProblemKind::NoSignIn { cloud } => write!(
                f,
                "{} does not sign in with a user's name; name the variables of `id` and `secret` instead",
                short(cloud)
            ),
            ProblemKind::TwoCredentials => f.write_str(
                "either `id` and `secret` (and `token`), or `user`, `password` and `account`; not both at once",
            ),
            ProblemKind::ProjectOfSeveral => f.write_str(
                "`project_id` belongs to one region, and this profile has several: give each region a profile of its own",
            ),
            ProblemKind::Unmatched { what, given, suggestion, known } => {
                write!(f, "there is no {what} \"{}\"", short(given))?;
                if !known.is_empty() {
                    write!(f, "; there is {}", quoted(known.iter().map(String::as_str)))?;
                }
                meant(f, suggestion.as_deref())
            }
        }
    }
}

fn quoted<'a>(values: impl Iterator<Item = &'a str>) -> String {
    values.map(|value| format!("`{}`", short(value))).collect::<Vec<_>>().join(", ")
}

/// Cleaned, and cut to what fits into a sentence.
fn short(text: &str) -> String {
    const MOST: usize = 80;
    let text = clean(text);
    if text.chars().count() <= MOST {
        return text.into_owned();
    }
    text.chars().take(MOST - 1).chain(['~']).collect()
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
