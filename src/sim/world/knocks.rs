//! Refused signatures of a key in a row, for clouds that lock one.

use crate::domain::time::Timestamp;

/// How often in a row the key was refused, and when last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Knocks {
    row: u32,
    last: Option<Timestamp>,
}

impl Knocks {
    /// Is the key locked: refused more than `most` times in a row, the last time within `hold_ms` milliseconds? When that is over
    /// it starts anew.
    pub fn is_locked(&mut self, now: Timestamp, most: u32, hold_ms: u64) -> bool {
        if self.row > most && self.last.is_none_or(|last| now.since(last) > hold_ms) {
            *self = Self::default();
        }
        self.row > most
    }

    /// Notes what became of a signature.
    pub fn note(&mut self, good: bool, now: Timestamp) {
        *self = if good { Self::default() } else { Self { row: self.row.saturating_add(1), last: Some(now) } };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_so_many_in_a_row_lock_for_a_while() {
        let mut knocks = Knocks::default();
        let refuse = |knocks: &mut Knocks, at: i64| {
            let locked = knocks.is_locked(Timestamp(at), 2, 1_000);
            if !locked {
                knocks.note(false, Timestamp(at));
            }
            locked
        };
        assert_eq!([1, 2].map(|at| refuse(&mut knocks, at)), [false, false]);
        knocks.note(true, Timestamp(3));
        assert_eq!([4, 5, 6, 7, 1_006].map(|at| refuse(&mut knocks, at)), [false, false, false, true, true]);
        assert!(!refuse(&mut knocks, 1_007), "it is over, and counts anew");
        assert!(!knocks.is_locked(Timestamp(1_008), 2, 1_000));
    }
}
