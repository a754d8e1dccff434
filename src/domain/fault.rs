//! What went wrong with a call: whole, typed, in codes; the words are in the locale.

use serde::{Deserialize, Serialize};

use super::key_fault::KeyFault;

/// A call that did not bring what was asked. Keeps everything a person or the vendor's support needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    /// What may be concluded about the write, and what may be tried again.
    pub effect: Effect,
    /// The vendor's action name.
    pub action: String,
    /// The vendor's error code, exactly as sent.
    pub code: Option<String>,
    /// The vendor's message as sent (clean before drawing), or the transport's, without address and secrets.
    pub message: String,
    pub request_id: Option<String>,
    pub http_status: Option<u16>,
    /// The vendor's wish in milliseconds, where it sent one.
    pub retry_after_ms: Option<u64>,
    /// Seconds by which the server's clock differs from ours, where the answer's `Date` tells (server - ours).
    pub clock_skew_s: Option<i64>,
    /// Tries made, this one included.
    pub attempts: u32,
    pub elapsed_ms: u64,
    /// Of a write of several requests: those before it were done and have changed something, though what was wished for does not hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partly: bool,
    /// Of [`FaultKind::Permission`]: what has to be granted, as the vendor's access control spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// Of [`FaultKind::Keys`]: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Box<KeyFault>>,
}

/// Families of faults: each has its own words and its own next step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The request never left: name look-up, refused connection, TLS, proxy.
    Unreachable,
    /// No whole answer in time.
    Timeout,
    /// The connection broke after the request may have left.
    Reset,
    /// An answer that is not the API's: HTML, half a JSON, wrong charset, too large.
    Garbage,
    /// A redirect; never followed with a signature.
    Redirect,
    Throttled,
    /// There is nothing to sign with; nothing was sent.
    Keys,
    /// Wrong key, wrong signature, expired token.
    Credentials,
    /// Our clock differs too much from the vendor's.
    Clock,
    Permission,
    /// The thing asked for does not exist (any more).
    NotFound,
    /// A precondition that the vendor checks does not hold.
    Refused,
    /// Another operation is running on the same object.
    Conflict,
    /// The vendor calls our request malformed: our bug.
    BadRequest,
    /// The vendor's own failure (5xx).
    Server,
    /// Refused on this side: read-only, no journal, not planned.
    Local,
    /// A code this version does not know.
    Other,
}

/// What a fault says about the world.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The vendor's code (or a request that never left) proves that nothing was done; the same call may pass later.
    NothingRetry,
    /// Nothing was done and the same call fails again until something changes.
    Nothing,
    /// The wished-for state holds already (not assigned, not found, not attached).
    AlreadyDone,
    /// The write may or may not have happened: read back, never send again blindly.
    Unknown,
}

impl FaultKind {
    /// As keys of the locales spell it.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Unreachable => "unreachable",
            FaultKind::Timeout => "timeout",
            FaultKind::Reset => "reset",
            FaultKind::Garbage => "garbage",
            FaultKind::Redirect => "redirect",
            FaultKind::Throttled => "throttled",
            FaultKind::Keys => "keys",
            FaultKind::Credentials => "credentials",
            FaultKind::Clock => "clock",
            FaultKind::Permission => "permission",
            FaultKind::NotFound => "not-found",
            FaultKind::Refused => "refused",
            FaultKind::Conflict => "conflict",
            FaultKind::BadRequest => "bad-request",
            FaultKind::Server => "server",
            FaultKind::Local => "local",
            FaultKind::Other => "other",
        }
    }
}

/// A message of kind [`FaultKind::Local`], as those in `providers::client::local`: the job ended before the outcome was known.
pub const NO_END: &str = "no-end";

/// The message of a write's fault where an earlier run sent it or was about to, and long after that nothing of it shows.
pub const FOUND_LATER: &str = "found-later";

impl Fault {
    /// A fault found on this side, before anything was sent.
    pub fn local(kind: FaultKind, action: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            effect: Effect::Nothing,
            action: action.to_owned(),
            code: None,
            message: message.into(),
            request_id: None,
            http_status: None,
            retry_after_ms: None,
            clock_skew_s: None,
            attempts: 0,
            elapsed_ms: 0,
            partly: false,
            permission: None,
            keys: None,
        }
    }

    /// There is nothing to sign the call with.
    pub fn keys(action: &str, why: KeyFault) -> Self {
        Self { keys: Some(Box::new(why)), ..Self::local(FaultKind::Keys, action, "") }
    }
}
