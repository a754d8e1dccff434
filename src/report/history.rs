//! What was done, as a table of batches for people, and target by target for tickets and programs.
//!
//! # JSON
//! One object: `nicdeck` (the version of this form, 1), `demo`, `chain` (`whole`; `changed`: records were changed or are missing),
//! `batches`, newest first. A version only ever gains keys.
//! - batch: `number`, `batch`, `plan`, `began`, `ended` (`null` unless every target has its end), `last_record`, `running` (some process
//!   may be carrying it out), `who`, `host`, `version`, `writes`.
//!   A write of which nothing was sent has no `requests`.
//! - write: `operation`, `at`, `cloud`, `profile`, `region`, `nic`, `instance`, `act`, `requests`, `answers`, `before`, `after`,
//!   `found_later`, `targets`: `ip` (`null`: the NIC), `result` (`unfinished`: no end is in the journal; `not-begun`: nothing
//!   was sent for it, as yet), `code` (the
//!   vendor's, or why it was skipped: `stale`, `midway`, `not-read-again`, `journal`, `after-failure`, `read-only`), `message`,
//!   `request_id`, `override` (`findings` that were not known, and the `reason` why it went all the same; `null`: none).

use std::{
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{
    Format, csv,
    json::{Harmless, stamp},
    lines::{cut, escaped},
};
use crate::{
    domain::{
        clean::clean,
        fault::{Fault, FaultKind},
        ids::OperationId,
        journal::{Answer, Image, Request},
        odd,
        outcome::Outcome,
        plan::{OperationKind, Override},
        time::Timestamp,
    },
    filter::search::{ACTS, RESULTS, end_word},
    history::{self, Batch, Summary},
};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// A sentence by its key in the locales, with its values.
pub type Tell<'a> = dyn Fn(&str, &[(&str, &str)]) -> String + 'a;

/// What is told.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Newest first.
    pub summaries: &'a [Summary],
    /// The same batches, whole. Only the table does without.
    pub batches: &'a [Batch],
    /// Some process is carrying a batch out: those without an end may be its own.
    pub running: bool,
    /// What makes the journal doubtful, in words.
    pub doubts: &'a [String],
    pub demo: bool,
    pub tell: &'a Tell<'a>,
    /// A time for people.
    pub moment: &'a dyn Fn(Timestamp) -> String,
}

/// Writes what was found.
///
/// # Errors
/// Those of `out`.
pub fn write(source: &Source<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table(source, out),
        Format::Json => json(source, out),
        Format::Csv => csv(source, out),
        Format::Markdown => markdown(source, out),
    }
}

/// Columns of the table: keys of the locales.
pub const HEADS: &[&str] = &["number", "when", "who", "profiles", "what", "result", "batch"];
/// Columns of the table for a ticket: keys of the locales.
pub const COLUMNS: &[&str] = &["act", "address", "nic", "profile", "region", "result", "request"];

/// The heads of a table.
fn heads(source: &Source<'_>, section: &str, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (source.tell)(&format!("history.{section}.{key}"), &[])).collect()
}

/// `release 36, detach 1`, or how they ended.
fn counted(source: &Source<'_>, section: &str, words: &[&str], counts: &[usize]) -> String {
    let counted = words.iter().zip(counts).filter(|(_, count)| **count > 0);
    let text = |(word, count): (&&str, &usize)| {
        (source.tell)(&format!("history.{section}.{word}"), &[("count", &count.to_string())])
    };
    counted.map(text).collect::<Vec<_>>().join(", ")
}

/// Why it failed, in the reader's words: for where no code of a vendor says it.
pub fn reason(tell: &Tell<'_>, fault: &Fault) -> String {
    let kind = tell(&format!("fault.{}.word", fault.kind.name()), &[]);
    let own = match odd::read(&fault.message) {
        Some((_, word, what)) => Some(tell(&format!("odd.{word}"), &[("what", what)])),
        None if fault.kind == FaultKind::Local => {
            let key = format!("local.{}", fault.message);
            Some(tell(&key, &[])).filter(|text| *text != key)
        }
        None => None,
    };
    own.map_or_else(|| kind.clone(), |own| format!("{kind}: {own}"))
}

