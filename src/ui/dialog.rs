//! What lies over a screen in a frame: the confirm dialog, the question before quitting, the copy menu.

use std::{cmp::Reverse, collections::BTreeSet};

use crate::{
    app::{
        browse::Column,
        command::Command,
        confirm::{self, Asked, Confirm, Refused},
        effect::Making,
        export::ExportForm,
        geometry::{Area, Regions},
        overlay::Reason,
        plan_view::{PlanView, Source},
        run::Pace,
        state::State,
        update::copy::{self, Copied},
        viewport::Viewport,
    },
    domain::{
        clean::clean,
        finding::{Finding, Severity},
        ids::ProfileId,
        plan::{Act, Decision, OperationKind, REASON_LEAST},
        selection::Target,
    },
};

use super::{
    canvas::Canvas,
    catalog::{self, Catalog},
    doc::{Doc, Span},
    footer, inventory, line, plan,
    skin::Borders,
    text::{self, Cut},
    theme::Role,
    words,
};

/// One line of a dialog.
enum Part {
    Blank,
    /// Goes away where there is no room.
    Extra(Vec<(String, Role)>),
    Line(Vec<(String, Role)>),
}

/// The width of a dialog that asks for so many cells. A few cells left over at its sides would only show halves of words.
fn width(regions: &Regions, asked: u16) -> u16 {
    let body = regions.body.width;
    if asked + 2 * MARGIN > body { body.max(2) } else { asked }
}

/// Cells at each side of a dialog from which on what is behind it can be read.
const MARGIN: u16 = 8;

/// Cells at each side of a dialog under which only rests of rows could be read: they are cleared.
const BESIDE: u16 = 40;

/// Clears a framed area in the middle of the screen and returns what is inside of it.
fn frame(canvas: &mut Canvas, regions: &Regions, title: &str, right: &str, size: (u16, u16), role: Role) -> Area {
    let bottom = regions.keys.y;
    let width = width(regions, size.0);
    let height = size.1.min(bottom).max(2);
    let x = regions.body.width.saturating_sub(width) / 2;
    // In the lower half of the body, so that the plan's first rows stay in sight; higher where it is tall.
    let low = regions.body.y + regions.body.height.saturating_sub(height) * 2 / 3;
    let y = low.min(bottom.saturating_sub(height));
    let area = Area { x, y, width, height };
    if x > 0 && x < BESIDE {
        canvas.clear(Area { x: 0, width: regions.body.width, ..area }, Role::Text);
    }
    // Lines of one and the same character would grow together with the tree's.
    if canvas.skin.borders == Borders::Ascii {
        canvas.clear(Area { x: x.saturating_sub(1), width: width + 2, ..area }, Role::Text);
    }
    canvas.clear(area, Role::Dialog);
    let glyphs = canvas.skin.glyphs;
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let mut pen = canvas.pen(area, 0);
    pen.put(top_left, role).repeat(glyphs.rule, 1, role).gap(1).put(title, role).gap(1);
    let last = pen.end.saturating_sub(1);
    let right_at = last.saturating_sub(u16::try_from(text::cells(right)).unwrap_or(0) + 3);
    if right.is_empty() || right_at <= pen.x {
        let rest = last.saturating_sub(pen.x);
        pen.repeat(glyphs.rule, rest, role);
    } else {
        let rest = right_at - pen.x;
        pen.repeat(glyphs.rule, rest, role).gap(1).put(right, role).gap(1);
        let rest = last.saturating_sub(pen.x);
        pen.repeat(glyphs.rule, rest, role);
    }
    pen.put(top_right, role);
    for row in 1..height.saturating_sub(1) {
        canvas.pen(area, row).put(glyphs.upright, role);
        canvas.pen_at(area, row, width - 1).put(glyphs.upright, role);
    }
    let mut pen = canvas.pen(area, height - 1);
    pen.put(bottom_left, role).repeat(glyphs.rule, width - 2, role).put(bottom_right, role);
    Area { x: x + 2, y: y + 1, width: width.saturating_sub(4), height: height - 2 }
}

/// Drops blank lines (the outer ones first) and then extras until the rest fits.
fn squeeze(parts: &mut Vec<Part>, height: usize) {
    while parts.len() > height {
        let blank = |part: &Part| matches!(part, Part::Blank);
        let last = parts.len() - 1;
        let at = if blank(&parts[last]) {
            Some(last)
        } else {
            let extra = || parts.iter().rposition(|part| matches!(part, Part::Extra(_)));
            parts.iter().position(blank).or_else(extra)
        };
        match at {
            Some(at) => parts.remove(at),
            None => break,
        };
    }
}

