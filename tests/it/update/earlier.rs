//! Writes of earlier runs whose end nobody knows: said, read, listed, and in the way until they are known.

use nicdeck::{
    app::{
        earlier::{Found, LOOK_MS},
        effect::Effect,
        msg::{JournalEvent, Msg, ReconcileEvent},
        notices::{Loudness, Phrase},
        overlay::Overlay,
    },
    domain::{
        fault::{Fault, FaultKind},
        finding::{FindingId, Level},
        ids::{JobId, OperationId},
        journal::{Intent, Open, OpenWrite, StrangeWrite},
        journal_fault::{JournalDoubt, JournalDoubtKind},
        outcome::Outcome,
        plan::{Decision, OperationKind},
    },
};

use super::{
    browse::browsing,
    scenario::{START, Scenario, ip, no_journal},
};

const PATH: &str = "/home/lin/.local/state/nicdeck/journal.jsonl";

pub fn intent(operation: u32, nic: &str, ips: &[&str]) -> Intent {
    Intent {
        at: START,
        batch: "7f3a9c-1".to_owned(),
        operation: OperationId(operation),
        plan: "7f3a9c".to_owned(),
        undoes: None,
        cloud: "aliyun".into(),
        profile: "shop".into(),
        region: "r1".into(),
        kind: OperationKind::Release { nic: nic.into(), ips: ips.iter().map(|text| ip(text)).collect() },
        step: String::new(),
        before: Vec::new(),
        image: None,
        request: None,
        overrides: Vec::new(),
        belts: None,
        file: None,
        account: None,
        who: "lin".to_owned(),
        host: "here".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

fn told(intents: Vec<Intent>) -> Scenario {
    let mut scenario = browsing();
    let writes = intents.into_iter().map(|intent| OpenWrite { intent, maybe_running: false }).collect();
    scenario
        .send(Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open: Open { writes, strange: vec![] } }));
    scenario
}

