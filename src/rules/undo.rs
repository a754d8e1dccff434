//! A plan that takes a batch back: attach the NIC, put the addresses on it again, bind their EIPs, in this order; or release and
//! detach what an undo has put back. Each row says whether that is possible, and if not, why. Deterministic; sends nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use crate::domain::{
    address::{Address, AddressRole},
    capabilities::{Capabilities, Condition},
    finding::{Finding, FindingId, Severity},
    float::PairList,
    ids::{LoadBalancerId, NicKey, OperationId, ProfileId},
    inventory::ProfileInventory,
    nic::{Nic, NicState, NicStatus},
    page::Resource,
    plan::{Act, Decision, Operation, OperationKind, PlanError, PlanRow, ReleasePlan},
    selection::Target,
    snapshot::NicSnapshot,
    time::Timestamp,
    undo::TakeBack,
};

use super::{
    code,
    facts::{Facts, oldest},
    near::Near,
    nics_listed_at, not_listed,
    planner::{Sources, Wanted, goes, overrides, plain},
    protect::Brings,
    write,
};

/// One target that is to be taken back.
#[derive(Clone, PartialEq, Debug)]
pub struct Undo {
    pub wanted: Wanted,
    pub take: TakeBack,
}

impl Undo {
    fn act(&self) -> Act {
        self.take.write.as_ref().map_or_else(|| Act::of(&self.take.target), OperationKind::act)
    }
}

/// Builds the plan. Rows are in the order of the profiles, then NICs; of a NIC, first itself, then its addresses, then EIPs.
///
/// # Errors
/// See [`super::planner::plan`].
pub fn plan(undos: &[Undo], sources: &Sources, now: Timestamp) -> Result<ReleasePlan, PlanError> {
    let mut away: Vec<Wanted> = Vec::new();
    let mut back: BTreeMap<(usize, &NicKey), Vec<&Undo>> = BTreeMap::new();
    let mut untold: BTreeSet<Target> = BTreeSet::new();
    for undo in undos {
        let key = undo.take.target.nic();
        match undo.act() {
            Act::Release | Act::Detach if undo.take.write.is_some() => {
                let from = match &undo.take.write {
                    // Somebody may have put it on another instance meanwhile, which has nothing to do with the batch.
                    Some(OperationKind::Detach { instance, .. }) => Some(instance.clone()),
                    _ => None,
                };
                away.push(Wanted { from, ..undo.wanted.clone() });
                if !undo.take.certain {
                    untold.insert(undo.take.target.clone());
                }
            }
            _ => {
                let place = sources.inventory.place(&key.profile).unwrap_or(usize::MAX);
                back.entry((place, key)).or_default().push(undo);
            }
        }
    }
    let (mut rows, mut operations) = (Vec::new(), Vec::new());
    sources.plan_away(&away, &untold, &mut rows, &mut operations);
    // Looked for once: each NIC's writes ask who else has their addresses.
    let mut nears: HashMap<&ProfileId, Near> = HashMap::new();
    for profile in back.keys().map(|(_, key)| &key.profile).collect::<BTreeSet<_>>() {
        let Some(part) = sources.inventory.profile(profile) else { continue };
        let own = back.iter().filter(|((_, key), _)| key.profile == *profile).flat_map(|(_, undos)| undos);
        let ips = own.filter_map(|undo| undo.take.write.as_ref()).flat_map(|kind| write::given(kind).iter().copied());
        nears.insert(profile, Near::of(part, ips));
    }
    for ((_, key), undos) in back {
        plan_nic(sources, key, nears.get(&key.profile), &undos, &mut rows, &mut operations);
    }
    sources.finish(rows, operations, now)
}

/// A NIC on which something is to be put back.
struct Site<'a> {
    sources: &'a Sources<'a>,
    part: &'a ProfileInventory,
    capabilities: &'static Capabilities,
    near: &'a Near<'a>,
    key: &'a NicKey,
    /// As it will be once the writes so far have ended.
    ahead: NicSnapshot,
    last: Option<OperationId>,
}

fn plan_nic(
    sources: &Sources,
    key: &NicKey,
    near: Option<&Near>,
    undos: &[&Undo],
    rows: &mut Vec<PlanRow>,
    operations: &mut Vec<Operation>,
) {
    let part = sources.inventory.profile(&key.profile);
    let known =
        part.and_then(|part| Some((part, (sources.capabilities)(&key.profile)?, near?, part.snapshot(&key.nic)?)));
    let Some((part, capabilities, near, snapshot)) = known else {
        rows.extend(undos.iter().map(|undo| lost(sources, undo)));
        return;
    };
    let mut site = Site { sources, part, capabilities, near, key, ahead: snapshot, last: None };
    let before = count(&site.ahead.nic);
    let first = rows.len();
    let of = |act: Act| undos.iter().copied().filter(move |undo| undo.act() == act);
    for undo in of(Act::Attach) {
        rows.push(site.attach(undo, operations));
    }
    rows.extend(site.assign(&of(Act::Assign).collect::<Vec<_>>(), operations));
    for undo in of(Act::BindEip) {
        rows.extend(site.bind(undo, operations));
    }
    for undo in undos.iter().filter(|undo| undo.take.write.is_none() && undo.act() != Act::BindEip) {
        rows.push(site.never(undo));
    }
    let after = count(&site.ahead.nic);
    for row in rows.iter_mut().skip(first) {
        (row.before, row.after) = (before, after);
    }
}

