//! The filter over the inventory: bits per NIC, from the outside in.

use std::{
    net::IpAddr,
    ops::{ControlFlow, Range},
};

use crate::{
    app::{
        matches::{Blame, Hit},
        state::State,
    },
    domain::{
        address::Eip,
        ids::{AddressKey, NicKey},
        inventory::{NicRef, ProfileInventory},
        selection::Target,
        slots::Slots,
    },
    filter::{Expr, Needs, NicMatch, NicSubject, Partial, ProfileSubject, TargetSubject},
};

/// NICs that are fetched together.
const BLOCK: u32 = 32;

/// Everything of one profile that matching needs to look at.
struct Matcher<'a> {
    state: &'a State,
    part: &'a ProfileInventory,
    place: usize,
    expr: &'a Expr,
    needs: Needs,
    outer: Partial,
}

/// Lists that are filled anew for each NIC, so that none is made.
#[derive(Default)]
struct Scratch<'a> {
    eips: Vec<&'a Eip>,
    on_backends: Vec<IpAddr>,
}

impl<'a> Matcher<'a> {
    fn new(state: &'a State, place: usize, expr: &'a Expr) -> Option<Self> {
        let part = state.inventory.at(place)?;
        let info = state.info(place)?;
        let profile = ProfileSubject { profile: &info.id, cloud: &info.cloud, env: info.env.as_deref() };
        Some(Self { state, part, place, expr, needs: expr.needs(), outer: expr.on_profile(&profile) })
    }

    fn instance(&self, slot: u32) -> Partial {
        self.expr.on_instance(self.outer, self.part.instance_ref(slot))
    }

    /// `partial` is that of the NIC's instance.
    fn nic(&self, slot: u32, nic: NicRef<'a>, partial: Partial, scratch: &mut Scratch<'a>) -> Hit {
        let expr = self.expr;
        if expr.is_empty() {
            return Hit::all(nic.addresses.len());
        }
        if expr.is_settled_no(partial) {
            return Hit::default();
        }
        let Scratch { eips, on_backends } = scratch;
        eips.clear();
        if self.needs.eips || self.needs.has_eip {
            eips.extend(nic.eips());
        }
        let read_at = if self.needs.age { self.part.read_at(slot) } else { None };
        let subject = NicSubject { nic, eips, read_at: read_at.unwrap_or(self.state.now), now: self.state.now };
        let matched = expr.on_nic(partial, subject);
        if matched.is_settled_no() {
            return Hit::default();
        }
        if matched.is_settled_yes() {
            return Hit::all(nic.addresses.len());
        }
        let Needs { has_eip, has_lb, verdicts, marks, .. } = self.needs;
        if has_eip || has_lb || verdicts || marks {
            return self.targets(slot, &subject, &matched, on_backends);
        }
        let mut hit = Hit::default();
        let target = TargetSubject::default();
        for (word, addresses) in nic.addresses.chunks(64).enumerate() {
            hit.set_word(word, matched.addresses(addresses, |_| target));
        }
        hit.own = matched.itself(&TargetSubject { has_eip: !eips.is_empty(), ..target });
        hit
    }

