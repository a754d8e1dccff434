use std::{collections::BTreeSet, fs::OpenOptions, io::Write};

use super::{
    files::full,
    open::ELSEWHERE_MS,
    verify::{What, verify},
    *,
};
use crate::domain::{
    fault::{Fault, FaultKind},
    finding::FindingId,
    ids::{AddressKey, NicKey, OperationId},
    journal::{Begun, StrangeWrite, Unsent, UnsentWrite},
    journal_fault::{JournalDoubtKind, JournalFaultKind},
    outcome::{Outcome, Skip},
    plan::{Change, ChangedFact, OperationKind, Override},
    selection::Target,
    time::Timestamp,
};

fn boxed(batch: &str, operation: u32) -> Box<Intent> {
    Box::new(intent(batch, operation))
}

fn intent(batch: &str, operation: u32) -> Intent {
    Intent {
        at: Timestamp(1_700_000_000_123),
        batch: batch.to_owned(),
        operation: OperationId(operation),
        plan: "7f3a9c".to_owned(),
        undoes: None,
        cloud: "cloud".into(),
        profile: "prod".into(),
        region: "r-1".into(),
        kind: OperationKind::Release {
            nic: "eni-1".into(),
            ips: vec!["10.0.0.5".parse().unwrap(), "fd00::1".parse().unwrap()],
        },
        step: String::new(),
        before: vec!["10.0.0.4".parse().unwrap()],
        image: None,
        request: None,
        overrides: vec![],
        belts: None,
        file: None,
        account: None,
        who: "lin \u{1b}[31m\n网".to_owned(),
        host: "h".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

fn settlement(batch: &str, operation: u32) -> Settlement {
    let nic = NicKey { profile: "prod".into(), nic: "eni-1".into() };
    let address = |ip: &str| Target::Address(AddressKey { nic: nic.clone(), ip: ip.parse().unwrap() });
    let change = Change { fact: ChangedFact::Eips, before: "-".into(), now: "eip-9".into() };
    let fault = Fault::local(FaultKind::Timeout, "Act", "no answer");
    Settlement {
        at: Timestamp(1),
        batch: batch.to_owned(),
        operation: OperationId(operation),
        outcomes: vec![
            (address("10.0.0.5"), Outcome::Released { request_id: Some("req".into()) }),
            (address("fd00::1"), Outcome::AlreadyGone { request_id: None }),
            (Target::Nic(nic.clone()), Outcome::Skipped { why: Skip::Stale { changes: vec![change] } }),
            (Target::Nic(nic.clone()), Outcome::Unknown { fault }),
            (Target::Nic(nic.clone()), Outcome::Stopped),
        ],
        found_later: operation == 1,
        answers: Vec::new(),
        after: None,
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/nicdeck/journal.jsonl");
    (folder, path)
}

#[tokio::test]
async fn what_is_written_is_read_back_and_intents_without_an_end_are_found() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let permit = journal.intent(intent("b1", 0), false).await.unwrap();
    assert_eq!(permit.operation(), OperationId(0));
    assert!(permit.covers(&"prod".into(), &intent("b1", 0).region, &intent("b1", 0).kind, ""));
    assert!(!permit.covers(&"prod".into(), &"elsewhere".into(), &intent("b1", 0).kind, ""));
    assert!(!permit.covers(&"prod".into(), &intent("b1", 0).region, &intent("b1", 0).kind, "second"));
    assert!(!permit.covers(&"other".into(), &intent("b1", 0).region, &intent("b1", 0).kind, ""));
    journal.intent(intent("b1", 1), false).await.unwrap();
    journal.settled(settlement("b1", 0)).await.unwrap();
    // The same operation of another batch is another write.
    let other = Intent { region: "r-2".into(), ..intent("b2", 0) };
    journal.intent(other.clone(), false).await.unwrap();

    let contents = journal.read().await.unwrap();
    assert_eq!(
        contents.entries,
        [
            JournalEntry::Intent(boxed("b1", 0)),
            JournalEntry::Intent(boxed("b1", 1)),
            JournalEntry::Settled(settlement("b1", 0)),
            JournalEntry::Intent(Box::new(other.clone())),
        ]
    );
    assert_eq!(contents.bad, []);
    assert_eq!(contents.open_intents().collect::<Vec<_>>(), [intent("b1", 1), other.clone()]);
    assert_eq!(open_intents(&path).unwrap().writes, [intent("b1", 1), other]);
}

/// A torn line, a journal that was put aside and clouds that are gone
/// stand against nothing.
#[tokio::test]
async fn what_another_batch_has_begun_on_the_nic_refuses_the_next_intent() {
    let (_folder, path) = folder();
    let (ours, theirs) = (Journal::open(&path).unwrap(), Journal::open(&path).unwrap());
    theirs.intent(intent("b1", 0), false).await.unwrap();
    let mine = intent("b2", 0);
    match ours.intent(mine.clone(), false).await {
        Err(JournalError::Begun { batch, .. }) => assert_eq!(batch, "b1, lin \u{fffd}[31m\u{fffd}网@h"),
        other => panic!("{other:?}"),
    }
    ours.clone().since(Timestamp(1_700_000_000_124)).intent(mine.clone(), false).await.unwrap();
    ours.settled(settlement("b2", 0)).await.unwrap();
    // Its own, and other NICs', are in nobody's way.
    theirs.intent(intent("b1", 0), false).await.unwrap();
    ours.intent(Intent { region: "r-2".into(), ..mine.clone() }, false).await.unwrap();
    ours.settled(settlement("b2", 0)).await.unwrap();
    assert!(ours.intent(mine.clone(), false).await.is_err());
    // Half a line is nobody's yet.
    let whole = fs::read(&path).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(br#"{"v":2,"record":"settled","ba"#).unwrap();
    assert!(ours.intent(mine.clone(), false).await.is_err());
    fs::write(&path, whole).unwrap();
    theirs.settled(known("b1")).await.unwrap();
    ours.intent(mine.clone(), false).await.unwrap();
    ours.settled(known("b2")).await.unwrap();
    files::put_aside(&path).unwrap();
    theirs.intent(intent("b1", 1), false).await.unwrap();
    assert!(
        ours.intent(Intent { batch: "b3".to_owned(), ..mine }, false).await.is_err(),
        "in the new one as in the old"
    );
}

/// What a person said why it goes passes what is long over, and never what may still be under way.
#[tokio::test]
async fn an_override_passes_an_old_write_of_unknown_end() {
    let (_folder, path) = folder();
    let (ours, theirs) = (Journal::open(&path).unwrap(), Journal::open(&path).unwrap());
    let old = intent("b1", 0);
    theirs.intent(old.clone(), false).await.unwrap();
    let at = |ms: i64, overrides: &[Override]| Intent {
        at: Timestamp(old.at.0 + ms),
        overrides: overrides.to_vec(),
        ..intent("b2", 0)
    };
    let said = |finding: FindingId| -> Vec<Override> {
        let one = |target| Override { target, findings: vec![finding], reason: "the owner has looked".to_owned() };
        old.targets().into_iter().map(one).collect()
    };
    let earlier = said(FindingId::EarlierWrite);
    for (ms, overrides) in [
        (200_000, &[][..]),
        (149_999, &earlier[..]),
        (200_000, &earlier[..1]),
        (200_000, &said(FindingId::EipUnknown)[..]),
    ] {
        assert!(ours.intent(at(ms, overrides), false).await.is_err(), "{ms} {overrides:?}");
    }
    ours.intent(at(150_000, &earlier), false).await.unwrap();
}

/// An end that is known for all targets.
fn known(batch: &str) -> Settlement {
    let outcomes = settlement(batch, 0).outcomes.into_iter().map(|(target, _)| (target, Outcome::Stopped)).collect();
    Settlement { outcomes, ..settlement(batch, 0) }
}

/// A write that did nothing is tried again under the same number: the end of the first try does not close the second.
#[tokio::test]
async fn each_try_is_closed_by_its_own_end() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let open = || -> usize { read(&path).unwrap().open_intents().count() };
    for still_open in [1, 0, 1, 0] {
        match still_open {
            1 => drop(journal.intent(intent("b", 0), false).await.unwrap()),
            _ => journal.settled(settlement("b", 0)).await.unwrap(),
        }
        assert_eq!((open(), open_intents(&path).unwrap().writes.len()), (still_open, still_open));
    }
}

/// An end that says that nobody knows is none, for the targets that it says it of.
#[tokio::test]
async fn what_is_unknown_stays_open_until_an_end_tells_it() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    let end = settlement("b", 0);
    let unknown = Outcome::Unknown { fault: Fault::local(FaultKind::Timeout, "Act", "no answer") };
    let half = vec![(end.outcomes[0].0.clone(), unknown.clone()), end.outcomes[1].clone()];
    journal.settled(Settlement { outcomes: half, ..end.clone() }).await.unwrap();
    let left = OperationKind::Release { nic: "eni-1".into(), ips: vec!["10.0.0.5".parse().unwrap()] };
    let open = || open_intents(&path).unwrap().writes;
    assert_eq!(open(), [Intent { kind: left, ..intent("b", 0) }], "the other address has its end");
    assert_eq!(read(&path).unwrap().open_intents().collect::<Vec<_>>(), open());
    assert_eq!(journal.open_of("b".to_owned()).await.unwrap().len(), 1);
    assert_eq!(journal.open_of("c".to_owned()).await.unwrap(), []);
    journal.put_aside(1).unwrap();
    assert!(path.exists(), "it is not put aside");
    // Another look that tells nothing changes nothing.
    let still = vec![(end.outcomes[0].0.clone(), unknown)];
    journal.settled(Settlement { outcomes: still, found_later: true, ..end.clone() }).await.unwrap();
    assert_eq!(open().len(), 1);
    let known = vec![end.outcomes[0].clone()];
    journal.settled(Settlement { outcomes: known, found_later: true, ..end }).await.unwrap();
    assert_eq!(open(), []);
}

/// A line that is JSON was not torn: what it says of a write cannot be passed over.
#[tokio::test]
async fn writes_of_a_later_version_and_edited_ones_are_told_as_far_as_they_can_be_read() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    let line = fs::read_to_string(&path).unwrap();
    let strange = |version, profile: Option<&str>, nic: Option<&str>| StrangeWrite {
        version,
        profile: profile.map(Into::into),
        nic: nic.map(Into::into),
    };
    let told = |lines: &[&str]| {
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let open = open_intents(&path).unwrap();
        assert_eq!(open.writes, []);
        open.strange
    };
    let later = line.trim_end().replace("\"v\":2", "\"v\":5");
    assert_eq!(told(&[&later]), [strange(5, Some("prod"), Some("eni-1"))]);
    let other = r#"{"v":5,"record":"intent","batch":"b","operation":0,"profile":"prod","nics":["eni-1"]}"#;
    assert_eq!(told(&[other]), [strange(5, Some("prod"), None)]);
    assert_eq!(told(&[r#"{"v":5,"record":"intent"}"#]), [strange(5, None, None)]);
    assert_eq!(
        told(&[&line.trim_end().replace("\"release\"", "\"relese\"")]),
        [strange(2, Some("prod"), Some("eni-1"))]
    );
    // What names its profiles further in tells no write: so an earlier nicdeck passes over how a batch began.
    let begun = r#"{"v":5,"record":"begun","batch":"b","rows":[{"operation":0,"profile":"prod","nic":"eni-1"}]}"#;
    assert_eq!(told(&[begun]), []);
    assert_eq!(told(&[r#"{"v":5,"record":"note","text":"x"}"#, "{}", "{\"v\":2,\"reco", "\u{0}"]), []);
    // Their own ends close them, if these can be read.
    let end = serde_json::to_string(&JournalEntry::Settled(settlement("b", 0))).unwrap();
    let end = end.replacen('{', "{\"v\":5,", 1);
    assert_eq!(told(&[&later, &end]), []);
    assert_eq!(told(&[&later, r#"{"v":5,"record":"settled","batch":"b","operation":0,"ends":[]}"#]).len(), 1);
    assert_eq!(told(&[&later, &end.replace("\"released\"", "\"unknown\",\"fault\":{}")]).len(), 1);
}

/// Other tools read the journal as well: one JSON object a line, with these names.
#[tokio::test]
async fn the_lines_keep_their_form() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "a name with a line break stays in its line");
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["v"], 2);
    assert_eq!(line["record"], "intent");
    assert_eq!(line["do"], "release");
    assert_eq!(line["ips"], serde_json::json!(["10.0.0.5", "fd00::1"]));
}

#[tokio::test]
async fn a_read_only_profile_gets_no_permit_and_no_record() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let error = journal.intent(intent("b", 0), true).await.unwrap_err();
    assert!(matches!(&error, JournalError::ReadOnly(profile) if profile.as_str() == "prod"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[tokio::test]
async fn a_torn_tail_is_closed_reported_and_costs_no_other_record() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    let whole = fs::read(&path).unwrap();
    let half = &whole[..whole.len() / 2];
    OpenOptions::new().append(true).open(&path).unwrap().write_all(half).unwrap();
    journal.intent(intent("b", 2), false).await.unwrap();

    let contents = read(&path).unwrap();
    assert_eq!(contents.entries, [JournalEntry::Intent(boxed("b", 0)), JournalEntry::Intent(boxed("b", 2))]);
    assert_eq!(contents.bad, [BadLine { file: path, line: 2, why: BadLineKind::Torn }]);
}

#[test]
fn lines_that_are_no_records_are_told_apart() {
    let (_folder, path) = folder();
    Journal::open(&path).unwrap();
    fs::write(&path, b"\n{\"v\":5,\"record\":\"new\"}\n\0\0\n\xff\n{\"v\":1,\"record\":\"intent\"}\n{}\n").unwrap();
    let bad = read(&path).unwrap().bad;
    let bad_line = |line, why| BadLine { file: path.clone(), line, why };
    let torn = |line| bad_line(line, BadLineKind::Torn);
    assert_eq!(bad, [bad_line(2, BadLineKind::Newer(5)), torn(3), torn(4), torn(5), torn(6)]);
}

/// A journal cut at any byte loses at most the record it was cut in.
#[tokio::test]
async fn cut_anywhere_the_rest_survives() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    let first = fs::metadata(&path).unwrap().len();
    journal.settled(settlement("b", 0)).await.unwrap();
    let whole = fs::read(&path).unwrap();
    for cut in usize::try_from(first).unwrap()..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        journal.append(&JournalEntry::Intent(boxed("b", 1))).unwrap();
        let contents = read(&path).unwrap();
        assert_eq!(contents.entries.first(), Some(&JournalEntry::Intent(boxed("b", 0))), "cut at {cut}");
        assert_eq!(contents.entries.last(), Some(&JournalEntry::Intent(boxed("b", 1))), "cut at {cut}");
        // Cut right before its line end, the record is whole.
        let kept = usize::from(cut == whole.len() - 1);
        assert_eq!(contents.entries.len(), 2 + kept, "cut at {cut}");
    }
}

#[test]
fn records_of_many_writers_never_mix() {
    const WRITERS: u32 = 4;
    const RECORDS: u32 = 50;
    let (_folder, path) = folder();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = &path;
            // Each opens the journal by itself, as a process of its own would.
            scope.spawn(move || {
                let journal = Journal::open(path).unwrap();
                for record in 0..RECORDS {
                    let region = format!("r-{writer}").as_str().into();
                    let intent = Intent { region, ..intent(&format!("b{writer}"), record) };
                    journal.append(&JournalEntry::Intent(Box::new(intent))).unwrap();
                }
            });
        }
    });
    let contents = read(&path).unwrap();
    assert_eq!(contents.bad, []);
    let seen: BTreeSet<_> = contents.open_intents().map(|intent| (intent.batch.clone(), intent.operation)).collect();
    assert_eq!(seen.len(), (WRITERS * RECORDS) as usize);
}

#[test]
fn a_record_waits_for_the_lock_of_another_process() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let other = File::open(&path).unwrap();
    other.lock().unwrap();
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            journal.append(&JournalEntry::Intent(boxed("b", 0))).unwrap();
            done.send(()).unwrap();
        });
        assert!(is_done.recv_timeout(Duration::from_millis(50)).is_err(), "written under the other's lock");
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        other.unlock().unwrap();
        is_done.recv().unwrap();
    });
    assert_eq!(read(&path).unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_journal_that_was_moved_away_is_begun_anew() {
    let (folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    fs::rename(&path, folder.path().join("old")).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    assert_eq!(read(&path).unwrap().entries.len(), 1);
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    let error = journal.intent(intent("b", 1), false).await.unwrap_err();
    assert_eq!(error.fault().kind, JournalFaultKind::Open);
}

/// A file that is made anew while the program runs could be gone after a power cut, with the intent in it.
#[tokio::test]
async fn the_first_record_of_a_file_waits_until_its_name_is_on_disk() {
    let (_folder, path) = folder();
    let mut journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    journal.sync_folder = |_| Err(io::Error::other("the folder does not sync"));
    journal.intent(intent("b", 1), false).await.unwrap();
    fs::remove_file(&path).unwrap();
    for _ in 0..2 {
        let error = journal.intent(intent("b", 2), false).await.unwrap_err();
        assert_eq!(error.fault().kind, JournalFaultKind::Write, "no permit");
    }
    assert_eq!(read(&path).unwrap(), Contents::default());
    assert!(open_intents(&path).unwrap().is_empty());
}

#[test]
fn a_journal_that_does_not_exist_is_empty() {
    let (_folder, path) = folder();
    assert_eq!(read(&path).unwrap(), Contents::default());
}

#[cfg(target_os = "linux")]
#[test]
fn a_record_that_a_full_disk_does_not_take_is_not_written() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let mut full = File::options().read(true).write(true).open("/dev/full").unwrap();
    // It reads as if it went on for ever, but has no length.
    let error = journal.put_line(&mut full, 2, "{}").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

/// What became of a write is not lost because the disk was full when it was known.
#[tokio::test]
async fn an_end_that_could_not_be_written_is_written_before_the_next_record() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    let moved = path.with_extension("moved");
    fs::rename(&path, &moved).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(journal.settled(settlement("b", 0)).await.is_err());
    let unsent = Unsent {
        at: Timestamp(0),
        batch: "b".to_owned(),
        plan: "p".to_owned(),
        undoes: None,
        who: "w".to_owned(),
        host: "h".to_owned(),
        version: "0".to_owned(),
        rows: vec![UnsentWrite {
            operation: OperationId(7),
            cloud: "c".into(),
            profile: "p".into(),
            region: "r".into(),
            kind: OperationKind::Release { nic: "n".into(), ips: vec!["10.0.0.1".parse().unwrap()] },
            outcomes: Vec::new(),
        }],
    };
    assert!(journal.unsent(unsent).await.is_err());
    assert_eq!(journal.catch_up("b").await, []);
    assert!(journal.intent(intent("b2", 0), false).await.is_err());
    fs::remove_dir(&path).unwrap();
    fs::rename(&moved, &path).unwrap();
    journal.intent(intent("b2", 0), false).await.unwrap();
    let entries = read(&path).unwrap().entries;
    let ends = |entry: &JournalEntry| matches!(entry, JournalEntry::Settled(_));
    assert_eq!(entries.iter().map(ends).collect::<Vec<_>>(), [false, true, false, false]);
    assert!(matches!(&entries[2..], [JournalEntry::Unsent(_), JournalEntry::Intent(_)]), "{entries:?}");
    assert_eq!(journal.catch_up("b2").await, [], "of another batch");
    assert_eq!(
        journal.catch_up("b").await,
        [OperationId(0), OperationId(7)],
        "also what went along with another record"
    );
    assert_eq!(journal.catch_up("b").await, [], "once");
}

/// Some take everything and keep nothing, some have no end, and a pipe waits for somebody who writes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_no_file_is_no_journal() {
    let (_folder, pipe) = folder();
    fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [Path::new("/dev/full"), Path::new("/dev/zero"), Path::new("/dev/null"), &pipe] {
        let is_told = |error: JournalError| {
            let fault = error.fault();
            assert!(fault.kind == JournalFaultKind::Open && fault.reason.contains("not a file"), "{path:?}: {fault:?}");
        };
        is_told(Journal::open(path).unwrap_err());
        is_told(Journal::at(path).intent(intent("b", 0), false).await.unwrap_err());
        is_told(Journal::at(path).running().await.unwrap_err());
        is_told(read(path).unwrap_err());
        is_told(open_intents(path).unwrap_err());
        is_told(verify::doubts(path, Timestamp(0)).unwrap_err());
        is_told(scan(path, || |_: &[u8]| ()).unwrap_err());
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_may_read_it() {
        let (_folder, path) = folder();
        Journal::open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        Journal::open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_with_the_reason() {
        let (folder, _) = folder();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Journal::open(&file.join("sub/journal.jsonl")).unwrap_err();
        let JournalError::Folder { path, error } = error else { panic!("{error}") };
        assert_eq!(path, file.join("sub"));
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
        let error = Journal::open(folder.path()).unwrap_err();
        assert_eq!(error.fault().kind, JournalFaultKind::Open, "a folder in the journal's place");
    }
}

#[tokio::test]
async fn an_open_write_is_left_alone_while_a_batch_that_may_be_its_own_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.jsonl")).unwrap();
    let now = intent("b", 0).at;
    let told = |host: &str, now: Timestamp| -> Vec<(u32, bool)> {
        let open = open_writes(journal.path(), host, now).unwrap();
        open.writes.into_iter().map(|write| (write.intent.operation.0, write.maybe_running)).collect()
    };
    assert_eq!(told("h", now), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is made to find out nothing");
    let newest = Intent { step: "second".to_owned(), ..intent("b", 0) };
    for intent in [intent("b", 0), intent("b", 1), newest.clone(), intent("b", 2)] {
        journal.intent(intent, false).await.unwrap();
    }
    journal.settled(settlement("b", 1)).await.unwrap();
    assert_eq!(told("h", now), [(0, false), (2, false)]);
    assert_eq!(open_writes(journal.path(), "h", now).unwrap().writes[0].intent, newest);

    let (one, other) = (journal.running().await.unwrap(), journal.running().await.unwrap());
    assert_eq!(told("h", now), [(0, true), (2, true)]);
    drop(one);
    assert_eq!(told("h", now), [(0, true), (2, true)], "the other batch goes on");
    drop(other);
    assert_eq!(told("h", now), [(0, false), (2, false)]);

    // Of another machine nothing is known, until it can not matter any more.
    assert_eq!(told("elsewhere", now), [(0, true), (2, true)]);
    assert_eq!(told("elsewhere", now.plus_ms(ELSEWHERE_MS)), [(0, false), (2, false)]);
}

/// A journal of three records, as the lines of its file.
async fn three(path: &Path) -> Vec<String> {
    let journal = Journal::open(path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    journal.settled(settlement("b", 0)).await.unwrap();
    journal.intent(intent("b", 1), false).await.unwrap();
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn faults(path: &Path) -> Vec<(usize, What)> {
    verify(path).unwrap().faults.into_iter().map(|fault| (fault.line, fault.what)).collect()
}

#[tokio::test]
async fn an_edit_a_gap_and_a_line_put_in_are_found() {
    let (_folder, path) = folder();
    let lines = three(&path).await;
    let told = verify(&path).unwrap();
    assert_eq!((told.records, told.unproven, told.is_whole(), told.files.len()), (3, 0, true, 1));
    assert_eq!(told.last, Some(chain::digest(lines[2].as_bytes())));

    // What is missing at the end is another matter.
    fs::remove_file(path.with_extension("mark")).unwrap();
    let with = |lines: &[&str]| {
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        assert!(!verify(&path).unwrap().is_whole());
        faults(&path)
    };
    let edited = lines[1].replace("10.0.0.5", "10.0.0.6");
    assert_eq!(with(&[&lines[0], &edited, &lines[2]]), [(2, What::Edited), (3, What::Gap)]);
    assert_eq!(with(&[&lines[0], &lines[1], &lines[2].replace("lin", "wu")]), [(3, What::Edited)], "the last one too");
    assert_eq!(with(&[&lines[0], &lines[2]]), [(2, What::Gap)]);
    assert_eq!(with(&[&lines[1], &lines[2]]), [(1, What::Gap)]);
    assert_eq!(with(&[&lines[1], &lines[0], &lines[2]]), [(1, What::Gap), (2, What::Gap), (3, What::Gap)]);
    let first_version = r#"{"v":1,"record":"settled","at":1,"batch":"b","operation":9,"outcomes":[]}"#;
    assert_eq!(with(&[&lines[0], first_version, &lines[1]]), [(2, What::Edited), (3, What::Gap)]);
    assert_eq!(with(&[&lines[0], &lines[1], first_version]), [(3, What::Edited)], "at the end as well");
    let (bare, _) = lines[2].split_once(",\"hash\":").unwrap();
    assert_eq!(with(&[&lines[0], &lines[1], &format!("{bare}}}")]), [(3, What::Edited)], "without its digest");
    assert_eq!(with(&[&lines[0], "{\"v\":5}", &lines[1]]), [(2, What::Newer(5)), (3, What::Gap)]);
}

/// Two cores share it: each counts lines on its own.
#[tokio::test]
async fn in_a_long_journal_each_fault_has_its_line() {
    let (_folder, path) = folder();
    let mut lines = three(&path).await;
    while lines.iter().map(String::len).sum::<usize>() as u64 <= 2 * super::scan::SHARED {
        let before = chain::digest(lines.last().unwrap().as_bytes());
        let text = format!("{{\"record\":\"settled\",\"at\":1,\"batch\":\"{}\"}}", "b".repeat(9000));
        lines.push(chain::seal(4, &text, Some(&before)));
    }
    let last = lines.len();
    super::mark::write(&path, chain::digest(lines[last - 1].as_bytes())).unwrap();
    // An empty line counts as one.
    fs::write(&path, format!("\n{}\n", lines.join("\n"))).unwrap();
    assert_eq!((faults(&path), verify(&path).unwrap().records), (vec![], last));
    for edited in [1, last / 4, last - 2] {
        let mut lines = lines.clone();
        lines[edited] = lines[edited].replacen("\"b", "\"c", 1);
        fs::write(&path, format!("\n{}\n", lines.join("\n"))).unwrap();
        assert_eq!(faults(&path), [(edited + 2, What::Edited), (edited + 3, What::Gap)]);
    }
}

#[tokio::test]
async fn what_a_power_cut_tore_is_no_edit() {
    let (_folder, path) = folder();
    let lines = three(&path).await;
    for cut in 1..lines[2].len() {
        let whole = format!("{}\n{}\n", lines[0], lines[1]).into_bytes();
        fs::write(&path, [&whole, &lines[2].as_bytes()[..cut]].concat()).unwrap();
        // It is written once its record is whole.
        super::mark::write(&path, chain::digest(lines[1].as_bytes())).unwrap();
        Journal::at(&path).append(&JournalEntry::Settled(settlement("b", 1))).unwrap();
        let told = verify(&path).unwrap();
        assert!(told.is_whole(), "cut at {cut}: {told:?}");
        assert_eq!((told.records, faults(&path)), (3, vec![(3, What::Torn)]), "cut at {cut}");
    }
}

#[tokio::test]
async fn what_no_power_cut_leaves_is_told_apart() {
    let (_folder, path) = folder();
    let lines = three(&path).await;
    for odd in ["a note", "{}", r#"{"v":2,"record":"note"}"#] {
        fs::write(&path, [lines.join("\n").as_str(), odd].join("\n")).unwrap();
        assert_eq!((faults(&path), verify(&path).unwrap().is_whole()), (vec![(4, What::Stray)], false), "{odd}");
        let doubts = verify::doubts(&path, Timestamp(i64::MAX)).unwrap();
        assert_eq!(doubts.iter().map(|doubt| doubt.kind).collect::<Vec<_>>(), [JournalDoubtKind::Changed], "{odd}");
    }
}

/// Cut from its end, or taken away: the mark beside the journal misses it, and the chain tells it ever after.
#[tokio::test]
async fn lines_that_are_cut_from_the_end_are_missed() {
    let (_folder, path) = folder();
    let lines = three(&path).await;
    let mark = path.with_extension("mark");
    let newest = fs::read(&mark).unwrap();
    let kept = |count: usize| lines[..count].iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
    let is_told =
        || verify::doubts(&path, Timestamp(i64::MAX)).unwrap().iter().any(|doubt| doubt.kind == JournalDoubtKind::Cut);
    assert!(faults(&path).is_empty() && !is_told());
    for count in 0..3 {
        fs::write(&path, kept(count)).unwrap();
        fs::write(&mark, &newest).unwrap();
        assert_eq!(faults(&path), [(count, What::Cut)]);
        assert!(is_told());
        Journal::at(&path).append(&JournalEntry::Settled(settlement("b", 1))).unwrap();
        assert_eq!(faults(&path), [(count + 1, What::Gap)], "the next record does not hide it");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(faults(&path), [(0, What::Cut)]);
    // A crash right after a record, and one in the middle of the mark.
    fs::write(&path, kept(3)).unwrap();
    for last in [chain::digest(lines[1].as_bytes()), chain::digest(lines[0].as_bytes())] {
        super::mark::write(&path, last).unwrap();
        assert!(faults(&path).is_empty() && !is_told(), "the journal is ahead");
    }
    Journal::at(&path).append(&JournalEntry::Settled(settlement("b", 1))).unwrap();
    assert_eq!(faults(&path), []);
    fs::write(&mark, &newest[..20]).unwrap();
    Journal::at(&path).append(&JournalEntry::Settled(settlement("b", 1))).unwrap();
    assert!(faults(&path).is_empty() && !is_told());
    // Its place was changed by hand as well: the one that was put aside tells it.
    fs::rename(&path, path.with_file_name("journal-0001.jsonl")).unwrap();
    assert_eq!(faults(&path), []);
    fs::remove_file(path.with_file_name("journal-0001.jsonl")).unwrap();
    assert_eq!(faults(&path), [(0, What::Cut)]);
}

/// Journals of the first version go on under the chain.
#[tokio::test]
async fn an_older_journal_is_read_and_goes_on() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let old = |record: &str| format!("{{\"v\":1,\"record\":{record},\"batch\":\"b\",\"operation\":0}}\n");
    let intent_line = old(concat!(
        "\"intent\",\"at\":1,\"plan\":\"p\",\"cloud\":\"c\",\"profile\":\"prod\",\"region\":\"r\",\"do\":\"detach\",",
        "\"nic\":\"n\",\"instance\":\"i\",\"before\":[\"10.0.0.4\"],\"who\":\"w\",\"host\":\"h\",\"version\":\"0\""
    ));
    fs::write(&path, &intent_line).unwrap();
    assert_eq!(open_intents(&path).unwrap().writes.len(), 1);
    let nic = Target::Nic(NicKey { profile: "prod".into(), nic: "n".into() });
    let outcomes = vec![(nic, Outcome::Released { request_id: None })];
    journal.settled(Settlement { outcomes, ..settlement("b", 0) }).await.unwrap();
    assert!(open_intents(&path).unwrap().is_empty());
    let told = verify(&path).unwrap();
    assert_eq!((told.records, told.unproven, told.is_whole()), (2, 1, true));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"w\"", "\"x\"")).unwrap();
    assert_eq!(faults(&path), [(2, What::Gap)]);
}

#[tokio::test]
async fn a_full_journal_is_put_aside_once_nothing_in_it_is_open_and_the_chain_goes_on() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.intent(intent("b", 0), false).await.unwrap();
    journal.put_aside(1).unwrap();
    assert_eq!(full(&path).unwrap(), [] as [PathBuf; 0], "something is open in it");
    journal.settled(settlement("b", 0)).await.unwrap();
    journal.put_aside(1_000_000).unwrap();
    assert_eq!(full(&path).unwrap(), [] as [PathBuf; 0], "it is not full");
    for round in 1..=2u32 {
        journal.put_aside(1).unwrap();
        assert_eq!(full(&path).unwrap().len(), round as usize);
        assert!(!path.exists());
        journal.intent(intent("b", round), false).await.unwrap();
        journal.settled(settlement("b", round)).await.unwrap();
    }
    assert_eq!(full(&path).unwrap()[0].file_name().unwrap(), "journal-0001.jsonl");
    let contents = journal.read().await.unwrap();
    let of = |entry: &JournalEntry| match entry {
        JournalEntry::Intent(intent) => intent.operation.0,
        JournalEntry::Settled(end) => end.operation.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(contents.entries.iter().map(of).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
    let told = verify(&path).unwrap();
    assert_eq!((told.records, told.files.len(), told.faults.len()), (6, 3, 0));
    // One that is missing in between is seen.
    fs::remove_file(&full(&path).unwrap()[1]).unwrap();
    assert_eq!(faults(&path), [(1, What::Gap)]);
}

#[test]
fn a_record_that_waited_while_the_journal_was_put_aside_goes_into_the_new_one() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    journal.append(&JournalEntry::Settled(settlement("b", 0))).unwrap();
    let other = File::open(&path).unwrap();
    other.lock().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| journal.append(&JournalEntry::Intent(boxed("b", 1))));
        files::put_aside(&path).unwrap();
        other.unlock().unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(open_intents(&path).unwrap().writes, [intent("b", 1)]);
    assert_eq!(verify(&path).unwrap().faults, []);
}

/// Whoever writes the first intent of a file has it, for good: another copy may write none, of whatever NIC.
#[tokio::test]
async fn one_file_is_one_batchs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (ours, theirs) = (Journal::open(&path).unwrap().of_file("f1"), Journal::open(&path).unwrap().of_file("f1"));
    ours.intent(intent("b1", 0), false).await.unwrap();
    ours.settled(known("b1")).await.unwrap();
    let other = Intent { kind: OperationKind::Delete { nic: "eni-9".into() }, ..intent("b2", 0) };
    let refused = theirs.intent(other.clone(), false).await;
    assert!(matches!(&refused, Err(JournalError::Repeated { batch, .. }) if batch == "b1"), "{refused:?}");
    ours.intent(intent("b1", 1), false).await.unwrap();
    ours.settled(Settlement { operation: OperationId(1), ..known("b1") }).await.unwrap();
    // What is put aside is remembered by who has seen it.
    files::put_aside(&path).unwrap();
    assert!(theirs.intent(other.clone(), false).await.is_err());
    Journal::open(&path).unwrap().of_file("f2").intent(other.clone(), false).await.unwrap();
    let written = read(&path).unwrap().entries;
    let Some(JournalEntry::Intent(last)) = written.last() else { panic!("{written:?}") };
    assert_eq!(last.file.as_deref(), Some("f2"));
}

