//! Zenlayer's codec and the client against the simulated vendor, over real HTTP: everything is read, and writes do what they say.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use nicdeck::{
    domain::{
        address::{AddressRole, BackendTarget, EipBinding},
        exchange::Exchange,
        fault::{Effect, Fault, FaultKind},
        ids::{CloudId, OperationId, ProfileId, RegionId},
        inventory::ProfileInventory,
        journal::{Intent, WritePermit},
        nic::{Nic, NicState},
        outcome::Receipt,
        page::{InventoryPage, Listing},
        plan::OperationKind,
        time::Timestamp,
    },
    providers::{
        client::{Client, Parts},
        http::{Timeouts, http_client},
        profile::{Credential, Endpoint, Profile},
        provider::{Provider, Step},
        retry::RetryPolicy,
        zenlayer::Cloud,
    },
    sim::{
        clock::Clock,
        dialect::SimKey,
        generate::{Plan, generate},
        http::{Options, Simulator},
        script::{Rule, Trouble},
        world::World,
    },
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "simulated-token-opens-nothing";

struct Stage {
    simulator: Simulator,
    regions: Vec<RegionId>,
    exchanges: mpsc::Receiver<Exchange>,
    sender: mpsc::Sender<Exchange>,
}

impl Stage {
    async fn start(world: World) -> Self {
        let key = SimKey { id: "SIMKEY000001".into(), secret: "sim-secret-000001".into(), token: Some(TOKEN.into()) };
        let regions = world.regions().iter().map(|region| RegionId::from(region.as_str())).collect();
        let options = Options { key, transition_ms: 50, ..Options::default() };
        let simulator = Simulator::start(Cloud.dialect(), world, options).await.unwrap();
        let (sender, exchanges) = mpsc::channel(4096);
        Self { simulator, regions, exchanges, sender }
    }

    fn client(&self) -> Client {
        let key = self.simulator.key();
        self.client_with(Credential::keys(&key.id, &key.secret, None), 0)
    }

    fn client_with(&self, credential: Credential, clock_off_ms: i64) -> Client {
        let clock = Clock::system();
        let timeouts = Timeouts { read: Duration::from_secs(2), ..Timeouts::default() };
        Client::new(Parts {
            http: http_client(true, timeouts).unwrap(),
            profile: Arc::new(Profile {
                id: ProfileId::from("zen"),
                cloud: CloudId::from("zenlayer"),
                regions: self.regions.clone(),
                endpoint: Some(Endpoint::parse(&self.simulator.endpoint()).unwrap()),
                alias: None,
                env: None,
                readonly: false,
                project_id: None,
                api: None,
                net: nicdeck::providers::net::Net::default(),
            }),
            cloud: &Cloud,
            supply: credential.into(),
            clock: Arc::new(move || Timestamp(clock.now().0 + clock_off_ms)),
            exchanges: self.sender.clone(),
            retry: RetryPolicy { first: Duration::from_millis(5), ..RetryPolicy::default() },
        })
    }
}

fn world(instances: usize) -> World {
    generate(Cloud.dialect().vocabulary(), Plan { instances, regions: if instances > 500 { 1 } else { 2 }, seed: 7 })
}

/// Follows listings to their end, all together.
async fn follow(client: &Client, roots: Vec<Listing>) -> Result<Vec<InventoryPage>, Fault> {
    let mut flying = tokio::task::JoinSet::new();
    let fly = |flying: &mut tokio::task::JoinSet<_>, listing: Listing| {
        let client = client.clone();
        flying.spawn(async move { client.read(&listing, &CancellationToken::new()).await });
    };
    for listing in roots {
        fly(&mut flying, listing);
    }
    let mut pages = Vec::new();
    while let Some(page) = flying.join_next().await {
        let mut page: InventoryPage = page.unwrap()?;
        for listing in std::mem::take(&mut page.next) {
            fly(&mut flying, listing);
        }
        pages.push(page);
    }
    Ok(pages)
}

async fn everything(client: &Client) -> ProfileInventory {
    let mut inventory = ProfileInventory::new("zen".into(), "zenlayer".into());
    for page in follow(client, client.cloud().listings(&client.profile().regions)).await.unwrap() {
        inventory.merge(page, Timestamp(1));
    }
    inventory
}

/// The NIC read again with all that belongs to it; `None` when it is gone.
async fn inspect(client: &Client, nic: &Nic) -> (Option<Nic>, Vec<InventoryPage>) {
    let pages = follow(client, client.cloud().inspection(nic, &[])).await.unwrap();
    (pages.iter().flat_map(|page| &page.nics).find(|read| read.id == nic.id).cloned(), pages)
}

