//! One round trip as people and logs may see it. Secrets go by where they stand (headers and parameters that carry them), and once more
//! by what they are: no text of the credential is left anywhere, also where a server repeats it.

mod spelling;

use std::borrow::Cow;

use super::profile::Credential;
use crate::{
    domain::{
        clean::clean,
        exchange::Exchange,
        fault::{Fault, FaultKind},
        ids::{InstanceId, ProfileId},
        page::{Cursor, Scope},
        time::Timestamp,
    },
    providers::provider::Call,
    wire::{WireRequest, WireResponse},
};

use spelling::Secret;

/// Bytes of an answer, or of a read's body, that are kept.
pub const KEPT: usize = 4096;

const HIDDEN: &str = "***";

/// Shorter texts are no secrets, and hiding them would blot out ordinary words.
const SHORTEST_SECRET: usize = 4;

/// What one try was.
#[derive(Clone, Copy, Debug)]
pub struct Trip<'a> {
    pub at: Timestamp,
    pub profile: &'a ProfileId,
    pub action: &'a str,
    pub call: &'a Call,
    pub request: &'a WireRequest,
    pub response: Option<&'a WireResponse>,
    pub fault: Option<&'a Fault>,
    pub elapsed_ms: u64,
    pub attempt: u32,
}

/// The texts of a credential that must never be seen, in whatever spelling they turn up.
pub struct Scrubber {
    secrets: Vec<Secret>,
    /// Bytes that the longest of them takes up at most.
    reach: usize,
}

impl Scrubber {
    pub fn new<'a>(credentials: impl IntoIterator<Item = &'a Credential>) -> Self {
        let mut secrets: Vec<&str> = credentials.into_iter().flat_map(Credential::secrets).map(str::trim).collect();
        secrets.retain(|text| text.len() >= SHORTEST_SECRET);
        secrets.sort_unstable();
        secrets.dedup();
        let longest = secrets.iter().map(|text| text.len()).max().unwrap_or(0);
        Self { secrets: secrets.into_iter().map(Secret::new).collect(), reach: longest * spelling::LONGEST }
    }

    /// The text without any secret.
    pub fn scrub(&self, text: &str) -> String {
        self.start(text, usize::MAX)
    }

    /// What begins in the first `limit` bytes of the text, without any secret. A secret across the border is hidden whole.
    pub fn start(&self, text: &str, limit: usize) -> String {
        let mut out = String::with_capacity(text.len().min(limit));
        let mut place = 0;
        while place < text.len().min(limit) {
            // Always a character's border: it moves by whole characters and whole secrets.
            let Some(rest) = text.get(place..) else { break };
            // A key id may be the beginning of another text: the longest counts.
            if let Some(end) = self.secrets.iter().filter_map(|secret| secret.end(text.as_bytes(), place)).max() {
                out.push_str(HIDDEN);
                place = end;
            } else if let Some(c) = rest.chars().next() {
                out.push(c);
                place += c.len_utf8();
            }
        }
        out
    }

    /// Bytes as harmless text, whole.
    fn whole(&self, bytes: &[u8]) -> String {
        tidy(&self.scrub(&String::from_utf8_lossy(bytes)))
    }

    /// Bytes as short, harmless text.
    fn shown(&self, bytes: &[u8]) -> String {
        let window = bytes.get(..(KEPT + self.reach).min(bytes.len())).unwrap_or(bytes);
        tidy(&self.start(&String::from_utf8_lossy(window), KEPT))
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrubber([REDACTED])")
    }
}

/// Lines become one; nothing that moves or hides is left.
fn tidy(text: &str) -> String {
    let flat: Cow<'_, str> =
        if text.contains(['\n', '\r', '\t']) { text.replace(['\n', '\r', '\t'], " ").into() } else { text.into() };
    clean(&flat).into_owned()
}

