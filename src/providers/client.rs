//! The only async part of talking to clouds: encode, sign, send, decode; paced, and for reads tried again.
//! Holds the gate that every write passes. Knows no vendor.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    http,
    keyring::{Keyring, Supply},
    limiter::Limiter,
    mark::Marks,
    network::Network,
    profile::Profile,
    provider::{Call, Provider, Reply, Stamp, Step, TaskState},
    redact::{self, Scrubber, Trip},
    response::{redirected, request_id, retry_after, server_time, unanswered},
    retry::{self, RetryPolicy},
    session::{Account, Proof, Sessions},
    turn::WriteTurn,
};
use crate::{
    domain::{
        capabilities::Capabilities,
        exchange::Exchange,
        fault::{Effect, Fault, FaultKind},
        ids::RegionId,
        journal::WritePermit,
        outcome::Receipt,
        page::{InventoryPage, Listing, Told},
        plan::OperationKind,
        time::Timestamp,
    },
    wire::WireRequest,
};

mod account;
pub mod local;
mod pace;
mod preview;

/// The time, from whoever may read a clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Bytes of a fault's message that are kept.
const MESSAGE_BYTES: usize = 2048;
/// Bytes of a code or request id that are kept.
const WORD_BYTES: usize = 128;
/// No try of a read has less time than this.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

/// What a client is made of.
pub struct Parts {
    pub http: reqwest::Client,
    pub profile: Arc<Profile>,
    pub cloud: &'static dyn Provider,
    pub supply: Supply,
    pub clock: Clock,
    /// Takes the record of each try. When it is full those of reads are dropped: a slow reader never holds up a listing. The turn
    /// of a write has a place for its record, so that none is missing.
    pub exchanges: mpsc::Sender<Exchange>,
    pub retry: RetryPolicy,
}

/// One profile's way to its cloud. Cheap to clone; clones share pace and connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// Its reads belong to a batch.
    urgent: bool,
    on_pause: Option<OnPause>,
}

/// A read was refused for now and is made again.
pub struct Pause<'a> {
    pub fault: &'a Fault,
    /// The number of the next try.
    pub attempt: u32,
    pub of: u32,
    pub wait: Duration,
}

/// Is told when a read begins to wait for its next try, and with `None` when it goes on.
pub type OnPause = Arc<dyn Fn(Option<Pause<'_>>) + Send + Sync>;

/// How a write went.
#[derive(Clone, Debug)]
pub struct Written {
    /// See the fault's `effect` for what may have been done.
    pub answer: Result<Receipt, Fault>,
    /// The round trip; `None` when nothing was sent.
    pub exchange: Option<Exchange>,
}

struct Inner {
    parts: Parts,
    keys: Keyring,
    limiter: Limiter,
    network: Network,
    proof: Proof,
    sessions: Mutex<Sessions>,
    /// Seconds by which the server's clock was ahead of ours in the last answer that told.
    skew_s: AtomicI64,
    /// The vendor's id of the account, once an answer told it.
    account: OnceLock<String>,
    /// The same as it was asked for, of whom: what is not told is not asked for again.
    asked: Mutex<Option<(Marks, Option<String>)>>,
}

/// No answer told its server's time.
const NO_SKEW: i64 = i64::MIN;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.profile().id)
    }
}

impl Client {
    pub fn new(parts: Parts) -> Self {
        let capabilities = &parts.cloud.descriptor().capabilities;
        let limiter = Limiter::new(parts.profile.net.pace.at_once(capabilities.in_flight), parts.retry);
        let keys = Keyring::new(parts.profile.clone(), parts.supply.clone());
        let proof = Proof::new(parts.cloud.locks_keys());
        Self {
            inner: Arc::new(Inner {
                parts,
                keys,
                limiter,
                network: Network::default(),
                proof,
                sessions: Mutex::default(),
                skew_s: NO_SKEW.into(),
                account: OnceLock::new(),
                asked: Mutex::default(),
            }),
            urgent: false,
            on_pause: None,
        }
    }

    /// The same client for reads right before and after writes: they do not wait behind those of a listing.
    #[must_use]
    pub fn urgent(&self) -> Self {
        Self { inner: self.inner.clone(), urgent: true, on_pause: None }
    }

