//! After a write: what is true of each target now.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{ReadBack, ReleaseEvent},
    domain::{
        fault::{Effect, Fault, FaultKind},
        journal::Image,
        nic::{Fate, Nic, NicState},
        outcome::{Outcome, Progress, Receipt, Skip},
        plan::{Change, Operation, OperationKind},
        selection::Target,
        snapshot::NicSnapshot,
    },
    providers::{
        client::{Client, local},
        provider::Call,
    },
};

use super::{
    super::inspect,
    Batch, Ends, network,
    send::task_end,
    targets::{Sight, bound, is_done, targets},
};

/// Reads more while the cloud says that the change is on its way.
pub(super) const MORE_READS: usize = 60;

/// What the answer to the write tells.
enum Told {
    Accepted(Receipt),
    /// Proven that this call did nothing.
    Refused(Fault),
    /// A part was accepted. What was true then stood against the rest, which was not sent.
    Cut(Vec<Change>),
    /// Accepted, and said to have failed later: what of it was done only the NIC tells.
    Failed(Fault),
    /// No answer, or one that does not say what was done: it may be done, or still be on its way.
    Unsaid(Fault),
}

/// What the last request of a write was answered.
pub(super) struct Last {
    pub answer: Result<Receipt, Fault>,
    /// A request of the same write was accepted before it: a refusal does not mean that nothing was done.
    pub earlier: bool,
    /// What stood against the next one.
    pub against: Vec<Change>,
}

impl Last {
    /// Of a write that had a request accepted before.
    pub(super) fn after(answer: Result<Receipt, Fault>) -> Self {
        Self { answer, earlier: true, against: Vec::new() }
    }
}

impl Told {
    fn of(Last { answer, earlier, against }: Last) -> Self {
        match answer {
            _ if !against.is_empty() => Told::Cut(against),
            Ok(receipt) => Told::Accepted(receipt),
            // It did nothing, but the one before it may have done a part.
            Err(fault) if fault.effect != Effect::Unknown && earlier => {
                Told::Failed(Fault { effect: Effect::Unknown, ..fault })
            }
            Err(fault) if fault.effect != Effect::Unknown => Told::Refused(fault),
            Err(fault) => Told::Unsaid(fault),
        }
    }

    fn fault(&self) -> Option<&Fault> {
        match self {
            Told::Accepted(_) | Told::Cut(_) => None,
            Told::Refused(fault) | Told::Failed(fault) | Told::Unsaid(fault) => Some(fault),
        }
    }

    /// Is all of the patience spent on it? It may take effect later, and a cloud's lists lag behind: what they show at once is no
    /// proof against a task that says how it ended, or a code that says that the thing is gone.
    fn is_worth_waiting(&self) -> bool {
        !matches!(self, Told::Refused(fault) if fault.effect != Effect::AlreadyDone)
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Told::Accepted(receipt) => receipt.request_id.clone(),
            Told::Cut(_) => None,
            Told::Refused(fault) | Told::Failed(fault) | Told::Unsaid(fault) => fault.request_id.clone(),
        }
    }
}

/// What the reads have shown so far.
struct Seen {
    /// The last read; without a NIC when it is gone altogether.
    last: Result<Option<Sight>, Fault>,
    /// Reads that showed the NIC at rest, since it was last seen moving.
    calm: usize,
}

impl Seen {
    fn take(&mut self, read: Result<Option<Sight>, Fault>) {
        if let Ok(seen) = &read {
            let moving = seen.as_ref().is_some_and(|seen| is_moving(seen.nic.status.state));
            self.calm = if moving { 0 } else { self.calm + 1 };
        }
        self.last = read;
    }

    /// Is it worth reading beyond the usual patience?
    fn unfinished(&self) -> bool {
        self.last.is_ok() && self.calm == 0
    }
}

fn is_moving(state: NicState) -> bool {
    matches!(state, NicState::Detaching | NicState::Attaching | NicState::Changing)
}

