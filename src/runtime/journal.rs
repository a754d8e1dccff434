//! What was about to be sent, on disk before it is sent, and how it ended: append-only JSON lines.
//!
//! No journal, no write: the permit that every write needs is handed out here alone, after the intent was synced.
//! Several copies of nicdeck may append to one journal; each record is written under a lock on the file. A record that
//! was torn by a power cut stays as a line of its own that the reader reports and skips.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{OperationId, ProfileId},
    journal::{Intent, JournalEntry, OpenWrite, Settlement, WritePermit},
    time::Timestamp,
};

#[cfg(test)]
mod tests;

/// The version of the lines that are written. Lines of a later one (with a hash chain, say) are reported, not guessed at.
pub const VERSION: u32 = 1;

/// How long a record waits for another process's record, which takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long is waited for another process that is looking as well, before it is taken for one that carries out a batch.
const LOOK_WAIT: Duration = Duration::from_millis(300);
/// The lock says nothing about other machines. After so many milliseconds none of their writes is under way any more:
/// a write takes minutes, and its end is on disk then.
const ELSEWHERE_MS: u64 = 24 * 60 * 60 * 1000;

/// One line.
#[derive(Serialize, Deserialize)]
struct Line<E> {
    v: u32,
    #[serde(flatten)]
    entry: E,
}

/// What stands in the way of a record.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the platform has no folder for state; set HOME or XDG_STATE_HOME")]
    NoFolder,
    #[error("the journal's folder {} cannot be made: {error}", path.display())]
    Folder { path: PathBuf, error: io::Error },
    #[error("the journal {} cannot be opened: {error}", path.display())]
    Open { path: PathBuf, error: io::Error },
    #[error("the journal {} is locked by another process for more than {} s", path.display(), LOCK_WAIT.as_secs())]
    Locked { path: PathBuf },
    #[error("the journal {} cannot be written: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("the journal {} cannot be read: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("the record cannot be put into words: {0}")]
    Encode(#[from] serde_json::Error),
    #[error("the profile {0} is read-only")]
    ReadOnly(ProfileId),
    #[error("the journal's task was cut off")]
    CutOff,
}

impl JournalError {
    /// A stable name, for locales and tests.
    pub fn key(&self) -> &'static str {
        match self {
            JournalError::NoFolder => "journal-no-folder",
            JournalError::Folder { .. } => "journal-folder",
            JournalError::Open { .. } => "journal-open",
            JournalError::Locked { .. } => "journal-locked",
            JournalError::Write { .. } => "journal-write",
            JournalError::Read { .. } => "journal-read",
            JournalError::Encode(_) => "journal-encode",
            JournalError::ReadOnly(_) => "journal-read-only",
            JournalError::CutOff => "journal-cut-off",
        }
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
#[derive(Clone, Debug)]
pub struct Journal {
    path: Arc<Path>,
    /// [`sync_folder`]; a test's own to see that it is asked.
    sync_folder: fn(&Path) -> io::Result<()>,
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
            make_folder(folder).map_err(|error| JournalError::Folder { path: folder.to_owned(), error })?;
        }
        own(&journal.file()?).map_err(|error| JournalError::Open { path: path.to_owned(), error })?;
        Ok(journal)
    }

    /// A journal that is looked at only when something is written to it.
    pub fn at(path: &Path) -> Self {
        Self { path: Arc::from(path), sync_folder }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the intent on disk and hands out the right to send it. When this returns, the record has survived a power cut.
    ///
    /// # Errors
    /// The profile is read-only, or the record is not on disk for certain. Either way nothing may be sent.
    pub async fn intent(&self, intent: Intent, readonly: bool) -> Result<WritePermit, JournalError> {
        if readonly {
            return Err(JournalError::ReadOnly(intent.profile));
        }
        let permit = WritePermit::mint(&intent);
        self.put(JournalEntry::Intent(Box::new(intent))).await?;
        Ok(permit)
    }

    /// Puts the end of a write on disk.
    ///
    /// # Errors
    /// The record is not on disk for certain: the intent stays open, and the next start will ask what became of it.
    pub async fn settled(&self, settlement: Settlement) -> Result<(), JournalError> {
        self.put(JournalEntry::Settled(settlement)).await
    }

    /// Everything in the journal, off the caller's thread.
    ///
    /// # Errors
    /// The file cannot be read. A journal that does not exist is empty.
    pub async fn read(&self) -> Result<Contents, JournalError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || read(&path)).await.map_err(|_| JournalError::CutOff)?
    }

    async fn put(&self, entry: JournalEntry) -> Result<(), JournalError> {
        let journal = self.clone();
        tokio::task::spawn_blocking(move || journal.append(&entry)).await.map_err(|_| JournalError::CutOff)?
    }

    /// The file is opened anew for each record: a journal that was moved away in between is not written into thin air,
    /// and the lock, which belongs to the open file, also keeps threads apart.
    fn append(&self, entry: &JournalEntry) -> Result<(), JournalError> {
        let text = serde_json::to_string(&Line { v: VERSION, entry })?;
        let mut file = self.file()?;
        lock(&self.path, LOCK_WAIT, || file.try_lock())?;
        // Whoever made the file, its name is on disk before its first record is.
        let named = match file.metadata() {
            Ok(meta) if meta.len() > 0 => Ok(()),
            Ok(_) => (self.sync_folder)(&self.path),
            Err(error) => Err(error),
        };
        let written = named.and_then(|()| append_line(&mut file, &text));
        // Closing the file lets the lock go as well.
        let _ = file.unlock();
        written.map_err(|error| JournalError::Write { path: self.path.to_path_buf(), error })
    }

    /// Tells other processes that a batch is under way, until this is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// The lock's file cannot be made, or somebody looks at the journal for too long.
    pub async fn running(&self) -> Result<Running, JournalError> {
        let path = running_path(&self.path);
        tokio::task::spawn_blocking(move || {
            let file = file(&path)?;
            lock(&path, LOCK_WAIT, || file.try_lock_shared())?;
            Ok(Running { _file: file })
        })
        .await
        .map_err(|_| JournalError::CutOff)?
    }

    fn file(&self) -> Result<File, JournalError> {
        file(&self.path)
    }
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

