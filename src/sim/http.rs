//! The simulator's server: real HTTP/1.1 on the loopback address, one server for one cloud's world.
//! Knows no vendor: it reads a whole request, asks the script what goes wrong, lets the dialect answer, and keeps a
//! log.

use std::{
    collections::VecDeque,
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::domain::time::Timestamp;

use super::{
    clock::{Clock, http_date},
    dialect::{Dialect, SimKey, SimRequest, SimResponse, VendorError},
    random::Random,
    script::{Decision, Player, Rule, Script, Trouble, is_like},
    world::World,
};

mod payload;
#[cfg(test)]
mod tests;

use payload::{Cut, Payload};

/// The largest request that is read.
const MAX_REQUEST: usize = 16 * 1024 * 1024;
/// Requests kept in the log; the oldest go first.
const MAX_LOG: usize = 20_000;
/// How long connections may finish what they are at when the server stops.
const GRACE: Duration = Duration::from_millis(500);

/// How a simulated cloud is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
    pub script: Script,
    /// The key that the simulated account accepts.
    pub key: SimKey,
    /// Milliseconds that a transient state lasts.
    pub transition_ms: u64,
    /// Of request ids and of the script's dice.
    pub seed: u64,
    pub clock: Clock,
    /// Told of the world whenever a call has changed it, before the answer leaves.
    pub on_change: Option<OnChange>,
}

/// Is told of a world that was changed.
#[derive(Clone)]
pub struct OnChange(Arc<dyn Fn(&World) + Send + Sync>);

impl OnChange {
    pub fn new(tell: impl Fn(&World) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub fn tell(&self, world: &World) {
        (self.0)(world);
    }
}

impl fmt::Debug for OnChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnChange")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            script: Script::default(),
            key: SimKey {
                id: "SIMULATED0KEY0ID".to_owned(),
                secret: "simulated-key-secret-opens-nothing".to_owned(),
                token: None,
            },
            transition_ms: 1_500,
            seed: 0,
            clock: Clock::system(),
            on_change: None,
        }
    }
}

/// Why a simulated cloud is not served.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("{0} is no loopback address; a simulated cloud listens on 127.0.0.1 or [::1] only")]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
}

/// One request, as the log keeps it. Headers are left out: they hold signatures and tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// From 1, in the order of arrival.
    pub number: u64,
    pub at: Timestamp,
    /// Empty for a request that names none.
    pub action: String,
    pub write: bool,
    /// Named in a header; elsewhere it stands in query or body.
    pub region: Option<String>,
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
    pub request_id: String,
    /// What the script did to it; never a delay.
    pub trouble: Option<Trouble>,
    /// `None` while it is being answered, and for an answer that never came.
    pub status: Option<u16>,
    /// Is the server through with it?
    pub done: bool,
}

/// A change that somebody else makes to the world, right before or after an action.
struct Interference {
    action: String,
    after: bool,
    change: Box<dyn FnOnce(&mut World) + Send>,
}

struct Shared {
    dialect: Box<dyn Dialect>,
    world: Mutex<World>,
    player: Mutex<Player>,
    log: Mutex<VecDeque<Logged>>,
    /// The number of log entries made or finished so far.
    logged: watch::Sender<u64>,
    interferences: Mutex<Vec<Interference>>,
    holds: Mutex<Vec<(String, CancellationToken)>>,
    key: SimKey,
    clock: Clock,
    on_change: Option<OnChange>,
    ids: Mutex<Random>,
    requests: AtomicU64,
    in_flight: AtomicUsize,
    peak: AtomicUsize,
    stop: CancellationToken,
}

