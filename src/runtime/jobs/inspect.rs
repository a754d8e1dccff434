//! Reads NICs with everything around them: before a plan is confirmed, right before a write, and after it.
//! A call whose answer several NICs need is made once.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        address::{AddressRole, Backend, Eip},
        fault::{Fault, FaultKind},
        ids::{EipId, InstanceId, RegionId},
        instance::Instance,
        inventory::{ProfileInventory, Section},
        nic::Nic,
        page::{InventoryPage, Listing, Resource, Told},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        client::{Client, local},
        provider::Call,
    },
};

/// Calls the inspection of one NIC may make.
const MOST_CALLS: usize = 2_000;

/// What was read of a NIC. `Ok(None)`: the cloud does not know it any more. What could not be read around it is marked as
/// not known in the snapshot, never taken as absent. An error: the NIC itself could not be read.
pub type Read = Result<Option<NicSnapshot>, Fault>;

/// Reads one NIC, as it was seen last.
///
/// # Errors
/// See [`Read`]; also where the network went in the middle of it, and less is known than before: nothing is decided on that.
pub async fn nic(client: &Client, seen: &Arc<NicSnapshot>, cancel: &CancellationToken, now: fn() -> Timestamp) -> Read {
    let mut readings = Readings::new(client.clone(), std::slice::from_ref(seen), cancel.clone(), now);
    match readings.next().await {
        Some(Ended { read: Ok(Some(now)), partly: Some(fault), .. })
            if fault.kind == FaultKind::Unreachable && now.knows_less_than(seen) =>
        {
            Err(fault)
        }
        Some(ended) => ended.read,
        // One NIC in, one reading out.
        None => Err(Fault::local(FaultKind::Local, "", local::NO_READ)),
    }
}

/// Reads only the NIC's own record, with its addresses: for waiting until a change shows. A record that comes in pages is looked
/// for on all of them; virtual addresses that are objects of their own are read whole, and must be only where they matter to a write.
///
/// # Errors
/// A read failed, or there is no end of them.
pub async fn record(client: &Client, nic: &Nic, cancel: &CancellationToken) -> Result<Option<Nic>, Fault> {
    let own = |listing: &Listing| matches!(listing.resource, Resource::Nics | Resource::Floats);
    let mut queue: VecDeque<Listing> = client.cloud().inspection(nic, &[]).into_iter().filter(own).collect();
    if queue.is_empty() {
        return Err(Fault::local(FaultKind::Local, "", local::NO_READ));
    }
    let mut seen: HashSet<Listing> = queue.iter().cloned().collect();
    let mut scratch = ProfileInventory::new(client.profile().id.clone(), client.profile().cloud.clone());
    for listing in &queue {
        scratch.begin((listing.resource, listing.region.clone()));
    }
    let floating = client.capabilities().releasable.contains(&AddressRole::Virtual)
        || nic.addresses.iter().any(|address| address.role == AddressRole::Virtual);
    let has_floats = queue.iter().any(|listing| listing.resource == Resource::Floats);
    while let Some(listing) = queue.pop_front() {
        let mut page = match client.read(&listing, cancel).await {
            Ok(page) => page,
            // Nothing that is written or waited for is among them.
            Err(_) if listing.resource == Resource::Floats && !floating => continue,
            Err(fault) => return Err(fault),
        };
        let next = std::mem::take(&mut page.next);
        scratch.merge(page, Timestamp(0));
        if !has_floats && let Some(found) = scratch.nic(&nic.id) {
            return Ok(Some(found.clone()));
        }
        queue.extend(next.into_iter().filter(own).filter(|next| seen.insert(next.clone())));
        if seen.len() > MOST_CALLS {
            return Err(endless(client, &listing));
        }
    }
    // Floats may have come after the NIC.
    scratch.complete(&(Resource::Floats, Some(nic.region.clone())), 0, Timestamp(0));
    Ok(scratch.nic(&nic.id).cloned())
}

