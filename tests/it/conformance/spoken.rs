//! Each vendor's errors in each envelope that it writes them in, in answer to each call of its cloud: the class of the outcome is right
//! (nothing done, done, not known), the vendor's code, message and request id survive, nothing panics. The codec alone.

use nicdeck::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        page::{InventoryPage, Told},
        plan::OperationKind,
    },
    providers::provider::{Call, Provider, Reply},
    wire::{WireRequest, WireResponse},
};
use serde_json::{Value, json};

use super::envelopes::{calls, codecs, profile};

const ID: &str = "0123456789abcdef";

/// One error, and what it means.
#[derive(Clone, Copy)]
struct Said {
    status: u16,
    /// As the program tells it.
    code: &'static str,
    kind: FaultKind,
    of_write: Effect,
    of_read: Effect,
    /// Writes that it tells to be done: what they wish for is so.
    done: &'static [&'static str],
}

/// Nothing was done, and a second try would not help.
const fn refused(status: u16, code: &'static str, kind: FaultKind) -> Said {
    Said { status, code, kind, of_write: Effect::Nothing, of_read: Effect::Nothing, done: &[] }
}

/// Nothing was done, and it may pass later.
const fn passes(status: u16, code: &'static str, kind: FaultKind) -> Said {
    Said { of_write: Effect::NothingRetry, of_read: Effect::NothingRetry, ..refused(status, code, kind) }
}

/// What was done is not known; a read is made again.
const fn lost(status: u16, code: &'static str, kind: FaultKind) -> Said {
    Said { of_write: Effect::Unknown, of_read: Effect::NothingRetry, ..refused(status, code, kind) }
}

/// What was done is not known, and a second try would not help.
const fn open(status: u16, code: &'static str, kind: FaultKind) -> Said {
    Said { of_write: Effect::Unknown, ..refused(status, code, kind) }
}

