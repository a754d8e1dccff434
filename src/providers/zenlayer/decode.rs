//! Zenlayer's answers as inventory pages and receipts.
//!
//! Tolerant where the vendor is loose (missing, null and empty are the same to its SDKs; new words and fields appear at any
//! time), strict where an answer that says nothing would read as "there is none".

mod shapes;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    net::IpAddr,
    sync::Arc,
};

use serde::de::DeserializeOwned;

use self::shapes::{Balancer, Envelope, Paged, Tag, Text};
use super::{PAGE_SIZE, about_balancer, encode, faults, part};
use crate::{
    domain::{
        address::{Address, AddressRole, Backend, BackendTarget, Eip, EipBinding},
        fault::{Effect, Fault, FaultKind},
        ids::{InstanceId, LoadBalancerId, RegionId},
        instance::{Instance, Power, PowerState},
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        odd,
        outcome::Receipt,
        page::{Cursor, InventoryPage, Listing, Region, Resource, Scope},
        plan::OperationKind,
        tags::Tags,
    },
    providers::{
        answers::{self, Numbered, pieces},
        provider::{Call, Reply},
    },
    wire::WireResponse,
};

/// Pages that one reply may ask for; a larger total goes on from the last of them.
const PAGES_AT_ONCE: u32 = 1000;

/// Reads an answer.
pub(super) fn decode(call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
    // Vendor: Responses page. Success is 200 and nothing else.
    if response.status != 200 {
        let fault = faults::fault(call, response);
        // A balancer that went away between the list and this call sends to nothing.
        return match call {
            Call::List(listing)
                if listing.part == part::BACKENDS && fault.code.as_deref() == Some("INVALID_LB_NOT_FOUND") =>
            {
                Ok(Reply::Page(InventoryPage::default()))
            }
            _ => Err(fault),
        };
    }
    let listing = match call {
        Call::Write { kind: OperationKind::BindEip { .. }, .. } => {
            let (bound, request_id) = open::<shapes::Bound>(call, response)?;
            // Vendor: 200 with ids in this list means that these were not bound.
            return if bound.failed_eip_ids.is_empty() {
                Ok(Reply::Accepted(Receipt { request_id, task: None }))
            } else {
                Err(faults::not_bound(call, response, request_id))
            };
        }
        Call::Write { .. } | Call::Task { .. } | Call::SignIn { .. } | Call::Identity { .. } => {
            let (_, request_id) = open::<serde::de::IgnoredAny>(call, response)?;
            return Ok(Reply::Accepted(Receipt { request_id, task: None }));
        }
        Call::List(listing) => listing,
    };
    let page = match listing.resource {
        Resource::Regions | Resource::Limits | Resource::Floats => regions(open::<shapes::Zones>(call, response)?.0),
        Resource::Instances => {
            let (paged, id) = open::<Paged<shapes::Instance>>(call, response)?;
            instances(listing, sound(call, response, listing, paged, id)?)
        }
        Resource::Nics => {
            let (paged, id) = open::<Paged<shapes::Nic>>(call, response)?;
            let found = sound(call, response, listing, paged, id.clone())?;
            // Of the one that was asked for it decides what was done to it.
            if matches!(listing.scope, Scope::Nic(_)) && !found.items.iter().all(tells_addresses) {
                return Err(garbage(call, response, odd::NIC_WITHOUT_ADDRESSES, id));
            }
            nics(listing, found)
        }
        Resource::Eips => {
            let (paged, id) = open::<Paged<shapes::Eip>>(call, response)?;
            eips(listing, sound(call, response, listing, paged, id)?)
        }
        Resource::Backends if listing.part == part::BACKENDS => {
            let (raw, id) = open::<shapes::Backends>(call, response)?;
            match raw.backends {
                Some(rows) if rows.iter().any(|row| row.private_ip_address.is_none()) => {
                    return Err(garbage(call, response, odd::BACKEND_WITHOUT_ADDRESS, id));
                }
                Some(rows) => backends(listing, rows),
                None => return Err(garbage(call, response, odd::missing("backends"), id)),
            }
        }
        Resource::Backends => {
            let (paged, id) = open::<Paged<Balancer>>(call, response)?;
            let found = sound(call, response, listing, paged, id.clone())?;
            // Nobody could ask what it sends to.
            if found.items.iter().any(|balancer| balancer.id().is_none()) {
                return Err(garbage(call, response, odd::BALANCER_WITHOUT_ID, id));
            }
            balancers(listing, found)
        }
    };
    Ok(Reply::Page(page))
}