fn count(nic: &Nic) -> usize {
    nic.addresses.iter().filter(|address| address.role != AddressRole::Ipv6).count()
}

impl Site<'_> {
    /// What stands against this write, whatever the cloud would say.
    fn common(&self, undo: &Undo, address: Option<Address>) -> Vec<Finding> {
        let nic = || ("nic", self.key.nic.to_string());
        let mut found = Vec::new();
        if (self.sources.readonly)(&self.key.profile) {
            found.push(plain(FindingId::ReadOnly, Severity::Blocked, vec![("profile", self.key.profile.to_string())]));
        }
        let protect = self.sources.safety.protect.of(&self.key.profile);
        let facts = Facts::of(self.part, &self.ahead.nic);
        let brings = match &undo.take.write {
            Some(OperationKind::Attach { instance, .. }) => {
                Some(Brings::Instance(instance, self.part.instance(instance), None))
            }
            // One that is gone is none that a rule is about.
            Some(OperationKind::BindEip { eip, ip, .. }) => {
                let known = self.part.eip(eip);
                (known.is_some() || !facts.eips_known).then_some(Brings::Eip(*ip, known))
            }
            _ => None,
        };
        if let Some(hit) = protect.and_then(|rules| rules.hit_with(&facts, address, brings)) {
            let mut values = vec![nic(), ("rule", hit.rule.number.to_string()), ("text", hit.rule.expr.to_string())];
            values.extend(hit.missing.map(|missing| ("case", missing.as_str().to_owned())));
            values.extend(address.map(|address| ("ip", address.ip.to_string())));
            let brought = match brings {
                Some(Brings::Instance(..)) => Some(Resource::Instances),
                Some(Brings::Eip(..)) => Some(Resource::Eips),
                _ => None,
            };
            let brought = brought.map(|resource| facts.listed_at(resource));
            let read_at = oldest(std::iter::once(facts.age_of(FindingId::Protected)).chain(brought));
            found.push(Finding { read_at, ..plain(FindingId::Protected, Severity::Blocked, values) });
        }
        if undo.wanted.earlier_write {
            found.push(plain(FindingId::EarlierWrite, Severity::Unknown, vec![nic()]));
        }
        if undo.wanted.unread {
            found.push(plain(FindingId::NotReadAgain, Severity::Unknown, vec![nic()]));
        }
        if !undo.take.certain {
            found.push(plain(FindingId::NotCertain, Severity::Unknown, vec![nic()]));
        }
        found.extend(self.not_restored(undo));
        found
    }

    /// What hung on the target before and does not come back with it, as far as it is not there by now.
    fn not_restored(&self, undo: &Undo) -> Vec<Finding> {
        let (nic, ip) = (("nic", self.key.nic.to_string()), undo.take.target.ip());
        let facts = Facts::of(self.part, &self.ahead.nic);
        let serves = |lb: &LoadBalancerId| {
            let here = facts.backends.iter().filter(|backend| backend.load_balancer == *lb);
            here.into_iter().any(|backend| ip.is_none() || backend.ip_on(&self.ahead.nic) == ip)
        };
        let told = |id, values| plain(id, Severity::Warn, values);
        let names = |names: Vec<String>| names.join(", ");
        let lost: Vec<String> = undo.take.balancers.iter().filter(|lb| !serves(lb)).map(ToString::to_string).collect();
        let loose = undo.take.loose_eips.iter().filter(|id| facts.eips.iter().all(|eip| eip.id != **id));
        let loose: Vec<String> = loose.map(ToString::to_string).collect();
        let mut found = Vec::new();
        if !lost.is_empty() {
            let mut values = vec![nic.clone(), ("count", lost.len().to_string()), ("lb", names(lost))];
            values.push(match ip {
                Some(ip) => ("ip", ip.to_string()),
                None => ("case", "attach".to_owned()),
            });
            found.push(told(FindingId::LbNotRestored, values));
        }
        if !loose.is_empty() {
            let values = vec![nic, ("count", loose.len().to_string()), ("eip_id", names(loose))];
            found.push(told(FindingId::EipNotRestored, values));
        }
        found
    }

    fn findings(&self, undo: &Undo, kind: &OperationKind, address: Option<Address>) -> Vec<Finding> {
        let written = write::findings_on(self.part, &self.ahead.nic, self.near, self.capabilities, kind);
        let there = written.iter().find(|finding| finding.id == FindingId::AlreadyThere);
        if let Some(there) = there.filter(|_| !undo.wanted.unread) {
            // What would stand against a write that nobody needs does not matter.
            return vec![Finding { severity: Severity::Info, predicts: None, ..there.clone() }];
        }
        let mut found = self.common(undo, address);
        found.extend(written);
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        found
    }

    fn operation(
        &mut self,
        kind: OperationKind,
        undos: &[(&Undo, &[Finding])],
        operations: &mut Vec<Operation>,
    ) -> OperationId {
        let id = OperationId(u32::try_from(operations.len()).unwrap_or(u32::MAX));
        let shares = match &kind {
            // Two NICs can share a virtual address, and its list is written back whole.
            OperationKind::Assign { lists, .. } => lists.iter().map(|list| list.of.clone()).collect(),
            _ => Vec::new(),
        };
        let onto = match &kind {
            OperationKind::Attach { instance, .. } => self.part.instance(instance).cloned(),
            _ => None,
        };
        operations.push(Operation {
            id,
            calls: self.capabilities.calls.of(&kind, &self.ahead),
            cloud: self.part.cloud.clone(),
            profile: self.key.profile.clone(),
            region: self.ahead.nic.region.clone(),
            kind,
            after: self.last.replace(id).into_iter().collect(),
            shares,
            keepers: Vec::new(),
            taken: Vec::new(),
            expect: Arc::new(self.ahead.clone()),
            onto: onto.map(Arc::new),
            overrides: undos.iter().filter_map(|(undo, found)| overrides(&undo.wanted, found)).collect(),
        });
        id
    }

    fn row(&self, undo: &Undo, findings: Vec<Finding>, operation: Option<OperationId>) -> PlanRow {
        let stands = if is_there(&findings) { Decision::Already } else { Decision::Blocked };
        let overruled = undo.wanted.overruled.as_ref().filter(|_| operation.is_some() && !goes(&findings));
        PlanRow {
            act: undo.act(),
            overridden: overruled.map(|overruled| overruled.reason.clone()),
            target: undo.take.target.clone(),
            cloud: self.part.cloud.clone(),
            region: self.ahead.nic.region.clone(),
            hidden: false,
            decision: operation.map_or(stands, Decision::Go),
            before: 0,
            after: 0,
            findings,
        }
    }

    fn attach(&mut self, undo: &Undo, operations: &mut Vec<Operation>) -> PlanRow {
        let Some(kind @ OperationKind::Attach { instance, .. }) = &undo.take.write else { return self.never(undo) };
        let found = self.findings(undo, kind, None);
        if is_there(&found) || !undo.wanted.goes(&found) {
            return self.row(undo, found, None);
        }
        let id = self.operation(kind.clone(), &[(undo, &found)], operations);
        // What the next writes will find, in the vendor's word for it.
        let word = undo.take.status.clone().unwrap_or_else(|| self.ahead.nic.status.word.clone());
        self.ahead.nic.status = NicStatus { word, state: NicState::Attached };
        self.ahead.nic.instance = Some(instance.clone());
        self.ahead.instance = self.part.instance(instance).cloned();
        self.row(undo, found, Some(id))
    }

    /// All addresses of the NIC, in as few calls as the cloud takes.
    fn assign(&mut self, undos: &[&Undo], operations: &mut Vec<Operation>) -> Vec<PlanRow> {
        let mut judged: Vec<(&Undo, IpAddr, &[PairList], Vec<Finding>)> = Vec::new();
        for undo in undos {
            let Some(kind @ OperationKind::Assign { ips, lists, .. }) = &undo.take.write else { continue };
            let Some(&ip) = ips.first() else { continue };
            let found = self.findings(undo, kind, Some(Address { ip, role: undo.take.role }));
            judged.push((undo, ip, lists, found));
        }
        let going = |judged: &[(&Undo, IpAddr, &[PairList], Vec<Finding>)]| -> Vec<IpAddr> {
            let goes = |undo: &Undo, found: &[Finding]| !is_there(found) && undo.wanted.goes(found);
            judged.iter().filter(|(undo, _, _, found)| goes(undo, found)).map(|(_, ip, ..)| *ip).collect()
        };
        // Each alone may fit where all together do not.
        let ips = going(&judged);
        let all = OperationKind::Assign { nic: self.key.nic.clone(), ips, lists: Vec::new() };
        let full = write::findings_on(self.part, &self.ahead.nic, self.near, self.capabilities, &all);
        if let Some(full) = full.into_iter().find(|finding| {
            // What is about one address is said in its own row.
            finding.id == FindingId::NicFull && finding.values.iter().all(|(name, _)| *name != "ip")
        }) {
            for (undo, .., found) in &mut judged {
                if !is_there(found) && undo.wanted.goes(found) {
                    found.retain(|one| one.id != full.id);
                    found.insert(0, full.clone());
                    found.sort_by_key(|one| std::cmp::Reverse(one.severity));
                }
            }
        }
        let ips = going(&judged);
        let mut operation_of: HashMap<IpAddr, OperationId> = HashMap::new();
        for batch in ips.chunks(assigned_at_once(self.capabilities)) {
            let own = || judged.iter().filter(|(_, ip, ..)| batch.contains(ip));
            let mut lists: Vec<PairList> = Vec::new();
            for list in own().flat_map(|(_, _, lists, _)| lists.iter()) {
                if lists.iter().all(|known| known.of != list.of) {
                    lists.push(list.clone());
                }
            }
            let kind = OperationKind::Assign { nic: self.key.nic.clone(), ips: batch.to_vec(), lists };
            let found: Vec<(&Undo, &[Finding])> = own().map(|(undo, _, _, found)| (*undo, found.as_slice())).collect();
            let id = self.operation(kind, &found, operations);
            operation_of.extend(batch.iter().map(|&ip| (ip, id)));
            let roles: Vec<Address> = own().map(|(undo, ip, ..)| Address { ip: *ip, role: undo.take.role }).collect();
            self.ahead.nic.addresses.extend(roles);
        }
        let rows = judged.into_iter().map(|(undo, ip, _, found)| self.row(undo, found, operation_of.get(&ip).copied()));
        rows.collect()
    }

    /// `None`: it is bound to this very address still, or again.
    fn bind(&mut self, undo: &Undo, operations: &mut Vec<Operation>) -> Option<PlanRow> {
        let Some(kind @ OperationKind::BindEip { eip, ip, .. }) = &undo.take.write else {
            return Some(self.never(undo));
        };
        let bound = self.part.eip(eip).is_some_and(|eip| eip.is_on(&self.ahead.nic, *ip) == Some(true));
        if bound {
            return None;
        }
        let role = self.ahead.nic.addresses.iter().find(|address| address.ip == *ip).map(|address| address.role);
        let address = Address { ip: *ip, role: role.unwrap_or(AddressRole::Secondary) };
        let found = self.findings(undo, kind, Some(address));
        let id = undo.wanted.goes(&found).then(|| self.operation(kind.clone(), &[(undo, &found)], operations));
        Some(self.row(undo, found, id))
    }

    fn never(&self, undo: &Undo) -> PlanRow {
        self.row(undo, vec![no_way(undo)], None)
    }
}

