//! The quick look: a line as this program writes it, read at both ends and passed over in the middle. What is written in any other
//! way, or has anything escaped in it, is nobody's here, and is read whole instead.

use std::{borrow::Cow, net::IpAddr};

use memchr::{memchr2, memrchr};

use super::{Glance, Name, Reader, Seen, Start, What, whole};
use crate::{
    domain::{outcome::OutcomeWord, time::Timestamp},
    filter::search::ACTS,
};

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// The rest of a line, from its front.
struct Front<'a>(&'a [u8]);

impl<'a> Front<'a> {
    fn skip(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// A string behind these characters, of which the last one opens it.
    fn text(&mut self, before: &str) -> Option<&'a str> {
        self.skip(before)?;
        let end = memchr2(b'"', b'\\', self.0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(b"\"")?;
        std::str::from_utf8(text).ok()
    }

    fn number<T: std::str::FromStr>(&mut self, before: &str) -> Option<T> {
        self.skip(before)?;
        let end = self.0.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    fn head(line: &'a [u8]) -> Option<(Self, Head<'a>)> {
        let mut front = Self(line);
        let version = front.number("{\"v\":")?;
        front.skip(",\"prev\":")?;
        if front.skip("null").is_none() {
            front.text("\"")?;
        }
        let kind = front.text(",\"record\":\"")?;
        let at = Timestamp(front.number(",\"at\":")?);
        let batch = front.text(",\"batch\":\"")?;
        Some((front, Head { version, kind, at, batch }))
    }
}

/// How a record begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head<'a> {
    pub version: u32,
    /// `begun`, `intent`, `settled`, `unsent`, or a later version's.
    pub kind: &'a str,
    pub at: Timestamp,
    pub batch: &'a str,
}

/// How a line begins that is spelled as this program does; `None` tells nothing.
pub fn head(line: &[u8]) -> Option<Head<'_>> {
    Front::head(line).map(|(_, head)| head)
}

/// The batch of a line; `None`: it is no record that this version knows.
pub fn batch(line: &[u8]) -> Option<Cow<'_, str>> {
    match Front::head(line) {
        Some((_, head)) => Some(Cow::Borrowed(head.batch)),
        None => whole::batch(line),
    }
}

pub(super) fn glance(line: &[u8], reader: &mut Reader) -> Option<Glance> {
    let (front, head) = Front::head(line)?;
    let back = Back(line).sealed()?;
    let what = match head.kind {
        "intent" => intent(front, back, &head, reader)?,
        "settled" => settled(front)?,
        _ => return None,
    };
    Some(Glance { batch: reader.name(Name::Batch, head.batch), what })
}

fn intent(mut front: Front<'_>, mut back: Back<'_>, head: &Head<'_>, reader: &mut Reader) -> Option<What> {
    let operation = front.number(",\"operation\":")?;
    front.text(",\"plan\":\"")?;
    let undoes = front.text(",\"undoes\":\"");
    let cloud = front.text(",\"cloud\":\"")?;
    let profile = front.text(",\"profile\":\"")?;
    let region = front.text(",\"region\":\"")?;
    let act = front.text(",\"do\":\"")?;
    let act = ACTS.iter().position(|known| *known == act)?;
    let nic = front.text(",\"nic\":\"")?;
    let instance = front.text(",\"instance\":\"");
    let mut ips: Vec<IpAddr> = Vec::new();
    if instance.is_none() && front.skip(",\"ips\":[").is_some() {
        while let Some(ip) = front.text(if ips.is_empty() { "\"" } else { ",\"" }) {
            ips.push(ip.parse().ok()?);
        }
        front.skip("]")?;
    }
    // Of any other act more would have to be read.
    if instance.is_none() && ips.is_empty() {
        return None;
    }
    back.text(",\"version\":\"")?;
    let host = back.text(",\"host\":\"")?;
    let who = back.text(",\"who\":\"")?;
    let start = Start {
        at: head.at,
        undoes: undoes.map(|text| reader.name(Name::Undoes, text)),
        cloud: reader.name(Name::Cloud, cloud),
        profile: reader.name(Name::Profile, profile),
        region: reader.name(Name::Region, region),
        who: reader.name(Name::Who, who),
        host: reader.name(Name::Host, host),
        act: Some(act),
        nic: nic.into(),
        instance: instance.map(Into::into),
        ips,
    };
    Some(What::Intent(operation, Box::new(start)))
}

