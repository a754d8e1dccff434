//! Exports as files: private, never over another one, the same facts in each form, and nothing that a spreadsheet would run.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use nicdeck::{
    app::{
        export::{ExportForm, Exported, Results},
        history::Lookup,
        run::Run,
        state::Language,
    },
    domain::{
        fault::{Fault, FaultKind},
        ids::{AddressKey, JobId, NicKey},
        outcome::Outcome,
        plan::{Act, Decision, Load, PlanRow, ReleasePlan},
        selection::Target,
        time::Timestamp,
    },
    report::{
        Format,
        sheet::{self, Kind, Row, Sheet},
    },
    runtime::{
        jobs::{
            export::{Desk, ExportError, Matter, Wish, write},
            release::Author,
        },
        journal::Journal,
        plan_file::PlanFile,
    },
};

use crate::history::{intent, release, settled};

const AT: Timestamp = Timestamp(1_767_794_580_000);

fn desk(folder: &Path) -> Desk {
    Desk {
        journal: folder.join("journal.jsonl"),
        author: Author { who: "lin".to_owned(), host: "ops-1".to_owned() },
        demo: true,
        tell: Arc::new(|_, key, values| {
            let values: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{key} {}", values.join(" "))
        }),
        now: || AT,
    }
}

fn put(desk: &Desk, what: &Exported, form: ExportForm) -> Result<PathBuf, ExportError> {
    write(desk, &Matter::Told(what.clone()), &Wish { form, language: Language::English, path: None })
}

fn target(ip: &str) -> Target {
    let nic = NicKey { profile: "prod".into(), nic: "eni-1".into() };
    Target::Address(AddressKey { nic, ip: ip.parse().unwrap() })
}

/// Two rows that are blocked: a plan that sends nothing.
fn plan() -> Arc<ReleasePlan> {
    let row = |ip: &str| PlanRow {
        target: target(ip),
        act: Act::Release,
        cloud: "one".into(),
        region: "r-1".into(),
        hidden: false,
        findings: vec![],
        decision: Decision::Blocked,
        overridden: None,
        before: 3,
        after: 3,
    };
    let rows = vec![row("10.0.0.5"), row("10.0.0.6")];
    Arc::new(ReleasePlan::freeze(AT, rows, vec![], Load::default(), |_| 1).unwrap())
}

#[test]
fn each_export_is_a_new_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    let what = Exported::Plan(plan());
    let first = put(&desk, &what, ExportForm::Markdown).unwrap();
    let second = put(&desk, &what, ExportForm::Markdown).unwrap();
    assert_ne!(first, second);
    assert_eq!(first.parent().unwrap(), folder.path().join("exports"));
    for path in [&first, &second] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(path).unwrap();
        for part in
            ["list.demo", "export.plan", "who=lin", "host=ops-1", "counts=blocked 2", "| release | 10.0.0.5 | eni-1 |"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    assert_eq!(fs::metadata(first.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    // Something stands where the folder would be.
    let blocked = tempfile::tempdir().unwrap();
    fs::write(blocked.path().join("exports"), "").unwrap();
    let error = put(&self::desk(blocked.path()), &what, ExportForm::Csv).unwrap_err();
    assert!(matches!(error, ExportError::File(..)), "{error}");
}

/// The same file as `nicdeck plan -o` makes: `nicdeck apply` takes it.
#[test]
fn a_plan_can_be_written_to_be_carried_out_later() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    let plan = plan();
    let path = put(&desk, &Exported::Plan(plan.clone()), ExportForm::PlanFile).unwrap();
    let file = PlanFile::load(&path).unwrap();
    assert_eq!(file, PlanFile::of(&plan, &desk.author, true, AT));
    assert_eq!((file.plan(), file.demo()), (None, true), "it sends nothing");
}

#[test]
fn results_without_an_end_are_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(JobId(1), plan(), AT);
    let results =
        Results { plan: run.plan.clone(), batch: Some("b-1".to_owned()), started: AT, ended: None, rows: run.rows };
    let path = put(&desk(folder.path()), &Exported::Results(Box::new(results)), ExportForm::Json).unwrap();
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!((&json["kind"], &json["batch"], &json["demo"]), (&"results".into(), &"b-1".into(), &true.into()));
    assert!(json["ended"].is_null());
}

