//! Writes that take several requests, and writes whose end a task tells.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use nicdeck::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::RegionId,
        journal::JournalEntry,
        nic::Nic,
        outcome::{Outcome, OutcomeWord, Receipt, Skip},
        page::{Listing, Resource},
        plan::{OperationKind, ReleasePlan},
        snapshot::NicSnapshot,
    },
    providers::{
        client::local,
        profile::{Credential, Profile},
        provider::{Call, Descriptor, Provider, Quota, Reply, Stamp, Step, TaskState},
    },
    sim::{
        dialect::Dialect,
        script::{Rule, Trouble},
    },
    wire::{WireRequest, WireResponse},
};

use super::cloud;
use crate::stage::{Ended, Scene, Stage, good, parts};

/// The first cloud, with a way of its own to write.
struct Odd {
    inner: &'static dyn Provider,
    way: Way,
}

enum Way {
    /// Each address in a request of its own, as the NIC has them at that moment.
    OneByOne,
    /// No request is safe.
    Never,
    /// A task tells; these are its answers, the last one for ever.
    Tasks(Mutex<VecDeque<TaskState>>),
}

impl Odd {
    fn leak(way: Way) -> &'static dyn Provider {
        Box::leak(Box::new(Self { inner: cloud(), way }))
    }

    fn real(call: &Call) -> Call {
        match call {
            Call::Write { region, kind: OperationKind::Release { nic, .. }, step: Step { carry: Some(ip), .. } } => {
                let ips = vec![ip.parse().unwrap()];
                Call::write(region.clone(), OperationKind::Release { nic: nic.clone(), ips })
            }
            // Any read will do: only that it is answered counts.
            Call::Task { region, .. } => Call::List(Listing::all(Resource::Instances, Some(region.clone()))),
            call => call.clone(),
        }
    }
}

impl Provider for Odd {
    fn descriptor(&self) -> &'static Descriptor {
        self.inner.descriptor()
    }

    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        self.inner.listings(regions)
    }

    fn inspection(&self, nic: &Nic, known: &[nicdeck::domain::address::Backend]) -> Vec<Listing> {
        self.inner.inspection(nic, known)
    }

    fn step(&self, kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        match (&self.way, kind) {
            (Way::OneByOne, OperationKind::Release { ips, .. }) => {
                let left = |ip| seen.nic.addresses.iter().any(|address| address.ip == ip);
                let ip = ips.iter().copied().find(|&ip| left(ip))?;
                Some(Step { name: "one", carry: Some(ip.to_string().into()), last: false })
            }
            (Way::Never, _) => None,
            _ => made.is_empty().then(Step::default),
        }
    }

    fn task(&self, region: &RegionId, receipt: &Receipt) -> Option<Call> {
        let Way::Tasks(_) = &self.way else { return None };
        Some(Call::Task { region: region.clone(), task: receipt.request_id.clone()?.into() })
    }

    fn action(&self, call: &Call) -> &'static str {
        self.inner.action(&Self::real(call))
    }

    fn quota(&self, call: &Call) -> Quota {
        self.inner.quota(&Self::real(call))
    }

    fn brings(&self, listing: &Listing) -> &'static [Resource] {
        self.inner.brings(listing)
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        self.inner.encode(&Self::real(call), profile)
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        self.inner.sign(request, credential, stamp);
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        let reply = self.inner.decode(&Self::real(call), response)?;
        match (call, &self.way) {
            (Call::Task { .. }, Way::Tasks(states)) => {
                let mut states = states.lock().unwrap();
                let last = states.len() == 1;
                let state = if last { states.front().cloned() } else { states.pop_front() };
                Ok(Reply::Task(state.unwrap()))
            }
            _ => Ok(reply),
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        self.inner.dialect()
    }
}

/// The stage, with two addresses of one NIC that can go.
async fn two(way: Way) -> (Stage, Vec<nicdeck::domain::selection::Target>) {
    let two = good(cloud()).await.addresses[0][..2].to_vec();
    (Scene::demo(Odd::leak(way)).open().await, two)
}

