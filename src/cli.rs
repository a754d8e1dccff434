//! The command line: arguments -> settings -> what to run -> exit code.
//!
//! Data goes to standard output, everything else to standard error. Nothing here panics when either is closed.
//! Running the console and the headless commands is not done here: [`Entry`] is handed in.

mod args;
mod filter;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use crate::{
    config::{self, Choice, ConfigError, ConfigPath, Environment, Flags, LanguageChoice, Look, Settings},
    domain::clean::clean,
    report::Format,
    runtime::credentials,
    simulate::{self, Ended, SimulateArgs},
    ui::catalog::Catalogs,
};
use args::{Args, Command, ConfigCommand};

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

/// What the commands run.
pub struct Entry<'a> {
    pub console: &'a dyn Fn(ConsoleStart) -> Exit,
    pub list: &'a dyn Fn(ListStart, &mut dyn Write, &mut dyn Write) -> Exit,
}

/// What the process was started in; tests bring their own.
pub struct Process<'a> {
    pub var: &'a dyn Fn(&str) -> Option<String>,
    pub config_folder: Option<&'a Path>,
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
    let words = Catalogs::embedded().ok();
    let language = spoken(&args, process);
    let parsed = match args::parse(&args, words.as_ref().map(|words| words.of(language))) {
        Ok(parsed) => parsed,
        Err(error) => return explain(&error, process),
    };
    let flags = parsed.flags();
    let clouds: Vec<&str> = crate::providers::all().iter().map(|cloud| cloud.descriptor().id).collect();
    // A bad filter never matches everything: better nothing at all.
    if let Some(text) = &parsed.filter
        && let Err(error) = crate::filter::parse_among(text, &clouds)
    {
        let explained = words.as_ref().map(|words| filter::explain(text, &error, words.of(language)));
        return complain(process, &explained.unwrap_or_else(|| error.to_string()), Exit::Usage);
    }
    match parsed.command {
        None => console(parsed, &flags, process, entry),
        Some(Command::List { output }) => list(parsed.demo, parsed.filter, output, &flags, process, entry),
        Some(Command::Simulate(args)) => simulate(&args, process),
        Some(Command::Config { command }) => match command {
            ConfigCommand::Path => config_path(&flags, process),
            ConfigCommand::Init => config_init(&flags, process),
            ConfigCommand::Example => print(process, config::EXAMPLE),
            ConfigCommand::Check => config_check(&flags, process),
        },
    }
}

/// The language of the help: `--lang` as it stands among the arguments, or what the environment says.
fn spoken(args: &[OsString], process: &Process<'_>) -> crate::app::state::Language {
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
    match config::look(&flags, &environment(process)).language {
        config::Language::En => crate::app::state::Language::English,
        config::Language::ZhCn => crate::app::state::Language::Chinese,
    }
}

fn console(args: Args, flags: &Flags, process: &mut Process<'_>, entry: &Entry<'_>) -> Exit {
    if !process.stdin_is_terminal || !process.stdout_is_terminal {
        return complain(
            process,
            "nicdeck's console needs a terminal for its input and output; `nicdeck list` prints the inventory without one",
            Exit::Usage,
        );
    }
    let only = Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() };
    let look = config::look(flags, &environment(process));
    let settings = settings(args.demo, flags, process);
    // A slip of the finger on the command line is told there; only the config is the screen's to explain.
    if let Err(error) = &settings
        && error.problems.iter().all(|problem| matches!(problem.origin, config::Origin::Flag(_)))
    {
        return complain(process, &error.to_string(), Exit::Usage);
    }
    let look = settings.as_ref().map_or(look, |settings| settings.look);
    let readonly = settings.as_ref().map_or(true, |settings| settings.readonly);
    (entry.console)(ConsoleStart { look, settings, demo: args.demo, readonly, filter: args.filter, only })
}

fn list(
    demo: bool,
    filter: Option<String>,
    format: Format,
    flags: &Flags,
    process: &mut Process<'_>,
    entry: &Entry<'_>,
) -> Exit {
    let settings = match settings(demo, flags, process) {
        Ok(settings) => settings,
        Err(error) => return complain(process, &error.to_string(), Exit::Usage),
    };
    if !demo {
        let missing: Vec<String> = settings
            .profiles
            .iter()
            .filter_map(|(_, credential)| credential.as_ref().err().map(ToString::to_string))
            .collect();
        // One that can not be used stops no other; the list says so and ends with 3.
        if !missing.is_empty() && missing.len() == settings.profiles.len() {
            return complain(process, &missing.join("\n"), Exit::Usage);
        }
        if settings.profiles.is_empty() {
            let text = no_profiles(&settings.config);
            return complain(process, &text, Exit::Usage);
        }
    }
    let only = Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() };
    let progress = process.stderr_is_terminal;
    (entry.list)(ListStart { settings, demo, format, filter, only, progress }, process.out, process.err)
}

