//! Finding, folding, marking. Nothing here may send a write.

use nicdeck::{
    app::{
        effect::Effect,
        msg::{InventoryEvent, Msg},
        state::Screen,
    },
    domain::{
        fault::{Fault, FaultKind},
        nic::ManagedBy,
        page::{InventoryPage, Resource},
    },
};

use super::scenario::{Scenario, backend, eip, instance, nic, profile};

/// Two instances with two NICs each, and a free NIC.
pub fn shop() -> InventoryPage {
    InventoryPage {
        instances: vec![instance("i-1", "web-1"), instance("i-2", "网关-生产")],
        nics: vec![
            nic("eni-1", Some("i-1"), &["10.0.1.5", "10.0.1.21", "10.0.1.22"]),
            nic("eni-2", Some("i-1"), &["10.0.2.5", "10.0.2.9"]),
            nic("eni-3", Some("i-2"), &["10.0.3.5", "10.0.3.7", "10.0.3.8"]),
            nic("eni-free", None, &["10.0.9.1", "10.0.9.2"]),
        ],
        eips: vec![eip("eip-9", "203.0.113.7", "eni-1", "10.0.1.22")],
        backends: vec![backend("lb-1", "10.0.3.8")],
        ..InventoryPage::default()
    }
}

pub fn browsing() -> Scenario {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    scenario.listed("shop", shop());
    scenario
}

#[test]
fn start_lists_every_usable_profile_and_nothing_else() {
    let mut broken = profile("broken", "aliyun");
    broken.problem = Some(nicdeck::app::notices::Phrase::new("credential.missing"));
    let scenario = Scenario::new(vec![profile("shop", "aliyun"), broken]);
    let [Effect::List { profile, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(profile.as_str(), "shop");
    assert_eq!(scenario.rows(), ["! broken"], "a profile that can not be used is a row");
}

#[test]
fn rows_are_instances_with_nics_and_addresses_then_free_nics() {
    assert_eq!(
        browsing().rows(),
        [
            "i i-1",
            "n eni-1",
            "a 10.0.1.5",
            "a 10.0.1.21",
            "a 10.0.1.22",
            "n eni-2",
            "a 10.0.2.5",
            "a 10.0.2.9",
            "i i-2",
            "n eni-3",
            "a 10.0.3.5",
            "a 10.0.3.7",
            "a 10.0.3.8",
            "n eni-free",
            "a 10.0.9.1",
            "a 10.0.9.2",
        ]
    );
}

#[test]
fn pages_in_any_order_give_the_same_rows() {
    let whole = browsing().rows();
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let page = shop();
    // NICs before their instances, one by one, last first.
    let job = scenario.state.jobs.listing_of(&"shop".into()).unwrap().job;
    let nics = (Resource::Nics, Some("r1".into()));
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(nics.clone())));
    for nic in page.nics.iter().rev() {
        let part = InventoryPage { nics: vec![nic.clone()], ..InventoryPage::default() };
        scenario.send(Msg::Inventory(job, InventoryEvent::Page(nics.clone(), Box::new(part))));
    }
    for instance in page.instances.iter().rev() {
        let part = InventoryPage { instances: vec![instance.clone()], ..InventoryPage::default() };
        scenario.send(Msg::Inventory(job, InventoryEvent::Page(nics.clone(), Box::new(part))));
    }
    assert_eq!(scenario.rows(), whole);
}

#[test]
fn the_cursor_stays_on_its_object_while_rows_arrive_above_it() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let job = scenario.state.jobs.listing_of(&"shop".into()).unwrap().job;
    let nics = (Resource::Nics, Some("r1".into()));
    let page = |nics| Box::new(InventoryPage { nics, ..InventoryPage::default() });
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(nics.clone())));
    scenario.send(Msg::Inventory(
        job,
        InventoryEvent::Page(nics.clone(), page(vec![nic("m", None, &["10.1.0.1", "10.1.0.2"])])),
    ));
    scenario.keys("j j");
    assert_eq!(scenario.cursor(), "a 10.1.0.2");
    scenario.send(Msg::Inventory(
        job,
        InventoryEvent::Page(nics, page(vec![nic("a", None, &["10.0.0.1"]), nic("z", None, &["10.2.0.1"])])),
    ));
    assert_eq!(scenario.cursor(), "a 10.1.0.2");
    assert_eq!(scenario.state.browse.view.cursor, 4);
}

