//! Temporary keys: the session token that belongs to them goes along with every call, over loopback HTTP, and without it, or with
//! another, nothing is read and nothing written.

use nicdeck::{
    domain::{fault::FaultKind, outcome::OutcomeWord},
    providers::profile::Credential,
};

use super::clouds;
use crate::stage::{Scene, Stage, good};

/// With what a signature must not break.
const TOKEN: &str = "FwoGZXIvYXdzE+/==~ *";

async fn opened(cloud: &'static dyn nicdeck::providers::provider::Provider, sent: Option<&str>) -> Stage {
    let mut scene = Scene::demo(cloud);
    scene.token = Some(TOKEN);
    scene.tries = 1;
    scene.credential = Some(Credential::keys("SIMULATED0KEY0ID", "simulated-key-secret-opens-nothing", sent));
    scene.open().await
}

#[tokio::test]
async fn a_session_token_goes_along_with_reads_and_writes_and_is_checked() {
    let mut seen = 0;
    // Where the vendor has them: elsewhere a token is a key of its own.
    for (cloud, _) in clouds().filter(|(cloud, _)| cloud.descriptor().env.2.is_some()) {
        let id = cloud.descriptor().id;
        let mut stage = opened(cloud, Some(TOKEN)).await;
        let plan = stage.prepare(&good(cloud).await.addresses[0][..1]).await;
        assert_eq!(stage.sections().0, [], "{id}");
        stage.run(&plan).await.all(OutcomeWord::Released);
        assert!(stage.writes() > 0);
        let journal = std::fs::read_to_string(stage.journal.path()).expect("a journal");
        assert!(!journal.contains(TOKEN), "{id}");

        for wrong in [None, Some("another")] {
            let mut refused = opened(cloud, wrong).await;
            refused.list().await;
            let (failed, whole) = refused.sections();
            assert_eq!(whole, [], "{id} {wrong:?}");
            assert!(!failed.is_empty());
            for (section, fault) in &failed {
                assert_eq!(fault.kind, FaultKind::Credentials, "{id} {wrong:?} {section:?}: {fault:?}");
                assert!(fault.code.is_some(), "{id} {wrong:?} {section:?}: {fault:?}");
            }
            // The plan of whoever had the right one: each write is refused before anything is done.
            let world = refused.simulator.world();
            let ended = refused.run(&plan).await;
            assert_eq!(ended.count(OutcomeWord::Released), 0, "{id} {wrong:?}: {:?}", ended.outcomes);
            assert_eq!(refused.simulator.world().nics(), world.nics());
            assert_eq!(refused.writes(), 0, "{id} {wrong:?}");
        }
        seen += 1;
    }
    assert!(seen >= 4, "all that have temporary keys, in each generation: {seen}");
}
