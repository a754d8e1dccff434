//! Alibaba Cloud's codec against its simulated server side, message by message: no socket, no clock.
//! What each of the two makes of the documents is tested beside it; here the two have to agree.

use std::collections::{BTreeSet, HashSet};

use nicdeck::{
    domain::{
        address::{AddressRole, Backend, BackendTarget, EipBinding},
        fault::{Effect, Fault, FaultKind},
        ids::{CloudId, NicId, NicKey, ProfileId},
        inventory::ProfileInventory,
        nic::{Nic, NicRole, NicState},
        page::{InventoryPage, Listing, Resource, Scope},
        plan::OperationKind,
        selection::Target,
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{
        self,
        profile::{Credential, Endpoint, Profile},
        provider::{Call, Provider, Reply, Stamp},
    },
    sim::{
        dialect::{Dialect, SimKey, SimRequest, VendorError},
        generate::{self, Plan},
        world::World,
    },
    wire::WireResponse,
};

const NOW: Timestamp = Timestamp(1_772_694_489_000);

struct Bench {
    cloud: &'static dyn Provider,
    dialect: Box<dyn Dialect>,
    world: World,
    profile: Profile,
    now: Timestamp,
    calls: u32,
    secret: &'static str,
}

impl Bench {
    fn new(instances: usize, regions: usize) -> Self {
        let cloud = providers::find("aliyun").expect("in the list");
        let dialect = cloud.dialect();
        let mut world = generate::generate(dialect.vocabulary(), Plan { instances, regions, seed: 7 });
        world.transition_ms = 2000;
        let profile = Profile {
            id: ProfileId::from("p"),
            cloud: CloudId::from("aliyun"),
            regions: world.regions().iter().map(|region| region.as_str().into()).collect(),
            endpoint: Some(Endpoint::parse("http://127.0.0.1:4711").expect("an endpoint")),
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: nicdeck::providers::net::Net::default(),
        };
        Self { cloud, dialect, world, profile, now: NOW, calls: 0, secret: "secret" }
    }

    fn call(&mut self, call: &Call) -> Result<Reply, Fault> {
        self.calls += 1;
        let stamp = Stamp { now: self.now, nonce: format!("{:032x}", self.calls) };
        let mut request = self.cloud.encode(call, &self.profile);
        self.cloud.sign(&mut request, &Credential::keys("id", self.secret, Some("tok+/==")), &stamp);
        let mut headers = vec![("host".to_owned(), request.host.clone())];
        headers.extend(request.headers);
        let request = SimRequest {
            method: request.method.into(),
            path: request.path,
            query: request.query,
            headers,
            body: request.body,
        };
        let key = SimKey { id: "id".into(), secret: "secret".into(), token: Some("tok+/==".into()) };
        let answer = self.dialect.answer(&mut self.world, &key, &request, self.now, &format!("{:032X}", self.calls));
        let response = WireResponse { status: answer.status, headers: answer.headers, body: answer.body };
        self.cloud.decode(call, &response)
    }

    fn page(&mut self, listing: &Listing) -> InventoryPage {
        match self.call(&Call::List(listing.clone())) {
            Ok(Reply::Page(page)) => page,
            other => panic!("{listing:?}: {other:?}"),
        }
    }

    /// All pages of these listings and of what follows from them.
    fn pages(&mut self, listings: Vec<Listing>) -> Vec<(Listing, InventoryPage)> {
        let (mut work, mut done, mut seen) = (listings, Vec::new(), HashSet::new());
        while let Some(listing) = work.pop() {
            if seen.insert(listing.clone()) {
                let mut page = self.page(&listing);
                work.append(&mut page.next);
                done.push((listing, page));
            }
        }
        done
    }

    fn inventory(&mut self, listings: Vec<Listing>) -> ProfileInventory {
        let mut inventory = ProfileInventory::new(self.profile.id.clone(), self.profile.cloud.clone());
        let sections: BTreeSet<_> = listings.iter().map(|listing| (listing.resource, listing.region.clone())).collect();
        let sweeps: Vec<_> = sections.into_iter().map(|section| (section.clone(), inventory.begin(section))).collect();
        for (_, page) in self.pages(listings) {
            inventory.merge(page, self.now);
        }
        for (section, sweep) in sweeps {
            inventory.complete(&section, sweep, self.now);
        }
        inventory
    }

    fn load(&mut self) -> ProfileInventory {
        let listings = self.cloud.listings(&self.profile.regions);
        self.inventory(listings)
    }

    fn inspect(&mut self, snapshot: &NicSnapshot) -> Option<NicSnapshot> {
        let listings = self.cloud.inspection(&snapshot.nic, &snapshot.backends);
        self.inventory(listings).snapshot(snapshot.id())
    }

    fn write(&mut self, kind: OperationKind, region: &str) -> Result<Reply, Fault> {
        self.call(&Call::write(region.into(), kind))
    }
}

#[test]
fn a_load_brings_the_whole_world() {
    let mut bench = Bench::new(700, 2);
    let inventory = bench.load();
    assert_eq!(inventory.nic_count(), bench.world.nics().len());
    assert_eq!(inventory.instances().count(), bench.world.instances().len());
    let (mut eips, mut backends) = (0, 0);
    for nic in bench.world.nics() {
        let snapshot = inventory.snapshot(&NicId::from(nic.id.as_str())).expect("listed");
        assert_eq!(snapshot.nic.region.as_str(), nic.region);
        assert_eq!((&*snapshot.nic.name, &*snapshot.nic.status.word), (nic.name.as_str(), nic.status.as_str()));
        for address in &nic.addresses {
            let shown = snapshot.nic.addresses.iter().find(|shown| shown.ip == address.ip).expect("shown");
            let role = if address.primary { AddressRole::Primary } else { AddressRole::Secondary };
            assert_eq!(shown.role, role, "{} {}", nic.id, address.ip);
            let bound: Vec<&str> = snapshot
                .eips
                .iter()
                .filter(|eip| eip.is_on(&snapshot.nic, address.ip) == Some(true))
                .map(|eip| eip.id.as_str())
                .collect();
            // A NIC whose instance is hidden can not show the EIP of that instance; nobody may write to it either.
            if nic.service_managed && nic.primary {
                continue;
            }
            assert_eq!(bound, address.eip.iter().map(|eip| eip.id.as_str()).collect::<Vec<_>>(), "{}", nic.id);
            eips += bound.len();
            let balancers: BTreeSet<&str> = snapshot
                .backends
                .iter()
                .filter(|backend| backend.ip_on(&snapshot.nic) == Some(address.ip))
                .map(|backend| backend.load_balancer.as_str())
                .collect();
            assert_eq!(balancers, address.lb.as_deref().into_iter().collect(), "{} {}", nic.id, address.ip);
            backends += balancers.len();
        }
        assert_eq!(snapshot.nic.count(AddressRole::Ipv6), nic.ipv6.len());
    }
    assert!(eips > 100 && backends > 50, "{eips} EIPs, {backends} backends: a test of nothing");
    let free = bench.world.eips().filter(|eip| eip.bound.is_none()).count();
    let pages = bench.pages(vec![Listing::all(Resource::Eips, Some(bench.profile.regions[0].clone()))]);
    assert!(pages.len() > 1 && free > 0);
    assert!(pages.iter().flat_map(|(_, page)| &page.eips).any(|eip| eip.bound == EipBinding::Unbound));
}

#[test]
fn an_inspection_sees_what_the_load_saw_and_nothing_else() {
    let mut bench = Bench::new(60, 1);
    let inventory = bench.load();
    let ids: Vec<NicId> = inventory.nics().map(|(_, nic)| nic.id.clone()).collect();
    let mut backends = 0;
    for id in ids {
        let listed = inventory.snapshot(&id).expect("listed");
        let calls = bench.cloud.inspection(&listed.nic, &[]).len();
        assert!(calls <= 10, "{calls}");
        let listings = bench.cloud.inspection(&listed.nic, &listed.backends);
        for (listing, page) in bench.pages(listings) {
            assert!(page.nics.iter().all(|nic| nic.id == id));
            assert!(page.eips.iter().all(|eip| listed.eips.contains(eip)), "{:?}", page.eips);
            // A balancer that is read again is read whole.
            let own = |backend: &&Backend| backend.is_on(&listed.nic);
            let mut found = page.backends.iter().filter(own);
            assert!(found.all(|backend| listed.backends.contains(backend)), "{listing:?} {:?}", page.backends);
        }
        let fresh = bench.inspect(&listed).expect("still there");
        backends += fresh.backends.len();
        // A bond is told by the inspection only.
        let theirs = bench.world.nic(id.as_str()).expect("there");
        let (members, linked) = (theirs.linked && theirs.kind == "Trunk", theirs.linked && theirs.kind != "Trunk");
        assert_eq!((fresh.nic.linked, fresh.nic.members), (Some(linked), Some(members)), "{id}");
        // A spare NIC has no instance to read again.
        assert_eq!(fresh.instances_known, listed.nic.instance.is_some());
        let nic = Nic { linked: fresh.nic.linked, ..listed.nic.clone() };
        let listed = NicSnapshot { nic, instances_known: fresh.instances_known, ..listed };
        assert_eq!(fresh, listed);
        let nic = NicKey { profile: bench.profile.id.clone(), nic: id.clone() };
        assert_eq!(listed.changes(&fresh, &Target::Nic(nic), bench.cloud.descriptor().capabilities.detach), []);
    }
    assert!(backends > 10, "{backends} backends: a test of nothing");
}

/// Each NIC whose address a classic balancer sends to, as it was listed and as it is read again.
fn classic_backends(bench: &mut Bench) -> Vec<(NicSnapshot, Option<NicSnapshot>)> {
    let inventory = bench.load();
    let of_classic = |snapshot: &NicSnapshot| {
        snapshot.backends.iter().any(|backend| backend.load_balancer.as_str().starts_with("lb-"))
    };
    let listed: Vec<NicSnapshot> = inventory
        .nics()
        .filter_map(|(_, nic)| inventory.snapshot(&nic.id))
        .filter(|snapshot| of_classic(snapshot) && snapshot.nic.addresses.len() > 1)
        .collect();
    assert!(listed.len() > 3, "a test of nothing");
    listed.into_iter().map(|snapshot| (snapshot.clone(), bench.inspect(&snapshot))).collect()
}

/// That the search for balancers sees NICs and their secondary addresses is documented nowhere: whatever it does with such a
/// search, what is known is read again, and what is not is never taken for none.
#[test]
fn a_search_that_sees_less_than_hoped_loses_no_backend() {
    for said in ["instances", "ignored"] {
        let mut bench = Bench::new(200, 1);
        for name in ["ServerIntranetAddress", "ServerId"] {
            bench.world.refusals.insert(name.to_owned(), said.to_owned());
        }
        for (listed, fresh) in classic_backends(&mut bench) {
            let fresh = fresh.expect("still there");
            assert!(fresh.backends_known);
            assert_eq!(fresh.backends, listed.backends, "{said} {}", listed.nic.id);
        }
    }
}

#[test]
fn a_search_that_is_refused_leaves_backends_unknown() {
    let mut bench = Bench::new(60, 1);
    bench.world.refusals.insert("ServerId".to_owned(), "UnsupportedParameter".to_owned());
    let inventory = bench.load();
    let nic = inventory.nics().map(|(_, nic)| nic.clone()).find(|nic| nic.role == NicRole::Secondary).expect("one");
    let failed: Vec<Fault> = bench
        .cloud
        .inspection(&nic, &[])
        .into_iter()
        .filter_map(|listing| bench.call(&Call::List(listing)).err())
        .collect();
    let [fault] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((fault.kind, fault.code.as_deref()), (FaultKind::BadRequest, Some("UnsupportedParameter")));
}

/// A master/slave group names the NIC and not its address: each of its addresses counts as one.
#[test]
fn a_backend_in_a_master_slave_group_is_seen() {
    let text = include_str!("../sdk/aliyun.world.json");
    let paired = text.replacen(
        r#""free_eips":"#,
        r#""load_balancers": [{"id": "lb-1", "vpc_id": "vpc-1", "kind": "clb-pair"}], "free_eips":"#,
        1,
    );
    let mut bench = Bench::new(1, 1);
    bench.world = World::parse(&[("test", &paired)]).expect("a world");
    bench.profile.regions = bench.world.regions().iter().map(|region| region.as_str().into()).collect();
    let inventory = bench.load();
    let listed = inventory.snapshot(&"eni-p".into()).expect("listed");
    let fresh = bench.inspect(&listed).expect("there");
    for snapshot in [&listed, &fresh] {
        let served: BTreeSet<_> = snapshot
            .backends
            .iter()
            .filter(|backend| {
                backend.load_balancer.as_str() == "lb-1"
                    && matches!(&backend.target, BackendTarget::Address { nic: Some(_), .. })
            })
            .filter_map(|backend| backend.ip_on(&snapshot.nic))
            .collect();
        let all: BTreeSet<_> =
            snapshot.nic.addresses.iter().map(|address| address.ip).filter(std::net::IpAddr::is_ipv4).collect();
        assert_eq!(served, all, "{:?}", snapshot.backends);
    }
    assert_eq!(fresh.backends, listed.backends);
}

#[test]
fn a_release_is_made_read_back_and_not_made_twice() {
    let mut bench = Bench::new(40, 1);
    let inventory = bench.load();
    let (before, ips) = inventory
        .nics()
        .find_map(|(_, nic)| {
            let ips: Vec<_> = nic.addresses.iter().filter(|a| a.role == AddressRole::Secondary).map(|a| a.ip).collect();
            let plain = nic.role == NicRole::Secondary && nic.status.state == NicState::Attached;
            let free = bench.world.nic(nic.id.as_str()).is_some_and(|nic| !nic.service_managed);
            (plain && free && ips.len() >= 2).then(|| (inventory.snapshot(&nic.id).expect("listed"), ips))
        })
        .expect("one with two secondary addresses");
    let region = before.nic.region.to_string();
    let release = |ips: &[std::net::IpAddr]| OperationKind::Release { nic: before.nic.id.clone(), ips: ips.to_vec() };
    let Ok(Reply::Accepted(receipt)) = bench.write(release(&ips[..2]), &region) else { panic!("refused") };
    assert!(receipt.request_id.is_some());
    let after = bench.inspect(&before).expect("there");
    assert_eq!(after.nic.addresses.len(), before.nic.addresses.len() - 2);
    assert!(after.nic.addresses.iter().all(|address| !ips[..2].contains(&address.ip)));

    let fault = bench.write(release(&ips[..1]), &region).expect_err("twice");
    assert_eq!((fault.kind, fault.effect), (FaultKind::NotFound, Effect::AlreadyDone));
    assert_eq!(fault.code.as_deref(), Some("InvalidIp.IpUnassigned"));
    // The primary address answers the same: only the read back tells that it is still there.
    let own = before.nic.primary_ip().expect("a primary address");
    let fault = bench.write(release(&[own]), &region).expect_err("primary");
    assert_eq!(fault.code.as_deref(), Some("InvalidIp.IpUnassigned"));
    assert_eq!(bench.inspect(&before).expect("there").nic.primary_ip(), Some(own));
}

#[test]
fn a_detach_takes_a_while_and_a_nic_that_is_gone_is_no_fault() {
    let mut bench = Bench::new(40, 1);
    let inventory = bench.load();
    let detachable = |nic: &Nic| {
        let known = bench.world.nic(nic.id.as_str()).expect("there");
        let power = known.instance_id.as_deref().and_then(|id| bench.world.instance(id)).map(|i| i.status.clone());
        nic.role == NicRole::Secondary
            && nic.status.state == NicState::Attached
            && power.as_deref() == Some("Running")
            && !(known.service_managed || known.linked || known.cold_plug_only)
    };
    let id = inventory.nics().find(|(_, nic)| detachable(nic)).map(|(_, nic)| nic.id.clone()).expect("one");
    let before = inventory.snapshot(&id).expect("listed");
    let instance = before.nic.instance.clone().expect("attached");
    let region = before.nic.region.to_string();
    let detach = || OperationKind::Detach { nic: id.clone(), instance: instance.clone() };
    assert!(matches!(bench.write(detach(), &region), Ok(Reply::Accepted(_))));
    assert_eq!(bench.inspect(&before).expect("there").nic.status.state, NicState::Detaching);
    bench.now = bench.now.plus_ms(3000);
    let after = bench.inspect(&before).expect("kept");
    assert_eq!((after.nic.status.state, after.nic.instance.clone()), (NicState::Free, None));
    assert_eq!(after.nic.addresses, before.nic.addresses);

    bench.world.remove_nic(id.as_str());
    assert_eq!(bench.inspect(&before), None);
    let fault = bench.write(detach(), &region).expect_err("gone");
    assert_eq!((fault.kind, fault.effect), (FaultKind::NotFound, Effect::AlreadyDone));
}

#[test]
fn wrong_keys_a_wrong_clock_and_wrong_regions_are_told_apart() {
    let mut bench = Bench::new(5, 1);
    let region = bench.profile.regions[0].clone();
    let call = Call::List(Listing::all(Resource::Nics, Some(region)));
    bench.secret = "wrong";
    let fault = bench.call(&call).expect_err("wrong secret");
    assert_eq!((fault.kind, fault.code.as_deref()), (FaultKind::Credentials, Some("SignatureDoesNotMatch")));
    assert!(!fault.message.contains("tok+/=="), "{}", fault.message);
    bench.secret = "secret";
    let elsewhere = Call::List(Listing::all(Resource::Nics, Some("xx-nowhere-1".into())));
    let fault = bench.call(&elsewhere).expect_err("no such region");
    assert_eq!((fault.kind, fault.effect), (FaultKind::NotFound, Effect::Nothing));
    let error = bench.dialect.error(VendorError::Throttled, "1");
    let response = WireResponse { status: error.status, headers: error.headers, body: error.body };
    let fault = bench.cloud.decode(&call, &response).expect_err("throttled");
    assert_eq!((fault.kind, fault.effect), (FaultKind::Throttled, Effect::NothingRetry));
}

#[test]
fn limits_come_for_the_types_that_are_asked_for() {
    let mut bench = Bench::new(20, 1);
    let kinds: BTreeSet<std::sync::Arc<str>> =
        bench.world.instances().iter().map(|instance| instance.kind.as_str().into()).collect();
    let kinds: Vec<_> = kinds.into_iter().take(10).collect();
    let listing = Listing { scope: Scope::Types(kinds.clone()), ..Listing::all(Resource::Limits, None) };
    let page = bench.page(&listing);
    let told: BTreeSet<_> = page.limits.iter().map(|limit| limit.kind.clone()).collect();
    assert_eq!(told, kinds.into_iter().collect());
    assert!(page.limits.iter().all(|limit| limit.nics.is_some() && limit.addresses_per_nic.is_some()));
    // Regions of the account, the world's among them.
    let regions = bench.page(&Listing::all(Resource::Regions, None)).regions;
    assert!(bench.profile.regions.iter().all(|id| regions.iter().any(|region| &region.id == id)));
}