/// Being interrupted is how this ends; the exit code says so like for any other command.
fn simulate(args: &SimulateArgs, process: &mut Process<'_>) -> Exit {
    if args.faults_example {
        return print(process, crate::sim::script::EXAMPLE);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(process, &format!("no worker threads: {error}"), Exit::Failure),
    };
    match runtime.block_on(simulate::run(args, process.out)) {
        Ok(Ended::Interrupted) => Exit::Interrupted,
        Ok(Ended::Terminated) => Exit::Terminated,
        Err(error) => {
            let exit = if error.is_usage() { Exit::Usage } else { Exit::Failure };
            complain(process, &error.to_string(), exit)
        }
    }
}

const NO_FOLDER: &str = "this platform has no config folder; name the file with --config FILE";

fn config_path(flags: &Flags, process: &mut Process<'_>) -> Exit {
    match config::path(flags, &environment(process)).path {
        Some(path) => {
            // A script gets the path as it is.
            let path = path.to_string_lossy();
            let path = if process.stdout_is_terminal { clean(&path) } else { path };
            print(process, &format!("{path}\n"))
        }
        None => complain(process, NO_FOLDER, Exit::Failure),
    }
}

/// Writes the example where the config goes, for the user alone. What is there stays as it is.
fn config_init(flags: &Flags, process: &mut Process<'_>) -> Exit {
    let Some(path) = config::path(flags, &environment(process)).path else {
        return complain(process, NO_FOLDER, Exit::Failure);
    };
    match config::write_example(&path) {
        Ok(()) => print(process, &format!("{}\n", clean(&path.to_string_lossy()))),
        Err(error) => {
            let shown = path.to_string_lossy();
            let what = match error.kind() {
                io::ErrorKind::AlreadyExists => "is there already, nothing was changed".to_owned(),
                _ => format!("cannot be written: {error}"),
            };
            complain(process, &format!("{} {what}", clean(&shown)), Exit::Failure)
        }
    }
}

fn config_check(flags: &Flags, process: &mut Process<'_>) -> Exit {
    let settings = match settings(false, flags, process) {
        Ok(settings) => settings,
        Err(error) => return complain(process, &error.to_string(), Exit::Usage),
    };
    if settings.profiles.is_empty() {
        return complain(process, &no_profiles(&settings.config), Exit::Usage);
    }
    let mut lines = Vec::new();
    let mut missing = Vec::new();
    for (profile, credential) in &settings.profiles {
        let word = match credential {
            Ok(_) => "ok",
            Err(error) => {
                missing.push(error.to_string());
                "without credentials"
            }
        };
        let regions: Vec<&str> = profile.regions.iter().map(crate::domain::ids::RegionId::as_str).collect();
        let readonly = if profile.readonly { "read-only" } else { "read-write" };
        lines.push(format!("{}  {}  {}  {readonly}  {word}\n", profile.id, profile.cloud, regions.join(",")));
    }
    match (print(process, &lines.concat()), missing.is_empty()) {
        (Exit::Done, false) => complain(process, &missing.join("\n"), Exit::Usage),
        (exit, _) => exit,
    }
}

/// The demo looks for no config.
fn settings(demo: bool, flags: &Flags, process: &Process<'_>) -> Result<Settings, ConfigError> {
    let env = environment(process);
    let settings = if demo { config::without_file(flags, &env) } else { config::load(flags, &env) };
    Ok(settings?.with_credentials(|source| credentials::resolve(source, process.var)))
}

fn environment<'a>(process: &'a Process<'_>) -> Environment<'a> {
    Environment { var: process.var, config_folder: process.config_folder, terminal: process.stdout_is_terminal }
}

fn no_profiles(config: &ConfigPath) -> String {
    let example = "`nicdeck config init` writes one to start with, `--demo` needs none";
    match config {
        ConfigPath { path: Some(path), found } => {
            let what = if *found { "no [[profile]] in" } else { "no config at" };
            format!("{what} {}; {example}", clean(&path.to_string_lossy()))
        }
        ConfigPath { path: None, .. } => {
            format!("no config, and no folder to look for one: use --config FILE; {example}")
        }
    }
}

/// Help and version are data; anything else that stops the parser is a wrong usage.
fn explain(error: &clap::Error, process: &mut Process<'_>) -> Exit {
    let text = error.render().to_string();
    if error.use_stderr() {
        return complain(process, text.trim_end(), Exit::Usage);
    }
    print(process, &text)
}

/// Writes data. A reader that went away has what it wanted.
fn print(process: &mut Process<'_>, text: &str) -> Exit {
    match process.out.write_all(text.as_bytes()).and_then(|()| process.out.flush()) {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => complain(process, &format!("standard output cannot be written: {error}"), Exit::Failure),
    }
}

/// Writes for people; if they cannot be reached, the exit code still tells.
fn complain(process: &mut Process<'_>, text: &str, exit: Exit) -> Exit {
    for line in text.lines() {
        let _ = writeln!(process.err, "{}", clean(line));
    }
    exit
}
