//! Searching a list that hides nothing.

use std::sync::Arc;

use nicdeck::{
    app::{
        find::{self, Spoken},
        msg::Msg,
        notices::{Loudness, Notice, Phrase},
        overlay::Overlay,
        state::{Language, Screen},
    },
    domain::exchange::Exchange,
    ui::catalog::Catalogs,
};

use super::{browse::browsing, scenario::Scenario};

/// A plan of six addresses.
fn planned() -> Scenario {
    let mut scenario = browsing();
    scenario.keys("a p").read_again();
    assert_eq!(scenario.state.plan.as_ref().unwrap().plan.rows().len(), 6);
    scenario
}

fn here(scenario: &Scenario) -> (usize, String) {
    let view = scenario.state.plan.as_ref().unwrap();
    (view.view.cursor, view.plan.rows()[view.view.cursor].target.ip().unwrap().to_string())
}

#[test]
fn a_search_steps_through_the_rows_and_hides_none() {
    let mut scenario = planned();
    let all = scenario.state.plan.as_ref().unwrap().plan.rows().len();
    scenario.keys("/").text("10.0.3");
    let first = here(&scenario);
    assert!(first.1.starts_with("10.0.3."), "{first:?}");
    scenario.keys("down");
    let second = here(&scenario);
    assert!(second.1.starts_with("10.0.3.") && second.0 > first.0, "{second:?}");
    scenario.keys("down");
    assert_eq!(here(&scenario), first, "past the last one from the first on");
    scenario.keys("up");
    assert_eq!(here(&scenario), second);
    assert_eq!(scenario.state.plan.as_ref().unwrap().plan.rows().len(), all);
    scenario.keys("enter");
    assert!(scenario.state.overlays.is_empty());
    assert_eq!(here(&scenario), second);
    // The same again, from here on.
    scenario.keys("/ enter");
    assert_eq!(here(&scenario), first);
}

#[test]
fn leaving_a_search_goes_back_and_nothing_found_moves_nothing() {
    let mut scenario = planned();
    scenario.keys("j");
    let began = here(&scenario);
    scenario.keys("/").text("10.0.9");
    assert_ne!(here(&scenario), began);
    scenario.keys("esc");
    assert_eq!((here(&scenario), scenario.state.overlays.len()), (began.clone(), 0));
    scenario.keys("/").text("nowhere");
    assert_eq!(here(&scenario), began);
    scenario.keys("down up");
    assert_eq!(here(&scenario), began);
    // A key of the plan is text there.
    scenario.keys("c");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Find(find)] if find.line.text() == "nowherec"));
}

#[test]
fn a_batch_and_the_calls_are_searched_by_what_stands_in_their_rows() {
    let (mut scenario, job, plan) = super::run::running();
    super::run::settle(&mut scenario, job, &plan, 1, &super::run::released());
    scenario.keys("G /").text("released");
    let run = scenario.state.run.as_ref().unwrap();
    assert_eq!(run.row_at(run.view.cursor).unwrap().operation, plan.operations()[1].id);
    scenario.keys("enter 5");
    assert_eq!(scenario.state.screen, Screen::Calls);
    for nth in 1..4 {
        scenario.send(Msg::Exchange(Box::new(crate::view::world::exchange(nth, nth == 2))));
    }
    scenario.keys("/").text("write eni");
    let call = scenario.state.calls.focused().and_then(|entry| entry.call());
    assert!(call.is_some_and(|call| call.write), "{call:?}");
}

#[test]
fn down_from_a_filter_goes_to_the_row_that_the_cursor_is_on() {
    let mut scenario = browsing();
    scenario.keys("/").text("10.0.3");
    let first = scenario.cursor();
    assert_eq!(Some(&first), scenario.rows().first());
    scenario.keys("down");
    assert_eq!((scenario.cursor(), scenario.state.browse.editing), (first.clone(), false));
    scenario.keys("down");
    assert_ne!(scenario.cursor(), first);
}

/// What rows show in the language of the screen, and their words as the journal has them.
#[test]
fn rows_are_found_by_the_words_that_are_shown() {
    let words = Catalogs::embedded().unwrap();
    let mut scenario = planned();
    scenario.state.language = Language::Chinese;
    scenario.state.spoken =
        Spoken(Arc::new(move |language, key, values| words.of(language).text(key, values).into_owned()));
    for word in ["\u{91ca}\u{653e}", "release"] {
        assert_eq!(find::found(&scenario.state, word).len(), 6, "{word}");
    }
    scenario.keys("5");
    for write in [false, true] {
        let call = super::calls::call(scenario.state.now);
        scenario.send(Msg::Exchange(Box::new(Exchange { write, ..call })));
    }
    let notice = Phrase::new("notice.detach-marked").with("nic", "eni-7");
    let said = Notice { at: scenario.state.now, loudness: Loudness::Warn, phrase: notice };
    scenario.state.calls.say(said, 10, false);
    let kinds = |word: &str| {
        let found = find::found(&scenario.state, word);
        let entries = found.into_iter().map(|place| scenario.state.calls.get(place).unwrap());
        entries.map(|entry| entry.call().map(|call| call.write)).collect::<Vec<_>>()
    };
    let words = Catalogs::embedded().unwrap();
    let chinese = words.of(Language::Chinese);
    assert_eq!(kinds(chinese.word("calls.write")), [Some(true)]);
    assert_eq!(kinds("write"), [Some(true)]);
    assert_eq!(kinds(chinese.word("calls.warn")), [None]);
    assert_eq!(kinds("eni-7 \u{5378}\u{8f7d}"), [None], "a part of its sentence");
}
