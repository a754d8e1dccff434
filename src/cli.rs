//! The command line: arguments -> settings -> what to run -> exit code.
//!
//! Data goes to standard output, everything else to standard error. Nothing here panics when either is closed.
//! Running the console and the headless commands is not done here: [`Entry`] is handed in.

mod args;
mod docs;
mod export;
mod filter;
mod history;
mod plans;
mod simulated;
#[cfg(test)]
mod tests;
mod usage;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    app::keymap::Keymap,
    app::state::Language,
    config::{self, Choice, ConfigError, ConfigPath, Environment, Flags, LanguageChoice, Look, Settings},
    domain::clean::clean,
    report::Format,
    runtime::{credentials, headless::plans::Wish},
    simulate::{self, Ended, SimulateArgs},
    told,
    ui::catalog::{Catalog, Catalogs},
};
use args::{Args, Command, ConfigCommand, HistoryCommand};

/// How a run ended, for scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failure = 1,
    /// Wrong usage, config or filter.
    Usage = 2,
    /// A part was done.
    Partly = 3,
    /// Read-only, or blocked by a finding.
    Refused = 4,
    /// Credentials or permission.
    Credentials = 5,
    /// A person said no.
    Cancelled = 6,
    /// The plan is too old, or not the one that was approved.
    Stale = 7,
    /// `plan --detailed-exitcode`: there is something to do.
    Something = 10,
    /// SIGHUP, or the terminal went away.
    HungUp = 129,
    /// Ctrl-C.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Only these profiles and regions; all where a list is empty. For profiles that come from no config.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Only {
    pub profiles: Vec<String>,
    pub regions: Vec<String>,
}

/// What the console is started with.
#[derive(Debug)]
pub struct ConsoleStart {
    /// Known even when the settings are broken.
    pub look: Look,
    /// In the demo: without profiles. An error is for the screen to show.
    pub settings: Result<Settings, ConfigError>,
    pub demo: bool,
    pub readonly: bool,
    pub filter: Option<String>,
    /// For the demo's profiles; those of a config are narrowed already.
    pub only: Only,
}

/// What `list` is started with.
#[derive(Debug)]
pub struct ListStart {
    /// Every profile has its credential. In the demo: without profiles.
    pub settings: Settings,
    pub demo: bool,
    pub format: Format,
    pub filter: Option<String>,
    /// For the demo's profiles; those of a config are narrowed already.
    pub only: Only,
    /// Somebody watches standard error: say how far it has come.
    pub progress: bool,
}

/// What `doctor` is started with.
#[derive(Debug)]
pub struct DoctorStart {
    /// In the demo: without profiles.
    pub settings: Settings,
    pub demo: bool,
    pub json: bool,
    /// For the demo's profiles; those of a config are narrowed already.
    pub only: Only,
    /// Standard output is one.
    pub terminal: bool,
}

/// What `plan` is started with.
#[derive(Debug)]
pub struct PlanStart {
    /// In the demo: without profiles.
    pub settings: Settings,
    pub demo: bool,
    /// For the demo's profiles; those of a config are narrowed already.
    pub only: Only,
    pub wish: Wish,
    pub filter: Option<String>,
    /// Where the plan goes; `-` is standard output. Without one it is only told.
    pub file: Option<PathBuf>,
    /// A plan that is there already is replaced.
    pub force: bool,
    /// Of what is said of the plan on standard output.
    pub format: Format,
    /// Exit with [`Exit::Something`] where there is something to do.
    pub detailed: bool,
    /// Somebody watches standard error.
    pub progress: bool,
}

/// What `apply` is started with.
#[derive(Debug)]
pub struct ApplyStart {
    /// In the demo: without profiles.
    pub settings: Settings,
    pub demo: bool,
    /// For the demo's profiles; those of a config are narrowed already.
    pub only: Only,
    pub file: PathBuf,
    /// The hash of the file that was approved.
    pub approve: Option<String>,
    /// Send nothing.
    pub dry_run: bool,
    pub format: Format,
    /// Somebody watches standard error.
    pub progress: bool,
}

