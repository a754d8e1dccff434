//! Zenlayer's errors: by the vendor's code first, by HTTP status last (401 covers missing permission, a 500 can be a business error).

use serde::Deserialize;

use crate::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        plan::OperationKind,
    },
    providers::provider::Call,
    wire::WireResponse,
};

/// Vendor: Responses page. Errors stand at the top level, without `response`.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default, rename = "requestId")]
    request_id: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// The fault that an answer is. Only for answers that are no success.
pub(super) fn fault(call: &Call, response: &WireResponse) -> Fault {
    let mut fault = Fault::local(FaultKind::Other, super::encode::action(call), "");
    fault.http_status = Some(response.status);
    // Two answers are not the API's, whatever their body: a firewall's page, and a block by policy.
    // Both stand before the API, so no write got through.
    let gate = match response.status {
        403 if response.header("cf-mitigated").is_some_and(|value| value.eq_ignore_ascii_case("challenge")) => {
            Some(("SECURITY_CHALLENGE", FaultKind::Garbage))
        }
        451 => Some(("REQUEST_BLOCKED", FaultKind::Permission)),
        _ => None,
    };
    if let Some((code, kind)) = gate {
        fault.code = Some(code.to_owned());
        fault.kind = kind;
        fault.effect = Effect::Nothing;
        return fault;
    }
    let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
    if let Some(body) = body {
        fault.request_id = body.request_id;
        fault.message = body.message.unwrap_or_default();
        fault.code = body.code.filter(|code| !code.is_empty());
    }
    let write = match call {
        Call::Write { kind, .. } => Some(kind),
        Call::List(_) | Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => None,
    };
    (fault.kind, fault.effect) = fault
        .code
        .as_deref()
        .and_then(|code| by_code(code, write))
        .unwrap_or_else(|| by_status(response.status, fault.code.is_some(), write.is_some()));
    fault
}

/// A success that names the EIP as one that was not bound. Vendor: `AssociateEipAddress`, `failedEipIds`.
pub(super) fn not_bound(call: &Call, response: &WireResponse, request_id: Option<String>) -> Fault {
    let fault = Fault::local(FaultKind::Refused, super::encode::action(call), "failedEipIds");
    Fault { request_id, http_status: Some(response.status), ..fault }
}

/// What a code means for this call; `None` for one this version does not know.
fn by_code(code: &str, write: Option<&OperationKind>) -> Option<(FaultKind, Effect)> {
    // A write that may have happened is read back; a read can simply be made again.
    let lost = if write.is_some() { Effect::Unknown } else { Effect::NothingRetry };
    let release = matches!(write, Some(OperationKind::Release { .. }));
    let detach = matches!(write, Some(OperationKind::Detach { .. }));
    let delete = matches!(write, Some(OperationKind::Delete { .. }));
    Some(match code {
        "REQUEST_LIMIT_EXCEEDED" => (FaultKind::Throttled, Effect::NothingRetry),
        "SERVICE_TEMPORARY_UNAVAILABLE" | "INTERNAL_SERVER_ERROR" => (FaultKind::Server, lost),
        "REQUEST_TIMED_OUT" | "INVALID_OPERATION_TIMEOUT" => (FaultKind::Timeout, lost),

        "AUTHFAILURE_INVALID_AUTHORIZATION" | "AUTHFAILURE_SIGNATURE_FAILURE" => {
            (FaultKind::Credentials, Effect::Nothing)
        }
        "AUTHFAILURE_SIGNATURE_EXPIRED" => (FaultKind::Clock, Effect::Nothing),
        // The second stands before the API, as a firewall does.
        "AUTHFAILURE_UNAUTHORIZED_OPERATION" | "REQUEST_BLOCKED" => (FaultKind::Permission, Effect::Nothing),
        "SECURITY_CHALLENGE" => (FaultKind::Garbage, Effect::Nothing),

        // Not on an instance: what a detach wishes for. The vendor's Terraform provider takes it as success, too.
        "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE" if detach => (FaultKind::NotFound, Effect::AlreadyDone),
        // The address is not on the NIC: what a release wishes for.
        "OPERATION_FAILED_RESOURCE_NOT_FOUND" if release => (FaultKind::NotFound, Effect::AlreadyDone),
        // The vendor's Terraform provider takes both as "already gone".
        "OPERATION_FAILED_RESOURCE_NOT_FOUND" | "INVALID_NIC_NOT_FOUND" if delete => {
            (FaultKind::NotFound, Effect::AlreadyDone)
        }
        "OPERATION_FAILED_RESOURCE_NOT_FOUND"
        | "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND"
        | "INVALID_NIC_NOT_FOUND"
        | "INVALID_INSTANCE_NOT_FOUND"
        | "INVALID_EIP_NOT_FOUND"
        | "INVALID_LB_NOT_FOUND"
        | "INVALID_LB_LISTENER_NOT_FOUND" => (FaultKind::NotFound, Effect::Nothing),

        // Something moves; passes when it has come to rest, which a person should see.
        "INVALID_NIC_STATUS" | "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT" => (FaultKind::Conflict, Effect::Nothing),

        "INVALID_NIC_LB_ASSOCIATED"
        | "INVALID_NIC_PRIMARY_IP_CANT_DETACH"
        | "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"
        | "INVALID_NIC_PRIMARY_CANT_DETACH"
        | "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT"
        | "INVALID_INSTANCE_PRECHECK_ABNORMAL"
        | "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE"
        | "INVALID_NIC_ATTACHED"
        | "INVALID_NIC_PRIMARY_CANT_DELETE"
        | "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE"
        | "INVALID_NIC_INSTANCE_REGION_MISMATCH"
        | "INVALID_INSTANCE_NIC_LIMIT"
        | "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
        | "INVALID_IP_OUT_OF_RANGE"
        | "INVALID_IP_NETWORK_ADDRESS"
        | "INVALID_IP_BROADCAST_ADDRESS"
        | "INVALID_IP_FIRST_ADDRESS"
        | "OPERATION_DENIED_SUBNET_TYPE_NOT_SUPPORT_IPV4"
        | "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT"
        | "OPERATION_DENIED_EIP_IS_DEFAULT"
        | "OPERATION_DENIED_EIP_NOT_ASSIGNED"
        | "OPERATION_FAILED_FOR_RECYCLE_RESOURCE" => (FaultKind::Refused, Effect::Nothing),

        "MISSING_PARAMETER" => (FaultKind::BadRequest, Effect::Nothing),
        _ if code.starts_with("INVALID_PARAMETER_") => (FaultKind::BadRequest, Effect::Nothing),
        _ => return None,
    })
}

