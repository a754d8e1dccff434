//! The vendor's two signatures: TC3-HMAC-SHA256 over headers and body (API 3.0), and HMAC over sorted parameters (API 2.0, and
//! what API 3.0 calls "method v1"). Pure functions over what is sent. Knows no action's parameters and no answer.
//!
//! Vendor: "Signature method v3"; "Signature method" of API 2.0; recorded from tencentcloud-sdk-python and qcloudapi-sdk-python.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    domain::time::Timestamp,
    providers::provider::Stamp,
    wire::{WireRequest, hmac_sha1, hmac_sha256, percent_encode, sha256_hex},
};

/// The algorithm's name, in the `Authorization` header and in the string to sign.
pub const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The headers that are signed. These two are mandatory, and the vendor's SDKs sign no others.
pub const SIGNED: &str = "content-type;host";
/// Stands for the body's hash where the client leaves the body out of the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// The path of API 2.0.
pub const LEGACY_PATH: &str = "/v2/index.php";

/// The UTC day of the credential scope: that of the timestamp.
pub fn date(now: Timestamp) -> String {
    jiff::Timestamp::from_second(now.seconds()).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

/// The canonical request. `signed` holds names in lower case, in ASCII order; `payload` is the hex hash of the body.
/// The query stands exactly as it is sent: neither sorted nor encoded again.
pub fn canonical_request(method: &str, path: &str, query: &str, signed: &[(&str, &str)], payload: &str) -> String {
    let lines: Vec<String> =
        signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim().to_lowercase())).collect();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    format!("{method}\n{path}\n{query}\n{}\n{}\n{payload}", lines.concat(), names.join(";"))
}

/// The scope that a key is derived for.
pub fn scope(date: &str, service: &str) -> String {
    format!("{date}/{service}/tc3_request")
}

/// `seconds` is the text of the `X-TC-Timestamp` header.
pub fn string_to_sign(seconds: &str, scope: &str, canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{seconds}\n{scope}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// The signature in lower-case hex, with the key derived from day and service.
pub fn signature(secret: &str, date: &str, service: &str, string_to_sign: &str) -> String {
    let day = hmac_sha256(format!("TC3{secret}").as_bytes(), date.as_bytes());
    let key = hmac_sha256(&hmac_sha256(&day, service.as_bytes()), b"tc3_request");
    hex::encode(hmac_sha256(&key, string_to_sign.as_bytes()))
}

/// The `Authorization` header.
pub fn authorization(id: &str, scope: &str, signature: &str) -> String {
    format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={SIGNED}, Signature={signature}")
}

/// Signs a request of API 3.0 for a product. The token is sent and not signed.
pub fn sign(request: &mut WireRequest, service: &str, id: &str, secret: &str, token: Option<&str>, now: Timestamp) {
    let (seconds, day) = (now.seconds().to_string(), date(now));
    let kind = request.header("content-type").unwrap_or_default().to_owned();
    let payload = match request.header("x-tc-content-sha256") {
        Some(UNSIGNED_PAYLOAD) => sha256_hex(UNSIGNED_PAYLOAD.as_bytes()),
        _ => sha256_hex(&request.body),
    };
    let signed = [("content-type", kind.as_str()), ("host", request.host.as_str())];
    let canonical = canonical_request(request.method, &request.path, &request.query, &signed, &payload);
    let scope = scope(&day, service);
    let signature = signature(secret, &day, service, &string_to_sign(&seconds, &scope, &canonical));
    request.set_header("x-tc-timestamp", seconds);
    if let Some(token) = token {
        request.set_header("x-tc-token", token);
    }
    request.set_header("authorization", authorization(id, &scope, &signature));
}

/// How parameters are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Digest {
    Sha1,
    Sha256,
}

impl Digest {
    /// By its `SignatureMethod`; anything else, and none at all, means SHA-1.
    pub fn named(method: Option<&str>) -> Self {
        if method == Some("HmacSHA256") { Digest::Sha256 } else { Digest::Sha1 }
    }
}

/// What is signed of parameters: names with `.` for `_`, sorted as bytes, values as they are before encoding, `Signature` left out.
/// `place` is host (with its port, where it has one) and path.
pub fn legacy_string_to_sign(method: &str, place: &str, params: &[(String, String)]) -> String {
    let mut signed: Vec<(String, &str)> = params
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.replace('_', "."), value.as_str()))
        .collect();
    signed.sort();
    let joined: Vec<String> = signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{method}{place}?{}", joined.join("&"))
}

/// In base64.
pub fn legacy_signature(secret: &str, digest: Digest, string_to_sign: &str) -> String {
    match digest {
        Digest::Sha1 => STANDARD.encode(hmac_sha1(secret.as_bytes(), string_to_sign.as_bytes())),
        Digest::Sha256 => STANDARD.encode(hmac_sha256(secret.as_bytes(), string_to_sign.as_bytes())),
    }
}

/// A positive whole number of 60 random bits from the stamp's nonce.
fn nonce(stamp: &Stamp) -> u64 {
    let digits: String = stamp.nonce.chars().filter(char::is_ascii_hexdigit).take(15).collect();
    u64::from_str_radix(&digits, 16).unwrap_or(0).max(1)
}

/// Signs a request of API 2.0, whose body is a form. Unlike in API 3.0, the token is signed.
pub fn legacy_sign(request: &mut WireRequest, id: &str, secret: &str, token: Option<&str>, stamp: &Stamp) {
    let mut params = crate::wire::parse_query(&String::from_utf8_lossy(&request.body));
    let mut put = |name: &str, value: String| params.push((name.to_owned(), value));
    put("SecretId", id.to_owned());
    put("Nonce", nonce(stamp).to_string());
    put("Timestamp", stamp.now.seconds().to_string());
    put("SignatureMethod", "HmacSHA256".to_owned());
    if let Some(token) = token {
        put("Token", token.to_owned());
    }
    let text = legacy_string_to_sign(request.method, &format!("{}{}", request.host, request.path), &params);
    params.push(("Signature".to_owned(), legacy_signature(secret, Digest::Sha256, &text)));
    let pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value))).collect();
    request.body = pairs.join("&").into_bytes();
}

#[cfg(test)]
mod tests;
