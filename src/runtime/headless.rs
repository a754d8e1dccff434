//! The console's loop without a screen. Runs the same `update` and the same jobs; here for listing, below for plans.

pub mod apply;
pub mod plans;

use std::{collections::HashMap, io, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    app::{confirm, detail, effect::Effect, msg::Msg, notices::Phrase, state::State, update},
    domain::{
        clean::clean,
        fault::{Fault, FaultKind},
        ids::{CloudId, ProfileId, RegionId},
        inventory::Coverage,
        page::Resource,
    },
    providers::client::local,
    report::{self, Format},
};

use super::{Engine, Launch, RunError, clock, executor::OnTerminal, journal, listed, signals::Signals};

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
/// A cloud that throttles for so long is told: a pause shorter than that nobody notices.
const NOTICED: Duration = Duration::from_secs(2);
/// The same is told again after so long.
const AGAIN: Duration = Duration::from_secs(10);
/// Progress is told at most this often.
const PROGRESS: Duration = Duration::from_millis(500);

/// A sentence by its key in the locales, with its values.
pub type Tell<'a> = dyn Fn(&str, &[(&str, &str)]) -> String + 'a;

/// What a cloud's fault means, and what to do about it.
pub type Advice<'a> = dyn Fn(&CloudId, &Fault) -> Option<String> + 'a;

/// How things are told.
pub struct Form<'a> {
    pub format: Format,
    pub words: report::Words,
    pub tell: Box<Tell<'a>>,
    pub phrase: Box<dyn Fn(&Phrase) -> String + 'a>,
    /// A word for a fault that came without any.
    pub fault: Box<dyn Fn(FaultKind) -> String + 'a>,
    /// A fault's message: the vendor's, or what this program found.
    pub message: Box<dyn Fn(&Fault) -> String + 'a>,
    /// What a fault's code means, and what to do about it.
    pub advice: Box<Advice<'a>>,
    /// Somebody watches: say how far it has come.
    pub progress: bool,
}

/// The console's state, and what carries its effects out.
struct Desk {
    state: State,
    engine: Engine,
    /// Where writes may be under way: a signal then stops after the calls in flight.
    signals: Option<Signals>,
    /// The signal that ends the run.
    signal: Option<i32>,
}

impl Desk {
    fn open(launch: &Launch) -> Result<Self, RunError> {
        let state = State::new(launch.setup(confirm::SMALLEST), clock::now());
        Ok(Self { state, engine: launch.engine()?, signals: None, signal: None })
    }

    /// Takes a message in, and goes on until it is so; `seen` looks on. False: a signal came before.
    async fn order(&mut self, msg: Msg, is_so: impl Fn(&State) -> bool, seen: &mut dyn FnMut(&State)) -> bool {
        let effects = update::update(&mut self.state, clock::now(), msg);
        self.run(effects, is_so, seen).await
    }

    /// Carries effects out until it is so; `seen` looks on. False: a signal came before.
    async fn run(
        &mut self,
        mut effects: Vec<Effect>,
        is_so: impl Fn(&State) -> bool,
        seen: &mut dyn FnMut(&State),
    ) -> bool {
        let mut deadline: Option<Instant> = None;
        loop {
            for effect in effects.drain(..) {
                if matches!(
                    self.engine.executor.start(effect, &self.state),
                    Some(OnTerminal::Quit | OnTerminal::Interrupted)
                ) {
                    return false;
                }
            }
            if is_so(&self.state) {
                return self.signal.is_none();
            }
            let grace = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let signalled = async {
                match &mut self.signals {
                    Some(signals) => signals.next().await,
                    None => std::future::pending().await,
                }
            };
            let msg = tokio::select! {
                signal = signalled => {
                    // The second one does not wait: what is under way stays open in the journal.
                    if self.signal.replace(signal).is_some() {
                        return false;
                    }
                    let plan = self.state.run.as_ref().map(|run| &*run.plan);
                    deadline = Some(Instant::now() + self.engine.executor.grace_of(plan));
                    Msg::Terminate
                }
                () = grace => return false,
                Some(msg) = self.engine.results.recv() => msg,
                Some(exchange) = self.engine.exchanges.recv() => Msg::Exchange(Box::new(exchange)),
                msg = self.engine.executor.panicked() => msg,
            };
            super::log::note(&msg);
            effects = update::update(&mut self.state, clock::now(), msg);
            seen(&self.state);
        }
    }

