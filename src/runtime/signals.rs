//! Signals that ask the program to end.

use std::io;

/// SIGHUP's number.
pub const HANGUP: i32 = 1;
/// SIGINT's number.
pub const INTERRUPT: i32 = 2;
/// SIGTERM's number.
pub const TERMINATE: i32 = 15;

#[cfg(not(unix))]
pub use other::Signals;
#[cfg(unix)]
pub use unix::Signals;

#[cfg(unix)]
mod unix {
    use super::{HANGUP, INTERRUPT, TERMINATE, io};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// SIGTERM and SIGHUP. (SIGINT is ctrl-c as a key while the terminal is raw; from outside it is taken like SIGTERM.)
    #[derive(Debug)]
    pub struct Signals {
        terminate: Signal,
        hangup: Signal,
        interrupt: Signal,
    }

    impl Signals {
        /// Begins to listen.
        ///
        /// # Errors
        /// The handlers can not be installed.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }

        /// The next signal's number.
        pub async fn next(&mut self) -> i32 {
            tokio::select! {
                _ = self.terminate.recv() => TERMINATE,
                _ = self.hangup.recv() => HANGUP,
                _ = self.interrupt.recv() => INTERRUPT,
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use super::{TERMINATE, io};

    /// Ctrl-C from outside; other systems have no more.
    #[derive(Debug)]
    pub struct Signals;

    impl Signals {
        /// Begins to listen.
        ///
        /// # Errors
        /// None here.
        pub fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// The next signal's number.
        pub async fn next(&mut self) -> i32 {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            TERMINATE
        }
    }
}
