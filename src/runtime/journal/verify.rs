//! Does each line of a journal still prove the one before it?

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    domain::{
        journal::JournalEntry,
        journal_fault::{JournalDoubt, JournalDoubtKind},
        time::Timestamp,
    },
    history::glance::{self, Head},
};

use super::{
    BadLineKind, JournalError, VERSION, bytes,
    chain::{self, Seal},
    files, lines, mark, parse, parts,
    scan::scan_part,
    version_of,
};

/// Milliseconds by which two machines' clocks may differ.
const AHEAD_MS: u64 = 120_000;
/// The record that begins a batch, as a line calls it.
const BEGUN: &str = "begun";
const KINDS: [&str; 4] = [BEGUN, "intent", "settled", "unsent"];

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// Files that were read, oldest first.
    pub files: Vec<PathBuf>,
    /// Records that are whole.
    pub records: usize,
    /// Lines of the first version, which carry no digest: the next line proves the last of them, and nothing proves the others.
    pub unproven: usize,
    pub faults: Vec<Fault>,
    /// The record with the latest time, by its line in the last file.
    pub newest: Option<(usize, Timestamp)>,
    /// The digest of the last line: whoever keeps it elsewhere sees later whether lines are missing at the end.
    pub last: Option<String>,
}

impl Verdict {
    /// Nothing was changed. A line that was torn by a power cut is no change.
    pub fn is_whole(&self) -> bool {
        self.faults.iter().all(|fault| matches!(fault.what, What::Torn | What::Unmarked))
    }

    fn is_cut(&self) -> bool {
        self.faults.iter().any(|fault| fault.what == What::Cut)
    }
}

/// A line that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub file: PathBuf,
    /// From 1; 0: before the first.
    pub line: usize,
    pub what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Not as it was written.
    Edited,
    /// Something is missing before it, was put in, or changed.
    Gap,
    /// The beginning of a record: a power cut in the middle of it. The chain goes on behind it.
    Torn,
    /// No record, nor the beginning of one.
    Stray,
    /// Written by a later nicdeck.
    Newer(u32),
    /// Behind it newer records were written, and are missing.
    Cut,
    /// The same can not be told: there is no mark, though there was one, or it can not be used.
    Unmarked,
}

impl What {
    /// All of their names.
    pub const KEYS: &[&str] = &["edited", "gap", "torn", "stray", "newer", "cut", "unmarked"];

    /// A stable name, for locales and exports.
    pub fn key(self) -> &'static str {
        match self {
            What::Edited => "edited",
            What::Gap => "gap",
            What::Torn => "torn",
            What::Stray => "stray",
            What::Newer(_) => "newer",
            What::Cut => "cut",
            What::Unmarked => "unmarked",
        }
    }
}

/// Reads the journal and those that were put aside before it. Blocks.
///
/// # Errors
/// A file exists and cannot be read.
pub fn verify(path: &Path) -> Result<Verdict, JournalError> {
    at_its_end(path, |newest| verify_from(parts(path)?, None, newest))
}

/// What is said of the journal, whose newest record the mark tells. A journal may be put aside between the look at its name and that at
/// its lines: what is missing then is looked for once more.
fn at_its_end(
    path: &Path,
    look: impl Fn(Option<&str>) -> Result<Verdict, JournalError>,
) -> Result<Verdict, JournalError> {
    // First: the journal only ever gets ahead of it.
    let verdict = look(mark::read(path).as_deref())?;
    if verdict.is_cut() { look(mark::read(path).as_deref()) } else { Ok(verdict) }
}

/// What a start should tell of the journal that is written to: lines that are not as they should be, and a newest record that is ahead
/// of the clock. Blocks.
///
/// # Errors
/// As of [`verify`].
pub fn doubts(path: &Path, now: Timestamp) -> Result<Vec<JournalDoubt>, JournalError> {
    let mut verdict = at_its_end(path, |newest| {
        let aside = parts(path)?.into_iter().rev().nth(1);
        let before = aside.map(|aside| last_digest(&aside)).transpose()?.flatten();
        verify_from(vec![path.to_owned()], before, newest)
    })?;
    // An earlier nicdeck, which keeps no mark, may have put journals aside since: its record is in one of those.
    if verdict.is_cut() && !verify(path)?.is_cut() {
        verdict.faults.retain(|fault| fault.what != What::Cut);
    }
    Ok(verdict.doubts(path, now))
}

/// Of a journal that was put aside: nobody writes to it any more.
fn last_digest(aside: &Path) -> Result<Option<String>, JournalError> {
    let Some(mut file) = files::to_read(aside)? else { return Ok(None) };
    let last = files::last_line(&mut file).map_err(|error| JournalError::Read { path: aside.to_owned(), error })?;
    Ok(last.map(|(line, _)| chain::digest(&line)))
}

/// Is one of these lines not as it was written, or is something missing, changed or put in beside one? What follows a change does not
/// prove what it says any more, and what was before it may have lost its own end. Blocks.
///
/// # Errors
/// As of [`verify`].
pub fn is_touched(path: &Path, is_wanted: impl Fn(&[u8]) -> bool) -> Result<bool, JournalError> {
    let verdict = verify(path)?;
    let odd = verdict.faults.iter().filter(|fault| matches!(fault.what, What::Edited | What::Gap | What::Stray));
    let odd: BTreeSet<(&Path, usize)> = odd.map(|fault| (fault.file.as_path(), fault.line)).collect();
    if odd.is_empty() {
        return Ok(false);
    }
    let mut before = false;
    for file in &verdict.files {
        for (line, text) in lines(&bytes(file)?) {
            let is_own = is_wanted(text);
            if odd.contains(&(file.as_path(), line)) && (is_own || before) {
                return Ok(true);
            }
            before = is_own;
        }
    }
    Ok(false)
}

