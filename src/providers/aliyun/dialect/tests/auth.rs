//! Both signature styles: what passes, and what each mistake is answered with.

use serde_json::Value;

use super::{
    super::auth::{pairs, verify},
    *,
};
use crate::sim::dialect::VendorError;

/// A recorded request as the server would have received it.
fn recorded(vector: &Value) -> SimRequest {
    let text = |pointer: &str| vector.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let url = text("/request/url");
    let rest = url.split_once("://").expect("an absolute URL").1;
    let (_, rest) = rest.split_once('/').expect("a path");
    let query = rest.strip_prefix('?').unwrap_or(rest).to_owned();
    let headers = vector["request"]["headers"].as_object().expect("headers");
    SimRequest {
        method: text("/request/method"),
        path: "/".to_owned(),
        query,
        headers: headers.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect(),
        body: text("/request/body").into_bytes(),
    }
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../../tests/vectors/aliyun.json")).expect("vectors are JSON")
}

fn at(vector: &Value) -> Timestamp {
    let stamp: jiff::Timestamp = vector["time"].as_str().and_then(|text| text.parse().ok()).expect("a time");
    Timestamp(stamp.as_millisecond())
}

fn key(vector: &Value) -> SimKey {
    let text = |name: &str| vector["credentials"][name].as_str().map(str::to_owned);
    SimKey {
        id: text("access_key_id").expect("an id"),
        secret: text("access_key_secret").expect("a secret"),
        token: text("security_token"),
    }
}

#[test]
fn every_recorded_request_of_the_sdks_passes() {
    let all = vectors();
    let mut styles = std::collections::BTreeMap::new();
    for vector in &all {
        let name = vector["name"].as_str().expect("a name");
        let mut world = Cloud::new().world;
        let request = recorded(vector);
        let verified = verify(&request, &pairs(&request), &key(vector), &mut world, at(vector));
        assert_eq!(verified, Ok(()), "{name}");
        *styles.entry(vector["style"].as_str().expect("a style").to_owned()).or_insert(0) += 1;
        // The same bytes again are a nonce used twice.
        let again = verify(&request, &pairs(&request), &key(vector), &mut world, at(vector));
        assert_eq!(again.expect_err(name).code, "SignatureNonceUsed", "{name}");
    }
    assert_eq!(styles.into_iter().collect::<Vec<_>>(), [("v1".to_owned(), 6), ("v3".to_owned(), 19)]);
}

#[test]
fn every_recorded_request_fails_with_one_byte_changed() {
    for vector in &vectors() {
        let name = vector["name"].as_str().expect("a name");
        let good = recorded(vector);
        let mut changed = vec![];
        let other_method = if good.method == "POST" { "GET" } else { "POST" };
        changed.push(SimRequest { method: other_method.to_owned(), ..good.clone() });
        changed.push(SimRequest { query: format!("{}&X=1", good.query), ..good.clone() });
        if !good.body.is_empty() {
            let mut body = good.body.clone();
            body.push(b'1');
            changed.push(SimRequest { body, ..good.clone() });
        }
        for request in changed {
            let mut world = Cloud::new().world;
            let refused = verify(&request, &pairs(&request), &key(vector), &mut world, at(vector));
            assert_eq!(refused.expect_err(name).code, "SignatureDoesNotMatch", "{name}");
            assert!(world.nonces.is_empty(), "a refused request does not use up its nonce");
        }
    }
}

#[test]
fn a_mismatch_shows_what_the_server_signed() {
    let mut cloud = Cloud::new();
    let request = cloud.v3_request(ECS, "DescribeRegions", &[]);
    cloud.key.secret = "another".to_owned();
    let reply = cloud.send(&request);
    assert_eq!(reply.code(), (400, "SignatureDoesNotMatch"));
    let message = reply.body["Message"].as_str().expect("text");
    let (_, rest) = message.split_once("server StringToSign is [ACS3-HMAC-SHA256\n").expect(message);
    let (hash, rest) = rest.split_once(']').expect(message);
    let (_, rest) = rest.split_once("server CanonicalRequest is [").expect(message);
    assert_eq!(crate::wire::sha256_hex(rest.strip_suffix(']').expect(message).as_bytes()), hash);

    let mut cloud = Cloud::new();
    let request = cloud.v1_request("DescribeRegions", Some("JSON"), &[], false);
    cloud.key.secret = "another".to_owned();
    let reply = cloud.send(&request);
    assert_eq!(reply.code(), (400, "SignatureDoesNotMatch"));
    let message = reply.body["Message"].as_str().expect("text");
    let own = crate::wire::parse_query(&request.query);
    let expected = sign::rpc_string_to_sign("GET", &sign::rpc_canonical_query(&own));
    // The vendor's own tool takes what stands behind the first colon.
    assert_eq!(message.split(':').nth(1), Some(expected.as_str()));
    assert!(message.contains("server string to sign is:"));
}

