//! Every screen as it is drawn: text and styles, in three sizes and two languages; and what must hold for any screen.
//!
//! `NICDECK_PICTURES=folder cargo test --test it view` also writes each screen as a picture there, to look at.

mod ground;
mod layers;
mod lists;
mod small;
mod status;
mod svg;
mod told;
pub mod world;

use std::{fmt::Write, fs, path::Path};

use nicdeck::{
    app::{
        geometry::{Size, TREE_FROM},
        key::{Input, Key},
        keymap::Keymap,
        msg::Msg,
        state::{Language, State},
        update::{regions, update},
    },
    ui::{
        self,
        skin::{Borders, Skin},
        theme::{Depth, ThemeName},
    },
};
use proptest::prelude::*;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, CellWidth},
    layout::{Position, Rect},
    style::{Color, Modifier},
};

const SIZES: [Size; 3] =
    [Size { columns: 80, rows: 24 }, Size { columns: 120, rows: 40 }, Size { columns: 200, rows: 60 }];

/// As wide as a window can be whose tree has no pane of its own.
const ONE_LIST: Size = Size { columns: TREE_FROM - 1, rows: 60 };

const LANGUAGES: [(Language, &str); 2] = [(Language::English, "en"), (Language::Chinese, "zh-CN")];

fn skin(theme: ThemeName) -> Skin {
    Skin::new(theme, Depth::True, Borders::Unicode).unwrap().with_errors(nicdeck::providers::errors()).unwrap()
}

/// A frame of the state, and where the terminal's cursor stands if it is shown.
fn frame(state: &State, skin: &Skin) -> (Buffer, Option<Position>) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.columns, state.size.rows));
    let drawn = ui::draw(state, skin, &mut buffer);
    (buffer, drawn.cursor)
}

/// Each screen and size is one file: English text, its styles, Chinese text; at the smallest size also without colour.
#[test]
fn screens_are_as_they_were_reviewed() {
    let (dark, mono) = (skin(ThemeName::Dark), skin(ThemeName::Mono));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for size in SIZES {
        let english = world::screens(size, Language::English);
        let chinese = world::screens(size, Language::Chinese);
        for ((name, english), (_, chinese)) in english.into_iter().zip(chinese) {
            let mut file = String::new();
            let (buffer, cursor) = frame(&english, &dark);
            writeln!(file, "== en ==\n{}", layers::text(&buffer)).unwrap();
            if let Some(at) = cursor {
                writeln!(file, "cursor at {},{}\n", at.x, at.y).unwrap();
            }
            writeln!(file, "== en, styles ==\n{}", layers::styles(&buffer, &dark.theme)).unwrap();
            writeln!(file, "== zh-CN ==\n{}", layers::text(&frame(&chinese, &dark).0)).unwrap();
            if size == SIZES[0] {
                let (buffer, _) = frame(&english, &mono);
                writeln!(file, "== en, no colour: styles ==\n{}", layers::attributes(&buffer)).unwrap();
            }
            insta::assert_snapshot!(format!("{name}-{}x{}", size.columns, size.rows), file);
        }
    }
}

#[test]
fn pictures_of_the_readme_are_up_to_date() {
    let size = Size { columns: 120, rows: 36 };
    let skin = skin(ThemeName::Dark);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screens");
    let update = std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always");
    for (language, suffix) in [(Language::English, ""), (Language::Chinese, ".zh-CN")] {
        for (name, state) in world::tour(size, language) {
            let (buffer, cursor) = frame(&state, &skin);
            let picture = svg::draw(&buffer, cursor.map(|at| (at.x, at.y)), svg::DARK);
            let path = folder.join(format!("{name}{suffix}.svg"));
            if update {
                fs::write(&path, &picture).unwrap();
            }
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                kept == picture,
                "{} is old: run the tests with INSTA_UPDATE=always and look at it",
                path.display()
            );
        }
    }
    if let Some(folder) = std::env::var_os("NICDECK_PICTURES") {
        for (theme, page) in
            [(ThemeName::Light, svg::LIGHT), (ThemeName::CbSafe, svg::DARK), (ThemeName::Mono, svg::DARK)]
        {
            for (name, state) in world::tour(SIZES[1], Language::English) {
                let (buffer, cursor) = frame(&state, &Skin::new(theme, Depth::True, Borders::Unicode).unwrap());
                let picture = svg::draw(&buffer, cursor.map(|at| (at.x, at.y)), page);
                fs::write(Path::new(&folder).join(format!("{name}-{}.svg", theme.name())), picture).unwrap();
            }
        }
        for size in SIZES {
            for (language, suffix) in LANGUAGES {
                for (name, state) in world::screens(size, language) {
                    let (buffer, cursor) = frame(&state, &skin);
                    let name = format!("{name}-{}x{}-{suffix}.svg", size.columns, size.rows);
                    fs::write(
                        Path::new(&folder).join(name),
                        svg::draw(&buffer, cursor.map(|at| (at.x, at.y)), svg::DARK),
                    )
                    .unwrap();
                }
            }
        }
    }
}

