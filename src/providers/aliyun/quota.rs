//! What Alibaba Cloud allows of each action, in calls a minute of one account in one region. The web console and all other tools of
//! the account use the same quota, and once it is spent the action is refused until the minute is over.

use crate::providers::provider::Quota;

/// Vendor: "API call throttling"; the numbers are those of its Kubernetes network plugin, of EIPs that of the counterpart's page. The
/// real ones are in the account's Quota Center.
const QUOTAS: &[Quota] = &[
    Quota::a_minute("DescribeNetworkInterfaceAttribute", 2_000),
    Quota::a_minute("DescribeNetworkInterfaces", 800),
    Quota::a_minute("AttachNetworkInterface", 500),
    Quota::a_minute("DeleteNetworkInterface", 500),
    Quota::a_minute("DetachNetworkInterface", 400),
    Quota::a_minute("AssignPrivateIpAddresses", 400),
    Quota::a_minute("UnassignPrivateIpAddresses", 400),
    Quota::a_minute("DescribeInstanceTypes", 400),
    Quota::a_minute("AssociateEipAddress", 120),
];

/// For the actions of which no number is known: the least that is known of a read.
const USUAL: u32 = 400;

/// Of one product: two of them have actions of the same name.
pub(super) fn quota(api: &'static str) -> Quota {
    let known = QUOTAS.iter().find(|quota| quota.api == api);
    known.copied().unwrap_or(Quota::a_minute(api, USUAL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::page::{Listing, Resource},
        domain::plan::OperationKind,
        providers::{
            aliyun::Cloud,
            provider::{Call, Provider},
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
        let nic = Listing { scope: crate::domain::page::Scope::Nic("n".into()), ..all(Resource::Nics) };
        let reads = [nic, all(Resource::Nics), all(Resource::Instances), all(Resource::Limits), all(Resource::Eips)];
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

    #[test]
    fn two_products_do_not_share_what_has_the_same_name() {
        let of = |part| {
            let listing = Listing { part, ..Listing::all(Resource::Backends, Some("r".into())) };
            let call = Call::List(listing);
            (Cloud.action(&call), Cloud.quota(&call).api)
        };
        let (alb, nlb) = (of(super::super::part::ALB_SERVERS), of(super::super::part::NLB_SERVERS));
        assert_eq!(alb.0, nlb.0);
        assert_ne!(alb.1, nlb.1);
    }
}
