//! What has to be done outside, as plain data: the runtime starts it and answers with messages.

use std::sync::Arc;

use crate::domain::{
    fault::Fault,
    ids::{JobId, NicKey, ProfileId},
    journal::Intent,
    plan::{Operation, PlanHash, ReleasePlan},
    snapshot::NicSnapshot,
};

use super::{
    export::{ExportForm, Exported, List, RowOf},
    history::Lookup,
    notices::Phrase,
    state::Language,
};

/// What is said in the language of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sentence {
    Phrase(Phrase),
    /// What the vendor said, or this program where it was not the vendor that found it wrong.
    Fault(Box<Fault>),
}

/// What has to be made before it can be copied.
#[derive(Clone, PartialEq, Debug)]
pub enum Making {
    /// As JSON.
    Row(RowOf),
    /// The lines for a shell that do what this write would, as its NIC was seen last. Sends nothing, and asks no cloud.
    Command(Box<Operation>),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// List everything of a profile.
    List {
        job: JobId,
        profile: ProfileId,
    },
    /// Read these NICs, as they were seen last, again, with all that rules need.
    Preflight {
        job: JobId,
        nics: Vec<(NicKey, Arc<NicSnapshot>)>,
    },
    /// Rehearse a plan: up to the requests it would send. Sends none of them.
    DryRun {
        job: JobId,
        plan: Arc<ReleasePlan>,
    },
    /// Carry out a confirmed plan.
    Release {
        job: JobId,
        plan: Arc<ReleasePlan>,
        /// What was confirmed: the plan has to be that one still.
        confirmed: PlanHash,
    },
    /// Read what became of writes that earlier runs left open, and put it into the journal. Sends nothing.
    Reconcile {
        job: JobId,
        writes: Vec<Intent>,
    },
    /// See whether the journal can be written to, and what is open in it. Sends nothing.
    LookAtJournal {
        write: bool,
        unfinished: bool,
    },
    /// Look something up in the journal.
    History {
        job: JobId,
        lookup: Lookup,
    },
    /// Write it into a new file.
    Export {
        job: JobId,
        what: Exported,
        form: ExportForm,
        language: Language,
        /// As it was typed; `None`: one of its own beside the journal.
        path: Option<String>,
    },
    /// The same of what a list shows at this moment.
    ExportList {
        job: JobId,
        list: List,
        form: ExportForm,
        language: Language,
        path: Option<String>,
    },
    /// End a reading job now; its calls are dropped.
    Cancel(JobId),
    /// Before the next write: wait, or go on.
    Pause(JobId, bool),
    /// End a releasing job after the calls in flight.
    Stop(JobId),
    Copy(String),
    /// Make it; a message brings what is to be copied.
    MakeCopy(Making),
    /// As it stands on the screen.
    CopySentence(Sentence),
    /// Let the terminal tell what the mouse does, or not.
    Mouse(bool),
    /// Draw everything again from nothing.
    Redraw,
    /// Give the terminal back to the shell until it is resumed.
    Suspend,
    /// Leave this console and begin again on simulated clouds.
    Demo,
    /// Leave this console and begin again with the credentials that were found, read-only.
    UseFound,
    /// Write a config that explains every key where the config goes.
    WriteConfig,
    /// Quit by ctrl-c: scripts can tell.
    Interrupted,
    Quit,
}
