//! What world files state a cloud refuses: each entry is about something that is asked for, with a code that the cloud has.
//! One that is not would never strike, and nobody would be told.

use std::collections::BTreeSet;

use crate::sim::{dialect::Dialect, hint::Hint};

use super::{
    WorldError, WorldFile,
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

/// Would each refusal of one cloud's files ever strike, and with a code of this cloud's?
///
/// # Errors
/// The first that would not, with its place.
pub fn check_refusals(files: &[(String, WorldFile)], dialect: &dyn Dialect, codes: &Codes) -> Result<(), WorldError> {
    if files.iter().all(|(_, file)| file.refusals.is_empty()) {
        return Ok(());
    }
    let (actions, heeds) = (dialect.actions(), dialect.heeds());
    let mut names: BTreeSet<&str> = actions.iter().copied().collect();
    names.extend(heeds.parameters.iter().map(|(name, _)| *name));
    for (_, file) in files {
        for instance in &file.instances {
            names.insert(&instance.id);
            names.extend(heeds.types.then_some(instance.kind.as_str()));
        }
        for nic in &file.nics {
            names.extend([nic.id.as_str(), nic.subnet_id.as_str()]);
            names.extend(nic.security_groups.iter().map(String::as_str));
            let eips = nic.addresses.iter().filter_map(|address| address.eip.as_ref());
            names.extend(eips.filter(|_| heeds.eips).map(|eip| eip.id.as_str()));
        }
        if heeds.eips {
            names.extend(file.free_eips.iter().map(|eip| eip.id.as_str()));
            names.extend(file.floats.iter().filter_map(|float| float.eip.as_ref()).map(|eip| eip.id.as_str()));
        }
        if heeds.floats {
            names.extend(file.floats.iter().map(|float| float.id.as_str()));
        }
    }
    names.remove("");
    for (file, world) in files {
        for (name, code) in &world.refusals {
            let fail = |problem| Err(error(file, "refusals", &name.escape_debug().to_string(), problem));
            if !names.contains(name.as_str()) {
                // All ids of a world are too many to be listed.
                let near = Hint::near(name, names.iter().copied());
                return fail(Problem::Subject {
                    hint: near.unwrap_or_else(|| Hint::of(name, actions.iter().copied())),
                });
            }
            let mut words = heeds.parameters.iter().filter(|(parameter, _)| parameter == name);
            if words.any(|(_, words)| words.contains(&code.as_str())) {
                continue;
            }
            if let Err(hint) = codes.check(code) {
                return fail(Problem::Code { code: code.escape_debug().to_string().into(), hint });
            }
        }
    }
    Ok(())
}
