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
    mark::{self, Marks},
    network::Network,
    profile::{Credential, Profile},
    provider::{Call, Provider, Reply, Stamp, Step, TaskState},
    redact::{self, Scrubber, Trip},
    response::{redirected, request_id, retry_after, server_time, unanswered},
    retry::{self, RetryPolicy},
    session::{Account, Proof, Sessions},
    shell,
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
        rehearsal::{Command, Tool, WouldSend},
        time::Timestamp,
    },
    wire::WireRequest,
};

mod pace;

/// The time, from whoever may read a clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The messages of faults of kind `Local`: codes, for the locale.
pub mod local {
    pub use crate::domain::fault::{FOUND_LATER, NO_END};

    pub const READ_ONLY: &str = "read-only";
    /// The permit, or the turn, is for another write.
    pub const PERMIT: &str = "permit";
    pub const CANCELLED: &str = "cancelled";
    /// The machine gives no random bytes.
    pub const RANDOM: &str = "random";
    /// The codec read an answer as something else than what was asked.
    pub const REPLY: &str = "reply";
    /// The task that made the call died of a bug; its text is in the log.
    pub const DIED: &str = "died";
    /// The answers ask for more and more.
    pub const ENDLESS: &str = "endless";
    /// The profile has no usable credential.
    pub const NO_CREDENTIAL: &str = "no-credential";
    /// The codec has no read for one NIC.
    pub const NO_READ: &str = "no-read";
    /// The codec has no safe request for what is there now.
    pub const NO_STEP: &str = "no-step";
    /// The NIC that something was to be put on is not there any more.
    pub const NIC_GONE: &str = "nic-gone";
    /// The cloud does not list the region, and nothing was found in it.
    pub const NO_REGION: &str = "no-region";
    /// The cloud lists the region as one that can not be used now.
    pub const REGION_OFF: &str = "region-off";
    /// Accepted, and not done when patience ended.
    pub const STILL_THERE: &str = "still-there";
    /// As [`FOUND_LATER`], but for a part: some of its requests show.
    pub const FOUND_PARTLY: &str = "found-partly";
    /// All of them.
    pub const ALL: &[&str] = &[
        READ_ONLY,
        PERMIT,
        CANCELLED,
        RANDOM,
        REPLY,
        DIED,
        ENDLESS,
        NO_CREDENTIAL,
        NO_READ,
        NO_STEP,
        NIC_GONE,
        NO_REGION,
        REGION_OFF,
        STILL_THERE,
        NO_END,
        FOUND_LATER,
        FOUND_PARTLY,
    ];
}

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

    /// The vendor's id of the account that the credential is of; `None` where the cloud has no call that tells.
    ///
    /// # Errors
    /// As of [`Client::read`].
    pub async fn identity(&self, region: &RegionId) -> Option<Result<String, Fault>> {
        let call = self.cloud().identity(region)?;
        Some(match self.ask(&call).await {
            Ok(Reply::Identity(account)) => Ok(account),
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
            let Some(pause) = retry::pause(policy, &fault, attempt, spent, dice()) else {
                self.inner.network.hear(begin, Some(&fault));
                return Err(Fault { elapsed_ms: ms(begin.elapsed()), ..fault });
            };
            // The action itself may be left alone for longer, which is waiting for a turn.
            let wait = pause.max(self.inner.limiter.closed_for(self.quota(call)));
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

    /// What tells the account of who signs the write of that turn from others, without naming it. `None`: nobody does.
    pub async fn mark_of(&self, turn: &WriteTurn, region: &RegionId) -> Option<String> {
        match turn.signer.as_deref() {
            Some((_, mark)) => mark.clone(),
            None => self.mark(region).await,
        }
    }

    async fn mark(&self, region: &RegionId) -> Option<String> {
        let own = self.inner.keys.own(|| (self.inner.parts.clock)()).await.ok()?;
        // The name of other keys stays; to ask of whom they are would be one more call for each batch.
        let marks = self.marks(&own.credential, region, own.credential.is_temporary()).await;
        Some(marks.recorded())
    }

    /// Is the account that is asked now the one of this mark? `None`: nobody signs, or a record of an earlier version does not tell.
    pub async fn is_account(&self, recorded: Option<&str>, region: &RegionId) -> Option<bool> {
        let own = self.inner.keys.own(|| (self.inner.parts.clock)()).await.ok()?;
        let recorded = recorded?;
        let marks = self.marks(&own.credential, region, mark::tells_owner(recorded)).await;
        Some(marks.are(recorded))
    }

    /// Is there somebody who signs?
    pub async fn has_signer(&self) -> bool {
        self.inner.keys.own(|| (self.inner.parts.clock)()).await.is_ok()
    }

    /// With the vendor's id of the account where it is known; `ask`: it is asked for where it is not, once for each holder.
    async fn marks(&self, credential: &Credential, region: &RegionId, ask: bool) -> Marks {
        let own = |id: Option<&str>| Marks::of(self.profile(), credential, id);
        if let Some(id) = self.account_id() {
            return own(Some(id));
        }
        if !ask {
            return own(None);
        }
        let mut asked = self.inner.asked.lock().await;
        let holder = own(None);
        let known = asked.as_ref().filter(|(of, _)| *of == holder).map(|(_, id)| id.clone());
        let id = if let Some(id) = known {
            id
        } else {
            let id = self.identity(region).await.and_then(Result::ok);
            *asked = Some((holder, id.clone()));
            id
        };
        own(id.as_deref())
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

    /// The request of a write as it would leave now, without secrets: in that turn, or in none yet. Sends no write; a cloud that wants a
    /// session first is asked for one.
    ///
    /// # Errors
    /// There is no session, or the machine gives no random bytes.
    pub async fn preview(
        &self,
        region: &RegionId,
        kind: &OperationKind,
        step: &Step,
        turn: Option<&WriteTurn>,
    ) -> Result<Exchange, Fault> {
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let account = self.signer(&call, turn).await?;
        let action = self.cloud().action(&call);
        let at = (self.inner.parts.clock)();
        let request = self.request(&call, &account, at)?;
        let profile = &account.profile.id;
        let trip = Trip {
            at,
            profile,
            action,
            call: &call,
            request: &request,
            response: None,
            fault: None,
            elapsed_ms: 0,
            attempt: 0,
        };
        Ok(redact::exchange(&trip, &account.scrubber))
    }

    /// [`Client::preview`] with the same as a line for a shell, which has no signature and no secret. Sends no write either.
    ///
    /// # Errors
    /// As of [`Client::preview`].
    pub async fn would_send(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Result<WouldSend, Fault> {
        let request = self.preview(region, kind, step, None).await?;
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let account = self.account(&call).await?;
        Ok(WouldSend { request, command: self.line(&call, &account), more: !step.last })
    }

    /// A write as a line for a shell, of the session that there is, if any. Asks no cloud for one.
    ///
    /// # Errors
    /// There are no keys, or none any more.
    pub async fn command(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Result<Command, Fault> {
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let Inner { parts: Parts { clock, .. }, keys, sessions, .. } = &*self.inner;
        let own = keys.own(|| clock()).await.map_err(|why| Fault::keys(self.cloud().action(&call), why))?;
        let known = sessions.lock().await.get(region, &own, clock()).and_then(Result::ok);
        Ok(self.line(&call, &known.unwrap_or(own)))
    }

    fn line(&self, call: &Call, account: &Account) -> Command {
        let named = |line: String| match (self.cloud().vendor_cli(), self.inner.keys.tool_profile()) {
            (Some(tool), Some(name)) => tool.by(shell::Line::of(&line), name).finish(),
            _ => Some(line),
        };
        let (line, tool) = match self.cloud().cli(call, &account.profile).and_then(named) {
            Some(line) => (line, Tool::Own),
            None => (shell::curl(&self.cloud().encode(call, &account.profile)), Tool::Curl),
        };
        Command { line: account.scrubber.scrub(&line), tool }
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

    /// What the write is signed with, as its turn has it.
    async fn signer(&self, call: &Call, turn: Option<&WriteTurn>) -> Result<Arc<Account>, Fault> {
        match turn.and_then(|turn| turn.signer.as_deref()) {
            Some((account, _)) => Ok(account.clone()),
            None => self.account(call).await,
        }
    }

    /// What the call is signed with. Signs in first where the cloud wants that; calls that come meanwhile wait for it.
    async fn account(&self, call: &Call) -> Result<Arc<Account>, Fault> {
        let Inner { parts: Parts { profile, cloud, clock, .. }, keys, sessions, .. } = &*self.inner;
        let own = keys.own(|| clock()).await.map_err(|why| Fault::keys(cloud.action(call), why))?;
        // What is asked of no region is about the account: a name and a password are changed into a token for that.
        let account = matches!(*own.credential, Credential::Password { .. }).then(|| RegionId::from(""));
        let region = call.region().or(profile.regions.first()).or(account.as_ref());
        let needs_session = match call {
            Call::SignIn { .. } => false,
            // Is about the account, whatever its keys may do in a region.
            Call::Identity { .. } => matches!(*own.credential, Credential::Password { .. }),
            _ => true,
        };
        let Some(region) = region.filter(|_| needs_session) else { return Ok(own) };
        let Some(sign_in) = cloud.sign_in(profile, &own.credential, region) else { return Ok(own) };
        let mut sessions = sessions.lock().await;
        if let Some(known) = sessions.get(region, &own, clock()) {
            return known;
        }
        // Boxed: a sign-in is a call like others, and needs no session itself.
        match Box::pin(self.ask(&sign_in)).await {
            Ok(Reply::Session(session)) => {
                if let Some(account) = &session.account {
                    // Err: it was told before.
                    let _ = self.inner.account.set(account.clone());
                }
                Ok(sessions.keep(region, &own, session))
            }
            Ok(_) => Err(Fault::local(FaultKind::Local, cloud.action(&sign_in), local::REPLY)),
            Err(fault) => {
                sessions.refuse(region, &fault, clock());
                Err(fault)
            }
        }
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
