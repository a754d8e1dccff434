//! The terminal while the console owns it, and its way back to what it was: on exit, error, panic and signal.

use std::{
    io::{self, Write},
    mem::ManuallyDrop,
    panic,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::ThreadId,
};

use base64::Engine;
use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    queue,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend, buffer::Buffer};
use unicode_width::UnicodeWidthStr;

use crate::domain::clean::clean;

use super::outlet::{self, Pen};

/// Reports of panics that are still to be told.
static REST: Mutex<String> = Mutex::new(String::new());

/// So many bytes of them are enough; all are in the file.
const REST_MAX: usize = 4_096;

/// Whether the terminal is ours at the moment; read by the panic hook.
static OWNED: AtomicBool = AtomicBool::new(false);
/// Whether it tells what the mouse does.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Presses and the wheel, with places of any size. The library's own switch asks for each movement as well, which is an event and a
/// frame for every cell that the mouse passes.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

type Screen = Terminal<CrosstermBackend<Pen>>;

/// The console's terminal. Restores it when dropped.
pub struct Console {
    /// Not dropped by itself: its own drop prints to stderr, which panics when the terminal is gone.
    screen: ManuallyDrop<Screen>,
}

impl Console {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, hidden cursor.
    ///
    /// # Errors
    /// The terminal can not be set up; it is left as it was.
    pub fn take() -> io::Result<Self> {
        // With NO_COLOR the library would write a bare reset for every colour change, wiping bold and reverse;
        // the mono theme uses no colour by itself.
        crossterm::style::force_color_output(true);
        enter()?;
        let backend = CrosstermBackend::new(Pen::default());
        let screen = match Terminal::new(backend) {
            Ok(screen) => screen,
            Err(error) => {
                restore();
                return Err(error);
            }
        };
        Ok(Self { screen: ManuallyDrop::new(screen) })
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.screen.size().map(|size| (size.width, size.height))
    }

    /// Draws one frame, shown as a whole.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        queue!(self.screen.backend_mut(), BeginSynchronizedUpdate)?;
        self.screen.draw(|frame| {
            view(frame);
            empty_second_halves(frame.buffer_mut());
        })?;
        queue!(self.screen.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.screen.backend_mut())
    }

    /// Forgets what is on the screen: the next frame is drawn whole.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn redraw(&mut self) -> io::Result<()> {
        let size = self.screen.size()?;
        self.screen.resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }

    /// Gives the terminal back, stops the process until it is continued, takes the terminal again.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        #[cfg(unix)]
        {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
        }
        enter()?;
        if MOUSE.load(Ordering::SeqCst) {
            self.mouse(true)?;
        }
        self.redraw()
    }

    /// Has the terminal tell what the mouse does, or not.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        MOUSE.store(on, Ordering::SeqCst);
        let out = self.screen.backend_mut();
        out.write_all(if on { MOUSE_ON } else { MOUSE_OFF }.as_bytes())?;
        Write::flush(out)
    }

    /// Asks the terminal to put text on its clipboard (OSC 52), through tmux and screen where they are.
    pub fn copy(&mut self, text: &str) -> bool {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let plain = format!("\x1b]52;c;{encoded}\x07");
        let sequence = if std::env::var_os("TMUX").is_some() {
            format!("\x1bPtmux;\x1b{plain}\x1b\\")
        } else if std::env::var("TERM").is_ok_and(|term| term.starts_with("screen")) {
            format!("\x1bP{plain}\x1b\\")
        } else {
            plain
        };
        let out = self.screen.backend_mut();
        out.write_all(sequence.as_bytes()).and_then(|()| Write::flush(out)).is_ok()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        restore();
    }
}

/// Empties the cell behind each wide glyph. When the glyph goes, that cell has changed as well and is written: not every
/// terminal clears the second half of a glyph whose first half is overwritten.
fn empty_second_halves(buffer: &mut Buffer) {
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks_mut(width) {
        for x in 1..row.len() {
            let wide = row.get(x - 1).is_some_and(|cell| cell.symbol().len() > 1 && cell.symbol().width() > 1);
            if wide && let Some(second) = row.get_mut(x) {
                second.set_symbol("");
            }
        }
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    OWNED.store(true, Ordering::SeqCst);
    // Where there is no alternate screen (tmux can be told so) the old text stands there.
    let mut bytes = Vec::new();
    let done = queue!(bytes, EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste, Hide)
        .and_then(|()| outlet::say(&bytes));
    if done.is_err() {
        restore();
    }
    done
}

/// Puts the terminal back, once. Ignores errors: there is nobody left to tell.
pub fn restore() {
    if OWNED.swap(false, Ordering::SeqCst) {
        let mut bytes = Vec::new();
        if MOUSE.load(Ordering::SeqCst) {
            bytes.extend_from_slice(MOUSE_OFF.as_bytes());
        }
        let _ = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, Show, LeaveAlternateScreen);
        let _ = outlet::say(&bytes);
        let _ = disable_raw_mode();
    }
}

/// On a panic: the report goes to a file in the state folder. If the thread that owns the screen panicked, the terminal
/// is restored and the report follows on stderr, with the sentence that `kept` makes of where it is kept; a panic in a task leaves
/// the screen alone, and is [told afterwards](tell_the_rest).
pub fn install_panic_hook(
    ui: ThreadId,
    crash_file: Option<PathBuf>,
    kept: impl Fn(&Path) -> String + Send + Sync + 'static,
) {
    panic::set_hook(Box::new(move |info| {
        let report = format!("nicdeck {} {info}\n", env!("CARGO_PKG_VERSION"));
        // It may quote what a cloud sent.
        let report: String = report.lines().flat_map(|line| [clean(line), "\n".into()]).collect();
        let written = crash_file.as_ref().filter(|path| {
            let mut options = std::fs::OpenOptions::new();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            path.parent().is_none_or(|folder| std::fs::create_dir_all(folder).is_ok())
                && options.open(path).and_then(|mut file| file.write_all(report.as_bytes())).is_ok()
        });
        if std::thread::current().id() == ui || !OWNED.load(Ordering::SeqCst) {
            restore();
            let mut err = io::stderr();
            let _ = err.write_all(report.as_bytes());
            if let Some(path) = written {
                let _ = writeln!(err, "{}", kept(path));
            }
        } else if let Ok(mut rest) = REST.lock()
            && rest.len() < REST_MAX
        {
            rest.push_str(&report);
            if let Some(path) = written {
                rest.push_str(&kept(path));
                rest.push('\n');
            }
        }
    }));
}

/// Writes to stderr what tasks that panicked had to say while the screen was in use. For when the terminal is as it was.
pub fn tell_the_rest() {
    if let Ok(mut rest) = REST.lock() {
        let _ = io::stderr().write_all(std::mem::take(&mut *rest).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{layout::Rect, style::Style};

    use super::*;

    fn row(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, text, Style::new());
        empty_second_halves(&mut buffer);
        buffer
    }

    fn written(before: &str, after: &str) -> Vec<(u16, String)> {
        let (before, after) = (row(before), row(after));
        before.diff(&after).into_iter().map(|(x, _, cell)| (x, cell.symbol().to_owned())).collect()
    }

    #[test]
    fn both_halves_of_a_glyph_that_goes_are_written() {
        let blank = |x: u16| (x, " ".to_owned());
        assert_eq!(written("a网b", "a  b"), [blank(1), blank(2)]);
        assert_eq!(written("a网b", "a网b"), []);
        assert_eq!(written("a  b", "a网b"), [(1, "网".to_owned())], "the glyph covers the second cell itself");
    }
}