/// What the commands run.
pub struct Entry<'a> {
    /// Begins the log. Err: the file that was asked for by name can not be written, and why.
    pub log: &'a dyn Fn(&config::Log) -> Result<(), String>,
    pub console: &'a dyn Fn(ConsoleStart) -> Exit,
    pub list: &'a dyn Fn(ListStart, &mut dyn Write, &mut dyn Write) -> Exit,
    pub doctor: &'a dyn Fn(DoctorStart, &mut dyn Write, &mut dyn Write) -> Exit,
    pub plan: &'a dyn Fn(PlanStart, &mut dyn Write, &mut dyn Write) -> Exit,
    pub apply: &'a dyn Fn(ApplyStart, &mut dyn Write, &mut dyn Write) -> Exit,
}

/// What the process was started in; tests bring their own.
pub struct Process<'a> {
    pub var: &'a dyn Fn(&str) -> Option<String>,
    pub config_folder: Option<&'a Path>,
    /// Not read yet.
    pub config: config::Text,
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
}

/// Runs with the real process's arguments, environment and streams.
pub fn main(entry: &Entry<'_>) -> Exit {
    // A value that is no UTF-8 is kept visible as broken instead of being taken for unset.
    let var = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let folders = directories::ProjectDirs::from("", "", "nicdeck");
    let mut process = Process {
        var: &var,
        config_folder: folders.as_ref().map(directories::ProjectDirs::config_dir),
        config: config::Text::default(),
        out: &mut io::stdout(),
        err: &mut io::stderr(),
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
    };
    run(std::env::args_os(), &mut process, entry)
}

/// Reads the arguments (the program's name first) and runs what they ask for.
pub fn run(args: impl IntoIterator<Item = OsString>, process: &mut Process<'_>, entry: &Entry<'_>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let catalogs = match Catalogs::embedded() {
        Ok(catalogs) => catalogs.with_keys(&Keymap::default()),
        Err(error) => return complain(process, &error.to_string(), Exit::Failure),
    };
    let language = spoken(&args, process);
    let words = catalogs.of(language);
    let parsed = match args::parse(&args, words) {
        Ok(parsed) => parsed,
        Err(error) => return explain(&error, language, words, process),
    };
    let flags = parsed.flags();
    // The demo asks no config.
    let asks_config = !parsed.demo && parsed.command.as_ref().is_none_or(Command::asks_config);
    let keys = if asks_config { config::keys(&flags, &environment(process)) } else { Keymap::default() };
    let catalogs = match Catalogs::embedded() {
        Ok(catalogs) => catalogs.with_keys(&keys),
        Err(error) => return complain(process, &error.to_string(), Exit::Failure),
    };
    let words = catalogs.of(language);
    let clouds: Vec<&str> = crate::providers::all().iter().map(|cloud| cloud.descriptor().id).collect();
    // A bad filter never matches everything: better nothing at all. The history has a language of its own.
    if let Some(text) = &parsed.filter
        && !matches!(parsed.command, Some(Command::History { .. } | Command::Export { .. }))
        && let Err(error) = crate::filter::parse_among(text, &clouds)
    {
        return complain(process, &filter::explain(text, &error, words), Exit::Usage);
    }
    let asks_clouds = match &parsed.command {
        None => true,
        Some(command) => command.asks_clouds(),
    };
    if asks_clouds {
        let log = config::log(&flags, &environment(process));
        if let Err(reason) = (entry.log)(&log) {
            let path = log.file.unwrap_or_default();
            let values = [("path", &*path.to_string_lossy()), ("reason", &reason)];
            return complain(process, &words.text("command-line.no-log", &values), Exit::Failure);
        }
    }
    match parsed.command {
        None => console(parsed, &flags, words, process, entry),
        Some(Command::List { output }) => list(&parsed, output, &flags, &catalogs, language, process, entry),
        Some(Command::Doctor { output }) => {
            let json = output.eq_ignore_ascii_case("json");
            doctor(parsed.demo, json, &flags, &catalogs, language, process, entry)
        }
        Some(Command::Plan { targets, detach, rest, out, force, overrides, output, detailed_exitcode }) => {
            let rest = match rest.map(|batch| history::named(parsed.demo, &batch, words)).transpose() {
                Ok(rest) => rest,
                Err((text, exit)) => return complain(process, &text, exit),
            };
            let args = plans::PlanArgs {
                targets,
                detach,
                undo: None,
                rest,
                file: Some(out),
                force,
                overrides,
                format: output,
                detailed: detailed_exitcode,
                demo: parsed.demo,
                filter: parsed.filter,
            };
            plans::plan(args, &flags, &catalogs, language, process, entry)
        }
        Some(Command::Undo { batch, out, force, overrides, output, detailed_exitcode }) => {
            let batch = match history::named(parsed.demo, &batch, words) {
                Ok(batch) => batch,
                Err((text, exit)) => return complain(process, &text, exit),
            };
            let args = plans::PlanArgs {
                targets: Vec::new(),
                detach: Vec::new(),
                undo: Some(batch),
                rest: None,
                file: out,
                force,
                overrides,
                format: output,
                detailed: detailed_exitcode,
                demo: parsed.demo,
                filter: None,
            };
            plans::plan(args, &flags, &catalogs, language, process, entry)
        }
        Some(Command::Export { batch, export_file, output }) => {
            let asked =
                export::Asked { demo: parsed.demo, batch, search: parsed.filter, file: export_file, format: output };
            export::export(&asked, &catalogs, language, process)
        }
        Some(Command::Apply { file, approve, dry_run, output }) => {
            let args = plans::ApplyArgs { file, approve, dry_run, format: output, demo: parsed.demo };
            plans::apply(args, &flags, &catalogs, language, process, entry)
        }
        Some(Command::History { command: Some(HistoryCommand::Verify), .. }) => {
            history::check(parsed.demo, words, process)
        }
        Some(Command::History { command: None, output, most }) => {
            let asked = history::Asked {
                demo: parsed.demo,
                search: parsed.filter,
                profiles: flags.profiles,
                regions: flags.regions,
                format: output,
                most,
            };
            history::show(&asked, words, process)
        }
        Some(Command::Simulate(args)) => simulate(&args, words, process),
        Some(Command::Help { topic }) => docs::help(topic.as_deref(), language, words, process),
        Some(Command::Completions { shell }) => docs::completions(shell, words, process),
        Some(Command::Man { of }) => docs::man(of.as_deref(), words, process),
        Some(Command::Config { command }) => match command {
            ConfigCommand::Path => config_path(&flags, words, process),
            ConfigCommand::Init => config_init(&flags, words, process),
            ConfigCommand::Example => print(process, words, config::EXAMPLE),
            ConfigCommand::Check => config_check(&flags, &catalogs, language, process),
        },
    }
}

