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
    /// The task that wrote or read was cut off.
    CutOff,
}
