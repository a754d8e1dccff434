//! What was done: the batches of the journal, newest first; one of them target by target; and one target whole.

use crate::{
    app::{
        geometry::{Area, Regions},
        history::{self, Difference, History, Now, Opened, SeenNow},
        state::State,
    },
    domain::{
        address::AddressRole,
        clean::clean,
        ids::CloudId,
        journal::{Answer, Image, Request},
        outcome::{Outcome, OutcomeWord, Skip},
        selection::Target,
        time::Timestamp,
    },
    filter::search::{ACTS, RESULTS},
    history::{Row, Summary, Write},
};

use super::{
    canvas::Canvas,
    catalog::Catalog,
    columns::{self, Slot, need},
    detail as pane,
    doc::Doc,
    findings,
    text::{self, Cut},
    theme::Role,
    words,
};

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    match &state.history.opened {
        Some(opened) => targets(canvas, opened, state.history.now.as_ref(), regions),
        None => batches(canvas, &state.history, state.now, regions),
    }
}

/// A sentence where the list would be.
fn note(canvas: &mut Canvas, area: Area, text: &str) {
    canvas.pen_at(area, 1.min(area.height.saturating_sub(1)), 3).put(text, Role::Text);
}

fn heading<const N: usize>(canvas: &mut Canvas, area: Area, slots: &[Option<Slot>; N], keys: [&str; N]) {
    for (slot, key) in slots.iter().zip(keys) {
        if let Some(slot) = slot {
            let text = canvas.words.word(key);
            canvas.pen_at(area, 0, slot.x).column(text, slot.width, Cut::End, Role::Dim);
        }
    }
}

// ---- batches -------------------------------------------------------------------------------------------------------

/// Characters of a year.
const YEAR: usize = 4;

/// Narrower than this, a list of batches has no room for the year.
const BRIEF: u16 = 100;

fn batches(canvas: &mut Canvas, history: &History, now: Timestamp, regions: &Regions) {
    let words = canvas.words;
    let height = usize::from(regions.list.height);
    let shown: Vec<&Summary> = history.summaries().iter().skip(history.view.offset).take(height).collect();
    let widest = |text: &dyn Fn(&Summary) -> usize| shown.iter().map(|batch| text(batch)).max().unwrap_or(0);
    // Short ones take no more than they and their heading need: what was done may be long.
    let least = |cells: usize, head: &str, most: u16| {
        u16::try_from(cells.max(text::cells(words.word(head)))).unwrap_or(most).min(most)
    };
    let ends = widest(&|batch| text::cells(&ended(words, batch)));
    let backs = widest(&|batch| text::cells(&undo(words, batch)));
    let dids = widest(&|batch| text::cells(&did(words, batch)));
    // What was done is worth more than which year it is: that is left out where none is another one.
    let year = |at| words::minute(canvas.skin, at).chars().take(YEAR).collect::<String>();
    let brief = regions.list.width < BRIEF && shown.iter().all(|batch| year(batch.began) == year(now));
    let when = if brief { 16 - 5 } else { 16 };
    let needs = [
        need(3, 6, 0).fit(widest(&|batch| batch.number.to_string().len())),
        need(when, when, 0),
        need(6, 16, 3).fit(widest(&|batch| text::cells(&batch.who))),
        need(8, 30, 1).fit(widest(&|batch| text::cells(&batch.profiles.join(" ")))),
        need(least(dids, "history.head.what", 36), 40, 0).fit(dids).first(),
        need(least(ends, "history.head.result", 18), 60, 0).fit(ends).first(),
        need(least(backs, "history.head.undo", 8), 20, 2).fit(backs),
    ];
    let slots = columns::lay(needs, 2, regions.list.width.saturating_sub(1));
    heading(
        canvas,
        regions.heading,
        &slots,
        [
            "history.head.number",
            "history.head.when",
            "history.head.who",
            "history.head.profiles",
            "history.head.what",
            "history.head.result",
            "history.head.undo",
        ],
    );
    if shown.is_empty() {
        let text = match &history.listed {
            _ if history.fault.is_some() => return,
            None => words.word("history.reading"),
            Some(listed) if listed.of == 0 => words.word("history.nothing"),
            // What is listed is of the search before.
            Some(_) if history.job.is_some() => words.word("history.reading"),
            Some(_) => {
                let text = words.text("history.no-match", &[("search", &history.text)]);
                return note(canvas, regions.list, &text);
            }
        };
        return note(canvas, regions.list, text);
    }
    let [number, when, who, profiles, what, result, back] = slots;
    for (line, (place, batch)) in (0u16..).zip(shown.iter().enumerate()) {
        let at = words::minute(canvas.skin, batch.began);
        let at: String = at.chars().skip(if brief { YEAR + 1 } else { 0 }).collect();
        let mut pen = canvas.pen(regions.list, line);
        let mut put = |slot: Option<Slot>, text: &str, role: Role| {
            if let Some(slot) = slot {
                pen.to(regions.list.x + slot.x).put_within(&clean(text), slot.width, Cut::End, role);
            }
        };
        put(number, &batch.number.to_string(), Role::Dim);
        put(when, &at, Role::Text);
        put(who, &batch.who, Role::Dim);
        put(profiles, &batch.profiles.join(" "), Role::Text);
        put(what, &did(words, batch), Role::Bright);
        put(result, &ended(words, batch), worst(batch));
        put(back, &undo(words, batch), Role::Dim);
        if history.view.offset + place == history.view.cursor {
            canvas.focus(regions.list, line);
        }
    }
}

