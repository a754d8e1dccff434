//! Writes an export into a new file, for its owner alone: one of its own beside the journal, or where it is asked for. Never over another
//! one.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::mpsc;

use crate::{
    app::{
        export::{ExportForm, Exported, List, Results},
        history::Lookup,
        msg::{ExportEvent, Msg},
        notices::Phrase,
        run::RunRow,
        state::{Language, State},
    },
    domain::{
        exchange::Exchange,
        outcome::{Outcome, Progress},
        plan::{Decision, PlanRow, ReleasePlan},
        time::Timestamp,
    },
    filter::search::{self, Search, end_word},
    report::{
        self, Format, Words,
        sheet::{self, Kind, Row, Sheet},
    },
    runtime::{history, journal::JournalError, listed, plan_file::PlanFile},
};

use super::release::Author;

/// Files of one name that are counted on.
const NAMES: usize = 1_000;
/// Batches of a history that is exported.
const MOST: usize = 10_000;

/// A sentence of a language by its key in the locales, with its values.
pub type Tell = Arc<dyn Fn(Language, &str, &[(&str, &str)]) -> String + Send + Sync>;

/// What an export needs besides what goes into it.
#[derive(Clone)]
pub struct Desk {
    /// The journal; exports go into a folder beside it.
    pub journal: PathBuf,
    pub author: Author,
    pub demo: bool,
    pub tell: Tell,
    pub now: fn() -> Timestamp,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{1}")]
    File(PathBuf, io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the journal holds no such batch")]
    NoBatch,
    /// Standard output does not take it.
    #[error("{0}")]
    Output(io::Error),
}

/// What is written, with all that it is read from.
#[derive(Debug)]
pub enum Matter {
    Told(Exported),
    /// What this state's inventory lists.
    Inventory(Box<State>),
    /// Newest first.
    Calls(Vec<Exchange>),
}

impl Matter {
    /// Of a list, as the state has it.
    pub fn of(list: List, state: &State) -> Self {
        match list {
            List::Inventory => Matter::Inventory(Box::new(state.clone())),
            List::Calls => Matter::Calls(state.calls.newest_first().cloned().collect()),
        }
    }
}

/// What is asked for besides it.
#[derive(Clone, Debug)]
pub struct Wish {
    pub form: ExportForm,
    pub language: Language,
    /// As it was typed; `None`: a new one beside the journal.
    pub path: Option<String>,
}

/// Runs until the file is there, or can not be.
pub async fn run(desk: Desk, what: Matter, wish: Wish, out: mpsc::Sender<Msg>) {
    let (folder, form) = (folder(&desk.journal), wish.form);
    let written = tokio::task::spawn_blocking(move || write(&desk, &what, &wish)).await;
    let event = match written {
        Ok(Ok(path)) => ExportEvent::Written { path: path.to_string_lossy().into_owned(), form },
        Ok(Err(ExportError::File(path, error))) if error.kind() == io::ErrorKind::AlreadyExists => {
            ExportEvent::There { path: path.to_string_lossy().into_owned() }
        }
        Ok(Err(error)) => {
            let path = match &error {
                ExportError::File(path, _) => path.clone(),
                ExportError::Journal(_) | ExportError::NoBatch | ExportError::Output(_) => folder,
            };
            ExportEvent::Failed { path: path.to_string_lossy().into_owned(), reason: error.to_string() }
        }
        Err(_) => ExportEvent::Failed { path: folder.to_string_lossy().into_owned(), reason: "bug".to_owned() },
    };
    // A closed channel means that the program is leaving.
    let _ = out.send(Msg::Exported(event)).await;
}

/// Where exports are: beside the journal.
fn folder(journal: &Path) -> PathBuf {
    journal.parent().unwrap_or(Path::new("")).join("exports")
}

/// Writes it, and answers where.
///
/// # Errors
/// The journal can not be read, or no file can be made or written.
pub fn write(desk: &Desk, what: &Matter, wish: &Wish) -> Result<PathBuf, ExportError> {
    let (format, language) = (format(wish.form), wish.language);
    let text = match what {
        Matter::Told(Exported::Plan(plan)) if wish.form == ExportForm::PlanFile => {
            let mut text = Vec::new();
            // Memory takes all of it.
            let _ = PlanFile::of(plan, &desk.author, desk.demo, (desk.now)()).write(&mut text);
            text
        }
        Matter::Told(what) => text(desk, what, format, language)?,
        Matter::Inventory(state) => {
            let mut text = Vec::new();
            let words = Words::told(|key| (desk.tell)(language, key, &[]));
            // Memory takes all of it.
            let _ = listed::write(state, &words, format, &mut text);
            text
        }
        Matter::Calls(calls) => {
            let mut text = Vec::new();
            let tell = |key: &str, values: &[(&str, &str)]| (desk.tell)(language, key, values);
            let calls: Vec<&Exchange> = calls.iter().collect();
            let source = report::calls::Source { calls: &calls, demo: desk.demo, tell: &tell };
            let _ = report::calls::write(&source, format, &mut text);
            text
        }
    };
    if let Some(path) = &wish.path {
        let path = at_home(path, std::env::var_os("HOME").map(PathBuf::from));
        return fill(&path, &text).map(|()| path.clone()).map_err(|error| ExportError::File(path, error));
    }
    let name = match what {
        Matter::Told(Exported::Plan(plan)) => {
            plan.told_hash().map_or_else(|| "plan".to_owned(), |hash| format!("plan-{}", hash.short()))
        }
        Matter::Told(Exported::Results(results)) => format!("results-{}", results.plan.hash().short()),
        Matter::Told(Exported::History(Lookup::Batch(id))) => format!("batch-{}", plain(id)),
        Matter::Told(Exported::History(Lookup::Search(_))) => "history".to_owned(),
        Matter::Inventory(_) => "inventory".to_owned(),
        Matter::Calls(_) => "calls".to_owned(),
    };
    let stamp = jiff::Timestamp::from_second((desk.now)().seconds()).unwrap_or_default();
    let name = format!("nicdeck-{name}-{}", stamp.strftime("%Y%m%dT%H%M%SZ"));
    put(&folder(&desk.journal), &name, wish.form.ending(), &text)
}

/// The text of it.
///
/// # Errors
/// The journal can not be read.
pub fn text(desk: &Desk, what: &Exported, format: Format, language: Language) -> Result<Vec<u8>, ExportError> {
    let mut text = Vec::new();
    let form = (format, language);
    match what {
        Exported::Plan(plan) => {
            let rows: Vec<Row> = plan.rows().iter().map(planned).collect();
            sheet(desk, (Kind::Plan, plan), None, &rows, form, &mut text);
        }
        Exported::Results(results) => {
            let tell = |key: &str, values: &[(&str, &str)]| (desk.tell)(language, key, values);
            let reason = |row: &RunRow| {
                let fault = row.end().and_then(Outcome::fault).filter(|fault| fault.code.is_none())?;
                Some(report::history::reason(&tell, fault))
            };
            let rows = results.rows.iter().map(|row| Row { reason: reason(row), ..ended(results, row) });
            let rows: Vec<Row> = rows.collect();
            sheet(desk, (Kind::Results, &results.plan), Some(results), &rows, form, &mut text);
        }
        Exported::History(lookup) => told(desk, lookup, form, &mut text)?,
    }
    Ok(text)
}

/// What may stand in a file's name everywhere.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect()
}

