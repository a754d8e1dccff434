//! Writes without an end: what became of them is not known, and has to be read from the cloud.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

use crate::domain::{
    ids::OperationId,
    journal::{Intent, JournalEntry, OpenWrite},
    time::Timestamp,
};

use super::{JournalError, LOCK_WAIT, files, parse, running_path};

/// How long is waited for another process that is looking as well, before it is taken for one that carries out a batch.
const LOOK_WAIT: Duration = Duration::from_millis(300);
/// The lock says nothing about other machines. After so many milliseconds none of their writes is under way any more:
/// a write takes minutes, and its end is on disk then.
pub(super) const ELSEWHERE_MS: u64 = 24 * 60 * 60 * 1000;

/// Intents without an outcome: see [`Contents::open_intents`]. Reads line by line and keeps only what is open. Blocks.
///
/// # Errors
/// As of [`read`].
pub fn open_intents(path: &Path) -> Result<Vec<Intent>, JournalError> {
    let fail = |error| JournalError::Read { path: path.to_owned(), error };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.map_err(fail)?,
    };
    // What is there now: a record that is being written would look torn, and a long read would hold up who writes it.
    files::lock(path, LOCK_WAIT, || file.try_lock_shared())?;
    let length = file.metadata().map(|meta| meta.len());
    let _ = file.unlock();
    intents(file.take(length.map_err(fail)?)).map_err(fail)
}

/// The same, of a file that the caller has locked.
pub(super) fn intents_of(file: &File) -> io::Result<Vec<Intent>> {
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    intents(file)
}

fn intents(text: impl Read) -> io::Result<Vec<Intent>> {
    let mut open: BTreeMap<(String, OperationId), Vec<(usize, Intent)>> = BTreeMap::new();
    for (place, line) in io::BufReader::new(text).split(b'\n').enumerate() {
        match parse(&line?) {
            Ok(JournalEntry::Intent(intent)) => {
                open.entry((intent.batch.clone(), intent.operation)).or_default().push((place, *intent));
            }
            Ok(JournalEntry::Settled(end)) => {
                open.remove(&(end.batch, end.operation));
            }
            Err(_) => {}
        }
    }
    let mut open: Vec<(usize, Intent)> = open.into_values().flatten().collect();
    open.sort_by_key(|(place, _)| *place);
    Ok(open.into_iter().map(|(_, intent)| intent).collect())
}

/// Writes without an outcome, oldest first, each with its newest intent. As long as a batch is under way in any process of
/// this machine, those of this machine may be its own. Blocks.
///
/// # Errors
/// As of [`read`].
pub fn open_writes(path: &Path, host: &str, now: Timestamp) -> Result<Vec<OpenWrite>, JournalError> {
    if open_intents(path)?.is_empty() {
        return Ok(Vec::new());
    }
    let quiet = files::file(&running_path(path)).ok().filter(|file| {
        let looked = files::lock(path, LOOK_WAIT, || file.try_lock());
        looked.is_ok()
    });
    // Read again under the lock: what a batch began and ended in between is not open.
    let open = open_intents(path)?;
    let mut writes: BTreeMap<(String, OperationId), (usize, Intent)> = BTreeMap::new();
    for (place, intent) in open.into_iter().enumerate() {
        let first = writes.get(&(intent.batch.clone(), intent.operation)).map_or(place, |(first, _)| *first);
        writes.insert((intent.batch.clone(), intent.operation), (first, intent));
    }
    let mut writes: Vec<(usize, Intent)> = writes.into_values().collect();
    writes.sort_by_key(|(first, _)| *first);
    let maybe_running = |intent: &Intent| {
        if intent.host == host { quiet.is_none() } else { now.since(intent.at) < ELSEWHERE_MS }
    };
    Ok(writes.into_iter().map(|(_, intent)| OpenWrite { maybe_running: maybe_running(&intent), intent }).collect())
}
