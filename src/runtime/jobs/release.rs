//! Carries out a confirmed plan. For each write: read again, compare, journal the intent, send, read back, journal the end.
//! Never sends anything twice without knowing that the first time did nothing.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{Msg, ReadBack, ReleaseEvent},
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::{JobId, OperationId, ProfileId},
        journal::{Intent, Settlement},
        nic::{Nic, NicState},
        outcome::{Outcome, Progress, Receipt, Skip},
        plan::{Operation, OperationKind, ReleasePlan},
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{client::Client, provider::Call},
    runtime::journal::Journal,
};

use super::inspect;

/// Writes in flight for one profile.
const PER_PROFILE: usize = 4;
/// Tries of a write that the vendor's code proves did nothing.
const TRIES: u32 = 5;
/// Waits between reads while a change has yet to show: it is quick at first, and patient later.
const PATIENCE: [u64; 12] = [150, 300, 500, 800, 1_200, 2_000, 2_000, 3_000, 3_000, 5_000, 5_000, 7_000];
/// Reads after a lost answer before "still there" is believed.
const LOST_READS: usize = 6;

/// What the user asked of the batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Control {
    pub paused: bool,
    pub stopped: bool,
}

/// Who carries out the batch: for the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    pub who: String,
    pub host: String,
}

/// Everything a batch needs from outside.
#[derive(Clone)]
pub struct Batch {
    pub job: JobId,
    pub plan: Arc<ReleasePlan>,
    pub journal: Arc<Journal>,
    pub author: Author,
    pub out: mpsc::Sender<Msg>,
    pub control: watch::Receiver<Control>,
    pub now: fn() -> Timestamp,
}

impl Batch {
    async fn say(&self, event: ReleaseEvent) {
        let _ = self.out.send(Msg::Release(self.job, event)).await;
    }

    async fn progress(&self, operation: &Operation, progress: Progress) {
        self.say(ReleaseEvent::Progressed(operation.id, progress)).await;
    }
}

/// Runs the plan to its end, or until it is stopped.
pub async fn run(batch: Batch, clients: BTreeMap<ProfileId, Client>) {
    let name = format!("{}-{}", batch.plan.hash().short(), (batch.now)().0);
    let mut waiting: VecDeque<&Operation> = batch.plan.operations().iter().collect();
    let mut ended: BTreeMap<OperationId, bool> = BTreeMap::new();
    let mut busy: BTreeMap<ProfileId, usize> = BTreeMap::new();
    let mut flying: JoinSet<(OperationId, ProfileId, bool)> = JoinSet::new();
    let mut control = batch.control.clone();
    let mut told_paused = false;
    loop {
        let wish = *control.borrow_and_update();
        if wish.stopped {
            for operation in waiting.drain(..) {
                settle_unsent(&batch, operation, || Outcome::Stopped).await;
            }
        }
        let paused = wish.paused && !wish.stopped;
        if paused != told_paused {
            told_paused = paused;
            batch.say(ReleaseEvent::Paused(paused)).await;
        }
        if !paused {
            let mut later = VecDeque::new();
            while let Some(operation) = waiting.pop_front() {
                if operation.after.iter().any(|id| ended.get(id) == Some(&false)) {
                    ended.insert(operation.id, false);
                    settle_unsent(&batch, operation, || Outcome::Skipped { why: Skip::AfterFailure }).await;
                    continue;
                }
                let ready = operation.after.iter().all(|id| ended.contains_key(id));
                let slot = busy.entry(operation.profile.clone()).or_default();
                if !ready || *slot >= PER_PROFILE {
                    later.push_back(operation);
                    continue;
                }
                let Some(client) = clients.get(&operation.profile).cloned() else {
                    ended.insert(operation.id, false);
                    let fault = Fault::local(FaultKind::Credentials, "", "the profile has no usable credential");
                    let skip = || Outcome::Skipped { why: Skip::NotReadAgain { fault: fault.clone() } };
                    settle_unsent(&batch, operation, skip).await;
                    continue;
                };
                *slot += 1;
                let (batch, operation, name) = (batch.clone(), operation.clone(), name.clone());
                flying.spawn(async move {
                    let done = operate(&batch, &client, &operation, &name).await;
                    (operation.id, operation.profile, done)
                });
            }
            waiting = later;
        }
        if flying.is_empty() && waiting.is_empty() {
            break;
        }
        tokio::select! {
            Some(landed) = flying.join_next() => match landed {
                Ok((id, profile, done)) => {
                    ended.insert(id, done);
                    if let Some(slot) = busy.get_mut(&profile) {
                        *slot -= 1;
                    }
                }
                Err(_) => {
                    // A write's task died of a bug: its intent stays open in the journal, nothing more is sent.
                    for operation in waiting.drain(..) {
                        settle_unsent(&batch, operation, || Outcome::Stopped).await;
                    }
                    let _ = batch.out.send(Msg::JobPanicked(batch.job)).await;
                }
            },
            changed = control.changed() => {
                if changed.is_err() {
                    // The executor is gone: the program is leaving. Nothing new is sent.
                    waiting.clear();
                }
            }
        }
    }
    batch.say(ReleaseEvent::Ended).await;
}

