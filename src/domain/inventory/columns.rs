//! What a filter asks of every NIC and instance, with every key stroke: each kind of it side by side. The things themselves lie all
//! over the memory, and fetching them is most of the time that a filter takes.

use std::{fmt, net::IpAddr};

use super::ProfileInventory;
use crate::domain::{
    address::{Address, Eip},
    instance::Instance,
    lists::Lists,
    nic::Nic,
};

/// By slot, of all things of a kind: a slot has an id as long as it has a thing.
#[derive(Clone, Debug, Default)]
pub struct Titles {
    ids: Lists<String>,
    names: Lists<String>,
}

impl Titles {
    fn set(&mut self, slot: u32, title: Option<(&str, &str)>) {
        self.ids.set(slot, title.map(|(id, _)| id));
        self.names.set(slot, title.map(|(_, name)| name));
    }

    fn get(&self, slot: u32) -> Option<(&str, &str)> {
        Some((self.ids.get(slot)?, self.names.get(slot)?))
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    instances: Titles,
    nics: Titles,
    macs: Lists<String>,
    addresses: Lists<Vec<Address>>,
    /// Public addresses that NICs name themselves.
    publics: Lists<Vec<IpAddr>>,
}

impl Columns {
    pub fn put_instance(&mut self, slot: u32, instance: Option<&Instance>) {
        self.instances.set(slot, instance.map(|instance| (instance.id.as_str(), &*instance.name)));
    }

    pub fn put_nic(&mut self, slot: u32, nic: Option<&Nic>) {
        self.nics.set(slot, nic.map(|nic| (nic.id.as_str(), &*nic.name)));
        self.macs.set(slot, nic.and_then(|nic| nic.mac.as_deref()));
        self.addresses.set(slot, nic.map(|nic| nic.addresses.as_slice()));
        let publics = |nic: &Nic| nic.public_ips.iter().filter_map(|text| text.parse().ok()).collect::<Vec<_>>();
        // Most have none.
        self.publics.set(slot, nic.map(publics).as_deref().filter(|publics| !publics.is_empty()));
    }
}

/// An instance of an inventory, of which only what is asked for is fetched.
#[derive(Clone, Copy)]
pub struct InstanceRef<'a> {
    pub id: &'a str,
    pub name: &'a str,
    part: &'a ProfileInventory,
    slot: u32,
}

impl<'a> InstanceRef<'a> {
    /// All of it.
    pub fn whole(&self) -> Option<&'a Instance> {
        self.part.instance_at(self.slot)
    }
}

/// A NIC of an inventory, of which only what is asked for is fetched.
#[derive(Clone, Copy)]
pub struct NicRef<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub addresses: &'a [Address],
    part: &'a ProfileInventory,
    slot: u32,
}

impl<'a> NicRef<'a> {
    /// All of it.
    pub fn whole(&self) -> Option<&'a Nic> {
        self.part.nic_at(self.slot)
    }

    pub fn mac(&self) -> Option<&'a str> {
        self.part.columns.macs.get(self.slot)
    }

    /// Public addresses that it names itself; what is no address is left out.
    pub fn publics(&self) -> &'a [IpAddr] {
        self.part.columns.publics.get(self.slot).unwrap_or_default()
    }

    /// The slot of the instance that it is attached to, where that instance was read.
    pub fn instance(&self) -> Option<u32> {
        self.part.instance_of(self.slot)
    }

    /// EIPs bound to it, directly or (a primary NIC) through its instance.
    pub fn eips(&self) -> impl Iterator<Item = &'a Eip> + use<'a> {
        self.part.eips_at(self.slot)
    }

    /// May a backend name one of its addresses, or its instance? `false`: none does.
    pub fn may_have_backends(&self) -> bool {
        let part = self.part;
        // One whose instance was not read is asked whole.
        let id = || self.instance().and_then(|slot| part.columns.instances.ids.get(slot));
        (!part.backends_of_instance.is_empty() && id().is_none_or(|id| part.backends_of_instance.contains_key(id)))
            || !part.backends_of_ip.is_empty()
                && self.addresses.iter().any(|address| part.backends_of_ip.contains_key(&address.ip))
    }
}

impl fmt::Debug for InstanceRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InstanceRef").field(&self.id).finish()
    }
}

impl fmt::Debug for NicRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NicRef").field(&self.id).finish()
    }
}

impl ProfileInventory {
    pub fn instance_ref(&self, slot: u32) -> Option<InstanceRef<'_>> {
        let (id, name) = self.columns.instances.get(slot)?;
        Some(InstanceRef { id, name, part: self, slot })
    }

    pub fn nic_ref(&self, slot: u32) -> Option<NicRef<'_>> {
        let (id, name) = self.columns.nics.get(slot)?;
        let addresses = self.columns.addresses.get(slot)?;
        Some(NicRef { id, name, addresses, part: self, slot })
    }
}
