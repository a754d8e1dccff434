//! What the plan does as a whole: what is sent, what else happens, its belts, and how fresh its facts are.

use crate::{
    app::{
        geometry::{Area, PLAN_SUMMARY},
        plan_view::{Freshness, PlanView, Source},
        state::State,
    },
    domain::{
        finding::{Finding, FindingId},
        ids::ProfileId,
        plan::{Act, Decision, PlanRow, ReleasePlan},
    },
};

use super::super::{
    canvas::Canvas,
    text::{self, Cut},
    theme::Role,
    words,
};

/// Counts of what is sent, for one profile.
#[derive(Clone, Copy, Default)]
pub struct Sent {
    pub addresses: usize,
    pub nics: usize,
    /// EIPs on what is released or detached.
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

    /// What a row stands for, each.
    pub fn targets(&self) -> usize {
        self.addresses + self.nics + self.assigned + self.attached + self.bound
    }

    /// Is anything put back?
    pub fn is_back(&self) -> bool {
        self.assigned + self.attached + self.bound > 0
    }
}

/// What is sent to each profile, in the order of the plan.
pub fn sent(view: &PlanView) -> Vec<(&ProfileId, Sent)> {
    let mut by: Vec<(&ProfileId, Sent)> = Vec::new();
    for row in view.plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_))) {
        let profile = &row.target.nic().profile;
        let at = by.iter().position(|(known, _)| *known == profile).unwrap_or_else(|| {
            let eips = view.effects.eips_of.get(profile).copied().unwrap_or_default();
            by.push((profile, Sent { eips, ..Sent::default() }));
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
    }
    by
}

/// What happens besides the release itself, and what an undo does not bring back: in whole sentences, or in a few words.
pub fn effects(canvas: &Canvas, view: &PlanView, short: bool) -> Vec<(String, Role)> {
    let words = canvas.words;
    if view.plan.operations().is_empty() {
        return vec![(words.word("effect.nothing").to_owned(), Role::Text)];
    }
    let mut out = besides(canvas, view, short);
    for (count, key) in not_back(view) {
        if count > 0 {
            out.push((words.text(key, &[("count", &count.to_string())]).into_owned(), Role::Warn));
        }
    }
    if out.is_empty() {
        out.push((words.word("effect.none").to_owned(), Role::Text));
    }
    out
}

/// What was found of a row of an undo that goes, and does not come back with it.
pub fn loose(row: &PlanRow) -> impl Iterator<Item = &Finding> {
    row.findings.iter().filter(|one| matches!(one.id, FindingId::LbNotRestored | FindingId::EipNotRestored))
}

/// How much of each kind an undo does not bring back, with the key of its words.
fn not_back(view: &PlanView) -> [(usize, &'static str); 3] {
    if view.source != Source::Undo {
        return [(0, ""); 3];
    }
    let going = || view.plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_)));
    // A finding of these counts what it names.
    let of = |finding: &Finding| {
        let count = finding.values.iter().find(|(name, _)| *name == "count").and_then(|(_, value)| value.parse().ok());
        count.unwrap_or(1)
    };
    let count = |id| -> usize { going().flat_map(loose).filter(|one| one.id == id).map(of).sum() };
    [
        (view.plan.blocked(), "effect.not-back"),
        (count(FindingId::LbNotRestored), "effect.lb-not-back"),
        (count(FindingId::EipNotRestored), "effect.eip-not-back"),
    ]
}

