//! Starts what `update` asks for. Spawns and returns: the loop never waits for a job.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{
        effect::{Effect, Sentence},
        msg::Msg,
        notices::Phrase,
        state::State,
    },
    domain::{
        ids::{JobId, ProfileId},
        plan::ReleasePlan,
        time::Timestamp,
    },
    providers::{client::Client, net::Timeouts},
    rules::Safety,
};

use super::{
    clock,
    jobs::{
        copy, dry_run,
        export::{self, Matter, Wish},
        history,
        journal::{self, Wanted},
        listing, preflight,
        reconcile::{self, Desk},
        release::{self, Author, Batch, Control, Patience},
    },
    journal::Journal,
};

/// Tasks and their switches.
pub struct Executor {
    clients: BTreeMap<ProfileId, Client>,
    journal: Arc<Journal>,
    author: Author,
    safety: Arc<Safety>,
    recovery: Recovery,
    out: mpsc::Sender<Msg>,
    /// The clouds are simulated: exports say so.
    demo: bool,
    tell: export::Tell,
    write_config: WriteConfig,
    cancels: HashMap<JobId, CancellationToken>,
    controls: HashMap<JobId, watch::Sender<Control>>,
    tasks: JoinSet<()>,
    jobs: HashMap<tokio::task::Id, JobId>,
}

/// How writes whose end nobody knows are found out about.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// Those before were to clouds that are gone.
    pub since: Timestamp,
    pub patience: reconcile::Patience,
}

/// Writes a config where it goes; its path, or why not.
pub type WriteConfig = Arc<dyn Fn() -> Result<String, Phrase> + Send + Sync>;

/// What the loop has to do itself: it owns the terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OnTerminal {
    Copy(String),
    CopySentence(Sentence),
    Mouse(bool),
    Redraw,
    Suspend,
    Demo,
    Found,
    Interrupted,
    Quit,
}

impl Executor {
    pub fn new(
        clients: BTreeMap<ProfileId, Client>,
        journal: Arc<Journal>,
        author: Author,
        safety: Arc<Safety>,
        recovery: Recovery,
        out: mpsc::Sender<Msg>,
    ) -> Self {
        Self {
            clients,
            journal,
            author,
            safety,
            recovery,
            out,
            demo: false,
            tell: Arc::new(|_, key, _| key.to_owned()),
            write_config: Arc::new(|| Err(Phrase::new("notice.config-no-folder"))),
            cancels: HashMap::new(),
            controls: HashMap::new(),
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
        }
    }

    /// The same, with the words for exports.
    #[must_use]
    pub fn telling(self, tell: export::Tell, demo: bool) -> Self {
        Self { demo, tell, ..self }
    }

    /// The same, with what writes a config.
    #[must_use]
    pub fn writing(self, write_config: WriteConfig) -> Self {
        Self { write_config, ..self }
    }

    /// From now on it carries out the plan's file of this hash.
    pub fn approve(&mut self, hash: &str) {
        self.journal = Arc::new((*self.journal).clone().of_file(hash));
    }

    /// Starts an effect on the state that asks for it, or hands it back if it is the terminal's affair.
    pub fn start(&mut self, effect: Effect, state: &State) -> Option<OnTerminal> {
        match effect {
            Effect::List { job, profile } => {
                let client = self.clients.get(&profile).cloned()?;
                let cancel = self.cancel_token(job);
                self.spawn(job, listing::run(client, job, self.out.clone(), cancel));
            }
            Effect::Preflight { job, nics } => {
                let cancel = self.cancel_token(job);
                let clients = self.clients.clone();
                let of = move |key: &crate::domain::ids::NicKey| clients.get(&key.profile).cloned();
                self.spawn(job, preflight::run(of, nics, job, self.out.clone(), cancel, clock::now));
            }
            Effect::DryRun { job, plan } => {
                let (safety, out) = (self.safety.clone(), self.out.clone());
                let cancel = self.cancel_token(job);
                let all = dry_run::Stage { job, plan, safety, out, cancel, now: clock::now };
                self.spawn(job, dry_run::run(all, self.clients.clone()));
            }
            Effect::Release { job, plan, confirmed } => {
                let (control, watched) = watch::channel(Control::default());
                self.controls.insert(job, control);
                let batch = Batch {
                    job,
                    plan,
                    confirmed,
                    safety: self.safety.clone(),
                    journal: self.journal.clone(),
                    author: self.author.clone(),
                    out: self.out.clone(),
                    control: watched,
                    patience: Patience::default(),
                    now: clock::now,
                };
                self.spawn(job, release::run(batch, self.clients.clone()));
            }
            Effect::Reconcile { job, writes } => {
                let desk = Desk {
                    job,
                    journal: self.journal.clone(),
                    out: self.out.clone(),
                    patience: self.recovery.patience,
                    now: clock::now,
                };
                self.spawn(job, reconcile::run(desk, writes, self.clients.clone()));
            }
            Effect::LookAtJournal { write, unfinished } => {
                let wanted = self.look(write, unfinished);
                tokio::spawn(journal::run((*self.journal).clone(), wanted, self.out.clone()));
            }
            Effect::History { job, lookup } => {
                let path = self.journal.path().to_owned();
                self.spawn(job, history::run(path, lookup, job, self.out.clone(), clock::now));
            }
            Effect::Export { job, what, form, language, path } => {
                let wish = Wish { form, language, path };
                self.spawn(job, export::run(self.desk(), Matter::Told(what), wish, self.out.clone()));
            }
            Effect::ExportList { job, list, form, language, path } => {
                let wish = Wish { form, language, path };
                self.spawn(job, export::run(self.desk(), Matter::of(list, state), wish, self.out.clone()));
            }
            Effect::Cancel(job) => {
                if let Some(token) = self.cancels.remove(&job) {
                    token.cancel();
                }
            }
            Effect::Pause(job, paused) => self.control(job, |control| control.paused = paused),
            Effect::Stop(job) => self.control(job, |control| control.stopped = true),
            Effect::Copy(text) => return Some(OnTerminal::Copy(text)),
            Effect::MakeCopy(making) => {
                let (made, desk, clients, out) =
                    (copy::begin(state, making), self.desk(), self.clients.clone(), self.out.clone());
                tokio::spawn(async move {
                    let made = copy::end(made, desk, |operation| clients.get(&operation.profile).cloned()).await;
                    // A closed channel means that the program is leaving.
                    let _ = out.send(made).await;
                });
            }
            Effect::CopySentence(sentence) => return Some(OnTerminal::CopySentence(sentence)),
            Effect::Mouse(on) => return Some(OnTerminal::Mouse(on)),
            Effect::Redraw => return Some(OnTerminal::Redraw),
            Effect::Suspend => return Some(OnTerminal::Suspend),
            Effect::Demo => return Some(OnTerminal::Demo),
            Effect::UseFound => return Some(OnTerminal::Found),
            Effect::WriteConfig => {
                let (write, out) = (self.write_config.clone(), self.out.clone());
                tokio::spawn(async move {
                    let written = tokio::task::spawn_blocking(move || write()).await;
                    // A closed channel means that the program is leaving.
                    let _ =
                        out.send(Msg::ConfigWritten(written.unwrap_or_else(|_| Err(Phrase::new("local.died"))))).await;
                });
            }
            Effect::Interrupted => return Some(OnTerminal::Interrupted),
            Effect::Quit => return Some(OnTerminal::Quit),
        }
        None
    }