/// A poisoned lock means that a test's own closure panicked; the data is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A simulated cloud that is being served. Dropping it ends it as well, without waiting.
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Serves a world. Needs a tokio runtime with IO and time.
    ///
    /// # Errors
    /// An address off loopback, or one that can not be listened on.
    pub async fn start(dialect: Box<dyn Dialect>, mut world: World, options: Options) -> Result<Self, SimError> {
        let address = options.listen;
        if !address.ip().is_loopback() {
            return Err(SimError::NotLoopback(address));
        }
        let fail = |source| SimError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        world.transition_ms = options.transition_ms;
        let shared = Arc::new(Shared {
            ids: Mutex::new(Random::named(options.seed, world.provider())),
            dialect,
            world: Mutex::new(world),
            player: Mutex::new(Player::new(options.script, options.seed)),
            log: Mutex::default(),
            logged: watch::Sender::new(0),
            interferences: Mutex::default(),
            holds: Mutex::default(),
            key: options.key,
            clock: options.clock,
            on_change: options.on_change,
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            stop: CancellationToken::new(),
        });
        let task = Some(tokio::spawn(accept(listener, shared.clone())));
        Ok(Self { address, shared, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that the account accepts.
    pub fn key(&self) -> &SimKey {
        &self.shared.key
    }

    /// The cloud's short name.
    pub fn provider(&self) -> String {
        lock(&self.shared.world).provider().to_owned()
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        self.change(|world| world.clone())
    }

    /// Reads or changes the world between calls, as somebody else's tool would.
    pub fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let mut world = lock(&self.shared.world);
        world.settle(self.shared.clock.now());
        change(&mut world)
    }

    /// Somebody else changes the world right before the next request of this action is answered.
    pub fn before(&self, action: &str, change: impl FnOnce(&mut World) + Send + 'static) {
        let change = Interference { action: action.to_owned(), after: false, change: Box::new(change) };
        lock(&self.shared.interferences).push(change);
    }

    /// Somebody else changes the world right after the next request of this action was answered.
    pub fn after(&self, action: &str, change: impl FnOnce(&mut World) + Send + 'static) {
        let change = Interference { action: action.to_owned(), after: true, change: Box::new(change) };
        lock(&self.shared.interferences).push(change);
    }

    /// Keeps requests of an action (`*` at the end: of all that begin so) waiting until the hold is dropped.
    pub fn hold(&self, action: &str) -> Hold {
        let token = CancellationToken::new();
        lock(&self.shared.holds).push((action.to_owned(), token.clone()));
        Hold(token)
    }

    /// Adds a rule to the script.
    pub fn inject(&self, rule: Rule) {
        lock(&self.shared.player).push(rule);
    }

    /// The requests so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.shared.log).iter().cloned().collect()
    }

    /// How many requests of this action came so far (`*` at the end: of all that begin so).
    pub fn count(&self, action: &str) -> usize {
        lock(&self.shared.log).iter().filter(|logged| is_like(&logged.action, action)).count()
    }

    /// The most requests that were in flight together.
    pub fn peak_in_flight(&self) -> usize {
        self.shared.peak.load(Ordering::SeqCst)
    }

    /// From now on the most are counted anew.
    pub fn forget_peak(&self) {
        self.shared.peak.store(0, Ordering::SeqCst);
    }

    /// Waits until the log satisfies this; gives the log. Looks again whenever a request comes in or is done.
    pub async fn wait_for(&self, satisfied: impl Fn(&[Logged]) -> bool) -> Vec<Logged> {
        let mut news = self.shared.logged.subscribe();
        loop {
            news.mark_unchanged();
            let log = self.requests();
            if satisfied(&log) {
                return log;
            }
            // The sender lives as long as `self`.
            let _ = news.changed().await;
        }
    }

    /// Stops listening, lets answers that are on their way finish, cuts everything else.
    pub async fn stop(mut self) {
        self.shared.stop.cancel();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Keeps requests waiting until it is dropped.
#[derive(Debug)]
pub struct Hold(CancellationToken);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, shared.clone()));
            }
            // Out of file descriptors, or the client was gone before it was accepted: others may still come.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, finish).await;
    // Dropping the set ends what is left.
}