pub(super) fn format(form: ExportForm) -> Format {
    match form {
        ExportForm::Markdown => Format::Markdown,
        ExportForm::Csv => Format::Csv,
        ExportForm::Json | ExportForm::PlanFile => Format::Json,
    }
}

fn sheet(
    desk: &Desk,
    (kind, plan): (Kind, &ReleasePlan),
    results: Option<&Results>,
    rows: &[Row],
    (format, language): (Format, Language),
    out: &mut Vec<u8>,
) {
    let hash = plan.told_hash().map(|hash| hash.to_string());
    let sheet = Sheet {
        kind,
        demo: desk.demo,
        plan: hash.as_deref(),
        batch: results.and_then(|results| results.batch.as_deref()),
        undoes: plan.undoes(),
        at: results.map_or_else(|| plan.made_at(), |results| results.started),
        ended: results.and_then(|results| results.ended),
        who: &desk.author.who,
        host: &desk.author.host,
        rows,
        tell: &|key, values| (desk.tell)(language, key, values),
        moment: &moment,
    };
    // Memory takes all of it.
    let _ = sheet::write(&sheet, format, out);
}

pub(super) fn planned(row: &PlanRow) -> Row {
    let state = match row.decision {
        Decision::Go(_) => "go",
        Decision::Blocked => "blocked",
        Decision::Already => "already",
    };
    Row {
        act: row.act,
        target: row.target.clone(),
        cloud: row.cloud.to_string(),
        region: row.region.to_string(),
        state,
        findings: row.findings.iter().map(|finding| finding.id).collect(),
        overridden: row.overridden.as_deref().map(str::to_owned),
        code: None,
        message: String::new(),
        reason: None,
        request_id: None,
        not_journaled: false,
    }
}

