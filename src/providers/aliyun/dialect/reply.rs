//! How answers look: one JSON object or the XML that the older style gets, with the vendor's headers.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{domain::time::Timestamp, sim::dialect::SimResponse};

use super::codes::Refusal;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Json,
    Xml,
}

/// What every answer needs to know of its request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Envelope<'a> {
    pub action: &'a str,
    /// The vendor's short name of the product, for the link in an error.
    pub product: &'a str,
    /// The `host` header.
    pub host: &'a str,
    pub request_id: String,
    pub format: Format,
    pub now: Option<Timestamp>,
}

/// The 32 hex digits of a request, spelled as the vendor spells request ids.
pub(super) fn request_id(hex: &str) -> String {
    let hex: String = hex.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_uppercase();
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Option<Vec<&str>> = parts.iter().map(|&(from, to)| hex.get(from..to)).collect();
    parts.map_or_else(|| hex.clone(), |parts| parts.join("-"))
}

impl Envelope<'_> {
    pub fn success(&self, mut members: Map<String, Value>) -> SimResponse {
        members.insert("RequestId".to_owned(), Value::from(self.request_id.as_str()));
        self.render(200, &format!("{}Response", self.action), &Value::Object(members))
    }

    pub fn refusal(&self, refusal: &Refusal) -> SimResponse {
        let link = format!(
            "https://api.aliyun.com/troubleshoot?q={}&product={}&requestId={}",
            refusal.code, self.product, self.request_id
        );
        let body = json!({
            "RequestId": self.request_id,
            "HostId": self.host,
            "Code": refusal.code,
            "Message": refusal.message,
            "Recommend": link,
        });
        self.render(refusal.status(self.action), "Error", &body)
    }

    fn render(&self, status: u16, root: &str, body: &Value) -> SimResponse {
        let (kind, body) = match self.format {
            Format::Json => ("application/json;charset=utf-8", body.to_string()),
            Format::Xml => ("text/xml;charset=utf-8", xml(root, body)),
        };
        let mut headers = vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("x-acs-request-id".to_owned(), self.request_id.clone()),
        ];
        headers.extend(self.now.and_then(http_date).map(|date| ("date".to_owned(), date)));
        SimResponse { status, headers, body: body.into_bytes() }
    }
}

/// The server's own clock, in the form of HTTP's `Date`.
fn http_date(now: Timestamp) -> Option<String> {
    let stamp = jiff::Timestamp::from_second(now.seconds()).ok()?;
    Some(stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn xml(root: &str, body: &Value) -> String {
    let mut out = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    element(&mut out, root, body);
    out
}

/// One element for an object or a text, one per entry for a list. Vendor: a list's wrapper is an element of its own,
/// `<Regions><Region>…</Region><Region>…</Region></Regions>`, which is how the JSON is nested too.
fn element(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| element(out, name, value)),
        Value::Object(members) => {
            let _ = write!(out, "<{name}>");
            members.iter().for_each(|(name, value)| element(out, name, value));
            let _ = write!(out, "</{name}>");
        }
        Value::Null => {}
        Value::String(text) => {
            let _ = write!(out, "<{name}>{}</{name}>", escaped(text));
        }
        other => {
            let _ = write!(out, "<{name}>{other}</{name}>");
        }
    }
}

/// Text as XML may hold it; control characters that XML forbids become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
