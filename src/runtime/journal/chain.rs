//! Lines that prove what stood before them: each carries the digest of the whole line before it, and one of itself.
//!
//! Whoever edits, removes or inserts a line breaks the next one; a line torn by a power cut does not, since the next one is
//! written over what is there. The digests are no secret: they show accidents and edits, not a forger who writes the whole
//! file anew.

use sha2::{Digest, Sha256};

/// Before the last field of a line.
const OWN: &str = ",\"hash\":\"";
const DIGITS: usize = 64;
/// How each line begins.
const FIRST: &[u8] = b"{\"v\":";

/// One record as its line: `entry` is a JSON object, `before` the digest of the whole line before it, without its line end.
pub(super) fn seal(version: u32, entry: &str, before: Option<&str>) -> String {
    let inner = entry.strip_prefix('{').and_then(|entry| entry.strip_suffix('}')).unwrap_or_default();
    let before = before.map_or_else(|| "null".to_owned(), |digest| format!("\"{digest}\""));
    let mut line = format!("{{\"v\":{version},\"prev\":{before},{inner}");
    let own = digest(line.as_bytes());
    line.push_str(OWN);
    line.push_str(&own);
    line.push_str("\"}");
    line
}

/// Could a power cut have left this of a line? Its beginning, which is no JSON as yet; a file system may have put zeros where the rest
/// was to be.
pub(super) fn is_cut_off(line: &[u8]) -> bool {
    let zeros = line.iter().rev().take_while(|byte| **byte == 0).count();
    let written = line.get(..line.len() - zeros).unwrap_or_default();
    (written.starts_with(FIRST) || FIRST.starts_with(written))
        && serde_json::from_slice::<serde::de::IgnoredAny>(written).is_err()
}

pub(super) fn digest(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}

/// What a line says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Seal<'a> {
    /// Whole; with the digest of the line before, if there was one.
    Whole(Option<&'a str>),
    /// It was written otherwise.
    Edited,
    /// It carries no digest.
    None,
}

/// The seal of a line, and the digest of the whole line: what the next one has to carry.
pub(super) fn read(line: &[u8]) -> (Seal<'_>, String) {
    let Some((body, claimed)) = parted(line) else { return (Seal::None, digest(line)) };
    // Both digests begin with the same bytes, which are most of it.
    let mut hash = Sha256::new_with_prefix(body);
    let own = hex::encode(hash.clone().finalize());
    hash.update(line.get(body.len()..).unwrap_or_default());
    let digest = hex::encode(hash.finalize());
    (if own == claimed { proves(body) } else { Seal::Edited }, digest)
}

/// What a line's own digest is of, and that digest; `None` where it carries none.
fn parted(line: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(line).ok()?;
    let own = text.len().checked_sub(OWN.len() + DIGITS + 2)?;
    let (body, end) = (text.get(..own)?, text.get(own..)?);
    Some((body, end.strip_prefix(OWN)?.strip_suffix("\"}")?))
}

/// What is said of the line before, in one that is whole.
fn proves(body: &str) -> Seal<'_> {
    let Some((_, rest)) = body.split_once(",\"prev\":") else { return Seal::None };
    Seal::Whole(rest.strip_prefix('"').and_then(|rest| rest.get(..DIGITS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_carries_the_line_before_and_itself() {
        let first = seal(2, r#"{"a":"b"}"#, None);
        assert!(first.starts_with(r#"{"v":2,"prev":null,"a":"b","hash":""#), "{first}");
        let before = digest(first.as_bytes());
        assert_eq!(read(first.as_bytes()), (Seal::Whole(None), before.clone()));
        let second = seal(2, r#"{"a":"网"}"#, Some(&before));
        assert_eq!(read(second.as_bytes()), (Seal::Whole(Some(&before)), digest(second.as_bytes())));
        let value: serde_json::Value = serde_json::from_str(&second).unwrap();
        assert_eq!(value["prev"], *before);
    }

    #[test]
    fn a_power_cut_leaves_the_beginning_of_a_line() {
        let line = seal(2, r#"{"a":"b"}"#, None);
        for cut in 0..line.len() {
            assert!(is_cut_off(&line.as_bytes()[..cut]), "{cut}");
            assert!(is_cut_off(&[&line.as_bytes()[..cut], &[0; 7]].concat()), "{cut}, and zeros");
        }
        for odd in ["stray", "# a note", "{}", r#"{"v":2,"note":"b"}"#, "\0a"] {
            assert!(!is_cut_off(odd.as_bytes()), "{odd}");
        }
    }

    #[test]
    fn whoever_changes_a_byte_breaks_it() {
        let line = seal(2, r#"{"ip":"10.0.0.5"}"#, Some(&digest(b"before")));
        for place in 0..line.len() {
            let mut edited = line.clone().into_bytes();
            edited[place] ^= 1;
            assert!(!matches!(read(&edited), (Seal::Whole(_), _)), "{place}");
        }
        for odd in ["", "{}", "torn", r#"{"v":1,"record":"settled"}"#, "网网网"] {
            assert_eq!(read(odd.as_bytes()), (Seal::None, digest(odd.as_bytes())), "{odd}");
        }
    }
}
