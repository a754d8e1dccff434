//! Text → terms. Total: any text is either a filter or an error with its place.

use std::{net::IpAddr, ops::Range};

use crate::domain::finding::FindingId;

use super::{
    Expr, MAX_TERMS, TagTest, Term, Test, Words,
    error::{FilterError, FilterErrorKind},
    field::{Compare, FINDINGS, Field, HAS, KINDS, LEVELS, MARKED, NIC_STATES, POWER, VENDOR_STATES, nearest},
    net::{self, AddressSet},
    pattern::{Pattern, regex},
};

/// One alternative as written: unescaped, with the places of its globs.
pub(super) struct Value {
    pub(super) text: String,
    /// Byte places in `text` where an unescaped `*` stood.
    globs: Vec<usize>,
    is_regex: bool,
    pub(super) span: Range<usize>,
}

/// Fewer digits than this are in most ids by chance, and are not looked for in them.
const DIGITS_IN_IDS: usize = 4;

/// What people write between terms by habit from other languages.
pub(super) const JOINING: &[&str] =
    &["or", "and", "not", "||", "&&", "|", "&", "｜", "＆", "或", "或者", "且", "并且", "和", "与", "非", "不是"];

/// Signs that negate or put together elsewhere, as they stand before a term.
const SIGNS: [char; 4] = ['!', '(', '！', '（'];

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    /// The clouds there are; empty: not known here.
    clouds: &'a [&'a str],
    pub(super) at: usize,
}

pub(super) fn error<T>(span: Range<usize>, kind: FilterErrorKind) -> Result<T, FilterError> {
    Err(FilterError { span, kind, suggestion: None })
}

/// Chinese input methods write full-width punctuation.
fn is_comma(c: char) -> bool {
    c == ',' || c == '，'
}

/// Half or full width.
pub(super) fn is_minus(c: char) -> bool {
    c == '-' || c == '－'
}

pub(super) fn is_colon(c: char) -> bool {
    c == ':' || c == '：'
}

pub(super) fn parse(text: &str, clouds: &[&str]) -> Result<Expr, FilterError> {
    let mut parser = Parser { text, clouds, at: 0 };
    let mut terms = Vec::new();
    while parser.skip_space() {
        let start = parser.at;
        let term = parser.term()?;
        habits(&parser, terms.last(), &term)?;
        if terms.len() == MAX_TERMS {
            return error(start..parser.at, FilterErrorKind::TooManyTerms { most: MAX_TERMS });
        }
        terms.push(term);
    }
    Ok(Expr::of(terms))
}

/// Words and signs that mean something in other languages, and would look for themselves here. Quoted they do.
fn habits(parser: &Parser<'_>, before: Option<&Term>, term: &Term) -> Result<(), FilterError> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(&term.text));
    if is(JOINING) && !parser.at_end() || term.text.trim_start_matches(is_minus).starts_with(SIGNS) {
        return error(term.span.clone(), FilterErrorKind::Joining);
    }
    let Some(before) = before else { return Ok(()) };
    if is(JOINING) {
        return error(term.span.clone(), FilterErrorKind::Dangling);
    }
    // `ips >5`
    if term.text.starts_with(['<', '>', '='])
        && before.span.end < term.span.start
        && let Some(field) = Field::find(&before.text).filter(|field| field.is_count())
    {
        let span = before.span.start..term.span.end;
        let suggestion = Some(format!("{}{}", field.as_str(), term.text));
        return Err(FilterError { span, kind: FilterErrorKind::Apart { field }, suggestion });
    }
    Ok(())
}

pub(super) fn complete_part<'a>(text: &'a str, clouds: &[&str]) -> &'a str {
    let mut parser = Parser { text, clouds, at: 0 };
    let mut end = 0;
    let mut before = None;
    while parser.skip_space() {
        match parser.term() {
            Ok(term) if habits(&parser, before.as_ref(), &term).is_ok() => before = Some(term),
            _ => return text.get(..end).unwrap_or_default(),
        }
        end = parser.at;
    }
    text
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, clouds: &[], at: 0 }
    }
}

