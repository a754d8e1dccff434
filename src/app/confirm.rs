//! The dialog between a plan and its calls. Cancel has the focus; Enter alone never confirms.

use crate::domain::{plan::PlanHash, time::Timestamp};

/// What the dialog asks for; the screen reads it from here.
pub use crate::rules::guard::{Danger, Phrase as Asked};

use super::browse::Line;

/// Keys of the first moment are ignored: they were meant for the screen below.
pub const DEAF_MS: u64 = 300;

#[derive(Clone, PartialEq, Debug)]
pub struct Confirm {
    /// The dialog is about this plan; it closes when the plan changes.
    pub plan: PlanHash,
    pub danger: Danger,
    /// What has been typed so far, where something has to be typed.
    pub typed: Line,
    pub opened_at: Timestamp,
    /// The last Enter came with a text that was not the one asked for.
    pub wrong: bool,
}