    /// Takes in what was told before nobody waited any longer; nothing new is begun for it.
    fn hear_the_rest(&mut self) {
        hear_the_rest(&mut self.state, &mut self.engine.results);
    }

    /// Lists all profiles.
    async fn list(&mut self, progress: &mut Progress<'_>) -> bool {
        let effects = update::start(&mut self.state, clock::now());
        let listed = |state: &State| state.jobs.listings().next().is_none();
        self.run(effects, listed, &mut |state| progress.listing(state)).await
    }
}

fn hear_the_rest(state: &mut State, results: &mut mpsc::Receiver<Msg>) {
    while let Ok(msg) = results.try_recv() {
        super::log::note(&msg);
        drop(update::update(state, clock::now(), msg));
    }
}

/// How far it has come, on one line of the terminal that standard error is.
struct Progress<'a> {
    err: &'a mut dyn io::Write,
    tell: &'a Tell<'a>,
    /// Somebody watches.
    wanted: bool,
    told: Instant,
    shown: bool,
    throttled: HashMap<ProfileId, Throttling>,
}

/// What was heard of a profile that its cloud throttles.
struct Throttling {
    pauses: usize,
    since: Instant,
    last: Instant,
    told: Option<Instant>,
}

impl<'a> Progress<'a> {
    fn new(form: &'a Form<'_>, err: &'a mut dyn io::Write) -> Self {
        Self {
            err,
            tell: &*form.tell,
            wanted: form.progress,
            told: Instant::now(),
            shown: false,
            throttled: HashMap::new(),
        }
    }

    fn say(&mut self, key: &str, values: &[(&str, &str)]) {
        if !self.wanted || self.told.elapsed() < PROGRESS {
            return;
        }
        self.told = Instant::now();
        let text = (self.tell)(key, values);
        let _ = write!(self.err, "{REWRITE}{text}").and_then(|()| self.err.flush());
        self.shown = true;
    }

    /// Says that a cloud throttles and is waited for, on a line that stays: whether somebody watches or reads it later.
    fn throttled(&mut self, state: &State) {
        let now = Instant::now();
        for (profile, listing) in state.jobs.listings().filter(|(_, listing)| listing.throttled.pauses > 0) {
            let new = Throttling { pauses: 0, since: now, last: now, told: None };
            let heard = self.throttled.entry(profile.clone()).or_insert(new);
            if heard.pauses == listing.throttled.pauses {
                continue;
            }
            heard.pauses = listing.throttled.pauses;
            // Short pauses that follow each other are a long one.
            if now.duration_since(std::mem::replace(&mut heard.last, now)) > AGAIN {
                heard.since = now;
            }
            let wait = Duration::from_millis(listing.throttled.wait_ms);
            let is_noticed = wait.max(now.duration_since(heard.since)) >= NOTICED;
            if !is_noticed || heard.told.is_some_and(|told| now.duration_since(told) < AGAIN) {
                continue;
            }
            heard.told = Some(now);
            let seconds = listing.throttled.wait_ms.div_ceil(1000).to_string();
            let text = (self.tell)("list.throttled", &[("profile", profile.as_str()), ("seconds", &seconds)]);
            let begin = if std::mem::take(&mut self.shown) { REWRITE } else { "" };
            let _ = writeln!(self.err, "{begin}{}", clean(&text));
        }
    }

    fn listing(&mut self, state: &State) {
        self.throttled(state);
        let (nics, addresses) = (state.inventory.nic_count().to_string(), state.inventory.address_count().to_string());
        self.say("list.loading", &[("addresses", &addresses), ("nics", &nics)]);
    }

