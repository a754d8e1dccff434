//! Which targets of a planned write are still to be sent, and which have come to their end. Pure.

use std::net::IpAddr;

use crate::{
    domain::{
        address::{AddressRole, Eip, EipBinding},
        capabilities::{Capabilities, Condition},
        ids::EipId,
        nic::Nic,
        outcome::{Outcome, Skip},
        plan::{Calls, Change, ChangedFact, Operation, OperationKind},
        selection::Target,
        snapshot::NicSnapshot,
    },
    providers::client::Client,
    rules::{self, Safety, protect::ProfileRules, write},
};

/// What a target is judged by once more, right before it is sent.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub capabilities: &'a Capabilities,
    pub protect: Option<&'a ProfileRules>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(client: &Client, safety: &'a Safety, operation: &Operation) -> Self {
        Self { capabilities: client.capabilities(), protect: safety.protect.of(&operation.profile) }
    }
}

/// The targets of a part of a write.
pub(super) fn targets(operation: &Operation, kind: &OperationKind) -> Vec<Target> {
    Operation { kind: kind.clone(), ..operation.clone() }.targets()
}

/// Compares with the plan. Targets that are gone already or changed get their end; what is left is to be sent.
/// Targets that have an end are passed over.
pub fn narrow(
    operation: &Operation,
    fresh: &NicSnapshot,
    rules: Rules,
    ends: &mut Vec<(Target, Outcome)>,
) -> Option<OperationKind> {
    let left = left(operation, fresh, rules, ends)?;
    let Some(change) = other_calls(operation, fresh, rules.capabilities, &left) else { return Some(left) };
    let why = Skip::Stale { changes: vec![change] };
    ends.extend(targets(operation, &left).into_iter().map(|target| (target, Outcome::Skipped { why: why.clone() })));
    None
}

/// That the write is other calls now than those that were confirmed. Where more was to follow than could be told, what was told comes
/// first all the same; with targets that need nothing any more there are fewer, and none that was not named.
fn other_calls(
    operation: &Operation,
    fresh: &NicSnapshot,
    capabilities: &Capabilities,
    left: &OperationKind,
) -> Option<Change> {
    let (told, now) = (&operation.calls, capabilities.calls.of(left, fresh));
    let same = if *left == operation.kind {
        // What is known by now to be all of it was not known to be then, or the other way round: nothing else is sent first for that.
        now.names == told.names && (told.more || !now.more)
    } else {
        let mut named = told.names.iter();
        now.names.iter().all(|name| named.any(|told| told == name))
    };
    let words = |calls: &Calls| {
        let more = calls.more.then_some("…");
        calls.names.iter().copied().chain(more).collect::<Vec<_>>().join(", ")
    };
    (!same).then(|| Change { fact: ChangedFact::Calls, before: words(told), now: words(&now) })
}

/// What is left to be sent.
fn left(
    operation: &Operation,
    fresh: &NicSnapshot,
    rules: Rules,
    ends: &mut Vec<(Target, Outcome)>,
) -> Option<OperationKind> {
    let mut ips: Vec<IpAddr> = Vec::new();
    for target in operation.targets() {
        if ends.iter().any(|(ended, _)| *ended == target) {
            continue;
        }
        // A NIC that is on another instance now is not what was planned, even if it is off its own.
        let elsewhere = matches!(&operation.kind, OperationKind::Detach { .. }) && fresh.nic.instance.is_some();
        let seen = Sight { nic: fresh.nic.clone(), bound: bound(&operation.kind, fresh) };
        if !elsewhere && is_done(&target, &operation.kind, Some(&seen)) {
            ends.push((target, Outcome::AlreadyGone { request_id: None }));
            continue;
        }
        let asked = rules.capabilities.rules_of(&operation.kind);
        let mut changes = operation.expect.changes(fresh, &target, asked);
        if matches!(operation.kind, OperationKind::Detach { .. }) {
            changes.extend(operation.expect.fate_changes(fresh));
        }
        changes.extend(ended(operation, fresh, rules.capabilities));
        // Nothing differs in a way that matters to every write: the rules may see more, where something was not known before.
        if changes.is_empty() {
            changes.extend(rules::violated(fresh, rules.capabilities, rules.protect, &operation.kind, &target));
        }
        if changes.is_empty() {
            changes.extend(refused(fresh, rules.capabilities, &operation.kind, target.ip()));
        }
        if !changes.is_empty() {
            ends.push((target, Outcome::Skipped { why: Skip::Stale { changes } }));
            continue;
        }
        match target {
            Target::Address(key) => ips.push(key.ip),
            Target::Nic(_) | Target::Eip { .. } => return Some(operation.kind.clone()),
        }
    }
    match &operation.kind {
        OperationKind::Release { nic, .. } if !ips.is_empty() => Some(OperationKind::Release { nic: nic.clone(), ips }),
        OperationKind::Assign { nic, lists, .. } if !ips.is_empty() => {
            let kind = OperationKind::Assign { nic: nic.clone(), ips, lists: lists.clone() };
            // Each alone may fit where all together do not.
            let Some(change) = write::refused(fresh, rules.capabilities, &kind) else { return Some(kind) };
            let why = Skip::Stale { changes: vec![change] };
            let rest = targets(operation, &kind).into_iter();
            ends.extend(rest.map(|target| (target, Outcome::Skipped { why: why.clone() })));
            None
        }
        _ => None,
    }
}

