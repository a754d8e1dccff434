//! Clouds that want a sign-in first.

use std::sync::atomic::{AtomicU32, Ordering};

use nicdeck::{
    domain::key_fault::KeyFault,
    providers::keyring::{Fetched, KeySource, Supply},
};

use super::*;

/// As [`Plain`], but calls are signed with what a sign-in answers: `token/<seconds it holds>`.
struct SignsIn;

impl Provider for SignsIn {
    /// Each refusal counts here.
    fn locks_keys(&self) -> bool {
        true
    }

    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn listings(&self, _: &[RegionId]) -> Vec<Listing> {
        Vec::new()
    }

    fn inspection(&self, _: &Nic, _: &[nicdeck::domain::address::Backend]) -> Vec<Listing> {
        Vec::new()
    }

    fn sign_in(&self, _: &Profile, credential: &Credential, region: &RegionId) -> Option<Call> {
        matches!(credential, Credential::Password { .. })
            .then(|| Call::SignIn { region: region.clone(), by_name: true })
    }

    fn action(&self, call: &Call) -> &'static str {
        if matches!(call, Call::SignIn { .. }) { "SignIn" } else { Plain.action(call) }
    }

    fn quota(&self, call: &Call) -> Quota {
        Plain.quota(call)
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        let request = Plain.encode(call, profile);
        let path = format!("/{}/{}", self.action(call), profile.project_id.as_deref().unwrap_or("-"));
        WireRequest { path, ..request }
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        match credential {
            Credential::Password { user, password, account } => {
                let [user, password, account] = [user, password, account].map(ExposeSecret::expose_secret);
                request.body = format!("{user} {password} {account}").into_bytes();
            }
            credential => Plain.sign(request, credential, stamp),
        }
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        match call {
            Call::SignIn { .. } if response.status == 201 => {
                let (token, seconds) = body.split_once('/').unwrap();
                Ok(Reply::Session(Session {
                    project_id: Some("p1".to_owned()),
                    credential: Some(Credential::Bearer(token.into())),
                    expires_at: Some(Timestamp(784_111_777_000 + seconds.parse::<i64>().unwrap() * 1000)),
                    account: None,
                }))
            }
            _ if response.status == 403 => {
                let fault = Fault::local(FaultKind::Credentials, "", body);
                Err(Fault { http_status: Some(403), ..fault })
            }
            _ => Plain.decode(call, response),
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        panic!("these tests bring their own server")
    }
}

fn signing_in(server: &Server) -> (Client, mpsc::Receiver<Exchange>) {
    let credential =
        Credential::Password { user: "ops".into(), password: "canary pass".into(), account: "acme".into() };
    built(profile(&format!("http://{}", server.address)), &SignsIn, credential, 64)
}

fn first_lines(server: &Server) -> Vec<String> {
    let line = |request: &String| {
        let line = request.lines().next().unwrap().trim_start_matches("POST ").split('?').next().unwrap();
        let token = request.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
        format!("{line} {}", token.unwrap_or("-"))
    };
    server.requests().iter().map(line).collect()
}

#[tokio::test]
async fn calls_that_begin_together_share_one_sign_in() {
    let server = Server::start(vec![http(201, &[], "canary-token/3600"), http(200, &[], "ok")]).await;
    let (client, mut exchanges) = signing_in(&server);
    let (a, b, c) = tokio::join!(read(&client), read(&client), write(&client));
    assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?} {b:?} {c:?}");
    let lines = first_lines(&server);
    assert_eq!(lines[0], "/SignIn/- -");
    let mut rest = lines[1..].to_vec();
    rest.sort();
    assert_eq!(rest, ["/Read/p1 canary-token", "/Read/p1 canary-token", "/Write/p1 canary-token"]);
    let recorded = drain(&mut exchanges);
    assert_eq!((recorded[0].action.as_str(), recorded[0].target.as_str()), ("SignIn", "r1"));
    assert_eq!((recorded[0].body.as_str(), recorded[0].answer.as_str()), ("***", "***"));
    assert!(!format!("{recorded:?}").contains("canary"));
}

