//! How the screen looks and speaks: theme, words, glyphs. Chosen once at start; the language alone changes while it runs.

use std::borrow::Cow;

use ratatui::style::Style;

use crate::app::{keymap::Keymap, state::Language};

use super::{
    catalog::{Catalog, CatalogError, Catalogs},
    theme::{Depth, Role, Theme, ThemeError, ThemeName},
};

/// What lines and marks are drawn with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Borders {
    #[default]
    Unicode,
    /// For terminals that give box lines two cells, or have none.
    Ascii,
}

/// The signs of one [`Borders`]. All one cell wide but for `mark`, `unmarked` and `arrow`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glyphs {
    pub open: &'static str,
    pub closed: &'static str,
    pub mark: &'static str,
    pub unmarked: &'static str,
    /// Cells of `mark` and `unmarked`.
    pub mark_cells: u16,
    pub tree: &'static str,
    /// At the left of the focused row.
    pub bar: &'static str,
    /// Where text was cut.
    pub cut: char,
    pub arrow: &'static str,
    pub rule: &'static str,
    pub upright: &'static str,
    /// Top left, top right, bottom left, bottom right of a dialog.
    pub corners: [&'static str; 4],
    pub done: &'static str,
    pub undone: &'static str,
    /// Before the button or item that has the focus.
    pub chosen: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    open: "▾",
    closed: "▸",
    mark: "▣",
    unmarked: "·",
    mark_cells: 1,
    tree: "│",
    bar: "▌",
    cut: '~',
    arrow: "→",
    rule: "─",
    upright: "│",
    corners: ["╭", "╮", "╰", "╯"],
    done: "━",
    undone: "─",
    chosen: "▸",
};

const ASCII: Glyphs = Glyphs {
    open: "v",
    closed: ">",
    mark: "[x]",
    unmarked: "[ ]",
    mark_cells: 3,
    tree: "|",
    bar: ">",
    cut: '~',
    arrow: "->",
    rule: "-",
    upright: "|",
    corners: ["+", "+", "+", "+"],
    done: "#",
    undone: "-",
    chosen: ">",
};

/// See the module.
#[derive(Clone, PartialEq, Debug)]
pub struct Skin {
    pub theme: Theme,
    /// The theme that it was made with, and its name.
    own: (ThemeName, Theme),
    /// The name of `theme`.
    worn: ThemeName,
    depth: Depth,
    /// The terminal's own ground is light, as far as it tells.
    light: bool,
    pub glyphs: Glyphs,
    pub borders: Borders,
    /// With the keys of `keymap` in them.
    catalogs: Catalogs,
    /// Without.
    templates: Catalogs,
    keymap: Keymap,
    /// Seconds that local time is ahead of UTC, for the times of day on the screen.
    pub utc_offset_s: i32,
}

/// A skin that can not be made from the files in the program.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SkinError {
    #[error(transparent)]
    Theme(#[from] ThemeError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl Skin {
    /// # Errors
    /// None in a program whose tests pass.
    pub fn new(theme: ThemeName, depth: Depth, borders: Borders) -> Result<Self, SkinError> {
        let (templates, keymap) = (Catalogs::embedded()?, Keymap::default());
        let own = Theme::embedded(theme, depth)?;
        Ok(Self {
            theme: own.clone(),
            worn: theme,
            own: (theme, own),
            depth,
            light: false,
            glyphs: match borders {
                Borders::Unicode => UNICODE,
                Borders::Ascii => ASCII,
            },
            borders,
            catalogs: templates.clone().with_keys(&keymap),
            templates,
            keymap,
            utc_offset_s: 0,
        })
    }

    /// Puts a theme on, or the one that it was made with.
    pub fn wear(&mut self, wanted: Option<ThemeName>) {
        let name = wanted.unwrap_or(self.own.0);
        if name == self.worn {
            return;
        }
        let theme = if name == self.own.0 { Ok(self.own.1.clone()) } else { Theme::embedded(name, self.depth) };
        // Each embedded theme can be read: a test reads them all.
        if let Ok(theme) = theme {
            (self.theme, self.worn) = (theme, name);
        }
    }

    /// For a terminal whose own ground is light.
    #[must_use]
    pub fn on_light(mut self, light: bool) -> Self {
        self.light = light;
        self
    }

    /// What has to be laid under everything, so that a theme can be read on a ground that it was not made for.
    pub fn ground(&self) -> Option<Style> {
        let other = self.worn.is_light().is_some_and(|light| light != self.light);
        other.then(|| self.style(Role::Ground))
    }

    /// The same skin, whose sentences name the keys of this map.
    pub fn with_keys(&self, keymap: &Keymap) -> Cow<'_, Self> {
        if &self.keymap == keymap {
            return Cow::Borrowed(self);
        }
        let catalogs = self.templates.clone().with_keys(keymap);
        Cow::Owned(Self { catalogs, keymap: keymap.clone(), ..self.clone() })
    }

    /// With sentences for the error codes of these clouds: (id, file).
    ///
    /// # Errors
    /// None in a program whose tests pass.
    pub fn with_errors<'t>(self, files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, SkinError> {
        let templates = self.templates.with_errors(files)?;
        Ok(Self { catalogs: templates.clone().with_keys(&self.keymap), templates, ..self })
    }

    /// Times of day are shown this many seconds ahead of UTC.
    #[must_use]
    pub fn at_offset(mut self, seconds: i32) -> Self {
        self.utc_offset_s = seconds;
        self
    }

    pub fn words(&self, language: Language) -> &Catalog {
        self.catalogs.of(language)
    }

    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_that_is_put_on_comes_off_again() {
        let mut skin = Skin::new(ThemeName::Dark, Depth::Sixteen, Borders::Unicode).unwrap();
        let dark = skin.clone();
        skin.wear(Some(ThemeName::Mono));
        assert_eq!(skin.theme, Theme::embedded(ThemeName::Mono, Depth::Sixteen).unwrap());
        assert_ne!(skin.theme, dark.theme);
        skin.wear(None);
        assert_eq!(skin, dark);
    }
}
