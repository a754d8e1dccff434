//! The plan: every target with what changes and what was found, and under them what the plan does as a whole.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    app::{
        geometry::{Area, PLAN_SUMMARY, PlanAreas, Regions},
        plan_view::{Freshness, PlanView},
        state::State,
    },
    domain::{
        address::AddressRole,
        clean::clean,
        finding::{Finding, FindingId, Severity},
        ids::{AddressKey, NicKey, ProfileId},
        plan::{Act, Decision, Operation, OperationKind, PlanRow, ReleasePlan},
        selection::Target,
    },
};

use super::{
    canvas::Canvas,
    columns::{self, Slot, need},
    detail as pane,
    doc::Doc,
    findings,
    text::{self, Cut},
    theme::Role,
    words,
};

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
    summary(canvas, state, view, areas.summary);
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
    let of_each = |id: FindingId| matches!(id, FindingId::OsConfig | FindingId::HotPlugUnknown);
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
    let words = canvas.words;
    match row.decision {
        Decision::Blocked => (words.word("plan.decision-blocked").to_owned(), Role::Alarm),
        Decision::Already => (words.word("plan.decision-already").to_owned(), Role::Dim),
        Decision::Go(_) if row.overridden.is_some() => {
            (words.word("plan.decision-overridden").to_owned(), Role::Unknown)
        }
        Decision::Go(_) if row.act == Act::Detach => (words.word("noun.detach").to_uppercase(), Role::Mark),
        Decision::Go(_) => (words.word(words::act(row.act)).to_owned(), Role::Text),
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

/// Counts of what is sent, for one profile.
#[derive(Clone, Copy, Default)]
pub struct Sent {
    pub addresses: usize,
    pub nics: usize,
    /// EIPs that a release unbinds.
    pub eips: usize,
    /// Put back.
    pub assigned: usize,
    pub attached: usize,
    pub bound: usize,
}

impl Sent {
    /// All together.
    pub fn sum<'a>(all: impl Iterator<Item = &'a Sent>) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            addresses: sum.addresses + one.addresses,
            nics: sum.nics + one.nics,
            eips: sum.eips + one.eips,
            assigned: sum.assigned + one.assigned,
            attached: sum.attached + one.attached,
            bound: sum.bound + one.bound,
        })
    }

    /// Is anything put back?
    pub fn is_back(&self) -> bool {
        self.assigned + self.attached + self.bound > 0
    }
}

/// What is sent to each profile, in the order of the plan.
pub fn sent(view: &PlanView) -> Vec<(&ProfileId, Sent)> {
    let mut by: Vec<(&ProfileId, Sent)> = Vec::new();
    // An EIP on two NICs is one EIP.
    let mut eips: BTreeSet<(&ProfileId, &str)> = BTreeSet::new();
    for row in view.plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_))) {
        let profile = &row.target.nic().profile;
        let at = by.iter().position(|(known, _)| *known == profile).unwrap_or_else(|| {
            by.push((profile, Sent::default()));
            by.len() - 1
        });
        let Some((_, sent)) = by.get_mut(at) else { continue };
        match row.act {
            Act::Release => sent.addresses += 1,
            Act::Detach | Act::Delete => sent.nics += 1,
            Act::Assign => sent.assigned += 1,
            Act::Attach => sent.attached += 1,
            Act::BindEip => sent.bound += 1,
        }
        let unbinds = |finding: &&Finding| matches!(finding.id, FindingId::EipAttached | FindingId::EipDestroyed);
        for finding in row.findings.iter().filter(unbinds) {
            let ids = finding.values.iter().find(|(name, _)| *name == "eip_id").map(|(_, ids)| ids.as_str());
            sent.eips += ids.map_or(1, |ids| ids.split(", ").filter(|id| eips.insert((profile, *id))).count());
        }
    }
    by
}