/// Addresses that a write may put on a NIC: as many as one may take off it. Where one call takes all of them off, they are virtual
/// ones, and the codec puts them back one after the other.
pub(super) fn assigned_at_once(capabilities: &Capabilities) -> usize {
    if capabilities.release_whole { usize::MAX } else { capabilities.release_batch.max(1) }
}

/// Is what is to be put back there already?
fn is_there(found: &[Finding]) -> bool {
    found.iter().any(|finding| finding.id == FindingId::AlreadyThere && finding.severity == Severity::Info)
}

/// Nothing takes it back.
fn no_way(undo: &Undo) -> Finding {
    let case = match undo.act() {
        Act::BindEip => "eip",
        _ => "delete",
    };
    let nic = undo.take.target.nic().nic.to_string();
    plain(FindingId::NoUndo, Severity::Blocked, vec![("case", case.to_owned()), ("nic", nic)])
}

/// The row of a target whose NIC is not there.
fn lost(sources: &Sources, undo: &Undo) -> PlanRow {
    let key = undo.take.target.nic();
    let rules = match (&undo.take.write, (sources.capabilities)(&key.profile)) {
        (Some(kind), Some(capabilities)) => capabilities.rules_of(kind),
        _ => &[],
    };
    let listed = sources.inventory.profile(&key.profile).and_then(nics_listed_at);
    let mut findings = vec![not_listed(&key.nic, None, code(rules, Condition::NicExists), listed)];
    if (sources.readonly)(&key.profile) {
        findings.push(plain(FindingId::ReadOnly, Severity::Blocked, vec![("profile", key.profile.to_string())]));
    }
    PlanRow {
        act: undo.act(),
        overridden: None,
        target: undo.take.target.clone(),
        cloud: undo.take.cloud.clone(),
        region: undo.take.region.clone(),
        hidden: false,
        findings,
        decision: Decision::Blocked,
        before: 0,
        after: 0,
    }
}
