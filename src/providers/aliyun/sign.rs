//! The vendor's two signatures as pure functions of what stands on the wire; client and simulated server share them.
//!
//! V3 (ACS3-HMAC-SHA256) is what the client sends. RPC v1 (HMAC-SHA1) puts key id, token and signature into the URL,
//! where proxies log them: it is here only so that the simulator can answer the vendor's older tools.
//! Vendor: "Request syntax and signature method V3" and "Request syntax and signature method V2 for RPC APIs".

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;

use crate::{
    domain::time::Timestamp,
    providers::provider::Stamp,
    wire::{self, WireRequest},
};

/// The first word of the `Authorization` header.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// `YYYY-MM-DDThh:mm:ssZ`, as `x-acs-date` and RPC's `Timestamp` want it: UTC, always with seconds.
pub fn date(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_second(at.seconds()).unwrap_or_default();
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Lower-case names joined by `;`, sorted, as `SignedHeaders` lists them.
pub fn signed_names(headers: &[(&str, &str)]) -> String {
    sorted(headers).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(";")
}

/// The V3 canonical request. The path of these products is always `/`.
///
/// `headers` are the signed ones, in any order and case. `payload_hash` is the body's SHA-256 in lower-case hex.
pub fn canonical_request(method: &str, canonical_query: &str, headers: &[(&str, &str)], payload_hash: &str) -> String {
    let lines: Vec<String> = sorted(headers).iter().map(|(name, value)| format!("{name}:{}", value.trim())).collect();
    // An empty line follows the headers: each of them ends its own.
    format!("{method}\n/\n{canonical_query}\n{}\n\n{}\n{payload_hash}", lines.join("\n"), signed_names(headers))
}

fn sorted<'a>(headers: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
    let mut all: Vec<_> = headers.iter().map(|&(name, value)| (name.to_ascii_lowercase(), value)).collect();
    all.sort();
    all
}

/// The V3 string to sign.
pub fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", wire::sha256_hex(canonical_request.as_bytes()))
}

/// The V3 signature in lower-case hex. The secret is the key as it is.
pub fn signature(secret: &str, string_to_sign: &str) -> String {
    hex::encode(wire::hmac_sha256(secret.as_bytes(), string_to_sign.as_bytes()))
}

/// The `Authorization` header: commas without blanks.
pub fn authorization(key_id: &str, signed_names: &str, signature: &str) -> String {
    format!("{ALGORITHM} Credential={key_id},SignedHeaders={signed_names},Signature={signature}")
}

/// RPC v1: all parameters of query and form together, except the signature itself.
pub fn rpc_canonical_query(params: &[(String, String)]) -> String {
    let signed: Vec<_> = params.iter().filter(|(name, _)| name != "Signature").cloned().collect();
    wire::canonical_query(&signed)
}

/// RPC v1: values end up encoded twice.
pub fn rpc_string_to_sign(method: &str, canonical_query: &str) -> String {
    format!("{method}&%2F&{}", wire::percent_encode(canonical_query))
}

/// RPC v1: the signature in base64. The key is the secret with an `&` behind it.
pub fn rpc_signature(secret: &str, string_to_sign: &str) -> String {
    STANDARD.encode(wire::hmac_sha1(format!("{secret}&").as_bytes(), string_to_sign.as_bytes()))
}

/// Adds date, nonce, payload hash, session token and `Authorization` to a request whose query is canonical.
///
/// Signs `host`, every `x-acs-*` header and `content-type`; nothing that a proxy may rewrite (`accept`, `user-agent`).
pub fn sign(request: &mut WireRequest, key_id: &str, secret: &str, token: Option<&str>, stamp: &Stamp) {
    let payload_hash = wire::sha256_hex(&request.body);
    request.set_header("x-acs-date", date(stamp.now));
    request.set_header("x-acs-signature-nonce", stamp.nonce.as_str());
    request.set_header("x-acs-content-sha256", payload_hash.as_str());
    if let Some(token) = token {
        request.set_header("x-acs-security-token", token);
    }
    let headers = headers_to_sign(request);
    let names = signed_names(&headers);
    let canonical = canonical_request(request.method, &request.query, &headers, &payload_hash);
    let signature = signature(secret, &string_to_sign(&canonical));
    request.set_header("authorization", authorization(key_id, &names, &signature));
}