/// An instance as it is now, asked for as that of this NIC, which is to be put on it; `None` if the cloud does not tell of it.
///
/// # Errors
/// It was not found, and a read failed.
pub async fn instance(
    client: &Client,
    nic: &Nic,
    id: &InstanceId,
    cancel: &CancellationToken,
) -> Result<Option<Instance>, Fault> {
    let there = Nic { instance: Some(id.clone()), ..nic.clone() };
    let of = |listing: &Listing| listing.resource == Resource::Instances;
    let mut queue: VecDeque<Listing> = client.cloud().inspection(&there, &[]).into_iter().filter(of).collect();
    let mut seen: HashSet<Listing> = queue.iter().cloned().collect();
    let mut failed = None;
    while let Some(listing) = queue.pop_front() {
        let mut page = match client.read(&listing, cancel).await {
            Ok(page) => page,
            // Another of the reads may tell.
            Err(fault) => {
                failed = Some(fault);
                continue;
            }
        };
        if let Some(place) = page.instances.iter().position(|instance| instance.id == *id) {
            return Ok(Some(page.instances.swap_remove(place)));
        }
        queue.extend(page.next.into_iter().filter(of).filter(|next| seen.insert(next.clone())));
        if seen.len() > MOST_CALLS {
            return Err(endless(client, &listing));
        }
    }
    failed.map_or(Ok(None), Err)
}

/// The backends that a NIC will be once it is on this instance, as they are now; `None` where they could not be read whole.
pub async fn backends(
    client: &Client,
    seen: &NicSnapshot,
    id: &InstanceId,
    cancel: &CancellationToken,
) -> Option<Vec<Backend>> {
    let there = Nic { instance: Some(id.clone()), ..seen.nic.clone() };
    let is_backends = |listing: &Listing| listing.resource == Resource::Backends;
    // Some clouds find them by what the instance names.
    let by_instance = !client.cloud().inspection(&there, &[]).iter().any(is_backends);
    let of = |listing: &Listing| is_backends(listing) || by_instance && listing.resource == Resource::Instances;
    let asked = client.cloud().inspection(&there, &seen.backends);
    let mut queue: VecDeque<Listing> = asked.into_iter().filter(of).collect();
    let mut made: HashSet<Listing> = queue.iter().cloned().collect();
    let mut scratch = ProfileInventory::new(client.profile().id.clone(), client.profile().cloud.clone());
    let mut filled: HashSet<Section> = HashSet::new();
    while let Some(listing) = queue.pop_front() {
        for section in sections(client, &listing) {
            if filled.insert(section.clone()) {
                scratch.begin(section);
            }
        }
        let mut page = client.read(&listing, cancel).await.ok()?;
        let next = std::mem::take(&mut page.next);
        scratch.merge(page, Timestamp(0));
        queue.extend(next.into_iter().filter(of).filter(|next| made.insert(next.clone())));
        if made.len() > MOST_CALLS {
            return None;
        }
    }
    for section in filled {
        scratch.complete(&section, 0, Timestamp(0));
    }
    let (is_known, _) = scratch.known(Resource::Backends, &there);
    is_known.then(|| scratch.backends_of(&there).cloned().collect())
}

/// An EIP as it is now, wherever it is bound; `None` if the cloud does not list it in the region. All of them are listed: clouds do not
/// tell by a NIC what is bound elsewhere. See [`lists_eips`].
///
/// # Errors
/// A read failed, or there is no end of them.
pub async fn eip(
    client: &Client,
    region: &RegionId,
    id: &EipId,
    cancel: &CancellationToken,
) -> Result<Option<Eip>, Fault> {
    let of = |listing: &Listing| listing.resource == Resource::Eips;
    let listings = client.cloud().listings(std::slice::from_ref(region));
    let mut queue: VecDeque<Listing> = listings.into_iter().filter(of).collect();
    if queue.is_empty() {
        return Err(Fault::local(FaultKind::Local, "", local::NO_READ));
    }
    let mut seen: HashSet<Listing> = queue.iter().cloned().collect();
    while let Some(listing) = queue.pop_front() {
        let mut page = client.read(&listing, cancel).await?;
        if let Some(place) = page.eips.iter().position(|eip| eip.id == *id) {
            return Ok(Some(page.eips.swap_remove(place)));
        }
        queue.extend(page.next.into_iter().filter(of).filter(|next| seen.insert(next.clone())));
        if seen.len() > MOST_CALLS {
            return Err(endless(client, &listing));
        }
    }
    Ok(None)
}

/// Does the cloud list EIPs by themselves? Where it tells them with their NICs, free ones are never told.
pub fn lists_eips(client: &Client, region: &RegionId) -> bool {
    let listings = client.cloud().listings(std::slice::from_ref(region));
    listings.iter().any(|listing| listing.resource == Resource::Eips)
}