/// Ends a write that was not sent. Nothing is journalled: nothing was about to happen.
async fn settle_unsent(batch: &Batch, operation: &Operation, outcome: impl Fn() -> Outcome) {
    let outcomes = operation.targets().into_iter().map(|target| (target, outcome())).collect();
    batch.say(ReleaseEvent::Settled { operation: operation.id, outcomes, fresh: None }).await;
}

/// One write from its read to its end. True when every target is gone.
async fn operate(batch: &Batch, client: &Client, operation: &Operation, name: &str) -> bool {
    // Reads around a write are never cancelled: what happened has to be known.
    let never = CancellationToken::new();
    let mut attempt = 1;
    let (outcomes, fresh) = loop {
        batch.progress(operation, Progress::Checking).await;
        let fresh = match inspect::nic(client, &operation.expect.nic, &never, batch.now).await {
            Ok(Some(fresh)) => fresh,
            Ok(None) => break (all(operation, || Outcome::AlreadyGone { request_id: None }), Some(ReadBack::Gone)),
            Err(fault) => {
                let why = Skip::NotReadAgain { fault };
                break (all(operation, || Outcome::Skipped { why: why.clone() }), None);
            }
        };
        let (kind, mut outcomes) = narrow(operation, &fresh);
        let Some(kind) = kind else {
            break (outcomes, Some(ReadBack::Nic(Arc::new(fresh))));
        };
        if attempt > 1 && batch.control.borrow().stopped {
            outcomes.extend(targets(operation, &kind).into_iter().map(|target| (target, Outcome::Stopped)));
            break (outcomes, Some(ReadBack::Nic(Arc::new(fresh))));
        }
        let intent = Intent {
            at: (batch.now)(),
            batch: name.to_owned(),
            operation: operation.id,
            plan: batch.plan.hash().to_string(),
            cloud: operation.cloud.clone(),
            profile: operation.profile.clone(),
            region: operation.region.clone(),
            kind: kind.clone(),
            before: fresh.nic.addresses.iter().map(|address| address.ip).collect(),
            who: batch.author.who.clone(),
            host: batch.author.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let permit = match batch.journal.intent(intent, client.profile().readonly).await {
            Ok(permit) => permit,
            Err(error) => {
                let why = Skip::Journal { message: error.to_string() };
                outcomes.extend(
                    targets(operation, &kind).into_iter().map(|target| (target, Outcome::Skipped { why: why.clone() })),
                );
                break (outcomes, Some(ReadBack::Nic(Arc::new(fresh))));
            }
        };
        batch.progress(operation, Progress::Sent).await;
        let answer = client.write(&operation.region, &kind, permit).await;
        if let Err(fault) = &answer
            && fault.effect == Effect::NothingRetry
            && attempt < TRIES
        {
            // The vendor's code proves that nothing was done; the intent is closed as such before the next one.
            settle(batch, operation, name, &kind, |_| Outcome::Failed { fault: fault.clone() }).await;
            attempt += 1;
            let wait_ms = fault.retry_after_ms.unwrap_or_else(|| 400 << attempt.min(6)).min(30_000);
            let progress = Progress::Retrying { attempt, of: TRIES, wait_ms, code: fault.code.clone() };
            batch.progress(operation, progress).await;
            let mut control = batch.control.clone();
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                _ = control.wait_for(|wish| wish.stopped) => {}
            }
            continue;
        }
        let (ends, fresh) = read_back(batch, client, operation, &kind, &fresh, answer).await;
        let of = |target: &Target| {
            ends.iter().find(|(ended, _)| ended == target).map_or_else(
                || Outcome::Unknown { fault: Fault::local(FaultKind::Local, "", "no outcome was found") },
                |(_, outcome)| outcome.clone(),
            )
        };
        settle(batch, operation, name, &kind, of).await;
        outcomes.extend(ends);
        break (outcomes, fresh);
    };
    let done =
        outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Released { .. } | Outcome::AlreadyGone { .. }));
    batch.say(ReleaseEvent::Settled { operation: operation.id, outcomes, fresh }).await;
    done
}

