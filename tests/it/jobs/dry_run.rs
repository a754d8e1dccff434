//! A dry run and a run of the same plan: they differ in their last step only.

use std::sync::Arc;

use nicdeck::{
    domain::{
        outcome::{Outcome, OutcomeWord, Skip},
        rehearsal::Tool,
        selection::Target,
    },
    providers::{
        self,
        keyring::{Fetched, KeySource, Supply},
        profile::Credential,
        provider::Provider,
    },
    runtime::jobs::dry_run,
    sim::http::Logged,
};

use super::{one_each, wide};
use crate::stage::{Scene, good, parts};

/// All codecs, older generations of an API as well.
fn codecs() -> Vec<&'static dyn Provider> {
    let older = |cloud: &&'static dyn Provider| {
        cloud.descriptor().apis.iter().skip(1).filter_map(|api| cloud.generation(api)).collect::<Vec<_>>()
    };
    providers::all().iter().copied().chain(providers::all().iter().flat_map(older)).collect()
}

/// A request as far as it is the same whenever it is made.
fn asked(logged: &Logged) -> (String, String, String) {
    (logged.action.clone(), logged.path.clone(), String::from_utf8_lossy(&logged.body).into_owned())
}

#[tokio::test]
async fn a_dry_run_comes_to_the_request_that_the_run_sends_and_sends_none() {
    for cloud in codecs() {
        let name = cloud.descriptor().id;
        let good = good(cloud).await;
        for target in [good.addresses[0][0].clone(), good.nics[0].clone()] {
            let mut stage = Scene::demo(cloud).open().await;
            let plan = stage.prepare(std::slice::from_ref(&target)).await;
            let before = stage.simulator.requests().len();
            let told = stage.rehearse(&plan).await;
            let rehearsed = stage.simulator.requests().split_off(before);
            assert_eq!(stage.writes(), 0, "{name}: nothing is sent");
            assert_eq!(stage.sent_by_journal(), [], "{name}: no permit was asked for");
            assert_eq!(told[0].ends, [], "{name}");
            let sends = &told[0].sends[0];
            let before = stage.simulator.requests().len();
            let copied = dry_run::commands(&stage.client, &plan.operations()[0]).await.unwrap();
            assert_eq!(stage.simulator.requests().len(), before, "{name}: for the lines alone nothing is read either");
            // A token is made for each reading anew.
            let bare = |line: &str| line.split(' ').filter(|word| word.len() != 32).collect::<Vec<_>>().join(" ");
            let copied: Vec<_> = copied.iter().map(|line| bare(line)).collect();
            let lines: Vec<_> = told[0].sends.iter().map(|one| bare(&one.command.line)).collect();
            assert_eq!(copied, lines, "{name}");
            let (nic, ip) = parts(&target);

            let before = stage.simulator.requests().len();
            stage.run(&plan).await.all(OutcomeWord::Released);
            let ran = stage.simulator.requests().split_off(before);
            let first = ran.iter().position(|logged| logged.write).unwrap();
            let sorted = |calls: &[Logged]| {
                let mut calls: Vec<_> =
                    calls.iter().map(|logged| (logged.action.clone(), logged.path.clone())).collect();
                calls.sort();
                calls
            };
            assert_eq!(sorted(&rehearsed), sorted(&ran[..first]), "{name}: the same is read first");
            let (action, path, body) = asked(&ran[first]);
            let request = &sends.request;
            assert_eq!(request.path.split('?').next(), Some(path.as_str()), "{name} {action}");
            // A form and a token hold the time and what is made for each reading anew.
            if body.starts_with('{') && !body.contains("ClientToken") {
                assert_eq!(request.body, body, "{name} {action}");
            }
            assert!(request.write && request.status.is_none() && request.answer.is_empty(), "{name}");
            // All of them, or it is said that more may follow.
            let more = told[0].sends.last().unwrap().more;
            let rehearsed: Vec<&str> = told[0].sends.iter().map(|one| one.request.action.as_str()).collect();
            let sent: Vec<&str> = ran.iter().filter(|one| one.write).map(|one| one.action.as_str()).collect();
            assert!(rehearsed == sent || more && sent.starts_with(&rehearsed), "{name}: {rehearsed:?}, {sent:?}");
            assert!(!more || ip.is_some(), "{name}: of a detach everything is known before");
            let line = &sends.command.line;
            assert_eq!(sends.command.tool, Tool::Own, "{name}: {line}");
            assert!(line.contains(nic.as_str()) || ip.is_some(), "{name}: {line}");
            let secret = &stage.simulator.key().secret;
            assert!(!format!("{sends:?}").contains(secret.as_str()), "{name}: no secret is told");
        }
    }
}

