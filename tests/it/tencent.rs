//! Tencent Cloud beyond what every cloud is held to: tasks that fail after a call was taken, and what its two generations tell.

use nicdeck::{
    domain::{
        fault::{Effect, FaultKind},
        finding::{FindingId, Severity},
        ids::AddressKey,
        outcome::{Outcome, OutcomeWord},
        page::Resource,
        plan::{Decision, OperationKind, Overruled, PlanRow},
        selection::Target,
    },
    providers::{self, provider::Provider},
    rules::{planner::Wanted, write},
    sim::{
        script::{Rule, Trouble},
        world::{SimFloat, World},
    },
};

use crate::stage::{Scene, Stage, good, key};

const WORLD: &str = include_str!("../sdk/tencent.world.json");

fn generations() -> [&'static dyn Provider; 2] {
    let cloud = providers::find("tencent").expect("in the list");
    [cloud, cloud.generation("v2").expect("the older one")]
}

async fn open(provider: &'static dyn Provider) -> Stage {
    Scene::of(provider, World::parse(&[("test", WORLD)]).expect("a world")).open().await
}

fn address(nic: &str, ip: &str) -> Target {
    Target::Address(AddressKey { nic: key(nic), ip: ip.parse().expect("an address") })
}

/// The call is taken and its task fails: that is a refusal, told with the id that the vendor's support asks for.
#[tokio::test]
async fn a_task_that_fails_is_a_failure_with_its_reason() {
    for provider in generations() {
        for target in [address("eni-fails", "10.0.8.71"), Target::Nic(key("eni-fails"))] {
            let mut stage = open(provider).await;
            let plan = stage.prepare(std::slice::from_ref(&target)).await;
            let before = stage.simulator.world();
            let ended = stage.run(&plan).await;
            let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.only()) };
            assert_eq!((fault.kind, fault.effect), (FaultKind::Refused, Effect::Unknown));
            assert!(fault.code.is_some() && fault.request_id.is_some(), "{fault:?}");
            assert_eq!(stage.simulator.world().to_files(), before.to_files(), "it is as it was");
            assert_eq!(stage.writes(), 1);
            assert!(stage.simulator.count("DescribeVpcTaskResult") > 1, "asked until it ended");
            assert_eq!(stage.sent_by_journal().len(), 2);
        }
    }
    let mut stage = open(generations()[0]).await;
    let plan = stage.prepare(&[address("eni-fails", "10.0.8.71")]).await;
    let ended = stage.run(&plan).await;
    let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.only()) };
    assert_eq!((fault.code.as_deref(), fault.message.as_str()), (Some("FAILED"), "the host did not answer"));
}

/// An EIP leaves with its address, and the plan says so before.
#[tokio::test]
async fn an_eip_on_a_released_address_is_warned_of_and_left_unbound() {
    // Which EIPs outlive their binding the older generation does not tell: that is said, and not sent.
    let mut stage = open(generations()[1]).await;
    stage.list().await;
    assert_eq!(stage.read_again([key("eni-p")]).await, []);
    for ip in ["10.0.8.11", "10.0.8.13"] {
        let plan = stage.plan(vec![address("eni-p", ip)]);
        let row = &plan.rows()[0];
        let found = row.findings.iter().find(|finding| finding.id == FindingId::EipFateUnknown);
        assert_eq!((&row.decision, found.map(|it| it.severity)), (&Decision::Blocked, Some(Severity::Unknown)), "{ip}");
    }
    {
        let provider = generations()[0];
        let mut stage = open(provider).await;
        let target = address("eni-p", "10.0.8.11");
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        let found =
            |id| plan.rows()[0].findings.iter().find(|finding| finding.id == id).map(|finding| finding.severity);
        assert_eq!(found(FindingId::EipAttached), Some(Severity::Warn));
        assert_eq!(found(FindingId::LbBackend), Some(Severity::Warn));
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert!(stage.simulator.world().eip("eip-2").is_some_and(|view| view.bound.is_none()));
        // This one does not outlive its binding.
        let plan = stage.prepare(&[address("eni-p", "10.0.8.13")]).await;
        let ids: Vec<FindingId> = plan.rows()[0].findings.iter().map(|finding| finding.id).collect();
        assert!(ids.contains(&FindingId::EipDestroyed) && !ids.contains(&FindingId::EipAttached), "{ids:?}");
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert!(stage.simulator.world().eip("eip-3").is_none());
    }
}

