//! Lists everything of a profile: a work list of pages, some in flight, each sent on as it comes.
//! Owns paging for every cloud; one section that fails stops no other. Rows come first, what hangs on them after that.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{InventoryEvent, Msg},
    domain::{
        fault::{Fault, FaultKind},
        ids::{JobId, RegionId},
        inventory::Section,
        page::{InventoryPage, Listing, Resource, Scope},
    },
    providers::{
        client::{Client, local},
        provider::Call,
    },
};

/// Follow-up calls one section may make: a server that hands out pages for ever is stopped.
const MOST_CALLS: usize = 20_000;

/// One section under way.
#[derive(Default)]
struct Open {
    /// Calls queued or in flight.
    left: usize,
    calls: usize,
    failed: bool,
}

#[derive(Default)]
struct Work {
    /// By rank and then in the order they were asked for.
    queue: BTreeMap<(u8, u64), (Section, Listing)>,
    queued: u64,
    seen: HashSet<Listing>,
    open: BTreeMap<Section, Open>,
    /// Regions that the cloud listed; empty where it does not tell.
    regions: BTreeSet<RegionId>,
    /// Regions that something was found in.
    found: BTreeSet<RegionId>,
    /// Instance types met, whose limits are asked for when all instances are there.
    types: BTreeSet<Arc<str>>,
}

impl Work {
    /// A call that was made or queued already is not made again.
    fn add(&mut self, section: &Section, listing: Listing) {
        if self.seen.insert(listing.clone()) {
            let open = self.open.entry(section.clone()).or_default();
            open.left += 1;
            open.calls += 1;
            self.queued += 1;
            self.queue.insert((rank(listing.resource), self.queued), (section.clone(), listing));
        }
    }

    /// The next call. Backends wait until all that makes rows is there: they are most of the calls, and would take the pace
    /// from pages that each wait for the one before.
    fn next(&mut self) -> Option<(Section, Listing)> {
        let ((first, _), _) = self.queue.first_key_value()?;
        let rows = [Resource::Nics, Resource::Instances, Resource::Eips];
        if *first >= rank(Resource::Backends) && rows.into_iter().any(|resource| self.is_open(resource)) {
            return None;
        }
        self.queue.pop_first().map(|(_, next)| next)
    }

    fn is_open(&self, resource: Resource) -> bool {
        self.open.iter().any(|((of, _), open)| *of == resource && !open.failed)
    }
}

/// What is asked for first: what makes rows, then what hangs on them. Backends take the most calls by far.
fn rank(resource: Resource) -> u8 {
    match resource {
        Resource::Nics => 0,
        Resource::Instances | Resource::Floats => 1,
        Resource::Eips => 2,
        Resource::Regions => 3,
        Resource::Limits => 4,
        Resource::Backends => 5,
    }
}