/// An answer with status 200 that is not what was asked for.
fn garbage(call: &Call, response: &WireResponse, message: impl Into<String>, request_id: Option<String>) -> Fault {
    let kind = response.header("content-type").unwrap_or(odd::NO_CONTENT_TYPE);
    let message = format!("{kind}: {}", message.into());
    let mut fault = Fault::local(FaultKind::Garbage, encode::action(call), message);
    fault.effect = if call.is_write() { Effect::Unknown } else { Effect::Nothing };
    fault.http_status = Some(response.status);
    fault.request_id = request_id;
    fault
}

/// Opens the envelope.
fn open<T: DeserializeOwned>(call: &Call, response: &WireResponse) -> Result<(T, Option<String>), Fault> {
    match answers::read::<Envelope<T>>(&response.body) {
        Ok(Envelope { response: Some(inner), request_id }) => Ok((inner, request_id)),
        // An error body is one whatever its status.
        Ok(Envelope { response: None, request_id }) => {
            let fault = faults::fault(call, response);
            if fault.code.is_some() {
                Err(fault)
            } else {
                Err(garbage(call, response, odd::missing("response"), request_id))
            }
        }
        Err(message) => Err(garbage(call, response, message, None)),
    }
}

/// Refuses a page that does not say what there is: read as "nothing", it would remove everything that is shown.
fn sound<T: Identified>(
    call: &Call,
    response: &WireResponse,
    listing: &Listing,
    paged: Paged<T>,
    request_id: Option<String>,
) -> Result<Found<T>, Fault> {
    let total = paged.total_count.and_then(|total| u64::try_from(total).ok());
    let got = paged.data_set.as_ref().map(Vec::len);
    let size = size(listing, got.unwrap_or_default());
    let page = Numbered { number: encode::page(listing).into(), size, got, total };
    let got = match page.rows() {
        Ok(got) => got,
        Err(what) => return Err(garbage(call, response, what, request_id)),
    };
    let mut items = paged.data_set.unwrap_or_default();
    let asked: Option<HashSet<&str>> = match &listing.scope {
        Scope::Nic(id) if listing.resource == Resource::Nics => Some(HashSet::from([id.as_str()])),
        Scope::Instances(ids) => Some(ids.iter().map(InstanceId::as_str).collect()),
        _ => None,
    };
    if let Some(asked) = asked {
        items.retain(|item| item.id().is_some_and(|id| asked.contains(id)));
        if items.is_empty() && got > 0 {
            return Err(garbage(call, response, odd::NOT_WHAT_WAS_ASKED, request_id));
        }
    }
    Ok(Found { next: next_pages(listing, got, size, total), items })
}

/// What a page holds, and the pages that follow from it.
struct Found<T> {
    items: Vec<T>,
    next: Vec<Listing>,
}

trait Identified {
    fn id(&self) -> Option<&str>;
}

macro_rules! identified {
    ($($kind:ty => $field:ident),* $(,)?) => {$(
        impl Identified for $kind {
            fn id(&self) -> Option<&str> {
                self.$field.as_ref().map(|Text(text)| text.as_str()).filter(|text| !text.is_empty())
            }
        }
    )*};
}

identified! {
    shapes::Instance => instance_id,
    shapes::Nic => nic_id,
    shapes::Eip => eip_id,
    Balancer => load_balancer_id,
}

/// Rows of a full page. A server may cap them lower than asked, and only the first page shows it: the cursors of the others carry
/// it, never 0. One that was not capped but lost rows is told by the others, which then have fewer than are left for them.
fn size(listing: &Listing, got: usize) -> u64 {
    encode::page_size(&listing.cursor).unwrap_or_else(|| u64::try_from(got.clamp(1, PAGE_SIZE)).unwrap_or(u64::MAX))
}

