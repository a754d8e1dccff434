//! May this write be made? For writes that no plan of releases asks for: putting addresses on, attaching, binding an EIP, deleting.
//! Where one takes a release or a detach back, this says whether that is possible, and if not, what is in the way.

use std::net::IpAddr;

use crate::domain::{
    address::{AddressRole, EipBinding},
    capabilities::{Capabilities, Condition},
    finding::{Finding, FindingId, Severity},
    ids::{EipId, InstanceId},
    instance::Instance,
    inventory::ProfileInventory,
    nic::{ManagedBy, Nic, NicState, TypeLimit},
    plan::OperationKind,
};

use super::{Answer, Asked, Context, describe, facts::Facts, nic, not_listed, weigh};

type Values = Vec<(&'static str, String)>;

/// A NIC, what is around it, and what is to be done to it.
struct Asking<'a> {
    part: &'a ProfileInventory,
    facts: Facts<'a>,
    kind: &'a OperationKind,
}

/// Everything the rules say about the write, worst first, and in the cloud's order within a severity. Releases and detaches are
/// judged by [`super::findings`].
pub fn findings(part: &ProfileInventory, capabilities: &Capabilities, kind: &OperationKind) -> Vec<Finding> {
    let Some(nic) = part.nic(kind.nic()) else {
        return vec![not_listed(kind.nic(), None, super::code(capabilities.rules_of(kind), Condition::NicExists))];
    };
    findings_on(part, nic, capabilities, kind)
}

