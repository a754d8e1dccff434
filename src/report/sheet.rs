//! A plan, or what became of it, row by row: for a ticket, a spreadsheet, or a program.
//!
//! # JSON
//! One object: `nicdeck` (the version of this form, 1), `demo`, `kind` (`plan` or `results`), `plan` (its hash; `null`: it sends nothing), `batch` (in the
//! journal), `undoes` (the batch that it takes back), `at`, `ended`, `who`, `host`, `counts` (rows by `state`), `rows`: `act`,
//! `address` (`null`: the NIC), `eip`, `nic`, `profile`, `cloud`, `region`, `state` (of a plan `go`, `blocked` or `already`: it is so; of results as
//! `result` in the history; while it still runs also `queued`, `checking`, `sent`, `accepted`, `retrying`, `reading-back`), `findings`, `override` (why it goes although something is not
//! known), `code` (the vendor's, or why it was skipped), `message`, `request_id`, `not_journaled`. A version only ever gains keys.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;

use super::{
    Format, csv,
    history::{COLUMNS, Tell},
    json::{Harmless, stamp},
    lines::escaped,
    undo_key,
};
use crate::domain::{clean::clean, finding::FindingId, plan::Act, selection::Target, time::Timestamp};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// What the rows are of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What would be sent.
    Plan,
    /// What became of it.
    Results,
}

/// One row of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    pub act: Act,
    pub target: Target,
    pub cloud: String,
    pub region: String,
    pub state: &'static str,
    pub findings: Vec<FindingId>,
    /// A person's reason for sending what the rules could not tell.
    pub overridden: Option<String>,
    pub code: Option<String>,
    pub message: String,
    /// In the reader's words why it failed, where no code says it.
    pub reason: Option<String>,
    pub request_id: Option<String>,
    /// The journal could not take this end.
    pub not_journaled: bool,
}

/// See the module.
pub struct Sheet<'a> {
    pub kind: Kind,
    pub demo: bool,
    /// Its hash; `None`: it sends nothing.
    pub plan: Option<&'a str>,
    pub batch: Option<&'a str>,
    pub undoes: Option<&'a str>,
    /// When the plan was made, or the batch began.
    pub at: Timestamp,
    pub ended: Option<Timestamp>,
    pub who: &'a str,
    pub host: &'a str,
    pub rows: &'a [Row],
    pub tell: &'a Tell<'a>,
    /// A time for people.
    pub moment: &'a dyn Fn(Timestamp) -> String,
}

impl Sheet<'_> {
    /// Rows by state.
    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for row in self.rows {
            *counts.entry(row.state).or_default() += 1;
        }
        counts
    }
}

impl Row {
    fn eip(&self) -> Option<&str> {
        match &self.target {
            Target::Eip { eip, .. } => Some(eip.as_str()),
            Target::Address(_) | Target::Nic(_) => None,
        }
    }