/// The job that was asked for, and the writes it is about.
fn asked(scenario: &Scenario) -> (JobId, Vec<OperationId>) {
    let [Effect::Reconcile { job, writes }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    (*job, writes.iter().map(|intent| intent.operation).collect())
}

fn found(scenario: &mut Scenario, job: JobId, operation: u32, found: Found) {
    let event =
        ReconcileEvent::Found { batch: "7f3a9c-1".to_owned(), operation: OperationId(operation), found, fresh: None };
    scenario.send(Msg::Reconcile(job, event));
}

fn settled(intent: &Intent, outcome: &Outcome) -> Found {
    Found::Settled(intent.targets().into_iter().map(|target| (target, outcome.clone())).collect())
}

fn released() -> Outcome {
    Outcome::Released { request_id: None }
}

/// The level of releasing `10.0.1.21`, `10.0.2.9` and `10.0.3.7`, each on a NIC of its own.
fn levels(scenario: &Scenario) -> [Level; 3] {
    let part = scenario.state.inventory.at(0).unwrap();
    ["eni-1", "eni-2", "eni-3"].map(|id| {
        let (slot, _) = part.nics().find(|(_, nic)| nic.id.as_str() == id).unwrap();
        scenario.state.verdicts.address(0, slot, 1).level
    })
}

#[test]
fn what_an_earlier_run_left_open_is_said_and_read_and_stands_in_the_way() {
    let before = levels(&browsing());
    let mut scenario = told(vec![intent(0, "eni-2", &["10.0.2.9"]), intent(1, "eni-3", &["10.0.3.7"])]);
    assert_eq!(scenario.notice(), "notice.unfinished");
    let (job, writes) = asked(&scenario);
    assert_eq!(writes, [OperationId(0), OperationId(1)]);
    assert_eq!(levels(&scenario), [before[0], Level::Unknown, Level::Unknown]);
    // In a plan, too, for every address of the NIC.
    scenario.keys("/").text("10.0.3.").keys("enter a p");
    let plan = scenario.state.plan.as_ref().unwrap().plan.clone();
    assert!(!plan.rows().is_empty());
    for row in plan.rows() {
        assert_eq!(row.decision, Decision::Blocked);
        assert!(row.findings.iter().any(|finding| finding.id == FindingId::EarlierWrite), "{row:?}");
    }
    // One is known: its NIC is free again, and no other.
    found(&mut scenario, job, 1, settled(&intent(1, "eni-3", &["10.0.3.7"]), &released()));
    assert_eq!(levels(&scenario), [before[0], Level::Unknown, before[2]]);
    scenario.keys("b");
    let plan = scenario.state.plan.as_ref().unwrap().plan.clone();
    assert!(!plan.rows().iter().any(|row| row.findings.iter().any(|finding| finding.id == FindingId::EarlierWrite)));
}

#[test]
fn when_all_ends_are_known_it_says_so_and_lists_what_still_shows_what_is_gone() {
    let (gone, kept) = (intent(0, "eni-2", &["10.0.2.9"]), intent(1, "eni-3", &["10.0.3.7"]));
    let mut scenario = told(vec![gone.clone(), kept.clone()]);
    let (job, _) = asked(&scenario);
    found(&mut scenario, job, 0, settled(&gone, &released()));
    let still = Outcome::Failed { fault: Fault::local(FaultKind::Local, "Unassign", "found-later") };
    found(&mut scenario, job, 1, settled(&kept, &still));
    assert!(scenario.effects.is_empty());
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    assert_eq!(scenario.notice(), "notice.earlier-settled");
    let [Effect::List { profile, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(profile.as_str(), "shop");
    scenario.after_ms(60_000);
    assert_eq!(scenario.notice(), "notice.earlier-settled", "one was not carried out: a person decides");
    // An old job has nothing to say any more.
    found(&mut scenario, job, 0, Found::NotYet);
    assert_eq!(scenario.state.earlier.open().count(), 0);
}

#[test]
fn what_can_not_be_read_stays_open_and_is_read_again_when_asked_for() {
    let mut other = intent(2, "eni-9", &["10.0.9.1"]);
    other.profile = "elsewhere".into();
    // The name is of another cloud by now: a NIC that it does not have is not gone.
    let mut renamed = intent(3, "eni-8", &["10.0.8.1"]);
    renamed.cloud = "zenlayer".into();
    let mut scenario = told(vec![intent(0, "eni-2", &["10.0.2.9"]), other, renamed]);
    let (job, writes) = asked(&scenario);
    assert_eq!(writes, [OperationId(0)], "nobody can read the others");
    let away = Fault::local(FaultKind::Unreachable, "Describe", "no route");
    found(&mut scenario, job, 0, Found::Unread(Box::new(away)));
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    assert_eq!(scenario.notice(), "notice.earlier-open");
    assert_eq!(levels(&scenario)[1], Level::Unknown);
    scenario.keys("E R");
    let (again, writes) = asked(&scenario);
    assert!(again != job && writes == [OperationId(0)]);
    scenario.keys("R");
    assert!(scenario.effects.is_empty(), "it is being read");
    scenario.send(Msg::JobPanicked(again));
    assert_eq!(scenario.state.earlier.open().count(), 3);
    scenario.keys("R");
    assert_eq!(asked(&scenario).1, [OperationId(0)]);
}

#[test]
fn a_write_that_another_process_may_be_carrying_out_is_left_to_it() {
    let mut scenario = browsing();
    let writes = vec![OpenWrite { intent: intent(0, "eni-2", &["10.0.2.9"]), maybe_running: true }];
    scenario
        .send(Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open: Open { writes, strange: vec![] } }));
    assert!(scenario.effects.is_empty());
    assert_eq!(scenario.notice(), "notice.elsewhere");
    assert_eq!(levels(&scenario)[1], Level::Unknown);
    // It may have ended since, which the journal knows: no cloud is asked.
    scenario.keys("E R");
    assert_eq!(scenario.effects, [Effect::LookAtJournal { write: false, unfinished: true }]);
    assert_eq!(scenario.state.earlier.writes[0].found, Found::MaybeRunning);
    scenario.send(Msg::Journal(JournalEvent::Read));
    assert!(scenario.state.earlier.is_empty() && levels(&scenario)[1] != Level::Unknown);
    assert_eq!(scenario.notice(), "notice.elsewhere-ended");
    assert!(matches!(scenario.effects.as_slice(), [Effect::List { .. }]), "{:?}", scenario.effects);
}

/// Nobody has to press a key for it, and nothing is said again and again.
#[test]
fn a_batch_of_another_nicdeck_is_followed_to_its_end() {
    let mut scenario = browsing();
    let open = |maybe_running| {
        let writes = vec![OpenWrite { intent: intent(0, "eni-2", &["10.0.2.9"]), maybe_running }];
        Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open: Open { writes, strange: vec![] } })
    };
    let look = [Effect::LookAtJournal { write: false, unfinished: true }];
    scenario.send(open(true));
    let due = scenario.state.earlier.look_at.expect("it is followed");
    assert!(scenario.state.wake_at().is_some_and(|at| at <= due));
    scenario.after_ms(LOOK_MS);
    assert_eq!(scenario.effects, look);
    // It still runs: not said once more, and looked at again.
    scenario.send(open(true));
    assert!(scenario.effects.is_empty() && scenario.state.earlier.look_at > Some(due));
    scenario.after_ms(1);
    assert!(scenario.effects.is_empty(), "not yet");
    scenario.after_ms(LOOK_MS - 1);
    assert_eq!(scenario.effects, look);
    // It was killed: its NIC is read, and what it may have changed is listed.
    scenario.send(open(false));
    assert_eq!(scenario.notice(), "notice.unfinished");
    let effects = &scenario.effects;
    assert!(matches!(effects.as_slice(), [Effect::Reconcile { .. }, Effect::List { .. }]), "{effects:?}");
    assert_eq!(scenario.state.earlier.look_at, None);
}

