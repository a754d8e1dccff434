//! The ways in which a text may be written inside another: as it is, or escaped for JSON, a URL, JavaScript or HTML, each
//! character its own way, and one escape inside another.

/// Escapes within escapes that are seen through: `%252F` is one in one, `\\u002f` as well.
const NESTED: u8 = 2;

/// How many bytes of a text one byte of a secret may take up: `\u0025252f` and `&amp;#x2f;` are the longest of note.
pub(super) const LONGEST: usize = 16;

/// A secret's characters. No `Debug`.
pub(super) struct Secret(Vec<char>);

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Where it ends, if it begins at `at`, in whatever spelling. The farthest of several ends, so that nothing of an escape is left.
    pub(super) fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut places = vec![at];
        let mut next = Vec::new();
        // All readings at once, never one after the other: a text full of backslashes has very many.
        for &c in &self.0 {
            for &place in &places {
                ends(text, place, c, NESTED, &mut next);
            }
            next.sort_unstable();
            next.dedup();
            if next.is_empty() {
                return None;
            }
            std::mem::swap(&mut places, &mut next);
            next.clear();
        }
        places.last().copied()
    }
}

/// Puts every place into `out` at which the character ends if it begins at `at`.
fn ends(text: &[u8], at: usize, c: char, nested: u8, out: &mut Vec<usize>) {
    let Some(rest) = text.get(at..) else { return };
    let mut utf8 = [0; 4];
    let bytes = c.encode_utf8(&mut utf8).as_bytes();
    if rest.starts_with(bytes) {
        out.push(at + bytes.len());
    }
    // A form's blank; and a plus that was read as one.
    if matches!((c, rest.first()), (' ', Some(b'+')) | ('+', Some(b' '))) {
        out.push(at + 1);
    }
    if nested == 0 || !matches!(rest.first(), Some(b'%' | b'\\' | b'&')) {
        return;
    }
    // The escape's own first character may be escaped in turn.
    let escaped = |at: usize, c: char| {
        let mut places = Vec::new();
        ends(text, at, c, nested - 1, &mut places);
        places
    };
    let mut places = vec![at];
    for &byte in bytes {
        let signs = places.iter().flat_map(|&place| escaped(place, '%'));
        places = signs.filter_map(|place| hex(text, place, 2, u32::from(byte))).collect();
    }
    out.extend(places);
    let backslashes = escaped(at, '\\');
    for &place in &backslashes {
        if c.is_ascii_punctuation() {
            out.extend(escaped(place, c));
        }
        match (text.get(place), c) {
            (Some(b'n'), '\n')
            | (Some(b'r'), '\r')
            | (Some(b't'), '\t')
            | (Some(b'b'), '\u{8}')
            | (Some(b'f'), '\u{c}') => out.push(place + 1),
            (Some(b'x'), _) => out.extend(hex(text, place + 1, 2, u32::from(c))),
            _ => {}
        }
    }
    let mut places = backslashes;
    for (nth, unit) in c.encode_utf16(&mut [0; 2]).iter().enumerate() {
        if nth > 0 {
            places = places.into_iter().flat_map(|place| escaped(place, '\\')).collect();
        }
        places = places
            .into_iter()
            .filter(|&place| text.get(place) == Some(&b'u'))
            .filter_map(|place| hex(text, place + 1, 4, u32::from(*unit)))
            .collect();
    }
    out.extend(places);
    out.extend(escaped(at, '&').into_iter().filter_map(|place| entity(text, place, c)));
}

/// The end of so many hexadecimal digits, if they say this value.
fn hex(text: &[u8], at: usize, digits: usize, value: u32) -> Option<usize> {
    let found =
        text.get(at..at + digits)?.iter().try_fold(0, |sum, &byte| Some(sum * 16 + char::from(byte).to_digit(16)?))?;
    (found == value).then_some(at + digits)
}

