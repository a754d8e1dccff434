//! Alibaba Cloud's errors: by code first, by HTTP status last, never by message. The same code comes with different statuses in
//! different calls (`MissingParameter` 400 and 403, InvalidEniId.NotFound 404 and 403).

use super::{decode::wire::Head, encode};
use crate::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        odd,
        plan::OperationKind,
    },
    providers::provider::Call,
    wire::WireResponse,
};

/// Vendor: answers also carry the id of their request here.
pub(super) const ID_HEADERS: &[&str] = &["x-acs-request-id"];

/// The fault that an answer is. `head` is what its body says, where it says anything.
pub(super) fn fault(call: &Call, response: &WireResponse, head: Option<&Head>) -> Fault {
    let Some(code) = head.and_then(Head::code) else {
        return nameless(call, response, head);
    };
    let (kind, effect) = by_code(code, write(call)).unwrap_or_else(|| by_status(response.status, call.is_write()));
    Fault {
        kind,
        effect,
        code: Some(code.to_owned()),
        message: head.map(|head| harmless(head.message())).unwrap_or_default(),
        ..bare(call, response, head)
    }
}

/// An answer that is not the API's.
pub(super) fn garbage(call: &Call, response: &WireResponse, what: &str) -> Fault {
    let kind = response.header("content-type").unwrap_or(odd::NO_CONTENT_TYPE);
    Fault {
        kind: FaultKind::Garbage,
        effect: if call.is_write() { Effect::Unknown } else { Effect::Nothing },
        message: format!("{kind}: {what}"),
        ..bare(call, response, None)
    }
}

/// An error without a code: a proxy's, a load balancer's, half an answer. What became of a write is not known.
fn nameless(call: &Call, response: &WireResponse, head: Option<&Head>) -> Fault {
    let (kind, effect) = match response.status {
        300..400 => (FaultKind::Redirect, Effect::Nothing),
        408 | 504 => (FaultKind::Timeout, Effect::NothingRetry),
        429 => (FaultKind::Throttled, Effect::NothingRetry),
        500.. => (FaultKind::Server, Effect::NothingRetry),
        _ => (FaultKind::Garbage, Effect::Nothing),
    };
    let effect = if call.is_write() { Effect::Unknown } else { effect };
    Fault { kind, effect, message: garbage(call, response, odd::NO_ERROR_CODE).message, ..bare(call, response, head) }
}

fn bare(call: &Call, response: &WireResponse, head: Option<&Head>) -> Fault {
    let id = head.and_then(Head::request_id).or_else(|| ID_HEADERS.iter().find_map(|name| response.header(name)));
    // Vendor: milliseconds, and only where it is throttled; nothing else sends it.
    let wait = response.header("x-acs-retry-after").and_then(|text| text.trim().parse().ok()).filter(|&ms| ms > 0);
    Fault {
        request_id: id.map(str::to_owned),
        http_status: Some(response.status),
        retry_after_ms: wait,
        ..Fault::local(FaultKind::Other, encode::action(call), "")
    }
}

fn write(call: &Call) -> Option<&OperationKind> {
    match call {
        Call::Write { kind, .. } => Some(kind),
        Call::List(_) | Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => None,
    }
}

/// Cuts off what the vendor adds to signature errors: the server's canonical request and string to sign hold key id and token.
fn harmless(message: &str) -> String {
    let lower = message.to_ascii_lowercase();
    let cut = ["server string", "server canonical"].iter().filter_map(|mark| lower.find(mark)).min();
    message[..cut.unwrap_or(message.len())].trim_end_matches([' ', ',', ';', ':']).to_owned()
}

