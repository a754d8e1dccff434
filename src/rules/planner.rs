//! From targets to a frozen plan: one write per NIC and kind, within the cloud's batch, in an order in which no NIC ever
//! has two writes in flight. Deterministic: the same targets and facts give the same plan. Sends nothing, reads no clock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use crate::domain::{
    address::AddressRole,
    capabilities::{Capabilities, Condition},
    finding::{Finding, FindingId, Severity},
    float::Float,
    ids::{CloudId, InstanceId, NicKey, OperationId, ProfileId, RegionId},
    inventory::{Inventory, ProfileInventory},
    nic::Nic,
    plan::{Act, Decision, Keeper, Operation, OperationKind, Override, Overruled, PlanError, PlanRow, ReleasePlan},
    selection::Target,
    time::Timestamp,
};

use super::{
    Context, Safety, Subject, belts, code,
    facts::{Facts, Leaving, oldest},
    findings_in, nics_listed_at, not_listed, undo,
};

/// One target that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub target: Target,
    /// Marked, but not in the filtered list when the plan was asked for.
    pub hidden: bool,
    /// Its NIC could not be read again.
    pub unread: bool,
    /// What became of an earlier write to its NIC is not known.
    pub earlier_write: bool,
    /// A person said why it goes although something is not known.
    pub overruled: Option<Overruled>,
    /// Of a detach that an earlier batch speaks of: from this instance, and from no other. `None`: from the one that it is on.
    pub from: Option<InstanceId>,
}

impl Wanted {
    /// Nothing but the target.
    pub fn of(target: Target) -> Self {
        Self { target, hidden: false, unread: false, earlier_write: false, overruled: None, from: None }
    }

    /// May it be sent, with what was found?
    pub(super) fn goes(&self, found: &[Finding]) -> bool {
        goes(found) || self.overruled.as_ref().is_some_and(|overruled| overruled.holds(found))
    }
}

/// What a plan is made from, besides its targets.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    pub inventory: &'a Inventory,
    pub capabilities: &'a dyn Fn(&ProfileId) -> Option<&'static Capabilities>,
    pub readonly: &'a dyn Fn(&ProfileId) -> bool,
    pub safety: &'a Safety,
}

/// Builds the plan. Rows are in the order of the profiles, then NICs, then the NIC's own order of addresses, the NIC last;
/// a target that may not be sent keeps its row. A target that is listed twice counts once.
///
/// Where addresses and their NIC are both asked for, the addresses are released first, and the NIC is detached after that.
/// A plan that is over a belt sends nothing at all.
///
/// # Errors
/// None that targets, inventory and capabilities can cause: an error is a bug in here, found before anything is sent.
pub fn plan(wanted: &[Wanted], sources: &Sources, now: Timestamp) -> Result<ReleasePlan, PlanError> {
    let (mut rows, mut operations) = (Vec::with_capacity(wanted.len()), Vec::new());
    sources.plan_away(wanted, &BTreeSet::new(), &mut rows, &mut operations);
    // What the filter hides stands together at the end, where the screen names it. The writes keep their order.
    rows.sort_by_key(|row| row.hidden);
    sources.finish(rows, operations, now)
}

/// Addresses of the NIC that one call to release them may carry: as many as any, as many as its instance's type allows, or all of them
/// where the cloud has a call for that.
fn most(part: Option<&ProfileInventory>, capabilities: &Capabilities, nic: &Nic, ips: &[IpAddr]) -> usize {
    let any = capabilities.release_batch;
    if is_whole(capabilities, nic, ips) {
        return any.max(ips.len());
    }
    let limit = |part: &ProfileInventory| {
        let kind = part.instance_around(nic)?.kind.as_deref()?;
        usize::try_from(part.limit(kind)?.addresses_per_nic?).ok()
    };
    match (capabilities.release_by_type, part.and_then(limit)) {
        (Some(most), Some(limit)) => limit.min(most).max(any),
        _ => any,
    }
}