fn all(operation: &Operation, outcome: impl Fn() -> Outcome) -> Vec<(Target, Outcome)> {
    operation.targets().into_iter().map(|target| (target, outcome())).collect()
}

fn targets(operation: &Operation, kind: &OperationKind) -> Vec<Target> {
    Operation { kind: kind.clone(), ..operation.clone() }.targets()
}

/// Compares with the plan: what is gone already, what changed and is skipped, and what is left to be sent.
fn narrow(operation: &Operation, fresh: &NicSnapshot) -> (Option<OperationKind>, Vec<(Target, Outcome)>) {
    let mut outcomes = Vec::new();
    let mut ips: Vec<IpAddr> = Vec::new();
    for target in operation.targets() {
        if is_gone(&target, &fresh.nic) {
            outcomes.push((target, Outcome::AlreadyGone { request_id: None }));
            continue;
        }
        let changes = operation.expect.changes(fresh, &target);
        if !changes.is_empty() {
            outcomes.push((target, Outcome::Skipped { why: Skip::Stale { changes } }));
            continue;
        }
        match target {
            Target::Address(key) => ips.push(key.ip),
            Target::Nic(_) => return (Some(operation.kind.clone()), outcomes),
        }
    }
    match &operation.kind {
        OperationKind::Release { nic, .. } if !ips.is_empty() => {
            (Some(OperationKind::Release { nic: nic.clone(), ips }), outcomes)
        }
        _ => (None, outcomes),
    }
}

/// Does the wished-for state hold?
fn is_gone(target: &Target, nic: &Nic) -> bool {
    match target {
        Target::Address(key) => nic.addresses.iter().all(|address| address.ip != key.ip),
        Target::Nic(_) => nic.instance.is_none() && nic.status.state == NicState::Free,
    }
}

/// Writes the end of one write down. A journal that fails now can not undo the write: the outcome is still shown.
async fn settle(
    batch: &Batch,
    operation: &Operation,
    name: &str,
    kind: &OperationKind,
    outcome: impl Fn(&Target) -> Outcome,
) {
    let outcomes = targets(operation, kind)
        .into_iter()
        .map(|target| {
            let outcome = outcome(&target);
            (target, outcome)
        })
        .collect();
    let settlement = Settlement { at: (batch.now)(), batch: name.to_owned(), operation: operation.id, outcomes };
    // The intent stays open then, and is reconciled by reading at the next start.
    let _ = batch.journal.settled(settlement).await;
}

