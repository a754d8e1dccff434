//! A program in a pseudo-terminal: keys in, screen out. Waits for what is on the screen, never for time to pass.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a busy machine before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
    /// The reader lets go of the terminal after the next bytes.
    leaves: bool,
}

pub struct Tty {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// `None`: closed.
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    reader: Option<std::thread::JoinHandle<()>>,
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal has cells")
}

/// What the terminal was left in.
#[derive(Debug, PartialEq, Eq)]
pub struct Left {
    pub alternate_screen: bool,
    pub cursor_hidden: bool,
    pub bracketed_paste: bool,
    /// Line editing and echo are on: the shell can be used.
    pub cooked: bool,
}

pub const RESTORED: Left = Left { alternate_screen: false, cursor_hidden: false, bracketed_paste: false, cooked: true };

impl Tty {
    /// Starts nicdeck with arguments; its state goes to `state`, and it sees only these variables besides PATH.
    pub fn start(args: &[&str], state: &Path, env: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nicdeck"));
        command.args(args);
        command.env_clear();
        let mut vars: BTreeMap<&str, &str> = BTreeMap::from([
            ("TERM", "xterm-256color"),
            ("LANG", "en_US.UTF-8"),
            ("USER", "lin"),
            ("HOME", state.to_str().expect("a path in UTF-8")),
            ("XDG_STATE_HOME", state.to_str().expect("a path in UTF-8")),
            ("XDG_CONFIG_HOME", state.to_str().expect("a path in UTF-8")),
        ]);
        vars.extend(env.iter().copied());
        for (name, value) in vars {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("nicdeck starts");
        drop(pair.slave);
        let seen = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                raw: Vec::new(),
                ended: false,
                leaves: false,
            }),
            Condvar::new(),
        ));
        let mut source = pair.master.try_clone_reader().expect("a reader");
        let shared = seen.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 16_384];
            loop {
                let read = source.read(&mut buffer).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                if read == 0 {
                    seen.ended = true;
                } else {
                    seen.parser.process(&buffer[..read]);
                    seen.raw.extend_from_slice(&buffer[..read]);
                }
                shared.1.notify_all();
                if read == 0 || seen.leaves {
                    return;
                }
            }
        });
        let (master, writer) = (Some(pair.master), None);
        let mut tty = Self { seen, master, writer, child, reader: Some(reader) };
        tty.writer = Some(tty.master().take_writer().expect("a writer"));
        tty
    }

    fn master(&self) -> &dyn MasterPty {
        &**self.master.as_ref().expect("it is open")
    }

    /// The text on the screen now.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Waits until `holds` is true for the screen's text.
    pub fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let text = seen.parser.screen().contents();
            if holds(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.ended, "{what} never came; the screen is\n{text}");
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the text stands on the screen.
    pub fn wait(&self, text: &str) -> String {
        self.until(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the text is gone from the screen.
    pub fn gone(&self, text: &str) -> String {
        self.until(&format!("the end of {text:?}"), |screen| !screen.contains(text))
    }

    /// Writes bytes as a keyboard does.
    pub fn press(&mut self, bytes: &str) {
        let writer = self.writer.as_mut().expect("it is open");
        writer.write_all(bytes.as_bytes()).expect("the terminal takes keys");
        writer.flush().expect("the terminal takes keys");
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        // The emulator first, or the redraw is read at the old width.
        self.seen.0.lock().unwrap().parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master().resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a resize");
    }

    /// Waits until the process has stopped itself.
    pub fn stopped(&self) {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let id =
            self.child.process_id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).expect("a process");
        // Left to be waited for by whoever reaps it.
        let status = waitid(WaitId::Pid(id), WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT).expect("a child of ours");
        assert!(status.is_some_and(|status| status.stopped()));
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().expect("a process id")).expect("a small process id");
        let pid = rustix::process::Pid::from_raw(pid).expect("a process id is not zero");
        rustix::process::kill_process(pid, signal).expect("the signal is sent");
    }

    /// How often its threads have waited for something and gone on so far.
    #[cfg(target_os = "linux")]
    pub fn wake_ups(&self) -> u64 {
        let tasks = format!("/proc/{}/task", self.child.process_id().expect("a process id"));
        std::fs::read_dir(tasks)
            .expect("its threads")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok())
            .filter_map(|status| {
                let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches"))?;
                line.split_whitespace().nth(1)?.parse::<u64>().ok()
            })
            .sum()
    }

    /// Waits for the end; the exit code, and what the terminal was left in.
    pub fn end(mut self) -> (u32, Left, String) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        while !seen.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nicdeck did not end; the screen is\n{}", seen.parser.screen().contents());
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
        let screen = seen.parser.screen();
        let flags = self.master().get_termios().map(|termios| format!("{:?}", termios.local_flags)).unwrap_or_default();
        let left = Left {
            alternate_screen: screen.alternate_screen(),
            cursor_hidden: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            cooked: flags.contains("ICANON") && flags.contains("ECHO") && flags.contains("ISIG"),
        };
        let text = screen.contents();
        drop(seen);
        let status = self.child.wait().expect("an exit status");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
        (status.exit_code(), left, text)
    }

    /// Nobody reads what the program writes any more, as where a connection stalls. `key` has the screen change, so that whoever
    /// reads it sees that.
    pub fn stall(&mut self, key: &str) {
        self.seen.0.lock().unwrap().leaves = true;
        self.press(key);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
    }

    /// Closes the terminal, as a window that is closed does. `key` as in [`Self::stall`].
    pub fn close(&mut self, key: &str) {
        self.stall(key);
        (self.writer, self.master) = (None, None);
    }

    /// Waits for the end of a program whose terminal is closed; its exit code.
    pub fn end_unseen(mut self) -> u32 {
        self.child.wait().expect("an exit status").exit_code()
    }

    /// How many bytes the program has written so far.
    pub fn written(&self) -> usize {
        self.seen.0.lock().unwrap().raw.len()
    }

    /// Waits until it has written more.
    pub fn written_more_than(&self, bytes: usize) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        while seen.raw.len() <= bytes {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.ended, "nothing more came");
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// All bytes the program has written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().raw.clone()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
