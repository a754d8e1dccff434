//! `e`: what is on the screen, as a file. Which form is asked first; where it is, is said.

use crate::{
    app::{
        effect::Effect,
        export::{ExportForm, Exported, List, Results},
        history::Lookup,
        msg::ExportEvent,
        notices::{Loudness, Phrase},
        overlay::Overlay,
        plan_view::Freshness,
        run::{Run, RunRow},
        state::{Screen, State},
        viewport::Viewport,
    },
    domain::clean::clean,
};

pub fn disabled(state: &State) -> Option<Phrase> {
    match state.screen {
        Screen::Plan => match &state.plan {
            None => Some(Phrase::new("disabled.no-plan")),
            Some(view) => match view.freshness {
                Freshness::Reading { done, total, .. } => {
                    Some(Phrase::new("disabled.plan-reading").with("done", done).with("total", total))
                }
                Freshness::Read { .. } => None,
            },
        },
        Screen::Run => state.run.is_none().then(|| Phrase::new("disabled.no-run")),
        Screen::Inventory => state.browse.rows.is_empty().then(|| Phrase::new("disabled.nothing-here")),
        Screen::Calls => state.calls.newest_first().next().is_none().then(|| Phrase::new("disabled.nothing-here")),
        _ => state.history.current().is_none().then(|| Phrase::new("disabled.nothing-here")),
    }
}

pub fn menu(state: &mut State) {
    state.overlays.push(Overlay::ExportMenu { view: Viewport::default() });
}

/// One form was chosen; `path` as it was typed, if it was.
pub fn take(state: &mut State, form: ExportForm, path: Option<String>) -> Vec<Effect> {
    let list = match state.screen {
        Screen::Inventory => Some(List::Inventory),
        Screen::Calls => Some(List::Calls),
        _ => None,
    };
    if let Some(list) = list {
        return vec![Effect::ExportList { job: state.jobs.next_id(), list, form, language: state.language, path }];
    }
    let what = match state.screen {
        Screen::Plan => state.plan.as_ref().map(|view| Exported::Plan(view.plan.clone())),
        Screen::Run => state.run.as_ref().map(|run| Exported::Results(Box::new(results(run, run.rows.clone())))),
        _ => Some(Exported::History(match &state.history.opened {
            Some(opened) => Lookup::Batch(opened.summary.batch.clone()),
            None => Lookup::Search(state.history.text.clone()),
        })),
    };
    let Some(what) = what else { return Vec::new() };
    vec![Effect::Export { job: state.jobs.next_id(), what, form, language: state.language, path }]
}

/// These rows of the batch, as they stand.
pub(super) fn results(run: &Run, rows: Vec<RunRow>) -> Results {
    Results { plan: run.plan.clone(), batch: run.batch.clone(), started: run.started, ended: run.ended, rows }
}

/// It is written, or could not be.
pub fn event(state: &mut State, event: ExportEvent) {
    let (loudness, phrase) = match event {
        ExportEvent::Written { path, form } => {
            let key = if form == ExportForm::PlanFile { "notice.exported-plan" } else { "notice.exported" };
            (Loudness::Info, Phrase::new(key).with("path", clean(&path)))
        }
        ExportEvent::There { path } => (Loudness::Error, Phrase::new("notice.export-there").with("path", clean(&path))),
        ExportEvent::Failed { path, reason } => {
            let phrase = Phrase::new("notice.export-failed").with("path", clean(&path));
            (Loudness::Error, phrase.with("reason", clean(&reason)))
        }
    };
    state.notices.say(state.now, loudness, phrase);
}
