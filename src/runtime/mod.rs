//! The edge: everything that waits, reads a clock, or touches the world outside of the process.

pub mod credentials;
pub mod journal;
