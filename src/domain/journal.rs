//! What is written down about a write, and the permit that only the journal hands out.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    address::{Address, EipBinding},
    exchange::Exchange,
    float::{Pair, PairList},
    ids::{CloudId, EipId, InstanceId, LoadBalancerId, NicId, NicKey, OperationId, ProfileId, RegionId},
    outcome::Outcome,
    plan::{Belts, OperationKind, Override},
    selection::Target,
    snapshot::NicSnapshot,
    time::Timestamp,
};

/// Bytes of a request or an answer that are written down.
const KEPT: usize = 1024;

/// Milliseconds after the intent from which on a write that does not show has not happened: longer than a call may take, and an
/// accepted one to show.
pub const CERTAIN_MS: u64 = 150_000;

/// One line of the journal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum JournalEntry {
    /// On disk before the first intent of a batch: everything that was confirmed.
    Begun(Begun),
    /// On disk before the request leaves.
    Intent(Box<Intent>),
    /// After the end of the write, read back.
    Settled(Settlement),
    /// At the end of the batch: what of its plan was not sent, and why.
    Unsent(Unsent),
}

/// A batch that begins, with every target that it is about: whatever happens to it, each of them is accounted for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Begun {
    pub at: Timestamp,
    pub batch: String,
    pub plan: String,
    /// The batch that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The hash of the plan's file, where one was approved: no other batch carries it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    pub who: String,
    pub host: String,
    /// The version of nicdeck.
    pub version: String,
    /// Targets of all writes together.
    pub targets: usize,
    /// In the plan's order.
    pub rows: Vec<PlannedWrite>,
}

/// A write of the plan, as it was confirmed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlannedWrite {
    pub operation: OperationId,
    pub cloud: CloudId,
    pub profile: ProfileId,
    pub region: RegionId,
    #[serde(flatten)]
    pub kind: OperationKind,
}

/// What is about to be sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Intent {
    pub at: Timestamp,
    /// One run of one plan: its hash and when it began.
    pub batch: String,
    pub operation: OperationId,
    pub plan: String,
    /// The batch that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    pub cloud: CloudId,
    pub profile: ProfileId,
    pub region: RegionId,
    #[serde(flatten)]
    pub kind: OperationKind,
    /// Which request of the write, where it takes several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// Addresses on the NIC before.
    pub before: Vec<IpAddr>,
    /// The NIC before, as far as taking the write back needs it. Journals of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Box<Image>>,
    /// The request that is about to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<Request>>,
    /// Targets that go although something about them is not known, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The belts, where one of them is wider than by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub belts: Option<Belts>,
    /// The hash of the plan's file, where one was approved: no other batch carries it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// What tells the account that it was sent to from others. Journals of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    pub who: String,
    pub host: String,
    pub version: String,
}

/// How it ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settlement {
    pub at: Timestamp,
    pub batch: String,
    pub operation: OperationId,
    pub outcomes: Vec<(Target, Outcome)>,
    /// Found by reading when nicdeck was started again: the run that sent it did not come so far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub found_later: bool,
    /// What the vendor answered, one for each request of the write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// The NIC as it was read back; `None` where it was gone, or not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<Image>>,
}

/// Targets of a plan that came to their end without a call. A batch has as many of these records as it needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Unsent {
    pub at: Timestamp,
    pub batch: String,
    pub plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    pub who: String,
    pub host: String,
    /// The version of nicdeck.
    pub version: String,
    pub rows: Vec<UnsentWrite>,
}

/// A write of the plan, with those of its targets that were not sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct UnsentWrite {
    pub operation: OperationId,
    pub cloud: CloudId,
    pub profile: ProfileId,
    pub region: RegionId,
    /// As it was planned.
    #[serde(flatten)]
    pub kind: OperationKind,
    /// Skipped, stopped, or found to be done already.
    pub outcomes: Vec<(Target, Outcome)>,
}

