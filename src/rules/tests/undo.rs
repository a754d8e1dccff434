//! What takes a batch back: each row goes, or says why not.

use super::*;
use crate::{
    domain::{
        finding::FindingId,
        ids::{AddressKey, InstanceId, NicKey, ProfileId},
        inventory::ProfileInventory,
        plan::OperationKind,
        plan::{Act, Belts, Decision, Overruled, ReleasePlan},
        selection::Target,
        undo::TakeBack,
    },
    filter::{self, Missing},
    rules::{
        Safety,
        facts::Facts,
        planner::{Sources, Wanted},
        protect::Brings,
        undo::{Undo, plan},
    },
};

/// Asks of what is given back whether it is free.
const CLOUD: Capabilities = Capabilities {
    assign: &[
        rule(Condition::NotOnNic, Severity::Blocked),
        rule(Condition::AddressFree { floating: false }, Severity::Blocked),
    ],
    attach: &[rule(Condition::NicFree, Severity::Blocked), rule(Condition::InstanceExists, Severity::Blocked)],
    bind_eip: &[rule(Condition::EipExists, Severity::Blocked), rule(Condition::EipFree, Severity::Blocked)],
    ..LENIENT
};

fn key(nic: &str) -> NicKey {
    NicKey { profile: "p".into(), nic: nic.into() }
}

fn address(nic: &str, text: &str) -> Target {
    Target::Address(AddressKey { nic: key(nic), ip: ip(text) })
}

fn undo(target: Target, write: Option<OperationKind>) -> Undo {
    let take = TakeBack {
        target: target.clone(),
        cloud: "c".into(),
        region: REGION.into(),
        write,
        certain: true,
        status: Some("USED".into()),
        role: AddressRole::Secondary,
        balancers: Vec::new(),
        loose_eips: Vec::new(),
    };
    Undo { wanted: Wanted::of(target), take }
}

fn assign(nic: &str, text: &str) -> Undo {
    let kind = OperationKind::Assign { nic: nic.into(), ips: vec![ip(text)], lists: Vec::new() };
    undo(address(nic, text), Some(kind))
}

fn attach(nic: &str, instance: &str) -> Undo {
    undo(Target::Nic(key(nic)), Some(OperationKind::Attach { nic: nic.into(), instance: instance.into() }))
}

fn bind(eip: &str) -> Undo {
    let address = AddressKey { nic: key("nic-1"), ip: ip("10.0.0.2") };
    let kind = OperationKind::BindEip { nic: "nic-1".into(), eip: eip.into(), ip: address.ip };
    undo(Target::Eip { eip: eip.into(), address }, Some(kind))
}

/// A balancer that sends to this address on `vm-1`.
fn behind(address: &str) -> Backend {
    let target = BackendTarget::Address { ip: ip(address), instance: Some("vm-1".into()), nic: None };
    Backend { target, ..backend("lb-1", address) }
}

/// `nic-1` on `vm-1`; `nic-2`, which is free; an EIP that is bound to nothing and one that is on `nic-2`.
fn made(undos: &[Undo], readonly: bool) -> ReleasePlan {
    made_by(undos, &Safety::default(), readonly)
}

fn made_under(undos: &[Undo], safety: &Safety) -> ReleasePlan {
    made_by(undos, safety, false)
}

fn made_by(undos: &[Undo], safety: &Safety, readonly: bool) -> ReleasePlan {
    made_on(&CLOUD, undos, safety, readonly)
}

fn made_on(cloud: &'static Capabilities, undos: &[Undo], safety: &Safety, readonly: bool) -> ReleasePlan {
    let mut inventory = Inventory::new([("p".into(), "c".into())]);
    let part = inventory.profile_mut(&"p".into()).unwrap();
    let own = snapshot();
    let mut free = own.nic.clone();
    (free.id, free.instance, free.status.state) = ("nic-2".into(), None, NicState::Free);
    free.addresses = vec![
        Address { ip: ip("10.0.0.9"), role: AddressRole::Primary },
        Address { ip: ip("10.0.0.8"), role: AddressRole::Secondary },
    ];
    // Of the time before it was detached.
    let left = behind("10.0.0.9");
    let page = InventoryPage {
        nics: vec![own.nic.clone(), free],
        instances: own.instance.into_iter().collect(),
        eips: vec![
            Eip { bound: EipBinding::Unbound, ..eip("eip-1", "", None) },
            eip("eip-2", "nic-2", Some("10.0.0.9")),
        ],
        backends: vec![left],
        ..InventoryPage::default()
    };
    part.merge(page, READ);
    for resource in [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends, Resource::Floats] {
        part.complete(&(resource, Some(RegionId::from(REGION))), 0, READ);
    }
    let sources =
        Sources { inventory: &inventory, capabilities: &|_: &ProfileId| Some(cloud), readonly: &|_| readonly, safety };
    plan(undos, &sources, READ).unwrap()
}