/// What happens besides the release itself: in whole sentences, or in a few words.
pub fn effects(canvas: &Canvas, view: &PlanView, short: bool) -> Vec<(String, Role)> {
    let words = canvas.words;
    let effects = &view.effects;
    let mut out = Vec::new();
    if view.plan.operations().is_empty() {
        return vec![(words.word("effect.nothing").to_owned(), Role::Text)];
    }
    for (count, long, brief) in [
        (effects.eips.saturating_sub(effects.eips_lost), "effect.eips", "effect.eips-short"),
        (effects.eips_lost, "effect.eips-lost", "effect.eips-lost-short"),
        (effects.unanswered, "effect.unanswered", "effect.unanswered-short"),
        (effects.backends, "effect.backends", "effect.backends-short"),
    ] {
        if count > 0 {
            let key = if short { brief } else { long };
            out.push((words.text(key, &[("count", &count.to_string())]).into_owned(), Role::Warn));
        }
    }
    if effects.nics_detached > 0 {
        let (kept, total) = (effects.kept.to_string(), effects.on_detached.to_string());
        let some = words.text("effect.with-some", &[("kept", &kept), ("total", &total)]);
        let with = if effects.kept == effects.on_detached { words.word("effect.with-all") } else { &some };
        let key = if short { "effect.nics-short" } else { "effect.nics" };
        let count = effects.nics_detached.to_string();
        out.push((words.text(key, &[("count", &count), ("with", with)]).into_owned(), Role::Warn));
        let key = if short { "effect.leave-short" } else { "effect.leave" };
        if effects.kept > 0 {
            out.push((words.text(key, &[("count", &kept)]).into_owned(), Role::Warn));
        }
    }
    if effects.overridden > 0 {
        let key = if short { "effect.overridden-short" } else { "effect.overridden" };
        out.push((words.text(key, &[("count", &effects.overridden.to_string())]).into_owned(), Role::Unknown));
    }
    if !effects.owners.is_empty() {
        let who: Vec<&str> = effects.owners.iter().map(String::as_str).collect();
        let key = if short { "effect.owners-short" } else { "effect.owners" };
        out.push((words.text(key, &[("who", &who.join(words.word("list.comma")))]).into_owned(), Role::Warn));
    }
    if out.is_empty() {
        out.push((words.word("effect.none").to_owned(), Role::Text));
    }
    out
}

fn summary(canvas: &mut Canvas, state: &State, view: &PlanView, area: Area) {
    let words = canvas.words;
    if area.height < PLAN_SUMMARY {
        return;
    }
    let label = ["label.effects", "label.belts", "label.calls", "label.data"]
        .iter()
        .map(|key| text::cells(words.word(key)))
        .max();
    let label = u16::try_from(label.unwrap_or(0)).unwrap_or(0) + 2;
    let effects = effects(canvas, view, true);
    let profiles = sent(view).len();
    let count = words::count_of_calls(words, view.plan.calls());
    let calls = words.text("plan.calls-to", &[("calls", &count), ("profiles", &profiles.to_string())]);
    let calls = match (view.plan.operations().is_empty(), view.plan.blocked()) {
        (false, _) => calls,
        (true, 0) => words.word("plan.no-calls-already").into(),
        (true, _) => words.word("plan.no-calls").into(),
    };
    let mut pen = canvas.pen_at(area, 1, 2);
    pen.column(words.word("label.effects"), label, Cut::End, Role::Dim);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    // Each is whole or counted: half a sentence about what else happens is none.
    for (nth, (effect, role)) in effects.iter().enumerate() {
        let gap = if nth == 0 { 0 } else { 3 };
        let more = words.text("plan.effects-more", &[("count", &(effects.len() - nth).to_string())]);
        let rest = if nth + 1 == effects.len() { 0 } else { text::cells(&more) + 3 };
        if text::cells(effect) + gap + rest > usize::from(pen.room()) {
            pen.gap(u16::try_from(gap).unwrap_or(0)).put(&more, *role);
            break;
        }
        pen.gap(u16::try_from(gap).unwrap_or(0)).put(effect, *role);
    }
    let (mut belts, role) = belts(canvas, &view.plan);
    let mut pen = canvas.pen_at(area, 2, 2);
    pen.column(words.word("label.belts"), label, Cut::End, Role::Dim);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    let comma = words.word("list.comma");
    let wide = |all: &[String]| text::cells(&all.join(comma));
    // That nothing is protected has to be told only where there is room.
    if view.plan.load().protected == 0 && wide(&belts) > usize::from(pen.room()) {
        belts.pop();
    }
    let more = words.text("plan.effects-more", &[("count", &belts.len().saturating_sub(1).to_string())]);
    let whole = wide(&belts) <= usize::from(pen.room());
    if let Some(first) = belts.first_mut().filter(|_| !whole)
        && text::cells(first) + text::cells(comma) + text::cells(&more) > usize::from(pen.room())
    {
        let load = view.plan.load();
        let values = [("count", load.addresses.to_string()), ("most", load.belts.per_plan.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        *first = words.text("plan.belt-short", &values).into_owned();
    }
    for (nth, belt) in belts.iter().enumerate() {
        let gap = if nth == 0 { "" } else { comma };
        let more = words.text("plan.effects-more", &[("count", &(belts.len() - nth).to_string())]);
        let rest = belts.get(nth..).unwrap_or_default();
        let room = usize::from(pen.room()).saturating_sub(text::cells(gap));
        if wide(rest) > room && text::cells(belt) + text::cells(comma) + text::cells(&more) > room {
            pen.put(gap, role).put(&more, role);
            break;
        }
        pen.put(gap, role).put(belt, role);
    }
    canvas.pen_at(area, 3, 2).column(words.word("label.calls"), label, Cut::End, Role::Dim).put(&calls, Role::Text);
    let (data, role) = freshness(canvas, state, view);
    canvas.pen_at(area, 4, 2).column(words.word("label.data"), label, Cut::End, Role::Dim).put(&data, role);
}

/// How much of what one plan may do it does, and how many rows the config protects.
fn belts(canvas: &Canvas, plan: &ReleasePlan) -> (Vec<String>, Role) {
    let words = canvas.words;
    let load = plan.load();
    let going = |is: fn(Act) -> bool| {
        plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_)) && is(row.act)).count()
    };
    let nics = going(|act| !matches!(act, Act::Release | Act::Assign | Act::Detach));
    // A NIC takes its addresses along: they are counted, and stand in no row of their own.
    let along = load.addresses.saturating_sub(going(|act| matches!(act, Act::Release | Act::Assign)) + nics);
    let along = if load.is_over() { 0 } else { along };
    let values = [
        ("count", load.addresses.to_string()),
        ("most", load.belts.per_plan.to_string()),
        ("along", along.to_string()),
    ];
    let key = match (along, nics) {
        (0, 0) => "plan.belt",
        (0, _) => "plan.belt-nics",
        _ => "plan.belt-along",
    };
    let mut said = vec![words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned()];
    let over = load.shares.iter().filter(|share| share.is_over()).count();
    // Each that is over its belt, or the one that is nearest to it.
    for share in load.by_fullness().into_iter().take(over.max(1)) {
        let part = share.count * 1000 / share.total.max(1);
        let values = [
            ("part", format!("{}.{}", part / 10, part % 10)),
            ("percent", load.belts.percent.to_string()),
            ("count", share.count.to_string()),
            ("most", share.most.to_string()),
            ("profile", share.profile.to_string()),
        ];
        // A few addresses may always go, however large a part of the profile they are.
        let key = match (share.whole, share.total.saturating_mul(load.belts.percent) / 100 < share.most) {
            (_, true) => "plan.belt-few",
            (true, false) => "plan.belt-share",
            (false, false) => "plan.belt-share-of-part",
        };
        said.push(words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned());
    }
    said.push(words.text("plan.protected", &[("count", &load.protected.to_string())]).into_owned());
    (said, if load.is_over() { Role::Blocked } else { Role::Text })
}

