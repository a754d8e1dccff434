//! Everything about one row: beside the list where there is room, over the whole body otherwise.

use std::{borrow::Cow, net::IpAddr};

use crate::{
    app::{
        detail::{Detail, Failed},
        geometry::{Area, Regions},
        rows,
        state::{ProfileInfo, State},
    },
    domain::{
        address::{Backend, Eip},
        finding::Finding,
        instance::Instance,
        nic::{ManagedBy, Nic, NicState},
        plan::{Act, OperationKind},
        selection::Target,
        tags::Tags,
        time::Timestamp,
    },
};

use super::{
    canvas::Canvas,
    doc::Doc,
    findings, inventory,
    text::{self, Cut},
    theme::Role,
    words,
};

/// Cells of the labels at the left.
pub const LABEL: usize = 10;

/// The part of the detail region that holds text: behind the upright line.
pub fn beside(area: Area) -> Area {
    Area { x: area.x + 2, width: area.width.saturating_sub(3), ..area }
}

/// The whole body, with a margin; as far below the line above it as lists are.
pub fn over(regions: &Regions) -> Area {
    let (body, top) = (regions.body, regions.heading.y);
    Area { x: body.x + 1, y: top, width: body.width.saturating_sub(2), height: body.height - (top - body.y) }
}

/// The page about a row.
pub fn of(canvas: &Canvas, state: &State, detail: &Detail, width: u16) -> Doc {
    let mut doc = Doc::new(width, LABEL);
    let words = canvas.words;
    match detail {
        Detail::Problem { profile, failed } => {
            doc.line(vec![
                ("x ".to_owned(), Role::Blocked),
                (profile.id.to_string(), Role::Bright),
                (format!("  {}", profile.title), Role::Dim),
            ]);
            doc.blank();
            if failed.is_empty() {
                let text = profile.problem.as_ref().map(|problem| words.phrase(problem)).unwrap_or_default();
                doc.text(&text, Role::Blocked);
                doc.blank();
                doc.text(words.word("problem.profile-next"), Role::Text);
            } else {
                failures(canvas, &mut doc, profile, failed);
                doc.text(words.word("problem.rest-goes-on"), Role::Dim);
            }
        }
        Detail::Instance { profile, instance, nics } => {
            let (name, id) = (instance.name.to_string(), instance.id.to_string());
            let (first, second) = if name.is_empty() { (id, name) } else { (name, id) };
            doc.row([(first, Role::Bright), (second, Role::Dim), (profile.title.to_owned(), Role::Dim)]);
            doc.blank();
            about_instance(canvas, &mut doc, profile, instance);
            doc.heading(words.word("heading.nics"));
            let told = |nic: &Nic| {
                let kind = words::nic_kind(words, &profile.cloud, &nic.role).to_owned();
                [nic.id.to_string(), kind, nic.status.word.to_string(), inventory::addresses(words, nic).into_owned()]
            };
            // Each as wide as its widest; ids share what is left.
            let widest = |nth: usize| nics.iter().filter_map(|nic| Some(text::cells(told(nic).get(nth)?))).max();
            let [ids, kinds, states, counts] = [0, 1, 2, 3].map(|nth| widest(nth).unwrap_or_default());
            let room = doc.width().saturating_sub(kinds + states + counts + 6).max(12).min(ids);
            for nic in nics {
                let [id, kind, state, count] = told(nic);
                let pad = |text: &str, cells, cut| text::pad(text, cells, cut, canvas.skin.glyphs.cut);
                doc.row([
                    (pad(&id, room, Cut::Middle), Role::Text),
                    (pad(&kind, kinds, Cut::End), Role::Dim),
                    (pad(&state, states, Cut::End), inventory::nic_role(nic.status.state)),
                    (count, Role::Dim),
                ]);
            }
            if nics.is_empty() {
                doc.text(words.word("detail.no-nics"), Role::Dim);
            }
        }
        Detail::Nic { key, profile, nic, instance, eips, backends, findings: found, read_at } => {
            let kind = words::nic_kind(words, &profile.cloud, &nic.role);
            doc.row(
                [(nic.id.to_string(), Role::Bright)].into_iter().chain(title(canvas, state, kind, profile, *read_at)),
            );
            on_instance(canvas, &mut doc, profile, nic, *instance, false);
            held(canvas, &mut doc, state, &Target::Nic(key.clone()));
            doc.heading(words.word("heading.detach-findings"));
            findings::list(canvas, &mut doc, Some(&profile.cloud), (state.now, *read_at), found, Act::Detach, None);
            call(canvas, &mut doc, state, profile, nic, found, None);
            doc.heading(words.word("heading.addresses"));
            for address in &nic.addresses {
                let kind = words::address_kind(words, &profile.cloud, address.role);
                let eip = eips.iter().find(|eip| eip.is_on(nic, address.ip) == Some(true));
                let eip = eip.map(|eip| format!("  EIP {}", eip_name(eip))).unwrap_or_default();
                doc.line(vec![
                    (format!("{:<16}", address.ip.to_string()), Role::Bright),
                    (kind.to_owned(), Role::Dim),
                    (eip, Role::Info),
                ]);
            }
            for range in &nic.prefixes {
                doc.line(vec![
                    (format!("{range:<16}"), Role::Bright),
                    (words.word("noun.prefix").to_owned(), Role::Dim),
                ]);
            }
            about_nic(canvas, &mut doc, state, profile, nic);
            public(canvas, &mut doc, eips, backends);
            if let Some(instance) = instance {
                doc.heading(words.word("heading.instance"));
                about_instance(canvas, &mut doc, profile, instance);
            }
        }
        Detail::Address { key, profile, nic, instance, address, eips, backends, findings: found, read_at } => {
            let kind = words::address_kind(words, &profile.cloud, address.role);
            doc.row(
                [(address.ip.to_string(), Role::Bright)]
                    .into_iter()
                    .chain(title(canvas, state, kind, profile, *read_at)),
            );
            on_instance(canvas, &mut doc, profile, nic, *instance, true);
            held(canvas, &mut doc, state, &Target::Address(key.clone()));
            let whole = Target::Nic(key.nic.clone());
            let leaves = state.marks.contains(&whole) && state.in_batch(&whole).is_none();
            // Marked itself it is released, before its NIC goes.
            let itself = state.marks.contains(&Target::Address(key.clone()));
            if leaves {
                let told = if itself { "detail.before-its-nic" } else { "detail.leaves-with-nic" };
                doc.text(&words.text(told, &[("nic", nic.id.as_str())]), Role::Mark);
            }
            let leaves = leaves && !itself;
            doc.heading(words.word(if leaves { "heading.findings-alone" } else { "heading.findings" }));
            findings::list(canvas, &mut doc, Some(&profile.cloud), (state.now, *read_at), found, Act::Release, None);
            // A call of its own is not what takes it away then.
            if rows::is_releasable_role(address.role) && !leaves {
                call(canvas, &mut doc, state, profile, nic, found, Some(address.ip));
            }
            public(canvas, &mut doc, eips, backends);
            about_nic(canvas, &mut doc, state, profile, nic);
            if let Some(instance) = instance {
                doc.heading(words.word("heading.instance"));
                about_instance(canvas, &mut doc, profile, instance);
            }
        }
    }
    doc
}

