//! A batch while it runs, and its results when it has ended: progress, each profile's counts, and every target.

use std::net::IpAddr;

use crate::{
    app::{
        geometry::{Area, Regions, RunAreas},
        run::{Counts, Run, RunRow},
        state::State,
    },
    domain::{
        ids::ProfileId,
        outcome::{Outcome, Progress, Skip},
        plan::Act,
        selection::Target,
        time::Timestamp,
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

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let Some(run) = &state.run else { return };
    let by = run.counts_by_profile();
    let areas = RunAreas::of(regions, by.len());
    let counts = run.counts();
    bar(canvas, areas.bar, &counts);
    profiles(canvas, run, state.now, areas.profiles, &by);
    let heading = match run.ended {
        None => canvas.words.word("run.rule-log"),
        Some(_) if counts.good() == counts.total => "",
        Some(_) => canvas.words.word("run.rule-results"),
    };
    let rows = super::line::in_sight(canvas.words, crate::app::update::in_sight(state));
    canvas.rule(areas.rule, 0, heading, rows.as_deref());
    log(canvas, run, state.now, areas.log, Some(run.view.cursor));
    if areas.detail.width > 0 {
        canvas.upright(areas.detail);
        let area = pane::beside(areas.detail);
        if let Some(row) = run.row_at(run.view.cursor) {
            page(canvas, run, row, state.now, area.width).draw(canvas, area, 0, false);
        }
    }
    super::strip::calls(canvas, state, areas.calls);
}

/// The newest rows, for under the inventory.
pub fn strip(canvas: &mut Canvas, run: &Run, now: Timestamp, area: Area) {
    log(canvas, run, now, area, None);
}

/// How much is done, and of that how much did not go well.
fn bar(canvas: &mut Canvas, area: Area, counts: &Counts) {
    let room = usize::from(area.width.saturating_sub(2));
    let cells = |count: usize| u16::try_from(count * room / counts.total.max(1)).unwrap_or(0);
    let good = counts.good();
    let (done, undone) = (canvas.skin.glyphs.done, canvas.skin.glyphs.undone);
    let (fine, failed) = (cells(good), cells(good + counts.nic_gone + counts.failed));
    let unknown = cells(counts.answered());
    let mut pen = canvas.pen_at(area, 0, 1);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.repeat(done, fine, Role::Ok);
    pen.repeat(done, failed - fine, Role::Blocked);
    pen.repeat(done, unknown - failed, Role::Unknown);
    let rest = pen.room();
    pen.repeat(undone, rest, Role::Faint);
}

fn profiles(canvas: &mut Canvas, run: &Run, now: Timestamp, area: Area, by: &[(ProfileId, Counts)]) {
    let words = canvas.words;
    let names = names(canvas, area);
    let needs = [
        need(names.max(8), 16, 0),
        need(7, 9, 0),
        need(8, 9, 5),
        need(8, 9, 3),
        need(6, 7, 1),
        need(7, 8, 1),
        need(7, 8, 4),
        need(7, 8, 4),
        need(24, 60, 2).first(),
    ];
    let [profile, done, accepted, retrying, failed, unknown, skipped, stopped, note] = needs;
    // Most batches have none of these, and then the remark has their room.
    let some = |need: columns::Need, count: fn(&Counts) -> usize| {
        if counts_of(by, count) == 0 { columns::Need::NONE } else { need }
    };
    let (skipped, stopped) = (some(skipped, |one| one.skipped), some(stopped, |one| one.stopped));
    // What counts something is there before what counts nothing, and before the remark: together they are the whole.
    let counted = |need: columns::Need, count: fn(&Counts) -> usize| {
        if counts_of(by, count) == 0 { need } else { need.always() }
    };
    let accepted = counted(accepted, |one| one.accepted);
    let retrying = counted(retrying, |one| one.retrying);
    let unknown = counted(unknown, |one| one.unknown + one.lost);
    let (failed, skipped, stopped) =
        (counted(failed, |one| one.failed), counted(skipped, |one| one.skipped), counted(stopped, |one| one.stopped));
    let [profile, done, accepted, retrying, failed, unknown, skipped, stopped, note] = columns::lay(
        [profile, done, accepted, retrying, failed, unknown, skipped, stopped, note],
        2,
        area.width.saturating_sub(1),
    );
    let mut put = |row: u16, slot: Option<Slot>, text: &str, role: Role| {
        if let Some(slot) = slot {
            canvas.pen_at(area, row, slot.x).column(text, slot.width, Cut::End, role);
        }
    };
    for (slot, key) in [
        (profile, "column.profile"),
        (done, "column.done"),
        (accepted, "column.accepted"),
        (retrying, "column.retrying"),
        (failed, "column.failed"),
        (unknown, "column.unknown"),
        (skipped, "column.skipped"),
        (stopped, "column.stopped"),
    ] {
        put(0, slot, words.word(key), Role::Dim);
    }
    // Those that the window has no line for are counted on the last one.
    let lines = usize::from(area.height.saturating_sub(1));
    let shown = if by.len() > lines { lines.saturating_sub(1) } else { by.len() };
    if shown < by.len() && lines > 0 {
        let more = words.text("run.more-profiles", &[("count", &(by.len() - shown).to_string())]);
        put(
            area.height - 1,
            profile.map(|slot| Slot { width: area.width.saturating_sub(slot.x), ..slot }),
            &more,
            Role::Text,
        );
    }
    for (row, (id, counts)) in (1u16..).zip(by.iter().take(shown)) {
        // A zero is an empty cell: what is there is what is to be seen.
        let number = |count: usize| if count == 0 { String::new() } else { count.to_string() };
        put(row, profile, id.as_str(), Role::Text);
        put(row, done, &format!("{}/{}", counts.good(), counts.total), Role::Text);
        put(row, accepted, &number(counts.accepted), Role::Info);
        put(row, retrying, &number(counts.retrying), Role::Warn);
        put(row, failed, &number(counts.failed), Role::Blocked);
        put(row, unknown, &number(counts.unknown + counts.lost), Role::Unknown);
        put(row, skipped, &number(counts.skipped), Role::Dim);
        put(row, stopped, &number(counts.stopped), Role::Dim);
        let (text, role) = remark(words, run, now, id, counts);
        put(row, note, &text, role);
    }
}

fn counts_of(by: &[(ProfileId, Counts)], count: fn(&Counts) -> usize) -> usize {
    by.iter().map(|(_, counts)| count(counts)).sum()
}

/// What there is to say about a profile: the worst thing that goes on.
fn remark(
    words: &super::catalog::Catalog,
    run: &Run,
    now: Timestamp,
    profile: &ProfileId,
    counts: &Counts,
) -> (String, Role) {
    let of =
        |wanted: fn(&Progress) -> bool| run.rows.iter().find(|row| &row.profile == profile && wanted(&row.progress));
    if let Some(due) = run.offline.get(profile).filter(|_| counts.settled() < counts.total) {
        return (words::offline(words, due.since(now)).into_owned(), Role::Warn);
    }
    if let Some(row) = of(|progress| matches!(progress, Progress::ReadingBack { lost: true, .. })) {
        return (words::row_reason(words, None, row, now), Role::Unknown);
    }
    let waits = of(|progress| matches!(progress, Progress::Retrying { .. }));
    if let Some(row) = waits.or_else(|| of(|progress| matches!(progress, Progress::Throttled { .. }))) {
        return (words::row_reason(words, None, row, now), Role::Warn);
    }
    if counts.settled() < counts.total {
        let open = (counts.total - counts.settled()).to_string();
        return (words.text("run.to-go", &[("count", &open)]).into_owned(), Role::Dim);
    }
    if counts.good() == counts.total {
        return (words.word("run.all-done").to_owned(), Role::Ok);
    }
    let open = (counts.total - counts.good()).to_string();
    (words.text("run.not-done", &[("count", &open)]).into_owned(), Role::Warn)
}

/// Cells that a profile's name gets at least: all of it where there is room, whichever rows are in sight.
fn names(canvas: &Canvas, area: Area) -> u16 {
    let widest = canvas.profiles.iter().map(|info| text::cells(info.id.as_str())).max().unwrap_or(0);
    let most = if area.width >= WIDE { 16 } else { 7 };
    u16::try_from(widest).unwrap_or(most).clamp(7, most)
}

/// From here on names and ids are not cut for the reasons behind them.
const WIDE: u16 = 110;

/// Without a cursor: from the first row on.
fn log(canvas: &mut Canvas, run: &Run, now: Timestamp, area: Area, cursor: Option<usize>) {
    let words = canvas.words;
    let from = if cursor.is_some() { run.view.offset } else { 0 };
    let rows: Vec<&RunRow> = (0..usize::from(area.height)).filter_map(|line| run.row_at(from + line)).collect();
    let names = names(canvas, area);
    // No column takes more than is to be read in it.
    let widest = |text: &dyn Fn(&RunRow) -> usize| rows.iter().map(|row| text(row)).max().unwrap_or(0);
    let needs = [
        need(8, 8, 4),
        need(1, 1, 0),
        need(names, 16, 2).fit(widest(&|row| text::cells(row.profile.as_str()))),
        need(if area.width >= WIDE { 16 } else { 12 }, 24, 3)
            .fit(widest(&|row| text::cells(row.target.nic().nic.as_str()))),
        need(15, 15, 0),
        need(8, 12, 0).fit(widest(&|row| text::cells(words::progress(words, row.act, &row.progress).1))),
        need(20, 90, 0).fit(widest(&|row| text::cells(&why(canvas, row, now)))).first(),
        need(13, 40, 5).fit(widest(&|row| request_id(row).map_or(0, text::cells))),
    ];
    let slots = columns::lay(needs, 2, area.width.saturating_sub(1));
    for line in 0..area.height {
        let place = from + usize::from(line);
        let Some(row) = run.row_at(place) else { break };
        entry(canvas, area, line, row, now, &slots);
        if Some(place) == cursor {
            canvas.focus(area, line);
        }
    }
}

/// The request id that a row has by now.
fn request_id(row: &RunRow) -> Option<&str> {
    match &row.progress {
        Progress::Settled(outcome) => outcome.request_id(),
        Progress::Accepted { receipt, .. } => receipt.request_id.as_deref(),
        _ => None,
    }
}

fn entry(canvas: &mut Canvas, area: Area, line: u16, row: &RunRow, now: Timestamp, slots: &[Option<Slot>; 8]) {
    let words = canvas.words;
    let [time, mark, profile, nic, address, word, reason, request] = *slots;
    let (glyph, said, role) = words::progress(words, row.act, &row.progress);
    let why = why(canvas, row, now);
    let at = if row.progress == Progress::Queued { String::new() } else { words::clock(canvas.skin, row.at) };
    let id = request_id(row);
    // A reason reaches into the next column where nothing stands.
    let reason = reason.map(|slot| match request {
        Some(next) if id.is_none() => Slot { width: next.x + next.width - slot.x, ..slot },
        _ => slot,
    });
    let mut pen = canvas.pen(area, line);
    let mut put = |slot: Option<Slot>, text: &str, cut: Cut, role: Role| {
        if let Some(slot) = slot.filter(|slot| pen.x <= area.x + slot.x || slot.width > 40) {
            pen.to(area.x + slot.x).put_within(text, slot.width, cut, role);
        }
    };
    put(time, &at, Cut::End, Role::Dim);
    put(mark, glyph, Cut::End, role);
    put(profile, row.profile.as_str(), Cut::End, Role::Dim);
    put(nic, row.target.nic().nic.as_str(), Cut::Middle, Role::Text);
    if let Some(slot) = address {
        pen.to(area.x + slot.x);
        match &row.target {
            Target::Address(key) => pen.address(&key.ip.to_string(), Role::Bright),
            Target::Eip { .. } => pen.put_within(&words::target_name(&row.target), slot.width, Cut::End, Role::Bright),
            Target::Nic(_) => pen.put_within(words.word("noun.whole-nic"), slot.width, Cut::End, Role::Bright),
        };
        // An IPv6 address reaches into the next column; the word behind it must still be read.
        if word.is_some_and(|word| pen.x > area.x + word.x) {
            pen.gap(1).put_within(said, 12, Cut::End, role).gap(1).put(&why, Role::Text);
            return;
        }
    }
    let mut put = |slot: Option<Slot>, text: &str, cut: Cut, role: Role| {
        if let Some(slot) = slot {
            pen.to(area.x + slot.x).put_within(text, slot.width, cut, role);
        }
    };
    put(word, said, Cut::End, role);
    let quiet = !row.lost
        && !row.not_journaled
        && matches!(&row.progress, Progress::Settled(outcome) if matches!(outcome, Outcome::Released { .. } | Outcome::AlreadyGone { .. }));
    put(reason, &why, Cut::End, if quiet { Role::Dim } else { Role::Text });
    put(request, id.unwrap_or(""), Cut::Middle, Role::Dim);
}

/// Why a target stands where it does; for what went well, how long it took.
fn why(canvas: &Canvas, row: &RunRow, now: Timestamp) -> String {
    let words = canvas.words;
    match (&row.progress, row.began) {
        (Progress::Settled(Outcome::Released { .. }), Some(began)) if !row.lost && !row.not_journaled => {
            words::duration(row.at.since(began))
        }
        _ => words::row_reason(words, canvas.cloud(&row.profile), row, now),
    }
}

fn is_good(end: &Outcome) -> bool {
    matches!(end, Outcome::Released { .. } | Outcome::AlreadyGone { .. })
}

/// Everything about one target of the batch.
pub fn page(canvas: &Canvas, run: &Run, row: &RunRow, now: Timestamp, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, pane::LABEL);
    let (glyph, word, role) = words::progress(words, row.act, &row.progress);
    let nic = row.target.nic();
    let cloud = canvas.cloud(&nic.profile);
    let name = words::target_name(&row.target);
    doc.line(vec![(name, Role::Bright), (format!("  {glyph} {word}"), role)]);
    doc.text(&format!("{}  {}", nic.profile, nic.nic), Role::Dim);
    doc.blank();
    match &row.progress {
        Progress::Settled(outcome) => {
            match outcome {
                // What to do next stands below, once.
                Outcome::Failed { fault }
                | Outcome::Unknown { fault }
                | Outcome::Skipped { why: Skip::NotReadAgain { fault } } => {
                    let write = !matches!(outcome, Outcome::Skipped { .. });
                    let (what, role) = match outcome {
                        // With what reading back has shown.
                        Outcome::Unknown { .. } => (words::row_reason(words, cloud, row, now), Role::Unknown),
                        _ => (words::fault_what(words, cloud, fault).into_owned(), Role::Blocked),
                    };
                    doc.text(&what, role);
                    doc.blank();
                    findings::fault_facts(canvas, &mut doc, cloud, fault, write);
                }
                _ => doc.text(&words::row_reason(words, cloud, row, now), Role::Text),
            }
            if let Some(next) = words::outcome_next(words, cloud, outcome) {
                doc.blank();
                doc.field(words.word("label.next"), &next, Role::Text);
            }
            if outcome.request_id().is_some() && !matches!(outcome, Outcome::Failed { .. } | Outcome::Unknown { .. }) {
                doc.blank();
                doc.field(words.word("label.request"), outcome.request_id().unwrap_or(""), Role::Text);
            }
        }
        _ => doc.text(&words::row_reason(words, cloud, row, now), Role::Text),
    }
    doc.blank();
    if let (Some(end), Some(operation)) = (row.end(), run.plan.operations().iter().find(|it| it.id == row.operation)) {
        // What this batch has taken off the NIC by now, whichever write did it.
        let gone = |ip: IpAddr| {
            run.rows.iter().any(|other| {
                other.act == Act::Release
                    && other.target.nic() == nic
                    && other.target.ip() == Some(ip)
                    && other.end().is_some_and(is_good)
            })
        };
        super::plan::before_after(canvas, &mut doc, operation, &gone, is_good(end));
    }
    if let Some(began) = row.began {
        doc.field(words.word("label.began"), &words::clock(canvas.skin, began), Role::Dim);
        doc.field(words.word("label.changed"), &words::clock(canvas.skin, row.at), Role::Dim);
        doc.field(words.word("label.took"), &words::duration(row.at.since(began)), Role::Dim);
    }
    doc
}