/// The end of what stands behind an `&`, if it names this character: `quot;`, `#34;`, `#x22;`.
fn entity(text: &[u8], at: usize, c: char) -> Option<usize> {
    const LONGEST_NAME: usize = 10;
    let rest = text.get(at..)?;
    let length = rest.iter().take(LONGEST_NAME).position(|&byte| byte == b';')?;
    let name = std::str::from_utf8(rest.get(..length)?).ok()?;
    let named = match name.strip_prefix('#') {
        Some(number) => {
            let value = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(value.ok()?)?
        }
        None => match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        },
    };
    (named == c).then_some(at + length + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percent(c: char, sign: &str, upper: bool) -> String {
        let mut utf8 = [0; 4];
        let one = |byte: &u8| if upper { format!("{sign}{byte:02X}") } else { format!("{sign}{byte:02x}") };
        c.encode_utf8(&mut utf8).as_bytes().iter().map(one).collect()
    }

    fn units(c: char, slash: &str, upper: bool) -> String {
        let one = |unit: &u16| if upper { format!("{slash}u{unit:04X}") } else { format!("{slash}u{unit:04x}") };
        c.encode_utf16(&mut [0; 2]).iter().map(one).collect()
    }

    const SPELLINGS: u8 = 16;

    /// One character in one of its spellings.
    fn spelled(c: char, how: u8) -> String {
        let json = |text: &str| serde_json::Value::from(text).to_string().trim_matches('"').to_owned();
        match how {
            0 => percent(c, "%", true),
            1 => percent(c, "%", false),
            2 => percent(c, "%25", true),
            3 => percent(c, "%25", false),
            4 => units(c, "\\", true),
            5 => units(c, "\\", false),
            6 => units(c, "\\\\", false),
            7 => units(c, "%5c", true),
            8 if c.is_ascii_punctuation() => format!("\\{c}"),
            9 if c.is_ascii_punctuation() => format!("\\\\\\{c}"),
            10 => format!("&#{};", u32::from(c)),
            11 => format!("&#x{:X};", u32::from(c)),
            12 if u32::from(c) < 256 => format!("\\x{:02x}", u32::from(c)),
            13 if c != '"' => json(&c.to_string()),
            14 if c == '"' => "&quot;".to_owned(),
            14 if c == '&' => "&amp;".to_owned(),
            15 => percent(c, "\\u0025", true),
            _ => c.to_string(),
        }
    }

    fn secret() -> impl Strategy<Value = Vec<(char, u8)>> {
        let odd =
            proptest::sample::select(vec!['/', '+', '=', '"', '\\', '%', '&', ' ', '\n', '中', 'é', '😀', 'u', '2']);
        let c = prop_oneof![proptest::char::range('0', 'z'), odd, any::<char>()];
        proptest::collection::vec((c, 0..=SPELLINGS), 4..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_secret_is_known_in_every_spelling(secret in secret(), before in "[a-z%&]{0,4}") {
            let plain: String = secret.iter().map(|(c, _)| c).collect();
            let written: String = secret.iter().map(|&(c, how)| spelled(c, how)).collect();
            let text = format!("{before}{written}");
            let end = Secret::new(&plain).end(text.as_bytes(), before.len());
            prop_assert_eq!(end, Some(text.len()), "{} in {}", plain, text);
            for how in 0..=SPELLINGS {
                let text: String = plain.chars().map(|c| spelled(c, how)).collect();
                prop_assert_eq!(Secret::new(&plain).end(text.as_bytes(), 0), Some(text.len()), "{}", text);
                prop_assert!(text.len() <= LONGEST * plain.len());
            }
        }

        #[test]
        fn another_text_is_none(text in "\\PC{0,60}", at in 0..60_usize) {
            // Every character of it would have to stand there, and this one does not.
            prop_assert_eq!(Secret::new("abc\u{1}").end(text.as_bytes(), at), None);
        }
    }

    #[test]
    fn what_only_resembles_it_is_left() {
        let secret = Secret::new("a/b=");
        for other in ["a/b", "a%2fb%3", "a%2gb=", "a\\u002fb\\u003", "a\\nb=", "a&#47b=", "a&#46;b=", "a/B=", "a%+2b="]
        {
            assert_eq!(secret.end(other.as_bytes(), 0), None, "{other}");
        }
    }

    /// Texts that are read in very many ways cost no more than others.
    #[test]
    fn readings_do_not_multiply() {
        for piece in ["\\", "%25", "&amp;", "\\u005c"] {
            let (text, secret) = (piece.repeat(1024 / piece.len()), Secret::new(&format!("{}!", "\\%&".repeat(30))));
            assert!((0..text.len()).all(|at| secret.end(text.as_bytes(), at).is_none()));
            let secret = Secret::new(&format!("{}!", "\\".repeat(60)));
            assert!((0..text.len()).step_by(64).all(|at| secret.end(text.as_bytes(), at).is_none()));
        }
    }
}