/// What is done, to whom, and what happens besides: scrolls where the window is low. Below it, always in sight: what to press
/// or type, why the last was not taken, and how to leave.
pub fn confirm(canvas: &mut Canvas, state: &State, regions: &Regions, dialog: &Confirm) {
    let words = canvas.words;
    let Some(view) = &state.plan else { return };
    let level = dialog.danger.level.to_string();
    let danger = words.text("confirm.danger", &[("level", &level)]).into_owned();
    let role = if dialog.danger.level > 1 { Role::Warn } else { Role::Accent };
    let title = match line::undone_number(state, &view.plan).filter(|_| view.source == Source::Undo) {
        Some(number) => words.text("confirm.title-undo-number", &[("number", &number.to_string())]),
        None if view.source == Source::Undo => words.word("confirm.title-undo").into(),
        None => words.word("confirm.title").into(),
    };
    if !confirm::fits(state.size) {
        let inner = frame(canvas, regions, &title, &danger, (68, regions.keys.y), role);
        let mut doc = Doc::new(inner.width.saturating_sub(2), 0);
        let (columns, rows) = (confirm::SMALLEST.columns.to_string(), confirm::SMALLEST.rows.to_string());
        let small = words.text("disabled.window-too-small", &[("columns", &columns), ("rows", &rows)]);
        doc.text(&words::capital(&small), Role::Blocked);
        doc.text(words.word("confirm.esc"), Role::Text);
        lines(canvas, inner, 0, doc.lines());
        return;
    }
    let width = width(regions, WIDTH).saturating_sub(6);
    let mut by = plan::sent(view);
    // As the accounts whose names are typed: the first of them stands first.
    by.sort_by_cached_key(|(profile, sent)| {
        let place = state.profiles.iter().position(|info| info.id == **profile);
        let prod = place.and_then(|place| state.profiles.get(place)).is_some_and(|info| info.prod);
        (Reverse((prod, sent.targets())), place)
    });
    let sum = plan::Sent::sum(by.iter().map(|(_, sent)| sent));
    let what = words::capital(&line::what(canvas, &sum));
    let calls = words::count_of_calls(words, view.plan.calls());
    let body = about(canvas, state, view, &by, dialog.danger.level, width);
    let foot = ask(canvas, dialog, width);
    let mut doc = Doc::new(width, 0);
    // The button that Enter presses.
    let typed = dialog.is_typed();
    let chosen = canvas.skin.glyphs.chosen;
    let button = |word: &str, on: bool| {
        let mark = if on { chosen.to_owned() } else { " ".repeat(text::cells(chosen)) };
        (format!(" {mark} {word} "), if on { Role::Button } else { Role::Dim })
    };
    let cancel = button(words.word("confirm.cancel"), !typed);
    let go = words.word(match (sum.addresses, sum.nics) {
        _ if sum.is_back() => "confirm.take-back",
        (0, _) => "confirm.detach",
        (_, 0) => "confirm.release",
        _ => "confirm.both",
    });
    let (go, esc) = (button(go, typed), words.word("confirm.esc"));
    if text::cells(&cancel.0) + text::cells(&go.0) + 3 + text::cells(esc) <= usize::from(width) {
        let esc = format!("   {esc}");
        doc.line(vec![cancel, go, (esc, Role::Dim)]);
    } else {
        doc.line(vec![cancel, go]);
        doc.text(esc, Role::Dim);
    }
    let buttons = doc;

    // Heading, text, question and buttons, with a blank line around each where there is room. What was typed may be refused on
    // a line of its own, which is blank until then: nothing moves under the hands of who types.
    let asks = matches!(dialog.danger.phrase, Asked::Typed(_));
    let kept = usize::from(asks && dialog.refused.is_none());
    let fixed = 1 + foot.len() + kept + buttons.len();
    // Not so tall that nothing of the plan is seen any more, unless all of it is needed.
    let most = usize::from(regions.keys.y.saturating_sub(1).max(2)) - 2;
    let seemly = usize::from((regions.body.height * 3 / 4).max(10)).saturating_sub(2).min(most);
    let choices: &[usize] = if asks { &[4, 2, 1] } else { &[5, 3, 2, 1] };
    let blanks = choices.iter().copied().find(|blanks| fixed + body.len() + blanks <= seemly).unwrap_or(0);
    let height = (fixed + body.len() + blanks).min(most);
    let size = (WIDTH, u16::try_from(height).unwrap_or(u16::MAX).saturating_add(2));
    let inner = frame(canvas, regions, &title, &danger, size, role);
    let (outer, between) = match blanks {
        5 => (1, [1, 1, 1]),
        4 => (1, [1, 1, 0]),
        3 => (0, [1, 1, 1]),
        2 => (0, [1, 1, 0]),
        1 => (0, [0, 1, 0]),
        _ => (0, [0, 0, 0]),
    };
    let mut at = outer;
    let mut heading = vec![(what, Role::Bright)];
    if text::cells(&heading[0].0) + 2 + text::cells(&calls) <= usize::from(width) {
        heading.push((format!("  {calls}"), Role::Dim));
    }
    lines(canvas, inner, at, &[heading]);
    at += 1 + between[0];
    let room = height.saturating_sub(fixed + blanks);
    scrolling(canvas, inner, at, room, body.lines(), dialog.scroll);
    at += room + between[1];
    lines(canvas, inner, at, foot.lines());
    if let Asked::Typed(_) = dialog.danger.phrase {
        // The question's last line is the one that is typed on, unless a refusal stands under it.
        let row = at + foot.len() - 1 - usize::from(dialog.refused.is_some());
        let indent = indent(canvas) + 1;
        let y = inner.y + u16::try_from(row).unwrap_or(u16::MAX);
        if y < inner.y + inner.height {
            let typed = Area { y, height: 1, ..inner };
            line::input(canvas, typed, u16::try_from(indent).unwrap_or(0), &dialog.typed, None);
        }
    }
    at += foot.len() + kept + between[2];
    lines(canvas, inner, at, buttons.lines());
}