fn file(path: &Path) -> Result<File, JournalError> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| JournalError::Open { path: path.to_owned(), error })
}

/// A line that is no record of this version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadLine {
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
    /// Intents without an outcome, oldest first: what became of them is not known and has to be read from the cloud.
    /// A write that is tried again has an intent for each try, and each end closes those before it.
    pub fn open_intents(&self) -> impl Iterator<Item = &Intent> {
        let mut open: BTreeMap<(&str, OperationId), Vec<(usize, &Intent)>> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            match entry {
                JournalEntry::Intent(intent) => {
                    open.entry((intent.batch.as_str(), intent.operation)).or_default().push((place, intent));
                }
                JournalEntry::Settled(end) => {
                    open.remove(&(end.batch.as_str(), end.operation));
                }
            }
        }
        let mut open: Vec<(usize, &Intent)> = open.into_values().flatten().collect();
        open.sort_by_key(|(place, _)| *place);
        open.into_iter().map(|(_, intent)| intent)
    }
}

/// Reads a journal. Blocks. Lines that cannot be read are reported, never fatal.
///
/// # Errors
/// The file exists and cannot be read.
pub fn read(path: &Path) -> Result<Contents, JournalError> {
    let fail = |error| JournalError::Read { path: path.to_owned(), error };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
        file => file.map_err(fail)?,
    };
    // A record that is being written would look torn.
    lock(path, LOCK_WAIT, || file.try_lock_shared())?;
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    let _ = file.unlock();
    read.map_err(fail)?;
    let mut contents = Contents::default();
    for (place, line) in bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        match parse(line) {
            Ok(entry) => contents.entries.push(entry),
            Err(why) => contents.bad.push(BadLine { line: place + 1, why }),
        }
    }
    Ok(contents)
}

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
    lock(path, LOCK_WAIT, || file.try_lock_shared())?;
    let length = file.metadata().map(|meta| meta.len());
    let _ = file.unlock();
    let lines = io::BufReader::new(file.take(length.map_err(fail)?)).split(b'\n');
    let mut open: BTreeMap<(String, OperationId), Vec<(usize, Intent)>> = BTreeMap::new();
    for (place, line) in lines.enumerate() {
        match parse(&line.map_err(fail)?) {
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
    let quiet = file(&running_path(path)).ok().filter(|file| {
        let looked = lock(path, LOOK_WAIT, || file.try_lock());
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

fn parse(line: &[u8]) -> Result<JournalEntry, BadLineKind> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice::<Version>(line) {
        Ok(Version { v: VERSION }) => {
            serde_json::from_slice::<Line<JournalEntry>>(line).map(|line| line.entry).map_err(|_| BadLineKind::Torn)
        }
        Ok(Version { v }) => Err(BadLineKind::Newer(v)),
        Err(_) => Err(BadLineKind::Torn),
    }
}

/// One write for the whole record, so that a full disk tears at most this record; a torn one before it is closed first.
fn append_line(file: &mut File, text: &str) -> io::Result<()> {
    let mut record = String::with_capacity(text.len() + 2);
    if ends_within_a_line(file)? {
        record.push('\n');
    }
    record.push_str(text);
    record.push('\n');
    file.write_all(record.as_bytes())?;
    file.sync_data()
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Waits for the lock, but not for ever: a process that was stopped in the middle of a record would hang this one.
fn lock(
    path: &Path,
    patience: Duration,
    mut attempt: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), JournalError> {
    let until = Instant::now() + patience;
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(JournalError::Open { path: path.to_owned(), error }),
        }
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Takes away what others may do with a journal that was made with laxer rights.
#[cfg(unix)]
fn own(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let meta = file.metadata()?;
    if meta.is_file() && meta.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn own(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file's name is on disk only when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder)?.sync_all() {
        // Some file systems do not sync folders, and need not.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
