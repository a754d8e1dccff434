//! What changes between the plan and the write: seen by the read right before the write, nothing is sent; too late for that,
//! the vendor refuses, and its code and request id are what is told.

use std::{collections::BTreeSet, sync::Arc};

use nicdeck::{
    domain::{
        capabilities::{Condition, Precondition},
        fault::{Effect, FaultKind},
        finding::Severity,
        journal::JournalEntry,
        nic::NicRole,
        outcome::{Outcome, OutcomeWord, Skip},
        plan::ReleasePlan,
        selection::Target,
    },
    providers::provider::Provider,
};

use super::{
    Words, clouds,
    provoke::{Victim, is_of_what_is_there, is_the_oracles},
};
use crate::stage::{Ended, Scene, Stage, TRIES, good, parts};

/// Targets that are fine, for conditions of a release (on a secondary and on a primary NIC) and of a detach.
struct Targets {
    release: Vec<Target>,
    detach: Vec<Target>,
}

async fn targets(cloud: &'static dyn Provider) -> Targets {
    let good = good(cloud).await;
    let mut stage = Scene::demo(cloud).open().await;
    stage.list().await;
    let nic = |target: &Target| stage.part().nic(&target.nic().nic).expect("listed");
    let attached = |target: &&Target| nic(target).instance.is_some();
    let addresses: Vec<&Target> = good.addresses.iter().flatten().filter(attached).collect();
    let of = |role: NicRole| addresses.iter().find(|target| nic(target).role == role).map(|target| (*target).clone());
    let release: Vec<Target> = [NicRole::Secondary, NicRole::Primary].into_iter().filter_map(of).collect();
    let detach: Vec<Target> = good.nics.iter().take(1).cloned().collect();
    assert!(release.len() == 2 && detach.len() == 1, "{}: {release:?} {detach:?}", stage.name());
    Targets { release, detach }
}

fn victim(stage: &Stage, target: &Target) -> Victim {
    let (nic, ip) = parts(target);
    Victim { nic, ip, words: stage.simulator_words() }
}

/// What comes of a precondition that is broken between the plan and the write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// The read before the write sees it.
    Stops,
    /// It is only worth knowing, or the API does not tell it: the write is sent.
    Passes,
    /// The read before the write sees that there is nothing left to do.
    Gone,
}

struct Case {
    precondition: Precondition,
    target: Target,
    fate: Fate,
}

impl Case {
    fn what(&self, cloud: &dyn Provider) -> String {
        format!("{}: {:?} of {:?}", cloud.descriptor().id, self.precondition.condition, self.target)
    }
}

/// Each precondition of the cloud with a target on which it can be broken. None is passed over but those that the oracle has.
async fn cases(cloud: &'static dyn Provider) -> Vec<Case> {
    let capabilities = &cloud.descriptor().capabilities;
    let targets = targets(cloud).await;
    let stage = Scene::demo(cloud).open().await;
    let mut cases = Vec::new();
    for (preconditions, targets) in [(capabilities.release, &targets.release), (capabilities.detach, &targets.detach)] {
        for &precondition in preconditions {
            let condition = precondition.condition;
            let can = |target: &&Target| victim(&stage, target).can(condition, &stage.simulator.world());
            let Some(target) = targets.iter().find(can).cloned() else {
                assert!(is_the_oracles(condition), "{}: no target for {condition:?}", stage.name());
                continue;
            };
            // What the API does not tell can not be seen to change.
            let untold = matches!(condition, Condition::NicState { .. }) && precondition.untold < Severity::Unknown;
            let fate = match precondition.severity {
                _ if is_of_what_is_there(condition) => Fate::Gone,
                Severity::Info => Fate::Passes,
                _ if untold => Fate::Passes,
                _ => Fate::Stops,
            };
            cases.push(Case { precondition, target, fate });
        }
    }
    assert!(cases.len() >= 9, "{}: {} cases", stage.name(), cases.len());
    cases
}

/// How a target ends that is not there any more: a NIC that was to be detached and kept has a word of its own.
fn gone_word(stage: &Stage, target: &Target) -> OutcomeWord {
    let (nic, ip) = parts(target);
    let kept = ip.is_some() || stage.simulator.world().nic(&nic).is_some();
    if kept { OutcomeWord::AlreadyGone } else { OutcomeWord::NicGone }
}

