//! Huawei Cloud's answers as inventory pages, receipts, jobs and sessions.
//!
//! Tolerant where the vendor is loose, strict where an answer that says nothing would read as "there is none". An error is one
//! whatever its status: flow control comes with 202, a failed job with 200.

mod answers;
mod ports;
pub(super) mod wire;

use std::{collections::HashSet, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::Value;

use self::{
    answers::{account, job, session, taken},
    ports::{ports, unreadable},
    wire::Text,
};
use super::{
    VIP,
    encode::{self, ROWS_A_PAGE, SERVERS_A_PAGE},
    faults::{self, Told as Error},
    part,
};
use crate::{
    domain::{
        address::{Backend, BackendTarget, Eip, EipBinding},
        fault::Fault,
        ids::{InstanceId, RegionId},
        instance::{Instance, Power, PowerState},
        odd,
        page::{Cursor, InventoryPage, Listing, Region, Resource, Scope, Told},
        tags::Tags,
    },
    providers::{
        answers::Numbered,
        provider::{Call, Reply},
    },
    wire::{WireResponse, parse_query},
};

/// Pages that one reply may ask for; a larger total goes on from the last of them.
const PAGES_AT_ONCE: u64 = 1000;

/// Reads an answer.
pub(super) fn decode(call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
    let good = (200..300).contains(&response.status);
    // A large page is read once, into its own shape: that it is no error its members tell.
    let told = || {
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        body.as_ref().and_then(Error::read)
    };
    if !good {
        let fault = faults::fault(call, response, told());
        return match call {
            Call::List(listing) => absent(listing, &fault).map(Reply::Page).ok_or(fault),
            _ => Err(fault),
        };
    }
    match call {
        Call::List(listing) => page(call, listing, response).map(Reply::Page),
        Call::Write { .. } => {
            if let Some(told) = told() {
                return Err(faults::fault(call, response, Some(told)));
            }
            taken(call, response).map(Reply::Accepted)
        }
        Call::Task { .. } => job(call, response).map(Reply::Task),
        Call::SignIn { region, .. } => session(call, region, response).map(Reply::Session),
        Call::Identity { .. } => account(call, response).map(Reply::Identity),
    }
}

/// What an error on a listing means where it tells that there is nothing, or that another API has to be asked.
fn absent(listing: &Listing, fault: &Fault) -> Option<InventoryPage> {
    let ports = matches!(listing.resource, Resource::Nics | Resource::Floats);
    let code = fault.code.as_deref().unwrap_or_default();
    match (&listing.scope, code) {
        // Not published there, not allowed, or no such server any more: what a detach does is not known then, and nothing else is
        // missing. Vendor: Nova's list of interfaces does not tell it, so there is nobody else to ask.
        _ if matches!(listing.part, part::SUB_NICS | part::INTERFACES) => {
            let is_interfaces = listing.part == part::INTERFACES;
            matches!(fault.http_status, Some(400 | 403 | 404)).then(|| {
                let mut page = if is_interfaces { fates(listing, &[]) } else { InventoryPage::default() };
                page.told.push(Told::Refused(Box::new(fault.clone())));
                page
            })
        }
        // Vendor: where v1 is not published v2.0 is.
        (_, "APIGW.0101") if ports && listing.part != part::V2 => {
            let next = vec![Listing { part: part::V2, cursor: Cursor::Start, ..listing.clone() }];
            Some(InventoryPage { next, ..InventoryPage::default() })
        }
        (Scope::Nic(_), "VPC.2502" | "PortNotFound") if ports && fault.http_status == Some(404) => {
            Some(InventoryPage::default())
        }
        _ => None,
    }
}

fn open<T: DeserializeOwned>(call: &Call, response: &WireResponse) -> Result<T, Fault> {
    crate::providers::answers::read(&response.body).map_err(|what| faults::garbage(call, response, &what))
}

/// A list that is not there is no empty list: read as "nothing" it would remove everything that is shown.
fn listed<T>(call: &Call, response: &WireResponse, list: Option<Vec<T>>, name: &str) -> Result<Vec<T>, Fault> {
    list.ok_or_else(|| {
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        match body.as_ref().and_then(Error::read) {
            Some(told) => faults::fault(call, response, Some(told)),
            None => faults::garbage(call, response, &odd::missing(name)),
        }
    })
}

fn page(call: &Call, listing: &Listing, response: &WireResponse) -> Result<InventoryPage, Fault> {
    match listing.resource {
        Resource::Regions | Resource::Limits => {
            let list = open::<wire::Regions>(call, response)?.regions;
            Ok(regions(listed(call, response, list, "regions")?))
        }
        Resource::Instances if listing.part == part::INTERFACES => {
            let rows = open::<wire::Interfaces>(call, response)?.interfaces;
            let rows = listed(call, response, rows, "interfaceAttachments")?;
            Ok(fates(listing, &rows))
        }
        Resource::Instances if listing.part == part::SUB_NICS => {
            let rows = open::<wire::SubNics>(call, response)?.rows;
            let rows = listed(call, response, rows, "sub_network_interfaces")?;
            let Scope::Nic(nic) = &listing.scope else { return Ok(InventoryPage::default()) };
            if rows.iter().any(|row| !row.parent.is(nic.as_str())) {
                return Err(faults::garbage(call, response, odd::NOT_WHAT_WAS_ASKED));
            }
            Ok(InventoryPage { told: vec![Told::Carries(nic.clone(), !rows.is_empty())], ..InventoryPage::default() })
        }
        Resource::Instances => {
            let body: wire::Servers = open(call, response)?;
            let total = body.count.number();
            let rows = listed(call, response, body.servers, "servers")?;
            // Of servers that were asked for by their ids the count need not be theirs.
            let size = if matches!(listing.scope, Scope::Instances(_)) { 1 } else { SERVERS_A_PAGE };
            let page = Numbered { number: encode::page(listing).into(), size, got: Some(rows.len()), total };
            if let Err(what) = page.rows() {
                return Err(faults::garbage(call, response, &what));
            }
            Ok(instances(listing, rows, total))
        }
        Resource::Nics if matches!(listing.scope, Scope::Nic(_)) => {
            let port = open::<wire::OnePort>(call, response)?.port;
            let port = listed(call, response, port.map(|port| vec![port]), "port")?;
            let wanted =
                |port: &wire::Port| matches!(&listing.scope, Scope::Nic(id) if id.as_str() == port.id.as_str());
            if !port.iter().all(wanted) {
                return Err(faults::garbage(call, response, odd::NOT_WHAT_WAS_ASKED));
            }
            if let Some(what) = port.iter().find_map(unreadable) {
                return Err(faults::garbage(call, response, &what));
            }
            Ok(ports(listing, port, Vec::new()))
        }
        Resource::Nics | Resource::Floats => {
            let wire::Ports { ports: list, links } = open(call, response)?;
            let list = listed(call, response, list, "ports")?;
            if list.iter().any(|port| port.id.some().is_none()) {
                return Err(faults::garbage(call, response, odd::PORT_WITHOUT_ID));
            }
            if let Some(what) = list.iter().find_map(unreadable) {
                return Err(faults::garbage(call, response, &what));
            }
            let next = behind_ports(call, response, &list, &links)?;
            Ok(ports(listing, list, next))
        }
        Resource::Eips => {
            let body: wire::Eips = open(call, response)?;
            let rows = listed(call, response, body.eips, "publicips")?;
            if rows.iter().any(|row| row.id.some().is_none()) {
                return Err(faults::garbage(call, response, odd::EIP_WITHOUT_ID));
            }
            // Read as bound elsewhere it would be missed where it hangs.
            let nowhere = |vnic: &wire::Vnic| vnic.owner.is(VIP) && vnic.port.some().is_some() && vnic.ip.is_none();
            if rows.iter().any(|row| row.vnic.as_ref().is_some_and(nowhere)) {
                return Err(faults::garbage(call, response, odd::EIP_WITHOUT_ADDRESS));
            }
            // The same of one that is bound, and does not say to what.
            if rows.iter().any(|row| is_bound_somewhere(row, matches!(listing.scope, Scope::Nic(_)))) {
                return Err(faults::garbage(call, response, odd::EIP_WITHOUT_PORT));
            }
            let next = behind(call, response, &body.page, rows.len())?;
            let eips = rows.iter().filter_map(|row| eip(listing, row)).collect();
            Ok(InventoryPage { eips, next, ..InventoryPage::default() })
        }
        Resource::Backends => {
            let body: wire::Members = open(call, response)?;
            let rows = listed(call, response, body.members, "members")?;
            if rows.iter().any(|row| row.address.is_none()) {
                return Err(faults::garbage(call, response, odd::BACKEND_WITHOUT_ADDRESS));
            }
            let next = behind(call, response, &body.page, rows.len())?;
            let backends = rows.into_iter().flat_map(|row| backends(listing, &row)).collect();
            Ok(InventoryPage { backends, next, ..InventoryPage::default() })
        }
    }
}

/// What a detach from the server does to its NICs. Of those that are not told of nobody tells it.
fn fates(listing: &Listing, rows: &[wire::Interface]) -> InventoryPage {
    let Scope::Instances(servers) = &listing.scope else { return InventoryPage::default() };
    let fate = |row: &wire::Interface| Some((row.port.some()?.into(), row.dies.truth()?));
    let of = |server: &InstanceId| Told::Fates(server.clone(), rows.iter().filter_map(fate).collect());
    InventoryPage { told: servers.first().map(of).into_iter().collect(), ..InventoryPage::default() }
}

/// The page behind this marker. One that leads to where it came from has no end, and tells of rows that nobody can read.
fn following(call: &Call, response: &WireResponse, marker: Option<&str>) -> Result<Vec<Listing>, Fault> {
    let (Call::List(listing), Some(marker)) = (call, marker) else { return Ok(Vec::new()) };
    let cursor = Cursor::Token(marker.into());
    if cursor == listing.cursor {
        return Err(faults::garbage(call, response, odd::SAME_PAGE_AGAIN));
    }
    Ok(vec![Listing { cursor, ..listing.clone() }])
}

/// The page behind this one. Vendor: v1 has nothing that tells of more but that the page is full; v2.0 has a link while more follows,
/// and a server may cut its pages below what was asked. The link's host may be the cloud's own: only its marker is taken.
fn behind_ports(
    call: &Call,
    response: &WireResponse,
    list: &[wire::Port],
    links: &[wire::Link],
) -> Result<Vec<Listing>, Fault> {
    let Some(link) = links.iter().find(|link| link.rel.is("next")) else {
        let marker = list.last().and_then(|port| port.id.some()).filter(|_| list.len() >= ROWS_A_PAGE);
        return following(call, response, marker);
    };
    let query = link.href.as_str().split_once('?').map_or("", |(_, query)| query);
    let told = parse_query(query).into_iter().find(|(name, _)| name == "marker").map(|(_, marker)| marker);
    let marker = told.filter(|marker| !marker.is_empty());
    let marker = marker.ok_or_else(|| faults::garbage(call, response, odd::LINK_WITHOUT_MARKER))?;
    following(call, response, Some(&marker))
}

/// The page that the answer's own marker leads to. Vendor: `current_count` is the number of rows on the page.
fn behind(call: &Call, response: &WireResponse, page: &wire::PageInfo, got: usize) -> Result<Vec<Listing>, Fault> {
    if page.count.number().is_some_and(|count| count > got as u64) {
        return Err(faults::garbage(call, response, odd::SHORT_PAGE));
    }
    following(call, response, page.next.some())
}

/// One copy of each text that repeats within a page.
#[derive(Default)]
struct Pool(HashSet<Arc<str>>);

impl Pool {
    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.0.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&kept));
        kept
    }

    /// `None` for a text that says nothing.
    fn some(&mut self, text: &Text) -> Option<Arc<str>> {
        text.some().map(|text| self.keep(text))
    }
}