/// The language before the config was read: `--lang` as it stands among the arguments, or what the environment says.
fn spoken(args: &[OsString], process: &Process<'_>) -> Language {
    let mut texts = args.iter().map(|arg| arg.to_string_lossy());
    let mut given = None;
    while let Some(text) = texts.next() {
        match text.strip_prefix("--lang") {
            Some("") => given = texts.next().map(std::borrow::Cow::into_owned),
            Some(value) => given = value.strip_prefix('=').map(str::to_owned),
            None => {}
        }
    }
    let language = given.and_then(|text| LanguageChoice::read("--lang", &text).ok());
    let flags = Flags { language, ..Flags::default() };
    told::language(config::look(&flags, &environment(process)).language)
}

fn console(args: Args, flags: &Flags, words: &Catalog, process: &mut Process<'_>, entry: &Entry<'_>) -> Exit {
    if !process.stdin_is_terminal || !process.stdout_is_terminal {
        return complain(process, words.word("command-line.no-terminal"), Exit::Usage);
    }
    let only = Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() };
    let look = config::look(flags, &environment(process));
    let settings = settings(args.demo, flags, process);
    // A slip of the finger on the command line is told there; only the config is the screen's to explain.
    if let Err(error) = &settings
        && error.problems.iter().all(|problem| matches!(problem.origin, config::Origin::Flag(_)))
    {
        return complain(process, &told::error(error, words), Exit::Usage);
    }
    let look = settings.as_ref().map_or(look, |settings| settings.look);
    let readonly = settings.as_ref().map_or(true, |settings| settings.readonly);
    (entry.console)(ConsoleStart { look, settings, demo: args.demo, readonly, filter: args.filter, only })
}

