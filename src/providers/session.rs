//! What signs calls to each region: the profile's own credential, or what a sign-in handed out. Where a few refusals in a row lock a
//! user or a key, a credential of which nothing is known yet is tried by one call alone.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use tokio::sync::{Mutex, MutexGuard};

use super::{
    profile::{Credential, Profile},
    provider::Session,
    redact::Scrubber,
};
use crate::domain::{
    fault::{Fault, FaultKind},
    ids::RegionId,
    time::Timestamp,
};

/// Sessions of a region whose tokens are still hidden after they ended.
const EARLIER: usize = 4;
/// A session is renewed this long before it ends: a call that begins now still ends with it.
const MARGIN_MS: i64 = 120_000;
/// A sign-in that was refused is not made again before: a few failures in a row lock a key.
const REFUSED_MS: i64 = 30_000;
/// After so many refusals in a row the key may be locked, and each try may keep it so: a cloud locks one for five
/// minutes after more than five, say.
const REFUSALS: u32 = 3;
const LOCKED_MS: i64 = 310_000;

/// Whom a call is made for, and with what.
#[derive(Debug)]
pub struct Account {
    /// With the session's project.
    pub profile: Arc<Profile>,
    pub credential: Arc<Credential>,
    /// Hides the secrets of the profile and of the session, and those of before: an answer may repeat one that has just ended.
    pub scrubber: Scrubber,
    hidden: Vec<Arc<Credential>>,
    expires_at: Option<Timestamp>,
    /// Signs with what a sign-in handed out.
    opened: bool,
    /// Can be had anew: what was handed out, and keys that are fetched.
    renewable: bool,
    /// A call was answered well with it.
    proven: AtomicBool,
}

impl Account {
    /// The profile's own. `earlier` ones are hidden as well; `renewable` ones can be fetched again.
    pub fn own(
        profile: Arc<Profile>,
        credential: Arc<Credential>,
        earlier: &[Arc<Credential>],
        renewable: bool,
    ) -> Self {
        let hidden: Vec<_> = earlier.iter().chain([&credential]).cloned().collect();
        let scrubber = Scrubber::new(hidden.iter().map(|credential| &**credential));
        let proven = AtomicBool::new(false);
        Self { profile, credential, scrubber, hidden, expires_at: None, opened: false, renewable, proven }
    }

    /// `earlier` are those that sessions handed out before.
    fn of(own: &Account, session: Session, earlier: &[Arc<Credential>]) -> Self {
        let Session { project_id, credential, expires_at, .. } = session;
        let mut profile = (*own.profile).clone();
        profile.project_id = project_id.or(profile.project_id);
        let opened = credential.is_some();
        let credential = credential.map_or_else(|| own.credential.clone(), Arc::new);
        let hidden: Vec<_> = own.hidden.iter().chain(earlier).chain([&credential]).cloned().collect();
        let scrubber = Scrubber::new(hidden.iter().map(|credential| &**credential));
        // A session without keys of its own signs with the profile's.
        let renewable = opened || own.renewable;
        let proven = AtomicBool::new(false);
        Self { profile: profile.into(), credential, scrubber, hidden, expires_at, opened, renewable, proven }
    }

    /// Signed with the profile's own credential?
    pub fn is_own(&self) -> bool {
        !self.opened
    }

    /// A call was answered well.
    pub fn prove(&self) {
        if self.renewable {
            self.proven.store(true, Ordering::Relaxed);
        }
    }

    /// Did it work before, and can it be had anew? Then a refusal of it means that it has ended.
    pub fn has_ended(&self, fault: &Fault) -> bool {
        self.renewable && fault.kind == FaultKind::Credentials && self.proven.load(Ordering::Relaxed)
    }
}

/// Whether the profile's own credential is good, in all its regions.
#[derive(Debug, Default)]
pub struct Proof {
    /// Somebody was answered, and not that it is wrong.
    open: AtomicBool,
    /// Refusals in a row lock it.
    locks: bool,
    /// Refusals since the last good answer.
    row: AtomicU32,
    refused: Mutex<Option<(Timestamp, Fault)>>,
}