pub(super) fn ended(results: &Results, row: &RunRow) -> Row {
    let planned = results.plan.rows().iter().find(|planned| planned.target == row.target);
    let outcome = match &row.progress {
        Progress::Settled(outcome) => Some(outcome),
        _ => None,
    };
    let state = match &row.progress {
        Progress::Queued | Progress::Throttled { .. } => "queued",
        Progress::Checking => "checking",
        Progress::Sent => "sent",
        Progress::Accepted { .. } => "accepted",
        Progress::Retrying { .. } => "retrying",
        Progress::ReadingBack { .. } => "reading-back",
        Progress::Settled(outcome) => end_word(row.act.as_str(), Some(outcome.word())),
    };
    let (code, message) = outcome.map(Outcome::told).unwrap_or_default();
    Row {
        act: row.act,
        target: row.target.clone(),
        cloud: planned.map(|planned| planned.cloud.to_string()).unwrap_or_default(),
        region: planned.map(|planned| planned.region.to_string()).unwrap_or_default(),
        state,
        findings: Vec::new(),
        overridden: planned.and_then(|planned| planned.overridden.as_deref()).map(str::to_owned),
        code: code.map(str::to_owned),
        message,
        reason: None,
        request_id: outcome.and_then(Outcome::request_id).map(str::to_owned),
        not_journaled: row.not_journaled,
    }
}

/// What the journal says, whole.
fn told(
    desk: &Desk,
    lookup: &Lookup,
    (format, language): (Format, Language),
    out: &mut Vec<u8>,
) -> Result<(), ExportError> {
    let mut found = match lookup {
        Lookup::Search(text) => {
            let offset = jiff::Zoned::now().offset().seconds();
            let search = search::parse(text, (desk.now)(), offset).unwrap_or_default();
            history::find(&desk.journal, &search, MOST, true)?
        }
        Lookup::Batch(id) => {
            let mut found = history::find(&desk.journal, &Search::default(), usize::MAX, false)?;
            found.summaries.retain(|summary| summary.batch == *id);
            found.batches = history::batch(&desk.journal, id)?.into_iter().collect();
            if found.batches.is_empty() || found.summaries.is_empty() {
                return Err(ExportError::NoBatch);
            }
            found
        }
    };
    history::underway(&desk.journal, &mut found);
    let doubts: Vec<String> = history::doubts(&desk.journal, (desk.now)())?
        .iter()
        .map(|doubt| {
            let phrase = Phrase::from(doubt);
            let values: Vec<(&str, &str)> = phrase.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            (desk.tell)(language, phrase.key, &values)
        })
        .collect();
    let source = report::history::Source {
        doubts: &doubts,
        running: found.running,
        summaries: &found.summaries,
        batches: &found.batches,
        demo: desk.demo,
        tell: &|key, values| (desk.tell)(language, key, values),
        moment: &moment,
    };
    // Memory takes all of it.
    let _ = report::history::write(&source, format, out);
    Ok(())
}

/// A time for people, where they are.
fn moment(at: Timestamp) -> String {
    let offset = jiff::Zoned::now().offset().seconds();
    let local = jiff::Timestamp::from_second(at.seconds() + i64::from(offset)).unwrap_or_default();
    local.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A new file of this name, or of the first free one like it.
fn put(folder: &Path, name: &str, ending: &str, text: &[u8]) -> Result<PathBuf, ExportError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| ExportError::File(path, error)
    };
    make(folder).map_err(failed(folder))?;
    for nth in 1..=NAMES {
        let number = if nth == 1 { String::new() } else { format!("-{nth}") };
        let path = folder.join(format!("{name}{number}.{ending}"));
        match fill(&path, text) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(ExportError::File(path, error)),
            Ok(()) => return Ok(path),
        }
    }
    Err(ExportError::File(folder.join(name), io::ErrorKind::AlreadyExists.into()))
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file; not where there is one.
fn fill(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, text)
}

/// `~` and `~/` as a shell reads them, where it is known whose home that is.
fn at_home(path: &str, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_at_home_is_as_a_shell_reads_it() {
        let home = || Some(PathBuf::from("/home/lin"));
        for (typed, path) in
            [("~/a b.csv", "/home/lin/a b.csv"), ("~", "/home/lin"), ("~wu/x", "~wu/x"), ("x~", "x~"), ("/x", "/x")]
        {
            assert_eq!(at_home(typed, home()), PathBuf::from(path), "{typed}");
        }
        assert_eq!(at_home("~/x", None), PathBuf::from("~/x"));
    }
}