#[test]
fn without_colour_nothing_is_lost() {
    let (dark, mono) = (skin(ThemeName::Dark), skin(ThemeName::Mono));
    for (name, state) in world::screens(SIZES[1], Language::English) {
        let (plain, _) = frame(&state, &mono);
        for cell in plain.content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
        assert_eq!(layers::text(&plain), layers::text(&frame(&state, &dark).0), "{name}: a theme never changes a word");
        let focused = plain.content().iter().any(|cell| cell.modifier.contains(Modifier::REVERSED));
        let listed = !matches!(
            name,
            "welcome" | "welcome-found" | "welcome-broken" | "loading" | "no-match" | "no-match-terms" | "mistaken"
        );
        assert!(focused || !listed, "{name}: nothing shows where the focus is");
    }
}

#[test]
fn ascii_borders_are_ascii() {
    let ascii = Skin::new(ThemeName::Dark, Depth::Sixteen, Borders::Ascii).unwrap();
    for (name, state) in world::screens(SIZES[1], Language::English) {
        let (buffer, _) = frame(&state, &ascii);
        for cell in buffer.content() {
            let symbol = cell.symbol();
            // Names of the world that are not ASCII are data.
            let data = symbol.cell_width() > 1 || symbol.contains('\u{FFFD}');
            assert!(symbol.is_ascii() || data, "{name}: {symbol:?}");
            assert!(!matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_)), "{name}: {:?}", cell.fg);
        }
    }
}

#[test]
fn whose_the_profile_is_and_where_the_help_is_stays_in_a_narrow_window() {
    for (language, help) in [(Language::English, "? help"), (Language::Chinese, "? 帮助")] {
        for columns in (40..=120).step_by(4) {
            for state in [world::marked, world::planned, world::running, world::results] {
                let mut scenario = state(SIZES[0], language);
                scenario.send(Msg::Input(Input::Resize { columns, rows: 24 }));
                let (buffer, _) = frame(&scenario.state, &skin(ThemeName::Dark));
                let (first, last) = (layers::line(&buffer, 0), layers::line(&buffer, 23));
                assert!(first.contains("PROD") && first.contains("shop-hz"), "{columns}: {first}");
                assert!(last.replace(' ', "").contains(&help.replace(' ', "")), "{columns}: {last}");
            }
        }
    }
}

#[test]
fn an_ascii_dialog_stands_apart_from_what_is_around_it() {
    let ascii = Skin::new(ThemeName::Dark, Depth::Sixteen, Borders::Ascii).unwrap();
    // In the smallest size it takes the whole width.
    for size in [SIZES[1], SIZES[2]] {
        let menu =
            world::screens(size, Language::English).into_iter().find(|(name, _)| *name == "copy-menu").unwrap().1;
        let (buffer, _) = frame(&menu, &ascii);
        let edge = |row: u16| layers::line(&buffer, row).find("+- Copy");
        let top = (0..size.rows).find(|&row| edge(row).is_some()).unwrap();
        let left = u16::try_from(edge(top).unwrap()).unwrap();
        for row in top..top + 4 {
            assert_eq!(buffer[(left - 1, row)].symbol(), " ", "{}", layers::line(&buffer, row));
        }
    }
}

/// What the terminal is told, glyph by glyph, gives back the same cells: no half glyphs, nothing beside its place.
#[test]
fn wide_glyphs_are_never_halved() {
    for (language, _) in LANGUAGES {
        for (name, state) in world::screens(SIZES[0], language) {
            let (buffer, _) = frame(&state, &skin(ThemeName::Dark));
            layers::assert_whole(&buffer, name);
        }
    }
}

