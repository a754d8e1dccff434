//! `nicdeck simulate`: simulated clouds to rehearse with, for people's own scripts, vendors' CLIs and SDKs.
//!
//! Puts together what `sim` serves and what `providers` speak; knows no cloud by name and nothing of the console.

#[cfg(test)]
mod tests;

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::Serialize;

use crate::{
    providers::{self, provider::Provider},
    sim::{
        example,
        generate::{Plan, generate},
        hint::Hint,
        http::{Options, SimError, Simulator},
        script::{Rule, Script, ScriptError, is_like},
        world::{Codes, World, WorldError, WorldFile, check_stated, unheeded},
    },
};

/// What to serve.
#[derive(clap::Args, Clone, PartialEq, Eq, Debug)]
pub struct SimulateArgs {
    /// Loopback address to listen on. Each further cloud takes the next port; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// Clouds to serve, with commas between them [default: those of the world files, else all]
    #[arg(long, value_name = "CLOUD,...", value_delimiter = ',')]
    pub clouds: Vec<String>,

    /// Serve the world in this file (JSON: one cloud, one region); can be given again
    #[arg(long, value_name = "FILE")]
    pub world: Vec<PathBuf>,

    /// Print a small world of the first of the clouds that has every key, explain the keys beside it, and serve nothing
    #[arg(long)]
    pub world_example: bool,

    /// Instances to generate for each cloud that has no world file
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub instances: u32,

    /// Seed of generated worlds, request ids and faults: the same seed gives the same run
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,

    /// Inject the faults of this script (TOML or JSON)
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,

    /// Print a script of faults that explains every key, and serve nothing
    #[arg(long)]
    pub faults_example: bool,
}

impl Default for SimulateArgs {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            clouds: Vec::new(),
            world: Vec::new(),
            world_example: false,
            instances: 50,
            seed: 0,
            faults: None,
            faults_example: false,
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error("there is no cloud \"{name}\"; {hint}")]
    UnknownCloud { name: String, hint: Hint },
    #[error("{file}: fault {nth}: there is no cloud \"{name}\"; {hint}")]
    FaultCloud { file: String, nth: usize, name: String, hint: Hint },
    #[error("{file}: fault {nth}: no cloud it is for has an action \"{name}\"; {hint}")]
    FaultAction { file: String, nth: usize, name: String, hint: Hint },
    #[error("{file}: this world is one of \"{cloud}\", which --clouds leaves out")]
    LeftOut { file: String, cloud: String },
    #[error("{file}: {source}")]
    Read { file: String, source: io::Error },
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Script(#[from] ScriptError),
    #[error("no port is left after {0}")]
    NoPort(SocketAddr),
    #[error(transparent)]
    Start(#[from] SimError),
    #[error("cannot print the endpoints: {0}")]
    Print(io::Error),
    #[error("cannot wait for signals: {0}")]
    Signal(io::Error),
}

impl SimulateError {
    /// Is it what was asked for (rather than what the machine allowed) that is wrong?
    pub fn is_usage(&self) -> bool {
        match self {
            SimulateError::Start(error) => matches!(error, SimError::NotLoopback(_)),
            SimulateError::Print(_) | SimulateError::Signal(_) => false,
            _ => true,
        }
    }
}

/// What ended it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM, or SIGHUP.
    Terminated,
}

/// One cloud, as its line says it.
#[derive(Serialize)]
struct Line<'a> {
    cloud: &'a str,
    endpoint: &'a str,
    access_key_id: &'a str,
    access_key_secret: &'a str,
    region: &'a str,
}

/// Serves until Ctrl-C or SIGTERM. Prints one JSON line per cloud as soon as all of them can be called.
///
/// # Errors
/// Wrong arguments or files (see [`SimulateError::is_usage`]), or an address that can not be listened on.
pub async fn run(args: &SimulateArgs, out: &mut dyn Write) -> Result<Ended, SimulateError> {
    // Listened to before anything is printed: who reads a line may send a signal at once.
    let signals = Signals::listen().map_err(SimulateError::Signal)?;
    let simulators = serve(args).await?;
    announce(&simulators, out).map_err(SimulateError::Print)?;
    let ended = signals.wait().await;
    for simulator in simulators {
        simulator.stop().await;
    }
    Ok(ended)
}

/// Starts what the arguments ask for, in the order of the clouds' list.
///
/// # Errors
/// As [`run`].
pub async fn serve(args: &SimulateArgs) -> Result<Vec<Simulator>, SimulateError> {
    let mut files = Vec::new();
    for path in &args.world {
        let (file, text) = read(path)?;
        let world = WorldFile::parse(&file, &text)?;
        files.push((file, world));
    }
    let script = match &args.faults {
        None => Script::default(),
        Some(path) => {
            let (file, text) = read(path)?;
            let script = Script::parse(&file, &text)?;
            for (nth, rule) in (1..).zip(&script.rules) {
                check_rule(&file, nth, rule)?;
            }
            script
        }
    };
    let mut simulators = Vec::new();
    let mut listen = args.listen;
    for cloud in chosen(args, &files)? {
        let own: Vec<(String, WorldFile)> =
            files.iter().filter(|(_, file)| file.provider == cloud.descriptor().id).cloned().collect();
        let dialect = cloud.dialect();
        for (name, file) in &own {
            file.check_words(name, dialect.vocabulary())?;
        }
        let world = if own.is_empty() {
            let instances = usize::try_from(args.instances).unwrap_or(usize::MAX);
            generate(dialect.vocabulary(), Plan::of(instances, args.seed))
        } else {
            let world = World::from_files(own.clone())?;
            check_stated(&own, dialect.as_ref(), &Codes::of(cloud.descriptor().errors))?;
            world
        };
        let options = Options { listen, script: script.clone(), seed: args.seed, ..Options::default() };
        simulators.push(Simulator::start(dialect, world, options).await?);
        if listen.port() != 0 {
            let next = listen.port().checked_add(1).ok_or(SimulateError::NoPort(listen))?;
            listen.set_port(next);
        }
    }
    Ok(simulators)
}

