//! A batch of 500 addresses over four simulated clouds that answer slowly, carried out by the program itself in a pseudo-terminal: its
//! calls against the fewest that it can make, its time against the least that it can take, and how soon a key that is pressed
//! meanwhile is on the screen. Then the same where every second call is throttled.
//!
//! `cargo bench --bench batch` prints one table; `-- calls` also which calls they were, by action and status.

// A bench that unwraps fails where it should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

mod plain;
#[allow(dead_code, reason = "the other bench uses the rest")]
mod tty;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use nicdeck::{
    domain::{
        ids::{AddressKey, NicKey, ProfileId},
        inventory::Inventory,
        outcome::Receipt,
        page::Listing,
        plan::{Belts, Operation, OperationKind, ReleasePlan},
        selection::Target,
    },
    providers::{
        self,
        client::{Client, Parts},
        http::{Timeouts, http_client},
        profile::{Credential, Endpoint, Profile},
        provider::{Call, Provider, Quota},
        retry::RetryPolicy,
    },
    rules::{
        Safety,
        planner::{self, Sources, Wanted},
    },
    runtime::{clock, jobs::inspect},
    sim::{
        http::{Logged, Options, Simulator},
        script::{Rule, Script, Trouble},
    },
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tty::{Console, home};

/// Milliseconds added to each answer.
const DELAY: u64 = 80;
/// Of each cloud.
const NICS: usize = 25;
/// To be released from each NIC.
const EACH: usize = 5;
/// Calls of a batch in flight for one profile.
const TOGETHER: usize = 4;
/// Between two keys.
const BETWEEN: Duration = Duration::from_millis(20);
/// Typed into the filter again and again, and taken back: each narrows the list.
const TYPED: &str = "10.1";

type Targets = BTreeSet<(String, IpAddr)>;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let count = NICS * EACH * providers::all().len();
    println!("\nrelease of {count} addresses, {DELAY} ms an answer (load of the machine: {})\n", load.trim_end());
    let least: Vec<Least> = (0..providers::all().len()).map(|nth| runtime.block_on(least(nth))).collect();
    let calm = carried_out(None);
    let mut slowest = (0.0, 0.0);
    for (of, least) in calm.clouds.iter().zip(&least) {
        let path = least.path();
        slowest = (f64::max(slowest.0, of.seconds), f64::max(slowest.1, path));
        let measured = format!("{} calls, {} needed", of.calls, least.calls);
        row(&format!("{}: calls", of.cloud), &measured, "as many");
        let Least { longest, flight, paced, .. } = least;
        let measured = format!(
            "{:.2} s; one write {longest:.2} s, {TOGETHER} calls at a time {flight:.2} s, limits {paced:.2} s: {:.2} times",
            of.seconds,
            of.seconds / path
        );
        row(&format!("{}: from the first call to the last answer", of.cloud), &measured, "1.3 times");
    }
    let measured =
        format!("{:.2} s, the longest path {:.2} s: {:.2} times", slowest.0, slowest.1, slowest.0 / slowest.1);
    row("all together", &measured, "1.3 times");
    row("released", &format!("{} of {count}", calm.released), "all");
    keys(calm.keys);
    let busy = carried_out(Some(0.5));
    for (of, least) in busy.clouds.iter().zip(&least) {
        let times = of.calls as f64 / least.calls as f64;
        let measured = format!("{} calls, {} needed: {times:.2} times; {:.1} s", of.calls, least.calls, of.seconds);
        row(&format!("{}: every second call throttled", of.cloud), &measured, "3 times");
    }
    row("released", &format!("{} of {count}", busy.released), "all");
    keys(busy.keys);
}

fn row(what: &str, measured: &str, budget: &str) {
    println!("{what:<46} {measured:<92} {budget}");
}

/// From a key that is pressed to the frame that shows it.
fn keys(mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took[(took.len() * part / 1000).min(took.len() - 1)];
    let measured =
        format!("median {:.1} ms, p99 {:.1} ms, longest {:.1} ms of {} keys", at(500), at(990), at(1000), took.len());
    row("key to frame meanwhile", &measured, "20 ms (p99)");
}

