//! What Tencent Cloud allows of each action, in calls a second of one account in one region.

use crate::providers::provider::Quota;

/// Vendor: the page of each action ("a maximum of … requests can be initiated per second"); that of `AssociateAddress` is taken from
/// its counterpart's. API 2.0 has the same numbers for want of others.
const QUOTAS: &[Quota] = &[
    Quota::a_second("DescribeNetworkInterfaces", 100),
    Quota::a_second("UnassignPrivateIpAddresses", 100),
    Quota::a_second("AssignPrivateIpAddresses", 100),
    Quota::a_second("DeleteNetworkInterface", 100),
    Quota::a_second("AttachNetworkInterface", 50),
    Quota::a_second("DetachNetworkInterface", 50),
    Quota::a_second("DescribeInstances", 40),
    Quota::a_second("DescribeVpcTaskResult", 20),
    Quota::a_second("DescribeLoadBalancers", 20),
    Quota::a_second("DescribeTargets", 20),
    Quota::a_second("AssociateAddress", 10),
];

/// What most of the vendor's pages say.
const USUAL: u32 = 20;

pub(super) fn quota(action: &'static str) -> Quota {
    let known = QUOTAS.iter().find(|quota| quota.api == action);
    known.copied().unwrap_or(Quota::a_second(action, USUAL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::page::{Listing, Resource},
        domain::plan::OperationKind,
        providers::{
            provider::{Call, Provider},
            tencent::Cloud,
        },
    };

    /// A slip of the pen in a name would leave the action with the usual number.
    #[test]
    fn every_number_is_of_an_action_that_is_called() {
        let (nic, ip) = (|| "n".into(), "10.0.0.1".parse().unwrap());
        let writes = [
            OperationKind::Release { nic: nic(), ips: vec![ip] },
            OperationKind::Assign { nic: nic(), ips: vec![ip], lists: vec![] },
            OperationKind::Detach { nic: nic(), instance: "i".into() },
            OperationKind::Attach { nic: nic(), instance: "i".into() },
            OperationKind::BindEip { nic: nic(), eip: "e".into(), ip },
            OperationKind::Delete { nic: nic() },
        ];
        let all = |resource| Listing::all(resource, Some("r".into()));
        let targets = Listing { part: super::super::part::TARGETS, ..all(Resource::Backends) };
        let reads = [all(Resource::Nics), all(Resource::Instances), all(Resource::Backends), targets];
        let mut calls: Vec<Call> = writes.map(|kind| Call::write("r".into(), kind)).into();
        calls.extend(reads.map(Call::List));
        calls.push(Call::Task { region: "r".into(), task: "t".into() });
        let called: Vec<&str> = calls.iter().map(|call| Cloud.action(call)).collect();
        for quota in QUOTAS {
            assert!(called.contains(&quota.api), "{}", quota.api);
        }
        for call in &calls {
            let quota = Cloud.quota(call);
            assert!(quota.api == Cloud.action(call) && quota.calls > 0 && quota.seconds > 0, "{quota:?}");
        }
    }
}
