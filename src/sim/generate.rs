//! A believable world of any size from a seed. The vendor's words and ids come from the dialect's vocabulary.
//!
//! What makes a list interesting comes round at fixed distances (each eighth instance is stopped, say; where the
//! round begins
//! depends on the seed), so that small worlds have it too; the rest is drawn.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    dialect::{ObjectKind, Vocabulary},
    random::Random,
    world::{SimAddress, SimEip, SimInstance, SimLoadBalancer, SimNic, SimSubnet, World, WorldFile},
};

/// What is wanted of a generated world. On average an instance has two NICs, and a NIC four addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    pub instances: usize,
    /// Regions they are spread over: at least 1, at most as many as the vocabulary has.
    pub regions: usize,
    pub seed: u64,
}

impl Plan {
    /// So many instances in one region.
    pub fn of(instances: usize, seed: u64) -> Self {
        Self { instances, regions: 1, seed }
    }
}

/// Hosts of a generated subnet, which is a /24: the ends are the network's, the gateway's, and spare for tests of
/// assigning.
const HOSTS: std::ops::Range<u8> = 10..240;

const SERVICES: &[&str] = &[
    "web-shop",
    "checkout",
    "payments-api",
    "catalog",
    "search",
    "auth",
    "billing",
    "inventory",
    "mail-relay",
    "edge-pop",
    "cdn-cache",
    "game-lobby",
    "transcode",
    "ci-runner",
    "metrics",
    "log-shipper",
    "etl-worker",
    "ml-train",
    "vpn-gw",
    "bastion",
    "postgres",
    "redis",
    "kafka",
    "k8s-node",
];
const STAGES: &[&str] = &["prod", "prod", "prod", "staging", "dev", "test"];
const CHINESE_SERVICES: &[&str] = &[
    "支付网关",
    "订单服务",
    "商品搜索",
    "用户中心",
    "日志采集",
    "数据库主库",
    "数据库从库",
    "缓存节点",
    "消息队列",
    "直播推流",
    "官网前端",
    "跳板机",
    "边缘节点",
    "监控告警",
    "对账系统",
    "风控引擎",
];
/// Each with what its tag says.
const CHINESE_STAGES: &[(&str, &str)] =
    &[("生产", "prod"), ("生产", "prod"), ("生产", "prod"), ("预发", "staging"), ("测试", "test")];
const NIC_WORDS: &[&str] = &["eth", "nic", "data", "backup", "mgmt"];
const CHINESE_NIC_WORDS: &[&str] = &["业务网卡", "存储网卡", "备份网卡", "管理网卡"];

/// A name that a cloud accepts and a screen should not trust.
fn hostile_name(random: &mut Random, plain: &str) -> String {
    match random.below(12) {
        0 => format!("{plain}\u{1b}[31m-red\u{1b}[0m"),
        1 => format!("{plain}\u{1b}]52;c;b3BlbiBzZXNhbWU=\u{7}"),
        2 => format!("\u{202e}gnp.{plain}"),
        3 => format!("{plain}\u{200b}\u{feff}\u{2066}"),
        4 => format!("{plain}\nsecond line\tand a tab"),
        5 => format!("{plain}-{}", "very-long-".repeat(20)),
        6 => format!("=HYPERLINK(\"http://example.invalid\",\"{plain}\")"),
        7 => format!("{plain}, \"quoted\", 'single'; DROP TABLE nics;--"),
        8 => format!("👩‍👩‍👧‍👦 {plain} 🇨🇳 ✈️"),
        9 => format!("Z{}{plain}", "\u{0301}\u{0335}".repeat(12)),
        10 => format!("../../{plain}/%2e%2e/$(id)`id`"),
        _ => format!("  {plain}  "),
    }
}

/// Comes round each `every` times, beginning at a place that the seed decides.
struct Rounds {
    seed: u64,
}

impl Rounds {
    fn hits(&self, what: &str, every: usize, turn: usize) -> bool {
        let every = every as u64;
        (turn as u64 + Random::named(self.seed, what).below(every)).is_multiple_of(every)
    }
}

struct Maker<'a> {
    words: &'a Vocabulary,
    random: Random,
    rounds: Rounds,
    /// Objects made so far, of all kinds.
    made: u64,
    /// Addresses handed out, by which subnet and host follow: by zone, for a subnet is in one.
    subnet: BTreeMap<String, Subnet>,
    subnets: u32,
    public: u32,
    macs: u32,
}

struct Subnet {
    id: String,
    number: u32,
    next: u8,
}

