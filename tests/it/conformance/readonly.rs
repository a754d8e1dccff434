//! The gate of a read-only profile: every read of every cloud passes, no request of any write does.

use std::collections::BTreeSet;

use nicdeck::{
    domain::{
        fault::{Effect, FaultKind},
        ids::OperationId,
        journal::{Intent, WritePermit},
        outcome::OutcomeWord,
        time::Timestamp,
    },
    providers::{client::local, provider::Call},
};
use tokio_util::sync::CancellationToken;

use super::{
    clouds,
    envelopes::{calls, codecs},
    writes::main_job,
};
use crate::stage::{PROFILE, Scene};

#[tokio::test]
async fn no_request_of_any_write_leaves_for_a_read_only_profile_and_every_read_does() {
    for cloud in codecs() {
        let name = cloud.descriptor().id;
        let stage = Scene { readonly: true, ..Scene::demo(cloud) }.open().await;
        let mut kinds: BTreeSet<String> = BTreeSet::new();
        for call in calls(cloud).await {
            let before = stage.simulator.requests().len();
            match call {
                Call::Write { region, kind, step } => {
                    let permit = WritePermit::mint(&Intent {
                        at: Timestamp(0),
                        batch: "b".into(),
                        operation: OperationId(0),
                        plan: "000000".into(),
                        undoes: None,
                        cloud: cloud.descriptor().cloud(),
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
                        who: "me".into(),
                        host: "here".into(),
                        version: "0".into(),
                    });
                    let turn = stage.client.turn(&region, &kind, &step).await;
                    let fault = stage.client.write(&region, &kind, &step, permit, turn).await.answer.unwrap_err();
                    let told = (fault.kind, fault.effect, fault.message.as_str());
                    assert_eq!(told, (FaultKind::Local, Effect::Nothing, local::READ_ONLY), "{name} {kind:?}");
                    kinds.insert(format!("{kind:?}").split(' ').next().unwrap().to_owned());
                }
                // Whatever it is answered, it was sent.
                Call::List(listing) => {
                    let _ = stage.client.read(&listing, &CancellationToken::new()).await;
                    assert!(stage.simulator.requests().len() > before, "{name} {listing:?}");
                }
                Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => assert!(call.is_read()),
            }
        }
        let all = ["Assign", "Attach", "BindEip", "Delete", "Detach", "Release"].map(str::to_owned);
        assert_eq!(kinds, BTreeSet::from(all), "{name}");
        assert!(stage.simulator.requests().iter().all(|logged| !logged.write), "{name}");
    }
}

/// The planner is not told here: the gate holds by itself.
#[tokio::test]
async fn a_plan_for_a_read_only_profile_is_skipped_at_the_gate() {
    for (cloud, _) in clouds() {
        let mut stage = Scene { readonly: true, ..Scene::demo(cloud) }.open().await;
        let plan = stage.prepare(&main_job(cloud).await).await;
        stage.run(&plan).await.all(OutcomeWord::Skipped);
        assert_eq!((stage.writes(), stage.sent_by_journal().len()), (0, 0));
    }
}
