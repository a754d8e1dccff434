//! A write as a line of `zeno`, the vendor's own tool: the action and the members of the body with hyphens, lists repeated.
//!
//! Vendor: zenlayercloud-cli, its API files. It knows no region: the ids are the account's.

use serde_json::Value;

use super::encode;
use crate::providers::{profile::Profile, provider::Call, shell::Line};

/// `None` for what is no write.
pub(super) fn line(call: &Call, profile: &Profile) -> Option<String> {
    if !call.is_write() {
        return None;
    }
    let request = encode::encode(call, profile);
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let service = request.header("x-zc-service")?;
    let mut line =
        Line::of(&format!("zeno {service} {}", hyphened(encode::action(call)))).endpoint(profile, &request.host);
    for (name, value) in body.as_object()? {
        let rows = match value {
            Value::Array(rows) => rows.as_slice(),
            one => std::slice::from_ref(one),
        };
        for row in rows {
            line = line.pair(&hyphened(name), row.as_str()?);
        }
    }
    line.finish()
}

/// `nicId` as `nic-id`.
fn hyphened(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{
        domain::plan::OperationKind,
        providers::{
            profile::Profile,
            provider::{Call, Provider},
            zenlayer::Cloud,
        },
    };

    fn line(kind: OperationKind) -> String {
        let profile = Profile {
            id: "p".into(),
            cloud: "zenlayer".into(),
            regions: vec!["asia-east-1".into()],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        };
        Cloud.cli(&Call::write("asia-east-1".into(), kind), &profile).unwrap()
    }

    #[test]
    fn every_write_has_a_line_of_the_vendors_tool() {
        let nic = || "12".into();
        let ips = || vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        assert_eq!(
            line(OperationKind::Release { nic: nic(), ips: ips() }),
            "zeno zec unassign-network-interface-ipv4 --ip-addresses 10.0.0.1 --ip-addresses 10.0.0.2 --nic-id 12"
        );
        assert_eq!(
            line(OperationKind::Detach { nic: nic(), instance: "11".into() }),
            "zeno zec detach-network-interface --nic-id 12"
        );
        assert_eq!(
            line(OperationKind::Assign { nic: nic(), ips: ips(), lists: vec![] }),
            "zeno zec batch-assign-network-interface-ipv4 --ip-addresses 10.0.0.1 --ip-addresses 10.0.0.2 --nic-id 12"
        );
        assert_eq!(
            line(OperationKind::Attach { nic: nic(), instance: "11".into() }),
            "zeno zec attach-network-interface --instance-id 11 --nic-id 12"
        );
        assert_eq!(
            line(OperationKind::BindEip { nic: nic(), eip: "13".into(), ip: ips()[0] }),
            "zeno zec associate-eip-address --eip-ids 13 --lan-ip 10.0.0.1 --nic-id 12"
        );
        assert_eq!(line(OperationKind::Delete { nic: nic() }), "zeno zec delete-network-interface --nic-id 12");
    }

    #[test]
    fn what_a_cloud_calls_a_nic_is_never_read_by_a_shell() {
        let odd = OperationKind::Delete { nic: "1;$(id)'".into() };
        assert!(line(odd).ends_with(r"--nic-id '1;$(id)'\'''"));
    }
}
