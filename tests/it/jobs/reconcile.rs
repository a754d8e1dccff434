//! A console that died in the middle of a batch, and the next one: what became of the writes is read, and nothing is sent.

use std::{collections::BTreeMap, time::Duration};

use nicdeck::{
    app::{
        earlier::Found,
        effect::Effect,
        key::{Input, Key},
        msg::{JournalEvent, Msg, ReleaseEvent},
        state::Screen,
    },
    domain::{
        ids::{AddressKey, ProfileId},
        journal::JournalEntry,
        outcome::{Outcome, OutcomeWord, Progress},
        page::Resource,
        plan::ReleasePlan,
        selection::Target,
    },
    providers::{self, client::local, provider::Call},
    runtime::{
        clock,
        jobs::reconcile::{self, Desk, Patience},
        journal::{self, open_writes},
    },
    sim::{
        script::{Rule, Trouble},
        world::World,
    },
};
use tokio::sync::mpsc;

use super::{cloud, one_each, wide};
use crate::stage::{PROFILE, Scene, Stage, good, key, parts};

/// Milliseconds after which what does not show has not happened.
const CERTAIN: u64 = 400;

/// Starts a plan and dies when all its requests have arrived. The cloud has carried none of them out.
async fn killed(stage: &mut Stage, plan: &std::sync::Arc<ReleasePlan>) {
    let hold = stage.simulator.hold(stage.action(&plan.operations()[0]));
    let count = plan.operations().len();
    let mut running = stage.begin(plan);
    for _ in 0..count {
        let sent = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Sent));
        running.until(stage, sent).await;
    }
    stage.simulator.wait_for(|log| log.iter().filter(|logged| logged.write).count() == count).await;
    running.task.abort();
    assert!(running.task.await.unwrap_err().is_cancelled());
    stage.state.run = None;
    drop(hold);
}

/// What the next start finds in the journal, and what it does about it.
async fn started_again(stage: &mut Stage) {
    let open = open_writes(stage.journal.path(), "here", clock::now()).unwrap();
    let path = stage.journal.path().to_string_lossy().into_owned();
    let effects = stage.take(Msg::Journal(JournalEvent::Unfinished { path, open }));
    reconciled(stage, &effects).await;
}

/// Carries out what was asked for.
async fn reconciled(stage: &mut Stage, effects: &[Effect]) {
    let [Effect::Reconcile { job, writes }] = effects else { panic!("{effects:?}") };
    let (out, mut results) = mpsc::channel(1);
    let patience = Patience { pause: 20, certain: CERTAIN };
    let desk = Desk { job: *job, journal: stage.journal.clone(), out, patience, now: clock::now };
    let clients = BTreeMap::from([(ProfileId::from(PROFILE), stage.client.clone())]);
    let task = tokio::spawn(reconcile::run(desk, writes.clone(), clients));
    while let Some(msg) = results.recv().await {
        stage.take(msg);
    }
    task.await.unwrap();
}

fn words(found: &Found) -> Vec<OutcomeWord> {
    found.outcomes().unwrap_or_default().iter().map(|(_, outcome)| outcome.word()).collect()
}

#[tokio::test]
async fn writes_that_a_dead_console_left_are_read_and_settled_and_none_is_sent_again() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 3).await;
    let plan = stage.plan_all(&targets);
    killed(&mut stage, &plan).await;
    let open = journal::read(stage.journal.path()).unwrap().open_intents().count();
    assert_eq!(open, 3);
    // The cloud carries one out, and another one's NIC is deleted; the third never came to anything.
    let (done, deleted) = (parts(&targets[0]), parts(&targets[1]));
    stage.simulator.change(|world| {
        world.release(&done.0, &[done.1.unwrap()]);
        world.remove_nic(&deleted.0);
    });
    let sent = stage.writes();
    started_again(&mut stage).await;
    assert_eq!(stage.writes(), sent, "nothing is sent");
    let by: BTreeMap<Target, OutcomeWord> = stage
        .state
        .earlier
        .writes
        .iter()
        .map(|write| (write.write.intent.targets().remove(0), words(&write.found)[0]))
        .collect();
    assert_eq!(by[&targets[0]], OutcomeWord::Released);
    assert_eq!(by[&targets[1]], OutcomeWord::AlreadyGone);
    assert_eq!(by[&targets[2]], OutcomeWord::Failed);
    let contents = stage.closed_journal();
    let later = contents.entries.iter().filter(|entry| matches!(entry, JournalEntry::Settled(end) if end.found_later));
    assert_eq!(later.count(), 3);
    assert!(open_writes(stage.journal.path(), "here", clock::now()).unwrap().is_empty(), "the next start is quiet");
}