async fn write(client: &Client, nic: &Nic, kind: OperationKind) -> Result<Receipt, Fault> {
    let permit = WritePermit::mint(&Intent {
        at: Timestamp(0),
        batch: "b".into(),
        operation: OperationId(0),
        plan: "000000".into(),
        undoes: None,
        cloud: "zenlayer".into(),
        profile: "zen".into(),
        region: nic.region.clone(),
        kind: kind.clone(),
        step: String::new(),
        before: vec![],
        image: None,
        request: None,
        overrides: Vec::new(),
        belts: None,
        file: None,
        account: None,
        who: "me".into(),
        host: "here".into(),
        version: "0".into(),
    });
    let turn = client.turn(&nic.region, &kind, &Step::default()).await;
    client.write(&nic.region, &kind, &Step::default(), permit, turn).await.answer
}

fn release(nic: &Nic, ips: &[IpAddr]) -> OperationKind {
    OperationKind::Release { nic: nic.id.clone(), ips: ips.to_vec() }
}

fn detach(nic: &Nic) -> OperationKind {
    OperationKind::Detach { nic: nic.id.clone(), instance: nic.instance.clone().unwrap() }
}

fn secondaries(nic: &Nic) -> Vec<IpAddr> {
    nic.addresses.iter().filter(|address| address.role == AddressRole::Secondary).map(|address| address.ip).collect()
}

