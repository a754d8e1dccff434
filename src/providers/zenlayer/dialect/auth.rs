//! Who is it? ZC2-HMAC-SHA256 over the bytes received, or a bearer token. Vendor: "Signature Algorithm v2", "Access Token",
//! "Common Error Codes".

use crate::{
    domain::time::Timestamp,
    providers::zenlayer::sign::{ALGORITHM, MANDATORY, canonical_request, signature, string_to_sign},
    sim::dialect::{SimKey, SimRequest},
};

use super::codes::{Refusal, refuse};

/// Seconds that a timestamp may be off.
const WINDOW: u64 = 300;

/// Checks the `Authorization` header against the account's key.
///
/// # Errors
/// 401 with the vendor's code. What a wrong token and an unknown key answer isn't documented: the one is taken for a malformed
/// header, the other for a wrong signature.
pub fn verify(key: &SimKey, request: &SimRequest, now: Timestamp) -> Result<(), Refusal> {
    let malformed = |what: &str| refuse("AUTHFAILURE_INVALID_AUTHORIZATION", format!("Invalid authorization: {what}."));
    let header = request.header("authorization").map(str::trim).ok_or_else(|| malformed("the header is missing"))?;
    if let Some(token) = header.strip_prefix("Bearer ") {
        let known = key.token.as_deref().is_some_and(|known| known == token.trim());
        return if known { Ok(()) } else { Err(malformed("the access token is invalid or expired")) };
    }
    let fields = header.strip_prefix(ALGORITHM).ok_or_else(|| malformed("unknown algorithm"))?;
    if request.header("x-zc-signature-method") != Some(ALGORITHM) {
        return Err(malformed("X-ZC-Signature-Method"));
    }
    let field = |name: &str| {
        let mut found = fields.split(',').filter_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        found.next().filter(|value| !value.is_empty()).ok_or_else(|| malformed(name))
    };
    let (id, names, given) = (field("Credential")?, field("SignedHeaders")?, field("Signature")?);
    let names: Vec<&str> = names.split(';').collect();
    if !names.is_sorted() || MANDATORY.iter().any(|mandatory| !names.contains(mandatory)) {
        return Err(malformed("SignedHeaders"));
    }
    let timestamp = request.header("x-zc-timestamp").unwrap_or_default();
    let seconds: i64 = timestamp.parse().map_err(|_| malformed("X-ZC-Timestamp"))?;
    if seconds.abs_diff(now.seconds()) > WINDOW {
        return Err(refuse("AUTHFAILURE_SIGNATURE_EXPIRED", "The signature has expired."));
    }
    let wrong = || refuse("AUTHFAILURE_SIGNATURE_FAILURE", "The signature does not match.");
    if id != key.id {
        return Err(wrong());
    }
    let signed: Vec<(&str, &str)> = names
        .iter()
        .map(|name| request.header(name).map(|value| (*name, value)))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    // The page converts values to lower case, the SDKs don't: either is taken.
    let lower: Vec<String> = signed.iter().map(|(_, value)| value.to_lowercase()).collect();
    let lowered: Vec<(&str, &str)> =
        signed.iter().zip(&lower).map(|((name, _), value)| (*name, value.as_str())).collect();
    let right = [signed, lowered].iter().any(|headers| {
        let canonical = canonical_request(headers, &request.body);
        signature(&key.secret, &string_to_sign(timestamp, &canonical)) == given
    });
    if right { Ok(()) } else { Err(wrong()) }
}
