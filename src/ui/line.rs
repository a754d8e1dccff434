//! Line 2: what is looked at. The filter, or the title of the screen.

use std::borrow::Cow;

use crate::{
    app::{
        browse::SortBy,
        detail::Detail,
        find::Find,
        geometry::{Area, Regions},
        overlay::Overlay,
        plan_view::{PlanView, Source},
        rows,
        run::{Pace, Run},
        state::{Screen, State},
        update,
    },
    domain::{
        finding::Severity,
        plan::{Decision, ReleasePlan},
    },
    history::Summary,
};

use super::{
    canvas::Canvas,
    catalog::Catalog,
    dry_run,
    plan::{self, Sent},
    text,
    theme::Role,
    words,
};

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    match (state.overlays.last(), state.screen) {
        (Some(Overlay::Help(help)), _) => {
            let words = canvas.words;
            let title = words.text("help.title", &[("screen", words.word(screen_word(state.screen)))]);
            let mut pen = canvas.pen(regions.line, 0);
            pen.gap(1).put(&title, Role::Bright).gap(2).put(words.word("help.search"), Role::Dim).gap(1);
            let indent = pen.x;
            input(canvas, regions.line, indent, &help.search, None);
        }
        (Some(Overlay::Find(find)), _) => self::find(canvas, state, find, regions.line),
        (Some(Overlay::Prompt(prompt)), _) => {
            let mut pen = canvas.pen(regions.line, 0);
            pen.gap(1).put(":", Role::Key).gap(1);
            let indent = pen.x;
            input(canvas, regions.line, indent, &prompt.line, None);
        }
        (Some(Overlay::DryRun { at, .. }), _) if state.dry_run.is_some() => {
            if let Some(run) = &state.dry_run {
                dry_run::title(canvas, run, *at, regions.line);
            }
        }
        (Some(Overlay::Earlier { .. }), _) => {
            let count = state.earlier.len().to_string();
            let title = canvas.words.text("earlier.title", &[("count", &count)]).into_owned();
            canvas.pen(regions.line, 0).gap(1).put(&title, Role::Bright);
        }
        (Some(Overlay::Detail { .. }), Screen::Inventory) => path(canvas, state, regions.line),
        (_, Screen::Inventory) => filter(canvas, state, regions.line),
        (_, Screen::Plan) => plan_line(canvas, state, regions.line),
        (_, Screen::Run) => run(canvas, state, regions.line),
        (_, Screen::History) => history(canvas, state, regions.line),
        (_, Screen::Calls) => {
            let words = canvas.words;
            let calls = state.calls.newest_first().count();
            let (shown, total) = (calls.to_string(), state.calls.total.to_string());
            let messages = (state.calls.len() - calls).to_string();
            let count = words.text("calls.count", &[("shown", &shown), ("total", &total), ("messages", &messages)]);
            let mut pen = canvas.pen(regions.line, 0);
            pen.end = pen.end.saturating_sub(1).max(pen.x);
            let right: Vec<_> = [(count, Role::Dim)].into_iter().chain(rows_in_sight(words, state)).collect();
            pen.gap(1).put(words.word("calls.title"), Role::Bright).right(&right);
        }
        (_, Screen::Welcome) => {
            let title = canvas.words.word("welcome.title");
            canvas.pen(regions.line, 0).gap(1).put(title, Role::Bright);
        }
    }
}

/// Which rows of a list are in sight: the first, the last, and of how many.
pub fn in_sight(words: &Catalog, rows: Option<(usize, usize, usize)>) -> Option<Cow<'_, str>> {
    let (first, last, total) = rows?;
    let values = [("first", first.to_string()), ("last", last.to_string()), ("total", total.to_string())];
    Some(words.text("line.rows", &values.each_ref().map(|(name, value)| (*name, value.as_str()))))
}