/// A NIC and what hangs on it at one moment: what a write changes, and what taking it back restores.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Image {
    /// The vendor's word.
    pub status: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Arc<str>>,
    pub addresses: Vec<Address>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eips: Vec<EipImage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floats: Vec<FloatImage>,
    /// What load balancers sent to the NIC: no undo puts that back. Journals of earlier versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<BackendImage>,
    /// The NIC's own list of addresses that it may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
}

/// A public address on the NIC.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EipImage {
    pub id: EipId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The private address that it is bound to, where the cloud says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<IpAddr>,
}

/// A virtual address with the list of NICs that it is bound to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FloatImage {
    pub id: Arc<str>,
    pub ip: IpAddr,
    pub pairs: Vec<Pair>,
}

/// An address on the NIC that a load balancer sent to, once for each balancer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct BackendImage {
    pub lb: LoadBalancerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
}

/// A request without its secrets, and without headers: those are the same for every request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    pub method: String,
    pub host: String,
    /// Path and query.
    pub path: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
}

/// An answer without secrets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    pub ms: u64,
    /// How it begins.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Image {
    pub fn of(seen: &NicSnapshot) -> Self {
        let eip = |eip: &super::address::Eip| {
            let on = match &eip.bound {
                EipBinding::Nic { private_ip, .. } | EipBinding::Instance { private_ip, .. } => *private_ip,
                EipBinding::Float { ip, .. } => Some(*ip),
                EipBinding::Unbound | EipBinding::Elsewhere => None,
            };
            EipImage { id: eip.id.clone(), ip: eip.ips.first().copied(), on }
        };
        let backend = |backend: &super::address::Backend| BackendImage {
            lb: backend.load_balancer.clone(),
            ip: backend.ip_on(&seen.nic),
        };
        let float =
            |float: &super::float::Float| FloatImage { id: float.id.clone(), ip: float.ip, pairs: float.pairs.clone() };
        let mut backends: Vec<BackendImage> = seen.backends.iter().map(backend).collect();
        backends.sort();
        backends.dedup();
        Self {
            status: seen.nic.status.word.clone(),
            instance: seen.nic.instance.clone(),
            subnet: seen.nic.subnet.clone(),
            addresses: seen.nic.addresses.clone(),
            eips: seen.eips.iter().map(eip).collect(),
            floats: seen.floats.iter().map(float).collect(),
            backends,
            pairs: seen.nic.pairs.clone(),
        }
    }

    /// The lists that held these addresses: each virtual one's own, and the NIC's. None where the cloud has no such lists.
    pub fn lists(&self, nic: &NicId, ips: &[IpAddr]) -> Vec<PairList> {
        let held = self.floats.iter().filter(|float| ips.contains(&float.ip));
        let list = |float: &FloatImage| PairList { of: float.id.clone(), pairs: float.pairs.clone() };
        let mut lists: Vec<PairList> = held.map(list).collect();
        if !lists.is_empty() {
            lists.push(PairList { of: nic.as_str().into(), pairs: self.pairs.clone() });
        }
        lists
    }
}

impl Image {
    /// Do lists that a write to these addresses is about differ, whatever their order?
    pub fn differs(&self, now: &Image, nic: &NicId, ips: &[IpAddr]) -> bool {
        let sorted = |pairs: &[Pair]| {
            let mut pairs: Vec<_> = pairs.iter().map(|pair| (pair.ip.clone(), pair.mac.clone())).collect();
            pairs.sort();
            pairs
        };
        self.lists(nic, ips).iter().any(|then| {
            let list = now.floats.iter().find(|float| float.id == then.of).map(|float| float.pairs.as_slice());
            let list = list.or((*then.of == *nic.as_str()).then_some(now.pairs.as_slice()));
            list.is_none_or(|list| sorted(list) != sorted(&then.pairs))
        })
    }
}

impl Request {
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            method: exchange.method.clone(),
            host: exchange.host.clone(),
            path: start(&exchange.path),
            body: start(&exchange.body),
        }
    }
}

