//! Errors of API 2.0: by `codeDesc`, which has the business name, then by the number of the family. Never by the message.

use crate::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        plan::OperationKind,
    },
    providers::{
        provider::Call,
        tencent::{encode, faults},
    },
    wire::WireResponse,
};

/// The fault that an answer is; `None` for a success.
pub(super) fn of(call: &Call, response: &WireResponse, code: i64, name: &str, message: &str) -> Option<Fault> {
    if code == 0 {
        return None;
    }
    let write = match call {
        Call::Write { kind, .. } => Some(kind),
        _ => None,
    };
    let known = by_name(name, write).or_else(|| by_number(code, write));
    let (kind, effect) = known.unwrap_or((FaultKind::Other, unproven(write)));
    Some(Fault {
        kind,
        effect,
        code: Some(if name.is_empty() { code.to_string() } else { name.to_owned() }),
        message: message.to_owned(),
        http_status: Some(response.status),
        ..Fault::local(FaultKind::Other, encode::action(call), "")
    })
}

/// A fault in the newer envelope, with a name of this API.
pub(super) fn renamed(call: &Call, fault: Fault) -> Fault {
    match fault.code.as_deref().filter(|_| super::is_versioned(call)).and_then(|name| by_name(name, None)) {
        Some((kind, effect)) => Fault { kind, effect, ..fault },
        None => fault,
    }
}

pub(super) fn garbage(call: &Call, response: &WireResponse, what: &str) -> Fault {
    faults::garbage(call, response, what)
}

/// A failure that does not say what was done, and is not worth a second try. Vendor: of "operation failed" only the message says more.
fn unproven(write: Option<&OperationKind>) -> Effect {
    if write.is_some() { Effect::Unknown } else { Effect::Nothing }
}

/// Vendor: the tables of the calls' own pages.
fn by_name(name: &str, write: Option<&OperationKind>) -> Option<(FaultKind, Effect)> {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind::{Clock, Conflict, Credentials, NotFound, Permission, Refused, Server, Throttled};

    let lost = if write.is_some() { Unknown } else { NothingRetry };
    let open = unproven(write);
    let release = matches!(write, Some(OperationKind::Release { .. }));
    let detach = matches!(write, Some(OperationKind::Detach { .. }));
    let attach = matches!(write, Some(OperationKind::Attach { .. }));
    let delete = matches!(write, Some(OperationKind::Delete { .. }));
    Some(match name {
        "InvalidNetworkInterface.NotFound" if release || detach || delete => (NotFound, AlreadyDone),
        "InvalidNetworkInterface.NotAttached" if detach => (Refused, AlreadyDone),
        "InvalidInstance.NotFound" if detach => (NotFound, AlreadyDone),
        "InvalidNetworkInterface.AlreadyAssociated" if attach => (Refused, AlreadyDone),
        "InvalidVpc.NotFound" | "InvalidNetworkInterface.NotFound" | "InvalidInstance.NotFound" => (NotFound, Nothing),
        "ActionLocked" => (Conflict, NothingRetry),
        "ServiceUnavailable" | "InternalError" | "InvalidAction.ActionUnavailable" => (Server, lost),
        "InternalError.CAMInnerError" => (Server, open),
        "InternalError.ResourceOpFailed" => (Refused, open),
        "InvalidPrivateip.IsPrimary"
        | "InvalidNetworkInterface.NotAttached"
        | "InvalidNetworkInterface.AlreadyAssociated"
        | "InvalidNetworkInterface.CanNotDelete"
        | "InvalidPrivateIpAddress.InUse" => (Refused, Nothing),
        "InvalidParameter.SignatureFailure"
        | "InvalidParameter.SecretIdNotFound"
        | "InvalidRequest.TokenCheckFailed"
        | "InvalidRequest.MFACheckFailed" => (Credentials, Nothing),
        "UnauthorizedOperation" | "InvalidRequest.Forbidden" => (Permission, Nothing),
        "InvalidRequest.LimitExceeded" => (Throttled, NothingRetry),
        // The same code for a clock that is off and for a nonce that was used; nonces are never used again.
        "InvalidRequest.ReplayAttack" => (Clock, Nothing),
        _ => return None,
    })
}

/// Vendor: the families.
fn by_number(code: i64, write: Option<&OperationKind>) -> Option<(FaultKind, Effect)> {
    use Effect::{Nothing, NothingRetry, Unknown};

    let lost = if write.is_some() { Unknown } else { NothingRetry };
    Some(match code {
        4000 | 4600 | 6100 => (FaultKind::BadRequest, Nothing),
        4100 | 4104..=4106 => (FaultKind::Credentials, Nothing),
        4101..=4103 | 4300 => (FaultKind::Permission, Nothing),
        4200 | 4500 => (FaultKind::Clock, Nothing),
        4400 => (FaultKind::Throttled, NothingRetry),
        5000 => (FaultKind::NotFound, Nothing),
        5200 | 5300 | 5500 => (FaultKind::Refused, Nothing),
        // The operation failed; and: done in part.
        5100 | 5400 => (FaultKind::Refused, unproven(write)),
        // As its name: the vendor's own access management failed.
        4110 => (FaultKind::Server, unproven(write)),
        6000 | 6200 => (FaultKind::Server, lost),
        _ => return None,
    })
}
