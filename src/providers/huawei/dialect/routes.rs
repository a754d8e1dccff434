//! Which call a request is: by method and path, and in one case by the body.

use crate::sim::dialect::SimRequest;

use super::reply::Family;

/// A call, its envelope for errors, and what its path names.
pub(super) struct Route<'a> {
    pub action: &'static str,
    pub family: Family,
    pub project: Option<&'a str>,
    /// The object of the path, and one inside it.
    pub id: &'a str,
    pub inner: &'a str,
}

/// The calls that change something.
pub(super) const WRITES: &[&str] = &[
    "UpdateServerInterface",
    "DisassociateServerVirtualIp",
    "AssociateServerVirtualIp",
    "BatchDeleteServerNics",
    "BatchAddServerNics",
    "NovaDeleteServerInterface",
    "UpdatePort",
    "NeutronUpdatePort",
    "CreatePort",
    "NeutronCreatePort",
    "DeletePort",
    "NeutronDeletePort",
    "UpdatePublicip",
];

/// The calls that are served.
pub(super) const ACTIONS: &[&str] = &[
    "KeystoneCreateUserTokenByPassword",
    "KeystoneListProjects",
    "KeystoneListAuthProjects",
    "KeystoneListAuthDomains",
    "KeystoneListRegions",
    "ListServersDetails",
    "ShowServer",
    "ListServerInterfaces",
    "UpdateServerInterface",
    "BatchDeleteServerNics",
    "BatchAddServerNics",
    "ShowJob",
    "NovaListServerInterfaces",
    "NovaDeleteServerInterface",
    "ListSubnets",
    "UpdatePublicip",
    "ListPublicips",
    "ListSubNetworkInterfaces",
    "ListAllMembers",
    "AssociateServerVirtualIp",
    "DisassociateServerVirtualIp",
    "ListPorts",
    "CreatePort",
    "ShowPort",
    "UpdatePort",
    "DeletePort",
    "NeutronListPorts",
    "NeutronCreatePort",
    "NeutronShowPort",
    "NeutronUpdatePort",
    "NeutronDeletePort",
];

/// `None`: no API is published there.
pub(super) fn find(request: &SimRequest) -> Option<Route<'_>> {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let (action, family, project, id, inner) = match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["v3", "auth", "tokens"]) => ("KeystoneCreateUserTokenByPassword", Family::Iam, None, "", ""),
        ("GET", ["v3", "projects"]) => ("KeystoneListProjects", Family::Iam, None, "", ""),
        ("GET", ["v3", "auth", "projects"]) => ("KeystoneListAuthProjects", Family::Iam, None, "", ""),
        ("GET", ["v3", "auth", "domains"]) => ("KeystoneListAuthDomains", Family::Iam, None, "", ""),
        ("GET", ["v3", "regions"]) => ("KeystoneListRegions", Family::Iam, None, "", ""),

        ("GET", ["v1", p, "cloudservers", "detail"]) => ("ListServersDetails", Family::Ecs, Some(*p), "", ""),
        ("PUT", ["v1", p, "cloudservers", "nics", nic]) => (virtual_ip(request), Family::Ecs, Some(*p), *nic, ""),
        ("GET", ["v1", p, "cloudservers", id]) => ("ShowServer", Family::Ecs, Some(*p), *id, ""),
        ("GET", ["v1", p, "cloudservers", id, "os-interface"]) => {
            ("ListServerInterfaces", Family::Ecs, Some(*p), *id, "")
        }
        ("PUT", ["v1", p, "cloudservers", id, "os-interface", port]) => {
            ("UpdateServerInterface", Family::Ecs, Some(*p), *id, *port)
        }
        ("POST", ["v1", p, "cloudservers", id, "nics", "delete"]) => {
            ("BatchDeleteServerNics", Family::Ecs, Some(*p), *id, "")
        }
        ("POST", ["v1", p, "cloudservers", id, "nics"]) => ("BatchAddServerNics", Family::Ecs, Some(*p), *id, ""),
        ("GET", ["v1", p, "jobs", id]) => ("ShowJob", Family::Job, Some(*p), *id, ""),
        ("GET", ["v2.1", p, "servers", id, "os-interface"]) => {
            ("NovaListServerInterfaces", Family::Nova, Some(*p), *id, "")
        }
        ("DELETE", ["v2.1", p, "servers", id, "os-interface", port]) => {
            ("NovaDeleteServerInterface", Family::Nova, Some(*p), *id, *port)
        }

        ("GET", ["v1", p, "subnets"]) => ("ListSubnets", Family::Vpc, Some(*p), "", ""),
        ("PUT", ["v1", p, "publicips", id]) => ("UpdatePublicip", Family::Vpc, Some(*p), *id, ""),
        ("GET", ["v3", p, "eip", "publicips"]) => ("ListPublicips", Family::Gateway, Some(*p), "", ""),
        ("GET", ["v3", p, "vpc", "sub-network-interfaces"]) => {
            ("ListSubNetworkInterfaces", Family::Gateway, Some(*p), "", "")
        }
        ("GET", ["v3", p, "elb", "members"]) => ("ListAllMembers", Family::Gateway, Some(*p), "", ""),

        (method, ["v2.0", "ports"]) => (neutron(method, false)?, Family::Neutron, None, "", ""),
        (method, ["v2.0", "ports", id]) => (neutron(method, true)?, Family::Neutron, None, *id, ""),
        (method, ["v1", p, "ports"]) => (vpc(method, false)?, Family::Vpc, Some(*p), "", ""),
        (method, ["v1", p, "ports", id]) => (vpc(method, true)?, Family::Vpc, Some(*p), *id, ""),
        _ => return None,
    };
    Some(Route { action, family, project, id, inner })
}

