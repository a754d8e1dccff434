//! API 2.0, which the vendor announced to stop: for private and test installations that still answer it, chosen by `api = "v2"`.
//!
//! NICs, their writes and tasks go by its own calls (`/v2/index.php`), instances and regions by its cvm calls with a version; the
//! EIPs on NICs are told by the list of NICs. For load balancers and virtual addresses its calls are not known: those are read by
//! API 3.0 with the same key, and where that is not answered nobody knows of them.
//! It shows no state of NICs and addresses and no owner: its capabilities say so.

mod decode;
mod encode;
mod faults;

use super::{CAPABILITIES, Cloud, Dialect, cli as newer_cli, descriptor, encode as newer, inspection, sign};
use crate::{
    domain::{
        address::Backend,
        capabilities::{Capabilities, Condition, Precondition, TellCalls, blocked, told, warned},
        fault::Fault,
        finding::Severity,
        ids::RegionId,
        instance::PowerState,
        nic::{Nic, NicState},
        outcome::Receipt,
        page::{Listing, Resource},
        plan::OperationKind,
        snapshot::NicSnapshot,
    },
    providers::{
        discover::VendorCli,
        profile::{Credential, Profile},
        provider::{Call, Descriptor, Provider, Quota, Reply, Stamp, Step, calls},
    },
    wire::{WireRequest, WireResponse},
};

/// NICs of one page. Vendor: at most 50.
const PAGE_SIZE: u32 = 50;

/// Passes, or fails as what belongs to another product does.
///
/// No answer of this API ever tells whose a NIC is, and of its state only that it is on an instance or on none. Both are warned of
/// on every write, and not asked a reason for: one that is given every time says nothing, and a NIC at rest is what is nearly always
/// there.
const MARKED: Precondition = warned(Condition::NotManaged, "InternalError.ResourceOpFailed").or_untold();

/// At rest, as far as it is told: see [`MARKED`].
const AT_REST: Precondition =
    warned(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, "ActionLocked").or_untold();

/// Vendor: `UnassignPrivateIpAddresses` page of API 2.0. Whether the NIC is at rest, and whose it is, this API does not tell.
const RELEASE: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidNetworkInterface.NotFound"),
    told(Condition::OnNic, Severity::Blocked).stricter("no code is documented for an address that is not on the NIC"),
    blocked(Condition::NotPrimaryIp, "InvalidPrivateip.IsPrimary"),
    told(Condition::NotVirtual, Severity::Blocked)
        .stricter("an object of its own: with which code it is refused is not documented"),
    AT_REST,
    MARKED,
    told(Condition::NoEipOnAddress, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::SecondaryStays, Severity::Warn),
    // The instance's state is no matter, here as in API 3.0.
    told(Condition::InstanceAtRest, Severity::Info),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// It must be on an instance. That it is between two states is refused with another code (`ActionLocked`), and never shown.
const ON_INSTANCE: &[NicState] = &[NicState::Attached, NicState::Attaching, NicState::Detaching];

/// Vendor: `DetachNetworkInterface` page of API 2.0.
const DETACH: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidNetworkInterface.NotFound"),
    blocked(Condition::InstanceExists, "InvalidInstance.NotFound"),
    told(Condition::NotPrimaryNic, Severity::Blocked).stricter("no code is documented for a primary NIC"),
    blocked(Condition::NicState { allowed: ON_INSTANCE }, "InvalidNetworkInterface.NotAttached").or_untold(),
    told(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        Severity::Warn,
    ),
    // By the word of API 3.0.
    told(Condition::NoVirtualIp, Severity::Blocked).stricter("documented of API 3.0 only"),
    told(Condition::NotManaged, Severity::Warn).or_untold(),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

const NO_CODE: &str = "refused; with which code API 2.0 does not document";

/// Vendor: `AssignPrivateIpAddresses` page of API 2.0.
const ASSIGN: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidNetworkInterface.NotFound"),
    AT_REST,
    MARKED,
    told(Condition::AddressRoom { free: Some(30), attached: Some(30) }, Severity::Blocked)
        .or_untold()
        .stricter(NO_CODE),
    blocked(Condition::NotOnNic, "InvalidPrivateIpAddress.InUse"),
    blocked(Condition::AddressFree { floating: false }, "InvalidPrivateIpAddress.InUse"),
];

/// Vendor: `AttachNetworkInterface` page of API 2.0.
const ATTACH: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidNetworkInterface.NotFound"),
    blocked(Condition::InstanceExists, "InvalidInstance.NotFound"),
    AT_REST,
    blocked(Condition::NicFree, "InvalidNetworkInterface.AlreadyAssociated"),
    told(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        Severity::Blocked,
    )
    .stricter(NO_CODE),
    // The zone of a NIC is told as a number that nothing else names.
    told(Condition::SamePlace { zone: true }, Severity::Blocked).or_untold().stricter(NO_CODE),
    told(Condition::SameVpc, Severity::Blocked).stricter(NO_CODE),
    told(Condition::NicRoom { most: Some(8) }, Severity::Blocked).or_untold().stricter(NO_CODE),
];

