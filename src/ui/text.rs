//! Text in cells: how wide it is, how it is cut, wrapped and filled up. Everything here cleans what it is given first.
//!
//! Widths are those of the screen buffer, grapheme by grapheme, so that what is measured is what is drawn.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::clean::clean;

/// Where a text that is too long loses its middle or its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Names and sentences.
    End,
    /// Ids: both ends tell them apart.
    Middle,
}

/// Cells that the text takes when it is drawn.
pub fn cells(text: &str) -> usize {
    if is_plain(text) { text.len() } else { graphemes(&clean(text)).map(|(_, width)| width).sum() }
}

/// The text in at most `width` cells, with `mark` (one cell) where something was left out. A wide glyph is never halved,
/// so the result may be a cell narrower.
pub fn fit(text: &str, width: usize, cut: Cut, mark: char) -> Cow<'_, str> {
    let text = clean(text);
    if cells(&text) <= width {
        return text;
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let keep = width - 1;
    let mut out = String::with_capacity(width + 4);
    match cut {
        Cut::End => {
            out.push_str(head(&text, keep));
            out.push(mark);
        }
        Cut::Middle => {
            let first = head(&text, keep.div_ceil(2));
            out.push_str(first);
            out.push(mark);
            out.push_str(tail(&text, keep - cells(first)));
        }
    }
    Cow::Owned(out)
}

/// The text in lines of at most `width` cells: broken at spaces and between wide glyphs, and inside a word only where the
/// word is longer than a line. No line begins with a closing mark. A text that fits keeps its spaces.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines = Vec::new();
    if width == 0 {
        return lines;
    }
    if cells(&text) <= width {
        lines.extend((!text.trim().is_empty()).then(|| text.into_owned()));
        return lines;
    }
    let mut line = String::new();
    let mut used = 0;
    for (word, glued) in words(&text) {
        let space = usize::from(!glued && used > 0);
        let wide = cells(word);
        if used + space + wide <= width {
            if space == 1 {
                line.push(' ');
            }
            line.push_str(word);
            used += space + wide;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for (grapheme, wide) in graphemes(word) {
            if used + wide > width && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if wide > width {
                // A wide glyph in a column of one cell: something stands for it.
                line.push('?');
                used += 1;
            } else {
                line.push_str(grapheme);
                used += wide;
            }
        }
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

/// `text` cut or filled up with spaces to exactly `width` cells.
pub fn pad(text: &str, width: usize, cut: Cut, mark: char) -> String {
    let mut out = fit(text, width, cut, mark).into_owned();
    let missing = width - cells(&out);
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7F).contains(&byte))
}

/// What the screen buffer draws of a clean text, with widths.
fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = (&str, usize)> {
    UnicodeSegmentation::graphemes(text, true)
        .filter(|grapheme| !grapheme.contains(char::is_control))
        .map(|grapheme| (grapheme, usize::from(grapheme.cell_width())))
        .filter(|(_, width)| *width > 0)
}

fn head(text: &str, width: usize) -> &str {
    let mut left = width;
    let mut end = 0;
    for (grapheme, wide) in graphemes(text) {
        match left.checked_sub(wide) {
            Some(rest) => left = rest,
            None => break,
        }
        end = grapheme.as_ptr() as usize - text.as_ptr() as usize + grapheme.len();
    }
    &text[..end]
}

fn tail(text: &str, width: usize) -> &str {
    let mut left = width;
    let mut start = text.len();
    for (grapheme, wide) in graphemes(text).rev() {
        match left.checked_sub(wide) {
            Some(rest) => left = rest,
            None => break,
        }
        start = grapheme.as_ptr() as usize - text.as_ptr() as usize;
    }
    &text[start..]
}

/// Pieces that a line may be broken between; `true`: the piece follows the one before without a space.
fn words(text: &str) -> Vec<(&str, bool)> {
    let mut words = Vec::new();
    for chunk in text.split(' ').filter(|chunk| !chunk.is_empty()) {
        let mut start = 0;
        let mut glued = false;
        let mut before_wide = false;
        for (at, grapheme) in chunk.grapheme_indices(true) {
            let wide = grapheme.cell_width() > 1;
            if at > start && (wide || before_wide) && !closes(grapheme) && !opens(&chunk[start..at]) {
                words.push((&chunk[start..at], glued));
                (start, glued) = (at, true);
            }
            before_wide = wide;
        }
        words.push((&chunk[start..], glued));
    }
    words
}