/// One path, two meanings: with two empty texts it unbinds, else it binds.
fn virtual_ip(request: &SimRequest) -> &'static str {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let filled = |name: &str| body["nic"][name].as_str().is_some_and(|text| !text.is_empty());
    if filled("subnet_id") && filled("ip_address") { "AssociateServerVirtualIp" } else { "DisassociateServerVirtualIp" }
}

fn vpc(method: &str, one: bool) -> Option<&'static str> {
    Some(match (method, one) {
        ("GET", false) => "ListPorts",
        ("POST", false) => "CreatePort",
        ("GET", true) => "ShowPort",
        ("PUT", true) => "UpdatePort",
        ("DELETE", true) => "DeletePort",
        _ => return None,
    })
}

fn neutron(method: &str, one: bool) -> Option<&'static str> {
    Some(match (method, one) {
        ("GET", false) => "NeutronListPorts",
        ("POST", false) => "NeutronCreatePort",
        ("GET", true) => "NeutronShowPort",
        ("PUT", true) => "NeutronUpdatePort",
        ("DELETE", true) => "NeutronDeletePort",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_in_the_list_of_calls_and_every_call_has_a_route() {
        let paths = [
            "v3/auth/tokens",
            "v3/projects",
            "v3/auth/projects",
            "v3/auth/domains",
            "v3/regions",
            "v1/p/cloudservers/detail",
            "v1/p/cloudservers/nics/n",
            "v1/p/cloudservers/s",
            "v1/p/cloudservers/s/os-interface",
            "v1/p/cloudservers/s/os-interface/n",
            "v1/p/cloudservers/s/nics/delete",
            "v1/p/cloudservers/s/nics",
            "v1/p/jobs/j",
            "v2.1/p/servers/s/os-interface",
            "v2.1/p/servers/s/os-interface/n",
            "v1/p/subnets",
            "v1/p/publicips/e",
            "v3/p/eip/publicips",
            "v3/p/vpc/sub-network-interfaces",
            "v3/p/elb/members",
            "v2.0/ports",
            "v2.0/ports/n",
            "v1/p/ports",
            "v1/p/ports/n",
        ];
        let bodies = ["", r#"{"nic": {"subnet_id": "s", "ip_address": "10.0.0.1"}}"#];
        let mut found = BTreeSet::new();
        for path in paths {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                for body in bodies {
                    let request = SimRequest {
                        method: method.to_owned(),
                        path: format!("/{path}"),
                        query: String::new(),
                        headers: Vec::new(),
                        body: body.as_bytes().to_vec(),
                    };
                    found.extend(find(&request).map(|route| route.action));
                }
            }
        }
        assert_eq!(found, ACTIONS.iter().copied().collect());
        assert!(WRITES.iter().all(|action| ACTIONS.contains(action)));
    }
}
