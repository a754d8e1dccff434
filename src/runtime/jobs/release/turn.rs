//! The turn of a write: waited for before the facts are read, so that what is sent is decided on fresh ones, and so that a stop or
//! a pause reaches a write that waits.

use std::{future, pin::pin, sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        fault::{Fault, FaultKind},
        outcome::Progress,
        plan::{Change, Operation, OperationKind},
        snapshot::NicSnapshot,
    },
    providers::{client::Client, provider::Step, turn::WriteTurn},
};

use super::{
    super::inspect,
    Batch, look, network,
    targets::{Rules, against},
};

/// A row that waits for a vendor who wants no such call looks again after so long: others may have been told to wait for longer.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a request has no turn.
pub(super) enum NoTurn {
    Stopped,
    /// The vendor wants no such call for longer than a write waits.
    Closed(Fault),
}

/// Waits for the turn of one request. `told` is said of the write if it has to wait, or how long the vendor wants no such call; `again`:
/// its facts are known, and grow old.
pub(super) async fn turn(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    (kind, step, again): (&OperationKind, &Step, bool),
    told: Option<Progress>,
) -> Result<WriteTurn, NoTurn> {
    loop {
        let mut control = batch.control.clone();
        {
            let mut taking = pin!(async {
                if again {
                    client.turn_again(&operation.region, kind, step).await
                } else {
                    client.turn(&operation.region, kind, step).await
                }
            });
            // At once, if nothing stands before it: what is wished for is looked at after the facts.
            let at_once = tokio::select! {
                biased;
                turn = &mut taking => Some(turn),
                () = future::ready(()) => None,
            };
            if let Some(turn) = at_once {
                return Ok(turn);
            }
            let mut said = None;
            loop {
                if let Some(fault) = client.closed_for_long(&operation.region, kind, step) {
                    return Err(NoTurn::Closed(fault));
                }
                let closed = client.closed_for(&operation.region, kind, step);
                let waits = waits(closed);
                let opens = waits.as_ref().map(|_| Instant::now() + closed);
                if let Some(told) = told.as_ref().filter(|_| said.is_none_or(|said| is_later(opens, said))) {
                    batch.progress(operation, waits.unwrap_or_else(|| told.clone())).await;
                    said = Some(opens);
                }
                tokio::select! {
                    biased;
                    _ = control.wait_for(|wish| wish.stopped || wish.paused) => break,
                    turn = &mut taking => return Ok(turn),
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
        }
        // A pause: its place in the queue is given up, and it asks for a new one.
        let _ = control.wait_for(|wish| wish.stopped || !wish.paused).await;
        if batch.wish().stopped {
            return Err(NoTurn::Stopped);
        }
    }
}

/// What a row says that waits for so long until its action is open; nothing where that is soon.
pub(super) fn waits(closed: Duration) -> Option<Progress> {
    let wait_ms = u64::try_from(closed.as_millis()).unwrap_or(u64::MAX);
    (closed >= LOOK_AGAIN).then_some(Progress::Throttled { wait_ms })
}

/// Is there another moment to tell at which the action is open than the one that was told?
fn is_later(opens: Option<Instant>, said: Option<Instant>) -> bool {
    match (opens, said) {
        (Some(opens), Some(said)) => opens > said + LOOK_AGAIN,
        (opens, said) => opens.is_some() != said.is_some(),
    }
}

/// Takes what the write is signed with, before its facts are read. `false`: stopped while that was waited for.
pub(super) async fn ready(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    (kind, step): (&OperationKind, &Step),
    turn: &mut WriteTurn,
) -> bool {
    let mut control = batch.control.clone();
    tokio::select! {
        biased;
        () = client.ready(turn, &operation.region, kind, step) => true,
        Ok(_) = control.wait_for(|wish| wish.stopped) => false,
    }
}

/// The next request of a write that has begun.
pub(super) enum Next {
    /// With its turn, and what it was decided on.
    Request(Box<NicSnapshot>, Step, WriteTurn),
    /// There is none: the codec wants none for the NIC as it is now, or the NIC is gone.
    Nothing(Option<Box<NicSnapshot>>),
    /// The NIC can not be read, and nothing is sent on a guess.
    Unread(Fault),
    /// What is true now stands against it.
    Against(Vec<Change>),
    Stopped,
}

/// Takes the turn of the next request and reads the NIC again: the request has to hold by the plan's facts and the rules as the first
/// one had, however long a pause was between them, and the codec picks it by what is there then.
pub(super) async fn next(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    before: &NicSnapshot,
    pick: impl Fn(&NicSnapshot) -> Option<Step>,
) -> Next {
    let never = CancellationToken::new();
    let mut step = pick(before).unwrap_or_default();
    let mut tries = 0;
    loop {
        if !network::wait(batch, client).await {
            return Next::Stopped;
        }
        let taken = self::turn(batch, client, operation, (kind, &step, false), None).await;
        let mut turn = match taken {
            Ok(turn) => turn,
            Err(NoTurn::Stopped) => return Next::Stopped,
            Err(NoTurn::Closed(fault)) => return Next::Unread(fault),
        };
        if !ready(batch, client, operation, (kind, &step), &mut turn).await {
            return Next::Stopped;
        }
        let read = async {
            let now = inspect::nic(client, &Arc::new(before.clone()), &never, batch.now).await?;
            let left = now.as_ref().map(|now| look::leaving(operation, kind, &now.nic)).unwrap_or_default();
            let nobodys = look::unanswered(client, operation, &left, &never).await?;
            Ok::<_, Fault>((now, !nobodys.is_empty()))
        };
        let mut control = batch.control.clone();
        let read = tokio::select! {
            biased;
            read = read => read,
            // What was sent before is read back; a stop need not wait for this one.
            Ok(_) = control.wait_for(|wish| wish.stopped) => return Next::Stopped,
        };
        let (now, nobodys) = match read {
            Ok((Some(now), nobodys)) => (now, nobodys),
            Ok((None, _)) => return Next::Nothing(None),
            Err(fault) if fault.kind == FaultKind::Unreachable && tries < network::TRIES => {
                drop(turn);
                tries += 1;
                batch.progress(operation, network::waiting(batch, client, tries)).await;
                continue;
            }
            Err(fault) => return Next::Unread(fault),
        };
        let rules = Rules::of(client, &batch.safety, operation);
        let mut against = against(operation, kind, &now, rules);
        if nobodys {
            against.push(look::nobodys());
        }
        if !against.is_empty() {
            return Next::Against(against);
        }
        let Some(wanted) = pick(&now) else { return Next::Nothing(Some(Box::new(now))) };
        if client.has_turn(&turn, &operation.region, kind, &wanted) {
            return Next::Request(Box::new(now), wanted, turn);
        }
        step = wanted;
    }
}