/// An earlier nicdeck, which keeps no mark, has written and put journals aside since: nothing is missing.
#[tokio::test]
async fn a_mark_of_a_journal_that_was_put_aside_long_ago_is_found() {
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    let mark = path.with_extension("mark");
    journal.settled(settlement("b", 0)).await.unwrap();
    let stale = fs::read(&mark).unwrap();
    for round in 1..=3 {
        journal.settled(settlement("b", round)).await.unwrap();
        files::put_aside(&path).unwrap();
        fs::write(&mark, &stale).unwrap();
        let doubts = || verify::doubts(&path, Timestamp(i64::MAX)).unwrap();
        assert_eq!((faults(&path), doubts()), (vec![], vec![]), "{round}");
        journal.settled(settlement("b", round)).await.unwrap();
        fs::write(&mark, &stale).unwrap();
        assert_eq!((faults(&path), doubts()), (vec![], vec![]), "{round}");
    }
    // It is looked for from the newest back, and the record that follows proves no gap.
    journal.settled(settlement("b", 4)).await.unwrap();
    assert_eq!(faults(&path), []);
}

fn begun(batch: &str, file: Option<&str>) -> Begun {
    Begun {
        at: Timestamp(1),
        batch: batch.to_owned(),
        plan: "7f3a9c".to_owned(),
        undoes: None,
        file: file.map(Into::into),
        who: "lin".to_owned(),
        host: "h".to_owned(),
        version: "0.1.0".to_owned(),
        targets: 0,
        rows: Vec::new(),
    }
}