fn region_of(listing: &Listing) -> RegionId {
    listing.region.clone().unwrap_or_else(|| RegionId::from(""))
}

fn regions(rows: Vec<wire::Region>) -> InventoryPage {
    let region = |row: wire::Region| {
        let id = row.id.some()?;
        let name = row.locales.english.some().or_else(|| row.locales.chinese.some()).unwrap_or(id);
        Some(Region { id: RegionId::from(id), name: name.into(), zones: Vec::new(), off: None })
    };
    InventoryPage { regions: rows.into_iter().filter_map(region).collect(), ..InventoryPage::default() }
}

fn instances(listing: &Listing, rows: Vec<wire::Server>, total: Option<u64>) -> InventoryPage {
    let next =
        if matches!(listing.scope, Scope::Instances(_)) { Vec::new() } else { pages(listing, rows.len(), total) };
    let mut pool = Pool::default();
    let region = region_of(listing);
    let instance = |row: wire::Server| {
        let id = InstanceId::from(row.id.some()?);
        // Vendor: a server that does not exist comes back as a row with little more than its id.
        let status = row.status.some()?;
        let (word, state) = power(&row, status);
        Some(Instance {
            id,
            name: row.name.iter().map(Text::as_str).collect(),
            region: region.clone(),
            zone: pool.some(&row.zone),
            kind: pool.some(&row.flavor.name).or_else(|| pool.some(&row.flavor.id)),
            power: Power { word: pool.keep(&word), state },
            guest_agent: None,
            // Vendor: `metadata.vpc_id`. Ports do not tell theirs.
            vpc: row.metadata.as_ref().and_then(|told| pool.some(&told.vpc)),
            load_balancers: None,
            tags: row
                .tags
                .as_ref()
                .map_or_else(Tags::unknown, |tags| tags.iter().filter_map(|tag| tag_of(&mut pool, tag)).collect()),
        })
    };
    InventoryPage { instances: rows.into_iter().filter_map(instance).collect(), next, ..InventoryPage::default() }
}

