//! What one write of a plan would send: the request, and the same as a line for a shell. Says at each what holds it back.

use crate::{
    app::{dry_run::DryRun, geometry::Area},
    domain::{
        outcome::Outcome,
        plan::{Act, Operation},
        rehearsal::{Rehearsal, Tool, WouldSend},
        selection::Target,
    },
};

use super::{calls, canvas::Canvas, detail, doc::Doc, theme::Role, words};

/// The title: which write of how many, and how many would be sent.
pub fn title(canvas: &mut Canvas, run: &DryRun, at: usize, area: Area) {
    let words = canvas.words;
    let total = run.plan.operations().len();
    let values = [("nth", (at + 1).to_string()), ("total", total.to_string()), ("hash", run.plan.hash().short())];
    let title = words.text("dry-run.title", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    let (told, sends) = (run.told.len().to_string(), run.would_send().to_string());
    let (key, count) = if run.job.is_some() { ("dry-run.reading", told) } else { ("dry-run.count", sends) };
    let right = words.text(key, &[("count", &count), ("total", &total.to_string())]);
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1).put(&title, Role::Bright).right(&[(right, Role::Dim)]);
}

/// One write, whole.
pub fn page(canvas: &Canvas, run: &DryRun, at: usize, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, detail::LABEL);
    let Some((operation, told)) = run.at(at) else { return doc };
    let sends = told.and_then(|told| told.sends.first());
    let (word, role) = match (told, sends) {
        (None, _) if run.job.is_some() => ("dry-run.being-read", Role::Dim),
        (None, _) => ("dry-run.not-told", Role::Unknown),
        (Some(_), Some(_)) => ("dry-run.would-send", Role::Info),
        (Some(_), None) => ("dry-run.would-not-send", Role::Blocked),
    };
    let action = sends.map_or("", |sends| sends.request.action.as_str());
    let gap = if action.is_empty() { "" } else { "  " };
    doc.line(vec![(words.word(word).to_owned(), role), (format!("{gap}{action}"), Role::Bright)]);
    doc.blank();
    doc.field(words.word("label.nic"), operation.kind.nic().as_str(), Role::Text);
    doc.field(words.word("label.profile"), &format!("{}  {}", operation.profile, operation.region), Role::Text);
    if let Some(told) = told.filter(|told| !told.sends.is_empty()) {
        // Not every request names them.
        let goes = |target: &Target| told.ends.iter().all(|(ended, _)| ended != target);
        let ips =
            operation.targets().into_iter().filter(goes).filter_map(|target| target.ip()).map(|ip| ip.to_string());
        doc.field(words.word("label.addresses"), &ips.collect::<Vec<_>>().join("  "), Role::Bright);
        would_send(canvas, &mut doc, run, operation, &told.sends);
    }
    if let Some(told) = told {
        held_back(canvas, &mut doc, told, operation.kind.act());
    }
    doc
}

fn would_send(canvas: &Canvas, doc: &mut Doc, run: &DryRun, operation: &Operation, sends: &[WouldSend]) {
    let words = canvas.words;
    if !operation.after.is_empty() {
        let place = |id| run.plan.operations().iter().position(|other| other.id == id).map(|at| (at + 1).to_string());
        let before: Vec<String> = operation.after.iter().filter_map(|&id| place(id)).collect();
        let before = before.join(words.word("list.comma"));
        doc.field(words.word("label.note"), &words.text("dry-run.after", &[("requests", &before)]), Role::Warn);
    }
    if sends.len() > 1 {
        let text = words.text("dry-run.several", &[("count", &sends.len().to_string())]);
        doc.field(words.word("label.note"), &text, Role::Warn);
    }
    if sends.last().is_some_and(|last| last.more) {
        doc.field(words.word("label.note"), words.word("dry-run.more"), Role::Warn);
    }
    for (nth, one) in sends.iter().enumerate() {
        if sends.len() == 1 {
            doc.heading(words.word("heading.request"));
        } else {
            let (nth, total) = ((nth + 1).to_string(), sends.len().to_string());
            let values = [("nth", nth.as_str()), ("total", total.as_str()), ("call", one.request.action.as_str())];
            doc.heading(&words.text("dry-run.request-nth", &values));
        }
        calls::request(doc, &one.request);
        doc.heading(words.word(match one.command.tool {
            Tool::Own => "dry-run.own-tool",
            Tool::Curl => "dry-run.curl",
        }));
        doc.text(&one.command.line, Role::Text);
    }
}

/// Targets that would not be sent, each with its reason.
fn held_back(canvas: &Canvas, doc: &mut Doc, told: &Rehearsal, act: Act) {
    let words = canvas.words;
    if told.ends.is_empty() {
        return;
    }
    doc.heading(words.word("dry-run.held-back"));
    for (target, outcome) in &told.ends {
        let name = words::target_name(target);
        let (glyph, word, role) = words::outcome_word(words, act, outcome.word());
        let cloud = canvas.cloud(&target.nic().profile);
        doc.line(vec![(format!("{glyph} "), role), (name, Role::Bright), (format!("  {word}"), role)]);
        doc.field("", &words::outcome_reason(words, cloud, outcome), Role::Text);
        let done = matches!(outcome, Outcome::AlreadyGone { .. } | Outcome::Released { .. });
        if let Some(next) = words::outcome_next(words, cloud, outcome).filter(|_| !done) {
            doc.field("", &next, Role::Dim);
        }
    }
}