fn table(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    if source.demo {
        writeln!(out, "{}", (source.tell)("list.demo", &[]))?;
    }
    let mut lines = vec![heads(source, "head", HEADS)];
    let result = |batch: &Summary| {
        let counted = counted(source, "end", RESULTS, &batch.results);
        if source.running && batch.is_open() {
            format!("{counted} ({})", (source.tell)("history.running", &[]))
        } else {
            counted
        }
    };
    lines.extend(source.summaries.iter().map(|batch| {
        vec![
            batch.number.to_string(),
            (source.moment)(batch.began),
            cut(&batch.who),
            cut(&batch.profiles.join(" ")),
            counted(source, "act", ACTS, &batch.acts),
            result(batch),
            clean(&batch.batch).into_owned(),
        ]
    }));
    let mut widths = vec![0; HEADS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// One target as it is told.
struct Line<'a> {
    batch: &'a Batch,
    write: &'a history::Write,
    ip: Option<IpAddr>,
    result: &'static str,
    code: Option<&'a str>,
    message: String,
    request_id: Option<&'a str>,
    overridden: Option<&'a Override>,
    fault: Option<&'a Fault>,
}

fn lines(batch: &Batch) -> impl Iterator<Item = Line<'_>> {
    batch.rows().map(move |(write, row)| {
        let (code, message) = row.outcome.as_ref().map(Outcome::told).unwrap_or_default();
        let ip = row.target.ip();
        Line {
            batch,
            write,
            ip,
            result: end_word(act(&write.kind), row.word()),
            code,
            message: clean(&message).into_owned(),
            request_id: row.outcome.as_ref().and_then(Outcome::request_id),
            overridden: write.overrides.iter().find(|one| one.target == row.target),
            fault: row.outcome.as_ref().and_then(Outcome::fault),
        }
    })
}

/// As the journal spells it.
fn act(kind: &OperationKind) -> &'static str {
    kind.act().as_str()
}

fn instance(kind: &OperationKind) -> Option<&str> {
    match kind {
        OperationKind::Detach { instance, .. } | OperationKind::Attach { instance, .. } => Some(instance.as_str()),
        _ => None,
    }
}

/// Columns of the CSV form. New ones are added at the end.
const CSV: [&str; 19] = [
    "batch",
    "plan",
    "at",
    "who",
    "host",
    "cloud",
    "profile",
    "region",
    "nic",
    "instance",
    "act",
    "address",
    "result",
    "code",
    "message",
    "request_id",
    "ended",
    "last_record",
    "running",
];

fn csv(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    csv::line(out, &CSV)?;
    for line in source.batches.iter().flat_map(lines) {
        let Line { batch, write: done, .. } = &line;
        let cells: [String; CSV.len()] = [
            batch.id.clone(),
            batch.plan.clone(),
            stamp(done.at),
            batch.who.clone(),
            batch.host.clone(),
            done.cloud.to_string(),
            done.profile.to_string(),
            done.region.to_string(),
            done.kind.nic().to_string(),
            instance(&done.kind).unwrap_or_default().to_owned(),
            act(&done.kind).to_owned(),
            line.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            line.result.to_owned(),
            line.code.unwrap_or_default().to_owned(),
            line.message.clone(),
            line.request_id.unwrap_or_default().to_owned(),
            batch.ended.map(stamp).unwrap_or_default(),
            stamp(batch.last),
            batch.running.to_string(),
        ];
        csv::line(out, &cells)?;
    }
    Ok(())
}

