//! Each call of each cloud, read from answers that are not what was asked for: the class of the outcome is right, the vendor's code and
//! request id survive, nothing panics. The codec alone, without a connection.

use std::{collections::BTreeMap, net::IpAddr};

use nicdeck::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::RegionId,
        nic::{Fate, Nic},
        outcome::Receipt,
        page::{Listing, Resource, Scope},
        plan::OperationKind,
    },
    providers::{
        self,
        profile::{Credential, Profile},
        provider::{Call, Provider, Step},
    },
    sim::dialect::{SimRequest, VendorError},
    wire::{WireRequest, WireResponse},
};

use tokio_util::sync::CancellationToken;

use crate::stage::Scene;

/// Every codec: of each cloud, each generation of its API.
pub(super) fn codecs() -> Vec<&'static dyn Provider> {
    let mut all = Vec::new();
    for cloud in providers::all() {
        all.push(*cloud);
        all.extend(cloud.descriptor().apis.iter().filter_map(|api| cloud.generation(api)));
    }
    all
}

/// Every call that the codec makes: its listings with what follows from them, the reads of one NIC, each request of each kind of write,
/// tasks, sign-ins, and whose account it is.
pub async fn calls(cloud: &'static dyn Provider) -> Vec<Call> {
    let mut stage = Scene::demo(cloud).open().await;
    stage.list().await;
    let region: RegionId = stage.simulator.world().regions()[0].as_str().into();
    let mut calls: Vec<Call> = Vec::new();
    let mut follow: Vec<Listing> = cloud.listings(std::slice::from_ref(&region));
    let roles = cloud.descriptor().capabilities.releasable;
    let of = |nic: &Nic| nic.addresses.iter().find(|address| roles.contains(&address.role)).map(|address| address.ip);
    // One of several, so that a cloud that has another way for all of them goes the longer one.
    let several = |nic: &Nic| nic.addresses.iter().filter(|address| roles.contains(&address.role)).count() > 1;
    let fits = |nic: &&Nic| nic.instance.is_some() && several(nic);
    let nic =
        stage.part().nics().map(|(_, nic)| nic).find(fits).expect("an attached NIC with two addresses to release");
    let ip = of(nic).expect("it has two");
    let known = stage.part().snapshot(&nic.id).expect("known").backends;
    follow.extend(cloud.inspection(nic, &known));
    // With what follows from their answers: a few of each step, since not every answer has something to follow.
    let mut steps: BTreeMap<(Resource, &str), usize> = BTreeMap::new();
    while let Some(listing) = follow.pop() {
        let times = steps.entry((listing.resource, listing.part)).or_default();
        *times += 1;
        if *times > 12 {
            continue;
        }
        let page = stage.client.read(&listing, &CancellationToken::new()).await.expect("a quiet world");
        calls.extend((*times <= 2).then_some(Call::List(listing)));
        follow.extend(page.next);
    }
    let (id, instance) = (nic.id.clone(), nic.instance.clone().expect("attached"));
    let all = nic.addresses.iter().filter(|address| roles.contains(&address.role)).map(|address| address.ip).collect();
    let new: IpAddr = "10.255.255.9".parse().unwrap();
    for kind in [
        OperationKind::Release { nic: id.clone(), ips: vec![ip] },
        OperationKind::Release { nic: id.clone(), ips: all },
        OperationKind::Detach { nic: id.clone(), instance: instance.clone() },
        OperationKind::Assign { nic: id.clone(), ips: vec![new], lists: vec![] },
        OperationKind::Attach { nic: id.clone(), instance },
        OperationKind::BindEip { nic: id.clone(), eip: "eip-1".into(), ip },
        OperationKind::Delete { nic: id },
    ] {
        let mut snapshot = stage.part().snapshot(kind.nic()).expect("known");
        // As the read before a detach tells it where the listing does not.
        snapshot.nic.dies_with_detach = Some(Fate::Dies);
        let told = cloud.descriptor().capabilities.calls.of(&kind, &snapshot);
        let mut made: Vec<Step> = Vec::new();
        while let Some(step) = cloud.step(&kind, &snapshot, &made).filter(|_| made.len() < 8) {
            calls.push(Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() });
            // Where it is not published.
            let other = cloud.instead(&kind, &snapshot, &made, &step, &unpublished());
            calls.extend(other.map(|step| Call::Write { region: region.clone(), kind: kind.clone(), step }));
            made.push(step);
            snapshot.nic.dies_with_detach = Some(Fate::Stays);
        }
        assert!(!made.is_empty(), "{}: no request for {kind:?}", cloud.descriptor().id);
        // Screens name them before they are made.
        let first = Call::Write { region: region.clone(), kind: kind.clone(), step: made[0].clone() };
        assert_eq!(told.names.first(), Some(&cloud.action(&first)), "{}: {kind:?}", cloud.descriptor().id);
        assert!(told.more || told.names.len() == made.len(), "{}: {kind:?}: {told:?}", cloud.descriptor().id);
    }
    if cloud.descriptor().capabilities.limits_per_call.is_some() {
        let of = Scope::Types(vec!["a.type".into()]);
        calls.push(Call::List(Listing { scope: of, ..Listing::all(Resource::Limits, None) }));
    }
    // A codec may tell kinds of tasks apart by what it put in front of the number.
    for task in ["17", "eip:17"] {
        calls.extend(cloud.task(&region, &Receipt { request_id: Some(task.into()), task: Some(task.into()) }));
    }
    let by_name = Credential::Password { user: "u".into(), password: "p".into(), account: "a".into() };
    for credential in [by_name, Credential::keys("id", "secret", None)] {
        calls.extend(cloud.sign_in(&profile(cloud), &credential, &region));
    }
    calls.extend(cloud.identity(&region));
    calls
}

