//! The values of findings, for the locale's sentences. Made only for what somebody reads.

use std::{collections::BTreeSet, fmt::Display};

use crate::domain::{
    address::{Address, AddressRole, Backend, Eip},
    capabilities::{Condition, Precondition},
    fault::FaultKind,
    finding::FindingId,
    instance::PowerState,
    nic::{ManagedBy, NicRole, NicState},
    page::Resource,
};

use super::{Answer, Asked, Context, facts::Facts};

type Values = Vec<(&'static str, String)>;

/// Values of one finding, by name. All ids are given as the cloud spells them, what is not known as `?`; lists are joined
/// by a comma.
pub(super) fn values(facts: &Facts, rules: &[Precondition], asked: Asked, context: Context, id: FindingId) -> Values {
    let nic = || ("nic", facts.nic.id.to_string());
    let ip = || match asked {
        Asked::Address(Address { ip, .. }) | Asked::Absent(ip) => vec![("ip", ip.to_string())],
        Asked::Nic => Vec::new(),
    };
    let with_ip = |mut values: Values| {
        values.extend(ip());
        values
    };
    match id {
        FindingId::AddressKind => {
            let kind = match asked {
                Asked::Address(address) => role_word(address.role),
                Asked::Absent(_) | Asked::Nic => "",
            };
            with_ip(vec![nic(), ("kind", kind.to_owned())])
        }
        FindingId::EipAttached | FindingId::EipDestroyed | FindingId::EipFateUnknown => {
            let here = match asked {
                Asked::Address(address) => {
                    facts.eips.iter().copied().filter(|eip| eip.is_on(facts.nic, address.ip) == Some(true)).collect()
                }
                Asked::Absent(_) | Asked::Nic => facts.eips.clone(),
            };
            let mut values = with_ip(eip_values(facts, &here));
            // It is bound to the virtual address, which other NICs may keep.
            let float = match asked {
                Asked::Address(address) if address.role == AddressRole::Virtual => {
                    super::address::float(facts, address)
                }
                _ => None,
            };
            if id == FindingId::EipAttached && float.is_some_and(|float| facts.others(float, context.plan).count() > 0)
            {
                values.push(("case", "shared".to_owned()));
            }
            values
        }
        FindingId::EipOnNic => {
            let elsewhere = match asked {
                Asked::Address(address) => {
                    facts.eips.iter().copied().filter(|eip| eip.is_on(facts.nic, address.ip) != Some(true)).collect()
                }
                Asked::Absent(_) | Asked::Nic => facts.eips.clone(),
            };
            eip_values(facts, &elsewhere)
        }
        FindingId::EipUnknown => {
            let is_unplaced =
                |eip: &&Eip| facts.nic.addresses.iter().any(|address| eip.is_on(facts.nic, address.ip).is_none());
            let unplaced: Vec<&Eip> = facts.eips.iter().copied().filter(is_unplaced).collect();
            if !unplaced.is_empty() {
                with_ip(eip_values(facts, &unplaced))
            } else if facts.eips_known {
                with_ip(vec![nic(), ("eip", join(facts.nic.unexplained(&facts.eips)))])
            } else {
                // There is nothing to name: the sentence is another one.
                why(facts, Resource::Eips)
            }
        }
        FindingId::LbBackend => {
            let here: Vec<&Backend> = match asked {
                Asked::Address(address) => facts.backends_at(address.ip).collect(),
                Asked::Absent(_) | Asked::Nic => facts.backends.clone(),
            };
            with_ip(backend_values(facts, &here))
        }
        FindingId::LbUnknown => {
            let named = facts.backends.iter().copied().filter(|backend| backend.may_be_elsewhere(facts.nic));
            let here: Vec<&Backend> = match asked {
                Asked::Address(address) => {
                    named.filter(|backend| backend.ip_on(facts.nic) == Some(address.ip)).collect()
                }
                Asked::Nic | Asked::Absent(_) => named.collect(),
            };
            let mut values = with_ip(vec![nic()]);
            if !here.is_empty() {
                values = with_ip(backend_values(facts, &here));
                values.push(("case", "elsewhere".to_owned()));
            } else if !facts.backends_known {
                values.extend(why(facts, Resource::Backends));
            } else if facts.instance.is_some_and(|instance| instance.load_balancers.is_none()) {
                values.extend([("case", "unnamed".to_owned()), instance_id(facts)]);
            }
            values
        }
        FindingId::LbOnInstance => {
            let ip = match asked {
                Asked::Address(address) => Some(address.ip),
                Asked::Absent(_) | Asked::Nic => None,
            };
            let balancers: BTreeSet<_> = facts.balancers_elsewhere(ip).collect();
            vec![instance_id(facts), ("count", balancers.len().to_string()), ("lb", join(balancers.iter()))]
        }
        FindingId::VipOnNic => {
            let on = facts.nic.addresses.iter().filter(|address| address.role == AddressRole::Virtual);
            let around = facts.floats.iter().map(|float| float.ip);
            let ips: BTreeSet<_> = on.map(|address| address.ip).chain(around).collect();
            let ids = facts.floats.iter().map(|float| &float.id);
            vec![nic(), instance_id(facts), ("ips", join(ips.iter())), ("vip", join(ids))]
        }
        FindingId::VipLast if matches!(asked, Asked::Nic) => {
            let last = |address: &Address| {
                super::address::shared(facts, *address, context) == Answer::Violated(FindingId::VipLast)
            };
            let alone: Vec<Address> = super::nic::virtuals_that_leave(facts, context).filter(last).collect();
            let floats = alone.iter().filter_map(|address| super::address::float(facts, *address));
            let vips = join(floats.map(|float| &float.id));
            vec![nic(), instance_id(facts), ("vip", vips), ("ip", join(alone.iter().map(|address| address.ip)))]
        }
        FindingId::VipShared | FindingId::VipLast | FindingId::VipManaged => {
            let float = match asked {
                Asked::Address(address) => super::address::float(facts, address),
                Asked::Absent(_) | Asked::Nic => None,
            };
            let text = |value: Option<&str>| value.unwrap_or("?").to_owned();
            let mut values = vec![
                nic(),
                ("count", float.map_or(0, |float| facts.others(float, context.plan).count()).to_string()),
                ("vip", text(float.map(|float| &*float.id))),
            ];
            if id == FindingId::VipManaged {
                values.push(("who", text(float.and_then(|float| float.owner.as_deref()))));
            }
            with_ip(values)
        }
        FindingId::VipUnknown => {
            let mut values = with_ip(vec![nic()]);
            let is_untold =
                |address: &Address| matches!(super::address::shared(facts, *address, context), Answer::CanNotTell(_));
            let untold = || super::nic::virtuals_that_leave(facts, context).filter(is_untold).map(|address| address.ip);
            if matches!(asked, Asked::Nic) && untold().next().is_some() {
                values.push(("ip", join(untold())));
            }
            if facts.floats_known && values.iter().any(|(name, _)| *name == "ip") {
                let case = if facts.are_nics_listed() { "unplaced" } else { "nics" };
                values.push(("case", case.to_owned()));
                return values;
            }
            values.extend(why(facts, Resource::Floats));
            values
        }
        FindingId::PrimaryIp => {
            // What else can be done depends on what the NIC is.
            let case = match (&facts.nic.role, &facts.nic.instance) {
                (_, None) => Some("free"),
                (NicRole::Primary, Some(_)) => Some("primary"),
                _ => None,
            };
            with_ip(std::iter::once(nic()).chain(case.map(|case| ("case", case.to_owned()))).collect())
        }
        FindingId::NicState => {
            let allowed = by_all(rules, |rule| match rule.condition {
                Condition::NicState { allowed } => Some(allowed),
                _ => None,
            });
            let allowed = match join(allowed.into_iter().map(nic_state_word)) {
                none if none.is_empty() => nic_state_word(NicState::Attached).to_owned(),
                words => words,
            };
            let mut values = vec![nic(), ("state", facts.nic.status.word.to_string()), ("allowed", allowed)];
            if matches!(asked, Asked::Nic) && facts.nic.instance.is_none() && facts.nic.status.state == NicState::Free {
                values.push(("case", "free".to_owned()));
            }
            values
        }
        FindingId::InstanceState => {
            let allowed = by_all(rules, |rule| match rule.condition {
                Condition::InstanceState { allowed, .. } => Some(allowed),
                _ => None,
            });
            let allowed = join(allowed.into_iter().map(power_word));
            let mut values = vec![asked_instance(facts), instance_name(facts), power(facts), ("allowed", allowed)];
            if rules.iter().all(|rule| !matches!(rule.condition, Condition::InstanceState { .. })) {
                values.push(("case", "any".to_owned()));
            }
            let held = facts.instance.map(|instance| instance.power.state);
            if let Some(state @ (PowerState::Locked | PowerState::Frozen)) = held {
                values.push(("case", power_word(state).to_owned()));
            }
            values
        }
        FindingId::InstanceUnknown => {
            let mut values = vec![nic(), instance_id(facts)];
            values.extend(why(facts, Resource::Instances));
            values
        }
        FindingId::InstanceGone => vec![nic(), instance_id(facts)],
        FindingId::NicDiesWithInstance => {
            let untold = facts.nic.dies_with_instance.is_none().then(|| ("case", "untold".to_owned()));
            std::iter::once(nic()).chain(untold).collect()
        }
        FindingId::GuestAgent | FindingId::GuestAgentUnknown => vec![asked_instance(facts), instance_name(facts)],
        FindingId::HotPlug | FindingId::HotPlugUnknown => {
            let mut values = vec![nic(), asked_instance(facts), power(facts)];
            // What the NIC can is told, or not asked: then its instance's type is what nobody knows.
            let asks_nic = rules.iter().any(|rule| rule.condition == Condition::HotPlug);
            if id == FindingId::HotPlugUnknown && (facts.nic.hot_plug.is_some() || !asks_nic) {
                values.push(("case", "type".to_owned()));
            } else if id == FindingId::HotPlug && facts.is_free() {
                values.push(("case", "attach".to_owned()));
            }
            values
        }
        FindingId::NicType => {
            let kind = match &facts.nic.role {
                NicRole::Other(word) => word.to_string(),
                NicRole::Primary => "primary".to_owned(),
                NicRole::Secondary => "secondary".to_owned(),
            };
            vec![nic(), ("kind", kind)]
        }
        FindingId::ManagedBy => {
            let who = match &facts.nic.managed_by {
                ManagedBy::Service(who) | ManagedBy::Controller(who) => who.to_string(),
                ManagedBy::Nobody | ManagedBy::Unknown => String::new(),
            };
            vec![nic(), ("who", who)]
        }
        FindingId::AddressesLeave => {
            let extra = |address: &&Address| !context.leaving.contains(&address.ip);
            let (v6, v4): (Vec<&Address>, Vec<&Address>) =
                facts.nic.addresses.iter().filter(extra).partition(|address| address.role == AddressRole::Ipv6);
            let ips = v4.iter().chain(&v6).map(|address| address.ip.to_string());
            let prefixes = facts.nic.prefixes.iter().map(ToString::to_string);
            let mut values = vec![
                nic(),
                instance_id(facts),
                ("count", (v4.len() + facts.nic.prefixes.len()).to_string()),
                ("ipv6", v6.len().to_string()),
                ("ips", join(ips.chain(prefixes))),
            ];
            // What floats may stay bound to a NIC that is on nothing.
            let floats = join(super::nic::virtuals_that_leave(facts, context).map(|address| address.ip));
            if facts.nic.instance.is_some() && !floats.is_empty() {
                values.extend([("vips", floats), ("case", "virtual".to_owned())]);
            }
            values
        }
        FindingId::DefaultRoute => vec![nic(), instance_id(facts), instance_name(facts)],
        FindingId::OsConfig => {
            let ips = match asked {
                Asked::Address(address) => address.ip.to_string(),
                Asked::Absent(_) | Asked::Nic => join(facts.nic.addresses.iter().map(|address| address.ip)),
            };
            vec![nic(), instance_id(facts), ("ips", ips)]
        }
        FindingId::Protected => {
            let Some(hit) = facts.protect.and_then(|rules| rules.hit(facts, asked.address())) else { return ip() };
            let mut values = vec![nic(), ("rule", hit.rule.number.to_string()), ("text", hit.rule.expr.to_string())];
            values.extend(hit.missing.map(|missing| ("case", missing.as_str().to_owned())));
            with_ip(values)
        }
        FindingId::LastSecondary => {
            let floats = asked.address().is_some_and(|address| address.role == AddressRole::Virtual);
            let case = floats.then(|| ("case", "virtual".to_owned()));
            with_ip(std::iter::once(nic()).chain(case).collect())
        }
        FindingId::Ipv6Address
        | FindingId::OverBelt
        | FindingId::NotCertain
        | FindingId::NoUndo
        | FindingId::SourceCheck
        | FindingId::PrimaryNic
        | FindingId::NicStateUnknown
        | FindingId::ManagedByUnknown
        | FindingId::NicDies
        | FindingId::NicFateUnknown
        | FindingId::NicLinked
        | FindingId::NicMembers
        | FindingId::NicLinkedUnknown
        | FindingId::NotListed
        | FindingId::AddressTaken
        | FindingId::AlreadyThere
        | FindingId::NicFull
        | FindingId::NicFullUnknown
        | FindingId::AddressesUnknown
        | FindingId::NicAttached
        | FindingId::NicMoved
        | FindingId::InstanceFull
        | FindingId::InstanceFullUnknown
        | FindingId::OtherPlace
        | FindingId::OtherVpc
        | FindingId::EipGone
        | FindingId::EipInUse
        | FindingId::NicInPlan
        | FindingId::AddressesInPlan
        | FindingId::ReadOnly
        | FindingId::NotReadAgain
        | FindingId::LbNotRestored
        | FindingId::EipNotRestored
        | FindingId::EarlierWrite => with_ip(vec![nic()]),
    }
}

/// Why this was not read: the key may not, this API has no such call, or it failed. Empty where nobody asked, or where the listing went
/// well and only the read of the NIC did not.
fn why(facts: &Facts, resource: Resource) -> Values {
    let Some(fault) = facts.failure(resource) else { return Vec::new() };
    let Some(code) = &fault.code else { return Vec::new() };
    let case = match fault.kind {
        FaultKind::Permission => "denied",
        // nicdeck asks all of a cloud's installations alike: where one does not understand it, it has no such call.
        FaultKind::BadRequest | FaultKind::NotFound => "absent",
        _ => "failed",
    };
    vec![("case", case.to_owned()), ("code", code.clone())]
}

/// The states that all rules of a kind allow: each may take some away, with a code of its own.
fn by_all<T: Copy + PartialEq + 'static>(
    rules: &[Precondition],
    of: impl Fn(&Precondition) -> Option<&'static [T]>,
) -> Vec<T> {
    let lists: Vec<&[T]> = rules.iter().filter_map(of).collect();
    let first = lists.first().copied().unwrap_or_default();
    first.iter().copied().filter(|state| lists.iter().all(|list| list.contains(state))).collect()
}

