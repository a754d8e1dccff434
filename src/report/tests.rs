use std::sync::Arc;

use super::*;
use crate::domain::{
    address::{BackendTarget, EipBinding},
    fault::{Fault, FaultKind},
    finding::FindingId,
    ids::{InstanceId, NicId},
    instance::{Power, PowerState},
    nic::{ManagedBy, NicState, NicStatus},
    page::InventoryPage,
    time::Timestamp,
};

const AT: Timestamp = Timestamp(1_700_000_000_123);

fn nic(id: &str, role: NicRole, instance: Option<&str>, addresses: &[(&str, AddressRole)]) -> Nic {
    Nic {
        id: id.into(),
        name: "".into(),
        region: "r-1".into(),
        zone: None,
        role,
        status: NicStatus { word: Arc::from("InUse"), state: NicState::Attached },
        instance: instance.map(InstanceId::from),
        mac: Some(Arc::from("02:00:00:00:00:01")),
        vpc: None,
        subnet: None,
        security_groups: vec![],
        addresses: addresses.iter().map(|(ip, role)| Address { ip: ip.parse().unwrap(), role: *role }).collect(),
        public_ips: vec![],
        pairs: vec![],
        managed_by: ManagedBy::Unknown,
        linked: None,
        members: None,
        prefixes: Vec::new(),
        dies_with_detach: None,
        dies_with_instance: None,
        addresses_known: true,
        ranges: vec![],
        hot_plug: None,
        tags: crate::domain::tags::Tags::none(),
        description: Arc::from(""),
    }
}

fn instance(id: &str, name: &str) -> Instance {
    Instance {
        id: id.into(),
        name: name.into(),
        region: "r-1".into(),
        zone: Some(Arc::from("r-1a")),
        kind: Some(Arc::from("s.large")),
        power: Power { word: Arc::from("Running"), state: PowerState::Running },
        guest_agent: None,
        vpc: None,
        load_balancers: None,
        tags: crate::domain::tags::Tags::none(),
    }
}

fn eip(id: &str, ip: &str, nic: &str, private: Option<&str>) -> Eip {
    Eip {
        dies_unbound: Some(false),
        id: id.into(),
        region: "r-1".into(),
        ips: vec![ip.parse().unwrap()],
        name: "".into(),
        status: Arc::from("InUse"),
        bound: EipBinding::Nic { nic: NicId::from(nic), private_ip: private.map(|ip| ip.parse().unwrap()) },
    }
}

/// Two profiles; the NICs come in the wrong order; load balancers of the second could not be read.
fn world() -> Inventory {
    use AddressRole::{Ipv6, Primary, Secondary};
    let mut inventory = Inventory::new([("one".into(), "cloud-a".into()), ("two".into(), "cloud-b".into())]);
    let one = inventory.profile_mut(&"one".into()).unwrap();
    let mut bad_name = nic("eni-2", NicRole::Secondary, None, &[]);
    bad_name.name = "=cmd|' /C calc'!A0,\"x\"\u{1b}[2J\u{202e}\r\nend".into();
    bad_name.status = NicStatus { word: Arc::from("Available"), state: NicState::Free };
    let page = InventoryPage {
        instances: vec![instance("i-1", "测试机-1")],
        nics: vec![
            bad_name,
            nic("eni-9", NicRole::Secondary, Some("i-1"), &[("10.0.0.9", Primary), ("fd00::9", Ipv6)]),
            nic("eni-1", NicRole::Primary, Some("i-1"), &[("10.0.0.4", Primary), ("10.0.0.5", Secondary)]),
        ],
        eips: vec![eip("eip-1", "203.0.113.7", "eni-1", Some("10.0.0.5")), eip("eip-2", "203.0.113.8", "eni-9", None)],
        backends: vec![Backend {
            load_balancer: "lb-1".into(),
            name: Arc::from("front"),
            region: "r-1".into(),
            vpc: None,
            range: None,
            target: BackendTarget::Address { ip: "10.0.0.5".parse().unwrap(), instance: None, nic: None },
            port: Arc::from("443"),
        }],
        ..InventoryPage::default()
    };
    for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends] {
        one.begin((resource, Some("r-1".into())));
    }
    one.merge(page, AT);
    for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends] {
        one.complete(&(resource, Some("r-1".into())), 0, AT);
    }
    let two = inventory.profile_mut(&"two".into()).unwrap();
    two.begin((Resource::Nics, None));
    two.merge(
        InventoryPage {
            nics: vec![nic("n-1", NicRole::Secondary, None, &[("10.9.0.1", Secondary)])],
            ..Default::default()
        },
        AT,
    );
    two.complete(&(Resource::Nics, None), 0, AT);
    let mut fault = Fault::local(FaultKind::Permission, "DescribeLb", "not \u{9b}allowed");
    fault.request_id = Some("req-1".into());
    two.fail(&(Resource::Backends, None), fault, AT);
    inventory
}

