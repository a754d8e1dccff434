//! Huawei Cloud's errors: seven envelopes, by code first, by HTTP status last, never by message, but for authentication, where one
//! code stands for everything.

use serde_json::Value;

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

/// What an error's body says, whichever envelope it came in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Told {
    /// A word or a number as the vendor sent it; empty where the envelope has none.
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
}

/// Text or a number, as text.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Told {
    /// Reads a body that is an error; `None` for one that is none. Vendor: the envelopes of the gateway, ECS, VPC v1 and v2.0,
    /// IAM, Nova.
    pub fn read(body: &Value) -> Option<Self> {
        let body = body.as_object()?;
        let pair = |code: &str, message: &str| {
            let code = text(body.get(code)).filter(|code| !code.is_empty() && code != "0" && code != "200")?;
            Some((code, text(body.get(message)).unwrap_or_default()))
        };
        let inner = |object: &Value| {
            let code = text(object.get("code")).or_else(|| text(object.get("type"))).unwrap_or_default();
            (code, text(object.get("message")).unwrap_or_default())
        };
        let nova = ["itemNotFound", "badRequest", "forbidden", "conflictingRequest", "computeFault"];
        let (code, message) = pair("error_code", "error_msg")
            .or_else(|| pair("errorCode", "errorMsg"))
            .or_else(|| body.get("error").filter(|error| error.is_object()).map(inner))
            .or_else(|| body.get("NeutronError").map(inner))
            .or_else(|| {
                let (kind, object) = nova.iter().find_map(|kind| Some((*kind, body.get(*kind)?)))?;
                // The kind says more than the number beside it, which is the status again.
                Some((kind.to_owned(), inner(object).1))
            })
            .or_else(|| body.get("message").and(pair("code", "message")))?;
        Some(Self { code, message: unwrapped(&message), request_id: text(body.get("request_id")) })
    }
}

/// The VPC's messages may be JSON in text again.
fn unwrapped(message: &str) -> String {
    let inner: Option<Value> = serde_json::from_str(message).ok();
    let found =
        inner.as_ref().and_then(|value| value.pointer("/NeutronError/message").or_else(|| value.get("message")));
    found.and_then(Value::as_str).unwrap_or(message).to_owned()
}

/// The fault that an answer is.
pub(super) fn fault(call: &Call, response: &WireResponse, told: Option<Told>) -> Fault {
    let Some(told) = told else { return nameless(call, response) };
    let Told { code, message, request_id } = told;
    let (kind, effect) = judge(&code, &message, response.status, call);
    Fault {
        kind,
        effect,
        code: Some(code).filter(|code| !code.is_empty()),
        message: harmless(&message),
        request_id: request_id.or_else(|| header_id(response)),
        ..bare(call, response)
    }
}

/// Vendor: IAM has a header of its own.
pub(super) const ID_HEADERS: &[&str] = &["x-request-id", "x-iam-trace-id"];

/// Ids in headers.
pub(super) fn header_id(response: &WireResponse) -> Option<String> {
    ID_HEADERS.iter().find_map(|name| response.header(name)).map(str::to_owned)
}

/// An answer with a good status that is not what was asked for.
pub(super) fn garbage(call: &Call, response: &WireResponse, what: &str) -> Fault {
    let kind = response.header("content-type").unwrap_or(odd::NO_CONTENT_TYPE);
    Fault {
        kind: FaultKind::Garbage,
        effect: if call.is_write() { Effect::Unknown } else { Effect::Nothing },
        message: format!("{kind}: {what}"),
        request_id: header_id(response),
        ..bare(call, response)
    }
}

/// An error without an envelope: a proxy's, half an answer. What became of a write is not known.
fn nameless(call: &Call, response: &WireResponse) -> Fault {
    let (kind, effect) = match response.status {
        408 | 504 => (FaultKind::Timeout, Effect::NothingRetry),
        429 => (FaultKind::Throttled, Effect::NothingRetry),
        500.. => (FaultKind::Server, Effect::NothingRetry),
        _ => (FaultKind::Garbage, Effect::Nothing),
    };
    let effect = if call.is_write() { Effect::Unknown } else { effect };
    Fault { kind, effect, ..garbage(call, response, odd::NO_ERROR_CODE) }
}

fn bare(call: &Call, response: &WireResponse) -> Fault {
    Fault { http_status: Some(response.status), ..Fault::local(FaultKind::Other, encode::action(call), "") }
}

/// Cuts off what the gateway adds to signature errors: its canonical request holds headers' values.
fn harmless(message: &str) -> String {
    let cut = message.find(", canonicalRequest:").or_else(|| message.find("canonicalRequest:"));
    message[..cut.unwrap_or(message.len())].to_owned()
}

