//! Styles by what they mean. A theme never changes a word or a glyph: colour comes third, after both.

use std::collections::HashMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

pub use crate::app::theme::ThemeName;

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $type { $($(#[$vdoc])* $name,)* }

        impl $type {
            pub const ALL: &'static [$type] = &[$($type::$name,)*];

            /// As files spell it.
            pub fn name(self) -> &'static str {
                match self { $($type::$name => $text,)* }
            }

            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

named! {
    /// What a piece of the screen is.
    Role {
        /// What explains.
        Text = "text",
        /// What people look for.
        Bright = "bright",
        /// Context: ids, kinds, times.
        Dim = "dim",
        /// Context on the focused row.
        FocusDim = "focus-dim",
        /// Lines of the tree and rules; never words.
        Faint = "faint",
        /// The program's name, the focus bar, what is being typed.
        Accent = "accent",
        /// A key that can be pressed.
        Key = "key",
        Ok = "ok",
        Warn = "warn",
        Blocked = "blocked",
        Unknown = "unknown",
        Info = "info",
        /// A word that must not be overlooked: BLOCKED, DETACH.
        Alarm = "alarm",
        /// Marks, and what is counted of them.
        Mark = "mark",
        /// The word PROD.
        Prod = "prod",
        /// The demo's banner.
        Banner = "banner",
        /// The part of an input that is wrong.
        Mistake = "mistake",
        /// The button that has the focus.
        Button = "button",
        /// Laid under everything, where the terminal's own ground is not the theme's.
        Ground = "ground",
        /// Laid under the header.
        Header = "header",
        /// Laid under the focused row.
        Focus = "focus",
        /// Laid under a dialog.
        Dialog = "dialog",
    }
}

/// Colours that the terminal can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Depth {
    #[default]
    True,
    /// The 256 of xterm.
    Indexed,
    Sixteen,
}

/// A style for each role.
#[derive(Clone, PartialEq, Debug)]
pub struct Theme {
    styles: [Style; Role::ALL.len()],
}

/// A theme file that can not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ThemeError {
    #[error("not a theme: {0}")]
    Toml(String),
    #[error("{0} has no style")]
    Missing(&'static str),
    #[error("{0:?} is no role")]
    Role(String),
    #[error("{0:?} is no colour; colours are written #rrggbb or by the sixteen names")]
    Color(String),
    #[error("{0:?} is no text attribute")]
    Attribute(String),
}

/// One role in a theme file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fg: Option<String>,
    bg: Option<String>,
    /// Where there are sixteen colours only.
    fg16: Option<String>,
    bg16: Option<String>,
    #[serde(default)]
    add: Vec<String>,
}

/// The file of a theme.
fn source(name: ThemeName) -> &'static str {
    match name {
        ThemeName::Dark => include_str!("../../assets/themes/dark.toml"),
        ThemeName::Light => include_str!("../../assets/themes/light.toml"),
        ThemeName::CbSafe => include_str!("../../assets/themes/cb-safe.toml"),
        ThemeName::Mono => include_str!("../../assets/themes/mono.toml"),
    }
}

impl Theme {
    /// A theme that is part of the program.
    ///
    /// # Errors
    /// None in a program whose tests pass.
    pub fn embedded(name: ThemeName, depth: Depth) -> Result<Self, ThemeError> {
        Self::parse(source(name), depth)
    }