/// Vendor: `key=value`, older servers `key.value`.
fn tag_of(pool: &mut Pool, tag: &Text) -> Option<(Arc<str>, Arc<str>)> {
    let text = tag.some()?;
    let (key, value) = text.split_once('=').or_else(|| text.split_once('.')).unwrap_or((text, ""));
    Some((pool.keep(key), pool.keep(value)))
}

/// The first page tells the total: all others are asked for at once. Vendor: stop when page × limit reaches the count, or a page is
/// empty.
fn pages(listing: &Listing, got: usize, total: Option<u64>) -> Vec<Listing> {
    let number = u64::from(encode::page(listing));
    let at = |number: u64| Listing {
        cursor: Cursor::Page(u32::try_from(number).unwrap_or(u32::MAX)),
        part: "",
        ..listing.clone()
    };
    let last = |number: u64| Listing { part: part::TAIL, ..at(number) };
    if got == 0 {
        return Vec::new();
    }
    let Some(total) = total else { return vec![last(number + 1)] };
    match (&listing.cursor, listing.part) {
        (Cursor::Start, _) => {
            let end = total.div_ceil(SERVERS_A_PAGE).min(PAGES_AT_ONCE);
            (2..=end).map(|page| if page == end { last(page) } else { at(page) }).collect()
        }
        // The list may have grown meanwhile.
        (_, part::TAIL) if number * SERVERS_A_PAGE < total => vec![last(number + 1)],
        _ => Vec::new(),
    }
}