fn changed(undo: Undo, change: impl FnOnce(&mut Undo)) -> Undo {
    let mut undo = undo;
    change(&mut undo);
    undo
}

#[test]
fn each_row_is_possible_or_says_why_not() {
    let cases: Vec<(&str, Undo, Option<FindingId>)> = vec![
        ("an address that is free", assign("nic-1", "10.0.0.50"), None),
        ("one that another NIC has", assign("nic-1", "10.0.0.8"), Some(FindingId::AddressTaken)),
        ("a NIC that is gone", assign("nic-9", "10.0.0.50"), Some(FindingId::NotListed)),
        ("a free NIC and its instance", attach("nic-2", "vm-1"), None),
        ("an instance that is gone", attach("nic-2", "vm-9"), Some(FindingId::InstanceGone)),
        ("a free EIP", bind("eip-1"), None),
        ("an EIP that is gone", bind("eip-9"), Some(FindingId::EipGone)),
        ("an EIP that somebody has", bind("eip-2"), Some(FindingId::EipInUse)),
        ("what nothing takes back", undo(Target::Nic(key("nic-1")), None), Some(FindingId::NoUndo)),
        (
            "what may not have been done",
            changed(assign("nic-1", "10.0.0.50"), |undo| undo.take.certain = false),
            Some(FindingId::NotCertain),
        ),
        (
            "a NIC that could not be read again",
            changed(assign("nic-1", "10.0.0.50"), |undo| undo.wanted.unread = true),
            Some(FindingId::NotReadAgain),
        ),
        (
            "a NIC with a write of unknown end",
            changed(assign("nic-1", "10.0.0.50"), |undo| undo.wanted.earlier_write = true),
            Some(FindingId::EarlierWrite),
        ),
    ];
    for (what, undo, against) in cases {
        let plan = made(std::slice::from_ref(&undo), false);
        let [row] = plan.rows() else { panic!("{what}: {:?}", plan.rows()) };
        assert_eq!(row.target, undo.take.target, "{what}");
        match against {
            None => {
                assert!(matches!(row.decision, Decision::Go(_)), "{what}: {:?}", row.findings);
                assert_eq!(plan.operations()[0].kind, undo.take.write.clone().unwrap(), "{what}");
            }
            Some(id) => {
                assert_eq!((row.decision, plan.operations().len()), (Decision::Blocked, 0), "{what}");
                assert!(row.findings.iter().any(|finding| finding.id == id), "{what}: {:?}", row.findings);
            }
        }
        let held = made(std::slice::from_ref(&undo), true);
        assert!(held.operations().is_empty(), "{what}: a read-only profile sends nothing");
    }
}

/// What hung on it before, and is not there again by itself.
#[test]
fn what_does_not_come_back_is_named() {
    let lost = |undo: Undo| -> Vec<(FindingId, Severity, String)> {
        let plan = made(std::slice::from_ref(&undo), false);
        assert!(matches!(plan.rows()[0].decision, Decision::Go(_)), "{:?}", plan.rows());
        let of = |finding: &crate::domain::finding::Finding| {
            let named = finding.values.iter().find(|(name, _)| ["lb", "eip_id"].contains(name));
            (finding.id, finding.severity, named.map(|(_, value)| value.clone()).unwrap_or_default())
        };
        plan.rows()[0].findings.iter().map(of).collect()
    };
    let warned = |id, names: &str| (id, Severity::Warn, names.to_owned());
    let address =
        changed(assign("nic-1", "10.0.0.50"), |undo| undo.take.balancers = vec!["lb-1".into(), "lb-2".into()]);
    assert_eq!(lost(address), [warned(FindingId::LbNotRestored, "lb-1, lb-2")]);
    let nic = changed(attach("nic-2", "vm-1"), |undo| {
        undo.take.balancers = vec!["lb-1".into()];
        // One is on the NIC still.
        undo.take.loose_eips = vec!["eip-1".into(), "eip-2".into()];
    });
    assert_eq!(lost(nic), [warned(FindingId::LbNotRestored, "lb-1"), warned(FindingId::EipNotRestored, "eip-1")]);
}

/// Asks for a free NIC, and not what it is on.
const FREE: Capabilities =
    Capabilities { attach: &[rule(Condition::NicState { allowed: &[NicState::Free] }, Severity::Blocked)], ..CLOUD };

