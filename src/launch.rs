//! From what was asked on the command line to a running program: settings or the demo, clients, the loop.

mod doctor;
mod first;
mod plans;

use std::{io, path::PathBuf, sync::Arc};

pub use doctor::doctor;
pub use plans::{apply, plan};

use crate::{
    app::{
        effect::Sentence,
        keymap::Keymap,
        mouse::Part,
        state::{Language, State},
    },
    cli::{ConsoleStart, Exit, ListStart, Only},
    config::{self, ConfigError, LogLevel, Settings},
    demo::{self, Demo, kept::Kept},
    domain::{clean::clean, plan::Belts, time::Timestamp},
    filter, look,
    providers::{
        self,
        profile::{Credential, Profile},
    },
    report,
    rules::{Safety, protect::Protect},
    runtime::{
        self, Account, Launch, RunError, clock,
        event_loop::{End, View},
        headless::{self, Listed},
        jobs::export,
        journal,
        log::Detail,
        signals,
    },
    sim::http::Simulator,
    told,
    ui::{
        self,
        catalog::{Catalog, Catalogs},
        skin::{Skin, SkinError},
    },
};

/// Threads for calls; the screen has its own.
const WORKERS: usize = 2;
/// Beside the demo's journal.
const DEMO_FOLDER: &str = "demo";

/// The screen, in the theme that was chosen last.
struct Dressed(Skin);

impl View for Dressed {
    fn draw(&mut self, state: &State, frame: &mut ratatui::Frame) -> Option<usize> {
        self.0.wear(state.theme);
        ui::view(state, &self.0, frame)
    }

    fn part(&mut self, state: &State, column: u16, row: u16) -> Option<Part> {
        ui::part(state, &self.0, column, row)
    }

    fn sentence(&mut self, state: &State, sentence: &Sentence) -> String {
        ui::sentence(self.0.with_keys(&state.keymap).words(state.language), sentence)
    }
}

fn tokio_runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()
}

/// Begins the log.
///
/// # Errors
/// In words: the file that was asked for by name can not be written. Without a place of its own there is none, and nothing else stops.
pub fn log(wish: &config::Log) -> Result<(), String> {
    let detail = match wish.level {
        LogLevel::Off => Detail::Off,
        LogLevel::Error => Detail::Error,
        LogLevel::Warn => Detail::Warn,
        LogLevel::Info => Detail::Info,
        LogLevel::Debug => Detail::Debug,
        LogLevel::Trace => Detail::Trace,
    };
    match &wish.file {
        Some(path) => runtime::log::begin(path, detail).map_err(|error| error.to_string()),
        None => {
            let path = journal::default_path(false).map(|journal| runtime::log::beside(&journal));
            let _ = path.map(|path| runtime::log::begin(&path, detail));
            Ok(())
        }
    }
}

