//! A quick look at every record: who, when, what, how it ended.

mod skim;
mod whole;

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    domain::{outcome::OutcomeWord, time::Timestamp},
    filter::search::{ACTS, RESULTS, Search, Subject},
};

pub use skim::{Head, batch, head};

/// Looks at lines, one after the other. Names that come again and again are kept once.
#[derive(Debug, Default)]
pub struct Reader {
    names: [Option<Arc<str>>; Name::ALL],
}

/// What often is the same as in the line before.
#[derive(Clone, Copy)]
enum Name {
    Batch,
    Undoes,
    Cloud,
    Profile,
    Region,
    Who,
    Host,
}

impl Name {
    const ALL: usize = Name::Host as usize + 1;
}

impl Reader {
    /// Looks at a line. `None`: it is no record that this version knows.
    pub fn glance(&mut self, line: &[u8]) -> Option<Glance> {
        skim::glance(line, self).or_else(|| whole::glance(line, self))
    }

    fn name(&mut self, which: Name, text: &str) -> Arc<str> {
        let Some(kept) = self.names.get_mut(which as usize) else { return text.into() };
        match kept {
            Some(kept) if **kept == *text => kept.clone(),
            kept => kept.insert(text.into()).clone(),
        }
    }
}

/// What a record says at a glance.
#[derive(Debug)]
pub struct Glance {
    batch: Arc<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    Intent(u32, Box<Start>),
    Settled(u32, Vec<Seen>),
    Unsent(Vec<(u32, Start, Vec<Seen>)>),
}

/// A write as it was meant.
#[derive(Debug)]
struct Start {
    at: Timestamp,
    undoes: Option<Arc<str>>,
    cloud: Arc<str>,
    profile: Arc<str>,
    region: Arc<str>,
    who: Arc<str>,
    host: Arc<str>,
    act: Option<usize>,
    nic: Box<str>,
    instance: Option<Box<str>>,
    ips: Vec<IpAddr>,
}

/// One target of one write.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// None for a whole NIC.
    ip: Option<IpAddr>,
    result: Option<OutcomeWord>,
}

/// One write: its newest intent, and how each target ended.
#[derive(Debug)]
struct SeenWrite {
    start: Start,
    targets: Vec<Seen>,
}

/// A target, whatever is done to it: its profile, its NIC, and its address, or none for the whole NIC.
type Key<'a> = (&'a str, &'a str, Option<IpAddr>);

/// All batches of a journal.
#[derive(Debug, Default)]
pub struct Book {
    /// In the order they began, with their writes by operation.
    batches: Vec<(Arc<str>, BTreeMap<u32, SeenWrite>)>,
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
    /// The number of the newest batch that has taken something of it back, which still is.
    pub undone_by: Option<usize>,
    /// Targets that were taken back.
    pub undone: usize,
}

impl Summary {
    /// Has all of it that can be taken back been?
    pub fn is_undone(&self) -> bool {
        self.undone_by.is_some() && self.undone >= self.back
    }

    pub fn targets(&self) -> usize {
        self.results.iter().sum()
    }

    /// Targets that were confirmed, and that nothing was sent for.
    pub fn not_begun(&self) -> usize {
        self.results.get(OutcomeWord::NotBegun as usize).copied().unwrap_or(0)
    }

