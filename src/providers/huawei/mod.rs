//! Huawei Cloud as a codec: ECS, VPC, EIP and ELB, each on a host of its own in each region, and IAM for tokens and projects.
//!
//! A NIC has one address of its own. What else it answers for are virtual IPs, and those are ports themselves: see [`release`].

mod cli;
mod decode;
pub mod dialect;
mod discover;
mod encode;
mod faults;
mod release;
pub mod sign;

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
    /// The VPC's other API for the same ports.
    pub const V2: &str = "v2.0";
    /// The last page that the first one counted: looks whether the list has grown.
    pub const TAIL: &str = "tail";
    /// What hangs on one NIC: its sub-NICs.
    pub const SUB_NICS: &str = "sub-nics";
    /// A server's interfaces: only there it is told what a detach does to them.
    pub const INTERFACES: &str = "interfaces";
}

/// The owner of a virtual IP's port.
const VIP: &str = "neutron:VIP_PORT";
/// Addresses that one filter may name: each is repeated in the URL.
const ADDRESSES_A_CALL: usize = 40;

/// Vendor: ECS `DisassociateServerVirtualIp`, VPC `UpdatePort` and the VPC user guide. Hardly anything is refused, so most of it is
/// what happens as well.
const RELEASE: &[Precondition] = &[
    blocked(Condition::NicExists, "Ecs.0307"),
    told(Condition::OnNic, Severity::Blocked)
        .stricter("the calls name what stays: of what is not there they say nothing"),
    told(Condition::NotPrimaryIp, Severity::Blocked).stricter("no call releases an address of the NIC itself"),
    told(Condition::NotIpv6, Severity::Blocked).stricter("no call releases an address of the NIC itself"),
    told(Condition::NotManaged, Severity::Blocked)
        .stricter("ports of services are theirs; with which code a change is refused is not documented"),
    told(Condition::VirtualNotManaged, Severity::Blocked)
        .stricter("ports of services are theirs; with which code a change is refused is not documented"),
    told(Condition::NicState { allowed: &[NicState::Free, NicState::Attached] }, Severity::Blocked)
        .stricter("what a write to a port that is between states does is not documented"),
    told(Condition::VirtualShared, Severity::Warn),
    // Vendor: the call that takes all empties the NIC's list, and with it what switches the check off.
    told(Condition::AnyAddressStays, Severity::Warn),
    // The virtual IP keeps it, with nobody behind it.
    told(Condition::NoEipOnAddress, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::VirtualStays, Severity::Warn),
    // Vendor: no page about virtual IPs speaks of the server's state.
    told(Condition::InstanceAtRest, Severity::Info),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// What is left is on none.
const ON_A_SERVER: &[NicState] =
    &[NicState::Attached, NicState::Attaching, NicState::Detaching, NicState::Failed, NicState::Other];
const NOT_LOCKED: &[PowerState] = &[
    PowerState::Running,
    PowerState::Stopped,
    PowerState::Changing,
    PowerState::Gone,
    PowerState::Frozen,
    PowerState::Other,
];
const NOT_FROZEN: &[PowerState] = &[
    PowerState::Running,
    PowerState::Stopped,
    PowerState::Changing,
    PowerState::Gone,
    PowerState::Locked,
    PowerState::Other,
];

/// Vendor: ECS `BatchDeleteServerNics` and its error page. That a primary NIC is refused is documented, with which code is not.
const DETACH: &[Precondition] = &[
    blocked(Condition::NicExists, "Ecs.0085"),
    // One that does not say may be the primary one.
    told(Condition::NotPrimaryNic, Severity::Blocked).stricter("refused, with which code is not documented"),
    told(Condition::NotManaged, Severity::Blocked)
        .stricter("ports of services are theirs; with which code a change is refused is not documented"),
    // It is on no server, so not on this one.
    blocked(Condition::NicState { allowed: ON_A_SERVER }, "Ecs.0085"),
    told(Condition::NicState { allowed: &[NicState::Attached] }, Severity::Blocked)
        .stricter("one that is being added must not be detached; with which code that is refused is not documented"),
    blocked(Condition::InstanceExists, "Ecs.0114"),
    blocked(Condition::InstanceState { allowed: NOT_LOCKED, primary_nic_only: false }, "Ecs.0605"),
    blocked(Condition::InstanceState { allowed: NOT_FROZEN, primary_nic_only: false }, "Ecs.0030"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        "Ecs.0100",
    ),
    // Vendor: some flavors can not unplug while they run, which only the job tells: most can, so it stands in nobody's way.
    informed(Condition::TypeHotPlugs, "Ecs.0507"),
    // Vendor: what becomes of its sub-NICs is not documented. Not every region and key tells whether there are any: then it takes a
    // person's word.
    told(Condition::CarriesNone, Severity::Blocked)
        .stricter("what becomes of the NICs that it carries is not documented"),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::OutlivesDetach, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
    told(Condition::VirtualShared, Severity::Warn),
    told(Condition::GuestKeepsConfig, Severity::Info),
];

/// Vendor: ECS `AssociateServerVirtualIp`. An address that nobody has is made.
const ASSIGN: &[Precondition] = &[
    blocked(Condition::NicExists, "Ecs.0307"),
    told(Condition::NotManaged, Severity::Blocked)
        .stricter("ports of services are theirs; with which code a change is refused is not documented"),
    told(Condition::NicState { allowed: &[NicState::Attached] }, Severity::Blocked)
        .stricter("for a server's NIC; what a NIC on none answers is not documented"),
    told(Condition::VirtualNotManaged, Severity::Blocked)
        .stricter("the NIC's whole list is written, a service's address among the others"),
    told(Condition::NotOnNic, Severity::Blocked).stricter("there is nothing to do"),
    blocked(Condition::SameSubnet, "Ecs.0039"),
    blocked(Condition::AddressFree { floating: true }, "Ecs.0010"),
    told(Condition::AloneByV6, Severity::Blocked)
        .stricter("an IPv6 one is bound to one NIC; what the call answers to a second one is not documented"),
    told(Condition::FewVirtuals { on_instance: 8, instances: 10 }, Severity::Info),
];

/// Vendor: ECS `BatchAddServerNics` and its error page.
const ATTACH: &[Precondition] = &[
    blocked(Condition::NicExists, "Ecs.0307"),
    blocked(Condition::InstanceExists, "Ecs.0114"),
    told(Condition::NotManaged, Severity::Blocked)
        .stricter("ports of services are theirs; with which code a change is refused is not documented"),
    blocked(Condition::InstanceState { allowed: NOT_LOCKED, primary_nic_only: false }, "Ecs.0605"),
    blocked(Condition::InstanceState { allowed: NOT_FROZEN, primary_nic_only: false }, "Ecs.0030"),
    blocked(
        Condition::InstanceState { allowed: &[PowerState::Running, PowerState::Stopped], primary_nic_only: false },
        "Ecs.0100",
    ),
    blocked(Condition::NicState { allowed: &[NicState::Free] }, "Ecs.0919"),
    // Vendor: the code of plugging and unplugging that waits for the server to be stopped.
    informed(Condition::TypeHotPlugs, "Ecs.1002"),
    blocked(Condition::SameVpc, "Ecs.0014"),
    // How many NICs a server takes no listing shows.
    blocked(Condition::NicRoom { most: None }, "Ecs.0050").or_untold(),
];

/// Vendor: EIP `UpdatePublicip`. Its codes are told by their HTTP status only.
const BIND_EIP: &[Precondition] = &[
    told(Condition::EipExists, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::EipFree, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::NicExists, Severity::Blocked).stricter(EIP_CODES),
    told(Condition::OnNic, Severity::Blocked).stricter("a port is named, not an address"),
    told(Condition::NoEipOnAddress, Severity::Blocked).stricter(EIP_CODES),
];

const EIP_CODES: &str = "refused; with which code is not documented";

/// Vendor: VPC `DeletePort`.
const DELETE: &[Precondition] = &[
    blocked(Condition::NicExists, "VPC.2500"),
    blocked(Condition::NicFree, "VPC.2500"),
    told(Condition::NotManaged, Severity::Blocked)
        .stricter("ports of services are theirs; with which code a change is refused is not documented"),
    told(Condition::VirtualShared, Severity::Blocked).stricter(
        "the console refuses it while a server answers for the address; what the call answers is not documented",
    ),
    told(Condition::NoEipOnVirtual, Severity::Blocked)
        .stricter("one with an EIP is not deleted; with which code that is refused is not documented"),
    // Vendor: its address stays on the virtual IPs' own lists; who gets it next is bound by them.
    told(Condition::NoVirtualIp, Severity::Warn),
    told(Condition::NoEipOnNic, Severity::Warn),
    told(Condition::NotBackend, Severity::Warn),
    told(Condition::AddressesLeave, Severity::Warn),
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "huawei",
    title: "Huawei Cloud",
    capabilities: Capabilities {
        regional: true,
        // One pair is left out of one list.
        release_batch: 1,
        release_by_type: None,
        release_whole: true,
        releasable: &[AddressRole::Virtual],
        release: RELEASE,
        detach: DETACH,
        assign: ASSIGN,
        attach: ATTACH,
        bind_eip: BIND_EIP,
        delete: DELETE,
        calls: TellCalls(|kind, seen| calls(&Cloud, kind, seen)),
        detach_polls: true,
        limits_per_call: None,
        // The vendor advises few: five with that of a batch. Pages follow each other, so there are few at once anyway.
        in_flight: 4,
    },
    env: ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", Some("HUAWEICLOUD_SDK_SECURITY_TOKEN")),
    bearer: false,
    // Of the vendor's Terraform provider: its SDK knows no sign-in by name.
    password: Some(("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME")),
    apis: &[],
    example_region: "cn-north-4",
    demo_world: include_str!("../../../assets/demo/huawei.json"),
    errors: include_str!("../../../assets/errors/huawei.toml"),
};

/// Vendor: the region table of the SDK's ECS, and the European regions of its own domain.
const REGIONS: &[&str] = &[
    "cn-north-1",
    "cn-north-2",
    "cn-north-4",
    "cn-north-9",
    "cn-north-11",
    "cn-north-12",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-east-5",
    "cn-south-1",
    "cn-south-2",
    "cn-south-4",
    "cn-southwest-2",
    "cn-southwest-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "af-south-1",
    "af-north-1",
    "sa-brazil-1",
    "la-north-2",
    "la-south-2",
    "na-mexico-1",
    "tr-west-1",
    "me-east-1",
    "ae-ad-1",
    "my-kualalumpur-1",
    "ru-moscow-1",
    "eu-west-0",
    "eu-west-101",
];

/// The codec.
#[derive(Debug)]
pub struct Cloud;

impl Provider for Cloud {
    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        Some(&discover::Tool)
    }

    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn known_regions(&self) -> Vec<&'static str> {
        REGIONS.to_vec()
    }

    /// One sweep over the ports brings every NIC and every virtual IP with their lists: no call for each server.
    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        let mut all = vec![Listing::all(Resource::Regions, None)];
        for region in regions {
            for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends] {
                all.push(Listing::all(resource, Some(region.clone())));
            }
        }
        all
    }

    /// EIPs and backends are looked for by the NIC's addresses: an EIP on a virtual IP names that port, not the NIC.
    fn inspection(&self, nic: &Nic, _known: &[Backend]) -> Vec<Listing> {
        let of = |resource, scope| Listing {
            resource,
            region: Some(nic.region.clone()),
            part: "",
            scope,
            cursor: Cursor::Start,
            carry: None,
        };
        let own = || Scope::Nic(nic.id.clone());
        let network = nic.subnet.clone().map_or(Scope::All, Scope::Group);
        let mut all = vec![of(Resource::Nics, own()), of(Resource::Floats, network)];
        if let Some(instance) = &nic.instance {
            let server = of(Resource::Instances, Scope::Instances(vec![instance.clone()]));
            all.push(Listing { part: part::INTERFACES, ..server.clone() });
            // A primary NIC is never detached.
            if nic.role != NicRole::Primary {
                all.push(Listing { part: part::SUB_NICS, ..of(Resource::Instances, own()) });
            }
            all.push(server);
        }
        let ips: Vec<String> = nic.addresses.iter().map(|address| address.ip.to_string()).collect();
        for ips in ips.chunks(ADDRESSES_A_CALL) {
            for resource in [Resource::Eips, Resource::Backends] {
                all.push(Listing { carry: Some(ips.join(",").into()), ..of(resource, own()) });
            }
        }
        all
    }

    /// Vendor: `AK access failed to reach the limit`: after five failures a key is refused for five minutes; wrong passwords lock a user.
    fn locks_keys(&self) -> bool {
        true
    }

    /// A name and a password are changed into a token. Keys sign by themselves, but every path names the region's project.
    fn sign_in(&self, profile: &Profile, credential: &Credential, region: &RegionId) -> Option<Call> {
        // A project belongs to one region.
        let known = profile.project_id.is_some() && profile.regions.len() == 1;
        let named = matches!(credential, Credential::Password { .. });
        (named || !known).then(|| Call::SignIn { region: region.clone(), by_name: named })
    }

    fn assumed(&self, kind: &OperationKind, seen: &NicSnapshot, step: &Step) -> Option<NicSnapshot> {
        release::assumed(kind, seen, step)
    }

    fn step(&self, kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        release::step(kind, seen, made)
    }

    fn instead(
        &self,
        kind: &OperationKind,
        seen: &NicSnapshot,
        made: &[Step],
        refused: &Step,
        fault: &Fault,
    ) -> Option<Step> {
        release::instead(kind, seen, made, refused, fault)
    }

    fn task(&self, region: &RegionId, receipt: &Receipt) -> Option<Call> {
        let task = receipt.task.as_deref()?;
        Some(Call::Task { region: region.clone(), task: task.into() })
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        faults::ID_HEADERS
    }

    /// Vendor: `KeystoneListAuthDomains`, for which nothing has to be granted. A sign-in mostly has told it before.
    fn identity(&self, region: &RegionId) -> Option<Call> {
        Some(Call::Identity { region: region.clone() })
    }

    fn action(&self, call: &Call) -> &'static str {
        encode::action(call)
    }

    fn permission(&self, call: &Call) -> String {
        let action = encode::action(call);
        encode::permission(action).unwrap_or(action).to_owned()
    }

    fn brings(&self, listing: &Listing) -> &'static [Resource] {
        match (listing.resource, &listing.scope) {
            (Resource::Nics, Scope::All) => &[Resource::Floats],
            _ => &[],
        }
    }

    /// Reported, not published: 200 a second for each API. Half of it, as refused requests count, too.
    fn quota(&self, call: &Call) -> Quota {
        Quota::a_second(encode::action(call), 100)
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
        Box::new(dialect::HuaweiDialect)
    }
}

#[cfg(test)]
mod tests;
