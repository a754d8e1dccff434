//! Flows of the console, without a terminal: keys in, effects and state out.

mod browse;
mod calls;
mod copy;
mod dry_run;
mod earlier;
mod export;
mod find;
pub mod history;
mod keys;
mod mouse;
mod order;
mod plan;
mod prompt;
mod run;
mod safety;
pub mod scenario;
mod tree;
pub mod undo;
