//! The same language over records of what was done: `who:lin after:2d ip:10.0.1.0/24 -result:released`.
//!
//! Fields of its own; words, quotes, stars, commas and negation are those of the inventory's filter. A time is a date
//! (`2026-01-07`, `2026-01-07T14:03`, in the reader's own time) or how long ago (`90s`, `10m`, `3h`, `2d`).

use std::net::IpAddr;

use jiff::civil::DateTime;

use super::{
    Words,
    error::{FilterError, FilterErrorKind},
    field::nearest,
    net::AddressSet,
    parse::{Parser, Value, error, is_colon, is_minus},
    pattern::Pattern,
};
use crate::domain::{outcome::OutcomeWord, time::Timestamp};

/// Names of the fields.
pub const FIELDS: &[&str] = &[
    "ip", "nic", "instance", "cloud", "profile", "region", "who", "host", "batch", "act", "result", "after", "before",
];

/// Words of `result:`, in the order of [`OutcomeWord`]; the last one is of writes without an end.
pub const RESULTS: &[&str] =
    &["released", "already-gone", "nic-gone", "failed", "unknown", "skipped", "stopped", "not-begun", "unfinished"];

/// Words of the end of an act, beside [`RESULTS`], and that of the counts: `result:` takes them all.
const ENDS: &[&str] = &["detached", "deleted", "assigned", "attached", "bound", "already-there", DONE];

/// As the counts call what was read back as wished, whatever the act.
const DONE: &str = "done";

/// Words of `act:`, as the journal spells them.
pub const ACTS: &[&str] = &["release", "detach", "assign", "attach", "bind-eip", "delete"];

const DAY_MS: i64 = 86_400_000;

/// A search that was understood. The default one matches everything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Search {
    terms: Vec<Term>,
}

#[derive(Clone, PartialEq, Debug)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, PartialEq, Debug)]
enum Test {
    Word(Words),
    Ip(AddressSet),
    Text(Field, Vec<Pattern>),
    Batch(Vec<BatchName>),
    /// Not before this.
    After(Timestamp),
    /// Before this.
    Before(Timestamp),
}

/// As people call a batch.
#[derive(Clone, PartialEq, Debug)]
enum BatchName {
    /// Its number in the journal.
    Number(usize),
    /// The beginning of its id.
    Id(Pattern),
}

/// Digits of a number: an id is longer, even if it happens to have no letter.
const NUMBER_DIGITS: usize = 6;

impl BatchName {
    fn of(value: &Value) -> Result<Self, FilterError> {
        let is_number = value.is_plain() && value.text.len() < NUMBER_DIGITS;
        match value.text.parse().ok().filter(|_| is_number) {
            Some(number) => Ok(BatchName::Number(number)),
            None => value.pattern(Pattern::prefix).map(BatchName::Id),
        }
    }

    fn is(&self, subject: &Subject<'_>) -> bool {
        match self {
            BatchName::Number(number) => *number == subject.number,
            BatchName::Id(id) => id.matches(subject.batch),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Nic,
    Instance,
    Cloud,
    Profile,
    Region,
    Who,
    Host,
    Act,
    Result,
}

/// One target of one write.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub at: Timestamp,
    /// From 1, in the order of the journal.
    pub number: usize,
    pub batch: &'a str,
    pub who: &'a str,
    pub host: &'a str,
    pub cloud: &'a str,
    pub profile: &'a str,
    pub region: &'a str,
    pub nic: &'a str,
    pub instance: Option<&'a str>,
    pub ip: Option<IpAddr>,
    /// One of [`ACTS`].
    pub act: &'a str,
    /// `None`: no end is known.
    pub result: Option<OutcomeWord>,
}

/// The word of an end.
pub fn result_word(result: Option<OutcomeWord>) -> &'static str {
    match result {
        Some(OutcomeWord::Released) => "released",
        Some(OutcomeWord::AlreadyGone) => "already-gone",
        Some(OutcomeWord::NicGone) => "nic-gone",
        Some(OutcomeWord::Failed) => "failed",
        Some(OutcomeWord::Unknown) => "unknown",
        Some(OutcomeWord::Skipped) => "skipped",
        Some(OutcomeWord::Stopped) => "stopped",
        Some(OutcomeWord::NotBegun) => "not-begun",
        None => "unfinished",
    }
}

