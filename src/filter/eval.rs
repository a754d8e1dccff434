//! Terms against rows, from the outside in. Each level settles the terms it can and hands the rest down as bits.

use crate::domain::{
    address::{Address, Eip},
    finding::{FindingSet, Level},
    ids::{CloudId, InstanceId, ProfileId},
    instance::Instance,
    inventory::{InstanceRef, NicRef},
    nic::Nic,
    tags::Tags,
    time::Timestamp,
};

use super::{
    Expr, TagTest, Term, Test,
    field::{Field, Has, level_bit, nic_state_word, power_word, role_bit},
    net::AddressSet,
    pattern::Pattern,
};

/// Everything that a profile's rows share.
#[derive(Clone, Copy, Debug)]
pub struct ProfileSubject<'a> {
    pub profile: &'a ProfileId,
    pub cloud: &'a CloudId,
    /// Environment word from the config.
    pub env: Option<&'a str>,
}

/// A NIC. What [`Expr::needs`] does not ask for may be left empty.
#[derive(Clone, Copy, Debug)]
pub struct NicSubject<'a> {
    pub nic: NicRef<'a>,
    /// EIPs bound to the NIC.
    pub eips: &'a [&'a Eip],
    pub read_at: Timestamp,
    pub now: Timestamp,
}

/// What is known about an address, or about a NIC as a whole, as something to be written to. What [`Expr::needs`] does not ask for
/// may be left at its default.
#[derive(Clone, Copy, Debug, Default)]
pub struct TargetSubject {
    pub has_eip: bool,
    pub has_lb: bool,
    pub level: Level,
    pub findings: FindingSet,
    pub marked: bool,
}

const PROFILE: u8 = 1;
const INSTANCE: u8 = 2;
const NIC: u8 = 4;
const ADDRESS: u8 = 8;

/// Bits by term: where each can be answered.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Masks {
    all: u64,
    negated: u64,
    /// Asked at this level, by its place.
    at: [u64; 4],
    /// Not asked any more below it.
    last: [u64; 4],
    /// Asked of addresses only through their EIPs.
    text: u64,
    /// About tags, which a cloud may not tell.
    tags: u64,
    /// Answered by an instance's id alone.
    ids: u64,
}

impl Masks {
    pub(super) fn of(terms: &[Term]) -> Self {
        let mut masks = Self::default();
        for (place, term) in terms.iter().enumerate() {
            let bit = 1u64 << place;
            masks.all |= bit;
            if term.negated {
                masks.negated |= bit;
            }
            let text = match &term.test {
                Test::Word(words) => words.addresses.is_empty(),
                Test::Text(..) => true,
                _ => false,
            };
            if text {
                masks.text |= bit;
            }
            let tags = match &term.test {
                Test::Tag(_) => true,
                Test::Has(bits) => bits & Has::Tag.bit() != 0,
                _ => false,
            };
            if tags {
                masks.tags |= bit;
            }
            if matches!(term.test, Test::Word(_) | Test::Text(Field::Instance | Field::Id, _)) {
                masks.ids |= bit;
            }
            let levels = term.test.levels();
            for (level, mask) in masks.at.iter_mut().enumerate() {
                if levels >> level & 1 == 1 {
                    *mask |= bit;
                }
            }
            let last = 7 - levels.leading_zeros().min(7);
            if let Some(mask) = masks.last.get_mut(last as usize) {
                *mask |= bit;
            }
        }
        masks
    }
}

impl Test {
    /// Where an answer can be found.
    fn levels(&self) -> u8 {
        match self {
            Test::Word(_) => INSTANCE | NIC | ADDRESS,
            Test::Address(_) => NIC | ADDRESS,
            Test::Text(field, _) => match field {
                Field::Cloud | Field::Profile | Field::Env => PROFILE,
                Field::State => INSTANCE,
                Field::Instance | Field::Region | Field::Zone => INSTANCE | NIC,
                Field::Id | Field::Name => INSTANCE | NIC | ADDRESS,
                _ => NIC,
            },
            Test::Tag(_) => INSTANCE | NIC,
            Test::Kind(_) | Test::Finding(_) | Test::Level(_) | Test::Marked { .. } => ADDRESS,
            Test::Has(bits) => {
                let own = Has::Eip.bit() | Has::Lb.bit() | Has::Finding.bit();
                let mut levels = 0;
                if bits & own != 0 {
                    levels |= ADDRESS;
                }
                if bits & !own != 0 {
                    levels |= NIC;
                }
                if bits & Has::Tag.bit() != 0 {
                    levels |= INSTANCE;
                }
                levels
            }
            Test::Count(..) | Test::Age(..) => NIC,
        }
    }
}

