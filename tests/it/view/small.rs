//! Small windows: what a plan does, how much, and how to leave are never cut off; who is changed is always named.

use nicdeck::{
    app::{
        geometry::Size,
        key::Input,
        msg::Msg,
        state::{Language, State},
        update::update,
    },
    ui::{self, theme::ThemeName},
};
use ratatui::{buffer::Buffer, layout::Rect};

use super::{frame, layers, skin, world};

const SMALLEST: Size = Size { columns: 40, rows: 10 };
const CONFIRMS: Size = Size { columns: 60, rows: 16 };

fn text(state: &State) -> String {
    layers::text(&frame(state, &skin(ThemeName::Dark)).0)
}

pub fn resized(mut state: State, size: Size) -> State {
    let now = state.now;
    update(&mut state, now, Msg::Input(Input::Resize { columns: size.columns, rows: size.rows }));
    state
}

/// Without frames and line ends: what is wrapped is whole again.
fn flat(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || "│▌".contains(c))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[track_caller]
fn shows(state: &State, wanted: &[&str]) {
    let text = text(state);
    for wanted in wanted {
        assert!(flat(&text).contains(wanted), "{wanted:?} is not in\n{text}");
    }
}

#[test]
fn a_plan_says_what_it_does_and_how_to_leave_in_the_smallest_window() {
    let state = world::planned(SMALLEST, Language::English).state;
    let rows = ["10.0.1.21", "10.0.1.22", "release", "! eip-attac"];
    shows(&state, &["release 4 addresses and detach 1 NIC", "c confirm", "esc back", "shop-hz, edge"]);
    shows(&state, &rows);
    let mut scenario = world::planned(SMALLEST, Language::English);
    scenario.keys("G");
    shows(&scenario.state, &["whole NIC", "DETACH"]);
    let state = world::planned(SMALLEST, Language::Chinese).state;
    shows(&state, &["释放 4 个地址，卸载 1 块网卡", "c 确认", "esc 返回"]);
}

#[test]
fn a_window_too_small_to_confirm_in_says_so() {
    let mut scenario = world::planned(SMALLEST, Language::English);
    scenario.keys("c");
    assert!(scenario.state.overlays.is_empty());
    shows(&scenario.state, &["window is too small"]);
    let shrunk = resized(world::confirming(CONFIRMS, Language::English).state, SMALLEST);
    shows(&shrunk, &["too small to confirm safely", "60x16", "nothing is sent", "esc cancel"]);
}

#[test]
fn a_dialog_that_can_be_confirmed_shows_all_or_scrolls() {
    for (size, language) in [(CONFIRMS, Language::English), (Size { columns: 80, rows: 24 }, Language::English)] {
        let state = world::confirming(size, language).state;
        shows(&state, &["Release 4 addresses and detach 1 NIC", "acme-shop acme-edge 5", "Cancel", "nothing is sent"]);
    }
    let all = ["release 4 addresses", "detach 1 NIC", "goes on costing", "load-balancer", "rows with warnings"];
    let mut scenario = world::confirming(CONFIRMS, Language::English);
    let mut seen = String::new();
    for _ in 0..12 {
        seen.push_str(&flat(&text(&scenario.state)));
        scenario.keys("down");
    }
    for wanted in all {
        assert!(seen.contains(wanted), "{wanted:?} is never in sight\n{}", text(&scenario.state));
    }
}

/// However long it is: an undo of addresses that were behind six load balancers each.
#[test]
fn the_end_of_a_long_dialog_is_reached_and_left_at_once() {
    for language in [Language::English, Language::Chinese] {
        let mut scenario = world::taking_back_of(CONFIRMS, language, &world::taken_from_balancers(6));
        scenario.keys("c").after_ms(400);
        let drawn = |scenario: &mut crate::update::scenario::Scenario| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, CONFIRMS.columns, CONFIRMS.rows));
            let ends = ui::draw(&scenario.state, &skin(ThemeName::Dark), &mut buffer).ends.unwrap();
            scenario.send(Msg::Ends(ends));
            (layers::text(&buffer), ends)
        };
        let (_, ends) = drawn(&mut scenario);
        assert!(ends > 18, "{ends} lines are a test of nothing");
        for _ in 0..20 {
            scenario.keys("pgdn");
            drawn(&mut scenario);
        }
        let (text, _) = drawn(&mut scenario);
        let (warned, end) = match language {
            Language::English => ("rows with warnings", "that is all"),
            Language::Chinese => ("行有提醒", "已到末尾"),
        };
        assert!(text.contains(end), "{text}");
        assert!(flat(&text).replace(' ', "").contains(&warned.replace(' ', "")), "{text}");
        scenario.keys("up");
        assert_ne!(drawn(&mut scenario).0, text, "a line up");
    }
}

#[test]
fn the_dialog_stands_in_the_middle_of_the_screen() {
    let state = world::confirming(Size { columns: 200, rows: 60 }, Language::English).state;
    let text = text(&state);
    let line = text.lines().find(|line| line.contains("─ Confirm ─")).unwrap();
    let left = line.chars().position(|c| c == '╭').unwrap();
    let right = line.chars().position(|c| c == '╮').unwrap();
    assert!((left + right).abs_diff(199) <= 1, "from {left} to {right}");
}

#[test]
fn the_header_names_who_is_changed() {
    for size in [Size { columns: 80, rows: 24 }, Size { columns: 200, rows: 60 }] {
        for state in [
            world::planned(size, Language::English).state,
            world::confirming(size, Language::English).state,
            world::running(size, Language::English).state,
            world::results(size, Language::English).state,
        ] {
            let text = text(&state);
            let header = text.lines().next().unwrap();
            assert!(header.contains(" PROD  shop-hz, edge"), "{header}");
            assert!(!header.contains("29 addresses"), "all that was listed is not what is changed: {header}");
        }
    }
    let text = text(&world::marked(Size { columns: 80, rows: 24 }, Language::English).state);
    assert!(text.lines().next().unwrap().contains("shop-hz +1 profile"), "{text}");
}

/// Only one of two profiles is changed: the other, although it is production, is not named.
#[test]
fn the_header_names_nobody_else() {
    let mut scenario = world::listed(Size { columns: 80, rows: 24 }, Language::English);
    world::mark(&mut scenario, &["10.8.1.12"]);
    scenario.keys("p");
    let text = text(&scenario.state);
    let header = text.lines().next().unwrap();
    assert!(header.contains("edge") && !header.contains("shop-hz") && !header.contains("PROD"), "{header}");
}

#[test]
fn a_row_whose_answer_was_lost_says_so() {
    use nicdeck::domain::outcome::{Outcome, Progress};
    let mut state = world::results(Size { columns: 200, rows: 60 }, Language::English).state;
    let released = |progress: &Progress| matches!(progress, Progress::Settled(Outcome::Released { .. }));
    assert!(!text(&state).contains("answer lost"));
    let row = state.run.as_mut().unwrap().rows.iter_mut().find(|row| released(&row.progress)).unwrap();
    row.lost = true;
    shows(&state, &["answer lost; read back and gone"]);
}
