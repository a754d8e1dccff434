//! One batch, whole: each write with what was there before, what was sent, what was answered, and how it ended.

use std::collections::BTreeMap;

use crate::domain::{
    ids::{CloudId, OperationId, ProfileId, RegionId},
    journal::{Answer, Begun, Image, Intent, JournalEntry, PlannedWrite, Request, Unsent, UnsentWrite},
    outcome::{Outcome, OutcomeWord},
    plan::{OperationKind, Override},
    selection::Target,
    time::Timestamp,
};

/// One run of one plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    pub id: String,
    /// The plan's hash.
    pub plan: String,
    /// The batch that it takes back.
    pub undoes: Option<String>,
    pub who: String,
    pub host: String,
    pub version: String,
    pub began: Timestamp,
    /// The last end that is in the journal; `None` unless every target has its own.
    pub ended: Option<Timestamp>,
    /// The newest record of it.
    pub last: Timestamp,
    /// Some process may be carrying it out at this moment: what it has not begun is not left yet. The records do not tell.
    pub running: bool,
    /// The journal was changed where it tells of this batch: what it says was done may never have been. The records do not tell.
    pub edited: bool,
    /// In the plan's order.
    pub writes: Vec<Write>,
}

/// One write, with all its requests and tries.
#[derive(Clone, PartialEq, Debug)]
pub struct Write {
    pub operation: OperationId,
    pub at: Timestamp,
    pub cloud: CloudId,
    pub profile: ProfileId,
    pub region: RegionId,
    /// As first meant; a later try may have been about a part of it.
    pub kind: OperationKind,
    /// The NIC before the first request.
    pub image: Option<Box<Image>>,
    pub requests: Vec<Request>,
    pub answers: Vec<Answer>,
    /// The NIC as it was read back at the end.
    pub after: Option<Box<Image>>,
    pub rows: Vec<Row>,
    /// What of it went although something about it was not known, with the reason that a person gave.
    pub overrides: Vec<Override>,
    /// Its end was found by reading at a later start.
    pub found_later: bool,
}

/// One target.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    pub target: Target,
    /// `None`: no end is in the journal.
    pub outcome: Option<Outcome>,
}

impl Row {
    pub fn word(&self) -> Option<OutcomeWord> {
        self.outcome.as_ref().map(Outcome::word)
    }
}

/// Puts the batch together out of a journal's records; `None` if there is no such batch.
pub fn batch<'a>(entries: impl Iterator<Item = &'a JournalEntry>, id: &str) -> Option<Batch> {
    let mut found: Option<Batch> = None;
    let mut writes: BTreeMap<OperationId, Write> = BTreeMap::new();
    for entry in entries {
        if let (Some(batch), Some(at)) = (&mut found, of(entry, id)) {
            batch.last = batch.last.max(at);
        }
        match entry {
            JournalEntry::Begun(begun) if begun.batch == id => {
                found.get_or_insert_with(|| Batch::confirmed(begun));
                for row in &begun.rows {
                    writes.entry(row.operation).or_insert_with(|| Write::planned(row, begun.at));
                }
            }
            JournalEntry::Intent(intent) if intent.batch == id => {
                found.get_or_insert_with(|| Batch::begun(intent));
                writes.entry(intent.operation).or_insert_with(|| Write::begun(intent)).take(intent);
            }
            JournalEntry::Settled(end) if end.batch == id => {
                if let Some(batch) = &mut found {
                    batch.ended = batch.ended.max(Some(end.at));
                }
                let Some(write) = writes.get_mut(&end.operation) else { continue };
                write.answers.extend(end.answers.iter().cloned());
                write.after.clone_from(&end.after);
                write.found_later |= end.found_later;
                for (target, outcome) in &end.outcomes {
                    if let Some(row) = write.rows.iter_mut().find(|row| row.target == *target) {
                        row.outcome = Some(outcome.clone());
                    }
                }
            }
            JournalEntry::Unsent(unsent) if unsent.batch == id => {
                let batch = found.get_or_insert_with(|| Batch::unsent(unsent));
                batch.ended = batch.ended.max(Some(unsent.at));
                for row in &unsent.rows {
                    writes.entry(row.operation).or_insert_with(|| Write::unsent(row, unsent.at)).end(row);
                }
            }
            _ => {}
        }
    }
    let mut batch = Batch { writes: writes.into_values().collect(), ..found? };
    batch.ended = batch.ended.filter(|_| batch.is_whole());
    Some(batch)
}

