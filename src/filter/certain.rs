//! A filter with three answers: yes, no, and "can not be told". For rules that have to hold where something is not known.

use std::net::Ipv4Addr;

use ipnet::IpNet;

use crate::domain::{
    address::{Address, AddressRole, Backend, Eip},
    float::Float,
    instance::{Instance, PowerState},
    nic::{Nic, NicState},
};

use super::{
    Expr, Test, Words,
    eval::{self, ProfileSubject},
    field::{Field, Has, nic_state_word, role_bit},
    net::AddressSet,
    pattern::Pattern,
};

/// What an answer hangs on that is not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Missing {
    Tags,
    Instance,
    Eips,
    LoadBalancers,
    NicState,
    Zone,
    Network,
    Mac,
    /// Security groups.
    Groups,
    /// Virtual addresses that are objects of their own.
    Virtuals,
    /// Names of the NIC and its instance.
    Names,
    /// Which addresses the NIC has.
    Addresses,
}

impl Missing {
    pub const ALL: &'static [Missing] = &[
        Missing::Tags,
        Missing::Instance,
        Missing::Eips,
        Missing::LoadBalancers,
        Missing::NicState,
        Missing::Zone,
        Missing::Network,
        Missing::Mac,
        Missing::Groups,
        Missing::Virtuals,
        Missing::Names,
        Missing::Addresses,
    ];

    /// A stable token, for the locale.
    pub fn as_str(self) -> &'static str {
        match self {
            Missing::Tags => "tags",
            Missing::Instance => "instance",
            Missing::Eips => "eips",
            Missing::LoadBalancers => "lbs",
            Missing::NicState => "state",
            Missing::Zone => "zone",
            Missing::Network => "network",
            Missing::Mac => "mac",
            Missing::Groups => "groups",
            Missing::Virtuals => "vips",
            Missing::Names => "names",
            Missing::Addresses => "addresses",
        }
    }
}

/// An answer. Ordered: the surer it matches, the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Certain {
    No,
    Untold(Missing),
    Yes,
}

/// Everything around one address, or around a NIC as a whole, and whether it was read.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    pub profile: ProfileSubject<'a>,
    /// `None` when the NIC is attached to none, or to one that was not read.
    pub instance: Option<&'a Instance>,
    pub nic: &'a Nic,
    pub eips: &'a [&'a Eip],
    pub eips_known: bool,
    pub backends: &'a [&'a Backend],
    pub backends_known: bool,
    /// Virtual addresses on the NIC that are objects of their own.
    pub floats: &'a [&'a Float],
    pub floats_known: bool,
    /// `None`: the NIC itself.
    pub address: Option<Address>,
}

fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

impl Expr {
    /// Does it match, for certain? A term that can not be told leaves the whole open, unless another one says no.
    pub fn certainly(&self, subject: &Whole) -> Certain {
        let mut open = None;
        for term in &self.terms {
            match (subject.ask(&term.test), term.negated) {
                (Certain::Yes, false) | (Certain::No, true) => {}
                (Certain::Untold(missing), _) => open = open.or(Some(missing)),
                (Certain::No, false) | (Certain::Yes, true) => return Certain::No,
            }
        }
        open.map_or(Certain::Yes, Certain::Untold)
    }

    /// Surely nothing on the NIC matches: neither itself nor any of its addresses. `whole` is the NIC. Where it says no, more
    /// may be known address by address.
    pub fn matches_nowhere(&self, whole: &Whole) -> bool {
        let wanted = self.terms.iter().filter(|term| !term.negated && is_wider_of_whole(&term.test));
        wanted.map(|term| whole.ask(&term.test)).any(|answer| answer == Certain::No)
    }
}

/// What no address of a NIC matches where the NIC as a whole does not: the whole is asked of everything on it.
fn is_wider_of_whole(test: &Test) -> bool {
    match test {
        Test::Text(..) | Test::Tag(_) | Test::Count(..) | Test::Has(_) => true,
        // An address's own number and role are not asked of the whole.
        Test::Word(words) => words.addresses.is_empty(),
        _ => false,
    }
}

