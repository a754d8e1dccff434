//! The JSON form; described in the parent.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    net::IpAddr,
};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::ser::Formatter;

use super::{Entry, Source, Verdict, entries, kind_word, level_word, role_word, severity_word};
use crate::domain::{
    address::{Backend, Eip, EipBinding},
    clean::hostile,
    fault::Fault,
    ids::{InstanceId, ProfileId, RegionId},
    instance::{Instance, PowerState},
    inventory::{Coverage, ProfileInventory},
    nic::{ManagedBy, NicState},
    page::Resource,
    tags::Tags,
    time::Timestamp,
};

/// The version of the form.
const VERSION: u32 = 1;

pub(super) fn write(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    Document(source).serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    writeln!(out)
}

/// One document on one line.
pub(super) fn line<T: Serialize>(document: &T, out: &mut dyn Write) -> io::Result<()> {
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    writeln!(out)
}

/// One object, on one line without its end.
pub(super) fn text<T: Serialize>(document: &T) -> Option<String> {
    let mut text = Vec::new();
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Harmless)).ok()?;
    String::from_utf8(text).ok()
}

/// Escapes, besides what JSON asks for, everything that a terminal would act on or that reorders text.
pub(super) struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| hostile(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// A list that is made while it is written.
struct List<F>(F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

struct Document<'a>(&'a Source<'a>);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("nicdeck", &VERSION)?;
        map.serialize_entry("demo", &source.demo)?;
        let parts = source.inventory.profiles();
        map.serialize_entry("profiles", &List(|| parts.iter().map(|part| profile(source, part))))?;
        map.serialize_entry("instances", &List(|| instances(source)))?;
        map.serialize_entry("nics", &List(|| entries(source)))?;
        map.end()
    }
}

#[derive(Serialize)]
struct ProfileOut<'a> {
    name: &'a str,
    cloud: &'a str,
    regions: Vec<&'a str>,
    status: &'static str,
    sections: Vec<SectionOut<'a>>,
}

#[derive(Serialize)]
struct SectionOut<'a> {
    resource: Resource,
    region: Option<&'a str>,
    status: &'static str,
    read_at: Option<String>,
    fault: Option<&'a Fault>,
}

fn profile<'a>(source: &Source<'a>, part: &'a ProfileInventory) -> ProfileOut<'a> {
    let mut sections: Vec<_> = part.sections().collect();
    sections.sort_by_key(|(section, _)| *section);
    let complete = sections.iter().filter(|(_, coverage)| matches!(coverage, Coverage::Complete { .. })).count();
    let status = match complete {
        _ if complete == sections.len() && complete > 0 => "complete",
        0 => "failed",
        _ => "partial",
    };
    let section = |((resource, region), coverage): (&'a (_, Option<_>), &'a Coverage)| SectionOut {
        resource: *resource,
        region: region.as_ref().map(RegionId::as_str),
        status: match coverage {
            Coverage::NotAsked => "not-asked",
            Coverage::Loading { .. } => "loading",
            Coverage::Complete { .. } => "complete",
            Coverage::Failed { .. } => "failed",
        },
        read_at: coverage.read_at().map(stamp),
        fault: match coverage {
            Coverage::Failed { fault, .. } => Some(fault),
            _ => None,
        },
    };
    ProfileOut {
        name: part.profile.as_str(),
        cloud: part.cloud.as_str(),
        regions: source.regions.get(&part.profile).map_or(Vec::new(), |ids| ids.iter().map(RegionId::as_str).collect()),
        status,
        sections: sections.into_iter().map(section).collect(),
    }
}

#[derive(Serialize)]
struct InstanceOut<'a> {
    profile: &'a str,
    cloud: &'a str,
    region: &'a str,
    zone: Option<&'a str>,
    id: &'a str,
    name: &'a str,
    r#type: Option<&'a str>,
    state: PowerState,
    status: &'a str,
    guest_agent: Option<bool>,
    /// Null where the cloud's answer does not tell them.
    tags: Option<BTreeMap<&'a str, &'a str>>,
}

fn tags(tags: &Tags) -> Option<BTreeMap<&str, &str>> {
    Some(tags.known()?.iter().map(|(key, value)| (&**key, &**value)).collect())
}

/// Those of the NICs that are reported. An instance without NICs is never asked for.
fn instances<'a>(source: &Source<'a>) -> impl Iterator<Item = impl Serialize + use<'a>> {
    let mut last: Option<(&'a ProfileId, &'a Instance)> = None;
    // Entries come in the order of their instances, region by region.
    entries(source).filter_map(move |entry| {
        let (part, instance) = (entry.part, entry.instance?);
        let this = (&part.profile, instance);
        if last.is_some_and(|(profile, instance)| profile == this.0 && instance.id == this.1.id) {
            return None;
        }
        last = Some(this);
        Some(self::instance(part, instance))
    })
}

pub(super) fn instance<'a>(part: &'a ProfileInventory, instance: &'a Instance) -> impl Serialize + use<'a> {
    InstanceOut {
        profile: part.profile.as_str(),
        cloud: part.cloud.as_str(),
        region: instance.region.as_str(),
        zone: instance.zone.as_deref(),
        id: instance.id.as_str(),
        name: &instance.name,
        r#type: instance.kind.as_deref(),
        state: instance.power.state,
        status: &instance.power.word,
        guest_agent: instance.guest_agent,
        tags: tags(&instance.tags),
    }
}

