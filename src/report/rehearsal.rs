//! What carrying a plan out would send: for eyes, or for a program.
//!
//! # JSON
//! One object: `nicdeck` (the version of this form, 1), `demo`, `kind` (`dry-run`), `plan` (its hash), `writes`: `operation`, `act`,
//! `profile`, `cloud`, `region`, `nic`, `after` (writes that have to end well first: it is told on what they are to leave), `ends` (what would not be sent: `address`, `null` for the NIC, and the `state` that it would
//! have), `sends`: `action`, `method`, `host`, `path`, `headers` (pairs; those with a secret in them are `***`), `body`, `command` (a line for a shell), `more` (others may follow that can not be told
//! before the cloud has answered). A version only ever gains keys.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;

use super::{Format, history::Tell, json_line};
use crate::{
    domain::{
        clean::clean,
        plan::Operation,
        rehearsal::{Rehearsal, WouldSend},
    },
    filter::search::end_word,
};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// See the module.
pub struct Source<'a> {
    pub demo: bool,
    pub plan: &'a str,
    /// Each write with what was told of it.
    pub writes: Vec<(&'a Operation, Option<&'a Rehearsal>)>,
    pub tell: &'a Tell<'a>,
}

#[derive(Serialize)]
struct Document<'a> {
    nicdeck: u32,
    demo: bool,
    kind: &'static str,
    plan: &'a str,
    writes: Vec<WriteOut<'a>>,
}

#[derive(Serialize)]
struct WriteOut<'a> {
    operation: u32,
    act: &'static str,
    profile: &'a str,
    cloud: &'a str,
    region: &'a str,
    nic: &'a str,
    /// Writes that have to end well first: it is told on what they are to leave.
    after: Vec<u32>,
    ends: Vec<End>,
    sends: Vec<Send<'a>>,
}

#[derive(Serialize)]
struct End {
    address: Option<IpAddr>,
    state: &'static str,
}

#[derive(Serialize)]
struct Send<'a> {
    action: &'a str,
    method: &'a str,
    host: &'a str,
    path: &'a str,
    headers: &'a [(String, String)],
    body: &'a str,
    command: &'a str,
    more: bool,
}

/// Writes it. Only JSON is for programs; every other form is the one for eyes.
///
/// # Errors
/// Those of `out`.
pub fn write(source: &Source<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let writes: Vec<WriteOut<'_>> = source.writes.iter().map(|(operation, told)| of(operation, *told)).collect();
    if format == Format::Json {
        let document = Document { nicdeck: VERSION, demo: source.demo, kind: "dry-run", plan: source.plan, writes };
        return json_line(&document, out);
    }
    let tell = |key: &str, values: &[(&str, &str)]| (source.tell)(key, values);
    if source.demo {
        writeln!(out, "{}\n", tell("list.demo", &[]))?;
    }
    for write in writes {
        writeln!(out, "{} {} {}/{} {}", write.operation + 1, write.act, write.profile, write.nic, write.region)?;
        if !write.after.is_empty() && !write.sends.is_empty() {
            let before: Vec<String> = write.after.iter().map(|id| (id + 1).to_string()).collect();
            writeln!(out, "  {}", tell("dry-run.after", &[("requests", &before.join(", "))]))?;
        }
        for end in &write.ends {
            let address = end.address.map_or_else(|| write.nic.to_owned(), |ip| ip.to_string());
            writeln!(out, "  {}", tell("apply.not-sent", &[("name", &clean(&address)), ("state", end.state)]))?;
        }
        for send in &write.sends {
            writeln!(out, "  {}", clean(send.action))?;
            writeln!(out, "  {} {}{}", clean(send.method), clean(send.host), clean(send.path))?;
            for (name, value) in send.headers {
                writeln!(out, "    {}: {}", clean(name), clean(value))?;
            }
            for line in send.body.lines() {
                writeln!(out, "    {}", clean(line))?;
            }
            for line in send.command.lines() {
                writeln!(out, "  $ {}", clean(line))?;
            }
            if send.more {
                writeln!(out, "  {}", tell("apply.more-requests", &[]))?;
            }
        }
    }
    Ok(())
}

fn of<'a>(operation: &'a Operation, told: Option<&'a Rehearsal>) -> WriteOut<'a> {
    let ends = told.map_or(&[][..], |told| &told.ends).iter();
    let sends = told.map_or(&[][..], |told| &told.sends).iter();
    WriteOut {
        operation: operation.id.0,
        act: operation.kind.act().as_str(),
        profile: operation.profile.as_str(),
        cloud: operation.cloud.as_str(),
        region: operation.region.as_str(),
        nic: operation.kind.nic().as_str(),
        after: operation.after.iter().map(|id| id.0).collect(),
        ends: ends
            .map(|(target, outcome)| End {
                address: target.ip(),
                state: end_word(operation.kind.act().as_str(), Some(outcome.word())),
            })
            .collect(),
        sends: sends
            .map(|WouldSend { request, command, more }| Send {
                action: &request.action,
                method: &request.method,
                host: &request.host,
                path: &request.path,
                headers: &request.headers,
                body: &request.body,
                command: &command.line,
                more: *more,
            })
            .collect(),
    }
}
