//! Text against text, without regard to case and without copies.
//!
//! Bytes are compared with ASCII case folded; that is right for every text that has no cased letter beyond ASCII (ids, words,
//! Chinese). A pattern with such a letter (`É`) becomes a regular expression, whose engine knows Unicode's case folding.

use memchr::memchr2_iter;
use regex::{Regex, RegexBuilder};

/// A piece of text to look for, in lower case.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Needle {
    text: Box<[u8]>,
    /// The place of the byte that is rarest in ids and names: looked for first.
    anchor: usize,
}

/// How common a byte is in ids and names, roughly.
fn commonness(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 4,
        b'a'..=b'f' => 3,
        b'-' => 2,
        b'g'..=b'z' => 1,
        _ => 0,
    }
}

/// One alternative of a term.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Whole(Needle),
    Prefix(Needle),
    Contains(Needle),
    /// Text between stars; the first and last piece sit at the ends, and may be empty.
    Glob {
        first: Needle,
        middle: Vec<Needle>,
        last: Needle,
    },
    Regex(Regex),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Pattern::Whole(a), Pattern::Whole(b))
            | (Pattern::Prefix(a), Pattern::Prefix(b))
            | (Pattern::Contains(a), Pattern::Contains(b)) => a == b,
            (
                Pattern::Glob { first, middle, last },
                Pattern::Glob { first: first_b, middle: middle_b, last: last_b },
            ) => first == first_b && middle == middle_b && last == last_b,
            (Pattern::Regex(a), Pattern::Regex(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

impl Needle {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase().into_bytes();
        let anchor = text.iter().enumerate().min_by_key(|(_, byte)| commonness(**byte)).map_or(0, |(place, _)| place);
        Self { text: text.into(), anchor }
    }

    fn len(&self) -> usize {
        self.text.len()
    }

    fn is(&self, bytes: &[u8]) -> bool {
        self.text.eq_ignore_ascii_case(bytes)
    }

    fn starts(&self, hay: &[u8]) -> bool {
        hay.get(..self.len()).is_some_and(|head| self.is(head))
    }

    fn ends(&self, hay: &[u8]) -> bool {
        hay.len().checked_sub(self.len()).and_then(|from| hay.get(from..)).is_some_and(|tail| self.is(tail))
    }

    /// Where it first is.
    fn find(&self, hay: &[u8]) -> Option<usize> {
        let Some(&anchor) = self.text.get(self.anchor) else { return Some(0) };
        let last_start = hay.len().checked_sub(self.text.len())?;
        let anchors = hay.get(self.anchor..=last_start + self.anchor)?;
        memchr2_iter(anchor, anchor.to_ascii_uppercase(), anchors)
            .find(|&at| hay.get(at..at + self.text.len()).is_some_and(|part| self.is(part)))
    }
}

/// Has letters whose case bytes can not tell.
fn is_cased(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && (c.is_lowercase() || c.is_uppercase()))
}

/// A literal as a regular expression. Literals always compile, short of absurd lengths: then it is compared by bytes.
fn folded(before: &str, text: &str, after: &str) -> Option<Pattern> {
    if !is_cased(text) {
        return None;
    }
    regex(&format!("{before}{}{after}", regex::escape(text))).ok().map(Pattern::Regex)
}

/// Compiles what people typed between slashes.
///
/// # Errors
/// The engine's own words.
pub(super) fn regex(source: &str) -> Result<Regex, String> {
    RegexBuilder::new(source)
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "too large".to_owned(),
            error => {
                let text = error.to_string();
                let line = text.lines().next_back().unwrap_or_default();
                line.trim().trim_start_matches("error:").trim().to_owned()
            }
        })
}

impl Pattern {
    pub(super) fn whole(text: &str) -> Self {
        folded("^", text, "$").unwrap_or_else(|| Pattern::Whole(Needle::of(text)))
    }

    pub(super) fn prefix(text: &str) -> Self {
        folded("^", text, "").unwrap_or_else(|| Pattern::Prefix(Needle::of(text)))
    }

    pub(super) fn contains(text: &str) -> Self {
        folded("", text, "").unwrap_or_else(|| Pattern::Contains(Needle::of(text)))
    }

    /// `pieces` are what stands before, between and behind the stars.
    pub(super) fn glob(pieces: &[&str]) -> Self {
        if pieces.iter().any(|piece| is_cased(piece)) {
            let source: Vec<String> = pieces.iter().map(|piece| regex::escape(piece)).collect();
            if let Ok(regex) = regex(&format!("^{}$", source.join(".*"))) {
                return Pattern::Regex(regex);
            }
        }
        match pieces {
            [] => Pattern::Whole(Needle::of("")),
            [only] => Pattern::Whole(Needle::of(only)),
            [first, middle @ .., last] => Pattern::Glob {
                first: Needle::of(first),
                middle: middle.iter().filter(|piece| !piece.is_empty()).map(|piece| Needle::of(piece)).collect(),
                last: Needle::of(last),
            },
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let hay = text.as_bytes();
        match self {
            Pattern::Whole(needle) => needle.len() == hay.len() && needle.is(hay),
            Pattern::Prefix(needle) => needle.starts(hay),
            Pattern::Contains(needle) => needle.find(hay).is_some(),
            Pattern::Glob { first, middle, last } => {
                if hay.len() < first.len() + last.len() || !first.starts(hay) || !last.ends(hay) {
                    return false;
                }
                let mut rest = hay.get(first.len()..hay.len() - last.len()).unwrap_or_default();
                for piece in middle {
                    let Some(at) = piece.find(rest) else { return false };
                    rest = rest.get(at + piece.len()..).unwrap_or_default();
                }
                true
            }
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}
