//! Every recorded request of both generations: canonical request, string to sign, signature.

use serde_json::Value;

use super::*;
use crate::wire::parse_query;

/// Recorded from the vendor's own SDKs.
const VECTORS: &str = include_str!("../../../../tests/vectors/tencent.json");

fn vectors(api: &str, algorithm: Option<&str>) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let of = |vector: &Value| vector["api"] == api && algorithm.is_none_or(|wanted| vector["algorithm"] == wanted);
    all.into_iter().filter(of).collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", value["name"]))
}

fn now(vector: &Value) -> Timestamp {
    // Late in the second: the clock is cut off, never rounded.
    Timestamp(vector["time"].as_i64().unwrap() * 1000 + 999)
}

fn request(vector: &Value) -> WireRequest {
    let (scheme, rest) = text(vector, "/request/url").split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let added = ["host", "authorization", "x-tc-timestamp", "x-tc-token"];
    let headers = vector["request"]["headers"].as_object().unwrap().iter();
    WireRequest {
        method: if text(vector, "/request/method") == "GET" { "GET" } else { "POST" },
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        path: format!("/{path}"),
        query: query.to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()))
            .filter(|(name, _)| !added.contains(&name.as_str()))
            .collect(),
        body: text(vector, "/request/body").as_bytes().to_vec(),
    }
}

#[test]
fn every_recorded_request_of_api_3_is_signed_byte_for_byte_the_same() {
    let vectors = vectors("v3", Some(ALGORITHM));
    assert_eq!(vectors.len(), 22);
    let mut tokens = 0;
    for vector in &vectors {
        let name = text(vector, "/name");
        let mut request = request(vector);
        let (day, service) = (date(now(vector)), text(vector, "/service"));
        let payload = match request.header("x-tc-content-sha256") {
            Some(word) => sha256_hex(word.as_bytes()),
            None => sha256_hex(&request.body),
        };
        let kind = request.header("content-type").unwrap().to_owned();
        let signed = [("content-type", kind.as_str()), ("host", request.host.as_str())];
        let canonical = canonical_request(request.method, &request.path, &request.query, &signed, &payload);
        assert_eq!(canonical, text(vector, "/canonical_request"), "{name}");
        let to_sign = string_to_sign(&vector["time"].to_string(), &scope(&day, service), &canonical);
        assert_eq!(to_sign, text(vector, "/string_to_sign"), "{name}");
        let (id, secret) = (text(vector, "/credentials/secret_id"), text(vector, "/credentials/secret_key"));
        assert_eq!(signature(secret, &day, service, &to_sign), text(vector, "/signature"), "{name}");

        let token = vector.pointer("/credentials/token").and_then(Value::as_str);
        tokens += usize::from(token.is_some());
        sign(&mut request, service, id, secret, token, now(vector));
        let recorded = vector["request"]["headers"].as_object().unwrap();
        for (header, value) in recorded {
            let sent = if header == "Host" { Some(request.host.as_str()) } else { request.header(header) };
            assert_eq!(sent, value.as_str(), "{name}: {header}");
        }
        assert_eq!(request.headers.len() + 1, recorded.len(), "{name}: no header too many");
        // Signing again replaces the first signature.
        let once = request.clone();
        sign(&mut request, service, id, secret, token, now(vector));
        assert_eq!(request.headers.len(), once.headers.len());
    }
    assert_eq!(tokens, 2);
}

/// Parameters, the place that is signed, and the signature that came with them.
fn legacy(vector: &Value) -> (Vec<(String, String)>, String, String) {
    let request = request(vector);
    let params = parse_query(if request.query.is_empty() { text(vector, "/request/body") } else { &request.query });
    let came = params.iter().find(|(name, _)| name == "Signature").unwrap().1.clone();
    (params, format!("{}{}", request.host, request.path), came)
}

#[test]
fn every_recorded_signature_over_parameters_is_the_same() {
    let old = vectors("v3", Some("HmacSHA1"));
    let all: Vec<Value> = vectors("v2", None).into_iter().chain(old).collect();
    assert_eq!(all.len(), 7);
    for vector in &all {
        let name = text(vector, "/name");
        let (params, place, came) = legacy(vector);
        let to_sign = legacy_string_to_sign(text(vector, "/request/method"), &place, &params);
        assert_eq!(to_sign, text(vector, "/string_to_sign"), "{name}");
        let digest = Digest::named(Some(text(vector, "/algorithm")));
        let signature = legacy_signature(text(vector, "/credentials/secret_key"), digest, &to_sign);
        assert_eq!(signature, text(vector, "/signature"), "{name}");
        assert_eq!(signature, came, "{name}");
    }
}

#[test]
fn a_form_is_signed_as_the_recorded_one_is() {
    let vector = vectors("v2", None).into_iter().find(|vector| vector["name"] == "v2-unassign-post-sha256").unwrap();
    let own = ["SecretId", "Nonce", "Timestamp", "SignatureMethod", "Signature"];
    let mut request = request(&vector);
    let (recorded, ..) = legacy(&vector);
    let pairs: Vec<String> = recorded
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    request.body = pairs.join("&").into_bytes();
    // 11886, the recorded nonce.
    let stamp = Stamp { now: now(&vector), nonce: "000000000002e6effff".to_owned() };
    let (id, secret) = (text(&vector, "/credentials/secret_id"), text(&vector, "/credentials/secret_key"));
    let unsigned = request.clone();
    legacy_sign(&mut request, id, secret, None, &stamp);
    let mut sent = parse_query(std::str::from_utf8(&request.body).unwrap());
    let mut wanted = recorded;
    sent.sort();
    wanted.sort();
    assert_eq!(sent, wanted);

    // A token is one of the parameters that are signed; what it holds survives the form.
    let mut with = unsigned;
    legacy_sign(&mut with, id, secret, Some("tok+/==~ *"), &stamp);
    let sent = parse_query(std::str::from_utf8(&with.body).unwrap());
    assert!(sent.contains(&("Token".to_owned(), "tok+/==~ *".to_owned())), "{sent:?}");
    let to_sign = legacy_string_to_sign("POST", "vpc.api.qcloud.com/v2/index.php", &sent);
    assert!(to_sign.contains("&Token=tok+/==~ *&"), "{to_sign}");
    let signature = &sent.iter().find(|(name, _)| name == "Signature").unwrap().1;
    assert_eq!(*signature, legacy_signature(secret, Digest::Sha256, &to_sign));
}

#[test]
fn underscores_are_dots_and_a_nonce_is_a_positive_number() {
    let params = [("b_1", "x y"), ("a.10", "2"), ("a.2", "1"), ("Signature", "no"), ("B", "é")];
    let params: Vec<_> = params.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(legacy_string_to_sign("GET", "h/p", &params), "GETh/p?B=é&a.10=2&a.2=1&b.1=x y");
    let of = |hex: &str| nonce(&Stamp { now: Timestamp(0), nonce: hex.to_owned() });
    assert_eq!(of("ffffffffffffffffffffffffffffffff"), (1 << 60) - 1);
    assert_eq!((of("00000000000000000000000000000000"), of("")), (1, 1));
    assert_eq!(Digest::named(Some("HmacSHA1")), Digest::Sha1);
    assert_eq!(Digest::named(None), Digest::Sha1);
}
