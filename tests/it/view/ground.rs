//! A theme on a ground that it was not made for.

use nicdeck::{
    app::{command::Command, state::Language},
    ui::{
        skin::{Borders, Skin},
        theme::{Depth, Role, Theme, ThemeName},
    },
};
use ratatui::style::Color;

use super::{SIZES, frame, world};

/// Relative luminance, as WCAG 2 defines it.
fn luminance(color: Color) -> f64 {
    let Color::Rgb(r, g, b) = color else { panic!("{color:?}") };
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

#[test]
fn a_light_theme_is_read_on_a_dark_terminal_and_the_other_way_round() {
    for (name, light) in [(ThemeName::Light, false), (ThemeName::Dark, true), (ThemeName::CbSafe, true)] {
        for depth in [Depth::True, Depth::Sixteen] {
            let skin = Skin::new(name, depth, Borders::Unicode).unwrap().on_light(light);
            for (screen, state) in world::screens(SIZES[0], Language::English) {
                let (buffer, _) = frame(&state, &skin);
                for cell in buffer.content() {
                    let plain = cell.fg == Color::Reset || cell.bg == Color::Reset;
                    assert!(!plain, "{screen}: the terminal's own colour in {cell:?}");
                }
            }
        }
        let ground = luminance(Theme::embedded(name, Depth::True).unwrap().style(Role::Ground).bg.unwrap());
        for role in [
            Role::Text,
            Role::Bright,
            Role::Dim,
            Role::Key,
            Role::Ok,
            Role::Warn,
            Role::Blocked,
            Role::Unknown,
            Role::Info,
        ] {
            let text = luminance(Theme::embedded(name, Depth::True).unwrap().style(role).fg.unwrap());
            let contrast = (text.max(ground) + 0.05) / (text.min(ground) + 0.05);
            assert!(contrast >= 4.5, "{} {}: {contrast:.1}", name.name(), role.name());
        }
    }
}

#[test]
fn where_a_theme_is_at_home_or_has_no_colour_the_terminal_keeps_its_ground() {
    for (name, light) in
        [(ThemeName::Dark, false), (ThemeName::Light, true), (ThemeName::Mono, false), (ThemeName::Mono, true)]
    {
        let skin = Skin::new(name, Depth::True, Borders::Unicode).unwrap().on_light(light);
        let (buffer, _) = frame(&world::listed(SIZES[0], Language::English).state, &skin);
        assert!(buffer.content().iter().any(|cell| cell.bg == Color::Reset), "{}", name.name());
    }
}

#[test]
fn the_page_of_a_row_names_the_keys_that_work_on_it() {
    let mut scenario = world::listed(SIZES[0], Language::English);
    scenario.keys("/").text("10.0.1.21").keys("enter enter");
    let (buffer, _) = frame(&scenario.state, &super::skin(ThemeName::Dark));
    let keys = super::layers::line(&buffer, 23);
    for command in [Command::ToggleMark, Command::MarkDetach, Command::Plan] {
        let key = scenario.state.keymap.keys(command)[0].name();
        assert!(keys.contains(&format!("{key} ")), "{key}: {keys}");
    }
}
