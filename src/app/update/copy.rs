//! Copying: the focused value, or one of a menu.

use std::collections::BTreeSet;

use crate::{
    app::{
        calls::Entry,
        detail::{self, Detail},
        effect::{Effect, Making, Sentence},
        export::RowOf,
        notices::{Loudness, Phrase},
        overlay::Overlay,
        rows::{self, RowKey},
        state::{Screen, State},
    },
    domain::{
        clean::clean,
        ids::AddressKey,
        outcome::{Outcome, OutcomeWord},
        plan::{Act, Decision, Operation, ReleasePlan},
        selection::Target,
    },
};

/// One thing that can be copied.
#[derive(Clone, PartialEq, Debug)]
pub struct CopyItem {
    /// Locale key of what it is.
    pub label: &'static str,
    /// Or why it can not be.
    pub what: Result<Copied, Phrase>,
}

/// What the clipboard gets.
#[derive(Clone, PartialEq, Debug)]
pub enum Copied {
    /// Of one line, or of several.
    Text(String),
    /// In the language of the screen.
    Sentence(Sentence),
    /// Has to be made first.
    Made(Making),
}

impl CopyItem {
    pub fn text(label: &'static str, text: String) -> Self {
        Self { label, what: Ok(Copied::Text(text)) }
    }

    fn row(row: RowOf) -> Self {
        Self { label: "copy.row", what: Ok(Copied::Made(Making::Row(row))) }
    }

    fn command(operation: Result<Operation, Phrase>) -> Self {
        let what = operation.map(|operation| Copied::Made(Making::Command(Box::new(operation))));
        Self { label: "copy.command", what }
    }
}

/// More than this is not sent through the terminal: terminals cut it.
const MOST: usize = 74_000;

/// Everything about the focused row that is worth copying; the first is what `y` takes.
pub fn items(state: &State) -> Vec<CopyItem> {
    let mut items = Items::default();
    match state.screen {
        Screen::Inventory => listed(state, &mut items),
        Screen::Plan => planned(state, &mut items),
        Screen::Run => ran(state, &mut items),
        Screen::History => done_before(state, &mut items),
        Screen::Calls => match state.calls.focused() {
            Some(Entry::Call(call)) => {
                items.text("copy.request-id", call.request_id.as_deref().unwrap_or(""));
                items.text("copy.action", &call.action);
                items.text("copy.answer", &call.answer);
                items.0.push(CopyItem::row(RowOf::Call(call.clone())));
            }
            Some(Entry::Message { notice, .. }) => items.sentence(Sentence::Phrase(notice.phrase.clone())),
            None => {}
        },
        Screen::Welcome => items.text("copy.config-path", &state.config_path),
    }
    items.0
}

#[derive(Default)]
struct Items(Vec<CopyItem>);

impl Items {
    /// Of one line; what is empty or there already is left out.
    fn text(&mut self, label: &'static str, text: &str) {
        let item = CopyItem::text(label, clean(text).into_owned());
        if !text.is_empty() && self.0.iter().all(|other| other.what != item.what) {
            self.0.push(item);
        }
    }

    fn sentence(&mut self, sentence: Sentence) {
        self.0.push(CopyItem { label: "copy.message", what: Ok(Copied::Sentence(sentence)) });
    }

    fn target(&mut self, target: &Target) {
        if let Target::Address(key) = target {
            self.text("copy.address", &key.ip.to_string());
        }
        self.text("copy.nic", target.nic().nic.as_str());
        if let Target::Address(key) = target {
            self.text("copy.guest", &guest(key.ip));
        }
    }

    /// Lines of more rows than one.
    fn lines(&mut self, label: &'static str, lines: &[String]) {
        if lines.len() > 1 {
            self.0.push(CopyItem::text(label, lines.join("\n")));
        }
    }
}

