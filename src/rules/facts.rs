//! What rules may look at: one NIC and everything around it, borrowed.

use std::{collections::HashSet, net::IpAddr};

use crate::domain::{
    address::{AddressRole, Backend, Eip},
    fault::Fault,
    finding::FindingId,
    float::{Float, Pair},
    ids::{LoadBalancerId, NicId},
    instance::Instance,
    inventory::ProfileInventory,
    nic::{Nic, NicState},
    page::Resource,
    snapshot::NicSnapshot,
    time::Timestamp,
};

use super::protect::Watch;

/// One NIC with its instance, EIPs and backends, and whether those were read at all.
/// Costs an allocation only for a NIC that has EIPs or backends.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub nic: &'a Nic,
    /// `None` when it is attached to none, or to one that was not read.
    pub instance: Option<&'a Instance>,
    pub eips: Vec<&'a Eip>,
    pub backends: Vec<&'a Backend>,
    /// Virtual addresses on the NIC that are objects of their own, and those that its instance is in the range of.
    pub floats: Vec<&'a Float>,
    /// EIPs were read whole: what is not in `eips` does not exist.
    pub eips_known: bool,
    pub backends_known: bool,
    pub floats_known: bool,
    pub instances_known: bool,
    pub read_at: Option<Timestamp>,
    /// What became of an earlier write to the NIC is not known.
    pub earlier_write: bool,
    /// The config's rules about what is never written to.
    pub protect: Option<Watch<'a>>,
    /// What is around the NIC: `None` where the NIC alone was read.
    part: Option<&'a ProfileInventory>,
    eips_at: Option<Timestamp>,
    backends_at: Option<Timestamp>,
    floats_at: Option<Timestamp>,
    instances_at: Option<Timestamp>,
    /// Secondary addresses on the NIC.
    pub(super) secondaries: usize,
    /// The NIC names more public addresses than `eips` can explain.
    pub(super) has_unexplained: bool,
}

/// What a plan takes, from whichever NIC.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    pub addresses: HashSet<(NicId, IpAddr)>,
    /// NICs that are detached.
    pub nics: HashSet<NicId>,
}

impl Leaving {
    pub(super) fn takes(&self, nic: &NicId, ip: IpAddr) -> bool {
        self.nics.contains(nic) || self.addresses.contains(&(nic.clone(), ip))
    }
}

/// Who else answers for a virtual address.
pub(super) struct Others<'a> {
    /// On instances: what has left its own stays bound, and answers no more.
    pub nics: Vec<&'a Nic>,
    /// NICs that may be on an instance or on none, and entries of its list whose NICs may be there, and are not listed.
    pub untold: usize,
    /// Entries of its list, where nothing is known of other NICs.
    pub elsewhere: usize,
}

impl Others<'_> {
    pub fn count(&self) -> usize {
        self.nics.len() + self.elsewhere
    }
}

impl<'a> Facts<'a> {
    /// As the inventory has it: the last listing, and reads of the NIC since then.
    pub fn of(part: &'a ProfileInventory, nic: &'a Nic) -> Self {
        Self {
            instance: part.instance_around(nic),
            eips: part.eips_of(nic).collect(),
            read_at: part.nic_read_at(&nic.id),
            ..Self::around(part, nic)
        }
        .looked_over()
    }

    /// The same, of the NIC in a slot: for judging many.
    pub fn at(part: &'a ProfileInventory, slot: u32) -> Option<Self> {
        let nic = part.nic_at(slot)?;
        let instance = part.instance_of(slot).filter(|_| part.has_instance(nic));
        let facts = Self {
            instance: instance.and_then(|slot| part.instance_at(slot)),
            eips: part.eips_at(slot).collect(),
            read_at: part.read_at(slot),
            ..Self::around(part, nic)
        };
        Some(facts.looked_over())
    }

    fn around(part: &'a ProfileInventory, nic: &'a Nic) -> Self {
        let (eips_known, eips_at) = part.known(Resource::Eips, nic);
        let (backends_known, backends_at) = part.known(Resource::Backends, nic);
        let (floats_known, floats_at) = part.known(Resource::Floats, nic);
        let (instances_known, instances_at) = part.known(Resource::Instances, nic);
        Self {
            part: Some(part),
            backends: part.backends_of(nic).collect(),
            floats: part.floats_of(nic),
            floats_known,
            floats_at,
            eips_known,
            backends_known,
            eips_at,
            backends_at,
            instances_known,
            instances_at,
            ..Self::bare(nic)
        }
    }

