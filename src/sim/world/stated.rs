//! What world files state and clouds differ in: each member is one that the cloud acts on, each entry of `refusals` and
//! `task_failures` is about something that is asked for, each code is one that the cloud has. What is not would never strike,
//! and nobody would be told.

use std::collections::BTreeSet;

use crate::sim::{
    dialect::{Dialect, ObjectKind},
    hint::Hint,
};

use super::{
    SimEip, WorldError, WorldFile,
    load::{Problem, error},
};

/// The error codes of a cloud, as its catalogue (`assets/errors`) has them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Codes {
    exact: BTreeSet<String>,
    /// Before and after the `*`.
    patterns: Vec<(String, String)>,
}

impl Codes {
    /// The names of the catalogue's tables, and those in `also`, without their HTTP statuses.
    pub fn of(catalogue: &str) -> Self {
        let mut codes = Self::default();
        let tables: toml::Table = toml::from_str(catalogue).unwrap_or_default();
        for (name, entry) in &tables {
            let also = entry.get("also").and_then(toml::Value::as_array).into_iter().flatten();
            for code in also.filter_map(toml::Value::as_str).chain([name.as_str()]) {
                let code = code.split(' ').next().unwrap_or(code);
                match code.split_once('*') {
                    Some((before, after)) => codes.patterns.push((before.to_owned(), after.to_owned())),
                    None => {
                        codes.exact.insert(code.to_owned());
                    }
                }
            }
        }
        codes
    }

    /// # Errors
    /// The cloud has no such code: what was probably meant, if one is near.
    fn check(&self, code: &str) -> Result<(), Option<Hint>> {
        if self.exact.contains(code) {
            return Ok(());
        }
        let near = Hint::near(code, self.exact.iter().map(String::as_str));
        let fits = |(before, after): &(String, String)| {
            code.len() > before.len() + after.len() && code.starts_with(before) && code.ends_with(after)
        };
        // Vendors have more codes than they list, but one beside a listed one is a slip; numbers stand close together.
        let is_slip = near.is_some() && !code.ends_with(|last: char| last.is_ascii_digit());
        if !is_slip && self.patterns.iter().any(fits) { Ok(()) } else { Err(near) }
    }
}

/// Members that not every cloud acts on.
const SPECIAL: [&str; 13] = [
    "agent",
    "locked",
    "frozen",
    "task",
    "prefixes",
    "pairs",
    "service_managed",
    "cold_plug_only",
    "linked",
    "delete_on_detach",
    "is_default",
    "dies_unbound",
    "floats",
];

/// Members of a world file that this cloud does not act on.
pub fn unheeded(dialect: &dyn Dialect) -> Vec<&'static str> {
    let heeds = dialect.heeds();
    let tasks = heeds.tasks.is_empty().then_some("task_failures");
    SPECIAL.into_iter().filter(|member| !heeds.members.contains(member)).chain(tasks).collect()
}

/// Does the cloud act on all that one cloud's files state, and would each refusal and failure of them ever strike?
///
/// # Errors
/// The first that would not, with its place.
pub fn check_stated(files: &[(String, WorldFile)], dialect: &dyn Dialect, codes: &Codes) -> Result<(), WorldError> {
    let unheeded = unheeded(dialect);
    for (name, file) in files {
        if let Some((place, id, member)) = special(file).into_iter().find(|(.., member)| unheeded.contains(member)) {
            return Err(error(name, &place, id, Problem::Unheeded { member }));
        }
    }
    check_names(files, dialect, codes)
}