fn listed(state: &State, items: &mut Items) {
    let Some(row) = rows::focused(state) else { return };
    let Some(key) = rows::key(state, row) else { return };
    let mut said = None;
    match &key {
        RowKey::Address(key) => {
            items.text("copy.address", &key.ip.to_string());
            items.text("copy.nic", key.nic.nic.as_str());
            items.text("copy.guest", &guest(key.ip));
        }
        RowKey::Nic(key) => items.text("copy.nic", key.nic.as_str()),
        RowKey::Instance(key) => {
            items.text("copy.instance", key.instance.as_str());
            let part = state.inventory.profile(&key.profile);
            if let Some(instance) = part.and_then(|part| part.instance(&key.instance)) {
                items.text("copy.name", &instance.name);
            }
        }
        RowKey::Problem(..) => {
            if let Some(Detail::Problem { failed, .. }) = detail::of(state, row) {
                for (_, fault, _) in failed.iter().take(1) {
                    items.text("copy.request-id", fault.request_id.as_deref().unwrap_or(""));
                    said = Some(*fault).filter(|fault| !fault.message.is_empty() || fault.keys.is_some());
                }
            }
        }
    }
    if let Some(nic) = rows::nic_of(state, row) {
        items.text("copy.instance", nic.instance.as_ref().map_or("", |id| id.as_str()));
        items.text("copy.name", &nic.name);
        items.text("copy.mac", nic.mac.as_deref().unwrap_or(""));
    }
    if let Some(fault) = said {
        items.sentence(Sentence::Fault(Box::new(fault.clone())));
    }
    let command = match &key {
        RowKey::Address(key) => release_of(state, key),
        RowKey::Nic(_) | RowKey::Instance(_) => Err(Phrase::new("disabled.command-of-address")),
        RowKey::Problem(..) => return,
    };
    items.0.push(CopyItem::row(RowOf::Listed(key)));
    items.0.push(CopyItem::command(command));
}

/// The write that would release the address, as it was seen last.
fn release_of(state: &State, key: &AddressKey) -> Result<Operation, Phrase> {
    let target = Target::Address(key.clone());
    match super::plan::alone(state, &target) {
        Ok(plan) => write_of(&plan, &target),
        Err(_) => Err(Phrase::new("disabled.no-command")),
    }
}

/// The write that a row of the plan is part of.
fn write_of(plan: &ReleasePlan, target: &Target) -> Result<Operation, Phrase> {
    let none = || Phrase::new("disabled.no-command");
    let row = plan.rows().iter().find(|row| row.target == *target).ok_or_else(none)?;
    match row.decision {
        Decision::Go(id) => plan.operations().iter().find(|operation| operation.id == id).cloned().ok_or_else(none),
        Decision::Blocked | Decision::Already => {
            let worst = row.findings.iter().max_by_key(|finding| finding.severity);
            Err(worst
                .map_or_else(none, |worst| Phrase::new("disabled.command-blocked").with("finding", worst.id.as_str())))
        }
    }
}

fn planned(state: &State, items: &mut Items) {
    let Some(view) = &state.plan else { return };
    let row = view.plan.rows().get(view.view.cursor);
    if let Some(row) = row {
        items.target(&row.target);
    }
    if let Some(hash) = view.plan.told_hash() {
        items.text("copy.plan-hash", &hash.to_string());
    }
    if let Some(row) = row {
        items.0.push(CopyItem::row(RowOf::Planned(view.plan.clone(), row.target.clone())));
        items.0.push(CopyItem::command(write_of(&view.plan, &row.target)));
    }
}

fn ran(state: &State, items: &mut Items) {
    let Some(run) = &state.run else { return };
    let Some(row) = run.row_at(run.view.cursor) else { return };
    items.text("copy.request-id", row.end().and_then(Outcome::request_id).unwrap_or(""));
    items.target(&row.target);
    items.0.push(CopyItem::row(RowOf::Ended(Box::new(super::export::results(run, vec![row.clone()])))));
    let ends = || run.rows.iter().filter_map(|row| Some((row.act, &row.target, row.end()?)));
    items.lines("copy.request-ids", &request_ids(ends().filter_map(|(.., end)| end.request_id())));
    items.lines("copy.guests", &guests(state, ends()));
}

fn done_before(state: &State, items: &mut Items) {
    let opened = state.history.opened.as_ref();
    if let Some((write, row)) = opened.and_then(|opened| opened.focused()) {
        let asked = row.outcome.as_ref().and_then(Outcome::request_id);
        let answered = || write.answers.iter().rev().find_map(|answer| answer.request_id.as_deref());
        items.text("copy.request-id", asked.or_else(answered).unwrap_or(""));
        items.target(&row.target);
    }
    let Some(summary) = state.history.current() else { return };
    items.text("copy.batch", &summary.batch);
    let Some(batch) = opened.and_then(|opened| opened.batch.as_ref()) else {
        items.0.push(CopyItem::row(RowOf::Batch(summary.batch.clone())));
        return;
    };
    if let Some((write, _)) = opened.and_then(|opened| opened.focused()) {
        items.0.push(CopyItem::row(RowOf::Written(batch.clone(), write.operation)));
    }
    let answered = batch.writes.iter().flat_map(|write| &write.answers).filter_map(|it| it.request_id.as_deref());
    items.lines("copy.request-ids", &request_ids(answered));
    let ends = batch.rows().filter_map(|(write, row)| Some((write.kind.act(), &row.target, row.outcome.as_ref()?)));
    items.lines("copy.guests", &guests(state, ends));
}

