//! What calls wait for before they leave: the turn of their action, a place among the calls in flight, the end of what a vendor
//! throttles.

use std::time::Duration;

use super::{Client, Pause, dice, ms, retry};
use crate::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::RegionId,
        plan::OperationKind,
    },
    providers::{
        limiter::{Lane, Slot, UnderWay},
        provider::{Call, Quota, Step},
        turn::WriteTurn,
    },
};

/// Whoever waits longer because an action is closed says so.
const SOON: Duration = Duration::from_secs(1);

impl Client {
    /// A batch of this profile is under way until what this returns is dropped: all calls together are few then.
    pub fn batch(&self) -> UnderWay {
        self.inner.limiter.batch()
    }

    /// Tries of a write that did nothing, and fails so each time.
    pub fn tries(&self, kind: FaultKind) -> u32 {
        self.inner.parts.retry.tries_of(kind)
    }

    /// The pause before a write that did nothing is made again, with a new permit; `None` where it is not. `elapsed` since its first
    /// try.
    pub fn pause_of_write(&self, fault: &Fault, attempt: u32, elapsed: Duration) -> Option<Duration> {
        retry::pause_of_write(&self.inner.parts.retry, fault, attempt, elapsed, dice())
    }

    /// Waits until the write may leave: for as long as the vendor throttles its action, and those before it take. May be dropped
    /// at any moment. What the write is decided on is read after it.
    pub async fn turn(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> WriteTurn {
        self.turn_in(Lane::Write, region, kind, step).await
    }

    /// The same for a write of which that is known already, and grows old: it goes before others.
    pub async fn turn_again(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> WriteTurn {
        self.turn_in(Lane::Again, region, kind, step).await
    }

    async fn turn_in(&self, lane: Lane, region: &RegionId, kind: &OperationKind, step: &Step) -> WriteTurn {
        let quota = self.write_quota(region, kind, step);
        let slot = self.inner.limiter.enter(lane, quota).await;
        let place = self.inner.parts.exchanges.clone().reserve_owned().await.ok();
        WriteTurn::new(quota, slot, place)
    }

    /// Takes what the write is signed with, before its facts are read: a program that hands out keys may take minutes to renew them. May
    /// be dropped at any moment. Where there is nothing to sign with, the write itself tells why, and is not sent.
    pub async fn ready(&self, turn: &mut WriteTurn, region: &RegionId, kind: &OperationKind, step: &Step) {
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        turn.signer = match self.account(&call).await {
            Ok(account) => Some(Box::new((account, self.mark(region).await))),
            Err(_) => None,
        };
    }

    /// Takes a place among the calls in flight for the write: before it nobody's call is sent, and after it this one leaves at once.
    pub async fn seat(&self, turn: &mut WriteTurn) {
        if turn.seat.is_none() {
            turn.seat = Some(self.inner.limiter.enter(Lane::Send, turn.quota).await);
        }
    }

    /// May this write leave with that turn? It may not when the turn is for another request, or when the vendor has throttled the
    /// action since.
    pub fn has_turn(&self, turn: &WriteTurn, region: &RegionId, kind: &OperationKind, step: &Step) -> bool {
        self.is_for(turn, region, kind, step) && self.closed_for(region, kind, step).is_zero()
    }

    /// Is the turn for such a request, now or later?
    pub fn is_for(&self, turn: &WriteTurn, region: &RegionId, kind: &OperationKind, step: &Step) -> bool {
        turn.quota.api == self.write_quota(region, kind, step).api
    }

    /// How long no such write is sent from now on, because the vendor throttled its action.
    pub fn closed_for(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Duration {
        self.inner.limiter.closed_for(self.write_quota(region, kind, step))
    }

    /// The same where it is longer than a write waits, as a fault: nothing is sent.
    pub fn closed_for_long(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Option<Fault> {
        let closed = self.closed_for(region, kind, step);
        let call = Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() };
        (closed > self.inner.parts.retry.busy).then(|| self.closed(&call, closed))
    }

    /// The vendor wants no such call for so long.
    fn closed(&self, call: &Call, closed: Duration) -> Fault {
        Fault {
            effect: Effect::NothingRetry,
            retry_after_ms: Some(ms(closed)),
            ..Fault::local(FaultKind::Throttled, self.cloud().action(call), "")
        }
    }

    /// How long a call that changes nothing is tried again, and waits for a vendor who is busy: around a write that costs less than a
    /// row that is given up.
    pub(super) fn patience(&self) -> Duration {
        let usual = &self.inner.parts.retry;
        if self.urgent { usual.deadline.max(usual.busy) } else { usual.deadline }
    }

    /// The right to make a call that changes nothing, try number `attempt`.
    ///
    /// # Errors
    /// The vendor wants no such call for longer than this one waits.
    pub(super) async fn place(&self, call: &Call, quota: Quota, attempt: u32) -> Result<Slot, Fault> {
        loop {
            let closed = match self.inner.limiter.enter_open(self.lane(call), quota, SOON).await {
                Ok(slot) => return Ok(slot),
                Err(closed) => closed,
            };
            let fault = self.closed(call, closed);
            if closed > self.patience() {
                return Err(fault);
            }
            let of = self.tries(FaultKind::Throttled);
            if let Some(on_pause) = &self.on_pause {
                on_pause(Some(Pause { fault: &fault, attempt, of, wait: closed }));
            }
            tokio::time::sleep(closed).await;
            if let Some(on_pause) = &self.on_pause {
                on_pause(None);
            }
        }
    }

    /// What the vendor allows, or less where the profile says so.
    pub(super) fn quota(&self, call: &Call) -> Quota {
        self.profile().net.pace.within(self.cloud().quota(call))
    }

    fn write_quota(&self, region: &RegionId, kind: &OperationKind, step: &Step) -> Quota {
        self.quota(&Call::Write { region: region.clone(), kind: kind.clone(), step: step.clone() })
    }

    fn lane(&self, call: &Call) -> Lane {
        match call {
            Call::Write { .. } => Lane::Write,
            _ if self.urgent => Lane::Around,
            Call::List(listing) if listing.resource.makes_rows() => Lane::Rows,
            Call::List(_) | Call::Task { .. } | Call::Identity { .. } => Lane::Rest,
            // Everything waits for it.
            Call::SignIn { .. } => Lane::Rows,
        }
    }
}
