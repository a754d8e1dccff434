//! The edge: everything that waits, reads a clock, or touches the world outside of the process.

pub mod clock;
pub mod credentials;
pub mod event_loop;
pub mod executor;
pub mod headless;
pub mod input;
pub mod jobs;
pub mod journal;
pub mod signals;
pub mod terminal;

use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

use tokio::sync::mpsc;

use crate::{
    app::{
        geometry::Size,
        keymap::Keymap,
        notices::Phrase,
        state::{Language, ProfileInfo, Setup, State},
    },
    domain::{exchange::Exchange, ids::ProfileId},
    providers::{
        self,
        client::{Client, Parts},
        http::{SetupError, Timeouts, Transport},
        profile::{Credential, Profile},
        retry::RetryPolicy,
    },
};

use event_loop::{End, Inlets, View};
use executor::Executor;
use jobs::release::Author;
use journal::{Journal, JournalError};

/// Messages that may wait for the loop: a full channel slows the paging, not the screen.
const RESULTS: usize = 256;
/// Round trips that may wait; more are dropped from the calls screen, never held up.
const EXCHANGES: usize = 1024;

/// A profile with what signs its requests, or why there is nothing to sign with.
pub struct Account {
    pub profile: Profile,
    pub credential: Result<Credential, Phrase>,
}

/// Everything a start needs, resolved.
pub struct Launch {
    pub accounts: Vec<Account>,
    pub language: Language,
    pub demo: bool,
    pub readonly: bool,
    pub filter: String,
    pub config_path: String,
    pub problems: Vec<String>,
    pub motion: bool,
    /// Writes of an earlier run without an outcome; filled in when the journal is read.
    pub unfinished: usize,
    pub journal: PathBuf,
    pub crash_file: Option<PathBuf>,
}

/// The console could not be started, or broke.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the terminal can not be used: {0}")]
    Terminal(io::Error),
    #[error("the journal can not be used, and without it nothing may be written: {0}")]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Http(#[from] SetupError),
    #[error("signals can not be received: {0}")]
    Signals(io::Error),
}

/// The parts of a running program below the screen.
pub(crate) struct Engine {
    pub executor: Executor,
    pub results: mpsc::Receiver<crate::app::msg::Msg>,
    pub exchanges: mpsc::Receiver<Exchange>,
}

impl Launch {
    /// The state to begin with.
    pub(crate) fn setup(&self, size: Size) -> Setup {
        let profiles = self
            .accounts
            .iter()
            .filter_map(|account| {
                let descriptor = providers::of(&account.profile)?.descriptor();
                Some(ProfileInfo {
                    id: account.profile.id.clone(),
                    cloud: account.profile.cloud.clone(),
                    title: descriptor.title,
                    capabilities: &descriptor.capabilities,
                    regions: account.profile.regions.clone(),
                    alias: account.profile.alias.clone(),
                    env: account.profile.env.clone(),
                    prod: account.profile.is_prod(),
                    readonly: account.profile.readonly || self.readonly,
                    problem: account.credential.as_ref().err().cloned(),
                })
            })
            .collect();
        Setup {
            profiles,
            language: self.language,
            demo: self.demo,
            readonly: self.readonly,
            filter: self.filter.clone(),
            size,
            keymap: Keymap::default(),
            config_path: self.config_path.clone(),
            problems: self.problems.clone(),
            motion: self.motion,
            unfinished: self.unfinished,
        }
    }

    /// Clients for all accounts that can sign.
    pub(crate) fn engine(&self) -> Result<Engine, RunError> {
        let (out, results) = mpsc::channel(RESULTS);
        let (trips, exchanges) = mpsc::channel(EXCHANGES);
        let transport = Transport::new(Timeouts::default());
        let mut clients: BTreeMap<ProfileId, Client> = BTreeMap::new();
        for account in &self.accounts {
            let (Ok(credential), Some(cloud)) = (&account.credential, providers::of(&account.profile)) else {
                continue;
            };
            let mut profile = account.profile.clone();
            // The strictest wins, and the gate that sends knows only the profile.
            profile.readonly |= self.readonly;
            let client = Client::new(Parts {
                http: transport.for_profile(&profile)?,
                cloud,
                credential: Arc::new(credential.clone()),
                clock: Arc::new(clock::now),
                exchanges: trips.clone(),
                retry: RetryPolicy::default(),
                profile: Arc::new(profile),
            });
            clients.insert(account.profile.id.clone(), client);
        }
        let journal = Arc::new(Journal::open(&self.journal)?);
        let author = Author { who: user(), host: host() };
        Ok(Engine { executor: Executor::new(clients, journal, author, out), results, exchanges })
    }
}

/// Runs the console until it is quit. The terminal is as it was when this returns.
///
/// # Errors
/// No usable terminal, journal or HTTPS client; or the terminal broke on the way.
pub async fn console(mut launch: Launch, view: &mut View<'_>) -> Result<End, RunError> {
    let signals = signals::Signals::listen().map_err(RunError::Signals)?;
    terminal::install_panic_hook(std::thread::current().id(), launch.crash_file.clone());
    let mut engine = launch.engine()?;
    if !launch.demo {
        launch.unfinished = Journal::open(&launch.journal)?.read().await?.open_intents().count();
    }
    let mut console = terminal::Console::take().map_err(RunError::Terminal)?;
    let (columns, rows) = console.size().map_err(RunError::Terminal)?;
    let mut state = State::new(launch.setup(Size { columns, rows }), clock::now());
    let switch = input::Switch::default();
    let mut inlets = Inlets {
        input: input::start(switch.clone()),
        results: engine.results,
        exchanges: engine.exchanges,
        signals,
        switch,
    };
    let end = event_loop::run(&mut state, &mut engine.executor, &mut console, &mut inlets, view).await;
    drop(console);
    match end {
        Ok(end) => Ok(end),
        // A terminal that is gone is a hang-up, not a failure.
        Err(error) if is_gone(&error) => Ok(End::Signal(signals::HANGUP)),
        Err(error) => Err(RunError::Terminal(error)),
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected)
        || error.raw_os_error() == Some(5 /* EIO: the other end of the pseudo-terminal is closed */)
}

/// The operating system's user, for the journal.
fn user() -> String {
    std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_else(|_| "unknown".to_owned())
}

/// This machine, for the journal.
fn host() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "unknown".to_owned())
}