/// It is not there: what these writes wish for.
const fn gone(status: u16, code: &'static str, done: &'static [&'static str]) -> Said {
    Said { done, ..refused(status, code, FaultKind::NotFound) }
}

/// A way to write an error down.
struct Envelope {
    name: &'static str,
    /// Of which requests it is the answer.
    answers: fn(&WireRequest) -> bool,
    write: fn(&Said) -> WireResponse,
    /// It holds the request's id, and the vendor's message.
    whole: bool,
    says: &'static [Said],
}

const ANY: Envelope = Envelope { name: "", answers: |_| true, write: |_| unreachable!(), whole: true, says: &[] };

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> WireResponse {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    WireResponse { status, headers, body: body.to_vec() }
}

fn body(status: u16, headers: &[(&str, &str)], body: &Value) -> WireResponse {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    answer(status, &all, body.to_string().as_bytes())
}

use FaultKind as K;

const ALIYUN: &[Said] = &[
    passes(400, "Throttling.User", K::Throttled),
    passes(429, "Rejected.Throttling", K::Throttled),
    passes(403, "Operation.Conflict", K::Conflict),
    refused(400, "SignatureDoesNotMatch", K::Credentials),
    refused(404, "InvalidAccessKeyId.NotFound", K::Credentials),
    refused(400, "InvalidTimeStamp.Expired", K::Clock),
    refused(403, "Forbidden.RAM", K::Permission),
    refused(403, "InvalidOperation.EniServiceManaged", K::Refused),
    refused(400, "InvalidParameter", K::BadRequest),
    gone(404, "InvalidEniId.NotFound", &["release", "detach", "delete"]),
    gone(403, "InvalidIp.IpUnassigned", &["release"]),
    lost(500, "InternalError", K::Server),
    lost(503, "ServiceUnavailable", K::Server),
    open(403, "Odd.Code", K::Other),
];

fn aliyun() -> Vec<Envelope> {
    let json = Envelope {
        name: "JSON",
        write: |said| {
            let Said { status, code, .. } = *said;
            let error = json!({"RequestId": ID, "HostId": "h", "Code": code, "Message": "m", "Recommend": "r"});
            body(status, &[], &error)
        },
        says: ALIYUN,
        ..ANY
    };
    vec![
        Envelope {
            name: "names in lower case",
            write: |said| body(said.status, &[], &json!({"requestId": ID, "code": said.code, "message": "m"})),
            says: ALIYUN,
            ..ANY
        },
        Envelope {
            name: "XML",
            write: |said| {
                let code = said.code;
                let text = format!(
                    "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>{ID}</RequestId><HostId>h</HostId>\
                     <Code>{code}</Code><Message>m</Message></Error>"
                );
                answer(said.status, &[("content-type", "text/xml")], text.as_bytes())
            },
            says: ALIYUN,
            ..ANY
        },
        Envelope {
            name: "id in a header",
            write: |said| {
                let error = json!({"Code": said.code, "Message": "m"});
                body(said.status, &[("x-acs-request-id", ID)], &error)
            },
            says: ALIYUN,
            ..ANY
        },
        Envelope {
            name: "inside a success",
            write: |said| {
                body(200, &[], &json!({"RequestId": ID, "Code": said.code, "Message": "m", "Success": false}))
            },
            says: ALIYUN,
            ..ANY
        },
        json,
    ]
}

const TENCENT: &[Said] = &[
    passes(200, "RequestLimitExceeded", K::Throttled),
    passes(200, "UnsupportedOperation.MutexOperationTaskRunning", K::Conflict),
    refused(200, "AuthFailure.SignatureFailure", K::Credentials),
    refused(200, "AuthFailure.SignatureExpire", K::Clock),
    refused(200, "UnauthorizedOperation", K::Permission),
    refused(200, "UnsupportedOperation.InvalidInstanceState", K::Refused),
    refused(200, "InvalidParameterValue.Malformed", K::BadRequest),
    gone(200, "ResourceNotFound", &["release", "detach", "delete"]),
    lost(200, "InternalError", K::Server),
    open(200, "FailedOperation", K::Refused),
    open(200, "Odd.Code", K::Other),
];

fn newer(said: &Said, content: &str) -> WireResponse {
    let error = json!({"Response": {"Error": {"Code": said.code, "Message": "m"}, "RequestId": ID}});
    answer(200, &[("content-type", content)], error.to_string().as_bytes())
}

fn tencent() -> Vec<Envelope> {
    let plain = Envelope { name: "API 3.0", write: |said| newer(said, "application/json"), says: TENCENT, ..ANY };
    let with_charset: fn(&Said) -> WireResponse = |said| newer(said, "application/json; charset=utf-8");
    vec![Envelope { name: "API 3.0 with a charset", write: with_charset, says: TENCENT, ..ANY }, plain]
}

/// The number goes by the name here; one without a name is told by its number.
const LEGACY: &[(u32, Said)] = &[
    (4400, passes(200, "InvalidRequest.LimitExceeded", K::Throttled)),
    (5100, passes(200, "ActionLocked", K::Conflict)),
    (4100, refused(200, "InvalidParameter.SignatureFailure", K::Credentials)),
    (4500, refused(200, "InvalidRequest.ReplayAttack", K::Clock)),
    (4102, refused(200, "UnauthorizedOperation", K::Permission)),
    (5100, refused(200, "InvalidPrivateIpAddress.InUse", K::Refused)),
    (5000, gone(200, "InvalidNetworkInterface.NotFound", &["release", "detach", "delete"])),
    (6000, lost(200, "InternalError", K::Server)),
    (5100, open(200, "InternalError.ResourceOpFailed", K::Refused)),
    (9999, open(200, "SomethingNew", K::Other)),
];

const NAMED: &[Said] = &{
    let mut all = [LEGACY[0].1; LEGACY.len()];
    let mut at = 0;
    while at < LEGACY.len() {
        all[at] = LEGACY[at].1;
        at += 1;
    }
    all
};

const NUMBERED: &[Said] = &[
    passes(200, "4400", K::Throttled),
    refused(200, "4104", K::Credentials),
    refused(200, "4103", K::Permission),
    refused(200, "4000", K::BadRequest),
    refused(200, "5300", K::Refused),
    lost(200, "6000", K::Server),
    open(200, "5400", K::Refused),
];

fn number(said: &Said) -> u32 {
    LEGACY
        .iter()
        .find(|(_, one)| one.code == said.code)
        .map_or_else(|| said.code.parse().unwrap(), |(number, _)| *number)
}

fn is_legacy(request: &WireRequest) -> bool {
    request.path == "/v2/index.php"
}

fn is_versioned(request: &WireRequest) -> bool {
    let text = format!("{}&{}", request.query, String::from_utf8_lossy(&request.body));
    is_legacy(request) && text.contains("Version=")
}

fn legacy() -> Vec<Envelope> {
    let own: fn(&WireRequest) -> bool = |request| is_legacy(request) && !is_versioned(request);
    let wrapped = Envelope {
        name: "API 2.0 in the envelope of 3.0",
        answers: is_versioned,
        write: |said| newer(said, "application/json"),
        says: NAMED,
        ..ANY
    };
    vec![
        Envelope {
            name: "API 2.0",
            answers: own,
            write: |said| body(200, &[], &json!({"code": number(said), "message": "m", "codeDesc": said.code})),
            whole: false,
            says: NAMED,
        },
        Envelope {
            name: "API 2.0, numbers as text",
            answers: own,
            write: |said| {
                let code = number(said).to_string();
                body(200, &[], &json!({"code": code, "message": "m", "codeDesc": said.code}))
            },
            whole: false,
            says: NAMED,
        },
        Envelope {
            name: "API 2.0 without a name",
            answers: own,
            write: |said| body(200, &[], &json!({"code": number(said), "message": "m"})),
            whole: false,
            says: NUMBERED,
        },
        wrapped,
        Envelope {
            name: "API 3.0",
            answers: |request| !is_legacy(request),
            write: |said| newer(said, "application/json"),
            says: TENCENT,
            ..ANY
        },
    ]
}

fn zenlayer() -> Vec<Envelope> {
    vec![
        Envelope {
            name: "JSON",
            write: |said| body(said.status, &[], &json!({"requestId": ID, "code": said.code, "message": "m"})),
            says: const {
                &[
                    passes(429, "REQUEST_LIMIT_EXCEEDED", K::Throttled),
                    refused(400, "INVALID_NIC_STATUS", K::Conflict),
                    refused(401, "AUTHFAILURE_SIGNATURE_FAILURE", K::Credentials),
                    refused(401, "AUTHFAILURE_SIGNATURE_EXPIRED", K::Clock),
                    refused(401, "AUTHFAILURE_UNAUTHORIZED_OPERATION", K::Permission),
                    refused(409, "INVALID_NIC_PRIMARY_CANT_DETACH", K::Refused),
                    refused(400, "MISSING_PARAMETER", K::BadRequest),
                    gone(404, "OPERATION_FAILED_RESOURCE_NOT_FOUND", &["release", "delete"]),
                    Said { done: &["detach"], ..refused(403, "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE", K::Refused) },
                    lost(500, "INTERNAL_SERVER_ERROR", K::Server),
                    lost(503, "REQUEST_TIMED_OUT", K::Timeout),
                    open(409, "INVALID_NIC_IS_ON_HOLIDAY", K::Other),
                ]
            },
            ..ANY
        },
        // They stand before the API: neither got through to it.
        Envelope {
            name: "a policy's page",
            write: |said| answer(said.status, &[("content-type", "text/html")], b"<html>no</html>"),
            whole: false,
            says: const { &[refused(451, "REQUEST_BLOCKED", K::Permission)] },
            ..ANY
        },
        Envelope {
            name: "a firewall's page",
            write: |said| answer(said.status, &[("cf-mitigated", "challenge")], b"<html>Just a moment</html>"),
            whole: false,
            says: const { &[refused(403, "SECURITY_CHALLENGE", K::Garbage)] },
            ..ANY
        },
    ]
}

const HUAWEI: &[Said] = &[
    passes(429, "APIGW.0308", K::Throttled),
    // Inside a good status.
    passes(202, "Common.0024", K::Throttled),
    passes(501, "Ecs.0603", K::Conflict),
    refused(401, "VPC.0008", K::Credentials),
    refused(403, "APIGW.0302", K::Permission),
    refused(400, "Ecs.0919", K::Refused),
    refused(400, "VPC.0007", K::BadRequest),
    gone(400, "Ecs.0085", &["detach"]),
    lost(500, "APIGW.0602", K::Server),
    lost(200, "Ecs.0213", K::Refused),
    open(409, "Odd.0001", K::Refused),
];

/// The seven of the vendor's pages, the ids in a header or in the body, and inside a good status.
fn huawei() -> Vec<Envelope> {
    vec![
        Envelope {
            name: "gateway",
            write: |said| body(said.status, &[], &json!({"error_code": said.code, "error_msg": "m", "request_id": ID})),
            says: HUAWEI,
            ..ANY
        },
        Envelope {
            name: "some services",
            write: |said| {
                let headers = [("x-request-id", ID)];
                body(said.status, &headers, &json!({"errorCode": said.code, "errorMsg": "m"}))
            },
            says: HUAWEI,
            ..ANY
        },
        Envelope {
            name: "VPC",
            write: |said| body(said.status, &[("x-request-id", ID)], &json!({"code": said.code, "message": "m"})),
            says: HUAWEI,
            ..ANY
        },
        Envelope {
            name: "VPC, JSON in text",
            write: |said| {
                let inner = json!({"NeutronError": {"message": "m", "type": "T", "detail": ""}}).to_string();
                body(said.status, &[("x-request-id", ID)], &json!({"code": said.code, "message": inner}))
            },
            says: HUAWEI,
            ..ANY
        },
        Envelope {
            name: "ECS",
            write: |said| {
                let details = json!([{"code": "Ecs.1", "message": "x"}]);
                let error = json!({"error": {"code": said.code, "message": "m", "details": details}});
                body(said.status, &[("x-request-id", ID)], &error)
            },
            says: HUAWEI,
            ..ANY
        },
        Envelope {
            name: "IAM",
            write: |said| {
                let error = json!({"error": {"code": said.status, "message": "m", "title": "T"}});
                body(said.status, &[("x-iam-trace-id", ID)], &error)
            },
            says: const {
                &[
                    refused(401, "401", K::Credentials),
                    refused(403, "403", K::Permission),
                    refused(400, "400", K::Other),
                    passes(429, "429", K::Throttled),
                    lost(500, "500", K::Server),
                    lost(503, "503", K::Server),
                ]
            },
            ..ANY
        },
        Envelope {
            name: "VPC v2.0",
            write: |said| {
                let error = json!({"NeutronError": {"type": said.code, "message": "m", "detail": ""}});
                body(said.status, &[("x-request-id", ID)], &error)
            },
            says: const {
                &[
                    gone(404, "PortNotFound", &["release", "delete"]),
                    refused(409, "IpAddressInUse", K::Refused),
                    refused(403, "PolicyNotAuthorized", K::Permission),
                    lost(500, "HTTPInternalServerError", K::Server),
                    open(409, "OddConflict", K::Refused),
                ]
            },
            ..ANY
        },
        Envelope {
            name: "ECS v2.1",
            write: |said| {
                let mut error = json!({});
                error[said.code] = json!({"code": said.status, "message": "m"});
                body(said.status, &[("x-request-id", ID)], &error)
            },
            says: const {
                &[
                    gone(404, "itemNotFound", &["release", "delete"]),
                    refused(400, "badRequest", K::BadRequest),
                    refused(403, "forbidden", K::Permission),
                    refused(409, "conflictingRequest", K::Refused),
                    lost(503, "computeFault", K::Server),
                ]
            },
            ..ANY
        },
    ]
}

fn envelopes(cloud: &str, legacy: bool) -> Vec<Envelope> {
    match cloud {
        "aliyun" => aliyun(),
        "huawei" => huawei(),
        "tencent" if legacy => self::legacy(),
        "tencent" => tencent(),
        "zenlayer" => zenlayer(),
        other => panic!("{other} has no row here"),
    }
}

fn name(call: &Call) -> &'static str {
    match call {
        Call::Write { kind, .. } => match kind {
            OperationKind::Release { .. } => "release",
            OperationKind::Detach { .. } => "detach",
            OperationKind::Assign { .. } => "assign",
            OperationKind::Attach { .. } => "attach",
            OperationKind::BindEip { .. } => "bind an EIP",
            OperationKind::Delete { .. } => "delete",
        },
        Call::List(_) => "list",
        Call::Task { .. } => "task",
        Call::SignIn { .. } => "sign-in",
        Call::Identity { .. } => "identity",
    }
}

