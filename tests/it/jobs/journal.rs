//! No journal, no write; and what is on disk before a request leaves.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use nicdeck::{
    app::msg::{Msg, ReleaseEvent},
    domain::{
        ids::OperationId,
        journal::{Intent, JournalEntry},
        journal_fault::JournalFaultKind,
        outcome::{Outcome, OutcomeWord, Skip},
        plan::OperationKind,
        selection::Target,
        time::Timestamp,
    },
    filter::search::{self, Search, result_word},
    runtime::{
        self, clock,
        jobs::release::{self, Author, Batch},
        journal::{self, Contents, Journal, verify},
    },
    sim::world::SimNic,
};
use tokio::sync::mpsc;

use super::{cloud, one_each, wide};
use crate::{
    history,
    stage::{Ended, Scene, Stage, good, parts},
};

#[tokio::test]
async fn the_intent_is_on_disk_when_the_request_arrives() {
    let good = good(cloud()).await;
    let mut stage = Scene::demo(cloud()).open().await;
    let targets = &good.addresses[0][..2];
    let plan = stage.prepare(targets).await;
    let seen: Arc<Mutex<Option<Contents>>> = Arc::default();
    let (path, slot) = (stage.journal.path().to_owned(), seen.clone());
    let action = stage.action(&plan.operations()[0]);
    stage.simulator.before(action, move |_| *slot.lock().unwrap() = journal::read(&path).ok());
    let addresses: Vec<_> = plan.operations()[0].expect.nic.addresses.iter().map(|address| address.ip).collect();
    stage.run(&plan).await.all(OutcomeWord::Released);

    let seen = seen.lock().unwrap().take().expect("the request arrived");
    let [JournalEntry::Begun(begun), JournalEntry::Intent(intent)] = seen.entries.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!((&begun.batch, begun.targets), (&intent.batch, 2), "all that was confirmed, before");
    let (nic, _) = parts(&targets[0]);
    let ips = targets.iter().map(|target| parts(target).1.unwrap()).collect();
    assert_eq!(intent.kind, OperationKind::Release { nic: nic.as_str().into(), ips });
    assert_eq!(intent.before, addresses, "what there was, for taking it back");
    assert_eq!((intent.who.as_str(), intent.host.as_str()), ("lin", "here"));
    assert_eq!(intent.plan, plan.hash().to_string());

    let after = stage.closed_journal();
    let [_, _, JournalEntry::Settled(end)] = after.entries.as_slice() else { panic!("{after:?}") };
    assert_eq!((&end.batch, end.operation), (&intent.batch, intent.operation));
    assert!(end.outcomes.iter().all(|(_, outcome)| outcome.word() == OutcomeWord::Released));
    let text = std::fs::read_to_string(stage.journal.path()).unwrap();
    assert!(!text.contains(&stage.simulator.key().secret) && !text.contains(&stage.simulator.key().id));
}

#[tokio::test]
async fn without_a_journal_nothing_is_sent() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 5).await;
    let plan = stage.plan_all(&targets);
    // Something else is in its place now.
    std::fs::remove_file(stage.journal.path()).unwrap();
    std::fs::create_dir(stage.journal.path()).unwrap();
    let before = stage.simulator.world();
    let ended = stage.run(&plan).await;
    for outcome in ended.outcomes.values() {
        assert!(matches!(outcome, Outcome::Skipped { why: Skip::Journal { .. } }), "{outcome:?}");
    }
    assert_eq!(stage.writes(), 0);
    assert_eq!(stage.simulator.world().to_files(), before.to_files());
}

/// The write is made and cannot be undone: it is read back and told, and its intent stays open.
#[tokio::test]
async fn a_journal_that_breaks_after_the_write_does_not_hide_its_outcome() {
    let good = good(cloud()).await;
    let mut stage = Scene::demo(cloud()).open().await;
    let plan = stage.prepare(&good.addresses[0][..1]).await;
    let (path, kept) = (stage.journal.path().to_owned(), stage.journal.path().with_extension("kept"));
    let action = stage.action(&plan.operations()[0]);
    let moved = kept.clone();
    stage.simulator.before(action, move |_| {
        std::fs::rename(&path, &moved).unwrap();
        std::fs::create_dir(&path).unwrap();
    });
    let mut running = stage.begin(&plan);
    let told = |event: &ReleaseEvent| matches!(event, ReleaseEvent::NotJournaled { operation: OperationId(0), fault } if fault.kind == JournalFaultKind::Open && fault.path.contains("journal"));
    running.until(&mut stage, told).await;
    running.end(&mut stage).await.all(OutcomeWord::Released);
    assert_eq!(journal::read(&kept).unwrap().open_intents().count(), 1);
}

#[tokio::test]
async fn a_read_only_profile_sends_nothing() {
    let good = good(cloud()).await;
    let mut scene = Scene::demo(cloud());
    scene.readonly = true;
    let mut stage = scene.open().await;
    let address = good.addresses[0][0].clone();
    let nic = good.nics.iter().find(|target| target.nic() != address.nic()).expect("another NIC").clone();
    let targets = [address, nic];
    let plan = stage.prepare(&targets).await;
    let ended = stage.run(&plan).await;
    for outcome in ended.outcomes.values() {
        assert_eq!(*outcome, Outcome::Skipped { why: Skip::ReadOnly });
    }
    assert_eq!(stage.writes(), 0);
    adds_up(&stage, &ended);
}

