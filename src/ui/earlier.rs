//! What earlier runs left open in the journal, and what reading has shown since.

use crate::{
    app::{
        earlier::{EarlierWrite, Found},
        state::State,
    },
    domain::{
        clean::clean,
        ids::{CloudId, NicId, ProfileId},
        journal::StrangeWrite,
        plan::{Act, OperationKind},
    },
};

use super::{canvas::Canvas, detail, doc::Doc, theme::Role, words};

/// Every write, oldest first, and where the journal is.
pub fn page(canvas: &Canvas, state: &State, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, detail::LABEL);
    let is_settled = |write: &EarlierWrite| matches!(write.found, Found::Settled(_));
    let all = state.earlier.strange.is_empty() && state.earlier.writes.iter().all(is_settled);
    doc.text(words.word(if all { "earlier.all-known" } else { "earlier.reads-only" }), Role::Dim);
    doc.blank();
    for write in &state.earlier.writes {
        one(canvas, &mut doc, write);
        doc.blank();
    }
    for write in &state.earlier.strange {
        strange(canvas, &mut doc, write);
        doc.blank();
    }
    doc.field(words.word("label.journal"), &clean(&state.earlier.path), Role::Text);
    doc
}

fn one(canvas: &Canvas, doc: &mut Doc, write: &EarlierWrite) {
    let words = canvas.words;
    let intent = &write.write.intent;
    let (act, ips) = match &intent.kind {
        OperationKind::Release { ips, .. } => ("earlier.release", ips.clone()),
        OperationKind::Assign { ips, .. } => ("earlier.assign", ips.clone()),
        OperationKind::BindEip { ip, .. } => ("earlier.bind", vec![*ip]),
        OperationKind::Detach { .. } => ("earlier.detach", Vec::new()),
        OperationKind::Attach { .. } => ("earlier.attach", Vec::new()),
        OperationKind::Delete { .. } => ("earlier.delete", Vec::new()),
    };
    let ips = ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (glyph, text, role) = told(canvas, canvas.cloud(&intent.profile), intent.kind.act(), &write.found);
    doc.line(vec![
        (format!("{glyph} "), role),
        (words.word(act).to_owned(), Role::Bright),
        (format!("  {}", clean(intent.kind.nic().as_str())), Role::Text),
    ]);
    doc.field(words.word("label.addresses"), &ips, Role::Text);
    doc.field(words.word("label.when"), &words::moment(canvas.skin, intent.at), Role::Text);
    let profile = format!("{}  {}", clean(intent.profile.as_str()), clean(intent.region.as_str()));
    doc.field(words.word("label.profile"), &profile, Role::Text);
    doc.field(words.word("label.who"), &format!("{}  {}", clean(&intent.who), clean(&intent.host)), Role::Text);
    doc.field(words.word("label.found"), &text, role);
}

fn strange(canvas: &Canvas, doc: &mut Doc, write: &StrangeWrite) {
    let words = canvas.words;
    let any = |id: Option<&str>, any: &str| id.map_or_else(|| words.word(any).to_owned(), |id| clean(id).into_owned());
    let nic = any(write.nic.as_ref().map(NicId::as_str), "earlier.any-nic");
    doc.line(vec![
        ("? ".to_owned(), Role::Warn),
        (words.word("earlier.write").to_owned(), Role::Bright),
        (format!("  {nic}"), Role::Text),
    ]);
    let profile = any(write.profile.as_ref().map(ProfileId::as_str), "earlier.any-profile");
    doc.field(words.word("label.profile"), &profile, Role::Text);
    let found = words.text("earlier.strange", &[("version", &write.version.to_string())]);
    doc.field(words.word("label.found"), &found, Role::Warn);
}

/// What was found, in words.
fn told(canvas: &Canvas, cloud: Option<&CloudId>, act: Act, found: &Found) -> (&'static str, String, Role) {
    let words = canvas.words;
    let end = || {
        let outcomes = found.outcomes().unwrap_or_default();
        let mut said: Vec<String> = Vec::new();
        for (target, outcome) in outcomes {
            let (_, word, _) = words::outcome_word(words, act, outcome.word());
            let word = match outcome {
                crate::domain::outcome::Outcome::Failed { .. } => words.word("earlier.still-there"),
                _ => word,
            };
            let text = match target {
                crate::domain::selection::Target::Address(key) if outcomes.len() > 1 => format!("{} {word}", key.ip),
                _ => word.to_owned(),
            };
            said.push(text);
        }
        said.join(words.word("confirm.comma"))
    };
    let settled = |text: String| if found.is_done() { ("+", text, Role::Ok) } else { ("x", text, Role::Warn) };
    match found {
        Found::Reading => ("~", words.word("earlier.reading").to_owned(), Role::Accent),
        Found::MaybeRunning => ("?", words.word("earlier.maybe-running").to_owned(), Role::Warn),
        Found::NoProfile => ("?", words.word("earlier.no-profile").to_owned(), Role::Warn),
        Found::NotYet => ("?", words.word("earlier.not-yet").to_owned(), Role::Warn),
        Found::Untold => ("?", words.word("earlier.untold").to_owned(), Role::Warn),
        Found::Unread(fault) => {
            let (what, code) = (words::fault_what(words, cloud, fault), words::fault_code(words, fault));
            ("?", words.text("earlier.unread", &[("what", &what), ("code", &code)]).into_owned(), Role::Blocked)
        }
        Found::Settled(_) => settled(words.text("earlier.settled", &[("end", &end())]).into_owned()),
        Found::NotNoted { fault, .. } => {
            let text =
                words.text("earlier.not-noted", &[("end", &end()), ("message", &clean(&words.phrase(&fault.into())))]);
            settled(text.into_owned())
        }
    }
}
