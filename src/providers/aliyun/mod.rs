//! Alibaba Cloud as a codec: ECS 2014-05-26 for instances and NICs, VPC 2016-04-28 for EIPs, and the backends of the three load
//! balancers (CLB 2014-05-15, ALB 2020-06-16, NLB 2022-04-30). Each product has its own endpoint in each region. STS 2015-04-01, which has one for
//! all, tells whose key it is.

mod carry;
mod cli;
mod decode;
pub mod dialect;
mod discover;
mod encode;
mod faults;
mod quota;
pub mod sign;

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use self::carry::{Carry, Only};
use super::{
    discover::VendorCli,
    profile::{Credential, Profile},
    provider::{Call, Descriptor, Provider, Quota, Reply, Stamp, Step, calls},
};
use crate::{
    domain::{
        address::{AddressRole, Backend},
        capabilities::{Capabilities, Condition, Precondition, TellCalls, blocked, informed, told},
        fault::Fault,
        finding::Severity,
        ids::RegionId,
        instance::PowerState,
        nic::{Nic, NicRole, NicState},
        page::{Cursor, Listing, Resource, Scope},
        plan::OperationKind,
        snapshot::NicSnapshot,
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};

/// Families and steps of listings. `find` steps look for the backends of one NIC.
mod part {
    /// EIPs of an instance's primary address.
    pub const EIPS_OF_INSTANCE: &str = "eips-of-instance";

    /// Classic load balancers of a region.
    pub const CLB: &str = "clb";
    pub const CLB_FIND_BY_ADDRESS: &str = "clb-find-by-address";
    /// By the id of a NIC or instance.
    pub const CLB_FIND_BY_ID: &str = "clb-find-by-id";
    /// One balancer's default group.
    pub const CLB_ATTRIBUTE: &str = "clb-attribute";
    /// The ids of one balancer's vServer groups.
    pub const CLB_GROUPS: &str = "clb-groups";
    /// One vServer group.
    pub const CLB_GROUP: &str = "clb-group";
    /// The ids of one balancer's master/slave groups.
    pub const CLB_PAIRS: &str = "clb-pairs";
    /// One master/slave group.
    pub const CLB_PAIR: &str = "clb-pair";
    /// All that is read of one balancer.
    pub const CLB_STEPS: [&str; 3] = [CLB_ATTRIBUTE, CLB_GROUPS, CLB_PAIRS];

    /// Server groups of a region.
    pub const ALB: &str = "alb";
    pub const NLB: &str = "nlb";
    /// One group's servers.
    pub const ALB_SERVERS: &str = "alb-servers";
    pub const NLB_SERVERS: &str = "nlb-servers";
    pub const ALB_FIND: &str = "alb-find";
    pub const NLB_FIND: &str = "nlb-find";
    pub const NLB_FIND_BY_ID: &str = "nlb-find-by-id";
    /// Whose the groups are in which a NIC was found.
    pub const ALB_OWNERS: &str = "alb-owners";
    pub const NLB_OWNERS: &str = "nlb-owners";

    /// The own address of a NIC that a balancer names without an address.
    pub const NIC_ADDRESS: &str = "backend-nic";
}

/// Vendor: `UnassignPrivateIpAddresses` page. No page says that an EIP or a load balancer makes the call refuse, so these two
/// only warn. The order of checks is not documented. What it says of the vSwitch and the groups holds for a NIC that is there.
const RELEASE: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidEniId.NotFound"),
    blocked(Condition::OnNic, "InvalidIp.IpUnassigned"),
    // The same code as for an address that is not there.
    blocked(Condition::NotPrimaryIp, "InvalidIp.IpUnassigned"),
    blocked(Condition::NotIpv6, "InvalidPrivateIpAddress.Malformed"),
    blocked(Condition::PlainNic, "InvalidOperation.InvalidEniType"),
    blocked(Condition::NotManaged, "InvalidOperation.EniServiceManaged"),
    blocked(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, "InvalidOperation.InvalidEniState"),
    blocked(Condition::InstanceExists, "InvalidEcsId.NotFound"),
    // A secondary NIC's instance may be in any state.
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: true },
        "InvalidOperation.InvalidEcsState",
    ),
    told(Condition::NoEipOnAddress, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::SecondaryStays, Severity::Warn),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: `DetachNetworkInterface` page.