#[tokio::test]
async fn a_session_is_renewed_before_its_end_and_after_the_cloud_ends_it() {
    let script = vec![
        http(201, &[], "one/60"),
        http(200, &[], "ok"),
        // The first is within two minutes of its end.
        http(201, &[], "two/3600"),
        http(200, &[], "ok"),
        http(403, &[], "ended"),
        http(201, &[], "three/3600"),
        http(200, &[], "ok"),
    ];
    let server = Server::start(script).await;
    let (client, _exchanges) = signing_in(&server);
    for _ in 0..3 {
        assert!(read(&client).await.is_ok());
    }
    let expected =
        ["/SignIn/- -", "/Read/p1 one", "/SignIn/- -", "/Read/p1 two", "/Read/p1 two", "/SignIn/- -", "/Read/p1 three"];
    assert_eq!(first_lines(&server), expected);
}

#[tokio::test]
async fn a_cloud_that_refuses_for_ever_is_asked_with_one_new_session_and_no_more() {
    let script = vec![
        http(201, &[], "one/3600"),
        http(200, &[], "ok"),
        http(403, &[], "no"),
        http(201, &[], "two/3600"),
        http(403, &[], "no"),
    ];
    let server = Server::start(script).await;
    let (client, _exchanges) = signing_in(&server);
    assert!(read(&client).await.is_ok());
    let fault = read(&client).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Credentials);
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_write_whose_session_ended_did_nothing_and_may_be_made_again() {
    let script =
        vec![http(201, &[], "one/3600"), http(200, &[], "ok"), http(403, &[], "ended"), http(201, &[], "two/3600")];
    let server = Server::start(script).await;
    let (client, _exchanges) = signing_in(&server);
    assert!(read(&client).await.is_ok());
    let fault = write(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect), (FaultKind::Credentials, Effect::NothingRetry));
    assert_eq!(server.requests().len(), 3, "one permit, one request");
}

/// Hands out `key-1`, `key-2` and so on.
struct Counting(AtomicU32);

impl KeySource for Counting {
    fn fetch(&self) -> Fetched<'_> {
        let nth = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Box::pin(async move {
            match nth {
                1 | 2 => Ok(Credential::Bearer(format!("key-{nth}").as_str().into()).into()),
                _ => Err(KeyFault::NoProgram { program: "helper".into() }),
            }
        })
    }
}

#[tokio::test]
async fn keys_that_are_fetched_are_fetched_again_when_the_cloud_ends_them() {
    let script = vec![http(200, &[], "ok"), http(403, &[], "ended"), http(200, &[], "ok"), http(403, &[], "ended")];
    let server = Server::start(script).await;
    let supply = Supply::Fetched { source: Arc::new(Counting(AtomicU32::new(0))), first: None };
    let (client, mut exchanges) = built(profile(&format!("http://{}", server.address)), &SignsIn, supply, 64);
    assert!(read(&client).await.is_ok());
    assert!(read(&client).await.is_ok(), "asked again with new keys");
    let fault = read(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect), (FaultKind::Keys, Effect::Nothing));
    assert_eq!(fault.keys.as_deref(), Some(&KeyFault::NoProgram { program: "helper".into() }));
    let unsent = write(&client).await.unwrap_err();
    assert_eq!((unsent.kind, unsent.effect), (FaultKind::Keys, Effect::Nothing));
    assert_eq!(first_lines(&server), ["/Read/- key-1", "/Read/- key-1", "/Read/- key-2", "/Read/- key-2"]);
    let recorded = format!("{:?}", drain(&mut exchanges));
    assert!(!recorded.contains("key-1") && !recorded.contains("key-2"), "{recorded}");
}

/// Nothing is fetched between the facts of a write and its request: it is signed with what its turn has.
#[tokio::test]
async fn a_write_is_signed_with_what_was_there_before_its_facts() {
    let answers = vec![http(200, &[], "ok"), http(403, &[], "ended"), http(200, &[], "ok"), http(200, &[], "ok")];
    let server = Server::start(answers).await;
    let supply = Supply::Fetched { source: Arc::new(Counting(AtomicU32::new(0))), first: None };
    let (client, _exchanges) = built(profile(&format!("http://{}", server.address)), &SignsIn, supply, 64);
    assert!(read(&client).await.is_ok());
    let (region, step) = ("r1".into(), Step::default());
    let mut turn = client.turn(&region, &detach(), &step).await;
    client.ready(&mut turn, &region, &detach(), &step).await;
    // The facts, for which the keys were fetched anew.
    assert!(read(&client).await.is_ok());
    let written = client.write(&region, &detach(), &step, permit("p", detach()), turn).await;
    assert!(written.answer.is_ok(), "{:?}", written.answer);
    let keys: Vec<String> = first_lines(&server).iter().map(|line| line[line.len() - 5..].to_owned()).collect();
    assert_eq!(keys, ["key-1", "key-1", "key-2", "key-1"]);
}

