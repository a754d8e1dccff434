//! The least time a load can take: the codec walks through the world without a network, and what must follow what is found. A
//! plain client then asks just that, one call after the other.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Arc,
    time::Instant,
};

use nicdeck::{
    domain::{
        page::{Listing, Resource, Scope},
        time::Timestamp,
    },
    providers::{
        http::{self, Timeouts, http_client},
        profile::{Credential, Endpoint, Profile},
        provider::{Call, Provider, Quota, Reply, Stamp},
    },
    sim::{
        dialect::{SimKey, SimRequest},
        world::World,
    },
    wire::WireResponse,
};

/// Calls of one action.
struct Calls {
    quota: Quota,
    count: u32,
    /// Answers that must come before the first of them is sent.
    before: u32,
    resource: Resource,
}

/// A call of a load.
struct Made {
    call: Call,
    /// Answers that came before it was sent.
    before: u32,
    /// The call whose answer led to it.
    after: Option<usize>,
}

/// The calls of a whole load.
pub struct Walk {
    made: Vec<Made>,
    /// Told by the sign-in.
    project_id: Option<String>,
    actions: BTreeMap<&'static str, Calls>,
}

/// The least time in seconds: what the calls that must follow each other take a plain client, and with what the quotas and the cap of
/// calls in flight allow.
#[derive(Clone, Copy)]
pub struct Least {
    /// Calls that must follow each other.
    pub calls: usize,
    pub chain: f64,
    pub paced: f64,
    /// Of one answer to the plain client, on the average.
    pub latency: f64,
}

