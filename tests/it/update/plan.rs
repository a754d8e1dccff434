//! From marks to a confirmed batch.

use std::sync::Arc;

use nicdeck::{
    app::{
        confirm::Refused,
        effect::Effect,
        key::{Input, Key},
        msg::{InventoryEvent, JournalEvent, Msg, PreflightEvent},
        overlay::Overlay,
        plan_view::Freshness,
        state::Screen,
        update::update,
    },
    domain::{
        fault::{Fault, FaultKind},
        finding::FindingId,
        ids::{JobId, RegionId},
        nic::{Nic, NicState, NicStatus},
        page::{InventoryPage, Resource},
        plan::{Decision, OperationKind},
        snapshot::NicSnapshot,
    },
};

use super::{
    browse::{browsing, shop},
    scenario::{Scenario, eip, ip, no_journal, profile},
};

#[test]
fn without_a_journal_a_plan_can_be_read_and_not_confirmed() {
    let mut scenario = browsing();
    scenario.send(Msg::Journal(JournalEvent::Unusable(no_journal())));
    assert_eq!(scenario.notice(), "notice.no-journal");
    scenario.keys("a p").read_again().keys("c");
    assert_eq!(scenario.notice(), "disabled.no-journal");
    assert!(scenario.state.overlays.is_empty() && scenario.effects.is_empty());
}

#[test]
fn a_journal_that_was_unusable_is_looked_at_again_with_a_refresh() {
    let again = |scenario: &Scenario| {
        let looks = scenario.effects.iter().filter_map(|effect| match effect {
            Effect::LookAtJournal { write, unfinished } => Some((*write, *unfinished)),
            _ => None,
        });
        looks.collect::<Vec<_>>()
    };
    let mut scenario = browsing();
    scenario.keys("R");
    assert_eq!(again(&scenario), [], "nothing is known against it");
    scenario.send(Msg::Journal(JournalEvent::Unreadable(no_journal())));
    scenario.send(Msg::Journal(JournalEvent::Unusable(no_journal())));
    scenario.keys("R");
    assert_eq!(again(&scenario), [(true, true)]);
    scenario.send(Msg::Journal(JournalEvent::Read)).send(Msg::Journal(JournalEvent::Usable));
    assert_eq!(scenario.notice(), "notice.journal-usable");
    scenario.keys("R");
    assert_eq!(again(&scenario), []);
    let mut scenario = browsing();
    scenario.send(Msg::Journal(JournalEvent::Unusable(no_journal())));
    scenario.send(Msg::Journal(JournalEvent::Usable)).keys("a p").read_again().keys("c");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(_)]), "{}", scenario.notice());
}

#[test]
fn a_plan_lists_every_mark_and_reads_its_nics_again_before_it_can_be_confirmed() {
    let mut scenario = browsing();
    scenario.keys("j j j space G k k k k space p");
    assert_eq!(scenario.state.screen, Screen::Plan);
    let [Effect::Preflight { nics, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(nics.iter().map(|(key, _)| key.nic.as_str()).collect::<Vec<_>>(), ["eni-1", "eni-3"]);
    let preflight = scenario.effects.clone();
    scenario.keys("c");
    assert!(scenario.state.overlays.is_empty(), "not while it is being read");
    assert_eq!(scenario.notice(), "disabled.plan-reading");
    scenario.effects = preflight;
    scenario.read_again();
    assert_ne!(scenario.notice(), "disabled.plan-reading", "not any more");
    scenario.keys("c");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(_)]));
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.rows().len(), 2);
    assert!(matches!(view.freshness, Freshness::Read { .. }));
}

#[test]
fn without_marks_the_plan_is_about_the_focused_row() {
    let mut scenario = browsing();
    scenario.keys("j j j p");
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.source, nicdeck::app::plan_view::Source::FocusedRow);
    assert_eq!(view.plan.rows().len(), 1);
}