/// What a job's failure means: it was accepted, so what it did is not known by its code.
pub(super) fn task_failure(call: &Call, response: &WireResponse, code: &str, reason: &str) -> Fault {
    let (kind, _) = judge(code, reason, 400, call);
    Fault {
        kind: if kind == FaultKind::BadRequest { FaultKind::Refused } else { kind },
        effect: Effect::Unknown,
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        message: unwrapped(reason),
        request_id: header_id(response),
        ..bare(call, response)
    }
}

fn judge(code: &str, message: &str, status: u16, call: &Call) -> (FaultKind, Effect) {
    by_code(code, message, status, call).unwrap_or_else(|| by_status(status, call))
}

/// Vendor: the error pages of API Gateway, ECS, VPC; column "R" of what may be repeated.
fn by_code(code: &str, message: &str, status: u16, call: &Call) -> Option<(FaultKind, Effect)> {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind::{BadRequest, Conflict, Credentials, NotFound, Permission, Refused, Server, Throttled, Timeout};

    let write = match call {
        Call::Write { kind, .. } => Some(kind),
        Call::List(_) | Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => None,
    };
    // A write that may have happened is read back; a read is simply made again.
    let lost = if write.is_some() { Unknown } else { NothingRetry };
    let detach = matches!(write, Some(OperationKind::Detach { .. }));
    let delete = matches!(write, Some(OperationKind::Delete { .. }));
    let release = matches!(write, Some(OperationKind::Release { .. }));
    Some(match code {
        "APIGW.0301" | "APIG.0301" | "APIGW.0303" => authentication(message),
        "APIGW.0307" | "Common.0013" | "VPC.0008" => (Credentials, Nothing),
        "APIGW.0302"
        | "APIGW.0306"
        | "APIGW.0802"
        | "Pdp.0001"
        | "Ecs.0110"
        | "Ecs.0003"
        | "Ecs.0066"
        | "Ecs.0067"
        | "Ecs.0068"
        | "Ecs.0069"
        | "Ecs.0070"
        | "Ecs.0071"
        | "VPC.0005"
        | "VPC.0009"
        | "VPC.0010"
        | "VPC.2201"
        | "VPC.2701"
        | "PolicyNotAuthorized" => (Permission, Nothing),
        "APIGW.0308" | "Common.0024" | "Common.1503" => (Throttled, NothingRetry),
        "APIGW.0201" if status == 504 => (Timeout, lost),
        "APIGW.0201" if status >= 500 => (Server, lost),
        "APIGW.0201" if status >= 400 => (BadRequest, Nothing),

        // The NIC is not on that server any more; the read back decides.
        "Ecs.0085" if detach => (NotFound, AlreadyDone),
        "VPC.2500" | "VPC.2502" | "PortNotFound" | "itemNotFound" if status == 404 && (delete || release) => {
            (NotFound, AlreadyDone)
        }
        "APIGW.0101" | "Ecs.0114" | "Ecs.0614" | "Ecs.0085" | "Ecs.0307" | "Ecs.0038" | "VPC.0003" | "VPC.2204"
        | "VPC.0704" | "PortNotFound" | "itemNotFound" => (NotFound, Nothing),
        "VPC.2500" | "VPC.2502" if status == 404 => (NotFound, Nothing),

        "Ecs.0100" | "Ecs.0603" | "VPC.0004" => (Conflict, NothingRetry),
        // Refused with 400 before anything was begun.
        "Common.0026" => (Server, NothingRetry),
        "Ecs.0002" | "Ecs.0004" | "Ecs.0106" | "Ecs.0201" | "Ecs.0211" | "Ecs.0309" | "Ecs.0212" | "Ecs.0213"
        | "Ecs.0217" | "Ecs.0401" | "Ecs.0502" | "Ecs.0507" | "Ecs.0611" | "Ecs.0618" => (Refused, lost),
        "APIGW.0602" | "APIGW.0608" | "APIGW.0801" | "Ecs.0301" | "Ecs.0310" | "Ecs.0322" | "Ecs.0323" | "Ecs.0615"
        | "Ecs.1000" | "Ecs.1001" | "Ecs.1100" | "Ecs.1200" | "Common.0001" | "Common.0020" | "Common.0021"
        | "Common.0022" | "Common.0025" | "Common.0999" => (Server, lost),
        "Ecs.1002" | "Ecs.1201" => (Timeout, lost),

        "Ecs.0000" | "Ecs.0005" | "Common.0002" | "Common.0011" | "APIGW.0106" | "Ecs.0023" | "Common.0018"
        | "VPC.0007" | "VPC.2500" | "InvalidInput" | "badRequest" => (BadRequest, Nothing),
        "Ecs.0010"
        | "Ecs.0012"
        | "Ecs.0014"
        | "Ecs.0030"
        | "Ecs.0039"
        | "Ecs.0049"
        | "Ecs.0050"
        | "Ecs.0064"
        | "Ecs.0086"
        | "Ecs.0605"
        | "Ecs.0807"
        | "Ecs.0910"
        | "Ecs.0919"
        | "VPC.0011"
        | "VPC.0014"
        | "VPC.0701"
        | "VPC.0702"
        | "VPC.0703"
        | "VPC.0705"
        | "VPC.0707"
        | "conflictingRequest"
        | "PortInUse"
        | "IpAddressInUse"
        | "IpAddressGenerationFailure" => (Refused, Nothing),
        _ if is_of_other_calls(code) && (400..500).contains(&status) => (by_status(status, call).0, Nothing),
        _ if goes_by_status(code) && (400..500).contains(&status) && status != 408 => {
            let (kind, effect) = by_status(status, call);
            (kind, if effect == Unknown { Nothing } else { effect })
        }
        _ => return None,
    })
}

