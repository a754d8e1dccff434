//! Round trips as the calls screen has them, newest first: no secret, and the start of each answer only.
//!
//! # JSON
//! One object: `nicdeck` (the version of this form, 1), `demo`, `calls`: `at`, `profile`, `region`, `action`, `target`, `write`,
//! `method`, `host`, `path`, `headers`, `body`, `status` (`null`: no answer), `answer`, `answer_bytes`, `code` (the vendor's),
//! `fault` (its kind), `permission`, `request_id`, `elapsed_ms`, `attempt`. A version only ever gains keys.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::{
    Format, csv,
    history::Tell,
    json::{self, stamp},
    lines::escaped,
};
use crate::domain::{clean::clean, exchange::Exchange, fault::FaultKind, ids::RegionId};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// What is told.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Newest first.
    pub calls: &'a [&'a Exchange],
    pub demo: bool,
    pub tell: &'a Tell<'a>,
}

/// Writes them. The table for eyes is the one for a ticket.
///
/// # Errors
/// Those of `out`.
pub fn write(source: &Source<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            let calls = source.calls.iter().map(|call| document(call)).collect();
            json::line(&Document { nicdeck: VERSION, demo: source.demo, calls }, out)
        }
        Format::Csv => csv(source, out),
        Format::Table | Format::Markdown => markdown(source, out),
    }
}

/// One of them, as one of the document's `calls`.
pub fn call(call: &Exchange) -> Option<String> {
    json::text(&document(call))
}

#[derive(Serialize)]
struct Document<'a> {
    nicdeck: u32,
    demo: bool,
    calls: Vec<Call<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    at: String,
    profile: &'a str,
    region: Option<&'a str>,
    action: &'a str,
    target: &'a str,
    write: bool,
    method: &'a str,
    host: &'a str,
    path: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    body: &'a str,
    status: Option<u16>,
    answer: &'a str,
    answer_bytes: u64,
    code: Option<&'a str>,
    fault: Option<FaultKind>,
    permission: Option<&'a str>,
    request_id: Option<&'a str>,
    elapsed_ms: u64,
    attempt: u32,
}

fn document(call: &Exchange) -> Call<'_> {
    Call {
        at: stamp(call.at),
        profile: call.profile.as_str(),
        region: call.region.as_ref().map(RegionId::as_str),
        action: &call.action,
        target: &call.target,
        write: call.write,
        method: &call.method,
        host: &call.host,
        path: &call.path,
        headers: call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        body: &call.body,
        status: call.status,
        answer: &call.answer,
        answer_bytes: call.answer_bytes,
        code: call.code.as_deref(),
        fault: call.fault,
        permission: call.permission.as_deref(),
        request_id: call.request_id.as_deref(),
        elapsed_ms: call.elapsed_ms,
        attempt: call.attempt,
    }
}

/// Columns of the CSV form. New ones are added at the end.
const CSV: [&str; 14] = [
    "at",
    "profile",
    "region",
    "action",
    "target",
    "write",
    "method",
    "host",
    "path",
    "status",
    "code",
    "request_id",
    "elapsed_ms",
    "attempt",
];

fn csv(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    csv::line(out, &CSV)?;
    for call in source.calls {
        let cells: [String; CSV.len()] = [
            stamp(call.at),
            call.profile.to_string(),
            call.region.as_ref().map(ToString::to_string).unwrap_or_default(),
            call.action.clone(),
            call.target.clone(),
            call.write.to_string(),
            call.method.clone(),
            call.host.clone(),
            call.path.clone(),
            call.status.map(|status| status.to_string()).unwrap_or_default(),
            call.code.clone().unwrap_or_default(),
            call.request_id.clone().unwrap_or_default(),
            call.elapsed_ms.to_string(),
            call.attempt.to_string(),
        ];
        csv::line(out, &cells)?;
    }
    Ok(())
}

/// Columns of the table for a ticket: keys of the locales.
const COLUMNS: [&str; 7] = [
    "export.column.at",
    "export.column.profile",
    "export.column.region",
    "export.column.call",
    "export.column.about",
    "export.column.answer",
    "export.column.request",
];

fn markdown(source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    if source.demo {
        writeln!(out, "**{}**\n", (source.tell)("list.demo", &[]))?;
    }
    let heads = COLUMNS.map(|key| (source.tell)(key, &[]));
    writeln!(out, "| {} |\n|{}", heads.join(" | "), " --- |".repeat(COLUMNS.len()))?;
    for call in source.calls {
        let answer = match (call.status, &call.code) {
            (Some(status), Some(code)) => format!("{status} {code}"),
            (Some(status), None) => status.to_string(),
            (None, _) => "-".to_owned(),
        };
        let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let cells = [
            stamp(call.at),
            call.profile.to_string(),
            or_none(call.region.as_ref().map_or("", |region| region.as_str())),
            call.action.clone(),
            or_none(&call.target),
            answer,
            or_none(call.request_id.as_deref().unwrap_or_default()),
        ];
        writeln!(out, "| {} |", cells.map(|cell| escaped(&clean(&cell))).join(" | "))?;
    }
    Ok(())
}