    /// How long calls in flight get after a signal to end: the longest that a write of one of these profiles may take, and what is
    /// read after it.
    pub fn grace<'a>(&self, profiles: impl Iterator<Item = &'a ProfileId>) -> Duration {
        let totals = profiles.filter_map(|id| self.clients.get(id)).map(|client| client.profile().net.timeouts.total);
        totals.max().unwrap_or_default().max(Timeouts::default().total) + Patience::default().read_back()
    }

    /// The same of a plan's profiles.
    pub fn grace_of(&self, plan: Option<&ReleasePlan>) -> Duration {
        self.grace(plan.into_iter().flat_map(ReleasePlan::operations).map(|operation| &operation.profile))
    }

    /// What a look at the journal is to find out.
    pub fn look(&self, write: bool, unfinished: bool) -> Wanted {
        let (host, since) = (self.author.host.clone(), self.recovery.since);
        Wanted { write, unfinished, host, since, now: clock::now() }
    }

    /// What exports need.
    fn desk(&self) -> export::Desk {
        export::Desk {
            journal: self.journal.path().to_owned(),
            author: self.author.clone(),
            demo: self.demo,
            tell: self.tell.clone(),
            now: clock::now,
        }
    }

    fn cancel_token(&mut self, job: JobId) -> CancellationToken {
        let token = CancellationToken::new();
        self.cancels.insert(job, token.clone());
        token
    }

    fn control(&self, job: JobId, change: impl FnOnce(&mut Control)) {
        if let Some(control) = self.controls.get(&job) {
            control.send_modify(change);
        }
    }

    fn spawn(&mut self, job: JobId, work: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(work);
        self.jobs.insert(handle.id(), job);
    }

    /// That a job ended by a panic, as soon as one does. May be dropped at any moment. Pending while none runs; those that end well are
    /// let go.
    pub async fn panicked(&mut self) -> Msg {
        loop {
            let Some(ended) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
            let (id, panicked) = match ended {
                Ok((id, ())) => (id, false),
                Err(error) => (error.id(), error.is_panic()),
            };
            let Some(job) = self.jobs.remove(&id) else { continue };
            self.cancels.remove(&job);
            self.controls.remove(&job);
            if panicked {
                return Msg::JobPanicked(job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that ended well before it does not keep the news back until something else happens.
    #[tokio::test(start_paused = true)]
    async fn a_panic_is_told_at_once_whatever_ended_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Arc::new(Journal::at(&folder.path().join("journal.jsonl")));
        let author = Author { who: "me".to_owned(), host: "here".to_owned() };
        let recovery = Recovery { since: Timestamp::default(), patience: reconcile::Patience::MADE_UP };
        let (out, _results) = mpsc::channel(1);
        let mut executor = Executor::new(BTreeMap::new(), journal, author, Arc::default(), recovery, out);
        executor.spawn(JobId(1), async {});
        executor.spawn(JobId(2), async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        });
        executor.spawn(JobId(3), async {});
        let soon = Duration::from_secs(2);
        let told = tokio::time::timeout(soon, executor.panicked()).await;
        assert!(matches!(told, Ok(Msg::JobPanicked(JobId(2)))), "{told:?}");
        assert!(tokio::time::timeout(soon, executor.panicked()).await.is_err(), "none is left");
        assert!(executor.jobs.is_empty());
    }
}
