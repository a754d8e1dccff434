//! What one step of a listing hands to the next, as the text that a `Listing` carries. Nobody else reads it.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{nic::Nic, page::Listing};

/// How often a list that changes while it is read is read again.
const ROUNDS: u32 = 3;

/// Vendor: there is no token. A list that grew or shrank between two pages has shifted, and a page may have missed something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Paging {
    /// The count that the pages were reckoned with.
    pub total: u64,
    pub round: u32,
}

impl Paging {
    pub fn of(listing: &Listing) -> Option<Self> {
        listing.carry.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    /// The next reading of the list, where it has another count now. An error when it was read often enough and still shifts: what
    /// was read so is not the whole list.
    pub fn again(self, total: u64) -> Result<Option<Self>, String> {
        if total == self.total {
            return Ok(None);
        }
        if self.round >= ROUNDS {
            return Err(format!(
                "TotalCount: {total} after {}, and {ROUNDS} readings of a list that shifts",
                self.total
            ));
        }
        Ok(Some(Self { total, round: self.round + 1 }))
    }

    pub fn text(self) -> Arc<str> {
        text(&self)
    }
}

/// Balancers that send to a NIC's addresses: the search before a write.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    pub vpc: String,
    pub ips: Vec<IpAddr>,
    pub instance: Option<String>,
}

impl Search {
    pub fn new(nic: &Nic, ips: &[IpAddr]) -> Self {
        Self {
            vpc: nic.vpc.as_deref().unwrap_or_default().to_owned(),
            ips: ips.to_vec(),
            instance: nic.instance.as_ref().map(ToString::to_string),
        }
    }

    pub fn of(listing: &Listing) -> Self {
        listing.carry.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub fn text(&self) -> Arc<str> {
        text(self)
    }
}

/// The balancer whose targets are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Balancer {
    pub name: String,
    pub vpc: Option<String>,
}

impl Balancer {
    pub fn of(listing: &Listing) -> Self {
        listing.carry.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub fn text(&self) -> Arc<str> {
        text(self)
    }
}

/// Texts, numbers and lists of them: can not fail.
fn text(value: &impl Serialize) -> Arc<str> {
    Arc::from(serde_json::to_string(value).unwrap_or_default())
}