fn verdict(target: &Target) -> Verdict {
    let finding = |id, severity| Finding {
        id,
        severity,
        values: vec![("eip", "203.0.113.7 (eip-1)".to_owned())],
        predicts: Some("Code"),
        read_at: Some(AT),
    };
    let findings = match target {
        Target::Address(key) if key.ip.to_string() == "10.0.0.5" => vec![
            finding(FindingId::OsConfig, Severity::Info),
            finding(FindingId::EipAttached, Severity::Warn),
            finding(FindingId::LbBackend, Severity::Blocked),
        ],
        Target::Address(key) if key.ip.to_string() == "10.9.0.1" => {
            vec![finding(FindingId::LbUnknown, Severity::Unknown)]
        }
        Target::Address(_) => vec![finding(FindingId::OsConfig, Severity::Info)],
        Target::Nic(_) | Target::Eip { .. } => vec![],
    };
    let level = findings.iter().map(|finding| Level::from(finding.severity)).max().unwrap_or_default();
    Verdict { level, findings }
}

fn printed(format: Format, demo: bool, verdict: &dyn Fn(&Target) -> Option<Verdict>) -> String {
    let inventory = world();
    let regions = BTreeMap::from([("one".into(), vec!["r-1".into()])]);
    let mut out = Vec::new();
    super::inventory(
        &Source { inventory: &inventory, regions: &regions, verdict, demo, words: &Words::default() },
        format,
        &mut out,
    )
    .unwrap();
    let text = String::from_utf8(out).unwrap();
    let harmless = |c: char| matches!(c, '\n' | '\r') || !crate::domain::clean::hostile(c);
    assert!(text.chars().all(harmless), "{text:?}");
    text
}

fn all(format: Format) -> String {
    printed(format, false, &|target| Some(verdict(target)))
}

#[test]
fn the_table_is_aligned_in_cells_and_in_a_stable_order() {
    let wanted = "\
ADDRESS   KIND           STATE      NIC                                              INSTANCE      EIP           LB    FINDINGS                      PROFILE  REGION
10.0.0.4  primary        InUse      eni-1                                            i-1 测试机-1  -             -     ok                            one      r-1
10.0.0.5  secondary      InUse      eni-1                                            i-1 测试机-1  203.0.113.7   lb-1  x lb-backend, ! eip-attached  one      r-1
10.0.0.9  primary        InUse      eni-9                                            i-1 测试机-1  203.0.113.8?  -     ok                            one      r-1
fd00::9   ipv6           InUse      eni-9                                            i-1 测试机-1  203.0.113.8?  -     ok                            one      r-1
-         nic secondary  Available  eni-2 =cmd|' /C calc'!A0,\"x\"\u{FFFD}[2J\u{FFFD}\u{FFFD}\u{FFFD}end  -             -             -     ok                            one      r-1
10.9.0.1  secondary      InUse      n-1                                              -             ?             ?     ? lb-unknown                  two      r-1
";
    let table = all(Format::Table);
    for (line, wanted) in table.lines().zip(wanted.lines()) {
        let squeeze = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(squeeze(line), squeeze(wanted));
    }
    assert_eq!(table.lines().count(), wanted.lines().count());
    // Every line's PROFILE begins at the same cell.
    let head = table.lines().next().unwrap();
    let at = unicode_width::UnicodeWidthStr::width(head.split("PROFILE").next().unwrap());
    for line in table.lines().skip(1) {
        let profile = if line.contains("10.9.0.1") { "two" } else { "one" };
        let before = line.rsplit_once(profile).unwrap().0;
        assert_eq!(unicode_width::UnicodeWidthStr::width(before), at, "{line}");
    }
}

#[test]
fn a_name_of_any_length_keeps_the_table_readable() {
    // Twenty of them would need the cell of the `~`.
    assert_eq!(lines::cut(&"网".repeat(10_000)), format!("{}~", "网".repeat(19)));
    assert_eq!(lines::cut(&"x".repeat(41)).len(), 40);
    assert_eq!(lines::cut(&"x".repeat(40)), "x".repeat(40));
}

