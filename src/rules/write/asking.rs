//! What each condition says of a write, with the NIC as it is and all that is known around it.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use crate::{
    domain::{
        address::{AddressRole, EipBinding},
        capabilities::Condition,
        finding::FindingId,
        ids::{EipId, InstanceId, RegionId},
        instance::Instance,
        inventory::ProfileInventory,
        nic::{ManagedBy, Nic, NicState, TypeLimit},
        page::Resource,
        plan::OperationKind,
        time::Timestamp,
    },
    rules::{
        Answer, Asked, Context, describe,
        facts::{Facts, oldest},
        near::Near,
        nic,
    },
};

use super::given;

type Values = Vec<(&'static str, String)>;

/// A NIC, what is around it, and what is to be done to it.
pub(super) struct Asking<'a> {
    pub part: &'a ProfileInventory,
    pub facts: Facts<'a>,
    pub kind: &'a OperationKind,
    /// Who has the addresses that it is about.
    pub near: &'a Near<'a>,
}

impl<'a> Asking<'a> {
    /// When what a rule asked was read, the oldest of it: beside the NIC these rules ask whole lists.
    pub fn age(&self, condition: Condition, id: FindingId) -> Option<Timestamp> {
        let listed = |resource| self.facts.listed_at(resource);
        let with_nic = |at: Option<Option<Timestamp>>| oldest(std::iter::once(self.facts.read_at).chain(at));
        match condition {
            Condition::AddressFree { .. } => listed(Resource::Nics),
            Condition::SameSubnet | Condition::AloneByV6 | Condition::FewVirtuals { .. } => {
                oldest([listed(Resource::Nics), listed(Resource::Floats)])
            }
            Condition::EipExists => listed(Resource::Eips),
            Condition::EipFree => {
                let nics = self.is_untold_eip().then(|| listed(Resource::Nics));
                oldest(std::iter::once(listed(Resource::Eips)).chain(nics))
            }
            Condition::InstanceExists | Condition::InstanceState { .. } | Condition::GuestAgentRuns
                if matches!(self.kind, OperationKind::Attach { .. }) =>
            {
                listed(Resource::Instances)
            }
            Condition::HotPlug | Condition::TypeHotPlugs if matches!(self.kind, OperationKind::Attach { .. }) => {
                with_nic(Some(listed(Resource::Instances)))
            }
            Condition::SamePlace { .. } | Condition::SameVpc => with_nic(Some(listed(Resource::Instances))),
            Condition::NicRoom { .. } => oldest([listed(Resource::Nics), listed(Resource::Instances)]),
            Condition::AddressRoom { .. } => {
                with_nic(self.facts.instance.is_some().then(|| listed(Resource::Instances)))
            }
            Condition::VirtualShared => oldest([self.facts.age_of(id), listed(Resource::Nics)]),
            Condition::NoEipOnVirtual => oldest([self.facts.age_of(id), listed(Resource::Floats)]),
            _ => self.facts.age_of(id),
        }
    }

    /// Is the EIP none that is listed, so that any NIC's may be it?
    fn is_untold_eip(&self) -> bool {
        self.eip().is_some_and(|id| self.part.eip(id).is_none())
    }