/// Whoever cuts the journal and takes the mark away as well leaves what only those write who keep one.
#[tokio::test]
async fn a_mark_that_is_missing_or_none_is_told_where_there_was_one() {
    let (_folder, path) = folder();
    let mark = path.with_extension("mark");
    let told = || {
        let doubts = verify::doubts(&path, Timestamp(i64::MAX)).unwrap();
        assert!(verify(&path).unwrap().is_whole());
        let kinds: Vec<_> = doubts.iter().map(|doubt| doubt.kind).collect();
        assert_eq!(kinds, faults(&path).iter().map(|_| JournalDoubtKind::Unmarked).collect::<Vec<_>>());
        kinds.len()
    };
    let append = |entry: JournalEntry| Journal::at(&path).append(&entry).unwrap();
    drop(Journal::open(&path).unwrap());
    append(JournalEntry::Settled(settlement("b", 0)));
    append(JournalEntry::Settled(settlement("b", 1)));
    fs::remove_file(&mark).unwrap();
    assert_eq!(told(), 0, "an earlier nicdeck wrote it");
    append(JournalEntry::Begun(begun("b1", None)));
    assert_eq!(told(), 0);
    fs::remove_file(&mark).unwrap();
    assert_eq!(told(), 0, "killed before the first mark of all");
    append(JournalEntry::Intent(boxed("b1", 0)));
    assert_eq!(told(), 0);
    fs::remove_file(&mark).unwrap();
    assert_eq!(told(), 1);
    fs::write(&mark, "{}").unwrap();
    assert_eq!(told(), 1);
    append(JournalEntry::Settled(settlement("b1", 0)));
    assert_eq!(told(), 0, "it is written with the next record");
}

