//! The vendor's words and what its ids look like, for generated worlds.

use crate::sim::dialect::{ObjectKind, Vocabulary};

pub(super) static VOCABULARY: Vocabulary = Vocabulary {
    provider: "tencent",
    regions: &[
        ("ap-guangzhou", &["ap-guangzhou-3", "ap-guangzhou-4", "ap-guangzhou-6", "ap-guangzhou-7"]),
        ("ap-shanghai", &["ap-shanghai-2", "ap-shanghai-4", "ap-shanghai-5"]),
        ("ap-singapore", &["ap-singapore-1", "ap-singapore-3"]),
    ],
    project_id: None,
    instance_types: &["S5.MEDIUM4", "S5.LARGE8", "SA3.2XLARGE16", "C6.4XLARGE32", "M5.2XLARGE64", "IT5.4XLARGE64"],
    running: "RUNNING",
    stopped: "STOPPED",
    instance_transient: &["STARTING", "STOPPING", "REBOOTING"],
    attached: "INUSE",
    free: "AVAILABLE",
    attaching: "ATTACHING",
    detaching: "DETACHING",
    // Vendor: `DescribeInstances`, InstanceState; `DescribeNetworkInterfaces`, State and NetworkInterfaceState.
    instance_states: &[
        "PENDING",
        "LAUNCH_FAILED",
        "RUNNING",
        "STOPPED",
        "STARTING",
        "STOPPING",
        "REBOOTING",
        "SHUTDOWN",
        "TERMINATING",
        "ENTER_RESCUE_MODE",
        "RESCUE_MODE",
        "EXIT_RESCUE_MODE",
        "ENTER_SERVICE_LIVE_MIGRATE",
        "SERVICE_LIVE_MIGRATE",
        "EXIT_SERVICE_LIVE_MIGRATE",
    ],
    nic_states: &["PENDING", "AVAILABLE", "INUSE", "ATTACHING", "DETACHING", "DELETING", "MIGRATING"],
    load_balancer_kinds: &[""],
    service_nics: &["eks", "hai", "TKE"],
    controller_tags: &[("tke-clusterId", "cls-3q0ktb7f"), ("creator", "tke-eni-ipamd")],
    agent: false,
    secondaries: true,
    floating: true,
    id,
};

/// The vendor's ids: a prefix and letters and digits. Eight of them in the field; a few more here, so that they are unique.
fn id(kind: ObjectKind, number: u64) -> String {
    let prefix = match kind {
        ObjectKind::Instance => "ins",
        ObjectKind::Nic => "eni",
        ObjectKind::Eip => "eip",
        ObjectKind::Vpc => "vpc",
        ObjectKind::Subnet => "subnet",
        ObjectKind::SecurityGroup => "sg",
        ObjectKind::LoadBalancer => "lb",
    };
    format!("{prefix}-{}", digits(number, 13))
}

/// Letters and digits. With 13 of them different numbers have different ones.
pub(super) fn digits(number: u64, count: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = number;
    (0..count)
        .map(|_| {
            let digit = usize::try_from(rest % 36).unwrap_or_default();
            rest /= 36;
            DIGITS.get(digit).copied().map_or('0', char::from)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_of_the_vendors_form() {
        let numbers = (0..2000).chain([u64::MAX, u64::MAX - 36, 36, 1 << 40]);
        let ids: BTreeSet<String> = numbers.clone().map(|number| id(ObjectKind::Nic, number)).collect();
        assert_eq!(ids.len(), numbers.collect::<BTreeSet<_>>().len());
        assert!(ids.iter().all(|id| super::super::params::well_formed(id, "eni-")), "{ids:?}");
    }
}
