//! What a cloud's codec is: pure functions between calls and HTTP messages.

use crate::{
    domain::{
        capabilities::Capabilities,
        fault::Fault,
        ids::{CloudId, RegionId},
        nic::Nic,
        outcome::Receipt,
        page::{InventoryPage, Listing},
        plan::OperationKind,
        time::Timestamp,
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};

use super::profile::{Credential, Profile};

/// One HTTP round trip's worth of asking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    List(Listing),
    Write { region: RegionId, kind: OperationKind },
}

impl Call {
    pub fn region(&self) -> Option<&RegionId> {
        match self {
            Call::List(listing) => listing.region.as_ref(),
            Call::Write { region, .. } => Some(region),
        }
    }

    pub fn is_write(&self) -> bool {
        matches!(self, Call::Write { .. })
    }
}

/// What an answer meant.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    Page(InventoryPage),
    /// The write was taken. Whether it is done is read back, never believed.
    Accepted(Receipt),
}

/// What varies from request to request in a signature; an argument, so that vectors are plain tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    pub now: Timestamp,
    /// Unique per request, at least 16 random bytes in hex.
    pub nonce: String,
}

/// What is fixed about a cloud.
#[derive(Debug)]
pub struct Descriptor {
    /// As the config spells it.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    pub capabilities: Capabilities,
    /// Environment variables of the vendor's own tools: (key id, secret, session token).
    pub env: (&'static str, &'static str, Option<&'static str>),
    /// A token alone signs requests, as a bearer token, and beats the keys (`false`: a token only goes along with the keys).
    pub bearer: bool,
    /// A region to start with in an example config.
    pub example_region: &'static str,
    /// A small world file that shows every finding: the demo's part of this cloud.
    pub demo_world: &'static str,
}

impl Descriptor {
    pub fn cloud(&self) -> CloudId {
        CloudId::from(self.id)
    }
}

/// One cloud. No IO, no clock, no async: object-safe and testable by vectors.
pub trait Provider: Send + Sync {
    fn descriptor(&self) -> &'static Descriptor;

    /// The reads that load everything of these regions. Each listing's own follow-ups come in the replies.
    fn listings(&self, regions: &[RegionId]) -> Vec<Listing>;

    /// The reads that bring one NIC with its instance, EIPs and backends up to date: made right before a write to it,
    /// and again after it. As few calls as the cloud allows; they may be sent together.
    fn inspection(&self, nic: &Nic) -> Vec<Listing>;

    /// The vendor's action name, for logs and screens.
    fn action(&self, call: &Call) -> &'static str;

    /// The unsigned request.
    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest;

    /// Adds the vendor's signature over exactly what will be sent.
    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp);

    /// Reads an answer. Sets `kind`, `effect`, `code`, `message`, `request_id`, `http_status`, `retry_after_ms` of a fault;
    /// the client fills in the rest.
    ///
    /// # Errors
    /// The vendor's error, or an answer that is not the API's.
    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault>;

    /// The server side of the same wire, for demo and tests.
    fn dialect(&self) -> Box<dyn Dialect>;
}
