//! Why there is nothing to sign a profile's calls with: found on this side, before anything was sent. Codes with values, whose words
//! are in the locale. Never holds a secret.

use serde::{Deserialize, Serialize};

/// What stands in the way of a credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum KeyFault {
    /// These variables are not set, or empty; `or` is the one that would do instead of all of them.
    Missing { variables: Vec<String>, or: Option<String> },
    /// The variable holds blanks, control or non-ASCII characters: it cannot be a key.
    Malformed { variable: String },
    /// The platform tells no home folder.
    NoHome,
    /// The vendor's tool has no such file.
    NoFile { tool: String, path: String },
    /// The operating system's reason.
    Unreadable { path: String, reason: String },
    /// Others than its owner may read a file that holds secrets.
    Exposed { path: String },
    /// A file that holds secrets belongs to somebody else.
    Foreign { path: String },
    /// It is not what the vendor's tool writes.
    Broken { path: String, line: usize, column: usize },
    /// The tool's file has no profile of that name.
    NoProfile { path: String, profile: String, known: Vec<String> },
    /// The tool's profile gets its key in a way that only the tool knows.
    Unsupported { path: String, profile: String, mode: String },
    /// The tool's profile lacks a member.
    Incomplete { path: String, profile: String, key: String },
    /// The tool's profile holds no plain key, most likely since the tool encrypts it.
    Encrypted { path: String, profile: String },
    /// A temporary key has ended. `renew` is the command that renews it, where there is one.
    Ended { from: String, renew: Option<String> },
    /// There is no such program.
    NoProgram { program: String },
    /// The program could not be started: the operating system's reason.
    NotStarted { program: String, reason: String },
    /// It did not end in time and was stopped.
    Hangs { program: String, seconds: u64 },
    /// It ended with something else than 0.
    Failed { program: String, status: String },
    /// What it prints is no credential.
    Garbage { program: String },
    /// The profile's own file of certificates can not be used: why.
    Certificates { path: String, reason: String },
    /// What it prints lacks a member.
    Lacks { program: String, key: String },
}