/// How far the outer levels have settled a filter. Belongs to the [`Expr`] that made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Partial {
    /// Terms whose question is answered with yes (before negation).
    yes: u64,
    no: u64,
    /// Terms that somebody could not answer: without a yes from elsewhere neither they nor their negation match.
    untold: u64,
    instance_known: bool,
}

impl Partial {
    fn failed(self, masks: &Masks) -> u64 {
        (self.yes & masks.negated) | (self.no & (!masks.negated | self.untold))
    }
}

/// A NIC against the filter: what is left to ask of each address.
#[derive(Clone, Copy, Debug)]
pub struct NicMatch<'a> {
    expr: &'a Expr,
    nic: NicSubject<'a>,
    pending: u64,
    /// Pending terms that one of the NIC's EIPs answers with yes.
    through_eip: u64,
    untold: u64,
    dead: bool,
}

/// Calls `f` for each term in `mask`.
fn each<'a>(terms: &'a [Term], mut mask: u64, mut f: impl FnMut(u64, &'a Term)) {
    while mask != 0 {
        let place = mask.trailing_zeros();
        if let Some(term) = terms.get(place as usize) {
            f(1 << place, term);
        }
        mask &= mask - 1;
    }
}

/// Of the first 64 addresses those of which it holds, as bits.
fn bits(addresses: &[Address], holds: impl Fn(&Address) -> bool) -> u64 {
    addresses.iter().take(64).enumerate().fold(0, |bits, (nth, address)| bits | u64::from(holds(address)) << nth)
}

fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

fn any_of(patterns: &[Pattern], text: Option<&str>) -> bool {
    text.is_some_and(|text| any(patterns, text))
}

pub(super) fn tags(tests: &[TagTest], tags: &Tags) -> bool {
    tags.iter().any(|(key, value)| {
        tests.iter().any(|test| match test {
            TagTest::Key(pattern) => pattern.matches(key),
            TagTest::KeyValue(keys, values) => keys.matches(key) && values.matches(value),
            TagTest::Whole(pattern) => pattern.matches(&format!("{key}={value}")),
        })
    })
}

impl Expr {
    /// Settles what the profile alone can answer.
    pub fn on_profile(&self, subject: &ProfileSubject) -> Partial {
        self.step(Partial::default(), 0, |test| match test {
            Test::Text(Field::Cloud, patterns) => any(patterns, subject.cloud.as_str()),
            Test::Text(Field::Profile, patterns) => any(patterns, subject.profile.as_str()),
            Test::Text(Field::Env, patterns) => any_of(patterns, subject.env),
            _ => false,
        })
    }

    /// Settles what the instance can answer; `None` for NICs that are attached to none, or to one that is not known.
    pub fn on_instance(&self, partial: Partial, instance: Option<InstanceRef>) -> Partial {
        let is_untold = |instance: InstanceRef| instance.whole().is_some_and(|instance| !instance.tags.is_known());
        let untold = self.masks.tags != 0 && instance.is_some_and(is_untold);
        let untold = partial.untold | if untold { self.masks.tags } else { 0 };
        let partial = Partial { untold, ..partial };
        let ask = |test: &Test, of: InstanceRef| ask_instance(test, (of.id, of.name), || of.whole());
        let partial = self.step(partial, 1, |test| instance.is_some_and(|instance| ask(test, instance)));
        Partial { instance_known: instance.is_some(), ..partial }
    }

    /// Settles what the NIC can answer. `partial` is that of its instance.
    pub fn on_nic<'a>(&'a self, partial: Partial, nic: NicSubject<'a>) -> NicMatch<'a> {
        // An instance that was not read is still known by its id.
        let asked = (self.masks.ids | self.masks.tags) & !(partial.yes | partial.no) != 0;
        let whole = if asked && !partial.instance_known { nic.nic.whole() } else { None };
        let unread = whole.and_then(|nic| nic.instance.as_ref()).map(InstanceId::as_str);
        let is_untold = || nic.nic.whole().is_some_and(|nic| !nic.tags.is_known());
        let untold = unread.is_some() || self.masks.tags != 0 && is_untold();
        let partial = Partial { untold: partial.untold | if untold { self.masks.tags } else { 0 }, ..partial };
        let partial = self.step(partial, 2, |test| ask_nic(test, &nic) || unread.is_some_and(|id| ask_id(test, id)));
        let mut pending = self.masks.all & !(partial.yes | partial.no);
        let mut dead = partial.failed(&self.masks) != 0;
        let mut through_eip = 0;
        if !dead {
            each(&self.terms, pending, |bit, term| {
                if nic.eips.iter().any(|eip| ask_eip(&term.test, eip)) {
                    through_eip |= bit;
                }
            });
            // Words that can be no address and texts have no answer further down but through an EIP.
            let no = pending & self.masks.text & !through_eip;
            pending &= !no;
            dead = no & !self.masks.negated != 0;
        }
        NicMatch { expr: self, nic, pending, through_eip, untold: partial.untold, dead }
    }

