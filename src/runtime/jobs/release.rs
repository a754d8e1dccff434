//! Carries out a confirmed plan. For each write: take its turn, read again, compare, journal the intent, send, read back, journal the end.
//! Never sends anything twice without knowing that the first time did nothing.

mod check;
pub(super) mod look;
mod moment;
mod network;
mod operate;
mod read_back;
mod records;
mod send;
pub mod targets;
mod turn;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::{Id, JoinSet},
};

use crate::{
    app::msg::{Msg, ReleaseEvent},
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::{CloudId, JobId, OperationId, ProfileId, RegionId},
        journal::UnsentWrite,
        outcome::{Outcome, Progress, Skip},
        plan::{Operation, PlanHash, ReleasePlan},
        time::Timestamp,
    },
    providers::client::{Client, local},
    rules::Safety,
    runtime::journal::Journal,
};

use look::Ends;
use operate::{Landed, operate};
use records::{begun, name, put_down, tell_open, unsent_write};

/// Writes in flight for one profile.
const PER_PROFILE: usize = 4;
/// For the last read after a write.
const LAST_READ: Duration = Duration::from_secs(15);
/// How long is waited for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Milliseconds between reads while a change has yet to show: quick at first, and patient later. The last one repeats while
    /// the cloud says that the change is on its way.
    pub reads: &'static [u64],
    /// Milliseconds between tries while the cloud can not be reached.
    pub offline: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { reads: &[150, 300, 500, 800, 1_200, 2_000, 2_000, 3_000, 3_000, 5_000, 5_000, 7_000], offline: 8_000 }
    }
}

impl Patience {
    /// How long a write is read back at most, with the answer to the last read, while the cloud does not say that it is still at it.
    pub fn read_back(&self) -> Duration {
        Duration::from_millis(self.reads.iter().sum()) + LAST_READ
    }
}

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
    /// The plan that was confirmed.
    pub confirmed: PlanHash,
    pub safety: Arc<Safety>,
    pub journal: Arc<Journal>,
    pub author: Author,
    pub out: mpsc::Sender<Msg>,
    pub control: watch::Receiver<Control>,
    pub patience: Patience,
    pub now: fn() -> Timestamp,
}

impl Batch {
    async fn say(&self, event: ReleaseEvent) {
        // A closed channel means that the program is leaving.
        let _ = self.out.send(Msg::Release(self.job, event)).await;
    }

    async fn progress(&self, operation: &Operation, progress: Progress) {
        self.say(ReleaseEvent::Progressed(operation.id, progress)).await;
    }

    /// What is wished for now. Whoever could wish is gone: the program is leaving, and nothing new is sent.
    fn wish(&self) -> Control {
        let wish = *self.control.borrow();
        Control { stopped: wish.stopped || self.control.has_changed().is_err(), ..wish }
    }

    /// Waits, or is stopped.
    async fn wait(&self, pause: Duration) {
        let mut control = self.control.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = control.wait_for(|wish| wish.stopped) => {}
        }
    }
}

