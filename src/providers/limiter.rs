//! How fast one profile may ask: a bucket of tokens that shrinks when the vendor throttles, and a cap of calls in flight.
//! Calls of a batch go before those of a listing and have places of their own, so that a long load delays no write.
//! Tokens are counted on tokio's clock, so a test can move it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// Seconds' worth of tokens that a rested bucket holds: most listings end before it is empty, and only long ones are slowed.
/// Vendors count by the minute, so that a minute may see this much more than the rate.
const BURST_S: f64 = 10.0;
/// Calls of a batch in flight, whatever a listing may have: each write stands between two reads, and nothing waits for many.
const BATCH: usize = 4;
/// A throttled profile goes on at least this fast, in calls a second.
const SLOWEST: f64 = 0.5;
/// Part of the full rate that each good answer gives back.
const GROWTH: f64 = 0.02;
/// Answers to calls that were in flight when the first one was throttled do not count again.
const ONE_THROTTLING: Duration = Duration::from_millis(500);
/// A token that is missing less than this is there: sums of fractions are never exact.
const ROUNDING: f64 = 1e-6;

/// What a call is for. The first go first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    Write,
    /// A read right before or after a write.
    Around,
    /// Listings, and reads for a plan: many, and nothing waits for one of them.
    Listing,
}

/// The budget of one profile. Clones share it.
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Mutex<Gate>>);

#[derive(Debug)]
struct Gate {
    bucket: Bucket,
    /// Calls that a listing may still begin; and those that a batch may.
    listing: usize,
    batch: usize,
    /// Who waits, in the order in which they go.
    waiting: BTreeMap<(Lane, u64), Arc<Notify>>,
    tickets: u64,
}

#[derive(Debug)]
struct Bucket {
    /// Tokens a second, at most `full`.
    rate: f64,
    full: f64,
    tokens: f64,
    counted_at: Instant,
    throttled_at: Option<Instant>,
}

impl Bucket {
    fn count(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.rate * BURST_S);
        self.counted_at = now;
    }

    /// Takes a token; or when there will be one.
    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        self.count(now);
        let missing = 1.0 - self.tokens;
        if missing > ROUNDING {
            return Err(now + Duration::from_secs_f64(missing / self.rate));
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

impl Gate {
    fn places(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Write | Lane::Around => &mut self.batch,
            Lane::Listing => &mut self.listing,
        }
    }

    /// Whose turn it is: the first of those for whom there is a place.
    fn first(&self) -> Option<(&(Lane, u64), &Arc<Notify>)> {
        self.waiting.iter().find(|((lane, _), _)| match lane {
            Lane::Write | Lane::Around => self.batch > 0,
            Lane::Listing => self.listing > 0,
        })
    }

    fn wake(&self) {
        if let Some((_, first)) = self.first() {
            first.notify_one();
        }
    }
}

/// The right to one call; the next one may start when it is dropped.
#[derive(Debug)]
pub struct Slot {
    limiter: Limiter,
    lane: Lane,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.limiter.with(|gate, _| {
            *gate.places(self.lane) += 1;
            gate.wake();
        });
    }
}

/// A place in the queue; given up when it is dropped.
struct Ticket<'a> {
    limiter: &'a Limiter,
    key: (Lane, u64),
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.limiter.with(|gate, _| {
            gate.waiting.remove(&self.key);
            gate.wake();
        });
    }
}

/// What one who waits has to do.
enum Turn {
    Go,
    /// First, and there is no token before then.
    At(Instant),
    Later,
}

impl Limiter {
    /// `in_flight` for listings; as many for a batch, but no more than a few. Zeroes are taken as one.
    pub fn new(reads_per_second: u32, in_flight: usize) -> Self {
        let full = f64::from(reads_per_second.max(1));
        let bucket =
            Bucket { rate: full, full, tokens: full * BURST_S, counted_at: Instant::now(), throttled_at: None };
        let places = in_flight.max(1);
        let gate = Gate { bucket, listing: places, batch: places.min(BATCH), waiting: BTreeMap::new(), tickets: 0 };
        Self(Arc::new(Mutex::new(gate)))
    }

    /// Waits for a place and a token.
    pub async fn enter(&self, lane: Lane) -> Slot {
        let news = Arc::new(Notify::new());
        let key = self.with(|gate, _| {
            gate.tickets += 1;
            let key = (lane, gate.tickets);
            gate.waiting.insert(key, news.clone());
            key
        });
        let ticket = Ticket { limiter: self, key };
        loop {
            let turn = self.with(|gate, now| match gate.first() {
                Some((first, _)) if *first == key => match gate.bucket.take(now) {
                    Ok(()) => {
                        *gate.places(lane) -= 1;
                        Turn::Go
                    }
                    Err(due) => Turn::At(due),
                },
                _ => Turn::Later,
            });
            match turn {
                Turn::Go => break,
                // Somebody who goes first may come meanwhile; whoever is first then is woken by the one before.
                Turn::At(due) => sleep_until(due).await,
                Turn::Later => news.notified().await,
            }
        }
        let slot = Slot { limiter: self.clone(), lane };
        drop(ticket);
        slot
    }

    /// The vendor throttled: half as fast from now on, and no burst.
    pub fn throttled(&self) {
        self.with(|Gate { bucket, .. }, now| {
            bucket.count(now);
            if bucket.throttled_at.is_some_and(|at| now.saturating_duration_since(at) < ONE_THROTTLING) {
                return;
            }
            bucket.throttled_at = Some(now);
            bucket.rate = (bucket.rate / 2.0).max(SLOWEST.min(bucket.full));
            bucket.tokens = bucket.tokens.min(0.0);
        });
    }