    /// As one read of the NIC has it.
    pub fn from_snapshot(snapshot: &'a NicSnapshot) -> Self {
        let at = |known: bool| known.then_some(snapshot.read_at);
        Self {
            instance: snapshot.instance.as_ref(),
            eips: snapshot.eips.iter().collect(),
            backends: snapshot.backends.iter().collect(),
            floats: snapshot.floats.iter().collect(),
            floats_known: snapshot.floats_known,
            eips_known: snapshot.eips_known,
            backends_known: snapshot.backends_known,
            instances_known: snapshot.instances_known,
            read_at: Some(snapshot.read_at),
            eips_at: at(snapshot.eips_known),
            backends_at: at(snapshot.backends_known),
            floats_at: at(snapshot.floats_known),
            instances_at: at(snapshot.instances_known),
            ..Self::bare(&snapshot.nic)
        }
        .looked_over()
    }

    /// The same as it will be, as `nic`, on an instance: what names that beside an address of the NIC sends to it from then on. A read
    /// of a NIC that is on none does not ask for those: they are known from `read`, what it will be behind there, or from the listing.
    pub(super) fn put_on(self, nic: &'a Nic, instance: Option<&'a Instance>, read: Option<&'a [Backend]>) -> Self {
        let mut backends = self.backends;
        let listed = self.part.filter(|_| read.is_none());
        let of_listing = listed.into_iter().flat_map(|part| part.backends_of(nic));
        for backend in read.into_iter().flatten().chain(of_listing) {
            if backends.iter().all(|known| !std::ptr::eq(*known, backend)) {
                backends.push(backend);
            }
        }
        let is_there = self.nic.instance == nic.instance;
        let is_listed = listed.is_some_and(|part| part.coverage(Resource::Backends, &nic.region).is_known());
        let backends_known = self.backends_known && (is_there || read.is_some() || is_listed);
        Self { nic, instance, backends, backends_known, ..self }
    }

    fn bare(nic: &'a Nic) -> Self {
        Self {
            nic,
            instance: None,
            eips: Vec::new(),
            backends: Vec::new(),
            floats: Vec::new(),
            floats_known: false,
            instances_known: false,
            eips_known: false,
            backends_known: false,
            read_at: None,
            earlier_write: false,
            protect: None,
            part: None,
            eips_at: None,
            backends_at: None,
            floats_at: None,
            instances_at: None,
            secondaries: nic.count(AddressRole::Secondary),
            has_unexplained: false,
        }
    }

    fn looked_over(mut self) -> Self {
        self.has_unexplained = self.nic.has_unexplained(&self.eips);
        self
    }

