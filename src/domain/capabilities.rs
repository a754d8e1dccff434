//! What a cloud permits and does by itself, as data. Rules and planner ask this instead of naming vendors.

use super::{
    address::AddressRole,
    finding::Severity,
    instance::PowerState,
    nic::NicState,
    plan::{Calls, OperationKind},
    snapshot::NicSnapshot,
};

/// One cloud's behaviour. Filled by its codec, read by rules, planner and screens.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Capabilities {
    /// Listings are asked region by region (`false`: one call lists the account).
    pub regional: bool,
    /// Addresses one release call may carry.
    pub release_batch: usize,
    /// Of a NIC that is on an instance a call may carry as many as the instance's type allows on a NIC, up to this, and never fewer than
    /// `release_batch`. `None`: no more than that.
    pub release_by_type: Option<usize>,
    /// One call may also carry all releasable addresses of a NIC, however many: it releases what it finds and names none.
    pub release_whole: bool,
    /// The roles its release call accepts.
    pub releasable: &'static [AddressRole],
    /// What release of one address needs, in the order the vendor is believed to check.
    pub release: &'static [Precondition],
    /// What detaching a NIC needs.
    pub detach: &'static [Precondition],
    /// What putting addresses (back) on a NIC needs.
    pub assign: &'static [Precondition],
    /// What attaching a NIC needs.
    pub attach: &'static [Precondition],
    /// What binding an EIP to an address of a NIC needs.
    pub bind_eip: &'static [Precondition],
    /// What deleting a NIC needs.
    pub delete: &'static [Precondition],
    /// The calls that a write to a NIC comes to, which is as it is here, by the names that the vendor's reference has for them.
    pub calls: TellCalls,
    /// A detach is accepted first and done later.
    pub detach_polls: bool,
    /// Instance types one limits call may name; `None` where there is no such call.
    pub limits_per_call: Option<usize>,
    /// Calls of listings that may be in flight together for one profile; a batch has a quarter of it on top, at most four. Enough for the documented
    /// rates at the latency of a far region.
    pub in_flight: usize,
}

/// A cloud's own way to tell the calls of a write, from the NIC alone.
#[derive(Clone, Copy, Debug)]
pub struct TellCalls(pub fn(&OperationKind, &NicSnapshot) -> Calls);

impl TellCalls {
    pub fn of(self, kind: &OperationKind, seen: &NicSnapshot) -> Calls {
        (self.0)(kind, seen)
    }
}

impl PartialEq for TellCalls {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Capabilities {
    /// What such a write needs.
    pub fn rules_of(&self, kind: &OperationKind) -> &'static [Precondition] {
        match kind {
            OperationKind::Release { .. } => self.release,
            OperationKind::Detach { .. } => self.detach,
            OperationKind::Assign { .. } => self.assign,
            OperationKind::Attach { .. } => self.attach,
            OperationKind::BindEip { .. } => self.bind_eip,
            OperationKind::Delete { .. } => self.delete,
        }
    }
}

/// One rule as this cloud has it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Precondition {
    pub condition: Condition,
    /// How bad it is when the condition is not met.
    pub severity: Severity,
    /// How bad it is when the cloud can not tell; a state or an object that was not read is `Unknown` even so.
    pub untold: Severity,
    /// The vendor's code that the call would answer.
    pub code: Option<&'static str>,
    /// Why it blocks although the vendor does not say that the call is refused, or with which code. `None`: what the rule says is
    /// what the vendor's documents say.
    pub stricter: Option<&'static str>,
}

impl Precondition {
    /// Not being able to tell is `Unknown`, except where a violation is only worth knowing.
    pub const fn new(condition: Condition, severity: Severity, code: Option<&'static str>) -> Self {
        let untold = if matches!(severity, Severity::Info) { Severity::Info } else { Severity::Unknown };
        Self { condition, severity, untold, code, stricter: None }
    }

    /// Not being able to tell is a warning: where no read of the API tells it, and nothing could be released or put back otherwise.
    #[must_use]
    pub const fn or_untold(self) -> Self {
        Self { untold: Severity::Warn, ..self }
    }

    /// Stricter than the vendor on purpose, for this reason.
    #[must_use]
    pub const fn stricter(self, why: &'static str) -> Self {
        Self { stricter: Some(why), ..self }
    }
}

/// Refused by the cloud, with this code.
pub const fn blocked(condition: Condition, code: &'static str) -> Precondition {
    Precondition::new(condition, Severity::Blocked, Some(code))
}

/// Passes, or is refused with this code: the documents do not say which.
pub const fn warned(condition: Condition, code: &'static str) -> Precondition {
    Precondition::new(condition, Severity::Warn, Some(code))
}

/// Passes, or is refused with this code for what no read of the API shows: told, and in nobody's way.
pub const fn informed(condition: Condition, code: &'static str) -> Precondition {
    Precondition::new(condition, Severity::Info, Some(code))
}