async fn ready(cloud: &'static dyn Provider, target: &Target) -> (Stage, Arc<ReleasePlan>) {
    let mut stage = Scene::demo(cloud).open().await;
    let plan = stage.prepare(std::slice::from_ref(target)).await;
    (stage, plan)
}

#[tokio::test]
async fn a_relevant_change_before_the_write_skips_it_and_nothing_is_sent() {
    for (cloud, words) in clouds() {
        let mut seen = BTreeSet::new();
        for case in cases(cloud).await {
            let (condition, target) = (case.precondition.condition, &case.target);
            let (mut stage, plan) = ready(cloud, target).await;
            let what = case.what(cloud);
            let victim = victim(&stage, target);
            stage.simulator.change(|world| victim.provoke(condition, world));
            let before = stage.simulator.world();
            let ended = stage.run(&plan).await;
            seen.insert(format!("{:?}", case.fate));
            match case.fate {
                Fate::Passes => {
                    assert!(stage.deeds(&plan) > 0, "{what}: {:?}", ended.only());
                    continue;
                }
                Fate::Gone => ended.all(gone_word(&stage, target)),
                Fate::Stops => {
                    let Outcome::Skipped { why: Skip::Stale { changes } } = ended.only() else {
                        panic!("{what}: {:?}", ended.only())
                    };
                    assert!(!changes.is_empty(), "{what}");
                }
            }
            assert_eq!(stage.writes(), 0, "{what}");
            assert_eq!(stage.simulator.world().to_files(), before.to_files(), "{what}");
            assert_eq!(stage.sent_by_journal(), [], "{what}: nothing was about to be sent");
        }
        // Only where states and owners are not told there is something that passes unseen.
        assert_eq!(seen.contains("Passes"), !words.whole, "{}: {seen:?}", cloud.descriptor().id);
        assert!(seen.contains("Stops") && seen.contains("Gone"), "{}: {seen:?}", cloud.descriptor().id);
    }
}

#[tokio::test]
async fn a_change_that_comes_too_late_is_refused_by_the_vendor_with_the_predicted_code() {
    for (cloud, words) in clouds() {
        let (mut refused, mut gone) = (0, 0);
        for case in cases(cloud).await {
            let (condition, target) = (case.precondition.condition, &case.target);
            let (mut stage, plan) = ready(cloud, target).await;
            let what = case.what(cloud);
            let victim = victim(&stage, target);
            let mut expected = stage.simulator.world();
            victim.provoke(condition, &mut expected);
            let action = stage.action(&plan.operations()[0]);
            stage.simulator.before(action, move |world| victim.provoke(condition, world));
            let ended = stage.run(&plan).await;
            let codes = stage.codes();
            // An intent for each request, and an end for each try.
            let entries = stage.sent_by_journal();
            let intents = entries.iter().filter(|entry| matches!(entry, JournalEntry::Intent(_))).count();
            let tries = entries.len() - intents;
            assert_eq!(intents, stage.writes(), "{what}");
            let Some(code) = case.precondition.code else {
                uncoded(&case, words, &ended, &codes, &what);
                continue;
            };
            if case.fate == Fate::Gone {
                // What was wished for, whoever did it: the only request is refused with that code; one before it was taken; or
                // it names what stays, and takes no notice of what is gone.
                let first = !codes.is_empty() && intents == 1;
                let word = match gone_word(&stage, target) {
                    OutcomeWord::AlreadyGone if !first => OutcomeWord::Released,
                    word => word,
                };
                assert_eq!(ended.only().word(), word, "{what}: {:?}", ended.only());
                assert!(codes.iter().all(|told| told == code) && tries == 1, "{what}: {codes:?}");
                gone += 1;
                continue;
            }
            let passes = words.passing.contains(&code);
            let sent = stage.simulator.count(action);
            assert_eq!(codes, vec![code; sent], "{what} {:?} {entries:?}", ended.only());
            match ended.only() {
                // Tried again since it passes by itself: the read before that sees that it has not.
                Outcome::Skipped { why: Skip::Stale { .. } } => assert!(passes && sent == 1, "{what}: {sent}"),
                // The cloud says that it is gone, and goes on showing it: nobody knows.
                Outcome::Unknown { fault } if fault.effect == Effect::AlreadyDone => {
                    assert_eq!((fault.code.as_deref(), sent), (Some(code), 1), "{what}: {fault:?}");
                }
                // Where no read shows it, it is tried a few times; and once where it does not pass.
                Outcome::Failed { fault } => {
                    assert_eq!(fault.code.as_deref(), Some(code), "{what}: {fault:?}");
                    assert!(fault.request_id.is_some() || !words.whole, "{what}");
                    assert_eq!(fault.action, action, "{what}");
                    // A later request of a write is not sent into another state: it waits for the one that the plan was made on.
                    let later = plan.operations()[0].kind.keeps_nic() && intents > codes.len();
                    assert_eq!(sent, if passes && !later { TRIES.into() } else { 1 }, "{what}");
                }
                // The code does not prove that nothing was done: it is read back, and may come yet.
                Outcome::Unknown { fault } if fault.effect == Effect::Unknown => {
                    assert_eq!((fault.code.as_deref(), sent), (Some(code), 1), "{what}: {fault:?}");
                }
                other => panic!("{what}: {other:?}"),
            }
            assert_eq!(stage.simulator.world().to_files(), expected.to_files(), "{what}: nothing was done");
            refused += 1;
        }
        assert!(refused >= words.refusals, "{}: {refused} refusals", cloud.descriptor().id);
        assert!(gone >= 2, "{}: {gone}", cloud.descriptor().id);
    }
}

