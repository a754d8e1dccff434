//! A plan that is being rehearsed, and what was told of each of its writes.

use std::{collections::BTreeMap, sync::Arc};

use crate::domain::{
    ids::{JobId, OperationId},
    plan::{Operation, ReleasePlan},
    rehearsal::Rehearsal,
};

/// See the module.
#[derive(Clone, PartialEq, Debug)]
pub struct DryRun {
    /// `None` when it has ended.
    pub job: Option<JobId>,
    /// As it was when the dry run began.
    pub plan: Arc<ReleasePlan>,
    pub told: BTreeMap<OperationId, Rehearsal>,
}

impl DryRun {
    pub fn new(job: JobId, plan: Arc<ReleasePlan>) -> Self {
        Self { job: Some(job), plan, told: BTreeMap::new() }
    }

    /// The write at a place of the plan, and what was told of it.
    pub fn at(&self, place: usize) -> Option<(&Operation, Option<&Rehearsal>)> {
        let operation = self.plan.operations().get(place)?;
        Some((operation, self.told.get(&operation.id)))
    }

    /// Writes of which a request would be sent, as far as it was told.
    pub fn would_send(&self) -> usize {
        self.told.values().filter(|told| !told.sends.is_empty()).count()
    }
}