/// A NIC that both writes are good for: attached, secondary, of a running instance, without EIPs and backends.
fn plain_nic(inventory: &ProfileInventory, index: usize) -> Nic {
    let running = |nic: &Nic| {
        let instance = nic.instance.as_ref().and_then(|id| inventory.instance(id));
        instance.is_some_and(|instance| {
            &*instance.power.word == "RUNNING"
                && instance.guest_agent == Some(true)
                && instance.load_balancers.as_ref().is_some_and(Vec::is_empty)
        })
    };
    inventory
        .nics()
        .map(|(_, nic)| nic)
        .filter(|nic| nic.role == nicdeck::domain::nic::NicRole::Secondary && nic.status.state == NicState::Attached)
        .filter(|nic| secondaries(nic).len() >= 2 && running(nic))
        .filter(|nic| inventory.eips_of(nic).next().is_none() && inventory.backends_of(nic).next().is_none())
        .nth(index)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn everything_is_read_with_one_call_a_page() {
    let stage = Stage::start(world(600)).await;
    let world = stage.simulator.world();
    let inventory = everything(&stage.client()).await;
    assert!(world.nics().len() > 1000, "more than a page: {}", world.nics().len());
    assert_eq!(inventory.nic_count(), world.nics().len());
    assert_eq!(inventory.instances().count(), world.instances().len());
    for sim in world.nics() {
        let nic = inventory.nic(&sim.id.as_str().into()).unwrap();
        assert_eq!((&*nic.name, nic.region.as_str(), &*nic.status.word), (&*sim.name, &*sim.region, &*sim.status));
        assert_eq!(nic.instance.as_ref().map(nicdeck::domain::ids::InstanceId::as_str), sim.instance_id.as_deref());
        assert_eq!(nic.primary_ip(), sim.primary_ip());
        assert_eq!(secondaries(nic), sim.secondaries().map(|address| address.ip).collect::<Vec<_>>());
        assert_eq!(nic.count(AddressRole::Ipv6), sim.ipv6.len().min(1), "the vendor names one IPv6 address");
        let bound: BTreeMap<String, Option<IpAddr>> = inventory
            .eips_of(nic)
            .map(|eip| match &eip.bound {
                EipBinding::Nic { private_ip, .. } => (eip.id.to_string(), *private_ip),
                other => panic!("{other:?}"),
            })
            .collect();
        let theirs: BTreeMap<String, Option<IpAddr>> = sim
            .addresses
            .iter()
            .filter_map(|address| Some((address.eip.as_ref()?.id.clone(), Some(address.ip))))
            .collect();
        assert_eq!(bound, theirs);
        let backends: BTreeSet<(String, IpAddr)> = inventory
            .backends_of(nic)
            .filter_map(|backend| Some((backend.load_balancer.to_string(), backend.ip_on(nic)?)))
            .collect();
        let theirs: BTreeSet<(String, IpAddr)> =
            sim.addresses.iter().filter_map(|address| Some((address.lb.clone()?, address.ip))).collect();
        assert_eq!(backends, theirs);
    }
    for sim in world.instances() {
        let instance = inventory.instance(&sim.id.as_str().into()).unwrap();
        assert_eq!((&*instance.name, instance.region.as_str()), (&*sim.name, &*sim.region));
        assert_eq!((&*instance.power.word, instance.guest_agent), (&*sim.status, Some(sim.agent)));
    }
    let pages = |count: usize| count.div_ceil(1000).max(1);
    let of = |region: &str| world.nics().iter().filter(|nic| nic.region == region).count();
    let simulator = &stage.simulator;
    assert_eq!(simulator.count("DescribeZones"), 1);
    assert_eq!(simulator.count("DescribeInstances"), pages(world.instances().len()));
    assert_eq!(
        simulator.count("DescribeNetworkInterfaces"),
        world.regions().iter().map(|region| pages(of(region))).sum::<usize>()
    );
    assert_eq!(simulator.count("DescribeLoadBalancers"), world.regions().len());
    assert_eq!(simulator.count("DescribeBackends"), world.load_balancers().count());
    assert!(simulator.peak_in_flight() <= Cloud.descriptor().capabilities.in_flight);
}

#[tokio::test]
async fn an_inspection_brings_the_same_facts_as_the_listing() {
    let stage = Stage::start(world(60)).await;
    let client = stage.client();
    let inventory = everything(&client).await;
    let mut with_backends = 0;
    // One of each sort is enough: the client keeps the vendor's pace.
    let serving = inventory.nics().filter(|(_, nic)| inventory.backends_of(nic).next().is_some()).take(2);
    let facing = inventory.nics().filter(|(_, nic)| inventory.eips_of(nic).next().is_some()).take(2);
    let free = inventory.nics().filter(|(_, nic)| nic.instance.is_none()).take(1);
    for (_, nic) in serving.chain(facing).chain(free).chain(inventory.nics().take(2)) {
        let (read, pages) = inspect(&client, nic).await;
        assert_eq!(read.as_ref(), Some(nic));
        let eips: BTreeSet<_> = pages.iter().flat_map(|page| &page.eips).map(|eip| eip.id.clone()).collect();
        assert_eq!(eips, inventory.eips_of(nic).map(|eip| eip.id.clone()).collect());
        let on = |backends: &mut dyn Iterator<Item = &nicdeck::domain::address::Backend>| -> BTreeSet<String> {
            backends
                .filter(|backend| backend.is_on(nic))
                .map(|backend| format!("{}{:?}", backend.load_balancer, backend.target))
                .collect()
        };
        let read = on(&mut pages.iter().flat_map(|page| &page.backends));
        with_backends += usize::from(!read.is_empty());
        assert_eq!(read, on(&mut inventory.backends_of(nic)));
        let instances: Vec<_> = pages.iter().flat_map(|page| &page.instances).collect();
        assert_eq!(instances.first().copied(), nic.instance.as_ref().and_then(|id| inventory.instance(id)));
        for backend in pages.iter().flat_map(|page| &page.backends) {
            assert!(matches!(backend.target, BackendTarget::Address { .. }));
        }
    }
    assert!(with_backends > 0);
}

#[tokio::test]
async fn released_addresses_are_gone_and_nothing_else() {
    let stage = Stage::start(world(60)).await;
    let client = stage.client();
    let inventory = everything(&client).await;
    let nic = plain_nic(&inventory, 0);
    let before = stage.simulator.world();
    let ips = &secondaries(&nic)[..2];
    let receipt = write(&client, &nic, release(&nic, ips)).await.unwrap();
    assert!(receipt.request_id.unwrap().starts_with('T'));
    let (read, _) = inspect(&client, &nic).await;
    let left: Vec<IpAddr> = secondaries(&nic).into_iter().filter(|ip| !ips.contains(ip)).collect();
    assert_eq!(secondaries(&read.unwrap()), left);
    let after = stage.simulator.world();
    for (old, new) in before.nics().iter().zip(after.nics()) {
        assert_eq!(old == new, old.id != nic.id.as_str());
    }
    // Once more: the address is not on the NIC, which is what was wished for.
    let fault = write(&client, &nic, release(&nic, ips)).await.unwrap_err();
    assert_eq!((fault.kind, fault.effect), (FaultKind::NotFound, Effect::AlreadyDone), "{fault:?}");
    let primary = nic.primary_ip().unwrap();
    let fault = write(&client, &nic, release(&nic, &[primary])).await.unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("INVALID_NIC_PRIMARY_IP_CANT_DETACH"));
    assert_eq!((fault.kind, fault.effect), (FaultKind::Refused, Effect::Nothing));
}

