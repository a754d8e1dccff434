//! A console without a screen on one simulated cloud: the real jobs and the real client over loopback HTTP, and one `State` that
//! takes all their messages in.

pub mod cloud;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use nicdeck::{
    app::{
        effect::Effect,
        find::Spoken,
        geometry::Size,
        keymap::Keymap,
        msg::{DryRunEvent, InventoryEvent, Msg, PreflightEvent, ReleaseEvent},
        run::Run,
        state::{Language, ProfileInfo, Setup, State},
        update,
    },
    domain::{
        exchange::Exchange,
        fault::Fault,
        finding::Severity,
        ids::{AddressKey, CloudId, JobId, NicKey, ProfileId, RegionId},
        inventory::{Coverage, Inventory, ProfileInventory, Section},
        journal::JournalEntry,
        outcome::{Outcome, OutcomeWord, Progress},
        page::InventoryPage,
        plan::{Belts, Decision, Operation, OperationKind, PlanHash, PlanRow, ReleasePlan},
        rehearsal::Rehearsal,
        selection::Target,
        time::Timestamp,
    },
    providers::{
        client::{Client, Parts},
        http::{Timeouts, http_client},
        keyring::Supply,
        profile::{Credential, Endpoint, Profile},
        provider::{Call, Provider},
        retry::RetryPolicy,
    },
    rules::{Safety, planner},
    runtime::{
        clock,
        jobs::{
            dry_run, listing, preflight,
            release::{self, Author, Batch, Control, Patience},
        },
        journal::{self, Journal},
    },
    sim::{
        dialect::Vocabulary,
        generate::{Plan, generate},
        http::{Logged, Options, Simulator},
        world::World,
    },
};
use tokio::sync::{OnceCell, mpsc, watch};
use tokio_util::sync::CancellationToken;

use cloud::{Brisk, Trap};

pub const PROFILE: &str = "acct";
/// How long a detach takes.
const TRANSITION_MS: u64 = 40;
/// Twelve reads in a quarter of a second.
const READS: &[u64] = &[5, 5, 10, 10, 20, 20, 20, 20, 20, 40, 40, 40];

/// Tries of a read, and of a write that did nothing, where a scene names no other number.
pub const TRIES: u8 = 3;

/// What a stage is built from.
pub struct Scene {
    pub provider: &'static dyn Provider,
    pub world: World,
    pub credential: Option<Credential>,
    /// In its place.
    pub supply: Option<Supply>,
    /// The session token that the simulated account demands with its key.
    pub token: Option<&'static str>,
    /// What the profile asks for; `None`: all of the world's.
    pub regions: Option<Vec<RegionId>>,
    pub readonly: bool,
    pub timeouts: Timeouts,
    /// Tries of a read, and of a write that did nothing.
    pub tries: u32,
    /// Tries of a call that is throttled; `None`: as of any other.
    pub throttled: Option<u32>,
    /// The pause after the first refusal, which an action that is throttled is left alone for.
    pub pause: Duration,
    /// Messages that may wait for the loop.
    pub channel: usize,
    pub release_batch: Option<usize>,
    /// Calls of a listing at once, at most as many as the cloud's own.
    pub in_flight: usize,
    pub late_record: bool,
    /// A region that the cloud lists as one that can not be used.
    pub off: Option<RegionId>,
    pub transition_ms: u64,
    pub trap: Trap,
}

impl Scene {
    pub fn of(provider: &'static dyn Provider, world: World) -> Self {
        let patient = Duration::from_secs(30);
        Self {
            provider,
            world,
            credential: None,
            supply: None,
            token: None,
            regions: None,
            readonly: false,
            timeouts: Timeouts { connect: patient, read: patient, total: patient },
            tries: TRIES.into(),
            throttled: None,
            pause: Duration::from_millis(2),
            channel: 256,
            release_batch: None,
            // So few that the first calls of any listing take them all.
            in_flight: 4,
            late_record: false,
            off: None,
            transition_ms: TRANSITION_MS,
            trap: Box::new(|_| {}),
        }
    }

