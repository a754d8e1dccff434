//! Who sent this? Verifies both of the vendor's signature styles over the bytes received.
//!
//! The canonical forms are made anew from what arrived, so a client that sends something else than it signed is found
//! out. Vendor: "Request syntax and signature method V3", "Request syntax and signature method V2 for RPC APIs".

use serde_json::Value;

use crate::{
    domain::time::Timestamp,
    providers::aliyun::sign,
    sim::{
        dialect::{SimKey, SimRequest},
        world::World,
    },
    wire::{canonical_query, parse_query, sha256_hex},
};

use super::{Answer, Call, codes::Refusal, members};

/// The account that owns everything.
const ACCOUNT: &str = "1968132000123456";
/// How far a request's clock may be off.
const WINDOW_S: u64 = 15 * 60;
/// How long a request can be repeated: one from the near end of the window to its far end.
const NONCE_MS: u64 = 2 * WINDOW_S * 1000;
/// Names of the older style's common parameters, which are no parameters of a call.
pub(super) const COMMON: &[&str] = &[
    "Action",
    "Version",
    "Format",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureType",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "SecurityToken",
];
/// Headers that V3 cannot do without.
const REQUIRED: &[&str] =
    &["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// Headers, HMAC-SHA256.
    V3,
    /// Parameters, HMAC-SHA1.
    V1,
}

/// The style of a request: V3 says so in its `Authorization`.
pub(super) fn style(request: &SimRequest) -> Style {
    if request.header("authorization").is_some_and(|value| value.trim_start().starts_with("ACS3-")) {
        Style::V3
    } else {
        Style::V1
    }
}

/// Query and form body together, decoded, in the order they stand.
pub(super) fn pairs(request: &SimRequest) -> Vec<(String, String)> {
    let mut pairs = parse_query(&request.query);
    let form = request.header("content-type").is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if form {
        pairs.extend(parse_query(&String::from_utf8_lossy(&request.body)));
    }
    pairs
}

/// Whose key it is. Vendor: `GetCallerIdentity` page; the key is a RAM user's.
#[allow(clippy::unnecessary_wraps, reason = "as every call")]
pub(super) fn caller(_: &mut World, _: &Call) -> Answer {
    let user = "216959339000654321";
    Ok(members([
        ("IdentityType", Value::from("RAMUser")),
        ("AccountId", Value::from(ACCOUNT)),
        ("PrincipalId", Value::from(user)),
        ("UserId", Value::from(user)),
        ("Arn", Value::from(format!("acs:ram::{ACCOUNT}:user/nicdeck"))),
    ]))
}

/// Lets a request pass if it was signed with `key`, in time, for the first time.
///
/// # Errors
/// The vendor's code for what is wrong with it.
pub(super) fn verify(
    request: &SimRequest,
    pairs: &[(String, String)],
    key: &SimKey,
    world: &mut World,
    now: Timestamp,
) -> Result<(), Refusal> {
    let nonce = match style(request) {
        Style::V3 => verify_v3(request, key, now)?,
        Style::V1 => verify_v1(request, pairs, key, now)?,
    };
    if world.nonces.note(nonce, now, NONCE_MS) { Ok(()) } else { Err(Refusal::of("SignatureNonceUsed")) }
}

