//! Searching a list that hides nothing: the cursor steps from one row that holds the text to the next.

use crate::domain::{
    exchange::Exchange,
    outcome::{Outcome, Progress},
    plan::{Decision, PlanRow},
    selection::Target,
};

use crate::filter::search::RESULTS;

use super::{
    browse::Line,
    calls::Entry,
    run::RunRow,
    state::{Screen, State},
    viewport::Viewport,
};

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
    (0..len(state)).filter(|&place| told(state, place).is_some_and(|row| holds(&row.to_lowercase()))).collect()
}

/// What a row can be found by: its ids, addresses, codes and words as the journal spells them, in every language.
fn told(state: &State, place: usize) -> Option<String> {
    match state.screen {
        Screen::Plan => state.plan.as_ref()?.plan.rows().get(place).map(plan_row),
        Screen::Run => state.run.as_ref()?.row_at(place).map(run_row),
        Screen::Calls => state.calls.get(place).map(entry),
        Screen::Inventory | Screen::History | Screen::Welcome => None,
    }
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

fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Call(call) => call_row(call),
        Entry::Message { notice, .. } => {
            let mut told = notice.phrase.key.to_owned();
            for (_, value) in &notice.phrase.values {
                told.push(' ');
                told.push_str(value);
            }
            told
        }
    }
}

fn call_row(call: &Exchange) -> String {
    let status = call.status.map(|status| status.to_string()).unwrap_or_default();
    let (code, request) = (call.code.as_deref().unwrap_or_default(), call.request_id.as_deref().unwrap_or_default());
    let kind = if call.write { "write" } else { "read" };
    [kind, call.profile.as_str(), &call.action, &call.target, &status, code, request].join(" ")
}
