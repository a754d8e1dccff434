//! The demo's worlds show what they were made to show.

use nicdeck::{
    domain::{
        finding::{FindingId, Severity},
        outcome::OutcomeWord,
        plan::{Decision, Overruled, PlanRow},
        selection::Target,
    },
    providers,
    rules::planner::Wanted,
    sim::world::{SimAddress, SimNic, World, WorldFile},
};

use crate::stage::{Scene, Stage};

fn world(file: &str) -> World {
    let path = format!("{}/assets/demo/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    World::parse(&[(file, &text)]).expect("a demo world is a right world")
}

struct Words {
    file: &'static str,
    running: &'static str,
    stopped: &'static str,
    attached: &'static str,
    free: &'static str,
}

const CLOUDS: [Words; 4] = [
    Words { file: "tencent.json", running: "RUNNING", stopped: "STOPPED", attached: "INUSE", free: "AVAILABLE" },
    Words { file: "zenlayer.json", running: "RUNNING", stopped: "STOPPED", attached: "USED", free: "AVAILABLE" },
    Words { file: "huawei.json", running: "ACTIVE", stopped: "SHUTOFF", attached: "ACTIVE", free: "DOWN" },
    Words { file: "aliyun.json", running: "Running", stopped: "Stopped", attached: "InUse", free: "Available" },
];

/// The addresses that were added to the NIC: secondary or virtual ones.
fn added(nic: &SimNic) -> impl Iterator<Item = &SimAddress> {
    nic.addresses.iter().filter(|address| !address.primary)
}

/// Addresses that can be released without a warning: nothing hangs on them or on their NIC.
fn clean(words: &Words, world: &World, nic: &SimNic) -> usize {
    let calm = nic.status == words.attached
        && nic
            .addresses
            .iter()
            .all(|address| world.eip_on(nic, address).is_none() && world.balancer_of(nic, address).is_none())
        && nic.tags.is_empty()
        && nic.description.is_empty()
        && nic.kind.is_empty()
        && !nic.service_managed
        && nic.instance_id.as_deref().and_then(|id| world.instance(id)).is_some_and(|one| one.status == words.running);
    if calm { added(nic).count() } else { 0 }
}

#[test]
fn each_world_has_something_for_every_finding() {
    for words in &CLOUDS {
        let world = world(words.file);
        let instance = |nic: &SimNic| nic.instance_id.as_deref().and_then(|id| world.instance(id)).cloned();
        let any = |what: &str, test: &dyn Fn(&SimNic) -> bool| {
            assert!(world.nics().iter().any(test), "{}: no NIC {what}", words.file);
        };
        any("with an EIP on its primary address", &|nic| nic.addresses[0].eip.is_some());
        any("with an EIP on a secondary address and another one beside it", &|nic| {
            added(nic).any(|address| world.eip_on(nic, address).is_some()) && added(nic).count() > 1
        });
        any("with a backend", &|nic| nic.addresses.iter().any(|address| address.lb.is_some()));
        any("of an instance that serves through another one", &|nic| {
            nic.addresses.iter().all(|address| address.lb.is_none())
                && instance(nic).is_some_and(|one| !world.load_balancers_of(&one.id).is_empty())
        });
        any("on a stopped instance to be detached", &|nic| {
            !nic.primary && instance(nic).is_some_and(|one| one.status == words.stopped)
        });
        any("on an instance between states", &|nic| {
            instance(nic).is_some_and(|one| one.status != words.stopped && one.status != words.running)
        });
        any("in a transient state", &|nic| nic.status != words.attached && nic.status != words.free);
        any("that is free and has addresses to release", &|nic| {
            nic.status == words.free && nic.instance_id.is_none() && added(nic).count() > 1
        });
        // This cloud's NICs have no tags.
        if words.file != "huawei.json" {
            any("of a cluster", &|nic| {
                nic.tags
                    .keys()
                    .chain(nic.tags.values())
                    .any(|text| text.contains("kubernetes") || text.contains("terway"))
            });
        }
        any("with a last secondary address", &|nic| added(nic).count() == 1);
        any("with IPv6", &|nic| !nic.ipv6.is_empty());
        any("to detach without a warning but that its addresses leave", &|nic| {
            !nic.primary && clean(words, &world, nic) > 0
        });

        let names: Vec<&str> = world.instances().iter().map(|instance| instance.name.as_str()).collect();
        assert!(names.iter().any(|name| name.contains("支付")), "{}", words.file);
        assert!(names.iter().any(|name| name.contains('\u{1b}') && name.contains('\u{202e}')), "{}", words.file);
        assert!(names.iter().any(|name| name.len() > 100), "{}", words.file);
        let clean: usize = world.nics().iter().map(|nic| clean(words, &world, nic)).sum();
        assert!(clean >= 15, "{}: {clean} clean addresses", words.file);
        assert!(world.eips().any(|view| view.bound.is_none() && view.float.is_none()), "{}", words.file);
        assert!((10..=14).contains(&world.instances().len()), "{}", words.file);
    }
}

#[test]
fn findings_of_one_cloud_alone_are_there_as_well() {
    let first = world("zenlayer.json");
    assert!(first.instances().iter().any(|instance| !instance.agent && first.nics_of(&instance.id).count() > 1));
    let second = world("aliyun.json");
    assert!(second.nics().iter().any(|nic| nic.service_managed));
    assert!(second.nics().iter().any(|nic| nic.cold_plug_only));
    assert!(second.nics().iter().any(|nic| nic.linked && nic.kind.is_empty()));
    assert!(second.nics().iter().any(|nic| nic.kind == "Member"));
    assert!(second.nics().iter().any(|nic| nic.description.contains("terway")));
    let kinds: Vec<&str> = second.load_balancers().map(|lb| lb.kind.as_str()).collect();
    assert_eq!(kinds, ["alb", "clb", "nlb"]);
    let third = world("huawei.json");
    let of = |file: &str| third.nics().iter().find(|nic| nic.name == file).expect(file).clone();
    assert!(third.nics().iter().any(|nic| nic.service_managed) && third.nics().iter().any(|nic| nic.delete_on_detach));
    assert!(third.nics().iter().any(|nic| nic.pairs.iter().any(|pair| pair.ip == "1.1.1.1/0")), "a check that is off");
    assert!(third.floats().iter().any(|float| float.service_managed && !float.pairs.is_empty()));
    assert!(third.floats().iter().any(|float| float.pairs.len() > 1), "one that two NICs share");
    assert!(
        third.floats().iter().any(|float| float.pairs.iter().any(|pair| pair.mac == float.mac)),
        "written without a MAC"
    );
    assert_eq!(third.floats_of(&of("支付网关-01-银行专线")).count(), 4);
    let fourth = world("tencent.json");
    assert!(fourth.nics().iter().any(|nic| nic.service_managed && nic.description == "eks"));
    assert!(fourth.eips().any(|view| view.eip.dies_unbound && view.bound.is_some()));
    assert!(fourth.floats().iter().any(|float| fourth.holders(float).count() == 2));
}

#[test]
fn each_world_is_in_the_words_of_its_cloud() {
    for cloud in providers::all() {
        let (id, text) = (cloud.descriptor().id, cloud.descriptor().demo_world);
        let checked = WorldFile::parse(id, text).and_then(|file| file.check_words(id, cloud.dialect().vocabulary()));
        assert_eq!(checked, Ok(()));
    }
}

/// Addresses of which something is not known, and nothing worse.
async fn not_known(stage: &mut Stage) -> Vec<PlanRow> {
    let mut rows = stage.survey().await;
    assert_eq!(stage.sections().0, [], "every list came whole");
    rows.retain(|row| matches!(row.target, Target::Address(_)) && row.worst() == Some(Severity::Unknown));
    rows
}

#[tokio::test]
async fn there_is_an_address_to_try_an_override_on_and_not_many() {
    let mut found = 0;
    for cloud in providers::all() {
        let mut stage = Scene::demo(*cloud).open().await;
        for row in not_known(&mut stage).await {
            found += 1;
            assert_eq!(row.decision, Decision::Blocked);
            let findings = row.findings.into_iter().filter(|one| one.severity == Severity::Unknown).collect::<Vec<_>>();
            assert!(findings.iter().all(|one| one.id == FindingId::LbUnknown), "{findings:?}");
            let overruled = Some(Overruled { findings, reason: "the members are of another network".into() });
            let plan = stage.plan_wanted(&[Wanted { overruled, ..Wanted::of(row.target) }]);
            stage.run(&plan).await.all(OutcomeWord::Released);
        }
    }
    assert!((1..=3).contains(&found), "{found}");
}
