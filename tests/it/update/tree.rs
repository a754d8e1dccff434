//! The tree in a pane of its own, in a wide window: it chooses what the table beside it lists.

use nicdeck::{
    app::{
        effect::Effect,
        geometry::Size,
        key::Input,
        msg::Msg,
        rows::Node,
        state::{Pane, State},
    },
    domain::page::InventoryPage,
};

use super::{
    browse::shop,
    scenario::{Scenario, instance, nic, profile},
};

const WIDE: Size = Size { columns: 200, rows: 60 };

fn wide() -> Scenario {
    let mut scenario = Scenario::sized(vec![profile("shop", "aliyun"), profile("lab", "zenlayer")], WIDE);
    let lab = InventoryPage {
        instances: vec![instance("l-1", "lab-1")],
        nics: vec![nic("vnic-1", Some("l-1"), &["10.8.0.1", "10.8.0.2"])],
        ..InventoryPage::default()
    };
    scenario.listed("shop", shop()).listed("lab", lab);
    scenario
}

fn resize(scenario: &mut Scenario, columns: u16) {
    scenario.send(Msg::Input(Input::Resize { columns, rows: 60 }));
}

/// The tree's rows: names behind their depth, with the addresses under them.
fn tree(state: &State) -> Vec<String> {
    let name = |node: Node| -> String {
        let part = |profile: u16| state.inventory.at(usize::from(profile)).unwrap();
        match node {
            Node::All => "all".to_owned(),
            Node::Profile(place) => state.profiles[usize::from(place)].id.to_string(),
            Node::Region(nth) => state.browse.tree.region(nth).unwrap().to_string(),
            Node::Instance { profile, slot } => part(profile).instance_at(slot).unwrap().id.to_string(),
            Node::Nic { profile, slot } => part(profile).nic_at(slot).unwrap().id.to_string(),
        }
    };
    let rows = state.browse.tree.window(1_000);
    rows.iter().map(|row| format!("{}{} {}", " ".repeat(row.depth.into()), name(row.node), row.addresses)).collect()
}

/// The focus goes to the tree, and its cursor to this row.
fn go(scenario: &mut Scenario, row: usize) {
    assert_ne!(scenario.state.pane, Pane::Tree);
    scenario.keys("s-tab g");
    (0..row).for_each(|_| {
        scenario.keys("j");
    });
}

#[test]
fn a_wide_window_has_the_tree_beside_all_addresses_in_its_order() {
    let scenario = wide();
    let expected = ["all 12", "shop 10", " r1 10", "  i-1 5", "  i-2 3", "  eni-free 2", "lab 2", " r1 2", "  l-1 2"];
    assert_eq!(tree(&scenario.state), expected);
    assert_eq!(scenario.state.pane, Pane::List);
    let addresses = [
        "a 10.0.1.5",
        "a 10.0.1.21",
        "a 10.0.1.22",
        "a 10.0.2.5",
        "a 10.0.2.9",
        "a 10.0.3.5",
        "a 10.0.3.7",
        "a 10.0.3.8",
        "a 10.0.9.1",
        "a 10.0.9.2",
        "a 10.8.0.1",
        "a 10.8.0.2",
    ];
    assert_eq!(scenario.rows(), addresses);
}

#[test]
fn what_the_tree_is_on_is_what_the_table_lists_and_marks() {
    let mut scenario = wide();
    go(&mut scenario, 3);
    assert_eq!(scenario.rows(), ["a 10.0.1.5", "a 10.0.1.21", "a 10.0.1.22", "a 10.0.2.5", "a 10.0.2.9"]);
    scenario.keys("a");
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21", "eni-1 10.0.1.22", "eni-2 10.0.2.9"]);
    // Of the instance one NIC.
    scenario.keys("l j");
    assert_eq!(tree(&scenario.state)[3..6], ["  i-1 5", "   eni-1 3", "   eni-2 2"]);
    assert_eq!(scenario.rows(), ["a 10.0.1.5", "a 10.0.1.21", "a 10.0.1.22"]);
    scenario.keys("A");
    assert_eq!(scenario.marks(), ["eni-2 10.0.2.9"], "what is not in sight stays marked");
    // A region, with its free NIC.
    scenario.keys("h h h");
    assert_eq!(scenario.rows().len(), 10);
    assert_eq!(scenario.rows()[9], "a 10.0.9.2");
    scenario.keys("esc");
    assert_eq!((scenario.rows().len(), scenario.state.browse.tree.node()), (12, Node::All));
}

#[test]
fn space_marks_what_is_under_the_row_and_takes_it_off_again() {
    let mut scenario = wide();
    go(&mut scenario, 6);
    scenario.keys("space");
    assert_eq!(scenario.marks(), ["vnic-1 10.8.0.2"]);
    scenario.keys("space");
    assert!(scenario.marks().is_empty());
    scenario.keys("j j l j D");
    assert_eq!(scenario.marks().len(), 1, "a NIC's row is a NIC");
    assert!(scenario.marks()[0].starts_with("vnic-1 whole"), "{:?}", scenario.marks());
}