/// Listings that failed, those of one cause together: the cause whole, then each call with its own request id.
fn failures(canvas: &Canvas, doc: &mut Doc, profile: &ProfileInfo, failed: &[Failed]) {
    let words = canvas.words;
    let mut causes: Vec<Vec<&Failed>> = Vec::new();
    for entry in failed {
        let same = |cause: &&mut Vec<&Failed>| {
            cause.first().is_some_and(|(_, other, _)| (other.kind, &other.code) == (entry.1.kind, &entry.1.code))
        };
        match causes.iter_mut().find(same) {
            Some(cause) => cause.push(entry),
            None => causes.push(vec![entry]),
        }
    }
    for cause in causes {
        let Some((_, fault, at)) = cause.first() else { continue };
        let sections: Vec<_> = cause.iter().map(|(section, ..)| words::section(words, section)).collect();
        let what = sections.join(words.word("list.comma"));
        doc.text(&words.text("problem.failed", &[("what", &what)]), Role::Text);
        doc.blank();
        findings::fault(canvas, doc, Some(&profile.cloud), fault, false);
        doc.field(words.word("label.when"), &words::clock(canvas.skin, *at), Role::Text);
        for (section, fault, _) in cause.iter().skip(1) {
            doc.blank();
            doc.field(words.word("label.call"), &fault.action, Role::Text);
            doc.field("", &words::section(words, section), Role::Dim);
            doc.field(words.word("label.request"), fault.request_id.as_deref().unwrap_or(""), Role::Text);
        }
        doc.blank();
    }
}

