//! Domain values in words: times, findings, faults, outcomes, and each cloud's own nouns.

use std::borrow::Cow;

use crate::{
    app::{
        effect::Sentence,
        notices::Phrase,
        run::{Counts, RunRow},
    },
    domain::{
        address::AddressRole,
        clean::clean,
        fault::{Effect, FOUND_LATER, Fault, FaultKind},
        finding::{Finding, FindingId, Level, Severity},
        ids::CloudId,
        inventory::Section,
        journal_fault::JournalFaultKind,
        nic::NicRole,
        odd,
        outcome::{Outcome, OutcomeWord, Progress, Skip},
        page::Resource,
        plan::{Act, Calls, ChangedFact},
        selection::Target,
        time::Timestamp,
    },
};

use super::{
    catalog::{Catalog, fill},
    errors::{Again, Entry, Known, Proves},
    skin::Skin,
    theme::Role,
};

/// The vendor's names of the calls of a write, each with how often it is made in a row.
pub fn calls(words: &Catalog, calls: &Calls) -> String {
    let mut named: Vec<(&str, usize)> = Vec::new();
    for &name in &calls.names {
        match named.last_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => named.push((name, 1)),
        }
    }
    let one = |(name, count): (&str, usize)| if count > 1 { format!("{name} ({count})") } else { name.to_owned() };
    named.into_iter().map(one).collect::<Vec<_>>().join(words.word("list.comma"))
}

/// `3 calls`, `1 call or more`.
pub fn count_of_calls(words: &Catalog, (count, more): (usize, bool)) -> String {
    let key = if more { "plan.calls-more" } else { "plan.calls" };
    words.text(key, &[("count", &count.to_string())]).into_owned()
}

/// What a target is called in a list.
pub fn target_name(target: &Target) -> String {
    match target {
        Target::Address(key) => key.ip.to_string(),
        Target::Nic(key) => clean(key.nic.as_str()).into_owned(),
        Target::Eip { eip, .. } => clean(eip.as_str()).into_owned(),
    }
}

/// What is done, as a word.
pub fn act(act: Act) -> &'static str {
    match act {
        Act::Release => "noun.release",
        Act::Detach => "noun.detach",
        Act::Assign => "noun.assign",
        Act::Attach => "noun.attach",
        Act::BindEip => "noun.bind-eip",
        Act::Delete => "noun.delete",
    }
}

// ---- times ---------------------------------------------------------------------------------------------------------

/// How long ago, in whole minutes, hours or days: `just now`, `3 min ago`.
pub fn age(words: &Catalog, now: Timestamp, then: Timestamp) -> Cow<'_, str> {
    let minutes = now.since(then) / 60_000;
    let (key, count) = match minutes {
        0 => return Cow::Borrowed(words.word("time.just-now")),
        1..=119 => ("time.minutes-ago", minutes),
        120..=2879 => ("time.hours-ago", minutes / 60),
        _ => ("time.days-ago", minutes / 1440),
    };
    words.text(key, &[("count", &count.to_string())])
}

/// Time of day: `14:03:14`.
pub fn clock(skin: &Skin, at: Timestamp) -> String {
    let of_day = (at.seconds() + i64::from(skin.utc_offset_s)).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Date and time of day: `2026-01-07 14:03:14`.
pub fn moment(skin: &Skin, at: Timestamp) -> String {
    let local = jiff::Timestamp::from_second(at.seconds() + i64::from(skin.utc_offset_s)).unwrap_or_default();
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Date and time of day to the minute: `2026-01-07 14:03`.
pub fn minute(skin: &Skin, at: Timestamp) -> String {
    moment(skin, at).chars().take("2026-01-07 14:03".len()).collect()
}

/// A stretch of time as a stopwatch shows it: `0:05`, `1:02:03`.
pub fn stopwatch(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// How long a call took: `412 ms`, `1.9 s`, `15 s`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} s", ms / 1000),
    }
}

// ---- nouns ---------------------------------------------------------------------------------------------------------

/// A noun as the cloud itself calls it; the common word where it has none of its own. What is done to it has one word
/// everywhere.
pub fn noun<'a>(words: &'a Catalog, cloud: &CloudId, name: &'a str) -> &'a str {
    words.find(&format!("cloud.{cloud}.{name}")).or_else(|| words.find(&format!("noun.{name}"))).unwrap_or(name)
}

pub fn address_kind<'a>(words: &'a Catalog, cloud: &CloudId, role: AddressRole) -> &'a str {
    noun(
        words,
        cloud,
        match role {
            AddressRole::Primary => "primary",
            AddressRole::Secondary => "secondary",
            AddressRole::Virtual => "vip",
            AddressRole::Ipv6 => "ipv6",
        },
    )
}

