//! Rehearses a plan: everything a run does up to its last step. Each NIC is read again, what is not to be sent gets its end, and the
//! requests are made and signed, those that depend on an answer only as far as it can be told before. A write that comes after others
//! on its NIC is told on what those are to leave. The journal is not asked for a permit, and without one nothing is ever sent.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{DryRunEvent, Msg},
    domain::{
        fault::{Fault, FaultKind},
        ids::{JobId, OperationId, ProfileId},
        outcome::{Outcome, Skip},
        plan::{Operation, OperationKind, ReleasePlan},
        rehearsal::{Rehearsal, WouldSend},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        client::{Client, local},
        provider::{MOST_STEPS, Step},
    },
    rules::Safety,
};

use super::release::look::{self, Ends, Looked};

/// Everything a rehearsal needs from outside.
pub struct Stage {
    pub job: JobId,
    pub plan: Arc<ReleasePlan>,
    pub safety: Arc<Safety>,
    pub out: mpsc::Sender<Msg>,
    pub cancel: CancellationToken,
    pub now: fn() -> Timestamp,
}

/// Runs until every write is rehearsed, or until it is cancelled. Profiles go side by side, each in the plan's order.
pub async fn run(stage: Stage, clients: BTreeMap<ProfileId, Client>) {
    let mut by_profile: BTreeMap<ProfileId, Vec<Operation>> = BTreeMap::new();
    for operation in stage.plan.operations() {
        by_profile.entry(operation.profile.clone()).or_default().push(operation.clone());
    }
    let Stage { job, safety, out, cancel, now, .. } = stage;
    let mut profiles = JoinSet::new();
    for (profile, operations) in by_profile {
        let client = clients.get(&profile).map(Client::urgent);
        let (safety, out, cancel) = (safety.clone(), out.clone(), cancel.clone());
        profiles.spawn(async move {
            let mut before: Before = BTreeMap::new();
            for operation in operations {
                let told = rehearse(client.as_ref(), &operation, (&safety, &mut before), &cancel, now).await;
                if cancel.is_cancelled() {
                    return;
                }
                // A closed channel means that the program is leaving.
                let _ = out.send(Msg::DryRun(job, DryRunEvent::Rehearsed(Box::new(told)))).await;
            }
        });
    }
    while let Some(ended) = profiles.join_next().await {
        if ended.is_err() {
            let _ = out.send(Msg::JobPanicked(job)).await;
            return;
        }
    }
    if !cancel.is_cancelled() {
        let _ = out.send(Msg::DryRun(job, DryRunEvent::Ended)).await;
    }
}

/// The writes that were rehearsed, with whether each would end well as far as can be told, and the NIC as it would leave it.
type Before = BTreeMap<OperationId, (bool, Option<NicSnapshot>)>;

/// One write from its read to the request that would be sent.
async fn rehearse(
    client: Option<&Client>,
    operation: &Operation,
    (safety, before): (&Safety, &mut Before),
    cancel: &CancellationToken,
    now: fn() -> Timestamp,
) -> Rehearsal {
    let mut ends: Ends = Vec::new();
    let unread = |fault| Outcome::Skipped { why: Skip::NotReadAgain { fault } };
    let told = |ends, sends| Rehearsal { operation: operation.id, ends, sends };
    let first = operation.after.iter().all(|id| before.get(id).is_some_and(|(well, _)| *well));
    let Some(client) = client.filter(|_| first) else {
        before.insert(operation.id, (false, None));
        let fault = Fault::local(FaultKind::Credentials, "", local::NO_CREDENTIAL);
        look::end_rest(operation, &mut ends, || {
            if first { unread(fault.clone()) } else { Outcome::Skipped { why: Skip::AfterFailure } }
        });
        return told(ends, Vec::new());
    };
    let takes = matches!(operation.kind, OperationKind::Release { .. } | OperationKind::Detach { .. });
    let left = operation.after.last().filter(|_| takes).and_then(|id| before.get(id)?.1.clone());
    let looked = match &operation.kind {
        // What is taken away is there before the writes ahead of it as well, and is judged on the NIC as it is. What is given builds on what the writes ahead of it give, which nobody can read yet.
        OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::BindEip { .. }
            if !operation.after.is_empty() =>
        {
            let seen = (*operation.expect).clone();
            look::look_on(client, operation, safety, (seen, cancel), &mut ends).await
        }
        _ => look::look(client, operation, safety, cancel, now, &mut ends).await,
    };
    let well =
        |ends: &Ends| ends.iter().all(|(_, end)| matches!(end, Outcome::AlreadyGone { .. } | Outcome::Released { .. }));
    let outcome = match looked {
        Ok(Looked::Ended(_)) => {
            before.insert(operation.id, (well(&ends), left));
            return told(ends, Vec::new());
        }
        Err(fault) => unread(fault),
        Ok(Looked::Send(seen, kind)) => {
            let seen = left.unwrap_or(*seen);
            match requests(client, operation, &kind, seen).await {
                Ok((sends, _)) if sends.is_empty() => look::no_step(client, operation, &kind),
                Ok((sends, left)) => {
                    before.insert(operation.id, (well(&ends), Some(left)));
                    return told(ends, sends);
                }
                Err(fault) => unread(fault),
            }
        }
    };
    before.insert(operation.id, (false, None));
    look::end_rest(operation, &mut ends, || outcome.clone());
    told(ends, Vec::new())
}

/// The requests of a write in their order, if the cloud does what each of them asks; and the NIC as they leave it, as far as that can
/// be told.
async fn requests(
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    seen: NicSnapshot,
) -> Result<(Vec<WouldSend>, NicSnapshot), Fault> {
    let (steps, left) = steps(client, kind, seen);
    let mut sends: Vec<WouldSend> = Vec::new();
    for (step, more) in steps {
        let request = client.would_send(&operation.region, kind, &step).await?;
        sends.push(WouldSend { more, ..request });
    }
    Ok((sends, left))
}

/// The steps of a write, each with whether more come of which nothing can be told; and the NIC as they leave it.
fn steps(client: &Client, kind: &OperationKind, mut seen: NicSnapshot) -> (Vec<(Step, bool)>, NicSnapshot) {
    let (mut steps, mut made): (Vec<(Step, bool)>, Vec<Step>) = (Vec::new(), Vec::new());
    while let Some(step) = look::next(client, kind, &seen, &made).filter(|_| made.len() < MOST_STEPS) {
        let then = client.cloud().assumed(kind, &seen, &step);
        let more = !step.last && then.is_none();
        let last = step.last || then.is_none();
        steps.push((step.clone(), more));
        if let Some(then) = then {
            seen = then;
        }
        if last {
            break;
        }
        made.push(step);
    }
    if let OperationKind::Release { ips, .. } = kind {
        seen.nic.addresses.retain(|address| !ips.contains(&address.ip));
    }
    (steps, seen)
}

/// The lines for a shell that do what the write would, as its NIC was seen last. Sends nothing, and asks no cloud. Empty where the
/// codec has no request that is safe.
///
/// # Errors
/// There are no keys.
pub async fn commands(client: &Client, operation: &Operation) -> Result<Vec<String>, Fault> {
    let (steps, _) = steps(client, &operation.kind, (*operation.expect).clone());
    let mut lines = Vec::new();
    for (step, _) in steps {
        lines.push(client.command(&operation.region, &operation.kind, &step).await?.line);
    }
    Ok(lines)
}