const DETACH: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidEniId.NotFound"),
    blocked(Condition::NotPrimaryNic, "InvalidOperation.DetachPrimaryEniNotAllowed"),
    told(Condition::PlainNic, Severity::Blocked)
        .stricter("a member NIC is detached with its trunk's id, and what happens without it is not documented"),
    blocked(Condition::NotManaged, "InvalidOperation.EniServiceManaged"),
    // A detach that is stuck because the guest did not answer is called again.
    blocked(
        Condition::NicState { allowed: &[NicState::Attached, NicState::Detaching] },
        "InvalidOperation.InvalidEniState",
    ),
    blocked(Condition::InstanceExists, "InvalidEcsId.NotFound"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        "InvalidOperation.InvalidEcsState",
    ),
    blocked(Condition::NotLinked, "InvalidOperation.EniLinked"),
    blocked(Condition::NoMembers, "InvalidOperation.HasMemberEniAttached"),
    blocked(Condition::HotPlug, "InvalidOperation.EniHotPlugNotSupported"),
    informed(Condition::TypeHotPlugs, "InvalidOperation.HotPlugNotSupport"),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
    told(Condition::OutlivesInstance, Severity::Info),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: `AssignPrivateIpAddresses` page. That the address is one of the vSwitch no listing shows.
const ASSIGN: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidEniId.NotFound"),
    blocked(Condition::PlainNic, "InvalidOperation.InvalidEniType"),
    blocked(Condition::NotManaged, "InvalidOperation.EniServiceManaged"),
    blocked(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, "InvalidOperation.InvalidEniState"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: true },
        "InvalidOperation.InvalidEcsState",
    ),
    blocked(Condition::InstanceExists, "InvalidEcsId.NotFound"),
    // Vendor: 49 secondary ones while it is free, else by the instance's type.
    blocked(Condition::AddressRoom { free: Some(50), attached: None }, "InvalidOperation.Ipv4CountExceeded"),
    blocked(Condition::NotOnNic, "InvalidIp.IpAssigned"),
    blocked(Condition::AddressFree { floating: false }, "InvalidPrivateIpAddress.Duplicated"),
];

/// Vendor: `AttachNetworkInterface` page.
const ATTACH: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidEniId.NotFound"),
    told(Condition::PlainNic, Severity::Blocked)
        .stricter("a member NIC is attached with its trunk's id, and what happens without it is not documented"),
    blocked(Condition::NotManaged, "InvalidOperation.EniServiceManaged"),
    blocked(Condition::NicState { allowed: &[NicState::Free] }, "InvalidOperation.InvalidEniState"),
    blocked(Condition::InstanceExists, "InvalidInstanceId.NotFound"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        "InvalidOperation.InvalidEcsState",
    ),
    blocked(Condition::HotPlug, "InvalidOperation.EniHotPlugNotSupported"),
    informed(Condition::TypeHotPlugs, "InvalidOperation.HotPlugNotSupport"),
    blocked(Condition::SamePlace { zone: true }, "InvalidOperation.AvailabilityZoneMismatch"),
    blocked(Condition::SameVpc, "InvalidOperation.VpcMismatch"),
    blocked(Condition::NicRoom { most: None }, "EniPerInstanceLimitExceeded"),
    blocked(Condition::AddressRoom { free: None, attached: None }, "InvalidOperation.Ipv4CountExceeded"),
];

/// The codes of `AssociateEipAddress` were not confirmed by any page.
const BIND_EIP: &[Precondition] = &[
    told(Condition::NicExists, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::OnNic, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::EipExists, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::EipFree, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::NoEipOnAddress, Severity::Blocked).stricter(EIP_CODES),
];

const EIP_CODES: &str = "refused; with which code no page at hand says";

