//! Belts, protect rules, overrides, and a plan that has grown old.

use std::sync::Arc;

use nicdeck::{
    app::{confirm::Asked, effect::Effect, key::Input, msg::Msg, notices::Phrase, overlay::Overlay, state::Screen},
    domain::{
        finding::FindingId,
        page::InventoryPage,
        plan::{Belts, Decision},
    },
    filter,
    rules::{Safety, protect::Protect},
};

use super::{
    browse::{browsing, shop},
    scenario::{Scenario, backend, eip, instance, nic, profile},
};

fn guarded(belts: Belts, rules: &[&str]) -> Scenario {
    let mut protect = Protect::default();
    let rules: Vec<filter::Expr> = rules.iter().map(|text| filter::parse(text).unwrap()).collect();
    protect.add(&"shop".into(), &"aliyun".into(), None, &rules);
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    scenario.state.safety = Arc::new(Safety { belts, protect });
    scenario.listed("shop", shop());
    scenario
}

fn sent(scenario: &Scenario) -> usize {
    scenario.state.plan.as_ref().unwrap().plan.operations().len()
}

#[test]
fn a_plan_over_a_belt_goes_when_enough_rows_are_dropped_from_it() {
    let mut scenario = guarded(Belts { per_plan: 2, percent: 100 }, &[]);
    scenario.keys("a p").read_again();
    let rows = scenario.state.plan.as_ref().unwrap().plan.rows().len();
    assert!(rows > 3, "{rows}");
    assert_eq!(sent(&scenario), 0);
    scenario.keys("c");
    assert_eq!((scenario.notice(), scenario.state.overlays.len()), ("disabled.over-belt", 0));
    for left in (2..rows).rev() {
        scenario.keys("space");
        let view = scenario.state.plan.as_ref().unwrap();
        assert_eq!(view.plan.rows().len(), left);
        let all = view.plan.rows().iter().all(|row| (row.findings[0].id == FindingId::OverBelt) == (left > 2));
        assert!(all, "{:?}", view.plan.rows());
    }
    assert!(sent(&scenario) > 0);
    scenario.keys("c");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(_)]));
}

/// Whoever drops as many rows as one belt asks for should not be told of the next one then.
#[test]
fn all_belts_that_a_plan_is_over_are_told_at_once() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    scenario.state.safety = Arc::new(Safety { belts: Belts { per_plan: 12, percent: 1 }, ..Safety::default() });
    let ips: Vec<String> = (1..15).map(|last| format!("10.0.1.{last}")).collect();
    let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
    let nics = vec![nic("eni-1", Some("i-1"), &ips)];
    let page = InventoryPage { instances: vec![instance("i-1", "web-1")], nics, ..InventoryPage::default() };
    scenario.listed("shop", page);
    scenario.keys("a p").read_again().keys("c");
    assert_eq!(scenario.notice(), "disabled.over-belts");
    let phrase = &scenario.state.notices.current(scenario.state.now).unwrap().phrase;
    assert!(phrase.values.contains(&("profiles", "shop 13/10".to_owned())), "{phrase:?}");
    // The page of a row knows them as well: what helps against one alone leaves the other.
    let view = scenario.state.plan.as_ref().unwrap();
    let found = view.found(&view.plan.rows()[0]);
    let most: Vec<_> = found.iter().filter(|one| one.id == FindingId::OverBelt).flat_map(|one| &one.values).collect();
    let most = most.iter().filter(|(name, _)| *name == "most").map(|(_, most)| &**most).collect::<Vec<_>>();
    assert_eq!(most, ["12", "10"]);
}

#[test]
fn every_profile_that_is_over_its_belt_is_named() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun"), profile("edge", "aliyun")]);
    let ips = |third: u8| (1..15).map(|last| format!("10.0.{third}.{last}")).collect::<Vec<_>>();
    for (name, third, count) in [("shop", 1, 14), ("edge", 2, 13)] {
        let ips = ips(third);
        let ips: Vec<&str> = ips.iter().take(count).map(String::as_str).collect();
        let nics = vec![nic(&format!("eni-{third}"), Some("i-1"), &ips)];
        let page = InventoryPage { instances: vec![instance("i-1", "web-1")], nics, ..InventoryPage::default() };
        scenario.listed(name, page);
    }
    scenario.keys("a p").read_again().keys("c");
    let notice = scenario.state.notices.current(scenario.state.now).unwrap();
    assert_eq!(notice.phrase, Phrase::new("disabled.over-shares").with("profiles", "shop 13/10, edge 12/10"));
}

#[test]
fn what_is_protected_can_not_be_marked_and_stays_blocked_in_a_plan() {
    let mut scenario = guarded(Belts::default(), &["tag:none", "nic:eni-1"]);
    scenario.keys("j j j space");
    assert_eq!((scenario.notice(), scenario.marks()), ("notice.cannot-mark", vec![]));
    scenario.keys("p").read_again().keys("c");
    assert_eq!(scenario.notice(), "disabled.plan-all-blocked");
    let finding = &scenario.state.plan.as_ref().unwrap().plan.rows()[0].findings[0];
    assert_eq!(finding.id, FindingId::Protected);
    assert!(finding.values.contains(&("rule", "2".to_owned())), "{finding:?}");
    // Nothing on it is marked with everything else.
    scenario.keys("esc a");
    assert!(!scenario.marks().is_empty() && scenario.marks().iter().all(|mark| !mark.starts_with("eni-1")));
    scenario.keys("g j D");
    assert_eq!(scenario.notice(), "notice.cannot-detach");
}

