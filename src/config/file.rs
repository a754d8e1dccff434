//! Text of a config file -> what it says, or every problem it has, each with line and column.
//!
//! Reads TOML's syntax tree by hand: `serde` stops at the first problem, and its messages repeat values, which may be secrets.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    path::Path,
    sync::Arc,
    time::Duration,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    choice::{Borders, Choice, LanguageChoice, Theme},
    error::{ConfigError, Origin, Problem, ProblemKind, TextRule, ValueKind, Wanted, suggest},
    meant,
};
use crate::{
    domain::{
        clean::clean,
        ids::{ProfileId, RegionId},
        place::Place,
    },
    filter::{self, Expr},
    providers::{
        self,
        credential::{CredentialFrom, CredentialSource},
        profile::{Endpoint, Profile},
        provider::Descriptor,
    },
};

/// Addresses that one plan may be allowed.
pub(super) const PER_PLAN: RangeInclusive<i64> = 1..=100_000;
/// Percent of a profile's secondary addresses that one plan may be allowed.
pub(super) const PERCENT: RangeInclusive<i64> = 1..=100;

/// The version of the file's format that this program reads.
pub const VERSION: i64 = 1;

const TOP: &[&str] = &["version", "language", "readonly", "ui", "safety", "profile"];
const UI: &[&str] = &["theme", "borders", "motion"];
const SAFETY: &[&str] = &["max_per_plan", "max_percent", "protect"];
const PROFILE: &[&str] = &[
    "name",
    "cloud",
    "regions",
    "endpoint",
    "alias",
    "env",
    "readonly",
    "protect",
    "project_id",
    "api",
    "credentials",
];
const CREDENTIALS: &[&str] = &["from", "id", "secret", "token", "user", "password", "account"];
const VENDOR_CLI: &[&str] = &["from", "profile"];
const COMMAND: &[&str] = &["from", "argv", "timeout_s"];
const SOURCES: &[&str] = &["env", "vendor-cli", "command"];

/// Seconds that a program may take to print a credential.
const TIMEOUT: RangeInclusive<i64> = 1..=300;
const DEFAULT_TIMEOUT: usize = 10;

/// Keys under which people write secrets. Compared in lower case without `-` and `_`.
const SECRET_KEYS: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "accesskeypassword",
    "accesskeysecret",
    "ak",
    "apikey",
    "apisecret",
    "authtoken",
    "bearertoken",
    "key",
    "keyid",
    "keysecret",
    "passwd",
    "password",
    "secret",
    "secretaccesskey",
    "secretid",
    "secretkey",
    "securitytoken",
    "sessiontoken",
    "sk",
    "token",
];

/// What a file says. `None` where it says nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ConfigFile {
    pub language: Option<LanguageChoice>,
    pub readonly: Option<bool>,
    pub theme: Option<Theme>,
    pub borders: Option<Borders>,
    pub motion: Option<bool>,
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
pub fn parse(path: &Path, text: &str, clouds: &[&'static Descriptor]) -> Result<ConfigFile, ConfigError> {
    let mut reader = Reader { file: Arc::from(path), text, clouds, problems: Vec::new() };
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

fn line(problem: &Problem) -> Option<u32> {
    match &problem.origin {
        Origin::File(place) => Some(place.line),
        _ => None,
    }
}

/// One table of the file.
#[derive(Clone)]
struct Section<'t, 'i> {
    /// How messages call it; empty: the top of the file.
    name: &'static str,
    table: &'t DeTable<'i>,
    /// Where it begins: what is missing in it is missed there.
    span: Range<usize>,
}

impl<'t, 'i> Section<'t, 'i> {
    fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.get(key)
    }
}

struct Reader<'a> {
    file: Arc<Path>,
    text: &'a str,
    clouds: &'a [&'static Descriptor],
    /// With the byte they are at.
    problems: Vec<(usize, Problem)>,
}