fn simulator(nth: usize, delay: u64, targets: &mut Targets) -> Simulator {
    let cloud = providers::all()[nth];
    let world = plain::world(cloud, nth, (NICS, EACH), targets);
    let options = Options { transition_ms: 0, script: Script::of([Rule::delay(delay)]), ..Options::default() };
    tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(Simulator::start(cloud.dialect(), world, options))
    })
    .unwrap()
}

// ---- the batch -----------------------------------------------------------------------------------------------------

struct Carried {
    clouds: Vec<OfCloud>,
    released: usize,
    /// Milliseconds.
    keys: Vec<f64>,
}

struct OfCloud {
    cloud: String,
    calls: usize,
    seconds: f64,
}

/// Marks everything, confirms, and types into the filter until the batch has ended.
fn carried_out(throttled: Option<f64>) -> Carried {
    let mut targets = Targets::new();
    let simulators: Vec<Simulator> =
        (0..providers::all().len()).map(|nth| simulator(nth, DELAY, &mut targets)).collect();
    let count = targets.len();
    let head = format!("readonly = false\n[safety]\nmax_per_plan = {count}\nmax_percent = 100\n");
    let (_home, vars) = home(&simulators.iter().collect::<Vec<_>>(), &head);
    let mut console = Console::start(&[], &vars);
    let all = format!("{} addresses", count + count / EACH);
    // The header tells an age once nothing is being listed any more.
    let header = |screen: &str| screen.lines().next().unwrap_or_default().to_owned();
    console.until(|screen| header(screen).contains(&all) && header(screen).contains("just now"));
    console.press("a");
    console.until(|screen| screen.contains(&format!("{count} marked")));
    console.press("p");
    console.until(|screen| screen.contains("read again just now"));
    console.press("c");
    let first = providers::all()[0].descriptor().id;
    let phrase = format!("{first} +{} {count}", simulators.len() - 1);
    console.until(|screen| screen.contains(&phrase));
    // The dialog is deaf to what comes in its first moment.
    while console.text().matches(&phrase).count() < 2 {
        console.press(&format!("\x15{phrase}"));
        sleep(Duration::from_millis(200));
    }
    if let Some(part) = throttled {
        for simulator in &simulators {
            simulator.inject(Rule::new(Trouble::Throttle).probability(part));
        }
    }
    let before: Vec<usize> = simulators.iter().map(|simulator| simulator.requests().len()).collect();
    console.press("\r1/");
    console.until(|screen| screen.contains("batch "));
    let keys = type_meanwhile(&mut console);
    let logs: Vec<Vec<Logged>> =
        simulators.iter().zip(&before).map(|(simulator, &before)| simulator.requests().split_off(before)).collect();
    if std::env::args().any(|arg| arg == "calls") {
        for (simulator, log) in simulators.iter().zip(&logs) {
            let mut by: BTreeMap<(&str, Option<u16>), usize> = BTreeMap::new();
            for call in log {
                *by.entry((call.action.as_str(), call.status)).or_default() += 1;
            }
            println!("{}: {by:?}", simulator.provider());
        }
    }
    let clouds = simulators.iter().zip(&logs).map(|(simulator, log)| {
        let times = || log.iter().map(|call| call.at.0);
        let seconds = (times().max().unwrap() - times().min().unwrap()) as f64 / 1000.0 + DELAY as f64 / 1000.0;
        OfCloud { cloud: simulator.provider(), calls: log.len(), seconds }
    });
    let worlds: Vec<_> = simulators.iter().map(Simulator::world).collect();
    let gone = |target: &&(String, IpAddr)| !worlds.iter().any(|world| plain::is_there(world, target));
    Carried { clouds: clouds.collect(), released: targets.iter().filter(gone).count(), keys }
}

/// The milliseconds that each key took until the cursor stood behind it.
fn type_meanwhile(console: &mut Console) -> Vec<f64> {
    let mut took = Vec::new();
    let mut column = None;
    // The filter is open: the cursor stands in its line.
    console.seen(|screen| !screen.hide_cursor() && screen.cursor_position().0 == 1, Duration::from_secs(10));
    loop {
        for (back, key) in TYPED.chars().map(|key| (false, key)).chain(TYPED.chars().map(|_| (true, '\x7f'))) {
            if !console.text().contains("batch ") {
                return took;
            }
            let at = *column.get_or_insert_with(|| console.cursor());
            let wanted = if back { at - 1 } else { at + 1 };
            let began = Instant::now();
            console.press(&key.to_string());
            console.seen(|screen| screen.cursor_position().1 == wanted, Duration::from_secs(10));
            took.push(began.elapsed().as_secs_f64() * 1000.0);
            column = Some(wanted);
            sleep(BETWEEN);
        }
    }
}

