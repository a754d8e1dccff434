//! Alibaba Cloud's answers as inventory pages and receipts.
//!
//! Tolerant where the vendor is loose (see `wire`), strict where an answer that says nothing would read as "there is none":
//! what is listed in full is removed when it is not seen again, and a NIC without backends can be released.

mod backends;
pub(super) mod wire;

use std::{net::IpAddr, sync::Arc};

use serde::de::DeserializeOwned;

use self::wire::Head;
use super::{encode, faults, part};
use crate::{
    domain::{
        address::{Address, AddressRole, Eip, EipBinding},
        fault::{Fault, FaultKind},
        ids::{InstanceId, RegionId},
        instance::{Instance, Power, PowerState},
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus, TypeLimit},
        odd,
        outcome::Receipt,
        page::{Cursor, InventoryPage, Listing, Region, Resource, Scope},
        tags::Tags,
    },
    providers::{
        answers::{self, Numbered, Pool, controller, pieces},
        provider::{Call, Reply},
    },
    wire::WireResponse,
};

/// Pages that one reply may ask for; a longer list goes on from the last of them.
const PAGES_AT_ONCE: u64 = 1000;

/// Reads an answer.
pub(super) fn decode(call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
    let answer = Answer { call, response };
    let head = match answer.head() {
        Ok(head) => head,
        Err(fault) => return gone(call, &fault).map_or(Err(fault), |page| Ok(Reply::Page(page))),
    };
    // Vendor: `GetCallerIdentity` page. The other members tell which user or role of the account it is.
    if let Call::Identity { .. } = call {
        let account = answer.body::<wire::Caller>()?.account;
        return if account.is_empty() {
            Err(answer.garbage(&odd::missing("AccountId")))
        } else {
            Ok(Reply::Identity(account))
        };
    }
    let Call::List(listing) = call else {
        return Ok(Reply::Accepted(Receipt { request_id: head.request_id().map(str::to_owned), task: None }));
    };
    let region = || {
        listing
            .region
            .clone()
            .ok_or_else(|| Fault::local(FaultKind::Local, encode::action(call), "a listing without its region"))
    };
    let page = match listing.resource {
        Resource::Regions => regions(answer.body()?),
        // `listings` never asks for floats.
        Resource::Floats => InventoryPage::default(),
        Resource::Limits => limits(&answer, listing)?,
        Resource::Instances => instances(&answer, listing, &region()?)?,
        Resource::Nics => nics(&answer, listing, &region()?)?,
        Resource::Eips => eips(&answer, listing, &region()?)?,
        Resource::Backends => backends::page(&answer, listing, &region()?)?,
    };
    Ok(Reply::Page(page))
}

/// An object that went away between two reads is no fault of the listing: it is not there any more.
fn gone(call: &Call, fault: &Fault) -> Option<InventoryPage> {
    let Call::List(listing) = call else { return None };
    let code = fault.code.as_deref().filter(|_| fault.kind == FaultKind::NotFound)?;
    let of = |names: &[&str]| names.iter().any(|name| code.contains(name));
    let gone = match (listing.resource, listing.part) {
        (Resource::Nics, _) => matches!(listing.scope, Scope::Nic(_)) && of(&["EniId"]),
        (Resource::Backends, part::NIC_ADDRESS) => of(&["EniId"]),
        (Resource::Backends, part::CLB_ATTRIBUTE | part::CLB_GROUPS | part::CLB_PAIRS) => of(&["LoadBalancer"]),
        (Resource::Backends, part::CLB_GROUP | part::CLB_PAIR | part::ALB_SERVERS | part::NLB_SERVERS) => {
            of(&["ServerGroup"])
        }
        _ => false,
    };
    gone.then(InventoryPage::default)
}

/// An answer with the call that it answers.
struct Answer<'a> {
    call: &'a Call,
    response: &'a WireResponse,
}