/// Told by this program; the cloud answers no code for it.
pub const fn told(condition: Condition, severity: Severity) -> Precondition {
    Precondition::new(condition, severity, None)
}

/// What has to hold (or is worth telling). Each has its rule in `rules`, under the finding id of the same name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Condition {
    /// The cloud knows the NIC.
    NicExists,
    /// Release: the address is on the NIC.
    OnNic,
    /// Release: the address is not the NIC's own.
    NotPrimaryIp,
    /// Release: the address is not IPv6.
    NotIpv6,
    /// Release: the address is no virtual one.
    NotVirtual,
    /// Release: no EIP on this very address.
    NoEipOnAddress,
    /// Release: no EIP on another address of the NIC. Detach: no EIP on any address of the NIC.
    NoEipOnNic,
    /// Delete of a virtual address, which is listed as a NIC as well: no EIP on it.
    NoEipOnVirtual,
    /// Release: the address is no backend. Detach: no address of the NIC is one.
    NotBackend,
    /// Release of a virtual address: told whether other NICs hold it. Detach: told which ones no other NIC holds.
    VirtualShared,
    /// Release of a virtual address: the NIC may use any address, and goes on to, since another virtual one stays. Releasing the last
    /// one (or all in one call) ends that.
    AnyAddressStays,
    /// Release of a virtual address: no service of the cloud owns it.
    VirtualNotManaged,
    /// The instance serves no load balancer through other addresses.
    InstanceNotBackend,
    NicState {
        allowed: &'static [NicState],
    },
    /// With `primary_nic_only`, asked only when the NIC is its instance's primary one.
    InstanceState {
        allowed: &'static [PowerState],
        primary_nic_only: bool,
    },
    /// Told that the instance is neither running nor stopped, where the call is taken in any state.
    InstanceAtRest,
    /// Detach: the NIC is not the primary one.
    NotPrimaryNic,
    /// The NIC is of a plain kind (primary or secondary).
    PlainNic,
    /// No service of the cloud owns the NIC (a controller's NIC is always a warning).
    NotManaged,
    /// Detach: the NIC is bound up with no other one.
    NotLinked,
    /// Detach: no member hangs on the NIC.
    NoMembers,
    /// Detach: no other NIC hangs on it. Told by the read before a plan alone, together with what the detach does to the NIC.
    CarriesNone,
    /// Detach: the NIC can be unplugged in the instance's present power state.
    HotPlug,
    /// Detach, attach: the instance does not run, or is of a type that takes NICs on and off while it does: which ones no listing tells.
    TypeHotPlugs,
    GuestAgentRuns,
    /// Release: another secondary address stays.
    SecondaryStays,
    /// Release of a virtual address: another virtual one stays on the NIC.
    VirtualStays,
    /// Detach: no virtual address is on the NIC.
    NoVirtualIp,
    /// Detach: the cloud would not delete the NIC with it. The write switches that off first, and reads it back.
    OutlivesDetach,
    /// Detach: told that the cloud would have deleted the NIC together with its instance.
    OutlivesInstance,
    /// Detach: told which addresses leave with the NIC.
    AddressesLeave,
    /// Told that the guest keeps its configuration.
    GuestKeepsConfig,
    /// Detach: told that a default route through the NIC ends with it. Whether there is one only the guest knows.
    NoDefaultRoute,
    /// Assign: the address is not on the NIC yet.
    NotOnNic,
    /// Assign: no other NIC of the subnet has the address; with `floating`, several may have it as a virtual one.
    AddressFree {
        floating: bool,
    },
    /// Assign of a virtual address: it is one of the NIC's own subnet, as far as others of its VPC tell.
    SameSubnet,
    /// Assign of a virtual address: if it is IPv6, no other NIC has it.
    AloneByV6,
    /// Assign of virtual addresses: no more of them on one instance, and no more instances to one of them, than the vendor advises.
    FewVirtuals {
        on_instance: usize,
        instances: usize,
    },
    /// The NIC holds no more IPv4 addresses than it may: while it is on no instance, and on one whose type's limit is not known.
    AddressRoom {
        free: Option<u32>,
        attached: Option<u32>,
    },
    /// The NIC is on no instance.
    NicFree,
    /// The cloud knows the instance: the one to attach to, or the one that the NIC is on.
    InstanceExists,
    /// Attach: NIC and instance are in the same region; with `zone`, in the same zone of it.
    SamePlace {
        zone: bool,
    },
    /// Attach: NIC and instance are in the same VPC.
    SameVpc,
    /// Attach: the instance takes one more NIC; `most` where its type's limit is not known.
    NicRoom {
        most: Option<u32>,
    },
    /// The cloud knows the EIP.
    EipExists,
    /// The cloud shows the EIP at all: one that is on no NIC may be there or not.
    EipShown,
    /// The EIP is bound to nothing.
    EipFree,
}
