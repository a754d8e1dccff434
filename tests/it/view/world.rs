//! A small world that shows everything a screen has to show, and the keys that lead to each screen.

use std::sync::Arc;

use nicdeck::{
    app::{
        earlier::Found,
        effect::Effect,
        geometry::{STRIP_FROM, Size, TREE_FROM},
        history::{Now, SeenNow},
        key::Input,
        msg::{DryRunEvent, InventoryEvent, JournalEvent, Msg, ReadBack, ReleaseEvent},
        notices::{Phrase, Worded},
        state::{Language, ProfileInfo, State},
    },
    domain::{
        address::{Address, AddressRole, Backend, Eip},
        exchange::Exchange,
        fault::{Effect as FaultEffect, Fault, FaultKind},
        ids::{AddressKey, JobId, NicKey, OperationId, RegionId},
        instance::{Instance, Power, PowerState},
        inventory::Section,
        journal::{BackendImage, Image, Intent, JournalEntry, Open, OpenWrite},
        nic::{ManagedBy, Nic, NicRole, NicState, NicStatus, TypeLimit},
        outcome::{Outcome, Progress, Receipt, Skip},
        page::{InventoryPage, Resource},
        plan::{Belts, Change, ChangedFact, Operation, OperationKind, ReleasePlan},
        rehearsal::{Command, Rehearsal, Tool, WouldSend},
        selection::Target,
        time::Timestamp,
    },
    filter,
    rules::{Safety, protect::Protect},
};

use crate::update::scenario::{self, Scenario};

const ALI: &str = "shop-hz";
const ZEN: &str = "edge";

fn profiles() -> Vec<ProfileInfo> {
    let mut ali = scenario::profile(ALI, "aliyun");
    ali.prod = true;
    ali.env = Some("prod".to_owned());
    ali.alias = Some("acme-shop".to_owned());
    ali.regions = vec!["cn-hangzhou".into()];
    let mut zen = scenario::profile(ZEN, "zenlayer");
    zen.regions = vec!["eu-central-1".into()];
    vec![ali, zen]
}

fn instance(id: &str, name: &str, kind: &str, word: &str, state: PowerState, region: &str) -> Instance {
    Instance {
        kind: Some(kind.into()),
        power: Power { word: word.into(), state },
        region: region.into(),
        zone: Some(format!("{region}-i").into()),
        ..scenario::instance(id, name)
    }
}

fn nic(id: &str, name: &str, on: Option<&str>, role: NicRole, ips: &[&str], region: &str) -> Nic {
    Nic {
        name: name.into(),
        role,
        region: region.into(),
        zone: Some(format!("{region}-i").into()),
        mac: Some("00:16:3e:0a:1b:2c".into()),
        vpc: Some("vpc-bp1prod".into()),
        subnet: Some("vsw-bp1a3".into()),
        security_groups: vec!["sg-web".into()],
        ..scenario::nic(id, on, ips)
    }
}

fn at<T>(region: &str, mut item: T, set: impl FnOnce(&mut T, RegionId)) -> T {
    set(&mut item, region.into());
    item
}

fn eip(id: &str, public: &str, on: &str, private: &str, region: &str) -> Eip {
    at(region, scenario::eip(id, public, on, private), |eip, region| eip.region = region)
}

fn backend(lb: &str, name: &str, ip: &str, region: &str) -> Backend {
    let mut backend = at(region, scenario::backend(lb, ip), |backend, region| backend.region = region);
    backend.name = name.into();
    backend.vpc = Some("vpc-bp1prod".into());
    backend
}

