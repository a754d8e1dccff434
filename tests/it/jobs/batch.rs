//! A batch: how many together, in which order, and what stops it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use nicdeck::{
    app::msg::ReleaseEvent,
    domain::{
        fault::FaultKind,
        outcome::{Outcome, OutcomeWord, Progress, Skip},
        page::{Resource, Scope},
        plan::{OperationKind, ReleasePlan},
        selection::Target,
        time::Timestamp,
    },
    providers::provider::{Call, Step},
    runtime::clock,
    sim::{
        http::{Logged, Options, Simulator},
        script::{Rule, Trouble},
        world::World,
    },
};

use super::{cloud, one_each, wide};
use crate::stage::{PROFILE, Scene, Stage, good, parts};

/// Writes in flight for one profile.
const TOGETHER: usize = 4;

fn writes(log: &[Logged]) -> usize {
    log.iter().filter(|logged| logged.write).count()
}

fn is_settled(event: &ReleaseEvent) -> bool {
    matches!(event, ReleaseEvent::Settled { .. })
}

/// Lets every task that can go on do so.
async fn settle_down() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stop_lets_what_is_in_flight_end_and_sends_nothing_more() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 7).await;
    let plan = stage.plan_all(&targets);
    let action = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(action);
    let mut running = stage.begin(&plan);
    stage.simulator.wait_for(|log| writes(log) == TOGETHER).await;
    running.control.send_modify(|control| control.stopped = true);
    // Those that wait are told at once, while the others are still held.
    for _ in TOGETHER..targets.len() {
        let event = running.until(&mut stage, is_settled).await;
        let ReleaseEvent::Settled { outcomes, .. } = event else { unreachable!() };
        assert!(outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Stopped));
    }
    drop(hold);
    let ended = running.end(&mut stage).await;
    assert_eq!(ended.count(OutcomeWord::Released), TOGETHER);
    assert_eq!(ended.count(OutcomeWord::Stopped), targets.len() - TOGETHER);
    assert_eq!(stage.writes(), TOGETHER);
    let (world, closed) = (stage.simulator.world(), stage.closed_journal());
    assert_eq!(closed.entries.len(), 1 + TOGETHER * 2 + 1, "all that was confirmed, and what was not sent");
    for (target, outcome) in &ended.outcomes {
        let (nic, Some(ip)) = parts(target) else { panic!("an address") };
        let there = world.nic(&nic).is_some_and(|nic| nic.address(ip).is_some());
        assert_eq!(there, *outcome == Outcome::Stopped, "{target:?}");
    }
}

#[tokio::test]
async fn a_stop_while_a_nic_is_read_again_sends_nothing() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    let hold = stage.simulator.hold("*");
    let before = stage.simulator.requests().len();
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| log.len() > before).await;
    running.control.send_modify(|control| control.stopped = true);
    drop(hold);
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Stopped);
    assert_eq!(stage.writes(), 0);
    assert_eq!(stage.sent_by_journal(), []);
}

#[tokio::test]
async fn a_pause_holds_what_was_not_sent_until_it_ends() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 6).await;
    let plan = stage.plan_all(&targets);
    let action = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(action);
    let mut running = stage.begin(&plan);
    stage.simulator.wait_for(|log| writes(log) == TOGETHER).await;
    running.control.send_modify(|control| control.paused = true);
    running.until(&mut stage, |event| *event == ReleaseEvent::Paused(true)).await;
    drop(hold);
    for _ in 0..TOGETHER {
        running.until(&mut stage, is_settled).await;
    }
    settle_down().await;
    assert_eq!(stage.writes(), TOGETHER);
    running.control.send_modify(|control| control.paused = false);
    running.until(&mut stage, |event| *event == ReleaseEvent::Paused(false)).await;
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), targets.len());
}

/// A read that is refused for now is told of while it waits.
#[tokio::test]
async fn a_read_before_the_write_that_is_throttled_is_told_of() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    stage.simulator.inject(Rule::new(Trouble::Throttle).reads().first(1));
    let mut running = stage.begin(&plan);
    let waits = |event: &ReleaseEvent| {
        matches!(
            event,
            ReleaseEvent::Waiting(_, Some(Progress::Retrying { kind: FaultKind::Throttled, attempt: 2, .. }))
        )
    };
    running.until(&mut stage, waits).await;
    running.until(&mut stage, |event| matches!(event, ReleaseEvent::Waiting(_, None))).await;
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Released);
}

