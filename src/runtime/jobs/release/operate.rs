//! One write from its turn to its end: tried again where the vendor's code proves that nothing was done, read back otherwise.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    app::msg::{Msg, ReadBack, ReleaseEvent},
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::OperationId,
        journal::Image,
        outcome::{Outcome, OutcomeWord, Progress, Skip},
        plan::Operation,
        selection::Target,
    },
    providers::client::{Client, OnPause, Pause, local},
};

use super::{
    Batch,
    check::{Checked, MOST_OLD, Ready, check},
    look::{Ends, end_rest},
    read_back::read_back,
    records::{Told, settle},
    send::{Sent, send},
};

/// How one write came out, all its targets together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Landed {
    /// As was wished.
    Done,
    NotDone,
    /// Of a target nobody knows.
    Doubtful,
}

/// One write from its read to its end. Also tells the ends that no record of the journal holds yet.
pub(super) async fn operate(batch: &Batch, client: &Client, operation: &Operation, name: &str) -> (Landed, Ends) {
    let client = &client.watched(waiting(batch, operation.id));
    let mut ends: Ends = Vec::new();
    // By what the journal was told last of each target.
    let mut written: Ends = Vec::new();
    let mut attempt = 1;
    let mut kept = None;
    // Since the first refusal of a row of them.
    let mut refused: Option<Instant> = None;
    let mut olds = 0;
    let fresh = loop {
        // A row that waits for its next try says so already.
        let told = (attempt == 1).then_some(Progress::Queued);
        let Ready { seen, kind, turn, decided } =
            match check(batch, client, operation, &mut ends, told, kept.take()).await {
                Checked::Send(ready) => *ready,
                Checked::Ended(fresh) => break fresh,
            };
        let (last, answers) = match send(batch, client, operation, &kind, (&seen, turn), name).await {
            Sent::Answered { answer, answers } => (answer, answers),
            Sent::Nothing(outcome) => {
                end_rest(operation, &mut ends, || outcome.clone());
                break Some(ReadBack::Nic(Arc::new(*seen)));
            }
            // Something stood between the facts and the request for too long: a program that was stopped, a machine that slept.
            Sent::Old { intended } => {
                let fault = Fault::local(FaultKind::Local, "", local::CANCELLED);
                let end = || Outcome::Skipped { why: Skip::NotReadAgain { fault: fault.clone() } };
                if intended {
                    let told = Told { answers: Vec::new(), after: None };
                    written.extend(settle(batch, operation, name, &kind, told, |_| end()).await);
                }
                olds += 1;
                if olds < MOST_OLD {
                    continue;
                }
                end_rest(operation, &mut ends, end);
                break None;
            }
        };
        if let Err(fault) = &last.answer
            && !last.earlier
            && let elapsed = refused.get_or_insert_with(Instant::now).elapsed()
            && let Some(pause) = client.pause_of_write(fault, attempt, elapsed)
        {
            // The vendor's code proves that nothing was done; the intent is closed as such before the next one.
            let told = Told { answers, after: None };
            written.extend(
                settle(batch, operation, name, &kind, told, |_| Outcome::Failed { fault: fault.clone() }).await,
            );
            attempt += 1;
            // The action itself may be left alone for longer, which is waiting for a turn.
            let step = client.cloud().step(&kind, &seen, &[]).unwrap_or_default();
            let wait = pause.max(client.closed_for(&operation.region, &kind, &step));
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            kept = (fault.kind == FaultKind::Throttled).then_some((seen, decided));
            let of = client.tries(fault.kind);
            let (kind, code) = (fault.kind, fault.code.clone());
            batch.progress(operation, Progress::Retrying { kind, attempt, of, wait_ms, code }).await;
            batch.wait(pause).await;
            continue;
        }
        let part_was_gone = !last.earlier && matches!(&last.answer, Err(fault) if fault.effect == Effect::AlreadyDone);
        let (mut now, fresh) = read_back(batch, client, operation, &kind, &seen, last).await;
        let of = |target: &Target| now.iter().find(|(ended, _)| ended == target).map(|(_, outcome)| outcome.clone());
        let after = fresh.as_ref().and_then(|read| match read {
            ReadBack::Nic(seen) => Some(Box::new(Image::of(seen))),
            ReadBack::Gone => None,
        });
        let end = |target: &Target| {
            of(target).unwrap_or_else(|| Outcome::Unknown { fault: Fault::local(FaultKind::Local, "", local::NO_READ) })
        };
        written.extend(settle(batch, operation, name, &kind, Told { answers, after }, end).await);
        // One address that was gone made the vendor refuse the whole call: the others get a call of their own.
        let gone = |(_, outcome): &(Target, Outcome)| matches!(outcome, Outcome::AlreadyGone { .. });
        if part_was_gone && now.iter().any(gone) && !now.iter().all(gone) {
            now.retain(gone);
            ends.extend(now);
            continue;
        }
        ends.extend(now);
        break fresh;
    };
    let words = || ends.iter().map(|(_, outcome)| outcome.word());
    let landed = if words().any(|word| word == OutcomeWord::Unknown) {
        Landed::Doubtful
    } else if words().all(|word| matches!(word, OutcomeWord::Released | OutcomeWord::AlreadyGone)) {
        Landed::Done
    } else {
        Landed::NotDone
    };
    let last = |target: &Target| written.iter().rev().find(|(of, _)| of == target).map(|(_, outcome)| outcome);
    let unsent = ends.iter().filter(|(target, outcome)| last(target) != Some(outcome)).cloned().collect();
    batch.say(ReleaseEvent::Settled { operation: operation.id, outcomes: ends, fresh }).await;
    (landed, unsent)
}

/// Tells that a read around the write waits for its next try. A full channel drops it: showing a pause must not lengthen it.
fn waiting(batch: &Batch, operation: OperationId) -> OnPause {
    let (out, job) = (batch.out.clone(), batch.job);
    Arc::new(move |pause| {
        let waiting = pause.map(|Pause { fault, attempt, of, wait }| Progress::Retrying {
            kind: fault.kind,
            attempt,
            of,
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            code: fault.code.clone(),
        });
        drop(out.try_send(Msg::Release(job, ReleaseEvent::Waiting(operation, waiting))));
    })
}
