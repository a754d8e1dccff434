//! A call as a request of API 2.0: `POST /v2/index.php`, everything a parameter of one form, lists flattened from 0.

use std::fmt::Display;

use super::{DESCRIPTOR, PAGE_SIZE, is_own, is_versioned};
use crate::{
    domain::{
        ids::InstanceId,
        page::{Listing, Resource, Scope},
        plan::OperationKind,
    },
    providers::{
        profile::Profile,
        provider::{Call, Step},
        tencent::{encode, sign::LEGACY_PATH},
    },
    wire::{WireRequest, percent_encode},
};

/// Regions as older pages write them, and as API 3.0 does. What the user wrote is sent as it is to this API.
const REGIONS: &[(&str, &str)] = &[
    ("gz", "ap-guangzhou"),
    ("sh", "ap-shanghai"),
    ("bj", "ap-beijing"),
    ("cd", "ap-chengdu"),
    ("hk", "ap-hongkong"),
    ("sg", "ap-singapore"),
    ("kr", "ap-seoul"),
    ("usw", "na-siliconvalley"),
    ("ca", "na-toronto"),
    ("de", "eu-frankfurt"),
    ("gzopen", "ap-guangzhou-open"),
    ("shjr", "ap-shanghai-fsi"),
    ("szjr", "ap-shenzhen-fsi"),
];

/// The region's name in API 3.0.
pub(super) fn long(region: &str) -> &str {
    REGIONS.iter().find(|row| row.0 == region).map_or(region, |row| row.1)
}

/// The unsigned request.
pub(super) fn encode(call: &Call, profile: &Profile) -> WireRequest {
    let region = encode::region(call, profile);
    if !is_own(call) && !is_versioned(call) {
        return encode::encode(call, region.map(long), profile);
    }
    let mut form = Form::default();
    form.put("Action", encode::action(call));
    // Vendor: "Common parameters": each call names a region, that which lists the regions as well.
    form.put("Region", region.unwrap_or(DESCRIPTOR.example_region));
    match call {
        Call::List(listing) if is_versioned(call) => {
            form.put("Version", "2017-03-12");
            if listing.resource == Resource::Instances {
                instances(&mut form, listing);
            }
        }
        Call::List(listing) => nics(&mut form, listing),
        Call::Write { kind, step, .. } => write(&mut form, kind, step),
        Call::Task { task, .. } => form.put("taskId", task),
        Call::SignIn { .. } | Call::Identity { .. } => {}
    }
    let module = if is_versioned(call) { "cvm" } else { "vpc" };
    let (scheme, host) = profile.host(module, &format!("{module}.api.qcloud.com"), region.unwrap_or_default());
    WireRequest {
        method: "POST",
        scheme,
        host,
        path: LEGACY_PATH.to_owned(),
        query: String::new(),
        headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
        body: form.text().into_bytes(),
    }
}

#[derive(Default)]
struct Form(Vec<(String, String)>);

impl Form {
    fn put(&mut self, name: &str, value: impl Display) {
        self.0.push((name.to_owned(), value.to_string()));
    }

    fn list(&mut self, values: impl IntoIterator<Item = impl Display>, name: impl Fn(usize) -> String) {
        for (at, value) in values.into_iter().enumerate() {
            self.put(&name(at), value);
        }
    }

    fn text(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{}={}", percent_encode(name), percent_encode(value));
        self.0.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

fn nics(form: &mut Form, listing: &Listing) {
    if let Scope::Nic(id) = &listing.scope {
        form.put("networkInterfaceId", id);
    }
    form.put("offset", (encode::page(listing) - 1) * PAGE_SIZE);
    form.put("limit", if listing.scope == Scope::Few { 1 } else { PAGE_SIZE });
}

fn instances(form: &mut Form, listing: &Listing) {
    if let Scope::Instances(ids) = &listing.scope {
        form.list(ids.iter().map(InstanceId::as_str), |at| format!("InstanceIds.{at}"));
    }
    form.put("Offset", (encode::page(listing) - 1) * encode::PAGE_SIZE);
    form.put("Limit", encode::PAGE_SIZE);
}

fn write(form: &mut Form, kind: &OperationKind, step: &Step) {
    form.put("vpcId", step.carry.as_deref().unwrap_or_default());
    form.put("networkInterfaceId", kind.nic());
    match kind {
        OperationKind::Release { ips, .. } => form.list(ips, |at| format!("privateIpAddress.{at}")),
        OperationKind::Assign { ips, .. } => {
            form.list(ips, |at| format!("privateIpAddressSet.{at}.privateIpAddress"));
        }
        OperationKind::Detach { instance, .. } | OperationKind::Attach { instance, .. } => {
            form.put("instanceId", instance);
        }
        // An EIP is bound by API 3.0.
        OperationKind::Delete { .. } | OperationKind::BindEip { .. } => {}
    }
}
