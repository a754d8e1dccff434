//! Rules for detaching a NIC.

use crate::domain::{
    address::AddressRole, capabilities::Condition, finding::FindingId, instance::PowerState, nic::NicRole,
};

use super::{
    Answer, Detail,
    address::{backend_values, eip_values, eips_told, instance_serves},
    common,
    facts::Facts,
};

pub(super) fn ask(facts: &Facts, condition: Condition, detail: Detail) -> Answer {
    let nic = facts.nic;
    match condition {
        Condition::NotPrimaryNic => {
            if nic.role == NicRole::Primary {
                Answer::Violated(FindingId::PrimaryNic, detail.values(|| vec![("nic", nic.id.to_string())]))
            } else {
                Answer::Holds
            }
        }
        Condition::NoEipOnNic | Condition::NoEipOnAddress => match facts.eips.as_slice() {
            [] => eips_told(facts, detail),
            [first, ..] => Answer::Violated(
                FindingId::EipOnNic,
                detail.values(|| {
                    let mut values = eip_values(first);
                    let all: Vec<String> = facts
                        .eips
                        .iter()
                        .map(|eip| eip.ip.map_or_else(|| eip.id.to_string(), |ip| ip.to_string()))
                        .collect();
                    values[0].1 = all.join(", ");
                    values
                }),
            ),
        },
        Condition::NotBackend => match facts.backends.first() {
            Some(backend) => Answer::Violated(FindingId::LbBackend, detail.values(|| backend_values(backend))),
            None if facts.backends_known => Answer::Holds,
            None => Answer::Unknown(FindingId::LbUnknown, Vec::new()),
        },
        Condition::InstanceNotBackend => instance_serves(facts, detail),
        Condition::NotLinked => match nic.linked {
            Some(false) => Answer::Holds,
            Some(true) => Answer::Violated(FindingId::NicLinked, Vec::new()),
            None => Answer::Unknown(FindingId::NicLinkedUnknown, Vec::new()),
        },
        Condition::HotPlug => match (nic.hot_plug, facts.instance.map(|instance| instance.power.state)) {
            (Some(true), _) | (_, Some(PowerState::Stopped)) => Answer::Holds,
            // Without an instance there is nothing to unplug it from; other rules speak about that.
            (Some(false), _) if nic.instance.is_none() => Answer::Holds,
            (Some(false), _) => Answer::Violated(
                FindingId::HotPlug,
                detail.values(|| {
                    vec![("instance", facts.instance.map_or(String::new(), |instance| instance.id.to_string()))]
                }),
            ),
            (None, _) => Answer::Unknown(FindingId::HotPlugUnknown, Vec::new()),
        },
        Condition::GuestAgentRuns => match facts.instance.map(|instance| instance.guest_agent) {
            Some(Some(true)) => Answer::Holds,
            Some(Some(false)) => Answer::Violated(
                FindingId::GuestAgent,
                detail.values(|| {
                    vec![("instance", facts.instance.map_or(String::new(), |instance| instance.id.to_string()))]
                }),
            ),
            None if nic.instance.is_none() => Answer::Holds,
            Some(None) | None => Answer::Unknown(FindingId::GuestAgentUnknown, Vec::new()),
        },
        Condition::AddressesLeave => {
            let extra = nic.count(AddressRole::Secondary) + nic.count(AddressRole::Virtual);
            let v6 = nic.count(AddressRole::Ipv6);
            if extra + v6 == 0 {
                Answer::Holds
            } else {
                Answer::Violated(
                    FindingId::AddressesLeave,
                    detail.values(|| vec![("count", extra.to_string()), ("ipv6", v6.to_string())]),
                )
            }
        }
        other => common(facts, other, detail),
    }
}