/// Nobody has to do anything for it, and nothing that would stand against it matters.
#[test]
fn what_is_put_back_already_is_no_error_and_is_not_sent() {
    let there = || [assign("nic-1", "10.0.0.2"), attach("nic-1", "vm-1")];
    let said = |undo: Undo, readonly: bool| {
        let plan = made(std::slice::from_ref(&undo), readonly);
        assert_eq!((plan.operations().len(), plan.blocked()), (0, usize::from(undo.wanted.unread)));
        let [row] = plan.rows() else { panic!("{:?}", plan.rows()) };
        let found: Vec<_> = row.findings.iter().map(|one| (one.id, one.severity, one.predicts)).collect();
        (row.decision, found)
    };
    let already = || (Decision::Already, vec![(FindingId::AlreadyThere, Severity::Info, None)]);
    for undo in there() {
        for readonly in [false, true] {
            assert_eq!(said(undo.clone(), readonly), already(), "{undo:?}");
        }
        let unsure = changed(undo.clone(), |undo| undo.take.certain = false);
        assert_eq!(said(unsure, false), already(), "{undo:?}");
        // Nobody looked whether it is there still.
        let (decision, found) = said(changed(undo.clone(), |undo| undo.wanted.unread = true), false);
        assert_eq!(decision, Decision::Blocked);
        assert!(found.iter().any(|(id, ..)| *id == FindingId::NotReadAgain), "{found:?}");
    }
    // Where the cloud asks for a free NIC alone, whatever it is on.
    let row = |instance| {
        let plan = made_on(&FREE, &[attach("nic-1", instance)], &Safety::default(), false);
        (plan.rows()[0].decision, plan.rows()[0].findings.iter().map(|found| found.id).collect::<Vec<_>>())
    };
    assert_eq!(row("vm-1"), (Decision::Already, vec![FindingId::AlreadyThere]));
    assert_eq!(row("vm-2"), (Decision::Blocked, vec![FindingId::NicState]));
    // Beside what is sent.
    let plan = made(&[assign("nic-1", "10.0.0.2"), assign("nic-1", "10.0.0.50")], false);
    assert_eq!((plan.operations().len(), plan.targets().count(), plan.blocked()), (1, 1, 0));
}

fn detach(nic: &str, instance: &str) -> Undo {
    undo(Target::Nic(key(nic)), Some(OperationKind::Detach { nic: nic.into(), instance: instance.into() }))
}

/// Where the batch put it, and nowhere else.
#[test]
fn a_nic_that_somebody_moved_stays_where_it_is() {
    assert_eq!(made(&[detach("nic-1", "vm-1")], false).operations().len(), 1);
    let plan = made(&[detach("nic-1", "vm-0")], false);
    assert_eq!(plan.operations(), []);
    let found = plan.rows()[0].findings.iter().find(|finding| finding.id == FindingId::NicMoved).expect("told");
    assert_eq!(found.severity, Severity::Blocked);
    let values: Vec<&str> = found.values.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["nic-1", "vm-1", "vm-0"]);
}

/// The instance that a NIC is put on and the EIP that is bound are written to as well.
#[test]
fn rules_protect_what_a_nic_is_given() {
    let back = [attach("nic-2", "vm-1"), attach("nic-2", "vm-9"), bind("eip-1"), bind("eip-9")];
    let held = |rule: &str| -> Vec<bool> {
        let mut safety = Safety::default();
        safety.protect.add(&"p".into(), &"c".into(), None, &[filter::parse(rule).unwrap()]);
        let is_held = |undo: &Undo| {
            let plan = made_under(std::slice::from_ref(undo), &safety);
            plan.rows()[0].findings.iter().any(|finding| finding.id == FindingId::Protected)
        };
        back.iter().map(is_held).collect()
    };
    assert_eq!(held("instance:vm-1"), [true, true, true, true], "one that was not read may be it; nic-1 is on it");
    assert_eq!(held("name:web"), [true, true, true, true]);
    assert_eq!(held("id:eip-1"), [false, false, true, false], "one that is gone is no other one");
    assert_eq!(held("id:eip-7"), [false; 4]);
    assert_eq!(held("nic:nic-7"), [false; 4]);
    assert_eq!(held("has:lb"), [true, false, false, false], "what names the instance sends to it again");
}