/// Cells of a confirm dialog.
const WIDTH: u16 = 68;

/// What is not known about the row, and the line on which the reason is written.
pub fn reason(canvas: &mut Canvas, state: &State, regions: &Regions, reason: &Reason) {
    let words = canvas.words;
    let found = state.plan.as_ref().and_then(|view| view.plan.rows().iter().find(|row| row.target == reason.target));
    let inner_width = width(regions, WIDTH).saturating_sub(6);
    let mut doc = Doc::new(inner_width, 0);
    let act = found.map_or_else(|| Act::of(&reason.target), |row| row.act);
    let untold = found.into_iter().flat_map(|row| &row.findings).filter(|one| one.severity == Severity::Unknown);
    for finding in untold {
        let fact = words.finding(finding, catalog::Part::Fact, act);
        let lead = format!("{} {}  ", words::severity_glyph(finding.severity), finding.id.as_str());
        doc.hang(vec![(lead, Role::Unknown)], 2, &fact.unwrap_or_default(), Role::Text);
    }
    doc.text(words.word("override.journal"), Role::Dim);
    let mut foot = Doc::new(inner_width, 0);
    let least = REASON_LEAST.to_string();
    foot.text(&words.text("override.type", &[("least", &least)]), Role::Dim);
    foot.line(Vec::new());
    if reason.too_short {
        foot.text(&words.text("override.too-short", &[("least", &least)]), Role::Blocked);
    } else {
        foot.line(Vec::new());
    }
    foot.text(words.word("override.keys"), Role::Dim);
    let most = usize::from(regions.keys.y.saturating_sub(1).max(2)).saturating_sub(2);
    let body = doc.len().min(most.saturating_sub(foot.len() + 1));
    let height = (body + 1 + foot.len()).min(most);
    let size = (WIDTH, u16::try_from(height).unwrap_or(u16::MAX).saturating_add(2));
    let name = words::target_name(&reason.target);
    let inner = frame(canvas, regions, words.word("override.title"), &name, size, Role::Unknown);
    if body < doc.len() && body > 0 {
        let more = words.text("doc.below", &[("count", &(doc.len() - body + 1).to_string())]).into_owned();
        lines(canvas, inner, 0, &doc.lines()[..body - 1]);
        lines(canvas, inner, body - 1, &[vec![(more, Role::Dim)]]);
    } else {
        lines(canvas, inner, 0, &doc.lines()[..body]);
    }
    lines(canvas, inner, body + 1, foot.lines());
    // The line to write on is the blank one under the question.
    let blank = foot.lines().iter().position(Vec::is_empty).unwrap_or(0);
    let y = inner.y + u16::try_from(body + 1 + blank).unwrap_or(u16::MAX);
    if y < inner.y + inner.height {
        line::input(canvas, Area { y, height: 1, ..inner }, 1, &reason.typed, None);
    }
}