#[derive(Serialize)]
struct NicOut<'a> {
    profile: &'a str,
    cloud: &'a str,
    region: &'a str,
    zone: Option<&'a str>,
    id: &'a str,
    name: &'a str,
    role: &'a str,
    state: NicState,
    status: &'a str,
    instance: Option<&'a str>,
    instance_name: Option<&'a str>,
    mac: Option<&'a str>,
    vpc: Option<&'a str>,
    subnet: Option<&'a str>,
    security_groups: Vec<&'a str>,
    /// Ranges of addresses that it has besides single ones.
    prefixes: Vec<&'a str>,
    managed_by: ManagedOut<'a>,
    /// Null where the cloud's answer does not tell them.
    tags: Option<BTreeMap<&'a str, &'a str>>,
    read_at: Option<String>,
    eip: Option<Vec<EipOut<'a>>>,
    level: Option<&'static str>,
    findings: Option<Vec<FindingOut<'a>>>,
    addresses: Vec<AddressOut<'a>>,
}

#[derive(Serialize)]
struct ManagedOut<'a> {
    /// `nobody`, `service`, `controller`, `unknown`.
    kind: &'static str,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct AddressOut<'a> {
    ip: IpAddr,
    kind: &'static str,
    eip: Option<Vec<EipOut<'a>>>,
    lb: Option<Vec<BackendOut<'a>>>,
    level: &'static str,
    findings: Vec<FindingOut<'a>>,
}

#[derive(Serialize)]
struct EipOut<'a> {
    id: &'a str,
    /// The first of `ips`.
    ip: Option<IpAddr>,
    ips: &'a [IpAddr],
    name: &'a str,
    status: &'a str,
    /// Destroyed as soon as it is bound to nothing; null where the cloud does not say.
    dies_unbound: Option<bool>,
    /// The address of the NIC that it is bound to, where the cloud says so.
    private_ip: Option<IpAddr>,
}

#[derive(Serialize)]
struct BackendOut<'a> {
    id: &'a str,
    name: &'a str,
    port: &'a str,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    id: &'static str,
    severity: &'static str,
    values: BTreeMap<&'static str, &'a str>,
    /// The vendor's error code that the call would answer.
    predicts: Option<&'static str>,
    read_at: Option<String>,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        nic(self).serialize(serializer)
    }
}

fn nic<'a>(entry: &'a Entry<'_>) -> NicOut<'a> {
    let nic = entry.nic;
    NicOut {
        profile: entry.part.profile.as_str(),
        cloud: entry.part.cloud.as_str(),
        region: nic.region.as_str(),
        zone: nic.zone.as_deref(),
        id: nic.id.as_str(),
        name: &nic.name,
        role: role_word(&nic.role),
        state: nic.status.state,
        status: &nic.status.word,
        instance: nic.instance.as_ref().map(InstanceId::as_str),
        instance_name: entry.instance.map(|instance| &*instance.name),
        mac: nic.mac.as_deref(),
        vpc: nic.vpc.as_deref(),
        subnet: nic.subnet.as_deref(),
        security_groups: nic.security_groups.iter().map(|group| &**group).collect(),
        prefixes: nic.prefixes.iter().map(|range| &**range).collect(),
        managed_by: match &nic.managed_by {
            ManagedBy::Nobody => ManagedOut { kind: "nobody", name: None },
            ManagedBy::Service(name) => ManagedOut { kind: "service", name: Some(name) },
            ManagedBy::Controller(name) => ManagedOut { kind: "controller", name: Some(name) },
            ManagedBy::Unknown => ManagedOut { kind: "unknown", name: None },
        },
        tags: tags(&nic.tags),
        read_at: entry.part.nic_read_at(&nic.id).map(stamp),
        eip: entry.eips_known.then(|| entry.eips.iter().map(|eip| eip_out(eip)).collect()),
        level: entry.verdict.as_ref().map(|verdict| level_word(verdict.level)),
        findings: entry.verdict.as_ref().map(findings),
        addresses: entry
            .addresses
            .iter()
            .map(|(address, verdict)| AddressOut {
                ip: address.ip,
                kind: kind_word(address.role),
                eip: entry.eips_known.then(|| {
                    entry.eips_on(address).filter(|(_, certain)| *certain).map(|(eip, _)| eip_out(eip)).collect()
                }),
                lb: entry.backends_known.then(|| entry.backends_on(address).map(backend_out).collect()),
                level: level_word(verdict.level),
                findings: findings(verdict),
            })
            .collect(),
    }
}

fn eip_out(eip: &Eip) -> EipOut<'_> {
    EipOut {
        id: eip.id.as_str(),
        ip: eip.ips.first().copied(),
        ips: &eip.ips,
        name: &eip.name,
        status: &eip.status,
        dies_unbound: eip.dies_unbound,
        private_ip: match &eip.bound {
            EipBinding::Nic { private_ip, .. } | EipBinding::Instance { private_ip, .. } => *private_ip,
            EipBinding::Float { ip, .. } => Some(*ip),
            EipBinding::Unbound | EipBinding::Elsewhere => None,
        },
    }
}

fn backend_out(backend: &Backend) -> BackendOut<'_> {
    BackendOut { id: backend.load_balancer.as_str(), name: &backend.name, port: &backend.port }
}

fn findings(verdict: &Verdict) -> Vec<FindingOut<'_>> {
    verdict
        .findings
        .iter()
        .map(|finding| FindingOut {
            id: finding.id.as_str(),
            severity: severity_word(finding.severity),
            values: finding.values.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            predicts: finding.predicts,
            read_at: finding.read_at.map(stamp),
        })
        .collect()
}

/// RFC 3339 in UTC with milliseconds.
pub(super) fn stamp(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| format!("{at:.3}"))
}
