//! The inventory: a tree of instances, NICs and addresses, or a table of addresses. Draws the rows in the window only.

use std::borrow::Cow;

use crate::{
    app::{
        browse::{Column, Layout, SortBy},
        detail::{self, Detail},
        geometry::{Area, Regions},
        mouse::Part,
        rows::{self, RowRef},
        state::{Pane, ProfileInfo, State},
        verdicts::Judged,
    },
    domain::{
        address::{Address, AddressRole, Backend},
        finding::{FindingId, Level},
        ids::{AddressKey, NicKey, ProfileId},
        instance::{Instance, PowerState},
        inventory::ProfileInventory,
        nic::{Nic, NicState},
        selection::Target,
    },
};

use super::{
    canvas::{Canvas, Pen},
    columns::{self, Need, Slot, need},
    detail as pane,
    text::{self, Cut},
    theme::Role,
    tree_pane, words,
};

/// Columns of both layouts, in the order of the screen. In the tree, STATE is the first part of FINDINGS, and NIC and
/// INSTANCE are the tree itself.
#[derive(Clone, Copy, Default)]
struct Columns {
    address: Slot,
    kind: Option<Slot>,
    state: Option<Slot>,
    findings: Slot,
    eip: Option<Slot>,
    lb: Option<Slot>,
    nic: Option<Slot>,
    instance: Option<Slot>,
    profile: Option<Slot>,
    region: Option<Slot>,
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

/// In the tree, cells of a state before what else is said about an instance or NIC.
const STATE: u16 = 11;

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
    fn of(state: &State, mark: u16, width: u16) -> Self {
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
                    need(16 + mark, 17 + mark, 0),
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

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let columns = Columns::of(state, canvas.skin.glyphs.mark_cells, regions.list.width);
    heading(canvas, state, regions.heading, &columns);
    let height = usize::from(regions.list.height);
    let view = state.browse.view;
    let window = rows::window(state, view.offset, height);
    // Profiles that have a problem stand above; what they do not say is said below them.
    let problems = window.iter().take_while(|row| matches!(row, RowRef::Problem { .. })).count();
    if problems == window.len() && view.offset == 0 {
        let taken = u16::try_from(problems).unwrap_or(u16::MAX).min(regions.list.height);
        let list = regions.list;
        empty(canvas, state, Area { y: list.y + taken, height: list.height - taken, ..list });
    }
    for (line, &row) in (0u16..).zip(&window) {
        draw_row(canvas, state, regions.list, line, row, &columns);
        if view.offset + usize::from(line) == view.cursor {
            if state.pane == Pane::Tree { canvas.rest(regions.list, line) } else { canvas.focus(regions.list, line) }
        }
    }
    if regions.detail.width > 0 {
        canvas.upright(regions.detail);
        let focused = match state.pane {
            Pane::Tree => state.browse.tree.row(state),
            Pane::List | Pane::Detail => {
                view.cursor.checked_sub(view.offset).and_then(|line| window.get(line)).copied()
            }
        };
        let area = pane::beside(regions.detail);
        let doc = match focused.and_then(|row| detail::of(state, row)) {
            Some(detail) => Some(pane::of(canvas, state, &detail, area.width)),
            None if state.pane == Pane::Tree => Some(tree_pane::page(canvas, state, area.width)),
            None => None,
        };
        if let Some(doc) = doc {
            doc.draw(canvas, area, state.browse.detail_scroll, state.pane == Pane::Detail);
        }
    }
}

fn heading(canvas: &mut Canvas, state: &State, area: Area, columns: &Columns) {
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

/// Writes a column unless what stands before it (an address longer than its own column) reaches into it.
fn put(pen: &mut Pen, slot: Option<Slot>, left: u16, text: &str, cut: Cut, role: Role) {
    if let Some(slot) = slot
        && pen.x < left + slot.x
    {
        pen.to(left + slot.x).put_within(text, slot.width, cut, role);
    }
}

fn draw_row(canvas: &mut Canvas, state: &State, area: Area, line: u16, row: RowRef, columns: &Columns) {
    let place = row.profile();
    let (Some(info), Some(part)) = (state.info(place), state.inventory.at(place)) else { return };
    match row {
        RowRef::Problem { .. } => problem(canvas, state, area, line, row),
        RowRef::Instance { slot, .. } => {
            if let Some(it) = part.instance_at(slot) {
                instance(canvas, state, area, line, row, columns, info, part, it);
            }
        }
        RowRef::Nic { slot, depth, .. } => {
            if let Some(it) = part.nic_at(slot) {
                nic(canvas, state, area, line, row, columns, info, part, it, slot, depth);
            }
        }
        RowRef::Address { slot, nth, depth, .. } => {
            if let Some(nic) = part.nic_at(slot)
                && let Some(&it) = nic.addresses.get(usize::from(nth))
            {
                let judged = state.verdicts.address(place, slot, usize::from(nth));
                let detach = state.verdicts.detach(place, slot);
                address(canvas, state, area, line, columns, info, part, nic, it, (judged, detach), depth);
            }
        }
    }
}

/// The upright lines of the tree above a row of this depth, and the pen behind them.
fn tree<'c>(canvas: &'c mut Canvas, area: Area, line: u16, depth: u8) -> Pen<'c> {
    let glyph = canvas.skin.glyphs.tree;
    let mut pen = canvas.pen_at(area, line, 1);
    for _ in 0..depth {
        pen.put(glyph, Role::Faint).gap(1);
    }
    pen
}

