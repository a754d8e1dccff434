//! May this be released or detached? Each [`Condition`] a cloud declares has its rule here.
//!
//! A rule has three answers: it holds, it is violated, or it cannot be told. What cannot be told is never safe.
//! Pure over [`facts::Facts`]; speaks in codes and values. Knows no vendor: a cloud's behaviour is its [`Capabilities`].

pub mod facts;
pub mod guard;
pub mod planner;

mod address;
mod nic;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::domain::{
    address::Address,
    capabilities::{Capabilities, Condition, Precondition},
    finding::{Finding, FindingId, FindingSet, Level, Severity},
    nic::ManagedBy,
};

use facts::Facts;

/// What is asked about: releasing one address of the NIC, or detaching the NIC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    Address(IpAddr),
    Nic,
}

/// A rule's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Answer {
    Holds,
    /// With the values for the sentence.
    Violated(FindingId, Values),
    /// Violated, whatever severity the cloud declares: a weaker or stronger form of the same rule.
    Instead(FindingId, Severity, Values),
    /// It cannot be told.
    Unknown(FindingId, Values),
}

/// Values for the locale's sentence. Made only when somebody reads it.
type Values = Vec<(&'static str, String)>;

/// Makes values, or not: levels of a hundred thousand addresses need none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Detail {
    Whole,
    LevelOnly,
}

impl Detail {
    fn values(self, make: impl FnOnce() -> Values) -> Values {
        match self {
            Detail::Whole => make(),
            // An empty vector allocates nothing.
            Detail::LevelOnly => Vec::new(),
        }
    }
}

/// Asks one rule.
fn ask(facts: &Facts, condition: Condition, subject: Asked, detail: Detail) -> Answer {
    match subject {
        Asked::Address(address) => address::ask(facts, condition, address, detail),
        Asked::Nic => nic::ask(facts, condition, detail),
    }
}

#[derive(Clone, Copy)]
enum Asked {
    Address(Address),
    Nic,
}

/// The finding's id and severity, if the answer is one.
fn weigh(answer: &Answer, rule: &Precondition) -> Option<(FindingId, Severity)> {
    match answer {
        Answer::Holds => None,
        Answer::Violated(id, _) => Some((*id, rule.severity)),
        Answer::Instead(id, severity, _) => Some((*id, *severity)),
        Answer::Unknown(id, _) => Some((*id, Severity::Unknown)),
    }
}

fn preconditions(capabilities: &Capabilities, subject: Asked) -> &'static [Precondition] {
    match subject {
        Asked::Address(_) => capabilities.release,
        Asked::Nic => capabilities.detach,
    }
}

/// Everything the rules say about a target, worst first. A rule that finds the same twice is said once.
pub fn findings(facts: &Facts, capabilities: &Capabilities, subject: Subject) -> Vec<Finding> {
    let asked = match subject {
        Subject::Nic => Asked::Nic,
        Subject::Address(ip) => match facts.nic.addresses.iter().find(|address| address.ip == ip) {
            Some(&address) => Asked::Address(address),
            None => return vec![not_listed()],
        },
    };
    let mut found: Vec<Finding> = Vec::new();
    for rule in preconditions(capabilities, asked) {
        let answer = ask(facts, rule.condition, asked, Detail::Whole);
        let Some((id, severity)) = weigh(&answer, rule) else { continue };
        let (Answer::Violated(_, values) | Answer::Instead(_, _, values) | Answer::Unknown(_, values)) = answer else {
            continue;
        };
        let predicts = rule.code.filter(|_| severity == Severity::Blocked || severity == Severity::Warn);
        match found.iter_mut().find(|finding| finding.id == id) {
            Some(same) if same.severity >= severity => {}
            Some(same) => *same = Finding { id, severity, values, predicts, read_at: facts.read_at },
            None => found.push(Finding { id, severity, values, predicts, read_at: facts.read_at }),
        }
    }
    // Stable: within a severity the order is the cloud's own.
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// A target that is not in the inventory.
pub fn not_listed() -> Finding {
    finding(FindingId::NotListed, Severity::Blocked)
}

fn finding(id: FindingId, severity: Severity) -> Finding {
    Finding { id, severity, values: Vec::new(), predicts: None, read_at: None }
}

/// Level and findings of releasing each address of the NIC, in order. Allocates nothing but what `out` needs.
pub fn levels(facts: &Facts, capabilities: &Capabilities, out: &mut Vec<(Level, FindingSet)>) {
    out.clear();
    out.extend(facts.nic.addresses.iter().map(|&address| level(facts, capabilities, Asked::Address(address))));
}

/// Level and findings of detaching the NIC.
pub fn detach_level(facts: &Facts, capabilities: &Capabilities) -> (Level, FindingSet) {
    level(facts, capabilities, Asked::Nic)
}

fn level(facts: &Facts, capabilities: &Capabilities, asked: Asked) -> (Level, FindingSet) {
    let mut worst = Level::Ok;
    let mut set = FindingSet::default();
    for rule in preconditions(capabilities, asked) {
        let answer = ask(facts, rule.condition, asked, Detail::LevelOnly);
        if let Some((id, severity)) = weigh(&answer, rule) {
            worst = worst.max(Level::from(severity));
            set.insert(id);
        }
    }
    (worst, set)
}

/// The rules that are the same for a release and a detach.
fn common(facts: &Facts, condition: Condition, detail: Detail) -> Answer {
    let nic = facts.nic;
    match condition {
        Condition::NicState { allowed } => {
            if allowed.contains(&nic.status.state) {
                Answer::Holds
            } else {
                Answer::Violated(
                    FindingId::NicState,
                    detail.values(|| vec![("nic", nic.id.to_string()), ("state", nic.status.word.to_string())]),
                )
            }
        }
        Condition::InstanceState { allowed, primary_nic_only } => {
            if primary_nic_only && nic.role == crate::domain::nic::NicRole::Secondary {
                return Answer::Holds;
            }
            match (&nic.instance, facts.instance) {
                (None, _) => Answer::Holds,
                (Some(id), None) => {
                    Answer::Unknown(FindingId::InstanceUnknown, detail.values(|| vec![("instance", id.to_string())]))
                }
                (Some(_), Some(instance)) if allowed.contains(&instance.power.state) => Answer::Holds,
                (Some(_), Some(instance)) => Answer::Violated(
                    FindingId::InstanceState,
                    detail.values(|| {
                        vec![("instance", instance.id.to_string()), ("state", instance.power.word.to_string())]
                    }),
                ),
            }
        }
        Condition::PlainNic => match &nic.role {
            crate::domain::nic::NicRole::Other(word) => {
                Answer::Violated(FindingId::NicType, detail.values(|| vec![("kind", word.to_string())]))
            }
            _ => Answer::Holds,
        },
        Condition::NotManaged => match &nic.managed_by {
            ManagedBy::Nobody => Answer::Holds,
            ManagedBy::Service(who) => {
                Answer::Violated(FindingId::ManagedBy, detail.values(|| vec![("who", who.to_string())]))
            }
            ManagedBy::Controller(who) => {
                Answer::Instead(FindingId::ManagedBy, Severity::Warn, detail.values(|| vec![("who", who.to_string())]))
            }
            ManagedBy::Unknown => Answer::Unknown(FindingId::ManagedByUnknown, Vec::new()),
        },
        Condition::GuestKeepsConfig => Answer::Violated(FindingId::OsConfig, Vec::new()),
        _ => Answer::Holds,
    }
}