/// One section for each batch, to be pasted into a ticket.
fn markdown(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    if source.demo {
        writeln!(out, "**{}**\n", (source.tell)("list.demo", &[]))?;
    }
    for doubt in source.doubts {
        writeln!(out, "**{}**\n", escaped(&clean(doubt)))?;
    }
    for (batch, summary) in source.batches.iter().zip(source.summaries) {
        let values = [
            ("number", summary.number.to_string()),
            ("who", escaped(&clean(&batch.who))),
            ("host", escaped(&clean(&batch.host))),
            ("when", (source.moment)(batch.began)),
            ("what", counted(source, "act", ACTS, &summary.acts)),
            ("result", counted(source, "end", RESULTS, &summary.results)),
            ("batch", escaped(&clean(&batch.id))),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        writeln!(
            out,
            "## {}\n\n{}\n",
            (source.tell)("history.title", &values),
            (source.tell)("history.line", &values)
        )?;
        if !batch.is_whole() {
            let key = if batch.running { "history.is-running" } else { "history.no-end" };
            let last = (source.moment)(batch.last);
            writeln!(out, "**{}**\n", (source.tell)(key, &[("last", &last)]))?;
        }
        writeln!(out, "| {} |", heads(source, "column", COLUMNS).join(" | "))?;
        writeln!(out, "|{}", " --- |".repeat(COLUMNS.len()))?;
        for line in lines(batch) {
            let done = line.write;
            let result = match (line.code, line.fault) {
                (Some(code), _) => format!("{} ({code})", line.result),
                (None, Some(fault)) => format!("{} ({})", line.result, reason(source.tell, fault)),
                (None, None) => line.result.to_owned(),
            };
            let cells = [
                act(&done.kind).to_owned(),
                line.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
                done.kind.nic().to_string(),
                done.profile.to_string(),
                done.region.to_string(),
                result,
                line.request_id.unwrap_or("-").to_owned(),
            ];
            writeln!(out, "| {} |", cells.map(|cell| escaped(&clean(&cell))).join(" | "))?;
        }
        for line in lines(batch) {
            let Some(over) = line.overridden else { continue };
            let ids: Vec<&str> = over.findings.iter().map(|id| id.as_str()).collect();
            let target = line.ip.map_or_else(|| line.write.kind.nic().to_string(), |ip| ip.to_string());
            let values = [
                ("target", escaped(&clean(&target))),
                ("findings", ids.join(", ")),
                ("reason", escaped(&clean(&over.reason))),
            ];
            let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            writeln!(out, "\n{}", (source.tell)("history.override", &values))?;
        }
        if summary.back > 0 && !summary.is_undone() {
            writeln!(out, "\n{}", (source.tell)(super::undo_key(source.demo), &values))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    nicdeck: u32,
    demo: bool,
    chain: &'static str,
    batches: Vec<BatchDocument<'a>>,
}

#[derive(Serialize)]
struct BatchDocument<'a> {
    number: usize,
    batch: &'a str,
    plan: &'a str,
    began: String,
    ended: Option<String>,
    last_record: String,
    running: bool,
    who: &'a str,
    host: &'a str,
    version: &'a str,
    writes: Vec<WriteDocument<'a>>,
}

#[derive(Serialize)]
struct WriteDocument<'a> {
    operation: u32,
    at: String,
    cloud: &'a str,
    profile: &'a str,
    region: &'a str,
    nic: &'a str,
    instance: Option<&'a str>,
    act: &'a str,
    requests: &'a [Request],
    answers: &'a [Answer],
    before: Option<&'a Image>,
    after: Option<&'a Image>,
    found_later: bool,
    targets: Vec<TargetDocument<'a>>,
}

#[derive(Serialize)]
struct OverrideDocument<'a> {
    findings: Vec<&'a str>,
    reason: String,
}

#[derive(Serialize)]
struct TargetDocument<'a> {
    ip: Option<IpAddr>,
    result: &'a str,
    code: Option<&'a str>,
    message: String,
    request_id: Option<&'a str>,
    #[serde(rename = "override")]
    overridden: Option<OverrideDocument<'a>>,
}

fn json(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    let batches = source.batches.iter().zip(source.summaries).map(|(batch, summary)| BatchDocument {
        number: summary.number,
        batch: &batch.id,
        plan: &batch.plan,
        began: stamp(batch.began),
        ended: batch.ended.map(stamp),
        last_record: stamp(batch.last),
        running: batch.running,
        who: &batch.who,
        host: &batch.host,
        version: &batch.version,
        writes: batch.writes.iter().map(|write| document(batch, write)).collect(),
    });
    let chain = if source.doubts.is_empty() { "whole" } else { "changed" };
    let document = Document { nicdeck: VERSION, demo: source.demo, chain, batches: batches.collect() };
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    writeln!(out)
}

/// One write of the batch, as one of the document's `writes`.
pub fn written(batch: &Batch, operation: OperationId) -> Option<String> {
    let write = batch.writes.iter().find(|write| write.operation == operation)?;
    super::json::text(&document(batch, write))
}

fn document<'a>(batch: &'a Batch, write: &'a history::Write) -> WriteDocument<'a> {
    let own = lines(batch).filter(|line| line.write.operation == write.operation);
    WriteDocument {
        operation: write.operation.0,
        at: stamp(write.at),
        cloud: write.cloud.as_str(),
        profile: write.profile.as_str(),
        region: write.region.as_str(),
        nic: write.kind.nic().as_str(),
        instance: instance(&write.kind),
        act: act(&write.kind),
        requests: &write.requests,
        answers: &write.answers,
        before: write.image.as_deref(),
        after: write.after.as_deref(),
        found_later: write.found_later,
        targets: own
            .map(|line| TargetDocument {
                ip: line.ip,
                result: line.result,
                code: line.code,
                message: line.message.clone(),
                request_id: line.request_id,
                overridden: line.overridden.map(|one| OverrideDocument {
                    findings: one.findings.iter().map(|id| id.as_str()).collect(),
                    reason: clean(&one.reason).into_owned(),
                }),
            })
            .collect(),
    }
}
