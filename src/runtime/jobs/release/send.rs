//! Sends a write: one request, or several where the cloud needs several, each with its own intent on disk before it.

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        fault::{Effect, Fault},
        journal::{Answer, Intent, Request},
        outcome::{Outcome, Progress, Receipt, Skip},
        plan::{Operation, OperationKind},
        snapshot::NicSnapshot,
    },
    providers::{
        client::{Client, Written},
        provider::{Step, TaskState},
    },
    runtime::journal::JournalError,
};

use super::{super::inspect, Batch, intent, look};

/// Requests one write may take: a codec that always finds one more is stopped.
const MOST_STEPS: usize = 32;

/// How far a write came.
pub(super) enum Sent {
    /// The answer to the last request that was sent.
    Answered {
        answer: Result<Receipt, Fault>,
        /// A request before it was accepted: a refusal does not mean that nothing was done.
        earlier: bool,
        /// What each request was answered.
        answers: Vec<Answer>,
    },
    /// No request left.
    Nothing(Outcome),
}

/// Sends what the write needs. Between two requests the NIC is read again: the codec decides on what is there then.
pub(super) async fn send(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    seen: &NicSnapshot,
    name: &str,
) -> Sent {
    let cloud = client.cloud();
    let mut made: Vec<Step> = Vec::new();
    let mut now = seen.clone();
    let mut answered: Option<Receipt> = None;
    let mut answers: Vec<Answer> = Vec::new();
    let mut attempt = 1;
    let mut next = look::next(client, kind, &now, &made);
    while let Some(step) = next.take().filter(|_| made.len() < MOST_STEPS) {
        // Without a session there is none, and then nothing is sent either.
        let preview = client.preview(&operation.region, kind, &step).await.ok();
        let request = preview.map(|preview| Box::new(Request::of(&preview)));
        let record = Intent { request, ..intent(batch, operation, kind, step.name, &now, name) };
        let permit = match batch.journal.intent(record, client.profile().readonly).await {
            Ok(permit) => permit,
            Err(error) => {
                let Some(receipt) = answered else { return Sent::Nothing(Outcome::Skipped { why: unwritten(error) }) };
                // What was sent before is read back, and is all there is.
                return Sent::Answered { answer: Ok(receipt), earlier: true, answers };
            }
        };
        batch.progress(operation, Progress::Sent).await;
        let Written { answer, exchange } = client.write(&operation.region, kind, &step, permit).await;
        answers.extend(exchange.as_ref().map(Answer::of));
        let last = step.last;
        let earlier = answered.is_some();
        if let Err(fault) = &answer
            && fault.effect == Effect::Nothing
            && !batch.wish().stopped
            && let Some(other) = cloud.instead(kind, &now, &made, &step, fault)
        {
            made.push(step);
            next = Some(other);
            continue;
        }
        match answer {
            Ok(receipt) if !last => {
                made.push(step);
                attempt = 1;
                if let Some(Err(fault)) = task_end(batch, client, operation, &receipt).await {
                    return Sent::Answered { answer: Err(fault), earlier: true, answers };
                }
                answered = Some(receipt);
            }
            // This request alone did nothing, and is made again: those before it are not.
            Err(fault) if earlier && !batch.wish().stopped => {
                let Some(pause) = client.pause_of_write(&fault, attempt) else {
                    return Sent::Answered { answer: Err(fault), earlier, answers };
                };
                attempt += 1;
                let wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                let of = client.tries();
                batch
                    .progress(
                        operation,
                        Progress::Retrying { attempt, of, wait_ms, code: fault.code, kind: fault.kind },
                    )
                    .await;
                batch.wait(pause).await;
            }
            answer => return Sent::Answered { answer, earlier, answers },
        }
        let never = CancellationToken::new();
        match (inspect::nic(client, &std::sync::Arc::new(now.clone()), &never, batch.now).await, &answered) {
            (Ok(Some(fresh)), _) => now = fresh,
            // Gone, or not to be read: nothing more is sent on a guess.
            (Ok(None) | Err(_), Some(receipt)) => {
                return Sent::Answered { answer: Ok(receipt.clone()), earlier: true, answers };
            }
            (Ok(None) | Err(_), None) => break,
        }
        next = look::next(client, kind, &now, &made);
    }
    match answered {
        Some(receipt) => Sent::Answered { answer: Ok(receipt), earlier: true, answers },
        None => Sent::Nothing(look::no_step(client, operation, kind)),
    }
}

fn unwritten(error: JournalError) -> Skip {
    match error {
        JournalError::ReadOnly(_) => Skip::ReadOnly,
        error => Skip::Journal { fault: error.fault() },
    }
}

/// Asks what became of an accepted request until that has ended. `None`: the cloud has no such call, or did not say in time, and
/// only reading the NIC tells. An error is the task's own: it was accepted and failed.
pub(super) async fn task_end(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    receipt: &Receipt,
) -> Option<Result<(), Fault>> {
    let mut asked = 0;
    loop {
        let state = client.task(&operation.region, receipt).await?;
        asked += 1;
        let progress = Progress::Accepted { receipt: receipt.clone(), reads: u32::try_from(asked).unwrap_or(u32::MAX) };
        batch.progress(operation, progress).await;
        match state {
            Ok(TaskState::Done) => return Some(Ok(())),
            Ok(TaskState::Failed(fault)) => return Some(Err(*fault)),
            // The NIC itself will tell.
            Err(_) => return None,
            Ok(TaskState::Running) => {}
        }
        let waits = batch.patience.reads;
        let wait = match waits.get(asked - 1) {
            Some(wait) => *wait,
            None if asked <= waits.len() + super::read_back::MORE_READS && !batch.wish().stopped => {
                waits.last().copied().unwrap_or_default()
            }
            None => return None,
        };
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
    }
}
