//! Reads the plan's NICs again, a few at a time.

use std::{collections::VecDeque, sync::Arc};

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    app::msg::{Msg, PreflightEvent},
    domain::{
        fault::{Fault, FaultKind},
        ids::{JobId, NicKey},
        nic::Nic,
        time::Timestamp,
    },
    providers::client::Client,
};

use super::inspect;

/// NICs read together; the client's own limits come on top.
const TOGETHER: usize = 8;

/// Runs until all NICs were read or could not be, or until it is cancelled.
pub async fn run(
    clients: impl Fn(&NicKey) -> Option<Client>,
    nics: Vec<(NicKey, Arc<Nic>)>,
    job: JobId,
    out: mpsc::Sender<Msg>,
    cancel: CancellationToken,
    now: fn() -> Timestamp,
) {
    let mut queue: VecDeque<(NicKey, Arc<Nic>)> = nics.into();
    let mut flying: JoinSet<PreflightEvent> = JoinSet::new();
    loop {
        while flying.len() < TOGETHER
            && let Some((key, nic)) = queue.pop_front()
        {
            let client = clients(&key);
            let cancel = cancel.clone();
            flying.spawn(async move {
                let Some(client) = client else {
                    let fault = Fault::local(FaultKind::Local, "", "the profile has no usable credential");
                    return PreflightEvent::Read(key, Err(Box::new(fault)));
                };
                let read = inspect::nic(&client, &nic, &cancel, now).await;
                PreflightEvent::Read(key, read.map(|snapshot| snapshot.map(Arc::new)).map_err(Box::new))
            });
        }
        let landed = tokio::select! {
            landed = flying.join_next() => landed,
            () = cancel.cancelled() => return,
        };
        let Some(landed) = landed else { break };
        // A task that died leaves its NIC unread; the plan's freshness then never completes for it, so say so.
        let Ok(event) = landed else {
            let _ = out.send(Msg::JobPanicked(job)).await;
            return;
        };
        let _ = out.send(Msg::Preflight(job, event)).await;
    }
    let _ = out.send(Msg::Preflight(job, PreflightEvent::Ended)).await;
}