/// Keys of the vendor's own tool, of a profile with a name that a shell would read.
struct OfTool(Credential);

impl KeySource for OfTool {
    fn fetch(&self) -> Fetched<'_> {
        Box::pin(async { Ok(self.0.clone().into()) })
    }

    fn tool_profile(&self) -> Option<&str> {
        Some("ops $1")
    }
}

/// Without it the line would be carried out by whoever the tool is signed in as.
#[tokio::test]
async fn the_line_of_the_vendors_tool_names_the_profile_that_the_keys_are_of() {
    for cloud in codecs() {
        let name = cloud.descriptor().id;
        let target = good(cloud).await.addresses[0][0].clone();
        let mut scene = Scene::demo(cloud);
        let unnamed = {
            let mut stage = Scene::demo(cloud).open().await;
            let plan = stage.prepare(std::slice::from_ref(&target)).await;
            stage.rehearse(&plan).await.remove(0).sends.remove(0).command.line
        };
        assert!(!unnamed.contains("profile"), "{name}: {unnamed}");
        scene.supply = Some(Supply::Fetched {
            source: Arc::new(OfTool(Credential::keys("SIMULATED0KEY0ID", "simulated-key-secret-opens-nothing", None))),
            first: None,
        });
        let mut stage = scene.open().await;
        let plan = stage.prepare(std::slice::from_ref(&target)).await;
        let command = stage.rehearse(&plan).await.remove(0).sends.remove(0).command;
        let named =
            [" --profile 'ops $1'", " --cli-profile='ops $1'"].into_iter().any(|end| command.line.ends_with(end));
        assert!(named && command.tool == Tool::Own, "{name}: {}", command.line);
    }
}

#[tokio::test]
async fn what_a_run_would_leave_alone_a_dry_run_tells_with_the_same_reason() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 3).await;
    let plan = stage.plan_all(&targets);
    // Meanwhile one address goes, and one NIC is moved to another instance.
    let (gone, ip) = parts(&targets[0]);
    let moved = parts(&targets[1]).0;
    stage.simulator.change(|world| {
        let ip = ip.expect("an address");
        let on = world.nic(&moved).expect("there").instance_id.clone();
        let other = world.instances().iter().map(|instance| instance.id.clone()).find(|id| Some(id) != on.as_ref());
        world.edit_nic(&gone, |nic| nic.addresses.retain(|address| address.ip != ip)).expect("there");
        world.edit_nic(&moved, |nic| nic.instance_id = other).expect("there");
    });
    let told = stage.rehearse(&plan).await;
    assert_eq!(stage.writes(), 0);
    let ends: Vec<(Target, Outcome)> = told.iter().flat_map(|told| told.ends.clone()).collect();
    let ended = stage.run(&plan).await;
    assert_eq!(ends.len(), 2, "{ends:?}");
    for (target, end) in &ends {
        assert_eq!(ended.outcomes[target].word(), end.word());
        match (end, &ended.outcomes[target]) {
            (Outcome::AlreadyGone { .. }, Outcome::AlreadyGone { .. }) => assert_eq!(target, &targets[0]),
            (Outcome::Skipped { why: told @ Skip::Stale { .. } }, Outcome::Skipped { why: ran }) => {
                assert_eq!((target, told), (&targets[1], ran));
            }
            other => panic!("{other:?}"),
        }
    }
    let sends: Vec<bool> = told.iter().map(|told| !told.sends.is_empty()).collect();
    assert_eq!(sends.iter().filter(|sends| **sends).count(), 1, "only the third: {sends:?}");
}
