//! What a plan is known by: a digest of all that decides what is sent.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::domain::{
    address::{BackendTarget, EipBinding},
    float::Pair,
    ids::InstanceId,
    nic::{Fate, ManagedBy, Nic, NicRole},
    snapshot::NicSnapshot,
};

use super::{Calls, Keeper, Operation, OperationKind, Override};

/// SHA-256 over everything that decides what is sent; people see the first six digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanHash([u8; 32]);

impl PlanHash {
    /// Of what is sent, in order, of the facts it was decided on, and of why what is not known is sent. Names and times do not count.
    pub fn of(operations: &[Operation]) -> Self {
        hash(operations)
    }

    /// The first six hex digits.
    pub fn short(&self) -> String {
        self.to_string()[..6].to_owned()
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanHash({self})")
    }
}

/// A digest of parts. Every part is written with its length, so that no two lists of parts give the same bytes.
struct Canonical(Sha256);

impl Canonical {
    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_be_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        self.number(usize::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn flag(&mut self, flag: Option<bool>) {
        self.number(flag.map_or(2, usize::from));
    }

    fn list(&mut self, mut texts: Vec<String>) {
        texts.sort_unstable();
        self.number(texts.len());
        for text in texts {
            self.text(&text);
        }
    }
}

fn hash(operations: &[Operation]) -> PlanHash {
    let mut digest = Canonical(Sha256::new());
    digest.text("nicdeck plan 2");
    digest.number(operations.len());
    for operation in operations {
        digest.text(operation.profile.as_str());
        digest.text(operation.cloud.as_str());
        digest.text(operation.region.as_str());
        digest.number(operation.after.len());
        for id in &operation.after {
            digest.number(id.0 as usize);
        }
        // Of most writes there is none of these. What follows without them is none of these words.
        if !operation.shares.is_empty() {
            digest.text("shares");
            digest.list(operation.shares.iter().map(ToString::to_string).collect());
        }
        if !operation.keepers.is_empty() {
            digest.text("keepers");
            digest.number(operation.keepers.len());
            for Keeper { float, ip, nic } in &operation.keepers {
                digest.text(float);
                digest.text(&ip.to_string());
                digest.text(nic.id.as_str());
            }
        }
        match &operation.kind {
            OperationKind::Release { nic, ips } => {
                digest.text("release");
                digest.text(nic.as_str());
                digest.number(ips.len());
                for ip in ips {
                    digest.text(&ip.to_string());
                }
            }
            OperationKind::Detach { nic, instance } => {
                digest.text("detach");
                digest.text(nic.as_str());
                digest.text(instance.as_str());
            }
            OperationKind::Assign { nic, ips, lists } => {
                digest.text("assign");
                digest.text(nic.as_str());
                digest.number(ips.len());
                for ip in ips {
                    digest.text(&ip.to_string());
                }
                digest.number(lists.len());
                for list in lists {
                    digest.text(&list.of);
                    digest.list(list.pairs.iter().map(|pair| format!("{} {:?}", pair.ip, pair.mac)).collect());
                }
            }
            OperationKind::Attach { nic, instance } => {
                digest.text("attach");
                digest.text(nic.as_str());
                digest.text(instance.as_str());
            }
            OperationKind::BindEip { nic, eip, ip } => {
                digest.text("bind-eip");
                digest.text(nic.as_str());
                digest.text(eip.as_str());
                digest.text(&ip.to_string());
            }
            OperationKind::Delete { nic } => {
                digest.text("delete");
                digest.text(nic.as_str());
            }
        }
        let Calls { names, more } = &operation.calls;
        digest.number(names.len());
        for name in names {
            digest.text(name);
        }
        digest.flag(Some(*more));
        // What stays on the NIC is judged by it.
        digest.list(operation.taken.iter().map(ToString::to_string).collect());
        facts(&mut digest, &operation.expect);
        if let Some(instance) = &operation.onto {
            digest.text("onto");
            digest.text(instance.id.as_str());
            digest.text(instance.region.as_str());
            for place in [&instance.zone, &instance.vpc, &instance.kind] {
                digest.text(place.as_deref().unwrap_or_default());
            }
            digest.text(&format!("{:?} {}", instance.power.state, instance.power.word));
            digest.flag(instance.guest_agent);
        }
        digest.number(operation.overrides.len());
        for Override { target, findings, reason } in &operation.overrides {
            digest.text(&target.ip().map_or_else(|| "nic".to_owned(), |ip| ip.to_string()));
            digest.list(findings.iter().map(|id| id.as_str().to_owned()).collect());
            digest.text(reason);
        }
    }
    PlanHash(digest.0.finalize().into())
}

/// The facts that rules read, and nothing else. That they are of the NIC that is written to the plan has made sure of.
fn facts(digest: &mut Canonical, snapshot: &NicSnapshot) {
    let Nic {
        role,
        status,
        instance,
        addresses,
        public_ips,
        prefixes,
        managed_by,
        linked,
        members,
        hot_plug,
        dies_with_detach,
        ..
    } = &snapshot.nic;
    match role {
        NicRole::Primary => digest.option(Some("")),
        NicRole::Secondary => digest.option(None),
        NicRole::Other(word) => digest.option(Some(word)),
    }
    digest.text(&status.word);
    digest.option(instance.as_ref().map(InstanceId::as_str));
    // The order is the cloud's; the first address of a role has no meaning of its own.
    digest.list(addresses.iter().map(|address| format!("{:?} {}", address.role, address.ip)).collect());
    digest.list(public_ips.iter().map(ToString::to_string).collect());
    let (kind, who) = match managed_by {
        ManagedBy::Nobody => (0, ""),
        ManagedBy::Service(who) => (1, &**who),
        ManagedBy::Controller(who) => (2, &**who),
        ManagedBy::Unknown => (3, ""),
    };
    digest.number(kind);
    digest.text(who);
    digest.flag(*linked);
    digest.flag(*hot_plug);
    // Most clouds never tell. What follows without it does not begin with a text of this length.
    if dies_with_detach.is_some() {
        digest.text("dies");
        digest.flag(match dies_with_detach {
            Some(Fate::Dies) => Some(true),
            Some(Fate::Stays) => Some(false),
            Some(Fate::Untold) | None => None,
        });
    }
    if *members == Some(true) || !prefixes.is_empty() {
        digest.text("members");
        digest.flag(*members);
        digest.list(prefixes.iter().map(ToString::to_string).collect());
    }
    // Nearly always known; of words of this length nothing else begins here.
    if !snapshot.nic.addresses_known {
        digest.text("addresses untold");
    }
    digest.option(snapshot.instance.as_ref().map(|instance| &*instance.power.word));
    digest.flag(snapshot.instance.as_ref().and_then(|instance| instance.guest_agent));
    let balancers = snapshot.instance.iter().filter_map(|instance| instance.load_balancers.as_ref()).flatten();
    digest.list(balancers.map(ToString::to_string).collect());
    let eips = snapshot.eips.iter().map(|eip| {
        let bound = match &eip.bound {
            EipBinding::Unbound => "unbound".to_owned(),
            EipBinding::Nic { private_ip, .. } => format!("nic {private_ip:?}"),
            EipBinding::Instance { private_ip, .. } => format!("instance {private_ip:?}"),
            EipBinding::Float { ip, .. } => format!("float {ip}"),
            EipBinding::Elsewhere => "elsewhere".to_owned(),
        };
        let mut text = format!("{bound} {:?} {}", eip.ips.first(), eip.id);
        text.extend(eip.ips.iter().skip(1).map(|ip| format!(" {ip}")));
        let told = eip.dies_unbound != Some(false);
        text.extend(told.then(|| format!(" dies {:?}", eip.dies_unbound)));
        text
    });
    digest.list(eips.collect());
    let backends = snapshot.backends.iter().map(|backend| {
        let target = match &backend.target {
            BackendTarget::Address { ip, .. } => ip.to_string(),
            BackendTarget::Instance(_) => "instance".to_owned(),
        };
        let mut text = format!("{target} {} {}", backend.port, backend.load_balancer);
        // Nearly always the NIC's own, which is the cloud's to tell.
        let is_own = backend.range.is_none() && (backend.vpc.is_none() || backend.vpc == snapshot.nic.vpc);
        text.extend((!is_own).then(|| format!(" in {:?} {:?}", backend.vpc, backend.range)));
        text
    });
    digest.list(backends.collect());
    let pair = |pair: &Pair| format!("{} {:?}", pair.ip, pair.mac);
    digest.list(snapshot.nic.pairs.iter().map(pair).collect());
    digest.number(snapshot.floats.len());
    for float in &snapshot.floats {
        digest.text(&float.id);
        digest.text(&float.ip.to_string());
        digest.option(float.owner.as_deref());
        digest.list(float.pairs.iter().map(pair).collect());
    }
    for known in [snapshot.eips_known, snapshot.backends_known, snapshot.floats_known, snapshot.instances_known] {
        digest.flag(Some(known));
    }
}
