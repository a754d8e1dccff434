//! What became of writes whose end nobody knows, of earlier runs or of this one: reads their NICs, and puts what is certain into the
//! journal. Sends no write.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{
        earlier::Found,
        msg::{Msg, ReadBack, ReconcileEvent},
    },
    domain::{
        fault::{Fault, FaultKind},
        ids::{JobId, ProfileId},
        journal::{CERTAIN_MS, Image, Intent, Settlement},
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        outcome::Outcome,
        plan::OperationKind,
        selection::Target,
        snapshot::NicSnapshot,
        tags::Tags,
        time::Timestamp,
    },
    providers::{
        client::{Client, local},
        provider::Call,
    },
    runtime::journal::Journal,
};

use super::{
    inspect,
    release::targets::{Sight, bound, is_done},
};

/// How long is waited for a write that may still be on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Milliseconds between two reads of one NIC.
    pub pause: u64,
    /// Milliseconds after the intent from which on a write that does not show has not happened: longer than a call may take, and
    /// an accepted one to show.
    pub certain: u64,
}

impl Patience {
    /// Of clouds that end with the process: nothing can be on its way to them after it, and they change within seconds.
    pub const MADE_UP: Self = Self { pause: 500, certain: 6_000 };
}

impl Default for Patience {
    fn default() -> Self {
        Self { pause: 3_000, certain: CERTAIN_MS }
    }
}

/// Everything the job needs from outside.
#[derive(Clone)]
pub struct Desk {
    pub job: JobId,
    pub journal: Arc<Journal>,
    pub out: mpsc::Sender<Msg>,
    pub patience: Patience,
    pub now: fn() -> Timestamp,
}

impl Desk {
    async fn say(&self, event: ReconcileEvent) {
        // A closed channel means that the program is leaving.
        let _ = self.out.send(Msg::Reconcile(self.job, event)).await;
    }

    async fn found(&self, intent: &Intent, found: Found, fresh: Option<ReadBack>) {
        let (batch, operation) = (intent.batch.clone(), intent.operation);
        self.say(ReconcileEvent::Found { batch, operation, found, fresh }).await;
    }
}

/// Runs until every write has an end, or can have none now. A profile that is slow delays no other.
pub async fn run(desk: Desk, writes: Vec<Intent>, clients: BTreeMap<ProfileId, Client>) {
    let mut by_profile: BTreeMap<ProfileId, Vec<Intent>> = BTreeMap::new();
    for intent in writes {
        by_profile.entry(intent.profile.clone()).or_default().push(intent);
    }
    let mut profiles = JoinSet::new();
    for (profile, writes) in by_profile {
        let (desk, clients) = (desk.clone(), clients.clone());
        profiles.spawn(async move {
            match clients.get(&profile) {
                Some(client) => profile_of(desk, Some(client.clone()), writes).await,
                None => renamed(desk, &clients, writes).await,
            }
        });
    }
    while let Some(ended) = profiles.join_next().await {
        if ended.is_err() {
            let _ = desk.out.send(Msg::JobPanicked(desk.job)).await;
            return;
        }
    }
    desk.say(ReconcileEvent::Ended).await;
}

/// Writes of a profile that there is no more: one of the same account reads for it, whatever that is called.
async fn renamed(desk: Desk, clients: &BTreeMap<ProfileId, Client>, writes: Vec<Intent>) {
    let mut left = writes;
    for client in clients.values() {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for intent in left {
            let is_its = client.cloud().descriptor().id == intent.cloud.as_str()
                && client.is_account(intent.account.as_deref(), &intent.region).await == Some(true);
            if is_its { own.push(intent) } else { others.push(intent) }
        }
        left = others;
        profile_of(desk.clone(), Some(client.clone()), own).await;
    }
    profile_of(desk, None, left).await;
}

