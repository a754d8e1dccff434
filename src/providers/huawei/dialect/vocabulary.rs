//! What this cloud's objects look like, for generated worlds.

use crate::sim::dialect::{ObjectKind, Vocabulary};

pub(super) static VOCABULARY: Vocabulary = Vocabulary {
    provider: "huawei",
    regions: &[
        ("cn-north-4", &["cn-north-4a", "cn-north-4b", "cn-north-4c"]),
        ("cn-south-1", &["cn-south-1a", "cn-south-1c"]),
        ("ap-southeast-3", &["ap-southeast-3a", "ap-southeast-3b"]),
    ],
    // A project belongs to one region: it is looked up.
    project_id: None,
    instance_types: &["s6.large.2", "c7.xlarge.4", "c7n.2xlarge.2", "m7.2xlarge.8", "s7n.medium.2"],
    running: "ACTIVE",
    stopped: "SHUTOFF",
    instance_transient: &["REBOOT", "HARD_REBOOT", "RESIZE", "BUILD"],
    attached: "ACTIVE",
    free: "DOWN",
    attaching: "BUILD",
    detaching: "BUILD",
    // Vendor: ECS "Server status"; `ListPorts`, status.
    instance_states: &[
        "ACTIVE",
        "BUILD",
        "DELETED",
        "ERROR",
        "HARD_REBOOT",
        "MIGRATING",
        "PAUSED",
        "REBOOT",
        "REBUILD",
        "RESIZE",
        "REVERT_RESIZE",
        "SHUTOFF",
        "SHELVED",
        "SHELVED_OFFLOADED",
        "SOFT_DELETED",
        "SUSPENDED",
        "UNKNOWN",
        "VERIFY_RESIZE",
    ],
    nic_states: &["ACTIVE", "BUILD", "DOWN", "ERROR"],
    load_balancer_kinds: &[""],
    service_nics: &["RDS", "DCS", "GaussDB"],
    controller_tags: &[],
    agent: false,
    secondaries: false,
    floating: true,
    id,
};

/// UUIDs.
fn id(kind: ObjectKind, number: u64) -> String {
    let salt = match kind {
        ObjectKind::Instance => 1,
        ObjectKind::Nic => 2,
        ObjectKind::Eip => 3,
        ObjectKind::LoadBalancer => 4,
        ObjectKind::Vpc => 5,
        ObjectKind::Subnet => 6,
        ObjectKind::SecurityGroup => 7,
    };
    let rest = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (low, high) = (number & 0xffff_ffff_ffff, number >> 48);
    format!("{:08x}-{:04x}-4{salt:03x}-{high:04x}-{low:012x}", rest >> 32, (rest >> 16) & 0xffff)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_look_like_uuids() {
        let numbers = (0..2000).chain([u64::MAX, u64::MAX - 36, 1 << 48, 1 << 60]);
        let ids: BTreeSet<String> = numbers.clone().map(|number| id(ObjectKind::Nic, number)).collect();
        assert_eq!(ids.len(), numbers.count());
        assert!(ids.iter().all(|id| id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12])), "{ids:?}");
    }
}
