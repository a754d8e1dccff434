//! A console that died in the middle of a batch, and the next one: what became of the writes is read, and nothing is sent.

use std::collections::BTreeMap;

use nicdeck::{
    app::{
        earlier::Found,
        effect::Effect,
        msg::{JournalEvent, Msg, ReleaseEvent},
    },
    domain::{
        ids::ProfileId,
        journal::JournalEntry,
        outcome::{OutcomeWord, Progress},
        page::Resource,
        plan::ReleasePlan,
        selection::Target,
    },
    providers::provider::Call,
    runtime::{
        clock,
        jobs::reconcile::{self, Desk, Patience},
        journal::{self, open_writes},
    },
};
use tokio::sync::mpsc;

use super::{one_each, wide};
use crate::stage::{PROFILE, Stage, parts};

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
    let writes = open_writes(stage.journal.path(), "here", clock::now()).unwrap();
    let path = stage.journal.path().to_string_lossy().into_owned();
    let effects = stage.take(Msg::Journal(JournalEvent::Unfinished { path, writes }));
    let [Effect::Reconcile { job, writes }] = effects.as_slice() else { panic!("{effects:?}") };
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
    assert_eq!(open_writes(stage.journal.path(), "here", clock::now()).unwrap(), [], "the next start is quiet");
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
    stage.simulator.inject(nicdeck::sim::script::Rule::new(nicdeck::sim::script::Trouble::Reset).reads());
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
    assert!(matches!(open.as_slice(), [write] if write.maybe_running), "{open:?}");
    drop(hold);
    running.end(&mut stage).await.all(OutcomeWord::Released);
    assert_eq!(open_writes(stage.journal.path(), "here", clock::now()).unwrap(), []);
}
