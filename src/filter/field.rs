//! The fields of the language and the words that the closed ones know.

use crate::domain::{
    address::AddressRole,
    finding::{FindingId, Level},
    instance::PowerState,
    nic::NicState,
};

macro_rules! fields {
    ($($name:ident = $text:literal,)*) => {
        /// What a term can ask about.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Field { $($name,)* }

        impl Field {
            pub const ALL: &'static [Field] = &[$(Field::$name,)*];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self { $(Field::$name => $text,)* }
            }
        }
    };
}

fields! {
    Ip = "ip",
    Nic = "nic",
    Instance = "instance",
    Id = "id",
    Mac = "mac",
    Name = "name",
    Tag = "tag",
    State = "state",
    NicState = "nic-state",
    Cloud = "cloud",
    Profile = "profile",
    Region = "region",
    Zone = "zone",
    Vpc = "vpc",
    Subnet = "subnet",
    Sg = "sg",
    Kind = "kind",
    Has = "has",
    Finding = "finding",
    Level = "level",
    Marked = "marked",
    Env = "env",
    Ips = "ips",
    Secondaries = "secondaries",
    Ipv6s = "ipv6s",
    Eips = "eips",
    Age = "age",
}

/// Words people are likely to try, and what they mean here.
const OTHER_NAMES: &[(&str, Field)] = &[
    ("address", Field::Ip),
    ("addr", Field::Ip),
    ("cidr", Field::Ip),
    ("eip", Field::Ip),
    ("eni", Field::Nic),
    ("port", Field::Nic),
    ("interface", Field::Nic),
    ("vm", Field::Instance),
    ("server", Field::Instance),
    ("host", Field::Instance),
    ("status", Field::State),
    ("power", Field::State),
    ("type", Field::Kind),
    ("role", Field::Kind),
    ("account", Field::Profile),
    ("provider", Field::Cloud),
    ("az", Field::Zone),
    ("network", Field::Vpc),
    ("vswitch", Field::Subnet),
    ("security-group", Field::Sg),
    ("label", Field::Tag),
    ("selected", Field::Marked),
    ("severity", Field::Level),
    ("rule", Field::Finding),
];

impl Field {
    pub(super) fn find(name: &str) -> Option<Self> {
        Field::ALL.iter().copied().find(|field| field.as_str().eq_ignore_ascii_case(name))
    }

    /// The field with this name, the one that begins so, or the one that was probably meant.
    pub(super) fn meant(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let begins = || Field::ALL.iter().copied().find(|field| field.as_str().starts_with(&lower));
        Field::find(name).or_else(begins).or_else(|| Field::guess(name))
    }

    /// The field that was probably meant.
    pub(super) fn guess(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if let Some((_, field)) = OTHER_NAMES.iter().find(|(other, _)| *other == name) {
            return Some(*field);
        }
        let near = nearest(&name, Field::ALL.iter().map(|field| field.as_str()))?;
        Field::find(near)
    }

    /// Compared with `<` and the like, not matched.
    pub(super) fn is_count(self) -> bool {
        matches!(self, Field::Ips | Field::Secondaries | Field::Ipv6s | Field::Eips | Field::Age)
    }
}

/// The word that is closest to `word`, if it is close enough to be a slip of the finger.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = if word.len() <= 3 { 1 } else { 2 };
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(far, candidate)| *far <= most && *far < candidate.len())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words, a swap of neighbours counted as one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(x != y));
            if i > 0 && j > 0 && x == &b[j - 1] && &a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// Values of `has:`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Has {
    Eip,
    Lb,
    Tag,
    Finding,
    Secondary,
    Ipv6,
    Instance,
}

impl Has {
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// `has:` in the order of [`Has`].
pub(super) const HAS: &[&str] = &["eip", "lb", "tag", "finding", "secondary", "ipv6", "instance"];
/// `kind:` in the order of `AddressRole`.
pub(super) const KINDS: &[&str] = &["primary", "secondary", "vip", "ipv6"];
/// `level:` in the order of `Level`.
pub(super) const LEVELS: &[&str] = &["ok", "warn", "unknown", "blocked"];
pub(super) const MARKED: &[&str] = &["yes", "no"];
/// Words of the clouds' own for states of instances and NICs, in lower case.
/// Vendor: the pages of ECS, CVM, Nova and ZEC instances and of their NICs.
pub(super) const VENDOR_STATES: &[&str] = &[
    "active",
    "attaching",
    "booting",
    "available",
    "build",
    "creating",
    "create_failed",
    "createfailed",
    "deleted",
    "deleting",
    "deploying",
    "detaching",
    "down",
    "enter_rescue_mode",
    "enter_service_live_migrate",
    "error",
    "exit_rescue_mode",
    "exit_service_live_migrate",
    "hard_reboot",
    "hibernated",
    "hibernating",
    "imaging",
    "installing",
    "inuse",
    "launch_failed",
    "linking",
    "migrating",
    "pause",
    "paused",
    "pending",
    "reboot",
    "rebooting",
    "rebuild",
    "rebuilding",
    "recycle",
    "recycling",
    "reinstall_failed",
    "releasing",
    "rescue_mode",
    "resize",
    "resizing",
    "revert_resize",
    "running",
    "service_live_migrate",
    "shelved",
    "shelved_offloaded",
    "shutdown",
    "shutoff",
    "soft_deleted",
    "starting",
    "stopped",
    "stopping",
    "suspended",
    "terminating",
    "unknown",
    "unlinking",
    "upgrading",
    "used",
    "verify_resize",
];
/// Common words of `state:`; vendors' own words work as well.
pub(super) const POWER: &[&str] = &["running", "stopped", "changing", "gone", "locked", "frozen", "other"];
/// Common words of `nic-state:`; vendors' own words work as well.
pub(super) const NIC_STATES: &[&str] = &["free", "attached", "attaching", "detaching", "changing", "failed", "other"];
/// `finding:`.
pub(super) const FINDINGS: &[&str] = &{
    let mut words = [""; FindingId::ALL.len()];
    let mut place = 0;
    while place < words.len() {
        words[place] = FindingId::ALL[place].as_str();
        place += 1;
    }
    words
};

pub(super) fn role_bit(role: AddressRole) -> u8 {
    match role {
        AddressRole::Primary => 1,
        AddressRole::Secondary => 2,
        AddressRole::Virtual => 4,
        AddressRole::Ipv6 => 8,
    }
}

pub(super) fn level_bit(level: Level) -> u8 {
    match level {
        Level::Ok => 1,
        Level::Warn => 2,
        Level::Unknown => 4,
        Level::Blocked => 8,
    }
}

pub(super) fn power_word(state: PowerState) -> &'static str {
    match state {
        PowerState::Running => "running",
        PowerState::Stopped => "stopped",
        PowerState::Changing => "changing",
        PowerState::Gone => "gone",
        PowerState::Locked => "locked",
        PowerState::Frozen => "frozen",
        PowerState::Other => "other",
    }
}

pub(super) fn nic_state_word(state: NicState) -> &'static str {
    match state {
        NicState::Free => "free",
        NicState::Attached => "attached",
        NicState::Attaching => "attaching",
        NicState::Detaching => "detaching",
        NicState::Changing => "changing",
        NicState::Failed => "failed",
        NicState::Other => "other",
    }
}

/// How a number is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    pub(super) fn holds(self, value: u64, bound: u64) -> bool {
        match self {
            Compare::Less => value < bound,
            Compare::AtMost => value <= bound,
            Compare::Equal => value == bound,
            Compare::AtLeast => value >= bound,
            Compare::More => value > bound,
        }
    }
}
