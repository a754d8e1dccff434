//! Queries and bodies, read with the vendor's checks.

use std::{cmp::Ordering, net::IpAddr};

use serde_json::Value;

use super::codes::Refusal;

/// A query, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name that may be repeated; `None` if it is not there.
    pub fn all(&self, name: &str) -> Option<Vec<&str>> {
        let values: Vec<&str> = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then_some(values)
    }

    /// Does a filter of this name let the value through?
    pub fn takes(&self, name: &str, value: &str) -> bool {
        self.all(name).is_none_or(|wanted| wanted.contains(&value))
    }

    /// The page's size, at most `most`; more is cut to it.
    pub fn limit(&self, default: usize, most: usize, code: &str) -> Result<usize, Refusal> {
        match self.get("limit") {
            None => Ok(default),
            Some(text) => {
                let limit: usize = text.parse().map_err(|_| Refusal::with(code, "limit is invalid."))?;
                Ok(limit.clamp(1, most))
            }
        }
    }
}

/// The rows behind a marker, `limit` of them, and whether more follow. Rows are in the order of their ids. No more than those of the
/// page are sorted: a world has many.
pub(super) fn page<K: AsRef<str>, T>(
    mut rows: Vec<(K, T)>,
    query: &Query,
    limit: usize,
    code: &str,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    if let Some(marker) = query.get("marker") {
        let mut found = false;
        rows.retain(|(id, _)| match id.as_ref().cmp(marker) {
            Ordering::Less => false,
            Ordering::Equal => {
                found = true;
                false
            }
            Ordering::Greater => true,
        });
        if !found {
            return Err(Refusal::with(code, format!("Marker {marker} could not be found.")));
        }
    }
    let by_id = |a: &(K, T), b: &(K, T)| a.0.as_ref().cmp(b.0.as_ref());
    let more = rows.len() > limit;
    if more {
        rows.select_nth_unstable_by(limit, by_id);
        rows.truncate(limit);
    }
    rows.sort_by(by_id);
    let marker = rows.last().filter(|_| more).map(|(id, _)| id.as_ref().to_owned());
    Ok((rows.into_iter().map(|row| row.1).collect(), marker))
}

/// A JSON body.
pub(super) struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The object under the body's one name. What is no JSON object is refused with `malformed`, nothing at all with `empty`.
    pub fn object(&self, name: &str, empty: &str, malformed: &str) -> Result<Value, Refusal> {
        if self.0.is_empty() {
            return Err(Refusal::of(empty));
        }
        let wrong = || Refusal::with(malformed, format!("The request body is invalid: {name}."));
        let body: Value = serde_json::from_slice(self.0).map_err(|_| wrong())?;
        body.get(name).cloned().ok_or_else(wrong)
    }
}

pub(super) fn ip(text: &str, code: &str) -> Result<IpAddr, Refusal> {
    text.parse().map_err(|_| Refusal::with(code, format!("{text} is not a valid IP address.")))
}