    /// The cloud's part of the demo.
    pub fn demo(provider: &'static dyn Provider) -> Self {
        let world =
            World::parse(&[("demo", provider.descriptor().demo_world)]).expect("the demo's world is a right one");
        Self::of(provider, world)
    }

    /// A world of that many instances, always the same.
    pub fn sized(provider: &'static dyn Provider, instances: usize, regions: usize) -> Self {
        Self::of(provider, generate(provider.dialect().vocabulary(), Plan { instances, regions, seed: 11 }))
    }

    pub async fn open(self) -> Stage {
        let provider = Brisk::leak(
            self.provider,
            self.release_batch,
            self.in_flight,
            self.late_record,
            self.off.clone(),
            self.trap,
        );
        let all = || self.world.regions().iter().map(|region| region.as_str().into()).collect();
        let regions: Vec<RegionId> = self.regions.clone().unwrap_or_else(all);
        let project_id = self.world.project_id().map(str::to_owned);
        let mut options = Options { transition_ms: self.transition_ms, ..Options::default() };
        options.key.token = self.token.map(str::to_owned);
        let simulator = Simulator::start(provider.dialect(), self.world, options).await.expect("a free port");
        let key = simulator.key();
        let keys = || Credential::keys(&key.id, &key.secret, key.token.as_deref());
        let supply = self.supply.unwrap_or_else(|| self.credential.unwrap_or_else(keys).into());
        let cloud: CloudId = provider.descriptor().cloud();
        let (sender, exchanges) = mpsc::channel(50_000);
        let profile = Profile {
            id: PROFILE.into(),
            cloud: cloud.clone(),
            regions: regions.clone(),
            endpoint: Some(Endpoint::parse(&simulator.endpoint()).expect("loopback")),
            alias: None,
            env: None,
            readonly: self.readonly,
            project_id,
            api: None,
            net: nicdeck::providers::net::Net::default(),
        };
        let http = http_client(true, self.timeouts).expect("an HTTP client");
        let retry = RetryPolicy {
            tries: self.tries,
            throttled: self.throttled.unwrap_or(self.tries),
            first: self.pause,
            longest: Duration::from_secs(2),
            ..RetryPolicy::default()
        };
        let connect = move |id: &ProfileId| {
            Client::new(Parts {
                http: http.clone(),
                profile: Arc::new(Profile { id: id.clone(), ..profile.clone() }),
                cloud: provider,
                supply: supply.clone(),
                clock: Arc::new(clock::now),
                exchanges: sender.clone(),
                retry,
            })
        };
        let info = ProfileInfo {
            id: PROFILE.into(),
            cloud,
            title: provider.descriptor().title,
            capabilities: &provider.descriptor().capabilities,
            regions,
            alias: None,
            env: None,
            prod: false,
            // The gate has to hold by itself: the planner is not told.
            readonly: false,
            problem: None,
        };
        let setup = Setup {
            profiles: vec![info],
            language: Language::English,
            demo: false,
            readonly: false,
            filter: String::new(),
            size: Size { columns: 120, rows: 40 },
            keymap: Keymap::default(),
            theme: None,
            config_path: String::new(),
            found: Vec::new(),
            problems: Vec::new(),
            motion: false,
            color: true,
            mouse: false,
            clouds: nicdeck::providers::all().iter().map(|cloud| cloud.descriptor().id).collect(),
            safety: Arc::default(),
            spoken: Spoken::default(),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Arc::new(Journal::open(&folder.path().join("journal.jsonl")).expect("a journal"));
        Stage {
            provider,
            simulator,
            client: connect(&PROFILE.into()),
            connect: Box::new(connect),
            state: State::new(setup, clock::now()),
            journal,
            _exchanges: exchanges,
            channel: self.channel,
            jobs: 1_000_000,
            now: clock::now,
            _folder: folder,
        }
    }
}

pub struct Stage {
    pub provider: &'static dyn Provider,
    pub simulator: Simulator,
    pub client: Client,
    /// The same account under another name.
    connect: Box<dyn Fn(&ProfileId) -> Client + Send + Sync>,
    pub state: State,
    pub journal: Arc<Journal>,
    /// Kept open: a client may find out that nobody listens.
    _exchanges: mpsc::Receiver<Exchange>,
    channel: usize,
    jobs: u64,
    /// The clock of batches.
    pub now: fn() -> Timestamp,
    _folder: tempfile::TempDir,
}

/// What can go from a cloud's part of the demo without a worry.
pub struct Good {
    /// Addresses by NIC, the NIC with the most first.
    pub addresses: Vec<Vec<Target>>,
    /// NICs to be detached.
    pub nics: Vec<Target>,
}

/// Found out once for each cloud: every NIC is read for it.
pub async fn good(provider: &'static dyn Provider) -> Arc<Good> {
    type Found = Mutex<BTreeMap<usize, Arc<OnceCell<Arc<Good>>>>>;
    static FOUND: LazyLock<Found> = LazyLock::new(Mutex::default);
    // Generations of a cloud have the same id, and descriptors of their own.
    let which = std::ptr::from_ref(provider.descriptor()).addr();
    let cell = FOUND.lock().expect("no test dies here").entry(which).or_default().clone();
    let found = cell.get_or_init(|| async {
        let mut stage = Scene::demo(provider).open().await;
        let rows = stage.survey().await;
        Arc::new(Good { addresses: plain_addresses(&rows), nics: plain_nics(&rows) })
    });
    found.await.clone()
}

/// What could not be read, by NIC.
type Faults = Vec<(NicKey, Fault)>;

/// What a listing said.
#[derive(Default)]
pub struct Listed {
    pub pages: Vec<(Section, InventoryPage)>,
}

impl Stage {
    pub fn name(&self) -> &'static str {
        self.provider.descriptor().id
    }

