//! From world files to a world: what people write by hand is checked before anybody is served from it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
};

use crate::sim::{dialect::Vocabulary, hint::Hint};

use super::{Index, SimLoadBalancer, SimNic, World, WorldFile};

/// A world file that was not taken: which file, where in it, which object, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}: {place}{}: {problem}", name(object))]
pub struct WorldError {
    /// As the caller named it.
    pub file: String,
    pub place: Place,
    /// The object's id; empty where there is none.
    pub object: Box<str>,
    pub problem: Problem,
}

/// Where in a world file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Line and column, from 1, and the path as far as it was read.
    Text { line: usize, column: usize, path: String },
    /// The path of the object: `nics[3].addresses[1]`.
    Object(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Text { line, column, path } if path.is_empty() => write!(f, "line {line}, column {column}"),
            Place::Text { line, column, path } => write!(f, "line {line}, column {column}, {path}"),
            Place::Object(path) => f.write_str(path),
        }
    }
}

fn name(object: &str) -> String {
    if object.is_empty() { String::new() } else { format!(" ({object})") }
}

fn and_hint(hint: Option<&Hint>) -> String {
    hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}

/// What is wrong with a world file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Json(String),
    #[error("there is no world file")]
    NoFile,
    #[error("one world is one cloud: this file says \"{found}\", the first one \"{first}\"")]
    OtherProvider { first: String, found: String },
    #[error("must not be empty")]
    Empty,
    #[error("this cloud has no status \"{word}\" here; {hint}")]
    Status { word: Box<str>, hint: Hint },
    #[error("the cloud has no such action, and asks about no such id in its worlds; {hint}")]
    Subject { hint: Hint },
    #[error("the cloud has no error code \"{code}\"{}", and_hint(hint.as_ref()))]
    Code { code: Box<str>, hint: Option<Hint> },
    #[error("this cloud does not act on \"{member}\"; leave it out")]
    Unheeded { member: &'static str },
    #[error("a control character is not allowed here")]
    Control,
    #[error("this id stands at {0} already")]
    DuplicateId(String),
    #[error("there is no instance \"{0}\" in this region's files")]
    NoInstance(String),
    #[error("a primary NIC belongs to an instance")]
    PrimaryAlone,
    #[error("instance \"{instance}\" has a primary NIC already: {first}")]
    SecondPrimaryNic { instance: String, first: String },
    #[error("a NIC has exactly one primary IPv4 address (or IPv6 addresses only), this one has {0}")]
    PrimaryAddresses(usize),
    #[error("a virtual address can not be the primary one")]
    VirtualPrimary,
    #[error("{0} is IPv6: it belongs in \"ipv6\"")]
    NotIpv4(IpAddr),
    #[error("{0} is IPv4: it belongs in \"addresses\"")]
    NotIpv6(IpAddr),
    #[error("\"{0}\" is no range of addresses like 10.0.0.0/24")]
    NotCidr(String),
    #[error("{ip} is on {first} already")]
    DuplicateAddress { ip: IpAddr, first: String },
}

impl WorldFile {
    /// Reads one file's text. `file` is its name for errors.
    ///
    /// # Errors
    /// Text that is no JSON, or has an unknown field, a wrong type, a missing field: with line, column and path.
    pub fn parse(file: &str, text: &str) -> Result<Self, WorldError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let parsed = serde_path_to_error::deserialize(&mut reader);
        let error = |path: String, error: &serde_json::Error| WorldError {
            file: file.to_owned(),
            place: Place::Text { line: error.line(), column: error.column(), path },
            object: "".into(),
            problem: Problem::Json(strip_place(&error.to_string())),
        };
        let parsed = parsed.map_err(|failure| {
            let path = failure.path().to_string();
            error(if path == "." { String::new() } else { path }, failure.inner())
        })?;
        reader.end().map_err(|failure| error(String::new(), &failure))?;
        Ok(parsed)
    }

    /// Are all statuses words of this cloud? An empty one is [`World::from_files`]'s to tell.
    ///
    /// # Errors
    /// The first word that is none, with its place.
    pub fn check_words(&self, file: &str, words: &Vocabulary) -> Result<(), WorldError> {
        let check = |place: String, id: &str, word: &str, known: &[&str]| {
            if word.is_empty() || known.contains(&word) {
                return Ok(());
            }
            let hint = Hint::of(word, known.iter().copied());
            Err(error(file, &place, id, Problem::Status { word: word.escape_debug().to_string().into(), hint }))
        };
        for (at, one) in self.instances.iter().enumerate() {
            check(format!("instances[{at}].status"), &one.id, &one.status, words.instance_states)?;
        }
        for (at, one) in self.nics.iter().enumerate() {
            check(format!("nics[{at}].status"), &one.id, &one.status, words.nic_states)?;
        }
        Ok(())
    }
}