#[test]
fn hidden_marks_are_in_the_plan_and_said_to_be_hidden() {
    let mut scenario = browsing();
    scenario.keys("a /").text("nic:eni-3").keys("enter p");
    let view = scenario.state.plan.as_ref().unwrap();
    let hidden: Vec<bool> = view.plan.rows().iter().map(|row| row.hidden).collect();
    assert!(hidden.contains(&true) && hidden.contains(&false), "{hidden:?}");
    assert!(hidden.is_sorted(), "those that the filter hides stand together at the end: {hidden:?}");
}

/// What is confirmed with the account's name needs one.
#[test]
fn danger_3_without_an_alias_is_not_confirmed_and_says_what_is_missing() {
    for (alias, asks) in [(Some("acme-shop"), true), (None, false)] {
        let mut scenario = browsing();
        for info in &mut scenario.state.profiles {
            info.alias = alias.map(str::to_owned);
        }
        scenario.keys("j j D p").read_again().keys("c");
        let view = scenario.state.plan.as_ref().unwrap();
        assert_eq!(view.danger.level, 3);
        assert_eq!(!scenario.state.overlays.is_empty(), asks, "{}", scenario.notice());
        if !asks {
            assert_eq!(scenario.notice(), "disabled.no-alias");
        }
    }
}

/// Its ten minutes begin with the NIC that was read first.
#[test]
fn a_plan_is_as_old_as_the_oldest_of_its_readings() {
    let mut scenario = browsing();
    scenario.keys("a p");
    let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let (job, nics) = (*job, nics.clone());
    let started = scenario.state.now;
    for (nth, (key, snapshot)) in nics.into_iter().enumerate() {
        let read_at = started.plus_ms(1_000 * (nth as u64 + 1));
        scenario.state.now = read_at;
        let fresh = Arc::new(NicSnapshot { read_at, ..(*snapshot).clone() });
        scenario.send(Msg::Preflight(job, PreflightEvent::Read(key, Ok(Some(fresh)))));
    }
    scenario.send(Msg::Preflight(job, PreflightEvent::Ended));
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.read_at(), Some(started.plus_ms(1_000)));
}

/// The first plan of one address, read again, with the dialog open.
fn asked() -> Scenario {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().keys("c");
    scenario
}

#[test]
fn enter_alone_never_confirms_and_early_keys_are_ignored() {
    let mut scenario = asked();
    scenario.keys("y");
    assert!(scenario.effects.is_empty(), "the first 300 ms are deaf");
    assert_eq!(scenario.state.overlays.len(), 1);
    scenario.after_ms(400).keys("enter");
    assert!(scenario.effects.is_empty());
    assert!(scenario.state.overlays.is_empty(), "Cancel has the focus");
    assert_eq!((scenario.state.screen, scenario.notice()), (Screen::Plan, "notice.cancelled"));
}

/// A screen that hangs shows the dialog late; what was typed at it until then was typed at something else.
#[test]
fn what_was_typed_ahead_of_a_screen_that_hung_confirms_nothing() {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again();
    let state = &mut scenario.state;
    let opened = state.now;
    let key = |pressed: u64| Msg::InputAt(opened.plus_ms(pressed), Input::Key(Key::char('y')));
    assert_eq!(update(state, opened, Msg::Input(Input::Key(Key::char('c')))), []);
    assert!(state.wants_showing().is_some());
    assert_eq!(update(state, opened.plus_ms(2_000), key(1_000)), [], "nobody has seen it");
    update(state, opened.plus_ms(2_000), Msg::Shown);
    assert_eq!(state.wants_showing(), None);
    assert_eq!(update(state, opened.plus_ms(2_900), key(1_900)), [], "pressed before, and taken in late");
    update(state, opened.plus_ms(2_900), Msg::Shown);
    assert_eq!(update(state, opened.plus_ms(3_000), key(2_250)), [], "it has been there for a quarter of a second");
    let effects = update(state, opened.plus_ms(3_000), key(2_600));
    assert!(matches!(effects.as_slice(), [Effect::Release { .. }]), "{effects:?}");
}

