//! SDK-HMAC-SHA256 and tokens: pure functions over what is sent. Knows no call and no answer.
//!
//! Vendor: "API Request Signing Guide". One HMAC with the secret key itself: no derived keys, no nonce. The canonical path ends with
//! `/`, the path that is sent does not.

use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    domain::time::Timestamp,
    providers::{profile::Credential, provider::Stamp},
    wire::{WireRequest, hmac_sha256, parse_query, percent_decode, percent_encode, sha256_hex},
};

/// The algorithm's name, in the `Authorization` header and in the string to sign.
pub const ALGORITHM: &str = "SDK-HMAC-SHA256";
/// Headers that are signed where they are there. `user-agent` is not: proxies rewrite it.
const SIGNED: [&str; 6] = ["content-type", "host", "x-domain-id", "x-project-id", "x-sdk-date", "x-security-token"];

/// The look-up of a region's project.
pub(super) const PROJECTS: &str = "/v3/projects";

/// `20260102T030405Z`.
pub fn date(now: Timestamp) -> String {
    let stamp = jiff::Timestamp::from_second(now.seconds()).unwrap_or_default();
    stamp.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The path's segments decoded and encoded again, with `/` at the end.
pub fn canonical_path(path: &str) -> String {
    // A plus sign is itself in a path.
    let segments = path.split('/').map(|segment| percent_encode(&percent_decode(&segment.replace('+', "%2B"))));
    let mut text = segments.collect::<Vec<_>>().join("/");
    if !text.ends_with('/') {
        text.push('/');
    }
    text
}

/// Pairs sorted by name and then by value, percent-encoded. Also what is sent: then there is nothing to disagree about.
pub fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = pairs.iter().collect();
    sorted.sort();
    sorted
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// The canonical request over these signed headers (names in lower case, sorted) and exactly the bytes sent.
pub fn canonical_request(method: &str, path: &str, query: &str, signed: &[(&str, &str)], body: &[u8]) -> String {
    let headers: Vec<String> = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    [
        method,
        &canonical_path(path),
        &canonical_query(&parse_query(query)),
        &headers.concat(),
        &names.join(";"),
        &sha256_hex(body),
    ]
    .join("\n")
}

/// `date` is the text of the `X-Sdk-Date` header.
pub fn string_to_sign(date: &str, canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{date}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// The signature in lower-case hex.
pub fn signature(secret: &str, string_to_sign: &str) -> String {
    hex::encode(hmac_sha256(secret.as_bytes(), string_to_sign.as_bytes()))
}

/// The `Authorization` header of a signed request.
pub fn authorization(key_id: &str, signed_names: &str, signature: &str) -> String {
    format!("{ALGORITHM} Access={key_id}, SignedHeaders={signed_names}, Signature={signature}")
}

/// Adds the signature, or the token that stands in for one. Blanks around keys are the operator's slip, not part of the key.
pub fn sign(request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
    match credential {
        // Of nothing else: a password is never part of another request, which then goes unsigned and is refused.
        Credential::Password { user, password, account } if request.path == PROJECTS => {
            ask_for_token(request, [user, password, account].map(|text| text.expose_secret().trim()));
        }
        Credential::Password { .. } => {}
        Credential::Bearer(token) => request.set_header("x-auth-token", token.expose_secret().trim()),
        Credential::Keys { id, secret, token } => {
            let date = date(stamp.now);
            request.set_header("x-sdk-date", date.as_str());
            if let Some(token) =
                token.as_ref().map(|token| token.expose_secret().trim()).filter(|text| !text.is_empty())
            {
                request.set_header("x-security-token", token);
            }
            let signed: Vec<(&str, &str)> = SIGNED
                .iter()
                .filter_map(|&name| match name {
                    "host" => Some((name, request.host.as_str())),
                    _ => request.header(name).map(|value| (name, value)),
                })
                .collect();
            let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
            let canonical = canonical_request(request.method, &request.path, &request.query, &signed, &request.body);
            let signature = signature(secret.expose_secret().trim(), &string_to_sign(&date, &canonical));
            let value = authorization(id.expose_secret().trim(), &names.join(";"), &signature);
            request.set_header("authorization", value);
        }
    }
}

/// Turns the look-up of a region's project into the request for a token for it: only the credential tells which it is to be.
/// Vendor: IAM, `KeystoneCreateUserTokenByPassword`; unsigned.
fn ask_for_token(request: &mut WireRequest, [user, password, account]: [&str; 3]) {
    // By its id where the profile has one; else the region's, by its name.
    let asked = parse_query(&request.query).into_iter().find(|(name, _)| name == "id" || name == "name");
    let (by, project) = asked.unwrap_or_default();
    // Of no region: the account's own. Vendor: the same page, "scope".
    let scope =
        if project.is_empty() { json!({"domain": {"name": account}}) } else { json!({"project": {by: project}}) };
    let user = json!({"name": user, "password": password, "domain": {"name": account}});
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    let body = json!({"auth": {"identity": identity, "scope": scope}});
    request.method = "POST";
    "/v3/auth/tokens".clone_into(&mut request.path);
    // Without the list of all endpoints.
    "nocatalog=true".clone_into(&mut request.query);
    request.body = body.to_string().into_bytes();
    request.set_header("content-type", "application/json");
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Recorded from the vendor's own SDK (huaweicloudsdkcore 3.1.219).
    const VECTORS: &str = include_str!("../../../tests/vectors/huawei.json");

    fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn method(vector: &Value) -> &'static str {
        match text(vector, "/request/method") {
            "GET" => "GET",
            "PUT" => "PUT",
            "POST" => "POST",
            other => panic!("{other}"),
        }
    }

    /// The request as it was before it was signed.
    fn request(vector: &Value, without: &[&str]) -> WireRequest {
        let (scheme, rest) = text(vector, "/request/url").split_once("://").unwrap();
        let (host, rest) = rest.split_once('/').unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let headers = vector["request"]["headers"].as_object().unwrap();
        WireRequest {
            method: method(vector),
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            path: format!("/{path}"),
            query: query.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()))
                .filter(|(name, _)| name != "host" && !without.contains(&name.as_str()))
                .collect(),
            body: text(vector, "/request/body").as_bytes().to_vec(),
        }
    }

    fn vectors() -> Vec<Value> {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.len(), 18);
        vectors
    }

    #[test]
    fn every_recorded_request_is_signed_byte_for_byte_the_same() {
        for vector in vectors() {
            let name = text(&vector, "/name");
            let date = text(&vector, "/time");
            let request = request(&vector, &["authorization"]);
            // The SDK signs all headers it sets.
            let mut signed: Vec<(&str, &str)> =
                request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            signed.push(("host", &request.host));
            signed.sort_unstable();
            let canonical = canonical_request(request.method, &request.path, &request.query, &signed, &request.body);
            assert_eq!(canonical, text(&vector, "/canonical_request"), "{name}");
            let to_sign = string_to_sign(date, &canonical);
            assert_eq!(to_sign, text(&vector, "/string_to_sign"), "{name}");
            let signature = signature(text(&vector, "/credentials/sk"), &to_sign);
            assert_eq!(signature, text(&vector, "/signature"), "{name}");
            let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
            let header = authorization(text(&vector, "/credentials/ak"), &names.join(";"), &signature);
            assert_eq!(header, text(&vector, "/request/headers/Authorization"), "{name}");
            // What is sent as the query is what is signed.
            assert_eq!(canonical_query(&parse_query(&request.query)), request.query, "{name}");
        }
    }

    /// The same without `User-Agent`, which the SDK signs and this program does not: everything else has to be there.
    #[test]
    fn signing_sets_what_the_sdk_sets_and_signs_all_of_it_but_the_user_agent() {
        for vector in vectors() {
            let name = text(&vector, "/name");
            let recorded = request(&vector, &["authorization", "user-agent"]);
            let mut own = request(&vector, &["authorization", "user-agent", "x-sdk-date", "x-security-token"]);
            let seconds = if name == "loopback_with_port" { 1_782_863_999 } else { 1_767_323_045 };
            let token = vector["credentials"]["security_token"].as_str().map(|token| format!(" {token} "));
            let (id, secret) = (text(&vector, "/credentials/ak"), text(&vector, "/credentials/sk"));
            let credential = Credential::keys(&format!("{id}\n"), &format!("\t{secret}"), token.as_deref());
            // The clock is truncated, never rounded: sign late in the second.
            let stamp = Stamp { now: Timestamp(seconds * 1000 + 999), nonce: String::new() };
            sign(&mut own, &credential, &stamp);
            for (header, value) in &recorded.headers {
                assert_eq!(own.header(header), Some(value.as_str()), "{name}: {header}");
            }
            assert_eq!(own.headers.len(), recorded.headers.len() + 1, "{name}: no header too many");
            let mut signed: Vec<(&str, &str)> =
                recorded.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            signed.push(("host", &recorded.host));
            signed.sort_unstable();
            let canonical = canonical_request(own.method, &own.path, &own.query, &signed, &own.body);
            let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
            let expected = signature(secret, &string_to_sign(text(&vector, "/time"), &canonical));
            let header = authorization(id, &names.join(";"), &expected);
            assert_eq!(own.header("authorization"), Some(header.as_str()), "{name}");
            // A retry is signed anew.
            sign(&mut own, &credential, &Stamp { now: Timestamp((seconds + 60) * 1000), nonce: String::new() });
            assert_eq!(own.headers.len(), recorded.headers.len() + 1, "{name}");
            assert_ne!(own.header("authorization"), Some(header.as_str()), "{name}");
        }
    }

    #[test]
    fn a_token_goes_along_as_it_is_and_nothing_is_signed() {
        let vectors = vectors();
        let mut request = request(&vectors[1], &["authorization", "x-sdk-date"]);
        let before = request.headers.len();
        let stamp = Stamp { now: Timestamp(0), nonce: String::new() };
        sign(&mut request, &Credential::Bearer(" MIIToken== ".into()), &stamp);
        assert_eq!(request.header("x-auth-token"), Some("MIIToken=="));
        assert_eq!((request.headers.len(), request.header("authorization")), (before + 1, None));
    }

    #[test]
    fn paths_are_encoded_anew_and_end_with_a_slash() {
        for (path, canonical) in [
            ("/", "/"),
            ("/v1/p/jobs", "/v1/p/jobs/"),
            ("/v1/p/jobs/", "/v1/p/jobs/"),
            ("/a%2fb/c+d/%e4%b8%ad", "/a%2Fb/c%2Bd/%E4%B8%AD/"),
            ("/a*b~c", "/a%2Ab~c/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }
}
