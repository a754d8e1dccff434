//! A plan without a screen: lists, reads the plan's NICs again, and puts the plan into a file. Sends nothing.

use std::{collections::BTreeSet, io, net::IpAddr, sync::Arc};

use crate::{
    app::{command::Command, msg::Msg, notices::Phrase, order::Order, plan_view::Freshness, state::State, update},
    domain::{
        clean::clean,
        finding::Severity,
        ids::{AddressKey, NicKey},
        plan::ReleasePlan,
        selection::Target,
    },
    runtime::{Launch, RunError, author, clock, history, plan_file::PlanFile},
};

use super::{Desk, Form, Listed, Progress, earlier, failures, told};

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    pub asked: Asked,
    /// Addresses that go although something about them is not known, and why.
    pub overrides: Vec<(IpAddr, String)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Everything that the filter shows and that can go.
    Filtered,
    /// These.
    Named { release: Vec<Name>, detach: Vec<Name> },
    /// To take a batch of the journal back.
    Undo(String),
    /// What a batch of the journal has not done.
    Rest(String),
}

/// A thing by as much of its name as it takes: `10.0.0.9`, `eni-1/10.0.0.9`, `prod/eni-1/10.0.0.9`; `eni-1`, `prod/eni-1`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    pub profile: Option<String>,
    pub nic: Option<String>,
    /// `None`: the NIC.
    pub ip: Option<IpAddr>,
}

impl Name {
    /// Of an address; `None`: it is none.
    pub fn address(text: &str) -> Option<Self> {
        let (rest, ip) = text.rsplit_once('/').map_or((None, text), |(rest, ip)| (Some(rest), ip));
        let ip = Some(ip.parse().ok()?);
        match rest {
            None => Some(Self { profile: None, nic: None, ip }),
            Some(rest) => Some(Self { ip, ..Self::nic(rest)? }),
        }
    }

    /// Of a NIC; `None`: it is none.
    pub fn nic(text: &str) -> Option<Self> {
        let (profile, nic) = text.split_once('/').map_or((None, text), |(profile, nic)| (Some(profile), nic));
        let is_name = |text: &str| !text.is_empty() && !text.contains('/');
        let whole = is_name(nic) && profile.is_none_or(is_name);
        whole.then(|| Self { profile: profile.map(str::to_owned), nic: Some(nic.to_owned()), ip: None })
    }

    /// What of the inventory has the name.
    fn find(&self, state: &State) -> Vec<Target> {
        let mut found = Vec::new();
        for part in state.inventory.profiles() {
            if self.profile.as_deref().is_some_and(|name| name != part.profile.as_str()) {
                continue;
            }
            for (_, nic) in part.nics() {
                if self.nic.as_deref().is_some_and(|name| name != nic.id.as_str()) {
                    continue;
                }
                let key = NicKey { profile: part.profile.clone(), nic: nic.id.clone() };
                match self.ip {
                    None => found.push(Target::Nic(key)),
                    Some(ip) if nic.addresses.iter().any(|address| address.ip == ip) => {
                        found.push(Target::Address(AddressKey { nic: key, ip }));
                    }
                    Some(_) => {}
                }
            }
        }
        found
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ip = self.ip.map(|ip| ip.to_string());
        let parts = [self.profile.as_deref(), self.nic.as_deref(), ip.as_deref()];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
    }
}

/// A target by its full name.
pub fn name(target: &Target) -> String {
    let key = target.nic();
    let ip = target.ip().map(|ip| format!("/{ip}")).unwrap_or_default();
    format!("{}/{}{ip}", key.profile, key.nic)
}

/// What came of it.
pub enum Planned {
    Made {
        file: Box<PlanFile>,
        plan: Arc<ReleasePlan>,
        listed: Listed,
    },
    /// Nothing is there to be planned, or nothing of it can go; in what could be listed.
    Nothing(Listed),
    /// What the journal tells of the batch cannot be believed; it was said.
    Refused,
    /// What was named is not there, or is there more than once; it was said.
    Unnamed,
    /// Nothing could be listed; it was said why.
    Unlisted(Listed),
}

