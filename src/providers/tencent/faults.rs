//! Errors of API 3.0: by code, never by message; the HTTP status is 200 for all of them. Codes are hierarchical: one that is not
//! listed is what its family is.

use super::encode;
use crate::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        odd,
        plan::OperationKind,
    },
    providers::provider::Call,
    wire::WireResponse,
};

/// The vendor's error.
pub(super) fn fault(
    call: &Call,
    response: &WireResponse,
    code: &str,
    message: &str,
    request_id: Option<&str>,
) -> Fault {
    let write = match call {
        Call::Write { kind, .. } => Some(kind),
        _ => None,
    };
    let unknown = if write.is_some() { Effect::Unknown } else { Effect::Nothing };
    let (kind, effect) = by_code(code, write).unwrap_or((FaultKind::Other, unknown));
    Fault {
        kind,
        effect,
        code: Some(code.to_owned()),
        message: message.to_owned(),
        request_id: request_id.map(str::to_owned),
        ..bare(call, response)
    }
}

/// An answer that is not the API's: a proxy's, a gateway's, half an answer. What became of a write is not known.
pub(super) fn garbage(call: &Call, response: &WireResponse, what: &str) -> Fault {
    let (kind, effect) = match response.status {
        300..400 => (FaultKind::Redirect, Effect::Nothing),
        408 | 504 => (FaultKind::Timeout, Effect::NothingRetry),
        429 => (FaultKind::Throttled, Effect::NothingRetry),
        500.. => (FaultKind::Server, Effect::NothingRetry),
        _ => (FaultKind::Garbage, Effect::Nothing),
    };
    let content = response.header("content-type").unwrap_or(odd::NO_CONTENT_TYPE);
    let effect = if call.is_write() { Effect::Unknown } else { effect };
    Fault { kind, effect, message: format!("{content}: {what}"), ..bare(call, response) }
}

fn bare(call: &Call, response: &WireResponse) -> Fault {
    Fault { http_status: Some(response.status), ..Fault::local(FaultKind::Other, encode::action(call), "") }
}

/// What a code means for this call; `None` for one of a family this version does not know.
///
/// Vendor: the table of common error codes, and the lists of each action in its Go SDK.
pub(super) fn by_code(code: &str, write: Option<&OperationKind>) -> Option<(FaultKind, Effect)> {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind::{BadRequest, Clock, Conflict, Credentials, NotFound, Permission, Refused, Server, Throttled};

    // A write that may have happened is read back; a read is simply made again.
    let lost = if write.is_some() { Unknown } else { NothingRetry };
    let takes_away = matches!(
        write,
        Some(OperationKind::Release { .. } | OperationKind::Detach { .. } | OperationKind::Delete { .. })
    );
    let family = code.split('.').next().unwrap_or_default();
    Some(match code {
        // The wished-for state, as far as the vendor tells; the read back decides.
        "UnsupportedOperation.AttachmentNotFound" | "ResourceNotFound" if takes_away => (NotFound, AlreadyDone),
        "UnsupportedOperation.AttachmentAlreadyExists" if matches!(write, Some(OperationKind::Attach { .. })) => {
            (Refused, AlreadyDone)
        }

        // Something moves: refused until it has come to rest.
        "UnsupportedOperation.InvalidState"
        | "UnsupportedOperation.MutexOperationTaskRunning"
        | "OperationDenied.MutexTaskRunning" => (Conflict, NothingRetry),
        // The same request, twice on its way: the first is being done, and may well have been by now.
        "UnsupportedOperation.IdempotentProcessing" => (Conflict, lost),
        "UnsupportedOperation.IdempotentParameterMismatch" => (BadRequest, Nothing),
        "FailedOperation.NetDetectTimeOut" => (Server, lost),
        // A quota and a throttle share a prefix.
        "LimitExceeded.ActionLimited" => (Throttled, NothingRetry),
        "AuthFailure.SignatureExpire" => (Clock, Nothing),
        "AuthFailure.UnauthorizedOperation" => (Permission, Nothing),
        "UnauthorizedOperation.InvalidToken" => (Credentials, Nothing),
        // They belong to something else than the right to do it.
        "UnauthorizedOperation.PrimaryIp" | "InvalidPrivateIpAddress.AlreadyBindEip" => (Refused, Nothing),
        _ if family != "AuthFailure" && code.ends_with("NotFound") => (NotFound, Nothing),
        _ => match family {
            "RequestLimitExceeded" => (Throttled, NothingRetry),
            "InternalError" | "InternalServerError" | "ServiceUnavailable" => (Server, lost),
            // It says that it failed, not how much of it was done.
            "FailedOperation" => (Refused, if write.is_some() { Unknown } else { Nothing }),
            "AuthFailure" => (Credentials, Nothing),
            "UnauthorizedOperation" | "IpInBlacklist" | "IpNotInWhitelist" => (Permission, Nothing),
            "UnsupportedOperation"
            | "UnsupportedRegion"
            | "OperationDenied"
            | "LimitExceeded"
            | "ResourceInUse"
            | "ResourceInsufficient"
            | "ResourceUnavailable"
            | "ActionOffline" => (Refused, Nothing),
            "ResourceNotFound" => (NotFound, Nothing),
            "InvalidParameter"
            | "InvalidParameterValue"
            | "InvalidFilter"
            | "InvalidFilterValue"
            | "MissingParameter"
            | "UnknownParameter"
            | "InvalidAction"
            | "InvalidRequest"
            | "InvalidInstanceId"
            | "NoSuchVersion"
            | "NoSuchProduct"
            | "UnsupportedProtocol"
            | "RequestSizeLimitExceeded"
            | "ResponseSizeLimitExceeded" => (BadRequest, Nothing),
            "DryRunOperation" => (FaultKind::Other, Nothing),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests;