#[test]
fn every_row_keeps_its_columns_whatever_its_names() {
    let mut scenario = world::listed(ONE_LIST, Language::English);
    scenario.keys("g");
    let (buffer, _) = frame(&scenario.state, &skin(ThemeName::Dark));
    let (heading, columns) = layers::columns(&buffer, &["KIND", "STATE / FINDINGS", "EIP", "PROFILE", "REGION"]);
    let rows = scenario.state.browse.rows.len();
    assert!(rows > 30);
    for row in heading + 1..heading + 1 + u16::try_from(rows).unwrap() {
        let line = layers::line(&buffer, row);
        for &x in &columns {
            // An address of IPv6 is longer than its column and is never cut.
            assert!(layers::begins_at(&buffer, x, row) || line.contains("2408:"), "cell {x} of {line:?}");
        }
    }
}

fn hostile_name() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("网关".to_owned()),
        Just("👩\u{200d}👧".to_owned()),
        Just("❤\u{FE0F}".to_owned()),
        Just("\u{1b}[2J".to_owned()),
        Just("\r\n\t".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("e\u{301}\u{301}\u{301}\u{301}".to_owned()),
        Just("a name of many words ".to_owned()),
        "[a-z0-9-]{0,12}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn names_from_a_cloud_move_nothing(names in proptest::collection::vec(hostile_name(), 6), columns in 80u16..200) {
        let size = Size { columns, rows: 30 };
        let scenario = world::named(size, &names);
        let plain = world::named(size, &[]);
        let skin = skin(ThemeName::Dark);
        let (buffer, _) = frame(&scenario.state, &skin);
        let (reference, _) = frame(&plain.state, &skin);
        layers::assert_whole(&buffer, "hostile names");
        let findings = if columns < TREE_FROM { "STATE / FINDINGS" } else { "FINDINGS" };
        let (heading, places) = layers::columns(&reference, &[findings]);
        for row in heading..24 {
            for &x in &places {
                prop_assert!(layers::begins_at(&buffer, x, row), "{:?}", layers::line(&buffer, row));
                prop_assert_eq!(buffer[(x, row)].symbol(), reference[(x, row)].symbol(), "{}", layers::line(&buffer, row));
            }
        }
        for cell in buffer.content() {
            prop_assert!(!cell.symbol().contains(char::is_control), "{:?}", cell.symbol());
        }
    }

    #[test]
    fn any_window_can_be_drawn(columns in 0u16..=250, rows in 0u16..=80, zh: bool, ascii: bool) {
        let borders = if ascii { Borders::Ascii } else { Borders::Unicode };
        let skin = Skin::new(ThemeName::Dark, Depth::True, borders).unwrap();
        let language = if zh { Language::Chinese } else { Language::English };
        for (_, mut state) in world::screens(SIZES[0], language) {
            let now = state.now;
            update(&mut state, now, Msg::Input(Input::Resize { columns, rows }));
            let (_, cursor) = frame(&state, &skin);
            prop_assert!(cursor.is_none_or(|at| at.x < columns && at.y < rows));
        }
    }

    /// The window shrinks between the size the state knows and the frame.
    #[test]
    fn a_frame_smaller_than_the_state_believes_is_drawn(columns in 0u16..=120, rows in 0u16..=40) {
        let skin = skin(ThemeName::Dark);
        for (_, state) in world::screens(SIZES[1], Language::English) {
            let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
            ui::draw(&state, &skin, &mut buffer);
        }
    }
}

#[test]
fn nothing_moves_when_the_cursor_does() {
    let skin = skin(ThemeName::Dark);
    for size in [ONE_LIST, SIZES[2]] {
        let mut scenario = world::marked(size, Language::English);
        scenario.keys("g");
        let area = regions(&scenario.state).list;
        let list = |state: &State| {
            let (buffer, _) = frame(state, &skin);
            let line = |row| layers::line_until(&buffer, row, area.x + 1, area.x + area.width);
            (area.y..area.y + area.height).map(line).collect::<Vec<_>>()
        };
        let before = list(&scenario.state);
        for _ in 0..20 {
            scenario.keys("j");
            assert_eq!(list(&scenario.state), before);
        }
    }
}