impl Answer<'_> {
    /// What tells success from failure. Some products put an error's code into a 200.
    fn head(&self) -> Result<Head, Fault> {
        let success = (200..300).contains(&self.response.status);
        match serde_json::from_slice::<Head>(&self.response.body) {
            Ok(head) if success && head.code().is_none() => match head.request_id() {
                Some(_) => Ok(head),
                // Every success has one: whoever answered here was not the API.
                None => Err(self.garbage(&odd::missing("RequestId"))),
            },
            Ok(head) => Err(faults::fault(self.call, self.response, Some(&head))),
            Err(_) if !success => {
                Err(faults::fault(self.call, self.response, faults::xml(&self.response.body).as_ref()))
            }
            Err(error) => match faults::xml(&self.response.body) {
                Some(head) => Err(faults::fault(self.call, self.response, Some(&head))),
                None => Err(self.garbage(&error.to_string())),
            },
        }
    }

    fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        answers::read(&self.response.body).map_err(|what| self.garbage(&what))
    }

    /// An answer that is not what was asked for.
    fn garbage(&self, what: &str) -> Fault {
        faults::garbage(self.call, self.response, what)
    }

    /// What a page of a list that goes on by token holds. Vendor: a list that is missing is empty; that it was left out for that only
    /// a count of none tells, on the one page that there is then.
    fn listed<T>(
        &self,
        listing: &Listing,
        list: Option<Vec<T>>,
        token: &str,
        total: Option<u64>,
    ) -> Result<Vec<T>, Fault> {
        let whole = listing.cursor == Cursor::Start && token.is_empty();
        match list {
            Some(list) => Ok(list),
            None if whole && total == Some(0) => Ok(Vec::new()),
            None => Err(self.garbage(odd::NO_LIST)),
        }
    }

    /// The listing's next page, where it goes on by token. The end is an empty token, whatever the page's length.
    fn next_by_token(&self, listing: &Listing, token: &str) -> Result<Option<Listing>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let cursor = Cursor::Token(Arc::from(token));
        if cursor == listing.cursor {
            return Err(self.garbage(odd::SAME_PAGE_AGAIN));
        }
        Ok(Some(Listing { cursor, ..listing.clone() }))
    }

    /// The pages that follow, where the list goes by numbers: the first one tells how many, and all are asked for at once.
    fn next_by_number(
        &self,
        listing: &Listing,
        got: Option<usize>,
        total: Option<u64>,
        page_size: Option<u64>,
    ) -> Result<Vec<Listing>, Fault> {
        let number = u64::from(encode::page(listing));
        let at = |number: u64| {
            u32::try_from(number).ok().map(|number| Listing { cursor: Cursor::Page(number), ..listing.clone() })
        };
        let asked = encode::PAGE_SIZE as u64;
        // Vendor: `PageSize` of the answer; where pages were cut shorter than asked there are more of them.
        let size = page_size.filter(|size| (1..asked).contains(size)).unwrap_or(asked);
        let got = Numbered { number, size, got, total }.rows().map_err(|what| self.garbage(&what))?;
        let Some(total) = total else {
            // Without a total a full page may be followed by another one.
            return Ok(if got >= size { at(number + 1).into_iter().collect() } else { Vec::new() });
        };
        if number % PAGES_AT_ONCE != 1 {
            return Ok(Vec::new());
        }
        let last = total.div_ceil(size).min(number + PAGES_AT_ONCE);
        Ok((number + 1..=last).filter_map(at).collect())
    }
}

/// Vendor: the lists leave out what is empty, so nothing said means none.
fn tags(pool: &mut Pool, tags: &[wire::Tag]) -> Tags {
    Tags::whole(tags.iter().map(|tag| Some((pool.keep(tag.key.as_ref()?), pool.keep(tag.value.as_ref()?)))))
}

fn regions(answer: wire::Regions) -> InventoryPage {
    let regions = answer.regions.into_iter().map(|region| Region {
        name: Arc::from(if region.name.is_empty() { region.id.as_str() } else { region.name.as_str() }),
        off: Region::off(&region.state, "available"),
        id: region.id.into(),
        zones: Vec::new(),
    });
    InventoryPage { regions: regions.collect(), ..InventoryPage::default() }
}

fn limits(answer: &Answer, listing: &Listing) -> Result<InventoryPage, Fault> {
    let body: wire::Types = answer.body()?;
    let small = |count: Option<u64>| count.and_then(|count| u32::try_from(count).ok());
    let limits = body.types.iter().map(|kind| TypeLimit {
        kind: Arc::from(kind.id.as_str()),
        nics: small(kind.nics),
        addresses_per_nic: small(kind.addresses_per_nic),
    });
    let next = answer.next_by_token(listing, &body.next_token)?;
    Ok(InventoryPage { limits: limits.collect(), next: next.into_iter().collect(), ..InventoryPage::default() })
}

fn instances(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let body: wire::Instances = answer.body()?;
    let mut page = InventoryPage {
        next: answer.next_by_token(listing, &body.next_token)?.into_iter().collect(),
        ..InventoryPage::default()
    };
    let mut pool = Pool::default();
    for raw in answer.listed(listing, body.instances, &body.next_token, body.total)? {
        if let Scope::Instances(asked) = &listing.scope
            && !asked.iter().any(|id| id.as_str() == raw.id)
        {
            continue;
        }
        let word = pool.keep(&raw.status);
        page.instances.push(Instance {
            name: raw.name.iter().map(String::as_str).collect(),
            region: region.clone(),
            zone: pool.some(&raw.zone),
            kind: pool.some(&raw.kind),
            power: Power { state: power(&word), word },
            guest_agent: None,
            vpc: None,
            load_balancers: None,
            tags: tags(&mut pool, &raw.tags),
            id: raw.id.into(),
        });
    }
    Ok(page)
}