/// Neither waited for nor written over.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_mark_that_is_no_file_hangs_nobody_and_stays_as_it_is() {
    let (_folder, path) = folder();
    let mark = path.with_extension("mark");
    let journal = Journal::open(&path).unwrap();
    journal.begun(begun("b1", None)).await.unwrap();
    let remove = || fs::remove_file(&mark).or_else(|_| fs::remove_dir(&mark)).unwrap();
    let pipe = || assert!(std::process::Command::new("mkfifo").arg(&mark).status().unwrap().success());
    let device = || std::os::unix::fs::symlink("/dev/zero", &mark).unwrap();
    let folder = || fs::create_dir(&mark).unwrap();
    for make in [&pipe as &dyn Fn(), &device, &folder] {
        remove();
        make();
        let kind = fs::metadata(&mark).unwrap().file_type();
        journal.settled(settlement("b1", 0)).await.unwrap();
        assert_eq!(fs::metadata(&mark).unwrap().file_type(), kind);
        let doubts = verify::doubts(&path, Timestamp(i64::MAX)).unwrap();
        assert_eq!(doubts.iter().map(|doubt| doubt.kind).collect::<Vec<_>>(), [JournalDoubtKind::Unmarked]);
    }
    // The same of the name that a process leaves beside the journal.
    let lock = path.with_extension("lock");
    fs::remove_file(&lock).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
    journal.settled(settlement("b1", 0)).await.unwrap();
}

