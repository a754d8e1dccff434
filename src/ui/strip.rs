//! Under the inventory, where the window is wide enough: the batch or the plan, and the newest calls, so that none of them
//! is out of sight while one looks for something.

use crate::app::{
    geometry::{Area, Regions},
    state::State,
    viewport::Viewport,
};

use super::{
    calls::status,
    canvas::Canvas,
    line, plan, running,
    text::{self, Cut},
    theme::Role,
    words,
};

/// Cells of the newest calls.
const CALLS: u16 = 56;

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let area = regions.strip;
    if area.height < 3 || area.width <= CALLS * 2 {
        return;
    }
    let right = if regions.detail.width > 0 { regions.detail.width } else { CALLS };
    let left = Area { width: area.width - right, ..area };
    let right = Area { x: left.width, width: right, ..area };
    let below = |area: Area| Area { y: area.y + 1, height: area.height - 1, ..area };
    let words = canvas.words;
    // A batch that runs comes first; one that has ended makes room for the next plan.
    let run = state.run.as_ref().filter(|run| run.ended.is_none() || state.plan.is_none());
    if let Some(run) = run {
        let counts = run.counts();
        let title = words.text(line::run_title(run), &[("hash", &run.plan.hash().short())]);
        let (done, total) = (counts.answered().to_string(), counts.total.to_string());
        let done = words.text("run.done-of", &[("done", &done), ("total", &total)]);
        let heading = words.text("strip.run", &[("title", &title), ("done", &done)]).into_owned();
        let rows = Viewport::default().in_sight(run.rows.len(), usize::from(below(left).height));
        let rows = line::in_sight(words, rows.map(|(first, last)| (first, last, run.rows.len())));
        canvas.rule(left, 0, &heading, rows.as_deref());
        running::strip(canvas, run, state.now, below(left));
    } else if let Some(view) = &state.plan {
        let title = line::plan_title(words, &view.plan);
        let what = line::planned(canvas, view);
        let heading = words.text("strip.plan", &[("title", &title), ("what", &what)]).into_owned();
        canvas.rule(left, 0, &heading, None);
        plan::strip(canvas, state, view, below(left));
    }
    calls(canvas, state, right);
}

/// The newest calls under a rule.
pub fn calls(canvas: &mut Canvas, state: &State, area: Area) {
    if area.height > 1 {
        let heading = canvas.words.text("strip.calls", &[]).into_owned();
        canvas.rule(area, 0, &heading, None);
        newest_calls(canvas, state, Area { y: area.y + 1, height: area.height - 1, ..area });
    }
}

fn newest_calls(canvas: &mut Canvas, state: &State, area: Area) {
    for (row, call) in (0..area.height).zip(state.calls.newest_first()) {
        let took = words::duration(call.elapsed_ms);
        let (status, role) = status(call);
        let at = words::clock(canvas.skin, call.at);
        let mut pen = canvas.pen_at(area, row, 2);
        pen.end = pen.end.saturating_sub(1).max(pen.x);
        let action = pen.room().saturating_sub(10 + 6 + 9);
        pen.column(&at, 10, Cut::End, Role::Dim);
        pen.column(&call.action, action, Cut::End, if call.write { Role::Bright } else { Role::Text });
        pen.gap(2).column(&status, 4, Cut::End, role);
        let room = pen.room().max(u16::try_from(text::cells(&took)).unwrap_or(0));
        pen.column_right(&took, room, Role::Dim);
    }
}