/// The record of one try.
pub fn exchange(trip: &Trip<'_>, scrubber: &Scrubber) -> Exchange {
    let Trip { request, response, fault, .. } = *trip;
    let text = |text: &str| tidy(&scrubber.scrub(text));
    let headers = std::iter::once(("host", request.host.as_str()))
        .chain(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .map(|(name, value)| (text(name), if is_secret(name) { HIDDEN.to_owned() } else { text(value) }))
        .collect();
    let query = query(&request.query);
    let mark = if query.is_empty() { "" } else { "?" };
    let private = matches!(trip.call, Call::SignIn { .. });
    // A form is a query in another place, and may be signed in itself.
    let form = is_form(request).then(|| self::query(&String::from_utf8_lossy(&request.body)).into_bytes());
    let body = form.as_ref().unwrap_or(&request.body);
    let hidden = |bytes: &[u8]| if bytes.is_empty() { String::new() } else { HIDDEN.to_owned() };
    Exchange {
        at: trip.at,
        profile: trip.profile.clone(),
        region: trip.call.region().cloned(),
        action: trip.action.to_owned(),
        target: text(&target(trip.call)),
        write: trip.call.is_write(),
        method: request.method.to_owned(),
        host: text(&request.host),
        path: text(&format!("{}{mark}{query}", request.path)),
        headers,
        // Of what changes something every byte counts: who approves it has to see it, and the journal has to have it.
        body: match trip.call {
            _ if private => hidden(&request.body),
            Call::Write { .. } => scrubber.whole(body),
            _ => scrubber.shown(body),
        },
        status: response.map(|response| response.status).or(fault.and_then(|fault| fault.http_status)),
        answer: response.map_or_else(String::new, |response| match fault {
            // What a sign-in answers is a secret that nobody knows yet; what refuses it is not.
            None if private => hidden(&response.body),
            _ => scrubber.shown(&response.body),
        }),
        answer_bytes: response.map_or(0, |response| response.body.len() as u64),
        code: fault.and_then(|fault| fault.code.as_deref()).map(text),
        fault: fault.map(|fault| fault.kind).filter(|kind| *kind != FaultKind::Local),
        permission: fault.and_then(|fault| fault.permission.clone()),
        request_id: fault
            .and_then(|fault| fault.request_id.clone())
            .or_else(|| response.and_then(|response| request_id(&response.body)))
            .map(|id| text(&id)),
        elapsed_ms: trip.elapsed_ms,
        attempt: trip.attempt,
    }
}

/// Does a header or parameter of this name carry a secret?
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let about = ["method", "version", "nonce"].iter().any(|end| name.ends_with(end));
    ["authorization", "token", "secret", "cookie", "accesskeyid", "access-key"].iter().any(|part| name.contains(part))
        || name.contains("signature") && !about
}

