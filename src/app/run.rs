//! A batch: every target of the plan, where it stands, and how it ended. Totals always add up to the plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::domain::{
    fault::FaultKind,
    ids::{JobId, OperationId, ProfileId},
    outcome::{Outcome, OutcomeWord, Progress},
    plan::{Act, ReleasePlan},
    selection::Target,
    time::Timestamp,
};

use super::viewport::Viewport;

/// One target of the batch.
#[derive(Clone, PartialEq, Debug)]
pub struct RunRow {
    pub target: Target,
    /// What is done to it.
    pub act: Act,
    pub operation: OperationId,
    pub profile: ProfileId,
    pub progress: Progress,
    /// When its state changed last.
    pub at: Timestamp,
    /// When its write began to be worked on.
    pub began: Option<Timestamp>,
    /// The last refusal that was tried again: its kind, the number of the next try, and of how many.
    pub retry: Option<(FaultKind, u32, u32)>,
    /// Where it stood before a read began to wait.
    before: Option<Progress>,
    /// The answer to its write was lost or told nothing: its end is what reading back showed.
    pub lost: bool,
    /// The journal lacks its end: the next start takes it for open.
    pub not_journaled: bool,
}

impl RunRow {
    /// How it ended, if it has.
    pub fn end(&self) -> Option<&Outcome> {
        match &self.progress {
            Progress::Settled(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// What the user asked of the batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pace {
    #[default]
    Going,
    Paused,
    /// Ends after the calls in flight.
    Stopping,
}

/// A look at the NICs of targets whose end is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recheck {
    pub job: JobId,
    /// Targets found to be as was wished.
    pub found: usize,
    /// Targets found to be as they were, for good.
    pub kept: usize,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub job: JobId,
    /// The name that it has in the journal, once it has begun.
    pub batch: Option<String>,
    pub plan: Arc<ReleasePlan>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub pace: Pace,
    /// Ctrl-c was pressed during it.
    pub interrupted: bool,
    /// One per target that is sent, in the plan's order.
    pub rows: Vec<RunRow>,
    /// Places in `rows`, the one that changed last first.
    pub order: Vec<usize>,
    pub view: Viewport,
    /// Profiles whose cloud can not be reached, and when the next try comes.
    pub offline: BTreeMap<ProfileId, Timestamp>,
    /// What nobody knows is being read again.
    pub recheck: Option<Recheck>,
    /// Times at which calls ended their targets, and the row of each, for the rate.
    ends: Vec<(Timestamp, usize)>,
    /// When a call of a profile was refused for now, or had to wait for its turn, last.
    held: BTreeMap<ProfileId, Timestamp>,
}

/// How many targets stand where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub total: usize,
    pub queued: usize,
    /// Being checked, sent, or read back.
    pub active: usize,
    /// Of these: their answer was lost, and they are read back. Nobody knows their end yet.
    pub lost: usize,
    pub accepted: usize,
    pub retrying: usize,
    pub released: usize,
    pub detached: usize,
    /// Put back.
    pub assigned: usize,
    pub attached: usize,
    pub bound: usize,
    pub already_gone: usize,
    /// Detaches after which the NIC itself is gone.
    pub nic_gone: usize,
    pub failed: usize,
    pub unknown: usize,
    pub skipped: usize,
    pub stopped: usize,
}

impl Counts {
    /// Targets that have their end.
    pub fn settled(&self) -> usize {
        self.answered() + self.skipped + self.stopped
    }

    /// Targets whose write was made, or was not needed any more, and has its end: the progress. What was never sent is none.
    pub fn answered(&self) -> usize {
        self.good() + self.nic_gone + self.failed + self.unknown
    }

    /// Targets that are as was wished: read back as released or detached, by this batch or before it.
    pub fn good(&self) -> usize {
        self.released + self.detached + self.assigned + self.attached + self.bound + self.already_gone
    }