impl Whole<'_> {
    fn ask(&self, test: &Test) -> Certain {
        let or = |yes: bool, missing: Option<Missing>| match (yes, missing) {
            (true, _) => Certain::Yes,
            (false, Some(missing)) => Certain::Untold(missing),
            (false, None) => Certain::No,
        };
        let exactly = |yes: bool| or(yes, None);
        let told = |patterns: &[Pattern], value: Option<&str>, missing| match value {
            Some(value) => exactly(any(patterns, value)),
            None => Certain::Untold(missing),
        };
        let instance = |unless: bool| (!unless && self.instance_unread()).then_some(Missing::Instance);
        match test {
            Test::Word(words) => self.word(words, test),
            Test::Address(set) => self.through_eip(test, set).max(exactly(self.own(set))).max(self.unlisted()),
            Test::Text(field, patterns) => match field {
                Field::Cloud => exactly(any(patterns, self.profile.cloud.as_str())),
                Field::Profile => exactly(any(patterns, self.profile.profile.as_str())),
                Field::Env => exactly(self.profile.env.is_some_and(|env| any(patterns, env))),
                Field::State => or(self.of_instance(test), instance(false).or(self.stateless_instance())),
                Field::Instance => or(self.of_instance(test), instance(false).or(self.nameless_instance())),
                Field::Region => exactly(any(patterns, self.nic.region.as_str())),
                // Its own where it is told: no cloud that tells it puts the NIC on an instance of another one.
                Field::Zone => {
                    let its = || self.instance.and_then(|instance| instance.zone.as_deref());
                    told(patterns, self.nic.zone.as_deref().or_else(its), Missing::Zone)
                }
                Field::Id => {
                    let own = any(patterns, self.nic.id.as_str())
                        || self.nic.instance.as_ref().is_some_and(|id| any(patterns, id.as_str()));
                    let through = self.through_eip(test, &AddressSet::default());
                    let own = or(
                        own,
                        (self.nic.instance.is_none() && !own && self.instance_unread()).then_some(Missing::Instance),
                    );
                    through.max(own).max(self.through_float(false, |float| any(patterns, &float.id)))
                }
                Field::Name => {
                    let own = any(patterns, &self.nic.name) || self.of_instance(test);
                    let own = or(own, instance(own).or(self.nameless()));
                    let through = self.through_eip(test, &AddressSet::default());
                    own.max(through).max(self.through_float(true, |float| any(patterns, &float.name)))
                }
                Field::Nic => {
                    let found = any(patterns, self.nic.id.as_str()) || any(patterns, &self.nic.name);
                    or(found, (!self.nic.name.is_known()).then_some(Missing::Names))
                }
                Field::Mac => told(patterns, self.nic.mac.as_deref(), Missing::Mac),
                Field::NicState => {
                    let word = &*self.nic.status.word;
                    let found = any(patterns, word) || any(patterns, nic_state_word(self.nic.status.state));
                    or(found, word.is_empty().then_some(Missing::NicState))
                }
                Field::Vpc => told(patterns, self.nic.vpc.as_deref(), Missing::Network),
                Field::Subnet => told(patterns, self.nic.subnet.as_deref(), Missing::Network),
                // That it has none no cloud tells apart from not saying.
                Field::Sg => {
                    let groups = &self.nic.security_groups;
                    let found = groups.iter().any(|group| any(patterns, group));
                    or(found, groups.is_empty().then_some(Missing::Groups))
                }
                // No other field holds text.
                _ => Certain::No,
            },
            Test::Tag(tests) => {
                let of_instance = self.instance.map(|instance| &instance.tags);
                let found = eval::tags(tests, &self.nic.tags) || of_instance.is_some_and(|own| eval::tags(tests, own));
                or(found, self.tags_untold().then_some(Missing::Tags))
            }
            Test::Kind(bits) => {
                let found = self.address.is_some_and(|address| bits & role_bit(address.role) != 0);
                let hidden = self.address.is_none() && bits & role_bit(AddressRole::Virtual) != 0 && !self.floats_known;
                // An address that was not told, or whose role was not, may be of any kind.
                let untold = (!self.nic.addresses_known).then_some(Missing::Addresses);
                or(found, untold.or(hidden.then_some(Missing::Virtuals)))
            }
            Test::Has(bits) => self.has(*bits),
            Test::Count(Field::Eips, compare, bound) => {
                let listed = self.eips.len() as u64;
                let holds = |count: u64| compare.holds(count, *bound);
                // There may be more.
                let more = [bound.saturating_sub(1), *bound, bound.saturating_add(1), u64::MAX];
                let may_differ = more.into_iter().any(|count| count > listed && holds(count) != holds(listed));
                let open = !self.eips_known || self.nic.has_unexplained(self.eips) || !self.nic.addresses_known;
                if open && may_differ { Certain::Untold(Missing::Eips) } else { exactly(holds(listed)) }
            }
            Test::Count(..) if !self.nic.addresses_known => Certain::Untold(Missing::Addresses),
            Test::Count(field, compare, bound) => {
                exactly(compare.holds(eval::count(*field, &self.nic.addresses) as u64, *bound))
            }
            // Not about what the thing is: see `Expr::fickle_term`.
            Test::Finding(_) | Test::Level(_) | Test::Marked { .. } | Test::Age(..) => Certain::Yes,
        }
    }

    /// On an instance that was not read, or that the cloud hides.
    fn instance_unread(&self) -> bool {
        self.instance.is_none() && (self.nic.instance.is_some() || self.nic.status.state != NicState::Free)
    }

    /// One whose state was not told, or has a word that nobody here knows.
    fn stateless_instance(&self) -> Option<Missing> {
        self.instance.is_some_and(|instance| instance.power.state == PowerState::Other).then_some(Missing::Instance)
    }

    fn nameless_instance(&self) -> Option<Missing> {
        self.instance.is_some_and(|instance| !instance.name.is_known()).then_some(Missing::Names)
    }

    fn nameless(&self) -> Option<Missing> {
        if self.nic.name.is_known() { self.nameless_instance() } else { Some(Missing::Names) }
    }

    fn tags_untold(&self) -> bool {
        !self.nic.tags.is_known()
            || self.instance_unread()
            || self.instance.is_some_and(|instance| !instance.tags.is_known())
    }

    fn of_instance(&self, test: &Test) -> bool {
        let ask =
            |instance: &Instance| eval::ask_instance(test, (instance.id.as_str(), &instance.name), || Some(instance));
        self.instance.is_some_and(ask) || self.nic.instance.as_ref().is_some_and(|id| eval::ask_id(test, id.as_str()))
    }

    fn own(&self, set: &AddressSet) -> bool {
        match self.address {
            Some(address) => set.matches(address.ip),
            // Ranges go with the NIC; one that can not be read may be any.
            None => self.nic.prefixes.iter().any(|range| match range.parse::<IpNet>() {
                Ok(IpNet::V4(range)) if range.prefix_len() >= 16 => (u32::from(range.network())
                    ..=u32::from(range.broadcast()))
                    .any(|ip| set.matches(Ipv4Addr::from(ip).into())),
                Ok(range) => set.matches(range.network()) || set.matches(range.broadcast()),
                Err(_) => !set.is_empty(),
            }),
        }
    }

    /// The NIC as a whole may have an address that was not told.
    fn unlisted(&self) -> Certain {
        let told = self.address.is_some() || self.nic.addresses_known;
        if told { Certain::No } else { Certain::Untold(Missing::Addresses) }
    }

    fn word(&self, words: &Words, test: &Test) -> Certain {
        let nic = self.nic;
        let mac = nic.mac.as_deref();
        let own = self.own(&words.addresses)
            || any(&words.texts, &nic.name)
            || any(&words.ids, nic.id.as_str())
            || mac.is_some_and(|mac| any(&words.macs, mac))
            || self.of_instance(test);
        let eip = self.through_eip(test, &words.addresses);
        let by_name = !words.texts.is_empty();
        let float = self.through_float(by_name, |float| any(&words.texts, &float.name) || any(&words.ids, &float.id));
        if own || eip == Certain::Yes || float == Certain::Yes {
            return Certain::Yes;
        }
        if !words.texts.is_empty() && self.instance_unread() {
            return Certain::Untold(Missing::Instance);
        }
        if !words.texts.is_empty()
            && let Some(missing) = self.nameless()
        {
            return Certain::Untold(missing);
        }
        if !words.macs.is_empty() && mac.is_none() {
            return Certain::Untold(Missing::Mac);
        }
        let unlisted = if words.addresses.is_empty() { Certain::No } else { self.unlisted() };
        unlisted.max(if words.texts.is_empty() && words.ids.is_empty() { eip } else { eip.max(float) })
    }

    /// Does a virtual address that is an object of its own match: the one in question, or any on the NIC?
    /// `by_name`: it is asked for its name.
    fn through_float(&self, by_name: bool, test: impl Fn(&Float) -> bool) -> Certain {
        let ip = match self.address {
            Some(Address { ip, role: AddressRole::Virtual }) => Some(ip),
            Some(_) => return Certain::No,
            None => None,
        };
        let mut here = self.floats.iter().filter(|float| ip.is_none_or(|ip| float.ip == ip));
        let nameless = by_name && here.clone().any(|float| !float.name.is_known());
        if here.any(|float| test(float)) {
            Certain::Yes
        } else if self.floats_known && !nameless {
            Certain::No
        } else {
            Certain::Untold(Missing::Virtuals)
        }
    }

    /// Does an EIP on the address (or on the NIC) match? `set`: the addresses that are looked for, if that is all.
    fn through_eip(&self, test: &Test, set: &AddressSet) -> Certain {
        let mut answer = Certain::No;
        for eip in self.eips.iter().filter(|eip| eval::ask_eip(test, eip)) {
            answer = answer.max(match self.address.map(|address| eip.is_on(self.nic, address.ip)) {
                None | Some(Some(true)) => Certain::Yes,
                Some(None) => Certain::Untold(Missing::Eips),
                Some(Some(false)) => Certain::No,
            });
        }
        // A public address that the NIC names and no EIP explains may be on any of its addresses.
        let mut unexplained = self.nic.unexplained(self.eips).filter_map(|text| text.parse().ok());
        if unexplained.any(|ip| set.matches(ip)) {
            answer = answer.max(if self.address.is_none() { Certain::Yes } else { Certain::Untold(Missing::Eips) });
        }
        let by_name =
            matches!(test, Test::Text(Field::Name, _)) || matches!(test, Test::Word(words) if !words.texts.is_empty());
        let by_address = match test {
            Test::Address(set) => !set.is_private(),
            Test::Word(words) => !words.addresses.is_private(),
            _ => false,
        };
        // One whose name or address was not told may be the one.
        let is_here = |eip: &Eip| self.address.is_none_or(|address| eip.is_on(self.nic, address.ip) != Some(false));
        let untold = |eip: &Eip| by_name && !eip.name.is_known() || by_address && eip.ips.is_empty();
        if self.eips.iter().any(|eip| untold(eip) && is_here(eip)) {
            answer = answer.max(Certain::Untold(Missing::Eips));
        }
        let by_id = matches!(test, Test::Text(Field::Id, _));
        // What no EIP explains may be of any, by whatever name; and what is on an address that was not told is on none here.
        if (by_name || by_id) && (self.nic.has_unexplained(self.eips) || !self.nic.addresses_known) {
            answer = answer.max(Certain::Untold(Missing::Eips));
        }
        let private = matches!(test, Test::Address(set) if set.is_private());
        let only_addresses =
            matches!(test, Test::Word(words) if words.texts.is_empty() && words.addresses.is_private());
        if !self.eips_known && !private && !only_addresses {
            answer = answer.max(Certain::Untold(Missing::Eips));
        }
        answer
    }

    fn has(&self, bits: u8) -> Certain {
        let has = |what: Has| bits & what.bit() != 0;
        let mut answer = Certain::No;
        let mut tell = |yes: bool, untold: Option<Missing>| {
            let told = if yes { Certain::Yes } else { untold.map_or(Certain::No, Certain::Untold) };
            answer = answer.max(told);
        };
        // Which of its addresses they are on hangs on all of them.
        let unplaced = (!self.nic.addresses_known).then_some(Missing::Addresses);
        if let Some(missing) = unplaced.filter(|_| has(Has::Eip) || has(Has::Lb)) {
            tell(false, Some(missing));
        } else if has(Has::Eip) {
            let on = |eip: &&Eip| self.address.map_or(Some(true), |address| eip.is_on(self.nic, address.ip));
            let maybe = self.eips.iter().any(|eip| on(eip).is_none());
            let open = maybe || self.nic.has_unexplained(self.eips) || !self.eips_known;
            tell(self.eips.iter().any(|eip| on(eip) == Some(true)), open.then_some(Missing::Eips));
        }
        if has(Has::Lb) && unplaced.is_none() {
            let on =
                |backend: &&Backend| self.address.is_none_or(|address| backend.ip_on(self.nic) == Some(address.ip));
            // A backend may be named by its instance, which the NIC may be coming to.
            let settled = match self.nic.status.state {
                NicState::Attached => self.nic.instance.is_some(),
                state => state == NicState::Free,
            };
            let hidden = (!settled).then_some(Missing::Instance);
            let untold = (!self.backends_known).then_some(Missing::LoadBalancers);
            tell(self.backends.iter().any(on), untold.or(hidden));
        }
        if has(Has::Tag) {
            let tagged = |tags: &crate::domain::tags::Tags| tags.iter().len() > 0;
            let found = tagged(&self.nic.tags) || self.instance.is_some_and(|instance| tagged(&instance.tags));
            tell(found, self.tags_untold().then_some(Missing::Tags));
        }
        if has(Has::Instance) {
            let hidden = self.nic.instance.is_none() && self.instance_unread();
            tell(self.nic.instance.is_some(), hidden.then_some(Missing::Instance));
        }
        let role = |bit: u8| self.nic.addresses.iter().any(|address| role_bit(address.role) == bit);
        let untold = (!self.nic.addresses_known).then_some(Missing::Addresses);
        for (what, bit) in [(Has::Secondary, 2), (Has::Ipv6, 8)] {
            if has(what) {
                tell(role(bit), untold);
            }
        }
        tell(has(Has::Finding), None);
        answer
    }
}