/// One profile's page: instances with running, stopped and moving ones, names in two scripts, every kind of finding.
fn shop() -> InventoryPage {
    let r = "cn-hangzhou";
    let mut free = nic("eni-bp1spare7", "spare", None, NicRole::Secondary, &["10.0.9.4", "10.0.9.5"], r);
    free.status = NicStatus { word: "Available".into(), state: NicState::Free };
    let mut v6 = nic("eni-bp1v6aa01", "", Some("i-bp1k3q0"), NicRole::Secondary, &["10.0.2.30", "10.0.2.31"], r);
    v6.addresses.push(Address { ip: scenario::ip("2408:4005:3cd:8e00:9f20:1c52:aa00:1101"), role: AddressRole::Ipv6 });
    let mut pods =
        nic("eni-bp1cni0a3", "k8s-pods", Some("i-bp1k8s01"), NicRole::Secondary, &["10.0.4.2", "10.0.4.3"], r);
    pods.managed_by = ManagedBy::Controller("kubernetes (terway)".into());
    InventoryPage {
        instances: vec![
            instance("i-bp1k2e7", "web-1", "ecs.g7.xlarge", "Running", PowerState::Running, r),
            instance("i-bp1k3q0", "网关-生产", "ecs.c7.large", "Stopped", PowerState::Stopped, r),
            instance("i-bp1k8s01", "k8s-node-1", "ecs.g7.xlarge", "Starting", PowerState::Changing, r),
            instance(
                "i-bp1zz91",
                "worker-0007-with-a-rather-long-name",
                "ecs.g6.large",
                "Running",
                PowerState::Running,
                r,
            ),
        ],
        nics: vec![
            nic(
                "eni-bp1a0c3f",
                "web-1-main",
                Some("i-bp1k2e7"),
                NicRole::Primary,
                &["10.0.1.5", "10.0.1.21", "10.0.1.22", "10.0.1.23", "10.0.1.24"],
                r,
            ),
            nic("eni-bp1b77d0", "web-1-extra", Some("i-bp1k2e7"), NicRole::Secondary, &["10.0.1.60", "10.0.1.61"], r),
            nic(
                "eni-bp1c52aa",
                "",
                Some("i-bp1k3q0"),
                NicRole::Primary,
                &["10.0.2.5", "10.0.2.9", "10.0.2.10", "10.0.2.11"],
                r,
            ),
            v6,
            pods,
            nic("eni-bp1w7001", "", Some("i-bp1zz91"), NicRole::Primary, &["10.0.3.7", "10.0.3.70", "10.0.3.71"], r),
            free,
        ],
        eips: vec![
            eip("eip-bp19", "203.0.113.7", "eni-bp1a0c3f", "10.0.1.22", r),
            eip("eip-bp20", "203.0.113.8", "eni-bp1b77d0", "10.0.1.60", r),
        ],
        backends: vec![backend("lb-bp1front", "front", "10.0.2.11", r), backend("nlb-9k", "入口", "10.0.1.24", r)],
        limits: vec![TypeLimit { kind: "ecs.g7.xlarge".into(), nics: Some(4), addresses_per_nic: Some(15) }],
        ..InventoryPage::default()
    }
}

fn edge() -> InventoryPage {
    let r = "eu-central-1";
    let zen = |mut nic: Nic| {
        nic.status.word = "USED".into();
        nic
    };
    InventoryPage {
        instances: vec![
            instance("1200430042", "edge-fra-2", "z2a.cpu.4", "RUNNING", PowerState::Running, r),
            instance("1200430057", "\u{1b}[31mevil\u{202e}\n name", "z2a.cpu.4", "STOPPED", PowerState::Stopped, r),
        ],
        nics: vec![
            zen(nic(
                "1200540077",
                "fra-2-b",
                Some("1200430042"),
                NicRole::Secondary,
                &["10.8.0.11", "10.8.0.12", "10.8.0.13"],
                r,
            )),
            zen(nic(
                "1200540091",
                "fra-2-c",
                Some("1200430042"),
                NicRole::Secondary,
                &["10.8.1.11", "10.8.1.12", "10.8.1.13"],
                r,
            )),
            zen(nic("1200540078", "", Some("1200430057"), NicRole::Primary, &["10.8.2.11", "10.8.2.12"], r)),
        ],
        eips: vec![eip("eip-77", "198.51.100.9", "1200540077", "10.8.0.12", r)],
        ..InventoryPage::default()
    }
}

fn sections(region: &str) -> Vec<Section> {
    [Resource::Instances, Resource::Nics, Resource::Eips, Resource::Backends]
        .map(|resource| (resource, Some(RegionId::from(region))))
        .to_vec()
}

fn job(scenario: &Scenario, profile: &str) -> JobId {
    scenario.state.jobs.listing_of(&profile.into()).unwrap().job
}

fn list(scenario: &mut Scenario, profile: &str, region: &str, page: InventoryPage, failing: &[(Resource, Fault)]) {
    let job = job(scenario, profile);
    let sections = sections(region);
    for section in &sections {
        scenario.send(Msg::Inventory(job, InventoryEvent::Began(section.clone())));
    }
    scenario.send(Msg::Inventory(job, InventoryEvent::Page(sections[1].clone(), Box::new(page))));
    for section in sections {
        let event = match failing.iter().find(|(resource, _)| *resource == section.0) {
            Some((_, fault)) => InventoryEvent::Failed(section, Box::new(fault.clone())),
            None => InventoryEvent::Completed(section),
        };
        scenario.send(Msg::Inventory(job, event));
    }
    scenario.send(Msg::Inventory(job, InventoryEvent::Ended));
}

pub fn fault(kind: FaultKind, code: &str, message: &str) -> Fault {
    Fault {
        effect: FaultEffect::Nothing,
        code: Some(code.to_owned()),
        request_id: Some("T05992D0C-4F2A-11F0-8D5E-0242AC120003".to_owned()),
        http_status: Some(401),
        attempts: 1,
        elapsed_ms: 412,
        ..Fault::local(kind, "DescribeNetworkInterfaces", message)
    }
}

