//! A plan as a file: made by one command, looked at by people, carried out by another.
//!
//! # JSON
//! One object: `nicdeck_plan` (the version of this form, 2), `hash`, `plan` (the hash of what is sent, as the console and the journal
//! name it; `null`: nothing is), `made_at`, `made_by`, `host`, `version` (of nicdeck), `demo`, `undoes` (the batch that it takes back, or `null`),
//! `rows` and `writes`.
//! - row: `target`, `act`, `cloud`, `region`, `go` (whether it is sent), `findings`, `override` (why it goes although something is not
//!   known, or `null`), `before` and `after` (addresses on the NIC).
//! - write, one call to one NIC: `operation`, `cloud`, `profile`, `region`, `do` with what belongs to it, `after` (writes that come
//!   first), `calls` (the vendor's names of its requests, in order), `more_calls` (whether others may follow, by what the cloud
//!   answers), `taken` (addresses that writes before it take off the NIC), `digest` (over the write and the facts that it was decided on).
//!
//! `hash` is the SHA-256 of everything else in the file: who approves it approves every word. Nothing of the file is sent as it stands:
//! the plan is built again from what the clouds say then, and has to come out the same to the letter.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    net::IpAddr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    app::notices::Phrase,
    domain::{
        finding::FindingId,
        ids::{CloudId, NicKey, OperationId, ProfileId, RegionId},
        plan::{Decision, Operation, OperationKind, PlanHash, PlanRow, ReleasePlan},
        selection::Target,
        time::Timestamp,
    },
};

use super::jobs::release::Author;

/// The version of the form.
const VERSION: u64 = 2;
/// A file is good for so many milliseconds: a day.
pub const GOOD_FOR_MS: u64 = 24 * 60 * 60 * 1000;
/// Clocks of two machines may differ by so many milliseconds.
pub const CLOCKS_MS: u64 = 5 * 60 * 1000;
/// Bytes; more than any plan within the widest belt has.
const LARGEST: u64 = 256 * 1024 * 1024;

/// See the module.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlanFile {
    nicdeck_plan: u64,
    hash: String,
    plan: Option<String>,
    made_at: String,
    made_by: String,
    host: String,
    version: String,
    demo: bool,
    undoes: Option<String>,
    rows: Vec<RowOf>,
    writes: Vec<WriteOf>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct RowOf {
    target: Target,
    act: String,
    cloud: CloudId,
    region: RegionId,
    go: bool,
    findings: Vec<String>,
    #[serde(rename = "override")]
    overridden: Option<String>,
    before: usize,
    after: usize,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct WriteOf {
    operation: OperationId,
    cloud: CloudId,
    profile: ProfileId,
    region: RegionId,
    #[serde(flatten)]
    kind: OperationKind,
    after: Vec<OperationId>,
    calls: Vec<String>,
    more_calls: bool,
    taken: Vec<IpAddr>,
    digest: String,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    #[error("{} cannot be read: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{} cannot be written: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("{} is there already, and is no plan", path.display())]
    Taken { path: PathBuf },
    #[error("{} is there already", path.display())]
    There { path: PathBuf },
    #[error("{} is no plan: {why}", path.display())]
    NoPlan { path: PathBuf, why: String },
    #[error("{} is a plan of version {found}", path.display())]
    Version { path: PathBuf, found: u64 },
    #[error("{} was changed after it was made: its hash is {found}", path.display())]
    Altered { path: PathBuf, found: String },
}

impl PlanFileError {
    /// The same for the locale's words.
    pub fn phrase(&self) -> Phrase {
        let at = |key, path: &Path| Phrase::new(key).with("path", path.display());
        match self {
            Self::Read { path, error } => at("plan-file.unreadable", path).with("reason", error),
            Self::Write { path, error } => at("plan-file.unwritable", path).with("reason", error),
            Self::Taken { path } => at("plan-file.taken", path),
            Self::There { path } => at("plan-file.there", path),
            Self::NoPlan { path, why } => at("plan-file.no-plan", path).with("reason", why),
            Self::Version { path, found } => at("plan-file.version", path).with("found", found).with("known", VERSION),
            Self::Altered { path, found } => at("plan-file.altered", path).with("hash", found),
        }
    }
}

/// How old a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Age {
    Good,
    /// In hours.
    TooOld(u64),
    /// It says that it was made later than now.
    NotYet,
}

/// What is not as the file says any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// A target is decided, or found, otherwise: what the file says and what is now; `None`: it is not in that plan.
    Row { target: Target, said: Option<String>, now: Option<String>, was_sent: bool },
    /// What is written to the NIC, or a fact about it.
    Facts { nic: NicKey },
}

