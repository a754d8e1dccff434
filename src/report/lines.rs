//! The forms with one line for each address: aligned table, CSV, Markdown.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{
    Entry, Source, Verdict, Words, csv, entries, json::stamp, kind_word, level_word, role_word, severity_word,
};
use crate::domain::{
    address::{Address, AddressRole},
    clean::clean,
    finding::{Finding, Severity},
    nic::NicRole,
};

/// Names are cut to this many cells in tables; an address or id never is.
const NAME_CELLS: usize = 40;

pub(super) const HEADS: [&str; 10] =
    ["ADDRESS", "KIND", "STATE", "NIC", "INSTANCE", "EIP", "LB", "FINDINGS", "PROFILE", "REGION"];

/// One line for each address, and one for each NIC that has none to show.
fn rows(
    source: &Source<'_>,
    mut row: impl FnMut(&Entry<'_>, Option<(&Address, &Verdict)>) -> io::Result<()>,
) -> io::Result<()> {
    for entry in entries(source) {
        for (address, verdict) in &entry.addresses {
            row(&entry, Some((address, verdict)))?;
        }
        if entry.addresses.is_empty() {
            row(&entry, None)?;
        }
    }
    Ok(())
}

/// The cells of a row for people, cleaned.
fn cells(words: &Words, entry: &Entry<'_>, row: Option<(&Address, &Verdict)>) -> [String; HEADS.len()] {
    let nic = entry.nic;
    let [primary, secondary, vip, ipv6] = &words.kinds;
    let [primary_nic, secondary_nic] = &words.nic_kinds;
    let kind = |role: AddressRole| match role {
        AddressRole::Primary => primary,
        AddressRole::Secondary => secondary,
        AddressRole::Virtual => vip,
        AddressRole::Ipv6 => ipv6,
    };
    let nic_kind = match &nic.role {
        NicRole::Primary => primary_nic.clone(),
        NicRole::Secondary => secondary_nic.clone(),
        NicRole::Other(word) => format!("nic {}", clean(word)),
    };
    let verdict = row.map(|(_, verdict)| verdict).or(entry.verdict.as_ref());
    let name = |id: &str, name: &str| {
        if name.is_empty() { clean(id).into_owned() } else { format!("{} {}", clean(id), cut(name)) }
    };
    [
        row.map_or("-".to_owned(), |(address, _)| address.ip.to_string()),
        row.map_or(nic_kind, |(address, _)| kind(address.role).clone()),
        cut(&nic.status.word),
        name(nic.id.as_str(), &nic.name),
        match (&nic.instance, entry.instance) {
            (_, Some(instance)) => name(instance.id.as_str(), &instance.name),
            (Some(id), None) => clean(id.as_str()).into_owned(),
            (None, None) => "-".to_owned(),
        },
        known(entry.eips_known, &eips(entry, row.map(|(address, _)| address))),
        known(entry.backends_known, &row.map(|(address, _)| balancers(entry, address)).unwrap_or_default()),
        verdict.map_or("-".to_owned(), |verdict| findings(words, &verdict.findings)),
        clean(entry.part.profile.as_str()).into_owned(),
        cut(nic.region.as_str()),
    ]
}

/// `-` for none, `?` where it could not be read.
fn known(known: bool, list: &[String]) -> String {
    match (list.is_empty(), known) {
        (false, _) => list.join(" "),
        (true, true) => "-".to_owned(),
        (true, false) => "?".to_owned(),
    }
}

/// Public addresses of one address, or of the whole NIC. A `?` behind one: the cloud does not say whether it is this address.
fn eips(entry: &Entry<'_>, address: Option<&Address>) -> Vec<String> {
    let text = |eip: &crate::domain::address::Eip| {
        if eip.ips.is_empty() {
            return clean(eip.id.as_str()).into_owned();
        }
        eip.ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    match address {
        Some(address) => entry
            .eips_on(address)
            .map(|(eip, certain)| if certain { text(eip) } else { format!("{}?", text(eip)) })
            .collect(),
        None => entry.eips.iter().map(|eip| text(eip)).collect(),
    }
}

fn balancers(entry: &Entry<'_>, address: &Address) -> Vec<String> {
    let mut ids: Vec<String> =
        entry.backends_on(address).map(|backend| clean(backend.load_balancer.as_str()).into_owned()).collect();
    ids.dedup();
    ids
}

/// Glyph and name of everything that is more than information; the worst first.
fn findings(words: &Words, findings: &[Finding]) -> String {
    let mut found: Vec<&Finding> = findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    found.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.id));
    let text = |finding: &&Finding| {
        let glyph = match finding.severity {
            Severity::Blocked => 'x',
            Severity::Unknown => '?',
            Severity::Warn => '!',
            Severity::Info => 'i',
        };
        format!("{glyph} {}", finding.id.as_str())
    };
    if found.is_empty() { words.ok.clone() } else { found.iter().map(text).collect::<Vec<_>>().join(", ") }
}