#[test]
fn the_filter_follows_the_typing_and_esc_brings_everything_back() {
    let mut scenario = browsing();
    scenario.keys("/").text("1.22");
    assert_eq!(scenario.rows(), ["i i-1", "n eni-1", "a 10.0.1.22"], "whole octets are found inside of an address");
    scenario.keys("ctrl-u").text("10.0.1.2");
    assert_eq!(scenario.rows(), ["i i-1", "n eni-1", "a 10.0.1.21", "a 10.0.1.22"]);
    scenario.keys("enter");
    assert!(!scenario.state.browse.editing);
    scenario.keys("esc");
    assert_eq!(scenario.state.browse.rows.address_count(), 10);
    assert_eq!(scenario.effects, [], "looking sends nothing");
}

#[test]
fn a_complete_address_is_found_first() {
    let mut scenario = browsing();
    scenario.keys("/").text("10.0.3.7");
    assert_eq!(scenario.cursor(), "a 10.0.3.7");
}

#[test]
fn a_wrong_filter_keeps_the_last_good_list_and_says_what_is_wrong() {
    let mut scenario = browsing();
    scenario.keys("/").text("name:web");
    let good = scenario.rows();
    assert!(!good.is_empty());
    scenario.send(Msg::Input(nicdeck::app::key::Input::Paste(" ipp:1".to_owned())));
    assert_eq!(scenario.rows(), good);
    assert!(scenario.state.browse.mistake.is_some());
    scenario.keys("enter");
    assert!(scenario.state.browse.editing, "a line with a mistake stays open");
    assert_eq!(scenario.notice(), "", "the line says it, for as long as it is open");
    assert!(scenario.state.browse.refused, "and that enter did nothing");
    scenario.keys("backspace");
    assert!(!scenario.state.browse.refused);
}

#[test]
fn a_term_that_turns_out_wrong_takes_back_the_word_it_looked_like() {
    let mut scenario = browsing();
    let all = scenario.rows();
    scenario.keys("/").text("not has:eip");
    assert_eq!((scenario.rows(), scenario.state.browse.filter_text.as_str()), (all, ""), "not the rows of `not`");
    scenario.keys("ctrl-u").text("web");
    let web = scenario.rows();
    scenario.text(" foo:bar");
    assert_eq!((scenario.rows(), scenario.state.browse.filter_text.as_str()), (web, "web"));
    // A value that turns out wrong leaves the list of the one before.
    scenario.keys("ctrl-u").text("ip:10.0.3.0/24");
    let net = scenario.rows();
    scenario.text("0");
    assert!(scenario.state.browse.mistake.is_some());
    assert_eq!((scenario.rows(), scenario.state.browse.filter_text.as_str()), (net, "ip:10.0.3.0/24"));
    // What was in force before the line was emptied and written anew is not of the new term.
    scenario.keys("ctrl-u").text("10.0.3").keys("enter /");
    let kept = scenario.rows();
    scenario.send(Msg::Input(nicdeck::app::key::Input::Paste(" foo:bar".to_owned())));
    assert_eq!(scenario.rows(), kept);
}

#[test]
fn pasted_text_goes_into_the_filter_line_and_nowhere_else() {
    let mut scenario = browsing();
    let paste = |text: &str| Msg::Input(nicdeck::app::key::Input::Paste(text.to_owned()));
    scenario.send(paste("space p c y\n"));
    assert_eq!((scenario.marks(), scenario.state.screen), (vec![], Screen::Inventory));
    scenario.keys("/").send(paste("10.0.3.7\n"));
    assert_eq!(scenario.state.browse.line.text(), "10.0.3.7");
    // A column of addresses: any of them.
    scenario.keys("ctrl-u").send(paste("10.0.1.21\r\n 10.0.1.22,\n\n10.0.3.7\n"));
    assert_eq!(scenario.state.browse.line.text(), "10.0.1.21,10.0.1.22,10.0.3.7");
    scenario.keys("ctrl-u").send(paste("10.0.1.21\teth0"));
    assert_eq!(scenario.state.browse.line.text(), "10.0.1.21 eth0");
}

