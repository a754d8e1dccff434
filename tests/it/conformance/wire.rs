//! Each trouble on the way against each call of each cloud, over loopback HTTP: the class of the outcome is right, the vendor's code
//! and request id survive where there is one, the request is sent once, nothing panics.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use nicdeck::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        ids::OperationId,
        journal::Intent,
        outcome::Receipt,
        plan::OperationKind,
    },
    providers::{
        client::Client,
        http::Timeouts,
        profile::Credential,
        provider::{Call, Provider, Step},
    },
    runtime::{clock, journal::Journal},
    sim::script::{Rule, Trouble},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Words, clouds, envelopes::calls};
use crate::stage::{PROFILE, Scene, Stage};

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
        row(Trouble::Charset, FaultKind::Garbage, false),
        row(Trouble::Half, FaultKind::Reset, false),
        row(Trouble::Lost, FaultKind::Reset, false),
        row(redirect, FaultKind::Redirect, false),
        row(Trouble::Oversize { bytes: 100 << 20 }, FaultKind::Garbage, false),
    ]
}

/// The calls by their action: different ones may share it.
type ByAction = BTreeMap<&'static str, Vec<Call>>;

/// Each different call, and apart from them the sign-ins: how a session is opened is not asked for by itself.
async fn each(cloud: &'static dyn Provider) -> (ByAction, Vec<Call>) {
    let mut calls: Vec<Call> = Vec::new();
    for call in self::calls(cloud).await {
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    let (sign_ins, others): (Vec<Call>, Vec<Call>) =
        calls.into_iter().partition(|call| matches!(call, Call::SignIn { .. }));
    let mut by_action = ByAction::new();
    for call in others {
        by_action.entry(cloud.action(&call)).or_default().push(call);
    }
    (by_action, sign_ins)
}

/// A scene in which nothing is repeated.
fn scene(cloud: &'static dyn Provider, row: &Row) -> Scene {
    let mut scene = Scene::demo(cloud);
    scene.tries = 1;
    if row.trouble == Trouble::Hang {
        let short = Duration::from_secs(1);
        scene.timeouts = Timeouts { connect: short, read: short, total: short };
    }
    scene
}

async fn ask(client: Client, journal: Arc<Journal>, call: Call) -> Result<(), Fault> {
    match call {
        Call::List(listing) => client.read(&listing, &CancellationToken::new()).await.map(drop),
        Call::Task { region, task } => {
            let receipt = Receipt { request_id: None, task: Some(task.to_string()) };
            client.task(&region, &receipt).await.expect("it has such a call").map(drop)
        }
        Call::Identity { region } => client.identity(&region).await.expect("it has such a call").map(drop),
        Call::Write { region, kind, step } => {
            let intent = Intent {
                at: clock::now(),
                batch: "b".to_owned(),
                operation: OperationId(0),
                plan: "p".to_owned(),
                undoes: None,
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
                file: None,
                account: None,
                who: "lin".to_owned(),
                host: "here".to_owned(),
                version: "0".to_owned(),
            };
            let permit = journal.intent(intent, false).await.expect("on disk");
            let turn = client.turn(&region, &kind, &step).await;
            client.write(&region, &kind, &step, permit, turn).await.answer.map(drop)
        }
        // Whatever is looked at needs a session.
        Call::SignIn { region, .. } => {
            let kind = OperationKind::Delete { nic: "n".into() };
            client.preview(&region, &kind, &Step::default(), None).await.map(drop)
        }
    }
}

/// `bodiless`: what the vendor answers to it has no body.
fn right(row: &Row, words: &Words, (write, bodiless): (bool, bool), outcome: Result<(), Fault>, what: &str) {
    let Some(kind) = row.kind else {
        // What the vendor says to it, late, is not the connection's.
        assert!(outcome.is_ok() || outcome.is_err_and(|fault| fault.code.is_some()), "{what}");
        return;
    };
    let Err(fault) = outcome else {
        // An answer without a body has no half of it, and no charset.
        assert!(matches!(row.trouble, Trouble::Half | Trouble::Charset), "{what}: passed");
        assert!(write && bodiless, "{what}: half of an answer passed for all of it");
        return;
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
        let (each, _) = each(cloud).await;
        assert!(each.len() >= 10, "{}: {:?}", cloud.descriptor().id, each.keys());
        assert!(each.values().any(|calls| calls.len() > 1), "{}: one action, several calls", cloud.descriptor().id);
        for row in rows() {
            let stage = scene(cloud, &row).open().await;
            // Whatever opens a session does it now.
            let first = cloud.listings(&stage.client.profile().regions).remove(0);
            stage.client.read(&first, &CancellationToken::new()).await.expect("a quiet world");
            let mut asked = JoinSet::new();
            let mut sent = BTreeMap::new();
            for (&action, calls) in &each {
                sent.insert(action, stage.simulator.count(action));
                let strikes = calls.len() as u64;
                stage.simulator.inject(Rule::new(row.trouble.clone()).action(action).first(strikes));
                for call in calls {
                    let (client, journal, call) = (stage.client.clone(), stage.journal.clone(), call.clone());
                    asked.spawn(async move { (action, call.clone(), ask(client, journal, call).await) });
                }
            }
            let mut ended = Vec::new();
            while let Some(done) = asked.join_next().await {
                ended.push(done.expect("no panic"));
            }
            let log = stage.simulator.requests();
            for (action, call, outcome) in ended {
                let what = format!("{} {action}: {:?}: {call:?}", stage.name(), row.trouble);
                // One that breaks the answer off sends the status that the cloud gave it.
                let mut struck = log.iter().filter(|logged| logged.action == action && logged.trouble.is_some());
                let bodiless = struck.all(|logged| logged.status == Some(204));
                right(&row, words, (call.is_write(), bodiless), outcome, &what);
            }
            for (action, before) in sent {
                let what = format!("{} {action}: {:?}", stage.name(), row.trouble);
                assert_eq!(stage.simulator.count(action) - before, each[action].len(), "{what}: each is sent once");
            }
        }
    }
}

/// Nothing else is sent without a session, and the trouble of opening it is what is told.
#[tokio::test]
async fn every_trouble_of_a_sign_in_ends_as_what_it_is() {
    let mut seen = 0;
    for (cloud, words) in clouds() {
        let (_, sign_ins) = each(cloud).await;
        for by_name in sign_ins.iter().map(|call| matches!(call, Call::SignIn { by_name: true, .. })) {
            // Of two regions: what a key may do there has to be looked up.
            let open = async |row: &Row| {
                let mut scene = Scene { world: Scene::sized(cloud, 4, 2).world, ..scene(cloud, row) };
                if by_name {
                    // What the simulated account accepts.
                    let (user, password) = ("SIMULATED0KEY0ID".into(), "simulated-key-secret-opens-nothing".into());
                    scene.credential = Some(Credential::Password { user, password, account: "acme".into() });
                }
                scene.open().await
            };
            let sign_in = |stage: &Stage| {
                let region = stage.client.profile().regions[0].clone();
                ask(stage.client.clone(), stage.journal.clone(), Call::SignIn { region, by_name })
            };
            let rows = rows();
            let quiet = open(&rows[0]).await;
            assert_eq!(sign_in(&quiet).await, Ok(()), "a quiet world");
            let log = quiet.simulator.requests();
            let [logged] = log.as_slice() else { panic!("{log:?}") };
            for row in &rows {
                let stage = open(row).await;
                let what = format!("{} {}: {:?}", stage.name(), logged.action, row.trouble);
                stage.simulator.inject(Rule::new(row.trouble.clone()).action(&logged.action).first(1));
                let outcome = sign_in(&stage).await;
                assert_eq!(stage.simulator.requests().len(), 1, "{what}: sent once, and nothing else");
                right(row, words, (false, false), outcome, &what);
                seen += 1;
            }
        }
    }
    assert!(seen >= 2 * rows().len(), "{seen}: by name and by keys");
}
