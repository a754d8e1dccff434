//! Everything that can happen to the state. Events are in the past tense and carry what they are about.

use std::sync::Arc;

use crate::{
    domain::{
        exchange::Exchange,
        fault::Fault,
        ids::{JobId, NicKey, OperationId, ProfileId},
        inventory::Section,
        journal::{Open, OpenWrite},
        journal_fault::{JournalDoubt, JournalFault},
        outcome::{Outcome, Progress},
        page::InventoryPage,
        rehearsal::Rehearsal,
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    history::Batch,
};

use super::{
    earlier::Found, export::ExportForm, history::Listed, key::Input, mouse::Mouse, notices::Phrase, order::Order,
};

#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    Input(Input),
    /// The same, done at this time, which may be long before it is taken in.
    InputAt(Timestamp, Input),
    /// What was drawn last has left for the terminal.
    Shown,
    /// The text that is scrolled was drawn: the last line that it can begin with.
    Ends(usize),
    Mouse(Mouse),
    Inventory(JobId, InventoryEvent),
    Preflight(JobId, PreflightEvent),
    DryRun(JobId, DryRunEvent),
    Release(JobId, ReleaseEvent),
    Journal(JournalEvent),
    /// From a command.
    Order(Order),
    Reconcile(JobId, ReconcileEvent),
    History(JobId, HistoryEvent),
    Exported(ExportEvent),
    /// A round trip, without secrets.
    Exchange(Box<Exchange>),
    /// A job died of a bug; its text is in the log.
    JobPanicked(JobId),
    /// What the terminal was asked to copy is copied, or not.
    Copied(bool),
    /// What was to be made to be copied, or why it can not be.
    CopyMade(Result<String, Phrase>),
    /// A config that explains every key stands at this path, or why it does not.
    ConfigWritten(Result<String, Phrase>),
    /// Time has come for something that `State::wake_at` asked for.
    Wake,
    /// SIGTERM, SIGHUP or a dead terminal: end after the calls in flight.
    Terminate,
}

/// From a listing job of one profile.
#[derive(Clone, PartialEq, Debug)]
pub enum InventoryEvent {
    Began(Section),
    Page(Section, Box<InventoryPage>),
    Completed(Section),
    Failed(Section, Box<Fault>),
    /// The cloud throttles: a call waits for so long before it is made again.
    Throttled {
        wait_ms: u64,
    },
    /// All sections ended, well or not.
    Ended,
}

/// From the job that reads the plan's NICs again.
#[derive(Clone, PartialEq, Debug)]
pub enum PreflightEvent {
    /// Something around the NIC can not be read; comes before its `Read`, in which that is marked as not known.
    Partly(NicKey, Box<Fault>),
    /// `Ok(None)`: the cloud does not know the NIC any more.
    Read(NicKey, Result<Option<Arc<NicSnapshot>>, Box<Fault>>),
    Ended,
}

/// From the job that rehearses a plan.
#[derive(Clone, PartialEq, Debug)]
pub enum DryRunEvent {
    /// One write, in no order across profiles.
    Rehearsed(Box<Rehearsal>),
    Ended,
}

/// From the job that carries out a plan.
#[derive(Clone, PartialEq, Debug)]
pub enum ReleaseEvent {
    /// The name that the batch has in the journal.
    Began {
        batch: String,
    },
    Progressed(OperationId, Progress),
    /// A read around the write is tried again after a pause ([`Progress::Retrying`]); `None`: the pause is over.
    Waiting(OperationId, Option<Progress>),
    /// The profile's cloud can not be reached: its writes wait, and the next try comes in so many milliseconds. `None`: it is there
    /// again, and they go on.
    Offline(ProfileId, Option<u64>),
    /// All targets of one write have their end; with the NIC as it was read back, where it was.
    Settled {
        operation: OperationId,
        outcomes: Vec<(Target, Outcome)>,
        fresh: Option<ReadBack>,
    },
    /// What became of these writes is in the journal after all.
    Journaled {
        operations: Vec<OperationId>,
    },
    /// That these writes were not sent could not be written down.
    UnsentNotJournaled {
        operations: Vec<OperationId>,
        fault: JournalFault,
    },
    /// The end of a write could not be written down; it holds all the same.
    NotJournaled {
        operation: OperationId,
        fault: JournalFault,
    },
    /// Of these writes of the batch nobody knows the end: the journal at `path` keeps them open. Comes before the end, where there
    /// are some.
    LeftOpen {
        path: String,
        writes: Vec<OpenWrite>,
    },
    /// Paused before the next write, or going on again.
    Paused(bool),
    Ended,
}

/// From the look at the journal after the start.
#[derive(Clone, PartialEq, Debug)]
pub enum JournalEvent {
    /// Writes of earlier runs whose end is not known, and where the journal is.
    Unfinished { path: String, open: Open<OpenWrite> },
    /// It could be read, and nothing is open.
    Read,
    /// Another process holds the lock of those that carry out a batch, or none does. Comes before what is open.
    AtWork(bool),
    /// It can be read, and something about it is odd. Comes first.
    Doubtful(Vec<JournalDoubt>),
    /// What an earlier run left open is not known.
    Unreadable(JournalFault),
    /// Nothing can be written to it, and so nothing to a cloud.
    Unusable(JournalFault),
    /// It can be written to.
    Usable,
}

/// From the job that finds out what became of writes of earlier runs.
#[derive(Clone, PartialEq, Debug)]
pub enum ReconcileEvent {
    /// Of the write of this batch.
    Found {
        batch: String,
        operation: OperationId,
        found: Found,
        /// The NIC as it was read, where its end is known.
        fresh: Option<ReadBack>,
    },
    Ended,
}

/// From the job that looks something up in the journal.
#[derive(Clone, PartialEq, Debug)]
pub enum HistoryEvent {
    Listed(Box<Listed>),
    /// `None`: the journal holds no such batch.
    Batch(Option<Box<Batch>>),
    /// It can not be read.
    Failed(JournalFault),
}

/// From the job that writes an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExportEvent {
    Written {
        path: String,
        form: ExportForm,
    },
    /// There is something already, which stays as it is.
    There {
        path: String,
    },
    Failed {
        path: String,
        reason: String,
    },
}

/// What the read after a write brought.
#[derive(Clone, PartialEq, Debug)]
pub enum ReadBack {
    Nic(Arc<NicSnapshot>),
    Gone,
}
