//! The history screen: read when it is opened, searched as it is typed, a batch opened.

use std::sync::Arc;

use nicdeck::{
    app::{
        earlier::Found,
        effect::Effect,
        history::{Listed, Lookup, SeenNow},
        key::Input,
        msg::{HistoryEvent, JournalEvent, Msg, PreflightEvent, ReconcileEvent},
        overlay::Overlay,
        state::Screen,
    },
    domain::{
        address::{Address, AddressRole},
        fault::{Fault, FaultKind},
        ids::{JobId, OperationId},
        journal::{Answer, EipImage, Image, Intent, JournalEntry, Open, OpenWrite, Request, Settlement},
        outcome::Outcome,
        plan::OperationKind,
        time::Timestamp,
    },
    filter::search,
    history::{Book, batch::batch, glance::Reader},
};

use super::{
    browse::browsing,
    scenario::{START, Scenario, ip, no_journal},
};

/// A write of a batch, as it was meant.
pub fn intent(batch: &str, operation: u32, (profile, cloud): (&str, &str), kind: OperationKind) -> Intent {
    let ips: Vec<_> = match &kind {
        OperationKind::Release { ips, .. } => ips.clone(),
        _ => vec![],
    };
    let first = Address { ip: ip("10.0.1.5"), role: AddressRole::Primary };
    let others = ips.iter().map(|&ip| Address { ip, role: AddressRole::Secondary });
    let detach = match &kind {
        OperationKind::Detach { instance, .. } => Some(instance.clone()),
        _ => Some("i-1".into()),
    };
    Intent {
        at: Timestamp(START.0 - 3_600_000 + i64::from(operation)),
        batch: batch.to_owned(),
        operation: OperationId(operation),
        plan: "7f3a9c44".to_owned(),
        undoes: None,
        cloud: cloud.into(),
        profile: profile.into(),
        region: "r1".into(),
        step: String::new(),
        before: vec![],
        image: Some(Box::new(Image {
            status: "InUse".into(),
            instance: detach,
            subnet: Some("sub-1".into()),
            addresses: std::iter::once(first).chain(others).collect(),
            eips: ips
                .first()
                .map(|&on| EipImage { id: "eip-9".into(), ip: Some(ip("203.0.113.7")), on: Some(on) })
                .into_iter()
                .collect(),
            floats: vec![],
            backends: vec![],
            pairs: vec![],
        })),
        request: Some(Box::new(Request {
            method: "POST".to_owned(),
            host: "ecs.example".to_owned(),
            path: "/".to_owned(),
            body: format!("Action=Unassign&NetworkInterfaceId={}", kind.nic()),
        })),
        kind,
        overrides: vec![],
        belts: None,
        file: None,
        account: None,
        who: "lin".to_owned(),
        host: "ops-1".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

/// Its end: of each target in turn.
pub fn ended(intent: &Intent, outcomes: &[Outcome]) -> JournalEntry {
    let answer = Answer {
        status: Some(200),
        code: None,
        request_id: Some("473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E".to_owned()),
        ms: 412,
        text: "{\"RequestId\":\"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E\"}".to_owned(),
    };
    JournalEntry::Settled(Settlement {
        at: intent.at.plus_ms(900),
        batch: intent.batch.clone(),
        operation: intent.operation,
        outcomes: intent.targets().into_iter().zip(outcomes.iter().cloned()).collect(),
        found_later: false,
        answers: vec![answer],
        after: None,
    })
}

pub fn done() -> Outcome {
    Outcome::Released { request_id: Some("473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E".to_owned()) }
}

fn failed() -> Outcome {
    let fault = Fault::local(FaultKind::Conflict, "UnassignPrivateIpAddresses", "The NIC is being changed.");
    Outcome::Failed {
        fault: Fault {
            code: Some("InvalidOperation.EniStatus".to_owned()),
            request_id: Some("04F0F334-1335-436C-A1D7-6C044FE73368".to_owned()),
            ..fault
        },
    }
}

pub fn release(nic: &str, ips: &[&str]) -> OperationKind {
    OperationKind::Release { nic: nic.into(), ips: ips.iter().map(|text| ip(text)).collect() }
}

/// Three batches: releases of which one failed, a detach, and one that has no end.
pub fn records() -> Vec<JournalEntry> {
    let shop = ("shop", "aliyun");
    let first = intent("7f3a9c-1", 0, shop, release("eni-1", &["10.0.1.21", "10.0.1.22"]));
    let second = intent("7f3a9c-1", 1, shop, release("eni-2", &["10.0.2.9"]));
    let detach = OperationKind::Detach { nic: "eni-3".into(), instance: "i-1".into() };
    let third = intent("a3f2c0-2", 0, shop, detach);
    let open = intent("b81d02-3", 0, ("edge", "zenlayer"), release("1200540077", &["10.8.1.11"]));
    let meant = |intent: &Intent| JournalEntry::Intent(Box::new(intent.clone()));
    vec![
        meant(&first),
        ended(&first, &[done(), done()]),
        meant(&second),
        ended(&second, &[failed()]),
        meant(&third),
        ended(&third, &[done()]),
        meant(&open),
    ]
}

/// Answers what was asked of the journal, as the job does.
pub fn answer(scenario: &mut Scenario, records: &[JournalEntry]) {
    let lines: Vec<String> = records.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    for effect in std::mem::take(&mut scenario.effects) {
        let Effect::History { job, lookup } = effect else { panic!("{effect:?}") };
        let event = match lookup {
            Lookup::Search(text) => {
                let mut reader = Reader::default();
                let book = Book::of(lines.iter().filter_map(|line| reader.glance(line.as_bytes())));
                let search = search::parse(&text, START, 0).unwrap();
                let summaries = book.search(&search);
                HistoryEvent::Listed(Box::new(Listed { summaries, of: book.len(), bad: 0 }))
            }
            Lookup::Batch(id) => HistoryEvent::Batch(batch(records.iter(), &id).map(Box::new)),
        };
        scenario.send(Msg::History(job, event));
    }
}

fn looked_up(scenario: &Scenario) -> (JobId, Lookup) {
    let [Effect::History { job, lookup }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    (*job, lookup.clone())
}

fn listed(scenario: &Scenario) -> Vec<&str> {
    scenario.state.history.summaries().iter().map(|batch| &*batch.batch).collect()
}

/// Until nothing is asked of the journal.
fn answer_all(scenario: &mut Scenario) {
    while !scenario.effects.is_empty() {
        answer(scenario, &records());
    }
}

fn opened() -> Scenario {
    let mut scenario = browsing();
    scenario.keys("4");
    answer(&mut scenario, &records());
    scenario
}

#[test]
fn it_is_read_when_it_is_gone_to_newest_first() {
    let mut scenario = browsing();
    scenario.keys("4");
    assert_eq!(scenario.state.screen, Screen::History);
    assert_eq!(looked_up(&scenario).1, Lookup::Search(String::new()));
    assert!(scenario.state.history.listed.is_none(), "nothing is claimed before it was read");
    answer(&mut scenario, &records());
    assert_eq!(listed(&scenario), ["b81d02-3", "a3f2c0-2", "7f3a9c-1"]);
    // Again by R, and while that runs nothing more is asked for.
    scenario.keys("R");
    let (job, _) = looked_up(&scenario);
    scenario.keys("R");
    assert!(scenario.effects.is_empty());
    scenario.send(Msg::History(job, HistoryEvent::Failed(no_journal())));
    assert_eq!(listed(&scenario).len(), 3, "what was read stays");
    assert!(scenario.state.history.fault.is_some());
    assert_eq!(scenario.effects.len(), 1, "the second R is not forgotten");
    answer(&mut scenario, &records());
    assert!(scenario.state.history.fault.is_none());
}

#[test]
fn a_search_is_read_as_it_is_typed_one_reading_at_a_time() {
    let mut scenario = opened();
    scenario.keys("/").text("act:det");
    assert!(scenario.state.history.mistake.is_some(), "half typed");
    assert!(scenario.effects.iter().all(|effect| matches!(effect, Effect::History { .. })));
    scenario.text("ach");
    let mut readings = 0;
    while !scenario.effects.is_empty() || scenario.state.history.job.is_some() {
        if scenario.effects.is_empty() {
            let job = scenario.state.history.job.unwrap();
            scenario.effects = vec![Effect::History { job, lookup: Lookup::Search("act:detach".to_owned()) }];
        }
        answer(&mut scenario, &records());
        readings += 1;
        assert!(readings < 5);
    }
    assert_eq!(scenario.state.history.text, "act:detach");
    assert_eq!(listed(&scenario), ["a3f2c0-2"]);
    scenario.keys("enter");
    assert!(!scenario.state.history.editing);
    // Esc gives up the search first, and the screen after that.
    scenario.keys("esc");
    answer(&mut scenario, &records());
    assert_eq!((scenario.state.screen, listed(&scenario).len()), (Screen::History, 3));
    scenario.keys("esc");
    assert_eq!(scenario.state.screen, Screen::Inventory);
}

#[test]
fn what_is_wrong_leaves_the_list_as_it_was() {
    let mut scenario = opened();
    scenario.keys("/");
    scenario.send(Msg::Input(Input::Paste("who:".to_owned())));
    scenario.keys("enter");
    assert!(scenario.state.history.editing && scenario.state.history.mistake.is_some());
    assert!(scenario.state.history.refused, "enter says that it did nothing");
    assert!(scenario.effects.is_empty());
    assert_eq!(listed(&scenario).len(), 3);
    assert!(!scenario.state.browse.is_filtered(), "the inventory's filter is another one");
    scenario.keys("ctrl-c");
    assert!(!scenario.state.history.editing && scenario.state.history.text.is_empty());
}

/// Until its colon a field looks like a word, and nothing has that: the list is again as it was before.
#[test]
fn a_wrong_term_takes_back_the_word_that_it_looked_like() {
    for (kept, typed) in
        [("", "foo:"), ("", "foo:bar"), ("", "who:"), ("act:release", " foo:bar"), ("who:lin", " -zz:")]
    {
        let mut scenario = opened();
        scenario.keys("/").text(kept);
        answer_all(&mut scenario);
        let before = listed(&scenario).len();
        assert!(before > 0);
        for c in typed.chars() {
            scenario.text(&c.to_string());
            answer_all(&mut scenario);
        }
        let history = &scenario.state.history;
        assert!(history.mistake.is_some(), "{typed}");
        assert_eq!((&*history.text, listed(&scenario).len()), (kept, before), "{kept}{typed}");
        assert_eq!(history.line.text(), format!("{kept}{typed}"));
    }
}

#[test]
fn a_batch_opens_with_all_its_targets() {
    let mut scenario = opened();
    scenario.keys("G enter");
    assert_eq!(looked_up(&scenario).1, Lookup::Batch("7f3a9c-1".to_owned()));
    answer(&mut scenario, &records());
    assert_eq!(scenario.state.history.len(), 3);
    scenario.keys("j j j enter");
    assert_eq!(scenario.state.overlays, [Overlay::Detail { scroll: 0 }]);
    let opened = scenario.state.history.opened.as_ref().unwrap();
    let (write, row) = opened.focused().unwrap();
    assert_eq!((write.kind.nic().as_str(), row.target.nic().nic.as_str()), ("eni-2", "eni-2"));
    scenario.keys("y");
    let copied = Effect::Copy("04F0F334-1335-436C-A1D7-6C044FE73368".to_owned());
    assert_eq!(scenario.effects, [copied]);
    scenario.keys("esc esc");
    assert!(scenario.state.history.opened.is_none());
    assert_eq!((scenario.state.screen, scenario.state.history.view.cursor), (Screen::History, 2));
}

/// The newest batch is at the top; another one has come since.
#[test]
fn out_of_a_batch_the_cursor_is_on_it() {
    let mut scenario = browsing();
    scenario.keys("4");
    let records = records();
    let is_old = |entry: &&JournalEntry| match entry {
        JournalEntry::Intent(intent) => intent.batch != "b81d02-3",
        JournalEntry::Settled(end) => end.batch != "b81d02-3",
        _ => true,
    };
    let older: Vec<JournalEntry> = records.iter().filter(is_old).cloned().collect();
    answer(&mut scenario, &older);
    assert_eq!((listed(&scenario)[0], scenario.state.history.view.cursor), ("a3f2c0-2", 0));
    scenario.keys("enter");
    answer(&mut scenario, &older);
    scenario.keys("1 4");
    answer(&mut scenario, &records);
    scenario.keys("esc");
    assert_eq!(listed(&scenario).len(), 3);
    assert_eq!(scenario.state.history.focused().unwrap().batch, "a3f2c0-2");
}

#[test]
fn searches_that_were_kept_are_recalled() {
    let mut scenario = opened();
    for text in ["act:detach", "who:lin"] {
        scenario.keys("/ ctrl-u").text(text).keys("enter");
    }
    scenario.keys("/ ctrl-u up");
    let line = |scenario: &Scenario| scenario.state.history.line.text().to_owned();
    assert_eq!((line(&scenario), &*scenario.state.history.text), ("who:lin".to_owned(), "who:lin"));
    scenario.keys("up up");
    assert_eq!(line(&scenario), "act:detach", "there is none before the oldest");
    scenario.keys("down");
    assert_eq!(line(&scenario), "who:lin");
    scenario.keys("down");
    assert_eq!(line(&scenario), "", "past the newest there is none");
    scenario.keys("up").text("x");
    assert_eq!(line(&scenario), "who:linx", "it is edited as if it had been typed");
    scenario.keys("down");
    assert!(!scenario.state.history.editing, "down goes to the list then");
}

#[test]
fn in_an_opened_batch_what_did_not_go_well_is_found() {
    let mut scenario = opened();
    scenario.keys("n");
    assert_eq!(scenario.notice(), "disabled.no-batch-open");
    scenario.keys("G enter");
    answer(&mut scenario, &records());
    scenario.keys("n");
    let cursor = |scenario: &Scenario| scenario.state.history.opened.as_ref().unwrap().view.cursor;
    assert_eq!(cursor(&scenario), 2, "the one that failed");
    scenario.keys("n");
    assert_eq!((cursor(&scenario), scenario.notice()), (2, "notice.no-more-findings"));
    scenario.keys("g N");
    assert_eq!(cursor(&scenario), 0);
}

#[test]
fn what_nobody_knows_of_an_opened_batch_is_read_again_and_nothing_else() {
    let mut scenario = opened();
    scenario.keys("v");
    assert_eq!(scenario.notice(), "disabled.no-batch-open");
    scenario.keys("G enter");
    answer(&mut scenario, &records());
    scenario.keys("v");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "disabled.nothing-unknown"));
    let open = |batch: &str| OpenWrite {
        intent: intent(batch, 1, ("shop", "aliyun"), release("eni-2", &["10.0.2.9"])),
        maybe_running: false,
    };
    let writes = vec![open("7f3a9c-1"), open("other-9")];
    let open = Open { writes, strange: Vec::new() };
    scenario.send(Msg::Journal(JournalEvent::Unfinished { path: "/j".to_owned(), open }));
    let [Effect::Reconcile { job, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let job = *job;
    scenario.keys("v");
    assert_eq!(scenario.notice(), "disabled.rechecking");
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    // The journal has what was read back: the page and the batch in it are read anew.
    let lookups = scenario.effects.iter().filter_map(|effect| match effect {
        Effect::History { lookup, .. } => Some(lookup.clone()),
        _ => None,
    });
    assert_eq!(lookups.collect::<Vec<_>>(), [Lookup::Search(String::new()), Lookup::Batch("7f3a9c-1".into())]);
    for write in &mut scenario.state.earlier.writes {
        write.found = Found::NotYet;
    }
    scenario.keys("v");
    let [Effect::Reconcile { writes, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(writes.iter().map(|intent| &*intent.batch).collect::<Vec<_>>(), ["7f3a9c-1"]);
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Earlier { .. }]));
}

#[test]
fn a_reading_that_died_can_be_asked_for_again() {
    let mut scenario = browsing();
    scenario.keys("4");
    let (job, _) = looked_up(&scenario);
    scenario.send(Msg::JobPanicked(job));
    scenario.keys("R");
    assert_eq!(scenario.effects.len(), 1);
    // An answer of the one that died comes too late.
    scenario.send(Msg::History(job, HistoryEvent::Listed(Box::default())));
    assert!(scenario.state.history.listed.is_none());
}

#[test]
fn a_nic_is_compared_with_now_by_reading_it() {
    let mut scenario = opened();
    scenario.keys("d");
    assert!(scenario.effects.is_empty(), "of a list of batches nothing is compared");
    scenario.keys("G enter");
    answer(&mut scenario, &records());
    scenario.keys("d");
    let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let (job, [(key, seen)]) = (*job, nics.as_slice()) else { panic!("one NIC") };
    let (key, mut fresh) = (key.clone(), (**seen).clone());
    assert_eq!((key.profile.as_str(), key.nic.as_str()), ("shop", "eni-1"));
    assert_eq!(scenario.state.history.now.as_ref().unwrap().seen, SeenNow::Reading);
    fresh.nic.addresses.retain(|address| address.ip != ip("10.0.1.22"));
    let read = PreflightEvent::Read(key.clone(), Ok(Some(Arc::new(fresh.clone()))));
    // One that belongs to a plan is none of it.
    scenario.send(Msg::Preflight(JobId(job.0 + 1), read.clone()));
    assert_eq!(scenario.state.history.now.as_ref().unwrap().seen, SeenNow::Reading);
    scenario.send(Msg::Preflight(job, read)).send(Msg::Preflight(job, PreflightEvent::Ended));
    let now = scenario.state.history.now.clone().unwrap();
    assert_eq!(now.seen, SeenNow::Nic(Box::new(Image::of(&fresh)), fresh.read_at));
    assert_eq!(scenario.notice(), "notice.compared-differs");
    let listed = scenario.state.inventory.profile(&key.profile).unwrap().nic(&key.nic).unwrap();
    assert_eq!(listed.addresses.len(), fresh.nic.addresses.len(), "the inventory follows");
    assert!(scenario.state.overlays.is_empty(), "it stands beside the list here");
    scenario.keys("d");
    let [Effect::Preflight { job, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let job = *job;
    scenario.send(Msg::Preflight(job, PreflightEvent::Read(key, Ok(None))));
    assert_eq!(scenario.state.history.now.as_ref().unwrap().seen, SeenNow::Gone);
    assert_eq!(scenario.notice(), "notice.compared-gone");
}
