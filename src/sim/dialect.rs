//! What a vendor's side of the wire is to the simulator.

use crate::domain::time::Timestamp;

use super::world::World;

/// A request as it came off the socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimRequest {
    pub method: String,
    /// Path without the query, as sent.
    pub path: String,
    /// Query as sent, still encoded, without the `?`.
    pub query: String,
    /// Names in lower case, values as sent, in order; `host` included.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl SimRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer to be put on the socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The access key that a simulated account accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimKey {
    pub id: String,
    pub secret: String,
    /// A session token that is accepted (and then demanded) with this key; for a cloud with bearer tokens, the one
    /// that is
    /// accepted instead of the key.
    pub token: Option<String>,
}

/// An error that a fault script asks for, in the vendor's own words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VendorError {
    Throttled,
    /// The vendor's "internal error" with a 5xx status.
    Internal,
    /// The vendor's "service unavailable" with a 503 status.
    Unavailable,
}

/// Kinds of objects that have ids.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ObjectKind {
    Instance,
    Nic,
    Eip,
    LoadBalancer,
    Vpc,
    Subnet,
    SecurityGroup,
}

/// What a cloud's objects look like: the words and ids that a generated world is made of.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The cloud's short name.
    pub provider: &'static str,
    /// Regions with their zones. Neither list is empty; the first region is the one of a generated world.
    pub regions: &'static [(&'static str, &'static [&'static str])],
    pub project_id: Option<&'static str>,
    /// Names of instance sizes; never empty.
    pub instance_types: &'static [&'static str],
    /// States of instances, in the vendor's words.
    pub running: &'static str,
    pub stopped: &'static str,
    /// Starting, stopping, rebooting; may be empty.
    pub instance_transient: &'static [&'static str],
    /// States of NICs, in the vendor's words: attached to an instance, attached to nothing.
    pub attached: &'static str,
    pub free: &'static str,
    /// On the way onto and off an instance.
    pub attaching: &'static str,
    pub detaching: &'static str,
    /// Every state that an instance and a NIC can be in, in the vendor's words: a world file has no others.
    pub instance_states: &'static [&'static str],
    pub nic_states: &'static [&'static str],
    /// Kinds of load balancers (see `SimLoadBalancer::kind`); an empty word alone where there is one kind.
    pub load_balancer_kinds: &'static [&'static str],
    /// Descriptions of NICs that the cloud's own services own; empty where the cloud has none.
    pub service_nics: &'static [&'static str],
    /// Tags (name, value) with which a cluster's controller marks its NICs.
    pub controller_tags: &'static [(&'static str, &'static str)],
    /// Does a stopped guest agent matter here? Where not, it runs everywhere.
    pub agent: bool,
    /// Does a NIC have secondary addresses of its own? Where not, all but its own are virtual ones.
    pub secondaries: bool,
    /// Does the cloud have virtual addresses that float between NICs?
    pub floating: bool,
    /// An id as the cloud makes them. `number` is random and unique for each kind.
    pub id: fn(kind: ObjectKind, number: u64) -> String,
}

/// What of a world file a cloud asks about, where clouds differ. Every cloud asks `refusals` for its actions and for the NIC
/// that a write is about, its instance, its subnet and its security groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Heeds {
    /// The members of a world file that this cloud acts on, of those that not every cloud does.
    pub members: &'static [&'static str],
    /// What `task_failures` may name beside the writing actions: writes are taken first and may fail later. Empty: they do not.
    pub tasks: &'static [ObjectKind],
    /// `refusals` by the ids of EIPs, of virtual addresses that are objects, by the sizes of instances.
    pub eips: bool,
    pub floats: bool,
    pub types: bool,
    /// `refusals` by parameters of calls, and what may stand there besides a code.
    pub parameters: &'static [(&'static str, &'static [&'static str])],
}

/// A vendor's side of the wire: verifies the signature over the bytes received, validates, acts, answers.
/// Shares only its signature with the client, so that a client that misreads the documents is not mirrored.
pub trait Dialect: Send + Sync {
    /// What this cloud's objects look like, to make worlds of any size.
    fn vocabulary(&self) -> &'static Vocabulary;

    /// The actions that are answered; a fault script names no others. One may come several times.
    fn actions(&self) -> &'static [&'static str];

    /// What of a world file is asked about.
    fn heeds(&self) -> Heeds;

    /// The action a request names, if it names one; fault scripts match on it.
    fn action(&self, request: &SimRequest) -> Option<String>;

    /// The region a request names in a header, if it does so there; the log keeps it, and no other header.
    fn region(&self, _request: &SimRequest) -> Option<String> {
        None
    }

    /// Does this action change the world?
    fn is_write(&self, action: &str) -> bool;

    /// The vendor's answer. `now` is the server's clock; `request_id` is fresh for each request, as 32 hex digits.
    fn answer(
        &self,
        world: &mut World,
        key: &SimKey,
        request: &SimRequest,
        now: Timestamp,
        request_id: &str,
    ) -> SimResponse;

    /// The vendor's own body, status and headers for an injected error.
    fn error(&self, error: VendorError, request_id: &str) -> SimResponse;

    /// The same for this request, where answers differ between generations of the API.
    fn error_to(&self, _request: &SimRequest, error: VendorError, request_id: &str) -> SimResponse {
        self.error(error, request_id)
    }
}
