//! What can be done, as a table: help, key line and key map are made from it.

use super::state::Screen;

/// Groups of commands, in the order of the help.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    Move,
    Mark,
    Find,
    Act,
    Look,
    Program,
}

/// Where a command works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    Everywhere,
    /// Screens with a list.
    Lists,
    Inventory,
    /// Screens whose list has a filter line.
    Searched,
    Plan,
    Run,
    Calls,
    /// Screens of what was done.
    Done,
    History,
    Welcome,
}

impl Context {
    pub fn holds(self, screen: Screen) -> bool {
        match self {
            Context::Everywhere => true,
            Context::Lists => screen != Screen::Welcome,
            Context::Inventory => screen == Screen::Inventory,
            Context::Searched => matches!(screen, Screen::Inventory | Screen::History),
            Context::Plan => screen == Screen::Plan,
            Context::Run => screen == Screen::Run,
            Context::History => screen == Screen::History,
            Context::Done => matches!(screen, Screen::Run | Screen::History),
            Context::Calls => screen == Screen::Calls,
            Context::Welcome => screen == Screen::Welcome,
        }
    }
}

macro_rules! commands {
    ($($name:ident = $text:literal, $group:ident, $context:ident;)*) => {
        /// One thing a key can do. Imperative; the words are the locale's `command.<name>`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Command { $($name,)* }

        impl Command {
            /// All, in the order of the help.
            pub const ALL: &'static [Command] = &[$(Command::$name,)*];
            /// Their names, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// Is it asked before dialogs and input lines?
            pub fn is_asked_first(self) -> bool {
                matches!(self, Command::Interrupt | Command::Redraw | Command::Suspend)
            }

            /// As the key map and the locale spell it.
            pub fn name(self) -> &'static str {
                match self { $(Command::$name => $text,)* }
            }

            /// By its name.
            pub fn find(name: &str) -> Option<Command> {
                Self::ALL.iter().copied().find(|command| command.name() == name)
            }

            pub fn group(self) -> Group {
                match self { $(Command::$name => Group::$group,)* }
            }

            pub fn context(self) -> Context {
                match self { $(Command::$name => Context::$context,)* }
            }
        }
    };
}

commands! {
    Down = "down", Move, Everywhere;
    Up = "up", Move, Everywhere;
    HalfPageDown = "half-page-down", Move, Everywhere;
    HalfPageUp = "half-page-up", Move, Everywhere;
    PageDown = "page-down", Move, Everywhere;
    PageUp = "page-up", Move, Everywhere;
    Top = "top", Move, Everywhere;
    Bottom = "bottom", Move, Everywhere;
    Fold = "fold", Move, Inventory;
    Unfold = "unfold", Move, Inventory;
    NextFinding = "next-finding", Move, Lists;
    PreviousFinding = "previous-finding", Move, Lists;
    ToggleMark = "toggle-mark", Mark, Searched;
    MarkRange = "mark-range", Mark, Inventory;
    MarkVisible = "mark-visible", Mark, Inventory;
    UnmarkVisible = "unmark-visible", Mark, Inventory;
    ClearMarks = "clear-marks", Mark, Inventory;
    MarkDetach = "mark-detach", Mark, Inventory;
    Plan = "plan", Act, Inventory;
    DropRow = "drop-row", Act, Plan;
    Confirm = "confirm", Act, Plan;
    DryRun = "dry-run", Act, Plan;
    Override = "override", Act, Plan;
    Rebuild = "rebuild", Act, Plan;
    Pause = "pause", Act, Run;
    Stop = "stop", Act, Run;
    RetryFailed = "retry-failed", Act, Done;
    Recheck = "recheck", Act, Done;
    Undo = "undo", Act, Done;
    Compare = "compare", Look, History;
    Filter = "filter", Find, Lists;
    ClearFilter = "clear-filter", Find, Searched;
    Prompt = "prompt", Find, Everywhere;
    Open = "open", Look, Lists;
    Copy = "copy", Look, Lists;
    CopyMore = "copy-more", Look, Lists;
    Export = "export", Look, Lists;
    Layout = "layout", Look, Inventory;
    Columns = "columns", Look, Inventory;
    Sort = "sort", Look, Inventory;
    ReverseSort = "reverse-sort", Look, Inventory;
    ToggleDetail = "toggle-detail", Look, Inventory;
    NextPane = "next-pane", Look, Lists;
    PreviousPane = "previous-pane", Look, Lists;
    GoInventory = "go-inventory", Look, Everywhere;
    GoPlan = "go-plan", Look, Everywhere;
    GoRun = "go-run", Look, Everywhere;
    GoHistory = "go-history", Look, Everywhere;
    GoCalls = "go-calls", Look, Everywhere;
    Earlier = "earlier", Look, Everywhere;
    Refresh = "refresh", Program, Lists;
    RefreshAll = "refresh-all", Program, Lists;
    StartDemo = "start-demo", Program, Welcome;
    UseFound = "use-found", Program, Welcome;
    WriteConfig = "write-config", Program, Welcome;
    Language = "language", Program, Everywhere;
    Help = "help", Program, Everywhere;
    Redraw = "redraw", Program, Everywhere;
    Suspend = "suspend", Program, Everywhere;
    Mouse = "mouse", Program, Everywhere;
    Back = "back", Program, Everywhere;
    Close = "close", Program, Everywhere;
    Interrupt = "interrupt", Program, Everywhere;
}
