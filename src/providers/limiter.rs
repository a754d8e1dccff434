//! How fast one profile may ask: a bucket of tokens that shrinks when the vendor throttles, and a cap of calls in flight.
//! Tokens are counted on tokio's clock, so a test can move it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

/// Seconds' worth of tokens that a rested bucket holds: a listing starts at once and only long ones are slowed.
const BURST_S: f64 = 4.0;
/// A throttled profile goes on at least this fast, in calls a second.
const SLOWEST: f64 = 0.5;
/// Part of the full rate that each good answer gives back.
const GROWTH: f64 = 0.02;
/// Answers to calls that were in flight when the first one was throttled do not count again.
const ONE_THROTTLING: Duration = Duration::from_millis(500);

/// The budget of one profile. Clones share it.
#[derive(Clone, Debug)]
pub struct Limiter {
    bucket: Arc<Mutex<Bucket>>,
    slots: Arc<Semaphore>,
}

#[derive(Debug)]
struct Bucket {
    /// Tokens a second, at most `full`.
    rate: f64,
    full: f64,
    /// Below zero: reserved by calls that wait.
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
}

/// The right to one call; the next one may start when it is dropped.
#[derive(Debug)]
pub struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Limiter {
    /// Zeroes are taken as one.
    pub fn new(reads_per_second: u32, in_flight: usize) -> Self {
        let full = f64::from(reads_per_second.max(1));
        let bucket =
            Bucket { rate: full, full, tokens: full * BURST_S, counted_at: Instant::now(), throttled_at: None };
        Self { bucket: Arc::new(Mutex::new(bucket)), slots: Arc::new(Semaphore::new(in_flight.max(1))) }
    }

    /// Waits for a free slot and a token.
    pub async fn enter(&self) -> Slot {
        // The semaphore is never closed.
        let slot = Slot { _permit: Arc::clone(&self.slots).acquire_owned().await.ok() };
        let due = self.with(|bucket, now| {
            bucket.count(now);
            bucket.tokens -= 1.0;
            let missing = (-bucket.tokens).max(0.0);
            now + Duration::from_secs_f64(missing / bucket.rate)
        });
        sleep_until(due).await;
        slot
    }

    /// The vendor throttled: half as fast from now on, and no burst.
    pub fn throttled(&self) {
        self.with(|bucket, now| {
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
        self.with(|bucket, now| {
            bucket.count(now);
            bucket.rate = (bucket.rate + bucket.full * GROWTH).min(bucket.full);
        });
    }

    /// Calls a second at present.
    pub fn rate(&self) -> f64 {
        self.with(|bucket, _| bucket.rate)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Bucket, Instant) -> T) -> T {
        // Numbers only: a panic elsewhere can not leave them half-changed.
        work(&mut self.bucket.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_for(limiter: &Limiter, calls: usize) -> f64 {
        let begin = Instant::now();
        for _ in 0..calls {
            drop(limiter.enter().await);
        }
        begin.elapsed().as_secs_f64()
    }

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 0.05
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_then_the_rate_holds() {
        let limiter = Limiter::new(10, 4);
        assert!(near(seconds_for(&limiter, 40).await, 0.0));
        assert!(near(seconds_for(&limiter, 20).await, 2.0));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(near(seconds_for(&limiter, 50).await, 1.0), "rest fills the bucket, and no more than that");
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
        let (first, second) = (limiter.enter().await, limiter.enter().await);
        let waited = tokio::time::timeout(Duration::from_secs(5), limiter.enter()).await;
        assert!(waited.is_err());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.enter()).await.is_ok());
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn zeroes_do_not_stop_everything() {
        let limiter = Limiter::new(0, 0);
        assert!(near(seconds_for(&limiter, 5).await, 1.0));
    }
}
