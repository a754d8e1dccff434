//! Writes that earlier runs began and whose end is not in the journal; and what reading their NICs has shown.

use std::collections::BTreeSet;

use crate::domain::{
    fault::Fault,
    ids::{JobId, NicId, NicKey, ProfileId},
    journal::OpenWrite,
    journal_fault::JournalFault,
    outcome::{Outcome, OutcomeWord},
    selection::Target,
};

/// See the module.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Earlier {
    /// Where the journal is.
    pub path: String,
    /// Oldest first.
    pub writes: Vec<EarlierWrite>,
    /// The job that reads.
    pub job: Option<JobId>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct EarlierWrite {
    pub write: OpenWrite,
    pub found: Found,
}

/// What is known of such a write by now.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// Its NIC is being read.
    Reading,
    /// A process that lives may be carrying it out: left to it.
    MaybeRunning,
    /// No profile of this run can read its NIC.
    NoProfile,
    /// Its NIC was read and does not show it; it may still come.
    NotYet,
    /// Its NIC could not be read.
    Unread(Box<Fault>),
    /// Known, and in the journal.
    Settled(Vec<(Target, Outcome)>),
    /// Known; the journal could not take it, and the next start will ask again.
    NotNoted { outcomes: Vec<(Target, Outcome)>, fault: JournalFault },
}

impl Found {
    /// The end of each target, where it is known.
    pub fn outcomes(&self) -> Option<&[(Target, Outcome)]> {
        match self {
            Found::Settled(outcomes) | Found::NotNoted { outcomes, .. } => Some(outcomes),
            Found::Reading | Found::MaybeRunning | Found::NoProfile | Found::NotYet | Found::Unread(_) => None,
        }
    }

    /// Known, and as was wished.
    pub fn is_done(&self) -> bool {
        let done = |(_, outcome): &(Target, Outcome)| {
            matches!(outcome.word(), OutcomeWord::Released | OutcomeWord::AlreadyGone)
        };
        self.outcomes().is_some_and(|outcomes| outcomes.iter().all(done))
    }
}

impl Earlier {
    /// Writes whose end is not known.
    pub fn open(&self) -> impl Iterator<Item = &EarlierWrite> {
        self.writes.iter().filter(|write| write.found.outcomes().is_none())
    }

    /// Is there a write to this NIC whose end is not known?
    pub fn is_open(&self, nic: &NicKey) -> bool {
        self.open().any(|write| write.write.intent.nic_key() == *nic)
    }

    /// The NICs of a profile with such a write.
    pub fn open_nics(&self, profile: &ProfileId) -> BTreeSet<NicId> {
        let open = self.open().map(|write| &write.write.intent).filter(|intent| intent.profile == *profile);
        open.map(|intent| intent.kind.nic().clone()).collect()
    }
}