/// The word of an end of an act, as [`ACTS`] spells it: what was detached or put back is not called released.
pub fn end_word(act: &str, result: Option<OutcomeWord>) -> &'static str {
    match (act, result) {
        ("detach", Some(OutcomeWord::Released)) => "detached",
        ("delete", Some(OutcomeWord::Released)) => "deleted",
        ("assign", Some(OutcomeWord::Released)) => "assigned",
        ("attach", Some(OutcomeWord::Released)) => "attached",
        ("bind-eip", Some(OutcomeWord::Released)) => "bound",
        ("assign" | "attach" | "bind-eip", Some(OutcomeWord::AlreadyGone)) => "already-there",
        _ => result_word(result),
    }
}

/// Reads a search. `utc_offset_s` is that of the reader's own time, whose dates are meant.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(text: &str, now: Timestamp, utc_offset_s: i32) -> Result<Search, FilterError> {
    let mut parser = Parser::new(text);
    let mut terms = Vec::new();
    while parser.skip_space() {
        terms.push(term(&mut parser, now, utc_offset_s)?);
    }
    Ok(Search { terms })
}

/// The text before the first term that is only half typed or wrong: a search that a list can show meanwhile.
pub fn complete_part(text: &str, now: Timestamp) -> &str {
    let mut parser = Parser::new(text);
    let mut end = 0;
    while parser.skip_space() {
        if term(&mut parser, now, 0).is_err() {
            return text.get(..end).unwrap_or_default();
        }
        end = parser.at;
    }
    text
}

fn term(parser: &mut Parser<'_>, now: Timestamp, utc_offset_s: i32) -> Result<Term, FilterError> {
    let start = parser.at;
    let negated = parser.peek().is_some_and(is_minus);
    if negated {
        parser.next();
        if parser.peek().is_none_or(char::is_whitespace) {
            return error(start..parser.at, FilterErrorKind::EmptyValue);
        }
    }
    let test = asked(parser, now, utc_offset_s)?;
    Ok(Term { negated, test })
}

fn asked(parser: &mut Parser<'_>, now: Timestamp, utc_offset_s: i32) -> Result<Test, FilterError> {
    let start = parser.at;
    let rest = parser.rest();
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
    let name = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
    let sign = rest.get(end..).and_then(|rest| rest.chars().next()).filter(|&c| is_colon(c));
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let Some(sign) = sign.filter(|_| named) else { return Ok(Test::Word(word(parser)?)) };
    if !FIELDS.contains(&name.as_str()) {
        if parser.looks_like_address() {
            return Ok(Test::Word(word(parser)?));
        }
        let suggestion = nearest(&name, FIELDS.iter().copied()).map(str::to_owned);
        return Err(FilterError { span: start..start + end, kind: FilterErrorKind::UnknownField, suggestion });
    }
    parser.at = start + end + sign.len_utf8();
    let values = parser.values()?;
    let whole = |field| -> Result<Test, FilterError> {
        let patterns = values.iter().map(|value| value.pattern(Pattern::whole)).collect::<Result<_, _>>()?;
        Ok(Test::Text(field, patterns))
    };
    let among = |field, known: &'static [&'static str], more: &[&str]| -> Result<Test, FilterError> {
        for value in &values {
            let pattern = value.pattern(Pattern::whole)?;
            if known.iter().chain(more).all(|word| !pattern.matches(word)) {
                let suggestion = nearest(&value.text.to_ascii_lowercase(), known.iter().copied()).map(str::to_owned);
                let kind = FilterErrorKind::UnknownWord { known };
                return Err(FilterError { span: value.span.clone(), kind, suggestion });
            }
        }
        whole(field)
    };
    match name.as_str() {
        "ip" => {
            let mut addresses = AddressSet::default();
            for value in &values {
                addresses.join(parser.address(value)?);
            }
            Ok(Test::Ip(addresses))
        }
        "nic" => whole(Field::Nic),
        "instance" => whole(Field::Instance),
        "cloud" => whole(Field::Cloud),
        "profile" => whole(Field::Profile),
        "region" => whole(Field::Region),
        "who" => whole(Field::Who),
        "host" => whole(Field::Host),
        "batch" => {
            let batches = values.iter().map(BatchName::of).collect::<Result<_, _>>()?;
            Ok(Test::Batch(batches))
        }
        "act" => among(Field::Act, ACTS, &[]),
        "result" => among(Field::Result, RESULTS, ENDS),
        _ => {
            let [value] = values.as_slice() else {
                let span = values.last().map_or(start..parser.at, |value| value.span.clone());
                return error(span, FilterErrorKind::BadTime);
            };
            let Some(at) = time(value, now, utc_offset_s) else {
                return error(value.span.clone(), FilterErrorKind::BadTime);
            };
            Ok(if name == "after" { Test::After(at) } else { Test::Before(at) })
        }
    }
}