fn headers_to_sign(request: &WireRequest) -> Vec<(&str, &str)> {
    let must = |name: &str| name.starts_with("x-acs-") || name == "content-type";
    let sent =
        request.headers.iter().filter(|(name, _)| must(name)).map(|(name, value)| (name.as_str(), value.as_str()));
    std::iter::once(("host", request.host.as_str())).chain(sent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors(style: &str) -> Vec<Value> {
        let text = include_str!("../../../tests/vectors/aliyun.json");
        let all: Vec<Value> = serde_json::from_str(text).expect("vectors are JSON");
        all.into_iter().filter(|vector| vector["style"] == style).collect()
    }

    fn text<'a>(vector: &'a Value, pointer: &str) -> &'a str {
        vector.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", vector["name"]))
    }

    fn pairs(object: &Value) -> Vec<(String, String)> {
        object
            .as_object()
            .expect("an object")
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()))
            .collect()
    }

    #[test]
    fn every_v3_vector_is_reproduced() {
        let all = vectors("v3");
        assert_eq!(all.len(), 19);
        for vector in &all {
            let body = text(vector, "/request/body");
            let params = pairs(&vector["input"]["params"]);
            let form = wire::canonical_query(&params);
            let query = if body.is_empty() { form.as_str() } else { "" };
            if !body.is_empty() {
                assert_eq!(form, body, "{}", vector["name"]);
            }
            let names = text(vector, "/signed_headers");
            let headers: Vec<(&str, &str)> = names
                .split(';')
                .map(|name| (name, text(vector, &format!("/request/headers/{name}"))))
                // The order they arrive in must not matter.
                .rev()
                .collect();
            assert_eq!(signed_names(&headers), names, "{}", vector["name"]);
            let canonical =
                canonical_request(text(vector, "/request/method"), query, &headers, &wire::sha256_hex(body.as_bytes()));
            assert_eq!(canonical, text(vector, "/canonical_request"), "{}", vector["name"]);
            let to_sign = string_to_sign(&canonical);
            assert_eq!(to_sign, text(vector, "/string_to_sign"), "{}", vector["name"]);
            let signature = signature(text(vector, "/credentials/access_key_secret"), &to_sign);
            assert_eq!(signature, text(vector, "/signature"), "{}", vector["name"]);
            let header = authorization(text(vector, "/credentials/access_key_id"), names, &signature);
            assert_eq!(header, text(vector, "/request/headers/authorization"), "{}", vector["name"]);
        }
    }

    #[test]
    fn every_v1_vector_is_reproduced() {
        let all = vectors("v1");
        assert_eq!(all.len(), 6);
        for vector in &all {
            let url = text(vector, "/request/url");
            let (_, query) = url.split_once('?').expect("a query");
            let params = wire::parse_query(query);
            for expected in pairs(&vector["input"]["params"]) {
                assert!(params.contains(&expected), "{expected:?} of {}", vector["name"]);
            }
            let canonical = rpc_canonical_query(&params);
            assert_eq!(canonical, text(vector, "/canonical_query"), "{}", vector["name"]);
            let to_sign = rpc_string_to_sign(text(vector, "/request/method"), &canonical);
            assert_eq!(to_sign, text(vector, "/string_to_sign"), "{}", vector["name"]);
            let signature = rpc_signature(text(vector, "/credentials/access_key_secret"), &to_sign);
            assert_eq!(signature, text(vector, "/signature"), "{}", vector["name"]);
            assert!(params.contains(&("Signature".to_owned(), signature)), "{}", vector["name"]);
        }
    }

    #[test]
    fn dates_have_seconds_and_no_fraction() {
        assert_eq!(date(Timestamp(1_772_694_489_999)), "2026-03-05T07:08:09Z");
        assert_eq!(date(Timestamp(0)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn what_proxies_rewrite_is_not_signed() {
        let mut request = WireRequest {
            method: "POST",
            scheme: "https".into(),
            host: "127.0.0.1:18080".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![
                ("accept".into(), "application/json".into()),
                ("user-agent".into(), "nicdeck".into()),
                ("content-type".into(), "application/x-www-form-urlencoded".into()),
                ("x-acs-action".into(), "ListServerGroupServers".into()),
            ],
            body: b"RegionId=cn-hangzhou".to_vec(),
        };
        let stamp = Stamp { now: Timestamp(0), nonce: "n".into() };
        sign(&mut request, "id", "secret", Some("token"), &stamp);
        let header = request.header("authorization").expect("signed");
        assert!(
            header.contains(
                "SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce,"
            ),
            "{header}"
        );
        // Signed again, with another stamp, nothing of the first signature stays.
        let before = header.to_owned();
        let count = request.headers.len();
        sign(&mut request, "id", "secret", Some("token"), &Stamp { now: Timestamp(1000), nonce: "m".into() });
        assert_eq!(request.headers.len(), count);
        assert_ne!(request.header("authorization"), Some(before.as_str()));
    }
}
