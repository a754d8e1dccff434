//! How dangerous a plan is, what it does besides, and what has to be pressed or typed to let it run.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::domain::{
    finding::{FindingId, Severity},
    ids::{AddressKey, EipId, LoadBalancerId, ProfileId},
    nic::ManagedBy,
    plan::{Act, Decision, OperationKind, PlanRow, ReleasePlan},
    selection::Target,
};

/// Up to this many targets, with nothing else to say, one key is enough.
const FEW: usize = 5;
/// Up to this many, the count is enough.
const SOME: usize = 50;
/// Up to this many accounts are all named in what is typed; of more, the first, and how many others there are. The one with most of
/// the addresses alone would let a person confirm for accounts whose names they have not read.
const NAMED: usize = 3;

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
    /// Level 3: accounts that are sent to, each once. Of a few each name is typed; of more, the first and how many others there are.
    pub accounts: usize,
    /// Level 3: profiles that are sent to and have no name of their account to be typed. With one of them nothing is confirmed.
    pub nameless: Vec<ProfileId>,
}

/// An account that a plan may touch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    pub profile: ProfileId,
    /// The account's name, typed to confirm. Empty where the config has none.
    pub alias: String,
    pub prod: bool,
}

impl Danger {
    /// Are there more accounts than names that are typed?
    pub fn counts_accounts(&self) -> bool {
        self.accounts > NAMED
    }
}

impl Account {
    /// What is typed to confirm: the alias, or without one the profile's name.
    pub fn typed(&self) -> &str {
        let alias = self.alias.trim();
        if alias.is_empty() { self.profile.as_str() } else { alias }
    }
}

/// What a plan does, counted over what is sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// Addresses that are released.
    pub addresses: usize,
    pub nics_detached: usize,
    /// Addresses of the NICs that are detached, before the plan.
    pub on_detached: usize,
    /// Of these: what the plan does not release. They stay on their NIC and leave the instance with it.
    pub kept: usize,
    /// Services and controllers that own NICs of the plan.
    pub owners: BTreeSet<String>,
    /// Addresses that are put back.
    pub assigned: usize,
    pub nics_attached: usize,
    pub eips_bound: usize,
    /// EIPs that are, or may be, on those addresses and NICs.
    pub eips: usize,
    /// The same for each profile that has any.
    pub eips_of: BTreeMap<ProfileId, usize>,
    /// Of these: what is bound to a virtual address that other NICs keep, and goes on there.
    pub eips_shared: usize,
    /// Of these: what is destroyed for good, or may be.
    pub eips_lost: usize,
    /// Virtual addresses that nobody answers for any more.
    pub unanswered: usize,
    /// Load balancers that lose a backend.
    pub backends: usize,
    /// Targets with a warning.
    pub warnings: usize,
    /// Targets that go although something about them is not known.
    pub overridden: usize,
    /// Write calls, at least.
    pub calls: usize,
    /// There may be more of them.
    pub more_calls: bool,
    pub profiles: usize,
}

fn sent(plan: &ReleasePlan) -> impl Iterator<Item = &PlanRow> {
    plan.rows().iter().filter(|row| matches!(row.decision, Decision::Go(_)))
}

