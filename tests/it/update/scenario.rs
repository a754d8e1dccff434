//! A state, a hand-made inventory, and keys pressed on it: flows without terminal, network or clock.

use std::{net::IpAddr, sync::Arc};

use nicdeck::{
    app::{
        effect::Effect,
        find::Spoken,
        geometry::Size,
        key::{Input, Key},
        keymap::Keymap,
        msg::{InventoryEvent, Msg, PreflightEvent},
        rows::{self, RowKey},
        state::{JournalSeen, Language, ProfileInfo, Setup, State},
        update,
    },
    domain::{
        address::{Address, AddressRole, Backend, BackendTarget, Eip, EipBinding},
        ids::{InstanceId, JobId, NicKey, ProfileId, RegionId},
        instance::{Instance, Power, PowerState},
        inventory::Section,
        journal_fault::{JournalFault, JournalFaultKind},
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus, TypeLimit},
        page::{InventoryPage, Resource},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers,
};

pub const START: Timestamp = Timestamp(1_767_794_400_000);

#[derive(Clone)]
pub struct Scenario {
    pub state: State,
    pub effects: Vec<Effect>,
}

/// A profile of a cloud, with an alias, in one region called `r1`.
pub fn profile(name: &str, cloud: &str) -> ProfileInfo {
    let descriptor = providers::find(cloud).expect("the cloud exists").descriptor();
    ProfileInfo {
        id: name.into(),
        cloud: cloud.into(),
        title: descriptor.title,
        capabilities: &descriptor.capabilities,
        regions: vec!["r1".into()],
        alias: Some(format!("acme-{name}")),
        env: None,
        prod: false,
        readonly: false,
        problem: None,
    }
}

/// A running instance.
pub fn instance(id: &str, name: &str) -> Instance {
    Instance {
        id: id.into(),
        name: name.into(),
        region: "r1".into(),
        zone: Some("r1-a".into()),
        kind: Some("t.large".into()),
        power: Power { word: "Running".into(), state: PowerState::Running },
        guest_agent: Some(true),
        vpc: None,
        load_balancers: Some(Vec::new()),
        tags: nicdeck::domain::tags::Tags::none(),
    }
}

