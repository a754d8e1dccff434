//! Rules for detaching a NIC, and those about a NIC that a release asks as well.

use std::net::IpAddr;

use crate::domain::{
    address::{Address, AddressRole, Backend},
    capabilities::Condition,
    finding::{FindingId, Severity},
    instance::{Instance, PowerState},
    nic::{Fate, ManagedBy, NicRole, NicState},
};

use super::{Answer, Context, Verdict, address, facts::Facts};

/// Of a detach.
pub(super) fn ask(facts: &Facts, condition: Condition, context: Context) -> Answer {
    match condition {
        Condition::NoEipOnAddress | Condition::NoEipOnNic => {
            if facts.eips.is_empty() {
                no_more_eips(facts)
            } else {
                Answer::Violated(FindingId::EipOnNic)
            }
        }
        Condition::NotBackend => backends(facts, facts.backends.iter().copied()),
        Condition::InstanceNotBackend => instance_serves(facts, None),
        Condition::NoVirtualIp => {
            let on = |address: &Address| address.role == AddressRole::Virtual;
            if facts.nic.addresses.iter().any(on) || !facts.floats.is_empty() {
                Answer::Violated(FindingId::VipOnNic)
            } else if facts.floats_known && facts.nic.addresses_known {
                Answer::Holds
            } else {
                Answer::CanNotTell(FindingId::VipUnknown)
            }
        }
        // A listing does not tell it; the read before a plan does, and the write makes sure.
        Condition::OutlivesDetach => match facts.nic.dies_with_detach {
            Some(Fate::Dies) => Answer::Violated(FindingId::NicDies),
            // No reason makes the write send what may delete it.
            Some(Fate::Untold) => Answer::Told(FindingId::NicFateUnknown, Severity::Blocked),
            Some(Fate::Stays) | None => Answer::Holds,
        },
        Condition::OutlivesInstance => match facts.nic.dies_with_instance {
            Some(true) => Answer::Violated(FindingId::NicDiesWithInstance),
            Some(false) => Answer::Holds,
            None => Answer::CanNotTell(FindingId::NicDiesWithInstance),
        },
        // A listing does not tell it, and a primary NIC is not asked about.
        Condition::CarriesNone => match facts.nic.members {
            Some(true) => Answer::Violated(FindingId::NicMembers),
            None if facts.nic.dies_with_detach.is_some() && facts.nic.role != NicRole::Primary => {
                Answer::CanNotTell(FindingId::NicLinkedUnknown)
            }
            Some(false) | None => Answer::Holds,
        },
        Condition::NoDefaultRoute if facts.nic.instance.is_some() => Answer::Violated(FindingId::DefaultRoute),
        Condition::AddressesLeave => {
            // Its own address goes with a NIC in any case, and is told where others do.
            let leaves =
                |address: &Address| address.role != AddressRole::Primary && !context.leaving.contains(&address.ip);
            if facts.nic.addresses.iter().any(leaves) || !facts.nic.prefixes.is_empty() {
                Answer::Violated(FindingId::AddressesLeave)
            } else {
                none_leaves_unseen(facts)
            }
        }
        // Those that others go on answering for are in nobody's way.
        Condition::VirtualShared => {
            let mut answers =
                virtuals_that_leave(facts, context).map(|address| address::shared(facts, address, context));
            let last = answers.find(|answer| *answer == Answer::Violated(FindingId::VipLast));
            last.unwrap_or_else(|| rest(facts, condition, context))
        }
        condition => ask_any(facts, condition),
    }
}

/// Of what a rule found there is some: can it be told that there is no more of it? For rules that find what is in the way one by one.
pub(super) fn rest(facts: &Facts, condition: Condition, context: Context) -> Answer {
    match condition {
        Condition::NoEipOnAddress | Condition::NoEipOnNic => no_more_eips(facts),
        Condition::NotBackend => other_backends(facts, facts.backends.iter().copied()),
        Condition::NoVirtualIp if !facts.floats_known || !facts.nic.addresses_known => {
            Answer::CanNotTell(FindingId::VipUnknown)
        }
        Condition::AddressesLeave => none_leaves_unseen(facts),
        Condition::VirtualShared => {
            let mut answers =
                virtuals_that_leave(facts, context).map(|address| address::shared(facts, address, context));
            answers.find(|answer| matches!(answer, Answer::CanNotTell(_))).unwrap_or(Answer::Holds)
        }
        _ => Answer::Holds,
    }
}

