//! Zenlayer Elastic Compute (products zec and zlb) as a codec. Zenlayer's word for a NIC is vNIC; the account has one central
//! endpoint for all regions, a region is a field of the body.

mod cli;
mod decode;
pub mod dialect;
mod discover;
mod encode;
mod faults;
pub mod sign;

use std::{collections::BTreeSet, sync::Arc};

use super::{
    discover::VendorCli,
    profile::{Credential, Profile},
    provider::{Call, Descriptor, Provider, Quota, Reply, Stamp, calls},
};
use crate::{
    domain::{
        address::{AddressRole, Backend},
        capabilities::{Capabilities, Condition, Precondition, TellCalls, blocked, told, warned},
        fault::Fault,
        finding::Severity,
        ids::{LoadBalancerId, RegionId},
        instance::PowerState,
        nic::{Nic, NicState},
        page::{Cursor, Listing, Resource, Scope},
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};

/// Items asked for in one page: the documented maximum of all the calls that page (Vendor: `DescribeEips` page and others).
/// The first page tells the total and the others are asked together, so fewer and larger pages are the shortest way.
const PAGE_SIZE: usize = 1000;

/// Families and steps of listings.
mod part {
    /// The load balancers of a region.
    pub const BALANCERS: &str = "balancers";
    /// What one load balancer sends to.
    pub const BACKENDS: &str = "backends";
    /// The instance of a NIC that is being read again: brings its balancers' backends along.
    pub const INSPECT: &str = "inspect";
}

/// Vendor: `UnassignNetworkInterfaceIpv4` page, in the order of its error table (the order of checks is not documented).
/// The state of the instance does not matter there.
const RELEASE: &[Precondition] = &[
    blocked(Condition::NicExists, "INVALID_NIC_NOT_FOUND"),
    blocked(Condition::OnNic, "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
    blocked(Condition::NotBackend, "INVALID_NIC_LB_ASSOCIATED"),
    blocked(Condition::NotPrimaryIp, "INVALID_NIC_PRIMARY_IP_CANT_DETACH"),
    told(Condition::NotIpv6, Severity::Blocked)
        .stricter("another call releases IPv6; what this one answers is not documented"),
    blocked(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, "INVALID_NIC_STATUS"),
    blocked(Condition::NoEipOnAddress, "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"),
    // The page's note reads "while an elastic IP is on the NIC", its table "on the address": the stricter one, until shown otherwise.
    blocked(Condition::NoEipOnNic, "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"),
    told(Condition::InstanceNotBackend, Severity::Warn),
    told(Condition::NotManaged, Severity::Warn),
    told(Condition::SecondaryStays, Severity::Warn),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: `DetachNetworkInterface` page. A stopped instance refuses; an EIP does not, but its traffic ends.
const DETACH: &[Precondition] = &[
    blocked(Condition::NicExists, "INVALID_NIC_NOT_FOUND"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: false },
        "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT",
    ),
    blocked(Condition::NicState { allowed: &[NicState::Attached] }, "INVALID_NIC_STATUS"),
    blocked(Condition::NotPrimaryNic, "INVALID_NIC_PRIMARY_CANT_DETACH"),
    // A kind this version does not know may be a primary one.
    told(Condition::PlainNic, Severity::Unknown),
    blocked(Condition::NotBackend, "INVALID_NIC_LB_ASSOCIATED"),
    // The note speaks of the instance, the table of the NIC's addresses.
    warned(Condition::InstanceNotBackend, "INVALID_NIC_LB_ASSOCIATED"),
    // Known from an earlier edition of the page and the vendor's Terraform provider.
    warned(Condition::GuestAgentRuns, "INVALID_INSTANCE_PRECHECK_ABNORMAL"),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotManaged, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
    // Vendor: a default route through the NIC goes with it, and no list shows who has one.
    told(Condition::NoDefaultRoute, Severity::Info),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: `BatchAssignNetworkInterfaceIpv4` page. That the address is one of the subnet no listing shows, nor how many it takes.
const ASSIGN: &[Precondition] = &[
    blocked(Condition::NicExists, "INVALID_NIC_NOT_FOUND"),
    blocked(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, "INVALID_NIC_STATUS"),
    blocked(Condition::NotOnNic, "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"),
    blocked(Condition::AddressFree { floating: false }, "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"),
];

/// Vendor: `AttachNetworkInterface` page.
const ATTACH: &[Precondition] = &[
    blocked(Condition::NicExists, "INVALID_NIC_NOT_FOUND"),
    blocked(Condition::InstanceExists, "INVALID_INSTANCE_NOT_FOUND"),
    blocked(Condition::NicFree, "INVALID_NIC_ATTACHED"),
    blocked(Condition::NicState { allowed: &[NicState::Free] }, "INVALID_NIC_STATUS"),
    // The region: a NIC has no zone.
    blocked(Condition::SamePlace { zone: false }, "INVALID_NIC_INSTANCE_REGION_MISMATCH"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: false },
        "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT",
    ),
    // Known from an earlier edition of the page; the number depends on the instance's size, and is one edition's.
    warned(Condition::GuestAgentRuns, "INVALID_INSTANCE_PRECHECK_ABNORMAL"),
    warned(Condition::NicRoom { most: Some(8) }, "INVALID_INSTANCE_NIC_LIMIT").or_untold(),
];

/// Vendor: `AssociateEipAddress` page. One address may have several.
const BIND_EIP: &[Precondition] = &[
    blocked(Condition::NicExists, "INVALID_NIC_NOT_FOUND"),
    told(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, Severity::Blocked).stricter(NO_CODE),
    told(Condition::OnNic, Severity::Blocked).stricter(NO_CODE),
    blocked(Condition::EipExists, "INVALID_EIP_NOT_FOUND"),
    // Its page names a code for an EIP that is busy when it is unbound, and none for one that is bound already.
    told(Condition::EipFree, Severity::Blocked).stricter(NO_CODE),
];

const NO_CODE: &str = "refused; with which code is not documented";

/// Vendor: `DeleteNetworkInterface` page.
const DELETE: &[Precondition] = &[
    blocked(Condition::NicExists, "INVALID_NIC_NOT_FOUND"),
    blocked(Condition::NotPrimaryNic, "INVALID_NIC_PRIMARY_CANT_DELETE"),
    blocked(Condition::NicFree, "INVALID_NIC_ATTACHED"),
    blocked(Condition::NicState { allowed: &[NicState::Free, NicState::Failed] }, "INVALID_NIC_STATUS"),
    told(Condition::NotManaged, Severity::Warn),
    // Vendor: its addresses go back to the subnet.
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "zenlayer",
    title: "Zenlayer",
    capabilities: Capabilities {
        regional: true,
        // The vendor documents no maximum; one bad address fails the whole call, so a call stays small enough to explain.
        release_batch: 50,
        release_by_type: None,
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
        limits_per_call: None,
        // The vendor's Terraform provider has up to 50.
        in_flight: 24,
    },
    env: ("ZENLAYER_ACCESS_KEY_ID", "ZENLAYER_ACCESS_KEY_SECRET", None),
    bearer: true,
    password: None,
    apis: &[],
    example_region: "asia-east-1",
    demo_world: include_str!("../../../assets/demo/zenlayer.json"),
    errors: include_str!("../../../assets/errors/zenlayer.toml"),
};

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Cloud;

impl Provider for Cloud {
    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        Some(&discover::Tool)
    }

    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn known_regions(&self) -> Vec<&'static str> {
        self.dialect().vocabulary().regions.iter().map(|(region, _)| *region).collect()
    }

    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        listings(regions)
    }

    fn inspection(&self, nic: &Nic, known: &[Backend]) -> Vec<Listing> {
        inspection(nic, known)
    }

    fn action(&self, call: &Call) -> &'static str {
        encode::action(call)
    }

    /// No limit is published: twenty a second on the average.
    fn quota(&self, call: &Call) -> Quota {
        Quota::a_minute(encode::action(call), 1_200)
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        encode::encode(call, profile)
    }

    fn cli(&self, call: &Call, profile: &Profile) -> Option<String> {
        cli::line(call, profile)
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        sign::sign(request, credential, stamp);
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        decode::decode(call, response)
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(dialect::ZenlayerDialect)
    }
}