/// Without "at line 3 column 5", which stands in front already.
fn strip_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// The files so far, for checks across files.
#[derive(Default)]
struct Seen {
    /// Id of each kind -> where it stands.
    instances: HashMap<String, String>,
    nics: HashMap<String, String>,
    eips: HashMap<String, String>,
    /// Instance -> its primary NIC.
    primaries: HashMap<String, String>,
    /// (region, subnet, address) -> its NIC.
    addresses: HashMap<(String, String, IpAddr), String>,
}

impl World {
    /// One cloud's world from its files, each with its name for errors: one file per region, or several.
    ///
    /// # Errors
    /// The first thing that contradicts itself, with file, place and object.
    pub fn from_files(files: Vec<(String, WorldFile)>) -> Result<Self, WorldError> {
        let mut provider: Option<&str> = None;
        let mut seen = Seen::default();
        let mut found = HashSet::new();
        for (name, file) in &files {
            let fail = |place: &str, problem| Err(error(name, place, "", problem));
            if file.provider.is_empty() {
                return fail("provider", Problem::Empty);
            }
            if file.region.is_empty() {
                return fail("region", Problem::Empty);
            }
            let first = *provider.get_or_insert(&file.provider);
            if first != file.provider {
                let (first, found) = (first.to_owned(), file.provider.clone());
                return fail("provider", Problem::OtherProvider { first, found });
            }
            found.extend(file.instances.iter().map(|instance| (file.region.clone(), instance.id.clone())));
        }
        if files.is_empty() {
            return Err(error("-", "-", "", Problem::NoFile));
        }
        for (name, file) in &files {
            check_file(name, file, &found, &mut seen)?;
        }
        Ok(Self::assemble(files.into_iter().map(|(_, file)| file).collect()))
    }

    /// Joins files that are known to be right.
    pub(in crate::sim) fn assemble(files: Vec<WorldFile>) -> Self {
        let mut world = World::default();
        let mut floats = Vec::new();
        for mut file in files {
            if !world.regions.contains(&file.region) {
                world.regions.push(file.region.clone());
            }
            world.provider = file.provider;
            world.project_id = world.project_id.take().or(file.project_id.take());
            world.refusals.append(&mut file.refusals);
            world.task_failures.append(&mut file.task_failures);
            for subnet in file.subnets {
                if let Ok(cidr) = subnet.cidr.parse::<ipnet::IpNet>() {
                    world.subnets.insert(subnet.id, cidr.trunc());
                }
            }
            let vpcs: HashMap<String, String> =
                file.instances.iter().map(|instance| (instance.id.clone(), instance.vpc_id.clone())).collect();
            for mut eip in file.free_eips {
                eip.region.clone_from(&file.region);
                world.free_eips.push(eip);
            }
            for mut instance in file.instances {
                instance.region.clone_from(&file.region);
                world.instances.push(instance);
            }
            for mut lb in file.load_balancers {
                lb.region.clone_from(&file.region);
                world.load_balancers.insert(lb.id.clone(), lb);
            }
            for mut float in file.floats {
                float.region.clone_from(&file.region);
                floats.push(float);
            }
            for mut nic in file.nics {
                nic.region.clone_from(&file.region);
                complete(&mut nic, &vpcs);
                for lb in nic.addresses.iter().filter_map(|address| address.lb.as_ref()) {
                    world.load_balancers.entry(lb.clone()).or_insert_with(|| SimLoadBalancer::implied(lb, &nic));
                }
                world.nics.push(nic);
            }
        }
        world.index = Index::of(&world.instances, &world.nics);
        world.join_floats(floats);
        world
    }

    /// Reads and joins files' texts, each with its name for errors.
    ///
    /// # Errors
    /// As [`WorldFile::parse`] and [`World::from_files`].
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, WorldError> {
        let files = files.iter().map(|(name, text)| Ok(((*name).to_owned(), WorldFile::parse(name, text)?)));
        Self::from_files(files.collect::<Result<_, _>>()?)
    }

