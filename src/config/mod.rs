//! What was asked for: flags, `NICDECK_*`, the config file and defaults, in this order, resolved into [`Settings`].
//!
//! Knows which clouds there are only by asking `providers`. Reads no credential: it says where each one comes from.

mod choice;
mod error;
mod file;
mod meant;
#[cfg(test)]
mod tests;

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    io::Read,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

pub use choice::{Borders, Choice, ColorChoice, Language, LanguageChoice, LogLevel, Theme};
pub use error::{ConfigError, Named, Origin, Problem, ProblemKind, TextRule, ValueKind, Wanted};
pub use file::{ConfigFile, VERSION, parse};

use crate::{
    app::keymap::Keymap,
    domain::ids::{ProfileId, RegionId},
    filter::Expr,
    providers::{
        self,
        credential::{CredentialError, CredentialSource},
        keyring::Supply,
        profile::{Endpoint, EndpointError, Profile},
        provider::Descriptor,
    },
};

/// A config that explains every key.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Writes [`EXAMPLE`], with the folders that are missing. On Unix only the user can look into what is made.
///
/// # Errors
/// `AlreadyExists` if there is such a file: it is never written over. What the system says otherwise.
pub fn write_example(path: &Path) -> std::io::Result<()> {
    let mut folders = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    folders.recursive(true);
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folders.mode(0o700);
        file.mode(0o600);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.create(folder)?;
    }
    std::io::Write::write_all(&mut file.open(path)?, EXAMPLE.as_bytes())
}

/// Larger files are no configs, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// What flags say. Empty where there is no such flag.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    /// Only these profiles; all when empty.
    pub profiles: Vec<String>,
    /// Only these regions; all when empty.
    pub regions: Vec<String>,
    pub readonly: bool,
    pub language: Option<LanguageChoice>,
    pub color: Option<ColorChoice>,
    pub ascii: bool,
    pub no_mouse: bool,
    pub max_per_plan: Option<usize>,
    pub max_percent: Option<usize>,
    pub endpoint: Option<String>,
    pub log_level: Option<LogLevel>,
    pub log_file: Option<PathBuf>,
}

/// What is written to the log, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Log {
    pub level: LogLevel,
    /// `None`: in the platform's folder for state.
    pub file: Option<PathBuf>,
}

/// How much one plan may do, and what is never written to. `None`: the default.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Safety {
    pub max_per_plan: Option<usize>,
    pub max_percent: Option<usize>,
    /// For all profiles.
    pub protect: Vec<Expr>,
    /// Of profiles that have rules of their own.
    pub protect_of: BTreeMap<ProfileId, Vec<Expr>>,
}

/// The text of the one config of a process, read at first use and once: what a pipe or FIFO had is gone after that.
#[derive(Debug, Default)]
pub struct Text(OnceCell<Result<String, ConfigError>>);

impl Text {
    fn read(&self, path: &Path) -> Result<&str, ConfigError> {
        self.0.get_or_init(|| read(path)).as_deref().map_err(Clone::clone)
    }
}

/// What the process was started in; tests bring their own.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    pub var: &'a dyn Fn(&str) -> Option<String>,
    /// The platform's folder for nicdeck's config, where there is one.
    pub config_folder: Option<&'a Path>,
    /// Whether what will be written goes to a terminal.
    pub terminal: bool,
    pub text: &'a Text,
}

impl Environment<'_> {
    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<String> {
        (self.var)(name).filter(|value| !value.is_empty())
    }
}

/// How things look and in which language; known even when the config is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    pub language: Language,
    pub theme: Theme,
    pub borders: Borders,
    /// `false`: no spinner, progress as numbers.
    pub motion: bool,
    /// The mouse is on from the start.
    pub mouse: bool,
    pub color: bool,
}

/// Where the config is, or would be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigPath {
    /// `None` if the platform has no config folder.
    pub path: Option<PathBuf>,
    pub found: bool,
}

/// Everything that was asked for. `C` is the source of a profile's credential, later the credential (or why there is none).
#[derive(Clone, Debug)]
pub struct Settings<C = Result<Supply, CredentialError>> {
    /// In the order of the config; may be empty.
    pub profiles: Vec<(Profile, C)>,
    pub look: Look,
    /// For all profiles; each profile's own `readonly` includes this already.
    pub readonly: bool,
    pub safety: Safety,
    /// Which key does what.
    pub keys: Keymap,
    pub config: ConfigPath,
    /// Where the credentials come from, once they were read.
    pub sources: Vec<CredentialSource>,
    /// Where a flag or variable sends all calls; each profile's own `endpoint` is this already. For profiles that no config holds.
    pub endpoint: Option<Endpoint>,
}

