//! What was done: the journal's records as batches of writes, and which of them a search finds.
//!
//! Two passes, so that a long journal is searched at once: a [`glance`] at each record, which borrows from its line and passes over
//! what no search asks for, and a whole reading ([`batch`]) of what was found.

pub mod batch;
pub mod glance;
pub mod undo;

pub use batch::{Batch, Row, Write};
pub use glance::{Book, Summary};
