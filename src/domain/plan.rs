//! A plan: what will be sent, to whom, and what was true when it was made. Frozen once built.

mod change;
mod hash;
mod load;

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    finding::{Finding, FindingId, Severity},
    float::PairList,
    ids::{CloudId, EipId, InstanceId, NicId, NicKey, OperationId, ProfileId, RegionId},
    instance::Instance,
    nic::{Nic, NicState},
    selection::Target,
    snapshot::NicSnapshot,
    time::Timestamp,
};

pub use change::{Change, ChangedFact};
pub use hash::PlanHash;
pub use load::{Belts, FLOOR, Load, Share};

/// One write: one call to one NIC.
#[derive(Clone, PartialEq, Debug)]
pub struct Operation {
    pub id: OperationId,
    pub cloud: CloudId,
    pub profile: ProfileId,
    pub region: RegionId,
    pub kind: OperationKind,
    /// Writes to the same NIC that have to end well first: a NIC never has two writes in flight.
    pub after: Vec<OperationId>,
    /// Objects that other writes may touch as well (a virtual address that several NICs share): one write at a time.
    pub shares: Vec<Arc<str>>,
    /// NICs of which the plan told that they go on answering for its virtual addresses.
    pub keepers: Vec<Keeper>,
    /// Addresses that writes of the plan take off the NIC before this one.
    pub taken: Vec<IpAddr>,
    /// What the rules saw; anything relevant that differs right before the write skips it.
    pub expect: Arc<NicSnapshot>,
    /// Attach: the instance that the NIC is put on, as the rules saw it.
    pub onto: Option<Arc<Instance>>,
    /// What it comes to, on the NIC as the rules saw it.
    pub calls: Calls,
    /// Targets that go although something about them is not known, because a person said why.
    pub overrides: Vec<Override>,
}

/// Another NIC that keeps a virtual address. One of them has to have it still, right before the write: it would be nobody's else.
#[derive(Clone, PartialEq, Debug)]
pub struct Keeper {
    /// The virtual address, by the cloud's id for it.
    pub float: Arc<str>,
    pub ip: IpAddr,
    pub nic: Arc<Nic>,
}

/// The calls that a write is, as far as they can be told before it begins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calls {
    /// The vendor's names of the writes, in the order in which they are sent.
    pub names: Vec<&'static str>,
    /// Others may follow: which, the cloud's answers and what is read after them decide.
    pub more: bool,
}

impl Calls {
    /// One call, and no other.
    pub fn one(name: &'static str) -> Self {
        Self { names: vec![name], more: false }
    }
}

/// A person's word for sending what the rules could not tell.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Override {
    pub target: Target,
    /// What could not be told.
    pub findings: Vec<FindingId>,
    pub reason: String,
}

/// Characters that a reason has at least.
pub const REASON_LEAST: usize = 8;

/// An override as it is asked for: it holds for these findings, and for no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overruled {
    pub findings: Vec<Finding>,
    pub reason: Arc<str>,
}

impl Overruled {
    /// Is what can not be told now the very same, and nothing worse was found?
    pub fn holds(&self, found: &[Finding]) -> bool {
        let same = |a: &Finding, b: &Finding| (a.id, &a.values) == (b.id, &b.values);
        let now: Vec<&Finding> = found.iter().filter(|finding| finding.severity == Severity::Unknown).collect();
        found.iter().all(|finding| finding.severity < Severity::Blocked)
            && now.len() == self.findings.len()
            && now.iter().all(|finding| self.findings.iter().any(|told| same(told, finding)))
    }
}

/// What is sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum OperationKind {
    /// Release these secondary addresses from the NIC.
    Release { nic: NicId, ips: Vec<IpAddr> },
    /// Detach the NIC from the instance; it is kept.
    Detach { nic: NicId, instance: InstanceId },
    /// Put these very addresses (back) on the NIC: what takes a release back.
    Assign {
        nic: NicId,
        ips: Vec<IpAddr>,
        /// The lists that held virtual ones there before, to be just so again; what others changed in them meanwhile stays.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lists: Vec<PairList>,
    },
    /// Attach the NIC to the instance: what takes a detach back.
    Attach { nic: NicId, instance: InstanceId },
    /// Bind a public address to this private address of the NIC.
    BindEip { nic: NicId, eip: EipId, ip: IpAddr },
    /// Delete a NIC that is attached to nothing. Nothing takes this back.
    Delete { nic: NicId },
}

/// What is done to a target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Act {
    Release,
    Detach,
    Assign,
    Attach,
    BindEip,
    Delete,
}

impl Act {
    /// What a mark on the target asks for.
    pub fn of(target: &Target) -> Self {
        match target {
            Target::Address(_) => Act::Release,
            Target::Nic(_) => Act::Detach,
            Target::Eip { .. } => Act::BindEip,
        }
    }

