//! A key map of one's own holds for what lies over a screen as well; where something is typed, the keys of an input line do.

use nicdeck::{
    app::{
        effect::Effect,
        keymap::Keymap,
        msg::{JournalEvent, Msg},
        overlay::Overlay,
        state::{Language, Screen},
    },
    domain::{
        journal::{Open, OpenWrite},
        page::InventoryPage,
    },
};

use super::{
    browse::{browsing, shop},
    earlier::intent,
    scenario::Scenario,
};

fn rebound(changes: &[(&str, &str)]) -> Scenario {
    let mut text = include_str!("../../../assets/keymap.toml").to_owned();
    for (line, with) in changes {
        assert!(text.contains(line), "{line}");
        text = text.replace(line, with);
    }
    let mut scenario = browsing();
    scenario.state.keymap = Keymap::parse(&text).unwrap();
    scenario
}

#[test]
fn layers_move_and_close_by_the_keys_of_the_map() {
    let mut scenario = rebound(&[
        ("down = [\"j\", \"down\"]", "down = [\"z\"]"),
        ("close = [\"esc\"]", "close = [\"x\"]"),
        ("refresh = [\"R\"]", "refresh = [\"f5\"]"),
        ("copy-more = [\"Y\"]", "copy-more = [\"w\"]"),
        ("open = [\"enter\"]", "open = [\"f6\"]"),
    ]);
    let writes = vec![OpenWrite { intent: intent(0, "eni-2", &["10.0.2.9"]), maybe_running: false }];
    scenario
        .send(Msg::Journal(JournalEvent::Unfinished { path: String::new(), open: Open { writes, strange: vec![] } }));
    scenario.send(Msg::JobPanicked(scenario.state.earlier.job.unwrap()));
    scenario.keys("E z z j");
    assert_eq!(scenario.state.overlays, [Overlay::Earlier { scroll: 2 }], "j is bound to nothing any more");
    scenario.keys("R");
    assert!(scenario.effects.is_empty());
    scenario.keys("f5");
    assert_eq!(scenario.effects.len(), 1, "read again");
    scenario.keys("esc");
    assert_eq!(scenario.state.overlays.len(), 1);
    scenario.keys("x");
    assert!(scenario.state.overlays.is_empty());
    scenario.keys("z z w z");
    let Some(Overlay::CopyMenu { view }) = scenario.state.overlays.last() else { panic!() };
    assert_eq!(view.cursor, 1);
    scenario.keys("f6");
    assert!(scenario.state.overlays.is_empty() && scenario.effects.len() == 1, "{:?}", scenario.effects);
}

/// It is about the row that the cursor was on.
#[test]
fn the_answer_to_a_key_goes_with_the_next_one() {
    let mut scenario = browsing();
    let said = |scenario: &Scenario| scenario.state.notices.current(scenario.state.now).map(|notice| notice.phrase.key);
    scenario.keys("j j space");
    assert_eq!(said(&scenario), Some("notice.cannot-mark"));
    scenario.keys("j");
    assert_eq!(said(&scenario), None);
    // What comes by itself stays for its time.
    scenario.send(Msg::ConfigWritten(Ok("/home/lin/config.toml".into()))).keys("j");
    assert_eq!(said(&scenario), Some("notice.config-written"));
}

#[test]
fn what_is_typed_is_text_on_every_map() {
    let mut scenario = rebound(&[
        ("close = [\"esc\"]", "close = [\"x\"]"),
        ("interrupt = [\"ctrl-c\"]", "interrupt = [\"c\"]"),
        ("confirm = [\"c\"]", "confirm = [\"f3\"]"),
    ]);
    scenario.keys("/").text("xc");
    assert_eq!(scenario.state.browse.line.text(), "xc");
    scenario.keys("esc ?").text("xc");
    let Some(Overlay::Help(help)) = scenario.state.overlays.last() else { panic!() };
    assert_eq!(help.search.text(), "xc");
    scenario.keys("esc esc");
    assert!(scenario.state.overlays.is_empty());
}

