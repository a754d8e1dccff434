//! What signs a profile's calls where that can end: fetched when it is first needed, and anew before it ends. A few refusals in a row
//! lock a key, and a program may ask a person for a password: nothing is fetched twice within half a minute.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use tokio::sync::Mutex;

use super::{
    profile::{Credential, Profile},
    session::Account,
};
use crate::domain::{key_fault::KeyFault, time::Timestamp};

/// Keys are renewed this long before they end.
const MARGIN_MS: i64 = 300_000;
/// Nothing is fetched again before.
const REST_MS: i64 = 30_000;
/// Earlier keys whose texts are still hidden: an answer may repeat one that has just ended.
const EARLIER: usize = 4;

/// A credential and when it ends.
#[derive(Clone, Debug)]
pub struct Keys {
    pub credential: Arc<Credential>,
    /// `None`: not before the program does, as far as anybody tells.
    pub expires_at: Option<Timestamp>,
}

impl From<Credential> for Keys {
    fn from(credential: Credential) -> Self {
        Self { credential: credential.into(), expires_at: None }
    }
}

/// What a [`KeySource`] brings.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Keys, KeyFault>> + Send + 'a>>;

/// Where keys come from that may end.
pub trait KeySource: Send + Sync {
    fn fetch(&self) -> Fetched<'_>;

    /// The profile of the vendor's own tool that they are of; `None` for others, and for the one that the tool takes by itself.
    fn tool_profile(&self) -> Option<&str> {
        None
    }
}

/// How a profile comes by its keys.
#[derive(Clone)]
pub enum Supply {
    /// They stay as they are.
    Fixed(Keys),
    /// They are fetched; `first` are those that are there already.
    Fetched { source: Arc<dyn KeySource>, first: Option<Keys> },
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Supply::Fixed(_) => "Supply::Fixed",
            Supply::Fetched { .. } => "Supply::Fetched",
        })
    }
}

impl From<Credential> for Supply {
    fn from(credential: Credential) -> Self {
        Supply::Fixed(credential.into())
    }
}

/// The keys of one profile.
pub struct Keyring {
    profile: Arc<Profile>,
    source: Option<Arc<dyn KeySource>>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    own: Option<(Arc<Account>, Option<Timestamp>)>,
    earlier: Vec<Arc<Credential>>,
    /// When it was fetched last, and why that failed.
    fetched: Option<(Timestamp, Option<KeyFault>)>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.profile.id)
    }
}

impl Keyring {
    pub fn new(profile: Arc<Profile>, supply: Supply) -> Self {
        let (source, first) = match supply {
            Supply::Fixed(keys) => (None, Some(keys)),
            Supply::Fetched { source, first } => (Some(source), first),
        };
        let renewable = source.is_some();
        let own = first.map(|Keys { credential, expires_at }| {
            (Arc::new(Account::own(profile.clone(), credential, &[], renewable)), expires_at)
        });
        Self { profile, source, held: Mutex::new(Held { own, ..Held::default() }) }
    }

    /// See [`KeySource::tool_profile`].
    pub fn tool_profile(&self) -> Option<&str> {
        self.source.as_ref()?.tool_profile()
    }

    /// What signs now. All who ask while it is fetched wait for the one fetch.
    ///
    /// # Errors
    /// Why there is nothing, or nothing any more.
    pub async fn own(&self, now: impl Fn() -> Timestamp) -> Result<Arc<Account>, KeyFault> {
        let mut held = self.held.lock().await;
        let left = |end: Option<Timestamp>| end.map_or(i64::MAX, |end| end.0 - now().0);
        let still = held.own.as_ref().filter(|(_, end)| left(*end) > 0).cloned();
        if let Some((own, end)) = &still
            && left(*end) > MARGIN_MS
        {
            return Ok(own.clone());
        }
        let Some(source) = &self.source else {
            return still.map(|(own, _)| own).ok_or(KeyFault::Ended { from: self.profile.id.to_string(), renew: None });
        };
        let just_now = held.fetched.as_ref().filter(|(at, _)| now().0 - at.0 < REST_MS);
        match (just_now, &still) {
            // It is renewed early: what is left will do for a while.
            (Some(_), Some((own, _))) => return Ok(own.clone()),
            (Some((_, Some(fault))), None) => return Err(fault.clone()),
            _ => {}
        }
        let fetched = source.fetch().await;
        held.fetched = Some((now(), fetched.as_ref().err().cloned()));
        match fetched {
            Ok(Keys { credential, expires_at }) => {
                let own = Account::own(self.profile.clone(), credential.clone(), &held.earlier, true);
                let own = Arc::new(own);
                held.earlier.push(credential);
                let surplus = held.earlier.len().saturating_sub(EARLIER);
                held.earlier.drain(..surplus);
                held.own = Some((own.clone(), expires_at));
                Ok(own)
            }
            // What it has is good until its end.
            Err(fault) => still.map(|(own, _)| own).ok_or(fault),
        }
    }