async fn read_in(client: &Client, region: &str) -> Result<InventoryPage, Fault> {
    client.read(&Listing::all(Resource::Nics, Some(region.into())), &CancellationToken::new()).await
}

/// The user is the same in all regions.
#[tokio::test]
async fn a_name_that_is_refused_in_one_region_is_not_tried_in_another() {
    let server = Server::start(vec![http(403, &[], "wrong")]).await;
    let (client, _exchanges) = signing_in(&server);
    let (a, b, c) = tokio::join!(read_in(&client, "r1"), read_in(&client, "r2"), read_in(&client, "r3"));
    for answer in [a, b, c, read_in(&client, "r4").await] {
        let fault = answer.unwrap_err();
        assert_eq!((fault.kind, fault.action.as_str()), (FaultKind::Credentials, "SignIn"));
    }
    assert_eq!(first_lines(&server), ["/SignIn/- -"]);
    // A password that was good and is changed meanwhile is tried once as well.
    let server = Server::start(vec![http(201, &[], "one/60"), http(200, &[], "ok"), http(403, &[], "wrong")]).await;
    let (client, _exchanges) = signing_in(&server);
    assert!(read_in(&client, "r1").await.is_ok());
    let (a, b) = tokio::join!(read_in(&client, "r1"), read_in(&client, "r2"));
    assert!(a.is_err() && b.is_err());
    assert_eq!(first_lines(&server), ["/SignIn/- -", "/Read/p1 one", "/SignIn/- -"]);
}

/// Calls that begin together with keys that nobody has tried yet.
#[tokio::test]
async fn keys_of_which_nothing_is_known_are_tried_by_one_call() {
    let with_keys = |server: &Server| {
        let url = format!("http://{}", server.address);
        built(profile(&url), &SignsIn, Credential::Bearer("canary-key".into()), 64)
    };
    let server = Server::start(vec![http(403, &[], "no such key")]).await;
    let (client, _exchanges) = with_keys(&server);
    let made = tokio::join!(
        read_in(&client, "r1"),
        read_in(&client, "r2"),
        read_in(&client, "r3"),
        read_in(&client, "r4"),
        write(&client)
    );
    let reads = [made.0.map(drop), made.1.map(drop), made.2.map(drop), made.3.map(drop), made.4.map(drop)];
    for fault in reads.map(Result::unwrap_err) {
        let told = (fault.kind, fault.effect, fault.message.as_str());
        assert_eq!(told, (FaultKind::Credentials, Effect::Nothing, "no such key"));
    }
    assert_eq!(server.requests().len(), 1);
    // Good ones: the others go after the first answer, and what one service refuses then says nothing of the others.
    let server = Server::start(vec![http(200, &[], "ok"), http(403, &[], "not here"), http(200, &[], "ok")]).await;
    let (client, _exchanges) = with_keys(&server);
    assert!(read(&client).await.is_ok());
    assert_eq!(read(&client).await.unwrap_err().kind, FaultKind::Credentials);
    assert!(read(&client).await.is_ok());
    // An answer that says nothing of the keys holds up nobody.
    let server = Server::start(vec![Act::Close, http(200, &[], "ok")]).await;
    let (client, _exchanges) = with_keys(&server);
    let (a, b) = tokio::join!(read(&client), read(&client));
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
}

/// A few refusals in a row lock an account.
#[tokio::test]
async fn a_sign_in_that_is_refused_is_not_made_again_and_again() {
    let server = Server::start(vec![http(403, &[], "wrong canary pass")]).await;
    let (client, _exchanges) = signing_in(&server);
    for _ in 0..4 {
        let fault = read(&client).await.unwrap_err();
        assert_eq!((fault.kind, fault.action.as_str()), (FaultKind::Credentials, "SignIn"));
        assert_eq!(fault.message, "wrong ***");
    }
    let fault = write(&client).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect), (FaultKind::Credentials, Effect::Nothing));
    assert_eq!(first_lines(&server), ["/SignIn/- -"]);
}
