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
    /// A session token that is accepted (and then demanded) with this key.
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

/// A vendor's side of the wire: verifies the signature over the bytes received, validates, acts, answers.
/// Shares only its signature with the client, so that a client that misreads the documents is not mirrored.
pub trait Dialect: Send + Sync {
    /// The action a request names, if it names one; fault scripts match on it.
    fn action(&self, request: &SimRequest) -> Option<String>;

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
}