impl PlanFile {
    /// The plan in words of the file.
    pub fn of(plan: &ReleasePlan, author: &Author, demo: bool, now: Timestamp) -> Self {
        let mut file = Self {
            nicdeck_plan: VERSION,
            hash: String::new(),
            plan: plan.told_hash().map(|hash| hash.to_string()),
            made_at: stamp(now),
            made_by: author.who.clone(),
            host: author.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            demo,
            undoes: plan.undoes().map(str::to_owned),
            rows: plan.rows().iter().map(row).collect(),
            writes: plan.operations().iter().map(write).collect(),
        };
        file.hash = serde_json::to_value(&file).map(digest).unwrap_or_default();
        file
    }

    /// What has to be approved.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The hash of what is sent: the plan's own. `None`: nothing is.
    pub fn plan(&self) -> Option<&str> {
        self.plan.as_deref().filter(|_| !self.writes.is_empty())
    }

    pub fn demo(&self) -> bool {
        self.demo
    }

    /// Who made it.
    pub fn made_by(&self) -> &str {
        &self.made_by
    }

    /// The machine on which it was made.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The batch that it takes back.
    pub fn undoes(&self) -> Option<&str> {
        self.undoes.as_deref()
    }

    pub fn made_at(&self) -> Timestamp {
        let at = self.made_at.parse().map(|at: jiff::Timestamp| at.as_millisecond());
        Timestamp(at.unwrap_or_default())
    }

    pub fn age(&self, now: Timestamp) -> Age {
        let made = self.made_at();
        if made.since(now) > CLOCKS_MS {
            return Age::NotYet;
        }
        match now.since(made) {
            age if age > GOOD_FOR_MS => Age::TooOld(age / (60 * 60 * 1000)),
            _ => Age::Good,
        }
    }

    /// What was asked for, sent or not.
    pub fn targets(&self) -> BTreeSet<Target> {
        self.rows.iter().map(|row| row.target.clone()).collect()
    }

    /// Targets that go although something about them is not known, and why.
    pub fn overrides(&self) -> impl Iterator<Item = (&Target, &str)> {
        self.rows.iter().filter_map(|row| Some((&row.target, row.overridden.as_deref()?)))
    }

    /// Accounts that it is about.
    pub fn profiles(&self) -> BTreeSet<&ProfileId> {
        self.rows.iter().map(|row| &row.target.nic().profile).collect()
    }

    /// Writes that are sent.
    pub fn writes(&self) -> usize {
        self.writes.len()
    }

    /// What is not in this plan as the file says it, row by row, and then write by write.
    pub fn differences(&self, now: &ReleasePlan) -> Vec<Difference> {
        let rows: Vec<RowOf> = now.rows().iter().map(row).collect();
        let find = |rows: &[RowOf], target: &Target| rows.iter().find(|row| row.target == *target).map(RowOf::told);
        let targets: BTreeSet<&Target> = self.rows.iter().chain(&rows).map(|row| &row.target).collect();
        let mut differences: Vec<Difference> = targets
            .into_iter()
            .map(|target| (target, find(&self.rows, target), find(&rows, target)))
            .filter(|(_, said, now)| said != now)
            .map(|(target, said, now)| {
                let was_sent = self.rows.iter().any(|row| row.target == *target && row.go);
                Difference::Row { target: target.clone(), said, now, was_sent }
            })
            .collect();
        let writes: Vec<WriteOf> = now.operations().iter().map(write).collect();
        let nic = |write: &WriteOf| NicKey { profile: write.profile.clone(), nic: write.kind.nic().clone() };
        let other = |writes: &[WriteOf], of: &[WriteOf]| -> BTreeSet<NicKey> {
            of.iter().filter(|write| !writes.contains(write)).map(nic).collect()
        };
        let nics: BTreeSet<NicKey> = &other(&writes, &self.writes) | &other(&self.writes, &writes);
        // A row that is told says enough about its NIC.
        let told: BTreeSet<NicKey> = differences
            .iter()
            .map(|difference| match difference {
                Difference::Row { target, .. } => target.nic().clone(),
                Difference::Facts { nic } => nic.clone(),
            })
            .collect();
        differences.extend(nics.difference(&told).map(|nic| Difference::Facts { nic: nic.clone() }));
        if differences.is_empty() && now.told_hash().map(|hash| hash.to_string()).as_deref() != self.plan() {
            // The file's own words do not add up to the hash that it names.
            differences.extend(self.writes.iter().map(nic).map(|nic| Difference::Facts { nic }));
        }
        differences
    }

