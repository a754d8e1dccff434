//! From what was asked for to what the terminal can show: a skin.

use std::env;

use crate::{
    config::{self, Look},
    ui::{
        skin::{Borders, Skin, SkinError},
        theme::{Depth, ThemeName},
    },
};

/// The skin for this terminal.
///
/// # Errors
/// None in a program whose tests pass: themes and locales are part of it.
pub fn skin(look: &Look) -> Result<Skin, SkinError> {
    let var = |name: &str| env::var(name).unwrap_or_default();
    let skin = Skin::new(theme(*look, &var), depth(&var), borders(*look, &var))?;
    let skin = skin.on_light(is_light(&var));
    Ok(skin.at_offset(jiff::Zoned::now().offset().seconds()))
}

/// Colours that this terminal shows, and whether lines are drawn with box characters.
pub fn abilities(look: &Look) -> (&'static str, bool) {
    let var = |name: &str| env::var(name).unwrap_or_default();
    let colours = match depth(&var) {
        _ if !look.color => "0",
        Depth::Sixteen => "16",
        Depth::Indexed => "256",
        Depth::True => "16777216",
    };
    (colours, borders(*look, &var) == Borders::Unicode)
}

fn theme(look: Look, var: &dyn Fn(&str) -> String) -> ThemeName {
    if !look.color {
        return ThemeName::Mono;
    }
    match look.theme {
        config::Theme::Light => ThemeName::Light,
        config::Theme::CbSafe => ThemeName::CbSafe,
        config::Theme::Mono => ThemeName::Mono,
        config::Theme::Auto if is_light(var) => ThemeName::Light,
        config::Theme::Dark | config::Theme::Auto => ThemeName::Dark,
    }
}

/// Terminals that say so put the background's colour last: 7 and 15 are light. Asking the terminal itself is answered late over
/// ssh, and the answer lands in the input.
fn is_light(var: &dyn Fn(&str) -> String) -> bool {
    matches!(var("COLORFGBG").rsplit(';').next(), Some("7" | "15"))
}

/// Colours the terminal says it has.
fn depth(var: &dyn Fn(&str) -> String) -> Depth {
    let colour = var("COLORTERM");
    let term = var("TERM");
    if colour == "truecolor" || colour == "24bit" || term.contains("direct") {
        Depth::True
    } else if term.contains("256color") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}

fn borders(look: Look, var: &dyn Fn(&str) -> String) -> Borders {
    match look.borders {
        config::Borders::Unicode => Borders::Unicode,
        config::Borders::Ascii => Borders::Ascii,
        config::Borders::Auto => {
            // The first of these that is set decides the character set.
            let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(var).find(|value| !value.is_empty());
            let utf8 = locale.is_none_or(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8") || locale == "c" || locale == "posix"
            });
            if utf8 && var("TERM") != "linux" { Borders::Unicode } else { Borders::Ascii }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Language, Theme};

    fn look(color: bool, theme: Theme, borders: config::Borders) -> Look {
        Look { language: Language::En, theme, borders, motion: true, mouse: false, color }
    }

    #[test]
    fn no_colour_is_mono_whatever_was_asked_for() {
        let none = |_: &str| String::new();
        assert_eq!(theme(look(false, Theme::Dark, config::Borders::Auto), &none), ThemeName::Mono);
        assert_eq!(theme(look(true, Theme::Light, config::Borders::Auto), &none), ThemeName::Light);
        assert_eq!(theme(look(true, Theme::CbSafe, config::Borders::Auto), &none), ThemeName::CbSafe);
        let light = |name: &str| if name == "COLORFGBG" { "0;15".to_owned() } else { String::new() };
        assert_eq!(theme(look(true, Theme::Auto, config::Borders::Auto), &light), ThemeName::Light);
        assert_eq!(theme(look(true, Theme::Auto, config::Borders::Auto), &none), ThemeName::Dark);
    }

    #[test]
    fn the_terminal_says_its_colours_and_characters() {
        let is = |name: &'static str, value: &'static str| {
            move |asked: &str| if asked == name { value.to_owned() } else { String::new() }
        };
        assert_eq!(depth(&is("COLORTERM", "truecolor")), Depth::True);
        assert_eq!(depth(&is("TERM", "xterm-256color")), Depth::Indexed);
        assert_eq!(depth(&is("TERM", "vt100")), Depth::Sixteen);
        let auto = look(true, Theme::Auto, config::Borders::Auto);
        assert_eq!(borders(auto, &is("LANG", "de_DE.ISO-8859-1")), Borders::Ascii);
        assert_eq!(borders(auto, &is("LANG", "zh_CN.UTF-8")), Borders::Unicode);
        assert_eq!(borders(auto, &is("TERM", "linux")), Borders::Ascii);
    }
}