/// Older pages name a region in two letters, and its list in the newer way.
#[tokio::test]
async fn the_older_generation_lists_a_region_by_its_short_name() {
    let mut scene = Scene::of(generations()[1], World::parse(&[("test", WORLD)]).expect("a world"));
    scene.regions = Some(vec!["gz".into()]);
    let mut stage = scene.open().await;
    stage.list().await;
    assert_eq!(stage.sections().0, [], "nothing says that there is no such region");
    assert_eq!(stage.part().nic_count(), stage.simulator.world().nics().len());
    // Nor where there is no NIC in it.
    let mut scene = Scene::of(generations()[1], World::parse(&[("test", WORLD)]).expect("a world"));
    let all: Vec<String> = scene.world.nics().iter().map(|nic| nic.id.clone()).collect();
    assert!(all.iter().all(|id| scene.world.remove_nic(id).is_some()));
    scene.regions = Some(vec!["gz".into(), "gx".into()]);
    let mut stage = scene.open().await;
    stage.list().await;
    let unlisted = |(section, _): &((Resource, _), _)| section.0 == Resource::Regions;
    let missing: Vec<_> =
        stage.sections().0.into_iter().filter(unlisted).filter_map(|(section, _)| section.1).collect();
    assert_eq!(missing, ["gx".into()]);
}

/// Where only the older generation is answered it is enough, for who says why: what only the newer one tells nobody knows.
#[tokio::test]
async fn the_older_generation_alone_lists_releases_and_detaches() {
    let older = generations()[1];
    let mut stage = open(older).await;
    let newer =
        ["DescribeAddresses", "DescribeHaVips", "DescribeLoadBalancers", "DescribeTargets", "DescribeLBListeners"];
    stage.simulator.change(|world| {
        world.refusals.extend(newer.map(|action| (action.to_owned(), "InvalidAction".to_owned())));
    });
    let targets = [address("eni-p", "10.0.8.12"), Target::Nic(key("eni-s"))];
    stage.list().await;
    let faults = stage.read_around(targets.iter().map(|target| target.nic().clone())).await;
    assert_eq!(faults.len(), 2, "told, of each NIC");
    let unsaid = stage.plan(targets.to_vec());
    let overruled = |row: &PlanRow| Overruled {
        findings: row.findings.iter().filter(|finding| finding.severity == Severity::Unknown).cloned().collect(),
        reason: "there is no newer API here".into(),
    };
    let said = |row: &PlanRow| Wanted { overruled: Some(overruled(row)), ..Wanted::of(row.target.clone()) };
    assert!(unsaid.rows().iter().all(|row| row.decision == Decision::Blocked), "{unsaid:?}");
    let plan = stage.plan_wanted(&unsaid.rows().iter().map(said).collect::<Vec<_>>());
    assert!(plan.rows().iter().all(|row| matches!(row.decision, Decision::Go(_))), "{plan:?}");
    let mut missing: Vec<Resource> = stage.sections().0.iter().map(|(section, _)| section.0).collect();
    missing.sort_unstable();
    missing.dedup();
    assert_eq!(missing, [Resource::Backends, Resource::Floats]);
    let found = |place: usize, id| {
        plan.rows()[place].findings.iter().find(|finding| finding.id == id).map(|finding| finding.severity)
    };
    for (place, id) in [(0, FindingId::LbUnknown), (1, FindingId::LbUnknown), (1, FindingId::VipUnknown)] {
        assert_eq!(found(place, id), Some(Severity::Unknown), "{id:?}");
    }
    assert_eq!(stage.simulator.count("DescribeAddresses"), 0);
    stage.run(&plan).await.all(OutcomeWord::Released);
    let world = stage.simulator.world();
    assert!(world.nic("eni-p").is_some_and(|nic| nic.address("10.0.8.12".parse().unwrap()).is_none()));
    assert!(world.nic("eni-s").is_some_and(|nic| nic.instance_id.is_none()));
    // The newer one still stops where it can not tell.
    let mut stage = open(generations()[0]).await;
    stage.simulator.change(|world| {
        world.refusals.insert("DescribeLBListeners".to_owned(), "InvalidAction".to_owned());
        world.refusals.insert("DescribeLoadBalancers".to_owned(), "InvalidAction".to_owned());
    });
    stage.list().await;
    let plan = stage.plan(vec![address("eni-p", "10.0.8.11")]);
    assert_eq!(plan.rows()[0].decision, Decision::Blocked);
}

