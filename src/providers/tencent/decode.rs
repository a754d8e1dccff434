//! Answers of API 3.0 as inventory pages, receipts and the ends of tasks.
//!
//! Tolerant where the vendor is loose (missing, null and empty are the same), strict where an answer that says nothing would read
//! as "there is none": what is listed in full is removed when it is not seen again, and a NIC without backends can be released.

mod backends;
pub(super) mod wire;

use std::{net::IpAddr, sync::Arc};

use serde::de::DeserializeOwned;

use self::wire::{Envelope, Head};
use super::{carry::Paging, encode, faults};
use crate::{
    domain::{
        address::{Address, AddressRole, Eip, EipBinding},
        fault::{Effect, Fault, FaultKind},
        float::{Float, Pair},
        ids::{InstanceId, RegionId},
        instance::{Instance, Power, PowerState},
        name::Name,
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        odd,
        outcome::Receipt,
        page::{Cursor, InventoryPage, Listing, Region, Resource, Scope},
        tags::Tags,
    },
    providers::{
        answers::{self, Numbered, Pool, controller, pieces},
        provider::{Call, Reply, TaskState},
    },
    wire::WireResponse,
};

/// Pages that one reply may ask for.
const PAGES_AT_ONCE: u64 = 1000;

/// Reads an answer.
pub(super) fn decode(call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
    let answer = Answer { call, response };
    let head = match answer.head() {
        Ok(head) => head,
        Err(fault) => return gone(call, &fault).map_or(Err(fault), |page| Ok(Reply::Page(page))),
    };
    let listing = match call {
        Call::Write { .. } => return Ok(Reply::Accepted(receipt(head))),
        Call::Task { task, .. } => return task_state(&answer, task, head).map(Reply::Task),
        // `sign_in` never asks.
        Call::SignIn { .. } => return Err(answer.garbage(odd::NO_SESSION_WANTED)),
        // Vendor: `GetCallerIdentity` page; the main account's number. The other members tell which user or role of it this is.
        Call::Identity { .. } => {
            let account = answer.body::<wire::Caller>()?.account_id;
            return if account.is_empty() {
                Err(answer.garbage(&odd::missing("AccountId")))
            } else {
                Ok(Reply::Identity(account))
            };
        }
        Call::List(listing) => listing,
    };
    let region = || {
        listing
            .region
            .clone()
            .ok_or_else(|| Fault::local(FaultKind::Local, encode::action(call), "a listing without its region"))
    };
    let page = match listing.resource {
        Resource::Regions | Resource::Limits => regions(answer.body()?),
        Resource::Instances => instances(&answer, listing, &region()?)?,
        Resource::Nics => nics(&answer, listing, &region()?)?,
        Resource::Eips => eips(&answer, listing, &region()?)?,
        Resource::Floats => floats(&answer, listing, &region()?)?,
        Resource::Backends => backends::page(&answer, listing, &region()?)?,
    };
    Ok(Reply::Page(page))
}

/// Vendor: the id of a request that was taken is the id of its task; calls about EIPs hand out a number besides.
fn receipt(head: Head) -> Receipt {
    let task = match head.task_id.as_str() {
        "" => head.request_id.clone(),
        number => format!("{}{number}", encode::EIP_TASK),
    };
    Receipt { request_id: Some(head.request_id), task: Some(task) }
}

/// Vendor: `Status` and `Output` of `DescribeVpcTaskResult`, `Result` of `DescribeTaskResult`.
fn task_state(answer: &Answer, task: &str, head: Head) -> Result<TaskState, Fault> {
    let eip = task.starts_with(encode::EIP_TASK);
    let (status, output) = if eip {
        (answer.body::<wire::EipTask>()?.result, String::new())
    } else {
        let body: wire::Task = answer.body()?;
        (body.status, body.output)
    };
    match status.as_str() {
        "SUCCESS" => Ok(TaskState::Done),
        "RUNNING" => Ok(TaskState::Running),
        "FAILED" => Ok(TaskState::Failed(Box::new(Fault {
            // The call itself passed: how much of it was done is read back.
            effect: Effect::Unknown,
            code: Some(status),
            request_id: Some(if eip { head.request_id } else { task.to_owned() }),
            http_status: Some(answer.response.status),
            ..Fault::local(FaultKind::Refused, encode::action(answer.call), output)
        }))),
        other => Err(answer.garbage(&odd::about(odd::STRANGE_STATUS, other))),
    }
}

