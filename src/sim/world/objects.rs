//! What a world is made of, as its file spells it, and what is under way in it.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::floats::{SimFloat, SimPair};

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
    /// EIPs that are bound to nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free_eips: Vec<SimEip>,
    /// Names and ports of load balancers; one that only an address mentions has its id for a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<SimLoadBalancer>,
    /// Ranges of subnets; one that is not listed has the 256 addresses around a NIC's primary address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<SimSubnet>,
    /// Virtual addresses of which more is to be told than which NICs have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floats: Vec<SimFloat>,
    /// What the cloud refuses for a reason that this file cannot describe (a policy, a kind of account, a subnet or
    /// security group that is gone): an action's name or an object's id, and the vendor's error code for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refusals: BTreeMap<String, String>,
    /// What the cloud takes and then fails to do, where a call's work goes on behind it as a task: an action's name or an object's
    /// id, and what the task says in the end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_failures: BTreeMap<String, String>,
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
    /// Locked against changes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub locked: bool,
    /// Taken out of use by the cloud.
    #[serde(default, skip_serializing_if = "is_false")]
    pub frozen: bool,
    /// What is being done to it, in the vendor's word, where that is told beside its status.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub task: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Filled in from the file it came from.
    #[serde(skip)]
    pub region: String,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
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
    /// Ranges of addresses that were given to it besides single ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Other addresses that it may send and receive as: virtual ones, or a range that stands for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<SimPair>,
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
    /// Deleted when it is taken off its instance.
    #[serde(default, skip_serializing_if = "is_false")]
    pub delete_on_detach: bool,
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
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Made and deleted together with its instance; some clouds do not let it go.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_default: bool,
    /// Destroyed as soon as it is bound to nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dies_unbound: bool,
    /// Filled in for a free one; a bound one is where its NIC is.
    #[serde(skip)]
    pub region: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimLoadBalancer {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// The vendor's word for its kind, where it has several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    #[serde(default)]
    pub vpc_id: String,
    /// The port it listens on and sends to.
    #[serde(default = "http_port")]
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<IpAddr>,
    #[serde(skip)]
    pub region: String,
}

fn http_port() -> u16 {
    80
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimSubnet {
    pub id: String,
    /// `10.0.0.0/22`.
    pub cidr: String,
}

/// A transient state and its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    pub due: Timestamp,
    pub becomes: Becomes,
}

/// What a transient state ends in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Becomes {
    /// Attached to nothing, with this status word.
    Detached {
        status: String,
    },
    /// Attached to this instance, with this status word.
    Attached {
        instance_id: String,
        status: String,
    },
    /// Without these addresses (which stay on it until then), with this status word.
    Released {
        ips: Vec<IpAddr>,
        status: String,
    },
    /// As it is, with this status word: these addresses were added and are not usable until then.
    Assigned {
        ips: Vec<IpAddr>,
        status: String,
    },
    /// As it is, with this status word: what was begun fails.
    Unchanged {
        status: String,
    },
    Deleted,
}

/// The work behind a call that was taken, by the id that the cloud hands out for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimTask {
    /// When it ends.
    pub due: Timestamp,
    /// What it fails with; `None` for one that ends well.
    pub failure: Option<String>,
    /// The action that began it, and the objects it is about.
    pub names: Vec<String>,
}

impl SimNic {
    /// The NIC's own address.
    pub fn primary_ip(&self) -> Option<IpAddr> {
        self.addresses.iter().find(|address| address.primary).map(|address| address.ip)
    }

    pub fn address(&self, ip: IpAddr) -> Option<&SimAddress> {
        self.addresses.iter().find(|address| address.ip == ip)
    }

    /// The addresses that were added to the NIC: neither its own nor virtual ones.
    pub fn secondaries(&self) -> impl Iterator<Item = &SimAddress> {
        self.addresses.iter().filter(|address| !address.primary && !address.floating)
    }
}

impl SimEip {
    /// What is left of it when it is bound to nothing any more.
    pub(super) fn freed(mut self, region: &str) -> Option<Self> {
        region.clone_into(&mut self.region);
        (!self.dies_unbound).then_some(self)
    }
}

impl SimLoadBalancer {
    /// A load balancer that only an address mentions.
    pub(super) fn implied(id: &str, nic: &SimNic) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            vpc_id: nic.vpc_id.clone(),
            port: http_port(),
            region: nic.region.clone(),
            ..Self::default()
        }
    }
}
