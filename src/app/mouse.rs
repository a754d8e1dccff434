//! What the mouse did, where it was switched on. It moves and marks; it confirms nothing.

use super::browse::SortBy;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    Press,
    /// By steps of the wheel, down if more than 0.
    Wheel(isize),
}

/// A part of a row or of a heading that does more than take the focus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The place of a mark.
    Mark,
    /// The sign that folds and unfolds.
    Fold,
    /// The heading of a column that can be sorted by.
    Heading(SortBy),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mouse {
    pub deed: Deed,
    /// In cells from the top left.
    pub column: u16,
    pub row: u16,
    /// What is drawn there; only the view knows.
    pub part: Option<Part>,
}
