//! What the user sees and may do, as data. Pure: no IO, no clock, no lock, nothing spawned.
//! `update` turns a message into new state and effects; `ui` draws the state; `runtime` carries the effects out.
//! Knows no vendor, no terminal library, no network, and no words: it speaks in keys of the locale with values.

pub mod browse;
pub mod calls;
pub mod command;
pub mod confirm;
pub mod detail;
pub mod dry_run;
pub mod earlier;
pub mod effect;
pub mod export;
pub mod find;
pub mod geometry;
pub mod history;
pub mod jobs;
pub mod key;
pub mod keymap;
pub mod matches;
pub mod mouse;
pub mod msg;
pub mod notices;
pub mod order;
pub mod overlay;
pub mod plan_view;
pub mod prompt;
pub mod rows;
pub mod run;
pub mod state;
pub mod theme;
pub mod update;
pub mod verdicts;
pub mod viewport;
