//! Searches the journal and those that were put aside before it. Blocks; the two cores of a small machine share the reading.

use std::{path::Path, thread};

use crate::{
    domain::{
        journal::{Intent, JournalEntry},
        time::Timestamp,
    },
    filter::search::Search,
    history::{
        Batch, Book, Summary,
        batch::batch as whole,
        glance::{Glance, glance},
    },
};

use super::{
    journal::{self, JournalError},
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
}

/// Bytes from which on the reading is shared.
const SHARED: usize = 1024 * 1024;

/// Finds batches. With `all`, reads all that the journal says of them; `most` of the newest are enough.
///
/// # Errors
/// A file exists and cannot be read.
pub fn find(path: &Path, search: &Search, most: usize, all: bool) -> Result<Found, JournalError> {
    let texts = journal::texts(path)?;
    let glances = texts.iter().flat_map(|text| glances(text));
    let (mut bad, mut records) = (0, Vec::new());
    for glance in glances {
        match glance {
            Some(glance) => records.push(glance),
            None => bad += 1,
        }
    }
    let book = Book::of(records.into_iter());
    let of = book.len();
    let mut summaries = book.search(search);
    summaries.truncate(most);
    let mut batches = Vec::new();
    if all {
        let wanted = |line: &&[u8]| {
            glance(line).is_some_and(|glance| summaries.iter().any(|batch| batch.batch == glance.batch()))
        };
        let lines = texts.iter().flat_map(|text| journal::lines(text)).map(|(_, line)| line).filter(wanted);
        let entries: Vec<_> = lines.filter_map(|line| journal::parse(line).ok()).collect();
        batches = summaries.iter().filter_map(|summary| whole(entries.iter(), &summary.batch)).collect();
    }
    Ok(Found { summaries, batches, of, bad })
}

/// One batch, whole; `None` if the journal holds no such batch.
///
/// # Errors
/// A file exists and cannot be read.
pub fn batch(path: &Path, id: &str) -> Result<Option<Batch>, JournalError> {
    let texts = journal::texts(path)?;
    let own = |line: &&[u8]| glance(line).is_some_and(|glance| glance.batch() == id);
    let lines = texts.iter().flat_map(|text| journal::lines(text)).map(|(_, line)| line).filter(own);
    let entries: Vec<_> = lines.filter_map(|line| journal::parse(line).ok()).collect();
    Ok(whole(entries.iter(), id))
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
    fn is_of(&self, intent: &Intent) -> bool {
        let apart = if intent.host == self.host { 0 } else { CLOCKS_MS };
        match &intent.file {
            Some(file) => **file == *self.file,
            None => intent.plan == self.plan && intent.at.plus_ms(apart) >= self.made_at,
        }
    }
}

/// The batch, and when it began, that has carried this very file out; the first of several.
///
/// # Errors
/// A file exists and cannot be read.
pub fn carried_out(path: &Path, approved: &Approved<'_>) -> Result<Option<(String, Timestamp)>, JournalError> {
    let texts = journal::texts(path)?;
    let names = memchr::memmem::Finder::new(approved.plan.as_bytes());
    let mut lines = texts.iter().flat_map(|text| journal::lines(text)).map(|(_, line)| line);
    Ok(lines.find_map(|line| {
        names.find(line)?;
        match journal::parse(line).ok()? {
            JournalEntry::Intent(intent) if approved.is_of(&intent) => Some((intent.batch.clone(), intent.at)),
            _ => None,
        }
    }))
}

/// A glance at each line.
fn glances(text: &[u8]) -> Vec<Option<Glance<'_>>> {
    let all = |part| journal::lines(part).map(|(_, line)| glance(line)).collect::<Vec<_>>();
    if text.len() < SHARED {
        return all(text);
    }
    // Cut at a line's end near the middle.
    let middle = text.len() / 2;
    let cut = text[middle..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |at| middle + at + 1);
    let (first, second) = text.split_at(cut);
    thread::scope(|scope| {
        let other = scope.spawn(|| all(second));
        let mut glances = all(first);
        glances.extend(other.join().unwrap_or_else(|_| all(second)));
        glances
    })
}