/// `release 36, detach 1`
pub fn did(words: &Catalog, batch: &Summary) -> String {
    let what = counted(words, "act", ACTS, &batch.acts);
    if batch.undoes.is_some() { words.text("history.undo-of", &[("what", &what)]).into_owned() } else { what }
}

/// What was done of taking it back, or how much of it can be.
fn undo(words: &Catalog, batch: &Summary) -> String {
    match (batch.undone_by, batch.back) {
        (Some(by), _) if batch.is_undone() => {
            words.text("history.undone-by", &[("number", &by.to_string())]).into_owned()
        }
        (Some(by), back) => {
            let values =
                [("number", by.to_string()), ("undone", batch.undone.to_string()), ("count", back.to_string())];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            words.text("history.undone-partly", &values).into_owned()
        }
        (None, 0) => "-".to_owned(),
        (None, back) => {
            let values = [("count", back.to_string()), ("total", batch.targets().to_string())];
            words.text("history.can-undo", &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned()
        }
    }
}

/// That it was taken back, or some of it, and by which batch.
pub fn undone(words: &Catalog, batch: &Summary) -> Option<String> {
    let key = if batch.is_undone() { "history.opened-undone" } else { "history.opened-undone-partly" };
    let values = [
        ("number", batch.undone_by?.to_string()),
        ("undone", batch.undone.to_string()),
        ("count", batch.back.to_string()),
    ];
    Some(words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned())
}

/// `33 done, 1 failed`
pub fn ended(words: &Catalog, batch: &Summary) -> String {
    counted(words, "end", RESULTS, &batch.results)
}

fn counted(words: &Catalog, section: &str, names: &[&str], counts: &[usize]) -> String {
    let some = names.iter().zip(counts).filter(|(_, count)| **count > 0);
    let text = |(name, count): (&&str, &usize)| {
        words.text(&format!("history.{section}.{name}"), &[("count", &count.to_string())]).into_owned()
    };
    some.map(text).collect::<Vec<_>>().join(words.word("list.comma"))
}

/// How the worst of its targets ended.
fn worst(batch: &Summary) -> Role {
    let some = |word: OutcomeWord| batch.results.get(word as usize).is_some_and(|count| *count > 0);
    if batch.unfinished() > 0 || some(OutcomeWord::Unknown) {
        Role::Unknown
    } else if some(OutcomeWord::Failed) {
        Role::Blocked
    } else if some(OutcomeWord::NicGone) || some(OutcomeWord::NotBegun) {
        Role::Warn
    } else if some(OutcomeWord::Released) || some(OutcomeWord::AlreadyGone) {
        Role::Ok
    } else {
        Role::Dim
    }
}

// ---- a batch -------------------------------------------------------------------------------------------------------

fn targets(canvas: &mut Canvas, opened: &Opened, now: Option<&Now>, regions: &Regions) {
    let words = canvas.words;
    // A mark, and the sign of how it ended beside it.
    let beside = canvas.skin.glyphs.mark_cells + 1;
    let Some(batch) = &opened.batch else {
        let key = if opened.job.is_some() { "history.reading" } else { "history.no-batch" };
        return note(canvas, regions.list, words.word(key));
    };
    let height = usize::from(regions.list.height);
    let shown: Vec<(&Write, &Row)> = batch.rows().skip(opened.view.offset).take(height).collect();
    let widest = |text: &dyn Fn(&(&Write, &Row)) -> usize| shown.iter().map(text).max().unwrap_or(0);
    let needs = [
        need(beside + 1, beside + 1, 0),
        need(7, 14, 0).fit(widest(&|(write, _)| text::cells(words.word(words::act(write.kind.act()))))),
        need(15, 39, 0).fit(widest(&|(_, row)| text::cells(&named(words, row)))),
        need(12, 26, 1).fit(widest(&|(write, _)| text::cells(write.kind.nic().as_str()))),
        need(7, 16, 2).fit(widest(&|(write, _)| text::cells(write.profile.as_str()))),
        need(10, 14, 4).fit(widest(&|(write, _)| text::cells(write.region.as_str()))),
        need(10, 40, 0).fit(widest(&|(write, row)| text::cells(&result(words, write, row).1))).first(),
        need(12, 36, 3).fit(widest(&|(_, row)| request_id(row).map_or(0, text::cells))),
    ];
    let slots = columns::lay(needs, 2, regions.list.width.saturating_sub(1));
    let [mark, act_slot, address, nic, profile, region, result_slot, request] = slots;
    heading(
        canvas,
        regions.heading,
        &[act_slot, address, nic, profile, region, result_slot, request],
        [
            "history.column.act",
            "history.column.address",
            "history.column.nic",
            "history.column.profile",
            "history.column.region",
            "history.column.result",
            "history.column.request",
        ],
    );
    for (line, (place, (write, row))) in (0u16..).zip(shown.iter().enumerate()) {
        let (glyph, said, role) = result(words, write, row);
        let sign = canvas.skin.glyphs.mark;
        let mut pen = canvas.pen(regions.list, line);
        let mut put = |slot: Option<Slot>, text: &str, cut: Cut, role: Role| {
            if let Some(slot) = slot {
                pen.to(regions.list.x + slot.x).put_within(&clean(text), slot.width, cut, role);
            }
        };
        put(mark, if opened.marks.contains(&row.target) { sign } else { "" }, Cut::End, Role::Mark);
        put(mark.map(|slot| Slot { x: slot.x + beside, width: 1 }), glyph, Cut::End, role);
        put(act_slot, words.word(words::act(write.kind.act())), Cut::End, Role::Text);
        put(address, &named(words, row), Cut::End, Role::Bright);
        put(nic, write.kind.nic().as_str(), Cut::Middle, Role::Text);
        put(profile, write.profile.as_str(), Cut::End, Role::Dim);
        put(region, write.region.as_str(), Cut::End, Role::Dim);
        put(result_slot, &said, Cut::End, role);
        put(request, request_id(row).unwrap_or(""), Cut::Middle, Role::Dim);
        if opened.view.offset + place == opened.view.cursor {
            canvas.focus(regions.list, line);
        }
    }
    if regions.detail.width > 0 {
        canvas.upright(regions.detail);
        let area = pane::beside(regions.detail);
        if let Some((write, row)) = opened.focused() {
            page(canvas, opened, now, (write, row), area.width).draw(canvas, area, 0, false);
        }
    }
}

fn named(words: &Catalog, row: &Row) -> String {
    match &row.target {
        Target::Address(key) => key.ip.to_string(),
        Target::Nic(_) => words.word("noun.whole-nic").to_owned(),
        Target::Eip { .. } => words::target_name(&row.target),
    }
}

fn request_id(row: &Row) -> Option<&str> {
    row.outcome.as_ref().and_then(Outcome::request_id)
}

/// Glyph, word with the vendor's code, and role of how it ended.
fn result(words: &Catalog, write: &Write, row: &Row) -> (&'static str, String, Role) {
    let Some(outcome) = &row.outcome else {
        return ("?", words.word("history.unfinished").to_owned(), Role::Unknown);
    };
    let (glyph, word, role) = words::outcome_word(words, write.kind.act(), outcome.word());
    let code = match outcome {
        Outcome::Failed { fault } | Outcome::Unknown { fault } => Some(words::fault_code(words, fault)),
        _ => None,
    };
    (glyph, code.map_or_else(|| word.to_owned(), |code| format!("{word}  {code}")), role)
}

// ---- one target ----------------------------------------------------------------------------------------------------

/// Everything that the journal says of one target of the batch.
pub fn page(canvas: &Canvas, opened: &Opened, now: Option<&Now>, (write, row): (&Write, &Row), width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, pane::LABEL);
    let (glyph, said, role) = result(words, write, row);
    let name = words::target_name(&row.target);
    let cloud = canvas.cloud(&write.profile).cloned().unwrap_or_else(|| write.cloud.clone());
    doc.line(vec![
        (format!("{}  ", words.word(words::act(write.kind.act()))), Role::Text),
        (name, Role::Bright),
        (format!("  {glyph} {said}"), role),
    ]);
    let place = format!("{}  {}  {}", write.profile, write.region, write.kind.nic());
    doc.text(&clean(&place), Role::Dim);
    doc.blank();
    match &row.outcome {
        None => doc.text(words.word("history.unfinished-why"), Role::Text),
        Some(
            Outcome::Failed { fault }
            | Outcome::Unknown { fault }
            | Outcome::Skipped { why: Skip::NotReadAgain { fault } },
        ) => findings::fault(canvas, &mut doc, Some(&cloud), fault, true),
        Some(outcome) => doc.text(&words::outcome_reason(words, Some(&cloud), outcome), Role::Text),
    }
    if write.found_later {
        doc.text(words.word("history.found-later"), Role::Dim);
    }
    doc.blank();
    let clock = |at| words::moment(canvas.skin, at);
    doc.field(words.word("label.when"), &clock(write.at), Role::Text);
    if let Some(batch) = &opened.batch {
        doc.field(words.word("label.who"), &clean(&format!("{}  {}", batch.who, batch.host)), Role::Text);
        doc.field(words.word("label.batch"), &clean(&batch.id), Role::Text);
        doc.field(words.word("label.plan"), &clean(&batch.plan), Role::Dim);
        doc.field(words.word("label.version"), &clean(&batch.version), Role::Dim);
    }
    doc.field(words.word("label.request"), &clean(request_id(row).unwrap_or("")), Role::Text);
    for one in write.overrides.iter().filter(|one| one.target == row.target) {
        let ids: Vec<&str> = one.findings.iter().map(|id| id.as_str()).collect();
        let said = format!("{}  {}", ids.join(" "), clean(&one.reason));
        doc.field(words.word("label.override"), &said, Role::Unknown);
    }
    for (key, image) in [("label.before", &write.image), ("label.after", &write.after)] {
        if let Some(image) = image {
            doc.heading(words.word(key));
            self::image(words, &mut doc, image);
        }
    }
    if let Some(now) = now.filter(|now| now.nic == *row.target.nic()) {
        self::now(canvas, &mut doc, now, history::kept(write), &cloud);
    }
    for (nth, request) in write.requests.iter().enumerate() {
        doc.heading(words.word("heading.request"));
        self::request(&mut doc, request);
        if let Some(answer) = write.answers.get(nth) {
            self::answer(words, &mut doc, answer);
        }
    }
    doc
}

