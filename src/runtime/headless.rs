//! The console's loop without a screen: lists, then reports. Runs the same `update` and the same jobs.

use std::{collections::BTreeMap, io, time::Duration};

use crate::{
    app::{
        detail,
        geometry::Size,
        msg::Msg,
        notices::Phrase,
        rows::{self, RowRef},
        state::State,
        update,
    },
    domain::{
        clean::clean,
        fault::{Fault, FaultKind},
        finding::{Finding, Level},
        ids::{CloudId, ProfileId, RegionId},
        inventory::Coverage,
        page::Resource,
        selection::Target,
    },
    providers::client::local,
    report::{self, Format, Source, Verdict},
};

use super::{Launch, RunError, clock, journal};

/// How complete a list is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listed {
    All,
    /// Something failed, other things are there.
    Partly,
    /// All is there but for profiles whose credentials are not set.
    Misconfigured,
    /// Every profile failed, each because of its credential or permission.
    Refused,
    Failed,
}

/// To the beginning of the terminal's line, which is blank then.
const REWRITE: &str = "\r\u{1b}[K";
/// Progress is told at most this often.
const PROGRESS: Duration = Duration::from_millis(500);

/// A sentence by its key in the locales, with its values.
pub type Tell<'a> = dyn Fn(&str, &[(&str, &str)]) -> String + 'a;

/// How a list is told.
pub struct Form<'a> {
    pub format: Format,
    pub words: report::Words,
    pub tell: &'a Tell<'a>,
    /// A word for a fault that came without any.
    pub fault: &'a dyn Fn(FaultKind) -> String,
    /// What a fault's code means, and what to do about it.
    pub advice: &'a dyn Fn(&CloudId, &Fault) -> Option<String>,
    /// Somebody watches: say how far it has come.
    pub progress: bool,
}

/// Lists everything and writes the report to `out`, failures to `err`; with `progress`, also how far it has come, on one line
/// of the terminal that `err` is.
///
/// # Errors
/// No usable HTTPS client; or `out` does not take the report.
pub async fn list(
    launch: Launch,
    form: &Form<'_>,
    out: &mut dyn io::Write,
    err: &mut dyn io::Write,
) -> Result<Result<Listed, io::Error>, RunError> {
    let mut engine = launch.engine()?;
    let mut state = State::new(launch.setup(Size::default()), clock::now());
    earlier(&launch, &mut state, form, err);
    let mut effects = update::start(&mut state, clock::now());
    let mut told = tokio::time::Instant::now();
    let mut shown = false;
    loop {
        for effect in effects.drain(..) {
            engine.executor.start(effect);
        }
        if state.jobs.listings().next().is_none() {
            break;
        }
        let msg = tokio::select! {
            Some(msg) = engine.results.recv() => msg,
            Some(exchange) = engine.exchanges.recv() => Msg::Exchange(Box::new(exchange)),
            Some(msg) = engine.executor.ended() => msg,
        };
        effects = update::update(&mut state, clock::now(), msg);
        if form.progress && told.elapsed() >= PROGRESS {
            told = tokio::time::Instant::now();
            let (nics, addresses) =
                (state.inventory.nic_count().to_string(), state.inventory.address_count().to_string());
            let text = (form.tell)("list.loading", &[("addresses", &addresses), ("nics", &nics)]);
            let _ = write!(err, "{REWRITE}{text}").and_then(|()| err.flush());
            shown = true;
        }
    }
    if shown {
        let _ = write!(err, "{REWRITE}");
    }
    let written = write(&state, form, out);
    let listed = failures(&state, form, err);
    Ok(written.map(|()| listed))
}

/// What earlier runs left open: read from the journal, so that the list warns as the console does. Asks no cloud, and leaves
/// the journal as it is.
fn earlier(launch: &Launch, state: &mut State, form: &Form<'_>, err: &mut dyn io::Write) {
    // The demo's clouds begin anew each time.
    let Some(path) = launch.journal.as_deref().filter(|_| !launch.demo) else { return };
    match journal::open_writes(path, &super::host(), clock::now()) {
        Ok(open) => update::note_earlier(state, path.to_string_lossy().into_owned(), open),
        Err(error) => {
            let why = Phrase::from(&error.fault());
            let values: Vec<(&str, &str)> = why.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let text = (form.tell)("notice.journal-unread", &[("message", &(form.tell)(why.key, &values))]);
            let _ = writeln!(err, "{}", clean(&text));
        }
    }
}