pub fn nic_kind<'a>(words: &'a Catalog, cloud: &CloudId, role: &'a NicRole) -> &'a str {
    match role {
        NicRole::Primary => noun(words, cloud, "primary-nic"),
        NicRole::Secondary => noun(words, cloud, "secondary-nic"),
        NicRole::Other(word) => word,
    }
}

/// What was listed, where: `NICs of cn-hangzhou`.
pub fn section<'a>(words: &'a Catalog, section: &Section) -> Cow<'a, str> {
    let what = words.word(match section.0 {
        Resource::Regions => "resource.regions",
        Resource::Instances => "resource.instances",
        Resource::Nics => "resource.nics",
        Resource::Eips => "resource.eips",
        Resource::Backends => "resource.backends",
        Resource::Floats => "resource.floats",
        Resource::Limits => "resource.limits",
    });
    match &section.1 {
        Some(region) => words.text("resource.of-region", &[("what", what), ("region", region.as_str())]),
        None => Cow::Borrowed(what),
    }
}

// ---- findings ------------------------------------------------------------------------------------------------------

pub fn severity_glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "i",
        Severity::Warn => "!",
        Severity::Unknown => "?",
        Severity::Blocked => "x",
    }
}

pub fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Info => Role::Info,
        Severity::Warn => Role::Warn,
        Severity::Unknown => Role::Unknown,
        Severity::Blocked => Role::Blocked,
    }
}

/// The glyph of a level; a target that can go has none.
pub fn level_glyph(level: Level) -> &'static str {
    match level {
        Level::Ok => "",
        Level::Warn => "!",
        Level::Unknown => "?",
        Level::Blocked => "x",
    }
}

pub fn level_role(level: Level) -> Role {
    match level {
        Level::Ok => Role::Ok,
        Level::Warn => Role::Warn,
        Level::Unknown => Role::Unknown,
        Level::Blocked => Role::Blocked,
    }
}

/// What is said about a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Fact,
    Effect,
    Fix,
}

/// A finding in a sentence. Effect and fix may have nothing to say.
///
/// The words for a detach, and those for a finding that names things, are their own where the locale has such.
pub fn finding(words: &Catalog, finding: &Finding, part: Part, act: Act) -> Option<String> {
    let part = match (part, finding.severity) {
        (Part::Fact, _) => "fact",
        (Part::Fix, _) => "fix",
        (Part::Effect, Severity::Blocked) if finding.id == FindingId::OverBelt => "effect",
        (Part::Effect, Severity::Blocked) => {
            let key = if finding.is_own_refusal() { "finding-effect.own" } else { "finding-effect.blocked" };
            return Some(words.word(key).to_owned());
        }
        (Part::Effect, Severity::Unknown) => return Some(words.word("finding-effect.unknown").to_owned()),
        (Part::Effect, _) => "effect",
    };
    let id = finding.id.as_str();
    let case = || {
        let (_, case) = finding.values.iter().find(|(name, _)| *name == "case")?;
        words.find(&format!("finding.{id}.{case}.{part}"))
    };
    let detach = (act == Act::Detach).then(|| words.find(&format!("finding.{id}.detach.{part}"))).flatten();
    let named = || if finding.values.is_empty() { None } else { words.find(&format!("finding.{id}.named.{part}")) };
    let template = case().or(detach).or_else(named).or_else(|| words.find(&format!("finding.{id}.{part}")))?;
    let value = |name: &str| finding.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    Some(fill(template, value).into_owned())
}

// ---- faults --------------------------------------------------------------------------------------------------------

/// A vendor who wishes to be left alone for so many milliseconds is told of by that: reads are given up.
const LONG_WISH_MS: u64 = 60_000;

/// What went wrong, in a few words: those for the cloud's own code, where there are any.
pub fn fault_what<'a>(words: &'a Catalog, cloud: Option<&CloudId>, fault: &'a Fault) -> Cow<'a, str> {
    let what = match known(words, cloud, fault) {
        Known::Code(entry) => code_text(&entry.text(words.language).means, &fault.action, fault.permission.as_deref()),
        Known::Stranger if fault.message.is_empty() => Cow::Borrowed(words.word("code.unknown-silent")),
        Known::Stranger => words.text("code.unknown", &[("message", &fault.message)]),
        Known::Nothing => fault_text(words, fault, "what"),
    };
    if fault.partly { words.text("code.partly", &[("what", &what)]) } else { what }
}