    /// The line is blank again.
    fn end(self) {
        if self.shown {
            let _ = write!(self.err, "{REWRITE}");
        }
    }
}

/// Lists everything and writes the report to `out`, failures to `err`; with `progress`, also how far it has come, on one line
/// of the terminal that `err` is.
///
/// # Errors
/// No usable HTTPS client. Whether `out` took the report is told apart.
pub async fn list(
    launch: Launch,
    form: &Form<'_>,
    out: &mut dyn io::Write,
    err: &mut dyn io::Write,
) -> Result<(io::Result<()>, Listed), RunError> {
    let mut desk = Desk::open(&launch)?;
    earlier(&launch, &mut desk.state, form, err);
    let mut progress = Progress::new(form, err);
    desk.list(&mut progress).await;
    progress.end();
    let written = write(&desk.state, form, out);
    let listed = failures(&desk.state, form, err);
    Ok((written, listed))
}

/// What earlier runs left open: read from the journal, so that the list warns as the console does. Asks no cloud, and leaves
/// the journal as it is.
fn earlier(launch: &Launch, state: &mut State, form: &Form<'_>, err: &mut dyn io::Write) {
    // The demo's clouds begin anew each time.
    let Some(path) = launch.journal.as_deref().filter(|_| !launch.demo) else { return };
    match journal::open_writes(path, &super::host(), clock::now()) {
        Ok(open) => update::note_earlier(state, path.to_string_lossy().into_owned(), open),
        Err(error) => {
            let phrase = Phrase::new("notice.journal-unread").with_phrase("message", (&error.fault()).into());
            let _ = writeln!(err, "{}", clean(&(form.phrase)(&phrase)));
        }
    }
}

fn write(state: &State, form: &Form<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::new(out);
    listed::write(state, &form.words, form.format, &mut buffered)?;
    io::Write::flush(&mut buffered)
}

