//! A console with 100,000 addresses on 25,000 NICs of 10,000 instances, as a listing of one profile leaves it.

use std::{net::Ipv4Addr, sync::Arc};

use nicdeck::{
    app::{
        effect::Effect,
        geometry::Size,
        key::{Input, Key, KeyCode},
        keymap::Keymap,
        msg::{InventoryEvent, Msg},
        state::{Language, ProfileInfo, Setup, State},
        update,
    },
    domain::{
        address::{Address, AddressRole, Backend, BackendTarget, Eip, EipBinding},
        float::{Float, Pair},
        ids::JobId,
        instance::{Instance, Power, PowerState},
        inventory::Section,
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        page::{InventoryPage, Resource},
        time::Timestamp,
    },
    providers,
};

pub const NICS: u32 = 25_000;
pub const INSTANCES: u32 = 10_000;
/// NICs on a page of a listing.
pub const PAGE: u32 = 500;
pub const NOW: Timestamp = Timestamp(1_767_794_400_000);
const REGION: &str = "cn-hangzhou";
const NAMES: [&str; 5] = ["web", "网关", "db-primary", "cache", "订单服务"];

fn text(text: String) -> Arc<str> {
    Arc::from(text)
}

/// The k-th address of the n-th NIC.
fn private_ip(n: u32, k: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + n * 4 + k)
}

pub fn instance(n: u32) -> Instance {
    Instance {
        id: format!("i-bp1{:016x}", u64::from(n) * 0x9e37_79b9_7f4a).into(),
        name: text(format!("{}-{n}", NAMES[n as usize % NAMES.len()])).into(),
        region: REGION.into(),
        zone: Some("cn-hangzhou-i".into()),
        kind: Some("ecs.g7.xlarge".into()),
        power: Power {
            word: if n.is_multiple_of(9) { "Stopped" } else { "Running" }.into(),
            state: if n.is_multiple_of(9) { PowerState::Stopped } else { PowerState::Running },
        },
        guest_agent: None,
        vpc: None,
        load_balancers: Some(Vec::new()),
        tags: nicdeck::domain::tags::Tags::none(),
    }
}

pub fn nic(n: u32) -> Nic {
    Nic {
        id: format!("eni-bp1{:016x}", u64::from(n) * 0x7f4a_9e37_79b9).into(),
        name: text(format!("{}-eth{}", NAMES[n as usize % NAMES.len()], n % 4)).into(),
        region: REGION.into(),
        zone: Some("cn-hangzhou-i".into()),
        role: if n < INSTANCES { NicRole::Primary } else { NicRole::Secondary },
        status: NicStatus { word: "InUse".into(), state: NicState::Attached },
        instance: Some(instance(n % INSTANCES).id),
        mac: Some(text(format!("00:16:3e:{:02x}:{:02x}:{:02x}", n >> 16, n >> 8 & 255, n & 255))),
        vpc: Some("vpc-bp1a".into()),
        subnet: Some("vsw-bp1b".into()),
        security_groups: vec!["sg-bp1c".into()],
        addresses: (0..4)
            .map(|k| Address {
                ip: private_ip(n, k).into(),
                role: if k == 0 { AddressRole::Primary } else { AddressRole::Secondary },
            })
            .collect(),
        public_ips: Vec::new(),
        pairs: vec![],
        managed_by: ManagedBy::Nobody,
        linked: Some(false),
        members: Some(false),
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: Some(false),
        addresses_known: true,
        ranges: vec![],
        hot_plug: None,
        tags: nicdeck::domain::tags::Tags::none(),
        description: "".into(),
    }
}

/// On the second address of every tenth NIC.
fn eip(n: u32) -> Eip {
    let private_ip = Some(private_ip(n, 1).into());
    Eip {
        dies_unbound: Some(false),
        id: format!("eip-{n}").into(),
        region: REGION.into(),
        ips: vec![Ipv4Addr::from(0xcb00_0000 + n).into()],
        name: text(format!("public-{n}")).into(),
        status: "InUse".into(),
        bound: EipBinding::Nic { nic: nic(n).id, private_ip },
    }
}

/// On the third address of every twentieth NIC.
fn backend(n: u32) -> Backend {
    Backend {
        load_balancer: format!("lb-{}", n / 400).into(),
        name: text(format!("front-{}", n / 400)),
        region: REGION.into(),
        vpc: Some("vpc-bp1a".into()),
        range: None,
        target: BackendTarget::Address { ip: private_ip(n, 2).into(), instance: None, nic: None },
        port: "443".into(),
    }
}