fn join<T: Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn instance_id(facts: &Facts) -> (&'static str, String) {
    ("instance", facts.nic.instance.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string))
}

/// The instance whose state is asked: of an attach, the one that the NIC is to be on.
fn asked_instance(facts: &Facts) -> (&'static str, String) {
    facts.instance.map_or_else(|| instance_id(facts), |instance| ("instance", instance.id.to_string()))
}

fn instance_name(facts: &Facts) -> (&'static str, String) {
    ("instance_name", facts.instance.map_or_else(String::new, |instance| instance.name.to_string()))
}

/// The instance's power state, in the vendor's word.
fn power(facts: &Facts) -> (&'static str, String) {
    ("state", facts.instance.map_or_else(|| "?".to_owned(), |instance| instance.power.word.to_string()))
}

fn private_ip(facts: &Facts, eip: &Eip) -> Option<std::net::IpAddr> {
    facts.nic.addresses.iter().map(|address| address.ip).find(|&ip| eip.is_on(facts.nic, ip) == Some(true))
}

/// `eip`: public addresses (ids where an address is not known); `eip_id`: ids; `ips`: private addresses, `?` where not told.
fn eip_values(facts: &Facts, eips: &[&Eip]) -> Values {
    let public = |eip: &&Eip| if eip.ips.is_empty() { eip.id.to_string() } else { join(eip.ips.iter()) };
    let private = |eip: &&Eip| private_ip(facts, eip).map_or_else(|| "?".to_owned(), |ip| ip.to_string());
    vec![
        ("nic", facts.nic.id.to_string()),
        ("count", eips.len().to_string()),
        ("eip", join(eips.iter().map(public))),
        ("eip_id", join(eips.iter().map(|eip| &eip.id))),
        ("ips", join(eips.iter().map(private).collect::<BTreeSet<_>>().iter())),
    ]
}

