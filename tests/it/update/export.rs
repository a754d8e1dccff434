//! What is on the screen, as a file: the form is asked for, and the path is told.

use std::{fs, path::Path, sync::Arc};

use nicdeck::{
    app::{
        effect::Effect,
        export::{ExportForm, Exported, List},
        history::Lookup,
        msg::{ExportEvent, Msg},
        overlay::Overlay,
        state::Language,
    },
    domain::{
        fault::{Fault, FaultKind},
        outcome::Outcome,
        time::Timestamp,
    },
    runtime::jobs::{
        export::{Desk, ExportError, Matter, Wish, write},
        release::Author,
    },
};

use super::{
    browse::browsing,
    calls::call,
    history::{answer, records},
    run,
    scenario::Scenario,
    undo::planned,
};

fn asked(scenario: &Scenario) -> (&Exported, ExportForm) {
    let [Effect::Export { what, form, .. }] = scenario.effects.as_slice() else { panic!("{:?}", scenario.effects) };
    (what, *form)
}

#[test]
fn a_plan_a_batch_and_the_history_can_be_exported_in_each_form() {
    let mut scenario = planned();
    for (keys, wanted) in [
        ("e enter", ExportForm::Markdown),
        ("e j enter", ExportForm::Csv),
        ("e j j enter", ExportForm::Json),
        ("e G enter", ExportForm::PlanFile),
    ] {
        scenario.keys(keys);
        let (what, form) = asked(&scenario);
        let plan = scenario.state.plan.as_ref().unwrap().plan.clone();
        assert_eq!((what, form), (&Exported::Plan(plan), wanted));
        assert!(scenario.state.overlays.is_empty());
    }
    let mut scenario = browsing();
    scenario.keys("4 e");
    assert_eq!(scenario.notice(), "disabled.nothing-here");
    scenario.keys("1 4");
    assert!(scenario.effects.is_empty(), "it is read already");
    let job = scenario.state.history.job.unwrap();
    scenario.effects = vec![Effect::History { job, lookup: Lookup::Search(String::new()) }];
    answer(&mut scenario, &records());
    scenario.keys("e enter");
    assert_eq!(asked(&scenario).0, &Exported::History(Lookup::Search(String::new())));
    scenario.keys("enter e esc");
    assert!(scenario.state.overlays.is_empty());
    scenario.keys("e enter");
    assert_eq!(asked(&scenario).0, &Exported::History(Lookup::Batch("b81d02-3".to_owned())));
}

#[test]
fn where_it_is_or_why_it_is_not_is_told() {
    let mut scenario = planned();
    scenario.keys("e");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::ExportMenu { .. }]));
    scenario.keys("esc");
    scenario.send(Msg::Exported(ExportEvent::Written {
        path: "/x/nicdeck-plan.md".to_owned(),
        form: ExportForm::Markdown,
    }));
    assert_eq!(scenario.notice(), "notice.exported");
    let failed = ExportEvent::Failed { path: "/x".to_owned(), reason: "read-only \u{1b}[2J".to_owned() };
    scenario.send(Msg::Exported(failed));
    assert_eq!(scenario.notice(), "notice.export-failed");
    let said = &scenario.state.notices.current(scenario.state.now).unwrap().phrase;
    assert!(said.values.iter().all(|(_, value)| !value.contains('\u{1b}')), "{said:?}");
}

/// The effect's list, form and path.
fn list(scenario: &Scenario) -> (List, ExportForm, Option<&str>) {
    let [Effect::ExportList { list, form, path, .. }] = scenario.effects.as_slice() else {
        panic!("{:?}", scenario.effects)
    };
    (*list, *form, path.as_deref())
}

#[test]
fn lists_are_exported_too_and_into_a_file_that_is_named() {
    let mut scenario = browsing();
    scenario.keys("e j enter");
    assert_eq!(list(&scenario), (List::Inventory, ExportForm::Csv, None));
    for (typed, path) in [
        ("export json", None),
        ("export json  out.json", Some("out.json")),
        ("export json \"~/a b.json\"", Some("~/a b.json")),
        ("export json 'a \" b'", Some("a \" b")),
        ("export json a b", Some("a b")),
    ] {
        scenario.keys(":").text(typed).keys("enter");
        assert_eq!(list(&scenario), (List::Inventory, ExportForm::Json, path), "{typed}");
    }
    for typed in ["export json \"a b", "export json \"", "export json ''"] {
        scenario.keys(":").text(typed).keys("enter");
        assert!(scenario.effects.is_empty(), "{typed}");
        let Some(Overlay::Prompt(prompt)) = scenario.state.overlays.last() else { panic!("{typed}") };
        assert_eq!(prompt.wrong.as_ref().map(|wrong| wrong.key), Some("prompt.open-quote"), "{typed}");
        scenario.keys("esc");
    }
    scenario.keys("5 e");
    assert_eq!(scenario.notice(), "disabled.nothing-here");
    let at = scenario.state.now;
    scenario.send(Msg::Exchange(Box::new(call(at)))).keys("e enter");
    assert_eq!(list(&scenario), (List::Calls, ExportForm::Markdown, None));
    let mut scenario = planned();
    scenario.keys(":").text("export csv /tmp/x.csv").keys("enter");
    assert!(matches!(scenario.effects.as_slice(), [Effect::Export { path: Some(path), .. }] if path == "/tmp/x.csv"));
    scenario.send(Msg::Exported(ExportEvent::There { path: "/tmp/x.csv".to_owned() }));
    assert_eq!(scenario.notice(), "notice.export-there");
}

