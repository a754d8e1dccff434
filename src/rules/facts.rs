//! What rules may look at: one NIC and everything around it, borrowed. Nothing is copied.

use crate::domain::{
    address::{Backend, Eip},
    ids::LoadBalancerId,
    instance::Instance,
    inventory::{Coverage, ProfileInventory},
    nic::Nic,
    page::Resource,
    snapshot::NicSnapshot,
    time::Timestamp,
};

/// One NIC with its instance, EIPs and backends; and whether those were read at all.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub nic: &'a Nic,
    pub instance: Option<&'a Instance>,
    pub eips: Vec<&'a Eip>,
    pub backends: Vec<&'a Backend>,
    /// EIPs were read whole: none in `eips` means that there is none.
    pub eips_known: bool,
    pub backends_known: bool,
    pub read_at: Option<Timestamp>,
}

/// A listing that was whole once, and was not refused since. A refresh under way keeps what was known;
/// one that failed does not: what it would have shown is not known.
fn known(coverage: &Coverage) -> bool {
    match coverage {
        Coverage::Complete { .. } => true,
        Coverage::Loading { before } => before.is_some(),
        Coverage::NotAsked | Coverage::Failed { .. } => false,
    }
}

impl<'a> Facts<'a> {
    /// From the inventory.
    pub fn of(part: &'a ProfileInventory, nic: &'a Nic) -> Self {
        Self {
            nic,
            instance: nic.instance.as_ref().and_then(|id| part.instance(id)),
            eips: part.eips_of(nic).collect(),
            backends: part.backends_of(nic).collect(),
            eips_known: known(part.coverage(Resource::Eips, &nic.region)),
            backends_known: known(part.coverage(Resource::Backends, &nic.region)),
            read_at: part.nic_read_at(&nic.id),
        }
    }

    /// From a read of this NIC alone.
    pub fn from_snapshot(snapshot: &'a NicSnapshot) -> Self {
        Self {
            nic: &snapshot.nic,
            instance: snapshot.instance.as_ref(),
            eips: snapshot.eips.iter().collect(),
            backends: snapshot.backends.iter().collect(),
            eips_known: snapshot.eips_known,
            backends_known: snapshot.backends_known,
            read_at: Some(snapshot.read_at),
        }
    }

    /// Public addresses that the NIC names, and that belong to no EIP that was read.
    pub(super) fn unexplained_public_ip(&self) -> Option<&'a str> {
        self.nic.public_ips.iter().map(|text| &**text).find(|text| {
            let parsed = text.parse().ok();
            !self.eips.iter().any(|eip| eip.ip.is_some() && eip.ip == parsed)
        })
    }

    /// Load balancers that the instance serves, and that have no backend among those of this NIC.
    pub(super) fn other_load_balancers(&self) -> impl Iterator<Item = &'a LoadBalancerId> {
        self.instance
            .into_iter()
            .flat_map(|instance| &instance.load_balancers)
            .filter(|id| !self.backends.iter().any(|backend| &&backend.load_balancer == id))
    }
}
