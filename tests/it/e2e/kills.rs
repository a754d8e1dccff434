//! `kill -9` at random moments of a batch of 300 addresses over four clouds, and the start after each: the journal and the clouds
//! agree on every address, no request was made twice, and nothing stays unknown. Right after each kill the journal has nothing odd to it
//! but a torn last line. A moment is a request or its end, or a record of the journal, from the first one to the last.
//!
//! The console is the real one, in a pseudo-terminal; the clouds are in this process and outlive it. A few moments in an ordinary
//! run; `NICDECK_KILLS=200 cargo test --test it kills -- --nocapture` for as many as are wanted, and `NICDECK_KILLS_SEED` for others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::IpAddr,
    path::PathBuf,
    task::Poll,
    time::{Duration, Instant},
};

use nicdeck::{
    domain::{
        journal::JournalEntry, journal_fault::JournalDoubtKind, outcome::OutcomeWord, selection::Target,
        time::Timestamp,
    },
    filter::search::Search,
    providers::{self, provider::Provider},
    runtime::{
        clock, history,
        journal::{self, verify},
    },
    sim::{
        http::{Logged, Options, Simulator},
        random::Random,
        script::{Rule, Script},
    },
};
use rustix::process::Signal;
use tokio::task::block_in_place;

use super::tty::Tty;
use crate::plain::{is_there, world};

/// Of each cloud.
const NICS: usize = 25;
/// To be released from each NIC.
const EACH: usize = 3;
/// Kills of an ordinary run.
const FEW: u64 = 4;
const SEED: u64 = 20_261_121;
/// Milliseconds after which a write that does not show has not happened: nothing is on its way to these clouds by the next start.
const PATIENCE: &str = "100";
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// How long a cloud takes for a change.
const TRANSITION_MS: u64 = 100;

fn wished(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "a measure that is read by people")]
async fn after_a_kill_at_any_moment_journal_and_clouds_agree_on_every_address() {
    let kills = wished("NICDECK_KILLS").unwrap_or(FEW);
    let seed = wished("NICDECK_KILLS_SEED").unwrap_or(SEED);
    let mut random = Random::new(seed);
    // One batch to its end: how many moments there are to be killed at.
    let mut whole = Round::begin().await;
    block_in_place(|| whole.confirm());
    block_in_place(|| whole.tty().wait("RESULTS"));
    let moments = whole.moments();
    let records = whole.records();
    block_in_place(|| whole.quit());
    let told = whole.told();
    assert_eq!((told.released, told.kept), (NICS * EACH * providers::all().len(), 0));
    println!("{moments} moments and {records} records in a batch of {} addresses; seed {seed}", told.released);
    let mut found = 0;
    for nth in 0..kills {
        let at = match nth {
            1 => Moment::Record(1),
            3 => Moment::Record(records),
            odd if odd % 2 == 1 => Moment::Record(1 + usize::try_from(random.below(records as u64)).unwrap()),
            // Some reads are made more often in one run than in another: the last few moments are those of the next kill.
            _ => Moment::Request(usize::try_from(random.below(moments as u64 * 19 / 20)).unwrap()),
        };
        let began = Instant::now();
        let mut round = Round::begin().await;
        block_in_place(|| round.confirm());
        round.kill(at).await;
        let open = round.open();
        let before = round.writes();
        round.start_again();
        assert_eq!(round.writes(), before, "the next start sends no write");
        let told = round.told();
        found += open;
        println!(
            "{nth}: killed at {at:?}: {open} writes open, {} released, {} not ({:.1?})",
            told.released,
            told.kept,
            began.elapsed()
        );
    }
    println!("{kills} kills left {found} writes open; each has its end");
}

/// When the console is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many requests of the batch have come in, or ended, together.
    Request(usize),
    /// The journal has so many records: one when the batch has begun and has sent nothing, all of them when it has sent everything and
    /// not ended.
    Record(usize),
}

