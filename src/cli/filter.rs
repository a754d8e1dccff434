//! A mistake in `--filter`, in words, with a line that points at it.

use unicode_width::UnicodeWidthStr;

use crate::{
    domain::clean::clean,
    filter::{FilterError, FilterErrorKind},
};

/// The mistake, the filter, and marks under what is wrong.
pub(super) fn explain(text: &str, error: &FilterError) -> String {
    let part = |range| clean(text.get(range).unwrap_or_default()).into_owned();
    let (start, end) = (error.span.start.min(text.len()), error.span.end.min(text.len()));
    let (before, wrong) = (part(0..start), part(start..end));
    let marks = "^".repeat(wrong.width().max(1));
    let indent = " ".repeat(before.width());
    let mut lines = format!("--filter: {}\n  {}\n  {indent}{marks}", sentence(&error.kind), clean(text));
    if let Some(suggestion) = &error.suggestion {
        lines = format!("{lines}\n  did you mean `{}`?", clean(suggestion));
    }
    lines
}

fn sentence(kind: &FilterErrorKind) -> String {
    match kind {
        FilterErrorKind::Incomplete => "the filter ends in the middle of a term".to_owned(),
        FilterErrorKind::UnclosedQuote => "the closing `\"` is missing".to_owned(),
        FilterErrorKind::UnclosedRegex => "the closing `/` is missing".to_owned(),
        FilterErrorKind::UnknownField => "there is no such field".to_owned(),
        FilterErrorKind::EmptyValue => "a value is missing here".to_owned(),
        FilterErrorKind::UnknownValue { field, known } => {
            format!("`{}` does not know this; it is one of {}", field.as_str(), known.join(", "))
        }
        FilterErrorKind::BadAddress => "this is no IP address, range or network".to_owned(),
        FilterErrorKind::BadCidr { longest } => format!("the part behind `/` has to be 0 to {longest}"),
        FilterErrorKind::BadRange => "a range goes from a lower to a higher address of the same kind".to_owned(),
        FilterErrorKind::BadRegex { message } => format!("this is no regular expression: {}", clean(message)),
        FilterErrorKind::BadNumber => "this is no number".to_owned(),
        FilterErrorKind::BadDuration => "a time is a number with s, m, h or d, as in 90s".to_owned(),
        FilterErrorKind::NotComparable { field } => {
            format!("`{0}` holds no number; write `{0}:` and the value", field.as_str())
        }
        FilterErrorKind::NeedsComparison { field } => {
            format!("`{0}` is compared: {0}>1, {0}>=1, {0}<1 or {0}<=1", field.as_str())
        }
        FilterErrorKind::TrailingText => "a blank is missing behind the quoted text".to_owned(),
        FilterErrorKind::TooManyTerms { most } => format!("a filter has at most {most} terms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        explain(text, &crate::filter::parse(text).unwrap_err())
    }

    #[test]
    fn the_marks_stand_under_the_mistake() {
        assert_eq!(
            told("web ip:10.0.0.0/33"),
            "--filter: the part behind `/` has to be 0 to 32\n  web ip:10.0.0.0/33\n                  ^^\n  did you mean `32`?"
        );
        // A wide character takes two cells.
        let text = told("网卡 ipp:1");
        assert!(text.starts_with("--filter: there is no such field\n  网卡 ipp:1\n       ^^^"), "{text}");
        assert!(text.ends_with("did you mean `ip`?"), "{text}");
    }

    #[test]
    fn every_mistake_has_its_sentence_and_nothing_hostile_is_repeated() {
        for text in [
            "ip:",
            "\"a",
            "/a",
            "ipp:1",
            "name:,a",
            "has:nothing",
            "ip:x.y",
            "ip:10.0.0.0/99",
            "ip:10.0.0.9-10.0.0.1",
            "/(/",
            "ips>x",
            "age>5",
            "name>5",
            "age:5m",
            "\"a\"b",
            &"a ".repeat(99),
            "kind:\u{1b}[2J",
        ] {
            let text = told(text);
            let lines: Vec<&str> = text.lines().collect();
            assert!(
                lines.len() >= 3 && lines[0].len() > "--filter: ".len() && lines[2].trim_start().starts_with('^'),
                "{text}"
            );
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
