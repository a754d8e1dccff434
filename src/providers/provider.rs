//! What a cloud's codec is: pure functions between calls and HTTP messages.

use std::sync::Arc;

use crate::{
    domain::{
        address::Backend,
        capabilities::Capabilities,
        fault::Fault,
        ids::{CloudId, RegionId},
        nic::Nic,
        outcome::Receipt,
        page::{InventoryPage, Listing, Resource},
        plan::{Calls, OperationKind},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};

use super::{
    discover::VendorCli,
    profile::{Credential, Profile},
};

/// One HTTP round trip's worth of asking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    List(Listing),
    Write {
        region: RegionId,
        kind: OperationKind,
        step: Step,
    },
    /// What became of a write that was accepted.
    Task {
        region: RegionId,
        task: Arc<str>,
    },
    /// Opens a session for calls to a region.
    SignIn {
        region: RegionId,
        /// By a name and a password, where a cloud has another call for that.
        by_name: bool,
    },
    /// Whose account the credential is of.
    Identity {
        region: RegionId,
    },
}

/// One request of a write. Most writes have one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// The codec's own name for it; empty for the only one.
    pub name: &'static str,
    /// What the codec read for it (a list that is written back whole, say). Opaque outside the codec.
    pub carry: Option<Arc<str>>,
    /// No other step can follow.
    pub last: bool,
}

impl Step {
    /// The only request of a write, with a token by which the vendor knows it again. The same for a write on one reading of its NIC,
    /// and no other: every later write is made on a later reading.
    pub fn known_again(kind: &OperationKind, seen: &NicSnapshot) -> Self {
        let mut token = crate::wire::sha256_hex(format!("{kind:?} {}", seen.read_at.0).as_bytes());
        // Vendors take 64 characters; these are more than enough to be nobody else's.
        token.truncate(32);
        Self { carry: Some(token.into()), ..Self::default() }
    }
}

impl Default for Step {
    fn default() -> Self {
        Self { name: "", carry: None, last: true }
    }
}

impl Call {
    /// A write of one step.
    pub fn write(region: RegionId, kind: OperationKind) -> Self {
        Call::Write { region, kind, step: Step::default() }
    }

    pub fn region(&self) -> Option<&RegionId> {
        match self {
            Call::List(listing) => listing.region.as_ref(),
            Call::Write { region, .. }
            | Call::Task { region, .. }
            | Call::SignIn { region, .. }
            | Call::Identity { region } => Some(region),
        }
    }

    /// Surely changes nothing: whatever is not named here may not be sent for a profile that is read-only.
    pub fn is_read(&self) -> bool {
        match self {
            Call::List(_) | Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => true,
            Call::Write { .. } => false,
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
    Task(TaskState),
    Session(Session),
    /// The vendor's id of the account.
    Identity(String),
}

/// Where an accepted write stands, by the cloud's word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TaskState {
    Running,
    Done,
    /// It was accepted and failed later. How much of it was done is read back.
    Failed(Box<Fault>),
}

/// What a cloud hands out before it takes calls. Every part that is missing is the profile's own.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The project of the region.
    pub project_id: Option<String>,
    /// What signs from now on.
    pub credential: Option<Credential>,
    /// `None`: it holds as long as the program runs.
    pub expires_at: Option<Timestamp>,
    /// The vendor's id of the account, where the answer tells it.
    pub account: Option<String>,
}

impl PartialEq for Session {
    /// Secrets are not compared: two sessions that sign by themselves are never the same.
    fn eq(&self, other: &Self) -> bool {
        self.credential.is_none()
            && other.credential.is_none()
            && (&self.project_id, self.expires_at) == (&other.project_id, other.expires_at)
    }
}

/// What a vendor allows of one action of its API: at most so many calls in any stretch of so many seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// Calls that name the same share the quota.
    pub api: &'static str,
    pub calls: u32,
    pub seconds: u32,
}

impl Quota {
    pub const fn a_second(api: &'static str, calls: u32) -> Self {
        Self { api, calls, seconds: 1 }
    }

    pub const fn a_minute(api: &'static str, calls: u32) -> Self {
        Self { api, calls, seconds: 60 }
    }
}

/// What varies from request to request in a signature; an argument, so that vectors are plain tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    pub now: Timestamp,
    /// Unique per request, at least 16 random bytes in hex.
    pub nonce: String,
}

/// The calls that a write comes to on a NIC as it is here: step by step, each on what the one before is assumed to leave.
pub fn calls(cloud: &dyn Provider, kind: &OperationKind, seen: &NicSnapshot) -> Calls {
    let name = |step: Step| cloud.action(&Call::Write { region: seen.nic.region.clone(), kind: kind.clone(), step });
    let (mut told, mut made, mut now) = (Calls::default(), Vec::new(), None);
    while let Some(step) = cloud.step(kind, now.as_ref().unwrap_or(seen), &made).filter(|_| made.len() < MOST_STEPS) {
        told.names.push(name(step.clone()));
        let then = cloud.assumed(kind, now.as_ref().unwrap_or(seen), &step).filter(|_| !step.last);
        told.more = !step.last && then.is_none();
        if then.is_none() {
            return told;
        }
        now = then;
        made.push(step);
    }
    if told.names.is_empty() {
        // What was not read decides it. It is this one in any case, if any.
        told = Calls { names: vec![name(Step::default())], more: true };
    }
    told
}

