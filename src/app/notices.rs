//! The status line's messages: newest wins, errors stay until dismissed, answers to a key until the next one, others for six seconds.

use crate::domain::{
    finding::Finding,
    ids::OperationId,
    journal_fault::{JournalDoubt, JournalDoubtKind, JournalFault, JournalFaultKind},
    key_fault::KeyFault,
    plan::{Act, PlanError},
    selection::Target,
    time::Timestamp,
};

use super::state::Language;

/// A sentence as a locale key with its values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    pub key: &'static str,
    pub values: Vec<(&'static str, String)>,
    /// Values that are sentences themselves.
    pub inner: Vec<(&'static str, Phrase)>,
    /// Values that are what a finding says, of what is done.
    pub facts: Vec<(&'static str, Finding, Act)>,
}

impl Phrase {
    pub fn new(key: &'static str) -> Self {
        Self { key, values: Vec::new(), inner: Vec::new(), facts: Vec::new() }
    }

    /// Adds a value for the sentence's `{name}`.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "values are written in place, mostly numbers")]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    /// Adds a sentence for the sentence's `{name}`.
    #[must_use]
    pub fn with_phrase(mut self, name: &'static str, phrase: Phrase) -> Self {
        self.inner.push((name, phrase));
        self
    }

    /// Adds what a finding says for the sentence's `{name}`.
    #[must_use]
    pub fn with_fact(mut self, name: &'static str, finding: Finding, act: Act) -> Self {
        self.facts.push((name, finding, act));
        self
    }
}

impl From<&JournalFault> for Phrase {
    fn from(fault: &JournalFault) -> Self {
        let key = match fault.kind {
            JournalFaultKind::NoFolder => "journal-fault.no-folder",
            JournalFaultKind::Folder => "journal-fault.folder",
            JournalFaultKind::Open => "journal-fault.open",
            // Who holds it is not always told.
            JournalFaultKind::Locked if matches!(&*fault.reason, "" | "?") => "journal-fault.locked",
            JournalFaultKind::Locked => "journal-fault.locked-by",
            JournalFaultKind::Write => "journal-fault.write",
            JournalFaultKind::Read => "journal-fault.read",
            JournalFaultKind::Encode => "journal-fault.encode",
            JournalFaultKind::ReadOnly => "journal-fault.read-only",
            JournalFaultKind::Begun => "journal-fault.begun",
            JournalFaultKind::Repeated => "journal-fault.repeated",
            JournalFaultKind::CutOff => "journal-fault.cut-off",
        };
        Phrase::new(key).with("path", &fault.path).with("reason", &fault.reason)
    }
}

impl From<&JournalDoubt> for Phrase {
    fn from(doubt: &JournalDoubt) -> Self {
        let phrase =
            |key| Phrase::new(key).with("count", doubt.count).with("file", &doubt.file).with("line", doubt.line);
        match doubt.kind {
            JournalDoubtKind::Changed => phrase("notice.journal-changed"),
            JournalDoubtKind::Torn => phrase("notice.journal-torn"),
            JournalDoubtKind::Cut => phrase("notice.journal-cut"),
            JournalDoubtKind::Unmarked => phrase("notice.journal-unmarked"),
            JournalDoubtKind::Newer(version) => phrase("notice.journal-newer").with("version", version),
            JournalDoubtKind::Ahead(ms) => phrase("notice.journal-ahead").with("minutes", ms / 60_000),
        }
    }
}

impl From<&PlanError> for Phrase {
    fn from(error: &PlanError) -> Self {
        let target = |key, target: &Target| {
            let ip = target.ip().map(|ip| format!(" {ip}")).unwrap_or_default();
            Phrase::new(key).with("what", format!("{}{ip}", target.nic().nic))
        };
        let write = |key, id: &OperationId| Phrase::new(key).with("number", id.0 + 1);
        match error {
            PlanError::TargetTwice(twice) => target("plan-error.twice", twice),
            PlanError::Mismatch(what) => target("plan-error.mismatch", what),
            PlanError::NotDecided(what) => target("plan-error.not-decided", what),
            PlanError::Unordered(nic) => Phrase::new("plan-error.unordered").with("what", &nic.nic),
            PlanError::Order(id) => write("plan-error.order", id),
            PlanError::Oversized(id, count, most) => {
                write("plan-error.oversized", id).with("count", count).with("most", most)
            }
            PlanError::Unexpected(id) => write("plan-error.unexpected", id),
            PlanError::Unshared(id, float) => write("plan-error.unshared", id).with("what", float),
            PlanError::OverBelt => Phrase::new("plan-error.over-belt"),
            PlanError::Unmeasured => Phrase::new("plan-error.unmeasured"),
        }
    }
}

impl From<&KeyFault> for Phrase {
    fn from(fault: &KeyFault) -> Self {
        let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match fault {
            KeyFault::Missing { variables, or } => {
                let phrase = match or {
                    None => Phrase::new("credential.missing"),
                    Some(or) => Phrase::new("credential.missing-or").with("or", or),
                };
                phrase.with("variables", quoted(variables)).with("count", variables.len())
            }
            KeyFault::Malformed { variable } => Phrase::new("credential.malformed").with("variable", variable),
            KeyFault::NoHome => Phrase::new("credential.no-home"),
            KeyFault::NoFile { tool, path } => Phrase::new("credential.no-file").with("tool", tool).with("path", path),
            KeyFault::Unreadable { path, reason } => {
                Phrase::new("credential.unreadable").with("path", path).with("reason", reason)
            }
            KeyFault::Exposed { path } => Phrase::new("credential.exposed").with("path", path),
            KeyFault::Foreign { path } => Phrase::new("credential.foreign").with("path", path),
            KeyFault::Broken { path, line, column } => {
                Phrase::new("credential.broken").with("path", path).with("line", line).with("column", column)
            }
            KeyFault::NoProfile { path, profile, known } => {
                let phrase = if known.is_empty() {
                    Phrase::new("credential.no-profile-at-all")
                } else {
                    Phrase::new("credential.no-profile").with("known", quoted(known))
                };
                phrase.with("path", path).with("profile", profile)
            }
            KeyFault::Unsupported { path, profile, mode } => {
                Phrase::new("credential.unsupported").with("path", path).with("profile", profile).with("mode", mode)
            }
            KeyFault::Incomplete { path, profile, key } => {
                Phrase::new("credential.incomplete").with("path", path).with("profile", profile).with("key", key)
            }
            KeyFault::Encrypted { path, profile } => {
                Phrase::new("credential.encrypted").with("path", path).with("profile", profile)
            }
            KeyFault::Ended { from, renew: None } => Phrase::new("credential.ended").with("from", from),
            KeyFault::Ended { from, renew: Some(renew) } => {
                Phrase::new("credential.ended-renew").with("from", from).with("renew", renew)
            }
            KeyFault::NoProgram { program } => Phrase::new("credential.no-program").with("program", program),
            KeyFault::NotStarted { program, reason } => {
                Phrase::new("credential.not-started").with("program", program).with("reason", reason)
            }
            KeyFault::Hangs { program, seconds } => {
                Phrase::new("credential.hangs").with("program", program).with("seconds", seconds)
            }
            KeyFault::Failed { program, status } => {
                Phrase::new("credential.failed").with("program", program).with("status", status)
            }
            KeyFault::Garbage { program } => Phrase::new("credential.garbage").with("program", program),
            KeyFault::Certificates { path, reason } => {
                Phrase::new("credential.certificates").with("path", path).with("reason", reason)
            }
            KeyFault::Lacks { program, key } => {
                Phrase::new("credential.lacks").with("program", program).with("key", key)
            }
        }
    }
}

/// A sentence that was worded before the console began, in every language: what it tells of is not known to the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Worded {
    pub english: String,
    pub chinese: String,
}

impl Worded {
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }
}