/// One batch on clouds of its own.
struct Round {
    folder: tempfile::TempDir,
    clouds: Vec<(&'static dyn Provider, Simulator)>,
    /// NIC and address, of all that is to be released.
    targets: BTreeSet<(String, IpAddr)>,
    tty: Option<Tty>,
    /// Of each cloud, before the batch was confirmed.
    before: Vec<usize>,
}

/// What journal and clouds agree on.
struct Told {
    released: usize,
    kept: usize,
}

impl Round {
    /// Up to the dialog that asks whether all 300 are to go.
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut clouds = Vec::new();
        let mut targets = BTreeSet::new();
        let mut config = "version = 1\nreadonly = false\n[safety]\nmax_per_plan = 300\nmax_percent = 100\n".to_owned();
        for (nth, &cloud) in providers::all().iter().enumerate() {
            let world = world(cloud, nth, (NICS, EACH), &mut targets);
            let region = world.regions()[0].clone();
            let script = Script::of([Rule::delay(10).writes()]);
            let options = Options { transition_ms: TRANSITION_MS, script, ..Options::default() };
            let simulator = Simulator::start(cloud.dialect(), world, options).await.unwrap();
            let (id, endpoint) = (cloud.descriptor().id, simulator.endpoint());
            write!(
                config,
                "[[profile]]\nname = \"p-{id}\"\ncloud = \"{id}\"\nregions = [\"{region}\"]\nalias = \"t-{nth}\"\n\
                 endpoint = \"{endpoint}\"\ncredentials = {{ from = \"env\", id = \"T_ID\", secret = \"T_SECRET\" }}\n"
            )
            .unwrap();
            clouds.push((cloud, simulator));
        }
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let mut round = Self { folder, clouds, targets, tty: None, before: Vec::new() };
        block_in_place(|| round.start());
        round
    }

    fn start(&mut self) {
        let key = self.clouds[0].1.key();
        let env = [("T_ID", key.id.as_str()), ("T_SECRET", key.secret.as_str()), ("NICDECK_TEST_PATIENCE", PATIENCE)];
        let config = self.folder.path().join("config.toml");
        let tty = Tty::start(&["--config", config.to_str().unwrap()], self.folder.path(), &env, COLUMNS, ROWS);
        tty.wait("just now");
        self.tty = Some(tty);
    }

    fn tty(&mut self) -> &mut Tty {
        self.tty.as_mut().expect("a console")
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("nicdeck/journal.jsonl")
    }

    /// Marks all that can go, and confirms a plan for it.
    fn confirm(&mut self) {
        let count = self.targets.len();
        let all = format!("{} addresses", count + count / EACH);
        let tty = self.tty();
        // The header tells an age once nothing is being listed any more.
        let listed = |header: &str| header.contains(&all) && header.contains("just now");
        tty.until("everything listed", |screen| screen.lines().next().is_some_and(listed));
        tty.press("a");
        tty.wait(&format!("{count} marked"));
        let phrase = format!("t-0 +3 {count}");
        tty.press("p");
        tty.wait("was read again");
        tty.press("c");
        tty.wait(&phrase);
        // Its first moment is deaf, and says nothing: it is typed again with each frame that another size of the window makes.
        let mut columns = COLUMNS;
        while tty.screen().matches(&phrase).count() < 2 {
            let before = tty.written();
            columns = if columns == COLUMNS { COLUMNS + 1 } else { COLUMNS };
            tty.press(&format!("\x15{phrase}"));
            tty.resize(columns, ROWS);
            tty.written_more_than(before);
        }
        self.before = self.clouds.iter().map(|(_, simulator)| moments(&simulator.requests())).collect();
        self.tty().press("\r");
    }

    /// Requests of the batch, and ends of them.
    fn moments(&self) -> usize {
        let now: usize = self.clouds.iter().map(|(_, simulator)| moments(&simulator.requests())).sum();
        now - self.before.iter().sum::<usize>()
    }