#[tokio::test]
async fn each_request_of_a_write_has_an_intent_of_its_own_and_sees_what_the_one_before_left() {
    let (mut stage, targets) = two(Way::OneByOne).await;
    let plan = stage.prepare(&targets).await;
    assert_eq!(plan.operations().len(), 1);
    stage.run(&plan).await.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), 2, "and the look for a third one sends nothing");
    let entries = stage.sent_by_journal();
    let seen: Vec<(String, usize)> = entries
        .iter()
        .filter_map(|entry| match entry {
            JournalEntry::Intent(intent) => Some((intent.step.clone(), intent.before.len())),
            _ => None,
        })
        .collect();
    let before = plan.operations()[0].expect.nic.addresses.len();
    assert_eq!(seen, [("one".to_owned(), before), ("one".to_owned(), before - 1)]);
    assert_eq!(entries.len(), 3, "one end for both");
    for target in &targets {
        let (nic, Some(ip)) = parts(target) else { panic!("an address") };
        assert!(stage.simulator.world().nic(&nic).unwrap().address(ip).is_none());
    }
}

#[tokio::test]
async fn a_request_that_is_refused_ends_the_write_and_tells_what_the_one_before_did() {
    let (mut stage, targets) = two(Way::OneByOne).await;
    let plan = stage.prepare(&targets).await;
    let refuse = Rule::new(Trouble::Internal).writes().skip(1);
    stage.simulator.inject(refuse);
    let ended = stage.run(&plan).await;
    let words: Vec<OutcomeWord> = targets.iter().map(|target| ended.outcomes[target].word()).collect();
    assert_eq!(words[0], OutcomeWord::Released);
    assert_ne!(words[1], OutcomeWord::Released);
    assert_eq!(stage.writes(), 2);
    stage.closed_journal();
}

/// A refusal of the second proves nothing of the first: what that one did is said to be done, by us.
#[tokio::test]
async fn what_an_earlier_request_did_is_released_though_a_later_one_is_refused() {
    let (mut stage, targets) = two(Way::OneByOne).await;
    let plan = stage.prepare(&targets).await;
    let write = stage.action(&plan.operations()[0]);
    let nic = parts(&targets[0]).0;
    stage.simulator.after(write, move |world| {
        world.refusals.insert(nic, "InvalidUserType.NotSupported".to_owned());
    });
    let ended = stage.run(&plan).await;
    let words: Vec<OutcomeWord> = targets.iter().map(|target| ended.outcomes[target].word()).collect();
    assert_eq!(words, [OutcomeWord::Released, OutcomeWord::Failed]);
    let Outcome::Failed { fault } = &ended.outcomes[&targets[1]] else { unreachable!() };
    assert_eq!(fault.effect, Effect::Unknown, "a part may have been done");
    assert_eq!(stage.writes(), 2);
    stage.closed_journal();
}

#[tokio::test]
async fn a_later_request_that_is_throttled_is_made_again_and_the_earlier_one_is_not() {
    let (mut stage, targets) = two(Way::OneByOne).await;
    let plan = stage.prepare(&targets).await;
    stage.simulator.inject(Rule::new(Trouble::Throttle).writes().skip(1).first(2));
    stage.run(&plan).await.all(OutcomeWord::Released);
    assert_eq!(stage.writes(), 4);
    let ends = stage.sent_by_journal();
    let ends = ends.iter().filter_map(|entry| match entry {
        JournalEntry::Settled(end) => Some(end),
        _ => None,
    });
    let words: Vec<OutcomeWord> = ends.flat_map(|end| end.outcomes.iter().map(|(_, outcome)| outcome.word())).collect();
    assert_eq!(words, [OutcomeWord::Released, OutcomeWord::Released], "nothing is written down as failed on the way");
}

#[tokio::test]
async fn a_codec_that_has_no_safe_request_sends_none() {
    let (mut stage, targets) = two(Way::Never).await;
    let plan = stage.prepare(&targets).await;
    let ended = stage.run(&plan).await;
    for outcome in ended.outcomes.values() {
        let Outcome::Skipped { why: Skip::NotReadAgain { fault } } = outcome else { panic!("{outcome:?}") };
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Local, local::NO_STEP));
    }
    assert_eq!(stage.writes(), 0);
    assert_eq!(stage.sent_by_journal(), []);
}

#[tokio::test]
async fn a_task_is_asked_until_it_ends_and_the_nic_is_read_after_that() {
    let (mut stage, targets) =
        two(Way::Tasks(Mutex::new([TaskState::Running, TaskState::Running, TaskState::Done].into()))).await;
    let plan = stage.prepare(&targets).await;
    let before = stage.simulator.requests().len();
    stage.run(&plan).await.all(OutcomeWord::Released);
    let action = cloud().action(&Call::List(Listing::all(Resource::Instances, None)));
    let log = stage.simulator.requests();
    let after_write = log[before..].iter().skip_while(|logged| !logged.write);
    let asked = after_write.filter(|logged| logged.action == action).count();
    assert_eq!(asked, 3);
}

