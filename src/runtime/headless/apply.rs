//! Carries a plan out that was approved, without a screen. Everything is read again, the plan is built again, and only if it comes out
//! as the file says it goes through the same gate as from the console.

use std::{collections::BTreeMap, io};

use crate::{
    app::{
        command::Command,
        dry_run::DryRun,
        earlier::{EarlierWrite, Found},
        effect::Effect,
        export::Results,
        msg::Msg,
        notices::{Loudness, Notice, Phrase},
        order::Order,
        run::Run,
        state::{JournalSeen, State},
        update,
    },
    domain::{
        clean::clean,
        fault::{Fault, FaultKind, NO_END},
        finding::FindingId,
        ids::{NicId, ProfileId},
        journal_fault::{JournalFault, JournalFaultKind},
        outcome::{self, Outcome, Skip},
        plan::Act,
        selection::Target,
        time::Timestamp,
    },
    runtime::{
        Launch, RunError, clock,
        history::{self, Approved},
        plan_file::{Age, Difference, PlanFile},
        signals::Signals,
    },
};

use super::{
    Desk, Form, Listed, Progress, failures,
    plans::{is_settled, name, unread},
    told,
};

/// Rows that are named where many differ.
const NAMED: usize = 20;

/// What came of it. Whatever stands in the way was said on `err`.
pub enum Applied {
    /// It ran; not all of it has to have gone well.
    Ran {
        results: Box<Results>,
        signal: Option<i32>,
    },
    /// What would be sent, and nothing was.
    Rehearsed(Box<DryRun>),
    /// It was approved by another hash, is too old, was carried out before, or does not come out the same now.
    Stale,
    /// Read-only, protected, over a belt, without a name to approve by, or nothing of it can go.
    Refused,
    /// Nothing can be written down, and so nothing is sent.
    NoJournal,
    /// An account of the plan is not in the config.
    NoProfile,
    Unlisted(Listed),
    /// A NIC of the plan could not be read again.
    Unread {
        permission: bool,
    },
    /// A signal came before anything was sent.
    Signal(i32),
}

/// Carries the plan out if it is the one that was `approved`; without that, rehearses it.
///
/// # Errors
/// No usable HTTPS client; or signals can not be received.
pub async fn apply(
    launch: &Launch,
    file: &PlanFile,
    approved: Option<&str>,
    form: &Form<'_>,
    err: &mut dyn io::Write,
) -> Result<Applied, RunError> {
    let rehearse = approved.is_none();
    if let Some((phrase, end)) = objection(launch, file, approved) {
        say(form, err, &phrase);
        return Ok(end);
    }
    if file.plan().is_none() {
        say(form, err, &Phrase::new("apply.sends-nothing"));
        return Ok(Applied::Refused);
    }
    let mut desk = Desk::open(launch)?;
    for profile in file.profiles() {
        if desk.state.profile(profile).is_none() {
            say(form, err, &Phrase::new("apply.no-profile").with("profile", profile));
            return Ok(Applied::NoProfile);
        }
        if !rehearse
            && !desk.state.writable(profile)
            && desk.state.profile(profile).is_some_and(|p| p.problem.is_none())
        {
            say(form, err, &Phrase::new("apply.read-only").with("profile", profile));
            return Ok(Applied::Refused);
        }
    }
    desk.signals = Some(Signals::listen().map_err(RunError::Signals)?);
    let mut progress = Progress::new(form, err);
    let look = Effect::LookAtJournal { write: !rehearse, unfinished: true };
    let looked = |state: &State| state.journal != JournalSeen::Looking && state.earlier.job.is_none();
    let in_time = desk.list(&mut progress).await && desk.run(vec![look], looked, &mut |_| {}).await;
    progress.end();
    if let Some(signal) = desk.signal.filter(|_| !in_time) {
        return Ok(Applied::Signal(signal));
    }
    // The others are errors, and said with them.
    for doubt in desk.state.doubts.iter().filter(|doubt| doubt.kind.is_minor()) {
        say(form, err, &doubt.into());
    }
    let listed = failures(&desk.state, form, err);
    earlier(&desk.state, form, err);
    // An odd journal, or one that can not be written: what the console shows in red.
    let heard = warned(&desk.state, 0, form, err);
    if matches!(listed, Listed::Refused | Listed::Failed) {
        return Ok(Applied::Unlisted(listed));
    }
    let order = match file.undoes() {
        None => Order::Plan(file.targets()),
        Some(batch) => Order::Undo { batch: batch.to_owned(), only: Some(file.targets()) },
    };
    if !desk.order(Msg::Order(order), is_settled, &mut |_| {}).await {
        return Ok(desk.signal.map_or(Applied::Stale, Applied::Signal));
    }
    for (target, reason) in file.overrides() {
        let order = Order::Overrule { target: target.clone(), reason: reason.to_owned() };
        desk.order(Msg::Order(order), is_settled, &mut |_| {}).await;
    }
    if let Some(end) = changed(&desk.state, file, form, err) {
        return Ok(end);
    }
    if rehearse {
        let told = |state: &State| state.dry_run.as_ref().is_none_or(|run| run.job.is_none());
        if !desk.order(Msg::Order(Order::DryRun), told, &mut |_| {}).await {
            return Ok(desk.signal.map_or(Applied::Refused, Applied::Signal));
        }
        return Ok(match desk.state.dry_run.take() {
            Some(run) => Applied::Rehearsed(Box::new(run)),
            None => refused(&desk.state, form, err),
        });
    }
    if update::disabled(&desk.state, Command::Confirm).is_some() {
        return Ok(refused(&desk.state, form, err));
    }
    let Some(hash) = desk.state.plan.as_ref().map(|view| view.plan.hash()) else { return Ok(Applied::Refused) };
    desk.engine.executor.approve(file.hash());
    let mut progress = Progress::new(form, err);
    let ended = |state: &State| state.run.as_ref().is_none_or(|run| run.ended.is_some());
    desk.order(Msg::Order(Order::Approve(hash)), ended, &mut |state| running(state, &mut progress)).await;
    desk.hear_the_rest();
    progress.end();
    warned(&desk.state, heard, form, err);
    let signal = desk.signal;
    if let Some(fault) = desk.state.run.as_ref().and_then(repeated) {
        say(form, err, &fault.into());
        return Ok(Applied::Stale);
    }
    Ok(match desk.state.run.take() {
        Some(run) => Applied::Ran { results: Box::new(results(run)), signal },
        None => refused(&desk.state, form, err),
    })
}

