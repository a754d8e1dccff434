//! Small things that a screen has to tell: what a key, a column or a row is about just then.

use std::sync::Arc;

use nicdeck::{
    app::{
        effect::Effect,
        geometry::Size,
        msg::{Msg, PreflightEvent, ReleaseEvent},
        notices::{Loudness, Phrase},
        state::{Language, State},
    },
    domain::{
        fault::FaultKind,
        ids::OperationId,
        journal::{EipImage, JournalEntry},
        outcome::Progress,
        page::InventoryPage,
        plan::{Belts, Decision, OperationKind},
    },
    rules::Safety,
    ui::{
        skin::{Borders, Skin},
        theme::{Depth, Role, ThemeName},
    },
};

use super::{frame, layers, skin, small::resized, world};
use crate::update::scenario::{self, Scenario};

const SMALL: Size = Size { columns: 80, rows: 24 };
const MIDDLE: Size = Size { columns: 120, rows: 40 };

fn text(state: &State) -> String {
    layers::text(&frame(state, &skin(ThemeName::Dark)).0)
}

#[track_caller]
fn shows(state: &State, wanted: &str) {
    assert!(text(state).contains(wanted), "{wanted:?} is not in\n{}", text(state));
}

#[test]
fn a_term_that_is_half_typed_is_named() {
    let mut scenario = world::listed(SMALL, Language::English);
    scenario.keys("/").text("10.0.1.0/");
    shows(&scenario.state, "`10.0.1.0/` is half typed. The list leaves it out for now.");
    scenario.keys("esc /").text("nowhere");
    shows(&scenario.state, "None of 29 addresses match `nowhere`.");
    scenario.keys("esc /").text("7.0.1.2");
    shows(&scenario.state, "None of 29 addresses match `7.0.1.2`.");
    shows(&scenario.state, "A part of an address begins with a");
}

#[test]
fn a_pane_that_can_not_have_the_keys_says_how_it_is_read_whole() {
    for (size, notice) in [(MIDDLE, "disabled.pane-follows"), (SMALL, "disabled.one-pane")] {
        let mut scenario = world::planned(size, Language::English);
        scenario.keys("tab");
        assert_eq!(scenario.notice(), notice);
    }
}

#[test]
fn help_is_searched_by_keys_as_they_are_typed() {
    for (typed, keys) in
        [("ctrl-d", "ctrl-d"), ("ctrl", "ctrl-u"), ("CTRL-F", "ctrl-f"), ("spa", "space"), ("pgd", "pgdn")]
    {
        let mut scenario = world::listed(SMALL, Language::English);
        scenario.keys("?").text(typed);
        let found = text(&scenario.state);
        assert!(found.lines().skip(2).any(|line| line.contains(keys)), "{typed}\n{found}");
    }
    // One letter is that key: a capital one is another.
    let mut scenario = world::listed(MIDDLE, Language::English);
    scenario.keys("?").text("D");
    shows(&scenario.state, "mark the whole NIC");
}

#[test]
fn a_message_of_three_lines_is_whole() {
    let mut state = world::listed(SMALL, Language::English).state;
    let path = format!("/home/{}/exports/nicdeck-inventory-20261122T104952Z.md", "long-name/".repeat(9));
    state.notices.say(state.now, Loudness::Info, Phrase::new("notice.config-written").with("path", &path));
    let drawn: String = text(&state).split_whitespace().collect();
    assert!(drawn.contains(&path), "{}", text(&state));
}

#[test]
fn a_window_too_small_for_a_screen_tells_the_message_and_the_way_out() {
    let tiny = Size { columns: 30, rows: 8 };
    let mut scenario = world::planned(SMALL, Language::English);
    let flat = |state: &State| text(state).split_whitespace().collect::<Vec<_>>().join(" ");
    scenario.keys("e");
    let state = resized(scenario.state.clone(), tiny);
    assert!(flat(&state).contains("needs 40x10: enlarge the window esc closes what is open"), "{}", text(&state));
    scenario.keys("esc Z");
    let state = resized(scenario.state.clone(), tiny);
    assert!(flat(&state).contains("No such key here"), "{}", text(&state));
    assert!(!flat(&state).contains("esc closes"), "nothing is open\n{}", text(&state));
}

#[test]
fn a_column_that_is_scrolled_away_says_how_it_comes_back() {
    let mut scenario = world::listed(SMALL, Language::English);
    scenario.keys("t f");
    assert!(!text(&scenario.state).contains("scrolled away"));
    scenario.keys("esc l l f");
    let drawn = text(&scenario.state);
    let row = |name: &str| drawn.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(row("KIND").contains("scrolled away; h scrolls back"), "{drawn}");
    assert!(row("STATE").contains("scrolled away; h scrolls back"), "{drawn}");
    assert!(row("REGION ").contains("no room"), "{drawn}");
}