/// Runs the console.
pub fn console(start: &ConsoleStart) -> Exit {
    let mut err = io::stderr();
    let tokio = match tokio_runtime() {
        Ok(tokio) => tokio,
        Err(error) => return complain(&mut err, &error, Exit::Failure),
    };
    let mut demo = start.demo;
    let mut found = false;
    let mut language = told::language(start.look.language);
    let mut theme = None;
    let exit = loop {
        let look = start.look;
        let run = tokio.block_on(async {
            let keys = start.settings.as_ref().map_or_else(|_| Keymap::default(), |settings| settings.keys.clone());
            let mut launch = base(demo, language, look.motion, &keys);
            (launch.color, launch.mouse, launch.theme) = (look.color, look.mouse, theme);
            // A demo begun from the welcome screen is not bound by a config that could not be read.
            launch.readonly = start.readonly && (start.demo || !demo);
            launch.filter = start.filter.clone().unwrap_or_default();
            let now = clock::now();
            let folder = launch.journal.as_ref().and_then(|journal| journal.parent()).filter(|_| demo);
            let mut kept = folder.and_then(|folder| Kept::open(&folder.join(DEMO_FOLDER), now));
            // Kept for as long as the console runs: its clouds live in it.
            let _clouds = if demo {
                let Demo { profiles, clouds, protect } =
                    demo::start(kept.as_mut(), now).await.map_err(Failure::Demo)?;
                // The journal's older writes were to worlds that are gone.
                launch.since = kept.as_ref().map_or(now, |kept| kept.began);
                launch.continued = kept.as_ref().is_some_and(|kept| kept.continued);
                // A demo begun from the welcome screen has other profiles than those that were asked for.
                let all = Only::default();
                launch.accounts = narrowed(profiles, if start.demo { &start.only } else { &all })?;
                let safety = start.settings.as_ref().ok().map(|settings| &settings.safety);
                launch.safety = demo_safety(safety.filter(|_| start.demo), &protect, &launch.accounts)?;
                clouds
            } else {
                match &start.settings {
                    Ok(settings) if found => {
                        launch.accounts = first::accounts(settings.endpoint.as_ref());
                        launch.safety = safety(&settings.safety, &launch.accounts);
                        launch.readonly = true;
                    }
                    Ok(settings) => {
                        // Who has no profile yet is shown what is here.
                        launch.found = if settings.profiles.is_empty() { first::told() } else { Vec::new() };
                        launch.write_config = first::writer(settings.config.path.clone());
                        launch.accounts = accounts(settings);
                        launch.safety = safety(&settings.safety, &launch.accounts);
                        launch.config_path = shown_path(settings.config.path.as_ref());
                    }
                    Err(error) => {
                        launch.problems = told::problems(error, &Catalogs::embedded().map_err(SkinError::from)?);
                    }
                }
                Vec::new()
            };
            if launch.config_path.is_empty() {
                launch.config_path = start
                    .settings
                    .as_ref()
                    .map_or_else(|_| String::new(), |settings| shown_path(settings.config.path.as_ref()));
            }
            // Of clouds that nobody asked for there is nothing to explain.
            let used = |cloud: &str| launch.accounts.iter().any(|account| account.profile.cloud.as_str() == cloud);
            let skin = look::skin(&look)?.with_errors(providers::errors().filter(|(cloud, _)| used(cloud)))?;
            // Once: each frame asks whether they are the state's.
            let skin = skin.with_keys(&keys).into_owned();
            let (journal, since) = (launch.journal.clone(), launch.since);
            let end = runtime::console(launch, &mut Dressed(skin)).await;
            // What is open is asked of the same worlds at the next start.
            if let (Some(kept), Some(journal), Ok(_)) = (kept, journal, &end)
                && runtime::nothing_open(&journal, since)
            {
                kept.forget();
            }
            end.map_err(Failure::Run)
        });
        match run {
            Ok(End::Demo(chosen)) => (demo, language, theme) = (true, chosen.language, chosen.theme),
            Ok(End::Found(chosen)) => (found, language, theme) = (true, chosen.language, chosen.theme),
            Ok(End::Quit) => break Exit::Done,
            Ok(End::Signal(signals::TERMINATE)) => break Exit::Terminated,
            Ok(End::Signal(signals::INTERRUPT)) => break Exit::Interrupted,
            Ok(End::Signal(_)) => break Exit::HungUp,
            Err(failure) => break failed(&mut err, &failure, language),
        }
    };
    // Calls that nobody waits for any more are not worth waiting for.
    tokio.shutdown_background();
    exit
}

