//! Each fault as a client on a bare socket sees it.
#![allow(clippy::unwrap_used)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::sim::dialect::{ObjectKind, Vocabulary};

/// A cloud with two actions: `List` tells the NICs, `Remove` takes the first one.
struct Plain;

const VOCABULARY: Vocabulary = Vocabulary {
    provider: "plain",
    regions: &[("north-1", &["north-1a"])],
    project_id: None,
    instance_types: &["small"],
    running: "on",
    stopped: "off",
    instance_transient: &[],
    attached: "in-use",
    free: "free",
    attaching: "attaching",
    detaching: "detaching",
    instance_states: &["on", "off"],
    nic_states: &["in-use", "free", "attaching", "detaching"],
    load_balancer_kinds: &[""],
    service_nics: &[],
    controller_tags: &[],
    agent: false,
    secondaries: true,
    floating: false,
    id: |kind, number| format!("{}-{number}", if kind == ObjectKind::Nic { "n" } else { "x" }),
};

fn json(status: u16, body: &str) -> SimResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    SimResponse { status, headers, body: body.as_bytes().to_vec() }
}

impl Dialect for Plain {
    fn vocabulary(&self) -> &'static Vocabulary {
        &VOCABULARY
    }

    fn actions(&self) -> &'static [&'static str] {
        &["List", "Remove"]
    }

    fn heeds(&self) -> crate::sim::dialect::Heeds {
        crate::sim::dialect::Heeds::default()
    }

    fn action(&self, request: &SimRequest) -> Option<String> {
        request.header("x-action").map(str::to_owned)
    }

    fn is_write(&self, action: &str) -> bool {
        action == "Remove"
    }

    fn answer(&self, world: &mut World, _: &SimKey, request: &SimRequest, _: Timestamp, id: &str) -> SimResponse {
        if self.action(request).as_deref() == Some("Remove") {
            let first = world.nics().first().map(|nic| nic.id.clone()).unwrap_or_default();
            world.remove_nic(&first);
        }
        json(200, &format!("{{\"id\":\"{id}\",\"nics\":{},\"sent\":{}}}", world.nics().len(), request.body.len()))
    }

    fn error(&self, error: VendorError, _: &str) -> SimResponse {
        match error {
            VendorError::Throttled => json(429, "{\"code\":\"slow\"}"),
            VendorError::Internal => json(500, "{\"code\":\"internal\"}"),
            VendorError::Unavailable => json(503, "{\"code\":\"unavailable\"}"),
        }
    }
}

const WORLD: &str = r#"{"provider": "plain", "region": "north-1", "nics": [
    {"id": "n-1", "status": "free", "addresses": [{"ip": "10.0.0.1", "primary": true}]},
    {"id": "n-2", "status": "free", "addresses": [{"ip": "10.0.0.2", "primary": true}]}]}"#;

async fn start(rules: impl IntoIterator<Item = Rule>) -> Simulator {
    let world = World::parse(&[("w.json", WORLD)]).unwrap();
    let options = Options {
        script: Script::of(rules),
        clock: Clock::manual(Timestamp(1_763_706_000_000)).0,
        ..Options::default()
    };
    Simulator::start(Box::new(Plain), world, options).await.unwrap()
}

/// Everything the server sends until it closes, or how the connection broke.
async fn raw(simulator: &Simulator, action: &str, body: &str) -> Result<Vec<u8>, io::ErrorKind> {
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let request = format!(
        "POST /p?q=1 HTTP/1.1\r\nhost: {}\r\nx-action: {action}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        simulator.address(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        Ok(_) => Ok(answer),
        Err(error) => Err(error.kind()),
    }
}

/// Status line, headers, body.
async fn call(simulator: &Simulator, action: &str) -> (String, String, Vec<u8>) {
    let answer = raw(simulator, action, "{}").await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let (status, headers) = head.split_once("\r\n").unwrap();
    (status.to_owned(), headers.to_owned(), answer[end + 4..].to_vec())
}

