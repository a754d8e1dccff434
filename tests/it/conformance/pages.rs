//! Pages of lists that lost rows on their way: what looks like the end of a list is none, whatever cloud and whatever listing.

use std::collections::BTreeMap;

use nicdeck::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        page::{Cursor, Listing, Resource},
        time::Timestamp,
    },
    providers::{
        profile::{Credential, Profile},
        provider::{Call, Provider, Reply, Stamp},
    },
    sim::{
        dialect::{SimKey, SimRequest},
        generate::{Plan, generate},
        world::World,
    },
    wire::WireResponse,
};
use serde_json::Value;

use super::clouds;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A codec and its server side, without a connection between them.
struct Pair {
    cloud: &'static dyn Provider,
    world: World,
    profile: Profile,
    key: SimKey,
    asked: u32,
}

impl Pair {
    fn of(cloud: &'static dyn Provider) -> Self {
        let world = generate(cloud.dialect().vocabulary(), Plan::of(1_100, 3));
        let profile = Profile {
            id: "p".into(),
            cloud: cloud.descriptor().cloud(),
            regions: vec![world.regions()[0].as_str().into()],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: world.project_id().map(str::to_owned),
            api: None,
            net: nicdeck::providers::net::Net::default(),
        };
        let key = SimKey { id: "SIMULATED0KEY0ID".to_owned(), secret: "simulated-secret".to_owned(), token: None };
        let mut pair = Self { cloud, world, profile, key, asked: 0 };
        let credential = Credential::keys(&pair.key.id, &pair.key.secret, None);
        if let Some(call) = cloud.sign_in(&pair.profile, &credential, &pair.profile.regions[0]) {
            let answer = pair.ask(&call);
            let Ok(Reply::Session(session)) = cloud.decode(&call, &answer) else { panic!("a session") };
            pair.profile.project_id = session.project_id;
        }
        pair
    }

    /// The request as the server sees it.
    fn request(&mut self, call: &Call) -> SimRequest {
        self.asked += 1;
        let mut request = self.cloud.encode(call, &self.profile);
        let stamp = Stamp { now: NOW, nonce: format!("{:08x}", self.asked).repeat(4) };
        self.cloud.sign(&mut request, &Credential::keys(&self.key.id, &self.key.secret, None), &stamp);
        let mut headers = vec![("host".to_owned(), request.host)];
        headers.extend(request.headers);
        let method = request.method.to_owned();
        SimRequest { method, path: request.path, query: request.query, headers, body: request.body }
    }

    fn ask(&mut self, call: &Call) -> WireResponse {
        let request = self.request(call);
        let id = "0123456789abcdef0123456789abcdef";
        let sent = self.cloud.dialect().answer(&mut self.world, &self.key, &request, NOW, id);
        WireResponse { status: sent.status, headers: sent.headers, body: sent.body }
    }

    fn read(&self, listing: &Listing, answer: &WireResponse) -> Result<Vec<Listing>, Fault> {
        match self.cloud.decode(&Call::List(listing.clone()), answer)? {
            Reply::Page(page) => Ok(page.next),
            other => panic!("{other:?}"),
        }
    }

    fn is_paged(&mut self, listing: &Listing) -> bool {
        let request = self.request(&Call::List(listing.clone()));
        let text = format!("{} {}", request.query, String::from_utf8_lossy(&request.body)).to_lowercase();
        let told = !matches!(listing.resource, Resource::Regions | Resource::Limits);
        told && ["pagesize", "maxresults", "limit"].iter().any(|word| text.contains(word))
    }
}

/// Where the longest list of an answer stands.
fn longest(value: &Value, path: &str) -> (usize, String) {
    let Value::Object(members) = value else { return (0, String::new()) };
    let each = members.iter().map(|(name, member)| {
        let path = format!("{path}/{name}");
        match member {
            Value::Array(rows) => (rows.len() + 1, path),
            member => longest(member, &path),
        }
    });
    each.max_by_key(|(len, _)| *len).unwrap_or_default()
}

/// The numbers that tell of rows.
const COUNTS: [&str; 5] = ["TotalCount", "totalCount", "totalNum", "count", "current_count"];