impl Parser<'_> {
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// False at the end of the text.
    pub(super) fn skip_space(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
        self.at < self.text.len()
    }

    /// Nothing but space is left: what is missing may still be typed.
    pub(super) fn at_end(&self) -> bool {
        self.rest().trim().is_empty()
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        let negated = self.peek().is_some_and(is_minus);
        if negated {
            self.next();
            if self.peek().is_none_or(char::is_whitespace) {
                let kind = if self.at_end() { FilterErrorKind::Incomplete } else { FilterErrorKind::EmptyValue };
                return error(start..self.at, kind);
            }
        }
        let test = self.test()?;
        let span = start..self.at;
        Ok(Term { negated, test, text: self.text.get(span.clone()).unwrap_or_default().to_owned(), span })
    }

    fn test(&mut self) -> Result<Test, FilterError> {
        let start = self.at;
        let name: &str = {
            let rest = self.rest();
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default()
        };
        let behind = start + name.len();
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let Some(sign) = self.text.get(behind..).and_then(|text| text.chars().next()).filter(|_| named) else {
            return self.words();
        };
        let known = Field::find(name);
        let span = start..behind;
        match (known, sign) {
            (Some(field), c) if is_colon(c) => {
                self.at = behind + c.len_utf8();
                if field.is_count() { self.count(field, span.start) } else { self.field(field) }
            }
            (Some(field), '<' | '>' | '=') => {
                self.at = behind;
                if field.is_count() {
                    return self.count(field, span.start);
                }
                let kind = FilterErrorKind::NotComparable { field };
                Err(FilterError { span: behind..behind + 1, kind, suggestion: Some(":".to_owned()) })
            }
            (None, c) if is_colon(c) && !self.looks_like_address() => unknown_field(name, span),
            (None, '<' | '>') => unknown_field(name, span),
            _ => self.words(),
        }
    }

    /// Is the word at this place made of what IPv6 addresses and MACs are made of?
    pub(super) fn looks_like_address(&self) -> bool {
        let word = self.rest().split(|c: char| c.is_whitespace() || is_comma(c)).next().unwrap_or_default();
        word.contains(':') && word.bytes().all(|byte| byte.is_ascii_hexdigit() || b":./*-".contains(&byte))
    }

    /// `value[,value…]`
    pub(super) fn values(&mut self) -> Result<Vec<Value>, FilterError> {
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            match self.peek() {
                Some(c) if is_comma(c) => {
                    self.next();
                    // A list that was copied from somewhere has blanks behind its commas.
                    if self.peek().is_some_and(char::is_whitespace) && !self.at_end() {
                        self.skip_space();
                    }
                    Some(c)
                }
                Some(c) if !c.is_whitespace() => return error(self.here(c), FilterErrorKind::TrailingText),
                _ => return Ok(values),
            };
        }
    }

    fn here(&self, c: char) -> Range<usize> {
        self.at..self.at + c.len_utf8()
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        let start = self.at;
        let value = match self.peek() {
            Some('"') => self.quoted()?,
            Some('/') => self.slashed()?,
            _ => self.plain()?,
        };
        if value.text.is_empty() && value.globs.is_empty() {
            let kind = if self.at_end() && self.at == start {
                FilterErrorKind::Incomplete
            } else {
                FilterErrorKind::EmptyValue
            };
            return error(start..self.at, kind);
        }
        Ok(value)
    }

    fn plain(&mut self) -> Result<Value, FilterError> {
        let start = self.at;
        let (mut text, mut globs) = (String::new(), Vec::new());
        while let Some(c) = self.peek().filter(|&c| !c.is_whitespace() && !is_comma(c)) {
            self.next();
            self.take(c, start, &mut text, &mut globs)?;
        }
        Ok(Value { text, globs, is_regex: false, span: start..self.at })
    }

    fn quoted(&mut self) -> Result<Value, FilterError> {
        let start = self.at;
        self.next();
        let (mut text, mut globs) = (String::new(), Vec::new());
        while let Some(c) = self.next() {
            if c == '"' {
                return Ok(Value { text, globs, is_regex: false, span: start..self.at });
            }
            self.take(c, start, &mut text, &mut globs)?;
        }
        error(start..self.at, FilterErrorKind::UnclosedQuote)
    }

    /// One character of a value: `\` takes the next one as it is, `*` is a star.
    fn take(&mut self, c: char, start: usize, text: &mut String, globs: &mut Vec<usize>) -> Result<(), FilterError> {
        match c {
            '\\' => match self.next() {
                Some(c) => text.push(c),
                None => return error(start..self.at, FilterErrorKind::Incomplete),
            },
            '*' => globs.push(text.len()),
            c => text.push(c),
        }
        Ok(())
    }

    fn slashed(&mut self) -> Result<Value, FilterError> {
        let start = self.at;
        self.next();
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '/' => return Ok(Value { text, globs: Vec::new(), is_regex: true, span: start..self.at }),
                '\\' if self.peek() == Some('/') => {
                    self.next();
                    text.push('/');
                }
                // A pair stays a pair, so that the second backslash does not hide the closing slash.
                '\\' if self.peek() == Some('\\') => {
                    self.next();
                    text.push_str("\\\\");
                }
                c => text.push(c),
            }
        }
        error(start..self.at, FilterErrorKind::UnclosedRegex)
    }

    pub(super) fn words(&mut self) -> Result<Test, FilterError> {
        let mut words = Words::default();
        for value in self.values()? {
            self.word(&value, &mut words)?;
        }
        Ok(Test::Word(words))
    }

    fn word(&self, value: &Value, words: &mut Words) -> Result<(), FilterError> {
        let text = value.text.as_str();
        // `10.0.0.0/24` can be nothing but a CIDR; `10.0.0.5-10.0.0.9` may be a range, `10.0.0.5-db` is a name.
        let plain = !value.is_regex && value.globs.is_empty();
        if plain && text.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok()) {
            words.addresses.join(self.address(value)?);
            return Ok(());
        }
        let pattern = value.pattern(Pattern::contains)?;
        let dotted = plain && net::is_dotted(text);
        if dotted {
            words.addresses.join(net::inside(text));
        }
        if !plain {
            words.addresses.join(AddressSet::of_text(pattern.clone()));
        } else if text.contains('-') {
            words.addresses.join(net::read(text).unwrap_or_default());
        } else {
            let exact = text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
            words.addresses.join(net::beginning(text).unwrap_or_default());
            // The beginning of an IPv6 address is compared as text, of which there are many for one address.
            words.addresses.join(exact.map(AddressSet::exactly).unwrap_or_default());
            words.exact = words.exact.or(exact);
            if text.contains(':') {
                words.macs.push(Pattern::prefix(text));
            }
        }
        if !dotted || text.len() >= DIGITS_IN_IDS {
            words.ids.push(pattern.clone());
        }
        words.texts.push(pattern);
        Ok(())
    }

    pub(super) fn address(&self, value: &Value) -> Result<AddressSet, FilterError> {
        if value.is_regex || !value.globs.is_empty() {
            return Ok(AddressSet::of_text(value.pattern(Pattern::whole)?));
        }
        net::read(&value.text).map_err(|bad| {
            // Quotes and escapes shift places: then the whole value is pointed at.
            let span = if value.span.len() == value.text.len() {
                (value.span.start + bad.from).min(value.span.end)..value.span.end
            } else {
                value.span.clone()
            };
            let half = bad.kind == FilterErrorKind::Incomplete && value.span.end < self.text.trim_end().len();
            let kind = if half { FilterErrorKind::BadAddress } else { bad.kind };
            let suggestion = match &kind {
                FilterErrorKind::BadCidr { longest } => Some(longest.to_string()),
                _ => None,
            };
            FilterError { span, kind, suggestion }
        })
    }

    fn field(&mut self, field: Field) -> Result<Test, FilterError> {
        let values = self.values()?;
        let patterns = |default: fn(&str) -> Pattern| -> Result<Vec<Pattern>, FilterError> {
            values.iter().map(|value| value.pattern(default)).collect()
        };
        Ok(match field {
            Field::Ip => {
                let mut addresses = AddressSet::default();
                for value in &values {
                    addresses.join(self.address(value)?);
                }
                Test::Address(addresses)
            }
            Field::Tag => Test::Tag(values.iter().map(Value::tag).collect::<Result<_, _>>()?),
            Field::Kind => Test::Kind(self.bits(field, &values, KINDS)?),
            Field::Has => Test::Has(self.bits(field, &values, HAS)?),
            Field::Level => Test::Level(self.bits(field, &values, LEVELS)?),
            Field::Marked => {
                let bits = self.bits(field, &values, MARKED)?;
                Test::Marked { yes: bits & 1 != 0, no: bits & 2 != 0 }
            }
            Field::Finding => {
                let mut places = Vec::new();
                for value in &values {
                    places.extend(self.closed(field, value, FINDINGS)?);
                }
                Test::Finding(places.into_iter().filter_map(|place| FindingId::ALL.get(place).copied()).collect())
            }
            Field::State | Field::NicState => {
                let known = if field == Field::State { POWER } else { NIC_STATES };
                for value in &values {
                    self.state(field, value, known)?;
                }
                Test::Text(field, patterns(Pattern::whole)?)
            }
            Field::Cloud => {
                for value in &values {
                    self.cloud(value)?;
                }
                Test::Text(field, patterns(Pattern::whole)?)
            }
            Field::Name => Test::Text(field, patterns(Pattern::contains)?),
            Field::Mac => {
                let macs = values.iter().map(|value| {
                    let text = value.text.replace('-', ":");
                    if value.is_regex { value.pattern(Pattern::prefix) } else { Ok(value.with(&text, Pattern::prefix)) }
                });
                Test::Text(field, macs.collect::<Result<_, _>>()?)
            }
            _ => Test::Text(field, patterns(Pattern::whole)?),
        })
    }

    /// A common word or a vendor's. One that is neither is a slip of the finger, unless it is quoted or has a star: vendors
    /// bring new ones.
    fn state(&self, field: Field, value: &Value, known: &'static [&'static str]) -> Result<(), FilterError> {
        let as_written = value.span.len() == value.text.len() && !value.is_regex && value.globs.is_empty();
        let word = value.text.to_ascii_lowercase();
        let all = || known.iter().chain(VENDOR_STATES).copied();
        if !as_written || all().any(|known| known == word) {
            return Ok(());
        }
        if value.span.end == self.text.len() && all().any(|known| known.starts_with(&word)) {
            return error(value.span.clone(), FilterErrorKind::Incomplete);
        }
        let suggestion = nearest(&word, all()).map(str::to_owned);
        Err(FilterError { span: value.span.clone(), kind: FilterErrorKind::UnknownValue { field, known }, suggestion })
    }

    fn cloud(&self, value: &Value) -> Result<(), FilterError> {
        let pattern = value.pattern(Pattern::whole)?;
        if self.clouds.is_empty() || self.clouds.iter().any(|cloud| pattern.matches(cloud)) {
            return Ok(());
        }
        if self.is_beginning(value, self.clouds) {
            return error(value.span.clone(), FilterErrorKind::Incomplete);
        }
        let suggestion = nearest(&value.text.to_ascii_lowercase(), self.clouds.iter().copied()).map(str::to_owned);
        let known = self.clouds.iter().map(|&cloud| cloud.to_owned()).collect();
        Err(FilterError { span: value.span.clone(), kind: FilterErrorKind::UnknownCloud { known }, suggestion })
    }

    /// Places in `known` that a value of a closed field names.
    fn closed(&self, field: Field, value: &Value, known: &'static [&'static str]) -> Result<Vec<usize>, FilterError> {
        let pattern = value.pattern(Pattern::whole)?;
        let places: Vec<usize> =
            known.iter().enumerate().filter(|(_, word)| pattern.matches(word)).map(|(place, _)| place).collect();
        if !places.is_empty() {
            return Ok(places);
        }
        if self.is_beginning(value, known) {
            return error(value.span.clone(), FilterErrorKind::Incomplete);
        }
        let suggestion = nearest(&value.text.to_ascii_lowercase(), known.iter().copied()).map(str::to_owned);
        Err(FilterError { span: value.span.clone(), kind: FilterErrorKind::UnknownValue { field, known }, suggestion })
    }

    fn bits(&self, field: Field, values: &[Value], known: &'static [&'static str]) -> Result<u8, FilterError> {
        let mut bits = 0u8;
        for value in values {
            for place in self.closed(field, value, known)? {
                bits |= 1 << place;
            }
        }
        Ok(bits)
    }

    /// Does the text end in the first letters of a known word?
    fn is_beginning(&self, value: &Value, known: &[&str]) -> bool {
        let typed = value.text.to_ascii_lowercase();
        value.span.end == self.text.len()
            && !value.is_regex
            && value.globs.is_empty()
            && known.iter().all(|word| **word != *typed)
            && known.iter().any(|word| word.starts_with(&typed))
    }

    /// `ips>5`, `ips:5`, `age>1h`
    fn count(&mut self, field: Field, start: usize) -> Result<Test, FilterError> {
        let sign = self.at;
        let rest = self.rest();
        let signs = [
            ("<=", Compare::AtMost),
            (">=", Compare::AtLeast),
            ("==", Compare::Equal),
            ("<", Compare::Less),
            (">", Compare::More),
            ("=", Compare::Equal),
        ];
        let found = signs.iter().find(|(text, _)| rest.starts_with(text));
        let compare = found.map_or(Compare::Equal, |(_, compare)| *compare);
        self.at += found.map_or(0, |(text, _)| text.len());
        if self.at_end() {
            return error(start..self.at, FilterErrorKind::Incomplete);
        }
        if field == Field::Age && compare == Compare::Equal {
            let span = if found.is_some() { sign..self.at } else { sign - 1..sign };
            let span = if self.text.is_char_boundary(span.start) { span } else { start..self.at };
            let kind = FilterErrorKind::NeedsComparison { field };
            return Err(FilterError { span, kind, suggestion: Some(">".to_owned()) });
        }
        let value = self.values()?;
        let [value] = value.as_slice() else {
            return error(sign..self.at, FilterErrorKind::BadNumber);
        };
        let digits = value.text.len() - value.text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = value.text.split_at(digits);
        let number = number.parse::<u64>().ok().filter(|_| value.globs.is_empty() && !value.is_regex);
        if field != Field::Age {
            return match number.filter(|_| unit.is_empty()) {
                Some(number) => Ok(Test::Count(field, compare, number)),
                None => error(value.span.clone(), FilterErrorKind::BadNumber),
            };
        }
        let unit_ms: Option<u64> = match unit.to_ascii_lowercase().as_str() {
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            "d" => Some(86_400_000),
            _ => None,
        };
        match (number, unit_ms) {
            (Some(number), Some(ms)) => Ok(Test::Age(compare, number.saturating_mul(ms))),
            (Some(_), None) if unit.is_empty() && self.at_end() => {
                error(value.span.clone(), FilterErrorKind::Incomplete)
            }
            _ => error(value.span.clone(), FilterErrorKind::BadDuration),
        }
    }
}