/// The word is the vendor's; what keeps a server from being changed is said behind it.
fn power(row: &wire::Server, status: &str) -> (String, PowerState) {
    let locked = match row.locked.truth() {
        Some(false) => None,
        Some(true) => Some(("locked", PowerState::Locked)),
        None => Some(("locked?", PowerState::Other)),
    };
    let frozen = match &row.metadata {
        Some(metadata) => metadata.resource.is("freeze").then_some(("frozen", PowerState::Frozen)),
        None => Some(("frozen?", PowerState::Other)),
    };
    // Null is none, and what is left out nobody tells.
    let task = row.task.is_none().then_some(("task?", PowerState::Other));
    let held = [locked, frozen, task].into_iter().flatten();
    // What is certain is said first.
    if let Some((held, state)) = held.min_by_key(|(_, state)| *state == PowerState::Other) {
        return (format!("{status} ({held})"), state);
    }
    let state = match status {
        "ACTIVE" | "SHUTOFF" if row.task.as_ref().is_some_and(|task| task.some().is_some()) => PowerState::Changing,
        "ACTIVE" => PowerState::Running,
        "SHUTOFF" => PowerState::Stopped,
        "BUILD" | "HARD_REBOOT" | "MIGRATING" | "REBOOT" | "REBUILD" | "RESIZE" | "REVERT_RESIZE" | "VERIFY_RESIZE" => {
            PowerState::Changing
        }
        "DELETED" | "SOFT_DELETED" => PowerState::Gone,
        _ => PowerState::Other,
    };
    (status.to_owned(), state)
}

