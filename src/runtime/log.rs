//! What happened, for whoever has to find out later why: lines in a file of the state folder. Bounded, for its owner alone, and
//! without secrets: what reaches it is what the calls screen and the journal may hold as well.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::Level;
use tracing_subscriber::{
    filter::{FilterFn, LevelFilter},
    fmt::MakeWriter,
    layer::{Layer as _, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

use crate::{
    app::msg::{InventoryEvent, JournalEvent, Msg, PreflightEvent, ReleaseEvent},
    domain::{clean::clean, exchange::Exchange, fault::Fault, outcome::Outcome},
};

/// Bytes after which a file is put aside; the one that was put aside before goes. So there are never more than twice as many.
const FULL: u64 = 4 * 1024 * 1024;

/// How much is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Detail {
    /// No file at all.
    Off,
    Error,
    Warn,
    /// Starts, ends, and what became of each write.
    #[default]
    Info,
    /// Each call as well.
    Debug,
    /// What each call asked and was answered, as far as it is kept.
    Trace,
}

impl Detail {
    fn level(self) -> LevelFilter {
        match self {
            Detail::Off => LevelFilter::OFF,
            Detail::Error => LevelFilter::ERROR,
            Detail::Warn => LevelFilter::WARN,
            Detail::Info => LevelFilter::INFO,
            Detail::Debug => LevelFilter::DEBUG,
            Detail::Trace => LevelFilter::TRACE,
        }
    }
}

/// Where the log is, beside the journal.
pub fn beside(journal: &Path) -> PathBuf {
    journal.with_file_name("nicdeck.log")
}

/// Begins to write. A second start in one process changes nothing.
///
/// # Errors
/// The folder or the file can not be made.
pub fn begin(path: &Path, detail: Detail) -> io::Result<()> {
    if detail == Detail::Off {
        return Ok(());
    }
    let file = Bounded::open(path, FULL)?;
    // What libraries have to say may hold a header, or a host nobody should read of.
    let own = FilterFn::new(|event| event.target().starts_with(env!("CARGO_PKG_NAME")));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false).with_writer(file);
    // Err means that there is one already.
    let _ = tracing_subscriber::registry().with(layer.with_filter(detail.level()).with_filter(own)).try_init();
    Ok(())
}

/// A file that is put aside when it is full.
#[derive(Debug)]
struct Bounded {
    path: PathBuf,
    full: u64,
    file: Mutex<(File, u64)>,
}

impl Bounded {
    fn open(path: &Path, full: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let mut folders = fs::DirBuilder::new();
            folders.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
            folders.create(folder)?;
        }
        let file = Self::file(path)?;
        let written = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), full, file: Mutex::new((file, written)) })
    }

    fn file(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // One that was made with laxer rights names hosts and accounts as well.
        super::journal::own(&file)?;
        Ok(file)
    }

    fn old(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".1");
        name.into()
    }

    fn line(&self, line: &[u8], state: &mut (File, u64)) -> io::Result<()> {
        if state.1 >= self.full {
            // Another nicdeck that writes here may have put it aside already.
            if fs::metadata(&self.path).is_ok_and(|meta| meta.len() >= self.full) {
                fs::rename(&self.path, self.old())?;
            }
            let file = Self::file(&self.path)?;
            let written = file.metadata()?.len();
            *state = (file, written);
        }
        state.0.write_all(line)?;
        state.1 += line.len() as u64;
        Ok(())
    }
}