    /// As the journal spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Release => "release",
            Act::Detach => "detach",
            Act::Assign => "assign",
            Act::Attach => "attach",
            Act::BindEip => "bind-eip",
            Act::Delete => "delete",
        }
    }
}

impl OperationKind {
    pub fn act(&self) -> Act {
        match self {
            OperationKind::Release { .. } => Act::Release,
            OperationKind::Detach { .. } => Act::Detach,
            OperationKind::Assign { .. } => Act::Assign,
            OperationKind::Attach { .. } => Act::Attach,
            OperationKind::BindEip { .. } => Act::BindEip,
            OperationKind::Delete { .. } => Act::Delete,
        }
    }

    pub fn nic(&self) -> &NicId {
        match self {
            OperationKind::Release { nic, .. }
            | OperationKind::Detach { nic, .. }
            | OperationKind::Assign { nic, .. }
            | OperationKind::Attach { nic, .. }
            | OperationKind::BindEip { nic, .. }
            | OperationKind::Delete { nic } => nic,
        }
    }

    /// What such a write to a NIC of this profile ends: each address, or the NIC.
    pub fn targets(&self, profile: &ProfileId) -> Vec<Target> {
        let nic = NicKey { profile: profile.clone(), nic: self.nic().clone() };
        let address = |ip| Target::Address(super::ids::AddressKey { nic: nic.clone(), ip });
        match self {
            OperationKind::Release { ips, .. } | OperationKind::Assign { ips, .. } => {
                ips.iter().copied().map(address).collect()
            }
            OperationKind::BindEip { ip, eip, .. } => {
                let address = super::ids::AddressKey { nic: nic.clone(), ip: *ip };
                vec![Target::Eip { address, eip: eip.clone() }]
            }
            OperationKind::Detach { .. } | OperationKind::Attach { .. } | OperationKind::Delete { .. } => {
                vec![Target::Nic(nic)]
            }
        }
    }

    /// The same for these of its targets alone.
    #[must_use]
    pub fn only(&self, targets: &[Target]) -> Self {
        let ips = || targets.iter().filter_map(Target::ip).collect();
        match self {
            OperationKind::Release { nic, .. } => OperationKind::Release { nic: nic.clone(), ips: ips() },
            OperationKind::Assign { nic, lists, .. } => {
                OperationKind::Assign { nic: nic.clone(), ips: ips(), lists: lists.clone() }
            }
            OperationKind::Detach { .. }
            | OperationKind::Attach { .. }
            | OperationKind::BindEip { .. }
            | OperationKind::Delete { .. } => self.clone(),
        }
    }

    /// Does a NIC that is gone altogether leave nothing to be done? For a detach that is not what was wished for: see
    /// [`super::outcome::Outcome::NicGone`].
    pub fn is_done_when_gone(&self) -> bool {
        match self {
            OperationKind::Release { .. } | OperationKind::Detach { .. } | OperationKind::Delete { .. } => true,
            OperationKind::Assign { .. } | OperationKind::Attach { .. } | OperationKind::BindEip { .. } => false,
        }
    }

    /// Should the NIC still be there afterwards, though nothing is left to be done where it is not?
    pub fn keeps_nic(&self) -> bool {
        matches!(self, OperationKind::Detach { .. })
    }

    /// Does the wished-for state hold for this target? Told by the NIC as it is now; `None`: it is gone altogether.
    pub fn is_done(&self, target: &Target, now: Option<&Nic>) -> bool {
        let Some(nic) = now else { return self.is_done_when_gone() };
        let has_address = match target {
            Target::Address(key) => nic.addresses.iter().any(|address| address.ip == key.ip),
            Target::Nic(_) | Target::Eip { .. } => false,
        };
        let on = |instance| nic.instance.as_ref() == Some(instance);
        match self {
            // A row that came without its address may be this one.
            OperationKind::Release { .. } => !has_address && nic.addresses_known,
            OperationKind::Assign { .. } => has_address,
            // A NIC that was put on another instance meanwhile was taken off its own before.
            OperationKind::Detach { instance, .. } => match &nic.instance {
                Some(now) => now != instance,
                None => nic.status.state == NicState::Free,
            },
            OperationKind::Attach { instance, .. } => on(instance) && nic.status.state == NicState::Attached,
            // A NIC's record does not tell of its public addresses, and a NIC that is there is not deleted.
            OperationKind::BindEip { .. } | OperationKind::Delete { .. } => false,
        }
    }
}

