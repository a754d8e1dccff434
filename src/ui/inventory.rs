//! The inventory: a tree of instances, NICs and addresses, or a table of addresses. Draws the rows in the window only.

mod columns;
mod empty;

use std::borrow::Cow;

use crate::{
    app::{
        detail::{self, Detail},
        geometry::{Area, Regions},
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
    columns::Slot,
    detail as pane,
    text::{self, Cut},
    theme::Role,
    tree_pane, words,
};

use columns::Columns;

pub use columns::{is_in_tree, is_scrolled, part, shown};

/// In the tree, cells of a state before what else is said about an instance or NIC.
const STATE: u16 = 11;

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let columns = Columns::of(state, canvas.skin.glyphs.mark_cells, regions.list.width);
    columns::heading(canvas, state, regions.heading, &columns);
    let height = usize::from(regions.list.height);
    let view = state.browse.view;
    let window = rows::window(state, view.offset, height);
    // Profiles that have a problem stand above; what they do not say is said below them.
    let problems = window.iter().take_while(|row| matches!(row, RowRef::Problem { .. })).count();
    if problems == window.len() && view.offset == 0 {
        let taken = u16::try_from(problems).unwrap_or(u16::MAX).min(regions.list.height);
        let list = regions.list;
        empty::draw(canvas, state, Area { y: list.y + taken, height: list.height - taken, ..list });
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
    let second = second_part(columns.findings);
    let counts = counted.fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1));
    let summary = told(words, counts, second.map_or(0, |slot| slot.width));
    put(&mut pen, second, area.x, &summary, Cut::End, Role::Dim);
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
    let second = second_part(columns.findings);
    let whole = state.in_batch(&detach).filter(|row| row.target == detach);
    let batch = whole.and_then(|_| in_batch(words, state, &detach));
    // What is done to it comes before the state that it was listed in.
    let wide = batch.as_ref().is_some_and(|(text, _)| text::cells(text) > second.map_or(0, |it| usize::from(it.width)));
    if let Some((text, role)) = batch.as_ref().filter(|_| wide) {
        put(&mut pen, Some(columns.findings), area.x, text, Cut::End, *role);
    } else {
        let role = nic_role(nic.status.state);
        put(&mut pen, Some(first_part(columns.findings)), area.x, &nic.status.word, Cut::End, role);
    }
    if let Some(second) = second.filter(|_| !wide) {
        if let Some((text, role)) = batch {
            put(&mut pen, Some(second), area.x, &text, Cut::End, role);
        } else if marked {
            let judged = state.verdicts.detach(row.profile(), slot);
            put(&mut pen, Some(second), area.x, &marked_nic(words, mark), Cut::End, Role::Mark);
            if judged.level != Level::Ok {
                let text = format!(" {}", words::level_glyph(judged.level));
                pen.put(&text, words::level_role(judged.level));
            }
        } else {
            put(&mut pen, Some(second), area.x, &usage(words, part, nic, second.width), Cut::End, Role::Dim);
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

/// In few words where the others have no room.
fn told(words: &super::catalog::Catalog, (count, v6): (usize, usize), room: u16) -> Cow<'_, str> {
    let values = [("count", &*count.to_string()), ("v6", &*v6.to_string())];
    if v6 == 0 {
        return words.text("row.addresses", &values[..1]);
    }
    let whole = words.text("row.addresses-v6", &values);
    if text::cells(&whole) <= usize::from(room) { whole } else { words.text("row.addresses-v6-short", &values) }
}

/// Addresses on the NIC, in words.
pub fn addresses<'a>(words: &'a super::catalog::Catalog, nic: &Nic) -> Cow<'a, str> {
    told(words, counted(nic), u16::MAX)
}

/// Addresses on the NIC, and how many its instance's type allows where that is known.
pub fn usage<'a>(words: &'a super::catalog::Catalog, part: &ProfileInventory, nic: &Nic, room: u16) -> Cow<'a, str> {
    let kind = nic.instance.as_ref().and_then(|id| part.instance(id)).and_then(|instance| instance.kind.as_deref());
    let Some(most) = kind.and_then(|kind| part.limit(kind)).and_then(|limit| limit.addresses_per_nic) else {
        return told(words, counted(nic), room);
    };
    let (count, v6) = counted(nic);
    let values = [("count", &*count.to_string()), ("most", &*most.to_string()), ("v6", &*v6.to_string())];
    if v6 == 0 {
        return words.text("row.addresses-of", &values[..2]);
    }
    let whole = words.text("row.addresses-of-v6", &values);
    if text::cells(&whole) <= usize::from(room) { whole } else { words.text("row.addresses-of-v6-short", &values) }
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
        // It goes with its NIC, whether it could go alone or not.
        (false, _) if whole => pen.put(glyphs.arrow, Role::Mark),
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
