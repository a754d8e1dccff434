//! The themes by name: what people choose. How they look is `ui`'s affair.

/// The themes that are part of the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ThemeName {
    Dark,
    Light,
    /// Colours that people with any kind of colour blindness tell apart.
    CbSafe,
    /// No colour at all: bold, dim, underlined, reversed.
    Mono,
}

impl ThemeName {
    pub const ALL: [ThemeName; 4] = [ThemeName::Dark, ThemeName::Light, ThemeName::CbSafe, ThemeName::Mono];

    /// Is it made for a light ground? `None`: for any.
    pub fn is_light(self) -> Option<bool> {
        match self {
            ThemeName::Dark | ThemeName::CbSafe => Some(false),
            ThemeName::Light => Some(true),
            ThemeName::Mono => None,
        }
    }

    /// As the config and the command line spell it.
    pub fn name(self) -> &'static str {
        match self {
            ThemeName::Dark => "dark",
            ThemeName::Light => "light",
            ThemeName::CbSafe => "cb-safe",
            ThemeName::Mono => "mono",
        }
    }
}