fn verify_v3<'a>(request: &'a SimRequest, key: &SimKey, now: Timestamp) -> Result<&'a str, Refusal> {
    let incomplete = || Refusal::of("IncompleteSignature");
    let rest = request
        .header("authorization")
        .and_then(|value| value.trim().strip_prefix(sign::ALGORITHM))
        .ok_or_else(incomplete)?;
    let part = |name: &str| {
        let mut parts = rest.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).filter(|value| !value.is_empty())
    };
    let (id, signed, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let (Some(id), Some(signed), Some(signature)) = (id, signed, signature) else { return Err(incomplete()) };
    let names: Vec<&str> = signed.split(';').collect();
    // What the vendor needs must be there and be signed, and so must everything that is named `x-acs-`.
    let needed = request.headers.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("x-acs-"));
    let covered = REQUIRED.iter().copied().chain(needed).all(|name| names.contains(&name));
    let sorted = names.windows(2).all(|pair| pair.first() < pair.last());
    let value = |name: &str| request.header(name).map(str::trim);
    if !covered || !sorted || names.iter().any(|name| value(name).is_none()) {
        return Err(incomplete());
    }
    check_key(id, value("x-acs-security-token"), key)?;
    check_time(value("x-acs-date").unwrap_or_default(), now)?;
    let headers: Vec<(&str, &str)> = names.iter().map(|&name| (name, value(name).unwrap_or_default())).collect();
    // Of the bytes that came, not of the header that speaks of them.
    let payload = sha256_hex(&request.body);
    let query = canonical_query(&parse_query(&request.query));
    let canonical = sign::canonical_request(&request.method, &query, &headers, &payload);
    let to_sign = sign::string_to_sign(&canonical);
    let claimed = value("x-acs-content-sha256") == Some(payload.as_str());
    if sign::signature(&key.secret, &to_sign) != signature || !claimed {
        let text = format!(
            "Specified signature does not match our calculation. server StringToSign is [{to_sign}] \
             server CanonicalRequest is [{canonical}]"
        );
        return Err(Refusal::with("SignatureDoesNotMatch", text));
    }
    Ok(value("x-acs-signature-nonce").unwrap_or_default())
}

fn verify_v1<'a>(
    request: &SimRequest,
    pairs: &'a [(String, String)],
    key: &SimKey,
    now: Timestamp,
) -> Result<&'a str, Refusal> {
    let value = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let common = |name: &str| value(name).ok_or_else(|| Refusal::missing_common(name));
    let id = common("AccessKeyId")?;
    let signature = common("Signature")?;
    let nonce = common("SignatureNonce")?;
    let time = value("Timestamp").ok_or_else(|| {
        let text = "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied.";
        Refusal::with("IllegalTimestamp", text)
    })?;
    if common("SignatureMethod")? != "HMAC-SHA1" || common("SignatureVersion")? != "1.0" {
        return Err(Refusal::of("IncompleteSignature"));
    }
    check_key(id, value("SecurityToken"), key)?;
    check_time(time, now)?;
    let to_sign = sign::rpc_string_to_sign(&request.method, &sign::rpc_canonical_query(pairs));
    if sign::rpc_signature(&key.secret, &to_sign) == signature {
        Ok(nonce)
    } else {
        let text =
            format!("Specified signature is not matched with our calculation. server string to sign is:{to_sign}");
        Err(Refusal::with("SignatureDoesNotMatch", text))
    }
}

/// A temporary key demands its token; a permanent one has none.
fn check_key(id: &str, token: Option<&str>, key: &SimKey) -> Result<(), Refusal> {
    if id != key.id {
        return Err(Refusal::of("InvalidAccessKeyId.NotFound"));
    }
    match (token.filter(|token| !token.is_empty()), key.token.as_deref()) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Refusal::missing_common("SecurityToken")),
        (Some(sent), Some(token)) if sent == token => Ok(()),
        (Some(sent), _) if !sent.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(Refusal::of("InvalidSecurityToken.Malformed"))
        }
        (Some(_), _) => Err(Refusal::of("InvalidSecurityToken.MismatchWithAccessKey")),
    }
}

/// `YYYY-MM-DDThh:mm:ssZ`, at most 15 minutes off.
fn check_time(text: &str, now: Timestamp) -> Result<(), Refusal> {
    let format = || Refusal::of("InvalidTimeStamp.Format");
    let shape = text.len() == 20
        && text.bytes().zip(*b"dddd-dd-ddTdd:dd:ddZ").all(|(byte, mark)| match mark {
            b'd' => byte.is_ascii_digit(),
            mark => byte == mark,
        });
    if !shape {
        return Err(format());
    }
    let stamp: jiff::Timestamp = text.parse().map_err(|_| format())?;
    if stamp.as_second().abs_diff(now.seconds()) > WINDOW_S {
        return Err(Refusal::of("InvalidTimeStamp.Expired"));
    }
    Ok(())
}