    /// A NIC whose addresses are asked for what hangs on them, what the rules say, or marks.
    fn targets(&self, slot: u32, subject: &NicSubject, matched: &NicMatch, on_backends: &mut Vec<IpAddr>) -> Hit {
        let NicSubject { nic, eips, .. } = *subject;
        let Needs { has_eip, has_lb, verdicts, marks, .. } = self.needs;
        let marks = marks && !self.state.marks.is_empty();
        let asks_whole = has_eip && !eips.is_empty() || has_lb && nic.may_have_backends() || marks;
        let whole = if asks_whole { nic.whole() } else { None };
        on_backends.clear();
        if let Some(nic) = whole.filter(|_| has_lb) {
            on_backends.extend(self.part.backends_of(nic).filter_map(|backend| backend.ip_on(nic)));
        }
        let eip_on = |ip: IpAddr| whole.is_some_and(|nic| eips.iter().any(|eip| eip.is_on(nic, ip) != Some(false)));
        let key = whole.filter(|_| marks).map(|nic| NicKey { profile: self.part.profile.clone(), nic: nic.id.clone() });
        let marked = |of: &dyn Fn(NicKey) -> Target| key.clone().is_some_and(|key| self.state.marks.contains(&of(key)));
        let verdict = verdicts.then(|| self.state.verdicts.nic(self.place, slot));
        let mut hit = Hit::default();
        for (word, addresses) in nic.addresses.chunks(64).enumerate() {
            let target = |nth: usize| {
                let ip = addresses[nth].ip;
                let judged = verdict.map(|verdict| verdict.address(word * 64 + nth)).unwrap_or_default();
                TargetSubject {
                    has_eip: has_eip && eip_on(ip),
                    has_lb: on_backends.contains(&ip),
                    level: judged.level,
                    findings: judged.findings,
                    marked: marked(&|nic| Target::Address(AddressKey { nic, ip })),
                }
            };
            hit.set_word(word, matched.addresses(addresses, target));
        }
        let judged = verdict.map(|verdict| verdict.detach()).unwrap_or_default();
        let target = TargetSubject {
            has_eip: !eips.is_empty(),
            has_lb: !on_backends.is_empty(),
            level: judged.level,
            findings: judged.findings,
            marked: marked(&Target::Nic),
        };
        hit.own = matched.itself(&target);
        hit
    }

    /// All instances by slot: how far each settles the filter, and whether it matches by itself.
    fn instances(&self) -> (Vec<Partial>, Vec<bool>) {
        let len = self.part.instance_slots();
        let (mut partials, mut own) = (vec![self.outer; len], vec![false; len]);
        for (slot, (partial, own)) in (0u32..).zip(partials.iter_mut().zip(&mut own)) {
            if let Some(instance) = self.part.instance_ref(slot) {
                *partial = self.expr.on_instance(self.outer, Some(instance));
                *own = self.expr.instance_itself(*partial);
            }
        }
        (partials, own)
    }

    /// Fetches the security groups of these NICs at once: each by itself would be waited for. Changes nothing but time.
    fn warm(&self, slots: Range<u32>) {
        let nics = slots.filter_map(|slot| self.part.nic_at(slot));
        std::hint::black_box(nics.map(|nic| nic.security_groups.first().map_or(0, |group| group.len())).sum::<usize>());
    }

    /// All NICs, until `each` has seen enough.
    fn nics(&self, partials: &[Partial], mut each: impl FnMut(u32, Hit) -> ControlFlow<()>) {
        if self.expr.is_settled_no(self.outer) {
            return;
        }
        let free = self.expr.on_instance(self.outer, None);
        let mut scratch = Scratch::default();
        for slot in (0u32..).take(self.part.nic_slots()) {
            if self.needs.groups && slot.is_multiple_of(BLOCK) {
                self.warm(slot..slot + BLOCK);
            }
            let Some(nic) = self.part.nic_ref(slot) else { continue };
            let partial = nic.instance().and_then(|slot| partials.get(slot as usize)).copied().unwrap_or(free);
            if each(slot, self.nic(slot, nic, partial, &mut scratch)).is_break() {
                return;
            }
        }
    }
}

fn row<T>(list: &mut Vec<Slots<T>>, place: usize) -> &mut Slots<T> {
    if list.len() <= place {
        list.resize_with(place + 1, Slots::default);
    }
    &mut list[place]
}

