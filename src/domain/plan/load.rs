//! How much a plan does, and how much it may.

use serde::{Deserialize, Serialize};

use crate::domain::ids::ProfileId;

use super::{Act, Decision, PlanRow};

/// How much one plan may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Belts {
    /// Addresses of a plan.
    pub per_plan: usize,
    /// Of a profile's secondary addresses, in whole percent.
    pub percent: usize,
}

/// Addresses of a profile that one plan may take in any case, so that small accounts are not in the way of themselves.
pub const FLOOR: usize = 10;

impl Default for Belts {
    fn default() -> Self {
        Self { per_plan: 100, percent: 20 }
    }
}

impl Belts {
    /// Addresses that a plan may take from a profile with so many secondary ones.
    pub fn of_profile(self, total: usize) -> usize {
        (total.saturating_mul(self.percent) / 100).max(FLOOR)
    }

    /// Is one wider than it is by default?
    pub fn are_raised(&self) -> bool {
        let default = Self::default();
        self.per_plan > default.per_plan || self.percent > default.percent
    }
}

/// How much a plan does, against the belts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Load {
    pub belts: Belts,
    /// Addresses that go, or would go.
    pub addresses: usize,
    /// By profile.
    pub shares: Vec<Share>,
    /// Rows that a protect rule holds back.
    pub protected: usize,
}

/// What a plan takes from one profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    pub profile: ProfileId,
    pub count: usize,
    /// Its secondary addresses, as far as they are listed.
    pub total: usize,
    pub most: usize,
    /// All of its NICs are listed.
    pub whole: bool,
}

impl Share {
    pub fn is_over(&self) -> bool {
        self.count > self.most
    }
}

impl Load {
    /// Is it more than one plan may do?
    pub fn is_over(&self) -> bool {
        self.addresses > self.belts.per_plan || self.shares.iter().any(Share::is_over)
    }

    /// Can these rows have been measured to be this? Each that goes, but for EIPs that are bound again, is one address at least, of the plan
    /// and of its profile's share; the shares are of all addresses, and no wider than the belt.
    pub(super) fn is_of(&self, rows: &[PlanRow]) -> bool {
        let going = || rows.iter().filter(|row| matches!(row.decision, Decision::Go(_)));
        let counted = || going().filter(|row| row.act != Act::BindEip);
        let of = |profile: &ProfileId| counted().filter(|row| row.target.nic().profile == *profile).count();
        let has = |row: &PlanRow| self.shares.iter().any(|share| share.profile == row.target.nic().profile);
        let is_told =
            |share: &Share| share.count >= of(&share.profile) && share.most <= self.belts.of_profile(share.total);
        let sum = self.shares.iter().fold(0, |sum: usize, share| sum.saturating_add(share.count));
        self.addresses >= counted().count()
            && sum >= self.addresses
            && going().all(has)
            && self.shares.iter().all(is_told)
    }

    /// The profiles, first the one that is nearest to its belt, or farthest over it.
    pub fn by_fullness(&self) -> Vec<&Share> {
        let mut shares: Vec<&Share> = self.shares.iter().collect();
        shares.sort_by(|a, b| (b.count * a.most).cmp(&(a.count * b.most)));
        shares
    }

    /// The first of [`Self::by_fullness`].
    pub fn fullest(&self) -> Option<&Share> {
        self.by_fullness().first().copied()
    }
}