/// How a connection ends after its last answer.
#[derive(Default)]
struct Ending(std::sync::atomic::AtomicBool);

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let ending = Arc::new(Ending::default());
    let service = {
        let (shared, ending) = (shared.clone(), ending.clone());
        service_fn(move |request| handle(shared.clone(), ending.clone(), request))
    };
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = shared.stop.cancelled() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            let _ = tokio::time::timeout(GRACE, &mut connection).await;
        }
    }
    if ending.0.load(Ordering::SeqCst) {
        // A close with a linger of zero sends a reset instead of an orderly end.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// The number of requests being answered; counts itself out however the answer ends.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        shared.peak.fetch_max(now, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Marks a log entry as done however the request ends: also when the client hangs up.
struct Entry<'a> {
    shared: &'a Shared,
    number: u64,
    status: Option<u16>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut log = lock(&self.shared.log);
        // Entries are numbered without gaps, so the place follows from the first one's number.
        let first = log.front().map_or(0, |logged| logged.number);
        let at = self.number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(logged) = at.and_then(|at| log.get_mut(at)) {
            logged.status = self.status;
            logged.done = true;
        }
        drop(log);
        self.shared.logged.send_modify(|count| *count += 1);
    }
}

async fn handle(
    shared: Arc<Shared>,
    ending: Arc<Ending>,
    request: Request<Incoming>,
) -> Result<Response<Payload>, Cut> {
    let request = receive(request).await.ok_or(Cut)?;
    let _counted = InFlight::enter(&shared);
    let action = shared.dialect.action(&request).unwrap_or_default();
    let write = shared.dialect.is_write(&action);
    let cloud = lock(&shared.world).provider().to_owned();
    let request_id = {
        let mut ids = lock(&shared.ids);
        format!("{:016x}{:016x}", ids.draw(), ids.draw())
    };
    let Decision { delay_ms, trouble } = lock(&shared.player).decide(&cloud, &action, write);
    let mut entry = log(&shared, &request, &action, write, &request_id, trouble.clone());

    let held: Vec<CancellationToken> = {
        let mut holds = lock(&shared.holds);
        holds.retain(|(_, token)| !token.is_cancelled());
        holds.iter().filter(|(wanted, _)| is_like(&action, wanted)).map(|(_, token)| token.clone()).collect()
    };
    for token in held {
        tokio::select! {
            () = token.cancelled() => {}
            () = shared.stop.cancelled() => return Err(Cut),
        }
    }
    if delay_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {}
            () = shared.stop.cancelled() => return Err(Cut),
        }
    }

    let act = || answer(&shared, &action, &request, &request_id);
    let vendor = |error| shared.dialect.error_to(&request, error, &request_id);
    // What the vendor puts on each answer, whoever cuts or replaces it later.
    let marked = |mut response: SimResponse| {
        let own = |name: &str| !["content-type", "content-length"].iter().any(|other| name.eq_ignore_ascii_case(other));
        response.headers.extend(vendor(VendorError::Internal).headers.into_iter().filter(|(name, _)| own(name)));
        response
    };
    let page = |status, kind: &str, body: &str| SimResponse {
        status,
        headers: vec![("content-type".to_owned(), kind.to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let response = match trouble {
        None => act(),
        Some(Trouble::Throttle) => vendor(VendorError::Throttled),
        Some(Trouble::ThrottleFor { ms }) => {
            let mut response = vendor(VendorError::Throttled);
            // In place of the vendor's own header.
            response.headers.retain(|(name, _)| !name.to_ascii_lowercase().ends_with("retry-after"));
            response.headers.push(("retry-after".to_owned(), ms.div_ceil(1_000).to_string()));
            response
        }
        Some(Trouble::Internal) => vendor(VendorError::Internal),
        Some(Trouble::Unavailable) => vendor(VendorError::Unavailable),
        Some(Trouble::Reset) => {
            ending.0.store(true, Ordering::SeqCst);
            return Err(Cut);
        }
        Some(Trouble::Hang | Trouble::Delay { .. }) => {
            shared.stop.cancelled().await;
            return Err(Cut);
        }
        Some(Trouble::Garbage { status }) => page(status, "text/html; charset=utf-8", GATEWAY_PAGE),
        Some(Trouble::Empty) => page(200, "application/json", ""),
        Some(Trouble::Charset) => {
            let mut response = act();
            let text = String::from_utf8_lossy(&response.body).into_owned();
            response.body = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            response.headers.push(("content-type".to_owned(), "application/json; charset=utf-16".to_owned()));
            response
        }
        Some(Trouble::Half) => {
            let mut response = act();
            entry.status = Some(response.status);
            let whole = response.body.len();
            response.body.truncate(whole / 2);
            let start = Bytes::from(std::mem::take(&mut response.body));
            return Ok(build(&shared, &response, Payload::Half { start: Some(start), flushed: false }, whole as u64));
        }
        Some(Trouble::Cut { member }) => {
            let mut response = act();
            if let Ok(mut body) = serde_json::from_slice(&response.body) {
                cut(&mut body, &member);
                response.body = body.to_string().into_bytes();
            }
            response
        }
        Some(Trouble::Lost) => {
            act();
            return Err(Cut);
        }
        Some(Trouble::Redirect { location }) => {
            let mut response = marked(page(302, "text/plain", ""));
            response.headers.push(("location".to_owned(), location));
            response
        }
        Some(Trouble::Oversize { bytes }) => {
            entry.status = Some(200);
            let response = marked(page(200, "application/json", ""));
            return Ok(build(&shared, &response, Payload::Flood { left: bytes }, bytes));
        }
    };
    entry.status = Some(response.status);
    let mut response = response;
    let body = Bytes::from(std::mem::take(&mut response.body));
    let length = body.len() as u64;
    Ok(build(&shared, &response, Payload::Whole(Some(body)), length))
}

/// Takes a member out wherever the way leads to it.
pub fn cut(value: &mut Value, way: &str) {
    match value {
        Value::Object(object) => match way.split_once('/') {
            Some((name, rest)) => {
                if let Some(member) = object.get_mut(name) {
                    cut(member, rest);
                }
            }
            None => _ = object.remove(way),
        },
        Value::Array(rows) => rows.iter_mut().for_each(|row| cut(row, way)),
        _ => {}
    }
}

const GATEWAY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
    <body><center><h1>502 Bad Gateway</h1></center><hr><center>gateway</center></body></html>\n";

/// The whole request, or nothing if it broke off or is too large.
async fn receive(request: Request<Incoming>) -> Option<SimRequest> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_REQUEST).collect().await.ok()?.to_bytes().to_vec();
    let headers = head.headers.iter();
    Some(SimRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
    })
}

