//! While a profile's cloud can not be reached its writes wait, and ask again from time to time. The other profiles go on.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    app::msg::ReleaseEvent,
    domain::{fault::FaultKind, ids::ProfileId, outcome::Progress},
    providers::{client::Client, network::Away},
};

use super::Batch;

/// Tries of one row to reach a cloud that could be reached when the plan was made: an hour.
pub(super) const TRIES: u32 = 450;

/// Milliseconds until the next try.
fn left(batch: &Batch, away: &Away) -> u64 {
    let due = away.at + Duration::from_millis(batch.patience.offline);
    u64::try_from(due.saturating_duration_since(Instant::now()).as_millis()).unwrap_or(u64::MAX)
}

/// What a row says that waits for it, after so many tries of its own.
pub(super) fn waiting(batch: &Batch, client: &Client, tries: u32) -> Progress {
    let wait_ms = client.network().away().map_or(0, |away| left(batch, &away));
    Progress::Retrying { kind: FaultKind::Unreachable, attempt: tries, of: TRIES, wait_ms, code: None }
}

/// Waits for the next try; not at all while the cloud is there. False: the batch is stopped.
pub(super) async fn wait(batch: &Batch, client: &Client) -> bool {
    let mut news = client.network().watch();
    let mut control = batch.control.clone();
    loop {
        let Some(away) = news.borrow_and_update().clone() else { return true };
        if batch.wish().stopped {
            return false;
        }
        let left = left(batch, &away);
        if left == 0 {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(left)) => return true,
            _ = news.changed() => {}
            _ = control.wait_for(|wish| wish.stopped) => return false,
        }
    }
}

/// Tells when the profile's cloud is away and when it is there again, for as long as it is let.
pub(super) async fn tell(batch: Batch, profile: ProfileId, client: Client) {
    let mut news = client.network().watch();
    let mut told = false;
    loop {
        let away = news.borrow_and_update().clone();
        let wait_ms = away.map(|away| left(&batch, &away));
        // What an earlier call found is tried anew.
        if told || wait_ms.is_some_and(|wait_ms| wait_ms > 0) {
            told = wait_ms.is_some();
            batch.say(ReleaseEvent::Offline(profile.clone(), wait_ms)).await;
        }
        if news.changed().await.is_err() {
            return;
        }
    }
}
