//! Where a target of a batch stands, how it ended, and why.

use std::borrow::Cow;

use crate::{
    app::{
        notices::Phrase,
        run::{self, Counts, RunRow},
    },
    domain::{
        fault::FaultKind,
        ids::CloudId,
        journal_fault::JournalFaultKind,
        outcome::{Outcome, OutcomeWord, Progress, Skip},
        plan::{Act, ChangedFact},
        time::Timestamp,
    },
};

use super::{
    super::{catalog::Catalog, theme::Role},
    duration,
    fault::{fault_code, fault_next, fault_what, fault_word},
};

/// Glyph, word and role of where a target of a batch stands.
pub fn progress<'a>(words: &'a Catalog, act: Act, progress: &Progress) -> (&'static str, &'a str, Role) {
    let (glyph, role) = match progress {
        Progress::Queued => (".", Role::Dim),
        Progress::Throttled { .. } => (".", Role::Warn),
        Progress::Checking => (".", Role::Text),
        Progress::Sent | Progress::Accepted { .. } | Progress::ReadingBack { lost: false, .. } => (".", Role::Info),
        Progress::Retrying { .. } => ("!", Role::Warn),
        Progress::ReadingBack { lost: true, .. } => ("?", Role::Unknown),
        Progress::Settled(outcome) => return outcome_word(words, act, outcome.word()),
    };
    (glyph, words.word(run::progress_word(act, progress)), role)
}

/// Glyph, word and role of an end.
pub fn outcome_word(words: &Catalog, act: Act, word: OutcomeWord) -> (&'static str, &str, Role) {
    let (glyph, role) = match word {
        OutcomeWord::Released | OutcomeWord::AlreadyGone => ("+", Role::Ok),
        OutcomeWord::NicGone => ("!", Role::Warn),
        OutcomeWord::Failed => ("x", Role::Blocked),
        OutcomeWord::Unknown => ("?", Role::Unknown),
        OutcomeWord::Skipped | OutcomeWord::Stopped => ("=", Role::Dim),
        OutcomeWord::NotBegun => ("=", Role::Warn),
    };
    (glyph, words.word(run::outcome_word(act, word)), role)
}

/// Why a target stands where it does, in one line. `for_ms`: how long it has stood there.
fn progress_reason(words: &Catalog, cloud: Option<&CloudId>, progress: &Progress, for_ms: u64) -> String {
    match progress {
        Progress::Queued | Progress::Checking | Progress::Sent => String::new(),
        Progress::Accepted { receipt, reads } => {
            let reads = reads.to_string();
            match &receipt.task {
                Some(task) => words.text("reason.task", &[("task", task), ("reads", &reads)]),
                None => words.text("reason.accepted", &[("reads", &reads)]),
            }
            .into_owned()
        }
        Progress::Throttled { wait_ms } => {
            let wait = duration(wait_ms.saturating_sub(for_ms));
            words.text("reason.throttled", &[("wait", &wait)]).into_owned()
        }
        Progress::Retrying { kind: FaultKind::Unreachable, wait_ms, .. } => {
            offline(words, wait_ms.saturating_sub(for_ms)).into_owned()
        }
        Progress::Retrying { kind, attempt, of, wait_ms, .. } => words
            .text(
                "reason.retrying",
                &[
                    ("what", &fault_word(words, *kind)),
                    ("wait", &duration(wait_ms.saturating_sub(for_ms))),
                    ("attempt", &attempt.to_string()),
                    ("of", &of.to_string()),
                ],
            )
            .into_owned(),
        Progress::ReadingBack { lost: true, up_to_ms } => {
            words.text("reason.lost", &[("time", &duration(for_ms)), ("most", &duration(*up_to_ms))]).into_owned()
        }
        Progress::ReadingBack { lost: false, .. } => words.word("reason.reading-back").to_owned(),
        Progress::Settled(outcome) => outcome_reason(words, cloud, outcome),
    }
}

/// That a cloud can not be reached, and when the next try comes.
pub fn offline(words: &Catalog, wait_ms: u64) -> Cow<'_, str> {
    match wait_ms.div_ceil(1_000) {
        0 => Cow::Borrowed(words.word("reason.offline-trying")),
        seconds => words.text("reason.offline", &[("seconds", &seconds.to_string())]),
    }
}

/// Why a row of a batch stands where it does, in one line. An answer that was lost on the way leaves its trace, and so does an
/// end that is not in the journal.
pub fn row_reason(words: &Catalog, cloud: Option<&CloudId>, row: &RunRow, now: Timestamp) -> String {
    let reason = told_reason(words, cloud, row, now);
    if row.not_journaled { words.text("reason.not-journaled", &[("reason", &reason)]).into_owned() } else { reason }
}

