//! Searching a list that hides nothing: the cursor steps from one row that holds the text to the next.

use std::{fmt, sync::Arc};

use crate::domain::{
    exchange::Exchange,
    outcome::{Outcome, Progress},
    plan::{Decision, PlanRow},
    selection::Target,
};

use crate::filter::search::RESULTS;

use super::{
    browse::Line,
    calls::{self, Entry},
    notices::Phrase,
    plan_view,
    run::{self, RunRow},
    state::{Language, Screen, State},
    viewport::Viewport,
};

/// The words for a key of the locale with its values.
type Say = Arc<dyn Fn(Language, &str, &[(&str, &str)]) -> String + Send + Sync>;

/// What the screen calls things: people look for what they read.
#[derive(Clone)]
pub struct Spoken(pub Say);

impl Default for Spoken {
    /// Has no words.
    fn default() -> Self {
        Self(Arc::new(|_, _, _| String::new()))
    }
}

impl fmt::Debug for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spoken")
    }
}

/// A search under way.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Find {
    pub line: Line,
    /// Where the list was before: there it begins to look, and there the cursor goes back to.
    pub from: Viewport,
}

/// Screens whose list is searched so. The others have a filter.
pub fn is_on(screen: Screen) -> bool {
    matches!(screen, Screen::Plan | Screen::Run | Screen::Calls)
}

/// Rows of the list on the screen.
pub fn len(state: &State) -> usize {
    super::update::in_list(state).map_or(0, |(_, len)| len)
}

/// Places of the rows that hold every word of the text, whatever its case.
pub fn found(state: &State, text: &str) -> Vec<usize> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let holds = |row: &String| words.iter().all(|word| row.contains(word));
    let spoken = |key: &str| (state.spoken.0)(state.language, key, &[]);
    (0..len(state)).filter(|&place| told(state, place, &spoken).is_some_and(|row| holds(&row.to_lowercase()))).collect()
}

/// What a row can be found by: its ids, addresses and codes; its words as the journal spells them, in every language, and as the
/// row shows them.
fn told(state: &State, place: usize, spoken: &dyn Fn(&str) -> String) -> Option<String> {
    let (mut told, shown) = match state.screen {
        Screen::Plan => {
            let row = state.plan.as_ref()?.plan.rows().get(place)?;
            (plan_row(row), spoken(plan_view::decision(row)))
        }
        Screen::Run => {
            let row = state.run.as_ref()?.row_at(place)?;
            (run_row(row), spoken(run::progress_word(row.act, &row.progress)))
        }
        Screen::Calls => match state.calls.get(place)? {
            Entry::Call(call) => {
                let fault = call.fault.map(|kind| spoken(&format!("fault.{}.word", kind.name()))).unwrap_or_default();
                (call_row(call), format!("{} {fault}", spoken(calls::kind(call))))
            }
            Entry::Message { notice, .. } => {
                let level = spoken(calls::level(notice.loudness));
                (message(&notice.phrase), format!("{level} {}", sentence(state, &notice.phrase)))
            }
        },
        Screen::Inventory | Screen::History | Screen::Welcome => return None,
    };
    told.push(' ');
    told.push_str(&shown);
    Some(told)
}

/// A message as it is read, but for what findings say in it.
fn sentence(state: &State, phrase: &Phrase) -> String {
    let inner: Vec<(&str, String)> = phrase.inner.iter().map(|(name, one)| (*name, sentence(state, one))).collect();
    let own = phrase.values.iter().map(|(name, value)| (*name, value.as_str()));
    let values: Vec<(&str, &str)> = own.chain(inner.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    (state.spoken.0)(state.language, phrase.key, &values)
}

fn target(target: &Target) -> String {
    let nic = target.nic();
    let ip = target.ip().map(|ip| ip.to_string()).unwrap_or_default();
    format!("{} {} {ip}", nic.profile, nic.nic)
}

/// Values of a finding that name what was found.
const NAMED: [&str; 7] = ["text", "eip", "eip_id", "lb", "lb_name", "who", "state"];

fn plan_row(row: &PlanRow) -> String {
    let mut told = format!("{} {}", target(&row.target), row.act.as_str());
    if row.decision == Decision::Blocked {
        told.push_str(" blocked");
    }
    for finding in &row.findings {
        told.push(' ');
        told.push_str(finding.id.as_str());
        // What rows name of it. The rest is about other things: a search for one address is not for its whole NIC.
        for (_, value) in finding.values.iter().filter(|(name, _)| NAMED.contains(name)) {
            told.push(' ');
            told.push_str(value);
        }
    }
    told
}

fn run_row(row: &RunRow) -> String {
    let (word, request) = match &row.progress {
        Progress::Settled(outcome) => {
            (RESULTS.get(outcome.word() as usize).copied().unwrap_or_default(), outcome.request_id())
        }
        Progress::Accepted { receipt, .. } => ("accepted", receipt.request_id.as_deref()),
        Progress::Retrying { .. } => ("retrying", None),
        Progress::Queued | Progress::Throttled { .. } => ("queued", None),
        Progress::Checking => ("checking", None),
        Progress::Sent => ("sent", None),
        Progress::ReadingBack { .. } => ("reading", None),
    };
    let code = match &row.progress {
        Progress::Settled(Outcome::Failed { fault } | Outcome::Unknown { fault }) => fault.code.as_deref(),
        Progress::Retrying { code, .. } => code.as_deref(),
        _ => None,
    };
    let told = [word, request.unwrap_or_default(), code.unwrap_or_default()].join(" ");
    format!("{} {} {told}", target(&row.target), row.act.as_str())
}

fn message(phrase: &Phrase) -> String {
    let mut told = phrase.key.to_owned();
    for (_, value) in &phrase.values {
        told.push(' ');
        told.push_str(value);
    }
    told
}

fn call_row(call: &Exchange) -> String {
    let status = call.status.map(|status| status.to_string()).unwrap_or_default();
    let (code, request) = (call.code.as_deref().unwrap_or_default(), call.request_id.as_deref().unwrap_or_default());
    let kind = if call.write { "write" } else { "read" };
    [kind, call.profile.as_str(), &call.action, &call.target, &status, code, request].join(" ")
}