#[test]
fn the_cursor_of_the_terminal_stands_where_text_is_typed() {
    let skin = skin(ThemeName::Dark);
    let mut scenario = world::listed(SIZES[0], Language::English);
    let at = |state: &State| frame(state, &skin).1.map(|at| (at.x, at.y));
    assert_eq!(at(&scenario.state), None);
    scenario.keys("/").text("网关");
    assert_eq!(at(&scenario.state), Some((3 + 4, 1)));
    scenario.keys("left");
    assert_eq!(at(&scenario.state), Some((3 + 2, 1)));
    scenario.text(&"x".repeat(200));
    let (x, _) = at(&scenario.state).unwrap();
    assert!(x < 80, "a long line scrolls under its cursor");
    scenario.keys("esc ?").text("pl");
    assert!(at(&scenario.state).is_some());
}

/// What is scrolled past the end has not to be scrolled back: the frame tells where the end is.
#[test]
fn help_scrolls_to_its_end_and_back_at_once() {
    let skin = skin(ThemeName::Dark);
    for (size, language) in SIZES.into_iter().flat_map(|size| [(size, Language::English), (size, Language::Chinese)]) {
        let mut scenario = world::listed(size, language);
        let text = |state: &State| {
            let (buffer, _) = frame(state, &skin);
            layers::text(&buffer)
        };
        let drawn = |scenario: &mut crate::update::scenario::Scenario| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.columns, size.rows));
            let ends = ui::draw(&scenario.state, &skin, &mut buffer).ends.unwrap();
            scenario.send(Msg::Ends(ends));
        };
        scenario.keys("?");
        drawn(&mut scenario);
        let top = text(&scenario.state);
        scenario.keys("end");
        let end = text(&scenario.state);
        drawn(&mut scenario);
        assert_eq!(text(&scenario.state), end);
        let word = if language == Language::English { "more lines" } else { "还有" };
        assert!(!end.contains(word), "{size:?}: {end}");
        scenario.keys("up");
        assert!(text(&scenario.state) != end || end == top, "{size:?}: a line up");
    }
}

/// As the runtime draws: through a frame of a terminal.
#[test]
fn a_frame_of_a_terminal_gets_the_screen_and_the_cursor() {
    let mut scenario = world::listed(SIZES[0], Language::English);
    scenario.keys("/").text("web");
    let skin = skin(ThemeName::Dark);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| {
            let _ = ui::view(&scenario.state, &skin, frame);
        })
        .unwrap();
    terminal.backend_mut().assert_cursor_position((6, 1));
    assert_eq!(terminal.backend().buffer(), &frame(&scenario.state, &skin).0);
}

#[test]
fn the_example_of_the_welcome_screen_is_a_config() {
    for (language, _) in LANGUAGES {
        let example = skin(ThemeName::Dark).words(language).word("welcome.example").to_owned();
        let clouds: Vec<_> = nicdeck::providers::all().iter().map(|cloud| cloud.descriptor()).collect();
        let read = nicdeck::config::parse(Path::new("config.toml"), &example, &clouds, &|_| false);
        assert!(read.is_ok(), "{read:?}");
    }
}

#[test]
fn sentences_name_the_keys_that_the_state_obeys() {
    let mut scenario = world::listed(SIZES[0], Language::English);
    let mut text = |keymap| {
        scenario.state.keymap = keymap;
        layers::text(&frame(&scenario.state, &skin(ThemeName::Dark)).0)
    };
    assert!(text(Keymap::default()).contains("press / and type"));
    assert!(text(Keymap::parse("filter = [\"f9\"]").unwrap()).contains("press f9 and type"));
}

#[test]
fn keys_that_are_off_are_shown_as_off_and_say_why() {
    let mut scenario = world::listed(SIZES[1], Language::English);
    scenario.keys("?");
    let (buffer, _) = frame(&scenario.state, &skin(ThemeName::Dark));
    let text = layers::text(&buffer);
    assert!(text.contains("off: nothing is marked"), "{text}");
    scenario.keys("esc");
    scenario.send(Msg::Input(Input::Key(Key::char('p'))));
    scenario.keys("c c");
    let (buffer, _) = frame(&scenario.state, &skin(ThemeName::Dark));
    assert!(layers::text(&buffer).contains("The NICs are being read again"), "{}", layers::text(&buffer));
}
