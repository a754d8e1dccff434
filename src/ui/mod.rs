//! The screen: [`view`] draws the state, whole, every time. No side effects, no memory between frames, no clock
//! (time is in the state), and a cost that depends on the window only.
//!
//! Knows the state and the words for it; decides nothing. Where things are is `app::geometry`'s affair, shared with paging,
//! so that both agree before a frame is drawn. One file per screen or pane; only `canvas` touches cells.

mod calls;
mod canvas;
pub mod catalog;
mod columns;
mod detail;
mod dialog;
mod doc;
mod dry_run;
mod earlier;
pub mod errors;
mod findings;
mod footer;
mod header;
mod help;
mod history;
mod inventory;
mod line;
mod plan;
mod running;
pub mod skin;
mod strip;
pub mod text;
pub mod theme;
mod tree_pane;
mod welcome;
mod words;

pub use words::{fault_advice, fault_message, fault_word, filter_mistake, sentence};

use ratatui::{Frame, buffer::Buffer, layout::Position};

use crate::app::{
    geometry::{Area, Regions, SMALLEST},
    mouse::Part,
    overlay::Overlay,
    rows,
    state::{Screen, State},
    update::regions,
};

use canvas::Canvas;
use skin::Skin;
use theme::Role;

/// What only who draws knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Drawn {
    /// Where the terminal's cursor belongs, where text is being typed.
    pub cursor: Option<Position>,
    /// The last line that the text which is scrolled can begin with.
    pub ends: Option<usize>,
}

/// Draws a frame; answers where what is scrolled ends.
pub fn view(state: &State, skin: &Skin, frame: &mut Frame) -> Option<usize> {
    let Drawn { cursor, ends } = draw(state, skin, frame.buffer_mut());
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    ends
}

/// Draws into a buffer.
pub fn draw(state: &State, skin: &Skin, buffer: &mut Buffer) -> Drawn {
    let skin = &*skin.with_keys(&state.keymap);
    let mut canvas = Canvas::new(buffer, skin, skin.words(state.language));
    canvas.profiles = &state.profiles;
    let regions = regions(state);
    if regions.tiny {
        tiny(&mut canvas, state);
        canvas.lay_ground();
        return Drawn::default();
    }
    header::draw(&mut canvas, state, &regions);
    line::draw(&mut canvas, state, &regions);
    screen(&mut canvas, state, &regions);
    canvas.cursor = canvas.cursor.filter(|_| {
        state.overlays.is_empty()
            || matches!(state.overlays.last(), Some(Overlay::Help(_) | Overlay::Prompt(_) | Overlay::Find(_)))
    });
    footer::draw(&mut canvas, state, &regions);
    if let Some(overlay) = state.overlays.last() {
        framed(&mut canvas, state, &regions, overlay);
    }
    canvas.lay_ground();
    let cursor = canvas.cursor.filter(|at| at.x < state.size.columns && at.y < state.size.rows);
    Drawn { cursor, ends: canvas.ends }
}

/// What is drawn at a place that a press there does more with than take the focus.
pub fn part(state: &State, skin: &Skin, column: u16, row: u16) -> Option<Part> {
    let plain = state.screen == Screen::Inventory && state.overlays.is_empty();
    plain.then(|| inventory::part(state, skin.glyphs.mark_cells, &regions(state), (column, row))).flatten()
}

