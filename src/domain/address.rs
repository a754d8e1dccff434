//! Private addresses of NICs, public addresses (EIPs), and load-balancer backends.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    ids::{EipId, InstanceId, LoadBalancerId, NicId, RegionId},
    name::Name,
};

/// What an address is to its NIC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressRole {
    /// The NIC's own address. Lives and dies with the NIC.
    Primary,
    /// An extra address that can be released.
    Secondary,
    /// A virtual IP that floats between NICs.
    #[serde(rename = "vip")]
    Virtual,
    Ipv6,
}

/// One private address on a NIC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Address {
    pub ip: IpAddr,
    pub role: AddressRole,
}

/// A public address object and what it is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Eip {
    pub id: EipId,
    pub region: RegionId,
    /// The public addresses, in the cloud's order: one on most clouds. Empty where they are not told.
    pub ips: Vec<IpAddr>,
    pub name: Name,
    /// The vendor's state word.
    pub status: Arc<str>,
    pub bound: EipBinding,
    /// Destroyed as soon as it is bound to nothing: whoever releases its address loses it. `None` where the cloud does not say.
    pub dies_unbound: Option<bool>,
}

/// What an EIP is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EipBinding {
    Unbound,
    /// A NIC, and which of its addresses where the cloud says so.
    Nic {
        nic: NicId,
        private_ip: Option<IpAddr>,
    },
    /// An instance's primary address on its primary NIC.
    Instance {
        instance: InstanceId,
        private_ip: Option<IpAddr>,
    },
    /// A virtual address that is an object of its own: on whichever NICs that is.
    Float {
        float: Arc<str>,
        ip: IpAddr,
    },
    /// Something else (NAT gateway, load balancer): no address of a NIC.
    Elsewhere,
}

/// One entry of a load balancer: traffic is sent to this private address.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Backend {
    pub load_balancer: LoadBalancerId,
    /// The load balancer's name, or empty.
    pub name: Arc<str>,
    pub region: RegionId,
    /// Where known: two VPCs can hold the same address.
    pub vpc: Option<Arc<str>>,
    /// The same by [`Nic::ranges`](super::nic::Nic::ranges).
    pub range: Option<Arc<str>>,
    pub target: BackendTarget,
    /// Ports as the vendor writes them, for people.
    pub port: Arc<str>,
}

/// How a backend names what it sends to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum BackendTarget {
    /// A private address, with the instance or NIC it belongs to where the cloud says so.
    Address { ip: IpAddr, instance: Option<InstanceId>, nic: Option<NicId> },
    /// A whole instance: its primary address on its primary NIC.
    Instance(InstanceId),
}