    /// Waits until so many requests of the batch have come in, or ended, together.
    async fn wait_for(&self, wanted: usize) {
        let wanted = wanted + self.before.iter().sum::<usize>();
        let mut seen = self.before.clone();
        while seen.iter().sum::<usize>() < wanted {
            let news = self.clouds.iter().zip(&seen).map(|((_, simulator), &seen)| {
                Box::pin(async move {
                    let log = simulator.wait_for(|log| moments(log) > seen).await;
                    moments(&log)
                })
            });
            let mut news: Vec<_> = news.collect();
            let (nth, count) = std::future::poll_fn(|cx| {
                let ready = news.iter_mut().enumerate().find_map(|(nth, news)| match news.as_mut().poll(cx) {
                    Poll::Ready(count) => Some((nth, count)),
                    Poll::Pending => None,
                });
                ready.map_or(Poll::Pending, Poll::Ready)
            })
            .await;
            drop(news);
            seen[nth] = count;
        }
    }

    fn records(&self) -> usize {
        std::fs::read(self.journal()).unwrap().split(|&byte| byte == b'\n').count() - 1
    }

    /// Waits until the journal has so many records. Whoever writes them is another process: nobody tells of them.
    fn wait_for_records(&self, wanted: usize) {
        let (path, begin) = (self.journal(), Instant::now());
        let mut known = 0;
        loop {
            let length = std::fs::metadata(&path).map_or(0, |meta| meta.len());
            if length > known {
                known = length;
                if self.records() >= wanted {
                    return;
                }
            }
            assert!(begin.elapsed() < Duration::from_secs(300), "{wanted} records");
            std::thread::yield_now();
        }
    }

    /// Kills the console at that moment of its batch, and waits until the clouds are through with what it sent.
    async fn kill(&mut self, moment: Moment) {
        match moment {
            Moment::Request(wanted) => self.wait_for(wanted).await,
            Moment::Record(wanted) => block_in_place(|| self.wait_for_records(wanted)),
        }
        let tty = self.tty.take().expect("a console");
        tty.signal(Signal::KILL);
        block_in_place(|| tty.end());
        // Before anybody writes to it again.
        let path = self.journal();
        let doubts = verify::doubts(&path, clock::now()).unwrap();
        assert!(doubts.iter().all(|doubt| doubt.kind == JournalDoubtKind::Torn), "{moment:?}: {doubts:?}");
        let faults = verify::verify(&path).unwrap().faults;
        assert!(faults.iter().all(|fault| fault.what == verify::What::Torn) && faults.len() < 2, "{faults:?}");
        for (_, simulator) in &self.clouds {
            simulator.wait_for(|log| log.iter().all(|logged| logged.done)).await;
        }
        // What began before the kill ends after it.
        for (_, simulator) in &self.clouds {
            simulator.change(|world| world.settle(Timestamp(i64::MAX)));
        }
    }

    /// The next start: it ends when nothing is open any more.
    fn start_again(&mut self) {
        block_in_place(|| {
            self.start();
            // The journal has an end before the screen tells it.
            self.tty.as_ref().expect("a console").until("an end for each write", |_| self.open() == 0);
            self.quit();
        });
    }

    fn quit(&mut self) {
        let mut tty = self.tty.take().expect("a console");
        // Results first, and marks that are left: each asks for a key of its own.
        tty.press("qqqq");
        assert_eq!(tty.end().0, 0);
    }

    /// Writes whose end is not in the journal.
    fn open(&self) -> usize {
        journal::open_intents(&self.journal()).unwrap().writes.len()
    }

    /// Every write that reached a cloud.
    fn writes(&self) -> Vec<String> {
        self.clouds
            .iter()
            .flat_map(|(_, simulator)| simulator.requests())
            .filter(|logged| logged.write)
            .map(|logged| told_of(&logged))
            .collect()
    }

