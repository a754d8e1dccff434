//! Rehearsing the plan on the screen, and leafing through what it would send. Sends nothing.

use crate::{
    app::{dry_run::DryRun, effect::Effect, msg::DryRunEvent, overlay::Overlay, state::State},
    domain::{ids::JobId, plan::Decision},
};

use super::copy::{self, CopyItem};

/// Reads the plan's NICs and shows what would be sent; begins at the write of the row under the cursor.
pub fn begin(state: &mut State) -> Vec<Effect> {
    let mut effects = cancel(state);
    let Some(view) = &state.plan else { return effects };
    let row = view.plan.rows().get(view.view.cursor);
    let at = match row.map(|row| row.decision) {
        Some(Decision::Go(operation)) => operation.0 as usize,
        _ => 0,
    };
    let plan = view.plan.clone();
    let job = state.jobs.next_id();
    state.dry_run = Some(DryRun::new(job, plan.clone()));
    state.overlays.push(Overlay::DryRun { at, scroll: 0 });
    effects.push(Effect::DryRun { job, plan });
    effects
}

/// Nobody looks any more: what is still being read is not needed.
pub fn close(state: &mut State) -> Vec<Effect> {
    let effects = cancel(state);
    state.dry_run = None;
    effects
}

fn cancel(state: &State) -> Vec<Effect> {
    state.dry_run.as_ref().and_then(|run| run.job).map(Effect::Cancel).into_iter().collect()
}

pub fn event(state: &mut State, job: JobId, event: DryRunEvent) {
    let Some(run) = state.dry_run.as_mut().filter(|run| run.job == Some(job)) else { return };
    match event {
        DryRunEvent::Rehearsed(told) => drop(run.told.insert(told.operation, *told)),
        DryRunEvent::Ended => run.job = None,
    }
}

pub fn job_died(state: &mut State, job: JobId) {
    event(state, job, DryRunEvent::Ended);
}

/// The place `by` steps on, within the plan's writes.
pub fn leaf(state: &State, at: usize, by: isize) -> usize {
    let last = state.dry_run.as_ref().map_or(0, |run| run.plan.operations().len().saturating_sub(1));
    at.saturating_add_signed(by).min(last)
}

/// `y`: the lines for a shell.
pub fn copy(state: &mut State, at: usize) -> Vec<Effect> {
    let told = state.dry_run.as_ref().and_then(|run| run.at(at)?.1).map_or(&[][..], |told| &told.sends);
    let lines: Vec<&str> = told.iter().map(|sends| sends.command.line.as_str()).collect();
    let text = lines.join("\n");
    let item = (!text.is_empty()).then(|| CopyItem::text("copy.command", text));
    copy::take_or_say(state, item)
}
