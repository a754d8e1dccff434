use super::*;
use crate::{
    domain::page::{Listing, Resource},
    providers::{
        aliyun::Cloud,
        provider::{Provider, Reply},
    },
};
use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
use FaultKind as K;

fn release() -> Call {
    let ips = vec!["10.0.8.11".parse().expect("an address")];
    Call::write("cn-hangzhou".into(), OperationKind::Release { nic: "eni-1".into(), ips })
}

fn detach() -> Call {
    Call::write("cn-hangzhou".into(), OperationKind::Detach { nic: "eni-1".into(), instance: "i-1".into() })
}

fn read() -> Call {
    Call::List(Listing::all(Resource::Nics, Some("cn-hangzhou".into())))
}

fn answer(status: u16, content_type: &str, body: &str) -> WireResponse {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    WireResponse { status, headers, body: body.as_bytes().to_vec() }
}

fn refused(call: &Call, status: u16, code: &str) -> Fault {
    let body = format!(
        r#"{{"RequestId":"7F1A","HostId":"ecs.aliyuncs.com","Code":"{code}","Message":"text","Recommend":"https://x"}}"#
    );
    let fault = Cloud.decode(call, &answer(status, "application/json;charset=utf-8", &body)).expect_err(code);
    assert_eq!(fault.code.as_deref(), Some(code));
    assert_eq!(fault.request_id.as_deref(), Some("7F1A"), "{code}");
    assert_eq!((fault.http_status, fault.message.as_str()), (Some(status), "text"), "{code}");
    fault
}

/// What is gone is what a release wishes for, and what an attach can not do.
#[test]
fn what_is_gone_is_done_only_for_what_takes_away() {
    let attach = OperationKind::Attach { nic: "eni-1".into(), instance: "i-1".into() };
    let assign = OperationKind::Assign { nic: "eni-1".into(), ips: vec![], lists: vec![] };
    let delete = OperationKind::Delete { nic: "eni-1".into() };
    for (kind, code, effect) in [
        (attach, "InvalidEniId.NotFound", Nothing),
        (assign.clone(), "InvalidEniId.NotFound", Nothing),
        (delete, "InvalidEniId.NotFound", AlreadyDone),
        (assign, "InvalidIp.IpAssigned", AlreadyDone),
    ] {
        let call = Call::write("cn-hangzhou".into(), kind.clone());
        assert_eq!(refused(&call, 403, code).effect, effect, "{kind:?} {code}");
    }
}

