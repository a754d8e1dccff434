//! Lists everything of a profile: a work list of pages, some in flight, each sent on as it comes.
//! Owns paging for every cloud; one section that fails stops no other.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{InventoryEvent, Msg},
    domain::{
        fault::{Fault, FaultKind},
        ids::JobId,
        inventory::Section,
        page::{InventoryPage, Listing, Resource, Scope},
    },
    providers::{client::Client, provider::Call},
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

struct Work {
    queue: VecDeque<(Section, Listing)>,
    seen: HashSet<Listing>,
    open: BTreeMap<Section, Open>,
    /// Instance types met, whose limits are asked for at the end.
    types: BTreeSet<Arc<str>>,
}

impl Work {
    fn add(&mut self, section: &Section, listing: Listing) {
        if self.seen.insert(listing.clone()) {
            let open = self.open.entry(section.clone()).or_default();
            open.left += 1;
            open.calls += 1;
            self.queue.push_back((section.clone(), listing));
        }
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
    let mut work = Work { queue: VecDeque::new(), seen: HashSet::new(), open: BTreeMap::new(), types: BTreeSet::new() };
    for listing in client.cloud().listings(&client.profile().regions) {
        let section = (listing.resource, listing.region.clone());
        if !work.open.contains_key(&section) {
            say(InventoryEvent::Began(section.clone())).await;
        }
        work.add(&section, listing);
    }
    let capabilities = &client.cloud().descriptor().capabilities;
    let limits_section: Section = (Resource::Limits, None);
    let mut limits_asked = capabilities.limits_per_call.is_none();
    let mut flying: JoinSet<(Section, Listing, Result<InventoryPage, Fault>)> = JoinSet::new();
    loop {
        while flying.len() < capabilities.in_flight.max(1)
            && let Some((section, listing)) = work.queue.pop_front()
        {
            let (client, cancel) = (client.clone(), cancel.clone());
            flying.spawn(async move {
                let answer = client.read(&listing, &cancel).await;
                (section, listing, answer)
            });
        }
        let landed = tokio::select! {
            landed = flying.join_next() => landed,
            () = cancel.cancelled() => return,
        };
        let Some(landed) = landed else {
            // All instances are known now: their types' limits are one more section.
            if limits_asked {
                break;
            }
            limits_asked = true;
            let types: Vec<Arc<str>> = std::mem::take(&mut work.types).into_iter().collect();
            if types.is_empty() {
                break;
            }
            say(InventoryEvent::Began(limits_section.clone())).await;
            let region = client.profile().regions.first().cloned();
            for chunk in types.chunks(capabilities.limits_per_call.unwrap_or(1).max(1)) {
                let listing =
                    Listing { scope: Scope::Types(chunk.to_vec()), ..Listing::all(Resource::Limits, region.clone()) };
                work.add(&limits_section, listing);
            }
            continue;
        };
        let Ok((section, listing, answer)) = landed else {
            // The task died of a bug; the panic is in the log, and its section can not be whole any more.
            fail_all(&mut work, &say).await;
            continue;
        };
        let Some(open) = work.open.get_mut(&section) else { continue };
        open.left -= 1;
        match answer {
            Ok(mut page) => {
                let next = std::mem::take(&mut page.next);
                work.types.extend(page.instances.iter().filter_map(|instance| instance.kind.clone()));
                if open.failed {
                    continue;
                }
                if open.calls + next.len() > MOST_CALLS {
                    let fault = Fault::local(FaultKind::Garbage, action(&client, &listing), "the list has no end");
                    fail(&mut work, &section, fault, &say).await;
                    continue;
                }
                for listing in next {
                    work.add(&section, listing);
                }
                say(InventoryEvent::Page(section.clone(), Box::new(page))).await;
            }
            Err(fault) if !open.failed => fail(&mut work, &section, fault, &say).await,
            Err(_) => {}
        }
        if work.open.get(&section).is_some_and(|open| open.left == 0)
            && work.open.remove(&section).is_some_and(|open| !open.failed)
        {
            say(InventoryEvent::Completed(section)).await;
        }
    }
    say(InventoryEvent::Ended).await;
}

fn action(client: &Client, listing: &Listing) -> &'static str {
    client.cloud().action(&Call::List(listing.clone()))
}

/// A section that failed is said once; its other calls are not made.
async fn fail<F: Future<Output = ()>>(
    work: &mut Work,
    section: &Section,
    fault: Fault,
    say: &impl Fn(InventoryEvent) -> F,
) {
    let before = work.queue.len();
    work.queue.retain(|(of, _)| of != section);
    let dropped = before - work.queue.len();
    if let Some(open) = work.open.get_mut(section) {
        open.failed = true;
        open.left -= dropped;
    }
    say(InventoryEvent::Failed(section.clone(), Box::new(fault))).await;
}

async fn fail_all<F: Future<Output = ()>>(work: &mut Work, say: &impl Fn(InventoryEvent) -> F) {
    work.queue.clear();
    for (section, open) in std::mem::take(&mut work.open) {
        if !open.failed {
            let fault = Fault::local(FaultKind::Local, "", "the job died of a bug; see the log");
            say(InventoryEvent::Failed(section, Box::new(fault))).await;
        }
    }
}
