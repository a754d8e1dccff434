//! What is written to a file: a plan, the results of a batch, or what the history tells.

use std::sync::Arc;

use crate::{
    domain::{exchange::Exchange, ids::OperationId, plan::ReleasePlan, selection::Target, time::Timestamp},
    history::Batch,
};

use super::{
    history::Lookup,
    rows::RowKey,
    run::RunRow,
    state::{Screen, State},
};

/// The form of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportForm {
    /// For a ticket.
    Markdown,
    Csv,
    Json,
    /// A plan that `nicdeck apply` carries out.
    PlanFile,
}

impl ExportForm {
    const ALL: [ExportForm; 4] = [ExportForm::Markdown, ExportForm::Csv, ExportForm::Json, ExportForm::PlanFile];

    /// Those of the screen, in the order of the menu.
    pub fn of(state: &State) -> &'static [ExportForm] {
        let is_plan =
            state.screen == Screen::Plan && state.plan.as_ref().is_some_and(|view| !view.plan.operations().is_empty());
        Self::ALL.get(..if is_plan { 4 } else { 3 }).unwrap_or_default()
    }

    /// As people type it.
    pub fn word(self) -> &'static str {
        match self {
            ExportForm::PlanFile => "plan",
            form => form.ending(),
        }
    }

    /// How the file's name ends.
    pub fn ending(self) -> &'static str {
        match self {
            ExportForm::Markdown => "md",
            ExportForm::Csv => "csv",
            ExportForm::Json | ExportForm::PlanFile => "json",
        }
    }
}

/// What goes into the file.
#[derive(Clone, PartialEq, Debug)]
pub enum Exported {
    Plan(Arc<ReleasePlan>),
    Results(Box<Results>),
    /// What the journal says: batches that a search finds, or one.
    History(Lookup),
}

/// A list that is written as it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum List {
    /// What the filter lets through.
    Inventory,
    Calls,
}

/// A batch as it stands, target by target.
#[derive(Clone, PartialEq, Debug)]
pub struct Results {
    pub plan: Arc<ReleasePlan>,
    /// Its name in the journal.
    pub batch: Option<String>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub rows: Vec<RunRow>,
}

/// One row of a screen, as the exports of that screen have it.
#[derive(Clone, PartialEq, Debug)]
pub enum RowOf {
    /// Of the inventory.
    Listed(RowKey),
    Planned(Arc<ReleasePlan>, Target),
    /// Results of one row.
    Ended(Box<Results>),
    /// A batch that the journal tells of, by its id.
    Batch(String),
    /// One of its writes.
    Written(Arc<Batch>, OperationId),
    Call(Box<Exchange>),
}
