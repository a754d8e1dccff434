//! What a command asks for, where no key is pressed. The console's own flows carry it out.

use std::collections::BTreeSet;

use crate::domain::{plan::PlanHash, selection::Target};

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// A plan for these: addresses to be released, NICs to be detached.
    Plan(BTreeSet<Target>),
    /// A plan for everything that the filter shows and that can go: as `a`, and then `p`.
    PlanVisible,
    /// A plan that takes a batch of the journal back.
    Undo {
        batch: String,
        /// Of it only these; `None`: all.
        only: Option<BTreeSet<Target>>,
    },
    /// A plan for what a batch of the journal has not done, and certainly not.
    Rest { batch: String },
    /// This target of the plan goes although something about it is not known.
    Overrule { target: Target, reason: String },
    /// Rehearse the plan.
    DryRun,
    /// Carry the plan out: it is the one that was approved.
    Approve(PlanHash),
}
