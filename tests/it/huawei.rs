//! Huawei Cloud through the console's own jobs: what its virtual IPs, jobs and sessions ask of them.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use nicdeck::{
    app::msg::ReleaseEvent,
    domain::{
        fault::{Effect, FaultKind},
        finding::{FindingId, Severity},
        ids::AddressKey,
        journal::JournalEntry,
        odd,
        outcome::{Outcome, OutcomeWord, Progress, Skip},
        plan::{Act, ChangedFact, Decision, Operation, OperationKind, PlanRow, ReleasePlan},
        selection::Target,
    },
    filter,
    providers::{self, client::local, profile::Credential},
    rules::{Safety, guard::effects, protect::Protect, write},
    sim::{
        script::{Rule, Trouble},
        world::{SimFloat, SimInstance, SimNic, SimPair, World},
    },
};
use serde_json::json;

use crate::stage::{PROFILE, Scene, Stage, TRIES, key};

const WORLD: &str = include_str!("../sdk/huawei.world.json");

fn scene() -> Scene {
    let cloud = providers::find("huawei").expect("in the list");
    Scene::of(cloud, World::parse(&[("huawei.world.json", WORLD)]).expect("a right world"))
}

fn address(nic: &str, ip: &str) -> Target {
    Target::Address(AddressKey { nic: key(nic), ip: ip.parse().unwrap() })
}

fn float_of(world: &World, ip: &str) -> SimFloat {
    let ip: IpAddr = ip.parse().unwrap();
    world.floats().iter().find(|float| float.ip == ip).expect("there").clone()
}

/// The addresses on a virtual IP's own list.
fn bound(world: &World, ip: &str) -> Vec<String> {
    float_of(world, ip).pairs.into_iter().map(|pair| pair.ip).collect()
}

fn own_list(world: &World, nic: &str) -> Vec<String> {
    world.nic(nic).expect("there").pairs.iter().map(|pair| pair.ip.clone()).collect()
}

/// The writes that came, in order.
fn writes(stage: &Stage) -> Vec<String> {
    let log = stage.simulator.requests().into_iter().filter(|logged| logged.write);
    log.map(|logged| format!("{} {}", logged.action, logged.path.rsplit('/').next().unwrap_or_default())).collect()
}

async fn released(targets: &[Target]) -> Stage {
    let mut stage = scene().open().await;
    let plan = stage.prepare(targets).await;
    stage.run(&plan).await.all(OutcomeWord::Released);
    stage.closed_journal();
    assert_told(&stage, &plan);
    stage
}

/// The plan has named the writes that came, all of them where it said so.
fn assert_told(stage: &Stage, plan: &ReleasePlan) {
    let sent: Vec<String> =
        stage.simulator.requests().into_iter().filter(|logged| logged.write).map(|logged| logged.action).collect();
    let told: Vec<&str> = plan.operations().iter().flat_map(|operation| operation.calls.names.clone()).collect();
    let (count, more) = plan.calls();
    assert!(sent.len() == count || more && sent.len() > count, "{sent:?}, and the plan told {told:?}, more: {more}");
    if plan.operations().len() == 1 {
        assert_eq!(sent[..count], told[..]);
    }
}

#[tokio::test]
async fn one_of_several_goes_by_its_own_list_and_the_check_stays_off() {
    let stage = released(&[address("nic-web0", "10.0.0.100")]).await;
    assert_eq!(writes(&stage), ["UpdatePort vip-100"]);
    let world = stage.simulator.world();
    assert_eq!(bound(&world, "10.0.0.100"), ["10.0.0.11"], "the other server keeps it");
    assert_eq!(bound(&world, "10.0.0.101"), ["10.0.0.10"], "what was not listed is not touched");
    assert_eq!(own_list(&world, "nic-web0"), ["1.1.1.1/0"]);
    assert!(float_of(&world, "10.0.0.100").eip.is_some(), "it keeps its EIP");
}