/// Of two requests one was done: it is not said that nothing shows.
#[tokio::test]
async fn a_write_of_which_a_part_was_done_is_told_as_such() {
    let world = World::parse(&[("huawei.world.json", include_str!("../../sdk/huawei.world.json"))]).unwrap();
    let mut stage = Scene::of(providers::find("huawei").unwrap(), world).open().await;
    let address = |ip: &str| Target::Address(AddressKey { nic: key("nic-db1"), ip: ip.parse().unwrap() });
    let plan = stage.prepare(&[address("10.0.0.103"), address("10.0.0.104")]).await;
    let hold = stage.simulator.hold("UpdatePort");
    let mut running = stage.begin(&plan);
    for _ in 0..2 {
        running.until(&mut stage, |event| matches!(event, ReleaseEvent::Progressed(_, Progress::Sent))).await;
    }
    stage.simulator.wait_for(|log| log.iter().filter(|logged| logged.write).count() == 2).await;
    running.task.abort();
    assert!(running.task.await.unwrap_err().is_cancelled());
    stage.state.run = None;
    drop(hold);
    started_again(&mut stage).await;
    let ends: BTreeMap<Target, Outcome> = stage
        .state
        .earlier
        .writes
        .iter()
        .flat_map(|write| write.found.outcomes().unwrap_or_default().to_vec())
        .collect();
    assert_eq!(ends[&address("10.0.0.104")].word(), OutcomeWord::Released);
    let Outcome::Failed { fault } = &ends[&address("10.0.0.103")] else { panic!("{ends:?}") };
    assert_eq!((fault.partly, fault.message.as_str()), (true, local::FOUND_PARTLY));
}

/// A request may be on its way when its sender is dead already.
#[tokio::test]
async fn a_write_that_shows_late_is_not_called_a_failure_before() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    killed(&mut stage, &plan).await;
    let (nic, ip) = parts(&targets[0]);
    let seen = stage.simulator.requests().len();
    let listings = stage.provider.inspection(&plan.operations()[0].expect.nic, &[]);
    let own = listings.into_iter().find(|listing| listing.resource == Resource::Nics).expect("a read of the NIC");
    let read = stage.provider.action(&Call::List(own));
    // It comes when the NIC has been read once.
    stage.simulator.after(read, move |world| {
        world.release(&nic, &[ip.unwrap()]);
    });
    started_again(&mut stage).await;
    assert!(stage.simulator.requests().len() > seen + 1, "read more than once");
    assert_eq!(words(&stage.state.earlier.writes[0].found), [OutcomeWord::Released]);
    stage.closed_journal();
}

#[tokio::test]
async fn a_cloud_that_can_not_be_reached_leaves_the_write_open() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    killed(&mut stage, &plan).await;
    stage.simulator.inject(Rule::new(Trouble::Reset).reads());
    started_again(&mut stage).await;
    assert!(matches!(stage.state.earlier.writes[0].found, Found::Unread(_)));
    assert_eq!(journal::read(stage.journal.path()).unwrap().open_intents().count(), 1);
}

/// Two consoles on one journal: the writes of a batch that lives are its own affair.
#[tokio::test]
async fn a_batch_under_way_is_left_alone_until_it_ends() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    let hold = stage.simulator.hold(stage.action(&plan.operations()[0]));
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| log.iter().any(|logged| logged.write)).await;
    let open = open_writes(stage.journal.path(), "here", clock::now()).unwrap();
    assert!(matches!(open.writes.as_slice(), [write] if write.maybe_running), "{open:?}");
    drop(hold);
    running.end(&mut stage).await.all(OutcomeWord::Released);
    assert!(open_writes(stage.journal.path(), "here", clock::now()).unwrap().is_empty());
}

/// An answer that was lost, and a NIC that does not show the change: nobody knows.
async fn ended_unknown(stage: &mut Stage, targets: &[Target]) -> std::sync::Arc<ReleasePlan> {
    let plan = stage.plan_all(targets);
    stage.simulator.inject(Rule::new(Trouble::Reset).writes().first(targets.len() as u64));
    stage.run(&plan).await.all(OutcomeWord::Unknown);
    plan
}