    /// As JSON, for people as well.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// May a plan be written there? A file with something in it is left as it is; with `replace`, one that is no plan.
    ///
    /// # Errors
    /// It may not.
    pub fn is_free(path: &Path, replace: bool) -> Result<(), PlanFileError> {
        match fs::metadata(path) {
            Ok(meta) if meta.is_file() && meta.len() > 0 => match Self::load(path) {
                Err(PlanFileError::NoPlan { .. }) => Err(PlanFileError::Taken { path: path.to_owned() }),
                Err(PlanFileError::Read { error, .. }) => Err(PlanFileError::Write { path: path.to_owned(), error }),
                _ if replace => Ok(()),
                _ => Err(PlanFileError::There { path: path.to_owned() }),
            },
            _ => Ok(()),
        }
    }

    /// Writes it to the file, for its owner alone and whole or not at all. A plan that is there is replaced on demand only.
    ///
    /// # Errors
    /// Something is there; the file can not be made or written.
    pub fn save(&self, path: &Path, replace: bool) -> Result<(), PlanFileError> {
        let fail = |error| PlanFileError::Write { path: path.to_owned(), error };
        // A pipe, or the terminal under a name: nothing of it is lost.
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            let mut out = io::BufWriter::new(OpenOptions::new().write(true).open(path).map_err(fail)?);
            return self.write(&mut out).and_then(|()| out.flush()).map_err(fail);
        }
        Self::is_free(path, replace)?;
        // What a link names is replaced, not the link.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let new = place.with_file_name(name);
        let put = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut out = io::BufWriter::new(options.open(&new)?);
            self.write(&mut out).and_then(|()| out.flush())?;
            out.get_ref().sync_all()?;
            fs::rename(&new, &place)
        };
        put().map_err(|error| {
            let _ = fs::remove_file(&new);
            fail(error)
        })
    }

    /// Reads a file, and sees that each word of it is as it was made.
    ///
    /// # Errors
    /// It can not be read, is no plan, or was changed.
    pub fn load(path: &Path) -> Result<Self, PlanFileError> {
        let fail = |error| PlanFileError::Read { path: path.to_owned(), error };
        let mut text = Vec::new();
        File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text)).map_err(fail)?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &[u8]) -> Result<Self, PlanFileError> {
        let no_plan = |why: String| PlanFileError::NoPlan { path: path.to_owned(), why };
        let value: Value = serde_json::from_slice(text).map_err(|error| no_plan(error.to_string()))?;
        match value.get("nicdeck_plan").map(Value::as_u64) {
            Some(Some(VERSION)) => {}
            Some(Some(found)) => return Err(PlanFileError::Version { path: path.to_owned(), found }),
            _ => return Err(no_plan("`nicdeck_plan`".to_owned())),
        }
        // Read twice: the digest is over every key that is there, known or not; and none may be there twice.
        let file: Self = serde_json::from_slice(text).map_err(|error| no_plan(error.to_string()))?;
        let found = digest(value);
        if found != file.hash {
            return Err(PlanFileError::Altered { path: path.to_owned(), found });
        }
        Ok(file)
    }
}

impl RowOf {
    /// What is decided on it and found, in one line.
    fn told(&self) -> String {
        let already = self.findings.iter().any(|id| id == FindingId::AlreadyThere.as_str());
        let word = match (self.go, already) {
            (true, _) => "go",
            (false, true) => "already",
            (false, false) => "blocked",
        };
        let reason = self.overridden.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let (act, before, after) = (&self.act, self.before, self.after);
        format!("{act} {word}{reason} {} {before}->{after}", self.findings.join(",")).replace("  ", " ")
    }
}

fn row(row: &PlanRow) -> RowOf {
    RowOf {
        target: row.target.clone(),
        act: row.act.as_str().to_owned(),
        cloud: row.cloud.clone(),
        region: row.region.clone(),
        go: matches!(row.decision, Decision::Go(_)),
        findings: row.findings.iter().map(|finding| finding.id.as_str().to_owned()).collect(),
        overridden: row.overridden.as_deref().map(str::to_owned),
        before: row.before,
        after: row.after,
    }
}

fn write(operation: &Operation) -> WriteOf {
    WriteOf {
        operation: operation.id,
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: operation.kind.clone(),
        after: operation.after.clone(),
        calls: operation.calls.names.iter().map(|&name| name.to_owned()).collect(),
        more_calls: operation.calls.more,
        taken: operation.taken.clone(),
        digest: PlanHash::of(std::slice::from_ref(operation)).to_string(),
    }
}

