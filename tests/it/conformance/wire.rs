//! Each trouble on the way against each call of each cloud, over loopback HTTP: the class of the outcome is right, the vendor's code
//! and request id survive where there is one, the request is sent once, nothing panics.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use nicdeck::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::OperationId,
        journal::Intent,
        outcome::Receipt,
    },
    providers::{
        client::Client,
        http::Timeouts,
        provider::{Call, Provider},
    },
    runtime::{clock, journal::Journal},
    sim::script::{Rule, Trouble},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Words, clouds, envelopes::calls};
use crate::stage::{PROFILE, Scene};

struct Row {
    trouble: Trouble,
    /// `None`: it passes, or the vendor itself refuses.
    kind: Option<FaultKind>,
    /// Does the vendor speak?
    told: bool,
}

fn rows() -> Vec<Row> {
    let row = |trouble, kind, told| Row { trouble, kind: Some(kind), told };
    let redirect = Trouble::Redirect { location: "https://example.invalid/".to_owned() };
    vec![
        Row { trouble: Trouble::Delay { from_ms: 5, to_ms: 10 }, kind: None, told: true },
        row(Trouble::Throttle, FaultKind::Throttled, true),
        row(Trouble::Internal, FaultKind::Server, true),
        row(Trouble::Unavailable, FaultKind::Server, true),
        row(Trouble::Reset, FaultKind::Reset, false),
        row(Trouble::Hang, FaultKind::Timeout, false),
        row(Trouble::Garbage { status: 200 }, FaultKind::Garbage, false),
        row(Trouble::Garbage { status: 502 }, FaultKind::Server, false),
        row(Trouble::Garbage { status: 504 }, FaultKind::Timeout, false),
        row(Trouble::Empty, FaultKind::Garbage, false),
        row(Trouble::Half, FaultKind::Reset, false),
        row(Trouble::Lost, FaultKind::Reset, false),
        row(redirect, FaultKind::Redirect, false),
        row(Trouble::Oversize { bytes: 100 << 20 }, FaultKind::Garbage, false),
    ]
}

/// One call of each name; a sign-in is not made by itself.
async fn each(cloud: &'static dyn Provider) -> BTreeMap<&'static str, Call> {
    let all = calls(cloud).await.into_iter().filter(|call| !matches!(call, Call::SignIn { .. }));
    all.map(|call| (cloud.action(&call), call)).collect()
}

async fn ask(client: Client, journal: Arc<Journal>, call: Call) -> Result<(), Fault> {
    match call {
        Call::List(listing) => client.read(&listing, &CancellationToken::new()).await.map(drop),
        Call::Task { region, task } => {
            let receipt = Receipt { request_id: None, task: Some(task.to_string()) };
            client.task(&region, &receipt).await.expect("it has such a call").map(drop)
        }
        Call::Write { region, kind, step } => {
            let intent = Intent {
                at: clock::now(),
                batch: "b".to_owned(),
                operation: OperationId(0),
                plan: "p".to_owned(),
                cloud: client.cloud().descriptor().cloud(),
                profile: PROFILE.into(),
                region: region.clone(),
                kind: kind.clone(),
                step: step.name.to_owned(),
                before: vec![],
                image: None,
                request: None,
                overrides: vec![],
                belts: None,
                who: "lin".to_owned(),
                host: "here".to_owned(),
                version: "0".to_owned(),
            };
            let permit = journal.intent(intent, false).await.expect("on disk");
            client.write(&region, &kind, &step, permit).await.answer.map(drop)
        }
        Call::SignIn { .. } => unreachable!("left out"),
    }
}

fn right(row: &Row, words: &Words, write: bool, outcome: Result<(), Fault>, what: &str) {
    let Some(kind) = row.kind else {
        // What the vendor says to it, late, is not the connection's.
        assert!(outcome.is_ok() || outcome.is_err_and(|fault| fault.code.is_some()), "{what}");
        return;
    };
    let fault = match outcome {
        Err(fault) => fault,
        // An answer without a body has no half of it.
        Ok(()) if write && row.trouble == Trouble::Half => return,
        Ok(()) => panic!("{what}: passed"),
    };
    assert_eq!(fault.kind, kind, "{what}: {fault:?}");
    let passes = matches!(kind, FaultKind::Throttled | FaultKind::Server | FaultKind::Reset | FaultKind::Timeout);
    let effect = match kind {
        FaultKind::Throttled if row.told => Effect::NothingRetry,
        _ if write => Effect::Unknown,
        _ if passes => Effect::NothingRetry,
        _ => Effect::Nothing,
    };
    assert_eq!(fault.effect, effect, "{what}: {fault:?}");
    assert_eq!(fault.code.is_some(), row.told, "{what}: {fault:?}");
    assert!(fault.request_id.is_some() || !row.told || !words.whole, "{what}: {fault:?}");
    assert_eq!(fault.attempts, 1, "{what}");
}

#[tokio::test]
async fn every_trouble_of_every_call_ends_as_what_it_is() {
    for (cloud, words) in clouds() {
        let each = each(cloud).await;
        assert!(each.len() >= 10, "{}: {:?}", cloud.descriptor().id, each.keys());
        for row in rows() {
            let mut scene = Scene::demo(cloud);
            scene.tries = 1;
            if row.trouble == Trouble::Hang {
                let short = Duration::from_secs(1);
                scene.timeouts = Timeouts { connect: short, read: short, total: short };
            }
            let stage = scene.open().await;
            // Whatever opens a session does it now.
            let first = cloud.listings(&stage.client.profile().regions).remove(0);
            stage.client.read(&first, &CancellationToken::new()).await.expect("a quiet world");
            let mut asked = JoinSet::new();
            for (&action, call) in &each {
                let before = stage.simulator.count(action);
                stage.simulator.inject(Rule::new(row.trouble.clone()).action(action).first(1));
                let (client, journal, call) = (stage.client.clone(), stage.journal.clone(), call.clone());
                let write = call.is_write();
                asked.spawn(async move { (action, write, before, ask(client, journal, call).await) });
            }
            while let Some(done) = asked.join_next().await {
                let (action, write, before, outcome) = done.expect("no panic");
                let what = format!("{} {action}: {:?}", stage.name(), row.trouble);
                assert_eq!(stage.simulator.count(action) - before, 1, "{what}: sent once");
                right(&row, words, write, outcome, &what);
            }
        }
    }
}
