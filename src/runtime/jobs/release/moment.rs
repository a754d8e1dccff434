//! When something was read, by two clocks: the wall's goes on while a machine sleeps and can be set; the other can not be set.

use tokio::time::Instant;

use crate::domain::time::Timestamp;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    wall: Timestamp,
    steady: Instant,
}

impl Moment {
    pub(super) fn of(wall: Timestamp) -> Self {
        Self { wall, steady: Instant::now() }
    }

    /// Is it more than so many milliseconds ago, by either clock? So it is where the wall's was set back: nobody knows then.
    pub(super) fn is_over(self, ms: u64, now: Timestamp) -> bool {
        let wall = now.0.saturating_sub(self.wall.0);
        u64::try_from(wall).map_or(true, |wall| wall > ms) || self.steady.elapsed().as_millis() > ms.into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn either_clock_tells_and_one_that_was_set_back_tells_nothing() {
        let at = Moment::of(Timestamp(10_000));
        for (now, is_over) in [(10_000, false), (15_000, false), (15_001, true), (9_999, true), (0, true)] {
            assert_eq!(at.is_over(5_000, Timestamp(now)), is_over, "{now}");
        }
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(at.is_over(5_000, Timestamp(10_001)), "set back by nearly as much as it was stopped");
    }
}
