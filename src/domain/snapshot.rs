//! All facts that rules read about one NIC, at one moment; and what differs between two such moments.

use std::{borrow::Borrow, collections::BTreeSet, net::IpAddr};

use super::{
    address::{AddressRole, Backend, BackendTarget, Eip, EipBinding},
    capabilities::{Condition, Precondition},
    float::Float,
    ids::NicId,
    instance::Instance,
    nic::{Fate, ManagedBy, Nic, NicRole, NicState},
    plan::{Change, ChangedFact},
    selection::Target,
    time::Timestamp,
};

/// One NIC with everything around it. Two equal snapshots get equal verdicts: rules are pure.
#[derive(Clone, PartialEq, Debug)]
pub struct NicSnapshot {
    pub nic: Nic,
    pub instance: Option<Instance>,
    /// EIPs on the NIC, by id.
    pub eips: Vec<Eip>,
    pub backends: Vec<Backend>,
    /// Virtual addresses on the NIC that are objects of their own, and those that its instance is in the range of, by address.
    pub floats: Vec<Float>,
    /// Whether EIPs were read at all; an empty list means "none" only then.
    pub eips_known: bool,
    pub backends_known: bool,
    pub floats_known: bool,
    pub instances_known: bool,
    pub read_at: Timestamp,
}

/// Is the virtual address on the NIC?
fn has_virtual(nic: &Nic, ip: IpAddr) -> bool {
    nic.addresses.iter().any(|address| address.role == AddressRole::Virtual && address.ip == ip)
}

impl Eip {
    /// Is it bound to this very private address of the NIC? `None`: to the NIC, but the cloud does not say to which address.
    pub fn is_on(&self, nic: &Nic, ip: IpAddr) -> Option<bool> {
        let private = match &self.bound {
            EipBinding::Nic { nic: bound, private_ip } if bound == &nic.id => *private_ip,
            EipBinding::Instance { instance, private_ip }
                if nic.role == NicRole::Primary && nic.instance.as_ref() == Some(instance) =>
            {
                Some(private_ip.or_else(|| nic.primary_ip())?)
            }
            EipBinding::Float { ip, float } if **float == *nic.id.as_str() || has_virtual(nic, *ip) => Some(*ip),
            _ => return Some(false),
        };
        private.map(|private| private == ip)
    }
}

impl Backend {
    /// May this backend be an address of this NIC? Two VPCs can hold the same address, so what is known is compared.
    pub fn is_on(&self, nic: &Nic) -> bool {
        match &self.target {
            BackendTarget::Address { ip, instance, nic: on } => {
                nic.addresses.iter().any(|address| address.ip == *ip)
                    && on.as_ref().is_none_or(|on| on == &nic.id)
                    && match (instance, &nic.instance) {
                        (Some(a), Some(b)) => a == b,
                        // On an instance that the cloud hides it may be that one's.
                        (Some(_), None) => nic.status.state != NicState::Free,
                        (None, _) => true,
                    }
                    && match (&self.vpc, &nic.vpc) {
                        (Some(a), Some(b)) => a == b,
                        _ => true,
                    }
                    && match &self.range {
                        Some(range) if ip.is_ipv4() && !nic.ranges.is_empty() => nic.ranges.contains(range),
                        _ => true,
                    }
            }
            BackendTarget::Instance(instance) => {
                nic.role == NicRole::Primary && nic.instance.as_ref() == Some(instance)
            }
        }
    }

    /// Can it as well be the same address of another network? One that [`Self::is_on`] the NIC by its bare address, where the cloud
    /// tells of others which NIC they mean; and one of an instance, where the cloud hides on which the NIC is.
    pub fn may_be_elsewhere(&self, nic: &Nic) -> bool {
        match &self.target {
            BackendTarget::Address { ip, instance, nic: None } => {
                let told = self.vpc.is_some() && nic.vpc.is_some()
                    || self.range.is_some() && ip.is_ipv4() && !nic.ranges.is_empty();
                match (instance, &nic.instance) {
                    (Some(_), Some(_)) => false,
                    (Some(_), None) => !told,
                    (None, _) => !nic.ranges.is_empty() && !told,
                }
            }
            BackendTarget::Address { .. } | BackendTarget::Instance(_) => false,
        }
    }

    /// The same entry of the same balancer, however much is said about it.
    pub fn is_same(&self, other: &Backend) -> bool {
        (&self.load_balancer, &self.target, &self.port) == (&other.load_balancer, &other.target, &other.port)
    }

    /// The private address on this NIC that traffic is sent to.
    pub fn ip_on(&self, nic: &Nic) -> Option<IpAddr> {
        match &self.target {
            BackendTarget::Address { ip, .. } => Some(*ip),
            BackendTarget::Instance(_) => nic.primary_ip(),
        }
    }

