//! The inventory as text for programs (JSON, CSV) and people (table, Markdown).
//!
//! Knows no rule and no filter: what they say about each target is handed in. Every form is safe to print on a terminal:
//! JSON escapes what moves a cursor or reorders text, the others replace it.
//!
//! # JSON
//! One object: `nicdeck` (the version of this form, 1), `demo`, `profiles`, `instances`, `nics`. A version only ever gains keys.
//! - profile: `name`, `cloud`, `regions`, `status` (`complete`, `partial`, `failed`), `sections`: for each resource and
//!   region (`null`: the whole account) the `status` (`complete`, `failed`, `loading`), `read_at` (when it was last read
//!   whole) and the `fault`.
//! - instance: `profile`, `cloud`, `region`, `zone`, `id`, `name`, `type`, `state` (common word), `status` (vendor's word),
//!   `guest_agent`, `tags`.
//! - NIC: `profile`, `cloud`, `region`, `zone`, `id`, `name`, `role`, `state`, `status`, `instance`, `instance_name`, `mac`,
//!   `vpc`, `subnet`, `security_groups`, `managed_by`, `read_at`, `eip` (all on the NIC), `level` and `findings` (of a
//!   detach), `addresses`: `ip`, `kind`, `eip`, `lb`, `level`, `findings` (of a release).
//! - `eip` and `lb` are lists; `null` means that they could not be read. With a filter, only what matches is there.

pub mod calls;
mod csv;
pub mod history;
mod json;
mod lines;
pub mod rehearsal;
pub mod sheet;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::domain::{
    address::{Address, AddressRole, Backend, Eip},
    finding::{Finding, Level, Severity},
    ids::{AddressKey, InstanceKey, NicKey, ProfileId, RegionId},
    instance::Instance,
    inventory::{Inventory, ProfileInventory},
    nic::{Nic, NicRole},
    page::Resource,
    selection::Target,
};

/// The form of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For eyes and screen readers: aligned columns.
    #[default]
    Table,
    Json,
    /// RFC 4180; a cell that a spreadsheet would run as a formula gets a `'` in front.
    Csv,
    /// A table for a ticket.
    Markdown,
}

/// How a batch is taken back, by its key in the locales. No command takes back what was done in the demo: each begins with new clouds.
pub fn undo_key(demo: bool) -> &'static str {
    if demo { "export.undo-demo" } else { "export.undo" }
}

/// What a command that is named for the demo says besides.
pub fn demo_flag(demo: bool) -> &'static str {
    if demo { " --demo" } else { "" }
}

/// Any document as one line of JSON that is safe to print on a terminal.
///
/// # Errors
/// `out` does not take it.
pub fn json_line<T: serde::Serialize>(document: &T, out: &mut dyn Write) -> io::Result<()> {
    json::line(document, out)
}

/// What rules say about a target.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    pub level: Level,
    pub findings: Vec<Finding>,
}

/// Words of the forms for people. Keys of JSON and CSV are the same in every language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words {
    /// ADDRESS, KIND, STATE, NIC, INSTANCE, EIP, LB, FINDINGS, PROFILE, REGION.
    pub heads: [String; lines::HEADS.len()],
    /// Says that the clouds are simulated.
    pub demo: String,
    /// Kinds of addresses, in the order of `AddressRole`.
    pub kinds: [String; 4],
    /// A line for a whole NIC: a primary one, a secondary one.
    pub nic_kinds: [String; 2],
    /// Nothing stands in the way.
    pub ok: String,
}

impl Words {
    /// In a language: a word by its key in the locales.
    pub fn told(word: impl Fn(&str) -> String) -> Self {
        let heads = [
            "column.address",
            "column.kind",
            "column.state",
            "column.nic",
            "column.instance",
            "column.eip",
            "column.lb",
            "column.findings",
            "column.profile",
            "column.region",
        ];
        Self {
            heads: heads.map(&word),
            demo: word("list.demo"),
            kinds: ["list.primary", "list.secondary", "list.vip", "list.ipv6"].map(&word),
            nic_kinds: ["list.nic-primary", "list.nic-secondary"].map(&word),
            ok: word("list.ok"),
        }
    }
}

impl Default for Words {
    fn default() -> Self {
        Self {
            heads: lines::HEADS.map(str::to_owned),
            demo: "DEMO - simulated clouds".to_owned(),
            kinds: ["primary", "secondary", "vip", "ipv6"].map(str::to_owned),
            nic_kinds: ["nic primary", "nic secondary"].map(str::to_owned),
            ok: "ok".to_owned(),
        }
    }
}

/// What is reported.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub inventory: &'a Inventory,
    /// The regions that each profile was asked for.
    pub regions: &'a BTreeMap<ProfileId, Vec<RegionId>>,
    /// What is known about a target; `None` leaves it out.
    pub verdict: &'a dyn Fn(&Target) -> Option<Verdict>,
    /// The clouds are simulated; every report says so.
    pub demo: bool,
    pub words: &'a Words,
}