/// Rows that have not been sent say that they wait, and when their turn comes; none is sent before the vendor's time is over.
#[tokio::test]
async fn what_a_vendor_wishes_is_told_of_every_row_that_waits_for_it() {
    let mut stage = Scene { in_flight: 1, ..wide() }.open().await;
    let targets = one_each(&mut stage, 3).await;
    let plan = stage.plan_all(&targets);
    stage.simulator.inject(Rule::new(Trouble::ThrottleFor { ms: 2_000 }).writes().first(1));
    let begin = std::time::Instant::now();
    let mut running = stage.begin(&plan);
    let refused = |event: &ReleaseEvent| {
        matches!(event, ReleaseEvent::Progressed(_, Progress::Retrying { wait_ms: 2_000.., of: 3, .. }))
    };
    running.until(&mut stage, refused).await;
    let waits = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Throttled { .. }));
    running.until(&mut stage, waits).await;
    assert_eq!(stage.writes(), 1);
    let run = stage.state.run.as_ref().unwrap();
    assert_eq!((run.counts().queued, run.counts().retrying), (targets.len() - 1, 1));
    let checked = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Checking));
    running.until(&mut stage, checked).await;
    assert!(begin.elapsed() >= Duration::from_secs(2));
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), targets.len() + 1);
}

#[tokio::test]
async fn rows_of_a_vendor_who_wants_no_call_for_an_hour_are_given_up_and_say_so() {
    let mut stage = Scene { in_flight: 1, ..wide() }.open().await;
    let targets = one_each(&mut stage, 6).await;
    let plan = stage.plan_all(&targets);
    stage.simulator.inject(Rule::new(Trouble::ThrottleFor { ms: 3_600_000 }).writes().first(1));
    let ended = stage.run(&plan).await;
    assert_eq!((ended.count(OutcomeWord::Failed), stage.writes()), (targets.len(), 1));
    for target in &targets {
        let Some(Outcome::Failed { fault }) = ended.outcomes.get(target) else { panic!("{target:?}") };
        assert!(fault.kind == FaultKind::Throttled && fault.retry_after_ms > Some(3_500_000), "{fault:?}");
    }
    stage.closed_journal();
}

/// Vendors advise few calls of an account at once, whoever makes them.
#[tokio::test]
async fn a_batch_and_a_listing_beside_it_share_four_calls() {
    let mut stage = Scene { in_flight: 24, ..wide() }.open().await;
    let targets = one_each(&mut stage, 8).await;
    let plan = stage.plan_all(&targets);
    stage.simulator.inject(Rule::delay(10));
    stage.simulator.forget_peak();
    let mut running = stage.begin(&plan);
    let checked = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Checking));
    running.until(&mut stage, checked).await;
    let (_, _results, cancel, load) = stage.begin_list();
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Released);
    assert_eq!(stage.simulator.peak_in_flight(), TOGETHER);
    cancel.cancel();
    load.await.unwrap();
}

/// A retry is a write like any other; and what was true before a pause is read again after it.
#[tokio::test]
async fn a_pause_holds_a_retry_and_the_facts_are_read_again_after_it() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    stage.simulator.inject(Rule::new(Trouble::Throttle).writes().first(1));
    let mut running = stage.begin(&plan);
    let retrying = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Retrying { .. }));
    running.until(&mut stage, retrying).await;
    running.control.send_modify(|control| control.paused = true);
    // It waits again: read, and not sent.
    let queued = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Queued));
    running.until(&mut stage, queued).await;
    assert_eq!(stage.writes(), 1);
    let (nic, Some(ip)) = parts(&targets[0]) else { panic!("an address") };
    stage.simulator.change(|world| {
        let balancer = world.load_balancers().next().expect("one").id.clone();
        world.edit_nic(&nic, |nic| {
            nic.addresses.iter_mut().filter(|address| address.ip == ip).for_each(|one| one.lb = Some(balancer.clone()));
        });
    });
    running.control.send_modify(|control| control.paused = false);
    let ended = running.end(&mut stage).await;
    assert!(matches!(ended.only(), Outcome::Skipped { why: Skip::Stale { .. } }), "{:?}", ended.only());
    assert_eq!(stage.writes(), 1);
    stage.closed_journal();
}

