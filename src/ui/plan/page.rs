//! Everything about one row of the plan.

use std::net::IpAddr;

use crate::{
    app::{plan_view::PlanView, state::State},
    domain::{
        address::AddressRole,
        clean::clean,
        ids::{AddressKey, NicKey},
        plan::{Decision, Operation, OperationKind, PlanRow},
        selection::Target,
    },
};

use super::{
    super::{canvas::Canvas, detail as pane, doc::Doc, findings, theme::Role, words},
    addresses_on, decision,
    summary::{belts, effects},
};

/// The instance that a NIC is on: its name, as people know it, and its id.
fn instance_of(state: &State, key: &NicKey) -> Option<String> {
    let part = state.inventory.profile(&key.profile)?;
    let id = part.nic(&key.nic)?.instance.as_ref()?;
    match part.instance(id).map(|instance| &*instance.name) {
        None | Some("") => Some(id.to_string()),
        Some(name) => Some(format!("{name}  {id}")),
    }
}

/// Everything about one row of the plan.
pub fn page(canvas: &Canvas, state: &State, view: &PlanView, row: &PlanRow, width: u16) -> Doc {
    let words = canvas.words;
    let mut doc = Doc::new(width, pane::LABEL);
    let verb = row.act;
    let nic = row.target.nic();
    let (decision, role) = decision(canvas, row);
    let name = words::target_name(&row.target);
    doc.line(vec![(name, Role::Bright), ("  ".to_owned(), Role::Text), (decision, role)]);
    doc.text(&format!("{}  {}  {}", nic.profile, row.region, nic.nic), Role::Dim);
    if let Some(instance) = instance_of(state, nic) {
        doc.text(&clean(&instance), Role::Dim);
    }
    if row.hidden {
        doc.text(words.word("plan.hidden-row"), Role::Mark);
    }
    if let Some(reason) = &row.overridden {
        doc.text(&words.text("plan.overridden-row", &[("reason", reason)]), Role::Unknown);
    }
    if let Some((heading, fault)) = view.fault_of(nic) {
        doc.heading(words.word(heading));
        findings::fault(canvas, &mut doc, canvas.cloud(&nic.profile), fault, false);
    }
    doc.heading(words.word("heading.findings"));
    findings::list(
        canvas,
        &mut doc,
        canvas.cloud(&nic.profile),
        (state.now, view.read_at()),
        &view.found(row),
        verb,
        row.overridden.as_deref(),
    );
    let operation = match row.decision {
        Decision::Go(id) => view.plan.operations().get(id.0 as usize),
        Decision::Blocked | Decision::Already => None,
    };
    doc.blank();
    match operation {
        None => {
            if row.target.ip().is_none() {
                let ips: Vec<String> = addresses_on(state, view, row).iter().map(ToString::to_string).collect();
                doc.field(words.word("label.addresses"), &ips.join("  "), Role::Text);
            }
            doc.field(words.word("label.call"), words.word("detail.no-call"), Role::Text);
        }
        Some(operation) => {
            let nic = operation.nic_key();
            let goes = |ip: IpAddr| {
                let target = Target::Address(AddressKey { nic: nic.clone(), ip });
                view.plan.rows().iter().any(|row| row.target == target && matches!(row.decision, Decision::Go(_)))
            };
            before_after(canvas, &mut doc, operation, &goes, true);
            let calls = &operation.calls;
            let values = [
                ("nth", (operation.id.0 + 1).to_string()),
                ("total", view.plan.operations().len().to_string()),
                ("calls", words::count_of_calls(words, (calls.names.len(), calls.more))),
            ];
            let nth = words.text("plan.write-nth", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            doc.field(words.word("label.call"), &words::calls(words, calls), Role::Text);
            doc.field("", &nth, Role::Dim);
            if let OperationKind::Release { ips, .. } | OperationKind::Assign { ips, .. } = &operation.kind {
                doc.field("", &words.text("plan.call-carries", &[("count", &ips.len().to_string())]), Role::Dim);
            }
        }
    }
    doc.heading(words.word("heading.effects"));
    for (effect, role) in effects(canvas, view, false) {
        doc.text(&effect, role);
    }
    doc.heading(words.word("label.belts"));
    for (belt, role) in belts(canvas, &view.plan) {
        doc.text(&belt, role);
    }
    doc
}

/// The NIC's addresses before and after, where these go; the primary one has a star. `whole`: what is done to the NIC itself as well.
pub fn before_after(canvas: &Canvas, doc: &mut Doc, operation: &Operation, goes: &dyn Fn(IpAddr) -> bool, whole: bool) {
    let words = canvas.words;
    let list = |after: bool| {
        let all: Vec<String> = operation
            .expect
            .nic
            .addresses
            .iter()
            .filter(|address| !after || !goes(address.ip))
            .map(|address| {
                let star = if address.role == AddressRole::Primary { "*" } else { "" };
                format!("{}{star}", address.ip)
            })
            .collect();
        all.join("  ")
    };
    doc.field(words.word("label.before"), &list(false), Role::Dim);
    match &operation.kind {
        OperationKind::Release { .. } => doc.field(words.word("label.after"), &list(true), Role::Text),
        _ if !whole => {}
        OperationKind::Detach { instance, .. } => {
            let instance = clean(instance.as_str());
            let (before, after) = (list(false), list(true));
            let key = if before == after { "plan.after-detach" } else { "plan.after-detach-some" };
            doc.field(
                words.word("label.after"),
                &words.text(key, &[("ips", &after), ("instance", &instance)]),
                Role::Text,
            );
        }
        OperationKind::Assign { ips, .. } => {
            let new = ips.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
            doc.field(words.word("label.after"), &format!("{}  {new}", list(false)), Role::Text);
        }
        OperationKind::Attach { instance, .. } => {
            let instance = clean(instance.as_str());
            let after = words.text("plan.after-attach", &[("instance", &instance)]);
            doc.field(words.word("label.after"), &after, Role::Text);
        }
        OperationKind::BindEip { eip, ip, .. } => {
            doc.field(words.word("label.after"), &format!("{}  {ip}", clean(eip.as_str())), Role::Text);
        }
        OperationKind::Delete { .. } => {}
    }
    doc.blank();
}
