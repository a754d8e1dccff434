//! What takes a batch back. Of what it did not do (refused, skipped, stopped, done by somebody else) there is nothing to take back.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::domain::{
    address::AddressRole,
    ids::{AddressKey, EipId, NicId, NicKey, ProfileId},
    journal::Image,
    outcome::Outcome,
    plan::OperationKind,
    selection::Target,
    undo::TakeBack,
};

use super::batch::{Batch, Row, Write};

/// What takes back what the batch did, or may have done.
pub fn take_back(batch: &Batch) -> Vec<TakeBack> {
    // What the NIC was allowed before the first of the writes to it: the later ones saw less.
    let mut first: BTreeMap<(&ProfileId, &NicId), &Image> = BTreeMap::new();
    for write in &batch.writes {
        if let Some(image) = &write.image {
            first.entry((&write.profile, write.kind.nic())).or_insert(image);
        }
    }
    let mut taken: Vec<TakeBack> = Vec::new();
    let mut seen: BTreeSet<Target> = BTreeSet::new();
    for (write, row) in batch.rows() {
        let certain = match &row.outcome {
            Some(Outcome::Released { .. }) => true,
            Some(Outcome::Unknown { .. }) | None => false,
            Some(_) => continue,
        };
        let of = of(write, row, certain, first.get(&(&write.profile, write.kind.nic())).copied());
        taken.extend(of.into_iter().filter(|one| seen.insert(one.target.clone())));
    }
    // An EIP goes with the address that it was bound to.
    let released: BTreeSet<Target> = taken
        .iter()
        .filter(|one| matches!(one.write, Some(OperationKind::Release { .. })))
        .map(|one| one.target.clone())
        .collect();
    taken.retain(|one| match &one.target {
        Target::Eip { address, .. } => !released.contains(&Target::Address(address.clone())),
        _ => true,
    });
    taken
}

/// The write of one target that takes it back, and the EIPs that it took along.
fn of(write: &Write, row: &Row, certain: bool, first: Option<&Image>) -> Vec<TakeBack> {
    let nic = write.kind.nic();
    let image = write.image.as_deref();
    let status = image.map(|image| image.status.clone());
    let make = |target: Target, kind: Option<OperationKind>, role: AddressRole| TakeBack {
        target,
        cloud: write.cloud.clone(),
        region: write.region.clone(),
        write: kind,
        certain,
        status: status.clone(),
        role,
        balancers: Vec::new(),
        loose_eips: Vec::new(),
    };
    let key = NicKey { profile: write.profile.clone(), nic: nic.clone() };
    let ip = row.target.ip();
    let eips = |all: bool| {
        let on = image.into_iter().flat_map(|image| &image.eips);
        on.filter_map(|eip| Some((eip.id.clone(), eip.on?))).filter(move |(_, on)| all || Some(*on) == ip)
    };
    let balancers = |all: bool| {
        let on = image.into_iter().flat_map(|image| &image.backends);
        let of: BTreeSet<_> = on.filter(|one| all || one.ip == ip).map(|one| one.lb.clone()).collect();
        of.into_iter().collect()
    };
    let bind = |(eip, ip): (EipId, IpAddr)| {
        let target = Target::Eip { address: AddressKey { nic: key.clone(), ip }, eip: eip.clone() };
        make(target, Some(OperationKind::BindEip { nic: nic.clone(), eip, ip }), AddressRole::Secondary)
    };
    let release = |target: &Target| {
        let ips = target.ip().into_iter().collect();
        make(target.clone(), Some(OperationKind::Release { nic: nic.clone(), ips }), AddressRole::Secondary)
    };
    match &write.kind {
        OperationKind::Release { .. } => {
            let Some(ip) = ip else { return Vec::new() };
            let role = image.and_then(|image| image.addresses.iter().find(|one| one.ip == ip)).map(|one| one.role);
            let mut lists = image.map(|image| image.lists(nic, &[ip])).unwrap_or_default();
            if let (Some(own), Some(first)) = (lists.iter_mut().find(|list| *list.of == *nic.as_str()), first) {
                own.pairs.clone_from(&first.pairs);
            }
            let kind = OperationKind::Assign { nic: nic.clone(), ips: vec![ip], lists };
            let back = make(row.target.clone(), Some(kind), role.unwrap_or(AddressRole::Secondary));
            let back = TakeBack { balancers: balancers(false), ..back };
            std::iter::once(back).chain(eips(false).map(bind)).collect()
        }
        OperationKind::Detach { instance, .. } => {
            let kind = OperationKind::Attach { nic: nic.clone(), instance: instance.clone() };
            let loose = image.into_iter().flat_map(|image| &image.eips).filter(|eip| eip.on.is_none());
            let back = TakeBack {
                balancers: balancers(true),
                loose_eips: loose.map(|eip| eip.id.clone()).collect(),
                ..make(row.target.clone(), Some(kind), AddressRole::Secondary)
            };
            std::iter::once(back).chain(eips(true).map(bind)).collect()
        }
        OperationKind::Assign { .. } => vec![release(&row.target)],
        OperationKind::Attach { instance, .. } => {
            let kind = OperationKind::Detach { nic: nic.clone(), instance: instance.clone() };
            vec![make(row.target.clone(), Some(kind), AddressRole::Secondary)]
        }
        OperationKind::BindEip { .. } | OperationKind::Delete { .. } => {
            vec![make(row.target.clone(), None, AddressRole::Secondary)]
        }
    }
}