/// Nothing changes a plan but what says that it would not go.
#[test]
fn a_row_that_a_listing_blocks_is_blocked_in_its_plan_and_nobody_is_asked_any_more() {
    let open = |page: InventoryPage| {
        let mut scenario = browsing();
        scenario.keys("R").keys("j j j space p").read_again().keys("c").after_ms(400);
        let hash = scenario.state.plan.as_ref().unwrap().plan.hash();
        assert_eq!(scenario.state.overlays.len(), 1);
        scenario.listed("shop", page);
        (scenario, hash)
    };
    let (scenario, hash) = open(shop());
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!((view.plan.hash(), scenario.state.overlays.len()), (hash, 1), "it is as it was");
    let mut page = shop();
    for nic in &mut page.nics {
        nic.status = NicStatus { word: "Detaching".into(), state: NicState::Detaching };
    }
    let (scenario, hash) = open(page);
    let view = scenario.state.plan.as_ref().unwrap();
    assert!(view.plan.hash() != hash && scenario.state.overlays.is_empty());
    assert_eq!((view.plan.rows()[0].decision, view.plan.operations().len()), (Decision::Blocked, 0));
    assert_eq!(scenario.notice(), "notice.plan-rows-changed");
}

/// Not at the end of the listing, which may be minutes later: on the page that tells it.
#[test]
fn a_page_that_blocks_a_row_or_raises_the_danger_closes_the_dialog() {
    let open = |resource: Resource, page: InventoryPage| {
        let mut scenario = browsing();
        scenario.keys("R").keys("j j j space p").read_again().keys("c").after_ms(400);
        let job = scenario.state.jobs.listing_of(&"shop".into()).expect("it is being listed").job;
        let section = (resource, Some(RegionId::from("r1")));
        scenario.send(Msg::Inventory(job, InventoryEvent::Began(section.clone())));
        scenario.send(Msg::Inventory(job, InventoryEvent::Page(section, Box::new(page))));
        let view = scenario.state.plan.as_ref().unwrap();
        (scenario.state.overlays.len(), view.plan.operations().len(), view.danger.level)
    };
    let nics = |change: fn(&mut Nic)| {
        let mut nics = shop().nics;
        nics.iter_mut().for_each(change);
        InventoryPage { nics, ..InventoryPage::default() }
    };
    assert_eq!(open(Resource::Nics, nics(|_| ())), (1, 1, 1), "it is as it was");
    let detaching = |nic: &mut Nic| nic.status = NicStatus { word: "Detaching".into(), state: NicState::Detaching };
    assert_eq!(open(Resource::Nics, nics(detaching)), (0, 0, 1));
    let eips =
        |on: &str| InventoryPage { eips: vec![eip("eip-1", "203.0.113.8", "eni-1", on)], ..InventoryPage::default() };
    assert_eq!(open(Resource::Eips, eips("10.0.1.5")), (1, 1, 1), "on another address");
    let (dialogs, sent, level) = open(Resource::Eips, eips("10.0.1.21"));
    assert!(dialogs == 0 && sent == 1 && level > 1, "{dialogs} {sent} {level}");
}

/// A frame that showed one dialog has not shown the next one.
#[test]
fn each_dialog_is_one_of_its_own() {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().keys("c").after_ms(400).keys("esc");
    assert!(scenario.state.overlays.is_empty());
    // No frame comes out any more.
    let now = scenario.state.now;
    update(&mut scenario.state, now, Msg::Input(Input::Key(Key::char('c'))));
    assert_eq!(scenario.state.wants_showing(), Some(2));
}

#[test]
fn paste_never_confirms() {
    let mut scenario = asked();
    scenario.after_ms(400).send(Msg::Input(nicdeck::app::key::Input::Paste("y".to_owned())));
    assert!(scenario.effects.is_empty());
    assert_eq!(scenario.state.overlays.len(), 1);
}

