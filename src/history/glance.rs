//! A quick look at every record: who, when, what, how it ended.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use serde::Deserialize;

use crate::{
    domain::{outcome::OutcomeWord, time::Timestamp},
    filter::search::{ACTS, RESULTS, Search, Subject},
};

/// What a record says at a glance. Borrows from its line.
#[derive(Deserialize, Debug)]
pub struct Glance<'a> {
    #[serde(borrow)]
    record: Cow<'a, str>,
    at: Timestamp,
    #[serde(borrow)]
    batch: Cow<'a, str>,
    operation: u32,
    #[serde(borrow, default)]
    undoes: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    cloud: Cow<'a, str>,
    #[serde(borrow, default)]
    profile: Cow<'a, str>,
    #[serde(borrow, default)]
    region: Cow<'a, str>,
    #[serde(borrow, default)]
    who: Cow<'a, str>,
    #[serde(borrow, default)]
    host: Cow<'a, str>,
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
    outcomes: Vec<(GlanceTarget, GlanceOutcome)>,
}

/// A target's address; none for a whole NIC.
#[derive(Deserialize, Debug)]
struct GlanceTarget {
    #[serde(default)]
    address: Option<GlanceAddress>,
    #[serde(default)]
    eip: Option<GlanceEip>,
}

#[derive(Deserialize, Debug)]
struct GlanceEip {
    address: GlanceAddress,
}

#[derive(Deserialize, Debug)]
struct GlanceAddress {
    ip: IpAddr,
}

#[derive(Deserialize, Debug)]
struct GlanceOutcome {
    state: OutcomeWord,
}

/// Looks at a line. `None`: it is no record that this version knows.
pub fn glance(line: &[u8]) -> Option<Glance<'_>> {
    serde_json::from_slice(line).ok()
}

impl Glance<'_> {
    pub fn batch(&self) -> &str {
        &self.batch
    }
}

/// One target of one write.
#[derive(Clone, Copy, Debug)]
struct Seen {
    ip: Option<IpAddr>,
    result: Option<OutcomeWord>,
}

/// One write: its newest intent, and how each target ended.
#[derive(Debug)]
struct SeenWrite<'a> {
    intent: Glance<'a>,
    targets: Vec<Seen>,
}

/// All batches of a journal.
#[derive(Debug, Default)]
pub struct Book<'a> {
    /// In the order they began, with their writes by operation.
    batches: Vec<(Cow<'a, str>, BTreeMap<u32, SeenWrite<'a>>)>,
}

/// A batch in a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// From 1, in the order of the journal.
    pub number: usize,
    pub batch: String,
    pub began: Timestamp,
    pub who: String,
    pub host: String,
    /// In order of their names.
    pub profiles: Vec<String>,
    /// Targets by what was done to them, in the order of [`ACTS`].
    pub acts: [usize; ACTS.len()],
    /// Targets by how they ended, in the order of [`RESULTS`].
    pub results: [usize; RESULTS.len()],
    /// Targets that the search found.
    pub found: usize,
    /// Targets that were changed by it, and can be put back as they were.
    pub back: usize,
    /// The batch that it takes back.
    pub undoes: Option<String>,
    /// The number of the newest batch that takes it back.
    pub undone_by: Option<usize>,
}

impl Summary {
    pub fn targets(&self) -> usize {
        self.results.iter().sum()
    }

    /// Targets of writes whose end is not in the journal.
    pub fn unfinished(&self) -> usize {
        self.results.last().copied().unwrap_or(0)
    }
}

/// The first of [`ACTS`] that nothing takes back.
const BACK: usize = 4;

fn result_place(result: Option<OutcomeWord>) -> usize {
    result.map_or(RESULTS.len() - 1, |word| word as usize)
}

impl<'a> Book<'a> {
    /// Takes records in their order.
    pub fn of(records: impl Iterator<Item = Glance<'a>>) -> Self {
        let mut book = Self::default();
        let mut places: HashMap<Cow<'a, str>, usize> = HashMap::new();
        for record in records {
            let place = match places.get(&record.batch) {
                Some(place) => *place,
                None => {
                    let place = book.batches.len();
                    places.insert(record.batch.clone(), place);
                    book.batches.push((record.batch.clone(), BTreeMap::new()));
                    place
                }
            };
            let Some((_, writes)) = book.batches.get_mut(place) else { continue };
            if record.record == "settled" {
                if let Some(write) = writes.get_mut(&record.operation) {
                    write.settle(&record.outcomes);
                }
                continue;
            }
            match writes.get_mut(&record.operation) {
                // Tried again, or its next request: the end of this one counts.
                Some(write) => write.again(record),
                None => drop(writes.insert(record.operation, SeenWrite::new(record))),
            }
        }
        book
    }

