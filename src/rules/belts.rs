//! Belts: how much one plan may do at most. A plan that is over one is refused as a whole, never cut to fit.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    address::AddressRole,
    finding::{Finding, FindingId, Severity},
    ids::{AddressKey, NicKey, ProfileId},
    inventory::{Coverage, Inventory, ProfileInventory},
    page::Resource,
    plan::{Act, Belts, Decision, Load, PlanRow, Share},
    selection::Target,
};

/// So that small accounts are not in the way of themselves.
pub const FLOOR: usize = 10;

/// Addresses that a plan may take from a profile with so many secondary ones.
fn of_profile(belts: Belts, total: usize) -> usize {
    (total.saturating_mul(belts.percent) / 100).max(FLOOR)
}

fn is_secondary(role: AddressRole) -> bool {
    matches!(role, AddressRole::Secondary | AddressRole::Virtual)
}

/// What the rows that go take from each profile: a released address is one, and a NIC that is detached takes the secondary
/// addresses and ranges that stay on it along, and counts as one without any.
pub(super) fn load(rows: &[PlanRow], inventory: &Inventory, belts: Belts) -> Load {
    let going = || rows.iter().filter(|row| matches!(row.decision, Decision::Go(_)));
    let released: BTreeSet<&AddressKey> = going()
        .filter_map(|row| match &row.target {
            Target::Address(key) => Some(key),
            Target::Nic(_) | Target::Eip { .. } => None,
        })
        .collect();
    let mut taken: BTreeMap<&ProfileId, usize> = BTreeMap::new();
    for row in going() {
        *taken.entry(&row.target.nic().profile).or_default() += match &row.target {
            Target::Nic(key) if row.act == Act::Detach => along(key, inventory, &released).max(1),
            // What comes back takes nothing away, and is counted as what it is.
            Target::Address(_) | Target::Nic(_) | Target::Eip { .. } => 1,
        };
    }
    let shares = taken.iter().map(|(&profile, &count)| {
        let part = inventory.profile(profile);
        // What is put back belongs to the whole that it was taken from.
        let back = going().filter(|row| row.act == Act::Assign && row.target.nic().profile == *profile).count();
        let total = part.map_or(0, secondaries) + back;
        Share {
            profile: profile.clone(),
            count,
            total,
            most: of_profile(belts, total),
            whole: part.is_some_and(is_whole),
        }
    });
    let protected = |row: &&PlanRow| row.findings.iter().any(|finding| finding.id == FindingId::Protected);
    Load {
        addresses: taken.values().sum(),
        belts,
        shares: shares.collect(),
        protected: rows.iter().filter(protected).count(),
    }
}

fn along(key: &NicKey, inventory: &Inventory, released: &BTreeSet<&AddressKey>) -> usize {
    let Some(nic) = inventory.profile(&key.profile).and_then(|part| part.nic(&key.nic)) else { return 0 };
    let stays = |ip| !released.contains(&AddressKey { nic: key.clone(), ip });
    nic.addresses.iter().filter(|address| is_secondary(address.role) && stays(address.ip)).count() + nic.prefixes.len()
}

fn secondaries(part: &ProfileInventory) -> usize {
    part.nics().map(|(_, nic)| nic.addresses.iter().filter(|address| is_secondary(address.role)).count()).sum()
}

/// Every list of NICs came whole: what is counted is all there is.
fn is_whole(part: &ProfileInventory) -> bool {
    let mut lists = part.sections().filter(|((resource, _), _)| *resource == Resource::Nics).peekable();
    lists.peek().is_some() && lists.all(|(_, coverage)| matches!(coverage, Coverage::Complete { .. }))
}

/// What is said on each row of a plan that is over a belt; `None` for one that is not.
pub(super) fn finding(load: &Load) -> Option<Finding> {
    let belt = |values| {
        Some(Finding { id: FindingId::OverBelt, severity: Severity::Blocked, values, predicts: None, read_at: None })
    };
    if load.addresses > load.belts.per_plan {
        return belt(vec![("count", load.addresses.to_string()), ("most", load.belts.per_plan.to_string())]);
    }
    let Share { profile, count, total, most, whole } = load.shares.iter().find(|share| share.is_over())?;
    belt(vec![
        ("case", if *whole { "share" } else { "share-of-part" }.to_owned()),
        ("profile", profile.to_string()),
        ("count", count.to_string()),
        ("total", total.to_string()),
        ("percent", load.belts.percent.to_string()),
        ("most", most.to_string()),
    ])
}