fn fold_glyph(canvas: &Canvas, state: &State, row: RowRef, empty: bool) -> &'static str {
    match (empty, rows::is_folded(state, row)) {
        (true, _) => " ",
        (false, true) => canvas.skin.glyphs.closed,
        (false, false) => canvas.skin.glyphs.open,
    }
}

/// Name and id within the address column: the name whole if it can be, the id in what is left.
pub fn name_and_id(pen: &mut Pen, end: u16, name: &str, id: &str, role: Role) {
    let room = end.saturating_sub(pen.x);
    let (first, second) = if name.is_empty() { (id, "") } else { (name, id) };
    let wide = u16::try_from(text::cells(first)).unwrap_or(u16::MAX);
    // An id of fewer cells than this tells nothing.
    let rest = if second.is_empty() { 0 } else { room.saturating_sub(wide + 2) };
    let cut = if name.is_empty() { Cut::Middle } else { Cut::End };
    pen.put_within(first, room, cut, role);
    if rest >= 8 {
        pen.gap(2).put_within(second, rest, Cut::Middle, Role::Dim);
    }
}

#[allow(clippy::too_many_arguments, reason = "one call; a struct of the same fields would say nothing more")]
fn instance(
    canvas: &mut Canvas,
    state: &State,
    area: Area,
    line: u16,
    row: RowRef,
    columns: &Columns,
    info: &ProfileInfo,
    part: &ProfileInventory,
    instance: &Instance,
) {
    let words = canvas.words;
    let nics = part.nics_of(&instance.id);
    let fold = fold_glyph(canvas, state, row, nics.is_empty());
    let end = area.x + columns.address.x + columns.address.width;
    let mut pen = tree(canvas, area, line, 0);
    pen.put(fold, Role::Dim).gap(1);
    name_and_id(&mut pen, end, &instance.name, instance.id.as_str(), Role::Bright);
    put(&mut pen, columns.kind, area.x, instance.kind.as_deref().unwrap_or(""), Cut::End, Role::Dim);
    let role = power_role(instance.power.state);
    put(&mut pen, Some(first_part(columns.findings)), area.x, &instance.power.word, Cut::End, role);
    let counted = nics.iter().filter_map(|&slot| part.nic_at(slot)).map(counted);
    let summary = told(words, counted.fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1)));
    put(&mut pen, second_part(columns.findings), area.x, &summary, Cut::End, Role::Dim);
    put(&mut pen, columns.profile, area.x, info.id.as_str(), Cut::End, Role::Dim);
    put(&mut pen, columns.region, area.x, instance.region.as_str(), Cut::End, Role::Dim);
}