/// Cleaned, and cut to [`NAME_CELLS`] with a `~` at the end.
pub(super) fn cut(text: &str) -> String {
    let text = clean(text);
    if text.width() <= NAME_CELLS {
        return text.into_owned();
    }
    let mut cells = 0;
    let mut kept = String::new();
    for c in text.chars() {
        cells += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if cells >= NAME_CELLS {
            break;
        }
        kept.push(c);
    }
    kept.push('~');
    kept
}

pub(super) fn table(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = vec![source.words.heads.clone()];
    rows(source, |entry, row| {
        lines.push(cells(source.words, entry, row));
        Ok(())
    })?;
    let mut widths = [0; HEADS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
    if source.demo {
        writeln!(out, "{}", source.words.demo)?;
    }
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

pub(super) fn markdown(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    if source.demo {
        writeln!(out, "**{}**\n", source.words.demo)?;
    }
    writeln!(out, "| {} |", source.words.heads.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(HEADS.len()))?;
    rows(source, |entry, row| {
        writeln!(out, "| {} |", cells(source.words, entry, row).map(|cell| escaped(&cell)).join(" | "))
    })
}

/// Nothing in a cell is markup.
pub(super) fn escaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for c in cell.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '&' => text.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '[' | ']' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    text
}

/// Columns of the CSV form. New ones are added at the end.
const COLUMNS: [&str; 21] = [
    "profile",
    "cloud",
    "region",
    "zone",
    "address",
    "kind",
    "level",
    "findings",
    "nic",
    "nic_name",
    "nic_role",
    "nic_state",
    "mac",
    "vpc",
    "subnet",
    "instance",
    "instance_name",
    "instance_state",
    "eip",
    "lb",
    "read_at",
];

pub(super) fn csv(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    csv::line(out, &COLUMNS)?;
    rows(source, |entry, row| {
        let (nic, part) = (entry.nic, entry.part);
        let verdict = row.map(|(_, verdict)| verdict).or(entry.verdict.as_ref());
        let findings = |verdict: &Verdict| {
            let text = |finding: &Finding| format!("{}:{}", finding.id.as_str(), severity_word(finding.severity));
            verdict.findings.iter().map(text).collect::<Vec<_>>().join(" ")
        };
        let cells: [String; COLUMNS.len()] = [
            part.profile.to_string(),
            part.cloud.to_string(),
            nic.region.to_string(),
            nic.zone.as_deref().unwrap_or_default().to_owned(),
            row.map(|(address, _)| address.ip.to_string()).unwrap_or_default(),
            row.map(|(address, _)| kind_word(address.role).to_owned()).unwrap_or_default(),
            verdict.map(|verdict| level_word(verdict.level).to_owned()).unwrap_or_default(),
            verdict.map(findings).unwrap_or_default(),
            nic.id.to_string(),
            nic.name.to_string(),
            role_word(&nic.role).to_owned(),
            nic.status.word.to_string(),
            nic.mac.as_deref().unwrap_or_default().to_owned(),
            nic.vpc.as_deref().unwrap_or_default().to_owned(),
            nic.subnet.as_deref().unwrap_or_default().to_owned(),
            nic.instance.as_ref().map(ToString::to_string).unwrap_or_default(),
            entry.instance.map(|instance| instance.name.to_string()).unwrap_or_default(),
            entry.instance.map(|instance| instance.power.word.to_string()).unwrap_or_default(),
            if entry.eips_known { eips(entry, row.map(|(address, _)| address)).join(" ") } else { "?".to_owned() },
            match row {
                _ if !entry.backends_known => "?".to_owned(),
                Some((address, _)) => balancers(entry, address).join(" "),
                None => String::new(),
            },
            part.nic_read_at(&nic.id).map(stamp).unwrap_or_default(),
        ];
        csv::line(out, &cells)
    })
}