/// The first page tells the total: all others are asked for at once. The last of them looks whether the list has grown.
fn next_pages(listing: &Listing, got: u64, size: u64, total: Option<u64>) -> Vec<Listing> {
    let number = encode::page(listing);
    let is_last = encode::is_last(&listing.cursor);
    if got == 0 || !is_last && listing.cursor != Cursor::Start {
        return Vec::new();
    }
    let middle = |number: u32| Listing { cursor: encode::middle_page(number, size), ..listing.clone() };
    let last = |number: u32| Listing { cursor: encode::last_page(number, size), ..listing.clone() };
    let Some(total) = total else { return vec![last(number + 1)] };
    if is_last {
        let seen = u64::from(number - 1).saturating_mul(size).saturating_add(got);
        return if seen < total { vec![last(number + 1)] } else { Vec::new() };
    }
    let count = u32::try_from(total.div_ceil(size)).unwrap_or(u32::MAX).min(PAGES_AT_ONCE);
    (2..=count).map(|number| if number == count { last(number) } else { middle(number) }).collect()
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

    /// `None` for a text that is missing, null or empty.
    fn some(&mut self, text: Option<&Text>) -> Option<Arc<str>> {
        filled(text).map(|text| self.keep(text))
    }

    fn tags(&mut self, tags: Option<&[Tag]>) -> Tags {
        let Some(tags) = tags else { return Tags::unknown() };
        let mut word = |text: &Option<Text>| text.as_ref().map(|Text(text)| self.keep(text));
        Tags::whole(tags.iter().map(|tag| Some((word(&tag.key)?, word(&tag.value)?))))
    }
}

fn said(text: Option<&Text>) -> Option<&str> {
    text.map(|Text(text)| text.as_str())
}

fn filled(text: Option<&Text>) -> Option<&str> {
    text.map(|Text(text)| text.as_str()).filter(|text| !text.is_empty())
}

fn regions(zones: shapes::Zones) -> InventoryPage {
    let mut found: BTreeMap<String, Region> = BTreeMap::new();
    for zone in zones.zone_set {
        let Some(id) = filled(zone.region_id.as_ref())
            .or_else(|| filled(zone.zone_id.as_ref()).map(region_of_zone))
            .map(str::to_owned)
        else {
            continue;
        };
        let region = found.entry(id.clone()).or_insert_with(|| Region {
            id: RegionId::from(id.as_str()),
            name: Arc::from(filled(zone.city_name.as_ref()).unwrap_or(&id)),
            zones: Vec::new(),
            off: None,
        });
        region.zones.extend(filled(zone.zone_id.as_ref()).map(Arc::from));
    }
    InventoryPage { regions: found.into_values().collect(), ..InventoryPage::default() }
}

/// `asia-east-1a` lies in `asia-east-1`; so does `asia-east-1-a`.
fn region_of_zone(zone: &str) -> &str {
    let short = zone.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(zone);
    let short = short.strip_suffix('-').unwrap_or(short);
    if short.ends_with(|c: char| c.is_ascii_digit()) { short } else { zone }
}

fn instances(listing: &Listing, found: Found<shapes::Instance>) -> InventoryPage {
    let mut pool = Pool::default();
    let mut page = InventoryPage { next: found.next, ..InventoryPage::default() };
    let inspected = listing.part == part::INSPECT;
    // A listing of the account carries the regions that are wanted; an inspection carries the NIC's VPC.
    let wanted: Option<BTreeSet<&str>> = match (&listing.region, listing.carry.as_deref()) {
        (None, Some(regions)) => Some(regions.split(',').collect()),
        _ => None,
    };
    for raw in found.items {
        let Some(id) = raw.id().map(InstanceId::from) else { continue };
        let zone = pool.some(raw.zone_id.as_ref());
        let region = raw
            .nics
            .iter()
            .find_map(|nic| filled(nic.region_id.as_ref()))
            .or_else(|| zone.as_deref().map(region_of_zone))
            .or_else(|| listing.region.as_ref().map(RegionId::as_str))
            .unwrap_or_default();
        // Where its region is not told it is kept: an instance too many is better than one too few.
        if !region.is_empty() && wanted.as_ref().is_some_and(|wanted| !wanted.contains(region)) {
            continue;
        }
        let region = RegionId::from(region);
        if inspected {
            page.next.extend(backends_of(listing, raw.load_balancer_ids.as_deref()));
        }
        let word = pool.keep(filled(raw.status.as_ref()).unwrap_or_default());
        page.instances.push(Instance {
            id,
            name: raw.instance_name.iter().map(|Text(name)| name.as_str()).collect(),
            region,
            zone,
            kind: pool.some(raw.instance_type.as_ref()),
            power: Power { state: power(&word), word },
            guest_agent: raw.enable_agent,
            vpc: None,
            load_balancers: raw
                .load_balancer_ids
                .as_ref()
                .map(|ids| ids.iter().filter_map(|id| filled(Some(id))).map(LoadBalancerId::from).collect()),
            tags: pool.tags(raw.tags.told()),
        });
    }
    // An instance that is not there names no balancers.
    if inspected && page.instances.is_empty() {
        page.next.extend(backends_of(listing, None));
    }
    page
}

