//! Which targets of a planned write are still to be sent, and which have come to their end. Pure.

use std::net::IpAddr;

use crate::domain::{
    nic::{Nic, NicState},
    outcome::{Outcome, Skip},
    plan::{Operation, OperationKind},
    selection::Target,
    snapshot::NicSnapshot,
};

/// The targets of a part of a write.
pub(super) fn targets(operation: &Operation, kind: &OperationKind) -> Vec<Target> {
    Operation { kind: kind.clone(), ..operation.clone() }.targets()
}

/// Compares with the plan. Targets that are gone already or changed get their end; what is left is to be sent.
/// Targets that have an end are passed over.
pub(super) fn narrow(
    operation: &Operation,
    fresh: &NicSnapshot,
    ends: &mut Vec<(Target, Outcome)>,
) -> Option<OperationKind> {
    let mut ips: Vec<IpAddr> = Vec::new();
    for target in operation.targets() {
        if ends.iter().any(|(ended, _)| *ended == target) {
            continue;
        }
        if is_free_of(&target, &fresh.nic) {
            ends.push((target, Outcome::AlreadyGone { request_id: None }));
            continue;
        }
        let changes = operation.expect.changes(fresh, &target);
        if !changes.is_empty() {
            ends.push((target, Outcome::Skipped { why: Skip::Stale { changes } }));
            continue;
        }
        match target {
            Target::Address(key) => ips.push(key.ip),
            Target::Nic(_) => return Some(operation.kind.clone()),
        }
    }
    match &operation.kind {
        OperationKind::Release { nic, .. } if !ips.is_empty() => Some(OperationKind::Release { nic: nic.clone(), ips }),
        _ => None,
    }
}

/// Does the wished-for state hold: the address not on the NIC, the NIC on no instance?
fn is_free_of(target: &Target, nic: &Nic) -> bool {
    match target {
        Target::Address(key) => nic.addresses.iter().all(|address| address.ip != key.ip),
        Target::Nic(_) => nic.instance.is_none() && nic.status.state == NicState::Free,
    }
}

/// Was done what this write asks for? A NIC that was put on another instance meanwhile was taken off its own before.
pub(super) fn is_done(target: &Target, kind: &OperationKind, nic: &Nic) -> bool {
    let moved = match kind {
        OperationKind::Detach { instance, .. } => nic.instance.as_ref().is_some_and(|now| now != instance),
        OperationKind::Release { .. } => false,
    };
    moved || is_free_of(target, nic)
}
