//! What each code means for a release, a detach and a read; and answers that are not the API's.

use super::*;
use crate::{
    domain::page::{Listing, Resource},
    providers::{provider::Provider, tencent::Cloud},
};

fn calls() -> [Call; 3] {
    [
        Call::write("r".into(), OperationKind::Release { nic: "eni-1".into(), ips: vec![] }),
        Call::write("r".into(), OperationKind::Detach { nic: "eni-1".into(), instance: "ins-1".into() }),
        Call::List(Listing::all(Resource::Nics, Some("r".into()))),
    ]
}

fn judged(call: &Call, code: &str) -> (FaultKind, Effect) {
    let body = format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"text"}},"RequestId":"id-1"}}}}"#);
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let response = WireResponse { status: 200, headers, body: body.into_bytes() };
    let fault = Cloud.decode(call, &response).expect_err(code);
    assert_eq!((fault.code.as_deref(), fault.message.as_str()), (Some(code), "text"));
    assert_eq!((fault.request_id.as_deref(), fault.http_status), (Some("id-1"), Some(200)));
    (fault.kind, fault.effect)
}

#[test]
fn a_code_decides_and_one_that_is_not_listed_is_what_its_family_is() {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind as K;
    // (code, kind, effect of a release, of a detach, of a read)
    let table = [
        ("ResourceNotFound", K::NotFound, AlreadyDone, AlreadyDone, Nothing),
        ("InvalidParameterValue.Malformed", K::BadRequest, Nothing, Nothing, Nothing),
        ("InvalidParameterValue.DuplicatePara", K::BadRequest, Nothing, Nothing, Nothing),
        ("InvalidParameterValue.LimitExceeded", K::BadRequest, Nothing, Nothing, Nothing),
        ("InvalidParameter.Coexist", K::BadRequest, Nothing, Nothing, Nothing),
        ("InvalidInstanceId.Malformed", K::BadRequest, Nothing, Nothing, Nothing),
        ("MissingParameter", K::BadRequest, Nothing, Nothing, Nothing),
        ("UnknownParameter", K::BadRequest, Nothing, Nothing, Nothing),
        ("InvalidAction", K::BadRequest, Nothing, Nothing, Nothing),
        ("NoSuchVersion", K::BadRequest, Nothing, Nothing, Nothing),
        ("UnsupportedRegion", K::Refused, Nothing, Nothing, Nothing),
        ("UnsupportedOperation", K::Refused, Nothing, Nothing, Nothing),
        ("UnsupportedOperation.InvalidState", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
        ("UnsupportedOperation.MutexOperationTaskRunning", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
        ("UnsupportedOperation.IdempotentProcessing", K::Conflict, Unknown, Unknown, NothingRetry),
        ("UnsupportedOperation.IdempotentParameterMismatch", K::BadRequest, Nothing, Nothing, Nothing),
        ("UnsupportedOperation.AttachmentNotFound", K::NotFound, AlreadyDone, AlreadyDone, Nothing),
        ("UnsupportedOperation.AttachmentAlreadyExists", K::Refused, Nothing, Nothing, Nothing),
        ("UnsupportedOperation.InstanceAssociateHavip", K::Refused, Nothing, Nothing, Nothing),
        ("UnsupportedOperation.SomethingNew", K::Refused, Nothing, Nothing, Nothing),
        ("ResourceInUse", K::Refused, Nothing, Nothing, Nothing),
        ("ResourceInsufficient.Subnet", K::Refused, Nothing, Nothing, Nothing),
        ("LimitExceeded", K::Refused, Nothing, Nothing, Nothing),
        ("LimitExceeded.ActionLimited", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        ("RequestLimitExceeded", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        ("RequestLimitExceeded.UinLimitExceeded", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        ("InternalError", K::Server, Unknown, Unknown, NothingRetry),
        ("InternalError.ModuleError", K::Server, Unknown, Unknown, NothingRetry),
        ("InternalServerError", K::Server, Unknown, Unknown, NothingRetry),
        ("ServiceUnavailable", K::Server, Unknown, Unknown, NothingRetry),
        ("FailedOperation.NetDetectTimeOut", K::Server, Unknown, Unknown, NothingRetry),
        ("FailedOperation.TaskFailed", K::Refused, Unknown, Unknown, Nothing),
        ("AuthFailure.SignatureFailure", K::Credentials, Nothing, Nothing, Nothing),
        ("AuthFailure.SecretIdNotFound", K::Credentials, Nothing, Nothing, Nothing),
        ("AuthFailure.TokenFailure", K::Credentials, Nothing, Nothing, Nothing),
        ("AuthFailure.SignatureExpire", K::Clock, Nothing, Nothing, Nothing),
        ("AuthFailure.UnauthorizedOperation", K::Permission, Nothing, Nothing, Nothing),
        ("UnauthorizedOperation", K::Permission, Nothing, Nothing, Nothing),
        ("UnauthorizedOperation.InvalidToken", K::Credentials, Nothing, Nothing, Nothing),
        ("UnauthorizedOperation.PrimaryIp", K::Refused, Nothing, Nothing, Nothing),
        ("IpNotInWhitelist", K::Permission, Nothing, Nothing, Nothing),
        ("InvalidAddressId.NotFound", K::NotFound, Nothing, Nothing, Nothing),
        ("InvalidParameter.LBIdNotFound", K::NotFound, Nothing, Nothing, Nothing),
        ("OperationDenied.MutexTaskRunning", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
        ("OperationDenied.AddressInArrears", K::Refused, Nothing, Nothing, Nothing),
        ("ActionOffline", K::Refused, Nothing, Nothing, Nothing),
        ("DryRunOperation", K::Other, Nothing, Nothing, Nothing),
        ("ResponseSizeLimitExceeded", K::BadRequest, Nothing, Nothing, Nothing),
        // A family of tomorrow: whether it lets a write happen in part is not known.
        ("CosmicRay.Hit", K::Other, Unknown, Unknown, Nothing),
    ];
    let [release, detach, read] = calls();
    for (code, kind, of_release, of_detach, of_read) in table {
        assert_eq!(judged(&release, code), (kind, of_release), "release {code}");
        assert_eq!(judged(&detach, code), (kind, of_detach), "detach {code}");
        assert_eq!(judged(&read, code), (kind, of_read), "read {code}");
    }
    let attach = Call::write("r".into(), OperationKind::Attach { nic: "eni-1".into(), instance: "ins-1".into() });
    assert_eq!(judged(&attach, "UnsupportedOperation.AttachmentAlreadyExists"), (K::Refused, AlreadyDone));
    assert_eq!(judged(&attach, "ResourceNotFound"), (K::NotFound, Nothing));
}

/// Every call with every answer that is not the API's: no panic, and a write is never taken for done or not done.
#[test]
fn answers_that_are_not_the_apis_prove_nothing() {
    let bodies: &[&[u8]] = &[
        b"",
        b"<html>go away</html>",
        b"{}",
        b"[]",
        b"null",
        b"{\"Response\":null}",
        b"{\"Response\":[]}",
        b"{\"Response\":{}}",
        b"{\"Response\":{\"RequestId\":\"\"}}",
        b"{\"Response\":{\"RequestId\":\"x\",\"Error\":{}}}",
        b"{\"Response\":{\"RequestId\":\"x\",\"Error\":{\"Code\":\"\"}}}",
        b"{\"Response\":{\"RequestId\":\"x\",\"Error\":\"boom\"}}",
        b"{\"Response\":{\"RequestId\":\"x\"",
        b"\xff\xfe{\x00}\x00",
        b"{\"code\":4100,\"message\":\"x\",\"codeDesc\":\"y\"}",
    ];
    let statuses = [
        (200, FaultKind::Garbage, Effect::Nothing),
        (302, FaultKind::Redirect, Effect::Nothing),
        (403, FaultKind::Garbage, Effect::Nothing),
        (408, FaultKind::Timeout, Effect::NothingRetry),
        (429, FaultKind::Throttled, Effect::NothingRetry),
        (502, FaultKind::Server, Effect::NothingRetry),
        (504, FaultKind::Timeout, Effect::NothingRetry),
    ];
    let mut every: Vec<Call> = calls().to_vec();
    let ip = "10.0.0.2".parse().unwrap();
    every.push(Call::write("r".into(), OperationKind::Assign { nic: "eni-1".into(), ips: vec![ip], lists: vec![] }));
    every.push(Call::write("r".into(), OperationKind::BindEip { nic: "eni-1".into(), eip: "eip-1".into(), ip }));
    every.push(Call::write("r".into(), OperationKind::Delete { nic: "eni-1".into() }));
    every.push(Call::Task { region: "r".into(), task: "t".into() });
    every.push(Call::Task { region: "r".into(), task: "eip:1".into() });
    for resource in [Resource::Regions, Resource::Instances, Resource::Eips, Resource::Backends] {
        every.push(Call::List(Listing::all(resource, Some("r".into()))));
    }
    for call in &every {
        for body in bodies {
            for (status, kind, effect) in statuses {
                let response = WireResponse { status, headers: vec![], body: body.to_vec() };
                let fault = Cloud.decode(call, &response).expect_err("an answer that is none");
                let effect = if call.is_write() { Effect::Unknown } else { effect };
                assert_eq!((fault.kind, fault.effect, fault.code), (kind, effect, None), "{call:?} {status} {body:?}");
            }
        }
    }
}