#[test]
fn space_marks_what_can_go_and_says_why_not() {
    let mut scenario = browsing();
    scenario.keys("j j space");
    assert_eq!((scenario.marks(), scenario.notice()), (vec![], "notice.cannot-mark"));
    scenario.keys("j space");
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21"]);
    assert_eq!(scenario.cursor(), "a 10.0.1.22", "and goes on to the next row");
    scenario.keys("k space");
    assert!(scenario.marks().is_empty());
}

#[test]
fn space_on_a_nic_marks_its_addresses_and_never_the_nic() {
    let mut scenario = browsing();
    scenario.keys("j space");
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21", "eni-1 10.0.1.22"]);
    assert_eq!(scenario.notice(), "notice.marked-some");
    scenario.keys("space");
    assert!(scenario.marks().is_empty(), "again takes them off");
}

#[test]
fn detaching_is_a_mark_of_its_own() {
    let mut scenario = browsing();
    scenario.keys("j D");
    assert_eq!(scenario.marks(), ["eni-1 whole"]);
    scenario.keys("D");
    assert!(scenario.marks().is_empty());
    // The free NIC is attached to nothing.
    scenario.keys("G D");
    assert_eq!((scenario.marks(), scenario.notice()), (vec![], "notice.cannot-detach"));
}

#[test]
fn all_visible_that_can_go_and_hidden_marks_are_counted() {
    let mut scenario = browsing();
    scenario.keys("/").text("nic:eni-1").keys("enter a");
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21", "eni-1 10.0.1.22"]);
    scenario.keys("esc esc /").text("nic:eni-3").keys("enter");
    assert_eq!(nicdeck::app::rows::hidden_marks(&scenario.state), 2);
    scenario.keys("a");
    assert_eq!(scenario.marks().len(), 4);
    scenario.keys("A");
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21", "eni-1 10.0.1.22"], "only the visible ones are taken off");
}

#[test]
fn of_a_nic_with_many_addresses_only_those_that_match_are_shown_and_marked() {
    let ips: Vec<String> = (10..90).map(|last| format!("10.0.0.{last}")).collect();
    let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let nics = vec![nic("eni-big", Some("i-1"), &ips)];
    scenario.listed("shop", InventoryPage { instances: vec![instance("i-1", "web-1")], nics, ..Default::default() });
    assert_eq!(scenario.rows().len(), 82);
    scenario.keys("/").text("ip:10.0.0.85").keys("enter");
    assert_eq!(scenario.rows(), ["i i-1", "n eni-big", "a 10.0.0.85"]);
    scenario.keys("a");
    assert_eq!(scenario.marks(), ["eni-big 10.0.0.85"]);
}

#[test]
fn marking_many_leaves_out_what_nobody_can_tell_of_and_says_how_many() {
    let mut shop = shop();
    let strange = shop.nics.iter_mut().find(|nic| nic.id.as_str() == "eni-3").expect("it is there");
    strange.managed_by = ManagedBy::Unknown;
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    scenario.listed("shop", shop);
    scenario.keys("a");
    let of_it = |scenario: &Scenario| -> Vec<String> {
        scenario.marks().into_iter().filter(|mark| mark.starts_with("eni-3")).collect()
    };
    assert_eq!((of_it(&scenario), scenario.notice()), (vec![], "notice.marked-some"));
    assert!(!scenario.marks().is_empty());
    let said = scenario.state.notices.current(scenario.state.now).expect("a notice").phrase.values.clone();
    let value = |name: &str| said.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str());
    assert_eq!((value("left"), value("reasons")), (Some("6"), Some("4 primary-ip, 2 managed-by-unknown")));
    scenario.keys("\\ /").text("nic:eni-3").keys("enter");
    // As many: the NIC, and a range over it.
    scenario.keys("g j space");
    assert_eq!((scenario.marks(), scenario.notice()), (vec![], "notice.marked-some"));
    scenario.keys("g v G space");
    assert_eq!((scenario.marks(), scenario.notice()), (vec![], "notice.marked-some"));
    // One by itself may be marked: somebody looks at it.
    scenario.keys("g j j j space");
    assert_eq!(scenario.marks(), ["eni-3 10.0.3.7"]);
    scenario.keys("g j space");
    assert_eq!((scenario.marks(), scenario.notice()), (vec![], "notice.unmarked"), "and taken off with its NIC");
}

