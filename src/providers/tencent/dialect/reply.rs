//! How answers of API 3.0 look: one JSON object, status 200, whatever it says.

use serde_json::{Map, Value, json};

use crate::sim::dialect::SimResponse;

use super::codes::Refusal;

/// The 32 hex digits of a request, spelled as the vendor spells request ids.
pub(super) fn uuid(hex: &str) -> String {
    let hex: String = hex.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase();
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Option<Vec<&str>> = parts.iter().map(|&(from, to)| hex.get(from..to)).collect();
    parts.map_or_else(|| hex.clone(), |parts| parts.join("-"))
}

pub(super) fn success(mut members: Map<String, Value>, request_id: &str) -> SimResponse {
    members.insert("RequestId".to_owned(), Value::from(request_id));
    // Not by the macro, which would copy every row.
    json_answer(&Value::Object(Map::from_iter([("Response".to_owned(), Value::Object(members))])))
}

pub(super) fn refusal(refusal: &Refusal, request_id: &str, english: bool) -> SimResponse {
    let error = json!({"Code": refusal.code, "Message": refusal.message(english)});
    json_answer(&json!({"Response": {"Error": error, "RequestId": request_id}}))
}

/// Vendor: the Python SDK reads errors only where the content type is this, to the letter.
pub(super) fn json_answer(body: &Value) -> SimResponse {
    SimResponse {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