/// The sections that a call fills: its own, and those that it brings along.
fn sections(client: &Client, listing: &Listing) -> impl Iterator<Item = Section> + use<> {
    let region = listing.region.clone();
    let brings = client.cloud().brings(listing).iter().copied();
    std::iter::once(listing.resource).chain(brings).map(move |resource| (resource, region.clone()))
}

fn endless(client: &Client, listing: &Listing) -> Fault {
    Fault::local(FaultKind::Garbage, client.cloud().action(&Call::List(listing.clone())), local::ENDLESS)
}

/// An answer with the time it came.
type Answer = (Result<InventoryPage, Fault>, Timestamp);

/// A call of this inspection.
enum Asked {
    /// Queued or in flight; who waits for the answer.
    Waiting(Vec<usize>),
    Answered(Answer),
}

/// NICs of one profile being read. The first ones end first.
pub struct Readings {
    client: Client,
    cancel: CancellationToken,
    now: fn() -> Timestamp,
    nics: Vec<Reading>,
    queue: VecDeque<Listing>,
    asked: HashMap<Listing, Asked>,
    flying: JoinSet<Result<InventoryPage, Fault>>,
    tasks: HashMap<Id, Listing>,
    ended: VecDeque<Ended>,
}

/// One NIC that was read.
pub struct Ended {
    /// Its place in the list that was given.
    pub place: usize,
    pub read: Read,
    /// What could not be read around it: one fault of it, that of a network that is away before others.
    pub partly: Option<Fault>,
}

/// One NIC being read.
struct Reading {
    seen: Arc<NicSnapshot>,
    scratch: ProfileInventory,
    sections: HashSet<Section>,
    failed: HashMap<Section, Fault>,
    /// The fault of a section around the NIC, once it has ended; before, that of something smaller.
    partly: Option<Fault>,
    made: HashSet<Listing>,
    /// Answers that are still to come.
    left: usize,
}

impl Readings {
    /// `seen` are the NICs as they were seen last.
    pub fn new(client: Client, seen: &[Arc<NicSnapshot>], cancel: CancellationToken, now: fn() -> Timestamp) -> Self {
        let of = |seen: &Arc<NicSnapshot>| Reading {
            seen: seen.clone(),
            scratch: ProfileInventory::new(client.profile().id.clone(), client.profile().cloud.clone()),
            sections: HashSet::new(),
            failed: HashMap::new(),
            partly: None,
            made: HashSet::new(),
            left: 0,
        };
        let read = seen.iter().map(of).collect();
        let mut all = Self {
            client,
            cancel,
            now,
            nics: read,
            queue: VecDeque::new(),
            asked: HashMap::new(),
            flying: JoinSet::new(),
            tasks: HashMap::new(),
            ended: VecDeque::new(),
        };
        for (place, seen) in seen.iter().enumerate() {
            for listing in all.client.cloud().inspection(&seen.nic, &seen.backends) {
                let fresh = all.ask(place, listing);
                all.queue.extend(fresh);
            }
            if all.nics.get(place).is_some_and(|reading| reading.left == 0) {
                all.end(place);
            }
        }
        all
    }

    /// The next NIC that was read; `None` after the last. Can be dropped at any moment and called again.
    pub async fn next(&mut self) -> Option<Ended> {
        loop {
            if let Some(ended) = self.ended.pop_front() {
                return Some(ended);
            }
            self.fly();
            let (id, answer) = match self.flying.join_next_with_id().await? {
                Ok((id, answer)) => (id, answer),
                // The panic is in the log. What it was to read is not known, as after any other failure.
                Err(died) => (died.id(), Err(Fault::local(FaultKind::Local, "", local::DIED))),
            };
            if let Some(listing) = self.tasks.remove(&id) {
                self.take(&listing, (answer, (self.now)()));
            }
        }
    }

    fn fly(&mut self) {
        while self.flying.len() < self.client.capabilities().in_flight.max(1)
            && let Some(listing) = self.queue.pop_front()
        {
            let (client, cancel, read) = (self.client.clone(), self.cancel.clone(), listing.clone());
            let task = self.flying.spawn(async move { client.read(&read, &cancel).await });
            self.tasks.insert(task.id(), listing);
        }
    }