    /// Reads a theme file: a table for each role.
    ///
    /// # Errors
    /// A role that is unknown or missing, a colour or attribute that is none.
    pub fn parse(text: &str, depth: Depth) -> Result<Self, ThemeError> {
        let entries: HashMap<String, Entry> =
            toml::from_str(text).map_err(|error| ThemeError::Toml(error.to_string()))?;
        let mut styles: [Option<Style>; Role::ALL.len()] = [None; Role::ALL.len()];
        for (name, entry) in entries {
            let role = Role::parse(&name).ok_or(ThemeError::Role(name))?;
            styles[role as usize] = Some(entry.style(depth)?);
        }
        let mut theme = Self { styles: [Style::new(); Role::ALL.len()] };
        for &role in Role::ALL {
            theme.styles[role as usize] = styles[role as usize].ok_or(ThemeError::Missing(role.name()))?;
        }
        Ok(theme)
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

impl Entry {
    fn style(&self, depth: Depth) -> Result<Style, ThemeError> {
        let (fg, bg) = match depth {
            Depth::True | Depth::Indexed => (&self.fg, &self.bg),
            Depth::Sixteen => (&self.fg16, &self.bg16),
        };
        let read = |text: &Option<String>| text.as_deref().map(|text| color(text, depth)).transpose();
        let mut style = Style { fg: read(fg)?, bg: read(bg)?, ..Style::new() };
        for word in &self.add {
            style = style.add_modifier(match word.as_str() {
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "underlined" => Modifier::UNDERLINED,
                "reversed" => Modifier::REVERSED,
                _ => return Err(ThemeError::Attribute(word.clone())),
            });
        }
        Ok(style)
    }
}

fn color(text: &str, depth: Depth) -> Result<Color, ThemeError> {
    let bad = || ThemeError::Color(text.to_owned());
    if let Some(hex) = text.strip_prefix('#') {
        let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6).ok_or_else(bad)?;
        let [_, r, g, b] = value.to_be_bytes();
        return Ok(if depth == Depth::Indexed { Color::Indexed(nearest(r, g, b)) } else { Color::Rgb(r, g, b) });
    }
    Ok(match text {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "gray" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "white" => Color::White,
        _ => return Err(bad()),
    })
}

/// The nearest of xterm's colours 16 to 255: a cube of six steps each way, and a ramp of greys.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| (0u8..6).min_by_key(|&n| STEPS[usize::from(n)].abs_diff(value)).unwrap_or(0);
    let far = |r2: u8, g2: u8, b2: u8| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(r, r2) + square(g, g2) + square(b, b2)
    };
    let cube = [step(r), step(g), step(b)];
    let [cr, cg, cb] = cube.map(|n| STEPS[usize::from(n)]);
    let grey = (0u8..24).min_by_key(|&n| far(8 + 10 * n, 8 + 10 * n, 8 + 10 * n)).unwrap_or(0);
    let grey_value = 8 + 10 * grey;
    if far(grey_value, grey_value, grey_value) < far(cr, cg, cb) {
        232 + grey
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color) -> f64 {
        let Color::Rgb(r, g, b) = color else { panic!("{color:?} is not a true colour") };
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_theme_reads_at_every_depth() {
        for name in ThemeName::ALL {
            for depth in [Depth::True, Depth::Indexed, Depth::Sixteen] {
                Theme::embedded(name, depth).unwrap_or_else(|error| panic!("{} {depth:?}: {error}", name.name()));
            }
        }
    }

    #[test]
    fn words_can_be_read_on_every_ground_they_stand_on() {
        let words: Vec<Role> = Role::ALL
            .iter()
            .copied()
            .filter(|role| !matches!(role, Role::Faint | Role::Header | Role::Focus | Role::Dialog))
            .collect();
        for (name, page) in [
            (ThemeName::Dark, (0x15, 0x17, 0x1b)),
            (ThemeName::CbSafe, (0x15, 0x17, 0x1b)),
            (ThemeName::Light, (0xff, 0xff, 0xff)),
        ] {
            let theme = Theme::embedded(name, Depth::True).unwrap();
            let page = Color::Rgb(page.0, page.1, page.2);
            for &role in &words {
                let style = theme.style(role);
                let fg = style.fg.unwrap();
                let grounds = match (style.bg, role) {
                    (Some(own), _) => vec![own],
                    // Lifted to `focus-dim` there.
                    (None, Role::Dim) => {
                        vec![page, theme.style(Role::Header).bg.unwrap(), theme.style(Role::Dialog).bg.unwrap()]
                    }
                    (None, Role::FocusDim) => vec![theme.style(Role::Focus).bg.unwrap()],
                    (None, _) => [Role::Header, Role::Focus, Role::Dialog]
                        .iter()
                        .filter_map(|&ground| theme.style(ground).bg)
                        .chain([page])
                        .collect(),
                };
                for ground in grounds {
                    let ratio = contrast(fg, ground);
                    assert!(ratio >= 4.5, "{} {} on {ground:?}: {ratio:.2}", name.name(), role.name());
                }
            }
        }
    }

    #[test]
    fn mono_has_no_colour_and_still_tells_apart_what_matters() {
        let theme = Theme::embedded(ThemeName::Mono, Depth::True).unwrap();
        for &role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{}", role.name());
        }
        for role in [Role::Focus, Role::Prod, Role::Alarm] {
            assert!(theme.style(role).add_modifier.contains(Modifier::REVERSED), "{}", role.name());
        }
        assert_ne!(theme.style(Role::Blocked), theme.style(Role::Ok));
        assert_ne!(theme.style(Role::Unknown), theme.style(Role::Ok));
        assert_ne!(theme.style(Role::Warn), theme.style(Role::Ok));
    }

    #[test]
    fn a_bad_theme_says_what_is_bad() {
        let role = |style: &str| {
            let tables: Vec<String> = Role::ALL
                .iter()
                .map(|role| {
                    format!(
                        "[{}]
{style}
",
                        role.name()
                    )
                })
                .collect();
            tables.concat()
        };
        assert!(matches!(Theme::parse("[text]", Depth::True), Err(ThemeError::Missing("bright"))));
        assert!(matches!(Theme::parse("[shiny]", Depth::True), Err(ThemeError::Role(_))));
        assert!(matches!(Theme::parse(&role("fg = '#12345'"), Depth::True), Err(ThemeError::Color(_))));
        assert!(matches!(Theme::parse(&role("add = ['blink']"), Depth::True), Err(ThemeError::Attribute(_))));
        assert!(matches!(Theme::parse(&role("fgg = 'red'"), Depth::True), Err(ThemeError::Toml(_))));
    }

    #[test]
    fn nearest_of_256() {
        assert_eq!(nearest(0, 0, 0), 16);
        assert_eq!(nearest(255, 255, 255), 231);
        assert_eq!(nearest(0x5f, 0x87, 0xaf), 67);
        assert_eq!(nearest(0x30, 0x30, 0x30), 236);
    }
}