/// The body: the screen, or what fills it instead.
fn screen(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let body = detail::over(regions);
    match state.overlays.last() {
        Some(Overlay::Help(help)) => return help::draw(canvas, state, body, help),
        Some(Overlay::Detail { scroll }) => {
            if let Some(doc) = page(canvas, state, body) {
                return doc.draw(canvas, body, *scroll, true);
            }
        }
        Some(Overlay::Call { scroll }) => {
            if let Some(entry) = state.calls.focused() {
                return calls::page(canvas, entry, body.width).draw(canvas, body, *scroll, true);
            }
        }
        Some(Overlay::DryRun { at, scroll }) => {
            if let Some(run) = &state.dry_run {
                return dry_run::page(canvas, run, *at, body.width).draw(canvas, body, *scroll, true);
            }
        }
        Some(Overlay::Earlier { scroll }) => {
            return earlier::page(canvas, state, body.width).draw(canvas, body, *scroll, true);
        }
        _ => {}
    }
    match state.screen {
        Screen::Welcome => welcome::draw(canvas, state, regions),
        Screen::Inventory => {
            tree_pane::draw(canvas, state, regions);
            inventory::draw(canvas, state, regions);
            strip::draw(canvas, state, regions);
        }
        Screen::Plan => plan::draw(canvas, state, regions),
        Screen::Run => running::draw(canvas, state, regions),
        Screen::History => history::draw(canvas, state, regions),
        Screen::Calls => calls::draw(canvas, state, regions),
    }
}

/// The whole of the focused row.
fn page(canvas: &Canvas, state: &State, area: Area) -> Option<doc::Doc> {
    match state.screen {
        Screen::Inventory => {
            let detail = crate::app::detail::of(state, rows::focused(state)?)?;
            Some(detail::of(canvas, state, &detail, area.width))
        }
        Screen::Plan => {
            let view = state.plan.as_ref()?;
            let row = view.plan.rows().get(view.view.cursor)?;
            Some(plan::page(canvas, state, view, row, area.width))
        }
        Screen::Run => {
            let run = state.run.as_ref()?;
            Some(running::page(canvas, run, run.row_at(run.view.cursor)?, state.now, area.width))
        }
        Screen::History => {
            let opened = state.history.opened.as_ref()?;
            let (write, row) = opened.focused()?;
            Some(history::page(canvas, opened, state.history.now.as_ref(), (write, row), area.width))
        }
        Screen::Calls | Screen::Welcome => None,
    }
}

/// What lies over the screen in a frame.
fn framed(canvas: &mut Canvas, state: &State, regions: &Regions, overlay: &Overlay) {
    match overlay {
        Overlay::Confirm(dialog) => dialog::confirm(canvas, state, regions, dialog),
        Overlay::Reason(reason) => dialog::reason(canvas, state, regions, reason),
        Overlay::Quit => dialog::quit(canvas, state, regions),
        Overlay::Columns { view } => dialog::columns_menu(canvas, state, regions, *view),
        Overlay::CopyMenu { view } => dialog::copy_menu(canvas, state, regions, *view),
        Overlay::ExportMenu { view } => dialog::export_menu(canvas, state, regions, *view),
        Overlay::Help(_)
        | Overlay::Find(_)
        | Overlay::Prompt(_)
        | Overlay::Detail { .. }
        | Overlay::Call { .. }
        | Overlay::DryRun { .. }
        | Overlay::Earlier { .. } => {}
    }
}

/// Too small for anything but that, the newest message, and how to leave what is open.
fn tiny(canvas: &mut Canvas, state: &State) {
    let size = state.size;
    let values = [("columns", SMALLEST.columns.to_string()), ("rows", SMALLEST.rows.to_string())];
    let text = canvas
        .words
        .text("program.too-small", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        .into_owned();
    let area = Area { x: 0, y: 0, width: size.columns, height: size.rows };
    let wide = usize::from(size.columns);
    let mut told = vec![(text, Role::Text)];
    if let Some(notice) = state.notices.current(state.now) {
        told.push((canvas.words.phrase(&notice.phrase), Role::Warn));
    }
    if !state.overlays.is_empty() {
        told.push((canvas.words.word("program.esc").to_owned(), Role::Dim));
    }
    let lines = told.iter().flat_map(|(text, role)| text::wrap(text, wide).into_iter().map(move |line| (line, *role)));
    for (row, (line, role)) in (0..area.height).zip(lines) {
        canvas.pen(area, row).put(&line, role);
    }
}
