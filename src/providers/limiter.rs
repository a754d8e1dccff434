//! How fast one profile may ask: for each action a bucket of tokens, filled at the vendor's limit and slower after throttling, and
//! for all together a cap of calls in flight. Calls of a batch go before those of a listing, and while one runs all of them together are
//! few: a listing has a part of these, so that neither delays the other for long. The turn of a write is a token and no place: what it is decided on is read while it is held, and only
//! the write itself is a call in flight. A throttled action holds up nobody else.
//! Tokens are counted on tokio's clock, so a test can move it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::{
    provider::Quota,
    retry::{self, RetryPolicy},
};

/// Calls in flight while a batch runs, its own and those of listings together, and turns of writes that are held: vendors advise few,
/// and no batch waits for many.
const BATCH: usize = 4;
/// No wish of a vendor is taken for longer: a header that is wrong would close the action for good.
const LONGEST_WISH: Duration = Duration::from_secs(24 * 60 * 60);
/// A throttled action goes on at least this fast, in calls a second, and with this part of its full rate: beyond that pauses slow it.
/// Who refuses by chance and not for the pace would otherwise be asked slower and slower without any use.
const SLOWEST: f64 = 0.5;
const SLOWEST_PART: f64 = 0.5;
/// Part of the full rate that each good answer gives back.
const GROWTH: f64 = 0.05;
/// Of the last eight answers so many are good where a vendor refuses by chance: the next pause is the first one again. One good answer
/// alone tells of a quota that others use up.
const MIXED: u32 = 2;
/// Until then some refusals in a row are chance, and the pause is doubled no more than once.
const MOST_MIXED: u32 = 2;
/// A token that is missing less than this is there: sums of fractions are never exact.
const ROUNDING: f64 = 1e-6;
/// The first pause of an action is this part of that of a call: half of the refusals by a vendor who refuses half are the first in a row,
/// and where a quota is spent the pauses double up to the minute that it is counted by.
const FIRST_PART: u32 = 4;

/// What a call is for. The first go first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// The place of a write that has its turn; no token.
    Send,
    /// The turn of a write whose facts are known, and grow old.
    Again,
    /// The turn of a write.
    Write,
    /// A read right before or after a write.
    Around,
    /// Pages that make rows: each may wait for the one before.
    Rows,
    /// What hangs on rows: many calls, and nothing waits for one of them.
    Rest,
}

/// The budget of one profile. Clones share it.
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Mutex<Gate>>);

#[derive(Debug)]
struct Gate {
    policy: RetryPolicy,
    buckets: HashMap<&'static str, Bucket>,
    /// Calls of listings that may be in flight.
    places: usize,
    /// Those that are.
    listing: usize,
    /// Calls in flight that belong to a batch, or stand around one.
    batch: usize,
    /// Turns of writes that are held.
    turns: usize,
    /// Batches under way.
    batches: usize,
    /// Who waits, in the order in which they go.
    waiting: BTreeMap<Key, Waiting>,
    tickets: u64,
}

type Key = (Lane, u64);

#[derive(Debug)]
struct Waiting {
    quota: Quota,
    news: Arc<Notify>,
    /// It is waiting for its action's next token, and looks again by itself.
    timed: bool,
}

/// What is left of one action's quota.
#[derive(Debug)]
struct Bucket {
    /// Tokens a second, at most `full`.
    rate: f64,
    full: f64,
    burst: f64,
    tokens: f64,
    counted_at: Instant,
    /// Throttlings since the answers were mixed.
    in_a_row: u32,
    /// The last answers, a bit each: set for a good one.
    last: u8,
    /// The vendor is not asked before then.
    closed_until: Option<Instant>,
}

impl Bucket {
    /// No stretch as long as the quota's own sees more calls than it allows: a rested bucket holds a part of them, and the rest
    /// comes evenly. A minute's quota is for the most part used in bursts, a second's is not.
    fn new(quota: Quota, now: Instant) -> Self {
        let (calls, seconds) = (f64::from(quota.calls.max(1)), f64::from(quota.seconds.max(1)));
        let share = if by_the_minute(quota) { 0.5 } else { 0.125 };
        let full = calls * (1.0 - share) / seconds;
        let burst = (calls * share).max(1.0);
        Self { rate: full, full, burst, tokens: burst, counted_at: now, in_a_row: 0, last: 0, closed_until: None }
    }

    fn count(&mut self, now: Instant) {
        // No more than one call is saved up for the moment at which the action is open again, and a throttled one saves up less.
        let opens = self.closed_until.map_or(self.counted_at, |opens| opens.max(self.counted_at));
        let closed = opens.min(now).saturating_duration_since(self.counted_at).as_secs_f64();
        let open = now.saturating_duration_since(opens).as_secs_f64();
        self.tokens = (self.tokens + closed * self.rate).min(self.tokens.max(1.0));
        self.tokens = (self.tokens + open * self.rate).min((self.burst * self.rate / self.full).max(1.0));
        self.counted_at = now;
    }