/// Each profile with what is done to it, and what happens besides.
fn about(
    canvas: &Canvas,
    state: &State,
    view: &PlanView,
    by: &[(&ProfileId, plan::Sent)],
    level: u8,
    width: u16,
) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, 0);
    let is_prod = |profile: &ProfileId| state.profile(profile).is_some_and(|info| info.prod);
    let any_prod = by.iter().any(|(profile, _)| is_prod(profile));
    // Where the account's name has to be typed, it stands beside the profile's.
    let name = |profile: &ProfileId| {
        let alias = state.profile(profile).and_then(|info| info.alias.as_deref()).map(str::trim).unwrap_or_default();
        let same = alias.is_empty() || alias == profile.as_str();
        if same || level < 3 { profile.to_string() } else { format!("{profile} ({alias})") }
    };
    // What can not be taken back stands first: in sight in the smallest window.
    let lost = words.text("effect.eips-lost", &[("count", &view.effects.eips_lost.to_string())]);
    let (grave, mut others): (Vec<_>, Vec<_>) =
        plan::besides(canvas, view, false).into_iter().partition(|(effect, _)| *effect == lost);
    for (effect, role) in &grave {
        doc.text(effect, *role);
    }
    let stays = if view.source == Source::Undo { not_back(words, view) } else { Vec::new() };
    // Where something does not come back, not all is as it was before the batch.
    if grave.is_empty() && others.is_empty() && stays.is_empty() {
        others.push((words.word("effect.none").to_owned(), Role::Text));
    }
    if !stays.is_empty() {
        doc.text(words.word("confirm.not-back"), Role::Warn);
        let more = stays.len().saturating_sub(NOT_BACK);
        for (name, fact) in stays.iter().take(NOT_BACK) {
            let lead = if name.is_empty() { "  ".to_owned() } else { format!("  {name}  ") };
            doc.hang(vec![(lead, Role::Text)], 4, fact, Role::Dim);
        }
        if more > 0 {
            doc.text(&words.text("confirm.not-back-more", &[("count", &more.to_string())]), Role::Dim);
        }
    }
    if doc.len() > 0 {
        doc.blank();
    }
    let wide = by.iter().map(|(profile, _)| text::cells(&name(profile))).max().unwrap_or(0).min(28);
    for (profile, sent) in by {
        let mut said: Vec<String> = Vec::new();
        for (count, key) in [
            (sent.addresses, "confirm.addresses"),
            (sent.nics, "confirm.nics"),
            (sent.eips, "confirm.eips"),
            (sent.attached, "confirm.attached"),
            (sent.assigned, "confirm.assigned"),
            (sent.bound, "confirm.bound"),
        ] {
            if count > 0 {
                said.push(words.text(key, &[("count", &count.to_string())]).into_owned());
            }
        }
        let mut lead = vec![
            (text::pad(&name(profile), wide, Cut::End, canvas.skin.glyphs.cut), Role::Text),
            ("  ".to_owned(), Role::Text),
        ];
        if is_prod(profile) {
            lead.push((" PROD ".to_owned(), Role::Prod));
            lead.push(("  ".to_owned(), Role::Text));
        } else if any_prod {
            lead.push(("        ".to_owned(), Role::Text));
        }
        let indent = lead.iter().map(|(text, _)| text::cells(text)).sum();
        doc.hang(lead, indent, &said.join(words.word("confirm.comma")), Role::Text);
    }
    doc.blank();
    for (effect, role) in others {
        doc.text(&effect, role);
    }
    for (act, key) in [(Act::Detach, "confirm.off"), (Act::Attach, "confirm.on")] {
        if let Some(instances) = instances(state, view, act) {
            doc.text(&words.text(key, &[("instances", &instances)]), Role::Text);
        }
    }
    if let Some(undo) = undo(words, view) {
        doc.text(&undo, Role::Text);
    }
    let rows = view.plan.rows().iter();
    let warned = rows.filter(|row| matches!(row.decision, Decision::Go(_)) && row.worst() >= Some(Severity::Warn));
    let warned = warned.count();
    if warned > 0 {
        doc.text(&words.text("confirm.warned", &[("count", &warned.to_string())]), Role::Warn);
    }
    let blocked = view.plan.blocked();
    // Those of an undo are named above.
    if blocked > 0 && view.source != Source::Undo {
        doc.text(&words.text("confirm.left-out", &[("count", &blocked.to_string())]), Role::Dim);
    }
    doc
}

