//! The filter over the inventory: bits per NIC, from the outside in.

use crate::{
    app::{
        matches::{Blame, Hit},
        state::State,
    },
    domain::{
        address::Eip,
        ids::{AddressKey, NicKey},
        inventory::ProfileInventory,
        nic::Nic,
        selection::Target,
    },
    filter::{AddressSubject, Expr, Needs, NicSubject, Partial, ProfileSubject, TargetSubject},
};

/// Everything of one profile that matching needs to look at.
struct Matcher<'a> {
    state: &'a State,
    place: usize,
    part: &'a ProfileInventory,
    expr: &'a Expr,
    needs: Needs,
    outer: Partial,
}

impl<'a> Matcher<'a> {
    fn new(state: &'a State, place: usize, expr: &'a Expr) -> Option<Self> {
        let part = state.inventory.at(place)?;
        let info = state.info(place)?;
        let profile = ProfileSubject { profile: &info.id, cloud: &info.cloud, env: info.env.as_deref() };
        Some(Self { state, place, part, expr, needs: expr.needs(), outer: expr.on_profile(&profile) })
    }

    fn target(&self, key: impl FnOnce() -> Target, judged: crate::app::verdicts::Judged) -> TargetSubject {
        TargetSubject {
            has_eip: false,
            has_lb: false,
            level: judged.level,
            findings: judged.findings,
            marked: self.needs.marks && self.state.marks.contains(&key()),
        }
    }

    fn nic(&self, slot: u32, nic: &Nic) -> Hit {
        let expr = self.expr;
        let everything = || Hit::all(nic.addresses.len());
        if expr.is_empty() {
            return everything();
        }
        let instance = nic.instance.as_ref().and_then(|id| self.part.instance(id));
        let partial = expr.on_instance(self.outer, instance);
        if expr.is_settled_no(partial) {
            return Hit::default();
        }
        let eips: Vec<&Eip> =
            if self.needs.eips || self.needs.has_eip { self.part.eips_of(nic).collect() } else { Vec::new() };
        let read_at = if self.needs.age { self.part.nic_read_at(&nic.id) } else { None };
        let subject = NicSubject { nic, eips: &eips, read_at: read_at.unwrap_or(self.state.now), now: self.state.now };
        let matched = expr.on_nic(partial, subject);
        if matched.is_settled_no() {
            return Hit::default();
        }
        if matched.is_settled_yes() {
            return everything();
        }
        let key = || NicKey { profile: self.part.profile.clone(), nic: nic.id.clone() };
        let on_backends: Vec<std::net::IpAddr> = if self.needs.has_lb {
            self.part.backends_of(nic).filter_map(|backend| backend.ip_on(nic)).collect()
        } else {
            Vec::new()
        };
        let mut hit = Hit::default();
        for (nth, &address) in nic.addresses.iter().enumerate() {
            let judged = self.state.verdicts.address(self.place, slot, nth);
            let address_key = || Target::Address(AddressKey { nic: key(), ip: address.ip });
            let target = TargetSubject {
                has_eip: eips.iter().any(|eip| eip.is_on(nic, address.ip) != Some(false)),
                has_lb: on_backends.contains(&address.ip),
                ..self.target(address_key, judged)
            };
            if matched.address(&AddressSubject { address, target }) {
                hit.set(nth);
            }
        }
        let target = TargetSubject {
            has_eip: !eips.is_empty(),
            has_lb: !on_backends.is_empty(),
            ..self.target(|| Target::Nic(key()), self.state.verdicts.detach(self.place, slot))
        };
        hit.own = matched.itself(&target);
        hit
    }

    fn instance(&self, slot: u32) -> bool {
        let expr = self.expr;
        self.part
            .instance_at(slot)
            .is_some_and(|instance| expr.instance_itself(expr.on_instance(self.outer, Some(instance))))
    }
}

fn put<T: Default + Clone>(list: &mut Vec<Vec<T>>, place: usize, slot: u32, value: T) {
    if list.len() <= place {
        list.resize_with(place + 1, Vec::new);
    }
    if let Some(row) = list.get_mut(place) {
        let slot = slot as usize;
        if row.len() <= slot {
            row.resize(slot + 1, T::default());
        }
        row[slot] = value;
    }
}

/// Filters these NICs and instances of one profile.
pub fn some(state: &mut State, place: usize, nics: &[u32], instances: &[u32]) {
    let Some(matcher) = Matcher::new(state, place, &state.browse.filter) else { return };
    let hits: Vec<(u32, Hit)> = nics
        .iter()
        .map(|&slot| (slot, matcher.part.nic_at(slot).map_or_else(Hit::default, |nic| matcher.nic(slot, nic))))
        .collect();
    let own: Vec<(u32, bool)> = instances.iter().map(|&slot| (slot, matcher.instance(slot))).collect();
    for (slot, hit) in hits {
        put(&mut state.browse.matches.nics, place, slot, hit);
    }
    for (slot, hit) in own {
        put(&mut state.browse.matches.instances, place, slot, hit);
    }
}

/// Filters everything of one profile.
pub fn profile(state: &mut State, place: usize) {
    let Some(part) = state.inventory.at(place) else { return };
    let nics: Vec<u32> = part.nics().map(|(slot, _)| slot).collect();
    let instances: Vec<u32> = part.instances().map(|(slot, _)| slot).collect();
    some(state, place, &nics, &instances);
}

/// What a filter would show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub addresses: usize,
    /// Addresses, or NICs or instances without any.
    pub anything: bool,
}

/// Tries a filter without putting it in force.
pub fn tally(state: &State, expr: &Expr) -> Tally {
    let mut tally = Tally::default();
    for place in 0..state.profiles.len() {
        let Some(matcher) = Matcher::new(state, place, expr) else { continue };
        for (slot, nic) in matcher.part.nics() {
            let hit = matcher.nic(slot, nic);
            tally.addresses += (0..nic.addresses.len()).filter(|&nth| hit.address(nth)).count();
            tally.anything |= hit.own;
        }
        tally.anything |= matcher.part.instances().any(|(slot, _)| matcher.instance(slot));
    }
    tally.anything |= tally.addresses > 0;
    tally
}

/// Terms looked at for [`blame`]: each costs a pass over everything.
const BLAMED: usize = 8;

/// Of a filter of several terms that shows nothing: the term that leaves out the most.
pub fn blame(state: &State) -> Option<Blame> {
    let expr = &state.browse.filter;
    let terms = expr.terms();
    if terms.len() < 2 || state.browse.rows.address_count() > 0 {
        return None;
    }
    let (nth, without) = (0..terms.len().min(BLAMED))
        .map(|nth| (nth, tally(state, &expr.without(nth)).addresses))
        .max_by_key(|&(nth, without)| (without, std::cmp::Reverse(nth)))?;
    (without > 0).then(|| Blame { term: terms[nth].text().to_owned(), without })
}
