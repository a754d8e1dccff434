//! What matches the filter, as bits per NIC: made once per key stroke, read by rows and counts.

/// One NIC against the filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hit {
    /// Bit n: the NIC's n-th address matches. From the 64th on they share the last bit.
    pub addresses: u64,
    /// The NIC itself matches, whatever its addresses.
    pub own: bool,
}

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
    pub(super) nics: Vec<Vec<Hit>>,
    /// By profile and instance slot: the instance itself matches.
    pub(super) instances: Vec<Vec<bool>>,
}

impl Hit {
    pub fn address(self, nth: usize) -> bool {
        self.addresses >> nth.min(63) & 1 == 1
    }
}

impl Matches {
    pub fn nic(&self, profile: usize, slot: u32) -> Hit {
        self.nics.get(profile).and_then(|hits| hits.get(slot as usize)).copied().unwrap_or_default()
    }

    pub fn instance(&self, profile: usize, slot: u32) -> bool {
        self.instances.get(profile).and_then(|hits| hits.get(slot as usize)).copied().unwrap_or_default()
    }
}