/// One profile's writes, again and again while some may still come.
async fn profile_of(desk: Desk, client: Option<Client>, mut writes: Vec<Intent>) {
    let Some(client) = client else {
        for intent in &writes {
            desk.found(intent, Found::NoProfile, None).await;
        }
        return;
    };
    let began = Instant::now();
    loop {
        let mut later = Vec::new();
        for intent in writes {
            let own = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            // A clock that was set back does not make it wait for ever.
            let certain = (desk.now)().since(intent.at).max(own) >= desk.patience.certain;
            match read(&desk, &client, &intent, certain).await {
                Err(fault) => desk.found(&intent, Found::Unread(Box::new(fault)), None).await,
                Ok((Judged::Ended(outcomes), fresh)) => settle(&desk, &intent, outcomes, fresh).await,
                Ok((Judged::Untold, _)) => desk.found(&intent, Found::Untold, None).await,
                Ok((Judged::NotYet, _)) => {
                    desk.found(&intent, Found::NotYet, None).await;
                    if !certain {
                        later.push(intent);
                    }
                }
            }
        }
        if later.is_empty() {
            return;
        }
        writes = later;
        tokio::time::sleep(Duration::from_millis(desk.patience.pause)).await;
    }
}

/// What became of the write, by what its NIC is now. Once that is known the NIC is read whole: the journal keeps it.
async fn read(
    desk: &Desk,
    client: &Client,
    intent: &Intent,
    certain: bool,
) -> Result<(Judged, Option<ReadBack>), Fault> {
    let whole = matches!(intent.kind, OperationKind::BindEip { .. });
    let Some(nic) = record(client, intent).await? else {
        // Another account does not list it either.
        if !may_be_its(client, intent).await {
            return Ok((Judged::Untold, None));
        }
        return Ok((judge(client, intent, None, certain), Some(ReadBack::Gone)));
    };
    let sight = Sight { nic, bound: None };
    let judged = judge(client, intent, Some(&sight), certain);
    if !whole && !matches!(judged, Judged::Ended(_)) {
        return Ok((judged, None));
    }
    let never = CancellationToken::new();
    match inspect::nic(client, &Arc::new(shell(sight.nic)), &never, desk.now).await {
        Ok(Some(seen)) => {
            let sight = Sight { bound: bound(&intent.kind, &seen), nic: seen.nic.clone() };
            let judged = told_partly(judge(client, intent, Some(&sight), certain), intent, &seen);
            Ok((judged, Some(ReadBack::Nic(Arc::new(seen)))))
        }
        Ok(None) => Ok((judge(client, intent, None, certain), Some(ReadBack::Gone))),
        Err(fault) if whole => Err(fault),
        Err(_) => Ok((judged, None)),
    }
}

/// Does the account that is asked now tell what became of a write to that one? A journal of an earlier version does not tell which it
/// was; where nobody tells who is asked either, nothing speaks for it.
async fn may_be_its(client: &Client, intent: &Intent) -> bool {
    match &intent.account {
        Some(account) => client.is_account(Some(account), &intent.region).await == Some(true),
        None => client.has_signer().await,
    }
}

/// What was not done may have been begun: a write of several requests changes lists before the address goes.
fn told_partly(mut judged: Judged, intent: &Intent, seen: &NicSnapshot) -> Judged {
    let (OperationKind::Release { nic, ips } | OperationKind::Assign { nic, ips, .. }) = &intent.kind else {
        return judged;
    };
    let differs = |before: &Image| seen.floats_known && before.differs(&Image::of(seen), nic, ips);
    if let Judged::Ended(outcomes) = &mut judged
        && intent.image.as_deref().is_some_and(differs)
    {
        for (_, outcome) in outcomes {
            if let Outcome::Failed { fault } = outcome {
                (fault.partly, fault.message) = (true, local::FOUND_PARTLY.to_owned());
            }
        }
    }
    judged
}

/// The NIC, with nothing known around it.
fn shell(nic: Nic) -> NicSnapshot {
    NicSnapshot {
        nic,
        instance: None,
        eips: Vec::new(),
        backends: Vec::new(),
        floats: Vec::new(),
        eips_known: false,
        backends_known: false,
        floats_known: false,
        instances_known: false,
        read_at: Timestamp::default(),
    }
}

