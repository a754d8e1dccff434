//! The program itself, as a process: memory, first frame, idleness, and loading from simulated clouds that answer slowly.
//!
//! A load is compared with the least time it could take: the latencies that must follow each other, and the documented rates.
//! `cargo bench --bench binary` prints one table; `-- frame`, `-- load`, `-- memory` or the name of a cloud a part of it. Linux only: it
//! reads /proc.

// A bench that unwraps fails where it should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

mod path;
#[allow(dead_code, reason = "the other bench uses the rest")]
mod tty;

use std::{
    collections::{BTreeMap, HashSet},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use nicdeck::{
    domain::page::{Listing, Resource},
    providers::{
        self,
        provider::{Call, Provider},
    },
    sim::{
        generate::{Plan, generate},
        http::{Logged, Options, Simulator},
        script::{Rule, Script},
    },
};
use path::{Least, Walk, ask_plainly};
use tty::{Console, home};

/// Milliseconds added to each answer of a slow cloud.
const DELAY: u64 = 80;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("\nthe program as a process (load of the machine: {})\n", load.trim_end());
    let named: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    if wanted("frame") {
        first_frame();
    }
    let clouds = providers::all().iter().filter(|cloud| wanted("load") || wanted(cloud.descriptor().id));
    let alone: Vec<f64> = clouds.map(|cloud| load_of(*cloud)).collect();
    if wanted("load") {
        load_of_all(alone.into_iter().fold(0.0, f64::max));
    }
    if wanted("memory") {
        memory_and_idleness(providers::all()[0]);
    }
}

fn row(what: &str, measured: &str, budget: &str) {
    println!("{what:<66} {measured:<72} {budget}");
}

fn simulator(cloud: &'static dyn Provider, instances: usize, delay: u64) -> Simulator {
    let dialect = cloud.dialect();
    let world = generate(dialect.vocabulary(), Plan::of(instances, 1));
    let script = if delay > 0 { Script::of([Rule::delay(delay)]) } else { Script::default() };
    let options = Options { script, ..Options::default() };
    tokio::runtime::Handle::current().block_on(Simulator::start(dialect, world, options)).unwrap()
}

fn first_frame() {
    let simulator = simulator(providers::all()[0], 20, DELAY);
    let (_home, vars) = home(&[&simulator], "");
    let mut times: Vec<f64> = (0..15)
        .map(|_| Console::start(&[], &vars).until(|screen| screen.contains("ADDRESS")).as_secs_f64() * 1000.0)
        .collect();
    times.sort_by(f64::total_cmp);
    let measured = format!("best {:.1} ms, median {:.1} ms of {}", times[0], times[times.len() / 2], times.len());
    row("first frame, from the start of the process", &measured, "50 ms");
}

/// Requests that list a resource.
fn of<'a>(cloud: &dyn Provider, log: &'a [Logged], resource: Resource) -> Vec<&'a Logged> {
    let action = cloud.action(&Call::List(Listing::all(resource, None)));
    log.iter().filter(|call| call.action == action).collect()
}

/// Instances of a world of about 10,000 NICs.
const INSTANCES: usize = 4_800;

/// `nicdeck list`: its output, and the seconds it took.
fn list(vars: &BTreeMap<String, String>) -> (std::process::Output, f64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nicdeck"));
    command.args(["list", "--output", "csv"]).env_clear().envs(vars).stderr(Stdio::null()).stdin(Stdio::null());
    let began = Instant::now();
    (command.output().unwrap(), began.elapsed().as_secs_f64())
}

/// All clouds in one run, against the slowest of them alone.
fn load_of_all(slowest: f64) {
    let simulators: Vec<Simulator> = providers::all().iter().map(|cloud| simulator(*cloud, INSTANCES, DELAY)).collect();
    let (_home, vars) = home(&simulators.iter().collect::<Vec<_>>(), "");
    let (_, seconds) = list(&vars);
    let what = format!("{} clouds together: everything", simulators.len());
    let measured = format!("{seconds:.2} s, the slowest alone {slowest:.2} s: {:.2} times", seconds / slowest);
    row(&what, &measured, "1.1 times");
}