/// A console that was stopped (ctrl-z), or a machine that slept, in the middle of the reads before a write.
#[tokio::test]
async fn a_write_is_not_decided_on_reads_between_which_hours_went_by() {
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    let mut stage = wide().open().await;
    stage.now = || Timestamp(clock::now().0 + AHEAD.load(Ordering::SeqCst));
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    // The NIC itself is read; what is around it has no answer yet.
    let hold = stage.simulator.hold("DescribeEipAddresses");
    let before = stage.simulator.requests().len();
    let running = stage.begin(&plan);
    let waits = |log: &[Logged]| log.iter().skip(before).any(|logged| logged.action == "DescribeEipAddresses");
    stage.simulator.wait_for(waits).await;
    AHEAD.store(7_200_000, Ordering::SeqCst);
    let so_far = stage.simulator.requests().len();
    drop(hold);
    running.end(&mut stage).await.all(OutcomeWord::Released);
    let log = stage.simulator.requests();
    let log: Vec<(String, bool)> = log.iter().map(|logged| (logged.action.clone(), logged.write)).collect();
    let mut then = log.iter().skip(so_far).take_while(|(_, write)| !write);
    assert!(
        then.any(|(action, _)| action == "DescribeNetworkInterfaceAttribute"),
        "the NIC is read once more before the write"
    );
}

/// What a try was decided on is good for the next one for a few seconds only.
#[tokio::test]
async fn another_try_of_a_throttled_write_is_decided_on_facts_read_anew_once_they_are_old() {
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    let mut stage = wide().open().await;
    stage.now = || Timestamp(clock::now().0 + AHEAD.load(Ordering::SeqCst));
    let targets = one_each(&mut stage, 1).await;
    let plan = stage.plan_all(&targets);
    stage.simulator.inject(Rule::new(Trouble::Throttle).writes().first(1));
    let hold = stage.simulator.hold(stage.action(&plan.operations()[0]));
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| writes(log) == 1).await;
    let (nic, Some(ip)) = parts(&targets[0]) else { panic!("an address") };
    stage.simulator.change(|world| {
        let balancer = world.load_balancers().next().expect("one").id.clone();
        world.edit_nic(&nic, |nic| {
            nic.addresses.iter_mut().filter(|address| address.ip == ip).for_each(|one| one.lb = Some(balancer.clone()));
        });
    });
    AHEAD.store(6_000, Ordering::SeqCst);
    drop(hold);
    let ended = running.end(&mut stage).await;
    assert!(matches!(ended.only(), Outcome::Skipped { why: Skip::Stale { .. } }), "{:?}", ended.only());
    assert_eq!(stage.writes(), 1, "the one that was throttled");
}

/// A plan for one address whose action the cloud has just throttled: for a second and more no such write may leave.
async fn throttled() -> (Stage, Arc<ReleasePlan>, Target) {
    let mut scene = wide();
    scene.tries = 1;
    let mut stage = scene.open().await;
    let targets = one_each(&mut stage, 2).await;
    let (first, second) = (stage.plan_all(&targets[..1]), stage.plan_all(&targets[1..]));
    stage.simulator.inject(Rule::new(Trouble::ThrottleFor { ms: 3_000 }).writes().first(1));
    stage.run(&first).await.all(OutcomeWord::Failed);
    assert_eq!(stage.writes(), 1);
    (stage, second, targets[1].clone())
}

fn is_queued(event: &ReleaseEvent) -> bool {
    matches!(event, ReleaseEvent::Progressed(_, Progress::Queued | Progress::Throttled { .. }))
}

#[tokio::test]
async fn a_stop_reaches_a_write_that_waits_for_its_turn() {
    let (mut stage, plan, _) = throttled().await;
    let mut running = stage.begin(&plan);
    running.until(&mut stage, is_queued).await;
    running.control.send_modify(|control| control.stopped = true);
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Stopped);
    assert_eq!(ended.progressed(|progress| *progress == Progress::Sent), 0);
    assert_eq!(stage.writes(), 1, "the one that was throttled");
    assert_eq!(stage.sent_by_journal().len(), 2);
}