/// The column of STATE · FINDINGS, for rows that have a state: the state, and what else is to be said.
fn first_part(slot: Slot) -> Slot {
    Slot { width: (STATE - 1).min(slot.width), ..slot }
}

fn second_part(slot: Slot) -> Option<Slot> {
    slot.width.checked_sub(STATE).filter(|&width| width > 0).map(|width| Slot { x: slot.x + STATE, width })
}

fn power_role(state: PowerState) -> Role {
    match state {
        PowerState::Running => Role::Ok,
        PowerState::Stopped => Role::Dim,
        PowerState::Changing => Role::Warn,
        PowerState::Gone | PowerState::Locked | PowerState::Frozen => Role::Blocked,
        PowerState::Other => Role::Unknown,
    }
}

pub fn nic_role(state: NicState) -> Role {
    match state {
        NicState::Free | NicState::Attached => Role::Dim,
        NicState::Attaching | NicState::Detaching | NicState::Changing => Role::Warn,
        NicState::Failed => Role::Blocked,
        NicState::Other => Role::Unknown,
    }
}

pub fn power(instance: &Instance) -> (&str, Role) {
    (&instance.power.word, power_role(instance.power.state))
}

#[allow(clippy::too_many_arguments, reason = "as above")]
fn nic(
    canvas: &mut Canvas,
    state: &State,
    area: Area,
    line: u16,
    row: RowRef,
    columns: &Columns,
    info: &ProfileInfo,
    part: &ProfileInventory,
    nic: &Nic,
    slot: u32,
    depth: u8,
) {
    let words = canvas.words;
    let detach = Target::Nic(NicKey { profile: info.id.clone(), nic: nic.id.clone() });
    let marked = state.marks.contains(&detach);
    let fold = fold_glyph(canvas, state, row, nic.addresses.is_empty());
    let mark = canvas.skin.glyphs.mark;
    let end = area.x + columns.address.x + columns.address.width;
    let mut pen = tree(canvas, area, line, depth);
    pen.put(fold, Role::Dim).gap(1);
    let role = if marked { Role::Bright } else { Role::Text };
    name_and_id(&mut pen, end, "", nic.id.as_str(), role);
    let rest = end.saturating_sub(pen.x + 2);
    if rest >= 6 && !nic.name.is_empty() {
        pen.gap(2).put_within(&nic.name, rest, Cut::End, Role::Dim);
    }
    put(&mut pen, columns.kind, area.x, words::nic_kind(words, &info.cloud, &nic.role), Cut::End, Role::Dim);
    let role = nic_role(nic.status.state);
    put(&mut pen, Some(first_part(columns.findings)), area.x, &nic.status.word, Cut::End, role);
    if let Some(second) = second_part(columns.findings) {
        let whole = state.in_batch(&detach).filter(|row| row.target == detach);
        if let Some((text, role)) = whole.and_then(|_| in_batch(words, state, &detach)) {
            put(&mut pen, Some(second), area.x, &text, Cut::End, role);
        } else if marked {
            let judged = state.verdicts.detach(row.profile(), slot);
            put(&mut pen, Some(second), area.x, &marked_nic(words, mark), Cut::End, Role::Mark);
            if judged.level != Level::Ok {
                let text = format!(" {}", words::level_glyph(judged.level));
                pen.put(&text, words::level_role(judged.level));
            }
        } else {
            put(&mut pen, Some(second), area.x, &usage(words, part, nic), Cut::End, Role::Dim);
        }
    }
    let public = nic.public_ips.first().map_or("", |ip| ip);
    put(&mut pen, columns.eip, area.x, public, Cut::End, Role::Dim);
    if depth == 0 {
        put(&mut pen, columns.profile, area.x, info.id.as_str(), Cut::End, Role::Dim);
        put(&mut pen, columns.region, area.x, nic.region.as_str(), Cut::End, Role::Dim);
    }
}