/// When the record was written, if it is of this batch.
fn of(entry: &JournalEntry, id: &str) -> Option<Timestamp> {
    let (batch, at) = match entry {
        JournalEntry::Begun(begun) => (&begun.batch, begun.at),
        JournalEntry::Intent(intent) => (&intent.batch, intent.at),
        JournalEntry::Settled(end) => (&end.batch, end.at),
        JournalEntry::Unsent(unsent) => (&unsent.batch, unsent.at),
    };
    (batch == id).then_some(at)
}

impl Batch {
    fn new(id: &str, plan: &str, undoes: Option<&str>, [who, host, version]: [&str; 3], began: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            plan: plan.to_owned(),
            undoes: undoes.map(ToOwned::to_owned),
            who: who.to_owned(),
            host: host.to_owned(),
            version: version.to_owned(),
            began,
            ended: None,
            last: began,
            running: false,
            edited: false,
            writes: Vec::new(),
        }
    }

    fn confirmed(of: &Begun) -> Self {
        Self::new(&of.batch, &of.plan, of.undoes.as_deref(), [&of.who, &of.host, &of.version], of.at)
    }

    /// As journals of earlier versions tell it.
    fn begun(of: &Intent) -> Self {
        Self::new(&of.batch, &of.plan, of.undoes.as_deref(), [&of.who, &of.host, &of.version], of.at)
    }

    /// Of which nothing was sent.
    fn unsent(of: &Unsent) -> Self {
        Self::new(&of.batch, &of.plan, of.undoes.as_deref(), [&of.who, &of.host, &of.version], of.at)
    }

    /// Is it told of each target what became of it? It is so at the end of a batch, and of one that was cut off it never is.
    pub fn is_whole(&self) -> bool {
        self.rows().all(|(_, row)| row.word().is_some_and(|word| word != OutcomeWord::NotBegun))
    }

    pub fn rows(&self) -> impl Iterator<Item = (&Write, &Row)> {
        self.writes.iter().flat_map(|write| write.rows.iter().map(move |row| (write, row)))
    }
}

impl Write {
    /// Of which nothing is told but what it is.
    fn new(write: PlannedWrite, at: Timestamp, rows: Vec<Row>) -> Self {
        let PlannedWrite { operation, cloud, profile, region, kind } = write;
        Self {
            operation,
            at,
            cloud,
            profile,
            region,
            kind,
            image: None,
            requests: Vec::new(),
            answers: Vec::new(),
            after: None,
            rows,
            overrides: Vec::new(),
            found_later: false,
        }
    }

    /// Of which nothing was sent as yet.
    fn planned(of: &PlannedWrite, at: Timestamp) -> Self {
        let targets = of.kind.targets(&of.profile).into_iter();
        let rows = targets.map(|target| Row { target, outcome: Some(Outcome::NotBegun) }).collect();
        Self::new(of.clone(), at, rows)
    }

    fn begun(intent: &Intent) -> Self {
        let rows = intent.targets().into_iter().map(|target| Row { target, outcome: None }).collect();
        let write = PlannedWrite {
            operation: intent.operation,
            cloud: intent.cloud.clone(),
            profile: intent.profile.clone(),
            region: intent.region.clone(),
            kind: intent.kind.clone(),
        };
        Self { image: intent.image.clone(), ..Self::new(write, intent.at, rows) }
    }

    fn unsent(row: &UnsentWrite, at: Timestamp) -> Self {
        let write = PlannedWrite {
            operation: row.operation,
            cloud: row.cloud.clone(),
            profile: row.profile.clone(),
            region: row.region.clone(),
            kind: row.kind.clone(),
        };
        Self::new(write, at, Vec::new())
    }

    /// What of it was not sent, beside what was.
    fn end(&mut self, row: &UnsentWrite) {
        for (target, outcome) in &row.outcomes {
            match self.rows.iter_mut().find(|row| row.target == *target) {
                Some(row) => row.outcome = Some(outcome.clone()),
                None => self.rows.push(Row { target: target.clone(), outcome: Some(outcome.clone()) }),
            }
        }
    }

