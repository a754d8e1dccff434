//! The vendor's two ways to page: opaque tokens, and page numbers.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::wire::{canonical_query, sha256_hex};

use super::{Call, codes::Refusal, params::Params};

/// These three bytes are `+/+/` in base64: a client that does not encode a token is found out at its second page.
const MARK: [u8; 3] = [0xfb, 0xff, 0xbf];

/// A slice of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    pub start: usize,
    pub size: usize,
    /// The page's number, where the caller asked by number.
    pub number: Option<usize>,
}

impl Slice {
    pub fn of<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.start).take(self.size).collect()
    }
}

/// What distinguishes one list from another: a token is good only for the list it came from.
fn fingerprint(call: &Call) -> [u8; 4] {
    let kept = |name: &str| !matches!(name, "NextToken" | "MaxResults" | "PageNumber" | "PageSize");
    let kept: Vec<_> = call.params.iter().filter(|(name, _)| kept(name)).cloned().collect();
    let hex = sha256_hex(format!("{}?{}", call.action, canonical_query(&kept)).as_bytes());
    let number = hex.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
    number.to_be_bytes()
}

/// The token of the page behind `slice`, or the empty text that ends a list.
pub(super) fn next_token(call: &Call, slice: Slice, total: usize) -> String {
    let next = slice.start.saturating_add(slice.size);
    if slice.number.is_some() || next >= total {
        return String::new();
    }
    let mut bytes = MARK.to_vec();
    bytes.extend(u32::try_from(next).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(fingerprint(call));
    STANDARD.encode(bytes)
}

fn read_token(call: &Call, token: &str) -> Result<usize, Refusal> {
    let wrong = || Refusal::invalid("NextToken");
    let bytes: [u8; 11] = STANDARD.decode(token).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    let [m0, m1, m2, n0, n1, n2, n3, list @ ..] = bytes;
    if [m0, m1, m2] != MARK || list != fingerprint(call) {
        return Err(wrong());
    }
    usize::try_from(u32::from_be_bytes([n0, n1, n2, n3])).map_err(|_| wrong())
}

/// By token only. A size outside the limits is pulled inside, silently.
pub(super) fn by_token(call: &Call, least: usize, usual: usize, most: usize) -> Result<Slice, Refusal> {
    let size = call.params.number("MaxResults")?.unwrap_or(usual).clamp(least, most);
    let start = call.params.get("NextToken").map_or(Ok(0), |token| read_token(call, token))?;
    Ok(Slice { start, size, number: None })
}

/// By page number only. A size or number outside the limits is an error.
pub(super) fn by_number(params: &Params, usual: usize, most: usize) -> Result<Slice, Refusal> {
    let number = params.number("PageNumber")?.unwrap_or(1);
    let size = params.number("PageSize")?.unwrap_or(usual);
    if number == 0 {
        return Err(Refusal::invalid("PageNumber"));
    }
    if size == 0 || size > most {
        return Err(Refusal::invalid("PageSize"));
    }
    Ok(Slice { start: (number - 1).saturating_mul(size), size, number: Some(number) })
}

/// ECS: tokens as soon as `MaxResults` or `NextToken` is there, page numbers otherwise.
pub(super) fn either(call: &Call, most: usize, most_by_number: usize) -> Result<Slice, Refusal> {
    if call.params.get("MaxResults").is_some() || call.params.get("NextToken").is_some() {
        by_token(call, 10, 10, most)
    } else {
        by_number(&call.params, 10, most_by_number)
    }
}