    /// When there will be a token; `None`: there is one.
    fn due(&mut self, now: Instant) -> Option<Instant> {
        self.count(now);
        let opens = self.closed_until.filter(|&opens| opens > now);
        let missing = 1.0 - self.tokens;
        if missing <= ROUNDING {
            return opens;
        }
        let ready = now + Duration::from_secs_f64(missing / self.rate);
        Some(opens.map_or(ready, |opens| opens.max(ready)))
    }
}

fn slowest(full: f64) -> f64 {
    SLOWEST.max(full * SLOWEST_PART).min(full)
}

fn by_the_minute(quota: Quota) -> bool {
    quota.seconds >= 60
}

impl Gate {
    fn bucket(&mut self, quota: Quota, now: Instant) -> &mut Bucket {
        self.buckets.entry(quota.api).or_insert_with(|| Bucket::new(quota, now))
    }

    fn taken(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Again | Lane::Write => &mut self.turns,
            Lane::Send | Lane::Around => &mut self.batch,
            Lane::Rows | Lane::Rest => &mut self.listing,
        }
    }

    fn is_free(&self, lane: Lane) -> bool {
        let few = self.places.min(BATCH);
        let listings = lane >= Lane::Rows;
        match lane {
            Lane::Again | Lane::Write => self.turns < few,
            _ if self.batches > 0 => {
                // Those of a listing that were on their way when the batch began end as they do, and it need not wait for them.
                let part = (few / 2).max(1);
                self.batch + self.listing.min(part) < few && !(listings && self.listing >= part)
            }
            _ => {
                let all = self.places + self.places.div_ceil(4).min(BATCH);
                let (own, most) = if listings { (self.listing, self.places) } else { (self.batch, few) };
                own < most && self.listing + self.batch < all
            }
        }
    }

    /// Lets everybody go for whom there is a place and a token. Those of one action go in order, so only its first one waits for
    /// the next token: it is woken to do so.
    fn serve(&mut self, now: Instant) {
        // Actions whose next token somebody waits for.
        let mut spent = HashSet::new();
        let mut go = Vec::new();
        let keys: Vec<(Key, Quota)> = self.waiting.iter().map(|(key, waiting)| (*key, waiting.quota)).collect();
        for (key, quota) in keys {
            let lane = key.0;
            if !self.is_free(lane) {
                continue;
            }
            let bucket = self.bucket(quota, now);
            if lane == Lane::Send || (!spent.contains(quota.api) && bucket.due(now).is_none()) {
                if lane != Lane::Send {
                    bucket.tokens -= 1.0;
                }
                *self.taken(lane) += 1;
                go.push(key);
            } else if spent.contains(quota.api) {
                // Its first one waits for it.
            } else {
                spent.insert(quota.api);
                if let Some(first) = self.waiting.get_mut(&key).filter(|first| !first.timed) {
                    first.timed = true;
                    first.news.notify_one();
                }
            }
        }
        for key in go {
            if let Some(served) = self.waiting.remove(&key) {
                served.news.notify_one();
            }
        }
    }
}

/// The right to one call; the next one may start when it is dropped.
#[derive(Debug)]
pub struct Slot {
    limiter: Limiter,
    lane: Lane,
    quota: Quota,
}

impl Slot {
    /// No call was made with it: its token is for the next one, unless the vendor throttled the action meanwhile.
    pub fn give_back(self) {
        self.limiter.with(|gate, now| {
            let bucket = gate.bucket(self.quota, now);
            if bucket.closed_until.is_none_or(|opens| opens <= now) {
                bucket.tokens += 1.0;
            }
        });
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.limiter.with(|gate, now| {
            *gate.taken(self.lane) -= 1;
            gate.serve(now);
        });
    }
}

/// A batch of the profile is under way until this is dropped.
#[derive(Debug)]
pub struct UnderWay(Limiter);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.with(|gate, now| {
            gate.batches -= 1;
            gate.serve(now);
        });
    }
}

/// A place in the queue; given up when it is dropped before it became a slot.
struct Ticket<'a> {
    limiter: &'a Limiter,
    key: Key,
    used: bool,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.used {
            return;
        }
        self.limiter.with(|gate, now| {
            // Served, and nobody is there to make the call.
            if gate.waiting.remove(&self.key).is_none() {
                *gate.taken(self.key.0) -= 1;
            }
            gate.serve(now);
        });
    }
}

/// What one who waits has to do.
enum Turn {
    Go,
    /// First of its action, and there is no token before then.
    At(Instant),
    Later,
    /// The action is left alone for so long.
    Closed(Duration),
}

impl Limiter {
    /// `in_flight` for listings, and as many for what is read around writes, but no more than a few, of which a listing leaves it a part:
    /// a quarter of its own on top. While a batch runs no more than these few are for all together. Zero is taken as one. `policy` says
    /// how long the pauses of a throttled action are.
    pub fn new(in_flight: usize, policy: RetryPolicy) -> Self {
        let places = in_flight.max(1);
        Self(Arc::new(Mutex::new(Gate {
            policy,
            buckets: HashMap::new(),
            places,
            listing: 0,
            batch: 0,
            turns: 0,
            batches: 0,
            waiting: BTreeMap::new(),
            tickets: 0,
        })))
    }