/// The seconds that everything took.
fn load_of(cloud: &'static dyn Provider) -> f64 {
    let simulator = simulator(cloud, INSTANCES, DELAY);
    let (_home, vars) = home(&[&simulator], "");
    let world = simulator.world();
    let walk = Walk::through(cloud, &world, simulator.key());
    let (output, all) = list(&vars);
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    let log = simulator.requests();
    // From the first request until the last answer could be there.
    let took = |calls: &mut dyn Iterator<Item = &Logged>, latency: f64| {
        let first = log.first().map_or(0, |call| call.at.0);
        calls.map(|call| call.at.0).max().unwrap_or(first).saturating_sub(first) as f64 / 1000.0 + latency
    };
    let in_flight = cloud.descriptor().capabilities.in_flight;
    let least = |of: &dyn Fn(Resource) -> bool| {
        let chain = walk.chain(of);
        let (endpoint, project) = (simulator.endpoint(), walk.project_id());
        let bare = ask_plainly(cloud, &chain, &endpoint, simulator.key(), project);
        walk.least(&tokio::runtime::Handle::current().block_on(bare), in_flight, of)
    };
    let id = cloud.descriptor().id;
    let compared = |what: String, took: f64, least: Least| {
        let Least { calls, chain, paced, .. } = least;
        let ratio = took / paced;
        let measured =
            format!("{took:.2} s, {calls} calls in a row {chain:.2} s, paced {paced:.2} s: {ratio:.2} times");
        row(&what, &measured, "1.5 times");
    };
    let rows = |resource| matches!(resource, Resource::Nics | Resource::Instances);
    let names = [Resource::Nics, Resource::Instances].map(|resource| of(cloud, &log, resource));
    let path = least(&rows);
    let shown = took(&mut names.into_iter().flatten(), path.latency);
    let nics = world.nics().len();
    let what = format!("{id}: {nics} NICs, {DELAY} ms: instances and NICs there");
    compared(what, shown, path);
    let (most, count) = walk.most();
    let path = least(&|_| true);
    let everything = took(&mut log.iter(), path.latency);
    let what = format!("{id}: everything, {count} of {} calls are {most}", log.len());
    compared(what, everything, path);
    let distinct: HashSet<_> = log.iter().map(|call| (&call.action, &call.query, &call.path, &call.body)).collect();
    let measured = format!("{}, of which {} different; {lines} lines after {all:.2} s", log.len(), distinct.len());
    row(&format!("{id}: calls"), &measured, &format!("{}", walk.calls()));
    all
}

fn memory_and_idleness(cloud: &'static dyn Provider) {
    let simulator = simulator(cloud, 11_500, 0);
    let (_home, vars) = home(&[&simulator], "");
    let addresses: usize = simulator.world().nics().iter().map(|nic| nic.addresses.len() + nic.ipv6.len()).sum();
    let console = Console::start(&[], &vars);
    let log = || simulator.requests();
    // Backends may go on for minutes at the pace of a real cloud.
    let backends = || of(cloud, &log(), Resource::Backends).len();
    let begin = Instant::now();
    let mut seen = (0, Instant::now());
    while seen.1.elapsed() < Duration::from_secs(3) || backends() == 0 {
        let listed = log().len();
        if listed != seen.0 {
            seen = (listed, Instant::now());
        }
        if begin.elapsed() > Duration::from_secs(90) {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    let rss = format!("{:.0} MB, at most {:.0} MB", console.megabytes("VmRSS"), console.megabytes("VmHWM"));
    row(
        &format!("resident memory at {addresses} addresses after {:.0} s", begin.elapsed().as_secs_f64()),
        &rss,
        "100 MB",
    );
    drop(console);

    let simulator = self::simulator(cloud, 300, 0);
    let (_home, vars) = home(&[&simulator], "");
    let console = Console::start(&[], &vars);
    let mut quiet = (console.written(), Instant::now());
    while quiet.1.elapsed() < Duration::from_secs(3) {
        if console.written() != quiet.0 {
            quiet = (console.written(), Instant::now());
        }
        sleep(Duration::from_millis(50));
    }
    let (bytes, ticks) = (console.written(), console.ticks());
    sleep(Duration::from_secs(5));
    let measured = format!("{} bytes, {} ticks of 10 ms", console.written() - bytes, console.ticks() - ticks);
    row("idle for 5 s: written to the terminal, processor time", &measured, "0 bytes, 0 ticks");
}
