//! Looks whether profiles would work: keys, clock, reach, permissions. Reads only, and of each kind of listing one page: of NICs, of
//! which there may be thousands, the shortest.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Launch, RunError};
use crate::{
    domain::{
        fault::{Fault, FaultKind},
        ids::{ProfileId, RegionId},
        key_fault::KeyFault,
        page::{InventoryPage, Listing, Resource, Scope},
    },
    providers::{client::Client, provider::Call, retry::RetryPolicy},
};

/// A person waits: what fails twice in a row is told as it is.
const RETRY: RetryPolicy = RetryPolicy {
    busy: Duration::ZERO,
    tries: 2,
    throttled: 2,
    deadline: Duration::from_secs(20),
    first: Duration::from_millis(500),
    longest: Duration::from_secs(5),
};

/// How one profile does.
#[derive(Clone, PartialEq, Debug)]
pub struct Health {
    /// Why nothing could be asked.
    pub keys: Result<(), KeyFault>,
    /// Seconds by which the cloud's clock is ahead of ours, where an answer told.
    pub skew_s: Option<i64>,
    pub account: Who,
    /// By region and action.
    pub calls: Vec<CallHealth>,
}

/// Whose account it is.
#[derive(Clone, PartialEq, Debug)]
pub enum Who {
    /// The vendor's id of it.
    Known(String),
    /// The cloud has a call that tells, and it failed. Nothing else needs it.
    Failed(Box<Fault>),
    /// The cloud has no such call.
    NoCall,
    /// No call went through, so this one was not made.
    NotAsked,
}

/// How one kind of listing does in one region.
#[derive(Clone, PartialEq, Debug)]
pub struct CallHealth {
    /// The vendor's name of the call.
    pub action: &'static str,
    /// What has to be granted for it.
    pub permission: String,
    pub region: Option<RegionId>,
    pub took_ms: u64,
    pub answer: Result<(), Fault>,
}

impl CallHealth {
    /// The permission, where that has another name than the call.
    pub fn granted(&self) -> &str {
        if self.permission == self.action { "" } else { &self.permission }
    }
}

/// Examines all profiles that have keys, side by side.
///
/// # Errors
/// No usable HTTPS client.
pub async fn run(launch: &Launch) -> Result<BTreeMap<ProfileId, Health>, RunError> {
    // Nobody looks at the round trips.
    let (trips, _unread) = mpsc::channel(1);
    let mut examined = JoinSet::new();
    for (id, client) in launch.clients(&trips, RETRY)? {
        examined.spawn(async move { (id, examine(client).await) });
    }
    Ok(examined.join_all().await.into_iter().collect())
}

/// Asks each action that listing would lead to, once in each region.
async fn examine(client: Client) -> Health {
    let cloud = client.cloud();
    // Two products may have actions of one name.
    let mut asked: BTreeSet<(&'static str, String, Option<RegionId>)> = BTreeSet::new();
    let mut wave = cloud.listings(&client.profile().regions);
    let mut calls: Vec<CallHealth> = Vec::new();
    let mut keys = Ok(());
    while !wave.is_empty() {
        let mut flying = JoinSet::new();
        for mut listing in std::mem::take(&mut wave) {
            if (listing.resource, &listing.scope) == (Resource::Nics, &Scope::All) {
                listing.scope = Scope::Few;
            }
            let call = Call::List(listing.clone());
            let (action, permission) = (cloud.action(&call), cloud.permission(&call));
            if asked.insert((action, permission.clone(), listing.region.clone())) {
                flying.spawn(ask(client.clone(), listing, action, permission));
            }
        }
        for (health, next, found) in flying.join_all().await {
            // A profile of all regions: now they are known.
            if client.profile().regions.is_empty() && !found.is_empty() {
                wave.extend(cloud.listings(&found));
            }
            if let Err(fault) = &health.answer
                && let Some(why) = &fault.keys
            {
                keys = Err((**why).clone());
            }
            calls.push(health);
            wave.extend(next);
        }
    }
    calls.sort_by(|a, b| (&a.region, a.action, &a.permission).cmp(&(&b.region, b.action, &b.permission)));
    let account = who(&client, &calls).await;
    if keys.is_err() {
        calls.clear();
    }
    Health { keys, skew_s: client.skew_s(), account, calls }
}

/// Asks whose account it is, where nothing has told it yet. A key that may do nothing else is somebody's as well; one that is refused as
/// such is not tried once more.
async fn who(client: &Client, calls: &[CallHealth]) -> Who {
    if let Some(id) = client.account_id() {
        return Who::Known(id.to_owned());
    }
    let is_through = |call: &CallHealth| match &call.answer {
        Ok(()) => true,
        Err(fault) => fault.kind == FaultKind::Permission,
    };
    let Some(call) = calls.iter().find(|call| is_through(call)) else { return Who::NotAsked };
    let example = || client.cloud().descriptor().example_region.into();
    let region = client.profile().regions.first().or(call.region.as_ref()).cloned().unwrap_or_else(example);
    match client.identity(&region).await {
        None => Who::NoCall,
        Some(Ok(id)) => Who::Known(id),
        Some(Err(fault)) => Who::Failed(Box::new(fault)),
    }
}

/// How the call does, what follows from it, and which regions it told of.
async fn ask(
    client: Client,
    listing: Listing,
    action: &'static str,
    permission: String,
) -> (CallHealth, Vec<Listing>, Vec<RegionId>) {
    let begin = Instant::now();
    let answer = client.read(&listing, &CancellationToken::new()).await;
    let took_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (answer, next, regions) = match answer {
        Ok(InventoryPage { next, regions, .. }) => {
            let usable = regions.into_iter().filter(|region| region.off.is_none());
            (Ok(()), next, usable.map(|region| region.id).collect())
        }
        Err(fault) => (Err(fault), Vec::new(), Vec::new()),
    };
    (CallHealth { action, permission, region: listing.region, took_ms, answer }, next, regions)
}