/// What it would have told is not known, and nothing else is missing for that.
fn refused_part(reply: &Reply) -> Option<Fault> {
    let Reply::Page(InventoryPage { told, .. }) = reply else { return None };
    told.iter().find_map(|told| match told {
        Told::Refused(fault) => Some((**fault).clone()),
        _ => None,
    })
}

/// What is wrong about this error in answer to this call.
fn complaint(cloud: &dyn Provider, call: &Call, envelope: &Envelope, said: &Said) -> Option<String> {
    let response = (envelope.write)(said);
    let what =
        format!("{} {} {}, {} {}", cloud.descriptor().id, name(call), cloud.action(call), envelope.name, said.code);
    let reply = cloud.decode(call, &response);
    let part = reply.as_ref().ok().and_then(refused_part);
    let fault = match part.map_or(reply, Err) {
        Err(fault) => fault,
        // Of one object that is gone nothing is listed.
        Ok(_) if said.kind == FaultKind::NotFound && matches!(call, Call::List(_)) => return None,
        Ok(reply) => return Some(format!("{what}: {reply:?}")),
    };
    let effect = match call {
        Call::Write { .. } if said.done.contains(&name(call)) => Effect::AlreadyDone,
        Call::Write { .. } => said.of_write,
        _ => said.of_read,
    };
    let told = envelope.whole.then_some(ID);
    // What is wished for is not there, whatever else the code says elsewhere.
    let kind = if effect == Effect::AlreadyDone { K::NotFound } else { said.kind };
    let right = (fault.kind, fault.effect) == (kind, effect)
        && fault.code.as_deref() == Some(said.code)
        && fault.request_id.as_deref() == told
        && fault.http_status == Some(response.status)
        && fault.action == cloud.action(call)
        && (fault.message == "m" || !envelope.whole);
    (!right).then(|| format!("{what}: {kind:?} {effect:?} expected: {fault:?}"))
}

#[tokio::test]
async fn each_error_in_each_envelope_keeps_its_class_code_and_request_id_in_answer_to_each_call() {
    let mut wrong = Vec::new();
    for cloud in codecs() {
        let id = cloud.descriptor().id;
        let calls = calls(cloud).await;
        let requests: Vec<WireRequest> = calls.iter().map(|call| cloud.encode(call, &profile(cloud))).collect();
        let envelopes = envelopes(id, requests.iter().any(is_legacy));
        for kind in ["release", "detach", "assign", "attach", "bind an EIP", "delete", "list"] {
            assert!(calls.iter().any(|call| name(call) == kind), "{id}: no {kind}");
        }
        for (call, request) in calls.iter().zip(&requests) {
            let mut kinds = Vec::new();
            for envelope in envelopes.iter().filter(|envelope| (envelope.answers)(request)) {
                wrong.extend(envelope.says.iter().filter_map(|said| complaint(cloud, call, envelope, said)));
                kinds.extend(envelope.says.iter().map(|said| said.kind));
            }
            for kind in [K::Throttled, K::Credentials, K::Permission, K::Refused, K::NotFound, K::Server] {
                assert!(kinds.contains(&kind), "{id} {}: {kind:?} never comes", cloud.action(call));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