#[test]
fn cleared_marks_come_back_within_ten_seconds() {
    let mut scenario = browsing();
    scenario.keys("a");
    let all = scenario.marks();
    scenario.keys("\\");
    assert!(scenario.marks().is_empty());
    scenario.after_ms(9_000).keys("\\");
    assert_eq!(scenario.marks(), all);
    scenario.keys("\\").after_ms(11_000).keys("\\");
    assert!(scenario.marks().is_empty());
}

#[test]
fn a_range_marks_between_its_ends() {
    let mut scenario = browsing();
    scenario.keys("j j j v j j j j v");
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21", "eni-1 10.0.1.22", "eni-2 10.0.2.9"]);
}

#[test]
fn folding_hides_rows_and_h_goes_to_the_parent() {
    let mut scenario = browsing();
    scenario.keys("j j j h");
    assert_eq!(scenario.cursor(), "n eni-1");
    scenario.keys("h");
    assert_eq!(scenario.rows()[..4], ["i i-1", "n eni-1", "n eni-2", "a 10.0.2.5"]);
    scenario.keys("h h");
    assert_eq!(scenario.rows()[..2], ["i i-1", "i i-2"]);
    scenario.keys("l");
    assert_eq!(scenario.rows()[1], "n eni-1");
}

#[test]
fn a_table_lists_addresses_sorted_and_keeps_the_cursor() {
    let mut scenario = browsing();
    scenario.keys("j j j j");
    assert_eq!(scenario.cursor(), "a 10.0.1.22");
    scenario.keys("t");
    assert_eq!(scenario.cursor(), "a 10.0.1.22");
    let rows = scenario.rows();
    assert_eq!((rows.len(), rows[0].as_str(), rows[9].as_str()), (10, "a 10.0.1.5", "a 10.0.9.2"));
    scenario.keys("O");
    assert_eq!(scenario.rows()[0], "a 10.0.9.2");
    assert_eq!(scenario.cursor(), "a 10.0.1.22");
    scenario.keys("O o");
    assert!(scenario.rows()[0] != "a 10.0.1.21", "sorted by level: blocked ones first");
}

#[test]
fn a_failed_section_is_a_row_and_makes_its_check_unknown() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let job = scenario.state.jobs.listing_of(&"shop".into()).unwrap().job;
    let section = |resource| (resource, Some("r1".into()));
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(section(Resource::Backends))));
    let fault = Fault {
        code: Some("Forbidden.RAM".to_owned()),
        ..Fault::local(FaultKind::Permission, "DescribeLoadBalancers", "no")
    };
    scenario.send(Msg::Inventory(job, InventoryEvent::Failed(section(Resource::Backends), Box::new(fault))));
    let mut page = shop();
    page.backends.clear();
    for resource in [Resource::Instances, Resource::Nics, Resource::Eips] {
        scenario.send(Msg::Inventory(job, InventoryEvent::Began(section(resource))));
    }
    scenario.send(Msg::Inventory(job, InventoryEvent::Page(section(Resource::Nics), Box::new(page))));
    for resource in [Resource::Instances, Resource::Nics, Resource::Eips] {
        scenario.send(Msg::Inventory(job, InventoryEvent::Completed(section(resource))));
    }
    scenario.send(Msg::Inventory(job, InventoryEvent::Ended));
    assert_eq!(scenario.rows()[0], "! shop");
    scenario.keys("/").text("finding:lb-unknown level:unknown").keys("enter");
    assert_eq!(scenario.state.browse.rows.address_count(), 6, "every secondary address: unknown is not safe");
}