fn say(form: &Form<'_>, err: &mut dyn io::Write, phrase: &Phrase) {
    let _ = writeln!(err, "{}", clean(&(form.phrase)(phrase)));
}

/// What is wrong with the file, before a cloud is asked anything, and how the program ends then.
fn objection(launch: &Launch, file: &PlanFile, approved: Option<&str>) -> Option<(Phrase, Applied)> {
    let stale = |phrase| Some((phrase, Applied::Stale));
    if let Some(approved) = approved
        && !approved.trim().eq_ignore_ascii_case(file.hash())
    {
        return stale(Phrase::new("apply.other-hash").with("approved", approved).with("hash", file.hash()));
    }
    if file.demo() != launch.demo {
        return stale(Phrase::new(if file.demo() { "apply.of-demo" } else { "apply.not-of-demo" }));
    }
    match file.age(clock::now()) {
        Age::Good => {}
        Age::TooOld(hours) => return stale(Phrase::new("apply.too-old").with("hours", hours)),
        Age::NotYet => return stale(Phrase::new("apply.not-yet")),
    }
    let journal = launch.journal.as_deref()?;
    let approved = Approved { file: file.hash(), plan: file.plan()?, made_at: file.made_at(), host: file.host() };
    match history::carried_out(journal, &approved) {
        Ok(None) => None,
        Ok(Some((batch, at))) => {
            let whole = history::batch(journal, &batch).ok().flatten();
            let left = whole.as_ref().map_or(0, update::not_done);
            let key = match &whole {
                Some(batch) if batch.running => "apply.repeated-running",
                _ if left == 0 => "apply.repeated",
                _ => "apply.repeated-partly",
            };
            let flag = if launch.demo { " --demo" } else { "" };
            stale(Phrase::new(key).with("batch", batch).with("when", moment(at)).with("count", left).with("flag", flag))
        }
        // Whether it was carried out already is not known, and unknown is not safe. A new plan would end here as well.
        Err(error) => {
            let phrase = Phrase::new("apply.journal-unread").with_phrase("message", (&error.fault()).into());
            Some((phrase, Applied::NoJournal))
        }
    }
}

fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// What is not as the file says any more; it is said, and why that ends it.
fn changed(state: &State, file: &PlanFile, form: &Form<'_>, err: &mut dyn io::Write) -> Option<Applied> {
    let Some(view) = &state.plan else {
        // Of an undo the journal may hold nothing any more; the last words say so.
        if let Some(notice) = state.notices.all().last() {
            say(form, err, &notice.phrase);
        }
        return Some(Applied::Stale);
    };
    let differences = file.differences(&view.plan);
    if differences.is_empty() {
        return None;
    }
    unread(state, form, err);
    if !view.unread.is_empty() {
        let is_denied = |kind| matches!(kind, FaultKind::Keys | FaultKind::Credentials | FaultKind::Permission);
        return Some(Applied::Unread { permission: view.unread.iter().all(|(_, fault)| is_denied(fault.kind)) });
    }
    let phrase = Phrase::new("apply.changed").with("count", differences.len());
    let now = view.plan.told_hash().map_or_else(|| (form.tell)("apply.nothing", &[]), |hash| hash.to_string());
    say(form, err, &phrase.with("plan", now));
    for difference in differences.iter().take(NAMED) {
        let nothing = || (form.tell)("apply.nothing", &[]);
        let phrase = match difference {
            Difference::Row { target, said, now, .. } => Phrase::new("apply.row")
                .with("name", name(target))
                .with("said", said.clone().unwrap_or_else(nothing))
                .with("now", now.clone().unwrap_or_else(nothing)),
            Difference::Facts { nic } => {
                Phrase::new("apply.facts").with("name", format!("{}/{}", nic.profile, nic.nic))
            }
        };
        say(form, err, &phrase);
    }
    if differences.len() > NAMED {
        say(form, err, &Phrase::new("apply.more").with("count", differences.len() - NAMED));
    }
    // What holds it back now is a belt, a rule or a switch of whoever applies it: not the plan is old.
    let holds = |id| matches!(id, FindingId::Protected | FindingId::ReadOnly | FindingId::OverBelt);
    let held = |target: &Target| {
        let row = view.plan.rows().iter().find(|row| row.target == *target);
        row.is_some_and(|row| row.findings.iter().any(|finding| holds(finding.id)))
    };
    let is_held = differences.iter().any(|difference| match difference {
        Difference::Row { target, was_sent, .. } => *was_sent && held(target),
        Difference::Facts { .. } => false,
    });
    Some(if is_held { Applied::Refused } else { Applied::Stale })
}

/// The same for somebody who has no keys to press.
fn without_keys(phrase: &Phrase) -> Phrase {
    let key = match phrase.key {
        "notice.journal-unread" | "disabled.journal-unread" => "apply.journal-unread",
        "notice.no-journal" | "disabled.no-journal" => "apply.no-journal",
        key => key,
    };
    Phrase { key, ..phrase.clone() }
}

/// Says of each write of earlier runs what was found of it, and that another nicdeck is at work.
fn earlier(state: &State, form: &Form<'_>, err: &mut dyn io::Write) {
    if state.earlier.at_work {
        say(form, err, &Phrase::new("apply.elsewhere"));
    }
    for EarlierWrite { write, found } in &state.earlier.writes {
        let (key, fault) = match found {
            Found::Reading | Found::NotYet => ("apply.earlier-not-yet", None),
            Found::MaybeRunning => ("apply.earlier-running", None),
            Found::NoProfile => ("apply.earlier-no-profile", None),
            Found::Untold => ("apply.earlier-untold", None),
            Found::Unread(fault) => ("apply.earlier-unread", Some(fault)),
            found if found.is_done() => ("apply.earlier-done", None),
            Found::Settled(_) | Found::NotNoted { .. } => ("apply.earlier-not-done", None),
        };
        let intent = &write.intent;
        let act = match intent.kind.act() {
            Act::BindEip => (form.tell)("earlier.bind", &[]),
            act => (form.tell)(&format!("earlier.{}", act.as_str()), &[]),
        };
        let targets: Vec<String> = intent.targets().iter().map(name).collect();
        let phrase = Phrase::new(key).with("name", targets.join(" ")).with("act", act);
        say(form, err, &phrase);
        if let Some(fault) = fault {
            let _ = writeln!(err, "  {}", clean(&told(form, &name(&Target::Nic(intent.nic_key())), fault)));
        }
        if let Found::NotNoted { fault, .. } = found {
            let phrase = Phrase::new("apply.earlier-not-noted").with_phrase("message", fault.into());
            say(form, err, &phrase);
        }
    }
    for strange in &state.earlier.strange {
        let any = |id: Option<&str>| id.unwrap_or("*").to_owned();
        let phrase = Phrase::new("apply.earlier-strange").with("version", strange.version);
        let nic = any(strange.nic.as_ref().map(NicId::as_str));
        say(form, err, &phrase.with("name", format!("{}/{nic}", any(strange.profile.as_ref().map(ProfileId::as_str)))));
    }
}

/// Says what a person has to know besides, from this message on; how many messages there were.
fn warned(state: &State, from: usize, form: &Form<'_>, err: &mut dyn io::Write) -> usize {
    // Of earlier writes each is told.
    let is_told = |key: &str| {
        ["notice.unfinished", "notice.strange-writes", "notice.earlier-settled", "notice.earlier-open"].contains(&key)
    };
    let loud = |notice: &&Notice| notice.loudness == Loudness::Error && !is_told(notice.phrase.key);
    for notice in state.notices.since(from).filter(loud) {
        say(form, err, &without_keys(&notice.phrase));
    }
    state.notices.said()
}