/// Makes the plan. What is to be known besides is said on `err`.
///
/// # Errors
/// No usable HTTPS client.
pub async fn make(launch: &Launch, wish: &Wish, form: &Form<'_>, err: &mut dyn io::Write) -> Result<Planned, RunError> {
    let mut desk = Desk::open(launch)?;
    earlier(launch, &mut desk.state, form, err);
    if launch.demo && matches!(wish.asked, Asked::Undo(_)) {
        let _ = writeln!(err, "{}", (form.tell)("plan-command.demo-anew", &[]));
    }
    if let (Asked::Undo(_) | Asked::Rest(_), Some(journal)) = (&wish.asked, &launch.journal) {
        // What can not be read is told where the batch is looked up.
        for doubt in history::doubts(journal, clock::now()).unwrap_or_default() {
            let _ = writeln!(err, "{}", clean(&(form.phrase)(&(&doubt).into())));
        }
    }
    let mut progress = Progress::new(form, err);
    desk.list(&mut progress).await;
    progress.end();
    let listed = failures(&desk.state, form, err);
    if matches!(listed, Listed::Refused | Listed::Failed) {
        return Ok(Planned::Unlisted(listed));
    }
    let order = match &wish.asked {
        Asked::Filtered => Order::PlanVisible,
        Asked::Named { release, detach } => match targets(&desk.state, release.iter().chain(detach), form, err) {
            Some(targets) => Order::Plan(targets),
            None => return Ok(Planned::Unnamed),
        },
        Asked::Undo(batch) => Order::Undo { batch: batch.clone(), only: None },
        Asked::Rest(batch) => Order::Rest { batch: batch.clone() },
    };
    let heard = desk.state.notices.said();
    desk.order(Msg::Order(order), is_settled, &mut |_| {}).await;
    unread(&desk.state, form, err);
    // Why there is no plan is told below.
    let overrides = wish.overrides.iter().filter(|_| desk.state.plan.is_some()).collect::<Vec<_>>();
    for (ip, reason) in overrides {
        if !overrule(&mut desk, *ip, reason).await {
            let text = (form.tell)("plan-command.nothing-to-override", &[("ip", &ip.to_string())]);
            let _ = writeln!(err, "{}", clean(&text));
            return Ok(Planned::Unnamed);
        }
    }
    for notice in desk.state.notices.since(heard) {
        let _ = writeln!(err, "{}", clean(&(form.phrase)(&notice.phrase)));
    }
    let Some(view) = &desk.state.plan else {
        let refused = desk.state.notices.since(heard).any(|notice| notice.phrase.key == update::EDITED);
        return Ok(if refused { Planned::Refused } else { Planned::Nothing(listed) });
    };
    if let Some(reason) = update::disabled(&desk.state, Command::DryRun) {
        let _ = writeln!(err, "{}", clean(&(form.phrase)(&reason)));
    }
    let plan = view.plan.clone();
    let file = PlanFile::of(&plan, &author(), launch.demo, clock::now());
    Ok(Planned::Made { file: Box::new(file), plan, listed })
}

/// Is nothing of the plan being read or looked up any more?
pub(super) fn is_settled(state: &State) -> bool {
    state.history.undo.is_none()
        && state.plan.as_ref().is_none_or(|view| matches!(view.freshness, Freshness::Read { .. }))
}

/// Says which NICs of the plan could not be read again.
pub(super) fn unread(state: &State, form: &Form<'_>, err: &mut dyn io::Write) {
    let Some(view) = &state.plan else { return };
    for (key, fault) in view.unread.iter().chain(&view.partly) {
        let place = format!("{} {}", key.profile, key.nic);
        let _ = writeln!(err, "{}", clean(&told(form, &place, fault)));
    }
}

/// Lets what is not known of the address not count. False: there is no such row.
async fn overrule(desk: &mut Desk, ip: IpAddr, reason: &str) -> bool {
    let Some(view) = &desk.state.plan else { return false };
    let of = |row: &&crate::domain::plan::PlanRow| {
        row.target.ip() == Some(ip) && row.worst() == Some(Severity::Unknown) && row.overridden.is_none()
    };
    let targets: Vec<Target> = view.plan.rows().iter().filter(of).map(|row| row.target.clone()).collect();
    for target in &targets {
        let order = Order::Overrule { target: target.clone(), reason: reason.to_owned() };
        desk.order(Msg::Order(order), is_settled, &mut |_| {}).await;
    }
    !targets.is_empty()
}

/// The targets of these names, or nothing if one is not there or is not plain; that is said.
fn targets<'a>(
    state: &State,
    names: impl Iterator<Item = &'a Name>,
    form: &Form<'_>,
    err: &mut dyn io::Write,
) -> Option<BTreeSet<Target>> {
    let mut targets = BTreeSet::new();
    let mut good = true;
    for wanted in names {
        let found = wanted.find(state);
        let text = match found.as_slice() {
            [one] => {
                targets.insert(one.clone());
                continue;
            }
            [] => (form.phrase)(&Phrase::new("plan-command.not-there").with("name", wanted)),
            many => {
                let names: Vec<String> = many.iter().map(name).collect();
                let phrase = Phrase::new("plan-command.not-plain").with("name", wanted).with("count", many.len());
                (form.phrase)(&phrase.with("names", names.join(" ")))
            }
        };
        good = false;
        let _ = writeln!(err, "{}", clean(&text));
    }
    good.then_some(targets)
}