#[tokio::test]
async fn a_detached_nic_moves_and_comes_to_rest() {
    let stage = Stage::start(world(60)).await;
    let client = stage.client();
    let nic = plain_nic(&everything(&client).await, 1);
    write(&client, &nic, detach(&nic)).await.unwrap();
    let mut seen = BTreeSet::new();
    let free = loop {
        let read = inspect(&client, &nic).await.0.unwrap();
        seen.insert(read.status.word.to_string());
        if read.status.state == NicState::Free {
            break read;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(free.instance, None);
    assert!(seen.contains("DETACHING"), "{seen:?}");
    let again = write(&client, &nic, detach(&nic)).await.unwrap_err();
    assert!(matches!(again.effect, Effect::AlreadyDone | Effect::Nothing), "{again:?}");
}

#[tokio::test]
async fn faults_of_the_service_keep_their_codes() {
    let stage = Stage::start(world(20)).await;
    let zones = client_zones();
    let read = |client: Client| {
        let zones = zones.clone();
        async move { client.read(&zones, &CancellationToken::new()).await }
    };
    let key = stage.simulator.key().clone();
    let wrong = read(stage.client_with(Credential::keys(&key.id, "not-the-secret", None), 0)).await.unwrap_err();
    assert_eq!((wrong.kind, wrong.code.as_deref()), (FaultKind::Credentials, Some("AUTHFAILURE_SIGNATURE_FAILURE")));
    assert!(wrong.request_id.is_some() && wrong.attempts == 1, "{wrong:?}");
    let late = read(stage.client_with(Credential::keys(&key.id, &key.secret, None), -600_000)).await.unwrap_err();
    assert_eq!((late.kind, late.code.as_deref()), (FaultKind::Clock, Some("AUTHFAILURE_SIGNATURE_EXPIRED")));
    assert!(late.clock_skew_s.is_some_and(|skew| (599..=601).contains(&skew)), "{late:?}");
    assert!(read(stage.client_with(Credential::Bearer(TOKEN.into()), 0)).await.is_ok());
    assert!(read(stage.client_with(Credential::Bearer("another".into()), 0)).await.is_err());
    for (trouble, calls) in
        [(Trouble::Throttle, 2), (Trouble::Internal, 2), (Trouble::Unavailable, 2), (Trouble::Reset, 2)]
    {
        let before = stage.simulator.count("DescribeZones");
        stage.simulator.inject(Rule::new(trouble.clone()).first(1));
        assert!(read(stage.client()).await.is_ok(), "{trouble:?}");
        assert_eq!(stage.simulator.count("DescribeZones") - before, calls, "{trouble:?}");
    }
    for trouble in
        [Trouble::Garbage { status: 200 }, Trouble::Empty, Trouble::Charset, Trouble::Oversize { bytes: 100 << 20 }]
    {
        stage.simulator.inject(Rule::new(trouble.clone()).first(1));
        assert_eq!(read(stage.client()).await.unwrap_err().kind, FaultKind::Garbage, "{trouble:?}");
    }
}

fn client_zones() -> Listing {
    Listing::all(nicdeck::domain::page::Resource::Regions, None)
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_read_tells_what_happened() {
    let mut stage = Stage::start(world(60)).await;
    let client = stage.client();
    let inventory = everything(&client).await;
    for (index, trouble, done) in [(0, Trouble::Lost, true), (1, Trouble::Reset, false), (2, Trouble::Half, true)] {
        let nic = plain_nic(&inventory, index);
        let ip = secondaries(&nic)[0];
        stage.simulator.inject(Rule::new(trouble.clone()).writes().first(1));
        let before = stage.simulator.count("UnassignNetworkInterfaceIpv4");
        let fault = write(&client, &nic, release(&nic, &[ip])).await.unwrap_err();
        assert_eq!((fault.kind, fault.effect), (FaultKind::Reset, Effect::Unknown), "{trouble:?}: {fault:?}");
        assert_eq!(stage.simulator.count("UnassignNetworkInterfaceIpv4"), before + 1);
        let read = inspect(&client, &nic).await.0.unwrap();
        assert_eq!(!secondaries(&read).contains(&ip), done, "{trouble:?}");
    }
    let secret = stage.simulator.key().secret.clone();
    let mut records = 0;
    while let Ok(exchange) = stage.exchanges.try_recv() {
        records += 1;
        assert!(!format!("{exchange:?}").contains(&secret));
    }
    assert_eq!(records, stage.simulator.requests().len(), "each round trip leaves one record");
}
