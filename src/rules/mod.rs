//! May this be released or detached? Each [`Condition`] that a cloud declares has its rule here.
//!
//! A rule has three answers: it holds, it is violated, or it can not be told; and what can not be told is never safe.
//!
//! Left out on purpose: preconditions that a NIC which is listed meets by being there. Its subnet and its security groups exist and
//! are of its VPC, since no cloud deletes or moves them while a NIC is in them, and none of them is listed here. How many addresses
//! a call may carry is none either: the planner cuts by it, and [`crate::domain::plan::PlanError::Oversized`] refuses the rest.
//! Nor is which of several virtual addresses a call means: a codec sends the one call that can not name them only where it takes
//! all that there are, and else names each; what that does is told as `vip-shared`, `vip-last` and `source-check`.
//!
//! Pure over [`facts::Facts`]: equal facts get equal verdicts. Speaks in codes and values. Knows no vendor: how a cloud
//! behaves is in its [`Capabilities`].

mod address;
pub mod belts;
mod describe;
pub mod facts;
pub mod guard;
mod near;
mod nic;
pub mod planner;
pub mod protect;
#[cfg(test)]
mod tests;
pub mod undo;
pub mod write;

use std::{cmp::Ordering, net::IpAddr, sync::LazyLock};

use crate::domain::{
    address::{Address, AddressRole},
    capabilities::{Capabilities, Condition, Precondition},
    finding::{Finding, FindingId, FindingSet, Level, Severity},
    ids::NicId,
    inventory::ProfileInventory,
    nic::{ManagedBy, Nic},
    page::Resource,
    plan::{Belts, Change, ChangedFact, OperationKind},
    selection::Target,
    snapshot::NicSnapshot,
    time::Timestamp,
};

use facts::{Facts, Leaving, oldest};
use protect::{Brings, ProfileRules, Protect};

/// What the config says about what may be sent at all, whatever the clouds would do.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Safety {
    pub belts: Belts,
    pub protect: Protect,
}

/// What is asked about: releasing one address of the NIC, or detaching the NIC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    Address(IpAddr),
    Nic,
}

/// What else is to be done to the NIC in the same plan.
#[derive(Clone, Copy, Debug)]
struct Context<'a> {
    /// Addresses that are to be released from it.
    leaving: &'a [IpAddr],
    /// What the plan takes from all NICs.
    plan: &'a Leaving,
}

impl Default for Context<'_> {
    fn default() -> Self {
        static NOTHING: LazyLock<Leaving> = LazyLock::new(Leaving::default);
        Self { leaving: &[], plan: &NOTHING }
    }
}

/// A rule's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Holds,
    Violated(FindingId),
    /// Violated in a way that has a severity of its own, and that the vendor does not refuse.
    Told(FindingId, Severity),
    /// The vendor's word for a state is not one this version knows: not met, and never milder than "can not tell".
    Strange(FindingId),
    CanNotTell(FindingId),
    /// What a state is asked of was not read: "can not tell", however little the rule matters.
    Unseen(FindingId),
}

/// The subject, looked up.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Address(Address),
    /// An address that is not on the NIC.
    Absent(IpAddr),
    Nic,
}

impl Asked {
    fn address(self) -> Option<Address> {
        match self {
            Asked::Address(address) => Some(address),
            // Of what is not on it, whatever holds for the NIC does.
            Asked::Absent(_) | Asked::Nic => None,
        }
    }
}

/// A finding without its values.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    id: FindingId,
    severity: Severity,
    predicts: Option<&'static str>,
}

/// What an answer weighs under the cloud's own rule. What is not known predicts nothing.
fn weigh(answer: Answer, rule: &Precondition) -> Option<Verdict> {
    let (id, severity) = match answer {
        Answer::Holds => return None,
        Answer::Violated(id) => (id, rule.severity),
        Answer::Told(id, severity) => (id, severity),
        Answer::Strange(id) => (id, rule.severity.max(Severity::Unknown)),
        Answer::CanNotTell(id) => (id, rule.untold),
        Answer::Unseen(id) => (id, Severity::Unknown),
    };
    let refused = match answer {
        Answer::Violated(_) => true,
        Answer::Strange(_) => severity == rule.severity,
        Answer::Holds | Answer::Told(..) | Answer::CanNotTell(_) | Answer::Unseen(_) => false,
    };
    Some(Verdict { id, severity, predicts: rule.code.filter(|_| refused) })
}