#[test]
fn a_marked_nic_is_seen_in_the_table() {
    for size in [Size { columns: 200, rows: 60 }, SMALL] {
        let mut scenario = world::listed(size, Language::English);
        let row = |state: &State| {
            let drawn = text(state);
            drawn.lines().find(|line| line.contains("10.8.1.12 ")).unwrap().to_owned()
        };
        world::go(&mut scenario, "n 1200540091");
        scenario.keys("D");
        if size == SMALL {
            scenario.keys("t /").text("10.8.1").keys("enter");
        }
        assert!(row(&scenario.state).contains("detach"), "{}", text(&scenario.state));
    }
}

#[test]
fn the_beginning_of_the_header_stays_where_it_is_when_something_is_marked() {
    for columns in [60, 80, 90, 100, 120, 200] {
        let size = Size { columns, rows: 30 };
        let mut scenario = world::listed(size, Language::English);
        let header = |state: &State| text(state).lines().next().unwrap().chars().take(24).collect::<String>();
        let before = header(&scenario.state);
        world::mark(&mut scenario, &["10.0.1.21"]);
        assert_eq!(header(&scenario.state), before, "at {columns} columns");
    }
}

#[test]
fn a_whole_nic_of_a_plan_names_its_addresses() {
    for (size, wanted) in [
        // What becomes of it has its own place beside.
        (Size { columns: 60, rows: 24 }, "NIC (3"),
        (SMALL, "whole NIC (3)    \u{2192} free"),
        (MIDDLE, "whole NIC (3)    \u{2192} free"),
        (Size { columns: 200, rows: 60 }, "whole NIC (3): 10.8.1.11, 10.8.1.12 +1        attached \u{2192} free"),
    ] {
        shows(&world::planned(size, Language::English).state, wanted);
    }
    let mut scenario = world::planned(MIDDLE, Language::English);
    scenario.keys("G");
    let drawn = text(&scenario.state);
    let pane: Vec<&str> = drawn.lines().filter_map(|line| line.split_once('│')).map(|(_, pane)| pane).collect();
    for ip in ["10.8.1.11", "10.8.1.12", "10.8.1.13"] {
        assert!(pane.iter().any(|line| line.contains(ip)), "{ip}\n{drawn}");
    }
}

/// The rule's name alone tells nobody why, and in the table no row of the NIC does.
#[test]
fn what_can_not_be_marked_says_why() {
    let mut scenario = world::listed(MIDDLE, Language::English);
    scenario.keys("t D");
    shows(
        &scenario.state,
        "Can not be detached (primary-nic): This is the instance's primary NIC; it can never be detached.",
    );
    scenario.keys("space");
    shows(&scenario.state, "Can not go, so it is not marked (primary-ip): This is the NIC's own address");
}

#[test]
fn an_address_whose_nic_is_marked_to_go_leaves_with_it() {
    for (size, borders, sign) in
        [(MIDDLE, Borders::Unicode, '\u{2192}'), (SMALL, Borders::Unicode, '\u{2192}'), (SMALL, Borders::Ascii, '-')]
    {
        let skin = Skin::new(ThemeName::Mono, Depth::True, borders).unwrap();
        let rows = |state: &State| {
            let drawn = layers::text(&frame(state, &skin).0);
            // The list alone: the pane beside it tells of the NIC as well.
            let list = |line: &str| line.chars().take(76).collect::<String>();
            drawn
                .lines()
                .map(list)
                .filter(|line| line.contains("10.8.1.1") && line.contains("ary "))
                .collect::<Vec<_>>()
        };
        let mut scenario = world::listed(size, Language::English);
        world::go(&mut scenario, "n 1200540091");
        scenario.keys("j j j k k k");
        let before = rows(&scenario.state);
        scenario.keys("D");
        assert_eq!(scenario.marks().len(), 1, "{:?}", scenario.notice());
        let after = rows(&scenario.state);
        assert!(before.len() >= 3 && before.len() == after.len(), "{before:#?}");
        for (before, after) in before.iter().zip(&after) {
            let (old, new) = (before.split_once("10.8.1.1").unwrap(), after.split_once("10.8.1.1").unwrap());
            assert!(new.0.contains(sign), "{after}");
            assert_eq!(old.0.chars().count(), new.0.chars().count(), "{after}");
            assert_eq!(old.1, new.1, "only the sign is another");
        }
    }
    for (language, wanted) in
        [(Language::English, "Leaves with 1200540091, which is marked"), (Language::Chinese, "将随 1200540091 离开")]
    {
        for size in [SMALL, MIDDLE] {
            let mut scenario = world::listed(size, language);
            world::go(&mut scenario, "n 1200540091");
            scenario.keys("D j j");
            if size == SMALL {
                scenario.keys("enter");
            }
            let page = text(&scenario.state).replace("  ", "");
            assert!(page.contains(&wanted.replace("  ", "")), "{page}");
            assert!(!page.contains("UnassignNetworkInterfaceIpv4"), "{page}");
            // Marked itself it has a call of its own.
            scenario.keys(if size == SMALL { "space" } else { "space k" });
            let marked = text(&scenario.state).replace("  ", "");
            let itself = if language == Language::English {
                "arked itself as well: it goes first"
            } else {
                "自身也已标记"
            };
            assert!(marked.replace(' ', "").contains(&itself.replace(' ', "")), "{marked}");
        }
    }
}

