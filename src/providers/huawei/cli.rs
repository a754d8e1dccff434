//! A write as a line of `hcloud` (`KooCLI`), the vendor's own tool: what stands in the path and the members of the body by name.
//!
//! Vendor: `KooCLI` user guide and FAQ; lists are counted from 1, an empty one is `[]`, and services with several versions of a call
//! have the version behind it.

use super::{encode, release};
use crate::{
    domain::plan::OperationKind,
    providers::{profile::Profile, provider::Call, shell},
};

/// `None` for what is no write.
pub(super) fn line(call: &Call, profile: &Profile) -> Option<String> {
    let Call::Write { region, kind, step } = call else { return None };
    let carried = step.carry.as_deref().and_then(release::read_carry).map(|(port, _)| port);
    let nic = kind.nic().as_str();
    let action = encode::action(call);
    let service = match action {
        "UpdatePublicip" => "EIP",
        _ if action.ends_with("Port") => "VPC",
        _ => "ECS",
    };
    let version = if service == "ECS" { "" } else { "/v2" };
    let place: Vec<(&str, &str)> = match (service, kind) {
        ("EIP", OperationKind::BindEip { eip, .. }) => vec![("publicip_id", eip.as_str())],
        ("VPC", _) => vec![("port_id", carried.unwrap_or(nic))],
        (_, OperationKind::Detach { instance, .. }) if step.name == release::KEEP => {
            vec![("server_id", instance.as_str()), ("port_id", nic)]
        }
        (_, OperationKind::Detach { instance, .. } | OperationKind::Attach { instance, .. }) => {
            vec![("server_id", instance.as_str())]
        }
        _ => vec![("nic_id", nic)],
    };
    let request = encode::encode(call, profile);
    let mut line = shell::Line::of(&format!("hcloud {service} {action}{version}")).joined("cli-region", region);
    if profile.endpoint.is_some() {
        line = line.joined("cli-endpoint", &request.host);
    }
    // Calls of the other API have no project in their path.
    if let Some(project) = profile.project_id.as_deref().filter(|_| !action.starts_with("Neutron")) {
        line = line.joined("project_id", project);
    }
    line = place.iter().fold(line, |line, (name, value)| line.joined(name, value));
    if !request.body.is_empty() {
        let body = serde_json::from_slice(&request.body).ok()?;
        line = shell::members(&body, 1).iter().fold(line, |line, (name, value)| line.joined(name, value));
    }
    line.finish()
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::plan::OperationKind,
        providers::{
            huawei::{Cloud, release},
            profile::Profile,
            provider::{Call, Provider, Step},
        },
    };

    fn line(kind: OperationKind, name: &'static str, carry: Option<&str>) -> String {
        let profile = Profile {
            id: "p".into(),
            cloud: "huawei".into(),
            regions: vec!["cn-north-4".into()],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: Some("prj".to_owned()),
            api: None,
            net: crate::providers::net::Net::default(),
        };
        let step = Step { name, carry: carry.map(Into::into), last: true };
        Cloud.cli(&Call::Write { region: "cn-north-4".into(), kind, step }, &profile).unwrap()
    }

    fn release() -> OperationKind {
        OperationKind::Release { nic: "nic-1".into(), ips: vec!["10.0.0.1".parse().unwrap()] }
    }

    const LIST: &str =
        r#"port-1 [{"ip_address":"10.0.0.9"},{"ip_address":"10.0.0.8","mac_address":"fa:16:3e:00:00:01"}]"#;

    #[test]
    fn every_request_of_a_write_has_a_line_of_the_vendors_tool() {
        let nic = || "nic-1".into();
        let head = |command: &str| format!("hcloud {command} --cli-region=cn-north-4 --project_id=prj");
        assert_eq!(
            line(release(), release::ALL, None),
            head("ECS DisassociateServerVirtualIp")
                + " --nic_id=nic-1 --nic.ip_address='' --nic.reverse_binding=false --nic.subnet_id=''"
        );
        let pairs = " --port_id=port-1 --port.allowed_address_pairs.1.ip_address=10.0.0.9 \
                     --port.allowed_address_pairs.2.ip_address=10.0.0.8 \
                     --port.allowed_address_pairs.2.mac_address=fa:16:3e:00:00:01";
        assert_eq!(line(release(), release::PORT, Some(LIST)), head("VPC UpdatePort/v2") + pairs);
        assert_eq!(
            line(release(), release::PORT_V2, Some(LIST)),
            format!("hcloud VPC NeutronUpdatePort/v2 --cli-region=cn-north-4{pairs}")
        );
        assert_eq!(
            line(release(), release::PORT, Some("port-1 []")),
            head("VPC UpdatePort/v2") + " --port_id=port-1 --port.allowed_address_pairs='[]'"
        );
        let assign = OperationKind::Assign { nic: nic(), ips: vec!["10.0.0.1".parse().unwrap()], lists: vec![] };
        assert_eq!(
            line(assign, release::BIND, Some("net-1 10.0.0.1")),
            head("ECS AssociateServerVirtualIp")
                + " --nic_id=nic-1 --nic.ip_address=10.0.0.1 --nic.reverse_binding=true --nic.subnet_id=net-1"
        );
        let detach = || OperationKind::Detach { nic: nic(), instance: "srv-1".into() };
        assert_eq!(
            line(detach(), release::KEEP, None),
            head("ECS UpdateServerInterface")
                + " --server_id=srv-1 --port_id=nic-1 --interface_attachment.delete_on_termination=false"
        );
        assert_eq!(
            line(detach(), release::UNPLUG, None),
            head("ECS BatchDeleteServerNics") + " --server_id=srv-1 --nics.1.id=nic-1"
        );
        assert_eq!(
            line(OperationKind::Attach { nic: nic(), instance: "srv-1".into() }, "", None),
            head("ECS BatchAddServerNics") + " --server_id=srv-1 --nics.1.port_id=nic-1"
        );
        let bind = OperationKind::BindEip { nic: nic(), eip: "eip-1".into(), ip: "10.0.0.1".parse().unwrap() };
        assert_eq!(
            line(bind, release::EIP, Some("port-1")),
            head("EIP UpdatePublicip/v2") + " --publicip_id=eip-1 --publicip.port_id=port-1"
        );
        let delete = || OperationKind::Delete { nic: nic() };
        assert_eq!(line(delete(), "", None), head("VPC DeletePort/v2") + " --port_id=nic-1");
        assert_eq!(
            line(delete(), release::DELETE_V2, None),
            "hcloud VPC NeutronDeletePort/v2 --cli-region=cn-north-4 --port_id=nic-1"
        );
    }

    #[test]
    fn what_a_cloud_calls_a_nic_is_never_read_by_a_shell() {
        let odd = OperationKind::Delete { nic: "nic 1;$(id)'".into() };
        assert!(line(odd, "", None).ends_with(r"--port_id='nic 1;$(id)'\'''"));
    }
}
