//! Repeatable randomness: the same seed, the same demo. Not for secrets.

/// `SplitMix64` (Steele, Lea, Flood 2014): tiny, fast, and every 64-bit seed is a good one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A source of its own for a named purpose, so that more draws for one purpose do not shift another's.
    pub fn named(seed: u64, purpose: &str) -> Self {
        // FNV-1a.
        let hash = purpose
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        Self(seed ^ hash)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// `0 <= result < end`; 0 for an empty range. The bias of the modulus is far below what a demo could show.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.draw() % end }
    }

    /// Both ends included, in either order.
    pub fn between(&mut self, a: u64, b: u64) -> u64 {
        let (low, high) = (a.min(b), a.max(b));
        match (high - low).checked_add(1) {
            Some(span) => low + self.below(span),
            None => self.draw(),
        }
    }

    /// `true` about `part` times of `whole`.
    pub fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.below(whole) < part
    }

    /// `true` with this probability; never for 0, always for 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub fn probability(&mut self, probability: f64) -> bool {
        ((self.draw() >> 11) as f64) / ((1_u64 << 53) as f64) < probability
    }

    /// One of these; `None` of none.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.below(list.len() as u64)).ok()?;
        list.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence_of_seed_1234567() {
        let mut random = Random::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| random.draw()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_stay_in_range() {
        let mut random = Random::named(7, "test");
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| random.between(9, 3)).collect();
        assert_eq!(drawn, (3..=9).collect());
        assert_eq!(random.below(0), 0);
        assert!(random.between(0, u64::MAX) > 0);
        assert!((0..100).all(|_| random.probability(1.0) && !random.probability(0.0)));
        assert!((0..100).all(|_| random.chance(1, 1) && !random.chance(0, 5)));
        assert_eq!(random.pick::<u8>(&[]), None);
        assert_ne!(Random::named(7, "a").draw(), Random::named(7, "b").draw());
    }
}
