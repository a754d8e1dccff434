//! Looks something up in the journal, off the loop's thread. Reads only.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use crate::{
    app::{
        history::{Listed, Lookup},
        msg::{HistoryEvent, Msg},
    },
    domain::{ids::JobId, time::Timestamp},
    filter::search,
    runtime::history,
};

/// Batches that the console lists; older ones are found by a search.
const MOST: usize = 10_000;

/// Runs until it is found.
pub async fn run(path: PathBuf, lookup: Lookup, job: JobId, out: mpsc::Sender<Msg>, now: fn() -> Timestamp) {
    // A panic in there is a bug, and is told as one.
    let Ok(event) = tokio::task::spawn_blocking(move || look(&path, &lookup, now())).await else {
        let _ = out.send(Msg::JobPanicked(job)).await;
        return;
    };
    // A closed channel means that the program is leaving.
    let _ = out.send(Msg::History(job, event)).await;
}

fn look(path: &Path, lookup: &Lookup, now: Timestamp) -> HistoryEvent {
    let found = match lookup {
        Lookup::Batch(id) => history::batch(path, id).map(|batch| HistoryEvent::Batch(batch.map(Box::new))),
        Lookup::Search(text) => {
            // It was read once before it was sent here.
            let search = search::parse(text, now, jiff::Zoned::now().offset().seconds()).unwrap_or_default();
            history::find(path, &search, MOST, false).map(|found| {
                let history::Found { summaries, of, bad, .. } = found;
                HistoryEvent::Listed(Box::new(Listed { summaries, of, bad }))
            })
        }
    };
    found.unwrap_or_else(|error| HistoryEvent::Failed(error.fault()))
}