/// The same, on the NIC as it will be: writes that come before this one may change it.
pub(super) fn findings_on(
    part: &ProfileInventory,
    nic: &Nic,
    capabilities: &Capabilities,
    kind: &OperationKind,
) -> Vec<Finding> {
    let rules = capabilities.rules_of(kind);
    let mut facts = Facts::of(part, nic);
    if let OperationKind::Attach { instance, .. } = kind {
        // The one that it is to be on.
        facts.instance = part.instance(instance);
    }
    let asking = Asking { part, facts, kind };
    let mut found: Vec<Finding> = Vec::new();
    for rule in rules {
        let (answer, values) = asking.ask(rule.condition);
        let Some(verdict) = weigh(answer, rule) else { continue };
        match found.iter_mut().find(|same| same.id == verdict.id) {
            Some(same) => {
                same.severity = same.severity.max(verdict.severity);
                same.predicts = same.predicts.or(verdict.predicts);
            }
            None => found.push(Finding {
                id: verdict.id,
                severity: verdict.severity,
                values: values.unwrap_or_else(|| {
                    describe::values(&asking.facts, rules, Asked::Nic, Context::default(), verdict.id)
                }),
                predicts: verdict.predicts,
                read_at: asking.facts.age_of(verdict.id),
            }),
        }
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// Nothing is in the way, as far as can be told.
pub fn is_possible(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity < Severity::Unknown)
}

impl<'a> Asking<'a> {
    fn nic(&self) -> &'a Nic {
        self.facts.nic
    }

    /// The addresses that are to be put on the NIC, or the one that an EIP is to be bound to.
    fn ips(&self) -> &[IpAddr] {
        match self.kind {
            OperationKind::Assign { ips, .. } => ips,
            OperationKind::BindEip { ip, .. } => std::slice::from_ref(ip),
            _ => &[],
        }
    }

    fn has_lists(&self) -> bool {
        matches!(self.kind, OperationKind::Assign { lists, .. } if !lists.is_empty())
    }

    fn instance(&self) -> Option<&'a InstanceId> {
        match self.kind {
            OperationKind::Attach { .. } => self.facts.instance.map(|instance| &instance.id),
            _ => self.nic().instance.as_ref(),
        }
    }

    fn limit(&self) -> Option<&'a TypeLimit> {
        self.part.limit(self.facts.instance?.kind.as_deref()?)
    }

    fn nics_on(&self, instance: &InstanceId) -> impl Iterator<Item = &'a Nic> {
        let part = self.part;
        part.nics_of(instance).iter().filter_map(move |&slot| part.nic_at(slot))
    }

    /// NICs that are on something that the cloud does not name, and may be on the instance.
    fn hidden(&self) -> usize {
        let near = |other: &Nic| other.region == self.nic().region && other.vpc == self.nic().vpc;
        let hides = |other: &Nic| {
            let whose = matches!(other.managed_by, ManagedBy::Service(_) | ManagedBy::Unknown);
            other.instance.is_none() && other.status.state != NicState::Free && whose
        };
        self.part.nics().filter(|(_, other)| other.id != self.nic().id && near(other) && hides(other)).count()
    }

    /// The answer, and what is to be said of it where the usual values of the finding do not.
    fn ask(&self, condition: Condition) -> (Answer, Option<Values>) {
        let nic = self.nic();
        let told = |id, values: Values| (Answer::Violated(id), Some(values));
        let holds = (Answer::Holds, None);
        let of_nic = || ("nic", nic.id.to_string());
        match condition {
            // What was on the NIC by recorded lists is put back by them: that needs no server.
            Condition::NicState { .. } if nic.status.state == NicState::Free && self.has_lists() => holds,
            Condition::OnNic => {
                let missing = self.ips().iter().find(|ip| nic.addresses.iter().all(|address| address.ip != **ip));
                missing.map_or(holds, |ip| told(FindingId::NotListed, vec![of_nic(), ("ip", ip.to_string())]))
            }
            Condition::NotOnNic => {
                let there = self.ips().iter().find(|ip| nic.addresses.iter().any(|address| address.ip == **ip));
                there.map_or(holds, |ip| told(FindingId::AddressTaken, vec![of_nic(), ("ip", ip.to_string())]))
            }
            Condition::AddressFree { floating } => {
                let taken = self.ips().iter().find_map(|&ip| Some((ip, self.holder(ip, floating)?)));
                taken.map_or((Answer::Holds, None), |(ip, who)| {
                    told(FindingId::AddressTaken, vec![("nic", who.to_owned()), ("ip", ip.to_string())])
                })
            }
            Condition::AddressRoom { free, attached } => self.room(free, attached),
            Condition::NotVirtual => {
                let role =
                    |ip: IpAddr| nic.addresses.iter().find(|address| address.ip == ip).map(|address| address.role);
                let floats = self.ips().iter().find(|ip| role(**ip) == Some(AddressRole::Virtual));
                let values = |ip: &IpAddr| vec![of_nic(), ("ip", ip.to_string()), ("kind", "virtual".to_owned())];
                floats.map_or(holds, |ip| told(FindingId::AddressKind, values(ip)))
            }
            Condition::NicFree => match &nic.instance {
                Some(instance) => told(FindingId::NicAttached, vec![of_nic(), ("instance", instance.to_string())]),
                None => holds,
            },
            Condition::InstanceExists => match self.kind {
                OperationKind::Attach { instance, .. } if self.facts.instance.is_none() => {
                    told(FindingId::InstanceGone, vec![of_nic(), ("instance", instance.to_string())])
                }
                _ => holds,
            },
            Condition::SamePlace => self.facts.instance.map_or((Answer::Holds, None), |target| self.place(target)),
            Condition::SameVpc => {
                let vpc = self.instance().and_then(|target| self.nics_on(target).find_map(|nic| nic.vpc.clone()));
                self.apart(FindingId::OtherVpc, nic.vpc.as_deref(), vpc.as_deref())
            }
            Condition::NicRoom { most } => {
                let Some(target) = self.instance() else { return holds };
                let Some(most) = self.limit().and_then(|limit| limit.nics).or(most) else { return holds };
                let count = self.nics_on(target).count();
                let hidden = if count < most as usize { self.hidden() } else { 0 };
                let values = || {
                    let counts = [("count", count), ("most", most as usize), ("hidden", hidden)];
                    let counts = counts.map(|(name, count)| (name, count.to_string()));
                    std::iter::once(("instance", target.to_string())).chain(counts).collect()
                };
                if count >= most as usize {
                    told(FindingId::InstanceFull, values())
                } else if count + hidden >= most as usize {
                    (Answer::CanNotTell(FindingId::InstanceFullUnknown), Some(values()))
                } else {
                    holds
                }
            }
            Condition::EipExists => match self.eip() {
                Some(id) if self.part.eip(id).is_none() => told(FindingId::EipGone, vec![("eip_id", id.to_string())]),
                _ => holds,
            },
            Condition::EipFree => match self.eip().and_then(|id| self.part.eip(id)) {
                Some(eip) if eip.bound != EipBinding::Unbound => {
                    told(FindingId::EipInUse, vec![("eip_id", eip.id.to_string())])
                }
                _ => holds,
            },
            Condition::NoEipOnAddress => {
                let ip = self.ips().first().copied();
                let on = self.facts.eips.iter().find(|eip| ip.is_some_and(|ip| eip.is_on(nic, ip) == Some(true)));
                match (on, ip) {
                    (Some(eip), Some(ip)) => {
                        let public = eip.ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                        let id = eip.id.to_string();
                        let values = vec![of_nic(), ("ip", ip.to_string()), ("eip", public), ("eip_id", id)];
                        told(FindingId::EipAttached, values)
                    }
                    _ => (nic::no_more_eips(&self.facts), None),
                }
            }
            Condition::VirtualNotManaged => {
                let owned = self.facts.floats.iter().find(|float| float.owner.is_some());
                owned.map_or(holds, |float| {
                    let who = float.owner.as_deref().unwrap_or("?").to_owned();
                    told(
                        FindingId::VipManaged,
                        vec![of_nic(), ("ip", float.ip.to_string()), ("vip", float.id.to_string()), ("who", who)],
                    )
                })
            }
            // No instance, no state of it: that it is not there is told by itself.
            Condition::InstanceState { .. } | Condition::GuestAgentRuns | Condition::HotPlug
                if matches!(self.kind, OperationKind::Attach { .. }) && self.facts.instance.is_none() =>
            {
                holds
            }
            _ if matches!(self.kind, OperationKind::Delete { .. }) => self.ask_of_the_deleted(condition),
            condition => (nic::ask_any(&self.facts, condition), None),
        }
    }

    /// What goes with a NIC that is deleted: what leaves with one that is detached, and does not come back.
    fn ask_of_the_deleted(&self, condition: Condition) -> (Answer, Option<Values>) {
        let dies = |dies: Option<bool>| self.facts.eips.iter().any(|eip| eip.dies_unbound == dies);
        let answer = match condition {
            Condition::NoEipOnNic if dies(Some(true)) => Answer::Violated(FindingId::EipDestroyed),
            Condition::NoEipOnNic if dies(None) => Answer::CanNotTell(FindingId::EipFateUnknown),
            Condition::VirtualShared => return self.answered_for(),
            condition => nic::ask(&self.facts, condition, Context::default()),
        };
        let (Answer::Violated(id) | Answer::CanNotTell(id)) = answer else { return (answer, None) };
        let mut values = describe::values(&self.facts, &[], Asked::Nic, Context::default(), id);
        // Nothing to name is told in other words.
        if matches!(condition, Condition::NoEipOnNic | Condition::NotBackend | Condition::AddressesLeave)
            && values.iter().all(|(name, _)| *name != "case")
            && !values.is_empty()
        {
            values.push(("case", "delete".to_owned()));
        }
        (answer, Some(values))
    }

    /// Is what looks like a NIC an address that others answer for?
    fn answered_for(&self) -> (Answer, Option<Values>) {
        let own = self.nic();
        let bound = |other: &Nic| self.part.floats_of(other).iter().any(|float| *float.id == *own.id.as_str());
        match self.part.nics().filter(|(_, other)| bound(other)).count() {
            0 if self.facts.floats_known => (Answer::Holds, None),
            0 => (Answer::CanNotTell(FindingId::VipUnknown), None),
            count => {
                let ip = own.primary_ip().map(|ip| ip.to_string()).unwrap_or_default();
                let case = ("case", "delete".to_owned());
                let id = own.id.to_string();
                let values = vec![("nic", id.clone()), ("count", count.to_string()), ("vip", id), ("ip", ip), case];
                (Answer::Violated(FindingId::VipShared), Some(values))
            }
        }
    }

    fn eip(&self) -> Option<&'a EipId> {
        match self.kind {
            OperationKind::BindEip { eip, .. } => Some(eip),
            _ => None,
        }
    }

    /// What has the address in the subnet: another NIC, or something else.
    fn holder(&self, ip: IpAddr, floating: bool) -> Option<&'a str> {
        let (nic, part) = (self.nic(), self.part);
        let has = |other: &Nic| {
            other.addresses.iter().any(|one| one.ip == ip && (!floating || one.role != AddressRole::Virtual))
        };
        let near = |other: &Nic| other.id != nic.id && other.region == nic.region && other.subnet == nic.subnet;
        let other = part.nics().map(|(_, other)| other).find(|other| near(other) && has(other));
        other.map(|other| other.id.as_str()).or_else(|| part.taken_near(nic, ip).map(|by| &**by))
    }

    /// Is there room for so many more addresses (or on the instance for those the NIC has)?
    fn room(&self, free: Option<u32>, attached: Option<u32>) -> (Answer, Option<Values>) {
        let on_instance = self.facts.instance.is_some();
        let limit = || self.limit().and_then(|limit| limit.addresses_per_nic);
        let most = if on_instance { limit().or(attached) } else { free };
        let held = self.nic().addresses.iter().filter(|address| address.role != AddressRole::Ipv6).count();
        let count = held + if matches!(self.kind, OperationKind::Assign { .. }) { self.ips().len() } else { 0 };
        match most {
            Some(most) if count > most as usize => {
                let counts = [("count", count.to_string()), ("most", most.to_string())];
                let values = std::iter::once(("nic", self.nic().id.to_string())).chain(counts).collect();
                (Answer::Violated(FindingId::NicFull), Some(values))
            }
            _ => (Answer::Holds, None),
        }
    }

    fn place(&self, target: &Instance) -> (Answer, Option<Values>) {
        if target.region == self.nic().region {
            self.apart(FindingId::OtherPlace, self.nic().zone.as_deref(), target.zone.as_deref())
        } else {
            self.apart(FindingId::OtherPlace, Some(self.nic().region.as_str()), Some(target.region.as_str()))
        }
    }

    /// What is not known can not differ.
    fn apart(&self, id: FindingId, own: Option<&str>, its: Option<&str>) -> (Answer, Option<Values>) {
        match (own, its) {
            (Some(own), Some(its)) if own != its => {
                let instance = self.instance().map(ToString::to_string).unwrap_or_default();
                let values = vec![
                    ("nic", self.nic().id.to_string()),
                    ("instance", instance),
                    ("here", own.to_owned()),
                    ("there", its.to_owned()),
                ];
                (Answer::Violated(id), Some(values))
            }
            _ => (Answer::Holds, None),
        }
    }
}