#[tokio::test]
async fn a_pause_reaches_a_write_that_waits_for_its_turn() {
    let (mut stage, plan, _) = throttled().await;
    let mut running = stage.begin(&plan);
    running.until(&mut stage, is_queued).await;
    running.control.send_modify(|control| control.paused = true);
    running.until(&mut stage, |event| *event == ReleaseEvent::Paused(true)).await;
    // The action is open again, and who asks for a turn after it has it.
    let operation = &plan.operations()[0];
    let turn = stage.client.turn(&operation.region, &operation.kind, &Step::default()).await;
    settle_down().await;
    assert_eq!(stage.writes(), 1);
    drop(turn);
    running.control.send_modify(|control| control.paused = false);
    running.end(&mut stage).await.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), 2);
}

/// What was true when a write began to wait may not be when it may leave.
#[tokio::test]
async fn a_write_that_waited_for_its_turn_is_decided_on_facts_read_after_it() {
    let (mut stage, plan, target) = throttled().await;
    let mut running = stage.begin(&plan);
    running.until(&mut stage, is_queued).await;
    let (nic, Some(ip)) = parts(&target) else { panic!("an address") };
    stage.simulator.change(|world| {
        let balancer = world.load_balancers().next().expect("one").id.clone();
        world.edit_nic(&nic, |nic| {
            nic.addresses.iter_mut().filter(|address| address.ip == ip).for_each(|one| one.lb = Some(balancer.clone()));
        });
    });
    let ended = running.end(&mut stage).await;
    assert!(matches!(ended.only(), Outcome::Skipped { why: Skip::Stale { .. } }), "{:?}", ended.only());
    assert_eq!(stage.writes(), 1);
}

/// Writes to one NIC come one after the other; writes to others go on beside them.
#[tokio::test]
async fn a_nic_never_has_two_writes_in_flight() {
    let mut scene = wide();
    scene.release_batch = Some(1);
    let mut stage = scene.open().await;
    let rows = stage.survey().await;
    let by_nic = crate::stage::plain_addresses(&rows);
    let targets: Vec<Target> = by_nic.iter().take(3).flat_map(|on_nic| on_nic.iter().take(4).cloned()).collect();
    assert!(targets.len() == 12, "{targets:?}");
    let plan = stage.plan_all(&targets);
    assert_eq!(plan.operations().len(), 12);
    stage.simulator.inject(Rule::delay(15).writes());
    let nic_of = |logged: &Logged| -> String {
        let sent = format!("{}{}", logged.query, String::from_utf8_lossy(&logged.body));
        let nics = by_nic.iter().map(|on_nic| on_nic[0].nic().nic.to_string());
        nics.into_iter().find(|nic| sent.contains(nic.as_str())).expect("a NIC of the plan")
    };
    let hold = stage.simulator.hold(stage.action(&plan.operations()[0]));
    let running = stage.begin(&plan);
    let log = stage.simulator.wait_for(|log| writes(log) == 3).await;
    let together: BTreeSet<String> = log.iter().filter(|logged| logged.write).map(nic_of).collect();
    assert_eq!(together.len(), 3, "different NICs do not wait for each other");
    drop(hold);
    for count in 4..=targets.len() {
        let log = stage.simulator.wait_for(|log| writes(log) >= count).await;
        let mut open: BTreeMap<String, usize> = BTreeMap::new();
        for logged in log.iter().filter(|logged| logged.write && !logged.done) {
            *open.entry(nic_of(logged)).or_default() += 1;
        }
        assert!(open.values().all(|writes| *writes == 1), "{open:?}");
    }
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Released);
    // In the order of the plan.
    let log = stage.simulator.requests();
    for operation in plan.operations() {
        let OperationKind::Release { nic, ips } = &operation.kind else { panic!("a release") };
        let own: Vec<&Logged> = log.iter().filter(|logged| logged.write && nic_of(logged) == nic.as_str()).collect();
        let place = own.iter().position(|logged| {
            let sent = format!("{}{}", logged.query, String::from_utf8_lossy(&logged.body));
            sent.split(['&', '=', '"', ',']).any(|part| part == ips[0].to_string())
        });
        let planned = plan.operations().iter().filter(|other| other.id < operation.id);
        let before = planned.filter(|other| other.kind.nic() == nic).count();
        assert_eq!(place, Some(before), "{operation:?}");
    }
}