/// Lists without a screen.
pub fn list(start: &ListStart, out: &mut dyn io::Write, err: &mut dyn io::Write) -> Exit {
    let tokio = match tokio_runtime() {
        Ok(tokio) => tokio,
        Err(error) => return complain(err, &error, Exit::Failure),
    };
    if let Some(text) = &start.filter
        && let Err(mistake) = filter::parse(text)
    {
        return complain(err, &format!("the filter {text:?}: {mistake}"), Exit::Usage);
    }
    let listed = tokio.block_on(async {
        let language = told::language(start.settings.look.language);
        let catalogs = words(&start.settings.keys)?;
        let form = form(catalogs.of(language), start.format, start.progress);
        let mut stage = Stage::set(start.demo, &start.settings, &start.only).await?;
        stage.launch.filter = start.filter.clone().unwrap_or_default();
        stage.launch.readonly = true;
        headless::list(stage.launch, &form, out, err).await.map_err(Failure::Run)
    });
    tokio.shutdown_background();
    match listed {
        // A reader that went away early (head, less) has what it wanted: how complete it was is told all the same.
        Ok((Err(error), _)) if error.kind() != io::ErrorKind::BrokenPipe => complain(err, &error, Exit::Failure),
        Ok((_, Listed::All)) => Exit::Done,
        Ok((_, Listed::Partly)) => Exit::Partly,
        Ok((_, Listed::Misconfigured)) => Exit::Usage,
        Ok((_, Listed::Refused)) => Exit::Credentials,
        Ok((_, Listed::Failed)) => Exit::Failure,
        Err(failure) => failed(err, &failure, told::language(start.settings.look.language)),
    }
}

/// Words of the commands, with the keys of this map where they name some.
fn words(keys: &Keymap) -> Result<Catalogs, Failure> {
    let catalogs = Catalogs::embedded().and_then(|catalogs| catalogs.with_errors(providers::errors()));
    Ok(catalogs.map_err(SkinError::from)?.with_keys(keys))
}

/// How a command tells things.
fn form(words: &Catalog, format: report::Format, progress: bool) -> headless::Form<'_> {
    headless::Form {
        format,
        words: report::Words::told(|key| words.word(key).to_owned()),
        tell: Box::new(|key, values| words.text(key, values).into_owned()),
        phrase: Box::new(|phrase| words.phrase(phrase)),
        fault: Box::new(|kind| ui::fault_word(words, kind)),
        message: Box::new(|fault| ui::fault_message(words, fault).into_owned()),
        advice: Box::new(|cloud, fault| ui::fault_advice(words, cloud, fault)),
        progress,
    }
}

/// What a command without a screen runs on.
struct Stage {
    launch: Launch,
    /// The demo's clouds live as long as this.
    _clouds: Vec<Simulator>,
}