/// So much of what does not come back is named; the plan's rows name the rest.
const NOT_BACK: usize = 4;

/// What an undo leaves as it is, or does not bring back with what it puts back, and why.
fn not_back(words: &Catalog, view: &PlanView) -> Vec<(String, String)> {
    let mut all = Vec::new();
    // An EIP is known to people by its public address, which nothing else tells once it is gone.
    let public = |eip: &str| view.undo.as_ref().and_then(|undo| undo.public.get(eip));
    for row in view.plan.rows() {
        let fact = |finding: &Finding| words.finding(finding, catalog::Part::Fact, row.act).unwrap_or_default();
        match row.decision {
            Decision::Blocked => {
                let name = words::target_name(&row.target);
                let name = match &row.target {
                    Target::Eip { eip, .. } => public(eip.as_str()).map(|ip| format!("{name} ({ip})")),
                    Target::Address(_) | Target::Nic(_) => None,
                }
                .unwrap_or(name);
                all.push((name, row.findings.first().map(fact).unwrap_or_default()));
            }
            Decision::Go(_) => {
                // They name what they are about.
                all.extend(plan::loose(row).map(|one| {
                    let mut one = one.clone();
                    for (_, ids) in one.values.iter_mut().filter(|(name, _)| *name == "eip_id") {
                        let named = ids.split(", ").map(|id| match public(id) {
                            Some(ip) => format!("{id} ({ip})"),
                            None => id.to_owned(),
                        });
                        *ids = named.collect::<Vec<_>>().join(", ");
                    }
                    (String::new(), fact(&one))
                }));
            }
            Decision::Already => {}
        }
    }
    all
}

/// The instances that lose a NIC, or get one: a few by name, and how many more.
fn instances(state: &State, view: &PlanView, act: Act) -> Option<String> {
    const NAMED: usize = 3;
    let all: BTreeSet<(&str, &str)> = view
        .plan
        .operations()
        .iter()
        .filter_map(|operation| match &operation.kind {
            OperationKind::Detach { instance, .. } | OperationKind::Attach { instance, .. }
                if operation.kind.act() == act =>
            {
                let known = state.inventory.profile(&operation.profile).and_then(|part| part.instance(instance));
                let known = known.or(operation.expect.instance.as_ref().filter(|known| known.id == *instance));
                Some((instance.as_str(), known.map_or("", |instance| &*instance.name)))
            }
            _ => None,
        })
        .collect();
    let named = all.iter().take(NAMED).map(|(id, name)| match *name {
        "" => clean(id).into_owned(),
        name => format!("{} ({})", clean(name), clean(id)),
    });
    let named: Vec<String> = named.collect();
    let more = all.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!(" +{more}"));
    (!named.is_empty()).then(|| named.join(", ") + &more.unwrap_or_default())
}

