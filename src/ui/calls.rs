//! Every round trip, newest first; and one of them whole. What is shown holds no secret: it never had one.

use crate::{
    app::{
        calls::{self, Entry},
        geometry::{Area, Regions},
        notices::{Loudness, Notice},
        state::State,
    },
    domain::exchange::Exchange,
};

use super::{
    canvas::Canvas,
    catalog::Catalog,
    columns::{self, Slot, need},
    doc::Doc,
    errors::Known,
    text::{self, Cut},
    theme::Role,
    words,
};

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let words = canvas.words;
    let entries = || state.calls.window(usize::from(regions.list.height));
    let shown: Vec<&Exchange> = entries().filter_map(|(_, entry)| entry.call()).collect();
    let said = entries().filter_map(|(_, entry)| match entry {
        Entry::Call(_) => None,
        Entry::Message { notice, .. } => Some(text::cells(&level(words, notice.loudness).0)),
    });
    let said = said.max().unwrap_or(0);
    // No column takes more than is to be read in it.
    let widest = |text: &dyn Fn(&Exchange) -> usize| shown.iter().map(|call| text(call)).max().unwrap_or(0);
    let needs = [
        need(8, 8, 0),
        need(5, 8, 0).fit(said.max(6)).first(),
        need(7, 14, 4).fit(widest(&|call| text::cells(call.profile.as_str()))),
        need(26, 40, 0).fit(widest(&|call| text::cells(&call.action))).first(),
        need(10, 48, 3).fit(widest(&|call| text::cells(&call.target))),
        need(4, 4, 0),
        need(7, 8, 2),
        need(10, 40, 1).fit(widest(&|call| text::cells(&code(words, call)))),
        need(12, 40, 5).fit(widest(&|call| call.request_id.as_deref().map_or(0, text::cells))),
    ];
    let width = regions.list.width.saturating_sub(1);
    let slots = if state.calls.any_trouble() {
        columns::lay(needs, 2, width)
    } else {
        // Nothing to say about any call: the room goes to the others.
        let [time, kind, profile, action, target, http, took, _, request] = needs;
        let [time, kind, profile, action, target, http, took, request] =
            columns::lay([time, kind, profile, action, target, http, took, request], 2, width);
        [time, kind, profile, action, target, http, took, None, request]
    };
    let names = ["time", "kind-of-call", "profile", "action", "target", "http", "took", "code", "request"];
    for (slot, name) in slots.iter().zip(names) {
        if let Some(slot) = slot {
            let text = words.text(&format!("column.{name}"), &[]).into_owned();
            let mut pen = canvas.pen_at(regions.heading, 0, slot.x);
            match name {
                "took" => pen.column_right(&text, slot.width, Role::Dim),
                _ => pen.column(&text, slot.width, Cut::End, Role::Dim),
            };
        }
    }
    if state.calls.is_empty() {
        canvas
            .pen_at(regions.list, 1.min(regions.list.height.saturating_sub(1)), 3)
            .put(words.word("calls.none"), Role::Text);
    }
    for (line, (place, entry)) in (0u16..).zip(entries()) {
        match entry {
            Entry::Call(call) => row(canvas, regions.list, line, call, &slots),
            Entry::Message { notice, times } => message(canvas, regions.list, line, (notice, *times), &slots),
        }
        if place == state.calls.view.cursor {
            canvas.focus(regions.list, line);
        }
    }
    if regions.detail.width > 0 {
        canvas.upright(regions.detail);
        let area = super::detail::beside(regions.detail);
        if let Some(entry) = state.calls.focused() {
            page(canvas, entry, area.width).draw(canvas, area, 0, false);
        }
    }
}

/// Sign and word of a message's level, and its role.
pub fn level(words: &Catalog, loudness: Loudness) -> (String, Role) {
    let (glyph, role) = match loudness {
        Loudness::Info => ("i", Role::Text),
        Loudness::Warn => ("!", Role::Warn),
        Loudness::Error => ("x", Role::Blocked),
    };
    (format!("{glyph} {}", words.word(calls::level(loudness))), role)
}

