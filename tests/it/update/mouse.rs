//! The mouse: a press takes the focus, marks, folds or sorts; the wheel scrolls. Nothing is planned or confirmed by it.

use std::sync::LazyLock;

use nicdeck::{
    app::{
        browse::{Layout, SortBy},
        effect::Effect,
        key::Input,
        mouse::{Deed, Mouse},
        msg::Msg,
        overlay::Overlay,
        state::{Pane, State},
        update::regions,
    },
    ui::{
        self,
        skin::{Borders, Skin},
        theme::{Depth, ThemeName},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

use super::{browse::browsing, scenario::Scenario};

static SKIN: LazyLock<Skin> = LazyLock::new(|| Skin::new(ThemeName::Mono, Depth::True, Borders::Unicode).unwrap());

/// The screen, line by line, a cell a character.
fn lines(state: &State) -> Vec<Vec<String>> {
    let size = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.columns, size.rows));
    ui::draw(state, &SKIN, &mut buffer);
    let row = |y| (0..size.columns).map(|x| buffer[(x, y)].symbol().to_owned()).collect();
    (0..size.rows).map(row).collect()
}

/// Where a text begins in a line: the first such line from `from` on.
fn find(state: &State, text: &str) -> (u16, u16) {
    let lines = lines(state);
    for (y, line) in lines.iter().enumerate().skip(2) {
        for x in 0..line.len() {
            if line[x..].concat().starts_with(text) {
                return (u16::try_from(x).unwrap(), u16::try_from(y).unwrap());
            }
        }
    }
    panic!("no {text:?} on the screen:\n{}", lines.iter().map(|line| line.concat() + "\n").collect::<String>());
}

fn mouse(scenario: &mut Scenario, deed: Deed, (column, row): (u16, u16)) {
    let part = ui::part(&scenario.state, &SKIN, column, row);
    scenario.effects.clear();
    scenario.send(Msg::Mouse(Mouse { deed, column, row, part }));
}

fn press(scenario: &mut Scenario, text: &str) {
    let at = find(&scenario.state, text);
    mouse(scenario, Deed::Press, at);
}

/// Browsing, the table alone, the mouse on.
fn pointing(columns: u16) -> Scenario {
    let mut scenario = browsing();
    scenario.send(Msg::Input(Input::Resize { columns, rows: 24 }));
    scenario.keys("t m");
    assert_eq!(scenario.effects, [Effect::Mouse(true)]);
    scenario
}

#[test]
fn it_is_off_until_it_is_wanted() {
    let mut scenario = browsing();
    let cursor = scenario.state.browse.view.cursor;
    let below = regions(&scenario.state).list;
    mouse(&mut scenario, Deed::Press, (below.x + 9, below.y + 2));
    assert_eq!(scenario.state.browse.view.cursor, cursor);
    scenario.keys("m");
    mouse(&mut scenario, Deed::Press, (below.x + 9, below.y + 2));
    assert_eq!(scenario.state.browse.view.cursor, 2);
    scenario.keys("m");
    assert_eq!((scenario.effects.as_slice(), scenario.state.mouse), ([Effect::Mouse(false)].as_slice(), false));
}

#[test]
fn a_press_on_a_row_focuses_it_and_one_on_its_box_marks_it() {
    let mut scenario = pointing(100);
    press(&mut scenario, "10.0.1.21");
    assert_eq!(scenario.cursor(), "a 10.0.1.21");
    assert!(scenario.state.marks.is_empty());
    let (x, y) = find(&scenario.state, "10.0.1.21");
    mouse(&mut scenario, Deed::Press, (x - 2, y));
    assert_eq!((scenario.state.marks.len(), scenario.cursor().as_str()), (1, "a 10.0.1.21"), "the cursor stays");
    mouse(&mut scenario, Deed::Press, (x - 2, y));
    assert!(scenario.state.marks.is_empty());
    // Below the last row is nothing.
    let list = regions(&scenario.state).list;
    mouse(&mut scenario, Deed::Press, (x, list.y + list.height - 1));
    assert_eq!(scenario.cursor(), "a 10.0.1.21");
}