/// By the call of API 3.0, whose codes come back under the older names. Whether an EIP that is on no NIC exists is not shown.
const BIND_EIP: &[Precondition] = &[
    told(Condition::EipShown, Severity::Warn).or_untold(),
    told(Condition::EipFree, Severity::Blocked).stricter(NO_CODE),
    told(Condition::NicExists, Severity::Blocked).stricter(NO_CODE),
    told(Condition::OnNic, Severity::Blocked).stricter(NO_CODE),
    told(Condition::NotVirtual, Severity::Blocked).stricter("a virtual address's EIP is bound by that one's own id"),
    told(Condition::NoEipOnAddress, Severity::Blocked).stricter(NO_CODE),
];

/// Vendor: `DeleteNetworkInterface` page of API 2.0.
const DELETE: &[Precondition] = &[
    blocked(Condition::NicExists, "InvalidNetworkInterface.NotFound"),
    told(Condition::NotPrimaryNic, Severity::Blocked).stricter(NO_CODE),
    MARKED,
    blocked(Condition::NicFree, "InvalidNetworkInterface.CanNotDelete"),
    warned(Condition::NicState { allowed: &[NicState::Free] }, "ActionLocked").or_untold(),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
];

static DESCRIPTOR: Descriptor = descriptor(Capabilities {
    // How many addresses a call takes is not documented: what the newer API takes.
    release: RELEASE,
    detach: DETACH,
    assign: ASSIGN,
    attach: ATTACH,
    bind_eip: BIND_EIP,
    delete: DELETE,
    calls: TellCalls(|kind, seen| calls(&Legacy, kind, seen)),
    in_flight: 4,
    ..CAPABILITIES
});

/// The codec of API 2.0.
#[derive(Clone, Copy, Debug)]
pub struct Legacy;

/// Does API 2.0 have a call for this, in its own envelope?
fn is_own(call: &Call) -> bool {
    match call {
        Call::List(listing) => listing.resource == Resource::Nics,
        Call::Write { kind, .. } => !matches!(kind, OperationKind::BindEip { .. }),
        Call::Task { task, .. } => !task.starts_with(newer::EIP_TASK),
        // Whose key it is API 3.0 tells.
        Call::SignIn { .. } | Call::Identity { .. } => false,
    }
}

/// Vendor: calls of cvm that, with a version, are answered as API 3.0 answers them.
fn is_versioned(call: &Call) -> bool {
    matches!(call, Call::List(listing) if matches!(listing.resource, Resource::Instances | Resource::Regions))
}

fn without_eips(mut listings: Vec<Listing>) -> Vec<Listing> {
    listings.retain(|listing| listing.resource != Resource::Eips);
    listings
}

impl Provider for Legacy {
    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        Cloud.vendor_cli()
    }

    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn region_name(&self, region: &RegionId) -> RegionId {
        encode::long(region.as_str()).into()
    }

    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        without_eips(Cloud.listings(regions))
    }

    fn inspection(&self, nic: &Nic, known: &[Backend]) -> Vec<Listing> {
        without_eips(inspection(nic, known))
    }

    /// An EIP is told by the NIC that it is on.
    fn brings(&self, listing: &Listing) -> &'static [Resource] {
        if listing.resource == Resource::Nics { &[Resource::Eips] } else { &[] }
    }

    /// Vendor: every write names the NIC's VPC.
    fn step(&self, _: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        made.is_empty().then(|| Step { carry: seen.nic.vpc.clone(), ..Step::default() })
    }

    fn task(&self, region: &RegionId, receipt: &Receipt) -> Option<Call> {
        Cloud.task(region, receipt)
    }

    fn identity(&self, region: &RegionId) -> Option<Call> {
        Cloud.identity(region)
    }

    fn action(&self, call: &Call) -> &'static str {
        newer::action(call)
    }

    fn permission(&self, call: &Call) -> String {
        Cloud.permission(call)
    }

    fn quota(&self, call: &Call) -> Quota {
        super::quota::quota(newer::action(call))
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        encode::encode(call, profile)
    }

    /// The vendor's tool speaks API 3.0 only, and does the same by it.
    fn cli(&self, call: &Call, profile: &Profile) -> Option<String> {
        let Call::Write { region, kind, .. } = call else { return None };
        let call = Call::write(region.clone(), kind.clone());
        newer_cli::line(&call, Some(encode::long(region.as_str())), profile)
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        sign(request, credential, stamp);
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        if is_own(call) {
            return decode::decode(call, response);
        }
        // Vendor: calls with a version come in the newer envelope, and refusals of them with the older names.
        Cloud.decode(call, response).map_err(|fault| faults::renamed(call, fault))
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Cloud.dialect()
    }
}

#[cfg(test)]
mod tests;