fn title(
    canvas: &Canvas,
    state: &State,
    kind: &str,
    profile: &ProfileInfo,
    read_at: Option<Timestamp>,
) -> [(String, Role); 3] {
    let words = canvas.words;
    let age = read_at.map_or(Cow::Borrowed(words.word("time.never")), |at| words::age(words, state.now, at));
    [(kind.to_owned(), Role::Dim), (age.into_owned(), Role::Dim), (profile.title.to_owned(), Role::Dim)]
}

fn on_instance(
    canvas: &Canvas,
    doc: &mut Doc,
    profile: &ProfileInfo,
    nic: &Nic,
    instance: Option<&Instance>,
    of_address: bool,
) {
    let words = canvas.words;
    let kind = words::nic_kind(words, &profile.cloud, &nic.role);
    let id = nic.id.as_str();
    let text = match (instance, &nic.instance) {
        (Some(instance), _) => {
            let name = if instance.name.is_empty() { instance.id.as_str() } else { &instance.name };
            words.text("detail.on", &[("nic", id), ("kind", kind), ("instance", name)])
        }
        (None, Some(id_of)) => words.text("detail.on", &[("nic", id), ("kind", kind), ("instance", id_of.as_str())]),
        (None, None) => words.text("detail.on-free", &[("nic", id), ("kind", kind)]),
    };
    if of_address {
        doc.text(&text, Role::Dim);
    } else {
        let key = if nic.status.state == NicState::Free { "detail.nic-free" } else { "detail.nic-on" };
        let name = instance.map(|it| if it.name.is_empty() { it.id.as_str() } else { &it.name });
        let name = name.or(nic.instance.as_ref().map(crate::domain::ids::InstanceId::as_str)).unwrap_or("-");
        doc.text(&words.text(key, &[("instance", name)]), Role::Dim);
    }
}

/// Why nothing of what stands below is sent, whatever it says: the batch that is running has it, or nothing is written here.
fn held(canvas: &Canvas, doc: &mut Doc, state: &State, target: &Target) {
    if let Some((text, role)) = inventory::in_batch(canvas.words, state, target) {
        doc.text(&text, role);
    } else if let Some(why) = inventory::read_only(canvas.words, state, &target.nic().profile) {
        doc.text(&why, Role::Warn);
    }
}

/// The vendor's calls that would be made to release the address, or to detach the NIC; or that none would.
fn call(
    canvas: &Canvas,
    doc: &mut Doc,
    state: &State,
    profile: &ProfileInfo,
    nic: &Nic,
    found: &[Finding],
    address: Option<IpAddr>,
) {
    use crate::domain::finding::Severity;
    let words = canvas.words;
    let kind = match (address, &nic.instance) {
        (Some(ip), _) => Some(OperationKind::Release { nic: nic.id.clone(), ips: vec![ip] }),
        (None, Some(instance)) => Some(OperationKind::Detach { nic: nic.id.clone(), instance: instance.clone() }),
        (None, None) => None,
    };
    let seen = state.inventory.profile(&profile.id).and_then(|part| part.snapshot(&nic.id));
    let calls = kind.zip(seen).map(|(kind, seen)| words::calls(words, &profile.capabilities.calls.of(&kind, &seen)));
    let name = calls.unwrap_or_default();
    let blocked = found.iter().any(|finding| finding.severity >= Severity::Unknown) || !state.writable(&profile.id);
    doc.blank();
    if blocked {
        doc.field(words.word("label.call"), words.word("detail.no-call"), Role::Text);
        return;
    }
    doc.field(words.word("label.call"), &name, Role::Text);
    let note = match address {
        Some(_) if profile.capabilities.release_whole => Cow::Borrowed(words.word("detail.call-whole")),
        Some(_) => words.text("detail.call-batch", &[("count", &profile.capabilities.release_batch.to_string())]),
        None if profile.capabilities.detach_polls => Cow::Borrowed(words.word("detail.call-polled")),
        _ => return,
    };
    doc.field("", &note, Role::Dim);
}

