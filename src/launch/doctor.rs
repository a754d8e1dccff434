//! `nicdeck doctor`: what was found about each profile, this terminal and the journal, in words or as JSON.

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write as _},
};

mod journal;

use serde::Serialize;

use self::journal::Journal;
use super::{Demo, Failure, accounts, base, complain, demo, failed, narrowed, tokio_runtime};
use crate::{
    app::{notices::Phrase, state::Language},
    cli::{DoctorStart, Exit},
    domain::{
        clean::clean,
        fault::{Fault, FaultKind},
        ids::{CloudId, ProfileId, RegionId},
    },
    look,
    providers::{
        self,
        credential::{CredentialFrom, CredentialSource},
    },
    report,
    runtime::{
        self, Account, clock,
        doctor::{CallHealth, Health, Who},
    },
    told,
    ui::{
        self,
        catalog::{Catalog, Catalogs},
    },
};

/// The version of the JSON form.
const VERSION: u32 = 1;
/// A clock that is off by as much is worth a word, in seconds.
const SKEW_WARN: u64 = 30;
/// Clouds refuse requests that are older, or from the future, in seconds: the strictest of them.
const SKEW_REFUSED: u64 = 240;

/// Examines every profile and prints what was found.
pub fn doctor(start: &DoctorStart, out: &mut dyn io::Write, err: &mut dyn io::Write) -> Exit {
    let language = told::language(start.settings.look.language);
    let tokio = match tokio_runtime() {
        Ok(tokio) => tokio,
        Err(error) => return complain(err, &error, Exit::Failure),
    };
    let examined = tokio.block_on(examine(start, language));
    tokio.shutdown_background();
    let findings = match examined {
        Ok(findings) => findings,
        Err(failure) => return failed(err, &failure, language),
    };
    let catalogs = match Catalogs::embedded().and_then(|catalogs| catalogs.with_errors(providers::errors())) {
        Ok(catalogs) => catalogs.with_keys(&start.settings.keys),
        Err(error) => return complain(err, &error, Exit::Failure),
    };
    let words = catalogs.of(language);
    let mut buffered = io::BufWriter::new(out);
    let written = if start.json { findings.json(words, &mut buffered) } else { findings.text(words, &mut buffered) };
    match written.and_then(|()| buffered.flush()) {
        // A reader that went away early (head, less) has what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => complain(err, &error, Exit::Failure),
        _ => findings.exit(),
    }
}

async fn examine(start: &DoctorStart, language: Language) -> Result<Findings, Failure> {
    let mut launch = base(start.demo, language, false, &start.settings.keys);
    launch.readonly = true;
    let _clouds = if start.demo {
        // The journal's writes were to worlds that are gone.
        launch.since = clock::now();
        let Demo { profiles, clouds, .. } = demo::start(None, launch.since).await.map_err(Failure::Demo)?;
        launch.accounts = narrowed(profiles, &start.only)?;
        clouds
    } else {
        launch.accounts = accounts(&start.settings);
        Vec::new()
    };
    let mut health = runtime::doctor::run(&launch).await.map_err(Failure::Run)?;
    let sources = &start.settings.sources;
    let mut of = |account: &Account| ProfileFindings {
        id: account.profile.id.clone(),
        cloud: account.profile.cloud.clone(),
        alias: account.profile.alias.clone(),
        source: sources.iter().find(|source| source.profile == account.profile.id).cloned(),
        health: account.credential.as_ref().map_err(Clone::clone).map(|_| health.remove(&account.profile.id)),
    };
    let profiles = launch.accounts.iter().map(&mut of).collect();
    Ok(Findings { profiles, journal: Journal::look(&launch), terminal: Terminal::look(start) })
}

struct Findings {
    profiles: Vec<ProfileFindings>,
    journal: Journal,
    terminal: Terminal,
}

struct ProfileFindings {
    id: ProfileId,
    cloud: CloudId,
    /// The account's name in the config.
    alias: Option<String>,
    /// `None` in the demo.
    source: Option<CredentialSource>,
    /// Why it has no credential, or how it does. `None`: the build has no such cloud.
    health: Result<Option<Health>, Phrase>,
}