// ---- what it must take ---------------------------------------------------------------------------------------------

/// Of one cloud, in seconds.
struct Least {
    calls: usize,
    /// The calls of one write that must follow each other.
    longest: f64,
    /// All calls, so many at a time.
    flight: f64,
    /// What the documented limits allow.
    paced: f64,
}

impl Least {
    fn path(&self) -> f64 {
        self.longest.max(self.flight).max(self.paced)
    }
}

/// Each request is decided on a read of everything around its NIC, made right before it; then the NIC is read back. Where the cloud
/// hands out a task, that is asked for once. The writes of this world are all alike: one is made up as it would be carried out.
async fn least(nth: usize) -> Least {
    let cloud = providers::all()[nth];
    let mut targets = Targets::new();
    let simulator = simulator(nth, DELAY, &mut targets);
    let client = client(cloud, &simulator);
    let plan = plan(cloud, &client, &simulator, &targets).await;
    let operation = &plan.operations()[0];
    let (never, begun) = (CancellationToken::new(), simulator.requests().len());
    let time = Instant::now();
    assert!(matches!(inspect::nic(&client, &operation.expect, &never, clock::now).await, Ok(Some(_))));
    let (around_s, around) = (time.elapsed().as_secs_f64(), simulator.requests().split_off(begun));
    let time = Instant::now();
    assert!(matches!(inspect::record(&client, &operation.expect.nic, &never).await, Ok(Some(_))));
    let (record_s, record) = (time.elapsed().as_secs_f64(), simulator.requests().split_off(begun + around.len()));
    let bare =
        operation.expect.eips.is_empty() && operation.expect.backends.is_empty() && operation.expect.floats.is_empty();
    let whole = usize::from(!bare);
    let (steps, looks) = steps(cloud, operation);
    let task = cloud.task(&operation.region, &Receipt { request_id: None, task: Some("1".to_owned()) });
    // What another request may follow hands out none.
    let tasks = usize::from(task.is_some() && looks == steps.len());
    let latency = DELAY as f64 / 1000.0;
    let longest = (looks + whole) as f64 * around_s + record_s + (steps.len() + tasks) as f64 * latency;
    let count = plan.operations().len();
    let calls = (looks + whole) * around.len() + steps.len() + record.len() + tasks;
    // How often each action is asked for, by its limit.
    let mut quotas: BTreeMap<&str, (Quota, usize)> = BTreeMap::new();
    let limits = limits(cloud, operation);
    for (logged, often) in around.iter().map(|one| (one, looks + whole)).chain(record.iter().map(|one| (one, 1))) {
        if let Some(quota) = limits.get(logged.action.as_str()) {
            quotas.entry(quota.api).or_insert((*quota, 0)).1 += often;
        }
    }
    for step in steps {
        let quota = cloud.quota(&step);
        quotas.entry(quota.api).or_insert((quota, 0)).1 += 1;
    }
    if let Some(task) = task.as_ref().filter(|_| tasks > 0) {
        let quota = cloud.quota(task);
        quotas.entry(quota.api).or_insert((quota, 0)).1 += tasks;
    }
    let paced = quotas.values().map(|(quota, of_one)| {
        let more = (of_one * count - 1) / quota.calls as usize;
        longest + more as f64 * f64::from(quota.seconds)
    });
    let flight = (calls * count) as f64 * latency / TOGETHER as f64;
    Least { calls: calls * count, longest, flight, paced: paced.fold(longest, f64::max) }
}

