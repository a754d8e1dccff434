//! How far a listing has come, and what that tells.

use crate::domain::{fault::Fault, time::Timestamp};

/// How far the listing of one resource in one region has come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Coverage {
    #[default]
    NotAsked,
    /// Pages are arriving. `before` is how far the one before had come; never `Loading`.
    Loading {
        before: Box<Coverage>,
    },
    Complete {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        fault: Box<Fault>,
        before: Option<Timestamp>,
    },
}

impl Coverage {
    /// When the data shown was last read whole.
    pub fn read_at(&self) -> Option<Timestamp> {
        match self {
            Coverage::NotAsked => None,
            Coverage::Loading { before } => before.read_at(),
            Coverage::Failed { before, .. } => *before,
            Coverage::Complete { at } => Some(*at),
        }
    }

    /// Why it is not known, where the last listing that ended failed.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Coverage::Failed { fault, .. } => Some(fault),
            Coverage::Loading { before } => before.fault(),
            Coverage::NotAsked | Coverage::Complete { .. } => None,
        }
    }

    /// Does what is there still tell what is not there? A refresh under way keeps what was known; one that failed does not:
    /// nobody knows what it would have shown. All that ask whether something was read ask this.
    pub fn is_known(&self) -> bool {
        match self {
            Coverage::Complete { .. } => true,
            Coverage::Loading { before } => before.is_known(),
            Coverage::NotAsked | Coverage::Failed { .. } => false,
        }
    }
}