    pub fn part(&self) -> &ProfileInventory {
        self.state.inventory.profile(&PROFILE.into()).expect("the stage's only profile")
    }

    pub fn next_job(&mut self) -> JobId {
        self.jobs += 1;
        JobId(self.jobs)
    }

    pub fn take(&mut self, msg: Msg) -> Vec<Effect> {
        update::update(&mut self.state, clock::now(), msg)
    }

    /// Starts listing; the caller brings the messages in.
    pub fn begin_list(&mut self) -> (JobId, mpsc::Receiver<Msg>, CancellationToken, tokio::task::JoinHandle<()>) {
        let effects = update::start(&mut self.state, clock::now());
        let [Effect::List { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        let (out, results) = mpsc::channel(self.channel);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(listing::run(self.client.clone(), *job, out, cancel.clone()));
        (*job, results, cancel, task)
    }

    /// Lists everything.
    pub async fn list(&mut self) -> Listed {
        let (_, mut results, _, task) = self.begin_list();
        let mut listed = Listed::default();
        while let Some(msg) = results.recv().await {
            if let Msg::Inventory(_, InventoryEvent::Page(section, page)) = &msg {
                listed.pages.push((section.clone(), (**page).clone()));
            }
            self.take(msg);
        }
        task.await.expect("the job ends");
        assert!(self.state.jobs.listings().next().is_none(), "the job says that it ended");
        listed
    }

    /// Sections that failed, and those that came whole.
    pub fn sections(&self) -> (Vec<(Section, nicdeck::domain::fault::Fault)>, Vec<Section>) {
        let (mut failed, mut whole) = (Vec::new(), Vec::new());
        for (section, coverage) in self.part().sections() {
            match coverage {
                Coverage::Complete { .. } => whole.push(section.clone()),
                Coverage::Failed { fault, .. } => failed.push((section.clone(), (**fault).clone())),
                other => panic!("{section:?} is left {other:?}"),
            }
        }
        failed.sort_by(|a, b| a.0.cmp(&b.0));
        whole.sort();
        (failed, whole)
    }

    /// Reads NICs again, as a plan does. What could not be read, by NIC.
    pub async fn read_again(&mut self, keys: impl IntoIterator<Item = NicKey>) -> Vec<(NicKey, String)> {
        let (failed, partly) = self.read(keys).await;
        assert_eq!(partly, [], "everything around them was read");
        failed.into_iter().map(|(key, fault)| (key, fault.message)).collect()
    }

    /// The same, where the NICs are read, and not all that is around them: what could not be.
    pub async fn read_around(&mut self, keys: impl IntoIterator<Item = NicKey>) -> Vec<(NicKey, Fault)> {
        let (failed, partly) = self.read(keys).await;
        assert_eq!(failed, []);
        partly
    }

    async fn read(&mut self, keys: impl IntoIterator<Item = NicKey>) -> (Faults, Faults) {
        let nics: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let seen = self.part().snapshot(&key.nic).expect("listed");
                (key, Arc::new(seen))
            })
            .collect();
        let (total, job) = (nics.len(), self.next_job());
        let (out, mut results) = mpsc::channel(self.channel);
        let client = self.client.clone();
        let clients = move |_: &NicKey| Some(client.clone());
        let job = tokio::spawn(preflight::run(clients, nics, job, out, CancellationToken::new(), clock::now));
        let (mut read, mut failed, mut partly, mut ended) = (0, Vec::new(), Vec::new(), false);
        while let Some(msg) = results.recv().await {
            match msg {
                Msg::Preflight(_, PreflightEvent::Read(key, Ok(fresh))) => {
                    read += 1;
                    let part = self.state.inventory.profile_mut(&key.profile).expect("the only one");
                    part.refresh(&key.nic, fresh.as_deref(), clock::now());
                }
                Msg::Preflight(_, PreflightEvent::Partly(key, fault)) => partly.push((key, *fault)),
                Msg::Preflight(_, PreflightEvent::Read(key, Err(fault))) => failed.push((key, *fault)),
                Msg::Preflight(_, PreflightEvent::Ended) => ended = true,
                other => panic!("{other:?}"),
            }
        }
        job.await.expect("the job ends");
        assert!(ended && read + failed.len() == total, "each NIC is told once, and then the end");
        (failed, partly)
    }

