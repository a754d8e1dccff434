//! Reads one NIC with everything around it: before a plan is confirmed, right before a write, and after it.

use std::collections::{HashMap, HashSet};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        fault::{Fault, FaultKind},
        inventory::{ProfileInventory, Section},
        nic::Nic,
        page::{InventoryPage, Listing, Resource},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{client::Client, provider::Call},
};

/// Calls one inspection may make.
const MOST_CALLS: usize = 200;

/// Reads the NIC. `Ok(None)`: the cloud does not know it any more. What could not be read around it is marked as
/// not known in the snapshot, never taken as absent.
///
/// # Errors
/// The NIC itself could not be read.
pub async fn nic(
    client: &Client,
    nic: &Nic,
    cancel: &CancellationToken,
    now: impl Fn() -> Timestamp,
) -> Result<Option<NicSnapshot>, Fault> {
    let mut scratch = ProfileInventory::new(client.profile().id.clone(), client.profile().cloud.clone());
    let roots = client.cloud().inspection(nic);
    let mut sections: HashMap<Section, u64> = HashMap::new();
    let mut failed: HashMap<Section, Fault> = HashMap::new();
    let mut seen: HashSet<Listing> = HashSet::new();
    let mut flying: JoinSet<(Section, Result<InventoryPage, Fault>)> = JoinSet::new();
    let fly = |flying: &mut JoinSet<_>, section: Section, listing: Listing| {
        let (client, cancel) = (client.clone(), cancel.clone());
        flying.spawn(async move {
            let answer = client.read(&listing, &cancel).await;
            (section, answer)
        });
    };
    for listing in roots {
        let section = (listing.resource, listing.region.clone());
        if !sections.contains_key(&section) {
            sections.insert(section.clone(), scratch.begin(section.clone()));
        }
        if seen.insert(listing.clone()) {
            fly(&mut flying, section, listing);
        }
    }
    while let Some(landed) = flying.join_next().await {
        let Ok((section, answer)) = landed else {
            return Err(Fault::local(FaultKind::Local, "", "the read died of a bug; see the log"));
        };
        match answer {
            Ok(mut page) => {
                for listing in std::mem::take(&mut page.next) {
                    let own = (listing.resource, listing.region.clone());
                    if !sections.contains_key(&own) {
                        sections.insert(own.clone(), scratch.begin(own.clone()));
                    }
                    if seen.len() >= MOST_CALLS {
                        let fault = Fault::local(
                            FaultKind::Garbage,
                            client.cloud().action(&Call::List(listing.clone())),
                            "the list has no end",
                        );
                        failed.insert(own, fault);
                    } else if seen.insert(listing.clone()) {
                        fly(&mut flying, own, listing);
                    }
                }
                scratch.merge(page, now());
            }
            Err(fault) => {
                failed.entry(section).or_insert(fault);
            }
        }
    }
    let whole = failed.is_empty();
    let asked: HashSet<Resource> = sections.keys().map(|(resource, _)| *resource).collect();
    for (section, sweep) in sections {
        match failed.remove(&section) {
            Some(fault) if section.0 == Resource::Nics => return Err(fault),
            Some(fault) => scratch.fail(&section, fault, now()),
            None => {
                // Everything in the scratch inventory was read just now: nothing is swept.
                scratch.complete(&section, sweep.min(1), now());
            }
        }
    }
    if whole {
        // The codec asks for all that can concern the NIC: what it did not ask for, when all it asked for came, is not there.
        for resource in [Resource::Instances, Resource::Eips, Resource::Backends] {
            if !asked.contains(&resource) {
                let section = (resource, Some(nic.region.clone()));
                scratch.begin(section.clone());
                scratch.complete(&section, 1, now());
            }
        }
    }
    Ok(scratch.snapshot(&nic.id))
}

/// Reads only the NIC's own record: for waiting until a change shows.
///
/// # Errors
/// The read failed.
pub async fn record(client: &Client, nic: &Nic, cancel: &CancellationToken) -> Result<Option<Nic>, Fault> {
    let roots = client.cloud().inspection(nic);
    let listing = roots.into_iter().find(|listing| listing.resource == Resource::Nics);
    let Some(listing) = listing else {
        return Err(Fault::local(FaultKind::Local, "", "this cloud has no read for one NIC"));
    };
    let page = client.read(&listing, cancel).await?;
    Ok(page.nics.into_iter().find(|read| read.id == nic.id))
}
