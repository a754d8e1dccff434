//! Carries out a confirmed plan. For each write: take its turn, read again, compare, journal the intent, send, read back, journal the end.
//! Never sends anything twice without knowing that the first time did nothing.

pub(super) mod look;
mod moment;
mod network;
mod read_back;
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
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{JournalEvent, Msg, ReadBack, ReleaseEvent},
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::{CloudId, JobId, OperationId, ProfileId, RegionId},
        journal::{self, Begun, Image, Intent, PlannedWrite, Settlement, Unsent, UnsentWrite},
        outcome::{Outcome, OutcomeWord, Progress, Skip},
        plan::{Belts, Operation, OperationKind, PlanHash, ReleasePlan},
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        client::{Client, OnPause, Pause, local},
        turn::WriteTurn,
    },
    rules::Safety,
    runtime::journal::Journal,
};

use look::{Ends, Looked, end_rest, judge, look};
use moment::Moment;
use read_back::read_back;
use send::{Sent, send};
use targets::targets;
use turn::{NoTurn, ready, turn};

/// Writes in flight for one profile.
const PER_PROFILE: usize = 4;
/// Facts that were complete no longer ago, in milliseconds, are good for another try of a write that was throttled, which proves that
/// it did nothing, and for a turn that was lost to that, as they were for the first. To read everything again for each would have a
/// vendor who is busy asked many times more.
const GOOD_FOR_MS: u64 = 5_000;

/// Milliseconds from the first read to the last of what a write is decided on. Longer takes only a program that was stopped meanwhile,
/// a machine that slept, or a vendor who lets reads wait: then everything is read once more.
const LOOK_MS: u64 = 60_000;
/// Milliseconds that a request may wait after what it was decided on.
const WAITS_MS: u64 = 5_000;
/// Times that a write is decided on anew because that was too long.
const MOST_OLD: u32 = 5;
/// For the last read after a write.
const LAST_READ: Duration = Duration::from_secs(15);
/// Writes in one record of what was not sent.
const UNSENT_ROWS: usize = 100;

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
    if let Ok(true) = batch.journal.catch_up().await {
        batch.say(ReleaseEvent::Journaled).await;
    }
    if doubtful {
        tell_open(&batch, name).await;
    }
    batch.say(ReleaseEvent::Ended).await;
    if died {
        let _ = batch.out.send(Msg::JobPanicked(batch.job)).await;
    }
}

/// One run of one plan. Two consoles may begin the same one in the same moment.
fn name(batch: &Batch) -> String {
    // The standard library's own randomness, which differs in each process and each time.
    let dice = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    format!("{}-{}-{:04x}", batch.plan.hash().short(), (batch.now)().0, dice & 0xffff)
}

/// All that was confirmed, as it is put down before anything of it is sent.
fn begun(batch: &Batch, name: &str) -> Begun {
    let row = |operation: &Operation| PlannedWrite {
        operation: operation.id,
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: operation.kind.clone(),
    };
    Begun {
        at: (batch.now)(),
        batch: name.to_owned(),
        plan: batch.plan.hash().to_string(),
        undoes: batch.plan.undoes().map(str::to_owned),
        // The journal knows what was approved.
        file: None,
        who: batch.author.who.clone(),
        host: batch.author.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        targets: batch.plan.operations().iter().map(|operation| operation.targets().len()).sum(),
        rows: batch.plan.operations().iter().map(row).collect(),
    }
}

fn unsent_write(operation: &Operation, outcomes: Ends) -> UnsentWrite {
    UnsentWrite {
        operation: operation.id,
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: operation.kind.clone(),
        outcomes,
    }
}

/// Puts down what was not sent, so that what the journal tells of the batch adds up to its plan.
async fn put_down(batch: &Batch, name: &str, mut writes: Vec<UnsentWrite>) {
    writes.sort_by_key(|write| write.operation);
    for rows in writes.chunks(UNSENT_ROWS) {
        let unsent = Unsent {
            at: (batch.now)(),
            batch: name.to_owned(),
            plan: batch.plan.hash().to_string(),
            undoes: batch.plan.undoes().map(str::to_owned),
            who: batch.author.who.clone(),
            host: batch.author.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rows: rows.to_vec(),
        };
        if let Err(error) = batch.journal.unsent(unsent).await {
            for row in rows {
                batch.say(ReleaseEvent::NotJournaled { operation: row.operation, fault: error.fault() }).await;
            }
        }
    }
}