impl Operation {
    /// Is it about the NIC that it was decided on, where that is, and what it has?
    fn is_expected(&self) -> Result<(), PlanError> {
        let unexpected = || Err(PlanError::Unexpected(self.id));
        let nic = &self.expect.nic;
        if nic.id != *self.kind.nic() || nic.region != self.region {
            return unexpected();
        }
        if matches!(&self.kind, OperationKind::Detach { instance, .. } if nic.instance.as_ref() != Some(instance)) {
            return unexpected();
        }
        let onto = self.onto.as_ref().map(|instance| &instance.id);
        let meant = if let OperationKind::Attach { instance, .. } = &self.kind { Some(instance) } else { None };
        if onto.is_some() && onto != meant {
            return unexpected();
        }
        let OperationKind::Release { ips, .. } = &self.kind else { return Ok(()) };
        if ips.iter().any(|ip| self.expect.nic.addresses.iter().all(|address| address.ip != *ip)) {
            return unexpected();
        }
        let mut floats = self.expect.floats.iter().filter(|float| ips.contains(&float.ip));
        let unshared = floats.find(|float| !self.shares.contains(&float.id));
        unshared.map_or(Ok(()), |float| Err(PlanError::Unshared(self.id, float.id.clone())))
    }

    pub fn nic_key(&self) -> NicKey {
        NicKey { profile: self.profile.clone(), nic: self.kind.nic().clone() }
    }

    /// The targets this write ends, one for each address, or the NIC.
    pub fn targets(&self) -> Vec<Target> {
        self.kind.targets(&self.profile)
    }
}

/// Whether a row of the plan is sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Decision {
    /// Part of this write.
    Go(OperationId),
    /// Stays in sight, is not sent: its findings say why.
    Blocked,
    /// It is so already: there is nothing to send.
    Already,
}

/// One target of the plan, sent or not.
#[derive(Clone, PartialEq, Debug)]
pub struct PlanRow {
    pub target: Target,
    /// What is done to it, or would be.
    pub act: Act,
    pub cloud: CloudId,
    pub region: RegionId,
    /// Marked, but not in the filtered list when the plan was asked for.
    pub hidden: bool,
    pub findings: Vec<Finding>,
    pub decision: Decision,
    /// It goes although something is not known: the reason that a person gave.
    pub overridden: Option<Arc<str>>,
    /// Addresses on the NIC before and after the whole plan (primary, secondary and virtual; not IPv6).
    pub before: usize,
    pub after: usize,
}

impl PlanRow {
    /// The worst severity of its findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// A frozen plan. Built by `rules::planner` only; what was read is what runs.
#[derive(Clone, PartialEq, Debug)]
pub struct ReleasePlan {
    hash: PlanHash,
    made_at: Timestamp,
    rows: Vec<PlanRow>,
    operations: Vec<Operation>,
    load: Load,
    undoes: Option<Arc<str>>,
}

/// Why a plan can not be built from these parts.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    #[error("target listed twice: {0:?}")]
    TargetTwice(Target),
    #[error("operation {0:?} waits for one that is not before it")]
    Order(OperationId),
    #[error("operation {0:?} carries {1} addresses, the cloud takes {2}")]
    Oversized(OperationId, usize, usize),
    #[error("row and operation disagree about {0:?}")]
    Mismatch(Target),
    #[error("two writes to {0:?} without an order between them")]
    Unordered(NicKey),
    #[error(
        "operation {0:?} is not about the NIC that it was decided on, or not about its addresses, or tells of others before it"
    )]
    Unexpected(OperationId),
    #[error("operation {0:?} changes the virtual address {1} and does not say so")]
    Unshared(OperationId, Arc<str>),
    #[error("{0:?} goes although something stands against it, or although nobody said why")]
    NotDecided(Target),
    #[error("it is over a belt and sends something all the same")]
    OverBelt,
    #[error("it was not measured against the belts, or something else was")]
    Unmeasured,
}