    /// Lists everything and reads every NIC again; then judges every address and every NIC.
    pub async fn survey(&mut self) -> Vec<PlanRow> {
        self.list().await;
        let keys: Vec<NicKey> = self.part().nics().map(|(_, nic)| self::key(nic.id.as_str())).collect();
        assert_eq!(self.read_again(keys).await, []);
        // Each NIC by itself: what a plan takes from all of them nobody has afterwards.
        let mut addresses = Vec::new();
        for (_, nic) in self.part().nics() {
            let of = |ip| Target::Address(AddressKey { nic: key(nic.id.as_str()), ip });
            let plan = self.plan(nic.addresses.iter().map(|address| of(address.ip)).collect());
            addresses.extend(plan.rows().iter().cloned());
        }
        let nics = self.part().nics().map(|(_, nic)| Target::Nic(key(nic.id.as_str()))).collect();
        let nics = self.plan(nics).rows().to_vec();
        addresses.extend(nics);
        addresses
    }

    pub fn plan(&self, targets: Vec<Target>) -> Arc<ReleasePlan> {
        self.plan_wanted(&targets.into_iter().map(planner::Wanted::of).collect::<Vec<_>>())
    }

    pub fn plan_wanted(&self, wanted: &[planner::Wanted]) -> Arc<ReleasePlan> {
        let capabilities = |_: &ProfileId| Some(&self.provider.descriptor().capabilities);
        // Whole worlds are planned here, and the rules, not the belts, are looked at.
        let belts = Belts { per_plan: usize::MAX, percent: 100 };
        let sources = planner::Sources {
            inventory: &self.state.inventory,
            capabilities: &capabilities,
            readonly: &|_| false,
            safety: &Safety { belts, ..Safety::default() },
        };
        let plan = planner::plan(wanted, &sources, clock::now());
        Arc::new(plan.expect("a plan"))
    }

