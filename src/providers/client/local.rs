//! The messages of faults of kind `Local`: codes, for the locale.

pub use crate::domain::fault::{FOUND_LATER, NO_END};

pub const READ_ONLY: &str = "read-only";
/// The permit, or the turn, is for another write.
pub const PERMIT: &str = "permit";
pub const CANCELLED: &str = "cancelled";
/// The machine gives no random bytes.
pub const RANDOM: &str = "random";
/// The codec read an answer as something else than what was asked.
pub const REPLY: &str = "reply";
/// The task that made the call died of a bug; its text is in the log.
pub const DIED: &str = "died";
/// The answers ask for more and more.
pub const ENDLESS: &str = "endless";
/// The profile has no usable credential.
pub const NO_CREDENTIAL: &str = "no-credential";
/// The codec has no read for one NIC.
pub const NO_READ: &str = "no-read";
/// The codec has no safe request for what is there now.
pub const NO_STEP: &str = "no-step";
/// The NIC that something was to be put on is not there any more.
pub const NIC_GONE: &str = "nic-gone";
/// The cloud does not list the region, and nothing was found in it.
pub const NO_REGION: &str = "no-region";
/// The cloud lists the region as one that can not be used now.
pub const REGION_OFF: &str = "region-off";
/// Accepted, and not done when patience ended.
pub const STILL_THERE: &str = "still-there";
/// As [`FOUND_LATER`], but for a part: some of its requests show.
pub const FOUND_PARTLY: &str = "found-partly";
/// All of them.
pub const ALL: &[&str] = &[
    READ_ONLY,
    PERMIT,
    CANCELLED,
    RANDOM,
    REPLY,
    DIED,
    ENDLESS,
    NO_CREDENTIAL,
    NO_READ,
    NO_STEP,
    NIC_GONE,
    NO_REGION,
    REGION_OFF,
    STILL_THERE,
    NO_END,
    FOUND_LATER,
    FOUND_PARTLY,
];