    /// A NIC needs this answer. The call, if nobody asked for it yet. An answer that is there already is not given out here.
    fn ask(&mut self, place: usize, listing: Listing) -> Option<Listing> {
        let reading = self.nics.get_mut(place)?;
        let section = (listing.resource, listing.region.clone());
        for section in sections(&self.client, &listing) {
            if reading.sections.insert(section.clone()) {
                reading.scratch.begin(section);
            }
        }
        if reading.made.len() >= MOST_CALLS {
            let fault = endless(&self.client, &listing);
            reading.failed.entry(section).or_insert(fault);
            return None;
        }
        if !reading.made.insert(listing.clone()) {
            return None;
        }
        reading.left += 1;
        match self.asked.get_mut(&listing) {
            Some(Asked::Waiting(who)) => {
                who.push(place);
                None
            }
            Some(Asked::Answered(_)) => Some(listing),
            None => {
                self.asked.insert(listing.clone(), Asked::Waiting(vec![place]));
                Some(listing)
            }
        }
    }

    /// Gives an answer to all who wait for it, and asks for what follows from it.
    fn take(&mut self, listing: &Listing, answer: Answer) {
        let Some(Asked::Waiting(who)) = self.asked.insert(listing.clone(), Asked::Answered(answer)) else { return };
        let mut work: Vec<(usize, Listing)> = who.into_iter().map(|place| (place, listing.clone())).collect();
        while let Some((place, listing)) = work.pop() {
            let (Some(Asked::Answered(answer)), Some(reading)) = (self.asked.get(&listing), self.nics.get_mut(place))
            else {
                continue;
            };
            let next = reading.take(sections(&self.client, &listing), answer);
            // What follows goes before other NICs' calls: a NIC that was begun is read to its end.
            for listing in next.into_iter().rev() {
                match self.ask(place, listing) {
                    Some(known) if matches!(self.asked.get(&known), Some(Asked::Answered(_))) => {
                        work.push((place, known));
                    }
                    Some(fresh) => self.queue.push_front(fresh),
                    None => {}
                }
            }
            if self.nics.get(place).is_some_and(|reading| reading.left == 0) {
                self.end(place);
            }
        }
    }

    fn end(&mut self, place: usize) {
        let at = (self.now)();
        if let Some(reading) = self.nics.get_mut(place) {
            let read = reading.end(at);
            self.ended.push_back(Ended { place, read, partly: reading.partly.take() });
        }
    }
}

impl Reading {
    /// Takes an answer in; what follows from it.
    fn take(&mut self, sections: impl Iterator<Item = Section>, (answer, at): &Answer) -> Vec<Listing> {
        self.left -= 1;
        match answer {
            Ok(page) => {
                let mut page = page.clone();
                let next = std::mem::take(&mut page.next);
                let refused = page.told.iter().find_map(|told| match told {
                    Told::Refused(fault) => Some(&**fault),
                    _ => None,
                });
                self.partly = self.partly.take().or_else(|| refused.cloned());
                self.scratch.merge(page, *at);
                next
            }
            Err(fault) => {
                for section in sections {
                    self.failed.entry(section).or_insert_with(|| fault.clone());
                }
                Vec::new()
            }
        }
    }

    fn end(&mut self, at: Timestamp) -> Read {
        let own = |section: &Section| section.0 == Resource::Nics;
        if !self.sections.iter().any(own) {
            return Err(Fault::local(FaultKind::Local, "", local::NO_READ));
        }
        // Without the NIC there is nothing that its surroundings could be around.
        if let Some(fault) = self.sections.iter().filter(|section| own(section)).find_map(|own| self.failed.remove(own))
        {
            return Err(fault);
        }
        let instances_asked = self.sections.iter().any(|(resource, _)| *resource == Resource::Instances);
        for section in std::mem::take(&mut self.sections) {
            match self.failed.remove(&section) {
                Some(fault) => {
                    self.scratch.fail(&section, fault.clone(), at);
                    let partly = self.partly.take().filter(|known| known.kind == FaultKind::Unreachable);
                    self.partly = partly.or(Some(fault));
                }
                None => {
                    // Everything in the scratch inventory was read just now: nothing is swept.
                    self.scratch.complete(&section, 0, at);
                }
            }
        }
        let id = &self.seen.nic.id;
        // A NIC on no instance has none to ask for. Of everything else that nobody asked for nothing is known.
        if !instances_asked && self.scratch.nic(id).is_some_and(|nic| nic.instance.is_none()) {
            let section = (Resource::Instances, Some(self.seen.nic.region.clone()));
            self.scratch.begin(section.clone());
            self.scratch.complete(&section, 0, at);
        }
        Ok(self.scratch.snapshot(id))
    }
}