/// One NIC through two profiles: its writes come one after the other all the same.
#[tokio::test]
async fn two_profiles_of_one_account_never_write_to_a_nic_together() {
    let mut stage = wide().open().await;
    let on_nic = crate::stage::plain_addresses(&stage.survey().await).remove(0);
    let plan = stage.plan_of_twins(&on_nic[0], &on_nic[1]).await;
    let ended = stage.run(&plan).await;
    ended.all(OutcomeWord::Released);
    assert_eq!(ended.order(), [(0, false), (0, true), (1, false), (1, true)]);
}

#[tokio::test]
async fn what_follows_a_failure_on_the_same_nic_is_skipped_and_other_nics_go_on() {
    let mut scene = wide();
    scene.release_batch = Some(1);
    let mut stage = scene.open().await;
    let rows = stage.survey().await;
    let by_nic = crate::stage::plain_addresses(&rows);
    let targets: Vec<Target> = by_nic[0].iter().take(3).chain(&by_nic[1][..2]).cloned().collect();
    let plan = stage.plan_all(&targets);
    let broken = by_nic[0][0].nic().nic.to_string();
    let action = stage.action(&plan.operations()[0]);
    stage.simulator.hold(action);
    let code = "InvalidOperation.EniServiceManaged";
    let refused = broken.clone();
    stage.simulator.change(move |world| world.refusals.insert(refused, code.to_owned()));
    let ended = stage.run(&plan).await;
    for (target, outcome) in &ended.outcomes {
        match (target.nic().nic.as_str() == broken, outcome) {
            (false, Outcome::Released { .. }) | (true, Outcome::Skipped { why: Skip::AfterFailure }) => {}
            (true, Outcome::Failed { fault }) => assert_eq!(fault.code.as_deref(), Some(code)),
            other => panic!("{target:?}: {other:?}"),
        }
    }
    assert_eq!(ended.count(OutcomeWord::Failed), 1);
    assert_eq!(ended.count(OutcomeWord::Skipped), 2);
    assert_eq!(stage.writes(), 3);
}

/// Reads of a load hang on every place that listings have: a batch has its own.
#[tokio::test]
async fn a_load_that_hangs_does_not_hold_up_a_batch() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 3).await;
    let plan = stage.plan_all(&targets);
    let places = u64::try_from(stage.provider.descriptor().capabilities.in_flight).unwrap();
    let before = stage.simulator.requests().len();
    stage.simulator.inject(Rule::new(Trouble::Hang).reads().first(places));
    let (_, _results, cancel, load) = stage.begin_list();
    stage.simulator.wait_for(|log| log.len() >= before + usize::try_from(places).unwrap()).await;
    let ended = stage.run(&plan).await;
    ended.all(OutcomeWord::Released);
    assert!(!load.is_finished());
    cancel.cancel();
    load.await.unwrap();
}

/// Another simulator in its place: the one there was is for the caller to stop.
async fn replaced(stage: &mut Stage) -> Simulator {
    let spare = Simulator::start(cloud().dialect(), stage.simulator.world(), Options::default()).await.unwrap();
    std::mem::replace(&mut stage.simulator, spare)
}

/// The network is there again, with the same world behind it.
async fn back(stage: &mut Stage, listen: SocketAddr, world: World) {
    let options = Options { listen, ..Options::default() };
    stage.simulator = Simulator::start(cloud().dialect(), world, options).await.unwrap();
}

fn is_away(event: &ReleaseEvent) -> bool {
    matches!(event, ReleaseEvent::Offline(_, Some(_)))
}

/// The network goes away after the plan was made, and comes back.
#[tokio::test]
async fn a_batch_waits_for_a_network_that_is_away() {
    let good = good(cloud()).await;
    let mut stage = Scene::demo(cloud()).open().await;
    let plan = stage.prepare(&good.addresses[0][..2]).await;
    let (address, world) = (stage.simulator.address(), stage.simulator.world());
    replaced(&mut stage).await.stop().await;
    let mut running = stage.begin(&plan);
    for expected in 1..=2 {
        let waits = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Retrying { attempt, code: None, .. }) if *attempt == expected);
        running.until(&mut stage, waits).await;
    }
    running.until(&mut stage, is_away).await;
    assert_eq!(stage.state.run.as_ref().unwrap().offline.keys().collect::<Vec<_>>(), [&PROFILE.into()]);
    back(&mut stage, address, world).await;
    running.until(&mut stage, |event| matches!(event, ReleaseEvent::Offline(_, None))).await;
    assert!(stage.state.run.as_ref().unwrap().offline.is_empty());
    let ended = running.end(&mut stage).await;
    ended.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), 1);
}

