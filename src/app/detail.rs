//! Everything about one row, gathered for the detail pane and for copying. Made for the row that is looked at only.

use crate::{
    domain::{
        address::{Address, Backend, Eip},
        fault::Fault,
        finding::Finding,
        ids::{AddressKey, NicKey},
        instance::Instance,
        inventory::{Coverage, ProfileInventory, Section},
        nic::{Nic, NicRole},
        time::Timestamp,
    },
    rules::{self, facts::Facts},
};

use super::{
    rows::RowRef,
    state::{ProfileInfo, State},
};

/// What a row is, with what belongs to it.
#[derive(Clone, Debug)]
pub enum Detail<'a> {
    Problem {
        profile: &'a ProfileInfo,
        /// The listings that failed; none where the profile itself can not be used.
        failed: Vec<Failed<'a>>,
    },
    Instance {
        profile: &'a ProfileInfo,
        instance: &'a Instance,
        /// Its NICs, the primary one first.
        nics: Vec<&'a Nic>,
    },
    Nic {
        profile: &'a ProfileInfo,
        nic: &'a Nic,
        instance: Option<&'a Instance>,
        eips: Vec<&'a Eip>,
        backends: Vec<&'a Backend>,
        /// About detaching it, worst first.
        findings: Vec<Finding>,
        read_at: Option<Timestamp>,
        key: NicKey,
    },
    Address {
        profile: &'a ProfileInfo,
        nic: &'a Nic,
        instance: Option<&'a Instance>,
        address: Address,
        /// EIPs on this address, or on the NIC without saying to which address.
        eips: Vec<&'a Eip>,
        backends: Vec<&'a Backend>,
        /// About releasing it, worst first.
        findings: Vec<Finding>,
        read_at: Option<Timestamp>,
        key: AddressKey,
    },
}

/// A listing that failed, its fault, and when that was.
pub type Failed<'a> = (&'a Section, &'a Fault, Timestamp);

/// The listings of a profile that failed, in a fixed order. One that is being tried again counts until it ends otherwise.
pub fn failed_sections(state: &State, place: usize) -> Vec<Failed<'_>> {
    state.inventory.at(place).map(failed).unwrap_or_default()
}

/// See [`failed_sections`].
pub fn failed(part: &ProfileInventory) -> Vec<Failed<'_>> {
    fn fault(coverage: &Coverage) -> Option<(&Fault, Timestamp)> {
        match coverage {
            Coverage::Failed { at, fault, .. } => Some((fault, *at)),
            Coverage::Loading { before } => fault(before),
            Coverage::NotAsked | Coverage::Complete { .. } => None,
        }
    }
    let mut failed: Vec<_> = part
        .sections()
        .filter_map(|(section, coverage)| fault(coverage).map(|(fault, at)| (section, fault, at)))
        .collect();
    failed.sort_by(|a, b| a.0.cmp(b.0));
    failed
}

impl Detail<'_> {
    /// The findings about the row, worst first; none for instances and problems.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Detail::Nic { findings, .. } | Detail::Address { findings, .. } => findings,
            Detail::Problem { .. } | Detail::Instance { .. } => &[],
        }
    }
}

/// Gathers what belongs to a row.
pub fn of(state: &State, row: RowRef) -> Option<Detail<'_>> {
    let profile = state.info(row.profile())?;
    let part = state.inventory.at(row.profile())?;
    let instance_of = |nic: &Nic| nic.instance.as_ref().and_then(|id| part.instance(id));
    match row {
        RowRef::Problem { nth, .. } => {
            let all = failed(part);
            let failed = match usize::from(nth).checked_sub(1) {
                Some(nth) => vec![*all.get(nth)?],
                None => all,
            };
            Some(Detail::Problem { profile, failed })
        }
        RowRef::Instance { slot, .. } => {
            let instance = part.instance_at(slot)?;
            let mut nics: Vec<&Nic> = part.nics_of(&instance.id).iter().filter_map(|&slot| part.nic_at(slot)).collect();
            nics.sort_by_key(|nic| (nic.role != NicRole::Primary, &nic.name, &nic.id));
            Some(Detail::Instance { profile, instance, nics })
        }
        RowRef::Nic { slot, .. } => {
            let nic = part.nic_at(slot)?;
            let facts = facts(state, profile, part, nic);
            Some(Detail::Nic {
                profile,
                nic,
                instance: instance_of(nic),
                eips: part.eips_of(nic).collect(),
                backends: part.backends_of(nic).collect(),
                findings: rules::findings(&facts, profile.capabilities, rules::Subject::Nic),
                read_at: part.nic_read_at(&nic.id),
                key: NicKey { profile: profile.id.clone(), nic: nic.id.clone() },
            })
        }
        RowRef::Address { slot, nth, .. } => {
            let nic = part.nic_at(slot)?;
            let address = *nic.addresses.get(usize::from(nth))?;
            let facts = facts(state, profile, part, nic);
            Some(Detail::Address {
                profile,
                nic,
                instance: instance_of(nic),
                address,
                eips: part.eips_of(nic).filter(|eip| eip.is_on(nic, address.ip) != Some(false)).collect(),
                backends: part.backends_of(nic).filter(|backend| backend.ip_on(nic) == Some(address.ip)).collect(),
                findings: rules::findings(&facts, profile.capabilities, rules::Subject::Address(address.ip)),
                read_at: part.nic_read_at(&nic.id),
                key: AddressKey { nic: NicKey { profile: profile.id.clone(), nic: nic.id.clone() }, ip: address.ip },
            })
        }
    }
}

/// What rules may look at about a NIC.
fn facts<'a>(state: &'a State, profile: &ProfileInfo, part: &'a ProfileInventory, nic: &'a Nic) -> Facts<'a> {
    let key = NicKey { profile: profile.id.clone(), nic: nic.id.clone() };
    let mut facts = Facts::of(part, nic);
    facts.earlier_write = state.earlier.is_open(&key);
    facts.protect = state.safety.protect.of(&profile.id).map(rules::protect::ProfileRules::watch);
    facts
}