/// Both profiles listed.
pub fn listed(size: Size, language: Language) -> Scenario {
    let mut scenario = Scenario::sized(profiles(), size);
    scenario.state.language = language;
    scenario.after_ms(1_000);
    list(&mut scenario, ALI, "cn-hangzhou", shop(), &[]);
    list(&mut scenario, ZEN, "eu-central-1", edge(), &[]);
    scenario.after_ms(4_000);
    scenario.send(Msg::Exchange(Box::new(exchange(1, false))));
    scenario
}

fn protect(rules: &[&str]) -> Protect {
    let rules: Vec<filter::Expr> = rules.iter().map(|text| filter::parse(text).unwrap()).collect();
    let mut protect = Protect::default();
    protect.add(&ALI.into(), &"aliyun".into(), None, &rules);
    protect
}

/// Puts the cursor on an address or NIC, in the tree of a narrow window: there every row is one.
pub fn go(scenario: &mut Scenario, to: &str) {
    let Size { columns, rows } = scenario.state.size;
    scenario.send(Msg::Input(Input::Resize { columns: columns.min(TREE_FROM - 1), rows }));
    walk(scenario, to);
    scenario.send(Msg::Input(Input::Resize { columns, rows }));
}

fn walk(scenario: &mut Scenario, to: &str) {
    scenario.keys("g");
    for _ in 0..scenario.state.browse.rows.len() {
        if scenario.cursor() == to {
            return;
        }
        scenario.keys("j");
    }
    assert_eq!(scenario.cursor(), to, "no such row");
}

pub fn mark(scenario: &mut Scenario, ips: &[&str]) {
    for ip in ips {
        go(scenario, &format!("a {ip}"));
        scenario.keys("space");
    }
}

/// Two NICs' addresses, with warnings, and one whole NIC.
pub fn marked(size: Size, language: Language) -> Scenario {
    let mut scenario = listed(size, language);
    mark(&mut scenario, &["10.0.1.21", "10.0.1.22", "10.0.2.9", "10.0.2.11"]);
    go(&mut scenario, "n 1200540091");
    scenario.keys("D");
    go(&mut scenario, "a 10.0.1.22");
    scenario.after_ms(7_000);
    scenario
}

/// A plan with everything in it: warnings, a blocked row, rows that the filter hides, a NIC.
pub fn planned(size: Size, language: Language) -> Scenario {
    let mut scenario = marked(size, language);
    scenario.keys("/").text("web").keys("enter p");
    scenario.read_again();
    scenario.after_ms(12_000);
    scenario
}

pub fn confirming(size: Size, language: Language) -> Scenario {
    let mut scenario = planned(size, language);
    scenario.keys("c").after_ms(400);
    scenario.text("acme-shop ");
    scenario
}