    fn add(&mut self, row: &RunRow) {
        self.total += 1;
        let place = match &row.progress {
            Progress::Queued | Progress::Throttled { .. } => &mut self.queued,
            Progress::Checking | Progress::Sent | Progress::ReadingBack { .. } => &mut self.active,
            Progress::Accepted { .. } => &mut self.accepted,
            // Of what was sent nobody knows the end while it can not be read back.
            Progress::Retrying { .. } if row.lost => &mut self.active,
            Progress::Retrying { .. } => &mut self.retrying,
            Progress::Settled(outcome) => match outcome.word() {
                OutcomeWord::Released => match row.act {
                    Act::Release => &mut self.released,
                    Act::Detach | Act::Delete => &mut self.detached,
                    Act::Assign => &mut self.assigned,
                    Act::Attach => &mut self.attached,
                    Act::BindEip => &mut self.bound,
                },
                OutcomeWord::AlreadyGone => &mut self.already_gone,
                OutcomeWord::NicGone => &mut self.nic_gone,
                OutcomeWord::Failed => &mut self.failed,
                OutcomeWord::Unknown => &mut self.unknown,
                OutcomeWord::Skipped => &mut self.skipped,
                OutcomeWord::Stopped | OutcomeWord::NotBegun => &mut self.stopped,
            },
        };
        *place += 1;
        let open = matches!(row.progress, Progress::ReadingBack { .. } | Progress::Retrying { .. });
        self.lost += usize::from(row.lost && open);
    }
}

/// Was a request sent for it, or was it found to be needed no more?
fn is_answer(outcome: &Outcome) -> bool {
    !matches!(outcome.word(), OutcomeWord::Skipped | OutcomeWord::Stopped | OutcomeWord::NotBegun)
}

/// Targets must have ended before a time left is guessed.
const GUESS_FROM: usize = 5;
/// No time left is guessed when nothing has ended for so long, and calls that take longer are named.
const QUIET_MS: u64 = 5_000;
/// The rate is that of the last half minute.
const RATE_MS: u64 = 30_000;
/// The time left is guessed from what was done in the last ten seconds.
const LATELY_MS: u64 = 10_000;

impl Run {
    pub fn new(job: JobId, plan: Arc<ReleasePlan>, now: Timestamp) -> Self {
        let rows: Vec<RunRow> = plan
            .operations()
            .iter()
            .flat_map(|operation| {
                operation.targets().into_iter().map(|target| RunRow {
                    target,
                    act: operation.kind.act(),
                    operation: operation.id,
                    profile: operation.profile.clone(),
                    progress: Progress::Queued,
                    at: now,
                    began: None,
                    retry: None,
                    before: None,
                    lost: false,
                    not_journaled: false,
                })
            })
            .collect();
        let order = (0..rows.len()).collect();
        Self {
            job,
            batch: None,
            plan,
            started: now,
            ended: None,
            pace: Pace::Going,
            interrupted: false,
            rows,
            order,
            view: Viewport::default(),
            offline: BTreeMap::new(),
            recheck: None,
            ends: Vec::new(),
            held: BTreeMap::new(),
        }
    }

    /// All targets together.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.rows.iter().for_each(|row| counts.add(row));
        counts
    }

    /// By profile, in the order of the plan.
    pub fn counts_by_profile(&self) -> Vec<(ProfileId, Counts)> {
        let mut by: BTreeMap<&ProfileId, Counts> = BTreeMap::new();
        let mut order: Vec<&ProfileId> = Vec::new();
        for row in &self.rows {
            if !by.contains_key(&row.profile) {
                order.push(&row.profile);
            }
            by.entry(&row.profile).or_default().add(row);
        }
        order.into_iter().map(|profile| (profile.clone(), by.get(profile).copied().unwrap_or_default())).collect()
    }

    /// Targets ended by a call per second over the last half minute; `None` before the first.
    pub fn rate(&self, now: Timestamp) -> Option<f64> {
        let span = now.since(self.started).clamp(1, RATE_MS);
        let recent = self.ends.iter().rev().take_while(|(end, _)| now.since(*end) <= RATE_MS).count();
        #[allow(clippy::cast_precision_loss, reason = "counts and milliseconds of one batch are far below 2^52")]
        (recent > 0).then(|| recent as f64 * 1000.0 / span as f64)
    }