/// The special members that a file sets: each with its place and the id of its object.
fn special(file: &WorldFile) -> Vec<(String, &str, &'static str)> {
    fn of_eip(eip: &SimEip) -> [(bool, &'static str); 2] {
        [(eip.is_default, "is_default"), (eip.dies_unbound, "dies_unbound")]
    }
    let mut all: Vec<(String, &str, bool, &'static str)> = Vec::new();
    let mut note = |place: &str, id, members: &[(bool, &'static str)]| {
        all.extend(members.iter().map(|(set, member)| (format!("{place}{member}"), id, *set, *member)));
    };
    for (at, one) in file.instances.iter().enumerate() {
        let members =
            [(!one.agent, "agent"), (one.locked, "locked"), (one.frozen, "frozen"), (!one.task.is_empty(), "task")];
        note(&format!("instances[{at}]."), &one.id, &members);
    }
    for (at, nic) in file.nics.iter().enumerate() {
        let members = [
            (!nic.prefixes.is_empty(), "prefixes"),
            (!nic.pairs.is_empty(), "pairs"),
            (nic.service_managed, "service_managed"),
            (nic.cold_plug_only, "cold_plug_only"),
            (nic.linked, "linked"),
            (nic.delete_on_detach, "delete_on_detach"),
        ];
        note(&format!("nics[{at}]."), &nic.id, &members);
        for (nth, address) in nic.addresses.iter().enumerate() {
            if let Some(eip) = &address.eip {
                note(&format!("nics[{at}].addresses[{nth}].eip."), &eip.id, &of_eip(eip));
            }
        }
    }
    for (at, eip) in file.free_eips.iter().enumerate() {
        note(&format!("free_eips[{at}]."), &eip.id, &of_eip(eip));
    }
    note("", "", &[(!file.floats.is_empty(), "floats"), (!file.task_failures.is_empty(), "task_failures")]);
    all.into_iter().filter(|(_, _, set, _)| *set).map(|(place, id, _, member)| (place, id, member)).collect()
}

/// Would each refusal and failure of one cloud's files ever strike, and with a code of this cloud's?
fn check_names(files: &[(String, WorldFile)], dialect: &dyn Dialect, codes: &Codes) -> Result<(), WorldError> {
    if files.iter().all(|(_, file)| file.refusals.is_empty() && file.task_failures.is_empty()) {
        return Ok(());
    }
    let (actions, heeds) = (dialect.actions(), dialect.heeds());
    let writes: Vec<&str> = actions.iter().copied().filter(|action| dialect.is_write(action)).collect();
    let mut refused: BTreeSet<&str> = actions.iter().copied().collect();
    refused.extend(heeds.parameters.iter().map(|(name, _)| *name));
    let mut failing: BTreeSet<&str> = writes.iter().copied().collect();
    for (_, file) in files {
        let instances = file.instances.iter().map(|instance| instance.id.as_str());
        let nics = file.nics.iter().map(|nic| nic.id.as_str());
        let addresses = file.nics.iter().flat_map(|nic| &nic.addresses);
        let bound = addresses.filter_map(|address| address.eip.as_ref());
        let floating = file.floats.iter().filter_map(|float| float.eip.as_ref());
        let eips = || bound.clone().chain(floating.clone()).chain(&file.free_eips).map(|eip| eip.id.as_str());

        refused.extend(instances.clone().chain(nics.clone()));
        refused.extend(file.nics.iter().map(|nic| nic.subnet_id.as_str()));
        refused.extend(file.nics.iter().flat_map(|nic| &nic.security_groups).map(String::as_str));
        refused.extend(file.instances.iter().filter(|_| heeds.types).map(|instance| instance.kind.as_str()));
        refused.extend(eips().filter(|_| heeds.eips));
        refused.extend(file.floats.iter().filter(|_| heeds.floats).map(|float| float.id.as_str()));
        let fails = |kind| heeds.tasks.contains(&kind);
        failing.extend(instances.filter(|_| fails(ObjectKind::Instance)));
        failing.extend(nics.filter(|_| fails(ObjectKind::Nic)));
        failing.extend(eips().filter(|_| fails(ObjectKind::Eip)));
    }
    refused.remove("");
    failing.remove("");
    for (file, world) in files {
        let fail = |list, name: &str, problem| Err(error(file, list, &name.escape_debug().to_string(), problem));
        // All ids of a world are too many to be listed.
        let about = |name: &str, known: &BTreeSet<&str>, actions: &[&str]| Problem::Subject {
            hint: Hint::near(name, known.iter().copied()).unwrap_or_else(|| Hint::of(name, actions.iter().copied())),
        };
        for (name, code) in &world.refusals {
            if !refused.contains(name.as_str()) {
                return fail("refusals", name, about(name, &refused, actions));
            }
            let mut words = heeds.parameters.iter().filter(|(parameter, _)| parameter == name);
            if words.any(|(_, words)| words.contains(&code.as_str())) {
                continue;
            }
            if let Err(hint) = codes.check(code) {
                return fail("refusals", name, Problem::Code { code: code.escape_debug().to_string().into(), hint });
            }
        }
        if let Some(name) = world.task_failures.keys().find(|name| !failing.contains(name.as_str())) {
            return fail("task_failures", name, about(name, &failing, &writes));
        }
    }
    Ok(())
}
