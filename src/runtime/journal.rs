//! What was about to be sent, on disk before it is sent, and how it ended: append-only JSON lines.
//!
//! No journal, no write: the permit that every write needs is handed out here alone, after the intent was synced.
//! Several copies of nicdeck may append to one journal; each record is written under a lock on the file. A record that
//! was torn by a power cut stays as a line of its own that the reader reports and skips. Each line carries the digest of
//! the one before it ([`verify`]). A journal that is full is put aside under a number, and the chain goes on in the next.

mod chain;
mod files;
pub mod health;
mod mark;
mod open;
mod scan;
mod seen;
pub mod verify;

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::domain::{
    ids::{OperationId, ProfileId},
    journal::{Begun, Intent, JournalEntry, OpenWrite, Settlement, Unsent, WritePermit},
    journal_fault::{JournalFault, JournalFaultKind},
    time::Timestamp,
};

pub(super) use files::own;
pub use open::{open_intents, open_writes};
pub(super) use scan::scan;

#[cfg(test)]
mod tests;

/// The newest version of lines. Those of version 1 had no chain; those of a later one are reported, not guessed at.
pub const VERSION: u32 = 4;

/// The version of a line: the first that knew such records, so that earlier nicdecks read what they can.
fn version(entry: &JournalEntry) -> u32 {
    match entry {
        JournalEntry::Intent(_) | JournalEntry::Settled(_) => 2,
        JournalEntry::Unsent(_) => 3,
        JournalEntry::Begun(_) => VERSION,
    }
}

/// How long a record waits for another process's record, which takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Bytes after which a journal is put aside, as soon as nothing in it is open.
const FULL: u64 = 32 * 1024 * 1024;

/// What stands in the way of a record.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the platform has no folder for state; set HOME or XDG_STATE_HOME")]
    NoFolder,
    #[error("the journal's folder {} cannot be made: {error}", path.display())]
    Folder { path: PathBuf, error: io::Error },
    #[error("the journal {} cannot be opened: {error}", path.display())]
    Open { path: PathBuf, error: io::Error },
    #[error("the journal {} is locked for more than {} s by another process: {by}", path.display(), LOCK_WAIT.as_secs())]
    Locked { path: PathBuf, by: String },
    #[error("the journal {} cannot be written: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("the journal {} cannot be read: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("the record cannot be put into words: {0}")]
    Encode(#[from] serde_json::Error),
    #[error("the profile {0} is read-only")]
    ReadOnly(ProfileId),
    #[error("another batch ({batch}) has begun a write to this NIC whose end is not known")]
    Begun { path: PathBuf, batch: String },
    #[error("another batch ({batch}) carries this plan's file out")]
    Repeated { path: PathBuf, batch: String },
    #[error("the journal's task was cut off")]
    CutOff,
}

impl JournalError {
    /// The same as data, for the locale's words.
    pub fn fault(&self) -> JournalFault {
        let (kind, path, reason) = match self {
            JournalError::NoFolder => (JournalFaultKind::NoFolder, None, String::new()),
            JournalError::Folder { path, error } => (JournalFaultKind::Folder, Some(path), error.to_string()),
            JournalError::Open { path, error } => (JournalFaultKind::Open, Some(path), error.to_string()),
            JournalError::Locked { path, by } => (JournalFaultKind::Locked, Some(path), by.clone()),
            JournalError::Write { path, error } => (JournalFaultKind::Write, Some(path), error.to_string()),
            JournalError::Read { path, error } => (JournalFaultKind::Read, Some(path), error.to_string()),
            JournalError::Encode(error) => (JournalFaultKind::Encode, None, error.to_string()),
            JournalError::ReadOnly(profile) => (JournalFaultKind::ReadOnly, None, profile.to_string()),
            JournalError::Begun { path, batch } => (JournalFaultKind::Begun, Some(path), batch.clone()),
            JournalError::Repeated { path, batch } => (JournalFaultKind::Repeated, Some(path), batch.clone()),
            JournalError::CutOff => (JournalFaultKind::CutOff, None, String::new()),
        };
        let path = path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        JournalFault { kind, path, reason }
    }
}

