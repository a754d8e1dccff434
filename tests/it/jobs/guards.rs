//! What a batch makes sure of before it begins, and right before each write.

use std::{collections::BTreeMap, sync::Arc};

use nicdeck::{
    domain::{
        finding::{Finding, Severity},
        journal::JournalEntry,
        nic::NicState,
        outcome::{Outcome, OutcomeWord, Skip},
        plan::{Belts, ChangedFact, Operation, OperationKind, Overruled, ReleasePlan},
        selection::Target,
        snapshot::NicSnapshot,
    },
    filter,
    rules::{Safety, planner::Wanted, protect::Protect},
    runtime::clock,
};

use super::{one_each, wide};
use crate::stage::{PROFILE, Stage, parts};

type Change = fn(&mut Vec<Operation>);

/// The plan with its operations changed: another one, by its hash as well.
fn tampered(plan: &ReleasePlan, change: impl FnOnce(&mut Vec<Operation>)) -> Option<Arc<ReleasePlan>> {
    let mut operations = plan.operations().to_vec();
    change(&mut operations);
    let rows = plan.rows().to_vec();
    ReleasePlan::freeze(plan.made_at(), rows, operations, plan.load().clone(), |_| 100).ok().map(Arc::new)
}

#[tokio::test]
async fn a_plan_that_is_not_what_was_confirmed_sends_nothing() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 2).await;
    let plan = stage.plan_all(&targets);
    let changes: [Change; 2] = [
        // The facts it was decided on.
        |all| {
            let status = NicSnapshot { ..(*all[0].expect).clone() };
            let mut nic = status.nic.clone();
            nic.status.state = NicState::Free;
            nic.status.word = "Available".into();
            all[0].expect = Arc::new(NicSnapshot { nic, ..status });
        },
        |all| all[1].after = vec![all[0].id],
    ];
    let before = stage.simulator.requests().len();
    for change in changes {
        let altered = tampered(&plan, change).expect("sound in itself");
        assert_ne!(altered.hash(), plan.hash());
        let ended = stage.run_confirmed(&altered, plan.hash()).await;
        assert_eq!(ended.outcomes.len(), 2);
        assert!(
            ended.outcomes.values().all(|one| *one == Outcome::Skipped { why: Skip::Altered }),
            "{ended:?}",
            ended = ended.outcomes
        );
    }
    assert_eq!(stage.simulator.requests().len(), before, "not even a read");
    assert_eq!(stage.sent_by_journal(), []);
    // In another region, in another cloud, or on an address that was not listed it is not even a sound plan.
    assert_eq!(tampered(&plan, |all| all[1].region = "elsewhere".into()), None);
    assert_eq!(tampered(&plan, |all| all[0].cloud = "other".into()), None);
    let smuggled = tampered(&plan, |all| {
        if let OperationKind::Release { ips, .. } = &mut all[0].kind {
            ips.push("10.99.99.99".parse().unwrap());
        }
    });
    assert_eq!(smuggled, None);
    stage.run(&plan).await.all(OutcomeWord::Released);
}

fn protecting(rule: &str) -> Protect {
    let mut protect = Protect::default();
    let stage = super::cloud().descriptor();
    protect.add(&PROFILE.into(), &stage.cloud(), None, &[filter::parse(rule).unwrap()]);
    protect
}

#[tokio::test]
async fn what_is_protected_by_the_time_of_its_write_is_left_alone() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 2).await;
    let plan = stage.plan_all(&targets);
    let held = parts(&targets[0]).0;
    // Somebody tags it between plan and write.
    stage.state.safety = Arc::new(Safety { protect: protecting("tag:keep=true"), ..Safety::default() });
    stage.simulator.change(|world| {
        world.edit_nic(&held, |nic| nic.tags.insert("keep".to_owned(), "true".to_owned())).expect("there");
    });
    let ended = stage.run(&plan).await;
    let Outcome::Skipped { why: Skip::Stale { changes } } = &ended.outcomes[&targets[0]] else {
        panic!("{:?}", ended.outcomes)
    };
    assert_eq!(
        (changes.len(), changes[0].fact, changes[0].now.as_str()),
        (1, ChangedFact::Protected, "1: tag:keep=true")
    );
    assert_eq!(ended.outcomes[&targets[1]].word(), OutcomeWord::Released);
    assert_eq!(stage.writes(), 1);
}

/// Of the NIC, EIPs could not be read when the plan was made, and a person said why it goes all the same.
fn overridden(stage: &mut Stage, target: &Target) -> Arc<ReleasePlan> {
    let key = target.nic();
    let part = stage.state.inventory.profile_mut(&key.profile).unwrap();
    let seen = part.snapshot(&key.nic).unwrap();
    part.refresh(&key.nic, Some(&NicSnapshot { eips: vec![], eips_known: false, ..seen }), clock::now());
    let row = stage.plan(vec![target.clone()]).rows()[0].clone();
    let findings: Vec<Finding> = row.findings.into_iter().filter(|one| one.severity == Severity::Unknown).collect();
    assert!(!findings.is_empty());
    let overruled = Some(Overruled { findings, reason: "the owner says so".into() });
    stage.plan_wanted(&[Wanted { overruled, ..Wanted::of(target.clone()) }])
}

#[tokio::test]
async fn the_reason_of_an_override_and_raised_belts_are_on_disk_before_the_write() {
    let mut stage = wide().open().await;
    let targets = one_each(&mut stage, 2).await;
    let plan = overridden(&mut stage, &targets[0]);
    stage.run(&plan).await.all(OutcomeWord::Released);
    let belts = Belts { per_plan: 500, percent: 20 };
    stage.state.safety = Arc::new(Safety { belts, ..Safety::default() });
    let plan = stage.plan_all(&targets[1..]);
    stage.run(&plan).await.all(OutcomeWord::Released);
    let entries = stage.sent_by_journal();
    let intents: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            JournalEntry::Intent(intent) => Some(intent),
            _ => None,
        })
        .collect();
    let [first, second] = intents.as_slice() else { panic!("{intents:?}") };
    let reasons: BTreeMap<&Target, &str> = first.overrides.iter().map(|one| (&one.target, &*one.reason)).collect();
    assert_eq!(reasons, BTreeMap::from([(&targets[0], "the owner says so")]));
    assert_eq!((first.belts, second.belts, second.overrides.len()), (None, Some(belts), 0));
}

#[tokio::test]
async fn what_was_not_known_and_turns_out_to_stand_against_it_is_left_alone() {
    let mut stage = wide().open().await;
    let target = one_each(&mut stage, 1).await.remove(0);
    let plan = overridden(&mut stage, &target);
    let (nic, ip) = parts(&target);
    stage.simulator.change(|world| {
        world.edit_nic(&nic, |nic| {
            let bound = nic.addresses.iter_mut().find(|address| Some(address.ip) == ip).expect("an address");
            let eip = r#"{"id": "eip-late", "ip": "198.51.100.200"}"#;
            bound.eip = Some(serde_json::from_str(eip).expect("an EIP"));
        })
    });
    let ended = stage.run(&plan).await;
    let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else { panic!("{:?}", ended.outcomes) };
    assert_eq!(changes[0].fact, ChangedFact::Eips);
    assert_eq!((stage.writes(), stage.sent_by_journal().len()), (0, 0));
}