    /// One more request of it: how its targets ended before does not count any more.
    fn take(&mut self, intent: &Intent) {
        if self.image.is_none() && self.requests.is_empty() {
            self.at = intent.at;
            self.image.clone_from(&intent.image);
        }
        self.requests.extend(intent.request.as_deref().cloned());
        let new = intent.overrides.iter().filter(|one| !self.overrides.contains(one)).cloned().collect::<Vec<_>>();
        self.overrides.extend(new);
        for target in intent.targets() {
            if let Some(row) = self.rows.iter_mut().find(|row| row.target == target) {
                row.outcome = None;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::domain::{
        fault::{Fault, FaultKind},
        finding::FindingId,
        ids::{AddressKey, NicKey},
        journal::Settlement,
        outcome::Skip,
    };

    fn intent(batch: &str, operation: u32, profile: &str, kind: OperationKind) -> JournalEntry {
        JournalEntry::Intent(Box::new(Intent {
            at: Timestamp(1000 + i64::from(operation)),
            batch: batch.into(),
            operation: OperationId(operation),
            plan: "7f3a9c".into(),
            undoes: None,
            cloud: "one".into(),
            profile: profile.into(),
            region: "r-1".into(),
            kind,
            step: String::new(),
            before: vec![],
            image: None,
            request: Some(Box::new(Request {
                method: "POST".into(),
                host: "h".into(),
                path: format!("/{operation}"),
                body: String::new(),
            })),
            overrides: vec![],
            belts: None,
            file: None,
            account: None,
            who: "lin \u{7f51}".into(),
            host: "h".into(),
            version: "0".into(),
        }))
    }

    fn ended(batch: &str, operation: u32, outcomes: Vec<(Target, Outcome)>) -> JournalEntry {
        let answer = Answer { status: Some(200), code: None, request_id: Some("req".into()), ms: 7, text: "{}".into() };
        JournalEntry::Settled(Settlement {
            at: Timestamp(2000 + i64::from(operation)),
            batch: batch.into(),
            operation: OperationId(operation),
            outcomes,
            found_later: false,
            answers: vec![answer],
            after: None,
        })
    }

    fn address(profile: &str, nic: &str, ip: &str) -> Target {
        let nic = NicKey { profile: profile.into(), nic: nic.into() };
        Target::Address(AddressKey { nic, ip: ip.parse().unwrap() })
    }

    /// One address of the first write, and the only one of a second.
    fn unsent(batch: &str) -> JournalEntry {
        let row = |operation, ip: &str, outcome| UnsentWrite {
            operation: OperationId(operation),
            cloud: "one".into(),
            profile: "prod".into(),
            region: "r-1".into(),
            kind: OperationKind::Assign { nic: "eni-1".into(), ips: vec![ip.parse().unwrap()], lists: vec![] },
            outcomes: vec![(address("prod", "eni-1", ip), outcome)],
        };
        JournalEntry::Unsent(Unsent {
            at: Timestamp(3000),
            batch: batch.into(),
            plan: "7f3a9c".into(),
            undoes: None,
            who: "lin \u{7f51}".into(),
            host: "h".into(),
            version: "0".into(),
            rows: vec![
                row(0, "10.9.0.6", Outcome::Skipped { why: Skip::AfterFailure }),
                row(1, "10.9.0.7", Outcome::Stopped),
            ],
        })
    }

    fn records() -> Vec<JournalEntry> {
        let ips = vec!["10.0.0.5".parse().unwrap(), "10.0.0.6".parse().unwrap()];
        let release = OperationKind::Release { nic: "eni-1".into(), ips };
        let one = OperationKind::Release { nic: "eni-1".into(), ips: vec!["10.0.0.6".parse().unwrap()] };
        let detach = OperationKind::Detach { nic: "eni-2".into(), instance: "i-2".into() };
        let assign =
            OperationKind::Assign { nic: "eni-1".into(), ips: vec!["10.9.0.5".parse().unwrap()], lists: vec![] };
        let fault = || Outcome::Failed { fault: Fault::local(FaultKind::Throttled, "Act", "slow down") };
        let done = || Outcome::Released { request_id: Some("req".into()) };
        let (five, six) = (address("prod", "eni-1", "10.0.0.5"), address("prod", "eni-1", "10.0.0.6"));
        vec![
            intent("b1", 0, "prod", release),
            intent("b1", 1, "gz", detach),
            ended("b1", 0, vec![(five, done()), (six.clone(), fault())]),
            intent("b1", 0, "prod", one),
            ended("b1", 0, vec![(six, done())]),
            intent("b2", 0, "prod", assign),
            ended("b2", 0, vec![(address("prod", "eni-1", "10.9.0.5"), fault())]),
            unsent("b2"),
        ]
    }

    /// As the journal writes them.
    pub(crate) fn journal() -> Vec<String> {
        records().iter().map(|entry| serde_json::to_string(entry).unwrap()).collect()
    }

    /// Of five targets two are released, one was sent and has no end, and two were not begun.
    fn records_cut_off() -> Vec<JournalEntry> {
        let ip = |last: u8| IpAddr::from([10, 0, 0, last]);
        let release = |nic: &str, ips: &[u8]| OperationKind::Release {
            nic: nic.into(),
            ips: ips.iter().map(|&last| ip(last)).collect(),
        };
        let planned = |operation, kind| PlannedWrite {
            operation: OperationId(operation),
            cloud: "one".into(),
            profile: "prod".into(),
            region: "r-1".into(),
            kind,
        };
        let done = || Outcome::Released { request_id: None };
        let targets = |nic: &str, last: u8| address("prod", nic, &ip(last).to_string());
        vec![
            JournalEntry::Begun(Begun {
                at: Timestamp(900),
                batch: "b4".into(),
                plan: "7f3a9c".into(),
                undoes: None,
                file: None,
                who: "lin".into(),
                host: "h".into(),
                version: "0".into(),
                targets: 5,
                rows: vec![
                    planned(0, release("eni-1", &[5, 6])),
                    planned(1, release("eni-2", &[7, 8])),
                    planned(2, OperationKind::Detach { nic: "eni-3".into(), instance: "i-3".into() }),
                ],
            }),
            intent("b4", 0, "prod", release("eni-1", &[5, 6])),
            ended("b4", 0, vec![(targets("eni-1", 5), done()), (targets("eni-1", 6), done())]),
            // One address of it was not to be sent any more.
            intent("b4", 1, "prod", release("eni-2", &[7])),
        ]
    }

    pub(crate) fn cut_off() -> Vec<String> {
        records_cut_off().iter().map(|entry| serde_json::to_string(entry).unwrap()).collect()
    }

    #[test]
    fn what_was_not_begun_is_told_as_that() {
        let records = records_cut_off();
        let found = batch(records.iter(), "b4").unwrap();
        let words: Vec<_> = found.rows().map(|(_, row)| row.word()).collect();
        let (released, not_begun) = (Some(OutcomeWord::Released), Some(OutcomeWord::NotBegun));
        assert_eq!(words, [released, released, None, not_begun, not_begun]);
        assert_eq!(
            (found.began, found.writes[0].at, found.writes[2].at),
            (Timestamp(900), Timestamp(1000), Timestamp(900))
        );
        assert_eq!(found.writes.iter().map(|write| write.requests.len()).collect::<Vec<_>>(), [1, 1, 0]);
        let before = batch(records[..1].iter(), "b4").unwrap();
        assert_eq!((found.ended, found.last), (None, Timestamp(2000)), "it has no end, and records");
        assert!(before.rows().count() == 5 && before.rows().all(|(_, row)| row.word() == not_begun));
    }

    #[test]
    fn why_something_went_that_was_not_known_is_told_with_its_write() {
        let target = address("prod", "eni-1", "10.0.0.5");
        let reason = "the balancer is gone, see T-7".to_owned();
        let over = Override { target, findings: vec![FindingId::LbUnknown], reason };
        let mut records = records();
        for record in &mut records {
            if let JournalEntry::Intent(intent) = record {
                intent.overrides = vec![over.clone()];
            }
        }
        let found = batch(records.iter(), "b1").unwrap();
        assert_eq!(found.writes[0].overrides, [over], "once, although there were two tries");
        assert!(batch(self::records().iter(), "b1").unwrap().writes.iter().all(|write| write.overrides.is_empty()));
    }

    #[test]
    fn a_batch_is_put_together() {
        let records = records();
        let found = batch(records.iter(), "b1").unwrap();
        assert_eq!((found.began, found.ended, found.writes.len()), (Timestamp(1000), None, 2));
        assert_eq!(found.last, Timestamp(2000), "one target has no end");
        let words: Vec<_> = found.rows().map(|(_, row)| row.word()).collect();
        assert_eq!(words, [Some(OutcomeWord::Released), Some(OutcomeWord::Released), None]);
        let write = &found.writes[0];
        assert_eq!((write.requests.len(), write.answers.len()), (2, 2), "both tries");
        assert_eq!(batch(records.iter(), "b3"), None);
        let second = batch(records.iter(), "b2").unwrap();
        let words: Vec<_> = second.rows().map(|(_, row)| row.word().unwrap()).collect();
        assert_eq!(words, [OutcomeWord::Failed, OutcomeWord::Skipped, OutcomeWord::Stopped], "sent or not");
        assert_eq!(second.ended, Some(Timestamp(3000)));
        let nothing = batch(records.iter().filter(|entry| matches!(entry, JournalEntry::Unsent(_))), "b2").unwrap();
        assert_eq!((nothing.began, nothing.rows().count()), (Timestamp(3000), 2), "a batch that sent nothing");
    }
}
