//! What a write does, told by the simulated world before and after it, and by nothing of the console.

use std::{collections::BTreeSet, net::IpAddr};

use nicdeck::{
    domain::{finding::FindingId, plan::OperationKind},
    sim::{
        dialect::Vocabulary,
        world::{SimAddress, SimNic, World},
    },
};

/// What happens besides, and that no cloud refuses for it: the same on every cloud.
pub const EFFECTS: &[FindingId] = &[
    FindingId::EipAttached,
    FindingId::EipDestroyed,
    FindingId::EipOnNic,
    FindingId::LbBackend,
    FindingId::LastSecondary,
    FindingId::VipShared,
    FindingId::VipLast,
    FindingId::SourceCheck,
    FindingId::NicDies,
    FindingId::AddressesLeave,
    FindingId::OsConfig,
    FindingId::ManagedBy,
];

/// The world after the write, if nothing else happens to it.
pub fn expected(before: &World, kind: &OperationKind, words: &Vocabulary) -> World {
    let mut world = before.clone();
    let id = kind.nic().as_str();
    match kind {
        OperationKind::Release { ips, .. } => {
            world.release(id, ips);
        }
        OperationKind::Detach { .. } => {
            world.edit_nic(id, |nic| {
                nic.instance_id = None;
                nic.delete_on_detach = false;
                words.free.clone_into(&mut nic.status);
            });
        }
        other => panic!("no plan asks for it: {other:?}"),
    }
    world
}

/// What differs from the expected world: its NICs and all that hangs on them. Empty: nothing.
pub fn difference(expected: &World, now: &World) -> String {
    let (expected, now) = (expected.to_files(), now.to_files());
    if expected == now {
        return String::new();
    }
    let mut told = Vec::new();
    for (expected, now) in expected.iter().zip(&now) {
        let ids: BTreeSet<&str> = expected.nics.iter().chain(&now.nics).map(|nic| nic.id.as_str()).collect();
        for id in ids {
            let of = |nics: &[SimNic]| nics.iter().find(|nic| nic.id == id).cloned();
            let (a, b) = (of(&expected.nics), of(&now.nics));
            if a != b {
                told.push(format!("expected {a:?}\n     now {b:?}"));
            }
        }
        if expected.free_eips != now.free_eips {
            told.push(format!("expected free {:?}\n     now {:?}", expected.free_eips, now.free_eips));
        }
        if expected.floats != now.floats {
            told.push(format!("expected {:?}\n     now {:?}", expected.floats, now.floats));
        }
    }
    if told.is_empty() {
        told.push("something else than NICs, EIPs and virtual addresses".to_owned());
    }
    told.join("\n")
}

/// Does the NIC's own list let it use any address?
fn any(nic: &SimNic) -> bool {
    nic.pairs.iter().any(|pair| pair.ip.ends_with("/0"))
}

/// What happened besides.
pub fn effects(before: &World, after: &World, kind: &OperationKind) -> BTreeSet<FindingId> {
    let nic = before.nic(kind.nic().as_str()).expect("accepted for a NIC that is there");
    let mut all = BTreeSet::new();
    let mut tell = |id: FindingId, happened: bool| {
        if happened {
            all.insert(id);
        }
    };
    tell(FindingId::OsConfig, nic.instance_id.is_some());
    tell(FindingId::ManagedBy, nic.service_managed || !nic.tags.is_empty());
    let now = after.nic(&nic.id);
    match kind {
        OperationKind::Release { ips, .. } => {
            let left = |nic: &SimNic| nic.secondaries().count() == 0 && nic.prefixes.is_empty();
            tell(FindingId::SourceCheck, any(nic) && now.is_some_and(|now| !any(now)));
            for &ip in ips {
                let address = nic.address(ip).expect("accepted for an address that is there");
                if let Some(eip) = before.eip_on(nic, address) {
                    let lives = after.eips().any(|view| view.eip.id == eip.id);
                    tell(if lives { FindingId::EipAttached } else { FindingId::EipDestroyed }, true);
                }
                tell(FindingId::LbBackend, before.balancer_of(nic, address).is_some());
                let floats = |nic: &SimNic| nic.addresses.iter().any(|one| one.floating);
                let last = |now: &SimNic| if address.floating { !floats(now) } else { left(now) };
                tell(FindingId::LastSecondary, now.is_some_and(last));
                if address.floating {
                    let others = holders(before, nic, ip);
                    tell(if others > 0 { FindingId::VipShared } else { FindingId::VipLast }, true);
                }
            }
        }
        _ => {
            tell(FindingId::EipOnNic, nic.addresses.iter().any(|address| before.eip_on(nic, address).is_some()));
            tell(FindingId::LbBackend, nic.addresses.iter().any(|address| before.balancer_of(nic, address).is_some()));
            tell(
                FindingId::AddressesLeave,
                nic.addresses.len() > 1 || !nic.ipv6.is_empty() || !nic.prefixes.is_empty(),
            );
            let alone = |address: &SimAddress| address.floating && holders(before, nic, address.ip) == 0;
            tell(FindingId::VipLast, nic.addresses.iter().any(alone));
            tell(FindingId::NicDies, nic.delete_on_detach);
        }
    }
    all
}

/// Others that answer for a virtual address, whichever side says that they have it: a NIC on no server answers for nothing. A service's
/// is on a server of the service, which is none of the account's.
fn holders(world: &World, nic: &SimNic, ip: IpAddr) -> usize {
    let answers = |other: &&SimNic| other.id != nic.id && (other.instance_id.is_some() || other.service_managed);
    let others = |float| world.holders(float).filter(answers).count();
    world.float_of(nic, ip).map_or(0, others)
}
