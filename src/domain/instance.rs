//! Virtual machines.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ids::{InstanceId, LoadBalancerId, RegionId},
    name::Name,
    tags::Tags,
};

/// A virtual machine as one listing described it.
#[derive(Clone, PartialEq, Debug)]
pub struct Instance {
    pub id: InstanceId,
    pub name: Name,
    pub region: RegionId,
    pub zone: Option<Arc<str>>,
    /// The vendor's name of its size.
    pub kind: Option<Arc<str>>,
    pub power: Power,
    /// Whether the guest agent runs; `None` when the cloud does not say.
    pub guest_agent: Option<bool>,
    /// Load balancers that this instance serves; `None` where the cloud does not name them on the instance, or this answer did not.
    pub load_balancers: Option<Vec<LoadBalancerId>>,
    /// The VPC that it is in, where its NICs do not tell theirs.
    pub vpc: Option<Arc<str>>,
    pub tags: Tags,
}

/// The power state, in the vendor's word and a common one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Power {
    pub word: Arc<str>,
    pub state: PowerState,
}

/// What the vendor's word means. `Other` is a word this version does not know: never taken as safe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PowerState {
    Running,
    Stopped,
    /// Between states: starting, stopping, rebooting, resizing.
    Changing,
    /// Being deleted, recycled, or failed to be made.
    Gone,
    /// Locked against changes, whatever else it does.
    Locked,
    /// Taken out of use by the cloud (an account in arrears, a violation), whatever else it does.
    Frozen,
    Other,
}