/// Where the journal is. The demo has one of its own.
///
/// # Errors
/// The platform has no folder for state.
pub fn default_path(demo: bool) -> Result<PathBuf, JournalError> {
    let folders = directories::ProjectDirs::from("", "", "nicdeck").ok_or(JournalError::NoFolder)?;
    // Only some platforms have a folder for state.
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_local_dir());
    Ok(folder.join(if demo { "demo-journal.jsonl" } else { "journal.jsonl" }))
}

/// A journal that records can be appended to. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    path: Arc<Path>,
    /// Writes before then were to clouds that are gone.
    since: Timestamp,
    /// The hash of the plan's file that was approved.
    file: Option<Arc<str>>,
    seen: Arc<Mutex<seen::Seen>>,
    /// What became of writes and could not be written yet.
    unwritten: Arc<Mutex<Vec<JournalEntry>>>,
    /// Writes of a batch of which it was written late, until somebody asks.
    late: Arc<Mutex<Vec<(String, OperationId)>>>,
    /// Held by whoever of this process waits for the file's lock: many that try it again and again keep its holder from ending.
    turn: Arc<Mutex<()>>,
    /// [`files::sync_folder`]; a test's own to see that it is asked.
    sync_folder: fn(&Path) -> io::Result<()>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({})", self.path.display())
    }
}

