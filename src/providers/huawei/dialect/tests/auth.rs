//! Signatures, tokens, projects; and the envelopes.

use super::*;

fn message(reply: &Reply) -> &str {
    assert_eq!(reply.code(), (401, "APIGW.0301"), "{reply:?}");
    let text = reply.body["error_msg"].as_str().expect("a message");
    text.strip_prefix("Incorrect IAM authentication information: ").expect(text)
}

#[test]
fn what_was_signed_is_what_has_to_arrive() {
    let mut cloud = Cloud::new();
    let url = "/v1/{p}/cloudservers/detail?limit=1&name=web%201%2A~";
    let good = cloud.request("GET", url, None);
    assert_eq!(cloud.send(&good).status, 200);
    let spoil: [fn(&mut SimRequest); 4] = [
        |request| request.query.push('1'),
        |request| request.path.push('x'),
        |request| request.body.push(b' '),
        |request| {
            let project = request.headers.iter_mut().find(|(name, _)| name == "x-project-id");
            project.expect("signed").1.push('0');
        },
    ];
    for change in spoil {
        let mut request = good.clone();
        change(&mut request);
        // The last segment of a path that is spoiled names a server.
        let reply = cloud.send(&request);
        assert!(message(&reply).starts_with("verify aksk signature fail, canonicalRequest:GET|/v1/"), "{reply:?}");
    }
    // The URL may end with a slash or not: the canonical path does.
    let mut slash = good;
    slash.path.push('/');
    assert_eq!(cloud.send(&slash).status, 200);
}

#[test]
fn each_wrong_credential_has_its_text() {
    let mut cloud = Cloud::new();
    let url = "/v1/{p}/jobs/x";
    let bare = received(Cloud::unsigned("GET", url, None));
    assert_eq!(message(&cloud.send(&bare)), "x-auth-token not found");
    let request = cloud.request("GET", url, None);
    cloud.key.id = "OTHER".to_owned();
    assert_eq!(message(&cloud.send(&request)), "ak AKTEST not exist");
    cloud.key.id = "AKTEST".to_owned();
    cloud.key.token = Some("session".to_owned());
    assert!(message(&cloud.send(&request)).starts_with("Get secretKey failed"));
    let with_token = cloud.request("GET", url, None);
    assert_eq!(cloud.send(&with_token).code(), (400, "Common.0011"));
    cloud.key.token = None;
    cloud.now = Timestamp(NOW.0 + 901_000);
    let reply = cloud.send(&request);
    let expected =
        "calc aksk signature fail:signature expired, signature time:20260102T030405Z,server time:20260102T031906Z";
    assert_eq!(message(&reply), expected);
    cloud.now = Timestamp(NOW.0 - 899_000);
    assert_eq!(cloud.send(&request).code(), (400, "Common.0011"), "a quarter of an hour is fine");
    let mut token = received(Cloud::unsigned("GET", url, None));
    token.headers.push(("x-auth-token".to_owned(), "MIIsimulated0session0token.nothing".to_owned()));
    assert_eq!(message(&cloud.send(&token)), "decrypt token fail");
}

/// Vendor: more than five failures in a row lock a key for five minutes, the right secret too.
#[test]
fn a_key_that_fails_too_often_in_a_row_is_locked() {
    let mut cloud = Cloud::new();
    let url = "/v1/{p}/ports?limit=1";
    let good = |cloud: &Cloud| cloud.request("GET", url, None);
    let wrong = |cloud: &Cloud| {
        let mut request = cloud.request("GET", url, None);
        request.query.push('1');
        request
    };
    let failed = |cloud: &mut Cloud| {
        let request = wrong(cloud);
        message(&cloud.send(&request)).starts_with("verify aksk signature fail")
    };
    // One that is good in between makes the count begin again.
    assert!((0..5).all(|_| failed(&mut cloud)));
    let request = good(&cloud);
    assert_eq!(cloud.send(&request).status, 200);
    assert!((0..6).all(|_| failed(&mut cloud)));
    let request = good(&cloud);
    for _ in 0..2 {
        assert_eq!(message(&cloud.send(&request)), "AK access failed to reach the limit,forbidden");
    }
    // Others are not: a token, and a key that there is none of.
    let token = sign_in(&mut cloud, "a secret", &json!({"name": "cn-north-4"}))
        .header("x-subject-token")
        .expect("a token")
        .to_owned();
    let mut by_token = received(Cloud::unsigned("GET", url, None));
    by_token.headers.push(("x-auth-token".to_owned(), token));
    assert_eq!(cloud.send(&by_token).status, 200);
    cloud.later(300_001);
    let request = good(&cloud);
    assert_eq!(cloud.send(&request).status, 200);
}

fn sign_in(cloud: &mut Cloud, password: &str, scope: &Value) -> Reply {
    let user = json!({"name": "AKTEST", "password": password, "domain": {"name": "account"}});
    let body = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": scope}}});
    let request = received(Cloud::unsigned("POST", "/v3/auth/tokens?nocatalog=true", Some(&body)));
    cloud.send(&request)
}

