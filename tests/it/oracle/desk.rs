//! A console without a screen, a socket or a clock: the codec encodes, the dialect answers, the codec decodes.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashSet, VecDeque},
    sync::Arc,
};

use nicdeck::{
    domain::{
        address::Eip,
        fault::Fault,
        ids::{EipId, InstanceId, NicId},
        instance::Instance,
        inventory::{Inventory, ProfileInventory, Section},
        nic::Nic,
        page::{Listing, Resource, Scope},
        plan::OperationKind,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        profile::{Credential, Profile},
        provider::{Call, Provider, Reply, Session, Stamp, Step, TaskState},
    },
    sim::{
        dialect::{Dialect, SimKey, SimRequest},
        http::cut,
        random::Random,
        world::World,
    },
    wire::WireResponse,
};
use serde_json::Value;

pub const PROFILE: &str = "acct";
/// When everything is read.
pub const NOW: Timestamp = Timestamp(1_763_706_000_000);
/// How long a change takes.
const TRANSITION_MS: u64 = 2_000;
/// Requests that one write may take.
const MOST_STEPS: usize = 32;

/// What became of a write.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// Taken, and what went on behind it ended well.
    Accepted,
    /// With the vendor's code.
    Refused(Option<String>),
    /// The codec has no request for it, as the NIC is now.
    Unsent,
}

pub struct Desk {
    pub cloud: &'static dyn Provider,
    dialect: Box<dyn Dialect>,
    profile: Profile,
    credential: Credential,
    key: SimKey,
    serial: Cell<u128>,
    /// A member that is taken out of every answer to a read, by its way through the objects.
    without: Option<String>,
    /// NICs that could not be read again.
    pub unread: RefCell<BTreeSet<NicId>>,
    /// All members that answers to reads had.
    members: RefCell<BTreeSet<String>>,
}

/// Every member below, by its way through the objects; lists are passed through.
fn members(value: &Value, way: &str, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, member) in object {
                let way = if way.is_empty() { name.clone() } else { format!("{way}/{name}") };
                members(member, &way, all);
                all.insert(way);
            }
        }
        Value::Array(rows) => rows.iter().for_each(|row| members(row, way, all)),
        _ => {}
    }
}

/// Different for different numbers, in all of its digits.
fn nonce(serial: u128) -> String {
    let mut random = Random::new(u64::try_from(serial).expect("few"));
    format!("{:016x}{:016x}", random.draw(), random.draw())
}

impl Desk {
    /// For worlds of this one's regions and project.
    pub fn new(cloud: &'static dyn Provider, world: &World) -> Self {
        let key = SimKey { id: "SIMULATED0KEY0ID".to_owned(), secret: "opens-nothing".to_owned(), token: None };
        let profile = Profile {
            id: PROFILE.into(),
            cloud: cloud.descriptor().cloud(),
            regions: world.regions().iter().map(|region| region.as_str().into()).collect(),
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: world.project_id().map(str::to_owned),
            api: None,
            net: nicdeck::providers::net::Net::default(),
        };
        let credential = Credential::keys(&key.id, &key.secret, None);
        let (serial, members, unread) = (Cell::new(1), RefCell::default(), RefCell::default());
        let mut desk =
            Self { cloud, dialect: cloud.dialect(), profile, credential, key, serial, without: None, unread, members };
        if let Some(call) = cloud.sign_in(&desk.profile, &desk.credential, &desk.profile.regions[0]) {
            match desk.ask(&mut world.clone(), NOW, &call) {
                Ok(Reply::Session(Session { project_id: Some(project), .. })) => {
                    desk.profile.project_id = Some(project);
                }
                other => panic!("no session: {other:?}"),
            }
        }
        desk
    }

    /// The same, of a cloud that leaves a member out of what it answers to reads.
    pub fn without(self, member: &str) -> Self {
        Self { without: Some(member.to_owned()), ..self }
    }

    /// What answers to reads held so far.
    pub fn members(&self) -> Vec<String> {
        self.members.borrow().iter().cloned().collect()
    }

