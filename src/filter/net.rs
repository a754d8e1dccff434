//! Addresses in a filter: whole ones, CIDRs, ranges, the beginning of one that is still being typed, and octets inside of one.
//! All IPv4 forms become ranges or masks of numbers, so a row costs a comparison.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

use super::{error::FilterErrorKind, pattern::Pattern};

/// Ways an address can match.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct AddressSet {
    v4: Vec<(u32, u32)>,
    /// Octets at some place: the bits that are looked at, and between what they have to be.
    octets: Vec<(u32, u32, u32)>,
    v6: Vec<(u128, u128)>,
    /// Over the address as text.
    text: Vec<Pattern>,
    /// The same, for IPv6 alone.
    text6: Vec<Pattern>,
}

impl AddressSet {
    pub(super) fn of_text(pattern: Pattern) -> Self {
        Self { text: vec![pattern], ..Self::default() }
    }

    pub(super) fn exactly(ip: IpAddr) -> Self {
        Self::between(ip, ip)
    }

    fn between(first: IpAddr, last: IpAddr) -> Self {
        match (first.to_canonical(), last.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => Self { v4: vec![(first.into(), last.into())], ..Self::default() },
            (IpAddr::V6(first), IpAddr::V6(last)) => Self { v6: vec![(first.into(), last.into())], ..Self::default() },
            // The ends of a range are of one family; one that crosses the mapped block holds nothing.
            _ => Self::default(),
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.v4.extend(other.v4);
        self.octets.extend(other.octets);
        self.v6.extend(other.v6);
        self.text.extend(other.text);
        self.text6.extend(other.text6);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.v4.is_empty()
            && self.octets.is_empty()
            && self.v6.is_empty()
            && self.text.is_empty()
            && self.text6.is_empty()
    }

    /// Can it match none but addresses that no EIP has? Vendor: EIPs are public; RFC 1918, 3927, 4193, 6598.
    pub(super) fn is_private(&self) -> bool {
        const V4: &[(u32, u32)] = &[
            (0x0a00_0000, 0x0aff_ffff),
            (0xac10_0000, 0xac1f_ffff),
            (0xc0a8_0000, 0xc0a8_ffff),
            (0x6440_0000, 0x647f_ffff),
            (0xa9fe_0000, 0xa9fe_ffff),
        ];
        const V6: (u128, u128) = (0xfc << 120, (0xfe << 120) - 1);
        let within = |first: &u32, last: &u32| V4.iter().any(|(low, high)| low <= first && last <= high);
        self.octets.is_empty()
            && self.text.is_empty()
            && self.text6.is_empty()
            && self.v4.iter().all(|(first, last)| within(first, last))
            && self.v6.iter().all(|(first, last)| V6.0 <= *first && *last <= V6.1)
    }

    #[inline]
    pub(super) fn matches(&self, ip: IpAddr) -> bool {
        let numbers = match ip {
            IpAddr::V4(ip) => {
                let ip = u32::from(ip);
                self.v4.iter().any(|(first, last)| (*first..=*last).contains(&ip))
                    || self.octets.iter().any(|(mask, first, last)| (*first..=*last).contains(&(ip & mask)))
            }
            IpAddr::V6(ip) => {
                let ip = u128::from(ip);
                self.v6.iter().any(|(first, last)| (*first..=*last).contains(&ip))
            }
        };
        numbers || ((!self.text.is_empty() || ip.is_ipv6()) && self.matches_text(ip))
    }

    #[cold]
    fn matches_text(&self, ip: IpAddr) -> bool {
        AddressText::of(ip).with(|text| {
            let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(text));
            any(&self.text) || (ip.is_ipv6() && any(&self.text6))
        })
    }
}

/// An address as text, without the heap.
struct AddressText {
    bytes: [u8; 45],
    len: usize,
}

impl AddressText {
    fn of(ip: IpAddr) -> Self {
        let mut text = Self { bytes: [0; 45], len: 0 };
        match ip {
            IpAddr::V4(ip) => {
                for (place, octet) in ip.octets().into_iter().enumerate() {
                    if place > 0 {
                        text.push(b'.');
                    }
                    if octet >= 100 {
                        text.push(b'0' + octet / 100);
                    }
                    if octet >= 10 {
                        text.push(b'0' + octet / 10 % 10);
                    }
                    text.push(b'0' + octet % 10);
                }
            }
            // An address that does not fit would be cut, not lost; the longest one has 45 characters.
            IpAddr::V6(ip) => drop(write!(text, "{ip}")),
        }
        text
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    fn with<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        f(std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default())
    }
}

impl std::fmt::Write for AddressText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        text.bytes().for_each(|byte| self.push(byte));
        Ok(())
    }
}

/// What is wrong with an address, and how much of its text (from which byte on).
pub(super) struct Bad {
    pub kind: FilterErrorKind,
    pub from: usize,
}

fn bad<T>(kind: FilterErrorKind, from: usize) -> Result<T, Bad> {
    Err(Bad { kind, from })
}

/// Reads an address, a CIDR, a range, or the beginning of an address.
pub(super) fn read(text: &str) -> Result<AddressSet, Bad> {
    if let Some((address, length)) = text.split_once('/') {
        return cidr(address, length);
    }
    if let Some((first, last)) = text.split_once('-') {
        return range(first, last);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(AddressSet::exactly(ip));
    }
    match beginning(text) {
        Some(set) => Ok(set),
        None => bad(FilterErrorKind::BadAddress, 0),
    }
}