impl Journal {
    /// Makes the folder (0700) and the file (0600) where they are missing, and sees that the file can be appended to.
    /// Blocks for the time of a few file operations.
    ///
    /// # Errors
    /// The folder cannot be made, or the file cannot be opened for writing.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let journal = Self::at(path);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::make_folder(folder, journal.sync_folder)
                .map_err(|error| JournalError::Folder { path: folder.to_owned(), error })?;
        }
        files::own(&journal.file()?).map_err(|error| JournalError::Open { path: path.to_owned(), error })?;
        Ok(journal)
    }

    /// A journal that is looked at only when something is written to it.
    pub fn at(path: &Path) -> Self {
        let (since, seen) = (Timestamp::default(), Arc::default());
        let unwritten = Arc::default();
        Self {
            path: Arc::from(path),
            since,
            file: None,
            seen,
            unwritten,
            late: Arc::default(),
            turn: Arc::default(),
            sync_folder: files::sync_folder,
        }
    }

    /// The same, for which writes that were begun before then are in nobody's way: their clouds are gone.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self { since, ..self }
    }

    /// The same, for a batch that carries out the file of this hash. Whoever puts the first intent of it on disk has it: others may
    /// write none.
    #[must_use]
    pub fn of_file(self, hash: &str) -> Self {
        Self { file: Some(hash.into()), ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts down everything that a batch is about, before the first of its intents.
    ///
    /// # Errors
    /// Another batch carries out the same plan's file; or the record is not on disk for certain. Whichever it is, nothing may be sent.
    pub async fn begun(&self, begun: Begun) -> Result<(), JournalError> {
        self.put(JournalEntry::Begun(Begun { file: self.file.clone(), ..begun })).await
    }

    /// Puts the intent on disk and hands out the right to send it. When this returns, the record has survived a power cut.
    ///
    /// # Errors
    /// The profile is read-only; another batch has begun a write to the NIC whose end is not known, or carries out the same plan's file;
    /// or the record is not on disk for certain. Whichever it is, nothing may be sent.
    pub async fn intent(&self, intent: Intent, readonly: bool) -> Result<WritePermit, JournalError> {
        if readonly {
            return Err(JournalError::ReadOnly(intent.profile));
        }
        let permit = WritePermit::mint(&intent);
        let intent = Intent { file: self.file.clone(), ..intent };
        self.put(JournalEntry::Intent(Box::new(intent))).await?;
        Ok(permit)
    }

    /// Puts the end of a write on disk.
    ///
    /// # Errors
    /// The record is not on disk for certain: it is tried again before the next one. Without that the intent stays open, and the next
    /// start will ask what became of it.
    pub async fn settled(&self, settlement: Settlement) -> Result<(), JournalError> {
        self.put_or_keep(JournalEntry::Settled(settlement)).await
    }

    /// What could not be written is written before whatever comes next.
    async fn put_or_keep(&self, entry: JournalEntry) -> Result<(), JournalError> {
        let put = self.put(entry.clone()).await;
        if put.is_err() {
            self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        }
        put
    }

    /// Writes what could not be written before, as far as it can be now. Gives the batch's writes of which it has been since it was asked
    /// last.
    pub async fn catch_up(&self, batch: &str) -> Vec<OperationId> {
        let journal = self.clone();
        // What still can not be written was told when it could not.
        let _ = tokio::task::spawn_blocking(move || journal.write_late()).await;
        let unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        // A write that is tried again has several ends.
        let still_waits = |batch: &str, operation: OperationId| {
            unwritten.iter().any(|entry| match entry {
                JournalEntry::Settled(end) => end.batch == batch && end.operation == operation,
                JournalEntry::Unsent(of) => of.batch == batch && of.rows.iter().any(|row| row.operation == operation),
                JournalEntry::Begun(_) | JournalEntry::Intent(_) => false,
            })
        };
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let told = late.extract_if(.., |(of, operation)| of == batch && !still_waits(of, *operation));
        told.map(|(_, operation)| operation).collect()
    }

    fn write_late(&self) -> Result<(), JournalError> {
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(entry) = unwritten.first() {
            self.append(entry)?;
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            match unwritten.remove(0) {
                JournalEntry::Settled(end) => late.push((end.batch, end.operation)),
                JournalEntry::Unsent(of) => late.extend(of.rows.iter().map(|row| (of.batch.clone(), row.operation))),
                JournalEntry::Begun(_) | JournalEntry::Intent(_) => {}
            }
        }
        Ok(())
    }

    /// Puts down what of a batch was not sent.
    ///
    /// # Errors
    /// The record is not on disk for certain: it is tried again before the next one.
    pub async fn unsent(&self, unsent: Unsent) -> Result<(), JournalError> {
        self.put_or_keep(JournalEntry::Unsent(unsent)).await
    }

    /// Everything in the journal, off the caller's thread.
    ///
    /// # Errors
    /// The file cannot be read. A journal that does not exist is empty.
    pub async fn read(&self) -> Result<Contents, JournalError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || read(&path)).await.map_err(|_| JournalError::CutOff)?
    }

    /// The writes of a batch that has ended, with the targets whose end is not known.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn open_of(&self, batch: String) -> Result<Vec<OpenWrite>, JournalError> {
        let path = self.path.clone();
        let open =
            tokio::task::spawn_blocking(move || open_intents(&path)).await.map_err(|_| JournalError::CutOff)??;
        let own = open.writes.into_iter().filter(|intent| intent.batch == batch);
        Ok(own.map(|intent| OpenWrite { intent, maybe_running: false }).collect())
    }

    async fn put(&self, entry: JournalEntry) -> Result<(), JournalError> {
        let journal = self.clone();
        let put = move || journal.write_late().and_then(|()| journal.append(&entry));
        tokio::task::spawn_blocking(put).await.map_err(|_| JournalError::CutOff)?
    }

    /// The file is opened anew for each record: a journal that was moved away in between is not written into thin air,
    /// and the lock, which belongs to the open file, also keeps threads apart.
    fn append(&self, entry: &JournalEntry) -> Result<(), JournalError> {
        let text = serde_json::to_string(entry)?;
        let asked = Instant::now();
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = files::locked(&self.path, LOCK_WAIT.saturating_sub(asked.elapsed()))?;
        files::sign(&running_path(&self.path));
        let begun = match entry {
            JournalEntry::Intent(intent) => self.in_the_way(&file, |seen| seen.against(intent, self.since)),
            JournalEntry::Begun(begun) => self
                .in_the_way(&file, |seen| seen.repeated(begun.file.as_ref(), &begun.batch))
                .and_then(|way| if way.is_none() { seen::repeated_before(&self.path, begun) } else { Ok(way) }),
            JournalEntry::Settled(_) | JournalEntry::Unsent(_) => Ok(None),
        };
        let written = match begun {
            Ok(None) => self.put_line(&mut file, version(entry), &text),
            Ok(Some(seen::InTheWay::Begun(batch))) => {
                return Err(JournalError::Begun { path: self.path.to_path_buf(), batch });
            }
            Ok(Some(seen::InTheWay::Repeated(batch))) => {
                return Err(JournalError::Repeated { path: self.path.to_path_buf(), batch });
            }
            Err(error) => return Err(JournalError::Read { path: self.path.to_path_buf(), error }),
        };
        // Closing the file lets the lock go as well.
        let _ = file.unlock();
        written.map_err(|error| JournalError::Write { path: self.path.to_path_buf(), error })
    }

    /// What another batch has begun for the same NIC, or with the same file. The caller holds the lock: nobody begins anything between
    /// this and the record.
    fn in_the_way(
        &self,
        file: &File,
        look: impl FnOnce(&seen::Seen) -> Option<seen::InTheWay>,
    ) -> io::Result<Option<seen::InTheWay>> {
        // Nothing in there panics half-way; a poisoned lock means that somebody's test did.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.catch_up(file)?;
        Ok(look(&seen))
    }

    /// One write for the whole record, so that a full disk tears at most this record; a torn one before it is closed first.
    fn put_line(&self, file: &mut File, version: u32, text: &str) -> io::Result<()> {
        let before = match files::last_line(file)? {
            Some(before) => Some(before),
            None => {
                // Whoever made the file and the folders that it lies in, their names are on disk before its first record is.
                (self.sync_folder)(&self.path)?;
                let has_folder = |folder: &&Path| folder.parent().is_some_and(|around| !around.as_os_str().is_empty());
                let around = self.path.ancestors().skip(1).filter(has_folder);
                // Folders of others may not be opened, and are older.
                around.for_each(|folder| drop((self.sync_folder)(folder)));
                let full = files::full(&self.path)?.pop();
                full.map(|full| files::last_line(&mut File::open(full)?))
                    .transpose()?
                    .flatten()
                    .map(|(line, _)| (line, true))
            }
        };
        let mut record = String::new();
        if matches!(before, Some((_, false))) {
            record.push('\n');
        }
        let before = self.proved(file, before.map(|(line, _)| chain::digest(&line)))?;
        let line = chain::seal(version, text, before.as_deref());
        record.push_str(&line);
        record.push('\n');
        file.write_all(record.as_bytes())?;
        file.sync_data()?;
        // Without it the journal is ahead.
        let _ = mark::write(&self.path, chain::digest(line.as_bytes()));
        Ok(())
    }

    /// The digest that the next line carries: that of the last one. Where newer lines were written and are missing it is that of the newest
    /// of them, and the gap is seen ever after.
    fn proved(&self, file: &mut File, last: Option<String>) -> io::Result<Option<String>> {
        let Some(newest) = mark::read(&self.path).filter(|newest| last.as_ref() != Some(newest)) else {
            return Ok(last);
        };
        // A crash between the two, or an earlier nicdeck, leaves the journal ahead of its mark.
        file.seek(io::SeekFrom::Start(0))?;
        let mut found = has_line(file, &newest)?;
        // That one may have put journals aside since.
        for aside in files::full(&self.path)?.iter().rev() {
            found = found || has_line(File::open(aside)?, &newest)?;
        }
        Ok(if found { last } else { Some(newest) })
    }

    /// Puts a full journal aside, unless something in it is open, which has to be found at the next start, or a batch is under way in some
    /// process: what that has begun is looked for here.
    fn put_aside(&self, full: u64) -> Result<(), JournalError> {
        let fail = |error| JournalError::Write { path: self.path.to_path_buf(), error };
        if fs::metadata(&self.path).map_or(0, |meta| meta.len()) < full || !open_intents(&self.path)?.is_empty() {
            return Ok(());
        }
        let path = running_path(&self.path);
        let running = files::file(&path)?;
        if files::lock(&path, open::LOOK_WAIT, || running.try_lock()).is_err() {
            return Ok(());
        }
        let file = files::locked(&self.path, LOCK_WAIT)?;
        // Another process may have done it, or begun a write.
        if file.metadata().map_err(fail)?.len() >= full && open::intents_of(&file).map_err(fail)?.is_empty() {
            files::put_aside(&self.path).map_err(fail)?;
            (self.sync_folder)(&self.path).map_err(fail)?;
        }
        Ok(())
    }

    /// Tells other processes that a batch is under way, until this is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// The lock's file cannot be made, or somebody looks at the journal for too long.
    pub async fn running(&self) -> Result<Running, JournalError> {
        let journal = self.clone();
        tokio::task::spawn_blocking(move || {
            journal.put_aside(FULL)?;
            // All of it here, so that the first intent holds its lock no longer than the others.
            if let Some(file) = files::to_read(&journal.path)? {
                let mut seen = journal.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.catch_up(&file).map_err(|error| JournalError::Read { path: journal.path.to_path_buf(), error })?;
            }
            let path = running_path(&journal.path);
            let file = files::file(&path)?;
            files::lock(&path, LOCK_WAIT, || file.try_lock_shared())?;
            files::sign(&path);
            Ok(Running { _file: file })
        })
        .await
        .map_err(|_| JournalError::CutOff)?
    }

    fn file(&self) -> Result<File, JournalError> {
        files::file(&self.path)
    }
}