fn is_form(request: &WireRequest) -> bool {
    let kind = request.header("content-type").and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The query with the values of secret parameters replaced; the rest stays as sent.
fn query(query: &str) -> String {
    query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={HIDDEN}"),
            _ => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("&")
}

/// What a call is about: ids, a region, a page.
fn target(call: &Call) -> String {
    let listing = match call {
        Call::Write { kind, .. } => return kind.nic().to_string(),
        Call::Task { task, .. } => return task.to_string(),
        Call::SignIn { region, .. } | Call::Identity { region } => return region.to_string(),
        Call::List(listing) => listing,
    };
    let mut text = match &listing.scope {
        Scope::All | Scope::Few => listing.region.as_ref().map_or("*", |region| region.as_str()).to_owned(),
        Scope::Nic(id) => id.to_string(),
        Scope::Instances(ids) => ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(" "),
        Scope::LoadBalancer(id) => id.to_string(),
        Scope::Group(group) => group.to_string(),
        Scope::Types(types) => types.join(" "),
    };
    if let Cursor::Page(page) = listing.cursor {
        text = format!("{text} #{page}");
    }
    text
}

/// The request id that clouds put at the start or the end of an answer. For the log only: no whole parse for that.
fn request_id(body: &[u8]) -> Option<String> {
    const NEAR: usize = 512;
    let head = body.get(..NEAR.min(body.len()))?;
    let tail = body.get(body.len().saturating_sub(NEAR)..)?;
    [head, tail].into_iter().find_map(|part| {
        let part = String::from_utf8_lossy(part);
        let lower = part.to_ascii_lowercase();
        let (at, name) = ["\"requestid\"", "\"request_id\""].iter().find_map(|name| Some((lower.find(name)?, name)))?;
        let rest = part.get(at + name.len()..)?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(id, _)| id.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            page::{Listing, Resource},
            plan::OperationKind,
        },
        wire::percent_encode,
    };

    const ID: &str = "CANARYKEYID0001";
    const SECRET: &str = "canary+secret/with=odd \"chars\"中";
    const TOKEN: &str = "canary-session-token";

    fn scrubber() -> Scrubber {
        Scrubber::new([&Credential::keys(ID, SECRET, Some(TOKEN))])
    }

    fn request() -> WireRequest {
        WireRequest {
            method: "POST",
            scheme: "https".into(),
            host: "api.example.com".into(),
            path: "/v2".into(),
            query: format!(
                "Action=Do&AccessKeyId={ID}&Signature=SIGSIG&SignatureMethod=HMAC&SecurityToken=x&Echo={}",
                percent_encode(SECRET)
            ),
            headers: vec![
                ("authorization".into(), format!("ALG Credential={ID}, Signature=SIGSIG")),
                ("x-security-token".into(), TOKEN.into()),
                ("x-odd".into(), format!("has {SECRET} in it")),
                ("x-signature-method".into(), "ALG".into()),
            ],
            body: format!("{{\"nic\":\"12\",\"echo\":{}}}", serde_json::Value::from(SECRET)).into_bytes(),
        }
    }

    fn record(answer: &[u8]) -> Exchange {
        let call = Call::write("r1".into(), OperationKind::Detach { nic: "12".into(), instance: "11".into() });
        let response = WireResponse { status: 400, headers: vec![], body: answer.to_vec() };
        let fault = Fault {
            code: Some("BAD".into()),
            request_id: Some("R1".into()),
            ..Fault::local(FaultKind::Refused, "Detach", "no")
        };
        let trip = Trip {
            at: Timestamp(5),
            profile: &"p".into(),
            action: "Detach",
            call: &call,
            request: &request(),
            response: Some(&response),
            fault: Some(&fault),
            elapsed_ms: 7,
            attempt: 2,
        };
        exchange(&trip, &scrubber())
    }

    #[test]
    fn no_canary_is_left_anywhere() {
        let answer = format!(
            "<html>you sent Authorization: ALG Credential={ID}, token {TOKEN}, secret {SECRET}, {} {}</html>",
            percent_encode(SECRET),
            percent_encode(&percent_encode(SECRET)),
        );
        let record = record(answer.as_bytes());
        let all = format!("{record:?} {}", serde_json::to_string(&record).unwrap_or_default());
        for canary in ["CANARY", "canary", "SIGSIG"] {
            assert!(!all.contains(canary), "{canary} in {all}");
        }
        assert_eq!(
            record.path,
            "/v2?Action=Do&AccessKeyId=***&Signature=***&SignatureMethod=HMAC&SecurityToken=***&Echo=***"
        );
        assert!(record.headers.contains(&("x-signature-method".into(), "ALG".into())));
        assert!(record.headers.contains(&("x-odd".into(), "has *** in it".into())));
        assert!(record.headers.contains(&("host".into(), "api.example.com".into())));
        assert_eq!(record.body, "{\"nic\":\"12\",\"echo\":\"***\"}");
        assert_eq!(
            record.answer,
            "<html>you sent Authorization: ALG Credential=***, token ***, secret ***, *** ***</html>"
        );
        assert_eq!((record.target.as_str(), record.write, record.attempt), ("12", true, 2));
        assert_eq!((record.code.as_deref(), record.request_id.as_deref()), (Some("BAD"), Some("R1")));
        assert!(!format!("{:?}", scrubber()).contains("canary"));
    }

    /// Nor does the cut of a long read let one through.
    #[test]
    fn what_signs_a_form_does_not_show() {
        let secrets = "SecretId=x&Nonce=7&Token=SIGTOK&Signature=SIG%2BSIG%3D&SignatureMethod=HmacSHA256";
        let write = Call::write("r1".into(), OperationKind::Detach { nic: "12".into(), instance: "11".into() });
        let read = Call::Identity { region: "r1".into() };
        for (call, kind) in
            [(&write, "application/x-www-form-urlencoded"), (&read, "Application/X-WWW-Form-UrlEncoded; charset=utf-8")]
        {
            let trip = |body: &str| {
                let mut request = request();
                request.set_header("content-type", kind);
                request.body = body.as_bytes().to_vec();
                let profile = "p".into();
                let trip = Trip {
                    at: Timestamp(5),
                    profile: &profile,
                    action: "Detach",
                    call,
                    request: &request,
                    response: None,
                    fault: None,
                    elapsed_ms: 7,
                    attempt: 1,
                };
                exchange(&trip, &scrubber()).body
            };
            assert_eq!(
                trip(&format!("Action=Detach&{secrets}")),
                "Action=Detach&SecretId=***&Nonce=7&Token=***&Signature=***&SignatureMethod=HmacSHA256"
            );
            assert!(!trip(&format!("Filler={}&Signature=SIGSIG", "a".repeat(KEPT - 20))).contains("SIGSIG"));
        }
    }

    #[test]
    fn an_answer_is_cut_and_a_secret_at_the_cut_does_not_show() {
        for shift in 0..TOKEN.len() + 2 {
            let answer = format!("{}{TOKEN}{}", "a".repeat(KEPT - shift), "b".repeat(10_000));
            let record = record(answer.as_bytes());
            assert!(!record.answer.contains('c') && !record.answer.contains('y'), "{shift}: {}", record.answer);
            assert!(record.answer.len() <= KEPT + HIDDEN.len());
            assert_eq!(record.answer_bytes, answer.len() as u64);
        }
        // Secrets before the cut make room: what lies behind the cut stays out.
        let answer = format!("{}{}", format!("{TOKEN} ").repeat(150), "x".repeat(2000)) + TOKEN;
        assert!(!record(answer.as_bytes()).answer.contains("canary"));
    }

    /// As servers write it that escape more than they must.
    #[test]
    fn an_answer_that_repeats_a_secret_in_another_spelling_shows_nothing_of_it() {
        const TOKEN: &str = "STS+cana/ry==";
        let scrubber = Scrubber::new([&Credential::keys(ID, SECRET, Some(TOKEN))]);
        for spelling in [
            "STS+cana\\/ry==",
            "STS\\u002bcana\\u002Fry\\u003d\\u003D",
            "STS%2bcana%2fry%3d%3d",
            "STS%252Bcana%252fry%253D%3d",
            "STS&#43;cana&#x2f;ry&#61;=",
        ] {
            assert_eq!(scrubber.scrub(&format!("<{spelling}>")), "<***>", "{spelling}");
            for shift in 0..spelling.len() {
                let text = format!("{}{spelling}{}", "a".repeat(KEPT - shift), "b".repeat(10_000));
                let shown = scrubber.shown(text.as_bytes());
                assert!(!shown.contains("cana") && !shown.contains("STS") && !shown.contains("ry"), "{shift}: {shown}");
            }
        }
    }

    #[test]
    fn answers_are_harmless_text() {
        let record = record(b"\x1b[31mred\n\tnext \xe2\x80\xae\xff end");
        assert_eq!(record.answer, "\u{FFFD}[31mred  next \u{FFFD}\u{FFFD} end");
    }

    #[test]
    fn short_credentials_do_not_blot_out_words() {
        let scrubber = Scrubber::new([&Credential::keys("a", "", None)]);
        assert_eq!(scrubber.scrub("a plain text"), "a plain text");
        let scrubber = Scrubber::new([&Credential::Bearer(" tokentoken\n".into())]);
        assert_eq!(scrubber.scrub("Bearer tokentoken!"), "Bearer ***!");
    }

    #[test]
    fn a_request_id_is_found_at_either_end() {
        let filler = "x".repeat(5000);
        for (body, id) in [
            (r#"{"requestId":"T1","response":{"#.to_owned(), Some("T1")),
            (format!(r#"{{"data":"{filler}","RequestId" : "T2"}}"#), Some("T2")),
            (format!(r#"{{"data":"{filler}","request_id":"T3"}}"#), Some("T3")),
            (r#"{"requestId":7}"#.to_owned(), None),
            (r#"{"requestId":"#.to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(request_id(body.as_bytes()).as_deref(), id);
        }
    }

    #[test]
    fn targets_name_page_and_region() {
        let all = Listing::all(Resource::Nics, Some("r1".into()));
        assert_eq!(target(&Call::List(all.clone())), "r1");
        assert_eq!(target(&Call::List(Listing { cursor: Cursor::Page(3), ..all.clone() })), "r1 #3");
        assert_eq!(target(&Call::List(Listing { scope: Scope::Nic("12".into()), ..all })), "12");
        assert_eq!(target(&Call::List(Listing::all(Resource::Regions, None))), "*");
    }
}