/// What sends to a NIC once it is on an instance a read of it alone does not tell.
#[test]
fn a_rule_about_balancers_hangs_on_who_sends_to_the_nic_on_its_new_instance() {
    let mut safety = Safety::default();
    safety.protect.add(&"p".into(), &"c".into(), None, &[filter::parse("has:lb").unwrap()]);
    let rules = safety.protect.of(&"p".into()).unwrap();
    let seen = NicSnapshot { instance: None, ..snapshot() };
    let nic = Nic { instance: None, status: NicStatus { state: NicState::Free, ..seen.nic.status }, ..seen.nic };
    let seen = NicSnapshot { nic, ..seen };
    let (id, onto) = (InstanceId::from("vm-1"), instance("vm-1", PowerState::Running));
    let held = |seen: &NicSnapshot, read: Option<&[Backend]>| {
        let hit = rules.hit_with(&Facts::from_snapshot(seen), None, Some(Brings::Instance(&id, Some(&onto), read)));
        hit.map(|hit| hit.missing)
    };
    let left = behind("10.0.0.2");
    assert_eq!(held(&seen, None), Some(Some(Missing::LoadBalancers)), "nobody has looked");
    assert_eq!(held(&seen, Some(&[])), None);
    assert_eq!(held(&seen, Some(&[left])), Some(None));
    assert_eq!(held(&NicSnapshot { backends_known: false, ..seen }, Some(&[])), Some(Some(Missing::LoadBalancers)));
    let there = snapshot();
    assert_eq!(held(&there, None), None, "it is on it already, and was read there");

    // By the plan's listing, as far as that came; the NIC itself was read whole.
    let mut inventory = Inventory::new([("p".into(), "c".into())]);
    let part = inventory.profile_mut(&"p".into()).unwrap();
    part.merge(InventoryPage { nics: vec![there.nic.clone()], ..InventoryPage::default() }, READ);
    let free = NicSnapshot { read_at: READ, instance: None, ..there };
    let nic = Nic { instance: None, status: NicStatus { state: NicState::Free, ..free.nic.status }, ..free.nic };
    part.refresh(&"nic-1".into(), Some(&NicSnapshot { nic, ..free }), READ);
    let planned = |part: &ProfileInventory| {
        let facts = Facts::of(part, part.nic(&"nic-1".into()).unwrap());
        assert!(facts.backends_known);
        rules.hit_with(&facts, None, Some(Brings::Instance(&id, Some(&onto), None))).map(|hit| hit.missing)
    };
    assert_eq!(planned(part), Some(Some(Missing::LoadBalancers)));
    part.complete(&(Resource::Backends, Some(RegionId::from(REGION))), 0, READ);
    assert_eq!(planned(part), None);
}

/// First the NIC, then its addresses; each write after the one before.
#[test]
fn what_is_put_back_comes_in_order_and_together() {
    let undos = [
        assign("nic-2", "10.0.0.50"),
        assign("nic-2", "10.0.0.51"),
        assign("nic-1", "10.0.0.60"),
        attach("nic-2", "vm-1"),
    ];
    let plan = made(&undos, false);
    let acts: Vec<(Act, &str, usize)> = plan
        .operations()
        .iter()
        .map(|operation| (operation.kind.act(), operation.kind.nic().as_str(), operation.after.len()))
        .collect();
    assert_eq!(acts, [(Act::Assign, "nic-1", 0), (Act::Attach, "nic-2", 0), (Act::Assign, "nic-2", 1)]);
    assert_eq!(plan.operations()[2].targets().len(), 2, "one call for both");
}

/// What was taken by one plan comes back by one: an EIP beside its address is no address more.
#[test]
fn eips_that_are_bound_again_are_no_addresses() {
    let undos = [assign("nic-1", "10.0.0.50"), attach("nic-2", "vm-1"), bind("eip-1")];
    let within = |per_plan| {
        let plan = made_under(&undos, &Safety { belts: Belts { per_plan, percent: 20 }, ..Safety::default() });
        (plan.operations().len(), plan.load().addresses, plan.load().shares[0].count)
    };
    assert_eq!(within(2), (3, 2, 2));
    assert_eq!(within(1).0, 0, "over it");
}

/// What is not known may be overruled, with a reason; what stands in the way may not.
#[test]
fn only_what_is_not_known_is_overruled() {
    let overruled = |undo: Undo| {
        let findings = made(std::slice::from_ref(&undo), false).rows()[0].findings.clone();
        changed(undo, |undo| undo.wanted.overruled = Some(Overruled { reason: "lin has looked".into(), findings }))
    };
    let unsure = changed(assign("nic-1", "10.0.0.50"), |undo| undo.take.certain = false);
    assert_eq!(made(&[overruled(unsure)], false).operations().len(), 1);
    let taken = overruled(assign("nic-1", "10.0.0.8"));
    assert!(made(&[taken], false).operations().is_empty());
}