#[test]
fn a_filter_looks_everywhere_and_without_it_the_tree_is_where_it_was() {
    let mut scenario = wide();
    go(&mut scenario, 4);
    assert_eq!(scenario.rows().len(), 3);
    scenario.keys("/").text("10.8.");
    assert_eq!(tree(&scenario.state), ["all 2", "lab 2", " r1 2", "  l-1 2"]);
    assert_eq!(scenario.rows(), ["a 10.8.0.1", "a 10.8.0.2"]);
    scenario.keys("esc");
    assert_eq!(scenario.rows(), ["a 10.0.3.5", "a 10.0.3.7", "a 10.0.3.8"]);
}

#[test]
fn the_table_can_be_sorted_within_what_the_tree_is_on() {
    let mut scenario = wide();
    scenario.keys("O");
    assert_eq!(scenario.state.notices.current(scenario.state.now).unwrap().phrase.key, "disabled.follows-tree");
    scenario.keys("o O");
    assert_eq!(scenario.rows().first().map(String::as_str), Some("a 10.8.0.2"));
    go(&mut scenario, 5);
    assert_eq!(scenario.rows(), ["a 10.0.9.2", "a 10.0.9.1"]);
    scenario.keys("o o o o o esc");
    assert_eq!(scenario.rows(), wide().rows(), "after the last column the tree's own order");
}

#[test]
fn a_window_that_narrows_and_widens_keeps_what_the_cursor_is_on() {
    let mut scenario = wide();
    go(&mut scenario, 4);
    scenario.keys("l j");
    resize(&mut scenario, 120);
    assert_eq!((scenario.cursor().as_str(), scenario.state.pane), ("n eni-3", Pane::List));
    assert!(scenario.rows().len() > 12, "one list again: {:?}", scenario.rows());
    resize(&mut scenario, 200);
    assert_eq!((scenario.cursor().as_str(), scenario.state.pane), ("n eni-3", Pane::Tree));
    assert_eq!(scenario.rows().len(), 3);
    // On an address: the table has it, and the tree stays where that is.
    scenario.keys("l j j");
    assert_eq!(scenario.cursor(), "a 10.0.3.8");
    resize(&mut scenario, 80);
    assert_eq!(scenario.cursor(), "a 10.0.3.8");
    resize(&mut scenario, 200);
    assert_eq!((scenario.cursor().as_str(), scenario.rows().len()), ("a 10.0.3.8", 3));
    // On a NIC that is folded away in the tree: it is unfolded there.
    resize(&mut scenario, 80);
    scenario.keys("g j");
    assert_eq!(scenario.cursor(), "n eni-1");
    resize(&mut scenario, 200);
    assert_eq!((scenario.cursor().as_str(), scenario.rows().len()), ("n eni-1", 3));
    // Elsewhere meanwhile: the tree shows everything, so that the cursor stays.
    resize(&mut scenario, 80);
    scenario.keys("G");
    let there = scenario.cursor();
    resize(&mut scenario, 200);
    assert_eq!((scenario.cursor(), scenario.rows().len()), (there, 12));
}

#[test]
fn tab_goes_through_the_panes_that_are_there() {
    let mut scenario = wide();
    let mut panes = |keys: &str| {
        scenario.keys(keys);
        scenario.state.pane
    };
    assert_eq!([panes("tab"), panes("tab"), panes("tab")], [Pane::Detail, Pane::Tree, Pane::List]);
    assert_eq!([panes("s-tab"), panes("s-tab"), panes("s-tab")], [Pane::Tree, Pane::Detail, Pane::List]);
    // Left of the first column is the tree; its leaves lead back.
    assert_eq!([panes("h"), panes("l")], [Pane::Tree, Pane::List]);
    assert_eq!([panes("i tab"), panes("tab")], [Pane::Tree, Pane::List], "without the detail");
    // One pane: the key says so.
    resize(&mut scenario, 80);
    scenario.keys("tab");
    assert_eq!(scenario.state.pane, Pane::List);
    assert_eq!(scenario.state.notices.current(scenario.state.now).unwrap().phrase.key, "disabled.one-pane");
    // The window shrinks under the detail's pane: no key goes where nothing is shown.
    resize(&mut scenario, 120);
    scenario.keys("i tab");
    assert_eq!(scenario.state.pane, Pane::Detail);
    resize(&mut scenario, 80);
    assert_eq!(scenario.state.pane, Pane::List);
}

#[test]
fn what_is_under_the_cursor_of_the_tree_is_refreshed() {
    let mut scenario = wide();
    go(&mut scenario, 7);
    scenario.keys("R");
    let [Effect::List { profile, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(profile.as_str(), "lab");
}

#[test]
fn without_the_tree_the_table_has_its_room_and_everything_in_it() {
    let mut scenario = wide();
    go(&mut scenario, 6);
    assert_eq!(scenario.rows().len(), 2);
    scenario.keys("t");
    assert_eq!((scenario.rows().len(), scenario.state.pane), (12, Pane::List));
    scenario.keys("t");
    assert_eq!(scenario.rows().len(), 2, "and the tree is where it was");
}
