//! One round trip as people may see it: without secrets.

use serde::{Deserialize, Serialize};

use super::{
    fault::FaultKind,
    ids::{ProfileId, RegionId},
    time::Timestamp,
};

/// A redacted record of one HTTP round trip.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exchange {
    pub at: Timestamp,
    pub profile: ProfileId,
    pub region: Option<RegionId>,
    pub action: String,
    /// What it was about: a NIC id, a page, a region.
    pub target: String,
    pub write: bool,
    pub method: String,
    pub host: String,
    /// Path and query; signatures, keys and tokens replaced.
    pub path: String,
    /// Request headers; the secret ones replaced.
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub status: Option<u16>,
    /// The start of the answer, cleaned, at most a few kilobytes.
    pub answer: String,
    /// Bytes of the whole answer.
    pub answer_bytes: u64,
    pub code: Option<String>,
    pub fault: Option<FaultKind>,
    /// Where it was missing: what has to be granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    pub request_id: Option<String>,
    pub elapsed_ms: u64,
    /// 1 for the first try.
    pub attempt: u32,
}
