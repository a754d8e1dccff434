//! A loopback cloud for the demo, for rehearsals and for tests: real HTTP on 127.0.0.1 over one mutable world.
//! Knows no vendor: it is handed dialects.

pub mod dialect;
pub mod world;
