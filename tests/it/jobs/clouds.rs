//! One plan for all clouds and generations: from marks to results by the console's own keys, jobs and clients, against a simulated
//! cloud for each; the worlds then hold exactly that change.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use nicdeck::{
    app::{
        confirm::Asked,
        effect::Effect,
        find::Spoken,
        geometry::Size,
        key::{Input, Key},
        keymap::Keymap,
        msg::Msg,
        overlay::Overlay,
        plan_view::Freshness,
        state::{Language, ProfileInfo, Screen, Setup, State},
        update,
    },
    domain::{
        ids::ProfileId,
        outcome::{Outcome, OutcomeWord},
        plan::OperationKind,
        selection::Target,
        time::Timestamp,
    },
    providers::{
        client::{Client, Parts},
        http::{Timeouts, http_client},
        profile::{Credential, Endpoint, Profile},
        provider::Provider,
        retry::RetryPolicy,
    },
    runtime::{
        clock,
        executor::{Executor, Recovery},
        jobs::{reconcile, release::Author},
        journal::Journal,
    },
    sim::{
        http::{Options, Simulator},
        world::World,
    },
};
use tokio::sync::mpsc;

use crate::{conformance::clouds, oracle::truth, stage::good};

/// A cloud that is served, and the profile that points at it.
struct Served {
    cloud: &'static dyn Provider,
    simulator: Simulator,
    profile: Profile,
}

async fn served(nth: usize, cloud: &'static dyn Provider) -> Served {
    let descriptor = cloud.descriptor();
    let world = World::parse(&[("demo", descriptor.demo_world)]).expect("the demo's world");
    let regions = world.regions().iter().map(|region| region.as_str().into()).collect();
    let project_id = world.project_id().map(str::to_owned);
    let options = Options { transition_ms: 40, ..Options::default() };
    let simulator = Simulator::start(cloud.dialect(), world, options).await.expect("a free port");
    let profile = Profile {
        id: format!("p-{nth}").as_str().into(),
        cloud: descriptor.cloud(),
        regions,
        endpoint: Some(Endpoint::parse(&simulator.endpoint()).expect("loopback")),
        alias: Some(format!("acct-{nth}")),
        env: None,
        readonly: false,
        project_id,
        api: None,
        net: nicdeck::providers::net::Net::default(),
    };
    Served { cloud, simulator, profile }
}

/// The console without a screen: its state, and what its effects are done by.
struct Console {
    state: State,
    executor: Executor,
    results: mpsc::Receiver<Msg>,
    /// Milliseconds that the state's clock is ahead.
    ahead: u64,
}

impl Console {
    fn now(&self) -> Timestamp {
        clock::now().plus_ms(self.ahead)
    }

    fn start(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            assert!(self.executor.start(effect, &self.state).is_none(), "the terminal is not asked");
        }
    }

    fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let key = if c == '\r' { Key::parse("enter").expect("a key") } else { Key::char(c) };
            let now = self.now();
            let effects = update::update(&mut self.state, now, Msg::Input(Input::Key(key)));
            self.start(effects);
        }
    }

    /// A frame has been drawn: what stands in it may be confirmed a moment later.
    fn shown(&mut self) {
        let now = self.now();
        let effects = update::update(&mut self.state, now, Msg::Shown);
        self.start(effects);
    }

    /// Takes in what the jobs say until this holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&State) -> bool) {
        while !holds(&self.state) {
            let msg = tokio::select! {
                Some(msg) = self.results.recv() => Some(msg),
                msg = self.executor.panicked() => Some(msg),
                () = tokio::time::sleep(Duration::from_secs(60)) => panic!("not seen: {what}"),
            };
            if let Some(msg) = msg {
                assert!(!matches!(msg, Msg::JobPanicked(_)), "{what}");
                let now = self.now();
                let effects = update::update(&mut self.state, now, msg);
                self.start(effects);
            }
        }
    }

    fn filter(&mut self, text: &str) {
        self.keys("/");
        let clear = Key::parse("ctrl-u").expect("a key");
        let now = self.now();
        update::update(&mut self.state, now, Msg::Input(Input::Key(clear)));
        self.keys(text);
        self.keys("\r");
    }
}