fn is_whole(capabilities: &Capabilities, nic: &Nic, ips: &[IpAddr]) -> bool {
    capabilities.release_whole && releasable(capabilities, nic).all(|ip| ips.contains(&ip))
}

fn releasable<'a>(capabilities: &'a Capabilities, nic: &'a Nic) -> impl Iterator<Item = IpAddr> + use<'a> {
    nic.addresses.iter().filter(|address| capabilities.releasable.contains(&address.role)).map(|address| address.ip)
}

fn ip_of(target: &Target) -> Option<IpAddr> {
    target.ip()
}

/// What is to be written down of a target that goes although something about it is not known.
pub(super) fn overrides(one: &Wanted, found: &[Finding]) -> Option<Override> {
    let untold = found.iter().filter(|finding| finding.severity == Severity::Unknown);
    (!goes(found) && one.goes(found)).then_some(())?;
    Some(Override {
        target: one.target.clone(),
        findings: untold.map(|finding| finding.id).collect(),
        reason: one.overruled.as_ref()?.reason.to_string(),
    })
}

pub(super) fn goes(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity < Severity::Unknown)
}

/// Addresses that are judged and may go.
fn leaving(judged: &[(Wanted, Vec<Finding>)]) -> Vec<IpAddr> {
    judged.iter().filter(|(one, found)| one.goes(found)).filter_map(|(one, _)| ip_of(&one.target)).collect()
}

/// That no secondary address remains is one fact about the NIC: it is told once, at the last address that goes.
fn last_once(judged: &mut [(Wanted, Vec<Finding>)]) {
    let is_last = |finding: &Finding| finding.id == FindingId::LastSecondary;
    let told = judged.iter().rposition(|(one, found)| one.goes(found) && found.iter().any(is_last));
    for (place, (_, found)) in judged.iter_mut().enumerate() {
        if told.is_some_and(|told| told != place) {
            found.retain(|finding| !is_last(finding));
        }
    }
}