/// Another nicdeck's lock says nothing about a write that was not under way before, and what is being read is read to its end.
#[test]
fn a_look_that_nobody_asked_for_takes_nothing_from_what_is_known() {
    let mut scenario = browsing();
    let open = |own_runs| {
        let theirs = OpenWrite { intent: intent(0, "eni-2", &["10.0.2.9"]), maybe_running: true };
        let own = OpenWrite { intent: intent(1, "eni-3", &["10.0.3.9"]), maybe_running: own_runs };
        let open = Open { writes: vec![theirs, own], strange: vec![] };
        Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open })
    };
    scenario.send(open(false));
    let job = scenario.state.earlier.job.expect("its NIC is read");
    let found = Found::NotYet;
    let batch = scenario.state.earlier.writes[1].write.intent.batch.clone();
    let found = ReconcileEvent::Found { batch, operation: OperationId(1), found, fresh: None };
    scenario.send(Msg::Reconcile(job, found)).send(Msg::Reconcile(job, ReconcileEvent::Ended));
    let known =
        |scenario: &Scenario| scenario.state.earlier.writes.iter().map(|one| one.found.clone()).collect::<Vec<_>>();
    let wanted = [Found::MaybeRunning, Found::NotYet];
    assert_eq!(known(&scenario), wanted);
    scenario.after_ms(LOOK_MS);
    // It is read once more, and the look comes back meanwhile.
    scenario.state.earlier.job = Some(JobId(77));
    scenario.send(open(true));
    assert_eq!(scenario.state.earlier.job, Some(JobId(77)));
    scenario.state.earlier.job = None;
    scenario.after_ms(LOOK_MS).send(open(true));
    assert_eq!(known(&scenario), wanted);
    // Taken away, the journal holds nothing either; that is no end of it.
    let cut = JournalDoubt { kind: JournalDoubtKind::Cut, count: 1, file: "journal.jsonl".to_owned(), line: 0 };
    scenario.after_ms(LOOK_MS);
    scenario.send(Msg::Journal(JournalEvent::Doubtful(vec![cut]))).send(Msg::Journal(JournalEvent::Read));
    assert_eq!(known(&scenario), [Found::NotYet]);
}

/// What this nicdeck cannot read it cannot settle either: its NIC stays blocked, or all that it may be about.
#[test]
fn what_cannot_be_read_in_the_journal_is_said_and_stands_in_the_way() {
    let before = levels(&browsing());
    let told = |strange: StrangeWrite| {
        let mut scenario = browsing();
        let open = Open { writes: vec![], strange: vec![strange] };
        scenario.send(Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open }));
        assert_eq!((scenario.effects.len(), scenario.notice()), (0, "notice.strange-writes"));
        scenario
    };
    let shop = || Some("shop".into());
    let of_nic = told(StrangeWrite { version: 3, profile: shop(), nic: Some("eni-2".into()) });
    assert_eq!(levels(&of_nic), [before[0], Level::Unknown, before[2]]);
    let of_profile = told(StrangeWrite { version: 3, profile: shop(), nic: None });
    assert_eq!(levels(&of_profile), [Level::Unknown; 3]);
    let of_other = told(StrangeWrite { version: 3, profile: Some("staging".into()), nic: None });
    assert_eq!(levels(&of_other), before);
    let mut of_any = told(StrangeWrite { version: 3, profile: None, nic: None });
    assert_eq!(levels(&of_any), [Level::Unknown; 3]);
    of_any.keys("E");
    assert_eq!(of_any.state.overlays, [Overlay::Earlier { scroll: 0 }]);
}

#[test]
fn the_list_opens_by_its_key_and_closes_by_esc() {
    let mut scenario = browsing();
    scenario.keys("E");
    assert_eq!(scenario.notice(), "disabled.no-earlier");
    assert!(scenario.state.overlays.is_empty());
    let mut scenario = told(vec![intent(0, "eni-2", &["10.0.2.9"])]);
    scenario.keys("E j");
    assert_eq!(scenario.state.overlays, [Overlay::Earlier { scroll: 1 }]);
    assert_eq!(scenario.notice(), "notice.unfinished");
    scenario.keys("esc");
    assert!(scenario.state.overlays.is_empty());
    scenario.send(Msg::Journal(JournalEvent::Unreadable(no_journal())));
    assert_eq!(scenario.notice(), "notice.journal-unread");
}