impl ReleasePlan {
    /// Checks the parts against each other and freezes them. The hash is that of the operations.
    ///
    /// `batch` gives the limit of addresses of this call; `load` is what the rows were measured to be.
    ///
    /// # Errors
    /// A target twice, a batch too large, an operation that waits for a later one, two unordered writes to one NIC, an operation on
    /// another NIC than it was decided on, off another instance, in another region, on an address that is not there or on a virtual one
    /// that it does not name as shared, one that tells of other addresses taken before it than are, a row that goes with a finding against it or without a reason, rows and operations that do not
    /// name the same targets, acts, clouds and regions, and something to be sent by a plan that is over a belt, or was not measured.
    pub fn freeze(
        made_at: Timestamp,
        rows: Vec<PlanRow>,
        operations: Vec<Operation>,
        load: Load,
        batch: impl Fn(&Operation) -> usize,
    ) -> Result<Self, PlanError> {
        use std::collections::{BTreeMap, BTreeSet};
        let mut seen = BTreeSet::new();
        let mut last_on_nic: BTreeMap<NicKey, OperationId> = BTreeMap::new();
        let mut sent: BTreeMap<Target, OperationId> = BTreeMap::new();
        let mut taken: BTreeMap<NicKey, Vec<IpAddr>> = BTreeMap::new();
        for (place, operation) in operations.iter().enumerate() {
            if operation.id.0 as usize != place || operation.after.iter().any(|id| id.0 as usize >= place) {
                return Err(PlanError::Order(operation.id));
            }
            if let OperationKind::Release { ips, .. } | OperationKind::Assign { ips, .. } = &operation.kind {
                let most = batch(operation);
                if ips.len() > most || ips.is_empty() {
                    return Err(PlanError::Oversized(operation.id, ips.len(), most));
                }
            }
            operation.is_expected()?;
            let nic = operation.nic_key();
            let gone = taken.entry(nic.clone()).or_default();
            if operation.taken != *gone {
                return Err(PlanError::Unexpected(operation.id));
            }
            if let OperationKind::Release { ips, .. } = &operation.kind {
                gone.extend(ips);
            }
            if let Some(before) = last_on_nic.insert(nic.clone(), operation.id)
                && !operation.after.contains(&before)
            {
                return Err(PlanError::Unordered(nic));
            }
            for target in operation.targets() {
                if sent.insert(target.clone(), operation.id).is_some() {
                    return Err(PlanError::TargetTwice(target));
                }
            }
        }
        for row in &rows {
            if !seen.insert(row.target.clone()) {
                return Err(PlanError::TargetTwice(row.target.clone()));
            }
            let planned = sent.remove(&row.target);
            let agreed = match row.decision {
                Decision::Go(id) => planned == Some(id),
                Decision::Blocked | Decision::Already => planned.is_none(),
            };
            if !agreed {
                return Err(PlanError::Mismatch(row.target.clone()));
            }
            if let Decision::Go(id) = row.decision {
                let same =
                    |of: &Operation| (of.kind.act(), &of.cloud, &of.region) == (row.act, &row.cloud, &row.region);
                if !operations.get(id.0 as usize).is_some_and(same) {
                    return Err(PlanError::Mismatch(row.target.clone()));
                }
                let reasons = operations.get(id.0 as usize).map_or(&[][..], |operation| &operation.overrides);
                let reason = reasons.iter().find(|one| one.target == row.target).map(|one| one.reason.as_str());
                let is_told = match row.worst() {
                    Some(Severity::Blocked) => false,
                    Some(Severity::Unknown) => reason.is_some_and(|reason| reason.chars().count() >= REASON_LEAST),
                    _ => reason.is_none(),
                };
                if !is_told || row.overridden.as_deref() != reason {
                    return Err(PlanError::NotDecided(row.target.clone()));
                }
            }
        }
        if let Some((target, _)) = sent.pop_first() {
            return Err(PlanError::Mismatch(target));
        }
        if !operations.is_empty() {
            if load.is_over() {
                return Err(PlanError::OverBelt);
            }
            if !load.is_of(&rows) {
                return Err(PlanError::Unmeasured);
            }
        }
        let hash = PlanHash::of(&operations);
        Ok(Self { hash, made_at, rows, operations, load, undoes: None })
    }

    /// The same, to take this batch back.
    #[must_use]
    pub fn undoing(self, batch: &str) -> Self {
        Self { undoes: Some(batch.into()), ..self }
    }

    /// The batch that it takes back.
    pub fn undoes(&self) -> Option<&str> {
        self.undoes.as_deref()
    }

    pub fn load(&self) -> &Load {
        &self.load
    }

    pub fn hash(&self) -> PlanHash {
        self.hash
    }

    /// The hash of what is sent, for people: `None` of a plan that sends nothing. All of those have the same one, and there is nothing
    /// to confirm by it.
    pub fn told_hash(&self) -> Option<PlanHash> {
        (!self.operations.is_empty()).then_some(self.hash)
    }

    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    pub fn rows(&self) -> &[PlanRow] {
        &self.rows
    }

    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// How many calls all writes are together, at least; and whether there may be more.
    pub fn calls(&self) -> (usize, bool) {
        let all = self.operations.iter().map(|operation| &operation.calls);
        all.fold((0, false), |(count, more), calls| (count + calls.names.len(), more || calls.more))
    }

    /// Targets that are sent, in the order of the operations.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.operations.iter().flat_map(Operation::targets)
    }

    pub fn blocked(&self) -> usize {
        self.rows.iter().filter(|row| row.decision == Decision::Blocked).count()
    }
}