/// The network goes in the middle of a batch, and with it the answers to four writes, of which two were done.
#[tokio::test]
async fn a_network_that_goes_in_the_middle_of_a_batch_pauses_it_and_all_is_accounted_for() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 12).await;
    let plan = stage.plan_all(&targets);
    let hold = stage.simulator.hold(stage.action(&plan.operations()[0]));
    let address = stage.simulator.address();
    let mut running = stage.begin(&plan);
    stage.simulator.wait_for(|log| writes(log) == TOGETHER).await;
    let mut world = stage.simulator.world();
    replaced(&mut stage).await.stop().await;
    drop(hold);
    running.until(&mut stage, is_away).await;
    let run = stage.state.run.as_ref().unwrap();
    assert_eq!((run.counts().settled(), run.counts().queued), (0, targets.len() - TOGETHER), "{:?}", run.counts());
    let sent: Vec<Target> = run.rows.iter().filter(|row| row.began.is_some()).map(|row| row.target.clone()).collect();
    for target in &sent[..2] {
        let (nic, Some(ip)) = parts(target) else { panic!("an address") };
        world.edit_nic(&nic, |nic| nic.addresses.retain(|address| address.ip != ip));
    }
    back(&mut stage, address, world).await;
    let ended = running.end(&mut stage).await;
    for (target, outcome) in &ended.outcomes {
        let wanted = if sent[2..].contains(target) { OutcomeWord::Unknown } else { OutcomeWord::Released };
        assert_eq!(outcome.word(), wanted, "{target:?}: {outcome:?}");
    }
    assert_eq!(stage.writes(), targets.len() - TOGETHER, "nothing was sent twice");
    stage.closed_journal();
}

#[tokio::test]
async fn a_batch_that_is_stopped_while_the_network_is_away_sends_nothing() {
    let good = good(cloud()).await;
    let mut stage = Scene::demo(cloud()).open().await;
    let plan = stage.prepare(&good.addresses[0][..1]).await;
    replaced(&mut stage).await.stop().await;
    let mut running = stage.begin(&plan);
    let waits = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Retrying { .. }));
    running.until(&mut stage, waits).await;
    running.control.send_modify(|control| control.stopped = true);
    running.end(&mut stage).await.all(OutcomeWord::Stopped);
    assert_eq!(stage.sent_by_journal(), []);
}

/// A console that is leaving: nobody wishes any more, and nobody listens.
#[tokio::test]
async fn a_batch_whose_console_is_gone_ends_after_what_is_in_flight() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 7).await;
    let plan = stage.plan_all(&targets);
    let action = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(action);
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| writes(log) == TOGETHER).await;
    drop((running.control, running.results));
    drop(hold);
    running.task.await.unwrap();
    assert_eq!(stage.writes(), TOGETHER);
    assert_eq!(stage.sent_by_journal().len(), TOGETHER * 2);
}

/// Does this call read the answer to a release of this very address?
fn releases(call: &Call, wanted: &str) -> bool {
    matches!(call, Call::Write { kind: OperationKind::Release { ips, .. }, .. } if ips[0].to_string() == wanted)
}