    /// What the journal says of each address, which is what its cloud shows.
    fn told(&self) -> Told {
        let (path, mut ends): (_, BTreeMap<Target, OutcomeWord>) = (self.journal(), BTreeMap::new());
        assert!(verify::verify(&path).unwrap().is_whole());
        let mut sent = BTreeSet::new();
        let mut confirmed = 0;
        for entry in journal::read(&path).unwrap().entries {
            match entry {
                JournalEntry::Begun(begun) => confirmed += begun.targets,
                JournalEntry::Intent(intent) => sent.extend(intent.targets()),
                JournalEntry::Settled(end) => {
                    ends.extend(end.outcomes.into_iter().map(|(target, outcome)| (target, outcome.word())));
                }
                JournalEntry::Unsent(unsent) => panic!("nothing was skipped or stopped: {unsent:?}"),
            }
        }
        assert_eq!(sent, ends.keys().cloned().collect(), "each intent has its end, and nothing else has one");
        // Whatever was confirmed is accounted for, in the history as well.
        assert_eq!(confirmed, self.targets.len());
        let found = history::find(&path, &Search::default(), 1, true).unwrap();
        let summary = &found.summaries[0];
        assert_eq!((summary.targets(), summary.not_begun()), (confirmed, confirmed - sent.len()));
        let begun = found.batches[0].rows().filter(|(_, row)| row.word() != Some(OutcomeWord::NotBegun));
        assert_eq!(begun.map(|(_, row)| row.target.clone()).collect::<BTreeSet<_>>(), sent);
        let by_nic: BTreeMap<(String, IpAddr), OutcomeWord> = ends
            .into_iter()
            .map(|(target, word)| ((target.nic().nic.to_string(), target.ip().expect("an address")), word))
            .collect();
        let mut told = Told { released: 0, kept: 0 };
        for target in &self.targets {
            let there = self.clouds.iter().any(|(_, simulator)| simulator.change(|world| is_there(world, target)));
            let word = by_nic.get(target);
            match word {
                Some(OutcomeWord::Released | OutcomeWord::AlreadyGone) => assert!(!there, "{target:?}: {word:?}"),
                None | Some(OutcomeWord::Failed) => assert!(there, "{target:?}: {word:?}"),
                Some(_) => panic!("{target:?}: {word:?}"),
            }
            *(if there { &mut told.kept } else { &mut told.released }) += 1;
        }
        for (cloud, simulator) in &self.clouds {
            let log: Vec<Logged> = simulator.requests().into_iter().filter(|logged| logged.write).collect();
            no_request_twice(*cloud, &log, &self.targets);
        }
        told
    }
}

/// A request came in, or ended.
fn moments(log: &[Logged]) -> usize {
    log.len() + log.iter().filter(|logged| logged.done).count()
}

/// Without what differs each time that the same thing is asked for.
fn told_of(logged: &Logged) -> String {
    let changes = ["Signature", "Timestamp", "ClientToken"];
    let query = logged.query.split('&').filter(|pair| !changes.iter().any(|name| pair.starts_with(name)));
    let query: Vec<&str> = query.collect();
    format!("{} {}?{} {}", logged.action, logged.path, query.join("&"), String::from_utf8_lossy(&logged.body))
}

fn no_request_twice(cloud: &dyn Provider, log: &[Logged], targets: &BTreeSet<(String, IpAddr)>) {
    let mut asked = BTreeSet::new();
    for request in log.iter().map(told_of) {
        assert!(asked.insert(request.clone()), "made twice: {request}");
    }
    // Where addresses are released by their names, each is named once.
    if !cloud.dialect().vocabulary().secondaries {
        return;
    }
    for (_, ip) in targets {
        let is_named = |request: &&String| {
            request.split(|c: char| !(c.is_ascii_digit() || c == '.')).any(|word| word == ip.to_string())
        };
        let named: Vec<&String> = asked.iter().filter(is_named).collect();
        assert!(named.len() <= 1, "{ip}: {named:#?}");
    }
}