impl Reader<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        Place::of(&self.file, self.text, span.start)
    }

    fn problem(&mut self, span: Range<usize>, kind: ProblemKind) {
        let origin = Origin::File(self.place(&span));
        self.problems.push((span.start, Problem { origin, kind }));
    }

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
        let safety = top.get("safety").and_then(|value| self.table("[safety]", "safety", value));
        if let Some(safety) = &safety {
            self.unknown_keys(safety, SAFETY);
        }
        let safety = safety.as_ref();
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

    /// `None` if anything is wrong that the profile cannot be without; the problem is noted.
    fn profile(&mut self, section: &Section<'_, '_>) -> Option<(Profile, CredentialSource)> {
        self.unknown_keys(section, PROFILE);
        let name = self.needed(section, "name", TextRule::Label);
        let cloud = self.cloud(section);
        let regions = self.regions(section, cloud);
        let endpoint = self.text(section, "endpoint").and_then(|(text, span)| match Endpoint::parse(text) {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                self.problem(span, ProblemKind::Endpoint { error });
                None
            }
        });
        let alias = self.ruled(section, "alias", TextRule::Label);
        let env = self.ruled(section, "env", TextRule::Label);
        if let Some(given) = env.clone()
            && let Some(suggestion) = meant::environment(&given)
            && let Some(value) = section.get("env")
        {
            self.problem(value.span(), ProblemKind::Slip { key: "env", given, suggestion });
        }
        let readonly = self.bool(section, "readonly").unwrap_or(false);
        let project_id = self.ruled(section, "project_id", TextRule::Word);
        if regions.as_ref().is_some_and(|regions| regions.len() > 1)
            && let Some(value) = section.get("project_id")
        {
            self.problem(value.span(), ProblemKind::ProjectOfSeveral);
        }
        let api = cloud.and_then(|cloud| self.api(section, cloud));
        let credentials = self.credentials(section, cloud);
        let (name, cloud, from) = (name?, cloud?, credentials?);
        let id = ProfileId::from(name);
        let place = self.place(&section.get("credentials").map_or(section.span.clone(), Spanned::span));
        Some((
            Profile {
                id: id.clone(),
                cloud: cloud.cloud(),
                regions: regions?,
                endpoint,
                alias,
                env,
                readonly,
                project_id,
                api,
            },
            CredentialSource { profile: id, place: Some(place), from },
        ))
    }

    fn cloud(&mut self, section: &Section<'_, '_>) -> Option<&'static Descriptor> {
        let Some((text, span)) = self.text(section, "cloud") else {
            self.missing(section, "cloud");
            return None;
        };
        let clouds = self.clouds;
        let found = clouds.iter().copied().find(|cloud| cloud.id == text);
        if found.is_none() {
            let kind = ProblemKind::NotOneOf {
                key: "cloud".to_owned(),
                given: tellable(text),
                allowed: clouds.iter().map(|cloud| cloud.id.to_owned()).collect(),
                suggestion: suggest(text, clouds.iter().map(|cloud| cloud.id)).map(str::to_owned),
            };
            self.problem(span, kind);
        }
        found
    }

    /// A generation of the cloud's API.
    fn api(&mut self, section: &Section<'_, '_>, cloud: &'static Descriptor) -> Option<String> {
        let (text, span) = self.text(section, "api")?;
        if cloud.apis.contains(&text) {
            return Some(text.to_owned());
        }
        let kind = ProblemKind::NotOneOf {
            key: "api".to_owned(),
            given: tellable(text),
            allowed: cloud.apis.iter().map(|&api| api.to_owned()).collect(),
            suggestion: suggest(text, cloud.apis.iter().copied()).map(str::to_owned),
        };
        self.problem(span, kind);
        None
    }

    fn regions(&mut self, section: &Section<'_, '_>, cloud: Option<&'static Descriptor>) -> Option<Vec<RegionId>> {
        let known = match cloud.and_then(|cloud| providers::find(cloud.id)) {
            Some(cloud) => cloud.known_regions(),
            None => Vec::new(),
        };
        let Some(value) = section.get("regions") else {
            self.missing(section, "regions");
            return None;
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("regions", Wanted::Texts, value);
            return None;
        };
        if list.is_empty() {
            self.problem(value.span(), ProblemKind::EmptyList { key: "regions" });
            return None;
        }
        let mut regions: Vec<RegionId> = Vec::new();
        let mut good = true;
        for entry in list {
            let kind = match entry.get_ref().as_str() {
                None => {
                    self.wrong_type("regions", Wanted::Texts, entry);
                    good = false;
                    continue;
                }
                // A region becomes part of a host name.
                Some(text) if !obeys(text, TextRule::Word) => {
                    ProblemKind::BadText { key: "regions", rule: TextRule::Word }
                }
                Some(text) if regions.iter().any(|region| region.as_str() == text) => {
                    ProblemKind::Twice { key: "regions", value: text.to_owned() }
                }
                Some(text) => match meant::region(text, &known) {
                    Some(suggestion) => ProblemKind::Slip { key: "regions", given: text.to_owned(), suggestion },
                    None => {
                        regions.push(text.into());
                        continue;
                    }
                },
            };
            self.problem(entry.span(), kind);
            good = false;
        }
        good.then_some(regions)
    }

    /// Left out: the variables of the vendor's own tools.
    fn credentials(&mut self, profile: &Section<'_, '_>, cloud: Option<&'static Descriptor>) -> Option<CredentialFrom> {
        let bearer = cloud.is_some_and(|cloud| cloud.bearer);
        let Some(value) = profile.get("credentials") else {
            let (id, secret, token) = cloud?.env;
            let keys = Some((id.to_owned(), secret.to_owned()));
            return Some(CredentialFrom::Env { keys, token: token.map(str::to_owned), bearer });
        };
        let section = self.table("`credentials`", "credentials", value)?;
        match self.text(&section, "from") {
            None if section.get("from").is_none() => {
                self.missing(&section, "from");
            }
            None => {}
            Some(("vendor-cli", _)) => return self.vendor_cli(&section),
            Some(("command", _)) => return self.command(&section, bearer),
            Some((from, _)) if SOURCES.contains(&from) => {}
            Some((from, span)) => {
                let kind = ProblemKind::NotOneOf {
                    key: "from".to_owned(),
                    given: tellable(from),
                    allowed: SOURCES.iter().map(|&source| source.to_owned()).collect(),
                    suggestion: suggest(from, SOURCES.iter().copied()).map(str::to_owned),
                };
                self.problem(span, kind);
                return None;
            }
        }
        self.unknown_keys(&section, CREDENTIALS);
        let problems = self.problems.len();
        let id = self.variable(&section, "id");
        let secret = self.variable(&section, "secret");
        let token = self.variable(&section, "token");
        let by_name = [("user"), ("password"), ("account")].map(|key| (key, self.variable(&section, key)));
        if self.problems.len() > problems {
            return None;
        }
        if by_name.iter().any(|(_, variable)| variable.is_some()) {
            return self.by_name(&section, cloud?, by_name);
        }
        match (id, secret, token, cloud) {
            (Some(id), Some(secret), token, _) => Some(CredentialFrom::Env { keys: Some((id, secret)), token, bearer }),
            (None, None, Some(token), Some(cloud)) if cloud.bearer => {
                Some(CredentialFrom::Env { keys: None, token: Some(token), bearer: true })
            }
            (None, None, Some(_), Some(cloud)) => {
                self.problem(section.span, ProblemKind::TokenAlone { cloud: cloud.title.to_owned() });
                None
            }
            (None, None, Some(_), None) => None,
            // `{ from = "env" }`: as if it were left out.
            (None, None, None, cloud) => {
                let (id, secret, token) = cloud?.env;
                let keys = Some((id.to_owned(), secret.to_owned()));
                Some(CredentialFrom::Env { keys, token: token.map(str::to_owned), bearer })
            }
            (id, _, _, _) => {
                self.missing(&section, if id.is_none() { "id" } else { "secret" });
                None
            }
        }
    }

    /// A profile of the vendor's own tool.
    fn vendor_cli(&mut self, section: &Section<'_, '_>) -> Option<CredentialFrom> {
        let problems = self.problems.len();
        self.unknown_keys(section, VENDOR_CLI);
        let profile = self.ruled(section, "profile", TextRule::Label);
        (self.problems.len() == problems).then_some(CredentialFrom::VendorCli { profile })
    }

    /// A program that prints a credential.
    fn command(&mut self, section: &Section<'_, '_>, bearer: bool) -> Option<CredentialFrom> {
        let problems = self.problems.len();
        self.unknown_keys(section, COMMAND);
        self.missing(section, "argv");
        let argv = section.get("argv").map(|value| self.argv(value)).unwrap_or_default();
        let seconds = self.size(section, "timeout_s", TIMEOUT).unwrap_or(DEFAULT_TIMEOUT);
        let timeout = Duration::from_secs(seconds as u64);
        (self.problems.len() == problems).then_some(CredentialFrom::Command { argv, timeout, bearer })
    }

    fn argv(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("argv", Wanted::Texts, value);
            return Vec::new();
        };
        let mut argv = Vec::new();
        for entry in list {
            match entry.get_ref().as_str() {
                Some(text) => argv.push(text.to_owned()),
                None => self.wrong_type("argv", Wanted::Texts, entry),
            }
        }
        if argv.first().is_none_or(String::is_empty) {
            self.problem(value.span(), ProblemKind::EmptyList { key: "argv" });
        }
        argv
    }

    /// Signing in with a user's name and password.
    fn by_name(
        &mut self,
        section: &Section<'_, '_>,
        cloud: &'static Descriptor,
        variables: [(&'static str, Option<String>); 3],
    ) -> Option<CredentialFrom> {
        if cloud.password.is_none() {
            let kind = ProblemKind::NoSignIn { cloud: cloud.title.to_owned() };
            self.problem(section.span.clone(), kind);
            return None;
        }
        if ["id", "secret", "token"].iter().any(|key| section.get(key).is_some()) {
            self.problem(section.span.clone(), ProblemKind::TwoCredentials);
            return None;
        }
        if let Some((key, _)) = variables.iter().find(|(_, variable)| variable.is_none()) {
            self.missing(section, key);
            return None;
        }
        let [user, password, account] = variables.map(|(_, variable)| variable.unwrap_or_default());
        Some(CredentialFrom::Password { user, password, account })
    }

    /// The name of an environment variable. Something else is most likely the secret itself.
    fn variable(&mut self, section: &Section<'_, '_>, key: &'static str) -> Option<String> {
        let value = section.get(key)?;
        match value.get_ref().as_str() {
            Some(text) if obeys(text, TextRule::Variable) => Some(text.to_owned()),
            Some("") => {
                self.problem(value.span(), ProblemKind::BadText { key, rule: TextRule::Variable });
                None
            }
            // A number or list is no name either, and may be a piece of a secret.
            _ => {
                self.problem(value.span(), ProblemKind::Secret { key: key.to_owned() });
                None
            }
        }
    }

    fn unknown_keys(&mut self, section: &Section<'_, '_>, allowed: &'static [&'static str]) {
        for (key, _) in section.table {
            let text: &str = key.get_ref();
            if allowed.contains(&text) {
                continue;
            }
            let plain: String = text.chars().filter(|c| !matches!(c, '-' | '_')).collect();
            let kind = if SECRET_KEYS.contains(&plain.to_lowercase().as_str()) {
                ProblemKind::Secret { key: text.to_owned() }
            } else {
                ProblemKind::UnknownKey {
                    key: tellable(text),
                    section: section.name,
                    suggestion: suggest(text, allowed.iter().copied()),
                    allowed,
                }
            };
            self.problem(key.span(), kind);
        }
    }

    fn table<'t, 'i>(
        &mut self,
        name: &'static str,
        key: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Option<Section<'t, 'i>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, if key == "profile" { Wanted::Tables } else { Wanted::Table }, value);
            return None;
        };
        Some(Section { name, table, span: value.span() })
    }

    fn text<'t>(&mut self, section: &Section<'t, '_>, key: &str) -> Option<(&'t str, Range<usize>)> {
        let value = section.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, Wanted::Text, value);
        }
        text.map(|text| (text, value.span()))
    }

    fn bool(&mut self, section: &Section<'_, '_>, key: &str) -> Option<bool> {
        let value = section.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, Wanted::Bool, value);
        }
        flag
    }

    fn size(&mut self, section: &Section<'_, '_>, key: &'static str, allowed: RangeInclusive<i64>) -> Option<usize> {
        let value = section.get(key)?;
        let Some(number) = number(value.get_ref()) else {
            self.wrong_type(key, Wanted::Number, value);
            return None;
        };
        match sized(number, &allowed) {
            Some(size) => Some(size),
            None => {
                let (least, most) = (*allowed.start(), *allowed.end());
                self.problem(value.span(), ProblemKind::OutOfRange { key, least, most });
                None
            }
        }
    }

    /// Filters over what is never written to. A mistake is told where it stands.
    fn protect(&mut self, section: &Section<'_, '_>) -> Vec<Expr> {
        let Some(value) = section.get("protect") else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("protect", Wanted::Texts, value);
            return Vec::new();
        };
        let clouds: Vec<&str> = self.clouds.iter().map(|cloud| cloud.id).collect();
        let mut rules = Vec::new();
        for (entry, nth) in list.iter().zip(1..) {
            let Some(text) = entry.get_ref().as_str() else {
                self.wrong_type("protect", Wanted::Texts, entry);
                continue;
            };
            match filter::parse_among(text, &clouds) {
                Err(error) => {
                    // Behind the quote; where the text has escapes, only the line is sure.
                    let quoted = self.text.get(entry.span()).unwrap_or_default();
                    let whole = quoted.len() == text.len() + 2 && quoted.contains(text);
                    let from = entry.span().start + if whole { 1 + error.span.start } else { 0 };
                    let kind = ProblemKind::BadRule { nth, text: text.to_owned(), error };
                    self.problem(from..entry.span().end, kind);
                }
                Ok(rule) if rule.is_empty() => self.problem(entry.span(), ProblemKind::EmptyRule { nth }),
                Ok(rule) => match rule.fickle_term() {
                    Some(term) => {
                        let term = term.text().to_owned();
                        self.problem(entry.span(), ProblemKind::FickleRule { nth, term });
                    }
                    None => rules.push(rule),
                },
            }
        }
        rules
    }

    fn choice<T: Choice>(&mut self, section: &Section<'_, '_>, key: &str) -> Option<T> {
        let (text, span) = self.text(section, key)?;
        T::read(key, text).map_err(|kind| self.problem(span, kind)).ok()
    }

    fn ruled(&mut self, section: &Section<'_, '_>, key: &'static str, rule: TextRule) -> Option<String> {
        let (text, span) = self.text(section, key)?;
        if !obeys(text, rule) {
            self.problem(span, ProblemKind::BadText { key, rule });
            return None;
        }
        Some(text.to_owned())
    }

    fn needed(&mut self, section: &Section<'_, '_>, key: &'static str, rule: TextRule) -> Option<String> {
        if section.get(key).is_none() {
            self.missing(section, key);
        }
        self.ruled(section, key, rule)
    }

    fn missing(&mut self, section: &Section<'_, '_>, key: &'static str) {
        // A wrong type was noted where it stands.
        if section.get(key).is_none() {
            self.problem(section.span.clone(), ProblemKind::MissingKey { key, section: section.name });
        }
    }

    fn wrong_type(&mut self, key: &str, wanted: Wanted, value: &Spanned<DeValue<'_>>) {
        let found = match value.get_ref() {
            DeValue::String(_) => ValueKind::Text,
            DeValue::Integer(_) => ValueKind::Whole,
            DeValue::Float(_) => ValueKind::Number,
            DeValue::Boolean(_) => ValueKind::Bool,
            DeValue::Datetime(_) => ValueKind::Date,
            DeValue::Array(_) => ValueKind::List,
            DeValue::Table(_) => ValueKind::Table,
        };
        self.problem(value.span(), ProblemKind::WrongType { key: key.to_owned(), wanted, found });
    }
}

/// A number within bounds.
pub(super) fn sized(number: i64, allowed: &RangeInclusive<i64>) -> Option<usize> {
    usize::try_from(number).ok().filter(|_| allowed.contains(&number))
}

fn number(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn obeys(text: &str, rule: TextRule) -> bool {
    const MOST: usize = 64;
    if text.is_empty() || text.chars().count() > MOST {
        return false;
    }
    match rule {
        TextRule::Label => text.trim() == text && clean(text) == text,
        TextRule::Word => text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
        TextRule::Variable => is_variable(text),
    }
}

/// Reads like the name of a variable, and not like a key: names are in one case, and long ones that have digits have
/// underscores as well.
fn is_variable(text: &str) -> bool {
    const LONG: usize = 16;
    let has = |of: fn(&u8) -> bool| text.as_bytes().iter().any(of);
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && has(u8::is_ascii_alphabetic)
        && !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        && (text.len() < LONG || text.contains('_') || !has(u8::is_ascii_digit))
}

/// The text, unless it could be a secret that slipped into the wrong place.
fn tellable(text: &str) -> Option<String> {
    const LONG: usize = 16;
    (text.len() < LONG || is_variable(text)).then(|| text.to_owned())
}