/// A bug while one answer is read costs that write its outcome, and no other.
#[tokio::test]
async fn a_task_that_dies_is_told_and_the_others_in_flight_are_seen_to_their_end() {
    let victim = {
        let mut stage = wide().open().await;
        parts(&one_each(&mut stage, 7).await[1]).1.unwrap().to_string()
    };
    let mut scene = wide();
    let (trapped, armed) = (victim.clone(), Arc::new(AtomicBool::new(true)));
    let trap = armed.clone();
    scene.trap = Box::new(move |call| {
        assert!(!(releases(call, &trapped) && trap.load(Ordering::SeqCst)), "a bug in a codec, on purpose");
    });
    let mut stage = scene.open().await;
    let targets = one_each(&mut stage, 7).await;
    let plan = stage.plan_all(&targets);
    let action = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(action);
    let running = stage.begin(&plan);
    stage.simulator.wait_for(|log| writes(log) == TOGETHER).await;
    drop(hold);
    let ended = running.end(&mut stage).await;
    assert!(ended.panicked, "it is said");
    for (target, outcome) in &ended.outcomes {
        match (parts(target).1.unwrap().to_string() == victim, outcome) {
            (true, Outcome::Unknown { fault }) => assert_eq!(fault.kind, FaultKind::Local),
            (false, Outcome::Released { .. } | Outcome::Stopped) => {}
            other => panic!("{target:?}: {other:?}"),
        }
    }
    assert_eq!(ended.count(OutcomeWord::Unknown), 1);
    assert!(ended.count(OutcomeWord::Released) >= TOGETHER - 1, "{:?}", ended.words());
    let contents = nicdeck::runtime::journal::read(stage.journal.path()).unwrap();
    assert_eq!(contents.open_intents().count(), 1, "to be reconciled at the next start");
}

/// Bugs while NICs are read: the NIC is not known, its write is not sent, and nothing hangs.
#[tokio::test]
async fn a_read_that_dies_leaves_its_nic_unread() {
    let good = good(cloud()).await;
    let targets = [good.addresses[0][0].clone(), good.addresses[1][0].clone()];
    let victim = targets[0].nic().nic.clone();
    let armed = Arc::new(AtomicBool::new(false));
    let mut scene = Scene::demo(cloud());
    let trap = armed.clone();
    scene.trap = Box::new(move |call| {
        let own = matches!(call, Call::List(listing) if listing.resource == Resource::Nics && listing.scope == Scope::Nic(victim.clone()));
        assert!(!(own && trap.load(Ordering::SeqCst)), "a bug in a codec, on purpose");
    });
    let mut stage = scene.open().await;
    let plan = stage.prepare(&targets).await;
    armed.store(true, Ordering::SeqCst);
    let unread = stage.read_again(targets.iter().map(|target| target.nic().clone())).await;
    assert_eq!(unread.len(), 1, "{unread:?}");
    assert_eq!(&unread[0].0, targets[0].nic());
    let ended = stage.run(&plan).await;
    assert!(matches!(ended.outcomes[&targets[0]], Outcome::Skipped { why: Skip::NotReadAgain { .. } }));
    assert_eq!(ended.outcomes[&targets[1]].word(), OutcomeWord::Released);
    assert!(!ended.panicked && stage.writes() == 1);
}

/// A channel with one place slows a batch and loses nothing.
#[tokio::test]
async fn a_slow_console_loses_no_word_of_a_batch() {
    async fn carried_out(channel: usize) -> (Stage, Vec<OutcomeWord>, usize) {
        let mut scene = wide();
        scene.channel = channel;
        let mut stage = scene.open().await;
        let targets = one_each(&mut stage, 6).await;
        let plan = stage.plan_all(&targets);
        let ended = stage.run(&plan).await;
        let steps = ended.progressed(|progress| matches!(progress, Progress::Checking | Progress::Sent));
        (stage, ended.words(), steps)
    }
    let (fast, words, steps) = carried_out(256).await;
    let (slow, slow_words, slow_steps) = carried_out(1).await;
    assert_eq!((words, steps), (slow_words, slow_steps));
    assert_eq!(steps, 12);
    assert_eq!(fast.simulator.world().to_files(), slow.simulator.world().to_files());
}

/// Right before a write and after it no more is read than has to be.
#[tokio::test]
async fn a_write_takes_one_inspection_and_one_look_at_the_nic() {
    let good = good(cloud()).await;
    let mut stage = Scene::demo(cloud()).open().await;
    let plan = stage.prepare(&good.addresses[0][..1]).await;
    let seen = &plan.operations()[0].expect;
    let inspection = stage.provider.inspection(&seen.nic, &seen.backends).len();
    let before = stage.simulator.requests().len();
    stage.run(&plan).await.all(OutcomeWord::Released);
    assert_eq!(stage.simulator.requests().len() - before, inspection + 2);
}