/// A world of that size.
pub fn generate(words: &Vocabulary, plan: Plan) -> World {
    let mut maker = Maker {
        words,
        random: Random::named(plan.seed, words.provider),
        rounds: Rounds { seed: plan.seed },
        made: 0,
        subnet: BTreeMap::new(),
        subnets: 0,
        public: 0,
        macs: 0,
    };
    let regions = plan.regions.clamp(1, words.regions.len().max(1));
    let mut files = Vec::new();
    for (at, (region, zones)) in words.regions.iter().take(regions).enumerate() {
        // The first regions take what does not divide evenly.
        let instances = plan.instances / regions + usize::from(at < plan.instances % regions);
        files.push(maker.region(region, zones, instances));
    }
    World::assemble(files)
}

impl Maker<'_> {
    fn id(&mut self, kind: ObjectKind) -> String {
        self.made += 1;
        // The first number of a seed's sequence is a bijection of the seed: unique, and looks random.
        let salt = self.rounds.seed.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (self.words.id)(kind, Random::new(self.made ^ salt).draw())
    }

    fn pick<'b>(&mut self, list: &'b [&'b str]) -> &'b str {
        self.random.pick(list).copied().unwrap_or_default()
    }

    fn region(&mut self, region: &str, zones: &[&str], count: usize) -> WorldFile {
        let mut file = WorldFile {
            provider: self.words.provider.to_owned(),
            region: region.to_owned(),
            project_id: self.words.project_id.map(str::to_owned),
            instances: Vec::with_capacity(count),
            nics: Vec::with_capacity(count * 2 + count / 10),
            free_eips: Vec::new(),
            load_balancers: Vec::new(),
            subnets: Vec::new(),
            floats: Vec::new(),
            refusals: BTreeMap::new(),
            task_failures: BTreeMap::new(),
        };
        let mut vpc = self.id(ObjectKind::Vpc);
        let mut group = self.id(ObjectKind::SecurityGroup);
        self.subnet.clear();
        // A load balancer, and how many of the next instances stand behind it.
        let mut balancer: Option<(String, usize)> = None;
        for turn in 0..count {
            if turn > 0 && turn % 400 == 0 {
                vpc = self.id(ObjectKind::Vpc);
                group = self.id(ObjectKind::SecurityGroup);
                self.subnet.clear();
                balancer = None;
            }
            let chinese = self.rounds.hits("chinese", 3, turn);
            let (name, stage) = self.instance_name(chinese, turn);
            if self.rounds.hits("balancer", 12, turn) {
                let id = self.id(ObjectKind::LoadBalancer);
                let kind = self.pick(self.words.load_balancer_kinds).to_owned();
                file.load_balancers.push(SimLoadBalancer {
                    id: id.clone(),
                    name: format!("{name}-lb"),
                    kind,
                    vpc_id: vpc.clone(),
                    port: if self.random.chance(1, 2) { 443 } else { 80 },
                    public_ip: Some(self.public_ip()),
                    region: String::new(),
                });
                balancer = Some((id, 2 + turn % 3));
            }
            let lb = balancer.as_mut().filter(|(_, left)| *left > 0).map(|(id, left)| {
                *left -= 1;
                id.clone()
            });
            let instance = self.instance(&name, stage, zones, &vpc, turn);
            self.nics(&mut file, &instance, &group, chinese, lb, turn);
            if self.rounds.hits("spare", 10, turn) {
                let place = (vpc.as_str(), instance.zone.as_str());
                let mut nic = self.nic(&mut file.subnets, &format!("{name}-spare"), place, &group, 3);
                self.words.free.clone_into(&mut nic.status);
                file.nics.push(nic);
            }
            file.instances.push(instance);
            if self.rounds.hits("free eip", 15, turn) {
                let eip = self.eip(&name);
                file.free_eips.push(eip);
            }
        }
        file
    }

    /// A name, and the stage that it speaks of in the word of its tag.
    fn instance_name(&mut self, chinese: bool, turn: usize) -> (String, &'static str) {
        let service = self.pick(if chinese { CHINESE_SERVICES } else { SERVICES });
        let (word, stage) = if chinese {
            self.random.pick(CHINESE_STAGES).copied().unwrap_or_default()
        } else {
            let stage = self.pick(STAGES);
            (stage, stage)
        };
        let plain = format!("{service}-{word}-{:02}", turn % 97 + 1);
        let hostile = self.rounds.hits("hostile", 40, turn);
        (if hostile { hostile_name(&mut self.random, &plain) } else { plain }, stage)
    }

    fn instance(&mut self, name: &str, stage: &str, zones: &[&str], vpc: &str, turn: usize) -> SimInstance {
        let transient = self.rounds.hits("transient instance", 30, turn) && !self.words.instance_transient.is_empty();
        let status = if transient {
            self.pick(self.words.instance_transient)
        } else if self.rounds.hits("stopped", 8, turn) {
            self.words.stopped
        } else {
            self.words.running
        };
        let instance = SimInstance {
            id: self.id(ObjectKind::Instance),
            name: name.to_owned(),
            status: status.to_owned(),
            zone: self.pick(zones).to_owned(),
            kind: self.pick(self.words.instance_types).to_owned(),
            vpc_id: vpc.to_owned(),
            agent: !(self.words.agent && self.rounds.hits("agent", 25, turn)),
            locked: false,
            frozen: false,
            task: String::new(),
            tags: std::iter::once(("env".to_owned(), stage.to_owned())).collect(),
            region: String::new(),
        };
        // One more number is used up than is needed: what a seed makes stays what it was.
        self.random.draw();
        instance
    }

    fn nics(
        &mut self,
        file: &mut WorldFile,
        instance: &SimInstance,
        group: &str,
        chinese: bool,
        mut lb: Option<String>,
        turn: usize,
    ) {
        let moving = self.rounds.hits("transient nic", 20, turn);
        let service = self.rounds.hits("service", 18, turn) && !self.words.service_nics.is_empty();
        let extra = match self.random.below(20) {
            0..7 => 0,
            7..15 => 1,
            15..18 => 2,
            _ => 3,
        };
        let count = 1 + extra.max(usize::from(moving || service));
        for at in 0..count {
            let name = if chinese && at > 0 {
                format!("{}-{}{at}", instance.name, self.pick(CHINESE_NIC_WORDS))
            } else {
                format!("{}-{}{at}", instance.name, self.pick(NIC_WORDS))
            };
            let secondaries = match self.random.below(4) {
                0 => 0,
                1 | 2 => self.random.between(1, 4),
                _ => self.random.between(5, 9),
            };
            let needed = usize::from(at == 0 && self.rounds.hits("secondary eip", 10, turn));
            let secondaries = usize::try_from(secondaries).unwrap_or(0).max(needed);
            let mut nic = self.nic(&mut file.subnets, &name, (&instance.vpc_id, &instance.zone), group, secondaries);
            nic.instance_id = Some(instance.id.clone());
            nic.primary = at == 0;
            let last = at > 0 && at + 1 == count;
            let status = match (last && moving, turn % 2) {
                (true, 0) => self.words.detaching,
                (true, _) => self.words.attaching,
                (false, _) => self.words.attached,
            };
            status.clone_into(&mut nic.status);
            if at == 0 && self.rounds.hits("primary eip", 6, turn) {
                let eip = self.eip(&instance.name);
                if let Some(address) = nic.addresses.first_mut() {
                    address.eip = Some(SimEip { is_default: turn.is_multiple_of(2), ..eip });
                }
            }
            if at == 0 && self.rounds.hits("secondary eip", 10, turn) {
                let eip = self.eip(&instance.name);
                if let Some(address) = nic.addresses.get_mut(1) {
                    address.eip = Some(eip);
                }
            }
            if let Some(id) = lb.take() {
                let place = usize::from(nic.addresses.len() > 1 && turn.is_multiple_of(2));
                if let Some(address) = nic.addresses.get_mut(place) {
                    address.lb = Some(id);
                }
            }
            let floats = self.words.floating && self.rounds.hits("floating", 12, turn);
            if let [_, _, .., address] = nic.addresses.as_mut_slice()
                && floats
            {
                address.floating |= address.eip.is_none();
            }
            if self.rounds.hits("ipv6", 9, turn) {
                let host = u16::try_from(self.macs % 0xFFFF).unwrap_or(0);
                let net = u16::try_from(self.subnets % 0xFFFF).unwrap_or(0);
                nic.ipv6.push(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, net, 1, 0, 0, 0, host)));
            }
            if last && service {
                nic.service_managed = true;
                self.pick(self.words.service_nics).clone_into(&mut nic.description);
            } else if at > 0 && self.rounds.hits("controller", 14, turn) {
                let tags = self.words.controller_tags.iter();
                nic.tags.extend(tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            }
            file.nics.push(nic);
        }
    }

    /// A NIC that is attached to nothing yet, with one primary and so many more addresses.
    fn nic(
        &mut self,
        subnets: &mut Vec<SimSubnet>,
        name: &str,
        (vpc, zone): (&str, &str),
        group: &str,
        secondaries: usize,
    ) -> SimNic {
        let wanted = u8::try_from(secondaries + 1).unwrap_or(u8::MAX);
        if self.subnet.get(zone).is_none_or(|subnet| subnet.next.saturating_add(wanted) > HOSTS.end) {
            self.subnets += 1;
            let number = self.subnets;
            let id = self.id(ObjectKind::Subnet);
            subnets.push(SimSubnet { id: id.clone(), cidr: format!("{}/24", host(number, 0)) });
            self.subnet.insert(zone.to_owned(), Subnet { id, number, next: HOSTS.start });
        }
        let mut addresses = Vec::with_capacity(secondaries + 1);
        let mut subnet_id = String::new();
        if let Some(subnet) = self.subnet.get_mut(zone) {
            subnet_id.clone_from(&subnet.id);
            for at in 0..=secondaries {
                let ip = IpAddr::V4(host(subnet.number, subnet.next));
                subnet.next = subnet.next.saturating_add(1);
                let floating = at > 0 && !self.words.secondaries;
                addresses.push(SimAddress { ip, primary: at == 0, floating, eip: None, lb: None });
            }
        }
        self.macs += 1;
        let [_, a, b, c] = self.macs.to_be_bytes();
        SimNic {
            id: self.id(ObjectKind::Nic),
            name: name.to_owned(),
            instance_id: None,
            primary: false,
            status: String::new(),
            mac: format!("fa:16:3e:{a:02x}:{b:02x}:{c:02x}"),
            subnet_id,
            vpc_id: vpc.to_owned(),
            security_groups: vec![group.to_owned()],
            addresses,
            ipv6: Vec::new(),
            prefixes: Vec::new(),
            pairs: Vec::new(),
            description: String::new(),
            tags: BTreeMap::new(),
            service_managed: false,
            kind: String::new(),
            cold_plug_only: false,
            linked: false,
            delete_on_detach: false,
            region: String::new(),
            pending: None,
        }
    }

    fn eip(&mut self, name: &str) -> SimEip {
        SimEip {
            id: self.id(ObjectKind::Eip),
            ip: self.public_ip(),
            name: format!("{name}-eip"),
            is_default: false,
            dies_unbound: false,
            region: String::new(),
        }
    }

    /// From 198.18.0.0/15, which no real network uses (RFC 2544).
    fn public_ip(&mut self) -> IpAddr {
        self.public += 1;
        IpAddr::V4(Ipv4Addr::from_bits(0xC612_0000 + self.public % 0x0002_0000))
    }
}