/// The same of the current screen's list, for the right end of the line.
fn rows_in_sight<'a>(words: &'a Catalog, state: &State) -> Option<(Cow<'a, str>, Role)> {
    in_sight(words, update::in_sight(state)).map(|rows| (rows, Role::Dim))
}

/// The text that is looked for in the list below, and how many of its rows hold it.
fn find(canvas: &mut Canvas, state: &State, find: &Find, area: Area) {
    let words = canvas.words;
    let text = find.line.text();
    let found = crate::app::find::found(state, text);
    let here = update::in_list(state).map_or(0, |(view, _)| view.cursor);
    let nth = found.iter().position(|&place| place == here).map_or(0, |nth| nth + 1);
    let (nth, count) = (nth.to_string(), found.len().to_string());
    let told = match found.len() {
        0 if text.trim().is_empty() => Cow::Borrowed(words.word("find.hint")),
        0 => Cow::Borrowed(words.word("find.none")),
        _ => words.text("find.count", &[("nth", &nth), ("count", &count)]),
    };
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1).put("/", Role::Key).gap(1).right(&[(told, if found.is_empty() { Role::Dim } else { Role::Text })]);
    let (indent, end) = (pen.x, pen.end);
    input(canvas, Area { width: end.saturating_sub(area.x), ..area }, indent, &find.line, None);
}

pub fn screen_word(screen: Screen) -> &'static str {
    match screen {
        Screen::Welcome => "screen.welcome",
        Screen::Inventory => "screen.inventory",
        Screen::Plan => "screen.plan",
        Screen::Run => "screen.run",
        Screen::History => "screen.history",
        Screen::Calls => "screen.calls",
    }
}

/// Draws an input line from `indent` on, scrolled so that its cursor is in sight, and puts the terminal's cursor there.
pub fn input(
    canvas: &mut Canvas,
    area: Area,
    indent: u16,
    line: &crate::app::browse::Line,
    mistake: Option<&std::ops::Range<usize>>,
) {
    let value = line.text();
    let split = value.char_indices().nth(line.cursor()).map_or(value.len(), |(at, _)| at);
    let room = usize::from(area.width.saturating_sub(indent + 1));
    // Characters are left out at the left until the cursor fits.
    let mut start = 0;
    while start < split && text::cells(&value[start..split]) >= room.max(1) {
        start += value[start..].chars().next().map_or(1, char::len_utf8);
    }
    let wrong = mistake.map_or(value.len()..value.len(), |span| span.start.min(value.len())..span.end.min(value.len()));
    let mut pen = canvas.pen_at(area, 0, indent);
    let mut at = start;
    for (end, role) in [(wrong.start, Role::Accent), (wrong.end, Role::Mistake), (value.len(), Role::Accent)] {
        if end > at && value.is_char_boundary(at) && value.is_char_boundary(end) {
            pen.put(&value[at..end], role);
            at = end;
        }
    }
    let x = indent + u16::try_from(text::cells(&value[start..split])).unwrap_or(u16::MAX);
    if x < area.width && area.height > 0 {
        canvas.cursor = Some(ratatui::layout::Position::new(area.x + x, area.y));
    }
}