    /// A plan that sends the first address by this profile, and the second one by another profile of the same account.
    pub async fn plan_of_twins(&mut self, first: &Target, second: &Target) -> Arc<ReleasePlan> {
        let listed = self.list().await;
        let mut inventory = Inventory::new([PROFILE, "twin"].map(|id| (id.into(), self.provider.descriptor().cloud())));
        for profile in [PROFILE, "twin"] {
            let part = inventory.profile_mut(&profile.into()).expect("one of the two");
            for (_, page) in &listed.pages {
                part.merge(page.clone(), clock::now());
            }
            for (section, _) in self.part().sections() {
                part.complete(section, 0, clock::now());
            }
        }
        let sources = planner::Sources {
            inventory: &inventory,
            capabilities: &|_| Some(&self.provider.descriptor().capabilities),
            readonly: &|_| false,
            safety: &Safety::default(),
        };
        let of = |profile: &str, target: &Target| {
            let Target::Address(key) = target.clone() else { panic!("an address") };
            let nic = NicKey { profile: profile.into(), ..key.nic };
            planner::Wanted::of(Target::Address(AddressKey { nic, ..key }))
        };
        let plan = planner::plan(&[of(PROFILE, first), of("twin", second)], &sources, clock::now()).expect("a plan");
        assert_eq!(plan.operations().len(), 2);
        Arc::new(plan)
    }

    /// A plan that sends all of these.
    pub fn plan_all(&self, targets: &[Target]) -> Arc<ReleasePlan> {
        let plan = self.plan(targets.to_vec());
        for row in plan.rows() {
            assert!(matches!(row.decision, Decision::Go(_)), "{:?}: {:?}", row.target, row.findings);
        }
        assert_eq!(plan.rows().len(), targets.len());
        plan
    }

    /// Lists everything, reads the NICs of the targets again, and plans.
    pub async fn prepare(&mut self, targets: &[Target]) -> Arc<ReleasePlan> {
        self.list().await;
        let keys: BTreeSet<NicKey> = targets.iter().map(|target| target.nic().clone()).collect();
        assert_eq!(self.read_again(keys).await, []);
        self.plan_all(targets)
    }

    /// Rehearses a plan to its end: what was told, in the plan's order.
    pub async fn rehearse(&mut self, plan: &Arc<ReleasePlan>) -> Vec<Rehearsal> {
        let job = self.next_job();
        let (out, mut results) = mpsc::channel(self.channel);
        let (safety, cancel) = (self.state.safety.clone(), CancellationToken::new());
        let stage = dry_run::Stage { job, plan: plan.clone(), safety, out, cancel, now: clock::now };
        let clients = BTreeMap::from([(ProfileId::from(PROFILE), self.client.clone())]);
        let task = tokio::spawn(dry_run::run(stage, clients));
        let (mut told, mut ended) = (Vec::new(), false);
        while let Some(msg) = results.recv().await {
            match msg {
                Msg::DryRun(_, DryRunEvent::Rehearsed(one)) => told.push(*one),
                Msg::DryRun(_, DryRunEvent::Ended) => ended = true,
                other => panic!("{other:?}"),
            }
        }
        task.await.expect("the job ends");
        assert!(ended && told.len() == plan.operations().len(), "each write is told once, and then the end");
        told
    }

    /// Starts a batch; the caller brings the messages in by [`Running::next`].
    pub fn begin(&mut self, plan: &Arc<ReleasePlan>) -> Running {
        let (out, results) = mpsc::channel(self.channel);
        let (control, batch) = self.batch(plan, out);
        self.state.run = Some(Run::new(batch.job, plan.clone(), clock::now()));
        let task = tokio::spawn(release::run(batch, self.clients(plan)));
        Running { control, results, task, events: Vec::new(), panicked: false }
    }