/// An object that went away between two reads is no fault of the listing: it is not there any more.
fn gone(call: &Call, fault: &Fault) -> Option<InventoryPage> {
    let Call::List(listing) = call else { return None };
    let code = fault.code.as_deref().filter(|_| fault.kind == FaultKind::NotFound)?;
    let gone = match (listing.resource, &listing.scope) {
        (Resource::Nics, Scope::Nic(_)) => code == "ResourceNotFound",
        (Resource::Backends, Scope::LoadBalancer(_)) => code == "InvalidParameter.LBIdNotFound",
        _ => false,
    };
    gone.then(InventoryPage::default)
}

/// An answer with the call that it answers.
pub(super) struct Answer<'a> {
    pub call: &'a Call,
    pub response: &'a WireResponse,
}

impl Answer<'_> {
    /// What tells success from failure. Vendor: the status is 200 in both cases; anything else comes from somebody on the way.
    pub fn head(&self) -> Result<Head, Fault> {
        let parsed = serde_json::from_slice::<Envelope<Head>>(&self.response.body);
        match parsed {
            Ok(Envelope { response: head }) if self.response.status == 200 => match &head.error {
                Some(error) if error.code.is_empty() => Err(self.garbage(odd::NO_ERROR_CODE)),
                Some(error) => {
                    let id = Some(head.request_id.as_str()).filter(|id| !id.is_empty());
                    Err(faults::fault(self.call, self.response, &error.code, &error.message, id))
                }
                // Every answer of the API has one: whoever answered here was not the API.
                None if head.request_id.is_empty() => Err(self.garbage(&odd::missing("RequestId"))),
                None => Ok(head),
            },
            Ok(_) => Err(self.garbage(odd::STATUS_NOT_200)),
            Err(error) => Err(self.garbage(&error.to_string())),
        }
    }

    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let whole: Envelope<T> = answers::read(&self.response.body).map_err(|what| self.garbage(&what))?;
        Ok(whole.response)
    }

    /// An answer that is not what was asked for.
    pub fn garbage(&self, what: &str) -> Fault {
        faults::garbage(self.call, self.response, what)
    }
}

/// The pages that follow: the first one tells how many, and all are asked for at once. When a later page tells another count the
/// list has shifted, and all of it is read again. `garbage`: what an answer is that contradicts itself.
pub(super) fn next_pages(
    listing: &Listing,
    got: usize,
    total: Option<u64>,
    page_size: u32,
    garbage: impl FnOnce(&str) -> Fault,
) -> Result<Vec<Listing>, Fault> {
    let number = encode::page(listing);
    let page_size = if listing.scope == Scope::Few { 1 } else { page_size };
    let at = |number: u64, paging: Option<Paging>| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let carry = paging.map(Paging::text).or_else(|| listing.carry.clone());
        Listing { cursor: Cursor::Page(number), carry, ..listing.clone() }
    };
    let page = Numbered { number: number.into(), size: page_size.into(), got: Some(got), total };
    if let Err(what) = page.rows() {
        return Err(garbage(&what));
    }
    // Without a count a full page may be followed by another one. A search carries what it is for, and is short: page by page.
    let Some(total) = total.filter(|_| listing.scope == Scope::All) else {
        let more = total.map_or(got >= page_size as usize, |total| total > u64::from(number) * u64::from(page_size));
        return Ok(if more { vec![at(u64::from(number) + 1, None)] } else { Vec::new() });
    };
    let (number, pages) = (u64::from(number), total.div_ceil(u64::from(page_size)));
    let last = pages.min(PAGES_AT_ONCE);
    match Paging::of(listing) {
        None => {
            let paging = Paging { total, round: 1 };
            Ok((2..=last).map(|number| at(number, Some(paging))).collect())
        }
        Some(before) => match before.again(total) {
            Ok(Some(again)) => Ok((1..=last).map(|number| at(number, Some(again))).collect()),
            // The last page of those that were asked for at once asks for as many more.
            Ok(None) if number.is_multiple_of(PAGES_AT_ONCE) => {
                Ok((number + 1..=pages.min(number + PAGES_AT_ONCE)).map(|number| at(number, Some(before))).collect())
            }
            Ok(None) => Ok(Vec::new()),
            Err(what) => Err(garbage(&what)),
        },
    }
}

