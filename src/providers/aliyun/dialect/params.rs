//! A call's parameters, read as strictly as the vendor documents them. Knows no call.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use super::codes::Refusal;

/// Parameters of a call, decoded, without those of the signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// # Errors
    /// A name that is there twice.
    pub fn new(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut seen = BTreeSet::new();
        match pairs.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            Some((name, _)) => Err(Refusal::invalid(name)),
            None => Ok(Self(pairs)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// The value; an empty one counts as not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(name))
    }

    pub fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        self.get(name).map(|text| text.parse().map_err(|_| Refusal::invalid(name))).transpose()
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid(name)),
        }
    }

    /// `Name.1`, `Name.2`, … in the order of their numbers.
    ///
    /// # Errors
    /// A number that is none, does not begin at 1, or leaves a gap; an empty value; more than `most` values.
    pub fn list(&self, name: &str, most: usize) -> Result<Vec<&str>, Refusal> {
        let mut found: Vec<(usize, &str)> = Vec::new();
        for (key, value) in &self.0 {
            let Some(number) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let number = number.parse().map_err(|_| Refusal::invalid(key))?;
            if value.is_empty() {
                return Err(Refusal::invalid(key));
            }
            found.push((number, value));
        }
        found.sort_unstable();
        let gapless = found.iter().zip(1..).all(|((number, _), place)| *number == place);
        if !gapless || found.len() > most {
            return Err(Refusal::invalid(&format!("{name}.N")));
        }
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    /// One value that holds a JSON array of texts.
    pub fn json_list(&self, name: &str, most: usize) -> Result<Option<Vec<String>>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let list: Vec<String> = serde_json::from_str(text).map_err(|_| Refusal::invalid(name))?;
        if list.len() > most { Err(Refusal::invalid(name)) } else { Ok(Some(list)) }
    }

    /// One value that holds texts between commas.
    pub fn commas(&self, name: &str, most: usize) -> Result<Option<Vec<&str>>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let list: Vec<&str> = text.split(',').map(str::trim).collect();
        if list.len() > most || list.contains(&"") { Err(Refusal::invalid(name)) } else { Ok(Some(list)) }
    }

    /// `Tag.1.Key`, `Tag.1.Value`, …: pairs that must all be there; without a value any value does.
    pub fn tags(&self) -> Result<Vec<(&str, Option<&str>)>, Refusal> {
        let known = |key: &str| {
            let parts: Vec<&str> = key.split('.').collect();
            matches!(parts[..], ["Tag", number, "Key" | "Value"] if number.parse().is_ok_and(|n: usize| (1..=20).contains(&n)))
        };
        if let Some((key, _)) = self.0.iter().find(|(key, _)| key.starts_with("Tag.") && !known(key)) {
            return Err(Refusal::invalid(key));
        }
        (1..=20)
            .filter_map(|n| match (self.get(&format!("Tag.{n}.Key")), self.get(&format!("Tag.{n}.Value"))) {
                (Some(key), value) => Some(Ok((key, value))),
                (None, Some(_)) => Some(Err(Refusal::missing(&format!("Tag.{n}.Key")))),
                (None, None) => None,
            })
            .collect()
    }
}

/// `prefix` and then letters, digits, `-`.
pub(super) fn well_formed(id: &str, prefix: &str) -> bool {
    let rest = id.strip_prefix(prefix);
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// Reads addresses that a write names, one by one. Vendor: release and assign pages.
pub(super) fn addresses(texts: &[&str]) -> Result<Vec<IpAddr>, Refusal> {
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let Ok(ip) = text.parse::<Ipv4Addr>().map(IpAddr::V4) else {
            let text = format!("The specified PrivateIpAddress \"{text}\" is malformed.");
            return Err(Refusal::with("InvalidPrivateIpAddress.Malformed", text));
        };
        if found.contains(&ip) {
            return Err(Refusal::with("InvalidIp.IpRepeated", format!("The specified IP \"{ip}\" is repeated.")));
        }
        found.push(ip);
    }
    Ok(found)
}
