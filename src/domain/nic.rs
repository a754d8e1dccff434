//! Network interfaces.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    address::{Address, AddressRole},
    float::Pair,
    ids::{InstanceId, NicId, RegionId},
    name::Name,
    tags::Tags,
};

/// A network interface as one listing described it. Fields the cloud did not send are `None`:
/// a rule that needs one answers "not known", never "fine".
#[derive(Clone, PartialEq, Debug)]
pub struct Nic {
    pub id: NicId,
    pub name: Name,
    pub region: RegionId,
    pub zone: Option<Arc<str>>,
    pub role: NicRole,
    pub status: NicStatus,
    /// The instance it is attached to; `None` when it is free (or the cloud hides the owner, see `managed_by`).
    pub instance: Option<InstanceId>,
    pub mac: Option<Arc<str>>,
    pub vpc: Option<Arc<str>>,
    pub subnet: Option<Arc<str>>,
    /// What its own IPv4 addresses are in, where the cloud has another id for that than the subnet's (a range of a network, say) and
    /// names backends by it.
    pub ranges: Vec<Arc<str>>,
    pub security_groups: Vec<Arc<str>>,
    /// Primary first, then in the cloud's order; IPv6 last.
    pub addresses: Vec<Address>,
    /// Those are all: the cloud left none of them out, nor what they are to the NIC.
    pub addresses_known: bool,
    /// Public addresses the NIC itself names, without saying which private address they belong to.
    pub public_ips: Vec<Arc<str>>,
    /// Addresses that the NIC may use besides its own, where the cloud lists them.
    pub pairs: Vec<Pair>,
    pub managed_by: ManagedBy,
    /// It is bound up with another NIC (bond, member of a trunk); `None` when the cloud does not say.
    pub linked: Option<bool>,
    /// It is a trunk, and members hang on it; `None` when the cloud does not say.
    pub members: Option<bool>,
    /// Ranges of addresses that were given to the NIC besides single ones, as the cloud spells them (`10.0.0.16/28`).
    pub prefixes: Vec<Arc<str>>,
    /// Can it be unplugged while the instance runs? `Some(false)`: only while it is stopped. `None` when the cloud does not say.
    pub hot_plug: Option<bool>,
    /// What a detach does to it, as the cloud has it now; `None` where nobody asked.
    pub dies_with_detach: Option<Fate>,
    /// The cloud deletes it together with its instance; `None` when the cloud does not say.
    pub dies_with_instance: Option<bool>,
    pub tags: Tags,
    pub description: Arc<str>,
}

impl Nic {
    /// Addresses that live with the NIC: neither virtual ones nor those that were added.
    pub fn own_ips(&self) -> impl Iterator<Item = IpAddr> {
        let own = |address: &&Address| matches!(address.role, AddressRole::Primary | AddressRole::Ipv6);
        self.addresses.iter().filter(own).map(|address| address.ip)
    }

    /// Is it on an instance? On none it answers for nothing, whatever is bound to it. One that is attached and names none hides it;
    /// `None` where the cloud says neither.
    pub fn is_on_instance(&self) -> Option<bool> {
        match self.status.state {
            _ if self.instance.is_some() => Some(true),
            NicState::Attached => Some(true),
            NicState::Free => Some(false),
            _ => None,
        }
    }

    /// It may use any address, and will not any more once these go: nothing else is on its list, and the call that takes all off
    /// an attached NIC empties that.
    pub fn loses_any(&self, goes: impl Fn(IpAddr) -> bool) -> bool {
        let stays = |address: &Address| address.role == AddressRole::Virtual && !goes(address.ip);
        self.instance.is_some()
            && self.pairs.iter().any(Pair::is_any)
            && self.pairs.iter().all(|pair| pair.is_any() || pair.address().is_some_and(&goes))
            && !self.addresses.iter().any(stays)
    }
}

/// What becomes of a NIC that is detached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fate {
    Stays,
    /// The cloud deletes it.
    Dies,
    /// The cloud was asked and did not say.
    Untold,
}

/// A NIC's place on its instance.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NicRole {
    /// Made with the instance; cannot be detached.
    Primary,
    Secondary,
    /// A vendor's word for another kind (trunk, member); kept as sent.
    Other(Arc<str>),
}

/// The NIC's state, in the vendor's word and a common one. Without a word: the vendor tells what it is attached to, and not whether
/// it is at rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NicStatus {
    pub word: Arc<str>,
    pub state: NicState,
}

/// What the vendor's word means. `Other` is a word this version does not know: never taken as safe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NicState {
    /// Exists, attached to nothing.
    Free,
    Attached,
    Attaching,
    Detaching,
    /// Being made or deleted.
    Changing,
    Failed,
    Other,
}

/// Whether a service of the cloud, or a cluster, owns the NIC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ManagedBy {
    Nobody,
    /// The vendor refuses changes: it belongs to one of its services.
    Service(Arc<str>),
    /// Tags or description say that a controller (Kubernetes CNI and the like) made it; no vendor refuses.
    Controller(Arc<str>),
    /// The cloud did not say.
    Unknown,
}

/// Limits of an instance type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeLimit {
    pub kind: Arc<str>,
    /// NICs per instance.
    pub nics: Option<u32>,
    /// IPv4 addresses per NIC, the primary one included.
    pub addresses_per_nic: Option<u32>,
}
