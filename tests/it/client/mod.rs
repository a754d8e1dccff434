//! The client against a server that misbehaves, over real connections with short patience.

mod server;
mod session;

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use nicdeck::{
    domain::{
        address::Backend,
        capabilities::{Capabilities, TellCalls},
        exchange::Exchange,
        fault::{Effect, Fault, FaultKind},
        ids::{CloudId, OperationId, ProfileId, RegionId},
        journal::{Intent, WritePermit},
        nic::Nic,
        odd,
        outcome::Receipt,
        page::{InventoryPage, Listing, Region, Resource},
        plan::{Calls, OperationKind},
        time::Timestamp,
    },
    providers::{
        client::{Client, Parts, local},
        http::{Timeouts, http_client},
        keyring::Supply,
        profile::{Credential, Endpoint, Profile},
        provider::{Call, Descriptor, Provider, Quota, Reply, Session, Stamp, Step},
        retry::RetryPolicy,
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};
use secrecy::ExposeSecret;
use server::{Act, Server, http};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "canary-secret-0001";

/// The least of a cloud: `ok` is success, anything else a fault by its status.
struct Plain;

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    id: "plain",
    title: "Plain",
    capabilities: Capabilities {
        regional: true,
        release_batch: 1,
        release_by_type: None,
        release_whole: false,
        releasable: &[],
        release: &[],
        detach: &[],
        assign: &[],
        attach: &[],
        bind_eip: &[],
        delete: &[],
        calls: TellCalls(|_, _| Calls::default()),
        detach_polls: false,
        limits_per_call: None,
        in_flight: 4,
    },
    env: ("ID", "SECRET", None),
    bearer: true,
    password: None,
    apis: &[],
    example_region: "r1",
    demo_world: "",
    errors: "",
});

impl Provider for Plain {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn listings(&self, _: &[RegionId]) -> Vec<Listing> {
        Vec::new()
    }

    fn inspection(&self, _: &Nic, _: &[Backend]) -> Vec<Listing> {
        Vec::new()
    }

    fn action(&self, call: &Call) -> &'static str {
        if call.is_write() { "Write" } else { "Read" }
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-request-id", "x-trace-id"]
    }

    fn quota(&self, call: &Call) -> Quota {
        Quota::a_second(self.action(call), 4_000)
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        let endpoint = profile.endpoint.as_ref().unwrap();
        WireRequest {
            method: "POST",
            scheme: endpoint.scheme.clone(),
            host: endpoint.host.clone(),
            path: "/api".to_owned(),
            query: "a=%2F~".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: self.action(call).as_bytes().to_vec(),
        }
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        let Credential::Bearer(token) = credential else { panic!("a token") };
        request.set_header("authorization", format!("Bearer {}", token.expose_secret()));
        request.set_header("x-nonce", stamp.nonce.as_str());
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        match (response.status, call) {
            (200, Call::List(_)) if body == "ok" => {
                let region = Region { id: "r1".into(), name: "r1".into(), zones: vec![], off: None };
                Ok(Reply::Page(InventoryPage { regions: vec![region], ..InventoryPage::default() }))
            }
            (200, Call::Write { .. }) if body == "ok" => Ok(Reply::Accepted(Receipt::default())),
            (status, _) => {
                let lost = if call.is_write() { Effect::Unknown } else { Effect::NothingRetry };
                let (kind, effect) = match status {
                    429 => (FaultKind::Throttled, Effect::NothingRetry),
                    401 => (FaultKind::Clock, Effect::Nothing),
                    500.. => (FaultKind::Server, lost),
                    _ => (FaultKind::Garbage, if call.is_write() { Effect::Unknown } else { Effect::Nothing }),
                };
                let fault = Fault::local(kind, "", format!("said {body}"));
                let code = Some(format!("CODE{}", if body.len() > 4096 { body.as_str() } else { "" }));
                let request_id = (body.len() > 4096).then(|| format!("{SECRET} 12"));
                Err(Fault { effect, http_status: Some(status), code, request_id, ..fault })
            }
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        panic!("these tests bring their own server")
    }
}

fn profile(endpoint: &str) -> Profile {
    Profile {
        id: ProfileId::from("p"),
        cloud: CloudId::from("plain"),
        regions: vec!["r1".into()],
        endpoint: Some(Endpoint::parse(endpoint).unwrap()),
        alias: None,
        env: None,
        readonly: false,
        project_id: None,
        api: None,
        net: nicdeck::providers::net::Net::default(),
    }
}

