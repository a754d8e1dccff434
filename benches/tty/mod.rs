//! The console in a pseudo-terminal, and a home with a config that points it at simulated clouds.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use nicdeck::sim::http::Simulator;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

pub const SIZE: (u16, u16) = (200, 60);
/// Anything takes less.
const LONGEST: Duration = Duration::from_secs(300);

/// A home with a config that points at the simulated clouds, and the variables it names. `head` are its lines before the profiles.
pub fn home(simulators: &[&Simulator], head: &str) -> (tempfile::TempDir, BTreeMap<String, String>) {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("c.toml");
    let mut text = format!("version = 1\n{head}");
    let mut keys = Vec::new();
    for simulator in simulators {
        let cloud = simulator.provider();
        let regions: Vec<String> = simulator.world().regions().iter().map(|region| format!("{region:?}")).collect();
        let name = cloud.to_uppercase();
        let _ = write!(
            text,
            "[[profile]]\nname = \"{cloud}\"\ncloud = \"{cloud}\"\nalias = \"{cloud}\"\nregions = [{}]\nendpoint = \"{}\"\n\
             credentials = {{ from = \"env\", id = \"{name}_ID\", secret = \"{name}_SECRET\" }}\n",
            regions.join(", "),
            simulator.endpoint(),
        );
        keys.push((format!("{name}_ID"), simulator.key().id.clone()));
        keys.push((format!("{name}_SECRET"), simulator.key().secret.clone()));
    }
    std::fs::write(&config, text).unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let own = [
        ("HOME", path(home.path())),
        ("XDG_STATE_HOME", path(home.path())),
        ("NICDECK_CONFIG", path(&config)),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TERM", "xterm-256color".to_owned()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    (home, own.into_iter().chain(keys).collect())
}

struct Screen {
    parser: vt100::Parser,
    written: u64,
    ended: bool,
}

/// See the module.
pub struct Console {
    screen: Arc<(Mutex<Screen>, Condvar)>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    _master: Box<dyn MasterPty + Send>,
    began: Instant,
}

impl Console {
    pub fn start(args: &[&str], vars: &BTreeMap<String, String>) -> Self {
        let size = PtySize { rows: SIZE.1, cols: SIZE.0, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nicdeck"));
        command.args(args);
        command.env_clear();
        for (name, value) in vars {
            command.env(name, value);
        }
        let cells = |n| NonZeroU16::new(n).unwrap();
        let parser = vt100::Parser::new(cells(SIZE.1), cells(SIZE.0), 0);
        let screen = Arc::new((Mutex::new(Screen { parser, written: 0, ended: false }), Condvar::new()));
        let mut source = pair.master.try_clone_reader().unwrap();
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let writer = pair.master.take_writer().unwrap();
        let shared = screen.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 16_384];
            while let Ok(read @ 1..) = source.read(&mut buffer) {
                let mut screen = shared.0.lock().unwrap();
                screen.parser.process(&buffer[..read]);
                screen.written += read as u64;
                shared.1.notify_all();
            }
            shared.0.lock().unwrap().ended = true;
            shared.1.notify_all();
        });
        Self { screen, child, writer, _master: pair.master, began }
    }

    pub fn text(&self) -> String {
        self.screen.0.lock().unwrap().parser.screen().contents()
    }

    /// The column in which the terminal's cursor stands.
    pub fn cursor(&self) -> u16 {
        self.screen.0.lock().unwrap().parser.screen().cursor_position().1
    }

    /// Bytes written to the terminal so far.
    pub fn written(&self) -> u64 {
        self.screen.0.lock().unwrap().written
    }

    /// Waits until this holds for the screen; the time since the start.
    pub fn until(&self, holds: impl Fn(&str) -> bool) -> Duration {
        self.seen(|screen| holds(&screen.contents()), LONGEST);
        self.began.elapsed()
    }

    /// Waits for one that holds, looked at after each piece that is written. Panics after `longest`.
    pub fn seen(&self, holds: impl Fn(&vt100::Screen) -> bool, longest: Duration) {
        let until = Instant::now() + longest;
        let mut screen = self.screen.0.lock().unwrap();
        while !holds(screen.parser.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !screen.ended, "it never came:\n{}", screen.parser.screen().contents());
            screen = self.screen.1.wait_timeout(screen, left).unwrap().0;
        }
    }

    /// Writes bytes as a keyboard does.
    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.process_id().unwrap())).unwrap()
    }

    /// Of the status file, in MB.
    pub fn megabytes(&self, name: &str) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Processor time in ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
