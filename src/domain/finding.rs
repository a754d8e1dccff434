//! What the rules say about a target: codes with values.

use serde::{Deserialize, Serialize};

use super::{page::Resource, time::Timestamp};

macro_rules! finding_ids {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A rule's stable name: the same token in every language, in tickets, filters and tests.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum FindingId { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl FindingId {
            pub const ALL: &'static [FindingId] = &[$(FindingId::$name,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(FindingId::$name => $text,)* }
            }
        }
    };
}

finding_ids! {
    /// The NIC's own address can not be released.
    PrimaryIp = "primary-ip",
    /// IPv6 addresses are released by other calls, which nicdeck does not make.
    Ipv6Address = "ipv6-address",
    /// The cloud's call does not release addresses of this kind.
    AddressKind = "address-kind",
    /// An EIP is bound to this address.
    EipAttached = "eip-attached",
    /// An EIP is bound to this address that does not live without a binding.
    EipDestroyed = "eip-destroyed",
    /// An EIP is bound to this address; whether it lives without a binding is not told.
    EipFateUnknown = "eip-fate-unknown",
    /// An EIP is bound to another address of the same NIC.
    EipOnNic = "eip-on-nic",
    /// EIPs could not be read.
    EipUnknown = "eip-unknown",
    /// The address is a load balancer's backend.
    LbBackend = "lb-backend",
    /// The instance serves a load balancer, through another address.
    LbOnInstance = "lb-on-instance",
    /// Load balancers could not be read.
    LbUnknown = "lb-unknown",
    /// Other NICs hold the same virtual address.
    VipShared = "vip-shared",
    /// No other NIC holds the virtual address.
    VipLast = "vip-last",
    /// The NIC may use any address, and will not any more.
    SourceCheck = "source-check",
    /// A service of the cloud owns the virtual address.
    VipManaged = "vip-managed",
    /// A virtual address is on the NIC.
    VipOnNic = "vip-on-nic",
    /// Virtual addresses could not be read.
    VipUnknown = "vip-unknown",
    /// The NIC's state forbids it.
    NicState = "nic-state",
    /// The cloud does not tell whether the NIC is between states.
    NicStateUnknown = "nic-state-unknown",
    /// The instance's state forbids it.
    InstanceState = "instance-state",
    /// The instance was not read.
    InstanceUnknown = "instance-unknown",
    /// Primary NICs can not be detached.
    PrimaryNic = "primary-nic",
    /// The NIC's kind does not allow it.
    NicType = "nic-type",
    /// A service of the cloud or a controller owns the NIC.
    ManagedBy = "managed-by",
    /// Whether a service owns the NIC is not known.
    ManagedByUnknown = "managed-by-unknown",
    /// The NIC is bound up with another one.
    NicLinked = "nic-linked",
    /// Members hang on the NIC.
    NicMembers = "nic-members",
    NicLinkedUnknown = "nic-linked-unknown",
    /// Can be unplugged only while the instance is stopped.
    HotPlug = "hot-plug",
    HotPlugUnknown = "hot-plug-unknown",
    /// The guest agent does not run.
    GuestAgent = "guest-agent",
    GuestAgentUnknown = "guest-agent-unknown",
    /// No secondary address is left afterwards.
    LastSecondary = "last-secondary",
    /// The cloud would delete the NIC with its detach.
    NicDies = "nic-dies",
    /// Whether the cloud would delete the NIC with its detach is told by nobody.
    NicFateUnknown = "nic-fate-unknown",
    /// The cloud would delete the NIC together with its instance, and does not once it is detached.
    NicDiesWithInstance = "nic-dies-with-instance",
    /// All addresses of the NIC leave the instance with it.
    AddressesLeave = "addresses-leave",
    /// Which addresses the NIC has the cloud did not tell.
    AddressesUnknown = "addresses-unknown",
    /// The guest keeps the address configured.
    OsConfig = "os-config",
    /// A default route of the guest through the NIC ends.
    DefaultRoute = "default-route",
    /// A NIC has the address.
    AddressTaken = "address-taken",
    /// What is to be put there is there already.
    AlreadyThere = "already-there",
    /// The NIC can not hold so many addresses.
    NicFull = "nic-full",
    /// How many addresses the NIC can hold on its instance is not known.
    NicFullUnknown = "nic-full-unknown",
    /// The NIC is on an instance.
    NicAttached = "nic-attached",
    /// The NIC is on another instance than the one that it was to be detached from.
    NicMoved = "nic-moved",
    /// The instance is not in the last listing.
    InstanceGone = "instance-gone",
    /// The instance has as many NICs as it can.
    InstanceFull = "instance-full",
    /// The instance has that many, if NICs whose instance the cloud hides are on it; or how many it can have is not known.
    InstanceFullUnknown = "instance-full-unknown",
    /// NIC and instance are in different regions or zones.
    OtherPlace = "other-place",
    /// NIC and instance are in different VPCs.
    OtherVpc = "other-vpc",
    /// The EIP is not in the last listing.
    EipGone = "eip-gone",
    /// The EIP is bound already.
    EipInUse = "eip-in-use",
    /// The NIC or address is not in the last listing.
    NotListed = "not-listed",
    /// The NIC is in this plan to be detached as a whole as well.
    NicInPlan = "nic-in-plan",
    /// Addresses of the NIC are in this plan to be released before it is detached.
    AddressesInPlan = "addresses-in-plan",
    /// The profile is read-only.
    ReadOnly = "read-only",
    /// The NIC could not be read again right before the write.
    NotReadAgain = "not-read-again",
    /// What became of an earlier write to the NIC is not known.
    EarlierWrite = "earlier-write",
    /// A protect rule of the config matches, or can not be told not to.
    Protected = "protected",
    /// The address was a load balancer's backend, and is not put back there.
    LbNotRestored = "lb-not-restored",
    /// An EIP was on the NIC, and which of its addresses it is to be bound to nobody told.
    EipNotRestored = "eip-not-restored",
    /// Whether what is to be taken back was done is not certain.
    NotCertain = "not-certain",
    /// Nothing takes it back.
    NoUndo = "no-undo",
    /// The plan as a whole is larger than a belt allows.
    OverBelt = "over-belt",
}

