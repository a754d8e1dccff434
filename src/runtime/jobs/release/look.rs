//! What of a write is to be sent now: the one evaluator of a run and of a dry run, which differ only in what they do with it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::ReadBack,
    domain::{
        fault::{Fault, FaultKind},
        outcome::{Outcome, Skip},
        plan::{Operation, OperationKind},
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        client::{Client, local},
        provider::{Call, Step},
    },
    rules::Safety,
    runtime::jobs::inspect,
};

use super::targets::{Rules, narrow};

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
        let outcome = if operation.kind.is_done_when_gone() {
            Outcome::AlreadyGone { request_id: None }
        } else {
            let fault = Fault::local(FaultKind::NotFound, "", local::NIC_GONE);
            Outcome::Skipped { why: Skip::NotReadAgain { fault } }
        };
        end_rest(operation, ends, || outcome.clone());
        return Ok(Looked::Ended(ReadBack::Gone));
    };
    Ok(judge(client, operation, safety, Box::new(seen), ends))
}

/// Ends the targets that are not to be sent, on the NIC as it was read.
pub fn judge(
    client: &Client,
    operation: &Operation,
    safety: &Safety,
    seen: Box<NicSnapshot>,
    ends: &mut Ends,
) -> Looked {
    let rules = Rules { capabilities: client.capabilities(), protect: safety.protect.of(&operation.profile) };
    match narrow(operation, &seen, rules, ends) {
        Some(kind) => Looked::Send(seen, kind),
        None => Looked::Ended(ReadBack::Nic(Arc::from(seen))),
    }
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