/// Does the answer count, and not go on by a token of its own?
fn counts(value: &Value) -> bool {
    let Value::Object(members) = value else { return false };
    let here = COUNTS.iter().any(|name| members.get(*name).is_some_and(|count| count.as_u64() > Some(0)));
    let by_token = ["NextToken", "MaxResults"].iter().any(|name| members.contains_key(*name));
    !by_token && (here || members.values().any(counts))
}

/// Answers that lost something, each with a name.
fn spoilt(answer: &WireResponse) -> Vec<(&'static str, WireResponse)> {
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let (_, path) = longest(&body, "");
    let rows = body.pointer(&path).and_then(Value::as_array).expect("a list").len();
    let (above, name) = path.rsplit_once('/').expect("it has a name");
    // Some wrap each list in an object of its own.
    let wrapped =
        !above.is_empty() && body.pointer(above).and_then(Value::as_object).is_some_and(|object| object.len() == 1);
    let (above, name) = if wrapped { above.rsplit_once('/').expect("it has a name") } else { (above, name) };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = body.clone();
        change(&mut body);
        WireResponse { body: body.to_string().into_bytes(), ..answer.clone() }
    };
    let parent = |body: &mut Value, change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        change(body.pointer_mut(above).and_then(Value::as_object_mut).expect("an object"));
    };
    let mut all = Vec::new();
    if rows > 0 {
        all.push(("null", changed(&|body| parent(body, &|object| drop(object.insert(name.to_owned(), Value::Null))))));
        all.push(("no list", changed(&|body| parent(body, &|object| drop(object.remove(name))))));
        let silent = |object: &mut serde_json::Map<String, Value>| {
            object.remove(name);
            object.retain(|name, _| !COUNTS.contains(&name.as_str()));
        };
        all.push(("neither list nor count", changed(&|body| parent(body, &silent))));
    }
    if rows > 0 && counts(&body) {
        let cut = |left: usize| {
            changed(&|body| body.pointer_mut(&path).and_then(Value::as_array_mut).expect("a list").truncate(left))
        };
        all.push(("no rows", cut(0)));
        all.push(("half", cut(rows / 2)));
        all.push(("one less", cut(rows - 1)));
    }
    all
}

#[test]
fn a_page_that_lost_rows_is_never_the_end_of_the_list() {
    for (cloud, _) in clouds() {
        let mut pair = Pair::of(cloud);
        let mut work = cloud.listings(&pair.profile.regions.clone());
        let mut times: BTreeMap<(Resource, &str), usize> = BTreeMap::new();
        let (mut pages, mut later, mut cut) = (0, 0, 0);
        while let Some(listing) = work.pop() {
            let times = times.entry((listing.resource, listing.part)).or_default();
            *times += 1;
            if *times > 4 {
                continue;
            }
            let answer = pair.ask(&Call::List(listing.clone()));
            let what = format!("{} {listing:?}", cloud.action(&Call::List(listing.clone())));
            work.extend(pair.read(&listing, &answer).unwrap_or_else(|fault| panic!("{what}: {fault:?}")));
            if !pair.is_paged(&listing) {
                continue;
            }
            pages += 1;
            later += usize::from(listing.cursor != Cursor::Start);
            for (how, spoilt) in spoilt(&answer) {
                cut += usize::from(how == "half");
                let told = pair.read(&listing, &spoilt).and_then(|next| {
                    // A first page may stand for a server with small pages: then those behind it tell.
                    let next = next.into_iter().filter(|next| next.cursor != Cursor::Start);
                    next.rev().take(2).try_for_each(|next| {
                        let answer = pair.ask(&Call::List(next.clone()));
                        pair.read(&next, &answer).map(drop)
                    })
                });
                let what = format!("{what}: {how}");
                let fault = told.expect_err(&what);
                assert_eq!((fault.kind, fault.effect), (FaultKind::Garbage, Effect::Nothing), "{what}");
            }
        }
        assert!(pages >= 4 && later >= 1 && cut >= 3, "{}: {pages} {later} {cut}", cloud.descriptor().id);
    }
}