/// The calls that tell which addresses of an inspected instance are backends. Where the instance names no balancers (older
/// versions of the API leave the field out, and a backend may be an address without its instance) those of the NIC's VPC are
/// looked through: silence is not "none".
fn backends_of(listing: &Listing, balancers: Option<&[Text]>) -> Vec<Listing> {
    let of = |part: &'static str, scope: Scope, carry: Option<Arc<str>>| Listing {
        resource: Resource::Backends,
        region: listing.region.clone(),
        part,
        scope,
        cursor: Cursor::Start,
        carry,
    };
    let named: BTreeSet<&str> = balancers.into_iter().flatten().filter_map(|id| filled(Some(id))).collect();
    if named.is_empty() {
        return vec![of(part::BALANCERS, Scope::All, listing.carry.clone())];
    }
    let vpc = listing.carry.as_deref().map(|vpc| about_balancer(vpc, ""));
    named.into_iter().map(|id| of(part::BACKENDS, Scope::LoadBalancer(id.into()), vpc.clone())).collect()
}

/// Vendor: `DescribeInstances` page; `PENDING` and `REINSTALL_FAILED` are known from its Terraform provider.
fn power(word: &str) -> PowerState {
    match word {
        "RUNNING" => PowerState::Running,
        "STOPPED" => PowerState::Stopped,
        "DEPLOYING" | "REBUILDING" | "REBOOT" | "BOOTING" | "STOPPING" | "IMAGING" | "RESIZING" | "PENDING" => {
            PowerState::Changing
        }
        "RELEASING" | "RECYCLE" | "RECYCLING" | "CREATE_FAILED" => PowerState::Gone,
        _ => PowerState::Other,
    }
}

fn nics(listing: &Listing, found: Found<shapes::Nic>) -> InventoryPage {
    let mut pool = Pool::default();
    let nics = found.items.into_iter().filter_map(|raw| nic(listing, &raw, &mut pool)).collect();
    InventoryPage { nics, next: found.next, ..InventoryPage::default() }
}

fn nic(listing: &Listing, raw: &shapes::Nic, pool: &mut Pool) -> Option<Nic> {
    let tags = pool.tags(raw.tags.told());
    let word = pool.keep(filled(raw.status.as_ref()).unwrap_or_default());
    Some(Nic {
        id: raw.id()?.into(),
        name: raw.name.iter().map(|Text(name)| name.as_str()).collect(),
        region: region(listing, raw.region_id.as_ref()),
        zone: None,
        role: match filled(raw.nic_type.as_ref()).unwrap_or_default() {
            "Primary" => NicRole::Primary,
            "Secondary" => NicRole::Secondary,
            other => NicRole::Other(pool.keep(other)),
        },
        status: NicStatus { state: nic_state(&word), word },
        instance: filled(raw.instance_id.as_ref()).map(Into::into),
        mac: pool.some(raw.mac_address.as_ref()),
        vpc: pool.some(raw.vpc_id.as_ref()),
        subnet: pool.some(raw.subnet_id.as_ref()),
        security_groups: pool.some(raw.security_group_id.as_ref()).into_iter().collect(),
        addresses: addresses(raw),
        public_ips: raw.public_ip_list.iter().filter_map(|text| filled(Some(text))).map(Arc::from).collect(),
        pairs: vec![],
        managed_by: managed_by(raw, &tags),
        // The vendor has no NICs on NICs, and says nothing about hot plug: instances have to run.
        linked: None,
        members: None,
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        // Vendor: one of a subnet with IPv6 has one of those.
        addresses_known: tells_addresses(raw)
            && (raw.primary_ipv6.0.is_some()
                || !filled(raw.nic_subnet_type.as_ref()).is_some_and(|kind| kind.contains("IPv6"))
                || addresses(raw).iter().any(|address| address.ip.is_ipv6())),
        ranges: vec![],
        hot_plug: None,
        tags,
        description: pool.keep(""),
    })
}

