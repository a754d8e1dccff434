//! All facts that rules read about one NIC, at one moment; and what differs between two such moments.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    address::{Backend, BackendTarget, Eip, EipBinding},
    ids::NicId,
    instance::Instance,
    nic::{ManagedBy, Nic, NicRole},
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
    /// Whether EIPs were read at all; an empty list means "none" only then.
    pub eips_known: bool,
    pub backends_known: bool,
    pub instances_known: bool,
    pub read_at: Timestamp,
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
                        (Some(_), None) => false,
                        (None, _) => true,
                    }
                    && match (&self.vpc, &nic.vpc) {
                        (Some(a), Some(b)) => a == b,
                        _ => true,
                    }
            }
            BackendTarget::Instance(instance) => {
                nic.role == NicRole::Primary && nic.instance.as_ref() == Some(instance)
            }
        }
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

    /// Addresses of a role.
    pub fn count(&self, role: super::address::AddressRole) -> usize {
        self.addresses.iter().filter(|address| address.role == role).count()
    }
}

impl NicSnapshot {
    pub fn id(&self) -> &NicId {
        &self.nic.id
    }

    fn eips_on(&self, ip: Option<IpAddr>) -> BTreeSet<String> {
        self.eips
            .iter()
            .filter(|eip| ip.is_none_or(|ip| eip.is_on(&self.nic, ip) != Some(false)))
            .map(|eip| eip.id.to_string())
            .collect()
    }

    fn backends_on(&self, ip: Option<IpAddr>) -> BTreeSet<String> {
        self.backends
            .iter()
            .filter(|backend| ip.is_none_or(|ip| backend.ip_on(&self.nic) == Some(ip)))
            .map(|backend| format!("{} {}", backend.load_balancer, backend.port))
            .collect()
    }

    /// What differs in `now` in a way that matters to a write to `target`. Addresses that are only missing now do not:
    /// the write's own answer, or an earlier write of the same plan, explains those.
    pub fn changes(&self, now: &NicSnapshot, target: &Target) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut compare = |fact: ChangedFact, before: String, now: String| {
            if before != now {
                changes.push(Change { fact, before, now });
            }
        };
        let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
        let list = |set: BTreeSet<String>| {
            if set.is_empty() { "-".to_owned() } else { set.into_iter().collect::<Vec<_>>().join(", ") }
        };
        compare(ChangedFact::NicStatus, self.nic.status.word.to_string(), now.nic.status.word.to_string());
        compare(
            ChangedFact::NicInstance,
            text(self.nic.instance.as_ref().map(super::ids::InstanceId::as_str)),
            text(now.nic.instance.as_ref().map(super::ids::InstanceId::as_str)),
        );
        compare(ChangedFact::NicRole, role_word(&self.nic.role), role_word(&now.nic.role));
        compare(
            ChangedFact::InstancePower,
            text(self.instance.as_ref().map(|instance| &*instance.power.word)),
            text(now.instance.as_ref().map(|instance| &*instance.power.word)),
        );
        compare(ChangedFact::ManagedBy, managed_word(&self.nic.managed_by), managed_word(&now.nic.managed_by));
        compare(ChangedFact::Traits, self.traits(), now.traits());
        // What was known when the plan was made has to be known now: not being able to tell is never safe.
        let vanished = |then: bool, again: bool| then && !again;
        let missing: Vec<&str> = [
            ("instances", vanished(self.instances_known, now.instances_known)),
            ("eips", vanished(self.eips_known, now.eips_known)),
            ("backends", vanished(self.backends_known, now.backends_known)),
        ]
        .into_iter()
        .filter_map(|(name, lost)| lost.then_some(name))
        .collect();
        if !missing.is_empty() {
            compare(ChangedFact::Readable, "yes".to_owned(), format!("no: {}", missing.join(", ")));
        }
        match target {
            Target::Address(key) => {
                let role = |snapshot: &NicSnapshot| {
                    snapshot.nic.addresses.iter().find(|address| address.ip == key.ip).map(|address| address.role)
                };
                // An address that is gone is not a change here: the caller reports it as already gone.
                if let (Some(before), Some(after)) = (role(self), role(now)) {
                    compare(ChangedFact::AddressRole, format!("{before:?}"), format!("{after:?}"));
                }
                // An EIP anywhere on the NIC can matter: some clouds refuse for the whole NIC.
                // And one that is still there may have moved.
                let place = |snapshot: &NicSnapshot, again: &NicSnapshot| {
                    let all = snapshot.eips_on(None);
                    list(if all == again.eips_on(None) { snapshot.eips_on(Some(key.ip)) } else { all })
                };
                compare(ChangedFact::Eips, place(self, now), place(now, self));
                compare(
                    ChangedFact::Backends,
                    list(self.backends_on(Some(key.ip))),
                    list(now.backends_on(Some(key.ip))),
                );
            }
            Target::Nic(_) => {
                compare(ChangedFact::Eips, list(self.eips_on(None)), list(now.eips_on(None)));
                compare(ChangedFact::Backends, list(self.backends_on(None)), list(now.backends_on(None)));
                let known: BTreeSet<IpAddr> = self.nic.addresses.iter().map(|address| address.ip).collect();
                let new: BTreeSet<String> = now
                    .nic
                    .addresses
                    .iter()
                    .filter(|address| !known.contains(&address.ip))
                    .map(|address| address.ip.to_string())
                    .collect();
                compare(ChangedFact::NewAddresses, "-".to_owned(), list(new));
            }
        }
        changes
    }

    fn traits(&self) -> String {
        let word = |value: Option<bool>| match value {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        };
        format!(
            "linked {}, hot-plug {}, agent {}",
            word(self.nic.linked),
            word(self.nic.hot_plug),
            word(self.instance.as_ref().and_then(|instance| instance.guest_agent))
        )
    }
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