fn freshness(canvas: &Canvas, state: &State, view: &PlanView) -> (String, Role) {
    let words = canvas.words;
    match view.freshness {
        Freshness::Reading { done, total, .. } => {
            let values = [("done", done.to_string()), ("total", total.to_string())];
            let text = words.text("plan.reading", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            (text.into_owned(), Role::Info)
        }
        Freshness::Read { at } if view.unread.is_empty() && !view.partly.is_empty() => {
            let age = words::age(words, state.now, at);
            let count = view.partly.len().to_string();
            (words.text("plan.read-around", &[("age", &age), ("count", &count)]).into_owned(), Role::Unknown)
        }
        Freshness::Read { at } if view.unread.is_empty() => {
            let age = words::age(words, state.now, at);
            (words.text("plan.read", &[("age", &age)]).into_owned(), Role::Text)
        }
        Freshness::Read { at } => {
            let age = words::age(words, state.now, at);
            let count = view.unread.len().to_string();
            (words.text("plan.read-partly", &[("age", &age), ("count", &count)]).into_owned(), Role::Unknown)
        }
    }
}

/// The instance that a NIC is on: its name, as people know it, and its id.
fn instance_of(state: &State, key: &NicKey) -> Option<String> {
    let part = state.inventory.profile(&key.profile)?;
    let id = part.nic(&key.nic)?.instance.as_ref()?;
    match part.instance(id).map(|instance| &*instance.name) {
        None | Some("") => Some(id.to_string()),
        Some(name) => Some(format!("{name}  {id}")),
    }
}

/// Everything about one row of the plan.
pub fn page(canvas: &Canvas, state: &State, view: &PlanView, row: &PlanRow, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, pane::LABEL);
    let verb = row.act;
    let nic = row.target.nic();
    let (decision, role) = decision(canvas, row);
    let name = words::target_name(&row.target);
    doc.line(vec![(name, Role::Bright), ("  ".to_owned(), Role::Text), (decision, role)]);
    doc.text(&format!("{}  {}  {}", nic.profile, row.region, nic.nic), Role::Dim);
    if let Some(instance) = instance_of(state, nic) {
        doc.text(&clean(&instance), Role::Dim);
    }
    if row.hidden {
        doc.text(words.word("plan.hidden-row"), Role::Mark);
    }
    if let Some(reason) = &row.overridden {
        doc.text(&words.text("plan.overridden-row", &[("reason", reason)]), Role::Unknown);
    }
    if let Some((heading, fault)) = view.fault_of(nic) {
        doc.heading(words.word(heading));
        findings::fault(canvas, &mut doc, canvas.cloud(&nic.profile), fault, false);
    }
    doc.heading(words.word("heading.findings"));
    findings::list(
        canvas,
        &mut doc,
        canvas.cloud(&nic.profile),
        state.now,
        &row.findings,
        verb,
        row.overridden.as_deref(),
    );
    let operation = match row.decision {
        Decision::Go(id) => view.plan.operations().get(id.0 as usize),
        Decision::Blocked | Decision::Already => None,
    };
    doc.blank();
    match operation {
        None => {
            if row.target.ip().is_none() {
                let ips: Vec<String> = addresses_on(state, view, row).iter().map(ToString::to_string).collect();
                doc.field(words.word("label.addresses"), &ips.join("  "), Role::Text);
            }
            doc.field(words.word("label.call"), words.word("detail.no-call"), Role::Text);
        }
        Some(operation) => {
            let nic = operation.nic_key();
            let goes = |ip: IpAddr| {
                let target = Target::Address(AddressKey { nic: nic.clone(), ip });
                view.plan.rows().iter().any(|row| row.target == target && matches!(row.decision, Decision::Go(_)))
            };
            before_after(canvas, &mut doc, operation, &goes, true);
            let calls = &operation.calls;
            let values = [
                ("nth", (operation.id.0 + 1).to_string()),
                ("total", view.plan.operations().len().to_string()),
                ("calls", words::count_of_calls(words, (calls.names.len(), calls.more))),
            ];
            let nth = words.text("plan.write-nth", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            doc.field(words.word("label.call"), &words::calls(words, calls), Role::Text);
            doc.field("", &nth, Role::Dim);
            if let OperationKind::Release { ips, .. } | OperationKind::Assign { ips, .. } = &operation.kind {
                doc.field("", &words.text("plan.call-carries", &[("count", &ips.len().to_string())]), Role::Dim);
            }
        }
    }
    doc.heading(words.word("heading.effects"));
    for (effect, role) in effects(canvas, view, false) {
        doc.text(&effect, role);
    }
    let (belts, role) = belts(canvas, &view.plan);
    doc.heading(words.word("label.belts"));
    for belt in belts {
        doc.text(&belt, role);
    }
    doc
}

/// The NIC's addresses before and after, where these go; the primary one has a star. `whole`: what is done to the NIC itself as well.
pub fn before_after(canvas: &Canvas, doc: &mut Doc, operation: &Operation, goes: &dyn Fn(IpAddr) -> bool, whole: bool) {
    let words = canvas.words;
    let list = |after: bool| {
        let all: Vec<String> = operation
            .expect
            .nic
            .addresses
            .iter()
            .filter(|address| !after || !goes(address.ip))
            .map(|address| {
                let star = if address.role == AddressRole::Primary { "*" } else { "" };
                format!("{}{star}", address.ip)
            })
            .collect();
        all.join("  ")
    };
    doc.field(words.word("label.before"), &list(false), Role::Dim);
    match &operation.kind {
        OperationKind::Release { .. } => doc.field(words.word("label.after"), &list(true), Role::Text),
        _ if !whole => {}
        OperationKind::Detach { instance, .. } => {
            let instance = clean(instance.as_str());
            let (before, after) = (list(false), list(true));
            let key = if before == after { "plan.after-detach" } else { "plan.after-detach-some" };
            doc.field(
                words.word("label.after"),
                &words.text(key, &[("ips", &after), ("instance", &instance)]),
                Role::Text,
            );
        }
        OperationKind::Assign { ips, .. } => {
            let new = ips.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
            doc.field(words.word("label.after"), &format!("{}  {new}", list(false)), Role::Text);
        }
        OperationKind::Attach { instance, .. } => {
            let instance = clean(instance.as_str());
            let after = words.text("plan.after-attach", &[("instance", &instance)]);
            doc.field(words.word("label.after"), &after, Role::Text);
        }
        OperationKind::BindEip { eip, ip, .. } => {
            doc.field(words.word("label.after"), &format!("{}  {ip}", clean(eip.as_str())), Role::Text);
        }
        OperationKind::Delete { .. } => {}
    }
    doc.blank();
}