/// What the cloud would refuse of a write that gives something: of several addresses, for this one.
fn refused(
    fresh: &NicSnapshot,
    capabilities: &Capabilities,
    kind: &OperationKind,
    ip: Option<IpAddr>,
) -> Option<Change> {
    match (kind, ip) {
        (OperationKind::Assign { nic, lists, .. }, Some(ip)) => {
            let one = OperationKind::Assign { nic: nic.clone(), ips: vec![ip], lists: lists.clone() };
            write::refused(fresh, capabilities, &one)
        }
        _ => write::refused(fresh, capabilities, kind),
    }
}

/// What stands against the binding of an EIP that is as it is here, where EIPs are listed: some clouds take it away from whoever has it.
pub fn bound_elsewhere(id: &EipId, now: Option<&Eip>) -> Option<Change> {
    let now = match now {
        Some(eip) if eip.bound != EipBinding::Unbound => format!("{id} ({})", eip.status),
        Some(_) => return None,
        None => "-".to_owned(),
    };
    Some(Change { fact: ChangedFact::Eips, before: id.to_string(), now })
}

/// What a release would end for the NIC as a whole, and the plan did not tell since others have taken the rest meanwhile.
fn ended(operation: &Operation, fresh: &NicSnapshot, capabilities: &Capabilities) -> Vec<Change> {
    let OperationKind::Release { ips, .. } = &operation.kind else { return Vec::new() };
    let going: Vec<IpAddr> = operation.taken.iter().chain(ips).copied().collect();
    let last = capabilities.release.iter().filter_map(|rule| {
        let role = match rule.condition {
            Condition::SecondaryStays => AddressRole::Secondary,
            Condition::VirtualStays => AddressRole::Virtual,
            _ => return None,
        };
        operation.expect.last_returns(fresh, &going, role)
    });
    operation.expect.check_returns(fresh, ips).into_iter().chain(last).collect()
}

/// What stands against the rest of a write that has begun, once for all its targets. What its own requests did is none of it: they
/// take away, and less is no change; of what puts something on a NIC only the protect rules are asked again.
pub(super) fn against(operation: &Operation, kind: &OperationKind, fresh: &NicSnapshot, rules: Rules) -> Vec<Change> {
    let takes = matches!(kind, OperationKind::Release { .. } | OperationKind::Detach { .. });
    let seen = Sight { nic: fresh.nic.clone(), bound: None };
    let mut found: Vec<Change> = Vec::new();
    for target in targets(operation, kind) {
        let asked = rules.capabilities.rules_of(kind);
        let mut changes = if takes { operation.expect.changes(fresh, &target, asked) } else { Vec::new() };
        changes.extend(ended(operation, fresh, rules.capabilities));
        if changes.is_empty() && !is_done(&target, kind, Some(&seen)) {
            changes.extend(rules::violated(fresh, rules.capabilities, rules.protect, kind, &target));
        }
        changes.retain(|change| !found.contains(change));
        found.append(&mut changes);
    }
    found
}

/// What was seen after a write.
#[derive(Clone, Debug)]
pub(in crate::runtime::jobs) struct Sight {
    pub nic: Nic,
    /// Is the EIP in question bound? `None` where nobody asked, or where it could not be told.
    pub bound: Option<bool>,
}

/// Is the EIP of the write on its address? `None`: it is about none, or which EIPs are on the NIC could not be read.
pub(in crate::runtime::jobs) fn bound(kind: &OperationKind, seen: &NicSnapshot) -> Option<bool> {
    let OperationKind::BindEip { eip, ip, .. } = kind else { return None };
    let here = |bound: &Eip| bound.id == *eip && bound.is_on(&seen.nic, *ip) == Some(true);
    if seen.eips.iter().any(here) { Some(true) } else { seen.eips_known.then_some(false) }
}

/// Does the wished-for state hold?
pub(in crate::runtime::jobs) fn is_done(target: &Target, kind: &OperationKind, seen: Option<&Sight>) -> bool {
    match (kind, seen) {
        (OperationKind::BindEip { .. }, Some(seen)) => seen.bound == Some(true),
        _ => kind.is_done(target, seen.map(|seen| &seen.nic)),
    }
}
