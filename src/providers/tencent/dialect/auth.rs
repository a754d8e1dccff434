//! Who sent this? Verifies the vendor's signatures over the bytes received: over headers and body (TC3), and over parameters.
//!
//! The canonical forms are made anew from what arrived, so a client that sends something else than it signed is found out.
//! Vendor: "Signature method v3", "Signature method v1", and "Signature method" of API 2.0.

use serde_json::Value;

use crate::{
    domain::time::Timestamp,
    providers::tencent::sign::{self, Digest},
    sim::{
        dialect::{SimKey, SimRequest},
        world::World,
    },
    wire::{parse_query, sha256_hex},
};

use super::{Answer, Call, codes::Refusal, members, params::value};

/// The account that owns everything, by its main user.
const ACCOUNT: &str = "100026200001";
/// How far a request's clock may be off. Vendor: five minutes.
const WINDOW_S: u64 = 5 * 60;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// `Authorization` and the `X-TC-` headers.
    Header,
    /// Everything is a parameter.
    Params,
}

pub(super) fn style(request: &SimRequest) -> Style {
    if request.header("authorization").is_some() || request.header("x-tc-action").is_some() {
        Style::Header
    } else {
        Style::Params
    }
}

/// Query and form body together, decoded, in the order they stand.
pub(super) fn pairs(request: &SimRequest) -> Vec<(String, String)> {
    let mut pairs = parse_query(&request.query);
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if request.method == "POST" && kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        pairs.extend(parse_query(&String::from_utf8_lossy(&request.body)));
    }
    pairs
}

/// Whose key it is. Vendor: `GetCallerIdentity` page; the key is a sub-account's.
pub(super) fn caller(_: &mut World, call: &Call) -> Answer {
    call.region.filter(|region| !region.is_empty()).ok_or_else(|| Refusal::missing("X-TC-Region"))?;
    let user = "100026100001";
    Ok(members([
        ("Type", Value::from("CAMUser")),
        ("AccountId", Value::from(ACCOUNT)),
        ("UserId", Value::from(user)),
        ("PrincipalId", Value::from(user)),
        ("Arn", Value::from(format!("qcs::cam::uin/{ACCOUNT}:uin/{user}"))),
    ]))
}

/// Lets a request pass if it was signed with `key`, in time. Says for which product, where the signature does.
///
/// # Errors
/// The vendor's code for what is wrong with it.
pub(super) fn verify(
    request: &SimRequest,
    pairs: &[(String, String)],
    key: &SimKey,
    now: Timestamp,
) -> Result<Option<String>, Refusal> {
    match style(request) {
        Style::Header => verify_headers(request, key, now).map(Some),
        Style::Params => verify_params(request, pairs, key, now).map(|()| None).map_err(|wrong| {
            Refusal::of(match wrong {
                Wrong::Missing(name) => return Refusal::missing(name),
                Wrong::Key => "AuthFailure.SecretIdNotFound",
                Wrong::Token => "AuthFailure.TokenFailure",
                Wrong::Clock => "AuthFailure.SignatureExpire",
                Wrong::Signature => "AuthFailure.SignatureFailure",
            })
        }),
    }
}

fn verify_headers(request: &SimRequest, key: &SimKey, now: Timestamp) -> Result<String, Refusal> {
    let malformed = || Refusal::of("AuthFailure.InvalidAuthorization");
    let header = request.header("authorization").ok_or_else(|| Refusal::missing("Authorization"))?;
    let rest = header.strip_prefix(sign::ALGORITHM).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(malformed)?;
    let part = |name: &str| {
        let mut parts = rest.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).filter(|value| !value.is_empty())
    };
    let (credential, signed, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let (Some(credential), Some(signed), Some(signature)) = (credential, signed, signature) else {
        return Err(malformed());
    };
    let [id, day, product, "tc3_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
        return Err(malformed());
    };
    let names: Vec<&str> = signed.split(';').collect();
    let sorted = names.windows(2).all(|pair| pair.first() < pair.last());
    let there = names.iter().all(|name| request.header(name).is_some());
    if !["content-type", "host"].iter().all(|name| names.contains(name)) || !sorted || !there {
        return Err(malformed());
    }
    if id != key.id {
        return Err(Refusal::of("AuthFailure.SecretIdNotFound"));
    }
    let seconds = request.header("x-tc-timestamp").ok_or_else(|| Refusal::missing("X-TC-Timestamp"))?;
    let stamp: i64 = seconds.parse().map_err(|_| Refusal::invalid("X-TC-Timestamp"))?;
    if stamp.abs_diff(now.seconds()) > WINDOW_S {
        return Err(Refusal::of("AuthFailure.SignatureExpire"));
    }
    if !token_fits(request.header("x-tc-token"), key) {
        return Err(Refusal::of("AuthFailure.TokenFailure"));
    }
    let payload = match request.header("x-tc-content-sha256") {
        Some(sign::UNSIGNED_PAYLOAD) => sha256_hex(sign::UNSIGNED_PAYLOAD.as_bytes()),
        // Of the bytes that came.
        _ if request.method == "GET" => sha256_hex(b""),
        _ => sha256_hex(&request.body),
    };
    let headers: Vec<(&str, &str)> =
        names.iter().map(|&name| (name, request.header(name).unwrap_or_default())).collect();
    let canonical = sign::canonical_request(&request.method, &request.path, &request.query, &headers, &payload);
    let to_sign = sign::string_to_sign(seconds, &sign::scope(day, product), &canonical);
    // The day has to be that of the timestamp, in UTC.
    let own = sign::date(Timestamp(stamp.saturating_mul(1000)));
    if day != own || sign::signature(&key.secret, day, product, &to_sign) != signature {
        return Err(Refusal::of("AuthFailure.SignatureFailure"));
    }
    Ok(product.to_owned())
}

/// A temporary key demands its token; a permanent one has none.
fn token_fits(token: Option<&str>, key: &SimKey) -> bool {
    token.filter(|token| !token.is_empty()) == key.token.as_deref()
}

/// What is wrong with a signature over parameters; each generation has its own words for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wrong {
    Missing(&'static str),
    Key,
    Token,
    Clock,
    Signature,
}

pub(super) fn verify_params(
    request: &SimRequest,
    pairs: &[(String, String)],
    key: &SimKey,
    now: Timestamp,
) -> Result<(), Wrong> {
    let common = |name: &'static str| value(pairs, name).filter(|text| !text.is_empty()).ok_or(Wrong::Missing(name));
    let (id, signature) = (common("SecretId")?, common("Signature")?);
    let number = |name: &'static str| {
        let number = common(name)?.parse::<i64>().map_err(|_| Wrong::Missing(name))?;
        if number > 0 { Ok(number) } else { Err(Wrong::Missing(name)) }
    };
    let (stamp, _) = (number("Timestamp")?, number("Nonce")?);
    if id != key.id {
        return Err(Wrong::Key);
    }
    if stamp.abs_diff(now.seconds()) > WINDOW_S {
        return Err(Wrong::Clock);
    }
    if !token_fits(value(pairs, "Token").as_deref(), key) {
        return Err(Wrong::Token);
    }
    let place = format!("{}{}", request.header("host").unwrap_or_default(), request.path);
    let to_sign = sign::legacy_string_to_sign(&request.method, &place, pairs);
    let digest = Digest::named(value(pairs, "SignatureMethod").as_deref());
    if sign::legacy_signature(&key.secret, digest, &to_sign) == signature { Ok(()) } else { Err(Wrong::Signature) }
}
