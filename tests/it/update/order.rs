//! Pages are woven into the order that stands; put in order anew, the list is the same.

use nicdeck::{
    app::{
        geometry::Size,
        msg::{InventoryEvent, Msg},
        rows,
    },
    domain::{
        ids::{JobId, ProfileId, RegionId},
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

/// What happens between the first page and the last.
#[derive(Clone, Debug)]
enum Step {
    Page(&'static str, Vec<Item>),
    Keys(&'static str),
    Filter(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let keys = vec![
        "t",
        "o",
        "O",
        "h",
        "l",
        "j",
        "G",
        "g h",
        "j h",
        "j j j h",
        "G space",
        "a",
        "ctrl-u",
        "s-tab j j",
        "s-tab G l",
    ];
    let filters = vec!["", "web", "10.0.8", "level:ok", "-has:eip", "is:marked", "age<1h", "10.0.9.1,10.0.8.2", "zzz"];
    prop_oneof![
        4 => (prop::sample::select(vec!["shop", "lab"]), prop::collection::vec(item(), 1..6))
            .prop_map(|(profile, items)| Step::Page(profile, items)),
        3 => prop::sample::select(keys).prop_map(Step::Keys),
        1 => prop::sample::select(filters).prop_map(Step::Filter),
    ]
}

fn section(resource: Resource, region: &str) -> Section {
    (resource, Some(RegionId::from(region)))
}

fn listing(scenario: &Scenario, profile: &str) -> JobId {
    scenario.state.jobs.listing_of(&ProfileId::from(profile)).unwrap().job
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_in_any_order_give_the_list_that_sorting_gives(
        layout in prop::sample::select(vec!["", "t", "t O", "t o", "t o O", "t o o", "t o o o", "t o o o O", "t o o o o"]),
        columns in prop::sample::select(vec![120, 200]),
        steps in prop::collection::vec(step(), 1..14),
    ) {
        let profiles = vec![profile("shop", "aliyun"), profile("lab", "zenlayer")];
        let mut scenario = Scenario::sized(profiles, Size { columns, rows: 60 });
        scenario.listed("shop", InventoryPage::default()).listed("lab", InventoryPage::default()).keys(layout).keys("ctrl-r");
        for step in steps {
            match step {
                Step::Page(profile, items) => {
                    let event = InventoryEvent::Page(section(Resource::Nics, "r1"), Box::new(page(&items)));
                    let job = listing(&scenario, profile);
                    scenario.send(Msg::Inventory(job, event));
                }
                Step::Keys(keys) => {
                    scenario.keys(keys);
                }
                Step::Filter(filter) => {
                    scenario.keys("/ ctrl-u").text(filter).keys("enter");
                }
            }
            // A listing that ends has everything judged, filtered and put in order anew; nothing is in that region.
            let mut anew = scenario.clone();
            for profile in ["shop", "lab"] {
                let job = listing(&scenario, profile);
                anew.send(Msg::Inventory(job, InventoryEvent::Began(section(Resource::Instances, "r2"))));
                anew.send(Msg::Inventory(job, InventoryEvent::Completed(section(Resource::Instances, "r2"))));
            }
            prop_assert_eq!(scenario.rows(), anew.rows());
            prop_assert_eq!(&scenario.state.browse.rows, &anew.state.browse.rows);
            prop_assert_eq!(&scenario.state.browse.tree, &anew.state.browse.tree);
            prop_assert_eq!(&scenario.state.verdicts, &anew.state.verdicts);
            prop_assert_eq!(rows::hidden_marks(&scenario.state), rows::hidden_marks(&anew.state));
            prop_assert_eq!(scenario.cursor(), anew.cursor());
            let place = scenario.state.browse.cursor.as_ref().and_then(|key| rows::place(&scenario.state, key));
            prop_assert!(place.is_none_or(|place| place == scenario.state.browse.view.cursor));
        }
    }
}

/// Nothing about the NIC has changed, but it is young again.
#[test]
fn a_nic_that_comes_again_as_it_was_is_read_now() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let page = || InventoryPage { nics: vec![nic("n-1", None, &["10.0.0.1"])], ..InventoryPage::default() };
    scenario.listed("shop", page()).after_ms(3_600_000).keys("/").text("age<1m").keys("enter");
    assert_eq!(scenario.rows(), Vec::<String>::new());
    scenario.keys("R");
    let job = listing(&scenario, "shop");
    scenario.send(Msg::Inventory(job, InventoryEvent::Page(section(Resource::Nics, "r1"), Box::new(page()))));
    assert_eq!(scenario.rows(), ["n n-1", "a 10.0.0.1"]);
}
