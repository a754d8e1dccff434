//! Belts: how much one plan may do at most. A plan that is over one is refused as a whole, never cut to fit.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;

use crate::domain::{
    address::{Address, AddressRole},
    finding::{Finding, FindingId, Severity},
    ids::{AddressKey, CloudId, NicId, NicKey, ProfileId},
    inventory::{Coverage, Inventory, ProfileInventory},
    nic::Nic,
    page::Resource,
    plan::{Act, Belts, Decision, Load, PlanRow, Share},
    selection::Target,
};

fn is_secondary(role: AddressRole) -> bool {
    matches!(role, AddressRole::Secondary | AddressRole::Virtual)
}

/// Addresses in a range that a NIC was given, as the cloud spells it. An IPv6 range is one: nobody uses all of it. So is what can not
/// be read.
fn in_range(range: &str) -> usize {
    match range.parse::<IpNet>() {
        Ok(IpNet::V4(range)) => 1 << (32 - u32::from(range.prefix_len())).min(31),
        Ok(IpNet::V6(_)) | Err(_) => 1,
    }
}

/// What a plan takes, counted once whichever profile it goes by: two may be of one account.
type Taken<'a> = BTreeMap<(&'a CloudId, &'a NicId, Option<IpAddr>, Act), usize>;

/// What the rows that go take from each profile: a released address is one, and a NIC that is detached takes the addresses and ranges
/// that stay on it along, but for its own IPv4 address, and counts as one without any. A profile's share is of all that is taken from
/// NICs that it lists, by whichever profile.
pub(super) fn load(rows: &[PlanRow], inventory: &Inventory, belts: Belts) -> Load {
    let going = || rows.iter().filter(|row| matches!(row.decision, Decision::Go(_)));
    let released: BTreeSet<&AddressKey> = going()
        .filter_map(|row| match &row.target {
            Target::Address(key) => Some(key),
            Target::Nic(_) | Target::Eip { .. } => None,
        })
        .collect();
    let mut taken: Taken = BTreeMap::new();
    let mut addresses = 0;
    for row in going() {
        let (ip, count) = match &row.target {
            Target::Nic(key) if row.act == Act::Detach => (None, along(key, inventory, &released).max(1)),
            // An EIP takes nothing away, and is no address of the profile's: bound again, it comes with one that is counted.
            target if row.act == Act::BindEip => (target.ip(), 0),
            // What comes back takes nothing away, and is counted as what it is.
            target => (target.ip(), 1),
        };
        addresses += count;
        taken.insert((&row.cloud, &row.target.nic().nic, ip, row.act), count);
    }
    let profiles: BTreeSet<&ProfileId> = going().map(|row| &row.target.nic().profile).collect();
    let shares = profiles.into_iter().map(|profile| {
        let part = inventory.profile(profile);
        let lists =
            |cloud: &CloudId, nic: &NicId| part.is_some_and(|part| part.cloud == *cloud && part.nic(nic).is_some());
        let own = taken.iter().filter(|((cloud, nic, ..), _)| lists(cloud, nic));
        // What is put back belongs to the whole that it was taken from.
        let back = going().filter(|row| row.act == Act::Assign && row.target.nic().profile == *profile).count();
        let total = part.map_or(0, secondaries) + back;
        Share {
            profile: profile.clone(),
            count: own.map(|(_, count)| count).sum(),
            total,
            most: belts.of_profile(total),
            whole: part.is_some_and(is_whole),
        }
    });
    let protected = |row: &&PlanRow| row.findings.iter().any(|finding| finding.id == FindingId::Protected);
    Load { addresses, belts, shares: shares.collect(), protected: rows.iter().filter(protected).count() }
}

fn along(key: &NicKey, inventory: &Inventory, released: &BTreeSet<&AddressKey>) -> usize {
    let Some(nic) = inventory.profile(&key.profile).and_then(|part| part.nic(&key.nic)) else { return 0 };
    let stays = |ip| !released.contains(&AddressKey { nic: key.clone(), ip });
    let leaves = |address: &&Address| address.role != AddressRole::Primary && stays(address.ip);
    nic.addresses.iter().filter(leaves).count() + ranges(nic)
}

fn ranges(nic: &Nic) -> usize {
    nic.prefixes.iter().map(|range| in_range(range)).sum()
}

/// IPv6 is left out: none of it can be released, and it would make the share of what can be larger.
fn secondaries(part: &ProfileInventory) -> usize {
    let of = |nic: &Nic| nic.addresses.iter().filter(|address| is_secondary(address.role)).count() + ranges(nic);
    part.nics().map(|(_, nic)| of(nic)).sum()
}

/// Every list of NICs came whole: what is counted is all there is.
fn is_whole(part: &ProfileInventory) -> bool {
    let mut lists = part.sections().filter(|((resource, _), _)| *resource == Resource::Nics).peekable();
    lists.peek().is_some() && lists.all(|(_, coverage)| matches!(coverage, Coverage::Complete { .. }))
}

/// What is said on a row of a profile, in a plan that is over a belt: its own profile's share where that is too large, else the largest.
/// `None` for a plan that is over none.
pub(super) fn finding(load: &Load, of: &ProfileId) -> Option<Finding> {
    if load.addresses > load.belts.per_plan {
        return Some(per_plan(load));
    }
    let own = load.shares.iter().find(|share| share.profile == *of && share.is_over());
    own.or_else(|| load.fullest().filter(|share| share.is_over())).map(|over| share(load, over))
}

/// Every belt that a plan is over: what helps against one alone may leave another.
pub fn over(load: &Load) -> Vec<Finding> {
    let shares = load.by_fullness().into_iter().filter(|share| share.is_over()).map(|over| share(load, over));
    (load.addresses > load.belts.per_plan).then(|| per_plan(load)).into_iter().chain(shares).collect()
}

fn belt(values: Vec<(&'static str, String)>) -> Finding {
    Finding { id: FindingId::OverBelt, severity: Severity::Blocked, values, predicts: None, read_at: None }
}

fn per_plan(load: &Load) -> Finding {
    belt(vec![("count", load.addresses.to_string()), ("most", load.belts.per_plan.to_string())])
}

fn share(load: &Load, of: &Share) -> Finding {
    let Share { profile, count, total, most, whole } = of;
    belt(vec![
        ("case", if *whole { "share" } else { "share-of-part" }.to_owned()),
        ("profile", profile.to_string()),
        ("count", count.to_string()),
        ("total", total.to_string()),
        ("percent", load.belts.percent.to_string()),
        ("most", most.to_string()),
    ])
}