/// The NIC as it is now, and what differs from what the journal kept of it last.
fn now(canvas: &Canvas, doc: &mut Doc, now: &Now, kept: Option<(&Image, bool)>, cloud: &CloudId) {
    let words = canvas.words;
    doc.heading(words.word("label.now"));
    let (seen, at) = match &now.seen {
        SeenNow::Reading => return doc.text(words.word("compare.reading"), Role::Info),
        SeenNow::Gone => return doc.text(words.word("compare.gone"), Role::Warn),
        SeenNow::Unread(fault) => return findings::fault(canvas, doc, Some(cloud), fault, false),
        SeenNow::Nic(seen, at) => (seen, *at),
    };
    image(words, doc, seen);
    doc.field(words.word("label.read"), &words::moment(canvas.skin, at), Role::Dim);
    let Some((kept, after)) = kept else { return };
    // With which of the two above, and from where that is.
    doc.text(words.word(if after { "compare.with-after" } else { "compare.with-before" }), Role::Dim);
    let differences = history::differences(kept, seen);
    if differences.is_empty() {
        doc.text(words.word("compare.same"), Role::Ok);
    }
    for one in &differences {
        let (key, values) = match one {
            Difference::Less(ips) => ("compare.less", vec![("addresses", clean(ips))]),
            Difference::More(ips) => ("compare.more", vec![("addresses", clean(ips))]),
            Difference::Instance(before, now) => {
                ("compare.instance", vec![("before", clean(before)), ("now", clean(now))])
            }
            Difference::Status(before, now) => ("compare.status", vec![("before", clean(before)), ("now", clean(now))]),
            Difference::Eips(before, now) => ("compare.eips", vec![("before", clean(before)), ("now", clean(now))]),
        };
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
        doc.text(&words.text(key, &values), Role::Warn);
    }
}

