//! Pairs of a world and a target: what the simulated cloud answers, what the rules said of it, and whether the two agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

use nicdeck::{
    domain::{
        address::AddressRole,
        capabilities::{Capabilities, Condition, Precondition},
        finding::{Finding, FindingId, Severity},
        ids::{AddressKey, NicId, NicKey, ProfileId},
        inventory::Inventory,
        nic::{ManagedBy, Nic},
        plan::{Belts, Decision, OperationKind, PlanRow, ReleasePlan},
        selection::Target,
        snapshot::NicSnapshot,
    },
    providers::provider::Provider,
    rules::{Safety, planner, write},
    sim::{
        random::Random,
        world::{SimNic, World},
    },
};

use super::{
    desk::{Answer, Desk, NOW, PROFILE},
    facts::{self, Fact},
    truth::{self, EFFECTS},
    worlds::{self, Kinks},
};

/// A write, and what became of it.
pub struct Case {
    pub targets: Vec<Target>,
    pub kind: OperationKind,
    pub answer: Answer,
    /// The codec has no request for it.
    unsent: bool,
    /// Accepted writes to one target.
    effects: BTreeSet<FindingId>,
    /// What else than the write's own change the world shows.
    difference: String,
}

/// A world, what a console sees of it, and all the writes that were tried on copies of it.
pub struct Scene {
    pub seed: u64,
    pub desk: Desk,
    pub world: World,
    pub inventory: Inventory,
    pub cases: Vec<Case>,
    facts: Vec<Fact>,
}

/// How many of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub accepted: usize,
    /// With the code that was predicted.
    pub refused: usize,
    /// The rules let it through and told of the very code.
    pub warned: usize,
    /// Blocked by rules that are stricter on purpose.
    pub stricter: usize,
    /// A documented rule predicted a code, and the cloud looked first at what it refuses with a code that is not documented.
    pub uncoded: usize,
    /// The rules can not tell.
    pub unknown: usize,
    /// Blocked, and the codec has no request for it.
    pub unsent: usize,
}

impl Tally {
    /// In which an answer was held against what was said of it.
    pub fn pairs(&self) -> usize {
        self.accepted + self.refused + self.warned + self.uncoded
    }

    /// In which there was nothing to hold against it.
    pub fn besides(&self) -> usize {
        self.stricter + self.unknown + self.unsent
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, refused, warned, stricter, uncoded, unknown, unsent } = self;
        write!(
            f,
            "{} pairs: {accepted} accepted, {refused} refused as predicted, {warned} refused as warned, {uncoded} refused for what has no \
             documented code first; {} besides: {stricter} blocked on purpose, {unsent} blocked and without a request, {unknown} unknown",
            self.pairs(),
            self.besides()
        )
    }
}

fn leak(rules: Vec<Precondition>) -> &'static [Precondition] {
    Box::leak(rules.into_boxed_slice())
}

/// The rules that say what the vendor's documents say, and nothing stricter.
pub fn loose(capabilities: &Capabilities) -> &'static Capabilities {
    let documented =
        |rules: &[Precondition]| leak(rules.iter().filter(|rule| rule.stricter.is_none()).copied().collect());
    let mut releasable = capabilities.releasable.to_vec();
    for (condition, role) in [
        (Condition::NotPrimaryIp, AddressRole::Primary),
        (Condition::NotIpv6, AddressRole::Ipv6),
        (Condition::NotVirtual, AddressRole::Virtual),
    ] {
        let stricter = |rule: &Precondition| rule.condition == condition && rule.stricter.is_some();
        if capabilities.release.iter().any(stricter) {
            releasable.push(role);
        }
    }
    Box::leak(Box::new(Capabilities {
        release: documented(capabilities.release),
        detach: documented(capabilities.detach),
        assign: documented(capabilities.assign),
        attach: documented(capabilities.attach),
        bind_eip: documented(capabilities.bind_eip),
        delete: documented(capabilities.delete),
        releasable: Box::leak(releasable.into_boxed_slice()),
        ..*capabilities
    }))
}

/// The names of the tables.
pub const TABLES: [&str; 6] = ["release", "detach", "assign", "attach", "bind-eip", "delete"];

/// A table of a cloud.
pub fn table(capabilities: &Capabilities, name: &str) -> &'static [Precondition] {
    match name {
        "release" => capabilities.release,
        "detach" => capabilities.detach,
        "assign" => capabilities.assign,
        "attach" => capabilities.attach,
        "bind-eip" => capabilities.bind_eip,
        "delete" => capabilities.delete,
        other => panic!("{other} is no table"),
    }
}