fn list(
    args: &Args,
    format: Format,
    flags: &Flags,
    catalogs: &Catalogs,
    language: Language,
    process: &mut Process<'_>,
    entry: &Entry<'_>,
) -> Exit {
    let settings = match usable(args.demo, flags, catalogs, language, process) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let (demo, filter) = (args.demo, args.filter.clone());
    let only = Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() };
    let progress = process.stderr_is_terminal;
    (entry.list)(ListStart { settings, demo, format, filter, only, progress }, process.out, process.err)
}

/// Settings with a profile that can be used. Otherwise it is said why there is none.
fn usable(
    demo: bool,
    flags: &Flags,
    catalogs: &Catalogs,
    language: Language,
    process: &mut Process<'_>,
) -> Result<Settings, Exit> {
    let settings = match settings(demo, flags, process) {
        Ok(settings) => settings,
        Err(error) => return Err(complain(process, &told::error(&error, catalogs.of(language)), Exit::Usage)),
    };
    let words = catalogs.of(told::language(settings.look.language));
    if !demo {
        let missing = missing(&settings, words);
        // One that can not be used stops no other; the list says so and ends with 2 as well.
        if !missing.is_empty() && missing.len() == settings.profiles.len() {
            return Err(complain(process, &missing.join("\n"), Exit::Usage));
        }
        if settings.profiles.is_empty() {
            return Err(complain(process, &no_profiles(&settings.config, words), Exit::Usage));
        }
    }
    Ok(settings)
}

/// A profile without a credential is told with the others.
fn doctor(
    demo: bool,
    json: bool,
    flags: &Flags,
    catalogs: &Catalogs,
    language: Language,
    process: &mut Process<'_>,
    entry: &Entry<'_>,
) -> Exit {
    let settings = match settings(demo, flags, process) {
        Ok(settings) => settings,
        Err(error) => return complain(process, &told::error(&error, catalogs.of(language)), Exit::Usage),
    };
    if !demo && settings.profiles.is_empty() {
        let words = catalogs.of(told::language(settings.look.language));
        return complain(process, &no_profiles(&settings.config, words), Exit::Usage);
    }
    let only = Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() };
    let terminal = process.stdout_is_terminal;
    (entry.doctor)(DoctorStart { settings, demo, json, only, terminal }, process.out, process.err)
}

/// What is said of each profile that has no credential.
fn missing(settings: &Settings, words: &Catalog) -> Vec<String> {
    let errors = settings.profiles.iter().filter_map(|(_, credential)| credential.as_ref().err());
    errors.map(|error| told::credential(error, words)).collect()
}

/// Being interrupted is how this ends; the exit code says so like for any other command.
fn simulate(args: &SimulateArgs, words: &Catalog, process: &mut Process<'_>) -> Exit {
    if args.faults_example {
        return print(process, words, crate::sim::script::EXAMPLE);
    }
    if args.world_example {
        return match simulate::world_example(args) {
            Ok(example) => {
                // JSON has no comments: beside it, so that the file takes the world alone.
                complain(process, words.word("simulate-world.keys"), Exit::Done);
                let values = [("cloud", example.cloud), ("members", &example.unheeded.join(", "))];
                complain(process, &words.text("simulate-world.unheeded", &values), Exit::Done);
                print(process, words, &example.text)
            }
            Err(error) => complain(process, &simulated::told(&error, words), Exit::Usage),
        };
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let text = words.text("command-line.no-threads", &[("reason", &error.to_string())]);
            return complain(process, &text, Exit::Failure);
        }
    };
    match runtime.block_on(simulate::run(args, process.out)) {
        Ok(Ended::Interrupted) => Exit::Interrupted,
        Ok(Ended::Terminated) => Exit::Terminated,
        Err(error) => {
            let exit = if error.is_usage() { Exit::Usage } else { Exit::Failure };
            complain(process, &simulated::told(&error, words), exit)
        }
    }
}

fn config_path(flags: &Flags, words: &Catalog, process: &mut Process<'_>) -> Exit {
    match config::path(flags, &environment(process)).path {
        Some(path) => {
            // A script gets the path as it is.
            let path = path.to_string_lossy();
            let path = if process.stdout_is_terminal { clean(&path) } else { path };
            print(process, words, &format!("{path}\n"))
        }
        None => complain(process, words.word("command-line.no-folder"), Exit::Failure),
    }
}