    /// What carries a plan out, and the switch of it.
    pub fn batch(&mut self, plan: &Arc<ReleasePlan>, out: mpsc::Sender<Msg>) -> (watch::Sender<Control>, Batch) {
        let (control, watched) = watch::channel(Control::default());
        let batch = Batch {
            job: self.next_job(),
            plan: plan.clone(),
            confirmed: plan.hash(),
            safety: self.state.safety.clone(),
            journal: self.journal.clone(),
            author: Author { who: "lin".to_owned(), host: "here".to_owned() },
            out,
            control: watched,
            patience: Patience { reads: READS, offline: 10 },
            now: self.now,
        };
        (control, batch)
    }

    /// The same of another process: nothing is shared with ours.
    pub fn strangers(&self, plan: &ReleasePlan) -> BTreeMap<ProfileId, Client> {
        let profiles = plan.operations().iter().map(|operation| &operation.profile);
        profiles.map(|profile| (profile.clone(), (self.connect)(profile))).collect()
    }

    /// A client for each profile of a plan.
    fn clients(&self, plan: &ReleasePlan) -> BTreeMap<ProfileId, Client> {
        let mut clients = BTreeMap::from([(ProfileId::from(PROFILE), self.client.clone())]);
        for operation in plan.operations() {
            clients.entry(operation.profile.clone()).or_insert_with(|| (self.connect)(&operation.profile));
        }
        clients
    }

    /// Carries a plan out to its end.
    pub async fn run(&mut self, plan: &Arc<ReleasePlan>) -> Ended {
        let running = self.begin(plan);
        running.end(self).await
    }

    /// The same, where another plan was confirmed.
    pub async fn run_confirmed(&mut self, plan: &Arc<ReleasePlan>, confirmed: PlanHash) -> Ended {
        let (out, results) = mpsc::channel(self.channel);
        let (control, batch) = self.batch(plan, out);
        self.state.run = Some(Run::new(batch.job, plan.clone(), clock::now()));
        let task = tokio::spawn(release::run(Batch { confirmed, ..batch }, self.clients(plan)));
        let running = Running { control, results, task, events: Vec::new(), panicked: false };
        running.end(self).await
    }

    /// What the journal holds now: every intent has its end, and open is what the batches told that nobody knows, and nothing else.
    pub fn closed_journal(&self) -> journal::Contents {
        let contents = journal::read(self.journal.path()).expect("a readable journal");
        assert_eq!(contents.bad, []);
        let open: BTreeSet<Target> = contents.open_intents().flat_map(|intent| intent.targets()).collect();
        let told: BTreeSet<Target> = self.state.earlier.open().flat_map(|write| write.write.intent.targets()).collect();
        assert_eq!(open, told, "open in the journal, and said to be");
        let rows = self.state.run.iter().flat_map(|run| &run.rows);
        let unknown = rows.filter(|row| row.end().is_some_and(|end| end.word() == OutcomeWord::Unknown));
        for row in unknown {
            assert!(open.contains(&row.target), "{:?} is unknown and not open", row.target);
        }
        contents
    }

    /// The same, without what was to be sent, and what was not.
    pub fn sent_by_journal(&self) -> Vec<JournalEntry> {
        let entries = self.closed_journal().entries.into_iter();
        entries.filter(|entry| !matches!(entry, JournalEntry::Begun(_) | JournalEntry::Unsent(_))).collect()
    }

    /// The vendor's codes that came back to writes, as the journal keeps them.
    pub fn codes(&self) -> Vec<String> {
        let settled = self.closed_journal().entries.into_iter().filter_map(|entry| match entry {
            JournalEntry::Settled(settled) => Some(settled.answers),
            _ => None,
        });
        settled.flatten().filter_map(|answer| answer.code).collect()
    }