/// Nobody has to put an alarm away whose matter is settled.
#[test]
fn no_alarm_stays_once_everything_was_read_back() {
    let gone = intent(0, "eni-2", &["10.0.2.9"]);
    let mut scenario = told(vec![gone.clone()]);
    let (job, _) = asked(&scenario);
    found(&mut scenario, job, 0, settled(&gone, &released()));
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    assert_eq!(scenario.notice(), "notice.earlier-settled");
    scenario.after_ms(7_000);
    assert_eq!(scenario.notice(), "");
    // Also where something else covered it in between.
    let mut scenario = told(vec![gone.clone()]);
    let (job, _) = asked(&scenario);
    found(&mut scenario, job, 0, settled(&gone, &released()));
    scenario.state.notices.say(scenario.state.now, Loudness::Info, Phrase::new("notice.copied"));
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    scenario.after_ms(7_000);
    assert_eq!(scenario.notice(), "");
}

/// Between two writes, offline or paused, nothing is open: the lock tells.
#[test]
fn another_batch_has_not_ended_while_its_lock_is_held() {
    let mut scenario = browsing();
    scenario.send(Msg::Journal(JournalEvent::AtWork(true))).send(Msg::Journal(JournalEvent::Read));
    assert_eq!(scenario.notice(), "notice.elsewhere-between");
    let said = scenario.state.notices.said();
    scenario.after_ms(LOOK_MS);
    assert_eq!(scenario.effects, [Effect::LookAtJournal { write: false, unfinished: true }]);
    let writes = vec![OpenWrite { intent: intent(0, "eni-2", &["10.0.2.9"]), maybe_running: true }];
    let open = Open { writes, strange: vec![] };
    scenario
        .send(Msg::Journal(JournalEvent::AtWork(true)))
        .send(Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open }));
    scenario.after_ms(LOOK_MS);
    scenario.send(Msg::Journal(JournalEvent::AtWork(true))).send(Msg::Journal(JournalEvent::Read));
    assert!(scenario.effects.is_empty() && scenario.state.earlier.look_at.is_some(), "it goes on");
    assert_eq!(scenario.state.notices.said(), said, "said once");
    scenario.after_ms(LOOK_MS);
    scenario.send(Msg::Journal(JournalEvent::AtWork(false))).send(Msg::Journal(JournalEvent::Read));
    assert_eq!(scenario.notice(), "notice.elsewhere-ended");
    assert!(matches!(scenario.effects.as_slice(), [Effect::List { .. }]), "{:?}", scenario.effects);
    assert_eq!(scenario.state.earlier.look_at, None);
}

/// Another's batch beside a write that nobody carries out: each look finds both again.
#[test]
fn what_was_known_beside_another_batch_is_neither_said_nor_read_again() {
    let mut scenario = browsing();
    let doubt = JournalDoubt { kind: JournalDoubtKind::Changed, file: PATH.to_owned(), line: 3, count: 1 };
    let look = |scenario: &mut Scenario, more: bool| {
        let write = |operation, nic, ip: &str, maybe_running| OpenWrite {
            intent: intent(operation, nic, &[ip]),
            maybe_running,
        };
        let mut writes = vec![write(0, "eni-2", "10.0.2.9", true), write(1, "eni-3", "10.0.3.7", false)];
        writes.extend(more.then(|| write(2, "eni-1", "10.0.1.21", false)));
        let open = Open { writes, strange: vec![] };
        scenario
            .send(Msg::Journal(JournalEvent::Doubtful(vec![doubt.clone()])))
            .send(Msg::Journal(JournalEvent::AtWork(true)))
            .send(Msg::Journal(JournalEvent::Unfinished { path: PATH.to_owned(), open }));
    };
    look(&mut scenario, false);
    assert_eq!(scenario.notice(), "notice.unfinished");
    let (job, writes) = asked(&scenario);
    assert_eq!(writes, [OperationId(1)]);
    found(&mut scenario, job, 1, Found::Untold);
    scenario.send(Msg::Reconcile(job, ReconcileEvent::Ended));
    let said = scenario.state.notices.said();
    scenario.after_ms(LOOK_MS);
    look(&mut scenario, false);
    assert!(scenario.effects.is_empty(), "{:?}", scenario.effects);
    assert_eq!((scenario.state.notices.said(), &scenario.state.earlier.writes[1].found), (said, &Found::Untold));
    // One more is new: it is said, and read alone.
    scenario.after_ms(LOOK_MS);
    look(&mut scenario, true);
    assert_eq!(scenario.state.notices.said(), said + 1);
    assert_eq!(asked(&scenario).1, [OperationId(2)]);
}
