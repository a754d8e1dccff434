//! From targets to a frozen plan: one write per NIC and kind, within the cloud's batch, in an order in which
//! no NIC ever has two writes in flight. Deterministic: the same targets and facts give the same plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use crate::domain::{
    address::AddressRole,
    capabilities::Capabilities,
    finding::{Finding, FindingId, Severity},
    ids::{CloudId, NicKey, OperationId, ProfileId},
    inventory::Inventory,
    nic::Nic,
    plan::{Decision, Operation, OperationKind, PlanError, PlanHash, PlanRow, ReleasePlan},
    selection::Target,
    snapshot::NicSnapshot,
    time::Timestamp,
};

use super::{Subject, facts::Facts, findings};

/// One target that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub target: Target,
    /// Not in the filtered list when the plan was asked for.
    pub hidden: bool,
    /// Its NIC could not be read again.
    pub unread: bool,
}

/// What the targets of one NIC share.
struct OnNic<'a> {
    cloud: CloudId,
    capabilities: &'static Capabilities,
    nic: &'a Nic,
    snapshot: Arc<NicSnapshot>,
}

/// Builds the plan.
///
/// # Errors
/// None that targets, inventory and capabilities can cause: an error is a bug of this function, found before anything is sent.
pub fn plan(
    wanted: &[Wanted],
    inventory: &Inventory,
    capabilities: &dyn Fn(&CloudId) -> Option<&'static Capabilities>,
    readonly: &dyn Fn(&ProfileId) -> bool,
    now: Timestamp,
) -> Result<ReleasePlan, PlanError> {
    let mut by_nic: BTreeMap<(usize, &NicKey), Vec<&Wanted>> = BTreeMap::new();
    let mut seen: BTreeSet<&Target> = BTreeSet::new();
    for one in wanted.iter().filter(|one| seen.insert(&one.target)) {
        let key = one.target.nic();
        // Profiles in the order of the config.
        let place = inventory.place(&key.profile).unwrap_or(usize::MAX);
        by_nic.entry((place, key)).or_default().push(one);
    }
    let mut rows: Vec<PlanRow> = Vec::with_capacity(wanted.len());
    let mut operations: Vec<Operation> = Vec::new();
    for ((_, key), mut on_nic) in by_nic {
        on_nic.sort_by(|a, b| a.target.cmp(&b.target));
        match look_up(key, inventory, capabilities) {
            Some(facts) => plan_nic(key, &facts, &on_nic, inventory, readonly, &mut rows, &mut operations),
            None => rows.extend(on_nic.iter().map(|one| lost_row(one, inventory))),
        }
    }
    let hash = hash(&operations);
    ReleasePlan::freeze(hash, now, rows, operations, |cloud| {
        capabilities(cloud).map_or(0, |capabilities| capabilities.release_batch)
    })
}

fn look_up<'a>(
    key: &NicKey,
    inventory: &'a Inventory,
    capabilities: &dyn Fn(&CloudId) -> Option<&'static Capabilities>,
) -> Option<OnNic<'a>> {
    let part = inventory.profile(&key.profile)?;
    Some(OnNic {
        cloud: part.cloud.clone(),
        capabilities: capabilities(&part.cloud)?,
        nic: part.nic(&key.nic)?,
        snapshot: Arc::new(part.snapshot(&key.nic)?),
    })
}

/// A target whose NIC is not there.
fn lost_row(one: &Wanted, inventory: &Inventory) -> PlanRow {
    let cloud =
        inventory.profile(&one.target.nic().profile).map_or_else(|| CloudId::from(""), |part| part.cloud.clone());
    PlanRow {
        target: one.target.clone(),
        cloud,
        region: "".into(),
        hidden: one.hidden,
        findings: vec![super::not_listed()],
        decision: Decision::Blocked,
        before: 0,
        after: 0,
    }
}

