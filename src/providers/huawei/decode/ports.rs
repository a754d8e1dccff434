//! Ports as NICs and virtual IPs.

use std::{net::IpAddr, sync::Arc};

use serde_json::Value;

use super::{
    super::VIP,
    Pool, region_of,
    wire::{self, Text},
};
use crate::domain::{
    address::{Address, AddressRole},
    float::{Float, Pair},
    ids::InstanceId,
    nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
    odd,
    page::{InventoryPage, Listing, Resource, Scope, Told},
    tags::Tags,
};

/// NICs or virtual IPs of a page of ports. What belongs to the cloud's own services is in no list and is never written to.
pub(super) fn ports(listing: &Listing, rows: Vec<wire::Port>, next: Vec<Listing>) -> InventoryPage {
    let mut pool = Pool::default();
    let mut page = InventoryPage { next, ..InventoryPage::default() };
    for row in rows {
        let nic = is_nic(&row);
        if matches!((listing.resource, &listing.scope), (Resource::Nics, Scope::Nic(_))) {
            page.nics.extend(asked_for(listing, &row, nic, &mut pool));
            continue;
        }
        let (nics, floats) = match (listing.resource, &listing.scope) {
            (Resource::Nics, Scope::All | Scope::Few) => (true, true),
            (resource, _) => (resource == Resource::Nics, resource == Resource::Floats),
        };
        let is_float = row.owner.is(VIP) || is_reserved(&row);
        if nics && !nic && !is_float {
            page.told.extend(others(listing, &row, &mut pool));
        }
        if nics && nic {
            page.nics.extend(self::nic(listing, &row, &mut pool));
        }
        if floats && is_float {
            page.floats.extend(float(listing, &row, &mut pool));
        }
    }
    page
}

/// What a NIC or a virtual IP leaves untold without which nobody can say what is bound to it. Vendor: its list is always there, `[]`
/// for none.
pub(super) fn unreadable(port: &wire::Port) -> Option<String> {
    // What a service owns is never written to.
    let owned = port.service.some().or(port.service_id.some()).is_some();
    let matters = !owned && (is_nic(port) || port.owner.is(VIP));
    // A virtual IP without its address is on nothing that is known, and may be on anything.
    let floats = port.owner.is(VIP) || is_reserved(port);
    if matters && floats && !port.fixed_ips.iter().any(|fixed| fixed.ip.is_some()) {
        return Some(odd::missing(format_args!("fixed_ips ({})", port.id.as_str())));
    }
    let is_told = |pairs: &Vec<wire::RawPair>| pairs.iter().all(|pair| pair.ip.some().is_some());
    (matters && !port.pairs.as_ref().is_some_and(is_told))
        .then(|| odd::about(odd::SHORT_LIST, format_args!("allowed_address_pairs ({})", port.id.as_str())))
}

/// Vendor: on a server, or on nothing. A reserved address is on nothing as well, and nothing tells which of the two it is.
fn is_nic(port: &wire::Port) -> bool {
    port.owner.as_str().starts_with("compute:") || is_unowned(port)
}

fn is_unowned(port: &wire::Port) -> bool {
    port.owner.some().is_none() && port.device.some().is_none()
}

/// Is it bound to NICs by its own list? A virtual IP then, whatever else it is. Vendor: its owner may be empty, for an address that
/// reaches only inside the VPC.
fn is_reserved(port: &wire::Port) -> bool {
    let own = |ip: IpAddr| port.fixed_ips.iter().any(|fixed| fixed.ip == Some(ip));
    let named = |pair: &wire::RawPair| Pair { ip: Arc::from(pair.ip.as_str()), mac: None }.address();
    is_unowned(port) && port.pairs.iter().flatten().filter_map(named).any(|ip| !own(ip))
}

/// The addresses of a port that is no NIC and no virtual IP: nobody else can have them.
fn others(listing: &Listing, row: &wire::Port, pool: &mut Pool) -> Vec<Told> {
    let (Some(by), Some(subnet)) = (row.id.some(), pool.some(&row.network)) else { return Vec::new() };
    let by: Arc<str> = by.into();
    let of = |ip| Told::Taken { region: region_of(listing), subnet: subnet.clone(), ip, by: by.clone() };
    row.fixed_ips.iter().filter_map(|fixed| fixed.ip).map(of).collect()
}

/// The port that was asked for by its id, whatever it is now: it is there, and taken for gone a write would pass for done. Where it
/// is no NIC any more, or not yet again, nothing is written to it.
fn asked_for(listing: &Listing, row: &wire::Port, is_nic: bool, pool: &mut Pool) -> Option<Nic> {
    let mut nic = nic(listing, row, pool)?;
    if !is_nic {
        nic.status.state = NicState::Changing;
        nic.instance = row.device.some().map(InstanceId::from);
        if let (ManagedBy::Nobody, Some(owner)) = (&nic.managed_by, pool.some(&row.owner)) {
            nic.managed_by = ManagedBy::Service(owner);
        }
    }
    Some(nic)
}