    /// The world as files, one per region: what [`World::from_files`] reads back.
    pub fn to_files(&self) -> Vec<WorldFile> {
        let (mut refusals, mut task_failures) = (self.refusals.clone(), self.task_failures.clone());
        let file = |region: &String| {
            let nics: Vec<SimNic> = self.nics.iter().filter(|nic| nic.region == *region).cloned().collect();
            let mut subnets = BTreeMap::new();
            for nic in &nics {
                if let Some(cidr) = self.subnets.get(&nic.subnet_id) {
                    subnets.insert(nic.subnet_id.clone(), *cidr);
                }
            }
            WorldFile {
                provider: self.provider.clone(),
                region: region.clone(),
                project_id: self.project_id.clone(),
                instances: self.instances.iter().filter(|instance| instance.region == *region).cloned().collect(),
                nics,
                free_eips: self.free_eips.iter().filter(|eip| eip.region == *region).cloned().collect(),
                load_balancers: self.load_balancers.values().filter(|lb| lb.region == *region).cloned().collect(),
                subnets: subnets
                    .into_iter()
                    .map(|(id, cidr)| super::SimSubnet { id, cidr: cidr.to_string() })
                    .collect(),
                floats: self.floats().iter().filter(|float| float.region == *region).cloned().collect(),
                refusals: std::mem::take(&mut refusals),
                task_failures: std::mem::take(&mut task_failures),
            }
        };
        self.regions.iter().map(file).collect()
    }
}

/// Fills in what a file may leave out.
fn complete(nic: &mut SimNic, vpcs: &HashMap<String, String>) {
    if nic.vpc_id.is_empty()
        && let Some(vpc) = nic.instance_id.as_ref().and_then(|instance| vpcs.get(instance))
    {
        nic.vpc_id.clone_from(vpc);
    }
    if nic.mac.is_empty() {
        nic.mac = made_up_mac(&nic.id);
    }
}

/// Any fixed function of the id will do; the locally administered prefix says that nobody's hardware is meant.
pub(super) fn made_up_mac(id: &str) -> String {
    let digest = crate::wire::sha256_hex(id.as_bytes());
    let pairs: Vec<&str> = (0..3).filter_map(|pair| digest.get(pair * 2..pair * 2 + 2)).collect();
    format!("fa:16:3e:{}", pairs.join(":"))
}

pub(super) fn error(file: &str, place: &str, object: &str, problem: Problem) -> WorldError {
    WorldError { file: file.to_owned(), place: Place::Object(place.to_owned()), object: object.into(), problem }
}

fn check_file(
    name: &str,
    file: &WorldFile,
    instances: &HashSet<(String, String)>,
    seen: &mut Seen,
) -> Result<(), WorldError> {
    for (at, instance) in file.instances.iter().enumerate() {
        let place = format!("instances[{at}]");
        unique(&mut seen.instances, name, &place, &instance.id)?;
        if instance.status.is_empty() {
            return Err(error(name, &format!("{place}.status"), &instance.id, Problem::Empty));
        }
    }
    for (at, eip) in file.free_eips.iter().enumerate() {
        unique(&mut seen.eips, name, &format!("free_eips[{at}]"), &eip.id)?;
    }
    for (at, subnet) in file.subnets.iter().enumerate() {
        check_id(name, &format!("subnets[{at}]"), &subnet.id)?;
        if subnet.cidr.parse::<ipnet::IpNet>().is_err() {
            let problem = Problem::NotCidr(subnet.cidr.clone());
            return Err(error(name, &format!("subnets[{at}].cidr"), &subnet.id, problem));
        }
    }
    for (at, float) in file.floats.iter().enumerate() {
        let place = format!("floats[{at}]");
        // A float is a port, and so is a NIC.
        unique(&mut seen.nics, name, &place, &float.id)?;
        let key = (file.region.clone(), float.subnet_id.clone(), float.ip);
        if let Some(first) = seen.addresses.insert(key, float.id.clone()) {
            let problem = Problem::DuplicateAddress { ip: float.ip, first };
            return Err(error(name, &format!("{place}.ip"), &float.id, problem));
        }
        if let Some(eip) = &float.eip {
            unique(&mut seen.eips, name, &format!("{place}.eip"), &eip.id)?;
        }
        if let Some(lb) = &float.lb {
            check_id(name, &format!("{place}.lb"), lb)?;
        }
    }
    for (at, lb) in file.load_balancers.iter().enumerate() {
        check_id(name, &format!("load_balancers[{at}]"), &lb.id)?;
    }
    for (at, nic) in file.nics.iter().enumerate() {
        let place = format!("nics[{at}]");
        unique(&mut seen.nics, name, &place, &nic.id)?;
        let fail = |place: String, problem| Err(error(name, &place, &nic.id, problem));
        if nic.status.is_empty() {
            return fail(format!("{place}.status"), Problem::Empty);
        }
        match &nic.instance_id {
            // A service's NIC can hang on an instance that the account does not see.
            Some(id) if !nic.service_managed && !instances.contains(&(file.region.clone(), id.clone())) => {
                return fail(format!("{place}.instance_id"), Problem::NoInstance(id.clone()));
            }
            Some(id) if nic.primary => {
                if let Some(first) = seen.primaries.insert(id.clone(), nic.id.clone()) {
                    let instance = id.clone();
                    return fail(format!("{place}.primary"), Problem::SecondPrimaryNic { instance, first });
                }
            }
            None if nic.primary => return fail(format!("{place}.primary"), Problem::PrimaryAlone),
            _ => {}
        }
        check_addresses(name, &place, file, nic, seen)?;
    }
    Ok(())
}