/// Without one rule of one table.
pub fn without(capabilities: &Capabilities, name: &str, place: usize) -> &'static Capabilities {
    let cut = |of: &str| {
        let rules = table(capabilities, of).iter().enumerate();
        leak(rules.filter(|(at, _)| (of, *at) != (name, place)).map(|(_, rule)| *rule).collect())
    };
    Box::leak(Box::new(Capabilities {
        release: cut("release"),
        detach: cut("detach"),
        assign: cut("assign"),
        attach: cut("attach"),
        bind_eip: cut("bind-eip"),
        delete: cut("delete"),
        ..*capabilities
    }))
}

pub fn key(nic: &str) -> NicKey {
    NicKey { profile: PROFILE.into(), nic: nic.into() }
}

pub fn plan(inventory: &Inventory, targets: &[Target], capabilities: &'static Capabilities) -> ReleasePlan {
    let wanted: Vec<planner::Wanted> = targets.iter().cloned().map(planner::Wanted::of).collect();
    let capabilities = |_: &ProfileId| Some(capabilities);
    // What the cloud would say is asked, not how much one plan may do.
    let belts = Belts { per_plan: usize::MAX, percent: 100 };
    let sources = planner::Sources {
        inventory,
        capabilities: &capabilities,
        readonly: &|_| false,
        safety: &Safety { belts, ..Safety::default() },
    };
    planner::plan(&wanted, &sources, NOW).expect("a sound plan")
}

fn is_blocked(row: &PlanRow) -> bool {
    row.findings.iter().any(|finding| finding.severity == Severity::Blocked)
}

/// Codes that findings of this severity predict.
fn codes(rows: &[PlanRow], severity: Severity) -> BTreeSet<&'static str> {
    let found = rows.iter().flat_map(|row| &row.findings);
    found.filter(|finding| finding.severity == severity).filter_map(|finding| finding.predicts).collect()
}

/// Codes that are told of what is let through: the cloud may refuse with them, and may not.
pub fn hinted<'a>(found: impl IntoIterator<Item = &'a Finding>) -> BTreeSet<&'static str> {
    let told = found.into_iter().filter(|finding| matches!(finding.severity, Severity::Warn | Severity::Info));
    told.filter_map(|finding| finding.predicts).collect()
}

fn of_rows(rows: &[PlanRow]) -> impl Iterator<Item = &Finding> {
    rows.iter().flat_map(|row| &row.findings)
}

/// Does anything block of which it is not documented with which code it is refused, if it is?
fn is_codeless(rows: &[PlanRow]) -> bool {
    let codeless = |finding: &Finding| finding.severity == Severity::Blocked && finding.predicts.is_none();
    rows.iter().flat_map(|row| &row.findings).any(codeless)
}

/// What blocks, and which of the rows.
fn told_blocked(rows: &[PlanRow]) -> BTreeSet<(&Target, FindingId)> {
    let blocking = |finding: &&Finding| finding.severity == Severity::Blocked;
    rows.iter().flat_map(|row| row.findings.iter().filter(blocking).map(|finding| (&row.target, finding.id))).collect()
}

/// What is found, as bad as the worst of it.
pub fn graded(rows: &[PlanRow]) -> BTreeMap<FindingId, Severity> {
    let mut all = BTreeMap::new();
    for finding in rows.iter().flat_map(|row| &row.findings) {
        let worst = all.entry(finding.id).or_insert(finding.severity);
        *worst = finding.severity.max(*worst);
    }
    all
}

/// Is it the code of one of these rules that block? What only warns may share its code with what has none of its own.
pub fn names(rules: &[Precondition], code: Option<&str>) -> bool {
    code.is_some() && rules.iter().any(|rule| rule.severity == Severity::Blocked && rule.code == code)
}

pub fn told(rows: &[PlanRow]) -> BTreeSet<FindingId> {
    rows.iter().flat_map(|row| &row.findings).map(|finding| finding.id).collect()
}

