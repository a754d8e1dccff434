//! The digest of the newest record, kept in a file beside the journal: lines that were cut from its end, or a journal that was taken
//! away, are missed by it. It is written after its record is on disk, so whatever happens between the two leaves the journal ahead of
//! the mark, and never behind.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::files;

/// A mark is shorter.
const MOST_BYTES: u64 = 4 * 1024;

#[derive(Serialize, Deserialize)]
struct Mark {
    v: u32,
    /// Of the whole line, without its line end.
    last: String,
}

fn path(journal: &Path) -> PathBuf {
    journal.with_extension("mark")
}

/// The digest of the newest line that was written. `None`: an earlier nicdeck wrote it, a power cut tore the mark, or it is none.
pub(super) fn read(journal: &Path) -> Option<String> {
    let mut text = Vec::new();
    files::to_read(&path(journal)).ok()??.take(MOST_BYTES).read_to_end(&mut text).ok()?;
    let mark: Mark = serde_json::from_slice(&text).ok()?;
    Some(mark.last)
}

/// Is there one that can not be written, though its journal can?
pub(super) fn is_stuck(journal: &Path) -> bool {
    let mark = path(journal);
    let opens = |path: &Path| files::plain(path).is_ok() && fs::OpenOptions::new().append(true).open(path).is_ok();
    fs::symlink_metadata(&mark).is_ok() && !opens(&mark) && opens(journal)
}

/// Remembers the newest line; the caller holds the journal's lock. The file is as long each time, and written at once.
///
/// # Errors
/// It can not be written. The journal is ahead of it then, which is no fault.
pub(super) fn write(journal: &Path, last: String) -> io::Result<()> {
    let mut text = serde_json::to_string(&Mark { v: 1, last })?;
    text.push('\n');
    let path = path(journal);
    files::plain(&path).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}