#[test]
fn a_press_on_a_heading_sorts_and_the_next_one_from_the_end() {
    let mut scenario = pointing(100);
    press(&mut scenario, "FINDINGS");
    assert_eq!(scenario.state.browse.layout, Layout::Table { by: SortBy::Level, reverse: false });
    press(&mut scenario, "FINDINGS");
    assert_eq!(scenario.state.browse.layout, Layout::Table { by: SortBy::Level, reverse: true });
    press(&mut scenario, "ADDRESS");
    assert_eq!(scenario.state.browse.layout, Layout::Table { by: SortBy::Address, reverse: false });
    // KIND is nothing that can be sorted by.
    press(&mut scenario, "KIND");
    assert_eq!(scenario.state.browse.layout, Layout::Table { by: SortBy::Address, reverse: false });
}

#[test]
fn the_sign_of_a_fold_folds_in_the_tree() {
    let mut scenario = pointing(100);
    scenario.keys("t");
    let all = scenario.state.browse.rows.len();
    press(&mut scenario, "▾");
    let folded = scenario.state.browse.rows.len();
    assert!(folded < all, "{folded} of {all}");
    press(&mut scenario, "▸");
    assert_eq!(scenario.state.browse.rows.len(), all);
}

#[test]
fn panes_take_the_focus_where_they_are_pressed() {
    let mut scenario = browsing();
    scenario.send(Msg::Input(Input::Resize { columns: 200, rows: 40 }));
    scenario.keys("m");
    let tree = regions(&scenario.state).tree;
    mouse(&mut scenario, Deed::Press, (tree.x + 8, tree.y + 1));
    assert_eq!((scenario.state.pane, scenario.state.browse.tree.view.cursor), (Pane::Tree, 1));
    let folded = scenario.state.browse.tree.len();
    press(&mut scenario, "▾");
    assert!(scenario.state.browse.tree.len() < folded);
    let detail = regions(&scenario.state).detail;
    mouse(&mut scenario, Deed::Press, (detail.x + 8, detail.y + 1));
    assert_eq!(scenario.state.pane, Pane::Detail);
    let list = regions(&scenario.state).list;
    mouse(&mut scenario, Deed::Press, (list.x + 30, list.y + 1));
    assert_eq!((scenario.state.pane, scenario.state.browse.view.cursor), (Pane::List, 1));
}

#[test]
fn the_wheel_scrolls_what_it_is_over() {
    let mut scenario = pointing(100);
    let list = regions(&scenario.state).list;
    mouse(&mut scenario, Deed::Wheel(1), (list.x, list.y));
    assert_eq!(scenario.state.browse.view.cursor, 3);
    mouse(&mut scenario, Deed::Wheel(-1), (list.x, list.y));
    assert_eq!(scenario.state.browse.view.cursor, 0);
    scenario.keys("enter");
    mouse(&mut scenario, Deed::Wheel(1), (list.x, list.y));
    assert_eq!(scenario.state.overlays, [Overlay::Detail { scroll: 3 }]);
    // A press beside what lies over the screen neither closes it nor reaches through.
    mouse(&mut scenario, Deed::Press, (list.x + 9, list.y + 2));
    assert_eq!((scenario.state.overlays.len(), scenario.state.browse.view.cursor), (1, 0));
}

/// Wherever it is pressed, and however often the wheel turns: no dialog is answered by it.
#[test]
fn nothing_is_confirmed_by_the_mouse() {
    let mut scenario = pointing(100);
    press(&mut scenario, "10.0.1.21");
    scenario.keys("space p");
    scenario.read_again();
    scenario.keys("c").after_ms(400);
    let dialog = scenario.state.overlays.clone();
    assert!(matches!(dialog.as_slice(), [Overlay::Confirm(_)]), "{dialog:?}");
    for y in 0..24 {
        for x in (0..100).step_by(9) {
            for deed in [Deed::Press, Deed::Wheel(1), Deed::Wheel(-1)] {
                mouse(&mut scenario, deed, (x, y));
                assert_eq!(scenario.effects, [], "{x},{y}");
            }
        }
    }
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(_)]));
    assert!(scenario.state.run.is_none());
}
