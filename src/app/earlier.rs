//! Writes whose end nobody knows, of earlier runs and of this one; and what reading their NICs has shown.

use std::collections::{BTreeSet, HashSet};

use crate::domain::{
    fault::Fault,
    ids::{JobId, NicId, NicKey, ProfileId},
    journal::{OpenWrite, StrangeWrite},
    journal_fault::JournalFault,
    outcome::{Outcome, OutcomeWord},
    selection::Target,
    time::Timestamp,
};

/// While another nicdeck carries out a batch, the journal is looked at so often, in milliseconds.
pub const LOOK_MS: u64 = 10_000;

/// See the module.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Earlier {
    /// Where the journal is.
    pub path: String,
    /// Oldest first.
    pub writes: Vec<EarlierWrite>,
    /// Those that this nicdeck cannot read: only the one that wrote them finds out about them.
    pub strange: Vec<StrangeWrite>,
    /// The job that reads.
    pub job: Option<JobId>,
    /// Another nicdeck is at work: when to look at the journal again.
    pub look_at: Option<Timestamp>,
    /// The lock says that another nicdeck carries a batch out at this moment, whether one of its writes is open or none.
    pub at_work: bool,
    /// The look under way follows it: nobody asked for it, and only what is new is said.
    pub follows: bool,
    /// Profiles that it wrote to, as far as was seen.
    pub elsewhere: BTreeSet<ProfileId>,
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
    /// What was read does not tell: which public addresses there are is not known.
    Untold,
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
            Found::Reading
            | Found::MaybeRunning
            | Found::NoProfile
            | Found::NotYet
            | Found::Unread(_)
            | Found::Untold => None,
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

/// NICs of a profile that nothing is to be sent to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held {
    all: bool,
    nics: HashSet<NicId>,
}

impl Held {
    pub fn contains(&self, nic: &NicId) -> bool {
        self.all || self.nics.contains(nic)
    }
}

impl Earlier {
    /// Nothing to show.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.strange.is_empty()
    }

    /// Writes to show.
    pub fn len(&self) -> usize {
        self.writes.len() + self.strange.len()
    }

    /// Writes whose end is not known.
    pub fn open(&self) -> impl Iterator<Item = &EarlierWrite> {
        self.writes.iter().filter(|write| write.found.outcomes().is_none())
    }

    /// Is there a write to this NIC whose end is not known?
    pub fn is_open(&self, nic: &NicKey) -> bool {
        self.held(&nic.profile).contains(&nic.nic)
    }

    /// The NICs of a profile with such a write.
    pub fn held(&self, profile: &ProfileId) -> Held {
        let open = self.open().map(|write| &write.write.intent).filter(|intent| intent.profile == *profile);
        let mut held = Held { all: false, nics: open.map(|intent| intent.kind.nic().clone()).collect() };
        for strange in self.strange.iter().filter(|strange| strange.profile.as_ref().is_none_or(|of| of == profile)) {
            match (&strange.profile, &strange.nic) {
                (Some(_), Some(nic)) => drop(held.nics.insert(nic.clone())),
                _ => held.all = true,
            }
        }
        held
    }
}