#[test]
fn a_confirmed_plan_is_released_exactly_as_it_was_listed() {
    let mut scenario = asked();
    scenario.after_ms(400).keys("y");
    let [Effect::Release { plan, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert_eq!(plan.operations().len(), 1);
    assert_eq!(plan.operations()[0].kind, OperationKind::Release { nic: "eni-1".into(), ips: vec![ip("10.0.1.21")] });
    assert_eq!(scenario.state.screen, Screen::Run);
    assert!(scenario.state.plan.is_none());
}

#[test]
fn danger_asks_for_more_than_a_key() {
    let mut scenario = browsing();
    scenario.keys("j D p").read_again().keys("c").after_ms(400).keys("y");
    assert!(scenario.effects.is_empty());
    scenario.text(" 1").keys("enter");
    assert!(
        matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(dialog)] if dialog.refused == Some(Refused::Wrong))
    );
    // What was refused is not typed on.
    scenario.text("acme-shop 1");
    let [Overlay::Confirm(dialog)] = scenario.state.overlays.as_slice() else { panic!("the dialog is open") };
    assert!(dialog.is_typed(), "{:?}", dialog.typed.text());
    scenario.keys("enter");
    let [Effect::Release { plan, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    assert!(matches!(plan.operations()[0].kind, OperationKind::Detach { .. }));
}

#[test]
fn pasted_text_confirms_nothing_and_the_dialog_says_so() {
    let mut scenario = browsing();
    scenario.keys("j D p").read_again().keys("c").after_ms(400);
    scenario.send(Msg::Input(Input::Paste("acme-shop 1".to_owned())));
    let refused = |scenario: &Scenario| match scenario.state.overlays.as_slice() {
        [Overlay::Confirm(dialog)] => (dialog.typed.text().to_owned(), dialog.refused),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&scenario), (String::new(), Some(Refused::Pasted)));
    scenario.text("a");
    assert_eq!(refused(&scenario), ("a".to_owned(), None), "typing goes on");
}

#[test]
fn a_small_window_confirms_nothing() {
    let small = Msg::Input(Input::Resize { columns: 59, rows: 40 });
    let low = Msg::Input(Input::Resize { columns: 200, rows: 15 });
    let enough = Msg::Input(Input::Resize { columns: 60, rows: 16 });
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again();
    for window in [&small, &low] {
        scenario.send(window.clone()).keys("c");
        assert_eq!((scenario.notice(), scenario.state.overlays.len()), ("disabled.window-too-small", 0));
    }
    scenario.send(enough.clone()).keys("c").after_ms(400);
    assert_eq!(scenario.state.overlays.len(), 1);
    // It shrinks under the dialog.
    scenario.send(low).keys("y");
    assert_eq!((scenario.effects.len(), scenario.state.overlays.len()), (0, 1), "the dialog stays, and is deaf");
    scenario.send(enough).keys("y");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Release { .. }]));
}

#[test]
fn what_the_fresh_read_shows_is_in_the_plan() {
    let mut scenario = browsing();
    scenario.keys("j j j space p");
    let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!() };
    let (job, key) = (*job, nics[0].0.clone());
    let mut fresh = scenario.state.inventory.profile(&key.profile).unwrap().snapshot(&key.nic).unwrap();
    fresh.eips.push(eip("eip-new", "203.0.113.9", "eni-1", "10.0.1.21"));
    scenario.send(Msg::Preflight(job, PreflightEvent::Read(key, Ok(Some(Arc::new(fresh))))));
    scenario.send(Msg::Preflight(job, PreflightEvent::Ended));
    let view = scenario.state.plan.as_ref().unwrap();
    assert!(view.plan.rows()[0].findings.iter().any(|finding| finding.id == FindingId::EipAttached));
}

