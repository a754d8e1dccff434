//! What a batch has the journal know: that it begins, what each request is about to do and how each write ended, and what of it was
//! not sent.

use crate::{
    app::msg::{JournalEvent, Msg, ReleaseEvent},
    domain::{
        journal::{Answer, Begun, Image, Intent, PlannedWrite, Settlement, Unsent, UnsentWrite},
        outcome::Outcome,
        plan::{Belts, Operation, OperationKind},
        selection::Target,
        snapshot::NicSnapshot,
    },
};

use super::{Batch, look::Ends, targets::targets};

/// Writes in one record of what was not sent.
const UNSENT_ROWS: usize = 100;

/// One run of one plan. Two consoles may begin the same one in the same moment.
pub(super) fn name(batch: &Batch) -> String {
    // The standard library's own randomness, which differs in each process and each time.
    let dice = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    format!("{}-{}-{:04x}", batch.plan.hash().short(), (batch.now)().0, dice & 0xffff)
}

/// All that was confirmed, as it is put down before anything of it is sent.
pub(super) fn begun(batch: &Batch, name: &str) -> Begun {
    let row = |operation: &Operation| PlannedWrite {
        operation: operation.id,
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: operation.kind.clone(),
    };
    Begun {
        at: (batch.now)(),
        batch: name.to_owned(),
        plan: batch.plan.hash().to_string(),
        undoes: batch.plan.undoes().map(str::to_owned),
        // The journal knows what was approved.
        file: None,
        who: batch.author.who.clone(),
        host: batch.author.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        targets: batch.plan.operations().iter().map(|operation| operation.targets().len()).sum(),
        rows: batch.plan.operations().iter().map(row).collect(),
    }
}

pub(super) fn unsent_write(operation: &Operation, outcomes: Ends) -> UnsentWrite {
    UnsentWrite {
        operation: operation.id,
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: operation.kind.clone(),
        outcomes,
    }
}

/// Puts down what was not sent, so that what the journal tells of the batch adds up to its plan.
pub(super) async fn put_down(batch: &Batch, name: &str, mut writes: Vec<UnsentWrite>) {
    writes.sort_by_key(|write| write.operation);
    let (mut missing, mut why) = (Vec::new(), None);
    for rows in writes.chunks(UNSENT_ROWS) {
        let unsent = Unsent {
            at: (batch.now)(),
            batch: name.to_owned(),
            plan: batch.plan.hash().to_string(),
            undoes: batch.plan.undoes().map(str::to_owned),
            who: batch.author.who.clone(),
            host: batch.author.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rows: rows.to_vec(),
        };
        if let Err(error) = batch.journal.unsent(unsent).await {
            missing.extend(rows.iter().map(|row| row.operation));
            why.get_or_insert(error.fault());
        }
    }
    if let Some(fault) = why {
        batch.say(ReleaseEvent::UnsentNotJournaled { operations: missing, fault }).await;
    }
}

/// Tells which writes the batch leaves open: what the next start would find.
pub(super) async fn tell_open(batch: &Batch, name: String) {
    let left = batch.journal.open_of(name).await;
    let path = batch.journal.path().to_string_lossy().into_owned();
    match left {
        Ok(writes) => batch.say(ReleaseEvent::LeftOpen { path, writes }).await,
        Err(error) => drop(batch.out.send(Msg::Journal(JournalEvent::Unreadable(error.fault()))).await),
    }
}

/// What a request of a write is about to do, on these facts.
pub(super) fn intent(
    batch: &Batch,
    operation: &Operation,
    kind: &OperationKind,
    step: &str,
    seen: &NicSnapshot,
    name: &str,
) -> Intent {
    Intent {
        at: (batch.now)(),
        batch: name.to_owned(),
        operation: operation.id,
        plan: batch.plan.hash().to_string(),
        undoes: batch.plan.undoes().map(str::to_owned),
        cloud: operation.cloud.clone(),
        profile: operation.profile.clone(),
        region: operation.region.clone(),
        kind: kind.clone(),
        step: step.to_owned(),
        before: seen.nic.addresses.iter().map(|address| address.ip).collect(),
        image: Some(Box::new(Image::of(seen))),
        request: None,
        overrides: {
            let sent = kind.targets(&operation.profile);
            operation.overrides.iter().filter(|one| sent.contains(&one.target)).cloned().collect()
        },
        belts: Some(batch.safety.belts).filter(Belts::are_raised),
        // The journal knows what was approved.
        file: None,
        account: None,
        who: batch.author.who.clone(),
        host: batch.author.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What is known of a write besides its end.
pub(super) struct Told {
    pub answers: Vec<Answer>,
    /// The NIC as it was read back.
    pub after: Option<Box<Image>>,
}

/// Writes the end of one write down; what is not known is open all the same. A journal that fails now can not undo the write: the
/// outcome is still shown.
pub(super) async fn settle(
    batch: &Batch,
    operation: &Operation,
    name: &str,
    kind: &OperationKind,
    told: Told,
    outcome: impl Fn(&Target) -> Outcome,
) -> Ends {
    let outcomes: Ends = targets(operation, kind)
        .into_iter()
        .map(|target| {
            let outcome = outcome(&target);
            (target, outcome)
        })
        .collect();
    let settlement = Settlement {
        at: (batch.now)(),
        batch: name.to_owned(),
        operation: operation.id,
        outcomes: outcomes.clone(),
        found_later: false,
        answers: told.answers,
        after: told.after,
    };
    // The intent stays open then, and is reconciled by reading at the next start.
    if let Err(error) = batch.journal.settled(settlement).await {
        batch.say(ReleaseEvent::NotJournaled { operation: operation.id, fault: error.fault() }).await;
    }
    outcomes
}