/// What a batch has begun is looked for in the journal that is written to.
#[tokio::test]
async fn no_journal_is_put_aside_under_a_batch_that_is_under_way() {
    let (_folder, path) = folder();
    let (ours, theirs) = (Journal::open(&path).unwrap().of_file("f1"), Journal::open(&path).unwrap().of_file("f1"));
    let running = ours.running().await.unwrap();
    ours.begun(begun("b1", Some("f1"))).await.unwrap();
    theirs.put_aside(1).unwrap();
    assert_eq!(full(&path).unwrap(), [] as [PathBuf; 0]);
    drop(running);
    theirs.put_aside(1).unwrap();
    assert_eq!(full(&path).unwrap().len(), 1);
    // Also a third one that saw nothing of it.
    let refused = Journal::open(&path).unwrap().of_file("f1").begun(begun("b2", None)).await;
    assert!(matches!(&refused, Err(JournalError::Repeated { batch, .. }) if batch == "b1"), "{refused:?}");
    Journal::open(&path).unwrap().of_file("f2").begun(begun("b2", None)).await.unwrap();
}

/// A person would wait for it, or end the wrong one.
#[cfg(unix)]
#[test]
fn a_process_that_has_ended_is_not_named_as_a_holder() {
    let (_folder, path) = folder();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let (pid, host) = (child.id(), crate::runtime::host());
    let said = |text: &str| {
        fs::write(&path, text).unwrap();
        super::files::signed(&path)
    };
    let own = format!("pid {pid} {host}");
    assert_eq!(said(&own), own, "it lives");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said(&own), "?");
    let elsewhere = format!("pid {pid} {host}-2");
    assert_eq!(said(&elsewhere), elsewhere, "nobody here knows");
    assert_eq!(said(&format!("pid {} {host}", std::process::id())), "?", "whoever waits does not hold it");
}