/// The NIC was read, its EIPs were not: what the listing knew of them does not count any more.
#[test]
fn a_nic_around_which_something_can_not_be_read_again_is_blocked() {
    let mut scenario = browsing();
    scenario.keys("j j j space p");
    let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!() };
    let (job, key, seen) = (*job, nics[0].0.clone(), nics[0].1.clone());
    let fault = Box::new(Fault::local(FaultKind::Server, "DescribeEips", "no answer"));
    let fresh = NicSnapshot { eips: vec![], eips_known: false, ..(*seen).clone() };
    scenario.send(Msg::Preflight(job, PreflightEvent::Partly(key.clone(), fault.clone())));
    scenario.send(Msg::Preflight(job, PreflightEvent::Read(key.clone(), Ok(Some(Arc::new(fresh))))));
    scenario.send(Msg::Preflight(job, PreflightEvent::Ended)).keys("c");
    assert_eq!(scenario.notice(), "disabled.plan-all-blocked");
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.rows()[0].decision, Decision::Blocked);
    assert!(view.plan.rows()[0].findings.iter().any(|finding| finding.id == FindingId::EipUnknown));
    assert_eq!(view.fault_of(&key), Some(("heading.unread-around", &*fault)));
    // Read again, and well.
    scenario.keys("b").read_all_again(|fresh| fresh.eips_known = true).keys("c");
    assert_eq!(scenario.state.overlays.len(), 1);
    assert_eq!(scenario.state.plan.as_ref().unwrap().fault_of(&key), None);
}

#[test]
fn a_nic_that_can_not_be_read_again_is_blocked() {
    let mut scenario = browsing();
    scenario.keys("j j j space p");
    let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!() };
    let (job, key) = (*job, nics[0].0.clone());
    let fault = Box::new(Fault::local(FaultKind::Timeout, "x", "no answer"));
    scenario.send(Msg::Preflight(job, PreflightEvent::Read(key, Err(fault))));
    scenario.send(Msg::Preflight(job, PreflightEvent::Ended)).keys("c");
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.rows()[0].decision, Decision::Blocked);
    assert!(view.plan.rows()[0].findings.iter().any(|finding| finding.id == FindingId::NotReadAgain));
    assert_eq!(scenario.notice(), "disabled.plan-all-blocked");
}

#[test]
fn a_nic_that_is_gone_stays_in_the_plan_as_not_listed() {
    let mut scenario = browsing();
    scenario.keys("j j j space p");
    let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!() };
    let (job, key) = (*job, nics[0].0.clone());
    scenario.send(Msg::Preflight(job, PreflightEvent::Read(key, Ok(None))));
    scenario.send(Msg::Preflight(job, PreflightEvent::Ended));
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.rows()[0].findings[0].id, FindingId::NotListed);
}

#[test]
fn dropping_a_row_makes_an_old_plan_no_younger() {
    let mut scenario = browsing();
    scenario.keys("a p").read_again().after_ms(11 * 60 * 1000).keys("space c");
    assert_eq!(scenario.notice(), "notice.plan-old");
    assert!(scenario.state.overlays.is_empty());
}

#[test]
fn dropping_the_last_row_ends_the_reading() {
    let mut scenario = browsing();
    scenario.keys("j j j space p");
    let [Effect::Preflight { job, .. }] = scenario.effects.as_slice() else { panic!() };
    let job = *job;
    scenario.keys("space");
    assert_eq!(scenario.effects, [Effect::Cancel(job)]);
    assert!(scenario.state.plan.is_none());
}

#[test]
fn a_row_can_be_dropped_and_keeps_its_mark() {
    let mut scenario = browsing();
    scenario.keys("a p").read_again();
    let before = scenario.state.plan.as_ref().unwrap().plan.rows().len();
    let marks = scenario.marks();
    scenario.keys("space");
    assert_eq!(scenario.state.plan.as_ref().unwrap().plan.rows().len(), before - 1);
    assert_eq!(scenario.marks(), marks);
    scenario.keys("esc");
    assert_eq!(
        (scenario.state.screen, scenario.state.plan.is_none(), scenario.marks()),
        (Screen::Inventory, true, marks)
    );
}

#[test]
fn a_read_only_profile_is_planned_and_blocked() {
    let mut info = profile("shop", "aliyun");
    info.readonly = true;
    let mut scenario = Scenario::new(vec![info]);
    scenario.listed("shop", shop()).keys("j j j space p").read_again().keys("c");
    assert_eq!(scenario.notice(), "disabled.plan-all-blocked");
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.rows()[0].findings[0].id, FindingId::ReadOnly);
}

