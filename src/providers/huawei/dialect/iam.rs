//! IAM: tokens for a password, accounts, projects, regions. Vendor: IAM API reference, `KeystoneCreateUserTokenByPassword`,
//! `KeystoneListAuthDomains`, `KeystoneListProjects`, `KeystoneListRegions`.

use serde_json::{Value, json};

use crate::{
    domain::time::Timestamp,
    sim::{
        dialect::{SimKey, SimRequest},
        world::World,
    },
    wire::sha256_hex,
};

use super::{Answer, Done, auth, codes::Refusal, ok, params::Query, routes::Route};

/// The account that owns everything.
const DOMAIN: &str = "fedcba9876543210fedcba9876543210";

/// A region's project. The world's own id is that of its first region.
pub(super) fn project_of(world: &World, region: &str) -> String {
    let first = world.regions().first().is_some_and(|first| first == region);
    match world.project_id() {
        Some(id) if first => id.to_owned(),
        _ => sha256_hex(format!("project of {region}").as_bytes()).chars().take(32).collect(),
    }
}

pub(super) fn region_of(world: &World, project: &str) -> Option<String> {
    world.regions().iter().find(|region| project_of(world, region) == project).cloned()
}

fn bad_request(message: &str) -> Refusal {
    Refusal { status: 400, code: "400".to_owned(), message: message.to_owned() }
}

fn time(at: Timestamp) -> String {
    let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The user is the key's id, the password its secret.
pub(super) fn create_token(world: &World, key: &SimKey, request: &SimRequest, now: Timestamp) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let invalid = || bad_request("The request body is invalid");
    let methods = body.pointer("/auth/identity/methods").and_then(Value::as_array).ok_or_else(invalid)?;
    if !methods.iter().any(|method| method == "password") {
        return Err(invalid());
    }
    let user = "/auth/identity/password/user";
    let name = text(&format!("{user}/name")).ok_or_else(invalid)?;
    let password = text(&format!("{user}/password")).ok_or_else(invalid)?;
    text(&format!("{user}/domain/name")).ok_or_else(invalid)?;
    if (name, password) != (&key.id, &key.secret) {
        let message = "The username or password is wrong.".to_owned();
        return Err(Refusal { status: 401, code: "401".to_owned(), message });
    }
    let answer = |project: &str, scope: Value| {
        let (token, ends) = auth::make_token(key, project, now);
        let mut body = json!({"token": {
            "expires_at": time(ends), "issued_at": time(now), "methods": ["password"], "catalog": [],
            "user": {"id": sha256_hex(name.as_bytes()).get(..32), "name": name, "domain": {"id": DOMAIN, "name": "nicdeck"}},
        }});
        if let (Some(token), Value::Object(scope)) = (body["token"].as_object_mut(), scope) {
            token.extend(scope);
        }
        Ok(Done { status: 201, body: Some(body), headers: vec![("x-subject-token".to_owned(), token)] })
    };
    // For what is of no project.
    if text("/auth/scope/domain/name").is_some() {
        return answer("", json!({"domain": {"id": DOMAIN, "name": "nicdeck"}}));
    }
    let by_name = text("/auth/scope/project/name");
    let region = match (by_name, text("/auth/scope/project/id")) {
        (Some(name), _) => world.regions().iter().find(|region| *region == name).cloned(),
        (None, Some(id)) => region_of(world, id),
        (None, None) => return Err(bad_request("The token must be scoped to a project.")),
    };
    let region = region.ok_or_else(|| {
        let message = "The project does not exist or the user has no permission for it.".to_owned();
        Refusal { status: 401, code: "401".to_owned(), message }
    })?;
    let project = project_of(world, &region);
    answer(&project, json!({"project": {"id": project, "name": region, "domain": {"id": DOMAIN, "name": "nicdeck"}}}))
}

pub(super) fn read(world: &World, route: &Route, query: &Query) -> Answer {
    if route.action == "KeystoneListRegions" {
        let region = |id: &String| {
            json!({
                "id": id, "type": "public", "description": "", "parent_region_id": null,
                "locales": {"zh-cn": id, "en-us": id, "es-us": id, "pt-br": id}, "links": {"self": format!("https://iam.myhuaweicloud.com/v3/regions/{id}")},
            })
        };
        let regions: Vec<Value> = world.regions().iter().map(region).collect();
        return ok(json!({"regions": regions, "links": {"next": null, "previous": null, "self": ""}}));
    }
    if route.action == "KeystoneListAuthDomains" {
        let links = json!({"self": format!("https://iam.myhuaweicloud.com/v3/domains/{DOMAIN}")});
        let domain = json!({"id": DOMAIN, "name": "nicdeck", "enabled": true, "description": "", "links": links});
        return ok(json!({"domains": [domain], "links": {"self": "https://iam.myhuaweicloud.com/v3/auth/domains"}}));
    }
    let wanted = query.get("name");
    let regions = world.regions().iter().filter(|region| wanted.is_none_or(|wanted| wanted == region.as_str()));
    let project = |region: &String| {
        json!({
            "id": project_of(world, region), "name": region, "domain_id": DOMAIN, "parent_id": DOMAIN, "enabled": true,
            "is_domain": false, "description": "", "links": {"self": ""},
        })
    };
    let projects: Vec<Value> = regions.map(project).collect();
    ok(json!({"projects": projects, "links": {"next": null, "previous": null, "self": ""}}))
}
