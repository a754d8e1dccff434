//! How dangerous a plan is, what it does besides, and what has to be typed to let it run.

use std::collections::BTreeSet;

use crate::domain::{
    finding::{FindingId, Severity},
    ids::ProfileId,
    plan::{Decision, PlanRow, ReleasePlan},
    selection::Target,
};

/// Up to this many addresses, without a warning, one key is enough.
const FEW: usize = 5;
/// Up to this many, the count is enough.
const SOME: usize = 50;

/// What has to be pressed or typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Phrase {
    Key(char),
    /// This text, then Enter.
    Typed(String),
}

/// A plan's danger, from 1 to 3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Danger {
    pub level: u8,
    pub phrase: Phrase,
}

/// An account that a plan may touch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    pub profile: ProfileId,
    /// The account's name, typed to confirm.
    pub alias: String,
    pub prod: bool,
}

/// What a plan does, counted over what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    pub addresses: usize,
    pub nics_detached: usize,
    /// Targets with an EIP on them or on their NIC.
    pub eips: usize,
    /// Targets that are a load balancer's backend.
    pub backends: usize,
    pub warnings: usize,
    /// Write calls.
    pub calls: usize,
    pub profiles: usize,
}

fn sent(plan: &ReleasePlan) -> impl Iterator<Item = &PlanRow> {
    plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_)))
}

/// Counts what a plan does.
pub fn effects(plan: &ReleasePlan) -> Effects {
    let mut effects = Effects { calls: plan.operations().len(), ..Effects::default() };
    let mut profiles = BTreeSet::new();
    for row in sent(plan) {
        profiles.insert(&row.target.nic().profile);
        match row.target {
            Target::Address(_) => effects.addresses += 1,
            Target::Nic(_) => effects.nics_detached += 1,
        }
        let has = |id| row.findings.iter().any(|finding| finding.id == id);
        effects.eips += usize::from(has(FindingId::EipAttached) || has(FindingId::EipOnNic));
        effects.backends += usize::from(has(FindingId::LbBackend));
        effects.warnings += usize::from(row.worst() == Some(Severity::Warn));
    }
    effects.profiles = profiles.len();
    effects
}

/// How dangerous the plan is. 1: few addresses, no warning, no production. 2: more, or a warning, or production.
/// 3: many, or a NIC detach, or production with a warning, or an EIP.
pub fn danger(plan: &ReleasePlan, accounts: &[Account]) -> Danger {
    let effects = effects(plan);
    let targets = effects.addresses + effects.nics_detached;
    let count = |profile: &ProfileId| sent(plan).filter(|row| &row.target.nic().profile == profile).count();
    let touched = || accounts.iter().filter(|account| count(&account.profile) > 0);
    let prod = touched().any(|account| account.prod);
    let level = if targets > SOME || effects.nics_detached > 0 || effects.eips > 0 || (prod && effects.warnings > 0) {
        3
    } else if targets > FEW || effects.warnings > 0 || prod {
        2
    } else {
        1
    };
    let phrase = match level {
        1 => Phrase::Key('y'),
        2 => Phrase::Typed(targets.to_string()),
        _ => {
            // The production account with most targets; the first of the config among equals.
            let account = touched()
                .enumerate()
                .max_by_key(|(place, account)| (account.prod, count(&account.profile), std::cmp::Reverse(*place)))
                .map(|(_, account)| account.alias.trim().to_owned());
            Phrase::Typed(match account.filter(|alias| !alias.is_empty()) {
                Some(alias) => format!("{alias} {targets}"),
                None => targets.to_string(),
            })
        }
    };
    Danger { level, phrase }
}