/// (status, code, kind, effect of a release, of a detach, of a read)
type Row = (u16, &'static str, FaultKind, Effect, Effect, Effect);

const SEED: &[Row] = &[
    (403, "InvalidUserType.NotSupported", K::Permission, Nothing, Nothing, Nothing),
    (403, "Abs.InvalidAccount.NotFound", K::Credentials, Nothing, Nothing, Nothing),
    (403, "MissingParameter", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "MissingParameter", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "Forbidden.NotSupportRAM", K::Permission, Nothing, Nothing, Nothing),
    (400, "UnsupportedParameter", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "Forbidden.SubUser", K::Permission, Nothing, Nothing, Nothing),
    (400, "InvalidParameter", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidInstanceID.Malformed", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidOperation.InvalidEcsState", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidOperation.InvalidEniState", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidOperation.DetachPrimaryEniNotAllowed", K::Refused, Nothing, Nothing, Nothing),
    (404, "InvalidEcsId.NotFound", K::NotFound, Nothing, AlreadyDone, Nothing),
    (404, "InvalidEniId.NotFound", K::NotFound, AlreadyDone, AlreadyDone, Nothing),
    (403, "InvalidEniId.NotFound", K::NotFound, AlreadyDone, AlreadyDone, Nothing),
    (404, "InvalidVSwitchId.NotFound", K::NotFound, Nothing, Nothing, Nothing),
    (404, "InvalidSecurityGroupId.NotFound", K::NotFound, Nothing, Nothing, Nothing),
    (403, "EniPerInstanceLimitExceeded", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.AvailabilityZoneMismatch", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.VpcMismatch", K::Refused, Nothing, Nothing, Nothing),
    (403, "SecurityGroupInstanceLimitExceed", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidSecurityGroupId.NotVpc", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.InvalidEniType", K::Refused, Nothing, Nothing, Nothing),
    (404, "InvalidInstanceId.NotFound", K::NotFound, Nothing, AlreadyDone, Nothing),
    (403, "InvalidInstanceId.NotFound", K::NotFound, Nothing, AlreadyDone, Nothing),
    (403, "InvalidVSwitchId.IpInvalid", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidIp.IpUnassigned", K::NotFound, AlreadyDone, Nothing, Nothing),
    (403, "Operation.Conflict", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
    (400, "Forbidden.RegionId", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidAction", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "InvalidAction", K::BadRequest, Nothing, Nothing, Nothing),
];

const OTHERS: &[Row] = &[
    (404, "InvalidAction.NotFound", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidVersion", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "UnsupportedHTTPMethod", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidEniId.Malformed", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidParams.EniId", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "InvalidPrivateIpAddress.Malformed", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidParameter.Conflict", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "InvalidParameter.EniNotBelongEcs", K::Refused, Nothing, AlreadyDone, Nothing),
    (403, "InvalidIp.IpRepeated", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "InvalidIp.IpPrefixMaskInvalid", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidIp.IpPrefixNotStrict", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.EniServiceManaged", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.EniLinked", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.HasMemberEniAttached", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidOperation.HasSlaveEniBonded", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidOperation.EniHotPlugNotSupported", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.HotPlugNotSupport", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidOperation.InvalidRegion", K::Refused, Nothing, Nothing, Nothing),
    (404, "InvalidRegionId.NotFound", K::NotFound, Nothing, Nothing, Nothing),
    (400, "InvalidRegionId.MalFormed", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "InvalidIp.IpAssigned", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidPrivateIpAddress.Duplicated", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidVSwitchId.IpNotEnough", K::Refused, Nothing, Nothing, Nothing),
    (403, "QuotaExceeded.PrivateIpAddress", K::Refused, Nothing, Nothing, Nothing),
    (403, "InvalidOperation.Ipv4CountExceeded", K::Refused, Nothing, Nothing, Nothing),
    (403, "MaxEniPrivateIpsCountExceeded", K::Refused, Nothing, Nothing, Nothing),
    (403, "MaxEniCountExceeded", K::Refused, Nothing, Nothing, Nothing),
    (400, "IdempotentParameterMismatch", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "InvalidIdempotenceParameter.Mismatch", K::BadRequest, Nothing, Nothing, Nothing),
    (403, "LastTokenProcessing", K::Conflict, Unknown, Unknown, NothingRetry),
    (403, "IdempotentFailed", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "Throttling", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
    (400, "Throttling.User", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
    (503, "Throttling.Api", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
    (429, "Rejected.Throttling", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
    (409, "OperationConflict", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
    (500, "InternalError", K::Server, Unknown, Unknown, NothingRetry),
    (400, "UnknownError", K::Server, Unknown, Unknown, NothingRetry),
    (503, "ServiceUnavailable", K::Server, Unknown, Unknown, NothingRetry),
    (503, "ServiceUnavailable.RegionMaintaining", K::Server, Unknown, Unknown, NothingRetry),
    (400, "DryRunOperation", K::Other, Nothing, Nothing, Nothing),
    (403, "Unauthorized.EmptyRegion", K::Permission, Nothing, Nothing, Nothing),
    (404, "ResourceNotFound.ServerGroup", K::NotFound, Nothing, Nothing, Nothing),
];

const CREDENTIALS: &[Row] = &[
    (400, "SignatureDoesNotMatch", K::Credentials, Nothing, Nothing, Nothing),
    (400, "IncompleteSignature", K::BadRequest, Nothing, Nothing, Nothing),
    (404, "InvalidAccessKeyId.NotFound", K::Credentials, Nothing, Nothing, Nothing),
    (403, "InvalidAccessKeyId.Inactive", K::Credentials, Nothing, Nothing, Nothing),
    (403, "Forbidden.AccessKeyDisabled", K::Credentials, Nothing, Nothing, Nothing),
    (400, "InvalidTimeStamp.Expired", K::Clock, Nothing, Nothing, Nothing),
    (400, "InvalidTimeStamp.Format", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "MissingVersion", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "IllegalTimestamp", K::BadRequest, Nothing, Nothing, Nothing),
    (400, "SignatureNonceUsed", K::BadRequest, Unknown, Unknown, NothingRetry),
    (400, "MissingSecurityToken", K::Credentials, Nothing, Nothing, Nothing),
    (400, "InvalidSecurityToken.Malformed", K::Credentials, Nothing, Nothing, Nothing),
    (400, "InvalidSecurityToken.MismatchWithAccessKey", K::Credentials, Nothing, Nothing, Nothing),
    (400, "InvalidSecurityToken.Expired", K::Credentials, Nothing, Nothing, Nothing),
    (403, "Forbidden.RAM", K::Permission, Nothing, Nothing, Nothing),
    (403, "Forbidden.Unauthorized", K::Permission, Nothing, Nothing, Nothing),
    (403, "NoPermission", K::Permission, Nothing, Nothing, Nothing),
];

const UNKNOWN: &[Row] = &[
    // By the family of the code.
    (400, "Throttling.SomethingNew", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
    (418, "Forbidden.SomethingNew", K::Permission, Nothing, Nothing, Nothing),
    (500, "InvalidOperation.SomethingNew", K::Refused, Nothing, Nothing, Nothing),
    (400, "InvalidSomethingNew.NotFound", K::NotFound, Nothing, Nothing, Nothing),
    (400, "InvalidSomethingNewNotFound", K::NotFound, Nothing, Nothing, Nothing),
    // By the status; what became of a write is not known.
    (400, "SomethingNew", K::Other, Unknown, Unknown, Nothing),
    (401, "SomethingNew", K::Credentials, Unknown, Unknown, Nothing),
    (403, "SomethingNew", K::Other, Unknown, Unknown, Nothing),
    (404, "SomethingNew", K::NotFound, Unknown, Unknown, Nothing),
    (429, "SomethingNew", K::Throttled, Unknown, Unknown, NothingRetry),
    (502, "SomethingNew", K::Server, Unknown, Unknown, NothingRetry),
];

#[test]
fn the_code_decides_then_its_family_then_the_status() {
    for &(status, code, kind, released, detached, listed) in &[SEED, OTHERS, CREDENTIALS, UNKNOWN].concat() {
        for (call, effect) in [(release(), released), (detach(), detached), (read(), listed)] {
            let fault = refused(&call, status, code);
            assert_eq!((fault.kind, fault.effect), (kind, effect), "{status} {code}, {}", fault.action);
        }
    }
}

#[test]
fn every_refusal_that_a_rule_predicts_is_known() {
    let capabilities = &Cloud.descriptor().capabilities;
    for condition in capabilities.release.iter().chain(capabilities.detach) {
        if let Some(code) = condition.code {
            assert!(by_code(code, write(&release())).is_some(), "{code}");
        }
    }
}

#[test]
fn an_error_may_come_with_status_200_and_in_lower_case() {
    let body = r#"{"requestId":"9C","code":"InvalidOperation.EniServiceManaged","message":"no"}"#;
    for status in [200, 403] {
        let fault = Cloud.decode(&release(), &answer(status, "application/json", body)).expect_err("an error");
        assert_eq!(fault.code.as_deref(), Some("InvalidOperation.EniServiceManaged"));
        assert_eq!((fault.request_id.as_deref(), fault.message.as_str()), (Some("9C"), "no"));
        assert_eq!((fault.kind, fault.effect, fault.http_status), (K::Refused, Nothing, Some(status)));
    }
    // What some products say on success is no error.
    for code in ["200", "OK", "Success"] {
        let body = format!(r#"{{"RequestId":"9D","Code":"{code}"}}"#);
        let reply = Cloud.decode(&release(), &answer(200, "application/json", &body));
        let Ok(Reply::Accepted(receipt)) = reply else { panic!("{code}: {reply:?}") };
        assert_eq!(receipt.request_id.as_deref(), Some("9D"));
    }
}

#[test]
fn an_error_may_be_xml_whatever_was_asked_for() {
    let body = "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>AB-1</RequestId><HostId>h</HostId>\
        <Code>Throttling.User</Code><Message>Request was denied &amp; &lt;slow down&gt;</Message></Error>";
    for status in [200, 400] {
        let fault = Cloud.decode(&read(), &answer(status, "text/xml;charset=utf-8", body)).expect_err("an error");
        assert_eq!((fault.kind, fault.code.as_deref()), (K::Throttled, Some("Throttling.User")));
        assert_eq!(fault.request_id.as_deref(), Some("AB-1"));
        assert_eq!(fault.message, "Request was denied & <slow down>");
    }
}

#[test]
fn answers_that_are_not_the_apis_prove_nothing_about_a_write() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    let cases: &[(u16, &str, FaultKind, Effect)] = &[
        (502, html, K::Server, NothingRetry),
        (503, "", K::Server, NothingRetry),
        (504, html, K::Timeout, NothingRetry),
        (429, html, K::Throttled, NothingRetry),
        (403, html, K::Garbage, Nothing),
        (302, "", K::Redirect, Nothing),
        (200, html, K::Garbage, Nothing),
        (200, "", K::Garbage, Nothing),
        (200, r#"{"RequestId":"1","Netw"#, K::Garbage, Nothing),
        (200, r#"{"hello":"portal"}"#, K::Garbage, Nothing),
        (200, "[]", K::Garbage, Nothing),
        (200, "null", K::Garbage, Nothing),
    ];
    for &(status, body, kind, read_effect) in cases {
        for (call, effect) in [(read(), read_effect), (release(), Unknown)] {
            let fault = Cloud.decode(&call, &answer(status, "text/html", body)).expect_err(body);
            assert_eq!((fault.kind, fault.effect), (kind, effect), "{status} {body}");
            assert_eq!((fault.code, fault.http_status), (None, Some(status)), "{status} {body}");
            assert!(fault.message.starts_with("text/html: "), "{}", fault.message);
        }
    }
    // Another charset.
    let utf16: Vec<u8> = "{\"RequestId\":\"1\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let fault = Cloud.decode(&read(), &WireResponse { status: 200, headers: vec![], body: utf16 }).expect_err("utf-16");
    assert_eq!(fault.kind, K::Garbage);
}

#[test]
fn headers_tell_the_request_id_and_the_wait_in_milliseconds() {
    let mut response = answer(503, "text/html", "busy");
    response.headers.push(("x-acs-request-id".into(), "H-1".into()));
    response.headers.push(("x-acs-retry-after".into(), "1500".into()));
    let fault = Cloud.decode(&read(), &response).expect_err("busy");
    assert_eq!((fault.request_id.as_deref(), fault.retry_after_ms), (Some("H-1"), Some(1500)));

    let mut response = answer(400, "application/json", r#"{"RequestId":"B-1","Code":"Throttling","Message":"m"}"#);
    response.headers.push(("x-acs-request-id".into(), "H-1".into()));
    response.headers.push(("x-acs-retry-after".into(), "0".into()));
    let fault = Cloud.decode(&read(), &response).expect_err("throttled");
    assert_eq!((fault.request_id.as_deref(), fault.retry_after_ms), (Some("B-1"), None));
}

#[test]
fn what_the_server_signed_never_gets_into_a_message() {
    let secrets = ["LTAI-KEY", "CAIS-token"];
    for message in [
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId%3DLTAI-KEY%26SecurityToken%3DCAIS-token",
        "Specified signature does not match our calculation. server StringToSign is [ACS3 LTAI-KEY] server CanonicalRequest is [x-acs-security-token:CAIS-token]",
        "Specified signature does not match our calculation. server CanonicalRequest is [x-acs-security-token:CAIS-token] LTAI-KEY",
    ] {
        let body = format!(r#"{{"RequestId":"1","Code":"SignatureDoesNotMatch","Message":"{message}"}}"#);
        let fault = Cloud.decode(&read(), &answer(400, "application/json", &body)).expect_err("a mismatch");
        assert!(fault.message.starts_with("Specified signature"), "{}", fault.message);
        assert!(fault.message.ends_with("our calculation."), "{}", fault.message);
        assert!(secrets.iter().all(|secret| !fault.message.contains(secret)), "{}", fault.message);
    }
}