/// Addresses on the NIC: those that plans and limits count, and IPv6.
pub fn counted(nic: &Nic) -> (usize, usize) {
    let v6 = nic.addresses.iter().filter(|address| address.role == AddressRole::Ipv6).count();
    (nic.addresses.len() - v6, v6)
}

fn told(words: &super::catalog::Catalog, (count, v6): (usize, usize)) -> Cow<'_, str> {
    let (count, v6_text) = (count.to_string(), v6.to_string());
    match v6 {
        0 => words.text("row.addresses", &[("count", &count)]),
        _ => words.text("row.addresses-v6", &[("count", &count), ("v6", &v6_text)]),
    }
}

/// Addresses on the NIC, in words.
pub fn addresses<'a>(words: &'a super::catalog::Catalog, nic: &Nic) -> Cow<'a, str> {
    told(words, counted(nic))
}

/// Addresses on the NIC, and how many its instance's type allows where that is known.
pub fn usage<'a>(words: &'a super::catalog::Catalog, part: &ProfileInventory, nic: &Nic) -> Cow<'a, str> {
    let kind = nic.instance.as_ref().and_then(|id| part.instance(id)).and_then(|instance| instance.kind.as_deref());
    let Some(most) = kind.and_then(|kind| part.limit(kind)).and_then(|limit| limit.addresses_per_nic) else {
        return addresses(words, nic);
    };
    let (count, v6) = counted(nic);
    let values = [("count", &*count.to_string()), ("most", &*most.to_string()), ("v6", &*v6.to_string())];
    match v6 {
        0 => words.text("row.addresses-of", &values[..2]),
        _ => words.text("row.addresses-of-v6", &values),
    }
}

