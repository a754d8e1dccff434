//! Lists: what stands in their rows is whole where it has to be, and what the window cuts off is counted.

use nicdeck::{
    app::{
        geometry::Size,
        overlay::Overlay,
        state::{Language, State},
        update::in_sight,
    },
    ui::theme::ThemeName,
};

use super::{frame, layers, skin, small::resized, world};

fn text(state: &State) -> String {
    layers::text(&frame(state, &skin(ThemeName::Dark)).0)
}

#[test]
fn a_plan_names_its_findings_whole_at_every_width() {
    for columns in (60..=220).step_by(5) {
        let state = world::planned(Size { columns, rows: 40 }, Language::English).state;
        let text = text(&state);
        let list: Vec<String> = text.lines().map(|line| line.split('│').next().unwrap_or(line).to_owned()).collect();
        for id in ["! eip-attached", "! lb-backend", "! addresses-leave"] {
            assert!(list.iter().any(|line| line.contains(&format!("{id} "))), "{id} at {columns} columns\n{text}");
        }
    }
}

#[test]
fn a_request_id_is_never_in_two_pieces() {
    for columns in [120, 121, 128, 140, 150, 179, 180, 200, 220] {
        let mut scenario = world::results(Size { columns, rows: 40 }, Language::English);
        let mut seen = 0;
        for _ in 0..scenario.state.run.as_ref().unwrap().rows.len() {
            let run = scenario.state.run.as_ref().unwrap();
            let id = run.row_at(run.view.cursor).and_then(|row| row.end()).and_then(|end| end.request_id());
            if let Some(id) = id.map(str::to_owned) {
                let text = text(&scenario.state);
                let beside = |line: &str| line.split_once('│').is_some_and(|(_, pane)| pane.contains(&id));
                assert!(text.lines().any(beside), "{id} at {columns} columns\n{text}");
                seen += 1;
            }
            scenario.keys("j");
        }
        assert!(seen > 1);
    }
}

#[test]
fn a_list_that_the_window_cuts_says_which_rows_these_are() {
    for (size, wanted) in [
        (Size { columns: 60, rows: 13 }, vec!["inventory", "running", "results", "calls"]),
        (Size { columns: 60, rows: 15 }, vec!["inventory", "plan", "calls"]),
        (Size { columns: 80, rows: 24 }, vec!["inventory", "table"]),
        (Size { columns: 200, rows: 20 }, vec!["inventory", "table"]),
    ] {
        for (language, word) in [(Language::English, "rows "), (Language::Chinese, " 行")] {
            let mut cut = Vec::new();
            // Made where a plan can be confirmed, then looked at in a lower window.
            for (name, state) in world::screens(Size { rows: size.rows.max(16), ..size }, language) {
                let state = resized(state, size);
                let plain = state.overlays.is_empty();
                let Some((first, last, total)) = in_sight(&state).filter(|_| plain) else { continue };
                let text = text(&state);
                let range = format!("{first}-{last}");
                let short = format!("{range}/{total}");
                assert!(
                    text.contains(&range) && (text.contains(word) || text.contains(&short)),
                    "{name}: {range} of {total}\n{text}"
                );
                assert!(text.contains(&total.to_string()), "{name}\n{text}");
                cut.push(name);
            }
            for name in &wanted {
                assert!(cut.contains(name), "{name} is not cut at {size:?}: {cut:?}");
            }
        }
    }
}

#[test]
fn a_list_that_is_whole_says_nothing_of_rows() {
    let text = text(&world::planned(Size { columns: 80, rows: 24 }, Language::English).state);
    assert!(!text.contains("rows 1-"), "{text}");
}

#[test]
fn what_else_the_window_cuts_is_counted() {
    let mut menu = world::marked(Size { columns: 60, rows: 10 }, Language::English);
    menu.keys("f");
    assert!(matches!(menu.state.overlays.last(), Some(Overlay::Columns { .. })));
    assert!(text(&menu.state).contains(" of 8 "), "{}", text(&menu.state));
    let running = world::running(Size { columns: 60, rows: 24 }, Language::English).state;
    assert!(!text(&running).contains("more profile"), "{}", text(&running));
    let low = resized(running, Size { columns: 60, rows: 13 });
    assert!(text(&low).contains("2 more profiles"), "{}", text(&low));
}

#[test]
fn time_and_request_ids_of_a_batch_stand_in_its_rows_where_there_is_room() {
    let text = text(&world::running(Size { columns: 120, rows: 40 }, Language::English).state);
    let row = text.lines().find(|line| line.contains("10.0.1.21")).unwrap();
    assert!(row.contains("14:00:26") && row.contains("E3C83E"), "{text}");
}
