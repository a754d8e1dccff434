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
        odd,
        page::{Cursor, InventoryPage, Listing, Scope},
    },
    providers::tencent::{
        carry::{Balancer, Search},
        part,
    },
};

pub(super) fn page(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    match listing.part {
        part::TARGETS => {
            let body: wire::Targets = answer.body()?;
            sound(answer, &body.listeners)?;
            Ok(targets(&body, listing, region))
        }
        part::SEARCH => {
            let body: wire::Found = answer.body()?;
            body.balancers.iter().try_for_each(|balancer| sound(answer, &balancer.listeners))?;
            Ok(found(&body, listing, region))
        }
        part::CLASSIC_TARGETS => {
            // It has no listeners in this answer, and so no ports.
            let (body, none): (wire::ClassicTargets, Arc<str>) = (answer.body()?, "".into());
            if !body.targets.iter().all(is_told) {
                return Err(answer.garbage(odd::BACKEND_WITHOUT_ADDRESS));
            }
            let backends = body.targets.iter().flat_map(|entry| entries(entry, &none, listing, region));
            Ok(InventoryPage { backends: backends.collect(), ..InventoryPage::default() })
        }
        part::CLASSIC_OF_INSTANCE => {
            let body: wire::ClassicOf = answer.body()?;
            let ids = body.instances.into_iter().flat_map(|instance| instance.balancers);
            let next = ids.map(|id| Listing {
                part: part::CLASSIC_TARGETS,
                scope: Scope::LoadBalancer(id.into()),
                ..listing.clone()
            });
            Ok(InventoryPage { next: next.collect(), ..InventoryPage::default() })
        }
        _ => {
            let body: wire::Balancers = answer.body()?;
            let mut next = answer.next_pages(listing, body.balancers.len(), body.total)?;
            let targets = if listing.part == part::CLASSIC { part::CLASSIC_TARGETS } else { part::TARGETS };
            next.extend(body.balancers.into_iter().map(|raw| {
                let vpc = Some(raw.vpc).filter(|vpc| !vpc.is_empty());
                let carry = Balancer { name: raw.name, vpc }.text();
                Listing {
                    part: targets,
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
    let rules = listener.rules.iter().flatten().flatten();
    listener.targets.iter().flatten().flatten().chain(rules.flat_map(|rule| rule.targets.iter().flatten().flatten()))
}

/// Does it say where it sends to? Vendor: one call has a list of addresses in it, the other one address.
fn is_told(target: &Target) -> bool {
    target.ip.is_some() || target.ips.is_some()
}

/// A listener that leaves out its targets may have any.
///
/// # Errors
/// Such an answer is not the API's. Vendor: targets stand on the listener or on its rules, and the other one is null.
fn sound(answer: &Answer, listeners: &[Listener]) -> Result<(), Fault> {
    let of_rules = |listener: &Listener| match &listener.rules {
        Some(Some(rules)) => rules.iter().all(|rule| rule.targets.is_some()),
        told => told.is_some() || matches!(listener.targets, Some(Some(_))),
    };
    let of_itself = |listener: &Listener| listener.targets.is_some() || matches!(listener.rules, Some(Some(_)));
    if !listeners.iter().all(|listener| of_rules(listener) && of_itself(listener)) {
        return Err(answer.garbage(odd::LISTENER_WITHOUT_TARGETS));
    }
    if !listeners.iter().flat_map(targets_of).all(is_told) {
        return Err(answer.garbage(odd::BACKEND_WITHOUT_ADDRESS));
    }
    Ok(())
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
    let of = |listener: &Listener| {
        let port = port(listener);
        targets_of(listener).flat_map(|entry| entries(entry, &port, listing, region)).collect::<Vec<_>>()
    };
    InventoryPage { backends: body.listeners.iter().flat_map(of).collect(), ..InventoryPage::default() }
}

/// The addresses of one target of the balancer that the listing is about.
fn entries(target: &Target, port: &Arc<str>, listing: &Listing, region: &RegionId) -> Vec<Backend> {
    let Scope::LoadBalancer(id) = &listing.scope else { return Vec::new() };
    let carry = Balancer::of(listing);
    let nic = Some(target.nic.as_str()).filter(|id| !id.is_empty());
    let instance = Some(target.instance.as_str()).filter(|id| !id.is_empty() && nic.is_none());
    let known = nic.is_some() || instance.is_some();
    let at = |&ip: &IpAddr| Backend {
        load_balancer: id.clone(),
        name: Arc::from(carry.name.as_str()),
        region: region.clone(),
        vpc: carry.vpc.as_deref().filter(|_| !known).map(Arc::from),
        range: None,
        target: BackendTarget::Address { ip, instance: instance.map(Into::into), nic: nic.map(Into::into) },
        port: port.clone(),
    };
    target.ips.iter().flatten().flatten().chain(&target.ip).map(at).collect()
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
                    range: None,
                    target: target(entry, ip),
                    port: port(listener),
                });
            }
        }
    }
    page
}