impl Walk {
    /// Every call that loads this world, each once.
    pub fn through(cloud: &dyn Provider, world: &World, key: &SimKey) -> Self {
        let regions: Vec<_> = world.regions().iter().map(|region| region.as_str().into()).collect();
        let credential = Credential::keys(&key.id, &key.secret, key.token.as_deref());
        let mut profile = Profile {
            id: "walk".into(),
            cloud: cloud.descriptor().cloud(),
            regions: regions.clone(),
            endpoint: None,
            alias: None,
            env: None,
            readonly: true,
            project_id: None,
            api: None,
            net: nicdeck::providers::net::Net::default(),
        };
        let (dialect, mut world) = (cloud.dialect(), world.clone());
        let now = Timestamp(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
        let mut number = 0_u64;
        let mut ask = |call: &Call, profile: &Profile| {
            number += 1;
            let mut request = cloud.encode(call, profile);
            cloud.sign(&mut request, &credential, &Stamp { now, nonce: format!("{number:032x}") });
            let host = ("host".to_owned(), request.host.clone());
            let request = SimRequest {
                method: request.method.to_owned(),
                path: request.path,
                query: request.query,
                headers: request.headers.into_iter().chain([host]).collect(),
                body: request.body,
            };
            let answer = dialect.answer(&mut world, key, &request, now, &format!("{number:032x}"));
            let headers = answer.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
            cloud.decode(call, &WireResponse { status: answer.status, headers, body: answer.body })
        };
        let mut walk = Self { made: Vec::new(), project_id: None, actions: BTreeMap::new() };
        // Where one signs in first, everything waits for it.
        if let Some(call) = cloud.sign_in(&profile, &credential, &regions[0]) {
            match ask(&call, &profile) {
                Ok(Reply::Session(session)) => profile.project_id = session.project_id,
                other => panic!("no session: {other:?}"),
            }
            walk.project_id.clone_from(&profile.project_id);
            walk.made.push(Made { call, before: 0, after: None });
        }
        let first = walk.made.len().checked_sub(1);
        let mut queue: VecDeque<(Listing, Option<usize>)> =
            cloud.listings(&regions).into_iter().map(|listing| (listing, first)).collect();
        let mut seen: HashSet<Listing> = queue.iter().map(|(listing, _)| listing.clone()).collect();
        let mut types: HashSet<Arc<str>> = HashSet::new();
        loop {
            let Some((listing, after)) = queue.pop_front() else {
                // Limits are asked for when all instances are there.
                let Some(most) = cloud.descriptor().capabilities.limits_per_call.filter(|_| !types.is_empty()) else {
                    break walk;
                };
                let last = walk.last(|resource| resource == Resource::Instances);
                let all: Vec<Arc<str>> = std::mem::take(&mut types).into_iter().collect();
                queue.extend(all.chunks(most).map(|types| {
                    let of = Listing::all(Resource::Limits, Some(regions[0].clone()));
                    (Listing { scope: Scope::Types(types.to_vec()), ..of }, last)
                }));
                continue;
            };
            let call = Call::List(listing.clone());
            let before = after.map_or(0, |after| walk.made[after].before + 1);
            walk.made.push(Made { call: call.clone(), before, after });
            let mine = Some(walk.made.len() - 1);
            let quota = cloud.quota(&call);
            let calls =
                walk.actions.entry(quota.api).or_insert(Calls { quota, count: 0, before, resource: listing.resource });
            calls.count += 1;
            let page = match ask(&call, &profile) {
                Ok(Reply::Page(page)) => page,
                other => panic!("no page for {listing:?}: {other:?}"),
            };
            types.extend(page.instances.into_iter().filter_map(|instance| instance.kind));
            queue.extend(page.next.into_iter().filter(|next| seen.insert(next.clone())).map(|next| (next, mine)));
        }
    }

    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    pub fn calls(&self) -> u32 {
        self.actions.values().map(|calls| calls.count).sum()
    }

    /// The action that is called most.
    pub fn most(&self) -> (&'static str, u32) {
        self.actions.iter().map(|(api, calls)| (*api, calls.count)).max_by_key(|(_, count)| *count).unwrap()
    }

    /// The call of these resources that most others must come before.
    fn last(&self, of: impl Fn(Resource) -> bool) -> Option<usize> {
        let mine = |made: &Made| matches!(&made.call, Call::List(listing) if of(listing.resource));
        let all = self.made.iter().enumerate().filter(|(_, made)| mine(made));
        all.max_by_key(|(_, made)| made.before).map(|(place, _)| place)
    }

    /// The calls that must follow each other until all of these resources are there.
    pub fn chain(&self, of: impl Fn(Resource) -> bool) -> Vec<&Call> {
        let chain = std::iter::successors(self.last(of), |&place| self.made[place].after);
        let mut calls: Vec<&Call> = chain.map(|place| &self.made[place].call).collect();
        calls.reverse();
        calls
    }

    /// The least time until all of these resources are there. `took` are the seconds that [`Self::chain`] took a plain client. A quota of
    /// so many in a stretch of time lets that many go at once, and as many more after each such stretch; no more than `in_flight` are
    /// asked at once.
    pub fn least(&self, took: &[f64], in_flight: usize, of: impl Fn(Resource) -> bool) -> Least {
        let chain: f64 = took.iter().sum();
        let latency = chain / took.len() as f64;
        let mine = || self.actions.values().filter(|calls| of(calls.resource));
        let paced = mine().map(|calls| {
            let more = (calls.count - 1) / calls.quota.calls;
            f64::from(calls.before + 1) * latency + f64::from(more * calls.quota.seconds)
        });
        let rounds = (mine().map(|calls| calls.count).sum::<u32>() as usize).div_ceil(in_flight);
        let paced = paced.fold(chain.max(rounds as f64 * latency), f64::max);
        Least { calls: took.len(), chain, paced, latency }
    }
}

/// Asks one call after the other and reads nothing out of the answers: the seconds that each took.
pub async fn ask_plainly(
    cloud: &dyn Provider,
    calls: &[&Call],
    endpoint: &str,
    key: &SimKey,
    project: Option<&str>,
) -> Vec<f64> {
    let http = http_client(true, Timeouts::default()).unwrap();
    let credential = Credential::keys(&key.id, &key.secret, key.token.as_deref());
    let profile = Profile {
        id: "plain".into(),
        cloud: cloud.descriptor().cloud(),
        regions: Vec::new(),
        endpoint: Some(Endpoint::parse(endpoint).unwrap()),
        alias: None,
        env: None,
        readonly: true,
        project_id: project.map(str::to_owned),
        api: None,
        net: nicdeck::providers::net::Net::default(),
    };
    let mut took = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let mut request = cloud.encode(call, &profile);
        let now = Timestamp(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
        cloud.sign(&mut request, &credential, &Stamp { now, nonce: format!("{:016x}{number:016x}", now.0) });
        let began = Instant::now();
        let answer = http::send(&http, &request, None).await.unwrap();
        took.push(began.elapsed().as_secs_f64());
        assert!((200..300).contains(&answer.status), "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    took
}