#[allow(clippy::too_many_arguments, reason = "as above")]
fn address(
    canvas: &mut Canvas,
    state: &State,
    area: Area,
    line: u16,
    columns: &Columns,
    info: &ProfileInfo,
    part: &ProfileInventory,
    nic: &Nic,
    address: Address,
    (judged, detach): (Judged, Judged),
    depth: u8,
) {
    let words = canvas.words;
    let glyphs = canvas.skin.glyphs;
    let key = AddressKey { nic: NicKey { profile: info.id.clone(), nic: nic.id.clone() }, ip: address.ip };
    let target = Target::Address(key);
    let marked = state.marks.contains(&target);
    let whole = state.marks.contains(&Target::Nic(target.nic().clone()));
    let tree_layout = state.lists_tree();
    let mut pen = tree(canvas, area, line, if tree_layout { depth } else { 0 });
    let after = pen.x + glyphs.mark_cells + 1;
    match (marked, judged.level) {
        (true, _) => pen.put(glyphs.mark, Role::Mark),
        // What can not go has no place for a mark.
        (false, Level::Blocked) => &mut pen,
        (false, _) => pen.put(glyphs.unmarked, Role::Dim),
    };
    pen.to(after).address(&address.ip.to_string(), if marked { Role::Bright } else { Role::Text });
    let kind = words::address_kind(words, &info.cloud, address.role);
    match columns.kind {
        // A long address reaches into the column: what it leaves may do.
        Some(slot) if pen.x >= area.x + slot.x => {
            if usize::from((area.x + slot.x + slot.width).saturating_sub(pen.x)) > text::cells(kind) {
                pen.gap(1).put(kind, Role::Dim);
            }
        }
        slot => put(&mut pen, slot, area.x, kind, Cut::End, Role::Dim),
    }
    put(&mut pen, columns.state, area.x, &nic.status.word, Cut::End, nic_role(nic.status.state));
    if let Some((text, role)) = in_batch(words, state, &target) {
        // What is done to it now comes before what could be.
        let (from, width) = findings_room(&pen, area.x, columns.findings);
        pen.to(from).put_within(&text, width, Cut::End, role);
    } else if whole && !tree_layout {
        // It goes with its NIC, which no row of the table is.
        let (from, width) = findings_room(&pen, area.x, columns.findings);
        pen.to(from).put_within(&marked_nic(words, glyphs.mark), width, Cut::End, Role::Mark);
        if detach.level != Level::Ok {
            pen.gap(1).put(words::level_glyph(detach.level), words::level_role(detach.level));
        }
    } else if state.writable(&info.id) {
        verdict(&mut pen, area.x, columns.findings, judged, (words.word("level.ok"), Role::Ok));
    } else {
        verdict(&mut pen, area.x, columns.findings, judged, (words.word("level.ok-read-only"), Role::Dim));
    }
    let mut eips = part.eips_of(nic).filter(|eip| eip.is_on(nic, address.ip) == Some(true));
    if let Some(eip) = eips.next() {
        let text = match eip.ips.as_slice() {
            [] => Cow::Borrowed(eip.id.as_str()),
            [ip] => Cow::Owned(ip.to_string()),
            [ip, more @ ..] => Cow::Owned(format!("{ip} +{}", more.len())),
        };
        put(&mut pen, columns.eip, area.x, &text, Cut::Middle, Role::Info);
    }
    if columns.lb.is_some() {
        let mut backends = part.backends_of(nic).filter(|backend| backend.ip_on(nic) == Some(address.ip));
        if let Some(first) = backends.next() {
            let more = backends.count();
            let name = balancer(first);
            let text = if more == 0 { Cow::Borrowed(name) } else { Cow::Owned(format!("{name} +{more}")) };
            put(&mut pen, columns.lb, area.x, &text, Cut::Middle, Role::Text);
        }
    }
    if tree_layout {
        return;
    }
    put(&mut pen, columns.nic, area.x, nic.id.as_str(), Cut::Middle, if whole { Role::Mark } else { Role::Dim });
    let instance = nic.instance.as_ref();
    let named = instance.and_then(|id| part.instance(id)).map(|it| &*it.name).filter(|name| !name.is_empty());
    match (named, instance) {
        (Some(name), _) => put(&mut pen, columns.instance, area.x, name, Cut::End, Role::Text),
        (None, Some(id)) => put(&mut pen, columns.instance, area.x, id.as_str(), Cut::Middle, Role::Dim),
        (None, None) => {}
    }
    put(&mut pen, columns.profile, area.x, info.id.as_str(), Cut::End, Role::Dim);
    put(&mut pen, columns.region, area.x, nic.region.as_str(), Cut::End, Role::Dim);
}

/// What a load balancer is called: its name, or its id.
pub fn balancer(backend: &Backend) -> &str {
    if backend.name.is_empty() { backend.load_balancer.as_str() } else { &backend.name }
}

/// That the NIC is marked to be detached, as rows say it.
fn marked_nic(words: &super::catalog::Catalog, mark: &str) -> String {
    format!("{mark} {}", words.word("noun.detach"))
}

/// Where that column begins in a row, and its cells.
fn findings_room(pen: &Pen, left: u16, slot: Slot) -> (u16, u16) {
    let own = left + slot.x;
    let (from, end) = if pen.x >= own { (pen.x + 1, pen.end) } else { (own, own + slot.width) };
    (from, end.saturating_sub(from))
}

/// That nothing is written for a profile, and why.
pub fn read_only<'a>(words: &'a super::catalog::Catalog, state: &State, profile: &ProfileId) -> Option<Cow<'a, str>> {
    match () {
        () if state.readonly => Some(Cow::Borrowed(words.word("focus.session-read-only"))),
        () if state.writable(profile) => None,
        () => Some(words.text("focus.profile-read-only", &[("profile", profile.as_str())])),
    }
}

