//! Rules for releasing one address.

use crate::domain::{
    address::{Address, AddressRole, Backend, Eip},
    capabilities::Condition,
    finding::FindingId,
};

use super::{Answer, Detail, Values, common, facts::Facts};

pub(super) fn ask(facts: &Facts, condition: Condition, address: Address, detail: Detail) -> Answer {
    let nic = facts.nic;
    match condition {
        Condition::NotPrimaryIp => {
            if address.role == AddressRole::Primary {
                Answer::Violated(FindingId::PrimaryIp, detail.values(|| vec![("nic", nic.id.to_string())]))
            } else {
                Answer::Holds
            }
        }
        Condition::NotIpv6 => {
            if address.role == AddressRole::Ipv6 {
                Answer::Violated(FindingId::Ipv6Address, Vec::new())
            } else {
                Answer::Holds
            }
        }
        Condition::NoEipOnAddress => {
            if let Some(eip) = facts.eips.iter().find(|eip| eip.is_on(nic, address.ip) == Some(true)) {
                Answer::Violated(FindingId::EipAttached, detail.values(|| eip_values(eip)))
            } else if let Some(eip) = facts.eips.iter().find(|eip| eip.is_on(nic, address.ip).is_none()) {
                // On the NIC, but the cloud does not say on which of its addresses.
                Answer::Unknown(FindingId::EipUnknown, detail.values(|| eip_values(eip)))
            } else {
                eips_told(facts, detail)
            }
        }
        Condition::NoEipOnNic => {
            let other = facts.eips.iter().find(|eip| eip.is_on(nic, address.ip) == Some(false));
            if let Some(eip) = other {
                Answer::Violated(FindingId::EipOnNic, detail.values(|| eip_values(eip)))
            } else {
                eips_told(facts, detail)
            }
        }
        Condition::NotBackend => {
            let backend = facts.backends.iter().find(|backend| backend.ip_on(nic) == Some(address.ip));
            match backend {
                Some(backend) => Answer::Violated(FindingId::LbBackend, detail.values(|| backend_values(backend))),
                None if facts.backends_known => Answer::Holds,
                None => Answer::Unknown(FindingId::LbUnknown, Vec::new()),
            }
        }
        Condition::InstanceNotBackend => instance_serves(facts, detail),
        Condition::SecondaryStays => {
            // An extra address that is not there to be released leaves nothing to be last of.
            if address.role == AddressRole::Secondary && nic.count(AddressRole::Secondary) == 1 {
                Answer::Violated(FindingId::LastSecondary, detail.values(|| vec![("nic", nic.id.to_string())]))
            } else {
                Answer::Holds
            }
        }
        Condition::GuestKeepsConfig if matches!(address.role, AddressRole::Primary | AddressRole::Ipv6) => {
            // It is not released, so the guest has nothing to clean up.
            Answer::Holds
        }
        other => common(facts, other, detail),
    }
}

/// Whether the absence of EIPs can be believed.
pub(super) fn eips_told(facts: &Facts, detail: Detail) -> Answer {
    if !facts.eips_known {
        return Answer::Unknown(FindingId::EipUnknown, Vec::new());
    }
    match facts.unexplained_public_ip() {
        Some(ip) => Answer::Unknown(FindingId::EipUnknown, detail.values(|| vec![("eip", ip.to_owned())])),
        None => Answer::Holds,
    }
}

/// Load balancers of the instance that were not found on this NIC: they send to another address of it.
pub(super) fn instance_serves(facts: &Facts, detail: Detail) -> Answer {
    match facts.other_load_balancers().next() {
        None => Answer::Holds,
        Some(_) => Answer::Violated(
            FindingId::LbOnInstance,
            detail.values(|| {
                let ids: Vec<String> = facts.other_load_balancers().map(ToString::to_string).collect();
                vec![
                    ("lb", ids.join(", ")),
                    ("instance", facts.instance.map_or(String::new(), |instance| instance.id.to_string())),
                ]
            }),
        ),
    }
}

pub(super) fn eip_values(eip: &Eip) -> Values {
    let shown = eip.ip.map_or_else(|| eip.id.to_string(), |ip| ip.to_string());
    vec![("eip", shown), ("eip_id", eip.id.to_string())]
}

pub(super) fn backend_values(backend: &Backend) -> Values {
    let name = if backend.name.is_empty() { backend.load_balancer.to_string() } else { backend.name.to_string() };
    vec![("lb", backend.load_balancer.to_string()), ("lb_name", name), ("port", backend.port.to_string())]
}