    /// A guess at the milliseconds left, once enough targets have ended: those of the profile that takes longest, by what it has
    /// done lately. None while one of them ends nothing or is held back by its cloud, and none when it stops after the calls in
    /// flight: how long those take is theirs to say.
    pub fn left_ms(&self, now: Timestamp) -> Option<u64> {
        if self.counts().answered() < GUESS_FROM || self.ended.is_some() || self.pace != Pace::Going {
            return None;
        }
        let mut longest = 0;
        for (profile, counts) in self.counts_by_profile() {
            let open = counts.total - counts.settled();
            if open > 0 {
                longest = longest.max(self.left_of(&profile, open, now)?);
            }
        }
        Some(longest)
    }

    /// A guess at the milliseconds that one profile still takes for so many targets.
    fn left_of(&self, profile: &ProfileId, open: usize, now: Timestamp) -> Option<u64> {
        let held = self.held.get(profile).is_some_and(|at| now.since(*at) <= LATELY_MS);
        if held || self.offline.contains_key(profile) {
            return None;
        }
        let own = |row: usize| self.rows.get(row).is_some_and(|row| &row.profile == profile);
        let lately = self.ends.iter().rev().take_while(|(end, _)| now.since(*end) <= LATELY_MS);
        let mut ends = lately.filter(|(_, row)| own(*row)).map(|(end, _)| *end);
        let last = ends.next().filter(|last| now.since(*last) <= QUIET_MS)?;
        let done = 1 + ends.count();
        let began = self.rows.iter().filter(|row| &row.profile == profile).filter_map(|row| row.began).min();
        let span = now.since(began.unwrap_or(last)).clamp(1, LATELY_MS);
        let (open, done) = (u64::try_from(open).unwrap_or(u64::MAX), u64::try_from(done).unwrap_or(u64::MAX));
        Some(open.saturating_mul(span) / done)
    }

    /// Writes that were begun and have no end yet: what stopping waits for.
    pub fn in_flight(&self) -> usize {
        let waits = |row: &&RunRow| {
            !matches!(row.progress, Progress::Queued | Progress::Throttled { .. } | Progress::Settled(_))
        };
        self.rows.iter().filter(waits).map(|row| row.operation).collect::<BTreeSet<_>>().len()
    }

    /// The row of what is still to be done to an address or NIC, is under way, or of which nobody knows; `None`: the batch has ended,
    /// or has nothing more to do with it. An address is in it as well when its whole NIC is, and a NIC when an address of it is.
    pub fn holds(&self, target: &Target) -> Option<&RunRow> {
        if self.ended.is_some() {
            return None;
        }
        let open =
            |row: &&RunRow| !matches!(&row.progress, Progress::Settled(end) if end.word() != OutcomeWord::Unknown);
        let on_it = |row: &&RunRow| {
            let (ip, own) = (target.ip(), row.target.ip());
            row.target.nic() == target.nic() && (ip.is_none() || own.is_none() || ip == own)
        };
        let mut rows = self.rows.iter().filter(open).filter(on_it);
        let first = rows.next()?;
        Some(rows.find(|row| &row.target == target).filter(|_| &first.target != target).unwrap_or(first))
    }

    /// Writes that have been without an answer for a while: how many, and for how many milliseconds the first of them.
    pub fn hanging(&self, now: Timestamp) -> Option<(usize, u64)> {
        let waits = |row: &&RunRow| matches!(row.progress, Progress::Checking | Progress::Sent);
        let long = |row: &&RunRow| now.since(row.at) >= QUIET_MS;
        let since: BTreeMap<OperationId, u64> =
            self.rows.iter().filter(waits).filter(long).map(|row| (row.operation, now.since(row.at))).collect();
        since.values().max().map(|&longest| (since.len(), longest))
    }

    /// Milliseconds since the start, up to the end.
    pub fn elapsed_ms(&self, now: Timestamp) -> u64 {
        self.ended.unwrap_or(now).since(self.started)
    }

    pub fn row_at(&self, place: usize) -> Option<&RunRow> {
        self.order.get(place).and_then(|&row| self.rows.get(row))
    }

    /// Has the cursor stay on this row, wherever it stands now.
    pub(super) fn keep_on(&mut self, row: usize, height: usize) {
        if let Some(place) = self.order.iter().position(|&at| at == row) {
            self.view.follow(place, self.order.len(), height);
        }
    }