/// The right to try the credential while all others wait for what becomes of it.
pub type Trial<'a> = MutexGuard<'a, Option<(Timestamp, Fault)>>;

impl Proof {
    /// Of a credential that was not tried yet. `locks`: one call tries it first, alone.
    pub fn new(locks: bool) -> Self {
        Self { open: (!locks).into(), locks, ..Self::default() }
    }

    /// Is nothing known that speaks against the credential?
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Waits until it is known whether the credential is good. `Some`: nobody knows, and this call finds out.
    ///
    /// # Errors
    /// It was refused a moment ago.
    pub async fn wait(&self, clock: impl Fn() -> Timestamp) -> Result<Option<Trial<'_>>, Fault> {
        if self.is_open() {
            return Ok(None);
        }
        let trial = self.refused.lock().await;
        if self.is_open() {
            return Ok(None);
        }
        let may_be_locked = self.locks && self.row.load(Ordering::Acquire) >= REFUSALS;
        let pause = if may_be_locked { LOCKED_MS } else { REFUSED_MS };
        match &*trial {
            Some((at, fault)) if clock().0 - at.0 < pause => Err(fault.clone()),
            _ => Ok(Some(trial)),
        }
    }

    /// What became of a call. A refusal after good answers need not be the credential's fault, for a single service may refuse what
    /// the others take: the next call goes alone and finds out. A second one in a row, or that of a sign-in, is believed.
    pub async fn judge(&self, trial: Option<Trial<'_>>, fault: Option<&Fault>, signs_in: bool, now: Timestamp) {
        // A clock that is off is refused, and counted, like a wrong signature.
        let refused = fault.filter(|fault| matches!(fault.kind, FaultKind::Credentials | FaultKind::Clock));
        let Some(refused) = refused else {
            if fault.is_none() {
                self.row.store(0, Ordering::Release);
            }
            if let Some(mut trial) = trial {
                *trial = None;
                self.open.store(true, Ordering::Release);
            }
            return;
        };
        let before = self.row.fetch_add(1, Ordering::AcqRel);
        let believed = trial.is_some() || signs_in || before > 0;
        self.open.store(false, Ordering::Release);
        let mut state = match trial {
            Some(trial) => trial,
            None => self.refused.lock().await,
        };
        *state = believed.then(|| (now, refused.clone()));
        // Somebody may have tried it well meanwhile: this refusal is the newer word.
        self.open.store(false, Ordering::Release);
    }
}

/// The sessions of one profile, by region.
#[derive(Debug, Default)]
pub struct Sessions {
    open: HashMap<RegionId, Arc<Account>>,
    /// What was handed out, newest last.
    handed: HashMap<RegionId, Vec<Arc<Credential>>>,
    refused: HashMap<RegionId, (Timestamp, Fault)>,
}

impl Sessions {
    /// The session for the region, if it holds for a while; its refusal, if that was a moment ago.
    pub fn get(&self, region: &RegionId, own: &Account, now: Timestamp) -> Option<Result<Arc<Account>, Fault>> {
        if let Some(account) = self.open.get(region)
            && account.expires_at.is_none_or(|end| end.0 - MARGIN_MS > now.0)
            // One that signs with the profile's keys is of no use once those were renewed.
            && (account.opened || Arc::ptr_eq(&account.credential, &own.credential))
        {
            return Some(Ok(account.clone()));
        }
        let (at, fault) = self.refused.get(region)?;
        (now.0 - at.0 < REFUSED_MS).then(|| Err(fault.clone()))
    }

    /// Keeps what a sign-in brought.
    pub fn keep(&mut self, region: &RegionId, own: &Account, session: Session) -> Arc<Account> {
        let handed = self.handed.entry(region.clone()).or_default();
        let account = Arc::new(Account::of(own, session, handed));
        if account.opened {
            handed.push(account.credential.clone());
            let surplus = handed.len().saturating_sub(EARLIER);
            handed.drain(..surplus);
        }
        self.refused.remove(region);
        self.open.insert(region.clone(), account.clone());
        account
    }

