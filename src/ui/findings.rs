//! Findings and faults in whole sentences: what is, what it does, what to do.

use crate::domain::{
    fault::Fault,
    finding::{Finding, FindingId, Level, Severity},
    ids::CloudId,
    plan::Act,
    time::Timestamp,
};

use super::{
    canvas::Canvas,
    catalog::Part,
    doc::Doc,
    errors::{Known, Proves},
    text,
    theme::Role,
    words,
};

/// Each finding with its fact, effect and fix, the code it predicts and what that means, and how old its data is. `overridden`:
/// the reason why the row goes although something is not known. `own`: when the NIC itself was read.
pub fn list(
    canvas: &Canvas,
    doc: &mut Doc,
    cloud: Option<&CloudId>,
    (now, own): (Timestamp, Option<Timestamp>),
    findings: &[Finding],
    verb: Act,
    overridden: Option<&str>,
) {
    let words = canvas.words;
    if findings.is_empty() {
        doc.text(words.word("level.none"), Role::Ok);
    }
    let label = |key| text::cells(words.word(key)) + 2;
    let indent = 2 + label("label.effect").max(label("label.fix")).max(label("label.code"));
    let is_belt = |nth: Option<usize>| {
        nth.and_then(|nth| findings.get(nth)).is_some_and(|finding| finding.id == FindingId::OverBelt)
    };
    for (nth, finding) in findings.iter().enumerate() {
        // Several belts are one finding with several facts.
        let belt = finding.id == FindingId::OverBelt;
        let (goes_on, more) = (belt && is_belt(nth.checked_sub(1)), belt && is_belt(Some(nth + 1)));
        if nth > 0 && !goes_on {
            doc.blank();
        }
        if !goes_on {
            let role = words::severity_role(finding.severity);
            doc.line(vec![(format!("{} {}", words::severity_glyph(finding.severity), finding.id.as_str()), role)]);
        }
        let fact = words.finding(finding, Part::Fact, verb).unwrap_or_default();
        doc.hang(vec![("  ".to_owned(), Role::Text)], 2, &fact, Role::Text);
        if more {
            continue;
        }
        let mut field = |key: &str, value: Option<String>, role: Role| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let lead = format!("  {}  ", words.word(key));
                doc.hang(vec![(lead, Role::Dim)], indent, &value, role);
            }
        };
        let effect = match overridden.filter(|_| finding.severity == Severity::Unknown) {
            Some(reason) => Some(words.text("finding-effect.overridden", &[("reason", reason)]).into_owned()),
            None => words.finding(finding, Part::Effect, verb),
        };
        field("label.effect", effect, Role::Text);
        let all_belts = || words.word("finding-fix.over-belts").to_owned();
        let fix = if goes_on { Some(all_belts()) } else { words.finding(finding, Part::Fix, verb) };
        field("label.fix", fix, Role::Text);
        let code = finding.predicts.map(|code| match cloud.map(|cloud| words.errors.find(cloud, Some(code), None)) {
            Some(Known::Code(entry)) => words
                .text("code.predicted", &[("code", code), ("means", &entry.text(words.language).means)])
                .into_owned(),
            _ => code.to_owned(),
        });
        field("label.code", code, Role::Dim);
        let age = match finding.read_at {
            // The age of fresh data is on the first line of the page already.
            Some(at) if now.since(at) < 60_000 => None,
            // What is around the NIC may be older than the NIC: which list that is from is told.
            Some(at) if own.is_none_or(|own| at < own) && !finding.id.lists().is_empty() => {
                let age = words::age(words, now, at);
                let lists: Vec<_> = finding.id.lists().iter().map(|list| words::resource(words, *list)).collect();
                let lists = lists.join(words.word("list.comma"));
                Some(words.text("time.from-lists", &[("lists", &lists), ("age", &age)]).into_owned())
            }
            Some(at) => Some(words::age(words, now, at).into_owned()),
            None => finding.id.is_of_lists().then(|| words.word("time.not-whole").to_owned()),
        };
        field("label.read", age, Role::Dim);
    }
}

/// A fault, whole. `write`: it is the answer to a write.
pub fn fault(canvas: &Canvas, doc: &mut Doc, cloud: Option<&CloudId>, fault: &Fault, write: bool) {
    let words = canvas.words;
    doc.text(&words::fault_what(words, cloud, fault), Role::Blocked);
    doc.text(&words::fault_next(words, cloud, fault, write), Role::Text);
    doc.blank();
    fault_facts(canvas, doc, cloud, fault, write);
}

/// What the cloud, or the way to it, said of a fault.
pub fn fault_facts(canvas: &Canvas, doc: &mut Doc, cloud: Option<&CloudId>, fault: &Fault, write: bool) {
    let words = canvas.words;
    doc.field(words.word("label.call"), &fault.action, Role::Text);
    doc.field(words.word("label.code"), fault.code.as_deref().unwrap_or(""), Role::Text);
    if let Known::Code(entry) = words::known(words, cloud, fault) {
        // The codec knows the call as well as the code.
        let proves = write.then(|| Proves::from(fault.effect));
        doc.field(words.word("label.again"), &words::again(words, entry, proves), Role::Text);
    }
    let status = fault.http_status.map(|status| format!("HTTP {status}")).unwrap_or_default();
    doc.field(words.word("label.status"), &status, Role::Text);
    doc.field(words.word("label.message"), &words::fault_message(words, fault), Role::Text);
    doc.field(words.word("label.request"), fault.request_id.as_deref().unwrap_or(""), Role::Text);
    if fault.attempts > 0 {
        let tries = words.text(
            "detail.tries",
            &[("count", &fault.attempts.to_string()), ("elapsed", &words::duration(fault.elapsed_ms))],
        );
        doc.field(words.word("label.tries"), &tries, Role::Text);
    }
}

/// One sentence: may this target go? `held`: why nothing is sent for it, whatever was found.
pub fn sentence(canvas: &Canvas, name: &str, findings: &[Finding], verb: Act, held: Option<&str>) -> (String, Role) {
    let words = canvas.words;
    let act = words.word(match verb {
        Act::Release => "noun.released",
        Act::Detach => "noun.detached",
        Act::Assign => "noun.assigned",
        Act::Attach => "noun.attached",
        Act::BindEip => "noun.bound",
        Act::Delete => "noun.deleted",
    });
    let worst = findings.first();
    let level = worst.map_or(Level::Ok, |finding| Level::from(finding.severity));
    let fact = worst.and_then(|finding| words.finding(finding, Part::Fact, verb)).unwrap_or_default();
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warn).count().to_string();
    let key = match level {
        Level::Ok if held.is_some() => "focus.ok-held",
        Level::Warn if held.is_some() => "focus.warn-held",
        Level::Ok => "focus.ok",
        Level::Warn => "focus.warn",
        Level::Unknown => "focus.unknown",
        Level::Blocked => "focus.blocked",
    };
    let why = held.unwrap_or_default();
    let text = words.text(key, &[("name", name), ("act", act), ("fact", &fact), ("count", &warnings), ("why", why)]);
    (text.into_owned(), if level == Level::Ok { Role::Text } else { words::level_role(level) })
}