fn word(parser: &mut Parser<'_>) -> Result<Words, FilterError> {
    match parser.words()? {
        super::Test::Word(words) => Ok(words),
        _ => Ok(Words::default()),
    }
}

/// A date and time, or how long ago.
fn time(value: &Value, now: Timestamp, utc_offset_s: i32) -> Option<Timestamp> {
    if !value.is_plain() {
        return None;
    }
    let text = value.text.as_str();
    let unit_ms = match text.chars().last()?.to_ascii_lowercase() {
        's' => Some(1_000),
        'm' => Some(60_000),
        'h' => Some(3_600_000),
        'd' => Some(DAY_MS),
        'w' => Some(7 * DAY_MS),
        _ => None,
    };
    let digits = text.get(..text.len() - 1).and_then(|digits| digits.parse::<u32>().ok());
    if let (Some(unit), Some(number)) = (unit_ms, digits) {
        return Some(Timestamp(now.0.saturating_sub(unit.saturating_mul(i64::from(number)))));
    }
    let date: DateTime = text.parse().ok()?;
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(Timestamp((seconds - i64::from(utc_offset_s)).saturating_mul(1000)))
}

impl Search {
    /// Matches everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Of these profiles and regions only; of all where a list is empty. Names are whole, and a star in one is a star.
    #[must_use]
    pub fn within(mut self, profiles: &[String], regions: &[String]) -> Self {
        for (field, names) in [(Field::Profile, profiles), (Field::Region, regions)] {
            if !names.is_empty() {
                let patterns = names.iter().map(|name| Pattern::whole(name)).collect();
                self.terms.push(Term { negated: false, test: Test::Text(field, patterns) });
            }
        }
        self
    }

    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.terms.iter().all(|term| term.test.asks(subject) != term.negated)
    }
}

impl Test {
    fn asks(&self, subject: &Subject<'_>) -> bool {
        let any = |patterns: &[Pattern], text: &str| patterns.iter().any(|pattern| pattern.matches(text));
        match self {
            Test::Word(words) => {
                let ids = [subject.nic, subject.batch].into_iter().chain(subject.instance);
                let texts = [subject.who, subject.host, subject.profile, subject.region];
                subject.ip.is_some_and(|ip| words.addresses.matches(ip))
                    || ids.into_iter().any(|id| any(&words.ids, id))
                    || texts.into_iter().any(|text| any(&words.texts, text))
            }
            Test::Ip(addresses) => subject.ip.is_some_and(|ip| addresses.matches(ip)),
            Test::Text(field, patterns) => {
                let text = match field {
                    Field::Nic => subject.nic,
                    Field::Instance => subject.instance.unwrap_or_default(),
                    Field::Cloud => subject.cloud,
                    Field::Profile => subject.profile,
                    Field::Region => subject.region,
                    Field::Who => subject.who,
                    Field::Host => subject.host,
                    Field::Act => subject.act,
                    // By the word of the counts, or by that of the row.
                    Field::Result if any(patterns, result_word(subject.result)) => return true,
                    Field::Result if subject.result == Some(OutcomeWord::Released) && any(patterns, DONE) => {
                        return true;
                    }
                    Field::Result => end_word(subject.act, subject.result),
                };
                any(patterns, text)
            }
            Test::Batch(names) => names.iter().any(|name| name.is(subject)),
            Test::After(at) => subject.at >= *at,
            Test::Before(at) => subject.at < *at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-07T14:03:00Z
    const NOW: Timestamp = Timestamp(1_767_794_580_000);

    fn subject() -> Subject<'static> {
        Subject {
            at: Timestamp(NOW.0 - 3 * 3_600_000),
            number: 7,
            batch: "7f3a9c-1767783780000",
            who: "lin",
            host: "ops-1",
            cloud: "one",
            profile: "prod-hz",
            region: "r-1",
            nic: "eni-bp1a",
            instance: Some("i-bp1k2"),
            ip: Some(IpAddr::from([10, 0, 1, 21])),
            act: "release",
            result: Some(OutcomeWord::Released),
        }
    }

    fn found(text: &str) -> bool {
        parse(text, NOW, 0).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&subject())
    }

