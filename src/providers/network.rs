//! Can a profile's cloud be reached? Its last call tells.

use std::sync::Arc;

use tokio::{sync::watch, time::Instant};

use crate::domain::fault::{Fault, FaultKind};

/// What the calls of one profile have shown. Clones share it.
#[derive(Clone, Debug)]
pub struct Network(Arc<watch::Sender<Option<Away>>>);

/// It can not be reached.
#[derive(Clone, PartialEq, Debug)]
pub struct Away {
    /// The fault of the call that was tried last.
    pub fault: Fault,
    /// When that was.
    pub at: Instant,
    /// How often it was tried in vain. Calls that were under way together are one try.
    pub tries: u32,
}

impl Default for Network {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Network {
    /// A call that began then came to its end. Any answer proves that the network is there; what was lost half-way proves nothing.
    pub(super) fn hear(&self, began: Instant, fault: Option<&Fault>) {
        let answered = fault.is_none_or(|fault| fault.http_status.is_some());
        let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::Unreachable) else {
            self.0.send_if_modified(|away| answered && away.take().is_some());
            return;
        };
        self.0.send_if_modified(|away| {
            if away.as_ref().is_some_and(|known| began < known.at) {
                return false;
            }
            let tries = away.as_ref().map_or(0, |known| known.tries).saturating_add(1);
            *away = Some(Away { fault: fault.clone(), at: Instant::now(), tries });
            true
        });
    }

    pub fn away(&self) -> Option<Away> {
        self.0.borrow().clone()
    }

    /// Tells of every change from now on.
    pub fn watch(&self) -> watch::Receiver<Option<Away>> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_under_way_together_are_one_try_and_any_answer_ends_it() {
        let network = Network::default();
        let unreachable = Fault::local(FaultKind::Unreachable, "List", "refused");
        let tries = || network.away().map(|away| away.tries);
        let first = Instant::now();
        tokio::time::advance(Duration::from_millis(5)).await;
        network.hear(first, Some(&unreachable));
        network.hear(first, Some(&unreachable));
        assert_eq!(tries(), Some(1));
        tokio::time::advance(Duration::from_secs(8)).await;
        network.hear(Instant::now(), Some(&unreachable));
        assert_eq!(tries(), Some(2));
        // It may have been on its way before the network went.
        network.hear(first, Some(&Fault::local(FaultKind::Reset, "List", "")));
        network.hear(first, Some(&Fault::local(FaultKind::Timeout, "List", "")));
        assert_eq!(tries(), Some(2));
        let throttled = Fault { http_status: Some(429), ..Fault::local(FaultKind::Throttled, "List", "") };
        network.hear(Instant::now(), Some(&throttled));
        assert_eq!(tries(), None);
        network.hear(Instant::now(), Some(&unreachable));
        network.hear(Instant::now(), None);
        assert_eq!(tries(), None);
    }
}
