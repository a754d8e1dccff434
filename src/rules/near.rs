//! NICs by the addresses that writes are about: looked for once, however many of them ask.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use crate::domain::{inventory::ProfileInventory, nic::Nic};

/// Who of a profile has which of some addresses.
pub struct Near<'a> {
    by_ip: HashMap<IpAddr, Vec<&'a Nic>>,
    half: Vec<&'a Nic>,
}

impl<'a> Near<'a> {
    /// Looks for these addresses on all NICs.
    pub fn of(part: &'a ProfileInventory, ips: impl IntoIterator<Item = IpAddr>) -> Self {
        let wanted: HashSet<IpAddr> = ips.into_iter().collect();
        let mut near = Self { by_ip: HashMap::new(), half: Vec::new() };
        for (_, nic) in part.nics() {
            if !nic.addresses_known {
                near.half.push(nic);
            }
            for address in nic.addresses.iter().filter(|address| wanted.contains(&address.ip)) {
                near.by_ip.entry(address.ip).or_default().push(nic);
            }
        }
        near
    }

    /// NICs with an address that was looked for.
    pub fn with(&self, ip: IpAddr) -> &[&'a Nic] {
        self.by_ip.get(&ip).map_or(&[], Vec::as_slice)
    }

    /// NICs of which not all addresses were told.
    pub fn half_told(&self) -> &[&'a Nic] {
        &self.half
    }
}
