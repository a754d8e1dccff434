//! What a plan's own reads tell: a check that fails blocks, one that passes counts, and nothing that is still there gets lost.

use std::collections::BTreeSet;

use nicdeck::{
    domain::{
        capabilities::Condition,
        finding::{Finding, FindingId, Severity},
        ids::NicId,
        page::{Listing, Resource},
        plan::Decision,
        selection::Target,
    },
    providers::provider::{Call, Provider},
};

use super::clouds;
use crate::stage::{PROFILE, Scene, Stage, good};

/// The calls that read a resource around the NIC of the target.
async fn reads(stage: &mut Stage, target: &Target, resource: Resource) -> BTreeSet<&'static str> {
    let before = stage.simulator.requests().len();
    assert_eq!(stage.read_again([target.nic().clone()]).await, []);
    let made = stage.simulator.requests().split_off(before);
    let seen = stage.part().snapshot(&target.nic().nic).expect("listed");
    // Some follow only from the answers of others: as the listing of the region makes them.
    let all = stage.provider.listings(&stage.client.profile().regions).into_iter();
    let all = all.chain(stage.provider.inspection(&seen.nic, &seen.backends));
    let names = all.filter(|listing| fills(stage.provider, listing, resource));
    let names = names.map(|listing| stage.provider.action(&Call::List(listing)));
    names.filter(|name| made.iter().any(|logged| logged.action == *name)).collect()
}

/// Does the call bring the resource, by itself or along with another?
pub(super) fn fills(cloud: &dyn Provider, listing: &Listing, resource: Resource) -> bool {
    listing.resource == resource || cloud.brings(listing).contains(&resource)
}

/// The listing of all NICs.
fn nics(cloud: &dyn Provider) -> &'static str {
    cloud.action(&Call::List(Listing::all(Resource::Nics, None)))
}

/// How bad it is for a release that backends can not be told.
fn untold(cloud: &dyn Provider) -> Severity {
    let rules = cloud.descriptor().capabilities.release.iter();
    rules
        .filter(|rule| rule.condition == Condition::NotBackend)
        .map(|rule| rule.untold)
        .max()
        .unwrap_or(Severity::Unknown)
}

fn deny(stage: &Stage, action: &str, code: &str) {
    stage.simulator.change(|world| world.refusals.insert(action.to_owned(), code.to_owned()));
}

fn unknowns(findings: &[Finding]) -> Vec<FindingId> {
    let unknown = findings.iter().filter(|finding| finding.severity == Severity::Unknown);
    unknown.map(|finding| finding.id).collect()
}

/// The listing came whole, and what is read for the plan fails: the listing does not speak for it.
#[tokio::test]
async fn a_check_that_fails_before_a_plan_blocks_it() {
    for (cloud, words) in clouds() {
        let good = good(cloud).await;
        let target = &good.addresses[0][0];
        for (resource, id) in [(Resource::Eips, FindingId::EipUnknown), (Resource::Backends, FindingId::LbUnknown)] {
            let mut stage = Scene::demo(cloud).open().await;
            stage.list().await;
            let before = stage.plan(vec![target.clone()]);
            assert!(matches!(before.rows()[0].decision, Decision::Go(_)), "{:?}", before.rows()[0].findings);
            let actions = reads(&mut stage, target, resource).await;
            assert!(!actions.is_empty(), "{} asks for {resource:?} before a write", stage.name());
            for action in actions {
                deny(&stage, action, words.denied);
                if action == nics(cloud) {
                    // Told by the NIC: one is not read without the other, and without the NIC there is no plan.
                    assert!(resource == Resource::Eips && !words.whole, "{}: {resource:?}", stage.name());
                    let unread = stage.read_again([target.nic().clone()]).await;
                    assert_eq!(unread.iter().map(|(nic, _)| nic).collect::<Vec<_>>(), [target.nic()]);
                    stage.simulator.change(|world| world.refusals.remove(action));
                    continue;
                }
                let faults = stage.read_around([target.nic().clone()]).await;
                let [(nic, fault)] = faults.as_slice() else { panic!("{} {action}: {faults:?}", stage.name()) };
                assert_eq!((nic, fault.action.as_str()), (target.nic(), action));
                assert_eq!(fault.code.as_deref(), Some(words.denied), "the fault is told");
                let plan = stage.plan(vec![target.clone()]);
                let row = &plan.rows()[0];
                if untold(cloud) == Severity::Unknown {
                    assert_eq!(row.decision, Decision::Blocked, "{} {action}", stage.name());
                    assert_eq!(unknowns(&row.findings), [id], "{} {action}", stage.name());
                } else {
                    assert!(!words.whole && matches!(row.decision, Decision::Go(_)), "{} {action}", stage.name());
                    assert!(row.findings.iter().any(|finding| (finding.id, finding.severity) == (id, Severity::Warn)));
                }

                // Read again, and well: it can go.
                stage.simulator.change(|world| world.refusals.remove(action));
                assert_eq!(stage.read_again([target.nic().clone()]).await, []);
                stage.plan_all(std::slice::from_ref(target));
            }
        }
    }
}