/// A plan of one address whose EIPs could not be read.
fn untold() -> Scenario {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_all_again(|fresh| fresh.eips_known = false);
    assert_eq!(sent(&scenario), 0);
    scenario
}

#[test]
fn what_is_not_known_is_sent_for_a_written_reason() {
    let mut scenario = untold();
    scenario.keys("!").text("ticket").keys("enter");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Reason(reason)] if reason.too_short));
    assert_eq!(sent(&scenario), 0);
    scenario.send(Msg::Input(Input::Paste(" 4711\n".to_owned()))).keys("enter");
    assert!(scenario.state.overlays.is_empty() && scenario.effects.is_empty());
    let view = scenario.state.plan.as_ref().unwrap();
    assert_eq!(view.plan.operations()[0].overrides[0].reason, "ticket 4711");
    assert_eq!((view.danger.level, view.effects.overridden), (3, 1));
    scenario.keys("c").after_ms(400);
    let [Overlay::Confirm(dialog)] = scenario.state.overlays.as_slice() else { panic!() };
    assert_eq!(dialog.danger.phrase, Asked::Typed("acme-shop 1".to_owned()));
    scenario.text("acme-shop 1").keys("enter");
    let [Effect::Release { plan, confirmed, .. }] = scenario.effects.as_slice() else { panic!() };
    assert_eq!((plan.operations()[0].overrides.len(), plan.hash()), (1, *confirmed));
}

#[test]
fn an_override_is_cancelled_by_esc_and_taken_back_by_its_own_key() {
    let mut scenario = untold();
    scenario.keys("!").text("nobody uses it").keys("esc");
    assert_eq!((scenario.state.screen, sent(&scenario)), (Screen::Plan, 0));
    scenario.keys("!").text("nobody uses it").keys("enter");
    assert_eq!(sent(&scenario), 1);
    scenario.keys("!");
    assert_eq!((scenario.notice(), sent(&scenario)), ("notice.override-taken-back", 0));
    assert!(scenario.state.overlays.is_empty());
}

#[test]
fn an_override_stands_while_nothing_else_is_found_and_falls_with_a_word_when_it_is() {
    let mut scenario = untold();
    scenario.keys("!").text("nobody uses it").keys("enter b").read_all_again(|fresh| fresh.eips_known = false);
    assert_eq!((sent(&scenario), scenario.notice()), (1, "notice.plan-same"));
    // More is not known.
    scenario.keys("b").read_all_again(|fresh| (fresh.eips_known, fresh.backends_known) = (false, false));
    assert_eq!((sent(&scenario), scenario.notice()), (0, "notice.overrides-fell"));
    // It does not come back by itself.
    scenario.keys("b").read_all_again(|fresh| (fresh.eips_known, fresh.backends_known) = (false, true));
    assert_eq!(sent(&scenario), 0);
    assert!(scenario.state.plan.as_ref().unwrap().overruled.is_empty());
}

#[test]
fn neither_a_violation_nor_what_is_known_can_be_overridden() {
    let mut info = profile("shop", "aliyun");
    info.readonly = true;
    let mut scenario = Scenario::new(vec![info]);
    scenario.listed("shop", shop()).keys("j j j space p").read_again().keys("!");
    assert_eq!((scenario.notice(), scenario.state.overlays.len()), ("disabled.override-blocked", 0));
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().keys("!");
    assert_eq!((scenario.notice(), scenario.state.overlays.len()), ("disabled.override-known", 0));
}

const OLD: u64 = 11 * 60 * 1000;

#[test]
fn an_old_plan_is_read_again_by_itself_and_its_changed_rows_are_named() {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().after_ms(OLD).keys("c");
    assert_eq!(scenario.notice(), "notice.plan-old");
    assert!(scenario.state.overlays.is_empty());
    scenario.read_all_again(|fresh| {
        fresh.eips.push(eip("eip-new", "203.0.113.9", "eni-1", "10.0.1.21"));
        fresh.backends.push(backend("lb-new", "10.0.1.21"));
    });
    let notice = scenario.state.notices.current(scenario.state.now).unwrap();
    assert_eq!(notice.phrase.key, "notice.plan-rows-changed");
    assert_eq!(notice.phrase.values, [("rows", "10.0.1.21".to_owned())]);
    assert!(scenario.state.overlays.is_empty(), "whoever asked looks at it first");
    scenario.keys("c");
    assert_eq!(scenario.state.overlays.len(), 1);
    scenario.after_ms(400).keys("esc").after_ms(OLD).keys("c").read_again();
    assert_eq!(scenario.notice(), "notice.plan-same");
}

#[test]
fn a_dialog_that_stood_open_for_long_sends_nothing() {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().keys("c").after_ms(OLD).keys("y");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Preflight { .. }]), "{:?}", scenario.effects);
    assert_eq!((scenario.notice(), scenario.state.screen), ("notice.plan-old", Screen::Plan));
    let view = scenario.state.plan.as_ref().unwrap();
    assert!(view.plan.rows().iter().all(|row| matches!(row.decision, Decision::Go(_))));
}

#[test]
fn a_key_that_is_held_down_confirms_nothing() {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().keys("c").after_ms(200).keys("y");
    for _ in 0..30 {
        scenario.after_ms(30).keys("y");
        assert!(scenario.effects.is_empty() && scenario.state.overlays.len() == 1);
    }
    scenario.after_ms(300).keys("y");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Release { .. }]));
}

#[test]
fn another_key_than_the_one_held_down_is_taken() {
    let mut scenario = browsing();
    scenario.keys("j j j space p").read_again().keys("c").after_ms(299).keys("c").after_ms(20).keys("y");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Release { .. }]));
}
