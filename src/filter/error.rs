//! What can be wrong with a filter, and where.

use std::ops::Range;

use super::field::Field;

/// A mistake in a filter.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{kind} at byte {}", span.start)]
pub struct FilterError {
    /// The bytes of the text that are wrong; empty where something is missing.
    pub span: Range<usize>,
    pub kind: FilterErrorKind,
    /// What to put in place of the span, where a guess is good enough to offer.
    pub suggestion: Option<String>,
}

/// Kinds of mistakes. Codes with values; the sentences are the locale's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FilterErrorKind {
    /// The text ends in the middle of a term that may become right: `ip:`, `ip:10.0.0.0/`, `level:bl`, `-`.
    #[error("incomplete")]
    Incomplete,
    /// No closing `"`.
    #[error("unclosed-quote")]
    UnclosedQuote,
    /// No closing `/`.
    #[error("unclosed-regex")]
    UnclosedRegex,
    #[error("unknown-field")]
    UnknownField,
    /// Nothing between the field (or a comma) and what follows.
    #[error("empty-value")]
    EmptyValue,
    /// A word that this field does not know; those it knows.
    #[error("unknown-value")]
    UnknownValue { field: Field, known: &'static [&'static str] },
    /// The same, for what records are searched by.
    #[error("unknown-word")]
    UnknownWord { known: &'static [&'static str] },
    /// Neither a date nor how long ago.
    #[error("bad-time")]
    BadTime,
    /// A cloud that there is not; those there are.
    #[error("unknown-cloud")]
    UnknownCloud { known: Vec<String> },
    #[error("bad-address")]
    BadAddress,
    /// The part after the `/` is no prefix length for the address before it.
    #[error("bad-cidr")]
    BadCidr { longest: u8 },
    /// Ends before it begins, or joins IPv4 with IPv6.
    #[error("bad-range")]
    BadRange,
    /// The engine's own words, in English.
    #[error("bad-regex")]
    BadRegex { message: String },
    #[error("bad-number")]
    BadNumber,
    /// Not a number with `s`, `m`, `h` or `d`.
    #[error("bad-duration")]
    BadDuration,
    /// This field holds no number: `:` is meant.
    #[error("not-comparable")]
    NotComparable { field: Field },
    /// This field needs `<`, `<=`, `>`, `>=`.
    #[error("needs-comparison")]
    NeedsComparison { field: Field },
    /// Text right behind a closing quote or slash.
    #[error("trailing-text")]
    TrailingText,
    /// `or`, `and` and the like between terms: terms are joined by AND, values by a comma.
    #[error("joining")]
    Joining,
    /// The same at the end, where more may follow.
    #[error("dangling")]
    Dangling,
    /// A blank between a number's field and the comparison.
    #[error("apart")]
    Apart { field: Field },
    #[error("too-many-terms")]
    TooManyTerms { most: usize },
}

impl FilterErrorKind {
    /// A stable token for the locale and for tests.
    pub fn code(&self) -> String {
        self.to_string()
    }

    /// Values for the locale's sentence, by name.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        match self {
            FilterErrorKind::UnknownValue { field, known } => {
                vec![("field", field.as_str().to_owned()), ("known", known.join(", "))]
            }
            FilterErrorKind::UnknownWord { known } => vec![("known", known.join(", "))],
            FilterErrorKind::UnknownCloud { known } => vec![("known", known.join(", "))],
            FilterErrorKind::NotComparable { field }
            | FilterErrorKind::NeedsComparison { field }
            | FilterErrorKind::Apart { field } => vec![("field", field.as_str().to_owned())],
            FilterErrorKind::BadCidr { longest } => vec![("longest", longest.to_string())],
            FilterErrorKind::BadRegex { message } => vec![("message", message.clone())],
            FilterErrorKind::TooManyTerms { most } => vec![("most", most.to_string())],
            _ => Vec::new(),
        }
    }
}

impl FilterError {
    /// Only half typed: no reason to interrupt who is typing.
    pub fn is_incomplete(&self) -> bool {
        matches!(
            self.kind,
            FilterErrorKind::Incomplete
                | FilterErrorKind::Dangling
                | FilterErrorKind::UnclosedQuote
                | FilterErrorKind::UnclosedRegex
        )
    }
}