fn console(served: &[Served], journal: &Arc<Journal>) -> Console {
    let (out, results) = mpsc::channel(256);
    let (trips, _) = mpsc::channel(1);
    let patient = Duration::from_secs(30);
    let http = http_client(true, Timeouts { connect: patient, read: patient, total: patient }).expect("a client");
    let connect = |one: &Served| {
        let key = one.simulator.key();
        let client = Client::new(Parts {
            http: http.clone(),
            profile: Arc::new(one.profile.clone()),
            cloud: one.cloud,
            supply: Credential::keys(&key.id, &key.secret, key.token.as_deref()).into(),
            clock: Arc::new(clock::now),
            exchanges: trips.clone(),
            retry: RetryPolicy::default(),
        });
        (one.profile.id.clone(), client)
    };
    let info = |one: &Served| ProfileInfo {
        id: one.profile.id.clone(),
        cloud: one.profile.cloud.clone(),
        title: one.cloud.descriptor().title,
        capabilities: &one.cloud.descriptor().capabilities,
        regions: one.profile.regions.clone(),
        alias: one.profile.alias.clone(),
        env: None,
        prod: false,
        readonly: false,
        problem: None,
    };
    let setup = Setup {
        profiles: served.iter().map(info).collect(),
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
    let clients: BTreeMap<ProfileId, Client> = served.iter().map(connect).collect();
    let author = Author { who: "lin".to_owned(), host: "here".to_owned() };
    let recovery = Recovery { since: Timestamp(0), patience: reconcile::Patience::default() };
    let executor = Executor::new(clients, journal.clone(), author, Arc::default(), recovery, out.clone());
    let look = executor.look(true, true);
    tokio::spawn(nicdeck::runtime::jobs::journal::run((**journal).clone(), look, out));
    Console { state: State::new(setup, clock::now()), executor, results, ahead: 0 }
}

#[tokio::test]
async fn one_plan_releases_and_detaches_on_every_cloud_and_changes_nothing_else() {
    let mut all: Vec<Served> = Vec::new();
    for (nth, (cloud, _)) in clouds().enumerate() {
        all.push(served(nth, cloud).await);
    }
    let before: Vec<World> = all.iter().map(|one| one.simulator.world()).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Arc::new(Journal::open(&folder.path().join("journal.jsonl")).expect("a journal"));
    let mut console = console(&all, &journal);
    let effects = update::start(&mut console.state, clock::now());
    console.start(effects);
    console.until("everything listed", |state| state.jobs.listings().next().is_none()).await;

    let mut wanted = Vec::new();
    for one in &all {
        let good = good(one.cloud).await;
        let profile = &one.profile.id;
        let (address, nic) = (&good.addresses[0][0], &good.nics.last());
        let Target::Address(key) = address else { panic!("an address") };
        console.filter(&format!("profile:{profile} nic:{} ip:{}", key.nic.nic, key.ip));
        console.keys("a");
        wanted.push((profile.clone(), key.nic.nic.clone(), Some(key.ip)));
        if let Some(Target::Nic(key)) = nic.filter(|nic| nic.nic() != address.nic()) {
            console.filter(&format!("profile:{profile} nic:{}", key.nic));
            console.keys("GD");
            wanted.push((profile.clone(), key.nic.clone(), None));
        }
    }
    let marked: Vec<_> = console
        .state
        .marks
        .iter()
        .map(|mark| (mark.nic().profile.clone(), mark.nic().nic.clone(), mark.ip()))
        .collect();
    let mut wanted_sorted = wanted.clone();
    wanted_sorted.sort();
    let mut marked_sorted = marked;
    marked_sorted.sort();
    assert_eq!(marked_sorted, wanted_sorted);
    let writes = wanted.len();
    assert!(writes >= all.len() * 2 - 1, "{writes} of {}", all.len());

    console.keys("p");
    console
        .until("the plan", |state| {
            state.plan.as_ref().is_some_and(|view| matches!(view.freshness, Freshness::Read { .. }))
        })
        .await;
    console.keys("c");
    let Some(Overlay::Confirm(dialog)) = console.state.overlays.last() else { panic!("{:?}", console.state.notices) };
    assert_eq!(dialog.danger.level, 3);
    let Asked::Typed(text) = dialog.danger.phrase.clone() else { panic!("{:?}", dialog.danger) };
    console.shown();
    console.ahead = 400;
    console.keys(&text);
    console.keys("\r");
    assert_eq!(console.state.screen, Screen::Run);
    console.until("the results", |state| state.run.as_ref().is_some_and(|run| run.ended.is_some())).await;

    let run = console.state.run.as_ref().expect("it ran");
    for row in &run.rows {
        assert_eq!(row.end().map(Outcome::word), Some(OutcomeWord::Released), "{:?}: {:?}", row.target, row.progress);
    }
    assert_eq!(run.rows.len(), writes);
    let mut kinds: BTreeMap<&ProfileId, Vec<&OperationKind>> = BTreeMap::new();
    for operation in run.plan.operations() {
        kinds.entry(&operation.profile).or_default().push(&operation.kind);
    }
    assert_eq!(kinds.len(), all.len(), "each is written to");
    for (one, before) in all.iter().zip(before) {
        let words = one.cloud.dialect().vocabulary();
        let expected = kinds[&one.profile.id].iter().fold(before, |world, kind| truth::expected(&world, kind, words));
        assert_eq!(truth::difference(&expected, &one.simulator.world()), "", "{}", one.profile.id);
    }
    let text = std::fs::read_to_string(journal.path()).expect("a journal");
    assert_eq!(text.matches("\"settled\"").count(), writes, "one end for each write");
}