async fn answered(trouble: Trouble) -> (String, String, String) {
    let simulator = start([Rule::new(trouble)]).await;
    let (status, headers, body) = call(&simulator, "Remove").await;
    assert_eq!(simulator.world().nics().len(), 2, "nothing was done");
    (status, headers, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn answers_and_is_logged() {
    let simulator = start([]).await;
    assert!(simulator.endpoint().starts_with("http://127.0.0.1:"));
    let (status, headers, body) = call(&simulator, "Remove").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(headers.contains("date: Fri, 21 Nov 2025 06:20:00 GMT"), "{headers}");
    assert!(String::from_utf8(body).unwrap().ends_with("\"nics\":1,\"sent\":2}"));
    call(&simulator, "").await;
    let log = simulator.requests();
    assert_eq!(log.len(), 2);
    assert_eq!((log[0].number, log[0].action.as_str(), log[0].write, log[0].status), (1, "Remove", true, Some(200)));
    assert_eq!((log[0].path.as_str(), log[0].query.as_str(), log[0].body.as_slice()), ("/p", "q=1", b"{}".as_slice()));
    assert_eq!(log[0].request_id.len(), 32);
    assert_ne!(log[0].request_id, log[1].request_id);
    assert_eq!((log[1].action.as_str(), log[1].write), ("", false));
    assert_eq!((simulator.count("Remove"), simulator.count("Rem*"), simulator.count("List")), (1, 1, 0));
    assert_eq!(simulator.peak_in_flight(), 1);
    let again = start([]).await;
    call(&again, "Remove").await;
    assert_eq!(again.requests()[0].request_id, log[0].request_id, "the same seed, the same ids");
}

#[tokio::test]
async fn vendor_errors_are_the_dialects_own() {
    let (status, _, body) = answered(Trouble::Throttle).await;
    assert_eq!((status.as_str(), body.as_str()), ("HTTP/1.1 429 Too Many Requests", "{\"code\":\"slow\"}"));
    assert!(answered(Trouble::Internal).await.0.contains(" 500 "));
    assert!(answered(Trouble::Unavailable).await.0.contains(" 503 "));
}

#[tokio::test]
async fn pages_redirects_and_nothing() {
    let (status, headers, body) = answered(Trouble::Garbage { status: 502 }).await;
    assert!(status.contains(" 502 ") && headers.contains("text/html") && body.contains("<html>"));
    let (status, headers, _) = answered(Trouble::Redirect { location: "https://elsewhere.invalid/".to_owned() }).await;
    assert!(status.contains(" 302 ") && headers.contains("location: https://elsewhere.invalid/"));
    let (status, headers, body) = answered(Trouble::Empty).await;
    assert!(status.contains(" 200 ") && headers.contains("content-length: 0") && body.is_empty());
    let (_, headers, body) = answered(Trouble::Oversize { bytes: 200_000 }).await;
    assert!(headers.contains("content-length: 200000"));
    assert_eq!(body.len(), 200_000);
}

#[tokio::test]
async fn another_charset_is_told_and_used() {
    let simulator = start([Rule::new(Trouble::Charset)]).await;
    let (_, headers, body) = call(&simulator, "List").await;
    assert!(headers.contains("charset=utf-16"));
    assert!(body.starts_with(&[0xFF, 0xFE, b'{', 0]));
}

#[tokio::test]
async fn a_reset_is_a_reset_and_nothing_was_done() {
    let simulator = start([Rule::new(Trouble::Reset)]).await;
    assert_eq!(raw(&simulator, "Remove", "").await, Err(io::ErrorKind::ConnectionReset));
    assert_eq!(simulator.world().nics().len(), 2);
    let log = simulator.requests();
    assert_eq!((log[0].trouble.as_ref(), log[0].status), (Some(&Trouble::Reset), None));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_change_behind() {
    let simulator = start([Rule::new(Trouble::Lost).writes().first(1)]).await;
    call(&simulator, "List").await;
    assert_eq!(raw(&simulator, "Remove", "").await, Ok(Vec::new()));
    assert_eq!(simulator.world().nics().len(), 1);
    let (_, _, body) = call(&simulator, "Remove").await;
    assert!(String::from_utf8(body).unwrap().contains("\"nics\":0"));
}

#[tokio::test]
async fn half_an_answer_announces_the_whole_one() {
    let simulator = start([Rule::new(Trouble::Half)]).await;
    let (status, headers, body) = call(&simulator, "List").await;
    assert!(status.contains(" 200 "));
    let length = headers.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(!body.is_empty());
}

#[tokio::test]
async fn no_answer_until_the_client_gives_up() {
    let simulator = start([Rule::new(Trouble::Hang).first(1)]).await;
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\nx-action: Remove\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let log = simulator.wait_for(|log| log.len() == 1).await;
    assert!(!log[0].done);
    drop(stream);
    let log = simulator.wait_for(|log| log.iter().all(|logged| logged.done)).await;
    assert_eq!(log[0].status, None);
    assert_eq!(simulator.world().nics().len(), 2);
    call(&simulator, "Remove").await;
    assert_eq!(simulator.world().nics().len(), 1, "the next request is served");
}

#[tokio::test]
async fn delays_hold_an_answer_back() {
    let simulator = start([Rule::delay(40)]).await;
    let before = std::time::Instant::now();
    call(&simulator, "List").await;
    assert!(before.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn tests_can_hold_requests_and_change_the_world_around_them() {
    let simulator = start([]).await;
    let hold = simulator.hold("Rem*");
    simulator.before("List", |world| {
        world.remove_nic("n-1");
    });
    simulator.after("List", |world| {
        world.remove_nic("n-2");
    });
    let waiting = raw(&simulator, "Remove", "");
    let others = async {
        simulator.wait_for(|log| log.len() == 1).await;
        let (_, _, body) = call(&simulator, "List").await;
        assert!(String::from_utf8(body).unwrap().contains("\"nics\":1"));
        assert_eq!(simulator.world().nics().len(), 0);
        assert!(!simulator.requests()[0].done);
        drop(hold);
    };
    let (answer, ()) = tokio::join!(waiting, others);
    assert!(answer.unwrap().starts_with(b"HTTP/1.1 200"));
    assert_eq!(simulator.peak_in_flight(), 2);
    simulator.inject(Rule::new(Trouble::Throttle));
    assert!(call(&simulator, "List").await.0.contains(" 429 "));
}

#[tokio::test]
async fn stops_at_once_even_with_a_hanging_client_and_frees_the_port() {
    let simulator = start([Rule::new(Trouble::Hang)]).await;
    let address = simulator.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\nx-action: List\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    simulator.wait_for(|log| log.len() == 1).await;
    assert!(tokio::time::timeout(GRACE / 2, simulator.stop()).await.is_ok(), "a hanging client is not waited for");
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn listens_on_loopback_only() {
    let world = || World::parse(&[("w.json", WORLD)]).unwrap();
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let options = Options { listen: address.parse().unwrap(), ..Options::default() };
        let error = Simulator::start(Box::new(Plain), world(), options).await.unwrap_err();
        assert!(matches!(error, SimError::NotLoopback(_)), "{error}");
    }
    let first = Simulator::start(Box::new(Plain), world(), Options::default()).await.unwrap();
    let options = Options { listen: first.address(), ..Options::default() };
    let error = Simulator::start(Box::new(Plain), world(), options).await.unwrap_err();
    assert!(matches!(error, SimError::Listen { .. }), "{error}");
}