/// Vendor: `DeleteNetworkInterface` page.
const DELETE: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidEniId.NotFound"),
    blocked(Condition::NotManaged, "InvalidOperation.EniServiceManaged"),
    blocked(Condition::NicState { allowed: &[NicState::Free] }, "InvalidOperation.InvalidEniState")
        .stricter("one that is being deleted may be deleted again, which changes nothing"),
    blocked(Condition::NotLinked, "InvalidOperation.HasSlaveEniBonded"),
    // All addresses are released with it, for good.
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "aliyun",
    title: "Alibaba Cloud",
    capabilities: Capabilities {
        regional: true,
        // Vendor: 1 to 10 while the NIC is free; newer pages say 32, older ones 10.
        release_batch: 10,
        // Vendor: by the type while the NIC is in use, 32 by the newer page.
        release_by_type: Some(32),
        release_whole: false,
        releasable: &[AddressRole::Secondary],
        release: RELEASE,
        detach: DETACH,
        assign: ASSIGN,
        attach: ATTACH,
        bind_eip: BIND_EIP,
        delete: DELETE,
        calls: TellCalls(|kind, seen| calls(&Cloud, kind, seen)),
        detach_polls: true,
        // Vendor: DescribeInstanceTypes, InstanceTypes.N.
        limits_per_call: Some(10),
        in_flight: 24,
    },
    env: ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", Some("ALIBABA_CLOUD_SECURITY_TOKEN")),
    bearer: false,
    password: None,
    apis: &[],
    example_region: "cn-hangzhou",
    demo_world: include_str!("../../../assets/demo/aliyun.json"),
    errors: include_str!("../../../assets/errors/aliyun.toml"),
};

/// The codec.
#[derive(Debug)]
pub struct Cloud;

/// Ids that one search for servers may name (Vendor: NLB `ListServerGroupServers`, ServerIps.N and ServerIds.N).
const SEARCHED_AT_ONCE: usize = 40;

/// Reads what the known backends are part of. A CLB is read by its id. ALB and NLB do not tell a balancer's groups: all groups of
/// the region are listed, and those read that are the balancer's. An id of no known kind is looked for everywhere.
fn known_again(nic: &Nic, only: &Only, known: &[Backend]) -> Vec<Listing> {
    let names: BTreeMap<&str, &str> = known.iter().map(|b| (b.load_balancer.as_str(), &*b.name)).collect();
    let is_of = |id: &str, kinds: &[&str]| {
        let kind = id.split('-').next().unwrap_or_default();
        kinds.contains(&kind) || !["lb", "alb", "nlb", "sgp"].contains(&kind)
    };
    let of = |part, scope, carry: &Carry| Listing {
        resource: Resource::Backends,
        region: Some(nic.region.clone()),
        part,
        scope,
        cursor: Cursor::Start,
        carry: Some(carry.text()),
    };
    let mut all = Vec::new();
    for (&id, &name) in names.iter().filter(|(id, _)| is_of(id, &["lb"])) {
        // The same steps as those that follow from a search: one read does for both.
        let (object, balancers, only) = (Some(id.into()), vec![id.into()], Some(only.clone()));
        let carry = Carry { object, name: name.into(), balancers, only, ..Carry::default() };
        all.extend(part::CLB_STEPS.map(|part| of(part, Scope::Nic(nic.id.clone()), &carry)));
    }
    for (part, kinds) in [(part::ALB, ["alb", "sgp"]), (part::NLB, ["nlb", "sgp"])] {
        let wanted: Vec<String> = names.keys().filter(|id| is_of(id, &kinds)).map(ToString::to_string).collect();
        if !wanted.is_empty() {
            // Not about this NIC alone: all NICs behind the balancer share the answers.
            all.push(of(part, Scope::All, &Carry { wanted, ..Carry::default() }));
        }
    }
    all
}

