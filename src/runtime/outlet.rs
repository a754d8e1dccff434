//! Bytes on their way to the terminal. A thread of its own writes them: a terminal that takes nothing for a while (a stalled
//! connection, a stopped emulator) holds up whoever writes to it, and that must be neither the loop nor the end of the program.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// Pieces under way. A frame is a few of them, and there is one frame at a time.
const PIECES: usize = 64;
/// The end of the program waits this long for a terminal that takes nothing.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The one way to standard output while the console owns the terminal. Lives as long as the process.
static OUTLET: OnceLock<Outlet> = OnceLock::new();

struct Outlet {
    pieces: SyncSender<Vec<u8>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    written: Condvar,
    idle: Notify,
}

#[derive(Default)]
struct Progress {
    /// Pieces that are not written yet.
    under_way: usize,
    /// The terminal took one no more: it is gone. The operating system's number where there is one.
    failed: Option<(io::ErrorKind, Option<i32>)>,
}

impl Shared {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nobody panics with it.
        self.progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Progress {
    fn check(&self) -> io::Result<()> {
        match self.failed {
            None => Ok(()),
            Some((_, Some(code))) => Err(io::Error::from_raw_os_error(code)),
            Some((kind, None)) => Err(kind.into()),
        }
    }
}

fn outlet() -> &'static Outlet {
    OUTLET.get_or_init(|| Outlet::to(io::stdout()))
}

impl Outlet {
    /// Starts the thread. It ends with the first piece that is not taken.
    fn to(mut out: impl Write + Send + 'static) -> Self {
        let (pieces, inbox) = sync_channel::<Vec<u8>>(PIECES);
        let shared = Arc::new(Shared::default());
        let mine = shared.clone();
        std::thread::spawn(move || {
            for piece in inbox {
                let done = out.write_all(&piece).and_then(|()| out.flush());
                let mut progress = mine.progress();
                progress.under_way -= 1;
                let failed = done.is_err();
                if let Err(error) = done {
                    progress.failed = Some((error.kind(), error.raw_os_error()));
                    progress.under_way = 0;
                }
                let idle = progress.under_way == 0;
                drop(progress);
                mine.written.notify_all();
                if idle {
                    mine.idle.notify_one();
                }
                if failed {
                    return;
                }
            }
        });
        Self { pieces, shared }
    }
}

/// Where what is drawn is written to: collects, and hands over what it has at each flush.
pub struct Pen {
    outlet: &'static Outlet,
    /// Not handed over yet.
    piece: Vec<u8>,
}

impl Default for Pen {
    fn default() -> Self {
        Self { outlet: outlet(), piece: Vec::new() }
    }
}

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Waits for nothing. What can not be handed over now is with the next flush.
    ///
    /// # Errors
    /// The terminal is gone.
    fn flush(&mut self) -> io::Result<()> {
        let mut progress = self.outlet.shared.progress();
        progress.check()?;
        if self.piece.is_empty() {
            return Ok(());
        }
        match self.outlet.pieces.try_send(std::mem::take(&mut self.piece)) {
            Ok(()) => progress.under_way += 1,
            Err(TrySendError::Full(piece)) => self.piece = piece,
            Err(TrySendError::Disconnected(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        Ok(())
    }
}

/// Is all that was handed over written? So it is where the terminal is gone: nothing is waited for any more.
pub fn is_idle() -> bool {
    outlet().shared.progress().under_way == 0
}

/// Ends when all is written, or the terminal is gone.
pub async fn idle() {
    let shared = &outlet().shared;
    while shared.progress().under_way > 0 {
        shared.idle.notified().await;
    }
}

/// Writes and waits until it is written: for a moment only, for a terminal that takes nothing may never do so again.
///
/// # Errors
/// The terminal is gone.
pub fn say(bytes: &[u8]) -> io::Result<()> {
    let mut pen = Pen::default();
    pen.write_all(bytes)?;
    pen.flush()?;
    let shared = &outlet().shared;
    let waiting = shared.written.wait_timeout_while(shared.progress(), LAST_WORDS, |progress| progress.under_way > 0);
    let (progress, _) = waiting.unwrap_or_else(std::sync::PoisonError::into_inner);
    progress.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that takes nothing until it is told to, and what it took.
    #[derive(Clone, Default)]
    struct Stalled(Arc<Gate>);

    #[derive(Default)]
    struct Gate {
        taken: Mutex<(bool, Vec<u8>)>,
        opened: Condvar,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.0.opened.wait_while(self.0.taken.lock().unwrap(), |(open, _)| !*open).unwrap();
            taken.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stalled {
        fn open(&self) {
            self.0.taken.lock().unwrap().0 = true;
            self.0.opened.notify_all();
        }
    }

    fn pen(out: impl Write + Send + 'static) -> Pen {
        Pen { outlet: Box::leak(Box::new(Outlet::to(out))), piece: Vec::new() }
    }

    #[test]
    fn whoever_draws_waits_for_no_terminal_and_nothing_is_lost() {
        let terminal = Stalled::default();
        let mut pen = pen(terminal.clone());
        let mut all = Vec::new();
        for n in 0..=255_u8 {
            pen.write_all(&[n]).unwrap();
            pen.flush().unwrap();
            all.push(n);
        }
        assert_ne!(pen.outlet.shared.progress().under_way, 0);
        terminal.open();
        let shared = &pen.outlet.shared;
        let until_idle = || drop(shared.written.wait_while(shared.progress(), |it| it.under_way > 0).unwrap());
        until_idle();
        pen.flush().unwrap();
        let shared = &pen.outlet.shared;
        drop(shared.written.wait_while(shared.progress(), |it| it.under_way > 0).unwrap());
        assert_eq!(terminal.0.taken.lock().unwrap().1, all);
    }

    #[test]
    fn a_terminal_that_is_gone_is_told_with_the_next_flush() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(5))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut pen = pen(Gone);
        pen.write_all(b"x").unwrap();
        pen.flush().unwrap();
        let shared = &pen.outlet.shared;
        drop(shared.written.wait_while(shared.progress(), |it| it.under_way > 0).unwrap());
        assert_eq!(pen.flush().unwrap_err().raw_os_error(), Some(5));
    }
}