/// Writes the inventory. The caller hands in a buffered writer and flushes it.
///
/// # Errors
/// Those of `out`.
pub fn inventory(source: &Source<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(source, out),
        Format::Csv => lines::csv(source, out),
        Format::Table => lines::table(source, out),
        Format::Markdown => lines::markdown(source, out),
    }
}

/// One NIC with what of it is reported, as JSON. `None`: nothing of it is.
pub fn nic(source: &Source<'_>, key: &NicKey) -> Option<String> {
    let part = source.inventory.profile(&key.profile)?;
    json::text(&entry(source, part, part.nic(&key.nic)?)?)
}

/// One instance, as JSON, whether or not it has NICs.
pub fn instance(source: &Source<'_>, key: &InstanceKey) -> Option<String> {
    let part = source.inventory.profile(&key.profile)?;
    json::text(&json::instance(part, part.instance(&key.instance)?))
}

/// A NIC that is reported, with those of its addresses that are.
struct Entry<'a> {
    part: &'a ProfileInventory,
    nic: &'a Nic,
    instance: Option<&'a Instance>,
    eips: Vec<&'a Eip>,
    eips_known: bool,
    backends: Vec<&'a Backend>,
    backends_known: bool,
    /// `None`: only its addresses were asked for.
    verdict: Option<Verdict>,
    addresses: Vec<(&'a Address, Verdict)>,
}

impl<'a> Entry<'a> {
    /// EIPs on this address, with whether the cloud says that it is this address of the NIC.
    fn eips_on(&self, address: &Address) -> impl Iterator<Item = (&'a Eip, bool)> {
        self.eips.iter().filter_map(|eip| match eip.is_on(self.nic, address.ip) {
            Some(true) => Some((*eip, true)),
            None => Some((*eip, false)),
            Some(false) => None,
        })
    }

    fn backends_on(&self, address: &Address) -> impl Iterator<Item = &'a Backend> {
        self.backends.iter().copied().filter(|backend| backend.ip_on(self.nic) == Some(address.ip))
    }
}

/// The NICs of the report, in an order that does not depend on which page came first.
fn entries<'a>(source: &Source<'a>) -> impl Iterator<Item = Entry<'a>> {
    let source = *source;
    source.inventory.profiles().iter().flat_map(move |part| {
        let mut nics: Vec<&Nic> = part.nics().map(|(_, nic)| nic).collect();
        let order = |nic: &'a Nic| {
            let free = nic.instance.is_none();
            (&nic.region, free, nic.instance.as_ref(), nic.role != NicRole::Primary, &nic.id)
        };
        nics.sort_by(|a, b| order(a).cmp(&order(b)));
        nics.into_iter().filter_map(move |nic| entry(&source, part, nic))
    })
}

fn entry<'a>(source: &Source<'a>, part: &'a ProfileInventory, nic: &'a Nic) -> Option<Entry<'a>> {
    let key = NicKey { profile: part.profile.clone(), nic: nic.id.clone() };
    let verdict = (source.verdict)(&Target::Nic(key.clone()));
    let of = |address: &'a Address| {
        let target = Target::Address(AddressKey { nic: key.clone(), ip: address.ip });
        (source.verdict)(&target).map(|verdict| (address, verdict))
    };
    let addresses: Vec<_> = nic.addresses.iter().filter_map(of).collect();
    if verdict.is_none() && addresses.is_empty() {
        return None;
    }
    let known = |resource| part.known(resource, nic).0;
    let mut eips: Vec<&Eip> = part.eips_of(nic).collect();
    eips.sort_by(|a, b| a.id.cmp(&b.id));
    let mut backends: Vec<&Backend> = part.backends_of(nic).collect();
    backends.sort_by_key(|backend| (backend.load_balancer.clone(), backend.port.clone()));
    Some(Entry {
        part,
        nic,
        instance: nic.instance.as_ref().and_then(|id| part.instance(id)),
        eips,
        eips_known: known(Resource::Eips),
        backends,
        backends_known: known(Resource::Backends),
        verdict,
        addresses,
    })
}

fn role_word(role: &NicRole) -> &str {
    match role {
        NicRole::Primary => "primary",
        NicRole::Secondary => "secondary",
        NicRole::Other(word) => word,
    }
}

fn kind_word(role: AddressRole) -> &'static str {
    match role {
        AddressRole::Primary => "primary",
        AddressRole::Secondary => "secondary",
        AddressRole::Virtual => "vip",
        AddressRole::Ipv6 => "ipv6",
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Unknown => "unknown",
        Level::Blocked => "blocked",
    }
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Unknown => "unknown",
        Severity::Blocked => "blocked",
    }
}