#[test]
fn json_has_everything_and_null_means_not_read() {
    let json: serde_json::Value = serde_json::from_str(&all(Format::Json)).unwrap();
    assert_eq!(json["nicdeck"], 1);
    assert_eq!(json["demo"], false);
    assert_eq!(json["profiles"][0]["status"], "complete");
    assert_eq!(json["profiles"][0]["regions"], serde_json::json!(["r-1"]));
    assert_eq!(json["profiles"][1]["status"], "partial");
    let sections = &json["profiles"][1]["sections"];
    assert_eq!(sections[0]["resource"], "nics");
    assert_eq!(sections[0]["read_at"], "2023-11-14T22:13:20.123Z");
    assert_eq!(sections[1]["status"], "failed");
    assert_eq!(sections[1]["fault"]["kind"], "permission");
    assert_eq!(sections[1]["fault"]["request_id"], "req-1");
    assert_eq!(sections[1]["fault"]["message"], "not \u{9b}allowed", "escaped on the wire, whole when read");

    assert_eq!(json["instances"].as_array().unwrap().len(), 1, "each instance once");
    assert_eq!(json["instances"][0]["name"], "测试机-1");
    assert_eq!(json["instances"][0]["state"], "running");

    let ids: Vec<&str> = json["nics"].as_array().unwrap().iter().map(|nic| nic["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["eni-1", "eni-9", "eni-2", "n-1"]);
    let address = &json["nics"][0]["addresses"][1];
    assert_eq!(address["ip"], "10.0.0.5");
    assert_eq!(address["kind"], "secondary");
    assert_eq!(address["eip"][0]["id"], "eip-1");
    assert_eq!(address["lb"], serde_json::json!([{"id": "lb-1", "name": "front", "port": "443"}]));
    assert_eq!(address["level"], "blocked");
    let finding = serde_json::json!({
        "id": "eip-attached", "severity": "warn", "values": {"eip": "203.0.113.7 (eip-1)"}, "predicts": "Code",
        "read_at": "2023-11-14T22:13:20.123Z",
    });
    assert_eq!(address["findings"][1], finding);
    assert_eq!(json["nics"][0]["addresses"][0]["eip"], serde_json::json!([]));
    assert_eq!(json["nics"][1]["eip"][0]["id"], "eip-2", "on the NIC, on which address is not known");
    assert_eq!(json["nics"][1]["addresses"][0]["eip"], serde_json::json!([]));
    assert_eq!(json["nics"][2]["name"], "=cmd|' /C calc'!A0,\"x\"\u{1b}[2J\u{202e}\r\nend");
    assert_eq!(json["nics"][3]["eip"], serde_json::Value::Null);
    assert_eq!(json["nics"][3]["addresses"][0]["lb"], serde_json::Value::Null);
}

#[test]
fn what_has_no_verdict_is_left_out() {
    let only = |target: &Target| match target {
        Target::Address(key) if key.ip.to_string() == "10.0.0.9" => Some(verdict(target)),
        _ => None,
    };
    let json: serde_json::Value = serde_json::from_str(&printed(Format::Json, false, &only)).unwrap();
    assert_eq!(json["nics"].as_array().unwrap().len(), 1);
    assert_eq!(json["nics"][0]["addresses"].as_array().unwrap().len(), 1);
    assert_eq!(json["nics"][0]["level"], serde_json::Value::Null, "the NIC itself was not asked for");
    assert_eq!(json["profiles"].as_array().unwrap().len(), 2);
    assert_eq!(printed(Format::Table, false, &only).lines().count(), 2);
    let none: serde_json::Value = serde_json::from_str(&printed(Format::Json, false, &|_| None)).unwrap();
    assert_eq!((&none["nics"], &none["instances"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn csv_keeps_to_rfc_4180_and_starts_no_formula() {
    let csv = all(Format::Csv);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 8, "a head, six rows, nothing after the last line end");
    assert_eq!(lines[7], "");
    assert!(lines[0].starts_with("profile,cloud,region,zone,address,kind,level,findings,nic,"));
    assert_eq!(
        lines[2],
        "one,cloud-a,r-1,,10.0.0.5,secondary,blocked,os-config:info eip-attached:warn lb-backend:blocked,eni-1,,primary,\
         InUse,02:00:00:00:00:01,,,i-1,测试机-1,Running,203.0.113.7,lb-1,2023-11-14T22:13:20.123Z"
    );
    assert!(
        lines[5].contains(",\"'=cmd|' /C calc'!A0,\"\"x\"\"\u{FFFD}[2J\u{FFFD}\u{FFFD}\u{FFFD}end\","),
        "{}",
        lines[5]
    );
    assert!(lines[6].contains(",?,?,"), "EIPs and load balancers that were not read: {}", lines[6]);
    for (text, wanted) in
        [("+1", "'+1"), ("@x", "'@x"), ("-1", "'-1"), ("a\"b", "\"a\"\"b\""), ("a,b", "\"a,b\""), ("a b", "a b")]
    {
        assert_eq!(csv::field(text), wanted);
    }
}

#[test]
fn markdown_is_one_table_and_names_are_no_markup() {
    let text = all(Format::Markdown);
    assert_eq!(text.lines().count(), 8);
    assert!(text.lines().all(|line| line.replace("\\|", "").matches('|').count() == 11), "{text}");
    assert!(text.contains("=cmd\\|' /C calc'"));
    assert_eq!(lines::escaped("<b>`a`&[x](y)"), "&lt;b>\\`a\\`&amp;\\[x\\](y)");
}

#[test]
fn the_demo_says_so_in_every_form() {
    let some = |target: &Target| Some(verdict(target));
    assert!(printed(Format::Table, true, &some).starts_with("DEMO"));
    assert!(printed(Format::Markdown, true, &some).starts_with("**DEMO"));
    assert!(printed(Format::Json, true, &some).starts_with("{\"nicdeck\":1,\"demo\":true,"));
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_an_error_and_no_panic() {
    let (inventory, regions) = (world(), BTreeMap::new());
    let source = Source {
        inventory: &inventory,
        regions: &regions,
        verdict: &|_| Some(Verdict::default()),
        demo: true,
        words: &Words::default(),
    };
    for format in [Format::Table, Format::Json, Format::Csv, Format::Markdown] {
        let error = super::inventory(&source, format, &mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format:?}");
    }
}
