//! Settings that are one of a few words: the same words in the file, in `NICDECK_*` and in flags.

use super::error::{ProblemKind, suggest};

/// A setting that is one of a few words.
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    /// Word and meaning; the default comes first.
    const ALL: &'static [(&'static str, Self)];

    /// Other words that people write for the same.
    const ALSO: &'static [(&'static str, Self)];

    /// Reads a word. Case does not matter, and `_` stands for `-`.
    ///
    /// # Errors
    /// Which words there are, and which one was most likely meant.
    fn read(key: &str, text: &str) -> Result<Self, ProblemKind> {
        let plain = text.trim().to_lowercase().replace('_', "-");
        let mut all = Self::ALL.iter().chain(Self::ALSO);
        all.find(|(word, _)| word.to_lowercase() == plain).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words = || Self::ALL.iter().map(|(word, _)| *word);
            ProblemKind::NotOneOf {
                key: key.to_owned(),
                given: Some(text.to_owned()),
                allowed: words().map(str::to_owned).collect(),
                suggestion: suggest(&plain, words()).map(str::to_owned),
            }
        })
    }

    /// The setting's word.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, meaning)| *meaning == self).map_or("", |(word, _)| word)
    }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal $(or $also:literal)*,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub enum $name { #[default] $($(#[$case_doc])* $case,)* }

        impl Choice for $name {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, $name::$case),)*];
            const ALSO: &'static [(&'static str, Self)] = &[$($(($also, $name::$case),)*)*];
        }
    )*};
}

choices! {
    /// The language of everything a person reads.
    LanguageChoice {
        /// `LC_ALL`, `LC_MESSAGES`, `LANG` decide.
        Auto = "auto",
        En = "en",
        ZhCn = "zh-CN" or "zh" or "zh-Hans",
    }

    /// Colours.
    Theme {
        /// The terminal's background decides.
        Auto = "auto",
        Dark = "dark",
        Light = "light",
        /// Hues that people with any colour vision tell apart.
        CbSafe = "cb-safe" or "colorblind" or "colourblind",
        /// No colour: bold, dim, underline and reverse carry the meaning.
        Mono = "mono",
    }

    /// What lines are drawn with.
    Borders {
        /// Box-drawing characters where the terminal and its font can show them.
        Auto = "auto",
        Unicode = "unicode",
        Ascii = "ascii",
    }

    /// How much is written to the log.
    LogLevel {
        /// Starts, ends, and what became of each write.
        Info = "info",
        Off = "off" or "none",
        Error = "error",
        Warn = "warn" or "warning",
        /// Each call as well.
        Debug = "debug",
        /// What each call asked and was answered.
        Trace = "trace",
    }

    /// `--color`.
    ColorChoice {
        /// Colour on a terminal, unless `NO_COLOR` or `TERM=dumb` says otherwise.
        Auto = "auto",
        Always = "always",
        Never = "never",
    }
}

/// A language that there are words for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    #[default]
    En,
    ZhCn,
}