    /// Has a target of it no end?
    pub fn is_open(&self) -> bool {
        self.unfinished() + self.not_begun() > 0
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

impl Book {
    /// Takes records in their order.
    pub fn of(records: impl Iterator<Item = Glance>) -> Self {
        let mut book = Self::default();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        // Most records are of the same batch as the one before.
        let mut last = None;
        for Glance { batch, what } in records {
            let place = match last.take().filter(|(of, _): &(Arc<str>, usize)| *of == batch) {
                Some((_, place)) => place,
                None => *places.entry(batch.clone()).or_insert_with(|| {
                    book.batches.push((batch.clone(), BTreeMap::new()));
                    book.batches.len() - 1
                }),
            };
            last = Some((batch, place));
            let Some((_, writes)) = book.batches.get_mut(place) else { continue };
            match what {
                What::Settled(operation, ends) => {
                    if let Some(write) = writes.get_mut(&operation) {
                        write.settle(&ends, false);
                    }
                }
                What::Intent(operation, start) => match writes.entry(operation) {
                    // Tried again, or its next request: the end of this one counts.
                    Entry::Occupied(mut write) => write.get_mut().again(&start),
                    Entry::Vacant(none) => drop(none.insert(SeenWrite::new(*start))),
                },
                What::Unsent(rows) => {
                    for (operation, start, ends) in rows {
                        let none = || SeenWrite { start, targets: Vec::new() };
                        writes.entry(operation).or_insert_with(none).settle(&ends, true);
                    }
                }
            }
        }
        book
    }

    /// By the place of each batch, what of it is taken back at present, and the place of the batch that did so. What an undo has put
    /// back, and one of that undo has taken away again, is not.
    fn taken_back(&self) -> HashMap<usize, HashMap<Key<'_>, usize>> {
        let places: HashMap<&str, usize> =
            self.batches.iter().enumerate().map(|(place, (id, _))| (&**id, place)).collect();
        let undoes = |place: usize| {
            let (_, writes) = self.batches.get(place)?;
            let id = writes.values().find_map(|write| write.start.undoes.as_deref())?;
            // Of what came before it: no circle.
            places.get(id).copied().filter(|&of| of < place)
        };
        let mut taken: HashMap<usize, HashMap<Key<'_>, usize>> = HashMap::new();
        for (place, (_, writes)) in self.batches.iter().enumerate() {
            let (mut next, mut is_taken) = (undoes(place), true);
            while let Some(of) = next {
                let known = taken.entry(of).or_default();
                for key in writes.values().flat_map(SeenWrite::lasting) {
                    if is_taken {
                        known.insert(key, place);
                    } else {
                        known.remove(&key);
                    }
                }
                (next, is_taken) = (undoes(of), !is_taken);
            }
        }
        taken
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
        let taken_back = self.taken_back();
        let found = |(place, (id, writes)): (usize, &(Arc<str>, BTreeMap<u32, SeenWrite>))| {
            let taken = taken_back.get(&place);
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
                undone_by: taken.and_then(|taken| taken.values().max()).map(|by| by + 1),
                undone: 0,
            };
            for (nth, write) in writes.values().enumerate() {
                let start = &write.start;
                summary.undoes = summary.undoes.or_else(|| start.undoes.as_ref().map(ToString::to_string));
                if nth == 0 {
                    summary.began = start.at;
                    summary.who = start.who.to_string();
                    summary.host = start.host.to_string();
                }
                summary.began = summary.began.min(start.at);
                if !summary.profiles.iter().any(|profile| **profile == *start.profile) {
                    summary.profiles.push(start.profile.to_string());
                }
                for target in &write.targets {
                    if let Some(count) = start.act.and_then(|act| summary.acts.get_mut(act)) {
                        *count += 1;
                    }
                    let is_lasting = start.is_lasting(target);
                    summary.back += usize::from(is_lasting);
                    let is_taken = is_lasting && taken.is_some_and(|taken| taken.contains_key(&start.key(target)));
                    summary.undone += usize::from(is_taken);
                    if let Some(count) = summary.results.get_mut(result_place(target.result)) {
                        *count += 1;
                    }
                    summary.found += usize::from(search.matches(&start.subject(place + 1, id, target)));
                }
            }
            summary.profiles.sort_unstable();
            (summary.found > 0 || search.is_empty()).then_some(summary)
        };
        self.batches.iter().enumerate().rev().filter_map(found).collect()
    }
}

impl SeenWrite {
    fn new(start: Start) -> Self {
        let targets = start.targets();
        Self { start, targets }
    }

    fn again(&mut self, start: &Start) {
        for seen in start.targets() {
            match self.targets.iter_mut().find(|target| target.ip == seen.ip) {
                Some(target) => target.result = None,
                None => self.targets.push(seen),
            }
        }
    }

    /// `all`: also of targets that no intent told.
    fn settle(&mut self, ends: &[Seen], all: bool) {
        for end in ends {
            match self.targets.iter_mut().find(|seen| seen.ip == end.ip) {
                Some(seen) => seen.result = end.result,
                None if all => self.targets.push(*end),
                None => {}
            }
        }
    }
}

impl SeenWrite {
    /// Targets that it has changed.
    fn lasting(&self) -> impl Iterator<Item = Key<'_>> {
        self.targets.iter().filter(|target| self.start.is_lasting(target)).map(|target| self.start.key(target))
    }
}

impl Start {
    /// Was it done, and can be taken back?
    fn is_lasting(&self, target: &Seen) -> bool {
        target.result == Some(OutcomeWord::Released) && self.act.is_some_and(|act| act < BACK)
    }

