//! The binary in a real pseudo-terminal: the whole main job, and the way out.

mod job;
mod terminal;
mod tty;
