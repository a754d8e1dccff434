//! Which columns have a place on the screen, where, and under which names.

use crate::app::{
    browse::{Column, Layout, SortBy},
    geometry::{Area, Regions},
    mouse::Part,
    rows::{self, RowRef},
    state::State,
};

use super::super::{
    canvas::Canvas,
    columns::{self, Need, Slot, need},
    text::Cut,
    theme::Role,
};

/// Columns of both layouts, in the order of the screen. In the tree, STATE is the first part of FINDINGS, and NIC and
/// INSTANCE are the tree itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Columns {
    pub(super) address: Slot,
    pub(super) kind: Option<Slot>,
    pub(super) state: Option<Slot>,
    pub(super) findings: Slot,
    pub(super) eip: Option<Slot>,
    pub(super) lb: Option<Slot>,
    pub(super) nic: Option<Slot>,
    pub(super) instance: Option<Slot>,
    pub(super) profile: Option<Slot>,
    pub(super) region: Option<Slot>,
}

/// The columns that have a place on the screen now.
pub fn shown(canvas: &Canvas, state: &State, regions: &Regions) -> Vec<Column> {
    let columns = Columns::of(state, canvas.skin.glyphs.mark_cells, regions.list.width);
    Column::ALL.into_iter().filter(|&column| columns.slot(column).is_some()).collect()
}

/// The part of a row or heading at a place; `mark`: cells of a mark.
pub fn part(state: &State, mark: u16, regions: &Regions, (x, y): (u16, u16)) -> Option<Part> {
    let within = |area: Area| (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y);
    // Where the pen stands behind the upright lines of the tree.
    let behind = |area: Area, depth: u8| area.x + 1 + 2 * u16::from(depth);
    if within(regions.heading) {
        let columns = Columns::of(state, mark, regions.list.width);
        let by = [
            (Some(columns.address), SortBy::Address),
            (Some(columns.findings), SortBy::Level),
            (columns.nic, SortBy::Nic),
            (columns.instance, SortBy::Instance),
            (columns.profile, SortBy::Profile),
        ];
        let on = |slot: Slot| (slot.x..slot.x + slot.width).contains(&(x - regions.heading.x));
        return by.into_iter().find(|(slot, _)| slot.is_some_and(on)).map(|(_, by)| Part::Heading(by));
    }
    if within(regions.tree) {
        let row = state.browse.tree.window(usize::from(regions.tree.height)).get(usize::from(y - regions.tree.y))?;
        return (behind(regions.tree, row.depth) == x).then_some(Part::Fold);
    }
    if !within(regions.list) {
        return None;
    }
    let line = usize::from(y - regions.list.y);
    let (depth, part, cells) = match *rows::window(state, state.browse.view.offset + line, 1).first()? {
        RowRef::Problem { nth, .. } => (u8::from(nth > 0), Part::Fold, 1),
        RowRef::Instance { .. } => (0, Part::Fold, 1),
        RowRef::Nic { depth, .. } => (depth, Part::Fold, 1),
        RowRef::Address { depth, .. } => (if state.lists_tree() { depth } else { 0 }, Part::Mark, mark),
    };
    let from = behind(regions.list, depth);
    (from..from + cells).contains(&x).then_some(part)
}

/// What the column is in the tree that is the list itself: there NIC and INSTANCE are rows, and a state stands with the findings.
pub fn is_in_tree(column: Column) -> bool {
    !matches!(column, Column::State | Column::Nic | Column::Instance)
}

/// Is the column of the table scrolled away to the left?
pub fn is_scrolled(state: &State, column: Column) -> bool {
    let shift = state.browse.shift.min(Column::ALL.len() - 1);
    !state.lists_tree() && Column::ALL.iter().position(|&it| it == column).is_some_and(|nth| nth < shift)
}

impl Columns {
    fn slot(&self, column: Column) -> Option<Slot> {
        match column {
            Column::Kind => self.kind,
            Column::State => self.state,
            Column::Eip => self.eip,
            Column::Lb => self.lb,
            Column::Nic => self.nic,
            Column::Instance => self.instance,
            Column::Profile => self.profile,
            Column::Region => self.region,
        }
    }

