//! What of a write is to be sent now: the one evaluator of a run and of a dry run, which differ only in what they do with it.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::ReadBack,
    domain::{
        address::Backend,
        fault::{Fault, FaultKind},
        finding::FindingId,
        ids::{EipId, InstanceId},
        nic::Nic,
        outcome::{Outcome, Skip},
        plan::{Change, ChangedFact, Keeper, Operation, OperationKind},
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        client::{Client, local},
        provider::{Call, Step},
    },
    rules::{self, Safety, protect::Brings},
    runtime::jobs::inspect,
};

use super::targets::{Rules, bound_elsewhere, narrow};

/// Ends of targets.
pub type Ends = Vec<(Target, Outcome)>;

/// What looking at the NIC has shown.
pub enum Looked {
    /// To be sent, on the NIC as it is now.
    Send(Box<NicSnapshot>, OperationKind),
    /// Every target has its end.
    Ended(ReadBack),
}

/// Reads the NIC again and ends the targets that are not to be sent.
///
/// # Errors
/// The NIC can not be read.
pub async fn look(
    client: &Client,
    operation: &Operation,
    safety: &Safety,
    cancel: &CancellationToken,
    now: fn() -> Timestamp,
    ends: &mut Ends,
) -> Result<Looked, Fault> {
    let Some(seen) = inspect::nic(client, &operation.expect, cancel, now).await? else {
        let outcome = if operation.kind.keeps_nic() {
            Outcome::NicGone { request_id: None }
        } else if operation.kind.is_done_when_gone() {
            Outcome::AlreadyGone { request_id: None }
        } else {
            let fault = Fault::local(FaultKind::NotFound, "", local::NIC_GONE);
            Outcome::Skipped { why: Skip::NotReadAgain { fault } }
        };
        end_rest(operation, ends, || outcome.clone());
        return Ok(Looked::Ended(ReadBack::Gone));
    };
    look_on(client, operation, safety, (seen, cancel), ends).await
}

/// The same on the NIC as it is here: what is around it is read.
///
/// # Errors
/// Something around it can not be read.
pub async fn look_on(
    client: &Client,
    operation: &Operation,
    safety: &Safety,
    (seen, cancel): (NicSnapshot, &CancellationToken),
    ends: &mut Ends,
) -> Result<Looked, Fault> {
    let (seen, mut kind) = match judge(client, operation, safety, Box::new(seen), ends) {
        Looked::Send(seen, kind) => (seen, kind),
        ended @ Looked::Ended(_) => return Ok(ended),
    };
    if let OperationKind::Release { ips, .. } = &mut kind {
        let unanswered = unanswered(client, operation, ips, cancel).await?;
        ips.retain(|ip| !unanswered.contains(ip));
        for target in operation.targets() {
            if matches!(&target, Target::Address(key) if unanswered.contains(&key.ip)) {
                ends.push((target, Outcome::Skipped { why: Skip::Stale { changes: vec![nobodys()] } }));
            }
        }
        if ips.is_empty() {
            return Ok(Looked::Ended(ReadBack::Nic(Arc::from(seen))));
        }
    }
    let change = match &kind {
        // With it an address that others were to answer for would be nobody's.
        OperationKind::Detach { .. } => {
            let ips = leaving(operation, &kind, &seen.nic);
            (!unanswered(client, operation, &ips, cancel).await?.is_empty()).then(nobodys)
        }
        OperationKind::BindEip { eip, ip, .. } => {
            bindable(client, (operation, safety), &seen, (eip, *ip), cancel).await?
        }
        OperationKind::Attach { instance, .. } => held_by(client, (operation, safety), &seen, instance, cancel).await?,
        _ => None,
    };
    if let Some(change) = change {
        end_rest(operation, ends, || Outcome::Skipped { why: Skip::Stale { changes: vec![change.clone()] } });
        return Ok(Looked::Ended(ReadBack::Nic(Arc::from(seen))));
    }
    Ok(Looked::Send(seen, kind))
}

/// That an EIP is not free any more: some clouds take it away from whoever has it, and bind it anew. Or that it is protected.
///
/// # Errors
/// It can not be read.
async fn bindable(
    client: &Client,
    (operation, safety): (&Operation, &Safety),
    seen: &NicSnapshot,
    (id, ip): (&EipId, IpAddr),
    cancel: &CancellationToken,
) -> Result<Option<Change>, Fault> {
    let listed = inspect::lists_eips(client, &operation.region);
    let eip = if listed { inspect::eip(client, &operation.region, id, cancel).await? } else { None };
    if let Some(change) = bound_elsewhere(id, eip.as_ref()).filter(|_| listed) {
        return Ok(Some(change));
    }
    let brings = Brings::Eip(ip, eip.as_ref());
    let protect = safety.protect.of(&operation.profile);
    Ok(protect.and_then(|protect| rules::held(seen, protect, Some(ip), brings)))
}

