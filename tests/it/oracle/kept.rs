//! Protect rules where a cloud leaves a member out of its answers: what a rule held back when all was told is held back still.

use std::{collections::BTreeSet, net::IpAddr};

use nicdeck::{
    domain::{
        address::Address,
        ids::{CloudId, EipId, InstanceId, NicId},
        inventory::ProfileInventory,
    },
    filter,
    rules::{
        facts::Facts,
        protect::{Brings, Protect},
    },
    sim::world::World,
};

use super::desk::PROFILE;

/// What is written to.
enum Subject {
    Nic(NicId),
    Address(NicId, IpAddr),
    /// An instance, or an EIP, is given to the NIC.
    Attach(NicId, InstanceId),
    Bind(NicId, EipId, IpAddr),
}

/// Rules that read all that a cloud tells of a world's NICs, and what they are asked about.
pub struct Kept {
    rules: Vec<(String, Protect)>,
    subjects: Vec<Subject>,
}

/// Values of each field that a rule is made of.
const VALUES: usize = 3;

/// Rules that no value of the world is in, and those that say what is not protected.
const PLAIN: &[&str] = &[
    "has:eip",
    "-has:eip",
    "has:lb",
    "-has:lb",
    "has:tag",
    "-has:tag",
    "has:instance",
    "-has:instance",
    "has:secondary",
    "-has:secondary",
    "has:ipv6",
    "kind:vip",
    "-kind:vip",
    "kind:secondary",
    "kind:primary",
    "eips>0",
    "eips<1",
    "ips>1",
    "ips<3",
    "secondaries>0",
    "secondaries<1",
    "-name:nobody",
    "-id:nobody",
    "-nic:nobody",
    "-instance:nobody",
    "-tag:nobody",
    "-vpc:nobody",
    "-subnet:nobody",
    "-sg:nobody",
    "-mac:02:00:00:00:00:00",
    "-zone:nobody",
    "-nic-state:free",
    "-state:stopped",
    "-ip:203.0.113.7",
];