/// How loud a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Loudness {
    Info,
    Warn,
    /// Stays until dismissed.
    Error,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    pub at: Timestamp,
    pub loudness: Loudness,
    pub phrase: Phrase,
}

/// Milliseconds that a message which is no error stays.
pub const NOTICE_MS: u64 = 6_000;
/// Messages kept here; the calls screen keeps its own.
const KEPT: usize = 200;

/// All messages, newest last, and the one on the status line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notices {
    all: std::collections::VecDeque<Notice>,
    shown: bool,
    /// Messages at the end that nobody has taken down yet.
    fresh: usize,
    /// Those that are gone count as well.
    said: usize,
    /// An error that another message took the line from before it could be read.
    covered: Option<Notice>,
    /// The message answers a key: it is about what was there then.
    answers: bool,
}

impl Notices {
    pub fn say(&mut self, now: Timestamp, loudness: Loudness, phrase: Phrase) {
        if let Some(error) = self.current(now).filter(|error| error.loudness == Loudness::Error)
            && loudness != Loudness::Error
            && now.since(error.at) < NOTICE_MS
        {
            self.covered = Some(error.clone());
        }
        if self.all.len() == KEPT {
            self.all.pop_front();
        }
        self.all.push_back(Notice { at: now, loudness, phrase });
        (self.shown, self.answers) = (true, false);
        self.fresh = (self.fresh + 1).min(KEPT);
        self.said += 1;
    }

