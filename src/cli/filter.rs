//! A mistake in `--filter`, in words, with a line that points at it.

use unicode_width::UnicodeWidthStr;

use crate::{
    domain::clean::clean,
    filter::FilterError,
    ui::{catalog::Catalog, filter_mistake},
};

/// The mistake, the filter, and marks under what is wrong.
pub(super) fn explain(text: &str, error: &FilterError, words: &Catalog) -> String {
    let part = |range| clean(text.get(range).unwrap_or_default()).into_owned();
    let (start, end) = (error.span.start.min(text.len()), error.span.end.min(text.len()));
    let (before, wrong) = (part(0..start), part(start..end));
    let marks = "^".repeat(wrong.width().max(1));
    let indent = " ".repeat(before.width());
    let told = filter_mistake(words, &error.kind.code(), &error.kind.values(), error.suggestion.as_deref());
    format!("--filter: {}\n  {}\n  {indent}{marks}", clean(&told), clean(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::state::Language, ui::catalog::Catalogs};

    fn told_in(language: Language, text: &str) -> String {
        explain(text, &crate::filter::parse(text).unwrap_err(), Catalogs::embedded().unwrap().of(language))
    }

    fn told(text: &str) -> String {
        told_in(Language::English, text)
    }

    #[test]
    fn the_mistake_is_told_in_the_language_of_the_program() {
        let text = told_in(Language::Chinese, "has:foo");
        assert!(text.starts_with("--filter: has: 不认识这个词，可用：eip, lb, tag,"), "{text}");
    }

    #[test]
    fn the_marks_stand_under_the_mistake() {
        assert_eq!(
            told("web ip:10.0.0.0/33"),
            "--filter: The part behind / has to be 0 to 32. Did you mean 32?\n  web ip:10.0.0.0/33\n                  ^^"
        );
        // A wide character takes two cells.
        let text = told("网卡 ipp:1");
        assert_eq!(text, "--filter: There is no such field. Did you mean ip?\n  网卡 ipp:1\n       ^^^");
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
            "a OR b",
            "ips >5",
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
