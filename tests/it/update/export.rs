//! What is on the screen, as a file: the form is asked for, and the path is told.

use nicdeck::app::{
    effect::Effect,
    export::{ExportForm, Exported},
    history::Lookup,
    msg::{ExportEvent, Msg},
    overlay::Overlay,
};

use super::{
    browse::browsing,
    history::{answer, records},
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
    for (keys, wanted) in
        [("e enter", ExportForm::Markdown), ("e j enter", ExportForm::Csv), ("e G enter", ExportForm::Json)]
    {
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
    scenario.send(Msg::Exported(ExportEvent::Written { path: "/x/nicdeck-plan.md".to_owned() }));
    assert_eq!(scenario.notice(), "notice.exported");
    let failed = ExportEvent::Failed { path: "/x".to_owned(), reason: "read-only \u{1b}[2J".to_owned() };
    scenario.send(Msg::Exported(failed));
    assert_eq!(scenario.notice(), "notice.export-failed");
    let said = &scenario.state.notices.current(scenario.state.now).unwrap().phrase;
    assert!(said.values.iter().all(|(_, value)| !value.contains('\u{1b}')), "{said:?}");
}