/// Reads what shows the change: the NIC's own record, and for an EIP what is bound to the NIC.
async fn look(
    batch: &Batch,
    client: &Client,
    kind: &OperationKind,
    before: &NicSnapshot,
) -> Result<Option<Sight>, Fault> {
    let never = CancellationToken::new();
    let OperationKind::BindEip { .. } = kind else {
        return Ok(inspect::record(client, &before.nic, &never).await?.map(|nic| Sight { nic, bound: None }));
    };
    let read = inspect::nic(client, &Arc::new(before.clone()), &never, batch.now).await?;
    Ok(read.map(|read| Sight { bound: bound(kind, &read), nic: read.nic }))
}

/// Reads until the change shows, or until it can be believed that it will not, and says what is true of each target.
pub(super) async fn read_back(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    before: &NicSnapshot,
    answer: Last,
) -> (Ends, Option<ReadBack>) {
    let targets = targets(operation, kind);
    let mut told = Told::of(answer);
    if let Told::Accepted(receipt) = &told
        && let Some(Err(fault)) = task_end(batch, client, operation, receipt).await
    {
        told = Told::Failed(fault);
    }
    let told = told;
    if !matches!(told, Told::Accepted(_)) {
        let lost = matches!(told, Told::Unsaid(_));
        let up_to_ms = batch.patience.reads.iter().sum();
        batch.progress(operation, Progress::ReadingBack { lost, up_to_ms }).await;
    }
    let mut seen = Seen { last: Ok(Some(Sight { nic: before.nic.clone(), bound: None })), calm: 0 };
    let (mut reads, mut tries) = (0, 0);
    loop {
        if let Told::Accepted(receipt) = &told {
            let reads = u32::try_from(reads).unwrap_or(u32::MAX);
            batch.progress(operation, Progress::Accepted { receipt: receipt.clone(), reads }).await;
        }
        seen.take(look(batch, client, kind, before).await);
        // Nothing is read while the network is away, and then with all of the patience.
        if matches!(&seen.last, Err(fault) if fault.kind == FaultKind::Unreachable) && tries < network::TRIES {
            tries += 1;
            batch.say(ReleaseEvent::Waiting(operation.id, Some(network::waiting(batch, client, tries)))).await;
            let goes_on = network::wait(batch, client).await;
            batch.say(ReleaseEvent::Waiting(operation.id, None)).await;
            if goes_on {
                continue;
            }
            break;
        }
        reads += 1;
        if let Ok(nic) = &seen.last {
            let done = targets.iter().filter(|target| is_done(target, kind, nic.as_ref())).count();
            let over = match &told {
                // One that is gone explains the refusal of them all.
                Told::Refused(fault) if fault.effect == Effect::AlreadyDone => done > 0 && seen.calm > 0,
                told => !told.is_worth_waiting() && seen.calm > 0,
            };
            if over || done == targets.len() {
                break;
            }
        }
        let usual = batch.patience.reads;
        let more =
            told.is_worth_waiting() && seen.unfinished() && reads <= usual.len() + MORE_READS && !batch.wish().stopped;
        let wait = match usual.get(reads - 1) {
            Some(wait) => *wait,
            None if !more => break,
            None => usual.last().copied().unwrap_or_default(),
        };
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    let action = client.cloud().action(&Call::write(operation.region.clone(), kind.clone()));
    let part = matches!(&seen.last, Ok(nic) if targets.iter().any(|target| is_done(target, kind, nic.as_ref())));
    let ends = targets.into_iter().map(|target| {
        let outcome = outcome(&target, kind, &told, &seen, (part, action));
        (target, outcome)
    });
    let mut ends: Ends = ends.collect();
    let fresh = fresh(batch, client, kind, before, seen).await;
    // Requests before the one that failed were accepted: what they have changed is said, though the target is as it was.
    let partly = matches!(told, Told::Failed(_)) && is_partly(kind, before, fresh.as_ref());
    for (_, outcome) in ends.iter_mut().filter(|_| partly) {
        if let Outcome::Failed { fault } = outcome {
            fault.partly = true;
        }
    }
    (ends, fresh)
}

/// Has a write whose last request failed changed something?
fn is_partly(kind: &OperationKind, before: &NicSnapshot, now: Option<&ReadBack>) -> bool {
    let Some(ReadBack::Nic(now)) = now else { return false };
    match kind {
        OperationKind::Release { nic, ips } | OperationKind::Assign { nic, ips, .. } => {
            Image::of(before).differs(&Image::of(now), nic, ips)
        }
        // That the cloud deletes it with its detach was switched off.
        OperationKind::Detach { .. } => {
            (before.nic.dies_with_detach, now.nic.dies_with_detach) == (Some(Fate::Dies), Some(Fate::Stays))
        }
        OperationKind::Attach { .. } | OperationKind::BindEip { .. } | OperationKind::Delete { .. } => false,
    }
}

/// The end of one target. `part`: something of the write is done.
fn outcome(target: &Target, kind: &OperationKind, told: &Told, seen: &Seen, (part, action): (bool, &str)) -> Outcome {
    let request_id = told.request_id();
    let nic = match &seen.last {
        Ok(nic) => nic,
        Err(unread) => {
            return match told {
                Told::Refused(fault) if fault.effect != Effect::AlreadyDone => Outcome::Failed { fault: fault.clone() },
                // What the write was told is worth more than why it could not be read back.
                _ => Outcome::Unknown { fault: told.fault().unwrap_or(unread).clone() },
            };
        }
    };
    let done = is_done(target, kind, nic.as_ref());
    match (told, done) {
        (_, true) if nic.is_none() && kind.keeps_nic() => Outcome::NicGone { request_id },
        // This call did nothing, and yet it is so: somebody else was first.
        (Told::Refused(_), true) => Outcome::AlreadyGone { request_id },
        (_, true) => Outcome::Released { request_id },
        // Said to be gone, and it shows all the same.
        (Told::Refused(fault), false) if fault.effect == Effect::AlreadyDone && !part => {
            Outcome::Unknown { fault: fault.clone() }
        }
        (Told::Refused(fault) | Told::Failed(fault), false) => Outcome::Failed { fault: fault.clone() },
        (Told::Cut(changes), false) => Outcome::Skipped { why: Skip::Midway { changes: changes.clone() } },
        // That it has not shown yet does not prove that it never will.
        (Told::Unsaid(fault), false) => Outcome::Unknown { fault: fault.clone() },
        (Told::Accepted(_), false) => {
            // Nobody knows whether it will go.
            let fault = Fault::local(FaultKind::Timeout, action, local::STILL_THERE);
            Outcome::Unknown { fault: Fault { effect: Effect::Unknown, request_id, ..fault } }
        }
    }
}

/// The NIC for the inventory. Read whole only where something hangs on it that may have come or gone with the write.
async fn fresh(
    batch: &Batch,
    client: &Client,
    kind: &OperationKind,
    before: &NicSnapshot,
    seen: Seen,
) -> Option<ReadBack> {
    let Ok(nic) = seen.last else { return None };
    let Some(Sight { nic, .. }) = nic else { return Some(ReadBack::Gone) };
    // What an address brings with it was not there before.
    let bare = !matches!(kind, OperationKind::BindEip { .. } | OperationKind::Assign { .. })
        && before.eips_known
        && before.eips.is_empty()
        && before.backends_known
        && before.backends.is_empty()
        && before.floats_known
        && before.floats.is_empty();
    if bare {
        let instance = before.instance.clone().filter(|_| nic.instance == before.nic.instance);
        // What only the whole read tells is kept.
        let (linked, members) = (nic.linked.or(before.nic.linked), nic.members.or(before.nic.members));
        let snapshot =
            NicSnapshot { nic: Nic { linked, members, ..nic }, instance, read_at: (batch.now)(), ..before.clone() };
        return Some(ReadBack::Nic(Arc::new(snapshot)));
    }
    let never = CancellationToken::new();
    let seen = Arc::new(NicSnapshot { nic, ..before.clone() });
    match inspect::nic(client, &seen, &never, batch.now).await {
        Ok(Some(snapshot)) => Some(ReadBack::Nic(Arc::new(snapshot))),
        Ok(None) => Some(ReadBack::Gone),
        Err(_) => None,
    }
}