/// Tells which writes the batch leaves open: what the next start would find.
async fn tell_open(batch: &Batch, name: String) {
    let left = batch.journal.open_of(name).await;
    let path = batch.journal.path().to_string_lossy().into_owned();
    match left {
        Ok(writes) => batch.say(ReleaseEvent::LeftOpen { path, writes }).await,
        Err(error) => drop(batch.out.send(Msg::Journal(JournalEvent::Unreadable(error.fault()))).await),
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

/// How one write came out, all its targets together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Landed {
    /// As was wished.
    Done,
    NotDone,
    /// Of a target nobody knows.
    Doubtful,
}

/// One write from its read to its end. Also tells the ends that no record of the journal holds yet.
async fn operate(batch: &Batch, client: &Client, operation: &Operation, name: &str) -> (Landed, Ends) {
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

/// What is to be sent.
struct Ready {
    /// The facts that it was decided on.
    seen: Box<NicSnapshot>,
    kind: OperationKind,
    turn: WriteTurn,
    /// When the facts were complete.
    decided: Moment,
}

enum Checked {
    Send(Box<Ready>),
    /// Every target has its end.
    Ended(Option<ReadBack>),
}

/// Takes the turn of the write, and then reads the NIC again and ends the targets that are not to be sent: between the facts and
/// the request stands nothing that waits. `told` is said while it waits for its turn; `kept` are the facts of a try before, as long
/// as they are good.
async fn check(
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
    // A list that is written back whole holds what others have put there meanwhile; and of what is put on a NIC, an EIP say, more is
    // read than the NIC.
    let takes = matches!(kind, OperationKind::Release { .. } | OperationKind::Detach { .. });
    let keeps = takes && operation.shares.is_empty();
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

fn intent(
    batch: &Batch,
    operation: &Operation,
    kind: &OperationKind,
    step: &str,
    seen: &NicSnapshot,
    name: &str,
) -> Intent {
    Intent {
        at: (batch.now)(),
        batch: name.to_owned(),
        operation: operation.id,
        plan: batch.plan.hash().to_string(),
        undoes: batch.plan.undoes().map(str::to_owned),
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: kind.clone(),
        step: step.to_owned(),
        before: seen.nic.addresses.iter().map(|address| address.ip).collect(),
        image: Some(Box::new(Image::of(seen))),
        request: None,
        overrides: {
            let sent = kind.targets(&operation.profile);
            operation.overrides.iter().filter(|one| sent.contains(&one.target)).cloned().collect()
        },
        belts: Some(batch.safety.belts).filter(Belts::are_raised),
        // The journal knows what was approved.
        file: None,
        account: None,
        who: batch.author.who.clone(),
        host: batch.author.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What is known of a write besides its end.
struct Told {
    answers: Vec<journal::Answer>,
    /// The NIC as it was read back.
    after: Option<Box<Image>>,
}

/// Writes the end of one write down; what is not known is open all the same. A journal that fails now can not undo the write: the outcome is still shown.
async fn settle(
    batch: &Batch,
    operation: &Operation,
    name: &str,
    kind: &OperationKind,
    told: Told,
    outcome: impl Fn(&Target) -> Outcome,
) -> Ends {
    let outcomes: Ends = targets(operation, kind)
        .into_iter()
        .map(|target| {
            let outcome = outcome(&target);
            (target, outcome)
        })
        .collect();
    let settlement = Settlement {
        at: (batch.now)(),
        batch: name.to_owned(),
        operation: operation.id,
        outcomes: outcomes.clone(),
        found_later: false,
        answers: told.answers,
        after: told.after,
    };
    // The intent stays open then, and is reconciled by reading at the next start.
    if let Err(error) = batch.journal.settled(settlement).await {
        batch.say(ReleaseEvent::NotJournaled { operation: operation.id, fault: error.fault() }).await;
    }
    outcomes
}