fn log<'a>(
    shared: &'a Shared,
    request: &SimRequest,
    action: &str,
    write: bool,
    request_id: &str,
    trouble: Option<Trouble>,
) -> Entry<'a> {
    let mut log = lock(&shared.log);
    // Counted under the lock, so that the log is in the order of its numbers.
    let number = shared.requests.fetch_add(1, Ordering::SeqCst) + 1;
    if log.len() == MAX_LOG {
        log.pop_front();
    }
    log.push_back(Logged {
        number,
        at: shared.clock.now(),
        action: action.to_owned(),
        write,
        region: shared.dialect.region(request),
        path: request.path.clone(),
        query: request.query.clone(),
        body: request.body.clone(),
        request_id: request_id.to_owned(),
        trouble,
        status: None,
        done: false,
    });
    drop(log);
    shared.logged.send_modify(|count| *count += 1);
    Entry { shared, number, status: None }
}

/// The dialect's own answer, with what others do to the world at that moment.
fn answer(shared: &Shared, action: &str, request: &SimRequest, request_id: &str) -> SimResponse {
    let now = shared.clock.now();
    let take = |after: bool| {
        let mut all = lock(&shared.interferences);
        let at = all.iter().position(|one| one.after == after && is_like(action, &one.action));
        at.map(|at| all.remove(at).change)
    };
    let (before, after) = (take(false), take(true));
    let mut world = lock(&shared.world);
    world.settle(now);
    if let Some(change) = before {
        change(&mut world);
    }
    let before = world.revision();
    let response = shared.dialect.answer(&mut world, &shared.key, request, now, request_id);
    if let Some(change) = after {
        change(&mut world);
    }
    if let Some(on_change) = shared.on_change.as_ref().filter(|_| world.revision() != before) {
        on_change.tell(&world);
    }
    response
}

fn build(shared: &Shared, response: &SimResponse, payload: Payload, length: u64) -> Response<Payload> {
    let mut builder = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    if !response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
        builder = builder.header("date", http_date(shared.clock.now()));
    }
    builder.header("content-length", length).body(payload).unwrap_or_else(|_| {
        // A dialect gave a status or header that HTTP does not know.
        let mut response = Response::new(Payload::Whole(None));
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