/// The virtual IP of the n-th NIC, and the EIP on it.
pub fn float(n: u32) -> (Float, Eip) {
    let ip = Ipv4Addr::from(0x0a80_0000 + n).into();
    let id: Arc<str> = text(format!("vip-{n}"));
    let pairs = vec![Pair { ip: text(private_ip(n, 0).to_string()), mac: None }];
    let bound = EipBinding::Float { float: id.clone(), ip };
    let eip = Eip { id: format!("eip-of-vip-{n}").into(), bound, ..eip(n) };
    (Float { id, ip, name: "".into(), region: REGION.into(), subnet: None, pairs, owner: None }, eip)
}

/// A page of these NICs.
pub fn page(nics: impl Iterator<Item = u32>) -> InventoryPage {
    InventoryPage { nics: nics.map(nic).collect(), ..InventoryPage::default() }
}

pub struct Console {
    pub state: State,
    pub job: JobId,
}

pub fn section(resource: Resource) -> Section {
    (resource, Some(REGION.into()))
}

impl Console {
    /// Everything is listed; the listing of the NICs goes on, so that pages can come.
    pub fn new(nics: u32) -> Self {
        Self::of(0..nics)
    }

    /// The same with these NICs.
    pub fn of(nics: impl Iterator<Item = u32> + Clone) -> Self {
        let descriptor = providers::find("aliyun").expect("the cloud exists").descriptor();
        let setup = Setup {
            profiles: vec![ProfileInfo {
                id: "acme".into(),
                cloud: "aliyun".into(),
                title: descriptor.title,
                capabilities: &descriptor.capabilities,
                regions: vec![REGION.into()],
                alias: None,
                env: None,
                prod: false,
                readonly: false,
                problem: None,
            }],
            language: Language::English,
            demo: false,
            readonly: false,
            filter: String::new(),
            size: Size { columns: 200, rows: 60 },
            keymap: Keymap::default(),
            theme: None,
            config_path: String::new(),
            found: Vec::new(),
            problems: Vec::new(),
            motion: true,
            color: true,
            mouse: false,
            clouds: nicdeck::providers::all().iter().map(|cloud| cloud.descriptor().id).collect(),
            safety: std::sync::Arc::default(),
            spoken: nicdeck::app::find::Spoken::default(),
        };
        let mut state = State::new(setup, NOW);
        let effects = update::start(&mut state, NOW);
        let job = effects
            .iter()
            .find_map(|effect| match effect {
                Effect::List { job, .. } => Some(*job),
                _ => None,
            })
            .expect("the profile is listed");
        let mut console = Self { state, job };
        let all = InventoryPage {
            instances: (0..INSTANCES).map(instance).collect(),
            nics: nics.clone().map(nic).collect(),
            eips: nics.clone().filter(|n| n.is_multiple_of(10)).map(eip).collect(),
            backends: nics.filter(|n| n.is_multiple_of(20)).map(backend).collect(),
            ..InventoryPage::default()
        };
        for resource in [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends] {
            console.event(InventoryEvent::Began(section(resource)));
        }
        console.event(InventoryEvent::Page(section(Resource::Nics), Box::new(all)));
        for resource in [Resource::Instances, Resource::Eips, Resource::Backends, Resource::Nics] {
            console.event(InventoryEvent::Completed(section(resource)));
        }
        console
    }

    pub fn event(&mut self, event: InventoryEvent) {
        update::update(&mut self.state, NOW, Msg::Inventory(self.job, event));
    }

    /// The EIPs come again; their listing's end is still to come.
    pub fn list_eips(&mut self) {
        self.event(InventoryEvent::Began(section(Resource::Eips)));
        let eips = (0..NICS).step_by(10).map(eip).collect();
        let page = InventoryPage { eips, ..InventoryPage::default() };
        self.event(InventoryEvent::Page(section(Resource::Eips), Box::new(page)));
    }

    pub fn resize(&mut self, columns: u16) {
        update::update(&mut self.state, NOW, Msg::Input(Input::Resize { columns, rows: 60 }));
    }

    pub fn key(&mut self, key: Key) {
        update::update(&mut self.state, NOW, Msg::Input(Input::Key(key)));
    }

    pub fn keys(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            self.key(Key::parse(name).expect("a key's name"));
        }
    }

    /// Opens the filter's line with this text in it.
    pub fn filter(&mut self, text: &str) {
        if !self.state.browse.editing {
            self.key(Key::char('/'));
        }
        self.key(Key::ctrl('u'));
        text.chars().for_each(|c| self.key(Key::char(c)));
    }

    /// Leaves the filter's line, and nothing is filtered.
    pub fn unfilter(&mut self) {
        self.key(Key::plain(KeyCode::Esc));
    }
}
