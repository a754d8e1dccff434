//! A plan that is looked at while a listing goes on: what it brings may matter.

use std::collections::BTreeSet;

use crate::{
    app::{overlay::Overlay, plan_view::PlanView, state::State},
    domain::{
        ids::{NicKey, ProfileId},
        inventory::Touched,
        plan::ReleasePlan,
        selection::Target,
    },
};

use super::{Asked, build, remake, summary, tell_changes};

/// What a page of a listing has brought: of a NIC of the plan, or of its instance?
pub fn watch_page(state: &mut State, profile: &ProfileId, touched: &Touched) {
    let (Some(view), Some(part)) = (&state.plan, state.inventory.profile(profile)) else { return };
    let is_touched = |key: &NicKey| {
        let Some(slot) = part.nic_slot(&key.nic) else { return false };
        let on = part.instance_of(slot);
        touched.nics.contains(&slot) || on.is_some_and(|instance| touched.instances.contains(&instance))
    };
    let mut nics = view.targets.iter().map(Target::nic).filter(|nic| nic.profile == *profile);
    // Most pages bring nothing of it.
    let some = touched.all || !(touched.nics.is_empty() && touched.instances.is_empty());
    if some && (touched.all || nics.any(is_touched)) {
        watch(state, profile);
    }
}

/// A row that may not go any more, by what a listing of the profile has brought, stays as blocked: the plan is another one, and who
/// is asked about it is asked no more. The same where it is more dangerous now. Else it stays as it was read.
pub fn watch(state: &mut State, profile: &ProfileId) {
    let about = |view: &&mut PlanView| view.targets.iter().any(|target| target.nic().profile == *profile);
    let Some(view) = state.plan.take_if(|view| !view.is_being_read() && about(&view)) else { return };
    let now = build(state, &Asked::by(&view));
    let going = |plan: &ReleasePlan| plan.targets().collect::<BTreeSet<_>>();
    let rises = |now: &ReleasePlan| summary(state, now).0.level > view.danger.level;
    let falls = now.is_some_and(|now| !going(&view.plan).is_subset(&going(&now)) || rises(&now));
    let before = view.plan.clone();
    state.plan = Some(view);
    if falls {
        if let Some(view) = &mut state.plan {
            view.before.get_or_insert(before);
        }
        // What else there is may raise it, and not be among what is sent.
        state.overlays.retain(|overlay| !matches!(overlay, Overlay::Confirm(_)));
        remake(state);
        tell_changes(state);
    }
}
