//! The inventory screen: filter, tree or table, folds, cursor.

use std::collections::{BTreeSet, HashSet};

use tui_input::InputRequest;

use crate::{
    domain::time::Timestamp,
    filter::{Expr, FilterError},
};

use super::{
    key::{Key, KeyCode},
    matches::{Blame, Matches},
    rows::{HiddenMarks, RowIndex, RowKey, RowRef, TreePane},
    viewport::Viewport,
};

/// An input line: text with a cursor, edited grapheme by grapheme.
pub type Line = LineEdit;

/// See [`Line`]. A newtype, so that the editing library stays an affair of this module.
#[derive(Clone, Debug, Default)]
pub struct LineEdit(pub tui_input::Input);

impl PartialEq for LineEdit {
    fn eq(&self, other: &Self) -> bool {
        self.0.value() == other.0.value() && self.0.cursor() == other.0.cursor()
    }
}

impl LineEdit {
    pub fn with(text: &str) -> Self {
        Self(tui_input::Input::new(text.to_owned()))
    }

    pub fn text(&self) -> &str {
        self.0.value()
    }

    /// Puts a character in at the cursor.
    pub fn insert(&mut self, c: char) {
        self.0.handle(InputRequest::InsertChar(c));
    }

    /// Edits by a key; false if the key means nothing here.
    pub fn edit(&mut self, key: Key) -> bool {
        let request = match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) if !c.is_control() => InputRequest::InsertChar(c),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => InputRequest::DeletePrevChar,
            (KeyCode::Delete, false, false) => InputRequest::DeleteNextChar,
            (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, false) => InputRequest::GoToPrevChar,
            (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, false) => InputRequest::GoToNextChar,
            (KeyCode::Left, true, false) | (KeyCode::Char('b'), false, true) => InputRequest::GoToPrevWord,
            (KeyCode::Right, true, false) | (KeyCode::Char('f'), false, true) => InputRequest::GoToNextWord,
            (KeyCode::Home, false, false) | (KeyCode::Char('a'), true, false) => InputRequest::GoToStart,
            (KeyCode::End, false, false) | (KeyCode::Char('e'), true, false) => InputRequest::GoToEnd,
            (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, false, true) => InputRequest::DeletePrevWord,
            (KeyCode::Char('k'), true, false) => InputRequest::DeleteTillEnd,
            (KeyCode::Char('u'), true, false) => InputRequest::DeleteLine,
            _ => return false,
        };
        self.0.handle(request);
        true
    }

    /// The cursor's place in characters.
    pub fn cursor(&self) -> usize {
        self.0.cursor()
    }
}

/// Columns of the inventory that can be left out; the address and its findings never are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Column {
    Kind,
    State,
    Eip,
    Lb,
    Nic,
    Instance,
    Profile,
    Region,
}

impl Column {
    /// In the order of the screen.
    pub const ALL: [Column; 8] = [
        Column::Kind,
        Column::State,
        Column::Eip,
        Column::Lb,
        Column::Nic,
        Column::Instance,
        Column::Profile,
        Column::Region,
    ];
}

/// Columns that the table can be sorted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum SortBy {
    #[default]
    Address,
    Level,
    Nic,
    Instance,
    Profile,
}

/// How the inventory is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// Instance, NIC, address; in a wide window the tree in a pane of its own, beside a table of addresses.
    #[default]
    Tree,
    /// Addresses only, sorted.
    Table { by: SortBy, reverse: bool },
}

/// A word at the end of the filter's line that is still being typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HalfTyped {
    pub word: String,
    /// The field it may become.
    pub field: &'static str,
}