#[test]
fn headers_that_are_missing_unsigned_or_unsorted_are_incomplete() {
    for name in ["x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256", "host"] {
        let mut cloud = Cloud::new();
        let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
        request.headers.retain(|(header, _)| header != name);
        assert_eq!(cloud.send(&request).code(), (400, "IncompleteSignature"), "{name}");
    }
    let mut cloud = Cloud::new();
    let mut unsigned = cloud.v3_request(ECS, "DescribeRegions", &[]);
    unsigned.headers.push(("x-acs-extra".to_owned(), "1".to_owned()));
    assert_eq!(cloud.send(&unsigned).code(), (400, "IncompleteSignature"));
    for wrong in [
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=LTAI-test,Signature=00",
        "ACS3-HMAC-SHA256 Credential=LTAI-test,SignedHeaders=x-acs-version;host,Signature=00",
        "ACS3-HMAC-MD5 Credential=LTAI-test,SignedHeaders=host,Signature=00",
    ] {
        let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
        request.headers.retain(|(header, _)| header != "authorization");
        request.headers.push(("authorization".to_owned(), wrong.to_owned()));
        assert_eq!(cloud.send(&request).code(), (400, "IncompleteSignature"), "{wrong}");
    }
}

#[test]
fn a_body_that_is_not_the_one_hashed_does_not_match() {
    let mut cloud = Cloud::new();
    let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
    request.body = b"X=1".to_vec();
    assert_eq!(cloud.send(&request).code(), (400, "SignatureDoesNotMatch"));
}

#[test]
fn a_header_that_lies_about_the_body_does_not_match_even_when_it_is_signed() {
    let mut cloud = Cloud::new();
    let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
    for (name, value) in &mut request.headers {
        if name == "x-acs-content-sha256" {
            *value = crate::wire::sha256_hex(b"X=1");
        }
    }
    request.headers.retain(|(name, _)| name != "authorization");
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let canonical = sign::canonical_request("POST", "", &headers, &crate::wire::sha256_hex(b""));
    let signature = sign::signature(&cloud.key.secret, &sign::string_to_sign(&canonical));
    let authorization = sign::authorization(&cloud.key.id, &sign::signed_names(&headers), &signature);
    request.headers.push(("authorization".to_owned(), authorization));
    assert_eq!(cloud.send(&request).code(), (400, "SignatureDoesNotMatch"));
}

#[test]
fn a_query_may_write_blanks_as_plus() {
    let mut cloud = Cloud::new();
    let mut request = cloud.v3_request(
        ECS,
        "DescribeNetworkInterfaces",
        &[("NetworkInterfaceName", "a b+c"), ("RegionId", "cn-hangzhou")],
    );
    assert!(request.query.contains("a%20b%2Bc"));
    request.query = request.query.replace("%20", "+");
    assert_eq!(cloud.send(&request).status, 200);
}

#[test]
fn the_older_style_passes_in_query_and_in_form() {
    let mut cloud = Cloud::new();
    for form in [false, true] {
        let params =
            [("RegionId", "cn-hangzhou"), ("NetworkInterfaceId.1", "eni-p"), ("NetworkInterfaceName", "primary")];
        let request = cloud.v1_request("DescribeNetworkInterfaces", Some("JSON"), &params, form);
        let reply = cloud.send(&request);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.texts("/NetworkInterfaceSets/NetworkInterfaceSet", "NetworkInterfaceId"), ["eni-p"]);
    }
}