    /// An order for lists of backends.
    pub fn sort_key(&self) -> (&str, String) {
        (self.load_balancer.as_str(), format!("{:?} {}", self.target, self.port))
    }
}

impl Nic {
    /// The NIC's own address.
    pub fn primary_ip(&self) -> Option<IpAddr> {
        self.addresses.iter().find(|address| address.role == super::address::AddressRole::Primary).map(|a| a.ip)
    }

    /// Public addresses that it names, and that none of these EIPs has.
    pub fn unexplained<'a>(&'a self, eips: &'a [impl Borrow<Eip>]) -> impl Iterator<Item = &'a str> {
        let is_explained = |text: &str| {
            let ip = text.parse::<IpAddr>().ok();
            ip.is_some_and(|ip| eips.iter().any(|eip| eip.borrow().ips.contains(&ip)))
        };
        self.public_ips.iter().map(|text| &**text).filter(move |text| !is_explained(text))
    }

    /// Does it name more public addresses than these EIPs can explain? One whose address was not told may be any of those that are left.
    pub fn has_unexplained(&self, eips: &[impl Borrow<Eip>]) -> bool {
        self.unexplained(eips).count() > eips.iter().filter(|eip| (*eip).borrow().ips.is_empty()).count()
    }

    /// Addresses of a role.
    pub fn count(&self, role: super::address::AddressRole) -> usize {
        self.addresses.iter().filter(|address| address.role == role).count()
    }
}

impl NicSnapshot {
    /// Could something not be read that could be before?
    pub fn knows_less_than(&self, before: &Self) -> bool {
        let known = |seen: &Self| {
            let (linked, members) = (seen.nic.linked.is_some(), seen.nic.members.is_some());
            let addresses = seen.nic.addresses_known;
            [addresses, seen.eips_known, seen.backends_known, seen.floats_known, seen.instances_known, linked, members]
        };
        known(before).into_iter().zip(known(self)).any(|(before, now)| before && !now)
    }

    pub fn id(&self) -> &NicId {
        &self.nic.id
    }

    fn eips_on(&self, ip: Option<IpAddr>) -> BTreeSet<String> {
        self.eips
            .iter()
            .filter(|eip| ip.is_none_or(|ip| eip.is_on(&self.nic, ip) != Some(false)))
            // Whether it outlives its binding decides what a release does to it.
            .map(|eip| match eip.dies_unbound {
                Some(false) => eip.id.to_string(),
                Some(true) => format!("{} (dies unbound)", eip.id),
                None => format!("{} (dies unbound?)", eip.id),
            })
            .collect()
    }

    fn backends_on(&self, ip: Option<IpAddr>) -> BTreeSet<String> {
        self.backends
            .iter()
            .filter(|backend| ip.is_none_or(|ip| backend.ip_on(&self.nic) == Some(ip)))
            .map(|backend| format!("{} {}", backend.load_balancer, backend.port))
            .collect()
    }

    /// Everything public on the NIC: EIPs, and addresses that the NIC itself names.
    fn public(&self) -> BTreeSet<String> {
        let named = self.nic.public_ips.iter().map(ToString::to_string);
        self.eips_on(None).into_iter().chain(named).collect()
    }

    /// Public addresses that the NIC names and that no known EIP explains: whose they are is not known.
    fn unexplained(&self) -> BTreeSet<String> {
        self.nic.unexplained(&self.eips).map(str::to_owned).collect()
    }

    /// Load balancers that the instance serves through any address.
    fn serving(&self) -> BTreeSet<String> {
        let named = self.instance.iter().filter_map(|instance| instance.load_balancers.as_ref()).flatten();
        named.map(ToString::to_string).collect()
    }

    /// Did the instance name its load balancers, and does it not say now whether it has any?
    fn balancers_vanish(&self, now: &Self) -> bool {
        let named = |seen: &Self| seen.instance.as_ref().map(|instance| instance.load_balancers.is_some());
        (named(self), named(now)) == (Some(true), Some(false))
    }