fn told_reason(words: &Catalog, cloud: Option<&CloudId>, row: &RunRow, now: Timestamp) -> String {
    // What was refused before is not forgotten with the next try.
    if let (Progress::Checking | Progress::Sent, Some((kind, attempt, of))) = (&row.progress, row.retry) {
        let values = [("what", fault_word(words, kind)), ("attempt", attempt.to_string()), ("of", of.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        return words.text("reason.retried", &values).into_owned();
    }
    if let (Progress::Retrying { kind: FaultKind::Unreachable, wait_ms, .. }, true) = (&row.progress, row.lost) {
        let wait = offline(words, wait_ms.saturating_sub(now.since(row.at)));
        return words.text("reason.lost-offline", &[("wait", &wait)]).into_owned();
    }
    let key = match (&row.progress, row.act) {
        (Progress::Settled(Outcome::Released { .. }), Act::Release) if row.lost => "reason.released-lost",
        (Progress::Settled(Outcome::Released { .. }), Act::Detach) if row.lost => "reason.detached-lost",
        (Progress::Settled(Outcome::Released { .. }), Act::Release) => "reason.released",
        (Progress::Settled(Outcome::Released { .. }), Act::Detach) => "reason.detached",
        (Progress::Settled(Outcome::Released { .. }), _) if row.lost => "reason.put-back-lost",
        (Progress::Settled(Outcome::Released { .. }), _) => "reason.put-back",
        (Progress::Settled(Outcome::AlreadyGone { .. }), Act::Release) => "reason.already-gone",
        (Progress::Settled(Outcome::AlreadyGone { .. }), Act::Detach) => "reason.already-detached",
        (Progress::Settled(Outcome::AlreadyGone { .. }), _) => "reason.already-there",
        (progress, _) => return progress_reason(words, cloud, progress, now.since(row.at)),
    };
    words.word(key).to_owned()
}

/// Why a target has this end; for what went well, nothing.
pub fn outcome_reason(words: &Catalog, cloud: Option<&CloudId>, outcome: &Outcome) -> String {
    match outcome {
        // A row tells more: see `row_reason`.
        Outcome::Released { .. } | Outcome::AlreadyGone { .. } => String::new(),
        Outcome::NicGone { .. } => words.word("reason.nic-gone").to_owned(),
        Outcome::Failed { fault } => {
            let (code, what) = (fault_code(words, fault), fault_what(words, cloud, fault));
            words.text("reason.failed", &[("code", &code), ("what", &what)]).into_owned()
        }
        Outcome::Unknown { fault } => {
            let what = fault_what(words, cloud, fault);
            words.text("reason.unknown", &[("what", &what)]).into_owned()
        }
        Outcome::Skipped { why } => skip_reason(words, cloud, why),
        Outcome::Stopped => words.word("reason.stopped").to_owned(),
        Outcome::NotBegun => words.word("reason.not-begun").to_owned(),
    }
}

fn skip_reason(words: &Catalog, cloud: Option<&CloudId>, why: &Skip) -> String {
    match why {
        Skip::Stale { changes } | Skip::Midway { changes } => {
            let facts: Vec<Cow<'_, str>> = changes
                .iter()
                .map(|change| {
                    let fact = words.word(changed_fact(change.fact));
                    words.text("reason.change", &[("fact", fact), ("before", &change.before), ("now", &change.now)])
                })
                .collect();
            let key = if matches!(why, Skip::Midway { .. }) { "reason.midway" } else { "reason.stale" };
            words.text(key, &[("changes", &facts.join("; "))]).into_owned()
        }
        Skip::NotReadAgain { fault } => {
            let (code, what) = (fault_code(words, fault), fault_what(words, cloud, fault));
            words.text("reason.not-read-again", &[("code", &code), ("what", &what)]).into_owned()
        }
        Skip::Journal { fault } => words.phrase(&Phrase::new("reason.journal").with_phrase("message", fault.into())),
        Skip::AfterFailure => words.word("reason.after-failure").to_owned(),
        Skip::ReadOnly => words.word("reason.read-only").to_owned(),
        Skip::Altered => words.word("reason.altered").to_owned(),
    }
}

fn changed_fact(fact: ChangedFact) -> &'static str {
    match fact {
        ChangedFact::NicStatus => "changed.nic-status",
        ChangedFact::NicInstance => "changed.nic-instance",
        ChangedFact::NicRole => "changed.nic-role",
        ChangedFact::InstancePower => "changed.instance-power",
        ChangedFact::AddressRole => "changed.address-role",
        ChangedFact::Eips => "changed.eips",
        ChangedFact::Backends => "changed.backends",
        ChangedFact::ManagedBy => "changed.managed-by",
        ChangedFact::NewAddresses => "changed.new-addresses",
        ChangedFact::Secondaries => "changed.secondaries",
        ChangedFact::Calls => "changed.calls",
        ChangedFact::SourceCheck => "changed.source-check",
        ChangedFact::Traits => "changed.traits",
        ChangedFact::Protected => "changed.protected",
        ChangedFact::Rule => "changed.rule",
        ChangedFact::Readable => "changed.readable",
    }
}

/// What to do about an end that was not the one wished for.
pub fn outcome_next(words: &Catalog, cloud: Option<&CloudId>, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Released { .. } | Outcome::AlreadyGone { .. } => None,
        Outcome::Failed { fault } if fault.partly => Some(words.word("next.midway").to_owned()),
        Outcome::Failed { fault } => Some(fault_next(words, cloud, fault, true).into_owned()),
        Outcome::Skipped { why: Skip::NotReadAgain { fault } } => {
            Some(fault_next(words, cloud, fault, false).into_owned())
        }
        Outcome::NicGone { .. } => Some(words.word("next.nic-gone").to_owned()),
        Outcome::Unknown { .. } => Some(words.word("next.unknown").to_owned()),
        Outcome::Skipped { why: Skip::Journal { fault } } if fault.kind == JournalFaultKind::Begun => {
            Some(words.word("next.begun").to_owned())
        }
        Outcome::Skipped { why: Skip::Journal { .. } } => Some(words.word("next.journal").to_owned()),
        Outcome::Skipped { why: Skip::ReadOnly } => Some(words.word("next.read-only").to_owned()),
        Outcome::Skipped { why: Skip::Midway { .. } } => Some(words.word("next.midway").to_owned()),
        Outcome::Skipped { why: Skip::Stale { .. } | Skip::AfterFailure | Skip::Altered } => {
            Some(words.word("next.skipped").to_owned())
        }
        Outcome::Stopped | Outcome::NotBegun => Some(words.word("next.stopped").to_owned()),
    }
}