/// Is there a line of this digest?
fn has_line(file: impl Read, digest: &str) -> io::Result<bool> {
    for line in BufReader::new(file).split(b'\n') {
        if chain::digest(&line?) == digest {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A batch is under way in this process. The lock belongs to the open file.
#[derive(Debug)]
pub struct Running {
    _file: File,
}

/// The file whose lock is shared by all batches under way on one journal.
fn running_path(journal: &Path) -> PathBuf {
    journal.with_extension("lock")
}

/// A line that is no record of this version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadLine {
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    pub why: BadLineKind,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadLineKind {
    /// Torn by a crash, or edited.
    Torn,
    /// Written by a later nicdeck.
    Newer(u32),
}

/// What a journal holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Contents {
    /// In the order they were written.
    pub entries: Vec<JournalEntry>,
    pub bad: Vec<BadLine>,
}

impl Contents {
    /// Writes with targets whose end is not known, oldest first, each with its newest intent for these targets: what became of them
    /// has to be read from the cloud. Lines that are no records are left out.
    pub fn open_intents(&self) -> std::vec::IntoIter<Intent> {
        let mut ledger = open::Ledger::default();
        self.entries.iter().for_each(|entry| ledger.take(entry.clone()));
        ledger.open().writes.into_iter()
    }
}

/// Reads a journal and those that were put aside before it, oldest first. Blocks. Lines that cannot be read are reported, never
/// fatal.
///
/// # Errors
/// A file exists and cannot be read.
pub fn read(path: &Path) -> Result<Contents, JournalError> {
    let mut contents = Contents::default();
    for part in parts(path)? {
        let bytes = bytes(&part)?;
        for (place, line) in lines(&bytes) {
            match parse(line) {
                Ok(entry) => contents.entries.push(entry),
                Err(why) => contents.bad.push(BadLine { file: part.clone(), line: place, why }),
            }
        }
    }
    Ok(contents)
}

/// The journals that were put aside, oldest first, and the one that is written to.
pub(super) fn parts(path: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let fail = |error| JournalError::Read { path: path.to_owned(), error };
    let mut parts = files::full(path).map_err(fail)?;
    parts.push(path.to_owned());
    Ok(parts)
}

/// A journal's text; nothing where there is none.
fn bytes(path: &Path) -> Result<Vec<u8>, JournalError> {
    let fail = |error| JournalError::Read { path: path.to_owned(), error };
    let Some(mut file) = files::to_read(path)? else { return Ok(Vec::new()) };
    // A record that is being written would look torn.
    files::lock(path, LOCK_WAIT, || file.try_lock_shared())?;
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    let _ = file.unlock();
    read.map_err(fail)?;
    Ok(bytes)
}

/// Its lines, numbered from 1; empty ones are none.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes
        .split(|&byte| byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(place, line)| (place + 1, line))
}

/// One line as a record.
///
/// # Errors
/// It is none of this version.
pub fn parse(line: &[u8]) -> Result<JournalEntry, BadLineKind> {
    match version_of(line) {
        Some(1..=VERSION) => serde_json::from_slice(line).map_err(|_| BadLineKind::Torn),
        Some(version) => Err(BadLineKind::Newer(version)),
        None => Err(BadLineKind::Torn),
    }
}

fn version_of(line: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    serde_json::from_slice::<Version>(line).ok().map(|line| line.v)
}
