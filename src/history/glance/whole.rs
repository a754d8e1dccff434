//! The slow look: a line in any spelling.

use std::{borrow::Cow, net::IpAddr};

use serde::Deserialize;

use super::{Glance, Name, Reader, Seen, Start, What};
use crate::{
    domain::{outcome::OutcomeWord, time::Timestamp},
    filter::search::ACTS,
};

/// Borrows from its line.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    record: Cow<'a, str>,
    at: Timestamp,
    #[serde(borrow)]
    batch: Cow<'a, str>,
    #[serde(borrow, default)]
    undoes: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    who: Cow<'a, str>,
    #[serde(borrow, default)]
    host: Cow<'a, str>,
    // Of a write; of several writes they are in the rows.
    #[serde(default)]
    operation: Option<u32>,
    #[serde(borrow, default)]
    cloud: Cow<'a, str>,
    #[serde(borrow, default)]
    profile: Cow<'a, str>,
    #[serde(borrow, default)]
    region: Cow<'a, str>,
    #[serde(borrow, default, rename = "do")]
    act: Cow<'a, str>,
    #[serde(borrow, default)]
    nic: Cow<'a, str>,
    #[serde(borrow, default)]
    instance: Option<Cow<'a, str>>,
    #[serde(default)]
    ips: Vec<IpAddr>,
    #[serde(default)]
    ip: Option<IpAddr>,
    #[serde(default)]
    outcomes: Vec<(Target, Outcome)>,
    #[serde(borrow, default)]
    rows: Vec<Row<'a>>,
}

#[derive(Deserialize)]
struct Row<'a> {
    operation: u32,
    #[serde(borrow)]
    cloud: Cow<'a, str>,
    #[serde(borrow)]
    profile: Cow<'a, str>,
    #[serde(borrow)]
    region: Cow<'a, str>,
    #[serde(borrow, rename = "do")]
    act: Cow<'a, str>,
    #[serde(borrow)]
    nic: Cow<'a, str>,
    #[serde(borrow, default)]
    instance: Option<Cow<'a, str>>,
    #[serde(default)]
    ips: Vec<IpAddr>,
    #[serde(default)]
    ip: Option<IpAddr>,
    #[serde(default)]
    outcomes: Vec<(Target, Outcome)>,
}

/// A target's address; none for a whole NIC.
#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    address: Option<Address>,
    #[serde(default)]
    eip: Option<Eip>,
}

#[derive(Deserialize)]
struct Eip {
    address: Address,
}

#[derive(Deserialize)]
struct Address {
    ip: IpAddr,
}

#[derive(Deserialize)]
struct Outcome {
    state: OutcomeWord,
}

pub(super) fn batch(line: &[u8]) -> Option<Cow<'_, str>> {
    serde_json::from_slice::<Line<'_>>(line).ok().map(|line| line.batch)
}

pub(super) fn glance(line: &[u8], reader: &mut Reader) -> Option<Glance> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    let what = match (&*line.record, line.operation) {
        ("settled", Some(operation)) => What::Settled(operation, seen(&line.outcomes)),
        ("begun", None) => What::Unsent(line.rows.iter().map(|row| begun(&line, row, reader)).collect()),
        ("unsent", None) => What::Unsent(line.rows.iter().map(|row| unsent(&line, row, reader)).collect()),
        (_, Some(operation)) => {
            let start = Start {
                at: line.at,
                undoes: line.undoes.map(|text| reader.name(Name::Undoes, &text)),
                cloud: reader.name(Name::Cloud, &line.cloud),
                profile: reader.name(Name::Profile, &line.profile),
                region: reader.name(Name::Region, &line.region),
                who: reader.name(Name::Who, &line.who),
                host: reader.name(Name::Host, &line.host),
                act: act(&line.act),
                nic: (*line.nic).into(),
                instance: line.instance.as_deref().map(Into::into),
                ips: line.ips.into_iter().chain(line.ip).collect(),
            };
            What::Intent(operation, Box::new(start))
        }
        (_, None) => return None,
    };
    Some(Glance { batch: reader.name(Name::Batch, &line.batch), what })
}

/// All of it is to be sent, and nothing was.
fn begun(line: &Line<'_>, row: &Row<'_>, reader: &mut Reader) -> (u32, Start, Vec<Seen>) {
    let (operation, start, _) = unsent(line, row, reader);
    let result = Some(OutcomeWord::NotBegun);
    let ips = row.ips.iter().chain(&row.ip);
    let mut ends: Vec<Seen> = ips.map(|&ip| Seen { ip: Some(ip), result }).collect();
    if ends.is_empty() {
        ends.push(Seen { ip: None, result });
    }
    (operation, start, ends)
}

fn unsent(line: &Line<'_>, row: &Row<'_>, reader: &mut Reader) -> (u32, Start, Vec<Seen>) {
    let start = Start {
        at: line.at,
        undoes: line.undoes.as_deref().map(|text| reader.name(Name::Undoes, text)),
        cloud: reader.name(Name::Cloud, &row.cloud),
        profile: reader.name(Name::Profile, &row.profile),
        region: reader.name(Name::Region, &row.region),
        who: reader.name(Name::Who, &line.who),
        host: reader.name(Name::Host, &line.host),
        act: act(&row.act),
        nic: (*row.nic).into(),
        instance: row.instance.as_deref().map(Into::into),
        // The outcomes tell which.
        ips: Vec::new(),
    };
    (row.operation, start, seen(&row.outcomes))
}

fn act(text: &str) -> Option<usize> {
    ACTS.iter().position(|known| *known == text)
}

fn seen(outcomes: &[(Target, Outcome)]) -> Vec<Seen> {
    let of = |(target, outcome): &(Target, Outcome)| {
        let bound = || target.eip.as_ref().map(|eip| eip.address.ip);
        let ip = target.address.as_ref().map(|address| address.ip).or_else(bound);
        Seen { ip, result: Some(outcome.state) }
    };
    outcomes.iter().map(of).collect()
}