    fn nic(&self) -> &'a Nic {
        self.facts.nic
    }

    /// The addresses that are to be put on the NIC, or the one that an EIP is to be bound to.
    fn ips(&self) -> &[IpAddr] {
        given(self.kind)
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

    /// Is the NIC on the very instance that it is to be put on?
    fn is_on_it(&self) -> bool {
        let OperationKind::Attach { instance, .. } = self.kind else { return false };
        self.nic().instance.as_ref() == Some(instance) && self.nic().status.state == NicState::Attached
    }

    fn there(&self) -> Values {
        let on = self.nic().instance.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![("nic", self.nic().id.to_string()), ("instance", on), ("case", "attach".to_owned())]
    }

    fn limit(&self) -> Option<&'a TypeLimit> {
        self.part.limit(self.facts.instance?.kind.as_deref()?)
    }

    fn nics_on(&self, instance: &InstanceId) -> impl Iterator<Item = &'a Nic> {
        let part = self.part;
        part.nics_of(instance).iter().filter_map(move |&slot| part.nic_at(slot))
    }

    fn vpc(&self) -> Option<Arc<str>> {
        self.vpc_of(self.nic())
    }

    /// A NIC's VPC: as it says, or as any instance with a NIC in the same subnet says.
    fn vpc_of(&self, nic: &Nic) -> Option<Arc<str>> {
        let near = |other: &Nic| nic.subnet.is_some() && other.subnet == nic.subnet && other.region == nic.region;
        let told = |other: &Nic| {
            let instance = || self.part.instance(other.instance.as_ref()?)?.vpc.clone();
            other.vpc.clone().or_else(instance)
        };
        nic.vpc.clone().or_else(|| self.part.nics().filter(|(_, other)| near(other)).find_map(|(_, other)| told(other)))
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
    pub fn ask(&self, condition: Condition) -> (Answer, Option<Values>) {
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
                let values = |ip: &IpAddr| vec![of_nic(), ("ip", ip.to_string())];
                match (there, self.ips().first()) {
                    (Some(ip), _) => told(FindingId::AlreadyThere, values(ip)),
                    (None, Some(ip)) if !nic.addresses_known => {
                        (Answer::CanNotTell(FindingId::AddressTaken), Some(untold(values(ip))))
                    }
                    (None, _) => holds,
                }
            }
            Condition::AddressFree { floating } => {
                let taken = self.ips().iter().find_map(|&ip| Some((ip, self.holder(ip, floating)?)));
                match (taken, self.ips().first()) {
                    (Some((ip, who)), _) => {
                        told(FindingId::AddressTaken, vec![("nic", who.to_owned()), ("ip", ip.to_string())])
                    }
                    // Nobody who is listed has it: that is nobody only where all are.
                    (None, Some(ip)) if !self.is_listed(Resource::Nics) || self.may_be_near(self.ips()) => {
                        let values = vec![of_nic(), ("ip", ip.to_string())];
                        (Answer::CanNotTell(FindingId::AddressTaken), Some(untold(values)))
                    }
                    (None, _) => holds,
                }
            }
            Condition::AddressRoom { free, attached } => self.room(free, attached),
            Condition::SameSubnet => self.in_subnet(),
            Condition::AloneByV6 => {
                let v6 = self.ips().iter().filter(|ip| ip.is_ipv6());
                v6.clone().find_map(|&ip| Some((ip, self.holder(ip, false)?))).map_or(holds, |(ip, who)| {
                    let values = vec![("nic", who.to_owned()), ("ip", ip.to_string()), ("case", "v6".to_owned())];
                    told(FindingId::AddressTaken, values)
                })
            }
            Condition::FewVirtuals { on_instance, instances } => self.few(on_instance, instances),
            Condition::NotVirtual => {
                let role =
                    |ip: IpAddr| nic.addresses.iter().find(|address| address.ip == ip).map(|address| address.role);
                let floats = self.ips().iter().find(|ip| role(**ip) == Some(AddressRole::Virtual));
                let values = |ip: &IpAddr| vec![of_nic(), ("ip", ip.to_string()), ("kind", "virtual".to_owned())];
                floats.map_or(holds, |ip| told(FindingId::AddressKind, values(ip)))
            }
            // Where only a free one is attached, the one that is on that very instance is not what its state stands against.
            Condition::NicState { allowed } if !allowed.contains(&NicState::Attached) && self.is_on_it() => {
                (Answer::Violated(FindingId::AlreadyThere), Some(self.there()))
            }
            Condition::NicFree => match &nic.instance {
                Some(_) if self.is_on_it() => told(FindingId::AlreadyThere, self.there()),
                Some(instance) => told(FindingId::NicAttached, vec![of_nic(), ("instance", instance.to_string())]),
                None if self.facts.is_free() => holds,
                // To what it does not name, if to anything.
                None => (Answer::Unseen(FindingId::InstanceUnknown), None),
            },
            Condition::InstanceExists => match self.kind {
                OperationKind::Attach { instance, .. } if self.facts.instance.is_none() => {
                    let values = vec![of_nic(), ("instance", instance.to_string())];
                    if self.is_listed(Resource::Instances) {
                        told(FindingId::InstanceGone, values)
                    } else {
                        (Answer::Unseen(FindingId::InstanceUnknown), Some(values))
                    }
                }
                OperationKind::Attach { .. } => holds,
                _ => (nic::ask_any(&self.facts, condition), None),
            },
            Condition::SamePlace { zone } => {
                self.facts.instance.map_or((Answer::Holds, None), |target| self.place(target, zone))
            }
            // One that is not there is in no VPC.
            Condition::SameVpc if self.facts.instance.is_none() => holds,
            Condition::SameVpc => {
                let of_target = self.facts.instance.and_then(|target| target.vpc.clone());
                let its = || self.instance().and_then(|target| self.nics_on(target).find_map(|nic| nic.vpc.clone()));
                self.apart(FindingId::OtherVpc, self.vpc().as_deref(), of_target.or_else(its).as_deref())
            }
            Condition::NicRoom { most } => self.slots(most),
            Condition::EipExists => match self.eip() {
                Some(id) if self.part.eip(id).is_none() => {
                    let values = vec![("eip_id", id.to_string())];
                    if self.is_listed(Resource::Eips) {
                        told(FindingId::EipGone, values)
                    } else {
                        (Answer::CanNotTell(FindingId::EipUnknown), None)
                    }
                }
                _ => holds,
            },
            Condition::EipShown => match self.eip() {
                Some(id) if self.part.eip(id).is_none() => (Answer::CanNotTell(FindingId::EipUnknown), None),
                _ => holds,
            },
            Condition::EipFree => match self.eip().map(|id| self.part.eip(id)) {
                Some(Some(eip)) if eip.bound != EipBinding::Unbound => {
                    told(FindingId::EipInUse, vec![("eip_id", eip.id.to_string())])
                }
                Some(None) if !self.is_listed(Resource::Eips) || self.is_any_unexplained() => {
                    (Answer::CanNotTell(FindingId::EipUnknown), None)
                }
                _ => holds,
            },
            Condition::NoEipOnAddress => {
                let ip = self.ips().first().copied();
                let on = self.facts.eips.iter().find(|eip| ip.is_some_and(|ip| eip.is_on(nic, ip) == Some(true)));
                match (on, ip) {
                    // One of the NIC's, on which of its addresses is not told.
                    (None, Some(ip)) if self.facts.eips_at(ip).next().is_some() => {
                        (Answer::CanNotTell(FindingId::EipUnknown), None)
                    }
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
                match self.facts.floats.iter().find_map(|float| Some((float, float.owner.as_deref()?))) {
                    Some((float, who)) => {
                        let (ip, vip) = (float.ip.to_string(), float.id.to_string());
                        told(FindingId::VipManaged, vec![of_nic(), ("ip", ip), ("vip", vip), ("who", who.to_owned())])
                    }
                    None if self.facts.floats_known && nic.addresses_known => holds,
                    None => {
                        let ip = self.ips().first().map(ToString::to_string).unwrap_or_default();
                        (Answer::CanNotTell(FindingId::VipUnknown), Some(vec![of_nic(), ("ip", ip)]))
                    }
                }
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
            Condition::NoEipOnVirtual => return self.on_virtual(),
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

    /// Of what a rule found there is some: can it be told that there is no more of it?
    pub fn rest(&self, condition: Condition) -> Answer {
        match (self.kind, condition) {
            // Others answer for a virtual address, or do not.
            (_, Condition::VirtualShared) => Answer::Holds,
            (OperationKind::Delete { .. }, _) => nic::rest(&self.facts, condition, Context::default()),
            _ => Answer::Holds,
        }
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

    /// Has what looks like a NIC, and is a virtual address, an EIP?
    fn on_virtual(&self) -> (Answer, Option<Values>) {
        let own = self.nic();
        if self.part.float(own.id.as_str()).is_none() {
            // Whether it is one where those were not read is asked by itself.
            return (Answer::Holds, None);
        }
        if self.facts.eips.is_empty() {
            return (nic::no_more_eips(&self.facts), None);
        }
        let mut values = describe::values(&self.facts, &[], Asked::Nic, Context::default(), FindingId::EipOnNic);
        values.push(("case", "delete-virtual".to_owned()));
        (Answer::Violated(FindingId::EipOnNic), Some(values))
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
        let other = self.near.with(ip).iter().find(|other| near(other) && has(other));
        other.map(|other| other.id.as_str()).or_else(|| part.taken_near(nic, ip).map(|by| &**by))
    }

    /// May an address be that of a NIC of which nobody said in which subnet it is, or which addresses it has?
    fn may_be_near(&self, ips: &[IpAddr]) -> bool {
        let own = self.nic();
        let some = ips.iter().flat_map(|ip| self.near.with(*ip)).chain(self.near.half_told());
        let open = |other: &Nic| own.subnet.is_none() || other.subnet.is_none();
        let near = |other: &Nic| open(other) || other.subnet == own.subnet && !other.addresses_known;
        let may = |other: &Nic| other.id != own.id && other.region == own.region && near(other);
        some.copied().any(may)
    }

    /// Does any NIC of the region have a public address of an EIP that nobody names?
    fn is_any_unexplained(&self) -> bool {
        let near = |nic: &Nic| nic.region == self.nic().region && !nic.public_ips.is_empty();
        self.part.nics().any(|(_, nic)| near(nic) && Facts::of(self.part, nic).has_unexplained)
    }

    /// Were all such objects of the region listed?
    fn is_listed(&self, resource: Resource) -> bool {
        self.part.coverage(resource, &self.nic().region).is_known()
    }

    /// Does the instance take one more NIC? `most`: what no type of the cloud's exceeds.
    fn slots(&self, most: Option<u32>) -> (Answer, Option<Values>) {
        let Some(target) = self.instance() else { return (Answer::Holds, None) };
        let limit = self.limit().and_then(|limit| limit.nics);
        let count = self.nics_on(target).count();
        let instance = || ("instance", target.to_string());
        if let Some(most) = limit.or(most).map(|most| most as usize) {
            let hidden = if count < most { self.hidden() } else { 0 };
            let counts = [("count", count), ("most", most), ("hidden", hidden)];
            let counts = counts.map(|(name, count)| (name, count.to_string()));
            let values = || std::iter::once(instance()).chain(counts.clone()).collect();
            if count >= most {
                return (Answer::Violated(FindingId::InstanceFull), Some(values()));
            }
            if count + hidden >= most {
                // Whatever the rule matters to those that can tell it of none.
                return (Answer::Unseen(FindingId::InstanceFullUnknown), Some(values()));
            }
        }
        if !self.is_listed(Resource::Nics) {
            let values = vec![instance(), ("case", "unlisted".to_owned())];
            return (Answer::Unseen(FindingId::InstanceFullUnknown), Some(values));
        }
        match limit {
            Some(_) => (Answer::Holds, None),
            None => (Answer::CanNotTell(FindingId::InstanceFullUnknown), Some(untold(vec![instance()]))),
        }
    }

    /// Is there room for so many more addresses (or on the instance for those the NIC has)? `free`, `attached`: what no NIC exceeds.
    fn room(&self, free: Option<u32>, attached: Option<u32>) -> (Answer, Option<Values>) {
        let on_instance = self.facts.instance.is_some() || !self.facts.is_free();
        let limit = self.limit().and_then(|limit| limit.addresses_per_nic);
        let most = if on_instance { limit.or(attached) } else { free };
        let held = self.nic().addresses.iter().filter(|address| address.role != AddressRole::Ipv6).count();
        let count = held + if matches!(self.kind, OperationKind::Assign { .. }) { self.ips().len() } else { 0 };
        let values = || vec![("nic", self.nic().id.to_string()), ("count", count.to_string())];
        match most {
            Some(most) if count > most as usize => {
                let most = ("most", most.to_string());
                (Answer::Violated(FindingId::NicFull), Some(values().into_iter().chain([most]).collect()))
            }
            _ if on_instance && limit.is_none() => (Answer::CanNotTell(FindingId::NicFullUnknown), Some(values())),
            _ => (Answer::Holds, None),
        }
    }

    /// Is an address one of another subnet of the NIC's VPC? They have none in common, and those of other VPCs may.
    fn in_subnet(&self) -> (Answer, Option<Values>) {
        let nic = self.nic();
        let (Some(here), region) = (nic.subnet.as_deref(), &nic.region) else { return (Answer::Holds, None) };
        let elsewhere = |ip: IpAddr| {
            let others = self.near.with(ip).iter().copied().filter(|other| other.region == *region);
            others.filter(|other| other.subnet.as_deref().is_some_and(|there| there != here)).collect::<Vec<_>>()
        };
        let own = self.vpc();
        let mut untold = None;
        for &ip in self.ips() {
            for other in elsewhere(ip) {
                let values = |case: &str| {
                    let there = other.subnet.as_deref().unwrap_or_default().to_owned();
                    let (here, case) = (here.to_owned(), case.to_owned());
                    let (nic, ip) = (nic.id.to_string(), ip.to_string());
                    vec![("nic", nic), ("ip", ip), ("here", here), ("there", there), ("case", case)]
                };
                match (&own, self.vpc_of(other)) {
                    (Some(own), Some(its)) if *own == its => {
                        return (Answer::Violated(FindingId::OtherPlace), Some(values("subnet")));
                    }
                    (Some(_), Some(_)) => {}
                    _ => untold = Some(values("subnet-untold")),
                }
            }
        }
        untold.map_or((Answer::Holds, None), |values| (Answer::CanNotTell(FindingId::OtherPlace), Some(values)))
    }

    /// Are there as few virtual addresses on the instance, and as few instances to each, as the vendor advises?
    fn few(&self, on_instance: usize, instances: usize) -> (Answer, Option<Values>) {
        let nic = self.nic();
        let mates = nic.instance.iter().flat_map(|instance| self.nics_on(instance)).filter(|mate| mate.id != nic.id);
        let floats = |nic: &'a Nic| nic.addresses.iter().filter(|one| one.role == AddressRole::Virtual);
        let mut all: BTreeSet<IpAddr> = mates.chain([nic]).flat_map(floats).map(|one| one.ip).collect();
        all.extend(self.ips());
        let told = |case: &str, ip: Option<IpAddr>, count: usize, most: usize| {
            let mut values =
                vec![("nic", nic.id.to_string()), ("count", count.to_string()), ("most", most.to_string())];
            values.extend(ip.map(|ip| ("ip", ip.to_string())));
            values.push(("case", case.to_owned()));
            (Answer::Violated(FindingId::NicFull), Some(values))
        };
        if all.len() > on_instance {
            return told("advised", None, all.len(), on_instance);
        }
        for &ip in self.ips() {
            let near = |other: &Nic| other.region == nic.region && other.subnet == nic.subnet && other.id != nic.id;
            let others = self.near.with(ip).iter().copied().filter(|other| near(other));
            let on: BTreeSet<&InstanceId> = others.chain([nic]).filter_map(|nic| nic.instance.as_ref()).collect();
            if on.len() > instances {
                return told("advised-instances", Some(ip), on.len(), instances);
            }
        }
        (Answer::Holds, None)
    }

    fn place(&self, target: &Instance, zone: bool) -> (Answer, Option<Values>) {
        let region = |region: &RegionId| Some(region.to_string());
        let (here, there) = if target.region == self.nic().region && zone {
            (self.nic().zone.as_deref().map(str::to_owned), target.zone.as_deref().map(str::to_owned))
        } else {
            (region(&self.nic().region), region(&target.region))
        };
        self.apart(FindingId::OtherPlace, here.as_deref(), there.as_deref())
    }

    /// What is not known may differ.
    fn apart(&self, id: FindingId, own: Option<&str>, its: Option<&str>) -> (Answer, Option<Values>) {
        let instance = self.instance().map(ToString::to_string).unwrap_or_default();
        let mut values = vec![("nic", self.nic().id.to_string()), ("instance", instance)];
        match (own, its) {
            (Some(own), Some(its)) if own != its => {
                values.extend([("here", own.to_owned()), ("there", its.to_owned())]);
                (Answer::Violated(id), Some(values))
            }
            (Some(_), Some(_)) => (Answer::Holds, None),
            _ => (Answer::CanNotTell(id), Some(untold(values))),
        }
    }
}

/// Values of a finding that could not be told.
fn untold(mut values: Values) -> Values {
    values.push(("case", "untold".to_owned()));
    values
}
