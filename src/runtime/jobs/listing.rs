//! Lists everything of a profile: a work list of pages, some in flight, each sent on as it comes.
//! Owns paging for every cloud; one section that fails stops no other. What makes rows goes first where there is not room for all.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
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
        client::{Client, OnPause, Pause, local},
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
    /// Sections that begin and end with this one.
    brings: &'static [Resource],
}

#[derive(Default)]
struct Work {
    /// By rank and action, each in the order they were asked for.
    queue: BTreeMap<(u8, &'static str), VecDeque<(Section, Listing)>>,
    /// Calls begun, by action: they may wait for its next token for long.
    flying: HashMap<&'static str, usize>,
    /// Those of them that make no rows.
    rest: usize,
    /// First pages of lists that make rows and are still to come. How many more there are is known then.
    first_rows: HashSet<Listing>,
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
    fn add(&mut self, client: &Client, section: &Section, listing: Listing) {
        if self.seen.insert(listing.clone()) {
            let open = self.open.entry(section.clone()).or_default();
            open.left += 1;
            open.calls += 1;
            let key = (rank(listing.resource), action(client, &listing));
            self.queue.entry(key).or_default().push_back((section.clone(), listing));
        }
    }

    /// The next call of an action that has fewer than `most` under way. Actions do not wait for each other: each has a pace of its
    /// own, and how many calls are really in flight is the client's business. But what hangs on rows leaves room for them until it is
    /// known how many pages they have: the calls of a moment earlier would hold all places for the time of an answer.
    fn next(&mut self, most: usize) -> Option<(Section, Listing)> {
        let flying = &mut self.flying;
        let rest_may = self.first_rows.is_empty() || self.rest < (most / 4).max(1);
        let (&(_, action), calls) = self.queue.iter_mut().find(|((_, action), calls)| {
            let may = calls.front().is_some_and(|(_, first)| rest_may || first.resource.makes_rows());
            may && flying.get(action).is_none_or(|flying| *flying < most)
        })?;
        *flying.entry(action).or_default() += 1;
        let next = calls.pop_front()?;
        self.rest += usize::from(!next.1.resource.makes_rows());
        Some(next)
    }

    fn landed(&mut self, action: &'static str, listing: &Listing) {
        if let Some(flying) = self.flying.get_mut(action) {
            *flying -= 1;
        }
        self.rest -= usize::from(!listing.resource.makes_rows());
        self.first_rows.remove(listing);
    }

    fn is_open(&self, resource: Resource) -> bool {
        self.open.iter().any(|((of, _), open)| *of == resource && !open.failed)
    }
}

fn action(client: &Client, listing: &Listing) -> &'static str {
    client.cloud().action(&Call::List(listing.clone()))
}

/// The sections of a listing: its own, and those that it brings along.
fn sections(section: &Section, brings: &'static [Resource]) -> impl Iterator<Item = Section> {
    let more = brings.iter().map({
        let region = section.1.clone();
        move |resource| (*resource, region.clone())
    });
    std::iter::once(section.clone()).chain(more)
}

/// What is asked for first: what makes rows, then what hangs on them.
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

/// Tells that a call waits because the cloud throttles. A full channel drops it: telling a pause must not lengthen it.
fn waiting(job: JobId, out: mpsc::Sender<Msg>) -> OnPause {
    Arc::new(move |pause| {
        if let Some(Pause { wait, .. }) = pause.filter(|pause| pause.fault.kind == FaultKind::Throttled) {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            drop(out.try_send(Msg::Inventory(job, InventoryEvent::Throttled { wait_ms })));
        }
    })
}

