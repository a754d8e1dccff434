//! A write as a line of `aliyun`, the vendor's own tool: the parameters as the API names them.
//!
//! Vendor: aliyun-cli; `--region` chooses the host and goes along as `RegionId`, which is named as well for those who read it.

use super::encode;
use crate::providers::{profile::Profile, provider::Call, shell::Line};

/// `None` for what is no write.
pub(super) fn line(call: &Call, profile: &Profile) -> Option<String> {
    let Call::Write { region, .. } = call else { return None };
    let (product, params) = encode::write_params(call)?;
    let line = Line::of(&format!("aliyun {product} {}", encode::action(call)))
        .pair("region", region)
        .endpoint(profile, &encode::encode(call, profile).host);
    // Vendor: `--insecure`, plain http. The other tools have nothing like it.
    let is_plain = profile.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme == "http");
    let line = if is_plain { line.flag("insecure") } else { line };
    params.iter().fold(line, |line, (name, value)| line.pair(name, value)).finish()
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::plan::OperationKind,
        providers::{
            aliyun::Cloud,
            profile::{Endpoint, Profile},
            provider::{Call, Provider, Step},
        },
    };

    fn profile() -> Profile {
        Profile {
            id: "p".into(),
            cloud: "aliyun".into(),
            regions: vec!["cn-beijing".into()],
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
        Cloud.cli(&Call::Write { region: "cn-beijing".into(), kind, step }, &profile()).unwrap()
    }

    #[test]
    fn every_write_has_a_line_of_the_vendors_tool() {
        let nic = || "eni-1".into();
        let ips = || vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        assert_eq!(
            line(OperationKind::Release { nic: nic(), ips: ips() }, None),
            "aliyun ecs UnassignPrivateIpAddresses --region cn-beijing --RegionId cn-beijing --NetworkInterfaceId eni-1 \
             --PrivateIpAddress.1 10.0.0.1 --PrivateIpAddress.2 10.0.0.2"
        );
        assert_eq!(
            line(OperationKind::Detach { nic: nic(), instance: "i-1".into() }, None),
            "aliyun ecs DetachNetworkInterface --region cn-beijing --RegionId cn-beijing --NetworkInterfaceId eni-1 \
             --InstanceId i-1"
        );
        assert_eq!(
            line(OperationKind::Assign { nic: nic(), ips: ips(), lists: vec![] }, Some("token")),
            "aliyun ecs AssignPrivateIpAddresses --region cn-beijing --RegionId cn-beijing --NetworkInterfaceId eni-1 \
             --PrivateIpAddress.1 10.0.0.1 --PrivateIpAddress.2 10.0.0.2 --ClientToken token"
        );
        assert_eq!(
            line(OperationKind::Attach { nic: nic(), instance: "i-1".into() }, None),
            "aliyun ecs AttachNetworkInterface --region cn-beijing --RegionId cn-beijing --NetworkInterfaceId eni-1 \
             --InstanceId i-1"
        );
        assert_eq!(
            line(OperationKind::BindEip { nic: nic(), eip: "eip-1".into(), ip: ips()[0] }, None),
            "aliyun vpc AssociateEipAddress --region cn-beijing --RegionId cn-beijing --AllocationId eip-1 \
             --InstanceType NetworkInterface --InstanceId eni-1 --PrivateIpAddress 10.0.0.1"
        );
        assert_eq!(
            line(OperationKind::Delete { nic: nic() }, None),
            "aliyun ecs DeleteNetworkInterface --region cn-beijing --RegionId cn-beijing --NetworkInterfaceId eni-1"
        );
    }

    #[test]
    fn what_a_cloud_calls_a_nic_is_never_read_by_a_shell() {
        let odd = OperationKind::Delete { nic: "eni 1;$(id)'".into() };
        assert!(line(odd, None).ends_with(r"--NetworkInterfaceId 'eni 1;$(id)'\'''"));
        let option = Call::write("cn-beijing".into(), OperationKind::Delete { nic: "--force".into() });
        assert_eq!(Cloud.cli(&option, &profile()), None, "the tool would take it for an option");
    }

    #[test]
    fn another_host_is_part_of_the_line() {
        let own = Profile { endpoint: Some(Endpoint::parse("https://ecs.example.com").unwrap()), ..profile() };
        let call = Call::write("cn-beijing".into(), OperationKind::Delete { nic: "eni-1".into() });
        let line = Cloud.cli(&call, &own).unwrap();
        assert!(line.contains(" --region cn-beijing --endpoint ecs.example.com --RegionId "), "{line}");
        let local = Profile { endpoint: Some(Endpoint::parse("http://127.0.0.1:18080").unwrap()), ..profile() };
        let line = Cloud.cli(&call, &local).unwrap();
        assert!(line.contains(" --endpoint 127.0.0.1:18080 --insecure --RegionId "), "{line}");
    }
}
