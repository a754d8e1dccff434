//! How answers look: each service wraps its errors in its own way. Vendor: the error pages of ECS, VPC, EIP, ELB and IAM.

use serde_json::{Value, json};

use crate::sim::dialect::SimResponse;

use super::{Done, codes::Refusal};

/// Who speaks, and so which envelope an error comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    /// The gateway, EIP v3, ELB v3.
    Gateway,
    Ecs,
    /// `ShowJob` has an envelope of its own.
    Job,
    Nova,
    Vpc,
    Neutron,
    Iam,
}

pub(super) fn success(family: Family, done: Done, request_id: &str) -> SimResponse {
    let mut body = done.body;
    if let (Family::Gateway, Some(Value::Object(members))) = (family, &mut body) {
        members.insert("request_id".to_owned(), Value::from(request_id));
    }
    let mut response = render(family, done.status, body.as_ref(), request_id);
    response.headers.extend(done.headers);
    response
}

pub(super) fn refusal(family: Family, refusal: &Refusal, request_id: &str) -> SimResponse {
    let Refusal { status, code, message } = refusal;
    let body = match family {
        // The gateway answers before any service is asked.
        _ if code.starts_with("APIGW.") => {
            json!({"error_code": code, "error_msg": message, "request_id": request_id})
        }
        Family::Gateway => json!({"error_code": code, "error_msg": message, "request_id": request_id}),
        Family::Ecs => json!({"error": {"code": code, "message": message}}),
        Family::Job | Family::Vpc => json!({"code": code, "message": message}),
        Family::Neutron => {
            json!({"NeutronError": {"type": refusal.neutron_type(), "message": message, "detail": ""}})
        }
        Family::Nova => {
            let kind = match status {
                404 => "itemNotFound",
                403 => "forbidden",
                409 => "conflictingRequest",
                500.. => "computeFault",
                _ => "badRequest",
            };
            json!({kind: {"code": status, "message": format!("{code} {message}")}})
        }
        Family::Iam => {
            let title = match status {
                401 => "Unauthorized",
                403 => "Forbidden",
                404 => "Not Found",
                500.. => "Internal Server Error",
                _ => "Bad Request",
            };
            json!({"error": {"code": status, "message": message, "title": title}})
        }
    };
    render(family, *status, Some(&body), request_id)
}

fn render(family: Family, status: u16, body: Option<&Value>, request_id: &str) -> SimResponse {
    let id = if family == Family::Iam { "x-iam-trace-id" } else { "x-request-id" };
    let mut headers = vec![(id.to_owned(), request_id.to_owned())];
    let body = body.map(ToString::to_string).unwrap_or_default();
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), "application/json;charset=utf-8".to_owned()));
    }
    SimResponse { status, headers, body: body.into_bytes() }
}
