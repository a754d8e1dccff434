//! What a write needs to send, decided on the NIC as it was just read: no virtual IP that was not listed is ever touched.
//!
//! There are two ways to take a virtual IP off a NIC. Vendor: `DisassociateServerVirtualIp` names no address and empties the NIC's
//! list of allowed pairs, so all its virtual IPs go, and its source/destination check comes on again; `UpdatePort` replaces one
//! port's list whole, so that one pair of it can be left out. The first is used only where everything on the NIC is to go, and
//! what it leaves on the virtual IPs' own lists is taken away by the second. Taking it back is the same in reverse: its counterpart
//! binds, and leaves lists of its own kind, which are then written as they were. Where the counterpart is not published, and on a NIC
//! that is on no server, the NIC's own list binds.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::{
    domain::{
        address::AddressRole,
        fault::Fault,
        float::{Float, Pair, PairList},
        nic::Fate,
        plan::OperationKind,
        snapshot::NicSnapshot,
    },
    providers::provider::Step,
};

/// Takes everything off the NIC.
pub(super) const ALL: &str = "all";
/// Writes one port's list of pairs back, without some of them.
pub(super) const PORT: &str = "port";
/// The same by the VPC's other API.
pub(super) const PORT_V2: &str = "port v2.0";
/// Deletes a port by the VPC's other API.
pub(super) const DELETE_V2: &str = "v2.0";
/// Binds one virtual IP.
pub(super) const BIND: &str = "bind";
/// Makes the NIC outlive its detach.
pub(super) const KEEP: &str = "keep";
/// Takes the NIC off.
pub(super) const UNPLUG: &str = "unplug";
/// Binds an EIP to a port.
pub(super) const EIP: &str = "eip";

/// The next request of a write.
pub(super) fn step(kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
    match kind {
        OperationKind::Release { ips, .. } => {
            let wanted: Vec<&Float> = seen.floats.iter().filter(|float| ips.contains(&float.ip)).collect();
            release(seen, &wanted, made)
        }
        // Only from the server that it was listed on, and never where it is not known whether that deletes it.
        OperationKind::Detach { instance, .. } if seen.nic.instance.as_ref() == Some(instance) => {
            match (made, seen.nic.dies_with_detach) {
                ([], Some(Fate::Dies)) => Some(Step { name: KEEP, carry: None, last: false }),
                // It stays by itself, or, read back, the cloud has taken it to heart.
                ([] | [Step { name: KEEP, .. }], Some(Fate::Stays)) => {
                    Some(Step { name: UNPLUG, carry: None, last: true })
                }
                _ => None,
            }
        }
        OperationKind::Detach { .. } => None,
        OperationKind::Assign { ips, lists, .. } => {
            let missing = missing(seen, ips);
            let Some(ip) = missing.first() else { return put_back(seen, ips, lists, made) };
            // The counterpart wants a server's NIC. Where a list was written in its place, it is not published.
            let by_list = seen.nic.instance.is_none() && !lists.is_empty();
            if by_list || made.iter().any(|step| matches!(step.name, PORT | PORT_V2)) {
                return bind_by_list(seen, &missing, lists, made);
            }
            let network = seen.nic.subnet.as_deref()?;
            let last = missing.len() == 1 && lists.is_empty();
            once(Step { name: BIND, carry: Some(format!("{network} {ip}").into()), last }, made)
        }
        OperationKind::BindEip { nic, ip, .. } => {
            // A virtual IP's EIP is bound to the virtual IP's own port.
            let float = seen.floats.iter().find(|float| float.ip == *ip).map(|float| float.id.clone());
            let port = float.unwrap_or_else(|| nic.as_str().into());
            made.is_empty().then_some(Step { name: EIP, carry: Some(port), last: true })
        }
        OperationKind::Attach { .. } | OperationKind::Delete { .. } => made.is_empty().then(Step::default),
    }
}