fn region(listing: &Listing, told: Option<&Text>) -> RegionId {
    match (filled(told), &listing.region) {
        (Some(told), Some(asked)) if told == asked.as_str() => asked.clone(),
        (Some(told), _) => RegionId::from(told),
        (None, Some(asked)) => asked.clone(),
        (None, None) => RegionId::from(""),
    }
}

/// Vendor: `DescribeNetworkInterfaces` page.
fn nic_state(word: &str) -> NicState {
    match word {
        "AVAILABLE" => NicState::Free,
        "USED" => NicState::Attached,
        "ATTACHING" => NicState::Attaching,
        "DETACHING" => NicState::Detaching,
        "PENDING" | "DELETING" => NicState::Changing,
        "CREATE_FAILED" => NicState::Failed,
        _ => NicState::Other,
    }
}

/// Does the record say which addresses the NIC has? It has one at least, but for one that is being made, or could not be. Vendor:
/// one of a subnet of IPv6 alone has no IPv4.
fn tells_addresses(raw: &shapes::Nic) -> bool {
    let unborn = matches!(filled(raw.status.as_ref()), Some("PENDING" | "CREATE_FAILED"));
    let only_v6 = filled(raw.nic_subnet_type.as_ref()) == Some("IPv6");
    let has_v4 = addresses(raw).iter().any(|address| address.ip.is_ipv4());
    // A place in a list without an address may be any of them.
    if raw.private_ip_list.iter().chain(&raw.secondary_ipv4s).flatten().any(|ip| ip.0.is_none()) {
        return false;
    }
    unborn || only_v6 || has_v4 && (raw.private_ip_list.is_some() || raw.secondary_ipv4s.is_some())
}

/// Newer answers name the primary and the secondary addresses, older ones have one list with the primary first.
fn addresses(raw: &shapes::Nic) -> Vec<Address> {
    let list: Vec<IpAddr> = raw.private_ip_list.iter().flatten().filter_map(|ip| ip.0).collect();
    let named: Vec<IpAddr> = raw.secondary_ipv4s.iter().flatten().filter_map(|ip| ip.0).collect();
    let primary = raw.primary_ipv4.0.or_else(|| list.iter().copied().find(|ip| ip.is_ipv4() && !named.contains(ip)));
    let mut found: Vec<Address> = Vec::with_capacity(list.len() + 1);
    let mut put = |ip: IpAddr, role: AddressRole| {
        if found.iter().all(|address| address.ip != ip) {
            found.push(Address { ip, role });
        }
    };
    if let Some(ip) = primary {
        put(ip, AddressRole::Primary);
    }
    for &ip in list.iter().chain(&named).filter(|ip| ip.is_ipv4()) {
        put(ip, AddressRole::Secondary);
    }
    for ip in list.iter().copied().filter(IpAddr::is_ipv6).chain(raw.primary_ipv6.0) {
        put(ip, AddressRole::Ipv6);
    }
    found
}

/// Zenlayer marks no NIC as owned by one of its services; clusters leave their tags. Vendor: `DescribeNetworkInterfaces` page, each
/// NIC has `tags`, null or empty where it has none. One whose answer leaves them out is the exception, and may be a cluster's.
fn managed_by(raw: &shapes::Nic, tags: &Tags) -> ManagedBy {
    let told = raw.tags.told().unwrap_or_default().iter().map(|tag| (said(tag.key.as_ref()), said(tag.value.as_ref())));
    let cluster = |key: &str| {
        let key = key.to_ascii_lowercase();
        key.contains("kubernetes") || key.contains("k8s")
    };
    match pieces(tags, told).iter().find(|(key, _)| cluster(key)) {
        Some((key, _)) => ManagedBy::Controller(Arc::clone(key)),
        None if !tags.is_known() => ManagedBy::Unknown,
        None => ManagedBy::Nobody,
    }
}

