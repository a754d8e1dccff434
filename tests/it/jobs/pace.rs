//! How many calls a batch makes on each cloud: no more than it must, and no more than three times that where every second one is
//! throttled. How long it takes is measured by `cargo bench --bench binary`.

use std::sync::Arc;

use nicdeck::{
    domain::{
        outcome::{OutcomeWord, Receipt},
        plan::{Decision, Operation, PlanRow, ReleasePlan},
        selection::Target,
    },
    providers::{
        self,
        provider::{Call, Provider, Step},
    },
    runtime::{clock, jobs::inspect},
    sim::script::{Rule, Trouble},
};
use tokio_util::sync::CancellationToken;

use crate::stage::{Scene, Stage, parts};

/// Addresses that are released.
const ADDRESSES: usize = 24;

/// A plan that releases addresses on several NICs of a small world, just read.
async fn planned(cloud: &'static dyn Provider) -> (Stage, Arc<ReleasePlan>) {
    // Of a thousand million calls one is throttled thirty times.
    let mut stage = Scene { throttled: Some(30), transition_ms: 0, ..Scene::sized(cloud, 14, 1) }.open().await;
    let rows = stage.survey().await;
    let goes = |row: &&PlanRow| matches!((&row.decision, &row.target), (Decision::Go(_), Target::Address(_)));
    let targets: Vec<Target> = rows.iter().filter(goes).map(|row| row.target.clone()).take(ADDRESSES).collect();
    assert_eq!(targets.len(), ADDRESSES, "{}", stage.name());
    let plan = stage.plan_all(&targets);
    assert!(plan.operations().len() > 2, "{}", stage.name());
    (stage, plan)
}

/// Requests of a write, if the NIC stays as it was planned.
fn steps(stage: &Stage, operation: &Operation) -> Vec<Step> {
    let mut made = Vec::new();
    while let Some(step) = stage.provider.step(&operation.kind, &operation.expect, &made) {
        let last = step.last;
        made.push(step);
        if last {
            break;
        }
    }
    made
}

/// The least calls that carry a plan out as it must be: each request is decided on a read of everything around its NIC, made right
/// before it. The NIC's own record is read back, and everything around it where something hangs on it, which may have gone with the
/// address. Where the cloud hands out a task, that is asked for once.
async fn least(stage: &Stage, plan: &ReleasePlan) -> usize {
    let (never, mut least) = (CancellationToken::new(), 0);
    for operation in plan.operations() {
        let (expect, begun) = (&operation.expect, stage.calls().len());
        assert!(matches!(inspect::nic(&stage.client, expect, &never, clock::now).await, Ok(Some(_))));
        let around = stage.calls().len() - begun;
        assert!(matches!(inspect::record(&stage.client, &expect.nic, &never).await, Ok(Some(_))));
        let record = stage.calls().len() - begun - around;
        let bare = expect.eips.is_empty() && expect.backends.is_empty() && expect.floats.is_empty();
        let steps = steps(stage, operation).len();
        least += steps * (around + 1) + record + if bare { 0 } else { around };
    }
    least
}

/// Questions after tasks.
fn tasks(stage: &Stage, plan: &ReleasePlan) -> usize {
    let receipt = Receipt { request_id: None, task: Some("1".to_owned()) };
    let call: Option<Call> = stage.provider.task(&plan.operations()[0].region, &receipt);
    call.map_or(0, |call| stage.simulator.count(stage.provider.action(&call)))
}

fn released(stage: &Stage, plan: &ReleasePlan) {
    let world = stage.simulator.world();
    for target in plan.targets() {
        let (nic, ip) = parts(&target);
        assert!(world.nic(&nic).is_some_and(|nic| nic.address(ip.unwrap()).is_none()), "{target:?}");
    }
}

#[tokio::test]
async fn a_batch_makes_no_call_that_it_need_not() {
    for cloud in providers::all() {
        let (mut stage, plan) = planned(*cloud).await;
        let least = least(&stage, &plan).await;
        let begun = stage.calls().len();
        stage.run(&plan).await.all(OutcomeWord::Released);
        released(&stage, &plan);
        let (tasks, name) = (tasks(&stage, &plan), stage.name());
        assert!(tasks <= stage.writes(), "{name}: each task is asked for once");
        // A NIC that has less on it afterwards may take fewer calls.
        let (calls, most) = (stage.calls().len() - begun, least + tasks);
        assert!(calls <= most && calls > most * 9 / 10, "{name}: {calls} calls, {most} are needed");
    }
}

#[tokio::test]
async fn a_batch_that_is_throttled_every_second_time_ends_with_everything_released() {
    for cloud in providers::all() {
        let (mut stage, plan) = planned(*cloud).await;
        let least = least(&stage, &plan).await;
        let begun = stage.calls().len();
        stage.simulator.inject(Rule::new(Trouble::Throttle).probability(0.5));
        stage.run(&plan).await.all(OutcomeWord::Released);
        released(&stage, &plan);
        let calls = stage.calls().len() - begun;
        assert!(calls > least * 3 / 2 && calls <= least * 3, "{}: {calls} calls, {least} at least", stage.name());
    }
}