/// How bad something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Good,
    Odd,
    Bad,
}

impl Grade {
    fn glyph(self) -> &'static str {
        match self {
            Grade::Good => "+",
            Grade::Odd => "!",
            Grade::Bad => "x",
        }
    }
}

fn grade_of_skew(skew_s: i64) -> Grade {
    match skew_s.unsigned_abs() {
        ..SKEW_WARN => Grade::Good,
        SKEW_WARN..SKEW_REFUSED => Grade::Odd,
        SKEW_REFUSED.. => Grade::Bad,
    }
}

impl ProfileFindings {
    fn problem(&self) -> Option<Phrase> {
        match &self.health {
            Err(phrase) => Some(phrase.clone()),
            Ok(Some(Health { keys: Err(why), .. })) => Some(Phrase::from(why).with("place", "")),
            Ok(_) => None,
        }
    }

    fn calls(&self) -> &[CallHealth] {
        match &self.health {
            Ok(Some(health)) => &health.calls,
            _ => &[],
        }
    }

    fn who(&self) -> Option<&Who> {
        self.health.as_ref().ok()?.as_ref().map(|health| &health.account)
    }

    /// The vendor's id of the account.
    fn account(&self) -> Option<&str> {
        match self.who()? {
            Who::Known(id) => Some(id),
            Who::Failed(_) | Who::NoCall | Who::NotAsked => None,
        }
    }

    /// Who this is, as far as anybody tells. That nobody does is no failure of the profile.
    fn account_told(&self, words: &Catalog) -> (Grade, String) {
        let alias = self.alias.as_deref().unwrap_or("-");
        let text = |key, id: &str| words.text(key, &[("id", id), ("alias", alias)]).into_owned();
        match self.who() {
            Some(Who::Known(id)) => (Grade::Good, text("doctor.account-id", id)),
            Some(Who::NoCall) => (Grade::Good, text("doctor.account-no-call", "")),
            Some(Who::Failed(fault)) => {
                let why = fault_text(words, &self.cloud, fault);
                (Grade::Odd, format!("{}  {why}", text("doctor.account-failed", &fault.action)))
            }
            Some(Who::NotAsked) | None => (Grade::Odd, text("doctor.account-not-asked", "")),
        }
    }

    fn skew_s(&self) -> Option<i64> {
        self.health.as_ref().ok()?.as_ref()?.skew_s
    }

    /// Counts of what is well, what is not, and how much of that is a matter of keys and permissions.
    fn counts(&self) -> (usize, usize, usize) {
        if self.problem().is_some() {
            return (0, 1, 1);
        }
        let late = self.skew_s().is_some_and(|skew| grade_of_skew(skew) == Grade::Bad);
        let (mut good, mut bad, mut refused) = (0, usize::from(late), 0);
        for call in self.calls() {
            match &call.answer {
                Ok(()) => good += 1,
                Err(fault) => {
                    bad += 1;
                    refused += usize::from(matches!(fault.kind, FaultKind::Credentials | FaultKind::Permission));
                }
            }
        }
        (good, bad, refused)
    }
}

impl Findings {
    fn exit(&self) -> Exit {
        let counts = self.profiles.iter().map(ProfileFindings::counts);
        let sum = counts.fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        match sum {
            (_, 0, _) if self.journal.is_well() => Exit::Done,
            (_, 0, _) => Exit::Failure,
            (0, bad, refused) if bad == refused => Exit::Credentials,
            (0, ..) => Exit::Failure,
            _ => Exit::Partly,
        }
    }