    /// `mark`: cells of a mark.
    pub(super) fn of(state: &State, mark: u16, width: u16) -> Self {
        // Left out or scrolled away: asks for nothing and goes first.
        let unless_hidden = |column: Column, need: Need| {
            if state.browse.hidden.contains(&column) { self::need(u16::MAX / 64, 0, 100) } else { need }
        };
        match state.browse.layout {
            Layout::Tree if state.lists_tree() => {
                let needs = [
                    need(21 + mark, 40, 0).first(),
                    unless_hidden(Column::Kind, need(11, 16, 1).first()),
                    need(20, 30, 0),
                    unless_hidden(Column::Eip, need(15, 15, 2)),
                    unless_hidden(Column::Lb, need(12, 22, 3)),
                    unless_hidden(Column::Profile, need(10, 18, 4)),
                    unless_hidden(Column::Region, need(12, 16, 5)),
                ];
                let [address, kind, findings, eip, lb, profile, region] = columns::lay(needs, 1, width);
                Self {
                    address: address.unwrap_or_default(),
                    kind,
                    findings: findings.unwrap_or_default(),
                    eip,
                    lb,
                    profile,
                    region,
                    ..Self::default()
                }
            }
            Layout::Tree | Layout::Table { .. } => {
                let column = |column: Column, least: u16, most: u16, drop: u8| {
                    if is_scrolled(state, column) {
                        need(u16::MAX / 64, 0, 100)
                    } else {
                        unless_hidden(column, need(least, most, drop))
                    }
                };
                // Beside the tree, whose an address is comes before the state of its NIC, which the tree tells as well.
                let [in_state, in_eip, in_lb, in_nic, in_instance] =
                    if state.has_tree_pane() { [6, 2, 5, 4, 3] } else { [2, 3, 4, 5, 6] };
                let needs = [
                    need(16 + mark, 18 + mark, 0),
                    column(Column::Kind, 11, 12, 1),
                    column(Column::State, 9, 13, in_state),
                    need(20, 28, 0),
                    column(Column::Eip, 15, 15, in_eip),
                    column(Column::Lb, 12, 24, in_lb),
                    column(Column::Nic, 14, 26, in_nic),
                    column(Column::Instance, 14, 28, in_instance),
                    column(Column::Profile, 10, 18, 7),
                    column(Column::Region, 12, 16, 8),
                ];
                let [address, kind, state, findings, eip, lb, nic, instance, profile, region] =
                    columns::lay(needs, 1, width);
                Self {
                    address: address.unwrap_or_default(),
                    kind,
                    state,
                    findings: findings.unwrap_or_default(),
                    eip,
                    lb,
                    nic,
                    instance,
                    profile,
                    region,
                }
            }
        }
    }
}

pub(super) fn heading(canvas: &mut Canvas, state: &State, area: Area, columns: &Columns) {
    let words = canvas.words;
    let tree = state.lists_tree();
    // The tree's addresses stand behind its lines; so does their heading.
    let indent = if tree { 5 + canvas.skin.glyphs.mark_cells } else { 1 + canvas.skin.glyphs.mark_cells };
    let address = Slot {
        x: columns.address.x + indent.min(columns.address.width),
        width: columns.address.width.saturating_sub(indent),
    };
    let sorted = state.sorting().map(|(by, reverse)| {
        let column = match by {
            SortBy::Address => "column.address",
            SortBy::Level => "column.findings",
            SortBy::Nic => "column.nic",
            SortBy::Instance => "column.instance",
            SortBy::Profile => "column.profile",
        };
        (column, if reverse { " v" } else { " ^" })
    });
    let mut put = |slot: Option<Slot>, key: &str| {
        if let Some(slot) = slot {
            let name = words.word(key);
            let mut pen = canvas.pen_at(area, 0, slot.x);
            match sorted.filter(|(by, _)| *by == key) {
                Some((_, arrow)) => pen.put_within(&format!("{name}{arrow}"), slot.width, Cut::End, Role::Text),
                None => pen.column(name, slot.width, Cut::End, Role::Dim),
            };
        }
    };
    put(Some(address), "column.address");
    put(columns.kind, "column.kind");
    put(columns.state, "column.state");
    put(Some(columns.findings), if tree { "column.state-findings" } else { "column.findings" });
    put(columns.eip, "column.eip");
    put(columns.lb, "column.lb");
    put(columns.nic, "column.nic");
    put(columns.instance, "column.instance");
    put(columns.profile, "column.profile");
    put(columns.region, "column.region");
}