#[test]
fn events_of_a_job_that_is_not_current_are_dropped() {
    let mut scenario = browsing();
    let before = scenario.rows();
    let stale = nicdeck::domain::ids::JobId(1);
    let section = (Resource::Nics, Some("r1".into()));
    scenario.keys("R");
    scenario.send(Msg::Inventory(stale, InventoryEvent::Completed(section)));
    assert_eq!(scenario.rows(), before);
}

#[test]
fn a_mark_of_something_that_vanished_is_dropped_with_a_message() {
    let mut scenario = browsing();
    scenario.keys("a R");
    let mut page = shop();
    page.nics.retain(|nic| nic.id.as_str() != "eni-2");
    scenario.listed("shop", page);
    assert!(scenario.marks().iter().all(|mark| !mark.starts_with("eni-2")));
    assert_eq!(scenario.notice(), "notice.marks-vanished");
}

#[test]
fn ctrl_c_at_the_top_asks_to_be_pressed_again() {
    let mut scenario = browsing();
    scenario.keys("ctrl-c");
    assert_eq!((scenario.effects.len(), scenario.notice()), (0, "notice.ctrl-c-again"));
    scenario.after_ms(2_500).keys("ctrl-c");
    assert!(scenario.effects.is_empty(), "too late: asks again");
    scenario.keys("ctrl-c");
    assert_eq!(scenario.effects, [Effect::Interrupted]);
}

#[test]
fn delete_and_backspace_do_nothing_outside_text() {
    let mut scenario = browsing();
    let rows = scenario.rows();
    scenario.keys("delete backspace ctrl-d ctrl-u");
    assert_eq!((scenario.rows(), scenario.marks(), scenario.effects.len()), (rows, vec![], 0));
}

#[test]
fn until_it_is_moved_the_cursor_stays_on_the_first_row() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let job = scenario.state.jobs.listing_of(&"shop".into()).unwrap().job;
    let nics = (Resource::Nics, Some("r1".into()));
    let page =
        |id: &str| Box::new(InventoryPage { nics: vec![nic(id, None, &["10.1.0.1"])], ..InventoryPage::default() });
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(nics.clone())));
    scenario.send(Msg::Inventory(job, InventoryEvent::Page(nics.clone(), page("m"))));
    scenario.send(Msg::Inventory(job, InventoryEvent::Page(nics, page("a"))));
    assert_eq!((scenario.cursor().as_str(), scenario.state.browse.view.cursor), ("n a", 0));
}

/// One profile is listed, of the other every listing fails.
fn with_a_failing_profile() -> Scenario {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun"), profile("edge", "zenlayer")]);
    scenario.listed("shop", shop());
    fail(&mut scenario, "edge", &[Resource::Instances, Resource::Nics]);
    scenario
}

fn fail(scenario: &mut Scenario, profile: &str, resources: &[Resource]) {
    let job = scenario.state.jobs.listing_of(&profile.into()).unwrap().job;
    for &resource in resources {
        let section = (resource, Some("r1".into()));
        let fault = Fault::local(FaultKind::Credentials, "Describe", "refused");
        scenario.send(Msg::Inventory(job, InventoryEvent::Began(section.clone())));
        scenario.send(Msg::Inventory(job, InventoryEvent::Failed(section, Box::new(fault))));
    }
    scenario.send(Msg::Inventory(job, InventoryEvent::Ended));
}

#[test]
fn a_failing_profile_is_one_row_that_unfolds_to_its_listings() {
    let mut scenario = with_a_failing_profile();
    assert_eq!(scenario.rows()[..2], ["! edge", "i i-1"]);
    scenario.keys("g l");
    assert_eq!(scenario.rows()[..4], ["! edge", "! edge Instances", "! edge Nics", "i i-1"]);
    scenario.keys("l j");
    assert_eq!(scenario.cursor(), "! edge Nics");
    scenario.keys("h h");
    assert_eq!(scenario.rows()[..2], ["! edge", "i i-1"], "h goes to the profile's row, and folds it");
    assert_eq!(scenario.cursor(), "! edge");
}