    #[test]
    fn what_was_put_back_is_not_called_released() {
        assert_eq!(end_word("assign", Some(OutcomeWord::Released)), "assigned");
        assert_eq!(end_word("attach", Some(OutcomeWord::AlreadyGone)), "already-there");
        assert_eq!(end_word("release", Some(OutcomeWord::Released)), "released");
        assert_eq!(end_word("assign", Some(OutcomeWord::Failed)), "failed");
        let back = Subject { act: "assign", ..subject() };
        let found = |text: &str| parse(text, NOW, 0).unwrap().matches(&back);
        assert!(found("result:assigned") && found("result:released") && !found("result:attached"));
        assert!(found("result:done"));
        assert_eq!(end_word("detach", Some(OutcomeWord::Released)), "detached", "detached is not released");
        let failed = Subject { result: Some(OutcomeWord::Failed), ..back };
        assert!(!parse("result:done", NOW, 0).unwrap().matches(&failed));
        assert!(parse("result:assinged", NOW, 0).is_err());
    }

    #[test]
    fn each_field_finds_and_leaves_out() {
        for text in [
            "",
            "10.0.1",
            "bp1a",
            "lin",
            "prod",
            "ip:10.0.1.0/24",
            "ip:10.0.1.20-10.0.1.22",
            "nic:eni-bp1*",
            "instance:i-bp1k2",
            "cloud:one,two",
            "profile:prod-hz",
            "region:r-1",
            "who:LIN",
            "host:ops-*",
            "batch:7f3a9c",
            "batch:7",
            "batch:3,7",
            "act:release",
            "result:released,failed",
            "after:1d",
            "after:4h before:2h",
            "after:2026-01-07",
            "before:2026-01-07T12:00",
            "-result:failed -who:wu",
            "who:/^l.n$/",
        ] {
            assert!(found(text), "{text}");
        }
        for text in [
            "10.0.2",
            "ip:10.0.2.0/24",
            "nic:bp1a",
            "who:wu",
            "batch:70",
            "batch:f3a9c",
            "cloud:two",
            "act:detach",
            "result:unfinished",
            "after:2h",
            "before:4h",
            "before:2026-01-07",
            "-result:released",
            "after:2026-01-08",
        ] {
            assert!(!found(text), "{text}");
        }
    }

    /// At nine in the evening in Shanghai it is still one in the afternoon in UTC.
    #[test]
    fn dates_are_those_of_the_reader() {
        let at = |text: &str, offset: i32| match &parse(text, NOW, offset).unwrap().terms[0].test {
            Test::After(at) => at.0,
            test => panic!("{test:?}"),
        };
        assert_eq!(at("after:2026-01-07T14:03", 0), NOW.0);
        assert_eq!(at("after:2026-01-07T22:03", 8 * 3600), NOW.0);
        assert_eq!(at("after:2w", 0), NOW.0 - 14 * DAY_MS);
    }

    #[test]
    fn what_has_no_end_is_unfinished() {
        let open = Subject { result: None, ..subject() };
        assert!(parse("result:unfinished", NOW, 0).unwrap().matches(&open));
        assert!(!parse("result:unknown", NOW, 0).unwrap().matches(&open));
    }

    #[test]
    fn mistakes_have_their_place_and_a_suggestion() {
        let mistake = |text: &str| {
            let error = parse(text, NOW, 0).unwrap_err();
            (text[error.span.clone()].to_owned(), error.kind.code(), error.suggestion)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(mistake("who:lin reslt:x"), ("reslt".into(), "unknown-field".into(), some("result")));
        assert_eq!(mistake("result:realeased"), ("realeased".into(), "unknown-word".into(), some("released")));
        assert_eq!(mistake("act:x"), ("x".into(), "unknown-word".into(), None));
        assert_eq!(mistake("after:yesterday"), ("yesterday".into(), "bad-time".into(), None));
        assert_eq!(mistake("after:1d,2d").1, "bad-time");
        assert_eq!(mistake("ip:10.0.0.0/33").1, "bad-cidr");
        assert_eq!(mistake("who:").1, "incomplete");
        assert_eq!(mistake("- x").1, "empty-value");
        assert_eq!(mistake("who:/(/").1, "bad-regex");
    }
}
