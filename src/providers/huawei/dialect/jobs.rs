//! What goes on after a call was taken. Vendor: ECS API reference, `ShowJob`: a job that failed is an answer with status 200.

use serde_json::{Value, json};

use crate::{domain::time::Timestamp, sim::world::World};

use super::{Answer, Call, codes::Refusal, ok};

fn time(at: Timestamp) -> String {
    let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(super) fn show(world: &World, call: &Call) -> Answer {
    let id = call.route.id;
    let task = world.tasks.get(id).ok_or_else(|| Refusal::of("Common.0011"))?;
    let begun = Timestamp(task.due.0 - i64::try_from(world.transition_ms).unwrap_or_default());
    let over = task.due <= call.now;
    let failure = task.failure.as_deref().filter(|_| over);
    let status = match (over, failure) {
        (false, _) if call.now == begun => "INIT",
        (false, _) => "RUNNING",
        (true, None) => "SUCCESS",
        (true, Some(_)) => "FAIL",
    };
    // A task's failure is a code, with the vendor's text where the tables have one.
    let reason = failure.map(|code| Refusal::of(code).message);
    let end = if over { json!(time(task.due)) } else { Value::Null };
    let job = |kind: &str, id: String, entities: Value| {
        json!({
            "status": status, "job_id": id, "job_type": kind, "begin_time": time(begun), "end_time": end,
            "error_code": failure, "fail_reason": reason, "entities": entities,
        })
    };
    let nics = task.names.iter().skip(2);
    let parts: Vec<Value> = nics
        .enumerate()
        .map(|(place, nic)| {
            let mut entities = json!({"nic_id": nic});
            if let Some(code) = failure {
                entities["errorcode_message"] = json!(format!("{code}: {}", Refusal::of(code).message));
            }
            job("nicJob", format!("{id}{place:02}"), entities)
        })
        .collect();
    ok(job("batchNicJob", id.to_owned(), json!({"sub_jobs_total": parts.len(), "sub_jobs": parts})))
}