/// Writes the example where the config goes, for the user alone. What is there stays as it is.
fn config_init(flags: &Flags, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let Some(path) = config::path(flags, &environment(process)).path else {
        return complain(process, words.word("command-line.no-folder"), Exit::Failure);
    };
    match config::write_example(&path) {
        Ok(()) => print(process, words, &format!("{}\n", clean(&path.to_string_lossy()))),
        Err(error) => {
            let key = match error.kind() {
                io::ErrorKind::AlreadyExists => "command-line.there-already",
                _ => "command-line.unwritable",
            };
            let (shown, reason) = (path.to_string_lossy(), error.to_string());
            let text = words.text(key, &[("path", &clean(&shown)), ("reason", &reason)]);
            complain(process, &text, Exit::Failure)
        }
    }
}

fn config_check(flags: &Flags, catalogs: &Catalogs, language: Language, process: &mut Process<'_>) -> Exit {
    let settings = match settings(false, flags, process) {
        Ok(settings) => settings,
        Err(error) => return complain(process, &told::error(&error, catalogs.of(language)), Exit::Usage),
    };
    let words = catalogs.of(told::language(settings.look.language));
    if settings.profiles.is_empty() {
        return complain(process, &no_profiles(&settings.config, words), Exit::Usage);
    }
    let mut lines = Vec::new();
    for (profile, credential) in &settings.profiles {
        let word = words.word(if credential.is_ok() { "list.ok" } else { "command-line.without-credentials" });
        let regions: Vec<&str> = profile.regions.iter().map(crate::domain::ids::RegionId::as_str).collect();
        let readonly = words.word(if profile.readonly { "header.read-only" } else { "header.read-write" });
        let regions =
            if regions.is_empty() { words.word("command-line.all-regions").to_owned() } else { regions.join(",") };
        lines.push(format!("{}  {}  {regions}  {readonly}  {word}\n", profile.id, profile.cloud));
    }
    let missing = missing(&settings, words);
    match (print(process, words, &lines.concat()), missing.is_empty()) {
        (Exit::Done, false) => complain(process, &missing.join("\n"), Exit::Usage),
        (exit, _) => exit,
    }
}

/// The demo looks for no config.
fn settings(demo: bool, flags: &Flags, process: &Process<'_>) -> Result<Settings, ConfigError> {
    let env = environment(process);
    let settings = if demo { config::without_file(flags, &env) } else { config::load(flags, &env) };
    Ok(settings?.with_credentials(|source, profile| credentials::resolve(source, profile, process.var)))
}

fn environment<'a>(process: &'a Process<'_>) -> Environment<'a> {
    Environment {
        var: process.var,
        config_folder: process.config_folder,
        terminal: process.stdout_is_terminal,
        text: &process.config,
    }
}

fn no_profiles(config: &ConfigPath, words: &Catalog) -> String {
    let Some(path) = &config.path else { return words.word("command-line.no-config").to_owned() };
    let key = if config.found { "command-line.no-profile-in" } else { "command-line.no-config-at" };
    words.text(key, &[("path", &clean(&path.to_string_lossy()))]).into_owned()
}

/// Help and version are data; anything else that stops the parser is a wrong usage.
fn explain(error: &clap::Error, language: Language, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let own = || error.render().to_string();
    if !error.use_stderr() {
        return print(process, words, &own());
    }
    let text = match language {
        Language::English => own(),
        Language::Chinese => usage::explain(error, words).unwrap_or_else(own),
    };
    complain(process, text.trim_end(), Exit::Usage)
}

/// Writes data. A reader that went away has what it wanted.
fn print(process: &mut Process<'_>, words: &Catalog, text: &str) -> Exit {
    match process.out.write_all(text.as_bytes()).and_then(|()| process.out.flush()) {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            let text = words.text("command-line.no-output", &[("reason", &error.to_string())]);
            complain(process, &text, Exit::Failure)
        }
    }
}

/// Writes for people; if they cannot be reached, the exit code still tells.
fn complain(process: &mut Process<'_>, text: &str, exit: Exit) -> Exit {
    for line in text.lines() {
        let _ = writeln!(process.err, "{}", clean(line));
    }
    exit
}
