//! What was done, from the journal of a real run to `nicdeck history`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use nicdeck::{
    domain::{
        fault::{Fault, FaultKind},
        ids::OperationId,
        journal::{Answer, Intent, JournalEntry, Request, Settlement},
        outcome::Outcome,
        plan::OperationKind,
        time::Timestamp,
    },
    runtime::journal::Journal,
};

pub fn intent(batch: &str, operation: u32, kind: OperationKind) -> Intent {
    Intent {
        at: Timestamp(1_767_794_580_000 + i64::from(operation)),
        batch: batch.into(),
        operation: OperationId(operation),
        plan: "7f3a9c00".into(),
        undoes: None,
        cloud: "one".into(),
        profile: "prod".into(),
        region: "r-1".into(),
        kind,
        step: String::new(),
        before: vec![],
        image: None,
        request: Some(Box::new(Request {
            method: "POST".into(),
            host: "api.example".into(),
            path: "/".into(),
            body: "{\"NetworkInterfaceId\":\"eni-1\"}".into(),
        })),
        overrides: vec![],
        belts: None,
        file: None,
        account: None,
        who: "lin".into(),
        host: "ops-1".into(),
        version: "0.1.0".into(),
    }
}

pub fn release(nic: &str, ips: &[&str]) -> OperationKind {
    OperationKind::Release { nic: nic.into(), ips: ips.iter().map(|ip| ip.parse().unwrap()).collect() }
}

pub fn settled(intent: &Intent, outcome: &Outcome) -> Settlement {
    Settlement {
        at: intent.at.plus_ms(400),
        batch: intent.batch.clone(),
        operation: intent.operation,
        outcomes: intent.targets().into_iter().map(|target| (target, outcome.clone())).collect(),
        found_later: false,
        answers: vec![Answer {
            status: Some(200),
            code: None,
            request_id: Some("req-1".into()),
            ms: 41,
            text: "{\"RequestId\":\"req-1\"}".into(),
        }],
        after: None,
    }
}

struct Home(tempfile::TempDir);

