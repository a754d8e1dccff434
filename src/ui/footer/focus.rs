//! One sentence about the focused row.

use crate::{
    app::{
        browse::Layout,
        calls::Entry,
        command::Command,
        detail::{self, Detail},
        geometry::{Area, DETAIL_FROM},
        rows,
        run::Pace,
        state::{Pane, Screen, State},
    },
    domain::{
        clean::clean,
        outcome::Progress,
        plan::{Act, Decision},
        selection::Target,
    },
};

use super::{
    super::{calls, canvas::Canvas, catalog::Part, findings, inventory, text, theme::Role, tree_pane, words},
    keys::key_of,
};

/// `below`: a line for what does not fit on the first.
pub fn draw(canvas: &mut Canvas, state: &State, area: Area, below: Option<Area>) {
    let sentence = match state.screen {
        Screen::Inventory => of_inventory(canvas, state),
        Screen::Plan => of_plan(canvas, state),
        Screen::Run => of_run(canvas, state),
        Screen::History => of_history(canvas, state),
        Screen::Calls => of_call(canvas, state),
        Screen::Welcome => None,
    };
    let Some((name, sentence, role)) = sentence else { return };
    let mut lines = text::wrap(&sentence, usize::from(area.width).saturating_sub(2));
    let first = match (lines.len(), below) {
        (2.., Some(below)) => {
            let first = lines.remove(0);
            let rest = lines.join(canvas.words.word("list.blank"));
            let mut pen = canvas.pen_at(below, 0, 1);
            pen.end = pen.end.saturating_sub(1).max(pen.x);
            pen.put(&rest, role);
            first
        }
        _ => sentence,
    };
    let mut pen = canvas.pen(area, 0);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    pen.gap(1);
    match first.strip_prefix(&name).filter(|_| !name.is_empty()) {
        Some(rest) => pen.put(&name, Role::Bright).put(rest, role),
        None => pen.put(&first, role),
    };
}

/// (what begins the sentence, the sentence, its role)
type Sentence = Option<(String, String, Role)>;

