//! A NIC of the history as it is now, beside what the journal kept of it. Reads only.

use std::sync::Arc;

use crate::{
    app::{
        effect::Effect,
        history::{Now, SeenNow, differences, kept},
        msg::PreflightEvent,
        notices::{Loudness, Phrase},
        overlay::Overlay,
        state::State,
    },
    domain::{ids::JobId, ids::NicKey, journal::Image, snapshot::NicSnapshot},
};

use super::inventory;

/// The NIC of the target under the cursor, as it was listed.
fn focused(state: &State) -> Option<(NicKey, Option<NicSnapshot>)> {
    let (_, row) = state.history.opened.as_ref()?.focused()?;
    let key = row.target.nic().clone();
    let seen = state.inventory.profile(&key.profile).and_then(|part| part.snapshot(&key.nic));
    Some((key, seen))
}

pub fn disabled(state: &State) -> Option<Phrase> {
    match focused(state) {
        None => Some(Phrase::new("disabled.no-batch-open")),
        Some((key, None)) => Some(Phrase::new("disabled.nic-not-listed").with("nic", &key.nic)),
        Some((_, Some(_))) => None,
    }
}

/// `d`: reads it again, and shows it on the page of the target.
pub fn begin(state: &mut State) -> Vec<Effect> {
    let Some((nic, Some(seen))) = focused(state) else { return Vec::new() };
    let job = state.jobs.next_id();
    state.history.now = Some(Now { job, nic: nic.clone(), seen: SeenNow::Reading });
    if state.overlays.is_empty() && super::regions(state).detail.width == 0 {
        state.overlays.push(Overlay::Detail { scroll: 0 });
    }
    vec![Effect::Preflight { job, nics: vec![(nic, Arc::new(seen))] }]
}

/// What the reading brought. False: it was another one.
pub fn event(state: &mut State, job: JobId, event: &PreflightEvent) -> bool {
    let Some(now) = state.history.now.as_mut().filter(|now| now.job == job) else { return false };
    let PreflightEvent::Read(key, read) = event else { return true };
    let (said, loudness);
    now.seen = match read {
        Ok(Some(seen)) => {
            let image = Image::of(seen);
            let rows = state.history.opened.iter().filter_map(|opened| opened.focused());
            let write = rows.map(|(write, _)| write).find(|write| write.kind.nic() == &key.nic);
            let same = write.and_then(kept).map(|(kept, _)| differences(kept, &image).is_empty());
            (said, loudness) = match same {
                Some(true) => ("notice.compared-same", Loudness::Info),
                Some(false) => ("notice.compared-differs", Loudness::Warn),
                None => ("notice.compared-nothing", Loudness::Info),
            };
            SeenNow::Nic(Box::new(image), seen.read_at)
        }
        Ok(None) => {
            (said, loudness) = ("notice.compared-gone", Loudness::Warn);
            SeenNow::Gone
        }
        Err(fault) => {
            (said, loudness) = ("notice.compared-unread", Loudness::Warn);
            SeenNow::Unread(fault.clone())
        }
    };
    state.notices.say(state.now, loudness, Phrase::new(said).with("nic", &key.nic));
    if let Ok(seen) = read {
        inventory::refresh_nic(state, key, seen.as_deref());
    }
    true
}

pub fn job_died(state: &mut State, job: JobId) {
    state.history.now.take_if(|now| now.job == job);
}