impl Answer {
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            status: exchange.status,
            code: exchange.code.clone(),
            request_id: exchange.request_id.clone(),
            ms: exchange.elapsed_ms,
            text: start(&exchange.answer),
        }
    }
}

/// As much of a text as is kept.
fn start(text: &str) -> String {
    let mut end = KEPT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

impl Intent {
    pub fn nic_key(&self) -> NicKey {
        NicKey { profile: self.profile.clone(), nic: self.kind.nic().clone() }
    }

    pub fn targets(&self) -> Vec<Target> {
        self.kind.targets(&self.profile)
    }

    /// The write that takes this one back, to the state before it. Of a write of several requests the first one's intent tells that
    /// state. `None`: nothing takes it back.
    pub fn taken_back(&self) -> Option<OperationKind> {
        match &self.kind {
            OperationKind::Release { nic, ips } => {
                let lists = self.image.as_ref().map(|image| image.lists(nic, ips)).unwrap_or_default();
                Some(OperationKind::Assign { nic: nic.clone(), ips: ips.clone(), lists })
            }
            OperationKind::Detach { nic, instance } => {
                Some(OperationKind::Attach { nic: nic.clone(), instance: instance.clone() })
            }
            OperationKind::Assign { .. }
            | OperationKind::Attach { .. }
            | OperationKind::BindEip { .. }
            | OperationKind::Delete { .. } => None,
        }
    }
}

/// A write with targets whose end is not in the journal, or is there as unknown.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenWrite {
    /// The newest one of the write, for the targets that are open.
    pub intent: Intent,
    /// A process that lives may be carrying it out, and then writes its end itself.
    pub maybe_running: bool,
}

impl Open<OpenWrite> {
    /// Without what is older: of what tells no time everything is, if anything can be.
    #[must_use]
    pub fn since(mut self, since: Timestamp) -> Self {
        self.writes.retain(|write| write.intent.at >= since);
        self.strange.retain(|_| since == Timestamp::default());
        self
    }
}

/// A write in the journal that this nicdeck cannot read: of a later one, or edited by hand. What became of it is not known here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StrangeWrite {
    /// Of the journal's lines.
    pub version: u32,
    /// `None`: it may be of any.
    pub profile: Option<ProfileId>,
    /// `None`: it may be any of the profile.
    pub nic: Option<NicId>,
}

/// Everything in a journal whose end is not known.
#[derive(Clone, PartialEq, Debug)]
pub struct Open<W> {
    /// Oldest first, one for each write.
    pub writes: Vec<W>,
    pub strange: Vec<StrangeWrite>,
}

impl<W> Default for Open<W> {
    fn default() -> Self {
        Self { writes: Vec::new(), strange: Vec::new() }
    }
}

impl<W> Open<W> {
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.strange.is_empty()
    }
}

/// The right to send one write. Minted by the journal after the intent is on disk, never for a read-only profile;
/// spent by the one function that sends writes. Neither `Clone` nor `Copy`: one permit, one request.
#[derive(Debug)]
pub struct WritePermit {
    operation: OperationId,
    profile: ProfileId,
    region: RegionId,
    kind: OperationKind,
    step: String,
}

impl WritePermit {
    /// For `runtime::journal` alone (a test reads the tree and finds other callers).
    pub fn mint(intent: &Intent) -> Self {
        Self {
            operation: intent.operation,
            profile: intent.profile.clone(),
            region: intent.region.clone(),
            kind: intent.kind.clone(),
            step: intent.step.clone(),
        }
    }

    pub fn operation(&self) -> OperationId {
        self.operation
    }

    /// Whether the permit is for this very request.
    pub fn covers(&self, profile: &ProfileId, region: &RegionId, kind: &OperationKind, step: &str) -> bool {
        (&self.profile, &self.region, &self.kind, &*self.step) == (profile, region, kind, step)
    }
}
