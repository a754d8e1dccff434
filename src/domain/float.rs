//! Virtual addresses that clouds keep as objects of their own, bound to NICs by pairs.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{ids::RegionId, name::Name, nic::Nic};

/// A virtual address. It is on a NIC when one side's pairs name the other's address, in the same subnet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Float {
    /// The cloud's own id for it (a port's).
    pub id: Arc<str>,
    pub ip: IpAddr,
    pub name: Name,
    pub region: RegionId,
    /// Where known: two subnets can hold the same address.
    pub subnet: Option<Arc<str>>,
    /// The addresses of the NICs that it is bound to, as its own list has them.
    pub pairs: Vec<Pair>,
    /// The cloud's service that owns it.
    pub owner: Option<Arc<str>>,
}

/// An entry of a list of allowed addresses.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// An address, or a range, as the cloud spells it; the id of a NIC or an instance, where the cloud binds it to those.
    pub ip: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Arc<str>>,
}

/// A list of allowed addresses as it was at some moment: for putting it back.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct PairList {
    /// The virtual address or the NIC whose own list it is, by id.
    pub of: Arc<str>,
    pub pairs: Vec<Pair>,
}

impl Pair {
    /// The one address that it names: a range of one is one.
    pub fn address(&self) -> Option<IpAddr> {
        let (ip, bits) = self.ip.split_once('/').map_or((&*self.ip, None), |(ip, bits)| (ip, Some(bits)));
        let ip: IpAddr = ip.parse().ok()?;
        let whole = if ip.is_ipv4() { "32" } else { "128" };
        bits.is_none_or(|bits| bits == whole).then_some(ip)
    }

    /// Does it stand for any address? As vendors spell it: a range of everything, whatever address it is written with.
    pub fn is_any(&self) -> bool {
        self.ip.ends_with("/0")
    }

    /// Does it name this very address?
    pub fn is(&self, ip: IpAddr) -> bool {
        self.address() == Some(ip)
    }

    /// Does it name the NIC: by one of its own addresses, by its id, or by its instance's?
    pub fn names(&self, nic: &Nic) -> bool {
        *self.ip == *nic.id.as_str()
            || nic.instance.as_ref().is_some_and(|instance| *self.ip == *instance.as_str())
            || nic.own_ips().any(|ip| self.is(ip))
    }
}

impl Float {
    /// Is it on the NIC?
    pub fn is_on(&self, nic: &Nic) -> bool {
        let apart = |a: &Option<Arc<str>>, b: &Option<Arc<str>>| matches!((a, b), (Some(a), Some(b)) if a != b);
        // A cloud may show one as a NIC as well.
        *self.id != *nic.id.as_str()
            && self.region == nic.region
            && !apart(&self.subnet, &nic.subnet)
            && (self.names(nic) || nic.pairs.iter().any(|pair| pair.is(self.ip)))
    }

    /// Does its own list name the NIC?
    pub fn names(&self, nic: &Nic) -> bool {
        self.pairs.iter().any(|pair| pair.names(nic))
    }

    /// Entries of its list that do not name this NIC: other NICs answer for it as well.
    pub fn others(&self, nic: &Nic) -> usize {
        self.pairs.iter().filter(|pair| !pair.names(nic)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_one_address_is_that_address() {
        let is = |text: &str, ip: &str| Pair { ip: text.into(), mac: None }.is(ip.parse().unwrap());
        for (text, ip) in [("10.0.0.9", "10.0.0.9"), ("10.0.0.9/32", "10.0.0.9"), ("FD00::1/128", "fd00::1")] {
            assert!(is(text, ip), "{text}");
        }
        for text in ["10.0.0.9/31", "10.0.0.9/128", "10.0.0.8/32", "10.0.0.9/", "10.0.0.9/032", "1.1.1.1/0", ""] {
            assert!(!is(text, "10.0.0.9"), "{text}");
        }
        assert!(!is("fd00::1/32", "fd00::1"));
    }
}