/// An attached secondary NIC; the first address is its primary one.
pub fn nic(id: &str, on: Option<&str>, ips: &[&str]) -> Nic {
    let attached = on.is_some();
    Nic {
        id: id.into(),
        name: format!("{id}-name").into(),
        region: "r1".into(),
        zone: Some("r1-a".into()),
        role: NicRole::Secondary,
        status: NicStatus {
            word: if attached { "InUse" } else { "Available" }.into(),
            state: if attached { NicState::Attached } else { NicState::Free },
        },
        instance: on.map(InstanceId::from),
        mac: Some("00:16:3e:00:00:01".into()),
        vpc: Some("vpc-1".into()),
        subnet: Some("sub-1".into()),
        security_groups: vec!["sg-1".into()],
        addresses: ips
            .iter()
            .enumerate()
            .map(|(nth, ip)| Address {
                ip: ip.parse().expect("an address"),
                role: if nth == 0 { AddressRole::Primary } else { AddressRole::Secondary },
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
        hot_plug: Some(true),
        tags: nicdeck::domain::tags::Tags::none(),
        description: "".into(),
    }
}

/// An EIP on a NIC's address.
pub fn eip(id: &str, public: &str, on: &str, private: &str) -> Eip {
    Eip {
        dies_unbound: Some(false),
        id: id.into(),
        region: "r1".into(),
        ips: public.parse().into_iter().collect(),
        name: "".into(),
        status: "InUse".into(),
        bound: EipBinding::Nic { nic: on.into(), private_ip: private.parse().ok() },
    }
}

/// A load balancer that sends to an address.
pub fn backend(lb: &str, ip: &str) -> Backend {
    Backend {
        load_balancer: lb.into(),
        name: "front".into(),
        region: "r1".into(),
        vpc: Some("vpc-1".into()),
        range: None,
        target: BackendTarget::Address { ip: ip.parse().expect("an address"), instance: None, nic: None },
        port: "443".into(),
    }
}

impl Scenario {
    /// Profiles, started, nothing listed yet.
    pub fn new(profiles: Vec<ProfileInfo>) -> Self {
        Self::sized(profiles, Size { columns: 120, rows: 40 })
    }

    pub fn sized(profiles: Vec<ProfileInfo>, size: Size) -> Self {
        let setup = Setup {
            profiles,
            language: Language::English,
            demo: false,
            readonly: false,
            filter: String::new(),
            size,
            keymap: Keymap::default(),
            theme: None,
            config_path: "/home/lin/.config/nicdeck/config.toml".to_owned(),
            found: Vec::new(),
            problems: Vec::new(),
            motion: true,
            color: true,
            mouse: false,
            clouds: nicdeck::providers::all().iter().map(|cloud| cloud.descriptor().id).collect(),
            safety: Arc::default(),
            spoken: Spoken::default(),
        };
        let mut state = State::new(setup, START);
        state.journal = JournalSeen::Read;
        let effects = update::start(&mut state, START);
        Self { state, effects }
    }

    pub fn send(&mut self, msg: Msg) -> &mut Self {
        let now = self.state.now;
        self.effects = update::update(&mut self.state, now, msg);
        // It is drawn at once.
        if self.state.wants_showing().is_some() {
            update::update(&mut self.state, now, Msg::Shown);
        }
        self
    }

    /// Lets time pass.
    pub fn after_ms(&mut self, ms: u64) -> &mut Self {
        let now = self.state.now.plus_ms(ms);
        self.effects = update::update(&mut self.state, now, Msg::Wake);
        self
    }

    /// Presses keys by name, with blanks between; effects of all of them are kept.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut effects = Vec::new();
        for name in keys.split_whitespace() {
            self.send(Msg::Input(Input::Key(Key::parse(name).expect("a key's name"))));
            effects.append(&mut self.effects);
        }
        self.effects = effects;
        self
    }

    /// Types text, character by character.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let mut effects = Vec::new();
        for c in text.chars() {
            self.send(Msg::Input(Input::Key(Key::char(c))));
            effects.append(&mut self.effects);
        }
        self.effects = effects;
        self
    }

    fn job(&self, profile: &str) -> JobId {
        self.state.jobs.listing_of(&ProfileId::from(profile)).expect("the profile is being listed").job
    }

    /// The listing brings everything on this page, and what its instances' type takes: all sections begin, come whole, and end.
    pub fn listed(&mut self, profile: &str, mut page: InventoryPage) -> &mut Self {
        page.limits.push(TypeLimit { kind: "t.large".into(), nics: Some(8), addresses_per_nic: Some(20) });
        let job = self.job(profile);
        let sections: Vec<Section> = [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends]
            .map(|resource| (resource, Some(RegionId::from("r1"))))
            .to_vec();
        for section in &sections {
            self.send(Msg::Inventory(job, InventoryEvent::Began(section.clone())));
        }
        self.send(Msg::Inventory(job, InventoryEvent::Page(sections[1].clone(), Box::new(page))));
        for section in sections {
            self.send(Msg::Inventory(job, InventoryEvent::Completed(section)));
        }
        self.send(Msg::Inventory(job, InventoryEvent::Ended))
    }

    /// The plan's NICs are read again, and nothing has changed.
    pub fn read_again(&mut self) -> &mut Self {
        self.read_all_again(|_| {})
    }

    /// The plan's NICs are read again, and this is how they are now.
    pub fn read_all_again(&mut self, change: impl Fn(&mut NicSnapshot)) -> &mut Self {
        let [Effect::Preflight { job, nics }] = self.effects.as_slice() else {
            panic!("no preflight was asked for: {:?}", self.effects)
        };
        let (job, keys): (JobId, Vec<NicKey>) = (*job, nics.iter().map(|(key, _)| key.clone()).collect());
        for key in keys {
            let fresh = self.state.inventory.profile(&key.profile).and_then(|part| part.snapshot(&key.nic));
            let fresh = fresh.map(|mut fresh| {
                fresh.read_at = self.state.now;
                change(&mut fresh);
                fresh
            });
            self.send(Msg::Preflight(job, PreflightEvent::Read(key, Ok(fresh.map(Arc::new)))));
        }
        self.send(Msg::Preflight(job, PreflightEvent::Ended))
    }

    /// The rows of the inventory as short words: `i web`, `n eni-1`, `a 10.0.0.1`.
    pub fn rows(&self) -> Vec<String> {
        rows::window(&self.state, 0, usize::MAX / 4)
            .into_iter()
            .filter_map(|row| rows::key(&self.state, row))
            .map(|key| word(&key))
            .collect()
    }

    /// The row under the cursor.
    pub fn cursor(&self) -> String {
        rows::focused(&self.state).and_then(|row| rows::key(&self.state, row)).map(|key| word(&key)).unwrap_or_default()
    }

    /// Marks as `nic ip` or `nic whole`.
    pub fn marks(&self) -> Vec<String> {
        use nicdeck::domain::selection::Target;
        self.state
            .marks
            .iter()
            .map(|target| match target {
                Target::Address(key) => format!("{} {}", key.nic.nic, key.ip),
                Target::Nic(key) => format!("{} whole", key.nic),
                Target::Eip { address, eip } => format!("{} {eip}", address.nic.nic),
            })
            .collect()
    }

    /// The key of the message on the status line.
    pub fn notice(&self) -> &'static str {
        self.state.notices.current(self.state.now).map_or("", |notice| notice.phrase.key)
    }
}

fn word(key: &RowKey) -> String {
    match key {
        RowKey::Problem(profile, None) => format!("! {profile}"),
        RowKey::Problem(profile, Some((resource, _))) => format!("! {profile} {resource:?}"),
        RowKey::Instance(key) => format!("i {}", key.instance),
        RowKey::Nic(key) => format!("n {}", key.nic),
        RowKey::Address(key) => format!("a {}", key.ip),
    }
}

/// What an unusable journal is told with.
pub fn no_journal() -> JournalFault {
    let (path, reason) = ("/state/journal.jsonl".to_owned(), "read-only file system".to_owned());
    JournalFault { kind: JournalFaultKind::Open, path, reason }
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