    /// The vendor answered: a little faster, up to the full rate.
    pub fn answered(&self) {
        self.with(|Gate { bucket, .. }, now| {
            bucket.count(now);
            bucket.rate = (bucket.rate + bucket.full * GROWTH).min(bucket.full);
        });
    }

    /// Calls a second at present.
    pub fn rate(&self) -> f64 {
        self.with(|gate, _| gate.bucket.rate)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Gate, Instant) -> T) -> T {
        // Nothing in here panics half-way; a poisoned lock means that somebody's test did.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_for(limiter: &Limiter, calls: usize) -> f64 {
        let begin = Instant::now();
        for _ in 0..calls {
            drop(limiter.enter(Lane::Listing).await);
        }
        begin.elapsed().as_secs_f64()
    }

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 0.05
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_then_the_rate_holds() {
        let limiter = Limiter::new(10, 4);
        assert!(near(seconds_for(&limiter, 100).await, 0.0));
        assert!(near(seconds_for(&limiter, 20).await, 2.0));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(near(seconds_for(&limiter, 110).await, 1.0), "rest fills the bucket, and no more than that");
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_rate_and_good_answers_bring_it_back_slowly() {
        let limiter = Limiter::new(10, 4);
        limiter.throttled();
        limiter.throttled();
        assert!(near(limiter.rate(), 5.0), "calls that were in flight together count once");
        assert!(near(seconds_for(&limiter, 10).await, 2.0), "no burst is left");
        limiter.throttled();
        assert!(near(limiter.rate(), 2.5));
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            limiter.throttled();
        }
        assert!(near(limiter.rate(), SLOWEST));
        limiter.answered();
        assert!(near(limiter.rate(), 0.7));
        (0..100).for_each(|_| limiter.answered());
        assert!(near(limiter.rate(), 10.0));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_calls_are_in_flight_than_allowed() {
        let limiter = Limiter::new(1000, 2);
        let (first, second) = (limiter.enter(Lane::Listing).await, limiter.enter(Lane::Listing).await);
        let waited = tokio::time::timeout(Duration::from_secs(5), limiter.enter(Lane::Listing)).await;
        assert!(waited.is_err());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.enter(Lane::Listing)).await.is_ok());
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn zeroes_do_not_stop_everything() {
        let limiter = Limiter::new(0, 0);
        assert!(near(seconds_for(&limiter, 11).await, 1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_has_places_of_its_own() {
        let limiter = Limiter::new(1000, 2);
        let full = (limiter.enter(Lane::Listing).await, limiter.enter(Lane::Listing).await);
        let batch = (limiter.enter(Lane::Around).await, limiter.enter(Lane::Write).await);
        for lane in [Lane::Write, Lane::Around, Lane::Listing] {
            let waited = tokio::time::timeout(Duration::from_secs(5), limiter.enter(lane)).await;
            assert!(waited.is_err(), "{lane:?}");
        }
        drop(batch.0);
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.enter(Lane::Listing)).await.is_err());
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.enter(Lane::Write)).await.is_ok());
        drop((batch.1, full));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wide_listing_makes_no_wide_batch() {
        let limiter = Limiter::new(1000, 16);
        let mut batch = Vec::new();
        for _ in 0..BATCH {
            batch.push(limiter.enter(Lane::Write).await);
        }
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.enter(Lane::Around)).await.is_err());
        let mut listing = Vec::new();
        for _ in 0..16 {
            listing.push(limiter.enter(Lane::Listing).await);
        }
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.enter(Lane::Listing)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_token_goes_to_the_most_urgent_and_then_to_the_first() {
        let limiter = Limiter::new(1, 8);
        assert!(near(seconds_for(&limiter, 10).await, 0.0), "the burst is gone now");
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = tokio::task::JoinSet::new();
        let lanes = [Lane::Listing, Lane::Listing, Lane::Around, Lane::Write, Lane::Around];
        for (number, lane) in lanes.into_iter().enumerate() {
            let (limiter, order) = (limiter.clone(), order.clone());
            tasks.spawn(async move {
                let slot = limiter.enter(lane).await;
                order.lock().unwrap().push(number);
                drop(slot);
            });
            // The first of them sleeps towards its token when the others come.
            tokio::task::yield_now().await;
        }
        let begin = Instant::now();
        while tasks.join_next().await.is_some() {}
        assert_eq!(*order.lock().unwrap(), [3, 2, 4, 0, 1]);
        assert!(near(begin.elapsed().as_secs_f64(), 5.0), "nobody overslept");
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_gives_up_holds_nobody_up() {
        let limiter = Limiter::new(1, 1);
        assert!(near(seconds_for(&limiter, 10).await, 0.0));
        let held = limiter.enter(Lane::Listing).await;
        let (behind, clone) = (
            tokio::spawn({
                let limiter = limiter.clone();
                async move { drop(limiter.enter(Lane::Listing).await) }
            }),
            limiter.clone(),
        );
        tokio::task::yield_now().await;
        let gave_up = tokio::time::timeout(Duration::from_millis(100), clone.enter(Lane::Listing)).await;
        assert!(gave_up.is_err());
        drop(held);
        assert!(tokio::time::timeout(Duration::from_secs(5), behind).await.is_ok());
        // One that was first and is dropped while it sleeps towards its token.
        let gave_up = tokio::time::timeout(Duration::from_millis(1), limiter.enter(Lane::Write)).await;
        assert!(gave_up.is_err());
        assert!(near(seconds_for(&limiter, 1).await, 1.0));
        assert!(limiter.with(|gate, _| gate.waiting.is_empty() && gate.listing == 1 && gate.batch == 1));
    }
}
