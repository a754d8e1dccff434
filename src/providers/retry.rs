//! Which reads are made again, and when. Pure: the dice are an argument. Writes are never made again here: the release job
//! asks for a new permit where the vendor's code proves that nothing was done.

use std::time::Duration;

use crate::domain::fault::{Effect, Fault, FaultKind};

/// How patient reads are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryPolicy {
    /// Tries in all.
    pub tries: u32,
    /// Tries of a call that the vendor throttles: more, since the pace of its action holds the next one back, and under load every
    /// other call may be refused.
    pub throttled: u32,
    /// For all tries and pauses together.
    pub deadline: Duration,
    /// The same for writes that are throttled, and for reads around writes.
    pub busy: Duration,
    /// Pause after the first try; doubles with each.
    pub first: Duration,
    /// No pause is longer, unless the vendor wishes it.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            throttled: 60,
            deadline: Duration::from_secs(60),
            busy: Duration::from_secs(600),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Is it time to give a call up that would wait for so long now, and began so long ago? Waiting for a turn is not the cloud's
    /// fault, and is not counted as a pause; but one that lets nothing through would have it wait for hours.
    pub fn gives_up(&self, began: Duration, wait: Duration) -> bool {
        began + wait > self.deadline * TURNS
    }

    /// Tries of a call that fails so each time. A session that ended is renewed once: a few failures in a row lock an account.
    pub fn tries_of(&self, kind: FaultKind) -> u32 {
        match kind {
            FaultKind::Throttled => self.throttled,
            FaultKind::Unreachable => self.tries.min(UNREACHABLE_TRIES),
            FaultKind::Credentials => self.tries.min(2),
            _ => self.tries,
        }
    }
}

/// Times its deadline that a read may take with its waiting for turns.
const TURNS: u32 = 3;

/// Tries where the network itself refuses: soon told is better than hidden.
const UNREACHABLE_TRIES: u32 = 2;

/// The pause before another try of a read, or `None` to give up.
///
/// `attempt` counts from 1, `elapsed` since the first try began, `dice` is uniform in 0..1.
pub fn pause(policy: &RetryPolicy, fault: &Fault, attempt: u32, elapsed: Duration, dice: f64) -> Option<Duration> {
    let may_pass = matches!(
        fault.kind,
        FaultKind::Throttled | FaultKind::Server | FaultKind::Timeout | FaultKind::Reset | FaultKind::Unreachable
    );
    // A code can say that the same call fails again, whatever its family.
    if !may_pass
        || attempt >= policy.tries_of(fault.kind)
        || matches!(fault.effect, Effect::Nothing | Effect::AlreadyDone)
    {
        return None;
    }
    let pause = wished(policy, fault, attempt, dice, policy.deadline)?;
    (elapsed + pause < policy.deadline).then_some(pause)
}

/// The pause before a write is made again, which needs a new permit; `None` to give up. Only where the fault proves that nothing was
/// done and that the same call may pass later, whatever its family: throttling, a conflict, a network that refuses.
///
/// `attempt` counts from 1, `elapsed` since the first try began, `dice` is uniform in 0..1.
pub fn pause_of_write(
    policy: &RetryPolicy,
    fault: &Fault,
    attempt: u32,
    elapsed: Duration,
    dice: f64,
) -> Option<Duration> {
    // A write is worth more patience with the network than a read.
    let tries = if fault.kind == FaultKind::Unreachable { policy.tries } else { policy.tries_of(fault.kind) };
    let over = fault.kind == FaultKind::Throttled && elapsed >= policy.busy;
    if fault.effect != Effect::NothingRetry || attempt >= tries || over {
        return None;
    }
    wished(policy, fault, attempt, dice, policy.busy)
}

/// As long as the vendor wishes, else longer each time, but for what is throttled: that its action is left alone for longer each time is
/// the limiter's business, which knows how others fare. `None`: the vendor wishes longer than `most`.
fn wished(policy: &RetryPolicy, fault: &Fault, attempt: u32, dice: f64, most: Duration) -> Option<Duration> {
    let Some(wish) = fault.retry_after_ms.map(Duration::from_millis) else {
        let attempt = if fault.kind == FaultKind::Throttled { 1 } else { attempt };
        return Some(backoff(policy, attempt, dice));
    };
    // Asking earlier than told would only prolong it; waiting longer than this is a person's choice.
    // Not all at the same moment.
    (wish <= most).then(|| wish + policy.first.mul_f64(dice.clamp(0.0, 1.0)))
}