impl FindingId {
    /// Does it hang on whole lists? Without an age, one of them was never read to its end.
    pub fn is_of_lists(self) -> bool {
        use FindingId as F;
        matches!(
            self,
            F::VipShared
                | F::VipLast
                | F::LbOnInstance
                | F::AddressTaken
                | F::InstanceGone
                | F::InstanceFull
                | F::InstanceFullUnknown
                | F::EipGone
                | F::EipInUse
                | F::NotListed
                | F::OverBelt
        )
    }

    /// The lists that it hangs on besides the NIC itself: reading the NIC again makes those no newer.
    pub fn lists(self) -> &'static [Resource] {
        use FindingId as F;
        match self {
            F::EipAttached
            | F::EipDestroyed
            | F::EipFateUnknown
            | F::EipOnNic
            | F::EipUnknown
            | F::EipGone
            | F::EipInUse => &[Resource::Eips],
            F::VipShared | F::VipLast => &[Resource::Floats, Resource::Nics],
            F::VipManaged | F::VipUnknown | F::VipOnNic | F::AddressesLeave | F::SourceCheck | F::LastSecondary => {
                &[Resource::Floats]
            }
            F::LbBackend | F::LbUnknown => &[Resource::Backends],
            F::LbOnInstance => &[Resource::Backends, Resource::Instances],
            F::InstanceState
            | F::InstanceUnknown
            | F::InstanceGone
            | F::GuestAgent
            | F::GuestAgentUnknown
            | F::HotPlug
            | F::HotPlugUnknown => &[Resource::Instances],
            F::AddressTaken | F::InstanceFull | F::InstanceFullUnknown | F::NotListed | F::OverBelt => {
                &[Resource::Nics]
            }
            // A rule of the config may ask whatever is around the NIC.
            F::Protected => &[Resource::Eips, Resource::Backends, Resource::Floats, Resource::Instances],
            _ => &[],
        }
    }

    /// Is it this program that refuses, whatever the cloud would say?
    pub fn is_own_refusal(self) -> bool {
        use FindingId as F;
        matches!(
            self,
            F::ReadOnly
                | F::Protected
                | F::OverBelt
                | F::Ipv6Address
                | F::NicInPlan
                | F::NicDies
                | F::NicMoved
                | F::NoUndo
        )
    }
}

/// How bad a finding is. Ordered: the worst is the greatest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// The call passes; something else happens as well.
    Warn,
    /// A check could not be made: not sent until it can.
    Unknown,
    /// The vendor would refuse, or it would hurt: never sent.
    Blocked,
}

/// The worst severity of a target, as the filter's `level:` and the row's colour see it. `Info` counts as ok.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    #[default]
    Ok,
    Warn,
    Unknown,
    Blocked,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Level::Ok,
            Severity::Warn => Level::Warn,
            Severity::Unknown => Level::Unknown,
            Severity::Blocked => Level::Blocked,
        }
    }
}

/// One thing a rule found about one target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    pub id: FindingId,
    pub severity: Severity,
    /// Values for the locale's sentence, by name: `eip` -> "203.0.113.7 (eip-9)".
    pub values: Vec<(&'static str, String)>,
    /// The vendor's code that the call would answer, where it would refuse.
    pub predicts: Option<&'static str>,
    /// When the data was read; `None` where nothing was.
    pub read_at: Option<Timestamp>,
}

impl Finding {
    /// Is it this program that refuses, whatever the cloud would say? Of what is not listed no cloud is asked.
    pub fn is_own_refusal(&self) -> bool {
        self.id.is_own_refusal() || (self.id == FindingId::NotListed && self.predicts.is_none())
    }
}

/// Which findings a target has, in sixteen bytes: for filters and counts over many rows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FindingSet(u128);

impl FindingSet {
    pub fn insert(&mut self, id: FindingId) {
        self.0 |= 1 << id as u32;
    }

    pub fn contains(self, id: FindingId) -> bool {
        self.0 & (1 << id as u32) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is anything in both?
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// In the order of [`FindingId::ALL`].
    pub fn iter(self) -> impl Iterator<Item = FindingId> {
        FindingId::ALL.iter().copied().filter(move |&id| self.contains(id))
    }
}

impl FromIterator<FindingId> for FindingSet {
    fn from_iter<I: IntoIterator<Item = FindingId>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

// One bit each.
const _: () = assert!(FindingId::ALL.len() <= 128);