    fn text(&self, words: &Catalog, out: &mut dyn io::Write) -> io::Result<()> {
        let mut lines = Lines { out, width: self.width(words) };
        for profile in &self.profiles {
            let title = providers::find(profile.cloud.as_str()).map_or("", |cloud| cloud.descriptor().title);
            lines.head(&format!("{}  {title}", profile.id))?;
            let demo = || words.word("doctor.from-demo").to_owned();
            let from = profile.source.as_ref().map_or_else(demo, |source| source_text(source, words));
            match profile.problem() {
                Some(problem) => {
                    lines.row(Grade::Bad, words.word("doctor.keys"), &words.phrase(&problem))?;
                    continue;
                }
                None => lines.row(Grade::Good, words.word("doctor.keys"), &from)?,
            }
            let (grade, text) = profile.account_told(words);
            lines.row(grade, words.word("doctor.account"), &text)?;
            if let Some(skew) = profile.skew_s() {
                let key = if skew == 0 { "doctor.clock-exact" } else { "doctor.clock-off" };
                let mut text = words.text(key, &[("seconds", &skew.unsigned_abs().to_string())]).into_owned();
                if grade_of_skew(skew) == Grade::Bad {
                    text += words.word("doctor.clock-refused");
                }
                lines.row(grade_of_skew(skew), words.word("doctor.clock"), &text)?;
            }
            for call in profile.calls() {
                let region = call.region.as_ref().map_or("", |region| region.as_str());
                let (grade, text) = match &call.answer {
                    Ok(()) => (Grade::Good, format!("{region}  {} ms  {}", call.took_ms, call.granted())),
                    Err(fault) => (Grade::Bad, format!("{region}  {}", fault_text(words, &profile.cloud, fault))),
                };
                lines.row(grade, call.action, text.trim_start())?;
            }
        }
        lines.head(words.word("doctor.here"))?;
        let (grade, text) = self.terminal.told(words);
        lines.row(grade, words.word("doctor.terminal"), &text)?;
        for row in self.journal.told(words) {
            lines.row(row.grade, words.word("doctor.journal"), &row.text)?;
        }
        Ok(())
    }

    /// Columns of the widest name.
    fn width(&self, words: &Catalog) -> usize {
        let actions = self.profiles.iter().flat_map(|profile| profile.calls().iter().map(|call| call.action));
        let own = ["doctor.keys", "doctor.account", "doctor.clock", "doctor.terminal", "doctor.journal"]
            .map(|key| words.word(key));
        actions.chain(own).map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0)
    }

    fn json(&self, words: &Catalog, out: &mut dyn io::Write) -> io::Result<()> {
        let profiles = self.profiles.iter().map(|profile| ProfileJson {
            name: profile.id.as_str(),
            cloud: profile.cloud.as_str(),
            credentials_from: profile.source.as_ref().map(|source| source_text(source, words)),
            problem: profile.problem().map(|problem| words.phrase(&problem)),
            account: profile.account(),
            account_fault: match profile.who() {
                Some(Who::Failed(fault)) => Some(fault),
                _ => None,
            },
            alias: profile.alias.as_deref(),
            clock_skew_s: profile.skew_s(),
            calls: profile.calls().iter().map(CallJson::of).collect(),
        });
        let (journal, terminal) = (self.journal.told(words), self.terminal.told(words));
        let document = Document {
            nicdeck: VERSION,
            version: VERSION,
            profiles: profiles.collect(),
            terminal: Told { ok: terminal.0 == Grade::Good, text: terminal.1 },
            journal: JournalJson {
                ok: journal.iter().all(|row| row.grade == Grade::Good),
                text: journal.iter().map(|row| row.text.as_str()).collect::<Vec<_>>().join(" "),
                findings: &journal,
            },
        };
        report::json_line(&document, out)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    nicdeck: u32,
    /// As the first nicdeck named it.
    version: u32,
    profiles: Vec<ProfileJson<'a>>,
    terminal: Told,
    journal: JournalJson<'a>,
}

#[derive(Serialize)]
struct JournalJson<'a> {
    ok: bool,
    text: String,
    findings: &'a [journal::Row],
}

#[derive(Serialize)]
struct Told {
    ok: bool,
    text: String,
}

#[derive(Serialize)]
struct ProfileJson<'a> {
    name: &'a str,
    cloud: &'a str,
    credentials_from: Option<String>,
    problem: Option<String>,
    /// The vendor's id of it; `null` where the cloud has no call that tells it, or refused it.
    account: Option<&'a str>,
    account_fault: Option<&'a Fault>,
    /// Its name in the config.
    alias: Option<&'a str>,
    clock_skew_s: Option<i64>,
    calls: Vec<CallJson<'a>>,
}