impl Settings<CredentialSource> {
    /// Reads the credentials. A profile that has none keeps its error; the others go on.
    pub fn with_credentials(
        self,
        mut resolve: impl FnMut(&CredentialSource, &Profile) -> Result<Supply, CredentialError>,
    ) -> Settings {
        let sources = self.profiles.iter().map(|(_, source)| source.clone()).collect();
        let with = |(profile, source): (Profile, CredentialSource)| {
            let supply = resolve(&source, &profile);
            (profile, supply)
        };
        let profiles = self.profiles.into_iter().map(with).collect();
        Settings {
            profiles,
            look: self.look,
            readonly: self.readonly,
            safety: self.safety,
            keys: self.keys,
            config: self.config,
            sources,
            endpoint: self.endpoint,
        }
    }
}

/// Where the config is: `--config`, `NICDECK_CONFIG`, or `config.toml` in the platform's folder.
pub fn path(flags: &Flags, env: &Environment<'_>) -> ConfigPath {
    let named = flags.config.clone().or_else(|| env.get("NICDECK_CONFIG").map(PathBuf::from));
    // A file that was asked for by name has to be there.
    if named.is_some() {
        return ConfigPath { path: named, found: true };
    }
    let path = env.config_folder.map(|folder| folder.join("config.toml"));
    // Anything but "not there" is worth an error when it is read; a link to nowhere as well.
    let there = |path: &Path| !matches!(path.try_exists(), Ok(false)) || path.symlink_metadata().is_ok();
    ConfigPath { found: path.as_deref().is_some_and(there), path }
}

/// Everything, for the clouds of this build.
///
/// # Errors
/// Every problem of the file, of `NICDECK_*`, and of `--profile` and `--region`.
pub fn load(flags: &Flags, env: &Environment<'_>) -> Result<Settings<CredentialSource>, ConfigError> {
    let clouds: Vec<&'static Descriptor> = providers::all().iter().map(|cloud| cloud.descriptor()).collect();
    load_with(flags, env, &clouds)
}

/// Everything but profiles, without looking for a config: for the demo.
///
/// # Errors
/// Every problem of `NICDECK_*`.
pub fn without_file(flags: &Flags, env: &Environment<'_>) -> Result<Settings<CredentialSource>, ConfigError> {
    let flags = Flags { profiles: Vec::new(), regions: Vec::new(), endpoint: None, ..flags.clone() };
    // The demo brings its own clouds: where other profiles send their calls is nothing to it.
    let var = |name: &str| (env.var)(name).filter(|_| name != "NICDECK_ENDPOINT");
    let env = &Environment { var: &var, ..*env };
    resolve(&flags, env, ConfigPath { path: None, found: false }, &[])
}