#[test]
fn without_a_format_the_older_style_answers_in_xml() {
    let mut cloud = Cloud::new();
    let request = cloud.v1_request("DescribeRegions", None, &[], false);
    let response = cloud.raw(&request);
    let header = |name: &str| response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(header("content-type"), Some("text/xml;charset=utf-8"));
    assert_eq!(
        String::from_utf8_lossy(&response.body),
        "<?xml version='1.0' encoding='UTF-8'?><DescribeRegionsResponse><Regions><Region>\
         <LocalName>华东1（杭州）</LocalName><RegionEndpoint>127.0.0.1:18080</RegionEndpoint>\
         <RegionId>cn-hangzhou</RegionId><Status>available</Status></Region></Regions>\
         <RequestId>00112233-4455-6677-8899-AABBCCDDEEFF</RequestId></DescribeRegionsResponse>"
    );
    let request = cloud.v1_request("DescribeInstances", Some("xml"), &[], false);
    let response = cloud.raw(&request);
    assert_eq!(response.status, 400);
    let body = String::from_utf8_lossy(&response.body).into_owned();
    assert!(body.contains("<Error><Code>MissingParameter</Code><HostId>127.0.0.1:18080</HostId>"), "{body}");
    assert!(body.contains("&quot;RegionId&quot;"), "{body}");
}

#[test]
fn keys_and_tokens() {
    for (id, sent, wanted, expected) in [
        ("LTAI-other", None, None, (404, "InvalidAccessKeyId.NotFound")),
        ("LTAI-test", None, None, (200, "")),
        ("LTAI-test", Some("tok+en/=="), Some("tok+en/=="), (200, "")),
        ("LTAI-test", None, Some("tok"), (400, "MissingSecurityToken")),
        ("LTAI-test", Some("other"), Some("tok"), (400, "InvalidSecurityToken.MismatchWithAccessKey")),
        ("LTAI-test", Some("not one"), Some("tok"), (400, "InvalidSecurityToken.Malformed")),
        ("LTAI-test", Some("tok"), None, (400, "InvalidSecurityToken.MismatchWithAccessKey")),
    ] {
        let mut cloud = Cloud::new();
        cloud.key.id = id.to_owned();
        cloud.key.token = sent.map(str::to_owned);
        let v3 = cloud.v3_request(ECS, "DescribeRegions", &[]);
        let v1 = cloud.v1_request("DescribeRegions", Some("JSON"), &[], true);
        cloud.key.id = "LTAI-test".to_owned();
        cloud.key.token = wanted.map(str::to_owned);
        assert_eq!(cloud.send(&v3).code(), expected, "{id} {sent:?} {wanted:?}");
        assert_eq!(cloud.send(&v1).code(), expected, "{id} {sent:?} {wanted:?}");
    }
}

#[test]
fn clocks() {
    for (seconds, expected) in [
        (0, (200, "")),
        (900, (200, "")),
        (-900, (200, "")),
        (901, (400, "InvalidTimeStamp.Expired")),
        (-901, (400, "InvalidTimeStamp.Expired")),
    ] {
        let mut cloud = Cloud::new();
        let v3 = cloud.v3_request(ECS, "DescribeRegions", &[]);
        let v1 = cloud.v1_request("DescribeRegions", Some("JSON"), &[], false);
        cloud.now = Timestamp(NOW.0 + seconds * 1000);
        assert_eq!(cloud.send(&v3).code(), expected, "{seconds}");
        assert_eq!(cloud.send(&v1).code(), expected, "{seconds}");
    }
    for text in ["2026-03-05T07:08Z", "2026-03-05 07:08:09Z", "2026-13-05T07:08:09Z", "20260305T070809Z000", "now"] {
        let mut cloud = Cloud::new();
        let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
        for (name, value) in &mut request.headers {
            if name == "x-acs-date" {
                text.clone_into(value);
            }
        }
        assert_eq!(cloud.send(&request).code(), (400, "InvalidTimeStamp.Format"), "{text}");
    }
}

