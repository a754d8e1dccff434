//! A call as Huawei Cloud's request: REST, with the project in the path and each service on a host of its own.

use serde_json::{Value, json};

use super::{
    part, release,
    sign::{PROJECTS, canonical_query},
};
use crate::{
    domain::{
        ids::RegionId,
        page::{Cursor, Listing, Resource, Scope},
        plan::OperationKind,
    },
    providers::{
        profile::Profile,
        provider::{Call, Step},
    },
    wire::{WireRequest, percent_encode},
};

/// Vendor: `ListServersDetails`, `limit` 1 to 1000.
pub(super) const SERVERS_A_PAGE: u64 = 1000;
/// Vendor: the largest page of ports, EIPs and members; more is cut to it.
pub(super) const ROWS_A_PAGE: usize = 2000;

/// Takes all virtual IPs off a NIC; one of several goes by `UpdatePort`.
pub(super) const RELEASE: &str = "DisassociateServerVirtualIp";
/// Deletes the NIC as well unless it was told to stay.
pub(super) const DETACH: &str = "BatchDeleteServerNics";

/// A service: on a host of its own in each region.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Service {
    Ecs,
    /// EIPs, too.
    Vpc,
    Elb,
    Iam,
}

impl Service {
    /// As hosts spell it.
    fn name(self) -> &'static str {
        match self {
            Service::Ecs => "ecs",
            Service::Vpc => "vpc",
            Service::Elb => "elb",
            Service::Iam => "iam",
        }
    }

    /// Vendor: the region tables of its SDK; the regions eu-west-1xx have a domain of their own.
    fn host(self, region: &str) -> String {
        let name = self.name();
        let europe = region.strip_prefix("eu-west-1").is_some_and(|rest| rest.len() == 2);
        let domain = if europe { "myhuaweicloud.eu" } else { "myhuaweicloud.com" };
        format!("{name}.{region}.{domain}")
    }
}

/// A request without its host.
struct Draft {
    action: &'static str,
    service: Service,
    method: &'static str,
    /// With `{p}` for the project.
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Draft {
    fn get(action: &'static str, service: Service, path: impl Into<String>) -> Self {
        Self { action, service, method: "GET", path: path.into(), query: Vec::new(), body: None }
    }

    fn put(action: &'static str, service: Service, path: String, body: Value) -> Self {
        Self { method: "PUT", body: Some(body), ..Self::get(action, service, path) }
    }

    fn post(action: &'static str, service: Service, path: String, body: Value) -> Self {
        Self { method: "POST", body: Some(body), ..Self::get(action, service, path) }
    }

    fn with(mut self, query: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.query.extend(query);
        self
    }
}

/// The vendor's action name.
pub(super) fn action(call: &Call) -> &'static str {
    draft(call).action
}

