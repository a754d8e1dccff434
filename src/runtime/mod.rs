//! The edge: everything that waits, reads a clock, or touches the world outside of the process.

pub mod clock;
pub mod credentials;
pub mod doctor;
pub mod event_loop;
pub mod executor;
pub mod headless;
pub mod history;
pub mod input;
pub mod jobs;
pub mod journal;
mod listed;
pub mod log;
mod outlet;
pub mod plan_file;
pub mod signals;
pub mod terminal;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::mpsc;

use crate::{
    app::{
        find::Spoken,
        geometry::Size,
        keymap::Keymap,
        notices::{Loudness, Phrase, Worded},
        state::{Language, ProfileInfo, Setup, State},
        theme::ThemeName,
    },
    domain::{exchange::Exchange, ids::ProfileId, time::Timestamp},
    providers::{
        self,
        client::{Client, Parts},
        http::{SetupError, Transport},
        keyring::Supply,
        profile::Profile,
        retry::RetryPolicy,
    },
    rules::Safety,
};

use event_loop::{End, Inlets, View};
use executor::{Executor, Recovery};
use jobs::{reconcile::Patience, release::Author};
use journal::Journal;

/// Messages that may wait for the loop: a full channel slows the paging, not the screen.
const RESULTS: usize = 256;
/// Round trips that may wait; more are dropped from the calls screen, never held up.
const EXCHANGES: usize = 1024;

/// A profile with what signs its requests, or why there is nothing to sign with.
pub struct Account {
    pub profile: Profile,
    pub credential: Result<Supply, Phrase>,
}

/// Everything a start needs, resolved.
pub struct Launch {
    pub accounts: Vec<Account>,
    pub language: Language,
    pub demo: bool,
    pub readonly: bool,
    pub filter: String,
    pub config_path: String,
    /// Credentials that are here already: of which cloud, and where.
    pub found: Vec<(&'static str, Phrase)>,
    pub write_config: executor::WriteConfig,
    pub problems: Vec<Worded>,
    /// Which key does what.
    pub keymap: Keymap,
    /// The theme that was chosen before; `None`: the terminal's.
    pub theme: Option<ThemeName>,
    pub motion: bool,
    /// The mouse is on from the start.
    pub mouse: bool,
    /// Colours may be shown.
    pub color: bool,
    /// Belts and protect rules.
    pub safety: Arc<Safety>,
    /// Where writes are noted; `None` where the platform has no place for it, and then none is made.
    pub journal: Option<PathBuf>,
    /// Writes in the journal from before that were to clouds that are gone: the demo's begin anew.
    pub since: Timestamp,
    /// The demo goes on where one was broken off.
    pub continued: bool,
    pub crash_file: Option<PathBuf>,
    /// Words for exports.
    pub tell: jobs::export::Tell,
}

/// The console could not be started, or broke.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the terminal can not be used: {0}")]
    Terminal(io::Error),
    #[error(transparent)]
    Http(#[from] SetupError),
    #[error("signals can not be received: {0}")]
    Signals(io::Error),
}

/// The parts of a running program below the screen.
pub(crate) struct Engine {
    pub executor: Executor,
    pub out: mpsc::Sender<crate::app::msg::Msg>,
    pub journal: Journal,
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
            keymap: self.keymap.clone(),
            theme: self.theme,
            config_path: self.config_path.clone(),
            found: self.found.clone(),
            problems: self.problems.clone(),
            motion: self.motion,
            mouse: self.mouse,
            color: self.color,
            clouds: providers::all().iter().map(|cloud| cloud.descriptor().id).collect(),
            safety: self.safety.clone(),
            spoken: Spoken(self.tell.clone()),
        }
    }

    /// Clients for all accounts that can sign.
    pub(crate) fn clients(
        &self,
        trips: &mpsc::Sender<Exchange>,
        retry: RetryPolicy,
    ) -> Result<BTreeMap<ProfileId, Client>, RunError> {
        let transport = Transport::default();
        let mut clients: BTreeMap<ProfileId, Client> = BTreeMap::new();
        for account in &self.accounts {
            let (Ok(supply), Some(cloud)) = (&account.credential, providers::of(&account.profile)) else {
                continue;
            };
            let mut profile = account.profile.clone();
            // The strictest wins, and the gate that sends knows only the profile.
            profile.readonly |= self.readonly;
            let client = Client::new(Parts {
                http: transport.for_profile(&profile)?,
                cloud,
                supply: supply.clone(),
                clock: Arc::new(clock::now),
                exchanges: trips.clone(),
                retry,
                profile: Arc::new(profile),
            });
            clients.insert(account.profile.id.clone(), client);
        }
        Ok(clients)
    }

    /// What runs below the screen.
    pub(crate) fn engine(&self) -> Result<Engine, RunError> {
        let profiles: Vec<&str> = self.accounts.iter().map(|account| account.profile.id.as_str()).collect();
        let (version, readonly, demo) = (env!("CARGO_PKG_VERSION"), self.readonly, self.demo);
        tracing::info!("nicdeck {version} begins: {}, readonly {readonly}, demo {demo}", profiles.join(" "));
        let (out, results) = mpsc::channel(RESULTS);
        let (trips, exchanges) = mpsc::channel(EXCHANGES);
        let clients = self.clients(&trips, RetryPolicy::default())?;
        // Nothing is looked at yet: reading needs no journal. Without a place for one each intent fails.
        let journal = Journal::at(self.journal.as_deref().unwrap_or(Path::new(""))).since(self.since);
        let author = author();
        let patience = if self.demo { Patience::MADE_UP } else { patience() };
        let desk = Recovery { since: self.since, patience };
        let executor =
            Executor::new(clients, Arc::new(journal.clone()), author, self.safety.clone(), desk, out.clone());
        let executor = executor.telling(self.tell.clone(), self.demo).writing(self.write_config.clone());
        Ok(Engine { executor, out, journal, results, exchanges })
    }
}