/// Runs the plan to its end, or until it is stopped. A plan that is not to the letter the one that was confirmed sends nothing.
pub async fn run(batch: Batch, clients: BTreeMap<ProfileId, Client>) {
    if PlanHash::of(batch.plan.operations()) != batch.confirmed {
        for operation in batch.plan.operations() {
            tell_end(&batch, operation, Outcome::Skipped { why: Skip::Altered }).await;
        }
        batch.say(ReleaseEvent::Ended).await;
        return;
    }
    let clients: BTreeMap<ProfileId, Client> =
        clients.into_iter().map(|(profile, client)| (profile, client.urgent())).collect();
    let under_way = |profile| clients.get(profile).map(Client::batch);
    let profiles: BTreeSet<_> = batch.plan.operations().iter().map(|operation| &operation.profile).collect();
    let _under_way: Vec<_> = profiles.into_iter().filter_map(under_way).collect();
    // Whoever starts meanwhile sees by it that these writes are being seen to their end.
    let name = name(&batch);
    let begun = async {
        let running = batch.journal.running().await?;
        batch.journal.begun(begun(&batch, &name)).await.map(|()| running)
    };
    let _running = match begun.await {
        Ok(running) => running,
        Err(error) => {
            let why = Skip::Journal { fault: error.fault() };
            for operation in batch.plan.operations() {
                tell_end(&batch, operation, Outcome::Skipped { why: why.clone() }).await;
            }
            batch.say(ReleaseEvent::Ended).await;
            return;
        }
    };
    batch.say(ReleaseEvent::Began { batch: name.clone() }).await;
    let mut tellers = JoinSet::new();
    for profile in batch.plan.operations().iter().map(|operation| &operation.profile).collect::<BTreeSet<_>>() {
        if let Some(client) = clients.get(profile).cloned() {
            tellers.spawn(network::tell(batch.clone(), profile.clone(), client));
        }
    }
    let mut waiting: VecDeque<&Operation> = batch.plan.operations().iter().collect();
    let mut ended: BTreeMap<OperationId, bool> = BTreeMap::new();
    let mut busy: BTreeMap<ProfileId, usize> = BTreeMap::new();
    let mut held: BTreeSet<Held> = BTreeSet::new();
    let mut flying: JoinSet<(Landed, Ends)> = JoinSet::new();
    let mut tasks: HashMap<Id, &Operation> = HashMap::new();
    let mut control = batch.control.clone();
    let mut told_paused = false;
    let mut died = false;
    let mut doubtful = false;
    let mut unsent: Vec<UnsentWrite> = Vec::new();
    loop {
        control.mark_unchanged();
        let wish = batch.wish();
        // After a bug nothing more is sent; what is under way is seen to its end.
        if wish.stopped || died {
            for operation in waiting.drain(..) {
                unsent.push(settle_unsent(&batch, operation, Outcome::Stopped).await);
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
                    let why = Skip::AfterFailure;
                    unsent.push(settle_unsent(&batch, operation, Outcome::Skipped { why }).await);
                    continue;
                }
                let ready = operation.after.iter().all(|id| ended.contains_key(id));
                let places = busy.entry(operation.profile.clone()).or_default();
                if !ready || *places >= PER_PROFILE || holds(operation).any(|one| held.contains(&one)) {
                    later.push_back(operation);
                    continue;
                }
                let Some(client) = clients.get(&operation.profile).cloned() else {
                    ended.insert(operation.id, false);
                    let fault = Fault::local(FaultKind::Credentials, "", local::NO_CREDENTIAL);
                    let why = Skip::NotReadAgain { fault };
                    unsent.push(settle_unsent(&batch, operation, Outcome::Skipped { why }).await);
                    continue;
                };
                *places += 1;
                held.extend(holds(operation));
                let (batch, own, name) = (batch.clone(), operation.clone(), name.clone());
                let task = flying.spawn(async move { operate(&batch, &client, &own, &name).await });
                tasks.insert(task.id(), operation);
            }
            waiting = later;
        }
        if flying.is_empty() && waiting.is_empty() {
            break;
        }
        tokio::select! {
            Some(landed) = flying.join_next_with_id() => {
                let (id, landed, left) = match landed {
                    Ok((id, (landed, left))) => (id, Some(landed), left),
                    Err(error) => (error.id(), None, Vec::new()),
                };
                let Some(operation) = tasks.remove(&id) else { continue };
                unsent.extend((!left.is_empty()).then(|| unsent_write(operation, left)));
                ended.insert(operation.id, landed == Some(Landed::Done));
                doubtful |= matches!(landed, None | Some(Landed::Doubtful));
                if let Some(places) = busy.get_mut(&operation.profile) {
                    *places -= 1;
                }
                for one in holds(operation) {
                    held.remove(&one);
                }
                if landed.is_none() {
                    // Its intent stays open in the journal.
                    died = true;
                    let fault = Fault { effect: Effect::Unknown, ..Fault::local(FaultKind::Local, "", local::DIED) };
                    tell_end(&batch, operation, Outcome::Unknown { fault }).await;
                }
            }
            // Pending for good once nobody can wish any more.
            Ok(()) = control.changed() => {}
            else => {}
        }
    }
    tellers.shutdown().await;
    put_down(&batch, &name, unsent).await;
    let operations = batch.journal.catch_up(&name).await;
    if !operations.is_empty() {
        batch.say(ReleaseEvent::Journaled { operations }).await;
    }
    if doubtful {
        tell_open(&batch, name).await;
    }
    batch.say(ReleaseEvent::Ended).await;
    if died {
        let _ = batch.out.send(Msg::JobPanicked(batch.job)).await;
    }
}

/// An object that a write under way has for itself, by its id.
type Held = (CloudId, RegionId, Arc<str>);

/// The NIC of a write and what it shares with others, whoever asks: two profiles may be of one account.
fn holds(operation: &Operation) -> impl Iterator<Item = Held> {
    let nic = Arc::from(operation.kind.nic().as_str());
    let held = |id: Arc<str>| (operation.cloud.clone(), operation.region.clone(), id);
    operation.shares.iter().cloned().chain([nic]).map(held)
}

/// Ends a write of which nothing is about to be sent.
async fn settle_unsent(batch: &Batch, operation: &Operation, outcome: Outcome) -> UnsentWrite {
    let outcomes = tell_end(batch, operation, outcome).await;
    unsent_write(operation, outcomes)
}

/// Ends a write without a word in the journal: there is no batch, or nobody knows what happened.
async fn tell_end(batch: &Batch, operation: &Operation, outcome: Outcome) -> Ends {
    let outcomes: Ends = operation.targets().into_iter().map(|target| (target, outcome.clone())).collect();
    batch.say(ReleaseEvent::Settled { operation: operation.id, outcomes: outcomes.clone(), fresh: None }).await;
    outcomes
}