/// For codes this version does not know (`api`) and for answers that are not the API's.
fn by_status(status: u16, api: bool, write: bool) -> (FaultKind, Effect) {
    let lost = if write { Effect::Unknown } else { Effect::NothingRetry };
    match status {
        // Only the vendor's own code proves that a throttled write did nothing: a gateway counts what it lets through as well.
        429 => (FaultKind::Throttled, lost),
        408 | 504 => (FaultKind::Timeout, lost),
        500.. => (FaultKind::Server, lost),
        // Nobody who was not let in did anything.
        401 if api => (FaultKind::Credentials, Effect::Nothing),
        // The API itself says no. Whether it did a part before it did is not documented of a reason that is not.
        400..=499 if api => (FaultKind::Other, if write { Effect::Unknown } else { Effect::Nothing }),
        // Somebody on the way answered: what the API did with a write is not known.
        _ if write => (FaultKind::Garbage, Effect::Unknown),
        _ => (FaultKind::Garbage, Effect::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::page::{Listing, Resource};

    fn release() -> Call {
        Call::write("r".into(), OperationKind::Release { nic: "12".into(), ips: vec![] })
    }

    fn detach() -> Call {
        Call::write("r".into(), OperationKind::Detach { nic: "12".into(), instance: "11".into() })
    }

    /// The end of a write is another one for each kind: what is gone is what a release wishes for, and what an attach can not do.
    #[test]
    fn what_is_gone_is_done_only_for_what_takes_away() {
        let attach = OperationKind::Attach { nic: "12".into(), instance: "11".into() };
        let assign = OperationKind::Assign { nic: "12".into(), ips: vec![], lists: vec![] };
        let delete = OperationKind::Delete { nic: "12".into() };
        for (kind, code, effect) in [
            (attach, "INVALID_NIC_NOT_FOUND", Effect::Nothing),
            (assign, "OPERATION_FAILED_RESOURCE_NOT_FOUND", Effect::Nothing),
            (delete.clone(), "OPERATION_FAILED_RESOURCE_NOT_FOUND", Effect::AlreadyDone),
            (delete, "INVALID_NIC_NOT_FOUND", Effect::AlreadyDone),
        ] {
            let call = Call::write("r".into(), kind.clone());
            assert_eq!(judged(&call, 404, code), (FaultKind::NotFound, effect), "{kind:?} {code}");
        }
    }

    #[test]
    fn a_success_that_names_the_eip_as_failed_is_a_failure() {
        let kind = OperationKind::BindEip { nic: "12".into(), eip: "15".into(), ip: "10.0.0.2".parse().unwrap() };
        let call = Call::write("r".into(), kind);
        let body = |failed: &str| {
            let body = format!(r#"{{"requestId":"T1","response":{{"requestId":"T1","failedEipIds":[{failed}]}}}}"#);
            WireResponse { status: 200, headers: vec![], body: body.into_bytes() }
        };
        assert!(super::super::decode::decode(&call, &body("")).is_ok());
        for (list, bound) in [("null", true), ("[null]", true), ("[15]", false)] {
            let text = format!(r#"{{"requestId":"T1","response":{{"requestId":"T1","failedEipIds":{list}}}}}"#);
            let response = WireResponse { status: 200, headers: vec![], body: text.into_bytes() };
            let answer = super::super::decode::decode(&call, &response);
            assert_eq!(answer.err().map(|fault| fault.kind), (!bound).then_some(FaultKind::Refused), "{list}");
        }
        let fault = super::super::decode::decode(&call, &body("\"15\"")).unwrap_err();
        assert_eq!((fault.kind, fault.effect, fault.http_status), (FaultKind::Refused, Effect::Nothing, Some(200)));
        assert_eq!(fault.request_id.as_deref(), Some("T1"));
    }

    fn read() -> Call {
        Call::List(Listing::all(Resource::Nics, Some("r".into())))
    }

    fn answer(status: u16, code: &str) -> WireResponse {
        let body = format!(r#"{{"requestId":"T1","code":"{code}","message":"text"}}"#);
        WireResponse { status, headers: vec![], body: body.into_bytes() }
    }

    fn judged(call: &Call, status: u16, code: &str) -> (FaultKind, Effect) {
        let fault = fault(call, &answer(status, code));
        assert_eq!(fault.code.as_deref(), Some(code));
        assert_eq!(fault.request_id.as_deref(), Some("T1"));
        assert_eq!(fault.message, "text");
        assert_eq!(fault.http_status, Some(status));
        (fault.kind, fault.effect)
    }

    #[test]
    fn a_documented_code_decides_whatever_the_status() {
        use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
        use FaultKind as K;
        // (status, code, kind, effect of a release, of a detach, of a read)
        let table = [
            (409, "INVALID_NIC_LB_ASSOCIATED", K::Refused, Nothing, Nothing, Nothing),
            (404, "INVALID_NIC_NOT_FOUND", K::NotFound, Nothing, Nothing, Nothing),
            (409, "INVALID_NIC_PRIMARY_IP_CANT_DETACH", K::Refused, Nothing, Nothing, Nothing),
            (400, "INVALID_NIC_STATUS", K::Conflict, Nothing, Nothing, Nothing),
            (409, "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH", K::Refused, Nothing, Nothing, Nothing),
            (409, "INVALID_NIC_PRIMARY_CANT_DETACH", K::Refused, Nothing, Nothing, Nothing),
            (400, "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", K::Refused, Nothing, Nothing, Nothing),
            (403, "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT", K::Refused, Nothing, Nothing, Nothing),
            (400, "INVALID_INSTANCE_PRECHECK_ABNORMAL", K::Refused, Nothing, Nothing, Nothing),
            (404, "OPERATION_FAILED_RESOURCE_NOT_FOUND", K::NotFound, AlreadyDone, Nothing, Nothing),
            (404, "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND", K::NotFound, Nothing, Nothing, Nothing),
            (404, "INVALID_INSTANCE_NOT_FOUND", K::NotFound, Nothing, Nothing, Nothing),
            (404, "INVALID_EIP_NOT_FOUND", K::NotFound, Nothing, Nothing, Nothing),
            (404, "INVALID_LB_NOT_FOUND", K::NotFound, Nothing, Nothing, Nothing),
            (500, "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT", K::Conflict, Nothing, Nothing, Nothing),
            (401, "AUTHFAILURE_INVALID_AUTHORIZATION", K::Credentials, Nothing, Nothing, Nothing),
            (401, "AUTHFAILURE_SIGNATURE_FAILURE", K::Credentials, Nothing, Nothing, Nothing),
            (401, "AUTHFAILURE_SIGNATURE_EXPIRED", K::Clock, Nothing, Nothing, Nothing),
            (401, "AUTHFAILURE_UNAUTHORIZED_OPERATION", K::Permission, Nothing, Nothing, Nothing),
            (400, "MISSING_PARAMETER", K::BadRequest, Nothing, Nothing, Nothing),
            (400, "INVALID_PARAMETER_TYPE", K::BadRequest, Nothing, Nothing, Nothing),
            (400, "INVALID_PARAMETER_EXCEED_MAXIMUM", K::BadRequest, Nothing, Nothing, Nothing),
            (403, "OPERATION_FAILED_FOR_RECYCLE_RESOURCE", K::Refused, Nothing, Nothing, Nothing),
            (403, "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE", K::Refused, Nothing, Nothing, Nothing),
            (429, "REQUEST_LIMIT_EXCEEDED", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
            (400, "REQUEST_LIMIT_EXCEEDED", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
            (503, "SERVICE_TEMPORARY_UNAVAILABLE", K::Server, Unknown, Unknown, NothingRetry),
            (503, "REQUEST_TIMED_OUT", K::Timeout, Unknown, Unknown, NothingRetry),
            (500, "INTERNAL_SERVER_ERROR", K::Server, Unknown, Unknown, NothingRetry),
            (500, "INVALID_OPERATION_TIMEOUT", K::Timeout, Unknown, Unknown, NothingRetry),
            // Codes of tomorrow.
            (409, "INVALID_NIC_IS_ON_HOLIDAY", K::Other, Unknown, Unknown, Nothing),
            (404, "INVALID_NIC_IS_ON_HOLIDAY", K::Other, Unknown, Unknown, Nothing),
            (401, "AUTHFAILURE_TOKEN_IS_TIRED", K::Credentials, Nothing, Nothing, Nothing),
            (500, "INVALID_NIC_IS_ON_HOLIDAY", K::Server, Unknown, Unknown, NothingRetry),
            (429, "SLOW_DOWN", K::Throttled, Unknown, Unknown, NothingRetry),
        ];
        for (status, code, kind, of_release, of_detach, of_read) in table {
            assert_eq!(judged(&release(), status, code), (kind, of_release), "release {status} {code}");
            assert_eq!(judged(&detach(), status, code), (kind, of_detach), "detach {status} {code}");
            assert_eq!(judged(&read(), status, code), (kind, of_read), "read {status} {code}");
        }
        let gone = "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE";
        assert_eq!(judged(&detach(), 403, gone), (K::NotFound, AlreadyDone));
        assert_eq!(judged(&release(), 403, gone), (K::Refused, Nothing));
    }

    #[test]
    fn answers_that_are_not_the_apis_prove_little() {
        let page = |status: u16, headers: &[(&str, &str)]| WireResponse {
            status,
            headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            body: b"<html>go away</html>".to_vec(),
        };
        let challenge = fault(&release(), &page(403, &[("cf-mitigated", "challenge")]));
        assert_eq!((challenge.kind, challenge.effect), (FaultKind::Garbage, Effect::Nothing));
        assert_eq!(challenge.code.as_deref(), Some("SECURITY_CHALLENGE"));
        let blocked = fault(&release(), &page(451, &[]));
        assert_eq!((blocked.kind, blocked.effect), (FaultKind::Permission, Effect::Nothing));
        assert_eq!(blocked.code.as_deref(), Some("REQUEST_BLOCKED"));
        for (status, kind, write, read_again) in [
            (502, FaultKind::Server, Effect::Unknown, Effect::NothingRetry),
            (504, FaultKind::Timeout, Effect::Unknown, Effect::NothingRetry),
            (403, FaultKind::Garbage, Effect::Unknown, Effect::Nothing),
            (200, FaultKind::Garbage, Effect::Unknown, Effect::Nothing),
            (429, FaultKind::Throttled, Effect::Unknown, Effect::NothingRetry),
        ] {
            let lost = fault(&detach(), &page(status, &[]));
            assert_eq!((lost.kind, lost.effect, lost.code.as_deref()), (kind, write, None), "{status}");
            let again = fault(&read(), &page(status, &[]));
            assert_eq!((again.kind, again.effect), (kind, read_again), "{status}");
        }
    }

    #[test]
    fn an_error_with_odd_fields_is_still_an_error() {
        for body in ["{}", "[]", "null", r#"{"code":null}"#, r#"{"code":""}"#, r#"{"code":7}"#, "{\"code\":\"X"] {
            let response = WireResponse { status: 400, headers: vec![], body: body.as_bytes().to_vec() };
            let fault = fault(&release(), &response);
            assert_eq!((fault.kind, fault.effect, fault.code), (FaultKind::Garbage, Effect::Unknown, None), "{body}");
        }
    }
}
