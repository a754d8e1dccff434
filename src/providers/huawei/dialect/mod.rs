//! Huawei Cloud's side of the wire, for the simulator: ECS, VPC, EIP, ELB and IAM behind one endpoint.
//!
//! Written from the vendor's pages and its SDK, not from this client: it shares the signature and nothing else. A region is known by
//! its project id, which stands in the path (VPC v2.0: in the header `X-Project-Id`, or in the token).

mod auth;
mod codes;
mod eips;
mod iam;
mod jobs;
mod members;
mod nics;
mod params;
mod ports;
mod reply;
mod routes;
mod servers;
#[cfg(test)]
mod tests;
mod vocabulary;

use serde_json::Value;

use crate::{
    domain::time::Timestamp,
    sim::{
        dialect::{Dialect, Heeds, ObjectKind, SimKey, SimRequest, SimResponse, VendorError, Vocabulary},
        world::{SimNic, World},
    },
    wire,
};

use self::{
    codes::Refusal,
    params::{Body, Query},
    reply::Family,
    routes::Route,
};

/// Huawei Cloud's side of the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct HuaweiDialect;

/// A call that has passed the gateway.
struct Call<'a> {
    route: Route<'a>,
    query: Query,
    body: Body<'a>,
    region: String,
    project: String,
    now: Timestamp,
    /// 32 hex digits, fresh for each request.
    request_id: &'a str,
}

/// What a call answers: a status, a body (none for 204), headers beside the usual ones.
struct Done {
    status: u16,
    body: Option<Value>,
    headers: Vec<(String, String)>,
}

type Answer = Result<Done, Refusal>;

fn ok(body: Value) -> Answer {
    done(200, body)
}

#[expect(clippy::unnecessary_wraps, reason = "the end of a call")]
fn done(status: u16, body: Value) -> Answer {
    Ok(Done { status, body: Some(body), headers: Vec::new() })
}

#[expect(clippy::unnecessary_wraps, reason = "the end of a call")]
fn nothing(status: u16) -> Answer {
    Ok(Done { status, body: None, headers: Vec::new() })
}

impl Dialect for HuaweiDialect {
    fn vocabulary(&self) -> &'static Vocabulary {
        &vocabulary::VOCABULARY
    }

    fn actions(&self) -> &'static [&'static str] {
        routes::ACTIONS
    }

    fn heeds(&self) -> Heeds {
        Heeds {
            members: &[
                "locked",
                "frozen",
                "task",
                "pairs",
                "service_managed",
                "cold_plug_only",
                "linked",
                "delete_on_detach",
                "floats",
            ],
            tasks: &[ObjectKind::Instance, ObjectKind::Nic],
            eips: true,
            floats: true,
            ..Heeds::default()
        }
    }

    fn action(&self, request: &SimRequest) -> Option<String> {
        routes::find(request).map(|route| route.action.to_owned())
    }

    fn is_write(&self, action: &str) -> bool {
        routes::WRITES.contains(&action)
    }

    fn answer(
        &self,
        world: &mut World,
        key: &SimKey,
        request: &SimRequest,
        now: Timestamp,
        request_id: &str,
    ) -> SimResponse {
        world.settle(now);
        let Some(route) = routes::find(request) else {
            return reply::refusal(Family::Gateway, &Refusal::of("APIGW.0101"), request_id);
        };
        let family = route.family;
        match act(world, key, request, route, now, request_id) {
            Ok(done) => reply::success(family, done, request_id),
            Err(refusal) => reply::refusal(family, &refusal, request_id),
        }
    }

    fn error(&self, error: VendorError, request_id: &str) -> SimResponse {
        failed(Family::Gateway, error, request_id)
    }

    /// Each service in its own envelope.
    fn error_to(&self, request: &SimRequest, error: VendorError, request_id: &str) -> SimResponse {
        let family = routes::find(request).map_or(Family::Gateway, |route| route.family);
        failed(family, error, request_id)
    }
}