#[test]
fn belts_say_what_they_count_and_what_has_no_room_stands_on_the_page() {
    shows(&world::planned(MIDDLE, Language::English).state, "6 of 100 addresses per plan, 2 of them with NICs");
    let mut narrow = world::planned(Size { columns: 60, rows: 24 }, Language::English);
    shows(&narrow.state, "6 of 100 addresses, 4 of 10 of shop-hz");
    narrow.keys("enter G");
    shows(&narrow.state, "2 of them with NICs");
}

#[test]
fn the_confirm_of_an_undo_names_what_does_not_come_back() {
    for size in [SMALL, MIDDLE] {
        let state = world::screen("undo-confirm", size);
        shows(&state, "Does not come back:");
        shows(&state, "10.0.1.31 eip-9 (203.0.113.7)");
        shows(&state, "Confirm the undo of #1 ");
        shows(&state, "There is no EIP");
        assert!(!text(&state).contains("nothing else changes"), "{}", text(&state));
    }
    shows(&world::screen("undo", MIDDLE), "3 rows do not come back");
}

/// Of an EIP that was on a NIC the cloud may not tell on which of its addresses.
#[test]
fn the_confirm_of_an_undo_names_an_eip_that_is_not_bound_again_by_its_public_address() {
    let mut records = world::taken_from_balancers(0);
    for record in &mut records {
        let JournalEntry::Intent(intent) = record else { continue };
        let (OperationKind::Detach { .. }, Some(image)) = (&intent.kind, &mut intent.image) else { continue };
        let eip = |id: &str, ip| EipImage { id: id.into(), ip, on: None };
        image.eips = vec![eip("eip-7", Some(scenario::ip("203.0.113.70"))), eip("eip-8", None)];
    }
    for (language, wanted) in [
        (Language::English, "eip-7 (203.0.113.70), eip-8 was on eni-bp1spare7"),
        (Language::Chinese, "eip-7 (203.0.113.70), eip-8 曾在网卡 eni-bp1spare7"),
    ] {
        let mut scenario = world::taking_back_of(MIDDLE, language, &records);
        scenario.keys("c").after_ms(400);
        let wanted: String = wanted.split_whitespace().collect();
        let drawn: String = text(&scenario.state).chars().filter(|c| !c.is_whitespace() && *c != '│').collect();
        assert!(drawn.contains(&wanted), "{}", text(&scenario.state));
    }
}

/// Each sign that can stand before an address, as it is drawn there.
#[test]
fn the_help_explains_the_signs_of_marks() {
    for (language, said) in [
        (Language::English, "leaves with its NIC, which is marked to be detached"),
        (Language::Chinese, "将随网卡离开（该网卡已标记为卸载）"),
    ] {
        for size in [SMALL, MIDDLE] {
            let mut scenario = world::listed(size, language);
            scenario.keys("?").text("→");
            let drawn = text(&scenario.state);
            assert!(drawn.contains("▣ · →  "), "{drawn}");
            let drawn: String = drawn.chars().filter(|c| !c.is_whitespace() && *c != '│').collect();
            assert!(drawn.contains(&said.replace(' ', "")), "{}", text(&scenario.state));
        }
    }
}