    fn findings(&self) -> String {
        self.findings.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Writes it. The table for eyes is the one for a ticket.
///
/// # Errors
/// Those of `out`.
pub fn write(sheet: &Sheet<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json(sheet, out),
        Format::Csv => csv(sheet, out),
        Format::Table | Format::Markdown => markdown(sheet, out),
    }
}

/// Columns of the CSV form. New ones are added at the end.
const CSV: [&str; 20] = [
    "kind",
    "plan",
    "batch",
    "at",
    "who",
    "host",
    "cloud",
    "profile",
    "region",
    "nic",
    "act",
    "address",
    "eip",
    "state",
    "findings",
    "code",
    "message",
    "request_id",
    "not_journaled",
    "override",
];

fn csv(sheet: &Sheet<'_>, out: &mut dyn Write) -> io::Result<()> {
    csv::line(out, &CSV)?;
    let kind = match sheet.kind {
        Kind::Plan => "plan",
        Kind::Results => "results",
    };
    let at = stamp(sheet.at);
    for row in sheet.rows {
        let key = row.target.nic();
        let address = row.target.ip().map(|ip| ip.to_string()).unwrap_or_default();
        let cells: [&str; CSV.len()] = [
            kind,
            sheet.plan.unwrap_or_default(),
            sheet.batch.unwrap_or_default(),
            &at,
            sheet.who,
            sheet.host,
            &row.cloud,
            key.profile.as_str(),
            &row.region,
            key.nic.as_str(),
            row.act.as_str(),
            &address,
            row.eip().unwrap_or_default(),
            row.state,
            &row.findings(),
            row.code.as_deref().unwrap_or_default(),
            &row.message,
            row.request_id.as_deref().unwrap_or_default(),
            if row.not_journaled { "true" } else { "" },
            row.overridden.as_deref().unwrap_or_default(),
        ];
        csv::line(out, &cells)?;
    }
    Ok(())
}

fn markdown(sheet: &Sheet<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tell = |key: &str, values: &[(&str, &str)]| (sheet.tell)(key, values);
    if sheet.demo {
        writeln!(out, "**{}**\n", tell("list.demo", &[]))?;
    }
    let counts = sheet.counts();
    let counted: Vec<String> = counts.iter().map(|(state, count)| format!("{state} {count}")).collect();
    let values = [
        ("plan", escaped(&clean(sheet.plan.map_or("-", |plan| plan.get(..6).unwrap_or(plan))))),
        ("batch", escaped(&clean(sheet.batch.unwrap_or("-")))),
        ("who", escaped(&clean(sheet.who))),
        ("host", escaped(&clean(sheet.host))),
        ("when", (sheet.moment)(sheet.at)),
        ("counts", counted.join(", ")),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (title, line) = match sheet.kind {
        Kind::Plan if sheet.plan.is_none() => ("export.plan-nothing", "export.plan-line"),
        Kind::Plan => ("export.plan", "export.plan-line"),
        Kind::Results => ("export.results", "export.results-line"),
    };
    writeln!(out, "## {}\n\n{}\n", tell(title, &values), tell(line, &values))?;
    if let Some(undoes) = sheet.undoes {
        writeln!(out, "{}\n", tell("export.undoes", &[("batch", &escaped(&clean(undoes)))]))?;
    }
    let heads: Vec<String> = COLUMNS.iter().map(|key| tell(&format!("history.column.{key}"), &[])).collect();
    writeln!(out, "| {} |\n|{}", heads.join(" | "), " --- |".repeat(COLUMNS.len()))?;
    for row in sheet.rows {
        let key = row.target.nic();
        let mut why = row.code.clone().or_else(|| row.reason.clone()).unwrap_or_else(|| row.findings());
        if row.not_journaled {
            why.push_str(if why.is_empty() { "not journaled" } else { ", not journaled" });
        }
        let mut state = if why.is_empty() { row.state.to_owned() } else { format!("{} ({why})", row.state) };
        if let Some(reason) = &row.overridden {
            state = format!("{state}: {}", tell("export.overridden", &[("reason", reason)]));
        }
        let address = match (row.target.ip(), row.eip()) {
            (Some(ip), Some(eip)) => format!("{ip} {eip}"),
            (Some(ip), None) => ip.to_string(),
            (None, _) => "-".to_owned(),
        };
        let cells = [
            row.act.as_str(),
            &address,
            key.nic.as_str(),
            key.profile.as_str(),
            &row.region,
            &state,
            row.request_id.as_deref().unwrap_or("-"),
        ];
        writeln!(out, "| {} |", cells.map(|cell| escaped(&clean(cell))).join(" | "))?;
    }
    if let Some(batch) = sheet.batch.filter(|_| sheet.kind == Kind::Results) {
        writeln!(out, "\n{}", tell(undo_key(sheet.demo), &[("batch", &escaped(&clean(batch)))]))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    nicdeck: u32,
    demo: bool,
    kind: Kind,
    plan: Option<&'a str>,
    batch: Option<&'a str>,
    undoes: Option<&'a str>,
    at: String,
    ended: Option<String>,
    who: &'a str,
    host: &'a str,
    counts: BTreeMap<&'static str, usize>,
    rows: Vec<RowDocument<'a>>,
}

#[derive(Serialize)]
struct RowDocument<'a> {
    act: &'static str,
    address: Option<IpAddr>,
    eip: Option<&'a str>,
    nic: &'a str,
    profile: &'a str,
    cloud: &'a str,
    region: &'a str,
    state: &'static str,
    findings: Vec<&'static str>,
    #[serde(rename = "override")]
    overridden: Option<&'a str>,
    code: Option<&'a str>,
    message: String,
    request_id: Option<&'a str>,
    not_journaled: bool,
}

impl Row {
    /// As one of the document's `rows`.
    pub fn json(&self) -> Option<String> {
        super::json::text(&document(self))
    }
}

fn document(row: &Row) -> RowDocument<'_> {
    RowDocument {
        act: row.act.as_str(),
        address: row.target.ip(),
        eip: row.eip(),
        nic: row.target.nic().nic.as_str(),
        profile: row.target.nic().profile.as_str(),
        cloud: &row.cloud,
        region: &row.region,
        state: row.state,
        findings: row.findings.iter().map(|id| id.as_str()).collect(),
        overridden: row.overridden.as_deref(),
        code: row.code.as_deref(),
        message: clean(&row.message).into_owned(),
        request_id: row.request_id.as_deref(),
        not_journaled: row.not_journaled,
    }
}

fn json(sheet: &Sheet<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        nicdeck: VERSION,
        demo: sheet.demo,
        kind: sheet.kind,
        plan: sheet.plan,
        batch: sheet.batch,
        undoes: sheet.undoes,
        at: stamp(sheet.at),
        ended: sheet.ended.map(stamp),
        who: sheet.who,
        host: sheet.host,
        counts: sheet.counts(),
        rows: sheet.rows.iter().map(document).collect(),
    };
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    writeln!(out)
}