/// After a write: reads until the change shows, and says what is true of each target.
async fn read_back(
    batch: &Batch,
    client: &Client,
    operation: &Operation,
    kind: &OperationKind,
    before: &NicSnapshot,
    answer: Result<Receipt, Fault>,
) -> (Vec<(Target, Outcome)>, Option<ReadBack>) {
    let never = CancellationToken::new();
    let targets = targets(operation, kind);
    let lost = matches!(&answer, Err(fault) if fault.effect == Effect::Unknown);
    let refused = matches!(&answer, Err(fault) if fault.effect != Effect::Unknown);
    let request_id = match &answer {
        Ok(receipt) => receipt.request_id.clone(),
        Err(fault) => fault.request_id.clone(),
    };
    if answer.is_err() {
        batch.progress(operation, Progress::ReadingBack { lost }).await;
    }
    let action = client.cloud().action(&Call::Write { region: operation.region.clone(), kind: kind.clone() });
    let mut last_fault: Option<Fault> = None;
    let mut seen: Option<Option<Nic>> = None;
    let mut calm = 0;
    for (reads, wait) in std::iter::once(0).chain(PATIENCE).enumerate() {
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        if let Ok(receipt) = &answer {
            let reads = u32::try_from(reads).unwrap_or(u32::MAX);
            batch.progress(operation, Progress::Accepted { receipt: receipt.clone(), reads }).await;
        }
        match inspect::record(client, &before.nic, &never).await {
            Ok(nic) => {
                last_fault = None;
                let gone = nic.as_ref().is_none_or(|nic| targets.iter().all(|target| is_gone(target, nic)));
                let moving = nic.as_ref().is_some_and(|nic| {
                    matches!(nic.status.state, NicState::Detaching | NicState::Attaching | NicState::Changing)
                });
                seen = Some(nic);
                // A refusal is final at once; a lost answer is believed "not done" only after some calm reads.
                calm = if moving { 0 } else { calm + 1 };
                if gone || (refused && !moving) || (lost && calm >= LOST_READS) {
                    break;
                }
            }
            Err(fault) => last_fault = Some(fault),
        }
    }
    let ends = targets
        .into_iter()
        .map(|target| {
            let outcome = match (&seen, &last_fault) {
                (None, _) | (_, Some(_)) => {
                    let fault = match (&answer, &last_fault) {
                        (Err(fault), _) | (Ok(_), Some(fault)) => fault.clone(),
                        (Ok(_), None) => Fault::local(FaultKind::Local, "", "not read back"),
                    };
                    Outcome::Unknown { fault }
                }
                (Some(nic), None) => {
                    let gone = nic.as_ref().is_none_or(|nic| is_gone(&target, nic));
                    match (&answer, gone) {
                        (Err(fault), true) if fault.effect == Effect::AlreadyDone => {
                            Outcome::AlreadyGone { request_id: request_id.clone() }
                        }
                        (_, true) => Outcome::Released { request_id: request_id.clone() },
                        (Err(fault), false) => Outcome::Failed { fault: fault.clone() },
                        (Ok(_), false) => {
                            // Accepted, and still there when patience ended: nobody knows whether it will go.
                            let mut fault = Fault::local(FaultKind::Timeout, action, "accepted, but still there");
                            fault.effect = Effect::Unknown;
                            fault.request_id.clone_from(&request_id);
                            Outcome::Unknown { fault }
                        }
                    }
                }
            };
            (target, outcome)
        })
        .collect();
    let fresh = match inspect::nic(client, &before.nic, &never, batch.now).await {
        Ok(Some(snapshot)) => Some(ReadBack::Nic(Arc::new(snapshot))),
        Ok(None) => Some(ReadBack::Gone),
        Err(_) => None,
    };
    (ends, fresh)
}
