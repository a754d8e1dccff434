//! nicdeck: a terminal console for the network interfaces of several clouds.
//!
//! Everything that decides is a pure function; everything that waits is at the edge; a cloud is a codec.
//!
//! | layer | what it is | may import |
//! |---|---|---|
//! | [`domain`] | nouns: instances, NICs, addresses, plans, outcomes, faults | nothing |
//! | [`wire`] | HTTP messages as data, encodings, digests | nothing |
//! | [`filter`] | one language for finding things | `domain` |
//! | [`history`] | the journal's records as batches, searched | `domain`, `filter` |
//! | [`report`] | inventory and history as JSON, CSV, table | `domain`, `filter`, `history` |
//! | [`rules`] | may this be released, and how: verdicts, plans, danger | `domain`, `filter` |
//! | [`sim`] | a loopback cloud for demo, rehearsal and tests | `domain`, `wire` |
//! | [`simulate`] | the clouds that `nicdeck simulate` serves | `domain`, `sim`, `providers` |
//! | [`providers`] | a codec per cloud, and the client that sends | `domain`, `wire`, `sim` |
//! | [`app`] | what the user sees and may do, as data; `update` | `domain`, `filter`, `history`, `rules` |
//! | [`ui`] | draws the state, in words of two languages | `domain`, `filter`, `history`, `app` |
//! | [`runtime`] | jobs, journal, terminal, the loop | `domain`, `filter`, `history`, `report`, `rules`, `providers`, `app` |
//! | [`config`] | flags, environment, file | `domain`, `filter`, `providers`, `app` |
//! | [`demo`] | simulated clouds and profiles that point at them | `domain`, `sim`, `providers` |
//! | [`launch`] | from the command line to a running program | all below `cli` |
//! | [`look`] | a skin for this terminal | `config`, `ui` |
//! | [`told`] | what is wrong with settings and credentials, in words | `domain`, `providers`, `app`, `config`, `ui` |
//! | [`cli`] | arguments, exit codes; on top of all | all |
//!
//! One direction: input, message, `update`, effect, job, message, `update`, frame. Nothing calls back.
#![forbid(unsafe_code)]
// A test that unwraps fails where it should.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod filter;
pub mod history;
pub mod launch;
pub mod look;
pub mod providers;
pub mod report;
pub mod rules;
pub mod runtime;
pub mod sim;
pub mod simulate;
pub mod told;
pub mod ui;
pub mod wire;
