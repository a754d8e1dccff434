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
        // A NIC that is on another instance now is not what was planned, even if it is off its own.
        let elsewhere = matches!(&operation.kind, OperationKind::Detach { .. }) && fresh.nic.instance.is_some();
        if !elsewhere && is_done(&target, &operation.kind, &fresh.nic) {
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
        OperationKind::Assign { nic, .. } if !ips.is_empty() => Some(OperationKind::Assign { nic: nic.clone(), ips }),
        OperationKind::BindEip { .. } if !ips.is_empty() => Some(operation.kind.clone()),
        _ => None,
    }
}

/// Is a NIC that is gone altogether what was wished for?
pub(super) fn gone_is_done(kind: &OperationKind) -> bool {
    match kind {
        OperationKind::Release { .. } | OperationKind::Detach { .. } | OperationKind::Delete { .. } => true,
        OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::BindEip { .. } => false,
    }
}

/// Does the wished-for state hold? Told by the NIC as it is now; one that is gone altogether is the caller's affair.
pub(super) fn is_done(target: &Target, kind: &OperationKind, nic: &Nic) -> bool {
    let has_address = match target {
        Target::Address(key) => nic.addresses.iter().any(|address| address.ip == key.ip),
        Target::Nic(_) => false,
    };
    let on = |instance| nic.instance.as_ref() == Some(instance);
    match kind {
        OperationKind::Release { .. } => !has_address,
        OperationKind::Assign { .. } => has_address,
        // A NIC that was put on another instance meanwhile was taken off its own before.
        OperationKind::Detach { instance, .. } => match &nic.instance {
            Some(now) => now != instance,
            None => nic.status.state == NicState::Free,
        },
        OperationKind::Attach { instance, .. } => on(instance) && nic.status.state == NicState::Attached,
        // A NIC's record does not tell of its public addresses, and a NIC that is there is not deleted.
        OperationKind::BindEip { .. } | OperationKind::Delete { .. } => false,
    }
}
