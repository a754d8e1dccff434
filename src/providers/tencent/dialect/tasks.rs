//! What became of a call that was taken: by the request's id for NICs, by a number for EIPs.
//! Vendor: `DescribeVpcTaskResult`, `DescribeTaskResult` pages.

use serde_json::json;

use crate::{
    domain::time::Timestamp,
    sim::world::{SimTask, World},
};

use super::{Answer, Call, codes::Refusal, members};

/// Where a task stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Success,
    Failed,
    Running,
}

pub(super) fn status(task: &SimTask, now: Timestamp) -> Status {
    match &task.failure {
        _ if task.due > now => Status::Running,
        Some(_) => Status::Failed,
        None => Status::Success,
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Success => "SUCCESS",
        Status::Failed => "FAILED",
        Status::Running => "RUNNING",
    }
}

/// A number for a task that has none yet.
pub(super) fn number(world: &World) -> String {
    (61_531_000 + world.tasks.len()).to_string()
}

pub(super) fn describe_vpc_task_result(world: &mut World, call: &Call) -> Answer {
    call.region(world)?;
    let id = call.params.required("TaskId")?;
    let task = world.tasks.get(id).ok_or_else(|| Refusal::of("ResourceNotFound"))?;
    let status = status(task, call.now);
    let output = if status == Status::Running { "" } else { task.failure.as_deref().unwrap_or_default() };
    Ok(members([("Status", json!(word(status))), ("Output", json!(output)), ("Result", json!([]))]))
}

pub(super) fn describe_task_result(world: &mut World, call: &Call) -> Answer {
    call.region(world)?;
    let Some(number) = call.params.number("TaskId")? else { return Err(Refusal::missing("TaskId")) };
    let task = world.tasks.get(&number.to_string()).ok_or_else(|| Refusal::of("InvalidParameterValue"))?;
    Ok(members([("TaskId", json!(number)), ("Result", json!(word(status(task, call.now))))]))
}