fn desk(folder: &Path) -> Desk {
    Desk {
        journal: folder.join("journal.jsonl"),
        author: Author { who: "lin".to_owned(), host: "ops-1".to_owned() },
        demo: false,
        tell: Arc::new(|_, key, _| key.to_owned()),
        now: || Timestamp(0),
    }
}

#[test]
fn the_inventory_is_written_as_it_is_listed_and_never_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    let mut scenario = browsing();
    scenario.keys("/").text("nic:eni-3 kind:secondary").keys("enter");
    let path = folder.path().join("out.csv").to_string_lossy().into_owned();
    let wish = |form| Wish { form, language: Language::English, path: Some(path.clone()) };
    let what = || Matter::of(List::Inventory, &scenario.state);
    assert_eq!(write(&desk, &what(), &wish(ExportForm::Csv)).unwrap().to_string_lossy(), path);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("10.0.3.7") && text.contains("lb-backend") && !text.contains("10.0.1."), "{text}");
    let error = write(&desk, &what(), &wish(ExportForm::Json)).unwrap_err();
    let ExportError::File(named, why) = error else { panic!("{error}") };
    assert_eq!((named.to_string_lossy().into_owned(), why.kind()), (path.clone(), std::io::ErrorKind::AlreadyExists));
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "it stays as it was");
    let free = Wish { form: ExportForm::Json, language: Language::English, path: None };
    let json = fs::read_to_string(write(&desk, &what(), &free).unwrap()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["nics"][0]["addresses"].as_array().unwrap().len(), 2);
    // The calls.
    let mut bad = call(Timestamp(1));
    bad.fault = Some(FaultKind::Refused);
    bad.code = Some("=No|x".to_owned());
    scenario.send(Msg::Exchange(Box::new(bad)));
    let calls = |form| {
        let wish = Wish { form, ..free.clone() };
        fs::read_to_string(write(&desk, &Matter::of(List::Calls, &scenario.state), &wish).unwrap()).unwrap()
    };
    assert!(calls(ExportForm::Csv).lines().nth(1).unwrap().contains(",200,'=No|x,T6cb,"));
    assert!(calls(ExportForm::Markdown).contains("| 200 =No\\|x | T6cb |"), "{}", calls(ExportForm::Markdown));
    let json: serde_json::Value = serde_json::from_str(&calls(ExportForm::Json)).unwrap();
    assert_eq!((&json["calls"][0]["fault"], &json["calls"][0]["request_id"]), (&"refused".into(), &"T6cb".into()));
}

/// A ticket says why, also where no cloud gave it a code.
#[test]
fn what_failed_without_a_code_is_told_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    let failed = |kind, message: &str| Outcome::Failed { fault: Fault::local(kind, "Unassign", message) };
    let code = Fault { code: Some("No.Such".to_owned()), ..Fault::local(FaultKind::Refused, "Unassign", "no") };
    let ends = [
        (failed(FaultKind::Timeout, "no-answer-in-time"), "failed (fault.timeout.word: odd.no-answer-in-time)"),
        (failed(FaultKind::Server, "<html>"), "failed (fault.server.word)"),
        (Outcome::Failed { fault: code }, "failed (No.Such)"),
    ];
    for (end, wanted) in ends {
        let (mut scenario, job, plan) = run::running();
        run::settle(&mut scenario, job, &plan, 0, &end);
        scenario.keys("e enter");
        let what = Matter::Told(asked(&scenario).0.clone());
        let wish = Wish { form: ExportForm::Markdown, language: Language::English, path: None };
        let ticket = fs::read_to_string(write(&desk, &what, &wish).unwrap()).unwrap();
        assert_eq!(ticket.matches(wanted).count(), plan.operations()[0].targets().len(), "{wanted}: {ticket}");
    }
}
