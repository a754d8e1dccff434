//! The first screen of who has no profile yet: try the demo, or write a config; and what is wrong with the one there is.

use crate::app::{
    command::Command,
    geometry::{Area, Regions},
    state::State,
};

use super::{canvas::Canvas, doc::Doc, footer, text, theme::Role};

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let words = canvas.words;
    let body = regions.body;
    let margin = if body.width > 100 { (body.width - 92) / 2 } else { 3 };
    let top = u16::from(body.height > 22);
    let area = Area {
        x: body.x + margin.min(body.width),
        y: body.y + top,
        width: body.width.saturating_sub(margin * 2),
        height: body.height - top,
    };
    let mut doc = Doc::new(area.width, 4);
    if !state.problems.is_empty() {
        doc.text(words.word("welcome.problems"), Role::Blocked);
        for problem in &state.problems {
            doc.hang(vec![("! ".to_owned(), Role::Warn)], 2, problem.of(state.language), Role::Text);
        }
        doc.blank();
    }
    doc.text(words.word(if state.problems.is_empty() { "welcome.none" } else { "welcome.none-usable" }), Role::Bright);
    doc.blank();
    if !state.found.is_empty() {
        doc.text(words.word("welcome.found"), Role::Text);
        for (cloud, found) in &state.found {
            doc.hang(
                vec![("  + ".to_owned(), Role::Bright)],
                4,
                &format!("{cloud}  {}", words.phrase(found)),
                Role::Text,
            );
        }
        let using = footer::key_of(state, Command::UseFound);
        doc.hang(Vec::new(), 4, &words.text("welcome.use", &[("key", &using)]), Role::Key);
        doc.blank();
    }
    let demo = footer::key_of(state, Command::StartDemo);
    offer(&mut doc, area.width, &words.text("welcome.try", &[("key", &demo)]), "nicdeck --demo");
    doc.hang(Vec::new(), 4, words.word("welcome.try-what"), Role::Dim);
    doc.blank();
    if state.problems.is_empty() {
        let write = footer::key_of(state, Command::WriteConfig);
        offer(&mut doc, area.width, &words.text("welcome.write", &[("key", &write)]), &state.config_path);
    } else {
        doc.text(words.word("welcome.mend"), Role::Text);
    }
    // Who has a file that is nearly right needs no example.
    for line in words.word("welcome.example").lines().filter(|_| state.problems.is_empty()) {
        doc.line(vec![(format!("    {line}"), Role::Dim)]);
    }
    doc.blank();
    doc.text(words.word("welcome.secrets"), Role::Dim);
    doc.draw(canvas, area, state.welcome_scroll, true);
}

/// What to do, and the thing to do it with: on one line if they fit.
fn offer(doc: &mut Doc, width: u16, what: &str, thing: &str) {
    if text::cells(what) + 2 + text::cells(thing) <= usize::from(width) {
        doc.line(vec![(format!("{what}  "), Role::Text), (thing.to_owned(), Role::Key)]);
    } else {
        doc.text(what, Role::Text);
        doc.hang(Vec::new(), 4, thing, Role::Key);
    }
}
