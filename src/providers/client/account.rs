//! Whose keys sign: sessions where a cloud wants them, the account that they are of, and the mark that tells it from others.

use std::sync::Arc;

use super::{Client, Inner, Parts, local};
use crate::{
    domain::{
        fault::{Fault, FaultKind},
        ids::RegionId,
    },
    providers::{
        mark::{self, Marks},
        profile::Credential,
        provider::{Call, Reply},
        session::Account,
        turn::WriteTurn,
    },
};

impl Client {
    /// The vendor's id of the account that the credential is of; `None` where the cloud has no call that tells.
    ///
    /// # Errors
    /// As of [`Client::read`].
    pub async fn identity(&self, region: &RegionId) -> Option<Result<String, Fault>> {
        let call = self.cloud().identity(region)?;
        Some(match self.ask(&call).await {
            Ok(Reply::Identity(account)) => Ok(account),
            Ok(_) => Err(Fault::local(FaultKind::Local, self.cloud().action(&call), local::REPLY)),
            Err(fault) => Err(fault),
        })
    }

    /// What tells the account of who signs the write of that turn from others, without naming it. `None`: nobody does.
    pub async fn mark_of(&self, turn: &WriteTurn, region: &RegionId) -> Option<String> {
        match turn.signer.as_deref() {
            Some((_, mark)) => mark.clone(),
            None => self.mark(region).await,
        }
    }

    pub(super) async fn mark(&self, region: &RegionId) -> Option<String> {
        let own = self.inner.keys.own(|| (self.inner.parts.clock)()).await.ok()?;
        // The name of other keys stays; to ask of whom they are would be one more call for each batch.
        let marks = self.marks(&own.credential, region, own.credential.is_temporary()).await;
        Some(marks.recorded())
    }

    /// Is the account that is asked now the one of this mark? `None`: nobody signs, or a record of an earlier version does not tell.
    pub async fn is_account(&self, recorded: Option<&str>, region: &RegionId) -> Option<bool> {
        let own = self.inner.keys.own(|| (self.inner.parts.clock)()).await.ok()?;
        let recorded = recorded?;
        let marks = self.marks(&own.credential, region, mark::tells_owner(recorded)).await;
        Some(marks.are(recorded))
    }

    /// Is there somebody who signs?
    pub async fn has_signer(&self) -> bool {
        self.inner.keys.own(|| (self.inner.parts.clock)()).await.is_ok()
    }

    /// With the vendor's id of the account where it is known; `ask`: it is asked for where it is not, once for each holder.
    async fn marks(&self, credential: &Credential, region: &RegionId, ask: bool) -> Marks {
        let own = |id: Option<&str>| Marks::of(self.profile(), credential, id);
        if let Some(id) = self.account_id() {
            return own(Some(id));
        }
        if !ask {
            return own(None);
        }
        let mut asked = self.inner.asked.lock().await;
        let holder = own(None);
        let known = asked.as_ref().filter(|(of, _)| *of == holder).map(|(_, id)| id.clone());
        let id = if let Some(id) = known {
            id
        } else {
            let id = self.identity(region).await.and_then(Result::ok);
            *asked = Some((holder, id.clone()));
            id
        };
        own(id.as_deref())
    }

    /// What the write is signed with, as its turn has it.
    pub(super) async fn signer(&self, call: &Call, turn: Option<&WriteTurn>) -> Result<Arc<Account>, Fault> {
        match turn.and_then(|turn| turn.signer.as_deref()) {
            Some((account, _)) => Ok(account.clone()),
            None => self.account(call).await,
        }
    }

    /// What the call is signed with. Signs in first where the cloud wants that; calls that come meanwhile wait for it.
    pub(super) async fn account(&self, call: &Call) -> Result<Arc<Account>, Fault> {
        let Inner { parts: Parts { profile, cloud, clock, .. }, keys, sessions, .. } = &*self.inner;
        let own = keys.own(|| clock()).await.map_err(|why| Fault::keys(cloud.action(call), why))?;
        // What is asked of no region is about the account: a name and a password are changed into a token for that.
        let account = matches!(*own.credential, Credential::Password { .. }).then(|| RegionId::from(""));
        let region = call.region().or(profile.regions.first()).or(account.as_ref());
        let needs_session = match call {
            Call::SignIn { .. } => false,
            // Is about the account, whatever its keys may do in a region.
            Call::Identity { .. } => matches!(*own.credential, Credential::Password { .. }),
            _ => true,
        };
        let Some(region) = region.filter(|_| needs_session) else { return Ok(own) };
        let Some(sign_in) = cloud.sign_in(profile, &own.credential, region) else { return Ok(own) };
        let mut sessions = sessions.lock().await;
        if let Some(known) = sessions.get(region, &own, clock()) {
            return known;
        }
        // Boxed: a sign-in is a call like others, and needs no session itself.
        match Box::pin(self.ask(&sign_in)).await {
            Ok(Reply::Session(session)) => {
                if let Some(account) = &session.account {
                    // Err: it was told before.
                    let _ = self.inner.account.set(account.clone());
                }
                Ok(sessions.keep(region, &own, session))
            }
            Ok(_) => Err(Fault::local(FaultKind::Local, cloud.action(&sign_in), local::REPLY)),
            Err(fault) => {
                sessions.refuse(region, &fault, clock());
                Err(fault)
            }
        }
    }
}