/// The counts of a batch that are not zero, in the order of the log.
pub fn counts<'a>(words: &'a Catalog, counts: &Counts) -> Vec<(Cow<'a, str>, Role)> {
    [
        (counts.released, "count.released", Role::Ok),
        (counts.detached, "count.detached", Role::Ok),
        (counts.assigned, "count.assigned", Role::Ok),
        (counts.attached, "count.attached", Role::Ok),
        (counts.bound, "count.bound", Role::Ok),
        (counts.already_gone, "count.already-gone", Role::Ok),
        (counts.nic_gone, "count.nic-gone", Role::Warn),
        (counts.failed, "count.failed", Role::Blocked),
        (counts.unknown, "count.unknown", Role::Unknown),
        (counts.skipped, "count.skipped", Role::Dim),
        (counts.stopped, "count.stopped", Role::Dim),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, key, role)| (words.text(key, &[("count", &count.to_string())]), role))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::state::Language,
        domain::fault::{FOUND_LATER, Fault},
        ui::catalog::Catalogs,
    };

    #[test]
    fn how_long_a_vendor_wants_no_call_is_said_of_rows_that_wait_and_of_those_given_up() {
        let catalogs = Catalogs::embedded().unwrap();
        let words = catalogs.of(Language::English);
        let waits = Progress::Throttled { wait_ms: 47_000 };
        assert_eq!(progress(words, Act::Release, &waits).1, words.word("outcome.queued"));
        assert_eq!(progress_reason(words, None, &waits, 2_000), "throttled, next in 45 s");
        let told = |wait: Option<u64>, code: Option<&str>| {
            let fault = Fault::local(FaultKind::Throttled, "List", "");
            let fault = Fault { retry_after_ms: wait, code: code.map(Into::into), ..fault };
            let cloud: CloudId = "aliyun".into();
            [fault_what(words, Some(&cloud), &fault), fault_next(words, Some(&cloud), &fault, true)].join(" ")
        };
        for code in [None, Some("Throttling.User")] {
            assert!(told(Some(3_600_000), code).contains("no such call for the next 3600 s"), "{code:?}");
            assert!(!told(Some(200), code).contains("200"), "{code:?}");
        }
    }

    #[test]
    fn what_was_begun_and_not_ended_is_never_told_as_refused_or_as_not_sent() {
        let catalogs = Catalogs::embedded().unwrap();
        let words = catalogs.of(Language::English);
        let cut = Fault { partly: true, ..Fault::local(FaultKind::Local, "UpdatePort", "found-partly") };
        let found = Fault::local(FaultKind::Local, "UpdatePort", FOUND_LATER);
        let said = [fault_code(words, &found), fault_what(words, None, &found), fault_next(words, None, &found, true)];
        assert_eq!(
            said.map(Cow::into_owned),
            ["not done", "read later, it was as before", "Make a new plan if it should still go."]
        );
        assert_eq!(fault_code(words, &cut), "broken off");
        assert_eq!(
            fault_what(words, None, &cut),
            "a part was done and shows, the rest was not: nicdeck broke it off: found when it was read later"
        );
        for language in [Language::English, Language::Chinese] {
            let words = catalogs.of(language);
            let refused = fault_next(words, None, &Fault { partly: false, ..cut.clone() }, true).into_owned();
            assert_ne!(fault_next(words, None, &cut, true), refused);
        }
    }

    #[test]
    fn what_is_read_back_of_one_is_told_of_one() {
        let catalogs = Catalogs::embedded().unwrap();
        let told =
            |total| catalogs.of(Language::English).phrase(&Phrase::new("notice.batch-done").with("total", total));
        assert_eq!(told(1), "Done: the 1 row was read back and is as planned.");
        assert_eq!(told(3), "Done: all 3 were read back and are as planned.");
    }
}