/// `lb`: ids; `lb_name`: names, ids where there is none; `lb_named`: names with their ids; `port`: ports; each once. `ips`: the NIC's addresses that serve.
fn backend_values(facts: &Facts, backends: &[&Backend]) -> Values {
    let set = |text: fn(&Backend) -> String| {
        let texts: BTreeSet<String> =
            backends.iter().map(|backend| text(backend)).filter(|text| !text.is_empty()).collect();
        join(texts.iter())
    };
    let balancers: BTreeSet<_> = backends.iter().map(|backend| &backend.load_balancer).collect();
    let ips: BTreeSet<_> = backends.iter().filter_map(|backend| backend.ip_on(facts.nic)).collect();
    vec![
        ("nic", facts.nic.id.to_string()),
        ("count", balancers.len().to_string()),
        ("lb", join(balancers.iter())),
        (
            "lb_name",
            set(
                |backend| {
                    if backend.name.is_empty() { backend.load_balancer.to_string() } else { backend.name.to_string() }
                },
            ),
        ),
        (
            "lb_named",
            set(|backend| match &*backend.name {
                "" => backend.load_balancer.to_string(),
                name if *name == *backend.load_balancer.as_str() => name.to_owned(),
                name => format!("{name} ({})", backend.load_balancer),
            }),
        ),
        ("port", set(|backend| backend.port.to_string())),
        ("ips", join(ips.iter())),
    ]
}

fn role_word(role: AddressRole) -> &'static str {
    match role {
        AddressRole::Primary => "primary",
        AddressRole::Secondary => "secondary",
        AddressRole::Virtual => "vip",
        AddressRole::Ipv6 => "ipv6",
    }
}

fn nic_state_word(state: NicState) -> &'static str {
    match state {
        NicState::Free => "free",
        NicState::Attached => "attached",
        NicState::Attaching => "attaching",
        NicState::Detaching => "detaching",
        NicState::Changing => "changing",
        NicState::Failed => "failed",
        NicState::Other => "other",
    }
}

fn power_word(state: PowerState) -> &'static str {
    match state {
        PowerState::Running => "running",
        PowerState::Stopped => "stopped",
        PowerState::Changing => "changing",
        PowerState::Gone => "gone",
        PowerState::Locked => "locked",
        PowerState::Frozen => "frozen",
        PowerState::Other => "other",
    }
}