/// A host of the nth /24 in 10.0.0.0/8.
fn host(subnet: u32, host: u8) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0A00_0000 | (subnet % 0x0001_0000) << 8 | u32::from(host))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const WORDS: Vocabulary = Vocabulary {
        provider: "plain",
        regions: &[("north-1", &["north-1a", "north-1b"]), ("south-1", &["south-1a"])],
        project_id: None,
        instance_types: &["small", "large"],
        running: "on",
        stopped: "off",
        instance_transient: &["starting"],
        attached: "in-use",
        free: "free",
        attaching: "attaching",
        detaching: "detaching",
        instance_states: &["on", "off", "starting"],
        nic_states: &["in-use", "free", "attaching", "detaching"],
        load_balancer_kinds: &["fast", "slow"],
        service_nics: &["owned by the NAT gateway"],
        controller_tags: &[("cluster", "c-1")],
        agent: true,
        secondaries: true,
        floating: true,
        id: |kind, number| format!("{kind:?}-{number:016x}"),
    };

    #[test]
    fn a_tag_says_what_the_name_says() {
        let world = generate(&WORDS, Plan::of(400, 3));
        let stages = [
            ("-prod-", "prod"),
            ("-生产-", "prod"),
            ("-staging-", "staging"),
            ("-预发-", "staging"),
            ("-dev-", "dev"),
            ("-test-", "test"),
            ("-测试-", "test"),
        ];
        let mut seen = HashSet::new();
        for instance in world.instances() {
            let (named, stage) = stages.iter().find(|(named, _)| instance.name.contains(named)).unwrap();
            assert_eq!(instance.tags["env"], *stage, "{}", instance.name);
            seen.insert(named);
        }
        assert_eq!(seen.len(), stages.len());
    }

    #[test]
    fn a_subnet_is_in_one_zone() {
        let world = generate(&WORDS, Plan::of(400, 3));
        let mut zones: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for nic in world.nics() {
            let instance = nic.instance_id.as_deref().and_then(|id| world.instance(id));
            zones.entry(&nic.subnet_id).or_default().extend(instance.map(|instance| instance.zone.as_str()));
        }
        assert!(zones.len() > 2 && zones.values().all(|zones| zones.len() <= 1), "{zones:?}");
        let all: HashSet<&str> = zones.into_values().flatten().collect();
        assert!(all.len() > 1, "there are several: {all:?}");
    }

    #[test]
    fn the_same_seed_makes_the_same_world_and_another_seed_another() {
        let plan = Plan::of(60, 7);
        assert_eq!(generate(&WORDS, plan), generate(&WORDS, plan));
        assert_ne!(generate(&WORDS, plan).nics(), generate(&WORDS, Plan::of(60, 8)).nics());
    }

    #[test]
    fn a_generated_world_would_be_taken_as_a_file() {
        for seed in 0..5 {
            let world = generate(&WORDS, Plan { instances: 500, regions: 2, seed });
            let files = world.to_files().into_iter().map(|file| (file.region.clone(), file)).collect();
            assert_eq!(World::from_files(files).unwrap(), world, "seed {seed}");
        }
    }

    #[test]
    fn even_a_small_world_has_something_of_everything() {
        for seed in [0, 1, 99] {
            let world = generate(&WORDS, Plan::of(60, seed));
            assert_eq!(world.instances().len(), 60);
            assert_eq!(world.regions(), ["north-1"]);
            let nics = world.nics();
            let addresses = || nics.iter().flat_map(|nic| &nic.addresses);
            let has = [
                ("chinese", world.instances().iter().any(|one| one.name.contains(['网', '服', '节']))),
                ("stopped", world.instances().iter().any(|one| one.status == "off")),
                ("transient instance", world.instances().iter().any(|one| one.status == "starting")),
                ("agent off", world.instances().iter().any(|one| !one.agent)),
                (
                    "hostile",
                    world.instances().iter().any(|one| {
                        !one.name.starts_with(char::is_alphabetic)
                            || one.name.contains(|c: char| c.is_control() || "\u{200b},/".contains(c))
                            || one.name.len() > 60
                            || one.name.contains('\u{301}')
                    }),
                ),
                ("moving", nics.iter().any(|nic| nic.status == "attaching" || nic.status == "detaching")),
                ("spare", nics.iter().any(|nic| nic.status == "free" && nic.instance_id.is_none())),
                ("service", nics.iter().any(|nic| nic.service_managed)),
                ("controller", nics.iter().any(|nic| nic.tags.contains_key("cluster"))),
                ("ipv6", nics.iter().any(|nic| !nic.ipv6.is_empty())),
                ("primary eip", addresses().any(|one| one.primary && one.eip.is_some())),
                ("secondary eip", addresses().any(|one| !one.primary && one.eip.is_some())),
                ("backend", addresses().any(|one| one.lb.is_some())),
                ("floating", addresses().any(|one| one.floating)),
                ("free eip", world.eips().any(|view| view.bound.is_none())),
                ("balancers", world.load_balancers().count() > 3),
            ];
            for (what, there) in has {
                assert!(there, "seed {seed}: nothing {what}");
            }
        }
        assert_eq!(generate(&WORDS, Plan::of(0, 1)).nics().len(), 0);
        assert_eq!(generate(&WORDS, Plan::of(0, 1)).regions(), ["north-1"]);
    }

    #[test]
    fn a_large_world_has_the_expected_size_and_is_made_in_a_second() {
        let start = std::time::Instant::now();
        let world = generate(&WORDS, Plan::of(12_500, 1));
        let elapsed = start.elapsed();
        let nics = world.nics().len();
        let addresses: usize = world.nics().iter().map(|nic| nic.addresses.len()).sum();
        assert!((23_000..28_000).contains(&nics), "{nics} NICs");
        assert!((90_000..115_000).contains(&addresses), "{addresses} addresses");
        let distinct: HashSet<IpAddr> =
            world.nics().iter().flat_map(|nic| nic.addresses.iter().map(|address| address.ip)).collect();
        assert_eq!(distinct.len(), addresses, "no address twice");
        assert!(elapsed.as_millis() < 2_500, "{elapsed:?}: 10,000 NICs may take a second");
    }
}