/// Asks every rule about the subject, in the cloud's order. All verdicts, whoever wants them, come from here.
fn judge(facts: &Facts, capabilities: &Capabilities, asked: Asked, context: Context, mut emit: impl FnMut(Verdict)) {
    let rules = rules_for(capabilities, asked);
    let gone = tells_gone(facts, rules);
    for rule in rules {
        let answer = match asked {
            Asked::Address(address) => address::ask(facts, rule.condition, address, context),
            Asked::Absent(_) => address::ask_absent(facts, rule.condition),
            Asked::Nic => nic::ask(facts, rule.condition, context),
        };
        if gone && answer == Answer::Unseen(FindingId::InstanceUnknown) {
            continue;
        }
        let Some(verdict) = weigh(answer, rule) else { continue };
        emit(verdict);
        // What is known to be there is no word on what is not known.
        if let Answer::Violated(_) = answer
            && verdict.severity < rule.untold
        {
            let rest = match asked {
                Asked::Address(address) => address::rest(facts, rule.condition, address),
                Asked::Absent(_) => Answer::Holds,
                Asked::Nic => nic::rest(facts, rule.condition, context),
            };
            weigh(rest, rule).into_iter().for_each(&mut emit);
        }
    }
    if let Asked::Absent(_) = asked {
        // Nothing else is asked of it, whatever the cloud's rules say.
        emit(Verdict { id: FindingId::NotListed, severity: Severity::Blocked, predicts: None });
        return;
    }
    if let Some(id) = others_keep(facts.nic, rules) {
        emit(Verdict { id, severity: Severity::Warn, predicts: None });
    }
    // It may come yet, whatever the NIC looks like now.
    if facts.earlier_write {
        emit(Verdict { id: FindingId::EarlierWrite, severity: Severity::Unknown, predicts: None });
    }
    // Whoever wrote the rule wants it to hold, whatever the cloud would say.
    if facts.protect.is_some_and(|rules| rules.hit(facts, asked.address()).is_some()) {
        emit(Verdict { id: FindingId::Protected, severity: Severity::Blocked, predicts: None });
    }
    match asked {
        Asked::Address(address) => {
            if !capabilities.releasable.contains(&address.role) || capabilities.release_batch == 0 {
                let id = match address.role {
                    AddressRole::Primary => FindingId::PrimaryIp,
                    AddressRole::Ipv6 => FindingId::Ipv6Address,
                    AddressRole::Secondary | AddressRole::Virtual => FindingId::AddressKind,
                };
                emit(Verdict { id, severity: Severity::Blocked, predicts: None });
            }
        }
        Asked::Absent(_) => {}
        // A detach names the instance.
        Asked::Nic => {
            if let Some(verdict) = nic::detached_from(facts) {
                emit(verdict);
            }
        }
    }
}

/// That it is somebody's, where these rules do not ask. A controller that finds its NIC changed puts it back or breaks, on every cloud,
/// whatever is done to it.
fn others_keep(nic: &Nic, rules: &[Precondition]) -> Option<FindingId> {
    let is_kept = matches!(nic.managed_by, ManagedBy::Controller(_) | ManagedBy::Service(_));
    let asks = rules.iter().any(|rule| rule.condition == Condition::NotManaged);
    (is_kept && !asks).then_some(FindingId::ManagedBy)
}

/// Do these rules say that the NIC's instance is not there? Then nothing is asked of its state.
fn tells_gone(facts: &Facts, rules: &[Precondition]) -> bool {
    facts.is_instance_gone() && rules.iter().any(|rule| rule.condition == Condition::InstanceExists)
}

fn rules_for(capabilities: &Capabilities, asked: Asked) -> &'static [Precondition] {
    match asked {
        Asked::Address(_) | Asked::Absent(_) => capabilities.release,
        Asked::Nic => capabilities.detach,
    }
}

/// Everything the rules say about a subject, worst first, and in the cloud's order within a severity.
/// What several rules find is said once, as bad as the worst of them found it.
pub fn findings(facts: &Facts, capabilities: &Capabilities, subject: Subject) -> Vec<Finding> {
    findings_in(facts, capabilities, subject, Context::default())
}

/// The same, as part of a plan.
fn findings_in(facts: &Facts, capabilities: &Capabilities, subject: Subject, context: Context) -> Vec<Finding> {
    let asked = match subject {
        Subject::Nic => Asked::Nic,
        Subject::Address(ip) => match facts.nic.addresses.iter().find(|address| address.ip == ip) {
            Some(&address) => Asked::Address(address),
            None => Asked::Absent(ip),
        },
    };
    let mut verdicts: Vec<Verdict> = Vec::new();
    judge(facts, capabilities, asked, context, |verdict| {
        match verdicts.iter_mut().find(|same| same.id == verdict.id) {
            Some(same) => match verdict.severity.cmp(&same.severity) {
                Ordering::Greater => *same = verdict,
                Ordering::Equal => same.predicts = same.predicts.or(verdict.predicts),
                // What is refused for less is not what is refused here.
                Ordering::Less => {}
            },
            None => verdicts.push(verdict),
        }
    });
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.severity));
    let rules = rules_for(capabilities, asked);
    verdicts
        .into_iter()
        .map(|Verdict { id, severity, predicts }| Finding {
            id,
            severity,
            values: describe::values(facts, rules, asked, context, id),
            predicts,
            read_at: facts.age_of(id),
        })
        .collect()
}

