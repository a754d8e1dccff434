//! Tencent Cloud as a codec: API 3.0 of vpc (NICs, EIPs, tasks), cvm (instances), clb (load balancers), region and sts; and, for
//! installations that still answer it, API 2.0 for what it has ([`v2`]).

mod carry;
mod cli;
mod decode;
pub mod dialect;
mod discover;
mod encode;
mod faults;
mod quota;
pub mod sign;
pub mod v2;

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use self::carry::{Balancer, Search};
use super::{
    discover::VendorCli,
    profile::{Credential, Profile},
    provider::{Call, Descriptor, Provider, Quota, Reply, Stamp, Step, calls},
};
use crate::{
    domain::{
        address::{AddressRole, Backend},
        capabilities::{Capabilities, Condition, Precondition, TellCalls, blocked, told, warned},
        fault::Fault,
        finding::Severity,
        ids::RegionId,
        instance::PowerState,
        nic::{Nic, NicRole, NicState},
        outcome::Receipt,
        page::{Cursor, Listing, Resource, Scope},
        plan::OperationKind,
        snapshot::NicSnapshot,
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};

/// Families and steps of listings.
mod part {
    /// EIPs that an instance has, and not one of its NICs.
    pub const EIPS_OF_INSTANCE: &str = "eips-of-instance";
    /// EIPs of the virtual addresses on a NIC.
    pub const EIPS_OF_FLOATS: &str = "eips-of-floats";
    /// What one load balancer sends to.
    pub const TARGETS: &str = "targets";
    /// Load balancers of the older kind, and what one of them sends to.
    pub const CLASSIC: &str = "classic";
    pub const CLASSIC_TARGETS: &str = "classic-targets";
    /// Those that send to an instance.
    pub const CLASSIC_OF_INSTANCE: &str = "classic-of-instance";
    /// Load balancers that send to a NIC's addresses.
    pub const SEARCH: &str = "search";
}

const RELEASE_CALL: &str = "UnassignPrivateIpAddresses";
const DETACH_CALL: &str = "DetachNetworkInterface";

/// Addresses that one search for balancers names. The vendor documents no limit.
const SEARCHED_AT_ONCE: usize = 20;

/// Vendor: `UnassignPrivateIpAddresses` page and its list of errors in the Go SDK. An EIP is unbound by the call itself; nothing
/// says that a load balancer makes it refuse.
const RELEASE: &[Precondition] = &[
    blocked(Condition::NicExists, "ResourceNotFound"),
    blocked(Condition::OnNic, "UnsupportedOperation.AttachmentNotFound"),
    // The code without a suffix: which one it has is not documented.
    blocked(Condition::NotPrimaryIp, "UnsupportedOperation"),
    blocked(Condition::NotIpv6, "InvalidParameterValue.Malformed"),
    // An object of its own: it is on no NIC's list.
    blocked(Condition::NotVirtual, "UnsupportedOperation.AttachmentNotFound"),
    blocked(
        Condition::NicState { allowed: &[NicState::Free, NicState::Attached] },
        "UnsupportedOperation.InvalidState",
    ),
    warned(Condition::NotManaged, "UnsupportedOperation"),
    told(Condition::NoEipOnAddress, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::SecondaryStays, Severity::Warn),
    // Vendor: no page about addresses speaks of the instance's state.
    told(Condition::InstanceAtRest, Severity::Info),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: `DetachNetworkInterface` page, its list of errors in the Go SDK, and "Unbind a CVM".
const DETACH: &[Precondition] = &[
    blocked(Condition::NicExists, "ResourceNotFound"),
    blocked(Condition::InstanceExists, "ResourceNotFound"),
    blocked(Condition::NotPrimaryNic, "UnsupportedOperation"),
    blocked(Condition::NicState { allowed: &[NicState::Attached] }, "UnsupportedOperation.InvalidState"),
    // Said of binding; the page about unbinding repeats it.
    told(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        Severity::Warn,
    ),
    // Vendor: documented of the instance; the NIC is what the virtual address floats to.
    blocked(Condition::NoVirtualIp, "UnsupportedOperation.InstanceAssociateHavip"),
    told(Condition::NotManaged, Severity::Warn),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: `AssignPrivateIpAddresses` page, the error list of its Go SDK, and the largest number of its table of limits.
const ASSIGN: &[Precondition] = &[
    blocked(Condition::NicExists, "ResourceNotFound"),
    blocked(
        Condition::NicState { allowed: &[NicState::Free, NicState::Attached] },
        "UnsupportedOperation.InvalidState",
    ),
    warned(Condition::NotManaged, "UnsupportedOperation"),
    // What the NIC's own instance takes no listing shows.
    blocked(Condition::AddressRoom { free: Some(30), attached: Some(30) }, "LimitExceeded").or_untold(),
    blocked(Condition::NotOnNic, "ResourceInUse"),
    blocked(Condition::AddressFree { floating: false }, "ResourceInUse"),
];

/// Vendor: `AttachNetworkInterface` page, the error list of its Go SDK, and the largest number of its table of limits.
const ATTACH: &[Precondition] = &[
    blocked(Condition::NicExists, "ResourceNotFound"),
    blocked(Condition::InstanceExists, "ResourceNotFound"),
    blocked(
        Condition::NicState { allowed: &[NicState::Free, NicState::Attached] },
        "UnsupportedOperation.InvalidState",
    ),
    blocked(Condition::NicFree, "UnsupportedOperation.AttachmentAlreadyExists"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        "UnsupportedOperation.ResourceIsInvalidState",
    ),
    blocked(Condition::SamePlace { zone: true }, "UnsupportedOperation.ZoneMismatch"),
    blocked(Condition::SameVpc, "UnsupportedOperation.VpcMismatch"),
    blocked(Condition::NicRoom { most: Some(8) }, "LimitExceeded").or_untold(),
];

/// Vendor: `AssociateAddress` page.
const BIND_EIP: &[Precondition] = &[
    blocked(Condition::EipExists, "InvalidAddressId.NotFound"),
    blocked(Condition::EipFree, "UnsupportedOperation.AddressStatusNotPermit"),
    blocked(Condition::NicExists, "InvalidNetworkInterfaceId.NotFound"),
    told(Condition::OnNic, Severity::Blocked).stricter("refused; with which code is not documented"),
    told(Condition::NotVirtual, Severity::Blocked).stricter("a virtual address's EIP is bound by that one's own id"),
    blocked(Condition::NoEipOnAddress, "InvalidPrivateIpAddress.AlreadyBindEip"),
];

/// Vendor: `DeleteNetworkInterface` page and the error list of its Go SDK.
const DELETE: &[Precondition] = &[
    blocked(Condition::NicExists, "ResourceNotFound"),
    blocked(Condition::NotPrimaryNic, "UnsupportedOperation"),
    warned(Condition::NotManaged, "UnsupportedOperation"),
    blocked(Condition::NicFree, "ResourceInUse"),
    blocked(Condition::NicState { allowed: &[NicState::Free] }, "UnsupportedOperation.InvalidState"),
    // Vendor: all its addresses are returned, and EIPs unbound; some do not live without.
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
];

static DESCRIPTOR: Descriptor = descriptor(CAPABILITIES);

const CAPABILITIES: Capabilities = Capabilities {
    regional: true,
    // Vendor: at most 10 addresses a call.
    release_batch: 10,
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
    in_flight: 24,
};

/// The same of both generations, but for what they can do.
const fn descriptor(capabilities: Capabilities) -> Descriptor {
    Descriptor {
        id: "tencent",
        title: "Tencent Cloud",
        capabilities,
        // Vendor: the SDKs' names, and the CLI's for the token.
        env: ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", Some("TENCENTCLOUD_TOKEN")),
        bearer: false,
        password: None,
        apis: &["v3", "v2"],
        example_region: "ap-guangzhou",
        demo_world: include_str!("../../../assets/demo/tencent.json"),
        errors: include_str!("../../../assets/errors/tencent.toml"),
    }
}

/// The codec of API 3.0.
#[derive(Clone, Copy, Debug)]
pub struct Cloud;

impl Provider for Cloud {
    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        Some(&discover::Tool)
    }

    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn generation(&self, api: &str) -> Option<&'static dyn Provider> {
        if api == "v2" { Some(&v2::Legacy) } else { None }
    }

    fn known_regions(&self) -> Vec<&'static str> {
        dialect::REGIONS.to_vec()
    }

    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        let mut all = vec![Listing::all(Resource::Regions, None)];
        for region in regions {
            let of = |resource| Listing::all(resource, Some(region.clone()));
            all.extend(
                [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Floats, Resource::Backends].map(of),
            );
            all.push(Listing { part: part::CLASSIC, ..of(Resource::Backends) });
        }
        all
    }

    fn inspection(&self, nic: &Nic, known: &[Backend]) -> Vec<Listing> {
        inspection(nic, known)
    }

    /// Vendor: `ClientToken` of the three calls' pages; release and delete have none.
    fn step(&self, kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        let known =
            matches!(kind, OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::Detach { .. });
        made.is_empty().then(|| if known { Step::known_again(kind, seen) } else { Step::default() })
    }

    fn task(&self, region: &RegionId, receipt: &Receipt) -> Option<Call> {
        Some(Call::Task { region: region.clone(), task: receipt.task.as_deref()?.into() })
    }

    /// Vendor: `GetCallerIdentity` takes keys of every kind.
    fn identity(&self, region: &RegionId) -> Option<Call> {
        Some(Call::Identity { region: region.clone() })
    }

    fn action(&self, call: &Call) -> &'static str {
        encode::action(call)
    }

    fn permission(&self, call: &Call) -> String {
        permission(call)
    }

    fn quota(&self, call: &Call) -> Quota {
        quota::quota(encode::action(call))
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        encode::encode(call, encode::region(call, profile), profile)
    }

    fn cli(&self, call: &Call, profile: &Profile) -> Option<String> {
        cli::line(call, encode::region(call, profile), profile)
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        sign(request, credential, stamp);
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        decode::decode(call, response)
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(dialect::TencentDialect)
    }
}