    /// Keeps a refusal. A network that fails is no refusal.
    pub fn refuse(&mut self, region: &RegionId, fault: &Fault, now: Timestamp) {
        if matches!(fault.kind, FaultKind::Credentials | FaultKind::Permission | FaultKind::Clock) {
            self.refused.insert(region.clone(), (now, fault.clone()));
        }
    }

    /// Lets a session go that the cloud refused.
    pub fn forget(&mut self, account: &Arc<Account>) {
        self.open.retain(|_, open| !Arc::ptr_eq(open, account));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{CloudId, ProfileId};

    fn own() -> Account {
        let profile = Profile {
            id: ProfileId::from("p"),
            cloud: CloudId::from("c"),
            regions: vec!["r1".into()],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        };
        Account::own(profile.into(), Credential::keys("key-id", "key-secret", None).into(), &[], false)
    }

    fn session(expires_at: Option<i64>) -> Session {
        Session {
            project_id: Some("p1".into()),
            credential: Some(Credential::Bearer("fresh-token".into())),
            expires_at: expires_at.map(Timestamp),
            account: None,
        }
    }

    #[test]
    fn a_session_is_renewed_before_it_ends() {
        let (mut sessions, region, own) = (Sessions::default(), RegionId::from("r1"), own());
        assert!(sessions.get(&region, &own, Timestamp(0)).is_none());
        sessions.keep(&region, &own, session(Some(1_000_000)));
        let held = sessions.get(&region, &own, Timestamp(879_999)).unwrap().unwrap();
        assert_eq!(held.profile.project_id.as_deref(), Some("p1"));
        assert_eq!(held.scrubber.scrub("fresh-token key-secret"), "*** ***");
        assert!(sessions.get(&region, &own, Timestamp(880_000)).is_none(), "two minutes before its end");
        assert!(sessions.get(&"r2".into(), &own, Timestamp(0)).is_none(), "another region");
        sessions.keep(&region, &own, session(None));
        assert!(sessions.get(&region, &own, Timestamp(i64::MAX)).is_some(), "without an end");
    }

    #[test]
    fn a_session_hides_the_keys_and_the_tokens_of_before() {
        let keys = |secret: &str| Arc::new(Credential::keys("key-id", secret, None));
        let own = Account::own(own().profile, keys("key-now"), &[keys("key-before")], true);
        let mut sessions = Sessions::default();
        let mut handed = |number: usize| {
            let credential = Some(Credential::Bearer(format!("token-{number}").into()));
            sessions.keep(&"r1".into(), &own, Session { credential, ..session(None) })
        };
        handed(1);
        let second = handed(2);
        assert_eq!(second.scrubber.scrub("token-1 token-2 key-before key-now"), "*** *** *** ***");
        let last = (3..=9).map(handed).last().unwrap();
        assert_eq!(last.scrubber.scrub("token-1 token-5 token-8 token-9"), "token-1 *** *** ***", "only so many");
    }

    #[test]
    fn a_refusal_is_remembered_for_a_while_and_a_network_fault_is_not() {
        let (mut sessions, region, own) = (Sessions::default(), RegionId::from("r1"), own());
        let fault = |kind| Fault::local(kind, "SignIn", "");
        sessions.refuse(&region, &fault(FaultKind::Reset), Timestamp(0));
        assert!(sessions.get(&region, &own, Timestamp(1)).is_none());
        sessions.refuse(&region, &fault(FaultKind::Credentials), Timestamp(0));
        assert_eq!(sessions.get(&region, &own, Timestamp(29_999)).unwrap().unwrap_err().kind, FaultKind::Credentials);
        assert!(sessions.get(&region, &own, Timestamp(30_000)).is_none());
        sessions.keep(&region, &own, session(None));
        assert!(sessions.get(&region, &own, Timestamp(1)).unwrap().is_ok(), "a good one beats an old refusal");
    }

    #[test]
    fn only_a_session_that_worked_can_end() {
        let (mut sessions, own) = (Sessions::default(), own());
        let account = sessions.keep(&"r1".into(), &own, session(None));
        let refused = Fault::local(FaultKind::Credentials, "List", "");
        assert!(!account.has_ended(&refused), "a fresh one that is refused was never good");
        account.prove();
        assert!(account.has_ended(&refused));
        assert!(!account.has_ended(&Fault::local(FaultKind::Throttled, "List", "")));
        sessions.forget(&account);
        assert!(sessions.get(&"r1".into(), &own, Timestamp(0)).is_none());
        let project = Session { credential: None, ..session(None) };
        let looked_up = sessions.keep(&"r1".into(), &own, project);
        looked_up.prove();
        assert!(!looked_up.has_ended(&refused), "keys that only had their project looked up do not end");
        own.prove();
        assert!(!own.has_ended(&refused), "the profile's own keys do not end");
        let fetched = Account::own(own.profile.clone(), own.credential.clone(), &[], true);
        assert!(!fetched.has_ended(&refused));
        fetched.prove();
        assert!(fetched.has_ended(&refused), "keys that can be fetched again do");
    }

    /// What a call makes of the gate, with the answer that it gets; `false`: it was not sent.
    async fn call(proof: &Proof, at: i64, answer: Option<FaultKind>) -> bool {
        let Ok(trial) = proof.wait(|| Timestamp(at)).await else { return false };
        let fault = answer.map(|kind| Fault::local(kind, "List", ""));
        proof.judge(trial, fault.as_ref(), false, Timestamp(at)).await;
        true
    }

    #[tokio::test]
    async fn keys_that_are_revoked_pass_few_calls_before_they_are_let_be() {
        let proof = Proof::new(true);
        assert!(call(&proof, 0, None).await && proof.is_open());
        // Four that were on their way when the first refusal came.
        let fault = Fault::local(FaultKind::Credentials, "List", "");
        for _ in 0..4 {
            assert!(proof.wait(|| Timestamp(1)).await.is_ok_and(|trial| trial.is_none()) || !proof.is_open());
            proof.judge(None, Some(&fault), false, Timestamp(1)).await;
            assert!(!proof.is_open());
        }
        for at in [1, 30_001, 300_001] {
            assert!(!call(&proof, at, Some(FaultKind::Credentials)).await, "{at}: it may be locked");
        }
        assert!(call(&proof, 310_001, None).await && proof.is_open(), "and then it is good again");
    }

    #[tokio::test]
    async fn where_nothing_locks_a_key_many_calls_try_it_and_it_is_tried_again_soon() {
        let proof = Proof::new(false);
        assert!(proof.is_open(), "nobody waits for the first answer");
        let fault = Fault::local(FaultKind::Credentials, "List", "");
        for _ in 0..6 {
            proof.judge(None, Some(&fault), false, Timestamp(0)).await;
        }
        assert!(!call(&proof, 1, None).await, "not just now");
        assert!(call(&proof, 30_001, None).await && proof.is_open());
    }

    #[tokio::test]
    async fn one_refusal_is_found_out_about_by_the_next_call_alone() {
        let refused = || Some(FaultKind::Credentials);
        let proof = Proof::new(true);
        assert!(call(&proof, 0, None).await && call(&proof, 1, refused()).await);
        let trial = proof.wait(|| Timestamp(2)).await.unwrap();
        assert!(trial.is_some(), "this one tries it");
        proof.judge(trial, None, false, Timestamp(2)).await;
        assert!(proof.is_open(), "one service alone");
        // Two in a row are believed, for a while; a clock that is off counts as well.
        assert!(call(&proof, 3, refused()).await && call(&proof, 4, Some(FaultKind::Clock)).await);
        assert!(!call(&proof, 30_003, None).await && call(&proof, 30_004, refused()).await);
        assert!(!call(&proof, 60_004, None).await, "the third makes it a long while");
        assert!(call(&proof, 340_004, None).await);
    }
}