#[tokio::test]
async fn an_unknown_end_stays_open_in_the_journal_until_it_is_found_out_and_so_does_the_next_start() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 2).await;
    let plan = ended_unknown(&mut stage, &targets).await;
    stage.closed_journal();
    assert!(targets.iter().all(|target| stage.state.earlier.is_open(target.nic())), "nothing else is planned for them");
    // A process that another test has just begun to start has the batch's lock too, until it is that program.
    let alone = async {
        loop {
            let writes = open_writes(stage.journal.path(), "here", clock::now()).unwrap().writes;
            if writes.iter().all(|write| !write.maybe_running) {
                return writes;
            }
            tokio::task::yield_now().await;
        }
    };
    let at_start = tokio::time::timeout(Duration::from_secs(20), alone).await.expect("the batch has ended");
    let open: Vec<Target> = at_start.iter().flat_map(|write| write.intent.targets()).collect();
    assert_eq!(open, plan.targets().collect::<Vec<_>>(), "a start finds the same");

    // The first one comes late.
    let (nic, ip) = parts(&targets[0]);
    stage.simulator.change(|world| {
        world.release(&nic, &[ip.unwrap()]);
    });
    let sent = stage.writes();
    stage.state.screen = Screen::Run;
    let effects = stage.take(Msg::Input(Input::Key(Key::char('v'))));
    reconciled(&mut stage, &effects).await;
    assert_eq!(stage.writes(), sent, "nothing is sent");
    let run = stage.state.run.as_ref().unwrap();
    let words: Vec<_> = targets.iter().map(|target| run.outcome(target).unwrap().word()).collect();
    assert_eq!(words, [OutcomeWord::Released, OutcomeWord::Failed]);
    assert!(targets.iter().all(|target| !stage.state.earlier.is_open(target.nic())));
    let entries = stage.sent_by_journal();
    let later: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            JournalEntry::Settled(end) if end.found_later => Some(end),
            _ => None,
        })
        .collect();
    assert_eq!(later.len(), 2);
    for end in later {
        let after = end.after.as_ref().expect("the NIC as it was read");
        for (target, outcome) in &end.outcomes {
            let there = after.addresses.iter().any(|address| Some(address.ip) == target.ip());
            assert_eq!(there, outcome.word() == OutcomeWord::Failed, "{target:?}");
        }
    }
    assert!(open_writes(stage.journal.path(), "here", clock::now()).unwrap().is_empty());
}

/// Of one call for three addresses one is seen to be gone.
#[tokio::test]
async fn only_the_targets_that_nobody_knows_stay_open() {
    let three = good(cloud()).await.addresses[0][..3].to_vec();
    let mut stage = Scene::demo(cloud()).open().await;
    let plan = stage.prepare(&three).await;
    assert_eq!(plan.operations().len(), 1);
    let (nic, ip) = parts(&three[1]);
    stage.simulator.inject(Rule::new(Trouble::Reset).writes().first(1));
    // Somebody else takes it off meanwhile.
    let action = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(action);
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| log.iter().any(|logged| logged.write)).await;
    stage.simulator.change(|world| {
        world.release(&nic, &[ip.unwrap()]);
    });
    drop(hold);
    let ended = running.end(&mut stage).await;
    assert_eq!((ended.count(OutcomeWord::Unknown), ended.count(OutcomeWord::Released)), (2, 1));
    stage.closed_journal();
    let open: Vec<Target> = stage.state.earlier.open().flat_map(|write| write.write.intent.targets()).collect();
    assert_eq!(open, [three[0].clone(), three[2].clone()]);
}

/// The name of temporary keys ends with them: whose they are is asked once, and tells later which account a write went to.
#[tokio::test]
async fn a_write_with_temporary_keys_is_told_by_the_account_that_they_are_of() {
    let mut stage = Scene { token: Some("session-token-1"), ..wide() }.open().await;
    let targets = one_each(&mut stage, 2).await;
    let plan = stage.plan_all(&targets);
    stage.run(&plan).await.all(OutcomeWord::Released);
    let account = |entry: JournalEntry| match entry {
        JournalEntry::Intent(intent) => intent.account,
        _ => None,
    };
    let entries = journal::read(stage.journal.path()).unwrap().entries;
    let sent: Vec<String> = entries.into_iter().filter_map(account).collect();
    assert!(sent.len() == 2 && sent[0] == sent[1], "{sent:?}");
    let (signer, owner) = sent[0].split_once('+').expect("both");
    let nobody = "0".repeat(owner.len());
    let region = &plan.operations()[0].region;
    for (recorded, is_it) in [
        (sent[0].clone(), true),
        (format!("{nobody}+{owner}"), true),
        (format!("{signer}+{nobody}"), false),
        (signer.to_owned(), true),
        (nobody.clone(), false),
    ] {
        assert_eq!(stage.client.is_account(Some(&recorded), region).await, Some(is_it), "{recorded}");
    }
    let call = stage.provider.identity(region).expect("a call that tells");
    assert_eq!(stage.simulator.count(stage.provider.action(&call)), 1, "asked once");
}
