//! What is written down about a write, and the permit that only the journal hands out.

use serde::{Deserialize, Serialize};

use super::{
    ids::{CloudId, NicKey, OperationId, ProfileId, RegionId},
    outcome::Outcome,
    plan::OperationKind,
    selection::Target,
    time::Timestamp,
};

/// One line of the journal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum JournalEntry {
    /// On disk before the request leaves.
    Intent(Box<Intent>),
    /// After the end of the write, read back.
    Settled(Settlement),
}

/// What is about to be sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Intent {
    pub at: Timestamp,
    /// One run of one plan: its hash and when it began.
    pub batch: String,
    pub operation: OperationId,
    pub plan: String,
    pub cloud: CloudId,
    pub profile: ProfileId,
    pub region: RegionId,
    #[serde(flatten)]
    pub kind: OperationKind,
    /// Which request of the write, where it takes several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// Addresses on the NIC before, for taking it back.
    pub before: Vec<std::net::IpAddr>,
    pub who: String,
    pub host: String,
    pub version: String,
}

/// How it ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settlement {
    pub at: Timestamp,
    pub batch: String,
    pub operation: OperationId,
    pub outcomes: Vec<(Target, Outcome)>,
    /// Found by reading when nicdeck was started again: the run that sent it did not come so far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub found_later: bool,
}

impl Intent {
    pub fn nic_key(&self) -> NicKey {
        NicKey { profile: self.profile.clone(), nic: self.kind.nic().clone() }
    }

    pub fn targets(&self) -> Vec<Target> {
        self.kind.targets(&self.profile)
    }
}

/// A write of another run whose end is not in the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenWrite {
    /// The newest one of the write.
    pub intent: Intent,
    /// A process that lives may be carrying it out, and then writes its end itself.
    pub maybe_running: bool,
}

/// The right to send one write. Minted by the journal after the intent is on disk, never for a read-only profile;
/// spent by the one function that sends writes. Neither `Clone` nor `Copy`: one permit, one request.
#[derive(Debug)]
pub struct WritePermit {
    operation: OperationId,
    profile: ProfileId,
    region: RegionId,
    kind: OperationKind,
    step: String,
}

impl WritePermit {
    /// For `runtime::journal` alone (a test reads the tree and finds other callers).
    pub fn mint(intent: &Intent) -> Self {
        Self {
            operation: intent.operation,
            profile: intent.profile.clone(),
            region: intent.region.clone(),
            kind: intent.kind.clone(),
            step: intent.step.clone(),
        }
    }

    pub fn operation(&self) -> OperationId {
        self.operation
    }

    /// Whether the permit is for this very request.
    pub fn covers(&self, profile: &ProfileId, region: &RegionId, kind: &OperationKind, step: &str) -> bool {
        (&self.profile, &self.region, &self.kind, &*self.step) == (profile, region, kind, step)
    }
}