/// Virtual addresses that are on the NIC when it is detached.
pub(super) fn virtuals_that_leave(facts: &Facts, context: Context) -> impl Iterator<Item = Address> {
    let on = facts.nic.addresses.iter().copied();
    on.filter(move |address| address.role == AddressRole::Virtual && !context.leaving.contains(&address.ip))
}

/// Of a release and a detach alike.
pub(super) fn ask_any(facts: &Facts, condition: Condition) -> Answer {
    let nic = facts.nic;
    match condition {
        Condition::NicState { allowed } => match nic.status.state {
            NicState::Other if !allowed.contains(&NicState::Other) => Answer::Strange(FindingId::NicState),
            state if !allowed.contains(&state) => Answer::Violated(FindingId::NicState),
            // No word of the vendor's: it tells only what the NIC is attached to.
            _ if nic.status.word.is_empty() => Answer::CanNotTell(FindingId::NicStateUnknown),
            _ => Answer::Holds,
        },
        Condition::InstanceState { allowed, primary_nic_only } => {
            // A NIC of a kind that is not known may be a primary one.
            if primary_nic_only && nic.role == NicRole::Secondary {
                return Answer::Holds;
            }
            on_instance(facts, |instance| match instance.power.state {
                state if allowed.contains(&state) => Answer::Holds,
                PowerState::Other => Answer::Strange(FindingId::InstanceState),
                _ => Answer::Violated(FindingId::InstanceState),
            })
        }
        // The call is taken in any state: one that was not read is in nobody's way.
        Condition::InstanceAtRest => match facts.instance.map(|instance| instance.power.state) {
            Some(PowerState::Changing | PowerState::Gone | PowerState::Other) => {
                Answer::Violated(FindingId::InstanceState)
            }
            _ => Answer::Holds,
        },
        Condition::InstanceExists if facts.is_instance_gone() => Answer::Violated(FindingId::InstanceGone),
        Condition::InstanceExists => on_instance(facts, |_| Answer::Holds),
        Condition::NotPrimaryNic => match &nic.role {
            NicRole::Primary => Answer::Violated(FindingId::PrimaryNic),
            // One that does not say may be the primary one.
            NicRole::Other(word) if word.is_empty() => Answer::CanNotTell(FindingId::NicType),
            NicRole::Secondary | NicRole::Other(_) => Answer::Holds,
        },
        Condition::PlainNic if matches!(nic.role, NicRole::Other(_)) => Answer::Violated(FindingId::NicType),
        Condition::NotManaged => match nic.managed_by {
            ManagedBy::Nobody => Answer::Holds,
            ManagedBy::Service(_) => Answer::Violated(FindingId::ManagedBy),
            ManagedBy::Controller(_) => Answer::Told(FindingId::ManagedBy, Severity::Warn),
            ManagedBy::Unknown => Answer::CanNotTell(FindingId::ManagedByUnknown),
        },
        Condition::NotLinked => match nic.linked {
            Some(false) => Answer::Holds,
            Some(true) => Answer::Violated(FindingId::NicLinked),
            None => Answer::CanNotTell(FindingId::NicLinkedUnknown),
        },
        Condition::NoMembers => match nic.members {
            Some(false) => Answer::Holds,
            Some(true) => Answer::Violated(FindingId::NicMembers),
            None => Answer::CanNotTell(FindingId::NicLinkedUnknown),
        },
        Condition::HotPlug => match nic.hot_plug {
            Some(true) => Answer::Holds,
            told => on_instance(facts, |instance| match (instance.power.state, told) {
                (PowerState::Stopped, _) => Answer::Holds,
                (PowerState::Other, Some(_)) => Answer::Strange(FindingId::HotPlug),
                (PowerState::Other, None) => Answer::Unseen(FindingId::HotPlugUnknown),
                (_, Some(_)) => Answer::Violated(FindingId::HotPlug),
                (_, None) => Answer::CanNotTell(FindingId::HotPlugUnknown),
            }),
        },
        // An instance that was not read is told of by the rules about its state.
        Condition::TypeHotPlugs => match facts.instance.map(|instance| instance.power.state) {
            Some(PowerState::Running) => Answer::Violated(FindingId::HotPlugUnknown),
            _ => Answer::Holds,
        },
        Condition::GuestAgentRuns => on_instance(facts, |instance| match instance.guest_agent {
            Some(true) => Answer::Holds,
            Some(false) => Answer::Violated(FindingId::GuestAgent),
            None => Answer::CanNotTell(FindingId::GuestAgentUnknown),
        }),
        Condition::GuestKeepsConfig => {
            // Nobody has configured the addresses of a NIC that is free.
            if facts.is_free() { Answer::Holds } else { Answer::Violated(FindingId::OsConfig) }
        }
        _ => Answer::Holds,
    }
}