/// The NIC's own record as it is now.
async fn record(client: &Client, intent: &Intent) -> Result<Option<Nic>, Fault> {
    let never = CancellationToken::new();
    let Some(found) = inspect::record(client, &as_named(intent), &never).await? else { return Ok(None) };
    // What is asked for can depend on what the NIC is on.
    if found.instance.is_none() && found.subnet.is_none() {
        return Ok(Some(found));
    }
    inspect::record(client, &found, &never).await
}

/// All that the journal knows of the NIC.
fn as_named(intent: &Intent) -> Nic {
    let instance = match &intent.kind {
        OperationKind::Detach { instance, .. } | OperationKind::Attach { instance, .. } => Some(instance.clone()),
        _ => None,
    };
    Nic {
        id: intent.kind.nic().clone(),
        name: "".into(),
        region: intent.region.clone(),
        zone: None,
        role: NicRole::Secondary,
        status: NicStatus { word: "".into(), state: NicState::Other },
        instance,
        mac: None,
        vpc: None,
        subnet: None,
        security_groups: Vec::new(),
        addresses: Vec::new(),
        public_ips: Vec::new(),
        pairs: Vec::new(),
        managed_by: ManagedBy::Unknown,
        linked: None,
        members: None,
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        addresses_known: true,
        ranges: vec![],
        hot_plug: None,
        tags: Tags::unknown(),
        description: "".into(),
    }
}

enum Judged {
    Ended(Vec<(Target, Outcome)>),
    /// Does not show, and may still come.
    NotYet,
    /// Reading does not tell.
    Untold,
}

/// Without a NIC: it is gone altogether.
fn judge(client: &Client, intent: &Intent, seen: Option<&Sight>, certain: bool) -> Judged {
    let targets = intent.targets();
    let done = |target: &Target| is_done(target, &intent.kind, seen);
    if !targets.iter().all(done) {
        let between = seen.is_some_and(|seen| {
            matches!(seen.nic.status.state, NicState::Attaching | NicState::Detaching | NicState::Changing)
        });
        if !certain || between {
            return Judged::NotYet;
        }
        if matches!(intent.kind, OperationKind::BindEip { .. }) && seen.is_some_and(|seen| seen.bound.is_none()) {
            return Judged::Untold;
        }
        let about_addresses = matches!(intent.kind, OperationKind::Release { .. } | OperationKind::Assign { .. });
        if about_addresses && seen.is_some_and(|seen| !seen.nic.addresses_known) {
            return Judged::Untold;
        }
    }
    let call = Call::write(intent.region.clone(), intent.kind.clone());
    let outcome = |target: &Target| match (done(target), seen) {
        (true, Some(_)) => Outcome::Released { request_id: None },
        (true, None) if intent.kind.keeps_nic() => Outcome::NicGone { request_id: None },
        // With the NIC: nobody can say that it was this write.
        (true, None) => Outcome::AlreadyGone { request_id: None },
        (false, _) => {
            Outcome::Failed { fault: Fault::local(FaultKind::Local, client.cloud().action(&call), local::FOUND_LATER) }
        }
    };
    Judged::Ended(
        targets
            .into_iter()
            .map(|target| {
                let outcome = outcome(&target);
                (target, outcome)
            })
            .collect(),
    )
}

async fn settle(desk: &Desk, intent: &Intent, outcomes: Vec<(Target, Outcome)>, fresh: Option<ReadBack>) {
    let after = match &fresh {
        Some(ReadBack::Nic(seen)) => Some(Box::new(Image::of(seen))),
        Some(ReadBack::Gone) | None => None,
    };
    let settlement = Settlement {
        at: (desk.now)(),
        batch: intent.batch.clone(),
        operation: intent.operation,
        outcomes: outcomes.clone(),
        found_later: true,
        answers: Vec::new(),
        after,
    };
    let found = match desk.journal.settled(settlement).await {
        Ok(()) => Found::Settled(outcomes),
        Err(error) => Found::NotNoted { outcomes, fault: error.fault() },
    };
    desk.found(intent, found, fresh).await;
}