impl Kept {
    /// By what the whole answers tell.
    pub fn of(cloud: &CloudId, world: &World, part: &ProfileInventory) -> Self {
        let mut texts: BTreeSet<String> = PLAIN.iter().map(|rule| (*rule).to_owned()).collect();
        let mut tell = |field: &str, values: &mut dyn Iterator<Item = String>| {
            let values: BTreeSet<String> = values.filter(|value| !value.is_empty() && !value.contains('"')).collect();
            texts.extend(values.into_iter().take(VALUES).map(|value| format!("{field}:\"{value}\"")));
        };
        let nics = || part.nics().map(|(_, nic)| nic);
        let instances = || part.instances().map(|(_, instance)| instance);
        let eips = || nics().flat_map(|nic| part.eips_of(nic));
        let floats = || nics().flat_map(|nic| part.floats_of(nic));
        tell("name", &mut nics().map(|nic| nic.name.to_string()));
        tell("name", &mut instances().map(|instance| instance.name.to_string()));
        tell("name", &mut eips().map(|eip| eip.name.to_string()));
        tell("name", &mut floats().map(|float| float.name.to_string()));
        tell("nic", &mut nics().map(|nic| nic.name.to_string()));
        tell("instance", &mut instances().map(|instance| instance.name.to_string()));
        tell("id", &mut nics().map(|nic| nic.id.to_string()));
        tell("id", &mut instances().map(|instance| instance.id.to_string()));
        tell("id", &mut eips().map(|eip| eip.id.to_string()));
        tell("id", &mut floats().map(|float| float.id.to_string()));
        tell("instance", &mut nics().filter_map(|nic| Some(nic.instance.as_ref()?.to_string())));
        tell("ip", &mut eips().flat_map(|eip| eip.ips.iter().map(ToString::to_string)));
        tell("ip", &mut nics().flat_map(|nic| nic.addresses.iter().map(|address| address.ip.to_string())));
        tell("ip", &mut floats().map(|float| float.ip.to_string()));
        let tags = nics().flat_map(|nic| nic.tags.iter()).chain(instances().flat_map(|one| one.tags.iter()));
        tell("tag", &mut tags.map(|tag| format!("{}={}", tag.0, tag.1)));
        tell("vpc", &mut nics().filter_map(|nic| Some(nic.vpc.as_ref()?.to_string())));
        tell("subnet", &mut nics().filter_map(|nic| Some(nic.subnet.as_ref()?.to_string())));
        tell("sg", &mut nics().flat_map(|nic| nic.security_groups.iter().map(ToString::to_string)));
        tell("mac", &mut nics().filter_map(|nic| Some(nic.mac.as_ref()?.to_string())));
        tell("zone", &mut nics().filter_map(|nic| Some(nic.zone.as_ref()?.to_string())));
        tell("zone", &mut instances().filter_map(|instance| Some(instance.zone.as_ref()?.to_string())));
        tell("nic-state", &mut nics().map(|nic| nic.status.word.to_string()));
        tell("state", &mut instances().map(|instance| instance.power.word.to_string()));
        let rules = texts.into_iter().map(|text| {
            let mut protect = Protect::default();
            let expr = filter::parse(&text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            protect.add(&PROFILE.into(), cloud, None, &[expr]);
            (text, protect)
        });
        let mut subjects = Vec::new();
        let free: Vec<EipId> = world.eips().map(|view| view.eip.id.as_str().into()).collect();
        for nic in nics() {
            subjects.push(Subject::Nic(nic.id.clone()));
            subjects.extend(nic.addresses.iter().map(|one| Subject::Address(nic.id.clone(), one.ip)));
            let two = instances().take(2).map(|instance| Subject::Attach(nic.id.clone(), instance.id.clone()));
            subjects.extend(two);
            let own = nic.addresses.first().map(|address| address.ip);
            subjects.extend(
                own.into_iter()
                    .flat_map(|ip| free.iter().take(2).map(move |eip| Subject::Bind(nic.id.clone(), eip.clone(), ip))),
            );
        }
        Self { rules: rules.collect(), subjects }
    }

    /// Does each rule hold back a write to each subject? `None`: there is nothing to write to.
    pub fn held(&self, part: &ProfileInventory) -> Vec<Vec<Option<bool>>> {
        self.subjects
            .iter()
            .map(|subject| self.rules.iter().map(|(_, rule)| held(part, subject, rule)).collect())
            .collect()
    }

    /// What was held back by the one answers, and is not by the others; but of NICs that could not be read.
    pub fn lost(
        &self,
        whole: &[Vec<Option<bool>>],
        lacking: &[Vec<Option<bool>>],
        unread: &dyn Fn(&NicId) -> bool,
    ) -> BTreeSet<String> {
        let mut lost = BTreeSet::new();
        for ((subject, whole), lacking) in self.subjects.iter().zip(whole).zip(lacking) {
            if unread(subject.nic()) {
                continue;
            }
            let each = self.rules.iter().zip(whole).zip(lacking);
            let passed = each.filter(|((_, whole), lacking)| (**whole, **lacking) == (Some(true), Some(false)));
            lost.extend(passed.map(|(((text, _), _), _)| format!("{text} holds {} no more", subject.word())));
        }
        lost
    }
}

impl Subject {
    fn nic(&self) -> &NicId {
        match self {
            Self::Nic(nic) | Self::Address(nic, _) | Self::Attach(nic, _) | Self::Bind(nic, ..) => nic,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Nic(_) => "a NIC",
            Self::Address(..) => "an address",
            Self::Attach(..) => "an attach",
            Self::Bind(..) => "the binding of an EIP",
        }
    }
}

fn held(part: &ProfileInventory, subject: &Subject, rule: &Protect) -> Option<bool> {
    let rule = rule.of(&PROFILE.into()).expect("there");
    let nic = part.nic(subject.nic())?;
    let facts = Facts::of(part, nic);
    let own = |ip: IpAddr| nic.addresses.iter().find(|address| address.ip == ip).copied();
    let hit = |address: Option<Address>, brings| rule.hit_with(&facts, address, brings).is_some();
    Some(match subject {
        Subject::Nic(_) => hit(None, None),
        Subject::Address(_, ip) => hit(Some(own(*ip)?), None),
        Subject::Attach(_, id) => hit(None, Some(Brings::Instance(id, part.instance(id), None))),
        Subject::Bind(_, id, ip) => hit(Some(own(*ip)?), Some(Brings::Eip(*ip, part.eip(id)))),
    })
}
