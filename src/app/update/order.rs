//! Orders of commands: each goes the way that a key would go.

use crate::app::{
    effect::Effect,
    notices::{Loudness, Phrase},
    order::Order,
    plan_view::Source,
    state::State,
};

use super::{
    browse, dry_run, plan,
    undo::{self, Wish},
};

pub fn take(state: &mut State, order: Order) -> Vec<Effect> {
    match order {
        Order::Plan(targets) => plan::open_for(state, Source::Order, targets),
        Order::PlanVisible => {
            browse::mark_visible(state);
            // Without marks the row under the cursor would be planned for, and nobody has put it there.
            if state.marks.is_empty() { Vec::new() } else { plan::open(state) }
        }
        Order::Undo { batch, only } => undo::look_up(state, batch, Wish::TakeBack(only)),
        Order::Rest { batch } => undo::look_up(state, batch, Wish::Rest(None)),
        Order::Overrule { target, reason } => {
            plan::overrule(state, &target, &reason);
            Vec::new()
        }
        Order::DryRun => unless(state, plan::send_disabled(state), dry_run::begin),
        Order::Approve(hash) => plan::confirmed(state, hash),
    }
}

fn unless(state: &mut State, reason: Option<Phrase>, go: impl FnOnce(&mut State) -> Vec<Effect>) -> Vec<Effect> {
    let Some(reason) = reason else { return go(state) };
    state.notices.say(state.now, Loudness::Warn, reason);
    Vec::new()
}