#[test]
fn answers_of_an_earlier_read_are_dropped() {
    let mut scenario = browsing();
    scenario.keys("j j j space p");
    let first = scenario.effects.clone();
    scenario.keys("b");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Cancel(JobId(_)), Effect::Preflight { .. }]));
    let [Effect::Preflight { job, .. }] = first.as_slice() else { panic!() };
    scenario.send(Msg::Preflight(*job, PreflightEvent::Ended));
    assert!(matches!(scenario.state.plan.as_ref().unwrap().freshness, Freshness::Reading { .. }));
}

/// Somebody else has released it: while the plan is there its row says so, and then the mark goes.
#[test]
fn the_mark_of_an_address_that_a_plan_found_gone_goes_with_the_plan() {
    let mut scenario = browsing();
    for ip in ["10.0.1.21", "10.0.3.7"] {
        scenario.keys("/").text(ip).keys("enter space F");
    }
    assert_eq!(scenario.marks(), ["eni-1 10.0.1.21", "eni-3 10.0.3.7"]);
    scenario.keys("p");
    scenario.read_all_again(|fresh| fresh.nic.addresses.retain(|address| address.ip != ip("10.0.1.21")));
    assert_eq!(scenario.marks().len(), 2);
    scenario.keys("esc");
    assert_eq!((scenario.marks(), scenario.notice()), (vec!["eni-3 10.0.3.7".to_owned()], "notice.marks-vanished"));
}

/// Of many rows those that need a look are found by a key.
#[test]
fn a_key_goes_to_the_rows_of_a_plan_that_have_something_to_tell() {
    let mut scenario = browsing();
    // Two that just go, and one that may not: it is the backend of a load balancer.
    for ip in ["10.0.1.21", "10.0.3.7", "10.0.3.8"] {
        scenario.keys("/").text(ip).keys("enter space F");
    }
    scenario.keys("p").read_again().keys("g");
    let focused = |scenario: &Scenario| {
        let view = scenario.state.plan.as_ref().unwrap();
        (view.view.cursor, view.plan.rows()[view.view.cursor].worst())
    };
    assert_eq!(focused(&scenario).0, 0);
    scenario.keys("n");
    let first = focused(&scenario);
    assert!(first.0 > 0 && first.1.is_some_and(|worst| worst != nicdeck::domain::finding::Severity::Info), "{first:?}");
    scenario.keys("G n");
    assert_eq!(scenario.notice(), "notice.no-more-findings");
    scenario.keys("g N");
    assert_eq!((focused(&scenario).0, scenario.notice()), (0, "notice.no-more-findings"));
}

/// A plan of the row under the cursor is about what is seen of it, as marks are.
#[test]
fn a_plan_of_a_nic_leaves_out_what_the_filter_leaves_out() {
    let mut scenario = browsing();
    let planned = |scenario: &mut Scenario| {
        scenario.keys("p").read_again();
        let rows = scenario.state.plan.as_ref().unwrap().plan.rows().len();
        scenario.keys("esc");
        rows
    };
    scenario.keys("/").text("10.0.3.7").keys("enter g j");
    assert_eq!((scenario.cursor().as_str(), planned(&mut scenario)), ("n eni-3", 1));
    scenario.keys("F");
    assert_eq!((scenario.cursor().as_str(), planned(&mut scenario)), ("n eni-3", 2));
}

#[test]
fn whoever_looks_for_a_plan_that_was_left_is_told_where_it_went() {
    let mut scenario = browsing();
    scenario.keys("2");
    assert_eq!(scenario.notice(), "disabled.no-plan");
    scenario.keys("a p").read_again().keys("esc 2");
    assert_eq!((scenario.notice(), scenario.state.screen), ("disabled.plan-left", Screen::Inventory));
    scenario.keys("p").read_again();
    assert_eq!(scenario.state.screen, Screen::Plan, "as it says");
    scenario.keys("esc \\ 2");
    assert!(scenario.marks().is_empty());
    assert_eq!(scenario.notice(), "disabled.no-plan", "the marks that it would be made from are gone");
}
