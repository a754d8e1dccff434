//! What one step of a listing hands to the next, as the text that a `Listing` carries. Nobody else reads it.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{
    address::{Backend, BackendTarget},
    ids::InstanceId,
    nic::Nic,
    page::{Listing, Scope},
};

use super::decode::wire::Server;

/// Everything that a later step of a family needs from earlier ones.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Carry {
    /// The balancer or group that is asked about, where the scope does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The balancer's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whose the group is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub balancers: Vec<String>,
    /// The group's VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub port: String,
    /// Ids or addresses to search for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<String>,
    /// Found servers whose group is still to be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// In an inspection: the NIC it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

impl Carry {
    pub fn of(listing: &Listing) -> Self {
        listing.carry.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub fn text(&self) -> Arc<str> {
        // Text and lists of text: can not fail.
        Arc::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// The balancer, group or NIC that a step is about.
    pub fn object<'a>(&'a self, listing: &'a Listing) -> &'a str {
        match &listing.scope {
            Scope::LoadBalancer(id) => id.as_str(),
            Scope::Group(id) => id,
            _ => self.object.as_deref().unwrap_or_default(),
        }
    }
}

/// The NIC that an inspection is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Only {
    nic: String,
    instance: Option<String>,
    vpc: Option<String>,
    ips: Vec<IpAddr>,
}

impl Only {
    pub fn new(nic: &Nic) -> Self {
        Self {
            nic: nic.id.to_string(),
            instance: nic.instance.as_ref().map(ToString::to_string),
            vpc: nic.vpc.as_deref().map(str::to_owned),
            ips: nic.addresses.iter().map(|address| address.ip).collect(),
        }
    }

    /// May this backend send to the NIC? An address that the NIC got since it was listed counts as well.
    pub fn has(&self, backend: &Backend) -> bool {
        let mine = |instance: &InstanceId| Some(instance.as_str()) == self.instance.as_deref();
        match &backend.target {
            BackendTarget::Address { nic: Some(nic), .. } => nic.as_str() == self.nic,
            BackendTarget::Address { ip, instance, nic: None } => {
                self.ips.contains(ip)
                    && instance.as_ref().is_none_or(mine)
                    && backend.vpc.as_deref().zip(self.vpc.as_deref()).is_none_or(|(a, b)| a == b)
            }
            BackendTarget::Instance(instance) => mine(instance),
        }
    }

    pub fn is_nic(&self, id: &str) -> bool {
        self.nic == id
    }
}
