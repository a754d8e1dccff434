//! The history screen: the batches that the journal tells of, and one of them opened.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        address::Address,
        fault::Fault,
        ids::{JobId, NicKey},
        journal::Image,
        journal_fault::JournalFault,
        selection::Target,
        time::Timestamp,
    },
    filter::FilterError,
    history::{Batch, Row, Summary, Write},
};

use super::{browse::Line, update::Pending, viewport::Viewport};

/// What is to be looked up in the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// Batches with a target that this finds, in the language of searches.
    Search(String),
    /// One batch, whole, by its id.
    Batch(String),
}

/// What a search found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Listed {
    /// Newest first.
    pub summaries: Vec<Summary>,
    /// Batches there are.
    pub of: usize,
    /// Lines that are no record.
    pub bad: usize,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub line: Line,
    pub editing: bool,
    /// The search that is in force.
    pub text: String,
    pub mistake: Option<FilterError>,
    /// Enter was pressed on a search with a mistake.
    pub refused: bool,
    /// Searches that were kept, oldest first.
    pub searched: Vec<String>,
    /// The one of them that stands in the line.
    pub recall: Option<usize>,
    /// `None` until the journal was read once.
    pub listed: Option<Listed>,
    /// The job that reads.
    pub job: Option<JobId>,
    /// What is asked for has changed since the job began.
    pub again: bool,
    /// Why it could not be read.
    pub fault: Option<JournalFault>,
    pub view: Viewport,
    pub opened: Option<Opened>,
    /// A batch that is to be taken back, or to be finished, is being looked up.
    pub undo: Option<Pending>,
    /// A NIC that is compared with what the journal kept of it.
    pub now: Option<Now>,
}

/// A NIC as it is now.
#[derive(Clone, PartialEq, Debug)]
pub struct Now {
    /// The job that reads it.
    pub job: JobId,
    pub nic: NicKey,
    pub seen: SeenNow,
}

#[derive(Clone, PartialEq, Debug)]
pub enum SeenNow {
    Reading,
    Nic(Box<Image>, Timestamp),
    /// The cloud does not know it any more.
    Gone,
    Unread(Box<Fault>),
}

/// One thing that differs of a NIC from what the journal kept of it, in words of the clouds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    Less(String),
    More(String),
    Instance(String, String),
    Status(String, String),
    Eips(String, String),
}

/// What differs between the NIC as the journal kept it and as it is now.
pub fn differences(kept: &Image, seen: &Image) -> Vec<Difference> {
    let missing = |of: &Image, from: &Image| -> String {
        let lacks = |one: &&Address| from.addresses.iter().all(|other| other.ip != one.ip);
        of.addresses.iter().filter(lacks).map(|one| one.ip.to_string()).collect::<Vec<_>>().join("  ")
    };
    let on = |image: &Image| image.instance.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let eips = |image: &Image| {
        let mut ids: Vec<&str> = image.eips.iter().map(|eip| eip.id.as_str()).collect();
        ids.sort_unstable();
        if ids.is_empty() { "-".to_owned() } else { ids.join(" ") }
    };
    let mut all = Vec::new();
    for (make, ips) in
        [(Difference::Less as fn(String) -> Difference, missing(kept, seen)), (Difference::More, missing(seen, kept))]
    {
        if !ips.is_empty() {
            all.push(make(ips));
        }
    }
    for (make, before, now) in [
        (Difference::Instance as fn(String, String) -> Difference, on(kept), on(seen)),
        (Difference::Status, kept.status.to_string(), seen.status.to_string()),
        (Difference::Eips, eips(kept), eips(seen)),
    ] {
        if before != now {
            all.push(make(before, now));
        }
    }
    all
}

/// What a NIC of a write is compared with, and whether that is from after the write: else from before it, where no reading after it
/// was kept.
pub fn kept(write: &Write) -> Option<(&Image, bool)> {
    let after = write.after.as_deref().map(|image| (image, true));
    after.or_else(|| write.image.as_deref().map(|image| (image, false)))
}

/// A batch that is looked at.
#[derive(Clone, Debug)]
pub struct Opened {
    pub summary: Summary,
    /// The job that reads it.
    pub job: Option<JobId>,
    /// `None` until it is read, and where the journal holds it no more.
    pub batch: Option<Arc<Batch>>,
    /// Targets that are marked, to be taken back.
    pub marks: BTreeSet<Target>,
    pub view: Viewport,
}

impl History {
    pub fn summaries(&self) -> &[Summary] {
        self.listed.as_ref().map_or(&[], |listed| &listed.summaries)
    }

    /// The batch under the cursor of the list.
    pub fn focused(&self) -> Option<&Summary> {
        self.summaries().get(self.view.cursor)
    }

    /// The batch that is opened, or the one under the cursor.
    pub fn current(&self) -> Option<&Summary> {
        self.opened.as_ref().map_or_else(|| self.focused(), |opened| Some(&opened.summary))
    }

    /// Rows of what is looked at: of the opened batch, or the batches.
    pub fn len(&self) -> usize {
        match &self.opened {
            Some(opened) => opened.len(),
            None => self.summaries().len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn view(&self) -> Viewport {
        self.opened.as_ref().map_or(self.view, |opened| opened.view)
    }

    pub fn view_mut(&mut self) -> &mut Viewport {
        match &mut self.opened {
            Some(opened) => &mut opened.view,
            None => &mut self.view,
        }
    }
}

impl Opened {
    pub fn len(&self) -> usize {
        self.batch.as_ref().map_or(0, |batch| batch.rows().count())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The target under the cursor, with its write.
    pub fn focused(&self) -> Option<(&Write, &Row)> {
        self.batch.as_ref()?.rows().nth(self.view.cursor)
    }
}