fn of_inventory(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    if state.pane == Pane::Tree && state.browse.tree.row(state).is_none() {
        return Some((tree_pane::name(canvas, state).to_owned(), tree_pane::sum(canvas, state), Role::Text));
    }
    let detail = detail::of(state, rows::focused(state)?)?;
    Some(match &detail {
        Detail::Problem { profile, failed } => {
            let next = |fault| words::fault_next(words, Some(&profile.cloud), fault, false).into_owned();
            let next = failed.first().map(|(_, fault, _)| next(fault));
            (String::new(), next.unwrap_or_else(|| words.word("problem.profile-next").to_owned()), Role::Text)
        }
        Detail::Instance { instance, nics, .. } => {
            let name = if instance.name.is_empty() { instance.id.to_string() } else { instance.name.to_string() };
            let counts = nics.iter().map(|nic| inventory::counted(nic));
            let (addresses, v6) = counts.fold((0, 0), |sum, nic| (sum.0 + nic.0, sum.1 + nic.1));
            let key = if v6 == 0 { "focus.instance" } else { "focus.instance-v6" };
            let values = [
                ("name", name.clone()),
                ("nics", nics.len().to_string()),
                ("addresses", addresses.to_string()),
                ("v6", v6.to_string()),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            let text = words.text(key, &values).into_owned();
            (name, text, Role::Text)
        }
        Detail::Nic { nic, findings: found, key, .. } => {
            if let Some(told) = in_batch(canvas, state, &Target::Nic(key.clone())) {
                return Some(told);
            }
            let held = inventory::read_only(words, state, &key.profile);
            let (text, role) = findings::sentence(canvas, nic.id.as_str(), found, Act::Detach, held.as_deref());
            let marked = state.marks.contains(&Target::Nic(key.clone()));
            let text =
                if marked { words.text("focus.nic-marked", &[("name", nic.id.as_str())]).into_owned() } else { text };
            (nic.id.to_string(), text, if marked { Role::Mark } else { role })
        }
        Detail::Address { address, key, findings: found, .. } => {
            if let Some(told) = in_batch(canvas, state, &Target::Address(key.clone())) {
                return Some(told);
            }
            let name = address.ip.to_string();
            if state.marks.contains(&Target::Nic(key.nic.clone())) {
                let values = [("name", name.as_str()), ("nic", key.nic.nic.as_str())];
                let itself = state.marks.contains(&Target::Address(key.clone()));
                let told = if itself { "focus.before-its-nic" } else { "focus.leaves-with-nic" };
                return Some((name.clone(), words.text(told, &values).into_owned(), Role::Mark));
            }
            let held = inventory::read_only(words, state, &key.nic.profile);
            let (mut text, role) = findings::sentence(canvas, &name, found, Act::Release, held.as_deref());
            // The same address may be in several networks, and a narrow table names none of them.
            let narrow = state.size.columns < DETAIL_FROM && state.browse.layout != Layout::Tree;
            if narrow && state.profiles.len() > 1 {
                let values =
                    [("text", text.as_str()), ("nic", key.nic.nic.as_str()), ("profile", key.nic.profile.as_str())];
                text = words.text("focus.where", &values).into_owned();
            }
            (name, text, role)
        }
    })
}

/// What the batch that is running does to an address or NIC.
fn in_batch(canvas: &Canvas, state: &State, target: &Target) -> Sentence {
    let words = canvas.words;
    let row = state.in_batch(target)?;
    let name = words::target_name(&row.target);
    let (_, word, role) = words::progress(words, row.act, &row.progress);
    Some((name.clone(), words.text("focus.in-batch", &[("name", &name), ("word", word)]).into_owned(), role))
}

fn of_plan(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let view = state.plan.as_ref()?;
    let row = view.plan.rows().get(view.view.cursor)?;
    if let Some((_, fault)) = view.unread.iter().find(|(key, _)| key == row.target.nic()) {
        let cloud = canvas.cloud(&row.target.nic().profile);
        let what = words::fault_what(words, cloud, fault);
        let text = words.text("focus.unread", &[("nic", row.target.nic().nic.as_str()), ("what", &what)]);
        return Some((String::new(), text.into_owned(), Role::Unknown));
    }
    let name = words::target_name(&row.target);
    if let Some(reason) = &row.overridden {
        let text = words.text("plan.overridden-row", &[("reason", reason)]);
        return Some((String::new(), text.into_owned(), Role::Unknown));
    }
    if row.decision == Decision::Already {
        let fact = row.findings.first().and_then(|first| words.finding(first, Part::Fact, row.act));
        return Some((String::new(), fact.unwrap_or_default(), Role::Text));
    }
    let (text, role) = findings::sentence(canvas, &name, &row.findings, row.act, None);
    Some((name, text, role))
}

fn of_run(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let run = state.run.as_ref()?;
    if run.ended.is_none() && run.view.cursor == 0 {
        let key = match run.pace {
            _ if state.quitting => "focus.run-quitting",
            Pace::Going => "focus.run-going",
            Pace::Paused => "focus.run-paused",
            Pace::Stopping => "focus.run-stopping",
        };
        let values = [("pause", key_of(state, Command::Pause))];
        let text = words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned();
        return Some((String::new(), text, Role::Dim));
    }
    let row = run.row_at(run.view.cursor)?;
    if let Progress::Settled(outcome) = &row.progress
        && let Some(next) = words::outcome_next(words, canvas.cloud(&row.profile), outcome)
    {
        return Some((String::new(), next, Role::Text));
    }
    let name = words::target_name(&row.target);
    let (_, word, _) = words::progress(words, row.act, &row.progress);
    let reason = words::row_reason(words, canvas.cloud(&row.profile), row, state.now);
    let key = if reason.is_empty() { "focus.run-row" } else { "focus.run-row-why" };
    let text = words.text(key, &[("name", &name), ("word", word), ("reason", &reason)]).into_owned();
    Some((name, text, Role::Text))
}

fn of_history(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let history = &state.history;
    if let Some((write, row)) = history.opened.as_ref().and_then(|opened| opened.focused()) {
        let outcome = row.outcome.as_ref()?;
        let cloud = canvas.cloud(&write.profile).unwrap_or(&write.cloud);
        let reason = words::outcome_reason(words, Some(cloud), outcome);
        return Some((String::new(), reason, Role::Text)).filter(|(_, reason, _)| !reason.is_empty());
    }
    let summary = history.focused()?;
    let (number, batch) = (summary.number.to_string(), clean(&summary.batch));
    let (who, host) = (clean(&summary.who), clean(&summary.host));
    let values = [("number", &*number), ("batch", &batch), ("who", &who), ("host", &host)];
    Some((String::new(), words.text("focus.batch", &values).into_owned(), Role::Text))
}

fn of_call(canvas: &Canvas, state: &State) -> Sentence {
    let words = canvas.words;
    let call = match state.calls.focused()? {
        Entry::Call(call) => call,
        Entry::Message { notice, times } => {
            let (_, role) = calls::level(words, notice.loudness);
            return Some((String::new(), calls::sentence(words, notice, *times), role));
        }
    };
    let key = if call.write { "focus.call-write" } else { "focus.call-read" };
    let text =
        words.text(key, &[("action", &call.action), ("profile", call.profile.as_str()), ("target", &call.target)]);
    Some((String::new(), text.into_owned(), Role::Text))
}
