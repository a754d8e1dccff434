//! A write as a line of `tccli`, the vendor's own tool: the body of API 3.0, unfolded.
//!
//! Vendor: tccli; `--cli-unfold-argument` lets the members of lists and objects be named, lists from 0.

use serde_json::Value;

use super::encode;
use crate::providers::{profile::Profile, provider::Call, shell};

/// `region` is the call's region as API 3.0 writes it. `None` for what is no write.
pub(super) fn line(call: &Call, region: Option<&str>, profile: &Profile) -> Option<String> {
    if !call.is_write() {
        return None;
    }
    let request = encode::encode(call, region, profile);
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let (service, action) = encode::command(call);
    let line = shell::Line::of(&format!("tccli {service} {action}"))
        .flag("cli-unfold-argument")
        .pair("region", region?)
        .endpoint(profile, &request.host);
    shell::members(&body, 0).iter().fold(line, |line, (name, value)| line.pair(name, value)).finish()
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::plan::OperationKind,
        providers::{
            profile::Profile,
            provider::{Call, Provider, Step},
            tencent::Cloud,
        },
    };

    fn profile() -> Profile {
        Profile {
            id: "p".into(),
            cloud: "tencent".into(),
            regions: vec!["ap-guangzhou".into()],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        }
    }

    fn line(kind: OperationKind, carry: Option<&str>) -> String {
        let step = Step { carry: carry.map(Into::into), ..Step::default() };
        Cloud.cli(&Call::Write { region: "ap-guangzhou".into(), kind, step }, &profile()).unwrap()
    }

    #[test]
    fn every_write_has_a_line_of_the_vendors_tool() {
        let nic = || "eni-1".into();
        let ips = || vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let head = |action| format!("tccli vpc {action} --cli-unfold-argument --region ap-guangzhou");
        assert_eq!(
            line(OperationKind::Release { nic: nic(), ips: ips() }, None),
            head("UnassignPrivateIpAddresses")
                + " --NetworkInterfaceId eni-1 --PrivateIpAddresses.0.PrivateIpAddress 10.0.0.1 \
                   --PrivateIpAddresses.1.PrivateIpAddress 10.0.0.2"
        );
        assert_eq!(
            line(OperationKind::Detach { nic: nic(), instance: "ins-1".into() }, Some("token")),
            head("DetachNetworkInterface") + " --ClientToken token --InstanceId ins-1 --NetworkInterfaceId eni-1"
        );
        assert_eq!(
            line(OperationKind::Assign { nic: nic(), ips: ips()[..1].to_vec(), lists: vec![] }, None),
            head("AssignPrivateIpAddresses")
                + " --NetworkInterfaceId eni-1 --PrivateIpAddresses.0.Primary false \
                   --PrivateIpAddresses.0.PrivateIpAddress 10.0.0.1"
        );
        assert_eq!(
            line(OperationKind::Attach { nic: nic(), instance: "ins-1".into() }, None),
            head("AttachNetworkInterface") + " --AttachType 0 --InstanceId ins-1 --NetworkInterfaceId eni-1"
        );
        assert_eq!(
            line(OperationKind::BindEip { nic: nic(), eip: "eip-1".into(), ip: ips()[0] }, None),
            head("AssociateAddress") + " --AddressId eip-1 --NetworkInterfaceId eni-1 --PrivateIpAddress 10.0.0.1"
        );
        assert_eq!(
            line(OperationKind::Delete { nic: nic() }, None),
            head("DeleteNetworkInterface") + " --NetworkInterfaceId eni-1"
        );
    }

    #[test]
    fn the_older_api_has_the_same_tool_which_names_the_region_the_newer_way() {
        let older = Cloud.generation("v2").unwrap();
        let kind = OperationKind::Release { nic: "eni-1".into(), ips: vec!["10.0.0.1".parse().unwrap()] };
        let step = Step { carry: Some("vpc-1".into()), ..Step::default() };
        let line = older.cli(&Call::Write { region: "gz".into(), kind, step }, &profile()).unwrap();
        assert_eq!(
            line,
            "tccli vpc UnassignPrivateIpAddresses --cli-unfold-argument --region ap-guangzhou \
             --NetworkInterfaceId eni-1 --PrivateIpAddresses.0.PrivateIpAddress 10.0.0.1"
        );
        let kind = OperationKind::Detach { nic: "eni-1".into(), instance: "ins-1".into() };
        let step = Step { carry: Some("vpc-1".into()), ..Step::default() };
        let line = older.cli(&Call::Write { region: "gz".into(), kind, step }, &profile()).unwrap();
        assert!(!line.contains("vpc-1"), "what the older API carries is no token: {line}");
    }

    #[test]
    fn what_a_cloud_calls_a_nic_is_never_read_by_a_shell() {
        let odd = OperationKind::Delete { nic: "eni 1;$(id)'".into() };
        assert!(line(odd, None).ends_with(r"--NetworkInterfaceId 'eni 1;$(id)'\'''"));
    }
}
