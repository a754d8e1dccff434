//! The dialog between a plan and its calls. Cancel has the focus; Enter alone never confirms.

use crate::domain::{plan::PlanHash, time::Timestamp};

/// What the dialog asks for; the screen reads it from here.
pub use crate::rules::guard::{Danger, Phrase as Asked};

use super::{browse::Line, geometry::Size, key::Key};

/// Keys of the first moment are ignored: they were meant for the screen below.
pub const DEAF_MS: u64 = 300;

/// Under this, a plan can not be confirmed: not all that has to be known would be in sight.
pub const SMALLEST: Size = Size { columns: 60, rows: 16 };

/// Is the window large enough to confirm in?
pub fn fits(size: Size) -> bool {
    size.columns >= SMALLEST.columns && size.rows >= SMALLEST.rows
}

/// Why what was last given to the dialog was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Enter came with a text that was not the one asked for.
    Wrong,
    /// What the terminal marks as pasted is never taken. One that marks nothing sends it as keys: those can not be told from typing
    /// ahead over a slow line, and are taken.
    Pasted,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Confirm {
    /// Which dialog it is, of all that there were: one that was drawn is not the next one.
    pub number: u64,
    /// The dialog is about this plan; it closes when the plan changes.
    pub plan: PlanHash,
    pub danger: Danger,
    /// What has been typed so far, where something has to be typed.
    pub typed: Line,
    /// When it was first in sight. Until then, and for a moment more, it takes no key.
    pub shown_at: Option<Timestamp>,
    pub refused: Option<Refused>,
    /// The key that came last while keys were ignored: held down, its repeats are as well.
    pub ignored: Option<(Key, Timestamp)>,
    /// Lines scrolled, where the dialog is longer than the window.
    pub scroll: usize,
}

impl Confirm {
    /// What was asked for stands there, so that Enter goes on. Until then Enter cancels, or is told that it is wrong.
    pub fn is_typed(&self) -> bool {
        matches!(&self.danger.phrase, Asked::Typed(wanted) if self.typed.text().trim() == wanted)
    }
}