    /// Lets keys go that the cloud refused after it had taken them.
    pub async fn forget(&self, credential: &Arc<Credential>) {
        let mut held = self.held.lock().await;
        let is_held = held.own.as_ref().is_some_and(|(own, _)| Arc::ptr_eq(&own.credential, credential));
        if self.source.is_some() && is_held {
            held.own = None;
            held.fetched = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex as Plain,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;
    use crate::domain::ids::{CloudId, ProfileId};

    fn profile() -> Arc<Profile> {
        Arc::new(Profile {
            id: ProfileId::from("p"),
            cloud: CloudId::from("c"),
            regions: vec!["r".into()],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        })
    }

    /// Hands out what it was given, one after the other.
    struct Script(Plain<Vec<Result<Keys, KeyFault>>>);

    impl Script {
        fn of(answers: impl IntoIterator<Item = Result<(&'static str, i64), KeyFault>>) -> Arc<Self> {
            let keys = |(id, end): (&str, i64)| Keys {
                credential: Credential::keys(id, "the-secret", None).into(),
                expires_at: Some(Timestamp(end)),
            };
            let mut answers: Vec<_> = answers.into_iter().map(|answer| answer.map(keys)).collect();
            answers.reverse();
            Arc::new(Self(Plain::new(answers)))
        }

        fn left(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    impl KeySource for Script {
        fn fetch(&self) -> Fetched<'_> {
            Box::pin(async { self.0.lock().unwrap().pop().expect("no more fetches than planned") })
        }
    }

    fn ring(script: &Arc<Script>) -> Keyring {
        Keyring::new(profile(), Supply::Fetched { source: script.clone(), first: None })
    }

    fn id(account: &Account) -> String {
        account.credential.secrets()[0].to_owned()
    }

    const MINUTE: i64 = 60_000;

    #[tokio::test]
    async fn keys_are_fetched_when_needed_and_renewed_five_minutes_before_their_end() {
        let script = Script::of([Ok(("first", 60 * MINUTE)), Ok(("second", 120 * MINUTE))]);
        let ring = ring(&script);
        let clock = AtomicI64::new(0);
        let now = || Timestamp(clock.load(Ordering::Relaxed));
        assert_eq!(script.left(), 2, "nothing is fetched before it is needed");
        assert_eq!(id(&ring.own(now).await.unwrap()), "first");
        clock.store(54 * MINUTE, Ordering::Relaxed);
        assert_eq!(id(&ring.own(now).await.unwrap()), "first");
        clock.store(55 * MINUTE, Ordering::Relaxed);
        let second = ring.own(now).await.unwrap();
        assert_eq!(id(&second), "second");
        assert_eq!(second.scrubber.scrub("first second the-secret"), "*** *** ***", "earlier keys stay hidden");
    }

    #[tokio::test]
    async fn a_renewal_that_fails_leaves_what_is_there_until_its_end() {
        let why = KeyFault::NoProgram { program: "pass".into() };
        let script =
            Script::of([Ok(("first", 10 * MINUTE)), Err(why.clone()), Err(why.clone()), Ok(("last", 99 * MINUTE))]);
        let ring = ring(&script);
        let clock = AtomicI64::new(0);
        let now = || Timestamp(clock.load(Ordering::Relaxed));
        assert_eq!(id(&ring.own(now).await.unwrap()), "first");
        clock.store(6 * MINUTE, Ordering::Relaxed);
        assert_eq!(id(&ring.own(now).await.unwrap()), "first", "it holds for four minutes more");
        assert_eq!(id(&ring.own(now).await.unwrap()), "first");
        assert_eq!(script.left(), 2, "and is not asked for each call");
        clock.store(10 * MINUTE, Ordering::Relaxed);
        assert_eq!(ring.own(now).await.unwrap_err(), why);
        assert_eq!(ring.own(now).await.unwrap_err(), why);
        assert_eq!(script.left(), 1, "a failure is remembered for a while");
        clock.store(11 * MINUTE, Ordering::Relaxed);
        assert_eq!(id(&ring.own(now).await.unwrap()), "last");
    }

    #[tokio::test]
    async fn keys_that_the_cloud_refuses_are_fetched_anew_once() {
        let script = Script::of([Ok(("first", 60 * MINUTE)), Ok(("second", 60 * MINUTE))]);
        let ring = ring(&script);
        let now = || Timestamp(0);
        let first = ring.own(now).await.unwrap();
        ring.forget(&first.credential).await;
        let second = ring.own(now).await.unwrap();
        assert_eq!(id(&second), "second");
        ring.forget(&first.credential).await;
        assert_eq!(id(&ring.own(now).await.unwrap()), "second", "an old account lets no new one go");
    }

    #[tokio::test]
    async fn keys_that_stay_are_never_let_go() {
        let ring = Keyring::new(profile(), Credential::keys("an-id", "a-secret", None).into());
        let own = ring.own(|| Timestamp(i64::MAX)).await.unwrap();
        ring.forget(&own.credential).await;
        assert!(Arc::ptr_eq(&own, &ring.own(|| Timestamp(0)).await.unwrap()));
    }
}