impl Sources<'_> {
    /// Releases and detaches, NIC by NIC. `untold`: what they are to take back is not certain.
    pub(super) fn plan_away(
        &self,
        wanted: &[Wanted],
        untold: &BTreeSet<Target>,
        rows: &mut Vec<PlanRow>,
        operations: &mut Vec<Operation>,
    ) {
        // Visible if it is listed as visible once; read again, and overruled, only if it is listed so each time.
        let mut once: BTreeMap<&Target, Wanted> = BTreeMap::new();
        for one in wanted {
            let first = once.entry(&one.target).or_insert_with(|| one.clone());
            first.hidden &= one.hidden;
            first.unread |= one.unread;
            first.earlier_write |= one.earlier_write;
            if first.overruled != one.overruled {
                first.overruled = None;
            }
            first.from = first.from.take().or_else(|| one.from.clone());
        }
        let mut by_nic: BTreeMap<(usize, &NicKey), Vec<Wanted>> = BTreeMap::new();
        for (target, one) in once {
            let key = target.nic();
            let place = self.inventory.place(&key.profile).unwrap_or(usize::MAX);
            by_nic.entry((place, key)).or_default().push(one);
        }
        // Who else answers for a virtual address hangs on what the plan does to the other NICs that have it.
        let mut leaving = Leaving::default();
        for ((_, key), on_nic) in &by_nic {
            self.leaves(key, (on_nic, untold), &mut leaving);
        }
        for ((_, key), on_nic) in by_nic {
            self.plan_nic(key, on_nic, (untold, &leaving), rows, operations);
        }
    }

    /// Holds the whole against the belts, and freezes it.
    pub(super) fn finish(
        &self,
        mut rows: Vec<PlanRow>,
        mut operations: Vec<Operation>,
        now: Timestamp,
    ) -> Result<ReleasePlan, PlanError> {
        let load = belts::load(&rows, self.inventory, self.safety.belts);
        if load.is_over() {
            let parts = load.shares.iter().filter_map(|share| self.inventory.profile(&share.profile));
            let read_at = oldest(parts.map(nics_listed_at));
            operations.clear();
            for row in rows.iter_mut().filter(|row| matches!(row.decision, Decision::Go(_))) {
                row.decision = Decision::Blocked;
                row.after = row.before;
                row.overridden = None;
                let finding = belts::finding(&load, &row.target.nic().profile);
                row.findings.splice(..0, finding.map(|finding| Finding { read_at, ..finding }));
            }
        }
        ReleasePlan::freeze(now, rows, operations, load, |operation| {
            (self.capabilities)(&operation.profile).map_or(0, |capabilities| match operation.kind {
                OperationKind::Release { ref ips, .. } => {
                    let part = self.inventory.profile(&operation.profile);
                    most(part, capabilities, &operation.expect.nic, ips)
                }
                _ => undo::assigned_at_once(capabilities),
            })
        })
    }

    fn plan_nic(
        &self,
        key: &NicKey,
        mut wanted: Vec<Wanted>,
        (untold, plan): (&BTreeSet<Target>, &Leaving),
        rows: &mut Vec<PlanRow>,
        operations: &mut Vec<Operation>,
    ) {
        let part = self.inventory.profile(&key.profile);
        let known = part.and_then(|part| {
            Some((part, part.nic(&key.nic)?, (self.capabilities)(&key.profile)?, part.snapshot(&key.nic)?))
        });
        let Some((part, nic, capabilities, snapshot)) = known else {
            rows.extend(wanted.into_iter().map(|one| self.lost(one, part)));
            return;
        };
        // In the NIC's own order; addresses it does not have behind those it has, and the NIC itself last.
        let places: HashMap<IpAddr, usize> =
            nic.addresses.iter().enumerate().map(|(place, address)| (address.ip, place)).collect();
        wanted.sort_by_key(|one| {
            let ip = ip_of(&one.target);
            (ip.is_none(), ip.and_then(|ip| places.get(&ip).copied()).unwrap_or(usize::MAX), ip)
        });

        let facts = self.facts(part, nic, &wanted);
        let mut judged = self.judge_twice(&facts, capabilities, key, (&wanted, untold), plan);
        let ips = leaving(&judged);
        last_once(&mut judged);
        let detach = judged
            .iter()
            .any(|(one, found)| ip_of(&one.target).is_none() && one.goes(found))
            .then_some(())
            .and(nic.instance.clone());
        if detach.is_some() {
            for (_, found) in judged.iter_mut().filter(|(one, _)| ip_of(&one.target).is_some()) {
                found.push(plain(FindingId::NicInPlan, Severity::Info, vec![("nic", key.nic.to_string())]));
            }
            if !ips.is_empty() {
                let values = vec![
                    ("nic", key.nic.to_string()),
                    ("count", ips.len().to_string()),
                    ("total", nic.addresses.len().to_string()),
                ];
                for (_, found) in judged.iter_mut().filter(|(one, _)| ip_of(&one.target).is_none()) {
                    let told = plain(FindingId::AddressesInPlan, Severity::Warn, values.clone());
                    found.insert(0, Finding { read_at: facts.read_at, ..told });
                }
            }
        }

        let overrides: Vec<Override> = judged.iter().filter_map(|(one, found)| overrides(one, found)).collect();
        let expect = Arc::new(snapshot);
        let mut last: Option<OperationId> = None;
        let mut operation_of: HashMap<Option<IpAddr>, OperationId> = HashMap::new();
        let kept = |ips: &[IpAddr]| -> Vec<Keeper> {
            let of = |float: &Float| {
                let (id, ip) = (float.id.clone(), float.ip);
                let nics = facts.others(float, plan).nics;
                nics.into_iter().map(move |nic| Keeper { float: id.clone(), ip, nic: Arc::new(nic.clone()) })
            };
            let floats = facts.floats.iter().filter(|float| ips.contains(&float.ip));
            floats.flat_map(|float| of(float).collect::<Vec<_>>()).collect()
        };
        let keepers = |ips: &[IpAddr]| -> Vec<Keeper> {
            let told = |ip: IpAddr| {
                let row = judged.iter().find(|(one, _)| ip_of(&one.target) == Some(ip));
                row.is_some_and(|(_, found)| found.iter().any(|finding| finding.id == FindingId::VipShared))
            };
            kept(&ips.iter().copied().filter(|ip| told(*ip)).collect::<Vec<_>>())
        };
        let mut taken: Vec<IpAddr> = Vec::new();
        let mut add = |kind: OperationKind, shares: Vec<Arc<str>>, keepers: Vec<Keeper>| {
            let before = taken.clone();
            if let OperationKind::Release { ips, .. } = &kind {
                taken.extend(ips);
            }
            let id = OperationId(u32::try_from(operations.len()).unwrap_or(u32::MAX));
            let calls = capabilities.calls.of(&kind, &expect);
            operations.push(Operation {
                id,
                calls,
                cloud: part.cloud.clone(),
                profile: key.profile.clone(),
                region: nic.region.clone(),
                kind,
                after: last.replace(id).into_iter().collect(),
                shares,
                keepers,
                taken: before,
                expect: expect.clone(),
                onto: None,
                overrides: Vec::new(),
            });
            if let Some(operation) = operations.last_mut() {
                let own = operation.targets();
                operation.overrides = overrides.iter().filter(|one| own.contains(&one.target)).cloned().collect();
            }
            id
        };
        for batch in ips.chunks(most(Some(part), capabilities, nic, &ips).max(1)) {
            // Two NICs can share a virtual address, and its list is written back whole.
            let shares = expect.floats.iter().filter(|float| batch.contains(&float.ip)).map(|float| float.id.clone());
            let kind = OperationKind::Release { nic: key.nic.clone(), ips: batch.to_vec() };
            let id = add(kind, shares.collect(), keepers(batch));
            operation_of.extend(batch.iter().map(|&ip| (Some(ip), id)));
        }
        if let Some(instance) = detach {
            // Of those that others keep nothing was said.
            let asks = capabilities.detach.iter().any(|rule| rule.condition == Condition::VirtualShared);
            let leave = super::nic::virtuals_that_leave(&facts, Context { leaving: &ips, plan });
            let leave: Vec<IpAddr> = leave.filter(|_| asks).map(|address| address.ip).collect();
            let id = add(OperationKind::Detach { nic: key.nic.clone(), instance }, Vec::new(), kept(&leave));
            operation_of.insert(None, id);
        }

        let before = nic.addresses.iter().filter(|address| address.role != AddressRole::Ipv6).count();
        rows.extend(judged.into_iter().map(|(one, findings)| {
            let operation = operation_of.get(&ip_of(&one.target)).filter(|_| one.goes(&findings));
            let overruled = one.overruled.filter(|_| operation.is_some() && !goes(&findings));
            PlanRow {
                act: Act::of(&one.target),
                overridden: overruled.map(|overruled| overruled.reason),
                cloud: part.cloud.clone(),
                region: nic.region.clone(),
                hidden: one.hidden,
                decision: operation.map_or(Decision::Blocked, |&id| Decision::Go(id)),
                before,
                after: before.saturating_sub(ips.len()),
                target: one.target,
                findings,
            }
        }));
    }

    fn facts<'a>(&'a self, part: &'a ProfileInventory, nic: &'a Nic, wanted: &[Wanted]) -> Facts<'a> {
        let mut facts = Facts::of(part, nic);
        facts.earlier_write = wanted.iter().any(|one| one.earlier_write);
        facts.protect = self.safety.protect.of(&part.profile).map(super::protect::ProfileRules::watch);
        facts
    }

    /// Adds what of a NIC would go; of one without virtual addresses nobody asks.
    fn leaves(&self, key: &NicKey, (wanted, untold): (&[Wanted], &BTreeSet<Target>), plan: &mut Leaving) {
        let Some(part) = self.inventory.profile(&key.profile) else { return };
        let (Some(nic), Some(capabilities)) = (part.nic(&key.nic), (self.capabilities)(&key.profile)) else { return };
        if part.floats_of(nic).is_empty() {
            return;
        }
        let facts = self.facts(part, nic, wanted);
        let judged = self.judge_twice(&facts, capabilities, key, (wanted, untold), plan);
        plan.addresses.extend(leaving(&judged).into_iter().map(|ip| (key.nic.clone(), ip)));
        if judged.iter().any(|(one, found)| ip_of(&one.target).is_none() && one.goes(found)) {
            plan.nics.insert(key.nic.clone());
        }
    }

    /// Twice: what leaves depends on what is found, and whether an address is the last one on what leaves.
    fn judge_twice(
        &self,
        facts: &Facts,
        capabilities: &Capabilities,
        key: &NicKey,
        wanted: (&[Wanted], &BTreeSet<Target>),
        plan: &Leaving,
    ) -> Vec<(Wanted, Vec<Finding>)> {
        let first = self.judge(facts, capabilities, key, wanted, Context { leaving: &[], plan });
        self.judge(facts, capabilities, key, wanted, Context { leaving: &leaving(&first), plan })
    }

    fn judge(
        &self,
        facts: &Facts,
        capabilities: &Capabilities,
        key: &NicKey,
        (wanted, untold): (&[Wanted], &BTreeSet<Target>),
        context: Context,
    ) -> Vec<(Wanted, Vec<Finding>)> {
        let readonly = (self.readonly)(&key.profile);
        let judge = |one: &Wanted| {
            let subject = ip_of(&one.target).map_or(Subject::Nic, Subject::Address);
            let mut found = findings_in(facts, capabilities, subject, context);
            if readonly {
                let values = vec![("profile", key.profile.to_string())];
                found.push(plain(FindingId::ReadOnly, Severity::Blocked, values));
            }
            if one.unread {
                found.push(plain(FindingId::NotReadAgain, Severity::Unknown, vec![("nic", key.nic.to_string())]));
            }
            if let (Subject::Nic, Some(from), Some(on)) = (subject, &one.from, &facts.nic.instance)
                && from != on
            {
                let values =
                    vec![("nic", key.nic.to_string()), ("instance", on.to_string()), ("was", from.to_string())];
                found.push(Finding { read_at: facts.read_at, ..plain(FindingId::NicMoved, Severity::Blocked, values) });
            }
            if untold.contains(&one.target) {
                found.push(plain(FindingId::NotCertain, Severity::Unknown, vec![("nic", key.nic.to_string())]));
            }
            found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            (one.clone(), found)
        };
        wanted.iter().map(judge).collect()
    }

    /// The row of a target whose NIC is not there.
    fn lost(&self, one: Wanted, part: Option<&ProfileInventory>) -> PlanRow {
        let key = one.target.nic();
        let ip = ip_of(&one.target);
        let rules = (self.capabilities)(&key.profile)
            .map_or(&[][..], |capabilities| if ip.is_some() { capabilities.release } else { capabilities.detach });
        let listed = part.and_then(nics_listed_at);
        let mut findings = vec![not_listed(&key.nic, ip, code(rules, Condition::NicExists), listed)];
        if (self.readonly)(&key.profile) {
            let values = vec![("profile", key.profile.to_string())];
            findings.push(plain(FindingId::ReadOnly, Severity::Blocked, values));
        }
        PlanRow {
            act: Act::of(&one.target),
            overridden: None,
            cloud: part.map_or_else(|| CloudId::from(""), |part| part.cloud.clone()),
            region: RegionId::from(""),
            hidden: one.hidden,
            findings,
            decision: Decision::Blocked,
            before: 0,
            after: 0,
            target: one.target,
        }
    }
}

pub(super) fn plain(id: FindingId, severity: Severity, values: Vec<(&'static str, String)>) -> Finding {
    Finding { id, severity, values, predicts: None, read_at: None }
}