/// The unsigned request.
pub(super) fn encode(call: &Call, profile: &Profile) -> WireRequest {
    let draft = draft(call);
    let region = call.region().filter(|region| !region.as_str().is_empty()).or_else(|| profile.regions.first());
    let region = region.map_or("cn-north-4", RegionId::as_str);
    let (scheme, host) = profile.host(draft.service.name(), &draft.service.host(region), region);
    let project = profile.project_id.as_deref().unwrap_or_default();
    let query: Vec<(String, String)> = match (call, &profile.project_id) {
        // The profile's own project, which may be a part of the region's: a token is asked for that one only.
        (Call::SignIn { .. }, Some(own)) if profile.regions.len() == 1 => vec![("id".to_owned(), own.clone())],
        _ => draft.query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    let mut request = WireRequest {
        method: draft.method,
        scheme,
        host,
        path: draft.path.replace("{p}", &percent_encode(project)),
        query: canonical_query(&query),
        headers: Vec::new(),
        body: draft.body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
    };
    if !request.body.is_empty() {
        request.set_header("content-type", "application/json");
    }
    // Vendor: v2.0 of the VPC names no project in its path.
    if draft.service != Service::Iam && !project.is_empty() {
        request.set_header("x-project-id", project);
    }
    request
}

fn draft(call: &Call) -> Draft {
    match call {
        Call::List(listing) => read(listing),
        Call::Task { task, .. } => {
            Draft::get("ShowJob", Service::Ecs, format!("/v1/{{p}}/jobs/{}", percent_encode(task)))
        }
        // The signature makes it what it is called: only the credential holds what stands in it.
        Call::SignIn { region, by_name } => {
            let action = if *by_name { "KeystoneCreateUserTokenByPassword" } else { "KeystoneListProjects" };
            Draft::get(action, Service::Iam, PROJECTS).with([("name", region.to_string())])
        }
        Call::Identity { .. } => Draft::get("KeystoneListAuthDomains", Service::Iam, "/v3/auth/domains"),
        Call::Write { kind, step, .. } => write(kind, step),
    }
}

/// Vendor: "Permissions and supported actions" of the API references of ECS, VPC, EIP, ELB and IAM. A listing of ports is granted by
/// its own name in identity policies, and by the other in the older kind. `None`: granted to everybody, or not documented.
pub(super) fn permission(action: &str) -> Option<&'static str> {
    Some(match action {
        "KeystoneListProjects" => "iam:projects:listProjects",
        "ListServersDetails" => "ecs:cloudServers:list",
        "ListPorts" | "NeutronListPorts" => "vpc:ports:list / vpc:ports:get",
        "ShowPort" | "NeutronShowPort" => "vpc:ports:get",
        "ListPublicips" => "vpc:publicIps:list",
        "ListAllMembers" => "elb:members:list",
        RELEASE | "AssociateServerVirtualIp" | "UpdateServerInterface" => "ecs:cloudServerNics:update",
        DETACH => "ecs:cloudServerNics:delete",
        "BatchAddServerNics" => "ecs:cloudServers:addNics",
        "UpdatePort" | "NeutronUpdatePort" => "vpc:ports:update",
        "DeletePort" | "NeutronDeletePort" => "vpc:ports:delete",
        "UpdatePublicip" => "vpc:publicIps:update",
        _ => return None,
    })
}

fn read(listing: &Listing) -> Draft {
    let rows = if listing.scope == Scope::Few { 1 } else { ROWS_A_PAGE };
    let limit = ("limit", rows.to_string());
    let marker = match &listing.cursor {
        Cursor::Token(marker) => Some(("marker", marker.to_string())),
        Cursor::Start | Cursor::Page(_) => None,
    };
    match (listing.resource, &listing.scope) {
        // There is no limits call; `listings` never asks for one.
        (Resource::Regions | Resource::Limits, _) => Draft::get("KeystoneListRegions", Service::Iam, "/v3/regions"),
        (Resource::Instances, Scope::Instances(ids)) if listing.part == part::INTERFACES => {
            let server = percent_encode(ids.first().map(crate::domain::ids::InstanceId::as_str).unwrap_or_default());
            let path = format!("/v1/{{p}}/cloudservers/{server}/os-interface");
            Draft::get("ListServerInterfaces", Service::Ecs, path)
        }
        // Whether there is any is all that is asked.
        (Resource::Instances, Scope::Nic(id)) => {
            let only = [("limit", "1".to_owned()), ("parent_id", id.to_string())];
            Draft::get("ListSubNetworkInterfaces", Service::Vpc, "/v3/{p}/vpc/sub-network-interfaces").with(only)
        }
        (Resource::Instances, Scope::Instances(ids)) => {
            let ids: Vec<&str> = ids.iter().map(crate::domain::ids::InstanceId::as_str).collect();
            Draft::get("ListServersDetails", Service::Ecs, "/v1/{p}/cloudservers/detail")
                .with([("server_id", ids.join(","))])
        }
        (Resource::Instances, _) => Draft::get("ListServersDetails", Service::Ecs, "/v1/{p}/cloudservers/detail")
            .with([("limit", SERVERS_A_PAGE.to_string()), ("offset", page(listing).to_string())]),
        (Resource::Nics, Scope::Nic(id)) => match listing.part {
            part::V2 => {
                Draft::get("NeutronShowPort", Service::Vpc, format!("/v2.0/ports/{}", percent_encode(id.as_str())))
            }
            _ => Draft::get("ShowPort", Service::Vpc, format!("/v1/{{p}}/ports/{}", percent_encode(id.as_str()))),
        },
        (Resource::Nics | Resource::Floats, scope) => {
            let (action, path) = match listing.part {
                part::V2 => ("NeutronListPorts", "/v2.0/ports"),
                _ => ("ListPorts", "/v1/{p}/ports"),
            };
            // Never by their owner: a reserved address has none, and is bound to NICs all the same.
            let network = match scope {
                Scope::Group(network) => Some(("network_id", network.to_string())),
                _ => None,
            };
            Draft::get(action, Service::Vpc, path).with([limit]).with(marker).with(network)
        }
        (Resource::Eips, scope) => {
            let only = match (scope, &listing.carry) {
                (Scope::Nic(_), Some(carry)) => only("vnic.private_ip_address", carry),
                (Scope::Nic(id), None) => vec![("vnic.port_id", id.to_string())],
                _ => Vec::new(),
            };
            Draft::get("ListPublicips", Service::Vpc, "/v3/{p}/eip/publicips").with([limit]).with(marker).with(only)
        }
        (Resource::Backends, _) => {
            let only = listing.carry.as_deref().map(|carry| only("address", carry)).unwrap_or_default();
            Draft::get("ListAllMembers", Service::Elb, "/v3/{p}/elb/members").with([limit]).with(marker).with(only)
        }
    }
}