/// One event on its way into the file.
struct Line<'a>(&'a Bounded, MutexGuard<'a, (File, u64)>);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A disk that is full stops nobody's work.
        let _ = self.0.line(line, &mut self.1);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Bounded {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self, self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes a round trip; it comes without secrets.
pub fn exchange(trip: &Exchange) {
    if !tracing::enabled!(Level::DEBUG) {
        return;
    }
    let region = trip.region.as_ref().map_or("-", |region| region.as_str());
    let (status, code) = (trip.status.map_or("-".to_owned(), |status| status.to_string()), trip.code.as_deref());
    tracing::debug!(
        "{} {region} {} {} {status} {} {} ms, try {}, request {}",
        trip.profile,
        trip.action,
        clean(&trip.target),
        clean(code.unwrap_or("-")),
        trip.elapsed_ms,
        trip.attempt,
        clean(trip.request_id.as_deref().unwrap_or("-")),
    );
    tracing::trace!(
        "{} {}{} {} -> {}",
        trip.method,
        clean(&trip.host),
        clean(&trip.path),
        clean(&trip.body),
        clean(&trip.answer)
    );
}

/// Notes what happened, where it matters later.
pub fn note(msg: &Msg) {
    match msg {
        Msg::Exchange(trip) => exchange(trip),
        Msg::Inventory(job, InventoryEvent::Failed(section, fault)) => {
            tracing::warn!("listing {}: {section:?}: {}", job.0, told(fault));
        }
        Msg::Preflight(_, PreflightEvent::Read(key, Err(fault)) | PreflightEvent::Partly(key, fault)) => {
            tracing::warn!("reading {} {} again: {}", key.profile, key.nic, told(fault));
        }
        Msg::Release(_, ReleaseEvent::Began { batch }) => tracing::info!("batch {batch} began"),
        Msg::Release(_, ReleaseEvent::Settled { outcomes, .. }) => {
            for (target, outcome) in outcomes {
                let (key, ip) = (target.nic(), target.ip().map(|ip| ip.to_string()));
                let (what, id) = (outcome.word(), outcome.request_id().unwrap_or("-"));
                let ip = ip.as_deref().unwrap_or("nic");
                let why = match outcome {
                    Outcome::Failed { fault } | Outcome::Unknown { fault } => told(fault),
                    _ => String::new(),
                };
                tracing::info!("{} {} {ip}: {what:?}, request {} {why}", key.profile, key.nic, clean(id));
            }
        }
        Msg::Release(_, ReleaseEvent::NotJournaled { operation, fault }) => {
            tracing::error!(
                "the end of write {} is not in the journal: {:?} {}",
                operation.0,
                fault.kind,
                fault.reason
            );
        }
        Msg::Release(_, ReleaseEvent::UnsentNotJournaled { operations, fault }) => {
            tracing::error!(
                "that {} writes were not sent is not in the journal: {:?} {}",
                operations.len(),
                fault.kind,
                fault.reason
            );
        }
        Msg::Release(_, ReleaseEvent::Ended) => tracing::info!("the batch ended"),
        Msg::Journal(JournalEvent::Unusable(fault) | JournalEvent::Unreadable(fault)) => {
            tracing::error!("journal {}: {:?} {}", fault.path, fault.kind, fault.reason);
        }
        Msg::Journal(JournalEvent::Unfinished { open, .. }) => {
            tracing::warn!("{} writes of earlier runs are open", open.writes.len());
        }
        Msg::JobPanicked(job) => tracing::error!("job {} died of a bug", job.0),
        Msg::Terminate => tracing::info!("asked to end"),
        _ => {}
    }
}

fn told(fault: &Fault) -> String {
    let (code, id) = (fault.code.as_deref().unwrap_or("-"), fault.request_id.as_deref().unwrap_or("-"));
    clean(&format!("{} {:?} {code} {}, request {id}", fault.action, fault.kind, fault.message)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_once_and_lines_stay_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/nicdeck.log");
        let log = Bounded::open(&path, 100).unwrap();
        for nth in 0..40 {
            // Each event comes in one piece.
            log.make_writer().write_all(format!("line {nth:03}\n").as_bytes()).unwrap();
        }
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        let (now, old) = (read(&path), read(&log.old()));
        assert!(now.len() <= 109 && old.len() <= 109, "{} {}", now.len(), old.len());
        assert!(now.ends_with("line 039\n") && old.lines().all(|line| line.len() == 8), "{old}");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
        // Another start goes on where this one was, whoever made the file.
        drop(log);
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let log = Bounded::open(&path, 100).unwrap();
        log.make_writer().write_all(b"again\n").unwrap();
        assert!(read(&path).starts_with(&now));
        // Two that write to one file: what the first put aside the second does not put aside again.
        let (one, two) = (Bounded::open(&path, 100).unwrap(), Bounded::open(&path, 100).unwrap());
        for log in [&one, &two] {
            (0..11).for_each(|_| log.make_writer().write_all(b"of both!\n").unwrap());
            log.make_writer().write_all(b"the last\n").unwrap();
        }
        assert!(read(&log.old()).len() > 90, "{}", read(&log.old()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
