//! `nicdeck export`: a batch, or what the history says, for a ticket or a tool. Reads; calls no cloud.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    app::{export::Exported, history::Lookup, state::Language},
    domain::clean::clean,
    filter::search,
    report::Format,
    runtime::{
        author, clock,
        jobs::export::{Desk, text},
        journal,
    },
    ui::catalog::Catalogs,
};

use super::{Exit, Process, complain, filter, history};

/// What was asked for.
pub(super) struct Asked {
    pub demo: bool,
    /// `None`: all of the history that the search finds.
    pub batch: Option<String>,
    pub search: Option<String>,
    /// A new file; `-` is standard output.
    pub file: PathBuf,
    pub format: Format,
}

/// Writes it down.
pub(super) fn export(asked: &Asked, catalogs: &Catalogs, language: Language, process: &mut Process<'_>) -> Exit {
    let words = catalogs.of(language);
    let search = asked.search.clone().unwrap_or_default();
    if let Err(error) = search::parse(&search, clock::now(), jiff::Zoned::now().offset().seconds()) {
        return complain(process, &filter::explain(&search, &error, words), Exit::Usage);
    }
    let lookup = match asked.batch.as_deref().map(|batch| history::named(asked.demo, batch, words)) {
        None => Lookup::Search(search),
        Some(Ok(batch)) => Lookup::Batch(batch),
        Some(Err((text, exit))) => return complain(process, &text, exit),
    };
    let journal = match journal::default_path(asked.demo) {
        Ok(path) => path,
        Err(error) => return complain(process, &words.phrase(&(&error.fault()).into()), Exit::Failure),
    };
    // What can not be read is told with the text.
    let _ = history::doubts(&journal, words, process);
    let words_of = catalogs.clone();
    let tell = Arc::new(move |language, key: &str, values: &[(&str, &str)]| {
        words_of.of(language).text(key, values).into_owned()
    });
    let desk = Desk { journal, author: author(), demo: asked.demo, tell, now: clock::now };
    let text = match text(&desk, &Exported::History(lookup), asked.format, language) {
        Ok(text) => text,
        Err(error) => return complain(process, &clean(&error.to_string()), Exit::Failure),
    };
    let to_stdout = asked.file == Path::new("-");
    let written = if to_stdout { process.out.write_all(&text) } else { put(&asked.file, &text) };
    match written {
        // A reader that went away early (head, less) has what it wanted.
        Err(error) if to_stdout && error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) if to_stdout => {
            complain(process, &words.text("command-line.no-output", &[("reason", &error.to_string())]), Exit::Failure)
        }
        Err(error) => {
            let (path, reason) = (asked.file.to_string_lossy(), error.to_string());
            let values = [("path", &*clean(&path)), ("reason", reason.as_str())];
            complain(process, &words.text("notice.export-failed", &values), Exit::Failure)
        }
        Ok(()) => Exit::Done,
    }
}

/// Into a new file, for its owner alone: nothing is ever replaced.
fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text)
}