/// A batch under way: something of everything.
pub fn running(size: Size, language: Language) -> Scenario {
    let mut scenario = planned(size, language);
    scenario.keys("c").after_ms(400);
    scenario.text("acme-shop acme-edge 5").keys("enter");
    let [Effect::Release { job, plan, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let (job, plan) = (*job, plan.clone());
    scenario.after_ms(900);
    let progress = |scenario: &mut Scenario, operation: u32, progress: Progress| {
        scenario.send(Msg::Release(job, ReleaseEvent::Progressed(OperationId(operation), progress)));
        scenario.after_ms(400);
    };
    progress(&mut scenario, 0, Progress::Checking);
    progress(&mut scenario, 0, Progress::Sent);
    settle(&mut scenario, job, &plan, 0, |_| Outcome::Released {
        request_id: Some("473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E".to_owned()),
    });
    scenario.after_ms(500);
    let wait = Progress::Retrying {
        kind: FaultKind::Throttled,
        attempt: 2,
        of: 5,
        wait_ms: 4_600,
        code: Some("Throttling.User".to_owned()),
    };
    progress(&mut scenario, 1, wait);
    if plan.operations().len() > 2 {
        let receipt = Receipt { request_id: Some("8f1c2d9e-7701-4c1b-9a55".to_owned()), task: None };
        progress(&mut scenario, 2, Progress::Accepted { receipt, reads: 3 });
    }
    scenario
}

/// A batch whose clouds can not be reached: one write's answer went with the network, another one waits.
fn offline(size: Size, language: Language) -> Scenario {
    let mut scenario = running(size, language);
    let job = scenario.state.run.as_ref().unwrap().job;
    let mut send = |event| {
        scenario.send(Msg::Release(job, event));
        scenario.after_ms(300);
    };
    let away =
        |attempt| Progress::Retrying { kind: FaultKind::Unreachable, attempt, of: 450, wait_ms: 8_000, code: None };
    send(ReleaseEvent::Progressed(OperationId(1), Progress::Sent));
    send(ReleaseEvent::Progressed(OperationId(1), Progress::ReadingBack { lost: true, up_to_ms: 30_000 }));
    send(ReleaseEvent::Offline("shop-hz".into(), Some(8_000)));
    send(ReleaseEvent::Waiting(OperationId(1), Some(away(1))));
    send(ReleaseEvent::Offline("edge".into(), Some(6_000)));
    send(ReleaseEvent::Progressed(OperationId(2), away(1)));
    scenario.after_ms(5_900);
    scenario
}

pub fn settle(
    scenario: &mut Scenario,
    job: JobId,
    plan: &Arc<ReleasePlan>,
    operation: u32,
    outcome: impl Fn(&Target) -> Outcome,
) {
    let targets = plan.operations()[operation as usize].targets();
    let outcomes = targets.into_iter().map(|target| (target.clone(), outcome(&target))).collect();
    let event = ReleaseEvent::Settled { operation: OperationId(operation), outcomes, fresh: None::<ReadBack> };
    scenario.send(Msg::Release(job, event));
}

/// Ended, with each kind of end.
pub fn results(size: Size, language: Language) -> Scenario {
    let mut scenario = running(size, language);
    let (job, plan) = {
        let run = scenario.state.run.as_ref().unwrap();
        (run.job, run.plan.clone())
    };
    scenario.after_ms(1_200);
    let mut nth = 0;
    for operation in 1..u32::try_from(plan.operations().len()).unwrap() {
        let outcomes: Vec<(Target, Outcome)> = plan.operations()[operation as usize]
            .targets()
            .into_iter()
            .map(|target| {
                nth += 1;
                let outcome = match nth {
                    1 => Outcome::Failed {
                        fault: fault(
                            FaultKind::Refused,
                            "InvalidOperation.InvalidEniState",
                            "The operation is not allowed in the current ENI state.",
                        ),
                    },
                    2 => Outcome::Skipped {
                        why: Skip::Stale {
                            changes: vec![Change {
                                fact: ChangedFact::Eips,
                                before: "-".to_owned(),
                                now: "eip-bp21".to_owned(),
                            }],
                        },
                    },
                    _ => Outcome::Unknown {
                        fault: Fault {
                            code: None,
                            request_id: None,
                            http_status: None,
                            ..fault(FaultKind::Timeout, "", "no answer")
                        },
                    },
                };
                (target, outcome)
            })
            .collect();
        let event = ReleaseEvent::Settled { operation: OperationId(operation), outcomes, fresh: None };
        scenario.send(Msg::Release(job, event));
    }
    scenario.after_ms(300);
    scenario.send(Msg::Release(job, ReleaseEvent::Ended));
    scenario.after_ms(7_000);
    scenario
}

pub fn exchange(nth: u64, write: bool) -> Exchange {
    Exchange {
        at: scenario::START.plus_ms(nth * 800),
        profile: if nth.is_multiple_of(3) { ZEN } else { ALI }.into(),
        region: Some("cn-hangzhou".into()),
        action: if write { "UnassignPrivateIpAddresses" } else { "DescribeNetworkInterfaces" }.to_owned(),
        target: if write { "eni-bp1a0c3f".to_owned() } else { format!("page {nth}") },
        write,
        method: "POST".to_owned(),
        host: "ecs.cn-hangzhou.aliyuncs.com".to_owned(),
        path: "/?PageSize=500&RegionId=cn-hangzhou".to_owned(),
        headers: vec![
            ("x-acs-action".to_owned(), "DescribeNetworkInterfaces".to_owned()),
            ("authorization".to_owned(), "[redacted]".to_owned()),
        ],
        body: String::new(),
        status: Some(if nth == 4 { 401 } else { 200 }),
        answer: "{\"RequestId\":\"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E\",\"NetworkInterfaceSets\":{\"NetworkInterfaceSet\":[]}}".to_owned(),
        answer_bytes: 81_920,
        code: (nth == 4).then(|| "AUTHFAILURE_SIGNATURE_FAILURE".to_owned()),
        fault: (nth == 4).then_some(FaultKind::Credentials),
        permission: None,
        request_id: Some(format!("473469C7-AA6F-4DC5-B3DB-A3DC0DE3C{nth:03}")),
        elapsed_ms: 80 + nth * 133,
        attempt: if nth == 5 { 2 } else { 1 },
    }
}

/// A dry run of the plan: its first write would be sent in part, the second would not be sent at all.
fn rehearsed(size: Size, language: Language) -> Scenario {
    let mut scenario = planned(size, language);
    scenario.keys("D");
    let [Effect::DryRun { job, plan }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    let (job, operations) = (*job, plan.operations().to_vec());
    let ends = |operation: &Operation| {
        let change = Change { fact: ChangedFact::NicStatus, before: "InUse".to_owned(), now: "Detaching".to_owned() };
        let outcome = Outcome::Skipped { why: Skip::Stale { changes: vec![change] } };
        operation.targets().into_iter().map(|target| (target, outcome.clone())).collect::<Vec<_>>()
    };
    let query = "NetworkInterfaceId=eni-bp1a0c3f&PrivateIpAddress.1=10.8.0.33&RegionId=cn-hangzhou";
    let request = Exchange {
        path: format!("/?{query}"),
        headers: vec![
            ("host".to_owned(), "ecs.cn-hangzhou.aliyuncs.com".to_owned()),
            ("x-acs-action".to_owned(), "UnassignPrivateIpAddresses".to_owned()),
            ("x-acs-version".to_owned(), "2014-05-26".to_owned()),
            ("authorization".to_owned(), "***".to_owned()),
        ],
        status: None,
        answer: String::new(),
        ..exchange(7, true)
    };
    let line = "aliyun ecs UnassignPrivateIpAddresses --region cn-hangzhou --RegionId cn-hangzhou \
                --NetworkInterfaceId eni-bp1a0c3f --PrivateIpAddress.1 10.8.0.33";
    let command = Command { line: line.to_owned(), tool: Tool::Own };
    let one = || WouldSend { request: request.clone(), command: command.clone(), more: true };
    let sends = |nth: usize| if nth == 0 { vec![one()] } else { Vec::new() };
    for (nth, operation) in operations.iter().enumerate() {
        let mut ends = ends(operation);
        ends.truncate(if nth == 0 { 1 } else { usize::MAX });
        let told = Rehearsal { operation: operation.id, ends, sends: sends(nth) };
        scenario.send(Msg::DryRun(job, DryRunEvent::Rehearsed(Box::new(told))));
    }
    scenario.send(Msg::DryRun(job, DryRunEvent::Ended)).keys("N N N");
    scenario
}

fn calls(size: Size, language: Language) -> Scenario {
    let mut scenario = listed(size, language);
    for nth in 2..9 {
        scenario.send(Msg::Exchange(Box::new(exchange(nth, nth == 7))));
    }
    // What the status line says is there as well: something that does nothing, said twice, and something that is refused.
    scenario.keys("Z Z 2 5 j j j");
    scenario
}

fn failing(size: Size, language: Language) -> Scenario {
    let mut profiles = profiles();
    let mut broken = scenario::profile("lab", "zenlayer");
    broken.problem = Some(
        Phrase::new("credential.missing")
            .with("place", " (config.toml:31:15)")
            .with("variables", "`LAB_ID`")
            .with("count", 1),
    );
    profiles.push(broken);
    let mut scenario = Scenario::sized(profiles, size);
    scenario.state.language = language;
    list(&mut scenario, ALI, "cn-hangzhou", shop(), &[]);
    let refused = fault(FaultKind::Credentials, "AUTHFAILURE_SIGNATURE_FAILURE", "The signature is invalid.");
    let refused =
        [(Resource::Instances, refused.clone()), (Resource::Nics, refused.clone()), (Resource::Eips, refused)];
    list(&mut scenario, ZEN, "eu-central-1", InventoryPage::default(), &refused);
    scenario.keys("g").after_ms(7_000);
    scenario
}

fn failing_open(size: Size, language: Language) -> Scenario {
    let mut scenario = failing(size, language);
    scenario.keys("l l");
    scenario
}

/// What a console that was killed left in the journal, and what another one on the same machine is doing.
fn left_open() -> Msg {
    let release = |nic: &str, ips: &[&str]| OperationKind::Release {
        nic: nic.into(),
        ips: ips.iter().map(|text| scenario::ip(text)).collect(),
    };
    let of = |operation: u32, profile: &str, cloud: &str, region: &str, kind| Intent {
        at: Timestamp(scenario::START.0 - 6_000_000),
        batch: "7f3a9c-1".to_owned(),
        operation: OperationId(operation),
        plan: "7f3a9c".to_owned(),
        undoes: None,
        cloud: cloud.into(),
        profile: profile.into(),
        region: region.into(),
        kind,
        step: String::new(),
        before: Vec::new(),
        image: None,
        request: None,
        overrides: Vec::new(),
        belts: None,
        file: None,
        account: None,
        who: "lin".to_owned(),
        host: "ops-1".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let ali = |operation, kind| of(operation, ALI, "aliyun", "cn-hangzhou", kind);
    let zen = |operation, kind| of(operation, ZEN, "zenlayer", "eu-central-1", kind);
    let detach = OperationKind::Detach { nic: "eni-bp1old".into(), instance: "i-bp1old".into() };
    let intents = [
        zen(0, release("1200540077", &["10.8.1.11", "10.8.1.12"])),
        ali(1, detach),
        zen(2, release("1200540077", &["10.8.1.13"])),
        of(3, "staging", "aliyun", "cn-hangzhou", release("eni-bp1gone", &["172.16.9.4"])),
    ];
    let writes = intents.map(|intent| OpenWrite { maybe_running: intent.operation.0 == 2, intent }).to_vec();
    let open = Open { writes, strange: vec![] };
    Msg::Journal(JournalEvent::Unfinished { path: "/home/lin/.local/state/nicdeck/journal.jsonl".to_owned(), open })
}

/// What the first of them turned out to be.
fn found_since() -> [Found; 2] {
    let address = |text: &str| {
        let nic = NicKey { profile: ZEN.into(), nic: "1200540077".into() };
        Target::Address(AddressKey { nic, ip: scenario::ip(text) })
    };
    let still = Outcome::Failed { fault: Fault::local(FaultKind::Local, "unassign", "found-later") };
    let ends = vec![(address("10.8.1.11"), Outcome::Released { request_id: None }), (address("10.8.1.12"), still)];
    let away = Fault::local(FaultKind::Unreachable, "DescribeNetworkInterfaces", "no route to host");
    [Found::Settled(ends), Found::Unread(Box::new(away))]
}

/// A batch that can be taken back in part: an address whose EIP is gone, a NIC, and a write without an end.
fn taken() -> Vec<JournalEntry> {
    use crate::update::history::{done, ended, intent, release};
    let shop = (ALI, "aliyun");
    let first = intent("e41b70-4", 0, shop, release("eni-bp1a0c3f", &["10.0.1.31", "10.0.1.32"]));
    let detach = OperationKind::Detach { nic: "eni-bp1spare7".into(), instance: "i-bp1k2e7".into() };
    let second = intent("e41b70-4", 1, shop, detach);
    let third = intent("e41b70-4", 2, shop, release("eni-bp1w7001", &["10.0.3.72"]));
    let meant = |intent: &Intent| JournalEntry::Intent(Box::new(intent.clone()));
    vec![meant(&first), ended(&first, &[done(), done()]), meant(&second), ended(&second, &[done()]), meant(&third)]
}

/// The same, of addresses that were backends of so many load balancers each, all with ids as long as a cloud makes them.
pub fn taken_from_balancers(each: usize) -> Vec<JournalEntry> {
    let mut records = taken();
    for record in &mut records {
        let JournalEntry::Intent(intent) = record else { continue };
        let OperationKind::Release { ips, .. } = &intent.kind else { continue };
        let Some(image) = &mut intent.image else { continue };
        for (ip, nth) in ips.iter().flat_map(|ip| (0..each).map(move |nth| (ip, nth))) {
            let lb = format!("6e2f9c1a-{nth:04}-4b7d-9c1e-0a6f2d8b{}", ip.to_string().replace('.', "")).as_str().into();
            image.backends.push(BackendImage { lb, ip: Some(*ip) });
        }
    }
    records
}

/// The plan that takes it back.
fn taking_back(size: Size, language: Language) -> Scenario {
    taking_back_of(size, language, &taken())
}

/// The same of another batch.
pub fn taking_back_of(size: Size, language: Language, records: &[JournalEntry]) -> Scenario {
    let mut scenario = listed(size, language);
    scenario.keys("4");
    crate::update::history::answer(&mut scenario, records);
    scenario.keys("u");
    crate::update::history::answer(&mut scenario, records);
    scenario.read_again();
    scenario.after_ms(12_000);
    scenario
}

/// One of them, in English.
pub fn screen(name: &str, size: Size) -> State {
    screens(size, Language::English).into_iter().find(|(known, _)| *known == name).unwrap().1
}

/// Every screen by name.
pub fn screens(size: Size, language: Language) -> Vec<(&'static str, State)> {
    let table = |keys: &str| {
        let mut scenario = marked(size, language);
        scenario.keys(keys);
        scenario.after_ms(7_000).state.clone()
    };
    let mut loading = Scenario::sized(profiles(), size);
    loading.state.language = language;
    let mut partly = Scenario::sized(profiles(), size);
    partly.state.language = language;
    list(&mut partly, ALI, "cn-hangzhou", shop(), &[]);
    let open = job(&partly, ZEN);
    for section in sections("eu-central-1") {
        partly.send(Msg::Inventory(open, InventoryEvent::Began(section)));
    }
    let mut waiting = partly.clone();
    waiting.after_ms(12_000);
    let mut plain_calls = listed(size, language);
    plain_calls.keys("5");
    let mut filtering = marked(size, language);
    filtering.keys("/").text("网关 has:secondary");
    let mut mistaken = marked(size, language);
    mistaken.keys("/").text("web ipp:1");
    let mut none = listed(size, language);
    none.keys("/").text("nowhere").keys("enter");
    let mut blamed = listed(size, language);
    blamed.keys("/").text("has:eip -cloud:aliyun,zenlayer").keys("enter").after_ms(200);
    let mut half = listed(size, language);
    half.keys("/").text("web ipp");
    let mut demo = listed(size, language);
    demo.state.demo = true;
    demo.send(Msg::Input(Input::Resize { columns: size.columns, rows: size.rows }));
    let mut detail = marked(size, language);
    detail.keys("enter");
    let mut nic_detail = listed(size, language);
    go(&mut nic_detail, "n 1200540077");
    if size.columns < 110 {
        nic_detail.keys("enter");
    }
    let mut plan_page = planned(size, language);
    plan_page.keys("j enter");
    let mut wrong = planned(size, language);
    wrong.keys("c").after_ms(400);
    wrong.text("acme").keys("enter");
    let mut typed = planned(size, language);
    typed.keys("c").after_ms(400).text("acme-shop acme-edge 5");
    let mut blocked = listed(size, language);
    blocked.state.readonly = true;
    mark(&mut blocked, &["10.8.1.12"]);
    blocked.keys("p");
    blocked.read_again();
    blocked.after_ms(7_000);
    let mut belt = marked(size, language);
    belt.state.safety =
        Arc::new(Safety { belts: Belts { per_plan: 3, percent: 20 }, protect: protect(&["nic:eni-bp1c*"]) });
    belt.keys("p");
    belt.read_again();
    belt.after_ms(7_000);
    let mut untold = listed(size, language);
    mark(&mut untold, &["10.0.1.21", "10.0.1.22"]);
    untold.keys("p");
    untold.read_all_again(|fresh| fresh.backends_known = false);
    untold.keys("!").text("LB 团队确认没有后端");
    let mut overridden = untold.clone();
    overridden.keys("enter").after_ms(7_000);
    let mut override_short = untold.clone();
    override_short.keys("ctrl-u").text("ok").keys("enter");
    let mut override_confirm = overridden.clone();
    override_confirm.keys("c").after_ms(400);
    let mut quitting = running(size, language);
    quitting.after_ms(12_000).keys("1 q s 3");
    quitting.after_ms(12_000);
    let mut simple = listed(size, language);
    mark(&mut simple, &["10.8.1.12"]);
    simple.keys("p");
    simple.read_again();
    simple.keys("c").after_ms(7_000);
    let mut rehearsed_held = rehearsed(size, language);
    rehearsed_held.keys("n");
    let mut failed_row = results(size, language);
    failed_row.keys("enter");
    let mut call = calls(size, language);
    call.keys("enter");
    let mut help = marked(size, language);
    help.keys("?");
    let mut help_search = marked(size, language);
    help_search.keys("?").text("plan");
    let mut menu = marked(size, language);
    menu.keys("Y");
    let mut columns = marked(size, language);
    columns.keys("f j j space");
    let mut history = listed(size, language);
    history.keys("4");
    crate::update::history::answer(&mut history, &crate::update::history::records());
    let mut searching = history.clone();
    searching.keys("/").text("act:relea");
    let mut batch = history.clone();
    batch.keys("G enter");
    crate::update::history::answer(&mut batch, &crate::update::history::records());
    let mut write = batch.clone();
    write.keys("G enter");
    let mut compared = batch.clone();
    let (nic, kept) = {
        let (write, row) = compared.state.history.opened.as_ref().unwrap().focused().unwrap();
        (row.target.nic().clone(), (**write.image.as_ref().unwrap()).clone())
    };
    let mut image = Image { instance: Some("i-7".into()), eips: vec![], ..kept };
    image.addresses.truncate(2);
    image.addresses[1].ip = "10.0.1.77".parse().unwrap();
    let seen = SeenNow::Nic(Box::new(image), compared.state.now);
    compared.state.history.now = Some(Now { job: JobId(99), nic, seen });
    compared.keys("enter");
    let undo = taking_back(size, language);
    let mut sought = planned(size, language);
    sought.keys("/").text("lb-b");
    let mut export = planned(size, language);
    export.keys("e");
    let mut undo_row = undo.clone();
    undo_row.keys("enter");
    let mut undo_confirm = undo.clone();
    undo_confirm.keys("c").after_ms(400);
    let mut undone = undo_confirm.clone();
    undone.text("3").keys("enter");
    let [Effect::Release { job, plan, .. }] = undone.effects.as_slice() else { panic!("{:?}", undone.effects) };
    let (job, plan) = (*job, plan.clone());
    undone.send(Msg::Release(job, ReleaseEvent::Began { batch: "f00d00-5".to_owned() }));
    for operation in 0..u32::try_from(plan.operations().len()).unwrap() {
        undone.after_ms(700);
        settle(&mut undone, job, &plan, operation, |_| crate::update::history::done());
    }
    undone.send(Msg::Release(job, ReleaseEvent::Ended));
    let mut earlier = listed(size, language);
    earlier.send(left_open());
    let mut earlier_list = earlier.clone();
    for (write, found) in earlier_list.state.earlier.writes.iter_mut().zip(found_since()) {
        write.found = found;
    }
    earlier_list.keys("E");
    let mut quit = running(size, language);
    quit.keys("1 q");
    let mut welcome = Scenario::sized(Vec::new(), size);
    welcome.state.language = language;
    let mut found = welcome.clone();
    found.state.found = vec![
        ("Alibaba Cloud", Phrase::new("welcome.in-tool").with("tool", "aliyun").with("profile", "prod")),
        (
            "Tencent Cloud",
            Phrase::new("welcome.in-variables").with("names", "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY"),
        ),
    ];
    let mut broken = Scenario::sized(Vec::new(), size);
    broken.state.language = language;
    broken.state.problems = vec![Worded {
        english: "config.toml:7:1: unknown key `regoins` in [[profile]]; did you mean `regions`?".to_owned(),
        chinese: "config.toml:7:1: 不认识的键 `regoins`（[[profile]]）；是想写 `regions` 吗？".to_owned(),
    }];
    let mut screens = vec![
        ("inventory", marked(size, language).state),
        ("table", table("t")),
        ("table-scrolled", table("t o l l l")),
        ("failing", failing(size, language).state),
        ("failing-open", failing_open(size, language).state),
        ("loading", loading.state),
        ("partly", partly.state),
        ("waiting", waiting.state),
        ("filtering", filtering.state),
        ("mistaken", mistaken.state),
        ("no-match", none.state),
        ("no-match-terms", blamed.state),
        ("filter-half", half.state),
        ("demo", demo.state),
        ("detail", detail.state),
        ("nic-detail", nic_detail.state),
        ("plan", planned(size, language).state),
        ("plan-page", plan_page.state),
        ("plan-find", sought.state),
        ("confirm", confirming(size, language).state),
        ("confirm-wrong", wrong.state),
        ("confirm-typed", typed.state.clone()),
        ("confirm-key", simple.state),
        ("plan-blocked", blocked.state.clone()),
        ("plan-belt", belt.state.clone()),
        ("override", untold.state.clone()),
        ("override-short", override_short.state.clone()),
        ("plan-overridden", overridden.state.clone()),
        ("confirm-overridden", override_confirm.state.clone()),
        ("dry-run", rehearsed(size, language).state),
        ("dry-run-held", rehearsed_held.state),
        ("running", running(size, language).state),
        ("running-offline", offline(size, language).state),
        ("results", results(size, language).state),
        ("result-page", failed_row.state),
        ("calls", calls(size, language).state),
        ("calls-plain", plain_calls.state),
        ("call", call.state),
        ("help", help.state),
        ("help-search", help_search.state),
        ("copy-menu", menu.state),
        ("columns", columns.state),
        ("export", export.state),
        ("undo", undo.state),
        ("undo-row", undo_row.state),
        ("undo-confirm", undo_confirm.state),
        ("undo-results", undone.state),
        ("history", history.state),
        ("history-searching", searching.state),
        ("history-batch", batch.state),
        ("history-write", write.state),
        ("history-compared", compared.state),
        ("earlier", earlier.state),
        ("earlier-list", earlier_list.state),
        ("quit", quit.state),
        ("quitting", quitting.state.clone()),
        ("welcome", welcome.state),
        ("welcome-found", found.state),
        ("welcome-broken", broken.state),
    ];
    // Narrower windows have no room for it.
    if size.columns >= STRIP_FROM.columns {
        let mut strip = planned(size, language);
        strip.keys("1");
        let mut strip_run = running(size, language);
        strip_run.keys("1");
        screens.extend([("strip-plan", strip.state), ("strip-run", strip_run.state)]);
    }
    screens
}

/// What the README shows.
pub fn tour(size: Size, language: Language) -> Vec<(&'static str, State)> {
    vec![
        ("inventory", marked(size, language).state),
        ("plan", confirming(size, language).state),
        ("running", running(size, language).state),
    ]
}

/// Instances and NICs with these names, in an order that does not depend on them; without names they have a letter each.
pub fn named(size: Size, names: &[String]) -> Scenario {
    let mut page = shop();
    let mut names = names.iter();
    let mut next = |nth: usize| -> Arc<str> {
        let letter = char::from(b'a' + u8::try_from(nth % 26).unwrap());
        format!("{letter}{}", names.next().map_or("", String::as_str)).into()
    };
    for (nth, instance) in page.instances.iter_mut().enumerate() {
        instance.name = next(nth).into();
        instance.kind = instance.kind.take().map(|kind| format!("{kind}{}", &*instance.name).into());
    }
    for (nth, nic) in page.nics.iter_mut().enumerate() {
        nic.name = next(nth).into();
        nic.addresses.retain(|address| address.role != AddressRole::Ipv6);
    }
    let mut scenario = Scenario::sized(profiles(), size);
    list(&mut scenario, ALI, "cn-hangzhou", page, &[]);
    scenario
}