fn write(state: &State, form: &Form<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let regions: BTreeMap<ProfileId, Vec<RegionId>> =
        state.profiles.iter().map(|info| (info.id.clone(), info.regions.clone())).collect();
    let verdict = |target: &Target| -> Option<Verdict> {
        if !rows::is_visible(state, target) {
            return None;
        }
        let findings: Vec<Finding> = detail::of(state, row_of(state, target)?)?.findings().to_vec();
        let level = findings.iter().map(|finding| Level::from(finding.severity)).max().unwrap_or_default();
        Some(Verdict { level, findings })
    };
    let source = Source {
        inventory: &state.inventory,
        regions: &regions,
        verdict: &verdict,
        demo: state.demo,
        words: &form.words,
    };
    let mut buffered = io::BufWriter::new(out);
    report::inventory(&source, form.format, &mut buffered)?;
    io::Write::flush(&mut buffered)
}

fn row_of(state: &State, target: &Target) -> Option<RowRef> {
    let key = target.nic();
    let place = state.inventory.place(&key.profile)?;
    let part = state.inventory.at(place)?;
    let slot = part.nic_slot(&key.nic)?;
    let profile = u16::try_from(place).ok()?;
    match target {
        Target::Nic(_) => Some(RowRef::Nic { profile, slot, depth: 0 }),
        Target::Address(key) | Target::Eip { address: key, .. } => {
            let nth = part.nic_at(slot)?.addresses.iter().position(|address| address.ip == key.ip)?;
            Some(RowRef::Address { profile, slot, nth: u16::try_from(nth).ok()?, depth: 0 })
        }
    }
}

/// Says what failed, a line for each and one for what the codes mean, and sums up.
fn failures(state: &State, form: &Form<'_>, err: &mut dyn io::Write) -> Listed {
    let (mut good, mut bad, mut refused, mut unset) = (0usize, 0usize, 0usize, 0usize);
    for (place, info) in state.profiles.iter().enumerate() {
        let mut phrase = |problem: &Phrase| {
            let values: Vec<(&str, &str)> =
                problem.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let _ = writeln!(err, "{}: {}", info.id, clean(&(form.tell)(problem.key, &values)));
        };
        if let Some(problem) = &info.problem {
            bad += 1;
            refused += 1;
            unset += 1;
            phrase(problem);
            continue;
        }
        let failed = detail::failed_sections(state, place);
        // Nothing was sent for it, whatever was asked for.
        if let Some(why) = failed.iter().find_map(|(_, fault, _)| fault.keys.as_deref()) {
            phrase(&Phrase::from(why).with("place", ""));
        }
        let mut explained = None;
        for (section, fault, _) in failed {
            bad += 1;
            refused +=
                usize::from(matches!(fault.kind, FaultKind::Keys | FaultKind::Credentials | FaultKind::Permission));
            if fault.keys.is_some() {
                continue;
            }
            let region = section.1.as_ref().map_or(String::new(), |region| format!(" {region}"));
            let code = fault.code.as_deref().unwrap_or("-");
            let request = fault.request_id.as_deref().unwrap_or("-");
            let status = fault.http_status.map_or(String::new(), |status| format!(", HTTP {status}"));
            let message = match fault.message.as_str() {
                "" => (form.fault)(fault.kind),
                own if fault.code.is_none() && local::ALL.contains(&own) => (form.tell)(&format!("local.{own}"), &[]),
                theirs => theirs.to_owned(),
            };
            let text = (form.tell)(
                "list.failed",
                &[
                    ("where", &format!("{}{region}", info.id)),
                    ("action", &fault.action),
                    ("message", &message),
                    ("code", code),
                    ("request", request),
                    ("status", &status),
                ],
            );
            let _ = writeln!(err, "{}", clean(&text));
            // Listings of one profile mostly fail for one reason: it is explained once.
            let advice = (form.advice)(&info.cloud, fault);
            if let Some(text) = advice.as_ref().filter(|_| advice != explained) {
                let _ = writeln!(err, "  {}", clean(text));
            }
            explained = advice;
        }
        // What was read of a region that is not there is nothing.
        let missing: Vec<Option<RegionId>> = detail::failed_sections(state, place)
            .into_iter()
            .filter(|(section, ..)| section.0 == Resource::Regions && section.1.is_some())
            .map(|(section, ..)| section.1.clone())
            .collect();
        good += state.inventory.at(place).map_or(0, |part| {
            part.sections()
                .filter(|(section, coverage)| {
                    matches!(coverage, Coverage::Complete { .. }) && !missing.contains(&section.1)
                })
                .count()
        });
    }
    match (good, bad, refused) {
        (_, 0, _) => Listed::All,
        (0, bad, refused) if bad == refused => Listed::Refused,
        (0, ..) => Listed::Failed,
        (_, bad, _) if bad == unset => Listed::Misconfigured,
        _ => Listed::Partly,
    }
}
