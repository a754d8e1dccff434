//! The plan: every target with what changes and what was found, and under them what the plan does as a whole.

mod page;
mod summary;

use std::net::IpAddr;

use crate::{
    app::{
        geometry::{Area, PlanAreas, Regions},
        plan_view::{self, PlanView},
        state::State,
    },
    domain::{
        finding::{Finding, FindingId, Severity},
        plan::{Act, Decision, PlanRow},
        selection::Target,
    },
};

use super::{
    canvas::Canvas,
    columns::{self, Slot, need},
    detail as pane,
    text::{self, Cut},
    theme::Role,
    words,
};

pub use page::{before_after, page};
pub use summary::{Sent, besides, loose, sent};

#[derive(Clone, Copy)]
struct Columns {
    profile: Option<Slot>,
    nic: Option<Slot>,
    address: Slot,
    change: Option<Slot>,
    findings: Slot,
    decision: Slot,
}

impl Columns {
    /// As wide as what stands in the whole plan, so that nothing moves when it is scrolled.
    fn of(canvas: &Canvas, width: u16, rows: &[PlanRow]) -> Self {
        let widest = |cells: &dyn Fn(&PlanRow) -> usize| rows.iter().map(cells).max().unwrap_or_default();
        // What a row's finding is called is never cut, as long as the address and what is done still have room.
        let id = u16::try_from(widest(&id_cells)).unwrap_or(u16::MAX).min(width.saturating_sub(28)).max(11);
        let needs = [
            need(7, 14, 2).fit(widest(&|row| text::cells(row.target.nic().profile.as_str()))),
            need(12, 26, 1).fit(widest(&|row| text::cells(row.target.nic().nic.as_str()))),
            need(15, if rows.iter().any(|row| row.target.ip().is_none()) { 44 } else { 17 }, 0),
            need(8, 17, 3),
            need(id, 40.max(id), 0).fit(widest(&finding_cells)).first(),
            need(8, 10, 0).fit(widest(&|row| text::cells(&decision(canvas, row).0))).first(),
        ];
        let [profile, nic, address, change, findings, decision] = columns::lay(needs, 2, width.saturating_sub(1));
        let slot = Option::unwrap_or_default;
        Self { profile, nic, address: slot(address), change, findings: slot(findings), decision: slot(decision) }
    }
}

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let Some(view) = &state.plan else { return };
    let areas = PlanAreas::of(regions);
    let columns = Columns::of(canvas, areas.list.width, view.plan.rows());
    heading(canvas, regions.heading, &columns);
    rows(canvas, state, view, &areas, &columns);
    summary::draw(canvas, state, view, areas.summary);
    if areas.detail.width > 0 {
        canvas.upright(areas.detail);
        if let Some(row) = view.plan.rows().get(view.view.cursor) {
            let area = pane::beside(areas.detail);
            page(canvas, state, view, row, area.width).draw(canvas, area, 0, false);
        }
    }
}