/// What stands against a write to this target right before it is sent: a protect rule, or what the cloud would refuse.
pub fn violated(
    fresh: &NicSnapshot,
    capabilities: &Capabilities,
    protect: Option<&ProfileRules>,
    kind: &OperationKind,
    target: &Target,
) -> Option<Change> {
    let mut facts = Facts::from_snapshot(fresh);
    facts.protect = protect.map(ProfileRules::watch);
    let (subject, leaving) = match (kind, target) {
        (OperationKind::Release { ips, .. }, Target::Address(key)) => (Subject::Address(key.ip), ips.as_slice()),
        _ => (Subject::Nic, &[][..]),
    };
    // What takes something back has no conditions of its own here; a protected NIC is left alone all the same.
    let takes = matches!(kind, OperationKind::Release { .. } | OperationKind::Detach { .. });
    let mut found = findings_in(&facts, capabilities, subject, Context { leaving, ..Context::default() }).into_iter();
    let finding =
        found.find(|finding| finding.severity == Severity::Blocked && (takes || finding.id == FindingId::Protected))?;
    let before = "-".to_owned();
    let value = |name: &str| finding.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    Some(match (finding.id, value("rule"), value("text")) {
        (FindingId::Protected, Some(rule), Some(text)) => {
            Change { fact: ChangedFact::Protected, before, now: format!("{rule}: {text}") }
        }
        (id, ..) => Change { fact: ChangedFact::Rule, before, now: id.as_str().to_owned() },
    })
}

/// The protect rule that holds back a write that gives the NIC something, right before it is sent.
pub fn held(fresh: &NicSnapshot, protect: &ProfileRules, address: Option<IpAddr>, brings: Brings) -> Option<Change> {
    let own = |ip: IpAddr| fresh.nic.addresses.iter().find(|address| address.ip == ip).copied();
    let hit = protect.hit_with(&Facts::from_snapshot(fresh), address.and_then(own), Some(brings))?;
    let now = format!("{}: {}", hit.rule.number, hit.rule.expr);
    Some(Change { fact: ChangedFact::Protected, before: "-".to_owned(), now })
}

/// What the vendor answers where the condition is not met.
fn code(rules: &[Precondition], condition: Condition) -> Option<&'static str> {
    rules.iter().find(|rule| rule.condition == condition)?.code
}

/// A target whose NIC is not in the inventory.
fn not_listed(nic: &NicId, ip: Option<IpAddr>, predicts: Option<&'static str>, read_at: Option<Timestamp>) -> Finding {
    let mut values = vec![("nic", nic.to_string())];
    values.extend(ip.map(|ip| ("ip", ip.to_string())));
    Finding { id: FindingId::NotListed, severity: Severity::Blocked, values, predicts, read_at }
}

/// When the profile's lists of NICs were read whole: the oldest of them.
fn nics_listed_at(part: &ProfileInventory) -> Option<Timestamp> {
    let lists = part.sections().filter(|((resource, _), _)| *resource == Resource::Nics);
    oldest(lists.map(|(_, coverage)| coverage.read_at()))
}

/// All findings of a subject in a few bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    pub level: Level,
    pub findings: FindingSet,
    /// What [`findings`] would say first.
    pub worst: Option<FindingId>,
}

/// Of releasing each address of the NIC, in its order. Allocates only what `out` lacks.
pub fn levels(facts: &Facts, capabilities: &Capabilities, out: &mut Vec<Summary>) {
    out.clear();
    out.extend(facts.nic.addresses.iter().map(|&address| summary(facts, capabilities, Asked::Address(address))));
}

/// Of detaching the NIC.
pub fn detach_level(facts: &Facts, capabilities: &Capabilities) -> Summary {
    summary(facts, capabilities, Asked::Nic)
}

fn summary(facts: &Facts, capabilities: &Capabilities, asked: Asked) -> Summary {
    let mut findings = FindingSet::default();
    // What was found, in the order of the first time, and the worst of it.
    let (mut order, mut count) = ([FindingId::PrimaryIp; FindingId::ALL.len()], 0);
    let (mut severity, mut worst) = (Severity::Info, FindingSet::default());
    judge(facts, capabilities, asked, Context::default(), |verdict| {
        if !findings.contains(verdict.id) {
            findings.insert(verdict.id);
            order[count] = verdict.id;
            count += 1;
        }
        if verdict.severity > severity {
            (severity, worst) = (verdict.severity, FindingSet::default());
        }
        if verdict.severity == severity {
            worst.insert(verdict.id);
        }
    });
    let worst = order[..count].iter().copied().find(|&id| worst.contains(id));
    Summary { level: Level::from(severity), findings, worst }
}