fn failed(family: Family, error: VendorError, request_id: &str) -> SimResponse {
    let code = match error {
        VendorError::Throttled => "APIGW.0308",
        VendorError::Internal => "Common.0001",
        VendorError::Unavailable => "APIGW.0602",
    };
    reply::refusal(family, &Refusal::of(code), request_id)
}

fn act(
    world: &mut World,
    key: &SimKey,
    request: &SimRequest,
    route: Route,
    now: Timestamp,
    request_id: &str,
) -> Answer {
    if route.action == "KeystoneCreateUserTokenByPassword" {
        refused(world, route.action)?;
        return iam::create_token(world, key, request, now);
    }
    let scope = auth::verify(world, key, request, now)?;
    refused(world, route.action)?;
    let query = Query::new(wire::parse_query(&request.query));
    if route.family == Family::Iam {
        return iam::read(world, &route, &query);
    }
    // Where the path names no project, the header does, or the token.
    let project = route.project.or(request.header("x-project-id")).or(scope.as_deref()).unwrap_or_default();
    let region = iam::region_of(world, project).ok_or_else(|| Refusal::of(wrong_project(route.family)))?;
    if scope.as_deref().is_some_and(|scope| scope != project) {
        return Err(Refusal::of(wrong_project(route.family)));
    }
    let project = project.to_owned();
    let call = Call { route, query, body: Body::new(&request.body), region, project, now, request_id };
    dispatch(world, &call)
}

/// A policy, an arrears, or a test's own wish stands before everything that the call itself would check.
fn refused(world: &World, name: &str) -> Result<(), Refusal> {
    world.refusals.get(name).map_or(Ok(()), |code| Err(Refusal::of(code)))
}

/// The same for a NIC with what it hangs on: its subnet, its security groups, its instance.
fn refused_around(world: &World, nic: &SimNic) -> Result<(), Refusal> {
    world.refusal_around(nic).map_or(Ok(()), |code| Err(Refusal::of(code)))
}

fn wrong_project(family: Family) -> &'static str {
    match family {
        Family::Ecs | Family::Job | Family::Nova => "Common.0018",
        _ => "VPC.0007",
    }
}

fn dispatch(world: &mut World, call: &Call) -> Answer {
    match call.route.action {
        "ListServersDetails" => servers::list(world, call),
        "ShowServer" => servers::show(world, call),
        "ListServerInterfaces" | "NovaListServerInterfaces" => servers::interfaces(world, call),
        "UpdateServerInterface" => nics::update_interface(world, call),
        "DisassociateServerVirtualIp" | "AssociateServerVirtualIp" => nics::virtual_ip(world, call),
        "BatchDeleteServerNics" => nics::delete(world, call),
        "BatchAddServerNics" => nics::add(world, call),
        "NovaDeleteServerInterface" => nics::nova_delete(world, call),
        "ShowJob" => jobs::show(world, call),
        "ListPorts" | "NeutronListPorts" => ports::list(world, call),
        "ShowPort" | "NeutronShowPort" => ports::show(world, call),
        "UpdatePort" | "NeutronUpdatePort" => ports::update(world, call),
        "CreatePort" | "NeutronCreatePort" => ports::create(world, call),
        "DeletePort" | "NeutronDeletePort" => ports::delete(world, call),
        "ListSubnets" => ports::subnets(world, call),
        "ListSubNetworkInterfaces" => ports::sub_nics(world, call),
        "ListPublicips" => eips::list(world, call),
        "UpdatePublicip" => eips::update(world, call),
        "ListAllMembers" => members::list(world, call),
        _ => Err(Refusal::of("APIGW.0101")),
    }
}

/// A stable UUID for what the world file has no id for.
fn uuid(text: &str) -> String {
    let digest = wire::sha256_hex(text.as_bytes());
    let part = |range: std::ops::Range<usize>| digest.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}