impl Home {
    /// Two batches: three addresses released on two NICs, of which one failed; a detach without an end.
    async fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let journal = Journal::open(&home.journal()).unwrap();
        let done = Outcome::Released { request_id: Some("req-1".into()) };
        let mut fault = Fault::local(FaultKind::Permission, "Act", "=not \u{1b}[31mallowed");
        fault.code = Some("Forbidden.RAM".into());
        let failed = Outcome::Failed { fault };
        for (intent, outcome) in [
            (intent("b1", 0, release("eni-1", &["10.0.0.5", "10.0.0.6"])), Some(done)),
            (intent("b1", 1, release("eni-2", &["10.0.0.7"])), Some(failed)),
            (intent("b2", 0, OperationKind::Detach { nic: "eni-3".into(), instance: "i-3".into() }), None),
        ] {
            journal.intent(intent.clone(), false).await.unwrap();
            if let Some(outcome) = outcome {
                journal.settled(settled(&intent, &outcome)).await.unwrap();
            }
        }
        home
    }

    fn journal(&self) -> PathBuf {
        self.0.path().join("nicdeck/journal.jsonl")
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nicdeck"));
        let command = command.args(args).env_clear().env("HOME", self.0.path()).env("XDG_STATE_HOME", self.0.path());
        command.env("TZ", "UTC").stdin(Stdio::null()).output().unwrap()
    }

    fn said(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.run(args);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn batches_are_listed_found_and_told_in_every_form() {
    let home = Home::new().await;
    let (code, out, err) = home.said(&["history"]);
    assert_eq!(code, 0, "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        [
            "#  WHEN              WHO  PROFILES  WHAT       RESULT            BATCH",
            "2  2026-01-07 14:03  lin  prod      detach 1   1 unfinished      b2",
            "1  2026-01-07 14:03  lin  prod      release 3  2 done, 1 failed  b1",
        ]
    );
    assert!(err.contains("1 target has no end in the journal"), "{err}");
    let (_, out, _) = home.said(&["history", "--filter", "ip:10.0.0.7", "--lang", "zh-CN"]);
    assert!(out.contains("释放 3") && out.contains("完成 2, 失败 1") && !out.contains("b2"), "{out}");
    for (args, found) in [
        (vec!["--profile", "prod", "--region", "r-1"], true),
        (vec!["--profile", "other", "--profile", "prod"], true),
        (vec!["--profile", "pro"], false),
        (vec!["--region", "r-2"], false),
        (vec!["--profile", "prod", "--region", "r-2"], false),
        (vec!["--profile", "prod", "--filter", "who:nobody"], false),
    ] {
        let (code, out, err) = home.said(&[vec!["history"], args.clone()].concat());
        assert_eq!((code, out.contains("b1")), (0, found), "{args:?} {out}{err}");
    }
    let (_, out, err) = home.said(&["history", "--most", "1"]);
    assert!(out.lines().count() == 2 && err.contains("1 of 2 batches"), "{out}{err}");

    let (_, out, _) = home.said(&["history", "-o", "csv", "--filter", "result:failed"]);
    let row = out.lines().find(|line| line.contains("10.0.0.7")).unwrap();
    assert!(row.starts_with("b1,7f3a9c00,2026-01-07T14:03:00.001Z,lin,ops-1,one,prod,r-1,eni-2,,release,10.0.0.7,failed,Forbidden.RAM,'=not"), "{row}");
    let (_, out, _) = home.said(&["history", "-o", "md", "--filter", "batch:b1"]);
    assert!(out.contains("| release | 10.0.0.5 | eni-1 | prod | r-1 | released | req-1 |"), "{out}");
    let (_, out, _) = home.said(&["history", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["nicdeck"], 1);
    let write = &document["batches"][1]["writes"][0];
    assert_eq!((&write["act"], &write["targets"][1]["ip"]), (&"release".into(), &"10.0.0.6".into()));
    assert_eq!((&write["requests"][0]["method"], &write["answers"][0]["ms"]), (&"POST".into(), &41.into()));
    assert_eq!(document["batches"][0]["writes"][0]["targets"][0]["result"], "unfinished");
    for form in ["table", "csv", "md", "json"] {
        assert!(!home.run(&["history", "-o", form]).stdout.contains(&0x1b), "{form}");
    }
}

/// The journal's last line is no end, and nobody looks for it while the batch goes on.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_batch_that_goes_on_is_told_as_that_and_has_no_end() {
    let home = Home::new().await;
    let json = |args: &[&str]| -> serde_json::Value { serde_json::from_str(&home.said(args).1).unwrap() };
    let seen = |document: &serde_json::Value| {
        let batches = document["batches"].as_array().unwrap();
        batches.iter().map(|batch| (batch["running"] == true, batch["ended"].is_null())).collect::<Vec<_>>()
    };
    let running = Journal::open(&home.journal()).unwrap().running().await.unwrap();
    let (_, out, err) = home.said(&["history"]);
    assert!(err.contains("A nicdeck is carrying a batch out") && !err.contains("looks for it"), "{err}");
    assert_eq!(out.matches("(may be running)").count(), 1, "{out}");
    let told = json(&["history", "-o", "json"]);
    assert_eq!(seen(&told), [(true, true), (false, false)], "{told}");
    assert_eq!(
        (&told["chain"], &told["batches"][0]["last_record"]),
        (&"whole".into(), &"2026-01-07T14:03:00.000Z".into())
    );
    assert_eq!(seen(&json(&["export", "2", "-o", "json"])), [(true, true)]);
    assert!(home.said(&["export", "2"]).1.contains("a nicdeck is carrying a batch out: told as of 2026-01-07"));
    let csv = home.said(&["export", "2", "-o", "csv"]).1;
    assert!(csv.trim_end().ends_with(",,2026-01-07T14:03:00.000Z,true"), "{csv}");
    drop(running);
    assert_eq!(seen(&json(&["history", "-o", "json"])), [(false, true), (false, false)], "cut off");
    assert!(home.said(&["export", "2"]).1.contains("It has no end in the journal"));
}

