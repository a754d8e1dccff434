//! `y` and `Y`: what of a row can be copied, and why something can not.

use nicdeck::{
    app::{
        effect::{Effect, Making},
        export::RowOf,
        msg::Msg,
        notices::Phrase,
        overlay::Overlay,
        update::copy::{self, Copied, CopyItem},
    },
    domain::{
        fault::{Fault, FaultKind},
        outcome::Outcome,
        plan::OperationKind,
    },
    runtime::jobs::copy::{Made, begin},
};

use super::{browse::browsing, run, scenario::Scenario, undo::planned};

fn item(scenario: &Scenario, label: &str) -> CopyItem {
    let items = copy::items(&scenario.state);
    items.iter().find(|item| item.label == label).unwrap_or_else(|| panic!("{label}: {items:?}")).clone()
}

fn text(scenario: &Scenario, label: &str) -> String {
    match item(scenario, label).what {
        Ok(Copied::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// Opens the menu and takes the item.
fn choose(scenario: &mut Scenario, label: &str) {
    let at = copy::items(&scenario.state).iter().position(|item| item.label == label).unwrap();
    scenario.keys(&format!("Y {} enter", "j ".repeat(at)));
}

/// The row under the cursor as JSON.
fn row(scenario: &mut Scenario) -> serde_json::Value {
    choose(scenario, "copy.row");
    let [Effect::MakeCopy(making)] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let Made::Now(Some(text)) = begin(&scenario.state, making.clone()) else { panic!("is made at once") };
    assert!(!text.contains('\n'), "{text}");
    serde_json::from_str(&text).unwrap()
}

fn find(scenario: &mut Scenario, filter: &str) {
    scenario.keys("/").text(filter).keys("enter g");
}

#[test]
fn a_row_of_the_inventory_is_copied_as_the_list_has_it() {
    let mut scenario = browsing();
    find(&mut scenario, "10.0.1.22");
    scenario.keys("G");
    let address = row(&mut scenario);
    assert_eq!((&address["id"], &address["instance_name"]), (&"eni-1".into(), &"web-1".into()));
    assert_eq!(address["addresses"].as_array().unwrap().len(), 1);
    let address = &address["addresses"][0];
    assert_eq!((&address["ip"], &address["eip"][0]["id"]), (&"10.0.1.22".into(), &"eip-9".into()));
    assert!(address["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == "eip-attached"));
    scenario.keys("g j");
    assert_eq!(scenario.cursor(), "n eni-1");
    assert_eq!(row(&mut scenario)["addresses"].as_array().unwrap().len(), 3, "all of the NIC, filtered or not");
    scenario.keys("g");
    let instance = row(&mut scenario);
    assert_eq!((&instance["id"], &instance["name"]), (&"i-1".into(), &"web-1".into()));
}

#[test]
fn the_command_of_an_address_is_that_of_its_release_alone() {
    let mut scenario = browsing();
    // What is marked has nothing to do with it.
    scenario.keys("a");
    find(&mut scenario, "10.0.1.21");
    scenario.keys("G");
    choose(&mut scenario, "copy.command");
    let [Effect::MakeCopy(Making::Command(operation))] = scenario.effects.as_slice() else {
        panic!("{:?}", scenario.effects)
    };
    let OperationKind::Release { ips, .. } = &operation.kind else { panic!("{:?}", operation.kind) };
    assert_eq!(ips.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.1.21"]);
    scenario.send(Msg::CopyMade(Ok("one\ntwo".to_owned())));
    assert_eq!(scenario.effects, [Effect::Copy("one\ntwo".to_owned())]);
    assert_eq!(scenario.notice(), "notice.copied-lines");
    scenario.send(Msg::CopyMade(Err(Phrase::new("disabled.no-command"))));
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "disabled.no-command"));
}

#[test]
fn what_can_not_be_copied_is_listed_with_its_reason_and_leaves_the_menu_open() {
    let mut scenario = browsing();
    find(&mut scenario, "10.0.1.5");
    scenario.keys("G");
    let why = item(&scenario, "copy.command").what.unwrap_err();
    assert_eq!(why, Phrase::new("disabled.command-blocked").with("finding", "primary-ip"));
    choose(&mut scenario, "copy.command");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "disabled.command-blocked"));
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::CopyMenu { .. }]));
    scenario.keys("esc g");
    assert_eq!(item(&scenario, "copy.command").what.unwrap_err().key, "disabled.command-of-address");
    assert!(item(&scenario, "copy.row").what.is_ok());
}

#[test]
fn a_row_of_a_plan_is_copied_with_the_command_of_its_write() {
    let mut scenario = planned();
    let plan = scenario.state.plan.as_ref().unwrap().plan.clone();
    let focused = plan.rows()[0].clone();
    let json = row(&mut scenario);
    assert_eq!((&json["nic"], &json["state"]), (&focused.target.nic().nic.as_str().into(), &"go".into()));
    choose(&mut scenario, "copy.command");
    let [Effect::MakeCopy(Making::Command(operation))] = scenario.effects.as_slice() else {
        panic!("{:?}", scenario.effects)
    };
    assert_eq!(**operation, plan.operations()[0]);
}

#[test]
fn results_give_all_request_ids_and_all_clean_ups_at_once() {
    let (mut scenario, job, plan) = run::running();
    let of = |nth: usize| Outcome::Released { request_id: Some(format!("req-{nth}")) };
    run::settle(&mut scenario, job, &plan, 0, &of(0));
    let refused = Fault { request_id: Some("req-no".to_owned()), ..Fault::local(FaultKind::Refused, "Unassign", "no") };
    run::settle(&mut scenario, job, &plan, 1, &Outcome::Failed { fault: refused });
    run::settle(&mut scenario, job, &plan, 2, &of(2));
    assert_eq!(text(&scenario, "copy.request-ids"), "req-0\nreq-no\nreq-2", "each call's once");
    let guests = text(&scenario, "copy.guests");
    let lines: Vec<&str> = guests.lines().collect();
    let released: Vec<_> = [0, 2].into_iter().flat_map(|nth| plan.operations()[nth].targets()).collect();
    assert_eq!(lines.iter().filter(|line| !line.starts_with('#')).count(), released.len());
    assert_eq!(lines[0], "# shop eni-1 i-1 web-1", "where it is to be done");
    for target in released {
        let ip = target.ip().unwrap();
        assert!(lines.iter().any(|line| line.contains(&format!(" {ip}/32 "))), "{ip}: {guests}");
    }
    assert_eq!(row(&mut scenario)["nicdeck"], serde_json::Value::Null, "the row, and not the document");
    assert!(matches!(item(&scenario, "copy.row").what, Ok(Copied::Made(Making::Row(RowOf::Ended(_))))));
}
