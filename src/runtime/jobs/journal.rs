//! A look at the journal once the screen stands: can it be written to, and what did an earlier run leave open?

use tokio::sync::mpsc;

use crate::{
    app::msg::{JournalEvent, Msg},
    domain::time::Timestamp,
    runtime::journal::{self, Journal, JournalError, verify},
};

/// What is to be found out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Writes are possible: the journal is made where it is missing.
    pub write: bool,
    /// What is open.
    pub unfinished: bool,
    /// This machine.
    pub host: String,
    /// What is older was sent to clouds that are gone.
    pub since: Timestamp,
    pub now: Timestamp,
}

/// Looks, off the loop's thread, and tells what a person should know.
pub async fn run(journal: Journal, wanted: Wanted, out: mpsc::Sender<Msg>) {
    let looked = tokio::task::spawn_blocking(move || look(&journal, &wanted)).await;
    // Without a word nothing would ever be sent.
    let looked = looked.unwrap_or_else(|_| vec![JournalEvent::Unreadable(JournalError::CutOff.fault())]);
    for event in looked {
        // A closed channel means that the program is leaving.
        let _ = out.send(Msg::Journal(event)).await;
    }
}

fn look(journal: &Journal, wanted: &Wanted) -> Vec<JournalEvent> {
    let mut events = Vec::new();
    if wanted.unfinished {
        // What can not be read is told below.
        let doubts = verify::doubts(journal.path(), wanted.now).unwrap_or_default();
        if !doubts.is_empty() {
            events.push(JournalEvent::Doubtful(doubts));
        }
        // Asked before: a batch that ends in between is followed once more, and none is missed.
        let at_work = journal::health::running(journal.path());
        let open = journal::open_writes(journal.path(), &wanted.host, wanted.now);
        if open.is_ok() {
            events.push(JournalEvent::AtWork(at_work));
        }
        match open.map(|open| open.since(wanted.since)) {
            Ok(open) if open.is_empty() => events.push(JournalEvent::Read),
            Ok(open) => {
                let path = journal.path().to_string_lossy().into_owned();
                events.push(JournalEvent::Unfinished { path, open });
            }
            Err(error) => events.push(JournalEvent::Unreadable(error.fault())),
        }
    }
    // Told last: it is what stops a person.
    if wanted.write {
        events.push(match Journal::open(journal.path()) {
            Ok(_) => JournalEvent::Usable,
            Err(error) => JournalEvent::Unusable(error.fault()),
        });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::journal_fault::JournalFaultKind;

    fn wanted(write: bool) -> Wanted {
        Wanted { write, unfinished: true, host: "here".to_owned(), since: Timestamp(0), now: Timestamp(0) }
    }

    #[test]
    fn a_journal_that_cannot_be_made_is_told_only_where_something_could_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let nowhere = Journal::at(&folder.path().join("missing/journal.jsonl"));
        assert_eq!(look(&nowhere, &wanted(false)), [JournalEvent::AtWork(false), JournalEvent::Read]);
        assert!(!folder.path().join("missing").exists(), "reading makes nothing");
        assert_eq!(
            look(&nowhere, &wanted(true)),
            [JournalEvent::AtWork(false), JournalEvent::Read, JournalEvent::Usable]
        );
        let blocked = Journal::at(&file.join("journal.jsonl"));
        let events = look(&blocked, &wanted(true));
        assert!(
            matches!(events.last(), Some(JournalEvent::Unusable(why)) if why.kind == JournalFaultKind::Folder && why.path == file.to_string_lossy()),
            "{events:?}"
        );
        // What was in the way is gone: the next look says so.
        std::fs::remove_file(&file).unwrap();
        assert_eq!(
            look(&blocked, &wanted(true)),
            [JournalEvent::AtWork(false), JournalEvent::Read, JournalEvent::Usable]
        );
    }
    /// Between two writes nothing is open, and the batch goes on all the same.
    #[tokio::test]
    async fn a_batch_that_is_under_way_is_told_although_nothing_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.jsonl")).unwrap();
        let running = journal.running().await.unwrap();
        assert_eq!(look(&journal, &wanted(false)), [JournalEvent::AtWork(true), JournalEvent::Read]);
        drop(running);
        assert_eq!(look(&journal, &wanted(false)), [JournalEvent::AtWork(false), JournalEvent::Read]);
    }
}