impl Stage {
    async fn set(demo: bool, settings: &Settings, only: &Only) -> Result<Self, Failure> {
        let mut launch = base(demo, told::language(settings.look.language), false, &settings.keys);
        if !demo {
            launch.accounts = accounts(settings);
            launch.safety = safety(&settings.safety, &launch.accounts);
            return Ok(Self { launch, _clouds: Vec::new() });
        }
        let now = clock::now();
        let Demo { profiles, clouds, protect } = demo::start(None, now).await.map_err(Failure::Demo)?;
        // The journal's older writes were to worlds that are gone.
        launch.since = now;
        launch.accounts = narrowed(profiles, only)?;
        launch.safety = demo_safety(Some(&settings.safety), &protect, &launch.accounts)?;
        Ok(Self { launch, _clouds: clouds })
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Run(RunError),
    #[error(transparent)]
    Demo(demo::DemoError),
    #[error(transparent)]
    Skin(#[from] SkinError),
    /// `--profile` or `--region` names what the demo does not have.
    #[error(transparent)]
    Only(#[from] ConfigError),
}

impl Failure {
    fn exit(&self) -> Exit {
        if matches!(self, Failure::Only(_)) { Exit::Usage } else { Exit::Failure }
    }
}

fn base(demo: bool, language: Language, motion: bool, keys: &Keymap) -> Launch {
    let journal = journal::default_path(demo).ok();
    let crash_file: Option<PathBuf> =
        journal.as_ref().and_then(|journal| journal.parent()).map(|folder| folder.join("crash.log"));
    Launch {
        accounts: Vec::new(),
        language,
        demo,
        readonly: false,
        filter: String::new(),
        config_path: String::new(),
        found: Vec::new(),
        write_config: first::writer(None),
        problems: Vec::new(),
        keymap: keys.clone(),
        theme: None,
        motion,
        color: false,
        mouse: false,
        safety: Arc::default(),
        journal,
        since: Timestamp::default(),
        continued: false,
        crash_file,
        tell: tell(keys),
    }
}

/// Words for exports, with the keys of this map.
fn tell(keys: &Keymap) -> export::Tell {
    let words = Catalogs::embedded().map(|words| words.with_keys(keys));
    Arc::new(move |language, key, values| match &words {
        Ok(words) => words.of(language).text(key, values).into_owned(),
        // A test reads the files, so this is never seen.
        Err(_) => key.to_owned(),
    })
}

fn accounts(settings: &Settings) -> Vec<Account> {
    settings
        .profiles
        .iter()
        .map(|(profile, credential)| Account {
            profile: profile.clone(),
            credential: credential.clone().map_err(|error| told::no_credential(&error)),
        })
        .collect()
}

/// Belts and protect rules for these profiles.
fn safety(asked: &config::Safety, accounts: &[Account]) -> Arc<Safety> {
    let default = Belts::default();
    let belts = Belts {
        per_plan: asked.max_per_plan.unwrap_or(default.per_plan),
        percent: asked.max_percent.unwrap_or(default.percent),
    };
    let mut protect = Protect::default();
    for Account { profile, .. } in accounts {
        let own = asked.protect_of.get(&profile.id).into_iter().flatten();
        protect.add(&profile.id, &profile.cloud, profile.env.as_deref(), asked.protect.iter().chain(own));
    }
    Arc::new(Safety { belts, protect })
}

/// The same for the demo, whose rules are its own.
fn demo_safety(
    asked: Option<&config::Safety>,
    protect: &[String],
    accounts: &[Account],
) -> Result<Arc<Safety>, Failure> {
    let rules = protect.iter().map(|text| {
        filter::parse(text).map_err(|error| Failure::Demo(demo::DemoError::Profiles(format!("{text:?}: {error}"))))
    });
    let protect = rules.collect::<Result<_, _>>()?;
    Ok(safety(&config::Safety { protect, ..asked.cloned().unwrap_or_default() }, accounts))
}

/// The demo's profiles that were asked for.
fn narrowed(mut profiles: Vec<(Profile, Credential)>, only: &Only) -> Result<Vec<Account>, ConfigError> {
    let problems = config::select(&mut profiles, &only.profiles, &only.regions);
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    Ok(profiles.into_iter().map(|(profile, key)| Account { profile, credential: Ok(key.into()) }).collect())
}

fn shown_path(path: Option<&PathBuf>) -> String {
    path.map_or_else(String::new, |path| clean(&path.to_string_lossy()).into_owned())
}

fn failed(err: &mut dyn io::Write, failure: &Failure, language: Language) -> Exit {
    match (failure, Catalogs::embedded()) {
        (Failure::Only(error), Ok(catalogs)) => {
            complain(err, &told::error(error, catalogs.of(language)), failure.exit())
        }
        (_, Ok(catalogs)) => complain(err, &told_failure(failure, catalogs.of(language)), failure.exit()),
        (_, Err(_)) => complain(err, failure, failure.exit()),
    }
}

/// In words where they are ours.
fn told_failure(failure: &Failure, words: &Catalog) -> String {
    let (key, reason) = match failure {
        Failure::Run(RunError::Terminal(error)) => ("run-error.terminal", error.to_string()),
        Failure::Run(RunError::Signals(error)) => ("run-error.signals", error.to_string()),
        Failure::Demo(error) => ("run-error.demo", error.to_string()),
        other => return other.to_string(),
    };
    words.text(key, &[("reason", &reason)]).into_owned()
}

fn complain(err: &mut dyn io::Write, error: &dyn std::fmt::Display, exit: Exit) -> Exit {
    for line in error.to_string().lines() {
        let _ = writeln!(err, "nicdeck: {}", clean(line));
    }
    exit
}