/// Runs until all sections have ended, or until it is cancelled.
pub async fn run(client: Client, job: JobId, out: mpsc::Sender<Msg>, cancel: CancellationToken) {
    let say = |event: InventoryEvent| {
        let out = out.clone();
        async move {
            // A closed channel means that the program is leaving.
            let _ = out.send(Msg::Inventory(job, event)).await;
        }
    };
    let mut work = Work::default();
    for listing in client.cloud().listings(&client.profile().regions) {
        let section = (listing.resource, listing.region.clone());
        if !work.open.contains_key(&section) {
            say(InventoryEvent::Began(section.clone())).await;
        }
        work.add(&section, listing);
    }
    let capabilities = client.capabilities();
    let mut limits_asked = capabilities.limits_per_call.is_none();
    let mut flying: JoinSet<Result<InventoryPage, Fault>> = JoinSet::new();
    let mut tasks: HashMap<Id, (Section, Listing)> = HashMap::new();
    loop {
        if !limits_asked && !work.is_open(Resource::Instances) {
            // All instances are known now: their types' limits are one more section.
            limits_asked = true;
            ask_limits(&client, &mut work, &say).await;
        }
        while flying.len() < capabilities.in_flight.max(1)
            && let Some((section, listing)) = work.next()
        {
            let (client, cancel, read) = (client.clone(), cancel.clone(), listing.clone());
            let task = flying.spawn(async move { client.read(&read, &cancel).await });
            tasks.insert(task.id(), (section, listing));
        }
        let landed = tokio::select! {
            landed = flying.join_next_with_id() => landed,
            () = cancel.cancelled() => return,
        };
        let (id, answer) = match landed {
            None => break,
            Some(Ok((id, answer))) => (id, answer),
            // A bug; the panic is in the log. Its section can not be whole any more, the others can.
            Some(Err(died)) => (died.id(), Err(Fault::local(FaultKind::Local, "", local::DIED))),
        };
        let Some((section, listing)) = tasks.remove(&id) else { continue };
        let Some(open) = work.open.get_mut(&section) else { continue };
        open.left -= 1;
        match answer {
            Ok(mut page) if !open.failed => {
                let next = std::mem::take(&mut page.next);
                work.regions.extend(page.regions.iter().map(|region| region.id.clone()));
                work.found.extend(page.nics.iter().map(|nic| nic.region.clone()));
                work.types.extend(page.instances.iter().filter_map(|instance| instance.kind.clone()));
                if open.calls + next.len() > MOST_CALLS {
                    let action = client.cloud().action(&Call::List(listing));
                    let fault = Fault::local(FaultKind::Garbage, action, local::ENDLESS);
                    fail(&mut work, &section, fault, &say).await;
                } else {
                    for listing in next {
                        work.add(&section, listing);
                    }
                    say(InventoryEvent::Page(section.clone(), Box::new(page))).await;
                }
            }
            Err(fault) if !open.failed => fail(&mut work, &section, fault, &say).await,
            // The section is said to have failed; what comes after that is not shown.
            Ok(_) | Err(_) => {}
        }
        if work.open.get(&section).is_some_and(|open| open.left == 0)
            && work.open.remove(&section).is_some_and(|open| !open.failed)
        {
            say(InventoryEvent::Completed(section)).await;
        }
    }
    for region in unlisted(&client.profile().regions, &work) {
        // An empty answer about a region that is not there is no empty region.
        let section = (Resource::Regions, Some(region));
        let listing = Listing::all(Resource::Regions, None);
        let fault = Fault::local(FaultKind::NotFound, client.cloud().action(&Call::List(listing)), local::NO_REGION);
        say(InventoryEvent::Began(section.clone())).await;
        say(InventoryEvent::Failed(section, Box::new(fault))).await;
    }
    say(InventoryEvent::Ended).await;
}

/// Regions asked for that the cloud does not list and that hold nothing. Where it lists none, none is missing.
fn unlisted(asked: &[RegionId], work: &Work) -> Vec<RegionId> {
    if work.regions.is_empty() {
        return Vec::new();
    }
    asked.iter().filter(|&region| !work.regions.contains(region) && !work.found.contains(region)).cloned().collect()
}

async fn ask_limits<F: Future<Output = ()>>(client: &Client, work: &mut Work, say: &impl Fn(InventoryEvent) -> F) {
    let types: Vec<Arc<str>> = std::mem::take(&mut work.types).into_iter().collect();
    if types.is_empty() {
        return;
    }
    let section: Section = (Resource::Limits, None);
    say(InventoryEvent::Began(section.clone())).await;
    let region = client.profile().regions.first().cloned();
    for chunk in types.chunks(client.capabilities().limits_per_call.unwrap_or(1).max(1)) {
        let scope = Scope::Types(chunk.to_vec());
        work.add(&section, Listing { scope, ..Listing::all(Resource::Limits, region.clone()) });
    }
}

/// A section that failed is said once; its other calls are not made.
async fn fail<F: Future<Output = ()>>(
    work: &mut Work,
    section: &Section,
    fault: Fault,
    say: &impl Fn(InventoryEvent) -> F,
) {
    let before = work.queue.len();
    work.queue.retain(|_, (of, _)| of != section);
    let dropped = before - work.queue.len();
    if let Some(open) = work.open.get_mut(section) {
        open.failed = true;
        open.left -= dropped;
    }
    say(InventoryEvent::Failed(section.clone(), Box::new(fault))).await;
}
