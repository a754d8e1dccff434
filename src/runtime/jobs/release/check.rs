//! What a write is decided on: its turn first, then its NIC as it is now.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::ReadBack,
    domain::{
        fault::{Fault, FaultKind},
        outcome::{Outcome, Progress, Skip},
        plan::{Operation, OperationKind},
        snapshot::NicSnapshot,
    },
    providers::{
        client::{Client, local},
        turn::WriteTurn,
    },
};

use super::{
    Batch,
    look::{self, Ends, Looked, end_rest, judge, look},
    moment::Moment,
    network,
    turn::{self, NoTurn, ready, turn},
};

/// Facts that were complete no longer ago, in milliseconds, are good for another try of a write that was throttled, which proves that
/// it did nothing, and for a turn that was lost to that, as they were for the first. To read everything again for each would have a
/// vendor who is busy asked many times more.
const GOOD_FOR_MS: u64 = 5_000;

/// Milliseconds from the first read to the last of what a write is decided on. Longer takes only a program that was stopped meanwhile,
/// a machine that slept, or a vendor who lets reads wait: then everything is read once more.
const LOOK_MS: u64 = 60_000;
/// Times that a write is decided on anew because that was too long.
pub(super) const MOST_OLD: u32 = 5;

/// What is to be sent.
pub(super) struct Ready {
    /// The facts that it was decided on.
    pub seen: Box<NicSnapshot>,
    pub kind: OperationKind,
    pub turn: WriteTurn,
    /// When the facts were complete.
    pub decided: Moment,
}

pub(super) enum Checked {
    Send(Box<Ready>),
    /// Every target has its end.
    Ended(Option<ReadBack>),
}

/// Takes the turn of the write, and then reads the NIC again and ends the targets that are not to be sent: between the facts and
/// the request stands nothing that waits. `told` is said while it waits for its turn; `kept` are the facts of a try before, as long
/// as they are good.
pub(super) async fn check(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    ends: &mut Ends,
    mut told: Option<Progress>,
    mut kept: Option<(Box<NicSnapshot>, Moment)>,
) -> Checked {
    let never = CancellationToken::new();
    let mut tries = 0;
    let cloud = client.cloud();
    // The request that it will be, as far as the plan's facts tell.
    let mut kind = operation.kind.clone();
    let mut step = cloud.step(&kind, &operation.expect, &[]).unwrap_or_default();
    // A list that is written back whole holds what others have put there meanwhile; and more is read than the NIC of what is put on
    // one, an EIP say, and of what others are to answer for.
    let takes = matches!(kind, OperationKind::Release { .. } | OperationKind::Detach { .. });
    let keeps = takes && operation.shares.is_empty() && operation.keepers.is_empty();
    // The turn of that request, while its action is left alone.
    let mut held: Option<WriteTurn> = None;
    let mut olds = 0;
    loop {
        let turn = match held.take() {
            Some(turn) if !batch.wish().stopped => Ok(turn),
            _ if network::wait(batch, client).await => {
                turn(batch, client, operation, (&kind, &step, kept.is_some()), told.take()).await
            }
            _ => Err(NoTurn::Stopped),
        };
        let mut turn = match turn {
            Ok(turn) => turn,
            Err(no) => {
                end_rest(operation, ends, || match &no {
                    NoTurn::Stopped => Outcome::Stopped,
                    NoTurn::Closed(fault) => Outcome::Failed { fault: fault.clone() },
                });
                return Checked::Ended(None);
            }
        };
        told = Some(Progress::Queued);
        batch.progress(operation, Progress::Checking).await;
        if !ready(batch, client, operation, (&kind, &step), &mut turn).await {
            end_rest(operation, ends, || Outcome::Stopped);
            return Checked::Ended(None);
        }
        let is_good = |decided: Moment| keeps && !decided.is_over(GOOD_FOR_MS, (batch.now)());
        let (looked, decided) = match kept.take().filter(|(_, decided)| is_good(*decided)) {
            Some((seen, decided)) => (Ok(judge(client, operation, &batch.safety, seen, ends)), decided),
            None => {
                let mut control = batch.control.clone();
                let mut seen = ends.clone();
                let began = Moment::of((batch.now)());
                // Nothing was sent: a stop need not wait for what a busy vendor says.
                let looked = tokio::select! {
                    biased;
                    looked = look(client, operation, &batch.safety, &never, batch.now, &mut seen) => looked,
                    Ok(_) = control.wait_for(|wish| wish.stopped) => {
                        end_rest(operation, ends, || Outcome::Stopped);
                        return Checked::Ended(None);
                    }
                };
                let old = began.is_over(LOOK_MS, (batch.now)()) && looked.is_ok();
                if old && olds < MOST_OLD {
                    olds += 1;
                    held = Some(turn);
                    continue;
                }
                *ends = seen;
                let looked = if old { Err(Fault::local(FaultKind::Local, "", local::CANCELLED)) } else { looked };
                (looked, Moment::of((batch.now)()))
            }
        };
        let (seen, left) = match looked {
            Ok(Looked::Send(seen, left)) => (seen, left),
            Ok(Looked::Ended(fresh)) => return Checked::Ended(Some(fresh)),
            // The network is away: the batch goes on by itself when it is back.
            Err(fault) if fault.kind == FaultKind::Unreachable && tries < network::TRIES => {
                drop(turn);
                tries += 1;
                batch.progress(operation, network::waiting(batch, client, tries)).await;
                continue;
            }
            Err(fault) => {
                let why = Skip::NotReadAgain { fault };
                end_rest(operation, ends, || Outcome::Skipped { why: why.clone() });
                return Checked::Ended(None);
            }
        };
        let wish = batch.wish();
        if wish.stopped {
            end_rest(operation, ends, || Outcome::Stopped);
            return Checked::Ended(Some(ReadBack::Nic(Arc::new(*seen))));
        }
        if !wish.paused {
            let wanted = look::next(client, &left, &seen, &[]).unwrap_or_default();
            if client.has_turn(&turn, &operation.region, &left, &wanted) {
                return Checked::Send(Box::new(Ready { seen, kind: left, turn, decided }));
            }
            // Throttled meanwhile: the turn is kept, and the facts, while they are good. Or another request than was thought.
            let closed = client.closed_for(&operation.region, &left, &wanted);
            let is_good = closed.as_millis() <= GOOD_FOR_MS.into();
            if is_good && client.is_for(&turn, &operation.region, &left, &wanted) {
                if let Some(waits) = turn::waits(closed) {
                    batch.progress(operation, waits).await;
                }
                batch.wait(closed).await;
                held = Some(turn);
            }
            (kind, step, kept) = (left, wanted, is_good.then_some((seen, decided)));
            continue;
        }
        drop(turn);
        // What is true now may not be when it goes on.
        batch.progress(operation, Progress::Queued).await;
        let mut control = batch.control.clone();
        let _ = control.wait_for(|wish| !wish.paused || wish.stopped).await;
    }
}