/// What to do about it. `write`: it is the answer to a write.
pub fn fault_next<'a>(words: &'a Catalog, cloud: Option<&CloudId>, fault: &'a Fault, write: bool) -> Cow<'a, str> {
    match (known(words, cloud, fault), &fault.request_id) {
        // What the file says is about a write that may have been done: there is nothing to read back after a read.
        (Known::Code(entry), _) if !write && entry.proves == Proves::Unknown => fault_text(words, fault, "next"),
        (Known::Code(entry), _) => {
            code_text(&entry.text(words.language).next, &fault.action, fault.permission.as_deref())
        }
        (Known::Stranger, Some(id)) => words.text("code.unknown-next", &[("request", id)]),
        (Known::Stranger, None) => Cow::Borrowed(words.word("code.unknown-next-without-id")),
        // It says that nothing was sent.
        (Known::Nothing, _) if fault.kind == FaultKind::Local && fault.effect == Effect::Unknown => {
            Cow::Borrowed(words.word("next.unknown"))
        }
        (Known::Nothing, _) => fault_text(words, fault, "next"),
    }
}

/// What a fault means and what to do, where there is no screen; nothing for one whose message says it already.
pub fn fault_advice(words: &Catalog, cloud: &CloudId, fault: &Fault) -> Option<String> {
    let what = match known(words, Some(cloud), fault) {
        Known::Code(_) => fault_what(words, Some(cloud), fault),
        // The message stands in front of it already.
        Known::Stranger => Cow::Borrowed(words.word("code.unknown-short")),
        Known::Nothing => {
            return Some(match fault.kind {
                FaultKind::Unreachable => words.text("doctor.next-reach", &[("message", &fault.message)]).into_owned(),
                FaultKind::Garbage | FaultKind::Redirect => words.word("doctor.next-proxy").to_owned(),
                FaultKind::Timeout | FaultKind::Reset | FaultKind::Server => words.word("doctor.next-later").to_owned(),
                _ => return None,
            });
        }
    };
    let next = fault_next(words, Some(cloud), fault, false);
    Some(words.text("list.advice", &[("what", &what), ("next", &next)]).into_owned())
}

/// Milliseconds for which the vendor wants no such call, where nobody waits for so long without a word.
fn long_wish(fault: &Fault) -> Option<u64> {
    fault.retry_after_ms.filter(|wait| fault.kind == FaultKind::Throttled && *wait >= LONG_WISH_MS)
}

/// What the files say about a fault. A clock's difference that was measured says more than the code for it, and so does how long the
/// vendor wishes to be left alone.
pub fn known<'a>(words: &'a Catalog, cloud: Option<&CloudId>, fault: &Fault) -> Known<'a> {
    let measured = fault.kind == FaultKind::Clock && fault.clock_skew_s.is_some();
    match cloud.filter(|_| !measured && long_wish(fault).is_none()) {
        Some(cloud) => words.errors.find(cloud, fault.code.as_deref(), fault.http_status),
        None => Known::Nothing,
    }
}

/// A sentence about a code, with the call it was an answer to, and what has to be granted for that where it is known.
pub fn code_text<'a>(text: &'a str, action: &str, permission: Option<&str>) -> Cow<'a, str> {
    fill(text, |name| match name {
        "action" => Some(action),
        "permission" => Some(permission.unwrap_or(action)),
        _ => None,
    })
}

/// Whether trying again helps; for a write also what is proven about it.
pub fn again(words: &Catalog, entry: &Entry, write: Option<Proves>) -> String {
    let again = words.word(match entry.again {
        Again::Yes => "code.again-yes",
        Again::Later => "code.again-later",
        Again::No => "code.again-no",
    });
    let proves = write.map(|proves| match proves {
        Proves::Nothing => words.word("code.proves-nothing"),
        Proves::Already => words.word("code.proves-already"),
        Proves::Unknown => words.word("code.proves-unknown"),
    });
    match proves {
        Some(proves) => words.text("code.again-and", &[("again", again), ("proves", proves)]).into_owned(),
        None => again.to_owned(),
    }
}

/// What went wrong, for a kind alone.
pub fn fault_word(words: &Catalog, kind: FaultKind) -> String {
    words.text(&format!("fault.{}.word", kind.name()), &[]).into_owned()
}