/// Requests one write may take: a codec that always finds one more is stopped.
pub const MOST_STEPS: usize = 32;

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
    /// Variables of the vendor's own tools for signing in by name: (user, password, account). `None`: the cloud has no such way.
    pub password: Option<(&'static str, &'static str, &'static str)>,
    /// Generations of the API that a profile may choose from; the first is the default. Empty: there is one, without a name.
    pub apis: &'static [&'static str],
    /// A region to start with in an example config.
    pub example_region: &'static str,
    /// A small world file that shows every finding: the demo's part of this cloud.
    pub demo_world: &'static str,
    /// What the cloud's error codes mean, for people: see `assets/errors`.
    pub errors: &'static str,
}

impl Descriptor {
    pub fn cloud(&self) -> CloudId {
        CloudId::from(self.id)
    }
}

/// One cloud. No IO, no clock, no async: object-safe and testable by vectors.
pub trait Provider: Send + Sync {
    fn descriptor(&self) -> &'static Descriptor;

    /// The vendor's command line tool, whose keys a profile may use.
    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        None
    }

    /// The codec of one of `Descriptor::apis`, if it is another one than this. Its descriptor has the same id.
    fn generation(&self, _api: &str) -> Option<&'static dyn Provider> {
        None
    }

    /// Regions that are known by name, to tell a slip of the finger. A vendor may open others at any time.
    fn known_regions(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The region as the list of regions names it, where the vendor has more than one name for it.
    fn region_name(&self, region: &RegionId) -> RegionId {
        region.clone()
    }

    /// The reads that load everything of these regions. Each listing's own follow-ups come in the replies.
    fn listings(&self, regions: &[RegionId]) -> Vec<Listing>;

    /// The reads that bring one NIC with its instance, EIPs and backends up to date: made right before a write to it,
    /// and again after it. As few calls as the cloud allows; they may be sent together. Backends have to be asked for as well:
    /// of a resource that nobody asked for, nothing is known.
    ///
    /// `known` are the backends on the NIC as far as they are known. Whatever searches find or miss, the balancers or groups of
    /// these are read again: a backend is gone only when what it is part of was read without it.
    fn inspection(&self, nic: &Nic, known: &[Backend]) -> Vec<Listing>;

    /// Do a few refusals in a row lock the key, so that the right secret is refused as well? A credential of which nothing is known
    /// yet is then tried by one call alone.
    fn locks_keys(&self) -> bool {
        false
    }

    /// The call that opens a session for calls to the region; `None` where the credential signs as it is. Asked before each call.
    fn sign_in(&self, _profile: &Profile, _credential: &Credential, _region: &RegionId) -> Option<Call> {
        None
    }

    /// The next request of a write, with the NIC as it is now and the requests made so far; `None` when there is no more to send.
    /// A cloud that can not do with one request decides here, on what was just read, what is touched: nothing that was not listed.
    fn step(&self, _kind: &OperationKind, _seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        made.is_empty().then(Step::default)
    }

    /// The NIC once the cloud has done what this request of a write asks: so that the next one can be told before anything is sent.
    /// `None`: what it leaves is not known before it is read.
    fn assumed(&self, _kind: &OperationKind, _seen: &NicSnapshot, _step: &Step) -> Option<NicSnapshot> {
        None
    }

    /// The request that takes the place of one which the cloud refused with this fault: where it does not publish an API, and has the
    /// same elsewhere. Asked only about refusals that prove that nothing was done. `made` are the requests before it; the refused one
    /// counts as made from then on.
    fn instead(
        &self,
        _kind: &OperationKind,
        _seen: &NicSnapshot,
        _made: &[Step],
        _refused: &Step,
        _fault: &Fault,
    ) -> Option<Step> {
        None
    }

    /// The call that asks what became of an accepted write; `None` where only reading the NIC tells.
    fn task(&self, _region: &RegionId, _receipt: &Receipt) -> Option<Call> {
        None
    }

    /// The call that tells whose account the credential is of; `None` where the vendor publishes none.
    fn identity(&self, _region: &RegionId) -> Option<Call> {
        None
    }

    /// The vendor's action name, for logs and screens.
    fn action(&self, call: &Call) -> &'static str;

    /// What has to be granted for the call, as the vendor's access control spells it. Where it knows no other names: the action's.
    fn permission(&self, call: &Call) -> String {
        self.action(call).to_owned()
    }

    /// The vendor's limit on the call's action: documented, or a guess on the safe side where it is not.
    fn quota(&self, call: &Call) -> Quota;

    /// Headers of an answer that name its request, the likeliest first. The client reads them where the body did not come, or does
    /// not tell. Empty: the vendor documents none.
    fn request_id_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Resources whose sections a listing fills beside its own: they begin, end and fail with it.
    fn brings(&self, _listing: &Listing) -> &'static [Resource] {
        &[]
    }

    /// The unsigned request.
    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest;

    /// The same request as a line of the vendor's own command line tool; `None` where that has no such command, and for reads.
    fn cli(&self, _call: &Call, _profile: &Profile) -> Option<String> {
        None
    }

    /// Adds the vendor's signature over exactly what will be sent. For a sign-in by name it is the body that gets the secret.
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