/// The reads that bring one NIC up to date: itself, its EIPs, its virtual addresses, its instance, and the balancers that send to
/// its addresses, which the vendor has a search for. Those that are known are read themselves as well.
fn inspection(nic: &Nic, known: &[Backend]) -> Vec<Listing> {
    let of = |resource, part, scope| Listing {
        resource,
        region: Some(nic.region.clone()),
        part,
        scope,
        cursor: Cursor::Start,
        carry: None,
    };
    let own = || Scope::Nic(nic.id.clone());
    let mut all = vec![of(Resource::Nics, "", own()), of(Resource::Eips, "", own())];
    let floating = nic.addresses.iter().filter(|address| address.role == AddressRole::Virtual);
    let floating: Vec<String> = floating.map(|address| address.ip.to_string()).collect();
    if !floating.is_empty() {
        // Not about this NIC: all NICs that share them share the answer.
        all.push(of(Resource::Eips, part::EIPS_OF_FLOATS, Scope::Group(floating.join(",").into())));
    }
    let instance = nic.instance.as_ref().map(|id| id.as_str().into());
    all.push(Listing { carry: instance, ..of(Resource::Floats, "", own()) });
    if let Some(instance) = &nic.instance {
        let whose = || Scope::Instances(vec![instance.clone()]);
        all.push(of(Resource::Instances, "", whose()));
        // One on an instance's own address may be named by the instance alone.
        if nic.role != NicRole::Secondary {
            all.push(of(Resource::Eips, part::EIPS_OF_INSTANCE, whose()));
            all.push(of(Resource::Backends, part::CLASSIC_OF_INSTANCE, whose()));
        }
    }
    let ips: Vec<_> = nic.addresses.iter().map(|address| address.ip).collect();
    all.extend(ips.chunks(SEARCHED_AT_ONCE).map(|ips| Listing {
        carry: Some(Search::new(nic, ips).text()),
        ..of(Resource::Backends, part::SEARCH, own())
    }));
    let balancers: BTreeMap<_, &Backend> = known.iter().map(|backend| (&backend.load_balancer, backend)).collect();
    all.extend(balancers.into_iter().map(|(id, backend)| {
        let carry = Balancer { name: backend.name.to_string(), vpc: backend.vpc.as_deref().map(str::to_owned) };
        let scope = Scope::LoadBalancer(id.clone());
        // Of the older kind no ports are told.
        let part = if backend.port.is_empty() { part::CLASSIC_TARGETS } else { part::TARGETS };
        Listing { carry: Some(carry.text()), ..of(Resource::Backends, part, scope) }
    }));
    all
}

/// Vendor: CAM, policy syntax: an action is `product:Action`. Both generations ask for the same.
fn permission(call: &Call) -> String {
    let (product, action) = encode::command(call);
    format!("{product}:{action}")
}

/// By the generation that the request is of. Blanks around keys are the operator's slip, not part of the key.
fn sign(request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
    // Other credentials sign none of these calls: left unsigned, and the vendor says so.
    let Credential::Keys { id, secret, token } = credential else { return };
    let (id, secret) = (id.expose_secret().trim(), secret.expose_secret().trim());
    let token = token.as_ref().map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
    if request.path == sign::LEGACY_PATH {
        sign::legacy_sign(request, id, secret, token, stamp);
    } else {
        let of = |name: &str| request.header(name).unwrap_or_default();
        let service = encode::service(of("x-tc-action"), of("x-tc-version"));
        sign::sign(request, service, id, secret, token, stamp.now);
    }
}

#[cfg(test)]
mod tests;