    /// The vendor's words for states.
    pub fn simulator_words(&self) -> &'static Vocabulary {
        self.provider.dialect().vocabulary()
    }

    /// The vendor's name of the request that does it: a write begins with it, a detach may need another one first.
    pub fn action(&self, operation: &Operation) -> &'static str {
        let (region, kind) = (operation.region.clone(), operation.kind.clone());
        let last = matches!(kind, OperationKind::Detach { .. });
        let first = self.provider.step(&kind, &operation.expect, &[]).filter(|_| !last).unwrap_or_default();
        self.provider.action(&Call::Write { region, kind, step: first })
    }

    /// How often the requests were made that do what the plan wants.
    pub fn deeds(&self, plan: &ReleasePlan) -> usize {
        let actions: BTreeSet<&str> = plan.operations().iter().map(|operation| self.action(operation)).collect();
        actions.into_iter().map(|action| self.simulator.count(action)).sum()
    }

    /// Everything that was asked for; how a session is opened is not.
    pub fn calls(&self) -> Vec<Logged> {
        let keys = Credential::keys("k", "s", None);
        let sign_in = self.provider.sign_in(self.client.profile(), &keys, &"r".into());
        let sign_in = sign_in.map(|call| self.provider.action(&call));
        self.simulator.requests().into_iter().filter(|logged| sign_in != Some(logged.action.as_str())).collect()
    }

    pub fn writes(&self) -> usize {
        self.simulator.requests().iter().filter(|logged| logged.write).count()
    }
}

/// A batch under way.
pub struct Running {
    pub control: watch::Sender<Control>,
    pub results: mpsc::Receiver<Msg>,
    pub task: tokio::task::JoinHandle<()>,
    pub events: Vec<ReleaseEvent>,
    pub panicked: bool,
}

/// A batch that came to its end.
pub struct Ended {
    pub outcomes: BTreeMap<Target, Outcome>,
    pub events: Vec<ReleaseEvent>,
    pub panicked: bool,
}

impl Running {
    /// Takes the next message in; totals add up after each. `None` at the end.
    pub async fn next(&mut self, stage: &mut Stage) -> Option<ReleaseEvent> {
        loop {
            let msg = self.results.recv().await?;
            let event = match &msg {
                Msg::Release(_, event) => Some(event.clone()),
                Msg::JobPanicked(_) => {
                    self.panicked = true;
                    None
                }
                Msg::Journal(_) => None,
                other => panic!("{other:?}"),
            };
            stage.take(msg);
            let run = stage.state.run.as_ref().expect("the batch");
            let counts = run.counts();
            let under_way = counts.queued + counts.active + counts.accepted + counts.retrying;
            assert_eq!(under_way + counts.settled(), counts.total, "{counts:?}");
            assert_eq!(counts.total, run.plan.targets().count());
            let by_profile: usize = run.counts_by_profile().iter().map(|(_, counts)| counts.total).sum();
            assert_eq!(by_profile, counts.total);
            if let Some(event) = event {
                self.events.push(event.clone());
                return Some(event);
            }
        }
    }

    /// Takes messages in until one satisfies this.
    pub async fn until(&mut self, stage: &mut Stage, satisfied: impl Fn(&ReleaseEvent) -> bool) -> ReleaseEvent {
        loop {
            let event = self.next(stage).await.expect("the batch ended before that");
            if satisfied(&event) {
                return event;
            }
        }
    }

