//! A loopback cloud for the demo, for rehearsals and for tests: real HTTP on 127.0.0.1 over one mutable world.
//! Knows no vendor: it is handed dialects.

pub mod clock;
pub mod dialect;
pub mod example;
pub mod generate;
pub mod hint;
pub mod http;
pub mod random;
pub mod script;
pub mod world;
