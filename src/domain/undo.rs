//! What takes a batch back, target by target.

use std::sync::Arc;

use super::{
    address::AddressRole,
    ids::{CloudId, EipId, LoadBalancerId, RegionId},
    plan::OperationKind,
    selection::Target,
};

/// One target of what was done, with what takes it back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakeBack {
    /// The target of the write that takes it back.
    pub target: Target,
    pub cloud: CloudId,
    pub region: RegionId,
    /// For this target alone. `None`: nothing takes it back.
    pub write: Option<OperationKind>,
    /// It is certain that it was done: read back, and the end is known.
    pub certain: bool,
    /// Of the NIC before, in the vendor's word.
    pub status: Option<Arc<str>>,
    /// Of the address before.
    pub role: AddressRole,
    /// Load balancers that sent to it (or to the NIC) before: nothing puts it back there.
    pub balancers: Vec<LoadBalancerId>,
    /// EIPs that were on the NIC, without a word on which address: nothing binds them again.
    pub loose_eips: Vec<EipId>,
}
