//! What is open in a journal, kept up to date by reading what is new in it: looked at right before each intent is written, since
//! another nicdeck may have begun a write to the same NIC meanwhile.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use crate::domain::{
    clean::clean,
    finding::FindingId,
    journal::{Begun, CERTAIN_MS, Intent, JournalEntry},
    time::Timestamp,
};

use super::{
    files,
    open::{Kept, Ledger, What},
    parse,
};

/// Why an intent may not be written.
pub(super) enum InTheWay {
    /// Another batch has begun a write to the same NIC, and nobody knows its end: who has, in words of the journal.
    Begun(String),
    /// Another batch has begun to carry out the same file.
    Repeated(String),
}

/// See the module.
#[derive(Default)]
pub(super) struct Seen {
    ledger: Ledger,
    file: Option<files::Place>,
    /// Bytes that were taken in.
    at: u64,
}

impl Seen {
    /// Takes in the whole lines that were written since the last time.
    pub(super) fn catch_up(&mut self, file: &File) -> io::Result<()> {
        let meta = file.metadata()?;
        let place = files::place(&meta);
        // One that was put aside has nothing open.
        if self.file != Some(place) || meta.len() < self.at {
            let ledger = Ledger::after(std::mem::take(&mut self.ledger));
            *self = Self { ledger, file: Some(place), at: 0 };
        }
        let mut file = file;
        file.seek(SeekFrom::Start(self.at))?;
        // A device has no length, and no end either.
        let mut source = BufReader::new(file.take(meta.len() - self.at));
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = source.read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                return Ok(());
            }
            self.ledger.line(&line);
            self.at += read as u64;
        }
    }

    /// Whether another batch carries out this file.
    pub(super) fn repeated(&self, file: Option<&Arc<str>>, batch: &str) -> Option<InTheWay> {
        let other = self.ledger.carries_out(file?).filter(|other| *other != batch)?;
        Some(InTheWay::Repeated(clean(other).into_owned()))
    }

    /// What another batch has begun since then for the same NIC, or at any time with the same file.
    pub(super) fn against(&self, intent: &Intent, since: Timestamp) -> Option<InTheWay> {
        if let Some(repeated) = self.repeated(intent.file.as_ref(), &intent.batch) {
            return Some(repeated);
        }
        let nic = intent.kind.nic();
        let overruled = is_overruled(intent);
        let stands = |(batch, kept): (&String, &Kept)| match &kept.what {
            What::Ours(other) => {
                let same = (&other.cloud, &other.region, other.kind.nic()) == (&intent.cloud, &intent.region, nic);
                // A person's word is about what is long over and can not be told, never about what may be under way.
                let passed = overruled && intent.at.since(other.at) >= CERTAIN_MS;
                (same && *batch != intent.batch && other.at >= since && !passed)
                    .then(|| clean(&format!("{}, {}@{}", other.batch, other.who, other.host)).into_owned())
            }
            What::Strange(other) => {
                let same = other.profile.as_ref().is_none_or(|of| *of == intent.profile)
                    && other.nic.as_ref().is_none_or(|of| of == nic);
                (same && since == Timestamp::default()).then(|| format!("version {}", other.version))
            }
        };
        self.ledger.kept().find_map(stands).map(InTheWay::Begun)
    }
}

/// Whether another batch has carried this file out in a journal that was put aside: one may have begun it, ended, and been put aside
/// between this one's look and its first record. The caller holds the lock of the journal that is written to.
pub(super) fn repeated_before(path: &Path, begun: &Begun) -> io::Result<Option<InTheWay>> {
    let Some(file) = &begun.file else { return Ok(None) };
    let names = memchr::memmem::Finder::new(file.as_bytes());
    for aside in files::full(path)? {
        for line in BufReader::new(File::open(aside)?).split(b'\n') {
            let line = line?;
            if names.find(&line).is_none() {
                continue;
            }
            let (other, batch) = match parse(&line) {
                Ok(JournalEntry::Begun(it)) => (it.file, it.batch),
                Ok(JournalEntry::Intent(it)) => (it.file.clone(), it.batch.clone()),
                _ => continue,
            };
            if other.as_ref() == Some(file) && batch != begun.batch {
                return Ok(Some(InTheWay::Repeated(clean(&batch).into_owned())));
            }
        }
    }
    Ok(None)
}

/// Has a person said, of each of its targets, why it goes although the end of an earlier write is not known?
fn is_overruled(intent: &Intent) -> bool {
    let said = |target| {
        let mut of = intent.overrides.iter().filter(|one| one.target == target);
        of.any(|one| one.findings.contains(&FindingId::EarlierWrite))
    };
    intent.targets().into_iter().all(said)
}