/// Whatever room is left for its hash.
#[test]
fn a_plan_of_an_undo_names_its_batch_at_every_width() {
    for (language, wanted) in [(Language::English, "again (undo of #1)"), (Language::Chinese, "#1")] {
        for columns in [80, 90, 100, 120] {
            let state =
                world::taking_back_of(Size { columns, rows: 24 }, language, &world::taken_from_balancers(1)).state;
            let line = text(&state).lines().nth(1).unwrap().to_owned();
            assert!(line.contains(wanted) && line.contains('3'), "{columns}: {line}");
        }
    }
}

/// What could not be read is not new: the header has the listing's age, and the summary says what failed.
#[test]
fn a_plan_of_which_nothing_could_be_read_is_not_read_just_now() {
    for (language, none, new) in [
        (Language::English, "no NIC could be read again; 1 stays out", "just now"),
        (Language::Chinese, "1 块网卡均未能重新读取，不会处理", "刚刚"),
    ] {
        let mut scenario = world::listed(MIDDLE, language);
        world::mark(&mut scenario, &["10.8.1.12"]);
        scenario.after_ms(3 * 60_000).keys("p");
        let [Effect::Preflight { job, nics }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
        let (job, key) = (*job, nics[0].0.clone());
        let fault = Box::new(world::fault(FaultKind::Unreachable, "x", "no route to host"));
        scenario.send(Msg::Preflight(job, PreflightEvent::Read(key, Err(fault))));
        scenario.send(Msg::Preflight(job, PreflightEvent::Ended));
        let drawn = text(&scenario.state).replace(' ', "");
        let header = drawn.lines().next().unwrap();
        assert!(header.contains('3') && !header.contains(&new.replace(' ', "")), "{}", text(&scenario.state));
        assert!(drawn.contains(&none.replace(' ', "")), "{}", text(&scenario.state));
        assert!(scenario.state.plan.as_ref().unwrap().is_to_read(scenario.state.now));
    }
}

/// Of many accounts one name is typed, the first: it is the first of the list as well, wherever the config has it.
#[test]
fn the_account_whose_name_is_typed_stands_first_in_the_dialog() {
    let names = ["shop", "pay", "game", "edge"];
    let mut scenario = Scenario::sized(names.iter().map(|name| scenario::profile(name, "aliyun")).collect(), MIDDLE);
    for (name, ips) in names.iter().zip([2, 2, 4, 2]) {
        let ips: Vec<String> = (1..=ips).map(|nth| format!("10.0.1.{nth}")).collect();
        let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
        let nics = vec![scenario::nic("eni-1", Some("i-1"), &ips)];
        let instances = vec![scenario::instance("i-1", "web-1")];
        scenario.listed(name, InventoryPage { instances, nics, ..InventoryPage::default() });
    }
    scenario.keys("a");
    // With a whole NIC it is of danger 3.
    world::go(&mut scenario, "n eni-1");
    scenario.keys("D p").read_again().keys("c");
    let drawn = text(&scenario.state);
    let at = |wanted: &str| drawn.find(wanted).unwrap_or_else(|| panic!("{wanted:?} is not in\n{drawn}"));
    assert!(drawn.contains("acme-game +3"), "{drawn}");
    assert!(
        at("game (acme-game)") < at("shop (acme-shop)") && at("shop (acme-shop)") < at("edge (acme-edge)"),
        "{drawn}"
    );
}

/// Also where every row goes: what was behind a load balancer is not added to it again.
#[test]
fn an_undo_counts_the_backends_that_it_does_not_add_again() {
    for (language, wanted, none) in [
        (Language::English, "2 LB backends are not added again", "nothing else changes"),
        (Language::Chinese, "2 个负载均衡后端不会加回", "没有其他影响"),
    ] {
        let mut scenario = world::taking_back_of(MIDDLE, language, &world::taken_from_balancers(1));
        // The rows that are blocked are left out: they are another matter.
        for _ in 0..scenario.state.plan.as_ref().unwrap().plan.rows().len() {
            let view = scenario.state.plan.as_ref().unwrap();
            let going = matches!(view.plan.rows()[view.view.cursor].decision, Decision::Go(_));
            scenario.keys(if going { "j" } else { "space" });
        }
        let plain = |state: &State| text(state).replace(' ', "");
        let view = scenario.state.plan.as_ref().unwrap();
        assert_eq!((view.plan.blocked(), view.plan.rows().len() > 1), (0, true), "{}", text(&scenario.state));
        assert!(plain(&scenario.state).contains(&wanted.replace(' ', "")), "{}", text(&scenario.state));
        assert!(!plain(&scenario.state).contains(&none.replace(' ', "")), "{}", text(&scenario.state));
        scenario.keys("enter G");
        assert!(plain(&scenario.state).contains(&wanted.replace(' ', "")), "{}", text(&scenario.state));
    }
}

#[test]
fn three_acts_and_a_failure_have_room_in_the_history() {
    for (language, wanted) in [
        (Language::English, ["undo: assign 3, attach 1, bind 1 EIP", "4 done, 1 failed"]),
        (Language::Chinese, ["撤回：分配 3、挂载 1、绑定 EIP 1", "完成 4、失败 1"]),
    ] {
        let mut state = world::screens(SMALL, language).into_iter().find(|(name, _)| *name == "history").unwrap().1;
        let batch = &mut state.history.listed.as_mut().unwrap().summaries[0];
        batch.undoes = Some("f00d00-1".to_owned());
        (batch.acts, batch.results) = ([0, 0, 3, 1, 1, 0], [4, 0, 0, 1, 0, 0, 0, 0, 0]);
        for words in wanted {
            let drawn = text(&state).replace(' ', "");
            assert!(drawn.contains(&words.replace(' ', "")), "{words}\n{}", text(&state));
        }
    }
}

#[test]
fn what_a_batch_does_to_a_row_of_the_inventory_is_whole() {
    for language in [Language::English, Language::Chinese] {
        let mut scenario = world::running(SMALL, language);
        let job = scenario.state.run.as_ref().unwrap().job;
        for operation in 0..8 {
            let progress = Progress::ReadingBack { lost: false, up_to_ms: 9_000 };
            scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(operation), progress)));
        }
        scenario.keys("1 F");
        world::go(&mut scenario, "n 1200540091");
        let words = skin(ThemeName::Dark).words(language).word("outcome.reading-back").to_owned();
        let drawn = text(&scenario.state);
        let row = drawn.lines().find(|line| line.contains("1200540091")).unwrap();
        assert!(row.replace(' ', "").contains(&words.replace(' ', "")) && !row.contains('~'), "{drawn}");
    }
}

