//! A write as a line for a shell: what the vendors' own command line tools take, and `curl` where a tool has no such command.
//! Values come from clouds: nothing of them is ever read by the shell.

use std::{
    borrow::Cow,
    fmt::{Display, Write},
};

use serde_json::Value;

use super::profile::Profile;
use crate::wire::WireRequest;

/// A text as one word of a shell. Plain words stay; others stand in single quotes. What a terminal would not show as it is stands
/// in `$'…'` (bash, zsh, ksh), byte by byte.
pub fn quote(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")));
    }
    let mut out = String::from("$'");
    for byte in text.bytes() {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', char::from(byte)]),
            // Some shells look for their history in here.
            0x20..0x7F if byte != b'!' => out.push(char::from(byte)),
            // Writing to a text does not fail.
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('\'');
    Cow::Owned(out)
}

/// A line of a vendor's tool, word by word.
pub struct Line {
    text: String,
    whole: bool,
}

impl Line {
    /// The program and its commands.
    pub fn of(command: &str) -> Self {
        Self { text: command.to_owned(), whole: true }
    }

    /// `--name`
    #[must_use]
    pub fn flag(mut self, name: &str) -> Self {
        self.text.push_str(" --");
        self.text.push_str(&quote(name));
        self
    }

    /// `--name value`. A value that the tool would take for an option makes the line no line.
    #[must_use]
    pub fn pair(self, name: &str, value: impl Display) -> Self {
        let value = value.to_string();
        let mut line = self.flag(name);
        line.whole &= !value.starts_with('-');
        line.text.push(' ');
        line.text.push_str(&quote(&value));
        line
    }

    /// `--name=value`
    #[must_use]
    pub fn joined(self, name: &str, value: impl Display) -> Self {
        let mut line = self.flag(name);
        line.text.push('=');
        line.text.push_str(&quote(&value.to_string()));
        line
    }

    /// The host, where the profile has another than the vendor's own: as the request has it.
    #[must_use]
    pub fn endpoint(self, profile: &Profile, host: &str) -> Self {
        if profile.endpoint.is_some() { self.pair("endpoint", host) } else { self }
    }

    /// `None`: the tool can not be told this.
    pub fn finish(self) -> Option<String> {
        self.whole.then_some(self.text)
    }
}

/// The members of a JSON body as the tools name them: `a.b`, `list.1` with the first of a list at `first`. What is empty is `[]`
/// or `{}`.
pub fn members(body: &Value, first: usize) -> Vec<(String, String)> {
    let mut out = Vec::new();
    collect(body, first, "", &mut out);
    out
}

fn collect(value: &Value, first: usize, name: &str, out: &mut Vec<(String, String)>) {
    let inner = |part: &dyn Display| if name.is_empty() { part.to_string() } else { format!("{name}.{part}") };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(part, value)| collect(value, first, &inner(part), out));
        }
        Value::Array(rows) if !rows.is_empty() => {
            rows.iter().zip(first..).for_each(|(row, nth)| collect(row, first, &inner(&nth), out));
        }
        Value::String(text) => out.push((name.to_owned(), text.clone())),
        other => out.push((name.to_owned(), other.to_string())),
    }
}

/// A request without its signature, for `curl`.
pub fn curl(request: &WireRequest) -> String {
    let mut line = format!("curl -X {} {}", request.method, quote(&request.url()));
    for (name, value) in &request.headers {
        let _ = write!(line, " -H {}", quote(&format!("{name}: {value}")));
    }
    if !request.body.is_empty() {
        let _ = write!(line, " --data-raw {}", quote(&String::from_utf8_lossy(&request.body)));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shell_reads_nothing_of_a_value() {
        for (text, quoted) in [
            ("eni-1", "eni-1"),
            ("10.0.0.1", "10.0.0.1"),
            ("fe80::1", "fe80::1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("`id`;#", "'`id`;#'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("*", "'*'"),
            ("a=b", "'a=b'"),
            ("one\ntwo", r"$'one\x0atwo'"),
            ("\u{1b}[2J'\\!", r"$'\x1b[2J\'\\\x21'"),
            ("中", r"$'\xe4\xb8\xad'"),
        ] {
            assert_eq!(quote(text), quoted, "{text:?}");
        }
    }

    #[test]
    fn a_real_shell_gives_each_value_back() {
        for text in ["eni-1", "", "a b", "$(id)`id`", "it's \"so\"", "x;y|z&", "\\", "one\ntwo\t!", "中文 'quoted'"] {
            let script = format!("printf %s {}", quote(text));
            let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }

    #[test]
    fn a_value_that_looks_like_an_option_makes_no_line() {
        assert_eq!(Line::of("x y").pair("id", "-rf").finish(), None);
        assert_eq!(Line::of("x y").joined("id", "-rf").flag("z").finish().as_deref(), Some("x y --id=-rf --z"));
    }

    #[test]
    fn members_are_named_by_their_way_through_the_body() {
        let body = json!({"port": {"pairs": [{"ip": "a"}, {"ip": "b", "on": true}], "none": []}, "id": ""});
        let named = |first| members(&body, first).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let counted: Vec<String> = named(1);
        assert_eq!(counted, ["id=", "port.none=[]", "port.pairs.1.ip=a", "port.pairs.2.ip=b", "port.pairs.2.on=true"]);
        let from_zero: Vec<String> = named(0);
        assert_eq!(from_zero[2], "port.pairs.0.ip=a");
    }

    #[test]
    fn curl_has_the_request_and_no_signature() {
        let request = WireRequest {
            method: "PUT",
            scheme: "https".to_owned(),
            host: "api.example.com".to_owned(),
            path: "/v1/it's".to_owned(),
            query: "a=1&b=2".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: br#"{"a":"b'c"}"#.to_vec(),
        };
        assert_eq!(
            curl(&request),
            r#"curl -X PUT 'https://api.example.com/v1/it'\''s?a=1&b=2' -H 'content-type: application/json' --data-raw '{"a":"b'\''c"}'"#
        );
    }
}