#[tokio::test]
async fn the_only_one_and_all_of_a_nic_go_by_the_call_that_takes_all() {
    let stage = released(&[address("nic-web1", "10.0.0.102")]).await;
    assert_eq!(writes(&stage), ["DisassociateServerVirtualIp nic-web1"]);
    let world = stage.simulator.world();
    assert!(own_list(&world, "nic-web1").is_empty() && bound(&world, "10.0.0.102").is_empty());

    let stage = released(&[address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")]).await;
    assert_eq!(writes(&stage), ["DisassociateServerVirtualIp nic-web0"]);
    assert_eq!(bound(&stage.simulator.world(), "10.0.0.100"), ["10.0.0.11"]);
}

/// An address of the network that was reserved, and is bound to this NIC by its own list.
fn reserve(world: &mut World, at: &str, own: &str) {
    let like = world.floats()[0].clone();
    let pairs = vec![SimPair { ip: own.into(), mac: "fa:16:3e:00:00:99".into() }];
    let id = format!("reserved-{}", at.rsplit('.').next().unwrap_or_default());
    world.put_float(SimFloat { id, ip: at.parse().unwrap(), pairs, eip: None, lb: None, reserved: true, ..like });
}

/// It is no virtual IP by its owner, and the call that takes all off the NIC asks nobody for owners.
#[tokio::test]
async fn a_reserved_address_that_is_bound_to_the_nic_is_not_taken_along() {
    for late in [false, true] {
        let mut scene = scene();
        let put = |world: &mut World| reserve(world, "10.0.0.120", "10.0.0.20");
        if !late {
            put(&mut scene.world);
        }
        let mut stage = scene.open().await;
        let plan = stage.prepare(&[address("nic-web1", "10.0.0.102")]).await;
        if late {
            stage.simulator.change(put);
            // The call that was confirmed would take it along, and the other one nobody has confirmed.
            let ended = stage.run(&plan).await;
            let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
            assert_eq!((changes[0].fact, writes(&stage)), (ChangedFact::Calls, Vec::new()));
            continue;
        }
        stage.run(&plan).await.all(OutcomeWord::Released);
        let sent = writes(&stage);
        assert!(
            sent.iter().all(|sent| sent.starts_with("UpdatePort ") && !sent.contains("reserved")),
            "{late}: {sent:?}"
        );
        let world = stage.simulator.world();
        assert_eq!(bound(&world, "10.0.0.120"), ["10.0.0.20"], "{late}");
        assert_eq!(bound(&world, "10.0.0.102"), Vec::<String>::new());
    }
}

/// In the list it looks like a NIC on no server, and it is somebody's address.
#[tokio::test]
async fn a_reserved_address_that_nics_answer_for_is_not_deleted_as_a_nic() {
    let mut scene = scene();
    reserve(&mut scene.world, "10.0.0.120", "10.0.0.20");
    let mut stage = scene.open().await;
    stage.list().await;
    let capabilities = stage.provider.descriptor().capabilities;
    let blocking = |nic: &str| -> Vec<FindingId> {
        let found = write::findings(stage.part(), &capabilities, &OperationKind::Delete { nic: nic.into() });
        found.into_iter().filter(|found| found.severity > Severity::Warn).map(|found| found.id).collect()
    };
    assert_eq!(blocking("reserved-120"), [FindingId::VipShared]);
    assert_eq!(blocking("nic-free"), []);
}

/// It is released like any other, with the EIP that is lost by it told.
#[tokio::test]
async fn a_reserved_address_is_released_by_its_own_list() {
    let mut scene = scene();
    reserve(&mut scene.world, "10.0.0.120", "10.0.0.20");
    assert!(scene.world.bind_free_eip_to_float("eip-9", "reserved-120"));
    let mut stage = scene.open().await;
    let plan = stage.prepare(&[address("nic-web1", "10.0.0.120")]).await;
    let found: BTreeSet<FindingId> = plan.rows()[0].findings.iter().map(|finding| finding.id).collect();
    assert!(found.is_superset(&BTreeSet::from([FindingId::EipAttached, FindingId::VipLast])), "{found:?}");
    stage.run(&plan).await.all(OutcomeWord::Released);
    assert_eq!(writes(&stage), ["UpdatePort reserved-120"]);
    let world = stage.simulator.world();
    assert!(bound(&world, "10.0.0.120").is_empty());
    assert_eq!(bound(&world, "10.0.0.102"), ["10.0.0.20"]);
}

/// A pair that was written without a MAC is left by the call that takes all, and is taken away after it.
#[tokio::test]
async fn what_the_call_leaves_on_a_virtual_ips_list_is_taken_away() {
    let stage = released(&[address("nic-db1", "10.0.0.103"), address("nic-db1", "10.0.0.104")]).await;
    assert_eq!(writes(&stage), ["DisassociateServerVirtualIp nic-db1", "UpdatePort vip-103"]);
    assert!(bound(&stage.simulator.world(), "10.0.0.103").is_empty());
}

/// The call that takes all was accepted, and the list that it leaves may not be written: what was done is said.
#[tokio::test]
async fn a_release_of_which_a_part_was_done_says_so() {
    let mut stage = scene().open().await;
    let (left, gone) = (address("nic-db1", "10.0.0.103"), address("nic-db1", "10.0.0.104"));
    let plan = stage.prepare(&[left.clone(), gone.clone()]).await;
    stage.simulator.change(|world| world.refusals.insert("UpdatePort".to_owned(), "VPC.2201".to_owned()));
    let ended = stage.run(&plan).await;
    assert_eq!(writes(&stage), ["DisassociateServerVirtualIp nic-db1", "UpdatePort vip-103"]);
    assert_eq!(ended.outcomes[&gone].word(), OutcomeWord::Released);
    let Outcome::Failed { fault } = &ended.outcomes[&left] else { panic!("{:?}", ended.outcomes) };
    assert_eq!((fault.code.as_deref(), fault.partly), (Some("VPC.2201"), true));
    // Where the first request is refused, nothing was done.
    let mut stage = scene().open().await;
    let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
    stage.simulator.change(|world| world.refusals.insert("UpdatePort".to_owned(), "VPC.2201".to_owned()));
    let ended = stage.run(&plan).await;
    let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.outcomes) };
    assert!(!fault.partly);
}

#[tokio::test]
async fn two_nics_that_share_one_lose_it_one_after_the_other() {
    let stage = released(&[address("nic-web0", "10.0.0.100"), address("nic-db0", "10.0.0.100")]).await;
    assert_eq!(writes(&stage).len(), 2);
    assert!(bound(&stage.simulator.world(), "10.0.0.100").is_empty());
    assert_eq!(bound(&stage.simulator.world(), "10.0.0.101"), ["10.0.0.10"]);
}

/// A virtual IP's list is read, changed and written back whole: by two profiles of one account one after the other as well.
#[tokio::test]
async fn two_profiles_that_share_one_write_its_list_one_after_the_other() {
    let mut stage = scene().open().await;
    let (first, second) = (address("nic-web0", "10.0.0.100"), address("nic-db0", "10.0.0.100"));
    let plan = stage.plan_of_twins(&first, &second).await;
    let ended = stage.run(&plan).await;
    ended.all(OutcomeWord::Released);
    assert_eq!(ended.order(), [(0, false), (0, true), (1, false), (1, true)]);
    assert!(bound(&stage.simulator.world(), "10.0.0.100").is_empty());
    // Two that share nothing do not wait for each other.
    let mut stage = scene().open().await;
    let (first, second) = (address("nic-web0", "10.0.0.101"), address("nic-web1", "10.0.0.102"));
    let plan = stage.plan_of_twins(&first, &second).await;
    let ended = stage.run(&plan).await;
    assert_eq!(ended.order()[..2], [(0, false), (1, false)]);
}

/// Somebody binds another NIC between the plan and the write: the list is read again, and the new pair stays.
#[tokio::test]
async fn a_binding_that_came_meanwhile_is_kept() {
    let mut stage = scene().open().await;
    let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
    stage.simulator.change(|world| {
        let mut pairs = float_of(world, "10.0.0.100").pairs;
        pairs.push(SimPair { ip: "10.0.0.20".into(), mac: "fa:16:3e:00:00:20".into() });
        assert!(world.set_pairs_of_float("vip-100", pairs));
    });
    stage.run(&plan).await.all(OutcomeWord::Released);
    assert_eq!(bound(&stage.simulator.world(), "10.0.0.100"), ["10.0.0.11", "10.0.0.20"]);
}

/// The same between a try that was throttled and the next one: a list that is written whole is read for each.
#[tokio::test]
async fn a_binding_that_came_while_a_write_was_throttled_is_kept() {
    let mut stage = Scene { pause: Duration::from_millis(300), ..scene() }.open().await;
    let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
    stage.simulator.inject(Rule::new(Trouble::Throttle).writes().first(1));
    let mut running = stage.begin(&plan);
    let waits = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Retrying { .. }));
    running.until(&mut stage, waits).await;
    stage.simulator.change(|world| {
        let mut pairs = float_of(world, "10.0.0.100").pairs;
        pairs.push(SimPair { ip: "10.0.0.20".into(), mac: "fa:16:3e:00:00:20".into() });
        assert!(world.set_pairs_of_float("vip-100", pairs));
    });
    running.end(&mut stage).await.all(OutcomeWord::Released);
    assert_eq!(bound(&stage.simulator.world(), "10.0.0.100"), ["10.0.0.11", "10.0.0.20"]);
}

