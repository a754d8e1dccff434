//! Copying: the focused value, or one of a menu.

use crate::app::{
    calls::Entry,
    effect::{Effect, Sentence},
    notices::{Loudness, Phrase},
    overlay::Overlay,
    rows::{self, RowKey},
    state::{Screen, State},
};

/// One thing that can be copied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CopyItem {
    /// Locale key of what it is.
    pub label: &'static str,
    pub what: Copied,
}

/// What the clipboard gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Copied {
    Text(String),
    /// In the language of the screen.
    Sentence(Sentence),
}

impl CopyItem {
    pub fn text(label: &'static str, text: String) -> Self {
        Self { label, what: Copied::Text(text) }
    }
}

/// More than this is not sent through the terminal: terminals cut it.
const MOST: usize = 74_000;

/// Everything about the focused row that is worth copying; the first is what `y` takes.
pub fn items(state: &State) -> Vec<CopyItem> {
    let mut items: Vec<CopyItem> = Vec::new();
    let mut add = |label: &'static str, text: &str| {
        let text = crate::domain::clean::clean(text).into_owned();
        let item = CopyItem::text(label, text);
        if item.what != Copied::Text(String::new()) && items.iter().all(|other| other.what != item.what) {
            items.push(item);
        }
    };
    match state.screen {
        Screen::Inventory => {
            let Some(row) = rows::focused(state) else { return items };
            let nic = rows::nic_of(state, row);
            let mut said = None;
            match rows::key(state, row) {
                Some(RowKey::Address(key)) => {
                    add("copy.address", &key.ip.to_string());
                    add("copy.nic", key.nic.nic.as_str());
                    add("copy.guest", &guest(key.ip));
                }
                Some(RowKey::Nic(key)) => add("copy.nic", key.nic.as_str()),
                Some(RowKey::Instance(key)) => {
                    add("copy.instance", key.instance.as_str());
                    let part = state.inventory.profile(&key.profile);
                    if let Some(instance) = part.and_then(|part| part.instance(&key.instance)) {
                        add("copy.name", &instance.name);
                    }
                }
                Some(RowKey::Problem(..)) => {
                    if let Some(super::super::detail::Detail::Problem { failed, .. }) =
                        super::super::detail::of(state, row)
                    {
                        for (_, fault, _) in failed.iter().take(1) {
                            add("copy.request-id", fault.request_id.as_deref().unwrap_or(""));
                            said = Some(*fault).filter(|fault| !fault.message.is_empty() || fault.keys.is_some());
                        }
                    }
                }
                None => {}
            }
            if let Some(nic) = nic {
                add("copy.instance", nic.instance.as_ref().map_or("", |id| id.as_str()));
                add("copy.name", &nic.name);
                add("copy.mac", nic.mac.as_deref().unwrap_or(""));
            }
            items.extend(said.map(|fault| {
                let what = Copied::Sentence(Sentence::Fault(Box::new(fault.clone())));
                CopyItem { label: "copy.message", what }
            }));
        }
        Screen::Plan => {
            if let Some(view) = &state.plan {
                if let Some(row) = view.plan.rows().get(view.view.cursor) {
                    target_items(&row.target, &mut add);
                }
                add("copy.plan-hash", &view.plan.hash().to_string());
            }
        }
        Screen::Run => {
            if let Some(row) = state.run.as_ref().and_then(|run| run.row_at(run.view.cursor)) {
                if let crate::domain::outcome::Progress::Settled(outcome) = &row.progress {
                    add("copy.request-id", outcome.request_id().unwrap_or(""));
                }
                target_items(&row.target, &mut add);
            }
        }
        Screen::History => {
            if let Some((write, row)) = state.history.opened.as_ref().and_then(|opened| opened.focused()) {
                let asked = row.outcome.as_ref().and_then(crate::domain::outcome::Outcome::request_id);
                let answered = || write.answers.iter().rev().find_map(|answer| answer.request_id.as_deref());
                add("copy.request-id", asked.or_else(answered).unwrap_or(""));
                target_items(&row.target, &mut add);
            }
            if let Some(summary) = state.history.current() {
                add("copy.batch", &summary.batch);
            }
        }
        Screen::Calls => match state.calls.focused() {
            Some(Entry::Call(call)) => {
                add("copy.request-id", call.request_id.as_deref().unwrap_or(""));
                add("copy.action", &call.action);
                add("copy.answer", &call.answer);
            }
            Some(Entry::Message { notice, .. }) => {
                items.push(CopyItem {
                    label: "copy.message",
                    what: Copied::Sentence(Sentence::Phrase(notice.phrase.clone())),
                });
            }
            None => {}
        },
        Screen::Welcome => add("copy.config-path", &state.config_path),
    }
    items
}

fn target_items(target: &crate::domain::selection::Target, add: &mut impl FnMut(&'static str, &str)) {
    if let crate::domain::selection::Target::Address(key) = target {
        add("copy.address", &key.ip.to_string());
    }
    add("copy.nic", target.nic().nic.as_str());
    if let crate::domain::selection::Target::Address(key) = target {
        add("copy.guest", &guest(key.ip));
    }
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
    let text = match item.what {
        Copied::Text(text) => text,
        // Told without itself: it would stand in the list twice.
        Copied::Sentence(sentence) => {
            state.notices.say(state.now, Loudness::Info, Phrase::new("notice.copied-message"));
            return vec![Effect::CopySentence(sentence)];
        }
    };
    if text.len() > MOST {
        state.notices.say(state.now, Loudness::Warn, Phrase::new("notice.too-much-to-copy"));
        return Vec::new();
    }
    let shown: String = text.chars().take(60).collect();
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.copied").with("text", shown));
    vec![Effect::Copy(text)]
}

/// The terminal was asked, or could not be.
pub fn done(state: &mut State, done: bool) {
    if !done {
        state.notices.say(state.now, Loudness::Error, Phrase::new("notice.copy-failed"));
    }
}