/// The requests of a write, and the looks that they are decided on: one before each, and one that finds nothing left to do where the
/// last of them does not say that it is the last.
fn steps(cloud: &dyn Provider, operation: &Operation) -> (Vec<Call>, usize) {
    let (mut made, mut looks) = (Vec::new(), 0);
    let mut seen = (*operation.expect).clone();
    loop {
        looks += 1;
        let Some(step) = cloud.step(&operation.kind, &seen, &made) else { break };
        let last = step.last;
        made.push(step);
        if last {
            break;
        }
        // All that the NIC has of it goes with one request.
        let OperationKind::Release { ips, .. } = &operation.kind else { break };
        seen.nic.addresses.retain(|address| !ips.contains(&address.ip));
        seen.floats.retain(|float| !ips.contains(&float.ip));
    }
    let call = |step| Call::Write { region: operation.region.clone(), kind: operation.kind.clone(), step };
    (made.into_iter().map(call).collect(), looks)
}

/// The limits of the actions that read around a NIC.
fn limits(cloud: &dyn Provider, operation: &Operation) -> BTreeMap<&'static str, Quota> {
    let listings: Vec<Listing> = cloud
        .inspection(&operation.expect.nic, &operation.expect.backends)
        .into_iter()
        .chain(cloud.listings(std::slice::from_ref(&operation.region)))
        .collect();
    let calls = listings.into_iter().map(Call::List);
    calls.map(|call| (cloud.action(&call), cloud.quota(&call))).collect()
}

const PROFILE: &str = "least";

fn client(cloud: &'static dyn Provider, simulator: &Simulator) -> Client {
    let key = simulator.key();
    let profile = Profile {
        id: PROFILE.into(),
        cloud: cloud.descriptor().cloud(),
        regions: simulator.world().regions().iter().map(|region| region.as_str().into()).collect(),
        endpoint: Some(Endpoint::parse(&simulator.endpoint()).unwrap()),
        alias: None,
        env: None,
        readonly: true,
        project_id: simulator.world().project_id().map(str::to_owned),
        api: None,
        net: nicdeck::providers::net::Net::default(),
    };
    Client::new(Parts {
        http: http_client(true, Timeouts::default()).unwrap(),
        profile: Arc::new(profile),
        cloud,
        supply: Credential::keys(&key.id, &key.secret, key.token.as_deref()).into(),
        clock: Arc::new(clock::now),
        exchanges: mpsc::channel(1).0,
        retry: RetryPolicy::default(),
    })
}

/// A plan that releases them all, made from a listing.
async fn plan(cloud: &'static dyn Provider, client: &Client, simulator: &Simulator, targets: &Targets) -> ReleasePlan {
    let profile: ProfileId = PROFILE.into();
    let regions: Vec<_> = simulator.world().regions().iter().map(|region| region.as_str().into()).collect();
    let mut inventory = Inventory::new([(profile.clone(), cloud.descriptor().cloud())]);
    let part = inventory.profile_mut(&profile).unwrap();
    let mut queue = cloud.listings(&regions);
    let mut seen: BTreeSet<Listing> = queue.iter().cloned().collect();
    let mut sections = BTreeSet::new();
    while let Some(listing) = queue.pop() {
        let brought = cloud.brings(&listing).iter().copied();
        sections.extend(std::iter::once(listing.resource).chain(brought).map(|of| (of, listing.region.clone())));
        let mut page = client.read(&listing, &CancellationToken::new()).await.unwrap();
        queue.extend(std::mem::take(&mut page.next).into_iter().filter(|next| seen.insert(next.clone())));
        part.merge(page, clock::now());
    }
    for section in &sections {
        part.complete(section, 0, clock::now());
    }
    let of = |(nic, ip): &(String, IpAddr)| {
        let nic = NicKey { profile: PROFILE.into(), nic: nic.as_str().into() };
        Wanted::of(Target::Address(AddressKey { nic, ip: *ip }))
    };
    let wanted: Vec<Wanted> = targets.iter().map(of).collect();
    let safety = Safety { belts: Belts { per_plan: usize::MAX, percent: 100 }, ..Safety::default() };
    let capabilities = |_: &ProfileId| Some(&cloud.descriptor().capabilities);
    let sources = Sources { inventory: &inventory, capabilities: &capabilities, readonly: &|_| false, safety: &safety };
    let plan = planner::plan(&wanted, &sources, clock::now()).unwrap();
    assert_eq!(plan.targets().count(), targets.len(), "all of them go");
    plan
}
