//! Rehearses a plan: everything a run does up to its last step. Each NIC is read again, what is not to be sent gets its end, and the
//! requests are made and signed, those that depend on an answer only as far as it can be told before. The journal is not asked for a
//! permit, and without one nothing is ever sent.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{DryRunEvent, Msg},
    domain::{
        fault::{Fault, FaultKind},
        ids::{JobId, ProfileId},
        outcome::{Outcome, Skip},
        plan::{Operation, OperationKind, ReleasePlan},
        rehearsal::{Rehearsal, WouldSend},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        client::{Client, local},
        provider::Step,
    },
    rules::Safety,
};

use super::release::{
    MOST_STEPS,
    look::{self, Ends, Looked},
};

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
            for operation in operations {
                let told = rehearse(client.as_ref(), &operation, &safety, &cancel, now).await;
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

/// One write from its read to the request that would be sent.
async fn rehearse(
    client: Option<&Client>,
    operation: &Operation,
    safety: &Safety,
    cancel: &CancellationToken,
    now: fn() -> Timestamp,
) -> Rehearsal {
    let mut ends: Ends = Vec::new();
    let unread = |fault| Outcome::Skipped { why: Skip::NotReadAgain { fault } };
    let told = |ends, sends| Rehearsal { operation: operation.id, ends, sends };
    let Some(client) = client else {
        let fault = Fault::local(FaultKind::Credentials, "", local::NO_CREDENTIAL);
        look::end_rest(operation, &mut ends, || unread(fault.clone()));
        return told(ends, Vec::new());
    };
    let outcome = match look::look(client, operation, safety, cancel, now, &mut ends).await {
        Ok(Looked::Ended(_)) => return told(ends, Vec::new()),
        Err(fault) => unread(fault),
        Ok(Looked::Send(seen, kind)) => match requests(client, operation, &kind, *seen).await {
            Ok(sends) if sends.is_empty() => look::no_step(client, operation, &kind),
            Ok(sends) => return told(ends, sends),
            Err(fault) => unread(fault),
        },
    };
    look::end_rest(operation, &mut ends, || outcome.clone());
    told(ends, Vec::new())
}

/// The requests of a write in their order, if the cloud does what each of them asks.
async fn requests(
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    mut seen: NicSnapshot,
) -> Result<Vec<WouldSend>, Fault> {
    let (mut sends, mut made): (Vec<WouldSend>, Vec<Step>) = (Vec::new(), Vec::new());
    while let Some(step) = look::next(client, kind, &seen, &made).filter(|_| made.len() < MOST_STEPS) {
        let request = client.would_send(&operation.region, kind, &step).await?;
        let then = client.cloud().assumed(kind, &seen, &step).filter(|_| !step.last);
        sends.push(WouldSend { more: request.more && then.is_none(), ..request });
        let Some(then) = then else { break };
        seen = then;
        made.push(step);
    }
    Ok(sends)
}
