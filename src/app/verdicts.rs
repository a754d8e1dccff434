//! The rules' verdict on every address and NIC, in a few bytes each; whole findings are made for what is looked at.

use crate::domain::{
    finding::{FindingId, FindingSet, Level},
    slots::Slots,
};

/// A verdict without words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    pub level: Level,
    pub findings: FindingSet,
    /// The finding to show where there is room for one: the first that whole findings would list.
    pub worst: Option<FindingId>,
}

/// One NIC: detaching it, and releasing each of its addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NicVerdict {
    pub detach: Judged,
    pub addresses: Box<[Judged]>,
}

/// By profile and NIC slot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdicts {
    pub(super) nics: Vec<Slots<NicVerdict>>,
}

impl Verdicts {
    pub fn new(profiles: usize) -> Self {
        Self { nics: vec![Slots::default(); profiles] }
    }

    pub fn nic(&self, profile: usize, slot: u32) -> Option<&NicVerdict> {
        self.nics.get(profile)?.get(slot as usize)
    }

    /// Brings the verdicts on the addresses of these NICs into the processor's cache, all at once. Changes nothing but time.
    pub fn warm(&self, profile: usize, slots: impl Iterator<Item = u32>) {
        let first = |verdict: &NicVerdict| verdict.addresses.first().map_or(0, |judged| judged.level as u8);
        let of = |slot| self.nic(profile, slot).map_or(0, first);
        std::hint::black_box(slots.map(of).fold(0, u8::wrapping_add));
    }

    pub fn detach(&self, profile: usize, slot: u32) -> Judged {
        self.nic(profile, slot).map(|verdict| verdict.detach).unwrap_or_default()
    }

    pub fn address(&self, profile: usize, slot: u32, nth: usize) -> Judged {
        self.nic(profile, slot).and_then(|verdict| verdict.addresses.get(nth)).copied().unwrap_or_default()
    }
}
