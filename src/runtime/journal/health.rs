//! What stands in the way of the next record, and what is odd about those that are there. Looked at without a write.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use rustix::fs::{Access, access, statvfs};

use crate::domain::{journal_fault::JournalDoubt, time::Timestamp};

use super::{
    JournalError, LOCK_WAIT, files,
    open::{LOOK_WAIT, open_intents},
    running_path,
    verify::{Verdict, verify},
};

/// Free bytes without which no batch should be begun: a record is some thousands.
const ROOM: u64 = 1024 * 1024;

/// What a journal is like that can be written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    pub verdict: Verdict,
    /// What a start would tell.
    pub doubts: Vec<JournalDoubt>,
    /// Writes whose end is not known.
    pub open: usize,
    /// A batch is under way in some process of this machine: what is open may be its own.
    pub running: bool,
}

/// Looks. Writes before `since` were to clouds that are gone. Blocks; as long as for a record where somebody else holds the lock.
///
/// # Errors
/// The next record could not be written, or those that are there not be read.
pub fn look(path: &Path, since: Timestamp, now: Timestamp) -> Result<Health, JournalError> {
    writable(path)?;
    let verdict = verify(path)?;
    let open = open_intents(path)?;
    let ours = open.writes.iter().filter(|intent| intent.at >= since).count();
    let running = running(path);
    Ok(Health { doubts: verdict.doubts(path, now), open: ours + open.strange.len(), running, verdict })
}

/// Is a batch under way in some process of this machine, be it this one? Blocks for a moment where it is.
pub fn running(path: &Path) -> bool {
    File::open(running_path(path)).is_ok_and(|file| files::lock(path, LOOK_WAIT, || file.try_lock()).is_err())
}

/// Could a record be appended, and the next journal be made beside it?
fn writable(path: &Path) -> Result<(), JournalError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is not there yet is made in the one that is.
    let there = folder.ancestors().find(|folder| fs::symlink_metadata(folder).is_ok()).unwrap_or(folder);
    let fail = |error| JournalError::Folder { path: there.to_owned(), error };
    if !fs::metadata(there).map_err(fail)?.is_dir() {
        return Err(fail(io::Error::from(io::ErrorKind::NotADirectory)));
    }
    access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| fail(error.into()))?;
    if files::to_read(path)?.is_some() {
        // Not made here, and nothing is put into it.
        let file = OpenOptions::new().append(true).open(path);
        let file = file.map_err(|error| JournalError::Open { path: path.to_owned(), error })?;
        files::lock(path, LOCK_WAIT, || file.try_lock())?;
        let _ = file.unlock();
    }
    // A file system that does not tell is tried by the record itself.
    let free = statvfs(there).ok().filter(|told| told.f_blocks > 0).map(|told| told.f_bavail * told.f_frsize);
    match free {
        Some(free) if free < ROOM => {
            Err(JournalError::Write { path: path.to_owned(), error: io::ErrorKind::StorageFull.into() })
        }
        _ => Ok(()),
    }
}