/// Marks that never begin a line.
fn closes(grapheme: &str) -> bool {
    matches!(
        grapheme,
        "，" | "。"
            | "、"
            | "；"
            | "："
            | "！"
            | "？"
            | "）"
            | "」"
            | "』"
            | "》"
            | "”"
            | "’"
            | "%"
            | ","
            | "."
            | ";"
            | ":"
            | ")"
    )
}

/// Does the text end with a mark that never ends a line?
fn opens(text: &str) -> bool {
    text.ends_with(['（', '「', '『', '《', '“', '‘', '('])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::{buffer::Buffer, layout::Rect, style::Style};

    use super::*;

    /// Cells that the buffer itself takes for the text.
    fn drawn(text: &str) -> usize {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2_000, 1));
        usize::from(buffer.set_stringn(0, 0, clean(text), 2_000, Style::default()).0)
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("网".to_owned()),
            Just("web-1 ".to_owned()),
            Just("👩\u{200d}👩\u{200d}👧".to_owned()),
            Just("❤\u{FE0F}".to_owned()),
            Just("\u{1b}[31m".to_owned()),
            Just("🇨🇳".to_owned()),
            Just("ﾞ".to_owned()),
            Just("e\u{301}".to_owned()),
            Just("，".to_owned()),
            "[ -~]{0,6}",
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_measured_is_what_is_drawn(text in any_text()) {
            prop_assert_eq!(cells(&text), drawn(&text));
        }

        #[test]
        fn cut_text_fits_and_keeps_what_fits(text in any_text(), width in 0usize..40, middle: bool) {
            let cut = if middle { Cut::Middle } else { Cut::End };
            let fitted = fit(&text, width, cut, '…');
            prop_assert!(drawn(&fitted) <= width, "{fitted:?}");
            prop_assert_eq!(cells(&pad(&text, width, cut, '…')), width);
            if cells(&text) <= width {
                prop_assert_eq!(fitted, clean(&text));
            } else {
                prop_assert!(width == 0 || fitted.contains('…'));
                let widest = graphemes(&clean(&text)).map(|(_, width)| width).max().unwrap_or(1);
                prop_assert!(drawn(&fitted) + widest > width, "{fitted:?} leaves out what would fit");
            }
        }

        #[test]
        fn wrapped_lines_fit_and_lose_nothing_but_spaces(text in any_text(), width in 2usize..30) {
            prop_assume!(graphemes(&clean(&text)).all(|(_, wide)| wide <= width));
            let lines = wrap(&text, width);
            for line in &lines {
                prop_assert!(drawn(line) <= width, "{line:?}");
                prop_assert!(!line.is_empty());
            }
            let squeeze = |text: &str| text.replace(' ', "");
            // What has no width by itself (half of a Hangul syllable) is not drawn, whether a line has it or not.
            let drawable = |text: &str| graphemes(text).map(|(grapheme, _)| squeeze(grapheme)).collect::<String>();
            let kept: String = lines.iter().map(|line| drawable(line)).collect();
            prop_assert_eq!(kept, drawable(&clean(&text)));
        }
    }

    #[test]
    fn cuts() {
        for (text, width, cut, want) in [
            ("10.0.0.1", 8, Cut::End, "10.0.0.1"),
            ("web-server-1", 8, Cut::End, "web-ser…"),
            ("eni-bp1a0c3f", 9, Cut::Middle, "eni-…0c3f"),
            ("网卡生产", 8, Cut::End, "网卡生产"),
            ("网卡生产", 7, Cut::End, "网卡生…"),
            ("网卡生产", 6, Cut::End, "网卡…"),
            ("a", 0, Cut::End, ""),
            ("ab", 1, Cut::Middle, "…"),
        ] {
            assert_eq!(fit(text, width, cut, '…'), want, "{text} in {width}");
        }
    }

    #[test]
    fn lines_break_where_people_break_them() {
        assert_eq!(wrap("an idle EIP is billed", 11), ["an idle EIP", "is billed"]);
        assert_eq!(wrap("弹性公网IP仍归您所有，闲置会计费。", 12), ["弹性公网IP仍", "归您所有，闲", "置会计费。"]);
        assert_eq!(wrap("地址已释放，", 10), ["地址已释", "放，"], "a comma does not begin a line");
        assert_eq!(wrap("InvalidOperation.InvalidEniState", 16), ["InvalidOperation", ".InvalidEniState"]);
        assert_eq!(wrap("", 10), Vec::<String>::new());
        assert_eq!(wrap("网卡", 1), ["?", "?"]);
    }
}
