//! ZC2-HMAC-SHA256 and bearer tokens: pure functions over what is sent. Knows no action and no answer.
//!
//! Vendor: "Signature Algorithm v2". One HMAC with the password itself: no derived keys, no date, no nonce. The canonical URI is
//! always `/` and the query always empty, whatever is requested; action and version are not signed.

use secrecy::ExposeSecret;

use crate::{
    providers::{profile::Credential, provider::Stamp},
    wire::{WireRequest, hmac_sha256, sha256_hex},
};

/// The algorithm's name, in the `Authorization` header, in `X-ZC-Signature-Method` and in the string to sign.
pub const ALGORITHM: &str = "ZC2-HMAC-SHA256";

/// The headers that every signature covers; more may be added, these two are mandatory.
pub const MANDATORY: [&str; 2] = ["content-type", "host"];

/// The canonical request over these signed headers (names in lower case, sorted by ASCII) and exactly the bytes sent.
pub fn canonical_request(signed: &[(&str, &str)], body: &[u8]) -> String {
    let headers: Vec<String> = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    format!("POST\n/\n\n{}\n{}\n{}", headers.concat(), names.join(";"), sha256_hex(body))
}

/// `timestamp` is the text of the `X-ZC-Timestamp` header: whole seconds since the UNIX epoch.
pub fn string_to_sign(timestamp: &str, canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{timestamp}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// The signature in lower-case hex.
pub fn signature(password: &str, string_to_sign: &str) -> String {
    hex::encode(hmac_sha256(password.as_bytes(), string_to_sign.as_bytes()))
}

/// The `Authorization` header of a signed request.
pub fn authorization(key_id: &str, signed_names: &str, signature: &str) -> String {
    format!("{ALGORITHM} Credential={key_id}, SignedHeaders={signed_names}, Signature={signature}")
}

/// Adds the signature (or the bearer token). Blanks around keys are dropped, as the vendor's SDKs do.
pub fn sign(request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
    match credential {
        // No way to sign in by name here: left unsigned, and the vendor says so.
        Credential::Password { .. } => {}
        Credential::Bearer(token) => {
            request.set_header("authorization", format!("Bearer {}", token.expose_secret().trim()));
        }
        Credential::Keys { id, secret, .. } => {
            let timestamp = stamp.now.seconds().to_string();
            let content_type = request.header("content-type").unwrap_or_default().to_owned();
            let canonical =
                canonical_request(&[("content-type", &content_type), ("host", &request.host)], &request.body);
            let signature = signature(secret.expose_secret().trim(), &string_to_sign(&timestamp, &canonical));
            let value = authorization(id.expose_secret().trim(), &MANDATORY.join(";"), &signature);
            request.set_header("x-zc-signature-method", ALGORITHM);
            request.set_header("x-zc-timestamp", timestamp);
            request.set_header("authorization", value);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::time::Timestamp;

    /// Recorded from the vendor's own SDK (zenlayercloud-sdk-python 2.0.77).
    const VECTORS: &str = include_str!("../../../tests/vectors/zenlayer.json");

    fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
        value.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    fn request(vector: &Value) -> WireRequest {
        let url = text(vector, "/request/url");
        let (scheme, rest) = url.split_once("://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let added = ["authorization", "host", "x-zc-signature-method", "x-zc-timestamp"];
        let headers = vector["request"]["headers"].as_object().unwrap();
        WireRequest {
            method: "POST",
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            path: format!("/{path}"),
            query: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()))
                .filter(|(name, _)| !added.contains(&name.as_str()))
                .collect(),
            body: text(vector, "/request/body").as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_recorded_request_is_signed_byte_for_byte_the_same() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.len(), 16);
        let mut bearers = 0;
        for vector in &vectors {
            let name = text(vector, "/name");
            let seconds = vector["time"].as_i64().unwrap();
            // The clock is truncated, never rounded: sign late in the second.
            let stamp = Stamp { now: Timestamp(seconds * 1000 + 999), nonce: String::new() };
            let mut request = request(vector);
            let credential = if let Some(token) = vector["credentials"]["token"].as_str() {
                bearers += 1;
                Credential::Bearer(format!(" {token} ").into())
            } else {
                let (id, password) =
                    (text(vector, "/credentials/access_key_id"), text(vector, "/credentials/access_key_password"));
                let host = text(vector, "/request/headers/host");
                let content_type = text(vector, "/request/headers/Content-Type");
                let canonical = canonical_request(&[("content-type", content_type), ("host", host)], &request.body);
                assert_eq!(canonical, text(vector, "/canonical_request"), "{name}");
                let string = string_to_sign(&seconds.to_string(), &canonical);
                assert_eq!(string, text(vector, "/string_to_sign"), "{name}");
                assert_eq!(signature(password, &string), text(vector, "/signature"), "{name}");
                // Blanks around keys are the operator's slip, not part of the key.
                Credential::keys(&format!(" {id}\t"), &format!("{password}\n"), None)
            };
            sign(&mut request, &credential, &stamp);
            for (header, value) in vector["request"]["headers"].as_object().unwrap() {
                let header = header.to_ascii_lowercase();
                let sent = if header == "host" { Some(request.host.as_str()) } else { request.header(&header) };
                assert_eq!(sent, value.as_str(), "{name}: {header}");
            }
            let recorded = vector["request"]["headers"].as_object().unwrap().len();
            assert_eq!(request.headers.len() + 1, recorded, "{name}: no header too many");
        }
        assert_eq!(bearers, 1);
    }

    #[test]
    fn signing_again_replaces_the_first_signature() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        let mut first = request(&vectors[0]);
        let credential = Credential::keys("id", "secret", None);
        sign(&mut first, &credential, &Stamp { now: Timestamp(1_000_000), nonce: String::new() });
        let mut second = first.clone();
        sign(&mut second, &credential, &Stamp { now: Timestamp(2_000_000), nonce: String::new() });
        assert_eq!(first.headers.len(), second.headers.len());
        assert_ne!(first.header("authorization"), second.header("authorization"));
        assert_eq!(second.header("x-zc-timestamp"), Some("2000"));
    }
}
