//! Answers of API 2.0: `{"code", "message", "codeDesc", "data"}`.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, de::DeserializeOwned};

use super::{PAGE_SIZE, faults};
use crate::{
    domain::{
        address::{Address, AddressRole, Eip, EipBinding},
        fault::{Effect, Fault, FaultKind},
        ids::{InstanceId, RegionId},
        name::Name,
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
        odd,
        outcome::Receipt,
        page::{InventoryPage, Listing, Scope},
        tags::Tags,
    },
    providers::{
        answers::{self, Pool, controller},
        loose::{count, id, ip, text, truth},
        provider::{Call, Reply, TaskState},
        tencent::{
            decode::{CONTROLLERS, next_pages, wire::list},
            encode,
        },
    },
    wire::WireResponse,
};

/// Reads an answer to one of this API's own calls.
pub(super) fn decode(call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
    let head: Head = body(call, response)?;
    if let Some(fault) = faults::of(call, response, head.code, &head.name, &head.message) {
        return if gone(call, &fault) { Ok(Reply::Page(InventoryPage::default())) } else { Err(fault) };
    }
    match call {
        Call::List(listing) => nics(call, response, listing).map(Reply::Page),
        Call::Task { task, .. } => task_state(call, response, task).map(Reply::Task),
        _ => receipt(call, response).map(Reply::Accepted),
    }
}

/// Not there any more, and nothing on it.
fn gone(call: &Call, fault: &Fault) -> bool {
    matches!(call, Call::List(listing) if matches!(listing.scope, Scope::Nic(_)))
        && fault.code.as_deref() == Some("InvalidNetworkInterface.NotFound")
}

fn body<T: DeserializeOwned>(call: &Call, response: &WireResponse) -> Result<T, Fault> {
    if response.status != 200 {
        return Err(faults::garbage(call, response, odd::STATUS_NOT_200));
    }
    answers::read(&response.body).map_err(|what| faults::garbage(call, response, &what))
}

/// Vendor: the code is a number, on some pages as text; without one it is not this API that answered.
#[derive(Deserialize)]
struct Head {
    #[serde(deserialize_with = "whole")]
    code: i64,
    #[serde(default, rename = "codeDesc", deserialize_with = "text")]
    name: String,
    #[serde(default, deserialize_with = "text")]
    message: String,
}

fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = text(deserializer)?;
    text.trim().parse().map_err(|_| serde::de::Error::custom(format!("no code: {text:?}")))
}

/// Vendor: one page's table has the number at the top, its example in `data`.
#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    data: Option<BegunData>,
    #[serde(default, rename = "taskId", deserialize_with = "text")]
    task: String,
}

#[derive(Deserialize)]
struct BegunData {
    #[serde(default, rename = "taskId", deserialize_with = "text")]
    task: String,
}

/// This API has no request ids; the task's number is what a person can tell the vendor.
fn receipt(call: &Call, response: &WireResponse) -> Result<Receipt, Fault> {
    let begun: Begun = body(call, response)?;
    let task = begun.data.map(|data| data.task).filter(|task| !task.is_empty()).unwrap_or(begun.task);
    let task = Some(task).filter(|task| !task.is_empty());
    Ok(Receipt { request_id: task.clone(), task })
}

#[derive(Deserialize)]
struct Polled {
    data: PolledData,
}

#[derive(Deserialize)]
struct PolledData {
    #[serde(deserialize_with = "whole")]
    status: i64,
}

/// Vendor: 0 done, 1 failed, 2 running.
fn task_state(call: &Call, response: &WireResponse, task: &str) -> Result<TaskState, Fault> {
    match body::<Polled>(call, response)?.data.status {
        0 => Ok(TaskState::Done),
        1 => Ok(TaskState::Failed(Box::new(Fault {
            effect: Effect::Unknown,
            code: Some("1".to_owned()),
            request_id: Some(task.to_owned()),
            http_status: Some(response.status),
            ..Fault::local(FaultKind::Refused, encode::action(call), "the task failed")
        }))),
        2 => Ok(TaskState::Running),
        other => Err(faults::garbage(call, response, &odd::about(odd::STRANGE_STATUS, other))),
    }
}

#[derive(Deserialize)]
struct Nics {
    data: NicsData,
}

