//! May this write be made? For writes that no plan of releases asks for: putting addresses on, attaching, binding an EIP, deleting.
//! Where one takes a release or a detach back, this says whether that is possible, and if not, what is in the way.

mod asking;

use std::{cmp::Ordering, net::IpAddr, slice};

use crate::domain::{
    capabilities::{Capabilities, Condition},
    finding::{Finding, FindingId, Severity},
    ids::{CloudId, ProfileId},
    instance::Instance,
    inventory::ProfileInventory,
    nic::{ManagedBy, Nic},
    page::{InventoryPage, Resource},
    plan::{Change, ChangedFact, OperationKind},
    snapshot::NicSnapshot,
};

use self::asking::Asking;
use super::{
    Answer, Asked, Context, describe,
    facts::{Facts, oldest},
    near::Near,
    nics_listed_at, not_listed, others_keep, tells_gone, weigh,
};

/// Everything the rules say about the write, worst first, and in the cloud's order within a severity. Releases and detaches are
/// judged by [`super::findings`].
pub fn findings(part: &ProfileInventory, capabilities: &Capabilities, kind: &OperationKind) -> Vec<Finding> {
    let Some(nic) = part.nic(kind.nic()) else {
        let code = super::code(capabilities.rules_of(kind), Condition::NicExists);
        return vec![not_listed(kind.nic(), None, code, nics_listed_at(part))];
    };
    findings_on(part, nic, &Near::of(part, given(kind).iter().copied()), capabilities, kind)
}

/// The addresses that a write puts on its NIC, or the one that an EIP is to be bound to.
pub(super) fn given(kind: &OperationKind) -> &[IpAddr] {
    match kind {
        OperationKind::Assign { ips, .. } => ips,
        OperationKind::BindEip { ip, .. } => slice::from_ref(ip),
        _ => &[],
    }
}

/// The same, on the NIC as it will be: writes that come before this one may change it.
pub(super) fn findings_on(
    part: &ProfileInventory,
    nic: &Nic,
    near: &Near,
    capabilities: &Capabilities,
    kind: &OperationKind,
) -> Vec<Finding> {
    found(part, Facts::of(part, nic), near, capabilities, kind)
}

/// What the cloud would refuse by now of a write that gives something, as the NIC was read right before it. What only whole lists tell
/// (who else has an address, how many NICs an instance has, what its type takes) is not asked again: a cloud that refuses for it has
/// done nothing.
pub fn refused(fresh: &NicSnapshot, capabilities: &Capabilities, kind: &OperationKind) -> Option<Change> {
    let gives =
        matches!(kind, OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::BindEip { .. });
    let found = if gives { found_alone(fresh, capabilities, kind, None) } else { Vec::new() };
    found.into_iter().find(|finding| finding.severity == Severity::Blocked).map(|finding| broken(&finding))
}

/// What stands against putting the NIC on the instance as it is now, and did not as it was. `before` is `None` where nobody saw it: what
/// a person said of one that is not known is no word on what is known of it by now. `now` is `None` where it is not there.
pub fn refused_onto(
    fresh: &NicSnapshot,
    capabilities: &Capabilities,
    kind: &OperationKind,
    [before, now]: [Option<&Instance>; 2],
) -> Option<Change> {
    let then = found_alone(fresh, capabilities, kind, before.map(slice::from_ref));
    // How many it takes, and the VPC of what does not name its own, only whole lists tell, as with [`refused`]. And a place that no read
    // of the cloud's tells is not known as before.
    let of_lists = |finding: &Finding| match finding.id {
        FindingId::InstanceFullUnknown | FindingId::NicFullUnknown => true,
        FindingId::OtherVpc => finding.severity < Severity::Blocked,
        FindingId::OtherPlace => finding.severity == Severity::Warn,
        _ => false,
    };
    let told = |finding: &Finding| {
        before.is_none() && of_lists(finding)
            || then.iter().any(|one| one.id == finding.id && one.severity >= finding.severity)
    };
    let found = found_alone(fresh, capabilities, kind, Some(now.map(slice::from_ref).unwrap_or_default())).into_iter();
    let worse = found.filter(|finding| finding.severity >= Severity::Warn).find(|finding| !told(finding))?;
    if !matches!(worse.id, FindingId::InstanceState | FindingId::InstanceGone) {
        return Some(broken(&worse));
    }
    let word = |one: Option<&Instance>| one.map_or_else(|| "-".to_owned(), |one| one.power.word.to_string());
    Some(Change { fact: ChangedFact::InstancePower, before: word(before), now: word(now) })
}