#[derive(Serialize)]
struct CallJson<'a> {
    action: &'a str,
    /// What has to be granted for it, as the vendor's access control spells it.
    permission: &'a str,
    region: Option<&'a str>,
    ok: bool,
    ms: u64,
    fault: Option<&'a Fault>,
}

impl<'a> CallJson<'a> {
    fn of(call: &'a CallHealth) -> Self {
        CallJson {
            action: call.action,
            permission: &call.permission,
            region: call.region.as_ref().map(RegionId::as_str),
            ok: call.answer.is_ok(),
            ms: call.took_ms,
            fault: call.answer.as_ref().err(),
        }
    }
}

/// Rows of a glyph, a name and a text, under heads.
struct Lines<'a> {
    out: &'a mut dyn io::Write,
    width: usize,
}

impl Lines<'_> {
    fn head(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", clean(text))
    }

    fn row(&mut self, grade: Grade, name: &str, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(unicode_width::UnicodeWidthStr::width(name));
        writeln!(self.out, "  {} {name}{}  {}", grade.glyph(), " ".repeat(room), clean(text))
    }
}

/// What went wrong, with the vendor's words for its support, and what to do.
fn fault_text(words: &Catalog, cloud: &CloudId, fault: &Fault) -> String {
    let code = fault.code.as_deref().unwrap_or_default();
    let parts = [
        Some(ui::fault_word(words, fault.kind)),
        Some(code.to_owned()).filter(|code| !code.is_empty()),
        fault.request_id.as_ref().map(|id| words.text("doctor.request", &[("id", id)]).into_owned()),
        ui::fault_advice(words, cloud, fault),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// Where a profile's keys come from: names, never a value.
fn source_text(source: &CredentialSource, words: &Catalog) -> String {
    let listed = |names: &[&String]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    match &source.from {
        CredentialFrom::Env { keys, token, .. } => {
            let names: Vec<&String> = keys.iter().flat_map(|(id, secret)| [id, secret]).chain(token).collect();
            words.text("doctor.from-variables", &[("names", &listed(&names))]).into_owned()
        }
        CredentialFrom::Password { user, password, account } => {
            words.text("doctor.from-variables", &[("names", &listed(&[user, password, account]))]).into_owned()
        }
        CredentialFrom::VendorCli { profile: Some(profile) } => {
            words.text("doctor.from-tool", &[("profile", profile)]).into_owned()
        }
        CredentialFrom::VendorCli { profile: None } => words.word("doctor.from-tool-itself").to_owned(),
        CredentialFrom::Command { argv, .. } => {
            let program = argv.first().map_or("", String::as_str);
            words.text("doctor.from-program", &[("program", program)]).into_owned()
        }
    }
}

/// What the terminal can show.
struct Terminal {
    /// `None`: standard output is none.
    told: Option<BTreeMap<&'static str, String>>,
}

impl Terminal {
    fn look(start: &DoctorStart) -> Self {
        if !start.terminal {
            return Self { told: None };
        }
        let (colours, unicode) = look::abilities(&start.settings.look);
        let size = rustix::termios::tcgetwinsize(io::stdout());
        let (columns, rows) = size.map_or((0, 0), |size| (size.ws_col, size.ws_row));
        let told = BTreeMap::from([
            ("term", env::var("TERM").unwrap_or_default()),
            ("columns", columns.to_string()),
            ("rows", rows.to_string()),
            ("colours", colours.to_owned()),
            ("lines", if unicode { "Unicode" } else { "ASCII" }.to_owned()),
        ]);
        Self { told: Some(told) }
    }

    fn told(&self, words: &Catalog) -> (Grade, String) {
        match &self.told {
            None => (Grade::Good, words.word("doctor.no-terminal").to_owned()),
            Some(told) => {
                let values: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
                (Grade::Good, words.text("doctor.terminal-can", &values).into_owned())
            }
        }
    }
}