pub fn eip_name(eip: &Eip) -> String {
    let ips: Vec<String> = eip.ips.iter().map(ToString::to_string).collect();
    if ips.is_empty() { eip.id.to_string() } else { format!("{} ({})", ips.join(", "), eip.id) }
}

/// EIPs and load balancers.
fn public(canvas: &Canvas, doc: &mut Doc, eips: &[&Eip], backends: &[&Backend]) {
    let words = canvas.words;
    if !eips.is_empty() || !backends.is_empty() {
        doc.blank();
    }
    for (nth, eip) in eips.iter().enumerate() {
        let label = if nth == 0 { words.word("label.eip") } else { "" };
        let name = if eip.name.is_empty() { String::new() } else { format!("  {}", &*eip.name) };
        doc.field(label, &format!("{}{name}  {}", eip_name(eip), eip.status), Role::Info);
    }
    for (nth, backend) in backends.iter().enumerate() {
        let label = if nth == 0 { words.word("label.lb") } else { "" };
        let name = inventory::balancer(backend);
        let id = backend.load_balancer.as_str();
        let id = if name == id { String::new() } else { format!("  {id}") };
        doc.field(label, &format!("{name}:{}{id}", backend.port), Role::Text);
    }
}

fn about_nic(canvas: &Canvas, doc: &mut Doc, state: &State, profile: &ProfileInfo, nic: &Nic) {
    let words = canvas.words;
    let part = state.inventory.profile(&profile.id);
    doc.blank();
    let usage = part.map(|part| inventory::usage(words, part, nic, u16::MAX).into_owned()).unwrap_or_default();
    doc.field(words.word("label.nic"), &format!("{}  {usage}", nic.status.word), Role::Text);
    if !nic.name.is_empty() {
        doc.field("", &nic.name, Role::Dim);
    }
    let list = |parts: &[Option<&str>]| parts.iter().flatten().copied().collect::<Vec<_>>().join("  ");
    // A zone's name begins with its region's.
    let place = nic.zone.as_deref().unwrap_or(nic.region.as_str());
    doc.field("", &list(&[nic.mac.as_deref(), Some(place)]), Role::Dim);
    doc.field("", &list(&[nic.vpc.as_deref(), nic.subnet.as_deref()]), Role::Dim);
    let groups: Vec<&str> = nic.security_groups.iter().map(|group| &**group).collect();
    doc.field("", &groups.join("  "), Role::Dim);
    match &nic.managed_by {
        ManagedBy::Service(who) | ManagedBy::Controller(who) => {
            doc.field(words.word("label.owner"), who, Role::Warn);
        }
        ManagedBy::Nobody | ManagedBy::Unknown => {}
    }
    if !nic.description.is_empty() {
        doc.field(words.word("label.note"), &nic.description, Role::Dim);
    }
    tags(canvas, doc, &nic.tags);
}

fn tags(canvas: &Canvas, doc: &mut Doc, tags: &Tags) {
    if !tags.is_known() {
        return doc.field(canvas.words.word("label.tags"), canvas.words.word("detail.tags-unknown"), Role::Dim);
    }
    let text: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    doc.field(canvas.words.word("label.tags"), &text.join("  "), Role::Dim);
}

fn about_instance(canvas: &Canvas, doc: &mut Doc, profile: &ProfileInfo, instance: &Instance) {
    let words = canvas.words;
    let (power, role) = inventory::power(instance);
    doc.field(words.word("label.name"), &instance.name, Role::Text);
    doc.field(words.word("label.id"), instance.id.as_str(), Role::Dim);
    doc.field(words.word("label.state"), power, role);
    doc.field(words.word("label.type"), instance.kind.as_deref().unwrap_or(""), Role::Text);
    let zone = instance.zone.as_deref().map(|zone| format!("  {zone}")).unwrap_or_default();
    doc.field(words.word("label.region"), &format!("{}{zone}", instance.region), Role::Text);
    doc.field(words.word("label.profile"), profile.id.as_str(), Role::Text);
    let agent = match instance.guest_agent {
        Some(true) => words.word("detail.agent-runs"),
        Some(false) => words.word("detail.agent-off"),
        None => "",
    };
    doc.field(words.word("label.agent"), agent, Role::Text);
    tags(canvas, doc, &instance.tags);
}