/// Says what failed, a line for each and one for what the codes mean, and sums up.
fn failures(state: &State, form: &Form<'_>, err: &mut dyn io::Write) -> Listed {
    let (mut good, mut bad, mut refused, mut unset) = (0usize, 0usize, 0usize, 0usize);
    for (place, info) in state.profiles.iter().enumerate() {
        let mut phrase = |problem: &Phrase| {
            let _ = writeln!(err, "{}: {}", info.id, clean(&(form.phrase)(problem)));
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
        let (mut explained, mut keys) = (None, Vec::new());
        for (section, fault, _) in failed {
            bad += 1;
            refused +=
                usize::from(matches!(fault.kind, FaultKind::Keys | FaultKind::Credentials | FaultKind::Permission));
            if fault.keys.is_some() {
                continue;
            }
            // A wrong key, or a clock that is off, is one trouble, whatever was asked with it.
            if matches!(fault.kind, FaultKind::Credentials | FaultKind::Clock) {
                let told = (fault.kind, fault.code.clone());
                if keys.contains(&told) {
                    continue;
                }
                keys.push(told);
            }
            let region = section.1.as_ref().map_or(String::new(), |region| format!(" {region}"));
            let _ = writeln!(err, "{}", clean(&told(form, &format!("{}{region}", info.id), fault)));
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

/// A fault in one line: what failed, where, with the vendor's code, message and request id.
fn told(form: &Form<'_>, place: &str, fault: &Fault) -> String {
    let code = fault.code.as_deref().unwrap_or("-");
    let request = fault.request_id.as_deref().unwrap_or("-");
    let status = fault.http_status.map_or(String::new(), |status| format!(", HTTP {status}"));
    let message = match fault.message.as_str() {
        "" => (form.fault)(fault.kind),
        own if fault.code.is_none() && local::ALL.contains(&own) => (form.message)(fault),
        // The HTTP library's words say little without ours; why a host could not be reached is part of the advice.
        _ if fault.kind == FaultKind::Unreachable => (form.fault)(fault.kind),
        _ if fault.code.is_none() => format!("{}: {}", (form.fault)(fault.kind), (form.message)(fault)),
        theirs => theirs.to_owned(),
    };
    let values = [
        ("where", place),
        ("action", &fault.action),
        ("message", &message),
        ("code", code),
        ("request", request),
        ("status", &status),
    ];
    (form.tell)("list.failed", &values)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{
        app::{
            find::Spoken,
            geometry::Size,
            keymap::Keymap,
            state::{Language, ProfileInfo, Setup},
        },
        domain::{ids::JobId, time::Timestamp},
    };

    use super::*;

    fn state(profiles: Vec<ProfileInfo>) -> State {
        State::new(
            Setup {
                profiles,
                language: Language::English,
                demo: false,
                readonly: false,
                filter: String::new(),
                size: Size { columns: 120, rows: 40 },
                keymap: Keymap::default(),
                theme: None,
                config_path: String::new(),
                found: Vec::new(),
                problems: Vec::new(),
                motion: false,
                color: true,
                mouse: false,
                clouds: Vec::new(),
                safety: Arc::default(),
                spoken: Spoken::default(),
            },
            Timestamp(0),
        )
    }

    /// A line for each profile, of pauses that somebody notices, and not again and again.
    #[tokio::test(start_paused = true)]
    async fn that_a_cloud_throttles_is_told_once_in_a_while() {
        let info = |name: &str| ProfileInfo {
            id: name.into(),
            cloud: "one".into(),
            title: "One",
            capabilities: &crate::providers::all()[0].descriptor().capabilities,
            alias: None,
            env: None,
            prod: false,
            readonly: false,
            regions: Vec::new(),
            problem: None,
        };
        let mut state = state(vec![info("a"), info("b")]);
        drop(update::start(&mut state, Timestamp(0)));
        let jobs: Vec<JobId> =
            ["a", "b"].map(|name| state.jobs.listing_of(&name.into()).unwrap().job).into_iter().collect();
        let mut err = Vec::new();
        let tell = |key: &str, values: &[(&str, &str)]| {
            values.iter().fold(key.to_owned(), |text, (_, value)| format!("{text} {value}"))
        };
        let mut progress = Progress {
            err: &mut err,
            tell: &tell,
            wanted: false,
            told: Instant::now(),
            shown: false,
            throttled: HashMap::new(),
        };
        // After so many milliseconds a call of this profile waits for so long.
        for (after_ms, of, wait_ms) in [
            (0, 0, 300),
            // Each of two profiles has a line of its own.
            (100, 0, 4_100),
            (0, 1, 2_000),
            (5_000, 0, 8_000),
            (5_000, 0, 9_000),
            // One short pause alone is nothing, but one after the other is.
            (60_000, 1, 700),
            (1_000, 1, 1_000),
            (1_000, 1, 700),
            (1_000, 1, 700),
        ] {
            tokio::time::advance(Duration::from_millis(after_ms)).await;
            let event = crate::app::msg::InventoryEvent::Throttled { wait_ms };
            drop(update::update(&mut state, Timestamp(0), Msg::Inventory(jobs[of], event)));
            progress.listing(&state);
            // What else comes says nothing of it.
            progress.listing(&state);
        }
        progress.end();
        let told = String::from_utf8(err).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines, ["list.throttled a 5", "list.throttled b 2", "list.throttled a 9", "list.throttled b 1"]);
    }

    #[test]
    fn what_was_told_before_nobody_waited_is_heard() {
        let mut state = state(Vec::new());
        let (out, mut results) = mpsc::channel(2);
        for job in 1..=2 {
            out.try_send(Msg::JobPanicked(JobId(job))).unwrap();
        }
        hear_the_rest(&mut state, &mut results);
        assert!(results.is_empty());
        assert!(state.notices.all().any(|notice| notice.phrase.key == "notice.job-panicked"));
    }
}
