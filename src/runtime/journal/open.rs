//! Writes whose end is not known, and has to be read from the cloud: without an end in the journal, or with one that says so.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::domain::{
    ids::OperationId,
    journal::{Intent, JournalEntry, Open, OpenWrite, Settlement, StrangeWrite},
    outcome::OutcomeWord,
    selection::Target,
    time::Timestamp,
};

use super::{BadLineKind, JournalError, LOCK_WAIT, files, parse, running_path};

/// How long is waited for another process that is looking as well, before it is taken for one that carries out a batch.
pub(super) const LOOK_WAIT: Duration = Duration::from_millis(300);
/// The lock may say nothing about other machines. After so many milliseconds none of their writes is under way any more: a write takes
/// minutes, and its end is on disk then. While somebody holds the lock all of it may be another's for longer.
pub(super) const ELSEWHERE_MS: u64 = 30 * 60 * 1000;
const LONGEST_MS: u64 = 24 * 60 * 60 * 1000;

/// A write by its batch and its number in that; one that names neither by its line.
type Key = (String, Result<OperationId, usize>);

/// Takes a journal's records in their order, and knows what is open after them.
#[derive(Default)]
pub(super) struct Ledger {
    lines: usize,
    open: BTreeMap<Key, Kept>,
    /// Files of plans, by their hash, with the batch that began to carry each out.
    files: BTreeMap<Arc<str>, String>,
}

/// An open write.
pub(super) struct Kept {
    /// The line of its first intent.
    first: usize,
    pub(super) what: What,
    /// Targets whose end is not known.
    targets: Vec<Target>,
}

pub(super) enum What {
    /// The newest intent, with what the NIC was before the first.
    Ours(Box<Intent>),
    Strange(StrangeWrite),
}

impl Ledger {
    /// For the journal that takes the place of the one this is about, which was put aside.
    pub(super) fn after(self) -> Self {
        Self { files: self.files, ..Self::default() }
    }