impl Answer<'_> {
    fn next_pages(&self, listing: &Listing, got: usize, total: Option<u64>) -> Result<Vec<Listing>, Fault> {
        next_pages(listing, got, total, encode::PAGE_SIZE, |what| self.garbage(what))
    }
}

fn tags(pool: &mut Pool, tags: Option<&[wire::Tag]>) -> Tags {
    let Some(tags) = tags else { return Tags::unknown() };
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

/// Also of API 2.0, whose instances with a version come as these do.
fn instances(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let body: wire::Instances = answer.body()?;
    let next = answer.next_pages(listing, body.instances.len(), body.total)?;
    let mut page = InventoryPage { next, ..InventoryPage::default() };
    let mut pool = Pool::default();
    for raw in body.instances {
        if let Scope::Instances(asked) = &listing.scope
            && !asked.iter().any(|id| id.as_str() == raw.id)
        {
            continue;
        }
        page.instances.push(Instance {
            name: name(raw.name.as_ref()),
            region: region.clone(),
            zone: pool.some(&raw.placement.zone),
            kind: pool.some(&raw.kind),
            power: power(&raw, &mut pool),
            guest_agent: None,
            vpc: None,
            load_balancers: None,
            tags: tags(&mut pool, raw.tags.as_deref()),
            id: raw.id.into(),
        });
    }
    Ok(page)
}

/// Vendor: `DescribeInstances`, `InstanceState`. An operation under way may change the state at any moment.
fn power(raw: &wire::Instance, pool: &mut Pool) -> Power {
    let state = match raw.state.as_str() {
        "RUNNING" => PowerState::Running,
        "STOPPED" => PowerState::Stopped,
        "PENDING"
        | "STARTING"
        | "STOPPING"
        | "REBOOTING"
        | "ENTER_RESCUE_MODE"
        | "RESCUE_MODE"
        | "EXIT_RESCUE_MODE"
        | "ENTER_SERVICE_LIVE_MIGRATE"
        | "SERVICE_LIVE_MIGRATE"
        | "EXIT_SERVICE_LIVE_MIGRATE" => PowerState::Changing,
        "SHUTDOWN" | "TERMINATING" | "LAUNCH_FAILED" => PowerState::Gone,
        _ => PowerState::Other,
    };
    match (state, raw.operation_state.as_str()) {
        (PowerState::Running | PowerState::Stopped, "OPERATING") => {
            let word = format!("{}, {}", raw.state, raw.operation);
            Power { word: pool.keep(&word), state: PowerState::Changing }
        }
        _ => Power { word: pool.keep(&raw.state), state },
    }
}

fn nics(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let body: wire::Nics = answer.body()?;
    let mut pool = Pool::default();
    if let Scope::Nic(asked) = &listing.scope {
        // Vendor: one that is gone is refused, or left out.
        let own = |raw: &wire::Nic| raw.id == asked.as_str();
        if !body.nics.iter().all(own) {
            return Err(answer.garbage(odd::NOT_WHAT_WAS_ASKED));
        }
        if body.nics.iter().any(|raw| raw.addresses.is_empty()) {
            return Err(answer.garbage(odd::NIC_WITHOUT_ADDRESSES));
        }
    }
    Ok(InventoryPage {
        next: answer.next_pages(listing, body.nics.len(), body.total)?,
        nics: body.nics.into_iter().map(|raw| nic(raw, region, &mut pool)).collect(),
        ..InventoryPage::default()
    })
}

/// A member that is null is empty; one that is missing is not told.
fn told(member: Option<&Option<String>>) -> Option<&str> {
    member.map(|text| text.as_deref().unwrap_or_default())
}

fn name(member: Option<&Option<String>>) -> Name {
    told(member).into_iter().collect()
}

fn nic(raw: wire::Nic, region: &RegionId, pool: &mut Pool) -> Nic {
    let tags = tags(pool, raw.tags.as_deref());
    // Null: on nothing. Without the instance, or without all of it, nobody says.
    let on = match &raw.attachment {
        Some(Some(attachment)) => attachment.instance.as_deref(),
        Some(None) => Some(""),
        None => None,
    };
    let instance = on.filter(|id| !id.is_empty()).map(InstanceId::from);
    let attached = on.map(|_| instance.is_some());
    let public = raw.addresses.iter().filter(|address| !address.eip.is_empty() && !address.public.is_empty());
    Nic {
        name: name(raw.name.as_ref()),
        region: region.clone(),
        zone: pool.some(&raw.zone),
        // Vendor: the number of the kind contradicts itself. One that does not say may be a primary one.
        role: if raw.primary == Some(false) { NicRole::Secondary } else { NicRole::Primary },
        status: status(&raw, attached, pool),
        mac: pool.some(&raw.mac),
        vpc: pool.some(&raw.vpc),
        subnet: pool.some(&raw.subnet),
        security_groups: raw.security_groups.iter().map(|group| pool.keep(group)).collect(),
        addresses: addresses(&raw),
        pairs: Vec::new(),
        // Only EIPs: the listing of EIPs has to explain each. A plain public address is always on an instance's own address,
        // which nobody can release.
        public_ips: public.map(|address| Arc::from(address.public.as_str())).collect(),
        managed_by: managed_by(&raw, &tags),
        linked: None,
        members: None,
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        // Vendor: a NIC has one at least, and the list of IPv6 is there without any.
        addresses_known: !raw.addresses.is_empty()
            && raw.addresses.iter().all(|address| address.ip.is_some() && address.primary.is_some())
            && raw.ipv6.as_ref().is_some_and(|all| all.iter().all(|address| address.ip.is_some())),
        ranges: vec![],
        hot_plug: None,
        tags,
        description: Arc::from(raw.description.as_str()),
        instance,
        id: raw.id.into(),
    }
}

/// Vendor: `State` says `AVAILABLE` of attached and unattached NICs alike; the attachment tells. One task runs on a NIC at a time,
/// so an address that moves is the NIC's state as well. `attached` is `None` where the answer does not tell it.
fn status(raw: &wire::Nic, attached: Option<bool>, pool: &mut Pool) -> NicStatus {
    let words = [raw.state.as_str(), raw.long_state.as_str()];
    let of_addresses = || {
        let own = raw.addresses.iter().map(|address| told(address.state.as_ref()));
        own.chain(raw.ipv6.iter().flatten().map(|address| told(address.state.as_ref())))
    };
    let moving = of_addresses().flatten().find(|word| !matches!(*word, "" | "AVAILABLE"));
    let calm = |word: &str| matches!(word, "" | "AVAILABLE" | "INUSE");
    if let Some(word) = words.into_iter().find(|word| !calm(word)).or(moving) {
        let state = match word {
            "ATTACHING" => NicState::Attaching,
            "DETACHING" => NicState::Detaching,
            "PENDING" | "DELETING" | "MIGRATING" => NicState::Changing,
            _ => NicState::Other,
        };
        return NicStatus { word: pool.keep(word), state };
    }
    let word = if raw.long_state.is_empty() { raw.state.as_str() } else { raw.long_state.as_str() };
    let state = match (attached, word) {
        (Some(true), "AVAILABLE" | "INUSE") => NicState::Attached,
        (Some(false), "AVAILABLE") => NicState::Free,
        // No word at all; or in use, by something that is not shown.
        _ => NicState::Other,
    };
    // One address that does not tell its own may be moving: nobody knows then whether the NIC is at rest.
    let word = if of_addresses().all(|told| told.is_some()) { word } else { "" };
    NicStatus { word: pool.keep(word), state }
}

/// Primary first, IPv6 last. An address counts as secondary only where the answer says so: the role decides what may be released.
fn addresses(raw: &wire::Nic) -> Vec<Address> {
    let role = |entry: &wire::PrivateIp| match entry.primary {
        Some(false) => AddressRole::Secondary,
        _ => AddressRole::Primary,
    };
    let of = |entry: &wire::PrivateIp| entry.ip.map(|ip| Address { ip, role: role(entry) });
    let mut all: Vec<Address> = raw.addresses.iter().filter_map(of).collect();
    all.sort_by_key(|address| address.role != AddressRole::Primary);
    all.extend(
        raw.ipv6
            .iter()
            .flatten()
            .filter_map(|entry| entry.ip)
            .map(|ip: IpAddr| Address { ip, role: AddressRole::Ipv6 }),
    );
    all
}

/// Vendor: `DescribeNetworkInterfaces`, `Business` and `ResourceId`; a cluster's own NICs by what it leaves on them. The page's own
/// example has neither a resource nor a description: where they are left out there is none.
fn managed_by(raw: &wire::Nic, tags: &Tags) -> ManagedBy {
    let told = || raw.tags.iter().flatten().map(|tag| (tag.key.as_deref(), tag.value.as_deref()));
    let controller = || match controller(CONTROLLERS, &pieces(tags, told()), &raw.description) {
        Some(who) => ManagedBy::Controller(who),
        // It leaves its mark on the tags.
        None if !tags.is_known() => ManagedBy::Unknown,
        None => ManagedBy::Nobody,
    };
    match (raw.business.as_str(), raw.resource.as_str()) {
        ("", "") => ManagedBy::Unknown,
        ("cvm", "") => controller(),
        ("" | "cvm", resource) => ManagedBy::Service(Arc::from(resource)),
        (business, _) => ManagedBy::Service(Arc::from(business)),
    }
}

pub(super) const CONTROLLERS: &[&str] = &["tke", "kubernetes", "k8s", "eks"];

fn eips(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let body: wire::Eips = answer.body()?;
    let next = answer.next_pages(listing, body.eips.len(), body.total)?;
    let mut pool = Pool::default();
    let eips = body.eips.into_iter().map(|raw| Eip {
        dies_unbound: raw.dies_unbound,
        region: region.clone(),
        ips: raw.ip.into_iter().collect(),
        name: name(raw.name.as_ref()),
        status: pool.keep(&raw.status),
        bound: binding(&raw),
        id: raw.id.into(),
    });
    // An inspection may bring nothing but its own.
    let wanted = |eip: &Eip| match (&listing.scope, &eip.bound) {
        (Scope::Group(_), bound) => matches!(bound, EipBinding::Float { .. }),
        (Scope::Nic(asked), EipBinding::Nic { nic, .. }) => nic == asked,
        (Scope::Instances(asked), EipBinding::Instance { instance, .. }) => asked.contains(instance),
        (Scope::Nic(_) | Scope::Instances(_), _) => false,
        _ => true,
    };
    Ok(InventoryPage { eips: eips.filter(wanted).collect(), next, ..InventoryPage::default() })
}

/// Vendor: `DescribeHaVips`. The range of a virtual address names NICs and instances by their ids; so does who has it now.
fn floats(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let body: wire::Havips = answer.body()?;
    let next = answer.next_pages(listing, body.havips.len(), body.total)?;
    let mut pool = Pool::default();
    if let Some(raw) = body.havips.iter().find(|raw| raw.ip.is_none()) {
        return Err(answer.garbage(&odd::missing(format_args!("Vip ({})", raw.id))));
    }
    let floats = body.havips.into_iter().filter_map(|raw| {
        let range = raw.range.iter().map(|entry| entry.id.as_str());
        // Who has it now: a NIC, or an instance by one that is not told.
        let now = if raw.nic.is_empty() { raw.instance.as_str() } else { raw.nic.as_str() };
        let mut named: Vec<&str> = range.chain([now]).filter(|id| !id.is_empty()).collect();
        named.sort_unstable();
        named.dedup();
        Some(Float {
            ip: raw.ip?,
            name: name(raw.name.as_ref()),
            region: region.clone(),
            subnet: pool.some(&raw.subnet),
            pairs: named.into_iter().map(|id| Pair { ip: Arc::from(id), mac: None }).collect(),
            owner: pool.some(&raw.business),
            id: Arc::from(raw.id.as_str()),
        })
    });
    Ok(InventoryPage { floats: floats.collect(), next, ..InventoryPage::default() })
}

/// Vendor: `DescribeAddresses`. All three are null when it is bound to nothing.
fn binding(raw: &wire::Eip) -> EipBinding {
    let private_ip = raw.private_ip;
    match (raw.nic.as_str(), raw.instance.as_str()) {
        ("", "") => EipBinding::Unbound,
        ("", instance) if instance.starts_with("ins-") => {
            EipBinding::Instance { instance: instance.into(), private_ip }
        }
        ("", float) if float.starts_with("havip-") => match private_ip {
            Some(ip) => EipBinding::Float { float: float.into(), ip },
            None => EipBinding::Elsewhere,
        },
        ("", _) => EipBinding::Elsewhere,
        (nic, _) => EipBinding::Nic { nic: nic.into(), private_ip },
    }
}

#[cfg(test)]
mod tests;