fn check_addresses(name: &str, place: &str, file: &WorldFile, nic: &SimNic, seen: &mut Seen) -> Result<(), WorldError> {
    let fail = |place: String, problem| Err(error(name, &place, &nic.id, problem));
    let primaries = nic.addresses.iter().filter(|address| address.primary).count();
    let only_ipv6 = nic.addresses.is_empty() && !nic.ipv6.is_empty();
    if primaries != 1 && !only_ipv6 {
        return fail(format!("{place}.addresses"), Problem::PrimaryAddresses(primaries));
    }
    let mut own = HashSet::new();
    for (at, address) in nic.addresses.iter().enumerate() {
        let place = format!("{place}.addresses[{at}]");
        if address.ip.is_ipv6() {
            return fail(format!("{place}.ip"), Problem::NotIpv4(address.ip));
        }
        if address.primary && address.floating {
            return fail(format!("{place}.virtual"), Problem::VirtualPrimary);
        }
        if !own.insert(address.ip) {
            return fail(format!("{place}.ip"), Problem::DuplicateAddress { ip: address.ip, first: nic.id.clone() });
        }
        // Virtual addresses float between NICs, and without a subnet's id nobody knows what overlaps.
        if !address.floating && !nic.subnet_id.is_empty() {
            let key = (file.region.clone(), nic.subnet_id.clone(), address.ip);
            if let Some(first) = seen.addresses.insert(key, nic.id.clone()) {
                return fail(format!("{place}.ip"), Problem::DuplicateAddress { ip: address.ip, first });
            }
        }
        if let Some(eip) = &address.eip {
            unique(&mut seen.eips, name, &format!("{place}.eip"), &eip.id)?;
        }
        if let Some(lb) = &address.lb {
            check_id(name, &format!("{place}.lb"), lb)?;
        }
    }
    for (at, ip) in nic.ipv6.iter().enumerate() {
        if ip.is_ipv4() {
            return fail(format!("{place}.ipv6[{at}]"), Problem::NotIpv6(*ip));
        }
    }
    Ok(())
}

fn check_id(file: &str, place: &str, id: &str) -> Result<(), WorldError> {
    if id.is_empty() {
        return Err(error(file, &format!("{place}.id"), "", Problem::Empty));
    }
    if id.chars().any(char::is_control) {
        return Err(error(file, &format!("{place}.id"), &id.escape_debug().to_string(), Problem::Control));
    }
    Ok(())
}

fn unique(seen: &mut HashMap<String, String>, file: &str, place: &str, id: &str) -> Result<(), WorldError> {
    check_id(file, place, id)?;
    match seen.insert(id.to_owned(), format!("{file}: {place}")) {
        Some(first) => Err(error(file, place, id, Problem::DuplicateId(first))),
        None => Ok(()),
    }
}