/// Runs until all sections have ended, or until it is cancelled.
pub async fn run(client: Client, job: JobId, out: mpsc::Sender<Msg>, cancel: CancellationToken) {
    let client = client.watched(waiting(job, out.clone()));
    let say = |event: InventoryEvent| {
        let out = out.clone();
        async move {
            // A closed channel means that the program is leaving.
            let _ = out.send(Msg::Inventory(job, event)).await;
        }
    };
    let mut work = Work::default();
    let regions = match client.profile().regions.as_slice() {
        [] => match all_regions(&client, &mut work, &cancel, &say).await {
            Some(regions) => regions,
            None if cancel.is_cancelled() => return,
            None => return say(InventoryEvent::Ended).await,
        },
        asked => asked.to_vec(),
    };
    let told = !work.regions.is_empty();
    let listings = client.cloud().listings(&regions).into_iter();
    for listing in listings.filter(|listing| !told || listing.resource != Resource::Regions) {
        let section = (listing.resource, listing.region.clone());
        if !work.open.contains_key(&section) {
            let brings = client.cloud().brings(&listing);
            for section in sections(&section, brings) {
                say(InventoryEvent::Began(section)).await;
            }
            work.open.insert(section.clone(), Open { brings, ..Open::default() });
        }
        if listing.resource.makes_rows() {
            work.first_rows.insert(listing.clone());
        }
        work.add(&client, &section, listing);
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
        while let Some((section, listing)) = work.next(capabilities.in_flight.max(1)) {
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
        work.landed(action(&client, &listing), &listing);
        let Some(open) = work.open.get_mut(&section) else { continue };
        open.left -= 1;
        match answer {
            Ok(mut page) if !open.failed => {
                let next = std::mem::take(&mut page.next);
                work.regions.extend(page.regions.iter().map(|region| region.id.clone()));
                work.found.extend(page.nics.iter().map(|nic| nic.region.clone()));
                work.types.extend(page.instances.iter().filter_map(|instance| instance.kind.clone()));
                if open.calls + next.len() > MOST_CALLS {
                    let fault = Fault::local(FaultKind::Garbage, action(&client, &listing), local::ENDLESS);
                    fail(&mut work, &section, fault, &say).await;
                } else {
                    for listing in next {
                        work.add(&client, &section, listing);
                    }
                    say(InventoryEvent::Page(section.clone(), Box::new(page))).await;
                }
            }
            Err(fault) if !open.failed => fail(&mut work, &section, fault, &say).await,
            // The section is said to have failed; what comes after that is not shown.
            Ok(_) | Err(_) => {}
        }
        if work.open.get(&section).is_some_and(|open| open.left == 0)
            && let Some(open) = work.open.remove(&section).filter(|open| !open.failed)
        {
            for section in sections(&section, open.brings) {
                say(InventoryEvent::Completed(section)).await;
            }
        }
    }
    for region in unlisted(&client, &work) {
        // An empty answer about a region that is not there is no empty region.
        let section = (Resource::Regions, Some(region));
        let listing = Listing::all(Resource::Regions, None);
        let fault = Fault::local(FaultKind::NotFound, action(&client, &listing), local::NO_REGION);
        say(InventoryEvent::Began(section.clone())).await;
        say(InventoryEvent::Failed(section, Box::new(fault))).await;
    }
    say(InventoryEvent::Ended).await;
}

/// All regions that the cloud has for this account and that can be used; those that can not are named. `None`: it does not tell
/// them, and why is said.
async fn all_regions<F: Future<Output = ()>>(
    client: &Client,
    work: &mut Work,
    cancel: &CancellationToken,
    say: &impl Fn(InventoryEvent) -> F,
) -> Option<Vec<RegionId>> {
    let section: Section = (Resource::Regions, None);
    say(InventoryEvent::Began(section.clone())).await;
    let first = Listing::all(Resource::Regions, None);
    let call = action(client, &first);
    let (mut pages, mut regions, mut off) = (vec![first], Vec::new(), Vec::new());
    while let Some(listing) = pages.pop() {
        let mut page = match client.read(&listing, cancel).await {
            Ok(page) => page,
            Err(fault) => {
                say(InventoryEvent::Failed(section, Box::new(fault))).await;
                return None;
            }
        };
        pages.append(&mut page.next);
        for region in &page.regions {
            (if region.off.is_none() { &mut regions } else { &mut off }).push(region.id.clone());
        }
        say(InventoryEvent::Page(section.clone(), Box::new(page))).await;
    }
    if regions.is_empty() {
        let fault = Fault::local(FaultKind::NotFound, call, local::NO_REGION);
        say(InventoryEvent::Failed(section, Box::new(fault))).await;
        return None;
    }
    say(InventoryEvent::Completed(section)).await;
    for region in off {
        let section = (Resource::Regions, Some(region));
        say(InventoryEvent::Began(section.clone())).await;
        let fault = Fault::local(FaultKind::NotFound, call, local::REGION_OFF);
        say(InventoryEvent::Failed(section, Box::new(fault))).await;
    }
    regions.sort_unstable();
    work.regions.extend(regions.iter().cloned());
    Some(regions)
}

/// Regions asked for that the cloud does not list and that hold nothing. Where it lists none, none is missing.
fn unlisted(client: &Client, work: &Work) -> Vec<RegionId> {
    if work.regions.is_empty() {
        return Vec::new();
    }
    let is_there =
        |region: &RegionId| work.found.contains(region) || work.regions.contains(&client.cloud().region_name(region));
    client.profile().regions.iter().filter(|region| !is_there(region)).cloned().collect()
}

async fn ask_limits<F: Future<Output = ()>>(client: &Client, work: &mut Work, say: &impl Fn(InventoryEvent) -> F) {
    let types: Vec<Arc<str>> = std::mem::take(&mut work.types).into_iter().collect();
    if types.is_empty() {
        return;
    }
    let section: Section = (Resource::Limits, None);
    say(InventoryEvent::Began(section.clone())).await;
    let asked = client.profile().regions.first();
    let region = asked.or(work.regions.first()).cloned();
    for chunk in types.chunks(client.capabilities().limits_per_call.unwrap_or(1).max(1)) {
        let scope = Scope::Types(chunk.to_vec());
        work.add(client, &section, Listing { scope, ..Listing::all(Resource::Limits, region.clone()) });
    }
}

/// A section that failed is said once; its other calls are not made.
async fn fail<F: Future<Output = ()>>(
    work: &mut Work,
    section: &Section,
    fault: Fault,
    say: &impl Fn(InventoryEvent) -> F,
) {
    let mut dropped = 0;
    for calls in work.queue.values_mut() {
        let before = calls.len();
        calls.retain(|(of, listing)| {
            let stays = of != section;
            if !stays {
                work.first_rows.remove(listing);
            }
            stays
        });
        dropped += before - calls.len();
    }
    let mut brings: &[Resource] = &[];
    if let Some(open) = work.open.get_mut(section) {
        open.failed = true;
        open.left -= dropped;
        brings = open.brings;
    }
    for section in sections(section, brings) {
        say(InventoryEvent::Failed(section, Box::new(fault.clone()))).await;
    }
}