/// Filters these NICs and instances of one profile.
pub fn some(state: &mut State, place: usize, nics: &[u32], instances: &[u32]) {
    let Some(matcher) = Matcher::new(state, place, &state.browse.filter) else { return };
    let part = matcher.part;
    let (nic_slots, instance_slots) = (part.nic_slots(), part.instance_slots());
    let mut scratch = Scratch::default();
    let mut hit = |slot: u32| {
        let Some(nic) = part.nic_ref(slot) else { return Hit::default() };
        let partial = nic
            .instance()
            .map_or_else(|| matcher.expr.on_instance(matcher.outer, None), |instance| matcher.instance(instance));
        matcher.nic(slot, nic, partial, &mut scratch)
    };
    let hits: Vec<Hit> = nics.iter().map(|&slot| hit(slot)).collect();
    let by_itself =
        |slot: u32| part.instance_at(slot).is_some() && matcher.expr.instance_itself(matcher.instance(slot));
    let own: Vec<bool> = instances.iter().map(|&slot| by_itself(slot)).collect();
    let found = &mut state.browse.matches;
    // Where no mark is hidden, none can be on a NIC that was not shown; counting them all takes long.
    let was_shown = |&slot: &u32| found.nic(place, slot).shows_anything();
    if state.browse.hidden_marks.any() || nics.iter().any(was_shown) {
        found.changes += 1;
    }
    let row_of_nics = row(&mut found.nics, place);
    row_of_nics.reach(nic_slots);
    nics.iter().zip(hits).for_each(|(&slot, hit)| *row_of_nics.at(slot as usize) = hit);
    let row_of_instances = row(&mut found.instances, place);
    row_of_instances.reach(instance_slots);
    instances.iter().zip(own).for_each(|(&slot, own)| *row_of_instances.at(slot as usize) = own);
}

/// Filters everything of one profile.
pub fn profile(state: &mut State, place: usize) {
    // Filled anew where they are: a key stroke makes no list as long as the inventory.
    let mut hits = std::mem::take(row(&mut state.browse.matches.nics, place));
    if let Some(matcher) = Matcher::new(state, place, &state.browse.filter) {
        let (partials, own) = matcher.instances();
        hits.reset(matcher.part.nic_slots());
        matcher.nics(&partials, |slot, hit| {
            *hits.at(slot as usize) = hit;
            ControlFlow::Continue(())
        });
        let found = &mut state.browse.matches;
        found.changes += 1;
        *row(&mut found.instances, place) = own.into_iter().collect();
    }
    *row(&mut state.browse.matches.nics, place) = hits;
}

/// Would a filter show anything?
pub fn finds(state: &State, expr: &Expr) -> bool {
    (0..state.profiles.len()).filter_map(|place| Matcher::new(state, place, expr)).any(|matcher| {
        let (partials, own) = matcher.instances();
        let mut found = own.contains(&true);
        if !found {
            matcher.nics(&partials, |_, hit| {
                found = hit.shows_anything();
                if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        found
    })
}

/// Addresses that a filter would show.
fn count(state: &State, expr: &Expr) -> usize {
    let mut addresses = 0;
    for matcher in (0..state.profiles.len()).filter_map(|place| Matcher::new(state, place, expr)) {
        matcher.nics(&matcher.instances().0, |_, hit| {
            addresses += hit.count() as usize;
            ControlFlow::Continue(())
        });
    }
    addresses
}

/// Terms looked at for [`blame`]: each costs a pass over everything.
const BLAMED: usize = 8;

/// A pause in typing after which the term that empties the list is looked for.
const BLAME_AFTER_MS: u64 = 200;

/// Has the term that empties the list be looked for soon, if several might be it.
pub fn blame_later(state: &mut State) {
    let wanted = state.browse.filter.terms().len() > 1 && state.browse.rows.address_count() == 0;
    state.browse.blame = None;
    state.browse.blame_at = wanted.then(|| state.now.plus_ms(BLAME_AFTER_MS));
}

/// Looks for it when its time has come.
pub fn blame_now(state: &mut State) {
    if state.browse.blame_at.is_some_and(|at| at <= state.now) {
        state.browse.blame_at = None;
        state.browse.blame = blame(state);
    }
}

/// Of a filter of several terms that shows nothing: the term that leaves out the most.
fn blame(state: &State) -> Option<Blame> {
    let expr = &state.browse.filter;
    let terms = expr.terms();
    let (nth, without) = (0..terms.len().min(BLAMED))
        .map(|nth| (nth, count(state, &expr.without(nth))))
        .max_by_key(|&(nth, without)| (without, std::cmp::Reverse(nth)))?;
    (without > 0).then(|| Blame { term: terms[nth].text().to_owned(), without })
}