    /// Takes messages in until the end. Every target has exactly one outcome.
    pub async fn end(mut self, stage: &mut Stage) -> Ended {
        while self.next(stage).await.is_some() {}
        self.task.await.expect("the job ends");
        assert!(matches!(self.events.last(), Some(ReleaseEvent::Ended)), "the end is said last");
        let mut outcomes = BTreeMap::new();
        for event in &self.events {
            if let ReleaseEvent::Settled { outcomes: ends, .. } = event {
                for (target, outcome) in ends {
                    let before = outcomes.insert(target.clone(), outcome.clone());
                    assert!(before.is_none(), "{target:?} ended twice: {before:?}, {outcome:?}");
                }
            }
        }
        let run = stage.state.run.as_ref().expect("the batch");
        let planned: BTreeSet<Target> = run.plan.targets().collect();
        assert_eq!(outcomes.keys().cloned().collect::<BTreeSet<_>>(), planned, "one end for each target");
        assert!(run.ended.is_some() && run.counts().settled() == run.counts().total);
        Ended { outcomes, events: self.events, panicked: self.panicked }
    }
}

impl Ended {
    pub fn words(&self) -> Vec<OutcomeWord> {
        self.outcomes.values().map(Outcome::word).collect()
    }

    pub fn count(&self, word: OutcomeWord) -> usize {
        self.words().into_iter().filter(|one| *one == word).count()
    }

    /// All outcomes are this one.
    #[track_caller]
    pub fn all(&self, word: OutcomeWord) {
        assert!(self.words().iter().all(|one| *one == word), "{:#?}", self.outcomes);
    }

    /// The only outcome.
    #[track_caller]
    pub fn only(&self) -> &Outcome {
        assert_eq!(self.outcomes.len(), 1);
        self.outcomes.values().next().expect("one")
    }

    /// Which write began (`false`) or ended when.
    pub fn order(&self) -> Vec<(u32, bool)> {
        let moment = |event: &ReleaseEvent| match event {
            ReleaseEvent::Progressed(operation, Progress::Checking) => Some((operation.0, false)),
            ReleaseEvent::Settled { operation, .. } => Some((operation.0, true)),
            _ => None,
        };
        self.events.iter().filter_map(moment).collect()
    }

    pub fn progressed(&self, is: impl Fn(&Progress) -> bool) -> usize {
        self.events
            .iter()
            .filter(|event| matches!(event, ReleaseEvent::Progressed(_, progress) if is(progress)))
            .count()
    }
}

pub fn key(nic: &str) -> NicKey {
    NicKey { profile: PROFILE.into(), nic: nic.into() }
}

/// The NIC and, for an address, the address.
pub fn parts(target: &Target) -> (String, Option<IpAddr>) {
    (target.nic().nic.to_string(), target.ip())
}

/// Can be sent, and nothing worse is said than what is said of every one.
fn is_plain(row: &PlanRow) -> bool {
    use nicdeck::domain::finding::FindingId::{
        AddressesLeave, LastSecondary, ManagedByUnknown, NicStateUnknown, VipLast, VipShared,
    };
    // The last two of a cloud whose API never tells.
    let usual = |id| matches!(id, AddressesLeave | LastSecondary | VipShared | ManagedByUnknown | NicStateUnknown);
    // A detach only leaves them where they are.
    let floats = |id| id == VipLast && matches!(row.target, Target::Nic(_));
    let mild = |id| usual(id) || floats(id);
    matches!(row.decision, Decision::Go(_))
        && row.findings.iter().all(|finding| finding.severity < Severity::Warn || mild(finding.id))
}

/// Addresses that can be released without a worry, by NIC, the NIC with the most first.
pub fn plain_addresses(rows: &[PlanRow]) -> Vec<Vec<Target>> {
    let mut by_nic: BTreeMap<&NicKey, Vec<Target>> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_plain(row)) {
        if matches!(row.target, Target::Address(_)) {
            by_nic.entry(row.target.nic()).or_default().push(row.target.clone());
        }
    }
    let mut all: Vec<Vec<Target>> = by_nic.into_values().collect();
    all.sort_by_key(|targets| std::cmp::Reverse(targets.len()));
    all
}

/// NICs that can be detached without a worry.
pub fn plain_nics(rows: &[PlanRow]) -> Vec<Target> {
    rows.iter()
        .filter(|row| is_plain(row) && matches!(row.target, Target::Nic(_)))
        .map(|row| row.target.clone())
        .collect()
}