/// What was begun and not ended was not refused, nor was what reading found not to be done.
fn fault_kind_of(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::Local if fault.partly => "cut",
        FaultKind::Local if fault.message == FOUND_LATER => "found",
        kind => kind.name(),
    }
}

fn fault_text<'a>(words: &'a Catalog, fault: &Fault, part: &str) -> Cow<'a, str> {
    let mut key = format!("fault.{}.{part}", fault_kind_of(fault));
    // A request id that never came can be given to nobody.
    if fault.request_id.is_none() {
        let without = format!("{key}-without-id");
        key = if words.find(&without).is_some() { without } else { key };
    }
    // Longer than anybody waits for it here.
    let wait = long_wish(fault);
    if wait.is_some() {
        key.push_str("-for-long");
    }
    let elapsed = duration(fault.elapsed_ms);
    let skew = fault.clock_skew_s.map(|s| s.abs().to_string());
    let values = [
        ("elapsed", elapsed.as_str()),
        ("wait", &wait.map(duration).unwrap_or_default()),
        ("action", fault.action.as_str()),
        ("permission", fault.permission.as_deref().unwrap_or(&fault.action)),
        ("skew", skew.as_deref().unwrap_or("?")),
        ("message", &fault_message(words, fault)),
    ];
    Cow::Owned(words.text(&key, &values).into_owned())
}

/// What the vendor said, or in this program's own words what it refused itself.
pub fn fault_message<'f>(words: &'f Catalog, fault: &'f Fault) -> Cow<'f, str> {
    if let Some(why) = &fault.keys {
        return Cow::Owned(words.phrase(&Phrase::from(&**why).with("place", "")));
    }
    if fault.code.is_some() {
        return Cow::Borrowed(&fault.message);
    }
    if let Some((before, word, what)) = odd::read(&fault.message) {
        let said = words.text(&format!("odd.{word}"), &[("what", what)]).into_owned();
        let before = if before == odd::NO_CONTENT_TYPE { words.word("odd.no-content-type") } else { before };
        return Cow::Owned(if before.is_empty() { said } else { format!("{before}: {said}") });
    }
    Cow::Borrowed(words.find(&format!("local.{}", fault.message)).unwrap_or(&fault.message))
}

/// What is copied as it stands on the screen.
pub fn sentence(words: &Catalog, sentence: &Sentence) -> String {
    match sentence {
        Sentence::Phrase(phrase) => words.phrase(phrase),
        Sentence::Fault(fault) => clean(&fault_message(words, fault)).into_owned(),
    }
}

/// The vendor's code, or where there is none the HTTP status or what went wrong.
pub fn fault_code<'f>(words: &Catalog, fault: &'f Fault) -> Cow<'f, str> {
    match (&fault.code, fault.http_status) {
        (Some(code), _) => Cow::Borrowed(code.as_str()),
        (None, Some(status)) if status >= 400 => Cow::Owned(format!("HTTP {status}")),
        _ => Cow::Owned(words.text(&format!("fault.{}.word", fault_kind_of(fault)), &[]).into_owned()),
    }
}

// ---- outcomes ------------------------------------------------------------------------------------------------------

/// Glyph, word and role of where a target of a batch stands.
pub fn progress<'a>(words: &'a Catalog, act: Act, progress: &Progress) -> (&'static str, &'a str, Role) {
    match progress {
        Progress::Queued => (".", words.word("outcome.queued"), Role::Dim),
        Progress::Throttled { .. } => (".", words.word("outcome.queued"), Role::Warn),
        Progress::Checking => (".", words.word("outcome.checking"), Role::Text),
        Progress::Sent => (".", words.word("outcome.sent"), Role::Info),
        Progress::Accepted { .. } => (".", words.word("outcome.accepted"), Role::Info),
        Progress::Retrying { .. } => ("!", words.word("outcome.retrying"), Role::Warn),
        Progress::ReadingBack { lost: false, .. } => (".", words.word("outcome.reading-back"), Role::Info),
        Progress::ReadingBack { lost: true, .. } => ("?", words.word("outcome.unknown"), Role::Unknown),
        Progress::Settled(outcome) => outcome_word(words, act, outcome.word()),
    }
}

