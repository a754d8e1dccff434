//! A call's parameters, read as strictly as the vendor documents them. Knows no call.
//!
//! API 3.0 takes a JSON object (`POST`), or the same flattened into a query (`GET`), where every value is text.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Map, Value};

use crate::sim::dialect::SimRequest;

use super::{auth::Style, codes::Refusal};

/// Names of the parameters that belong to a signature over parameters.
const COMMON: &[&str] = &[
    "Action",
    "Version",
    "Region",
    "Timestamp",
    "Nonce",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "Token",
    "Language",
    "RequestClient",
];

/// The value of a name; the first one counts.
pub(super) fn value(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// Parameters of a call.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Params {
    members: Map<String, Value>,
    /// From a query: numbers and truth values are text.
    flat: bool,
}

/// One filter: any of the values.
pub(super) struct Filter<'a> {
    pub name: &'a str,
    pub values: Vec<&'a str>,
}

impl Params {
    pub fn of_request(request: &SimRequest, pairs: &[(String, String)], style: Style) -> Result<Self, Refusal> {
        if style == Style::Params || request.method == "GET" {
            let own = pairs.iter().filter(|(name, _)| style == Style::Header || !COMMON.contains(&name.as_str()));
            return Self::unflatten(own);
        }
        let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(Refusal::with("InvalidRequest", "The content type of a POST is application/json."));
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(members)) => Ok(Self { members, flat: false }),
            _ => Err(Refusal::with("InvalidParameter", "The body is no JSON object.")),
        }
    }

    /// `Filters.0.Values.1=x` as an object of lists of objects.
    pub fn unflatten<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> Result<Self, Refusal> {
        let mut root = Value::Object(Map::new());
        for (name, value) in pairs {
            let mut place = &mut root;
            for part in name.split('.') {
                let slot = match part.parse::<usize>() {
                    Ok(at) => {
                        if !place.is_array() {
                            *place = Value::Array(Vec::new());
                        }
                        let Some(list) = place.as_array_mut() else { return Err(Refusal::invalid(name)) };
                        if at >= 1000 {
                            return Err(Refusal::invalid(name));
                        }
                        if list.len() <= at {
                            list.resize(at + 1, Value::Null);
                        }
                        list.get_mut(at)
                    }
                    Err(_) => {
                        if !place.is_object() {
                            *place = Value::Object(Map::new());
                        }
                        place.as_object_mut().map(|object| object.entry(part).or_insert(Value::Null))
                    }
                };
                place = slot.ok_or_else(|| Refusal::invalid(name))?;
            }
            *place = Value::from(value.as_str());
        }
        match root {
            Value::Object(members) => Ok(Self { members, flat: true }),
            _ => Err(Refusal::of("InvalidParameter")),
        }
    }

    /// # Errors
    /// A parameter that the action does not define.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Refusal::with("UnknownParameter", format!("The parameter `{name}` is not recognized."))),
            None => Ok(()),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(name)),
        }
    }

    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number; as text only where everything is text.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = match value {
            Value::String(text) if self.flat => text.parse().ok(),
            value => value.as_i64(),
        };
        number.map(Some).ok_or_else(|| Refusal::invalid(name))
    }

    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| Refusal::invalid(name))?;
        list.iter().map(|item| item.as_str().ok_or_else(|| Refusal::invalid(name))).collect::<Result<_, _>>().map(Some)
    }

    /// Objects with one text member that is required.
    pub fn members_of(&self, name: &str, wanted: &str, others: &[&str]) -> Result<Option<Vec<&str>>, Refusal> {
        Ok(self.objects(name, &[&[wanted], others].concat())?.map(|list| {
            list.into_iter().map(|object| object.get(wanted).and_then(Value::as_str).unwrap_or_default()).collect()
        }))
    }

    /// Objects with these members alone.
    pub fn objects(&self, name: &str, known: &[&str]) -> Result<Option<Vec<&Map<String, Value>>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| Refusal::invalid(name))?;
        let mut found = Vec::with_capacity(list.len());
        for item in list {
            let object = item.as_object().ok_or_else(|| Refusal::invalid(name))?;
            if let Some(odd) = object.keys().find(|key| !known.contains(&key.as_str())) {
                let text = format!("The parameter `{name}.{odd}` is not recognized.");
                return Err(Refusal::with("UnknownParameter", text));
            }
            found.push(object);
        }
        Ok(Some(found))
    }

    /// `Filters`, with their names checked against `known`; codes differ between products.
    pub fn filters(&self, known: &[&str], most_values: usize, wrong: Wording) -> Result<Vec<Filter<'_>>, Refusal> {
        let Some(value) = self.get("Filters") else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| Refusal::invalid("Filters"))?;
        if list.len() > 10 {
            return Err(Refusal::of(wrong.many));
        }
        list.iter()
            .map(|item| {
                let object = item.as_object().ok_or_else(|| Refusal::of(wrong.shape))?;
                let name =
                    object.get("Name").and_then(Value::as_str).ok_or_else(|| Refusal::missing("Filters.Name"))?;
                let values = object.get("Values").ok_or_else(|| Refusal::missing("Filters.Values"))?;
                let values = values.as_array().ok_or_else(|| Refusal::of(wrong.values))?;
                let values: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
                let values = values.ok_or_else(|| Refusal::of(wrong.values))?;
                if !known.contains(&name) && !name.starts_with("tag:") {
                    return Err(Refusal::with(wrong.name, format!("The filter `{name}` does not exist.")));
                }
                if values.len() > most_values {
                    return Err(Refusal::of(wrong.many));
                }
                Ok(Filter { name, values })
            })
            .collect()
    }

    /// `Offset` and `Limit`: by default 0 and 20, at most 100 at once.
    pub fn slice(&self, beyond: &str) -> Result<Slice, Refusal> {
        let (offset, limit) = (self.number("Offset")?.unwrap_or(0), self.number("Limit")?.unwrap_or(20));
        if !(1..=100).contains(&limit) || offset < 0 {
            return Err(Refusal::with(beyond, "Offset is at least 0, Limit is 1 to 100."));
        }
        let whole = |number: i64| usize::try_from(number).unwrap_or_default();
        Ok(Slice { offset: whole(offset), limit: whole(limit) })
    }
}

/// The codes with which a product refuses filters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wording {
    pub name: &'static str,
    pub shape: &'static str,
    pub values: &'static str,
    pub many: &'static str,
}

/// Those of `vpc`.
pub(super) const VPC: Wording = Wording {
    name: "InvalidParameter.FilterInvalidKey",
    shape: "InvalidParameter.FilterNotDict",
    values: "InvalidParameter.FilterValuesNotList",
    many: "InvalidParameterValue.LimitExceeded",
};

/// Those of `cvm`.
pub(super) const CVM: Wording = Wording {
    name: "InvalidFilter",
    shape: "InvalidFilter",
    values: "InvalidFilter",
    many: "InvalidFilterValue.LimitExceeded",
};

/// A part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    pub offset: usize,
    pub limit: usize,
}

impl Slice {
    pub fn of<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// `prefix` and then letters, digits.
pub(super) fn well_formed(id: &str, prefix: &str) -> bool {
    let rest = id.strip_prefix(prefix);
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// Addresses that a write names. `None`: one of them is malformed.
pub(super) fn addresses(texts: &[&str]) -> Option<Vec<IpAddr>> {
    texts.iter().map(|text| text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)).collect()
}