/// Where a target stands in the batch that is running, with its sign.
pub fn in_batch(words: &super::catalog::Catalog, state: &State, target: &Target) -> Option<(String, Role)> {
    let row = state.in_batch(target)?;
    let (glyph, word, role) = words::progress(words, row.act, &row.progress);
    Some((format!("{glyph} {}", words.text("level.in-batch", &[("word", word)])), role))
}

/// The worst finding, and how many more there are. This column is never dropped: behind an address that is longer than its
/// column it stands as near as it can.
fn verdict(pen: &mut Pen, left: u16, slot: Slot, judged: Judged, (ok, ok_role): (&str, Role)) {
    let (from, width) = findings_room(pen, left, slot);
    let end = from + width;
    pen.to(from);
    if judged.level == Level::Ok {
        pen.put_within(ok, width, Cut::End, ok_role);
        return;
    }
    let role = words::level_role(judged.level);
    let id = judged.worst.map_or("", FindingId::as_str);
    pen.put_within(words::level_glyph(judged.level), width, Cut::End, role).gap(1);
    let width = end.saturating_sub(pen.x);
    pen.put_within(id, width, Cut::End, role);
}

/// A profile that has a problem, or one of its listings that failed.
fn problem(canvas: &mut Canvas, state: &State, area: Area, line: u16, row: RowRef) {
    let words = canvas.words;
    let (Some(Detail::Problem { profile, failed }), RowRef::Problem { nth, .. }) = (detail::of(state, row), row) else {
        return;
    };
    let fold = fold_glyph(canvas, state, row, !rows::is_foldable(state, row));
    let mut pen = tree(canvas, area, line, u8::from(nth > 0));
    if nth == 0 {
        pen.put(fold, Role::Dim).gap(1).put("x", Role::Blocked).gap(1);
        pen.put_within(profile.id.as_str(), 20, Cut::End, Role::Bright).gap(2);
    } else {
        pen.put("x", Role::Blocked).gap(1);
    }
    let Some((section, fault, _)) = failed.first() else {
        let text = profile.problem.as_ref().map(|problem| words.phrase(problem)).unwrap_or_default();
        pen.put(&text, Role::Blocked);
        return;
    };
    let what = words::fault_what(words, Some(&profile.cloud), fault);
    // Listings of one profile mostly fail for one reason: it is said once.
    let alike = failed.iter().all(|(_, other, _)| (other.kind, &other.code) == (fault.kind, &fault.code));
    match failed.len() {
        1 => pen.put(&words::section(words, section), Role::Text),
        many => pen.put(&words.text("row.failed", &[("count", &many.to_string())]), Role::Text),
    };
    pen.put(words.word("row.because"), Role::Text);
    if !alike {
        pen.put(words.word("row.several-causes"), Role::Blocked);
        return;
    }
    pen.put(&what, Role::Blocked).gap(2);
    if let Some(code) = &fault.code {
        pen.put_within(code, 40, Cut::End, Role::Text).gap(2);
    }
    if let Some(id) = fault.request_id.as_deref().filter(|_| failed.len() == 1 && pen.room() >= 12) {
        pen.put(words.word("row.request"), Role::Dim).gap(1).put_within(id, 36, Cut::Middle, Role::Dim);
    }
}