fn cidr(address: &str, length: &str) -> Result<AddressSet, Bad> {
    let Ok(ip) = address.parse::<IpAddr>() else { return bad(FilterErrorKind::BadAddress, 0) };
    let after = address.len() + 1;
    if length.is_empty() {
        return bad(FilterErrorKind::Incomplete, after);
    }
    let longest = if ip.is_ipv4() { 32 } else { 128 };
    let wrong = || Bad { kind: FilterErrorKind::BadCidr { longest }, from: after };
    if !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let net = length.parse().ok().and_then(|length| ipnet::IpNet::new(ip, length).ok()).ok_or_else(wrong)?;
    Ok(AddressSet::between(net.network(), net.broadcast()))
}

fn range(first: &str, last: &str) -> Result<AddressSet, Bad> {
    let Ok(from) = first.parse::<IpAddr>() else { return bad(FilterErrorKind::BadAddress, 0) };
    let after = first.len() + 1;
    let Ok(to) = last.parse::<IpAddr>() else {
        let kind = if last.is_empty() || beginning(last).is_some() {
            FilterErrorKind::Incomplete
        } else {
            FilterErrorKind::BadAddress
        };
        return bad(kind, after);
    };
    if from.is_ipv4() != to.is_ipv4() || from > to {
        return bad(FilterErrorKind::BadRange, 0);
    }
    Ok(AddressSet::between(from, to))
}

/// All addresses whose text begins like this; `None` if none can.
pub(super) fn beginning(text: &str) -> Option<AddressSet> {
    let mut set = AddressSet { v4: beginning_v4(text).unwrap_or_default(), ..AddressSet::default() };
    let mut groups = text.split(':');
    let hex = |group: &str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !text.is_empty() && text.len() <= 39 && groups.all(hex) {
        set.text6.push(Pattern::prefix(text));
    }
    (!set.is_empty()).then_some(set)
}

/// Made of digits and dots alone: can be nothing but a part of an IPv4 address, or of a name.
pub(super) fn is_dotted(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
}

/// IPv4 addresses that have these octets side by side, wherever they stand: `46`, `3.46`, `.46` (not the first one), `3.` (not the
/// last one). Of several the last may be only begun: `3.4` is in 10.3.46.1. Nothing for what is no part of an address.
pub(super) fn inside(text: &str) -> AddressSet {
    let (rest, after_first) = text.strip_prefix('.').map_or((text, false), |rest| (rest, true));
    let (rest, before_last) = rest.strip_suffix('.').map_or((rest, false), |rest| (rest, true));
    let Some(wanted) = rest.split('.').map(octet).collect::<Option<Vec<u8>>>() else { return AddressSet::default() };
    let Some(last_place) = 4usize.checked_sub(wanted.len() + usize::from(before_last)) else {
        return AddressSet::default();
    };
    let begun = *wanted.last().unwrap_or(&0);
    let last_spans = if wanted.len() > 1 && !before_last { spans(begun) } else { vec![(begun, begun)] };
    let at = |place: usize| {
        let (mut mask, mut value) = ([0u8; 4], [0u8; 4]);
        for ((mask, value), wanted) in mask.iter_mut().zip(&mut value).skip(place).zip(&wanted) {
            (*mask, *value) = (u8::MAX, *wanted);
        }
        let end = place + wanted.len() - 1;
        let with = move |last: u8| {
            let mut value = value;
            value[end] = last;
            u32::from_be_bytes(value)
        };
        last_spans.iter().map(move |&(low, high)| (u32::from_be_bytes(mask), with(low), with(high)))
    };
    AddressSet { octets: (usize::from(after_first)..=last_place).flat_map(at).collect(), ..AddressSet::default() }
}

/// What an octet may be whose digits begin like this: 1 begins 10 to 19 and 100 to 199 as well; 0 begins nothing else.
fn spans(begun: u8) -> Vec<(u8, u8)> {
    let mut spans = vec![(begun, begun)];
    if begun > 0 {
        for (low, width) in [(u32::from(begun) * 10, 10), (u32::from(begun) * 100, 100)] {
            if let Ok(low) = u8::try_from(low) {
                spans.push((low, u8::try_from(u32::from(low) + width - 1).unwrap_or(255)));
            }
        }
    }
    spans
}

fn beginning_v4(text: &str) -> Option<Vec<(u32, u32)>> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, whole) = parts.split_last()?;
    if parts.len() > 4 || text.is_empty() {
        return None;
    }
    let mut octets = [0u8; 4];
    for (slot, part) in octets.iter_mut().zip(whole) {
        *slot = octet(part)?;
    }
    let place = whole.len();
    let span = |low: u8, high: u8| {
        let (mut first, mut end) = (octets, octets);
        first[place] = low;
        end[place] = high;
        end[place + 1..].fill(255);
        (Ipv4Addr::from(first).into(), Ipv4Addr::from(end).into())
    };
    if last.is_empty() {
        return Some(vec![span(0, 255)]);
    }
    Some(spans(octet(last)?).into_iter().map(|(low, high)| span(low, high)).collect())
}

/// A decimal octet without leading zeros, which some tools read as octal.
fn octet(text: &str) -> Option<u8> {
    let plain = text.len() <= 3
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
