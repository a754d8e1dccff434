//! Parameters of a call, read with the vendor's checks. Vendor: "Common Error Codes"; the limits are those of each action's page.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::codes::{Refusal, refuse};

/// Ids that a filter takes.
const MAX_IDS: usize = 100;
/// Tags and tag names that a filter takes.
const MAX_TAGS: usize = 20;

/// The JSON object of a request. What a call does not know is ignored; null is the same as nothing.
pub struct Params(Map<String, Value>);

/// A page of a list.
#[derive(Clone, Copy)]
pub struct Page {
    /// From 1.
    pub number: u64,
    pub size: u64,
}

fn wrong_type(name: &str, wanted: &str) -> Refusal {
    refuse("INVALID_PARAMETER_TYPE", format!("The parameter {name} must be {wanted}."))
}

pub fn wrong_value(name: &str) -> Refusal {
    refuse("INVALID_PARAMETER_VALUE", format!("The parameter {name} has an invalid value."))
}

pub fn missing(name: &str) -> Refusal {
    refuse("MISSING_PARAMETER", format!("The parameter {name} is missing."))
}

impl Params {
    /// # Errors
    /// A body that is no JSON object. An empty one is taken for `{}`.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            _ => Err(wrong_type("body", "a JSON object")),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    /// An empty text counts as missing.
    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
    }

    /// One of these words.
    pub fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Refusal> {
        match self.text(name)? {
            Some(word) if !words.contains(&word) => Err(wrong_value(name)),
            word => Ok(word),
        }
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(wrong_type(name, "a boolean")),
        }
    }

    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) => {
                let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
                texts.map(Some).ok_or_else(|| wrong_type(name, "an array of strings"))
            }
            Some(_) => Err(wrong_type(name, "an array of strings")),
        }
    }

    /// Ids of a filter; none and an empty list both mean "all".
    pub fn ids(&self, name: &str) -> Result<Option<Vec<&str>>, Refusal> {
        self.limited(name, MAX_IDS)
    }

    fn limited(&self, name: &str, most: usize) -> Result<Option<Vec<&str>>, Refusal> {
        let texts = self.texts(name)?.filter(|texts| !texts.is_empty());
        within(name, texts.as_ref().map_or(0, Vec::len), most)?;
        Ok(texts)
    }

    pub fn address(&self, name: &str) -> Result<Option<IpAddr>, Refusal> {
        self.text(name)?.map(|text| text.parse().map_err(|_| wrong_value(name))).transpose()
    }

    /// A whole number of at least 1.
    pub fn count(&self, name: &str, most: u64) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| wrong_type(name, "an integer"))?;
        match u64::try_from(number) {
            Ok(number) if number > most => Err(refuse(
                "INVALID_PARAMETER_EXCEED_MAXIMUM",
                format!("The parameter {name} must not be greater than {most}."),
            )),
            Ok(number) if number >= 1 => Ok(Some(number)),
            _ => Err(refuse("INVALID_PARAMETER_LESS_MINIMUM", format!("The parameter {name} must be at least 1."))),
        }
    }

    /// Default 1 and 20, at most 1000 on a page.
    pub fn page(&self) -> Result<Page, Refusal> {
        let number = self.count("pageNum", i64::MAX.unsigned_abs())?.unwrap_or(1);
        Ok(Page { number, size: self.count("pageSize", 1000)?.unwrap_or(20) })
    }

    /// The filters by tag: each name must be there, and each pair.
    pub fn tags(&self) -> Result<TagFilter<'_>, Refusal> {
        let keys = self.limited("tagKeys", MAX_TAGS)?.unwrap_or_default();
        let pairs = match self.get("tags") {
            None => Vec::new(),
            Some(Value::Array(list)) => {
                let text = |tag: &'_ Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
                let pairs: Option<Vec<(String, String)>> =
                    list.iter().map(|tag| Some((text(tag, "key")?, text(tag, "value").unwrap_or_default()))).collect();
                pairs.ok_or_else(|| wrong_type("tags", "an array of {key, value}"))?
            }
            Some(_) => return Err(wrong_type("tags", "an array of {key, value}")),
        };
        within("tags", pairs.len(), MAX_TAGS)?;
        Ok(TagFilter { keys, pairs })
    }
}

fn within(name: &str, length: usize, most: usize) -> Result<(), Refusal> {
    if length > most {
        let message = format!("The parameter {name} must not have more than {most} elements.");
        return Err(refuse("INVALID_PARAMETER_EXCEED_LENGTH", message));
    }
    Ok(())
}

/// A filter by tags.
pub struct TagFilter<'a> {
    keys: Vec<&'a str>,
    pairs: Vec<(String, String)>,
}

impl TagFilter<'_> {
    pub fn takes(&self, tags: &std::collections::BTreeMap<String, String>) -> bool {
        self.keys.iter().all(|key| tags.contains_key(*key))
            && self.pairs.iter().all(|(key, value)| tags.get(key) == Some(value))
    }

    /// Does it let everything through?
    pub fn is_open(&self) -> bool {
        self.keys.is_empty() && self.pairs.is_empty()
    }
}
