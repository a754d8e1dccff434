//! The calls screen: what was asked of the clouds, and what the status line said.

use nicdeck::{
    app::{
        calls::Entry,
        effect::{Effect, Sentence},
        msg::{InventoryEvent, Msg},
        notices::{Loudness, Notice, Phrase},
        overlay::Overlay,
        state::{Language, Screen},
        update::copy,
    },
    domain::{
        exchange::Exchange,
        fault::{Fault, FaultKind},
        inventory::Section,
        odd,
        outcome::Outcome,
        page::Resource,
        time::Timestamp,
    },
    ui::catalog::Catalogs,
};

use super::{
    browse::browsing,
    run,
    scenario::{Scenario, profile},
};

/// Keys of the messages, newest first.
fn messages(scenario: &Scenario) -> Vec<&'static str> {
    let said = |entry: &Entry| match entry {
        Entry::Message { notice, .. } => Some(notice.phrase.key),
        Entry::Call(_) => None,
    };
    scenario.state.calls.window(usize::MAX).filter_map(|(_, entry)| said(entry)).collect()
}

#[test]
fn every_message_is_among_the_calls_also_those_that_none_has_read() {
    let mut scenario = browsing();
    let before = messages(&scenario).len();
    scenario.keys("Z 2 A");
    let said = ["disabled.no-marks", "disabled.no-plan", "notice.no-such-key"];
    assert_eq!(messages(&scenario)[..said.len()], said);
    assert_eq!(messages(&scenario).len(), before + said.len());
    // What was dismissed, and what is about a screen that was left, stays there.
    scenario.keys("esc 5");
    assert_eq!(scenario.state.screen, Screen::Calls);
    assert_eq!(messages(&scenario)[..said.len()], said);
}

#[test]
fn a_message_of_the_start_is_among_the_calls_too() {
    let mut scenario = browsing();
    let phrase = Phrase::new("notice.ctrl-c-again");
    scenario.state.notices.say(scenario.state.now, Loudness::Warn, phrase.clone());
    scenario.after_ms(1);
    assert!(messages(&scenario).contains(&phrase.key));
}

#[test]
fn a_message_can_be_found_opened_and_copied_while_a_batch_runs() {
    let (mut scenario, job, plan) = run::running();
    let fault = Fault::local(FaultKind::Refused, "Unassign", "no");
    run::settle(&mut scenario, job, &plan, 0, &Outcome::Failed { fault });
    assert!(scenario.state.is_running());
    scenario.keys("u Z Z 5 g n");
    let Some(Entry::Message { notice: Notice { loudness, phrase, .. }, .. }) = scenario.state.calls.focused() else {
        panic!("{:?}", scenario.state.calls.focused())
    };
    assert!(*loudness >= Loudness::Warn, "a key that does nothing is passed over");
    let phrase = phrase.clone();
    scenario.keys("enter");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Call { .. }]));
    scenario.keys("y");
    assert_eq!(scenario.effects, [Effect::CopySentence(Sentence::Phrase(phrase.clone()))]);
    assert_eq!(messages(&scenario)[0], "notice.copied-message");
    let items = copy::items(&scenario.state);
    assert!(
        matches!(&items[..], [copy::CopyItem { what: Ok(copy::Copied::Sentence(Sentence::Phrase(it))), .. }] if *it == phrase),
        "{items:?}"
    );
}

/// In the words of the screen: the clipboard gets what is read there.
#[test]
fn the_message_of_a_listing_that_failed_is_copied_as_it_is_told() {
    let mut scenario = Scenario::new(vec![profile("shop", "aliyun")]);
    let job = scenario.state.jobs.listing_of(&"shop".into()).unwrap().job;
    let section: Section = (Resource::Nics, Some("r1".into()));
    let fault = Fault::local(FaultKind::Garbage, "List", format!("text/html: {}", odd::NO_ERROR_CODE));
    scenario.send(Msg::Inventory(job, InventoryEvent::Began(section.clone())));
    scenario.send(Msg::Inventory(job, InventoryEvent::Failed(section, Box::new(fault.clone()))));
    scenario.send(Msg::Inventory(job, InventoryEvent::Ended));
    scenario.keys("g");
    assert_eq!(scenario.cursor(), "! shop");
    let sentence = Sentence::Fault(Box::new(fault));
    let catalogs = Catalogs::embedded().unwrap();
    let told =
        [Language::English, Language::Chinese].map(|language| nicdeck::ui::sentence(catalogs.of(language), &sentence));
    assert_eq!(told, ["text/html: no error code", "text/html: 没有错误码"]);
    scenario.keys("y");
    assert_eq!(scenario.effects, [Effect::CopySentence(sentence)]);
}

#[test]
fn a_message_does_not_take_the_place_of_the_newest_call() {
    let mut scenario = browsing();
    let at = scenario.state.now;
    scenario.send(Msg::Exchange(Box::new(call(at)))).keys("5 g");
    let newest = scenario.state.calls.focused().cloned();
    assert!(newest.as_ref().is_some_and(|entry| entry.call().is_some()));
    scenario.keys("enter y");
    assert_eq!(scenario.state.calls.focused().cloned(), newest);
    scenario.keys("esc Z Z");
    assert_eq!(scenario.state.calls.focused().cloned(), newest, "nor one that is said again");
}

#[test]
fn a_call_that_comes_does_not_swap_what_is_looked_at() {
    let mut scenario = browsing();
    let at = scenario.state.now;
    for keys in ["enter", "Y"] {
        scenario.send(Msg::Exchange(Box::new(call(at)))).keys("5 g");
        let newest = scenario.state.calls.focused().cloned();
        scenario.keys(keys).send(Msg::Exchange(Box::new(Exchange { action: "Next".to_owned(), ..call(at) })));
        assert_eq!(scenario.state.calls.get(0).and_then(Entry::call).map(|call| &*call.action), Some("Next"));
        assert_eq!(scenario.state.calls.focused().cloned(), newest, "{keys}");
        scenario.keys("esc g").send(Msg::Exchange(Box::new(Exchange { action: "Last".to_owned(), ..call(at) })));
        let focused = scenario.state.calls.focused().and_then(Entry::call);
        assert_eq!(
            focused.map(|call| &*call.action),
            Some("Last"),
            "the newest is followed where nothing lies over it"
        );
    }
}

pub fn call(at: Timestamp) -> Exchange {
    Exchange {
        at,
        profile: "shop".into(),
        region: None,
        action: "List".to_owned(),
        target: String::new(),
        write: false,
        method: String::new(),
        host: String::new(),
        path: String::new(),
        headers: Vec::new(),
        body: String::new(),
        status: Some(200),
        answer: String::new(),
        answer_bytes: 0,
        code: None,
        fault: None,
        permission: None,
        request_id: Some("T6cb".to_owned()),
        elapsed_ms: 1,
        attempt: 1,
    }
}