fn unknown_field<T>(name: &str, span: Range<usize>) -> Result<T, FilterError> {
    let suggestion = Field::guess(name).map(|field| field.as_str().to_owned());
    Err(FilterError { span, kind: FilterErrorKind::UnknownField, suggestion })
}

impl Value {
    /// Is it a word as it stands: no pattern, nothing quoted or escaped?
    pub(super) fn is_plain(&self) -> bool {
        !self.is_regex && self.globs.is_empty()
    }

    pub(super) fn pattern(&self, default: fn(&str) -> Pattern) -> Result<Pattern, FilterError> {
        if self.is_regex {
            return match regex(&self.text) {
                Ok(regex) => Ok(Pattern::Regex(regex)),
                Err(message) => error(self.span.clone(), FilterErrorKind::BadRegex { message }),
            };
        }
        Ok(self.with(&self.text, default))
    }

    /// The pattern of `text`, which has the same length as the value's own.
    fn with(&self, text: &str, default: fn(&str) -> Pattern) -> Pattern {
        if self.globs.is_empty() {
            return default(text);
        }
        Pattern::glob(&pieces(text, 0, &self.globs))
    }

    fn tag(&self) -> Result<TagTest, FilterError> {
        if self.is_regex {
            return Ok(TagTest::Whole(self.pattern(Pattern::whole)?));
        }
        let part = |text: &str, from: usize| -> Pattern {
            let globs: Vec<usize> =
                self.globs.iter().copied().filter(|&star| star >= from && star <= from + text.len()).collect();
            if globs.is_empty() { Pattern::whole(text) } else { Pattern::glob(&pieces(text, from, &globs)) }
        };
        Ok(match self.text.split_once('=') {
            Some((key, value)) => TagTest::KeyValue(part(key, 0), part(value, key.len() + 1)),
            None => TagTest::Key(part(&self.text, 0)),
        })
    }
}

/// What stands between the globs; `from` is where `text` begins in the value.
fn pieces<'a>(text: &'a str, from: usize, globs: &[usize]) -> Vec<&'a str> {
    let mut pieces = Vec::with_capacity(globs.len() + 1);
    let mut start = 0;
    for star in globs {
        let end = star.saturating_sub(from);
        pieces.push(text.get(start..end).unwrap_or_default());
        start = end;
    }
    pieces.push(text.get(start..).unwrap_or_default());
    pieces
}