/// The first rows, for under the inventory.
pub fn strip(canvas: &mut Canvas, state: &State, view: &PlanView, area: Area) {
    let columns = Columns::of(canvas, area.width, view.plan.rows());
    heading(canvas, Area { height: 1, ..area }, &columns);
    let area = Area { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let rows = view.plan.rows();
    let height = usize::from(area.height);
    let shown = if rows.len() > height { height.saturating_sub(1) } else { rows.len() };
    let mut above = None;
    for (line, row) in (0u16..).zip(rows.iter().take(shown)) {
        let same = above == Some(row.target.nic());
        draw_row(canvas, state, view, area, line, row, same, &columns);
        above = Some(row.target.nic());
    }
    if shown < rows.len() {
        let more = canvas.words.text("strip.more", &[("count", &(rows.len() - shown).to_string())]).into_owned();
        canvas.pen_at(area, area.height - 1, 2).put(&more, Role::Dim);
    }
}

fn heading(canvas: &mut Canvas, area: Area, columns: &Columns) {
    let words = canvas.words;
    let arrow = canvas.skin.glyphs.arrow;
    let whole = words.text("column.before-after", &[("arrow", arrow)]);
    let room = columns.change.map_or(0, |slot| usize::from(slot.width));
    let change = if text::cells(&whole) <= room { &*whole } else { words.word("column.change") };
    let mut put = |slot: Option<Slot>, name: &str| {
        if let Some(slot) = slot {
            canvas.pen_at(area, 0, slot.x).column(name, slot.width, Cut::End, Role::Dim);
        }
    };
    put(columns.profile, words.word("column.profile"));
    put(columns.nic, words.word("column.nic"));
    put(Some(columns.address), words.word("column.address"));
    put(columns.change, change);
    put(Some(columns.findings), words.word("column.findings"));
    put(Some(columns.decision), words.word("column.decision"));
}

fn rows(canvas: &mut Canvas, state: &State, view: &PlanView, areas: &PlanAreas, columns: &Columns) {
    let words = canvas.words;
    let rows = view.plan.rows();
    let height = usize::from(areas.list.height);
    let first = view.view.offset;
    // Rows that the filter hides come last, under a heading of their own. Its line is the blank one above the summary.
    let hidden = rows.iter().position(|row| row.hidden).filter(|&at| rows.iter().skip(at).all(|row| row.hidden));
    let area = Area { height: areas.list.height + u16::from(areas.summary.height > 0), ..areas.list };
    let mut line = 0;
    for (place, row) in rows.iter().enumerate().skip(first).take(height) {
        if Some(place) == hidden && areas.summary.height > 0 {
            let count = (rows.len() - place).to_string();
            canvas.pen_at(area, line, 2).put(&words.text("plan.hidden", &[("count", &count)]), Role::Mark);
            line += 1;
        }
        let above = place.checked_sub(1).filter(|_| place > first && Some(place) != hidden).and_then(|at| rows.get(at));
        let same = above.is_some_and(|above| above.target.nic() == row.target.nic());
        draw_row(canvas, state, view, area, line, row, same, columns);
        if place == view.view.cursor {
            canvas.focus(area, line);
        }
        line += 1;
    }
}

#[allow(clippy::too_many_arguments, reason = "two calls; a struct of the same fields would say nothing more")]
fn draw_row(
    canvas: &mut Canvas,
    state: &State,
    view: &PlanView,
    area: Area,
    line: u16,
    row: &PlanRow,
    same: bool,
    columns: &Columns,
) {
    let words = canvas.words;
    let change = change(canvas, row, columns.change.map_or(0, |slot| slot.width));
    let decided = decision(canvas, row);
    let wide = columns.address.width;
    let whole = match row.target.ip() {
        Some(_) => String::new(),
        None => whole_nic(canvas, &addresses_on(state, view, row), usize::from(wide)),
    };
    let mut pen = canvas.pen(area, line);
    if !same {
        let nic = row.target.nic();
        let prod = state.profile(&nic.profile).is_some_and(|info| info.prod);
        let role = if prod { Role::Text } else { Role::Dim };
        if let Some(slot) = columns.profile {
            pen.to(area.x + slot.x).put_within(nic.profile.as_str(), slot.width, Cut::End, role);
        }
        if let Some(slot) = columns.nic {
            pen.to(area.x + slot.x).put_within(nic.nic.as_str(), slot.width, Cut::Middle, Role::Text);
        }
    }
    pen.to(area.x + columns.address.x);
    match &row.target {
        Target::Address(key) | Target::Eip { address: key, .. } => pen.address(&key.ip.to_string(), Role::Bright),
        Target::Nic(_) => pen.put_within(&whole, wide, Cut::End, Role::Bright),
    };
    if let Some(slot) = columns.change.filter(|slot| pen.x <= area.x + slot.x) {
        pen.to(area.x + slot.x).put_within(&change, slot.width, Cut::End, Role::Dim);
    }
    let end = area.x + columns.findings.x + columns.findings.width;
    let from = (area.x + columns.findings.x).max(pen.x + u16::from(pen.x > area.x + columns.findings.x));
    pen.to(from);
    match shown(row) {
        None => {
            pen.put_within(words.word("level.ok"), end.saturating_sub(from), Cut::End, Role::Ok);
        }
        Some(finding) => {
            let role = words::severity_role(finding.severity);
            let name = format!("{} {}", words::severity_glyph(finding.severity), finding.id.as_str());
            pen.put_within(&name, end.saturating_sub(pen.x), Cut::End, role);
            let more = more(row);
            // What was found, by name, if it fits whole.
            if let Some(value) = found(finding)
                && text::cells(value) + more.len() < usize::from(end.saturating_sub(pen.x))
            {
                pen.gap(1);
                let width = end.saturating_sub(pen.x);
                pen.put_within(value, width, Cut::End, role);
            }
            // How many more there are stands behind what is said about the first.
            if text::cells(&more) <= usize::from(end.saturating_sub(pen.x)) {
                pen.put(&more, role);
            }
        }
    }
    let (decision, role) = decided;
    pen.to(area.x + columns.decision.x).put_within(&decision, columns.decision.width, Cut::End, role);
}

/// The addresses on the NIC of a row.
fn addresses_on(state: &State, view: &PlanView, row: &PlanRow) -> Vec<IpAddr> {
    let nic = row.target.nic();
    let planned = match row.decision {
        Decision::Go(id) => view.plan.operations().get(id.0 as usize).map(|operation| &operation.expect.nic),
        Decision::Blocked | Decision::Already => None,
    };
    let listed = || state.inventory.profile(&nic.profile)?.nic(&nic.nic);
    planned.or_else(listed).map(|nic| nic.addresses.iter().map(|address| address.ip).collect()).unwrap_or_default()
}

/// A whole NIC in so many cells: how many addresses are on it, and as many of them by name as have room.
fn whole_nic(canvas: &Canvas, ips: &[IpAddr], room: usize) -> String {
    let words = canvas.words;
    let count = ips.len().to_string();
    let named = |key: &'static str, named: usize| {
        let list = ips.iter().take(named).map(ToString::to_string).collect::<Vec<_>>().join(words.word("list.comma"));
        let list = if named < ips.len() { format!("{list} +{}", ips.len() - named) } else { list };
        words.text(key, &[("count", &count), ("ips", &list)]).into_owned()
    };
    let fits = |text: &String| text::cells(text) <= room;
    let long = (1..=ips.len()).rev().map(|n| named("plan.whole-nic", n)).find(fits);
    long.or_else(|| (!ips.is_empty()).then(|| named("plan.whole-nic-short", 1)).filter(fits))
        .or_else(|| Some(words.text("plan.whole-nic-count", &[("count", &count)]).into_owned()).filter(fits))
        .unwrap_or_else(|| words.word("noun.whole-nic").to_owned())
}