    fn key(&self, target: &Seen) -> Key<'_> {
        (&self.profile, &self.nic, target.ip)
    }

    fn targets(&self) -> Vec<Seen> {
        match self.ips.as_slice() {
            [] => vec![Seen { ip: None, result: None }],
            ips => ips.iter().map(|&ip| Seen { ip: Some(ip), result: None }).collect(),
        }
    }

    fn subject<'a>(&'a self, number: usize, batch: &'a str, target: &Seen) -> Subject<'a> {
        Subject {
            at: self.at,
            number,
            batch,
            who: &self.who,
            host: &self.host,
            cloud: &self.cloud,
            profile: &self.profile,
            region: &self.region,
            nic: &self.nic,
            instance: self.instance.as_deref(),
            ip: target.ip,
            act: self.act.and_then(|act| ACTS.get(act)).copied().unwrap_or_default(),
            result: target.result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::batch::tests::{cut_off, journal},
        *,
    };
    use crate::filter::search;

    fn book(lines: &[String]) -> Vec<Summary> {
        find(lines, "")
    }

    fn find(lines: &[String], text: &str) -> Vec<Summary> {
        let search = search::parse(text, Timestamp(1_000_000_000), 0).unwrap();
        let mut reader = Reader::default();
        Book::of(lines.iter().filter_map(|line| reader.glance(line.as_bytes()))).search(&search)
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
        assert_eq!(first.results, [2, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((first.targets(), first.unfinished()), (3, 1));
        // Two were not sent: one of the same write, and another one.
        assert_eq!(found[0].results, [0, 0, 0, 1, 0, 1, 1, 0, 0]);
    }

    /// An undo that was stopped, or refused, has not taken back what it did not put back.
    #[test]
    fn a_batch_counts_as_undone_by_what_was_put_back() {
        let mut lines = cut_off();
        let undo = |batch: &str, of: &str, act: &str, ends: &[&str]| -> Vec<String> {
            let base = r#""at":5000,"batch":"B","operation":0"#.replace('B', batch);
            // An empty end: nothing was to be done to that one.
            let ends = ends.iter().enumerate().filter(|(_, end)| !end.is_empty()).collect::<Vec<_>>();
            let ips = ends.iter().map(|(nth, _)| format!("\"10.0.0.{}\"", nth + 5)).collect::<Vec<_>>();
            let start = format!(
                r#"{{"v":2,"record":"intent",{base},"plan":"p","undoes":"{of}","cloud":"one","profile":"prod","region":"r-1","do":"{act}","nic":"eni-1","ips":[{}],"before":[],"who":"lin","host":"h","version":"0"}}"#,
                ips.join(",")
            );
            let end = |(nth, end): &(usize, &&str)| {
                let key = format!(r#"{{"nic":{{"profile":"prod","nic":"eni-1"}},"ip":"10.0.0.{}"}}"#, nth + 5);
                format!(r#"[{{"address":{key}}},{{"state":"{end}","request_id":null}}]"#)
            };
            let outcomes = ends.iter().map(end).collect::<Vec<_>>().join(",");
            vec![start, format!(r#"{{"v":2,"record":"settled",{base},"outcomes":[{outcomes}]}}"#)]
        };
        let first = |lines: &[String]| {
            let summary = book(lines).pop().unwrap();
            (summary.back, summary.undone, summary.undone_by, summary.is_undone())
        };
        assert_eq!(first(&lines), (2, 0, None, false));
        lines.extend(undo("u1", "b4", "assign", &["stopped", "stopped"]));
        assert_eq!(first(&lines), (2, 0, None, false), "nothing was put back");
        lines.extend(undo("u2", "b4", "assign", &["released", "stopped"]));
        assert_eq!(first(&lines), (2, 1, Some(3), false));
        lines.extend(undo("u3", "b4", "assign", &["released"]));
        assert_eq!(first(&lines), (2, 1, Some(4), false), "the same one again");
        lines.extend(undo("u4", "b4", "assign", &["", "released"]));
        assert_eq!(first(&lines), (2, 2, Some(5), true));
        lines.extend(undo("u5", "u4", "release", &["", "released"]));
        assert_eq!(first(&lines), (2, 1, Some(4), false), "the undo was undone");
        lines.extend(undo("u6", "u5", "assign", &["", "released"]));
        assert_eq!(first(&lines), (2, 2, Some(7), true), "and that one too");
        lines.extend(undo("u7", "u3", "release", &["released"]));
        lines.extend(undo("u8", "u6", "release", &["", "released"]));
        assert_eq!(first(&lines), (2, 0, None, false));
    }

    /// Killed before it came to its end: each target that was confirmed is told.
    #[test]
    fn a_batch_that_was_cut_off_adds_up_to_its_plan() {
        let found = book(&cut_off());
        assert_eq!((found.len(), found[0].targets(), found[0].not_begun(), found[0].unfinished()), (1, 5, 2, 1));
        assert_eq!(found[0].results, [2, 0, 0, 0, 0, 0, 0, 2, 1]);
        assert_eq!(
            (&*found[0].who, found[0].began, &found[0].profiles[..]),
            ("lin", Timestamp(900), &["prod".into()][..])
        );
        let ids = |text: &str| find(&cut_off(), text).into_iter().map(|batch| batch.found).sum::<usize>();
        assert_eq!((ids("result:not-begun"), ids("ip:10.0.0.8"), ids("act:detach")), (2, 1, 1));
    }

    #[test]
    fn a_search_finds_batches_by_their_targets() {
        let lines = journal();
        let ids =
            |text: &str| find(&lines, text).into_iter().map(|batch| (batch.batch, batch.found)).collect::<Vec<_>>();
        assert_eq!(ids("ip:10.0.0.0/24"), [("b1".to_owned(), 2)]);
        assert_eq!(ids("result:failed"), [("b2".to_owned(), 1)]);
        assert_eq!(ids("result:unfinished"), [("b1".to_owned(), 1)]);
        assert_eq!(ids("act:detach,assign"), [("b2".to_owned(), 3), ("b1".to_owned(), 1)]);
        assert_eq!(ids("result:stopped"), [("b2".to_owned(), 1)]);
        assert_eq!(ids("who:nobody"), []);
    }

    #[test]
    fn lines_that_are_no_records_are_passed_over() {
        for odd in ["", "{}", "torn", "{\"record\":\"intent\"}", "[1]"] {
            assert!(Reader::default().glance(odd.as_bytes()).is_none(), "{odd}");
        }
    }
}
