//! `:` and what is typed behind it.

use nicdeck::app::{
    effect::Effect,
    overlay::Overlay,
    state::{Language, Screen},
    theme::ThemeName,
};

use super::{browse::browsing, scenario::Scenario};

fn line(scenario: &Scenario) -> Option<(String, Option<&'static str>)> {
    match scenario.state.overlays.last() {
        Some(Overlay::Prompt(prompt)) => {
            Some((prompt.line.text().to_owned(), prompt.wrong.as_ref().map(|wrong| wrong.key)))
        }
        _ => None,
    }
}

#[test]
fn a_command_is_given_by_its_name_and_by_no_other() {
    let mut scenario = browsing();
    scenario.keys(":").text("go-calls").keys("enter");
    assert_eq!((scenario.state.screen, line(&scenario)), (Screen::Calls, None));
    for (typed, wrong) in [
        ("nonsense", "prompt.unknown"),
        ("qiut", "prompt.unknown-near"),
        ("confirm", "prompt.not-here"),
        ("help me", "prompt.takes-nothing"),
        ("go-run", "disabled.no-run"),
        ("lang fr", "prompt.takes"),
        ("profile nobody", "prompt.takes"),
        ("export csv", "disabled.nothing-here"),
        ("close", "prompt.not-here"),
    ] {
        scenario.keys(":").text(typed).keys("enter");
        assert_eq!(line(&scenario), Some((typed.to_owned(), Some(wrong))), "{typed}");
        scenario.keys("backspace");
        assert_eq!(line(&scenario).unwrap().1, None, "what is wrong goes with the next key");
        scenario.keys("esc");
        assert_eq!(line(&scenario), None);
    }
    assert_eq!(scenario.state.screen, Screen::Calls);
}

#[test]
fn a_filter_by_command_is_the_filter() {
    let mut scenario = browsing();
    let all = scenario.rows();
    let name = scenario.state.profiles[0].id.to_string();
    scenario.keys(":").text(&format!("profile {name}")).keys("enter");
    assert_eq!((scenario.state.browse.filter_text.clone(), line(&scenario)), (format!("profile:\"{name}\""), None));
    assert!(!scenario.state.browse.editing);
    scenario.keys("F");
    assert_eq!(scenario.rows(), all);
    // A wrong one stays open, as it does where it is typed.
    scenario.keys(":").text("filter ipp:1").keys("enter");
    assert!(scenario.state.browse.editing && scenario.state.browse.mistake.is_some());
    assert_eq!(scenario.rows(), all);
}

#[test]
fn tab_completes_as_far_as_it_is_certain() {
    let mut scenario = browsing();
    let after = |scenario: &mut Scenario, typed: &str| {
        scenario.keys(":").text(typed).keys("tab");
        let text = line(scenario).unwrap().0;
        scenario.keys("esc");
        text
    };
    assert_eq!(after(&mut scenario, "lan"), "lang");
    assert_eq!(after(&mut scenario, "langu"), "language");
    assert_eq!(after(&mut scenario, "prof"), "profile ");
    assert_eq!(after(&mut scenario, "lang z"), "lang zh-CN");
    assert_eq!(after(&mut scenario, "go-"), "go-");
    assert_eq!(after(&mut scenario, "zzz"), "zzz");
}

#[test]
fn languages_and_the_end_are_given_by_name() {
    let mut scenario = browsing();
    scenario.keys(":").text("lang zh").keys("enter");
    assert_eq!(scenario.state.language, Language::Chinese);
    scenario.keys(":").text("lang en").keys("enter");
    assert_eq!(scenario.state.language, Language::English);
    scenario.keys(":").text("q");
    scenario.effects.clear();
    scenario.keys("enter");
    assert_eq!(scenario.effects, [Effect::Quit]);
}

#[test]
fn a_theme_is_put_on_by_its_name_unless_colours_are_off() {
    let mut scenario = browsing();
    let give = |scenario: &mut Scenario, typed: &str| {
        scenario.keys(":").text(typed).keys("enter");
        let wrong = line(scenario).and_then(|(_, wrong)| wrong);
        scenario.keys("esc");
        (scenario.state.theme, wrong)
    };
    assert_eq!(give(&mut scenario, "theme cb-safe"), (Some(ThemeName::CbSafe), None));
    assert_eq!(give(&mut scenario, "theme pink"), (Some(ThemeName::CbSafe), Some("prompt.takes")));
    assert_eq!(give(&mut scenario, "theme"), (Some(ThemeName::CbSafe), Some("prompt.takes")));
    assert_eq!(give(&mut scenario, "theme auto"), (None, None));
    scenario.state.color = false;
    assert_eq!(give(&mut scenario, "theme dark"), (None, Some("prompt.no-color")));
}

/// Nothing is sent by a line: a plan is confirmed where its dialog asks.
#[test]
fn deleting_past_the_beginning_leaves_the_line() {
    let mut scenario = browsing();
    scenario.keys(":").text("q").keys("backspace");
    assert_eq!(line(&scenario).unwrap().0, "");
    scenario.keys("backspace");
    assert_eq!(line(&scenario), None);
}