#[test]
fn a_page_about_one_thing_can_be_copied_from() {
    let mut scenario = browsing();
    scenario.keys("j j j j");
    scenario.state.overlays.push(Overlay::Detail { scroll: 0 });
    scenario.keys("y");
    assert_eq!(scenario.effects.len(), 1, "{:?}", scenario.effects);
    scenario.keys("L");
    assert_eq!(scenario.state.language, Language::Chinese);
    assert_eq!((scenario.state.overlays.len(), scenario.state.screen), (1, Screen::Inventory));
}

#[test]
fn the_first_screen_can_be_scrolled() {
    let mut scenario = Scenario::new(Vec::new());
    assert_eq!(scenario.state.screen, Screen::Welcome);
    scenario.keys("j j down k");
    assert_eq!(scenario.state.welcome_scroll, 2);
    scenario.keys("G G g");
    assert_eq!(scenario.state.welcome_scroll, 0, "however far it went");
}

/// A narrow window has no pane for the detail: its page takes the same keys.
#[test]
fn the_page_of_what_is_gone_closes() {
    let mut scenario = browsing();
    scenario.keys("ctrl-r /").text("10.0.1.21").keys("enter enter");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Detail { .. }]));
    scenario.listed("shop", InventoryPage::default());
    assert!(scenario.state.overlays.is_empty(), "{:?}", scenario.rows());
    // Nor does it become the page of what is left in its place.
    let mut scenario = browsing();
    scenario.keys("ctrl-r /").text("10.0.1.21").keys("enter F enter");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Detail { .. }]));
    assert_eq!(scenario.cursor(), "a 10.0.1.21");
    let mut page = shop();
    for nic in &mut page.nics {
        nic.addresses.retain(|address| address.ip.to_string() != "10.0.1.21");
    }
    scenario.listed("shop", page);
    assert!(scenario.state.overlays.is_empty() && !scenario.rows().is_empty());
}

#[test]
fn the_page_of_a_row_marks_and_plans_as_the_pane_does() {
    let mut scenario = browsing();
    scenario.keys("/").text("10.0.1.21").keys("enter enter");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Detail { .. }]));
    scenario.keys("F");
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Detail { .. }]), "it is no key of the page");
    scenario.keys("space");
    assert_eq!((scenario.marks(), scenario.cursor()), (vec!["eni-1 10.0.1.21".to_owned()], "a 10.0.1.21".to_owned()));
    scenario.keys("space");
    assert!(scenario.marks().is_empty(), "the page has stayed on its row");
    scenario.keys("space");
    scenario.keys("p");
    assert_eq!((scenario.state.screen, scenario.state.overlays.len()), (Screen::Plan, 0));
    assert_eq!(scenario.state.plan.as_ref().unwrap().plan.rows().len(), 1);
}

#[test]
fn a_garbled_screen_is_drawn_anew_under_a_dialog_as_well() {
    let mut scenario = browsing();
    scenario.keys("/").text("10.0.1.21").keys("enter p");
    scenario.read_again();
    scenario.keys("c").after_ms(400);
    scenario.effects.clear();
    scenario.keys("ctrl-l");
    assert_eq!(scenario.effects, [Effect::Redraw]);
    assert!(matches!(scenario.state.overlays.as_slice(), [Overlay::Confirm(_)]));
}

#[test]
fn the_clean_up_in_the_guest_is_there_to_be_copied() {
    let mut scenario = browsing();
    scenario.keys("/").text("10.0.1.21").keys("enter Y");
    let items = nicdeck::app::update::copy::items(&scenario.state);
    let guest = items.iter().find(|item| item.label == "copy.guest").unwrap();
    assert_eq!(
        guest.what,
        Ok(nicdeck::app::update::copy::Copied::Text(
            "ip -o addr show to 10.0.1.21/32 | awk '{system(\"ip addr del \" $4 \" dev \" $2)}'".to_owned()
        ))
    );
}