/// What the journal tells of the last batch is what its run told of each target of the plan.
fn adds_up(stage: &Stage, ended: &Ended) {
    let path = stage.journal.path();
    let found = runtime::history::find(path, &Search::default(), 1, true).unwrap();
    let told: BTreeMap<Target, Outcome> =
        found.batches[0].rows().map(|(_, row)| (row.target.clone(), row.outcome.clone().unwrap())).collect();
    assert_eq!(told, ended.outcomes);
    let summary = &found.summaries[0];
    assert_eq!((summary.targets(), summary.unfinished()), (ended.outcomes.len(), 0));
    for word in ["skipped", "stopped", "released", "failed"] {
        let search = search::parse(&format!("result:{word}"), Timestamp(0), 0).unwrap();
        let wanted = ended.outcomes.values().filter(|outcome| result_word(Some(outcome.word())) == word).count();
        let found = runtime::history::find(path, &search, 1, false).unwrap().summaries;
        assert_eq!(found.iter().map(|batch| batch.found).sum::<usize>(), wanted, "{word}");
    }
}

/// Sent, changed since the plan, refused and stopped: each target of the plan is in the journal, with the end that the run told.
#[tokio::test]
async fn what_the_journal_tells_adds_up_to_the_plan() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 9).await;
    let plan = stage.plan_all(&targets);
    let operations = plan.operations();
    // The first two are gone, or changed, before their turn.
    let (gone, changed) = (&operations[0], &operations[1]);
    let OperationKind::Release { nic, ips } = &gone.kind else { panic!("a release") };
    stage.simulator.change(|world| assert_eq!(world.release(nic.as_str(), ips), ips.len()));
    let changed = changed.kind.nic().to_string();
    stage.simulator.change(|world| {
        let nic = world.nic(&changed).unwrap().clone();
        world.put_nic(SimNic { status: "Detaching".to_owned(), ..nic });
    });
    let hold = stage.simulator.hold(stage.action(gone));
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| log.iter().filter(|logged| logged.write).count() == 4).await;
    running.control.send_modify(|control| control.stopped = true);
    drop(hold);
    let ended = running.end(&mut stage).await;
    let counts = [OutcomeWord::AlreadyGone, OutcomeWord::Skipped, OutcomeWord::Released, OutcomeWord::Stopped];
    assert_eq!(counts.map(|word| ended.count(word)), [1, 1, 4, 3]);
    adds_up(&stage, &ended);
    let contents = stage.closed_journal();
    assert!(matches!(contents.entries.last(), Some(JournalEntry::Unsent(unsent)) if unsent.rows.len() == 5));
    assert!(verify::verify(stage.journal.path()).unwrap().is_whole());
}

/// Two consoles on one journal: what one of them has begun, and has no end yet, the other one leaves alone.
#[tokio::test]
async fn a_nic_that_another_console_has_begun_to_write_to_is_left_alone() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 2).await;
    let plan = stage.plan_all(&targets);
    let [busy, free] = plan.operations() else { panic!("two writes") };
    let other = Journal::open(stage.journal.path()).unwrap();
    let theirs = Intent {
        at: clock::now(),
        cloud: busy.cloud.clone(),
        profile: "their-name-for-it".into(),
        region: busy.region.clone(),
        who: "wu".to_owned(),
        host: "there".to_owned(),
        ..history::intent("theirs", 0, busy.kind.clone())
    };
    other.intent(theirs.clone(), false).await.unwrap();
    let ended = stage.run(&plan).await;
    let Outcome::Skipped { why: Skip::Journal { fault } } = &ended.outcomes[&busy.targets()[0]] else {
        panic!("{:?}", ended.outcomes)
    };
    assert_eq!((fault.kind, fault.reason.as_str()), (JournalFaultKind::Begun, "theirs, wu@there"));
    assert_eq!(ended.outcomes[&free.targets()[0]].word(), OutcomeWord::Released);
    assert_eq!(stage.writes(), 1);

    // It has its end: nothing stands against it any more.
    other.settled(history::settled(&theirs, &Outcome::Stopped)).await.unwrap();
    let again = stage.plan_all(&busy.targets());
    stage.run(&again).await.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), 2);
    stage.closed_journal();
}

/// At the very same moment: one of them sends.
#[tokio::test]
async fn of_two_consoles_that_want_the_same_at_once_one_sends() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 4).await;
    let plan = stage.plan_all(&targets);
    let action = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(action);
    let (out, mut told) = mpsc::channel(256);
    let (_control, batch) = stage.batch(&plan, out);
    // The other console: a journal and a client of its own.
    let journal = Arc::new(Journal::open(stage.journal.path()).unwrap());
    let twin = Batch { journal, author: Author { who: "wu".to_owned(), host: "there".to_owned() }, ..batch };
    let twin = tokio::spawn(release::run(twin, stage.strangers(&plan)));
    stage.simulator.wait_for(|log| log.iter().filter(|logged| logged.write).count() == targets.len()).await;
    let ours = stage.run(&plan).await;
    for outcome in ours.outcomes.values() {
        let begun = matches!(outcome, Outcome::Skipped { why: Skip::Journal { fault } } if fault.kind == JournalFaultKind::Begun);
        assert!(begun, "{outcome:?}");
    }
    drop(hold);
    let mut ends = Vec::new();
    while let Some(msg) = told.recv().await {
        if let Msg::Release(_, ReleaseEvent::Settled { outcomes, .. }) = msg {
            ends.extend(outcomes);
        }
    }
    twin.await.unwrap();
    assert!(ends.iter().all(|(_, outcome)| outcome.word() == OutcomeWord::Released), "{ends:#?}");
    assert_eq!((ends.len(), stage.writes()), (targets.len(), targets.len()));
    assert_eq!(journal::read(stage.journal.path()).unwrap().open_intents().count(), 0);
}