#[test]
fn a_password_brings_a_token_for_a_day_and_one_project() {
    let mut cloud = Cloud::new();
    let reply = sign_in(&mut cloud, "a secret", &json!({"name": "cn-north-4"}));
    assert_eq!(reply.status, 201);
    assert_eq!(reply.body["token"]["expires_at"], "2026-01-03T03:04:05.000000Z");
    assert_eq!(reply.body["token"]["project"]["id"], PROJECT);
    assert!(reply.header("x-iam-trace-id").is_some());
    let token = reply.header("x-subject-token").expect("a token").to_owned();
    let mut request = received(Cloud::unsigned("GET", "/v1/{p}/ports?limit=1", None));
    request.headers.push(("x-auth-token".to_owned(), token));
    assert_eq!(cloud.send(&request).status, 200);
    let elsewhere = SimRequest { path: "/v1/ffff/ports".to_owned(), ..request.clone() };
    assert_eq!(cloud.send(&elsewhere).code(), (400, "VPC.0007"));
    let elsewhere = SimRequest { path: "/v1/ffff/jobs/x".to_owned(), ..request.clone() };
    assert_eq!(
        cloud.send(&elsewhere).body,
        json!({"code": "Common.0018", "message": "The project in the token is different from the project in the URL."})
    );
    cloud.later(24 * 3_600_000);
    assert_eq!(message(&cloud.send(&request)), "decrypt token fail");
}

#[test]
fn a_sign_in_that_fails_is_told_with_a_numeric_code() {
    let mut cloud = Cloud::new();
    let reply = sign_in(&mut cloud, "wrong", &json!({"name": "cn-north-4"}));
    let expected =
        json!({"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}});
    assert_eq!((reply.status, &reply.body), (401, &expected));
    for (scope, status) in [(json!({"name": "nowhere"}), 401), (json!({}), 400), (json!({"id": PROJECT}), 201)] {
        assert_eq!(sign_in(&mut cloud, "a secret", &scope).status, status, "{scope}");
    }
    let request = received(Cloud::unsigned("POST", "/v3/auth/tokens", Some(&json!({"auth": {}}))));
    let reply = cloud.send(&request);
    assert_eq!(reply.body["error"]["code"], 400);
}

#[test]
fn projects_are_found_by_region() {
    let mut cloud = Cloud::new();
    let reply = cloud.get("/v3/projects?name=cn-north-4");
    assert_eq!(reply.texts("projects", "id"), [PROJECT]);
    assert!(cloud.get("/v3/projects?name=cn-south-1").texts("projects", "id").is_empty());
    assert_eq!(cloud.get("/v3/auth/projects").texts("projects", "name"), ["cn-north-4"]);
    assert_eq!(cloud.get("/v3/regions").texts("regions", "id"), ["cn-north-4"]);
    assert_eq!(cloud.get("/v1/ffff/cloudservers/detail").code(), (400, "Common.0018"));
    let id = cloud.get("/v3/projects").header("x-iam-trace-id").map(str::to_owned);
    assert!(id.is_some_and(|id| id.len() == 32));
}

#[test]
fn every_service_wraps_its_errors_in_its_own_way() {
    let mut cloud = Cloud::new();
    let unpublished = cloud.get("/v1/{p}/nothing/here");
    assert_eq!(unpublished.code(), (404, "APIGW.0101"));
    assert_eq!(unpublished.body["request_id"], unpublished.header("x-request-id").expect("an id"));
    let vpc = cloud.get("/v1/{p}/ports/none");
    assert_eq!(vpc.body["code"], "VPC.2502");
    let neutron = cloud.get("/v2.0/ports/none");
    assert_eq!((neutron.status, &neutron.body["NeutronError"]["type"]), (404, &json!("PortNotFound")));
    let nova = cloud.get("/v2.1/{p}/servers/none/os-interface");
    assert_eq!(nova.body["itemNotFound"]["code"], 404);
    let ecs = cloud.get("/v1/{p}/cloudservers/none/os-interface");
    assert_eq!((ecs.status, &ecs.body["error"]["code"]), (400, &json!("Ecs.0307")));
    let job = cloud.get("/v1/{p}/jobs/none");
    assert_eq!((job.status, &job.body["code"]), (400, &json!("Common.0011")));
    let elb = cloud.get("/v3/{p}/elb/members?limit=2&marker=none");
    assert_eq!((elb.status, &elb.body["error_code"]), (400, &json!("ELB.8902")));
    // One that the gateway speaks looks the same for all.
    cloud.world.refusals.insert("ListServerInterfaces".to_owned(), "APIGW.0101".to_owned());
    assert_eq!(cloud.get("/v1/{p}/cloudservers/srv-web/os-interface").body["error_code"], "APIGW.0101");
    let injected = |error| {
        let response = HuaweiDialect.error(error, ID);
        let body: Value = serde_json::from_slice(&response.body).expect("JSON");
        (response.status, body)
    };
    let (status, body) = injected(VendorError::Throttled);
    assert_eq!((status, &body["error_code"]), (429, &json!("APIGW.0308")));
    assert_eq!(injected(VendorError::Internal).0, 500);
    let (status, body) = injected(VendorError::Unavailable);
    assert_eq!((status, &body["error_code"]), (503, &json!("APIGW.0602")));
}