#[derive(Deserialize)]
struct NicsData {
    #[serde(default, rename = "totalNum", deserialize_with = "count")]
    total: Option<u64>,
    data: Vec<RawNic>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawNic {
    #[serde(deserialize_with = "id")]
    network_interface_id: String,
    #[serde(default)]
    eni_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    eni_description: String,
    #[serde(default, deserialize_with = "text")]
    vpc_id: String,
    #[serde(default, deserialize_with = "text")]
    subnet_id: String,
    #[serde(default, deserialize_with = "truth")]
    primary: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    mac_address: String,
    #[serde(default, deserialize_with = "list")]
    private_ip_addresses_set: Vec<RawAddress>,
    /// An object, not a list; its texts are empty when the NIC is on no instance.
    #[serde(default)]
    instance_set: Option<RawInstance>,
    #[serde(default, deserialize_with = "list")]
    group_set: Vec<RawGroup>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAddress {
    #[serde(default, deserialize_with = "ip")]
    private_ip_address: Option<IpAddr>,
    #[serde(default, deserialize_with = "truth")]
    primary: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    wan_ip: String,
    /// Missing: nobody says.
    #[serde(default, deserialize_with = "said")]
    eip_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawInstance {
    #[serde(default, deserialize_with = "said")]
    instance_id: Option<String>,
}

/// What is there, null included.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawGroup {
    #[serde(default, deserialize_with = "text")]
    sg_id: String,
}

fn nics(call: &Call, response: &WireResponse, listing: &Listing) -> Result<InventoryPage, Fault> {
    let NicsData { total, data } = body::<Nics>(call, response)?.data;
    let garbage = |what: &str| faults::garbage(call, response, what);
    let Some(region) = &listing.region else {
        return Err(Fault::local(FaultKind::Local, encode::action(call), "a listing without its region"));
    };
    if let Scope::Nic(asked) = &listing.scope
        && data.iter().any(|raw| raw.network_interface_id != asked.as_str())
    {
        return Err(garbage(odd::NOT_WHAT_WAS_ASKED));
    }
    // Of the one that was asked for they decide what was done to it. Vendor: it has an address of its own, and where it is on no
    // instance the instance is there with an empty name.
    let tells = |raw: &RawNic| !raw.private_ip_addresses_set.is_empty() && told_instance(raw).is_some();
    if matches!(listing.scope, Scope::Nic(_)) && !data.iter().all(tells) {
        return Err(garbage(&odd::missing("privateIpAddressesSet, instanceSet")));
    }
    let next = next_pages(listing, data.len(), total, PAGE_SIZE, garbage)?;
    let eips = data.iter().flat_map(|raw| eips(raw, region)).collect();
    let mut pool = Pool::default();
    let nics = data.into_iter().map(|raw| nic(raw, region, &mut pool)).collect();
    Ok(InventoryPage { nics, eips, next, ..InventoryPage::default() })
}

/// What a NIC tells of the EIPs on it: neither names nor states, nor whether they outlive it.
fn eips<'a>(raw: &'a RawNic, region: &'a RegionId) -> impl Iterator<Item = Eip> + 'a {
    let named = raw.private_ip_addresses_set.iter().filter_map(|address| {
        let id = address.eip_id.as_deref().filter(|id| !id.is_empty())?;
        Some((id, address))
    });
    named.map(|(id, address)| Eip {
        id: id.into(),
        region: region.clone(),
        ips: address.wan_ip.parse().into_iter().collect(),
        name: Name::unknown(),
        status: Arc::from(""),
        bound: EipBinding::Nic {
            nic: raw.network_interface_id.as_str().into(),
            private_ip: address.private_ip_address,
        },
        dies_unbound: None,
    })
}

/// Where the NIC is; empty: on nothing. `None`: nobody says.
fn told_instance(raw: &RawNic) -> Option<&str> {
    raw.instance_set.as_ref()?.instance_id.as_deref()
}

/// Whose the NIC is it does not tell; what a cluster leaves in a description is all there is. Whether the cluster or the vendor's own
/// product made it, and so whether the vendor refuses to change it, that does not say.
fn marked(description: &str) -> ManagedBy {
    controller(CONTROLLERS, &[], description).map_or(ManagedBy::Unknown, ManagedBy::Service)
}

fn nic(raw: RawNic, region: &RegionId, pool: &mut Pool) -> Nic {
    let told = told_instance(&raw).is_some();
    let instance = told_instance(&raw).filter(|id| !id.is_empty()).map(InstanceId::from);
    // A public address that no id goes with is one that nothing explains.
    let is_eip = |raw: &&RawAddress| raw.eip_id.as_deref() != Some("") && !raw.wan_ip.is_empty();
    let named = raw.private_ip_addresses_set.iter().filter(is_eip);
    let public_ips = named.map(|raw| Arc::from(raw.wan_ip.as_str())).collect();
    let role = |raw: &RawAddress| match raw.primary {
        Some(false) => AddressRole::Secondary,
        _ => AddressRole::Primary,
    };
    let address = |raw: &RawAddress| raw.private_ip_address.map(|ip| Address { ip, role: role(raw) });
    let mut addresses: Vec<Address> = raw.private_ip_addresses_set.iter().filter_map(address).collect();
    addresses.sort_by_key(|address| address.role != AddressRole::Primary);
    let is_told = |raw: &RawAddress| raw.private_ip_address.is_some() && raw.primary.is_some();
    let known = !raw.private_ip_addresses_set.is_empty() && raw.private_ip_addresses_set.iter().all(is_told);
    Nic {
        name: raw.eni_name.into_iter().collect(),
        region: region.clone(),
        zone: None,
        role: if raw.primary == Some(false) { NicRole::Secondary } else { NicRole::Primary },
        // It tells where a NIC is, and not whether it is at rest.
        status: NicStatus {
            word: pool.keep(""),
            state: match &instance {
                Some(_) => NicState::Attached,
                None if told => NicState::Free,
                None => NicState::Other,
            },
        },
        mac: pool.some(&raw.mac_address),
        vpc: pool.some(&raw.vpc_id),
        subnet: pool.some(&raw.subnet_id),
        security_groups: raw.group_set.iter().filter_map(|group| pool.some(&group.sg_id)).collect(),
        addresses,
        pairs: Vec::new(),
        public_ips,
        managed_by: marked(&raw.eni_description),
        linked: None,
        members: None,
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        addresses_known: known,
        ranges: vec![],
        hot_plug: None,
        tags: Tags::unknown(),
        description: Arc::from(raw.eni_description.as_str()),
        instance,
        id: raw.network_interface_id.into(),
    }
}