fn plan_nic(
    key: &NicKey,
    on: &OnNic,
    wanted: &[&Wanted],
    inventory: &Inventory,
    readonly: &dyn Fn(&ProfileId) -> bool,
    rows: &mut Vec<PlanRow>,
    operations: &mut Vec<Operation>,
) {
    let Some(part) = inventory.profile(&key.profile) else { return };
    let facts = Facts::of(part, on.nic);
    let own = |id, severity| Finding { id, severity, values: Vec::new(), predicts: None, read_at: None };
    let whole = wanted.iter().any(|one| matches!(one.target, Target::Nic(_)));
    let mut judged: Vec<(&Wanted, Vec<Finding>)> = Vec::with_capacity(wanted.len());
    for &one in wanted {
        let subject = match &one.target {
            Target::Address(address) => Subject::Address(address.ip),
            Target::Nic(_) => Subject::Nic,
        };
        let mut found = findings(&facts, on.capabilities, subject);
        if readonly(&key.profile) {
            found.push(own(FindingId::ReadOnly, Severity::Blocked));
        }
        if one.unread {
            found.push(own(FindingId::NotReadAgain, Severity::Unknown));
        }
        if whole && matches!(one.target, Target::Address(_)) {
            found.push(own(FindingId::NicInPlan, Severity::Info));
        }
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        judged.push((one, found));
    }
    let goes = |found: &[Finding]| found.iter().all(|finding| finding.severity < Severity::Unknown);
    let ips: Vec<IpAddr> = judged
        .iter()
        .filter(|(_, found)| goes(found))
        .filter_map(|(one, _)| match &one.target {
            Target::Address(address) => Some(address.ip),
            Target::Nic(_) => None,
        })
        .collect();
    let mut operation_of: BTreeMap<Option<IpAddr>, OperationId> = BTreeMap::new();
    let mut last: Option<OperationId> = None;
    let mut add = |kind: OperationKind, last: &mut Option<OperationId>| {
        let id = OperationId(u32::try_from(operations.len()).unwrap_or(u32::MAX));
        operations.push(Operation {
            id,
            cloud: on.cloud.clone(),
            profile: key.profile.clone(),
            region: on.nic.region.clone(),
            kind,
            after: last.replace(id).into_iter().collect(),
            expect: on.snapshot.clone(),
        });
        id
    };
    for batch in ips.chunks(on.capabilities.release_batch.max(1)) {
        let id = add(OperationKind::Release { nic: key.nic.clone(), ips: batch.to_vec() }, &mut last);
        operation_of.extend(batch.iter().map(|&ip| (Some(ip), id)));
    }
    // Detached last: what is released from it is released while it still works.
    let detach = judged.iter().any(|(one, found)| matches!(one.target, Target::Nic(_)) && goes(found));
    if detach && let Some(instance) = on.nic.instance.clone() {
        let id = add(OperationKind::Detach { nic: key.nic.clone(), instance }, &mut last);
        operation_of.insert(None, id);
    }
    let before = on.nic.addresses.iter().filter(|address| address.role != AddressRole::Ipv6).count();
    rows.extend(judged.into_iter().map(|(one, found)| {
        let place = match &one.target {
            Target::Address(address) => Some(address.ip),
            Target::Nic(_) => None,
        };
        let decision =
            operation_of.get(&place).filter(|_| goes(&found)).map_or(Decision::Blocked, |&id| Decision::Go(id));
        PlanRow {
            target: one.target.clone(),
            cloud: on.cloud.clone(),
            region: on.nic.region.clone(),
            hidden: one.hidden,
            findings: found,
            decision,
            before,
            after: before - ips.len().min(before),
        }
    }));
}

/// SHA-256 over everything that decides what is sent, and over the facts it was decided on.
fn hash(operations: &[Operation]) -> PlanHash {
    let mut digest = Sha256::new();
    let mut add = |part: &str| {
        // Length first: no two different lists of parts give the same bytes.
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    };
    for operation in operations {
        add(operation.profile.as_str());
        add(operation.cloud.as_str());
        add(operation.region.as_str());
        add(&format!("{:?}", operation.after));
        match &operation.kind {
            OperationKind::Release { nic, ips } => {
                add("release");
                add(nic.as_str());
                add(&format!("{ips:?}"));
            }
            OperationKind::Detach { nic, instance } => {
                add("detach");
                add(nic.as_str());
                add(instance.as_str());
            }
        }
        add(&operation.expect.relevant());
    }
    PlanHash(digest.finalize().into())
}
