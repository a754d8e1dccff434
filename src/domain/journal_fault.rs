//! What stands in the way of a record: codes with values, whose words are in the locale.

use serde::{Deserialize, Serialize};

/// Why nothing can be written to the journal, or read from it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JournalFault {
    pub kind: JournalFaultKind,
    /// The journal, or its folder; empty where it is about neither.
    pub path: String,
    /// The operating system's text, as it came.
    pub reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalFaultKind {
    /// The platform has no folder for state.
    NoFolder,
    /// The folder cannot be made.
    Folder,
    Open,
    /// Another process holds it for too long.
    Locked,
    Write,
    Read,
    /// The record cannot be put into words.
    Encode,
    ReadOnly,
    /// Another batch has begun a write to the NIC, and nobody knows its end; the reason names it.
    Begun,
    /// The plan's file is carried out by another batch, which the reason names.
    Repeated,
    /// The task that wrote or read was cut off.
    CutOff,
}

impl JournalFaultKind {
    /// A stable name, for exports.
    pub fn key(self) -> &'static str {
        match self {
            JournalFaultKind::NoFolder => "no-folder",
            JournalFaultKind::Folder => "folder",
            JournalFaultKind::Open => "open",
            JournalFaultKind::Locked => "locked",
            JournalFaultKind::Write => "write",
            JournalFaultKind::Read => "read",
            JournalFaultKind::Encode => "encode",
            JournalFaultKind::ReadOnly => "read-only",
            JournalFaultKind::Begun => "begun",
            JournalFaultKind::Repeated => "repeated",
            JournalFaultKind::CutOff => "cut-off",
        }
    }
}

/// What is odd about a journal that can be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalDoubt {
    pub kind: JournalDoubtKind,
    /// Lines that it is about.
    pub count: usize,
    /// The first of them: the file, and the line from 1.
    pub file: String,
    pub line: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JournalDoubtKind {
    /// Not as it was written, or something before it is missing or was put in.
    Changed,
    /// No record, as a power cut leaves it.
    Torn,
    /// Of this version of the journal, which is a later nicdeck's.
    Newer(u32),
    /// Newer records were written behind its last line, and are missing.
    Cut,
    /// Whether that is so can not be told: the mark beside the journal is missing, or can not be read or written.
    Unmarked,
    /// The newest record is so many milliseconds ahead of the clock: it was set back.
    Ahead(u64),
}

impl JournalDoubtKind {
    /// Does it happen without anybody's doing, or go by with the next record?
    pub fn is_minor(self) -> bool {
        matches!(self, JournalDoubtKind::Torn | JournalDoubtKind::Unmarked)
    }
}