/// Doubles from `first` up to `longest`, of which at least half is kept: jitter spreads the rest.
pub fn backoff(policy: &RetryPolicy, attempt: u32, dice: f64) -> Duration {
    let doubled = policy.first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(20)));
    doubled.min(policy.longest).mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: FaultKind, effect: Effect, retry_after_ms: Option<u64>) -> Fault {
        Fault { effect, retry_after_ms, ..Fault::local(kind, "List", "") }
    }

    const POLICY: RetryPolicy = RetryPolicy {
        tries: 5,
        throttled: 20,
        deadline: Duration::from_secs(60),
        busy: Duration::from_secs(600),
        first: Duration::from_millis(500),
        longest: Duration::from_secs(30),
    };

    fn ms(duration: Option<Duration>) -> Option<u128> {
        duration.map(|duration| duration.as_millis())
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (kind, again) in [
            (FaultKind::Throttled, true),
            (FaultKind::Server, true),
            (FaultKind::Timeout, true),
            (FaultKind::Reset, true),
            (FaultKind::Unreachable, true),
            (FaultKind::Garbage, false),
            (FaultKind::Redirect, false),
            (FaultKind::Credentials, false),
            (FaultKind::Clock, false),
            (FaultKind::Permission, false),
            (FaultKind::NotFound, false),
            (FaultKind::Refused, false),
            (FaultKind::Conflict, false),
            (FaultKind::BadRequest, false),
            (FaultKind::Local, false),
            (FaultKind::Other, false),
        ] {
            let fault = fault(kind, Effect::NothingRetry, None);
            assert_eq!(pause(&POLICY, &fault, 1, Duration::ZERO, 0.0).is_some(), again, "{kind:?}");
        }
        for effect in [Effect::Nothing, Effect::AlreadyDone] {
            assert_eq!(pause(&POLICY, &fault(FaultKind::Server, effect, None), 1, Duration::ZERO, 0.0), None);
        }
    }

    #[test]
    fn what_is_throttled_is_asked_for_many_times_and_each_time_soon() {
        let fault = fault(FaultKind::Throttled, Effect::NothingRetry, None);
        for attempt in 1..20 {
            assert_eq!(ms(pause(&POLICY, &fault, attempt, Duration::ZERO, 1.0)), Some(500), "{attempt}");
            assert_eq!(ms(pause_of_write(&POLICY, &fault, attempt, Duration::ZERO, 1.0)), Some(500), "{attempt}");
        }
        assert_eq!(pause(&POLICY, &fault, 20, Duration::ZERO, 1.0), None);
        assert_eq!(pause_of_write(&POLICY, &fault, 20, Duration::ZERO, 1.0), None);
        assert_eq!(pause_of_write(&POLICY, &fault, 2, POLICY.busy, 1.0), None, "nor for ever");
        assert_eq!(pause(&POLICY, &fault, 7, POLICY.deadline, 1.0), None, "not for ever");
    }

    #[test]
    fn pauses_double_with_jitter_and_end() {
        let fault = fault(FaultKind::Server, Effect::NothingRetry, None);
        let at = |attempt, dice| ms(pause(&POLICY, &fault, attempt, Duration::ZERO, dice));
        assert_eq!(
            [at(1, 0.0), at(2, 0.0), at(3, 0.0), at(4, 0.0), at(5, 0.0)],
            [Some(250), Some(500), Some(1000), Some(2000), None]
        );
        assert_eq!([at(1, 1.0), at(4, 1.0)], [Some(500), Some(4000)]);
        assert_eq!(backoff(&POLICY, 60, 1.0), Duration::from_secs(30), "no pause is longer");
        assert_eq!(backoff(&POLICY, 0, 9.0), Duration::from_millis(500), "odd arguments are clamped");
    }

    #[test]
    fn the_vendors_wish_and_the_deadline_are_kept() {
        let wish = |ms| fault(FaultKind::Throttled, Effect::NothingRetry, Some(ms));
        assert_eq!(ms(pause(&POLICY, &wish(7000), 1, Duration::ZERO, 0.0)), Some(7000));
        assert_eq!(ms(pause(&POLICY, &wish(7000), 1, Duration::ZERO, 1.0)), Some(7500), "never earlier than told");
        assert_eq!(ms(pause(&POLICY, &wish(45_000), 1, Duration::ZERO, 0.0)), Some(45_000), "longer than pauses are");
        assert_eq!(pause(&POLICY, &wish(61_000), 1, Duration::ZERO, 0.0), None, "longer than reads have");
        assert_eq!(pause(&POLICY, &wish(7000), 1, Duration::from_secs(55), 0.0), None);
        assert!(pause(&POLICY, &wish(7000), 1, Duration::from_secs(50), 0.0).is_some());
    }

    #[test]
    fn a_call_that_never_gets_its_turn_is_given_up() {
        let s = Duration::from_secs;
        assert!(!POLICY.gives_up(s(0), s(180)) && !POLICY.gives_up(s(150), s(30)));
        assert!(POLICY.gives_up(s(151), s(30)) && POLICY.gives_up(s(181), s(0)));
    }

    #[test]
    fn a_write_is_made_again_only_where_nothing_was_done() {
        let of = |kind, effect| pause_of_write(&POLICY, &fault(kind, effect, None), 1, Duration::ZERO, 1.0);
        for kind in [FaultKind::Throttled, FaultKind::Conflict, FaultKind::Unreachable, FaultKind::Server] {
            assert_eq!(of(kind, Effect::NothingRetry), Some(Duration::from_millis(500)), "{kind:?}");
            for effect in [Effect::Nothing, Effect::AlreadyDone, Effect::Unknown] {
                assert_eq!(of(kind, effect), None, "{kind:?} {effect:?}");
            }
        }
        let ended = fault(FaultKind::Credentials, Effect::NothingRetry, None);
        let again = |attempt| pause_of_write(&POLICY, &ended, attempt, Duration::ZERO, 0.0).is_some();
        assert_eq!((again(1), again(2)), (true, false), "a session is renewed once");
        let throttled = |ms, attempt| {
            pause_of_write(
                &POLICY,
                &fault(FaultKind::Throttled, Effect::NothingRetry, ms),
                attempt,
                Duration::ZERO,
                0.0,
            )
        };
        assert_eq!((throttled(None, 19).is_some(), throttled(None, 20)), (true, None));
        assert_eq!(throttled(Some(7000), 1), Some(Duration::from_secs(7)));
        assert_eq!(throttled(Some(600_000), 1), Some(POLICY.busy));
        assert_eq!(throttled(Some(600_001), 1), None, "longer than its whole patience");
    }

    #[test]
    fn a_network_that_refuses_is_told_soon() {
        let fault = fault(FaultKind::Unreachable, Effect::NothingRetry, None);
        assert!(pause(&POLICY, &fault, 1, Duration::ZERO, 0.5).is_some());
        assert_eq!(pause(&POLICY, &fault, 2, Duration::ZERO, 0.5), None);
    }
}