    /// Batches there are.
    pub fn len(&self) -> usize {
        self.batches.len()
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Batches with a target that the search finds, newest first.
    pub fn search(&self, search: &Search) -> Vec<Summary> {
        let of = |(place, (_, writes)): (usize, &(Cow<'a, str>, BTreeMap<u32, SeenWrite<'a>>))| {
            let undoes = writes.values().find_map(|write| write.intent.undoes.as_deref())?.to_owned();
            Some((undoes, place + 1))
        };
        let undone: HashMap<String, usize> = self.batches.iter().enumerate().filter_map(of).collect();
        let found = |(place, (id, writes)): (usize, &(Cow<'a, str>, BTreeMap<u32, SeenWrite<'a>>))| {
            let mut summary = Summary {
                number: place + 1,
                batch: id.to_string(),
                began: Timestamp::default(),
                who: String::new(),
                host: String::new(),
                profiles: Vec::new(),
                acts: [0; ACTS.len()],
                results: [0; RESULTS.len()],
                found: 0,
                back: 0,
                undoes: None,
                undone_by: undone.get(&**id).copied(),
            };
            for (nth, write) in writes.values().enumerate() {
                let intent = &write.intent;
                summary.undoes = summary.undoes.or_else(|| intent.undoes.as_ref().map(ToString::to_string));
                if nth == 0 {
                    summary.began = intent.at;
                    summary.who = intent.who.to_string();
                    summary.host = intent.host.to_string();
                }
                summary.began = summary.began.min(intent.at);
                if !summary.profiles.iter().any(|profile| *profile == intent.profile) {
                    summary.profiles.push(intent.profile.to_string());
                }
                let act = ACTS.iter().position(|act| *act == intent.act);
                for target in &write.targets {
                    if let Some(count) = act.and_then(|act| summary.acts.get_mut(act)) {
                        *count += 1;
                    }
                    let lasting = target.result == Some(OutcomeWord::Released) && act.is_some_and(|act| act < BACK);
                    summary.back += usize::from(lasting);
                    if let Some(count) = summary.results.get_mut(result_place(target.result)) {
                        *count += 1;
                    }
                    summary.found += usize::from(search.matches(&intent.subject(target)));
                }
            }
            summary.profiles.sort_unstable();
            (summary.found > 0 || search.is_empty()).then_some(summary)
        };
        self.batches.iter().enumerate().rev().filter_map(found).collect()
    }
}

impl<'a> SeenWrite<'a> {
    fn new(intent: Glance<'a>) -> Self {
        let ips = intent.ips.iter().copied().chain(intent.ip).map(Some);
        let mut targets: Vec<Seen> = ips.map(|ip| Seen { ip, result: None }).collect();
        if targets.is_empty() {
            targets.push(Seen { ip: None, result: None });
        }
        Self { intent, targets }
    }

    fn again(&mut self, intent: Glance<'a>) {
        for seen in Self::new(intent).targets {
            match self.targets.iter_mut().find(|target| target.ip == seen.ip) {
                Some(target) => target.result = None,
                None => self.targets.push(seen),
            }
        }
    }

    fn settle(&mut self, outcomes: &[(GlanceTarget, GlanceOutcome)]) {
        for (target, outcome) in outcomes {
            let bound = || target.eip.as_ref().map(|eip| eip.address.ip);
            let ip = target.address.as_ref().map(|address| address.ip).or_else(bound);
            if let Some(seen) = self.targets.iter_mut().find(|seen| seen.ip == ip) {
                seen.result = Some(outcome.state);
            }
        }
    }
}

impl Glance<'_> {
    fn subject(&self, target: &Seen) -> Subject<'_> {
        Subject {
            at: self.at,
            batch: &self.batch,
            who: &self.who,
            host: &self.host,
            cloud: &self.cloud,
            profile: &self.profile,
            region: &self.region,
            nic: &self.nic,
            instance: self.instance.as_deref(),
            ip: target.ip,
            act: &self.act,
            result: target.result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::batch::tests::journal, *};
    use crate::filter::search;

    fn book(lines: &[String]) -> Vec<Summary> {
        find(lines, "")
    }

    fn find(lines: &[String], text: &str) -> Vec<Summary> {
        let search = search::parse(text, Timestamp(1_000_000_000), 0).unwrap();
        Book::of(lines.iter().filter_map(|line| glance(line.as_bytes()))).search(&search)
    }

    #[test]
    fn batches_are_summed_up_newest_first() {
        let found = book(&journal());
        assert_eq!(found.iter().map(|batch| (batch.number, &*batch.batch)).collect::<Vec<_>>(), [(2, "b2"), (1, "b1")]);
        let first = &found[1];
        assert_eq!(
            (&*first.who, &*first.host, &first.profiles[..]),
            ("lin \u{7f51}", "h", &["gz".into(), "prod".into()][..])
        );
        assert_eq!(first.acts, [2, 1, 0, 0, 0, 0]);
        // Released, and one that failed and was tried again; the detach has no end.
        assert_eq!(first.results, [2, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((first.targets(), first.unfinished()), (3, 1));
        assert_eq!(found[0].results, [0, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_search_finds_batches_by_their_targets() {
        let lines = journal();
        let ids =
            |text: &str| find(&lines, text).into_iter().map(|batch| (batch.batch, batch.found)).collect::<Vec<_>>();
        assert_eq!(ids("ip:10.0.0.0/24"), [("b1".to_owned(), 2)]);
        assert_eq!(ids("result:failed"), [("b2".to_owned(), 1)]);
        assert_eq!(ids("result:unfinished"), [("b1".to_owned(), 1)]);
        assert_eq!(ids("act:detach,assign"), [("b2".to_owned(), 1), ("b1".to_owned(), 1)]);
        assert_eq!(ids("who:nobody"), []);
    }

    #[test]
    fn lines_that_are_no_records_are_passed_over() {
        for odd in ["", "{}", "torn", "{\"record\":\"intent\"}", "[1]"] {
            assert!(glance(odd.as_bytes()).is_none(), "{odd}");
        }
    }
}