/// What the status line said, with how often.
pub fn sentence(words: &Catalog, notice: &Notice, times: usize) -> String {
    let text = words.phrase(&notice.phrase);
    if times < 2 {
        return text;
    }
    words.text("calls.said-again", &[("text", &text), ("times", &times.to_string())]).into_owned()
}

/// A message: its sentence has the room of all columns behind the level.
fn message(canvas: &mut Canvas, area: Area, line: u16, (notice, times): (&Notice, usize), slots: &[Option<Slot>; 9]) {
    let words = canvas.words;
    let (level, role) = level(words, notice.loudness);
    let at = words::clock(canvas.skin, notice.at);
    let text = sentence(words, notice, times);
    let mut pen = canvas.pen(area, line);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    if let [Some(time), Some(kind), ..] = slots {
        pen.to(area.x + time.x).put_within(&at, time.width, Cut::End, Role::Dim);
        pen.to(area.x + kind.x).put_within(&level, kind.width, Cut::End, role);
        pen.to(area.x + kind.x + kind.width).gap(1).put(&text, role);
    }
}

/// The vendor's code, what went wrong, or which try it was.
fn code(words: &Catalog, call: &Exchange) -> String {
    match (&call.code, call.fault) {
        (Some(code), _) => code.clone(),
        (None, Some(kind)) => words::fault_word(words, kind),
        (None, None) if call.attempt > 1 => words.text("calls.try", &[("nth", &call.attempt.to_string())]).into_owned(),
        (None, None) => String::new(),
    }
}

/// The answer's status, and how it was.
pub fn status(call: &Exchange) -> (String, Role) {
    let text = call.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    (text, if call.fault.is_some() { Role::Blocked } else { Role::Ok })
}

fn row(canvas: &mut Canvas, area: Area, line: u16, call: &Exchange, slots: &[Option<Slot>; 9]) {
    let words = canvas.words;
    let [time, kind, profile, action, target, http, took, code, request] = *slots;
    let bad = call.fault.is_some();
    let at = words::clock(canvas.skin, call.at);
    let (status, status_role) = self::status(call);
    let code_text = self::code(words, call);
    let mut pen = canvas.pen(area, line);
    let mut put = |slot: Option<Slot>, text: &str, cut: Cut, role: Role| {
        if let Some(slot) = slot {
            pen.to(area.x + slot.x).put_within(text, slot.width, cut, role);
        }
    };
    put(time, &at, Cut::End, Role::Dim);
    let role = if call.write { Role::Mark } else { Role::Dim };
    put(kind, words.word(calls::kind(call)), Cut::End, role);
    put(profile, call.profile.as_str(), Cut::End, Role::Dim);
    put(action, &call.action, Cut::End, if call.write { Role::Bright } else { Role::Text });
    put(target, &call.target, Cut::Middle, Role::Dim);
    put(http, &status, Cut::End, status_role);
    if let Some(slot) = took {
        pen.to(area.x + slot.x).column_right(&words::duration(call.elapsed_ms), slot.width, Role::Dim);
    }
    let mut put = |slot: Option<Slot>, text: &str, cut: Cut, role: Role| {
        if let Some(slot) = slot {
            pen.to(area.x + slot.x).put_within(text, slot.width, cut, role);
        }
    };
    put(code, &code_text, Cut::End, if bad { Role::Blocked } else { Role::Dim });
    put(request, call.request_id.as_deref().unwrap_or(""), Cut::Middle, Role::Dim);
}

/// One line, whole.
pub fn page(canvas: &Canvas, entry: &Entry, width: u16) -> Doc {
    match entry {
        Entry::Call(call) => call_page(canvas, call, width),
        Entry::Message { notice, times } => message_page(canvas, notice, *times, width),
    }
}