/// SHA-256 over the document without its hash. The keys of an object are in their alphabet's order, and there is no space.
fn digest(mut document: Value) -> String {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("hash");
    }
    let mut text = format!("nicdeck plan file {VERSION}\n");
    canonical(&document, &mut text);
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for key in keys {
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                canonical(fields.get(key).unwrap_or(&Value::Null), out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn stamp(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::Load;

    const NOW: Timestamp = Timestamp(1_767_794_580_000);

    fn file(made_at: Timestamp) -> PlanFile {
        let plan = ReleasePlan::freeze(made_at, Vec::new(), Vec::new(), Load::default(), |_| 0).unwrap();
        let author = Author { who: "lin".to_owned(), host: "ops-1".to_owned() };
        PlanFile::of(&plan, &author, false, made_at)
    }

    #[test]
    fn a_day_is_how_long_a_file_is_good_for() {
        let hour = 60 * 60 * 1000;
        assert_eq!(file(NOW).age(NOW.plus_ms(GOOD_FOR_MS)), Age::Good);
        assert_eq!(file(NOW).age(NOW.plus_ms(GOOD_FOR_MS + 1)), Age::TooOld(24));
        assert_eq!(file(NOW).age(NOW.plus_ms(49 * hour)), Age::TooOld(49));
        // Clocks differ a little, and one that is an hour off proves nothing.
        assert_eq!(file(NOW.plus_ms(60_000)).age(NOW), Age::Good);
        assert_eq!(file(NOW.plus_ms(hour)).age(NOW), Age::NotYet);
    }

    #[test]
    fn what_is_written_is_read_again_however_it_is_spaced() {
        let file = file(NOW);
        let mut text = Vec::new();
        file.write(&mut text).unwrap();
        assert_eq!(PlanFile::parse(Path::new("p"), &text).unwrap(), file);
        let value: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(PlanFile::parse(Path::new("p"), value.to_string().as_bytes()).unwrap().made_at(), NOW);
        let twice = String::from_utf8(text).unwrap().replace("\"undoes\"", "\"made_by\": \"wu\", \"undoes\"");
        assert!(matches!(PlanFile::parse(Path::new("p"), twice.as_bytes()), Err(PlanFileError::NoPlan { .. })));
    }

    /// The first form named no calls: who approved it has not seen them.
    #[test]
    fn a_plan_of_the_first_form_is_refused_as_another_version() {
        let mut value = serde_json::to_value(file(NOW)).unwrap();
        for other in [1, 99] {
            value["nicdeck_plan"] = other.into();
            let Err(error) = PlanFile::parse(Path::new("p"), value.to_string().as_bytes()) else { panic!("{other}") };
            assert!(matches!(error, PlanFileError::Version { found, .. } if found == other), "{error:?}");
            let values = error.phrase().values;
            assert!(values.contains(&("found", other.to_string())) && values.contains(&("known", VERSION.to_string())));
        }
    }

    /// Another machine's nicdeck has to come to the same hash.
    #[test]
    fn the_hash_hangs_on_the_words_alone() {
        let value = |text: &str| digest(serde_json::from_str(text).unwrap());
        let hash = value(r#"{"b":[1,"x\u00e9"],"a":{"d":null,"c":true},"hash":"no matter"}"#);
        assert_eq!(hash, value(r#"{ "a": {"c": true, "d": null}, "b": [1, "xé"] }"#));
        assert_eq!(
            hash,
            hex::encode(Sha256::digest("nicdeck plan file 2\n{\"a\":{\"c\":true,\"d\":null,},\"b\":[1,\"xé\",],}"))
        );
    }

    #[test]
    fn a_plan_takes_the_place_of_a_plan_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("of-lin");
        let (first, second) = (file(NOW), file(NOW.plus_ms(1)));
        first.save(&path, false).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(second.save(&path, false), Err(PlanFileError::There { .. })));
        assert_eq!(fs::read(&path).unwrap(), before, "it is as it was");
        second.save(&path, true).unwrap();
        assert_eq!(PlanFile::load(&path).unwrap(), second);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // One that somebody edited is one all the same.
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("lin", "wu")).unwrap();
        first.save(&path, true).unwrap();
        for other in ["version = 1\n", "{\"nicdeck\": 1}"] {
            fs::write(&path, other).unwrap();
            assert!(matches!(second.save(&path, true), Err(PlanFileError::Taken { .. })), "{other}");
            assert_eq!(fs::read_to_string(&path).unwrap(), other);
        }
        // What could not be written leaves nothing behind, and what was there as it was.
        let nowhere = folder.path().join("missing/of-lin");
        assert!(matches!(second.save(&nowhere, true), Err(PlanFileError::Write { .. })));
        assert!(matches!(second.save(folder.path(), true), Err(PlanFileError::Write { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