/// A filter that may be repeated, for each of the addresses that a listing carries.
fn only(name: &'static str, carry: &str) -> Vec<(&'static str, String)> {
    carry.split(',').filter(|ip| !ip.is_empty()).map(|ip| (name, ip.to_owned())).collect()
}

/// The page's number. Vendor: `offset` is one, from 1, in spite of its name.
pub(super) fn page(listing: &Listing) -> u32 {
    match listing.cursor {
        Cursor::Page(number) => number,
        Cursor::Start | Cursor::Token(_) => 1,
    }
}

fn write(kind: &OperationKind, step: &Step) -> Draft {
    let carry = step.carry.as_deref().unwrap_or_default();
    let nic = percent_encode(kind.nic().as_str());
    let of_nic = || format!("/v1/{{p}}/cloudservers/nics/{nic}");
    match kind {
        OperationKind::Release { .. } | OperationKind::Assign { .. } if release::read_carry(carry).is_some() => {
            let (port, pairs) = release::read_carry(carry).unwrap_or_default();
            let port = percent_encode(port);
            let (action, path) = match step.name {
                release::PORT_V2 => ("NeutronUpdatePort", format!("/v2.0/ports/{port}")),
                _ => ("UpdatePort", format!("/v1/{{p}}/ports/{port}")),
            };
            Draft::put(action, Service::Vpc, path, json!({"port": {"allowed_address_pairs": pairs}}))
        }
        OperationKind::Release { .. } => Draft::put(RELEASE, Service::Ecs, of_nic(), release::unbind_body()),
        OperationKind::Assign { ips, .. } => {
            let first = ips.first().map(ToString::to_string).unwrap_or_default();
            let (network, ip) = carry.split_once(' ').unwrap_or((carry, &first));
            Draft::put("AssociateServerVirtualIp", Service::Ecs, of_nic(), release::bind_body(network, ip))
        }
        OperationKind::Detach { instance, .. } if step.name == release::KEEP => {
            let path = format!("/v1/{{p}}/cloudservers/{}/os-interface/{nic}", percent_encode(instance.as_str()));
            let body = json!({"interface_attachment": {"delete_on_termination": false}});
            Draft::put("UpdateServerInterface", Service::Ecs, path, body)
        }
        OperationKind::Detach { nic, instance } => {
            let path = format!("/v1/{{p}}/cloudservers/{}/nics/delete", percent_encode(instance.as_str()));
            Draft::post(DETACH, Service::Ecs, path, json!({"nics": [{"id": nic.as_str()}]}))
        }
        OperationKind::Attach { nic, instance } => {
            let path = format!("/v1/{{p}}/cloudservers/{}/nics", percent_encode(instance.as_str()));
            Draft::post("BatchAddServerNics", Service::Ecs, path, json!({"nics": [{"port_id": nic.as_str()}]}))
        }
        OperationKind::BindEip { nic, eip, .. } => {
            let port = if carry.is_empty() { nic.as_str() } else { carry };
            let path = format!("/v1/{{p}}/publicips/{}", percent_encode(eip.as_str()));
            Draft::put("UpdatePublicip", Service::Vpc, path, json!({"publicip": {"port_id": port}}))
        }
        OperationKind::Delete { .. } => {
            let (action, path) = match step.name {
                release::DELETE_V2 => ("NeutronDeletePort", format!("/v2.0/ports/{nic}")),
                _ => ("DeletePort", format!("/v1/{{p}}/ports/{nic}")),
            };
            Draft { method: "DELETE", ..Draft::get(action, Service::Vpc, path) }
        }
    }
}
