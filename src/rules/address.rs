//! Rules for releasing one address. What is asked of the NIC as a whole is in [`super::nic`].

use crate::domain::{
    address::{Address, AddressRole},
    capabilities::Condition,
    finding::FindingId,
    float::Float,
};

use super::{Answer, Context, facts::Facts, nic};

pub(super) fn ask(facts: &Facts, condition: Condition, address: Address, context: Context) -> Answer {
    let ip = address.ip;
    match condition {
        Condition::NotPrimaryIp if address.role == AddressRole::Primary => Answer::Violated(FindingId::PrimaryIp),
        Condition::NotIpv6 if address.role == AddressRole::Ipv6 => Answer::Violated(FindingId::Ipv6Address),
        Condition::NotVirtual if address.role == AddressRole::Virtual => Answer::Violated(FindingId::AddressKind),
        Condition::NoEipOnAddress => {
            let on: Vec<_> = facts.eips.iter().filter(|eip| eip.is_on(facts.nic, ip) == Some(true)).collect();
            let fate = |dies: Option<bool>| on.iter().any(|eip| eip.dies_unbound == dies);
            if fate(Some(true)) {
                Answer::Violated(FindingId::EipDestroyed)
            } else if fate(None) {
                Answer::CanNotTell(FindingId::EipFateUnknown)
            } else if !on.is_empty() {
                Answer::Violated(FindingId::EipAttached)
            } else if facts.eips_at(ip).next().is_some() {
                Answer::CanNotTell(FindingId::EipUnknown)
            } else {
                nic::no_more_eips(facts)
            }
        }
        Condition::NoEipOnNic => {
            if facts.eips.iter().any(|eip| eip.is_on(facts.nic, ip) == Some(false)) {
                Answer::Violated(FindingId::EipOnNic)
            } else if facts.eips.iter().any(|eip| eip.is_on(facts.nic, ip).is_none()) {
                Answer::CanNotTell(FindingId::EipUnknown)
            } else {
                nic::no_more_eips(facts)
            }
        }
        Condition::NotBackend => nic::backends(facts, facts.backends_at(ip)),
        Condition::AnyAddressStays if address.role == AddressRole::Virtual => {
            let goes = |other| other == ip || context.leaving.contains(&other);
            if facts.nic.loses_any(goes) { Answer::Violated(FindingId::SourceCheck) } else { Answer::Holds }
        }
        Condition::VirtualShared if address.role == AddressRole::Virtual => shared(facts, address, context),
        Condition::VirtualNotManaged if address.role == AddressRole::Virtual => match float(facts, address) {
            Some(Float { owner: Some(_), .. }) => Answer::Violated(FindingId::VipManaged),
            Some(_) if facts.floats_known => Answer::Holds,
            _ => Answer::CanNotTell(FindingId::VipUnknown),
        },
        Condition::InstanceNotBackend => nic::instance_serves(facts, Some(ip)),
        Condition::SecondaryStays if address.role == AddressRole::Secondary => {
            let staying = |other: &Address| {
                other.role == AddressRole::Secondary && other.ip != ip && !context.leaving.contains(&other.ip)
            };
            let stays = facts.secondaries > 1 && facts.nic.addresses.iter().any(staying);
            // A range is more addresses of the same kind.
            if stays || !facts.nic.prefixes.is_empty() {
                Answer::Holds
            } else {
                Answer::Violated(FindingId::LastSecondary)
            }
        }
        Condition::VirtualStays if address.role == AddressRole::Virtual => {
            let staying = |other: &Address| {
                other.role == AddressRole::Virtual && other.ip != ip && !context.leaving.contains(&other.ip)
            };
            let stays = facts.nic.addresses.iter().any(staying);
            if stays { Answer::Holds } else { Answer::Violated(FindingId::LastSecondary) }
        }
        Condition::NotPrimaryIp | Condition::NotIpv6 | Condition::SecondaryStays | Condition::AddressesLeave => {
            Answer::Holds
        }
        // They are not released, so the guest has nothing to clean up.
        Condition::GuestKeepsConfig if matches!(address.role, AddressRole::Primary | AddressRole::Ipv6) => {
            Answer::Holds
        }
        condition => nic::ask_any(facts, condition),
    }
}

/// See [`nic::rest`].
pub(super) fn rest(facts: &Facts, condition: Condition, address: Address) -> Answer {
    let ip = address.ip;
    match condition {
        // An address has one EIP; but one that may be on it may be another one.
        Condition::NoEipOnAddress if facts.eips_at(ip).any(|eip| eip.is_on(facts.nic, ip).is_none()) => {
            Answer::CanNotTell(FindingId::EipUnknown)
        }
        Condition::NoEipOnNic if facts.eips.iter().any(|eip| eip.is_on(facts.nic, ip).is_none()) => {
            Answer::CanNotTell(FindingId::EipUnknown)
        }
        Condition::NoEipOnNic => nic::no_more_eips(facts),
        Condition::NotBackend => nic::other_backends(facts, facts.backends_at(ip)),
        _ => Answer::Holds,
    }
}

/// Of an address that is not on the NIC: that it is not, and what of the NIC itself is refused.
pub(super) fn ask_absent(facts: &Facts, condition: Condition) -> Answer {
    match condition {
        Condition::OnNic => Answer::Violated(FindingId::NotListed),
        Condition::PlainNic
        | Condition::NotManaged
        | Condition::NicState { .. }
        | Condition::InstanceExists
        | Condition::InstanceState { .. } => nic::ask_any(facts, condition),
        _ => Answer::Holds,
    }
}

/// Who else has the virtual address, when the plan has taken what it takes.
pub(super) fn shared(facts: &Facts, address: Address, context: Context) -> Answer {
    let Some(float) = float(facts, address).filter(|_| facts.floats_known) else {
        return Answer::CanNotTell(FindingId::VipUnknown);
    };
    let others = facts.others(float, context.plan);
    if others.count() > 0 {
        Answer::Violated(FindingId::VipShared)
    } else if others.untold > 0 {
        Answer::CanNotTell(FindingId::VipUnknown)
    } else {
        Answer::Violated(FindingId::VipLast)
    }
}

/// The virtual address as the cloud keeps it.
pub(super) fn float<'a>(facts: &Facts<'a>, address: Address) -> Option<&'a Float> {
    facts.floats.iter().copied().find(|float| float.ip == address.ip)
}