fn nic(listing: &Listing, row: &wire::Port, pool: &mut Pool) -> Option<Nic> {
    let id = row.id.some()?;
    let attached = row.device.some().is_some();
    let owner = service(row, pool);
    let word = pool.keep(row.status.as_str());
    // A port has one address of its own, and on a dual-stack network one more.
    let own: Vec<_> = row.fixed_ips.iter().filter_map(|fixed| fixed.ip).collect();
    let mut v4 = own.iter().filter(|ip| ip.is_ipv4());
    let primary = v4.next().map(|&ip| Address { ip, role: AddressRole::Primary });
    let more = v4.map(|&ip| Address { ip, role: AddressRole::Secondary });
    let v6 = own.iter().filter(|ip| ip.is_ipv6()).map(|&ip| Address { ip, role: AddressRole::Ipv6 });
    Some(Nic {
        id: id.into(),
        name: row.name.iter().map(Text::as_str).collect(),
        region: region_of(listing),
        zone: row.owner.as_str().strip_prefix("compute:").filter(|zone| !zone.is_empty()).map(|zone| pool.keep(zone)),
        role: role(row, attached, pool),
        // A server's that does not name it.
        status: if row.owner.as_str().starts_with("compute:") && !attached {
            NicStatus { state: NicState::Changing, word }
        } else {
            NicStatus { state: state(&word, attached), word }
        },
        // A service's server is none of the account's.
        instance: row.device.some().filter(|_| owner.is_none()).map(InstanceId::from),
        mac: row.mac.some().map(Arc::from),
        // Ports do not tell it.
        vpc: None,
        subnet: pool.some(&row.network),
        ranges: row
            .fixed_ips
            .iter()
            .filter(|fixed| fixed.ip.is_some_and(|ip| ip.is_ipv4()))
            .filter_map(|fixed| pool.some(&fixed.range))
            .collect(),
        security_groups: row.groups.iter().filter_map(|group| pool.some(group)).collect(),
        addresses: primary.into_iter().chain(more).chain(v6).collect(),
        pairs: pairs(row, pool),
        public_ips: Vec::new(),
        managed_by: owner.map_or(ManagedBy::Nobody, ManagedBy::Service),
        linked: None,
        members: None,
        prefixes: Vec::new(),
        // Ports do not tell it.
        dies_with_detach: None,
        dies_with_instance: None,
        // Vendor: a port has one at least.
        addresses_known: !row.fixed_ips.is_empty() && row.fixed_ips.iter().all(|fixed| fixed.ip.is_some()),
        hot_plug: None,
        // Nor this.
        tags: Tags::unknown(),
        description: pool.keep(""),
    })
}

/// Vendor: the details of a NIC that is not the primary one do not name it, or are empty. One without any details may be either.
fn role(row: &wire::Port, attached: bool, pool: &mut Pool) -> NicRole {
    match &row.details {
        Some(details) if details.primary.is("true") => NicRole::Primary,
        None if attached => NicRole::Other(pool.keep("")),
        Some(_) | None => NicRole::Secondary,
    }
}

/// Vendor: ACTIVE, BUILD, DOWN; pass-through NICs and those of stopped servers are DOWN and attached all the same.
pub(super) fn state(word: &str, attached: bool) -> NicState {
    match (word, attached) {
        ("ACTIVE" | "DOWN", true) => NicState::Attached,
        ("DOWN", false) => NicState::Free,
        // On its way off, or not told yet.
        ("ACTIVE" | "BUILD", false) => NicState::Changing,
        ("BUILD", true) => NicState::Attaching,
        ("ERROR", _) => NicState::Failed,
        _ => NicState::Other,
    }
}

fn float(listing: &Listing, row: &wire::Port, pool: &mut Pool) -> Vec<Float> {
    let Some(id) = row.id.some() else { return Vec::new() };
    let owner = service(row, pool);
    let pairs = pairs(row, pool);
    let of = |ip| Float {
        id: id.into(),
        ip,
        name: row.name.iter().map(Text::as_str).collect(),
        region: region_of(listing),
        subnet: row.network.some().map(|network| pool.keep(network)),
        pairs: pairs.clone(),
        owner: owner.clone(),
    };
    // One id, one address: a port has one.
    row.fixed_ips.iter().filter_map(|fixed| fixed.ip).take(1).map(of).collect()
}

fn pairs(row: &wire::Port, pool: &mut Pool) -> Vec<Pair> {
    // One without an address is kept as well: a list is written back whole, or not at all.
    let pair = |pair: &wire::RawPair| Pair { ip: pool.keep(pair.ip.as_str()), mac: pool.some(&pair.mac) };
    row.pairs.iter().flatten().map(pair).collect()
}

/// Stands for the service where a port tells only that it is a load balancer's. Vendor: a member of `binding:profile`.
const BALANCER: &str = "internal_elb";

/// The service that owns a port, by its kind. Vendor: "used by system components".
fn service(row: &wire::Port, pool: &mut Pool) -> Option<Arc<str>> {
    let balancer = match row.profile.as_ref() {
        // How its value looks is not documented: whatever does not say no is a yes.
        Some(Value::Object(profile)) => profile.get(BALANCER).is_some_and(|told| match told {
            Value::Null | Value::Bool(false) => false,
            Value::String(word) => !word.is_empty() && !word.eq_ignore_ascii_case("false"),
            _ => true,
        }),
        Some(Value::String(text)) => text.contains(BALANCER),
        _ => false,
    };
    let named = pool.some(&row.service).or_else(|| pool.some(&row.service_id));
    named.or_else(|| balancer.then(|| pool.keep(BALANCER)))
}
