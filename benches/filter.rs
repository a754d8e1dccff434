//! A key stroke in the filter line at 100,000 addresses on 25,000 NICs: the budget is 5 ms.

use std::{net::Ipv4Addr, sync::Arc};

use divan::{Bencher, black_box};
use nicdeck::{
    domain::{
        address::{Address, AddressRole, Eip, EipBinding},
        finding::{FindingId, FindingSet, Level},
        ids::{CloudId, ProfileId},
        instance::{Instance, Power, PowerState},
        inventory::ProfileInventory,
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        page::InventoryPage,
        time::Timestamp,
    },
    filter::{AddressSubject, Expr, NicSubject, ProfileSubject, TargetSubject},
};

const NICS: u32 = 25_000;
const INSTANCES: u32 = 10_000;
const NOW: Timestamp = Timestamp(1_000_000);

struct World {
    inventory: ProfileInventory,
    /// Per NIC slot: its instance's slot, verdicts of its addresses, and whether it has an EIP.
    nics: Vec<(u32, [TargetSubject; 4], bool)>,
    order: Vec<u32>,
}

fn text(text: String) -> Arc<str> {
    Arc::from(text)
}

fn world() -> World {
    let names = ["web", "网关", "db-primary", "cache", "订单服务"];
    let mut page = InventoryPage::default();
    for n in 0..INSTANCES {
        page.instances.push(Instance {
            id: format!("i-bp1{:016x}", u64::from(n) * 0x9e37_79b9_7f4a).into(),
            name: text(format!("{}-{n}", names[n as usize % names.len()])),
            region: "cn-hangzhou".into(),
            zone: Some("cn-hangzhou-i".into()),
            kind: Some("ecs.g7.xlarge".into()),
            power: Power {
                word: "Running".into(),
                state: if n % 9 == 0 { PowerState::Stopped } else { PowerState::Running },
            },
            guest_agent: None,
            load_balancers: Vec::new(),
            tags: Vec::new(),
        });
    }
    for n in 0..NICS {
        let instance = page.instances[(n % INSTANCES) as usize].id.clone();
        let base = 0x0a00_0000 + n * 4;
        let id = format!("eni-bp1{:016x}", u64::from(n) * 0x7f4a_9e37_79b9);
        if n % 10 == 0 {
            page.eips.push(Eip {
                id: format!("eip-{n}").into(),
                region: "cn-hangzhou".into(),
                ip: Some(Ipv4Addr::from(0xcb00_0000 + n).into()),
                name: text(format!("public-{n}")),
                status: "InUse".into(),
                bound: EipBinding::Nic { nic: id.as_str().into(), private_ip: Some(Ipv4Addr::from(base + 1).into()) },
            });
        }
        page.nics.push(Nic {
            id: id.into(),
            name: text(format!("{}-eth{}", names[n as usize % names.len()], n % 4)),
            region: "cn-hangzhou".into(),
            zone: Some("cn-hangzhou-i".into()),
            role: if n < INSTANCES { NicRole::Primary } else { NicRole::Secondary },
            status: NicStatus { word: "InUse".into(), state: NicState::Attached },
            instance: Some(instance),
            mac: Some(text(format!("00:16:3e:{:02x}:{:02x}:{:02x}", n >> 16, n >> 8 & 255, n & 255))),
            vpc: Some("vpc-bp1a".into()),
            subnet: Some("vsw-bp1b".into()),
            security_groups: vec!["sg-bp1c".into()],
            addresses: (0..4)
                .map(|k| Address {
                    ip: Ipv4Addr::from(base + k).into(),
                    role: if k == 0 { AddressRole::Primary } else { AddressRole::Secondary },
                })
                .collect(),
            public_ips: Vec::new(),
            managed_by: ManagedBy::Nobody,
            linked: None,
            hot_plug: None,
            tags: Vec::new(),
            description: "".into(),
        });
    }
    let mut inventory = ProfileInventory::new("acme".into(), "aliyun".into());
    inventory.merge(page, NOW);
    let nics: Vec<_> = inventory
        .nics()
        .map(|(_, nic)| {
            let instance = nic.instance.as_ref().and_then(|id| inventory.instance_slot(id)).unwrap_or(u32::MAX);
            let target = |nth: usize| TargetSubject {
                has_eip: nth == 1,
                level: [Level::Blocked, Level::Warn, Level::Ok, Level::Ok][nth],
                findings: [[FindingId::PrimaryIp, FindingId::EipAttached][nth % 2]].into_iter().collect::<FindingSet>(),
                ..TargetSubject::default()
            };
            (instance, std::array::from_fn(target), inventory.eips_of(nic).next().is_some())
        })
        .collect();
    let mut order: Vec<u32> = (0..NICS).collect();
    order.sort_by_key(|slot| nics[*slot as usize].0);
    World { inventory, nics, order }
}

fn count(world: &World, expr: &Expr) -> usize {
    let (profile, cloud): (ProfileId, CloudId) = ("acme".into(), "aliyun".into());
    let partial = expr.on_profile(&ProfileSubject { profile: &profile, cloud: &cloud, env: None });
    let needs = expr.needs();
    let (mut last, mut on_instance, mut hits) = (u32::MAX, partial, 0);
    let mut eips: Vec<&Eip> = Vec::new();
    for block in world.order.chunks(32) {
        expr.warm(block.iter().filter_map(|&slot| world.inventory.nic_at(slot)));
        for &slot in block {
            let (instance, targets, has_eip) = &world.nics[slot as usize];
            if *instance != last {
                last = *instance;
                on_instance = expr.on_instance(partial, world.inventory.instance_at(*instance));
            }
            if expr.is_settled_no(on_instance) {
                continue;
            }
            let Some(nic) = world.inventory.nic_at(slot) else { continue };
            eips.clear();
            if needs.eips && *has_eip {
                eips.extend(world.inventory.eips_of(nic));
            }
            let found = expr.on_nic(on_instance, NicSubject { nic, eips: &eips, read_at: NOW, now: NOW });
            if found.is_settled_yes() {
                hits += nic.addresses.len();
            } else if !found.is_settled_no() {
                let subjects = nic.addresses.iter().zip(targets);
                hits += subjects
                    .filter(|(address, target)| found.address(&AddressSubject { address: **address, target: **target }))
                    .count();
            }
        }
    }
    hits
}

#[divan::bench(args = [
    "w", "web", "网关", "web-77", "10.0.1", "10.0.1.17", "ip:10.0.0.0/16", "ip:203.0.0.10", "cloud:aliyun state:running",
    "level:ok", "-has:eip kind:secondary", "nic:eni-bp1*", "name:/^web-\\d7/", "finding:eip-attached web", "büro",
])]
fn keystroke(bencher: Bencher, text: &str) {
    thread_local!(static WORLD: World = world());
    WORLD.with(|world| {
        bencher.bench_local(|| {
            let expr = Expr::parse(black_box(text)).unwrap_or_default();
            count(world, &expr)
        });
    });
}

fn main() {
    divan::main();
}
