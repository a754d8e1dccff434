//! What may reach a screen or a log of text that a cloud sent: nothing that moves a cursor, hides, or reorders.
//!
//! Needs Unicode's width table to tell marks from bases; knows no terminal. The raw text is kept for comparing and signing.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Marks kept on one base; more would climb over neighbouring lines.
const MARKS: usize = 2;

/// What stands for a character that may not be shown.
const INSTEAD: char = char::REPLACEMENT_CHARACTER;

/// Replaces each control, invisible, bidirectional and private-use character by U+FFFD, drops variation selectors, gives a mark
/// without a base one, and keeps at most two marks per base. Cleaning twice changes nothing. Plain ASCII is borrowed.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 4);
    // Marks on the present base; `None` before the first one.
    let mut marks: Option<usize> = None;
    for c in text.chars() {
        if matches!(c, '\u{FE00}'..='\u{FE0F}') {
            continue;
        }
        if hostile(c) {
            out.push(INSTEAD);
            marks = Some(0);
        } else if c.width() == Some(0) {
            if marks.is_none() {
                out.push(INSTEAD);
            }
            let count = marks.unwrap_or(0);
            if count < MARKS {
                out.push(c);
            }
            marks = Some(count + 1);
        } else {
            out.push(c);
            marks = Some(0);
        }
    }
    Cow::Owned(out)
}

/// May this character never be shown?
pub fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed_and_names_survive() {
        assert!(matches!(clean("web-1 (prod) ~"), Cow::Borrowed("web-1 (prod) ~")));
        for name in ["测试网卡-1", "café", "сервер", "日本語", "한국어", "👍", "e\u{301}", "รี่"]
        {
            assert_eq!(clean(name), name);
        }
    }

    #[test]
    fn hostile_names_become_harmless() {
        for (raw, shown) in [
            ("a\u{1b}[31mb", "a\u{FFFD}[31mb"),
            ("a\r\nb\tc", "a\u{FFFD}\u{FFFD}b\u{FFFD}c"),
            ("\u{9b}2J", "\u{FFFD}2J"),
            ("abc\u{202e}gpj.exe", "abc\u{FFFD}gpj.exe"),
            ("pay\u{200b}pal", "pay\u{FFFD}pal"),
            ("a\u{1D173}b", "a\u{FFFD}b"),
            ("a\u{1BCA0}b", "a\u{FFFD}b"),
            ("❤\u{FE0F}x", "❤x"),
            ("\u{301}x", "\u{FFFD}\u{301}x"),
            ("\u{FE0F}\u{301}x", "\u{FFFD}\u{301}x"),
            ("e\u{301}\u{301}\u{301}\u{301}x\u{301}", "e\u{301}\u{301}x\u{301}"),
            ("\u{E0041}", "\u{FFFD}"),
            ("", ""),
        ] {
            assert_eq!(clean(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn every_scalar_value_is_safe_alone_and_after_a_letter_and_clean_for_good() {
        for c in '\0'..=char::MAX {
            for raw in [c.to_string(), format!("a{c}"), format!("{c}{c}{c}{c}")] {
                let once = clean(&raw).into_owned();
                assert!(!once.chars().any(|c| c.is_control() || hostile(c)), "{raw:?} gave {once:?}");
                assert!(!once.starts_with(|c: char| c.width() == Some(0)), "{raw:?} gave {once:?}");
                assert!(once.chars().count() <= raw.chars().count() + 1);
                assert_eq!(clean(&once), once, "{raw:?}");
            }
        }
    }
}
