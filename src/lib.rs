//! nicdeck: a terminal console for the network interfaces of several clouds.
//!
//! Everything that decides is a pure function; everything that waits is at the edge; a cloud is a codec.
//!
//! | layer | what it is | may import |
//! |---|---|---|
//! | [`domain`] | nouns: instances, NICs, addresses, plans, outcomes, faults | nothing |
//! | [`filter`] | one language for picking rows: text to yes or no | `domain` |
#![forbid(unsafe_code)]
// A test that unwraps fails where it should.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cli;
pub mod config;
pub mod domain;
pub mod filter;
pub mod providers;
pub mod report;
pub mod runtime;
pub mod sim;
pub mod simulate;
pub mod wire;
