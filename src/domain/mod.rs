//! The nouns: what clouds hold, what people mark, what a plan is, how a write can end.
//!
//! Plain data over `std` and `serde` (a digest to know a plan by, and Unicode's width table, to clean text). Nothing here does IO, reads a clock, or knows a vendor's name,
//! a terminal, or a language: findings and faults are codes with values, words come from the locale.

pub mod address;
pub mod capabilities;
pub mod clean;
pub mod exchange;
pub mod fault;
pub mod finding;
pub mod float;
pub mod ids;
pub mod instance;
pub mod inventory;
pub mod journal;
pub mod journal_fault;
pub mod key_fault;
pub mod lists;
pub mod name;
pub mod nic;
pub mod odd;
pub mod outcome;
pub mod page;
pub mod place;
pub mod plan;
pub mod rehearsal;
pub mod selection;
pub mod slots;
pub mod snapshot;
pub mod tags;
pub mod time;
pub mod undo;
