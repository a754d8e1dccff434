//! What lies over a screen. Esc closes one layer only, the topmost.

use crate::domain::selection::Target;

use super::{confirm::Confirm, find::Find, prompt::Prompt, viewport::Viewport};

#[derive(Clone, PartialEq, Debug)]
pub enum Overlay {
    Help(Help),
    /// The whole of the focused row, for windows too narrow for a detail pane, or for reading more.
    Detail {
        scroll: usize,
    },
    /// One round trip, whole.
    Call {
        scroll: usize,
    },
    Confirm(Confirm),
    /// What a write of the plan would send: the one at this place.
    DryRun {
        at: usize,
        scroll: usize,
    },
    /// Why a row goes although something about it is not known.
    Reason(Reason),
    /// What earlier runs left open, and what became of it.
    Earlier {
        scroll: usize,
    },
    /// Asked when quitting with a batch running: stay, or stop after the calls in flight and quit.
    Quit,
    /// In which form to export.
    ExportMenu {
        view: Viewport,
    },
    /// The list is being searched.
    Find(Find),
    /// A command is being typed.
    Prompt(Prompt),
    /// Which columns the inventory shows.
    Columns {
        view: Viewport,
    },
    /// What to copy.
    CopyMenu {
        view: Viewport,
    },
}

/// A reason that is being written, for the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct Reason {
    pub target: Target,
    pub typed: super::browse::Line,
    /// Enter came before there were enough characters.
    pub too_short: bool,
}

/// Help for the screen it was opened on, searchable.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Help {
    pub search: super::browse::Line,
    pub view: Viewport,
}