fn message_page(canvas: &Canvas, notice: &Notice, times: usize, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, super::detail::LABEL);
    let (level, role) = level(words, notice.loudness);
    doc.line(vec![(level, role), (format!("  {}", words.word("calls.message")), Role::Dim)]);
    doc.blank();
    doc.text(&words.phrase(&notice.phrase), Role::Text);
    doc.blank();
    doc.field(words.word("label.when"), &words::clock(canvas.skin, notice.at), Role::Text);
    if times > 1 {
        doc.field(words.word("label.times"), &times.to_string(), Role::Text);
    }
    doc
}

fn call_page(canvas: &Canvas, call: &Exchange, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, super::detail::LABEL);
    let kind = words.word(calls::kind(call));
    doc.line(vec![(call.action.clone(), Role::Bright), (format!("  {kind}  {}", call.target), Role::Dim)]);
    doc.blank();
    doc.field(words.word("label.when"), &words::clock(canvas.skin, call.at), Role::Text);
    let region = call.region.as_ref().map(|region| format!("  {region}")).unwrap_or_default();
    doc.field(words.word("label.profile"), &format!("{}{region}", call.profile), Role::Text);
    let status = call.status.map(|status| format!("HTTP {status}")).unwrap_or_default();
    doc.field(words.word("label.status"), &status, if call.fault.is_some() { Role::Blocked } else { Role::Ok });
    doc.field(words.word("label.code"), call.code.as_deref().unwrap_or(""), Role::Blocked);
    let fault = call.fault.map(|kind| words::fault_word(words, kind)).unwrap_or_default();
    doc.field(words.word("label.fault"), &fault, Role::Blocked);
    meaning(canvas, &mut doc, call);
    doc.field(words.word("label.request"), call.request_id.as_deref().unwrap_or(""), Role::Text);
    let tries = words
        .text("detail.tries", &[("count", &call.attempt.to_string()), ("elapsed", &words::duration(call.elapsed_ms))]);
    doc.field(words.word("label.tries"), &tries, Role::Text);
    doc.heading(words.word("heading.request"));
    request(&mut doc, call);
    let bytes = call.answer_bytes.to_string();
    doc.heading(&words.text("heading.answer", &[("bytes", &bytes)]));
    body(&mut doc, &call.answer);
    doc
}

/// Method, host, path, headers and body; secrets are hidden already.
pub fn request(doc: &mut Doc, call: &Exchange) {
    doc.text(&format!("{} {}{}", call.method, call.host, call.path), Role::Text);
    for (name, value) in &call.headers {
        doc.hang(vec![(format!("{name}: "), Role::Dim)], text::cells(name) + 2, value, Role::Text);
    }
    body(doc, &call.body);
}

/// What a refusal means, and what to do.
fn meaning(canvas: &Canvas, doc: &mut Doc, call: &Exchange) {
    let words = canvas.words;
    let Some(cloud) = canvas.cloud(&call.profile).filter(|_| call.fault.is_some()) else { return };
    match words.errors.find(cloud, call.code.as_deref(), call.status) {
        Known::Code(entry) => {
            let (text, permission) = (entry.text(words.language), call.permission.as_deref());
            doc.field("", &words::code_text(&text.means, &call.action, permission), Role::Text);
            doc.field("", &words::code_text(&text.next, &call.action, permission), Role::Text);
            doc.field(
                words.word("label.again"),
                &words::again(words, entry, call.write.then_some(entry.proves)),
                Role::Text,
            );
        }
        Known::Stranger => {
            doc.field("", words.word("code.unknown-in-answer"), Role::Text);
            let next = match &call.request_id {
                Some(id) => words.text("code.unknown-next", &[("request", id)]),
                None => words.word("code.unknown-next-without-id").into(),
            };
            doc.field("", &next, Role::Text);
        }
        Known::Nothing => {}
    }
}

fn body(doc: &mut Doc, text: &str) {
    for line in text.lines() {
        doc.text(line, Role::Text);
    }
}