fn client_of(profile: Profile, room: usize) -> (Client, mpsc::Receiver<Exchange>) {
    built(profile, &Plain, Credential::Bearer(SECRET.into()), room)
}

fn built(
    profile: Profile,
    cloud: &'static dyn Provider,
    supply: impl Into<Supply>,
    room: usize,
) -> (Client, mpsc::Receiver<Exchange>) {
    let timeouts =
        Timeouts { connect: Duration::from_secs(2), read: Duration::from_millis(300), total: Duration::from_secs(3) };
    let (sender, receiver) = mpsc::channel(room);
    let client = Client::new(Parts {
        http: http_client(true, timeouts).unwrap(),
        profile: Arc::new(profile),
        cloud,
        supply: supply.into(),
        clock: Arc::new(|| Timestamp(784_111_777_000)),
        exchanges: sender,
        retry: RetryPolicy {
            tries: 3,
            throttled: 3,
            deadline: Duration::from_secs(5),
            busy: Duration::from_secs(5),
            first: Duration::from_millis(5),
            longest: Duration::from_secs(1),
        },
    });
    (client, receiver)
}

fn client(server: &Server) -> (Client, mpsc::Receiver<Exchange>) {
    client_of(profile(&format!("http://{}", server.address)), 64)
}

fn listing() -> Listing {
    Listing::all(Resource::Nics, Some("r1".into()))
}

async fn read(client: &Client) -> Result<InventoryPage, Fault> {
    client.read(&listing(), &CancellationToken::new()).await
}

fn detach() -> OperationKind {
    OperationKind::Detach { nic: "12".into(), instance: "11".into() }
}

fn permit(profile: &str, kind: OperationKind) -> WritePermit {
    WritePermit::mint(&Intent {
        at: Timestamp(0),
        batch: "b".into(),
        operation: OperationId(0),
        plan: "000000".into(),
        undoes: None,
        cloud: "plain".into(),
        profile: profile.into(),
        region: "r1".into(),
        kind,
        step: String::new(),
        before: vec![],
        image: None,
        request: None,
        overrides: Vec::new(),
        belts: None,
        file: None,
        account: None,
        who: "me".into(),
        host: "here".into(),
        version: "0".into(),
    })
}

async fn write(client: &Client) -> Result<Receipt, Fault> {
    let turn = client.turn(&"r1".into(), &detach(), &Step::default()).await;
    client.write(&"r1".into(), &detach(), &Step::default(), permit("p", detach()), turn).await.answer
}

fn drain(receiver: &mut mpsc::Receiver<Exchange>) -> Vec<Exchange> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