    /// What differs in `now` in a way that matters to a write to `target`, by what the cloud's rules for such a write ask. Addresses,
    /// EIPs and backends that are only missing now do not: less hangs on the target, and an earlier write of the same plan may be why.
    pub fn changes(&self, now: &NicSnapshot, target: &Target, rules: &[Precondition]) -> Vec<Change> {
        let asks = |of: fn(Condition) -> bool| rules.iter().any(|rule| of(rule.condition));
        let mut changes = Vec::new();
        let mut compare = |fact: ChangedFact, before: String, now: String| {
            if before != now {
                changes.push(Change { fact, before, now });
            }
        };
        let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
        compare(ChangedFact::NicStatus, self.nic.status.word.to_string(), now.nic.status.word.to_string());
        compare(
            ChangedFact::NicInstance,
            text(self.nic.instance.as_ref().map(super::ids::InstanceId::as_str)),
            text(now.nic.instance.as_ref().map(super::ids::InstanceId::as_str)),
        );
        compare(ChangedFact::NicRole, role_word(&self.nic.role), role_word(&now.nic.role));
        // What was decided without the instance does not hang on what it turns out to be.
        let decided_without = self.instance.is_none() && !self.instances_known;
        if !decided_without && (self.asks_power(rules) || now.asks_power(rules)) {
            compare(
                ChangedFact::InstancePower,
                text(self.instance.as_ref().map(|instance| &*instance.power.word)),
                text(now.instance.as_ref().map(|instance| &*instance.power.word)),
            );
        }
        compare(ChangedFact::ManagedBy, managed_word(&self.nic.managed_by), managed_word(&now.nic.managed_by));
        let agent = if decided_without { self.agent() } else { now.agent() };
        compare(ChangedFact::Traits, self.traits(self.agent(), rules), now.traits(agent, rules));
        // What was known when the plan was made has to be known now: not being able to tell is never safe.
        let vanished = |then: bool, again: bool| then && !again;
        let missing: Vec<&str> = [
            ("addresses", vanished(self.nic.addresses_known, now.nic.addresses_known)),
            ("instances", vanished(self.instances_known, now.instances_known)),
            ("eips", vanished(self.eips_known, now.eips_known)),
            ("backends", vanished(self.backends_known, now.backends_known)),
            ("floats", vanished(self.floats_known, now.floats_known)),
            ("load balancers", asks(|one| one == Condition::InstanceNotBackend) && self.balancers_vanish(now)),
        ]
        .into_iter()
        .filter_map(|(name, lost)| lost.then_some(name))
        .collect();
        if !missing.is_empty() {
            compare(ChangedFact::Readable, "yes".to_owned(), format!("no: {}", missing.join(", ")));
        }
        match target {
            Target::Address(key) | Target::Eip { address: key, .. } => {
                let role = |snapshot: &NicSnapshot| {
                    snapshot.nic.addresses.iter().find(|address| address.ip == key.ip).map(|address| address.role)
                };
                // An address that is gone is not a change here: the caller reports it as already gone.
                if let (Some(before), Some(after)) = (role(self), role(now)) {
                    compare(ChangedFact::AddressRole, format!("{before:?}"), format!("{after:?}"));
                }
                let moved = appeared(ChangedFact::Eips, self.eips_on(Some(key.ip)), now.eips_on(Some(key.ip)));
                // Some clouds refuse for the whole NIC; and one that nobody names may be on this very address.
                let public = if asks(|one| one == Condition::NoEipOnNic) { Self::public } else { Self::unexplained };
                changes.extend(moved.or_else(|| appeared(ChangedFact::Eips, public(self), public(now))));
                let on = |snapshot: &NicSnapshot| snapshot.backends_on(Some(key.ip));
                let own = appeared(ChangedFact::Backends, on(self), on(now));
                let serves = || appeared(ChangedFact::Backends, self.serving(), now.serving());
                let serves = || serves().filter(|_| asks(|one| one == Condition::InstanceNotBackend));
                changes.extend(own.or_else(serves));
            }
            Target::Nic(_) => {
                changes.extend(appeared(ChangedFact::Eips, self.public(), now.public()));
                let own = appeared(ChangedFact::Backends, self.backends_on(None), now.backends_on(None));
                let serves = || appeared(ChangedFact::Backends, self.serving(), now.serving());
                let serves = || serves().filter(|_| asks(|one| one == Condition::InstanceNotBackend));
                changes.extend(own.or_else(serves));
                let known: BTreeSet<IpAddr> = self.nic.addresses.iter().map(|address| address.ip).collect();
                let new: BTreeSet<String> = now
                    .nic
                    .addresses
                    .iter()
                    .filter(|address| !known.contains(&address.ip))
                    .map(|address| address.ip.to_string())
                    .collect();
                let ranges = now.nic.prefixes.iter().filter(|range| !self.nic.prefixes.contains(range));
                let new = new.into_iter().chain(ranges.map(ToString::to_string)).collect();
                changes.extend(appeared(ChangedFact::NewAddresses, BTreeSet::new(), new));
            }
        }
        changes
    }