/// Nothing was listed because it failed everywhere: why, and what to do about it.
fn all_failed<'a>(canvas: &Canvas<'a>, state: &State) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let words = canvas.words;
    let failing = |place: &usize| rows::has_problem(state, *place);
    if crate::app::browse::oldest(state).is_some() || !(0..state.profiles.len()).all(|place| failing(&place)) {
        return None;
    }
    let mut causes = Vec::new();
    for (place, info) in state.profiles.iter().enumerate() {
        if let Some(problem) = &info.problem {
            causes.push((words.phrase(problem), words.word("problem.profile-next").to_owned()));
        }
        causes.extend(detail::failed_sections(state, place).into_iter().map(|(_, fault, _)| {
            let cloud = Some(&info.cloud);
            let (what, next) = (words::fault_what(words, cloud, fault), words::fault_next(words, cloud, fault, false));
            (what.into_owned(), next.into_owned())
        }));
    }
    causes.dedup();
    match causes.as_slice() {
        [(cause, next)] => {
            let names: Vec<&str> = state.profiles.iter().map(|info| info.id.as_str()).collect();
            let values = [("profiles", names.join(words.word("list.comma"))), ("cause", cause.clone())];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            Some((Cow::Owned(words.text("empty.failed", &values).into_owned()), Cow::Owned(next.clone())))
        }
        _ => {
            let has_rows = state.browse.layout == Layout::Tree;
            let next = if has_rows { "empty.failed-several-rows" } else { "empty.failed-several-next" };
            Some((words.text("empty.failed-several", &[]), words.text(next, &[])))
        }
    }
}

/// Nothing to show: which of none exist, none match, not loaded yet it is, and the next key.
fn empty(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    let key = |command| super::footer::key_of(state, command);
    let loading = state.jobs.listings().next().is_some();
    let total = state.inventory.address_count();
    let in_part = state.has_tree_pane() && state.browse.tree.node() != rows::Node::All;
    let (first, second) = if in_part {
        let (name, all) = (tree_pane::name(canvas, state), key(crate::app::command::Command::Close));
        (words.text("empty.part", &[("name", name)]), words.text("empty.part-next", &[("key", &all)]))
    } else if state.browse.is_filtered() && (total > 0 || !loading) {
        let values = [("total", total.to_string()), ("key", key(crate::app::command::Command::ClearFilter))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut first = match state.browse.filter.terms() {
            [term] => {
                let values = [("total", total.to_string()), ("term", term.text().to_owned())];
                let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                words.text("empty.no-match-term", &values).into_owned().into()
            }
            _ => words.text("empty.no-match", &values),
        };
        // A part that begins or ends inside of an octet.
        let dotted = |term: &crate::filter::Term| {
            let text = term.text();
            text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || c == '.')
        };
        if state.browse.filter.terms().iter().any(dotted) {
            first.to_mut().push_str(words.word("empty.no-match-octets"));
        }
        if let Some(blame) = &state.browse.blame {
            let values = [("term", blame.term.as_str()), ("count", &blame.without.to_string())];
            first.to_mut().push_str(&words.text("empty.no-match-blame", &values));
        }
        // While the line is open, keys are text.
        let next = if state.browse.editing { "empty.no-match-typing" } else { "empty.no-match-next" };
        (first, words.text(next, &values))
    } else if loading {
        let profiles: Vec<&str> = state.jobs.listings().map(|(profile, _)| profile.as_str()).collect();
        let mut profiles = profiles;
        profiles.sort_unstable();
        let (names, esc) = (profiles.join(words.word("list.comma")), key(crate::app::command::Command::Close));
        let values = [("profiles", names.as_str()), ("key", esc.as_str())];
        (words.text("empty.loading", &values), words.text("empty.loading-next", &values))
    } else if let Some(told) = all_failed(canvas, state) {
        told
    } else if crate::app::browse::oldest(state).is_none() {
        let refresh = key(crate::app::command::Command::RefreshAll);
        let values = [("key", refresh.as_str())];
        (words.text("empty.not-listed", &[]), words.text("empty.not-listed-next", &values))
    } else {
        let (profiles, refresh) = (state.profiles.len().to_string(), key(crate::app::command::Command::RefreshAll));
        let values = [("count", profiles.as_str()), ("key", refresh.as_str())];
        (words.text("empty.none", &values), words.text("empty.none-next", &values))
    };
    let top = u16::from(area.height > 6);
    let mut row = top;
    for (text, role) in [(first, Role::Text), (second, Role::Dim)] {
        for line in text::wrap(&text, usize::from(area.width.saturating_sub(6))) {
            canvas.pen_at(area, row, 3).put(&line, role);
            row += 1;
        }
    }
}