/// Each command of the demo begins with new clouds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_command_is_named_that_takes_nothing_back() {
    let home = Home::new().await;
    fs::copy(home.journal(), home.journal().with_file_name("demo-journal.jsonl")).unwrap();
    assert!(home.said(&["export", "1"]).1.contains("`nicdeck undo b1 -o plan.json`"));
    let (_, out, _) = home.said(&["export", "1", "--demo"]);
    assert!(out.contains("new clouds each time") && !out.contains("nicdeck undo"), "{out}");
    let (_, _, err) = home.said(&["undo", "1", "--demo"]);
    assert!(err.contains("have begun anew since this batch"), "{err}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_wrong_search_or_an_edited_journal_is_told() {
    let home = Home::new().await;
    let (code, out, err) = home.said(&["history", "--filter", "reslt:failed"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("Did you mean result?"), "{err}");

    let (code, out, _) = home.said(&["history", "verify"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("5 records in 1 file: nothing was changed."), "{out}");
    let text = fs::read_to_string(home.journal()).unwrap();
    fs::write(home.journal(), text.replacen("10.0.0.6", "10.0.0.9", 1)).unwrap();
    let (code, out, _) = home.said(&["history", "verify"]);
    assert_eq!(code, 1);
    assert!(out.contains("journal.jsonl:1: this line was changed"), "{out}");
    assert!(out.contains("journal.jsonl:2: something before this line was changed"), "{out}");

    for args in [vec!["history"], vec!["export", "1"], vec!["history", "-o", "json"]] {
        let (code, _, err) = home.said(&args);
        assert!(
            code == 0 && err.matches("The journal was changed by somebody else").count() == 1,
            "{args:?} {code} {err}"
        );
    }
    let (_, out, _) = home.said(&["export", "1"]);
    assert!(out.contains("**The journal was changed"), "a ticket says it: {out}");
    let (_, out, _) = home.said(&["export", "1", "-o", "json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["chain"], "changed");

    let empty = Home(tempfile::tempdir().unwrap());
    let (code, out, err) = empty.said(&["history"]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("Nothing was done yet"), "{err}");
}

/// A journal of `records` records as large as those of real runs, as many intents as ends, of which one in ten tells a failure.
#[cfg(not(debug_assertions))]
pub fn long(path: &std::path::Path, records: u32) {
    use std::io::Write;

    use nicdeck::domain::{
        address::{Address, AddressRole},
        journal::Image,
    };

    let address = |number: u32, role| Address { ip: std::net::Ipv4Addr::from(0x0a00_0000 + number).into(), role };
    let image = |addresses: Vec<Address>| Image {
        status: "InUse".into(),
        instance: Some("i-bp128hfa3t7ok2i97r46".into()),
        subnet: Some("vsw-bp1eoeiab9pik6n5khcu".into()),
        addresses,
        eips: vec![],
        floats: vec![],
        backends: vec![],
        pairs: vec![],
    };
    let id = "A9C81F58-AC46-5423-931D-5AD30E900E3C";
    let mut out = std::io::BufWriter::new(fs::File::create(path).unwrap());
    // A plan's digest is as long, whatever it proves.
    let digest = "68fb727a895f728188becbbc321fbfb43c8973a9b999aecf5ab2e4fb0586639c";
    let sha256 = |text: &str| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text));
    let mut before = "null".to_owned();
    let mut put = |entry: &JournalEntry| {
        let text = serde_json::to_string(entry).unwrap();
        let body = format!("{{\"v\":2,\"prev\":{before},{}", &text[1..text.len() - 1]);
        let line = format!("{body},\"hash\":\"{}\"}}", sha256(&body));
        before = format!("\"{}\"", sha256(&line));
        writeln!(out, "{line}").unwrap();
    };
    for write in 0..records / 2 {
        let kept = vec![address(0x0080_0000 + write, AddressRole::Primary), address(3, AddressRole::Secondary)];
        let gone = [address(2 * write, AddressRole::Secondary), address(2 * write + 1, AddressRole::Secondary)];
        let ips = gone.iter().map(|address| address.ip).collect();
        let nic = format!("eni-bp1os80ve6d6fafae{:03}", write % 1000);
        let kind = OperationKind::Release { nic: nic.as_str().into(), ips };
        let mut intent =
            intent(&format!("b6160a-{}", 1_795_308_792_697_u64 + u64::from(write / 100)), write % 100, kind);
        intent.plan = digest.into();
        intent.before = kept.iter().chain(&gone).map(|address| address.ip).collect();
        intent.image = Some(Box::new(image(kept.iter().chain(&gone).cloned().collect())));
        let path = format!(
            "/?NetworkInterfaceId={nic}&PrivateIpAddress.1={}&PrivateIpAddress.2={}&RegionId=r-1",
            gone[0].ip, gone[1].ip
        );
        intent.request = Some(Box::new(Request {
            method: "POST".into(),
            host: "ecs.cn-hangzhou.aliyuncs.com".into(),
            path,
            body: String::new(),
        }));
        let outcome = if write % 10 == 0 {
            let mut fault = Fault::local(FaultKind::Permission, "UnassignPrivateIpAddresses", "not allowed");
            fault.request_id = Some(id.into());
            Outcome::Failed { fault }
        } else {
            Outcome::Released { request_id: Some(id.into()) }
        };
        let mut end = settled(&intent, &outcome);
        end.answers[0].text = format!("{{\"RequestId\":\"{id}\"}}");
        end.after = Some(Box::new(image(kept)));
        put(&JournalEntry::Intent(Box::new(intent)));
        put(&JournalEntry::Settled(end));
    }
}

#[test]
fn the_records_of_these_tests_are_those_of_the_journal() {
    let entry = JournalEntry::Intent(Box::new(intent("b", 0, release("n", &["10.0.0.1"]))));
    let text = serde_json::to_string(&entry).unwrap();
    assert_eq!(serde_json::from_str::<JournalEntry>(&text).unwrap(), entry);
}