fn settled(mut front: Front<'_>) -> Option<What> {
    let operation = front.number(",\"operation\":")?;
    front.skip(",\"outcomes\":[")?;
    let mut ends = Vec::new();
    loop {
        front.skip("[{\"")?;
        let ip = if front.skip("address\":{").is_some() {
            front.text("\"nic\":{\"profile\":\"")?;
            front.text(",\"nic\":\"")?;
            let ip = front.text("},\"ip\":\"")?;
            front.skip("}}")?;
            Some(ip.parse().ok()?)
        } else {
            front.text("nic\":{\"profile\":\"")?;
            front.text(",\"nic\":\"")?;
            front.skip("}}")?;
            None
        };
        let result = match front.text(",{\"state\":\"")? {
            "released" => OutcomeWord::Released,
            "already-gone" => OutcomeWord::AlreadyGone,
            "nic-gone" => OutcomeWord::NicGone,
            // With a fault, or why: read whole.
            _ => return None,
        };
        front.skip(",\"request_id\":")?;
        if front.skip("null").is_none() {
            front.text("\"")?;
        }
        front.skip("}]")?;
        ends.push(Seen { ip, result: Some(result) });
        if front.skip(",").is_none() {
            front.skip("]")?;
            return Some(What::Settled(operation, ends));
        }
    }
}

/// The rest of a line, from its end.
struct Back<'a>(&'a [u8]);

impl<'a> Back<'a> {
    /// Without the digest: whoever wrote that wrote the whole line.
    fn sealed(self) -> Option<Self> {
        let body = self.0.strip_suffix(b"\"}")?;
        let (body, digest) = body.split_at_checked(body.len().checked_sub(DIGITS)?)?;
        let body = body.strip_suffix(b",\"hash\":\"")?;
        digest.iter().all(u8::is_ascii_hexdigit).then_some(Self(body))
    }

    /// The last string, which stands behind these characters.
    fn text(&mut self, before: &str) -> Option<&'a str> {
        let body = self.0.strip_suffix(b"\"")?;
        let (rest, text) = body.split_at(memrchr(b'"', body)? + 1);
        self.0 = rest.strip_suffix(before.as_bytes())?;
        if text.contains(&b'\\') { None } else { std::str::from_utf8(text).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::batch::tests::journal, *};

    /// As the journal seals it.
    fn sealed(line: &str) -> String {
        format!("{{\"v\":2,\"prev\":null,{},\"hash\":\"{}\"}}", &line[1..line.len() - 1], "0f".repeat(32))
    }

    #[test]
    fn the_quick_look_says_what_the_whole_one_does() {
        let mut quick = 0;
        for line in journal() {
            let line = sealed(&line);
            let whole = whole::glance(line.as_bytes(), &mut Reader::default()).unwrap();
            assert_eq!(batch(line.as_bytes()).as_deref(), Some(&*whole.batch));
            if let Some(seen) = glance(line.as_bytes(), &mut Reader::default()) {
                quick += 1;
                assert_eq!(format!("{seen:?}"), format!("{whole:?}"), "{line}");
            }
        }
        // A failure, and what was not sent, are read whole.
        assert_eq!(quick, 5);
    }

    #[test]
    fn what_is_cut_or_spelled_otherwise_is_read_whole() {
        for line in journal() {
            let line = sealed(&line);
            for end in 0..line.len() {
                assert!(glance(&line.as_bytes()[..end], &mut Reader::default()).is_none(), "{}", &line[..end]);
            }
            let escaped = line.replacen("\"b", "\"\\u0062", 1);
            assert!(glance(escaped.as_bytes(), &mut Reader::default()).is_none(), "{escaped}");
            let spaced = line.replacen(':', ": ", 1);
            assert!(glance(spaced.as_bytes(), &mut Reader::default()).is_none(), "{spaced}");
        }
    }
}
