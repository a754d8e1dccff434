//! Who may ask: each way a signature can be wrong, and the gateway's own refusals.

use super::*;

fn list(cloud: &Cloud) -> WireRequest {
    let _ = cloud;
    Cloud::unsigned("vpc", "DescribeNetworkInterfaces", &json!({"Limit": 1}))
}

/// Signed as it should be, and changed on the way.
#[track_caller]
fn tampered(expected: &str, change: impl FnOnce(&mut SimRequest)) {
    let mut cloud = Cloud::new();
    let mut request = cloud.signed("vpc", list(&cloud));
    change(&mut request);
    let reply = cloud.send(&request);
    assert_eq!(code(&reply), expected, "{reply}");
}

fn set(request: &mut SimRequest, name: &str, value: &str) {
    request.headers.retain(|(key, _)| key != name);
    if !value.is_empty() {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
}

#[test]
fn a_request_that_is_changed_on_the_way_is_found_out() {
    tampered("", |_| {});
    tampered("AuthFailure.SignatureFailure", |request| request.body = b"{\"Limit\":2}".to_vec());
    tampered("AuthFailure.SignatureFailure", |request| set(request, "host", "127.0.0.1"));
    tampered("AuthFailure.SignatureFailure", |request| set(request, "content-type", "application/json; charset=utf-8"));
    tampered("AuthFailure.SignatureFailure", |request| request.query = "a=b".to_owned());
    tampered("AuthFailure.SignatureFailure", |request| set(request, "x-tc-timestamp", "1709600524"));
    tampered("AuthFailure.InvalidAuthorization", |request| {
        set(request, "authorization", "TC3-HMAC-SHA256 Credential=x");
    });
    tampered("AuthFailure.InvalidAuthorization", |request| set(request, "authorization", "Bearer x"));
    tampered("MissingParameter", |request| set(request, "authorization", ""));
    tampered("MissingParameter", |request| set(request, "x-tc-timestamp", ""));
    tampered("MissingParameter", |request| set(request, "x-tc-version", ""));
    tampered("MissingParameter", |request| set(request, "x-tc-action", ""));
    tampered("AuthFailure.TokenFailure", |request| set(request, "x-tc-token", "none was given out"));
    // The rest is not signed.
    tampered("InvalidAction", |request| set(request, "x-tc-action", "DescribeEverything"));
    tampered("NoSuchVersion", |request| set(request, "x-tc-version", "2099-01-01"));
    tampered("MissingParameter", |request| set(request, "x-tc-region", ""));
    tampered("UnsupportedRegion", |request| set(request, "x-tc-region", "mars-1"));
    tampered("UnsupportedProtocol", |request| request.method = "PUT".to_owned());
    tampered("InvalidRequest", |request| request.path = "/elsewhere".to_owned());
}

#[test]
fn the_key_the_clock_and_the_day_have_to_be_right() {
    let sign = |id: &str, secret: &str, product: &str, at: i64| {
        let mut cloud = Cloud::new();
        let mut request = list(&cloud);
        sign::sign(&mut request, product, id, secret, None, Timestamp(NOW.0 + at * 1000));
        let reply = cloud.send(&received(request));
        code(&reply).to_owned()
    };
    assert_eq!(sign("AKID-test", "a secret", "vpc", 299), "");
    assert_eq!(sign("AKID-test", "a secret", "vpc", -299), "");
    assert_eq!(sign("AKID-test", "a secret", "vpc", 301), "AuthFailure.SignatureExpire");
    assert_eq!(sign("AKID-test", "a secret", "vpc", -301), "AuthFailure.SignatureExpire");
    assert_eq!(sign("AKID-nobody", "a secret", "vpc", 0), "AuthFailure.SecretIdNotFound");
    assert_eq!(sign("AKID-test", "another", "vpc", 0), "AuthFailure.SignatureFailure");
    // Signed for another product: the action is not that product's.
    assert_eq!(sign("AKID-test", "a secret", "cvm", 0), "InvalidAction");
    assert_eq!(sign("AKID-test", "a secret", "clb", 0), "NoSuchVersion");
    assert_eq!(sign("AKID-test", "a secret", "cbs", 0), "NoSuchProduct");

    // The day of the scope is another one than the timestamp's.
    let mut cloud = Cloud::new();
    let mut request = list(&cloud);
    sign::sign(&mut request, "vpc", "AKID-test", "a secret", None, NOW);
    let wrong = request.header("authorization").unwrap().replace("2024-03-05", "2024-03-06");
    request.set_header("authorization", wrong);
    assert_eq!(code(&cloud.send(&received(request))), "AuthFailure.SignatureFailure");
}

#[test]
fn a_temporary_key_demands_its_token() {
    let mut cloud = Cloud::new();
    cloud.key.token = Some("tok+/==".to_owned());
    assert_eq!(code(&cloud.vpc("DescribeNetworkInterfaces", &json!({}))), "");
    let mut request = cloud.signed("vpc", list(&cloud));
    set(&mut request, "x-tc-token", "");
    assert_eq!(code(&cloud.send(&request)), "AuthFailure.TokenFailure");
    set(&mut request, "x-tc-token", "another");
    assert_eq!(code(&cloud.send(&request)), "AuthFailure.TokenFailure");
}

/// The recorded requests of the vendor's own SDK pass as they are: over headers, over a query, with an unsigned body.
#[test]
fn recorded_requests_pass() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../../../tests/vectors/tencent.json")).unwrap();
    let mut passed = 0;
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let text = |pointer: &str| vector.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let mut cloud = Cloud::new();
        cloud.now = Timestamp(vector["time"].as_i64().unwrap() * 1000);
        cloud.key = SimKey {
            id: text("/credentials/secret_id").unwrap(),
            secret: text("/credentials/secret_key").unwrap(),
            token: text("/credentials/token"),
        };
        let url = text("/request/url").unwrap();
        let (_, place) = url.split_once("://").unwrap().1.split_once('/').unwrap();
        let (path, query) = place.split_once('?').unwrap_or((place, ""));
        let headers = vector["request"]["headers"].as_object().unwrap().iter();
        let request = SimRequest {
            method: text("/request/method").unwrap(),
            path: format!("/{path}"),
            query: query.to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: text("/request/body").unwrap().into_bytes(),
        };
        let answer = cloud.raw(&request);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let told = format!("{} {}", body["Response"]["Error"]["Code"], body["codeDesc"]);
        for wrong in ["AuthFailure", "Signature", "Replay", "InvalidAction", "Unknown", "Missing"] {
            assert!(!told.contains(wrong), "{name}: {body}");
        }
        passed += 1;
    }
    assert_eq!(passed, 29);
}

#[test]
fn messages_are_chinese_unless_english_is_asked_for() {
    let mut cloud = Cloud::new();
    let body = json!({"NetworkInterfaceIds": ["eni-gone"]});
    let english = cloud.vpc("DescribeNetworkInterfaces", &body);
    assert_eq!(english["Error"]["Message"], "The network interface `eni-gone` does not exist.");
    let mut request = Cloud::unsigned("vpc", "DescribeNetworkInterfaces", &body);
    request.set_header("x-tc-language", "zh-CN");
    let request = cloud.signed("vpc", request);
    assert_eq!(cloud.send(&request)["Error"]["Message"], "资源不存在。");
}
