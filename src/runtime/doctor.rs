//! Looks whether profiles would work: keys, clock, reach, permissions. Reads only, and of each kind of listing one page.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Launch, RunError};
use crate::{
    domain::{
        fault::Fault,
        ids::{ProfileId, RegionId},
        key_fault::KeyFault,
        page::{InventoryPage, Listing},
    },
    providers::{client::Client, provider::Call, retry::RetryPolicy},
};

/// A person waits: what fails twice in a row is told as it is.
const RETRY: RetryPolicy = RetryPolicy {
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
    /// The vendor's id of the account, where an answer told it.
    pub account: Option<String>,
    /// By region and action.
    pub calls: Vec<CallHealth>,
}

/// How one kind of listing does in one region.
#[derive(Clone, PartialEq, Debug)]
pub struct CallHealth {
    /// The vendor's name of the call, which is most often that of the permission.
    pub action: &'static str,
    pub region: Option<RegionId>,
    pub took_ms: u64,
    pub answer: Result<(), Fault>,
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
    let mut asked: BTreeSet<(&'static str, Option<RegionId>)> = BTreeSet::new();
    let mut wave = cloud.listings(&client.profile().regions);
    let mut calls: Vec<CallHealth> = Vec::new();
    let mut keys = Ok(());
    while !wave.is_empty() {
        let mut flying = JoinSet::new();
        for listing in std::mem::take(&mut wave) {
            let action = cloud.action(&Call::List(listing.clone()));
            if asked.insert((action, listing.region.clone())) {
                flying.spawn(ask(client.clone(), listing, action));
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
    calls.sort_by(|a, b| (&a.region, a.action).cmp(&(&b.region, b.action)));
    if keys.is_err() {
        calls.clear();
    }
    Health { keys, skew_s: client.skew_s(), account: client.account_id().map(str::to_owned), calls }
}

/// How the call does, what follows from it, and which regions it told of.
async fn ask(client: Client, listing: Listing, action: &'static str) -> (CallHealth, Vec<Listing>, Vec<RegionId>) {
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
    (CallHealth { action, region: listing.region, took_ms, answer }, next, regions)
}
