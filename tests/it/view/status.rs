//! The status line: what is waited for, and which key ends that.

use nicdeck::{
    app::{key::Input, key::Key, msg::Msg, state::Language, state::State, update::update},
    domain::fault::FaultKind,
    ui::theme::ThemeName,
};

use super::{frame, layers, skin, world};

const SIZE: nicdeck::app::geometry::Size = nicdeck::app::geometry::Size { columns: 120, rows: 40 };

fn text(state: &State) -> String {
    layers::text(&frame(state, &skin(ThemeName::Dark)).0)
}

fn waiting() -> State {
    let mut screens = world::screens(SIZE, Language::English).into_iter();
    screens.find(|(name, _)| *name == "waiting").map(|(_, state)| state).unwrap()
}

#[test]
fn an_answer_that_is_no_success_is_no_missing_answer() {
    let mut state = waiting();
    assert!(text(&state).contains("no answer for 0:12"), "{}", text(&state));
    let open = state.jobs.waiting().unwrap();
    let mut call = world::exchange(1, false);
    (call.profile, call.at) = (open.profile.clone(), open.since.plus_ms(1_000));
    (call.status, call.fault) = (Some(502), Some(FaultKind::Server));
    let now = state.now;
    update(&mut state, now, Msg::Exchange(Box::new(call)));
    assert!(text(&state).contains("HTTP 502, trying again"), "{}", text(&state));
    assert!(!text(&state).contains("no answer"));
}

#[test]
fn a_key_is_named_only_where_it_does_what_is_said() {
    let mut state = waiting();
    assert!(text(&state).contains("esc stops it"));
    let now = state.now;
    update(&mut state, now, Msg::Input(Input::Key(Key::parse("?").unwrap())));
    assert!(text(&state).contains("no answer for"), "{}", text(&state));
    assert!(!text(&state).contains("esc stops it"), "it closes the help");
}
