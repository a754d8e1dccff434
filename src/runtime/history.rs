//! Searches the journal and those that were put aside before it. Blocks; the two cores of a small machine share the reading.

use std::path::Path;

use crate::{
    domain::{
        journal::JournalEntry,
        journal_fault::{JournalDoubt, JournalDoubtKind},
        time::Timestamp,
    },
    filter::search::Search,
    history::{
        Batch, Book, Summary,
        batch::batch as whole,
        glance::{self, Reader},
    },
};

use super::{
    journal::{self, JournalError, verify},
    plan_file::CLOCKS_MS,
};

/// What a search found, newest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Found {
    pub summaries: Vec<Summary>,
    /// The same batches, whole, if that was asked for.
    pub batches: Vec<Batch>,
    /// Batches there are.
    pub of: usize,
    /// Lines that are no record.
    pub bad: usize,
    /// Some process is carrying a batch out: those without an end may be its own. See [`underway`].
    pub running: bool,
}

/// Finds batches; `most` of the newest are enough. With `all`, reads all that the journal says of them. Whether one is under way is told
/// by [`underway`].
///
/// # Errors
/// A file exists and cannot be read.
pub fn find(path: &Path, search: &Search, most: usize, all: bool) -> Result<Found, JournalError> {
    let seen = journal::scan(path, || {
        let mut reader = Reader::default();
        move |line: &[u8]| reader.glance(line)
    })?;
    let bad = seen.iter().filter(|glance| glance.is_none()).count();
    let book = Book::of(seen.into_iter().flatten());
    let of = book.len();
    let mut summaries = book.search(search);
    summaries.truncate(most);
    let mut batches = Vec::new();
    if all {
        let entries = entries(path, |id| summaries.iter().any(|batch| batch.batch == id))?;
        batches = summaries.iter().filter_map(|summary| whole(entries.iter(), &summary.batch)).collect();
    }
    Ok(Found { summaries, batches, of, bad, running: false })
}

/// Marks what some process may be carrying out at this moment. Blocks for a moment where one is.
pub fn underway(path: &Path, found: &mut Found) {
    let is_open = |summary: &Summary| summary.is_open();
    found.running = found.summaries.iter().any(is_open) && journal::health::running(path);
    for batch in &mut found.batches {
        batch.running = found.running && !batch.is_whole();
    }
}

/// One batch, whole; `None` if the journal holds no such batch.
///
/// # Errors
/// A file exists and cannot be read.
pub fn batch(path: &Path, id: &str) -> Result<Option<Batch>, JournalError> {
    let read = || entries(path, |batch| batch == id).map(|entries| whole(entries.iter(), id));
    let batch = read()?;
    let edited = batch.is_some() && verify::is_touched(path, |line| glance::batch(line).is_some_and(|of| of == id))?;
    let read = || read().map(|batch| batch.map(|batch| Batch { edited, ..batch }));
    let batch = batch.map(|batch| Batch { edited, ..batch });
    if batch.as_ref().is_none_or(Batch::is_whole) {
        return Ok(batch);
    }
    if journal::health::running(path) {
        return Ok(batch.map(|batch| Batch { running: true, ..batch }));
    }
    // It may have come to its end in between.
    read()
}

/// What a person should know before the journal is believed: that somebody changed it, or took records away. Blocks; reads all of it.
///
/// # Errors
/// A file exists and cannot be read.
pub fn doubts(path: &Path, now: Timestamp) -> Result<Vec<JournalDoubt>, JournalError> {
    let mut doubts = verify::verify(path)?.doubts(path, now);
    doubts.retain(|doubt| matches!(doubt.kind, JournalDoubtKind::Changed | JournalDoubtKind::Cut));
    Ok(doubts)
}

/// A plan's file, as the journal knows it.
pub struct Approved<'a> {
    /// The file's own hash.
    pub file: &'a str,
    /// The plan's.
    pub plan: &'a str,
    pub made_at: Timestamp,
    /// The machine that made it, by whose clock that is.
    pub host: &'a str,
}

impl Approved<'_> {
    /// Was this written when it was carried out? By the file's name, whatever a clock says. The console, and earlier versions, write down
    /// the plan alone: what is so called and older is another one, as far as the clocks of two machines agree.
    fn is_of(&self, file: Option<&str>, plan: &str, host: &str, at: Timestamp) -> bool {
        let apart = if host == self.host { 0 } else { CLOCKS_MS };
        match file {
            Some(file) => file == self.file,
            None => plan == self.plan && at.plus_ms(apart) >= self.made_at,
        }
    }
}

/// The batch, and when it began, that has carried this very file out; the first of several.
///
/// # Errors
/// A file exists and cannot be read.
pub fn carried_out(path: &Path, approved: &Approved<'_>) -> Result<Option<(String, Timestamp)>, JournalError> {
    let names = memchr::memmem::Finder::new(approved.plan.as_bytes());
    let begun = journal::scan(path, || {
        |line: &[u8]| {
            names.find(line)?;
            match journal::parse(line).ok()? {
                JournalEntry::Begun(it) if approved.is_of(it.file.as_deref(), &it.plan, &it.host, it.at) => {
                    Some((it.batch, it.at))
                }
                JournalEntry::Intent(it) if approved.is_of(it.file.as_deref(), &it.plan, &it.host, it.at) => {
                    Some((it.batch.clone(), it.at))
                }
                _ => None,
            }
        }
    })?;
    Ok(begun.into_iter().flatten().next())
}

/// The records of these batches.
fn entries(path: &Path, wanted: impl Fn(&str) -> bool + Sync) -> Result<Vec<JournalEntry>, JournalError> {
    let own = |line: &[u8]| {
        let batch = glance::batch(line)?;
        if wanted(&batch) { journal::parse(line).ok() } else { None }
    };
    Ok(journal::scan(path, || own)?.into_iter().flatten().collect())
}