fn broken(finding: &Finding) -> Change {
    Change { fact: ChangedFact::Rule, before: "-".to_owned(), now: finding.id.as_str().to_owned() }
}

/// Of the NIC alone and, where those of the region are known, the instance that it is to be put on: no other list is.
fn found_alone(
    fresh: &NicSnapshot,
    capabilities: &Capabilities,
    kind: &OperationKind,
    onto: Option<&[Instance]>,
) -> Vec<Finding> {
    let mut around = ProfileInventory::new(ProfileId::from(""), CloudId::from(""));
    if let Some(instances) = onto {
        let section = (Resource::Instances, Some(fresh.nic.region.clone()));
        let sweep = around.begin(section.clone());
        around.merge(InventoryPage { instances: instances.to_vec(), ..InventoryPage::default() }, fresh.read_at);
        around.complete(&section, sweep, fresh.read_at);
    }
    found(&around, Facts::from_snapshot(fresh), &Near::of(&around, []), capabilities, kind)
}

fn found<'a>(
    part: &'a ProfileInventory,
    mut facts: Facts<'a>,
    near: &'a Near<'a>,
    capabilities: &Capabilities,
    kind: &'a OperationKind,
) -> Vec<Finding> {
    let rules = capabilities.rules_of(kind);
    let nic = facts.nic;
    if let OperationKind::Attach { instance, .. } = kind {
        // The one that it is to be on.
        facts.instance = part.instance(instance);
    }
    // Of the one to attach to the rule itself tells.
    let gone = !matches!(kind, OperationKind::Attach { .. }) && tells_gone(&facts, rules);
    let asking = Asking { part, facts, kind, near };
    let mut found: Vec<Finding> = Vec::new();
    let answers = rules.iter().flat_map(|rule| {
        let (answer, values) = asking.ask(rule.condition);
        let is_mild = matches!(answer, Answer::Violated(_)) && rule.severity < rule.untold;
        let rest = is_mild.then(|| (rule, asking.rest(rule.condition), None));
        [Some((rule, answer, values)), rest].into_iter().flatten()
    });
    for (rule, answer, values) in answers {
        if gone && answer == Answer::Unseen(FindingId::InstanceUnknown) {
            continue;
        }
        let Some(verdict) = weigh(answer, rule) else { continue };
        let values = || {
            values.unwrap_or_else(|| describe::values(&asking.facts, rules, Asked::Nic, Context::default(), verdict.id))
        };
        match found.iter_mut().find(|same| same.id == verdict.id) {
            Some(same) => {
                match verdict.severity.cmp(&same.severity) {
                    Ordering::Greater => {
                        (same.severity, same.predicts, same.values) = (verdict.severity, verdict.predicts, values());
                    }
                    Ordering::Equal => same.predicts = same.predicts.or(verdict.predicts),
                    Ordering::Less => {}
                }
                same.read_at = oldest([same.read_at, asking.age(rule.condition, verdict.id)]);
            }
            None => found.push(Finding {
                id: verdict.id,
                severity: verdict.severity,
                values: values(),
                predicts: verdict.predicts,
                read_at: asking.age(rule.condition, verdict.id),
            }),
        }
    }
    let keeps = match nic.managed_by {
        ManagedBy::Unknown if rules.iter().all(|rule| rule.condition != Condition::NotManaged) => {
            Some(FindingId::ManagedByUnknown)
        }
        _ => others_keep(nic, rules),
    };
    found.extend(keeps.map(|id| Finding {
        id,
        severity: Severity::Warn,
        values: describe::values(&asking.facts, rules, Asked::Nic, Context::default(), id),
        predicts: None,
        read_at: asking.facts.age_of(id),
    }));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// Nothing is in the way, as far as can be told.
pub fn is_possible(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity < Severity::Unknown)
}