#[test]
fn the_page_of_a_row_tells_every_belt_and_what_is_not_broken_is_not_red() {
    let mut scenario = world::marked(MIDDLE, Language::English);
    let belts = Belts { per_plan: 2, percent: 1 };
    scenario.state.safety = Arc::new(Safety { belts, ..Safety::default() });
    scenario.keys("p");
    scenario.read_again();
    scenario.keys("enter");
    shows(&scenario.state, "one plan takes at most 2");
    let skin = skin(ThemeName::Dark);
    let (buffer, _) = frame(&scenario.state, &skin);
    let (row, columns) = layers::columns(&buffer, &["0 protected"]);
    assert_ne!(buffer[(columns[0], row)].fg, skin.style(Role::Blocked).fg.unwrap(), "{}", text(&scenario.state));
}

#[test]
fn a_first_screen_that_is_longer_than_its_window_names_the_keys_that_scroll() {
    for (language, word) in [(Language::English, "j k scroll"), (Language::Chinese, "j k 滚动")] {
        for (size, cut) in [(Size { columns: 80, rows: 16 }, true), (Size { columns: 200, rows: 60 }, false)] {
            let welcome =
                |name: &str| world::screens(size, language).into_iter().find(|(known, _)| *known == name).unwrap().1;
            for name in ["welcome", "welcome-found"] {
                let drawn = text(&welcome(name));
                let keys = drawn.trim_end().lines().last().unwrap().replace(' ', "");
                assert_eq!(keys.contains(&word.replace(' ', "")), cut, "{name}\n{drawn}");
            }
        }
    }
}

/// What is read again for a plan are its NICs; the list that a finding hangs on may be older, and both have to be true.
#[test]
fn a_finding_names_the_listing_that_its_older_data_is_from() {
    for (language, wanted) in
        [(Language::English, "4 min ago, from the listing of NICs"), (Language::Chinese, "4 分钟前（列表：网卡）")]
    {
        let mut scenario = world::listed(MIDDLE, language);
        let belts = Belts { per_plan: 1, percent: 100 };
        scenario.state.safety = Arc::new(Safety { belts, ..Safety::default() });
        scenario.after_ms(4 * 60_000);
        world::mark(&mut scenario, &["10.0.1.21", "10.0.1.22"]);
        scenario.keys("p");
        scenario.read_again();
        scenario.keys("enter");
        let drawn = text(&scenario.state).replace(' ', "");
        assert!(drawn.contains(&wanted.replace(' ', "")), "{}", text(&scenario.state));
        let now = skin(ThemeName::Dark).words(language).word("time.just-now").replace(' ', "");
        assert!(drawn.lines().next().unwrap().contains(&now), "the header tells the plan's age\n{drawn}");
    }
}
