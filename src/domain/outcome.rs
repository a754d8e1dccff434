//! How a write can end, and what it looks like on the way.

use serde::{Deserialize, Serialize};

use super::{
    fault::{Fault, FaultKind},
    journal_fault::JournalFault,
    plan::Change,
};

/// What the vendor answered to an accepted write.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Receipt {
    pub request_id: Option<String>,
    /// A task or job to ask about, where the cloud hands one out.
    pub task: Option<String>,
}

/// The end of one target. Every target of a plan gets exactly one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Outcome {
    /// Read back and gone (for a NIC: read back and detached).
    Released { request_id: Option<String> },
    /// The wished-for state held before or without our call.
    AlreadyGone { request_id: Option<String> },
    /// A detach after which the NIC itself is gone: the cloud deleted it, or somebody did. Nothing takes that back.
    NicGone { request_id: Option<String> },
    /// The vendor refused, or its task failed.
    Failed { fault: Fault },
    /// Sent, and what happened is not known: the answer does not say, and reading back did not show the change.
    Unknown { fault: Fault },
    /// Not sent: something relevant changed since the plan, or it could not be read again.
    Skipped { why: Skip },
    /// Not sent: stopped before its turn.
    Stopped,
    /// Not sent: the batch has not come to it, and does not where its program was ended. No row of a run that goes on ends so.
    NotBegun,
}

/// Why a planned write was not sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Skip {
    /// Facts that differ from those the plan was made on.
    Stale { changes: Vec<Change> },
    /// Its first request was accepted, and these facts differed before the next one, which was not sent.
    Midway { changes: Vec<Change> },
    /// The read right before the write failed.
    NotReadAgain { fault: Fault },
    /// The intent could not be written to the journal.
    Journal { fault: JournalFault },
    /// A write that had to come first did not end well.
    AfterFailure,
    /// Refused by the gate: the profile is read-only.
    ReadOnly,
    /// The plan is not the one that was confirmed.
    Altered,
}

impl Skip {
    /// A stable name, for exports.
    pub fn code(&self) -> &'static str {
        match self {
            Skip::Stale { .. } => "stale",
            Skip::Midway { .. } => "midway",
            Skip::NotReadAgain { .. } => "not-read-again",
            Skip::Journal { .. } => "journal",
            Skip::AfterFailure => "after-failure",
            Skip::ReadOnly => "read-only",
            Skip::Altered => "altered",
        }
    }

    /// What it was, for programs and tickets: facts as `fact: before -> now`, faults in their own words.
    pub fn detail(&self) -> String {
        match self {
            Skip::Stale { changes } | Skip::Midway { changes } => {
                let told = |change: &Change| format!("{}: {} -> {}", change.fact.key(), change.before, change.now);
                changes.iter().map(told).collect::<Vec<_>>().join("; ")
            }
            Skip::NotReadAgain { fault } => fault.message.clone(),
            Skip::Journal { fault } => {
                let words = [fault.kind.key(), &fault.path, &fault.reason];
                words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
            }
            Skip::AfterFailure | Skip::ReadOnly | Skip::Altered => String::new(),
        }
    }
}

impl Outcome {
    /// What went wrong with its own write.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Outcome::Failed { fault } | Outcome::Unknown { fault } => Some(fault),
            _ => None,
        }
    }

    /// The vendor's code, or what a skip is called, and what was said with it. For exports.
    pub fn told(&self) -> (Option<&str>, String) {
        match self {
            Outcome::Failed { fault } | Outcome::Unknown { fault } => (fault.code.as_deref(), fault.message.clone()),
            Outcome::Skipped { why: why @ Skip::NotReadAgain { fault } } => {
                (Some(fault.code.as_deref().unwrap_or(why.code())), why.detail())
            }
            Outcome::Skipped { why } => (Some(why.code()), why.detail()),
            _ => (None, String::new()),
        }
    }

    pub fn word(&self) -> OutcomeWord {
        match self {
            Outcome::Released { .. } => OutcomeWord::Released,
            Outcome::AlreadyGone { .. } => OutcomeWord::AlreadyGone,
            Outcome::NicGone { .. } => OutcomeWord::NicGone,
            Outcome::Failed { .. } => OutcomeWord::Failed,
            Outcome::Unknown { .. } => OutcomeWord::Unknown,
            Outcome::Skipped { .. } => OutcomeWord::Skipped,
            Outcome::Stopped => OutcomeWord::Stopped,
            Outcome::NotBegun => OutcomeWord::NotBegun,
        }
    }

    /// The request id a person can give to the vendor's support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Outcome::Released { request_id }
            | Outcome::AlreadyGone { request_id }
            | Outcome::NicGone { request_id } => request_id.as_deref(),
            Outcome::Failed { fault } | Outcome::Unknown { fault } => fault.request_id.as_deref(),
            Outcome::Skipped { .. } | Outcome::Stopped | Outcome::NotBegun => None,
        }
    }
}

/// The kinds of end, for counts and colours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeWord {
    Released,
    AlreadyGone,
    NicGone,
    Failed,
    Unknown,
    Skipped,
    Stopped,
    NotBegun,
}

/// Where a target stands before its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    Queued,
    /// Not sent: the vendor wants no such call for `wait_ms` from then on. Its turn comes after that.
    Throttled {
        wait_ms: u64,
    },
    /// Being read again before the write.
    Checking,
    Sent,
    /// Accepted; the cloud works on it, `reads` times asked so far.
    Accepted {
        receipt: Receipt,
        reads: u32,
    },
    /// Refused for now; the next try, number `attempt`, comes in `wait_ms`.
    Retrying {
        kind: FaultKind,
        attempt: u32,
        of: u32,
        wait_ms: u64,
        code: Option<String>,
    },
    /// The answer was lost, or came; the NIC is being read back.
    ReadingBack {
        lost: bool,
        /// Milliseconds after which the reading usually ends; longer only while the cloud says that the NIC is changing.
        up_to_ms: u64,
    },
    Settled(Outcome),
}
