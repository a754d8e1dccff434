//! The least time a load can take: the codec walks through the world without a network, and what must follow what is counted.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Arc,
};

use nicdeck::{
    domain::{
        page::{Listing, Resource, Scope},
        time::Timestamp,
    },
    providers::{
        profile::{Credential, Profile},
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

/// The calls of a whole load.
pub struct Walk {
    /// For each resource the calls that must follow each other, the last one included.
    chains: BTreeMap<Resource, u32>,
    actions: BTreeMap<&'static str, Calls>,
}

/// The least time in seconds: by latencies alone, and with what the quotas and the cap of calls in flight allow.
#[derive(Clone, Copy)]
pub struct Least {
    pub latencies: f64,
    pub paced: f64,
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
        // Where one signs in first, everything waits for it.
        let sign_in = cloud.sign_in(&profile, &credential, &regions[0]);
        let first = u32::from(sign_in.is_some());
        if let Some(call) = sign_in {
            match ask(&call, &profile) {
                Ok(Reply::Session(session)) => profile.project_id = session.project_id,
                other => panic!("no session: {other:?}"),
            }
        }
        let mut walk = Self { chains: BTreeMap::new(), actions: BTreeMap::new() };
        let mut queue: VecDeque<(Listing, u32)> =
            cloud.listings(&regions).into_iter().map(|listing| (listing, first)).collect();
        let mut seen: HashSet<Listing> = queue.iter().map(|(listing, _)| listing.clone()).collect();
        let mut types: HashSet<Arc<str>> = HashSet::new();
        loop {
            let Some((listing, before)) = queue.pop_front() else {
                // Limits are asked for when all instances are there.
                let Some(most) = cloud.descriptor().capabilities.limits_per_call.filter(|_| !types.is_empty()) else {
                    break walk;
                };
                let before = walk.chains[&Resource::Instances];
                let all: Vec<Arc<str>> = std::mem::take(&mut types).into_iter().collect();
                queue.extend(all.chunks(most).map(|types| {
                    let of = Listing::all(Resource::Limits, Some(regions[0].clone()));
                    (Listing { scope: Scope::Types(types.to_vec()), ..of }, before)
                }));
                continue;
            };
            let call = Call::List(listing.clone());
            let chain = walk.chains.entry(listing.resource).or_default();
            *chain = (*chain).max(before + 1);
            let quota = cloud.quota(&call);
            let calls =
                walk.actions.entry(quota.api).or_insert(Calls { quota, count: 0, before, resource: listing.resource });
            calls.count += 1;
            let page = match ask(&call, &profile) {
                Ok(Reply::Page(page)) => page,
                other => panic!("no page for {listing:?}: {other:?}"),
            };
            types.extend(page.instances.into_iter().filter_map(|instance| instance.kind));
            queue.extend(page.next.into_iter().filter(|next| seen.insert(next.clone())).map(|next| (next, before + 1)));
        }
    }

    pub fn calls(&self) -> u32 {
        self.actions.values().map(|calls| calls.count).sum()
    }

    /// The action that is called most.
    pub fn most(&self) -> (&'static str, u32) {
        self.actions.iter().map(|(api, calls)| (*api, calls.count)).max_by_key(|(_, count)| *count).unwrap()
    }

    /// The least time until all of these resources are there, if an answer takes so many seconds. A quota of so many in a stretch of
    /// time lets that many go at once, and as many more after each such stretch; no more than `in_flight` are asked at once.
    pub fn least(&self, latency: f64, in_flight: usize, of: impl Fn(Resource) -> bool) -> Least {
        let chains = self.chains.iter().filter(|(resource, _)| of(**resource)).map(|(_, calls)| f64::from(*calls));
        let latencies = chains.fold(0.0, f64::max) * latency;
        let mine = || self.actions.values().filter(|calls| of(calls.resource));
        let paced = mine().map(|calls| {
            let more = (calls.count - 1) / calls.quota.calls;
            f64::from(calls.before + 1) * latency + f64::from(more * calls.quota.seconds)
        });
        let rounds = (mine().map(|calls| calls.count).sum::<u32>() as usize).div_ceil(in_flight);
        Least { latencies, paced: paced.fold(latencies.max(rounds as f64 * latency), f64::max) }
    }
}
