//! `nicdeck history`: what was done, and whether the journal still proves it. Reads; calls no cloud.

use std::{io, path::Path};

use crate::{
    domain::{clean::clean, time::Timestamp},
    filter::search::{self, Search},
    report::{self, Format},
    runtime::{
        clock, history,
        journal::{
            self, JournalError,
            verify::{Verdict, verify},
        },
    },
    ui::catalog::Catalog,
};

use super::{Exit, Process, complain, filter};

/// What was asked for.
pub(super) struct Asked {
    pub demo: bool,
    pub search: Option<String>,
    /// Only these; all where a list is empty. The config is not read: what it no longer names was done all the same.
    pub profiles: Vec<String>,
    pub regions: Vec<String>,
    pub format: Format,
    /// Batches, newest first.
    pub most: usize,
}

/// Prints the batches that the search finds.
pub(super) fn show(asked: &Asked, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let offset = jiff::Zoned::now().offset().seconds();
    let text = asked.search.as_deref().unwrap_or_default();
    let search = match search::parse(text, clock::now(), offset) {
        Ok(search) => search.within(&asked.profiles, &asked.regions),
        Err(error) => return complain(process, &filter::explain(text, &error, words), Exit::Usage),
    };
    let path = match journal::default_path(asked.demo) {
        Ok(path) => path,
        Err(error) => return complain(process, &words.phrase(&(&error.fault()).into()), Exit::Failure),
    };
    let whole = asked.format != Format::Table;
    let mut found = match history::find(&path, &search, asked.most, whole) {
        Ok(found) => found,
        Err(error) => return complain(process, &words.phrase(&(&error.fault()).into()), Exit::Failure),
    };
    history::underway(&path, &mut found);
    let doubts = match doubts(&path, words, process) {
        Ok(doubts) => doubts,
        Err(error) => return complain(process, &words.phrase(&(&error.fault()).into()), Exit::Failure),
    };
    let tell = |key: &str, values: &[(&str, &str)]| words.text(key, values).into_owned();
    let mut notes = Vec::new();
    let shown = clean(&path.to_string_lossy()).into_owned();
    if found.bad > 0 {
        let count = found.bad.to_string();
        notes.push(tell("history.bad-lines", &[("count", &count), ("path", &shown)]));
    }
    let open: usize = found.summaries.iter().map(crate::history::Summary::unfinished).sum();
    if found.running {
        // Whoever carries it out writes their ends down, and nobody looks for them meanwhile.
        notes.push(tell("history.underway", &[]));
    } else if open > 0 {
        notes.push(tell("history.open", &[("count", &open.to_string())]));
    }
    if found.of == 0 {
        notes.push(tell("history.none", &[("path", &shown)]));
    } else if found.summaries.is_empty() {
        notes.push(tell("history.none-match", &[("total", &found.of.to_string())]));
    } else if found.summaries.len() < found.of {
        let (shown, of) = (found.summaries.len().to_string(), found.of.to_string());
        notes.push(tell("history.shown", &[("count", &shown), ("total", &of)]));
    }
    for note in notes {
        // Nobody reads where standard error is closed.
        let _ = writeln!(process.err, "{note}");
    }
    if found.summaries.is_empty() && asked.format == Format::Table {
        return Exit::Done;
    }
    let moment = |at: Timestamp| {
        let local = jiff::Timestamp::from_second(at.seconds() + i64::from(offset)).unwrap_or_default();
        local.strftime("%Y-%m-%d %H:%M").to_string()
    };
    let source = report::history::Source {
        doubts: &doubts,
        running: found.running,
        summaries: &found.summaries,
        batches: &found.batches,
        demo: asked.demo,
        tell: &tell,
        moment: &moment,
    };
    let mut out = io::BufWriter::new(&mut *process.out);
    let written = report::history::write(&source, asked.format, &mut out).and_then(|()| io::Write::flush(&mut out));
    drop(out);
    match written {
        // A reader that went away early (head, less) has what it wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            complain(process, &words.text("command-line.no-output", &[("reason", &error.to_string())]), Exit::Failure)
        }
        Ok(()) => Exit::Done,
    }
}

/// Says what makes the journal doubtful, and gives it.
///
/// # Errors
/// A file exists and cannot be read.
pub(super) fn doubts(path: &Path, words: &Catalog, process: &mut Process<'_>) -> Result<Vec<String>, JournalError> {
    let doubts = history::doubts(path, clock::now())?;
    let doubts: Vec<String> = doubts.iter().map(|doubt| words.phrase(&doubt.into())).collect();
    for doubt in &doubts {
        let _ = writeln!(process.err, "{}", clean(doubt));
    }
    Ok(doubts)
}

/// The name of a batch that is named or numbered; what is wrong, and how the program ends then.
pub(super) fn named(demo: bool, text: &str, words: &Catalog) -> Result<String, (String, Exit)> {
    let unread = |error: JournalError| (words.phrase(&(&error.fault()).into()), Exit::Failure);
    let path = journal::default_path(demo).map_err(unread)?;
    let found = history::find(&path, &Search::default(), usize::MAX, false).map_err(unread)?;
    let number = text.trim_start_matches('#').parse().ok();
    let is_it = |one: &&crate::history::Summary| one.batch == text || Some(one.number) == number;
    let found = found.summaries.iter().find(is_it).map(|one| one.batch.clone());
    found.ok_or_else(|| (words.text("history.unknown-batch", &[("batch", &clean(text))]).into_owned(), Exit::Usage))
}

/// Says whether each line still proves the one before it.
pub(super) fn check(demo: bool, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let verdict = journal::default_path(demo).and_then(|path| verify(&path));
    match verdict {
        Ok(verdict) => {
            let text = told(&verdict, words);
            let exit = if verdict.is_whole() { Exit::Done } else { Exit::Failure };
            match super::print(process, words, &text) {
                Exit::Done => exit,
                other => other,
            }
        }
        Err(error) => complain(process, &words.phrase(&(&error.fault()).into()), Exit::Failure),
    }
}

fn told(verdict: &Verdict, words: &Catalog) -> String {
    let mut text = String::new();
    for fault in &verdict.faults {
        let key = format!("history.verify.{}", fault.what.key());
        let (file, line) = (fault.file.to_string_lossy(), fault.line);
        let what = words.text(&key, &[]);
        text.extend([&*clean(&file), ":", &line.to_string(), ": ", &*what, "\n"]);
    }
    let counts = [("count", verdict.records), ("files", verdict.files.len()), ("unproven", verdict.unproven)]
        .map(|(name, count)| (name, count.to_string()));
    let values: Vec<(&str, &str)> = counts.iter().map(|(name, count)| (*name, count.as_str())).collect();
    let key = if verdict.is_whole() { "history.verify.whole" } else { "history.verify.broken" };
    text.push_str(&words.text(key, &values));
    text.push('\n');
    if verdict.unproven > 0 {
        text.push_str(&words.text("history.verify.unproven", &values));
        text.push('\n');
    }
    if let Some(last) = &verdict.last {
        text.push_str(&words.text("history.verify.last", &[("digest", last)]));
        text.push('\n');
    }
    text
}