#[tokio::test]
async fn a_call_is_sent_as_it_was_signed_and_recorded_without_secrets() {
    let server = Server::start(vec![http(200, &[], "ok")]).await;
    let (client, mut exchanges) = client(&server);
    assert_eq!(read(&client).await.unwrap().regions.len(), 1);
    let sent = server.requests().remove(0);
    assert!(sent.starts_with("POST /api?a=%2F~ HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains(&format!("host: {}\r\n", server.address)), "{sent}");
    assert_eq!(sent.to_ascii_lowercase().matches("\nhost:").count(), 1, "{sent}");
    assert!(sent.contains("authorization: Bearer canary-secret-0001\r\n"), "{sent}");
    assert!(sent.contains("content-type: application/json\r\n"), "{sent}");
    assert!(sent.ends_with("\r\n\r\nRead"), "{sent}");
    let recorded = drain(&mut exchanges);
    assert_eq!(recorded.len(), 1);
    let exchange = &recorded[0];
    assert_eq!((exchange.action.as_str(), exchange.target.as_str(), exchange.attempt), ("Read", "r1", 1));
    assert_eq!((exchange.status, exchange.answer.as_str(), exchange.fault), (Some(200), "ok", None));
    assert_eq!(exchange.at, Timestamp(784_111_777_000));
    assert!(!format!("{exchange:?}{client:?}").contains("canary"));
}

#[tokio::test]
async fn a_read_is_tried_again_with_a_fresh_stamp() {
    for bad in [http(503, &[], "later"), http(429, &[], "slow"), Act::Close, Act::Silence] {
        let server = Server::start(vec![bad.clone(), http(200, &[], "ok")]).await;
        let (client, mut exchanges) = client(&server);
        assert!(read(&client).await.is_ok(), "{bad:?}");
        let nonces: Vec<String> = server
            .requests()
            .iter()
            .map(|request| request.lines().find_map(|line| line.strip_prefix("x-nonce: ")).unwrap().to_owned())
            .collect();
        assert_eq!(nonces.len(), 2, "{bad:?}");
        assert_ne!(nonces[0], nonces[1]);
        assert!(nonces.iter().all(|nonce| nonce.len() == 32));
        let attempts: Vec<u32> = drain(&mut exchanges).iter().map(|exchange| exchange.attempt).collect();
        assert_eq!(attempts, [1, 2]);
    }
}

#[tokio::test]
async fn a_read_gives_up_after_its_tries_and_says_how_many() {
    let server = Server::start(vec![http(503, &[], "no")]).await;
    let (client, mut exchanges) = client(&server);
    let fault = read(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.attempts, fault.http_status), (FaultKind::Server, 3, Some(503)));
    assert_eq!((fault.action.as_str(), fault.code.as_deref()), ("Read", Some("CODE")));
    assert_eq!(server.requests().len(), 3);
    assert_eq!(drain(&mut exchanges).len(), 3);
}

#[tokio::test]
async fn what_the_vendor_wishes_is_waited_for_or_given_up() {
    let server = Server::start(vec![http(429, &[("Retry-After", "1")], ""), http(200, &[], "ok")]).await;
    let begin = Instant::now();
    assert!(read(&client(&server).0).await.is_ok());
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let server = Server::start(vec![http(429, &[("Retry-After", "3600")], "")]).await;
    let fault = read(&client(&server).0).await.unwrap_err();
    assert_eq!((fault.retry_after_ms, fault.attempts), (Some(3_600_000), 1));
}

#[tokio::test]
async fn odd_answers_to_a_read_are_typed_faults_and_not_asked_for_again() {
    for (act, kind, status) in [
        (http(200, &[], "<html>log in</html>"), FaultKind::Garbage, Some(200)),
        (http(200, &[], "{\"half\":"), FaultKind::Garbage, Some(200)),
        (http(302, &[("location", "http://127.0.0.1:1/steal")], ""), FaultKind::Redirect, Some(302)),
        (Act::Flood, FaultKind::Garbage, Some(200)),
        (Act::Send(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), FaultKind::Garbage, None),
        (http(200, &[("content-encoding", "gzip")], "this is not gzip"), FaultKind::Garbage, Some(200)),
    ] {
        let flood = matches!(act, Act::Flood);
        let server = Server::start(vec![act]).await;
        let (client, mut exchanges) = client(&server);
        let fault = read(&client).await.unwrap_err();
        assert_eq!((fault.kind, fault.http_status), (kind, status), "{fault:?}");
        assert_eq!((fault.effect, fault.attempts), (Effect::Nothing, 1), "{fault:?}");
        assert_eq!(server.requests().len(), 1);
        assert!(!fault.message.contains("http://"), "{fault:?}");
        assert_eq!(fault.message == odd::about(odd::TOO_LARGE, "32 MB"), flood, "{fault:?}");
        assert_eq!(drain(&mut exchanges)[0].fault, Some(kind));
    }
}

#[tokio::test]
async fn half_an_answer_is_a_broken_connection() {
    let half = Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok".to_vec());
    let server = Server::start(vec![half]).await;
    let fault = read(&client(&server).0).await.unwrap_err();
    assert_eq!((fault.kind, fault.attempts), (FaultKind::Reset, 3), "{fault:?}");
}

#[tokio::test]
async fn the_request_id_outlives_the_body() {
    let id = [("x-trace-id", " T-17 "), ("x-request-id", "")];
    let cut =
        Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nX-Request-Id: R-1\r\nx-trace-id: T-1\r\n\r\nok".to_vec());
    for (act, kind, known) in [
        (cut, FaultKind::Reset, Some("R-1")),
        (http(302, &id, ""), FaultKind::Redirect, Some("T-17")),
        (http(200, &id, "<html>"), FaultKind::Garbage, Some("T-17")),
        (http(302, &[("x-other", "1")], ""), FaultKind::Redirect, None),
        (http(302, &[("x-request-id", SECRET)], ""), FaultKind::Redirect, Some("***")),
    ] {
        let server = Server::start(vec![act]).await;
        let (client, mut exchanges) = client(&server);
        let fault = write(&client).await.unwrap_err();
        assert_eq!((fault.kind, fault.request_id.as_deref()), (kind, known), "{fault:?}");
        assert_eq!(drain(&mut exchanges)[0].request_id.as_deref(), known);
    }
}

#[tokio::test]
async fn the_request_id_outlives_a_body_that_never_comes() {
    let head = Act::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nx-request-id: R-2\r\n\r\nok".to_vec());
    let server = Server::start(vec![head]).await;
    let fault = write(&client(&server).0).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect), (FaultKind::Timeout, Effect::Unknown), "{fault:?}");
    assert_eq!((fault.http_status, fault.request_id.as_deref()), (Some(200), Some("R-2")));
}

