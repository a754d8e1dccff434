//! The last three lines: one sentence about the focused row, the newest message, the keys that work here.

mod focus;
mod keys;
mod status;

use crate::app::{geometry::Regions, state::State};

use super::canvas::Canvas;

pub use keys::key_of;

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let message = status::message(canvas, state);
    let lines = message.as_ref().map_or(0, |message| message.lines(regions.status.width).len());
    if state.overlays.is_empty() && lines < 2 {
        let below = message.is_none().then_some(regions.status);
        focus::draw(canvas, state, regions.focus, below);
    }
    if let Some(message) = message {
        message.draw(canvas, regions);
    }
    keys::draw(canvas, state, regions.keys);
}