/// No code is documented: the cloud takes it where the rule says that it only tells; where the rule is stricter it may refuse, and
/// where the API hides the fact it does.
fn uncoded(case: &Case, words: &Words, ended: &Ended, codes: &[String], what: &str) {
    let milder = matches!(case.target, Target::Nic(_)) && (words.milder)(case.precondition.condition);
    let stricter = case.precondition.stricter.is_some();
    match ended.only() {
        Outcome::Released { .. } => assert!(codes.is_empty() || case.fate == Fate::Gone, "{what}: {codes:?}"),
        // A NIC without an own address besides: the answer does not tell which ones it has, so nobody knows.
        Outcome::Unknown { fault } if codes.is_empty() && case.precondition.condition == Condition::NotPrimaryIp => {
            assert_eq!(fault.kind, FaultKind::Timeout, "{what}: {fault:?}");
        }
        Outcome::Failed { fault } | Outcome::Unknown { fault } => {
            assert!(!milder && (stricter || case.fate == Fate::Passes), "{what}: {fault:?}");
            let told = codes.first().map(String::as_str);
            assert!(told.is_some() && codes.iter().all(|code| Some(code.as_str()) == told), "{what}: {codes:?}");
            assert_eq!(fault.code.as_deref(), told, "{what}");
            let passes = told.is_some_and(|code| words.passing.contains(&code));
            assert_eq!(codes.len(), if passes { TRIES.into() } else { 1 }, "{what}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[tokio::test]
async fn what_the_vendor_refuses_for_reasons_of_its_own_is_told_whole() {
    for (cloud, words) in clouds() {
        let targets = targets(cloud).await;
        for target in [&targets.release[0], &targets.detach[0]] {
            for code in [words.refused, words.denied] {
                let (mut stage, plan) = ready(cloud, target).await;
                let action = stage.action(&plan.operations()[0]);
                stage.simulator.change(|world| world.refusals.insert(action.to_owned(), code.to_owned()));
                let before = stage.simulator.world();
                let ended = stage.run(&plan).await;
                let Outcome::Failed { fault } = ended.only() else { panic!("{:?}", ended.only()) };
                assert_eq!(fault.code.as_deref(), Some(code));
                assert_eq!(fault.request_id.as_deref(), ended.only().request_id());
                assert!(fault.request_id.is_some() || !words.whole);
                assert_eq!(stage.simulator.count(action), 1);
                assert_eq!(stage.simulator.world().to_files(), before.to_files());
                stage.closed_journal();
            }
        }
    }
}

#[tokio::test]
async fn what_is_gone_already_is_told_so_and_nothing_is_sent() {
    for (cloud, _) in clouds() {
        let targets = targets(cloud).await;
        for target in targets.release.iter().chain(&targets.detach) {
            for whole_nic in [false, true] {
                let (mut stage, plan) = ready(cloud, target).await;
                let (nic, ip) = parts(target);
                let free = stage.simulator_words().free;
                stage.simulator.change(|world| match (whole_nic, ip) {
                    (true, _) => assert!(world.remove_nic(&nic).is_some()),
                    (false, Some(ip)) => assert_eq!(world.release(&nic, &[ip]), 1),
                    (false, None) => {
                        let freed = world.edit_nic(&nic, |nic| {
                            nic.instance_id = None;
                            free.clone_into(&mut nic.status);
                        });
                        assert!(freed.is_some());
                    }
                });
                let ended = stage.run(&plan).await;
                ended.all(gone_word(&stage, target));
                assert_eq!(stage.writes(), 0);
                assert_eq!(stage.sent_by_journal(), []);
                let id = nic.as_str().into();
                assert_eq!(stage.part().nic(&id).is_none(), whole_nic, "the inventory follows");
            }
        }
    }
}

/// One address went between the read and the write: the vendor refuses the call for all of them, and the others still go.
#[tokio::test]
async fn one_address_that_is_gone_does_not_fail_the_others_of_its_call() {
    for (cloud, words) in clouds() {
        let several = good(cloud).await.addresses[0].clone();
        let mut stage = Scene::demo(cloud).open().await;
        assert!(several.len() >= 2, "{}", stage.name());
        let plan = stage.prepare(&several).await;
        let (nic, Some(first)) = parts(&several[0]) else { panic!("an address") };
        let action = stage.action(&plan.operations()[0]);
        stage.simulator.before(action, move |world| assert_eq!(world.release(&nic, &[first]), 1));
        let ended = stage.run(&plan).await;
        if cloud.descriptor().capabilities.release_whole {
            // Its call names no address: there is nothing to refuse.
            ended.all(OutcomeWord::Released);
            assert_eq!((stage.simulator.count(action), stage.sent_by_journal().len()), (1, stage.writes() + 1));
            continue;
        }
        if !words.absent {
            // What was done is not proven: nothing is sent again.
            assert_eq!(ended.outcomes[&several[0]].word(), OutcomeWord::Released, "it is not there any more");
            assert_eq!(ended.count(OutcomeWord::Unknown), several.len() - 1, "{:#?}", ended.outcomes);
            assert_eq!((stage.simulator.count(action), stage.sent_by_journal().len()), (1, 2));
            continue;
        }
        assert_eq!(ended.outcomes[&several[0]].word(), OutcomeWord::AlreadyGone, "{:#?}", ended.outcomes);
        assert_eq!(ended.count(OutcomeWord::Released), several.len() - 1, "{:#?}", ended.outcomes);
        assert_eq!(stage.simulator.count(action), 2, "each address is asked for by one call that was taken at most");
        assert_eq!(stage.sent_by_journal().len(), 4);
    }
}

/// Detached and put on another instance: not what the plan was made for.
#[tokio::test]
async fn a_nic_that_moved_to_another_instance_is_left_alone() {
    for (cloud, _) in clouds() {
        let targets = targets(cloud).await;
        let target = &targets.detach[0];
        let (nic, _) = parts(target);
        let elsewhere = |stage: &Stage| {
            let world = stage.simulator.world();
            let own = world.nic(&nic).and_then(|nic| nic.instance_id.clone()).expect("attached");
            let running = stage.simulator_words().running;
            world.instances().iter().find(|one| one.id != own && one.status == running).expect("another").id.clone()
        };
        let (mut stage, plan) = ready(cloud, target).await;
        let other = elsewhere(&stage);
        stage.simulator.change(|world| world.edit_nic(&nic, |nic| nic.instance_id = Some(other.clone())).unwrap());
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Skipped);
        assert_eq!(stage.writes(), 0, "{}", stage.name());

        // Our detach was taken, and somebody was quick: it is off its instance, which is what was asked for.
        let (mut stage, plan) = ready(cloud, target).await;
        let other = elsewhere(&stage);
        let (action, moved) = (stage.action(&plan.operations()[0]), nic.clone());
        let attached = stage.simulator_words().attached;
        stage.simulator.after(action, move |world| {
            world.edit_nic(&moved, |nic| {
                nic.pending = None;
                nic.instance_id = Some(other);
                attached.clone_into(&mut nic.status);
            });
        });
        let ended = stage.run(&plan).await;
        ended.all(OutcomeWord::Released);
        assert_eq!(stage.simulator.count(action), 1);
    }
}