/// Is it bound to a port that it does not name? Vendor: ACTIVE is bound, DOWN is not, and one that is found by a private address has one.
fn is_bound_somewhere(row: &wire::Eip, found: bool) -> bool {
    let is_port = row.kind.some().is_none_or(|kind| kind == "PORT" || kind == "null");
    let nameless = row.vnic.as_ref().is_none_or(|vnic| vnic.port.some().is_none());
    is_port && nameless && (found || row.status.is("ACTIVE"))
}

fn eip(listing: &Listing, row: &wire::Eip) -> Option<Eip> {
    let bound = match &row.vnic {
        // Vendor: NATGW, ELB, ELBV1, VPN.
        _ if row.kind.some().is_some_and(|kind| kind != "PORT" && kind != "null") => EipBinding::Elsewhere,
        Some(vnic) => match (vnic.port.some(), vnic.ip) {
            (None, _) => EipBinding::Unbound,
            (Some(port), Some(ip)) if vnic.owner.is(VIP) => EipBinding::Float { float: port.into(), ip },
            (Some(port), private_ip) => EipBinding::Nic { nic: port.into(), private_ip },
        },
        None => EipBinding::Unbound,
    };
    Some(Eip {
        dies_unbound: Some(false),
        id: row.id.some()?.into(),
        region: region_of(listing),
        ips: row.ip.into_iter().collect(),
        name: row.name.iter().map(Text::as_str).collect(),
        status: Arc::from(row.status.as_str()),
        bound,
    })
}

/// A backend of each balancer that a member belongs to. Vendor: where the balancers are left out the pool stands in for them, or the
/// member itself.
fn backends(listing: &Listing, row: &wire::Member) -> Vec<Backend> {
    let Some(ip) = row.address else { return Vec::new() };
    let mut owners: Vec<&str> = row.balancers.iter().filter_map(|balancer| balancer.id.some()).collect();
    if owners.is_empty() {
        owners.extend(row.balancer.some().or_else(|| row.pool.some()).or_else(|| row.id.some()));
    }
    let backend = |owner: &str| Backend {
        load_balancer: owner.into(),
        name: Arc::from(""),
        region: region_of(listing),
        vpc: None,
        // Vendor: null on a member that was added by its address, which any network of any VPC may hold.
        range: row.range.some().map(Arc::from),
        target: BackendTarget::Address { ip, instance: row.instance.some().map(InstanceId::from), nic: None },
        port: Arc::from(row.port.as_str()),
    };
    owners.into_iter().map(backend).collect()
}

#[cfg(test)]
mod tests;