    /// The batch that began to carry out this file.
    pub(super) fn carries_out(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    pub(super) fn line(&mut self, line: &[u8]) {
        match parse(line) {
            Ok(entry) => self.take(entry),
            Err(why) => {
                self.lines += 1;
                self.strange(line, &why);
            }
        }
    }

    /// A write that is tried again has an intent for each try, and each end closes those before it: for the targets whose end it
    /// tells, and for no others.
    pub(super) fn take(&mut self, entry: JournalEntry) {
        self.lines += 1;
        match entry {
            JournalEntry::Intent(intent) => {
                let targets = intent.targets();
                if let Some(file) = &intent.file {
                    self.files.entry(file.clone()).or_insert_with(|| intent.batch.clone());
                }
                self.begin((intent.batch.clone(), Ok(intent.operation)), What::Ours(intent), targets);
            }
            JournalEntry::Begun(begun) => {
                if let Some(file) = begun.file {
                    self.files.entry(file).or_insert(begun.batch);
                }
            }
            JournalEntry::Settled(end) => self.settle(&end),
            // It tells of what was not begun, and of what its own end is told besides.
            JournalEntry::Unsent(_) => {}
        }
    }

    fn begin(&mut self, key: Key, what: What, targets: Vec<Target>) {
        match self.open.get_mut(&key) {
            Some(kept) => {
                // The state before the write is that before its first request.
                let first = match &mut kept.what {
                    What::Ours(first) => first.image.take(),
                    What::Strange(_) => None,
                };
                kept.what = what;
                if let (What::Ours(newest), Some(first)) = (&mut kept.what, first) {
                    newest.image = Some(first);
                }
                let new = targets.into_iter().filter(|target| !kept.targets.contains(target)).collect::<Vec<_>>();
                kept.targets.extend(new);
            }
            None => drop(self.open.insert(key, Kept { first: self.lines, what, targets })),
        }
    }

    fn settle(&mut self, end: &Settlement) {
        let key = (end.batch.clone(), Ok(end.operation));
        let Some(kept) = self.open.get_mut(&key) else { return };
        let known = |target: &Target| {
            end.outcomes.iter().any(|(ended, outcome)| ended == target && outcome.word() != OutcomeWord::Unknown)
        };
        let closed = if kept.targets.is_empty() {
            // What it was about cannot be read; that all of it ended can.
            !end.outcomes.is_empty() && end.outcomes.iter().all(|(target, _)| known(target))
        } else {
            kept.targets.retain(|target| !known(target));
            kept.targets.is_empty()
        };
        if closed {
            self.open.remove(&key);
        }
    }

    /// A line that is no record of this version: as much as it tells. One that a power cut tore is no JSON, and nothing was sent
    /// for it.
    fn strange(&mut self, line: &[u8], why: &BadLineKind) {
        let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(line) else { return };
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let version = match why {
            BadLineKind::Newer(version) => *version,
            BadLineKind::Torn => super::version_of(line).unwrap_or(super::VERSION),
        };
        match (text("record"), serde_json::from_slice::<JournalEntry>(line)) {
            (_, Ok(JournalEntry::Settled(end))) => self.settle(&end),
            // What a later version means by other records is not known; of a write each tells the profile.
            (Some("settled"), _) => {}
            (record, entry) if record == Some("intent") || fields.contains_key("profile") => {
                let what = StrangeWrite {
                    version,
                    profile: text("profile").map(Into::into),
                    nic: text("nic").map(Into::into),
                };
                let operation =
                    fields.get("operation").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
                let operation = operation.map(OperationId).filter(|_| text("batch").is_some()).ok_or(self.lines);
                let key = (text("batch").unwrap_or_default().to_owned(), operation);
                let targets = match entry {
                    Ok(JournalEntry::Intent(intent)) => intent.targets(),
                    _ => Vec::new(),
                };
                self.begin(key, What::Strange(what), targets);
            }
            _ => {}
        }
    }

    /// What is open, with the batch of each.
    pub(super) fn kept(&self) -> impl Iterator<Item = (&String, &Kept)> {
        self.open.iter().map(|((batch, _), kept)| (batch, kept))
    }

    /// What is open, each intent for its open targets alone.
    pub(super) fn open(self) -> Open<Intent> {
        let mut kept: Vec<Kept> = self.open.into_values().collect();
        kept.sort_by_key(|kept| kept.first);
        let mut open = Open::default();
        for Kept { what, targets, .. } in kept {
            match what {
                What::Ours(intent) => open.writes.push(Intent { kind: intent.kind.only(&targets), ..*intent }),
                What::Strange(write) => open.strange.push(write),
            }
        }
        open.strange.sort();
        open.strange.dedup();
        open
    }
}

/// What is open in the journal that is written to: one that was put aside has nothing open. Reads line by line and keeps only
/// what is open. Blocks.
///
/// # Errors
/// As of [`read`](super::read).
pub fn open_intents(path: &Path) -> Result<Open<Intent>, JournalError> {
    let fail = |error| JournalError::Read { path: path.to_owned(), error };
    let Some(file) = files::to_read(path)? else { return Ok(Open::default()) };
    // What is there now: a record that is being written would look torn, and a long read would hold up who writes it.
    files::lock(path, LOCK_WAIT, || file.try_lock_shared())?;
    let length = file.metadata().map(|meta| meta.len());
    let _ = file.unlock();
    intents(file.take(length.map_err(fail)?)).map_err(fail)
}

/// The same, of a file that the caller has locked.
pub(super) fn intents_of(file: &File) -> io::Result<Open<Intent>> {
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    intents(file)
}

fn intents(text: impl Read) -> io::Result<Open<Intent>> {
    let mut ledger = Ledger::default();
    for line in io::BufReader::new(text).split(b'\n') {
        ledger.line(&line?);
    }
    Ok(ledger.open())
}

/// What is open, writes with whether they may still be under way: as long as a batch runs in any process of this machine, those of
/// this machine may be its own. Blocks.
///
/// # Errors
/// As of [`read`](super::read).
pub fn open_writes(path: &Path, host: &str, now: Timestamp) -> Result<Open<OpenWrite>, JournalError> {
    if open_intents(path)?.is_empty() {
        return Ok(Open::default());
    }
    let quiet = files::file(&running_path(path)).ok().filter(|file| {
        let looked = files::lock(path, LOOK_WAIT, || file.try_lock());
        looked.is_ok()
    });
    // Read again under the lock: what a batch began and ended in between is not open.
    let open = open_intents(path)?;
    let maybe_running = |intent: &Intent| {
        // A machine may have changed its name: a lock that is free tells more than that, soon after.
        let longest = if quiet.is_none() { LONGEST_MS } else { ELSEWHERE_MS };
        if intent.host == host { quiet.is_none() } else { now.since(intent.at) < longest }
    };
    let writes = open.writes.into_iter();
    let writes = writes.map(|intent| OpenWrite { maybe_running: maybe_running(&intent), intent }).collect();
    Ok(Open { writes, strange: open.strange })
}