/// What happens besides: nothing, where nothing does.
pub fn besides(canvas: &Canvas, view: &PlanView, short: bool) -> Vec<(String, Role)> {
    let words = canvas.words;
    let effects = &view.effects;
    let mut out = Vec::new();
    let (all, lost, shared) = (effects.eips, effects.eips_lost, effects.eips_shared);
    if short && all > lost && lost > 0 {
        let values = [("count", all.to_string()), ("lost", lost.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        out.push((words.text("effect.eips-some-lost-short", &values).into_owned(), Role::Warn));
    } else if short && all > 0 {
        let key = if lost > 0 { "effect.eips-lost-short" } else { "effect.eips-short" };
        out.push((words.text(key, &[("count", &all.to_string())]).into_owned(), Role::Warn));
    }
    // Together they are all that the profiles' lines count.
    let eips = [
        (all.saturating_sub(lost + shared), "effect.eips"),
        (shared, "effect.eips-shared"),
        (lost, "effect.eips-lost"),
    ];
    for (count, key) in eips.into_iter().filter(|(count, _)| *count > 0 && !short) {
        out.push((words.text(key, &[("count", &count.to_string())]).into_owned(), Role::Warn));
    }
    for (count, long, brief) in [
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
    out
}

pub(super) fn draw(canvas: &mut Canvas, state: &State, view: &PlanView, area: Area) {
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
        (true, blocked) if blocked == view.plan.rows().len() => words.word("plan.no-calls").into(),
        (true, _) => words.word("plan.no-calls-rest").into(),
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
    let mut belts = belts(canvas, &view.plan);
    let mut pen = canvas.pen_at(area, 2, 2);
    pen.column(words.word("label.belts"), label, Cut::End, Role::Dim);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    let comma = words.word("list.comma");
    let wide = |all: &[(String, Role)]| {
        all.iter().map(|(belt, _)| text::cells(belt)).sum::<usize>() + text::cells(comma) * all.len().saturating_sub(1)
    };
    // That nothing is protected has to be told only where there is room.
    if view.plan.load().protected == 0 && wide(&belts) > usize::from(pen.room()) {
        belts.pop();
    }
    let more = words.text("plan.effects-more", &[("count", &belts.len().saturating_sub(1).to_string())]);
    let whole = wide(&belts) <= usize::from(pen.room());
    if let Some((first, _)) = belts.first_mut().filter(|_| !whole)
        && text::cells(first) + text::cells(comma) + text::cells(&more) > usize::from(pen.room())
    {
        let load = view.plan.load();
        let values = [("count", load.addresses.to_string()), ("most", load.belts.per_plan.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        *first = words.text("plan.belt-short", &values).into_owned();
    }
    for (nth, (belt, role)) in belts.iter().enumerate() {
        let gap = if nth == 0 { "" } else { comma };
        let more = words.text("plan.effects-more", &[("count", &(belts.len() - nth).to_string())]);
        let rest = belts.get(nth..).unwrap_or_default();
        let room = usize::from(pen.room()).saturating_sub(text::cells(gap));
        if wide(rest) > room && text::cells(belt) + text::cells(comma) + text::cells(&more) > room {
            // One of those that have no room may be the one that is broken.
            let role = if rest.iter().any(|(_, role)| *role == Role::Blocked) { Role::Blocked } else { *role };
            pen.put(gap, Role::Text).put(&more, role);
            break;
        }
        pen.put(gap, Role::Text).put(belt, *role);
    }
    canvas.pen_at(area, 3, 2).column(words.word("label.calls"), label, Cut::End, Role::Dim).put(&calls, Role::Text);
    let (data, role) = freshness(canvas, state, view);
    canvas.pen_at(area, 4, 2).column(words.word("label.data"), label, Cut::End, Role::Dim).put(&data, role);
}

/// How much of what one plan may do it does, and how many rows the config protects.
pub(super) fn belts(canvas: &Canvas, plan: &ReleasePlan) -> Vec<(String, Role)> {
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
    let role = |over: bool| if over { Role::Blocked } else { Role::Text };
    let text = words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned();
    let mut said = vec![(text, role(load.addresses > load.belts.per_plan))];
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
        let text = words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned();
        said.push((text, role(share.is_over())));
    }
    said.push((words.text("plan.protected", &[("count", &load.protected.to_string())]).into_owned(), Role::Text));
    said
}

fn freshness(canvas: &Canvas, state: &State, view: &PlanView) -> (String, Role) {
    let words = canvas.words;
    match view.freshness {
        Freshness::Reading { done, total, .. } => {
            let values = [("done", done.to_string()), ("total", total.to_string())];
            let text = words.text("plan.reading", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            (text.into_owned(), Role::Info)
        }
        Freshness::Read { at: None } if view.unread.is_empty() => {
            (words.word("plan.read-nothing").to_owned(), Role::Unknown)
        }
        Freshness::Read { at: None } => {
            let count = view.unread.len().to_string();
            (words.text("plan.read-none", &[("count", &count)]).into_owned(), Role::Unknown)
        }
        Freshness::Read { at: Some(at) } if view.unread.is_empty() && !view.partly.is_empty() => {
            let age = words::age(words, state.now, at);
            let count = view.partly.len().to_string();
            (words.text("plan.read-around", &[("age", &age), ("count", &count)]).into_owned(), Role::Unknown)
        }
        Freshness::Read { at: Some(at) } if view.unread.is_empty() => {
            let age = words::age(words, state.now, at);
            (words.text("plan.read", &[("age", &age)]).into_owned(), Role::Text)
        }
        Freshness::Read { at: Some(at) } => {
            let age = words::age(words, state.now, at);
            let count = view.unread.len().to_string();
            (words.text("plan.read-partly", &[("age", &age), ("count", &count)]).into_owned(), Role::Unknown)
        }
    }
}