    /// Does an instance match by itself, without any NIC?
    pub fn instance_itself(&self, partial: Partial) -> bool {
        let no = Partial { no: self.masks.all & !partial.yes, ..partial };
        no.failed(&self.masks) == 0
    }

    /// Is it settled already that nothing under this matches?
    pub fn is_settled_no(&self, partial: Partial) -> bool {
        partial.failed(&self.masks) != 0
    }

    fn step(&self, partial: Partial, level: usize, ask: impl Fn(&Test) -> bool) -> Partial {
        let mut next = partial;
        if partial.failed(&self.masks) != 0 {
            return next;
        }
        let open = self.masks.at.get(level).copied().unwrap_or(0) & !(partial.yes | partial.no);
        let last = self.masks.last.get(level).copied().unwrap_or(0);
        each(&self.terms, open, |bit, term| {
            if ask(&term.test) {
                next.yes |= bit;
            } else {
                next.no |= bit & last;
            }
        });
        next
    }
}

/// `whole` fetches all of an instance, where its id and name do not answer.
pub(super) fn ask_instance<'a>(
    test: &Test,
    (id, name): (&str, &str),
    whole: impl Fn() -> Option<&'a Instance>,
) -> bool {
    let of_whole = |ask: &dyn Fn(&Instance) -> bool| whole().is_some_and(ask);
    match test {
        Test::Word(words) => any(&words.texts, name) || any(&words.ids, id),
        Test::Text(field, patterns) => match field {
            Field::Instance => any(patterns, id) || any(patterns, name),
            Field::Id => any(patterns, id),
            Field::Name => any(patterns, name),
            Field::State => of_whole(&|instance| {
                any(patterns, &instance.power.word) || any(patterns, power_word(instance.power.state))
            }),
            Field::Region => of_whole(&|instance| any(patterns, instance.region.as_str())),
            Field::Zone => of_whole(&|instance| any_of(patterns, instance.zone.as_deref())),
            _ => false,
        },
        Test::Tag(tests) => of_whole(&|instance| tags(tests, &instance.tags)),
        Test::Has(bits) => bits & Has::Tag.bit() != 0 && of_whole(&|instance| instance.tags.iter().len() > 0),
        _ => false,
    }
}

pub(super) fn ask_id(test: &Test, id: &str) -> bool {
    match test {
        Test::Word(words) => any(&words.ids, id),
        Test::Text(Field::Instance | Field::Id, patterns) => any(patterns, id),
        _ => false,
    }
}

fn ask_nic(test: &Test, subject: &NicSubject) -> bool {
    let NicRef { id, name, addresses, .. } = subject.nic;
    let of_whole = |ask: &dyn Fn(&Nic) -> bool| subject.nic.whole().is_some_and(ask);
    match test {
        Test::Word(words) => {
            any(&words.texts, name)
                || any(&words.ids, id)
                || (!words.macs.is_empty() && any_of(&words.macs, subject.nic.mac()))
                || named_public(&words.addresses, subject)
        }
        Test::Address(tests) => named_public(tests, subject),
        Test::Text(field, patterns) => match field {
            Field::Nic => any(patterns, id) || any(patterns, name),
            Field::Id => any(patterns, id),
            Field::Name => any(patterns, name),
            Field::Mac => any_of(patterns, subject.nic.mac()),
            Field::NicState => {
                of_whole(&|nic| any(patterns, &nic.status.word) || any(patterns, nic_state_word(nic.status.state)))
            }
            Field::Region => of_whole(&|nic| any(patterns, nic.region.as_str())),
            Field::Zone => of_whole(&|nic| any_of(patterns, nic.zone.as_deref())),
            Field::Vpc => of_whole(&|nic| any_of(patterns, nic.vpc.as_deref())),
            Field::Subnet => of_whole(&|nic| any_of(patterns, nic.subnet.as_deref())),
            Field::Sg => of_whole(&|nic| nic.security_groups.iter().any(|group| any(patterns, group))),
            _ => false,
        },
        Test::Tag(tests) => of_whole(&|nic| tags(tests, &nic.tags)),
        Test::Has(bits) => {
            let has = |what: Has| bits & what.bit() != 0;
            let role = |bit: u8| addresses.iter().any(|address| role_bit(address.role) == bit);
            (has(Has::Tag) && of_whole(&|nic| nic.tags.iter().len() > 0))
                || (has(Has::Instance) && of_whole(&|nic| nic.instance.is_some()))
                || (has(Has::Secondary) && role(2))
                || (has(Has::Ipv6) && role(8))
        }
        Test::Count(field, compare, bound) => {
            let count = if *field == Field::Eips { subject.eips.len() } else { count(*field, addresses) };
            compare.holds(count as u64, *bound)
        }
        Test::Age(compare, bound) => compare.holds(subject.now.since(subject.read_at), *bound),
        _ => false,
    }
}