fn filter(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    let browse = &state.browse;
    let mut right: Vec<(Cow<'_, str>, Role)> = Vec::new();
    // Where something is typed, what was chosen before gives way to it.
    if let Some((by, reverse)) = state.sorting().filter(|_| !browse.editing || area.width >= 80) {
        let by = words.word(match by {
            SortBy::Address => "sort.address",
            SortBy::Level => "sort.level",
            SortBy::Nic => "sort.nic",
            SortBy::Instance => "sort.instance",
            SortBy::Profile => "sort.profile",
        });
        right
            .push((words.text(if reverse { "line.sorted-reversed" } else { "line.sorted" }, &[("by", by)]), Role::Dim));
    }
    if browse.is_filtered() || browse.editing {
        let (shown, total) = (browse.rows.address_count().to_string(), state.inventory.address_count().to_string());
        right.push((words.text("line.count", &[("shown", &shown), ("total", &total)]), Role::Text));
    }
    right.extend(rows_in_sight(words, state));
    if state.has_tree_pane() && browse.tree.node() != rows::Node::All {
        let (name, count) = (super::tree_pane::name(canvas, state), browse.rows.len().to_string());
        right.push((words.text("line.part", &[("name", name), ("count", &count)]), Role::Accent));
    }
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1).put("/", if browse.editing { Role::Key } else { Role::Accent }).gap(1);
    pen.right(&right);
    // Two cells between what is cut and what stands at the right.
    pen.end = if right.is_empty() { pen.end } else { pen.end.saturating_sub(1).max(pen.x) };
    let (indent, end) = (pen.x, pen.end);
    if browse.editing {
        let area = Area { width: end.saturating_sub(area.x), ..area };
        input(canvas, area, indent, &browse.line, browse.mistake.as_ref().map(|mistake| &mistake.span));
    } else if browse.is_filtered() {
        pen.put(&browse.filter_text, Role::Bright);
    } else {
        let long = words.word("line.no-filter");
        let fits = text::cells(long) <= usize::from(pen.room());
        pen.put(if fits { long } else { words.word("line.no-filter-short") }, Role::Dim);
    }
}

/// The search over the history, or the batch that is looked at.
fn history(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    let history = &state.history;
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1);
    if let Some(opened) = &history.opened {
        let number = opened.summary.number.to_string();
        let title = words.text("history.batch", &[("number", &number)]);
        let rows: Vec<_> = rows_in_sight(words, state).into_iter().collect();
        pen.right(&rows);
        pen.put(&title, Role::Bright).gap(2);
        pen.put(&super::history::did(words, &opened.summary), Role::Text).gap(2);
        pen.put(&super::history::ended(words, &opened.summary), Role::Dim);
        if let Some(undone) = super::history::undone(words, &opened.summary) {
            pen.gap(2).put(&undone, Role::Accent);
        }
        return;
    }
    pen.put(words.word("history.screen"), Role::Bright).gap(2);
    pen.put("/", if history.editing { Role::Key } else { Role::Accent }).gap(1);
    if let Some(listed) = &history.listed {
        let (shown, total) = (listed.summaries.len().to_string(), listed.of.to_string());
        let count = (words.text("history.count", &[("shown", &shown), ("total", &total)]), Role::Text);
        let right: Vec<_> = rows_in_sight(words, state).into_iter().chain([count]).collect();
        pen.right(&right);
    }
    let (indent, end) = (pen.x, pen.end);
    if history.editing {
        let area = Area { width: end.saturating_sub(area.x), ..area };
        input(canvas, area, indent, &history.line, history.mistake.as_ref().map(|mistake| &mistake.span));
    } else if history.text.is_empty() {
        let long = words.word("history.no-search-like");
        let fits = text::cells(long) <= usize::from(pen.room());
        pen.put(if fits { long } else { words.word("history.no-search") }, Role::Dim);
    } else {
        pen.put(&history.text, Role::Bright);
    }
}

/// Where the row that fills the screen belongs: profile, instance, NIC, address.
fn path(canvas: &mut Canvas, state: &State, area: Area) {
    let Some(detail) = rows::focused(state).and_then(|row| crate::app::detail::of(state, row)) else { return };
    let mut parts: Vec<String> = Vec::new();
    let named = |instance: &crate::domain::instance::Instance| {
        if instance.name.is_empty() { instance.id.to_string() } else { instance.name.to_string() }
    };
    match &detail {
        Detail::Problem { profile, .. } => parts.push(profile.id.to_string()),
        Detail::Instance { profile, instance, .. } => parts.extend([profile.id.to_string(), named(instance)]),
        Detail::Nic { profile, instance, nic, .. } => {
            parts.push(profile.id.to_string());
            parts.extend(instance.map(named));
            parts.push(nic.id.to_string());
        }
        Detail::Address { profile, instance, nic, address, .. } => {
            parts.push(profile.id.to_string());
            parts.extend(instance.map(named));
            parts.extend([nic.id.to_string(), address.ip.to_string()]);
        }
    }
    let last = parts.pop().unwrap_or_default();
    let mut pen = canvas.pen(area, 0);
    pen.gap(1);
    for part in parts {
        pen.put_within(&part, 26, text::Cut::Middle, Role::Dim).put(" > ", Role::Dim);
    }
    pen.put(&last, Role::Bright);
}