    /// The same client, that tells when its reads wait for their next try.
    #[must_use]
    pub fn watched(&self, on_pause: OnPause) -> Self {
        Self { on_pause: Some(on_pause), ..self.clone() }
    }

    pub fn profile(&self) -> &Profile {
        &self.inner.parts.profile
    }

    pub fn cloud(&self) -> &'static dyn Provider {
        self.inner.parts.cloud
    }

    /// Whether the cloud can be reached, by the last call.
    pub fn network(&self) -> &Network {
        &self.inner.network
    }

    /// The vendor's id of the account, where a sign-in told it.
    pub fn account_id(&self) -> Option<&str> {
        self.inner.account.get().map(String::as_str)
    }

    /// Seconds by which the server's clock is ahead of ours, by the last answer that told.
    pub fn skew_s(&self) -> Option<i64> {
        Some(self.inner.skew_s.load(Ordering::Relaxed)).filter(|skew| *skew != NO_SKEW)
    }

    pub fn capabilities(&self) -> &'static Capabilities {
        &self.cloud().descriptor().capabilities
    }

    /// One page. Throttling, server failures, resets and timeouts are tried again within the policy.
    ///
    /// # Errors
    /// The last try's fault, with the count of tries and the time of all; `Local` with [`local::CANCELLED`] once `cancel` is cancelled.
    pub async fn read(&self, listing: &Listing, cancel: &CancellationToken) -> Result<InventoryPage, Fault> {
        let call = Call::List(listing.clone());
        match cancel.run_until_cancelled(self.ask(&call)).await {
            Some(Ok(Reply::Page(page))) => Ok(page),
            Some(Ok(_)) => Err(Fault::local(FaultKind::Local, self.cloud().action(&call), local::REPLY)),
            Some(Err(fault)) => Err(fault),
            None => Err(Fault::local(FaultKind::Local, self.cloud().action(&call), local::CANCELLED)),
        }
    }

    /// What became of a write that was accepted; `None` where the cloud has no call that tells.
    ///
    /// # Errors
    /// As of [`Client::read`].
    pub async fn task(&self, region: &RegionId, receipt: &Receipt) -> Option<Result<TaskState, Fault>> {
        let call = self.cloud().task(region, receipt)?;
        Some(match self.ask(&call).await {
            Ok(Reply::Task(state)) => Ok(state),
            Ok(_) => Err(Fault::local(FaultKind::Local, self.cloud().action(&call), local::REPLY)),
            Err(fault) => Err(fault),
        })
    }

    /// A call that changes nothing, made until it is answered or the policy gives up.
    async fn ask(&self, call: &Call) -> Result<Reply, Fault> {
        let usual = &self.inner.parts.retry;
        let patient = RetryPolicy { deadline: self.patience(), ..*usual };
        let begin = Instant::now();
        // Tries and pauses. Waiting for a turn is not the cloud's fault, and a long listing waits long.
        let mut spent = Duration::ZERO;
        let mut attempt = 0;
        // Once: a few failures in a row lock an account.
        let mut renewed = false;
        loop {
            attempt += 1;
            // A try that has no time is none: it would end as if nobody had answered.
            let patience = Some(patient.deadline.saturating_sub(spent).max(LEAST_PATIENCE));
            let account = self.account(call).await?;
            let fault = match self.once(call, &account, attempt, patience, None).await.0 {
                Ok(reply) => {
                    self.inner.network.hear(begin, None);
                    return Ok(reply);
                }
                // With a session of its own the next try tells whether it was the session.
                Err(fault) if account.has_ended(&fault) && !renewed => {
                    renewed = true;
                    continue;
                }
                Err(fault) => fault,
            };
            spent += Duration::from_millis(fault.elapsed_ms);
            let policy = if self.urgent && fault.kind == FaultKind::Throttled { &patient } else { usual };
            let pause = retry::pause(policy, &fault, attempt, spent, dice());
            // The action itself may be left alone for longer, which is waiting for a turn.
            let both = pause.map(|pause| (pause, pause.max(self.inner.limiter.closed_for(self.quota(call)))));
            let Some((pause, wait)) = both.filter(|(_, wait)| !policy.gives_up(begin.elapsed(), *wait)) else {
                self.inner.network.hear(begin, Some(&fault));
                return Err(Fault { elapsed_ms: ms(begin.elapsed()), ..fault });
            };
            if let Some(on_pause) = &self.on_pause {
                on_pause(Some(Pause { fault: &fault, attempt: attempt + 1, of: policy.tries_of(fault.kind), wait }));
            }
            tokio::time::sleep(wait).await;
            if let Some(on_pause) = &self.on_pause {
                on_pause(None);
            }
            spent += pause;
        }
    }

    /// The one function that sends writes. Sends at most once: the permit is spent, whatever happens. Must not be dropped half-way:
    /// the request may be on its way. Waits for nothing but the answer.
    ///
    /// The answer is `Local` (and nothing sent) on a read-only profile or with a permit or a turn for another write.
    pub async fn write(
        &self,
        region: &RegionId,
        kind: &OperationKind,
        step: &Step,
        permit: WritePermit,
        mut turn: WriteTurn,
    ) -> Written {
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let refused = |fault| Written { answer: Err(fault), exchange: None };
        let local = |why| refused(Fault::local(FaultKind::Local, self.cloud().action(&call), why));
        let covered = permit.covers(&self.profile().id, region, kind, step.name);
        if !covered || turn.quota.api != self.cloud().quota(&call).api {
            return local(local::PERMIT);
        }
        // Nothing was sent when there is no session for it.
        let account = match self.signer(&call, Some(&turn)).await {
            Ok(account) => account,
            Err(fault) => return refused(fault),
        };
        self.seat(&mut turn).await;
        let begin = Instant::now();
        let (result, exchange) = self.once(&call, &account, 1, None, Some(turn)).await;
        self.inner.network.hear(begin, result.as_ref().err());
        drop(permit);
        let answer = match result {
            Ok(Reply::Accepted(receipt)) => Ok(receipt),
            // Refused for the session alone: nothing was done, and the next try has a new one.
            Err(fault) if account.has_ended(&fault) && fault.effect == Effect::Nothing => {
                Err(Fault { effect: Effect::NothingRetry, ..fault })
            }
            // Sent, and not understood.
            Ok(_) => {
                let fault = Fault::local(FaultKind::Garbage, self.cloud().action(&call), local::REPLY);
                Err(Fault { effect: Effect::Unknown, attempts: 1, ..fault })
            }
            Err(fault) => Err(fault),
        };
        Written { answer, exchange }
    }

    /// The signed request of a call, with a stamp of its own.
    fn request(&self, call: &Call, account: &Account, at: Timestamp) -> Result<WireRequest, Fault> {
        let cloud = self.cloud();
        let Some(nonce) = random::<16>() else {
            return Err(Fault::local(FaultKind::Local, cloud.action(call), local::RANDOM));
        };
        let mut request = cloud.encode(call, &account.profile);
        cloud.sign(&mut request, &account.credential, &Stamp { now: at, nonce: hex::encode(nonce) });
        Ok(request)
    }

    /// One try: a fresh stamp, one request, one record, which a write's caller gets as well.
    async fn once(
        &self,
        call: &Call,
        account: &Arc<Account>,
        attempt: u32,
        patience: Option<Duration>,
        turn: Option<WriteTurn>,
    ) -> (Result<Reply, Fault>, Option<Exchange>) {
        let Parts { http, cloud, clock, exchanges, .. } = &self.inner.parts;
        let Account { profile, scrubber, .. } = &**account;
        let action = cloud.action(call);
        // Here, where everything that is sent comes by.
        if self.profile().readonly && !call.is_read() {
            return (Err(Fault::local(FaultKind::Local, action, local::READ_ONLY)), None);
        }
        let quota = self.quota(call);
        let mut turn = turn;
        let (trial, slot, place) = loop {
            let trial = if account.is_own() { self.inner.proof.wait(|| clock()).await } else { Ok(None) };
            let trial = match trial {
                Ok(trial) => trial,
                Err(fault) => return (Err(fault), None),
            };
            if let Some(turn) = turn.take() {
                let (slot, place) = turn.spend();
                break (trial, slot, place);
            }
            let slot = match self.place(call, quota, attempt).await {
                Ok(slot) => slot,
                Err(fault) => return (Err(fault), None),
            };
            // The credential may have been refused while this call waited: it is not one more of those that lock a key.
            if trial.is_some() || !account.is_own() || self.inner.proof.is_open() {
                break (trial, [Some(slot), None], None);
            }
        };
        let at = clock();
        let request = match self.request(call, account, at) {
            Ok(request) => request,
            Err(fault) => return (Err(fault), None),
        };
        let begin = Instant::now();
        let sent = http::send(http, &request, patience).await;
        let mut result = match &sent {
            Ok(response) if (300..400).contains(&response.status) => Err(redirected(call, action, response)),
            Ok(response) => cloud.decode(call, response),
            Err(lost) => Err(unanswered(call, action, lost)),
        };
        drop(slot);
        if let Some(server) = sent.as_ref().ok().and_then(server_time) {
            self.inner.skew_s.store(server - clock().seconds(), Ordering::Relaxed);
        }
        if let Err(fault) = &mut result {
            action.clone_into(&mut fault.action);
            fault.permission = (fault.kind == FaultKind::Permission).then(|| cloud.permission(call));
            fault.attempts = attempt;
            fault.elapsed_ms = ms(begin.elapsed());
            // Also of an answer that was cut, too large, or a redirect: it may be all that is known of a write.
            let headers = match &sent {
                Ok(response) => &response.headers,
                Err(lost) => &lost.headers,
            };
            fault.request_id = fault.request_id.take().or_else(|| request_id(headers, cloud.request_id_headers()));
            bound(fault, scrubber);
            if let Ok(response) = &sent {
                fault.retry_after_ms = fault.retry_after_ms.or_else(|| retry_after(response, clock()));
                if matches!(fault.kind, FaultKind::Clock | FaultKind::Credentials) {
                    fault.clock_skew_s = server_time(response).map(|server| server - clock().seconds());
                }
            }
        }
        match &mut result {
            Ok(Reply::Task(TaskState::Failed(fault))) => bound(fault, scrubber),
            Ok(Reply::Page(page)) => {
                for told in &mut page.told {
                    if let Told::Refused(fault) = told {
                        fault.permission = (fault.kind == FaultKind::Permission).then(|| cloud.permission(call));
                        bound(fault, scrubber);
                    }
                }
            }
            Ok(Reply::Identity(account)) => *account = scrubber.start(account, WORD_BYTES),
            Ok(Reply::Accepted(receipt)) => {
                receipt.request_id = receipt.request_id.as_deref().map(|id| scrubber.start(id, WORD_BYTES));
            }
            _ => {}
        }
        match &result {
            Err(fault) if fault.kind == FaultKind::Throttled => {
                self.inner.limiter.throttled(quota, begin, fault.retry_after_ms.map(Duration::from_millis), dice());
            }
            Ok(_) => self.inner.limiter.answered(quota),
            Err(_) => {}
        }
        if account.is_own() {
            let signs_in = matches!(call, Call::SignIn { .. });
            self.inner.proof.judge(trial, result.as_ref().err(), signs_in, clock()).await;
        }
        match &result {
            Ok(_) => account.prove(),
            Err(fault) if account.has_ended(fault) => {
                self.inner.sessions.lock().await.forget(account);
                if account.is_own() {
                    self.inner.keys.forget(&account.credential).await;
                }
            }
            Err(_) => {}
        }
        let trip = Trip {
            at,
            profile: &profile.id,
            action,
            call,
            request: &request,
            response: sent.as_ref().ok(),
            fault: result.as_ref().err(),
            elapsed_ms: ms(begin.elapsed()),
            attempt,
        };
        let record = redact::exchange(&trip, scrubber);
        let kept = call.is_write().then(|| record.clone());
        match place {
            Some(place) => drop(place.send(record)),
            // A full channel drops the record: showing calls must not slow them.
            None => drop(exchanges.try_send(record)),
        }
        (result, kept)
    }
}

/// What an answer says of a fault, short and without secrets: it goes into the state, into each target's end, and into the journal,
/// and a vendor's message may repeat what it was sent.
fn bound(fault: &mut Fault, scrubber: &Scrubber) {
    fault.message = scrubber.start(&fault.message, MESSAGE_BYTES);
    for word in [&mut fault.code, &mut fault.request_id].into_iter().flatten() {
        *word = scrubber.start(word, WORD_BYTES);
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Uniform in 0..1. Without random bytes it is simply the middle.
fn dice() -> f64 {
    random::<4>().map_or(0.5, |bytes| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

/// Random bytes of the TLS library's generator.
fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes)
}
