//! The rules' verdict on every address and NIC, in a few bytes each; whole findings are made for what is looked at.

use std::collections::HashMap;

use crate::domain::{
    finding::{FindingId, FindingSet, Level},
    lists::Lists,
};

/// A verdict without words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Judged {
    pub level: Level,
    pub findings: FindingSet,
    /// The finding to show where there is room for one: the first that whole findings would list.
    pub worst: Option<FindingId>,
}

/// By profile and NIC slot. There are few different ones, so each is kept once, and each NIC has their numbers.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    kinds: Vec<Judged>,
    numbers: HashMap<Judged, u32, foldhash::fast::RandomState>,
    /// First that on detaching the NIC, then those on releasing each of its addresses.
    nics: Vec<Lists<Vec<u32>>>,
    /// The numbers of the NIC that is put, filled anew for each.
    filled: Vec<u32>,
}

/// Which number a verdict has is nobody's business.
impl PartialEq for Verdicts {
    fn eq(&self, other: &Self) -> bool {
        let judged = |verdicts: &Self, profile: usize| -> Vec<(u32, Vec<Judged>)> {
            let kinds = |number: &u32| verdicts.kinds.get(*number as usize).copied().unwrap_or_default();
            verdicts.nics[profile].iter().map(|(slot, numbers)| (slot, numbers.iter().map(kinds).collect())).collect()
        };
        let profiles = self.nics.len();
        profiles == other.nics.len() && (0..profiles).all(|profile| judged(self, profile) == judged(other, profile))
    }
}

impl Eq for Verdicts {}

/// The verdicts on one NIC.
#[derive(Clone, Copy, Debug)]
pub struct NicVerdict<'a> {
    kinds: &'a [Judged],
    numbers: &'a [u32],
}

impl NicVerdict<'_> {
    /// Of detaching it.
    pub fn detach(&self) -> Judged {
        self.nth(0)
    }

    /// Of releasing its n-th address.
    #[inline]
    pub fn address(&self, nth: usize) -> Judged {
        self.nth(nth + 1)
    }

    #[inline]
    fn nth(&self, nth: usize) -> Judged {
        self.numbers.get(nth).and_then(|&number| self.kinds.get(number as usize)).copied().unwrap_or_default()
    }
}

impl Verdicts {
    pub fn new(profiles: usize) -> Self {
        Self { nics: vec![Lists::default(); profiles], ..Self::default() }
    }

    pub fn nic(&self, profile: usize, slot: u32) -> NicVerdict<'_> {
        let numbers = self.nics.get(profile).and_then(|nics| nics.get(slot)).unwrap_or_default();
        NicVerdict { kinds: &self.kinds, numbers }
    }

    /// Takes in what the rules say of a NIC: of detaching it, and of releasing each of its addresses. `None`: there is none any more.
    pub(super) fn put(&mut self, profile: usize, slot: u32, verdicts: Option<&[Judged]>) {
        self.filled.clear();
        for &judged in verdicts.unwrap_or_default() {
            let number = self.number(judged);
            self.filled.push(number);
        }
        if let Some(nics) = self.nics.get_mut(profile) {
            nics.set(slot, verdicts.map(|_| self.filled.as_slice()));
        }
    }

    fn number(&mut self, judged: Judged) -> u32 {
        // Often it is that of the address before.
        let last = self.filled.last().copied().filter(|&last| self.kinds.get(last as usize) == Some(&judged));
        last.unwrap_or_else(|| {
            *self.numbers.entry(judged).or_insert_with(|| {
                self.kinds.push(judged);
                u32::try_from(self.kinds.len() - 1).unwrap_or(u32::MAX)
            })
        })
    }

    pub fn detach(&self, profile: usize, slot: u32) -> Judged {
        self.nic(profile, slot).detach()
    }

    pub fn address(&self, profile: usize, slot: u32, nth: usize) -> Judged {
        self.nic(profile, slot).address(nth)
    }
}