fn show(rows: &[PlanRow]) -> String {
    let one = |finding: &Finding| {
        let code = finding.predicts.map_or(String::new(), |code| format!(" -> {code}"));
        format!("{:?} {}{code}", finding.severity, finding.id.as_str())
    };
    let row = |row: &PlanRow| {
        let found: Vec<String> = row.findings.iter().map(one).collect();
        format!("{:?}: {}", row.decision, found.join(", "))
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n            ")
}

impl Scene {
    /// The world of a seed and all that is tried on it.
    pub fn new(cloud: &'static dyn Provider, api: &str, kinks: &Kinks, seed: u64) -> Self {
        let mut scene = Self::untried(cloud, api, kinks, seed);
        let mut random = Random::named(seed, "targets");
        for targets in scene.targets(&mut random) {
            let case = scene.tried(targets);
            scene.cases.push(case);
        }
        scene
    }

    /// The world of a seed alone.
    pub fn untried(cloud: &'static dyn Provider, api: &str, kinks: &Kinks, seed: u64) -> Self {
        let world = worlds::world(cloud, kinks, seed);
        let desk = Desk::new(cloud, &world);
        let inventory = desk.survey(&world);
        let facts = facts::of(cloud.descriptor().id, api);
        Self { seed, desk, world, inventory, cases: Vec::new(), facts }
    }

    pub fn capabilities(&self) -> &'static Capabilities {
        &self.desk.cloud.descriptor().capabilities
    }

    /// The plan that these targets get.
    pub fn plan(&self, targets: &[Target]) -> ReleasePlan {
        plan(&self.inventory, targets, self.capabilities())
    }

    fn nics(&self) -> Vec<&Nic> {
        let part = self.inventory.profile(&PROFILE.into()).expect("the only one");
        part.nics().map(|(_, nic)| nic).collect()
    }

    /// Every address and every NIC, some addresses together, and what is not there.
    fn targets(&self, random: &mut Random) -> Vec<Vec<Target>> {
        let address = |nic: &str, ip: IpAddr| Target::Address(AddressKey { nic: key(nic), ip });
        let mut all = Vec::new();
        for nic in self.nics() {
            let id = nic.id.as_str();
            let ips: Vec<IpAddr> = nic.addresses.iter().map(|one| one.ip).collect();
            all.extend(ips.iter().map(|&ip| vec![address(id, ip)]));
            all.push(vec![Target::Nic(key(id))]);
            let most = self.capabilities().release_batch.min(ips.len());
            for _ in 0..2 {
                let mut some = ips.clone();
                // Mostly without the first one, which is the NIC's own.
                if random.chance(4, 5) && !some.is_empty() {
                    some.remove(0);
                }
                let wanted = usize::try_from(random.between(2, 12)).unwrap().min(most);
                while some.len() > wanted {
                    some.remove(usize::try_from(random.below(some.len() as u64)).unwrap());
                }
                if some.len() > 1 {
                    all.push(some.into_iter().map(|ip| address(id, ip)).collect());
                }
            }
            if random.chance(1, 4)
                && let Some(IpAddr::V4(own)) = ips.first().copied()
            {
                // One that the subnet has and the NIC has not.
                let free = (1..255).map(|host| IpAddr::V4((u32::from(own) & !0xFF | host).into()));
                let taken = |ip: &IpAddr| self.world.nics().iter().any(|nic| nic.address(*ip).is_some());
                all.extend(free.filter(|ip| !taken(ip)).nth(7).map(|ip| vec![address(id, ip)]));
            }
            if random.chance(1, 6) {
                // Somebody else deleted it.
                let gone = self.gone(id);
                all.push(vec![Target::Nic(key(&gone))]);
                all.extend(ips.iter().rfind(|ip| ip.is_ipv4()).map(|&ip| vec![address(&gone, ip)]));
            }
        }
        all
    }

    /// An id that could be one, and is none.
    pub fn gone(&self, id: &str) -> String {
        let end = id.len() - 1;
        let others = ["0", "1", "2", "3"].iter().map(|last| format!("{}{last}", &id[..end]));
        others.into_iter().find(|other| self.world.nic(other).is_none()).expect("four others")
    }

    /// Sends it to a copy of the world.
    fn tried(&self, targets: Vec<Target>) -> Case {
        let id = targets[0].nic().nic.clone();
        let ips: Option<Vec<IpAddr>> = targets.iter().map(Target::ip).collect();
        let kind = match ips {
            Some(ips) => OperationKind::Release { nic: id.clone(), ips },
            None => OperationKind::Detach { nic: id.clone(), instance: self.instance(&id).as_str().into() },
        };
        let part = self.inventory.profile(&PROFILE.into()).expect("the only one");
        let mut world = self.world.clone();
        // Of a NIC that is gone only what the codec needs to name it is still known.
        let carries =
            |seen: &NicSnapshot| self.desk.cloud.step(&kind, seen, &[]).is_some_and(|step| step.carry.is_some());
        let seen = part.snapshot(&id).or_else(|| self.stale(&id).filter(carries));
        let mut answer = self.desk.send(&mut world, &kind, seen.as_ref());
        let unsent = answer == Answer::Unsent;
        if unsent && matches!(kind, OperationKind::Detach { .. }) {
            // What the vendor would say to it all the same.
            answer = self.desk.send(&mut world, &kind, None);
        }
        let (mut effects, mut difference) = (BTreeSet::new(), String::new());
        if answer == Answer::Accepted {
            effects = truth::effects(&self.world, &world, &kind);
            difference = self.difference(&self.world, &world, &[&kind]);
        }
        Case { targets, kind, answer, unsent, effects, difference }
    }

    /// A NIC that is gone, as a console may have seen it: much as its neighbour.
    pub fn stale(&self, id: &NicId) -> Option<NicSnapshot> {
        let part = self.inventory.profile(&PROFILE.into()).expect("the only one");
        let alike = |nic: &Nic| nic.id.as_str()[..nic.id.as_str().len() - 1] == id.as_str()[..id.as_str().len() - 1];
        let (_, nic) = part.nics().find(|(_, nic)| alike(nic))?;
        let seen = part.snapshot(&nic.id)?;
        let nic = Nic { id: id.clone(), pairs: Vec::new(), ..seen.nic };
        Some(NicSnapshot { nic, floats: Vec::new(), ..seen })
    }

    /// What differs from the world after these writes alone. That a NIC's list of any address is emptied is told of apart.
    fn difference(&self, before: &World, after: &World, kinds: &[&OperationKind]) -> String {
        let mut expected = before.clone();
        for kind in kinds {
            expected = truth::expected(&expected, kind, self.desk.cloud.dialect().vocabulary());
            let id = kind.nic().as_str();
            let (now, wanted) = (after.nic(id), expected.nic(id));
            if let (Some(now), Some(wanted)) = (now, wanted)
                && now.pairs.is_empty()
                && wanted.pairs.iter().all(|pair| pair.ip.ends_with("/0"))
            {
                expected.set_pairs_of_nic(id, Vec::new());
            }
        }
        truth::difference(&expected, after)
    }

    /// The NIC's instance, whatever the console sees of it; of one that is on none, somebody else's.
    fn instance(&self, nic: &NicId) -> String {
        let own = self.world.nic(nic.as_str()).and_then(|nic| nic.instance_id.clone());
        own.unwrap_or_else(|| self.world.instances()[0].id.clone())
    }

    /// Does this generation of the API not show what was refused, is it so, and was a person warned that it is not known?
    pub fn is_hidden(
        &self,
        world: &World,
        nic: &NicId,
        told: &BTreeMap<FindingId, Severity>,
        code: Option<&str>,
    ) -> bool {
        let words = self.desk.cloud.dialect().vocabulary();
        let Some(nic) = world.nic(nic.as_str()) else { return false };
        let moving = ![words.attached, words.free].contains(&nic.status.as_str());
        let warned = |id: FindingId| told.get(&id).is_some_and(|severity| *severity >= Severity::Warn);
        // With the code that some write has for it.
        let of = |has: fn(Condition) -> bool| {
            let rules = TABLES.iter().flat_map(|name| table(self.capabilities(), name));
            let mut codes = rules.filter(|rule| has(rule.condition) && rule.untold < Severity::Unknown);
            code.is_some() && codes.any(|rule| rule.code == code)
        };
        (warned(FindingId::ManagedByUnknown) && nic.service_managed && of(|one| one == Condition::NotManaged))
            || (warned(FindingId::NicStateUnknown) && moving && of(|one| matches!(one, Condition::NicState { .. })))
    }

    /// Surely blocked, whatever reason somebody has.
    pub fn is_blocked(&self, case: &Case, rules: &'static Capabilities) -> bool {
        plan(&self.inventory, &case.targets, rules).rows().iter().any(is_blocked)
    }

    /// Holds what the rules say against the answer. An error says how they disagree.
    pub fn compare(
        &self,
        case: &Case,
        rules: &'static Capabilities,
        loose: &'static Capabilities,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let plan = plan(&self.inventory, &case.targets, rules);
        let rows = plan.rows();
        let nic = self.world.nic(case.kind.nic().as_str());
        let fail = |why: &str| {
            let instance = nic.and_then(|nic| self.world.instance(nic.instance_id.as_deref()?));
            let floats: Vec<_> = nic.iter().flat_map(|nic| self.world.floats_of(nic)).collect();
            Err(format!(
                "seed {}: {why}\n  write     {:?}\n  rules     {}\n  answer    {:?} {:?}\n  {}\n  {nic:?}\n  {instance:?}\n  {floats:?}",
                self.seed,
                case.kind,
                show(rows),
                case.answer,
                case.effects,
                case.difference
            ))
        };
        if let [row] = rows
            && let Some(nic) = self.world.nic(row.target.nic().nic.as_str())
            && let Some(fact) = self.wrong_fact(row, nic)
        {
            return fail(&format!("{} is told when it is not so, or not when it is", fact.as_str()));
        }
        let graded = graded(rows);
        let told = told(rows);
        if let Answer::Refused(code) = &case.answer
            && self.is_hidden(&self.world, case.kind.nic(), &graded, code.as_deref())
        {
            tally.unknown += 1;
            return Ok(());
        }
        if rows.iter().any(is_blocked) {
            let documented = self::plan(&self.inventory, &case.targets, loose);
            let documented = documented.rows();
            // The vendor's order of checks is not documented: any of them may speak first.
            let demanded = codes(documented, Severity::Blocked);
            let codes = demanded.iter().copied().chain(hinted(of_rows(documented)));
            let codes: BTreeSet<&str> = codes.collect();
            let absent = |rule: &Precondition| rule.condition == Condition::OnNic && rule.stricter.is_some();
            let stricter = told_blocked(rows).difference(&told_blocked(documented)).next().is_some()
                || (told.contains(&FindingId::NotListed) && nic.is_some() && rules.release.iter().any(absent));
            // A call that knows IPv4 addresses only says of others what it says of those that are not there.
            let as_absent = |code: Option<&str>| {
                told.contains(&FindingId::Ipv6Address)
                    && rules.release.iter().any(|rule| rule.condition == Condition::OnNic && rule.code == code)
            };
            return match &case.answer {
                Answer::Unsent if stricter || !codes.is_empty() => {
                    tally.unsent += 1;
                    Ok(())
                }
                Answer::Refused(Some(code)) if codes.contains(code.as_str()) => {
                    tally.refused += 1;
                    Ok(())
                }
                Answer::Refused(Some(code)) if self::codes(rows, Severity::Blocked).contains(code.as_str()) => {
                    tally.refused += 1;
                    Ok(())
                }
                // What a documented rule says of it holds, whatever else is said of it. But what is refused without a documented
                // code may be looked at first: with a code that is none of the documented ones.
                Answer::Refused(code)
                    if stricter
                        && !demanded.is_empty()
                        && is_codeless(rows)
                        && (as_absent(code.as_deref()) || !names(rules.rules_of(&case.kind), code.as_deref())) =>
                {
                    tally.uncoded += 1;
                    Ok(())
                }
                _ if stricter && demanded.is_empty() => {
                    tally.stricter += 1;
                    Ok(())
                }
                _ if codes.is_empty() => fail("blocked without a code, and not marked as stricter"),
                _ => fail("blocked with another code"),
            };
        }
        if rows.iter().any(|row| row.decision == Decision::Blocked) {
            tally.unknown += 1;
            return Ok(());
        }
        match &case.answer {
            _ if case.unsent => return fail("let through, and there is no request for it"),
            Answer::Refused(Some(code)) if hinted(of_rows(rows)).contains(code.as_str()) => tally.warned += 1,
            Answer::Accepted if !case.difference.is_empty() => return fail("more or less than the write happened"),
            Answer::Accepted => {
                let mut happened = case.effects.clone();
                if told.contains(&FindingId::ManagedByUnknown) {
                    happened.remove(&FindingId::ManagedBy);
                }
                if told.contains(&FindingId::EipFateUnknown) {
                    happened.retain(|id| !matches!(id, FindingId::EipAttached | FindingId::EipDestroyed));
                }
                let told: BTreeSet<FindingId> = told.into_iter().filter(|id| EFFECTS.contains(id)).collect();
                if told != happened {
                    return fail("what happens besides is not what was told");
                }
                tally.accepted += 1;
            }
            _ => return fail("let through and not accepted"),
        }
        Ok(())
    }

    /// A fact that only the console tells of, told wrongly.
    fn wrong_fact(&self, row: &PlanRow, nic: &SimNic) -> Option<FindingId> {
        let ip = row.target.ip();
        if ip.is_some_and(|ip| nic.address(ip).is_none() && !nic.ipv6.contains(&ip)) {
            return None;
        }
        let told = told(std::slice::from_ref(row));
        let wrong =
            |fact: &&Fact| fact.detach == ip.is_none() && told.contains(&fact.id) != (fact.holds)(&self.world, nic, ip);
        self.facts.iter().find(wrong).map(|fact| fact.id)
    }

    /// A NIC of which the cloud did not say whose it is: neither its release nor its detach passes over that, and its delete, which nothing
    /// takes back, is as grave as the cloud's own table has it.
    pub fn says_what_is_untold(&self, rules: &'static Capabilities) -> bool {
        let mut inventory = self.inventory.clone();
        let part = inventory.profile_mut(&PROFILE.into()).expect("the only one");
        let of = |nic: &Nic| nic.addresses.iter().find(|address| rules.releasable.contains(&address.role)).copied();
        let found = part.nics().find_map(|(_, nic)| Some((nic.id.clone(), of(nic)?)));
        let Some((id, address)) = found else { return true };
        let seen = part.snapshot(&id).expect("listed");
        let untold = NicSnapshot { nic: Nic { managed_by: ManagedBy::Unknown, ..seen.nic.clone() }, ..seen };
        part.refresh(&id, Some(&untold), NOW);
        let part = inventory.profile(&PROFILE.into()).expect("the only one");
        let delete = OperationKind::Delete { nic: id.clone() };
        let table = self.capabilities().delete;
        let rule = table.iter().find(|rule| rule.condition == Condition::NotManaged).expect("each cloud asks");
        let found = write::findings(part, rules, &delete);
        if !found.iter().any(|one| one.id == FindingId::ManagedByUnknown && one.severity == rule.untold) {
            return false;
        }
        let nic = key(id.as_str());
        let targets = [Target::Address(AddressKey { nic: nic.clone(), ip: address.ip }), Target::Nic(nic)];
        targets.into_iter().all(|target| {
            let plan = plan(&inventory, &[target], rules);
            told(plan.rows()).contains(&FindingId::ManagedByUnknown)
        })
    }

    /// Everything on the NIC and the NIC itself in one plan: each of its writes must be taken, and the world must hold all of
    /// them and nothing else.
    pub fn carry_out(&self, nic: &NicId, tally: &mut Tally) -> Result<(), String> {
        let part = self.inventory.profile(&PROFILE.into()).expect("the only one");
        let mut seen = part.snapshot(nic).expect("listed");
        let ips = seen.nic.addresses.iter().map(|address| address.ip);
        let mut targets: Vec<Target> =
            ips.map(|ip| Target::Address(AddressKey { nic: key(nic.as_str()), ip })).collect();
        targets.push(Target::Nic(key(nic.as_str())));
        let plan = plan(&self.inventory, &targets, self.capabilities());
        let mut world = self.world.clone();
        let mut done = Vec::new();
        for operation in plan.operations() {
            // What comes before the call that is refused is no end of its own.
            let before = world.clone();
            match self.desk.send(&mut world, &operation.kind, Some(&seen)) {
                Answer::Accepted => {
                    done.push(&operation.kind);
                    tally.accepted += 1;
                }
                Answer::Refused(Some(code)) if hinted(of_rows(plan.rows())).contains(code.as_str()) => {
                    tally.warned += 1;
                    world = before;
                    break;
                }
                Answer::Refused(code) if self.is_hidden(&self.world, nic, &graded(plan.rows()), code.as_deref()) => {
                    tally.unknown += 1;
                    break;
                }
                answer => {
                    let rules = show(plan.rows());
                    return Err(format!(
                        "seed {}: {answer:?} to a planned write {:?}\n  rules     {rules}",
                        self.seed, operation.kind
                    ));
                }
            }
            seen = self.desk.inspect(&mut world, NOW.plus_ms(10_000), &seen).expect("it is kept");
        }
        let difference = self.difference(&self.world, &world, &done);
        if difference.is_empty() {
            Ok(())
        } else {
            Err(format!("seed {}: more or less than the plan happened: {done:?}\n  {difference}", self.seed))
        }
    }
}