#[test]
fn the_older_style_misses_its_parts_by_name() {
    let mut cloud = Cloud::new();
    for (name, code) in [
        ("Action", "MissingAction"),
        ("Version", "MissingVersion"),
        ("AccessKeyId", "MissingAccessKeyId"),
        ("SignatureNonce", "MissingSignatureNonce"),
        ("SignatureMethod", "MissingSignatureMethod"),
        ("Signature", "MissingSignature"),
        ("Timestamp", "IllegalTimestamp"),
    ] {
        let mut request = cloud.v1_request("DescribeRegions", Some("JSON"), &[], false);
        let pairs: Vec<_> =
            crate::wire::parse_query(&request.query).into_iter().filter(|(key, _)| key != name).collect();
        request.query = canonical_query(&pairs);
        assert_eq!(cloud.send(&request).code(), (400, code), "{name}");
    }
}

#[test]
fn the_gateway_knows_versions_calls_and_methods() {
    let mut cloud = Cloud::new();
    assert_eq!(cloud.v3("2013-01-01", "DescribeRegions", &[]).code(), (400, "InvalidVersion"));
    assert_eq!(cloud.v3(ECS, "DescribeUnicorns", &[]).code(), (404, "InvalidAction.NotFound"));
    assert_eq!(cloud.v3(VPC, "DescribeInstances", &[]).code(), (404, "InvalidAction.NotFound"));
    let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
    request.method = "PUT".to_owned();
    assert_eq!(cloud.send(&request).code(), (403, "UnsupportedHTTPMethod"));
    let mut request = cloud.v3_request(ECS, "DescribeRegions", &[]);
    request.path = "/ecs".to_owned();
    assert_eq!(cloud.send(&request).code(), (404, "InvalidAction.NotFound"));
}

#[test]
fn an_error_is_whole() {
    let mut cloud = Cloud::new();
    let request = cloud.v3_request(ECS, "UnassignPrivateIpAddresses", &[("RegionId", "cn-hangzhou")]);
    let response = cloud.raw(&request);
    assert_eq!(response.status, 403);
    let body: Value = serde_json::from_slice(&response.body).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({
            "RequestId": "00112233-4455-6677-8899-AABBCCDDEEFF",
            "HostId": "127.0.0.1:18080",
            "Code": "MissingParameter",
            "Message": "The input parameter \"NetworkInterfaceId\" that is mandatory for processing this request is not supplied.",
            "Recommend": "https://api.aliyun.com/troubleshoot?q=MissingParameter&product=Ecs&requestId=00112233-4455-6677-8899-AABBCCDDEEFF",
        })
    );
    let header = |name: &str| response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(header("x-acs-request-id"), Some("00112233-4455-6677-8899-AABBCCDDEEFF"));
    assert_eq!(header("content-type"), Some("application/json;charset=utf-8"));
    assert_eq!(header("date"), Some("Thu, 05 Mar 2026 07:08:09 GMT"));
}

#[test]
fn injected_errors_speak_as_the_vendor_does() {
    for (error, status, code) in [
        (VendorError::Throttled, 400, "Throttling.User"),
        (VendorError::Internal, 500, "InternalError"),
        (VendorError::Unavailable, 503, "ServiceUnavailable"),
    ] {
        let response = AliyunDialect.error(error, "00112233445566778899aabbccddeeff");
        let body: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!((response.status, body["Code"].as_str()), (status, Some(code)));
        assert_eq!(body["RequestId"], "00112233-4455-6677-8899-AABBCCDDEEFF");
        let wait = response.headers.iter().any(|(name, _)| name == "x-acs-retry-after");
        assert_eq!(wait, error == VendorError::Throttled);
    }
}

#[test]
fn actions_and_writes_are_known_in_both_styles() {
    let mut cloud = Cloud::new();
    let v3 = cloud.v3_request(ECS, "DetachNetworkInterface", &[("Action", "Other")]);
    let v1 = cloud.v1_request("DetachNetworkInterface", None, &[], true);
    assert_eq!(AliyunDialect.action(&v3).as_deref(), Some("DetachNetworkInterface"));
    assert_eq!(AliyunDialect.action(&v1).as_deref(), Some("DetachNetworkInterface"));
    assert!(AliyunDialect.is_write("DetachNetworkInterface"));
    assert!(!AliyunDialect.is_write("DescribeNetworkInterfaces"));
}
