//! The loop: wait, drain, update, dispatch, draw. Nothing ticks while nothing moves.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::{
    app::{
        effect::{Effect, Sentence},
        key::Input,
        mouse::{Mouse, Part},
        msg::Msg,
        state::{Language, State},
        theme::ThemeName,
        update,
    },
    domain::exchange::Exchange,
};

use super::{
    clock,
    executor::{Executor, OnTerminal},
    input::{FromTerminal, Switch},
    outlet,
    signals::Signals,
    terminal::Console,
};

/// Messages are taken in for at most this long between two frames.
const DRAIN: Duration = Duration::from_millis(4);
/// Frames for results come at most this often; frames for input at once.
const FRAME: Duration = Duration::from_millis(100);

/// What flows in.
pub struct Inlets {
    pub input: mpsc::Receiver<FromTerminal>,
    pub results: mpsc::Receiver<Msg>,
    pub exchanges: mpsc::Receiver<Exchange>,
    pub signals: Signals,
    pub switch: Switch,
}

/// How things look. Handed in, so that the loop knows nothing of it.
pub trait View {
    /// Draws the state; answers the last line that the text which is scrolled can begin with.
    fn draw(&mut self, state: &State, frame: &mut ratatui::Frame) -> Option<usize>;
    /// What is drawn at a place: only who draws knows.
    fn part(&mut self, state: &State, column: u16, row: u16) -> Option<Part>;
    /// A sentence as it stands on the screen.
    fn sentence(&mut self, state: &State, sentence: &Sentence) -> String;
}

/// What was chosen on a screen that makes way for another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chosen {
    pub language: Language,
    /// `None`: the theme that it began with.
    pub theme: Option<ThemeName>,
}

impl Chosen {
    fn of(state: &State) -> Self {
        Self { language: state.language, theme: state.theme }
    }
}

/// How the loop ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Quit,
    /// To begin again as the demo, as it was chosen to look meanwhile.
    Demo(Chosen),
    /// To begin again with the credentials that were found.
    Found(Chosen),
    /// By a signal: 128 + its number is the exit code.
    Signal(i32),
}