/// The cloud can accept and fail later; what it did anyway is told by the NIC.
#[tokio::test]
async fn a_task_that_failed_is_no_success_unless_the_nic_says_so() {
    let failed = || {
        let fault = Fault::local(FaultKind::Refused, "Task", "it could not be done");
        let fault = Fault { code: Some("TaskFailed".into()), effect: Effect::Unknown, ..fault };
        Way::Tasks(Mutex::new([TaskState::Failed(Box::new(fault))].into()))
    };
    let (mut stage, targets) = two(failed()).await;
    let plan = stage.prepare(&targets).await;
    stage.run(&plan).await.all(OutcomeWord::Released);
    // The same, where the world did not change.
    let (mut stage, targets) = two(failed()).await;
    let plan = stage.prepare(&targets).await;
    let nic = parts(&targets[0]).0;
    let addresses = stage.simulator.world().nic(&nic).unwrap().addresses.clone();
    let write = stage.action(&plan.operations()[0]);
    stage.simulator.after(write, move |world| assert!(world.edit_nic(&nic, |nic| nic.addresses = addresses).is_some()));
    let ended = stage.run(&plan).await;
    let codes: Vec<_> = ended
        .outcomes
        .values()
        .map(|outcome| match outcome {
            Outcome::Failed { fault } => fault.code.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(codes, [Some("TaskFailed".to_owned()), Some("TaskFailed".to_owned())]);
}

/// Lists lag behind: what the first reading shows after a task that failed is not what came of it.
#[tokio::test]
async fn after_a_task_that_failed_the_nic_is_read_until_it_shows() {
    let fault = Fault::local(FaultKind::Refused, "Task", "it could not be done");
    let fault = Fault { code: Some("TaskFailed".into()), effect: Effect::Unknown, ..fault };
    let (mut stage, targets) = two(Way::Tasks(Mutex::new([TaskState::Failed(Box::new(fault))].into()))).await;
    let plan = stage.prepare(&targets).await;
    let ended = lagging(&mut stage, &plan).await;
    ended.all(OutcomeWord::Released);
}

/// The same, where the cloud says of the write that there is nothing to release.
#[tokio::test]
async fn after_a_refusal_because_it_is_gone_the_nic_is_read_until_it_shows() {
    let mut stage = Scene::demo(cloud()).open().await;
    let target = good(cloud()).await.addresses[0][0].clone();
    let plan = stage.prepare(std::slice::from_ref(&target)).await;
    let (nic, ip) = parts(&target);
    let write = stage.action(&plan.operations()[0]);
    stage.simulator.before(write, move |world| assert_eq!(world.release(&nic, &[ip.unwrap()]), 1));
    let ended = lagging(&mut stage, &plan).await;
    ended.all(OutcomeWord::AlreadyGone);
}

/// Runs a plan for one NIC on a cloud that lists the NIC as it was before the write in one more answer.
async fn lagging(stage: &mut Stage, plan: &Arc<ReleasePlan>) -> Ended {
    let nic = plan.operations()[0].kind.nic().to_string();
    let addresses = stage.simulator.world().nic(&nic).unwrap().addresses.clone();
    let write = stage.action(&plan.operations()[0]);
    let hold = stage.simulator.hold(write);
    let running = stage.begin(plan);
    stage.simulator.wait_for(|log| log.iter().any(|logged| logged.write)).await;
    let lag = nic.clone();
    stage.simulator.after(write, move |world| {
        let now = world.edit_nic(&lag, |nic| std::mem::replace(&mut nic.addresses, addresses)).unwrap();
        assert!(now.len() < world.nic(&lag).unwrap().addresses.len());
    });
    let ips: Vec<_> = plan.targets().filter_map(|target| parts(&target).1).collect();
    let mut reads = cloud().inspection(&plan.operations()[0].expect.nic, &[]).into_iter();
    let read = cloud().action(&Call::List(reads.find(|listing| listing.resource == Resource::Nics).unwrap()));
    stage.simulator.after(read, move |world| {
        world.release(&nic, &ips);
    });
    drop(hold);
    running.end(stage).await
}
