//! What differs by the time of a write.

use serde::{Deserialize, Serialize};

/// A fact that differs between the plan and the read right before the write.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    pub fact: ChangedFact,
    pub before: String,
    pub now: String,
}

/// Facts that matter to a write.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangedFact {
    NicStatus,
    NicInstance,
    NicRole,
    InstancePower,
    AddressRole,
    Eips,
    Backends,
    ManagedBy,
    /// Detach: addresses that were not on the NIC when the plan was made.
    NewAddresses,
    /// A protect rule of the config matches now.
    Protected,
    /// A rule that could not be told, or held, is violated now.
    Rule,
    /// Release: the NIC would have no secondary address any more, and would have had when the plan was made.
    Secondaries,
    /// The write comes to other calls than those that were confirmed.
    Calls,
    /// Release: this write would end the NIC's use of any address, and would not have when the plan was made.
    SourceCheck,
    /// Other facts a rule reads (agent, hot plug, links).
    Traits,
    /// Something could be read for the plan and could not be read now.
    Readable,
}

impl ChangedFact {
    /// A stable name, for exports; the journal's too.
    pub fn key(self) -> &'static str {
        match self {
            ChangedFact::NicStatus => "nic-status",
            ChangedFact::NicInstance => "nic-instance",
            ChangedFact::NicRole => "nic-role",
            ChangedFact::InstancePower => "instance-power",
            ChangedFact::AddressRole => "address-role",
            ChangedFact::Eips => "eips",
            ChangedFact::Backends => "backends",
            ChangedFact::ManagedBy => "managed-by",
            ChangedFact::NewAddresses => "new-addresses",
            ChangedFact::Protected => "protected",
            ChangedFact::Rule => "rule",
            ChangedFact::Calls => "calls",
            ChangedFact::SourceCheck => "source-check",
            ChangedFact::Traits => "traits",
            ChangedFact::Readable => "readable",
            ChangedFact::Secondaries => "secondaries",
        }
    }
}