    /// A change if a detach would do something else to the NIC now than when the plan was made. The write may bring that about itself:
    /// it is asked of before its first request only. That it is told by now is none.
    pub fn fate_changes(&self, now: &NicSnapshot) -> Option<Change> {
        let (before, now) = (self.nic.dies_with_detach?, now.nic.dies_with_detach);
        let word = |fate: Option<Fate>| match fate {
            Some(Fate::Dies) => "yes",
            Some(Fate::Stays) => "no",
            Some(Fate::Untold) | None => "?",
        };
        let told = |fate| format!("deleted-with-detach {}", word(fate));
        let differs = Some(before) != now;
        differs.then(|| Change { fact: ChangedFact::Traits, before: told(Some(before)), now: told(now) })
    }

    /// Virtual addresses that stay on the NIC once these are released.
    fn staying(&self, ips: &[IpAddr]) -> Vec<String> {
        let stays =
            |address: &&super::address::Address| address.role == AddressRole::Virtual && !ips.contains(&address.ip);
        self.nic.addresses.iter().filter(stays).map(|address| address.ip.to_string()).collect()
    }

    /// A change if the release of these would now end the NIC's use of any address, and would not have before: somebody else took
    /// the other virtual addresses off meanwhile, say. What the plan told of it is about all addresses of the write together.
    pub fn check_returns(&self, now: &NicSnapshot, ips: &[IpAddr]) -> Option<Change> {
        let ends = |snapshot: &NicSnapshot| snapshot.nic.loses_any(|ip| ips.contains(&ip));
        let before = Some(self.staying(ips).join(", ")).filter(|ips| !ips.is_empty());
        let word = || "-".to_owned();
        (ends(now) && !ends(self)).then(|| Change {
            fact: ChangedFact::SourceCheck,
            before: before.unwrap_or_else(word),
            now: word(),
        })
    }

    /// A change if the NIC would have no further address of this role once these are gone, and would have had when the plan was made:
    /// somebody else took the others off meanwhile. What the plan itself takes is among `ips`.
    pub fn last_returns(&self, now: &NicSnapshot, ips: &[IpAddr], role: AddressRole) -> Option<Change> {
        let stays = |address: &&super::address::Address| address.role == role && !ips.contains(&address.ip);
        let left = |seen: &NicSnapshot| -> Vec<String> {
            let single = seen.nic.addresses.iter().filter(stays).map(|address| address.ip.to_string());
            // A range is more addresses of the plain kind.
            let ranges = seen.nic.prefixes.iter().filter(|_| role == AddressRole::Secondary);
            single.chain(ranges.map(ToString::to_string)).collect()
        };
        let before = left(self);
        (!before.is_empty() && left(now).is_empty()).then(|| Change {
            fact: ChangedFact::Secondaries,
            before: before.join(", "),
            now: "-".to_owned(),
        })
    }

    fn agent(&self) -> Option<bool> {
        self.instance.as_ref().and_then(|instance| instance.guest_agent)
    }

    /// Do these rules ask what state the instance is in?
    fn asks_power(&self, rules: &[Precondition]) -> bool {
        rules.iter().any(|rule| match rule.condition {
            Condition::InstanceState { primary_nic_only, .. } => {
                !primary_nic_only || self.nic.role != NicRole::Secondary
            }
            Condition::HotPlug => self.nic.hot_plug != Some(true),
            _ => false,
        })
    }

    /// Those that these rules ask.
    fn traits(&self, agent: Option<bool>, rules: &[Precondition]) -> String {
        let word = |value: Option<bool>| match value {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        };
        let nic = &self.nic;
        let all = rules.iter().filter_map(|rule| match rule.condition {
            Condition::NotLinked => Some(("linked", nic.linked)),
            Condition::NoMembers | Condition::CarriesNone => Some(("members", nic.members)),
            Condition::HotPlug => Some(("hot-plug", nic.hot_plug)),
            Condition::GuestAgentRuns => Some(("agent", agent)),
            _ => None,
        });
        all.map(|(name, value)| format!("{name} {}", word(value))).collect::<Vec<_>>().join(", ")
    }
}

/// A change if there is something now that was not there before.
fn appeared(fact: ChangedFact, before: BTreeSet<String>, now: BTreeSet<String>) -> Option<Change> {
    let list = |set: BTreeSet<String>| {
        if set.is_empty() { "-".to_owned() } else { set.into_iter().collect::<Vec<_>>().join(", ") }
    };
    (!now.is_subset(&before)).then(|| Change { fact, before: list(before), now: list(now) })
}

fn role_word(role: &NicRole) -> String {
    match role {
        NicRole::Primary => "primary".to_owned(),
        NicRole::Secondary => "secondary".to_owned(),
        NicRole::Other(word) => word.to_string(),
    }
}

fn managed_word(managed: &ManagedBy) -> String {
    match managed {
        ManagedBy::Nobody => "-".to_owned(),
        ManagedBy::Service(who) | ManagedBy::Controller(who) => who.to_string(),
        ManagedBy::Unknown => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests;
