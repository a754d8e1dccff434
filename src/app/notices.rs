//! The status line's messages: newest wins, errors stay until dismissed, others for six seconds.

use crate::domain::{
    journal_fault::{JournalFault, JournalFaultKind},
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
}

impl Phrase {
    pub fn new(key: &'static str) -> Self {
        Self { key, values: Vec::new(), inner: Vec::new() }
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
}

impl From<&JournalFault> for Phrase {
    fn from(fault: &JournalFault) -> Self {
        let key = match fault.kind {
            JournalFaultKind::NoFolder => "journal-fault.no-folder",
            JournalFaultKind::Folder => "journal-fault.folder",
            JournalFaultKind::Open => "journal-fault.open",
            JournalFaultKind::Locked => "journal-fault.locked",
            JournalFaultKind::Write => "journal-fault.write",
            JournalFaultKind::Read => "journal-fault.read",
            JournalFaultKind::Encode => "journal-fault.encode",
            JournalFaultKind::ReadOnly => "journal-fault.read-only",
            JournalFaultKind::CutOff => "journal-fault.cut-off",
        };
        Phrase::new(key).with("path", &fault.path).with("reason", &fault.reason)
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
/// Messages kept for the calls screen.
const KEPT: usize = 200;

/// All messages, newest last, and the one on the status line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notices {
    all: std::collections::VecDeque<Notice>,
    shown: bool,
}

impl Notices {
    pub fn say(&mut self, now: Timestamp, loudness: Loudness, phrase: Phrase) {
        if self.all.len() == KEPT {
            self.all.pop_front();
        }
        self.all.push_back(Notice { at: now, loudness, phrase });
        self.shown = true;
    }

    /// The message on the status line.
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        let notice = self.all.back().filter(|_| self.shown)?;
        (notice.loudness == Loudness::Error || now.since(notice.at) < NOTICE_MS).then_some(notice)
    }

    /// Takes the message off the status line. True if it was an error: others go by themselves, and are no layer of their own.
    pub fn dismiss(&mut self, now: Timestamp) -> bool {
        let error = self.current(now).is_some_and(|notice| notice.loudness == Loudness::Error);
        self.shown = false;
        error
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

    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.all.iter()
    }
}