impl Verdict {
    /// What is odd, by kind, about the journal that is written to at this path.
    pub fn doubts(&self, path: &Path, now: Timestamp) -> Vec<JournalDoubt> {
        let mut doubts: Vec<JournalDoubt> = Vec::new();
        let named = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for fault in &self.faults {
            let kind = match fault.what {
                What::Edited | What::Gap | What::Stray => JournalDoubtKind::Changed,
                What::Torn => JournalDoubtKind::Torn,
                What::Newer(version) => JournalDoubtKind::Newer(version),
                What::Cut => JournalDoubtKind::Cut,
                What::Unmarked => JournalDoubtKind::Unmarked,
            };
            match doubts.iter_mut().find(|doubt| doubt.kind == kind) {
                Some(doubt) => doubt.count += 1,
                None => doubts.push(JournalDoubt { kind, count: 1, file: named(&fault.file), line: fault.line }),
            }
        }
        if let Some((line, at)) = self.newest {
            let ahead = at.since(now);
            if ahead >= AHEAD_MS {
                doubts.push(JournalDoubt { kind: JournalDoubtKind::Ahead(ahead), count: 1, file: named(path), line });
            }
        }
        doubts
    }
}

fn verify_from(files: Vec<PathBuf>, mut before: Option<String>, newest: Option<&str>) -> Result<Verdict, JournalError> {
    let mut verdict = Verdict::default();
    let mut reached = newest.is_none() || before.as_deref() == newest;
    let mut last = None;
    // Records from the first on that only one who keeps a mark writes: the second tells that the first one's mark was written.
    let mut of_marking: usize = 0;
    let stuck = files.last().is_some_and(|file| mark::is_stuck(file));
    let mut chained = false;
    let mut sealed = before.is_some();
    for file in files {
        let looks = scan_part(&file, || |text: &[u8]| (!text.is_empty()).then(|| Look::at(text)))?;
        if !looks.is_empty() {
            verdict.files.push(file.clone());
        }
        let mut end = 0;
        let looks = looks.into_iter().zip(1..).filter_map(|(look, line)| Some((look?, line)));
        for (Look { digest, says }, line) in looks {
            let mut fault = |what| verdict.faults.push(Fault { file: file.clone(), line, what });
            match says {
                Says::Odd(what) => fault(what),
                Says::Sealed { proves, at, begins } => {
                    verdict.newest = verdict.newest.filter(|(_, newest)| *newest > at).or(Some((line, at)));
                    // A journal that was begun anew proves nothing of the one before.
                    if proves != before {
                        fault(What::Gap);
                    }
                    of_marking += usize::from(of_marking > 0 || begins);
                    (chained, sealed) = (true, true);
                    verdict.records += 1;
                }
                // Only the first version wrote none, and it wrote before all others.
                Says::Bare { first } if sealed || !first => fault(What::Edited),
                Says::Bare { .. } => {
                    verdict.unproven += 1;
                    verdict.records += 1;
                }
            }
            before = Some(digest);
            reached |= before.as_deref() == newest;
            end = line;
        }
        last = Some((file, end));
    }
    if let Some((file, line)) = last {
        if !reached {
            verdict.faults.push(Fault { file, line, what: What::Cut });
        } else if stuck || (newest.is_none() && of_marking > 1) {
            verdict.faults.push(Fault { file, line, what: What::Unmarked });
        }
    }
    verdict.last = before.filter(|_| chained);
    Ok(verdict)
}

/// A line, looked at by itself.
struct Look {
    digest: String,
    says: Says,
}

enum Says {
    /// A record as it was written.
    Sealed {
        /// The digest of the line before, if there was one.
        proves: Option<String>,
        at: Timestamp,
        /// It begins a batch.
        begins: bool,
    },
    /// A record without a digest; of the first version?
    Bare { first: bool },
    /// Anything else.
    Odd(What),
}

impl Look {
    fn at(text: &[u8]) -> Self {
        let (seal, digest) = chain::read(text);
        let record = match glance::head(text) {
            // Its own digest proves the rest of it.
            Some(Head { version: 1..=VERSION, kind, at, .. })
                if matches!(seal, Seal::Whole(_)) && KINDS.contains(&kind) =>
            {
                Ok((at, kind == BEGUN))
            }
            _ => parse(text).map(|entry| when(&entry)),
        };
        let says = match (seal, record) {
            (Seal::Edited, _) => Says::Odd(What::Edited),
            (_, Err(BadLineKind::Newer(version))) => Says::Odd(What::Newer(version)),
            (_, Err(BadLineKind::Torn)) if chain::is_cut_off(text) => Says::Odd(What::Torn),
            (_, Err(BadLineKind::Torn)) => Says::Odd(What::Stray),
            (Seal::Whole(proves), Ok((at, begins))) => Says::Sealed { proves: proves.map(str::to_owned), at, begins },
            (Seal::None, Ok(_)) => Says::Bare { first: version_of(text) == Some(1) },
        };
        Self { digest, says }
    }
}

/// When a record was written, and whether it begins a batch.
fn when(entry: &JournalEntry) -> (Timestamp, bool) {
    match entry {
        JournalEntry::Begun(begun) => (begun.at, true),
        JournalEntry::Intent(intent) => (intent.at, false),
        JournalEntry::Settled(end) => (end.at, false),
        JournalEntry::Unsent(unsent) => (unsent.at, false),
    }
}
