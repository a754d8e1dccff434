//! One test binary: what needs a server, a terminal or the whole tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod aliyun;
mod canary;
mod cli;
mod client;
mod conformance;
mod demo_worlds;
mod doctor;
mod e2e;
mod errors;
mod history;
mod huawei;
mod jobs;
mod oracle;
#[cfg(not(debug_assertions))]
mod perf;
#[path = "../../benches/plain/mod.rs"]
mod plain;
mod plans;
mod stage;
mod tencent;
mod tidy;
mod update;
mod view;
#[cfg(not(debug_assertions))]
#[path = "../../benches/world/mod.rs"]
#[allow(dead_code, reason = "benches use the rest")]
mod world;
mod zenlayer;