/// A check that there is no call for is another thing than one that the key may not make, and than one that failed.
#[tokio::test]
async fn why_a_check_could_not_be_made_is_told_apart() {
    for (code, case) in [("InvalidAction", "absent"), ("UnauthorizedOperation", "denied"), ("InternalError", "failed")]
    {
        for cloud in generations() {
            let mut stage = open(cloud).await;
            stage.simulator.change(|world| {
                for action in ["DescribeLoadBalancers", "DescribeHaVips"] {
                    world.refusals.insert(action.to_owned(), code.to_owned());
                }
            });
            stage.list().await;
            let plan = stage.plan(vec![Target::Nic(key("eni-s"))]);
            for id in [FindingId::LbUnknown, FindingId::VipUnknown] {
                let found = plan.rows()[0].findings.iter().find(|finding| finding.id == id).expect("not known");
                assert_eq!(found.severity, Severity::Unknown);
                for told in [("case", case.to_owned()), ("code", code.to_owned())] {
                    assert!(found.values.contains(&told), "{code}: {found:?}");
                }
            }
        }
    }
}

/// What the older generation does not show is said, and stops nothing; what the newer one shows is judged.
#[tokio::test]
async fn what_the_older_generation_can_not_tell_is_said() {
    let [newer, older] = generations();
    let target = good(newer).await.addresses[0][0].clone();
    for (provider, told) in [(newer, false), (older, true)] {
        let mut stage = Scene::demo(provider).open().await;
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        let row = &plan.rows()[0];
        assert!(matches!(row.decision, Decision::Go(_)));
        for id in [FindingId::NicStateUnknown, FindingId::ManagedByUnknown] {
            let severity = row.findings.iter().find(|finding| finding.id == id).map(|finding| finding.severity);
            assert_eq!(severity, told.then_some(Severity::Warn), "{id:?}");
        }
    }
    let mut stage = open(newer).await;
    stage.list().await;
    let plan = stage.plan(vec![
        address("eni-stuck", "10.0.8.41"),
        address("eni-s", "10.0.8.20"),
        Target::Nic(key("eni-p")),
        Target::Nic(key("eni-vip")),
        address("eni-eks", "10.0.8.51"),
    ]);
    let predicted: Vec<(FindingId, Option<&str>)> = plan
        .rows()
        .iter()
        .map(|row| {
            let worst = row.findings.iter().max_by_key(|finding| (finding.severity, finding.predicts.is_some()));
            worst.map(|finding| (finding.id, finding.predicts)).expect("a finding")
        })
        .collect();
    let wanted = [
        (FindingId::NicState, Some("UnsupportedOperation.InvalidState")),
        (FindingId::PrimaryIp, Some("UnsupportedOperation")),
        (FindingId::PrimaryNic, Some("UnsupportedOperation")),
        (FindingId::VipOnNic, Some("UnsupportedOperation.InstanceAssociateHavip")),
        (FindingId::ManagedBy, Some("UnsupportedOperation")),
    ];
    for row in wanted {
        assert!(predicted.contains(&row), "{row:?} in {predicted:?}");
    }
}

/// Pages that are counted do not wait for each other: as many requests as there may be arrive before any of them is answered.
#[tokio::test]
async fn all_pages_but_the_first_are_asked_for_together() {
    const NICS: &str = "DescribeNetworkInterfaces";
    let cloud = generations()[0];
    let most = cloud.descriptor().capabilities.in_flight;
    let mut scene = Scene::sized(cloud, 1_300, 1);
    scene.in_flight = most;
    let mut stage = scene.open().await;
    let pages = stage.simulator.world().nics().len().div_ceil(100);
    assert!(pages > most && most >= 8, "{pages} pages");
    stage.simulator.inject(Rule::new(Trouble::Hang).action(NICS).skip(1));
    let (_, _results, cancel, task) = stage.begin_list();
    let asked = |log: &[nicdeck::sim::http::Logged]| log.iter().filter(|call| call.action == NICS).count();
    let log = stage.simulator.wait_for(|log| asked(log) == 1 + most).await;
    let answered = log.iter().filter(|call| call.action == NICS && call.done).count();
    assert_eq!(answered, 1);
    assert_eq!(stage.simulator.peak_in_flight(), most);
    cancel.cancel();
    task.await.unwrap();
}