#[test]
fn a_cloud_that_no_profile_is_of_matches_nothing_and_is_no_mistake() {
    let mut scenario = browsing();
    scenario.keys("/").text("cloud:zenlayer");
    assert_eq!((&scenario.state.browse.mistake, scenario.rows().len()), (&None, 0));
    scenario.keys("ctrl-u").text("cloud:zenlayr");
    assert!(scenario.state.browse.mistake.is_some(), "that is none at all");
}

#[test]
fn a_failing_profile_is_hidden_by_a_filter_that_leaves_it_out_and_by_the_table() {
    let mut scenario = with_a_failing_profile();
    for (filter, shown) in [
        ("cloud:aliyun", false),
        ("-profile:edge", false),
        ("cloud:zenlayer", true),
        ("10.0.1", true),
        ("state:running", true),
    ] {
        scenario.keys("/ ctrl-u").text(filter).keys("enter");
        assert_eq!(scenario.rows().iter().any(|row| row == "! edge"), shown, "{filter}");
    }
    scenario.keys("esc t");
    assert_eq!(scenario.rows().len(), 10, "addresses only: {:?}", scenario.rows());
    scenario.keys("t");
    assert_eq!(scenario.rows()[0], "! edge");
}

#[test]
fn a_failing_profile_keeps_its_row_while_it_is_tried_again_and_loses_it_when_that_works() {
    let mut scenario = with_a_failing_profile();
    scenario.keys("g R");
    assert_eq!(scenario.rows()[0], "! edge");
    let job = scenario.state.jobs.listing_of(&"edge".into()).unwrap().job;
    for resource in [Resource::Instances, Resource::Nics] {
        let section = (resource, Some("r1".into()));
        scenario.send(Msg::Inventory(job, InventoryEvent::Began(section.clone())));
        assert_eq!(scenario.rows()[0], "! edge");
        scenario.send(Msg::Inventory(job, InventoryEvent::Completed(section)));
    }
    assert_eq!(scenario.rows()[0], "i i-1");
}

#[test]
fn half_typed_terms_leave_the_list_of_the_complete_ones() {
    let mut scenario = browsing();
    scenario.keys("/").text("web");
    let complete = scenario.rows();
    assert!(!complete.is_empty());
    for typed in [" zon", " zone", " name:", " name:\"web", " /we", " -", " ipp", " level:b", " web-1,"] {
        scenario.keys("/ ctrl-u").text(&format!("web{typed}"));
        assert_eq!(scenario.rows(), complete, "{typed:?}");
        let browse = &scenario.state.browse;
        assert!(browse.mistake.is_some() || browse.half_typed.is_some(), "{typed:?}: says what is missing");
    }
    scenario.keys("/ ctrl-u").text("ipp");
    assert_eq!(scenario.state.browse.half_typed.as_ref().map(|half| (&*half.word, half.field)), Some(("ipp", "ip")));
    assert_eq!(scenario.state.browse.rows.address_count(), 10);
    scenario.keys("enter");
    assert_eq!(scenario.state.browse.rows.address_count(), 0, "kept, it is a word like any other");
    assert_eq!((scenario.state.browse.filter_text.as_str(), scenario.state.browse.editing), ("ipp", false));
}

#[test]
fn a_blank_ends_a_word() {
    let mut scenario = browsing();
    scenario.keys("/").text("ipp ");
    assert_eq!(scenario.state.browse.rows.address_count(), 0);
    assert_eq!(scenario.state.browse.half_typed, None);
}