/// A NIC at one moment: the primary address has a star.
fn image(words: &Catalog, doc: &mut Doc, image: &Image) {
    let instance = image.instance.as_ref().map(|id| format!("  {id}")).unwrap_or_default();
    doc.field(words.word("label.state"), &clean(&format!("{}{instance}", image.status)), Role::Text);
    let star = |role| if role == AddressRole::Primary { "*" } else { "" };
    let ips: Vec<String> = image.addresses.iter().map(|one| format!("{}{}", one.ip, star(one.role))).collect();
    doc.field(words.word("label.addresses"), &ips.join("  "), Role::Text);
    let eips = image.eips.iter().map(|eip| {
        let ip = eip.ip.map(|ip| format!(" {ip}")).unwrap_or_default();
        let on = eip.on.map(|on| format!(" ({on})")).unwrap_or_default();
        format!("{}{ip}{on}", eip.id)
    });
    doc.field(words.word("label.eip"), &clean(&eips.collect::<Vec<_>>().join("  ")), Role::Text);
}

fn request(doc: &mut Doc, request: &Request) {
    doc.text(&clean(&format!("{} {}{}", request.method, request.host, request.path)), Role::Text);
    for line in request.body.lines() {
        doc.text(&clean(line), Role::Text);
    }
}

fn answer(words: &Catalog, doc: &mut Doc, answer: &Answer) {
    let status = answer.status.map(|status| format!("HTTP {status}  ")).unwrap_or_default();
    let said = format!("{status}{}", words::duration(answer.ms));
    doc.field(words.word("label.status"), &said, Role::Text);
    doc.field(words.word("label.code"), &clean(answer.code.as_deref().unwrap_or("")), Role::Blocked);
    doc.field(words.word("label.request"), &clean(answer.request_id.as_deref().unwrap_or("")), Role::Text);
    for line in answer.text.lines() {
        doc.text(&clean(line), Role::Dim);
    }
}
