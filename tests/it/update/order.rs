//! Pages are woven into the order that stands; put in order anew, the list is the same.

use nicdeck::{
    app::msg::{InventoryEvent, Msg},
    domain::{
        ids::{ProfileId, RegionId},
        inventory::Section,
        page::{InventoryPage, Resource},
    },
};
use proptest::prelude::*;

use super::scenario::{Scenario, eip, instance, nic, profile};

const NAMES: [&str; 4] = ["web", "db", "web-2", ""];

#[derive(Clone, Debug)]
enum Item {
    Instance(u8, usize),
    Nic { n: u8, on: Option<u8>, name: usize, addresses: u8 },
    Eip(u8, u8),
}

fn item() -> impl Strategy<Value = Item> {
    let name = 0..NAMES.len();
    prop_oneof![
        (0..4u8, name.clone()).prop_map(|(n, name)| Item::Instance(n, name)),
        (0..7u8, prop::option::of(0..4u8), name, 1..4u8).prop_map(|(n, on, name, addresses)| Item::Nic {
            n,
            on,
            name,
            addresses
        }),
        (0..3u8, 0..7u8).prop_map(|(n, on)| Item::Eip(n, on)),
    ]
}

fn page(items: &[Item]) -> InventoryPage {
    let mut page = InventoryPage::default();
    for item in items {
        match *item {
            Item::Instance(n, name) => page.instances.push(instance(&format!("i-{n}"), NAMES[name])),
            Item::Nic { n, on, name, addresses } => {
                let ips: Vec<String> = (0..addresses).map(|k| format!("10.0.{}.{n}", 9 - k)).collect();
                let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
                let on = on.map(|on| format!("i-{on}"));
                page.nics.push(nicdeck::domain::nic::Nic {
                    name: NAMES[name].into(),
                    ..nic(&format!("n-{n}"), on.as_deref(), &ips)
                });
            }
            Item::Eip(n, on) => {
                page.eips.push(eip(&format!("e-{n}"), "203.0.113.1", &format!("n-{on}"), &format!("10.0.8.{on}")));
            }
        }
    }
    page
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_in_any_order_give_the_list_that_sorting_gives(
        pages in prop::collection::vec(prop::collection::vec(item(), 1..6), 1..8),
        layout in prop::sample::select(vec!["", "t", "t O", "t o", "t o O", "t o o", "t o o o", "t o o o O", "t o o o o"]),
        filter in prop::sample::select(vec!["", "web", "10.0.8", "level:ok", "-has:eip"]),
    ) {
        let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
        scenario.listed("shop", InventoryPage::default()).keys(layout);
        if !filter.is_empty() {
            scenario.keys("/").text(filter).keys("enter");
        }
        scenario.keys("R");
        let job = scenario.state.jobs.listing_of(&ProfileId::from("shop")).unwrap().job;
        let section = |resource| -> Section { (resource, Some(RegionId::from("r1"))) };
        for items in &pages {
            let event = InventoryEvent::Page(section(Resource::Nics), Box::new(page(items)));
            scenario.send(Msg::Inventory(job, event));
        }
        let woven = scenario.rows();
        // A listing that ends has everything judged, filtered and put in order anew.
        scenario.send(Msg::Inventory(job, InventoryEvent::Failed(section(Resource::Limits), Box::new(fault()))));
        let sorted: Vec<String> = scenario.rows().into_iter().filter(|row| !row.starts_with('!')).collect();
        prop_assert_eq!(woven, sorted);
    }
}

fn fault() -> nicdeck::domain::fault::Fault {
    nicdeck::domain::fault::Fault::local(nicdeck::domain::fault::FaultKind::Timeout, "List", "")
}