/// Vendor: `DescribeInstances`, Status.
fn power(word: &str) -> PowerState {
    match word {
        "Running" => PowerState::Running,
        "Stopped" => PowerState::Stopped,
        "Pending" | "Starting" | "Stopping" => PowerState::Changing,
        _ => PowerState::Other,
    }
}

fn nics(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let mut pool = Pool::default();
    if let Scope::Nic(asked) = &listing.scope {
        let raw: wire::Nic = answer.body()?;
        if raw.id != asked.as_str() {
            return Err(answer.garbage(odd::NOT_WHAT_WAS_ASKED));
        }
        // It has its own address at least: a record without the set does not say that those it had are gone.
        if raw.private_ips.is_empty() {
            return Err(answer.garbage(odd::NIC_WITHOUT_ADDRESSES));
        }
        return Ok(InventoryPage { nics: vec![nic(raw, region, &mut pool)], ..InventoryPage::default() });
    }
    let body: wire::Nics = answer.body()?;
    let rows = answer.listed(listing, body.nics, &body.next_token, body.total)?;
    Ok(InventoryPage {
        next: answer.next_by_token(listing, &body.next_token)?.into_iter().collect(),
        nics: rows.into_iter().map(|raw| nic(raw, region, &mut pool)).collect(),
        ..InventoryPage::default()
    })
}

fn nic(raw: wire::Nic, region: &RegionId, pool: &mut Pool) -> Nic {
    let word = pool.keep(&raw.status);
    let tags = tags(pool, &raw.tags);
    // Vendor: the list leaves out what is empty, also whole objects, so nothing said means nothing there. A bond is told by
    // the attribute call only; every write is preceded by it.
    // A member that hangs on its trunk is what its type says, and no link of its own.
    let on_trunk = !raw.attachment.trunk.is_empty() && raw.kind != "Member";
    let linked = on_trunk || raw.slave || raw.bond;
    let members = !raw.attachment.members.is_empty();
    Nic {
        name: raw.name.iter().map(String::as_str).collect(),
        region: region.clone(),
        zone: pool.some(&raw.zone),
        role: role(&raw.kind, pool),
        status: NicStatus { state: state(&word), word },
        // Where a service owns the NIC the vendor hides its instance.
        instance: [&raw.instance, &raw.attachment.instance]
            .into_iter()
            .find(|id| !id.is_empty())
            .map(|id| InstanceId::from(id.as_str())),
        mac: pool.some(&raw.mac),
        vpc: pool.some(&raw.vpc),
        subnet: pool.some(&raw.subnet),
        security_groups: raw.security_groups.iter().map(|group| pool.keep(group)).collect(),
        addresses: addresses(&raw),
        // Each belongs to an EIP, which its own listing ties to a private address: the listing has to explain each.
        public_ips: public_ips(&raw, pool),
        pairs: vec![],
        managed_by: managed_by(&raw, &tags),
        linked: Some(linked),
        members: Some(members),
        // One that does not say which is there all the same.
        prefixes: raw.prefixes.iter().map(|range| pool.some(&range.text).unwrap_or_else(|| pool.keep("?"))).collect(),
        dies_with_detach: None,
        dies_with_instance: raw.dies_with_instance,
        // Vendor: it has one at least, and its own is named.
        addresses_known: raw.private_ips.iter().any(|entry| entry.primary == Some(true) || entry.ip == raw.primary_ip)
            && raw
                .private_ips
                .iter()
                .all(|entry| entry.ip.is_some() && (entry.primary.is_some() || raw.primary_ip.is_some()))
            && raw.ipv6.iter().all(|entry| entry.ip.is_some()),
        ranges: vec![],
        hot_plug: match raw.traffic.as_str() {
            "Standard" => Some(true),
            // RDMA: plugged only while the instance is stopped.
            "HighPerformance" => Some(false),
            _ => None,
        },
        tags,
        description: Arc::from(raw.description.as_str()),
        id: raw.id.into(),
    }
}

/// Vendor: `DescribeNetworkInterfaces`, Type. A trunk is a secondary NIC that can have members: it is released and detached like
/// one, and its members show as links.
fn role(word: &str, pool: &mut Pool) -> NicRole {
    match word {
        "Primary" => NicRole::Primary,
        "Secondary" | "Trunk" => NicRole::Secondary,
        word => NicRole::Other(pool.keep(word)),
    }
}

/// Vendor: `DescribeNetworkInterfaces`, Status. Older pages list more words; those are not taken as safe.
fn state(word: &str) -> NicState {
    match word {
        "Available" => NicState::Free,
        "InUse" => NicState::Attached,
        "Attaching" => NicState::Attaching,
        "Detaching" => NicState::Detaching,
        "Creating" | "Deleting" => NicState::Changing,
        "CreateFailed" => NicState::Failed,
        _ => NicState::Other,
    }
}