/// What can be taken back afterwards, and how.
fn undo(words: &Catalog, view: &PlanView) -> Option<String> {
    let effects = &view.effects;
    let ways: Vec<&str> = [
        (effects.addresses, "confirm.undo-release"),
        (effects.nics_detached, "confirm.undo-detach"),
        (effects.eips_lost, "confirm.undo-eip"),
        (effects.assigned, "confirm.undo-assign"),
        (effects.nics_attached, "confirm.undo-attach"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(_, key)| words.word(key))
    .collect();
    let key = if view.source == Source::Undo { "confirm.can-undo" } else { "confirm.undo" };
    (!ways.is_empty()).then(|| words.text(key, &[("ways", &ways.join(words.word("confirm.comma")))]).into_owned())
}

/// Cells before the text that has to be typed: what is typed stands under it.
fn indent(canvas: &Canvas) -> usize {
    text::cells(canvas.words.word("confirm.type")) + 2
}

/// What has to be pressed or typed, the line to type on, and why the last was not taken.
fn ask(canvas: &Canvas, dialog: &Confirm, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, 0);
    match &dialog.danger.phrase {
        Asked::Key(key) => {
            let lead = words.text("confirm.press", &[("key", "\u{1}")]).into_owned();
            let (before, after) = lead.split_once('\u{1}').unwrap_or((&lead, ""));
            doc.line(vec![(before.to_owned(), Role::Dim), (key.to_string(), Role::Key), (after.to_owned(), Role::Dim)]);
        }
        Asked::Typed(wanted) => {
            let danger = &dialog.danger;
            if danger.counts_accounts() {
                doc.text(&words.text("confirm.typed-first", &[("count", &danger.accounts.to_string())]), Role::Dim);
            }
            let lead = format!("{}  ", words.word("confirm.type"));
            doc.hang(vec![(lead, Role::Dim)], indent(canvas), wanted, Role::Bright);
            doc.line(Vec::new());
        }
    }
    if let Some(refused) = dialog.refused {
        let key = match (refused, &dialog.danger.phrase) {
            (Refused::Wrong, _) => "confirm.wrong",
            (Refused::Pasted, Asked::Typed(_)) => "confirm.pasted",
            (Refused::Pasted, Asked::Key(_)) => "confirm.pasted-key",
        };
        doc.line(vec![(words.word(key).to_owned(), Role::Blocked)]);
    }
    doc
}

/// Lines from `row` of the area on.
fn lines(canvas: &mut Canvas, area: Area, row: usize, lines: &[Vec<Span>]) {
    for (row, line) in (u16::try_from(row).unwrap_or(u16::MAX)..area.height).zip(lines) {
        let mut pen = canvas.pen_at(area, row, 1);
        for (text, role) in line {
            pen.put(text, *role);
        }
    }
}

/// As many of the lines as there is room for, and how many more there are.
fn scrolling(canvas: &mut Canvas, area: Area, row: usize, room: usize, all: &[Vec<Span>], scroll: usize) {
    canvas.ends = Some(0);
    if all.len() <= room {
        return lines(canvas, area, row, all);
    }
    let all: Vec<Vec<Span>> = all.iter().filter(|line| !line.is_empty()).cloned().collect();
    if all.len() <= room {
        return lines(canvas, area, row, &all);
    }
    let shown = room.saturating_sub(1);
    let last = all.len() - shown;
    canvas.ends = Some(last);
    let first = scroll.min(last);
    lines(canvas, area, row, &all[first..first + shown]);
    let below = (all.len() - first - shown).to_string();
    let key = if below == "0" { "confirm.end" } else { "confirm.more" };
    let more = canvas.words.text(key, &[("count", &below)]).into_owned();
    lines(canvas, area, row + shown, &[vec![(more, Role::Accent)]]);
}

fn write(canvas: &mut Canvas, area: Area, parts: &[Part]) {
    for (row, part) in parts.iter().enumerate() {
        if let Part::Extra(spans) | Part::Line(spans) = part {
            lines(canvas, area, row, std::slice::from_ref(spans));
        }
    }
}

pub fn quit(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let words = canvas.words;
    let counts = state.run.as_ref().map(crate::app::run::Run::counts).unwrap_or_default();
    let (done, total) = (counts.good().to_string(), counts.total.to_string());
    let running = match &state.run {
        Some(run) if state.is_running() && run.pace == Pace::Paused => "quit.paused",
        _ if state.is_running() => "quit.running",
        _ => "quit.ended",
    };
    let said = |key: &str| words.text(key, &[("done", &done), ("total", &total)]).into_owned();
    let mut parts = vec![
        Part::Blank,
        Part::Line(vec![(said(running), Role::Bright)]),
        Part::Extra(vec![(said("quit.in-flight"), Role::Text)]),
        Part::Extra(vec![(said("quit.leave"), Role::Dim)]),
        Part::Blank,
        Part::Line(vec![
            (format!(" {} {} ", canvas.skin.glyphs.chosen, words.word("quit.stay")), Role::Button),
            ("   ".to_owned(), Role::Text),
            (footer::key_of(state, Command::Stop), Role::Key),
            (format!(" {}", words.word("quit.stop")), Role::Dim),
        ]),
        Part::Blank,
    ];
    let inner = frame(canvas, regions, words.word("quit.title"), "", (66, 9), Role::Warn);
    squeeze(&mut parts, usize::from(inner.height));
    write(canvas, inner, &parts);
}

