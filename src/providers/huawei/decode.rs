//! Huawei Cloud's answers as inventory pages, receipts, jobs and sessions.
//!
//! Tolerant where the vendor is loose, strict where an answer that says nothing would read as "there is none". An error is one
//! whatever its status: flow control comes with 202, a failed job with 200.

pub(super) mod wire;

use std::{collections::HashSet, net::IpAddr, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::Value;

use self::wire::Text;
use super::{
    VIP,
    encode::{self, ROWS_A_PAGE, SERVERS_A_PAGE},
    faults::{self, Told as Error},
    part, release,
};
use crate::{
    domain::{
        address::{Address, AddressRole, Backend, BackendTarget, Eip, EipBinding},
        fault::{Fault, FaultKind},
        float::{Float, Pair},
        ids::{InstanceId, RegionId},
        instance::{Instance, Power, PowerState},
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        odd,
        outcome::Receipt,
        page::{Cursor, InventoryPage, Listing, Region, Resource, Scope, Told},
        plan::OperationKind,
        tags::Tags,
        time::Timestamp,
    },
    providers::{
        answers::Numbered,
        profile::Credential,
        provider::{Call, Reply, Session, TaskState},
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

/// Opens a body. The place of a mistake is looked for only when there is one.
fn open<T: DeserializeOwned>(call: &Call, response: &WireResponse) -> Result<T, Fault> {
    serde_json::from_slice(&response.body).map_err(|_| {
        let mut reader = serde_json::Deserializer::from_slice(&response.body);
        let what = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => odd::TEXT_AFTER_END.to_owned(),
            Err(error) => format!("{}: {}", error.path(), error.inner()),
        };
        faults::garbage(call, response, &what)
    })
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

/// What a NIC or a virtual IP leaves untold without which nobody can say what is bound to it. Vendor: its list is always there, `[]`
/// for none.
fn unreadable(port: &wire::Port) -> Option<String> {
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
            load_balancers: Vec::new(),
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

/// NICs or virtual IPs of a page of ports. What belongs to the cloud's own services is in no list and is never written to.
fn ports(listing: &Listing, rows: Vec<wire::Port>, next: Vec<Listing>) -> InventoryPage {
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
fn state(word: &str, attached: bool) -> NicState {
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
        name: Arc::from(row.name.as_ref().map_or("", Text::as_str)),
        region: region_of(listing),
        subnet: row.network.some().map(|network| pool.keep(network)),
        pairs: pairs.clone(),
        owner: owner.clone(),
    };
    // One id, one address: a port has one.
    row.fixed_ips.iter().filter_map(|fixed| fixed.ip).take(1).map(of).collect()
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
        name: Arc::from(row.name.as_str()),
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

/// A write's answer. 204 and Nova's 202 have no body.
fn taken(call: &Call, response: &WireResponse) -> Result<Receipt, Fault> {
    let header = faults::header_id(response);
    if response.body.iter().all(u8::is_ascii_whitespace) {
        let bodiless = matches!(response.status, 202 | 204);
        return if bodiless {
            Ok(Receipt { request_id: header, task: None })
        } else {
            Err(faults::garbage(call, response, odd::NO_BODY))
        };
    }
    let body: Value = open(call, response)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let wanted: &[&str] = match call {
        Call::Write { kind: OperationKind::Detach { .. } | OperationKind::Attach { .. }, .. } => &["job_id"],
        _ => &["port_id", "port", "publicip"],
    };
    if !wanted.iter().any(|name| body.get(name).is_some()) {
        return Err(faults::garbage(call, response, &odd::missing(wanted.join(", "))));
    }
    if let Some(what) = another_list(call, &body) {
        return Err(Fault { message: what.to_owned(), ..faults::garbage(call, response, what) });
    }
    Ok(Receipt { request_id: header.or_else(|| text("request_id")), task: text("job_id") })
}

/// What is wrong where a port's new state is not what was written. Vendor: `UpdatePort` answers it whole, replaces the list whole, and
/// has no version to compare: nothing else tells that another writer was in between, or that it did nothing.
fn another_list(call: &Call, body: &Value) -> Option<&'static str> {
    let Call::Write { step, .. } = call else { return None };
    let (id, sent) = release::read_carry(step.carry.as_deref()?)?;
    let port = &body["port"];
    if port["id"].as_str().is_some_and(|told| told != id) {
        return Some(odd::NOT_WHAT_WAS_ASKED);
    }
    let none = Vec::new();
    let sent = sent.as_array().unwrap_or(&none);
    let mut now: Vec<&Value> = port["allowed_address_pairs"].as_array().unwrap_or(&none).iter().collect();
    let text = |pair: &Value, name: &str| pair[name].as_str().unwrap_or_default().to_ascii_lowercase();
    // Where none was sent the service puts the port's own.
    let same = |sent: &Value, now: &Value| {
        let mac = text(sent, "mac_address");
        text(sent, "ip_address") == text(now, "ip_address") && (mac.is_empty() || mac == text(now, "mac_address"))
    };
    let all = sent.iter().all(|sent| match now.iter().position(|now| same(sent, now)) {
        Some(at) => {
            now.swap_remove(at);
            true
        }
        None => false,
    });
    (!all || !now.is_empty()).then_some(odd::NOT_WHAT_WAS_WRITTEN)
}

/// Vendor: a job that failed is status 200; with several NICs each part has its own end.
fn job(call: &Call, response: &WireResponse) -> Result<TaskState, Fault> {
    let body: wire::Job = open(call, response)?;
    let Some(status) = body.status.some() else {
        let raw: Option<Value> = serde_json::from_slice(&response.body).ok();
        return Err(match raw.as_ref().and_then(Error::read) {
            Some(told) => faults::fault(call, response, Some(told)),
            None => faults::garbage(call, response, &odd::missing("status")),
        });
    };
    let failed = body.entities.parts.iter().find(|part| part.status.is("FAIL"));
    if status.eq_ignore_ascii_case("FAIL") || (status.eq_ignore_ascii_case("SUCCESS") && failed.is_some()) {
        let codes = [Some(&body.code), failed.map(|part| &part.code)];
        let reasons = [
            Some(&body.reason),
            failed.map(|part| &part.reason),
            failed.map(|part| &part.entities.message),
            Some(&body.entities.message),
        ];
        let first = |texts: &[Option<&Text>]| {
            texts.iter().flatten().find_map(|text| text.some()).unwrap_or_default().to_owned()
        };
        let fault = faults::task_failure(call, response, &first(&codes), &first(&reasons));
        return Ok(TaskState::Failed(Box::new(fault)));
    }
    Ok(match status {
        "SUCCESS" => TaskState::Done,
        // INIT, RUNNING, and words of tomorrow: asked again.
        _ => TaskState::Running,
    })
}

/// A token with its project, or only the project of the region.
/// Vendor: the accounts that the user may see; a user belongs to one.
fn account(call: &Call, response: &WireResponse) -> Result<String, Fault> {
    let list = open::<wire::Domains>(call, response)?.domains;
    let domains = listed(call, response, list, "domains")?;
    match domains.as_slice() {
        [domain] => {
            domain.id.some().map(str::to_owned).ok_or_else(|| faults::garbage(call, response, &odd::missing("id")))
        }
        domains => Err(faults::garbage(call, response, &odd::about(odd::MANY_ACCOUNTS, domains.len()))),
    }
}

fn session(call: &Call, region: &RegionId, response: &WireResponse) -> Result<Session, Fault> {
    if let Some(token) = response.header("x-subject-token").map(str::trim).filter(|token| !token.is_empty()) {
        let body: wire::Tokens = open(call, response)?;
        let told = body.token.ok_or_else(|| faults::garbage(call, response, &odd::missing("token")))?;
        let ends: Option<jiff::Timestamp> = told.expires_at.as_str().parse().ok();
        let ends = ends.ok_or_else(|| faults::garbage(call, response, &odd::missing("expires_at")))?;
        return Ok(Session {
            project_id: told.project.id.some().map(str::to_owned),
            credential: Some(Credential::Bearer(token.into())),
            expires_at: Some(Timestamp(ends.as_millisecond())),
            account: told.project.domain.id.some().map(str::to_owned),
        });
    }
    let list = open::<wire::Projects>(call, response)?.projects;
    let projects = listed(call, response, list, "projects")?;
    let mut own = projects.iter().filter(|project| project.name.is(region.as_str()) && !project.enabled.is("false"));
    let missing = |message: String| Fault {
        request_id: faults::header_id(response),
        http_status: Some(response.status),
        ..Fault::local(FaultKind::NotFound, encode::action(call), message)
    };
    let first = own.next();
    match (first.and_then(|project| project.id.some()), own.next()) {
        (Some(id), None) => {
            let account = first.and_then(|project| project.account.some()).map(str::to_owned);
            Ok(Session { project_id: Some(id.to_owned()), account, ..Session::default() })
        }
        (Some(_), Some(_)) => Err(missing(odd::about(odd::SEVERAL_PROJECTS, region))),
        (None, _) => Err(missing(odd::about(odd::NO_PROJECT, region))),
    }
}

#[cfg(test)]
mod tests;
