//! Nonces that a cloud has seen, for as long as a request that repeats one could pass.

use std::collections::{HashSet, VecDeque};

use crate::domain::time::Timestamp;

/// Each nonce once, the oldest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Nonces {
    seen: HashSet<String>,
    order: VecDeque<(Timestamp, String)>,
}

impl Nonces {
    /// Notes a nonce. False if it was noted before, within the last `keep_ms` milliseconds; older ones are forgotten.
    pub fn note(&mut self, nonce: &str, now: Timestamp, keep_ms: u64) -> bool {
        while self.order.front().is_some_and(|(at, _)| now.since(*at) > keep_ms)
            && let Some((_, old)) = self.order.pop_front()
        {
            self.seen.remove(&old);
        }
        let fresh = self.seen.insert(nonce.to_owned());
        if fresh {
            self.order.push_back((now, nonce.to_owned()));
        }
        fresh
    }

    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_for_its_time_and_is_then_forgotten() {
        let mut nonces = Nonces::default();
        assert!(nonces.note("a", Timestamp(0), 1_000));
        assert!(nonces.note("b", Timestamp(600), 1_000));
        assert!(!nonces.note("a", Timestamp(1_000), 1_000));
        assert!(nonces.note("c", Timestamp(1_500), 1_000));
        assert_eq!((nonces.seen.len(), nonces.order.len()), (2, 2), "the first is gone");
        assert!(!nonces.note("b", Timestamp(1_600), 1_000));
        assert!(nonces.note("a", Timestamp(1_600), 1_000));
    }
}