/// Each once, in their order.
fn request_ids<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut told = BTreeSet::new();
    ids.filter(|id| told.insert(*id)).map(|id| clean(id).into_owned()).collect()
}

/// The clean-up of every address that was taken away, under the name of the instance that it is done on.
fn guests<'a>(state: &State, ends: impl Iterator<Item = (Act, &'a Target, &'a Outcome)>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut on = None;
    for (act, target, end) in ends {
        let Target::Address(key) = target else { continue };
        if act != Act::Release || !matches!(end.word(), OutcomeWord::Released | OutcomeWord::AlreadyGone) {
            continue;
        }
        if on != Some(&key.nic) {
            on = Some(&key.nic);
            let part = state.inventory.profile(&key.nic.profile);
            let nic = part.and_then(|part| part.nic(&key.nic.nic));
            let id = nic.and_then(|nic| nic.instance.as_ref());
            let name = id.and_then(|id| part?.instance(id)).map_or("", |instance| &*instance.name);
            let words = [key.nic.profile.as_str(), key.nic.nic.as_str(), id.map_or("", |id| id.as_str()), name];
            let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).map(clean).collect();
            lines.push(format!("# {}", words.join(" ")));
        }
        lines.push(guest(key.ip));
    }
    lines
}

/// Takes an address off whatever interface of a Linux guest has it: no cloud does that. Needs iproute2 and root.
fn guest(ip: std::net::IpAddr) -> String {
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    format!("ip -o addr show to {ip}/{bits} | awk '{{system(\"ip addr del \" $4 \" dev \" $2)}}'")
}

/// `y`.
pub fn copy(state: &mut State) -> Vec<Effect> {
    let item = items(state).into_iter().next();
    take_or_say(state, item)
}

/// Copies it, or says that there is nothing.
pub fn take_or_say(state: &mut State, item: Option<CopyItem>) -> Vec<Effect> {
    match item {
        Some(item) => take(state, item),
        None => {
            state.notices.say(state.now, Loudness::Info, Phrase::new("notice.nothing-to-copy"));
            Vec::new()
        }
    }
}

/// `Y`.
pub fn menu(state: &mut State) {
    if items(state).is_empty() {
        state.notices.say(state.now, Loudness::Info, Phrase::new("notice.nothing-to-copy"));
    } else {
        state.overlays.push(Overlay::CopyMenu { view: crate::app::viewport::Viewport::default() });
    }
}

pub fn take(state: &mut State, item: CopyItem) -> Vec<Effect> {
    match item.what {
        Ok(Copied::Text(text)) => put(state, text),
        // Told without itself: it would stand in the list twice.
        Ok(Copied::Sentence(sentence)) => {
            state.notices.say(state.now, Loudness::Info, Phrase::new("notice.copied-message"));
            vec![Effect::CopySentence(sentence)]
        }
        Ok(Copied::Made(making)) => vec![Effect::MakeCopy(making)],
        Err(why) => {
            state.notices.say(state.now, Loudness::Warn, why);
            Vec::new()
        }
    }
}

fn put(state: &mut State, text: String) -> Vec<Effect> {
    if text.len() > MOST {
        state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.too-much-to-copy"));
        return Vec::new();
    }
    let phrase = match text.lines().count() {
        0 | 1 => {
            let shown: String = text.chars().take(60).collect();
            Phrase::new("notice.copied").with("text", clean(&shown))
        }
        count => Phrase::new("notice.copied-lines").with("count", count),
    };
    state.notices.say(state.now, Loudness::Info, phrase);
    vec![Effect::Copy(text)]
}

/// What had to be made is there, or why not.
pub fn made(state: &mut State, made: Result<String, Phrase>) -> Vec<Effect> {
    match made {
        Ok(text) => put(state, text),
        Err(why) => {
            state.notices.say(state.now, Loudness::Warn, why);
            Vec::new()
        }
    }
}

/// The terminal was asked, or could not be.
pub fn done(state: &mut State, done: bool) {
    if !done {
        state.notices.say(state.now, Loudness::Error, Phrase::new("notice.copy-failed"));
    }
}