/// Glyph, word and role of an end.
pub fn outcome_word(words: &Catalog, act: Act, word: OutcomeWord) -> (&'static str, &str, Role) {
    let back = matches!(act, Act::Assign | Act::Attach | Act::BindEip);
    let (glyph, key, role) = match word {
        OutcomeWord::Released => ("+", done_word(act), Role::Ok),
        OutcomeWord::AlreadyGone if back => ("+", "outcome.already-there", Role::Ok),
        OutcomeWord::AlreadyGone => ("+", "outcome.already-gone", Role::Ok),
        OutcomeWord::NicGone => ("!", "outcome.nic-gone", Role::Warn),
        OutcomeWord::Failed => ("x", "outcome.failed", Role::Blocked),
        OutcomeWord::Unknown => ("?", "outcome.unknown", Role::Unknown),
        OutcomeWord::Skipped => ("=", "outcome.skipped", Role::Dim),
        OutcomeWord::Stopped => ("=", "outcome.stopped", Role::Dim),
        OutcomeWord::NotBegun => ("=", "outcome.not-begun", Role::Warn),
    };
    (glyph, words.word(key), role)
}

/// The word for a target on which this was carried out and read back.
fn done_word(act: Act) -> &'static str {
    match act {
        Act::Release => "outcome.released",
        Act::Detach => "outcome.detached",
        Act::Assign => "outcome.assigned",
        Act::Attach => "outcome.attached",
        Act::BindEip => "outcome.bound",
        Act::Delete => "outcome.deleted",
    }
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

/// What is wrong with a filter, by its code and values. What was probably meant stands in front of a list of what would be
/// right, which may be long.
pub fn filter_mistake(words: &Catalog, code: &str, values: &[(&str, String)], meant: Option<&str>) -> String {
    let listed = values.iter().any(|(name, _)| *name == "known");
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sentence = words.text(&format!("filter.{code}"), &values).into_owned();
    let Some(meant) = meant else { return sentence };
    let meant = words.text("filter.suggest", &[("suggestion", meant)]).into_owned();
    let (first, second) = if listed { (meant, sentence) } else { (sentence, meant) };
    format!("{first}{}{second}", words.word("list.blank"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::state::Language, ui::catalog::Catalogs};

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
    fn what_is_wrong_with_an_answer_is_said_in_the_persons_language() {
        let catalogs = Catalogs::embedded().unwrap();
        let said = |message: &str, code: Option<&str>| {
            let fault = Fault { code: code.map(Into::into), ..Fault::local(FaultKind::Garbage, "List", message) };
            [Language::English, Language::Chinese].map(|it| fault_message(catalogs.of(it), &fault).into_owned())
        };
        let missing = format!("application/json: {}", odd::missing("RequestId"));
        assert_eq!(
            said(&missing, None),
            ["application/json: RequestId is missing", "application/json: 缺少 RequestId"]
        );
        let bare = format!("{}: {}", odd::NO_CONTENT_TYPE, odd::NO_ERROR_CODE);
        assert_eq!(said(&bare, None), ["no content type: no error code", "没有内容类型: 没有错误码"]);
        // What a vendor says is left as it is.
        assert_eq!(said(&missing, Some("Broken")), [&missing, &missing].map(String::clone));
        assert_eq!(said("nobody knows", None), ["nobody knows"; 2]);
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
    fn what_is_not_listed_is_refused_by_the_program_unless_the_cloud_has_a_code_for_it() {
        let catalogs = Catalogs::embedded().unwrap();
        let effect = |predicts| {
            let (id, severity) = (FindingId::NotListed, Severity::Blocked);
            let found = Finding { id, severity, values: Vec::new(), predicts, read_at: None };
            finding(catalogs.of(Language::English), &found, Part::Effect, Act::Release).unwrap()
        };
        assert!(effect(None).starts_with("nicdeck itself refuses it"), "{}", effect(None));
        assert!(effect(Some("NotFound")).starts_with("The call would be refused"));
    }

    #[test]
    fn what_is_read_back_of_one_is_told_of_one() {
        let catalogs = Catalogs::embedded().unwrap();
        let told =
            |total| catalogs.of(Language::English).phrase(&Phrase::new("notice.batch-done").with("total", total));
        assert_eq!(told(1), "Done: the 1 row was read back and is as planned.");
        assert_eq!(told(3), "Done: all 3 were read back and are as planned.");
    }

    #[test]
    fn times_in_short() {
        assert_eq!(stopwatch(5_900), "0:05");
        assert_eq!(stopwatch(3_723_000), "1:02:03");
        assert_eq!(
            [duration(0), duration(412), duration(1_949), duration(15_200)],
            ["0 ms", "412 ms", "1.9 s", "15 s"]
        );
    }
}