/// The finding that stands in the row: what is true of each is told beside it.
fn shown(row: &PlanRow) -> Option<&Finding> {
    let of_each =
        |id: FindingId| matches!(id, FindingId::OsConfig | FindingId::HotPlugUnknown | FindingId::DefaultRoute);
    row.findings.iter().find(|finding| finding.severity > Severity::Info || !of_each(finding.id))
}

/// How many more there are.
fn more(row: &PlanRow) -> String {
    let more = row.findings.iter().filter(|other| other.severity > Severity::Info).count().saturating_sub(1);
    if more > 0 { format!("  +{more}") } else { String::new() }
}

fn found(finding: &Finding) -> Option<&str> {
    let named = |wanted: &str| finding.values.iter().find(|(name, _)| *name == wanted);
    ["text", "eip", "lb_name", "who", "state", "ips"].into_iter().find_map(named).map(|(_, value)| &**value)
}

/// Cells that the id of [`shown`] takes, and how many more there are.
fn id_cells(row: &PlanRow) -> usize {
    shown(row).map_or(0, |finding| 2 + finding.id.as_str().len()) + more(row).len()
}

/// Cells that the whole of [`shown`] takes.
fn finding_cells(row: &PlanRow) -> usize {
    let cells =
        |finding: &Finding| 2 + finding.id.as_str().len() + found(finding).map_or(0, |value| 1 + text::cells(value));
    shown(row).map_or(0, cells) + more(row).len()
}

fn decision(canvas: &Canvas, row: &PlanRow) -> (String, Role) {
    let word = canvas.words.word(plan_view::decision(row));
    match row.decision {
        Decision::Blocked => (word.to_owned(), Role::Alarm),
        Decision::Already => (word.to_owned(), Role::Dim),
        Decision::Go(_) if row.overridden.is_some() => (word.to_owned(), Role::Unknown),
        Decision::Go(_) if row.act == Act::Detach => (word.to_uppercase(), Role::Mark),
        Decision::Go(_) => (word.to_owned(), Role::Text),
    }
}

/// `5 → 3`, `attached → free`
fn change(canvas: &Canvas, row: &PlanRow, width: u16) -> String {
    let words = canvas.words;
    let arrow = canvas.skin.glyphs.arrow;
    let fitting = |whole: &'static str, short: &'static str| {
        let whole = words.text(whole, &[("arrow", arrow)]);
        let fits = text::cells(&whole) <= usize::from(width);
        if fits { whole.into_owned() } else { words.text(short, &[("arrow", arrow)]).into_owned() }
    };
    match (row.decision, row.act) {
        (Decision::Go(_), Act::Detach) => fitting("plan.attached-free", "plan.to-free"),
        (Decision::Go(_), Act::Attach) => fitting("plan.free-attached", "plan.to-attached"),
        (_, Act::BindEip) => words::target_name(&row.target),
        (Decision::Blocked | Decision::Already, _) | (_, Act::Delete) => words.word("plan.no-change").to_owned(),
        (Decision::Go(_), Act::Release | Act::Assign) => format!("{} {arrow} {}", row.before, row.after),
    }
}