impl Provider for Cloud {
    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        Some(&discover::Tool)
    }

    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn known_regions(&self) -> Vec<&'static str> {
        dialect::REGIONS.to_vec()
    }

    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        let mut all = vec![Listing::all(Resource::Regions, None)];
        for region in regions {
            let of = |resource, part| Listing { part, ..Listing::all(resource, Some(region.clone())) };
            all.push(of(Resource::Nics, ""));
            all.push(of(Resource::Instances, ""));
            all.push(of(Resource::Eips, ""));
            all.push(of(Resource::Backends, part::CLB));
            all.push(of(Resource::Backends, part::ALB));
            all.push(of(Resource::Backends, part::NLB));
        }
        all
    }

    /// The NIC comes by `DescribeNetworkInterfaceAttribute`: only that call tells of slaves of a bond, and its limit is the highest.
    ///
    /// Backends: there is no call that tells a NIC's balancers, and reading every group of the region before each write would be
    /// hundreds of calls. So each product is searched. ALB and NLB search their groups for server ids and addresses. CLB names a
    /// NIC's backends by NIC id and address; that its search by address sees secondary ones is not documented, that its search by
    /// server id takes a NIC's id is not either, so all are made and each is enough. The balancers found are then read whole, so
    /// that the result is what the listing of the region shows. And because a search may miss, so are those that are known.
    fn inspection(&self, nic: &Nic, known: &[Backend]) -> Vec<Listing> {
        let region = Some(nic.region.clone());
        let only = Only::new(nic);
        let of = |resource, part, scope, carry: Option<&Carry>| Listing {
            resource,
            region: region.clone(),
            part,
            scope,
            cursor: Cursor::Start,
            carry: carry.map(Carry::text),
        };
        let own = || Scope::Nic(nic.id.clone());
        let mut all = vec![of(Resource::Nics, "", own(), None), of(Resource::Eips, "", own(), None)];
        if let Some(instance) = &nic.instance {
            let whose = || Scope::Instances(vec![instance.clone()]);
            all.push(of(Resource::Instances, "", whose(), None));
            // Vendor: DescribeEipAddresses. An EIP on the primary address of a primary NIC is the instance's, any other the NIC's.
            if nic.role != NicRole::Secondary {
                all.push(of(Resource::Eips, part::EIPS_OF_INSTANCE, whose(), None));
            }
        }
        let mut search = |part, wanted: Vec<String>| {
            for wanted in wanted.chunks(SEARCHED_AT_ONCE) {
                let carry = Carry { wanted: wanted.to_vec(), only: Some(only.clone()), ..Carry::default() };
                all.push(of(Resource::Backends, part, own(), Some(&carry)));
            }
        };
        let ips = |v6| nic.addresses.iter().map(|address| address.ip).filter(move |ip| v6 || ip.is_ipv4());
        let texts = |ips: &mut dyn Iterator<Item = std::net::IpAddr>| ips.map(|ip| ip.to_string()).collect::<Vec<_>>();
        search(part::CLB_FIND_BY_ADDRESS, texts(&mut ips(false)));
        search(part::CLB_FIND_BY_ID, vec![nic.id.to_string()]);
        if let Some(instance) = nic.instance.as_ref().filter(|_| nic.role == NicRole::Primary) {
            search(part::CLB_FIND_BY_ID, vec![instance.to_string()]);
        }
        let mut servers = vec![nic.id.to_string()];
        servers.extend(nic.instance.as_ref().map(ToString::to_string));
        servers.extend(texts(&mut ips(true)));
        search(part::ALB_FIND, servers.clone());
        search(part::NLB_FIND_BY_ID, servers);
        search(part::NLB_FIND, texts(&mut ips(true)));
        all.extend(known_again(nic, &only, known));
        all
    }

    /// Vendor: `AssignPrivateIpAddresses`, `ClientToken`.
    fn step(&self, kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        let known = matches!(kind, OperationKind::Assign { .. });
        made.is_empty().then(|| if known { Step::known_again(kind, seen) } else { Step::default() })
    }

    fn identity(&self, region: &RegionId) -> Option<Call> {
        Some(Call::Identity { region: region.clone() })
    }

    fn permission(&self, call: &Call) -> String {
        encode::permission(call)
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        faults::ID_HEADERS
    }

    fn action(&self, call: &Call) -> &'static str {
        encode::action(call)
    }

    fn quota(&self, call: &Call) -> Quota {
        quota::quota(encode::own_action(call))
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        encode::encode(call, profile)
    }

    fn cli(&self, call: &Call, profile: &Profile) -> Option<String> {
        cli::line(call, profile)
    }

    /// Blanks around keys are the operator's slip, not part of the key.
    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        // Bearer tokens are no credential of these calls: left unsigned, and the vendor says so.
        if let Credential::Keys { id, secret, token } = credential {
            let token = token.as_ref().map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
            sign::sign(request, id.expose_secret().trim(), secret.expose_secret().trim(), token, stamp);
        }
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        decode::decode(call, response)
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(dialect::AliyunDialect)
    }
}

#[cfg(test)]
mod tests;