/// Counts what a plan does.
pub fn effects(plan: &ReleasePlan) -> Effects {
    let (calls, more_calls) = plan.calls();
    let mut effects = Effects { calls, more_calls, ..Effects::default() };
    let mut profiles: BTreeSet<&ProfileId> = BTreeSet::new();
    // Once, however many NICs lose it.
    let mut unanswered = BTreeSet::new();
    for row in sent(plan) {
        profiles.insert(&row.target.nic().profile);
        match row.act {
            Act::Release => effects.addresses += 1,
            Act::Detach | Act::Delete => effects.nics_detached += 1,
            Act::Assign => effects.assigned += 1,
            Act::Attach => effects.nics_attached += 1,
            Act::BindEip => effects.eips_bound += 1,
        }
        for finding in row.findings.iter().filter(|finding| finding.id == FindingId::VipLast) {
            let named = |name: &str| finding.values.iter().find(|(known, _)| *known == name);
            let each = |name: &str| named(name).into_iter().flat_map(|(_, all)| all.split(", ")).collect::<Vec<_>>();
            // A detach names all that it leaves to nobody.
            unanswered.extend(each("ip").into_iter().zip(each("vip")).map(|(ip, vip)| (&row.cloud, ip, vip)));
        }
        effects.overridden += usize::from(row.overridden.is_some());
        effects.warnings += usize::from(row.worst() == Some(Severity::Warn));
    }
    let released: BTreeSet<&AddressKey> = sent(plan)
        .filter_map(|row| match &row.target {
            Target::Address(key) => Some(key),
            Target::Nic(_) | Target::Eip { .. } => None,
        })
        .collect();
    let mut eips: BTreeSet<(&ProfileId, &EipId)> = BTreeSet::new();
    let mut lost: BTreeSet<(&ProfileId, &EipId)> = BTreeSet::new();
    let mut ends: BTreeSet<(&ProfileId, &EipId)> = BTreeSet::new();
    let shared: BTreeSet<&AddressKey> = sent(plan)
        .filter(|row| row.findings.iter().any(|finding| finding.id == FindingId::VipShared))
        .filter_map(|row| match &row.target {
            Target::Address(key) => Some(key),
            Target::Nic(_) | Target::Eip { .. } => None,
        })
        .collect();
    let mut balancers: BTreeSet<(&ProfileId, &LoadBalancerId)> = BTreeSet::new();
    for operation in plan.operations() {
        let facts = &operation.expect;
        if let OperationKind::Detach { .. } = &operation.kind {
            let nic = operation.nic_key();
            let stays = |ip| !released.contains(&AddressKey { nic: nic.clone(), ip });
            effects.on_detached += facts.nic.addresses.len();
            effects.kept += facts.nic.addresses.iter().filter(|address| stays(address.ip)).count();
        }
        if let ManagedBy::Service(who) | ManagedBy::Controller(who) = &facts.nic.managed_by {
            effects.owners.insert(who.to_string());
        }
        for eip in &facts.eips {
            let hit = match &operation.kind {
                OperationKind::Release { ips, .. } => ips.iter().any(|&ip| eip.is_on(&facts.nic, ip) != Some(false)),
                OperationKind::Detach { .. } => true,
                // They take nothing away.
                _ => false,
            };
            if hit {
                eips.insert((&operation.profile, &eip.id));
                let goes_on = |&ip: &IpAddr| shared.contains(&AddressKey { nic: operation.nic_key(), ip });
                let is_shared = match &operation.kind {
                    OperationKind::Release { ips, .. } => {
                        ips.iter().filter(|&&ip| eip.is_on(&facts.nic, ip) != Some(false)).all(goes_on)
                    }
                    _ => false,
                };
                if !is_shared {
                    ends.insert((&operation.profile, &eip.id));
                }
                // A NIC that is detached keeps its EIPs.
                let unbound = matches!(operation.kind, OperationKind::Release { .. });
                if unbound && eip.dies_unbound != Some(false) {
                    lost.insert((&operation.profile, &eip.id));
                }
            }
        }
        for backend in &facts.backends {
            let hit = match &operation.kind {
                OperationKind::Release { ips, .. } => backend.ip_on(&facts.nic).is_some_and(|ip| ips.contains(&ip)),
                OperationKind::Detach { .. } => true,
                _ => false,
            };
            if hit {
                balancers.insert((&operation.profile, &backend.load_balancer));
            }
        }
    }
    for (profile, _) in &eips {
        *effects.eips_of.entry((*profile).clone()).or_default() += 1;
    }
    effects.unanswered = unanswered.len();
    Effects {
        eips: eips.len(),
        eips_shared: eips.difference(&ends).filter(|eip| !lost.contains(*eip)).count(),
        eips_lost: lost.len(),
        backends: balancers.len(),
        profiles: profiles.len(),
        ..effects
    }
}

/// How dangerous the plan is. 1: few targets, no warning, no production. 2: more, or a warning, or production.
/// 3: many, or production with a warning, or an EIP, or a NIC that is detached, or something that is not known.
pub fn danger(plan: &ReleasePlan, accounts: &[Account]) -> Danger {
    let effects = effects(plan);
    let targets = sent(plan).count();
    let count = |profile: &ProfileId| sent(plan).filter(|row| &row.target.nic().profile == profile).count();
    let touched: Vec<(&Account, usize)> =
        accounts.iter().map(|account| (account, count(&account.profile))).filter(|(_, count)| *count > 0).collect();
    let prod = touched.iter().any(|(account, _)| account.prod);
    // Traffic comes to what an EIP is bound to as it goes from what loses it.
    let on_eips = effects.eips + effects.eips_bound > 0;
    let grave = effects.nics_detached > 0 || on_eips || effects.overridden > 0;
    let level = if targets > SOME || grave || (prod && effects.warnings > 0) {
        3
    } else if targets > FEW || effects.warnings > 0 || prod {
        2
    } else {
        1
    };
    let is_nameless = |account: &&Account| level == 3 && account.alias.trim().is_empty();
    let nameless = touched.iter().map(|(account, _)| *account).filter(is_nameless);
    let nameless = nameless.map(|account| account.profile.clone()).collect();
    let names = names(touched);
    let phrase = match level {
        1 => Phrase::Key('y'),
        2 => Phrase::Typed(targets.to_string()),
        _ => {
            let spoken = spoken(&names, &plan.hash().short());
            Phrase::Typed(format!("{spoken} {targets}"))
        }
    };
    Danger { level, phrase, accounts: if level == 3 { names.len() } else { 0 }, nameless }
}

/// All of a few names; of more, the first and how many others. Every profile that is sent to is an account of the caller's:
/// a plan for none is asked for by its own hash.
pub(super) fn spoken(names: &[&str], hash: &str) -> String {
    match names {
        [] => hash.to_owned(),
        [first, others @ ..] if names.len() > NAMED => format!("{first} +{}", others.len()),
        few => few.join(" "),
    }
}

/// The accounts by the names that are typed, each once: production first, then those with most targets, then in the config's
/// order.
pub(super) fn names(mut touched: Vec<(&Account, usize)>) -> Vec<&str> {
    touched.sort_by_key(|(account, count)| std::cmp::Reverse((account.prod, *count)));
    let mut names: Vec<&str> = Vec::new();
    for (account, _) in touched {
        let name = account.typed();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