/// What a code means for this call; `None` for one this version does not know.
///
/// Vendor: the error tables of `UnassignPrivateIpAddresses`, `DetachNetworkInterface` and the describe calls, the common error
/// codes, and those of the load balancers.
fn by_code(code: &str, write: Option<&OperationKind>) -> Option<(FaultKind, Effect)> {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind::{BadRequest, Clock, Conflict, Credentials, NotFound, Permission, Refused, Server, Throttled};

    // A write that may have happened is read back; a read is simply made again.
    let lost = if write.is_some() { Unknown } else { NothingRetry };
    let release = matches!(write, Some(OperationKind::Release { .. }));
    let detach = matches!(write, Some(OperationKind::Detach { .. }));
    let delete = matches!(write, Some(OperationKind::Delete { .. }));
    let assign = matches!(write, Some(OperationKind::Assign { .. }));
    Some(match code {
        // The wished-for state, as far as the vendor tells; the read back decides. A primary address answers the same.
        "InvalidIp.IpUnassigned" if release => (NotFound, AlreadyDone),
        "InvalidIp.IpUnassigned" => (NotFound, Nothing),
        "InvalidEniId.NotFound" if release || detach || delete => (NotFound, AlreadyDone),
        "InvalidIp.IpAssigned" if assign => (Refused, AlreadyDone),
        "InvalidParameter.EniNotBelongEcs" if detach => (Refused, AlreadyDone),
        "InvalidEcsId.NotFound" | "InvalidInstanceId.NotFound" if detach => (NotFound, AlreadyDone),

        "Operation.Conflict" | "OperationConflict" => (Conflict, NothingRetry),
        // The same request, twice on its way: the first is being done, and may well have been by now.
        "LastTokenProcessing" => (Conflict, lost),
        // It is being bound or unbound; a person should see to what.
        "IncorrectEipStatus" => (Conflict, Nothing),
        "Rejected.Throttling" => (Throttled, NothingRetry),
        "InternalError" | "UnknownError" | "ServiceUnavailable" => (Server, lost),

        "SignatureDoesNotMatch"
        | "InvalidAccessKeySecret"
        | "MissingSecurityToken"
        | "Abs.InvalidAccount.NotFound"
        | "Forbidden.AccessKeyDisabled" => (Credentials, Nothing),
        "InvalidTimeStamp.Expired" => (Clock, Nothing),
        // Somebody sent the same bytes twice: what the first did is not known here.
        "SignatureNonceUsed" => (BadRequest, lost),
        "IncompleteSignature"
        | "IllegalTimestamp"
        | "MissingParameter"
        | "UnsupportedParameter"
        | "InvalidParameter"
        | "InvalidAction"
        | "InvalidVersion"
        | "UnsupportedHTTPMethod"
        | "InvalidPrivateIpAddress.Malformed"
        | "InvalidIp.IpRepeated"
        | "InvalidParameter.Conflict"
        | "InvalidAction.NotFound"
        | "InvalidStatus.NotFound"
        | "InvalidAcceptLanguage.NotFound"
        | "InvalidResourceType.NotFound"
        | "IdempotentParameterMismatch"
        | "InvalidIdempotenceParameter.Mismatch"
        | "IdempotentFailed" => (BadRequest, Nothing),

        "InvalidUserType.NotSupported" | "NoPermission" | "Unauthorized.EmptyRegion" => (Permission, Nothing),
        // The first is about the region, not about rights.
        "Forbidden.RegionId"
        | "EniPerInstanceLimitExceeded"
        | "SecurityGroupInstanceLimitExceed"
        | "InvalidSecurityGroupId.NotVpc"
        | "InvalidVSwitchId.IpInvalid"
        | "InvalidVSwitchId.IpNotEnough"
        | "InvalidParameter.EniNotBelongEcs"
        | "InvalidIp.IpAssigned"
        | "InvalidPrivateIpAddress.Duplicated"
        | "MaxEniPrivateIpsCountExceeded"
        | "InvalidAssociation.Duplicated"
        | "MaxEniCountExceeded" => (Refused, Nothing),
        "DryRunOperation" => (FaultKind::Other, Nothing),

        // Families, for codes of them that are not listed here.
        _ if code.starts_with("Throttling") => (Throttled, NothingRetry),
        _ if code.starts_with("ServiceUnavailable.") => (Server, lost),
        _ if code.starts_with("InvalidAccessKeyId") || code.starts_with("InvalidSecurityToken") => {
            (Credentials, Nothing)
        }
        _ if code.starts_with("InvalidTimeStamp") => (BadRequest, Nothing),
        _ if code.starts_with("Forbidden") || code.starts_with("NoPermission") => (Permission, Nothing),
        _ if code.starts_with("InvalidOperation.") => (Refused, Nothing),
        _ if code.starts_with("QuotaExceeded") || code.starts_with("InvalidIp.IpPrefix") => (Refused, Nothing),
        _ if code.starts_with("ResourceNotFound") => (NotFound, Nothing),
        _ if code.starts_with("Invalid") && code.ends_with("NotFound") => (NotFound, Nothing),
        // The gateway names a common parameter in the code: `Missing` and its name.
        _ if code.starts_with("Missing")
            || code.starts_with("InvalidParam")
            || code.to_ascii_lowercase().ends_with(".malformed") =>
        {
            (BadRequest, Nothing)
        }
        _ => return None,
    })
}

/// For codes this version does not know. Whether such a code lets a write happen in part is not known either.
fn by_status(status: u16, write: bool) -> (FaultKind, Effect) {
    let effect = |read| if write { Effect::Unknown } else { read };
    match status {
        401 => (FaultKind::Credentials, effect(Effect::Nothing)),
        404 => (FaultKind::NotFound, effect(Effect::Nothing)),
        429 => (FaultKind::Throttled, effect(Effect::NothingRetry)),
        500.. => (FaultKind::Server, effect(Effect::NothingRetry)),
        _ => (FaultKind::Other, effect(Effect::Nothing)),
    }
}

/// An error in XML, which some of the vendor's gateways answer whatever was asked for: `<Error><Code>…</Code>…</Error>`.
pub(super) fn xml(body: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, text) = text.split_once("<Error>")?;
    let member = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        let plain = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
        Some(plain.replace("&amp;", "&").trim().to_owned())
    };
    let code = member("Code").filter(|code| !code.is_empty())?;
    Some(Head::new(member("RequestId").unwrap_or_default(), code, member("Message").unwrap_or_default()))
}

#[cfg(test)]
mod tests;