/// The request in the place of one whose API is not published there. Vendor: the calls of the VPC are in v2.0 as well; those on a
/// server's NICs are deprecated, and open in the vendor's own clouds only.
pub(super) fn instead(
    kind: &OperationKind,
    seen: &NicSnapshot,
    made: &[Step],
    refused: &Step,
    fault: &Fault,
) -> Option<Step> {
    if fault.code.as_deref() != Some("APIGW.0101") {
        return None;
    }
    let other = |name| Some(Step { name, ..refused.clone() });
    match (kind, refused.name) {
        (OperationKind::Release { .. } | OperationKind::Assign { .. }, PORT) => other(PORT_V2),
        (OperationKind::Assign { ips, lists, .. }, BIND) => bind_by_list(seen, &missing(seen, ips), lists, made),
        (OperationKind::Delete { .. }, "") => other(DELETE_V2),
        (OperationKind::Release { .. }, ALL) => {
            let made: Vec<Step> = made.iter().chain([refused]).cloned().collect();
            step(kind, seen, &made)
        }
        _ => None,
    }
}

/// The NIC after this request. What the call that takes all leaves on other lists, and what binding adds to them, nobody knows before.
pub(super) fn assumed(kind: &OperationKind, seen: &NicSnapshot, step: &Step) -> Option<NicSnapshot> {
    let mut seen = seen.clone();
    match (kind, step.name) {
        (OperationKind::Detach { .. }, KEEP) => seen.nic.dies_with_detach = Some(Fate::Stays),
        (OperationKind::Release { .. }, PORT | PORT_V2) => {
            let (port, pairs) = read_carry(step.carry.as_deref()?)?;
            let text = |pair: &Value, name: &str| pair[name].as_str().map(Into::into);
            let pair = |pair: &Value| Some(Pair { ip: text(pair, "ip_address")?, mac: text(pair, "mac_address") });
            let pairs = pairs.as_array()?.iter().filter_map(pair).collect();
            match seen.floats.iter_mut().find(|float| *float.id == *port) {
                Some(float) => float.pairs = pairs,
                None => seen.nic.pairs = pairs,
            }
            let (nic, floats) = (&mut seen.nic, &mut seen.floats);
            floats.retain(|float| float.is_on(nic));
            nic.addresses
                .retain(|one| one.role != AddressRole::Virtual || floats.iter().any(|float| float.ip == one.ip));
        }
        _ => return None,
    }
    Some(seen)
}

/// A step that changed nothing is not made again.
fn once(step: Step, made: &[Step]) -> Option<Step> {
    let same = |made: &Step| made.name == step.name && made.carry == step.carry;
    (!made.iter().any(same)).then_some(step)
}

/// The write of one port's list, by the API that was found to be published. None of a list that holds what can not be written back.
fn list_step(port: &str, pairs: &[&Pair], last: bool, made: &[Step]) -> Option<Step> {
    if pairs.iter().any(|pair| pair.ip.is_empty()) {
        return None;
    }
    let name = if made.iter().any(|step| step.name == PORT_V2) { PORT_V2 } else { PORT };
    once(Step { name, carry: Some(write_carry(port, pairs).into()), last }, made)
}

/// Addresses that are not on the NIC.
fn missing(seen: &NicSnapshot, ips: &[IpAddr]) -> Vec<IpAddr> {
    let there = |ip: &IpAddr| seen.nic.addresses.iter().any(|address| address.ip == *ip);
    ips.iter().copied().filter(|ip| !there(ip)).collect()
}

/// Binds by the NIC's own list: one side that names the other's address is enough. The virtual IPs' own lists are put back after it,
/// when they are read with the NIC again. Only what was there and has such lists: no virtual IP is made by this.
fn bind_by_list(seen: &NicSnapshot, ips: &[IpAddr], lists: &[PairList], made: &[Step]) -> Option<Step> {
    if lists.is_empty() {
        return None;
    }
    let nic = &seen.nic;
    // One that the list names already, and that is not on the NIC all the same, is there no more: naming it again binds nothing.
    let ips = ips.iter().filter(|ip| !nic.pairs.iter().any(|pair| pair.is(**ip)));
    let fresh: Vec<Pair> = ips.map(|ip| Pair { ip: ip.to_string().into(), mac: nic.mac.clone() }).collect();
    if fresh.is_empty() {
        return None;
    }
    let pairs: Vec<&Pair> = nic.pairs.iter().chain(&fresh).collect();
    list_step(nic.id.as_str(), &pairs, false, made)
}