#[tokio::test]
async fn nobody_there_is_told_soon_and_nothing_was_sent() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (client, _exchanges) = client_of(profile(&format!("http://{unused}")), 8);
    let fault = read(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect, fault.attempts), (FaultKind::Unreachable, Effect::NothingRetry, 2));
    assert!(!fault.message.contains("/api"), "{fault:?}");
    let fault = write(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect, fault.attempts), (FaultKind::Unreachable, Effect::NothingRetry, 1));
}

#[tokio::test]
async fn the_servers_clock_is_told_where_ours_is_the_matter() {
    let server = Server::start(vec![http(401, &[("Date", "Sun, 06 Nov 1994 08:59:37 GMT")], "expired")]).await;
    let fault = read(&client(&server).0).await.unwrap_err();
    assert_eq!((fault.kind, fault.clock_skew_s), (FaultKind::Clock, Some(600)));
}

#[tokio::test]
async fn secrets_that_a_server_repeats_reach_nobody() {
    let echo = format!("you are {SECRET}");
    let server = Server::start(vec![http(400, &[("x-echo", SECRET)], &echo)]).await;
    let (client, mut exchanges) = client(&server);
    let fault = read(&client).await.unwrap_err();
    assert_eq!(fault.message, "said you are ***");
    let shown = format!("{fault:?} {:?}", drain(&mut exchanges));
    assert!(!shown.contains("canary"), "{shown}");
}

/// A fault goes into the state, each target's end and the journal.
#[tokio::test]
async fn a_long_answer_makes_a_short_fault() {
    let body = format!("{}{SECRET}", "n".repeat(1 << 20));
    let server = Server::start(vec![http(400, &[], &body)]).await;
    let fault = write(&client(&server).0).await.unwrap_err();
    assert!(fault.message.len() <= 2048 && fault.message.starts_with("said nnn"), "{} bytes", fault.message.len());
    let code = fault.code.unwrap();
    assert!(code.len() <= 128 && code.starts_with("CODEn"), "{code}");
    let id = fault.request_id.unwrap();
    assert_eq!(id, "*** 12", "and a word of it is no place for a secret either");
}