#[test]
fn an_empty_list_names_the_term_that_leaves_out_the_most() {
    let mut scenario = browsing();
    scenario.keys("/").text("web kind:secondary region:nowhere").keys("enter");
    assert_eq!(scenario.state.browse.blame, None, "not while keys come");
    assert_eq!(scenario.state.wake_at(), Some(scenario.state.now.plus_ms(200)));
    scenario.after_ms(200);
    let blame = scenario.state.browse.blame.clone().unwrap();
    assert_eq!((blame.term.as_str(), blame.without), ("region:nowhere", 3));
    scenario.keys("/ ctrl-u").text("region:nowhere").keys("enter");
    assert_eq!(scenario.state.browse.blame, None, "one term alone needs no naming");
    scenario.keys("/ ctrl-u").text("web kind:secondary").keys("enter");
    assert_eq!(scenario.state.browse.blame, None);
}

#[test]
fn the_longest_unanswered_call_is_known_with_its_time() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun"), profile("edge", "zenlayer")]);
    scenario.listed("shop", shop());
    let waits = |scenario: &Scenario| {
        let waiting = scenario.state.jobs.waiting()?;
        let what = waiting.section.map(|(resource, _)| *resource);
        Some((waiting.profile.to_string(), what, scenario.state.now.since(waiting.since)))
    };
    scenario.after_ms(2_000);
    assert_eq!(waits(&scenario), Some(("edge".to_owned(), None, 2_000)), "nothing of it has begun");
    let job = scenario.state.jobs.listing_of(&"edge".into()).unwrap().job;
    let section = |resource| (resource, Some("r1".into()));
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(section(Resource::Nics))));
    scenario.after_ms(1_000);
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(section(Resource::Eips))));
    scenario.after_ms(4_000);
    assert_eq!(waits(&scenario), Some(("edge".to_owned(), Some(Resource::Nics), 5_000)));
    let page = Box::new(InventoryPage::default());
    scenario.send(Msg::Inventory(job, InventoryEvent::Page(section(Resource::Nics), page)));
    assert_eq!(waits(&scenario), Some(("edge".to_owned(), Some(Resource::Eips), 4_000)), "a page is an answer");
    assert!(
        scenario
            .state
            .wake_at()
            .is_some_and(|at| scenario.state.now.since(at) == 0 && at.0 - scenario.state.now.0 <= 1_000)
    );
    scenario.send(Msg::Inventory(job, InventoryEvent::Ended));
    assert_eq!(waits(&scenario), None);
    let wake = scenario.state.wake_at().unwrap();
    assert!(wake.0 - scenario.state.now.0 > 30_000, "idle: only the age of the data is waited for");
}

#[test]
fn a_key_or_a_paste_that_does_nothing_says_so() {
    let mut scenario = browsing();
    for key in ["x", "z", "f5"] {
        scenario.keys("j k").keys(key);
        assert_eq!(scenario.notice(), "notice.no-such-key", "{key}");
    }
    scenario.send(Msg::Input(nicdeck::app::key::Input::Paste("10.0.3.7".to_owned())));
    assert_eq!(scenario.notice(), "notice.not-pasted");
}

#[test]
fn marks_are_not_lost_by_one_key() {
    let mut scenario = browsing();
    scenario.keys("a q");
    assert!(!scenario.state.quitting);
    assert_eq!(scenario.notice(), "notice.quit-marks");
    scenario.keys("j q");
    assert!(!scenario.state.quitting, "another key in between takes it back");
    scenario.keys("q");
    assert!(scenario.state.quitting);
    let mut scenario = browsing();
    scenario.keys("q");
    assert!(scenario.state.quitting, "nothing is lost");
}

#[test]
fn what_was_said_about_marks_goes_when_they_change() {
    let mut scenario = browsing();
    scenario.keys("a");
    assert!(scenario.notice().starts_with("notice.marked"), "{}", scenario.notice());
    scenario.keys("G space");
    assert!(!scenario.notice().starts_with("notice.marked"), "{}", scenario.notice());
}

#[test]
fn a_filter_on_marks_follows_them() {
    let mut scenario = browsing();
    scenario.keys("/").text("-marked:yes kind:secondary").keys("enter");
    let all = scenario.state.browse.rows.address_count();
    scenario.keys("a");
    assert_eq!(scenario.state.browse.rows.address_count(), all - scenario.marks().len());
    scenario.keys("\\");
    assert_eq!((scenario.marks().len(), scenario.state.browse.rows.address_count()), (0, all));
}