/// After the bindings: the lists as they were before the release. What others changed in them meanwhile stays.
fn put_back(seen: &NicSnapshot, ips: &[IpAddr], lists: &[PairList], made: &[Step]) -> Option<Step> {
    // The NIC was bound by somebody else: there is nothing to take back.
    if made.is_empty() || !seen.floats_known {
        return None;
    }
    let nic = &seen.nic;
    // The NIC's own list last: what binds until then may be on it alone.
    let (last, first): (Vec<_>, Vec<_>) = lists.iter().partition(|then| *then.of == *nic.id.as_str());
    let mut writes = first.into_iter().chain(last).filter_map(|then| {
        let float = seen.floats.iter().find(|float| float.id == then.of && float.owner.is_none());
        let (now, own): (&[Pair], bool) = match float {
            Some(float) => (&float.pairs, false),
            None if *then.of == *nic.id.as_str() => (&nic.pairs, true),
            None => return None,
        };
        let any = then.pairs.iter().any(Pair::is_any);
        let ours = |pair: &&Pair| {
            if own {
                ips.iter().any(|ip| pair.is(*ip)) || any && pair.is_any()
            } else {
                nic.own_ips().any(|ip| pair.is(ip))
            }
        };
        let theirs: Vec<&Pair> = now.iter().filter(|pair| !ours(pair)).collect();
        let wanted: Vec<&Pair> = if theirs == then.pairs.iter().filter(|pair| !ours(pair)).collect::<Vec<_>>() {
            then.pairs.iter().collect()
        } else {
            theirs.into_iter().chain(then.pairs.iter().filter(ours)).collect()
        };
        (wanted != now.iter().collect::<Vec<_>>()).then_some((&*then.of, wanted))
    });
    let (port, pairs) = writes.next()?;
    list_step(port, &pairs, writes.next().is_none(), made)
}

fn release(seen: &NicSnapshot, wanted: &[&Float], made: &[Step]) -> Option<Step> {
    let nic = &seen.nic;
    // What was not read could be touched; what a service owns must not be.
    if !seen.floats_known || wanted.iter().any(|float| float.owner.is_some()) {
        return None;
    }
    let named = |pair: &Pair| wanted.iter().any(|float| pair.is(float.ip));
    let everything = wanted.len() == seen.floats.len() && nic.pairs.iter().all(|pair| named(pair) || pair.is_any());
    if made.is_empty() && !wanted.is_empty() && everything && nic.instance.is_some() {
        return Some(Step { name: ALL, carry: None, last: false });
    }
    let mut lists = wanted.iter().filter(|float| float.names(nic)).map(|float| {
        let kept = float.pairs.iter().filter(|pair| !nic.own_ips().any(|ip| pair.is(ip)));
        (&*float.id, kept.collect::<Vec<_>>())
    });
    let own = nic.pairs.iter().any(named).then(|| {
        let kept = nic.pairs.iter().filter(|pair| !named(pair));
        (nic.id.as_str(), kept.collect::<Vec<_>>())
    });
    let first = lists.next();
    let last = match (&first, &own) {
        (Some(_), None) => lists.next().is_none(),
        (None, Some(_)) => true,
        _ => false,
    };
    let (port, pairs) = first.or(own)?;
    list_step(port, &pairs, last, made)
}

/// A port and the list that it is to have.
fn write_carry(port: &str, pairs: &[&Pair]) -> String {
    let pairs = pairs.iter().map(|pair| {
        let mut row = json!({"ip_address": &*pair.ip});
        if let Some(mac) = &pair.mac {
            row["mac_address"] = json!(&**mac);
        }
        row
    });
    format!("{port} {}", Value::Array(pairs.collect()))
}

/// `None` for a carry that is none of ours.
pub(super) fn read_carry(carry: &str) -> Option<(&str, Value)> {
    let (port, pairs) = carry.split_once(' ')?;
    let pairs: Value = serde_json::from_str(pairs).ok()?;
    pairs.is_array().then_some((port, pairs))
}

/// Vendor: both texts must be empty. One path serves both meanings, so each has its own body.
pub(super) fn unbind_body() -> Value {
    json!({"nic": {"subnet_id": "", "ip_address": "", "reverse_binding": false}})
}

/// The counterpart. Vendor: `reverse_binding` puts the NIC on the virtual IP's own list, where the console shows it.
pub(super) fn bind_body(network: &str, ip: &str) -> Value {
    json!({"nic": {"subnet_id": network, "ip_address": ip, "reverse_binding": true}})
}

#[cfg(test)]
mod tests;