    /// What was said since the last time that this was asked, oldest first.
    pub fn take_fresh(&mut self) -> Vec<Notice> {
        let from = self.all.len().saturating_sub(std::mem::take(&mut self.fresh));
        self.all.range(from..).cloned().collect()
    }

    /// The message on the status line.
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        let stays = |notice: &&Notice| notice.loudness == Loudness::Error || now.since(notice.at) < NOTICE_MS;
        self.all.back().filter(|_| self.shown).filter(stays).or(self.covered.as_ref())
    }

    /// Takes the message off the status line. True if it was an error: others go by themselves, and are no layer of their own.
    pub fn dismiss(&mut self, now: Timestamp) -> bool {
        let error = self.current(now).is_some_and(|notice| notice.loudness == Loudness::Error);
        self.shown = false;
        if error {
            self.covered = None;
        }
        error
    }

    /// Takes this message off the status line, and from behind the one that covers it: its matter is settled, or told otherwise now.
    pub fn retract(&mut self, key: &str) {
        self.covered.take_if(|covered| covered.phrase.key == key);
        if self.all.back().is_some_and(|notice| notice.phrase.key == key) {
            self.shown = false;
        }
    }

    /// A key was taken in, before which so many had been said: a new one answers it.
    pub fn answered(&mut self, said: usize) {
        self.answers = self.said > said;
    }

    /// Takes the answer to the key before off the status line, unless it is an error.
    pub fn leave_answer(&mut self) {
        if self.answers {
            self.leave();
        }
    }

    /// Takes a message off the status line that is no error: it was about the screen that is left.
    pub fn leave(&mut self) {
        if self.all.back().is_some_and(|notice| notice.loudness != Loudness::Error) {
            self.shown = false;
        }
    }

    /// When the status line changes by itself.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let notice = self.current(now)?;
        (notice.loudness != Loudness::Error).then(|| notice.at.plus_ms(NOTICE_MS))
    }

    /// How many there have been, with those that are not kept any more.
    pub fn said(&self) -> usize {
        self.said
    }

    /// What was said since there were so many, oldest first, as far as it is kept.
    pub fn since(&self, said: usize) -> impl Iterator<Item = &Notice> {
        let new = self.said.saturating_sub(said).min(self.all.len());
        self.all.range(self.all.len() - new..)
    }

    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_was_covered_at_once_comes_back_until_it_is_dismissed() {
        let mut notices = Notices::default();
        let key = |notices: &Notices, now| notices.current(Timestamp(now)).map(|notice| notice.phrase.key);
        notices.say(Timestamp(0), Loudness::Error, Phrase::new("tampered"));
        notices.say(Timestamp(10), Loudness::Info, Phrase::new("read"));
        assert_eq!(key(&notices, 20), Some("read"), "the newest wins");
        assert_eq!(notices.wake_at(Timestamp(20)), Some(Timestamp(10).plus_ms(NOTICE_MS)));
        assert_eq!(key(&notices, 7_000), Some("tampered"));
        notices.say(Timestamp(8_000), Loudness::Info, Phrase::new("marked"));
        assert_eq!(key(&notices, 15_000), Some("tampered"), "nobody has put it away");
        assert!(notices.dismiss(Timestamp(15_000)));
        assert_eq!(key(&notices, 15_000), None);
        // One that could be read goes with the next message.
        notices.say(Timestamp(20_000), Loudness::Error, Phrase::new("old"));
        notices.say(Timestamp(30_000), Loudness::Info, Phrase::new("new"));
        assert_eq!(key(&notices, 40_000), None);
    }

    #[test]
    fn what_was_said_since_is_found_although_older_ones_are_gone() {
        let mut notices = Notices::default();
        let say = |notices: &mut Notices, key| notices.say(Timestamp(0), Loudness::Error, Phrase::new(key));
        for _ in 0..KEPT {
            say(&mut notices, "before");
        }
        let said = notices.said();
        assert_eq!(notices.since(said).count(), 0);
        say(&mut notices, "after");
        assert_eq!(notices.since(said).map(|notice| notice.phrase.key).collect::<Vec<_>>(), ["after"]);
        assert_eq!(notices.since(0).count(), KEPT, "as many as are kept");
    }
}