fn load_with(
    flags: &Flags,
    env: &Environment<'_>,
    clouds: &[&'static Descriptor],
) -> Result<Settings<CredentialSource>, ConfigError> {
    resolve(flags, env, path(flags, env), clouds)
}

fn resolve(
    flags: &Flags,
    env: &Environment<'_>,
    config: ConfigPath,
    clouds: &[&'static Descriptor],
) -> Result<Settings<CredentialSource>, ConfigError> {
    let mut problems = Vec::new();
    let file = match &config {
        ConfigPath { path: Some(path), found: true } => {
            let is_set = |name: &str| env.get(name).is_some();
            env.text.read(path).and_then(|text| parse(path, text, clouds, &is_set)).unwrap_or_else(|error| {
                problems = error.problems;
                ConfigFile::default()
            })
        }
        _ => ConfigFile::default(),
    };
    let broken_file = !problems.is_empty();
    let (look, env_problems) = resolve_look(flags, env, &file);
    problems.extend(env_problems);
    let env_readonly = env_bool(env, "NICDECK_READONLY", &mut problems);
    // The strictest wins: nothing takes back what another source made read-only.
    let readonly = flags.readonly || env_readonly == Some(true) || file.readonly == Some(true);
    let per_plan = env_size(env, "NICDECK_MAX_PER_PLAN", &file::PER_PLAN, &mut problems);
    let percent = env_size(env, "NICDECK_MAX_PERCENT", &file::PERCENT, &mut problems);
    let safety = Safety {
        max_per_plan: flags.max_per_plan.or(per_plan).or(file.max_per_plan),
        max_percent: flags.max_percent.or(percent).or(file.max_percent),
        protect: file.protect,
        protect_of: file.protect_of,
    };
    let mut profiles = file.profiles;
    for (profile, _) in &mut profiles {
        profile.readonly |= readonly;
    }
    let endpoint = flags.endpoint.clone().map(|text| (Origin::Flag("--endpoint"), text));
    let given = endpoint.or_else(|| Some((Origin::Env("NICDECK_ENDPOINT"), env.get("NICDECK_ENDPOINT")?)));
    let mut endpoint = None;
    // What a broken file holds is not known, so nothing can be said to be missing from it.
    if !broken_file {
        problems.extend(select(&mut profiles, &flags.profiles, &flags.regions));
        match given.map(|(origin, text)| send_to(&mut profiles, origin, &text)).transpose() {
            Ok(everywhere) => endpoint = everywhere,
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(Settings { profiles, look, readonly, safety, keys: file.keys, config, sources: Vec::new(), endpoint })
    } else {
        Err(ConfigError { problems })
    }
}

/// Sends the calls of these profiles elsewhere. Off this machine only to the host that the file names itself for each of
/// them: a variable of somebody else's would otherwise take signed requests, tokens and passwords wherever it likes.
fn send_to<C>(profiles: &mut [(Profile, C)], origin: Origin, text: &str) -> Result<Endpoint, Problem> {
    let parsed = Endpoint::parse(text).and_then(|endpoint| {
        let own =
            !profiles.is_empty() && profiles.iter().all(|(profile, _)| profile.endpoint.as_ref() == Some(&endpoint));
        if own || endpoint.is_loopback() { Ok(endpoint) } else { Err(EndpointError::Elsewhere) }
    });
    let endpoint = parsed.map_err(|error| Problem { origin, kind: ProblemKind::Endpoint { error } })?;
    for (profile, _) in profiles {
        profile.endpoint = Some(endpoint.clone());
    }
    Ok(endpoint)
}

/// What flags and environment say of the log. A bad value is passed over: [`load`] reports it.
pub fn log(flags: &Flags, env: &Environment<'_>) -> Log {
    let level = flags.log_level.or_else(|| env_choice(env, "NICDECK_LOG_LEVEL", &mut Vec::new()));
    let file = flags.log_file.clone().or_else(|| env.get("NICDECK_LOG_FILE").map(PathBuf::from));
    Log { level: level.unwrap_or_default(), file }
}

/// How to show things when nothing but flags and environment can be trusted (no config, or a broken one). Bad values are
/// passed over: [`load`] reports them.
pub fn look(flags: &Flags, env: &Environment<'_>) -> Look {
    resolve_look(flags, env, &ConfigFile::default()).0
}

/// The keys of the config that is in force, for the sentences that name one. Where it has problems, the default keys: [`load`] tells.
pub fn keys(flags: &Flags, env: &Environment<'_>) -> Keymap {
    match path(flags, env) {
        ConfigPath { path: Some(path), found: true } => {
            // Which clouds and variables there are says nothing of keys.
            env.text.read(&path).map(file::keys).unwrap_or_default()
        }
        _ => Keymap::default(),
    }
}

/// Keeps the profiles and regions that were asked for by name; empty lists keep all. What matches nothing is a problem.
pub fn select<C>(profiles: &mut Vec<(Profile, C)>, names: &[String], regions: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut unmatched = |flag, of, given: &String, known: Vec<String>| {
        let suggestion = error::suggest(given, known.iter().map(String::as_str)).map(str::to_owned);
        let kind = ProblemKind::Unmatched { of, given: given.clone(), suggestion, known };
        problems.push(Problem { origin: Origin::Flag(flag), kind });
    };
    for name in names {
        if !profiles.iter().any(|(profile, _)| profile.id.as_str() == name) {
            let known = profiles.iter().map(|(profile, _)| profile.id.to_string()).collect();
            unmatched("--profile", Named::Profile, name, known);
        }
    }
    if !names.is_empty() {
        profiles.retain(|(profile, _)| names.iter().any(|name| name == profile.id.as_str()));
    }
    for region in regions {
        let mut known: Vec<RegionId> = profiles.iter().flat_map(|(profile, _)| profile.regions.clone()).collect();
        // What a profile of all regions has is not known before it is asked.
        let any = profiles.iter().any(|(profile, _)| profile.regions.is_empty());
        if !any && !known.iter().any(|id| id.as_str() == region) {
            known.sort();
            known.dedup();
            unmatched("--region", Named::Region, region, known.iter().map(ToString::to_string).collect());
        }
    }
    if !regions.is_empty() {
        for (profile, _) in profiles.iter_mut() {
            if profile.regions.is_empty() {
                profile.regions = regions.iter().map(|region| region.as_str().into()).collect();
            }
            profile.regions.retain(|id| regions.iter().any(|region| region == id.as_str()));
        }
        profiles.retain(|(profile, _)| !profile.regions.is_empty());
    }
    problems
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let whole = |kind| ConfigError::from(Problem { origin: Origin::WholeFile(path.to_owned()), kind });
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(|error| {
        whole(match error.kind() {
            std::io::ErrorKind::NotFound => ProblemKind::NoFile,
            _ => ProblemKind::Unreadable { reason: error.to_string() },
        })
    })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(whole(ProblemKind::TooLarge { most: MOST_BYTES }));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let place = crate::domain::place::Place::of(&path.into(), &text, good);
        Problem { origin: Origin::File(place), kind: ProblemKind::NotUtf8 }.into()
    })
}

fn resolve_look(flags: &Flags, env: &Environment<'_>, file: &ConfigFile) -> (Look, Vec<Problem>) {
    let mut problems = Vec::new();
    let language = env_choice(env, "NICDECK_LANG", &mut problems);
    let theme = env_choice(env, "NICDECK_THEME", &mut problems);
    let borders = env_choice(env, "NICDECK_BORDERS", &mut problems);
    let color = env_choice(env, "NICDECK_COLOR", &mut problems);
    // Of how things look this is none, but it is checked where the others are.
    let _: Option<LogLevel> = env_choice(env, "NICDECK_LOG_LEVEL", &mut problems);
    let motion = env_bool(env, "NICDECK_MOTION", &mut problems);
    let mouse = env_bool(env, "NICDECK_MOUSE", &mut problems);
    let ascii = flags.ascii.then_some(Borders::Ascii);
    let look = Look {
        language: spoken(flags.language.or(language).or(file.language).unwrap_or_default(), env),
        theme: theme.or(file.theme).unwrap_or_default(),
        borders: ascii.or(borders).or(file.borders).unwrap_or_default(),
        motion: motion.or(file.motion).unwrap_or(true),
        mouse: !flags.no_mouse && mouse.or(file.mouse).unwrap_or(false),
        color: colored(flags.color.or(color).unwrap_or_default(), env),
    };
    (look, problems)
}

fn env_choice<T: Choice>(env: &Environment<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Option<T> {
    let text = env.get(name)?;
    T::read(name, &text).map_err(|kind| problems.push(Problem { origin: Origin::Env(name), kind })).ok()
}

fn env_bool(env: &Environment<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Option<bool> {
    let text = env.get(name)?;
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => {
            let allowed = ["1", "0", "true", "false", "yes", "no", "on", "off"].map(str::to_owned).into();
            let kind = ProblemKind::NotOneOf { key: name.to_owned(), given: Some(text), allowed, suggestion: None };
            problems.push(Problem { origin: Origin::Env(name), kind });
            None
        }
    }
}

fn env_size(
    env: &Environment<'_>,
    name: &'static str,
    allowed: &RangeInclusive<i64>,
    problems: &mut Vec<Problem>,
) -> Option<usize> {
    let size = env.get(name)?.trim().parse::<i64>().ok().and_then(|number| file::sized(number, allowed));
    if size.is_none() {
        let kind = ProblemKind::OutOfRange { key: name, least: *allowed.start(), most: *allowed.end() };
        problems.push(Problem { origin: Origin::Env(name), kind });
    }
    size
}

/// `auto` asks the locale, in the order that POSIX gives its variables.
fn spoken(choice: LanguageChoice, env: &Environment<'_>) -> Language {
    match choice {
        LanguageChoice::En => Language::En,
        LanguageChoice::ZhCn => Language::ZhCn,
        LanguageChoice::Auto => {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| env.get(name));
            match locale {
                Some(locale) if locale.to_lowercase().starts_with("zh") => Language::ZhCn,
                _ => Language::En,
            }
        }
    }
}

fn colored(choice: ColorChoice, env: &Environment<'_>) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            env.terminal && env.get("NO_COLOR").is_none() && env.get("TERM").as_deref() != Some("dumb")
        }
    }
}