    /// EIPs that are, or may be, on this address.
    pub(super) fn eips_at(&self, ip: IpAddr) -> impl Iterator<Item = &'a Eip> {
        self.eips.iter().copied().filter(move |eip| eip.is_on(self.nic, ip) != Some(false))
    }

    /// The cloud says that it is on no instance. One that names no instance and is not free hides it.
    pub(super) fn is_free(&self) -> bool {
        self.nic.instance.is_none() && self.nic.status.state == NicState::Free
    }

    /// The NIC names an instance, and all instances that there are were read: it is none of them.
    pub(super) fn is_instance_gone(&self) -> bool {
        self.nic.instance.is_some() && self.instance.is_none() && self.instances_known
    }

    /// Balancers that the NIC's instance serves other than through `ip`; with none, other than through this NIC.
    /// One may come several times.
    pub(super) fn balancers_elsewhere(&self, ip: Option<IpAddr>) -> impl Iterator<Item = &'a LoadBalancerId> {
        let own = move |backend: &Backend| ip.is_none() || backend.ip_on(self.nic) == ip;
        let through_own = move |balancer: &LoadBalancerId| {
            self.backends.iter().any(|backend| own(backend) && backend.load_balancer == *balancer)
        };
        let on_this_nic = self.backends.iter().copied().filter(move |backend| !own(backend));
        let named = self.instance.and_then(|instance| instance.load_balancers.as_ref()).into_iter().flatten();
        on_this_nic.map(|backend| &backend.load_balancer).chain(named.filter(move |balancer| !through_own(balancer)))
    }

    pub(super) fn backends_at(&self, ip: IpAddr) -> impl Iterator<Item = &'a Backend> + Clone {
        self.backends.iter().copied().filter(move |backend| backend.ip_on(self.nic) == Some(ip))
    }

    /// Other NICs on instances that have the virtual address, but for those that the plan takes it from; and how many may be others of
    /// them: on an instance or not, or entries of its own list that name nobody, where NICs are missing in the listing.
    pub(super) fn others(&self, float: &Float, leaving: &Leaving) -> Others<'a> {
        let Some(part) = self.part else {
            return Others { nics: Vec::new(), untold: 0, elsewhere: float.others(self.nic) };
        };
        let (mut nics, mut loose) = part.holders(float);
        // What belongs to the cloud's services is no NIC here, and answers all the same.
        let is_taken = |pair: &Pair| pair.address().is_some_and(|ip| part.taken_near(self.nic, ip).is_some());
        let elsewhere = float.pairs.iter().filter(|pair| is_taken(pair)).count();
        loose = loose.saturating_sub(elsewhere);
        nics.retain(|nic| nic.id != self.nic.id && !leaving.takes(&nic.id, float.ip));
        let unplaced = nics.iter().filter(|nic| nic.is_on_instance().is_none()).count();
        nics.retain(|nic| nic.is_on_instance() == Some(true));
        let unlisted = if self.are_nics_listed() { 0 } else { loose };
        Others { nics, untold: unplaced + unlisted, elsewhere }
    }

    /// Were all NICs around it listed?
    pub(super) fn are_nics_listed(&self) -> bool {
        self.part.is_some_and(|part| part.coverage(Resource::Nics, &self.nic.region).is_known())
    }

    /// Why the listing of this failed, if it did.
    pub(super) fn failure(&self, resource: Resource) -> Option<&'a Fault> {
        self.part?.coverage(resource, &self.nic.region).fault()
    }

    /// When the list of these was last read whole; `None` where the NIC alone was read, or the list never was.
    pub(super) fn listed_at(&self, resource: Resource) -> Option<Timestamp> {
        self.part?.coverage(resource, &self.nic.region).read_at()
    }

    /// The oldest of the NIC's own reading and of these lists, as far as there are any: not every cloud has all of them.
    fn oldest_read<const N: usize>(&self, lists: [Option<Timestamp>; N]) -> Option<Timestamp> {
        self.read_at.map(|at| lists.into_iter().flatten().fold(at, Timestamp::min))
    }

    /// When the data behind a finding was read: the oldest, where it hangs on several.
    pub(super) fn age_of(&self, id: FindingId) -> Option<Timestamp> {
        match id {
            FindingId::EipAttached
            | FindingId::EipDestroyed
            | FindingId::EipFateUnknown
            | FindingId::EipOnNic
            | FindingId::EipUnknown => self.eips_at,
            // Who else has it the list of NICs tells.
            FindingId::VipShared | FindingId::VipLast => oldest([self.floats_at, self.listed_at(Resource::Nics)]),
            FindingId::VipManaged | FindingId::VipUnknown => self.floats_at,
            // Which of the NIC's addresses are virtual ones their own list tells, where a cloud has one.
            FindingId::VipOnNic | FindingId::AddressesLeave | FindingId::SourceCheck | FindingId::LastSecondary => {
                self.oldest_read([self.floats_at])
            }
            FindingId::LbBackend | FindingId::LbUnknown => self.backends_at,
            // The instance has a list of its own.
            FindingId::LbOnInstance => oldest([self.backends_at, self.instances_at]),
            FindingId::InstanceState
            | FindingId::InstanceUnknown
            | FindingId::InstanceGone
            | FindingId::GuestAgent
            | FindingId::GuestAgentUnknown => self.instances_at,
            // What the NIC can, and what its instance does.
            FindingId::HotPlug | FindingId::HotPlugUnknown => oldest([self.read_at, self.instances_at]),
            // A rule of the config may ask whatever is around the NIC.
            FindingId::Protected => {
                self.oldest_read([self.eips_at, self.backends_at, self.floats_at, self.instances_at])
            }
            _ => self.read_at,
        }
    }
}

/// The oldest of what a rule asked. `None`: something of it was never read whole.
pub(super) fn oldest(of: impl IntoIterator<Item = Option<Timestamp>>) -> Option<Timestamp> {
    let mut of = of.into_iter();
    let first = of.next()??;
    of.try_fold(first, |oldest, at| Some(oldest.min(at?)))
}