/// Somebody else has carried out the same file since it was looked at: then nothing of it was sent here.
fn repeated(run: &Run) -> Option<&JournalFault> {
    run.rows.iter().find_map(|row| match row.end()? {
        Outcome::Skipped { why: Skip::Journal { fault } } if fault.kind == JournalFaultKind::Repeated => Some(fault),
        _ => None,
    })
}

/// Why the plan is not carried out, in the console's words.
fn refused(state: &State, form: &Form<'_>, err: &mut dyn io::Write) -> Applied {
    if let Some(phrase) = update::disabled(state, Command::Confirm) {
        say(form, err, &without_keys(&phrase));
    } else if let Some(notice) = state.notices.all().last() {
        say(form, err, &notice.phrase);
    }
    let unusable = state.no_journal.is_some() || matches!(state.journal, JournalSeen::Unread(_));
    if unusable { Applied::NoJournal } else { Applied::Refused }
}

fn running(state: &State, progress: &mut Progress<'_>) {
    let Some(run) = &state.run else { return };
    let counts = run.counts();
    let (done, total) = (counts.settled().to_string(), counts.total.to_string());
    progress.say("apply.running", &[("done", &done), ("total", &total)]);
}

/// What became of it. Of a run that nobody waited for to its end: what may have left is not known, and the rest did not begin.
fn results(run: Run) -> Results {
    let Run { plan, batch, started, ended, mut rows, .. } = run;
    for row in &mut rows {
        if let Some(end) = given_up(&row.progress) {
            row.progress = outcome::Progress::Settled(end);
        }
    }
    Results { plan, batch, started, ended, rows }
}

/// What is told of a row whose end nobody waited for; `None`: it has one.
fn given_up(progress: &outcome::Progress) -> Option<Outcome> {
    match progress {
        outcome::Progress::Settled(_) => None,
        outcome::Progress::Queued | outcome::Progress::Throttled { .. } => Some(Outcome::Stopped),
        // That it was sent is told when there is room for it, and that may be after it.
        outcome::Progress::Checking
        | outcome::Progress::Sent
        | outcome::Progress::Accepted { .. }
        | outcome::Progress::Retrying { .. }
        | outcome::Progress::ReadingBack { .. } => {
            Some(Outcome::Unknown { fault: Fault::local(FaultKind::Local, "", NO_END) })
        }
    }
}

/// How a run ended, as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All of it, as was wished.
    Done,
    /// Not all of it.
    Partly,
    /// Nothing of it: every write was denied.
    Denied,
}

/// Sums up.
pub fn verdict(results: &Results) -> Verdict {
    let good = |outcome: &Outcome| matches!(outcome, Outcome::Released { .. } | Outcome::AlreadyGone { .. });
    let denied = |outcome: &Outcome| match outcome {
        Outcome::Failed { fault } => matches!(fault.kind, FaultKind::Credentials | FaultKind::Permission),
        _ => false,
    };
    let mut ends = BTreeMap::<&str, usize>::new();
    for row in &results.rows {
        let word = match row.end() {
            // What is not written down is not done as was wished.
            Some(outcome) if good(outcome) && !row.not_journaled => "good",
            Some(outcome) if denied(outcome) => "denied",
            _ => "other",
        };
        *ends.entry(word).or_default() += 1;
    }
    let of = |word| ends.get(word).copied().unwrap_or_default();
    // Its end is not in the journal: whoever looks there finds it open.
    let written = results.rows.iter().all(|row| !row.not_journaled);
    match results.rows.len() {
        all if of("good") == all && written => Verdict::Done,
        all if of("denied") == all => Verdict::Denied,
        _ => Verdict::Partly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_nobody_waited_for_is_stopped_or_not_known() {
        for queued in [outcome::Progress::Queued, outcome::Progress::Throttled { wait_ms: 1 }] {
            assert_eq!(given_up(&queued), Some(Outcome::Stopped), "{queued:?}");
        }
        assert_eq!(given_up(&outcome::Progress::Settled(Outcome::Stopped)), None);
        let retrying =
            outcome::Progress::Retrying { kind: FaultKind::Conflict, attempt: 2, of: 5, wait_ms: 1, code: None };
        let reading = outcome::Progress::ReadingBack { lost: true, up_to_ms: 1 };
        for left in [outcome::Progress::Checking, outcome::Progress::Sent, reading, retrying] {
            assert!(matches!(given_up(&left), Some(Outcome::Unknown { .. })), "{left:?}");
        }
    }
}
