//! The mutable truth behind a simulated cloud: one cloud's objects, loaded from a file or generated from a seed.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// A world file, as people write it. Statuses are in the vendor's words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    /// The cloud's short name.
    pub provider: String,
    pub region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    #[serde(default)]
    pub instances: Vec<SimInstance>,
    #[serde(default)]
    pub nics: Vec<SimNic>,
    /// What the cloud refuses for a reason that this file cannot describe (a policy, a kind of account, a subnet or
    /// security group that is gone): an action's name or an object's id, and the vendor's error code for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refusals: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimInstance {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub zone: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub vpc_id: String,
    /// Whether the guest agent runs.
    #[serde(default = "yes")]
    pub agent: bool,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Filled in from the file it came from.
    #[serde(skip)]
    pub region: String,
}

fn yes() -> bool {
    true
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimNic {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub instance_id: Option<String>,
    #[serde(default)]
    pub primary: bool,
    pub status: String,
    #[serde(default)]
    pub mac: String,
    #[serde(default)]
    pub subnet_id: String,
    #[serde(default)]
    pub vpc_id: String,
    #[serde(default)]
    pub security_groups: Vec<String>,
    pub addresses: Vec<SimAddress>,
    #[serde(default)]
    pub ipv6: Vec<IpAddr>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// A service of the cloud owns the NIC.
    #[serde(default)]
    pub service_managed: bool,
    /// A vendor's word for a NIC that is neither primary nor secondary; empty for a plain one.
    #[serde(default)]
    pub kind: String,
    /// Can be unplugged only while the instance is stopped.
    #[serde(default)]
    pub cold_plug_only: bool,
    /// Other NICs hang on it.
    #[serde(default)]
    pub linked: bool,
    #[serde(skip)]
    pub region: String,
    /// A change that is under way: what it becomes, and when.
    #[serde(skip)]
    pub pending: Option<Pending>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimAddress {
    pub ip: IpAddr,
    #[serde(default)]
    pub primary: bool,
    #[serde(default, rename = "virtual")]
    pub floating: bool,
    #[serde(default)]
    pub eip: Option<SimEip>,
    /// The load balancer that sends traffic to this address.
    #[serde(default)]
    pub lb: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimEip {
    pub id: String,
    pub ip: IpAddr,
}

/// A transient state and its end.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    pub due: Timestamp,
    pub becomes: Becomes,
}

/// What a transient state ends in.
#[derive(Clone, PartialEq, Debug)]
pub enum Becomes {
    /// Attached to nothing, with this status word.
    Detached {
        status: String,
    },
    Attached {
        status: String,
    },
    Deleted,
}

/// One cloud's objects. EIPs that are bound to nothing live in `free_eips`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct World {
    pub provider: String,
    pub regions: Vec<String>,
    pub project_id: Option<String>,
    /// In the order of the file, which is the order of the cloud's lists.
    pub instances: Vec<SimInstance>,
    pub nics: Vec<SimNic>,
    pub free_eips: Vec<SimEip>,
    /// Milliseconds that a transient state lasts.
    pub transition_ms: u64,
    /// Counts changes, for tests that compare before and after.
    pub revision: u64,
    /// See [`WorldFile::refusals`].
    pub refusals: BTreeMap<String, String>,
    /// Idempotency tokens seen, each with the request it came with and the answer that it got.
    pub tokens: BTreeMap<String, (String, String)>,
    /// Nonces seen, for clouds that refuse a second use.
    pub nonces: std::collections::HashSet<String>,
}
