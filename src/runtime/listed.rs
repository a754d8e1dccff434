//! What the inventory lists, as a report: everything that the filter lets through, with what rules say about it.

use std::{collections::BTreeMap, io};

use crate::{
    app::{
        detail,
        rows::{self, RowKey, RowRef},
        state::{ProfileInfo, State},
    },
    domain::{
        finding::{Finding, Level},
        ids::{ProfileId, RegionId},
        selection::Target,
    },
    report::{self, Format, Source, Verdict, Words},
};

/// Writes the report. The caller hands in a buffered writer and flushes it.
///
/// # Errors
/// Those of `out`.
pub fn write(state: &State, words: &Words, format: Format, out: &mut dyn io::Write) -> io::Result<()> {
    let verdict = |target: &Target| if rows::is_visible(state, target) { verdict(state, target) } else { None };
    let (inventory, regions, demo) = (&state.inventory, &regions(state), state.demo);
    report::inventory(&Source { inventory, regions, verdict: &verdict, demo, words }, format, out)
}

/// One row of it, as JSON. A NIC with all its addresses, an address with its NIC.
pub fn row(state: &State, row: &RowKey) -> Option<String> {
    let (words, nowhere) = (Words::default(), BTreeMap::new());
    let about = |target: &Target| match row {
        RowKey::Nic(key) => target.nic() == key,
        RowKey::Address(key) => matches!(target, Target::Address(of) if of == key),
        RowKey::Instance(_) | RowKey::Problem(..) => false,
    };
    let verdict = |target: &Target| if about(target) { verdict(state, target) } else { None };
    let (inventory, demo) = (&state.inventory, state.demo);
    let source = Source { inventory, regions: &nowhere, verdict: &verdict, demo, words: &words };
    match row {
        RowKey::Nic(key) => report::nic(&source, key),
        RowKey::Address(key) => report::nic(&source, &key.nic),
        RowKey::Instance(key) => report::instance(&source, key),
        RowKey::Problem(..) => None,
    }
}

/// The regions that each profile was asked for; where it was asked for all, those that the cloud has told.
fn regions(state: &State) -> BTreeMap<ProfileId, Vec<RegionId>> {
    let of = |info: &ProfileInfo| match (info.regions.as_slice(), state.inventory.profile(&info.id)) {
        ([], Some(part)) => {
            part.regions.values().filter(|region| region.off.is_none()).map(|it| it.id.clone()).collect()
        }
        (asked, _) => asked.to_vec(),
    };
    state.profiles.iter().map(|info| (info.id.clone(), of(info))).collect()
}

fn verdict(state: &State, target: &Target) -> Option<Verdict> {
    let findings: Vec<Finding> = detail::of(state, row_of(state, target)?)?.findings().to_vec();
    let level = findings.iter().map(|finding| Level::from(finding.severity)).max().unwrap_or_default();
    Some(Verdict { level, findings })
}

fn row_of(state: &State, target: &Target) -> Option<RowRef> {
    let key = target.nic();
    let place = state.inventory.place(&key.profile)?;
    let part = state.inventory.at(place)?;
    let slot = part.nic_slot(&key.nic)?;
    let profile = u16::try_from(place).ok()?;
    match target {
        Target::Nic(_) => Some(RowRef::Nic { profile, slot, depth: 0 }),
        Target::Address(key) | Target::Eip { address: key, .. } => {
            let nth = part.nic_at(slot)?.addresses.iter().position(|address| address.ip == key.ip)?;
            Some(RowRef::Address { profile, slot, nth: u16::try_from(nth).ok()?, depth: 0 })
        }
    }
}