fn read(path: &std::path::Path) -> Result<(String, String), SimulateError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        // Editors on Windows put a byte order mark in front.
        Ok(text) => Ok((file, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
        Err(source) => Err(SimulateError::Read { file, source }),
    }
}

/// A small world file of a cloud.
#[derive(Clone, Debug)]
pub struct Example {
    pub cloud: &'static str,
    pub text: String,
    /// Members that this cloud does not act on; a file that sets one is not taken.
    pub unheeded: Vec<&'static str>,
}

/// A small world file of the first cloud that is asked for, or that there is, with every key.
///
/// # Errors
/// There is no such cloud.
pub fn world_example(args: &SimulateArgs) -> Result<Example, SimulateError> {
    let cloud = match args.clouds.first() {
        Some(name) => known(name)?,
        None => providers::all()[0],
    };
    let dialect = cloud.dialect();
    let unheeded = unheeded(dialect.as_ref());
    Ok(Example { cloud: cloud.descriptor().id, text: example::example(dialect.vocabulary(), &unheeded), unheeded })
}

/// Would it ever strike? Its cloud is one there is, and has its action; without a cloud, any one has.
fn check_rule(file: &str, nth: usize, rule: &Rule) -> Result<(), SimulateError> {
    let shown = |name: &str| name.escape_debug().to_string();
    if let Some(name) = rule.cloud.as_deref().filter(|name| providers::find(name).is_none()) {
        return Err(SimulateError::FaultCloud { file: file.to_owned(), nth, name: shown(name), hint: hint(name) });
    }
    let Some(name) = rule.action.as_deref() else { return Ok(()) };
    let is_meant = |id: &str| rule.cloud.as_deref().is_none_or(|cloud| cloud == id);
    let clouds = providers::all().iter().filter(|cloud| is_meant(cloud.descriptor().id));
    let actions: Vec<&str> = clouds.flat_map(|cloud| cloud.dialect().actions()).copied().collect();
    if actions.iter().any(|action| is_like(action, name)) {
        return Ok(());
    }
    // With a star: the beginnings of actions up to a word of theirs.
    let begin = |action: &&str| -> Vec<String> {
        let ends = action.char_indices().skip(1).filter(|(_, letter)| letter.is_uppercase()).map(|(at, _)| at);
        ends.chain([action.len()]).filter_map(|at| Some(format!("{}*", action.get(..at)?))).collect()
    };
    let beginnings: Vec<String> =
        if name.ends_with('*') { actions.iter().flat_map(begin).collect() } else { Vec::new() };
    let near = Hint::near(name, beginnings.iter().map(String::as_str));
    let hint = near.unwrap_or_else(|| Hint::of(name, actions));
    Err(SimulateError::FaultAction { file: file.to_owned(), nth, name: shown(name), hint })
}

/// What was probably meant by a cloud that there is not, or which ones there are.
fn hint(name: &str) -> Hint {
    Hint::of(name, providers::all().iter().map(|cloud| cloud.descriptor().id))
}

fn known(name: &str) -> Result<&'static dyn Provider, SimulateError> {
    let unknown = || SimulateError::UnknownCloud { name: name.to_owned(), hint: hint(name) };
    providers::find(name).ok_or_else(unknown)
}

/// The clouds asked for: named ones, else those of the world files, else all.
fn chosen(args: &SimulateArgs, files: &[(String, WorldFile)]) -> Result<Vec<&'static dyn Provider>, SimulateError> {
    for name in &args.clouds {
        known(name)?;
    }
    for (file, world) in files {
        known(&world.provider)?;
        if !args.clouds.is_empty() && !args.clouds.contains(&world.provider) {
            return Err(SimulateError::LeftOut { file: file.clone(), cloud: world.provider.clone() });
        }
    }
    let wanted = |id: &str| match (args.clouds.is_empty(), files.is_empty()) {
        (false, _) => args.clouds.iter().any(|name| name == id),
        (true, false) => files.iter().any(|(_, world)| world.provider == id),
        (true, true) => true,
    };
    Ok(providers::all().iter().copied().filter(|cloud| wanted(cloud.descriptor().id)).collect())
}

fn announce(simulators: &[Simulator], out: &mut dyn Write) -> io::Result<()> {
    for simulator in simulators {
        let (cloud, region) = simulator
            .change(|world| (world.provider().to_owned(), world.regions().first().cloned().unwrap_or_default()));
        let key = simulator.key();
        let line = Line {
            cloud: &cloud,
            endpoint: &simulator.endpoint(),
            access_key_id: &key.id,
            access_key_secret: &key.secret,
            region: &region,
        };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    }
    out.flush()
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn wait(mut self) -> Ended {
        tokio::select! {
            _ = self.interrupt.recv() => Ended::Interrupted,
            _ = self.terminate.recv() => Ended::Terminated,
            _ = self.hang_up.recv() => Ended::Terminated,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(self) -> Ended {
        // Where there is no Ctrl-C either, it is served until the process ends.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Ended::Interrupted
    }
}
