//! Sends a write: one request, or several where the cloud needs several, each in its own turn and with its own intent on disk
//! before it.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    app::msg::{Msg, ReleaseEvent},
    domain::{
        fault::{Effect, Fault, FaultKind},
        journal::{Answer, Intent, Request},
        outcome::{Outcome, Progress, Receipt, Skip},
        plan::{Operation, OperationKind},
        snapshot::NicSnapshot,
    },
    providers::{
        client::{Client, Written, local},
        provider::{Call, MOST_STEPS, Step, TaskState},
        turn::WriteTurn,
    },
    runtime::journal::JournalError,
};

use super::{
    Batch, look,
    moment::Moment,
    read_back::Last,
    records::intent,
    targets::{Sight, is_done, targets},
    turn::{Next, next},
};

/// Milliseconds that a request may wait after what it was decided on.
const WAITS_MS: u64 = 5_000;

/// How far a write came.
pub(super) enum Sent {
    /// The answer to the last request that was sent.
    Answered {
        answer: Last,
        /// What each request was answered.
        answers: Vec<Answer>,
    },
    /// No request left.
    Nothing(Outcome),
    /// None left in time: what it was decided on may not be so any more. `intended`: the intent is on disk.
    Old { intended: bool },
}

/// Sends what the write needs. Between two requests the NIC is read again: the codec decides on what is there then.
pub(super) async fn send(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    (seen, turn): (&NicSnapshot, WriteTurn),
    name: &str,
) -> Sent {
    let cloud = client.cloud();
    let here = |why: &str| {
        let call = Call::write(operation.region.clone(), kind.clone());
        Fault::local(FaultKind::Local, cloud.action(&call), why)
    };
    let mut made: Vec<Step> = Vec::new();
    let mut now = seen.clone();
    let mut answered: Option<Receipt> = None;
    let mut answers: Vec<Answer> = Vec::new();
    let mut attempt = 1;
    // Since the first refusal of a request.
    let mut since: Option<Instant> = None;
    let mut to_send = look::next(client, kind, &now, &made).map(|step| (step, turn));
    // Since the facts: nothing that waits for long stands between them and the request.
    let mut decided = Moment::of((batch.now)());
    let is_old = |decided: Moment| decided.is_over(WAITS_MS, (batch.now)());
    while let Some((step, mut turn)) = to_send.take().filter(|_| made.len() < MOST_STEPS) {
        client.seat(&mut turn).await;
        // Without a session there is none, and then nothing is sent either.
        let preview = client.preview(&operation.region, kind, &step, Some(&turn)).await.ok();
        let request = preview.map(|preview| Box::new(Request::of(&preview)));
        let account = client.mark_of(&turn, &operation.region).await;
        let record = Intent { request, account, ..intent(batch, operation, kind, step.name, &now, name) };
        if is_old(decided) && answered.is_none() && made.is_empty() {
            return Sent::Old { intended: false };
        }
        let permit = match batch.journal.intent(record, client.profile().readonly).await {
            Ok(permit) => permit,
            Err(error) => {
                let Some(receipt) = answered else { return Sent::Nothing(Outcome::Skipped { why: unwritten(error) }) };
                // What was sent before is read back, and is all there is.
                return Sent::Answered { answer: Last::after(Ok(receipt)), answers };
            }
        };
        // Another process may have held the journal for long.
        if is_old(decided) && answered.is_none() && made.is_empty() {
            return Sent::Old { intended: true };
        }
        // A screen that does not keep up holds up no write, and is told after it.
        let told = ReleaseEvent::Progressed(operation.id, Progress::Sent);
        let late = batch.out.try_send(Msg::Release(batch.job, told)).is_err();
        let Written { answer, exchange } = client.write(&operation.region, kind, &step, permit, turn).await;
        if late {
            batch.progress(operation, Progress::Sent).await;
        }
        answers.extend(exchange.as_ref().map(Answer::of));
        let last = step.last;
        let earlier = answered.is_some();
        if let Err(fault) = &answer
            && fault.effect == Effect::Nothing
            && !batch.wish().stopped
            && cloud.instead(kind, &now, &made, &step, fault).is_some()
        {
            let other = |fresh: &NicSnapshot| cloud.instead(kind, fresh, &made, &step, fault);
            let Next::Request(fresh, other, turn) = next(batch, client, operation, kind, &now, other).await else {
                return Sent::Answered { answer: Last { earlier, ..Last::after(answer) }, answers };
            };
            made.push(step);
            now = *fresh;
            decided = Moment::of((batch.now)());
            to_send = Some((other, turn));
            continue;
        }
        // What stands for the answer if nothing more is sent.
        let mut refused = None;
        match answer {
            Ok(receipt) if !last => {
                made.push(step);
                (attempt, since) = (1, None);
                if let Some(Err(fault)) = task_end(batch, client, operation, &receipt).await {
                    return Sent::Answered { answer: Last::after(Err(fault)), answers };
                }
                answered = Some(receipt);
            }
            // This request alone did nothing, and is made again: those before it are not.
            Err(fault) if earlier && !batch.wish().stopped => {
                let elapsed = since.get_or_insert_with(Instant::now).elapsed();
                let Some(pause) = client.pause_of_write(&fault, attempt, elapsed) else {
                    return Sent::Answered { answer: Last::after(Err(fault)), answers };
                };
                attempt += 1;
                let wait = pause.max(client.closed_for(&operation.region, kind, &step));
                batch.progress(operation, retrying(client, &fault, attempt, wait)).await;
                batch.wait(pause).await;
                if batch.wish().stopped {
                    return Sent::Answered { answer: Last::after(Err(fault)), answers };
                }
                refused = Some(fault);
            }
            answer => return Sent::Answered { answer: Last { earlier, ..Last::after(answer) }, answers },
        }
        let then = loop {
            let then = next(batch, client, operation, kind, &now, |fresh| look::next(client, kind, fresh, &made)).await;
            // What it was refused for may be what differs now, and pass: until it is as it was, nothing is sent.
            let pause = match (&then, &refused) {
                (Next::Against(_), Some(fault)) => {
                    let elapsed = since.get_or_insert_with(Instant::now).elapsed();
                    client.pause_of_write(fault, attempt, elapsed).map(|pause| (fault, pause))
                }
                _ => None,
            };
            let Some((fault, pause)) = pause else { break then };
            attempt += 1;
            batch.progress(operation, retrying(client, fault, attempt, pause)).await;
            batch.wait(pause).await;
            if batch.wish().stopped {
                break Next::Stopped;
            }
        };
        match then {
            Next::Request(fresh, step, turn) => {
                now = *fresh;
                decided = Moment::of((batch.now)());
                to_send = Some((step, turn));
            }
            // All of it is done, or went with the NIC.
            Next::Nothing(seen) if seen.as_ref().is_none_or(|seen| is_whole(operation, kind, seen)) => break,
            // A part of it was done, and the rest is not to be.
            Next::Nothing(_) => return cut(refused.unwrap_or_else(|| here(local::NO_STEP)), answers),
            Next::Unread(fault) => return cut(refused.unwrap_or(fault), answers),
            Next::Stopped => return cut(refused.unwrap_or_else(|| here(local::CANCELLED)), answers),
            Next::Against(against) => {
                let against = if refused.is_none() { against } else { Vec::new() };
                let answer = Err(refused.unwrap_or_else(|| here(local::NO_STEP)));
                return Sent::Answered { answer: Last { against, ..Last::after(answer) }, answers };
            }
        }
    }
    match answered {
        Some(receipt) => Sent::Answered { answer: Last::after(Ok(receipt)), answers },
        None => Sent::Nothing(look::no_step(client, operation, kind)),
    }
}

fn retrying(client: &Client, fault: &Fault, attempt: u32, wait: Duration) -> Progress {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Progress::Retrying { attempt, of: client.tries(fault.kind), wait_ms, code: fault.code.clone(), kind: fault.kind }
}

/// The end of a write of which a part was done.
fn cut(fault: Fault, answers: Vec<Answer>) -> Sent {
    Sent::Answered { answer: Last::after(Err(fault)), answers }
}

/// Does what was wished for hold for every target?
fn is_whole(operation: &Operation, kind: &OperationKind, seen: &NicSnapshot) -> bool {
    let seen = Sight { nic: seen.nic.clone(), bound: None };
    targets(operation, kind).iter().all(|target| is_done(target, kind, Some(&seen)))
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