/// The listing failed, and what is read for the plan comes whole: for this NIC it is known.
#[tokio::test]
async fn a_check_that_passes_before_a_plan_counts_though_the_listing_failed() {
    for (cloud, words) in clouds() {
        let good = good(cloud).await;
        let target = &good.addresses[0][0];
        for resource in [Resource::Eips, Resource::Backends] {
            let mut stage = Scene::demo(cloud).open().await;
            let listings = cloud.listings(&stage.client.profile().regions);
            let root = listings.iter().find(|listing| fills(cloud, listing, resource)).expect("listed by every cloud");
            let action = cloud.action(&Call::List(root.clone()));
            deny(&stage, action, words.denied);
            stage.list().await;
            if action == nics(cloud) {
                // They come and fail together: without them there is nothing to plan.
                assert!(resource == Resource::Eips && !words.whole, "{}: {resource:?}", stage.name());
                let failed: BTreeSet<Resource> = stage.sections().0.iter().map(|(section, _)| section.0).collect();
                assert_eq!(failed, [Resource::Nics, resource].into());
                assert_eq!(stage.part().nic_count(), 0);
                continue;
            }
            let blocked = stage.plan(vec![target.clone()]).rows()[0].decision == Decision::Blocked;
            assert_eq!(blocked, untold(cloud) == Severity::Unknown, "{} {action}", stage.name());
            stage.simulator.change(|world| world.refusals.remove(action));
            assert_eq!(stage.read_again([target.nic().clone()]).await, []);
            stage.plan_all(std::slice::from_ref(target));
            // Of no other NIC.
            let others = stage
                .part()
                .nics()
                .filter(|(_, nic)| nic.id != target.nic().nic && nic.region == root_region(&stage, target));
            let snapshots: Vec<_> = others.filter_map(|(_, nic)| stage.part().snapshot(&nic.id)).collect();
            assert!(!snapshots.is_empty());
            let known = |snapshot: &nicdeck::domain::snapshot::NicSnapshot| match resource {
                Resource::Eips => snapshot.eips_known,
                _ => snapshot.backends_known,
            };
            assert!(!snapshots.iter().any(known), "{} {action}", stage.name());
        }
    }
}

fn root_region(stage: &Stage, target: &Target) -> nicdeck::domain::ids::RegionId {
    stage.part().nic(&target.nic().nic).expect("listed").region.clone()
}

/// Backends of every kind of NIC, free ones among them: what the listing found the plan's reads find, or leave as it was.
#[tokio::test]
async fn reading_a_nic_again_loses_no_backend() {
    for (cloud, _) in clouds() {
        let mut stage = Scene::sized(cloud, 40, 1).open().await;
        // Every free NIC's last address gets a balancer of its VPC.
        let free = stage.simulator.change(|world| {
            let lbs: Vec<_> = world.load_balancers().map(|lb| (lb.vpc_id.clone(), lb.id.clone())).collect();
            let free: Vec<_> = world.nics().iter().filter(|nic| nic.instance_id.is_none()).cloned().collect();
            let mut bound = Vec::new();
            for nic in free {
                let Some((_, lb)) = lbs.iter().find(|(vpc, _)| *vpc == nic.vpc_id) else { continue };
                world.edit_nic(&nic.id, |nic| nic.addresses.last_mut().expect("one").lb = Some(lb.clone()));
                bound.push(NicId::from(nic.id.as_str()));
            }
            bound
        });
        assert!(!free.is_empty(), "{}: a test of nothing", stage.name());
        stage.list().await;
        let nics: Vec<NicId> = stage.part().nics().map(|(_, nic)| nic.id.clone()).collect();
        let before: Vec<_> = nics.iter().map(|id| stage.part().snapshot(id).expect("listed").backends).collect();
        assert!(nics.iter().zip(&before).all(|(id, backends)| !free.contains(id) || !backends.is_empty()));
        let keys = nics.iter().map(|id| nicdeck::domain::ids::NicKey { profile: PROFILE.into(), nic: id.clone() });
        assert_eq!(stage.read_again(keys).await, []);
        for (id, before) in nics.iter().zip(before) {
            let now = stage.part().snapshot(id).expect("still there");
            assert!(now.backends_known);
            assert_eq!(now.backends, before, "{} {id}", stage.name());
        }
    }
}