/// Addresses of the kinds that the field counts.
pub(super) fn count(field: Field, addresses: &[Address]) -> usize {
    let roles = match field {
        Field::Ips => 1 | 2 | 4,
        Field::Secondaries => 2,
        Field::Ipv6s => 8,
        _ => 0,
    };
    addresses.iter().filter(|address| role_bit(address.role) & roles != 0).count()
}

/// A public address that the NIC names and no EIP explains: it may be on any of the NIC's addresses.
fn named_public(set: &AddressSet, subject: &NicSubject) -> bool {
    !set.is_empty()
        && subject
            .nic
            .publics()
            .iter()
            .any(|ip| set.matches(*ip) && subject.eips.iter().all(|eip| !eip.ips.contains(ip)))
}

pub(super) fn ask_eip(test: &Test, eip: &Eip) -> bool {
    let at = |set: &AddressSet| eip.ips.iter().any(|&ip| set.matches(ip));
    match test {
        Test::Word(words) => any(&words.ids, eip.id.as_str()) || any(&words.texts, &eip.name) || at(&words.addresses),
        Test::Address(tests) => at(tests),
        Test::Text(Field::Id, patterns) => any(patterns, eip.id.as_str()),
        Test::Text(Field::Name, patterns) => any(patterns, &eip.name),
        _ => false,
    }
}

fn ask_target(test: &Test, target: &TargetSubject) -> bool {
    match test {
        Test::Has(bits) => {
            (bits & Has::Eip.bit() != 0 && target.has_eip)
                || (bits & Has::Lb.bit() != 0 && target.has_lb)
                || (bits & Has::Finding.bit() != 0 && target.level != Level::Ok)
        }
        Test::Finding(set) => set.intersects(target.findings),
        Test::Level(bits) => bits & level_bit(target.level) != 0,
        Test::Marked { yes, no } => {
            if target.marked {
                *yes
            } else {
                *no
            }
        }
        _ => false,
    }
}

impl NicMatch<'_> {
    /// No address of this NIC matches, nor the NIC itself.
    pub fn is_settled_no(&self) -> bool {
        self.dead
    }

    /// Nothing is left to ask: every address matches, and the NIC itself.
    pub fn is_settled_yes(&self) -> bool {
        !self.dead && self.pending == 0
    }

    /// Which of these up to 64 addresses of the NIC match: bit n is the n-th. `target` tells what is known of the n-th.
    pub fn addresses(&self, addresses: &[Address], target: impl Fn(usize) -> TargetSubject) -> u64 {
        let all = 1_u64.checked_shl(addresses.len().try_into().unwrap_or(64)).map_or(u64::MAX, |bit| bit - 1);
        let mut left = if self.dead { 0 } else { all };
        // Term by term, so that what a term asks is looked at once and not for each address.
        each(&self.expr.terms, self.pending, |bit, term| {
            if left == 0 {
                return;
            }
            let mut yes = match &term.test {
                Test::Word(words) => bits(addresses, |address| words.addresses.matches(address.ip)),
                Test::Address(set) => bits(addresses, |address| set.matches(address.ip)),
                Test::Kind(kinds) => bits(addresses, |address| kinds & role_bit(address.role) != 0),
                test => (0..addresses.len().min(64))
                    .fold(0, |yes, nth| yes | u64::from(ask_target(test, &target(nth))) << nth),
            };
            // An EIP whose private address the cloud does not tell is found on each.
            if self.through_eip & bit != 0 {
                let nic = self.nic.nic.whole();
                let of = |ip| {
                    let is_on = |eip: &Eip| nic.is_some_and(|nic| eip.is_on(nic, ip) != Some(false));
                    self.nic.eips.iter().any(|eip| ask_eip(&term.test, eip) && is_on(eip))
                };
                yes |= bits(addresses, |address| of(address.ip));
            }
            left &= if term.negated { !yes } else { yes };
            // Neither it nor its negation matches without a yes.
            if self.untold & bit != 0 {
                left &= yes;
            }
        });
        left
    }

    /// Does the NIC itself match, whatever its addresses?
    pub fn itself(&self, target: &TargetSubject) -> bool {
        !self.dead && self.ask(|bit, test| self.through_eip & bit != 0 || ask_target(test, target))
    }

    fn ask(&self, ask: impl Fn(u64, &Test) -> bool) -> bool {
        let mut left = self.pending;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let Some(term) = self.expr.terms.get(bit.trailing_zeros() as usize) else { break };
            let yes = ask(bit, &term.test);
            if yes == term.negated || (!yes && self.untold & bit != 0) {
                return false;
            }
            left ^= bit;
        }
        true
    }
}