/// Primary first, IPv6 last. An address counts as secondary only where the answer says so in one of its two places and
/// contradicts it in none: the role decides what may be released.
fn addresses(raw: &wire::Nic) -> Vec<Address> {
    let role = |entry: &wire::PrivateIp| match (entry.primary, raw.primary_ip) {
        (Some(false), own) if own != entry.ip => AddressRole::Secondary,
        (None, Some(own)) if Some(own) != entry.ip => AddressRole::Secondary,
        _ => AddressRole::Primary,
    };
    let mut all: Vec<Address> =
        raw.private_ips.iter().filter_map(|entry| entry.ip.map(|ip| Address { ip, role: role(entry) })).collect();
    let known = |all: &[Address], ip: IpAddr| all.iter().any(|address| address.ip == ip);
    if let Some(ip) = raw.primary_ip.filter(|&ip| !known(&all, ip)) {
        all.push(Address { ip, role: AddressRole::Primary });
    }
    all.extend(raw.ipv6.iter().filter_map(|entry| entry.ip).map(|ip| Address { ip, role: AddressRole::Ipv6 }));
    all.sort_by_key(|address| address.role);
    all
}

/// Vendor: `AssociatedPublicIp` of each private address; the one at the top is the primary address's.
fn public_ips(raw: &wire::Nic, pool: &mut Pool) -> Vec<Arc<str>> {
    let each = raw.private_ips.iter().map(|entry| &entry.public).chain([&raw.public]);
    let mut all: Vec<Arc<str>> = Vec::new();
    for ip in each.filter_map(|public| public.ip) {
        let text = pool.keep(&ip.to_string());
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn managed_by(raw: &wire::Nic, tags: &Tags) -> ManagedBy {
    let told = || raw.tags.iter().map(|tag| (tag.key.as_deref(), tag.value.as_deref()));
    let controller = || match controller(CONTROLLERS, &pieces(tags, told()), &raw.description) {
        Some(who) => ManagedBy::Controller(who),
        None if !tags.is_known() => ManagedBy::Unknown,
        None => ManagedBy::Nobody,
    };
    match raw.service_managed {
        Some(true) => {
            ManagedBy::Service(Arc::from(if raw.service.is_empty() { "ServiceManaged" } else { &raw.service }))
        }
        None => ManagedBy::Unknown,
        Some(false) => controller(),
    }
}

/// Tags and descriptions that the vendor's Kubernetes (ACK), its ENI controller (terway) and others leave on their NICs.
const CONTROLLERS: &[&str] = &["terway", "kubernetes", "k8s", "ack"];

fn eips(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let body: wire::Eips = answer.body()?;
    let next = answer.next_by_number(listing, body.eips.as_ref().map(Vec::len), body.total, body.page_size)?;
    let mut pool = Pool::default();
    let eips = body.eips.unwrap_or_default().into_iter().map(|raw| Eip {
        dies_unbound: Some(false),
        region: region.clone(),
        ips: raw.ip.into_iter().collect(),
        name: raw.name.iter().map(String::as_str).collect(),
        status: pool.keep(&raw.status),
        bound: binding(&raw),
        id: raw.id.into(),
    });
    // An inspection may bring nothing but its own.
    let wanted = |eip: &Eip| match (&listing.scope, &eip.bound) {
        (Scope::Nic(asked), EipBinding::Nic { nic, .. }) => nic == asked,
        (Scope::Instances(asked), EipBinding::Instance { instance, .. }) => asked.contains(instance),
        (Scope::Nic(_) | Scope::Instances(_), _) => false,
        _ => true,
    };
    Ok(InventoryPage { eips: eips.filter(wanted).collect(), next, ..InventoryPage::default() })
}

/// Vendor: `DescribeEipAddresses`, `InstanceType`. Where it is missing the id's form tells.
fn binding(raw: &wire::Eip) -> EipBinding {
    let (id, private_ip) = (raw.instance.as_str(), raw.private_ip);
    match raw.kind.as_str() {
        _ if id.is_empty() && matches!(raw.status.as_str(), "Available" | "") => EipBinding::Unbound,
        // In use, and nobody says by what.
        _ if id.is_empty() => EipBinding::Elsewhere,
        "NetworkInterface" => EipBinding::Nic { nic: id.into(), private_ip },
        "EcsInstance" => EipBinding::Instance { instance: id.into(), private_ip },
        "" if id.starts_with("eni-") => EipBinding::Nic { nic: id.into(), private_ip },
        "" if id.starts_with("i-") => EipBinding::Instance { instance: id.into(), private_ip },
        _ => EipBinding::Elsewhere,
    }
}

#[cfg(test)]
mod tests;