    /// One request and its answer.
    fn ask(&self, world: &mut World, now: Timestamp, call: &Call) -> Result<Reply, Fault> {
        let serial = self.serial.get();
        self.serial.set(serial + 1);
        let mut request = self.cloud.encode(call, &self.profile);
        self.cloud.sign(&mut request, &self.credential, &Stamp { now, nonce: nonce(serial) });
        let own = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        let request = SimRequest {
            method: request.method.to_owned(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: std::iter::once(("host".to_owned(), request.host.clone())).chain(own).collect(),
            body: request.body,
        };
        world.settle(now);
        let mut response = self.dialect.answer(world, &self.key, &request, now, &format!("{serial:032x}"));
        if let (Call::List(_), Ok(mut body)) = (call, serde_json::from_slice::<Value>(&response.body)) {
            members(&body, "", &mut self.members.borrow_mut());
            if let Some(member) = &self.without {
                cut(&mut body, member);
                response.body = body.to_string().into_bytes();
            }
        }
        let headers = response.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let response = WireResponse { status: response.status, headers: headers.collect(), body: response.body };
        self.cloud.decode(call, &response)
    }

    /// Reads listings and all that follows from them.
    fn read(&self, world: &mut World, now: Timestamp, part: &mut ProfileInventory, listings: Vec<Listing>) {
        let mut queue = VecDeque::from(listings);
        let mut seen: HashSet<Listing> = queue.iter().cloned().collect();
        let mut sections: BTreeSet<Section> = BTreeSet::new();
        let mut failed: Vec<(Section, Fault)> = Vec::new();
        while let Some(listing) = queue.pop_front() {
            let brought = self.cloud.brings(&listing).iter().copied();
            let filled: Vec<Section> = std::iter::once(listing.resource)
                .chain(brought)
                .map(|resource| (resource, listing.region.clone()))
                .collect();
            for section in &filled {
                if sections.insert(section.clone()) {
                    part.begin(section.clone());
                }
            }
            match self.ask(world, now, &Call::List(listing.clone())) {
                Ok(Reply::Page(mut page)) => {
                    let next = std::mem::take(&mut page.next);
                    part.merge(page, now);
                    queue.extend(next.into_iter().filter(|next| seen.insert(next.clone())));
                }
                Err(fault) if self.without.is_some() => {
                    failed.extend(filled.into_iter().map(|section| (section, fault.clone())));
                }
                other => panic!("{} {listing:?}: {other:?}", self.name()),
            }
        }
        for section in sections {
            match failed.iter().find(|(of, _)| *of == section) {
                Some((_, fault)) => part.fail(&section, fault.clone(), now),
                None => _ = part.complete(&section, 0, now),
            }
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.cloud.descriptor().id, self.cloud.descriptor().capabilities.release.len())
    }

    /// Everything, as a plan sees it: listed, and each NIC read again.
    pub fn survey(&self, world: &World) -> Inventory {
        let mut inventory = self.listed(world);
        let mut world = world.clone();
        let part = inventory.profile_mut(&PROFILE.into()).expect("the only one");
        let nics: Vec<NicId> = part.nics().map(|(_, nic)| nic.id.clone()).collect();
        for nic in nics {
            let seen = part.snapshot(&nic).expect("listed");
            let fresh = self.inspect(&mut world, NOW, &seen);
            match fresh {
                Some(fresh) => _ = part.refresh(&nic, Some(&fresh), NOW),
                // It is sent nothing.
                None => assert!(self.without.is_some() && self.unread.borrow_mut().insert(nic), "still there"),
            }
        }
        inventory
    }

    /// Everything as it is listed.
    pub fn listed(&self, world: &World) -> Inventory {
        let mut world = world.clone();
        let mut inventory = Inventory::new([(PROFILE.into(), self.profile.cloud.clone())]);
        let part = inventory.profile_mut(&PROFILE.into()).expect("the only one");
        self.read(&mut world, NOW, part, self.cloud.listings(&self.profile.regions));
        if let Some(most) = self.cloud.descriptor().capabilities.limits_per_call {
            let kinds: BTreeSet<Arc<str>> =
                part.instances().filter_map(|(_, instance)| instance.kind.clone()).collect();
            let kinds: Vec<Arc<str>> = kinds.into_iter().collect();
            let region = self.profile.regions.first().cloned();
            let limits = kinds.chunks(most).map(|kinds| Listing {
                scope: Scope::Types(kinds.to_vec()),
                ..Listing::all(Resource::Limits, region.clone())
            });
            let limits = limits.collect();
            self.read(&mut world, NOW, part, limits);
        }
        inventory
    }

    /// One NIC with everything around it, as it is read right before a write. `None`: it is gone.
    pub fn inspect(&self, world: &mut World, now: Timestamp, seen: &NicSnapshot) -> Option<NicSnapshot> {
        let mut scratch = ProfileInventory::new(PROFILE.into(), self.profile.cloud.clone());
        let listings = self.cloud.inspection(&seen.nic, &seen.backends);
        let instances = listings.iter().any(|listing| listing.resource == Resource::Instances);
        self.read(world, now, &mut scratch, listings);
        if !instances && scratch.nic(&seen.nic.id).is_some_and(|nic| nic.instance.is_none()) {
            let section = (Resource::Instances, Some(seen.nic.region.clone()));
            scratch.begin(section.clone());
            scratch.complete(&section, 0, now);
        }
        scratch.snapshot(&seen.nic.id)
    }

    /// An instance as it is read for a NIC that is to be put on it. `None`: it is not there.
    pub fn instance(&self, world: &mut World, now: Timestamp, nic: &Nic, id: &InstanceId) -> Option<Instance> {
        let there = Nic { instance: Some(id.clone()), ..nic.clone() };
        let mut listings = self.cloud.inspection(&there, &[]);
        listings.retain(|listing| listing.resource == Resource::Instances);
        assert!(!listings.is_empty(), "{}: it asks for no instance", self.name());
        let mut scratch = ProfileInventory::new(PROFILE.into(), self.profile.cloud.clone());
        self.read(world, now, &mut scratch, listings);
        scratch.instance(id).cloned()
    }

    /// An EIP as it is, wherever that is, with whether the cloud lists them by themselves. `None`: it is not there.
    pub fn eip(&self, world: &mut World, now: Timestamp, id: &EipId) -> (bool, Option<Eip>) {
        let mut listings = self.cloud.listings(&self.profile.regions);
        listings.retain(|listing| listing.resource == Resource::Eips);
        let listed = !listings.is_empty();
        let mut scratch = ProfileInventory::new(PROFILE.into(), self.profile.cloud.clone());
        self.read(world, now, &mut scratch, listings);
        (listed, scratch.eip(id).cloned())
    }

    /// Sends a write, whatever the rules say of it: all its requests, and waits for the end of what they began.
    /// `seen` is the NIC as it was read last; of one that nobody read the plainest request is made.
    pub fn send(&self, world: &mut World, kind: &OperationKind, seen: Option<&NicSnapshot>) -> Answer {
        world.transition_ms = TRANSITION_MS;
        let region = self.profile.regions[0].clone();
        let mut now = NOW.plus_ms(1_000);
        let mut made: Vec<Step> = Vec::new();
        let mut seen = seen.cloned();
        let named = seen.is_some();
        while made.len() < MOST_STEPS {
            let step = match &seen {
                Some(seen) => self.cloud.step(kind, seen, &made),
                None => made.is_empty().then(Step::default),
            };
            let Some(step) = step else { break };
            let is_last = step.last;
            let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
            let receipt = match self.ask(world, now, &call) {
                Ok(Reply::Accepted(receipt)) => receipt,
                Ok(other) => panic!("{} {kind:?}: {other:?}", self.name()),
                Err(fault) => return Answer::Refused(fault.code),
            };
            made.push(step);
            if is_last {
                now = now.plus_ms(TRANSITION_MS + 1);
                world.settle(now);
            }
            if let Some(task) = self.cloud.task(&region, &receipt) {
                match self.ask(world, now, &task) {
                    Ok(Reply::Task(TaskState::Done)) => {}
                    Ok(Reply::Task(TaskState::Failed(fault))) => return Answer::Refused(fault.code),
                    other => panic!("{} {kind:?}: {other:?}", self.name()),
                }
            }
            if is_last {
                break;
            }
            seen = seen.as_ref().and_then(|seen| self.inspect(world, now, seen));
            if seen.is_none() && named {
                break;
            }
        }
        world.settle(now.plus_ms(TRANSITION_MS + 1));
        if made.is_empty() { Answer::Unsent } else { Answer::Accepted }
    }
}