pub fn copy_menu(canvas: &mut Canvas, state: &State, regions: &Regions, view: Viewport) {
    let worded = |what: &Copied| match what {
        Copied::Text(text) => match text.lines().count() {
            0 | 1 => text.clone(),
            count => canvas.words.text("copy.lines", &[("count", &count.to_string())]).into_owned(),
        },
        Copied::Sentence(sentence) => words::sentence(canvas.words, sentence),
        Copied::Made(Making::Row(_)) => canvas.words.word("copy.row-about").to_owned(),
        Copied::Made(Making::Command(operation)) => canvas
            .words
            .word(match operation.kind.act() {
                Act::Release => "copy.command-release",
                _ => "copy.command-about",
            })
            .to_owned(),
    };
    let item = |item: &copy::CopyItem| match &item.what {
        Ok(what) => (item.label, worded(what), Role::Text),
        Err(why) => (item.label, canvas.words.phrase(why), Role::Dim),
    };
    let items: Vec<_> = copy::items(state).iter().map(item).collect();
    menu(canvas, regions, "copy.title", &items, view);
}

/// In which form to export.
pub fn export_menu(canvas: &mut Canvas, state: &State, regions: &Regions, view: Viewport) {
    let item = |form: ExportForm| {
        let (label, about) = match form {
            ExportForm::Markdown => ("export.markdown", "export.markdown-about"),
            ExportForm::Csv => ("export.csv", "export.csv-about"),
            ExportForm::Json => ("export.json", "export.json-about"),
            ExportForm::PlanFile => ("export.plan-file", "export.plan-file-about"),
        };
        (label, canvas.words.word(about).to_owned(), Role::Text)
    };
    let items: Vec<Item> = ExportForm::of(state).iter().map(|form| item(*form)).collect();
    menu(canvas, regions, "export.title", &items, view);
}

/// Which columns the inventory shows: each with whether it does, and why one that is wanted does not.
pub fn columns_menu(canvas: &mut Canvas, state: &State, regions: &Regions, view: Viewport) {
    let shown = inventory::shown(canvas, state, regions);
    let item = |column: Column| {
        let label = match column {
            Column::Kind => "column.kind",
            Column::State => "column.state",
            Column::Eip => "column.eip",
            Column::Lb => "column.lb",
            Column::Nic => "column.nic",
            Column::Instance => "column.instance",
            Column::Profile => "column.profile",
            Column::Region => "column.region",
        };
        let about = match () {
            () if state.browse.hidden.contains(&column) => "columns.hidden",
            () if shown.contains(&column) => "columns.shown",
            () if inventory::is_scrolled(state, column) => "columns.scrolled",
            () if state.lists_tree() && !inventory::is_in_tree(column) => "columns.in-tree",
            () => "columns.no-room",
        };
        (label, canvas.words.word(about).to_owned(), Role::Text)
    };
    let items: Vec<Item> = Column::ALL.map(item).to_vec();
    menu(canvas, regions, "columns.title", &items, view);
}

/// A label's key in the locales, what it is about, and how that looks.
type Item = (&'static str, String, Role);

/// Items to choose from, each with what it is about.
fn menu(canvas: &mut Canvas, regions: &Regions, title: &str, items: &[Item], view: Viewport) {
    let words = canvas.words;
    let label = items.iter().map(|(label, ..)| text::cells(words.word(label))).max().unwrap_or(0);
    let label = u16::try_from(label).unwrap_or(u16::MAX).saturating_add(2);
    let height = u16::try_from(items.len()).unwrap_or(u16::MAX).saturating_add(2);
    let most = regions.body.height;
    let lines = usize::from(height.min(most).min(regions.keys.y).saturating_sub(2));
    let first = (view.cursor + 1).saturating_sub(lines);
    let cut = Viewport { offset: first, ..view }.in_sight(items.len(), lines);
    let rows = line::in_sight(words, cut.map(|(first, last)| (first, last, items.len()))).unwrap_or_default();
    let inner = frame(canvas, regions, words.word(title), &rows, (72, height.min(most)), Role::Accent);
    for (row, (place, (name, about, role))) in (0u16..).zip(items.iter().enumerate().skip(first).take(lines)) {
        let mut pen = canvas.pen_at(inner, row, 1);
        pen.column(words.word(name), label, Cut::End, Role::Dim).put(about, *role);
        if place == view.cursor {
            canvas.focus(inner, row);
        }
    }
}