/// The reads that load everything of these regions.
fn listings(regions: &[RegionId]) -> Vec<Listing> {
    let mut all = vec![Listing::all(Resource::Regions, None)];
    // Instances have no region filter: one listing brings the account's, and the regions asked for are kept.
    all.push(Listing { carry: Some(encode::join(regions).into()), ..Listing::all(Resource::Instances, None) });
    for region in regions {
        all.push(Listing::all(Resource::Nics, Some(region.clone())));
        all.push(Listing::all(Resource::Eips, Some(region.clone())));
        all.push(Listing { part: part::BALANCERS, ..Listing::all(Resource::Backends, Some(region.clone())) });
    }
    all
}

/// The reads that bring one NIC up to date. An instance's answer names its load balancers, and their backends follow from it.
/// A free NIC has nobody to name any, and an address may be a backend all the same (Vendor: a backend needs no instance): the
/// balancers of its VPC are looked through.
fn inspection(nic: &Nic, known: &[Backend]) -> Vec<Listing> {
    let of = |resource, scope| Listing {
        resource,
        region: Some(nic.region.clone()),
        part: "",
        scope,
        cursor: Cursor::Start,
        carry: None,
    };
    let mut all = vec![of(Resource::Nics, Scope::Nic(nic.id.clone())), of(Resource::Eips, Scope::Nic(nic.id.clone()))];
    if let Some(instance) = &nic.instance {
        all.push(Listing {
            part: part::INSPECT,
            carry: nic.vpc.clone(),
            ..of(Resource::Instances, Scope::Instances(vec![instance.clone()]))
        });
    } else {
        all.push(Listing { part: part::BALANCERS, carry: nic.vpc.clone(), ..of(Resource::Backends, Scope::All) });
    }
    let known: BTreeSet<&LoadBalancerId> = known.iter().map(|backend| &backend.load_balancer).collect();
    all.extend(known.into_iter().map(|id| Listing {
        part: part::BACKENDS,
        carry: nic.vpc.as_deref().map(|vpc| about_balancer(vpc, "")),
        ..of(Resource::Backends, Scope::LoadBalancer(id.clone()))
    }));
    all
}

/// What the reading of a balancer's backends carries along. In an inspection it is the NIC's VPC alone, whatever leads to the
/// balancer, so that one read does for all NICs.
fn about_balancer(vpc: &str, name: &str) -> Arc<str> {
    format!("{vpc}\n{name}").into()
}