    pub(super) fn set(&mut self, row: usize, progress: Progress, now: Timestamp) {
        let Some(entry) = self.rows.get_mut(row) else { return };
        if matches!(entry.progress, Progress::Settled(_)) {
            return;
        }
        entry.began = entry.began.or(Some(now));
        if matches!(&progress, Progress::Settled(outcome) if is_answer(outcome)) {
            self.ends.push((now, row));
        }
        if matches!(progress, Progress::Retrying { .. } | Progress::Throttled { .. }) {
            self.held.insert(entry.profile.clone(), now);
        }
        entry.lost |= matches!(progress, Progress::ReadingBack { lost: true, .. });
        if let Progress::Retrying { kind, attempt, of, .. } = progress {
            entry.retry = Some((kind, attempt, of));
        }
        entry.before = None;
        entry.progress = progress;
        entry.at = now;
        if let Some(place) = self.order.iter().position(|&at| at == row) {
            self.order[..=place].rotate_right(1);
        }
    }

    /// A read of the row waits for its next try, or goes on where it stood.
    pub(super) fn wait(&mut self, row: usize, waiting: Option<Progress>, now: Timestamp) {
        let Some(entry) = self.rows.get(row) else { return };
        let stood = entry.before.clone().unwrap_or_else(|| entry.progress.clone());
        match waiting {
            Some(waiting) => {
                self.set(row, waiting, now);
                if let Some(entry) = self.rows.get_mut(row) {
                    entry.before = Some(stood);
                }
            }
            None if entry.before.is_some() => self.set(row, stood, now),
            None => {}
        }
    }

    /// Reading again has shown the end of a target.
    pub(super) fn found(&mut self, row: usize, outcome: &Outcome, not_journaled: bool, now: Timestamp) {
        let Some(entry) = self.rows.get_mut(row) else { return };
        let request_id = entry.end().and_then(Outcome::request_id).map(str::to_owned);
        entry.progress = Progress::Settled(match outcome.clone() {
            // The answer to the write itself brought its id, if any.
            Outcome::Released { request_id: None } => Outcome::Released { request_id },
            outcome => outcome,
        });
        entry.not_journaled = not_journaled;
        entry.at = now;
    }

    /// The end of a target, if it has one.
    pub fn outcome(&self, target: &Target) -> Option<&Outcome> {
        self.rows.iter().find(|row| &row.target == target).and_then(RunRow::end)
    }
}

/// The key of the word for where a target of a batch stands.
pub fn progress_word(act: Act, progress: &Progress) -> &'static str {
    match progress {
        Progress::Queued | Progress::Throttled { .. } => "outcome.queued",
        Progress::Checking => "outcome.checking",
        Progress::Sent => "outcome.sent",
        Progress::Accepted { .. } => "outcome.accepted",
        Progress::Retrying { .. } => "outcome.retrying",
        Progress::ReadingBack { lost: false, .. } => "outcome.reading-back",
        Progress::ReadingBack { lost: true, .. } => "outcome.unknown",
        Progress::Settled(outcome) => outcome_word(act, outcome.word()),
    }
}

/// The key of the word for an end.
pub fn outcome_word(act: Act, word: OutcomeWord) -> &'static str {
    let back = matches!(act, Act::Assign | Act::Attach | Act::BindEip);
    match word {
        OutcomeWord::Released => match act {
            Act::Release => "outcome.released",
            Act::Detach => "outcome.detached",
            Act::Assign => "outcome.assigned",
            Act::Attach => "outcome.attached",
            Act::BindEip => "outcome.bound",
            Act::Delete => "outcome.deleted",
        },
        OutcomeWord::AlreadyGone if back => "outcome.already-there",
        OutcomeWord::AlreadyGone => "outcome.already-gone",
        OutcomeWord::NicGone => "outcome.nic-gone",
        OutcomeWord::Failed => "outcome.failed",
        OutcomeWord::Unknown => "outcome.unknown",
        OutcomeWord::Skipped => "outcome.skipped",
        OutcomeWord::Stopped => "outcome.stopped",
        OutcomeWord::NotBegun => "outcome.not-begun",
    }
}
