//! Terminal events as the program's own input, read by a thread that can be paused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crossterm::event::{
    self, Event, KeyCode as Code, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use tokio::sync::mpsc;

use crate::{
    app::{
        key::{Input, Key, KeyCode},
        mouse::Deed,
    },
    domain::time::Timestamp,
};

use super::clock;

/// How long one look for an event takes. Whoever wants a pause wakes the thread, so that nothing ticks while nothing moves.
#[cfg(unix)]
const LOOK: Duration = Duration::from_secs(3_600);
/// Nothing wakes a look here: it bounds the time until a pause takes hold.
#[cfg(not(unix))]
const LOOK: Duration = Duration::from_millis(50);

/// What the thread brings.
#[derive(Debug)]
pub enum FromTerminal {
    /// With the time at which it was read.
    Input(Timestamp, Input),
    Mouse {
        deed: Deed,
        column: u16,
        row: u16,
    },
    /// The terminal is gone.
    Lost,
}

/// The reading thread's switch.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    pause: Arc<AtomicBool>,
    parked: Arc<AtomicBool>,
}

impl Switch {
    /// Stops reading; returns when nothing is being read any more.
    pub async fn pause(&self) {
        self.pause.store(true, Ordering::SeqCst);
        while !self.parked.load(Ordering::SeqCst) {
            wake();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn go_on(&self) {
        self.pause.store(false, Ordering::SeqCst);
    }
}

/// Ends a look for events: a change of the window's size is one, and the same size again changes nothing.
fn wake() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::WINCH);
}

/// A thread that has ended reads nothing any more.
struct Ended(Switch);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.parked.store(true, Ordering::SeqCst);
    }
}

/// Starts the thread. It ends when the terminal is gone, or paused and the receiver is.
pub fn start(switch: Switch) -> mpsc::Receiver<FromTerminal> {
    let (out, inbox) = mpsc::channel(256);
    std::thread::spawn(move || {
        let _ended = Ended(switch.clone());
        loop {
            if out.is_closed() {
                return;
            }
            if switch.pause.load(Ordering::SeqCst) {
                switch.parked.store(true, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            switch.parked.store(false, Ordering::SeqCst);
            let brought = match event::poll(LOOK) {
                Ok(false) => continue,
                Ok(true) => match event::read() {
                    Ok(Event::Mouse(event)) => pointed(event),
                    Ok(event) => translate(event).map(|input| FromTerminal::Input(clock::now(), input)),
                    Err(_) => Some(FromTerminal::Lost),
                },
                Err(_) => Some(FromTerminal::Lost),
            };
            let lost = matches!(brought, Some(FromTerminal::Lost));
            if let Some(brought) = brought
                && out.blocking_send(brought).is_err()
            {
                return;
            }
            if lost {
                return;
            }
        }
    });
    inbox
}

/// What the mouse did; `None` for what the program does not use.
fn pointed(event: MouseEvent) -> Option<FromTerminal> {
    let deed = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Deed::Press,
        MouseEventKind::ScrollDown => Deed::Wheel(1),
        MouseEventKind::ScrollUp => Deed::Wheel(-1),
        _ => return None,
    };
    Some(FromTerminal::Mouse { deed, column: event.column, row: event.row })
}

/// A terminal's event in the program's terms; `None` for what it does not use.
pub fn translate(event: Event) -> Option<Input> {
    match event {
        Event::Resize(columns, rows) => Some(Input::Resize { columns, rows }),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Key(key) if key.kind == KeyEventKind::Press || key.kind == KeyEventKind::Repeat => {
            let code = match key.code {
                Code::Char(c) => KeyCode::Char(c),
                Code::Enter => KeyCode::Enter,
                Code::Esc => KeyCode::Esc,
                Code::Tab => KeyCode::Tab,
                Code::BackTab => KeyCode::BackTab,
                Code::Backspace => KeyCode::Backspace,
                Code::Delete => KeyCode::Delete,
                Code::Insert => KeyCode::Insert,
                Code::Up => KeyCode::Up,
                Code::Down => KeyCode::Down,
                Code::Left => KeyCode::Left,
                Code::Right => KeyCode::Right,
                Code::Home => KeyCode::Home,
                Code::End => KeyCode::End,
                Code::PageUp => KeyCode::PageUp,
                Code::PageDown => KeyCode::PageDown,
                Code::F(n) => KeyCode::F(n),
                _ => return None,
            };
            let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
            // With ctrl a terminal may report the letter in either case.
            let code = match code {
                KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
                other => other,
            };
            Some(Input::Key(Key { code, ctrl, alt: key.modifiers.contains(KeyModifiers::ALT) }))
        }
        _ => None,
    }
}
