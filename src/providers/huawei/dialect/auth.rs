//! Who sent this? The signature over the bytes received, or a token. Vendor: "API Request Signing Guide" with its FAQ; the texts are
//! those that real answers are quoted with.

use crate::{
    domain::time::Timestamp,
    providers::huawei::sign,
    sim::{
        dialect::{SimKey, SimRequest},
        world::World,
    },
    wire::hmac_sha256,
};

use super::codes::Refusal;

/// Seconds that a request's clock may be off.
const WINDOW_S: u64 = 15 * 60;
/// Milliseconds that a token is valid.
const TOKEN_MS: i64 = 24 * 60 * 60 * 1000;

fn incorrect(why: &str) -> Refusal {
    Refusal::with("APIGW.0301", format!("Incorrect IAM authentication information: {why}"))
}

/// Failures in a row that a key may have, and the milliseconds that it is locked for after one more.
const FAILURES: u32 = 5;
const LOCKED_MS: u64 = 5 * 60 * 1000;

/// Lets a request pass. With a token: the project it is for. Vendor: more than five failures in a row lock a key for five minutes,
/// right signatures too.
///
/// # Errors
/// 401 `APIGW.0301`, told apart by its text only.
pub(super) fn verify(
    world: &mut World,
    key: &SimKey,
    request: &SimRequest,
    now: Timestamp,
) -> Result<Option<String>, Refusal> {
    // A token is no key, and who names no key of the account's locks none.
    let by_key = request.header("x-auth-token").is_none()
        && request.header("authorization").is_some_and(|header| header.contains(&format!("Access={},", key.id)));
    if !by_key {
        return check(key, request, now);
    }
    if world.knocks.is_locked(now, FAILURES, LOCKED_MS) {
        return Err(incorrect("AK access failed to reach the limit,forbidden"));
    }
    let checked = check(key, request, now);
    world.knocks.note(checked.is_ok(), now);
    checked
}

fn check(key: &SimKey, request: &SimRequest, now: Timestamp) -> Result<Option<String>, Refusal> {
    if let Some(token) = request.header("x-auth-token") {
        return read_token(key, token.trim(), now).map(Some).ok_or_else(|| incorrect("decrypt token fail"));
    }
    let header = request.header("authorization").ok_or_else(|| incorrect("x-auth-token not found"))?;
    let rest = header.trim().strip_prefix(sign::ALGORITHM).ok_or_else(|| incorrect("authorization format is wrong"))?;
    let part = |name: &str| {
        let mut parts = rest.split(',').map(str::trim);
        let found = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.filter(|value| !value.is_empty()).ok_or_else(|| incorrect(&format!("{name} not found")))
    };
    let (id, signed, given) = (part("Access")?, part("SignedHeaders")?, part("Signature")?);
    if id != key.id {
        return Err(incorrect(&format!("ak {id} not exist")));
    }
    check_token(key, request)?;
    let names: Vec<&str> = signed.split(';').collect();
    let date = request.header("x-sdk-date").map(str::trim).unwrap_or_default();
    if !names.contains(&"x-sdk-date") || !names.is_sorted() {
        return Err(incorrect("signed headers are wrong"));
    }
    let stamp = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", date).and_then(|time| time.to_datetime());
    let stamp = stamp.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
    let stamp = stamp.map_err(|_| incorrect("calc aksk signature fail:signature time format is wrong"))?;
    if stamp.timestamp().as_second().abs_diff(now.seconds()) > WINDOW_S {
        let server = sign::date(now);
        let why = format!("calc aksk signature fail:signature expired, signature time:{date},server time:{server}");
        return Err(incorrect(&why));
    }
    let headers: Option<Vec<(&str, &str)>> =
        names.iter().map(|name| request.header(name).map(|value| (*name, value))).collect();
    let headers = headers.ok_or_else(|| incorrect("signed headers not found"))?;
    let canonical = sign::canonical_request(&request.method, &request.path, &request.query, &headers, &request.body);
    if sign::signature(&key.secret, &sign::string_to_sign(date, &canonical)) != given {
        let shown = canonical.replace('\n', "|");
        return Err(incorrect(&format!("verify aksk signature fail, canonicalRequest:{shown}")));
    }
    Ok(None)
}

/// A temporary key demands its token; a permanent one has none. What either answers is not documented.
fn check_token(key: &SimKey, request: &SimRequest) -> Result<(), Refusal> {
    match (request.header("x-security-token").map(str::trim), key.token.as_deref()) {
        (None, None) => Ok(()),
        (Some(sent), Some(token)) if sent == token => Ok(()),
        _ => Err(incorrect(&format!("Get secretKey failed,ak:{},err:ak not exist", key.id))),
    }
}

/// How each token begins that is handed out: long enough to be looked for where none belongs.
const TOKEN_HEAD: &str = "MIIsimulated0session0token.";

/// A token for a project, and when it ends.
pub(super) fn make_token(key: &SimKey, project: &str, now: Timestamp) -> (String, Timestamp) {
    let ends = Timestamp(now.0 + TOKEN_MS);
    (format!("{TOKEN_HEAD}{project}.{}.{}", ends.0, seal(key, project, ends.0)), ends)
}

fn read_token(key: &SimKey, token: &str, now: Timestamp) -> Option<String> {
    let mut parts = token.strip_prefix(TOKEN_HEAD)?.split('.');
    let (project, ends, sealed) = (parts.next()?, parts.next()?.parse::<i64>().ok()?, parts.next()?);
    (sealed == seal(key, project, ends) && now.0 < ends).then(|| project.to_owned())
}

fn seal(key: &SimKey, project: &str, ends: i64) -> String {
    hex::encode(hmac_sha256(key.secret.as_bytes(), format!("{} {project} {ends}", key.id).as_bytes()))
}