/// The plan told that another NIC goes on answering for it; by the time of the write nobody would.
#[tokio::test]
async fn the_last_one_is_not_taken_off_by_a_plan_that_said_others_keep_it() {
    type Meanwhile = fn(&mut World);
    let unbound: Meanwhile = |world| {
        let mut pairs = float_of(world, "10.0.0.100").pairs;
        pairs.retain(|pair| pair.ip != "10.0.0.11");
        assert!(world.set_pairs_of_float("vip-100", pairs));
    };
    // Its list still names the address of a NIC that is gone.
    let deleted: Meanwhile = |world| {
        let pairs = float_of(world, "10.0.0.100").pairs;
        assert!(world.remove_nic("nic-db0").is_some() && world.set_pairs_of_float("vip-100", pairs));
    };
    let detached: Meanwhile = |world| off_its_server(world, "nic-db0");
    for meanwhile in [unbound, deleted, detached] {
        let mut stage = scene().open().await;
        let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
        let told = plan.rows()[0].findings.iter().find(|finding| finding.id == FindingId::VipShared).expect("shared");
        assert!(told.values.contains(&("count", "1".to_owned())), "{told:?}");
        stage.simulator.change(meanwhile);
        let ended = stage.run(&plan).await;
        let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
        assert_eq!(changes.iter().map(|change| change.now.as_str()).collect::<Vec<_>>(), ["vip-last"]);
        assert!(writes(&stage).is_empty());
        // A plan that is made now says so, and goes.
        let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
        assert!(plan.rows()[0].findings.iter().any(|finding| finding.id == FindingId::VipLast));
        stage.run(&plan).await.all(OutcomeWord::Released);
    }
}

/// Somebody takes a NIC off its server: what was bound to it stays so, and it answers for nothing.
fn off_its_server(world: &mut World, nic: &str) {
    let off = |nic: &mut SimNic| (nic.instance_id, nic.primary, nic.status) = (None, false, "DOWN".to_owned());
    assert!(world.edit_nic(nic, off).is_some());
}

/// Binds one more NIC to a virtual IP.
fn bound_too(world: &mut World, vip: &str, own: &str) {
    let mut pairs = world.float(vip).expect("there").pairs.clone();
    pairs.push(SimPair { ip: own.into(), mac: "fa:16:3e:00:00:21".into() });
    assert!(world.set_pairs_of_float(vip, pairs));
}

fn assert_last_now(outcome: &Outcome) {
    let Outcome::Skipped { why: Skip::Stale { changes } } = outcome else { panic!("{outcome:?}") };
    assert_eq!(changes.iter().map(|change| change.now.as_str()).collect::<Vec<_>>(), ["vip-last"]);
}

/// The same of a NIC that goes with a virtual IP on it: what others were to answer for is told where they do not.
#[tokio::test]
async fn a_nic_is_not_taken_away_with_the_last_hold_on_what_others_were_to_keep() {
    type Meanwhile = fn(&mut World);
    let unbound: Meanwhile = |world| {
        let mut pairs = float_of(world, "10.0.0.102").pairs;
        pairs.retain(|pair| pair.ip != "10.0.0.21");
        assert!(world.set_pairs_of_float("vip-102", pairs));
    };
    let detached: Meanwhile = |world| off_its_server(world, "nic-db1");
    for meanwhile in [unbound, detached] {
        let mut stage = scene().open().await;
        stage.simulator.change(|world| bound_too(world, "vip-102", "10.0.0.21"));
        let target = Target::Nic(key("nic-web1"));
        let told = |plan: &ReleasePlan, id: FindingId| plan.rows()[0].findings.iter().any(|finding| finding.id == id);
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        assert!(!told(&plan, FindingId::VipLast) && told(&plan, FindingId::AddressesLeave));
        assert_eq!(effects(&plan).unanswered, 0);
        stage.simulator.change(meanwhile);
        let ended = stage.run(&plan).await;
        assert_last_now(ended.only());
        assert!(writes(&stage).is_empty());
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        assert!(told(&plan, FindingId::VipLast));
        assert_eq!(effects(&plan).unanswered, 1);
        stage.run(&plan).await.all(OutcomeWord::Released);
    }
}

