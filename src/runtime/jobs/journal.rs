//! A look at the journal once the screen stands: can it be written to, and what did an earlier run leave open?

use tokio::sync::mpsc;

use crate::{
    app::msg::{JournalEvent, Msg},
    runtime::journal::{self, Journal},
};

/// What is to be found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Writes are possible: the journal is made where it is missing.
    pub write: bool,
    /// Count what is open.
    pub unfinished: bool,
}

/// Looks, off the loop's thread, and tells what a person should know.
pub async fn run(journal: Journal, wanted: Wanted, out: mpsc::Sender<Msg>) {
    let looked = tokio::task::spawn_blocking(move || look(&journal, wanted)).await.unwrap_or_default();
    for event in looked {
        // A closed channel means that the program is leaving.
        let _ = out.send(Msg::Journal(event)).await;
    }
}

fn look(journal: &Journal, wanted: Wanted) -> Vec<JournalEvent> {
    let mut events = Vec::new();
    if wanted.unfinished {
        match journal::open_intents(journal.path()) {
            Ok(open) if open.is_empty() => {}
            Ok(open) => events.push(JournalEvent::Unfinished(open.len())),
            Err(error) => events.push(JournalEvent::Unreadable(error.to_string())),
        }
    }
    // Told last: it is what stops a person.
    if wanted.write
        && let Err(error) = Journal::open(journal.path())
    {
        events.push(JournalEvent::Unusable(error.to_string()));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Wanted = Wanted { write: true, unfinished: true };

    #[test]
    fn a_journal_that_cannot_be_made_is_told_only_where_something_could_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let nowhere = Journal::at(&folder.path().join("missing/journal.jsonl"));
        assert_eq!(look(&nowhere, Wanted { write: false, unfinished: true }), []);
        assert!(!folder.path().join("missing").exists(), "reading makes nothing");
        assert_eq!(look(&nowhere, BOTH), []);
        let blocked = Journal::at(&file.join("journal.jsonl"));
        let events = look(&blocked, BOTH);
        assert!(
            matches!(events.last(), Some(JournalEvent::Unusable(why)) if why.contains("cannot be made")),
            "{events:?}"
        );
    }
}