#[tokio::test]
async fn cancelling_wakes_a_pause_and_ends_a_silent_call() {
    let wish = http(429, &[("Retry-After", "1")], "");
    for (act, answered) in [(wish, true), (Act::Silence, false)] {
        let server = Server::start(vec![act]).await;
        let (client, mut exchanges) = client(&server);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let task = tokio::spawn(async move { client.read(&listing(), &stop).await });
        if answered {
            // The record of the first try is there: the pause has begun.
            exchanges.recv().await.unwrap();
        } else {
            while server.requests().is_empty() {
                tokio::task::yield_now().await;
            }
        }
        let begin = Instant::now();
        cancel.cancel();
        let fault = task.await.unwrap().unwrap_err();
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Local, local::CANCELLED));
        assert!(begin.elapsed() < Duration::from_millis(250), "{:?}", begin.elapsed());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_unknown_and_sent_once() {
    for (act, kind) in [
        (Act::Close, FaultKind::Reset),
        (Act::Silence, FaultKind::Timeout),
        (Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok".to_vec()), FaultKind::Reset),
        (Act::Send(b"HTTP/9.9 what\r\n\r\n".to_vec()), FaultKind::Garbage),
        (Act::Flood, FaultKind::Garbage),
        (http(200, &[], "<html>"), FaultKind::Garbage),
        (http(307, &[("location", "/elsewhere")], ""), FaultKind::Redirect),
        (http(502, &[], "<html>"), FaultKind::Server),
        (http(503, &[], "CODE"), FaultKind::Server),
    ] {
        let server = Server::start(vec![act, http(200, &[], "ok")]).await;
        let (client, mut exchanges) = client(&server);
        let fault = write(&client).await.unwrap_err();
        assert_eq!((fault.kind, fault.effect), (kind, Effect::Unknown), "{fault:?}");
        assert_eq!((fault.attempts, fault.action.as_str()), (1, "Write"));
        // A second write would have come before this read.
        assert!(read(&client).await.is_ok());
        let sent: Vec<bool> = server.requests().iter().map(|request| request.ends_with("Write")).collect();
        assert_eq!(sent, [true, false]);
        assert!(drain(&mut exchanges)[0].write);
    }
}

#[tokio::test]
async fn a_throttled_write_is_not_sent_again_without_a_new_permit() {
    let server = Server::start(vec![http(429, &[("Retry-After", "2")], ""), http(200, &[], "ok")]).await;
    let (client, _exchanges) = client(&server);
    let fault = write(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect), (FaultKind::Throttled, Effect::NothingRetry));
    assert_eq!(fault.retry_after_ms, Some(2000));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(write(&client).await.unwrap(), Receipt::default());
}

#[tokio::test]
async fn the_gate_lets_nothing_through_without_the_right_permit() {
    let server = Server::start(vec![http(200, &[], "ok")]).await;
    let endpoint = format!("http://{}", server.address);
    let (readonly, _exchanges) = client_of(Profile { readonly: true, ..profile(&endpoint) }, 8);
    let (client, mut exchanges) = client_of(profile(&endpoint), 8);
    let other_nic = OperationKind::Detach { nic: "13".into(), instance: "11".into() };
    let other_act = OperationKind::Release { nic: "12".into(), ips: vec!["10.0.0.12".parse().unwrap()] };
    for (client, permit, why) in [
        (&readonly, permit("p", detach()), local::READ_ONLY),
        (&client, permit("other", detach()), local::PERMIT),
        (&client, permit("p", other_nic), local::PERMIT),
        (&client, permit("p", other_act), local::PERMIT),
    ] {
        let turn = client.turn(&"r1".into(), &detach(), &Step::default()).await;
        let fault = client.write(&"r1".into(), &detach(), &Step::default(), permit, turn).await.answer.unwrap_err();
        assert_eq!((fault.kind, fault.effect, fault.message.as_str()), (FaultKind::Local, Effect::Nothing, why));
        assert_eq!(fault.attempts, 0);
    }
    assert!(server.requests().is_empty());
    assert!(drain(&mut exchanges).is_empty());
    assert!(write(&client).await.is_ok());
    assert!(read(&readonly).await.is_ok(), "reading is allowed");
}

#[tokio::test]
async fn a_full_channel_of_records_does_not_hold_up_calls() {
    let server = Server::start(vec![http(200, &[], "ok")]).await;
    let (client, mut exchanges) = client_of(profile(&format!("http://{}", server.address)), 1);
    for _ in 0..3 {
        assert!(read(&client).await.is_ok());
    }
    assert_eq!(drain(&mut exchanges).len(), 1);
    drop(exchanges);
    assert!(read(&client).await.is_ok(), "nor does one that nobody reads");
    assert!(write(&client).await.is_ok());
}

/// A write waits before it is sent, never after: what was sent is shown.
#[tokio::test]
async fn no_record_of_a_write_is_dropped() {
    let server = Server::start(vec![http(200, &[], "ok")]).await;
    let (client, mut exchanges) = client_of(profile(&format!("http://{}", server.address)), 1);
    assert!(read(&client).await.is_ok());
    let writing = write(&client);
    tokio::pin!(writing);
    // The read after it has long been answered.
    tokio::select! {
        biased;
        _ = &mut writing => panic!("sent without a place for its record"),
        answer = async { read(&client).await.and(read(&client).await) } => assert!(answer.is_ok()),
    }
    assert!(server.requests().iter().all(|request| request.ends_with("Read")));
    assert!(!exchanges.recv().await.unwrap().write);
    assert!(writing.await.is_ok());
    assert!(exchanges.recv().await.unwrap().write);
}
