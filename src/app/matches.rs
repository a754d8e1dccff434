//! What matches the filter, as bits per NIC: made once per key stroke, read by rows and counts.

use crate::domain::slots::Slots;

/// One NIC against the filter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hit {
    /// Bit n: the NIC's n-th address matches.
    first: u64,
    /// The addresses from the 64th on, 64 each. Few NICs have that many.
    more: Option<Box<[u64]>>,
    /// Addresses that match.
    count: u32,
    /// The NIC itself matches, whatever its addresses.
    pub own: bool,
}

/// Nothing matches.
static MISS: Hit = Hit { first: 0, more: None, count: 0, own: false };

/// The term that leaves the list empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blame {
    /// As written.
    pub term: String,
    /// Addresses that would match without it.
    pub without: usize,
}

/// Hits by profile and NIC slot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Matches {
    pub(super) nics: Vec<Slots<Hit>>,
    /// By profile and instance slot: the instance itself matches.
    pub(super) instances: Vec<Slots<bool>>,
    /// Counts what was matched again and may hide marks: whoever counted those remembers at which state of this.
    pub(super) changes: u64,
}

impl Hit {
    /// The NIC and all of its addresses match.
    pub fn all(addresses: usize) -> Self {
        let more = (addresses > 64).then(|| vec![u64::MAX; addresses.div_ceil(64) - 1].into());
        Self { first: u64::MAX, more, count: u32::try_from(addresses).unwrap_or(u32::MAX), own: true }
    }

    /// Which of the 64 addresses from the `64 * word`-th on match: bit n is the n-th of them. Each word once.
    pub fn set_word(&mut self, word: usize, bits: u64) {
        self.count += bits.count_ones();
        match word.checked_sub(1) {
            None => self.first = bits,
            Some(_) if bits == 0 => {}
            Some(word) => {
                let mut more = self.more.take().map_or_else(Vec::new, Vec::from);
                more.resize(more.len().max(word + 1), 0);
                more[word] = bits;
                self.more = Some(more.into());
            }
        }
    }

    pub fn address(&self, nth: usize) -> bool {
        let word = match (nth / 64).checked_sub(1) {
            None => self.first,
            Some(word) => self.more.as_ref().and_then(|more| more.get(word)).copied().unwrap_or_default(),
        };
        word >> (nth % 64) & 1 == 1
    }

    /// How many of its addresses match.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Any of its addresses matches.
    pub fn any_address(&self) -> bool {
        self.count > 0
    }

    /// The NIC is in the list, by itself or for an address.
    pub fn shows_anything(&self) -> bool {
        self.own || self.any_address()
    }
}

impl Matches {
    pub fn nic(&self, profile: usize, slot: u32) -> &Hit {
        self.nics.get(profile).and_then(|hits| hits.get(slot as usize)).unwrap_or(&MISS)
    }

    pub fn instance(&self, profile: usize, slot: u32) -> bool {
        self.instances.get(profile).and_then(|hits| hits.get(slot as usize)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_a_nic_has_a_bit_of_its_own() {
        let mut hit = Hit::default();
        assert!(!hit.any_address());
        for (word, bits) in [(0, 1 << 63), (1, 1), (2, 1 << 62), (3, 0)] {
            hit.set_word(word, bits);
            assert!(hit.any_address());
        }
        assert_eq!((0..300).filter(|&nth| hit.address(nth)).collect::<Vec<_>>(), [63, 64, 190]);
        for len in [0, 1, 64, 65, 128, 129] {
            assert!((0..len).all(|nth| Hit::all(len).address(nth)), "{len}");
            assert_eq!(Hit::all(len).count() as usize, len);
        }
        assert_eq!(hit.count(), 3);
        let mut far = Hit::default();
        far.set_word(1, 1);
        assert!(far.any_address());
    }
}
