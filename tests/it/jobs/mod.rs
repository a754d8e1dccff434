//! Jobs at work over loopback: order, stops, pauses, the journal, back-pressure, and bugs in the middle of them.
//! No cloud matters here: the first one stands for all.

mod batch;
mod clouds;
mod dry_run;
mod export;
mod guards;
mod journal;
mod listing;
mod pace;
mod reconcile;
mod steps;

use nicdeck::{
    domain::selection::Target,
    providers::{self, provider::Provider},
};

use crate::stage::{Scene, Stage, plain_addresses};

fn cloud() -> &'static dyn Provider {
    providers::all()[0]
}

/// A world with many NICs that addresses can be released from.
fn wide() -> Scene {
    Scene::sized(cloud(), 40, 1)
}

/// One address on each of so many NICs.
async fn one_each(stage: &mut Stage, count: usize) -> Vec<Target> {
    let rows = stage.survey().await;
    let targets: Vec<Target> =
        plain_addresses(&rows).into_iter().take(count).map(|mut on_nic| on_nic.swap_remove(0)).collect();
    assert_eq!(targets.len(), count);
    targets
}