#[derive(Clone, Debug)]
pub struct Browse {
    /// The filter's line; it is being edited while `editing`.
    pub line: Line,
    pub editing: bool,
    /// The filter in force: the last one without a mistake.
    pub filter: Expr,
    /// The text `filter` was read from.
    pub filter_text: String,
    /// What is wrong with the line as it stands.
    pub mistake: Option<FilterError>,
    /// Enter was pressed on a line with a mistake.
    pub refused: bool,
    /// The last word of the line finds nothing and may become this field: until then the list leaves it out.
    pub half_typed: Option<HalfTyped>,
    /// Nothing matches: the term that leaves out the most.
    pub blame: Option<Blame>,
    /// When it is looked for: a pause after the last key, for it costs a pass over everything for each term.
    pub blame_at: Option<Timestamp>,
    /// Filters used before, newest last.
    pub history: Vec<String>,
    /// The place in `history` while it is walked.
    pub recall: Option<usize>,
    pub layout: Layout,
    /// Instances and NICs that are folded. Folds made under a filter are their own, and gone with it.
    pub folded: HashSet<RowRef>,
    pub folded_filtered: HashSet<RowRef>,
    /// What matches, per NIC; kept up to date by `update`.
    pub matches: Matches,
    pub rows: RowIndex,
    /// Kept up to date by `update`; read it through [`super::rows::hidden_marks`].
    pub hidden_marks: HiddenMarks,
    pub view: Viewport,
    /// The object under the cursor: the cursor stays on it across refreshes, sorts and filters.
    pub cursor: Option<RowKey>,
    /// The object the cursor was on before a filter that is still being typed hid it.
    pub wanted: Option<RowKey>,
    /// The cursor was moved by hand; until then it stays on the first row while rows arrive around it.
    pub moved: bool,
    /// Where a range of marks began.
    pub range_from: Option<RowKey>,
    /// The detail pane is switched off.
    pub wide: bool,
    /// First line of the detail pane that is shown.
    pub detail_scroll: usize,
    /// Columns that were chosen to be left out.
    pub hidden: BTreeSet<Column>,
    /// Columns scrolled to the right (the address column stays).
    pub shift: usize,
    /// What the table beside the tree is sorted by, and whether from the end; `None`: it follows the tree.
    pub beside: Option<(SortBy, bool)>,
    /// The tree where it has a pane of its own.
    pub tree: TreePane,
}

impl Browse {
    pub fn new(filter: &str) -> Self {
        let (expr, mistake) = match Expr::parse(filter) {
            Ok(expr) => (expr, None),
            Err(mistake) => (Expr::default(), Some(mistake)),
        };
        Self {
            line: Line::with(filter),
            editing: mistake.is_some(),
            filter_text: if mistake.is_none() { filter.trim().to_owned() } else { String::new() },
            filter: expr,
            mistake,
            refused: false,
            half_typed: None,
            blame: None,
            blame_at: None,
            history: Vec::new(),
            recall: None,
            layout: Layout::Tree,
            folded: HashSet::new(),
            folded_filtered: HashSet::new(),
            matches: Matches::default(),
            rows: RowIndex::default(),
            hidden_marks: HiddenMarks::default(),
            view: Viewport::default(),
            cursor: None,
            wanted: None,
            moved: false,
            range_from: None,
            wide: false,
            detail_scroll: 0,
            hidden: BTreeSet::new(),
            shift: 0,
            beside: None,
            tree: TreePane::default(),
        }
    }

    pub fn is_filtered(&self) -> bool {
        !self.filter_text.is_empty()
    }

    /// The folds in force.
    pub fn folds(&self) -> &HashSet<RowRef> {
        if self.is_filtered() { &self.folded_filtered } else { &self.folded }
    }
}

/// When the oldest data on the screen was read whole; `None` before the first listing ended.
pub fn oldest(state: &super::state::State) -> Option<Timestamp> {
    use crate::domain::page::Resource;
    state
        .inventory
        .profiles()
        .iter()
        .flat_map(crate::domain::inventory::ProfileInventory::sections)
        .filter(|((resource, _), _)| matches!(resource, Resource::Nics | Resource::Instances))
        .filter_map(|(_, coverage)| coverage.read_at())
        .min()
}