/// Asks the instance, if there is one; one that was not read, or that the cloud hides, can not be asked.
fn on_instance(facts: &Facts, ask: impl FnOnce(&Instance) -> Answer) -> Answer {
    match (&facts.nic.instance, facts.instance) {
        (_, Some(instance)) => ask(instance),
        (None, None) if facts.is_free() => Answer::Holds,
        (_, None) => Answer::Unseen(FindingId::InstanceUnknown),
    }
}

/// No EIP was found. Is there none?
pub(super) fn no_more_eips(facts: &Facts) -> Answer {
    // One on an address that is not told is not found.
    let told = facts.eips_known && !facts.has_unexplained && facts.nic.addresses_known;
    if told { Answer::Holds } else { Answer::CanNotTell(FindingId::EipUnknown) }
}

/// No backend was found. Is there none?
pub(super) fn no_more_backends(facts: &Facts) -> Answer {
    if facts.backends_known && facts.nic.addresses_known {
        Answer::Holds
    } else {
        Answer::CanNotTell(FindingId::LbUnknown)
    }
}

/// Is any of these backends on the NIC, or may be?
pub(super) fn backends<'a>(facts: &Facts, found: impl Iterator<Item = &'a Backend> + Clone) -> Answer {
    if found.clone().any(|backend| !backend.may_be_elsewhere(facts.nic)) {
        Answer::Violated(FindingId::LbBackend)
    } else {
        other_backends(facts, found)
    }
}

/// Beside those of these that surely are: may any other be?
pub(super) fn other_backends<'a>(facts: &Facts, mut found: impl Iterator<Item = &'a Backend>) -> Answer {
    if found.any(|backend| backend.may_be_elsewhere(facts.nic)) {
        Answer::CanNotTell(FindingId::LbUnknown)
    } else {
        no_more_backends(facts)
    }
}

/// One that is not told leaves with the NIC as well, and so does a virtual one that came since the listing.
fn none_leaves_unseen(facts: &Facts) -> Answer {
    if !facts.nic.addresses_known {
        Answer::CanNotTell(FindingId::AddressesUnknown)
    } else if !facts.floats_known {
        Answer::CanNotTell(FindingId::VipUnknown)
    } else {
        Answer::Holds
    }
}

/// Does the instance serve a load balancer, other than through `ip` (or through this NIC)?
pub(super) fn instance_serves(facts: &Facts, ip: Option<IpAddr>) -> Answer {
    if facts.is_free() {
        return Answer::Holds;
    }
    if facts.nic.instance.is_none() {
        // What it is on the cloud hides, or it is on nothing yet.
        return Answer::CanNotTell(FindingId::LbUnknown);
    }
    if facts.balancers_elsewhere(ip).next().is_some() {
        return Answer::Violated(FindingId::LbOnInstance);
    }
    // Its own list of balancers is known only where it was read, and where the answer had one: silence is not "none".
    let named = facts.instance.is_some_and(|instance| instance.load_balancers.is_some());
    if named { no_more_backends(facts) } else { Answer::CanNotTell(FindingId::LbUnknown) }
}

/// A detach needs an instance to detach from, whatever the cloud's rules say.
pub(super) fn detached_from(facts: &Facts) -> Option<Verdict> {
    if facts.nic.instance.is_some() {
        return None;
    }
    Some(if facts.is_free() {
        Verdict { id: FindingId::NicState, severity: Severity::Blocked, predicts: None }
    } else {
        Verdict { id: FindingId::InstanceUnknown, severity: Severity::Unknown, predicts: None }
    })
}
