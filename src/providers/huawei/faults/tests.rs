//! The seven envelopes, and what each code means for a read, a release, a detach.

use super::*;
use crate::{
    domain::page::{Listing, Resource, Scope},
    providers::{
        huawei::{decode::decode, part, release},
        provider::Step,
    },
};

fn read() -> Call {
    Call::List(Listing::all(Resource::Nics, Some("r".into())))
}

fn release() -> Call {
    Call::write("r".into(), OperationKind::Release { nic: "n".into(), ips: vec![] })
}

fn detach() -> Call {
    Call::write("r".into(), OperationKind::Detach { nic: "n".into(), instance: "i".into() })
}

fn delete() -> Call {
    Call::write("r".into(), OperationKind::Delete { nic: "n".into() })
}

fn answer(status: u16, body: &str) -> WireResponse {
    let headers = vec![("x-request-id".to_owned(), "from-header".to_owned())];
    WireResponse { status, headers, body: body.as_bytes().to_vec() }
}

fn judged(call: &Call, status: u16, body: &str) -> Fault {
    let told = serde_json::from_str(body).ok().and_then(|body| Told::read(&body));
    fault(call, &answer(status, body), told)
}

fn coded(call: &Call, status: u16, code: &str) -> (FaultKind, Effect) {
    let fault = judged(call, status, &format!(r#"{{"code":"{code}","message":"m"}}"#));
    assert_eq!((fault.code.as_deref(), fault.http_status), (Some(code), Some(status)));
    (fault.kind, fault.effect)
}

#[test]
fn every_envelope_brings_its_code_message_and_request_id() {
    for (body, code, message, id) in [
        (
            r#"{"error_code":"APIGW.0101","error_msg":"no such API","request_id":"r-1"}"#,
            "APIGW.0101",
            "no such API",
            "r-1",
        ),
        (r#"{"errorCode":"X.1","errorMsg":"odd"}"#, "X.1", "odd", "from-header"),
        (r#"{"code":"VPC.2502","message":"gone"}"#, "VPC.2502", "gone", "from-header"),
        (
            r#"{"error":{"code":"Ecs.0100","message":"state","details":[{"code":"x"}]}}"#,
            "Ecs.0100",
            "state",
            "from-header",
        ),
        (r#"{"error":{"code":401,"message":"wrong","title":"Unauthorized"}}"#, "401", "wrong", "from-header"),
        (
            r#"{"NeutronError":{"type":"PortNotFound","message":"Port x","detail":""}}"#,
            "PortNotFound",
            "Port x",
            "from-header",
        ),
        (r#"{"itemNotFound":{"code":404,"message":"none"}}"#, "itemNotFound", "none", "from-header"),
        (r#"{"conflictingRequest":{"code":409,"message":"busy"}}"#, "conflictingRequest", "busy", "from-header"),
        (
            r#"{"code":"VPC.0108","message":"{\"NeutronError\":{\"message\":\"Router is used\",\"type\":\"RouterInUse\"}}"}"#,
            "VPC.0108",
            "Router is used",
            "from-header",
        ),
    ] {
        let fault = judged(&read(), 400, body);
        assert_eq!(fault.code.as_deref(), Some(code), "{body}");
        assert_eq!((fault.message.as_str(), fault.request_id.as_deref()), (message, Some(id)), "{body}");
    }
    for none in [
        "{}",
        "[]",
        "null",
        "7",
        r#"{"code":""}"#,
        r#"{"ports":[]}"#,
        r#"{"error":null}"#,
        r#"{"code":"x"}"#,
        r#"{"job_id":"j"}"#,
    ] {
        let body = serde_json::from_str(none).unwrap();
        assert_eq!(Told::read(&body), None, "{none}");
    }
}

#[test]
fn a_documented_code_decides_what_was_done() {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind as K;
    // (status, code, kind, effect of a release, of a detach, of a read)
    for (status, code, kind, of_release, of_detach, of_read) in [
        (404, "APIGW.0101", K::NotFound, Nothing, Nothing, Nothing),
        (429, "APIGW.0308", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        (504, "APIGW.0201", K::Timeout, Unknown, Unknown, NothingRetry),
        (502, "APIGW.0201", K::Server, Unknown, Unknown, NothingRetry),
        (403, "Pdp.0001", K::Permission, Nothing, Nothing, Nothing),
        (403, "Ecs.0110", K::Permission, Nothing, Nothing, Nothing),
        (403, "VPC.2201", K::Permission, Nothing, Nothing, Nothing),
        (403, "Ecs.0003", K::Permission, Nothing, Nothing, Nothing),
        (400, "Ecs.0005", K::BadRequest, Nothing, Nothing, Nothing),
        (400, "Common.0018", K::BadRequest, Nothing, Nothing, Nothing),
        (400, "VPC.0007", K::BadRequest, Nothing, Nothing, Nothing),
        (400, "VPC.2500", K::BadRequest, Nothing, Nothing, Nothing),
        (400, "Ecs.0085", K::NotFound, Nothing, AlreadyDone, Nothing),
        (404, "VPC.2502", K::NotFound, AlreadyDone, Nothing, Nothing),
        (500, "VPC.2502", K::Server, Unknown, Unknown, NothingRetry),
        (400, "Ecs.0307", K::NotFound, Nothing, Nothing, Nothing),
        (404, "Ecs.0114", K::NotFound, Nothing, Nothing, Nothing),
        (400, "Ecs.0100", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
        (400, "Ecs.0605", K::Refused, Nothing, Nothing, Nothing),
        (400, "Ecs.0030", K::Refused, Nothing, Nothing, Nothing),
        (400, "Ecs.0919", K::Refused, Nothing, Nothing, Nothing),
        (501, "Ecs.0603", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
        (400, "Ecs.0213", K::Refused, Unknown, Unknown, NothingRetry),
        (400, "Ecs.0507", K::Refused, Unknown, Unknown, NothingRetry),
        (400, "Ecs.1002", K::Timeout, Unknown, Unknown, NothingRetry),
        (400, "Common.0026", K::Server, NothingRetry, NothingRetry, NothingRetry),
        (500, "Common.0001", K::Server, Unknown, Unknown, NothingRetry),
        (503, "Common.1503", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        (202, "Common.0024", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        (401, "Common.0013", K::Credentials, Nothing, Nothing, Nothing),
        (409, "VPC.0701", K::Refused, Nothing, Nothing, Nothing),
        // Codes of tomorrow.
        (400, "Ecs.9999", K::Other, Unknown, Unknown, Nothing),
        (404, "VPC.9999", K::NotFound, Unknown, Unknown, Nothing),
        (409, "VPC.9999", K::Refused, Unknown, Unknown, Nothing),
        (413, "Ecs.9999", K::Other, Unknown, Unknown, Nothing),
        // Of other calls: the vendor's page says that they are final.
        (400, "Ecs.0077", K::Other, Nothing, Nothing, Nothing),
        (400, "Ecs.0901", K::Other, Nothing, Nothing, Nothing),
        (500, "Ecs.0901", K::Server, Unknown, Unknown, NothingRetry),
        (400, "Ecs.0901.1", K::Other, Unknown, Unknown, Nothing),
        (403, "Ecs.9999", K::Permission, Nothing, Nothing, Nothing),
        (500, "VPC.9999", K::Server, Unknown, Unknown, NothingRetry),
        (429, "ELB.9999", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        (200, "Ecs.9999", K::Other, Unknown, Unknown, NothingRetry),
    ] {
        assert_eq!(coded(&release(), status, code), (kind, of_release), "release {status} {code}");
        assert_eq!(coded(&detach(), status, code), (kind, of_detach), "detach {status} {code}");
        assert_eq!(coded(&read(), status, code), (kind, of_read), "read {status} {code}");
    }
    assert_eq!(coded(&delete(), 404, "VPC.2500"), (K::NotFound, AlreadyDone));
    assert_eq!(coded(&delete(), 400, "VPC.2500"), (K::BadRequest, Nothing));
    // The codes of other services go by their status.
    let bind = || {
        Call::write(
            "r".into(),
            OperationKind::BindEip { nic: "n".into(), eip: "e".into(), ip: "10.0.0.2".parse().unwrap() },
        )
    };
    for (status, code, effect) in [
        (404, "VPC.0504", Nothing),
        (409, "EIP.7777", Nothing),
        (408, "EIP.7777", Unknown),
        (500, "EIP.7777", Unknown),
        (400, "Ecs.9999", Unknown),
    ] {
        assert_eq!(coded(&bind(), status, code).1, effect, "{status} {code}");
        assert_eq!(coded(&release(), status, code).1, effect, "{status} {code}");
    }
    let neutron = judged(&release(), 404, r#"{"NeutronError":{"type":"PortNotFound","message":"","detail":""}}"#);
    assert_eq!((neutron.kind, neutron.effect), (K::NotFound, AlreadyDone));
}

#[test]
fn one_code_for_all_of_authentication_is_told_apart_by_its_text() {
    let of = |rest: &str| {
        let body = serde_json::json!({"error_code": "APIGW.0301", "request_id": "r",
            "error_msg": format!("Incorrect IAM authentication information: {rest}")});
        judged(&release(), 401, &body.to_string())
    };
    let skewed =
        of("calc aksk signature fail:signature expired, signature time:20260102T030405Z,server time:20260102T040405Z");
    assert_eq!((skewed.kind, skewed.effect), (FaultKind::Clock, Effect::Nothing));
    assert!(skewed.message.ends_with("server time:20260102T040405Z"), "the server's clock is told");
    for rest in [
        "ak X not exist",
        "AK access failed to reach the limit,forbidden",
        "decrypt token fail",
        "x-auth-token not found",
    ] {
        assert_eq!((of(rest).kind, of(rest).effect), (FaultKind::Credentials, Effect::Nothing), "{rest}");
    }
    let wrong = of("verify aksk signature fail, canonicalRequest:PUT|/v1/|x-security-token:SECRET|");
    assert_eq!(wrong.message, "Incorrect IAM authentication information: verify aksk signature fail");
    let password = judged(
        &Call::SignIn { region: "r".into(), by_name: false },
        401,
        r#"{"error":{"code":401,"message":"wrong","title":"x"}}"#,
    );
    assert_eq!((password.kind, password.code.as_deref()), (FaultKind::Credentials, Some("401")));
}

#[test]
fn an_answer_that_is_not_the_apis_proves_little() {
    for (status, kind, of_read) in [
        (502, FaultKind::Server, Effect::NothingRetry),
        (504, FaultKind::Timeout, Effect::NothingRetry),
        (429, FaultKind::Throttled, Effect::NothingRetry),
        (403, FaultKind::Garbage, Effect::Nothing),
        (404, FaultKind::Garbage, Effect::Nothing),
    ] {
        for body in ["<html>go away</html>", "", "{\"code\":", "[1]"] {
            let lost = judged(&detach(), status, body);
            assert_eq!((lost.kind, lost.effect, lost.code), (kind, Effect::Unknown, None), "{status} {body}");
            let again = judged(&read(), status, body);
            assert_eq!((again.kind, again.effect), (kind, of_read), "{status} {body}");
        }
    }
}

/// Every call of the codec: each listing in each of its parts, each request of each write, a job, both sign-ins.
fn calls() -> Vec<Call> {
    let list = |resource, part, scope| Call::List(Listing { part, scope, ..Listing::all(resource, Some("r".into())) });
    let nic = || Scope::Nic("n".into());
    let servers = || Scope::Instances(vec!["i".into()]);
    let mut calls = vec![
        list(Resource::Regions, "", Scope::All),
        list(Resource::Instances, "", Scope::All),
        list(Resource::Instances, part::TAIL, Scope::All),
        list(Resource::Instances, "", servers()),
        list(Resource::Instances, part::INTERFACES, servers()),
        list(Resource::Instances, part::SUB_NICS, nic()),
        list(Resource::Eips, "", Scope::All),
        list(Resource::Eips, "", nic()),
        list(Resource::Backends, "", Scope::All),
        list(Resource::Backends, "", nic()),
        Call::Task { region: "r".into(), task: "j".into() },
        Call::SignIn { region: "r".into(), by_name: true },
        Call::SignIn { region: "r".into(), by_name: false },
    ];
    for part in ["", part::V2] {
        calls.extend([Scope::All, nic()].map(|scope| list(Resource::Nics, part, scope)));
        calls.extend([Scope::All, Scope::Group("net".into())].map(|scope| list(Resource::Floats, part, scope)));
    }
    let ip = || vec!["10.0.0.2".parse().unwrap()];
    let release = || OperationKind::Release { nic: "n".into(), ips: ip() };
    let assign = || OperationKind::Assign { nic: "n".into(), ips: ip(), lists: vec![] };
    let detach = || OperationKind::Detach { nic: "n".into(), instance: "i".into() };
    let delete = || OperationKind::Delete { nic: "n".into() };
    let list = Some("v []");
    for (kind, name, carry) in [
        (release(), release::ALL, None),
        (release(), release::PORT, list),
        (release(), release::PORT_V2, list),
        (assign(), release::BIND, Some("net 10.0.0.2")),
        (assign(), release::PORT, list),
        (assign(), release::PORT_V2, list),
        (detach(), release::KEEP, None),
        (detach(), release::UNPLUG, None),
        (OperationKind::Attach { nic: "n".into(), instance: "i".into() }, "", None),
        (OperationKind::BindEip { nic: "n".into(), eip: "e".into(), ip: ip()[0] }, release::EIP, Some("n")),
        (delete(), "", None),
        (delete(), release::DELETE_V2, None),
    ] {
        let step = Step { name, carry: carry.map(Into::into), last: true };
        calls.push(Call::Write { region: "r".into(), kind, step });
    }
    calls
}

/// Every envelope may come in answer to every call: the gateway and proxies of services stand before all of them.
#[test]
fn each_envelope_in_answer_to_each_call_keeps_its_class_code_and_request_id() {
    use Effect::{Nothing, NothingRetry, Unknown};
    use FaultKind as K;
    let rows = [
        // (status, body, code, request id, class, effect of a write, of anything else)
        (
            429,
            r#"{"error_code":"APIGW.0308","error_msg":"m","request_id":"own"}"#,
            "APIGW.0308",
            "own",
            K::Throttled,
            NothingRetry,
            NothingRetry,
        ),
        (409, r#"{"errorCode":"Odd.0001","errorMsg":"m"}"#, "Odd.0001", "from-header", K::Refused, Unknown, Nothing),
        (401, r#"{"code":"VPC.0008","message":"m"}"#, "VPC.0008", "from-header", K::Credentials, Nothing, Nothing),
        (
            501,
            r#"{"error":{"code":"Ecs.0603","message":"m"}}"#,
            "Ecs.0603",
            "from-header",
            K::Conflict,
            NothingRetry,
            NothingRetry,
        ),
        (
            401,
            r#"{"error":{"code":401,"message":"m","title":"Unauthorized"}}"#,
            "401",
            "from-header",
            K::Credentials,
            Nothing,
            Nothing,
        ),
        (
            500,
            r#"{"NeutronError":{"type":"HTTPInternalServerError","message":"m","detail":""}}"#,
            "HTTPInternalServerError",
            "from-header",
            K::Server,
            Unknown,
            NothingRetry,
        ),
        (
            503,
            r#"{"computeFault":{"code":503,"message":"m"}}"#,
            "computeFault",
            "from-header",
            K::Server,
            Unknown,
            NothingRetry,
        ),
        // Inside a good status.
        (
            202,
            r#"{"error":{"code":"Common.0024","message":"m"}}"#,
            "Common.0024",
            "from-header",
            K::Throttled,
            NothingRetry,
            NothingRetry,
        ),
        (200, r#"{"code":"Ecs.0213","message":"m"}"#, "Ecs.0213", "from-header", K::Refused, Unknown, NothingRetry),
        (
            200,
            r#"{"error_code":"APIGW.0602","error_msg":"m","request_id":"own"}"#,
            "APIGW.0602",
            "own",
            K::Server,
            Unknown,
            NothingRetry,
        ),
    ];
    for call in calls() {
        for (status, body, code, id, kind, of_write, else_of) in rows {
            let what = format!("{} {status} {body}", encode::action(&call));
            let fault = decode(&call, &answer(status, body)).expect_err(&what);
            assert_eq!(
                (fault.code.as_deref(), fault.request_id.as_deref(), fault.http_status),
                (Some(code), Some(id), Some(status)),
                "{what}"
            );
            assert_eq!((fault.kind, fault.effect), (kind, if call.is_write() { of_write } else { else_of }), "{what}");
            assert_eq!((fault.message.as_str(), fault.action.as_str()), ("m", encode::action(&call)), "{what}");
        }
    }
}