/// The answer of a gateway that has no such API.
fn unpublished() -> Fault {
    let told = Fault::local(FaultKind::NotFound, "", "");
    Fault { effect: Effect::Nothing, code: Some("APIGW.0101".to_owned()), http_status: Some(404), ..told }
}

pub fn profile(cloud: &'static dyn Provider) -> Profile {
    Profile {
        id: "p".into(),
        cloud: cloud.descriptor().cloud(),
        regions: vec![cloud.descriptor().example_region.into()],
        endpoint: None,
        alias: None,
        env: None,
        readonly: false,
        project_id: None,
        api: None,
        net: nicdeck::providers::net::Net::default(),
    }
}

fn answer(status: u16, content_type: &str, body: &[u8]) -> WireResponse {
    WireResponse { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.to_vec() }
}

/// What a server or somebody on the way may answer, and no API does.
fn odd() -> Vec<(&'static str, WireResponse)> {
    let json = "application/json";
    let html = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    let long = vec![b'x'; 200_000];
    vec![
        ("HTML with 200", answer(200, "text/html", html)),
        ("HTML with 502", answer(502, "text/html", html)),
        ("HTML with 429", answer(429, "text/html", html)),
        ("nothing with 504", answer(504, json, b"")),
        ("nothing with 200", answer(200, json, b"")),
        ("half a JSON", answer(200, json, br#"{"requestId":"abc","response":{"dataSet":[{"nicId":"#)),
        ("a list", answer(200, json, b"[]")),
        ("null", answer(200, json, b"null")),
        ("a number", answer(200, json, b"17")),
        ("another charset", answer(200, "application/json;charset=gbk", b"{\"message\":\"\xd6\xd0\xce\xc4\"}")),
        ("text without end", answer(200, "text/plain", &long)),
        ("deep brackets", answer(200, json, "[".repeat(100_000).as_bytes())),
        ("a teapot", answer(418, json, b"{}")),
    ]
}

#[tokio::test]
async fn what_is_no_answer_of_the_api_is_a_typed_fault_and_never_a_success() {
    for cloud in codecs() {
        let id = cloud.descriptor().id;
        for call in calls(cloud).await {
            for (what, response) in odd() {
                let told = cloud.decode(&call, &response);
                let name = format!("{id} {} {}: {what}: {told:?}", cloud.action(&call), call.is_write());
                let Err(fault) = told else { panic!("{name}") };
                assert_ne!(fault.kind, FaultKind::Local, "{name}");
                if call.is_write() {
                    assert_eq!(fault.effect, Effect::Unknown, "{name}");
                } else {
                    assert_ne!(fault.effect, Effect::Unknown, "{name}");
                    assert_ne!(fault.effect, Effect::AlreadyDone, "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_followed_by_nobody() {
    for cloud in codecs() {
        for call in calls(cloud).await.into_iter().filter(Call::is_write) {
            let response = answer(302, "text/html", b"<a href=\"https://elsewhere\">moved</a>");
            let fault = cloud.decode(&call, &response).expect_err("a redirect");
            assert_eq!(fault.effect, Effect::Unknown, "{} {}", cloud.descriptor().id, cloud.action(&call));
        }
    }
}

/// What the server sees of a request.
fn received(request: WireRequest) -> SimRequest {
    let mut headers = vec![("host".to_owned(), request.host)];
    headers.extend(request.headers);
    let method = request.method.to_owned();
    SimRequest { method, path: request.path, query: request.query, headers, body: request.body }
}

/// The vendor's own errors, in its own envelope, against each call.
#[tokio::test]
async fn the_vendors_errors_keep_code_and_request_id_in_each_call() {
    const ID: &str = "0123456789abcdef0123456789abcdef";
    for cloud in codecs() {
        let dialect = cloud.dialect();
        let profile = profile(cloud);
        for call in calls(cloud).await {
            let request = received(cloud.encode(&call, &profile));
            for error in [VendorError::Throttled, VendorError::Internal, VendorError::Unavailable] {
                let sent = dialect.error_to(&request, error, ID);
                // However it spells the id, and wherever it puts it; not every API has one.
                let text = format!("{:?} {}", sent.headers, String::from_utf8_lossy(&sent.body));
                let has_id = text.to_lowercase().replace('-', "").contains(ID);
                let response = WireResponse { status: sent.status, headers: sent.headers, body: sent.body };
                let name = format!("{} {} {error:?}", cloud.descriptor().id, cloud.action(&call));
                let fault: Fault = cloud.decode(&call, &response).expect_err(&name);
                assert!(fault.code.as_deref().is_some_and(|code| !code.is_empty()), "{name}: {fault:?}");
                assert_eq!(fault.request_id.as_deref().is_some_and(|id| !id.is_empty()), has_id, "{name}: {fault:?}");
                let kind = if error == VendorError::Throttled { FaultKind::Throttled } else { FaultKind::Server };
                assert_eq!(fault.kind, kind, "{name}");
                let done = match error {
                    // Refused before anything was done.
                    VendorError::Throttled => Effect::NothingRetry,
                    _ if call.is_write() => Effect::Unknown,
                    _ => Effect::NothingRetry,
                };
                assert_eq!(fault.effect, done, "{name}");
            }
        }
    }
}