/// Between the two requests of a detach, and between a try that was throttled and the next one.
#[tokio::test]
async fn who_is_to_answer_is_asked_again_before_each_request_of_a_detach() {
    let mut stage = scene().open().await;
    stage.simulator.change(|world| bound_too(world, "vip-102", "10.0.0.40"));
    let plan = stage.prepare(&[Target::Nic(key("nic-dies"))]).await;
    assert_eq!(effects(&plan).unanswered, 0);
    stage.simulator.after("UpdateServerInterface", |world| off_its_server(world, "nic-web1"));
    let ended = stage.run(&plan).await;
    assert_eq!(writes(&stage), ["UpdateServerInterface nic-dies"]);
    let Outcome::Skipped { why: Skip::Midway { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
    assert_eq!(changes.iter().map(|change| change.now.as_str()).collect::<Vec<_>>(), ["vip-last"]);

    let mut stage = Scene { pause: Duration::from_millis(300), ..scene() }.open().await;
    stage.simulator.change(|world| bound_too(world, "vip-102", "10.0.0.21"));
    let plan = stage.prepare(&[Target::Nic(key("nic-web1"))]).await;
    stage.simulator.inject(Rule::new(Trouble::Throttle).writes().first(1));
    let mut running = stage.begin(&plan);
    let waits = |event: &ReleaseEvent| matches!(event, ReleaseEvent::Progressed(_, Progress::Retrying { .. }));
    running.until(&mut stage, waits).await;
    stage.simulator.change(|world| off_its_server(world, "nic-db1"));
    assert_last_now(running.end(&mut stage).await.only());
    assert_eq!(stage.simulator.world().nic("nic-web1").unwrap().instance_id.as_deref(), Some("srv-web"));
}

/// Somebody takes the other virtual IP off.
fn taken_off(world: &mut World) {
    let id = float_of(world, "10.0.0.101").id;
    assert!(world.set_pairs_of_float(&id, Vec::new()));
}

/// The plan released one of two, so it did not say that the source/destination check comes on.
#[tokio::test]
async fn the_check_is_not_switched_on_because_somebody_else_took_the_other_one_off() {
    let mut stage = scene().open().await;
    let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
    stage.simulator.change(taken_off);
    let ended = stage.run(&plan).await;
    let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
    let facts: Vec<ChangedFact> = changes.iter().map(|change| change.fact).collect();
    assert_eq!(facts, [ChangedFact::SourceCheck, ChangedFact::Secondaries]);
    assert!(writes(&stage).is_empty());
    assert_eq!(own_list(&stage.simulator.world(), "nic-web0"), ["1.1.1.1/0"]);
    // Where the plan took both, it has said so: the one that is left goes.
    let mut stage = scene().open().await;
    let plan = stage.prepare(&[address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")]).await;
    stage.simulator.change(taken_off);
    stage.run(&plan).await;
    assert_eq!(writes(&stage), ["DisassociateServerVirtualIp nic-web0"]);
}

#[tokio::test]
async fn a_virtual_ip_of_a_service_is_blocked() {
    let mut scene = scene();
    let pair = SimPair { ip: "10.0.0.20".into(), mac: String::new() };
    assert!(scene.world.set_pairs_of_float("vip-rds", vec![pair]));
    let mut stage = scene.open().await;
    let rows = stage.survey().await;
    let row = rows.iter().find(|row| row.target == address("nic-web1", "10.0.0.106")).expect("a row");
    assert_eq!(row.decision, Decision::Blocked);
    assert!(row.findings.iter().any(|finding| finding.id == FindingId::VipManaged), "{:?}", row.findings);
    let plan = stage.plan_all(&[address("nic-web1", "10.0.0.102")]);
    stage.run(&plan).await.all(OutcomeWord::Released);
    // Not all of them go, so the call that takes all is not used.
    assert_eq!(writes(&stage), ["UpdatePort vip-102", "UpdatePort nic-web1"]);
    assert_eq!(plan.calls(), (2, false));
    assert_told(&stage, &plan);
    assert_eq!(bound(&stage.simulator.world(), "10.0.0.106"), ["10.0.0.20"]);
}

#[tokio::test]
async fn a_detached_nic_is_kept_even_where_it_would_be_deleted() {
    let stage = released(&[Target::Nic(key("nic-dies"))]).await;
    assert_eq!(writes(&stage), ["UpdateServerInterface nic-dies", "BatchDeleteServerNics delete"]);
    let world = stage.simulator.world();
    assert_eq!(
        world.nic("nic-dies").map(|nic| (nic.instance_id.clone(), nic.status.clone())),
        Some((None, "DOWN".into()))
    );
    assert!(stage.simulator.count("ShowJob") > 0);
}

/// The one call that deletes is sent only after the cloud has said that it would not.
#[tokio::test]
async fn where_keeping_the_nic_has_no_effect_nothing_is_deleted() {
    let mut stage = scene().open().await;
    stage.simulator.change(|world| world.ignored.insert("UpdateServerInterface".to_owned()));
    let plan = stage.prepare(&[Target::Nic(key("nic-dies"))]).await;
    let warned = plan.rows()[0].findings.iter().find(|finding| finding.id == FindingId::NicDies);
    assert_eq!(warned.map(|finding| finding.severity), Some(Severity::Warn));
    let ended = stage.run(&plan).await;
    let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.only()) };
    assert_eq!(
        (fault.kind, fault.message.as_str()),
        (FaultKind::Local, local::NO_STEP),
        "nothing of it may still come"
    );
    assert_eq!(writes(&stage), ["UpdateServerInterface nic-dies"]);
    assert_eq!(stage.simulator.world().nic("nic-dies").unwrap().instance_id.as_deref(), Some("srv-web"));
}

/// What is sent after the first request has to hold by then, however long that was ago.
#[tokio::test]
async fn what_comes_between_two_requests_of_a_detach_holds_the_second_back() {
    type Meanwhile = fn(&mut World);
    let cases: [(Meanwhile, ChangedFact); 3] = [
        (|world| assert!(world.bind_eip("eip-9", "nic-dies", "10.0.0.40".parse().unwrap())), ChangedFact::Eips),
        (
            |world| {
                let rename = |server: &mut SimInstance| server.name = "gw-1".into();
                world.edit_instance("srv-web", rename).expect("there");
            },
            ChangedFact::Protected,
        ),
        (
            |world| world.edit_instance("srv-web", |server| server.locked = true).expect("there"),
            ChangedFact::InstancePower,
        ),
    ];
    for (meanwhile, fact) in cases {
        let mut stage = scene().open().await;
        let mut protect = Protect::default();
        protect.add(&PROFILE.into(), &"huawei".into(), None, &[filter::parse("name:gw-*").unwrap()]);
        stage.state.safety = Arc::new(Safety { protect, ..Safety::default() });
        let plan = stage.prepare(&[Target::Nic(key("nic-dies"))]).await;
        stage.simulator.after("UpdateServerInterface", meanwhile);
        let ended = stage.run(&plan).await;
        assert_eq!(writes(&stage), ["UpdateServerInterface nic-dies"], "{fact:?}");
        let Outcome::Skipped { why: Skip::Midway { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
        assert_eq!(changes.iter().map(|change| change.fact).collect::<Vec<_>>(), [fact]);
        stage.closed_journal();
    }
}

/// It is off its server, and what was to be kept is not there any more.
#[tokio::test]
async fn a_nic_that_is_gone_after_its_detach_is_told_as_such() {
    let target = Target::Nic(key("nic-web1"));
    let gone = |world: &mut World| assert!(world.remove_nic("nic-web1").is_some());
    let mut stage = scene().open().await;
    let plan = stage.prepare(std::slice::from_ref(&target)).await;
    stage.simulator.after("BatchDeleteServerNics", gone);
    let ended = stage.run(&plan).await;
    assert_eq!(ended.only().word(), OutcomeWord::NicGone, "{:?}", ended.only());
    let counts = stage.state.run.as_ref().unwrap().counts();
    assert_eq!((counts.nic_gone, counts.good(), counts.settled(), counts.total), (1, 0, 1, 1));
    // Before our call: nothing is sent.
    let mut stage = scene().open().await;
    let plan = stage.prepare(std::slice::from_ref(&target)).await;
    stage.simulator.change(gone);
    assert_eq!(stage.run(&plan).await.only(), &Outcome::NicGone { request_id: None });
    assert!(writes(&stage).is_empty());
}

/// Vendor: some regions do not publish the list of interfaces, and Nova's does not tell what becomes of one.
#[tokio::test]
async fn where_nobody_tells_whether_a_detach_deletes_the_plan_blocks_it() {
    for code in ["APIGW.0101", "Pdp.0001"] {
        let deny = |world: &mut World| {
            world.refusals.insert("ListServerInterfaces".to_owned(), code.to_owned());
        };
        let mut stage = scene().open().await;
        stage.simulator.change(deny);
        stage.list().await;
        let target = Target::Nic(key("nic-dies"));
        let told = stage.read_around([key("nic-dies")]).await;
        let codes: Vec<_> = told.iter().map(|(_, fault)| fault.code.as_deref()).collect();
        assert_eq!(codes, [Some(code)], "why, in the vendor's words");
        let row = stage.plan(vec![target.clone()]).rows()[0].clone();
        assert_eq!(row.decision, Decision::Blocked);
        let unknown: Vec<FindingId> =
            row.findings.iter().filter(|found| found.severity > Severity::Warn).map(|found| found.id).collect();
        assert_eq!(unknown, [FindingId::NicFateUnknown], "{code}");
        // A release on the same server has nothing to do with it.
        stage.plan_all(&[address("nic-web1", "10.0.0.102")]);

        // What the plan was told and the read before the write is not: nothing is begun.
        let mut stage = scene().open().await;
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        stage.simulator.change(deny);
        let ended = stage.run(&plan).await;
        assert!(matches!(ended.only(), Outcome::Skipped { .. }), "{code}: {:?}", ended.only());
        assert!(writes(&stage).is_empty());
    }
}

/// What the rules predict is what the cloud answers to a detach that is sent all the same.
#[tokio::test]
async fn what_holds_a_server_is_predicted_with_the_code_that_the_cloud_answers() {
    type Hold = fn(&mut SimInstance);
    let target = Target::Nic(key("nic-web1"));
    let cases: [(Hold, &str); 6] = [
        (|server| server.locked = true, "Ecs.0605"),
        (|server| server.frozen = true, "Ecs.0030"),
        (|server| (server.locked, server.status) = (true, "REBOOT".into()), "Ecs.0605"),
        (|server| (server.frozen, server.task) = (true, "powering-off".into()), "Ecs.0030"),
        (|server| server.status = "REBOOT".into(), "Ecs.0100"),
        (|server| server.task = "powering-off".into(), "Ecs.0100"),
    ];
    for (hold, code) in cases {
        let held = move |world: &mut World| world.edit_instance("srv-web", hold).expect("there");
        let mut stage = scene().open().await;
        stage.simulator.change(held);
        let rows = stage.survey().await;
        let row = rows.iter().find(|row| row.target == target).expect("a row");
        assert_eq!(row.decision, Decision::Blocked, "{code}");
        let codes: Vec<_> = row.findings.iter().filter_map(|finding| finding.predicts).collect();
        assert_eq!(codes, [code]);

        let mut stage = scene().open().await;
        let plan = stage.prepare(&[Target::Nic(key("nic-dies"))]).await;
        stage.simulator.before("BatchDeleteServerNics", held);
        let ended = stage.run(&plan).await;
        let Outcome::Failed { fault } = ended.only() else { panic!("{code}: {:?}", ended.only()) };
        assert_eq!((fault.code.as_deref(), fault.action.as_str()), (Some(code), "BatchDeleteServerNics"));
        // A state passes by itself and is waited for, a hold is not; nothing is sent while it differs from the plan's.
        assert_eq!(stage.codes(), [code]);
        let waited = ended.progressed(|progress| matches!(progress, Progress::Retrying { .. }));
        assert_eq!(waited, if code == "Ecs.0100" { usize::from(TRIES) - 1 } else { 0 });
        assert_eq!(stage.simulator.world().nic("nic-dies").unwrap().instance_id.as_deref(), Some("srv-web"));
    }
    // On no server: predicted, and what the cloud answers then means that there is nothing left to do.
    let mut stage = scene().open().await;
    let rows = stage.survey().await;
    let free = rows.iter().find(|row| row.target == Target::Nic(key("nic-free"))).expect("a row");
    let codes: Vec<_> = free.findings.iter().filter_map(|finding| finding.predicts).collect();
    assert_eq!((free.decision, codes.as_slice()), (Decision::Blocked, &["Ecs.0085"][..]));
    // Being added: documented as forbidden, without a code.
    stage.simulator.change(|world| world.edit_nic("nic-web1", |nic| nic.status = "BUILD".into()));
    let rows = stage.survey().await;
    let added = rows.iter().find(|row| row.target == target).expect("a row");
    let found = added.findings.iter().find(|finding| finding.id == FindingId::NicState).expect("found");
    assert_eq!((found.severity, found.predicts), (Severity::Blocked, None));
}

#[tokio::test]
async fn a_nic_with_sub_nics_is_not_detached_and_one_of_which_nobody_knows_is_told() {
    let target = Target::Nic(key("nic-web1"));
    let found = |plan: &ReleasePlan| {
        let row = &plan.rows()[0];
        let ids = [FindingId::NicMembers, FindingId::NicLinkedUnknown];
        let severity =
            row.findings.iter().find(|finding| ids.contains(&finding.id)).map(|found| (found.id, found.severity));
        (row.decision == Decision::Blocked, severity)
    };
    let mut stage = scene().open().await;
    let plan = stage.prepare(std::slice::from_ref(&target)).await;
    assert_eq!(found(&plan), (false, None));
    stage.simulator.change(|world| world.edit_nic("nic-web1", |nic| nic.linked = true));
    let ended = stage.run(&plan).await;
    assert!(matches!(ended.only(), Outcome::Skipped { why: Skip::Stale { .. } }), "{:?}", ended.only());
    assert!(writes(&stage).is_empty());
    assert_eq!(stage.read_again([key("nic-web1")]).await, []);
    let plan = stage.plan(vec![target.clone()]);
    assert_eq!(found(&plan), (true, Some((FindingId::NicMembers, Severity::Blocked))));
    // Where nobody tells it, or not to this key, a person decides.
    for code in ["APIGW.0101", "Pdp.0001"] {
        let mut stage = scene().open().await;
        stage.simulator.change(|world| world.refusals.insert("ListSubNetworkInterfaces".to_owned(), code.to_owned()));
        stage.list().await;
        let told = stage.read_around([key("nic-web1")]).await;
        assert!(matches!(told.as_slice(), [(_, fault)] if fault.code.as_deref() == Some(code)), "{told:?}");
        let plan = stage.plan(vec![target.clone()]);
        assert_eq!(found(&plan), (true, Some((FindingId::NicLinkedUnknown, Severity::Unknown))), "{code}");
    }
}

/// What changed, by the time of the write: it was not sent.
async fn stale(targets: &[Target], before: fn(&mut World), meanwhile: fn(&mut World)) -> Vec<(ChangedFact, String)> {
    let mut scene = scene();
    before(&mut scene.world);
    let mut stage = scene.open().await;
    let plan = stage.prepare(targets).await;
    stage.simulator.change(meanwhile);
    let ended = stage.run(&plan).await;
    let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.only()) };
    assert!(writes(&stage).is_empty());
    changes.iter().map(|change| (change.fact, format!("{} -> {}", change.before, change.now))).collect()
}

/// The plan named the call that leaves one address out. The one that names none takes what is bound by then as well, and the last one
/// with it.
#[tokio::test]
async fn the_last_one_is_not_released_where_another_one_was_to_stay() {
    let unchecked: fn(&mut World) = |world| assert!(world.set_pairs_of_nic("nic-web0", Vec::new()));
    let changed = stale(&[address("nic-web0", "10.0.0.100")], unchecked, taken_off).await;
    assert_eq!(changed, [(ChangedFact::Secondaries, "10.0.0.101 -> -".to_owned())]);
}

/// Nor when a part of it is done by somebody else, and the rest of it would be another call.
#[tokio::test]
async fn the_rest_of_a_write_is_no_call_that_nobody_confirmed() {
    let mut scene = scene();
    let world = &mut scene.world;
    let (first, mac) = (world.floats()[0].clone(), world.nic("nic-web0").unwrap().mac.clone());
    let ip = "10.0.0.103".parse().unwrap();
    let pairs = vec![SimPair { ip: "10.0.0.10".into(), mac }];
    let third = SimFloat { id: "vip-103".into(), ip, pairs, eip: None, ..first };
    assert!(world.set_pairs_of_nic("nic-web0", Vec::new()));
    let mut stage = scene.open().await;
    let targets = [address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")];
    let plan = stage.prepare(&targets).await;
    assert_eq!(plan.operations()[0].calls.names, ["DisassociateServerVirtualIp"]);
    stage.simulator.change(|world| {
        let id = float_of(world, "10.0.0.100").id;
        assert!(world.set_pairs_of_float(&id, Vec::new()));
        world.put_float(third);
    });
    let ended = stage.run(&plan).await;
    assert_eq!(writes(&stage), [""; 0]);
    assert!(matches!(ended.outcomes[&targets[0]], Outcome::AlreadyGone { .. }));
    let rest = &ended.outcomes[&targets[1]];
    let Outcome::Skipped { why: Skip::Stale { changes } } = rest else { panic!("{rest:?}") };
    assert_eq!(changes[0].fact, ChangedFact::Calls);
}

#[tokio::test]
async fn what_a_detach_does_to_the_nic_is_what_was_confirmed() {
    let nothing: fn(&mut World) = |_| ();
    let dies: fn(&mut World) = |world| _ = world.edit_nic("nic-web1", |nic| nic.delete_on_detach = true);
    let changed = stale(&[Target::Nic(key("nic-web1"))], nothing, dies).await;
    assert_eq!(changed, [(ChangedFact::Traits, "deleted-with-detach no -> deleted-with-detach yes".to_owned())]);
    let stays: fn(&mut World) = |world| _ = world.edit_nic("nic-dies", |nic| nic.delete_on_detach = false);
    let changed = stale(&[Target::Nic(key("nic-dies"))], nothing, stays).await;
    assert_eq!(changed, [(ChangedFact::Traits, "deleted-with-detach yes -> deleted-with-detach no".to_owned())]);
}

/// A job that fails is an answer with status 200.
#[tokio::test]
async fn a_job_that_fails_is_a_failure_with_its_code() {
    let mut stage = scene().open().await;
    let plan = stage.prepare(&[Target::Nic(key("nic-cold"))]).await;
    let ended = stage.run(&plan).await;
    let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.only()) };
    assert_eq!((fault.code.as_deref(), fault.action.as_str()), (Some("Ecs.0507"), "ShowJob"));
    assert_eq!(stage.simulator.world().nic("nic-cold").unwrap().instance_id.as_deref(), Some("srv-web"));
    stage.closed_journal();
}

#[tokio::test]
async fn where_one_api_of_the_network_is_not_published_the_other_lists_the_same() {
    let mut stage = scene().open().await;
    stage.list().await;
    let nics = |stage: &Stage| stage.part().nics().map(|(_, nic)| nic.clone()).collect::<Vec<_>>();
    let by_first = nics(&stage);
    let mut stage = scene().open().await;
    stage.simulator.change(|world| {
        for action in ["ListPorts", "ShowPort"] {
            world.refusals.insert(action.to_owned(), "APIGW.0101".to_owned());
        }
    });
    stage.list().await;
    assert_eq!(stage.sections().0, []);
    assert_eq!(nics(&stage), by_first);
    assert_eq!((stage.simulator.count("ListPorts"), stage.simulator.count("NeutronListPorts")), (1, 1));
    assert_eq!(stage.read_again([key("nic-web0")]).await, []);
    assert_eq!(stage.simulator.count("NeutronShowPort"), 1);
}

fn not_published(world: &mut World, actions: &[&str]) {
    for action in actions {
        world.refusals.insert((*action).to_owned(), "APIGW.0101".to_owned());
    }
}

/// Vendor: v1 of the VPC is not everywhere, and the calls on a server's NICs are in the vendor's own clouds only.
#[tokio::test]
async fn where_one_api_is_not_published_the_other_writes_the_same() {
    const V1: &[&str] = &["ListPorts", "ShowPort", "UpdatePort"];
    let both = [address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")];
    for (missing, targets, expected) in [
        (V1, &both[..1], &["UpdatePort vip-100", "NeutronUpdatePort vip-100"][..]),
        (
            &["DisassociateServerVirtualIp"][..],
            &both[..],
            &["DisassociateServerVirtualIp nic-web0", "UpdatePort vip-100", "UpdatePort VIP"],
        ),
        (
            &["DisassociateServerVirtualIp", "UpdatePort"],
            &both[..],
            &[
                "DisassociateServerVirtualIp nic-web0",
                "UpdatePort vip-100",
                "NeutronUpdatePort vip-100",
                "NeutronUpdatePort VIP",
            ],
        ),
    ] {
        let mut stage = scene().open().await;
        let other = float_of(&stage.simulator.world(), "10.0.0.101").id;
        let before = lists(&stage.simulator.world());
        stage.simulator.change(|world| not_published(world, missing));
        let plan = stage.prepare(targets).await;
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert_eq!(writes(&stage), expected.iter().map(|line| line.replace("VIP", &other)).collect::<Vec<_>>());
        let world = stage.simulator.world();
        assert_eq!(bound(&world, "10.0.0.100"), ["10.0.0.11"]);
        assert_eq!(bound(&world, "10.0.0.101").is_empty(), targets.len() == 2);
        assert_eq!(own_list(&world, "nic-web0"), ["1.1.1.1/0"], "nobody asked for the check");
        // Each request has its intent, and the write one end.
        assert_eq!(stage.sent_by_journal().len(), expected.len() + 1);
        // And it is taken back without the counterpart of the call that is missing.
        stage.simulator.change(|world| not_published(world, &["AssociateServerVirtualIp"]));
        assert_eq!(stage.read_again([key("nic-web0")]).await, []);
        let back = back(&stage, &plan);
        stage.run(&back).await.all(OutcomeWord::Released);
        assert_eq!(lists(&stage.simulator.world()), before, "{missing:?}: {:?}", writes(&stage));
    }
}

/// The counterpart wants a server's NIC: one on no server gets its virtual IP back by the lists.
#[tokio::test]
async fn a_nic_on_no_server_gets_its_virtual_ip_back() {
    for v1 in [true, false] {
        let mut scene = scene();
        let pair = |ip: &str, mac: &str| SimPair { ip: ip.into(), mac: mac.into() };
        assert!(scene.world.set_pairs_of_float(
            "vip-105",
            vec![pair("10.0.0.50", "fa:16:3e:00:00:50"), pair("10.0.0.11", "fa:16:3e:00:00:11")]
        ));
        let before = lists(&scene.world);
        let mut stage = scene.open().await;
        if !v1 {
            stage.simulator.change(|world| not_published(world, &["ListPorts", "ShowPort", "UpdatePort"]));
        }
        let away = stage.prepare(&[address("nic-free", "10.0.0.105")]).await;
        stage.run(&away).await.all(OutcomeWord::Released);
        assert_eq!(bound(&stage.simulator.world(), "10.0.0.105"), ["10.0.0.11"]);
        assert_eq!(stage.read_again([key("nic-free")]).await, []);
        let back = back(&stage, &away);
        stage.run(&back).await.all(OutcomeWord::Released);
        assert_eq!(lists(&stage.simulator.world()), before, "{:?}", writes(&stage));
        assert!(writes(&stage).iter().all(|write| write.contains("UpdatePort")), "{:?}", writes(&stage));
    }
}

/// The cloud says yes, and its answer shows the list as it was.
#[tokio::test]
async fn an_update_that_changed_nothing_is_no_release() {
    let mut stage = scene().open().await;
    stage.simulator.change(|world| world.ignored.insert("UpdatePort".to_owned()));
    let plan = stage.prepare(&[address("nic-web0", "10.0.0.100")]).await;
    let ended = stage.run(&plan).await;
    let Outcome::Unknown { fault } = ended.only() else { panic!("{:?}", ended.only()) };
    assert!(fault.message.ends_with(odd::NOT_WHAT_WAS_WRITTEN) && fault.request_id.is_some(), "{fault:?}");
    assert_eq!(writes(&stage), ["UpdatePort vip-100"]);
}

/// A NIC's list, and the addresses that it has.
type Own = (String, Vec<SimPair>, BTreeSet<IpAddr>);

/// Every list of allowed addresses, of both sides, and which virtual IPs are where.
fn lists(world: &World) -> (Vec<SimFloat>, Vec<Own>) {
    let nic =
        |nic: &SimNic| (nic.id.clone(), nic.pairs.clone(), nic.addresses.iter().map(|address| address.ip).collect());
    (world.floats().to_vec(), world.nics().iter().map(nic).collect())
}

/// What takes the run back: of each of its writes, by the journal.
fn back(stage: &Stage, done: &ReleasePlan) -> Arc<ReleasePlan> {
    let entries = stage.sent_by_journal();
    let operations = done.operations().iter().map(|operation| {
        let intents = entries.iter().filter_map(|entry| match entry {
            JournalEntry::Intent(intent) if intent.operation == operation.id => Some(intent),
            _ => None,
        });
        let kind = intents.take(1).find_map(|intent| intent.taken_back()).expect("it can be taken back");
        let expect = Arc::new(stage.part().snapshot(kind.nic()).expect("known"));
        let calls = stage.provider.descriptor().capabilities.calls.of(&kind, &expect);
        Operation { kind, expect, calls, ..operation.clone() }
    });
    let operations: Vec<Operation> = operations.collect();
    let rows = done.rows().to_vec();
    let rows = rows.into_iter().map(|row| PlanRow { act: Act::Assign, ..row }).collect();
    Arc::new(ReleasePlan::freeze(done.made_at(), rows, operations, done.load().clone(), |_| 100).expect("a sound plan"))
}

#[tokio::test]
async fn a_release_is_taken_back_to_the_very_lists_of_both_sides() {
    for targets in [
        // By the call that takes all, which empties the NIC's list and switches the check on.
        vec![address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")],
        // By its own list.
        vec![address("nic-web0", "10.0.0.100")],
        // Bound by the NIC's own list alone, and by lists that were written without a MAC.
        vec![address("nic-web1", "10.0.0.102"), address("nic-db1", "10.0.0.103"), address("nic-db1", "10.0.0.104")],
    ] {
        let mut stage = scene().open().await;
        let before = stage.simulator.world();
        let away = stage.prepare(&targets).await;
        stage.run(&away).await.all(OutcomeWord::Released);
        assert_ne!(stage.simulator.world().floats(), before.floats());
        assert_eq!(stage.read_again(targets.iter().map(|target| target.nic().clone())).await, []);
        let back = back(&stage, &away);
        stage.run(&back).await.all(OutcomeWord::Released);
        assert_eq!(lists(&stage.simulator.world()), lists(&before), "{targets:?}");
    }
}

#[tokio::test]
async fn what_others_bound_meanwhile_stays_when_a_release_is_taken_back() {
    let mut stage = scene().open().await;
    let away = stage.prepare(&[address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")]).await;
    stage.run(&away).await.all(OutcomeWord::Released);
    stage.simulator.change(|world| {
        let mut pairs = float_of(world, "10.0.0.100").pairs;
        pairs.push(SimPair { ip: "10.0.0.20".into(), mac: "fa:16:3e:00:00:20".into() });
        assert!(world.set_pairs_of_float("vip-100", pairs));
    });
    assert_eq!(stage.read_again([key("nic-web0")]).await, []);
    let back = back(&stage, &away);
    stage.run(&back).await.all(OutcomeWord::Released);
    let world = stage.simulator.world();
    assert_eq!(bound(&world, "10.0.0.100"), ["10.0.0.11", "10.0.0.20", "10.0.0.10"]);
    assert_eq!(own_list(&world, "nic-web0"), ["1.1.1.1/0"]);
}

/// The address stays reserved, with whoever else is on its list: told before, and read after.
#[tokio::test]
async fn what_stays_of_a_virtual_ip_is_told() {
    let mut stage = scene().open().await;
    let targets = [address("nic-web0", "10.0.0.100"), address("nic-web0", "10.0.0.101")];
    let plan = stage.prepare(&targets).await;
    let of = |id: FindingId| {
        let found = plan.rows().iter().flat_map(|row| &row.findings).find(|finding| finding.id == id);
        let value = |name| found.and_then(|found| found.values.iter().find(|(known, _)| *known == name)).cloned();
        ["vip", "ip", "count"].map(|name| value(name).map(|(_, value)| value).unwrap_or_default())
    };
    let last = float_of(&stage.simulator.world(), "10.0.0.101").id;
    assert_eq!(of(FindingId::VipShared), ["vip-100", "10.0.0.100", "1"]);
    assert_eq!(of(FindingId::VipLast), [last.as_str(), "10.0.0.101", "0"]);
    stage.run(&plan).await.all(OutcomeWord::Released);
    // Other NICs keep it in the inventory, and nobody the other.
    let on = |ip: &str| {
        let ip: IpAddr = ip.parse().unwrap();
        let nics = stage.part().nics().filter(|(_, nic)| nic.addresses.iter().any(|address| address.ip == ip));
        nics.map(|(_, nic)| nic.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((on("10.0.0.100"), on("10.0.0.101")), (vec!["nic-db0".to_owned()], vec![]));
}

/// Vendor: a member that was added by its address names neither a subnet nor a server.
#[tokio::test]
async fn a_backend_of_the_same_address_is_told_apart_by_its_subnet_or_blocks() {
    let target = address("nic-web1", "10.0.0.102");
    // The same address in another network, behind a balancer of its own.
    let twin = |kind: &str| {
        let mut file: serde_json::Value = serde_json::from_str(WORLD).expect("JSON");
        let add = |list: &mut serde_json::Value, item| list.as_array_mut().expect("a list").push(item);
        add(&mut file["floats"], json!({"id": "vip-twin", "ip": "10.0.0.102", "subnet_id": "net-9", "lb": "elb-2"}));
        add(&mut file["load_balancers"], json!({"id": "elb-2", "name": "twin", "vpc_id": "vpc-9", "kind": kind}));
        let cloud = providers::find("huawei").expect("in the list");
        Scene::of(cloud, World::parse(&[("twin", &file.to_string())]).expect("a right world"))
    };
    // In another network, and it says so: another one.
    let mut stage = twin("").open().await;
    stage.prepare(std::slice::from_ref(&target)).await;
    // It does not say: nobody knows whether it is this one.
    let mut stage = twin("ip").open().await;
    stage.list().await;
    assert_eq!(stage.read_again([key("nic-web1")]).await, []);
    let row = stage.plan(vec![target]).rows()[0].clone();
    assert_eq!(row.decision, Decision::Blocked);
    let found = row.findings.iter().find(|finding| finding.id == FindingId::LbUnknown).expect("found");
    assert_eq!((found.severity, found.predicts), (Severity::Unknown, None));
    assert!(found.values.contains(&("lb", "elb-2".to_owned())), "{:?}", found.values);
}

fn by_name(password: &str) -> Credential {
    Credential::Password { user: "SIMULATED0KEY0ID".into(), password: password.into(), account: "acme".into() }
}

#[tokio::test]
async fn a_name_and_a_password_are_changed_into_one_token_for_all_calls() {
    let mut scene = scene();
    scene.credential = Some(by_name("simulated-key-secret-opens-nothing"));
    let mut stage = scene.open().await;
    let plan = stage.prepare(&[address("nic-web1", "10.0.0.102")]).await;
    assert_eq!(stage.sections().0, []);
    stage.run(&plan).await.all(OutcomeWord::Released);
    assert_eq!(stage.simulator.count("KeystoneCreateUserTokenByPassword"), 1);
    assert_eq!(stage.simulator.count("KeystoneListProjects"), 0, "the token tells its project");
}

/// The list of regions is of none: it is asked for with a token for the account, and each region with one of its own.
#[tokio::test]
async fn a_name_and_a_password_list_a_profile_of_all_regions() {
    let cloud = providers::find("huawei").expect("in the list");
    let credential = Some(by_name("simulated-key-secret-opens-nothing"));
    let mut stage = Scene { regions: Some(Vec::new()), credential, ..Scene::sized(cloud, 20, 2) }.open().await;
    stage.list().await;
    assert_eq!(stage.sections().0, []);
    assert_eq!(stage.part().nic_count(), stage.simulator.world().nics().len());
    let count = |action| stage.simulator.count(action);
    assert_eq!((count("KeystoneListRegions"), count("KeystoneCreateUserTokenByPassword")), (1, 3));
}

/// A few wrong ones lock the user.
#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let mut scene = scene();
    scene.credential = Some(by_name("wrong"));
    let mut stage = scene.open().await;
    stage.list().await;
    let (failed, whole) = stage.sections();
    assert!(whole.is_empty());
    for (section, fault) in failed {
        assert_eq!((fault.kind, fault.effect), (FaultKind::Credentials, Effect::Nothing), "{section:?}");
        assert_eq!((fault.code.as_deref(), fault.http_status), (Some("401"), Some(401)));
        assert_eq!(fault.action, "KeystoneCreateUserTokenByPassword", "by its own name");
    }
    assert_eq!(stage.simulator.requests().len(), 1);
}

/// The project of each region is looked up once, by the region's name.
#[tokio::test]
async fn regions_have_projects_of_their_own() {
    let cloud = providers::find("huawei").expect("in the list");
    let mut stage = Scene::sized(cloud, 20, 2).open().await;
    stage.list().await;
    assert_eq!(stage.sections().0, []);
    assert_eq!(stage.simulator.count("KeystoneListProjects"), 2);
    assert_eq!(stage.part().nic_count(), stage.simulator.world().nics().len());
}
