//! What this cloud's objects look like, for generated worlds.

use crate::sim::dialect::{ObjectKind, Vocabulary};

pub(super) static VOCABULARY: Vocabulary = Vocabulary {
    provider: "aliyun",
    regions: &[
        ("cn-hangzhou", &["cn-hangzhou-h", "cn-hangzhou-i", "cn-hangzhou-j", "cn-hangzhou-k"]),
        ("cn-beijing", &["cn-beijing-h", "cn-beijing-i", "cn-beijing-k", "cn-beijing-l"]),
        ("ap-southeast-1", &["ap-southeast-1a", "ap-southeast-1b", "ap-southeast-1c"]),
    ],
    project_id: None,
    // Sizes that allow 15 addresses and more on a NIC.
    instance_types: &[
        "ecs.g7.xlarge",
        "ecs.g7.2xlarge",
        "ecs.c7.xlarge",
        "ecs.c7.2xlarge",
        "ecs.r7.4xlarge",
        "ecs.g6.4xlarge",
        "ecs.hfc7.8xlarge",
    ],
    running: "Running",
    stopped: "Stopped",
    instance_transient: &["Starting", "Stopping", "Pending"],
    attached: "InUse",
    free: "Available",
    attaching: "Attaching",
    detaching: "Detaching",
    // Vendor: `DescribeInstances`, `DescribeNetworkInterfaces`, Status.
    instance_states: &["Pending", "Starting", "Running", "Stopping", "Stopped"],
    nic_states: &["Creating", "Available", "Attaching", "InUse", "Detaching", "Deleting", "CreateFailed"],
    // The kind is in the id.
    load_balancer_kinds: &[""],
    service_nics: &["Created by NAT Gateway", "Created by PrivateLink", "Created by ALB"],
    controller_tags: &[("creator", "terway"), ("ack.aliyun.com", "c0a1b2c3d4e5f60718293a4b5c6d7e8f9")],
    agent: false,
    secondaries: true,
    floating: false,
    id,
};

/// The vendor's ids: a prefix and 20 lower-case letters and digits, the first three of which name the region.
fn id(kind: ObjectKind, number: u64) -> String {
    let prefix = match kind {
        ObjectKind::Instance => "i",
        ObjectKind::Nic => "eni",
        ObjectKind::Eip => "eip",
        ObjectKind::Vpc => "vpc",
        ObjectKind::Subnet => "vsw",
        ObjectKind::SecurityGroup => "sg",
        ObjectKind::LoadBalancer => match number % 4 {
            0 | 1 => "lb",
            2 => "alb",
            _ => "nlb",
        },
    };
    format!("{prefix}-bp1{}", scattered(number))
}

/// Seventeen letters and digits that differ for different numbers: the number itself, then its hash.
fn scattered(number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let text = |mut rest: u64, count: usize| {
        let mut text = Vec::with_capacity(count);
        for _ in 0..count {
            let digit = usize::try_from(rest % 36).unwrap_or_default();
            text.push(DIGITS.get(digit).copied().map_or('0', char::from));
            rest /= 36;
        }
        text.into_iter().collect::<String>()
    };
    // 36 to the 13th is beyond 64 bits, so these digits alone are unique.
    format!("{}{}", text(number, 13), text(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20, 4))
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
        assert!(ids.iter().all(|id| id.len() == 24 && super::super::params::well_formed(id, "eni-")), "{ids:?}");
        let kinds: BTreeSet<String> = (0..4)
            .filter_map(|number| {
                id(ObjectKind::LoadBalancer, number).split_once('-').map(|(prefix, _)| prefix.to_owned())
            })
            .collect();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["alb", "lb", "nlb"]);
    }
}
