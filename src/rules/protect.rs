//! Protect rules of the config: filters over what is never written to. They fail closed: a rule that hangs on something that is
//! not known matches.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use crate::{
    domain::{
        address::{Address, Backend, Eip, EipBinding},
        ids::{CloudId, InstanceId, ProfileId},
        instance::Instance,
        nic::Nic,
    },
    filter::{Certain, Expr, Missing, ProfileSubject, Whole},
};

use super::facts::Facts;

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// From 1: first those for all profiles in the config's order, then the profile's own.
    pub number: usize,
    pub expr: Expr,
}

/// The rules that hold for one profile.
#[derive(Clone, PartialEq, Debug)]
pub struct ProfileRules {
    profile: ProfileId,
    cloud: CloudId,
    env: Option<String>,
    rules: Vec<Rule>,
}

/// The rules of all profiles.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Protect(BTreeMap<ProfileId, Arc<ProfileRules>>);

/// The rules as far as they may hold back a write to one NIC, or to anything on it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Watch<'a> {
    rules: &'a ProfileRules,
    /// Bit n: the n-th rule may. Those from the 64th on always may.
    open: u64,
}

/// A rule that matches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hit<'a> {
    pub rule: &'a Rule,
    /// What would have to be known to say that it does not.
    pub missing: Option<Missing>,
}

/// What a write gives a NIC: it is written to as well.
#[derive(Clone, Copy, Debug)]
pub enum Brings<'a> {
    /// The instance that the NIC is put on; `None` where it was not read. And the backends that the NIC will be there, where they
    /// were read for this.
    Instance(&'a InstanceId, Option<&'a Instance>, Option<&'a [Backend]>),
    /// The EIP that is bound to this address of the NIC; `None` where it was not read.
    Eip(IpAddr, Option<&'a Eip>),
}

impl Protect {
    /// Adds a profile with its rules, those for all profiles first.
    pub fn add<'e>(
        &mut self,
        profile: &ProfileId,
        cloud: &CloudId,
        env: Option<&str>,
        rules: impl IntoIterator<Item = &'e Expr>,
    ) {
        let rules = rules.into_iter().zip(1..).map(|(expr, number)| Rule { number, expr: expr.clone() });
        let rules: Vec<Rule> = rules.collect();
        if rules.is_empty() {
            self.0.remove(profile);
            return;
        }
        let (cloud, env) = (cloud.clone(), env.map(str::to_owned));
        let rules = ProfileRules { profile: profile.clone(), cloud, env, rules };
        self.0.insert(profile.clone(), Arc::new(rules));
    }

    /// `None` for a profile without any rule.
    pub fn of(&self, profile: &ProfileId) -> Option<&ProfileRules> {
        self.0.get(profile).map(|rules| &**rules)
    }
}

impl<'a> Watch<'a> {
    /// The first rule that surely matches, or else the first that may. Without an address: the NIC, or anything on it.
    pub fn hit(self, facts: &Facts, address: Option<Address>) -> Option<Hit<'a>> {
        self.rules.first(self.open, facts, address)
    }
}

impl ProfileRules {
    /// For any NIC.
    pub fn watch(&self) -> Watch<'_> {
        Watch { rules: self, open: u64::MAX }
    }

    /// For this NIC alone, as it is known now: what its rules say about the NIC is asked once for all of its addresses.
    pub fn watch_nic(&self, facts: &Facts) -> Watch<'_> {
        let is_open = |rule: &Rule| !is_sound(rule) || !rule.expr.matches_nowhere(&self.whole(facts, None));
        let open = self.rules.iter().take(64).enumerate().filter(|(_, rule)| is_open(rule));
        let beyond = u64::MAX.checked_shl(self.rules.len().try_into().unwrap_or(u32::MAX)).unwrap_or_default();
        Watch { rules: self, open: open.fold(beyond, |open, (nth, _)| open | 1 << nth) }
    }

    /// See [`Watch::hit`].
    pub fn hit(&self, facts: &Facts, address: Option<Address>) -> Option<Hit<'_>> {
        self.first(u64::MAX, facts, address)
    }

    fn first(&self, open: u64, facts: &Facts, address: Option<Address>) -> Option<Hit<'_>> {
        let mut maybe = None;
        let is_open = |nth: usize| nth >= 64 || open >> nth & 1 == 1;
        for (_, rule) in self.rules.iter().enumerate().filter(|(nth, _)| is_open(*nth)) {
            match self.ask(rule, facts, address) {
                Certain::Yes => return Some(Hit { rule, missing: None }),
                Certain::Untold(missing) => maybe = maybe.or(Some(Hit { rule, missing: Some(missing) })),
                Certain::No => {}
            }
        }
        maybe
    }

    /// The same of a write that gives the NIC something: of the NIC as it is, and as it will be. A sure match goes first.
    pub fn hit_with(&self, facts: &Facts, address: Option<Address>, brings: Option<Brings>) -> Option<Hit<'_>> {
        let now = self.hit(facts, address);
        let then = match brings {
            None => None,
            Some(Brings::Instance(id, instance, backends)) => {
                let nic = Nic { instance: Some(id.clone()), ..facts.nic.clone() };
                self.hit(&facts.clone().put_on(&nic, instance, backends), address)
            }
            Some(Brings::Eip(ip, eip)) => {
                let bound = EipBinding::Nic { nic: facts.nic.id.clone(), private_ip: Some(ip) };
                let eip = eip.map(|eip| Eip { bound, ..eip.clone() });
                let mut facts = facts.clone();
                facts.eips_known &= eip.is_some();
                facts.eips.extend(&eip);
                self.hit(&facts, address)
            }
        };
        match (now, then) {
            (Some(now), Some(then)) if now.missing.is_some() && then.missing.is_none() => Some(then),
            (now, then) => now.or(then),
        }
    }

    fn whole<'f>(&'f self, facts: &'f Facts, address: Option<Address>) -> Whole<'f> {
        Whole {
            profile: ProfileSubject { profile: &self.profile, cloud: &self.cloud, env: self.env.as_deref() },
            instance: facts.instance,
            nic: facts.nic,
            eips: &facts.eips,
            eips_known: facts.eips_known,
            backends: &facts.backends,
            backends_known: facts.backends_known,
            floats: &facts.floats,
            floats_known: facts.floats_known,
            address,
        }
    }

    fn ask(&self, rule: &Rule, facts: &Facts, address: Option<Address>) -> Certain {
        if !is_sound(rule) {
            return Certain::Yes;
        }
        let about = |address| rule.expr.certainly(&self.whole(facts, address));
        match address {
            Some(address) => about(Some(address)),
            None => {
                let on = facts.nic.addresses.iter().map(|&address| about(Some(address)));
                on.fold(about(None), Certain::max)
            }
        }
    }
}

/// The config takes no other rule; one that came about otherwise holds everything.
fn is_sound(rule: &Rule) -> bool {
    !rule.expr.is_empty() && rule.expr.fickle_term().is_none()
}