fn eips(listing: &Listing, found: Found<shapes::Eip>) -> InventoryPage {
    let mut pool = Pool::default();
    let eip = |raw: shapes::Eip| {
        Some(Eip {
            dies_unbound: Some(false),
            id: raw.id()?.into(),
            region: region(listing, raw.region_id.as_ref()),
            // One that is none is left out: the NIC names it, and then it is not explained.
            ips: raw.public_ip_addresses.iter().filter_map(|Text(text)| text.trim().parse().ok()).collect(),
            name: raw.name.iter().map(|Text(name)| name.as_str()).collect(),
            status: pool.keep(filled(raw.status.as_ref()).unwrap_or_default()),
            bound: binding(&raw),
        })
    };
    InventoryPage {
        eips: found.items.into_iter().filter_map(eip).collect(),
        next: found.next,
        ..InventoryPage::default()
    }
}

/// A word for the other end that this version does not know is taken as a NIC's: if the id is none of a NIC, nothing happens.
fn binding(raw: &shapes::Eip) -> EipBinding {
    let private_ip = raw.private_ip_address.0;
    if matches!(filled(raw.associated_type.as_ref()), Some("NAT" | "LB" | "HAVIP")) {
        return EipBinding::Elsewhere;
    }
    let nic = filled(raw.associated_id.as_ref()).or_else(|| filled(raw.nic_id.as_ref()));
    match (nic, filled(raw.instance_id.as_ref())) {
        (Some(nic), _) => EipBinding::Nic { nic: nic.into(), private_ip },
        (None, Some(instance)) => EipBinding::Instance { instance: instance.into(), private_ip },
        (None, None) if filled(raw.associated_type.as_ref()).is_some() => EipBinding::Elsewhere,
        (None, None) => EipBinding::Unbound,
    }
}

/// Each balancer is asked for its backends; its VPC and name go along.
fn balancers(listing: &Listing, found: Found<Balancer>) -> InventoryPage {
    let steps = found.items.into_iter().filter_map(|raw| {
        let id = LoadBalancerId::from(raw.id()?);
        let word = |text: &Option<Text>| text.as_ref().map_or(String::new(), |Text(text)| text.replace('\n', " "));
        Some(Listing {
            resource: Resource::Backends,
            region: listing.region.clone(),
            part: part::BACKENDS,
            scope: Scope::LoadBalancer(id),
            cursor: Cursor::Start,
            carry: Some(match &listing.carry {
                Some(vpc) => about_balancer(vpc, ""),
                None => about_balancer(&word(&raw.vpc_id), &word(&raw.load_balancer_name)),
            }),
        })
    });
    let next = found.next.into_iter().chain(steps).collect();
    InventoryPage { next, ..InventoryPage::default() }
}

fn backends(listing: &Listing, rows: Vec<shapes::Backend>) -> InventoryPage {
    let Scope::LoadBalancer(balancer) = &listing.scope else { return InventoryPage::default() };
    let (vpc, name) = listing.carry.as_deref().and_then(|carry| carry.split_once('\n')).unwrap_or_default();
    let vpc: Option<Arc<str>> = (!vpc.is_empty()).then(|| vpc.into());
    let name: Arc<str> = name.into();
    let region = region(listing, None);
    let backend = |raw: shapes::Backend| {
        let instance = filled(raw.instance_id.as_ref()).map(InstanceId::from);
        let target = match (raw.private_ip_address.and_then(|told| told.0), instance) {
            (Some(ip), instance) => BackendTarget::Address { ip, instance, nic: None },
            (None, Some(instance)) => BackendTarget::Instance(instance),
            (None, None) => return None,
        };
        let ports = [filled(raw.listener_port.as_ref()), filled(raw.protocol.as_ref())];
        Some(Backend {
            load_balancer: balancer.clone(),
            name: Arc::clone(&name),
            region: region.clone(),
            vpc: vpc.clone(),
            range: None,
            target,
            port: ports.into_iter().flatten().collect::<Vec<_>>().join("/").into(),
        })
    };
    InventoryPage { backends: rows.into_iter().filter_map(backend).collect(), ..InventoryPage::default() }
}

#[cfg(test)]
mod tests;
