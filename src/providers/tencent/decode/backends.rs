//! Load balancers' answers: each step either brings backends or tells what to read next.

use std::{net::IpAddr, sync::Arc};

use super::{
    Answer,
    wire::{self, Listener, Target},
};
use crate::{
    domain::{
        address::{Backend, BackendTarget},
        fault::Fault,
        ids::{LoadBalancerId, RegionId},
        page::{Cursor, InventoryPage, Listing, Scope},
    },
    providers::tencent::{
        carry::{Balancer, Search},
        part,
    },
};

pub(super) fn page(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    match listing.part {
        part::TARGETS => Ok(targets(&answer.body()?, listing, region)),
        part::SEARCH => Ok(found(&answer.body()?, listing, region)),
        _ => {
            let body: wire::Balancers = answer.body()?;
            let mut next = answer.next_pages(listing, body.balancers.len(), body.total)?;
            next.extend(body.balancers.into_iter().map(|raw| {
                let vpc = Some(raw.vpc).filter(|vpc| !vpc.is_empty());
                let carry = Balancer { name: raw.name, vpc }.text();
                Listing {
                    part: part::TARGETS,
                    scope: Scope::LoadBalancer(raw.id.into()),
                    cursor: Cursor::Start,
                    carry: Some(carry),
                    ..listing.clone()
                }
            }));
            Ok(InventoryPage { next, ..InventoryPage::default() })
        }
    }
}

/// All targets of a listener, wherever they stand.
fn targets_of(listener: &Listener) -> impl Iterator<Item = &Target> {
    listener.targets.iter().chain(listener.rules.iter().flat_map(|rule| &rule.targets))
}

/// As people know it: `TCP:80`, `UDP:9000-9010`.
fn port(listener: &Listener) -> Arc<str> {
    match listener.end_port.as_str() {
        "" | "0" => format!("{}:{}", listener.protocol, listener.port).into(),
        end => format!("{}:{}-{end}", listener.protocol, listener.port).into(),
    }
}

/// The targets of one balancer. Those that are neither an instance nor a NIC are known by their address alone, and then the
/// balancer's VPC is the best that is known of theirs.
fn targets(body: &wire::Targets, listing: &Listing, region: &RegionId) -> InventoryPage {
    let Scope::LoadBalancer(id) = &listing.scope else { return InventoryPage::default() };
    let carry = Balancer::of(listing);
    let mut page = InventoryPage::default();
    for listener in &body.listeners {
        for target in targets_of(listener) {
            for &ip in target.ips.iter().chain(&target.ip) {
                let nic = Some(target.nic.as_str()).filter(|id| !id.is_empty());
                let instance = Some(target.instance.as_str()).filter(|id| !id.is_empty() && nic.is_none());
                let known = nic.is_some() || instance.is_some();
                page.backends.push(Backend {
                    load_balancer: id.clone(),
                    name: Arc::from(carry.name.as_str()),
                    region: region.clone(),
                    vpc: carry.vpc.as_deref().filter(|_| !known).map(Arc::from),
                    target: BackendTarget::Address { ip, instance: instance.map(Into::into), nic: nic.map(Into::into) },
                    port: port(listener),
                });
            }
        }
    }
    page
}

/// What a search for a NIC's addresses in its VPC found. The answer's VPC is a number of its own: what was asked for is what it is.
fn found(body: &wire::Found, listing: &Listing, region: &RegionId) -> InventoryPage {
    let Scope::Nic(nic) = &listing.scope else { return InventoryPage::default() };
    let search = Search::of(listing);
    let target = |target: &Target, ip: IpAddr| {
        let whole = target.kind.eq_ignore_ascii_case("cvm");
        BackendTarget::Address {
            ip,
            instance: search.instance.as_deref().filter(|_| whole).map(Into::into),
            nic: (!whole).then(|| nic.clone()),
        }
    };
    let mut page = InventoryPage::default();
    for balancer in &body.balancers {
        for listener in &balancer.listeners {
            for entry in targets_of(listener) {
                let Some(ip) = entry.ip.filter(|ip| search.ips.contains(ip)) else { continue };
                page.backends.push(Backend {
                    load_balancer: LoadBalancerId::from(balancer.id.as_str()),
                    name: "".into(),
                    region: region.clone(),
                    vpc: None,
                    target: target(entry, ip),
                    port: port(listener),
                });
            }
        }
    }
    page
}