/// Runs the console until it is quit. The terminal is as it was when this returns.
///
/// # Errors
/// No usable terminal or HTTPS client; or the terminal broke on the way.
pub async fn console(launch: Launch, view: &mut dyn View) -> Result<End, RunError> {
    let signals = signals::Signals::listen().map_err(RunError::Signals)?;
    let (tell, language) = (launch.tell.clone(), launch.language);
    let kept = move |path: &Path| tell(language, "run-error.report", &[("path", &path.to_string_lossy())]);
    terminal::install_panic_hook(std::thread::current().id(), launch.crash_file.clone(), kept);
    let mut console = terminal::Console::take().map_err(RunError::Terminal)?;
    let (columns, rows) = console.size().map_err(RunError::Terminal)?;
    let mut state = State::new(launch.setup(Size { columns, rows }), clock::now());
    // The first frame stands before anything is read, built or asked for.
    console
        .draw(|frame| {
            view.draw(&state, frame);
        })
        .map_err(RunError::Terminal)?;
    let mut engine = launch.engine()?;
    let writable = state.profiles.iter().any(|info| state.writable(&info.id));
    if launch.continued {
        state.notices.say(clock::now(), Loudness::Info, Phrase::new("notice.demo-continued"));
    }
    tokio::spawn(jobs::journal::run(engine.journal, engine.executor.look(writable, true), engine.out));
    let switch = input::Switch::default();
    let mut inlets = Inlets {
        input: input::start(switch.clone()),
        results: engine.results,
        exchanges: engine.exchanges,
        signals,
        switch,
    };
    let end = event_loop::run(&mut state, &mut engine.executor, &mut console, &mut inlets, view).await;
    // Whoever reads the terminal next is not to share its keys with this one's thread.
    inlets.switch.pause().await;
    drop((inlets, console));
    terminal::tell_the_rest();
    match end {
        Ok(end) => Ok(end),
        // A terminal that is gone is a hang-up, not a failure.
        Err(error) if is_gone(&error) => Ok(End::Signal(signals::HANGUP)),
        Err(error) => Err(RunError::Terminal(error)),
    }
}

/// Does the journal hold no write since then whose end is not known? Blocks.
pub fn nothing_open(journal: &Path, since: Timestamp) -> bool {
    journal::open_writes(journal, &host(), clock::now()).is_ok_and(|open| open.since(since).is_empty())
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected)
        || error.raw_os_error() == Some(5 /* EIO: the other end of the pseudo-terminal is closed */)
}

/// How long is waited for a write that does not show; a test of a build for tests may not have that long.
fn patience() -> Patience {
    let wish = std::env::var("NICDECK_TEST_PATIENCE").ok().filter(|_| cfg!(debug_assertions));
    match wish.and_then(|text| text.parse().ok()) {
        Some(certain) => Patience { pause: 200, certain },
        None => Patience::default(),
    }
}

/// Who uses this program, and where.
pub(crate) fn author() -> Author {
    Author { who: user(), host: host() }
}

/// The operating system's user, for the journal.
fn user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        // A service or a container may have none of them.
        #[cfg(unix)]
        return format!("uid {}", rustix::process::getuid().as_raw());
        #[cfg(not(unix))]
        "unknown".to_owned()
    })
}

/// This machine, for the journal.
fn host() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "unknown".to_owned())
}