/// Runs until it is quit.
///
/// # Errors
/// The terminal does not take what is drawn, for another reason than being gone.
pub async fn run(
    state: &mut State,
    executor: &mut Executor,
    console: &mut Console,
    inlets: &mut Inlets,
    view: &mut dyn View,
) -> std::io::Result<End> {
    let mut ended_by: Option<i32> = None;
    let mut deadline: Option<tokio::time::Instant> = None;
    let first_panic = std::env::var("NICDECK_TEST_PANIC").ok();
    test_panic(first_panic.as_deref());
    let mut effects = update::start(state, clock::now());
    let mut last_frame = Instant::now();
    let mut dirty = true;
    // Nobody looks and nothing is typed any more; calls in flight are seen to their end all the same.
    let mut gone = false;
    // The dialog that wants to be seen before it is answered, and has been drawn. Another one may have come since.
    let mut drawn: Option<u64> = None;
    loop {
        let mut urgent = false;
        if gone && ended_by.is_none() {
            ended_by = Some(super::signals::HANGUP);
            deadline = Some(tokio::time::Instant::now() + patience(state, executor));
            effects.extend(update::update(state, clock::now(), Msg::Terminate));
        }
        for effect in effects.drain(..) {
            match executor.start(effect, state) {
                None => {}
                Some(OnTerminal::Interrupted) => return Ok(End::Signal(super::signals::INTERRUPT)),
                Some(OnTerminal::Demo) => return Ok(End::Demo(Chosen::of(state))),
                Some(OnTerminal::Found) => return Ok(End::Found(Chosen::of(state))),
                Some(OnTerminal::Quit) => return Ok(ended_by.map_or(End::Quit, End::Signal)),
                Some(OnTerminal::Copy(text)) => copy(state, console, &text),
                Some(OnTerminal::CopySentence(sentence)) => {
                    let text = view.sentence(state, &sentence);
                    copy(state, console, &text);
                }
                Some(OnTerminal::Mouse(on)) => shown(console.mouse(on), &mut gone)?,
                Some(OnTerminal::Redraw) => shown(console.redraw(), &mut gone)?,
                Some(OnTerminal::Suspend) if gone => {}
                Some(OnTerminal::Suspend) => {
                    inlets.switch.pause().await;
                    match console.suspend().and_then(|()| console.size()) {
                        Ok((columns, rows)) => {
                            update::update(state, clock::now(), Msg::Input(Input::Resize { columns, rows }));
                        }
                        // It went away meanwhile; there are more ways for it to say so than while it is drawn on.
                        Err(_) => gone = true,
                    }
                    inlets.switch.go_on();
                }
            }
        }
        if is_out(drawn, state.wants_showing()) && outlet::is_idle() {
            drawn = None;
            effects.extend(update::update(state, clock::now(), Msg::Shown));
            continue;
        }
        let wait = if dirty { FRAME.saturating_sub(last_frame.elapsed()) } else { Duration::MAX };
        // A terminal that takes nothing holds up frames, and nothing else.
        let held_up = dirty && !gone && !outlet::is_idle();
        if dirty && wait.is_zero() && !held_up {
            let mut ends = None;
            if !gone {
                shown(console.draw(|frame| ends = view.draw(state, frame)), &mut gone)?;
            }
            if let Some(last) = ends {
                effects.extend(update::update(state, clock::now(), Msg::Ends(last)));
            }
            drawn = state.wants_showing();
            last_frame = Instant::now();
            dirty = false;
            continue;
        }
        let wake = async {
            let at = state.wake_at().map(|at| Duration::from_millis(at.since(clock::now())));
            match at.into_iter().chain((dirty && !held_up).then_some(wait)).min() {
                Some(after) => tokio::time::sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let grace = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let mut inbox: Vec<Msg> = Vec::new();
        tokio::select! {
            biased;
            signal = inlets.signals.next() => {
                // A second one makes nothing longer.
                ended_by.get_or_insert(signal);
                deadline.get_or_insert(tokio::time::Instant::now() + patience(state, executor));
                inbox.push(Msg::Terminate);
            }
            () = grace => return Ok(ended_by.map_or(End::Quit, End::Signal)),
            input = inlets.input.recv(), if !gone => {
                match input {
                    Some(FromTerminal::Lost) | None => gone = true,
                    Some(from) => inbox.extend(said(from, state, view)),
                }
                urgent = true;
            }
            Some(msg) = inlets.results.recv() => inbox.push(msg),
            Some(exchange) = inlets.exchanges.recv() => inbox.push(Msg::Exchange(Box::new(exchange))),
            msg = executor.panicked() => inbox.push(msg),
            () = outlet::idle(), if held_up || drawn.is_some() => {}
            () = wake => inbox.push(Msg::Wake),
        }
        let began = Instant::now();
        let mut next = inbox.pop();
        while let Some(msg) = next {
            super::log::note(&msg);
            effects.extend::<Vec<Effect>>(update::update(state, clock::now(), msg));
            next = if began.elapsed() >= DRAIN {
                None
            } else if let Ok(from) = inlets.input.try_recv() {
                urgent = true;
                gone |= matches!(from, FromTerminal::Lost);
                said(from, state, view)
            } else if let Ok(msg) = inlets.results.try_recv() {
                Some(msg)
            } else {
                inlets.exchanges.try_recv().ok().map(|exchange| Msg::Exchange(Box::new(exchange)))
            };
        }
        dirty = true;
        if urgent {
            last_frame = last_frame.checked_sub(FRAME).unwrap_or(last_frame);
        }
    }
}

/// Is the dialog that wants to be seen the one that the last frame showed? What was taken in since may have brought another.
fn is_out(drawn: Option<u64>, wants: Option<u64>) -> bool {
    drawn.is_some() && drawn == wants
}

/// Puts it into the clipboard, and tells what came of it.
fn copy(state: &mut State, console: &mut Console, text: &str) {
    let copied = console.copy(text);
    update::update(state, clock::now(), Msg::Copied(copied));
}

/// How long calls in flight get after a signal to end.
fn patience(state: &State, executor: &Executor) -> Duration {
    executor.grace_of(state.run.as_ref().map(|run| &*run.plan))
}

/// What a person did, as a message; a terminal that is gone says nothing.
fn said(from: FromTerminal, state: &State, view: &mut dyn View) -> Option<Msg> {
    match from {
        FromTerminal::Input(at, input) => Some(Msg::InputAt(at, input)),
        FromTerminal::Mouse { deed, column, row } => {
            Some(Msg::Mouse(Mouse { deed, column, row, part: view.part(state, column, row) }))
        }
        FromTerminal::Lost => None,
    }
}

/// What came of drawing. A terminal that is gone is no error here: it is as if it had hung up.
fn shown(drawn: std::io::Result<()>, gone: &mut bool) -> std::io::Result<()> {
    match drawn {
        Err(error) if super::is_gone(&error) => {
            *gone = true;
            Ok(())
        }
        other => other,
    }
}

/// For tests of the way out: a panic after the first frame, in the loop or in a task.
fn test_panic(wish: Option<&str>) {
    #[allow(clippy::panic, reason = "asked for by a test")]
    match wish {
        Some("ui") => panic!("NICDECK_TEST_PANIC=ui"),
        Some("worker") => {
            tokio::spawn(async { panic!("NICDECK_TEST_PANIC=worker") });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_that_came_after_the_frame_is_not_out() {
        assert!(is_out(Some(1), Some(1)));
        assert!(!is_out(Some(1), Some(2)), "the first one was closed");
        assert!(!is_out(None, Some(1)) && !is_out(None, None) && !is_out(Some(1), None));
    }
}
