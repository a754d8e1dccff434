//! A write as it would leave, for people: the request, and the same as a line for a shell. Nothing here sends a write.

use super::{Client, Inner, Parts};
use crate::{
    domain::{
        exchange::Exchange,
        fault::Fault,
        ids::RegionId,
        plan::OperationKind,
        rehearsal::{Command, Tool, WouldSend},
    },
    providers::{
        provider::{Call, Step},
        redact::{self, Trip},
        session::Account,
        shell,
        turn::WriteTurn,
    },
};

impl Client {
    /// The request of a write as it would leave now, without secrets: in that turn, or in none yet. Sends no write; a cloud that wants a
    /// session first is asked for one.
    ///
    /// # Errors
    /// There is no session, or the machine gives no random bytes.
    pub async fn preview(
        &self,
        region: &RegionId,
        kind: &OperationKind,
        step: &Step,
        turn: Option<&WriteTurn>,
    ) -> Result<Exchange, Fault> {
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let account = self.signer(&call, turn).await?;
        let action = self.cloud().action(&call);
        let at = (self.inner.parts.clock)();
        let request = self.request(&call, &account, at)?;
        let profile = &account.profile.id;
        let trip = Trip {
            at,
            profile,
            action,
            call: &call,
            request: &request,
            response: None,
            fault: None,
            elapsed_ms: 0,
            attempt: 0,
        };
        Ok(redact::exchange(&trip, &account.scrubber))
    }

    /// [`Client::preview`] with the same as a line for a shell, which has no signature and no secret. Sends no write either.
    ///
    /// # Errors
    /// As of [`Client::preview`].
    pub async fn would_send(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Result<WouldSend, Fault> {
        let request = self.preview(region, kind, step, None).await?;
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let account = self.account(&call).await?;
        Ok(WouldSend { request, command: self.line(&call, &account), more: !step.last })
    }

    /// A write as a line for a shell, of the session that there is, if any. Asks no cloud for one.
    ///
    /// # Errors
    /// There are no keys, or none any more.
    pub async fn command(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Result<Command, Fault> {
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        let Inner { parts: Parts { clock, .. }, keys, sessions, .. } = &*self.inner;
        let own = keys.own(|| clock()).await.map_err(|why| Fault::keys(self.cloud().action(&call), why))?;
        let known = sessions.lock().await.get(region, &own, clock()).and_then(Result::ok);
        Ok(self.line(&call, &known.unwrap_or(own)))
    }

    fn line(&self, call: &Call, account: &Account) -> Command {
        let named = |line: String| match (self.cloud().vendor_cli(), self.inner.keys.tool_profile()) {
            (Some(tool), Some(name)) => tool.by(shell::Line::of(&line), name).finish(),
            _ => Some(line),
        };
        let (line, tool) = match self.cloud().cli(call, &account.profile).and_then(named) {
            Some(line) => (line, Tool::Own),
            None => (shell::curl(&self.cloud().encode(call, &account.profile)), Tool::Curl),
        };
        Command { line: account.scrubber.scrub(&line), tool }
    }
}