/// Balancers of the older kind send to instances: nobody can release such an address, and everybody should see it.
#[tokio::test]
async fn a_classic_balancer_is_shown_on_the_instances_own_address() {
    let world = WORLD.replace(r#""id": "lb-https","#, r#""id": "lb-https", "kind": "classic","#);
    for provider in generations() {
        let mut stage = Scene::of(provider, World::parse(&[("test", &world)]).expect("a world")).open().await;
        stage.list().await;
        let listed = stage.part().snapshot(&"eni-p".into()).expect("listed");
        let on = |backend: &&nicdeck::domain::address::Backend| backend.load_balancer.as_str() == "lb-https";
        let found: Vec<_> = listed.backends.iter().filter(on).collect();
        assert_eq!(found.len(), 1, "{:?}", listed.backends);
        assert_eq!(found[0].ip_on(&listed.nic), "10.0.8.10".parse().ok());
        assert_eq!(stage.read_again([key("eni-p")]).await, []);
        assert_eq!(stage.part().snapshot(&"eni-p".into()).expect("there").backends, listed.backends);
        // One that came after the listing is found by the instance.
        let mut late = Scene::of(provider, World::parse(&[("test", &world)]).expect("a world")).open().await;
        let (ip, lb): (std::net::IpAddr, String) = ("10.0.8.10".parse().unwrap(), "lb-https".to_owned());
        let put = |lb: Option<String>| {
            move |world: &mut World| {
                let edit = |nic: &mut nicdeck::sim::world::SimNic| {
                    nic.addresses.iter_mut().filter(|address| address.ip == ip).for_each(|one| one.lb = lb.clone());
                };
                world.edit_nic("eni-p", edit).expect("there");
            }
        };
        late.simulator.change(put(None));
        late.list().await;
        late.simulator.change(put(Some(lb)));
        assert_eq!(late.read_again([key("eni-p")]).await, []);
        assert!(late.part().snapshot(&"eni-p".into()).expect("there").backends.iter().any(|backend| on(&backend)));
    }
}

/// Vendor: the instance has to be taken out of the range first. The virtual address is of another subnet than the NIC that is to go.
#[tokio::test]
async fn a_virtual_address_of_the_whole_instance_holds_all_its_nics() {
    let mut world = World::parse(&[("test", WORLD)]).expect("a world");
    let like = world.floats()[0].clone();
    world.put_float(SimFloat {
        id: "havip-far".to_owned(),
        ip: "10.0.10.99".parse().expect("an address"),
        subnet_id: "subnet-3".to_owned(),
        pairs: Vec::new(),
        instances: vec!["ins-web".to_owned()],
        eip: None,
        lb: None,
        ..like
    });
    for provider in generations() {
        let mut stage = Scene::of(provider, world.clone()).open().await;
        stage.list().await;
        assert_eq!(stage.read_again([key("eni-s")]).await, []);
        let plan = stage.plan(vec![Target::Nic(key("eni-s")), address("eni-s", "10.0.8.21")]);
        let row = |target: &Target| plan.rows().iter().find(|row| row.target == *target).expect("a row");
        let detach = row(&Target::Nic(key("eni-s")));
        let found = detach.findings.iter().find(|found| found.id == FindingId::VipOnNic).expect("it is told");
        assert_eq!((found.severity, detach.decision), (Severity::Blocked, Decision::Blocked), "{found:?}");
        assert!(found.values.contains(&("ips", "10.0.10.99".to_owned())), "{found:?}");
        let released = row(&address("eni-s", "10.0.8.21"));
        assert!(matches!(released.decision, Decision::Go(_)), "{released:?}");
        assert!(
            stage
                .simulator
                .world()
                .nic("eni-s")
                .is_some_and(|nic| nic.address("10.0.10.99".parse().unwrap()).is_none())
        );
    }
}

/// What a deletion takes along is told before it, as it is of a detach, and does not stop it: an EIP, one that dies with it, traffic.
#[tokio::test]
async fn what_goes_with_a_nic_that_is_deleted_is_told() {
    for (dies, eip) in [(false, FindingId::EipOnNic), (true, FindingId::EipDestroyed)] {
        let mut scene = Scene::of(generations()[0], World::parse(&[("test", WORLD)]).expect("a world"));
        let edited = scene.world.edit_nic("eni-free", |nic| {
            let address = nic.addresses.iter_mut().find(|address| address.eip.is_some()).expect("the world has one");
            address.eip.as_mut().expect("it has").dies_unbound = dies;
            address.lb = Some("lb-tcp".to_owned());
        });
        assert!(edited.is_some());
        let mut stage = scene.open().await;
        stage.list().await;
        let capabilities = stage.provider.descriptor().capabilities;
        let told = |nic: &str| {
            let found = write::findings(stage.part(), &capabilities, &OperationKind::Delete { nic: nic.into() });
            let case = |values: &[(&str, String)]| values.contains(&("case", "delete".to_owned()));
            found.into_iter().map(|found| (found.id, found.severity, case(&found.values))).collect::<Vec<_>>()
        };
        let expected =
            [eip, FindingId::LbBackend, FindingId::AddressesLeave].map(|id| (id, Severity::Warn, true)).to_vec();
        assert_eq!(told("eni-free"), expected);
    }
}
