//! What a dry run tells of one write: to which request it comes, and what does not come that far.

use super::{exchange::Exchange, ids::OperationId, outcome::Outcome, selection::Target};

/// One write, rehearsed: everything a run does up to sending it.
#[derive(Clone, PartialEq, Debug)]
pub struct Rehearsal {
    pub operation: OperationId,
    /// Targets that would not be sent, with the end they would have.
    pub ends: Vec<(Target, Outcome)>,
    /// The requests, as far as they can be told before the cloud has answered; empty when none would be sent.
    pub sends: Vec<WouldSend>,
}

/// A request that would be sent now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WouldSend {
    /// Signed and without secrets; it has no answer.
    pub request: Exchange,
    pub command: Command,
    /// Others may follow that are not told: which, the cloud's answer and another read decide.
    pub more: bool,
}

/// A request as a line for a shell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    pub line: String,
    pub tool: Tool,
}

/// What the line is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// The vendor's own, which signs by itself.
    Own,
    /// `curl`, without a signature: the vendor's tool has no such command.
    Curl,
}
