//! What one reply of a listing brings, and what it leaves to be asked.

use serde::{Deserialize, Serialize};

use super::{
    address::{Backend, Eip},
    fault::Fault,
    float::Float,
    ids::{InstanceId, LoadBalancerId, NicId, RegionId},
    instance::Instance,
    nic::{Nic, TypeLimit},
};
use std::{net::IpAddr, sync::Arc};

/// A kind of thing that is listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    Regions,
    Instances,
    Nics,
    Eips,
    /// Load balancers and the private addresses they send to. May take several families of calls.
    Backends,
    /// Virtual addresses that are objects of their own.
    Floats,
    /// Limits of instance types.
    Limits,
}

impl Resource {
    /// Are its items rows of their own, or shown in rows as soon as they come?
    pub fn makes_rows(self) -> bool {
        matches!(self, Resource::Instances | Resource::Nics | Resource::Eips | Resource::Floats)
    }
}

/// How much of a resource is asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// All of the region (or of the account, where the cloud lists across regions).
    All,
    /// Any few of it, as few as the API gives: all that is asked is whether the call works.
    Few,
    /// Only what concerns this NIC.
    Nic(NicId),
    Instances(Vec<InstanceId>),
    LoadBalancer(LoadBalancerId),
    /// A cloud's own object between two steps of a listing (a server group, say).
    Group(Arc<str>),
    /// Backends that name this private address, instance or NIC: the read before a write.
    Types(Vec<Arc<str>>),
}

/// Where a listing goes on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cursor {
    Start,
    /// Page number, from 1.
    Page(u32),
    Token(Arc<str>),
}

/// One read call to make: a page of a resource.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Listing {
    pub resource: Resource,
    /// `None` where the cloud lists the whole account at once.
    pub region: Option<RegionId>,
    /// Which of the cloud's own families or steps this is (empty for the only one). Opaque outside the cloud's codec.
    pub part: &'static str,
    pub scope: Scope,
    pub cursor: Cursor,
    /// Carried from one step to the next, for the codec only (a VPC id of a balancer, say).
    pub carry: Option<Arc<str>>,
}

impl Listing {
    /// The first page of all of `resource` in `region`.
    pub fn all(resource: Resource, region: Option<RegionId>) -> Self {
        Self { resource, region, part: "", scope: Scope::All, cursor: Cursor::Start, carry: None }
    }
}

/// A region as the cloud describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    pub id: RegionId,
    pub name: Arc<str>,
    pub zones: Vec<Arc<str>>,
    /// The vendor's word for a region that can not be used now.
    pub off: Option<Arc<str>>,
}

impl Region {
    /// The vendor's word, unless it is the one for a region that can be used, or none at all.
    pub fn off(word: &str, usable: &str) -> Option<Arc<str>> {
        (!word.is_empty() && !word.eq_ignore_ascii_case(usable)).then(|| Arc::from(word))
    }
}

/// What is told of NICs by a call of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// An instance was asked what a detach from it does: for each of its NICs whether it is deleted. Of those that are left out nobody
    /// tells it.
    Fates(InstanceId, Vec<(NicId, bool)>),
    /// Whether other NICs hang on this one.
    Carries(NicId, bool),
    /// Something that a NIC's own read asked for by the way was refused, and only that is not known for it.
    Refused(Box<Fault>),
    /// What is no NIC of the account's (a port of the cloud's own services, say) has an address of this subnet.
    Taken { region: RegionId, subnet: Arc<str>, ip: IpAddr, by: Arc<str> },
}

/// What one reply brought.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct InventoryPage {
    pub regions: Vec<Region>,
    pub instances: Vec<Instance>,
    pub nics: Vec<Nic>,
    pub eips: Vec<Eip>,
    pub backends: Vec<Backend>,
    pub floats: Vec<Float>,
    pub limits: Vec<TypeLimit>,
    /// What a cloud tells of NICs apart from the NICs themselves.
    pub told: Vec<Told>,
    /// Calls that follow from this reply: the other pages (all at once where the cloud counts pages,
    /// the next one where it hands out tokens), or the next step of a family.
    pub next: Vec<Listing>,
}