/// The plan by its hash; one that sends nothing has none to confirm.
pub fn plan_title(words: &Catalog, plan: &ReleasePlan) -> String {
    match plan.told_hash() {
        Some(hash) => words.text("plan.title", &[("hash", &hash.short())]).into_owned(),
        None => words.word("plan.title-nothing").to_owned(),
    }
}

/// The number of the batch that a plan takes back, where the history that was read has it.
pub fn undone_number(state: &State, plan: &ReleasePlan) -> Option<usize> {
    let of = |batch: &&Summary| Some(batch.batch.as_str()) == plan.undoes();
    state.history.summaries().iter().find(of).map(|batch| batch.number)
}

fn plan_line(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    let Some(view) = &state.plan else { return };
    let plan = &view.plan;
    let title = plan_title(words, plan);
    let what = planned(canvas, view);
    let calls = words::count_of_calls(words, plan.calls());
    let source: Cow<'_, str> = match view.source {
        Source::Marks | Source::Order => "".into(),
        Source::FocusedRow => words.word("plan.of-focused-row").into(),
        Source::Retry => words.word("plan.of-retry").into(),
        Source::Undo => match undone_number(state, plan) {
            Some(number) => words.text("plan.of-undo-number", &[("number", &number.to_string())]),
            None => words.word("plan.of-undo").into(),
        },
    };
    let warnings = plan
        .rows()
        .iter()
        .filter(|row| matches!(row.decision, Decision::Go(_)) && row.worst() >= Some(Severity::Warn))
        .count();
    let mut right = Vec::new();
    if plan.blocked() > 0 {
        right.push((words.text("plan.blocked", &[("count", &plan.blocked().to_string())]), Role::Alarm));
    }
    if warnings > 0 {
        right.push((words.text("plan.warnings", &[("count", &warnings.to_string())]), Role::Mark));
    }
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1);
    // What is done comes first; the plan's number and the counts need room beside it.
    let room = usize::from(pen.room());
    let titled = text::cells(&title) + 2;
    let mut told = text::cells(&what);
    // Which batch is taken back stands nowhere else: it has room before the hash and all counts but that of what is blocked.
    let batch = text::cells(words.word("list.blank")) + text::cells(&source);
    let blocked = right.first().map_or(0, |(text, _)| text::cells(text) + 2);
    if view.source == Source::Undo && told + batch + blocked <= room {
        told += batch;
    }
    // Which rows these are comes next, in numbers alone where words have no room: only of what fits whole it takes nothing away.
    let short = update::in_sight(state).map(|(first, last, total)| format!("{first}-{last}/{total}"));
    let short = short.map(|rows| (Cow::Owned(rows), Role::Dim));
    let fits = |(text, _): &(Cow<'_, str>, Role)| told > room || told + text::cells(text) + 2 <= room;
    let rows = rows_in_sight(words, state).filter(fits).or(short.filter(fits));
    let wide = |right: &[(Cow<'_, str>, Role)]| right.iter().map(|(text, _)| text::cells(text) + 2).sum::<usize>();
    let taken = rows.as_ref().map_or(0, |(text, _)| text::cells(text) + 2);
    while !right.is_empty() && told + taken + wide(&right) > room {
        right.pop();
    }
    right.extend(rows);
    let counts = wide(&right);
    if titled + told + counts <= room {
        pen.put(&title, Role::Bright).gap(2);
    }
    pen.right(&right);
    pen.put(&what, Role::Text);
    if !source.is_empty() {
        pen.put(words.word("list.blank"), Role::Dim).put(&source, Role::Dim);
    }
    if text::cells(&calls) + 2 <= usize::from(pen.room()) {
        pen.gap(2).put(&calls, Role::Dim);
    }
}

/// What a plan does, in few words.
pub fn planned(canvas: &Canvas, view: &PlanView) -> String {
    what(canvas, &Sent::sum(plan::sent(view).iter().map(|(_, sent)| sent)))
}

/// `release 36 addresses and detach 1 NIC`
pub fn what(canvas: &Canvas, sent: &Sent) -> String {
    let words = canvas.words;
    let (a, n) = (sent.addresses.to_string(), sent.nics.to_string());
    let key = match (sent.addresses, sent.nics) {
        (0, 0) if sent.is_back() => "",
        (0, 0) => "plan.nothing",
        (_, 0) => "plan.release",
        (0, _) => "plan.detach",
        _ => "plan.release-and-detach",
    };
    let mut said: Vec<String> = Vec::new();
    if !key.is_empty() {
        said.push(words.text(key, &[("addresses", &a), ("nics", &n)]).into_owned());
    }
    for (count, key) in
        [(sent.attached, "confirm.attached"), (sent.assigned, "confirm.assigned"), (sent.bound, "confirm.bound")]
    {
        if count > 0 {
            said.push(words.text(key, &[("count", &count.to_string())]).into_owned());
        }
    }
    said.join(words.word("list.comma"))
}

fn run(canvas: &mut Canvas, state: &State, area: Area) {
    let words = canvas.words;
    let Some(run) = &state.run else { return };
    let counts = run.counts();
    let hash = run.plan.hash().short();
    let title = words.text(run_title(run), &[("hash", &hash)]);
    let mut right: Vec<(Cow<'_, str>, Role)> = Vec::new();
    let elapsed = words::stopwatch(run.elapsed_ms(state.now));
    if run.ended.is_some() {
        right.push((words.text("run.took", &[("time", &elapsed)]), Role::Dim));
    } else {
        // What nobody knows is told by itself.
        let unknown = counts.unknown + counts.lost;
        let (done, total) = (counts.answered() - counts.unknown, counts.total);
        right.push((
            words.text("run.done-of", &[("done", &done.to_string()), ("total", &total.to_string())]),
            Role::Bright,
        ));
        right.push((Cow::Owned(format!("{} %", done * 100 / total.max(1))), Role::Text));
        right.push((words.text("run.elapsed", &[("time", &elapsed)]), Role::Dim));
        if unknown > 0 {
            right.push((words.text("count.unknown", &[("count", &unknown.to_string())]), Role::Unknown));
        }
        if counts.stopped > 0 {
            right.push((words.text("count.stopped", &[("count", &counts.stopped.to_string())]), Role::Text));
        }
        if let Some((count, ms)) = run.hanging(state.now) {
            let values = [("count", count.to_string()), ("time", words::duration(ms))];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            right.push((words.text("run.hanging", &values), Role::Warn));
        } else if let Some(rate) = run.rate(state.now) {
            right.push((words.text("run.rate", &[("rate", &format!("{rate:.1}"))]), Role::Dim));
        }
        if let Some(left) = run.left_ms(state.now) {
            right.push((words.text("run.left", &[("time", &words::stopwatch(left))]), Role::Text));
        }
    }
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1).put(&title, Role::Bright).gap(2);
    pen.right(&right);
    if run.ended.is_some() {
        for (text, role) in words::counts(words, &counts) {
            pen.gap(1).put(&text, role).gap(1);
        }
    }
}

pub fn run_title(run: &Run) -> &'static str {
    match (run.ended, run.pace) {
        (Some(_), _) => "run.results",
        (None, Pace::Going) => "run.running",
        (None, Pace::Paused) => "run.paused",
        (None, Pace::Stopping) => "run.stopping",
    }
}
