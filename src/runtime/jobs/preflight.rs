//! Reads the plan's NICs again: each profile at its own pace, so that a slow cloud delays no other.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{Msg, PreflightEvent},
    domain::{
        fault::{Fault, FaultKind},
        ids::{JobId, NicKey, ProfileId},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::client::{Client, local},
};

use super::inspect::{Read, Readings};

/// Runs until all NICs were read or could not be, or until it is cancelled.
pub async fn run(
    clients: impl Fn(&NicKey) -> Option<Client>,
    nics: Vec<(NicKey, Arc<NicSnapshot>)>,
    job: JobId,
    out: mpsc::Sender<Msg>,
    cancel: CancellationToken,
    now: fn() -> Timestamp,
) {
    let mut by_profile: BTreeMap<ProfileId, Vec<(NicKey, Arc<NicSnapshot>)>> = BTreeMap::new();
    for (key, nic) in nics {
        by_profile.entry(key.profile.clone()).or_default().push((key, nic));
    }
    let mut profiles = JoinSet::new();
    for nics in by_profile.into_values() {
        let client = nics.first().and_then(|(key, _)| clients(key));
        profiles.spawn(read(client, nics, job, out.clone(), cancel.clone(), now));
    }
    loop {
        let ended = tokio::select! {
            ended = profiles.join_next() => ended,
            () = cancel.cancelled() => return,
        };
        match ended {
            None => break,
            Some(Ok(())) => {}
            // NICs were left unread: the plan's freshness then never completes for them, so say so.
            Some(Err(_)) => {
                let _ = out.send(Msg::JobPanicked(job)).await;
                return;
            }
        }
    }
    let _ = out.send(Msg::Preflight(job, PreflightEvent::Ended)).await;
}

/// One profile's NICs.
async fn read(
    client: Option<Client>,
    nics: Vec<(NicKey, Arc<NicSnapshot>)>,
    job: JobId,
    out: mpsc::Sender<Msg>,
    cancel: CancellationToken,
    now: fn() -> Timestamp,
) {
    let say = async |key: NicKey, read: Read| {
        let read = read.map(|snapshot| snapshot.map(Arc::new)).map_err(Box::new);
        // A closed channel means that the program is leaving.
        let _ = out.send(Msg::Preflight(job, PreflightEvent::Read(key, read))).await;
    };
    let (keys, nics): (Vec<NicKey>, Vec<Arc<NicSnapshot>>) = nics.into_iter().unzip();
    let Some(client) = client else {
        for key in keys {
            say(key, Err(Fault::local(FaultKind::Credentials, "", local::NO_CREDENTIAL))).await;
        }
        return;
    };
    let mut readings = Readings::new(client, &nics, cancel, now);
    while let Some(ended) = readings.next().await {
        if let Some(key) = keys.get(ended.place) {
            if let Some(fault) = ended.partly {
                let _ = out.send(Msg::Preflight(job, PreflightEvent::Partly(key.clone(), Box::new(fault)))).await;
            }
            say(key.clone(), ended.read).await;
        }
    }
}