/// What stands against an attach on the side of the instance, which is written to as well: that it is not as it was, would not take the
/// NIC, or is protected.
///
/// # Errors
/// It can not be read.
async fn held_by(
    client: &Client,
    (operation, safety): (&Operation, &Safety),
    seen: &NicSnapshot,
    id: &InstanceId,
    cancel: &CancellationToken,
) -> Result<Option<Change>, Fault> {
    let protect = safety.protect.of(&operation.profile);
    let (instance, is_shown) = match inspect::instance(client, &seen.nic, id, cancel).await {
        Ok(instance) => (instance, true),
        // The plan was not shown it either, and somebody has said why it goes all the same.
        Err(fault) if fault.kind == FaultKind::Permission && operation.onto.is_none() => (None, false),
        Err(fault) => return Err(fault),
    };
    let held = |backends: Option<&[Backend]>| {
        let brings = Brings::Instance(id, instance.as_ref(), backends);
        protect.and_then(|protect| rules::held(seen, protect, None, brings))
    };
    let mut held_by = held(None);
    // Read only where a rule may hang on it: what sends to the NIC once it is there is up to hundreds of calls.
    if held_by.is_some()
        && let Some(backends) = inspect::backends(client, seen, id, cancel).await
    {
        held_by = held(Some(&backends));
    }
    if !is_shown {
        return Ok(held_by);
    }
    let both = [operation.onto.as_deref(), instance.as_ref()];
    Ok(held_by.or_else(|| rules::write::refused_onto(seen, client.capabilities(), &operation.kind, both)))
}

/// Ends the targets that are not to be sent, on the NIC as it was read.
pub fn judge(
    client: &Client,
    operation: &Operation,
    safety: &Safety,
    seen: Box<NicSnapshot>,
    ends: &mut Ends,
) -> Looked {
    match narrow(operation, &seen, Rules::of(client, safety, operation), ends) {
        Some(kind) => Looked::Send(seen, kind),
        None => Looked::Ended(ReadBack::Nic(Arc::from(seen))),
    }
}

/// What the write still takes from the NIC of what others may be to answer for.
pub fn leaving(operation: &Operation, kind: &OperationKind, now: &Nic) -> Vec<IpAddr> {
    let ips: BTreeSet<IpAddr> = match kind {
        OperationKind::Release { ips, .. } => ips.iter().copied().collect(),
        OperationKind::Detach { .. } => operation.keepers.iter().map(|keeper| keeper.ip).collect(),
        _ => BTreeSet::new(),
    };
    let there = |ip: &IpAddr| now.addresses.iter().any(|address| address.ip == *ip);
    ips.into_iter().filter(there).collect()
}

/// Virtual addresses of which the plan told that others keep them, and nobody on an instance has any more: whoever had them is read
/// again. The NIC that they are taken from does not tell it, and a list may name who is gone, or on no instance: that of a NIC goes on
/// naming it when it is detached. Where it is not told whether it is on one, nobody can count on it.
///
/// # Errors
/// One can not be read, and it hangs on that one.
pub async fn unanswered(
    client: &Client,
    operation: &Operation,
    ips: &[IpAddr],
    cancel: &CancellationToken,
) -> Result<Vec<IpAddr>, Fault> {
    let mut nobodys = Vec::new();
    for &ip in ips {
        let keepers: Vec<&Keeper> = operation.keepers.iter().filter(|keeper| keeper.ip == ip).collect();
        if keepers.is_empty() {
            continue;
        }
        let (mut kept, mut fault) = (false, None);
        for keeper in keepers {
            match inspect::record(client, &keeper.nic, cancel).await {
                Ok(now) => {
                    let has = |now: &Nic| now.addresses.iter().any(|address| address.ip == ip);
                    kept = now.is_some_and(|now| now.is_on_instance() == Some(true) && has(&now));
                }
                Err(failed) => fault = Some(failed),
            }
            if kept {
                break;
            }
        }
        match fault {
            _ if kept => {}
            Some(fault) => return Err(fault),
            None => nobodys.push(ip),
        }
    }
    Ok(nobodys)
}

/// That others kept it when the plan was made, and nobody does now.
pub fn nobodys() -> Change {
    let word = |id: FindingId| id.as_str().to_owned();
    Change { fact: ChangedFact::Rule, before: word(FindingId::VipShared), now: word(FindingId::VipLast) }
}

/// The next request, on the NIC as it is now.
pub fn next(client: &Client, kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
    client.cloud().step(kind, seen, made)
}

/// The end of a write for which the codec has no request that is safe.
pub fn no_step(client: &Client, operation: &Operation, kind: &OperationKind) -> Outcome {
    let call = Call::write(operation.region.clone(), kind.clone());
    let fault = Fault::local(FaultKind::Local, client.cloud().action(&call), local::NO_STEP);
    Outcome::Skipped { why: Skip::NotReadAgain { fault } }
}

/// Ends the targets that have no end yet.
pub fn end_rest(operation: &Operation, ends: &mut Ends, outcome: impl Fn() -> Outcome) {
    for target in operation.targets() {
        if ends.iter().all(|(ended, _)| *ended != target) {
            ends.push((target, outcome()));
        }
    }
}