/// Codes of which the vendor's tables say no more than that the HTTP status is their meaning: those of EIPs (of their v1 with the VPC's
/// prefix), of load balancers, and the numbers of IAM.
fn goes_by_status(code: &str) -> bool {
    ["EIP.", "ELB.", "VPC.05"].iter().any(|prefix| code.starts_with(prefix)) || code.parse::<u16>().is_ok()
}

/// One code, told apart by its text only. Vendor: "API Request Signing Guide", FAQ. None of it gets better by itself, and five
/// failures lock a key for five minutes: nothing is repeated.
fn authentication(message: &str) -> (FaultKind, Effect) {
    let kind = if message.contains("signature expired") { FaultKind::Clock } else { FaultKind::Credentials };
    (kind, Effect::Nothing)
}

/// A code this version does not know. Vendor: many codes with a plain 400 leave open what was done of a write, a part of it perhaps;
/// that it may not be done at all, and that there are too many calls, the status tells.
fn by_status(status: u16, call: &Call) -> (FaultKind, Effect) {
    let lost = if call.is_write() { Effect::Unknown } else { Effect::NothingRetry };
    let refused = if call.is_write() { Effect::Unknown } else { Effect::Nothing };
    match status {
        401 => (FaultKind::Credentials, Effect::Nothing),
        403 => (FaultKind::Permission, Effect::Nothing),
        404 => (FaultKind::NotFound, refused),
        409 => (FaultKind::Refused, refused),
        429 => (FaultKind::Throttled, Effect::NothingRetry),
        408 | 504 => (FaultKind::Timeout, lost),
        500.. => (FaultKind::Server, lost),
        // A good status with an error inside.
        200..300 => (FaultKind::Other, lost),
        _ => (FaultKind::Other, refused),
    }
}

/// Vendor: codes of its error page about creating, resizing, images, disks and orders: a call on NICs that is answered one was
/// refused.
fn is_of_other_calls(code: &str) -> bool {
    let number = code.strip_prefix("Ecs.").filter(|digits| digits.len() == 4).and_then(|digits| digits.parse().ok());
    number.is_some_and(|number: u16| OTHER_CALLS.iter().any(|range| range.contains(&number)))
}

const OTHER_CALLS: &[std::ops::RangeInclusive<u16>] = &[
    1..=1,
    6..=9,
    11..=11,
    13..=13,
    15..=19,
    21..=22,
    25..=25,
    27..=29,
    31..=32,
    34..=34,
    36..=37,
    41..=46,
    48..=48,
    51..=53,
    57..=58,
    62..=62,
    73..=77,
    81..=84,
    89..=90,
    101..=105,
    111..=112,
    118..=124,
    202..=205,
    207..=210,
    214..=214,
    216..=216,
    219..=219,
    221..=221,
    226..=227,
    302..=304,
    306..=306,
    308..=308,
    311..=311,
    313..=315,
    319..=321,
    402..=403,
    405..=405,
    501..=501,
    503..=503,
    510..=510,
    513..=513,
    610..=610,
    612..=613,
    616..=617,
    701..=707,
    802..=806,
    808..=813,
    901..=909,
    911..=915,
    1300..=1300,
    7000..=7000,
];

#[cfg(test)]
mod tests;