    /// From now on, and until what it returns is dropped, all calls together are as few as those of a batch.
    pub fn batch(&self) -> UnderWay {
        self.with(|gate, _| gate.batches += 1);
        UnderWay(self.clone())
    }

    /// Waits for a place and a token of the call's action, for as long as that takes.
    pub async fn enter(&self, lane: Lane, quota: Quota) -> Slot {
        loop {
            // No action is closed for longer than that.
            if let Ok(slot) = self.enter_open(lane, quota, Duration::MAX).await {
                return slot;
            }
        }
    }

    /// The same, unless the action is left alone for longer than this because the vendor throttled it.
    ///
    /// # Errors
    /// How long it is.
    pub async fn enter_open(&self, lane: Lane, quota: Quota, longest: Duration) -> Result<Slot, Duration> {
        let news = Arc::new(Notify::new());
        let key = self.with(|gate, now| {
            gate.tickets += 1;
            let key = (lane, gate.tickets);
            gate.waiting.insert(key, Waiting { quota, news: news.clone(), timed: false });
            gate.serve(now);
            key
        });
        let mut ticket = Ticket { limiter: self, key, used: false };
        loop {
            let turn = self.with(|gate, now| {
                gate.serve(now);
                let Some(mine) = gate.waiting.get_mut(&key) else { return Turn::Go };
                let opens = gate.buckets.get(quota.api).and_then(|bucket| bucket.closed_until);
                let closed = opens.map_or(Duration::ZERO, |opens| opens.saturating_duration_since(now));
                if closed > longest {
                    return Turn::Closed(closed);
                }
                let due = gate.buckets.get_mut(quota.api).filter(|_| mine.timed).and_then(|bucket| bucket.due(now));
                // Where only a place is missing, whoever gives one back serves.
                mine.timed = due.is_some();
                due.map_or(Turn::Later, Turn::At)
            });
            match turn {
                Turn::Go => break,
                // Somebody who goes first may come meanwhile and take the token: the next one is waited for then.
                Turn::At(due) => drop(timeout_at(due, news.notified()).await),
                Turn::Later => news.notified().await,
                Turn::Closed(closed) => return Err(closed),
            }
        }
        ticket.used = true;
        Ok(Slot { limiter: self.clone(), lane, quota })
    }

    /// The vendor throttled this action: half as fast from now on, no burst, and not before it wishes. Where it wishes nothing the
    /// pause doubles with each throttling until good answers are more than a rare one. Calls that were on their way together are
    /// throttled once: `began` is when the refused one was sent. `dice` is uniform in 0..1.
    pub fn throttled(&self, quota: Quota, began: Instant, wish: Option<Duration>, dice: f64) {
        self.with(|gate, now| {
            let policy = gate.policy;
            let bucket = gate.bucket(quota, now);
            bucket.count(now);
            let mixed = bucket.last.count_ones() >= MIXED;
            bucket.last <<= 1;
            let one = bucket.closed_until.is_some_and(|opens| began < opens);
            if !one {
                let most = if mixed { MOST_MIXED } else { u32::MAX };
                bucket.in_a_row = bucket.in_a_row.saturating_add(1).min(most);
                bucket.rate = (bucket.rate / 2.0).max(slowest(bucket.full));
                bucket.tokens = bucket.tokens.min(1.0);
            }
            let pause = match wish {
                Some(wish) => wish.min(LONGEST_WISH),
                None if one => return,
                None => {
                    let policy = RetryPolicy { first: policy.first / FIRST_PART, ..policy };
                    retry::backoff(&policy, bucket.in_a_row, dice)
                }
            };
            bucket.closed_until = bucket.closed_until.max(Some(now + pause));
        });
    }

    /// The vendor answered: a little faster, up to the full rate.
    pub fn answered(&self, quota: Quota) {
        self.with(|gate, now| {
            let bucket = gate.bucket(quota, now);
            bucket.count(now);
            bucket.last = (bucket.last << 1) | 1;
            if bucket.last.count_ones() >= MIXED {
                bucket.in_a_row = 0;
            }
            bucket.rate = (bucket.rate + bucket.full * GROWTH).min(bucket.full);
        });
    }

    /// How long the action is left alone from now on, because the vendor throttled it.
    pub fn closed_for(&self, quota: Quota) -> Duration {
        self.with(|gate, now| {
            let opens = gate.bucket(quota, now).closed_until;
            opens.map_or(Duration::ZERO, |opens| opens.saturating_duration_since(now))
        })
    }

    /// Calls a second that the action may make at present.
    pub fn rate(&self, quota: Quota) -> f64 {
        self.with(|gate, now| gate.bucket(quota, now).rate)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Gate, Instant) -> T) -> T {
        // Nothing in here panics half-way; a poisoned lock means that somebody's test did.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

#[cfg(test)]
mod tests;