#[tokio::test]
async fn a_batch_of_the_journal_is_told_with_its_request_ids_and_how_to_undo_it() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    let journal = Journal::open(&desk.journal).unwrap();
    let done = nicdeck::domain::outcome::Outcome::Released { request_id: Some("req-77".to_owned()) };
    for batch in ["b-1", "b-2"] {
        let intent = intent(batch, 0, release("eni-1", &["10.0.0.5", "10.0.0.6"]));
        journal.intent(intent.clone(), false).await.unwrap();
        journal.settled(settled(&intent, &done)).await.unwrap();
    }
    let text =
        |lookup: Lookup, form| fs::read_to_string(put(&desk, &Exported::History(lookup), form).unwrap()).unwrap();
    let ticket = text(Lookup::Batch("b-1".to_owned()), ExportForm::Markdown);
    assert_eq!(ticket.matches("req-77").count(), 2, "{ticket}");
    assert!(ticket.contains("export.undo") && ticket.contains("batch=b-1") && !ticket.contains("b-2"), "{ticket}");
    let all = text(Lookup::Search(String::new()), ExportForm::Csv);
    assert_eq!(all.lines().count(), 5, "{all}");
    let gone = put(&desk, &Exported::History(Lookup::Batch("b-9".to_owned())), ExportForm::Csv);
    assert!(matches!(gone, Err(ExportError::NoBatch)));
}

/// A ticket says why, also where no cloud gave it a code.
#[tokio::test]
async fn what_failed_without_a_code_is_told_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    let reset = Outcome::Failed { fault: Fault::local(FaultKind::Reset, "Unassign", "") };
    let journal = Journal::open(&desk.journal).unwrap();
    let intent = intent("b-1", 0, release("eni-1", &["10.0.0.5"]));
    journal.intent(intent.clone(), false).await.unwrap();
    journal.settled(settled(&intent, &reset)).await.unwrap();
    let what = Exported::History(Lookup::Batch("b-1".to_owned()));
    let ticket = fs::read_to_string(put(&desk, &what, ExportForm::Markdown).unwrap()).unwrap();
    assert!(ticket.contains("failed (fault.reset.word )"), "{ticket}");
}

/// What a cloud says is data: no formula, no line of its own, nothing that moves a cursor.
#[test]
fn no_cell_can_be_run_or_break_out() {
    let row = Row {
        act: Act::Release,
        target: target("10.0.0.5"),
        cloud: "one".to_owned(),
        region: "=cmd|' /C calc'!A0".to_owned(),
        state: "failed",
        findings: vec![],
        overridden: None,
        code: Some("@SUM(1)".to_owned()),
        reason: None,
        message: "+1\r\n\u{1b}[2Jdone,\"x\"".to_owned(),
        request_id: Some("-2".to_owned()),
        not_journaled: true,
    };
    let sheet = |format| {
        let mut out = Vec::new();
        let rows = [row.clone()];
        let sheet = Sheet {
            kind: Kind::Results,
            demo: false,
            plan: Some("7f3a9c00"),
            batch: Some("b-1"),
            undoes: None,
            at: AT,
            ended: None,
            who: "=who",
            host: "h",
            rows: &rows,
            tell: &|key, _| key.to_owned(),
            moment: &|_| String::new(),
        };
        sheet::write(&sheet, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let csv = sheet(Format::Csv);
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let cells = csv.lines().nth(1).unwrap();
    for cell in ["'=cmd", "'@SUM(1)", "'-2", "'=who", "'+1"] {
        assert!(cells.contains(cell), "{cell}: {cells}");
    }
    for format in [Format::Csv, Format::Json, Format::Markdown] {
        let text = sheet(format);
        assert!(!text.contains('\u{1b}') && !text.contains("done,\"x\"\n"), "{text}");
    }
    let markdown = sheet(Format::Markdown);
    assert!(markdown.contains("=cmd\\|' /C calc'!A0"), "a bar would begin another cell: {markdown}");
    let json: serde_json::Value = serde_json::from_str(&sheet(Format::Json)).unwrap();
    assert_eq!(json["counts"]["failed"], 1);
    assert_eq!(json["rows"][0]["not_journaled"], true);
    assert!(cells.ends_with(",true,") && markdown.contains("failed (@SUM(1), not journaled)"), "{cells} {markdown}");
}
