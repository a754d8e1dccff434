//! The plan screen: a frozen plan, how fresh the facts under it are, and what was dropped from it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    domain::{
        fault::Fault,
        finding::{Finding, FindingId},
        ids::{EipId, InstanceId, JobId, NicKey},
        plan::{Act, Decision, Overruled, PlanRow, ReleasePlan},
        selection::Target,
        time::Timestamp,
        undo::TakeBack,
    },
    rules::{
        belts,
        guard::{Danger, Effects},
    },
};

use super::viewport::Viewport;

/// A plan whose NICs were read longer ago than this has to be built again.
pub const STALE_MS: u64 = 10 * 60 * 1000;

/// Where the plan's targets came from: the title says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Marks,
    FocusedRow,
    Retry,
    /// A batch that is to be taken back.
    Undo,
    /// A command, or a file that one has written.
    Order,
}

/// How far reading the plan's NICs again has come.
#[derive(Clone, PartialEq, Debug)]
pub enum Freshness {
    /// Being read again; the plan can not be confirmed yet.
    /// `oldest`: when the first of those that were read so far was.
    Reading { job: JobId, done: usize, total: usize, oldest: Option<Timestamp> },
    /// All NICs were read again, the first of them at this time; those that could not be are blocked with their fault.
    /// `None`: none could be.
    Read { at: Option<Timestamp> },
}

#[derive(Clone, Debug)]
pub struct PlanView {
    pub source: Source,
    /// What was asked for, in order; rows dropped here are taken out.
    pub targets: BTreeSet<Target>,
    /// What it takes back.
    pub undo: Option<Undoing>,
    /// Instances that an earlier batch was to detach these NICs from: no other loses its NIC to a second try.
    pub from: BTreeMap<Target, InstanceId>,
    /// Marked, but not in the filtered list when the plan was asked for.
    pub hidden: BTreeSet<Target>,
    pub plan: Arc<ReleasePlan>,
    pub danger: Danger,
    pub effects: Effects,
    pub freshness: Freshness,
    /// NICs that could not be read again.
    pub unread: Vec<(NicKey, Box<Fault>)>,
    /// NICs around which something could not be read again: what hangs on it is judged as not known.
    pub partly: Vec<(NicKey, Box<Fault>)>,
    /// Rows that go although something about them is not known, and why.
    pub overruled: BTreeMap<Target, Overruled>,
    /// The plan as it was before it is built again: its changed rows are named.
    pub before: Option<Arc<ReleasePlan>>,
    pub view: Viewport,
}

/// A batch that a plan takes back.
#[derive(Clone, PartialEq, Debug)]
pub struct Undoing {
    pub batch: String,
    pub takes: Vec<TakeBack>,
    /// The public addresses that EIPs had before the batch, where the cloud told them.
    pub public: BTreeMap<EipId, IpAddr>,
}

impl PlanView {
    /// When the NICs were read, if they are not being read just now and any could be. Dropping a row makes no fact newer.
    pub fn read_at(&self) -> Option<Timestamp> {
        match self.freshness {
            Freshness::Read { at } => at,
            Freshness::Reading { .. } => None,
        }
    }

    pub fn is_being_read(&self) -> bool {
        matches!(self.freshness, Freshness::Reading { .. })
    }

    /// Were its NICs read too long ago?
    pub fn is_old(&self, now: Timestamp) -> bool {
        self.read_at().is_some_and(|at| now.since(at) > STALE_MS)
    }

    /// Has to be read again before it can be confirmed.
    pub fn is_to_read(&self, now: Timestamp) -> bool {
        self.is_old(now) || self.freshness == Freshness::Read { at: None }
    }

    /// What was found about a row; of a plan that is over its belts, all of those.
    pub fn found<'a>(&self, row: &'a PlanRow) -> Cow<'a, [Finding]> {
        let Some(at) = row.findings.iter().position(|one| one.id == FindingId::OverBelt) else {
            return Cow::Borrowed(&row.findings);
        };
        let read_at = row.findings.get(at).and_then(|one| one.read_at);
        let over = belts::over(self.plan.load()).into_iter().map(|one| Finding { read_at, ..one });
        let mut all = row.findings.clone();
        all.splice(at..=at, over);
        Cow::Owned(all)
    }

    /// Why the NIC could not be read again, or else what is around it; with the key of the words that say which.
    pub fn fault_of(&self, nic: &NicKey) -> Option<(&'static str, &Fault)> {
        let of = |faults: &'_ [(NicKey, Box<Fault>)]| faults.iter().position(|(key, _)| key == nic);
        if let Some((_, fault)) = of(&self.unread).and_then(|at| self.unread.get(at)) {
            return Some(("heading.unread", fault));
        }
        let (_, fault) = of(&self.partly).and_then(|at| self.partly.get(at))?;
        Some(("heading.unread-around", fault))
    }
}

/// The key of the word for what was decided about a row.
pub fn decision(row: &PlanRow) -> &'static str {
    match (row.decision, row.act) {
        (Decision::Blocked, _) => "plan.decision-blocked",
        (Decision::Already, _) => "plan.decision-already",
        (Decision::Go(_), _) if row.overridden.is_some() => "plan.decision-overridden",
        (Decision::Go(_), act) => act_word(act),
    }
}

/// The key of the word for what is done.
pub fn act_word(act: Act) -> &'static str {
    match act {
        Act::Release => "noun.release",
        Act::Detach => "noun.detach",
        Act::Assign => "noun.assign",
        Act::Attach => "noun.attach",
        Act::BindEip => "noun.bind-eip",
        Act::Delete => "noun.delete",
    }
}
